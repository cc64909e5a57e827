//! A session on a socket: the only place that moves bytes.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use super::error::{ClientError, ProtocolError};
use super::session::{Delivery, Reply, Request, Session};
use super::socket::{Socket, Wanted};
use crate::mtype::Mtype;

/// How long the daemon may take to answer a request before the program is told.
pub const REQUEST_SECONDS_MAX: u64 = 30;

#[derive(Debug)]
pub(super) struct Link<S: Socket> {
    pub(super) session: Session,
    socket: S,
}

/// Which deliveries answer a message, and what they say.
pub(super) struct Awaited<F> {
    /// Number of the message.
    pub(super) number: u64,
    /// Deliveries up to this one came before the question.
    pub(super) after: u64,
    /// What is named when time is up.
    pub(super) mtype: Mtype,
    /// Whether a delivery is the answer.
    pub(super) fits: F,
}

impl<S: Socket> Link<S> {
    pub(super) fn new(session: Session, socket: S) -> Self {
        Self { session, socket }
    }

    /// Writes what fits now.
    fn write(&mut self) -> Result<(), ClientError> {
        while !self.session.output().is_empty() {
            match self.socket.try_write(self.session.output()) {
                Ok(len) => self.session.written(len),
                Err(error) if is_transient(&error) => return Ok(()),
                Err(error) => return Err(self.broken(error)),
            }
        }
        Ok(())
    }

    /// Reads once.
    fn read(&mut self) -> Result<(), ClientError> {
        match self.socket.try_read(self.session.space()) {
            Ok(0) => Err(self.session.ended()),
            Ok(len) => self.session.received(len),
            Err(error) if is_transient(&error) => Ok(()),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Err(self.session.ended()),
            Err(error) => Err(error.into()),
        }
    }

    /// The daemon may have said why before it went away.
    fn broken(&mut self, error: io::Error) -> ClientError {
        if !matches!(
            error.kind(),
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
        ) {
            return error.into();
        }
        loop {
            match self.socket.try_read(self.session.space()) {
                Ok(len) if len > 0 => match self.session.received(len) {
                    Ok(()) => {}
                    Err(error) => return error,
                },
                _ => return self.session.ended(),
            }
        }
    }

    /// Writes everything; reads meanwhile, so that neither side waits for the other for ever.
    pub(super) async fn write_out(&mut self) -> Result<(), ClientError> {
        self.session.check()?;
        self.write()?;
        while !self.session.output().is_empty() {
            let wanted = match self.session.wants_input() {
                true => Wanted::Both,
                false => Wanted::Write,
            };
            self.socket.ready(wanted, None).await?;
            if wanted == Wanted::Both {
                self.read()?;
            }
            self.session.check()?;
            self.write()?;
        }
        Ok(())
    }

    /// Waits once for the daemon; false when the deadline passes first.
    pub(super) async fn turn(&mut self, deadline: Option<Instant>) -> Result<bool, ClientError> {
        self.session.check()?;
        if !self.session.wants_input() {
            return Err(ClientError::InboxFull(self.session.held_bytes()));
        }
        self.session.tell_taken();
        self.write()?;
        let wanted = match self.session.output().is_empty() {
            true => Wanted::Read,
            false => Wanted::Both,
        };
        if !self.socket.ready(wanted, deadline).await? {
            return Ok(false);
        }
        self.read()?;
        Ok(true)
    }

    /// Waits for the answer to a request.
    pub(super) async fn reply(&mut self, number: u64) -> Result<Reply, ClientError> {
        let deadline = Instant::now() + Duration::from_secs(REQUEST_SECONDS_MAX);
        loop {
            match self.session.reply(number) {
                Some(Reply::Refused { code, detail }) => {
                    return Err(ClientError::refused(code, detail));
                }
                Some(reply) => return Ok(reply),
                None if self.turn(Some(deadline)).await? => {}
                None => return Err(ClientError::NoAnswer),
            }
        }
    }

    pub(super) async fn ask(&mut self, request: &Request) -> Result<Reply, ClientError> {
        self.session.check()?;
        let number = self.session.request(request);
        self.reply(number).await
    }

    /// Waits for the first delivery that answers a message, or for the verdict on it.
    pub(super) async fn answer<F: Fn(&Delivery) -> bool>(
        &mut self,
        mut awaited: Awaited<F>,
        deadline: Option<Instant>,
    ) -> Result<Delivery, ClientError> {
        loop {
            let found = self.session.delivery_where(awaited.after, &awaited.fits);
            if let Some(delivery) = found {
                return Ok(delivery);
            }
            if let Some(undelivered) = self.session.verdict_of(awaited.number) {
                return Err(undelivered.into());
            }
            awaited.after = self.session.last_delivery();
            if !self.turn(deadline).await? {
                return Err(ClientError::Timeout(awaited.mtype));
            }
        }
    }
}

impl<S: Socket> Drop for Link<S> {
    /// What was received is reported as taken even if the program says nothing more.
    fn drop(&mut self) {
        if self.session.check().is_ok() {
            self.session.tell_taken();
            let _ = self.write();
        }
    }
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

pub(super) fn wrong_answer() -> ClientError {
    ProtocolError::WrongAnswer.into()
}
