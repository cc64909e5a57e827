//! When an order is repeated.

use std::time::Duration;

/// The first pause in seconds before a card is ordered once more.
pub(crate) const PAUSE_S_FIRST: u64 = 1;
/// The longest pause in seconds.
pub(crate) const PAUSE_S_MAX: u64 = 16;

/// How long to wait for an answer after so many orders before: each pause is twice the last.
pub(crate) fn pause(orders_before: u32) -> Duration {
    let doubled = PAUSE_S_FIRST.checked_shl(orders_before);
    let seconds = doubled.filter(|seconds| *seconds > 0);
    Duration::from_secs(seconds.unwrap_or(PAUSE_S_MAX).min(PAUSE_S_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses: Vec<u64> = (0..6).map(|before| pause(before).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, PAUSE_S_MAX, PAUSE_S_MAX]);
        assert_eq!(pause(64).as_secs(), PAUSE_S_MAX);
        assert_eq!(pause(u32::MAX).as_secs(), PAUSE_S_MAX);
    }
}
