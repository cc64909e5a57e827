//! What is told of readers, and of a service that comes and goes.

use std::collections::VecDeque;
use std::time::Duration;

use etp_card_proxy::view::{Reader, SharedView, Slot};
use etp_card_proxy::watch::{Readers, Watch};
use pcsc::Error;

use crate::script::Script;

/// What PC/SC says, call by call, and what was told by then.
struct Said {
    establish: VecDeque<Result<(), Error>>,
    changes: VecDeque<Result<Vec<Reader>, Error>>,
    has_readers: bool,
    view: SharedView,
    seen: Vec<Result<usize, Error>>,
    pauses: Vec<u128>,
    /// Whether the waits for changes had an end.
    waits: Vec<bool>,
    roused: Vec<String>,
}

impl Readers for Said {
    fn establish(&mut self) -> Result<(), Error> {
        self.establish.pop_front().unwrap_or(Ok(()))
    }

    fn list(&mut self) -> Result<bool, Error> {
        Ok(self.has_readers)
    }

    fn changes(&mut self, within: Option<Duration>) -> Result<Vec<Reader>, Error> {
        self.waits.push(within.is_some());
        let view = self.view.now();
        self.seen.push(view.service.map(|()| view.readers.len()));
        self.changes.pop_front().unwrap_or(Err(Error::CommError))
    }

    fn rouse(&mut self, reader: &str) -> Result<(), Error> {
        self.roused.push(reader.into());
        Err(Error::NoSmartcard)
    }

    fn pause(&mut self, pause: Duration) {
        self.pauses.push(pause.as_millis());
    }
}

fn reader() -> Reader {
    Reader {
        name: "Reader A".into(),
        slot: Slot::Empty,
        changes: 0,
        is_in_use: false,
        is_exclusive: false,
    }
}

fn said(script: &Script) -> (Said, Watch) {
    let said = Said {
        establish: VecDeque::new(),
        changes: VecDeque::new(),
        has_readers: true,
        view: script.view.clone(),
        seen: Vec::new(),
        pauses: Vec::new(),
        waits: Vec::new(),
        roused: Vec::new(),
    };
    (said, Watch::new(script.view.clone(), script.log()))
}

#[test]
fn waits_that_end_for_nothing_change_nothing() {
    assert_eq!(Error::Timeout as u32, 0x8010_000A);
    assert_eq!(Error::Cancelled as u32, 0x8010_0002);
    let script = Script::default();
    let (mut said, mut watch) = said(&script);
    said.changes = [
        Ok(vec![reader()]),
        Err(Error::Timeout),
        Err(Error::Cancelled),
    ]
    .into();
    watch.watch(&mut said);
    let no_service = Err(Error::NoService);
    assert_eq!(said.seen, [no_service, Ok(1), Ok(1), Ok(1)]);
    assert_eq!(said.pauses, [100], "only for the service that ended");
    assert_eq!(script.view.now().service, Err(Error::CommError));
}

#[test]
fn a_reader_that_goes_between_two_calls_is_no_failure_and_no_spinning() {
    let script = Script::default();
    let (mut said, mut watch) = said(&script);
    let gone = [
        Error::UnknownReader,
        Error::ReaderUnavailable,
        Error::NoReadersAvailable,
    ];
    said.changes = gone.into_iter().map(Err).collect();
    said.changes.push_front(Ok(vec![reader()]));
    watch.watch(&mut said);
    assert_eq!(said.seen.len(), 5);
    assert_eq!(said.pauses, [100; 4]);
}

#[test]
fn without_any_reader_that_is_told_before_one_comes() {
    let script = Script::default();
    let (mut said, mut watch) = said(&script);
    said.has_readers = false;
    watch.watch(&mut said);
    assert_eq!(said.seen, [Ok(0)]);
}

#[test]
fn a_service_that_is_away_is_logged_once_and_tried_after_longer_and_longer_pauses() {
    let script = Script::default();
    let (mut said, mut watch) = said(&script);
    said.establish = vec![Err(Error::NoService); 7].into();
    (0..7).for_each(|_| watch.watch(&mut said));
    assert_eq!(said.pauses, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
    let lines = script.lines();
    assert!(
        matches!(lines.as_slice(), [line] if line.contains("0x8010001D")),
        "{lines:?}"
    );
    said.changes = [Ok(vec![reader()])].into();
    watch.watch(&mut said);
    assert_eq!(script.lines()[0], "the PC/SC service is there again");
    assert_eq!(said.pauses.last(), Some(&100));
}

#[test]
fn a_denial_is_told_when_it_is_none_of_a_service_that_begins() {
    let script = Script::default();
    let (mut said, mut watch) = said(&script);
    said.establish = vec![Err(Error::SecurityViolation); 6].into();
    (0..5).for_each(|_| watch.watch(&mut said));
    assert_eq!(script.view.now().service, Err(Error::NoService));
    watch.watch(&mut said);
    assert_eq!(script.view.now().service, Err(Error::SecurityViolation));
    assert!(script.lines()[1].contains("polkit"));
}

/// The reader with that in it, after so many changes.
fn with(slot: Slot, changes: u32) -> Result<Vec<Reader>, Error> {
    Ok(vec![Reader {
        slot,
        changes,
        ..reader()
    }])
}

fn card() -> Slot {
    Slot::Card(vec![0x3B])
}

#[test]
fn a_reader_whose_card_went_uncounted_is_roused_once() {
    for stuck in [Slot::Empty, Slot::Mute] {
        let script = Script::default();
        let (mut said, mut watch) = said(&script);
        said.changes = [
            with(card(), 1),
            with(stuck.clone(), 1),
            Err(Error::Timeout),
            Err(Error::Timeout),
            with(stuck.clone(), 1),
        ]
        .into();
        watch.watch(&mut said);
        assert_eq!(said.roused, ["Reader A"], "{stuck:?}");
        assert_eq!(said.waits, [false, false, true, false, false, false]);
    }
}

#[test]
fn a_reader_whose_card_was_seen_to_go_is_left_alone() {
    let script = Script::default();
    let (mut said, mut watch) = said(&script);
    said.changes = [
        with(card(), 1),
        with(Slot::Empty, 2),
        with(Slot::Mute, 3),
        Err(Error::Timeout),
    ]
    .into();
    watch.watch(&mut said);
    assert_eq!(said.roused, [""; 0]);
    assert_eq!(said.waits, [false; 5]);
}

#[test]
fn a_reader_of_which_nothing_is_known_is_roused_unless_it_has_a_card() {
    let script = Script::default();
    let (mut said, mut watch) = said(&script);
    said.changes = [with(Slot::Empty, 1), Err(Error::Timeout)].into();
    watch.watch(&mut said);
    assert_eq!(said.roused, ["Reader A"]);
    said.changes = [with(card(), 1), Err(Error::Timeout)].into();
    watch.watch(&mut said);
    said.changes = [with(Slot::Empty, 1), with(card(), 2), Err(Error::Timeout)].into();
    watch.watch(&mut said);
    assert_eq!(said.roused.len(), 1, "one that has a card again is not");
}
