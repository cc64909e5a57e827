//! The exchange in the vectors.

use ed25519_dalek::Signer;
use libetp::codec::{List, to_vec};
use libetp::digest::sha256;
use libetp::params::pals::{Description, Descriptor, EXCHANGE_ENGINE, ExchangeTerms, Exchanged};
use libetp::text::hex;
use oncard_trustedpals::Members;
use oncard_trustedpals::exchange::{Setup, Turn, matches, slot};
use oncard_trustedpals::session::Terms;
use oncard_trustedpals::uic::Report;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{ContentVector, Hex, descriptor, key, unhex};

/// Members and times are those of the session.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExchangeVector {
    function: Hex,
    /// What the members give: the third its signature of the second's.
    items: Vec<Hex>,
    descriptor: Hex,
    descriptor_hash: Hex,
    packet_bytes: usize,
    rounds: u32,
    /// What packets say; pieces have 22 bytes.
    contents: Vec<ContentVector>,
    /// Of seeds of 0x81, 0x82 and 0x83, in the session of this file's `session`, 200 slots.
    slot: u32,
    result: Hex,
}

const SETUP_ROUNDS: u32 = 3;
const SLOTS: u32 = 200;
const DOCUMENT: &[u8] = b"a key";

/// Of the session with these keys and that id.
pub(crate) fn exchange(seeds: &[Hex], session: &Hex) -> ExchangeVector {
    let items = items(seeds);
    let descriptor = exchanging(seeds, &items);
    let terms = Terms::new(descriptor.clone(), &descriptor.members.0[0].key).unwrap();
    let seeds = [[0x81; 32], [0x82; 32], [0x83; 32]];
    let items = List(items);
    ExchangeVector {
        function: hex(&ExchangeTerms::function()),
        items: items.0.iter().map(|item| hex(item)).collect(),
        descriptor: hex(&to_vec(&descriptor)),
        descriptor_hash: hex(&descriptor.hash()),
        packet_bytes: terms.plan().packet_bytes(),
        rounds: terms.plan().last_round(),
        contents: contents(&items.0[2]),
        slot: slot(&seeds, &unhex(session), SLOTS),
        result: hex(&to_vec(&Exchanged { items })),
    }
}

fn items(seeds: &[Hex]) -> Vec<Vec<u8>> {
    let signature = key(&seeds[2]).sign(&sha256(DOCUMENT)).to_bytes();
    vec![b"a thing".to_vec(), DOCUMENT.to_vec(), signature.to_vec()]
}

fn exchanging(seeds: &[Hex], items: &[Vec<u8>]) -> Descriptor {
    let described = |item: &Vec<u8>| Description {
        bytes: item.len() as u32,
        hash: sha256(item),
        signer: None,
    };
    let mut descriptions: Vec<Description> = items.iter().map(described).collect();
    descriptions[2].hash = sha256(DOCUMENT);
    descriptions[2].signer = Some(key(&seeds[2]).verifying_key().to_bytes());
    let mut pairs = descriptions.iter().zip(items);
    assert!(pairs.all(|(description, item)| matches(description, item)));
    Descriptor {
        function: ExchangeTerms::function(),
        parameters: to_vec(&ExchangeTerms {
            slots: SLOTS,
            setup_rounds: SETUP_ROUNDS,
            items: List(descriptions),
        }),
        engine: EXCHANGE_ENGINE.into(),
        fuel: 1,
        slice: 1,
        memory_bytes: 0,
        corrupt: 2,
        input_bytes: 64,
        cover_rounds: 0,
        ..descriptor(seeds)
    }
}

fn contents(item: &[u8]) -> Vec<ContentVector> {
    let piece_bytes = item.len().div_ceil(SETUP_ROUNDS as usize);
    let setup = |piece: usize| Setup {
        seed: Zeroizing::new([0x83; 32]),
        piece: Zeroizing::new(item.chunks(piece_bytes).nth(piece).unwrap().to_vec()),
    };
    let turn = Turn::default;
    let turns = [
        (
            "set-up, first piece",
            Turn {
                setup: Some(setup(0)),
                ..turn()
            },
        ),
        (
            "set-up, last piece",
            Turn {
                setup: Some(setup(2)),
                ..turn()
            },
        ),
        ("cover", turn()),
        (
            "agreement, trusts 0 and 2, which consent",
            Turn {
                report: Some(Report {
                    round: 2,
                    trusted: Members::from_iter([0, 2]),
                    values: vec![Some(()), None, Some(())],
                }),
                ..turn()
            },
        ),
        (
            "refuses",
            Turn {
                abort: true,
                ..turn()
            },
        ),
        (
            "halted",
            Turn {
                is_empty: true,
                ..turn()
            },
        ),
    ];
    let vector = |(about, turn): (&str, Turn)| ContentVector {
        about: about.into(),
        content: hex(&turn.to_bytes(piece_bytes)),
    };
    turns.into_iter().map(vector).collect()
}
