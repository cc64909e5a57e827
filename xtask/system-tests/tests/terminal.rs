//! A wallet at a terminal: what its owner types is not shown.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::pty::openpty;
use nix::sys::termios::{LocalFlags, tcgetattr};
use system_tests::scenario::Cast;
use system_tests::{Binaries, Deployment, Host, PIN};

/// A terminal that does nothing for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// A wallet's command at a terminal of its own.
struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    shown: String,
    wallet: Child,
}

impl Terminal {
    fn open(host: &Host, words: &[&str]) -> Self {
        let pty = openpty(None, None).unwrap();
        let typed = host.wallet_without_pin(words).into_command();
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]);
        command.arg(typed.get_program()).args(typed.get_args());
        let terminal = File::from(pty.slave);
        command.stdin(terminal.try_clone().unwrap());
        command.stdout(terminal.try_clone().unwrap());
        command.stderr(terminal);
        let wallet = command.spawn().unwrap();
        let keyboard = File::from(pty.master);
        let mut glass = keyboard.try_clone().unwrap();
        let (send, screen) = channel();
        thread::spawn(move || {
            let mut page = [0; 4096];
            // A terminal that nobody has open any more is an error to read.
            while let Ok(count @ 1..) = glass.read(&mut page) {
                if send.send(page[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            keyboard,
            screen,
            shown: String::new(),
            wallet,
        }
    }

    /// Waits until the wallet asks, and the terminal shows nothing of what is typed.
    fn wait_for_question(&mut self, words: &str) {
        let start = Instant::now();
        while !self.shown.contains(words) {
            let page = self.screen.recv_timeout(PATIENCE).unwrap();
            self.shown += &String::from_utf8_lossy(&page);
        }
        let echoes = |keyboard: &File| {
            let settings = tcgetattr(keyboard).unwrap();
            settings.local_flags.contains(LocalFlags::ECHO)
        };
        while echoes(&self.keyboard) {
            assert!(
                start.elapsed() < PATIENCE,
                "the terminal shows what is typed"
            );
            thread::yield_now();
        }
    }

    fn type_line(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").unwrap();
    }

    /// All that was on the screen, and how the wallet ended.
    fn end(mut self) -> (String, Option<i32>) {
        let code = self.wallet.wait().unwrap().code();
        while let Ok(page) = self.screen.recv_timeout(PATIENCE) {
            self.shown += &String::from_utf8_lossy(&page);
        }
        (self.shown, code)
    }
}

#[test]
fn a_pin_is_asked_for_with_its_tries_and_never_shown() {
    let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
    let cast = Cast::assemble(&deployment).unwrap();
    for (typed, tries, expected) in [("314159265", "3 tries left", 4), (PIN, "2 tries left", 0)] {
        let mut terminal = Terminal::open(&cast.a, &["list"]);
        terminal.wait_for_question(tries);
        terminal.type_line(typed);
        let (shown, code) = terminal.end();
        assert_eq!(code, Some(expected), "{shown}");
        assert!(!shown.contains(typed), "{shown}");
    }
}
