//! Moves bytes between the pure hub and quinn, on one thread with a current-thread runtime.
//!
//! Every input goes through [`Driver::turn`]: the hub is borrowed, takes the input, and what it
//! wants done is done before the turn ends. Nothing is borrowed across an await. A connection has
//! a reader and a writer per stream, none per message.

mod clock;
mod connect;
mod connection;
mod prepare;
mod streams;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use libetp::digest::Hash;
use libetp::verdict::Subject;
use libetp::{Verdict, VerdictCode};
use quinn::{Endpoint, EndpointConfig, TokioRuntime, VarInt};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, LocalSet};
use tokio::time::Instant;

use crate::event::{Counter, EventSink, RemoteEvent};
use crate::handle::Shared;
use crate::hub::{Hub, HubOutput};
use crate::inbox::Command;
use crate::limits::Limits;
use crate::link::{Attempt, ConnectionId, LinkError, LinkFault, Now};
use clock::Clock;
use connection::Wires;

pub(crate) use prepare::Prepared;

/// How long closed connections are waited for at the end.
const CLOSE_MS_MAX: u64 = 500;
/// How long the timer sleeps when nothing is due.
const IDLE_SLEEP: Duration = Duration::from_secs(3_600);

/// The hub and everything it is connected to.
struct Driver {
    hub: RefCell<Hub>,
    events: RefCell<EventSink>,
    clock: Clock,
    endpoint: Endpoint,
    clients: BTreeMap<Hash, (std::net::SocketAddr, quinn::ClientConfig)>,
    anchors: etp_pki::Anchors,
    ends_unix_s: u64,
    limits: Limits,
    shared: Arc<Shared>,
    wires: RefCell<BTreeMap<(Hash, ConnectionId), Rc<Wires>>>,
    dials: RefCell<BTreeMap<(Hash, Attempt), AbortHandle>>,
    connections: Cell<u64>,
    /// Handshakes of others under way.
    handshakes: Cell<usize>,
    /// When the timer is set to, and how it is told of something earlier.
    timer_ms: Cell<Option<u64>>,
    earlier: Notify,
    finished: Cell<bool>,
}

impl Prepared {
    /// Runs until [`Command::Shutdown`].
    pub(crate) fn run(self, events: EventSink) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let shared = self.shared.clone();
        match runtime {
            Ok(runtime) => LocalSet::new().block_on(&runtime, self.serve(events)),
            Err(error) => tracing::error!(%error, "the remote proxy has no runtime"),
        }
        shared.inbox.close();
    }

    async fn serve(self, events: EventSink) {
        let (endpoint, server) = (EndpointConfig::default(), self.server);
        let endpoint = Endpoint::new(endpoint, server, self.socket, Arc::new(TokioRuntime));
        let endpoint = match endpoint {
            Ok(endpoint) => endpoint,
            Err(error) => return tracing::error!(%error, "the remote proxy has no endpoint"),
        };
        let driver = Rc::new(Driver {
            hub: RefCell::new(self.hub),
            events: RefCell::new(events),
            clock: self.clock,
            endpoint,
            clients: self.clients,
            anchors: self.anchors,
            ends_unix_s: self.ends_unix_s,
            limits: self.limits,
            shared: self.shared,
            wires: RefCell::default(),
            dials: RefCell::default(),
            connections: Cell::new(0),
            handshakes: Cell::new(0),
            timer_ms: Cell::new(None),
            earlier: Notify::new(),
            finished: Cell::new(false),
        });
        driver.clone().run().await;
        driver.end().await;
    }
}

impl Driver {
    async fn run(self: Rc<Self>) {
        let mut spare = Vec::new();
        while !self.finished.get() {
            let deadline = self.hub.borrow().deadline_ms(self.clock.now());
            self.timer_ms.set(deadline);
            let wake = deadline.map_or_else(|| Instant::now() + IDLE_SLEEP, |ms| self.clock.at(ms));
            tokio::select! {
                () = self.shared.inbox.ready() => spare = self.commands(spare),
                Some(incoming) = self.endpoint.accept() => self.clone().incoming(incoming),
                () = tokio::time::sleep_until(wake) => self.timeout(),
                () = self.earlier.notified() => {}
            }
        }
    }

    /// Does what other threads asked for, and returns the emptied vector.
    fn commands(self: &Rc<Self>, spare: Vec<Command>) -> Vec<Command> {
        let mut commands = self.shared.inbox.take(spare);
        let now = self.clock.now();
        self.note_lost();
        let mut touched = BTreeSet::new();
        for command in commands.drain(..) {
            touched.extend(self.command(now, command));
        }
        self.settle();
        touched.into_iter().for_each(|host| self.wake(now, host));
        commands
    }

    /// Counts what found no room in the inbox.
    fn note_lost(&self) {
        let lost = self.shared.inbox.lost();
        if lost > 0 {
            let detail = format!("{lost} verdicts, statements or notes found no room");
            let mut hub = self.hub.borrow_mut();
            hub.refuse_many(None, Counter::InboxFull, lost, detail);
        }
    }

    /// Does one thing; returns the host whose link has something new.
    fn command(&self, now: Now, command: Command) -> Option<Hash> {
        let mut hub = self.hub.borrow_mut();
        match command {
            Command::Send(number, message) => hub.send(now, number, message),
            Command::Verdict(host, subject, number, verdict) => {
                hub.send_verdict(now, host, subject, number, verdict);
                Some(host)
            }
            Command::Statement(domain, statement, token) => hub.statement(domain, statement, token),
            Command::LocalDomains(domains) => {
                hub.set_local(domains.into_iter().collect());
                None
            }
            Command::Refused(host, counter, detail) => {
                hub.refuse(host, counter, detail);
                None
            }
            Command::Shutdown => {
                hub.shut_down(now);
                drop(hub);
                self.wake_all(now);
                None
            }
        }
    }

    fn timeout(self: &Rc<Self>) {
        let now = self.clock.now();
        self.hub.borrow_mut().timeout(now);
        self.settle();
        self.wake_all(now);
    }

    /// Gives the hub one input, then does what it wants done.
    fn turn<T>(self: &Rc<Self>, host: Hash, input: impl FnOnce(&mut Hub, Now) -> T) -> T {
        let now = self.clock.now();
        let value = input(&mut self.hub.borrow_mut(), now);
        self.settle();
        self.wake(now, host);
        value
    }

    /// Does what the hub wants done. The hub is free while the event sink is called.
    fn settle(self: &Rc<Self>) {
        loop {
            let output = self.hub.borrow_mut().poll();
            match output {
                Some(HubOutput::Event(event)) => self.event(event),
                Some(HubOutput::Dial(host, attempt)) => self.dial(host, attempt),
                Some(HubOutput::Abandon(host, attempt)) => self.abandon(host, attempt),
                Some(HubOutput::Close(host, id, fault)) => self.close(host, id, &fault),
                Some(HubOutput::Finished) => {
                    self.finished.set(true);
                    self.earlier.notify_one();
                }
                None => return,
            }
        }
    }

    fn event(&self, event: RemoteEvent) {
        if let RemoteEvent::Refused { counter, .. } = event {
            let count = self.hub.borrow().refused().get(&counter).copied();
            self.status()
                .refused
                .insert(counter, count.unwrap_or_default());
        }
        (self.events.borrow_mut())(event);
    }

    fn abandon(&self, host: Hash, attempt: Attempt) {
        if let Some(dial) = self.dials.borrow_mut().remove(&(host, attempt)) {
            dial.abort();
        }
    }

    fn close(&self, host: Hash, id: ConnectionId, fault: &LinkFault) {
        if let Some(wires) = self.wires.borrow_mut().remove(&(host, id)) {
            wires.close(fault);
        }
    }

    /// Wakes the writers of a host's connections that have work, and the timer if it is late.
    fn wake(&self, now: Now, host: Hash) {
        let mut hub = self.hub.borrow_mut();
        let all = self.wires.borrow();
        let of_host = (host, ConnectionId(0))..=(host, ConnectionId(u64::MAX));
        for wires in all.range(of_host).map(|(_, wires)| wires) {
            let pending = hub.pending(now, host, wires.id);
            wires.wake(pending, hub.is_current(host, wires.id));
        }
        let due = hub.deadline_of_ms(now, host);
        if due.is_some_and(|due| self.timer_ms.get().is_none_or(|set| due < set)) {
            self.timer_ms.set(due);
            self.earlier.notify_one();
        }
        if let Some(status) = hub.link_status(now, host) {
            self.status().links.insert(host, status);
        }
    }

    fn wake_all(&self, now: Now) {
        let hosts: Vec<_> = self.status().links.keys().copied().collect();
        hosts.into_iter().for_each(|host| self.wake(now, host));
    }

    fn status(&self) -> std::sync::MutexGuard<'_, crate::status::RemoteStatus> {
        self.shared
            .status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the endpoint and gives what still came in its verdict.
    async fn end(&self) {
        let code = VarInt::from_u32(LinkError::ShuttingDown as u32);
        self.endpoint
            .close(code, LinkError::ShuttingDown.name().as_bytes());
        self.shared.inbox.close();
        for command in self.shared.inbox.take(Vec::new()) {
            if let Command::Send(number, message) = command {
                self.event(RemoteEvent::Verdict {
                    subject: Subject::of(&message),
                    number,
                    verdict: Verdict::new(VerdictCode::ShuttingDown, "this host ends"),
                });
            }
        }
        let idle = Duration::from_millis(CLOSE_MS_MAX);
        if tokio::time::timeout(idle, self.endpoint.wait_idle())
            .await
            .is_err()
        {
            tracing::debug!("connections did not close in time");
        }
    }
}
