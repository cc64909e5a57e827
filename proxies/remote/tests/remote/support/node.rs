//! A remote proxy with its events, and a host that answers for its cards.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use libetp::digest::Hash;
use libetp::params::runtime::Statement;
use libetp::{Domain, Message, VerdictCode};
use remote_proxy::{
    Counter, Limits, LinkState, MemoryStatementStore, Peer, RemoteConfig, RemoteEvent,
    RemoteHandle, RemoteProxy, StatementStore,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::world::{Card, HostKey, World};

/// Far beyond what anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

type Answer = Box<dyn FnMut([u8; 32]) -> Option<Statement>>;

pub(crate) struct Node {
    pub(crate) handle: RemoteHandle,
    pub(crate) key: Hash,
    events: UnboundedReceiver<RemoteEvent>,
    answers: BTreeMap<Domain, Answer>,
    pub(crate) messages: Vec<(Hash, u64, Message)>,
    pub(crate) verdicts: Vec<(u64, VerdictCode)>,
    pub(crate) refused: Vec<(Option<Hash>, Counter, String)>,
    pub(crate) moved: Vec<(Hash, Domain, u64)>,
    pub(crate) asked: usize,
    pub(crate) ups: usize,
    pub(crate) downs: Vec<String>,
}

pub(crate) struct NodeConfig {
    config: RemoteConfig,
    key: Hash,
    answers: BTreeMap<Domain, Answer>,
}

impl Node {
    /// A host that listens on a free port; more by the methods of [`NodeConfig`].
    pub(crate) fn of(world: &World, host: &HostKey) -> NodeConfig {
        NodeConfig {
            config: RemoteConfig {
                listen: Some(([127, 0, 0, 1], 0).into()),
                identity: host.identity(),
                anchors: world.anchors(),
                peers: Vec::new(),
                local_domains: Vec::new(),
                store: Box::new(MemoryStatementStore::default()),
                limits: Limits::default(),
            },
            key: host.key,
            answers: BTreeMap::new(),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.handle.local_addr()
    }

    pub(crate) fn is_up(&self, host: Hash) -> bool {
        self.state(host) == LinkState::Up
    }

    pub(crate) fn state(&self, host: Hash) -> LinkState {
        self.handle.status().links[&host].state
    }

    pub(crate) fn count(&self, counter: Counter) -> usize {
        self.refused
            .iter()
            .filter(|(_, c, _)| *c == counter)
            .count()
    }

    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.messages.iter().map(|(_, number, _)| *number).collect()
    }

    pub(crate) fn answer(&mut self, domain: Domain, answer: Answer) {
        self.answers.insert(domain, answer);
    }

    /// Takes the events that are there.
    pub(crate) fn pump(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            self.take(event);
        }
    }

    fn take(&mut self, event: RemoteEvent) {
        match event {
            RemoteEvent::Message {
                host,
                number,
                message,
            } => self.messages.push((host, number, message)),
            RemoteEvent::Verdict {
                number, verdict, ..
            } => self.verdicts.push((number, verdict.code)),
            RemoteEvent::NeedStatement {
                domain,
                nonce,
                token,
            } => {
                self.asked += 1;
                let answer = self.answers.get_mut(&domain);
                let statement = answer.and_then(|answer| answer(nonce));
                assert!(self.handle.statement(domain, statement, token));
            }
            RemoteEvent::Moved {
                host,
                domain,
                number,
            } => self.moved.push((host, domain, number)),
            RemoteEvent::LinkUp { .. } => self.ups += 1,
            RemoteEvent::LinkDown { reason, .. } => self.downs.push(reason),
            RemoteEvent::Refused {
                host,
                counter,
                detail,
            } => self.refused.push((host, counter, detail)),
        }
    }
}

impl NodeConfig {
    pub(crate) fn peer(
        mut self,
        key: Hash,
        address: Option<SocketAddr>,
        domains: &[Domain],
    ) -> Self {
        self.config.peers.push(Peer {
            key,
            address,
            domains: domains.to_vec(),
        });
        self
    }

    /// A card that lives here and says so, with rising numbers.
    pub(crate) fn card(mut self, card: &Card) -> Self {
        let (home, own, mut number) = (self.key, card.clone(), 0);
        let answer = move |nonce| {
            number += 1;
            Some(own.statement(home, number, nonce))
        };
        self.answers.insert(card.domain, Box::new(answer));
        self.local(card.domain)
    }

    pub(crate) fn local(mut self, domain: Domain) -> Self {
        self.config.local_domains.push(domain);
        self
    }

    pub(crate) fn limits(mut self, limit: impl FnOnce(&mut Limits)) -> Self {
        limit(&mut self.config.limits);
        self
    }

    pub(crate) fn store(mut self, store: impl StatementStore + 'static) -> Self {
        self.config.store = Box::new(store);
        self
    }

    pub(crate) fn listen(mut self, address: Option<SocketAddr>) -> Self {
        self.config.listen = address;
        self
    }

    pub(crate) fn config(self) -> RemoteConfig {
        self.config
    }

    pub(crate) fn start(self) -> Node {
        let (sender, events) = unbounded_channel();
        // The node is gone when a test ends before its proxy does.
        let sink = Box::new(move |event| drop(sender.send(event)));
        let handle = RemoteProxy::spawn(self.config, sink).unwrap();
        Node {
            handle,
            key: self.key,
            events,
            answers: self.answers,
            messages: Vec::new(),
            verdicts: Vec::new(),
            refused: Vec::new(),
            moved: Vec::new(),
            asked: 0,
            ups: 0,
            downs: Vec::new(),
        }
    }
}

/// Lets nodes take their events until a condition holds.
pub(crate) async fn until<const N: usize>(
    mut nodes: [&mut Node; N],
    what: &str,
    mut condition: impl FnMut(&mut [&mut Node; N]) -> bool,
) {
    let start = Instant::now();
    loop {
        nodes.iter_mut().for_each(|node| node.pump());
        if condition(&mut nodes) {
            return;
        }
        if start.elapsed() > PATIENCE {
            for node in &nodes {
                eprintln!("status {:#?}", node.handle.status());
                let last = node.verdicts.last();
                eprintln!("{} verdicts, last {last:?}", node.verdicts.len());
                eprintln!("refused {:?}", node.refused);
                eprintln!("{} messages, downs {:?}", node.messages.len(), node.downs);
            }
            panic!("in vain: {what}");
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
