//! What the wallet makes of Guard's questions.

use libetp::frame::Origin;
use libetp::params::Param;
use libetp::params::host::GuardAsk;
use libetp::{Domain, Message, Mtype, Port};

use super::*;

const ME: Domain = Domain([2; 12]);
const ASKED_UNIX_S: u64 = 1_000;
const WAIT_S: u64 = 60;

fn me() -> EntityId {
    ME.entity(Port(5))
}

fn ask(ticket: u64, domain: u16) -> GuardAsk {
    let mut from = [3; 12];
    from[..2].copy_from_slice(&domain.to_be_bytes());
    GuardAsk {
        ticket,
        policy: "ask-the-owner".into(),
        reason: "may it be shown?\x1b[2J".into(),
        entry: "remote".into(),
        src: Domain(from).card(),
        dst: me(),
        mtype: Mtype::OFFER,
        size: 777,
        digest: [9; 32],
        wait_ms: WAIT_S * 1_000,
        asked_unix_s: ASKED_UNIX_S,
    }
}

fn from_guard(ask: GuardAsk) -> Delivery {
    delivery(
        ask.into_message(ME.entity(Port::DIAGNOSTICS), me()),
        Origin::Host,
    )
}

fn delivery(message: Message, origin: Origin) -> Delivery {
    Delivery {
        number: 1,
        origin,
        message,
    }
}

fn numbers(asks: &Asks, unix_s: u64) -> Vec<u64> {
    asks.open(unix_s).map(|question| question.number).collect()
}

#[test]
fn a_question_is_shown_with_all_that_matters_and_nothing_that_draws() {
    let mut asks = Asks::default();
    asks.apply(ASKED_UNIX_S, me(), &from_guard(ask(7, 1)));
    assert!(asks.take_news());
    let question = asks.find(ASKED_UNIX_S, 1).expect("asked");
    let text = question.text(ASKED_UNIX_S + 10, me());
    let src = ask(7, 1).src.to_string();
    for words in [
        "offer to this wallet, 777 bytes",
        &src,
        "another host",
        "ask-the-owner: may it be shown?\\u{1b}[2J",
        "refused in 50 s",
        "wallet allow 1",
    ] {
        assert!(text.contains(words), "no `{words}` in: {text}");
    }
    assert!(!text.contains('\x1b'));
    let json = question.json(ASKED_UNIX_S + 10);
    assert_eq!(json["type"], "offer");
    assert_eq!(
        (&json["from"], &json["seconds_left"]),
        (&src.into(), &50.into())
    );
}

#[test]
fn only_the_own_daemon_is_believed() {
    let mut asks = Asks::default();
    let message = |src: EntityId| ask(7, 1).into_message(src, me());
    let guard = ME.entity(Port::DIAGNOSTICS);
    let forged = [
        (guard, Origin::App),
        (guard, Origin::Card),
        (guard, Origin::Remote),
        (ME.card(), Origin::Host),
        (ME.entity(Port::DAEMON), Origin::Host),
        (Domain([3; 12]).entity(Port::DIAGNOSTICS), Origin::Host),
        (ME.entity(Port(6)), Origin::App),
    ];
    for (src, origin) in forged {
        asks.apply(ASKED_UNIX_S, me(), &delivery(message(src), origin));
    }
    let nonsense = Message::new(guard, me(), Mtype::GUARD_ASK, vec![0xff]);
    let answer = Message::new(guard, me(), Mtype::GUARD_ANSWER, message(guard).param);
    for message in [nonsense, answer] {
        asks.apply(ASKED_UNIX_S, me(), &delivery(message, Origin::Host));
    }
    assert!(numbers(&asks, ASKED_UNIX_S).is_empty() && !asks.take_news());
    asks.apply(ASKED_UNIX_S, me(), &delivery(message(guard), Origin::Host));
    assert_eq!(numbers(&asks, ASKED_UNIX_S), [1]);
}

#[test]
fn an_answer_is_about_the_bytes_that_guard_asked_about() {
    let mut asks = Asks::default();
    asks.apply(ASKED_UNIX_S, me(), &from_guard(ask(7, 1)));
    let question = asks.find(ASKED_UNIX_S, 1).expect("asked");
    for approve in [true, false] {
        let answer = question.answer(approve);
        assert_eq!((answer.ticket, answer.digest), (7, [9; 32]));
        assert_eq!(answer.approve, approve);
    }
}

#[test]
fn a_question_is_forgotten_when_guard_does_not_wait_any_more() {
    let mut asks = Asks::default();
    let end = ASKED_UNIX_S + WAIT_S;
    asks.apply(ASKED_UNIX_S, me(), &from_guard(ask(7, 1)));
    assert_eq!(numbers(&asks, end - 1), [1]);
    assert!(numbers(&asks, end).is_empty() && asks.find(end, 1).is_none());
    assert!(asks.was_asked(1) && !asks.was_asked(2) && !asks.was_asked(0));
    asks.take_news();
    asks.apply(end, me(), &from_guard(ask(8, 1)));
    assert!(
        asks.questions.is_empty(),
        "it waited in the mailbox too long"
    );
    assert!(asks.take_news(), "the file still has the first");
    let late = ASKED_UNIX_S + WAIT_S - 1;
    asks.apply(late, me(), &from_guard(ask(9, 1)));
    assert_eq!(numbers(&asks, late), [2], "no number names two questions");
    assert!(numbers(&asks, late + 1).is_empty());
}

/// Guard does not wait longer than it said, whatever its clock says.
#[test]
fn a_question_from_the_future_waits_no_longer_than_others() {
    let mut asks = Asks::default();
    asks.apply(1, me(), &from_guard(ask(7, 1)));
    assert_eq!(numbers(&asks, WAIT_S), [1]);
    assert!(numbers(&asks, WAIT_S + 1).is_empty());
    let for_ever = GuardAsk {
        wait_ms: u64::MAX,
        ..ask(8, 1)
    };
    asks.apply(ASKED_UNIX_S, me(), &from_guard(for_ever));
    assert_eq!(numbers(&asks, u64::MAX / 1_000), [2]);
}

#[test]
fn a_ticket_that_comes_again_is_another_question() {
    let mut asks = Asks::default();
    asks.apply(ASKED_UNIX_S, me(), &from_guard(ask(7, 1)));
    asks.apply(ASKED_UNIX_S, me(), &from_guard(ask(8, 1)));
    asks.apply(ASKED_UNIX_S, me(), &from_guard(ask(7, 2)));
    assert_eq!(numbers(&asks, ASKED_UNIX_S), [2, 3]);
}

#[test]
fn an_answered_question_is_gone() {
    let mut asks = Asks::default();
    asks.apply(ASKED_UNIX_S, me(), &from_guard(ask(7, 1)));
    asks.apply(ASKED_UNIX_S, me(), &from_guard(ask(8, 1)));
    asks.forget(1);
    assert_eq!(numbers(&asks, ASKED_UNIX_S), [2]);
    assert!(asks.was_asked(1));
}

#[test]
fn what_waits_of_one_domain_is_bounded_and_takes_no_others_room() {
    let mut asks = Asks::default();
    let most = QUESTIONS_PER_DOMAIN_MAX as u64;
    for ticket in 0..most {
        asks.apply(ASKED_UNIX_S, me(), &from_guard(ask(ticket, 1)));
    }
    assert_eq!(
        (numbers(&asks, ASKED_UNIX_S).len() as u64, asks.dropped),
        (most, 0)
    );
    asks.take_news();
    asks.apply(ASKED_UNIX_S, me(), &from_guard(ask(most, 1)));
    assert_eq!(
        (numbers(&asks, ASKED_UNIX_S).len() as u64, asks.dropped),
        (most, 1)
    );
    assert!(!asks.take_news(), "what is dropped costs no write");
    asks.apply(ASKED_UNIX_S, me(), &from_guard(ask(most + 1, 2)));
    assert_eq!(asks.dropped, 1);
}

#[test]
fn what_waits_in_all_is_bounded() {
    let mut asks = Asks::default();
    for ticket in 0..QUESTIONS_MAX as u16 {
        asks.apply(ASKED_UNIX_S, me(), &from_guard(ask(ticket.into(), ticket)));
    }
    assert_eq!(numbers(&asks, ASKED_UNIX_S).len(), QUESTIONS_MAX);
    let past = QUESTIONS_MAX as u16;
    asks.apply(ASKED_UNIX_S, me(), &from_guard(ask(past.into(), past)));
    assert_eq!(asks.dropped, 1);
    let later = ASKED_UNIX_S + WAIT_S;
    let fresh = GuardAsk {
        asked_unix_s: later,
        ..ask(past.into(), past)
    };
    asks.apply(later, me(), &from_guard(fresh));
    assert_eq!(asks.questions.len(), 1, "what is over takes no room");
}

const GOLDEN: &str = "golden/v1/asks.json";

fn golden() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN)
}

#[test]
#[ignore = "made golden/v1/asks.json, once; refuses to overwrite it"]
fn make_golden_asks() {
    assert!(!golden().exists(), "golden asks are never made again");
    let mut asks = Asks::default();
    for ticket in 6..9 {
        asks.apply(ASKED_UNIX_S, me(), &from_guard(ask(ticket, 1)));
    }
    asks.forget(2);
    asks.dropped = 4;
    let text = serde_json::to_string_pretty(&asks).expect("JSON") + "\n";
    std::fs::write(golden(), text).expect("written");
}

/// A later version may write more, but never understands less or something else.
#[test]
fn golden_asks_of_version_1_are_read_and_gone_on_with() {
    let text = std::fs::read_to_string(golden()).expect("golden/v1/asks.json");
    let mut asks: Asks = serde_json::from_str(&text).expect("readable");
    assert_eq!(numbers(&asks, ASKED_UNIX_S + WAIT_S - 1), [1, 3]);
    assert!(numbers(&asks, ASKED_UNIX_S + WAIT_S).is_empty());
    assert_eq!(asks.dropped, 4);
    let question = asks.find(ASKED_UNIX_S, 3).expect("waits");
    let answer = question.answer(true);
    assert_eq!((answer.ticket, answer.digest), (8, [9; 32]));
    let mut fresh = Question::of(ASKED_UNIX_S, me(), &from_guard(ask(8, 1))).expect("asked");
    fresh.number = 3;
    assert_eq!(
        question.text(ASKED_UNIX_S, me()),
        fresh.text(ASKED_UNIX_S, me())
    );
    assert_eq!(question.json(ASKED_UNIX_S), fresh.json(ASKED_UNIX_S));
    asks.apply(ASKED_UNIX_S, me(), &from_guard(ask(10, 1)));
    assert_eq!(numbers(&asks, ASKED_UNIX_S), [1, 3, 4]);
}
