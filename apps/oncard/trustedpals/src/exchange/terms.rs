//! What the members settled before.

use crate::uic;
use libetp::digest::Hash;

/// Bytes of a member's contribution to the secret slot.
pub const SEED_BYTES: usize = 32;
/// Most slots: a session ends, though all cards keep sending in every round.
pub const SLOTS_MAX: u32 = 1 << 16;

/// The numbers of a session, and which member this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    pub(super) n: usize,
    pub(super) t: usize,
    pub(super) me: usize,
    pub(super) setup_rounds: u32,
    pub(super) slots: u32,
    pub(super) session: Hash,
    pub(super) release: Release,
}

/// Why there is no such session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// The agreement has no such session.
    #[error(transparent)]
    Agreement(#[from] uic::ConfigError),
    /// An exchange with oneself.
    #[error("an exchange has at least two members")]
    Alone,
    /// Items have to be sent.
    #[error("an exchange has at least one round of set-up")]
    NoSetup,
    /// None, or more than [`SLOTS_MAX`].
    #[error("{0} slots; there are 1 to {SLOTS_MAX}")]
    Slots(u32),
}

/// How likely an exchange is unfair, at worst, if half of the hosts or more are corrupt: `window / slots`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odds {
    /// In how many rounds a cut is unfair.
    pub window: u32,
    /// In how many it may be.
    pub slots: u32,
}

impl Terms {
    /// Member `me` of `n`, with the items sent in `setup_rounds`, and the agreement in one of `slots`.
    /// `session` is the session's id, which is never used again.
    ///
    /// # Errors
    /// [`TermsError`].
    pub fn new(
        n: usize,
        me: usize,
        setup_rounds: u32,
        slots: u32,
        session: Hash,
    ) -> Result<Self, TermsError> {
        if n < 2 {
            return Err(TermsError::Alone);
        }
        let t = (n - 1) / 2;
        uic::Config::new(n, t, me, uic::Mode::Full)?;
        if setup_rounds == 0 {
            return Err(TermsError::NoSetup);
        }
        if slots == 0 || slots > SLOTS_MAX {
            return Err(TermsError::Slots(slots));
        }
        let release = Release::NextRound;
        Ok(Self {
            n,
            t,
            me,
            setup_rounds,
            slots,
            session,
            release,
        })
    }

    /// The same with another rule of release, for tests.
    #[cfg(feature = "exploration")]
    #[must_use]
    pub fn releasing(self, release: Release) -> Self {
        Self { release, ..self }
    }

    /// The last round of the session, which is the same whatever happens in it.
    pub fn last_round(&self) -> u32 {
        self.setup_rounds + self.slots + self.t as u32 + 1
    }

    /// What to tell people before they begin.
    pub fn odds(&self) -> Odds {
        let window = if self.n == 2 { 1 } else { 2 };
        Odds {
            window,
            slots: self.slots,
        }
    }

    pub(super) fn agreement(&self) -> Result<uic::Config, uic::ConfigError> {
        uic::Config::new(self.n, self.t, self.me, uic::Mode::Full)
    }
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
