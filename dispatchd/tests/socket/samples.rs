//! One frame of each kind, with the fields that people read.

use libetp::codec::{self, Encode, List};
use libetp::frame::body::{
    Acquire, Acquired, Closing, Derive, Hello, RequestError, Resume, Token, VerdictBody, Welcome,
};
use libetp::frame::{Origin, kind};
use libetp::text::hex;
use libetp::{EntityId, Message, Mtype, Port, VerdictCode};
use serde_json::{Value, json};

use crate::harness::{DOMAIN, send_body};

pub(crate) const SOFTWARE: &str = "dispatchd 0.1.0";
/// A type that nobody registered.
const OWN: Mtype = Mtype(0xC001);
const TOKEN: [u8; 32] = [0x22; 32];

/// A frame and what it says.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) kind: u8,
    pub(crate) number: u64,
    pub(crate) fields: Value,
    pub(crate) body: Vec<u8>,
}

fn sample(name: &'static str, (kind, number): (u8, u64), fields: Value, body: Vec<u8>) -> Sample {
    Sample {
        name,
        kind,
        number,
        fields,
        body,
    }
}

fn encoded(value: &impl Encode) -> Vec<u8> {
    codec::to_vec(value)
}

fn id() -> EntityId {
    DOMAIN.entity(Port(1))
}

/// Frames that programs send.
pub(crate) fn from_programs() -> Vec<Sample> {
    [acquiring(), deriving(), sending()]
        .into_iter()
        .flatten()
        .collect()
}

fn acquiring() -> Vec<Sample> {
    let hello = Hello {
        version: 1,
        name: "wallet".into(),
    };
    let (only, named) = (
        Acquire {
            domain: None,
            durable: false,
        },
        Acquire {
            domain: Some(DOMAIN),
            durable: true,
        },
    );
    let resume = Resume {
        id: id(),
        secret: [0x11; 32],
    };
    let domain = DOMAIN.to_string();
    let resumes = json!({"id": id().to_string(), "secret": hex(&resume.secret)});
    vec![
        sample(
            "HELLO",
            (kind::HELLO, 1),
            json!({"version": 1, "name": "wallet"}),
            encoded(&hello),
        ),
        sample(
            "ACQUIRE, the only card",
            (kind::ACQUIRE, 2),
            json!({"domain": null, "durable": false}),
            encoded(&only),
        ),
        sample(
            "ACQUIRE, durable",
            (kind::ACQUIRE, 2),
            json!({"domain": domain, "durable": true}),
            encoded(&named),
        ),
        sample("RESUME", (kind::RESUME, 2), resumes, encoded(&resume)),
        sample("RELEASE", (kind::RELEASE, 9), json!({}), vec![0x80]),
    ]
}

fn deriving() -> Vec<Sample> {
    let narrow = Derive {
        destinations: Some(List(vec![DOMAIN.card()])),
        mtypes: Some(List(vec![Mtype::PING, OWN])),
    };
    let all = Derive {
        destinations: None,
        mtypes: None,
    };
    let named = json!({"destinations": [DOMAIN.card().to_string()], "mtypes": [2, OWN.0]});
    let everything = json!({"destinations": null, "mtypes": null});
    let token = json!({"token": hex(&TOKEN)});
    vec![
        sample("DERIVE", (kind::DERIVE, 3), named, encoded(&narrow)),
        sample(
            "DERIVE, all that the parent may",
            (kind::DERIVE, 3),
            everything,
            encoded(&all),
        ),
        sample(
            "ADOPT",
            (kind::ADOPT, 2),
            token,
            encoded(&Token { token: TOKEN }),
        ),
    ]
}

fn sending() -> Vec<Sample> {
    let send = |dst: EntityId, mtype: Mtype, param: &[u8]| {
        let fields = json!({"dst": dst.to_string(), "mtype": mtype.0, "param": hex(param)});
        (fields, send_body(dst, mtype, param))
    };
    let (full, full_body) = send(id(), OWN, &[0x81, 1]);
    let (empty, empty_body) = send(DOMAIN.card(), Mtype::PING, &[]);
    let control = b"\x66status".to_vec();
    let request = json!({"request": hex(&control)});
    vec![
        sample("SEND", (kind::SEND, 4), full, full_body),
        sample("SEND, empty param", (kind::SEND, 5), empty, empty_body),
        sample("FLUSH", (kind::FLUSH, 6), json!({}), vec![]),
        sample(
            "TAKEN, up to delivery 7",
            (kind::TAKEN, 7),
            json!({}),
            vec![],
        ),
        sample("CONTROL", (kind::CONTROL, 8), request, control),
    ]
}

/// Frames that the daemon sends.
pub(crate) fn from_the_daemon() -> Vec<Sample> {
    [granting(), delivering(), refusing()]
        .into_iter()
        .flatten()
        .collect()
}

fn granting() -> Vec<Sample> {
    let welcome = Welcome {
        version: 1,
        software: SOFTWARE.into(),
    };
    let hello = json!({"version": 1, "software": SOFTWARE});
    let acquired = |secret: Option<[u8; 32]>, resumed: bool| {
        let text = secret.map(|secret| hex(&secret));
        let fields = json!({"id": id().to_string(), "secret": text, "resumed": resumed});
        (
            fields,
            encoded(&Acquired {
                id: id(),
                secret,
                resumed,
            }),
        )
    };
    let (fresh, fresh_body) = acquired(None, false);
    let (again, again_body) = acquired(Some([0x33; 32]), true);
    let token = json!({"token": hex(&TOKEN)});
    vec![
        sample("WELCOME", (kind::WELCOME, 1), hello, encoded(&welcome)),
        sample("ACQUIRED", (kind::ACQUIRED, 2), fresh, fresh_body),
        sample("ACQUIRED, resumed", (kind::ACQUIRED, 2), again, again_body),
        sample(
            "DERIVED",
            (kind::DERIVED, 3),
            token,
            encoded(&Token { token: TOKEN }),
        ),
        sample("RELEASED", (kind::RELEASED, 9), json!({}), vec![]),
    ]
}

fn delivering() -> Vec<Sample> {
    let message = Message::new(DOMAIN.card(), id(), Mtype::PONG, vec![0x81, 0x40]);
    let mut delivery = vec![Origin::Card as u8];
    message.write_to(&mut delivery);
    let fields = json!({
        "origin": "card", "src": DOMAIN.card().to_string(), "dst": id().to_string(), "mtype": 3, "param": "8140",
    });
    vec![
        sample("DELIVER, the first", (kind::DELIVER, 1), fields, delivery),
        sample("FLUSHED", (kind::FLUSHED, 6), json!({}), vec![]),
        sample(
            "CONTROL_REPLY",
            (kind::CONTROL_REPLY, 8),
            json!({"reply": "a0"}),
            vec![0xA0],
        ),
    ]
}

fn refusing() -> Vec<Sample> {
    let verdict = |code: u16, detail: &str| {
        let fields = json!({"code": code, "detail": detail});
        (
            fields,
            encoded(&VerdictBody {
                code,
                detail: detail.into(),
            }),
        )
    };
    let (full, full_body) = verdict(
        VerdictCode::MailboxFull as u16,
        "the receiver's mailbox is full",
    );
    let (quota, quota_body) = verdict(
        RequestError::Quota as u16,
        "this user acquires ids too fast",
    );
    let detail = "a newer connection resumed the capability";
    let closing = Closing {
        reason: RequestError::Fenced as u16,
        detail: detail.into(),
    };
    let fields = json!({"reason": closing.reason, "detail": detail});
    vec![
        sample(
            "VERDICT about a message",
            (kind::VERDICT, 4),
            full,
            full_body,
        ),
        sample(
            "VERDICT about a request",
            (kind::VERDICT, 2),
            quota,
            quota_body,
        ),
        sample("CLOSING", (kind::CLOSING, 0), fields, encoded(&closing)),
    ]
}
