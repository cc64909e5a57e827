//! Text of others, made safe to show.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

/// Text with every control character, line separator and bidirectional override escaped, so that
/// it stays on its line and cannot move the cursor or reorder what is read.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match is_safe(character) {
            true => out.push(character),
            false => {
                let _ = write!(out, "\\u{{{:x}}}", character as u32);
            }
        }
    }
    out
}

/// Neither a control character nor one of Unicode's invisible formatting characters.
fn is_safe(character: char) -> bool {
    let formatting = matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}');
    !character.is_control() && !formatting
}

/// Bytes as text: escaped if they are UTF-8, hexadecimal otherwise.
pub fn shown_bytes(bytes: &[u8]) -> String {
    match core::str::from_utf8(bytes) {
        Ok(text) => shown(text),
        Err(_) => format!("0x{}", hex(bytes)),
    }
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 * bytes.len());
    let written = crate::id::write_hex(&mut out, bytes);
    debug_assert!(written.is_ok(), "writing to a String cannot fail");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_or_reorders_is_escaped() {
        assert_eq!(shown("a\x1b[2Jb\r\n"), "a\\u{1b}[2Jb\\u{d}\\u{a}");
        assert_eq!(shown("\u{202e}x\u{9b}y"), "\\u{202e}x\\u{9b}y");
        assert_eq!(shown("Grüße 東京"), "Grüße 東京");
        assert_eq!(shown_bytes(&[0xff, 0]), "0xff00");
    }
}
