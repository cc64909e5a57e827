//! Writes rollback witnesses soon after they rise, many in one transaction.
//!
//! A transaction per message would cost each message a disk's latency. What a card did within the
//! last 50 ms before the host lost power may be missing from its witness; ports, and what a
//! card proved in `hello`, are written before they take effect and never missing.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use libetp::Domain;

use crate::state::{State, StateError, Witness};

/// How long raised witnesses are gathered.
const DELAY: Duration = Duration::from_millis(50);

#[derive(Default)]
struct Gathered {
    raised: BTreeMap<Domain, Witness>,
    ended: bool,
}

#[derive(Default)]
struct Shared {
    gathered: Mutex<Gathered>,
    changed: Condvar,
}

/// A thread that writes witnesses. Dropping it writes the rest.
pub struct WitnessWriter {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl WitnessWriter {
    /// Starts the thread; `failed` is told of each write that failed.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub fn start(
        state: State,
        failed: impl Fn(StateError) + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("witness".into())
            .spawn(move || {
                while let Some(raised) = theirs.take() {
                    if let Err(error) = state.raise_witnesses(&raised) {
                        failed(error);
                    }
                }
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// The card went on.
    pub fn raise(&self, domain: Domain, seen: &Witness) {
        let mut gathered = self.shared.lock();
        let known = gathered.raised.entry(domain).or_default();
        *known = known.join(seen);
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What gathered, some time after the first of it came; `None` at the end.
    fn take(&self) -> Option<Vec<(Domain, Witness)>> {
        let idle = |gathered: &mut Gathered| gathered.raised.is_empty() && !gathered.ended;
        let waited = self.changed.wait_while(self.lock(), idle);
        let gathered = waited.unwrap_or_else(PoisonError::into_inner);
        let more = |gathered: &mut Gathered| !gathered.ended;
        let waited = self.changed.wait_timeout_while(gathered, DELAY, more);
        let (mut gathered, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let raised = std::mem::take(&mut gathered.raised);
        match raised.is_empty() && gathered.ended {
            true => None,
            false => Some(raised.into_iter().collect()),
        }
    }
}

impl Drop for WitnessWriter {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported where it happened.
            let _ended = thread.join();
        }
    }
}
