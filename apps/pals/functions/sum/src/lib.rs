//! The sum and the mean of the numbers that members gave.
//!
//! A value is an i64; more is left unread. A member whose value is shorter gave none. Who wants decimals gives
//! millionths.
//!
//! The parameters are how many have to give a number for there to be a sum (u16), or none, which is 1. Whoever knows
//! all numbers but one can work out that one.
//!
//! The result is the same for all: how many gave a number (u16) and, if they are enough, the sum (i128) and the mean
//! rounded to the nearest whole number, halves away from zero (i64).

use etp_function::{Function, Inputs, Reader, exact, export_function};

/// See the crate.
pub struct Sum;

impl Function for Sum {
    fn run(inputs: &Inputs<'_>) -> Vec<u8> {
        let (mut count, mut sum) = (0_u16, 0_i128);
        for value in inputs.iter().flatten() {
            if let Some(number) = Reader::new(value).i64() {
                count += 1;
                sum += i128::from(number);
            }
        }
        let mut result = count.to_be_bytes().to_vec();
        if count >= enough(inputs.parameters()) {
            // It lies between numbers of 64 bits.
            let mean = exact::rounded(sum, count.into()) as i64;
            result.extend(sum.to_be_bytes());
            result.extend(mean.to_be_bytes());
        }
        result
    }
}

fn enough(parameters: &[u8]) -> u16 {
    Reader::new(parameters).u16().unwrap_or_default().max(1)
}

export_function!(Sum);
