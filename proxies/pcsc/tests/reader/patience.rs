//! Calls that block for as long as somebody else likes.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use card_proxy::{Link, LinkError};
use etp_card_proxy::patience::{Patient, Waits};

use crate::script::{Script, absent};

/// A card that answers when the test lets it, with what it was sent.
struct Held {
    began: Sender<()>,
    allowed: Receiver<()>,
    rested: Sender<()>,
}

impl Link for Held {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.began.send(()).unwrap();
        self.allowed.recv().unwrap();
        Ok(command.to_vec())
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        Ok(())
    }

    fn place(&self) -> Option<String> {
        Some("Reader A".into())
    }

    fn rest(&mut self) {
        let _ = self.rested.send(());
    }
}

fn held(waits: Waits) -> (Patient, Receiver<()>, Sender<()>, Script) {
    let (patient, begins, allow, _, script) = held_that_rests(waits);
    (patient, begins, allow, script)
}

type Hands = (Patient, Receiver<()>, Sender<()>, Receiver<()>, Script);

fn held_that_rests(waits: Waits) -> Hands {
    let ((began, begins), (allow, allowed)) = (channel(), channel());
    let (rested, rests) = channel();
    let script = Script::default();
    let link = Held {
        began,
        allowed,
        rested,
    };
    let patient = Patient::spawn(link, "card", waits, script.log()).unwrap();
    (patient, begins, allow, rests, script)
}

const SHORT: Waits = Waits {
    response: Duration::from_millis(40),
    power: Duration::from_secs(60),
    murmur: Duration::from_millis(20),
};

#[test]
fn a_response_that_is_late_is_lost_and_the_card_is_busy_until_it_came() {
    let (mut patient, begins, allow, script) = held(SHORT);
    let lost = patient.transmit(b"first").unwrap_err();
    assert!(
        matches!(&lost, LinkError::Lost(words) if words.contains("busy since 20")),
        "{lost}"
    );
    let lines = script.lines();
    assert!(
        lines[0].contains("another program holds a transaction"),
        "{lines:?}"
    );
    // Nothing else reaches the card, whatever is asked.
    absent(patient.transmit(b"second"));
    absent(patient.check());
    absent(patient.reset());
    begins.recv().unwrap();
    assert!(begins.try_recv().is_err());
    allow.send(()).unwrap();
    while patient.check().is_err() {
        std::thread::yield_now();
    }
    patient.reset().unwrap();
    assert!(script.lines().contains(&"the card answers again".into()));
    allow.send(()).unwrap();
    // It was allowed before it was asked; however late it is, what comes is not the answer of before.
    match patient.transmit(b"third") {
        Ok(response) => assert_eq!(response, b"third"),
        Err(error) => assert!(matches!(error, LinkError::Lost(_)), "{error}"),
    }
}

/// The daemon is gone before the answer came: nobody will ask again, and the card is not kept from others.
#[test]
fn a_card_that_is_busy_rests_as_soon_as_it_has_answered() {
    let (mut patient, begins, allow, rests, _) = held_that_rests(SHORT);
    patient.transmit(b"late").unwrap_err();
    begins.recv().unwrap();
    patient.rest();
    assert!(rests.try_recv().is_err());
    allow.send(()).unwrap();
    rests.recv().unwrap();
    while patient.reset().is_err() {
        std::thread::yield_now();
    }
    assert_eq!(patient.place().as_deref(), Some("Reader A"));
    allow.send(()).unwrap();
    match patient.transmit(b"next") {
        Ok(response) => assert_eq!(response, b"next", "and not what it said of resting"),
        Err(error) => assert!(matches!(error, LinkError::Lost(_)), "{error}"),
    }
}

#[test]
fn a_card_that_takes_its_time_within_the_limit_is_waited_for() {
    let waits = Waits {
        response: Duration::from_secs(60),
        ..SHORT
    };
    let (mut patient, begins, allow, script) = held(waits);
    let lines = script;
    let allowing = std::thread::spawn(move || {
        begins.recv().unwrap();
        // Until it was logged that there is nothing yet.
        while lines.lines().is_empty() {
            std::thread::yield_now();
        }
        allow.send(()).unwrap();
        lines
    });
    assert_eq!(patient.transmit(b"slow"), Ok(b"slow".to_vec()));
    let script = allowing.join().unwrap();
    assert!(script.lines()[0].starts_with("the card answered after"));
}

#[test]
fn a_link_that_panics_is_gone() {
    struct Broken;
    impl Link for Broken {
        fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, LinkError> {
            panic!("as planned");
        }
        fn reset(&mut self) -> Result<(), LinkError> {
            Ok(())
        }
    }
    let script = Script::default();
    let mut patient = Patient::spawn(Broken, "card", Waits::default(), script.log()).unwrap();
    patient.reset().unwrap();
    for _ in 0..2 {
        assert!(matches!(patient.transmit(b"x"), Err(LinkError::Gone(_))));
    }
}
