//! Where the PIN comes from.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use libetp::client::PIN_BYTES_MAX;
use zeroize::{Zeroize, Zeroizing};

use crate::failure::{Failure, Kind};

/// Reads the PIN from a file without its line end.
pub(crate) fn from_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Kind::Usage, format!("{}: {error}", path.display()))
            .hint("name a file that holds the PIN, or leave --pin-file out to be asked")
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

/// Asks at the terminal, without echo.
pub(crate) fn ask(tries_left: u8) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(
            Failure::new(Kind::Usage, "there is no terminal to ask for the PIN")
                .hint("give it with --pin-file FILE"),
        );
    }
    let prompt = format!("PIN of your card ({tries_left} tries left): ");
    let answer = rpassword::prompt_password(prompt);
    let mut text = answer.map_err(|error| Failure::system("terminal", error))?;
    let pin = Zeroizing::new(text.as_bytes().to_vec());
    text.zeroize();
    checked(pin)
}

fn checked(pin: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    match pin.len() {
        0 => Err(Failure::new(Kind::Usage, "the PIN is empty").hint("no try was used")),
        1..=PIN_BYTES_MAX => Ok(pin),
        _ => {
            let text = format!("a PIN has at most {PIN_BYTES_MAX} bytes");
            Err(Failure::new(Kind::Usage, text).hint("no try was used"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(contents: &[u8], mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), contents).unwrap();
        std::fs::set_permissions(file.path(), PermissionsExt::from_mode(mode)).unwrap();
        file
    }

    #[test]
    fn the_line_end_is_no_part_of_the_pin() {
        for contents in [&b"12 34"[..], b"12 34\n", b"12 34\r\n"] {
            let pin = from_file(file(contents, 0o600).path()).unwrap();
            assert_eq!(pin.as_slice(), b"12 34");
        }
    }

    #[test]
    fn a_file_of_others_an_empty_and_a_long_pin_cost_no_try() {
        let refused = |contents: &[u8], mode| from_file(file(contents, mode).path()).unwrap_err();
        assert!(refused(b"1234", 0o640).hint.unwrap().contains("chmod 600"));
        assert_eq!(refused(b"\n", 0o600).kind, Kind::Usage);
        assert!(from_file(file(&[b'1'; PIN_BYTES_MAX], 0o400).path()).is_ok());
        assert_eq!(refused(&[b'1'; PIN_BYTES_MAX + 1], 0o600).kind, Kind::Usage);
    }
}
