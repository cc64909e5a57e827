//! A daemon's trace, read as it grows.

use std::path::PathBuf;

use libetp::Mtype;
use libetp::client::ClientError;
use libetp::client::blocking::Connection;
use libetp::client::control::{ControlReply, ControlRequest, Trace};

/// Records in one reply.
const PAGE: u32 = 512;

/// Reads which messages a daemon traces.
#[derive(Debug)]
pub(crate) struct Watch {
    socket: PathBuf,
    connection: Option<Connection>,
    last: u64,
}

impl Watch {
    pub(crate) fn new(socket: PathBuf) -> Self {
        Self {
            socket,
            connection: None,
            last: 0,
        }
    }

    /// Types of the messages traced since the last call; none while the daemon is away. One that is
    /// new is read from its start.
    pub(crate) fn news(&mut self) -> Vec<Mtype> {
        self.try_read().unwrap_or_else(|_| {
            (self.connection, self.last) = (None, 0);
            Vec::new()
        })
    }

    fn try_read(&mut self) -> Result<Vec<Mtype>, ClientError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(&self.socket, "watch")?,
        };
        let mut news = Vec::new();
        loop {
            let request = ControlRequest::Trace {
                after: self.last,
                limit: PAGE,
            };
            let messages = match connection.control(&request)? {
                ControlReply::Trace(Trace { messages, .. }) => messages,
                _ => Vec::new(),
            };
            let Some(last) = messages.last() else {
                break;
            };
            self.last = last.sequence;
            news.extend(messages.iter().map(|message| Mtype(message.mtype)));
        }
        self.connection = Some(connection);
        Ok(news)
    }
}
