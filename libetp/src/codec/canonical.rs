//! The validator that runs before every decoding.
//!
//! It walks the items once with an explicit stack of array lengths, so its memory and time are
//! bounded by the input whatever the input says about itself.

use crate::limits::CBOR_DEPTH_MAX;

/// Why an encoding is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// The input ends within an item.
    #[error("input ends early at byte {0}")]
    Truncated(usize),
    /// Bytes follow the item.
    #[error("trailing bytes from byte {0}")]
    Trailing(usize),
    /// A length or integer that has a shorter form.
    #[error("integer or length not in shortest form at byte {0}")]
    NotShortest(usize),
    /// Indefinite length.
    #[error("indefinite length at byte {0}")]
    Indefinite(usize),
    /// A map, tag, float, undefined or reserved value.
    #[error("item of a kind that is not allowed at byte {0}")]
    Forbidden(usize),
    /// Text that is not UTF-8.
    #[error("text is not UTF-8 at byte {0}")]
    Utf8(usize),
    /// Arrays nested deeper than [`CBOR_DEPTH_MAX`].
    #[error("nested too deeply at byte {0}")]
    TooDeep(usize),
}

/// Accepts exactly one canonical item that fills the input.
///
/// # Errors
/// [`CanonicalError`] naming the first offending byte.
pub fn validate(bytes: &[u8]) -> Result<(), CanonicalError> {
    let mut walk = Walk {
        bytes,
        at: 0,
        open: [0; CBOR_DEPTH_MAX],
        depth: 0,
    };
    walk.item()?;
    while walk.next_element() {
        walk.item()?;
    }
    match walk.at == bytes.len() {
        true => Ok(()),
        false => Err(CanonicalError::Trailing(walk.at)),
    }
}

struct Walk<'b> {
    bytes: &'b [u8],
    at: usize,
    /// Elements still to come of each open array.
    open: [u64; CBOR_DEPTH_MAX],
    depth: usize,
}

impl Walk<'_> {
    /// Closes finished arrays; true if an open one wants another element.
    fn next_element(&mut self) -> bool {
        while self.depth > 0 {
            let left = &mut self.open[self.depth - 1];
            if *left > 0 {
                *left -= 1;
                return true;
            }
            self.depth -= 1;
        }
        false
    }

    fn item(&mut self) -> Result<(), CanonicalError> {
        let start = self.at;
        let initial = self.take(1)?[0];
        let (major, info) = (initial >> 5, initial & 0x1f);
        if major == 7 {
            return match info {
                20..=22 => Ok(()),
                _ => Err(CanonicalError::Forbidden(start)),
            };
        }
        let value = self.argument(start, info)?;
        match major {
            0 | 1 => Ok(()),
            2 => self.string(value).map(drop),
            3 => {
                let text = self.string(value)?;
                core::str::from_utf8(text)
                    .map(drop)
                    .map_err(|_| CanonicalError::Utf8(start))
            }
            4 => self.open_array(start, value),
            _ => Err(CanonicalError::Forbidden(start)),
        }
    }

    fn argument(&mut self, start: usize, info: u8) -> Result<u64, CanonicalError> {
        let (len, least) = match info {
            0..=23 => return Ok(info.into()),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            31 => return Err(CanonicalError::Indefinite(start)),
            _ => return Err(CanonicalError::Forbidden(start)),
        };
        let value = self
            .take(len)?
            .iter()
            .fold(0u64, |value, &byte| value << 8 | u64::from(byte));
        match value >= least {
            true => Ok(value),
            false => Err(CanonicalError::NotShortest(start)),
        }
    }

    fn string(&mut self, len: u64) -> Result<&[u8], CanonicalError> {
        let end = self.bytes.len();
        self.take(usize::try_from(len).map_err(|_| CanonicalError::Truncated(end))?)
    }

    fn open_array(&mut self, start: usize, len: u64) -> Result<(), CanonicalError> {
        let slot = self
            .open
            .get_mut(self.depth)
            .ok_or(CanonicalError::TooDeep(start))?;
        *slot = len;
        self.depth += 1;
        Ok(())
    }

    fn take(&mut self, len: usize) -> Result<&[u8], CanonicalError> {
        let rest = &self.bytes[self.at..];
        let taken = rest
            .get(..len)
            .ok_or(CanonicalError::Truncated(self.bytes.len()))?;
        self.at += len;
        Ok(taken)
    }
}
