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
        let difference = product(*self, *by) - product(*left, *above);
        let quotient = match (Self::try_from(difference), *divisor) {
            (Ok(difference), 1) => difference,
            (Ok(difference), divisor) => difference / divisor,
            (Err(_), divisor) => Self::try_from(difference / i128::from(divisor)).ok()?,
        };
        (quotient != Self::MIN).then_some(quotient)
    }

    fn compare_scaled(&self, by: &Self, other: &Self, factor: &Self) -> Ordering {
        product(*self, *by).cmp(&product(*other, *factor))
    }
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
