//! From the I/O threads and the remote proxy's thread, which must not block, to the main thread.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use libetp::{Domain, Message};
use tokio::sync::mpsc;

use crate::control::Recorder;
use crate::remote::StatementRequest;
use crate::router::{ControlRequest, Entry, Event, HostPort, TraceRecord};

/// Log records of one name in one second; what is more is only counted.
pub const EVENTS_PER_SECOND_MAX: u32 = 10;

/// What the main thread has to do.
#[derive(Debug)]
pub enum Task {
    /// A domain runs out of ports.
    WantPorts(Domain),
    /// An administrator asks.
    Control(ControlRequest),
    /// Another host asks.
    Statement(StatementRequest),
}

/// Gives tasks to the main thread. What waits is bounded by who asks: the table asks once for
/// ports, and bounds the requests of a connection; the remote proxy bounds those of a host.
pub type Tasks = mpsc::UnboundedSender<Task>;

/// The daemon, as the dispatch table sees it.
pub struct Bridge {
    tasks: Tasks,
    recorder: Arc<Recorder>,
    start: Instant,
    events: Mutex<BTreeMap<&'static str, (u64, u32)>>,
}

impl Bridge {
    /// A bridge to the main thread.
    pub fn new(tasks: Tasks, recorder: Arc<Recorder>) -> Self {
        Self {
            tasks,
            recorder,
            start: Instant::now(),
            events: Mutex::default(),
        }
    }

    fn give(&self, task: Task) {
        // At the end of the daemon nobody takes tasks any more.
        let _ = self.tasks.send(task);
    }

    /// Whether a record of this name may be written, and whether it is the last of its second.
    fn may_log(&self, name: &'static str) -> Option<bool> {
        let second = self.start.elapsed().as_secs();
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, count) = events.entry(name).or_default();
        if *last != second {
            (*last, *count) = (second, 0);
        }
        *count += 1;
        (*count <= EVENTS_PER_SECOND_MAX).then_some(*count == EVENTS_PER_SECOND_MAX)
    }
}

impl HostPort for Bridge {
    /// The cards' answers are taken before they reach the table, so nobody else has anything to
    /// say here.
    fn message(&self, entry: Entry, message: Message) {
        self.recorder.count("daemon-port-unexpected");
        tracing::debug!(?entry, header = ?message.header, "a message for the daemon's own port");
    }

    fn want_ports(&self, domain: Domain) {
        self.give(Task::WantPorts(domain));
    }

    fn control(&self, request: ControlRequest) {
        self.give(Task::Control(request));
    }

    fn event(&self, event: Event) {
        let Some(is_last) = self.may_log(event.name) else {
            return;
        };
        let id = event.id.map(|id| id.to_string()).unwrap_or_default();
        let principal = event
            .principal
            .map(|who| format!("{who:?}"))
            .unwrap_or_default();
        let more = if is_last {
            " (more of these in this second are only counted)"
        } else {
            ""
        };
        tracing::warn!(event = event.name, id, principal, "{}{more}", event.detail);
    }

    fn trace(&self, record: TraceRecord) {
        self.recorder.message(record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_events_is_not_a_flood_of_log_records() {
        let (tasks, _main) = mpsc::unbounded_channel();
        let bridge = Bridge::new(tasks, Arc::new(Recorder::new(1)));
        let logged = (0..100).filter_map(|_| bridge.may_log("x")).count();
        // At most two seconds pass here.
        assert!((10..=20).contains(&logged), "{logged}");
        assert_eq!(bridge.may_log("y"), Some(false));
    }
}
