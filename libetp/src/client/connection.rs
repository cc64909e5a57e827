//! A connection to the daemon, before it is a capability.

use std::path::Path;

use super::capability::Capability;
use super::control::{self, ControlReply, ControlRequest};
use super::error::{ClientError, ProtocolError};
use super::link::{Link, wrong_answer};
use super::saved::SavedCapability;
use super::session::{Reply, Request, Session};
use super::socket::{AsyncSocket, Socket};
use crate::frame::body;
use crate::id::Domain;
use crate::local::Trust;

/// A connection that was greeted and is no capability yet.
#[derive(Debug)]
pub struct Connection<S: Socket = AsyncSocket> {
    pub(super) link: Link<S>,
    software: String,
}

/// What makes another connection a derived capability; valid once, while its parent lives.
pub struct Token(pub [u8; 32]);

impl Drop for Token {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

impl Connection {
    /// Connects to a daemon of root or of this user; `name` is what `etpctl ids` shows.
    ///
    /// # Errors
    /// [`ClientError::Connect`], [`ClientError::Untrusted`] before anything was said, and
    /// whatever breaks the greeting.
    pub async fn open(path: impl AsRef<Path>, name: &str) -> Result<Self, ClientError> {
        Self::open_trusting(path, name, &Trust::default()).await
    }

    /// As [`Connection::open`], for daemons of other users as well.
    ///
    /// # Errors
    /// As [`Connection::open`].
    pub async fn open_trusting(
        path: impl AsRef<Path>,
        name: &str,
        trust: &Trust,
    ) -> Result<Self, ClientError> {
        let stream = trust.connect(path.as_ref())?;
        Self::greet(AsyncSocket::new(stream)?, name).await
    }
}

impl<S: Socket> Connection<S> {
    pub(super) async fn greet(socket: S, name: &str) -> Result<Self, ClientError> {
        let (session, number) = Session::new(name);
        let mut link = Link::new(session, socket);
        let Reply::Welcome(body::Welcome { software, .. }) = link.reply(number).await? else {
            return Err(wrong_answer());
        };
        Ok(Self { link, software })
    }

    /// Name and version of the daemon.
    pub fn daemon(&self) -> &str {
        &self.software
    }

    /// Becomes a new id of a card's domain; of the only card if none is named. A durable id
    /// outlives the connection: keep [`Capability::saved`].
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the daemon's reason.
    pub async fn acquire(
        self,
        domain: Option<Domain>,
        durable: bool,
    ) -> Result<Capability<S>, ClientError> {
        let request = Request::Acquire(body::Acquire { domain, durable });
        self.become_capability(&request, None).await
    }

    /// Becomes a durable id again, with the mail that waited for it. The secret changes: store
    /// [`Capability::saved`] **before** anything is sent or received, or use
    /// [`CapabilityFile`](super::CapabilityFile), which does.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the daemon's reason.
    pub async fn resume(mut self, saved: &SavedCapability) -> Result<Capability<S>, ClientError> {
        let acquired = self.try_resume(saved).await?;
        Ok(Capability::new(self.link, acquired, Some(saved)))
    }

    pub(super) async fn try_resume(
        &mut self,
        saved: &SavedCapability,
    ) -> Result<body::Acquired, ClientError> {
        let secret = *saved.secret();
        let id = saved.id();
        let request = Request::Resume(body::Resume { id, secret });
        acquired(self.link.ask(&request).await?)
    }

    /// Becomes a derived capability: it sends as its parent's id and receives nothing.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the daemon's reason.
    pub async fn adopt(self, token: &Token) -> Result<Capability<S>, ClientError> {
        let token = token.0;
        let request = Request::Adopt(body::Token { token });
        self.become_capability(&request, None).await
    }

    async fn become_capability(
        mut self,
        request: &Request,
        saved: Option<&SavedCapability>,
    ) -> Result<Capability<S>, ClientError> {
        let acquired = acquired(self.link.ask(request).await?)?;
        Ok(Capability::new(self.link, acquired, saved))
    }

    /// Asks as an administrator.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if this user is none.
    pub async fn control(&mut self, request: &ControlRequest) -> Result<ControlReply, ClientError> {
        control_over(&mut self.link, request).await
    }
}

pub(super) async fn control_over<S: Socket>(
    link: &mut Link<S>,
    request: &ControlRequest,
) -> Result<ControlReply, ClientError> {
    let request = Request::Control(control::encode(request));
    match link.ask(&request).await? {
        Reply::Control(bytes) => Ok(control::decode(&bytes).map_err(ProtocolError::from)?),
        _ => Err(wrong_answer()),
    }
}

fn acquired(reply: Reply) -> Result<body::Acquired, ClientError> {
    match reply {
        Reply::Acquired(acquired) => Ok(acquired),
        _ => Err(wrong_answer()),
    }
}
