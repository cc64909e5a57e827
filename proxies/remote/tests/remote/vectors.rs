//! `docs/vectors/link.json` is what this implementation speaks. After a change of the protocol:
//! `cargo nextest run -p remote-proxy --run-ignored only write_the_vectors`.

use std::path::PathBuf;

use ed25519_dalek::{Signer, SigningKey};
use etp_pki::key_id;
use libetp::codec::{List, to_vec};
use libetp::digest::signature_input;
use libetp::params::runtime::{Statement, StatementBody};
use libetp::{Domain, Message, Mtype, Port, VerdictCode};
use remote_proxy::link::{
    Ack, BATCH_BYTES_MAX, CONTROL_FRAME_BYTES_MAX, Closing, Control, FrameReader, Hello,
    LANE_FRAME_BYTES_MAX, LinkError, LinkFault, MessageFrame, StatementFrame, StreamKind, VERSION,
    VerdictFrame, WantStatement, kind, parse_lane, write,
};
use remote_proxy::{ALPN, CHANNELS, LANES};
use serde_json::{Value, json};

fn path() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/vectors/link.json"
    ))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &Value) -> Vec<u8> {
    let digits = text.as_str().unwrap().as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

const SRC: Domain = Domain([0x02, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
const DST: Domain = Domain([0x02, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]);

fn ping() -> Message {
    Message::new(
        SRC.entity(Port(7)),
        DST.card(),
        Mtype::PING,
        vec![0x81, 0x42, 0xca, 0xfe],
    )
}

fn body() -> StatementBody {
    let card = SigningKey::from_bytes(&[0x11; 32]);
    StatementBody {
        domain: SRC,
        card_key: key_id(&card.verifying_key().to_bytes()),
        host_key: [0x22; 32],
        number: 7,
        nonce: [0x33; 32],
    }
}

fn statement() -> Statement {
    let card = SigningKey::from_bytes(&[0x11; 32]);
    let body = body();
    Statement {
        certificate: vec![0x30, 0x00],
        host_key: body.host_key,
        number: body.number,
        nonce: body.nonce,
        signature: card.sign(&signature_input("serve", &body)).to_bytes(),
    }
}

fn controls() -> Vec<(&'static str, Control)> {
    let hello = |peer_incarnation, received| {
        Control::Hello(Hello {
            version: VERSION,
            incarnation: [0xa0; 16],
            peer_incarnation,
            received: List(received),
        })
    };
    let subject = libetp::verdict::Subject::of(&ping());
    let verdict = VerdictFrame {
        sequence: 1,
        src: subject.src,
        dst: subject.dst,
        mtype: subject.mtype,
        digest: subject.digest,
        number: 41,
        code: VerdictCode::MailboxFull as u16,
        detail: "the mailbox is full".into(),
    };
    let (domain, nonce) = (SRC, [0x33; 32]);
    let answer = |statement| Control::Statement(StatementFrame { domain, statement });
    vec![
        ("hello of strangers", hello(None, vec![0; CHANNELS])),
        (
            "hello after a loss",
            hello(Some([0xb0; 16]), vec![24, 0, 256, 65_536, 3]),
        ),
        (
            "ack",
            Control::Ack(Ack {
                channel: 2,
                sequence: 256,
            }),
        ),
        (
            "ack of verdicts",
            Control::Ack(Ack {
                channel: 4,
                sequence: 3,
            }),
        ),
        ("verdict", Control::Verdict(verdict)),
        (
            "want-statement",
            Control::WantStatement(WantStatement { domain, nonce }),
        ),
        ("statement", answer(Some(statement()))),
        ("no statement", answer(None)),
        (
            "closing",
            Control::Closing(Closing {
                code: LinkError::ShuttingDown as u32,
                detail: "shutting-down".into(),
            }),
        ),
    ]
}

/// The fields as JSON, from the decoded structure.
fn fields(control: &Control) -> Value {
    match control {
        Control::Hello(hello) => json!({
            "version": hello.version,
            "incarnation": hex(&hello.incarnation),
            "peer_incarnation": hello.peer_incarnation.map(|it| hex(&it)),
            "received": hello.received.0,
        }),
        Control::Ack(ack) => json!({"channel": ack.channel, "sequence": ack.sequence}),
        Control::Verdict(verdict) => json!({
            "sequence": verdict.sequence,
            "src": verdict.src.to_string(),
            "dst": verdict.dst.to_string(),
            "mtype": verdict.mtype.0,
            "digest": hex(&verdict.digest),
            "number": verdict.number,
            "code": verdict.code,
            "detail": verdict.detail,
        }),
        Control::WantStatement(want) => {
            json!({"domain": want.domain.to_string(), "nonce": hex(&want.nonce)})
        }
        Control::Statement(answer) => json!({
            "domain": answer.domain.to_string(),
            "statement": answer.statement.as_ref().map(|it| json!({
                "certificate": hex(&it.certificate),
                "host_key": hex(&it.host_key),
                "number": it.number,
                "nonce": hex(&it.nonce),
                "signature": hex(&it.signature),
            })),
        }),
        Control::Closing(closing) => json!({"code": closing.code, "detail": closing.detail}),
    }
}

fn valid() -> Vec<Value> {
    let mut valid: Vec<Value> = controls()
        .iter()
        .map(|(name, control)| {
            let mut bytes = Vec::new();
            control.write_to(&mut bytes);
            let (kind, fields) = (bytes[4], fields(control));
            json!({
                "name": name, "stream": "control", "kind": kind, "fields": fields,
                "frame": hex(&bytes),
            })
        })
        .collect();
    let mut lane = Vec::new();
    write(&mut lane, kind::LANE, &[&[3]]);
    valid.push(json!({
        "name": "lane", "stream": "lane", "kind": kind::LANE, "fields": {"lane": 3},
        "frame": hex(&lane),
    }));
    let mut bytes = Vec::new();
    let message = ping().to_bytes();
    let frame = MessageFrame {
        sequence: 24,
        number: 41,
        message: &message,
    };
    frame.write_to(&mut bytes);
    valid.push(json!({
        "name": "message", "stream": "lane", "kind": kind::MESSAGE,
        "fields": {"sequence": 24, "number": 41, "message": hex(&message)},
        "frame": hex(&bytes),
    }));
    valid
}

fn invalid() -> Vec<Value> {
    let framed = |kind, body: &[u8]| {
        let mut bytes = Vec::new();
        write(&mut bytes, kind, &[body]);
        bytes
    };
    let past = |max: usize| (max as u32 + 1).to_be_bytes().to_vec();
    let four = Hello {
        version: VERSION,
        incarnation: [0; 16],
        peer_incarnation: None,
        received: List(vec![0; 4]),
    };
    let cases = [
        ("no kind", "control", vec![0; 4]),
        (
            "longer than a control frame",
            "control",
            past(CONTROL_FRAME_BYTES_MAX),
        ),
        ("longer than a message", "lane", past(LANE_FRAME_BYTES_MAX)),
        (
            "a lane on the control stream",
            "control",
            framed(kind::LANE, &[0]),
        ),
        ("a hello on a lane", "lane", framed(kind::HELLO, &[0x80])),
        ("an unknown kind", "control", framed(0x07, &[0x80])),
        (
            "not canonical",
            "control",
            framed(kind::ACK, &[0x82, 0x18, 0x01, 0x00]),
        ),
        (
            "bytes behind",
            "control",
            framed(kind::ACK, &[0x82, 0x01, 0x00, 0x00]),
        ),
        (
            "a field too few",
            "control",
            framed(kind::ACK, &[0x81, 0x01]),
        ),
        (
            "four channels",
            "control",
            framed(kind::HELLO, &to_vec(&four)),
        ),
        (
            "no such channel",
            "control",
            framed(kind::ACK, &[0x82, 0x05, 0x00]),
        ),
        ("no such lane", "lane", framed(kind::LANE, &[LANES as u8])),
        ("a lane of two bytes", "lane", framed(kind::LANE, &[0, 0])),
        ("sequence zero", "lane", framed(kind::MESSAGE, &[0; 50])),
        (
            "a message without its numbers",
            "lane",
            framed(kind::MESSAGE, &[1; 15]),
        ),
    ];
    let case = |(name, stream, bytes): (&str, &str, Vec<u8>)| {
        let fault = read(stream, &bytes).unwrap_err();
        let (error, bytes) = (fault.error.name(), hex(&bytes));
        json!({"name": name, "stream": stream, "bytes": bytes, "error": error})
    };
    cases.into_iter().map(case).collect()
}

/// Reads frames as a peer would, and gives the fields of the last.
fn read(stream: &str, bytes: &[u8]) -> Result<Option<Value>, LinkFault> {
    let control = stream == "control";
    let mut reader = match control {
        true => FrameReader::new(StreamKind::Control),
        false => FrameReader::new(StreamKind::Lane),
    };
    let mut last = None;
    reader.feed(bytes, &mut |frame| {
        last = Some(match frame.kind {
            _ if control => fields(&Control::decode(frame)?),
            kind::LANE => json!({"lane": parse_lane(frame.body)?}),
            _ => {
                let frame = MessageFrame::parse(frame.body)?;
                let message = hex(frame.message);
                json!({"sequence": frame.sequence, "number": frame.number, "message": message})
            }
        });
        Ok(())
    })?;
    Ok(last)
}

fn vectors() -> Value {
    let errors: serde_json::Map<_, _> = LinkError::ALL
        .iter()
        .map(|error| (error.name().to_owned(), json!(*error as u32)))
        .collect();
    let statement = json!({
        "card_seed": hex(&[0x11; 32]),
        "body": hex(&to_vec(&body())),
        "signature_input": hex(&signature_input("serve", &body())),
        "signature": hex(&statement().signature),
    });
    json!({
        "protocol": {
            "alpn": String::from_utf8_lossy(ALPN),
            "version": VERSION,
            "tls": "1.3",
            "group": "X25519MLKEM768",
            "lanes": LANES,
            "channels": CHANNELS,
            "control_frame_bytes_max": CONTROL_FRAME_BYTES_MAX,
            "lane_frame_bytes_max": LANE_FRAME_BYTES_MAX,
        },
        "errors": errors,
        "valid": valid(),
        "invalid": invalid(),
        "statement": statement,
    })
}

#[test]
fn the_vectors_are_what_is_spoken() {
    let text = std::fs::read_to_string(path()).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file, vectors());
    for vector in file["valid"].as_array().unwrap() {
        let read = read(vector["stream"].as_str().unwrap(), &unhex(&vector["frame"]));
        assert_eq!(
            read.unwrap().as_ref(),
            Some(&vector["fields"]),
            "{}",
            vector["name"]
        );
    }
    for vector in file["invalid"].as_array().unwrap() {
        let read = read(vector["stream"].as_str().unwrap(), &unhex(&vector["bytes"]));
        let error = read.unwrap_err().error.name();
        assert_eq!(error, vector["error"], "{}", vector["name"]);
    }
}

#[test]
fn a_batch_is_small_beside_the_windows() {
    // One batch per lane must fit in what a link may have under way.
    const { assert!(LANES * (BATCH_BYTES_MAX + LANE_FRAME_BYTES_MAX) < 8 << 20) };
}

#[test]
#[ignore = "writes docs/vectors/link.json"]
fn write_the_vectors() {
    let text = serde_json::to_string_pretty(&vectors()).unwrap();
    std::fs::create_dir_all(path().parent().unwrap()).unwrap();
    std::fs::write(path(), text + "\n").unwrap();
}
