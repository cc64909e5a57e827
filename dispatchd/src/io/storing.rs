//! The thread that stores capabilities, so that no I/O thread waits for a disk.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use super::job::{Job, JobSender};
use crate::router::{Event, HostPort};
use crate::table::{CapabilityStore, Change, Input, StoreError, Ticket};

/// A change of the store, and who waits for it.
pub(crate) struct StoreJob {
    pub(crate) change: Change,
    pub(crate) reply: Option<(Ticket, JobSender)>,
}

/// Stores until nobody asks any more.
pub(crate) fn run_store(
    mut store: Box<dyn CapabilityStore>,
    jobs: &Receiver<StoreJob>,
    host: &Arc<dyn HostPort>,
) {
    for StoreJob { change, reply } in jobs {
        let result = apply(&mut *store, &change);
        if let Err(error) = &result {
            host.event(failed(&change, error));
        }
        if let Some((ticket, shard)) = reply {
            shard.send(Job::Input(Input::Persisted(ticket, result.is_ok())));
        }
    }
}

fn apply(store: &mut dyn CapabilityStore, change: &Change) -> Result<(), StoreError> {
    match change {
        Change::Put(capability) => store.put(capability),
        Change::Remove(id) => store.remove(*id),
    }
}

fn failed(change: &Change, error: &StoreError) -> Event {
    let id = match change {
        Change::Put(capability) => capability.id,
        Change::Remove(id) => *id,
    };
    Event {
        name: "store-failed",
        id: Some(id),
        principal: None,
        detail: error.to_string(),
    }
}
