//! `softcard vpcd`: a card in a virtual reader.

use std::net::TcpStream;
use std::os::fd::AsFd;

use clap::ValueEnum;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use softcard::vpcd::{Protocol, Pulled, VirtualCard};

use crate::process::{Place, stop_at_signals, words};

/// Pauses between two tries to find the reader, in milliseconds: the first and the longest.
const PAUSES_MS: (u16, u16) = (50, 1_000);

/// Which card is put into which reader.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Where the reader waits for a card
    #[arg(value_name = "HOST:PORT", default_value = "localhost:35963")]
    reader: String,
    /// What the card offers to speak; t0 takes short commands only
    #[arg(long, default_value = "t1")]
    protocol: Speaks,
    /// Refuse commands of extended length, as many cards do
    #[arg(long)]
    short: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Speaks {
    T1,
    T0,
}

/// Keeps the card in its reader until SIGTERM or SIGINT.
///
/// # Errors
/// In words, why it does not.
pub(crate) fn insert(arguments: &Arguments) -> Result<(), String> {
    let stop = stop_at_signals()?;
    let card = arguments.place.open()?;
    let domain = card.identity().domain;
    let mut card = VirtualCard::new(card, arguments.protocol());
    let mut pauses = Pauses::default();
    loop {
        let pulled = match TcpStream::connect(&arguments.reader) {
            Ok(stream) => {
                eprintln!(
                    "softcard: card {domain} is at the reader {}",
                    arguments.reader
                );
                pauses = Pauses::default();
                card.insert(&stream, &stop)
            }
            Err(error) => Pulled::Reader(error),
        };
        if matches!(pulled, Pulled::Asked) || !pauses.wait(&stop, pulled.to_string())? {
            return Ok(());
        }
    }
}

impl Arguments {
    fn protocol(&self) -> Protocol {
        match (self.protocol, self.short) {
            (Speaks::T0, _) => Protocol::T0,
            (Speaks::T1, true) => Protocol::ShortT1,
            (Speaks::T1, false) => Protocol::T1,
        }
    }
}

/// Pauses that grow as long as there is no reader.
struct Pauses {
    next_ms: u16,
    /// What was said last, and is not said again.
    told: String,
}

impl Default for Pauses {
    fn default() -> Self {
        Self {
            next_ms: PAUSES_MS.0,
            told: String::new(),
        }
    }
}

impl Pauses {
    /// Says why the card is not in a reader, and waits; false if this is to stop.
    fn wait(&mut self, stop: &impl AsFd, why: String) -> Result<bool, String> {
        if self.told != why {
            eprintln!("softcard: {why}; the reader is looked for until SIGTERM");
            self.told = why;
        }
        let mut fds = [PollFd::new(stop.as_fd(), PollFlags::POLLIN)];
        let stops = match poll(&mut fds, PollTimeout::from(self.next_ms)) {
            Err(Errno::EINTR) => false,
            polled => polled.map_err(words)? > 0,
        };
        self.next_ms = self.next_ms.saturating_mul(2).min(PAUSES_MS.1);
        Ok(!stops)
    }
}
