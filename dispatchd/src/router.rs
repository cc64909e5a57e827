//! [`Router`]: the one way into the dispatch table for everything that is not a program's socket.
//!
//! Calls never block and never fail: what does not enter the table comes back as a verdict the
//! way it came. Calls of one thread take effect in their order.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use libetp::digest::Hash;
use libetp::verdict::Subject;
use libetp::{Domain, EntityId, Message, Verdict, VerdictCode};
use tokio::sync::{mpsc, oneshot};

use crate::io::{Admissions, Class, Job, JobSender, Peers, prepare, queue, run_store, run_worker};
use crate::table::{
    CapabilityStore, CardLimits, ConnectionId, Directory, DomainState, Input, Shard, Shared,
    StoreError,
};

pub use crate::io::QuotaLimits;
pub use crate::table::{CARD_WINDOW_MESSAGES, IdSnapshot, Limits};
pub use guard_policies::Principal;

/// Where a message enters that does not come over the application socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// From the card of this domain.
    Card(Domain),
    /// From the host with this key id.
    Remote(Hash),
    /// From the daemon itself, as a host service of a local domain.
    Host,
}

/// Where messages for a card go. Called on I/O threads: it must not block.
pub trait CardPort: Send {
    /// Takes a message, whose number is for [`Router::card_completed`] and
    /// [`Router::card_failed`]; `false` if the card is gone. Never more than
    /// [`CARD_WINDOW_MESSAGES`] are outstanding, so a queue of that capacity is never full.
    fn send(&self, number: u64, message: Message) -> bool;
}

impl CardPort for mpsc::Sender<(u64, Message)> {
    fn send(&self, number: u64, message: Message) -> bool {
        self.try_send((number, message)).is_ok()
    }
}

/// Where messages for other hosts go. Called on I/O threads: it must not block.
pub trait RemotePort: Send + Sync {
    /// Sends to a host. `number` comes back with a verdict.
    ///
    /// # Errors
    /// The verdict that the sender gets at once.
    fn send(&self, host: Hash, number: u64, message: Message) -> Result<(), Verdict>;
    /// Tells a host what became of its message. Returns whether there was room.
    fn verdict(&self, host: Hash, subject: Subject, number: u64, verdict: Verdict) -> bool;
}

/// The daemon's side of the table. Called on I/O threads: it must not block.
pub trait HostPort: Send + Sync {
    /// A message for a host service other than diagnostics, as `hello` and `ports-reserved`.
    fn message(&self, entry: Entry, message: Message);
    /// The domain runs out of ports: ask its card, and feed [`Router::ports`].
    fn want_ports(&self, domain: Domain);
    /// An administrator's request; answer with [`Router::control_reply`].
    fn control(&self, request: ControlRequest);
    /// Something that belongs in the log.
    fn event(&self, event: Event);
    /// Messages were judged, all in one pass of an I/O thread; only called if [`Settings::trace`].
    fn trace(&self, records: &[TraceRecord]);
}

/// A request of an administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlRequest {
    /// Who asks; the table checked that it may.
    pub principal: Principal,
    /// For the reply.
    pub ticket: ControlTicket,
    /// As in the frame.
    pub body: Vec<u8>,
}

/// Says which request a reply belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ControlTicket {
    pub(crate) connection: u64,
    pub(crate) number: u64,
}

/// Something that happened in the table and that an operator may want to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Name of the counter that was raised with it.
    pub name: &'static str,
    /// The id it concerns, if there is one.
    pub id: Option<EntityId>,
    /// Whose doing it was, if it was a program's.
    pub principal: Option<Principal>,
    /// Words for people.
    pub detail: String,
}

/// One message that entered the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRecord {
    /// `app`, `card`, `remote` or `host`.
    pub entry: &'static str,
    /// Source, destination and type.
    pub header: libetp::Header,
    /// Its length with the header.
    pub bytes: usize,
    /// `stored`, `card`, `remote`, `host`, or the name of a verdict.
    pub outcome: &'static str,
    /// Processor time of the I/O thread from reading it to the last write that followed, in
    /// microseconds; messages of one read share it equally.
    pub cpu_us: u64,
    /// The time besides, shared like `cpu_us`.
    pub io_us: u64,
}

/// What a [`Router`] is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// I/O threads, each with its shard of the table; at least 1.
    pub threads: u16,
    /// Users who may send `CONTROL`, beside root and the daemon's own.
    pub admins: Vec<u32>,
    /// Name and version, for `WELCOME`.
    pub software: String,
    /// Whether [`HostPort::trace`] is called.
    pub trace: bool,
    /// Limits of the table, for each thread.
    pub limits: Limits,
    /// How many connections there may be.
    pub connections: QuotaLimits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            threads: 1,
            admins: Vec::new(),
            software: concat!("dispatchd ", env!("CARGO_PKG_VERSION")).into(),
            trace: false,
            limits: Limits::default(),
            connections: QuotaLimits::default(),
        }
    }
}

/// What the table holds at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Every counter by its name.
    pub counters: BTreeMap<String, u64>,
    /// Acquired ids, in order.
    pub ids: Vec<IdSnapshot>,
    /// Local domains, in order.
    pub domains: Vec<DomainSnapshot>,
    /// Domains of other hosts, in order.
    pub routes: Vec<(Domain, Hash)>,
}

/// A local domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DomainSnapshot {
    /// The domain.
    pub domain: Domain,
    /// How its card is.
    pub state: DomainState,
    /// Reserved ports that no program has.
    pub ports_left: u32,
    /// Messages that wait for the card.
    pub queued: u64,
}

/// Why the table does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Durable capabilities cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread or runtime cannot be made.
    #[error("I/O threads: {0}")]
    Io(#[from] std::io::Error),
}

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
    /// Starts the I/O threads and loads durable capabilities.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub fn start(
        settings: Settings,
        mut store: Box<dyn CapabilityStore>,
        host: Arc<dyn HostPort>,
    ) -> Result<Self, StartError> {
        let stored = store.load()?;
        let count = settings.threads.max(1);
        let directory = Arc::new(first_directory(&settings));
        let admissions = Admissions::new(settings.connections);
        let Settings {
            limits,
            software,
            trace,
            ..
        } = settings;
        let shared = Arc::new(Shared::new(count, limits, software, trace));
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..count).map(|_| queue()).unzip();
        let (store_jobs, store_queue) = std::sync::mpsc::channel();
        let peers = Peers {
            shards: senders.clone(),
            store: store_jobs,
            host: Arc::clone(&host),
        };
        let mut shards: Vec<_> = (0..count)
            .map(|index| {
                let (shared, directory) = (Arc::clone(&shared), Arc::clone(&directory));
                Shard::new(index, shared, directory, Box::new(entropy))
            })
            .collect();
        for capability in stored {
            let home = shared.home(capability.id.domain);
            shards[usize::from(home)].restore(capability);
        }
        let mut threads = Vec::new();
        for (shard, jobs) in shards.into_iter().zip(receivers) {
            let name = format!("io-{}", shard.index());
            let run = run_worker(shard, jobs, peers.clone())?;
            threads.push(std::thread::Builder::new().name(name).spawn(run)?);
        }
        drop(peers);
        let run = move || run_store(store, &store_queue, &host);
        threads.push(
            std::thread::Builder::new()
                .name("store".into())
                .spawn(run)?,
        );
        Ok(Self {
            inner: Arc::new(Inner {
                shared,
                directory: Mutex::new(directory),
                shards: senders,
                admissions,
                lost_verdicts: AtomicU64::new(0),
                threads: Mutex::new(threads),
            }),
        })
    }

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

    /// What the table holds. A thread that ended holds nothing.
    pub async fn snapshot(&self) -> Snapshot {
        let mut parts = Vec::new();
        for shard in &self.inner.shards {
            let (reply, part) = oneshot::channel();
            shard.send(Job::Snapshot(reply));
            parts.push(part);
        }
        let directory = Arc::clone(&lock(&self.inner.directory));
        let mut snapshot = Snapshot::default();
        let mut queued = BTreeMap::new();
        for part in parts {
            let part = part.await.unwrap_or_default();
            for (name, count) in part.counters {
                *snapshot.counters.entry(name).or_default() += count;
            }
            snapshot.ids.extend(part.ids);
            queued.extend(part.cards);
        }
        let lost = self.inner.lost_verdicts.load(Ordering::Relaxed);
        snapshot.counters.insert("verdicts-lost".into(), lost);
        snapshot.ids.sort_by_key(|id| id.id);
        snapshot.domains = self.domains(&directory, &queued);
        snapshot.routes = directory.routes.clone().into_iter().collect();
        snapshot
    }

    fn domains(
        &self,
        directory: &Directory,
        queued: &BTreeMap<Domain, u64>,
    ) -> Vec<DomainSnapshot> {
        let domains = directory.local.iter();
        domains
            .map(|(&domain, &state)| DomainSnapshot {
                domain,
                state,
                ports_left: self.inner.shared.ports.left(domain),
                queued: queued.get(&domain).copied().unwrap_or_default(),
            })
            .collect()
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

fn first_directory(settings: &Settings) -> Directory {
    Directory {
        admins: all_admins(settings.admins.clone()),
        ..Directory::default()
    }
}

/// Root and the daemon's user always are.
fn all_admins(named: Vec<u32>) -> BTreeSet<u32> {
    let own = nix::unistd::geteuid().as_raw();
    named.into_iter().chain([0, own]).collect()
}

/// A failing random source leaves nothing that could be done safely.
fn entropy() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the kernel's random source works");
    bytes
}
