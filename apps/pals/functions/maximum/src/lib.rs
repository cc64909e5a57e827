//! The greatest of the numbers that members gave, but not whose it is.
//!
//! A value is an i64; more is left unread. A member whose value is shorter gave none.
//!
//! The parameters are how many have to give a number for the greatest to be told (u16), or none, which is 1.
//!
//! The result is the same for all: how many gave a number (u16) and, if they are enough, the greatest (i64).

use etp_function::{Function, Inputs, Reader, export_function};

/// See the crate.
pub struct Maximum;

impl Function for Maximum {
    fn run(inputs: &Inputs<'_>) -> Vec<u8> {
        let values = inputs.iter().flatten();
        let numbers = values.filter_map(|value| Reader::new(value).i64());
        // Fits: there are at most as many members.
        let count = numbers.clone().count() as u16;
        let mut result = count.to_be_bytes().to_vec();
        if count >= enough(inputs.parameters()) {
            result.extend(numbers.max().unwrap_or_default().to_be_bytes());
        }
        result
    }
}

fn enough(parameters: &[u8]) -> u16 {
    Reader::new(parameters).u16().unwrap_or_default().max(1)
}

export_function!(Maximum);
