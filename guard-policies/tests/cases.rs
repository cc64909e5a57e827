//! Case files say what they mean, and a case that does not come true is shown.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use guard_policies::cases::{self, CASE_FILE_BYTES_MAX, CASES_MAX, Case, REPEAT_MAX};
use guard_policies::chain::Chain;
use guard_policies::fields::{Params, Value};
use guard_policies::file::{Names, Problem};
use guard_policies::{Decision, Entry, Outcome, Principal};
use libetp::{Domain, Mtype, Port};

const HOME: &str = "010101010101010101010101";

fn names() -> Names {
    let mut names = Names::default();
    names.insert("me", &format!("{HOME}:5")).unwrap();
    names.insert("shop", "020202020202020202020202:7").unwrap();
    names.insert("peer", &"cd".repeat(32)).unwrap();
    names
}

fn parse(text: &str) -> Result<Vec<Case>, Problem> {
    cases::parse(text, &names())
}

/// One case with these lines besides those that every case has.
fn case(lines: &str) -> String {
    format!(
        "[[case]]\nname = 'a'\nsrc = 'me'\ndst = 'shop'\nexpect = 'pass'\n{lines}\n{}",
        if lines.contains("mtype") {
            ""
        } else {
            "mtype = 'ping'"
        }
    )
}

fn one(lines: &str) -> Case {
    let parsed = parse(&case(lines)).unwrap_or_else(|problem| panic!("{problem:?}"));
    parsed.into_iter().next().unwrap()
}

#[test]
fn what_is_left_out_is_the_ordinary() {
    let app = one("").record;
    let principal = Principal {
        uid: 1000,
        gid: 1000,
        pid: 1,
    };
    let derived = false;
    assert_eq!(app.entry, Entry::App { principal, derived });
    assert_eq!(app.header.dst, Domain([2; 12]).entity(Port(7)));
    assert_eq!((app.size, app.param.as_deref()), (34, Some(&[][..])));
    assert!(app.is_src_local && !app.is_dst_local && !app.is_owner);
    assert_eq!(app.now.unix_s, 1_767_268_800);
    let own = one(&format!("dst_local = true\nmtype = 'sign'\n# {HOME}")).record;
    assert!(own.is_dst_local && own.is_owner);
    let remote = one("entry = 'remote'\nhost = 'peer'").record;
    assert_eq!(remote.entry, Entry::Remote([0xcd; 32]));
    assert!(!remote.is_src_local && remote.is_dst_local && !remote.is_owner);
    assert_eq!(remote.membership, None);
    let card = one("entry = 'card'").record;
    assert_eq!(card.entry, Entry::Card(Domain([1; 12])));
    assert_eq!(one("entry = 'host'").record.entry, Entry::Host);
    assert_eq!(one("").repeat, 1);
}

#[test]
fn what_is_written_is_what_is_judged() {
    let lines = "uid = 5\ngid = 6\ngroups = [9, 3]\ncgroup = '/a.slice'\nderived = true\nsize = 70000\n\
                 src_local = false\nowner = true\nrepeat = 3\nparam_hex = '8140'";
    let case = one(lines);
    let record = &case.record;
    let principal = Principal {
        uid: 5,
        gid: 6,
        pid: 1,
    };
    let derived = true;
    assert_eq!(record.entry, Entry::App { principal, derived });
    let membership = record.membership.as_ref().unwrap();
    assert_eq!(membership.groups, [3, 9]);
    assert_eq!(membership.cgroup, "/a.slice");
    assert_eq!((record.size, case.repeat), (70_000, 3));
    assert_eq!(record.param.as_deref(), Some(&[0x81, 0x40][..]));
    let facts = record.facts();
    assert!(!facts.host.is_local(Domain([1; 12])) && facts.host.is_owner(5, Domain([2; 12])));
}

#[test]
fn params_are_written_by_field() {
    let lines = "mtype = 'start-exchange'\nparam = { vid1 = 'VID', vid2 = 'VID', pb = 'shop', \
                 third_party = 'VID', third_party_ids = ['me', 'shop'] }";
    let param = one(&lines.replace("VID", &"0a".repeat(32)))
        .record
        .param
        .unwrap();
    let params = Params::decode(Mtype::START_EXCHANGE, &param).unwrap();
    assert_eq!(params.find("vid2"), Some(&Value::Bytes(&[0x0a; 32])));
    assert_eq!(
        params.find("pb"),
        Some(&Value::Id(Domain([2; 12]).entity(Port(7))))
    );
    let Some(Value::List(ids)) = params.find("third_party_ids") else {
        panic!("a list");
    };
    assert_eq!(ids.len(), 2);
    let lines = "mtype = 'card-info'\nparam = { version = '1', class = 0, certificate = '', \
                 retries_left = 3, programs = [] }";
    let param = one(lines).record.param.unwrap();
    let params = Params::decode(Mtype::CARD_INFO, &param).unwrap();
    assert_eq!(params.find("puk_retries_left"), Some(&Value::Null));
    let voucher =
        "issuer = 'K', promise = 'c0', min_class = 1, serial = 'S', issuer_signature = 'KK'";
    let lines = format!(
        "mtype = 'issue'\nparam = {{ voucher = {{ {voucher} }}, issuer_certificate = '', \
         challenge = 'K', signature = 'KK' }}"
    );
    let lines = lines
        .replace('K', &"01".repeat(32))
        .replace('S', &"02".repeat(16));
    let param = one(&lines).record.param.unwrap();
    let params = Params::decode(Mtype::ISSUE, &param).unwrap();
    assert_eq!(params.find("voucher.promise"), Some(&Value::Bytes(&[0xc0])));
    let opaque = one("mtype = 'exchanges'\nparam = { exchanges = [] }")
        .record
        .param;
    assert_eq!(opaque.as_deref(), Some(&[0x81, 0x80][..]));
}

#[test]
fn time_passes_between_cases() {
    let text = [
        case("at = '2026-03-01T22:30:00Z'"),
        case("after_ms = 1500"),
        case("after_ms = 500"),
        case("at = '2026-03-02T00:00:00+09:00'\nafter_ms = 7"),
    ];
    let times = parse(&text.join("\n")).unwrap();
    let times: Vec<(u64, u64)> = times
        .iter()
        .map(|case| (case.record.now.tick_ms, case.record.now.unix_s))
        .collect();
    let start = 1_772_404_200;
    let other = start - 30 * 60 - 7 * 3_600;
    assert_eq!(
        times,
        [
            (0, start),
            (1_500, start + 1),
            (2_000, start + 2),
            (2_007, other)
        ]
    );
}

#[test]
fn mistakes_have_their_place() {
    let cases = [
        ("src = 'me'", "duplicate key", ""),
        ("color = 'red'", "unknown field", "color"),
        ("mtype = 'pingg'", "no registered message type", "'pingg'"),
        ("entry = 'remote'", "which `host`", "'a'"),
        ("entry = 'remote'\nhost = 'shop'", "is no host", "'shop'"),
        (
            "entry = 'card'\nuid = 5",
            "belongs to cases with entry = \"app\"",
            "5",
        ),
        ("domain = 'shop'", "entry = \"card\"", "'shop'"),
        ("repeat = 0", "1 to", "0"),
        ("at = 'yesterday'", "is no time", "'yesterday'"),
        ("at = '1969-01-01T00:00:00Z'", "is no time", "'1969"),
        ("param_hex = '8'", "pairs", "'8'"),
        ("param_hex = '\u{e9}'", "pairs", "'\u{e9}'"),
        ("param_hex = '80'\nparam = {}", "not both", "'80'"),
        ("param = {}", "`nonce` is missing", "{}"),
        (
            "param = { nonce = '' , more = 1 }",
            "no field `more`",
            "{ n",
        ),
        (
            "param = { nonce = 5 }",
            "hexadecimal digits in quotes",
            "{ n",
        ),
        (
            "param = { xid = '00', state = 1 }\nmtype = 'disputed'",
            "32 bytes",
            "{ x",
        ),
        (
            "param = { mtype = 65536, code = 1, detail = '' }\nmtype = 'order-refused'",
            "0 to 65535",
            "{ m",
        ),
        (
            "param = { mtype = -1, code = 1, detail = '' }\nmtype = 'order-refused'",
            "0 to 65535",
            "{ m",
        ),
        (
            "param = { exchanges = ['18'] }\nmtype = 'exchanges'",
            "input ends",
            "{ e",
        ),
        (
            "param = {}\nmtype = 'auth'",
            "no fields that have names",
            "{}",
        ),
        (
            "param = {}\nmtype = '0xc001'",
            "no fields that have names",
            "{}",
        ),
    ];
    for (lines, what, place) in cases {
        let text = case(lines);
        let problem = parse(&text).unwrap_err();
        assert!(problem.what.contains(what), "{lines}: {problem:?}");
        assert!(
            text[problem.at.clone()].starts_with(place),
            "{lines}: {problem:?}"
        );
    }
}

#[test]
fn files_cases_and_repetitions_are_limited() {
    let most = one(&format!("repeat = {REPEAT_MAX}"));
    assert_eq!(most.repeat, REPEAT_MAX);
    assert!(parse(&case(&format!("repeat = {}", REPEAT_MAX + 1))).is_err());
    let of_bytes = |bytes: usize| format!("#{}", " ".repeat(bytes - 1));
    assert!(parse(&of_bytes(CASE_FILE_BYTES_MAX)).is_ok());
    assert!(parse(&of_bytes(CASE_FILE_BYTES_MAX + 1)).is_err());
    let short = "[[case]]\nname=''\nsrc='me'\ndst='me'\nmtype='ping'\nexpect='pass'\n";
    assert_eq!(parse(&short.repeat(CASES_MAX)).unwrap().len(), CASES_MAX);
    assert!(parse(&short.repeat(CASES_MAX + 1)).is_err());
}

#[test]
fn a_case_that_does_not_come_true_is_shown() {
    let file = "\
[[case]]
name = 'a stranger talks'
entry = 'remote'
host = 'peer'
src = 'shop'
dst = 'me'
mtype = '0xc001'
expect = 'pass'
policy = 'default'

[[case]]
name = 'a stranger orders'
entry = 'remote'
host = 'peer'
src = 'shop'
dst = 'me'
mtype = 'sign'
expect = 'refuse'
policy = 'privileged-remote'
reason = 'program of this host'

[[case]]
name = 'a wish'
entry = 'remote'
host = 'peer'
src = 'shop'
dst = 'me'
mtype = 'sign'
repeat = 2
expect = 'pass'
";
    let chain = Chain::default();
    let cases = parse(file).unwrap();
    let report = cases::run(&cases, |facts| Outcome::of(&chain, facts));
    assert_eq!(report.failures(), 1);
    assert_eq!(
        report.to_string(),
        "ok    a stranger talks\n\
         ok    a stranger orders\n\
         FAIL  a wish\n      \
         expected pass\n      \
         got      refuse by privileged-remote: privileged orders come from a program of this host\n\
         2 of 3 cases as expected"
    );
}

#[test]
fn every_repetition_must_end_as_expected() {
    let cases = parse(&case("repeat = 5\npolicy = 'rate'")).unwrap();
    let mut left = 3;
    let report = cases::run(&cases, |_| {
        left -= 1;
        Outcome {
            decision: if left < 0 {
                Decision::Drop
            } else {
                Decision::Pass
            },
            policy: "rate".into(),
            reason: Some("too\u{7}much".into()),
        }
    });
    let (time, outcome) = report.tried[0].surprise.as_ref().unwrap();
    assert_eq!((*time, outcome.decision), (4, Decision::Drop));
    let shown = report.to_string();
    assert!(shown.contains("FAIL  a (message 4)"), "{shown}");
    assert!(shown.contains("too\\u{7}much"), "{shown}");
}
