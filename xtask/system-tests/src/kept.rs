//! A program that is kept running beside a test, with its words in a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::program::{Failure, Program};

/// A program that runs, or does not any more. It ends when this goes away.
#[derive(Debug)]
pub(crate) struct Kept {
    name: &'static str,
    log: PathBuf,
    process: Option<Child>,
}

impl Kept {
    /// One that does not run yet. What it says on standard error will be added to `log`.
    pub(crate) fn new(name: &'static str, log: PathBuf) -> Self {
        Self {
            name,
            log,
            process: None,
        }
    }

    /// Starts it, unless it was started and not ended since.
    pub(crate) fn launch(&mut self, program: impl FnOnce() -> Program) -> Result<(), Failure> {
        if self.process.is_some() {
            return Ok(());
        }
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(&self.log);
        let log = log.map_err(Failure::io(self.log.display()))?;
        let mut command = program().into_command();
        let command = command.stdin(Stdio::null()).stdout(Stdio::null());
        let process = command.stderr(log).spawn();
        self.process = Some(process.map_err(Failure::io(self.name))?);
        Ok(())
    }

    /// Whether it still runs if it was started.
    ///
    /// # Errors
    /// [`Failure`] with its words, if it ended by itself.
    pub(crate) fn check(&mut self) -> Result<(), Failure> {
        let process = self.process.as_mut();
        match process.is_some_and(|process| !matches!(process.try_wait(), Ok(None))) {
            true => Err(self.failure("ended by itself")),
            false => Ok(()),
        }
    }

    /// What to say of it when it did not do its part.
    pub(crate) fn failure(&self, what: &str) -> Failure {
        let words = fs::read_to_string(&self.log).unwrap_or_default();
        Failure::new(format!("{} {what}:\n{words}", self.name))
    }

    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// [`Failure`] if it does not run.
    pub(crate) fn signal(&self, signal: &str) -> Result<(), Failure> {
        let none = || Failure::new(format!("{} does not run", self.name));
        let pid = self.process.as_ref().map(Child::id).ok_or_else(none)?;
        let words = [format!("-{signal}"), pid.to_string()];
        let kill = Program::new("kill".into()).args(&[&words[0], &words[1]]);
        kill.run().map(drop)
    }

    /// `kill -9`, if it runs.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().ok();
            process.wait().ok();
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.kill();
    }
}
