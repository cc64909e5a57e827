//! Serves cards in PC/SC readers to `dispatchd`, and shows which readers there are.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use command_line::{Failure, Kind, Manual};
use etp_card_proxy::choice::{Place, Selector};
use etp_card_proxy::log::Log;
use etp_card_proxy::readers;
use etp_card_proxy::serve::{self, Service};
use etp_card_proxy::service::Sharing;
use etp_card_proxy::transport::Lengths;
use serde_json::Map;

const PROGRAM: &str = "etp-card-proxy";

/// In which ways it fails.
const KINDS: &[Kind] = &[Kind::Other, Kind::Usage];

/// The manual page, beside what is said here.
const MANUAL: Manual = Manual {
    description: "\
.BR dispatchd (8)\n\
serves cards. This program has the way to those in readers: it speaks PC/SC (pcscd) on one side and the card\n\
socket on the other, carries APDUs as reader and card can take them, and says when a card is pulled and when there\n\
is one again. It holds no secret, and the daemon believes it nothing.",
    kinds: KINDS,
    sections: include_str!("../etp-card-proxy.roff"),
};

#[derive(Parser)]
#[command(version, about = "Serve cards in PC/SC readers to dispatchd")]
#[command(after_help = format!("{}\n\n{ENVIRONMENT}", Kind::help(KINDS)))]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve cards to daemons, each at a socket of its own, until SIGTERM
    ///
    /// A card may come and go: the daemon is told, and its mail waits. A card is opened when a daemon connects and
    /// closed when it leaves, so that other programs can use it meanwhile. If this process or pcscd ends, start it
    /// again: the daemon finds out which command the card carried out last, and goes on.
    #[command(after_help = format!("{SERVE_HELP}\n\n{ENVIRONMENT}"))]
    Serve(Serve),
    /// Show readers and what is in them
    ///
    /// Each card that no program uses is asked whether it is one of TENeT.
    #[command(after_help = ENVIRONMENT)]
    Readers {
        /// Print one JSON document instead of text
        #[arg(long)]
        json: bool,
    },
}

#[derive(clap::Args)]
struct Serve {
    /// Where to listen, and which card is served there
    ///
    /// The socket's directory must belong to this user or root, and nobody else may write there. Behind `=` is a part
    /// of a reader's name, or the domain of a card, which may then be in any reader. Without it the first card
    /// of TENeT is served. Say it again for another card.
    #[arg(long = "card", value_name = "SOCKET[=WHICH]", required = true)]
    cards: Vec<Place>,
    /// A user whose daemon may use the cards, beside root and this user: name or number
    #[arg(long = "uid", value_name = "USER", value_parser = uid)]
    uids: Vec<u32>,
    /// Let other programs use the cards between two commands of the daemon
    ///
    /// Each command is a transaction. Another program may select its own application or reset the card; that is
    /// noticed and mended, and costs a SELECT each time.
    #[arg(long)]
    shared: bool,
    /// Send short APDUs only
    ///
    /// For readers that fail at extended ones without saying so. Cards of T=0, cards and readers that say
    /// that they take no others, and cards that refuse one, get short ones anyway.
    #[arg(long)]
    short: bool,
    /// Close a card that has had no command for so long; it gets power anew for the next one, and whoever was
    /// authenticated to it must do it again
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    release_after: Option<u64>,
}

/// Where another `pcscd` is found.
const ENVIRONMENT: &str = "\
Environment:
  PCSCLITE_CSOCK_NAME   the socket of pcscd, if it is another than /run/pcscd/pcscd.comm";

/// What goes into the configuration of the daemon.
const SERVE_HELP: &str = "\
Examples:
  etp-card-proxy serve --card /run/tenet-card/card.sock
  etp-card-proxy serve --card /run/c/a.sock=ACR122 --card /run/c/b.sock=02b5468d2bc9d008fe3f43b5

In dispatchd's configuration:
  [[card]]
  kind = \"process\"
  socket = \"/run/tenet-card/card.sock\"
  owners = [1000]";

fn main() -> ExitCode {
    match command_line::parse::<Arguments>(&MANUAL) {
        Ok(arguments) => run(arguments),
        Err(end) => end,
    }
}

fn run(arguments: Arguments) -> ExitCode {
    match arguments.command {
        Command::Serve(arguments) => match check(&arguments) {
            Err(failure) => failure.tell(PROGRAM, false),
            Ok(()) => match serve::serve(&service(arguments), &Log::stderr(PROGRAM)) {
                Ok(()) => ExitCode::SUCCESS,
                Err(words) => failure(Kind::Other, words, None).tell(PROGRAM, false),
            },
        },
        Command::Readers { json } => match readers::look() {
            Ok(seen) if json => print(&format!("{:#}\n", readers::as_json(&seen))),
            Ok(seen) => print(&readers::as_text(&seen)),
            Err(words) => failure(Kind::Other, words, None).tell(PROGRAM, json),
        },
    }
}

/// Which of several cards is at which socket must not depend on which answers first: owners are said by socket.
fn check(arguments: &Serve) -> Result<(), Failure> {
    let is_any = |place: &Place| place.selector == Selector::Any;
    match arguments.cards.len() > 1 && arguments.cards.iter().any(is_any) {
        false => Ok(()),
        true => Err(failure(
            Kind::Usage,
            "with several cards, each --card must say which one it is".into(),
            Some("SOCKET=READER or SOCKET=DOMAIN; `etp-card-proxy readers` shows both".into()),
        )),
    }
}

fn service(arguments: Serve) -> Service {
    Service {
        places: arguments.cards,
        uids: arguments.uids,
        sharing: match arguments.shared {
            true => Sharing::Shared,
            false => Sharing::Exclusive,
        },
        lengths: match arguments.short {
            true => Lengths::Short,
            false => Lengths::Auto,
        },
        idle: arguments.release_after.map(Duration::from_secs),
    }
}

fn uid(user: &str) -> Result<u32, String> {
    if let Ok(uid) = user.parse() {
        return Ok(uid);
    }
    match nix::unistd::User::from_name(user) {
        Ok(Some(user)) => Ok(user.uid.as_raw()),
        Ok(None) => Err("no such user".into()),
        Err(errno) => Err(errno.to_string()),
    }
}

fn failure(kind: Kind, message: String, hint: Option<String>) -> Failure {
    Failure {
        kind,
        message,
        hint,
        facts: Map::new(),
    }
}

fn print(text: &str) -> ExitCode {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
