//! `cargo xtask demo`: what can become of an exchange, with real parts; and of an auction among cards.

mod auction;
mod table;

use system_tests::scenario::{self, Cast, Report, Stories};
use system_tests::{Binaries, Deployment, Failure};

use crate::prepare;
use crate::shell::{self, Result, cargo, target};

/// Options of `cargo xtask demo`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Print one JSON document instead of the timeline
    #[arg(long)]
    json: bool,
    /// Leave everything running, and say how to play on with it
    #[arg(long)]
    keep: bool,
    #[command(subcommand)]
    other: Option<Other>,
}

#[derive(clap::Subcommand)]
enum Other {
    /// Five hosts: an auction that nobody holds, in which one host drops messages and one crashes
    #[command(args_conflicts_with_subcommands = true)]
    Auction {
        /// Print one JSON document instead of tables
        #[arg(long)]
        json: bool,
    },
}

/// The packages with the binaries of a deployment.
const PACKAGES: &[&str] = &[
    "dispatchd",
    "etpctl",
    "wallet",
    "softcard",
    "adversary",
    "pals",
];

pub(crate) fn run(arguments: &Arguments) -> Result {
    prepare::for_demo()?;
    build()?;
    if let Some(Other::Auction { json }) = arguments.other {
        return auction::run(&deployment()?, json);
    }
    let deployment = deployment()?;
    let mut cast = Cast::assemble(&deployment).map_err(words)?;
    let report = scenario::play(&deployment, &mut cast, Stories::All).map_err(words)?;
    match arguments.json {
        true => println!(
            "{}",
            serde_json::to_string_pretty(&report).map_err(|e| e.to_string())?
        ),
        false => table::print(&report),
    }
    if arguments.keep {
        table::print_commands(&cast, &report, deployment.path());
        cast.leave_running();
        let _kept = deployment.keep();
    }
    verdict(&report)
}

/// The demonstration as a test: one document, and every step as it had to be.
pub(crate) fn check() -> Result {
    let deployment = deployment()?;
    let report = scenario::perform(&deployment, Stories::All).map_err(words)?;
    table::print(&report);
    verdict(&report)
}

/// Builds the binaries with the profile of the tests.
pub(crate) fn build() -> Result {
    shell::run(cargo().arg("build").args(packages()))
}

/// Builds them as they are installed, for long runs.
pub(crate) fn build_release() -> Result {
    shell::run(cargo().args(["build", "--release"]).args(packages()))
}

fn packages() -> impl Iterator<Item = &'static str> {
    PACKAGES.iter().flat_map(|package| ["--package", package])
}

fn deployment() -> Result<Deployment> {
    Deployment::create(Binaries::in_directory(target().join("debug"))).map_err(words)
}

fn words(failure: Failure) -> String {
    failure.to_string()
}

fn verdict(report: &Report) -> Result {
    match report.as_it_had_to {
        true => Ok(()),
        false => Err("not every step ended as it had to".into()),
    }
}
