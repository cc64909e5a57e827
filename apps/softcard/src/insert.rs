//! `softcard vpcd`: a card in a virtual reader.

use std::io::{self, ErrorKind};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use softcard::vpcd::{Protocol, Pulled, VirtualCard};

use crate::process::{Place, stop_at_signals, words};
use crate::tries::Tries;

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
    let (domain, reader) = (card.identity().domain, &arguments.reader);
    let mut card = VirtualCard::new(card, arguments.protocol());
    let mut tries = Tries::default();
    loop {
        let pulled = match connect(reader) {
            Ok(stream) => {
                let waits = format!("card {domain} waits at {reader} for the reader to see it");
                say(&mut tries, &waits);
                let mut since = None;
                let pulled = card.insert_telling(&stream, &stop, || {
                    since = Some(Instant::now());
                    say(&mut tries, &format!("card {domain} is in its reader"));
                });
                tries.stayed(since.map(|since| since.elapsed()).unwrap_or_default());
                pulled
            }
            Err(error) => Pulled::Reader(error),
        };
        match pulled {
            Pulled::Asked => return Ok(()),
            Pulled::Reader(error) => say(
                &mut tries,
                &format!("no reader at {reader}: {error}; {MEND}"),
            ),
            Pulled::Card(error) => say(&mut tries, &error.to_string()),
        }
        if stops_within(tries.pause_ms(), &stop)? {
            return Ok(());
        }
    }
}

/// What to do about a reader that is not there or goes.
const MEND: &str = "is pcscd running, with the driver of vsmartcard-vpcd for this port? It is looked for until SIGTERM";

/// Longest wait for a reader to let the card in, at each of its addresses. One that has a card already and no
/// room for another keeps silent, and meanwhile no signal is heard.
const CONNECT: Duration = Duration::from_secs(1);

fn connect(reader: &str) -> io::Result<TcpStream> {
    let mut last = ErrorKind::AddrNotAvailable.into();
    for address in reader.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn say(tries: &mut Tries, words: &str) {
    if tries.is_news(words) {
        eprintln!("softcard: {words}");
    }
}

/// Waits; whether this is to stop.
fn stops_within(pause_ms: u16, stop: &impl AsFd) -> Result<bool, String> {
    let mut fds = [PollFd::new(stop.as_fd(), PollFlags::POLLIN)];
    match poll(&mut fds, PollTimeout::from(pause_ms)) {
        Err(Errno::EINTR) => Ok(false),
        polled => Ok(polled.map_err(words)? > 0),
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
