//! From the I/O threads and the remote proxy's thread, which must not block, to the main thread.

use std::sync::Arc;

use libetp::{Domain, Message};
use tokio::sync::mpsc;

use super::throttle::Throttle;
use crate::control::{Recorder, Watcher};
use crate::remote::CardNews;
use crate::router::{ControlRequest, Entry, Event, GuardRecord, HostPort, TraceRecord};

/// What the main thread has to do.
#[derive(Debug)]
pub enum Task {
    /// A domain runs out of ports.
    WantPorts(Domain),
    /// An administrator asks.
    Control(ControlRequest),
    /// Another host asks for a card, or has one.
    Card(CardNews),
}

/// Gives tasks to the main thread. What waits is bounded by who asks: the table asks once for
/// ports, and bounds the requests of a connection; the remote proxy bounds those of a host.
pub type Tasks = mpsc::UnboundedSender<Task>;

/// The daemon, as the dispatch table sees it.
pub struct Bridge {
    tasks: Tasks,
    recorder: Arc<Recorder>,
    throttle: Throttle,
    watcher: Arc<Watcher>,
}

impl Bridge {
    /// A bridge to the main thread.
    pub fn new(tasks: Tasks, recorder: Arc<Recorder>, watcher: Arc<Watcher>) -> Self {
        Self {
            tasks,
            recorder,
            throttle: Throttle::default(),
            watcher,
        }
    }

    fn give(&self, task: Task) {
        // At the end of the daemon nobody takes tasks any more.
        let _ = self.tasks.send(task);
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
        let Some(more) = self.throttle.may_log(event.name) else {
            return;
        };
        let id = event.id.map(|id| id.to_string()).unwrap_or_default();
        let principal = event
            .principal
            .map(|who| format!("uid {} pid {}", who.uid, who.pid))
            .unwrap_or_default();
        tracing::warn!(event = event.name, id, principal, "{}{more}", event.detail);
    }

    fn judged(&self, record: GuardRecord) {
        self.watcher.judged(record);
    }

    fn trace(&self, records: &[TraceRecord]) {
        self.recorder.messages(records);
    }
}
