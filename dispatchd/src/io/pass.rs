//! What messages cost this thread, measured only when they are traced.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};

use crate::router::{HostPort, TraceRecord};

/// Records that a thread keeps room for from pass to pass.
const KEPT_RECORDS_MAX: usize = 1_024;

/// One pass: from a read or a job to the last write that follows from it.
pub(super) struct Pass {
    is_traced: bool,
    start: Cell<Option<(Duration, Instant)>>,
    records: RefCell<Vec<TraceRecord>>,
}

impl Pass {
    pub(super) fn new(is_traced: bool) -> Self {
        Self {
            is_traced,
            start: Cell::new(None),
            records: RefCell::default(),
        }
    }

    /// A pass begins.
    pub(super) fn begin(&self) {
        if self.is_traced {
            self.start.set(Some((processor_time(), Instant::now())));
        }
    }

    /// A message was judged in this pass.
    pub(super) fn record(&self, record: TraceRecord) {
        self.records.borrow_mut().push(record);
    }

    /// The pass is over: its messages share what it cost equally.
    pub(super) fn end(&self, host: &dyn HostPort) {
        let mut records = self.records.borrow_mut();
        if records.is_empty() {
            return;
        }
        let (cpu, io) = self.start.get().map_or_else(Default::default, spent);
        let share = |time: Duration| (time.as_micros() / records.len() as u128) as u64;
        let (cpu_us, io_us) = (share(cpu), share(io));
        for record in records.iter_mut() {
            (record.cpu_us, record.io_us) = (cpu_us, io_us);
        }
        host.trace(&records);
        records.clear();
        records.shrink_to(KEPT_RECORDS_MAX);
    }
}

/// Processor time since the start, and the time besides.
fn spent((cpu, wall): (Duration, Instant)) -> (Duration, Duration) {
    let cpu = processor_time().saturating_sub(cpu);
    (cpu, wall.elapsed().saturating_sub(cpu))
}

/// Of this thread. Zero where the kernel does not say.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}
