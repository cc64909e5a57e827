//! Links, and hosts that forge, replay and pass on.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use libetp::{Domain, EntityId};
use oncard_trustedpals::link::{Handshake, Keys, Link, OpenError, Parties, SealError};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const CONTENT_BYTES: usize = 100;
const BYTES: usize = Link::bytes_for(CONTENT_BYTES);

fn secret(card: u8) -> StaticSecret {
    StaticSecret::from([card; 32])
}

fn id(card: u8) -> EntityId {
    Domain([card; 12]).card()
}

fn keys(me: u8, peer: u8) -> Keys {
    Keys {
        private: Zeroizing::new(secret(me).to_bytes()).into(),
        peer_public: PublicKey::from(&secret(peer)).to_bytes(),
    }
}

fn parties(me: u8, peer: u8) -> Parties {
    Parties {
        me: id(me),
        peer: id(peer),
        my_certificate: [me; 32],
        peer_certificate: [peer; 32],
        session: [77; 32],
    }
}

fn initiate(parties: Parties, keys: &Keys) -> Option<(Handshake, Vec<u8>)> {
    Handshake::initiate(parties, keys, Zeroizing::new([3; 32]), BYTES)
}

fn respond(parties: Parties, keys: &Keys, first: &[u8]) -> Option<(Link, Vec<u8>)> {
    Handshake::respond(parties, keys, Zeroizing::new([4; 32]), BYTES, first)
}

/// The two ends between cards `a` and `b`, the smaller first.
fn linked(a: u8, b: u8) -> (Link, Link) {
    let (handshake, first) = initiate(parties(a, b), &keys(a, b)).unwrap();
    let (responder, second) = respond(parties(b, a), &keys(b, a), &first).unwrap();
    (handshake.finish(&second).unwrap().unwrap(), responder)
}

#[test]
fn what_one_end_says_the_other_hears_in_both_directions() {
    let (mut a, mut b) = linked(1, 2);
    for (round, content) in [(1, &b""[..]), (2, b"bid"), (7, &[9; CONTENT_BYTES])] {
        let there = a.seal(round, content).unwrap();
        let back = b.seal(round, content).unwrap();
        assert_eq!((there.len(), back.len()), (BYTES, BYTES));
        assert_ne!(there, back);
        assert_eq!(b.open(round, &there).unwrap()[..], *content);
        assert_eq!(a.open(round, &back).unwrap()[..], *content);
    }
}

#[test]
fn no_round_is_sealed_twice_and_no_content_is_cut() {
    let (mut a, _) = linked(1, 2);
    assert_eq!(a.seal(0, b""), Err(SealError::Sealed(0)));
    a.seal(5, b"x").unwrap();
    for round in [4, 5] {
        assert_eq!(a.seal(round, b"y"), Err(SealError::Sealed(round)));
    }
    let (content, room) = (CONTENT_BYTES + 1, CONTENT_BYTES);
    let too_long = SealError::TooLong { content, room };
    assert_eq!(a.seal(6, &vec![0; content]), Err(too_long));
    assert!(a.seal(6, &vec![0; room]).is_ok());
}

#[test]
fn every_change_of_a_packet_is_seen() {
    let (mut a, b) = linked(1, 2);
    let packet = a.seal(1, b"bid").unwrap();
    for bit in 0..8 * packet.len() {
        let mut changed = packet.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(b.open(1, &changed).unwrap_err(), OpenError::Forged);
    }
    for len in [0, 15, packet.len() - 1] {
        assert_eq!(b.open(1, &packet[..len]).unwrap_err(), OpenError::Forged);
    }
    let longer = [&packet[..], &[0]].concat();
    assert_eq!(b.open(1, &longer).unwrap_err(), OpenError::Forged);
}

#[test]
fn a_packet_is_good_for_its_round_its_direction_and_its_link_alone() {
    let ((mut a, b), (_, c)) = (linked(1, 2), linked(1, 3));
    let packet = a.seal(4, b"bid").unwrap();
    assert!(b.open(4, &packet).is_ok());
    for round in [0, 3, 5] {
        assert_eq!(b.open(round, &packet).unwrap_err(), OpenError::Forged);
    }
    assert_eq!(a.open(4, &packet).unwrap_err(), OpenError::Forged);
    assert_eq!(c.open(4, &packet).unwrap_err(), OpenError::Forged);
}

#[test]
fn a_handshake_is_good_for_its_cards_certificates_and_session_alone() {
    let (_, first) = initiate(parties(1, 2), &keys(1, 2)).unwrap();
    let right = parties(2, 1);
    assert!(respond(right, &keys(2, 1), &first).is_some());
    let others = [
        Parties {
            session: [78; 32],
            ..right
        },
        Parties {
            my_certificate: [9; 32],
            ..right
        },
        Parties {
            peer_certificate: [9; 32],
            ..right
        },
        Parties {
            my_certificate: [1; 32],
            peer_certificate: [2; 32],
            ..right
        },
    ];
    for other in others {
        assert!(respond(other, &keys(2, 1), &first).is_none(), "{other:?}");
    }
    assert!(respond(parties(3, 1), &keys(3, 1), &first).is_none());
    assert!(respond(right, &keys(2, 3), &first).is_none());
    assert!(respond(right, &keys(2, 1), &first[1..]).is_none());
}

#[test]
fn a_second_message_that_is_not_the_peers_spoils_nothing() {
    let (mut handshake, first) = initiate(parties(1, 2), &keys(1, 2)).unwrap();
    let (mut responder, second) = respond(parties(2, 1), &keys(2, 1), &first).unwrap();
    for bit in 0..8 * second.len() {
        let mut changed = second.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        handshake = handshake.finish(&changed).unwrap_err();
    }
    let mut initiator = handshake.finish(&second).unwrap().unwrap();
    let there = initiator.seal(1, b"bid").unwrap();
    let back = responder.seal(1, b"").unwrap();
    assert!(responder.open(1, &there).is_ok() && initiator.open(1, &back).is_ok());
}

#[test]
fn the_card_with_the_smaller_id_begins() {
    assert!(initiate(parties(2, 1), &keys(2, 1)).is_none());
    let (_, first) = initiate(parties(1, 2), &keys(1, 2)).unwrap();
    assert!(respond(parties(1, 2), &keys(1, 2), &first).is_none());
}
