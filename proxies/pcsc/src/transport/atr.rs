//! What an answer to reset says of the lengths that a card takes (ISO/IEC 7816-3, 8.2; ISO/IEC 7816-4, 12.1.1).

/// Tag of card capabilities in COMPACT-TLV, without the length.
const CAPABILITIES: u8 = 0x7;
/// The third byte of capabilities: extended Lc and Le.
const EXTENDED: u8 = 0x40;

/// Whether the card takes commands of extended length; `None` if it does not say.
pub fn takes_extended(atr: &[u8]) -> Option<bool> {
    let mut fields = historical(atr)?;
    // Status bytes may follow what is in COMPACT-TLV; 00 has them at the end always.
    fields = match fields.split_first()? {
        (0x80, rest) => rest,
        (0x00, rest) => rest.get(..rest.len().checked_sub(3)?)?,
        _ => return None,
    };
    while let Some((head, rest)) = fields.split_first() {
        let (value, after) = rest.split_at_checked(usize::from(head & 0x0F))?;
        if head >> 4 == CAPABILITIES {
            return value.get(2).map(|third| third & EXTENDED != 0);
        }
        fields = after;
    }
    None
}

/// The historical bytes: what follows the interface bytes, each group of which says what the next one has.
fn historical(atr: &[u8]) -> Option<&[u8]> {
    let (&[_, format], mut rest) = atr.split_first_chunk()?;
    let mut announced = format >> 4;
    while announced != 0 {
        let skipped = (announced & 0x7).count_ones() as usize;
        let follows = announced & 0x8 != 0;
        rest = rest.get(skipped..)?;
        announced = 0;
        if follows {
            let (next, after) = rest.split_first()?;
            (announced, rest) = (next >> 4, after);
        }
    }
    rest.get(..usize::from(format & 0x0F))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(hex: &str) -> Option<bool> {
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16);
        let bytes: Result<Vec<u8>, _> = (0..hex.len()).step_by(2).map(byte).collect();
        takes_extended(&bytes.expect("hexadecimal"))
    }

    #[test]
    fn it_is_what_the_card_says_or_nothing() {
        let cases = [
            // Soft cards in a virtual reader: T=1, short T=1, T=0.
            ("3B8E8131FE4580738001C0F8F0655450636172644A", Some(true)),
            ("3B8E8131FE458073800180F8F0655450636172640A", Some(false)),
            ("3B0E8073800180F8F065545063617264", Some(false)),
            // A YubiKey 5 and an OpenPGP card 3.4: capabilities behind other fields.
            ("3BFD1300008131FE158073C021C057597562694B657940", Some(true)),
            ("3BDA18FF81B1FE751F030031F573C001600090001C", Some(true)),
            // No capabilities, no COMPACT-TLV, no historical bytes, no more than a beginning.
            ("3B8880016549445F4C5431", None),
            ("3B6500002063CB6800", None),
            ("3B00", None),
            ("3B8E8131FE45", None),
            ("3B", None),
            ("", None),
        ];
        for (atr, expected) in cases {
            assert_eq!(of(atr), expected, "{atr}");
        }
    }
}
