//! All cards of this host.

use std::path::Path;
use std::sync::Arc;

use card_proxy::CardThread;
use libetp::Domain;
use softcard::{DeviceKey, SoftCard};

use super::events::{Stage, Token};
use super::slot::Slot;

/// The cards of this host, in the order of the configuration.
#[derive(Default)]
pub struct Cards {
    slots: Vec<Arc<Slot>>,
    threads: Vec<CardThread>,
}

impl Cards {
    /// Opens the soft card in a directory and starts its thread. A card that does not open is
    /// shown as gone, with the reason.
    pub fn add_soft(&mut self, slot: Arc<Slot>, device_key: Option<DeviceKey>) {
        match open(&slot, &slot.directory, device_key) {
            Ok(thread) => self.threads.push(thread),
            Err(reason) => slot.absent(reason),
        }
        self.slots.push(slot);
    }

    /// The cards.
    pub fn slots(&self) -> &[Arc<Slot>] {
        &self.slots
    }

    /// The card of a domain.
    pub fn of(&self, domain: Domain) -> Option<&Arc<Slot>> {
        self.slots.iter().find(|slot| slot.domain() == Some(domain))
    }

    /// Another host asks where the card of a domain lives. Says whether there is such a card.
    pub fn serve(&self, domain: Domain, nonce: [u8; 32], token: Token) -> bool {
        let slot = self.of(domain);
        slot.inspect(|slot| slot.serve(nonce, token)).is_some()
    }

    /// Some time passed.
    pub fn tick(&self) {
        self.slots.iter().for_each(|slot| slot.tick());
    }

    /// Whether every card is live, or known not to be.
    pub fn are_settled(&self) -> bool {
        let is_settled = |slot: &Arc<Slot>| {
            !matches!(
                slot.session().stage(),
                Stage::Starting | Stage::Challenged { .. }
            )
        };
        self.slots.iter().all(is_settled)
    }

    /// Brings to the cards what waits for them, and ends their threads.
    pub fn shutdown(&mut self) {
        for thread in self.threads.drain(..) {
            if let Err(error) = thread.shutdown() {
                tracing::error!("{error}");
            }
        }
    }
}

fn open(
    slot: &Arc<Slot>,
    directory: &Path,
    device_key: Option<DeviceKey>,
) -> Result<CardThread, String> {
    let card = SoftCard::open(directory, device_key).map_err(|error| error.to_string())?;
    slot.start(card).map_err(|error| error.to_string())
}
