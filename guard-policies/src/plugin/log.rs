//! What a plugin logs.

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

/// Text of a plugin with every character escaped that could move a cursor, end a line, or hide or
/// reorder what is read.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match is_safe(character) {
            true => out.push(character),
            false => out.extend(character.escape_unicode()),
        }
    }
    out
}

fn is_safe(character: char) -> bool {
    let formatting = matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}');
    !character.is_control() && !formatting
}
