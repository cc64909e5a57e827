//! A second process: this test binary again, as another user or with an inherited descriptor.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use libetp::codec;
use libetp::frame::body::{Acquire, Token, VerdictBody};
use libetp::frame::kind;
use libetp::{EntityId, Mtype};

use crate::harness::{DOMAIN, PATIENCE, PRIVATE, Program, send_body};

/// A user that is neither root nor anybody's.
pub(crate) const NOBODY: u32 = 65_534;
const SAYS: &str = "helper says: ";

/// Runs [`play`] in a process of its own and returns what it said.
pub(crate) fn run(
    role: &str,
    socket: &Path,
    argument: &str,
    input: Option<UnixStream>,
) -> Vec<String> {
    let stdin = input.map_or_else(Stdio::null, |stream| Stdio::from(OwnedFd::from(stream)));
    let output = command(role, socket, argument)
        .stdin(stdin)
        .output()
        .unwrap();
    said(&output)
}

fn command(role: &str, socket: &Path, argument: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", "helper::play", "--nocapture"])
        .env("HELPER_ROLE", role)
        .env("HELPER_SOCKET", socket)
        .env("HELPER_ARGUMENT", argument);
    command
}

fn said(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = text.lines().filter_map(|line| line.split_once(SAYS));
    lines.map(|(_, said)| said.to_owned()).collect()
}

fn say(words: impl std::fmt::Display) {
    println!("\n{SAYS}{words}");
}

fn say_answer(program: &mut Program) {
    let came = program.come();
    match came.kind {
        kind::VERDICT => say(came.read::<VerdictBody>(kind::VERDICT).code),
        kind => say(format!("frame 0x{kind:02x}")),
    }
}

/// Not a test: what the second process does.
#[test]
#[ignore = "run by other tests, as a process of its own"]
fn play() {
    let role = std::env::var("HELPER_ROLE").expect("other tests set it");
    let socket = std::env::var("HELPER_SOCKET").unwrap();
    let argument = std::env::var("HELPER_ARGUMENT").unwrap();
    match role.as_str() {
        "inherit" => inherit(&argument),
        "other-user" => other_user(Path::new(&socket), &argument),
        "crowded" => crowded(),
        "adopt" => adopt(Path::new(&socket), &argument),
        role => panic!("no role {role}"),
    }
}

/// Sends as the id of the process that opened the descriptor.
fn inherit(dst: &str) {
    let stream = std::os::fd::AsFd::as_fd(&std::io::stdin())
        .try_clone_to_owned()
        .unwrap();
    let mut program = Program::over(UnixStream::from(stream));
    program.say(
        kind::SEND,
        &send_body(dst.parse().unwrap(), PRIVATE, b"as somebody else"),
    );
    say("sent");
}

fn become_nobody() {
    nix::unistd::setgroups(&[]).expect("the tests run as root");
    nix::unistd::setgid(NOBODY.into()).unwrap();
    nix::unistd::setuid(NOBODY.into()).unwrap();
}

/// Tries what only the owner may, with everything but the owner's uid.
fn other_user(socket: &Path, argument: &str) {
    become_nobody();
    let (id, secret) = argument.split_once(' ').unwrap();
    let id: EntityId = id.parse().unwrap();
    let mut program = Program::connect(socket);
    program.hello();
    program.resume(id, libetp::id::parse_hex(secret).unwrap());
    say_answer(&mut program);
    program.say(kind::CONTROL, b"status");
    say_answer(&mut program);
    program.ask(
        kind::ACQUIRE,
        &Acquire {
            domain: None,
            durable: false,
        },
    );
    program.acquired();
    program.send(DOMAIN.card(), Mtype::AUTH_BEGIN, &[0x80]);
    say_answer(&mut program);
}

/// Becomes a derived capability that somebody handed over.
fn adopt(socket: &Path, argument: &str) {
    become_nobody();
    let (token, dst) = argument.split_once(' ').unwrap();
    let mut program = Program::connect(socket);
    program.hello();
    let token = Token {
        token: libetp::id::parse_hex(token).unwrap(),
    };
    program.say(kind::ADOPT, &codec::to_vec(&token));
    say(program.acquired().id);
    program.send(dst.parse().unwrap(), PRIVATE, b"derived");
    program.send(DOMAIN.card(), Mtype::SIGN, b"");
    assert_eq!(program.flush().len(), 1, "only owners give orders");
}

/// Descriptors that a crowded daemon may have.
const FEW: u64 = 64;

/// Serves programs with few descriptors until its input ends.
fn crowded() {
    let few = nix::sys::resource::Resource::RLIMIT_NOFILE;
    nix::sys::resource::setrlimit(few, FEW, FEW).unwrap();
    let daemon = crate::harness::daemon();
    say(daemon.socket().display());
    let mut input = String::new();
    std::io::Read::read_to_string(&mut std::io::stdin(), &mut input).unwrap();
}

/// A daemon with few descriptors, in a process of its own.
pub(crate) struct Crowded {
    child: std::process::Child,
    socket: std::path::PathBuf,
}

impl Crowded {
    pub(crate) fn start() -> Self {
        let mut child = command("crowded", Path::new(""), "")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = std::io::BufReader::new(child.stdout.as_mut().unwrap());
        let lines = std::io::BufRead::lines(output).map(Result::unwrap);
        let said = lines
            .filter_map(|line| Some(line.split_once(SAYS)?.1.to_owned()))
            .next();
        let socket = said.expect("it says where its socket is").into();
        Self { child, socket }
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Returns when the daemon has noticed that its programs went.
    pub(crate) fn wait_for_room(&self) {
        let files = format!("/proc/{}/fd", self.child.id());
        let start = Instant::now();
        while std::fs::read_dir(&files).unwrap().count() as u64 > FEW / 2 {
            assert!(start.elapsed() < PATIENCE, "it keeps what it does not need");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn end(&mut self) {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        let mut output = self.child.stdout.take().unwrap();
        std::io::Read::read_to_string(&mut output, &mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "{rest}");
    }
}
