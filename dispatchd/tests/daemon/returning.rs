//! Cards that go and come back while the daemon runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use card_proxy::{Link, LinkError};
use dispatchd::card::{
    Cards, Quarantine, REOPEN_MS_MIN, Services, Slot, SlotSettings, Stage, WitnessWriter,
};
use dispatchd::control::Recorder;
use dispatchd::router::{ControlRequest, Entry, Event, HostPort, Router, Settings, TraceRecord};
use dispatchd::state::State;
use libetp::{Domain, Message};
use softcard::SoftCard;

use crate::host::{Host, Scheme};

/// Only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

struct Nobody;

impl HostPort for Nobody {
    fn message(&self, _: Entry, _: Message) {}
    fn want_ports(&self, _: Domain) {}
    fn control(&self, _: ControlRequest) {}
    fn event(&self, _: Event) {}
    fn trace(&self, _: &[TraceRecord]) {}
}

/// A soft card that somebody can pull.
struct Pulled {
    card: SoftCard,
    is_away: Arc<AtomicBool>,
}

impl Pulled {
    fn is_there(&self) -> Result<(), LinkError> {
        match self.is_away.load(Ordering::SeqCst) {
            true => Err(LinkError::Gone("pulled".into())),
            false => Ok(()),
        }
    }
}

impl Link for Pulled {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.is_there()?;
        self.card.transmit(command)
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.is_there()?;
        self.card.reset()
    }
}

/// One card at a table, with the reader in the hands of the test.
struct Reader {
    cards: Cards,
    slot: Arc<Slot>,
    router: Router,
    services: Arc<Services>,
    is_away: Arc<AtomicBool>,
    opened: Arc<AtomicU32>,
    host: Host,
    _state: tempfile::TempDir,
}

impl Reader {
    fn new(scheme: &Scheme, host: Host) -> Self {
        let state_directory = tempfile::tempdir().unwrap();
        let state = State::open(&state_directory.path().join("state")).unwrap();
        let store = Box::new(state.clone());
        let router = Router::start(Settings::default(), store, Arc::new(Nobody)).unwrap();
        let witnesses = WitnessWriter::start(state.clone(), |error| panic!("{error}")).unwrap();
        let recorder = Arc::new(Recorder::new(0));
        let services = Services::new(router.clone(), state, witnesses, recorder);
        let services = Arc::new(services);
        let settings = SlotSettings {
            index: 0,
            place: host.path("card"),
            backend: "embedded",
            at_rest: "none",
            owners: vec![0],
            anchors: scheme.anchors(),
            host_key: Some(host.key),
            away_ms_max: 0,
        };
        let slot = Slot::new(settings, Arc::clone(&services));
        let is_away = Arc::new(AtomicBool::new(false));
        let opened = Arc::new(AtomicU32::new(0));
        let mut cards = Cards::default();
        let open = {
            let (is_away, opened) = (Arc::clone(&is_away), Arc::clone(&opened));
            let directory = host.path("card");
            move || {
                opened.fetch_add(1, Ordering::SeqCst);
                if is_away.load(Ordering::SeqCst) {
                    return Err("no card in the reader".to_owned());
                }
                let card = SoftCard::open(&directory, None).map_err(|error| error.to_string())?;
                let is_away = Arc::clone(&is_away);
                Ok(Box::new(Pulled { card, is_away }) as Box<dyn Link>)
            }
        };
        cards.add(Arc::clone(&slot), Box::new(open));
        Self {
            cards,
            slot,
            router,
            services,
            is_away,
            opened,
            host,
            _state: state_directory,
        }
    }

    fn until_live(&self) {
        until("a live card", || {
            matches!(self.slot.session().stage(), Stage::Live { .. })
        });
    }

    /// Pulls the card and returns when it is planned to open it again, at time 0.
    fn pull(&mut self) {
        self.is_away.store(true, Ordering::SeqCst);
        // An order makes the thread use the link.
        self.slot.serve([1; 32], 1);
        until("the loss", || {
            self.cards.tick(0);
            self.slot.reopening().is_some()
        });
    }

    fn count(&self, name: &str) -> u64 {
        let counters = self.services.recorder.counters();
        counters.get(name).copied().unwrap_or_default()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.cards.shutdown();
        self.router.shutdown();
    }
}

#[test]
fn a_card_that_was_pulled_is_opened_with_growing_pauses_until_it_is_back() {
    let scheme = Scheme::new();
    let mut reader = Reader::new(&scheme, scheme.host());
    reader.until_live();
    reader.pull();
    assert_eq!(reader.slot.reopening(), Some((1, REOPEN_MS_MIN)));
    reader.cards.tick(REOPEN_MS_MIN - 1);
    assert_eq!(reader.opened.load(Ordering::SeqCst), 1);
    reader.cards.tick(REOPEN_MS_MIN);
    assert_eq!(reader.opened.load(Ordering::SeqCst), 2);
    let gone = Stage::Gone("no card in the reader".into());
    assert_eq!(*reader.slot.session().stage(), gone);
    reader.cards.tick(1_000);
    assert_eq!(reader.slot.reopening(), Some((2, 2 * REOPEN_MS_MIN)));
    reader.is_away.store(false, Ordering::SeqCst);
    reader.cards.tick(1_000 + 2 * REOPEN_MS_MIN);
    reader.until_live();
    assert_eq!(reader.opened.load(Ordering::SeqCst), 3);
    assert_eq!(reader.slot.reopening(), None);
    assert_eq!(
        (reader.count("card-gone"), reader.count("card-live")),
        (1, 2)
    );
    assert_eq!(reader.count("card-reopen"), 2);
}

#[test]
fn a_card_that_comes_back_older_is_quarantined_and_not_opened_again() {
    let scheme = Scheme::new();
    let host = scheme.host();
    host.copy("card", "snapshot");
    let mut reader = Reader::new(&scheme, host);
    reader.until_live();
    reader.pull();
    reader.host.copy("snapshot", "card");
    reader.is_away.store(false, Ordering::SeqCst);
    reader.cards.tick(REOPEN_MS_MIN);
    until("a judgement", || {
        matches!(
            reader.slot.session().stage(),
            Stage::Quarantined(Quarantine::Rollback(_))
        )
    });
    for seconds in 0..1_000 {
        reader.cards.tick(seconds * 1_000);
    }
    assert_eq!(reader.opened.load(Ordering::SeqCst), 2);
}

#[test]
fn a_daemon_finds_its_card_when_another_program_lets_go_of_it() {
    let host = Scheme::new().host();
    let holder = SoftCard::open(&host.path("card"), None).unwrap();
    let daemon = host.start();
    let status = daemon.connect().status().cards.remove(0);
    assert_eq!(status.state, "gone");
    until("a plan", || {
        let status = daemon.connect().status().cards.remove(0);
        status.detail.contains("; opened again after ")
    });
    drop(holder);
    until("a live card", || {
        daemon.connect().status().cards.remove(0).state == "live"
    });
    assert_eq!(daemon.connect().acquire(false).id.domain, host.domain);
}
