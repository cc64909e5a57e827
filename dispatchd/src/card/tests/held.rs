//! What a card says before it proved itself is kept, within bounds.

use libetp::limits::{HEADER_LEN, MESSAGE_BYTES_MAX};

use super::*;

/// Most messages that a card keeps for its host, by docs/protocol/exchange.md: the outbox and its reserve.
const KEPT_MESSAGES_MAX: usize = 1_024 + 256;

fn challenged() -> (TestCard, Session) {
    let card = TestCard::new();
    let mut session = card.session();
    card.challenged(&mut session, Known::default());
    (card, session)
}

/// The card's message with this number, of so many bytes.
fn says(card: &TestCard, session: &mut Session, number: usize, wire_len: usize) {
    let param = vec![0; wire_len - HEADER_LEN];
    let message = Message::new(card.domain.card(), card.domain.card(), Mtype::PING, param);
    let number = number as u64;
    assert!(!is_attached(
        &session.step(Input::Message { number, message }, &now(0))
    ));
}

fn is_waited_for(session: &Session) -> bool {
    matches!(session.stage(), Stage::Challenged { .. })
}

#[test]
fn all_that_a_card_kept_is_held_and_a_flood_before_hello_is_bounded() {
    let (card, mut session) = challenged();
    (0..KEPT_MESSAGES_MAX).for_each(|number| says(&card, &mut session, number, HEADER_LEN));
    assert!(is_waited_for(&session));
    (KEPT_MESSAGES_MAX..HELD_MESSAGES_MAX)
        .for_each(|number| says(&card, &mut session, number, HEADER_LEN));
    assert!(is_waited_for(&session));
    says(&card, &mut session, HELD_MESSAGES_MAX, HEADER_LEN);
    assert_eq!(cause(&session).name(), "card-flood");
}

#[test]
fn large_messages_before_hello_are_bounded_by_their_bytes() {
    let largest = HELD_BYTES_MAX / MESSAGE_BYTES_MAX;
    let rest = HELD_BYTES_MAX - largest * MESSAGE_BYTES_MAX;
    for (last, is_held) in [(rest, true), (rest + 1, false)] {
        let (card, mut session) = challenged();
        (0..largest).for_each(|number| says(&card, &mut session, number, MESSAGE_BYTES_MAX));
        // Who says one of them anew takes no more room.
        says(&card, &mut session, 0, MESSAGE_BYTES_MAX);
        says(&card, &mut session, largest, last);
        assert_eq!(is_waited_for(&session), is_held, "{last}");
        if !is_held {
            assert_eq!(cause(&session).name(), "card-flood");
        }
    }
}

#[test]
fn the_room_of_what_was_held_is_free_again() {
    let mut card = TestCard::new();
    let mut session = card.session();
    for round in 0..3 {
        (card.boot_id, card.generation) = ([round; 8], card.generation + 1);
        let selected = Input::Selected(card.reply(), Known::default());
        session.step(selected, &now(0));
        let largest = HELD_BYTES_MAX / MESSAGE_BYTES_MAX;
        (0..largest).for_each(|number| says(&card, &mut session, number, MESSAGE_BYTES_MAX));
        card.answer(&mut session, now(0).fresh);
        assert!(matches!(session.stage(), Stage::Live { .. }), "{round}");
    }
}

/// The card was reset when it had stated: the statement comes before it proves itself anew.
#[test]
fn a_statement_that_comes_before_the_proof_is_given_out_after_it() {
    let mut card = TestCard::new();
    let mut session = card.live();
    for round in 0..STATEMENTS_MAX as u64 + 1 {
        let (nonce, token) = ([round as u8; 32], round);
        let effects = session.step(Input::Serve { nonce, token }, &now(0));
        assert!(
            matches!(effects.as_slice(), [Effect::Order(_)]),
            "{round}: {effects:?}"
        );
        card.boot_id[0] += 1;
        card.generation += 1;
        let challenge = card.challenged(&mut session, Known::default());
        let statement = statement(round + 1, nonce);
        let said = statement
            .clone()
            .into_message(card.domain.card(), card.domain.entity(Port::DAEMON));
        let input = Input::Message {
            number: card.generation << 16,
            message: said,
        };
        assert_eq!(session.step(input, &now(0)), []);
        let effects = card.answer(&mut session, challenge);
        let statement = Some(statement);
        assert!(
            effects.contains(&Effect::Statement { token, statement }),
            "{round}: {effects:?}"
        );
    }
}

#[test]
fn ports_that_were_reserved_before_a_reset_are_used() {
    let mut card = TestCard::new();
    let mut session = card.live();
    card.boot_id[0] += 1;
    card.generation += 1;
    let challenge = card.challenged(&mut session, Known::default());
    let (first, count) = (257, 256);
    let reserved = PortsReserved { first, count };
    let message = reserved.into_message(card.domain.card(), card.domain.entity(Port::DAEMON));
    let number = card.generation << 16;
    assert_eq!(
        session.step(Input::Message { number, message }, &now(0)),
        []
    );
    let effects = card.answer(&mut session, challenge);
    assert!(
        effects.contains(&Effect::Ports { first, count }),
        "{effects:?}"
    );
    let order = |effect: &Effect| matches!(effect, Effect::Order(_));
    assert!(!effects.iter().any(order), "none is asked for twice");
}
