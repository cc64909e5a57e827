//! All cards of this host.

use std::sync::Arc;

use card_proxy::socket::SocketLink;
use card_proxy::{CardThread, Link};
use libetp::Domain;
use libetp::local::Trust;
use softcard::DeviceKey;

use super::events::{Stage, Token};
use super::slot::Slot;
use super::soft::SoftLink;

/// Opens the way to a card, or says in words why there is none.
pub type OpenLink = Box<dyn FnMut() -> Result<Box<dyn Link>, String> + Send>;

/// The cards of this host, in the order of the configuration.
#[derive(Default)]
pub struct Cards(Vec<Place>);

/// A card's section in the configuration, and what runs for it.
struct Place {
    slot: Arc<Slot>,
    open: OpenLink,
    thread: Option<CardThread>,
}

impl Cards {
    /// Opens the soft card in the slot's directory, as [`Cards::add`].
    pub fn add_soft(&mut self, slot: Arc<Slot>, device_key: Option<DeviceKey>) {
        let directory = slot.place.clone();
        let open = move || {
            let card = SoftLink::open(&directory, device_key.clone())?;
            Ok(Box::new(card) as Box<dyn Link>)
        };
        self.add(slot, Box::new(open));
    }

    /// Opens the card that a process of a trusted user serves on the slot's socket, as [`Cards::add`].
    /// `software` is name and version of this daemon.
    pub fn add_served(&mut self, slot: Arc<Slot>, trust: Trust, software: &'static str) {
        let socket = slot.place.clone();
        let open = move || match SocketLink::open(&socket, trust.clone(), software) {
            Ok(link) => Ok(Box::new(link) as Box<dyn Link>),
            Err(error) => Err(error.to_string()),
        };
        self.add(slot, Box::new(open));
    }

    /// Opens a card and starts its thread. A card that does not open is shown as gone, with the
    /// reason, and is opened again later, as one that goes later is.
    pub fn add(&mut self, slot: Arc<Slot>, open: OpenLink) {
        let mut place = Place {
            slot,
            open,
            thread: None,
        };
        place.open();
        self.0.push(place);
    }

    /// The cards.
    pub fn slots(&self) -> impl Iterator<Item = &Arc<Slot>> + Clone {
        self.0.iter().map(|place| &place.slot)
    }

    /// The card of a domain.
    pub fn of(&self, domain: Domain) -> Option<&Arc<Slot>> {
        self.slots().find(|slot| slot.domain() == Some(domain))
    }

    /// Another host asks where the card of a domain lives. Says whether there is such a card.
    pub fn serve(&self, domain: Domain, nonce: [u8; 32], token: Token) -> bool {
        let slot = self.of(domain);
        slot.inspect(|slot| slot.serve(nonce, token)).is_some()
    }

    /// Some time passed; `now_ms` is of a clock that does not run backwards. Cards that are gone
    /// are opened again when it is time.
    pub fn tick(&mut self, now_ms: u64) {
        self.0.iter_mut().for_each(|place| place.tick(now_ms));
    }

    /// Messages wait no more for cards that are away.
    pub fn end_waits(&self) {
        self.slots().for_each(|slot| slot.end_wait());
    }

    /// Whether every card is live, or known not to be.
    pub fn are_settled(&self) -> bool {
        let is_settled = |slot: &Arc<Slot>| {
            !matches!(
                slot.session().stage(),
                Stage::Starting | Stage::Challenged { .. }
            )
        };
        self.slots().all(is_settled)
    }

    /// Brings to the cards what waits for them, and ends their threads.
    pub fn shutdown(&mut self) {
        self.0.iter_mut().for_each(Place::end);
    }
}

impl Place {
    fn open(&mut self) {
        let started = (self.open)().and_then(|link| {
            let thread = self.slot.start(link);
            thread.map_err(|error| error.to_string())
        });
        match started {
            Ok(thread) => self.thread = Some(thread),
            Err(reason) => self.slot.absent(reason),
        }
    }

    fn tick(&mut self, now_ms: u64) {
        self.slot.tick();
        let is_running = self.thread.as_ref().is_some_and(|it| !it.is_finished());
        if self.slot.reopens(is_running, now_ms) {
            self.end();
            self.open();
        }
    }

    fn end(&mut self) {
        if let Some(thread) = self.thread.take()
            && let Err(error) = thread.shutdown()
        {
            tracing::error!("{error}");
        }
    }
}
