//! What a card stores, read as `docs/protocol/state.md` says and not as the runtime does.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use common::{HOST_KEY, Made, PIN, PUK, authenticated, dump, made, made_with_puk, selected};
use etp_pki::Anchors;
use hmac::{Hmac, Mac};
use libetp::codec::{Decode, List, from_slice, to_vec};
use libetp::digest::sha256;
use libetp::params::runtime::{CapabilityEnded, ReservePorts, Serve};
use libetp::{Domain, Message};
use oncard_runtime::{Card, MemoryStore, Writes};
use sha2::Sha256;

libetp::structure! {
    struct Identity {
        domain: Domain,
        key: [u8; 32],
        class: u8,
        certificate: Vec<u8>,
        anchors: Anchors,
        third_parties: List<[u8; 32]>,
        salt: [u8; 32],
        stored_key: Option<[u8; 32]>,
    }

    struct Pin {
        memory_kib: u32,
        passes: u32,
        salt: [u8; 32],
        verifier: [u8; 32],
    }

    struct Head {
        generation: u64,
        command: Option<Command>,
    }

    struct Command {
        session: [u8; 8],
        sequence: u8,
        hash: [u8; 32],
    }

    struct Labelled {
        label: String,
        value: Vec<u8>,
    }
}

fn record<T: Decode>(entries: &Writes, key: u8) -> T {
    from_slice(entries[&vec![1, key]].as_ref().unwrap()).unwrap()
}

fn derive(key: &[u8; 32], label: &str, value: Vec<u8>) -> [u8; 32] {
    let label = label.into();
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).unwrap();
    mac.update(&to_vec(&Labelled { label, value }));
    mac.finalize().into_bytes().into()
}

/// The key at rest, from a store or from outside.
fn at_rest(entries: &Writes, device_key: Option<[u8; 32]>) -> [u8; 32] {
    let identity: Identity = record(entries, 1);
    assert_eq!(identity.stored_key.is_some(), device_key.is_none());
    identity.stored_key.or(device_key).unwrap()
}

fn check_secrets(made: &Made, entries: &Writes, key: &[u8; 32]) {
    let identity = to_vec(&record::<Identity>(entries, 1));
    let seal = derive(key, "seal/v1", identity.clone());
    let payload = Payload {
        msg: &record::<Vec<u8>>(entries, 2),
        aad: &identity,
    };
    let cipher = ChaCha20Poly1305::new(&Key::from(seal));
    let secrets = cipher.decrypt(&Nonce::default(), payload).unwrap();
    assert_eq!(secrets.len(), 96);
    assert_eq!(secrets[..32], made.card.sign_seed);
    assert_eq!(secrets[32..64], made.card.agree_secret);
}

fn check_pin(entries: &Writes, key: &[u8; 32]) {
    check_verifier(entries, key, (3, "pin/v1"), PIN);
}

fn check_verifier(entries: &Writes, key: &[u8; 32], (at, label): (u8, &str), secret: &[u8]) {
    let pin: Pin = record(entries, at);
    let params = Params::new(pin.memory_kib, pin.passes, 1, Some(32)).unwrap();
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(secret, &pin.salt, &mut hash)
        .unwrap();
    assert_eq!(derive(key, label, hash.to_vec()), pin.verifier);
}

#[test]
fn a_puk_is_as_the_page_says() {
    let made = made_with_puk();
    let entries = dump(&made.store);
    let key = at_rest(&entries, None);
    check_pin(&entries, &key);
    check_verifier(&entries, &key, (12, "puk/v1"), PUK);
    assert_eq!(record::<u8>(&entries, 13), 10);
}

#[test]
fn a_new_card_is_as_the_page_says() {
    let mut made = made();
    for device_key in [None, Some([0xD0; 32])] {
        made.card.device_key = device_key;
        let entries = dump(&common::stored(&made.card));
        let keys: Vec<u8> = entries.keys().map(|key| key[1]).collect();
        assert_eq!(keys, [1, 2, 3, 4, 5, 9, 10]);
        let identity: Identity = record(&entries, 1);
        assert_eq!(identity.domain, made.domain());
        assert_eq!(identity.key, made.leaf.key);
        assert_eq!(identity.certificate, made.card.certificate);
        assert_eq!(identity.third_parties.0, made.card.third_parties);
        let key = at_rest(&entries, device_key);
        check_secrets(&made, &entries, &key);
        check_pin(&entries, &key);
        assert_eq!(record::<u8>(&entries, 4), 3);
        let head: Head = record(&entries, 5);
        assert_eq!((head.generation, head.command), (0, None));
        assert_eq!(record::<[u8; 32]>(&entries, 9), HOST_KEY);
        assert_eq!(record::<u64>(&entries, 10), made.leaf.epoch);
    }
}

#[test]
fn what_a_card_did_is_as_the_page_says() {
    let made = made();
    let mut card: Card<MemoryStore> = made.boot();
    let mut host = selected(&mut card);
    authenticated(&made, &mut host, &mut card, 7);
    let serve = Serve {
        host_key: HOST_KEY,
        nonce: [1; 32],
    };
    let messages = [made.order(ReservePorts {}), made.order(serve)];
    let command = host.command(&messages);
    let reply = host.exchange(&mut card, &messages).unwrap();
    let entries = dump(card.store());
    let head: Head = record(&entries, 5);
    let last = head.command.unwrap();
    assert_eq!(last.session, host.session);
    assert_eq!(last.sequence, host.sequence - 1);
    assert_eq!(last.hash, sha256(&command));
    assert_eq!(record::<u32>(&entries, 6), 257);
    assert_eq!(record::<u64>(&entries, 7), 1);
    assert!(record::<u64>(&entries, 8) > 0);
    let waiting: Vec<(u64, Message)> = waiting(&entries);
    let said = reply.messages.into_iter();
    assert_eq!(
        waiting,
        said.map(|m| (m.number, m.message)).collect::<Vec<_>>()
    );
    assert!(
        waiting
            .iter()
            .all(|(number, _)| number >> 16 == head.generation)
    );

    let ended = made.order(CapabilityEnded { id: made.id(7) });
    host.exchange(&mut card, &[ended]).unwrap();
    assert_eq!(self::waiting(&dump(card.store())), []);
}

fn waiting(entries: &Writes) -> Vec<(u64, Message)> {
    let outbox = entries.range(vec![1, 0x20]..vec![1, 0x21]);
    let read = |(key, value): (&Vec<u8>, &Option<Vec<u8>>)| {
        let number = u64::from_be_bytes(key[2..].try_into().unwrap());
        (
            number,
            Message::from_bytes(value.as_ref().unwrap()).unwrap(),
        )
    };
    outbox.map(read).collect()
}
