//! A card of version 1 with functions, one of which its owner approved and one of which is not all there, that lost
//! power while it waited for a session to start.

use std::fs;

use libetp::codec::List;
use libetp::params::pals::{
    ApproveFunction, Descriptor, ForgetFunction, Functions, KeptFunction, ListFunctions,
    LoadFunction, Member, OpenSession, Outcome, PIECE_BYTES, SessionResult, SessionState, Stage,
};
use libetp::text::hex;
use libetp::{Domain, Port};
use serde_json::{Value, json};
use softcard::SoftCard;

use crate::disputes::{Player, one};
use crate::support::{PIN, Scheme};
use crate::{copy, golden};

const CARD: &str = "functions";
const FACTS: &str = "functions.json";

/// The session that the card opened: of a function that it keeps, with a member that there never was.
fn descriptor(card: &Player, function: [u8; 32]) -> Descriptor {
    let own = Member {
        key: card.card.identity().key,
        program: card.owner.id,
    };
    let other = Member {
        key: [7; 32],
        program: Domain([7; 12]).entity(Port(1)),
    };
    Descriptor {
        suite: 1,
        function,
        parameters: Vec::new(),
        engine: "wasmi 2.0.0".into(),
        fuel: 1_000,
        slice: 1_000,
        memory_bytes: 1 << 20,
        members: List(vec![own, other]),
        min_class: 0,
        code_hash: None,
        corrupt: 0,
        input_bytes: 8,
        cover_rounds: 1,
        round_ms: 1_000,
        start_skew_ms: 300,
        delay_ms: 300,
        drift_ppm: 100,
    }
}

fn opening(descriptor: &Descriptor) -> OpenSession {
    OpenSession {
        descriptor: descriptor.clone(),
        input: vec![0; 8],
    }
}

fn fact(function: &KeptFunction) -> Value {
    json!({
        "hash": hex(&function.hash),
        "total": function.total,
        "stored": function.stored,
        "is_approved": function.is_approved,
    })
}

#[test]
#[ignore = "made the card of functions in golden/v1, once; refuses to overwrite it"]
fn make_golden_functions() {
    let shipped = |name: &str| {
        let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../pals/functions");
        fs::read(format!("{shipped}/{name}/{name}.wasm")).expect("a module")
    };
    let directory = golden().join(CARD);
    assert!(!directory.exists(), "golden state is never made again");
    let new = Scheme::new().new_card();
    drop(SoftCard::create(&directory, new).expect("created"));
    let mut card = Player::open(&directory);
    card.authenticate(PIN).expect("the PIN");
    let whole = shipped("sum");
    for piece in LoadFunction::pieces(&whole) {
        one::<Functions>(&card.order(piece));
    }
    let hash = libetp::digest::sha256(&whole);
    one::<Functions>(&card.order(ApproveFunction { hash }));
    let part = LoadFunction::pieces(&shipped("auction")).next();
    let kept: Functions = one(&card.order(part.expect("a piece")));
    let descriptor = descriptor(&card, hash);
    one::<SessionState>(&card.order(opening(&descriptor)));
    let facts = json!({
        "functions": kept.functions.0.iter().map(fact).collect::<Vec<_>>(),
        "session": hex(&descriptor.hash()),
    });
    let text = serde_json::to_string_pretty(&facts).expect("JSON") + "\n";
    fs::write(golden().join(FACTS), text).expect("written");
}

#[test]
fn a_card_of_version_1_has_its_functions_and_knows_that_its_session_is_lost() {
    let facts = fs::read(golden().join(FACTS)).expect("golden/v1/functions.json");
    let facts: Value = serde_json::from_slice(&facts).expect("JSON");
    let to = tempfile::tempdir().expect("a directory");
    let (directory, _) = copy(CARD, false, to.path());
    let mut card = Player::open(&directory);
    card.authenticate(PIN).expect("the PIN of the time");
    let said = card.order(ListFunctions {});
    let lost: SessionResult = one(&said);
    assert_eq!(hex(&lost.descriptor), facts["session"]);
    assert_eq!(lost.outcome, Outcome::PowerLost as u8);
    let kept = one::<Functions>(&said).functions.0;
    let found: Vec<Value> = kept.iter().map(fact).collect();
    assert_eq!(Value::Array(found), facts["functions"]);

    let (whole, part): (Vec<_>, Vec<_>) = kept.iter().partition(|it| it.is_approved);
    assert_eq!(part[0].stored, PIECE_BYTES);
    let hash = part[0].hash;
    let left = one::<Functions>(&card.order(ForgetFunction { hash }));
    assert_eq!(left.functions.0.len(), 1);
    let descriptor = descriptor(&card, whole[0].hash);
    let state: SessionState = one(&card.order(opening(&descriptor)));
    assert_eq!(state.stage, Stage::Joining as u8, "it still compiles");
}
