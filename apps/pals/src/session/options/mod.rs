//! The command line of sessions.

mod auction;
mod benchmark;
mod exchange;
mod function;
mod plan;
mod run;

use std::path::PathBuf;

use clap::Args;
use libetp::Domain;
use pals::{COVER_ROUNDS, Grant, MemberCode, ROUND_MS};

pub(crate) use auction::{Auction, CreateAuction};
pub(crate) use benchmark::{Benchmark, CreateBenchmark};
pub(crate) use exchange::{CreateExchange, Describe, Exchange, JoinExchange};
pub(crate) use function::{CardFunction, Named};
pub(crate) use plan::{CreatePlan, Plan, SiteFile};
pub(crate) use run::{CreateAny, JoinAny, Number, Run};

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

/// Going on with a session.
#[derive(Debug, Args)]
pub(crate) struct TakeOver {
    /// Wait so long for the start
    #[arg(long, value_name = "SECONDS", default_value_t = WAIT_S)]
    pub(super) wait: u64,
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

/// What the first member may grant beside what is usual.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Spending {
    /// Fuel of the function in all, about one unit for an instruction; all of it is spent
    #[arg(long, value_name = "FUEL")]
    fuel: Option<u64>,
    /// Fuel of the function in each round of work [default: all of it, 20000000, or a 400th]
    #[arg(long, value_name = "FUEL")]
    slice: Option<u64>,
    /// Most memory of the function
    #[arg(long, value_name = "BYTES")]
    memory: Option<u32>,
}

impl Spending {
    /// What is said here, and the rest as usual.
    pub(super) fn over(self, usual: Grant) -> Grant {
        let fuel = self.fuel.unwrap_or(usual.fuel);
        let grant = Grant::new(fuel, self.memory.unwrap_or(usual.memory_bytes));
        Grant {
            slice: self.slice.unwrap_or(grant.slice),
            ..grant
        }
    }
}

/// What any other member chooses.
#[derive(Debug, Args)]
pub(crate) struct Join {
    /// Only a session of this first member
    #[arg(long, value_name = "MEMBER")]
    pub(super) from: Option<MemberCode>,
    /// Join without being asked, with --from: anybody can send invitations
    #[arg(long, requires = "from")]
    pub(super) yes: bool,
    /// Wait so long for an invitation, and so long for the start
    #[arg(long, value_name = "SECONDS", default_value_t = WAIT_S)]
    pub(super) wait: u64,
}
