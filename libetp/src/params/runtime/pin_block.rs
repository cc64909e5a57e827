//! A PIN or PUK inside a handshake: always of one length, so that a transcript does not tell how
//! long it is.

use crate::limits::{PIN_BLOCK_BYTES, PIN_BYTES_MAX};

/// The bytes, then `80`, then zeros (the padding of ISO/IEC 7816-4).
pub type PinBlock = [u8; PIN_BLOCK_BYTES];

/// What separates a PIN from its padding.
const END: u8 = 0x80;

/// Packs a PIN. `None` if it has more than [`PIN_BYTES_MAX`] bytes.
pub fn pin_block(pin: &[u8]) -> Option<PinBlock> {
    if pin.len() > PIN_BYTES_MAX {
        return None;
    }
    let mut block = [0; PIN_BLOCK_BYTES];
    block[..pin.len()].copy_from_slice(pin);
    block[pin.len()] = END;
    Some(block)
}

/// The PIN in a block. `None` if it is not padded as [`pin_block`] does it.
pub fn open_pin_block(block: &PinBlock) -> Option<&[u8]> {
    let end = block.iter().rposition(|byte| *byte != 0)?;
    (block[end] == END).then(|| &block[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn every_pin_comes_back_out_of_a_block_of_one_length() {
        for length in 0..=PIN_BYTES_MAX {
            for byte in [0, END, b'7'] {
                let pin = vec![byte; length];
                let block = pin_block(&pin).unwrap();
                assert_eq!(open_pin_block(&block), Some(&pin[..]), "{length} of {byte}");
            }
        }
        assert_eq!(pin_block(&[b'7'; PIN_BYTES_MAX + 1]), None);
    }

    #[test]
    fn what_is_not_padded_is_no_block() {
        assert_eq!(open_pin_block(&[0; PIN_BLOCK_BYTES]), None);
        assert_eq!(open_pin_block(&[b'7'; PIN_BLOCK_BYTES]), None);
    }
}
