//! The daemon's end of the card socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use libetp::local::{ConnectError, Trust};

use super::stream::{Frames, StreamError};
use super::wire::{Answer, Failed, Present, Reason, Request, VERSION, WireError, plain};
use super::{ANSWER_MS_MAX, CHECK_PAUSE, COMMAND_BYTES_MAX, FRAME_MS_MAX, GREETING_MS_MAX};
use crate::link::{Link, LinkError};

/// A card that another process serves, over its socket. When the process ends, the card is lost; when
/// there is one again, the card was reset.
#[derive(Debug)]
pub struct SocketLink {
    path: PathBuf,
    trust: Trust,
    software: String,
    line: Line,
    present: Option<Present>,
}

#[derive(Debug)]
enum Line {
    /// Nobody was asked for a card yet.
    Fresh(Frames),
    /// The card has power. The number of the last request.
    Greeted(Frames, u64),
    /// The connection of the card broke. The next one begins with a reset.
    Broken,
}

impl SocketLink {
    /// Connects to a process of a trusted user, and says nothing yet. `software` is name and version of this
    /// daemon.
    ///
    /// # Errors
    /// [`ConnectError`] if nobody listens there, or somebody who is not trusted.
    pub fn open(path: &Path, trust: Trust, software: &str) -> Result<Self, ConnectError> {
        Ok(Self {
            line: Line::Fresh(connect(path, &trust)?),
            path: path.into(),
            trust,
            software: software.into(),
            present: None,
        })
    }

    /// Connects anew, to a process that may come back.
    fn connect(&self) -> Result<Frames, LinkError> {
        connect(&self.path, &self.trust).map_err(|error| match &error {
            ConnectError::Io { .. } => LinkError::Lost(error.to_string()),
            ConnectError::Untrusted { .. } => LinkError::Gone(error.to_string()),
        })
    }

    /// A connection whose card has just got power; whether it had another one before.
    fn power(&mut self) -> Result<bool, LinkError> {
        let (mut frames, was_broken) = match std::mem::replace(&mut self.line, Line::Broken) {
            Line::Fresh(frames) => (frames, false),
            Line::Broken => (self.connect()?, true),
            greeted @ Line::Greeted(..) => {
                self.line = greeted;
                return Ok(false);
            }
        };
        let hello = Request::Hello {
            version: VERSION,
            software: plain(&self.software),
        };
        let within = Duration::from_millis(GREETING_MS_MAX);
        let answered = ask(&mut frames, &hello, 1, within).map(|answer| answer.map(present));
        match answered.map_err(|error| self.broken(error))? {
            Ok(Some(present)) => self.greeted(frames, present)?,
            Ok(None) => return Err(self.violated(&"the first answer is not that to HELLO")),
            Err(failed) => return Err(self.failed(&failed)),
        }
        Ok(was_broken)
    }

    fn greeted(&mut self, frames: Frames, present: Present) -> Result<(), LinkError> {
        if present.version != VERSION {
            let version = present.version;
            let words =
                format!("it speaks version {version} of the card socket, this is {VERSION}");
            return Err(self.violated(&words));
        }
        self.present = Some(present);
        self.line = Line::Greeted(frames, 1);
        Ok(())
    }

    /// Asks on the open connection, which a failure of the connection ends.
    fn request<T>(
        &mut self,
        request: &Request<'_>,
        take: impl FnOnce(Answer<'_>) -> Option<T>,
    ) -> Result<T, LinkError> {
        let Line::Greeted(mut frames, number) = std::mem::replace(&mut self.line, Line::Broken)
        else {
            return Err(LinkError::Reset);
        };
        let (number, within) = (number + 1, Duration::from_millis(ANSWER_MS_MAX));
        let answered = ask(&mut frames, request, number, within).map(|answer| answer.map(take));
        match answered.map_err(|error| self.broken(error))? {
            Ok(Some(taken)) => {
                self.line = Line::Greeted(frames, number);
                Ok(taken)
            }
            Ok(None) => Err(self.violated(&"an answer of another kind than its request demands")),
            Err(failed) => {
                let error = self.failed(&failed);
                if !matches!(error, LinkError::Gone(_)) {
                    self.line = Line::Greeted(frames, number);
                }
                Err(error)
            }
        }
    }

    /// What it came to that a connection was lost, or is of no more use.
    fn broken(&self, error: StreamError) -> LinkError {
        match error {
            StreamError::Wire(error) => self.violated(&error),
            error => LinkError::Lost(format!("{}: {error}", self.name())),
        }
    }

    fn violated(&self, why: &dyn std::fmt::Display) -> LinkError {
        LinkError::Gone(format!("{} breaks the protocol: {why}", self.name()))
    }

    fn failed(&self, failed: &Failed) -> LinkError {
        let words = format!("{}: {}", self.name(), plain(&failed.detail));
        match Reason::from_u8(failed.reason) {
            Some(Reason::Lost) => LinkError::Lost(words),
            Some(Reason::Reset) => LinkError::Reset,
            _ => LinkError::Gone(words),
        }
    }

    /// The socket, and who serves it if that is known.
    fn name(&self) -> String {
        let path = self.path.display();
        match &self.present {
            Some(present) => format!("{path} ({})", plain(&present.server)),
            None => path.to_string(),
        }
    }
}

impl Link for SocketLink {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        if self.power()? {
            return Err(LinkError::Reset);
        }
        self.request(&Request::Transmit(command), |answer| match answer {
            Answer::Response(response) => Some(response.to_vec()),
            _ => None,
        })
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        match self.line {
            Line::Greeted(..) => self.request(&Request::Reset, |answer| {
                (answer == Answer::Powered).then_some(())
            }),
            _ => self.power().map(drop),
        }
    }

    fn command_bytes_max(&self) -> usize {
        let stated = self
            .present
            .as_ref()
            .map(|present| present.command_bytes_max);
        stated.map_or(COMMAND_BYTES_MAX, |stated| stated as usize)
    }

    fn check_pause(&self) -> Option<Duration> {
        Some(CHECK_PAUSE)
    }

    /// Sees whether the process ended or said something by itself.
    fn check(&mut self) -> Result<(), LinkError> {
        let Line::Greeted(frames, _) = &mut self.line else {
            return Ok(());
        };
        let looked = frames.has_news().map_err(StreamError::Io);
        let heard = looked.and_then(|has_news| match has_news {
            true => hear(frames).map(Some),
            false => Ok(None),
        });
        let error = match heard {
            Ok(None) => return Ok(()),
            Ok(Some(failed)) => self.failed(&failed),
            Err(error) => self.broken(error),
        };
        if error != LinkError::Reset {
            self.line = Line::Broken;
        }
        Err(error)
    }
}

fn connect(path: &Path, trust: &Trust) -> Result<Frames, ConnectError> {
    Frames::new(trust.connect(path)?).map_err(|error| ConnectError::Io {
        path: path.into(),
        error,
    })
}

fn present(answer: Answer<'_>) -> Option<Present> {
    match answer {
        Answer::Present(present) => Some(present),
        _ => None,
    }
}

/// The answer to a request.
fn ask<'f>(
    frames: &'f mut Frames,
    request: &Request<'_>,
    number: u64,
    within: Duration,
) -> Result<Result<Answer<'f>, Failed>, StreamError> {
    let mut bytes = Vec::new();
    request.write(&mut bytes, number);
    // One that said why and closed may be read still.
    let sent = frames.send(&bytes);
    if let Err(error) = sent
        && !matches!(error, StreamError::Ended)
    {
        return Err(error);
    }
    let frame = frames.receive(within)?;
    let (got, expected) = (frame.number, number);
    match Answer::read(&frame)? {
        Answer::Failed(failed) if got == 0 || got == expected => Ok(Err(failed)),
        answer if got == expected => Ok(Ok(answer)),
        _ => Err(WireError::Number { expected, got }.into()),
    }
}

/// What the process says by itself.
fn hear(frames: &mut Frames) -> Result<Failed, StreamError> {
    let frame = frames.receive(Duration::from_millis(FRAME_MS_MAX))?;
    match Answer::read(&frame)? {
        Answer::Failed(failed) if frame.number == 0 => Ok(failed),
        _ => Err(WireError::Unexpected(frame.kind).into()),
    }
}
