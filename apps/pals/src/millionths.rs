//! Decimals without rounding.

use std::fmt;
use std::str::FromStr;

const MILLION: u64 = 1_000_000;
/// Digits behind the point.
const PLACES: usize = 6;

/// A decimal with at most six digits behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millionths(pub i64);

/// Why a text is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a key figure is a decimal number such as -12.5, with at most {PLACES} digits behind the point and at most \
     {max} in amount",
    max = Millionths::MAX
)]
pub struct MillionthsError;

impl Millionths {
    /// The greatest amount that functions take: a hundred thousand million.
    pub const MAX: Self = Self(100_000_000_000_000_000);
}

impl FromStr for Millionths {
    type Err = MillionthsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || fraction.len() > PLACES {
            return Err(MillionthsError);
        }
        let whole: i64 = whole.parse().map_err(|_| MillionthsError)?;
        let fraction: i64 = format!("{fraction:0<PLACES$}")
            .parse()
            .map_err(|_| MillionthsError)?;
        let millionths = whole.checked_mul(MILLION as i64);
        let millionths = millionths.and_then(|it| it.checked_add(fraction));
        let millionths = millionths.filter(|it| *it <= Self::MAX.0);
        let millionths = millionths.ok_or(MillionthsError)?;
        Ok(Self(if is_negative { -millionths } else { millionths }))
    }
}

impl fmt::Display for Millionths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (
            self.0.unsigned_abs() / MILLION,
            self.0.unsigned_abs() % MILLION,
        );
        let fraction = format!("{rest:0PLACES$}");
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            fraction => write!(f, "{sign}{whole}.{fraction}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_read_back() {
        for (text, millionths) in [
            ("0", 0),
            ("-12.5", -12_500_000),
            ("0.000001", 1),
            ("-0.25", -250_000),
            ("100000000000", Millionths::MAX.0),
        ] {
            assert_eq!(text.parse(), Ok(Millionths(millionths)));
            assert_eq!(Millionths(millionths).to_string(), text);
        }
        assert_eq!("1.50".parse(), Ok(Millionths(1_500_000)));
        assert_eq!("-0".parse(), Ok(Millionths(0)));
    }

    #[test]
    fn what_would_be_rounded_or_is_too_large_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "1.0000001",
            "1e3",
            "+1",
            "--1",
            "1,5",
            "0x1",
            "100000000000.000001",
            "-100000000000.000001",
            "9223372036854775808",
        ] {
            assert_eq!(text.parse::<Millionths>(), Err(MillionthsError), "{text}");
        }
    }
}
