//! `softcard serve`: a real process, killed and started again.

mod support;

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use card_proxy::socket::SocketLink;
use card_proxy::{Link, LinkError};
use libetp::exchange::{CommandBuilder, ExchangeReply, SelectCommand, SelectReply};
use libetp::local::Trust;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use softcard::SoftCard;
use support::{Scheme, ports, reserve_ports};
use tempfile::TempDir;

const SESSION: [u8; 8] = *b"a daemon";

/// A card in a directory, served by processes one after the other.
struct Served {
    place: TempDir,
    process: Option<Child>,
}

impl Served {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let new = Scheme::new().new_card();
        drop(SoftCard::create(&place.path().join("card"), new).expect("created"));
        Self {
            place,
            process: None,
        }
    }

    fn socket(&self) -> PathBuf {
        self.place.path().join("run/card.sock")
    }

    fn command(&self, socket: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_softcard"));
        command.arg("serve").arg(self.place.path().join("card"));
        command.arg("--socket").arg(socket);
        command
    }

    /// Starts a process and returns when it listens.
    fn start(&mut self, more: &[&str]) {
        let mut command = self.command(&self.socket());
        let command = command.args(more).stderr(Stdio::piped());
        let mut process = command.spawn().expect("starts");
        let said = BufReader::new(process.stderr.take().expect("a pipe"));
        let served = |line: &String| line.contains("is served at");
        let mut lines = said.lines().map(|line| line.expect("text"));
        assert!(lines.any(|line| served(&line)), "it ended");
        self.process = Some(process);
    }

    fn end(&mut self, signal: Signal) -> ExitStatus {
        let mut process = self.process.take().expect("started");
        let pid = i32::try_from(process.id()).expect("a process id");
        kill(Pid::from_raw(pid), signal).expect("it runs");
        process.wait().expect("it ended")
    }

    fn link(&self) -> SocketLink {
        SocketLink::open(&self.socket(), Trust::default(), "daemon/1").expect("it listens")
    }

    /// How another process for the same fares: exit code and words.
    fn another(&self, socket: &Path) -> (Option<i32>, String) {
        let output = self.command(socket).output().expect("starts");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), words)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn select(link: &mut SocketLink) -> SelectReply {
    let command = SelectCommand { session: SESSION }.to_bytes();
    let reply = link.transmit(&command).expect("a response");
    SelectReply::parse(&reply).expect("a reply")
}

/// An EXCHANGE that reserves a block of ports.
fn reserve(reply: &SelectReply) -> Vec<u8> {
    let mut command = CommandBuilder::new(reply.max_command_data, reply.max_message);
    command.push(&reserve_ports(reply.domain)).expect("fits");
    command.finish(0)
}

fn first_port(response: &[u8]) -> u32 {
    let reply = ExchangeReply::parse(response).expect("a reply");
    ports(&reply.messages[0].message).first
}

#[test]
fn a_card_process_that_is_killed_goes_on_where_it_was() {
    let mut served = Served::new();
    served.start(&[]);
    let mut link = served.link();
    let before = select(&mut link);
    assert_eq!(first_port(&link.transmit(&reserve(&before)).unwrap()), 1);
    served.end(Signal::SIGKILL);
    let lost = link
        .transmit(&reserve(&before))
        .expect_err("nobody is there");
    assert!(matches!(lost, LinkError::Lost(_)), "{lost}");
    served.start(&[]);
    let reset = link
        .transmit(&reserve(&before))
        .expect_err("another power-up");
    assert_eq!(reset, LinkError::Reset);
    let after = select(&mut link);
    assert_ne!(after.boot_id, before.boot_id);
    assert_eq!(after.domain, before.domain);
    assert!(after.executed(0, before.generation), "{after:?}");
    // The answer that waits comes first, and no port comes twice.
    let response = link.transmit(&reserve(&after)).expect("a response");
    let reply = ExchangeReply::parse(&response).expect("a reply");
    let blocks = reply.messages.iter().map(|it| ports(&it.message).first);
    assert_eq!(blocks.collect::<Vec<_>>(), [1, 257]);
}

#[test]
fn sigterm_ends_it_well_and_takes_the_socket_away() {
    let mut served = Served::new();
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        served.start(&[]);
        let mut link = served.link();
        select(&mut link);
        assert_eq!(served.end(signal).code(), Some(0));
        assert!(!served.socket().exists());
    }
}

#[test]
fn nobody_serves_a_card_or_a_socket_twice() {
    let mut served = Served::new();
    served.start(&[]);
    let (code, words) = served.another(&served.place.path().join("run/other.sock"));
    assert_eq!((code, words.contains("in use")), (Some(1), true), "{words}");
    let other = Served::new();
    let (code, words) = other.another(&served.socket());
    let pid = served.process.as_ref().expect("started").id();
    let named = format!("served by another card process (process {pid})");
    assert_eq!((code, words.contains(&named)), (Some(1), true), "{words}");
    select(&mut served.link());
}

#[test]
fn the_socket_is_open_to_others_only_if_one_is_named() {
    let mut served = Served::new();
    for (more, expected) in [(&[][..], 0o600), (&["--uid", "4711"], 0o666)] {
        served.start(more);
        let mode = served.socket().metadata().expect("there").permissions();
        assert_eq!(mode.mode() & 0o777, expected);
        select(&mut served.link());
        served.end(Signal::SIGTERM);
    }
}

#[test]
fn what_cannot_be_served_is_said() {
    let served = Served::new();
    let open = served.place.path().join("open");
    std::fs::create_dir(&open).expect("made");
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).expect("mode");
    let (code, words) = served.another(&open.join("card.sock"));
    assert_eq!(code, Some(1));
    assert!(words.contains("others must not write to it"), "{words}");
    std::fs::remove_file(served.place.path().join("card/card.redb")).expect("removed");
    let (code, words) = served.another(&served.socket());
    assert_eq!(
        (code, words.contains("holds no card")),
        (Some(1), true),
        "{words}"
    );
}
