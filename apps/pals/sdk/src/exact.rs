//! Arithmetic without floating point.

/// `numerator / denominator` rounded to the nearest whole number; halves are rounded away from zero.
///
/// # Panics
/// If the denominator is not greater than zero, or a number is beyond 2^126.
pub fn rounded(numerator: i128, denominator: i128) -> i128 {
    assert!(denominator > 0, "a denominator is greater than zero");
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    match rest.abs() * 2 >= denominator {
        true => quotient + rest.signum(),
        false => quotient,
    }
}
