//! Every failure that PC/SC is known to report, with its code: what the daemon is told, what is done, and how the
//! card comes back.

use card_proxy::{Link, LinkError};
use etp_card_proxy::ReaderLink;
use etp_card_proxy::life::{ASK_FIRST_MS, DENIALS_MAX, PAUSE_MS_MAX};
use etp_card_proxy::view::Slot;
use pcsc::Error;

use crate::script::{Call, Card, DOMAIN, EXCHANGE, NOTHING, READER, Script, absent};

/// What a card is found and powered up with.
const FOUND: [&str; 3] = ["connect Reader A", "select", "reconnect Reset"];
/// The same after PC/SC itself was lost.
const FOUND_ANEW: [&str; 4] = ["establish", "connect Reader A", "select", "reconnect Reset"];

/// What the daemon is told of a command that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Lost,
    Reset,
    Absent,
}

/// An error of a transmit, the code that it must have, and what follows.
struct Row {
    error: Error,
    code: u32,
    told: Told,
    calls: &'static [&'static str],
    /// How the card comes back after [`Told::Absent`].
    back: &'static [&'static str],
}

const fn row(
    error: Error,
    code: u32,
    told: Told,
    calls: &'static [&'static str],
    back: &'static [&'static str],
) -> Row {
    Row {
        error,
        code,
        told,
        calls,
        back,
    }
}

/// Errors of SCardTransmit, while the view does not show anything new.
const OF_TRANSMIT: &[Row] = &[
    row(
        Error::RemovedCard,
        0x8010_0069,
        Told::Absent,
        &["exchange", "close"],
        &FOUND,
    ),
    row(
        Error::NoSmartcard,
        0x8010_000C,
        Told::Absent,
        &["exchange", "close"],
        &FOUND,
    ),
    row(
        Error::ResetCard,
        0x8010_0068,
        Told::Reset,
        &["exchange", "reconnect Leave", "status"],
        &[],
    ),
    row(
        Error::UnpoweredCard,
        0x8010_0067,
        Told::Reset,
        &["exchange", "reconnect Reset"],
        &[],
    ),
    row(
        Error::CommError,
        0x8010_0013,
        Told::Absent,
        &["exchange", "close", "release"],
        &FOUND_ANEW,
    ),
    row(
        Error::NoService,
        0x8010_001D,
        Told::Absent,
        &["exchange", "close", "release"],
        &FOUND_ANEW,
    ),
    row(
        Error::ServiceStopped,
        0x8010_001E,
        Told::Absent,
        &["exchange", "close", "release"],
        &FOUND_ANEW,
    ),
    row(
        Error::SecurityViolation,
        0x8010_006A,
        Told::Absent,
        &["exchange", "close", "release"],
        &FOUND_ANEW,
    ),
    row(
        Error::InvalidHandle,
        0x8010_0003,
        Told::Absent,
        &["exchange", "close", "release"],
        &FOUND_ANEW,
    ),
    row(
        Error::UnknownReader,
        0x8010_0009,
        Told::Absent,
        &["exchange", "close"],
        &FOUND,
    ),
    row(
        Error::ReaderUnavailable,
        0x8010_0017,
        Told::Absent,
        &["exchange", "close"],
        &FOUND,
    ),
    row(
        Error::NoReadersAvailable,
        0x8010_002E,
        Told::Absent,
        &["exchange", "close"],
        &FOUND,
    ),
    row(
        Error::SharingViolation,
        0x8010_000B,
        Told::Absent,
        &["exchange", "close"],
        &FOUND,
    ),
    row(
        Error::InsufficientBuffer,
        0x8010_0008,
        Told::Lost,
        &["exchange"],
        &[],
    ),
    row(Error::Timeout, 0x8010_000A, Told::Lost, &["exchange"], &[]),
    row(
        Error::Cancelled,
        0x8010_0002,
        Told::Lost,
        &["exchange"],
        &[],
    ),
];

fn told(error: &LinkError) -> Told {
    match error {
        LinkError::Lost(_) => Told::Lost,
        LinkError::Reset => Told::Reset,
        LinkError::Absent(_) => Told::Absent,
        LinkError::Gone(words) => panic!("nothing ends a card: {words}"),
    }
}

/// Asks as the card socket does, until there is a card again.
fn wait_for_card(script: &Script, link: &mut ReaderLink<Script>) {
    let mut waited_ms = 0;
    while let Err(error) = link.check() {
        assert_eq!(told(&error), Told::Absent);
        assert!(waited_ms <= PAUSE_MS_MAX, "no other try: {error}");
        waited_ms += script.pass(5);
    }
    link.reset().unwrap();
}

fn works(link: &mut ReaderLink<Script>) {
    assert_eq!(link.transmit(&EXCHANGE), Ok(NOTHING.to_vec()));
}

#[test]
fn each_error_of_a_command_is_answered_and_mended_as_it_must_be() {
    for row in OF_TRANSMIT {
        let error = row.error;
        assert_eq!(error as u32, row.code, "{error:?}");
        let script = Script::with_card();
        let mut link = script.powered();
        script.fail(Call::Transmit, error);
        let failed = link.transmit(&EXCHANGE).unwrap_err();
        assert_eq!(told(&failed), row.told, "{error:?}: {failed}");
        assert_eq!(script.calls(), row.calls, "{error:?}");
        if row.told == Told::Absent {
            wait_for_card(&script, &mut link);
        }
        assert_eq!(script.calls(), row.back, "{error:?}");
        works(&mut link);
    }
}

/// What the virtual reader says, and a reader whose driver found out by itself.
#[test]
fn a_card_that_is_pulled_while_a_command_is_under_way_is_away() {
    let errors = [None, Some(Error::NotTransacted), Some(Error::CommDataLost)];
    for (error, nothing) in errors
        .into_iter()
        .flat_map(|error| [(error, 0), (error, 1)])
    {
        let script = Script::with_card();
        let mut link = script.powered();
        match error {
            Some(error) => script.fail(Call::Transmit, error),
            None => script.world().responses.push_back(vec![0x90; nothing]),
        }
        let pulling = script.clone();
        let pull = std::thread::spawn(move || pulling.pull(READER, 2));
        let words = absent(link.transmit(&EXCHANGE));
        pull.join().unwrap();
        assert_eq!(words, "Reader A: no card");
        assert_eq!(
            script.calls(),
            ["exchange", "close"],
            "the handle is in nobody's way"
        );
        absent(link.check());
        absent(link.transmit(&EXCHANGE));
        assert!(script.calls().is_empty(), "nothing is tried without a card");
        script.insert(READER, Card::Ours(DOMAIN), 3);
        link.check().unwrap();
        link.reset().unwrap();
        assert_eq!(script.calls(), FOUND);
        works(&mut link);
    }
}

#[test]
fn a_response_that_is_lost_while_the_card_stays_is_lost_and_nothing_more() {
    assert_eq!(Error::NotTransacted as u32, 0x8010_0016);
    let script = Script::with_card();
    let mut link = script.powered();
    script.fail(Call::Transmit, Error::NotTransacted);
    let failed = link.transmit(&EXCHANGE).unwrap_err();
    assert_eq!(told(&failed), Told::Lost);
    assert_eq!(script.calls(), ["exchange"], "no spinning");
    works(&mut link);
}

#[test]
fn a_card_whose_power_was_taken_gets_it_back() {
    let script = Script::with_card();
    let mut link = script.powered();
    script.world().is_powered = false;
    script.fail(Call::Transmit, Error::ResetCard);
    assert_eq!(link.transmit(&EXCHANGE), Err(LinkError::Reset));
    let calls = ["exchange", "reconnect Leave", "status", "reconnect Reset"];
    assert_eq!(script.calls(), calls);
    works(&mut link);
    // The same, told by the calls themselves.
    for (call, error) in [
        (Call::Status, Error::UnpoweredCard),
        (Call::Reconnect, Error::UnpoweredCard),
        (Call::Reconnect, Error::ProtoMismatch),
        (Call::Reconnect, Error::ResetCard),
    ] {
        script.fail(Call::Transmit, Error::ResetCard);
        script.fail(call, error);
        assert_eq!(link.transmit(&EXCHANGE), Err(LinkError::Reset), "{error:?}");
        works(&mut link);
    }
    script.fail(Call::Transmit, Error::ProtoMismatch);
    assert_eq!(link.transmit(&EXCHANGE), Err(LinkError::Reset));
    works(&mut link);
}

/// After a removal the errors of every call are sticky.
#[test]
fn a_removal_is_seen_by_whichever_call_comes_first() {
    for call in [Call::Reconnect, Call::Status] {
        let script = Script::with_card();
        let mut link = script.powered();
        script.fail(Call::Transmit, Error::ResetCard);
        script.fail(call, Error::RemovedCard);
        assert_eq!(told(&link.transmit(&EXCHANGE).unwrap_err()), Told::Absent);
        assert_eq!(script.calls().last().unwrap(), "close");
        wait_for_card(&script, &mut link);
    }
    let script = Script::with_card();
    let mut link = script.shared();
    script.calls();
    script.fail(Call::Begin, Error::RemovedCard);
    assert_eq!(told(&link.transmit(&EXCHANGE).unwrap_err()), Told::Absent);
    assert_eq!(script.calls(), ["begin", "close"]);
}

#[test]
fn power_is_not_given_to_a_card_that_went() {
    let script = Script::with_card();
    let mut link = script.powered();
    script.pull(READER, 2);
    script.fail(Call::Reconnect, Error::NoSmartcard);
    assert_eq!(absent(link.reset()), "Reader A: no card");
    assert_eq!(script.calls(), ["reconnect Reset", "close"]);
}

#[test]
fn a_card_that_another_program_uses_is_tried_again_after_pauses() {
    let script = Script::with_card();
    let mut link = script.link();
    script.fail(Call::Connect, Error::SharingViolation);
    // What is said of a card that the other program has reset just now.
    assert_eq!(Error::ProtoMismatch as u32, 0x8010_000F);
    script.fail(Call::Connect, Error::ProtoMismatch);
    script.fail(Call::Connect, Error::UnpoweredCard);
    let words = absent(link.reset());
    assert!(words.contains("another program uses the card"), "{words}");
    assert_eq!(script.calls(), ["establish", "connect Reader A"]);
    wait_until_powered(&script, &mut link);
    let mut calls = vec!["connect Reader A"; 2];
    calls.extend(FOUND);
    assert_eq!(script.calls(), calls, "one call for each try");
    works(&mut link);
}

/// As [`wait_for_card`], where power may fail.
fn wait_until_powered(script: &Script, link: &mut ReaderLink<Script>) {
    let mut waited_ms = 0;
    while link.check().is_err() || link.reset().is_err() {
        assert!(waited_ms <= 20 * PAUSE_MS_MAX, "no other try");
        waited_ms += script.pass(5);
    }
}

#[test]
fn a_card_that_makes_no_sense_is_tried_again_when_it_is_put_in_again_and_else_seldom() {
    let errors = [
        (Error::UnresponsiveCard, 0x8010_0066),
        (Error::UnsupportedCard, 0x8010_0065),
    ];
    for (error, code) in errors {
        assert_eq!(error as u32, code);
        let script = Script::with_card();
        let mut link = script.link();
        script.fail(Call::Connect, error);
        let words = absent(link.reset());
        assert!(words.starts_with("Reader A: the card"), "{words}");
        script.pass(ASK_FIRST_MS - 1);
        assert_eq!(absent(link.check()), words, "a pause changes nothing");
        script.calls();
        script.insert(READER, Card::Ours(DOMAIN), 3);
        link.check().unwrap();
        link.reset().unwrap();
        assert_eq!(script.calls(), FOUND);
    }
}

#[test]
fn a_card_that_the_reader_shows_as_mute_is_named() {
    let script = Script::with_card();
    script.show(READER, Slot::Mute, 1);
    let mut link = script.link();
    let words = absent(link.reset());
    assert!(words.contains("mute"), "{words}");
    assert!(script.calls().is_empty());
}

#[test]
fn a_service_that_went_is_told_and_found_again_when_its_readers_are() {
    let script = Script::with_card();
    let mut link = script.powered();
    // The service dies: the watching thread tells, while nothing is under way.
    script.view.tell(Err(Error::NoService), Vec::new());
    let words = absent(link.check());
    assert!(words.contains("pcscd"), "{words}");
    assert_eq!(script.calls(), ["close", "release"]);
    for _ in 0..100 {
        absent(link.check());
    }
    absent(link.reset());
    assert!(
        script.calls().is_empty(),
        "nobody but the watching thread tries"
    );
    script.insert(READER, Card::Ours(DOMAIN), 0);
    link.check().unwrap();
    link.reset().unwrap();
    assert_eq!(script.calls(), FOUND_ANEW);
    works(&mut link);
}

/// A new service counts anew what comes and goes: what was learnt of a card is not of the one with its number.
#[test]
fn a_card_that_was_of_no_use_is_asked_again_by_a_new_service() {
    let script = Script::with_card();
    script.insert(READER, Card::Other(0x6A82), 1);
    let mut link = script.link();
    absent(link.reset());
    absent(link.check());
    script.view.tell(Err(Error::NoService), Vec::new());
    absent(link.check());
    script.insert(READER, Card::Ours(DOMAIN), 1);
    link.check().unwrap();
    link.reset().unwrap();
    works(&mut link);
}

#[test]
fn denied_access_is_called_so_when_it_is_no_accident_any_more() {
    let script = Script::with_card();
    let mut link = script.link();
    for _ in 0..=DENIALS_MAX {
        script.fail(Call::Establish, Error::SecurityViolation);
    }
    let mut words = vec![absent(link.reset())];
    while words.len() <= DENIALS_MAX as usize {
        if link.check().is_ok() {
            words.push(absent(link.reset()));
        }
        script.pass(5);
    }
    let last = words.pop().unwrap();
    assert!(last.contains("polkit"), "{last}");
    assert!(
        words.iter().all(|words| words.contains("start pcscd")),
        "{words:?}"
    );
    wait_until_powered(&script, &mut link);
}

#[test]
fn a_reader_that_is_unplugged_is_missed_and_found_again() {
    let script = Script::with_card();
    let mut link = script.powered();
    script.unplug(READER);
    assert_eq!(absent(link.check()), "no reader is connected");
    assert_eq!(script.calls(), ["close"]);
    script.insert(READER, Card::Ours(DOMAIN), 0);
    link.check().unwrap();
    link.reset().unwrap();
    assert_eq!(script.calls(), FOUND);
}

/// Pulled and put in again between two looks of the daemon: it has lost its memory.
#[test]
fn a_card_that_was_away_for_a_moment_gets_power_anew() {
    let script = Script::with_card();
    let mut link = script.powered();
    script.insert(READER, Card::Ours(DOMAIN), 3);
    absent(link.check());
    link.check().unwrap();
    link.reset().unwrap();
    let calls = ["close", "connect Reader A", "select", "reconnect Reset"];
    assert_eq!(script.calls(), calls);
}
