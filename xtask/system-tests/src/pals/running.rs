//! A program in the foreground of somebody else.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::program::{Failure, Output, Program};

/// After so long nothing is expected any more.
const PATIENCE: Duration = Duration::from_secs(120);

/// A program that runs, and what it has said on standard error. It is killed when this goes away.
#[derive(Debug)]
pub struct Running {
    line: String,
    child: Child,
    lines: Receiver<String>,
    said: String,
}

impl Running {
    /// Starts it.
    ///
    /// # Errors
    /// [`Failure`] if there is no such program.
    pub fn start(program: Program) -> Result<Self, Failure> {
        let line = program.line();
        let mut command = program.into_command();
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command
            .stderr(Stdio::piped())
            .spawn()
            .map_err(Failure::io(&line))?;
        let lines = child.stderr.take().map(read_lines);
        let lines = lines.ok_or_else(|| Failure::new("standard error is not piped"))?;
        Ok(Self {
            line,
            child,
            lines,
            said: String::new(),
        })
    }

    /// Waits until it says that.
    ///
    /// # Errors
    /// [`Failure`] with all that it said, if it never does.
    pub fn wait_for(&mut self, words: &str) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                return Err(self.never_said(words));
            };
            self.said += &format!("{line}\n");
            if line.contains(words) {
                return Ok(());
            }
        }
    }

    fn never_said(&mut self, words: &str) -> Failure {
        self.child.kill().ok();
        let mut printed = String::new();
        let stdout = self.child.stdout.take();
        stdout.map(|mut pipe| pipe.read_to_string(&mut printed));
        let (line, said) = (&self.line, &self.said);
        Failure::new(format!("{line}: never said {words}:\n{said}{printed}"))
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// [`Failure`] if it does not run.
    pub fn signal(&self, signal: &str) -> Result<(), Failure> {
        let words = [format!("-{signal}"), self.child.id().to_string()];
        let kill = Program::new("kill".into()).args(&[&words[0], &words[1]]);
        kill.run().map(drop)
    }

    /// Whether it runs no more.
    ///
    /// # Errors
    /// [`Failure`] of the operating system.
    pub fn has_ended(&mut self) -> Result<bool, Failure> {
        let status = self.child.try_wait().map_err(Failure::io(&self.line))?;
        Ok(status.is_some())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// [`Failure`] of the operating system. How it ended is in [`Output`].
    pub fn end(mut self) -> Result<Output, Failure> {
        let mut stdout = String::new();
        if let Some(mut pipe) = self.child.stdout.take() {
            let read = pipe.read_to_string(&mut stdout);
            read.map_err(Failure::io(&self.line))?;
        }
        let status = self.child.wait().map_err(Failure::io(&self.line))?;
        self.said.extend(self.lines.iter().map(|line| line + "\n"));
        Ok(Output {
            line: self.line.clone(),
            code: status.code(),
            stdout,
            stderr: std::mem::take(&mut self.said),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn read_lines(pipe: ChildStderr) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let mut read = BufReader::new(pipe).lines().map_while(Result::ok);
        read.all(|line| sender.send(line).is_ok())
    });
    lines
}
