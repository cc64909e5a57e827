//! Whether anybody still reads what is recorded.

/// Traces and captures end when nobody has read records for so long: whoever began them is gone.
const UNREAD_MS_MAX: u64 = 60_000;

/// When records were read last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Readers {
    now_ms: u64,
    read_ms: u64,
}

impl Readers {
    /// Somebody begins to watch, or reads.
    pub(super) fn came(&mut self) {
        self.read_ms = self.now_ms;
    }

    /// Time passed, in milliseconds since the start; whether all are gone.
    pub(super) fn are_gone_at(&mut self, now_ms: u64) -> bool {
        self.now_ms = now_ms;
        now_ms.saturating_sub(self.read_ms) > UNREAD_MS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_gone_when_they_have_not_read_for_longer_than_the_limit() {
        let mut readers = Readers::default();
        assert!(!readers.are_gone_at(100));
        readers.came();
        assert!(!readers.are_gone_at(100 + UNREAD_MS_MAX));
        assert!(readers.are_gone_at(101 + UNREAD_MS_MAX));
        readers.came();
        assert!(!readers.are_gone_at(102 + UNREAD_MS_MAX));
    }
}
