//! Whether the rounds of a session are long enough for clocks that drift.

use libetp::params::pals::Descriptor;

const MILLION: u128 = 1_000_000;

/// Why rounds are too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// Clocks that are right in the end are a round apart.
    #[error(
        "clocks drift by {drift_ppm} millionths: too many for {rounds} rounds, whatever their length"
    )]
    Drift {
        /// As the descriptor says.
        drift_ppm: u32,
        /// Rounds of the session.
        rounds: u32,
    },
    /// Packets of members that are in time come too late.
    #[error("rounds of {round_ms} ms are too short; {least_ms} ms are the least")]
    Short {
        /// As the descriptor says.
        round_ms: u32,
        /// What it would have to say.
        least_ms: u64,
    },
}

/// Links take two rounds' time, so each host ends round `r` at the latest `r + 2` rounds after it saw the start, by
/// its own clock. Whatever is sent when one ends a round must be there when another one ends the next:
/// `round * (1 - (2 rounds + 3) drift) >= skew + delay`.
pub(super) fn check(descriptor: &Descriptor, rounds: u32) -> Result<(), ClockError> {
    let Descriptor {
        round_ms,
        drift_ppm,
        ..
    } = *descriptor;
    let drifting = (2 * u128::from(rounds) + 3) * u128::from(drift_ppm);
    let left = MILLION.checked_sub(drifting).filter(|left| *left > 0);
    let left = left.ok_or(ClockError::Drift { drift_ppm, rounds })?;
    let needed = u128::from(descriptor.start_skew_ms) + u128::from(descriptor.delay_ms);
    // Time passes between two rounds.
    let least = (needed * MILLION).div_ceil(left).max(1);
    match u128::from(round_ms) >= least {
        true => Ok(()),
        false => Err(ClockError::Short {
            round_ms,
            least_ms: u64::try_from(least).unwrap_or(u64::MAX),
        }),
    }
}
