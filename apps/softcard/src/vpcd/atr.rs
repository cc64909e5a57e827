//! The answer to reset: what a card says of itself when it gets power (ISO/IEC 7816-3, 8.2).

use libetp::exchange::AID;

/// What a card offers to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Blocks, with commands of extended length.
    #[default]
    T1,
    /// Blocks, with short commands only.
    ShortT1,
    /// Bytes, with short commands only.
    T0,
}

impl Protocol {
    /// Whether it has commands of extended length.
    pub fn is_extended(self) -> bool {
        self == Self::T1
    }
}

/// Direct convention.
const TS: u8 = 0x3B;
/// TD2 follows; T=1.
const TD1_T1: u8 = 0x81;
/// TA3 and TB3 follow, of T=1.
const TD2_T1: u8 = 0x31;
/// Largest information field of a block.
const TA3_IFSC: u8 = 0xFE;
/// Waiting times of characters and blocks.
const TB3_BWI_CWI: u8 = 0x45;
/// Historical bytes in COMPACT-TLV (ISO/IEC 7816-4, 12.1.1).
const COMPACT_TLV: u8 = 0x80;
/// Card capabilities, of three bytes.
const CAPABILITIES: u8 = 0x73;
/// Selection by full name of the application.
const BY_NAME: u8 = 0x80;
/// No short files and records: data units of two quartets.
const DATA_UNITS: u8 = 0x01;
/// Command chaining.
const CHAINING: u8 = 0x80;
/// Extended Lc and Le.
const EXTENDED: u8 = 0x40;
/// Application identifier, of eight bytes.
const APPLICATION: u8 = 0xF0 | AID.len() as u8;

/// The answer to reset of a card that offers a protocol.
pub fn atr(protocol: Protocol) -> Vec<u8> {
    let history = history(protocol.is_extended());
    let length = history.len() as u8;
    match protocol {
        Protocol::T0 => [&[TS, length][..], &history].concat(),
        Protocol::T1 | Protocol::ShortT1 => {
            let interface = [TD1_T1, TD2_T1, TA3_IFSC, TB3_BWI_CWI];
            let mut atr = [&[TS, 0x80 | length][..], &interface, &history].concat();
            let check = atr[1..].iter().fold(0, |sum, byte| sum ^ byte);
            atr.push(check);
            atr
        }
    }
}

/// At most 15 bytes.
fn history(is_extended: bool) -> Vec<u8> {
    let lengths = match is_extended {
        true => CHAINING | EXTENDED,
        false => CHAINING,
    };
    let mut bytes = vec![
        COMPACT_TLV,
        CAPABILITIES,
        BY_NAME,
        DATA_UNITS,
        lengths,
        APPLICATION,
    ];
    bytes.extend(AID);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    #[test]
    fn it_names_protocol_lengths_and_application() {
        let said = |protocol| hex(&atr(protocol));
        assert_eq!(
            said(Protocol::T1),
            "3B8E8131FE4580738001C0F8F0655450636172644A"
        );
        assert_eq!(
            said(Protocol::ShortT1),
            "3B8E8131FE458073800180F8F0655450636172640A"
        );
        assert_eq!(said(Protocol::T0), "3B0E8073800180F8F065545063617264");
    }
}
