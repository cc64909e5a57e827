//! `pals function`: what a computation computes, from its beginning to a module that cards take.

pub(crate) mod module;
mod new;
mod run;
pub(crate) mod value;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::report::{Failure, Report};
use crate::session::CardFunction;

#[derive(Debug, Subcommand)]
pub(crate) enum FunctionCommand {
    #[command(flatten)]
    Local(LocalFunction),
    #[command(flatten)]
    Card(CardFunction),
}

/// What needs no card.
#[derive(Debug, Subcommand)]
pub(crate) enum LocalFunction {
    /// Begin a function in Rust: a directory with its source, its tests and how to build it
    New {
        /// Its name, and that of the directory: small letters, digits and hyphens
        name: String,
    },
    /// Load a module as a card does, and say what is wrong with it
    Check {
        /// The module
        file: PathBuf,
    },
    /// Print the hash by which cards know a module: SHA-256 of all of it
    Hash {
        /// The module
        file: PathBuf,
    },
    /// Compute a function of inputs on the engine that cards have, and say how much fuel it took
    ///
    /// Every card of a session computes the function by itself, and tells its owner the part that is meant for its own
    /// member.
    #[command(after_help = RUN_HELP)]
    Run(Run),
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The module
    file: PathBuf,
    /// What the next member gives; once for each, in the order of members
    #[arg(
        long = "input",
        value_name = "VALUE",
        required = true,
        allow_hyphen_values = true
    )]
    inputs: Vec<String>,
    /// The parameters of the function: what the session says beside the inputs, written as an input is
    #[arg(long, value_name = "VALUE", default_value = "hex:")]
    parameters: String,
    /// The session's id, 32 bytes, written as an input is
    #[arg(long, value_name = "VALUE", default_value = "zeros:32")]
    session: String,
    /// Only the part of this member, counted from 0; otherwise that of each
    #[arg(long, value_name = "MEMBER")]
    me: Option<usize>,
    /// Most fuel; about one unit for an instruction
    #[arg(long, default_value_t = 1_000_000_000)]
    fuel: u64,
    /// Most memory in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20)]
    memory: u32,
}

const RUN_HELP: &str = "\
An input is a list of parts with commas between them:
  u8:7  i64:-5  u32:1,2,3      big-endian, of 8 to 128 bits; a type holds until the next
  hex:00ff                     bytes
  text:abc                     the bytes of a text without commas
  zeros:16                     so many zeros
or, alone:
  @FILE                        the bytes of a file
  absent                       nothing: what there is of a member whose input does not come
Shorter inputs are ended with zeros: in a session all have the same length.

The greatest of three numbers, one of which does not come:
  pals function run maximum.wasm --input i64:3 --input absent --input i64:-5
A Vickrey auction, price public, of member 0, with a reserve of 100:
  pals function run auction.wasm --parameters u8:1,1,u16:0,u64:100 --input u64:0 --input u64:250";

/// Carries out one command.
///
/// # Errors
/// [`Failure`] saying what is wrong and what to do.
pub(crate) fn run(command: &LocalFunction) -> Result<Report, Failure> {
    match command {
        LocalFunction::New { name } => new::run(name),
        LocalFunction::Check { file } => module::check(file),
        LocalFunction::Hash { file } => module::hash(file),
        LocalFunction::Run(arguments) => run::run(arguments),
    }
}
