//! The owner's PIN of a new card: asked for twice, or read from a file.

use std::path::Path;

use etp_pki::scheme::read_secret;
use zeroize::Zeroizing;

use super::Failure;

/// The PIN, as the card will compare it.
pub(super) fn new_pin(file: Option<&Path>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    match file {
        Some(path) => Ok(first_line(&read_secret(path)?)),
        None => ask_twice(),
    }
}

fn ask_twice() -> Result<Zeroizing<Vec<u8>>, Failure> {
    let first = ask("PIN of the new card: ")?;
    let second = ask("The same PIN again: ")?;
    match first == second {
        true => Ok(first),
        false => Err(Failure::PinsDiffer),
    }
}

fn ask(words: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let typed = rpassword::prompt_password(words).map_err(Failure::Prompt)?;
    Ok(Zeroizing::new(typed.into_bytes()))
}

/// Editors end files with a line break; it is not part of the PIN.
fn first_line(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let end = text.iter().position(|byte| b"\r\n".contains(byte));
    Zeroizing::new(text[..end.unwrap_or(text.len())].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_are_not_part_of_a_pin() {
        for text in ["2718", "2718\n", "2718\r\n", "2718\nnote"] {
            assert_eq!(first_line(text.as_bytes()).as_slice(), b"2718");
        }
        assert_eq!(first_line(b" 27 ").as_slice(), b" 27 ");
    }
}
