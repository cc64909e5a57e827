//! The command line of sessions.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use libetp::Domain;
use pals::{COVER_ROUNDS, MemberCode, ROUND_MS};

const HEADING: &str = "For sessions";

/// How long members have to join unless somebody says otherwise, in seconds.
const WAIT_S: u64 = 600;

/// The way to the card.
#[derive(Debug, Args)]
pub(crate) struct Way {
    /// The directory of `pals` [default: $XDG_DATA_HOME/tenet/pals]
    #[arg(long, global = true, help_heading = HEADING, env = "TENET_PALS_HOME", value_name = "DIR")]
    home: Option<PathBuf>,
    /// The daemon's socket [default: the one of `pals init`, there /run/tenet/dispatchd.sock]
    #[arg(long, global = true, help_heading = HEADING, env = "TENET_SOCKET")]
    socket: Option<PathBuf>,
    /// Read the PIN from a file of mode 600 instead of the terminal
    #[arg(long, global = true, help_heading = HEADING, env = "TENET_PIN_FILE", value_name = "FILE")]
    pin_file: Option<PathBuf>,
    /// Trust a daemon of this user as well as of root and yourself
    #[arg(long, global = true, help_heading = HEADING, value_name = "UID")]
    daemon_uid: Option<u32>,
}

impl Way {
    pub(super) fn access(&self) -> card_owner::Access<'_> {
        card_owner::Access {
            home: self.home.as_deref(),
            socket: self.socket.as_deref(),
            pin_file: self.pin_file.as_deref(),
            daemon_uid: self.daemon_uid,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The scheme file that the card's certificate must be of
    #[arg(long, value_name = "FILE")]
    pub(super) scheme: PathBuf,
    /// Which card, where there are several
    #[arg(long)]
    pub(super) domain: Option<Domain>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Auction {
    /// Invite others to an auction, and bid
    Create(CreateAuction),
    /// Bid in the auction that somebody invites to
    Join(JoinAuction),
}

#[derive(Debug, Args)]
pub(crate) struct CreateAuction {
    #[command(flatten)]
    pub(super) create: Create,
    /// Your bid; nobody learns it
    #[arg(long, value_name = "PRICE", required_unless_present = "auctioneer")]
    pub(super) bid: Option<u64>,
    /// Lowest price
    #[arg(long, value_name = "PRICE", default_value_t = 1)]
    pub(super) reserve: u64,
    /// Do not bid, but learn who wins and at which price
    #[arg(long, conflicts_with = "bid")]
    pub(super) auctioneer: bool,
    /// Tell the price to all members
    #[arg(long)]
    pub(super) public_price: bool,
}

#[derive(Debug, Args)]
pub(crate) struct JoinAuction {
    #[command(flatten)]
    pub(super) join: Join,
    /// Your bid; nobody learns it
    #[arg(long, value_name = "PRICE")]
    pub(super) bid: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Run {
    /// The sum of integers, and how many there are
    #[command(subcommand)]
    Sum(Number<i64>),
    /// The largest of integers that are not negative
    #[command(subcommand)]
    Maximum(Number<u64>),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Number<T: Value> {
    /// Invite others, and give your number
    Create(CreateNumber<T>),
    /// Give your number to what somebody invites to
    Join(JoinNumber<T>),
}

/// A number on the command line.
pub(crate) trait Value:
    std::str::FromStr<Err = std::num::ParseIntError> + Clone + Send + Sync + 'static
{
}

impl Value for i64 {}
impl Value for u64 {}

#[derive(Debug, Args)]
pub(crate) struct CreateNumber<T: Value> {
    #[command(flatten)]
    pub(super) create: Create,
    /// Your number; nobody learns it
    #[arg(long, allow_hyphen_values = true)]
    pub(super) value: T,
    /// With fewer numbers there is no result [default: that of all members with a right host]
    #[arg(long, value_name = "N")]
    pub(super) at_least: Option<u8>,
}

#[derive(Debug, Args)]
pub(crate) struct JoinNumber<T: Value> {
    #[command(flatten)]
    pub(super) join: Join,
    /// Your number; nobody learns it
    #[arg(long, allow_hyphen_values = true)]
    pub(super) value: T,
}

/// What the first member chooses in any session.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The other members: what `pals id` prints at each
    #[arg(long, value_name = "MEMBER", num_args = 1.., required = true)]
    pub(super) with: Vec<MemberCode>,
    /// How many members' hosts may be corrupt or fail [default: the most that are possible, fewer than half]
    #[arg(long, value_name = "T")]
    pub(super) corrupt: Option<u8>,
    /// Lowest class of a member's card
    #[arg(long, value_name = "CLASS", default_value_t = 0)]
    pub(super) min_class: u8,
    /// Rounds before the cards agree on the inputs
    #[arg(long, value_name = "ROUNDS", default_value_t = COVER_ROUNDS)]
    pub(super) cover_rounds: u32,
    /// The length of a round at most, in milliseconds; all go faster while nobody is missing
    #[arg(long, value_name = "MS", default_value_t = ROUND_MS)]
    pub(super) round_ms: u32,
    /// Wait so long for all members to join
    #[arg(long, value_name = "SECONDS", default_value_t = WAIT_S)]
    pub(super) wait: u64,
}

/// What any other member chooses.
#[derive(Debug, Args)]
pub(crate) struct Join {
    /// Only a session of this first member
    #[arg(long, value_name = "MEMBER")]
    pub(super) from: Option<MemberCode>,
    /// Join without being asked
    #[arg(long)]
    pub(super) yes: bool,
    /// Wait so long for an invitation, and so long for the start
    #[arg(long, value_name = "SECONDS", default_value_t = WAIT_S)]
    pub(super) wait: u64,
}
