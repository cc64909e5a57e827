//! A process that has no card now: it says so, and says when there is one.

use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use card_proxy::socket::{Absent, Answer, Failed, Reason};
use card_proxy::{
    Away, CardEvent, CardSettings, CardThread, FailReason, GoneReason, Link, LinkError,
};
use libetp::Domain;

use crate::hostile::{bytes, fake, present};
use crate::process::{Place, Process};
use crate::support::{ModelCard, number_of, order};
use crate::{host_with, link};

/// A reader: cards can be put in and pulled out.
#[derive(Clone, Default)]
struct Reader(Arc<Mutex<Slot>>);

#[derive(Default)]
struct Slot {
    card: Option<ModelCard>,
    /// Pulled out right after so many more commands were carried out, before they are answered.
    pulled_after: Option<usize>,
    /// Where the pulled card is.
    out: Option<ModelCard>,
    has_power: bool,
}

impl Reader {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(|error| error.into_inner())
    }

    fn with(card: ModelCard) -> Self {
        let reader = Self::default();
        reader.insert(card);
        reader
    }

    fn insert(&self, card: ModelCard) {
        let mut slot = self.lock();
        (slot.card, slot.has_power) = (Some(card), false);
    }

    fn pull(&self) -> ModelCard {
        let mut slot = self.lock();
        let card = slot.card.take().or_else(|| slot.out.take());
        card.expect("a card")
    }

    fn is_empty(&self) -> bool {
        self.lock().card.is_none()
    }
}

fn empty() -> LinkError {
    LinkError::Absent("the reader is empty\u{1b}[0m".into())
}

impl Link for Reader {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let slot = &mut *self.lock();
        let card = slot.card.as_mut().ok_or_else(empty)?;
        assert!(slot.has_power, "a card without power is asked");
        let response = card.transmit(command);
        match &mut slot.pulled_after {
            Some(0) => {
                slot.pulled_after = None;
                slot.out = slot.card.take();
                Err(empty())
            }
            Some(left) => {
                *left -= 1;
                Ok(response)
            }
            None => Ok(response),
        }
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        let slot = &mut *self.lock();
        slot.card.as_mut().ok_or_else(empty)?.power_cycle();
        slot.has_power = true;
        Ok(())
    }

    fn check_pause(&self) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }

    fn check(&mut self) -> Result<(), LinkError> {
        match self.is_empty() {
            true => Err(empty()),
            false => Ok(()),
        }
    }
}

fn patient() -> CardSettings {
    CardSettings {
        away_ms_max: u64::MAX,
        ..CardSettings::default()
    }
}

/// Everything up to and with the first event that is wanted.
#[track_caller]
fn until(events: &Receiver<CardEvent>, wanted: impl Fn(&CardEvent) -> bool) -> Vec<CardEvent> {
    let mut heard = Vec::new();
    while !heard.last().is_some_and(&wanted) {
        heard.push(events.recv().expect("the thread lives"));
    }
    heard
}

fn is_absent(event: &CardEvent) -> bool {
    matches!(event, CardEvent::Away(Away::Absent(_)))
}

fn is_selected(event: &CardEvent) -> bool {
    matches!(event, CardEvent::Selected(_))
}

fn send(thread: &CardThread, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        let sent = thread.sender().try_send(number, order(number, 8));
        sent.expect("room");
    }
}

#[test]
fn a_daemon_that_finds_no_card_is_served_when_there_is_one() {
    let (place, reader) = (Place::new(), Reader::default());
    let process = Process::serve(&place, reader.clone());
    let (thread, events) = host_with(&place, patient());
    let heard = until(&events, is_absent);
    let Some(CardEvent::Away(Away::Absent(words))) = heard.last() else {
        panic!("{heard:?}")
    };
    assert!(
        words.ends_with("card.sock: the reader is empty\u{fffd}[0m"),
        "{words}"
    );
    send(&thread, 1..=20);
    reader.insert(ModelCard::default());
    until(&events, |event| {
        *event == CardEvent::Completed { number: 20 }
    });
    thread.shutdown().expect("ends");
    assert_eq!(reader.pull().executed, (1..=20).collect::<Vec<_>>());
    process.end().expect("in order");
}

/// Pulled while idle, and at any command of a dialogue after it was carried out.
#[test]
fn what_waits_for_a_card_that_was_pulled_is_carried_out_once_when_it_is_back() {
    for pulled_after in [None, Some(0), Some(1), Some(2)] {
        let (place, reader) = (Place::new(), Reader::with(ModelCard::default()));
        let _process = Process::serve(&place, reader.clone());
        let (thread, events) = host_with(&place, patient());
        let mut heard = until(&events, is_selected);
        let card = match pulled_after {
            None => Some(reader.pull()),
            Some(_) => {
                reader.lock().pulled_after = pulled_after;
                None
            }
        };
        for number in 1..=3 {
            send(&thread, [number]);
            if pulled_after.is_some_and(|after| number <= after as u64) {
                heard.extend(until(&events, |it| *it == CardEvent::Completed { number }));
            }
        }
        heard.extend(until(&events, is_absent));
        reader.insert(card.unwrap_or_else(|| reader.pull()));
        send(&thread, 4..=5);
        heard.extend(until(&events, |it| {
            *it == CardEvent::Completed { number: 5 }
        }));
        thread.shutdown().expect("ends");
        heard.extend(events);
        let completed = heard.iter().filter_map(|event| match event {
            CardEvent::Completed { number } => Some(*number),
            _ => None,
        });
        let said = heard.iter().filter_map(|event| match event {
            CardEvent::Message { message, .. } => Some(number_of(message)),
            _ => None,
        });
        let all: Vec<u64> = (1..=5).collect();
        assert_eq!(completed.collect::<Vec<_>>(), all, "{pulled_after:?}");
        assert_eq!(said.collect::<Vec<_>>(), all, "{pulled_after:?}");
        assert_eq!(reader.pull().executed, all, "{pulled_after:?}");
        let failed = heard
            .iter()
            .any(|it| matches!(it, CardEvent::Failed { .. }));
        assert!(!failed, "{heard:?}");
    }
}

#[test]
fn messages_that_waited_long_enough_fail_and_the_card_is_still_taken_up() {
    let (place, reader) = (Place::new(), Reader::with(ModelCard::default()));
    let _process = Process::serve(&place, reader.clone());
    let (thread, events) = host_with(&place, CardSettings::default());
    until(&events, is_selected);
    reader.lock().pulled_after = Some(0);
    send(&thread, [1]);
    let heard = until(&events, |event| *event == CardEvent::Overdue);
    let reason = FailReason::Unknown;
    assert!(
        heard.contains(&CardEvent::Failed { number: 1, reason }),
        "{heard:?}"
    );
    send(&thread, [2]);
    until(&events, |event| {
        let reason = FailReason::Gone;
        *event == CardEvent::Failed { number: 2, reason }
    });
    reader.insert(reader.pull());
    until(&events, is_selected);
    send(&thread, [3]);
    until(&events, |event| {
        *event == CardEvent::Completed { number: 3 }
    });
    assert_eq!(reader.pull().executed, [1, 3]);
}

/// Another card in the reader gets nothing; the right one gets what waited.
#[test]
fn another_card_is_told_apart() {
    let (place, reader) = (Place::new(), Reader::with(ModelCard::default()));
    let _process = Process::serve(&place, reader.clone());
    let (thread, events) = host_with(&place, patient());
    until(&events, is_selected);
    let card = reader.pull();
    send(&thread, [1]);
    until(&events, is_absent);
    let domain = Domain([9; 12]);
    let mut other = ModelCard::default();
    other.domain = domain;
    reader.insert(other);
    let is_another = |event: &CardEvent| matches!(event, CardEvent::Away(Away::Another { is, .. }) if *is == domain);
    until(&events, is_another);
    let other = reader.pull();
    until(&events, is_absent);
    reader.insert(card);
    until(&events, |event| {
        *event == CardEvent::Completed { number: 1 }
    });
    assert_eq!(other.executed, [0; 0], "it got nothing that is not its own");
    assert_eq!(reader.pull().executed, [1]);
}

/// A process that is killed, and comes back when the faults of its link were counted long ago.
#[test]
fn what_waits_for_a_process_that_is_away_for_long_is_carried_out_once() {
    let (place, reader) = (Place::new(), Reader::with(ModelCard::default()));
    let process = Process::serve(&place, reader.clone());
    let (thread, events) = host_with(&place, patient());
    until(&events, is_selected);
    process.end().expect("in order");
    send(&thread, 1..=3);
    until(&events, |it| matches!(it, CardEvent::Away(Away::Lost(_))));
    send(&thread, 4..=6);
    let _process = Process::serve(&place, reader.clone());
    until(&events, |event| {
        *event == CardEvent::Completed { number: 6 }
    });
    assert_eq!(reader.pull().executed, (1..=6).collect::<Vec<_>>());
}

#[test]
fn a_host_that_ends_does_not_wait_for_a_card() {
    let (place, reader) = (Place::new(), Reader::default());
    let _process = Process::serve(&place, reader);
    let (thread, events) = host_with(&place, patient());
    send(&thread, 1..=100);
    until(&events, is_absent);
    thread.shutdown().expect("ends");
    let heard: Vec<_> = events.into_iter().collect();
    let failed = |event: &&CardEvent| matches!(event, CardEvent::Failed { .. });
    assert_eq!(heard.iter().filter(failed).count(), 100);
    assert_eq!(heard.last(), Some(&CardEvent::Gone(GoneReason::Shutdown)));
}

/// Is looked at seldom: a pause in which nobody connects never comes.
struct Seldom(Reader);

impl Link for Seldom {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.0.transmit(command)
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.0.reset()
    }

    fn check_pause(&self) -> Option<Duration> {
        Some(Duration::from_millis(200))
    }

    fn check(&mut self) -> Result<(), LinkError> {
        self.0.check()
    }
}

/// Anybody may connect where a daemon of another user is served, and is sent away; the card is looked at all the same.
#[test]
fn a_card_that_is_back_is_told_of_however_many_connect() {
    let (place, reader) = (Place::new(), Reader::with(ModelCard::default()));
    let _process = Process::serve(&place, Seldom(reader.clone()));
    let mut daemon = link(&place).expect("it listens");
    daemon.transmit(&[0; 5]).expect("an answer");
    let (path, is_back) = (place.path(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !is_back.load(Ordering::SeqCst) {
                    drop(UnixStream::connect(&path));
                }
            });
        }
        let card = reader.pull();
        while daemon.check().is_ok() {
            std::thread::yield_now();
        }
        reader.insert(card);
        while daemon.check().is_err() {
            std::thread::yield_now();
        }
        is_back.store(true, Ordering::SeqCst);
    });
    daemon.transmit(&[0; 5]).expect("an answer");
}

#[test]
fn a_link_tells_absence_by_each_way_and_asks_for_no_power_twice() {
    let (place, reader) = (Place::new(), Reader::with(ModelCard::default()));
    let _process = Process::serve(&place, reader.clone());
    let mut daemon = link(&place).expect("it listens");
    daemon.transmit(&[0; 5]).expect("an answer");
    let card = reader.pull();
    let absent = |result: Result<(), LinkError>| matches!(result, Err(LinkError::Absent(_)));
    assert!(absent(daemon.reset()));
    assert!(absent(daemon.transmit(&[0; 5]).map(drop)));
    assert!(absent(daemon.check()) && absent(daemon.check()));
    reader.insert(card);
    while daemon.check().is_err() {
        std::thread::yield_now();
    }
    let response = daemon.transmit(&[0; 5]).expect("an answer");
    assert_eq!(response.len(), 2);
    // A reset of what has just got power is none.
    reader.insert(reader.pull());
    let mut second = {
        drop(daemon);
        link(&place).expect("it listens")
    };
    second.reset().expect("power");
    second.reset().expect("power");
    second.transmit(&[0; 5]).expect("an answer");
}

/// What comes of a command to a process that says this, whatever it is asked.
fn answer(said: &[Vec<u8>]) -> Result<Vec<u8>, LinkError> {
    let place = Place::new();
    let fake = fake(&place, said.concat());
    let mut daemon = link(&place).expect("it listens");
    let answer = daemon.transmit(&[0; 5]);
    drop(daemon);
    fake.join().expect("the connection was closed");
    answer
}

fn absent(number: u64) -> Vec<u8> {
    bytes(&Answer::Absent(Absent::new("pulled")), number)
}

/// What was said by itself while a command was on its way comes before its answer.
#[test]
fn an_answer_that_may_be_of_another_card_is_not_believed() {
    let here = |number| bytes(&present(1, 65_544), number);
    let failed = |reason| bytes(&Answer::Failed(Failed::new(reason, "why")), 0);
    let response = || bytes(&Answer::Response(&[0x90, 0]), 2);
    assert_eq!(answer(&[here(1), response()]), Ok(vec![0x90, 0]));
    let swapped = answer(&[here(1), absent(0), here(0), response()]);
    assert_eq!(swapped, Err(LinkError::Reset));
    assert_eq!(
        answer(&[here(1), here(0), response()]),
        Err(LinkError::Reset)
    );
    assert_eq!(
        answer(&[here(1), failed(Reason::Reset), response()]),
        Err(LinkError::Reset)
    );
    let lost = answer(&[here(1), failed(Reason::Lost), response()]);
    assert!(matches!(lost, Err(LinkError::Lost(_))), "{lost:?}");
    for said in [
        vec![absent(1)],
        vec![here(1), absent(2)],
        vec![here(1), absent(0), absent(2)],
        vec![here(1), absent(0), response()],
        vec![here(1), here(0), absent(0), absent(2)],
    ] {
        let absent = answer(&said);
        assert!(
            matches!(&absent, Err(LinkError::Absent(why)) if why.ends_with(": pulled")),
            "{absent:?}"
        );
    }
    for said in [
        vec![here(1), bytes(&Answer::Powered, 0)],
        vec![here(1), bytes(&present(2, 65_544), 0), response()],
        vec![absent(7)],
        vec![here(1), failed(Reason::Gone)],
    ] {
        let gone = answer(&said);
        assert!(matches!(gone, Err(LinkError::Gone(_))), "{gone:?}");
    }
}
