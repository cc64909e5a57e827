//! Programs that want to know how their card is.

use dispatchd::router::{CardReason, CardState as Told, Entry, Limits};
use libetp::frame::Origin;
use libetp::params::Param;
use libetp::params::host::{CardState, Ping};
use libetp::{Message, Mtype, Port, VerdictCode};

use crate::harness::{ABROAD, DOMAIN, Program, Setup, daemon};

fn watch(program: &mut Program) -> u64 {
    let host = DOMAIN.entity(Port::DIAGNOSTICS);
    program.send(host, Mtype::CARD_WATCH, &[0x80])
}

fn state(program: &mut Program) -> String {
    let (_, origin, message) = program.come().delivery();
    assert_eq!(origin, Origin::Host);
    assert_eq!(message.header.src, DOMAIN.entity(Port::DIAGNOSTICS));
    assert_eq!(message.header.mtype, Mtype::CARD_STATE);
    let state = CardState::from_param(&message.param).unwrap();
    let is_absent = state.state == "absent";
    assert_eq!(state.wait_ms, if is_absent { 7 } else { 0 });
    assert_eq!(state.reason, if is_absent { "no-card" } else { "" });
    state.state
}

fn said(state: &'static str, wait_ms: u64) -> Told {
    let reason = (state == "absent").then_some(CardReason::NoCard);
    Told {
        state,
        reason,
        wait_ms,
    }
}

#[test]
fn who_asked_is_told_now_and_at_each_change_and_nobody_else() {
    let daemon = daemon();
    let (mut asks, mut silent) = (daemon.acquire(), daemon.acquire());
    watch(&mut asks);
    assert_eq!(state(&mut asks), "live");
    daemon.router.set_card_state(DOMAIN, said("absent", 7));
    assert_eq!(state(&mut asks), "absent");
    daemon.router.set_card_state(ABROAD, said("gone", 0));
    daemon.router.set_card_state(DOMAIN, said("live", 0));
    assert_eq!(state(&mut asks), "live");
    // A card that was powered up anew.
    daemon.router.set_card_state(DOMAIN, said("live", 0));
    assert_eq!(state(&mut asks), "live");
    assert_eq!(silent.flush(), []);
    watch(&mut silent);
    assert_eq!(state(&mut silent), "live");
}

#[test]
fn who_asks_in_other_words_than_the_registrys_is_refused_and_not_told() {
    let daemon = daemon();
    let mut asks = daemon.acquire();
    let host = DOMAIN.entity(Port::DIAGNOSTICS);
    for param in [&[][..], &[0x81, 0x00], &[0x80, 0x80], &[0xA0], &[0xF6]] {
        let number = asks.send(host, Mtype::CARD_WATCH, param);
        asks.expect_failed(number, VerdictCode::Malformed);
    }
    daemon.router.set_card_state(DOMAIN, said("absent", 7));
    assert_eq!(asks.flush(), []);
    watch(&mut asks);
    assert_eq!(state(&mut asks), "absent");
}

#[test]
fn a_card_of_which_nobody_said_anything_is_as_the_table_knows_it() {
    let daemon = daemon();
    let mut asks = daemon.acquire();
    daemon.router.detach_card(DOMAIN, VerdictCode::CardGone);
    watch(&mut asks);
    assert_eq!(state(&mut asks), "gone");
}

#[test]
fn nobody_but_the_daemon_says_how_a_card_is() {
    let daemon = daemon();
    let (mut one, other) = (daemon.acquire(), daemon.acquire());
    let lie = CardState {
        state: "live".into(),
        reason: String::new(),
        wait_ms: 0,
    };
    let Message { param, .. } = lie.into_message(one.id, other.id);
    let number = one.send(other.id, Mtype::CARD_STATE, &param);
    let detail = one.expect_failed(number, VerdictCode::Refused);
    assert!(detail.starts_with("host-order"), "{detail}");
    // Another host's card is not this host's to tell of.
    let host = ABROAD.entity(Port::DIAGNOSTICS);
    let number = one.send(host, Mtype::CARD_WATCH, &[0x80]);
    let detail = one.expect_failed(number, VerdictCode::Refused);
    assert!(detail.starts_with("reserved-port"), "{detail}");
    let card = Message::new(DOMAIN.card(), host, Mtype::CARD_WATCH, vec![0x80]);
    daemon.router.submit(Entry::Card(DOMAIN), 1, card);
    assert_eq!(one.flush(), []);
}

/// A user whose programs ask, are told and take nothing costs the daemon no more than one who sends.
#[test]
fn who_asks_and_takes_nothing_pays_for_the_answers() {
    const MESSAGES_MAX: u64 = 6;
    let limits = Limits {
        sender_messages_max: MESSAGES_MAX,
        ..Limits::default()
    };
    let setup = Setup {
        limits,
        ..Setup::default()
    };
    let daemon = setup.start();
    let mut programs = [daemon.acquire(), daemon.acquire(), daemon.acquire()];
    let [one, two, three] = &mut programs;
    for program in [&mut *one, &mut *two] {
        watch(program);
        assert_eq!(state(program), "live");
    }
    daemon.router.set_card_state(DOMAIN, said("absent", 7));
    daemon.router.set_card_state(DOMAIN, said("live", 0));
    for program in [&mut *one, &mut *two] {
        assert_eq!(
            (state(program), state(program)),
            ("absent".into(), "live".into())
        );
    }
    // All that the user may have waiting.
    let number = watch(three);
    three.expect_failed(number, VerdictCode::QuotaExceeded);
    let host = DOMAIN.entity(Port::DIAGNOSTICS);
    let ping = Ping { nonce: vec![7] }.into_message(three.id, host);
    let number = three.send(host, Mtype::PING, &ping.param);
    three.expect_failed(number, VerdictCode::QuotaExceeded);
    // Taken is free again.
    one.taken(3);
    assert_eq!(one.flush(), []);
    watch(three);
    assert_eq!(state(three), "live");
}
