//! The demonstration: three hosts, three cards, and what can become of an exchange.
//!
//! It is told in stories. Every fact in the [`Report`] is read back from the programs: holdings from
//! the wallets, messages and commands to the cards from the daemons' traces, outcomes from wallets and the
//! third party, refusals from whoever refused and from the attacked daemons' counters.

mod attacks;
mod away;
mod cast;
mod checks;
mod cut;
mod report;
mod rollback;
mod stage;
mod stuck;
mod trace;
mod trade;

pub use cast::Cast;
pub use report::{Apdu, Card, Holding, Message, Report, Step, Story};
pub use stuck::Hanging;

use crate::deployment::Deployment;
use crate::program::Failure;
use stage::Stage;

/// How much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stories {
    /// An exchange that the cards complete alone.
    #[default]
    Exchange,
    /// That, and disputes.
    Disputes,
    /// That, a restored backup, and attackers.
    All,
}

/// Plays the demonstration in a fresh deployment.
///
/// # Errors
/// [`Failure`] if a step could not be taken at all. What went otherwise than it should is in the report.
pub fn perform(deployment: &Deployment, stories: Stories) -> Result<Report, Failure> {
    let mut cast = Cast::assemble(deployment)?;
    play(deployment, &mut cast, stories)
}

/// Plays it with a cast that stays.
///
/// # Errors
/// As [`perform`].
pub fn play(at: &Deployment, cast: &mut Cast, stories: Stories) -> Result<Report, Failure> {
    let mut stage = Stage::set(at, cast)?;
    trade::tell(&mut stage)?;
    if stories != Stories::Exchange {
        cut::tell(&mut stage)?;
        away::tell(&mut stage)?;
    }
    if stories == Stories::All {
        rollback::tell(&mut stage)?;
        attacks::tell(&mut stage)?;
    }
    Ok(stage.conclude())
}

/// The beginning of an id, enough for people and for the wallet.
pub fn short(vid: &str) -> &str {
    vid.get(..16).unwrap_or(vid)
}
