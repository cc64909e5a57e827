//! Commands that talk to a running daemon.

mod failure;
mod ids;
mod ping;
mod routes;
mod status;
mod table;
mod trace;

use std::fmt::Display;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use libetp::Domain;
use libetp::client::Trust;
use libetp::client::aliases::Aliases;
use libetp::client::blocking::Connection;
use libetp::client::control::{ControlReply, ControlRequest};
use serde_json::Value;

pub(crate) use failure::Failure;
pub(crate) use status::duration;
pub(crate) use table::Table;

/// Where the daemon is.
#[derive(Clone, Debug, Args)]
pub(crate) struct Daemon {
    /// The daemon's socket
    #[arg(
        long,
        global = true,
        help_heading = "For every command",
        env = "TENET_SOCKET",
        default_value = "/run/tenet/dispatchd.sock"
    )]
    socket: PathBuf,
    /// Trust a daemon of this user as well as of root and yourself
    #[arg(
        long,
        global = true,
        help_heading = "For every command",
        value_name = "UID"
    )]
    daemon_uid: Option<u32>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ControlCommand {
    /// How the daemon, its cards and its links are
    Status,
    /// Who has which id
    Ids,
    /// Where domains are reached
    Routes,
    /// Ask an entity for a sign of life
    Ping(Ping),
    /// What passed lately
    Trace(Trace),
}

#[derive(Debug, Args)]
pub(crate) struct Ping {
    /// An id, or a name from ids.toml
    id: String,
    /// How often
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// How long to wait for each answer
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    timeout: u64,
    /// Ping from an id of this card, where there are several [default: the one that is pinged]
    #[arg(long)]
    domain: Option<Domain>,
}

#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// Only records with a greater sequence number
    #[arg(long, default_value_t = 0)]
    after: u64,
    /// The newest so many records of each kind
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

/// A result, for people and for programs.
pub(crate) struct Report {
    pub(crate) text: String,
    pub(crate) json: Value,
}

/// Carries out one command and prints what came of it.
///
/// # Errors
/// [`Failure`] saying what is wrong and what to do.
pub(crate) fn run(daemon: &Daemon, command: &ControlCommand, json: bool) -> Result<(), Failure> {
    let report = match command {
        ControlCommand::Status => status::run(daemon),
        ControlCommand::Ids => ids::run(daemon),
        ControlCommand::Routes => routes::run(daemon),
        ControlCommand::Ping(arguments) => ping::run(daemon, arguments),
        ControlCommand::Trace(arguments) => trace::run(daemon, arguments),
    }?;
    print_report(&report, json)
}

/// Prints a result.
///
/// # Errors
/// [`Failure::Output`].
pub(crate) fn print_report(report: &Report, json: bool) -> Result<(), Failure> {
    match json {
        true => print(&format_args!("{:#}", report.json)),
        false => print(&report.text.trim_end()),
    }
}

/// Prints a line.
///
/// # Errors
/// [`Failure::Output`].
pub(crate) fn print(text: &impl Display) -> Result<(), Failure> {
    Ok(command_line::print(text)?)
}

impl Daemon {
    /// The same with another socket.
    pub(crate) fn at(&self, socket: PathBuf) -> Self {
        let daemon_uid = self.daemon_uid;
        Self { socket, daemon_uid }
    }

    pub(crate) fn connect(&self) -> Result<Connection, Failure> {
        let trust = Trust::default();
        let trust = self.daemon_uid.map_or(trust.clone(), |uid| trust.and(uid));
        Ok(Connection::open_trusting(&self.socket, "etpctl", &trust)?)
    }

    pub(crate) fn ask(&self, request: &ControlRequest) -> Result<ControlReply, Failure> {
        Ok(self.connect()?.control(request)?)
    }
}

/// Names for ids, where the user gave some.
pub(crate) fn aliases() -> Result<Aliases, Failure> {
    Ok(Aliases::load_default()?)
}

/// An id with its name, if it has one.
pub(crate) fn named(aliases: &Aliases, id: &str) -> String {
    let name = id.parse().ok().and_then(|id| aliases.name(id));
    match name {
        Some(name) => format!("{id} ({name})"),
        None => id.to_string(),
    }
}
