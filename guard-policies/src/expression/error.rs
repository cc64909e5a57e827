//! Why an expression has no value, in words that repeat nothing of the message.

use cel::ExecutionError;

use crate::Failure;

pub(super) fn failure(error: &ExecutionError) -> Failure {
    Failure(
        match error {
            ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
                "division by zero"
            }
            ExecutionError::Overflow(..) => "a number becomes too large",
            ExecutionError::IndexOutOfBounds(_) => "a list has no such place",
            _ => "a value is null, or of another kind than the expression needs",
        }
        .into(),
    )
}
