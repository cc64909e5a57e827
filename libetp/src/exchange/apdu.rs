//! Command APDUs as ISO/IEC 7816-4 writes them: of short and of extended length.

use alloc::vec::Vec;

use super::CommandError;

/// Most data in bytes that a command of short length carries.
pub const SHORT_DATA_BYTES_MAX: usize = 255;
/// Most data in bytes that the response to a command of short length carries.
pub const SHORT_EXPECTED_BYTES_MAX: usize = 256;
/// Most data in bytes that the response to a command of extended length carries.
pub const EXTENDED_EXPECTED_BYTES_MAX: usize = 65_536;
/// The bit of the class that says that another link of a chain follows.
pub const CLASS_CHAINING: u8 = 0x10;

/// A command APDU, whatever length it was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apdu<'a> {
    /// CLA.
    pub class: u8,
    /// INS.
    pub instruction: u8,
    /// P1.
    pub p1: u8,
    /// P2.
    pub p2: u8,
    /// The data, at most 65,535 bytes.
    pub data: &'a [u8],
    /// Most data in bytes that the response may have, 1 to 65,536; `None` without Le.
    pub expected: Option<usize>,
}

impl<'a> Apdu<'a> {
    /// Reads a command APDU.
    ///
    /// # Errors
    /// [`CommandError::Length`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CommandError> {
        let (&[class, instruction, p1, p2], body) =
            bytes.split_first_chunk().ok_or(CommandError::Length)?;
        let (data, expected) = match body {
            [] => (&body[..0], None),
            [le] => (&body[..0], Some(short_expected(*le))),
            [0, high, low] => (&body[..0], Some(extended_expected([*high, *low]))),
            [0, high, low, rest @ ..] => extended(u16::from_be_bytes([*high, *low]), rest)?,
            [length, rest @ ..] => short(*length, rest)?,
        };
        Ok(Self {
            class,
            instruction,
            p1,
            p2,
            data,
            expected,
        })
    }

    /// Whether it can be written in short length.
    pub fn is_short(&self) -> bool {
        let expected = self.expected.unwrap_or_default();
        self.data.len() <= SHORT_DATA_BYTES_MAX && expected <= SHORT_EXPECTED_BYTES_MAX
    }

    /// Appends it in short length.
    ///
    /// # Panics
    /// If it [is not short](Self::is_short).
    pub fn write_short(&self, out: &mut Vec<u8>) {
        assert!(self.is_short(), "a short APDU");
        out.extend_from_slice(&[self.class, self.instruction, self.p1, self.p2]);
        if !self.data.is_empty() {
            out.push(self.data.len() as u8);
            out.extend_from_slice(self.data);
        }
        // 256 is written 00.
        out.extend(self.expected.map(|expected| expected as u8));
    }

    /// Appends it in extended length.
    ///
    /// # Panics
    /// If data or response are longer than a command can say.
    pub fn write_extended(&self, out: &mut Vec<u8>) {
        let length = u16::try_from(self.data.len()).expect("data of a command");
        let expected = self.expected.unwrap_or_default();
        assert!(
            expected <= EXTENDED_EXPECTED_BYTES_MAX,
            "data of a response"
        );
        out.extend_from_slice(&[self.class, self.instruction, self.p1, self.p2]);
        if length > 0 || self.expected.is_some() {
            out.push(0);
        }
        if length > 0 {
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(self.data);
        }
        if self.expected.is_some() {
            // 65,536 is written 0000.
            out.extend_from_slice(&(expected as u16).to_be_bytes());
        }
    }
}

type Body<'a> = (&'a [u8], Option<usize>);

fn short(length: u8, rest: &[u8]) -> Result<Body<'_>, CommandError> {
    match rest.split_at_checked(length.into()) {
        Some((data, [])) if length > 0 => Ok((data, None)),
        Some((data, [le])) if length > 0 => Ok((data, Some(short_expected(*le)))),
        _ => Err(CommandError::Length),
    }
}

fn extended(length: u16, rest: &[u8]) -> Result<Body<'_>, CommandError> {
    match rest.split_at_checked(length.into()) {
        Some((data, [])) if length > 0 => Ok((data, None)),
        Some((data, [high, low])) if length > 0 => {
            Ok((data, Some(extended_expected([*high, *low]))))
        }
        _ => Err(CommandError::Length),
    }
}

fn short_expected(le: u8) -> usize {
    match le {
        0 => SHORT_EXPECTED_BYTES_MAX,
        le => le.into(),
    }
}

fn extended_expected(le: [u8; 2]) -> usize {
    match u16::from_be_bytes(le) {
        0 => EXTENDED_EXPECTED_BYTES_MAX,
        le => le.into(),
    }
}
