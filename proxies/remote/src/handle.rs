//! The proxy's thread and the handle on it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use libetp::digest::Hash;
use libetp::limits::MESSAGE_BYTES_MAX;
use libetp::params::runtime::Statement;
use libetp::verdict::Subject;
use libetp::{Domain, Message, Verdict, VerdictCode};

use crate::config::{ConfigError, RemoteConfig};
use crate::driver;
use crate::event::{EventSink, StatementToken};
use crate::inbox::{Command, Inbox, NotTaken};
use crate::status::RemoteStatus;

/// The remote proxy: stands in the dispatch table for every entity of other hosts.
pub struct RemoteProxy;

/// What handle and thread share.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) inbox: Inbox,
    pub(crate) status: Mutex<RemoteStatus>,
}

/// A handle on a running proxy; clones are the same proxy. The proxy ends, without waiting for
/// messages under way, when the last one is dropped.
#[derive(Clone)]
pub struct RemoteHandle {
    owner: Arc<Owner>,
}

struct Owner {
    shared: Arc<Shared>,
    routes: BTreeMap<Domain, Hash>,
    key: Hash,
    local_addr: SocketAddr,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl RemoteProxy {
    /// Starts a proxy on a thread of its own. It listens when this returns, and dials its peers
    /// until [`RemoteHandle::shutdown`].
    ///
    /// # Errors
    /// [`ConfigError`] if the configuration cannot work or the address cannot be had.
    pub fn spawn(config: RemoteConfig, events: EventSink) -> Result<RemoteHandle, ConfigError> {
        let routes = config.routes()?;
        let shared = Arc::new(Shared::default());
        let prepared = driver::Prepared::new(config, shared.clone())?;
        let (key, local_addr) = (prepared.key(), prepared.local_addr());
        let thread = std::thread::Builder::new()
            .name("remote-proxy".into())
            .spawn(move || prepared.run(events))
            .map_err(ConfigError::Thread)?;
        Ok(RemoteHandle {
            owner: Arc::new(Owner {
                shared,
                routes,
                key,
                local_addr,
                thread: Mutex::new(Some(thread)),
            }),
        })
    }
}

impl RemoteHandle {
    /// Key id of this host.
    pub fn key(&self) -> Hash {
        self.owner.key
    }

    /// The UDP address in use.
    pub fn local_addr(&self) -> SocketAddr {
        self.owner.local_addr
    }

    /// The host that a domain is routed to.
    pub fn route(&self, domain: Domain) -> Option<Hash> {
        self.owner.routes.get(&domain).copied()
    }

    /// Sends a message to the host that its destination's domain is routed to. Never blocks. What
    /// is accepted ends with the other host or in a
    /// [`RemoteEvent::Verdict`](crate::RemoteEvent::Verdict) with this number.
    ///
    /// # Errors
    /// The verdict, where it is known at once: no route, too large, queue full, ended.
    pub fn send(&self, number: u64, message: Message) -> Result<(), Verdict> {
        let domain = message.header.dst.domain;
        if message.wire_len() > MESSAGE_BYTES_MAX {
            let detail = format!(
                "{} bytes, more than {MESSAGE_BYTES_MAX}",
                message.wire_len()
            );
            return Err(Verdict::new(VerdictCode::TooLarge, detail));
        }
        if self.route(domain).is_none() {
            let detail = format!("no route to domain {domain}");
            return Err(Verdict::new(VerdictCode::UnknownDestination, detail));
        }
        let taken = self.owner.shared.inbox.send(number, message);
        taken.map_err(|not_taken| match not_taken {
            NotTaken::Full => {
                let detail = "the remote proxy's queue is full";
                Verdict::new(VerdictCode::HostUnreachable, detail)
            }
            NotTaken::Closed => Verdict::new(VerdictCode::ShuttingDown, "the remote proxy ended"),
        })
    }

    /// Tells `host` what became of a message that came from it. It waits, bounded, for the link;
    /// returns whether there was room.
    pub fn verdict(&self, host: Hash, subject: Subject, number: u64, verdict: Verdict) -> bool {
        let command = Command::Verdict(host, subject, number, verdict);
        self.owner.shared.inbox.note(command).is_ok()
    }

    /// Answers a [`RemoteEvent::NeedStatement`](crate::RemoteEvent::NeedStatement); `None` if the
    /// card gives none. Returns whether there was room.
    pub fn statement(
        &self,
        domain: Domain,
        statement: Option<Statement>,
        token: StatementToken,
    ) -> bool {
        let command = Command::Statement(domain, statement, token);
        self.owner.shared.inbox.note(command).is_ok()
    }

    /// Replaces the set of domains of this host's own cards: no other host may send in their
    /// name, and messages from other hosts enter only for them.
    pub fn set_local_domains(&self, domains: Vec<Domain>) {
        self.owner
            .shared
            .inbox
            .order(Command::LocalDomains(domains));
    }

    /// Links and counters as they are now.
    pub fn status(&self) -> RemoteStatus {
        let status = self.owner.shared.status.lock();
        status.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the proxy: says so to the peers, waits a bounded time for messages under way, gives
    /// the rest their verdicts and joins the thread. Not to be called from the event sink.
    pub fn shutdown(&self) {
        self.owner.shared.inbox.order(Command::Shutdown);
        let thread = self.owner.thread.lock();
        if let Some(thread) = thread.unwrap_or_else(PoisonError::into_inner).take() {
            // A panic of the proxy's thread has been reported where it happened.
            let _ended = thread.join();
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.inbox.order(Command::Shutdown);
    }
}
