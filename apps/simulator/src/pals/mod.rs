//! Sessions of TrustedPals: the machines that run on the cards, in lockstep, and hosts of which some are corrupt.
//!
//! Time is the count of rounds, all chance comes from one seed. A [`Session`] is run from seed after seed; each run
//! says how it ended, and a [`Tally`] holds what it saw against what theory says of it. What must never happen ends the
//! runs with its seed, under which [`Trace`] tells the run round by round.

pub mod chart;
pub mod exchange;
pub mod smc;
pub mod tally;
pub mod uic;

pub use omissions::{Attack, Cut, Hosts};
pub use tally::{Claim, Tally};

/// A kind of session.
pub trait Session {
    /// One run. What happens in it is told to `trace`.
    ///
    /// # Errors
    /// In words, what happened that must not.
    fn run(&self, seed: u64, trace: &mut Trace) -> Result<Ending, String>;

    /// What theory says of the endings.
    fn claims(&self) -> Vec<Claim>;
}

/// How a run ended: the name of one of several ways.
pub type Ending = String;

/// The story of a run, a line for each event; or nothing, if nobody wants it.
#[derive(Clone, Debug, Default)]
pub struct Trace(Option<Vec<String>>);

impl Trace {
    /// One that keeps what it is told.
    pub fn kept() -> Self {
        Self(Some(Vec::new()))
    }

    /// Tells a line, which is not made if nobody wants it.
    pub fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.0 {
            lines.push(line());
        }
    }

    /// What was told.
    pub fn lines(&self) -> &[String] {
        self.0.as_deref().unwrap_or_default()
    }
}
