//! Where PIN and PUK come from.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use libetp::client::PIN_BYTES_MAX;
use libetp::limits::PIN_BYTES_MIN;
use zeroize::{Zeroize, Zeroizing};

use crate::{Failure, Kind, Program};

/// A PIN or PUK; erased when dropped.
pub type Secret = Zeroizing<Vec<u8>>;

/// Reads a PIN from a file without its line end.
pub fn from_file<P: Program>(path: &Path) -> Result<Secret, Failure<P>> {
    let failed = |error: std::io::Error| {
        Failure::new(Kind::Usage, format!("{}: {error}", path.display()))
            .hint("name a file that holds it, or leave the option out to be asked")
    };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        let text = format!("{} is open to other users (mode {mode:o})", path.display());
        let hint = format!("run: chmod 600 {}", path.display());
        return Err(Failure::new(Kind::Usage, text).hint(hint));
    }
    let mut pin = Zeroizing::new(Vec::with_capacity(PIN_BYTES_MAX + 2));
    file.take(PIN_BYTES_MAX as u64 + 2)
        .read_to_end(&mut pin)
        .map_err(failed)?;
    while pin.last().is_some_and(|byte| b"\r\n".contains(byte)) {
        pin.pop();
    }
    checked(pin)
}

/// The PIN that the card has: from the file, or asked for, without echo.
pub fn current<P: Program>(file: Option<&Path>, tries_left: u8) -> Result<Secret, Failure<P>> {
    if tries_left == 0 {
        return Err(blocked());
    }
    match file {
        Some(path) => from_file(path),
        None => ask("PIN", tries_left, "--pin-file"),
    }
}

/// The PUK, without the gaps that people write between its digits.
pub fn puk<P: Program>(file: Option<&Path>, tries_left: u8) -> Result<Secret, Failure<P>> {
    let mut puk = match file {
        Some(path) => from_file(path)?,
        None => ask("PUK", tries_left, "--puk-file")?,
    };
    puk.retain(|byte| !b" -".contains(byte));
    checked(puk)
}

/// The PIN that the card shall have: from the file, or asked for twice.
pub fn new<P: Program>(file: Option<&Path>) -> Result<Secret, Failure<P>> {
    let pin = match file {
        Some(path) => from_file(path)?,
        None => ask_twice()?,
    };
    match pin.len() {
        PIN_BYTES_MIN.. => Ok(pin),
        _ => {
            let text = format!("a new PIN has at least {PIN_BYTES_MIN} bytes");
            Err(Failure::new(Kind::Usage, text).hint("nothing was changed"))
        }
    }
}

fn ask_twice<P: Program>() -> Result<Secret, Failure<P>> {
    let first = prompt("New PIN: ", "--new-pin-file")?;
    match prompt("The same new PIN again: ", "--new-pin-file")? == first {
        true => Ok(first),
        false => Err(Failure::new(Kind::Usage, "the two new PINs differ")
            .hint("nothing was changed, no try was used")),
    }
}

fn ask<P: Program>(what: &str, tries_left: u8, option: &str) -> Result<Secret, Failure<P>> {
    prompt(&question(what, tries_left), option)
}

/// The last try is a warning.
fn question(what: &str, tries_left: u8) -> String {
    match tries_left {
        1 => format!("{what} (the LAST try: a wrong one blocks it): "),
        _ => format!("{what} ({tries_left} tries left): "),
    }
}

/// Asks at the terminal, without echo.
fn prompt<P: Program>(words: &str, option: &str) -> Result<Secret, Failure<P>> {
    if !std::io::stdin().is_terminal() {
        return Err(
            Failure::new(Kind::Usage, "there is no terminal to ask for a PIN at")
                .hint(format!("give it with {option} FILE")),
        );
    }
    let answer = rpassword::prompt_password(words);
    let mut text = answer.map_err(|error| Failure::system("terminal", error))?;
    let pin = Zeroizing::new(text.as_bytes().to_vec());
    text.zeroize();
    checked(pin)
}

/// No try of the PIN is left.
fn blocked<P: Program>() -> Failure<P> {
    Failure::new(Kind::Pin, "the PIN is blocked: no try is left")
        .hint("`wallet unblock` sets a new one with the card's PUK")
        .fact("refusal", "blocked")
        .fact("tries_left", 0)
}

fn checked<P: Program>(pin: Secret) -> Result<Secret, Failure<P>> {
    match pin.len() {
        0 => Err(Failure::new(Kind::Usage, "it is empty").hint("no try was used")),
        1..=PIN_BYTES_MAX => Ok(pin),
        _ => {
            let text = format!("it is longer than {PIN_BYTES_MAX} bytes");
            Err(Failure::new(Kind::Usage, text).hint("no try was used"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::failure::tests::Example;

    fn file(contents: &[u8], mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), contents).unwrap();
        std::fs::set_permissions(file.path(), PermissionsExt::from_mode(mode)).unwrap();
        file
    }

    #[test]
    fn the_line_end_is_no_part_of_the_pin() {
        for contents in [&b"12 34"[..], b"12 34\n", b"12 34\r\n"] {
            let pin = from_file::<Example>(file(contents, 0o600).path()).unwrap();
            assert_eq!(pin.as_slice(), b"12 34");
        }
    }

    #[test]
    fn a_file_of_others_an_empty_and_a_long_pin_cost_no_try() {
        let refused =
            |contents: &[u8], mode| from_file::<Example>(file(contents, mode).path()).unwrap_err();
        assert!(refused(b"1234", 0o640).hint.unwrap().contains("chmod 600"));
        assert_eq!(refused(b"\n", 0o600).kind, Kind::Usage);
        assert!(from_file::<Example>(file(&[b'1'; PIN_BYTES_MAX], 0o400).path()).is_ok());
        assert_eq!(refused(&[b'1'; PIN_BYTES_MAX + 1], 0o600).kind, Kind::Usage);
    }

    #[test]
    fn a_puk_is_read_as_it_is_written() {
        let read = file(b"1234 5678-9012 3456\n", 0o600);
        let puk = super::puk::<Example>(Some(read.path()), 10).unwrap();
        assert_eq!(puk.as_slice(), b"1234567890123456");
    }

    #[test]
    fn a_new_pin_is_long_enough() {
        let shortest = file(&[b'1'; PIN_BYTES_MIN], 0o600);
        assert!(new::<Example>(Some(shortest.path())).is_ok());
        let short = file(&[b'1'; PIN_BYTES_MIN - 1], 0o600);
        assert_eq!(
            new::<Example>(Some(short.path())).unwrap_err().kind,
            Kind::Usage
        );
    }

    #[test]
    fn the_question_tells_the_tries_and_warns_of_the_last() {
        assert_eq!(question("PIN", 3), "PIN (3 tries left): ");
        assert!(question("PUK", 1).contains("LAST try"));
        assert_eq!(current::<Example>(None, 0).unwrap_err().kind, Kind::Pin);
    }
}
