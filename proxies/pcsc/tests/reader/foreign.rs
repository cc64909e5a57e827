//! Other programs at the same card.

use card_proxy::{Link, LinkError};
use etp_card_proxy::Use;
use etp_card_proxy::transport::Lengths;
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
    script
        .world()
        .cards
        .insert(READER.into(), Card::Other(0x6A82));
    let select = SelectCommand { session: [7; 8] }.to_bytes();
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
