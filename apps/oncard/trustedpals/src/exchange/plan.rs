//! What the members settled before.

use alloc::vec::Vec;

use libetp::params::pals::Description;

use super::{item, turn};
use crate::link::Link;
use crate::uic::{Config, ConfigError, Mode};

/// Bytes of a member's contribution to the secret slot.
pub const SEED_BYTES: usize = 32;
/// Most slots: a session ends, though all cards keep sending in every round.
pub const SLOTS_MAX: u32 = 1 << 16;
/// Most rounds in which items are sent.
pub const SETUP_ROUNDS_MAX: u32 = 256;
/// Most bytes of all items of a session: all of them are one result, that fits into a message.
pub const ITEMS_BYTES_MAX: u64 = 49_152;

/// The numbers of a session, its items, and which member this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    config: Config,
    setup_rounds: u32,
    slots: u32,
    items: Vec<Description>,
    odds: Odds,
    release: Release,
}

/// Why there is no such session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The agreement has no such session.
    #[error(transparent)]
    Agreement(#[from] ConfigError),
    /// An exchange with oneself.
    #[error("an exchange has at least two members")]
    Alone,
    /// None, or more than [`SETUP_ROUNDS_MAX`].
    #[error("{0} rounds of set-up; there are 1 to {SETUP_ROUNDS_MAX}")]
    Setup(u32),
    /// None, or more than [`SLOTS_MAX`].
    #[error("{0} slots; there are 1 to {SLOTS_MAX}")]
    Slots(u32),
    /// Every host but one's own at most.
    #[error("{corrupt} corrupt hosts of {n}: at least one is right")]
    Corrupt {
        /// As the session has it.
        corrupt: usize,
        /// Members.
        n: usize,
    },
    /// The attacker need not even guess.
    #[error(
        "{corrupt} corrupt hosts of {n} can be unfair in {window} of {slots} slots, which is certain: more slots"
    )]
    Certain {
        /// As the session has it.
        corrupt: usize,
        /// Members.
        n: usize,
        /// In how many slots hosts can be unfair.
        window: u32,
        /// How many there are.
        slots: u32,
    },
    /// Not one description for each member.
    #[error("{found} items for {n} members: each gives one")]
    Items {
        /// Descriptions.
        found: usize,
        /// Members.
        n: usize,
    },
    /// Nothing at all, or a signature of another length.
    #[error("the item of member {0} has no length that such an item has")]
    Length(usize),
    /// No key that signs.
    #[error("the item of member {0} is to be a signature by what is no Ed25519 key")]
    Signer(usize),
    /// More than [`ITEMS_BYTES_MAX`].
    #[error(
        "items of {0} bytes in all; {ITEMS_BYTES_MAX} are the limit: exchange the keys of files"
    )]
    TooLong(u64),
}

/// How likely an exchange is unfair, however well corrupt hosts play: `window / slots` at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odds {
    /// In how many slots hosts that decided when to cut are unfair; in none if fewer than half of them are corrupt.
    pub window: u32,
    /// How many slots there are.
    pub slots: u32,
}

impl Plan {
    /// Member `me` of those that give `items`, each one; of their hosts at most so many are `corrupt`. The items are
    /// sent in `setup_rounds`, and the agreement begins in one of `slots`.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn new(
        (corrupt, me): (usize, usize),
        items: Vec<Description>,
        setup_rounds: u32,
        slots: u32,
    ) -> Result<Self, PlanError> {
        let n = items.len();
        if n < 2 {
            return Err(PlanError::Alone);
        }
        let config = Config::new(n, (n - 1) / 2, me, Mode::Full)?;
        check_items(&items)?;
        if setup_rounds == 0 || setup_rounds > SETUP_ROUNDS_MAX {
            return Err(PlanError::Setup(setup_rounds));
        }
        let odds = odds((n, corrupt), slots)?;
        Ok(Self {
            config,
            setup_rounds,
            slots,
            items,
            odds,
            release: Release::NextRound,
        })
    }

    /// The same with another rule of release, for tests.
    #[cfg(feature = "exploration")]
    #[must_use]
    pub fn releasing(self, release: Release) -> Self {
        Self { release, ..self }
    }

    /// Members.
    pub fn n(&self) -> usize {
        self.config.n()
    }

    /// This member.
    pub fn me(&self) -> usize {
        self.config.me()
    }

    /// What each member gives.
    pub fn items(&self) -> &[Description] {
        &self.items
    }

    /// What this member gives.
    pub fn own(&self) -> &Description {
        &self.items[self.me()]
    }

    /// Rounds in which the items are sent.
    pub fn setup_rounds(&self) -> u32 {
        self.setup_rounds
    }

    /// Bytes of the longest item.
    pub fn item_bytes(&self) -> u32 {
        let longest = self.items.iter().map(|item| item.bytes).max();
        longest.unwrap_or_default()
    }

    /// Bytes of an item that go in one round.
    pub fn piece_bytes(&self) -> usize {
        // Fits: all items together do.
        self.item_bytes().div_ceil(self.setup_rounds) as usize
    }

    /// The last round of the session, which is the same whatever happens in it.
    pub fn last_round(&self) -> u32 {
        self.setup_rounds + self.slots + self.config.last_round()
    }

    /// Bytes of every packet.
    pub fn packet_bytes(&self) -> usize {
        Link::bytes_for(self.content_bytes())
    }

    /// Bytes of what every packet says.
    pub(super) fn content_bytes(&self) -> usize {
        turn::HEAD_BYTES + self.piece_bytes()
    }

    /// What to tell people before they begin.
    pub fn odds(&self) -> Odds {
        self.odds
    }

    pub(super) fn slots(&self) -> u32 {
        self.slots
    }

    pub(super) fn release(&self) -> Release {
        self.release
    }

    pub(super) fn agreement(&self) -> Config {
        self.config
    }
}

fn check_items(items: &[Description]) -> Result<(), PlanError> {
    let mut bytes = 0;
    for (member, item) in items.iter().enumerate() {
        item::check(item).map_err(|fault| fault.of(member))?;
        bytes += u64::from(item.bytes);
    }
    match bytes > ITEMS_BYTES_MAX {
        true => Err(PlanError::TooLong(bytes)),
        false => Ok(()),
    }
}

/// Rounds of the agreement until all have decided, with three members and more: in these a cut is unfair. Two corrupt
/// hosts can look into one of their cards before, which is good for one round more.
const CUT_ROUNDS: u32 = 2;

fn odds((n, corrupt): (usize, usize), slots: u32) -> Result<Odds, PlanError> {
    if slots == 0 || slots > SLOTS_MAX {
        return Err(PlanError::Slots(slots));
    }
    let window = match corrupt {
        _ if corrupt >= n => return Err(PlanError::Corrupt { corrupt, n }),
        _ if 2 * corrupt < n => 0,
        _ if n == 2 => 1,
        _ => CUT_ROUNDS + 1,
    };
    if window >= slots {
        return Err(PlanError::Certain {
            corrupt,
            n,
            window,
            slots,
        });
    }
    Ok(Odds { window, slots })
}

/// When a decision is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// At the end of the round after it.
    NextRound,
    /// At once; wrong.
    #[cfg(feature = "exploration")]
    AtDecision,
}
