//! `docs/vectors/socket.json` and `docs/protocol/socket.md` say what the code does.
//!
//! `UPDATE_VECTORS=1 cargo nextest run -p dispatchd vectors` writes the file anew.

use std::path::{Path, PathBuf};

use libetp::codec;
use libetp::frame::body::{Acquire, Hello, RequestError};
use libetp::frame::{self, kind};
use libetp::text::hex;
use libetp::{Mtype, Port, VerdictCode};
use serde_json::{Value, json};

use crate::harness::{DOMAIN, Program, Setup, send_body};
use crate::samples::{Sample, from_programs, from_the_daemon};

fn docs(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(path)
}

fn file() -> Value {
    serde_json::from_slice(&std::fs::read(docs("vectors/socket.json")).unwrap()).unwrap()
}

fn bytes(text: &Value) -> Vec<u8> {
    let digits = text.as_str().unwrap().as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.map(byte).collect()
}

fn framed(kind: u8, number: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::write(&mut bytes, kind, number, &[body]);
    bytes
}

fn render(from: &'static str, samples: Vec<Sample>) -> impl Iterator<Item = Value> {
    samples.into_iter().map(move |sample| {
        json!({
            "name": sample.name, "from": from, "kind": sample.kind, "number": sample.number,
            "fields": sample.fields, "bytes": hex(&framed(sample.kind, sample.number, &sample.body)),
        })
    })
}

/// Bytes that the daemon answers by closing.
fn refused() -> Vec<Value> {
    let hello = |body: &[u8]| framed(kind::HELLO, 1, body);
    let cases = [
        ("length below 9", vec![0, 0, 0, 8], RequestError::Protocol),
        (
            "length above 65597",
            65_598u32.to_be_bytes().to_vec(),
            RequestError::Protocol,
        ),
        (
            "another version",
            hello(&[0x82, 2, 0x60]),
            RequestError::Version,
        ),
        (
            "integer not in shortest form",
            hello(&[0x82, 0x18, 1, 0x60]),
            RequestError::Protocol,
        ),
        (
            "a field is missing",
            hello(&[0x81, 1]),
            RequestError::Protocol,
        ),
        (
            "bytes behind the body",
            hello(&[0x82, 1, 0x60, 0]),
            RequestError::Protocol,
        ),
        (
            "not HELLO first",
            framed(kind::FLUSH, 1, &[]),
            RequestError::Protocol,
        ),
        (
            "a kind that does not exist",
            framed(0x42, 1, &[]),
            RequestError::Protocol,
        ),
    ];
    let render = |(name, bytes, reason): (&str, Vec<u8>, RequestError)| {
        json!({
            "name": name, "bytes": hex(&bytes),
            "reason": reason as u16, "reason_name": reason.name(),
        })
    };
    cases.into_iter().map(render).collect()
}

/// One step of a conversation: what the program writes, the frame that ends the answer, and
/// whether a delivery comes too.
struct Step {
    name: &'static str,
    says: Vec<u8>,
    last: u8,
    has_delivery: bool,
}

/// A whole conversation with a daemon whose card's first free port is 1.
fn conversation() -> Vec<Step> {
    let own = |to, param: &[u8]| send_body(DOMAIN.entity(Port(to)), Mtype(0xC001), param);
    let hello = codec::to_vec(&Hello {
        version: 1,
        name: "example".into(),
    });
    let acquire = codec::to_vec(&Acquire {
        domain: None,
        durable: false,
    });
    let sends = [
        framed(kind::SEND, 3, &own(1, b"to myself")),
        framed(kind::SEND, 4, &own(99, b"")),
        framed(kind::FLUSH, 5, &[]),
    ];
    let end = [
        framed(kind::TAKEN, 1, &[]),
        framed(kind::RELEASE, 6, &[0x80]),
    ];
    let step = |name, says, last| Step {
        name,
        says,
        last,
        has_delivery: false,
    };
    vec![
        step("say hello", framed(kind::HELLO, 1, &hello), kind::WELCOME),
        step(
            "acquire an id",
            framed(kind::ACQUIRE, 2, &acquire),
            kind::ACQUIRED,
        ),
        Step {
            has_delivery: true,
            ..step(
                "send to itself and to nobody, then flush",
                sends.concat(),
                kind::FLUSHED,
            )
        },
        step(
            "take the delivery, release the id",
            end.concat(),
            kind::RELEASED,
        ),
        step(
            "send without an id",
            framed(kind::SEND, 7, &own(1, b"")),
            kind::VERDICT,
        ),
        step(
            "a frame that does not exist",
            framed(0x42, 8, &[]),
            kind::CLOSING,
        ),
    ]
}

/// Plays the conversation with a real table.
fn played() -> Vec<Value> {
    let daemon = Setup::default().start();
    let mut program = Program::connect(daemon.socket());
    conversation()
        .iter()
        .map(|step| play(&mut program, step))
        .collect()
}

/// Deliveries and answers are each in order, but not with each other.
fn play(program: &mut Program, step: &Step) -> Value {
    program.write(&step.says);
    let (mut answers, mut deliveries) = (Vec::new(), Vec::new());
    let mut is_answered = false;
    while !is_answered || deliveries.is_empty() == step.has_delivery {
        let came = program.come();
        let bytes = hex(&framed(came.kind, came.number, &came.body));
        match came.kind == kind::DELIVER {
            true => deliveries.push(bytes),
            false => answers.push(bytes),
        }
        is_answered |= came.kind == step.last;
    }
    json!({
        "name": step.name, "program": hex(&step.says), "answers": answers, "deliveries": deliveries,
    })
}

#[test]
fn the_file_says_what_libetp_writes_and_what_the_daemon_answers() {
    let frames = render("program", from_programs()).chain(render("daemon", from_the_daemon()));
    let expected = json!({
        "about": "Vectors of docs/protocol/socket.md. Bytes are in hexadecimal digits.",
        "frames": frames.collect::<Vec<_>>(),
        "refused": refused(),
        "conversation": played(),
    });
    let path = docs("vectors/socket.json");
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(
            &path,
            serde_json::to_string_pretty(&expected).unwrap() + "\n",
        )
        .unwrap();
    }
    assert_eq!(file(), expected);
}

#[test]
fn frames_of_the_file_read_back() {
    let file = file();
    let frames = file["frames"].as_array().unwrap();
    assert!(frames.len() >= 20);
    for vector in frames {
        let bytes = bytes(&vector["bytes"]);
        let (frame, used) = frame::parse(&bytes).unwrap().unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!(u64::from(frame.kind), vector["kind"].as_u64().unwrap());
        assert_eq!(frame.number, vector["number"].as_u64().unwrap());
    }
}

#[test]
fn the_daemon_refuses_what_the_file_says() {
    let file = file();
    let daemon = Setup::default().start();
    for vector in file["refused"].as_array().unwrap() {
        let mut program = Program::connect(daemon.socket());
        program.write(&bytes(&vector["bytes"]));
        let reason = vector["reason"].as_u64().unwrap() as u16;
        program.expect_closing(RequestError::from_u16(reason).unwrap());
    }
}

#[test]
fn the_page_names_every_frame_code_and_limit() {
    let page = std::fs::read_to_string(docs("protocol/socket.md")).unwrap();
    for sample in from_programs().into_iter().chain(from_the_daemon()) {
        let name = sample.name.split([',', ' ']).next().unwrap();
        let row = format!("| 0x{:02X} | `{name}` |", sample.kind);
        assert!(page.contains(&row), "{row}");
    }
    for code in VerdictCode::ALL {
        let row = format!("| {} | `{}` |", *code as u16, code.name());
        assert!(page.contains(&row), "{row}");
    }
    for error in RequestError::ALL {
        let row = format!("| 0x{:04X} | `{}` |", *error as u16, error.name());
        assert!(page.contains(&row), "{row}");
    }
    for rule in guard_policies::RULES {
        assert!(
            page.contains(&format!("| `{}` |", rule.name)),
            "{}",
            rule.name
        );
    }
    for (value, unit) in limits() {
        let row = format!("| {value} | {unit} |");
        assert!(page.contains(&row), "{row}");
    }
}

/// The limits as the page writes them.
fn limits() -> Vec<(u64, &'static str)> {
    use dispatchd::table as t;
    let connections = dispatchd::router::QuotaLimits::default();
    vec![
        (libetp::limits::PARAM_BYTES_MAX as u64, "bytes of a param"),
        (
            libetp::limits::FRAME_BYTES_MAX as u64,
            "bytes of a frame's body",
        ),
        (t::MAILBOX_MESSAGES_MAX, "messages in a mailbox"),
        (t::MAILBOX_BYTES_MAX, "bytes in a mailbox"),
        (t::CARD_MESSAGES_MAX, "messages that wait for a card"),
        (t::CARD_BYTES_MAX, "bytes that wait for a card"),
        (
            t::CARD_FLOW_MESSAGES_MAX as u64,
            "messages of one sender and source domain that wait for a card",
        ),
        (
            t::SENDER_MESSAGES_MAX,
            "messages of one sender in all mailboxes",
        ),
        (t::SENDER_BYTES_MAX, "bytes of one sender in all mailboxes"),
        (
            t::MESSAGE_OVERHEAD_BYTES,
            "bytes charged beside each message",
        ),
        (t::WINDOW_MESSAGES as u64, "deliveries that are not taken"),
        (u64::from(t::IDS_PER_USER_MAX), "ids of a user"),
        (
            u64::from(t::ACQUIRE_BURST),
            "ids that a user acquires at once",
        ),
        (
            t::ACQUIRE_REFILL_MS,
            "ms until a user may acquire one id more",
        ),
        (t::ACQUIRE_WAIT_MS, "ms that a request waits for ports"),
        (
            t::PENDING_ACQUIRES_MAX as u64,
            "requests that wait for ports",
        ),
        (
            u64::from(t::AUTH_FAILURES_BURST),
            "failed authentications of a user at once",
        ),
        (
            t::AUTH_FAILURE_REFILL_MS,
            "ms until a user may fail once more",
        ),
        (
            t::DERIVED_MAX as u64,
            "derived capabilities of a connection",
        ),
        (t::DERIVED_LIST_MAX as u64, "entries in a list of `DERIVE`"),
        (t::CONTROLS_MAX as u64, "control requests without an answer"),
        (
            t::ANSWERS_BYTES_MAX as u64,
            "bytes of answers that are not read",
        ),
        (t::HELLO_WAIT_MS, "ms until `HELLO` must have come"),
        (t::NAME_BYTES_MAX as u64, "bytes of a name"),
        (
            t::SPENT_SECRETS_MAX as u64,
            "spent secrets that are recognised",
        ),
        (connections.connections_max as u64, "connections in all"),
        (
            connections.connections_per_user_max as u64,
            "connections of a user",
        ),
    ]
}
