//! A real card.

use ed25519_dalek::SigningKey;
use etp_pki::scheme::{Authority, Request, Seeds};
use etp_pki::{Role, verify};
use libetp::exchange::CommandBuilder;
use libetp::limits::MESSAGE_BYTES_MAX;
use libetp::params::Param;
use libetp::params::host::Ping;
use libetp::{Domain, Message, Port};
use oncard_runtime::{Card, MemoryStore, Personalisation, PinCost, Store, personalise};
use std::sync::OnceLock;
use x25519_dalek::{PublicKey, StaticSecret};

struct Made {
    domain: Domain,
    store: MemoryStore,
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let mut number = 0;
        let intermediates = [0; 6].map(|_: u8| {
            number += 1;
            [number; 32]
        });
        let seeds = Seeds {
            root: [0x77; 32],
            intermediates,
        };
        let authority = Authority::generate("test", &seeds, 1_750_000_000).unwrap();
        let card = personalisation(&authority);
        let mut store = MemoryStore::default();
        store
            .commit(&personalise(&card, b"2468", [9; 32]).unwrap())
            .unwrap();
        Made {
            domain: card.domain,
            store,
        }
    })
}

fn personalisation(authority: &Authority) -> Personalisation {
    let (sign_seed, agree_secret) = ([0xA1; 32], [0x5E; 32]);
    let sign = SigningKey::from_bytes(&sign_seed)
        .verifying_key()
        .to_bytes();
    let agree = PublicKey::from(&StaticSecret::from(agree_secret)).to_bytes();
    let request = Request::card(sign, agree, 0);
    let certificate = authority
        .issue(Role::Card, &request, 1_750_000_000)
        .unwrap();
    let anchors = authority.file().anchors();
    let leaf = verify(&certificate, Role::Card, &anchors).unwrap();
    Personalisation {
        domain: leaf.domain().unwrap(),
        sign_seed,
        agree_secret,
        certificate,
        anchors,
        class: 0,
        host_key: Some([0x42; 32]),
        third_parties: vec![],
        device_key: None,
        service: None,
        pin_cost: PinCost::LEAST,
    }
}

pub(crate) fn boot() -> Card<MemoryStore> {
    Card::new(made().store.clone(), vec![], [1; 32]).unwrap()
}

/// A ping of each size, from a program to the card.
pub(crate) fn pings(sizes: &[usize]) -> Vec<Message> {
    let domain = made().domain;
    let ping = |size: &usize| {
        let nonce = vec![*size as u8; *size];
        Ping { nonce }.into_message(domain.entity(Port(5)), domain.card())
    };
    sizes.iter().map(ping).collect()
}

/// A command with the largest message that there is.
pub(crate) fn largest() -> Vec<u8> {
    let message = pings(&[MESSAGE_BYTES_MAX - 34 - 4]).remove(0);
    assert_eq!(message.wire_len(), MESSAGE_BYTES_MAX);
    let mut command = CommandBuilder::new(65_535, 65_524);
    command.push(&message).unwrap();
    command.finish(0)
}

/// Has the card queue more than one response carries. Its session is as new afterwards.
pub(crate) fn fill(card: &mut Card<MemoryStore>) {
    let select = b"\x00\xA4\x04\x00\x10\xF0eTPcardsession1\x00";
    for _ in 0..12 {
        let mut command = CommandBuilder::new(65_535, 65_524);
        pings(&[64; 64])
            .iter()
            .for_each(|ping| command.push(ping).unwrap());
        card.transmit(&command.finish(0));
        card.transmit(select);
    }
}
