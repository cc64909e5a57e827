//! Who is authenticated to a card, as far as the daemon sees it pass.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use libetp::params::Param;
use libetp::params::runtime::CapabilityEnded;
use libetp::{EntityId, Message, Mtype};

/// Ids that the card said it had authenticated. The card decides; this is for people.
#[derive(Clone, Debug, Default)]
pub(super) struct Authenticated(Arc<Mutex<BTreeSet<EntityId>>>);

impl Authenticated {
    /// The card said something to a program.
    pub(super) fn said(&self, message: &Message) {
        match message.header.mtype {
            Mtype::AUTH_OK => self.with(|ids| {
                ids.insert(message.header.dst);
            }),
            Mtype::PIN_SET => self.clear(),
            _ => {}
        }
    }

    /// Something is on its way to the card.
    pub(super) fn heard(&self, message: &Message) {
        if message.header.mtype == Mtype::CAPABILITY_ENDED
            && let Ok(ended) = CapabilityEnded::from_param(&message.param)
        {
            self.with(|ids| {
                ids.remove(&ended.id);
            });
        }
    }

    /// The card lost its power, or is not there.
    pub(super) fn clear(&self) {
        self.with(BTreeSet::clear);
    }

    /// The ids, in order.
    pub(super) fn ids(&self) -> Vec<EntityId> {
        let mut all = Vec::new();
        self.with(|ids| all.extend(ids.iter().copied()));
        all
    }

    fn with(&self, change: impl FnOnce(&mut BTreeSet<EntityId>)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
