//! A card that is pulled, swapped or lost with its process, while the daemon runs: what is for it waits, and
//! goes on once.

use std::time::{Duration, Instant};

use libetp::client::blocking::{Capability, CardSession, Connection};
use libetp::client::control::card::{CardDetails, CardHappening};
use libetp::client::control::{CardStatus, ControlReply, ControlRequest};
use libetp::client::{CardPin, Event};
use libetp::codec;
use libetp::params::Param;
use libetp::params::host::{CardState, CardWatch, Ping, Pong};
use libetp::params::runtime::{CardInfo, CardInfoRequest, EnrolHost, HostEnrolled};
use libetp::{Domain, Mtype, Port, VerdictCode};
use nix::sys::signal::Signal;

use crate::host::{Daemon, Host, PIN, Scheme};
use crate::reader::{Process, Reader};

const TIMEOUT: Duration = Duration::from_secs(30);
/// More than a card's link takes at a time.
const PINGS: u32 = 40;
const FOR_EVER: &str = "[limits]\ncard_away_ms_max = 3600000\n";
const AT_ONCE: &str = "[limits]\ncard_away_ms_max = 0\n";

struct Place {
    scheme: Scheme,
    host: Host,
    reader: Reader,
}

impl Place {
    fn new(limits: &str) -> Self {
        let scheme = Scheme::new();
        let host = scheme.host();
        let text = std::fs::read_to_string(host.config()).unwrap();
        let text = text.replace(
            "kind = \"soft\"\ndirectory = \"card\"",
            "kind = \"process\"\nsocket = \"card.sock\"",
        );
        std::fs::write(host.config(), format!("{text}{limits}")).unwrap();
        let reader = Reader::with(&host.path("card"));
        Self {
            scheme,
            host,
            reader,
        }
    }

    fn process(&self) -> Process {
        Process::serve(self.host.path("card.sock"), &self.reader)
    }

    fn domain(&self) -> Domain {
        self.host.domain
    }

    fn insert(&self) {
        self.reader.insert(&self.host.path("card"));
    }

    fn watcher(&self) -> Watcher {
        let mut watcher = Watcher::new(&self.host, self.domain());
        assert_eq!(watcher.state().state, "live");
        watcher
    }
}

/// A program that is told how its card is, and pings it.
struct Watcher {
    capability: Capability,
    domain: Domain,
    pongs: Vec<u32>,
}

impl Watcher {
    fn new(host: &Host, domain: Domain) -> Self {
        let connection = Connection::open(host.socket(), "watcher").unwrap();
        let mut capability = connection.acquire(Some(domain), false).unwrap();
        let daemon = domain.entity(Port::DIAGNOSTICS);
        let watch = codec::to_vec(&CardWatch {});
        capability.send(daemon, Mtype::CARD_WATCH, &watch).unwrap();
        Self {
            capability,
            domain,
            pongs: Vec::new(),
        }
    }

    fn ping(&mut self, numbers: impl IntoIterator<Item = u32>) {
        for number in numbers {
            let nonce = number.to_be_bytes().to_vec();
            let ping = codec::to_vec(&Ping { nonce });
            let sent = self.capability.send(self.domain.card(), Mtype::PING, &ping);
            sent.unwrap();
        }
    }

    /// What comes next, beside answers of the card, which are kept.
    fn next(&mut self) -> Event {
        loop {
            let event = self.capability.event_within(TIMEOUT).unwrap();
            match event.expect("something in time") {
                Event::Delivery(received) if received.message.header.mtype == Mtype::PONG => {
                    let pong = Pong::from_param(&received.message.param).unwrap();
                    let number = u32::from_be_bytes(pong.nonce.try_into().unwrap());
                    self.pongs.push(number);
                }
                event => return event,
            }
        }
    }

    fn state(&mut self) -> CardState {
        match self.next() {
            Event::Delivery(received) => {
                let message = received.message;
                assert_eq!(message.header.mtype, Mtype::CARD_STATE);
                assert_eq!(message.header.src, self.domain.entity(Port::DIAGNOSTICS));
                CardState::from_param(&message.param).unwrap()
            }
            other => panic!("{other:?}"),
        }
    }

    /// Waits until so many answers have come.
    fn until_pongs(&mut self, count: u32) {
        while self.pongs.len() < count as usize {
            let event = self.capability.event_within(TIMEOUT).unwrap();
            match event.expect("an answer in time") {
                Event::Delivery(received) if received.message.header.mtype == Mtype::PONG => {
                    let pong = Pong::from_param(&received.message.param).unwrap();
                    self.pongs
                        .push(u32::from_be_bytes(pong.nonce.try_into().unwrap()));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

/// What an owner's program knows of the card, and its certificate.
fn pin(owner: &mut Capability, domain: Domain) -> (CardPin, etp_pki::Leaf) {
    let info: CardInfo = owner
        .call(domain.card(), &CardInfoRequest {}, TIMEOUT)
        .unwrap();
    let leaf = etp_pki::scheme::inspect(&info.certificate).unwrap();
    let pin = CardPin::new(domain, &info.certificate, leaf.agree.unwrap());
    (pin, leaf)
}

fn status(daemon: &Daemon) -> CardStatus {
    daemon.connect().status().cards.remove(0)
}

#[track_caller]
fn until(daemon: &Daemon, what: &str, is_so: impl Fn(&CardStatus) -> bool) {
    let start = Instant::now();
    loop {
        let status = status(daemon);
        if is_so(&status) {
            return;
        }
        assert!(start.elapsed() < TIMEOUT, "not {what}: {status:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn counter(daemon: &Daemon, name: &str) -> u64 {
    let counters = daemon.connect().status().counters;
    counters.get(name).copied().unwrap_or_default()
}

#[test]
fn what_is_for_a_card_that_was_pulled_waits_and_goes_on_once_when_it_is_back() {
    let place = Place::new(FOR_EVER);
    let _process = place.process();
    let daemon = place.host.start();
    let mut watcher = place.watcher();
    for round in 0..3 {
        watcher.pongs.clear();
        watcher.ping(0..PINGS / 2);
        place.reader.pull();
        watcher.ping(PINGS / 2..PINGS);
        let absent = watcher.state();
        assert_eq!(
            (absent.state.as_str(), absent.wait_ms),
            ("absent", 3_600_000)
        );
        assert_eq!(absent.reason, "no-card");
        let unanswered = u64::from(PINGS) - watcher.pongs.len() as u64;
        until(&daemon, "waiting", |card| {
            card.state == "absent" && card.queued <= unanswered && card.queued > 0
        });
        place.insert();
        let live = watcher.state();
        assert_eq!((live.state.as_str(), live.wait_ms), ("live", 0), "{round}");
        watcher.until_pongs(PINGS);
        assert_eq!(watcher.pongs, (0..PINGS).collect::<Vec<_>>());
    }
    assert_eq!(counter(&daemon, "card-absent"), 3);
    assert_eq!(counter(&daemon, "card-live"), 4);
}

#[test]
fn an_owner_authenticates_anew_when_the_card_is_back() {
    let place = Place::new(FOR_EVER);
    let _process = place.process();
    let _daemon = place.host.start();
    let mut watcher = place.watcher();
    let (domain, host_key) = (place.domain(), place.host.key);
    let connection = Connection::open(place.host.socket(), "owner").unwrap();
    let mut owner = connection.acquire(Some(domain), false).unwrap();
    let (pin, _) = pin(&mut owner, domain);
    let enrol = || EnrolHost { host_key };
    let mut session = CardSession::authenticate(&mut owner, &pin, PIN, TIMEOUT).unwrap();
    let _: HostEnrolled = session.order(&mut owner, &enrol(), TIMEOUT).unwrap();
    place.reader.pull();
    assert_eq!(watcher.state().state, "absent");
    place.insert();
    assert_eq!(watcher.state().state, "live");
    let refused = session.order::<_, HostEnrolled>(&mut owner, &enrol(), TIMEOUT);
    assert!(
        refused.is_err(),
        "authentications do not outlive a card's power"
    );
    let mut session = CardSession::authenticate(&mut owner, &pin, PIN, TIMEOUT).unwrap();
    let _: HostEnrolled = session.order(&mut owner, &enrol(), TIMEOUT).unwrap();
}

#[test]
fn senders_are_told_when_their_messages_have_waited_long_enough() {
    let place = Place::new(AT_ONCE);
    let _process = place.process();
    let daemon = place.host.start();
    let mut watcher = place.watcher();
    place.reader.pull();
    watcher.ping([1]);
    let absent = loop {
        match watcher.next() {
            // Under way, or too late.
            Event::Undelivered(undelivered) => {
                let code = undelivered.verdict.code;
                assert!([VerdictCode::Unknown, VerdictCode::CardGone].contains(&code));
            }
            Event::Delivery(received) => {
                break CardState::from_param(&received.message.param).unwrap();
            }
        }
    };
    assert_eq!(absent.state, "absent");
    until(&daemon, "overdue", |_| {
        counter(&daemon, "card-overdue") == 1
    });
    place.insert();
    until(&daemon, "live", |card| card.state == "live");
    assert_eq!(counter(&daemon, "card-live"), 2);
}

/// The card of another domain in the reader gets nothing, and serves nobody.
#[test]
fn a_swapped_card_is_given_nothing_until_the_right_one_is_back() {
    let place = Place::new(FOR_EVER);
    let other = place.host.path("other");
    let other_domain = place.scheme.card(&other, place.host.key);
    let _process = place.process();
    let daemon = place.host.start();
    let mut watcher = place.watcher();
    place.reader.pull();
    watcher.ping(0..PINGS);
    assert_eq!(watcher.state().state, "absent");
    place.reader.insert(&other);
    let swapped = watcher.state();
    assert_eq!(swapped.state, "absent");
    assert_eq!(swapped.reason, "other-card", "no more than that");
    let whole = status(&daemon).detail;
    assert!(whole.contains(&other_domain.to_string()), "{whole}");
    assert!(whole.contains("put "), "{whole}");
    let connection = Connection::open(place.host.socket(), "other").unwrap();
    let refused = connection.acquire(Some(other_domain), false).unwrap_err();
    assert!(refused.to_string().contains("no-such-card"), "{refused}");
    assert_eq!(counter(&daemon, "card-another"), 1);
    place.reader.pull();
    assert_eq!(watcher.state().state, "absent");
    place.insert();
    assert_eq!(watcher.state().state, "live");
    watcher.until_pongs(PINGS);
    assert_eq!(watcher.pongs, (0..PINGS).collect::<Vec<_>>());
}

/// What waits for a card is not for whoever says that it is this card.
#[test]
fn a_card_that_came_back_is_given_nothing_before_it_proved_itself() {
    let place = Place::new(FOR_EVER);
    let other = place.host.path("other");
    place.scheme.card(&other, place.host.key);
    let _process = place.process();
    let daemon = place.host.start();
    let mut watcher = place.watcher();
    place.reader.pull();
    watcher.ping(0..PINGS);
    assert_eq!(watcher.state().state, "absent");
    place.reader.insert_liar(&other, place.domain());
    let start = Instant::now();
    while place.reader.given().is_empty() {
        assert!(start.elapsed() < TIMEOUT, "it is challenged");
        std::thread::sleep(Duration::from_millis(1));
    }
    watcher.ping([PINGS]);
    until(&daemon, "waiting", |card| card.queued > u64::from(PINGS));
    let to_liar: Vec<_> = place.reader.given().concat();
    assert_eq!(to_liar, [Mtype::HELLO_CHALLENGE]);
    place.reader.pull();
    until(&daemon, "absent", |_| counter(&daemon, "card-absent") == 2);
    place.insert();
    assert_eq!(watcher.state().state, "live");
    watcher.until_pongs(PINGS + 1);
    assert_eq!(watcher.pongs, (0..=PINGS).collect::<Vec<_>>());
    let given = place.reader.given();
    let first = given.iter().find(|command| !command.is_empty());
    assert_eq!(first.unwrap(), &[Mtype::HELLO_CHALLENGE], "{given:?}");
}

#[test]
fn what_is_for_a_card_whose_process_died_waits_and_goes_on_once_when_it_is_back() {
    let place = Place::new(FOR_EVER);
    let process = place.process();
    let daemon = place.host.start();
    let mut watcher = place.watcher();
    watcher.ping(0..PINGS / 2);
    drop(process);
    watcher.ping(PINGS / 2..PINGS);
    let gone = watcher.state();
    assert_eq!((gone.state.as_str(), gone.wait_ms), ("gone", 3_600_000));
    assert_eq!(gone.reason, "no-link");
    until(&daemon, "gone", |card| card.state == "gone");
    assert_eq!(details(&daemon, place.domain()).server_pid, None);
    let _process = place.process();
    assert_eq!(watcher.state().state, "live");
    watcher.until_pongs(PINGS);
    assert_eq!(watcher.pongs, (0..PINGS).collect::<Vec<_>>());
    assert_eq!(details(&daemon, place.domain()).server, "test reader");
    assert_eq!(counter(&daemon, "card-lost"), 1);
}

#[test]
fn a_daemon_that_ends_does_not_wait_for_a_card_and_tells_the_senders() {
    let place = Place::new(FOR_EVER);
    let _process = place.process();
    let daemon = place.host.start();
    let mut watcher = place.watcher();
    place.reader.pull();
    assert_eq!(watcher.state().state, "absent");
    watcher.ping(0..PINGS);
    until(&daemon, "waiting", |card| card.queued == u64::from(PINGS));
    daemon.signal(Signal::SIGTERM);
    let mut refused = 0;
    while let Ok(Some(event)) = watcher.capability.event_within(TIMEOUT) {
        if let Event::Undelivered(undelivered) = event {
            let code = undelivered.verdict.code;
            assert!([VerdictCode::Unknown, VerdictCode::CardGone].contains(&code));
            refused += 1;
        }
    }
    assert_eq!(refused, PINGS);
    assert_eq!(daemon.wait().code(), Some(0));
}

#[test]
fn a_daemon_that_starts_without_a_card_takes_it_up_when_it_comes() {
    let place = Place::new(FOR_EVER);
    let _process = place.process();
    place.reader.pull();
    let daemon = place.host.start();
    until(&daemon, "absent", |card| card.state == "absent");
    let told = status(&daemon);
    assert_eq!(told.detail.matches("card.sock").count(), 1, "{told:?}");
    place.insert();
    until(&daemon, "live", |card| card.state == "live");
    place.watcher();
}

fn details(daemon: &Daemon, domain: Domain) -> CardDetails {
    let domain = domain.to_string();
    match daemon.connect().control(&ControlRequest::Card { domain }) {
        ControlReply::Card(Some(details)) => *details,
        other => panic!("{other:?}"),
    }
}

fn happenings(daemon: &Daemon, after: u64) -> Vec<CardHappening> {
    let request = ControlRequest::CardHappenings { after };
    match daemon.connect().control(&request) {
        ControlReply::CardHappenings(happenings) => happenings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_administrator_learns_who_serves_a_card_who_uses_it_and_what_happened() {
    let place = Place::new(FOR_EVER);
    let _process = place.process();
    let daemon = place.host.start();
    let mut watcher = place.watcher();
    let connection = Connection::open(place.host.socket(), "owner").unwrap();
    let mut owner = connection.acquire(Some(place.domain()), false).unwrap();
    let (pin, leaf) = pin(&mut owner, place.domain());
    CardSession::authenticate(&mut owner, &pin, PIN, TIMEOUT).unwrap();
    let live = details(&daemon, place.domain());
    assert_eq!(live.server, "test reader");
    assert_eq!(live.server_pid, Some(std::process::id() as i32));
    assert_eq!(live.owners, [0]);
    assert_eq!(live.authenticated, [owner.id().to_string()]);
    assert_eq!(live.certificate.unwrap().not_after_unix_s, leaf.not_after);
    assert!(live.boot_id.is_some() && live.last_failure.is_none());
    let before = happenings(&daemon, 0).last().unwrap().sequence;
    place.reader.pull();
    assert_eq!(watcher.state().state, "absent");
    let absent = details(&daemon, place.domain());
    assert_eq!(absent.status.state, "absent");
    assert!(absent.authenticated.is_empty() && absent.boot_id.is_none());
    assert_eq!(absent.last_failure.unwrap().event, "card-absent");
    place.insert();
    assert_eq!(watcher.state().state, "live");
    let happened = happenings(&daemon, before);
    let events: Vec<_> = happened.iter().map(|it| it.event.as_str()).collect();
    assert_eq!(events, ["card-absent", "card-live"]);
    assert_ne!(details(&daemon, place.domain()).boot_id, live.boot_id);
    let unknown = Domain([7; 12]).to_string();
    let request = ControlRequest::Card { domain: unknown };
    let reply = daemon.connect().control(&request);
    assert_eq!(reply, ControlReply::Card(None));
}

/// An id whose program ended is authenticated no more.
#[test]
fn who_has_left_is_not_shown_as_authenticated() {
    let place = Place::new(FOR_EVER);
    let _process = place.process();
    let daemon = place.host.start();
    let connection = Connection::open(place.host.socket(), "owner").unwrap();
    let mut owner = connection.acquire(Some(place.domain()), false).unwrap();
    let (pin, _) = pin(&mut owner, place.domain());
    CardSession::authenticate(&mut owner, &pin, PIN, TIMEOUT).unwrap();
    assert_eq!(details(&daemon, place.domain()).authenticated.len(), 1);
    drop(owner);
    until(&daemon, "nobody", |_| {
        details(&daemon, place.domain()).authenticated.is_empty()
    });
}
