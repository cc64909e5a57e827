//! What the table holds, for people.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use libetp::Domain;
use libetp::digest::Hash;
use tokio::sync::oneshot;

use super::{Router, lock};
use crate::io::Job;
use crate::table::{Directory, DomainState, HeldSnapshot, IdSnapshot};

/// What the table holds at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Every counter by its name.
    pub counters: BTreeMap<String, u64>,
    /// Acquired ids, in order.
    pub ids: Vec<IdSnapshot>,
    /// Messages that somebody is asked about.
    pub held: Vec<HeldSnapshot>,
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

impl Router {
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
            snapshot.held.extend(part.held);
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
}
