//! `pals run`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Create, Join, Spending};

#[derive(Debug, Subcommand)]
pub(crate) enum Run {
    /// The sum of integers, their mean, and how many there are
    #[command(subcommand)]
    Sum(Number),
    /// The largest of integers
    #[command(subcommand)]
    Maximum(Number),
    /// Invite others to compute any function, and give your input
    #[command(after_help = VALUE_HELP)]
    Create(CreateAny),
    /// Give your input to what somebody invites to
    #[command(after_help = VALUE_HELP)]
    Join(JoinAny),
}

const VALUE_HELP: &str = "\
Parameters and inputs are written as `pals function run --help` says.";

#[derive(Debug, Subcommand)]
pub(crate) enum Number {
    /// Invite others, and give your number
    Create(CreateNumber),
    /// Give your number to what somebody invites to
    Join(JoinNumber),
}

#[derive(Debug, Args)]
pub(crate) struct CreateNumber {
    #[command(flatten)]
    pub(crate) create: Create,
    /// Your number; nobody learns it
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) value: i64,
    /// With fewer numbers there is no result [default: that of all members with a right host]
    #[arg(long, value_name = "N")]
    pub(crate) at_least: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct JoinNumber {
    #[command(flatten)]
    pub(crate) join: Join,
    /// Your number; nobody learns it
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) value: i64,
}

#[derive(Debug, Args)]
pub(crate) struct CreateAny {
    #[command(flatten)]
    pub(crate) create: Create,
    /// The function, a module of WebAssembly
    #[arg(long, value_name = "FILE")]
    pub(crate) function: PathBuf,
    /// Your input; nobody learns it but by what the function tells
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) input: String,
    /// The parameters of the function: public, the same for all
    #[arg(long, value_name = "VALUE", default_value = "hex:")]
    pub(crate) parameters: String,
    /// Length of every input [default: that of yours]; shorter ones are ended with zeros
    #[arg(long, value_name = "BYTES")]
    pub(crate) input_bytes: Option<u32>,
    #[command(flatten)]
    pub(crate) spending: Spending,
    /// Do not ask whether to compute a function that is not shipped with this program
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct JoinAny {
    #[command(flatten)]
    pub(crate) join: Join,
    /// The function, a module of WebAssembly, if it is not shipped with this program
    #[arg(long, value_name = "FILE")]
    pub(crate) function: Option<PathBuf>,
    /// Your input; nobody learns it but by what the function tells
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) input: String,
}
