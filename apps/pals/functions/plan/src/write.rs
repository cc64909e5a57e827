//! The result of one member.

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;

use crate::model::{Activity, Variable};
use crate::site::Shape;
use crate::{Outcome, RESULT_BYTES_MAX, only};

/// The solution of the whole program.
pub(crate) struct Amounts<'a> {
    variables: &'a [Variable],
    numerators: &'a [BigInt],
    denominator: &'a BigInt,
}

impl<'a> Amounts<'a> {
    pub(crate) fn new(
        variables: &'a [Variable],
        numerators: &'a [BigInt],
        denominator: &'a BigInt,
    ) -> Self {
        Self {
            variables,
            numerators,
            denominator,
        }
    }

    /// What a site is told.
    pub(crate) fn of_site(&self, site: usize, shape: Shape) -> Vec<u8> {
        let mut result = only(Outcome::Optimal);
        for product in 0..shape.products {
            for period in 0..shape.periods {
                let mut write = |site: usize, activity: Activity| {
                    let of = Variable {
                        site,
                        product,
                        period,
                        activity,
                    };
                    self.write(of, &mut result);
                };
                write(site, Activity::Make);
                write(site, Activity::Keep);
                for other in 0..shape.members {
                    write(site, Activity::Send(other));
                    write(other, Activity::Send(site));
                }
            }
        }
        match result.len() > RESULT_BYTES_MAX {
            true => only(Outcome::TooLarge),
            false => result,
        }
    }

    /// A variable that there is not is zero.
    fn write(&self, variable: Variable, to: &mut Vec<u8>) {
        let number = self.variables.iter().position(|it| *it == variable);
        let zero = BigInt::ZERO;
        let numerator = number.map_or(&zero, |number| &self.numerators[number]);
        let divisor = numerator.gcd(self.denominator);
        for part in [numerator, self.denominator] {
            bytes((part / &divisor).magnitude(), to);
        }
    }
}

fn bytes(number: &BigUint, to: &mut Vec<u8>) {
    let mut bytes = number.to_bytes_be();
    if bytes == [0] {
        bytes.clear();
    }
    // Fits: a numerator has less than 192 rows of 5 bytes each, and some more.
    to.extend((bytes.len() as u16).to_be_bytes());
    to.extend(bytes);
}
