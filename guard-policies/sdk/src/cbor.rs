//! Reads the one encoding of `docs/protocol/encoding.md`. The host writes it, so what is not as
//! expected is only ever a fault of the host's.

/// A place in encoded bytes. Every method gives `None` where another item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reader<'b>(pub(crate) &'b [u8]);

const NULL: u8 = 0xf6;
const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;

impl<'b> Reader<'b> {
    pub(crate) fn unsigned(&mut self) -> Option<u64> {
        self.head(0)
    }

    pub(crate) fn integer(&mut self) -> Option<i64> {
        match self.peek()? >> 5 {
            0 => i64::try_from(self.head(0)?).ok(),
            _ => i64::try_from(self.head(1)?).ok().map(|n| -1 - n),
        }
    }

    pub(crate) fn bytes(&mut self) -> Option<&'b [u8]> {
        let len = self.head(2)?;
        self.take(len)
    }

    pub(crate) fn text(&mut self) -> Option<&'b str> {
        let len = self.head(3)?;
        core::str::from_utf8(self.take(len)?).ok()
    }

    /// The number of elements of an array, which follow.
    pub(crate) fn array(&mut self) -> Option<u64> {
        self.head(4)
    }

    pub(crate) fn boolean(&mut self) -> Option<bool> {
        let is = match self.peek()? {
            FALSE => false,
            TRUE => true,
            _ => return None,
        };
        self.take(1)?;
        Some(is)
    }

    /// Reads with `read` what is not `null`.
    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.peek()? == NULL {
            self.take(1)?;
            return Some(None);
        }
        read(self).map(Some)
    }

    /// Goes past one item, whatever it is; gives its bytes.
    pub(crate) fn skip(&mut self) -> Option<&'b [u8]> {
        let start = self.0;
        let mut left = 1_u64;
        while left > 0 {
            left -= 1;
            let major = self.peek()? >> 5;
            match major {
                2 | 3 => {
                    let len = self.head(major)?;
                    self.take(len)?;
                }
                4 => left = left.checked_add(self.head(major)?)?,
                7 => drop(self.take(1)?),
                _ => drop(self.head(major)?),
            }
        }
        start.get(..start.len() - self.0.len())
    }

    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn take(&mut self, len: u64) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(len).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    /// The argument of an item of this major type.
    fn head(&mut self, major: u8) -> Option<u64> {
        let first = self.peek()?;
        if first >> 5 != major {
            return None;
        }
        self.take(1)?;
        let len = match first & 0x1f {
            small @ 0..24 => return Some(u64::from(small)),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return None,
        };
        let digits = self.take(len)?;
        Some(digits.iter().fold(0, |n, digit| n << 8 | u64::from(*digit)))
    }
}
