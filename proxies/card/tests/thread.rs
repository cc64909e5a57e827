//! A card thread with a real clock and real threads.

mod support;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use card_proxy::{
    ApduKind, CardEvent, CardSender, CardSettings, CardThread, CardThreadError, FailReason,
    GoneReason, Link, LinkError, SendError,
};
use libetp::exchange::StatusWord;
use libetp::mtype::Mtype;
use support::{ModelCard, order};

fn spawn(link: impl Link + 'static, settings: CardSettings) -> (CardThread, Receiver<CardEvent>) {
    let (tell, events) = channel();
    let thread = CardThread::spawn("card", link, settings, move |event| {
        let _ = tell.send(event);
    });
    (thread.expect("threads and randomness"), events)
}

fn ends(events: impl IntoIterator<Item = CardEvent>) -> Vec<u64> {
    let end = |event| match event {
        CardEvent::Completed { number } | CardEvent::Failed { number, .. } => Some(number),
        _ => None,
    };
    events.into_iter().filter_map(end).collect()
}

#[test]
fn shutdown_brings_what_waits_to_the_card_first() {
    let (thread, events) = spawn(ModelCard::default(), CardSettings::default());
    let sender = thread.sender();
    for number in 1..=200 {
        sender.try_send(number, order(number, 8)).unwrap();
    }
    thread.shutdown().unwrap();
    let events: Vec<_> = events.into_iter().collect();
    assert_eq!(events.last(), Some(&CardEvent::Gone(GoneReason::Shutdown)));
    let completed: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            CardEvent::Completed { number } => Some(*number),
            _ => None,
        })
        .collect();
    assert_eq!(completed, (1..=200).collect::<Vec<_>>());
    let refused = sender.try_send(201, order(201, 8));
    assert!(matches!(refused, Err(SendError::Closed(_))));
}

#[test]
fn dropping_it_ends_it() {
    let (thread, events) = spawn(ModelCard::default(), CardSettings::default());
    thread.sender().try_send(1, order(1, 8)).unwrap();
    drop(thread);
    assert_eq!(ends(events), [1]);
}

/// A link that takes its time: each command waits for the test.
struct Held {
    card: ModelCard,
    arrived: Sender<()>,
    go: Receiver<()>,
}

impl Link for Held {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let _ = self.arrived.send(());
        let _ = self.go.recv();
        Ok(self.card.transmit(command))
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

#[test]
fn a_full_queue_gives_the_message_back() {
    let (arrived, arrivals) = channel();
    let (release, go) = channel();
    let link = Held {
        card: ModelCard::default(),
        arrived,
        go,
    };
    let settings = CardSettings {
        queue_messages_max: 2,
        ..CardSettings::default()
    };
    let (thread, events) = spawn(link, settings);
    let sender = thread.sender();
    arrivals.recv().unwrap();
    sender.try_send(1, order(1, 8)).unwrap();
    sender.try_send(2, order(2, 8)).unwrap();
    match sender.try_send(3, order(3, 8)) {
        Err(SendError::Full(message)) => assert_eq!(message, order(3, 8)),
        other => panic!("{other:?}"),
    }
    drop(release);
    thread.shutdown().unwrap();
    assert_eq!(ends(events), [1, 2]);
}

/// Waits without working, as a reader does.
struct Slow(ModelCard);

const SLOW: Duration = Duration::from_millis(20);

impl Link for Slow {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        std::thread::sleep(SLOW);
        Ok(self.0.transmit(command))
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

/// Works without waiting, as an embedded card does.
struct Busy(ModelCard);

impl Link for Busy {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let digest = (0..40_000).fold([0; 32], |digest, _| libetp::digest::sha256(&digest));
        assert_ne!(digest, [0; 32]);
        Ok(self.0.transmit(command))
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

fn exchange_record(link: impl Link + 'static) -> card_proxy::ApduRecord {
    let (thread, events) = spawn(link, CardSettings::default());
    thread
        .sender()
        .try_send(1, order(1, 8))
        .expect("the thread lives");
    thread.shutdown().expect("the thread lives");
    let record = |event| match event {
        CardEvent::Apdu(record) if record.kind == ApduKind::Exchange => Some(record),
        _ => None,
    };
    let records: Vec<_> = events.into_iter().filter_map(record).collect();
    let [record] = &records[..] else {
        panic!("one EXCHANGE: {records:?}");
    };
    record.clone()
}

#[test]
fn a_record_names_the_messages_and_tells_work_from_waiting() {
    let record = exchange_record(Slow(ModelCard::default()));
    assert_eq!(record.mtypes_in, [Mtype::PING]);
    assert_eq!(record.mtypes_out, [Mtype::PING]);
    assert_eq!(record.status, Some(StatusWord::OK));
    assert_eq!((record.bytes_in, record.bytes_out), (9 + 44, 52 + 4));
    assert!(
        u128::from(record.io_us) >= SLOW.as_micros() / 2,
        "{record:?}"
    );
    assert!(record.cpu_us < record.io_us, "{record:?}");

    let busy = exchange_record(Busy(ModelCard::default()));
    assert!(busy.cpu_us > 1_000, "{busy:?}");
}

/// Works for a while, then is pulled out.
struct Pulled {
    card: ModelCard,
    left: usize,
}

impl Link for Pulled {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let gone = || LinkError::Gone("pulled".to_owned());
        self.left = self.left.checked_sub(1).ok_or_else(gone)?;
        Ok(self.card.transmit(command))
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

#[test]
fn every_accepted_message_ends_once_while_the_card_is_pulled() {
    let link = Pulled {
        card: ModelCard::default(),
        left: 20,
    };
    let (thread, events) = spawn(link, CardSettings::default());
    let send = |sender: CardSender, first: u64| {
        let mut accepted = Vec::new();
        for number in first..first + 100_000 {
            match sender.try_send(number, order(number, 8)) {
                Ok(()) => accepted.push(number),
                Err(SendError::Full(_)) => std::thread::yield_now(),
                Err(SendError::Closed(_)) => break,
            }
        }
        accepted
    };
    let senders = [0, 1_000_000, 2_000_000].map(|first| {
        let sender = thread.sender();
        std::thread::spawn(move || send(sender, first))
    });
    let mut accepted: Vec<_> = senders
        .into_iter()
        .flat_map(|s| s.join().unwrap())
        .collect();
    let events: Vec<_> = events.into_iter().collect();
    let last = events.last();
    assert!(
        matches!(last, Some(CardEvent::Gone(GoneReason::Link(_)))),
        "{last:?}"
    );
    let mut ended = ends(events);
    ended.sort_unstable();
    accepted.sort_unstable();
    assert_eq!(ended, accepted);
    assert!(thread.shutdown().is_ok());
}

struct Panics {
    card: ModelCard,
}

impl Link for Panics {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        assert!(command.len() < 40, "a link with a defect");
        Ok(self.card.transmit(command))
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        Ok(())
    }
}

#[test]
fn a_panic_ends_every_message_and_is_reported() {
    let link = Panics {
        card: ModelCard::default(),
    };
    let (thread, events) = spawn(link, CardSettings::default());
    thread.sender().try_send(1, order(1, 8)).unwrap();
    let events: Vec<_> = events.into_iter().collect();
    let reason = FailReason::Unknown;
    assert!(events.contains(&CardEvent::Failed { number: 1, reason }));
    assert_eq!(events.last(), Some(&CardEvent::Gone(GoneReason::Panicked)));
    let refused = thread.sender().try_send(2, order(2, 8));
    assert!(matches!(refused, Err(SendError::Closed(_))));
    assert!(matches!(thread.shutdown(), Err(CardThreadError::Panicked)));
}
