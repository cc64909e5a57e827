//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use etp_pki::scheme::LEAF_VALID_DAYS;
use libetp::Domain;

/// Make schemes, certify keys, check what is there.
#[derive(Debug, Subcommand)]
pub(crate) enum SchemeCommand {
    /// Make a scheme: a root and one signing key per role
    Init(InitArguments),
    /// Make a key and certify it for one role
    #[command(subcommand)]
    Enrol(EnrolCommand),
    /// Say what is in a scheme or a certificate
    Show(ShowArguments),
    /// Check chain, pins, dates, and that no key has two roles
    Check(CheckArguments),
}

/// `scheme init`.
#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// Where to make it
    pub(super) directory: PathBuf,
    /// What people call it: letters, digits, dots, hyphens, underscores
    #[arg(long)]
    pub(super) name: String,
}

/// `scheme enrol`.
#[derive(Debug, Subcommand)]
pub(crate) enum EnrolCommand {
    /// A soft card, ready to be served
    Card(CardArguments),
    /// A host: writes host.key, host.der and host-intermediate.der
    Host(KeyArguments),
    /// An issuer of vouchers
    Issuer(KeyArguments),
    /// A redeemer of vouchers
    Redeemer(KeyArguments),
    /// A trusted third party or certification authority
    Service(KeyArguments),
    /// An off-card program with a key of its own
    OffCard(KeyArguments),
}

/// What every enrolment wants.
#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    /// The scheme's directory, with the signing key of the role
    #[arg(long, value_name = "DIR")]
    pub(super) scheme: PathBuf,
    /// Where to write the new files
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// For how many days the certificate is valid
    #[arg(long, default_value_t = LEAF_VALID_DAYS, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) days: u32,
}

/// `scheme enrol card`.
#[derive(Debug, Args)]
pub(crate) struct CardArguments {
    #[command(flatten)]
    pub(super) key: KeyArguments,
    /// Certificate of the host that is to serve the card
    #[arg(long, value_name = "FILE")]
    pub(super) host: Option<PathBuf>,
    /// A third party that the card trusts: its key id, or its certificate's file
    #[arg(long, value_name = "KEY|FILE")]
    pub(super) third_party: Vec<String>,
    /// Make the card the third party: the directory that `scheme enrol service` wrote
    #[arg(long, value_name = "DIR")]
    pub(super) service: Option<PathBuf>,
    /// Read the owner's PIN from a file of mode 0600 instead of asking
    #[arg(long, value_name = "FILE")]
    pub(super) pin_file: Option<PathBuf>,
    /// Write the PUK, which sets a new PIN when the old one is blocked, to a new file of mode 0600
    /// instead of showing it
    #[arg(long, value_name = "FILE")]
    pub(super) puk_file: Option<PathBuf>,
    /// Make the card without a PUK: once its PIN is blocked, it stays so
    #[arg(long, conflicts_with = "puk_file")]
    pub(super) no_puk: bool,
    /// Protect the card at rest with the device key in this file, which is made if it is not there;
    /// keep it outside the card's directory and out of its backups
    #[arg(long, value_name = "FILE")]
    pub(super) device_key: Option<PathBuf>,
    /// The card's class; a card made of software is of class 0
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=0))]
    pub(super) class: u8,
    /// A domain assigned by an authority (24 hexadecimal digits, the first two 01), instead of the
    /// one that follows from the card's keys
    #[arg(long, value_name = "HEX")]
    pub(super) domain: Option<Domain>,
}

/// `scheme show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// A scheme's directory, its scheme.toml, or a certificate
    pub(super) path: PathBuf,
}

/// `scheme check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// A scheme's directory or its scheme.toml
    pub(super) path: PathBuf,
    /// Also check the certificates in a directory
    #[arg(long, value_name = "DIR")]
    pub(super) leaves: Vec<PathBuf>,
}
