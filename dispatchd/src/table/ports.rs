//! Ports that cards reserved and that no program has yet, shared by all shards.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use libetp::{Domain, EntityId, Port};

/// Below this many ports the next block is asked for.
pub const PORTS_LOW: u32 = 32;

/// Blocks of ports by domain.
#[derive(Debug, Default)]
pub struct PortPool {
    domains: Mutex<BTreeMap<Domain, Blocks>>,
}

#[derive(Debug, Default)]
struct Blocks {
    /// First port and how many are left.
    blocks: VecDeque<(u32, u32)>,
    /// Whether a block was asked for and did not come yet.
    is_requested: bool,
}

impl Blocks {
    fn left(&self) -> u32 {
        self.blocks.iter().map(|(_, count)| count).sum()
    }

    fn take(&mut self) -> Option<Port> {
        let (first, count) = self.blocks.front_mut()?;
        let port = Port(*first);
        *first += 1;
        *count -= 1;
        if *count == 0 {
            self.blocks.pop_front();
        }
        Some(port)
    }
}

/// What came of asking for a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The id, if a port was left.
    pub id: Option<EntityId>,
    /// Whether the card must now be asked for a block.
    pub wants_block: bool,
}

impl PortPool {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Domain, Blocks>> {
        self.domains.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a port out, once and never again.
    pub fn take(&self, domain: Domain) -> Taken {
        let mut domains = self.lock();
        let blocks = domains.entry(domain).or_default();
        let id = blocks.take().map(|port| domain.entity(port));
        let wants_block = !blocks.is_requested && blocks.left() < PORTS_LOW;
        blocks.is_requested |= wants_block;
        Taken { id, wants_block }
    }

    /// Adds a block that the card reserved. Ports that no card may assign are left out.
    pub fn feed(&self, domain: Domain, first: u32, count: u32) {
        let end = first.saturating_add(count).min(Port::HOST_FIRST.0);
        let first = first.max(Port::CARD.0 + 1);
        let mut domains = self.lock();
        let blocks = domains.entry(domain).or_default();
        blocks.is_requested = false;
        if end > first {
            blocks.blocks.push_back((first, end - first));
        }
    }

    /// The card that was asked for a block will not answer any more.
    pub fn request_lost(&self, domain: Domain) {
        if let Some(blocks) = self.lock().get_mut(&domain) {
            blocks.is_requested = false;
        }
    }

    /// How many ports are left.
    pub fn left(&self, domain: Domain) -> u32 {
        self.lock().get(&domain).map_or(0, Blocks::left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const D: Domain = Domain([2; 12]);

    #[test]
    fn a_port_is_handed_out_once_and_a_block_is_asked_for_once() {
        let pool = PortPool::default();
        let first = pool.take(D);
        assert_eq!((first.id, first.wants_block), (None, true));
        assert!(!pool.take(D).wants_block);
        pool.feed(D, 1, PORTS_LOW + 1);
        let taken: Vec<_> = (0..PORTS_LOW + 2).map(|_| pool.take(D)).collect();
        let ports: Vec<_> = taken
            .iter()
            .flat_map(|t| t.id)
            .map(|id| id.port.0)
            .collect();
        assert_eq!(ports, (1..=PORTS_LOW + 1).collect::<Vec<_>>());
        assert_eq!(taken.iter().filter(|t| t.wants_block).count(), 1);
    }

    #[test]
    fn reserved_ports_are_left_out_of_a_block() {
        let pool = PortPool::default();
        pool.feed(D, 0, 2);
        pool.feed(D, Port::HOST_FIRST.0 - 1, 5);
        assert_eq!(pool.left(D), 2);
        let ports: Vec<_> = (0..3).flat_map(|_| pool.take(D).id).collect();
        assert_eq!(
            ports,
            [D.entity(Port(1)), D.entity(Port(Port::HOST_FIRST.0 - 1))]
        );
    }
}
