//! Programs of other users, in processes of their own: this test binary again.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Lines, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use libetp::client::blocking::{Capability, Connection};
use libetp::{EntityId, Mtype};

use crate::stage::Stage;

const SAYS: &str = "user says: ";
const ROUTED: &str = "routed";

/// A program of another user. It sends what it is told to.
pub(crate) struct User {
    process: Child,
    orders: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
}

impl User {
    pub(crate) fn start(stage: &Stage, uid: u32) -> Self {
        let_everybody_reach_the_socket(stage);
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "users::play", "--nocapture"])
            .env("USER_ID", uid.to_string())
            .env("USER_SOCKET", stage.host.socket())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap()).lines();
        Self {
            orders: process.stdin.take(),
            process,
            answers,
        }
    }

    /// Sends a message and waits until it is routed, refused or held. Gives the verdicts on it and on
    /// those that were held before, if there are any by then.
    pub(crate) fn send(&mut self, to: EntityId, mtype: Mtype, param: &str) -> Option<String> {
        let orders = self.orders.as_mut().unwrap();
        writeln!(orders, "{to} {} {param}", mtype.0).unwrap();
        let answer = loop {
            let line = self.answers.next().expect("a user that runs").unwrap();
            if let Some((_, answer)) = line.split_once(SAYS) {
                break answer.to_owned();
            }
        };
        (answer != ROUTED).then_some(answer)
    }
}

impl Drop for User {
    fn drop(&mut self) {
        self.orders = None;
        self.process.wait().ok();
    }
}

fn let_everybody_reach_the_socket(stage: &Stage) {
    let socket = stage.host.socket();
    let temporary = std::env::temp_dir();
    let private = socket.ancestors().skip(1);
    for directory in private.take_while(|it| **it != *temporary) {
        std::fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
    }
}

/// Not a test: what the process of another user does.
#[test]
#[ignore = "run by other tests, as a process of its own"]
fn play() {
    let uid: u32 = std::env::var("USER_ID")
        .expect("other tests set it")
        .parse()
        .unwrap();
    nix::unistd::setgroups(&[]).expect("the tests run as root");
    nix::unistd::setgid(uid.into()).unwrap();
    nix::unistd::setuid(uid.into()).unwrap();
    let socket = std::env::var("USER_SOCKET").unwrap();
    let connection = Connection::open(socket, "user").unwrap();
    let mut program = connection.acquire(None, false).unwrap();
    for order in std::io::stdin().lines() {
        println!("\n{SAYS}{}", carry_out(&mut program, &order.unwrap()));
    }
}

fn carry_out(program: &mut Capability, order: &str) -> String {
    let [to, mtype, param] = order.splitn(3, ' ').collect::<Vec<_>>()[..] else {
        panic!("{order}");
    };
    let mtype = Mtype(mtype.parse().unwrap());
    let to = to.parse().unwrap();
    program.send(to, mtype, param.as_bytes()).unwrap();
    let refused = program.flush().unwrap();
    match &refused[..] {
        [] => ROUTED.into(),
        refused => {
            let told: Vec<_> = refused.iter().map(|it| it.verdict.to_string()).collect();
            told.join("; ")
        }
    }
}
