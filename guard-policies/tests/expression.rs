//! Expressions decide as they read, and what could never mean anything is refused when it is loaded.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use guard_policies::expression::{
    DEPTH_MAX, EXPRESSION_BYTES_MAX, Expression, ExpressionText, NODES_MAX,
};
use guard_policies::file::{Names, Problem};
use guard_policies::{Entry, Membership, Now, Opinion, Policy, Principal, Record};
use libetp::codec::{self, List};
use libetp::params::{Privileged, host, runtime, voucher};
use libetp::{Domain, Header, Mtype, Port};

const HOME: Domain = Domain([1; 12]);
const ABROAD: Domain = Domain([0xab; 12]);

fn names() -> Names {
    let mut names = Names::default();
    let words = [
        ("shop", ABROAD.entity(Port(7)).to_string()),
        ("abroad", ABROAD.to_string()),
        ("peer", "cd".repeat(32)),
    ];
    for (name, text) in words {
        names.insert(name, &text).unwrap();
    }
    names
}

fn compile(text: &str, mtypes: Option<&[Mtype]>) -> Result<Expression, Problem> {
    let text: ExpressionText = toml::from_str(text).unwrap();
    Expression::compile(&text, &names(), mtypes)
}

fn refuse_if(condition: &str) -> Result<Expression, Problem> {
    compile(&format!("refuse_if = '''{condition}'''"), None)
}

/// From program 5 of this host to the shop.
fn record(mtype: Mtype, param: Vec<u8>) -> Record {
    Record {
        entry: Entry::App {
            principal: Principal {
                uid: 1000,
                gid: 100,
                pid: 9,
            },
            derived: false,
        },
        membership: Some(Membership {
            groups: vec![27, 100],
            cgroup: "/system.slice/shop.service".into(),
        }),
        header: Header {
            src: HOME.entity(Port(5)),
            dst: ABROAD.entity(Port(7)),
            mtype,
        },
        size: 34 + param.len(),
        now: Now {
            tick_ms: 5_000,
            unix_s: 1_790_000_000,
        },
        is_src_local: true,
        is_dst_local: false,
        is_owner: false,
        param: Some(param),
    }
}

fn ping() -> Record {
    record(
        Mtype::PING,
        codec::to_vec(&host::Ping {
            nonce: b"abc".to_vec(),
        }),
    )
}

fn remote() -> Record {
    Record {
        entry: Entry::Remote([0xcd; 32]),
        membership: None,
        ..ping()
    }
}

fn opinion(condition: &str, record: &Record) -> Result<Opinion, String> {
    let expression = refuse_if(condition).unwrap_or_else(|problem| panic!("{problem:?}"));
    let answer = expression.judge(&record.facts());
    answer.opinion.map_err(|failure| failure.to_string())
}

/// Whether it holds; panics if it fails.
fn holds(condition: &str, record: &Record) -> bool {
    match opinion(condition, record) {
        Ok(Opinion::Refuse(_)) => true,
        Ok(Opinion::Indifferent) => false,
        other => panic!("{condition}: {other:?}"),
    }
}

#[test]
fn conditions_read_the_envelope() {
    let true_ones = [
        "entry == 'app'",
        "src == '010101010101010101010101:5' && dst == 'shop'",
        "dst_domain == 'abroad' && src_domain != 'abroad'",
        "dst == 'ABABABABABABABABABABABAB:7'",
        "src_port == 5 && dst_port in [6, 7]",
        "src_local && !dst_local && !derived && !owner",
        "mtype == 'ping' && mtype != '0xc001' && mtype in ['0x0002']",
        "size == 39 && size * 2 - 8 > 60 && size / 3 == 13 && size % 3 == 0 && -size < 0",
        "uid == 1000 && gid == 100 && 27 in groups && gid in groups && !(28 in groups)",
        "cgroup.startsWith('/system.slice/') && cgroup.endsWith('.service')",
        "cgroup.contains('shop') && size(cgroup) == 26 && cgroup.size() > 3",
        "tick_ms == 5000 && unix_s >= 1790000000",
        "host == null && uid != null",
        "groups[1] == 100 && size(groups) == 2",
        "(uid == 1000 ? size : 0) == 39",
        "dst.startsWith('ABAB')",
        "true || size / 0 == 1",
    ];
    for condition in true_ones {
        assert!(holds(condition, &ping()), "{condition}");
        assert!(!holds(&format!("!({condition})"), &ping()), "{condition}");
    }
    let abroad = [
        "host == 'peer' && entry in ['remote', 'card']",
        "uid == null && cgroup == '' && size(groups) == 0",
    ];
    for condition in abroad {
        assert!(holds(condition, &remote()), "{condition}");
    }
    assert!(!holds("uid == 1000", &remote()));
}

#[test]
fn conditions_read_fields_by_name() {
    assert!(holds(
        "size(param.nonce) == 3 && hex(param.nonce) == '616263'",
        &ping()
    ));
    assert!(holds("param.nonce == b'abc'", &ping()));
    let order = voucher::StartExchange {
        vid1: [1; 32],
        vid2: [2; 32],
        pb: ABROAD.card(),
        third_party: [3; 32],
        third_party_ids: List(vec![ABROAD.entity(Port(7))]),
    };
    let wrapped = Privileged {
        counter: 1,
        tag: [0; 16],
        body: codec::to_vec(&order),
    };
    let order = record(Mtype::START_EXCHANGE, codec::to_vec(&wrapped));
    assert!(holds(
        "'shop' in param.third_party_ids && param.pb != 'shop'",
        &order
    ));
    assert!(holds("param.third_party_ids[0] == 'shop'", &order));
    assert!(holds(
        &format!("hex(param.vid1) == '{}'", "01".repeat(32)),
        &order
    ));
    let info = |left| {
        let info = runtime::CardInfo {
            version: "1.0".into(),
            class: 0,
            certificate: vec![],
            retries_left: 3,
            programs: List(vec!["voucher".into()]),
            puk_retries_left: left,
        };
        record(Mtype::CARD_INFO, codec::to_vec(&info))
    };
    assert!(holds("param.puk_retries_left == null", &info(None)));
    assert!(holds(
        "param.puk_retries_left < 3 && 'voucher' in param.programs",
        &info(Some(2))
    ));
    assert!(opinion("param.puk_retries_left < 3", &info(None)).is_err());
}

#[test]
fn fields_are_asked_of_messages_that_have_them() {
    let condition = "mtype == 'ping' && size(param.nonce) > 2";
    assert!(holds(condition, &ping()));
    let issued = record(Mtype::ISSUED, codec::to_vec(&List(vec![[0u8; 32]])));
    assert!(!holds(condition, &issued));
    let bare = opinion("size(param.nonce) > 2", &issued).unwrap_err();
    assert!(bare.contains("no such field"), "{bare}");
}

#[test]
fn what_has_no_value_is_a_failure_with_a_cause() {
    let malformed = record(Mtype::PING, vec![0x81, 0x00]);
    let secret = record(Mtype::AUTH, vec![0x81, 0x40]);
    let private = record(Mtype(0xC001), vec![0x81, 0x40]);
    let fresh = codec::to_vec(
        &(runtime::Hello {
            boot_id: [0; 8],
            generation: u64::MAX,
            highest_port: 1,
            certificate: vec![],
            signature: [0; 64],
        }),
    );
    let fresh = record(Mtype::HELLO, fresh);
    let cases = [
        ("size(param.nonce) == 3", &malformed, "another kind"),
        ("size(param.handshake) == 3", &secret, "secret"),
        ("size(param.nonce) == 3", &private, "no registered fields"),
        ("param.generation > 3", &fresh, "larger than"),
        ("size / (size - size) == 1", &ping(), "division by zero"),
        ("size % (size - size) == 1", &ping(), "division by zero"),
        ("size + 9223372036854775807 > 0", &ping(), "too large"),
        ("groups[2] == 1", &ping(), "no such place"),
        ("groups[-1] == 1", &ping(), "no such place"),
        ("uid > 5", &remote(), "null"),
    ];
    for (condition, record, cause) in cases {
        let failure = opinion(condition, record).unwrap_err();
        assert!(failure.contains(cause), "{condition}: {failure}");
    }
}

#[test]
fn branches_are_asked_in_their_order() {
    let policy = compile(
        "hold_if = 'true'\nrefuse_if = 'size > 38'\ndrop_if = 'size > 39'\npass_if = 'size > 40'\nreason = 'too much'",
        None,
    )
    .unwrap();
    let of = |size| {
        let record = Record { size, ..ping() };
        policy.judge(&record.facts()).opinion.unwrap()
    };
    assert_eq!(of(41), Opinion::Pass);
    assert_eq!(of(40), Opinion::Drop("too much".into()));
    assert_eq!(of(39), Opinion::Refuse("too much".into()));
    assert_eq!(of(38), Opinion::Hold("too much".into()));
    assert_eq!(policy.explain().len(), 4);
    assert!(policy.explain()[0].starts_with("pass_if: size > 40 (at most 3 steps)"));
}

#[test]
fn mistakes_are_found_when_loading() {
    let cases = [
        ("uids == 5", "`uids` is not known"),
        ("src.domain == 'abroad'", "only `param` has fields"),
        ("param == 5", "`param` is not known"),
        ("param.nonsense == 5", "no registered message type"),
        ("size(param.body) == 5", "consists of parts"),
        ("param.voucher1 == null", "consists of parts"),
        ("src == 'shopp'", "neither an id nor one of [names]"),
        ("src == 'abroad'", "no entity id"),
        ("host in ['peer', 'shop']", "is no host"),
        ("'shop' in [src, src_domain]", "never equal"),
        ("'abroad' in [dst_domain, dst]", "never equal"),
        ("mtype == 'pingg'", "no registered message type"),
        ("entry == 'program'", "is no entry"),
        ("src == dst_domain", "are never equal"),
        ("src == cgroup", "are never equal"),
        ("uid == '1000'", "are never equal"),
        ("size == null", "are never equal"),
        ("param.nonce == 'abc'", "are never equal"),
        ("hex(param.nonce) == 'abc'", "pairs of hexadecimal digits"),
        ("size", "must be true or false"),
        ("size > '5'", "must be a number"),
        ("size && true", "must be true or false"),
        ("cgroup + cgroup == ''", "must be a number"),
        ("cgroup < 'a'", "must be a number"),
        ("size == 5u", "whole"),
        ("size == 5.0", "whole"),
        ("groups.all(g, g > 5)", "has a loop"),
        ("groups.exists(g, g > 5)", "has a loop"),
        ("groups.map(g, g * 2) == groups", "has a loop"),
        ("has(param.nonce)", "`has` is not understood"),
        ("size({'a': 1}) == 1", "maps and structures"),
        ("Thing{a: 1} == null", "maps and structures"),
        ("[1, 2] == groups", "only behind `in`"),
        ("cgroup.matches('a+')", "`matches` is not known"),
        ("string(size) == '5'", "`string` is not known"),
        ("bytes(cgroup) == b''", "`bytes` is not known"),
        ("type(size) == int", "`type` is not known"),
        ("size(size) == 5", "has no size"),
        ("hex(cgroup) == ''", "must be bytes"),
        ("groups['a'] == 5", "must be a number"),
        ("5 in size", "asks a list"),
        ("'a' in groups", "are never equal"),
        ("size >", "column"),
        ("", "column"),
        ("size = 5", "column"),
        ("'abc", "column"),
    ];
    for (condition, cause) in cases {
        let problem = refuse_if(condition).map(|_| condition).unwrap_err();
        assert!(problem.what.contains(cause), "{condition}: {problem:?}");
        assert!(problem.what.starts_with("`refuse_if`: "));
        assert_eq!(problem.at.start, "refuse_if = ".len(), "{condition}");
    }
    assert!(compile("reason = 'none'", None).is_err());
    let long = "x".repeat(guard_policies::table::REASON_BYTES_MAX + 1);
    assert!(compile(&format!("drop_if = 'true'\nreason = '{long}'"), None).is_err());
    assert!(
        compile(
            &format!("drop_if = 'true'\nreason = '{}'", &long[1..]),
            None
        )
        .is_ok()
    );
}

#[test]
fn fields_are_those_of_the_types_that_are_asked_about() {
    let on = |condition: &str, mtypes: &[Mtype]| {
        compile(&format!("drop_if = \"{condition}\""), Some(mtypes)).map(drop)
    };
    let either = [Mtype::PING, Mtype::PONG];
    assert_eq!(on("size(param.nonce) > 2", &either), Ok(()));
    assert_eq!(on("param.outcome == 1", &[Mtype::EXCHANGE_RESULT]), Ok(()));
    for (condition, mtypes) in [
        ("size(param.nonce) > 2", &[Mtype::PING, Mtype::ISSUED][..]),
        ("size(param.handshake) > 2", &[Mtype::AUTH]),
        ("size(param.nonce) > 2", &[Mtype(0xC001)]),
    ] {
        let problem = on(condition, mtypes).unwrap_err();
        assert!(problem.what.contains("has no field"), "{problem:?}");
    }
}

#[test]
fn text_nodes_and_depth_are_limited() {
    let of_bytes = |bytes: usize| format!("true{}", " ".repeat(bytes - 4));
    assert!(refuse_if(&of_bytes(EXPRESSION_BYTES_MAX)).is_ok());
    let problem = refuse_if(&of_bytes(EXPRESSION_BYTES_MAX + 1)).unwrap_err();
    assert!(problem.what.contains("at most"), "{problem:?}");
    let list = |values: usize| format!("size in [{}]", vec!["1"; values].join(","));
    assert_eq!(
        refuse_if(&list(NODES_MAX - 3)).unwrap().steps_max(),
        NODES_MAX
    );
    let problem = refuse_if(&list(NODES_MAX - 2)).unwrap_err();
    assert!(problem.what.contains("parts"), "{problem:?}");
    let sum = |depth: usize| format!("{} == 1", vec!["1"; depth - 1].join("+"));
    assert!(refuse_if(&sum(DEPTH_MAX)).is_ok());
    let problem = refuse_if(&sum(DEPTH_MAX + 1)).unwrap_err();
    assert!(problem.what.contains("deeper"), "{problem:?}");
    for deep in ["(", "[", "!", "-", "a.", "a?b:", "f(", "size(", "a["] {
        let text = deep.repeat(EXPRESSION_BYTES_MAX / deep.len());
        assert!(refuse_if(&text).is_err());
    }
}
