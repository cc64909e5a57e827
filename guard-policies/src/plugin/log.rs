//! What a plugin logs.

use libetp::text::shown;

use super::limits::{LOG_LINE_BYTES_MAX, LOG_LINES_MAX};

/// Lines of a plugin's log until somebody takes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The first [`LOG_LINES_MAX`] lines, of characters that are safe to show.
    pub lines: Vec<String>,
    /// How many more there were.
    pub lost: u64,
}

impl Log {
    /// Keeps the beginning of a line.
    pub fn push(&mut self, line: &[u8]) {
        if self.lines.len() == LOG_LINES_MAX {
            self.lost += 1;
            return;
        }
        let kept = &line[..line.len().min(LOG_LINE_BYTES_MAX)];
        self.lines.push(shown(&String::from_utf8_lossy(kept)));
    }

    /// Adds what another one holds.
    pub fn append(&mut self, other: Self) {
        let free = LOG_LINES_MAX - self.lines.len();
        let surplus = other.lines.len().saturating_sub(free);
        self.lines.extend(other.lines.into_iter().take(free));
        self.lost += other.lost + surplus as u64;
    }
}
