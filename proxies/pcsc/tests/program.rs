//! The program as it is started, on a machine without a PC/SC service.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use card_proxy::socket::SocketLink;
use card_proxy::{Link, LinkError};
use libetp::local::Trust;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a process may take to begin, before a test gives up.
const LAST_RESORT: Duration = Duration::from_secs(60);

fn program(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etp-card-proxy"));
    command
        .env("PCSCLITE_CSOCK_NAME", directory.join("no-pcscd"))
        .env_remove("JOURNAL_STREAM")
        .env_remove("NOTIFY_SOCKET")
        .current_dir(directory);
    command
}

fn run(directory: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = program(directory).args(words).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A process that serves, and is ended with the test.
struct Serving(Child);

impl Serving {
    fn start(directory: &Path, words: &[&str]) -> Self {
        let mut command = program(directory);
        command.arg("serve").args(words).stderr(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    fn wait_for(&mut self, socket: &Path) {
        let deadline = Instant::now() + LAST_RESORT;
        while !socket.exists() {
            assert_eq!(self.0.try_wait().unwrap(), None, "it ended");
            assert!(Instant::now() < deadline, "no socket");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Asks it to end; its exit code and what it said.
    fn end(mut self, signal: Signal) -> (Option<i32>, String) {
        kill(Pid::from_raw(self.0.id() as i32), signal).unwrap();
        let code = self.0.wait().unwrap().code();
        let said = std::io::read_to_string(self.0.stderr.take().unwrap());
        (code, said.unwrap())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn directory() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("card.sock");
    (directory, socket)
}

#[test]
fn a_daemon_is_told_that_there_is_no_service_and_a_signal_ends_it_in_order() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let (directory, socket) = directory();
        let mut serving = Serving::start(directory.path(), &["--card", "card.sock"]);
        serving.wait_for(&socket);
        let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let mut link = SocketLink::open(&socket, Trust::default(), "daemon/1").unwrap();
        let Err(LinkError::Absent(words)) = link.reset() else {
            panic!("there is no card");
        };
        assert!(words.contains("0x8010001D"), "{words}");
        let (code, said) = serving.end(signal);
        assert_eq!(code, Some(0), "{said}");
        assert!(
            said.contains("etp-card-proxy: card.sock: no card: "),
            "{said}"
        );
        assert!(said.contains("readers are those of pcscd at "), "{said}");
        assert!(!socket.exists());
    }
}

#[test]
fn each_card_has_a_socket_which_is_its_own() {
    let (directory, socket) = directory();
    let words = [
        "--card",
        "card.sock=a",
        "--card",
        "b.sock=b",
        "--uid",
        "root",
    ];
    let mut serving = Serving::start(directory.path(), &words);
    serving.wait_for(&socket);
    serving.wait_for(&directory.path().join("b.sock"));
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o666, "whom it serves it finds out itself");
    let (code, _, said) = run(directory.path(), &["serve", "--card", "b.sock"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("served by another card process"), "{said}");
    assert_eq!(serving.end(Signal::SIGTERM).0, Some(0));
}

#[test]
fn wrong_words_are_told_before_anything_is_served() {
    let (directory, socket) = directory();
    let all: [(&[&str], &str); 6] = [
        (&["serve"], "--card"),
        (
            &["serve", "--card", "card.sock", "--card", "b.sock=b"],
            "which one it is",
        ),
        (&["serve", "--card", "card.sock="], "is empty"),
        (
            &[
                "serve",
                "--card",
                "card.sock",
                "--uid",
                "nobody-of-that-name",
            ],
            "no such user",
        ),
        (
            &["serve", "--card", "card.sock", "--release-after", "0"],
            "release-after",
        ),
        (&["sevre"], "serve"),
    ];
    for (words, expected) in all {
        let (code, _, said) = run(directory.path(), words);
        assert_eq!(code, Some(2), "{words:?}: {said}");
        assert!(said.contains(expected), "{words:?}: {said}");
    }
    assert!(!socket.exists());
}

#[test]
fn help_names_the_socket_of_another_service() {
    let (directory, _) = directory();
    for words in [
        &["--help"][..],
        &["readers", "--help"],
        &["serve", "--help"],
    ] {
        let (code, said, _) = run(directory.path(), words);
        assert_eq!(code, Some(0));
        assert!(said.contains("PCSCLITE_CSOCK_NAME"), "{words:?}: {said}");
    }
}

#[test]
fn readers_that_cannot_be_listed_are_a_failure_for_people_and_for_programs() {
    let (directory, _) = directory();
    let (code, _, said) = run(directory.path(), &["readers"]);
    assert_eq!(code, Some(1));
    let tried = directory.path().join("no-pcscd");
    let tried = format!("pcscd at {} (of PCSCLITE_CSOCK_NAME): ", tried.display());
    assert!(said.contains(&tried), "{said}");
    let (code, document, _) = run(directory.path(), &["readers", "--json"]);
    assert_eq!(code, Some(1));
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["error"]["kind"], "other");
}
