//! The card's end of the card socket.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use libetp::local::{Trust, peer_uid};

use super::stream::{Frames, StreamError, ready};
use super::wire::{Absent, Answer, Failed, Present, Reason, Request, VERSION, plain};
use super::{CHECK_PAUSE, COMMAND_BYTES_MAX, FRAME_MS_MAX, GREETING_MS_MAX};
use crate::link::{Link, LinkError};

/// Serves one card, to one daemon at a time.
#[derive(Debug)]
pub struct CardServer<L> {
    link: L,
    trust: Trust,
    name: String,
    /// Why there is no card, while there is none.
    absent: Option<Absent>,
    /// Whether the card got power for a daemon, and was not told to rest since.
    is_needed: bool,
}

/// Why a server ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// There can be no more daemons.
    #[error("the card socket: {0}")]
    Socket(io::Error),
    /// There is nothing more to serve.
    #[error("the card is gone: {0}")]
    Gone(String),
}

/// What is to be done.
enum News {
    Stop,
    Request,
    Connection,
    Nothing,
}

impl<L: Link> CardServer<L> {
    /// A server for processes of trusted users. `name` says who serves: program and version. Where the card
    /// is, the link says.
    pub fn new(link: L, trust: Trust, name: impl Into<String>) -> Self {
        Self {
            link,
            trust,
            name: name.into(),
            absent: None,
            is_needed: false,
        }
    }

    /// Serves until `stop` can be read or its other end is closed; a command that is under way is
    /// carried out and answered first. What a daemon does wrong ends its own connection only.
    ///
    /// # Errors
    /// [`ServeError`]; a daemon that is served was told.
    pub fn serve(&mut self, listener: &UnixListener, stop: &impl AsFd) -> Result<(), ServeError> {
        listener.set_nonblocking(true).map_err(ServeError::Socket)?;
        let mut daemon = None;
        let mut looked = Instant::now();
        loop {
            let news = self.wait(listener, stop, daemon.as_ref(), looked);
            let news = news.map_err(ServeError::Socket)?;
            let is_look = !matches!(news, News::Connection);
            daemon = match (news, daemon) {
                (News::Stop, _) => return Ok(()),
                (News::Connection, daemon) => self.accept(listener, daemon)?,
                (News::Request, Some(frames)) => self.answer(frames)?,
                (News::Nothing, Some(frames)) => self.check(frames)?,
                (News::Request | News::Nothing, None) => None,
            };
            if is_look {
                looked = Instant::now();
            }
            if daemon.is_none() && std::mem::take(&mut self.is_needed) {
                self.link.rest();
            }
        }
    }

    /// Requests go first: whoever connects while another daemon's end is not seen yet waits for that. Nor does it keep
    /// the card, at which somebody `looked` last at that time, from being looked at.
    fn wait(
        &self,
        listener: &UnixListener,
        stop: &impl AsFd,
        daemon: Option<&Frames>,
        looked: Instant,
    ) -> io::Result<News> {
        let mut fds = vec![stop.as_fd(), listener.as_fd()];
        fds.extend(daemon.map(AsFd::as_fd));
        let has_bytes = daemon.is_some_and(Frames::has_bytes);
        let pause = self.check_pause().filter(|_| daemon.is_some());
        let left = pause.map(|pause| pause.saturating_sub(looked.elapsed()));
        let within = match has_bytes {
            true => Some(Duration::ZERO),
            false => left,
        };
        let ready = ready(&fds, within)?;
        Ok(match ready.as_slice() {
            [true, ..] => News::Stop,
            [_, _, true] => News::Request,
            _ if has_bytes => News::Request,
            [_, true, ..] if left != Some(Duration::ZERO) => News::Connection,
            _ => News::Nothing,
        })
    }

    /// Takes a daemon that connected, unless one is served. What fails here is that connection.
    fn accept(
        &mut self,
        listener: &UnixListener,
        daemon: Option<Frames>,
    ) -> Result<Option<Frames>, ServeError> {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if is_of_the_peer(&error) => return Ok(daemon),
            Err(error) => return Err(ServeError::Socket(error)),
        };
        let (Ok(uid), Ok(mut frames)) = (peer_uid(&stream), Frames::new(stream)) else {
            return Ok(daemon);
        };
        if !self.trust.includes(uid) {
            let words = format!("user {uid} may not use this card");
            tell(&mut frames, Reason::Forbidden, &words);
        } else if daemon.is_some() {
            let words = "the card is served to another daemon";
            tell(&mut frames, Reason::Busy, words);
        } else {
            return self.greet(frames);
        }
        Ok(daemon)
    }

    /// Hears who it is, and powers the card up.
    fn greet(&mut self, mut frames: Frames) -> Result<Option<Frames>, ServeError> {
        let number = match next(&mut frames, GREETING_MS_MAX) {
            Ok((Request::Hello { version, .. }, number)) if version == VERSION => number,
            Ok((Request::Hello { version, .. }, _)) => {
                let words = format!("card socket: version {version} is not spoken, {VERSION} is");
                tell(&mut frames, Reason::Version, &words);
                return Ok(None);
            }
            Ok(_) => return Ok(refuse(&mut frames, &"the first frame is not HELLO")),
            Err(error) => return Ok(ended(&mut frames, &error)),
        };
        let powered = self.power();
        let is_served = powered.is_ok() || self.absent.is_some();
        let present = powered.map(|()| Answer::Present(self.present()));
        let frames = send(frames, present, number)?;
        Ok(frames.filter(|_| is_served))
    }

    /// Gives power to the card that is there now.
    fn power(&mut self) -> Result<(), LinkError> {
        self.absent = None;
        self.is_needed = true;
        let powered = self.link.reset();
        self.note_absence(&powered);
        powered
    }

    fn note_absence<T>(&mut self, result: &Result<T, LinkError>) {
        if let Err(LinkError::Absent(words)) = result {
            self.absent = Some(Absent::new(words));
        }
    }

    fn check_pause(&self) -> Option<Duration> {
        let pause = self.link.check_pause();
        pause.or_else(|| self.absent.as_ref().map(|_| CHECK_PAUSE))
    }

    fn present(&self) -> Present {
        let max = self.link.command_bytes_max().min(COMMAND_BYTES_MAX);
        let server = match self.link.place() {
            Some(place) => format!("{}, {place}", self.name),
            None => self.name.clone(),
        };
        Present {
            version: VERSION,
            server: plain(&server),
            // Fits: the limit does.
            command_bytes_max: max as u32,
        }
    }

    /// Carries one request out.
    fn answer(&mut self, mut frames: Frames) -> Result<Option<Frames>, ServeError> {
        let max = self.link.command_bytes_max();
        match next(&mut frames, FRAME_MS_MAX) {
            Ok((Request::Transmit(command), _)) if command.len() > max => {
                let words = format!("a command of {} bytes, {max} reach the card", command.len());
                Ok(refuse(&mut frames, &words))
            }
            Ok((Request::Transmit(command), number)) => {
                let response = match self.absent.clone() {
                    Some(absent) => Err(LinkError::Absent(absent.detail)),
                    None => self.link.transmit(command),
                };
                self.note_absence(&response);
                let response = response.as_ref().map(|it| Answer::Response(it));
                send(frames, response.map_err(Clone::clone), number)
            }
            Ok((Request::Reset, number)) => {
                let powered = match self.absent.clone() {
                    Some(absent) => Err(LinkError::Absent(absent.detail)),
                    None => self.power(),
                };
                send(frames, powered.map(|()| Answer::Powered), number)
            }
            Ok((Request::Hello { .. }, _)) => Ok(refuse(&mut frames, &"HELLO came twice")),
            Err(error) => Ok(ended(&mut frames, &error)),
        }
    }

    /// Says by itself what happened to a card that nobody used.
    fn check(&mut self, frames: Frames) -> Result<Option<Frames>, ServeError> {
        let checked = self.link.check();
        match (self.absent.take(), checked) {
            (None, Ok(())) => Ok(Some(frames)),
            (None, Err(error)) => {
                self.note_absence(&Err::<(), _>(error.clone()));
                send(frames, Err(error), 0)
            }
            (Some(before), Ok(())) => self.found(frames, before),
            (Some(before), Err(error)) => self.still_absent(frames, before, error),
        }
    }

    /// There is a card again: it gets power before anybody hears of it.
    fn found(&mut self, frames: Frames, before: Absent) -> Result<Option<Frames>, ServeError> {
        match self.power() {
            Ok(()) => send(frames, Ok(Answer::Present(self.present())), 0),
            Err(error) => self.still_absent(frames, before, error),
        }
    }

    /// Says so if there is something new to say of it.
    fn still_absent(
        &mut self,
        frames: Frames,
        before: Absent,
        error: LinkError,
    ) -> Result<Option<Frames>, ServeError> {
        let now = match error {
            LinkError::Absent(words) => Absent::new(&words),
            LinkError::Lost(_) | LinkError::Reset => before.clone(),
            LinkError::Gone(_) => return send(frames, Err(error), 0),
        };
        let is_news = now != before;
        self.absent = Some(now.clone());
        match is_news {
            true => send(frames, Ok(Answer::Absent(now)), 0),
            false => Ok(Some(frames)),
        }
    }
}

/// The next request and its number.
fn next(frames: &mut Frames, within_ms: u64) -> Result<(Request<'_>, u64), StreamError> {
    let frame = frames.receive(Duration::from_millis(within_ms))?;
    Ok((Request::read(&frame)?, frame.number))
}

/// Answers; the stream, if the daemon took it.
fn send(
    mut frames: Frames,
    answer: Result<Answer<'_>, LinkError>,
    number: u64,
) -> Result<Option<Frames>, ServeError> {
    let (answer, gone) = match answer {
        Ok(answer) => (answer, None),
        Err(error) => (said(&error), gone(error)),
    };
    let mut bytes = Vec::new();
    answer.write(&mut bytes, number);
    let sent = frames.send(&bytes);
    match gone {
        Some(words) => Err(ServeError::Gone(words)),
        None => Ok(sent.ok().map(|()| frames)),
    }
}

fn said(error: &LinkError) -> Answer<'static> {
    Answer::Failed(match error {
        LinkError::Absent(words) => return Answer::Absent(Absent::new(words)),
        LinkError::Lost(words) => Failed::new(Reason::Lost, words),
        LinkError::Reset => Failed::new(Reason::Reset, ""),
        LinkError::Gone(words) => Failed::new(Reason::Gone, words),
    })
}

fn gone(error: LinkError) -> Option<String> {
    match error {
        LinkError::Gone(words) => Some(words),
        LinkError::Lost(_) | LinkError::Reset | LinkError::Absent(_) => None,
    }
}

/// Says why a connection ends. Whoever does not read it learns nothing.
fn tell(frames: &mut Frames, reason: Reason, words: &str) {
    let mut bytes = Vec::new();
    Answer::Failed(Failed::new(reason, words)).write(&mut bytes, 0);
    let _ = frames.send(&bytes);
}

fn refuse(frames: &mut Frames, why: &dyn Display) -> Option<Frames> {
    tell(frames, Reason::Protocol, &why.to_string());
    None
}

/// The end of a connection that gave no request.
fn ended(frames: &mut Frames, error: &StreamError) -> Option<Frames> {
    match error {
        StreamError::Wire(error) => refuse(frames, error),
        StreamError::TimedOut(_) => refuse(frames, &"a frame did not come whole in time"),
        StreamError::Ended | StreamError::Io(_) => None,
    }
}

fn is_of_the_peer(error: &io::Error) -> bool {
    [
        ErrorKind::WouldBlock,
        ErrorKind::Interrupted,
        ErrorKind::ConnectionAborted,
    ]
    .contains(&error.kind())
}
