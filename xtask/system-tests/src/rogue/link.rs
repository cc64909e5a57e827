//! The hostile host: a certified one, which carries whatever the broken cards sign.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use etp_pki::scheme::Identity;
use libetp::Message;
use libetp::digest::Hash;
use libetp::id::parse_hex;
use remote_proxy::{
    HostIdentity, Limits, MemoryStatementStore, Peer, RemoteConfig, RemoteEvent, RemoteHandle,
    RemoteProxy,
};

use super::cards::Card;
use crate::deployment::Deployment;
use crate::host;
use crate::program::Failure;

/// The link to the third party's host.
pub(super) struct Link {
    remote: RemoteHandle,
    events: Receiver<RemoteEvent>,
    sent: u64,
}

impl Link {
    /// Enrols the host, which listens and dials.
    pub(super) fn open(
        at: &Deployment,
        third_party: &host::Peer,
        cards: &[Card; 2],
    ) -> Result<Self, Failure> {
        let (sink, events) = channel();
        let sink = Box::new(move |event| {
            // Nobody listens any more once the siege is over.
            let _over = sink.send(event);
        });
        let remote = RemoteProxy::spawn(config(at, third_party, cards)?, sink);
        Ok(Self {
            remote: remote.map_err(|error| failed(&error))?,
            events,
            sent: 0,
        })
    }

    /// What the third party's host has to know of this one.
    pub(super) fn peer(&self, cards: &[Card; 2]) -> host::Peer {
        host::Peer {
            key: libetp::client::text::hex(&self.remote.key()),
            address: Some(self.remote.local_addr()),
            domains: cards.iter().map(|card| card.domain.to_string()).collect(),
        }
    }

    /// Sends a message, which may be lost.
    pub(super) fn send(&mut self, message: Message) {
        self.sent += 1;
        // A message that cannot be sent now is sent again as one that got no answer.
        let _lost = self.remote.send(self.sent, message);
    }

    /// The next message to the cards, if one comes in time. Says meanwhile where the cards are.
    pub(super) fn receive(&self, cards: &mut [Card; 2], wait: Duration) -> Option<Message> {
        loop {
            match self.events.recv_timeout(wait).ok()? {
                RemoteEvent::Message { message, .. } => return Some(message),
                RemoteEvent::NeedStatement {
                    domain,
                    nonce,
                    token,
                } => {
                    let card = cards.iter_mut().find(|card| card.domain == domain);
                    let statement = card.map(|card| card.state(self.remote.key(), nonce));
                    self.remote.statement(domain, statement, token);
                }
                _ => {}
            }
        }
    }
}

fn config(
    at: &Deployment,
    third_party: &host::Peer,
    cards: &[Card; 2],
) -> Result<RemoteConfig, Failure> {
    at.enrol("host", "rogue")?;
    let file = |name: &str| at.path().join("rogue").join(name);
    let intermediate = file("host-intermediate.der");
    let identity = Identity::load(&file("host.der"), Some(&intermediate), &file("host.key"));
    let identity = identity.map_err(|error| failed(&error))?;
    let scheme = etp_pki::scheme::SchemeFile::load(at.scheme_file());
    let nowhere = || Failure::new("rogue: no intermediate");
    Ok(RemoteConfig {
        listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        identity: HostIdentity {
            key: identity.pkcs8().map_err(|error| failed(&error))?,
            leaf: identity.leaf,
            intermediate: identity.intermediate.ok_or_else(nowhere)?,
        },
        anchors: scheme.map_err(|error| failed(&error))?.anchors(),
        peers: vec![peer(third_party)?],
        local_domains: cards.iter().map(|card| card.domain).collect(),
        store: Box::new(MemoryStatementStore::default()),
        limits: Limits::default(),
    })
}

fn peer(of: &host::Peer) -> Result<Peer, Failure> {
    let key: Option<Hash> = parse_hex(&of.key);
    let domains = of.domains.iter().map(|domain| domain.parse());
    let domains: Result<Vec<_>, _> = domains.collect();
    Ok(Peer {
        key: key.ok_or_else(|| failed(&"a key id is 64 hexadecimal digits"))?,
        address: of.address,
        domains: domains.map_err(|error| failed(&error))?,
    })
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("rogue: {error}"))
}
