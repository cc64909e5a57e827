//! Other programs at the same card.

use card_proxy::{Link, LinkError};
use etp_card_proxy::choice::Selector;
use etp_card_proxy::life::{ASK_FIRST_MS, ASK_MS_MAX};
use etp_card_proxy::transport::Lengths;
use etp_card_proxy::{ReaderLink, Use};
use libetp::Domain;
use libetp::exchange::SelectCommand;
use pcsc::Error;

use crate::script::{Call, Card, DOMAIN, EXCHANGE, NOTHING, READER, Script, absent, selected};

#[test]
fn each_command_to_a_shared_card_is_one_transaction() {
    let script = Script::with_card();
    let mut link = script.shared();
    let calls = [
        "establish",
        "connect Reader A",
        "begin",
        "select",
        "end",
        "reconnect Reset",
    ];
    assert_eq!(script.calls(), calls);
    let piece = [&[0xFF][..], &[0x61, 1]].concat();
    let rest = vec![0xFF, 0x90, 0x00];
    script.world().responses.extend([piece, rest]);
    assert_eq!(link.transmit(&EXCHANGE), Ok(NOTHING.to_vec()));
    assert_eq!(script.calls(), ["begin", "exchange", "exchange", "end"]);
}

/// What other applications say of EXCHANGE. Some of it is what our own says that was not selected: the daemon knows
/// what to do. The rest would be blamed on the messages.
#[test]
fn the_answer_of_another_application_is_no_answer_to_a_message() {
    for status in [0x6985u16, 0x6D00, 0x6E00] {
        let script = Script::with_card();
        let mut link = script.powered();
        let response = status.to_be_bytes().to_vec();
        script.world().responses.push_back(response.clone());
        assert_eq!(link.transmit(&EXCHANGE), Ok(response));
        assert!(script.lines()[0].contains("another program selected"));
    }
    for status in [0x6982u16, 0x6999, 0x6A81, 0x6300] {
        let script = Script::with_card();
        let mut link = script.powered();
        script
            .world()
            .responses
            .push_back(status.to_be_bytes().into());
        assert_eq!(
            link.transmit(&EXCHANGE),
            Err(LinkError::Reset),
            "{status:04X}"
        );
        assert!(script.lines()[0].contains("another program selected"));
    }
    let script = Script::with_card();
    let mut link = script.powered();
    for status in [0x6700u16, 0x6A80, 0x6A88, 0x6F00] {
        let response = status.to_be_bytes().to_vec();
        script.world().responses.push_back(response.clone());
        assert_eq!(
            link.transmit(&EXCHANGE),
            Ok(response),
            "our own card says it"
        );
    }
    assert!(script.lines().is_empty());
}

/// Swapped faster than the reader looks: nobody says so but the card itself.
#[test]
fn a_card_of_somebody_else_that_came_unnoticed_is_none_of_ours() {
    let script = Script::with_card();
    let mut link = script.powered();
    script.swap(Card::Other(0x6A82));
    let select = select();
    let words = absent(link.transmit(&select));
    assert!(words.contains("none of TENeT"), "{words}");
    assert_eq!(script.calls(), ["select", "close"]);
    absent(link.check());
    absent(link.reset());
    assert!(script.calls().is_empty(), "it is not asked again");
    script.insert(READER, Card::Ours(DOMAIN), 3);
    link.check().unwrap();
    link.reset().unwrap();
    assert_eq!(link.transmit(&select), Ok(selected(DOMAIN)));
}

/// Another card of TENeT.
const OTHER: Card = Card::Ours(Domain([3; 12]));

fn select() -> Vec<u8> {
    SelectCommand { session: [7; 8] }.to_bytes()
}

/// How long until a check says something else, in milliseconds.
fn waits(script: &Script, link: &mut ReaderLink<Script>) -> u64 {
    let before = link.check();
    let mut waited_ms = 0;
    while link.check() == before {
        assert!(waited_ms <= ASK_MS_MAX, "{before:?} for ever");
        waited_ms += script.pass(1);
    }
    waited_ms
}

/// The reader tells nothing of either swap, and the daemon has nobody to ask.
#[test]
fn a_card_that_comes_back_unnoticed_is_found_again() {
    let script = Script::with_card();
    let mut link = script.powered();
    script.swap(Card::Other(0x6A82));
    absent(link.transmit(&select()));
    for expected_ms in [ASK_FIRST_MS, 2 * ASK_FIRST_MS] {
        assert_eq!(waits(&script, &mut link), expected_ms);
        assert!(absent(link.reset()).contains("none of TENeT"));
    }
    script.swap(Card::Ours(DOMAIN));
    assert_eq!(waits(&script, &mut link), 4 * ASK_FIRST_MS);
    link.reset().unwrap();
    assert_eq!(link.transmit(&EXCHANGE), Ok(NOTHING.to_vec()));
}

#[test]
fn a_card_of_somebody_else_that_is_in_use_is_not_asked_again() {
    let script = Script::with_card();
    let mut link = script.powered();
    script.swap(Card::Other(0x6A82));
    absent(link.transmit(&select()));
    script.use_by_another(true);
    script.pass(10 * ASK_MS_MAX);
    absent(link.check());
    script.use_by_another(false);
    link.check().unwrap();
}

/// A daemon that meets another card waits for the first, and says nothing meanwhile.
#[test]
fn a_card_that_the_daemon_has_no_use_for_is_watched_for_the_one_before() {
    let script = Script::with_card();
    let mut link = script.powered();
    script.swap(OTHER);
    let other = selected(Domain([3; 12]));
    assert_eq!(link.transmit(&select()), Ok(other), "the daemon judges it");
    script.calls();
    for expected_ms in [ASK_FIRST_MS, 2 * ASK_FIRST_MS] {
        script.pass(expected_ms - 1);
        link.check().unwrap();
        assert!(script.calls().is_empty());
        script.pass(1);
        link.check().unwrap();
        assert_eq!(script.calls(), ["select"], "after {expected_ms} ms");
    }
    script.swap(Card::Ours(DOMAIN));
    script.lines();
    script.pass(4 * ASK_FIRST_MS);
    assert_eq!(link.check(), Err(LinkError::Reset));
    assert!(script.lines()[0].contains(&format!("card {DOMAIN} in {READER} is served")));
    link.reset().unwrap();
    assert_eq!(link.transmit(&select()), Ok(selected(DOMAIN)));
    assert_eq!(link.transmit(&EXCHANGE), Ok(NOTHING.to_vec()));
    script.calls();
    script.pass(10 * ASK_MS_MAX);
    link.check().unwrap();
    assert!(script.calls().is_empty(), "it is in use");
}

/// What comes while the daemon waits for another may be none of ours, or nothing at all.
#[test]
fn what_answers_in_place_of_a_card_that_is_watched_is_told() {
    let script = Script::with_card();
    let mut link = script.powered();
    script.swap(OTHER);
    link.transmit(&select()).unwrap();
    script.swap(Card::Other(0x6A82));
    script.pass(ASK_FIRST_MS);
    assert!(absent(link.check()).contains("none of TENeT"));
    let script = Script::with_card();
    let mut link = script.powered();
    link.transmit(&select()).unwrap();
    script.world().responses.push_back(Vec::new());
    script.pass(ASK_FIRST_MS);
    assert!(matches!(link.check(), Err(LinkError::Lost(_))));
}

/// Whoever asks a card whose it is selects it anew: what the daemon knows of it since its own SELECT is over,
/// and a card that was away without a word would be taken for one that kept its power.
#[test]
fn a_daemon_that_comes_back_to_a_card_that_was_asked_meanwhile_selects_it_anew() {
    let script = Script::with_card();
    let mut link = script.powered();
    link.transmit(&select()).unwrap();
    script.pass(ASK_FIRST_MS);
    link.check().unwrap();
    script.apdus();
    assert_eq!(link.transmit(&EXCHANGE), Err(LinkError::Reset));
    assert!(script.apdus().is_empty(), "the card is given nothing");
    assert_eq!(link.transmit(&select()), Ok(selected(DOMAIN)));
    assert_eq!(link.transmit(&EXCHANGE), Ok(NOTHING.to_vec()));
}

#[test]
fn another_card_in_the_place_of_the_one_that_is_named_is_none() {
    let script = Script::with_card();
    let mut link = script.link_to(Selector::Card(DOMAIN), 0);
    link.reset().unwrap();
    script.swap(OTHER);
    let words = absent(link.transmit(&select()));
    let other = Domain([3; 12]);
    assert_eq!(words, format!("{READER}: it is card {other}"));
    script.swap(Card::Ours(DOMAIN));
    assert_eq!(waits(&script, &mut link), ASK_FIRST_MS);
    link.reset().unwrap();
    assert_eq!(link.transmit(&select()), Ok(selected(DOMAIN)));
}

#[test]
fn bytes_that_are_no_command_reach_no_card() {
    let script = Script::with_card();
    let mut link = script.powered();
    let refused = link.transmit(&[0x80, 0xC2, 0]);
    assert!(matches!(refused, Err(LinkError::Lost(_))), "{refused:?}");
    assert!(script.calls().is_empty());
}

/// A chain that another program's reset ended is not ended once more.
#[test]
fn a_reset_ends_a_chain() {
    let script = Script::with_card();
    let how = Use {
        lengths: Lengths::Short,
        ..Use::default()
    };
    let mut link = script.link_for(how, 0);
    link.reset().unwrap();
    let data = [7; 300];
    let command = [&[0x80, 0xC2, 0, 5, 0, 1, 44][..], &data, &[0, 0]].concat();
    script.fail(Call::Transmit, Error::ResetCard);
    script.apdus();
    assert_eq!(link.transmit(&command), Err(LinkError::Reset));
    assert!(script.apdus().is_empty());
    script.world().responses.push_back(vec![0x90, 0x00]);
    assert_eq!(link.transmit(&command), Ok(NOTHING.to_vec()));
    let apdus = script.apdus();
    assert_eq!(apdus[0][..5], [0x90, 0xC2, 0, 5, 255]);
    assert_eq!(apdus[1][..5], [0x80, 0xC2, 0, 5, 45]);
}
