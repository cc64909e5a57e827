//! Numbers whose sum tells which of them are in it.

use crate::dice::Dice;

/// Each member's number is its digit to this base, at its place.
const BASE: i64 = 1_000;

/// Everybody's number, none of them 0.
pub(super) fn numbers(n: usize, dice: &mut Dice) -> Vec<i64> {
    let mut digit = || 1 + dice.below(BASE as usize - 1) as i64;
    let place = |at: usize| BASE.pow(at as u32);
    (0..n).map(|at| digit() * place(at)).collect()
}

/// Whose numbers a sum is of; `None` if there are others in it.
pub(super) fn members(sum: i128, numbers: &[i64]) -> Option<Vec<usize>> {
    let mut left = sum;
    let mut members = Vec::new();
    for (at, number) in numbers.iter().enumerate().rev() {
        if left >= i128::from(*number) {
            left -= i128::from(*number);
            members.push(at);
        }
    }
    members.reverse();
    (left == 0).then_some(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_of_members_has_a_sum_of_its_own_and_no_other_sum_has_one() {
        let numbers = numbers(5, &mut Dice::new(9, 0));
        for set in 0_u32..32 {
            let those: Vec<usize> = (0..5).filter(|at| set >> at & 1 == 1).collect();
            let sum: i128 = those.iter().map(|at| i128::from(numbers[*at])).sum();
            assert_eq!(members(sum, &numbers), Some(those));
            assert_eq!(members(sum + i128::from(numbers[0]) + 1, &numbers), None);
        }
        assert_eq!(members(-1, &numbers), None);
    }
}
