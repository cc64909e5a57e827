//! All links of a host, the gate and the routes, as one pure state machine.
//!
//! This is where a message from another host is judged: its source must not be local, its
//! destination must be, and its domain must be enrolled at the host that sent it.

mod admit;
mod questions;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use etp_pki::Anchors;
use libetp::digest::Hash;
use libetp::verdict::Subject;
use libetp::{Domain, Message, Verdict, VerdictCode};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use crate::event::{Counter, RemoteEvent};
use crate::gate::Gate;
use crate::limits::Limits;
use crate::link::{
    Attempt, ConnectionId, Link, LinkEffect, LinkFault, Now, Opened, Outgoing, Pending,
    VerdictFrame,
};
use crate::status::{LinkStatus, RemoteStatus};
use crate::store::StatementStore;
use questions::Questions;

/// What a hub is made of.
pub struct HubConfig {
    /// Key id of this host.
    pub own: Hash,
    /// The configured hosts, and where to dial them.
    pub peers: Vec<(Hash, Option<SocketAddr>)>,
    /// Which host each domain is routed to.
    pub routes: BTreeMap<Domain, Hash>,
    /// Domains of this host's own cards.
    pub local: BTreeSet<Domain>,
    /// What certificates are judged by.
    pub anchors: Anchors,
    /// What must outlive the process.
    pub store: Box<dyn StatementStore>,
    /// Deadlines and bounds.
    pub limits: Limits,
    /// Unpredictable, new at each start: incarnation, nonces and jitter come from it.
    pub seed: [u8; 32],
}

/// What the hub wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HubOutput {
    /// To be told to the host's event sink.
    Event(RemoteEvent),
    /// Dial a peer, then call [`Hub::opened`] or [`Hub::dial_failed`].
    Dial(Hash, Attempt),
    /// Give an attempt up.
    Abandon(Hash, Attempt),
    /// Close a connection.
    Close(Hash, ConnectionId, LinkFault),
    /// Everything ended after [`Hub::shut_down`].
    Finished,
}

/// The remote proxy without its sockets.
pub struct Hub {
    links: BTreeMap<Hash, Link>,
    routes: BTreeMap<Domain, Hash>,
    local: BTreeSet<Domain>,
    gate: Gate,
    anchors: Anchors,
    store: Box<dyn StatementStore>,
    random: ChaCha20Rng,
    questions: Questions,
    outputs: VecDeque<HubOutput>,
    refused: BTreeMap<Counter, u64>,
    ending: bool,
    unfinished: usize,
}

impl Hub {
    /// A hub whose links begin to dial at once.
    pub fn new(config: HubConfig, now: Now) -> Self {
        let mut random = ChaCha20Rng::from_seed(config.seed);
        let mut incarnation = [0; 16];
        random.fill_bytes(&mut incarnation);
        let limits = config.limits;
        let link = |(peer, address)| {
            let seed = random_bytes(&mut random);
            let limits = limits.clone();
            let link = Link::new(config.own, peer, address, incarnation, limits, seed, now);
            (peer, link)
        };
        Self {
            links: config.peers.into_iter().map(link).collect(),
            routes: config.routes,
            local: config.local,
            gate: Gate::new(limits),
            anchors: config.anchors,
            store: config.store,
            random,
            questions: Questions::default(),
            outputs: VecDeque::new(),
            refused: BTreeMap::new(),
            ending: false,
            unfinished: 0,
        }
    }

    /// The next thing to do. To be asked after every input until it is `None`.
    pub fn poll(&mut self) -> Option<HubOutput> {
        self.outputs.pop_front()
    }

    /// A message of this host. Returns the host whose link it waits on.
    pub fn send(&mut self, now: Now, number: u64, message: Message) -> Option<Hash> {
        let route = self.routes.get(&message.header.dst.domain).copied();
        let link = route.and_then(|host| self.links.get_mut(&host));
        let outgoing = Outgoing { number, message };
        let Some(link) = link else {
            self.undeliverable(
                outgoing,
                VerdictCode::UnknownDestination,
                "no route to the domain",
            );
            return None;
        };
        if self.ending {
            self.undeliverable(outgoing, VerdictCode::ShuttingDown, "this host ends");
        } else if let Err(full) = link.send(now, outgoing) {
            let detail = "the queue to the host is full";
            self.undeliverable(full.0, VerdictCode::HostUnreachable, detail);
        }
        route
    }

    /// A verdict of this host about a message that came from `host`.
    pub fn send_verdict(
        &mut self,
        now: Now,
        host: Hash,
        subject: Subject,
        number: u64,
        verdict: Verdict,
    ) {
        let Some(link) = self.links.get_mut(&host) else {
            let detail = format!("verdict about {} to {}", subject.src, subject.dst);
            return self.refuse(Some(host), Counter::VerdictNoLink, detail);
        };
        // Cuts words that are longer than a frame may carry.
        let verdict = Verdict::new(verdict.code, verdict.detail);
        let frame = VerdictFrame {
            sequence: 0,
            src: subject.src,
            dst: subject.dst,
            mtype: subject.mtype,
            digest: subject.digest,
            number,
            code: verdict.code as u16,
            detail: verdict.detail,
        };
        if !link.send_verdict(now, frame) {
            let detail = "too many verdicts wait for the link".to_owned();
            self.refuse(Some(host), Counter::VerdictsFull, detail);
        }
    }

    /// The domains of this host's own cards are these.
    pub fn set_local(&mut self, local: BTreeSet<Domain>) {
        self.local = local;
    }

    /// A connection with a configured peer is open. Returns whether it is wanted.
    pub fn opened(&mut self, now: Now, host: Hash, id: ConnectionId, opened: Opened) -> bool {
        let link = self.links.get_mut(&host);
        let wanted = link.is_some_and(|link| link.opened(now, id, opened));
        self.settle(host);
        wanted
    }

    /// An attempt to dial failed.
    pub fn dial_failed(&mut self, now: Now, host: Hash, attempt: Attempt, reason: &str) {
        if let Some(link) = self.links.get_mut(&host) {
            link.dial_failed(now, attempt, reason);
        }
        self.settle(host);
    }

    /// A connection was lost or closed by the peer.
    pub fn closed(&mut self, now: Now, host: Hash, id: ConnectionId, reason: &str) {
        if let Some(link) = self.links.get_mut(&host) {
            link.closed(now, id, reason);
        }
        self.settle(host);
    }

    /// What came on a connection, or how it ended, is not of the protocol.
    pub fn fail(&mut self, now: Now, host: Hash, id: ConnectionId, fault: LinkFault) {
        if let Some(link) = self.links.get_mut(&host) {
            link.fail(now, id, fault);
        }
        self.settle(host);
    }

    /// The connection whose frames count, if it is this one.
    pub fn is_current(&self, host: Hash, id: ConnectionId) -> bool {
        let link = self.links.get(&host);
        link.is_some_and(|link| link.current() == Some(id))
    }

    /// Which of a connection's writers have work.
    pub fn pending(&self, now: Now, host: Hash, id: ConnectionId) -> Pending {
        let link = self.links.get(&host);
        link.map(|link| link.pending(now, id)).unwrap_or_default()
    }

    /// The next message frames for a lane of the connection.
    pub fn transmit(
        &mut self,
        now: Now,
        host: Hash,
        id: ConnectionId,
        lane: usize,
    ) -> Option<Vec<u8>> {
        self.links.get_mut(&host)?.transmit(now, id, lane)
    }

    /// The next control frames for the connection.
    pub fn transmit_control(&mut self, now: Now, host: Hash, id: ConnectionId) -> Option<Vec<u8>> {
        let batch = self.links.get_mut(&host)?.transmit_control(now, id);
        self.settle(host);
        batch
    }

    /// When [`Hub::timeout`] should be called at the latest.
    pub fn deadline_ms(&self, now: Now) -> Option<u64> {
        let links = self.links.values().filter_map(|link| link.deadline_ms(now));
        links.chain(self.gate.deadline_ms()).min()
    }

    /// When a link, or the gate, wants [`Hub::timeout`].
    pub fn deadline_of_ms(&self, now: Now, host: Hash) -> Option<u64> {
        let link = self.links.get(&host).and_then(|link| link.deadline_ms(now));
        link.into_iter().chain(self.gate.deadline_ms()).min()
    }

    /// Does whatever is due.
    pub fn timeout(&mut self, now: Now) {
        let hosts: Vec<_> = self.links.keys().copied().collect();
        for host in hosts {
            if let Some(link) = self.links.get_mut(&host) {
                link.timeout(now);
            }
            self.settle(host);
        }
        while let Some((host, domain, judgement)) = self.gate.overdue(now) {
            self.judged(now, host, domain, judgement);
        }
    }

    /// Ends all links. [`HubOutput::Finished`] follows.
    pub fn shut_down(&mut self, now: Now) {
        if std::mem::replace(&mut self.ending, true) {
            return;
        }
        self.return_parked(now);
        self.unfinished = self.links.len();
        self.links.values_mut().for_each(|link| link.shut_down(now));
        let hosts: Vec<_> = self.links.keys().copied().collect();
        hosts.into_iter().for_each(|host| self.settle(host));
        if self.unfinished == 0 {
            self.outputs.push_back(HubOutput::Finished);
        }
    }

    /// One link at this moment.
    pub fn link_status(&mut self, now: Now, host: Hash) -> Option<LinkStatus> {
        self.links.get_mut(&host).map(|link| link.status(now))
    }

    /// How often something was refused.
    pub fn refused(&self) -> &BTreeMap<Counter, u64> {
        &self.refused
    }

    /// Everything at this moment.
    pub fn status(&mut self, now: Now) -> RemoteStatus {
        let links = self.links.iter_mut();
        RemoteStatus {
            links: links
                .map(|(host, link)| (*host, link.status(now)))
                .collect(),
            refused: self.refused.clone(),
        }
    }

    /// Counts and reports something that another host did and may not.
    pub fn refuse(&mut self, host: Option<Hash>, counter: Counter, detail: String) {
        self.refuse_many(host, counter, 1, detail);
    }

    /// As [`Hub::refuse`], for several at once.
    pub fn refuse_many(
        &mut self,
        host: Option<Hash>,
        counter: Counter,
        times: u64,
        detail: String,
    ) {
        *self.refused.entry(counter).or_default() += times;
        self.event(RemoteEvent::Refused {
            host,
            counter,
            detail,
        });
    }

    /// Turns what a link wants into outputs.
    fn settle(&mut self, host: Hash) {
        while let Some(effect) = self.links.get_mut(&host).and_then(Link::poll) {
            match effect {
                LinkEffect::Dial(attempt) => self.output(HubOutput::Dial(host, attempt)),
                LinkEffect::Abandon(attempt) => self.output(HubOutput::Abandon(host, attempt)),
                LinkEffect::Close(id, fault) => self.output(HubOutput::Close(host, id, fault)),
                LinkEffect::Up(address) => self.event(RemoteEvent::LinkUp { host, address }),
                LinkEffect::Down(reason) => self.event(RemoteEvent::LinkDown { host, reason }),
                LinkEffect::Restarted(verdicts) => self.restarted(host, verdicts),
                LinkEffect::GaveUp(outgoing, code, detail) => {
                    self.undeliverable(*outgoing, code, detail);
                }
                LinkEffect::Finished => self.finished(),
            }
        }
    }

    fn finished(&mut self) {
        self.unfinished -= 1;
        if self.unfinished == 0 {
            self.output(HubOutput::Finished);
        }
    }

    /// A message of this host does not reach its destination.
    fn undeliverable(&mut self, outgoing: Outgoing, code: VerdictCode, detail: &str) {
        self.event(RemoteEvent::Verdict {
            subject: Subject::of(&outgoing.message),
            number: outgoing.number,
            verdict: Verdict::new(code, detail),
        });
    }

    fn event(&mut self, event: RemoteEvent) {
        self.output(HubOutput::Event(event));
    }

    fn output(&mut self, output: HubOutput) {
        self.outputs.push_back(output);
    }
}

fn random_bytes(random: &mut ChaCha20Rng) -> [u8; 32] {
    let mut bytes = [0; 32];
    random.fill_bytes(&mut bytes);
    bytes
}
