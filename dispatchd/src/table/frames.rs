//! Frames of programs: which there are, and when each may come.

use libetp::codec::{self, Decode};
use libetp::frame::body::RequestError;
use libetp::frame::{self, Frame, VERSION, body, kind};
use libetp::limits::FRAME_BYTES_MAX;
use zeroize::Zeroize;

use super::connection::{Phase, Role};
use super::effect::{Crossing, Effect};
use super::limits::{NAME_BYTES_MAX, ROOMY_MAILBOXES_MAX, SPARE_BUFFERS_MAX};
use super::mailbox::NotDelivered;
use super::moving::{AfterBarrier, Barrier};
use super::registry::ShardIndex;
use super::returns::ConnectionId;
use super::send::Sending;
use super::shard::Shard;

libetp::structure! {
    /// Body of `RELEASE`.
    struct Release {}
}

const NO_MAIL: &str = "TAKEN on a connection that gets no mail";

/// Why a connection is closed.
pub(super) type Fault = (RequestError, String);

/// Whether the next frame may be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Go,
    /// This frame is done; the connection waits.
    Pause,
    /// This frame comes again when the connection is read next.
    Again,
}

pub(super) fn malformed(error: impl std::fmt::Display) -> Fault {
    (RequestError::Protocol, error.to_string())
}

fn decode<T: Decode>(frame: &Frame<'_>) -> Result<T, Fault> {
    codec::from_slice(frame.body).map_err(malformed)
}

fn must_be_empty(frame: &Frame<'_>) -> Result<(), Fault> {
    match frame.body.is_empty() {
        true => Ok(()),
        false => Err(malformed("this frame has no body")),
    }
}

impl Shard {
    /// Bytes came from a connection. Says how many were used, at most a slice of work; the rest comes
    /// again, with what follows it, when [`Shard::wants_read`].
    pub fn received(&mut self, id: ConnectionId, bytes: &[u8]) -> usize {
        self.slice.begin();
        let mut used = 0;
        let mut sending = None;
        // A message leaves the connection readable, unless it says otherwise.
        let mut is_readable = self.wants_read(id);
        while is_readable
            && !self.slice.is_over()
            && let Some((frame, len)) = self.next_frame(id, &bytes[used..])
        {
            self.slice.spend_frame();
            match self.frame(id, &mut sending, &frame) {
                Ok(Next::Go) => {
                    used += len;
                    is_readable = frame.kind == kind::SEND || self.wants_read(id);
                }
                Ok(Next::Pause) => {
                    used += len;
                    break;
                }
                Ok(Next::Again) => break,
                Err((reason, detail)) => {
                    self.close(id, reason, &detail);
                    break;
                }
            }
        }
        self.stop_sending(id, &mut sending);
        self.close_if_flooded(id);
        used
    }

    fn next_frame<'b>(&mut self, id: ConnectionId, bytes: &'b [u8]) -> Option<(Frame<'b>, usize)> {
        frame::parse(bytes).unwrap_or_else(|error| {
            self.close(id, RequestError::Protocol, &error.to_string());
            None
        })
    }

    fn frame(
        &mut self,
        id: ConnectionId,
        sending: &mut Option<Sending>,
        frame: &Frame<'_>,
    ) -> Result<Next, Fault> {
        if frame.kind == kind::SEND {
            return self.send_frame(id, sending, frame);
        }
        self.stop_sending(id, sending);
        if self.must_confirm(id) {
            return Ok(Next::Again);
        }
        self.note_number(id, frame);
        match (self.phase(id), frame.kind) {
            (Phase::New, kind::HELLO) => self.hello(id, frame),
            (Phase::New, _) => Err(malformed("the first frame is HELLO")),
            (_, kind::HELLO) => Err(malformed("HELLO comes once")),
            (phase, _) => self.request(id, &phase, frame),
        }
    }

    fn phase(&self, id: ConnectionId) -> Phase {
        self.connections
            .get(&id)
            .map_or(Phase::Closing, |connection| connection.phase.clone())
    }

    fn note_number(&mut self, id: ConnectionId, frame: &Frame<'_>) {
        if frame.kind != kind::TAKEN {
            self.note_last_number(id, frame.number);
        }
    }

    fn note_last_number(&mut self, id: ConnectionId, number: u64) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.last_number = connection.last_number.max(number);
        }
    }

    /// Something else than a message comes next.
    fn stop_sending(&mut self, id: ConnectionId, sending: &mut Option<Sending>) {
        if let Some(sending) = sending.take() {
            self.note_last_number(id, sending.last_number);
        }
    }

    fn hello(&mut self, id: ConnectionId, frame: &Frame<'_>) -> Result<Next, Fault> {
        let hello: body::Hello = decode(frame)?;
        if hello.version != VERSION {
            let detail = format!("this daemon speaks version {VERSION}");
            return Err((RequestError::Version, detail));
        }
        if hello.name.len() > NAME_BYTES_MAX {
            return Err(malformed("a name has at most 128 bytes"));
        }
        if self.directory.draining {
            return Err((RequestError::ShuttingDown, "the daemon ends".into()));
        }
        let software = self.shared.software.clone();
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.name = hello.name;
            connection.phase = Phase::Greeted;
            let version = VERSION;
            let welcome = body::Welcome { version, software };
            connection.answer(kind::WELCOME, frame.number, &welcome);
        }
        self.mark_dirty(id);
        Ok(Next::Go)
    }

    fn request(
        &mut self,
        id: ConnectionId,
        phase: &Phase,
        frame: &Frame<'_>,
    ) -> Result<Next, Fault> {
        let number = frame.number;
        match (frame.kind, phase) {
            (kind::ACQUIRE | kind::RESUME | kind::ADOPT, Phase::Greeted) => {
                self.request_capability(id, frame)
            }
            (kind::DERIVE | kind::RELEASE | kind::TAKEN, Phase::Acquired(role)) => {
                self.request_of_capability(id, role, frame)
            }
            (kind::FLUSH, _) => {
                must_be_empty(frame)?;
                self.raise_barrier(id, AfterBarrier::Flushed(number));
                Ok(Next::Go)
            }
            (kind::CONTROL, _) => {
                self.control(id, frame);
                Ok(Next::Go)
            }
            (kind::ACQUIRE | kind::RESUME | kind::ADOPT, _) => {
                Ok(self.wrong_state(id, number, "this connection is a capability"))
            }
            (kind::DERIVE | kind::RELEASE, _) => {
                Ok(self.wrong_state(id, number, "this connection is no capability"))
            }
            (kind::TAKEN, _) => Err(malformed(NO_MAIL)),
            (unknown, _) => Err(malformed(format!("no frame of kind 0x{unknown:02x}"))),
        }
    }

    /// A connection that is no capability asks to become one.
    fn request_capability(&mut self, id: ConnectionId, frame: &Frame<'_>) -> Result<Next, Fault> {
        let number = frame.number;
        match frame.kind {
            kind::ACQUIRE => Ok(self.acquire(id, number, &decode(frame)?)),
            kind::RESUME => {
                let mut resume: body::Resume = decode(frame)?;
                let next = self.resume(id, number, &resume);
                resume.secret.zeroize();
                Ok(next)
            }
            _ => Ok(self.adopt(id, number, &decode(frame)?)),
        }
    }

    /// What only a capability may ask for.
    fn request_of_capability(
        &mut self,
        id: ConnectionId,
        role: &Role,
        frame: &Frame<'_>,
    ) -> Result<Next, Fault> {
        match (frame.kind, role) {
            (kind::DERIVE, _) => {
                self.derive(id, role, frame.number, decode(frame)?);
                Ok(Next::Go)
            }
            (kind::RELEASE, _) => {
                let _: Release = decode(frame)?;
                Ok(self.release(id, role, frame.number))
            }
            (_, Role::Owner(owned)) => {
                must_be_empty(frame)?;
                self.taken(*owned, frame.number)
            }
            (_, Role::Derived { .. }) => Err(malformed(NO_MAIL)),
        }
    }

    fn wrong_state(&mut self, id: ConnectionId, number: u64, detail: &str) -> Next {
        self.refuse(id, number, RequestError::State, detail);
        Next::Go
    }

    /// Refuses a request; the connection goes on.
    pub(super) fn refuse(
        &mut self,
        id: ConnectionId,
        number: u64,
        error: RequestError,
        detail: &str,
    ) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.verdict(number, error as u16, detail);
        }
        self.mark_dirty(id);
    }

    fn taken(&mut self, id: libetp::EntityId, number: u64) -> Result<Next, Fault> {
        let Some(capability) = self.capabilities.get_mut(&id) else {
            return Ok(Next::Go);
        };
        let connection = capability.connection;
        let (accounts, taken) = (&mut self.accounts, &mut self.taken_messages);
        let result = capability.mailbox.take(number, |waiting| {
            accounts.unpin(waiting.account, waiting.load());
            *taken += 1;
        });
        if self.spare_buffers.len() < SPARE_BUFFERS_MAX {
            self.spare_buffers.extend(capability.mailbox.spare_buffer());
        }
        let is_roomy = capability.mailbox.is_roomy();
        let has_more = !capability.mailbox.unwritten().is_empty();
        if let Some(connection) = connection.filter(|_| has_more) {
            self.mark_dirty(connection);
        }
        if is_roomy {
            self.remember_roomy(id);
        }
        match result {
            Ok(()) => Ok(Next::Go),
            Err(NotDelivered) => Err(malformed("TAKEN of a delivery that was not made")),
        }
    }

    /// The mailbox holds more room than it needs now; often it needs it again at once.
    fn remember_roomy(&mut self, id: libetp::EntityId) {
        self.roomy.insert(id);
        if self.roomy.len() >= ROOMY_MAILBOXES_MAX {
            self.give_room_back();
        }
    }

    /// Gives back the room that was not needed again.
    pub(super) fn give_room_back(&mut self) {
        for id in std::mem::take(&mut self.roomy) {
            if let Some(capability) = self.capabilities.get_mut(&id) {
                capability.mailbox.trim();
            }
        }
    }

    /// Asks the shards that the connection sent to whether they are done with it.
    pub(super) fn raise_barrier(&mut self, id: ConnectionId, then: AfterBarrier) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let waits_for = std::mem::take(&mut connection.crossed);
        let asked = waits_for
            .iter()
            .map(|&shard| Effect::Cross(shard, Crossing::Barrier(id)));
        self.effects.extend(asked);
        connection.barriers.push_back(Barrier { then, waits_for });
        self.pass_barriers(id);
    }

    /// Another shard has done everything that came before a barrier.
    pub(super) fn passed(&mut self, id: ConnectionId, shard: ShardIndex) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return self.pass_on(id, Crossing::Passed(id, shard));
        };
        // Barriers of one shard come back in their order.
        let mut barriers = connection.barriers.iter_mut();
        barriers.any(|barrier| barrier.waits_for.remove(&shard));
        self.pass_barriers(id);
    }

    fn pass_barriers(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let is_passed = |barrier: &mut Barrier| barrier.waits_for.is_empty();
        while let Some(barrier) = connection.barriers.pop_front_if(is_passed) {
            match barrier.then {
                AfterBarrier::Flushed(number) => connection.say(kind::FLUSHED, number, &[]),
                AfterBarrier::Move => connection.is_waiting = false,
            }
        }
        self.mark_dirty(id);
    }

    fn control(&mut self, id: ConnectionId, frame: &Frame<'_>) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let peer = connection.peer;
        if connection.controls >= self.shared.limits.controls_max {
            let detail = "too many control requests are not answered yet";
            return self.refuse(id, frame.number, RequestError::Quota, detail);
        }
        if !self.directory.is_admin(peer.uid) {
            self.event(
                "control-forbidden",
                None,
                Some(peer),
                "CONTROL by no administrator",
            );
            let detail = "only root, the daemon's user and [admin] uids may ask this";
            return self.refuse(id, frame.number, RequestError::Forbidden, detail);
        }
        connection.controls += 1;
        let body = frame.body.to_vec();
        self.effects
            .push(Effect::Control(peer, id, frame.number, body));
    }

    pub(super) fn control_reply(&mut self, id: ConnectionId, number: u64, body: &[u8]) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return self.pass_on(id, Crossing::ControlReply(id, number, body.to_vec()));
        };
        connection.controls = connection.controls.saturating_sub(1);
        if body.len() > FRAME_BYTES_MAX {
            let detail = "the reply does not fit into a frame: ask for less";
            return self.refuse(id, number, RequestError::Quota, detail);
        }
        connection.say(kind::CONTROL_REPLY, number, body);
        self.mark_dirty(id);
    }
}
