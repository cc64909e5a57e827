//! Keeps what others do, however often they do it, from filling the log.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Log records of one name in one second; what is more is only counted.
pub const EVENTS_PER_SECOND_MAX: u32 = 10;

/// Log records of this second, by name. Names come from closed sets.
#[derive(Debug)]
pub struct Throttle {
    start: Instant,
    events: Mutex<BTreeMap<&'static str, (u64, u32)>>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            events: Mutex::default(),
        }
    }
}

impl Throttle {
    /// What to write behind a record of this name; `None` if it may not be written.
    pub fn may_log(&self, name: &'static str) -> Option<&'static str> {
        let second = self.start.elapsed().as_secs();
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, count) = events.entry(name).or_default();
        if *last != second {
            (*last, *count) = (second, 0);
        }
        *count = count.saturating_add(1);
        match (*count).cmp(&EVENTS_PER_SECOND_MAX) {
            std::cmp::Ordering::Less => Some(""),
            std::cmp::Ordering::Equal => Some(" (more of these in this second are only counted)"),
            std::cmp::Ordering::Greater => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_events_is_not_a_flood_of_log_records() {
        let throttle = Throttle::default();
        let logged = (0..100).filter_map(|_| throttle.may_log("x")).count();
        // At most two seconds pass here.
        assert!((10..=20).contains(&logged), "{logged}");
        assert_eq!(throttle.may_log("y"), Some(""));
    }
}
