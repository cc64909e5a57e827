//! `softcard serve`: a card in a process of its own.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use card_proxy::socket::CardServer;
use libetp::local::{Claim, Trust};
use nix::sys::signal::{SigSet, Signal};
use softcard::{AtRest, DeviceKey, SoftCard};

/// Name and version, as daemons are told.
const SOFTWARE: &str = concat!("softcard/", env!("CARGO_PKG_VERSION"));
/// Who may connect: only the own user and root.
const PRIVATE: u32 = 0o600;
/// Who may connect: every user, of whom the server then looks at the uid.
const OPEN: u32 = 0o666;

/// What to serve and to whom.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The card's directory
    directory: PathBuf,
    /// Where to listen, such as /run/tenet/card.sock; its directory must belong to this user or
    /// root, and nobody else may write there
    #[arg(long, value_name = "PATH")]
    socket: PathBuf,
    /// A user whose daemon may use the card, beside root and this user
    #[arg(long)]
    uid: Option<u32>,
    /// The card's device key, if it has one
    #[arg(long, value_name = "FILE")]
    device_key: Option<PathBuf>,
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// In words, why it does not.
pub(crate) fn serve(arguments: &Arguments) -> Result<(), String> {
    let stop = stop_at_signals()?;
    let card = open(&arguments.directory, arguments.device_key.as_deref())?;
    let mut claim = Claim::of(&arguments.socket, PROCESS).map_err(words)?;
    let mode = match arguments.uid {
        Some(_) => OPEN,
        None => PRIVATE,
    };
    let listener = claim.bind(mode).map_err(words)?;
    if card.at_rest() == AtRest::None {
        let directory = arguments.directory.display();
        eprintln!("softcard: at rest: none: whoever copies {directory} has the card's keys");
    }
    let (domain, socket) = (card.identity().domain, arguments.socket.display());
    eprintln!("softcard: card {domain} is served at {socket}");
    let trust = arguments.uid.into_iter().fold(Trust::default(), Trust::and);
    let mut server = CardServer::new(card, trust, SOFTWARE);
    server.serve(&listener, &stop).map_err(words)
}

/// What a second one is told of the first.
const PROCESS: &str = "card process";

fn open(directory: &Path, device_key: Option<&Path>) -> Result<SoftCard, String> {
    let key = device_key.map(|path| DeviceKey::load(path, directory));
    let key = key.transpose().map_err(words)?;
    SoftCard::open(directory, key).map_err(words)
}

/// A stream whose other end is closed when a signal asks this process to end.
fn stop_at_signals() -> Result<UnixStream, String> {
    let signals = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT]);
    // Before any other thread, so that none of them is ended by one.
    signals.thread_block().map_err(words)?;
    let (stop, stopped) = UnixStream::pair().map_err(words)?;
    let waiting = std::thread::Builder::new().name("signals".into());
    let waiting = waiting.spawn(move || {
        // It fails only for a set that is none.
        let _ = signals.wait();
        drop(stop);
    });
    waiting.map_err(words)?;
    Ok(stopped)
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}
