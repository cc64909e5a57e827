//! `softcard serve`: a card in a process of its own.

use std::path::PathBuf;

use card_proxy::socket::CardServer;
use libetp::local::{Claim, Trust};

use crate::process::{Place, stop_at_signals, words};

/// Name and version, as daemons are told.
const SOFTWARE: &str = concat!("softcard/", env!("CARGO_PKG_VERSION"));
/// Who may connect: only the own user and root.
const PRIVATE: u32 = 0o600;
/// Who may connect: every user, of whom the server then looks at the uid.
const OPEN: u32 = 0o666;

/// What to serve and to whom.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Where to listen, such as /run/tenet/card.sock; its directory must belong to this user or
    /// root, and nobody else may write there
    #[arg(long, value_name = "PATH")]
    socket: PathBuf,
    /// A user whose daemon may use the card, beside root and this user
    #[arg(long)]
    uid: Option<u32>,
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// In words, why it does not.
pub(crate) fn serve(arguments: &Arguments) -> Result<(), String> {
    let stop = stop_at_signals()?;
    let card = arguments.place.open()?;
    let mut claim = Claim::of(&arguments.socket, PROCESS).map_err(words)?;
    let mode = match arguments.uid {
        Some(_) => OPEN,
        None => PRIVATE,
    };
    let listener = claim.bind(mode).map_err(words)?;
    let (domain, socket) = (card.identity().domain, arguments.socket.display());
    eprintln!("softcard: card {domain} is served at {socket}");
    let trust = arguments.uid.into_iter().fold(Trust::default(), Trust::and);
    let mut server = CardServer::new(card, trust, SOFTWARE);
    server.serve(&listener, &stop).map_err(words)
}

/// What a second one is told of the first.
const PROCESS: &str = "card process";
