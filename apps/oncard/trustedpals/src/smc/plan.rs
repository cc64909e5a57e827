//! The public numbers of a session.

use crate::link::Link;
use crate::uic::{Config, ConfigError, Mode};

use super::turn;

/// Most bytes of a packet: what fits into an eTP message with room for what a host adds.
pub const PACKET_BYTES_MAX: usize = 61_440;
/// Most rounds of a session.
pub const ROUNDS_MAX: u32 = 1 << 20;

/// What all members know of a session, and which of them this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub(super) config: Config,
    pub(super) value_bytes: usize,
    pub(super) cover_rounds: u32,
    pub(super) work_rounds: u32,
}

/// Why there is no such session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The agreement has no such session.
    #[error(transparent)]
    Agreement(#[from] ConfigError),
    /// Packets would be too long.
    #[error(
        "packets of {bytes} bytes; {PACKET_BYTES_MAX} are the limit: fewer members or shorter inputs"
    )]
    Packet {
        /// What a packet would have.
        bytes: usize,
    },
    /// None to compute in, or more than [`ROUNDS_MAX`] in all.
    #[error("{0} rounds; there is at least one to work in, and there are {ROUNDS_MAX} at most")]
    Rounds(u64),
}

impl Plan {
    /// Member `me` of `n`, of which at most `t` have a corrupt host. Inputs have `value_bytes` each.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn new(
        (n, t, me): (usize, usize, usize),
        value_bytes: usize,
        cover_rounds: u32,
        work_rounds: u32,
    ) -> Result<Self, PlanError> {
        let config = Config::new(n, t, me, Mode::Full)?;
        let bytes = value_bytes
            .saturating_mul(n)
            .saturating_add(Link::bytes_for(turn::HEAD_BYTES));
        if bytes > PACKET_BYTES_MAX {
            return Err(PlanError::Packet { bytes });
        }
        let agreement = u64::from(config.last_round());
        let rounds = u64::from(cover_rounds) + agreement + u64::from(work_rounds);
        if work_rounds == 0 || rounds > u64::from(ROUNDS_MAX) {
            return Err(PlanError::Rounds(rounds));
        }
        Ok(Self {
            config,
            value_bytes,
            cover_rounds,
            work_rounds,
        })
    }

    /// Members.
    pub fn n(&self) -> usize {
        self.config.n()
    }

    /// This member.
    pub fn me(&self) -> usize {
        self.config.me()
    }

    /// Bytes of every input.
    pub fn value_bytes(&self) -> usize {
        self.value_bytes
    }

    /// The round whose end decides at the latest.
    pub fn agreement_ends(&self) -> u32 {
        self.cover_rounds + self.config.last_round()
    }

    /// The round at whose end the result leaves the card.
    pub fn last_round(&self) -> u32 {
        self.agreement_ends() + self.work_rounds
    }

    /// Bytes of what every packet says.
    pub(super) fn content_bytes(&self) -> usize {
        turn::HEAD_BYTES + self.n() * self.value_bytes
    }

    /// Bytes of every packet.
    pub fn packet_bytes(&self) -> usize {
        Link::bytes_for(self.content_bytes())
    }
}
