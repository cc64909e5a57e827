//! `docs/vectors/socket.json` and `docs/protocol/socket.md` say what the code does.
//!
//! `UPDATE_VECTORS=1 cargo nextest run -p dispatchd vectors` writes the file anew.

use std::path::{Path, PathBuf};

use libetp::codec::{self, Encode, List};
use libetp::frame::body::{
    Acquire, Acquired, Closing, Derive, Hello, RequestError, Resume, Token, VerdictBody, Welcome,
};
use libetp::frame::{self, Origin, kind};
use libetp::{Message, Mtype, Port, VerdictCode};
use serde_json::{Value, json};

use crate::harness::{DOMAIN, Program, Setup, send_body};
use crate::helper::hex;

const SOFTWARE: &str = "dispatchd 0.1.0";

fn docs(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(path)
}

/// Name, kind, number, fields as people read them, body.
type Sample = (&'static str, u8, u64, Value, Vec<u8>);

fn bytes(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn encoded(value: &impl Encode) -> Vec<u8> {
    codec::to_vec(value)
}

fn from_programs() -> Vec<Sample> {
    let id = DOMAIN.entity(Port(1));
    let hello = Hello {
        version: 1,
        name: "wallet".into(),
    };
    let acquire = |domain, durable| encoded(&Acquire { domain, durable });
    let resume = Resume {
        id,
        secret: [0x11; 32],
    };
    let derive = Derive {
        destinations: Some(List(vec![DOMAIN.card()])),
        mtypes: Some(List(vec![Mtype::PING, Mtype(0xC001)])),
    };
    let token = Token { token: [0x22; 32] };
    let all = Derive {
        destinations: None,
        mtypes: None,
    };
    let token_text = hex(&token.token);
    vec![
        (
            "HELLO",
            kind::HELLO,
            1,
            json!({"version": 1, "name": "wallet"}),
            encoded(&hello),
        ),
        (
            "ACQUIRE, the only card",
            kind::ACQUIRE,
            2,
            json!({"domain": null, "durable": false}),
            acquire(None, false),
        ),
        (
            "ACQUIRE, durable",
            kind::ACQUIRE,
            2,
            json!({"domain": DOMAIN.to_string(), "durable": true}),
            acquire(Some(DOMAIN), true),
        ),
        (
            "RESUME",
            kind::RESUME,
            2,
            json!({"id": id.to_string(), "secret": hex(&resume.secret)}),
            encoded(&resume),
        ),
        (
            "DERIVE",
            kind::DERIVE,
            3,
            json!({"destinations": [DOMAIN.card().to_string()], "mtypes": [2, 0xC001]}),
            encoded(&derive),
        ),
        (
            "DERIVE, all that the parent may",
            kind::DERIVE,
            3,
            json!({"destinations": null, "mtypes": null}),
            encoded(&all),
        ),
        (
            "ADOPT",
            kind::ADOPT,
            2,
            json!({"token": token_text}),
            encoded(&token),
        ),
        ("RELEASE", kind::RELEASE, 9, json!({}), vec![0x80]),
        (
            "SEND",
            kind::SEND,
            4,
            json!({"dst": id.to_string(), "mtype": 0xC001, "param": "8101"}),
            send_body(id, Mtype(0xC001), &[0x81, 1]),
        ),
        (
            "SEND, empty param",
            kind::SEND,
            5,
            json!({"dst": DOMAIN.card().to_string(), "mtype": 2, "param": ""}),
            send_body(DOMAIN.card(), Mtype::PING, &[]),
        ),
        ("FLUSH", kind::FLUSH, 6, json!({}), vec![]),
        ("TAKEN, up to delivery 7", kind::TAKEN, 7, json!({}), vec![]),
        (
            "CONTROL",
            kind::CONTROL,
            8,
            json!({"request": "66737461747573"}),
            b"\x66status".to_vec(),
        ),
    ]
}

fn from_the_daemon() -> Vec<Sample> {
    let id = DOMAIN.entity(Port(1));
    let welcome = Welcome {
        version: 1,
        software: SOFTWARE.into(),
    };
    let acquired = |secret, resumed| {
        encoded(&Acquired {
            id,
            secret,
            resumed,
        })
    };
    let verdict = |code: u16, detail: &str| {
        encoded(&VerdictBody {
            code,
            detail: detail.into(),
        })
    };
    let full = (
        VerdictCode::MailboxFull as u16,
        "the receiver's mailbox is full",
    );
    let quota = (
        RequestError::Quota as u16,
        "this user acquires ids too fast",
    );
    let closing = Closing {
        reason: RequestError::Fenced as u16,
        detail: "a newer connection resumed the capability".into(),
    };
    let message = Message::new(DOMAIN.card(), id, Mtype::PONG, vec![0x81, 0x40]);
    let mut delivery = vec![Origin::Card as u8];
    message.write_to(&mut delivery);
    let token = Token { token: [0x22; 32] };
    let token_text = hex(&token.token);
    vec![
        (
            "WELCOME",
            kind::WELCOME,
            1,
            json!({"version": 1, "software": SOFTWARE}),
            encoded(&welcome),
        ),
        (
            "ACQUIRED",
            kind::ACQUIRED,
            2,
            json!({"id": id.to_string(), "secret": null, "resumed": false}),
            acquired(None, false),
        ),
        (
            "ACQUIRED, resumed",
            kind::ACQUIRED,
            2,
            json!({"id": id.to_string(), "secret": hex(&[0x33; 32]), "resumed": true}),
            acquired(Some([0x33; 32]), true),
        ),
        (
            "DERIVED",
            kind::DERIVED,
            3,
            json!({"token": token_text}),
            encoded(&token),
        ),
        (
            "DELIVER, the first",
            kind::DELIVER,
            1,
            json!({"origin": "card", "src": DOMAIN.card().to_string(), "dst": id.to_string(), "mtype": 3, "param": "8140"}),
            delivery,
        ),
        ("FLUSHED", kind::FLUSHED, 6, json!({}), vec![]),
        (
            "CONTROL_REPLY",
            kind::CONTROL_REPLY,
            8,
            json!({"reply": "a0"}),
            vec![0xA0],
        ),
        ("RELEASED", kind::RELEASED, 9, json!({}), vec![]),
        (
            "VERDICT about a message",
            kind::VERDICT,
            4,
            json!({"code": full.0, "detail": full.1}),
            verdict(full.0, full.1),
        ),
        (
            "VERDICT about a request",
            kind::VERDICT,
            2,
            json!({"code": quota.0, "detail": quota.1}),
            verdict(quota.0, quota.1),
        ),
        (
            "CLOSING",
            kind::CLOSING,
            0,
            json!({"reason": closing.reason, "detail": closing.detail}),
            encoded(&closing),
        ),
    ]
}

fn render(from: &'static str, samples: Vec<Sample>) -> impl Iterator<Item = Value> {
    samples
        .into_iter()
        .map(move |(name, kind, number, fields, body)| {
            let mut bytes = Vec::new();
            frame::write(&mut bytes, kind, number, &[&body]);
            json!({
                "name": name, "from": from, "kind": kind, "number": number,
                "fields": fields, "bytes": hex(&bytes),
            })
        })
}

/// Bytes that the daemon answers by closing.
fn refused() -> Vec<Value> {
    let case = |name: &str, bytes: &[u8], reason: RequestError| json!({"name": name, "bytes": hex(bytes), "reason": reason as u16, "reason_name": reason.name()});
    let framed = |kind, body: &[u8]| {
        let mut bytes = Vec::new();
        frame::write(&mut bytes, kind, 1, &[body]);
        bytes
    };
    vec![
        case("length below 9", &[0, 0, 0, 8], RequestError::Protocol),
        case(
            "length above 65597",
            &65_598u32.to_be_bytes(),
            RequestError::Protocol,
        ),
        case(
            "another version",
            &framed(kind::HELLO, &[0x82, 2, 0x60]),
            RequestError::Version,
        ),
        case(
            "integer not in shortest form",
            &framed(kind::HELLO, &[0x82, 0x18, 1, 0x60]),
            RequestError::Protocol,
        ),
        case(
            "a field is missing",
            &framed(kind::HELLO, &[0x81, 1]),
            RequestError::Protocol,
        ),
        case(
            "bytes behind the body",
            &framed(kind::HELLO, &[0x82, 1, 0x60, 0]),
            RequestError::Protocol,
        ),
        case(
            "not HELLO first",
            &framed(kind::FLUSH, &[]),
            RequestError::Protocol,
        ),
        case(
            "a kind that does not exist",
            &framed(0x42, &[]),
            RequestError::Protocol,
        ),
    ]
}

/// A whole conversation with a daemon whose card's first free port is 1. Every step is what the
/// program writes and what it reads then.
fn conversation() -> Vec<(&'static str, Vec<u8>)> {
    let id = DOMAIN.entity(Port(1));
    let framed = |kind, number, body: &[u8]| {
        let mut bytes = Vec::new();
        frame::write(&mut bytes, kind, number, &[body]);
        bytes
    };
    let hello = encoded(&Hello {
        version: 1,
        name: "example".into(),
    });
    let acquire = encoded(&Acquire {
        domain: None,
        durable: false,
    });
    let nobody = DOMAIN.entity(Port(99));
    let mut sends = framed(kind::SEND, 3, &send_body(id, Mtype(0xC001), b"to myself"));
    sends.extend(framed(
        kind::SEND,
        4,
        &send_body(nobody, Mtype(0xC001), b""),
    ));
    sends.extend(framed(kind::FLUSH, 5, &[]));
    let mut end = framed(kind::TAKEN, 1, &[]);
    end.extend(framed(kind::RELEASE, 6, &[0x80]));
    vec![
        ("say hello", framed(kind::HELLO, 1, &hello)),
        ("acquire an id", framed(kind::ACQUIRE, 2, &acquire)),
        ("send to itself and to nobody, then flush", sends),
        ("take the delivery, release the id", end),
        (
            "send without an id",
            framed(kind::SEND, 7, &send_body(id, Mtype(0xC001), b"")),
        ),
        ("a frame that does not exist", framed(0x42, 8, &[])),
    ]
}

/// Plays the conversation with a real table; every answer ends with the frame that ends a step.
fn played() -> Vec<Value> {
    let daemon = Setup::default().start();
    let mut program = Program::connect(daemon.socket());
    let last = [
        kind::WELCOME,
        kind::ACQUIRED,
        kind::FLUSHED,
        kind::RELEASED,
        kind::VERDICT,
        kind::CLOSING,
    ];
    let steps = conversation().into_iter().zip(last);
    let steps = steps.map(|((name, says), last)| {
        program.write(&says);
        let mut answers = Vec::new();
        let mut deliveries = Vec::new();
        loop {
            let came = program.come();
            let mut bytes = Vec::new();
            frame::write(&mut bytes, came.kind, came.number, &[&came.body]);
            // Deliveries and answers are each in order, but not with each other.
            match came.kind == kind::DELIVER {
                true => deliveries.push(hex(&bytes)),
                false => answers.push(hex(&bytes)),
            }
            let is_whole = name != "send to itself and to nobody, then flush" || !deliveries.is_empty();
            let has_last = answers.last().is_some_and(|answer| {
                u8::from_str_radix(&answer[8..10], 16) == Ok(last)
            });
            if has_last && is_whole {
                return json!({
                    "name": name, "program": hex(&says), "answers": answers, "deliveries": deliveries,
                });
            }
        }
    });
    steps.collect()
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
    let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(file, expected);
}

#[test]
fn frames_of_the_file_read_back() {
    let file: Value =
        serde_json::from_slice(&std::fs::read(docs("vectors/socket.json")).unwrap()).unwrap();
    let frames = file["frames"].as_array().unwrap();
    assert!(frames.len() >= 20);
    for vector in frames {
        let bytes = bytes(vector["bytes"].as_str().unwrap());
        let (frame, used) = frame::parse(&bytes).unwrap().unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!(u64::from(frame.kind), vector["kind"].as_u64().unwrap());
        assert_eq!(frame.number, vector["number"].as_u64().unwrap());
    }
}

#[test]
fn the_daemon_refuses_what_the_file_says() {
    let file: Value =
        serde_json::from_slice(&std::fs::read(docs("vectors/socket.json")).unwrap()).unwrap();
    let daemon = Setup::default().start();
    for vector in file["refused"].as_array().unwrap() {
        let mut program = Program::connect(daemon.socket());
        program.write(&bytes(vector["bytes"].as_str().unwrap()));
        let reason = vector["reason"].as_u64().unwrap() as u16;
        program.expect_closing(RequestError::from_u16(reason).unwrap());
    }
}

#[test]
fn the_page_names_every_frame_code_and_limit() {
    let page = std::fs::read_to_string(docs("protocol/socket.md")).unwrap();
    for sample in from_programs().into_iter().chain(from_the_daemon()) {
        let name = sample.0.split([',', ' ']).next().unwrap();
        let row = format!("| 0x{:02X} | `{name}` |", sample.1);
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
