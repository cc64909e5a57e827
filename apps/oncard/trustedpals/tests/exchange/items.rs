//! What an item is, and what it is not.

use ed25519_dalek::{Signer, SigningKey};
use libetp::digest::sha256;
use libetp::params::pals::Description;
use oncard_trustedpals::exchange::{Exchange, Outcome, Plan, Turn, matches};
use oncard_trustedpals::party::{Machine, Output};
use zeroize::Zeroizing;

use crate::cards::description;

#[test]
fn a_thing_is_known_by_its_hash_and_length() {
    let described = description(b"a key of a file");
    assert!(matches(&described, b"a key of a file"));
    assert!(!matches(&described, b"a key of a filf"));
    assert!(!matches(&described, b"a key of a file\0"));
    let longer = Description {
        bytes: 16,
        ..described
    };
    assert!(!matches(&longer, b"a key of a file"));
}

#[test]
fn a_signature_is_known_by_document_and_key() {
    let (key, other) = (
        SigningKey::from_bytes(&[5; 32]),
        SigningKey::from_bytes(&[6; 32]),
    );
    let document = sha256(b"a contract");
    let described = |key: &SigningKey| Description {
        bytes: 64,
        hash: document,
        signer: Some(key.verifying_key().to_bytes()),
    };
    let signature = key.sign(&document).to_bytes();
    assert!(matches(&described(&key), &signature));
    assert!(!matches(&described(&other), &signature));
    assert!(!matches(
        &described(&key),
        &key.sign(b"a contract").to_bytes()
    ));
    assert!(!matches(&described(&key), &signature[..63]));
    // The same signature in another form: the second half is a number modulo the order of the group.
    let mut again = signature;
    add_order(&mut again);
    assert!(!matches(&described(&key), &again));
}

/// Adds the order of the group (RFC 8032, section 5.1) to the second half of a signature.
fn add_order(signature: &mut [u8; 64]) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
}

/// Items of all lengths pass through contents of one length, in any number of pieces, and come out as they were, once.
#[test]
fn items_pass_in_pieces() {
    let items: Vec<Vec<u8>> = [1, 7, 4].map(|len| vec![0; len]).to_vec();
    for setup_rounds in [1, 2, 3, 7, 9] {
        let described: Vec<Description> = items.iter().map(|it| description(it)).collect();
        let card = |me: usize| {
            let plan = Plan::new((0, me), described.clone(), setup_rounds, 4).unwrap();
            let (seed, item) = (
                Zeroizing::new([me as u8; 32]),
                Zeroizing::new(items[me].clone()),
            );
            Exchange::new(plan, [3; 32], seed, item)
        };
        let mut cards = [0, 1, 2].map(card);
        let mut outputs = Vec::new();
        while !Machine::is_over(&cards[0]) {
            let said = cards.each_ref().map(|card| Some(card.content()));
            assert!(
                said.iter()
                    .flatten()
                    .all(|it| it.len() == cards[0].content_bytes())
            );
            for card in &mut cards {
                card.end_round(&said);
                outputs.extend(card.take_output());
            }
        }
        let all = libetp::params::pals::Exchanged {
            items: libetp::codec::List(items.clone()),
        };
        let all = Zeroizing::new(libetp::codec::to_vec(&all));
        assert_eq!(outputs, vec![Output::Result(all); 3], "{setup_rounds}");
        assert!(matches!(cards[0].outcome(), Some(Outcome::Released(_))));
    }
}

/// What a card of another kind might say, under the right keys.
#[test]
fn contents_of_another_form_are_none() {
    let turn = Turn::default().to_bytes(3);
    let read = |bytes: &[u8]| Turn::from_bytes(bytes, 3, 3, 1);
    assert_eq!(read(&turn), Some(Turn::default()));
    assert_eq!(read(&turn[1..]), None);
    assert_eq!(read(&[&turn[..], &[0]].concat()), None);
    let mut unknown = turn.to_vec();
    unknown[0] = 16;
    assert_eq!(read(&unknown), None);
}
