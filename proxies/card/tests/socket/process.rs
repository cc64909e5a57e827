//! A process that serves a card, played by a thread: it can be killed and started again.

use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use card_proxy::socket::{COMMAND_BYTES_MIN, CardServer, ServeError};
use card_proxy::{CardEvent, FailReason, GoneReason, Link, LinkError};
use libetp::local::{Claim, ConnectError, Trust};

use crate::support::{ModelCard, order};
use crate::{host, link};

/// Where a card is served.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("card.sock")
    }

    pub(crate) fn listen(&self) -> (UnixListener, Claim) {
        let mut claim = Claim::of(&self.path(), "card").expect("nobody else serves it");
        (claim.bind(0o600).expect("a socket"), claim)
    }
}

/// A process that serves a card until this is dropped.
pub(crate) struct Process {
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
}

impl Process {
    pub(crate) fn serve(place: &Place, card: impl Link + 'static) -> Self {
        let (listener, claim) = place.listen();
        let (stop, stopped) = UnixStream::pair().expect("a pair");
        let thread = std::thread::spawn(move || {
            let _claim = claim;
            CardServer::new(card, Trust::default(), "test card").serve(&listener, &stopped)
        });
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Ends it in order.
    pub(crate) fn end(mut self) -> Result<(), ServeError> {
        drop(self.stop.take());
        let thread = self.thread.take().expect("it runs");
        thread.join().expect("it does not panic")
    }

    /// Waits until it is killed.
    fn wait_for_death(mut self) {
        let thread = self.thread.take().expect("it runs");
        assert!(thread.join().is_err(), "it was to be killed");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A card that outlives the processes that serve it; one of them dies at a command.
#[derive(Clone, Default)]
struct Shared {
    card: Arc<Mutex<ModelCard>>,
    death: Option<Death>,
    commands: usize,
}

#[derive(Clone, Copy)]
struct Death {
    at_command: usize,
    after_it: bool,
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, ModelCard> {
        self.card.lock().unwrap_or_else(|error| error.into_inner())
    }

    fn dying(&self, death: Death) -> Self {
        Self {
            death: Some(death),
            ..self.clone()
        }
    }
}

impl Link for Shared {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let death = self.death.filter(|death| death.at_command == self.commands);
        self.commands += 1;
        if death.is_some_and(|death| !death.after_it) {
            resume_unwind(Box::new("killed before the command"));
        }
        let response = self.lock().transmit(command);
        if death.is_some() {
            resume_unwind(Box::new("killed after the command"));
        }
        Ok(response)
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.lock().power_cycle();
        Ok(())
    }
}

/// Tells when nobody needs it.
struct Restful(Shared, std::sync::mpsc::Sender<&'static str>);

impl Link for Restful {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let _ = self.1.send("command");
        self.0.transmit(command)
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        let _ = self.1.send("power");
        self.0.reset()
    }

    fn place(&self) -> Option<String> {
        Some("in a hammock".into())
    }

    fn rest(&mut self) {
        let _ = self.1.send("rest");
    }
}

#[test]
fn a_card_rests_when_its_daemon_is_gone_and_gets_power_for_the_next() {
    let (tell, told) = channel();
    let place = Place::new();
    let process = Process::serve(&place, Restful(Shared::default(), tell));
    for _ in 0..2 {
        let (thread, _events) = host(&place);
        let sent = thread.sender().try_send(1, order(1, 8));
        sent.expect("room");
        thread.shutdown().expect("ends");
        let said: Vec<_> = told.iter().take_while(|said| *said != "rest").collect();
        assert_eq!(said, ["power", "command", "command"]);
    }
    let mut link = link(&place).expect("a process that listens");
    link.reset().expect("power");
    let server = link.server().expect("one that said who it is");
    assert_eq!(server.name, "test card, in a hammock");
    drop(link);
    process.end().expect("ends in order");
    let said: Vec<_> = told.iter().collect();
    assert!(
        ["power", "rest"].starts_with(&said),
        "and not told twice: {said:?}"
    );
}

#[test]
fn every_message_passes_in_order_and_once() {
    let (place, card) = (Place::new(), Shared::default());
    let process = Process::serve(&place, card.clone());
    let (thread, events) = host(&place);
    let numbers: Vec<u64> = (1..=200).collect();
    for number in &numbers {
        let sent = thread.sender().try_send(*number, order(*number, 8));
        sent.expect("room");
    }
    thread.shutdown().expect("ends");
    let completed = events.into_iter().filter_map(|event| match event {
        CardEvent::Completed { number } => Some(number),
        _ => None,
    });
    assert_eq!(completed.collect::<Vec<_>>(), numbers);
    assert_eq!(card.lock().executed, numbers);
    process.end().expect("in order");
}

/// Killed at any command, before or after the card carried it out, and started again.
#[test]
fn a_process_that_is_killed_and_started_again_loses_and_repeats_nothing() {
    for at_command in 0..6 {
        for after_it in [false, true] {
            killed_and_started_again(Death {
                at_command,
                after_it,
            });
        }
    }
}

fn killed_and_started_again(death: Death) {
    const ORDERS: u64 = 5;
    let (place, card) = (Place::new(), Shared::default());
    let first = Process::serve(&place, card.dying(death));
    let (thread, events) = host(&place);
    let restarter = std::thread::spawn(move || {
        first.wait_for_death();
        (Process::serve(&place, card.clone()), card, place)
    });
    let (mut completed, mut heard) = (Vec::new(), Vec::new());
    for number in 1..=ORDERS {
        let sent = thread.sender().try_send(number, order(number, 8));
        sent.expect("room");
        // One command for each order.
        while completed.last() != Some(&number) || heard.last() != Some(&number) {
            match events.recv().expect("the thread lives") {
                CardEvent::Completed { number } => completed.push(number),
                CardEvent::Message { message, .. } => {
                    heard.push(crate::support::number_of(&message));
                }
                CardEvent::Failed { number, reason } => panic!("{number}: {reason}"),
                CardEvent::Gone(reason) => panic!("gone: {reason}"),
                CardEvent::Away(why) => panic!("away: {why}"),
                CardEvent::Served(_)
                | CardEvent::Selected(_)
                | CardEvent::Apdu(_)
                | CardEvent::Overdue => {}
            }
        }
    }
    let (_second, card, _place) = restarter.join().expect("it was killed");
    let all: Vec<u64> = (1..=ORDERS).collect();
    assert_eq!(card.lock().executed, all);
    assert_eq!((completed, heard), (all.clone(), all));
}

#[test]
fn a_process_that_ends_while_nothing_is_under_way_is_missed_and_found_again() {
    let (place, card) = (Place::new(), Shared::default());
    let first = Process::serve(&place, card.clone());
    let (thread, events) = host(&place);
    let boot = |event| match event {
        CardEvent::Selected(reply) => Some(reply.boot_id),
        CardEvent::Gone(reason) => panic!("gone: {reason}"),
        _ => None,
    };
    let before = events.iter().find_map(boot).expect("selected");
    first.end().expect("in order");
    let second = Process::serve(&place, card);
    let after = events.iter().find_map(boot).expect("selected");
    assert_ne!(before, after, "another power-up");
    second.end().expect("in order");
    let gone = events.iter().find_map(|event| match event {
        CardEvent::Gone(reason) => Some(reason),
        _ => None,
    });
    let gone = gone.expect("given up");
    assert!(matches!(gone, GoneReason::Faults { .. }), "{gone}");
    assert!(gone.to_string().contains("cannot connect"), "{gone}");
    drop(thread);
    let error = link(&place).expect_err("nobody listens");
    assert!(matches!(error, ConnectError::Io { .. }), "{error}");
}

#[test]
fn every_connection_begins_with_a_card_that_was_powered_up() {
    let (place, card) = (Place::new(), Shared::default());
    let _process = Process::serve(&place, card);
    let mut boots = Vec::new();
    for _ in 0..3 {
        let (thread, events) = host(&place);
        let boot = events.iter().find_map(|event| match event {
            CardEvent::Selected(reply) => Some(reply.boot_id),
            _ => None,
        });
        boots.push(boot.expect("selected"));
        thread.shutdown().expect("ends");
    }
    boots.sort_unstable();
    boots.dedup();
    assert_eq!(boots.len(), 3);
}

/// A card behind a reader for short APDUs.
struct Narrow(ModelCard);

impl Link for Narrow {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        assert!(command.len() <= COMMAND_BYTES_MIN, "{}", command.len());
        Ok(self.0.transmit(command))
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.0.power_cycle();
        Ok(())
    }

    fn command_bytes_max(&self) -> usize {
        COMMAND_BYTES_MIN
    }
}

#[test]
fn commands_are_as_long_as_the_way_to_the_card_carries() {
    let place = Place::new();
    let _process = Process::serve(&place, Narrow(ModelCard::default()));
    let (thread, events) = host(&place);
    // Overhead of the command 9, of its frame 2, of the message 34.
    let longest = COMMAND_BYTES_MIN - 9 - 2 - 34;
    for (number, len) in [(1, longest), (2, longest + 1)] {
        let sent = thread.sender().try_send(number, order(number, len));
        sent.expect("room");
    }
    thread.shutdown().expect("ends");
    let events: Vec<_> = events.into_iter().collect();
    assert!(events.contains(&CardEvent::Completed { number: 1 }));
    let refused = |event: &CardEvent| {
        let reason = FailReason::TooLarge {
            len: longest + 1 + 34,
            max: longest + 34,
        };
        *event == CardEvent::Failed { number: 2, reason }
    };
    assert!(events.iter().any(refused), "{events:?}");
}

/// A card whose reader says by itself that it was pulled.
struct Pulled(ModelCard);

impl Link for Pulled {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        Ok(self.0.transmit(command))
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        Ok(())
    }

    fn check_pause(&self) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }

    fn check(&mut self) -> Result<(), LinkError> {
        Err(LinkError::Gone("pulled\u{1b}[31m".into()))
    }
}

#[test]
fn a_card_that_is_pulled_is_gone_at_once_and_its_server_ends() {
    let place = Place::new();
    let process = Process::serve(&place, Pulled(ModelCard::default()));
    let (_thread, events) = host(&place);
    let gone = events.iter().find_map(|event| match event {
        CardEvent::Gone(reason) => Some(reason),
        _ => None,
    });
    let gone = gone.expect("gone").to_string();
    assert!(gone.contains("(test card): pulled"), "{gone}");
    assert!(!gone.contains('\u{1b}'), "{gone}");
    let thread = { process }.thread.take().expect("it runs");
    let ended = thread.join().expect("no panic");
    assert!(matches!(ended, Err(ServeError::Gone(_))), "{ended:?}");
}

/// A card that takes its time over a command.
struct Slow {
    card: ModelCard,
    began: std::sync::mpsc::Sender<()>,
    go_on: std::sync::mpsc::Receiver<()>,
}

impl Link for Slow {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.began.send(()).expect("the test waits");
        self.go_on.recv().expect("the test goes on");
        Ok(self.card.transmit(command))
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

#[test]
fn a_server_that_is_stopped_answers_what_is_under_way() {
    let place = Place::new();
    let ((began, begun), (go, go_on)) = (channel(), channel());
    let card = Slow {
        card: ModelCard::default(),
        began,
        go_on,
    };
    let mut process = Process::serve(&place, card);
    let mut daemon = link(&place).expect("connects");
    let asking = std::thread::spawn(move || daemon.transmit(&[0; 5]));
    begun.recv().expect("a command");
    drop(process.stop.take());
    go.send(()).expect("the card waits");
    let response = asking.join().expect("no panic");
    assert_eq!(response.expect("an answer").len(), 2);
    process.end().expect("in order");
}
