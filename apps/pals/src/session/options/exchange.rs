//! `pals exchange`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use pals::{DescriptionWord, MemberCode, ROUND_MS, SLOTS};

use super::{Join, WAIT_S};

#[derive(Debug, Subcommand)]
pub(crate) enum Exchange {
    /// Print by what others know your item before they have it
    Describe(Describe),
    /// Invite others, and give your item for theirs
    #[command(after_help = CREATE_HELP)]
    Create(CreateExchange),
    /// Give your item for those of all other members
    Join(JoinExchange),
    /// Write the items of the last exchange to files once more
    Result(Folder),
}

const CREATE_HELP: &str = "\
For each other member, --with and --wants: who it is, and what `pals exchange describe` prints there.\n\
  pals exchange create --give key --into here --with ANNA --wants sha256:3f..:32 --with BERT --wants ed25519:9a..:07..";

#[derive(Debug, Args)]
pub(crate) struct Describe {
    /// Your item; of a signature it may be missing, and is checked if it is there
    #[arg(value_name = "FILE", required_unless_present = "signature_of")]
    pub(crate) file: Option<PathBuf>,
    /// It is an Ed25519 signature of the 32 bytes of this document's SHA-256
    #[arg(long, value_name = "DOCUMENT", requires = "key")]
    pub(crate) signature_of: Option<PathBuf>,
    /// By this public key, 64 hexadecimal digits
    #[arg(long, value_name = "KEY", requires = "signature_of")]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Given {
    /// The file with your item
    #[arg(long, value_name = "FILE")]
    pub(crate) give: PathBuf,
    #[command(flatten)]
    pub(crate) folder: Folder,
}

#[derive(Debug, Args)]
pub(crate) struct Folder {
    /// The directory to write others' items into, as `member-N`; nothing there is overwritten
    #[arg(long, value_name = "DIR")]
    pub(crate) into: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CreateExchange {
    #[command(flatten)]
    pub(crate) given: Given,
    /// What others know your item by, if it is a signature [default: its hash and length]
    #[arg(long = "as", value_name = "DESCRIPTION")]
    pub(crate) described: Option<DescriptionWord>,
    /// Another member: what `pals id` prints there
    #[arg(long, value_name = "MEMBER", required = true)]
    pub(crate) with: Vec<MemberCode>,
    /// What you want from that member
    #[arg(long, value_name = "DESCRIPTION", required = true)]
    pub(crate) wants: Vec<DescriptionWord>,
    /// How many members' hosts may be corrupt [default: all but yours]
    #[arg(long, value_name = "T")]
    pub(crate) corrupt: Option<u8>,
    /// Rounds among which the moment is hidden: if half of the hosts or more are corrupt, the odds are 3 in so many
    #[arg(long, value_name = "ROUNDS", default_value_t = SLOTS)]
    pub(crate) slots: u32,
    /// Lowest class of a member's card
    #[arg(long, value_name = "CLASS", default_value_t = 0)]
    pub(crate) min_class: u8,
    /// The length of a round at most, in milliseconds; all go faster while nobody is missing
    #[arg(long, value_name = "MS", default_value_t = ROUND_MS)]
    pub(crate) round_ms: u32,
    /// Wait so long for all members to join
    #[arg(long, value_name = "SECONDS", default_value_t = WAIT_S)]
    pub(crate) wait: u64,
}

#[derive(Debug, Args)]
pub(crate) struct JoinExchange {
    #[command(flatten)]
    pub(crate) given: Given,
    /// What others are to give, in any order; all of it has to be said with --yes
    #[arg(long, value_name = "DESCRIPTION")]
    pub(crate) wants: Vec<DescriptionWord>,
    /// No exchange with fewer rounds to hide the moment in
    #[arg(long, value_name = "ROUNDS", default_value_t = SLOTS)]
    pub(crate) slots: u32,
    #[command(flatten)]
    pub(crate) join: Join,
}
