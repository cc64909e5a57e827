//! What is written to connections. Answers and mail share a connection frame by frame.

use libetp::frame::body::RequestError;

use super::connection::Connection;
use super::limits::ANSWERS_FACTOR_MAX;
use super::returns::ConnectionId;
use super::shard::Shard;

impl Shard {
    /// Connections that have something to write or to end, since the last call.
    pub fn take_dirty(&mut self, into: &mut Vec<ConnectionId>) {
        debug_assert!(into.is_empty());
        std::mem::swap(&mut self.dirty, into);
        for id in into {
            if let Some(connection) = self.connections.get_mut(id) {
                connection.is_dirty = false;
            }
        }
    }

    pub(super) fn mark_dirty(&mut self, id: ConnectionId) {
        if self.dirty.last() == Some(&id) {
            return;
        }
        if let Some(connection) = self.connections.get_mut(&id)
            && !connection.is_dirty
        {
            connection.is_dirty = true;
            self.dirty.push(id);
        }
    }

    /// What is to be written, in this order. A frame is never cut by another.
    pub fn output(&self, id: ConnectionId) -> [&[u8]; 3] {
        let Some(connection) = self.connections.get(&id) else {
            return [&[]; 3];
        };
        let (partial, mail) = self.mail(connection);
        match connection.is_within_answers() {
            true => [connection.answers(), partial, mail],
            false => [partial, connection.answers(), mail],
        }
    }

    /// The connection gets no more mail: a half written delivery is completed from its answers.
    pub(super) fn complete_delivery(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(&id) else {
            return;
        };
        let partial = self.mail(connection).0.to_vec();
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.complete_frame(&partial);
        }
    }

    /// The rest of a half written delivery, and the deliveries after it.
    fn mail<'s>(&'s self, connection: &Connection) -> (&'s [u8], &'s [u8]) {
        let mailbox = connection
            .owned()
            .and_then(|id| self.capabilities.get(&id))
            .map(|capability| &capability.mailbox);
        let Some(mailbox) = mailbox else {
            return (&[], &[]);
        };
        let partial = mailbox.partial();
        (partial, &mailbox.unwritten()[partial.len()..])
    }

    /// The connection took this many bytes of [`Shard::output`].
    pub fn wrote(&mut self, id: ConnectionId, bytes: usize) {
        let Some(connection) = self.connections.get(&id) else {
            return;
        };
        let (partial, _) = self.mail(connection);
        let first = match connection.is_within_answers() {
            true => 0,
            false => partial.len(),
        };
        let answers = bytes.saturating_sub(first).min(connection.answers().len());
        let owned = connection.owned();
        if answers > 0
            && let Some(connection) = self.connections.get_mut(&id)
        {
            connection.wrote_answers(answers);
        }
        if let Some(capability) = owned.and_then(|id| self.capabilities.get_mut(&id)) {
            capability.mailbox.wrote(bytes - answers);
        }
    }

    /// Whether everything was written and the connection is to be shut.
    pub fn is_finished(&self, id: ConnectionId) -> bool {
        self.connections
            .get(&id)
            .is_none_or(|connection| connection.is_closing() && connection.answers().is_empty())
    }

    /// Ends a connection with a reason: what it was ends now, the bytes are still written.
    pub fn close(&mut self, id: ConnectionId, reason: RequestError, detail: &str) {
        let Some(connection) = self.connections.get(&id) else {
            return;
        };
        if connection.is_closing() {
            return;
        }
        let (peer, owned) = (connection.principal, connection.owned());
        self.end_role(id);
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.close(reason, detail);
        }
        self.mark_dirty(id);
        self.event(closing_counter(reason), owned, Some(peer), detail);
    }

    /// Ends a connection that does not read its answers.
    pub(super) fn close_if_flooded(&mut self, id: ConnectionId) {
        let max = self.shared.limits.answers_bytes_max * ANSWERS_FACTOR_MAX;
        let is_flooded =
            |connection: &Connection| !connection.is_closing() && connection.answers().len() > max;
        if self.connections.get(&id).is_some_and(is_flooded) {
            self.close(id, RequestError::Quota, "answers and verdicts are not read");
        }
    }
}

/// The counter of connections that were closed for a reason.
fn closing_counter(reason: RequestError) -> &'static str {
    match reason {
        RequestError::Protocol => "closed-protocol",
        RequestError::Version => "closed-version",
        RequestError::ForeignDescriptor => "foreign-descriptor",
        RequestError::Fenced => "closed-fenced",
        RequestError::ShuttingDown => "closed-shutting-down",
        RequestError::ParentGone => "closed-parent-gone",
        RequestError::Quota => "closed-quota",
        RequestError::SecretReused => "closed-secret-reused",
        _ => "closed-other",
    }
}
