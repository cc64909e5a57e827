//! One connection of a program, as the shard sees it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use guard_policies::{Membership, Principal};
use libetp::EntityId;
use libetp::codec::{self, Encode};
use libetp::frame::body::{Closing, RequestError, VerdictBody};
use libetp::frame::{self, kind};

use super::ledger::Account;
use super::moving::Barrier;
use super::returns::ConnectionId;
use super::scope::Scope;

/// What the connection may do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Said nothing yet.
    New,
    /// Said `HELLO`.
    Greeted,
    /// Is a capability.
    Acquired(Role),
    /// Gets what is left to write, then ends.
    Closing,
}

/// Which capability a connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Sends and receives as the id.
    Owner(EntityId),
    /// Only sends as the id, within a scope.
    Derived {
        id: EntityId,
        parent: ConnectionId,
        scope: Arc<Scope>,
    },
}

impl Role {
    pub(super) fn id(&self) -> EntityId {
        match self {
            Self::Owner(id) | Self::Derived { id, .. } => *id,
        }
    }
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    /// Credentials of whoever connected.
    pub(super) peer: Principal,
    /// For Guard: as `peer`, or those at the start of the chain of derivations.
    pub(super) principal: Principal,
    /// What else the kernel says of the process of `peer`, and of `principal`.
    pub(super) peer_membership: Option<Arc<Membership>>,
    pub(super) membership: Option<Arc<Membership>>,
    pub(super) name: String,
    pub(super) phase: Phase,
    /// A request waits for the card or the store: nothing is read meanwhile.
    pub(super) is_waiting: bool,
    /// Who pays for what it sends.
    pub(super) account: Account,
    /// Largest number of a frame so far.
    pub(super) last_number: u64,
    /// When it connected.
    pub(super) since_ms: u64,
    /// Derived connections and tokens that end with this one.
    pub(super) children: BTreeSet<ConnectionId>,
    pub(super) grants: BTreeSet<[u8; 32]>,
    pub(super) controls: usize,
    /// Whether it wants to be told how its card is.
    pub(super) watches_card: bool,
    /// Other shards that got messages since the last `FLUSH`.
    pub(super) crossed: BTreeSet<u16>,
    /// What waits for other shards, in its order.
    pub(super) barriers: VecDeque<Barrier>,
    /// Answers and verdicts, and how much of them is written.
    answers: Vec<u8>,
    answers_written: usize,
    pub(super) is_dirty: bool,
}

impl Connection {
    pub(super) fn new(
        id: ConnectionId,
        (peer, membership): (Principal, Option<Arc<Membership>>),
        account: Account,
        now_ms: u64,
    ) -> Self {
        Self {
            id,
            peer,
            principal: peer,
            peer_membership: membership.clone(),
            membership,
            name: String::new(),
            phase: Phase::New,
            is_waiting: false,
            account,
            last_number: 0,
            since_ms: now_ms,
            children: BTreeSet::new(),
            grants: BTreeSet::new(),
            controls: 0,
            watches_card: false,
            crossed: BTreeSet::new(),
            barriers: VecDeque::new(),
            answers: Vec::new(),
            answers_written: 0,
            is_dirty: false,
        }
    }

    pub(super) fn role(&self) -> Option<&Role> {
        match &self.phase {
            Phase::Acquired(role) => Some(role),
            _ => None,
        }
    }

    /// The id whose mail this connection gets.
    pub(super) fn owned(&self) -> Option<EntityId> {
        match self.role() {
            Some(Role::Owner(id)) => Some(*id),
            _ => None,
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        self.phase == Phase::Closing
    }

    /// Appends an answer. Nothing follows a `CLOSING`.
    pub(super) fn say(&mut self, kind: u8, number: u64, body: &[u8]) {
        if !self.is_closing() {
            frame::write(&mut self.answers, kind, number, &[body]);
        }
    }

    pub(super) fn answer(&mut self, kind: u8, number: u64, body: &impl Encode) {
        self.say(kind, number, &codec::to_vec(body));
    }

    pub(super) fn verdict(&mut self, number: u64, code: u16, detail: &str) {
        let detail = detail.to_owned();
        self.answer(kind::VERDICT, number, &VerdictBody { code, detail });
    }

    /// Keeps the rest of a delivery that is half written when its mailbox goes.
    pub(super) fn complete_frame(&mut self, partial: &[u8]) {
        if !partial.is_empty() {
            debug_assert_eq!(self.answers_written, 0, "only one frame is half written");
            self.answers.splice(..0, partial.iter().copied());
        }
    }

    /// Says why, then ends.
    pub(super) fn close(&mut self, reason: RequestError, detail: &str) {
        let reason = reason as u16;
        let detail = detail.to_owned();
        self.answer(kind::CLOSING, 0, &Closing { reason, detail });
        self.phase = Phase::Closing;
    }

    /// Answers that are not written yet.
    pub(super) fn answers(&self) -> &[u8] {
        &self.answers[self.answers_written..]
    }

    /// Whether the start of [`Connection::answers`] may be the middle of a frame.
    pub(super) fn is_within_answers(&self) -> bool {
        self.answers_written > 0
    }

    pub(super) fn wrote_answers(&mut self, bytes: usize) {
        self.answers_written += bytes;
        if self.answers_written == self.answers.len() {
            self.answers.clear();
            self.answers.shrink_to(1_024);
            self.answers_written = 0;
        } else if self.answers_written > self.answers.len() / 2 {
            // One written byte stays, and says that a frame may be cut.
            self.answers.drain(..self.answers_written - 1);
            self.answers_written = 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::ledger::{Accounts, Sender};

    #[test]
    fn answers_that_were_written_are_not_kept_for_a_reader_that_never_catches_up() {
        let peer = Principal {
            uid: 1,
            gid: 1,
            pid: 1,
        };
        let account = Accounts::default().open(Sender::User(1));
        let mut connection = Connection::new(
            ConnectionId::new(0, 1),
            (peer, Some(Arc::default())),
            account,
            0,
        );
        let (mut said, mut read) = (Vec::new(), Vec::new());
        for number in 0..2_000 {
            connection.say(kind::VERDICT, number, &[7; 87]);
            frame::write(&mut said, kind::VERDICT, number, &[&[7; 87]]);
            if number >= 10 {
                read.extend_from_slice(&connection.answers()[..100]);
                connection.wrote_answers(100);
                assert!(connection.is_within_answers());
            }
        }
        assert!(connection.answers.capacity() < 10_000);
        read.extend_from_slice(connection.answers());
        assert_eq!(read, said);
    }
}
