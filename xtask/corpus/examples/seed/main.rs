//! Writes the valid inputs that the corpora start from: `cargo run -p parser-corpus --example seed`.

mod card_state;
mod daemon_state;

use std::fs;
use std::path::Path;

use ed25519_dalek::SigningKey;
use etp_pki::Role;
use etp_pki::scheme::{Authority, Request, Seeds};
use libetp::client::SavedCapability;
use libetp::codec::{self, List};
use libetp::exchange::{CommandBuilder, ReplyBuilder, SelectCommand, StatusWord};
use libetp::frame::{self, body, kind};
use libetp::params::voucher::{Commitment, Offer, Voucher};
use libetp::params::{Param, Privileged, host::Ping, runtime::Statement};
use libetp::{Domain, Message, Mtype, Port};
use remote_proxy::link;

const NOW_UNIX_S: u64 = 1_790_000_000;

fn keep(target: &str, name: &str, bytes: &[u8]) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpora")
        .join(target);
    fs::create_dir_all(&directory).expect("a directory for the corpus");
    fs::write(directory.join(name), bytes).expect("a file in the corpus");
}

fn message() -> Message {
    let src = Domain([1; 12]).entity(Port(7));
    Ping {
        nonce: b"seed".to_vec(),
    }
    .into_message(src, Domain([2; 12]).card())
}

fn voucher() -> Voucher {
    Voucher {
        issuer: [1; 32],
        promise: b"one coffee".to_vec(),
        min_class: 0,
        redeemer: None,
        serial: [2; 16],
        issuer_signature: [3; 64],
    }
}

fn params() {
    let offer = Offer {
        sa: Domain([1; 12]).card(),
        a_key: [4; 32],
        voucher1: voucher(),
        issuer_certificate1: vec![0x30, 0],
        vid2: [5; 32],
        n1: [6; 32],
        third_party: [7; 32],
        third_party_ids: List(vec![Domain([9; 12]).card()]),
        certificate: vec![0x30, 0],
        status: None,
    };
    keep("params", "offer", &codec::to_vec(&offer));
    keep("canonical", "offer", &codec::to_vec(&offer));
    keep(
        "params",
        "commitment",
        &codec::to_vec(&Commitment {
            xid: [1; 32],
            n2: [2; 32],
        }),
    );
    let privileged = Privileged {
        counter: 300,
        tag: [1; 16],
        body: codec::to_vec(&offer),
    };
    keep("params", "privileged", &codec::to_vec(&privileged));
    let derive = body::Derive {
        destinations: None,
        mtypes: Some(List(vec![Mtype(0xC000)])),
    };
    keep("params", "derive", &codec::to_vec(&derive));
    keep(
        "canonical",
        "nested",
        &[0x82, 0x81, 0x81, 0xf6, 0x39, 0x01, 0x00],
    );
}

fn wire() {
    keep("message", "ping", &message().to_bytes());
    keep("message", "id", b"0102030405060708090a0b0c:4294967040");
    let mut frames = Vec::new();
    let hello = body::Hello {
        version: frame::VERSION,
        name: "seed".into(),
    };
    frame::write(&mut frames, kind::HELLO, 1, &[&codec::to_vec(&hello)]);
    frame::write(
        &mut frames,
        kind::SEND,
        2,
        &[&[2; 16], &[0xc0, 0], b"param"],
    );
    keep("socket_frame", "hello-send", &frames);
    let request = libetp::client::control::ControlRequest::Trace { after: 1, limit: 2 };
    let saved = SavedCapability::new(Domain([2; 12]).entity(Port(9)), [1; 32]).rotated([2; 32]);
    let mut file = Vec::new();
    ciborium::into_writer(&saved, &mut file).expect("a Vec takes it");
    keep("saved_capability", "rotated", &file);
    keep(
        "control",
        "trace",
        &libetp::client::control::encode(&request),
    );
}

fn card() {
    keep(
        "card_command",
        "select",
        &SelectCommand { session: [7; 8] }.to_bytes(),
    );
    let mut command = CommandBuilder::new(65_535, 65_524);
    command.push(&message()).expect("a small message fits");
    keep("card_command", "exchange", &command.finish(0));
    let mut reply = ReplyBuilder::default();
    reply.push(1 << 16, &message().to_bytes());
    keep(
        "card_reply",
        "one",
        &reply.finish(0xFFFF, StatusWord(0x9000)),
    );
}

fn links() {
    let mut lane = Vec::new();
    link::write(&mut lane, link::kind::LANE, &[&[1]]);
    link::MessageFrame {
        sequence: 1,
        number: 9,
        message: &message().to_bytes(),
    }
    .write_to(&mut lane);
    keep("link_frame", "lane", &lane);
    let statement = Statement {
        certificate: vec![0x30, 0],
        host_key: [1; 32],
        number: 4,
        nonce: [2; 32],
        signature: [3; 64],
    };
    let statement = link::StatementFrame {
        domain: Domain([1; 12]),
        statement: Some(statement),
    };
    let mut control = Vec::new();
    link::write(
        &mut control,
        link::kind::STATEMENT,
        &[&codec::to_vec(&statement)],
    );
    keep("link_frame", "statement", &control);
}

fn scheme() {
    let seeds = Seeds {
        root: [1; 32],
        intermediates: [[2; 32], [3; 32], [4; 32], [5; 32], [6; 32], [7; 32]],
    };
    let authority = Authority::generate("seed", &seeds, NOW_UNIX_S).expect("a scheme from seeds");
    let text = authority.file().to_text().expect("a scheme file");
    keep("scheme_file", "scheme.toml", text.as_bytes());
    let sign = SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes();
    let card = Request::card(sign, [9; 32], 1);
    let leaf = authority
        .issue(Role::Card, &card, NOW_UNIX_S)
        .expect("a certificate");
    keep("certificate", "card.der", &leaf);
}

fn main() {
    params();
    wire();
    card();
    links();
    scheme();
    keep(
        "configuration",
        "default.toml",
        dispatchd::config::DEFAULT_TEXT.as_bytes(),
    );
    keep(
        "configuration",
        "unknown.toml",
        b"[daemon]\nsockt = \"x\"\n",
    );
    card_state::keep_all();
    daemon_state::keep_all();
}
