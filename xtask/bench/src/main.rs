//! The processes that `cargo xtask bench` measures.
//!
//! `relay` is the floor: a tokio process on one thread that copies bytes between two connections and does nothing
//! else. The other roles are the same code whether they talk through it or through dispatchd: blocking reads and writes
//! of the same frames, so that what differs is the process in the middle. `cards` measures soft cards alone. Each
//! prints one JSON line.

mod cards;
mod flood;
mod flow;
mod relay;
mod round_trip;
mod usage;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use libetp::{EntityId, Mtype};

use wire::Wire;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// Copy bytes between pairs of connections
    Relay { socket: PathBuf },
    /// Send back what comes
    Echo {
        #[command(flatten)]
        peer: Peer,
    },
    /// Measure round trips with one message outstanding
    Ping {
        #[command(flatten)]
        peer: Peer,
        /// Parameter bytes of a message
        #[arg(long)]
        size: usize,
        /// How many round trips
        #[arg(long)]
        count: usize,
    },
    /// Count what comes, and acknowledge it in groups
    Sink {
        #[command(flatten)]
        peer: Peer,
        /// How many messages to wait for
        #[arg(long)]
        count: usize,
        /// Messages in a group
        #[arg(long)]
        group: usize,
    },
    /// Send as fast as the sink's acknowledgements allow
    Source {
        #[command(flatten)]
        peer: Peer,
        /// Parameter bytes of a message
        #[arg(long)]
        size: usize,
        /// How many messages
        #[arg(long)]
        count: usize,
        /// Messages in a group
        #[arg(long)]
        group: usize,
        /// Messages in one write
        #[arg(long)]
        batch: usize,
    },
    /// Send what the daemon refuses, wave after wave, until standard input ends
    Flood {
        #[command(flatten)]
        peer: Peer,
        /// Type of the messages
        #[arg(long, value_parser = flood::mtype)]
        mtype: Mtype,
        /// Parameter bytes of a message
        #[arg(long)]
        size: usize,
    },
    /// Measure an exchange, a resolve and an abort at three soft cards
    Cards,
}

/// How a peer reaches the other one.
#[derive(clap::Args)]
struct Peer {
    /// Socket of the process in the middle
    socket: PathBuf,
    /// The other peer's id: through dispatchd. Without one: through the relay
    #[arg(long)]
    to: Option<EntityId>,
    /// Speak dispatchd's protocol
    #[arg(long)]
    dispatchd: bool,
}

fn main() -> ExitCode {
    match run(Arguments::parse().role) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-peer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(role: Role) -> std::io::Result<()> {
    match role {
        Role::Relay { socket } => relay::run(&socket),
        Role::Cards => cards::run(),
        Role::Echo { peer } => round_trip::echo(Wire::open(&peer)?),
        Role::Ping { peer, size, count } => round_trip::ping(Wire::open(&peer)?, size, count),
        Role::Flood { peer, mtype, size } => flood::flood(Wire::open(&peer)?, mtype, size),
        Role::Sink { peer, count, group } => flow::sink(Wire::open(&peer)?, count, group),
        Role::Source {
            peer,
            size,
            count,
            group,
            batch,
        } => flow::source(
            Wire::open(&peer)?,
            &flow::Load {
                size,
                count,
                group,
                batch,
            },
        ),
    }
}
