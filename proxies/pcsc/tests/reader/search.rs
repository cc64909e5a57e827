//! Which card serves which socket.

use std::time::Duration;

use card_proxy::{Link, LinkError};
use etp_card_proxy::Use;
use etp_card_proxy::choice::Selector;
use etp_card_proxy::life::{Action, Life, Now, PAUSE_FIRST_MS, Told};
use etp_card_proxy::view::View;
use libetp::Domain;
use pcsc::Error;

use crate::script::{Card, DOMAIN, EXCHANGE, NOTHING, READER, Script, absent};

const OTHER: &str = "Reader B";

fn two() -> Script {
    let script = Script::with_card();
    script.insert(OTHER, Card::Ours(Domain([3; 12])), 1);
    script
}

#[test]
fn the_first_card_of_ours_is_taken_and_others_are_left_alone() {
    let script = Script::with_card();
    script.insert(READER, Card::Other(0x6A82), 1);
    script.insert(OTHER, Card::Ours(DOMAIN), 1);
    let mut link = script.link();
    link.reset().unwrap();
    let calls = [
        "establish",
        "connect Reader A",
        "select",
        "close",
        "connect Reader B",
        "select",
        "reconnect Reset",
    ];
    assert_eq!(
        script.calls(),
        calls,
        "a card of somebody else is not reset"
    );
    // It is not asked again as long as it is the same.
    script.pull(OTHER, 2);
    absent(link.check());
    let words = absent(link.check());
    assert!(
        words.contains("Reader A: its card is none of TENeT: SELECT is answered 6A82"),
        "{words}"
    );
    assert!(words.contains("Reader B: no card"), "{words}");
    assert_eq!(script.calls(), ["close"]);
}

#[test]
fn a_selector_of_a_reader_admits_no_other() {
    let script = two();
    let mut link = script.link_to(Selector::Reader("reader b".into()), 0);
    link.reset().unwrap();
    assert_eq!(script.calls()[1], "connect Reader B");
    let mut link = script.link_to(Selector::Reader("C".into()), 1);
    let words = absent(link.reset());
    assert_eq!(
        words,
        "no reader for the card in reader `C`; there are: Reader A, Reader B"
    );
}

#[test]
fn a_selector_of_a_card_finds_it_in_any_reader() {
    let script = two();
    let mut link = script.link_to(Selector::Card(Domain([3; 12])), 0);
    link.reset().unwrap();
    assert!(script.calls().contains(&"connect Reader B".to_owned()));
    // It moves.
    script.pull(OTHER, 2);
    absent(link.check());
    script.insert(READER, Card::Ours(Domain([3; 12])), 3);
    link.check().unwrap();
    link.reset().unwrap();
    assert_eq!(link.transmit(&EXCHANGE), Ok(NOTHING.to_vec()));
    let mut link = script.link_to(Selector::Card(Domain([9; 12])), 1);
    let words = absent(link.reset());
    assert_eq!(
        words,
        "Reader A: its card serves another socket; Reader B: no card"
    );
}

#[test]
fn two_sockets_never_have_one_card() {
    let script = Script::with_card();
    let (mut first, mut second) = (
        script.link_to(Selector::Any, 0),
        script.link_to(Selector::Any, 1),
    );
    first.reset().unwrap();
    assert_eq!(
        absent(second.reset()),
        "Reader A: its card serves another socket"
    );
    first.rest();
    second.check().unwrap();
    second.reset().unwrap();
    assert_eq!(
        absent(first.reset()),
        "Reader A: its card serves another socket"
    );
}

#[test]
fn a_card_whose_storage_failed_is_asked_again_when_it_has_power() {
    let script = Script::with_card();
    script.insert(READER, Card::Failed, 1);
    let mut link = script.link();
    link.reset().unwrap();
    let calls = script.calls();
    assert_eq!(
        calls[1..],
        [
            "connect Reader A",
            "select",
            "reconnect Reset",
            "select",
            "reconnect Reset"
        ]
    );
}

#[test]
fn a_card_rests_and_is_found_again() {
    let script = Script::with_card();
    let mut link = script.powered();
    link.rest();
    assert_eq!(script.calls(), ["close"]);
    link.rest();
    assert!(script.calls().is_empty());
    link.reset().unwrap();
    assert_eq!(
        script.calls(),
        ["connect Reader A", "select", "reconnect Reset"]
    );
}

#[test]
fn an_idle_card_is_released_and_wakes_as_one_that_was_reset() {
    let script = Script::with_card();
    let how = Use {
        idle: Some(Duration::ZERO),
        ..Use::default()
    };
    let mut link = script.link_for(how, 0);
    link.reset().unwrap();
    script.calls();
    link.check().unwrap();
    link.check().unwrap();
    assert_eq!(script.calls(), ["close"], "and is not looked for meanwhile");
    assert_eq!(link.transmit(&EXCHANGE), Err(LinkError::Reset));
    assert_eq!(link.transmit(&EXCHANGE), Ok(NOTHING.to_vec()));
    script.calls();
    link.check().unwrap();
    script.pull(READER, 2);
    absent(link.check());
    absent(link.transmit(&EXCHANGE));
}

/// A life whose every try ends with the same error, and when tries are worth while.
struct Trying {
    life: Life,
    view: View,
    ms: u64,
}

impl Trying {
    /// One try that fails.
    fn fails(&mut self) {
        let (view, ms) = (&self.view, self.ms);
        let taken = &[];
        let now = Now { ms, view, taken };
        self.life.power(&now);
        loop {
            match self.life.action() {
                Action::Done(result) => return drop(absent(result)),
                Action::Connect(_) => self.life.done(Err(Error::SharingViolation), &now),
                _ => self.life.done(Ok(Told::Done), &now),
            }
        }
    }

    /// How long until the next try, in milliseconds.
    fn waits(&mut self) -> u64 {
        let since = self.ms;
        loop {
            let (view, ms) = (&self.view, self.ms);
            let taken = &[];
            self.life.check(&Now { ms, view, taken });
            match self.life.action() {
                Action::Done(Ok(())) => return self.ms - since,
                _ => self.ms += 1,
            }
        }
    }
}

#[test]
fn tries_come_after_pauses_that_double_and_at_once_when_cards_come_or_go() {
    let script = Script::with_card();
    let mut trying = Trying {
        life: Life::new(Selector::Any),
        view: script.view.now(),
        ms: 7,
    };
    let mut pauses = Vec::new();
    for _ in 0..7 {
        trying.fails();
        pauses.push(trying.waits());
    }
    assert_eq!(pauses, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
    trying.fails();
    script.insert(OTHER, Card::Ours(DOMAIN), 1);
    trying.view = script.view.now();
    assert_eq!(trying.waits(), 0);
    trying.fails();
    assert_eq!(trying.waits(), PAUSE_FIRST_MS);
}
