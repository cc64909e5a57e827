//! `pals benchmark`.

use clap::{Args, Subcommand};
use pals::Millionths;

use super::{Create, Join};

#[derive(Debug, Subcommand)]
pub(crate) enum Benchmark {
    /// Invite others to a comparison, and give your key figures
    Create(CreateBenchmark),
    /// Give your key figures to the comparison that somebody invites to
    Join(JoinBenchmark),
}

#[derive(Debug, Args)]
pub(crate) struct CreateBenchmark {
    #[command(flatten)]
    pub(crate) create: Create,
    #[command(flatten)]
    pub(crate) figures: Figures,
    /// With fewer members there is no comparison, and never with fewer than 5 [default: all with a right host]
    #[arg(long, value_name = "N")]
    pub(crate) at_least: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct JoinBenchmark {
    #[command(flatten)]
    pub(crate) join: Join,
    #[command(flatten)]
    pub(crate) figures: Figures,
}

#[derive(Debug, Args)]
pub(crate) struct Figures {
    /// Your key figures, decimals with commas between them, in the order that all members use; nobody learns them
    ///
    /// More counts as better. A figure of which less is better is given with a minus by all.
    #[arg(
        long,
        value_name = "FIGURES",
        required = true,
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub(crate) kpis: Vec<Millionths>,
}
