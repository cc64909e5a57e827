//! Verdicts on their way back.

use guard_policies::Entry;
use libetp::digest::Hash;
use libetp::params::Param;
use libetp::params::host::Undeliverable;
use libetp::verdict::Subject;
use libetp::{Domain, EntityId, Message, Port, Verdict};

use super::effect::{Crossing, Effect, ForRemote};
use super::ledger::Sender;
use super::returns::{Back, ConnectionId, RemoteNumber};
use super::shard::Shard;

impl Shard {
    /// A verdict about a message goes back the way the message came.
    pub(super) fn give_back(
        &mut self,
        back: Back,
        sender: Sender,
        message: &Message,
        verdict: &Verdict,
    ) {
        match (back, sender) {
            (Back::App { connection, number }, _) => {
                self.give_verdict(connection, number, verdict);
            }
            (Back::Card, Sender::Card(domain)) => {
                self.tell_card(domain, &Subject::of(message), verdict);
            }
            (Back::Remote { number }, Sender::Host(host)) => {
                self.tell_host(host, Subject::of(message), number, verdict);
            }
            _ => self.counters.add("verdict-to-nobody"),
        }
    }

    /// Tells a connection of this or another shard.
    pub(super) fn give_verdict(&mut self, id: ConnectionId, number: u64, verdict: &Verdict) {
        match self.connections.get_mut(&id) {
            Some(connection) => {
                connection.verdict(number, verdict.code as u16, &verdict.detail);
                self.mark_dirty(id);
            }
            None => self.pass_on(id, Crossing::Verdict(id, number, verdict.clone())),
        }
    }

    pub(super) fn tell_host(
        &mut self,
        host: Hash,
        subject: Subject,
        number: u64,
        verdict: &Verdict,
    ) {
        let told = Effect::RemoteVerdict(host, subject, number, verdict.clone());
        self.effects.push(told);
    }

    /// A verdict found no room on its way to a host.
    pub fn host_not_told(&mut self) {
        self.counters.add("host-verdicts-lost");
    }

    /// Tells a card, in the one form that cards have for it.
    pub(super) fn tell_card(&mut self, domain: Domain, subject: &Subject, verdict: &Verdict) {
        let undeliverable = Undeliverable {
            dst: subject.dst,
            mtype: subject.mtype,
            digest: subject.digest,
            code: verdict.code as u16,
            detail: verdict.detail.clone(),
        };
        let diagnostics = domain.entity(Port::DIAGNOSTICS);
        let message = undeliverable.into_message(diagnostics, domain.card());
        self.submit(Entry::Host, 0, &message);
    }

    /// Another host's word on a message that went to it.
    pub(super) fn remote_verdict(&mut self, subject: &Subject, number: u64, verdict: &Verdict) {
        self.counters.add("remote-verdicts");
        let number = RemoteNumber(number);
        if subject.src.is_card() {
            return match RemoteNumber::of_card(&self.remote_secret, subject) == number {
                true => self.tell_card(subject.src.domain, subject, verdict),
                false => self.counters.add("verdict-to-nobody"),
            };
        }
        match self.sender_of(subject, number) {
            Some((connection, number)) => {
                self.give_verdict(connection, number, verdict);
                self.close_if_flooded(connection);
            }
            None => self.counters.add("verdict-to-nobody"),
        }
    }

    /// The connection that sent the message under the number, that of the source's owner or one
    /// derived from it.
    fn sender_of(&self, subject: &Subject, number: RemoteNumber) -> Option<(ConnectionId, u64)> {
        let mut candidates = vec![self.capabilities.get(&subject.src)?.connection?];
        while let Some(connection) = candidates.pop().and_then(|id| self.connections.get(&id)) {
            let sender = (connection.id, connection.last_number);
            if let Some(number) = number.opened(&self.remote_secret, sender, subject.dst) {
                return Some((connection.id, number));
            }
            candidates.extend(&connection.children);
        }
        None
    }

    /// A host's port refused a message at once.
    pub fn returned(&mut self, message: ReturnedAtOnce, verdict: &Verdict) {
        let ReturnedAtOnce { back, src, subject } = message;
        self.counters.add(verdict.code.name());
        match (back, subject) {
            (Back::App { connection, number }, _) => {
                self.give_verdict(connection, number, verdict);
            }
            (Back::Card, Some(subject)) => self.tell_card(src.domain, &subject, verdict),
            _ => self.counters.add("verdict-to-nobody"),
        }
    }

    /// Another shard's queue takes no more.
    pub fn bounced(&mut self, crossing: Crossing) {
        match crossing {
            Crossing::Message {
                sender,
                back,
                message,
                ..
            } => {
                let code = libetp::VerdictCode::MailboxFull;
                let verdict = self.refusal("shard-queue-full", code, "the daemon is overloaded");
                self.give_back(back, sender, &message, &verdict);
            }
            _ => self.counters.add("crossing-lost"),
        }
    }
}

/// What is left of a [`ForRemote`] when its message is on its way.
#[derive(Debug)]
pub struct ReturnedAtOnce {
    back: Back,
    src: EntityId,
    subject: Option<Subject>,
}

impl ForRemote {
    /// The message and its number to send, and what [`Shard::returned`] wants if that fails.
    pub fn split(self) -> (u64, Message, ReturnedAtOnce) {
        let returned = ReturnedAtOnce {
            back: self.back,
            src: self.message.header.src,
            subject: self.subject,
        };
        (self.number, self.message, returned)
    }
}
