//! What reader and card carry.

use libetp::exchange::apdu::{SHORT_DATA_BYTES_MAX, SHORT_EXPECTED_BYTES_MAX};

use super::atr::takes_extended;

/// Longest command APDU in bytes that is sent to a reader: beyond it, virtual readers throw the card out and others
/// are not tested by anybody.
pub const COMMAND_BYTES_MAX: usize = 65_535;
/// Most data in bytes that a reader is asked for at once: with the status word, 65,535 bytes.
pub const EXPECTED_BYTES_MAX: usize = 65_533;
/// Bytes of an extended APDU beside its data.
const EXTENDED_OVERHEAD_BYTES: usize = 9;

/// Which lengths are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lengths {
    /// Extended, where nothing says that reader or card do not take it.
    #[default]
    Auto,
    /// Short only.
    Short,
}

/// How blocks or bytes pass between reader and card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Byte by byte; a command has either data or Le.
    T0,
    /// Blocks, or a protocol of the reader that carries whole APDUs.
    T1,
}

/// What one APDU may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most data in bytes of a command.
    pub data_bytes_max: usize,
    /// Most data in bytes to ask for.
    pub expected_bytes_max: usize,
    /// Whether lengths may be written in extended form.
    pub is_extended: bool,
    /// Whether a command that has data goes without Le.
    pub is_t0: bool,
}

impl Limits {
    /// Short APDUs.
    pub fn short(protocol: Protocol) -> Self {
        Self {
            data_bytes_max: SHORT_DATA_BYTES_MAX,
            expected_bytes_max: SHORT_EXPECTED_BYTES_MAX,
            is_extended: false,
            is_t0: protocol == Protocol::T0,
        }
    }

    /// What a reader and the card in it carry, of which `reader_data_max` is the reader's `dwMaxAPDUDataSize` (PC/SC
    /// part 10, 2.6.8), if it tells. Readers that do not may take extended APDUs or not.
    pub fn of(
        protocol: Protocol,
        reader_data_max: Option<u32>,
        atr: &[u8],
        lengths: Lengths,
    ) -> Self {
        let reader_data_max = reader_data_max.map_or(usize::MAX, |max| max as usize);
        let is_short = protocol == Protocol::T0
            || lengths == Lengths::Short
            || takes_extended(atr) == Some(false)
            || reader_data_max <= SHORT_EXPECTED_BYTES_MAX;
        if is_short {
            return Self::short(protocol);
        }
        Self {
            data_bytes_max: reader_data_max.min(COMMAND_BYTES_MAX - EXTENDED_OVERHEAD_BYTES),
            expected_bytes_max: reader_data_max.min(EXPECTED_BYTES_MAX),
            is_extended: true,
            is_t0: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAYS_SHORT: [u8; 16] = *b"\x3B\x0E\x80\x73\x80\x01\x80\xF8\xF0eTPcard";

    fn of(protocol: Protocol, reader: Option<u32>) -> Limits {
        Limits::of(protocol, reader, &[], Lengths::Auto)
    }

    #[test]
    fn extended_unless_something_says_short() {
        let whole = of(Protocol::T1, None);
        assert_eq!((whole.data_bytes_max, whole.is_extended), (65_526, true));
        assert_eq!(whole.expected_bytes_max, 65_533);
        let short = Limits::short(Protocol::T1);
        assert_eq!(of(Protocol::T1, Some(0)), short);
        assert_eq!(of(Protocol::T1, Some(256)), short);
        assert_eq!(
            Limits::of(Protocol::T1, None, &SAYS_SHORT, Lengths::Auto),
            short
        );
        assert_eq!(Limits::of(Protocol::T1, None, &[], Lengths::Short), short);
        assert_eq!(of(Protocol::T0, None), Limits::short(Protocol::T0));
        assert!(of(Protocol::T0, None).is_t0 && !short.is_t0);
    }

    #[test]
    fn no_more_than_the_reader_carries() {
        let some = of(Protocol::T1, Some(2_048));
        assert_eq!(
            (some.data_bytes_max, some.expected_bytes_max),
            (2_048, 2_048)
        );
        assert_eq!(of(Protocol::T1, Some(257)).data_bytes_max, 257);
        assert_eq!(of(Protocol::T1, Some(0x10000)), of(Protocol::T1, None));
    }
}
