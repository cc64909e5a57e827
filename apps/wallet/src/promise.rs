//! Promises of vouchers, made safe and short for people.

use libetp::client::text::{shown, shown_bytes};

/// Most characters of a promise that a list shows.
const LINE_CHARS_MAX: usize = 72;

/// The first line, cut where a list wants it.
pub(crate) fn line(promise: &[u8]) -> String {
    let text = String::from_utf8_lossy(promise);
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let mut line: String = first.trim().chars().take(LINE_CHARS_MAX).collect();
    if line.len() < text.trim().len() {
        line.push('…');
    }
    shown(&line)
}

/// All of it, each line indented.
pub(crate) fn full(promise: &[u8], indent: &str) -> String {
    match std::str::from_utf8(promise) {
        Ok(text) => text
            .lines()
            .map(|line| format!("{indent}{}\n", shown(line)))
            .collect(),
        Err(_) => format!("{indent}{}\n", shown_bytes(promise)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_cannot_draw_on_the_terminal() {
        assert_eq!(line(b"\n Coffee\x1b[2J \nmore"), "Coffee\\u{1b}[2J…");
        assert_eq!(full("a\r\nb\x07".as_bytes(), "> "), "> a\n> b\\u{7}\n");
        assert_eq!(line(&[0xff]), "\u{fffd}");
        assert_eq!(line(&[b'x'; 500]).chars().count(), LINE_CHARS_MAX + 1);
    }
}
