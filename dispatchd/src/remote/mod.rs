//! Links to other hosts: the remote proxy at the dispatch table.
//!
//! What comes over a link enters the table as any other message; that its source lives at the host
//! that authenticated the link is checked by the proxy (statements) and by Guard (local domains).

use std::sync::Arc;

use etp_pki::Anchors;
use libetp::client::text::shown;
use libetp::digest::Hash;
use libetp::text::hex;
use libetp::verdict::Subject;
use libetp::{Domain, Message, Verdict};
use remote_proxy::{
    ConfigError, HostIdentity, Limits, Peer, RemoteConfig, RemoteEvent, RemoteHandle, RemoteProxy,
    StatementToken,
};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::control::Recorder;
use crate::ops::throttle::Throttle;
use crate::router::{Entry, RemotePort, Router};
use crate::state::State;

/// A request of another host: where does the card of this domain live?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementRequest {
    /// The domain.
    pub domain: Domain,
    /// The verifier's.
    pub nonce: [u8; 32],
    /// To be given back.
    pub token: StatementToken,
}

/// What links bring about cards of this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardNews {
    /// Another host asks where a card lives.
    Wanted(StatementRequest),
    /// A card stated that it is at another host.
    Moved {
        /// Key id of that host.
        host: Hash,
        /// The card's domain.
        domain: Domain,
        /// The statement's number.
        number: u64,
    },
}

/// Where news of cards go. Called on the proxy's thread; must not block.
pub type Tell = Box<dyn Fn(CardNews) + Send>;

/// What links are started with.
pub struct Links {
    /// What certificates are judged by.
    pub anchors: Anchors,
    /// This host's certificate, DER.
    pub leaf: Vec<u8>,
    /// The intermediate that is sent along, DER.
    pub intermediate: Vec<u8>,
    /// This host's private key, PKCS #8 DER.
    pub key: Zeroizing<Vec<u8>>,
    /// This host's own domains.
    pub local_domains: Vec<Domain>,
    /// What must outlive the daemon.
    pub state: State,
    /// Counters.
    pub recorder: Arc<Recorder>,
}

impl Links {
    /// Starts the proxy and attaches it to the table.
    ///
    /// # Errors
    /// [`ConfigError`] if it cannot work.
    pub fn start(
        self,
        config: &Config,
        router: &Router,
        tell: Tell,
    ) -> Result<RemoteHandle, ConfigError> {
        let peers = peers(config);
        let routes = routes(&peers);
        let remote = RemoteConfig {
            listen: config.remote.listen.as_ref().map(|it| *it.get_ref()),
            identity: HostIdentity {
                leaf: self.leaf,
                intermediate: self.intermediate,
                key: self.key,
            },
            anchors: self.anchors,
            peers,
            local_domains: self.local_domains,
            store: Box::new(self.state),
            limits: Limits::default(),
        };
        let events = Events {
            router: router.clone(),
            recorder: self.recorder,
            throttle: Throttle::default(),
            tell,
        };
        let handle = RemoteProxy::spawn(remote, Box::new(move |event| events.event(event)))?;
        router.attach_remote(Arc::new(Port(handle.clone())));
        router.set_routes(routes);
        Ok(handle)
    }
}

/// Which host serves which domain.
fn routes(peers: &[Peer]) -> Vec<(Domain, Hash)> {
    let of = |peer: &Peer| {
        let key = peer.key;
        let route = move |domain: &Domain| (*domain, key);
        peer.domains.iter().map(route).collect::<Vec<_>>()
    };
    peers.iter().flat_map(of).collect()
}

fn peers(config: &Config) -> Vec<Peer> {
    let peer = |peer: &crate::config::Peer| Peer {
        key: peer.key.get_ref().0,
        address: peer.address,
        domains: peer.domains().collect(),
    };
    config
        .peer
        .iter()
        .map(|section| peer(section.get_ref()))
        .collect()
}

/// The proxy, as the table sees it.
struct Port(RemoteHandle);

impl RemotePort for Port {
    fn send(&self, _host: Hash, number: u64, message: Message) -> Result<(), Verdict> {
        self.0.send(number, message)
    }

    fn verdict(&self, host: Hash, subject: Subject, number: u64, verdict: Verdict) -> bool {
        self.0.verdict(host, subject, number, verdict)
    }
}

/// What the proxy tells.
struct Events {
    router: Router,
    recorder: Arc<Recorder>,
    throttle: Throttle,
    tell: Tell,
}

impl Events {
    fn event(&self, event: RemoteEvent) {
        match event {
            RemoteEvent::Message {
                host,
                number,
                message,
            } => {
                self.router.submit(Entry::Remote(host), number, message);
            }
            RemoteEvent::Verdict {
                subject,
                number,
                verdict,
            } => {
                self.router.verdict(subject, number, verdict);
            }
            RemoteEvent::NeedStatement {
                domain,
                nonce,
                token,
            } => {
                (self.tell)(CardNews::Wanted(StatementRequest {
                    domain,
                    nonce,
                    token,
                }));
            }
            RemoteEvent::Moved {
                host,
                domain,
                number,
            } => (self.tell)(CardNews::Moved {
                host,
                domain,
                number,
            }),
            RemoteEvent::LinkUp { host, address } => {
                self.count("link-up", host, &format!("link to {address} is up"));
            }
            RemoteEvent::LinkDown { host, reason } => {
                self.count("link-down", host, &format!("link is down: {reason}"));
            }
            RemoteEvent::Refused {
                host,
                counter,
                detail,
            } => {
                let detail = format!("refused: {detail}");
                log(&self.throttle, counter.name(), host, &detail);
            }
        }
    }

    fn count(&self, event: &'static str, host: Hash, detail: &str) {
        self.recorder.count(event);
        log(&self.throttle, event, Some(host), detail);
    }
}

/// Hosts bring these records about and choose some of the words, so there are not more of them
/// than people can read, and each stays one line.
fn log(throttle: &Throttle, event: &'static str, host: Option<Hash>, detail: &str) {
    let Some(more) = throttle.may_log(event) else {
        return;
    };
    let host = host.map(|host| hex(&host)).unwrap_or_default();
    let detail = shown(detail);
    match event {
        "link-up" => tracing::info!(host, event, "{detail}{more}"),
        _ => tracing::warn!(host, event, "{detail}{more}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::Mutex;

    /// A log in memory.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(events: impl FnOnce(&Throttle)) -> String {
        let written = Written::default();
        let writer = written.clone();
        let log_to = tracing_subscriber::fmt().with_writer(move || writer.clone());
        tracing::subscriber::with_default(log_to.finish(), || events(&Throttle::default()));
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_host_does_not_choose_the_lines_of_the_log() {
        let words = "bye\n2026-11-20T00:00:00Z WARN forged";
        let text = logged(|throttle| log(throttle, "link-down", None, words));
        assert_eq!(text.lines().count(), 1, "{text}");
    }

    #[test]
    fn a_host_does_not_fill_the_log_whatever_it_does() {
        let text = logged(|throttle| {
            for event in ["link-up", "not-enrolled"] {
                (0..1_000).for_each(|_| log(throttle, event, Some([7; 32]), "once more"));
            }
        });
        let lines = text.lines().count();
        // At most two seconds pass here.
        assert!((20..=40).contains(&lines), "{lines}");
        assert!(text.contains("only counted"), "{text}");
    }
}
