//! A card that is pulled, and the one that is put in its place.

use card_proxy::{Away, GoneReason};

use super::*;

fn absent() -> Input {
    Input::Away(Away::Absent("pulled".into()))
}

fn is_away(session: &Session) -> bool {
    matches!(session.stage(), Stage::Away(_))
}

fn is_detached(effects: &[Effect], code: VerdictCode) -> bool {
    effects.contains(&Effect::Detach(code))
}

/// The card has another power-up behind it.
fn back(card: &mut TestCard, session: &mut Session) -> Vec<Effect> {
    card.boot_id[0] += 1;
    card.generation += 1;
    let nonce = card.challenged(session, Known::default());
    card.answer(session, nonce)
}

#[test]
fn what_is_for_an_absent_card_waits_and_it_proves_itself_when_it_is_back() {
    let mut card = TestCard::new();
    let mut session = card.live();
    let effects = session.step(absent(), &now(1));
    assert!(matches!(effects.as_slice(), [Effect::Note(note)] if note.name == "card-absent"));
    assert!(is_away(&session));
    let effects = session.step(
        Input::Serve {
            nonce: [1; 32],
            token: 5,
        },
        &now(2),
    );
    let statement = None;
    assert_eq!(
        effects,
        [Effect::Statement {
            token: 5,
            statement
        }]
    );
    let effects = back(&mut card, &mut session);
    assert!(matches!(session.stage(), Stage::Live { .. }));
    assert!(!is_attached(&effects), "it was never detached");
    assert!(effects.contains(&Effect::Prove(card.boot_id)));
}

/// Says a message under the card's name, which is held; what it would become.
fn said_in_its_name(card: &TestCard, session: &mut Session, number: u64) -> Effect {
    let dst = card.domain.entity(Port(5));
    let message = Message::new(card.domain.card(), dst, Mtype::OFFER, vec![0x80]);
    let held = Input::Message {
        number,
        message: message.clone(),
    };
    assert_eq!(session.step(held, &now(1)), []);
    Effect::Submit { number, message }
}

#[track_caller]
fn is_dropped_and_counted(lie: &Effect, effects: &[Effect]) {
    assert!(!effects.contains(lie));
    let counted =
        |effect: &Effect| matches!(effect, Effect::Note(note) if note.name == "card-impossible");
    assert!(effects.iter().any(counted), "{effects:?}");
}

#[test]
fn a_card_that_is_pulled_while_it_proves_itself_does_so_when_it_is_back() {
    let mut card = TestCard::new();
    let mut session = card.session();
    let before = card.challenged(&mut session, Known::default());
    let said = said_in_its_name(&card, &mut session, 3 << 16);
    session.step(absent(), &now(1));
    session.step(Input::Tick, &now(2 * HELLO_MS_MAX));
    assert!(is_away(&session));
    // The first challenge was under way when it was pulled.
    let late = card.to_daemon(card.hello_of(&card.body(before)));
    card.boot_id[0] += 1;
    card.generation += 1;
    let selected = Input::Selected(card.reply(), Known::default());
    session.step(selected, &now(3));
    assert_eq!(session.step(late, &now(3)), []);
    let effects = card.answer(&mut session, now(3).fresh);
    assert!(is_attached(&effects));
    assert!(effects.contains(&said), "what it said is not lost");
}

/// Something in its place spoke under its name, with a number that the card may have given.
#[test]
fn what_another_said_under_its_name_is_no_word_of_the_card() {
    let mut card = TestCard::new();
    let mut session = card.live();
    session.step(absent(), &now(1));
    let mut liar = TestCard::new();
    (liar.boot_id, liar.generation) = ([8; 8], card.generation + 1);
    let nonce = liar.challenged(&mut session, Known::default());
    let lie = said_in_its_name(&card, &mut session, 3 << 16);
    session.step(absent(), &now(2));
    // Nor is it one because the card signs, in its own power-up, what the liar was asked.
    let late = card.to_daemon(card.hello_of(&card.body(nonce)));
    (card.boot_id, card.generation) = ([4; 8], card.generation + 1);
    let selected = Input::Selected(card.reply(), Known::default());
    session.step(selected, &now(3));
    session.step(late, &now(3));
    let effects = card.answer(&mut session, now(3).fresh);
    assert!(matches!(session.stage(), Stage::Live { .. }));
    is_dropped_and_counted(&lie, &effects);
}

/// Something in its place said what the card cannot have said. The card is not blamed for it, now or later.
#[test]
fn what_another_said_under_its_name_does_not_raise_its_witness() {
    let mut card = TestCard::new();
    let mut session = card.live();
    session.step(absent(), &now(1));
    let mut liar = TestCard::new();
    (liar.boot_id, liar.generation) = ([8; 8], u64::MAX >> 17);
    liar.challenged(&mut session, Known::default());
    let lie = said_in_its_name(&card, &mut session, u64::MAX);
    session.step(absent(), &now(2));
    let effects = back(&mut card, &mut session);
    assert!(matches!(session.stage(), Stage::Live { .. }));
    is_dropped_and_counted(&lie, &effects);
    assert_eq!(session.witness().generation, card.generation + 1);
    session.step(absent(), &now(3));
    back(&mut card, &mut session);
    assert!(matches!(session.stage(), Stage::Live { .. }));
}

#[test]
fn a_card_that_is_absent_for_too_long_is_detached_once_and_attached_when_it_is_back() {
    let mut card = TestCard::new();
    let mut session = card.live();
    session.step(absent(), &now(1));
    let effects = session.step(Input::Overdue, &now(2));
    assert!(is_detached(&effects, VerdictCode::CardGone));
    assert_eq!(session.step(Input::Overdue, &now(3)), []);
    assert!(is_attached(&back(&mut card, &mut session)));
}

#[test]
fn a_host_that_finds_no_card_waits_for_one() {
    let mut card = TestCard::new();
    let mut session = card.session();
    session.step(absent(), &now(0));
    assert_eq!(
        session.step(Input::Overdue, &now(1)),
        [],
        "nobody was served"
    );
    assert!(is_attached(&back(&mut card, &mut session)));
}

#[test]
fn another_card_in_its_place_is_refused_until_the_first_is_back() {
    let mut card = TestCard::new();
    let mut session = card.live();
    session.step(absent(), &now(1));
    let mut other = card.reply();
    other.domain = Domain([2; 12]);
    let effects = session.step(Input::Selected(other, Known::default()), &now(2));
    assert_eq!(cause(&session).name(), "card-another");
    assert!(is_detached(&effects, VerdictCode::Quarantined));
    assert!(
        effects
            .iter()
            .all(|effect| matches!(effect, Effect::Note(_) | Effect::Detach(_)))
    );
    session.step(absent(), &now(3));
    assert!(is_attached(&back(&mut card, &mut session)));
}

#[test]
fn a_card_that_is_not_trusted_stays_so_until_it_was_pulled() {
    let mut card = TestCard::new();
    let mut session = card.live();
    session.step(Input::Failed("no room".into()), &now(1));
    let again = Input::Selected(card.reply(), Known::default());
    assert_eq!(session.step(again, &now(2)), []);
    assert_eq!(session.step(Input::Gone("no power".into()), &now(2)), []);
    assert_eq!(cause(&session).name(), "card-storage");
    session.step(absent(), &now(3));
    assert!(is_attached(&back(&mut card, &mut session)));
}

#[test]
fn a_card_that_stated_elsewhere_while_it_was_absent_is_suspended() {
    let card = TestCard::new();
    let mut session = card.live();
    session.step(absent(), &now(1));
    let effects = session.step(Input::Suspended(9), &now(2));
    assert!(is_detached(&effects, VerdictCode::Suspended));
    assert_eq!(session.step(Input::Overdue, &now(3)), []);
}

#[test]
fn each_way_to_be_away_has_its_counter() {
    let is = Domain([2; 12]);
    let lost = GoneReason::Link("no way".into());
    for (why, name) in [
        (Away::Absent("pulled".into()), "card-absent"),
        (Away::Lost(lost), "card-lost"),
        (Away::Another { was: is, is }, "card-another"),
    ] {
        let mut session = TestCard::new().live();
        let effects = session.step(Input::Away(why), &now(1));
        assert!(matches!(effects.as_slice(), [Effect::Note(note)] if note.name == name));
        assert!(is_away(&session));
    }
}

/// Whatever is wrong with a card: programs learn one of the words of `docs/protocol/socket.md`.
#[test]
fn every_reason_that_programs_are_told_is_a_word_that_is_documented() {
    let page = include_str!("../../../../docs/protocol/socket.md");
    let is = Domain([2; 12]);
    let lost = GoneReason::Link("/run/card.sock: process 7 of \"Reader A\" ended".into());
    let stages = [
        Stage::Away(Away::Absent("Reader A: pulled".into())),
        Stage::Away(Away::Another { was: is, is }),
        Stage::Away(Away::Lost(lost)),
        Stage::Gone("cannot open /var/lib/card".into()),
        Stage::Suspended {
            number: 5,
            restating: None,
        },
        Stage::Quarantined(Quarantine::Signature),
        Stage::Quarantined(Quarantine::NoHello(1)),
        Stage::Quarantined(Quarantine::Twice(is)),
        Stage::Quarantined(Quarantine::Storage("/var/lib/state.redb: full".into())),
        Stage::Quarantined(Quarantine::Ports { first: 1, count: 0 }),
    ];
    for stage in stages {
        let word = stage.reason().expect("it is not live").word();
        let row = |line: &&str| line.contains(&format!("| `{word}` |"));
        let row = page.lines().find(row).unwrap_or_else(|| panic!("{word}"));
        assert!(row.contains(&format!("`{}`", stage.name())), "{row}");
    }
    assert_eq!(TestCard::new().live().stage().reason(), None);
}
