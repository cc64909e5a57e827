//! `docs/vectors/exchange.json`: made here, and read here as a peer in another language would.
//!
//! `TENET_WRITE_VECTORS=1` writes the file anew.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use std::path::PathBuf;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use common::{Made, PIN, PUK, made};
use ed25519_dalek::{Signature, VerifyingKey};
use libetp::digest::{sha256, signature_input};
use libetp::exchange::{Command, CommandBuilder, ExchangeReply, SelectCommand, SelectReply};
use libetp::params::host::Ping;
use libetp::params::runtime::{
    AuthPayload, EnrolHost, HelloBody, HelloChallenge, ReservePorts, SetPinPayload, StatementBody,
    auth_prologue, pin_block, set_pin_prologue,
};
use libetp::params::{Param, Privileged};
use libetp::{Message, Mtype, codec};
use oncard_runtime::harness::{Host, Wallet, handshake};
use serde_json::{Value, json};

const SESSION: [u8; 8] = *b"session1";
const CHALLENGE: [u8; 32] = [0xC1; 32];
const INITIATOR: [u8; 32] = [0xE1; 32];
const RESPONDER: [u8; 32] = [0xE2; 32];

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../docs/vectors/exchange.json")
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn unhex(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap().as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    unhex(value).try_into().unwrap()
}

fn vectors() -> Value {
    let made = made();
    json!({
        "about": "Vectors of docs/protocol/exchange.md. Bytes are hexadecimal.",
        "select_and_exchange": session(&made),
        "pieces": pieces(&made),
        "errors": errors(&made),
        "handshake": authentication(&made),
        "new_pin": new_pin(&made),
        "order": order(&made),
        "signatures": signatures(&made),
    })
}

fn session(made: &Made) -> Value {
    let mut card = made.boot();
    let select = SelectCommand { session: SESSION }.to_bytes();
    let selected = card.transmit(&select);
    let messages = [
        made.order(ReservePorts {}),
        made.from(
            5,
            Ping {
                nonce: b"ping".to_vec(),
            },
        ),
    ];
    let host = Host::new(SESSION);
    let command = host.command(&messages);
    let response = card.transmit(&command);
    let empty = CommandBuilder::new(65_535, 65_524).finish(1);
    let confirmed = card.transmit(&empty);
    let reply = SelectReply::parse(&selected).unwrap();
    let answers = ExchangeReply::parse(&response).unwrap();
    json!({
        "select": {
            "session": hex(SESSION),
            "command": hex(&select),
            "response": hex(&selected),
            "same_session": reply.same_session,
            "last_sequence": reply.last_sequence,
            "domain": reply.domain.to_string(),
            "max_command_data": reply.max_command_data,
            "max_message": reply.max_message,
            "boot_id": hex(reply.boot_id),
            "generation": reply.generation,
            "next_ms": reply.next_ms,
        },
        "exchange": {
            "sequence": 0,
            "messages": messages.iter().map(|m| hex(m.to_bytes())).collect::<Vec<_>>(),
            "command": hex(&command),
            "response": hex(&response),
            "answers": answers.messages.iter().map(|n| json!({
                "number": n.number,
                "message": hex(n.message.to_bytes()),
            })).collect::<Vec<_>>(),
            "next_ms": answers.next_ms,
            "more": answers.more,
        },
        "empty_exchange": {
            "sequence": 1,
            "command": hex(&empty),
            "response": hex(&confirmed),
        },
    })
}

/// The EXCHANGE of [`session`] as a reader needs it that carries short APDUs only, over T=0.
fn pieces(made: &Made) -> Value {
    let mut card = made.boot();
    let whole = unhex(&session(made)["exchange"]["command"]);
    let data = &whole[7..whole.len() - 2];
    let (first, last) = data.split_at(64);
    let link = |class: u8, data: &[u8]| [&[class, 0xC2, 0, 0, data.len() as u8], data].concat();
    let commands = [
        (
            "SELECT without Le",
            [b"\x00\xA4\x04\x00\x10\xF0eTPcard", &SESSION[..]].concat(),
        ),
        ("GET RESPONSE", vec![0x00, 0xC0, 0, 0, 0x2B]),
        ("the first link", link(0x90, first)),
        ("the last link, without Le", link(0x80, last)),
        ("GET RESPONSE, a part of it", vec![0x80, 0xC0, 0, 0, 0x20]),
        ("GET RESPONSE, the rest", vec![0x80, 0xC0, 0, 0, 0]),
        ("the same command, whole", whole.clone()),
    ];
    let step = |(what, command): &(&str, Vec<u8>)| {
        let response = hex(card.transmit(command));
        json!({ "what": what, "command": hex(command), "response": response })
    };
    commands.iter().map(step).collect()
}

fn errors(made: &Made) -> Value {
    let good = Host::new(SESSION).command(&[made.order(ReservePorts {})]);
    let edit = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let cases = [
        (
            "command chaining of another command",
            [&[0x90, 0xB0], &good[2..]].concat(),
            0x6884,
        ),
        ("logical channel 1", edit(0, 0x81), 0x6881),
        ("unknown class", edit(0, 0xA0), 0x6E00),
        ("unknown instruction", edit(1, 0xB0), 0x6D00),
        ("P1 is not 0", edit(2, 1), 0x6A86),
        ("sequence 7 where 0 is next", edit(3, 7), 0x6A88),
        (
            "half of Le is missing",
            good[..good.len() - 1].to_vec(),
            0x6700,
        ),
        (
            "less data than Lc says",
            vec![0x80, 0xC2, 0, 0, 2, 0],
            0x6700,
        ),
        (
            "GET RESPONSE without a rest",
            vec![0x80, 0xC0, 0, 0, 0],
            0x6985,
        ),
        ("a frame of 33 bytes", edit(8, 33), 0x6A80),
        ("a frame is cut off", edit(8, good[8] + 1), 0x6A80),
        (
            "another application",
            b"\x00\xA4\x04\x00\x08\xF0eTPcarX\x00".to_vec(),
            0x6A82,
        ),
    ];
    let case = |(what, command, status): &(&str, Vec<u8>, u16)| {
        let (command, response) = (hex(command), hex(status.to_be_bytes()));
        json!({ "what": what, "command": command, "response": response })
    };
    cases.iter().map(case).collect()
}

fn authentication(made: &Made) -> Value {
    let certificate = &made.card.certificate;
    let payload = codec::to_vec(&AuthPayload {
        pin: pin_block(PIN).unwrap(),
        id: made.id(7),
        challenge: CHALLENGE,
    });
    let prologue = auth_prologue(&sha256(certificate));
    let both = handshake(
        &made.card.agree_secret,
        &prologue,
        &payload,
        &INITIATOR,
        &RESPONDER,
    );
    json!({
        "protocol": "Noise_NK_25519_ChaChaPoly_SHA256",
        "card_certificate": hex(certificate),
        "card_certificate_sha256": hex(sha256(certificate)),
        "prologue": hex(&prologue),
        "card_static_private": hex(made.card.agree_secret),
        "card_static_public": hex(made.agree),
        "initiator_ephemeral_private": hex(INITIATOR),
        "responder_ephemeral_private": hex(RESPONDER),
        "pin": hex(PIN),
        "id": hex(made.id(7).to_bytes()),
        "challenge": hex(CHALLENGE),
        "payload_1": hex(&payload),
        "message_1": hex(&both.message_1),
        "message_2": hex(&both.message_2),
        "channel_key": hex(both.channel_key),
    })
}

/// Unlike an order, it is good without a channel: the PUK proves the owner.
fn new_pin(made: &Made) -> Value {
    let certificate = &made.card.certificate;
    let payload = codec::to_vec(&SetPinPayload {
        is_puk: true,
        secret: pin_block(PUK).unwrap(),
        new_pin: pin_block(PIN).unwrap(),
        id: made.id(7),
        challenge: CHALLENGE,
    });
    let prologue = set_pin_prologue(&sha256(certificate));
    let keys = (&INITIATOR, &RESPONDER);
    let both = handshake(&made.card.agree_secret, &prologue, &payload, keys.0, keys.1);
    json!({
        "prologue": hex(&prologue),
        "puk": hex(PUK),
        "new_pin": hex(PIN),
        "payload_1": hex(&payload),
        "message_1": hex(&both.message_1),
        "message_2": hex(&both.message_2),
    })
}

fn order(made: &Made) -> Value {
    let mut wallet = Wallet::new(made.id(7));
    wallet.key = array(&authentication(made)["channel_key"]);
    let message = wallet.order_at(
        3,
        EnrolHost {
            host_key: [0x42; 32],
        },
    );
    let envelope: Privileged = codec::from_slice(&message.param).unwrap();
    let data = Privileged::associated_data(&message.header, 3, &envelope.body);
    json!({
        "channel_key": hex(wallet.key),
        "mtype": message.header.mtype.0,
        "counter": 3,
        "body": hex(&envelope.body),
        "nonce": hex(Privileged::nonce(3)),
        "associated_data": hex(&data),
        "tag": hex(envelope.tag),
        "param": hex(&message.param),
        "message": hex(message.to_bytes()),
    })
}

fn signatures(made: &Made) -> Value {
    let hello = HelloBody {
        nonce: [0x11; 32],
        boot_id: [0x22; 8],
        generation: 9,
        domain: made.domain(),
        highest_port: 256,
    };
    let serve = StatementBody {
        domain: made.domain(),
        card_key: made.leaf.key,
        host_key: [0x42; 32],
        number: 5,
        nonce: [0x33; 32],
    };
    let key = ed25519_dalek::SigningKey::from_bytes(&made.card.sign_seed);
    let sign = |tag: &str, body: Vec<u8>, input: Vec<u8>| {
        let signature = ed25519_dalek::Signer::sign(&key, &input);
        json!({
            "tag": tag,
            "body": hex(body),
            "input": hex(&input),
            "public_key": hex(made.leaf.public),
            "signature": hex(signature.to_bytes()),
        })
    };
    json!([
        sign(
            "hello",
            codec::to_vec(&hello),
            signature_input("hello", &hello)
        ),
        sign(
            "serve",
            codec::to_vec(&serve),
            signature_input("serve", &serve)
        ),
    ])
}

#[test]
fn the_file_is_what_the_code_makes() {
    let made = vectors();
    if std::env::var_os("TENET_WRITE_VECTORS").is_some() {
        std::fs::create_dir_all(path().parent().unwrap()).unwrap();
        std::fs::write(path(), format!("{made:#}\n")).unwrap();
    }
    let same = file() == made;
    assert!(
        same,
        "docs/vectors/exchange.json differs; TENET_WRITE_VECTORS=1 writes it"
    );
}

fn file() -> Value {
    serde_json::from_str(&std::fs::read_to_string(path()).unwrap()).unwrap()
}

#[test]
fn a_card_answers_the_files_commands_as_it_says() {
    let (file, made) = (file(), made());
    let mut card = made.boot();
    let story = &file["select_and_exchange"];
    for step in ["select", "exchange", "empty_exchange"] {
        let step = &story[step];
        assert_eq!(
            card.transmit(&unhex(&step["command"])),
            unhex(&step["response"])
        );
    }
    let frames = unhex(&story["exchange"]["command"]);
    let Ok(Command::Exchange(command)) = Command::parse(&frames) else {
        panic!("not an EXCHANGE");
    };
    let messages = story["exchange"]["messages"].as_array().unwrap();
    assert!(
        command
            .frames()
            .eq(messages.iter().map(unhex).collect::<Vec<_>>().iter())
    );
    let mut card = made.boot();
    for step in file["pieces"].as_array().unwrap() {
        let response = card.transmit(&unhex(&step["command"]));
        assert_eq!(response, unhex(&step["response"]), "{}", step["what"]);
    }
    let errors = file["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 12);
    for error in errors {
        let mut card = made.boot();
        card.transmit(&unhex(&story["select"]["command"]));
        let response = card.transmit(&unhex(&error["command"]));
        assert_eq!(response, unhex(&error["response"]), "{}", error["what"]);
    }
}

/// The card itself accepts the file's kind of handshake: same prologue, same payload, same names.
#[test]
fn the_files_handshake_is_the_cards() {
    let (file, made) = (&file()["handshake"], made());
    let both = handshake(
        &array(&file["card_static_private"]),
        &unhex(&file["prologue"]),
        &unhex(&file["payload_1"]),
        &array(&file["initiator_ephemeral_private"]),
        &array(&file["responder_ephemeral_private"]),
    );
    assert_eq!(both.message_1, unhex(&file["message_1"]));
    assert_eq!(both.message_2, unhex(&file["message_2"]));
    assert_eq!(both.channel_key[..], unhex(&file["channel_key"]));
    let certificate = unhex(&file["card_certificate"]);
    let mut wallet = Wallet::new(made.id(7));
    let key = array(&file["card_static_public"]);
    let pin = unhex(&file["pin"]);
    let ephemeral = array(&file["initiator_ephemeral_private"]);
    let sent = wallet
        .handshake(&certificate, &key, &pin, CHALLENGE, &ephemeral)
        .message;
    let sent = libetp::params::runtime::Auth::from_param(&sent.param).unwrap();
    assert_eq!(sent.handshake, unhex(&file["message_1"]));
    let mut card = made.boot();
    let mut host = Host::new(SESSION);
    host.select(&mut card).unwrap();
    wallet
        .authenticate(&mut host, &mut card, &key, &pin)
        .unwrap();
    the_files_new_pin_is_the_cards(&file["card_certificate"], &key, &wallet);
}

fn the_files_new_pin_is_the_cards(certificate: &Value, key: &[u8; 32], wallet: &Wallet) {
    let file = &self::file()["new_pin"];
    let payload: SetPinPayload = codec::from_slice(&unhex(&file["payload_1"])).unwrap();
    let sent = wallet.set_pin_with(&unhex(certificate), key, &payload, &INITIATOR);
    let sent = libetp::params::runtime::SetPin::from_param(&sent.message.param).unwrap();
    assert_eq!(sent.handshake, unhex(&file["message_1"]));
}

#[test]
fn the_files_tag_and_signatures_hold() {
    let file = file();
    let order = &file["order"];
    let (nonce, data) = (
        array::<12>(&order["nonce"]),
        unhex(&order["associated_data"]),
    );
    let message = Message::from_bytes(&unhex(&order["message"])).unwrap();
    assert_eq!(message.header.mtype, Mtype::ENROL_HOST);
    let header = message.header.to_bytes();
    assert_eq!(
        data,
        [&header[..], &3u64.to_be_bytes(), &unhex(&order["body"])].concat()
    );
    let cipher = ChaCha20Poly1305::new(&Key::from(array::<32>(&order["channel_key"])));
    let payload = Payload {
        msg: &unhex(&order["tag"]),
        aad: &data,
    };
    assert_eq!(cipher.decrypt(&Nonce::from(nonce), payload), Ok(vec![]));
    for signed in file["signatures"].as_array().unwrap() {
        let key = VerifyingKey::from_bytes(&array(&signed["public_key"])).unwrap();
        let signature = Signature::from_bytes(&array(&signed["signature"]));
        key.verify_strict(&unhex(&signed["input"]), &signature)
            .unwrap();
    }
    let body: HelloBody = codec::from_slice(&unhex(&file["signatures"][0]["body"])).unwrap();
    assert_eq!(
        signature_input("hello", &body),
        unhex(&file["signatures"][0]["input"])
    );
}

/// The daemon's question of the vectors is one that a card answers.
#[test]
fn hello_of_a_card_is_signed_as_the_file_says() {
    let made = made();
    let mut card = made.boot();
    let mut host = Host::new(SESSION);
    host.select(&mut card).unwrap();
    let said = host
        .talk(
            &mut card,
            &[made.order(HelloChallenge { nonce: [0x11; 32] })],
        )
        .unwrap();
    let hello: libetp::params::runtime::Hello = common::only(&said);
    let body = HelloBody {
        nonce: [0x11; 32],
        boot_id: hello.boot_id,
        generation: hello.generation,
        domain: made.domain(),
        highest_port: hello.highest_port,
    };
    let key = VerifyingKey::from_bytes(&made.leaf.public).unwrap();
    let signature = Signature::from_bytes(&hello.signature);
    key.verify_strict(&signature_input("hello", &body), &signature)
        .unwrap();
}
