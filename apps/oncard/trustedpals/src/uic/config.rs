//! Who takes part, and how.

use crate::members::MEMBERS_MAX;

/// What a process does once it has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It goes on as before until the last round, so that its traffic does not tell when it decided.
    Full,
    /// It stops sending. Others keep trusting a process that was stable when they last heard it.
    Stop,
}

/// The numbers of a session, and which member this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    n: usize,
    t: usize,
    me: usize,
    mode: Mode,
    rules: Rules,
}

/// Why there is no such session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No algorithm solves it: of two halves that do not hear each other, neither can tell which is faulty.
    #[error("{t} faulty of {n} members: agreement needs fewer than half faulty")]
    Majority {
        /// Members.
        n: usize,
        /// How many of them may be faulty.
        t: usize,
    },
    /// More than [`MEMBERS_MAX`].
    #[error("{0} members; {MEMBERS_MAX} are the limit")]
    Members(usize),
    /// This member is none of them.
    #[error("member {me} of {n}: members are counted from 0")]
    Me {
        /// This member.
        me: usize,
        /// Members.
        n: usize,
    },
}

impl Config {
    /// Member `me` of `n`, of which at most `t` are faulty.
    ///
    /// # Errors
    /// [`ConfigError`], for what cannot be solved in particular.
    pub fn new(n: usize, t: usize, me: usize, mode: Mode) -> Result<Self, ConfigError> {
        if 2 * t >= n {
            return Err(ConfigError::Majority { n, t });
        }
        Self::checked(n, t, me, mode, Rules::ALL)
    }

    /// One that breaks the rules as told, for tests. `t` may be anything below `n`.
    ///
    /// # Errors
    /// [`ConfigError`], but for a majority.
    #[cfg(feature = "exploration")]
    pub fn mutant(
        n: usize,
        t: usize,
        me: usize,
        mode: Mode,
        rules: Rules,
    ) -> Result<Self, ConfigError> {
        if t >= n {
            return Err(ConfigError::Majority { n, t });
        }
        Self::checked(n, t, me, mode, rules)
    }

    fn checked(
        n: usize,
        t: usize,
        me: usize,
        mode: Mode,
        rules: Rules,
    ) -> Result<Self, ConfigError> {
        if n > MEMBERS_MAX {
            return Err(ConfigError::Members(n));
        }
        if me >= n {
            return Err(ConfigError::Me { me, n });
        }
        Ok(Self {
            n,
            t,
            me,
            mode,
            rules,
        })
    }

    /// Members.
    pub fn n(&self) -> usize {
        self.n
    }

    /// How many of them may be faulty.
    pub fn t(&self) -> usize {
        self.t
    }

    /// This member.
    pub fn me(&self) -> usize {
        self.me
    }

    /// What follows a decision.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The last round, `t + 1`.
    pub fn last_round(&self) -> u32 {
        self.t as u32 + 1
    }

    /// As many as are surely correct, `n - t`.
    pub(crate) fn quorum(&self) -> usize {
        self.n - self.t
    }

    #[cfg(feature = "exploration")]
    pub(super) fn renamed(self, names: &[usize]) -> Self {
        let me = names[self.me];
        Self { me, ..self }
    }

    pub(super) fn rules(&self) -> Rules {
        self.rules
    }
}

/// The rules of the algorithm, one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rules {
    /// Who is hardly trusted halts.
    pub self_check: bool,
    /// Only who is stable decides early.
    pub stable: bool,
    /// Only what enough others had is decided early.
    pub confirm: bool,
    /// In mode [`Mode::Stop`], who was stable when last heard stays trusted.
    pub retire: bool,
}

impl Rules {
    /// The algorithm.
    pub const ALL: Self = Self {
        self_check: true,
        stable: true,
        confirm: true,
        retire: true,
    };
}
