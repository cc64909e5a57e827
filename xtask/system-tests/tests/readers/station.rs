//! One host with a card in a reader, and a program that pings the card.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use libetp::client::Event;
use libetp::client::blocking::{Capability, Connection};
use libetp::params::Param;
use libetp::params::host::{Ping, Pong};
use serde_json::Value;
use system_tests::reader::{PcscService, ReaderUser, Slot};
use system_tests::{Binaries, Deployment, Host};

use crate::gate::OwnCard;

/// Only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Station {
    pub(crate) pings: Pings,
    /// Gone before the service, and that before its directory.
    pub(crate) host: Host,
    pub(crate) service: PcscService,
    pub(crate) slot: Slot,
    binaries: Binaries,
    deployment: Deployment,
}

impl Station {
    /// A live card that `etp-card-proxy serve` has for itself, unless `of_proxy` says otherwise.
    pub(crate) fn set(of_proxy: &[&str]) -> Self {
        let deployment = Deployment::create(Binaries::beside_this_program().unwrap()).unwrap();
        let service = PcscService::start(&deployment.path().join("pcscd"), 2).unwrap();
        let key = deployment.enrol("service", "service").unwrap();
        let mut host = deployment.host("a", &key).unwrap();
        let slot = service.slot(0);
        host.put_into_reader(&slot, &[], of_proxy);
        host.start(&[]).unwrap();
        Self {
            pings: Pings::of(&host),
            host,
            service,
            slot,
            binaries: Binaries::beside_this_program().unwrap(),
            deployment,
        }
    }

    /// The same, with the card in the hands of the test.
    pub(crate) fn with_own_card(of_proxy: &[&str]) -> (Self, OwnCard) {
        let mut station = Self::set(of_proxy);
        station.pull();
        let card = station.insert_own();
        station.host.wait_until("live").unwrap();
        (station, card)
    }

    /// Pings anew, after a start of the daemon.
    pub(crate) fn reconnect(&mut self) {
        self.pings = Pings::of(&self.host);
    }

    /// Pulls the card, and waits until the daemon knows.
    pub(crate) fn pull(&mut self) {
        self.host.kill_card();
        self.host.wait_until("absent").unwrap();
    }

    /// The card, put into its reader by this test.
    pub(crate) fn insert_own(&self) -> OwnCard {
        OwnCard::insert(&self.card_directory(), &self.slot)
    }

    pub(crate) fn card_directory(&self) -> PathBuf {
        self.host.path().join("card")
    }

    /// The directory of another card, of the same scheme.
    pub(crate) fn other_card(&self) -> PathBuf {
        let key = self.deployment.enrol("service", "other-service").unwrap();
        let host = self.deployment.host("other", &key).unwrap();
        host.path().join("card")
    }

    /// Another program at the same reader.
    pub(crate) fn other_program(&self) -> ReaderUser {
        ReaderUser::start(&self.binaries, &self.slot).unwrap()
    }

    /// What `etpctl status` says of the card.
    pub(crate) fn card(&self) -> Value {
        let status = self.host.etpctl(&["status"]).json().unwrap();
        status["cards"][0].clone()
    }

    /// Waits until the card is in that state, with those words.
    pub(crate) fn wait_for_words(&self, state: &str, words: &str) {
        let is_so = || {
            let card = self.card();
            Ok(card["state"] == state && card.to_string().contains(words))
        };
        self.host.wait_for(words, is_so).unwrap();
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.host.last_words());
        }
    }
}

/// Another program does what it is told.
#[track_caller]
pub(crate) fn ok(program: &mut ReaderUser, order: &str) {
    assert_eq!(program.ask(order).unwrap(), "ok", "{order}");
}

/// Another program does what it is told as soon as it can.
#[track_caller]
pub(crate) fn until_ok(program: &mut ReaderUser, order: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = program.ask(order).unwrap();
        if answer == "ok" {
            return;
        }
        assert!(Instant::now() < deadline, "{order}: {answer}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Pings, and what came of them.
pub(crate) struct Pings {
    capability: Capability,
    sent: u64,
    answered: BTreeMap<u64, usize>,
}

impl Pings {
    fn of(host: &Host) -> Self {
        let connection = Connection::open(host.socket(), "pings").unwrap();
        Self {
            capability: connection.acquire(None, false).unwrap(),
            sent: 0,
            answered: BTreeMap::new(),
        }
    }

    /// Sends one more.
    pub(crate) fn send(&mut self) {
        let card = self.capability.id().domain.card();
        let nonce = self.sent.to_be_bytes().to_vec();
        self.capability.send_param(card, &Ping { nonce }).unwrap();
        self.sent += 1;
    }

    /// Waits until all are answered, and one more; each was answered once, none was given back.
    #[track_caller]
    pub(crate) fn are_answered_once(&mut self) {
        self.send();
        let deadline = Instant::now() + PATIENCE;
        while (self.answered.len() as u64) < self.sent {
            assert!(Instant::now() < deadline, "no answers: {:?}", self.answered);
            match self.capability.event_within(PATIENCE).unwrap() {
                Some(Event::Delivery(delivery)) => self.note(&delivery.message.param),
                Some(Event::Undelivered(undelivered)) => panic!("given back: {undelivered:?}"),
                None => {}
            }
        }
        // What the card says comes in order: the answer to the last is behind all repetitions.
        let twice = self.answered.values().filter(|count| **count != 1);
        assert_eq!(twice.count(), 0, "{:?}", self.answered);
    }

    fn note(&mut self, param: &[u8]) {
        let nonce = Pong::from_param(param).unwrap().nonce;
        let number = u64::from_be_bytes(nonce.try_into().unwrap());
        *self.answered.entry(number).or_default() += 1;
    }
}
