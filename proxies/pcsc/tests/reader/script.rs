//! PC/SC as a script: cards in readers, and errors at the calls that are named.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use card_proxy::{Link, LinkError};
use etp_card_proxy::choice::Selector;
use etp_card_proxy::claims::Claims;
use etp_card_proxy::clock::Clock;
use etp_card_proxy::log::Log;
use etp_card_proxy::service::{Fault, Opened, Power, Service, Sharing, carry_with};
use etp_card_proxy::transport::{Protocol, Transport};
use etp_card_proxy::view::{Reader, SharedView, Slot};
use etp_card_proxy::{ReaderLink, Use};
use libetp::Domain;
use libetp::exchange::{INS_SELECT, SelectReply};
use pcsc::Error;

pub(crate) const READER: &str = "Reader A";
pub(crate) const DOMAIN: Domain = Domain([2; 12]);
/// An EXCHANGE without messages.
pub(crate) const EXCHANGE: [u8; 7] = [0x80, 0xC2, 0, 0, 0, 0, 0];
/// Its response of a card that has nothing to say.
pub(crate) const NOTHING: [u8; 4] = [0xFF, 0xFF, 0x90, 0x00];

/// A call of PC/SC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Establish,
    Connect,
    Reconnect,
    Status,
    Transmit,
    Begin,
}

/// What a card answers to SELECT.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Card {
    Ours(Domain),
    Other(u16),
    /// Says nothing before it gets power.
    Failed,
}

#[derive(Default)]
pub(crate) struct World {
    pub(crate) cards: BTreeMap<String, Card>,
    pub(crate) errors: VecDeque<(Call, Error)>,
    /// Responses to come, instead of the card's.
    pub(crate) responses: VecDeque<Vec<u8>>,
    pub(crate) is_powered: bool,
    open: Option<String>,
    calls: Vec<String>,
    apdus: Vec<Vec<u8>>,
}

/// PC/SC and the test's hand in it.
#[derive(Clone, Default)]
pub(crate) struct Script {
    world: Arc<Mutex<World>>,
    pub(crate) view: SharedView,
    pub(crate) claims: Claims,
    lines: Arc<Mutex<Vec<String>>>,
    now_ms: Arc<AtomicU64>,
}

impl Script {
    /// One reader with a card of ours in it.
    pub(crate) fn with_card() -> Self {
        let script = Self::default();
        script.world().is_powered = true;
        script.insert(READER, Card::Ours(DOMAIN), 1);
        script
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// A card comes into a reader.
    pub(crate) fn insert(&self, name: &str, card: Card, changes: u32) {
        self.world().cards.insert(name.into(), card);
        self.show(name, Slot::Card(vec![0x3B]), changes);
    }

    /// A card leaves a reader.
    pub(crate) fn pull(&self, name: &str, changes: u32) {
        self.world().cards.remove(name);
        self.show(name, Slot::Empty, changes);
    }

    pub(crate) fn show(&self, name: &str, slot: Slot, changes: u32) {
        let mut readers = self.view.now().readers;
        readers.retain(|reader| reader.name != name);
        readers.push(Reader {
            name: name.into(),
            slot,
            changes,
            is_in_use: false,
            is_exclusive: false,
        });
        readers.sort_by(|a, b| a.name.cmp(&b.name));
        self.view.tell(Ok(()), readers);
    }

    /// Another program opens the card, or closes it.
    pub(crate) fn use_by_another(&self, is_in_use: bool) {
        let mut readers = self.view.now().readers;
        readers[0].is_in_use = is_in_use;
        self.view.tell(Ok(()), readers);
    }

    pub(crate) fn unplug(&self, name: &str) {
        self.world().cards.remove(name);
        let mut readers = self.view.now().readers;
        readers.retain(|reader| reader.name != name);
        self.view.tell(Ok(()), readers);
    }

    /// So many milliseconds go by; how many.
    pub(crate) fn pass(&self, ms: u64) -> u64 {
        self.now_ms.fetch_add(ms, Ordering::Relaxed);
        ms
    }

    /// A card takes the place of another, faster than the reader looks.
    pub(crate) fn swap(&self, card: Card) {
        self.world().cards.insert(READER.into(), card);
    }

    /// The next call of this kind fails so.
    pub(crate) fn fail(&self, call: Call, error: Error) {
        self.world().errors.push_back((call, error));
    }

    /// The calls since the last time, in order.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.world().calls)
    }

    /// The APDUs since the last time, in order.
    pub(crate) fn apdus(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.world().apdus)
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }

    pub(crate) fn log(&self) -> Log {
        let lines = Arc::clone(&self.lines);
        Log::to(move |_, line| lines.lock().unwrap().push(line.into()))
    }

    pub(crate) fn link_for(&self, how: Use, card: usize) -> ReaderLink<Script> {
        let claim = self.claims.of(card);
        let now_ms = Arc::clone(&self.now_ms);
        let clock = Clock::of(move || now_ms.load(Ordering::Relaxed));
        ReaderLink::new(self.clone(), how, self.view.clone(), claim, self.log()).by(clock)
    }

    pub(crate) fn link(&self) -> ReaderLink<Script> {
        self.link_for(Use::default(), 0)
    }

    pub(crate) fn link_to(&self, selector: Selector, card: usize) -> ReaderLink<Script> {
        let how = Use {
            selector,
            ..Use::default()
        };
        self.link_for(how, card)
    }

    /// A link that shares its card, which got power.
    pub(crate) fn shared(&self) -> ReaderLink<Script> {
        let how = Use {
            sharing: Sharing::Shared,
            ..Use::default()
        };
        let mut link = self.link_for(how, 0);
        link.reset().unwrap();
        link
    }

    /// A link whose card got power, and nothing remembered of how.
    pub(crate) fn powered(&self) -> ReaderLink<Script> {
        let mut link = self.link();
        link.reset().unwrap();
        assert_eq!(link.transmit(&EXCHANGE), Ok(NOTHING.to_vec()));
        self.calls();
        self.lines();
        link
    }

    /// Notes a call, and fails it if that was said.
    fn note(&self, call: Call, words: String) -> Result<(), Error> {
        let mut world = self.world();
        world.calls.push(words);
        let at = world
            .errors
            .iter()
            .position(|(failing, _)| *failing == call);
        match at.and_then(|at| world.errors.remove(at)) {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }

    fn answer(&self, apdu: &[u8]) -> Vec<u8> {
        let mut world = self.world();
        if let Some(response) = world.responses.pop_front() {
            return response;
        }
        let is_select = apdu[1] == INS_SELECT;
        let card = world.open.as_ref().and_then(|open| world.cards.get(open));
        match card {
            Some(Card::Ours(domain)) if is_select => selected(*domain),
            Some(Card::Ours(_)) => NOTHING.to_vec(),
            Some(Card::Other(status)) => status.to_be_bytes().to_vec(),
            Some(Card::Failed) => vec![0x6F, 0x00],
            None => Vec::new(),
        }
    }
}

impl Service for Script {
    fn establish(&mut self) -> Result<(), Error> {
        self.note(Call::Establish, "establish".into())
    }

    fn connect(&mut self, reader: &str, _: Sharing) -> Result<Opened, Error> {
        self.note(Call::Connect, format!("connect {reader}"))?;
        self.world().open = Some(reader.into());
        Ok(opened())
    }

    fn reconnect(&mut self, _: Sharing, power: Power) -> Result<Opened, Error> {
        self.note(Call::Reconnect, format!("reconnect {power:?}"))?;
        let mut world = self.world();
        if power == Power::Reset {
            world.is_powered = true;
            let open = world.open.clone().unwrap_or_default();
            if let Some(card @ Card::Failed) = world.cards.get_mut(&open) {
                *card = Card::Ours(DOMAIN);
            }
        }
        Ok(opened())
    }

    fn has_power(&mut self) -> Result<bool, Error> {
        self.note(Call::Status, "status".into())?;
        Ok(self.world().is_powered)
    }

    fn carry(&mut self, sharing: Sharing, transport: &mut Transport) -> Result<Vec<u8>, Fault> {
        if sharing == Sharing::Shared {
            self.note(Call::Begin, "begin".into())
                .map_err(Fault::Service)?;
        }
        let carried = carry_with(transport, |apdu, transport| {
            let words = if apdu[1] == INS_SELECT {
                "select"
            } else {
                "exchange"
            };
            self.note(Call::Transmit, words.into())
                .map_err(Fault::Service)?;
            self.world().apdus.push(apdu.to_vec());
            let response = self.answer(apdu);
            transport.received(&response).map_err(Fault::Transport)
        });
        if sharing == Sharing::Shared {
            self.world().calls.push("end".into());
        }
        carried
    }

    fn close(&mut self) {
        let mut world = self.world();
        if world.open.take().is_some() {
            world.calls.push("close".into());
        }
    }

    fn release(&mut self) {
        self.close();
        self.world().calls.push("release".into());
    }
}

fn opened() -> Opened {
    Opened {
        protocol: Protocol::T1,
        reader_data_max: None,
        atr: vec![0x3B],
    }
}

pub(crate) fn selected(domain: Domain) -> Vec<u8> {
    let reply = SelectReply {
        same_session: false,
        last_sequence: 0xFF,
        domain,
        max_command_data: 65_535,
        max_message: 65_524,
        boot_id: [1; 8],
        generation: 1,
        next_ms: 0xFFFF,
    };
    [&reply.to_data()[..], &[0x90, 0x00]].concat()
}

/// The words of an error that says that there is no card.
pub(crate) fn absent<T: std::fmt::Debug>(result: Result<T, LinkError>) -> String {
    match result {
        Err(LinkError::Absent(words)) => words,
        other => panic!("a card is away: {other:?}"),
    }
}
