//! A card in a directory, and the processes of `softcard` that have it, one after the other.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};

use libetp::exchange::{CommandBuilder, ExchangeReply, SelectReply};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use softcard::SoftCard;
use tempfile::TempDir;

use super::{Scheme, ports, reserve_ports};

/// See the module's head.
pub struct Home {
    pub place: TempDir,
    pub process: Option<Child>,
}

impl Home {
    /// With a new card.
    pub fn new() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let new = Scheme::new().new_card();
        drop(SoftCard::create(&place.path().join("card"), new).expect("created"));
        Self {
            place,
            process: None,
        }
    }

    /// The card's.
    pub fn directory(&self) -> PathBuf {
        self.place.path().join("card")
    }

    /// `softcard`, told to do that with the card.
    pub fn command(&self, what: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_softcard"));
        command.arg(what).arg(self.directory());
        command
    }

    /// Ends the process.
    pub fn end(&mut self, signal: Signal) -> ExitStatus {
        let mut process = self.process.take().expect("started");
        let pid = i32::try_from(process.id()).expect("a process id");
        kill(Pid::from_raw(pid), signal).expect("it runs");
        process.wait().expect("it ended")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// An EXCHANGE that reserves a block of ports.
pub fn reserve(reply: &SelectReply, sequence: u8) -> Vec<u8> {
    let mut command = CommandBuilder::new(reply.max_command_data, reply.max_message);
    command.push(&reserve_ports(reply.domain)).expect("fits");
    command.finish(sequence)
}

/// The first port of the block.
pub fn first_port(response: &[u8]) -> u32 {
    let reply = ExchangeReply::parse(response).expect("a reply");
    ports(&reply.messages[0].message).first
}
