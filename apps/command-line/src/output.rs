//! What a program prints, and whether anybody still reads it.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Why a result was not written to standard output.
#[derive(Debug)]
pub enum OutputError {
    /// Whoever read it has closed it, as `head` does: there is nothing more to say, and nothing is wrong.
    Closed,
    /// It cannot be written.
    Failed(io::Error),
}

/// Prints a line to standard output.
///
/// # Errors
/// [`OutputError`]. One that is [`Closed`](OutputError::Closed) ends the program, in silence and with success.
pub fn print(text: &(impl Display + ?Sized)) -> Result<(), OutputError> {
    Ok(writeln!(io::stdout().lock(), "{text}")?)
}

impl OutputError {
    /// Whether nobody reads any more.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Failed(error),
        }
    }
}

impl Display for OutputError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Closed => f.write_str("nobody reads the result"),
            Self::Failed(error) => write!(f, "the result cannot be written: {error}"),
        }
    }
}

impl std::error::Error for OutputError {}
