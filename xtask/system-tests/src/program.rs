//! Running a program to its end, and what it said.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What did not go as it should, in words.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// A failure in words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// What to call an error of the operating system.
    pub fn io(what: impl fmt::Display) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self(format!("{what}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// A command line under construction.
#[derive(Debug)]
pub struct Program {
    command: Command,
    words: Vec<String>,
}

/// What a program said and how it ended.
#[derive(Clone, Debug)]
pub struct Output {
    /// The command line, for messages.
    pub line: String,
    /// Exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Program {
    pub(crate) fn new(path: PathBuf) -> Self {
        let words = vec![path.to_string_lossy().into_owned()];
        Self {
            command: Command::new(path),
            words,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.words
            .push(argument.as_ref().to_string_lossy().into_owned());
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(self, arguments: &[&str]) -> Self {
        arguments.iter().fold(self, Program::arg)
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// The command line so far, as a person would type it.
    pub fn line(&self) -> String {
        self.words.join(" ")
    }

    /// Runs it to its end, without standard input.
    ///
    /// # Errors
    /// [`Failure`] if it cannot be started. How it ended is in [`Output`].
    pub fn output(mut self) -> Result<Output, Failure> {
        let line = self.words.join(" ");
        let output = self
            .command
            .stdin(Stdio::null())
            .output()
            .map_err(Failure::io(&line))?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        Ok(Output {
            line,
            code: output.status.code(),
            stdout,
            stderr,
        })
    }

    /// Runs it, and wants success.
    ///
    /// # Errors
    /// [`Failure`] with what it said, if it ended otherwise.
    pub fn run(self) -> Result<Output, Failure> {
        let output = self.output()?;
        match output.code {
            Some(0) => Ok(output),
            _ => Err(output.failure()),
        }
    }

    /// Runs it with `--json`, and wants success and one document.
    ///
    /// # Errors
    /// [`Failure`] if it ended otherwise or printed something else.
    pub fn json(self) -> Result<Value, Failure> {
        self.arg("--json").run()?.json()
    }

    /// Starts it and lets it run, silently.
    ///
    /// # Errors
    /// [`Failure`] if it cannot be started.
    pub fn background(mut self) -> Result<std::process::Child, Failure> {
        let line = self.line();
        let command = self.command.stdin(Stdio::null());
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map_err(Failure::io(line))
    }

    /// The command, to be started and kept.
    pub fn into_command(self) -> Command {
        self.command
    }
}

impl Output {
    /// Standard output as one JSON document.
    ///
    /// # Errors
    /// [`Failure`] if it is none.
    pub fn json(&self) -> Result<Value, Failure> {
        let wrong = |e| Failure::new(format!("{}: not JSON ({e}): {}", self.line, self.stdout));
        serde_json::from_str(&self.stdout).map_err(wrong)
    }

    /// What to say of it when it should have ended otherwise.
    pub fn failure(&self) -> Failure {
        let code = self
            .code
            .map_or("a signal".into(), |code| format!("exit {code}"));
        Failure::new(format!(
            "{}: {code}\n{}{}",
            self.line, self.stdout, self.stderr
        ))
    }
}
