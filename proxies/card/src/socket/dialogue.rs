//! One request and its answer, and what the process says by itself in between.

use std::time::{Duration, Instant};

use super::stream::{Frames, StreamError};
use super::wire::{Absent, Answer, Failed, Present, Reason, Request, WireError};
use super::{FRAME_MS_MAX, SAID_FRAMES_MAX};

/// What the process says by itself, with number 0.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// There is a card, which has just got power.
    Present(Present),
    /// There is no card now.
    Absent(Absent),
    /// Something happened to the card or the connection.
    Failed(Failed),
}

/// What the process answers.
pub(super) enum Heard<T> {
    /// An answer of the kind that the request demands; `None` for one of another kind.
    Answer(Option<T>),
    /// There is no card.
    Absent(Absent),
    /// There is no answer.
    Failed(Failed),
}

/// Asks, and hears the answer and the last that was said by itself before it.
pub(super) fn ask<T>(
    frames: &mut Frames,
    request: &Request<'_>,
    number: u64,
    within: Duration,
    take: impl FnOnce(Answer<'_>) -> Option<T>,
) -> Result<(Heard<T>, Option<Said>), StreamError> {
    say(frames, request, number)?;
    let deadline = Instant::now() + within;
    let mut said = None;
    for _ in 0..=SAID_FRAMES_MAX {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(StreamError::TimedOut(within));
        }
        let frame = frames.receive(left)?;
        let (got, expected) = (frame.number, number);
        let answer = Answer::read(&frame)?;
        if got == expected {
            return Ok((heard(answer, take), said));
        }
        match said_by_itself(got, answer) {
            Some(Said::Failed(failed)) if failed.ends_the_connection() => {
                return Ok((Heard::Failed(failed), said));
            }
            Some(more) => said = Some(more),
            None => return Err(WireError::Number { expected, got }.into()),
        }
    }
    Err(WireError::Flood.into())
}

/// Hears what the process says by itself.
pub(super) fn hear(frames: &mut Frames) -> Result<Said, StreamError> {
    let frame = frames.receive(Duration::from_millis(FRAME_MS_MAX))?;
    let said = said_by_itself(frame.number, Answer::read(&frame)?);
    said.ok_or(WireError::Unexpected(frame.kind).into())
}

fn say(frames: &mut Frames, request: &Request<'_>, number: u64) -> Result<(), StreamError> {
    let mut bytes = Vec::new();
    request.write(&mut bytes, number);
    match frames.send(&bytes) {
        // One that said why and closed may be read still.
        Ok(()) | Err(StreamError::Ended) => Ok(()),
        Err(error) => Err(error),
    }
}

fn heard<T>(answer: Answer<'_>, take: impl FnOnce(Answer<'_>) -> Option<T>) -> Heard<T> {
    match answer {
        Answer::Absent(absent) => Heard::Absent(absent),
        Answer::Failed(failed) => Heard::Failed(failed),
        answer => Heard::Answer(take(answer)),
    }
}

fn said_by_itself(number: u64, answer: Answer<'_>) -> Option<Said> {
    match answer {
        _ if number != 0 => None,
        Answer::Present(present) => Some(Said::Present(present)),
        Answer::Absent(absent) => Some(Said::Absent(absent)),
        Answer::Failed(failed) => Some(Said::Failed(failed)),
        Answer::Response(_) | Answer::Powered => None,
    }
}

impl Failed {
    /// Whether nothing more comes on the connection.
    pub(super) fn ends_the_connection(&self) -> bool {
        !matches!(
            Reason::from_u8(self.reason),
            Some(Reason::Lost | Reason::Reset)
        )
    }
}
