//! How the table is started.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use super::{HostPort, Inner, QuotaLimits, Router};
use crate::io::{Admissions, Job, JobSender, Peers, queue, run_slow, run_store, run_worker};
use crate::table::{
    CapabilityStore, Directory, Limits, Shard, Shared, StoreError, StoredCapability,
};

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
        let shards = shards(&shared, &directory, stored);
        let (senders, queues): (Vec<_>, Vec<_>) = (0..count).map(|_| queue()).unzip();
        let threads = threads(shards, senders.clone(), queues, store, host)?;
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
}

/// The shards, with the durable capabilities that live in them.
fn shards(
    shared: &Arc<Shared>,
    directory: &Arc<Directory>,
    stored: Vec<StoredCapability>,
) -> Vec<Shard> {
    let shard = |index| {
        let (shared, directory) = (Arc::clone(shared), Arc::clone(directory));
        Shard::new(index, shared, directory, Box::new(entropy))
    };
    let mut shards: Vec<_> = (0..shared.shards).map(shard).collect();
    for capability in stored {
        let home = shared.home(capability.id.domain);
        shards[usize::from(home)].restore(capability);
    }
    shards
}

/// An I/O thread for each shard, and the threads that ask slow policies and that store, which end
/// after them.
fn threads(
    shards: Vec<Shard>,
    senders: Vec<JobSender>,
    queues: Vec<mpsc::UnboundedReceiver<Job>>,
    store: Box<dyn CapabilityStore>,
    host: Arc<dyn HostPort>,
) -> std::io::Result<Vec<JoinHandle<()>>> {
    let (store_jobs, store_queue) = std::sync::mpsc::channel();
    let (slow, slow_queue) = std::sync::mpsc::channel();
    let shard_senders = senders.clone();
    let peers = Peers {
        shards: senders,
        store: store_jobs,
        host: Arc::clone(&host),
        slow,
    };
    let mut threads = Vec::new();
    for (shard, jobs) in shards.into_iter().zip(queues) {
        let name = format!("io-{}", shard.index());
        let run = run_worker(shard, jobs, peers.clone())?;
        threads.push(std::thread::Builder::new().name(name).spawn(run)?);
    }
    drop(peers);
    let slow_thread = std::thread::Builder::new().name("guard".into());
    threads.push(slow_thread.spawn(move || run_slow(&slow_queue, &shard_senders))?);
    let store_thread = std::thread::Builder::new().name("store".into());
    threads.push(store_thread.spawn(move || run_store(store, &store_queue, &host))?);
    Ok(threads)
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
