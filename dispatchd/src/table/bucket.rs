//! Token buckets by user, shared by all shards.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// One bucket for each user: `burst` tokens, and one more each `refill_ms`.
#[derive(Debug)]
pub(crate) struct Buckets {
    burst: u32,
    refill_ms: u64,
    users: Mutex<BTreeMap<u32, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: u32,
    /// Up to when tokens were added.
    at_ms: u64,
}

impl Buckets {
    pub(crate) fn new(burst: u32, refill_ms: u64) -> Self {
        Self {
            burst,
            refill_ms,
            users: Mutex::default(),
        }
    }

    /// Whether the user has a token.
    pub(crate) fn has(&self, uid: u32, now_ms: u64) -> bool {
        self.with(uid, now_ms, |bucket| bucket.tokens > 0)
    }

    /// Takes a token, if there is one.
    pub(crate) fn take(&self, uid: u32, now_ms: u64) -> bool {
        self.with(uid, now_ms, |bucket| {
            let had = bucket.tokens > 0;
            bucket.tokens = bucket.tokens.saturating_sub(1);
            had
        })
    }

    fn with<T>(&self, uid: u32, now_ms: u64, then: impl FnOnce(&mut Bucket) -> T) -> T {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.retain(|known, bucket| {
            bucket.refill(self.burst, self.refill_ms, now_ms);
            *known == uid || bucket.tokens < self.burst
        });
        then(users.entry(uid).or_insert(Bucket {
            tokens: self.burst,
            at_ms: now_ms,
        }))
    }
}

impl Bucket {
    fn refill(&mut self, burst: u32, refill_ms: u64, now_ms: u64) {
        let earned = now_ms.saturating_sub(self.at_ms) / refill_ms;
        self.at_ms += earned * refill_ms;
        let room = u64::from(burst - self.tokens);
        self.tokens += earned.min(room) as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_run_out_and_come_back_with_time() {
        let buckets = Buckets::new(2, 1_000);
        assert!(buckets.take(7, 0) && buckets.take(7, 0));
        assert!(!buckets.take(7, 999));
        assert!(buckets.take(8, 999));
        assert!(buckets.take(7, 1_000));
        assert!(!buckets.has(7, 1_999));
        assert!(buckets.take(7, 9_000) && buckets.take(7, 9_000) && !buckets.take(7, 9_000));
    }
}
