//! Hostile local programs and hosts, for demonstrations and tests.
//!
//! Each attack says what it tries and what stopped it. The program succeeds if every attack was refused.

mod daemon;
mod host;
mod local;
mod report;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::{Parser, Subcommand};
use libetp::{EntityId, id};

use report::Attempt;

/// Attack a daemon as a hostile local program or host, and say what stopped it.
///
/// Only for daemons of your own. Exit status: 0 if every attack was refused, 1 if one got through, 2 if
/// an attack could not be tried.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print one JSON document
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Try to send as another program of the same host
    Local(LocalAttack),
    /// Try to send in the name of somebody else's domain, from a certified host
    Host(HostAttack),
    /// Give a card recorded, changed and readdressed orders of its owner, as the host that serves it
    Daemon(DaemonAttack),
}

#[derive(clap::Args)]
struct LocalAttack {
    /// The daemon's socket
    #[arg(long)]
    socket: PathBuf,
    /// The program to imitate
    #[arg(long)]
    victim: EntityId,
}

#[derive(clap::Args)]
struct HostAttack {
    /// Directory with host.der, host-intermediate.der and host.key of a certified host
    #[arg(long)]
    identity: PathBuf,
    /// The scheme's public file
    #[arg(long)]
    scheme: PathBuf,
    /// Where the attacked host listens
    #[arg(long)]
    peer: SocketAddr,
    /// Key id of the attacked host
    #[arg(long)]
    peer_key: String,
    /// The source to forge
    #[arg(long)]
    victim: EntityId,
    /// Who is to be deceived
    #[arg(long)]
    target: EntityId,
}

#[derive(clap::Args)]
struct DaemonAttack {
    /// Directory of the card, which no daemon has open
    #[arg(long)]
    card: PathBuf,
    /// The owner's program, whose orders are recorded
    #[arg(long)]
    owner: EntityId,
    /// File with the owner's PIN, which the owner uses and the host does not
    #[arg(long)]
    pin_file: PathBuf,
    /// What the recorded order offers
    #[arg(long)]
    give: Hex32,
    /// What it wants
    #[arg(long)]
    want: Hex32,
    /// To whom
    #[arg(long)]
    to: EntityId,
    /// Key id of the third party
    #[arg(long)]
    third_party: Hex32,
}

/// 64 hexadecimal digits.
#[derive(Clone, Copy)]
struct Hex32([u8; 32]);

impl FromStr for Hex32 {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        id::parse_hex(text)
            .map(Self)
            .ok_or("not 64 hexadecimal digits")
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let attempts = match &arguments.command {
        Command::Local(attack) => local::attack(&attack.socket, attack.victim),
        Command::Host(attack) => host::attack(attack),
        Command::Daemon(attack) => daemon::attack(attack),
    };
    match attempts {
        Ok(attempts) => report::print(&attempts, arguments.json),
        Err(error) => {
            eprintln!("adversary: {error}");
            ExitCode::from(2)
        }
    }
}

/// What an attack comes to, or why it could not be tried.
type Attempts = Result<Vec<Attempt>, Box<dyn std::error::Error>>;
