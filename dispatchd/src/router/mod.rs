//! [`Router`]: the one way into the dispatch table for everything that is not a program's socket.
//!
//! Calls never block and never fail: what does not enter the table comes back as a verdict the
//! way it came. Calls of one thread take effect in their order.

mod ports;
mod snapshot;
mod start;

use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use libetp::digest::Hash;
use libetp::verdict::Subject;
use libetp::{Domain, EntityId, Message, Verdict, VerdictCode};

use crate::io::{Admissions, Class, Job, JobSender, prepare};
use crate::table::{CardLimits, ConnectionId, Directory, DomainState, Input, Shared};

pub use crate::io::QuotaLimits;
pub use crate::table::{
    CARD_WINDOW_MESSAGES, CardReason, CardState, Guard, GuardRecord, HeldSnapshot, HoldTicket,
    IdSnapshot, Limits,
};
pub use guard_policies::Principal;
pub use ports::{
    CardPort, ControlRequest, ControlTicket, Entry, Event, HostPort, RemotePort, TraceRecord,
};
pub use snapshot::{DomainSnapshot, Snapshot};
pub use start::{Settings, StartError};

/// A handle to the running table.
#[derive(Clone)]
pub struct Router {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    directory: Mutex<Arc<Directory>>,
    shards: Vec<JobSender>,
    admissions: Admissions,
    /// Verdicts for cards and hosts that send faster than they can be told so.
    lost_verdicts: AtomicU64,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Router {
    /// Accepts programs on a listening socket.
    ///
    /// # Errors
    /// If the socket cannot be prepared.
    pub fn serve(&self, listener: UnixListener) -> std::io::Result<()> {
        let listener = prepare(listener)?;
        self.inner.shards[0].send(Job::Serve(listener, self.inner.admissions.clone()));
        Ok(())
    }

    /// A message enters the table. `number` is the sender's own and comes back with a verdict.
    pub fn submit(&self, entry: Entry, number: u64, message: Message) {
        let (guard_entry, class) = match entry {
            Entry::Card(domain) => (guard_policies::Entry::Card(domain), Class::Card),
            Entry::Remote(host) => (guard_policies::Entry::Remote(host), Class::Remote),
            Entry::Host => (guard_policies::Entry::Host, Class::Card),
        };
        let shard = self.shard_of(message.header.dst);
        let bytes = message.wire_len();
        let input = Input::Submit {
            entry: guard_entry,
            number,
            message,
        };
        if let Err(Input::Submit { message, .. }) = shard.try_message(class, bytes, input) {
            let overloaded = Input::Overloaded(guard_entry, number, Subject::of(&message));
            if shard.try_message(Class::Verdict, 0, overloaded).is_err() {
                self.inner.lost_verdicts.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn shard_of(&self, id: EntityId) -> &JobSender {
        let shared = &self.inner.shared;
        let home = || shared.home(id.domain);
        let shard = shared.registry.find(id).unwrap_or_else(home);
        &self.inner.shards[usize::from(shard)]
    }

    fn home(&self, domain: Domain) -> &JobSender {
        &self.inner.shards[usize::from(self.inner.shared.home(domain))]
    }

    /// Changes what every shard knows of domains. Whatever is queued later comes after it.
    fn change(&self, change: impl FnOnce(&mut Directory)) {
        let mut current = lock(&self.inner.directory);
        let mut next = Directory::clone(&current);
        change(&mut next);
        *current = Arc::new(next);
        for shard in &self.inner.shards {
            shard.send(Job::Input(Input::Directory(Arc::clone(&current))));
        }
    }

    /// The domain is one of this host's; its card is not live yet.
    pub fn add_local_domain(&self, domain: Domain) {
        self.change(|directory| {
            let down = DomainState::Down(VerdictCode::CardGone);
            directory.local.entry(domain).or_insert(down);
        });
    }

    /// The domain is not this host's any more. Only an administrator decides that.
    pub fn remove_local_domain(&self, domain: Domain) {
        self.detach_card(domain, VerdictCode::CardGone);
        self.change(|directory| {
            directory.local.remove(&domain);
        });
    }

    /// The domain's card proved itself: messages for it go to `port` from now on.
    pub fn attach_card(&self, domain: Domain, port: impl CardPort + 'static, limits: CardLimits) {
        self.inner.shared.ports.request_lost(domain);
        self.home(domain)
            .send(Job::CardPort(domain, Box::new(port)));
        self.change(|directory| {
            directory.local.insert(domain, DomainState::Live(limits));
        });
        self.home(domain)
            .send(Job::Input(Input::CardAttached(domain)));
    }

    /// The domain's card takes no more messages. Those that wait, and those sent later, get
    /// `code`; those that it was given and that were not completed get `unknown`. With `Suspended`
    /// or `Quarantined` the domain's programs can not send either.
    pub fn detach_card(&self, domain: Domain, code: VerdictCode) {
        self.change(|directory| {
            directory.local.insert(domain, DomainState::Down(code));
        });
        self.inner.shared.ports.request_lost(domain);
        for shard in &self.inner.shards {
            shard.send(Job::Input(Input::CardDetached(domain, code)));
        }
    }

    /// How the domain's card is, for programs that asked to be told; they are told, whatever they knew.
    pub fn set_card_state(&self, domain: Domain, state: CardState) {
        self.change(|directory| {
            directory.cards.insert(domain, state);
        });
        for shard in &self.inner.shards {
            shard.send(Job::Input(Input::CardState(domain)));
        }
    }

    /// An APDU with this message completed: it is delivered.
    pub fn card_completed(&self, domain: Domain, number: u64) {
        let done = Input::CardDone(domain, number, None);
        self.home(domain).send(Job::Input(done));
    }

    /// The card did not get this message.
    pub fn card_failed(&self, domain: Domain, number: u64, verdict: Verdict) {
        let done = Input::CardDone(domain, number, Some(verdict));
        self.home(domain).send(Job::Input(done));
    }

    /// Where messages for other hosts go.
    pub fn attach_remote(&self, port: Arc<dyn RemotePort>) {
        for shard in &self.inner.shards {
            shard.send(Job::RemotePort(Arc::clone(&port)));
        }
    }

    /// What Guard consists of from now on. Each message is judged by one chain alone.
    pub fn set_guard(&self, guard: Guard) {
        let guard = Arc::new(guard);
        for shard in &self.inner.shards {
            shard.send(Job::Input(Input::Guard(Arc::clone(&guard))));
        }
    }

    /// An administrator's answer about a message that waits for one.
    pub fn answer_held(&self, ticket: HoldTicket, is_approved: bool) {
        if let Some(shard) = self.inner.shards.get(usize::from(ticket.shard())) {
            shard.send(Job::Input(Input::Answered(ticket, is_approved)));
        }
    }

    /// Which host serves which domain; replaces all routes.
    pub fn set_routes(&self, routes: Vec<(Domain, Hash)>) {
        self.change(|directory| directory.routes = routes.into_iter().collect());
    }

    /// Users whose programs may authenticate to the domain's card; nobody else's may.
    pub fn set_owners(&self, domain: Domain, owners: impl IntoIterator<Item = u32>) {
        let owners = owners.into_iter().collect();
        self.change(|directory| {
            directory.owners.insert(domain, owners);
        });
    }

    /// What a host says of a message that went to it.
    pub fn verdict(&self, subject: Subject, number: u64, verdict: Verdict) {
        // A card's message left from the shard that its destination led it to.
        let from = match subject.src.is_card() {
            true => subject.dst,
            false => subject.src,
        };
        let shard = self.shard_of(from);
        shard.send(Job::Input(Input::RemoteVerdict(subject, number, verdict)));
    }

    /// The domain's card reserved ports `first .. first + count`.
    pub fn ports(&self, domain: Domain, first: u32, count: u32) {
        self.inner.shared.ports.feed(domain, first, count);
        for shard in &self.inner.shards {
            shard.send(Job::Input(Input::PortsFed(domain)));
        }
    }

    /// Answers a [`ControlRequest`]. The reply has at most
    /// [`FRAME_BYTES_MAX`](libetp::limits::FRAME_BYTES_MAX) bytes; a longer one is not sent.
    pub fn control_reply(&self, ticket: ControlTicket, body: Vec<u8>) {
        let connection = ConnectionId(ticket.connection);
        if let Some(shard) = self.inner.shards.get(usize::from(connection.shard())) {
            let reply = Input::ControlReply(connection, ticket.number, body);
            shard.send(Job::Input(reply));
        }
    }

    /// Takes no more messages of programs, no more programs, and no mail for ids that no program is
    /// connected as: each is refused with `shutting-down`. What cards and other hosts send to
    /// programs that are there still comes in.
    pub fn drain(&self) {
        self.change(|directory| directory.draining = true);
    }

    /// Gives back what waits for ids that no program is connected as: it does not outlive the
    /// daemon. To be called after [`Router::drain`], while links and cards still take verdicts.
    pub fn return_mail(&self) {
        for shard in &self.inner.shards {
            shard.send(Job::Input(Input::ReturnMail));
        }
    }

    /// Closes every connection and ends the threads; returns when they have ended. Not to be
    /// called from a [`HostPort`] or [`RemotePort`].
    pub fn shutdown(&self) {
        for shard in &self.inner.shards {
            shard.send(Job::Stop);
        }
        for thread in lock(&self.inner.threads).drain(..) {
            // A thread that panicked has said so itself.
            let _ = thread.join();
        }
    }
}
