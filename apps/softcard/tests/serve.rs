//! `softcard serve`: a real process, killed and started again.

mod support;

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use card_proxy::socket::SocketLink;
use card_proxy::{Link, LinkError};
use libetp::exchange::{ExchangeReply, SelectCommand, SelectReply};
use libetp::local::Trust;
use nix::sys::signal::Signal;
use support::home::{Home, first_port, reserve};
use support::ports;

const SESSION: [u8; 8] = *b"a daemon";

/// A card in a directory, served by processes one after the other.
struct Served(Home);

impl Served {
    fn new() -> Self {
        Self(Home::new())
    }

    fn socket(&self) -> PathBuf {
        self.0.place.path().join("run/card.sock")
    }

    fn command(&self, socket: &Path) -> Command {
        let mut command = self.0.command("serve");
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
        self.0.process = Some(process);
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

fn select(link: &mut SocketLink) -> SelectReply {
    let command = SelectCommand { session: SESSION }.to_bytes();
    let reply = link.transmit(&command).expect("a response");
    SelectReply::parse(&reply).expect("a reply")
}

#[test]
fn a_card_process_that_is_killed_goes_on_where_it_was() {
    let mut served = Served::new();
    served.start(&[]);
    let mut link = served.link();
    let before = select(&mut link);
    assert_eq!(first_port(&link.transmit(&reserve(&before, 0)).unwrap()), 1);
    served.0.end(Signal::SIGKILL);
    let lost = link
        .transmit(&reserve(&before, 0))
        .expect_err("nobody is there");
    assert!(matches!(lost, LinkError::Lost(_)), "{lost}");
    served.start(&[]);
    let reset = link
        .transmit(&reserve(&before, 0))
        .expect_err("another power-up");
    assert_eq!(reset, LinkError::Reset);
    let after = select(&mut link);
    assert_ne!(after.boot_id, before.boot_id);
    assert_eq!(after.domain, before.domain);
    assert!(after.executed(0, before.generation), "{after:?}");
    // The answer that waits comes first, and no port comes twice.
    let response = link.transmit(&reserve(&after, 0)).expect("a response");
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
        assert_eq!(served.0.end(signal).code(), Some(0));
        assert!(!served.socket().exists());
    }
}

#[test]
fn nobody_serves_a_card_or_a_socket_twice() {
    let mut served = Served::new();
    served.start(&[]);
    let (code, words) = served.another(&served.0.place.path().join("run/other.sock"));
    assert_eq!((code, words.contains("in use")), (Some(1), true), "{words}");
    let other = Served::new();
    let (code, words) = other.another(&served.socket());
    let pid = served.0.process.as_ref().expect("started").id();
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
        served.0.end(Signal::SIGTERM);
    }
}

#[test]
fn what_cannot_be_served_is_said() {
    let served = Served::new();
    let open = served.0.place.path().join("open");
    std::fs::create_dir(&open).expect("made");
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).expect("mode");
    let (code, words) = served.another(&open.join("card.sock"));
    assert_eq!(code, Some(1));
    assert!(words.contains("others must not write to it"), "{words}");
    std::fs::remove_file(served.0.place.path().join("card/card.redb")).expect("removed");
    let (code, words) = served.another(&served.socket());
    assert_eq!(
        (code, words.contains("holds no card")),
        (Some(1), true),
        "{words}"
    );
}
