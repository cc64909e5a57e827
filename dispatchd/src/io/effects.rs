//! Doing what the shard wants done.

use std::rc::Rc;
use std::sync::Arc;

use guard_policies::Entry;
use libetp::digest::Hash;
use libetp::verdict::Subject;
use libetp::{Domain, Message, Verdict, VerdictCode};

use super::job::{Class, Job};
use super::storing::StoreJob;
use super::worker::Worker;
use crate::router::{self, ControlRequest, ControlTicket, Event, RemotePort, TraceRecord};
use crate::table::{Change, ConnectionId, Crossing, Effect, ForRemote, Input, ShardIndex, Ticket};

impl Worker {
    pub(super) fn perform_effects(self: &Rc<Self>) {
        while self.shard.borrow().has_effects() {
            let effects = self.shard.borrow_mut().take_effects();
            for effect in effects {
                self.perform(effect);
            }
        }
    }

    fn perform(&self, effect: Effect) {
        let host = &self.peers.host;
        match effect {
            Effect::Cross(shard, crossing) => self.cross(shard, crossing),
            Effect::ToCard(domain, number, message) => self.to_card(domain, number, message),
            Effect::ToRemote(host, message) => self.to_remote(host, message),
            Effect::RemoteVerdict(host, subject, number, verdict) => {
                self.tell_host(host, subject, number, verdict);
            }
            Effect::ToHost(entry, message) => host.message(from_guard(entry), message),
            Effect::WantPorts(domain) => host.want_ports(domain),
            Effect::Persist(ticket, change) => self.persist(ticket, change),
            Effect::Move(id, shard) => self.begin_move(id, shard),
            Effect::Control(principal, connection, number, body) => host.control(ControlRequest {
                principal,
                ticket: ControlTicket {
                    connection: connection.0,
                    number,
                },
                body,
            }),
            Effect::Event(name, id, principal, detail) => host.event(Event {
                name,
                id,
                principal,
                detail,
            }),
            Effect::Wake(at_ms) => self.wake_at(at_ms),
            Effect::AskWorker(job) => self.peers.ask_worker(job),
            Effect::Judged(record) => host.judged(*record),
            Effect::Trace(entry, header, bytes, outcome) => self.pass.record(TraceRecord {
                entry: entry.name(),
                header,
                bytes,
                outcome,
                cpu_us: 0,
                io_us: 0,
            }),
        }
    }

    fn tell_host(&self, host: Hash, subject: Subject, number: u64, verdict: Verdict) {
        let remote = self.remote.borrow();
        let is_told = |remote: &Arc<dyn RemotePort>| remote.verdict(host, subject, number, verdict);
        if !remote.as_ref().is_some_and(is_told) {
            self.shard.borrow_mut().host_not_told();
        }
    }

    fn persist(&self, ticket: Option<Ticket>, change: Change) {
        let reply = ticket.map(|ticket| (ticket, self.peers.shards[self.index()].clone()));
        // The thread ends only after this one.
        let _ = self.peers.store.send(StoreJob { change, reply });
    }

    pub(super) fn index(&self) -> usize {
        usize::from(self.shard.borrow().index())
    }

    fn cross(&self, shard: ShardIndex, crossing: Crossing) {
        let Some(to) = self.peers.shards.get(usize::from(shard)) else {
            return;
        };
        let Crossing::Message { message, .. } = &crossing else {
            return to.send(Job::Input(Input::Crossed(crossing)));
        };
        let bytes = message.wire_len();
        let sent = to.try_message(Class::Shard, bytes, Input::Crossed(crossing));
        if let Err(Input::Crossed(crossing)) = sent {
            self.shard.borrow_mut().bounced(crossing);
        }
    }

    fn to_card(&self, domain: Domain, number: u64, message: Message) {
        let cards = self.cards.borrow();
        let port = cards.get(&domain);
        if !port.is_some_and(|port| port.send(number, message)) {
            let verdict = Verdict::new(VerdictCode::CardGone, "the card's link takes nothing");
            let done = Input::CardDone(domain, number, Some(verdict));
            self.shard.borrow_mut().input(done);
        }
    }

    fn to_remote(&self, host: Hash, message: ForRemote) {
        let (number, message, returned) = message.split();
        let sent = match &*self.remote.borrow() {
            Some(remote) => remote.send(host, number, message),
            None => Err(Verdict::new(
                VerdictCode::HostUnreachable,
                "no links to other hosts",
            )),
        };
        if let Err(verdict) = sent {
            self.shard.borrow_mut().returned(returned, &verdict);
        }
    }

    fn begin_move(&self, id: ConnectionId, shard: ShardIndex) {
        if let Some(socket) = self.sockets.borrow().get(&id) {
            socket.moves_to.set(Some(shard));
            socket.wake.notify_one();
        }
    }
}

fn from_guard(entry: Entry) -> router::Entry {
    match entry {
        Entry::Card(domain) => router::Entry::Card(domain),
        Entry::Remote(host) => router::Entry::Remote(host),
        Entry::Host | Entry::App { .. } => router::Entry::Host,
    }
}
