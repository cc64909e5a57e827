//! `docs/vectors/pals.json`: every value is computed again from the inputs beside it.
//! `WRITE_VECTORS=1` writes the file.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "vectors/exchange.rs"]
mod exchange;

use ed25519_dalek::{Signer, SigningKey};
use etp_pki::key_id;
use libetp::codec::{Encode, List, to_vec};
use libetp::digest::{SUITE, sha256, signature_input};
use libetp::id::parse_hex;
use libetp::params::pals::{
    ApproveFunction, Descriptor, Functions, JoinBody, KeptFunction, LoadFunction, Member,
    PIECE_BYTES,
};
use libetp::text::hex;
use libetp::{Domain, EntityId, Port};
use oncard_function::ENGINE;
use oncard_runtime::AgreementKey;
use oncard_trustedpals::Members;
use oncard_trustedpals::link::{Handshake, Keys, Link, Parties};
use oncard_trustedpals::session::Terms;
use oncard_trustedpals::smc::{Turn, Value};
use oncard_trustedpals::uic::Report;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../docs/vectors/pals.json"
);

/// Bytes as lower-case hexadecimal digits.
type Hex = String;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    suite: u8,
    session: SessionVector,
    link: LinkVector,
    contents: Vec<ContentVector>,
    library: LibraryVector,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exchange: Option<exchange::ExchangeVector>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionVector {
    /// Ed25519 private keys of the members' cards.
    seeds: Vec<Hex>,
    /// Stand for DER of their certificates.
    certificates: Vec<Hex>,
    nonces: Vec<Hex>,
    descriptor: Hex,
    descriptor_hash: Hex,
    packet_bytes: usize,
    rounds: u32,
    session: Hex,
    join_bodies: Vec<Hex>,
    join_signatures: Vec<Hex>,
    start_signature: Hex,
}

/// Between members 0 and 1 of the session.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkVector {
    /// X25519 private keys.
    statics: [Hex; 2],
    ephemerals: [Hex; 2],
    initiator: EntityIdText,
    responder: EntityIdText,
    prologue: Hex,
    first: Hex,
    second: Hex,
    round: u32,
    content: Hex,
    packet_bytes: usize,
    /// From the initiator.
    packet: Hex,
    /// From the responder.
    packet_back: Hex,
}

type EntityIdText = String;

/// What a packet of three members with inputs of two bytes says.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContentVector {
    about: String,
    content: Hex,
}

/// Orders about a function of 32,771 bytes, all 0x61, and the answer when all of it is there. Parameters, without what
/// wraps privileged ones.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LibraryVector {
    hash: Hex,
    /// The second and last piece.
    load_function: Hex,
    approve_function: Hex,
    functions: Hex,
}

fn unhex(text: &str) -> [u8; 32] {
    parse_hex(text).unwrap()
}

fn key(seed: &str) -> SigningKey {
    SigningKey::from_bytes(&unhex(seed))
}

fn sign(seed: &str, tag: &str, body: &impl Encode) -> Hex {
    hex(&key(seed).sign(&signature_input(tag, body)).to_bytes())
}

fn card(member: usize) -> EntityId {
    Domain([member as u8 + 1; 12]).card()
}

fn descriptor(seeds: &[Hex]) -> Descriptor {
    let member = |(at, seed): (usize, &Hex)| Member {
        key: key_id(&key(seed).verifying_key().to_bytes()),
        program: card(at).domain.entity(Port(1)),
    };
    Descriptor {
        suite: SUITE,
        function: [0x66; 32],
        parameters: vec![1, 2, 3],
        engine: ENGINE.into(),
        fuel: 30_000,
        slice: 10_000,
        memory_bytes: 0x0010_0000,
        members: List(seeds.iter().enumerate().map(member).collect()),
        min_class: 1,
        code_hash: Some([0x55; 32]),
        corrupt: 1,
        input_bytes: 8,
        cover_rounds: 4,
        round_ms: 1_000,
        start_skew_ms: 300,
        delay_ms: 500,
        drift_ppm: 200,
    }
}

fn session(input: SessionVector) -> SessionVector {
    let descriptor = descriptor(&input.seeds);
    let terms = Terms::new(descriptor.clone(), &descriptor.members.0[0].key).unwrap();
    let nonces: Vec<_> = input.nonces.iter().map(|it| unhex(it)).collect();
    let body = |(nonce, certificate): (&[u8; 32], &Hex)| JoinBody {
        descriptor: descriptor.hash(),
        opening: nonces[0],
        nonce: *nonce,
        certificate: sha256(&unhex(certificate)),
    };
    let bodies: Vec<_> = nonces.iter().zip(&input.certificates).map(body).collect();
    let session = descriptor.session(&List(nonces.clone()));
    let signed = input.seeds.iter().zip(&bodies);
    SessionVector {
        descriptor: hex(&to_vec(&descriptor)),
        descriptor_hash: hex(&descriptor.hash()),
        packet_bytes: terms.plan().packet_bytes(),
        rounds: terms.plan().last_round(),
        session: hex(&session),
        join_bodies: bodies.iter().map(|it| hex(&to_vec(it))).collect(),
        join_signatures: signed
            .map(|(seed, body)| sign(seed, "join", body))
            .collect(),
        start_signature: sign(&input.seeds[0], "start", &session),
        ..input
    }
}

/// What the key that a handshake draws from this seed is.
fn drawn(seed: u8) -> [u8; 32] {
    let mut ephemeral = [0; 32];
    ChaCha20Rng::from_seed([seed; 32]).fill_bytes(&mut ephemeral);
    ephemeral
}

const SEEDS: [u8; 2] = [0xE1, 0xE2];

fn linked(parties: [Parties; 2], statics: &[[u8; 32]; 2], bytes: usize) -> ([Link; 2], [Hex; 2]) {
    let public = |at: usize| PublicKey::from(&StaticSecret::from(statics[at])).to_bytes();
    let keys = |me: usize, peer: usize| Keys {
        private: Zeroizing::new(statics[me]).into(),
        peer_public: public(peer),
    };
    let seed = |at: usize| Zeroizing::new([SEEDS[at]; 32]);
    let begun = Handshake::initiate(parties[0], &keys(0, 1), seed(0), bytes);
    let (handshake, first) = begun.unwrap();
    let answered = Handshake::respond(parties[1], &keys(1, 0), seed(1), bytes, &first);
    let (responder, second) = answered.unwrap();
    let initiator = handshake.finish(&second).unwrap().unwrap();
    ([initiator, responder], [hex(&first), hex(&second)])
}

libetp::structure! {
    /// As `pals.md` has it.
    struct Prologue {
        tag: String,
        suite: u8,
        initiator: [u8; 32],
        responder: [u8; 32],
        session: [u8; 32],
    }
}

fn link(input: LinkVector, session: &SessionVector) -> LinkVector {
    let certificate = |at: usize| sha256(&unhex(&session.certificates[at]));
    let id = unhex(&session.session);
    let parties = |me: usize, peer: usize| Parties {
        me: card(me),
        peer: card(peer),
        my_certificate: certificate(me),
        peer_certificate: certificate(peer),
        session: id,
    };
    let statics = [unhex(&input.statics[0]), unhex(&input.statics[1])];
    let both = [parties(0, 1), parties(1, 0)];
    let (mut links, [first, second]) = linked(both, &statics, input.packet_bytes);
    let content = unhex(&input.content);
    let prologue = to_vec(&Prologue {
        tag: "link/v1".into(),
        suite: SUITE,
        initiator: certificate(0),
        responder: certificate(1),
        session: id,
    });
    LinkVector {
        ephemerals: SEEDS.map(|seed| hex(&drawn(seed))),
        initiator: card(0).to_string(),
        responder: card(1).to_string(),
        prologue: hex(&prologue),
        first,
        second,
        packet: hex(&links[0].seal(input.round, &content).unwrap()),
        packet_back: hex(&links[1].seal(input.round, &content).unwrap()),
        ..input
    }
}

fn contents() -> Vec<ContentVector> {
    let value = |byte: u8| Some(Value(Zeroizing::new(vec![byte; 2])));
    let report = Report {
        round: 2,
        trusted: Members::from_iter([0, 2]),
        values: vec![value(0xAA), None, value(0xCC)],
    };
    let content = |about: &str, turn: Turn| ContentVector {
        about: about.into(),
        content: hex(&turn.to_bytes(3, 2)),
    };
    vec![
        content("halted", Turn::Empty),
        content("cover, trusts 0 and 1", Turn::Cover(Members::first(2))),
        content(
            "report, trusts 0 and 2, has their inputs",
            Turn::Report(report),
        ),
    ]
}

fn library() -> LibraryVector {
    let function = vec![0x61; PIECE_BYTES as usize + 3];
    let (hash, total) = (sha256(&function), function.len() as u32);
    let kept = KeptFunction {
        hash,
        total,
        stored: total,
        is_approved: true,
    };
    LibraryVector {
        hash: hex(&hash),
        load_function: hex(&to_vec(&LoadFunction::pieces(&function).last().unwrap())),
        approve_function: hex(&to_vec(&ApproveFunction { hash })),
        functions: hex(&to_vec(&Functions {
            functions: List(vec![kept]),
        })),
    }
}

fn compute(input: File) -> File {
    let session = session(input.session);
    File {
        link: link(input.link, &session),
        contents: contents(),
        library: library(),
        exchange: Some(exchange::exchange(&session.seeds, &session.session)),
        session,
        ..input
    }
}

/// The inputs of a new file; what follows from them is left empty.
fn inputs() -> File {
    let seed = |byte: u8| hex(&[byte; 32]);
    let none = Hex::new;
    let three = |first: u8| (first..first + 3).map(seed).collect();
    File {
        about: "docs/protocol/pals.md. Seeds are Ed25519 private keys (RFC 8032), statics and \
                ephemerals those of X25519. Member n has domain n + 1 in each byte."
            .into(),
        suite: SUITE,
        session: SessionVector {
            seeds: three(0x11),
            certificates: three(0x21),
            nonces: three(0x31),
            descriptor: none(),
            descriptor_hash: none(),
            packet_bytes: 0,
            rounds: 0,
            session: none(),
            join_bodies: vec![],
            join_signatures: vec![],
            start_signature: none(),
        },
        link: LinkVector {
            statics: [seed(0x41), seed(0x42)],
            ephemerals: [none(), none()],
            initiator: none(),
            responder: none(),
            prologue: none(),
            first: none(),
            second: none(),
            round: 3,
            content: seed(0x51),
            packet_bytes: Link::bytes_for(33),
            packet: none(),
            packet_back: none(),
        },
        contents: vec![],
        library: LibraryVector {
            hash: none(),
            load_function: none(),
            approve_function: none(),
            functions: none(),
        },
        exchange: None,
    }
}

#[test]
fn the_vectors_follow_from_their_inputs() {
    if std::env::var_os("WRITE_VECTORS").is_some() {
        let text = serde_json::to_string_pretty(&compute(inputs())).unwrap();
        std::fs::write(PATH, text + "\n").unwrap();
    }
    let text = std::fs::read_to_string(PATH).unwrap();
    let read = || serde_json::from_str::<File>(&text).unwrap();
    assert_eq!(compute(read()), read());
    assert_eq!(
        compute(inputs()),
        read(),
        "the inputs are the documented ones"
    );
}

/// Noise with the prologue in the file says what cards say, and begins with the ephemeral key in the file.
#[test]
fn the_handshake_is_that_of_noise() {
    let LinkVector {
        statics,
        ephemerals,
        prologue,
        first,
        ..
    } = compute(inputs()).link;
    let bytes = |text: &str| -> Vec<u8> {
        let at = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
        (0..text.len() / 2).map(at).collect()
    };
    let public = |private: &Hex| PublicKey::from(&StaticSecret::from(unhex(private))).to_bytes();
    let key = AgreementKey::from(Zeroizing::new(unhex(&statics[0])));
    let seed = Zeroizing::new([SEEDS[0]; 32]);
    let state = key.handshake(&public(&statics[1]), &bytes(&prologue), seed, true);
    let mut message = vec![0; 48];
    assert_eq!(state.unwrap().write_message(&[], &mut message).unwrap(), 48);
    assert_eq!(message[..32], public(&ephemerals[0]));
    assert_eq!(hex(&message), first);
}
