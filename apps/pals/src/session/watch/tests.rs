use libetp::codec::to_vec;
use libetp::params::pals::{Descriptor, Outcome};
use libetp::{EntityId, Header};
use pals::{Computation, MemberCode, Proposal, Quorum};

use super::*;
use crate::session::terms::Agreement;

const NOW: Duration = Duration::ZERO;
const SESSION: Hash = [7; 32];

/// Three members; this one is the second.
fn agreement() -> Agreement {
    let member = |at: u8| {
        let word = format!("{}@02aabbccddeeff00112233{at:02x}:7", hex(&[at; 32]));
        word.parse::<MemberCode>().unwrap().member()
    };
    let computation = Computation::Sum(Quorum { inputs_min: 2 });
    let proposal = Proposal {
        members: (0..3).map(member).collect(),
        grant: computation.grant(3, 8),
        computation,
        input_bytes: 8,
        min_class: 0,
        corrupt: None,
        cover_rounds: 1,
        round_ms: 1_000,
    };
    Agreement::new(proposal.descriptor(), &[1; 32]).unwrap()
}

fn state(descriptor: &Descriptor, session: Option<Hash>, round: u32, missed: u32) -> SessionState {
    let stage = match (session, round) {
        (None, _) => Stage::Joining,
        (_, 0) => Stage::Linking,
        _ => Stage::Running,
    };
    SessionState {
        descriptor: descriptor.hash(),
        session,
        stage: stage as u8,
        round,
        rounds: 4,
        present: 0b010,
        missed,
    }
}

fn result(descriptor: &Descriptor, session: Option<Hash>) -> SessionResult {
    SessionResult {
        descriptor: descriptor.hash(),
        session,
        outcome: Outcome::PowerLost as u8,
        result: None,
    }
}

fn message<P: Param>(src: EntityId, param: &P) -> Message {
    let header = Header {
        src,
        dst: src,
        mtype: P::MTYPE,
    };
    Message {
        header,
        param: to_vec(param),
    }
}

#[test]
fn only_the_own_card_says_where_the_session_is_and_only_of_this_one() {
    let agreement = agreement();
    let descriptor = agreement.descriptor();
    let card = agreement.terms.card(1);
    let mut watch = Watch::new(card, &agreement);
    let said = state(descriptor, None, 0, 0);
    let other = SessionState {
        descriptor: [0; 32],
        ..state(descriptor, None, 0, 0)
    };
    let foreign = message(agreement.terms.card(2), &said);
    assert!(matches!(watch.hear(&foreign, NOW), Heard::Nothing));
    assert!(matches!(
        watch.hear(&message(card, &other), NOW),
        Heard::Nothing
    ));
    assert!(watch.last.is_none() && watch.news().is_none());
    assert!(matches!(
        watch.hear(&message(card, &said), NOW),
        Heard::State
    ));
    let news = watch.news().unwrap();
    assert!(news.contains("waiting for the start by member 0"), "{news}");
    assert_eq!(watch.news(), None, "once");
}

/// The card tells of the loss of an earlier session on the same terms when the next one is ordered.
#[test]
fn the_end_of_a_session_before_is_not_the_end_of_this_one() {
    let agreement = agreement();
    let descriptor = agreement.descriptor();
    let card = agreement.terms.card(1);
    let mut watch = Watch::new(card, &agreement);
    let mut hear = |message: &Message| watch.hear(message, NOW);
    let old = message(card, &result(descriptor, Some([6; 32])));
    let unstarted = message(card, &result(descriptor, None));
    assert!(matches!(hear(&old), Heard::Nothing));
    assert!(matches!(hear(&unstarted), Heard::Nothing));
    hear(&message(card, &state(descriptor, Some(SESSION), 0, 0)));
    assert!(matches!(hear(&old), Heard::Nothing));
    let end = message(card, &result(descriptor, Some(SESSION)));
    assert!(matches!(hear(&end), Heard::Ended(_)));
}

#[test]
fn who_is_missing_is_counted_once_a_round_and_told_by_name() {
    let agreement = agreement();
    let descriptor = agreement.descriptor();
    let card = agreement.terms.card(1);
    let mut watch = Watch::new(card, &agreement);
    for (round, missed) in [(0, 0), (1, 0), (2, 0b100), (2, 0b100), (3, 0b101)] {
        let said = state(descriptor, Some(SESSION), round, missed);
        watch.hear(&message(card, &said), NOW);
    }
    assert_eq!(watch.missed, [(1, 0b100), (2, 0b101)]);
    let news = watch.news().unwrap();
    assert!(news.starts_with("round 3 of 4"), "{news}");
    assert!(news.contains("member 0 (") && news.contains("member 2 ("));
}

#[test]
fn an_invitation_to_the_same_session_is_of_its_first_members_card() {
    let agreement = agreement();
    let mut watch = Watch::new(agreement.terms.card(1), &agreement);
    let invite = Invite {
        descriptor: agreement.descriptor().clone(),
        opening: [5; 32],
    };
    let first = message(agreement.terms.card(0), &invite);
    assert!(matches!(watch.hear(&first, NOW), Heard::Invited(it) if it.opening == [5; 32]));
    let other = message(agreement.terms.card(2), &invite);
    assert!(matches!(
        watch.hear(&other, NOW),
        Heard::InvitedElsewhere(_)
    ));
}

/// Of an exchange: the card has rounds before it still, and then says that it has none.
#[test]
fn a_result_before_the_last_round_is_the_end_when_the_card_says_so_or_is_gone() {
    let agreement = agreement();
    let descriptor = agreement.descriptor();
    let card = agreement.terms.card(1);
    let early = SessionResult {
        outcome: Outcome::Result as u8,
        ..result(descriptor, Some(SESSION))
    };
    let over = SessionState {
        stage: Stage::Over as u8,
        ..state(descriptor, Some(SESSION), 4, 0)
    };
    let gone = OrderRefused {
        mtype: Mtype::ROUND_OVER,
        code: RefusalCode::NotFound as u16,
        detail: String::new(),
    };
    for end in [message(card, &over), message(card, &gone)] {
        let mut watch = Watch::new(card, &agreement);
        let third = state(descriptor, Some(SESSION), 3, 0);
        watch.hear(&message(card, &third), NOW);
        assert!(matches!(
            watch.hear(&message(card, &early), NOW),
            Heard::Early(result) if result == early
        ));
        let last = state(descriptor, Some(SESSION), 4, 0);
        let heard = watch.hear(&message(card, &last), NOW);
        assert!(matches!(heard, Heard::State));
        let Heard::Ended(ended) = watch.hear(&end, NOW) else {
            panic!("it has ended");
        };
        assert_eq!(ended, early);
    }
}

#[test]
fn what_is_no_result_ends_a_session_in_any_round() {
    let agreement = agreement();
    let descriptor = agreement.descriptor();
    let card = agreement.terms.card(1);
    let mut watch = Watch::new(card, &agreement);
    let third = state(descriptor, Some(SESSION), 3, 0);
    watch.hear(&message(card, &third), NOW);
    let lost = message(card, &result(descriptor, Some(SESSION)));
    assert!(matches!(watch.hear(&lost, NOW), Heard::Ended(_)));
}

/// Half a round after the start of the second round, says who remembers the start.
#[test]
fn who_takes_over_keeps_the_deadlines_and_tells_where_the_session_is() {
    let agreement = agreement();
    let (descriptor, card) = (agreement.descriptor(), agreement.terms.card(1));
    let watch = |session, elapsed| {
        let mut watch = Watch::new(card, &agreement);
        watch.take_over(&state(descriptor, session, 2, 0), elapsed);
        watch
    };
    let elapsed = Duration::from_millis(3_500);
    let mut going = watch(Some(SESSION), elapsed);
    assert_eq!(going.controller.due(), Some(Duration::from_secs(4)));
    assert_eq!(going.news().as_deref(), Some("round 2 of 4"));
    let result = message(card, &result(descriptor, Some(SESSION)));
    assert!(matches!(going.hear(&result, elapsed), Heard::Ended(_)));
    assert_eq!(watch(None, elapsed).controller.due(), None);
}
