//! The PUK of a new card.

use zeroize::Zeroizing;

use crate::error::{SoftCardError, random};

/// Decimal digits of a PUK: no guess of it has a chance worth naming in the few tries of a card,
/// and somebody can still type it.
pub const PUK_DIGITS: usize = 16;

/// A random PUK of [`PUK_DIGITS`] decimal digits, ASCII.
///
/// # Errors
/// [`SoftCardError::Random`].
pub fn new_puk() -> Result<Zeroizing<Vec<u8>>, SoftCardError> {
    let mut rest = u128::from_le_bytes(*random::<16>()?);
    let digits = (0..PUK_DIGITS).map(|_| {
        let digit = u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        b'0' + digit
    });
    Ok(Zeroizing::new(digits.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_puk_has_its_digits_and_is_another_each_time() {
        let (one, two) = (new_puk().unwrap(), new_puk().unwrap());
        assert_eq!(one.len(), PUK_DIGITS);
        assert!(one.iter().all(u8::is_ascii_digit));
        assert_ne!(one, two);
    }
}
