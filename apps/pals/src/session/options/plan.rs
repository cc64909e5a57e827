//! `pals plan`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Create, Join, Spending};

#[derive(Debug, Subcommand)]
pub(crate) enum Plan {
    /// Invite others to plan a supply chain, and say what your site is like
    Create(CreatePlan),
    /// Say what your site is like, for the plan that somebody invites to
    Join(JoinPlan),
}

#[derive(Debug, Args)]
pub(crate) struct CreatePlan {
    #[command(flatten)]
    pub(crate) create: Create,
    #[command(flatten)]
    pub(crate) site: SiteFile,
    #[command(flatten)]
    pub(crate) spending: Spending,
}

#[derive(Debug, Args)]
pub(crate) struct JoinPlan {
    #[command(flatten)]
    pub(crate) join: Join,
    #[command(flatten)]
    pub(crate) site: SiteFile,
}

#[derive(Debug, Args)]
pub(crate) struct SiteFile {
    /// Your site, a file in JSON: docs/pals.md says what is in it; nobody learns it
    #[arg(long = "site", value_name = "FILE")]
    pub(crate) file: PathBuf,
}
