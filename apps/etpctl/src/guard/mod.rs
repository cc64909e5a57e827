//! `etpctl guard`: what may enter the dispatch table, and who decides it.
//!
//! Commands about a running daemon ask it; commands about files load them as the daemon would and
//! need none.

mod bench;
mod captured;
mod check;
mod explain;
mod failure;
mod follow;
mod holds;
mod life;
mod list;
mod new;
mod offline;
mod pause;
mod replay;
mod session;
mod shadow;
mod test;
mod trace;
mod write;

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use crate::control::{Daemon, print_report};

pub(crate) use failure::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum GuardCommand {
    /// The chain in force: its policies in order, what they said how often, and the defaults
    List,
    /// Messages that wait for an answer
    Holds,
    /// Let a message go on that waits for an answer: it is judged again, as approved
    Approve {
        /// Its number in `etpctl guard holds`
        number: u64,
    },
    /// Refuse a message that waits for an answer
    Deny {
        /// Its number in `etpctl guard holds`
        number: u64,
    },
    /// Load the rule file anew; with an error in it, everything stays as it is
    ///
    /// SIGHUP does the same, and puts the error into the daemon's log.
    Reload,
    /// Go back to the chain before the last reload; twice goes forward again
    Rollback,
    /// Have another rule file say what it would decide, without any effect
    #[command(subcommand)]
    Shadow(Shadow),
    /// Follow what each policy says about messages from and to an id
    Trace(Trace),
    /// Record messages with every fact that a policy may read, for `etpctl guard replay`
    Capture(Capture),
    /// What policies consist of: conditions, rights, imports, limits
    Explain {
        /// A rule file; without one, the daemon's chain
        rules: Option<PathBuf>,
    },
    /// Load a rule file and all that it names, and say what is wrong with it
    ///
    /// No daemon is asked. Not looked at is who may write the files, as `dispatchd --check` does.
    Check {
        /// The rule file
        rules: PathBuf,
    },
    /// Try whether a rule file says of messages what case files expect
    ///
    /// No daemon is asked. Each case file begins with a chain that has seen nothing yet.
    Test(Test),
    /// Judge captured messages by a rule file, and show what changes
    ///
    /// No daemon is asked. It ends with 1 if a message is judged differently.
    Replay(Replay),
    /// How long judging a message takes, and how much fuel
    ///
    /// No daemon is asked. Each message comes a second after the one before, so that no rate is
    /// exceeded and everybody has fuel.
    Bench(Bench),
    /// Begin a plugin: a directory with its source, its tests and how to build it
    New(New),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Shadow {
    /// Watch with a rule file of the daemon's host
    On {
        /// The rule file
        file: PathBuf,
    },
    /// Watch no longer
    Off,
    /// What it would have decided otherwise
    Report,
}

#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// An id, or a name from ids.toml
    id: String,
    /// End after so many messages
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Capture {
    /// Where to write; there must not be such a file yet
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// End after so long; otherwise when it is interrupted
    #[arg(long)]
    seconds: Option<u64>,
    /// Keep params too, but never those of secret types. They may be anybody's private affairs
    #[arg(long)]
    payloads: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Files with cases
    #[arg(required = true)]
    cases: Vec<PathBuf>,
    /// The rule file that they are about
    #[arg(long, value_name = "FILE")]
    rules: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// What `etpctl guard capture` wrote
    capture: PathBuf,
    /// The rule file that judges
    #[arg(long, value_name = "FILE")]
    rules: PathBuf,
    /// Compare with this rule file; otherwise with what became of the messages
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// The rule file
    rules: PathBuf,
    /// Judge these messages; otherwise a ping from a program, a card and another host
    #[arg(long, value_name = "FILE")]
    capture: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("language").required(true)))]
pub(crate) struct New {
    /// In Rust
    #[arg(long, group = "language")]
    rust: bool,
    /// In C
    #[arg(long, group = "language")]
    c: bool,
    /// Its name, and that of the directory: small letters, digits and hyphens
    name: String,
}

/// Carries out one command and prints what came of it.
///
/// # Errors
/// [`Failure`] saying what is wrong and what to do.
pub(crate) fn run(daemon: &Daemon, command: &GuardCommand, json: bool) -> Result<(), Failure> {
    let report = match command {
        GuardCommand::List => list::run(daemon),
        GuardCommand::Holds => holds::run(daemon),
        GuardCommand::Approve { number } => holds::decide(daemon, *number, true),
        GuardCommand::Deny { number } => holds::decide(daemon, *number, false),
        GuardCommand::Reload => life::reload(daemon),
        GuardCommand::Rollback => life::rollback(daemon),
        GuardCommand::Shadow(command) => shadow::run(daemon, command),
        GuardCommand::Trace(arguments) => return trace::run(daemon, arguments, json),
        GuardCommand::Capture(arguments) => captured::run(daemon, arguments),
        GuardCommand::Explain { rules: None } => explain::online(daemon),
        GuardCommand::Explain { rules: Some(rules) } => explain::offline(rules),
        GuardCommand::Check { rules } => check::run(rules),
        GuardCommand::Test(arguments) => return test::run(arguments, json),
        GuardCommand::Replay(arguments) => return replay::run(arguments, json),
        GuardCommand::Bench(arguments) => bench::run(arguments),
        GuardCommand::New(arguments) => new::run(arguments),
    }?;
    Ok(print_report(&report, json)?)
}
