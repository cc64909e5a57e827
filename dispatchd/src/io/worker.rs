//! An I/O thread.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc as std_mpsc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use guard_policies::Now;
use libetp::Domain;
use tokio::net::UnixStream;
use tokio::sync::{Notify, mpsc};
use tokio::task::LocalSet;
use tokio::time::MissedTickBehavior;

use super::accept::accept;
use super::admission::Admission;
use super::job::{Job, JobSender};
use super::pass::Pass;
use super::receive::control_buffer;
use super::storing::StoreJob;
use super::{output, program};
use crate::router::{CardPort, HostPort, RemotePort};
use crate::table::{ConnectionId, Input, Shard, SlowJob};

/// Bytes that one read takes at most.
pub(super) const READ_BYTES: usize = 256 << 10;
/// How often the shard learns the time.
const TICK: Duration = Duration::from_millis(500);
/// Jobs that are done before their effects are settled.
const JOBS_PER_PASS: usize = 256;
/// How long a thread that ends tries to write what is left.
const LAST_WRITES: Duration = Duration::from_millis(500);

/// Everything that an I/O thread talks to.
#[derive(Clone)]
pub(crate) struct Peers {
    /// Queues of all I/O threads, by shard.
    pub(crate) shards: Vec<JobSender>,
    /// The thread that stores capabilities.
    pub(crate) store: std_mpsc::Sender<StoreJob>,
    /// The daemon.
    pub(crate) host: Arc<dyn HostPort>,
    /// The thread that asks slow policies.
    pub(crate) slow: std_mpsc::Sender<Box<SlowJob>>,
}

impl Peers {
    pub(super) fn ask_worker(&self, job: Box<SlowJob>) {
        // The thread ends only after this one.
        let _ = self.slow.send(job);
    }
}

/// Asks slow policies, one message after the other, until every I/O thread has ended.
pub(crate) fn run_slow(jobs: &std_mpsc::Receiver<Box<SlowJob>>, shards: &[JobSender]) {
    for job in jobs {
        if let Some(shard) = shards.get(usize::from(job.shard())) {
            shard.send(Job::Input(job.run()));
        }
    }
}

/// A program's socket.
pub(super) struct Socket {
    pub(super) stream: UnixStream,
    pub(super) peer: guard_policies::Principal,
    pub(super) admission: Admission,
    /// Wakes the connection's task: something about it changed.
    pub(super) wake: Notify,
    /// Output waits for the socket to take it.
    pub(super) is_blocked: Cell<bool>,
    /// Writing or reading failed.
    pub(super) is_dead: Cell<bool>,
    /// Bytes that were read and not used.
    pub(super) rest: RefCell<Vec<u8>>,
    /// The rest waits for the shard, not for more bytes.
    pub(super) is_held: Cell<bool>,
    /// Whether the task waits for bytes.
    pub(super) is_reading: Cell<bool>,
    /// The task gives the stream to another thread.
    pub(super) moves_to: Cell<Option<u16>>,
}

/// The state of an I/O thread, shared by its tasks.
pub(super) struct Worker {
    pub(super) shard: RefCell<Shard>,
    pub(super) sockets: RefCell<BTreeMap<ConnectionId, Rc<Socket>>>,
    pub(super) buffer: RefCell<Vec<u8>>,
    pub(super) control: RefCell<Vec<u8>>,
    pub(super) dirty: RefCell<Vec<ConnectionId>>,
    pub(super) cards: RefCell<BTreeMap<Domain, Box<dyn CardPort>>>,
    pub(super) remote: RefCell<Option<Arc<dyn RemotePort>>>,
    pub(super) peers: Peers,
    pub(super) pass: Pass,
    start: Instant,
}

/// Runs an I/O thread until [`Job::Stop`].
///
/// # Errors
/// If the runtime cannot be made.
pub(crate) fn run_worker(
    shard: Shard,
    jobs: mpsc::UnboundedReceiver<Job>,
    peers: Peers,
) -> io::Result<impl FnOnce() + Send> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    Ok(move || {
        let _guard = AbortOnPanic;
        let pass = Pass::new(shard.is_traced());
        let worker = Rc::new(Worker {
            shard: RefCell::new(shard),
            sockets: RefCell::default(),
            buffer: RefCell::new(vec![0; READ_BYTES]),
            control: RefCell::new(control_buffer()),
            dirty: RefCell::default(),
            cards: RefCell::default(),
            remote: RefCell::default(),
            peers,
            pass,
            start: Instant::now(),
        });
        let tasks = LocalSet::new();
        tasks.block_on(&runtime, worker.run(jobs));
    })
}

/// Now; a thread counts from its own start.
fn now(start: Instant) -> Now {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH);
    Now {
        tick_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        unix_s: unix.map_or(0, |since| since.as_secs()),
    }
}

/// How far the jobs are done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Worked {
    All,
    /// There may be more, after others had their turn.
    Slice,
    /// The thread is to end.
    Stop,
}

/// A shard that panicked may be anything: the process ends, and its supervisor starts it anew.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::process::abort();
        }
    }
}

impl Worker {
    async fn run(self: Rc<Self>, mut jobs: mpsc::UnboundedReceiver<Job>) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let worked = tokio::select! {
                job = jobs.recv() => {
                    let Some(job) = job else { return };
                    self.begin_pass();
                    self.work_through(job, &mut jobs)
                }
                _ = ticks.tick() => {
                    self.shard.borrow_mut().input(Input::Tick(now(self.start)));
                    Worked::All
                }
            };
            if worked == Worked::Stop {
                return self.end().await;
            }
            self.settle();
            if worked == Worked::Slice {
                tokio::task::yield_now().await;
            }
        }
    }

    /// A pass begins: what is judged in it is judged at this moment.
    pub(super) fn begin_pass(&self) {
        self.pass.begin();
        let mut shard = self.shard.borrow_mut();
        shard.clock(now(self.start));
        shard.begin_slice();
    }

    /// Tells the shard the time when it is so late.
    pub(super) fn wake_at(&self, at_ms: u64) {
        let start = self.start;
        let Some(own) = self.peers.shards.get(self.index()).cloned() else {
            return;
        };
        tokio::task::spawn_local(async move {
            tokio::time::sleep_until((start + Duration::from_millis(at_ms)).into()).await;
            own.send(Job::Input(Input::Tick(now(start))));
        });
    }

    /// Does the job and what is queued behind it.
    fn work_through(
        self: &Rc<Self>,
        first: Job,
        jobs: &mut mpsc::UnboundedReceiver<Job>,
    ) -> Worked {
        let queued = std::iter::from_fn(|| jobs.try_recv().ok());
        for (before, job) in std::iter::once(first).chain(queued).enumerate() {
            if matches!(job, Job::Stop) {
                return Worked::Stop;
            }
            self.work(job);
            if before + 1 == JOBS_PER_PASS || self.shard.borrow().is_slice_over() {
                return Worked::Slice;
            }
        }
        Worked::All
    }

    fn work(self: &Rc<Self>, job: Job) {
        match job {
            Job::Input(input) | Job::Message(input, _) => self.shard.borrow_mut().input(input),
            Job::Connect(stream, (peer, membership), admission) => {
                let id = self
                    .shard
                    .borrow_mut()
                    .connected(peer, membership.map(Arc::new));
                self.start(id, stream, peer, admission, Vec::new());
            }
            Job::Arrive(stream, departed, rest, admission) => {
                let peer = departed.peer();
                let id = self.shard.borrow_mut().arrived(departed);
                self.start(id, stream, peer, admission, rest);
            }
            Job::Serve(listener, admissions) => {
                let peers = self.peers.clone();
                tokio::task::spawn_local(accept(listener, admissions, peers));
            }
            Job::CardPort(domain, port) => drop(self.cards.borrow_mut().insert(domain, port)),
            Job::RemotePort(port) => drop(self.remote.borrow_mut().replace(port)),
            Job::Snapshot(reply) => drop(reply.send(self.shard.borrow().snapshot())),
            Job::Stop => {}
        }
        self.perform_effects();
    }

    fn start(
        self: &Rc<Self>,
        id: ConnectionId,
        stream: std::os::unix::net::UnixStream,
        peer: guard_policies::Principal,
        admission: Admission,
        rest: Vec<u8>,
    ) {
        let Ok(stream) = UnixStream::from_std(stream) else {
            return self.shard.borrow_mut().disconnected(id);
        };
        let socket = Rc::new(Socket {
            stream,
            peer,
            admission,
            wake: Notify::new(),
            is_blocked: Cell::new(false),
            is_dead: Cell::new(false),
            is_held: Cell::new(!rest.is_empty()),
            rest: RefCell::new(rest),
            is_reading: Cell::new(false),
            moves_to: Cell::new(None),
        });
        self.sockets.borrow_mut().insert(id, Rc::clone(&socket));
        tokio::task::spawn_local(program::run(Rc::clone(self), id, socket));
    }

    /// Does what the shard wants and writes what it has, until there is nothing left.
    pub(super) fn settle(self: &Rc<Self>) {
        loop {
            self.perform_effects();
            let mut dirty = self.dirty.take();
            self.shard.borrow_mut().take_dirty(&mut dirty);
            if dirty.is_empty() {
                self.dirty.replace(dirty);
                self.pass.end(&*self.peers.host);
                return;
            }
            for id in dirty.drain(..) {
                output::flush(self, id);
            }
            self.dirty.replace(dirty);
        }
    }

    /// Tells programs that the daemon ends.
    async fn end(self: &Rc<Self>) {
        self.shard.borrow_mut().input(Input::ShutDown);
        self.settle();
        let written = async {
            while !self.sockets.borrow().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        // Programs that do not read in time learn it from the closed socket.
        let _ = tokio::time::timeout(LAST_WRITES, written).await;
    }
}
