//! Whole numbers: of 64 bits while they suffice, else of any length.

use core::cmp::Ordering;
use core::mem;

use num_bigint::BigInt;

/// What a tableau holds. Operations give `None` where the result does not fit.
pub(crate) trait Number: Clone + From<i64> + Into<BigInt> + PartialEq {
    fn sign(&self) -> Ordering;

    fn negate(&mut self);

    /// `(self * by - left * above) / divisor`, which leaves no rest.
    fn eliminated(&self, by: &Self, left: &Self, above: &Self, divisor: &Self) -> Option<Self>;

    /// How `self * by` compares to `other * factor`.
    fn compare_scaled(&self, by: &Self, other: &Self, factor: &Self) -> Ordering;

    fn is_zero(&self) -> bool {
        self.sign() == Ordering::Equal
    }
}

impl Number for i64 {
    fn sign(&self) -> Ordering {
        self.cmp(&0)
    }

    fn negate(&mut self) {
        // Fits: no operation gives the least of 64 bits, and no program has it.
        *self = -*self;
    }

    fn eliminated(&self, by: &Self, left: &Self, above: &Self, divisor: &Self) -> Option<Self> {
        // Half the bits are most often enough, and many times as fast on a card.
        if is_short(*self) && is_short(*by) && is_short(*left) && is_short(*above) {
            return Some((self * by - left * above) / divisor);
        }
        let difference = product(*self, *by) - product(*left, *above);
        let quotient = Self::try_from(difference / i128::from(*divisor)).ok()?;
        (quotient != Self::MIN).then_some(quotient)
    }

    fn compare_scaled(&self, by: &Self, other: &Self, factor: &Self) -> Ordering {
        product(*self, *by).cmp(&product(*other, *factor))
    }
}

fn is_short(number: i64) -> bool {
    i32::try_from(number).is_ok()
}

/// Fits with room for the difference of two.
fn product(left: i64, right: i64) -> i128 {
    i128::from(left) * i128::from(right)
}

impl Number for BigInt {
    fn sign(&self) -> Ordering {
        self.cmp(&Self::ZERO)
    }

    fn negate(&mut self) {
        *self = -mem::take(self);
    }

    fn eliminated(&self, by: &Self, left: &Self, above: &Self, divisor: &Self) -> Option<Self> {
        Some((self * by - left * above) / divisor)
    }

    fn compare_scaled(&self, by: &Self, other: &Self, factor: &Self) -> Ordering {
        (self * by).cmp(&(other * factor))
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    const LONG: i64 = 1 << 62;

    #[test]
    fn what_does_not_fit_is_nothing() {
        assert_eq!(LONG.eliminated(&2, &1, &1, &1), Some(i64::MAX));
        assert_eq!(LONG.eliminated(&2, &0, &0, &1), None);
        assert_eq!((-LONG).eliminated(&2, &1, &-1, &1), Some(-i64::MAX));
        assert_eq!(
            (-LONG).eliminated(&2, &0, &0, &1),
            None,
            "it has no opposite"
        );
        assert_eq!(LONG.eliminated(&4, &LONG, &-4, &8), Some(LONG));
    }

    #[test]
    fn short_numbers_are_computed_as_long_ones_are() {
        let ends = [i64::from(i32::MIN), -7, 0, 1, i64::from(i32::MAX)];
        for by in ends {
            for above in ends {
                let short = ends[0].eliminated(&by, &ends[0], &above, &1);
                let exact =
                    i128::from(ends[0]) * i128::from(by) - i128::from(ends[0]) * i128::from(above);
                assert_eq!(short.map(i128::from), Some(exact));
            }
        }
    }
}
