//! The daemon's end of the card socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use libetp::local::{ConnectError, Trust};

use super::dialogue::{Heard, Said, ask, hear};
use super::stream::{Frames, StreamError};
use super::wire::{Absent, Answer, Failed, Present, Reason, Request, VERSION, plain};
use super::{ANSWER_MS_MAX, CHECK_PAUSE, COMMAND_BYTES_MAX, GREETING_MS_MAX};
use crate::link::{Link, LinkError, Server};

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
    /// The card has power.
    Greeted(Greeted),
    /// There is no card now, as these words say.
    Absent(Greeted, String),
    /// The connection of the card broke. The next one begins with a reset.
    Broken,
}

/// A connection whose `HELLO` was answered.
#[derive(Debug)]
struct Greeted {
    frames: Frames,
    /// The number of the last request.
    number: u64,
    /// Whether the card was not asked for anything since it got power.
    is_untouched: bool,
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

    /// A connection whose card has power; whether it had another one before.
    fn power(&mut self) -> Result<bool, LinkError> {
        let (frames, was_broken) = match std::mem::replace(&mut self.line, Line::Broken) {
            Line::Fresh(frames) => (frames, false),
            Line::Broken => (self.connect()?, true),
            Line::Absent(greeted, words) => {
                self.line = Line::Absent(greeted, words.clone());
                return Err(LinkError::Absent(words));
            }
            greeted @ Line::Greeted(_) => {
                self.line = greeted;
                return Ok(false);
            }
        };
        let hello = Request::Hello {
            version: VERSION,
            software: plain(&self.software),
        };
        let fresh = Greeted {
            frames,
            number: 0,
            is_untouched: true,
        };
        let within = Duration::from_millis(GREETING_MS_MAX);
        let asked = self.ask(fresh, &hello, within, |answer| match answer {
            Answer::Present(present) => Some(present),
            _ => None,
        });
        if asked.is_err() && !matches!(self.line, Line::Absent(..)) {
            self.line = Line::Broken;
        }
        self.take_up(asked?)?;
        Ok(was_broken)
    }

    /// Who serves the card, and how.
    fn take_up(&mut self, present: Present) -> Result<(), LinkError> {
        if present.version != VERSION {
            let version = present.version;
            let words =
                format!("it speaks version {version} of the card socket, this is {VERSION}");
            self.line = Line::Broken;
            return Err(self.violated(&words));
        }
        self.present = Some(present);
        Ok(())
    }

    /// Asks on the open connection.
    fn request<T>(
        &mut self,
        request: &Request<'_>,
        take: impl FnOnce(Answer<'_>) -> Option<T>,
    ) -> Result<T, LinkError> {
        let Line::Greeted(mut greeted) = std::mem::replace(&mut self.line, Line::Broken) else {
            return Err(LinkError::Reset);
        };
        greeted.is_untouched = false;
        let within = Duration::from_millis(ANSWER_MS_MAX);
        self.ask(greeted, request, within, take)
    }

    /// Asks, and keeps the connection if it is of further use.
    fn ask<T>(
        &mut self,
        mut greeted: Greeted,
        request: &Request<'_>,
        within: Duration,
        take: impl FnOnce(Answer<'_>) -> Option<T>,
    ) -> Result<T, LinkError> {
        greeted.number += 1;
        let asked = ask(&mut greeted.frames, request, greeted.number, within, take);
        let (heard, said) = asked.map_err(|error| self.broken(error))?;
        let taken = match heard {
            Heard::Absent(absent) => return Err(self.absent(greeted, &absent)),
            Heard::Answer(Some(taken)) => Ok(taken),
            Heard::Answer(None) => {
                return Err(self.violated(&"an answer of another kind than its request demands"));
            }
            Heard::Failed(failed) => Err(self.failed(&failed)),
        };
        if matches!(taken, Err(LinkError::Gone(_))) {
            return taken;
        }
        match said {
            None => {
                self.line = Line::Greeted(greeted);
                taken
            }
            // Whatever the answer says, it may be that of a card before.
            Some(said) => Err(self.disturbed(greeted, said)),
        }
    }

    /// What was said by itself while the card had power.
    fn disturbed(&mut self, greeted: Greeted, said: Said) -> LinkError {
        match said {
            Said::Absent(absent) => self.absent(greeted, &absent),
            Said::Present(present) => match self.powered(greeted, present) {
                Ok(()) => LinkError::Reset,
                Err(error) => error,
            },
            Said::Failed(failed) => {
                let error = self.failed(&failed);
                if !failed.ends_the_connection() {
                    self.line = Line::Greeted(greeted);
                }
                error
            }
        }
    }

    /// There is a card, which has just got power.
    fn powered(&mut self, mut greeted: Greeted, present: Present) -> Result<(), LinkError> {
        greeted.is_untouched = true;
        self.line = Line::Greeted(greeted);
        self.take_up(present)
    }

    fn absent(&mut self, greeted: Greeted, absent: &Absent) -> LinkError {
        let words = format!("{}: {}", self.name(), plain(&absent.detail));
        self.line = Line::Absent(greeted, words.clone());
        LinkError::Absent(words)
    }

    /// The next that the process said by itself, if it said something.
    fn hear(&self, greeted: &mut Greeted) -> Result<Option<Said>, LinkError> {
        let looked = greeted.frames.has_news().map_err(StreamError::Io);
        let heard = looked.and_then(|has_news| match has_news {
            true => hear(&mut greeted.frames).map(Some),
            false => Ok(None),
        });
        heard.map_err(|error| self.broken(error))
    }

    /// What the process said by itself of a card that has power.
    fn check_present(&mut self, mut greeted: Greeted) -> Result<(), LinkError> {
        match self.hear(&mut greeted)? {
            Some(said) => Err(self.disturbed(greeted, said)),
            None => {
                self.line = Line::Greeted(greeted);
                Ok(())
            }
        }
    }

    /// Whether the process said that there is a card.
    fn check_absent(&mut self, mut greeted: Greeted, words: String) -> Result<(), LinkError> {
        match self.hear(&mut greeted)? {
            Some(Said::Present(present)) => self.powered(greeted, present),
            Some(Said::Absent(absent)) => Err(self.absent(greeted, &absent)),
            Some(Said::Failed(failed)) if failed.ends_the_connection() => Err(self.failed(&failed)),
            // Nothing more can happen to a card that is not there.
            Some(Said::Failed(_)) | None => {
                self.line = Line::Absent(greeted, words.clone());
                Err(LinkError::Absent(words))
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
        match &self.line {
            Line::Greeted(greeted) if !greeted.is_untouched => self
                .request(&Request::Reset, |answer| {
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

    fn server(&self) -> Option<Server> {
        let (Line::Greeted(greeted) | Line::Absent(greeted, _)) = &self.line else {
            return None;
        };
        let (pid, uid) = greeted.frames.peer()?;
        let present = self.present.as_ref();
        let name = present.map_or_else(String::new, |present| plain(&present.server));
        Some(Server { name, pid, uid })
    }

    fn check_pause(&self) -> Option<Duration> {
        Some(CHECK_PAUSE)
    }

    /// Sees whether the process ended or said something by itself.
    fn check(&mut self) -> Result<(), LinkError> {
        match std::mem::replace(&mut self.line, Line::Broken) {
            Line::Greeted(greeted) => self.check_present(greeted),
            Line::Absent(greeted, words) => self.check_absent(greeted, words),
            line @ (Line::Fresh(_) | Line::Broken) => {
                self.line = line;
                Ok(())
            }
        }
    }
}

fn connect(path: &Path, trust: &Trust) -> Result<Frames, ConnectError> {
    Frames::new(trust.connect(path)?).map_err(|error| ConnectError::Io {
        path: path.into(),
        error,
    })
}
