//! Another program at a reader.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::Slot;
use crate::binaries::Binaries;
use crate::program::Failure;

/// A program, `reader-user`, that does at a reader what it is told. What it can be told is said at its head.
#[derive(Debug)]
pub struct ReaderUser {
    process: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl ReaderUser {
    /// Starts it.
    ///
    /// # Errors
    /// [`Failure`] if it cannot be started.
    pub fn start(binaries: &Binaries, slot: &Slot) -> Result<Self, Failure> {
        let program = binaries.program("reader-user").arg(&slot.reader);
        let mut command = slot.client(program).into_command();
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(Failure::io("reader-user"))?;
        match (process.stdin.take(), process.stdout.take()) {
            (Some(orders), Some(answers)) => Ok(Self {
                process,
                orders,
                answers: BufReader::new(answers).lines(),
            }),
            _ => Err(Failure::new("reader-user has no pipes")),
        }
    }

    /// Tells it something, and waits for nothing.
    ///
    /// # Errors
    /// [`Failure`] if it ended.
    pub fn tell(&mut self, order: &str) -> Result<(), Failure> {
        writeln!(self.orders, "{order}").map_err(Failure::io("reader-user"))
    }

    /// What it answers to the first order that is not answered yet: `ok` and what came of it, or an error by its name.
    ///
    /// # Errors
    /// [`Failure`] if it ended.
    pub fn hear(&mut self) -> Result<String, Failure> {
        let answer = self.answers.next();
        let answer = answer.ok_or_else(|| Failure::new("reader-user ended"))?;
        let answer = answer.map_err(Failure::io("reader-user"))?;
        Ok(answer.trim_end().to_owned())
    }

    /// Tells it something, and waits for its answer.
    ///
    /// # Errors
    /// [`Failure`] if it ended.
    pub fn ask(&mut self, order: &str) -> Result<String, Failure> {
        self.tell(order)?;
        self.hear()
    }
}

impl Drop for ReaderUser {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
