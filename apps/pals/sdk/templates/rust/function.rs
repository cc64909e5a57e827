//! {name}: how many members gave a number, and the sum of all. Everybody is told the same.

use etp_function::{Function, Inputs, Reader, export_function};

pub struct Computed;

impl Function for Computed {
    fn run(inputs: &Inputs<'_>) -> Vec<u8> {
        let (mut count, mut sum) = (0_u16, 0_u64);
        for value in inputs.iter().flatten() {
            // A value that is too short is none. A panic would take the result from everybody.
            if let Some(number) = Reader::new(value).u32() {
                count += 1;
                sum += u64::from(number);
            }
        }
        [count.to_be_bytes().as_slice(), &sum.to_be_bytes()].concat()
    }
}

export_function!(Computed);

#[cfg(test)]
mod tests {
    use etp_function::evaluate;

    use super::Computed;

    #[test]
    fn absent_numbers_do_not_count() {
        let values = [Some(40_u32.to_be_bytes()), None, Some(2_u32.to_be_bytes())];
        for me in 0..3 {
            assert_eq!(evaluate::<Computed>(&values, me), [0, 2, 0, 0, 0, 0, 0, 0, 0, 42]);
        }
    }

    #[test]
    fn nobody_is_no_problem() {
        assert_eq!(evaluate::<Computed>(&[None::<[u8; 4]>; 3], 0), [0; 10]);
    }
}
