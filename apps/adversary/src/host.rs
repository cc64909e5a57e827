//! A host with a valid certificate that speaks in the name of domains it does not serve.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use etp_pki::scheme::{Identity, SchemeFile};
use libetp::params::Param;
use libetp::params::host::Ping;
use libetp::{EntityId, Message, id};
use remote_proxy::{
    HostIdentity, Limits, MemoryStatementStore, Peer, RemoteConfig, RemoteEvent, RemoteHandle,
    RemoteProxy,
};

use crate::report::Attempt;
use crate::{Attempts, HostAttack};

/// How long the attacked host may take to answer.
const ANSWER_S_MAX: u64 = 30;

pub(crate) fn attack(attack: &HostAttack) -> Attempts {
    let (sink, events) = channel();
    let sink = Box::new(move |event| {
        // Nobody listens any more once the attack is over.
        let _over = sink.send(event);
    });
    let remote = RemoteProxy::spawn(config(attack)?, sink)?;
    let own = EntityId {
        domain: attack.target.domain,
        ..attack.victim
    };
    let attempts = vec![
        forge(
            "forge a source of another host's domain",
            &remote,
            &events,
            attack.victim,
            attack,
        )?,
        forge(
            "forge a source of the attacked host's own domain",
            &remote,
            &events,
            own,
            attack,
        )?,
    ];
    remote.shutdown();
    Ok(attempts)
}

fn config(attack: &HostAttack) -> Result<RemoteConfig, Box<dyn std::error::Error>> {
    let file = |name| attack.identity.join(name);
    let intermediate = file("host-intermediate.der");
    let identity = Identity::load(&file("host.der"), Some(&intermediate), &file("host.key"))?;
    let key = id::parse_hex(&attack.peer_key).ok_or("a key id is 64 hexadecimal digits")?;
    let domains = vec![attack.target.domain];
    Ok(RemoteConfig {
        listen: None,
        identity: HostIdentity {
            key: identity.pkcs8()?,
            leaf: identity.leaf,
            intermediate: identity.intermediate.ok_or("no host-intermediate.der")?,
        },
        anchors: SchemeFile::load(&attack.scheme)?.anchors(),
        peers: vec![Peer {
            key,
            address: Some(attack.peer),
            domains,
        }],
        local_domains: Vec::new(),
        store: Box::new(MemoryStatementStore::default()),
        limits: Limits::default(),
    })
}

fn forge(
    name: &'static str,
    remote: &RemoteHandle,
    events: &Receiver<RemoteEvent>,
    src: EntityId,
    attack: &HostAttack,
) -> Result<Attempt, Box<dyn std::error::Error>> {
    // It claims the domain as its own, or its own proxy would not let the answer through.
    remote.set_local_domains(vec![src.domain]);
    let ping = Ping {
        nonce: b"forged".to_vec(),
    };
    let message: Message = ping.into_message(src, attack.target);
    remote
        .send(1, message)
        .map_err(|verdict| verdict.to_string())?;
    loop {
        match events.recv_timeout(Duration::from_secs(ANSWER_S_MAX))? {
            RemoteEvent::Verdict { verdict, .. } => {
                return Ok(Attempt::refused(name, verdict.code.name(), verdict.detail));
            }
            RemoteEvent::NeedStatement { domain, token, .. } => {
                remote.statement(domain, None, token);
            }
            RemoteEvent::Message { message, .. } => {
                return Ok(Attempt::got_through(
                    name,
                    format!("answered by {}", message.header.src),
                ));
            }
            RemoteEvent::LinkDown { reason, .. } => {
                return Ok(Attempt::refused(name, "link-closed", reason));
            }
            RemoteEvent::LinkUp { .. }
            | RemoteEvent::Refused { .. }
            | RemoteEvent::Moved { .. } => {}
        }
    }
}
