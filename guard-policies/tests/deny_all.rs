//! Deny-all plus a list: for every entry, source, destination and message type, what passes is
//! exactly what the list below names. The list is written without looking at the rules.

use guard_policies::{Entry, Facts, Locality, Principal, RULES, Rule, objection};
use libetp::limits::MESSAGE_BYTES_MAX;
use libetp::mtype::TABLE;
use libetp::{Domain, EntityId, Header, Mtype, Port};

const HOME: Domain = Domain([1; 12]);
const ABROAD: Domain = Domain([2; 12]);
const OWNER: u32 = 1000;
const OTHER_PORT: Port = Port(0xFFFF_FF42);

struct Host;

impl Locality for Host {
    fn is_local(&self, domain: Domain) -> bool {
        domain == HOME
    }

    fn is_owner(&self, uid: u32, domain: Domain) -> bool {
        (uid, domain) == (OWNER, HOME)
    }
}

fn app(uid: u32, derived: bool) -> Entry {
    let principal = Principal {
        uid,
        gid: 7,
        pid: 9,
    };
    Entry::App { principal, derived }
}

const PRIVILEGED: &[&str] = &[
    "enrol-host",
    "start-exchange",
    "accept",
    "cancel-offer",
    "order-resolve",
    "order-abort",
    "issue-begin",
    "issue-cancel",
    "redeem",
    "forget-redemption",
    "list-vouchers",
    "list-exchanges",
    "open-session",
    "join-session",
    "attend-session",
    "leave-session",
    "load-function",
    "approve-function",
    "forget-function",
    "list-functions",
    "sign",
];
const AUTHENTICATION: &[&str] = &["auth-begin", "auth", "set-pin"];
const DAEMONS_ORDERS: &[&str] = &[
    "undeliverable",
    "hello-challenge",
    "reserve-ports",
    "serve",
    "capability-ended",
    "guard-ask",
    "card-state",
];
const ANSWERS_TO_DAEMON: &[&str] = &["hello", "ports-reserved", "statement"];

/// What a type is, as far as entry depends on it.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Ordinary,
    Ping,
    Pong,
    Privileged,
    Authentication,
    Order,
    Answer,
    GuardAnswer,
    CardWatch,
}

fn kind(mtype: Mtype) -> Kind {
    let name = mtype.to_string();
    let is_in = |list: &[&str]| list.contains(&name.as_str());
    match name.as_str() {
        "ping" => Kind::Ping,
        "pong" => Kind::Pong,
        "guard-answer" => Kind::GuardAnswer,
        "card-watch" => Kind::CardWatch,
        _ if is_in(PRIVILEGED) => Kind::Privileged,
        _ if is_in(AUTHENTICATION) => Kind::Authentication,
        _ if is_in(DAEMONS_ORDERS) => Kind::Order,
        _ if is_in(ANSWERS_TO_DAEMON) => Kind::Answer,
        _ => Kind::Ordinary,
    }
}

/// What an id is.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Card,
    Program,
    Diagnostics,
    Daemon,
    Reserved,
}

fn place(id: EntityId) -> Place {
    match id.port {
        Port::CARD => Place::Card,
        Port::DIAGNOSTICS => Place::Diagnostics,
        Port::DAEMON => Place::Daemon,
        OTHER_PORT => Place::Reserved,
        _ => Place::Program,
    }
}

/// What everybody may say to a card or program that is not named below.
fn is_talk(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Ordinary | Kind::Ping | Kind::Pong | Kind::CardWatch
    )
}

/// The list.
fn passes(entry: Entry, src: EntityId, dst: EntityId, kind: Kind) -> bool {
    let to = place(dst);
    let is_peer = matches!(to, Place::Card | Place::Program);
    let is_ping = to == Place::Diagnostics && kind == Kind::Ping;
    match entry {
        Entry::App { principal, derived } => {
            let may_order = dst == HOME.card() && !derived;
            src.domain == HOME
                && place(src) != Place::Diagnostics
                && place(src) != Place::Daemon
                && place(src) != Place::Reserved
                && match kind {
                    Kind::Privileged => may_order,
                    Kind::Authentication => may_order && principal.uid == OWNER,
                    Kind::GuardAnswer => dst == HOME.entity(Port::DIAGNOSTICS) && !derived,
                    Kind::CardWatch if dst == HOME.entity(Port::DIAGNOSTICS) => !derived,
                    kind => is_ping || (is_peer && is_talk(kind)),
                }
        }
        Entry::Card(_) => {
            let is_answer = dst == HOME.entity(Port::DAEMON) && kind == Kind::Answer;
            src == HOME.card() && (is_answer || is_ping || (is_peer && is_talk(kind)))
        }
        Entry::Remote(_) => {
            let is_stranger = matches!(place(src), Place::Card | Place::Program);
            let says = is_stranger && (is_ping || (is_peer && is_talk(kind)));
            let answers = place(src) == Place::Diagnostics && is_peer && kind == Kind::Pong;
            src.domain == ABROAD && dst.domain == HOME && (says || answers)
        }
        Entry::Host => {
            let is_service = !matches!(place(src), Place::Card | Place::Program);
            let says = is_peer && (is_talk(kind) || kind == Kind::Order);
            src.domain == HOME && is_service && (is_ping || says)
        }
    }
}

fn verdict(
    entry: Entry,
    src: EntityId,
    dst: EntityId,
    mtype: Mtype,
    size: usize,
) -> Option<&'static Rule> {
    let header = Header { src, dst, mtype };
    let mut facts = Facts::new(entry, header, &[], &Host);
    facts.size = size;
    objection(&facts)
}

/// Sources of an app entry are stamped, so only its own id comes there.
fn sources(entry: Entry) -> Vec<EntityId> {
    match entry {
        Entry::App { .. } => vec![HOME.entity(Port(5))],
        _ => ids(),
    }
}

fn ids() -> Vec<EntityId> {
    let ports = [
        Port::CARD,
        Port(5),
        Port(6),
        Port::DIAGNOSTICS,
        Port::DAEMON,
        OTHER_PORT,
    ];
    [HOME, ABROAD]
        .into_iter()
        .flat_map(|d| ports.map(|port| d.entity(port)))
        .collect()
}

fn mtypes() -> impl Iterator<Item = Mtype> {
    TABLE
        .iter()
        .map(|entry| entry.mtype)
        .chain([Mtype(0xC001), Mtype(0x0000), Mtype(0x3F00)])
}

fn entries() -> [Entry; 7] {
    [
        app(OWNER, false),
        app(OWNER, true),
        app(OWNER + 1, false),
        app(OWNER + 1, true),
        Entry::Card(HOME),
        Entry::Remote([3; 32]),
        Entry::Host,
    ]
}

#[test]
fn exactly_the_list_passes() {
    let mut met = std::collections::BTreeSet::new();
    let mut passed = 0;
    for entry in entries() {
        for (src, dst) in sources(entry)
            .into_iter()
            .flat_map(|s| ids().into_iter().map(move |d| (s, d)))
        {
            for mtype in mtypes() {
                let judged = verdict(entry, src, dst, mtype, 100).map(|it| it.name);
                let expected = passes(entry, src, dst, kind(mtype));
                assert_eq!(
                    judged.is_none(),
                    expected,
                    "{entry:?}: {mtype} from {src} to {dst}: {judged:?}"
                );
                passed += usize::from(expected);
                if let Some(rule) = judged {
                    met.insert(rule);
                }
            }
        }
    }
    assert!(passed > 1_000);
    let unmet: Vec<_> = RULES
        .iter()
        .map(|rule| rule.name)
        .filter(|name| !met.contains(name))
        .collect();
    assert_eq!(
        unmet,
        ["too-large"],
        "every rule refuses something that no other does"
    );
}

#[test]
fn size_is_limited() {
    let (src, dst) = (HOME.entity(Port(5)), HOME.entity(Port(6)));
    let at = |size| verdict(app(OWNER, false), src, dst, Mtype(0xC001), size);
    assert!(at(MESSAGE_BYTES_MAX).is_none());
    assert!(matches!(at(MESSAGE_BYTES_MAX + 1), Some(r) if r.name == "too-large"));
}

#[test]
fn each_attack_meets_the_rule_of_its_name() {
    let (card, program, stranger) = (HOME.card(), HOME.entity(Port(5)), ABROAD.entity(Port(5)));
    let sign = Mtype::by_name("sign").unwrap();
    let auth = Mtype::by_name("auth").unwrap();
    let talk = Mtype(0xC001);
    let remote = Entry::Remote([3; 32]);
    let cases = [
        ("forged-source", remote, program, card, talk),
        ("card-source", Entry::Card(HOME), program, program, talk),
        ("host-source", Entry::Host, program, program, talk),
        ("transit", remote, stranger, ABROAD.card(), talk),
        ("host-order", app(OWNER, false), program, card, Mtype::SERVE),
        (
            "host-answer",
            remote,
            stranger,
            HOME.entity(Port::DAEMON),
            Mtype::STATEMENT,
        ),
        (
            "guard-answer",
            app(OWNER, false),
            program,
            card,
            Mtype::GUARD_ANSWER,
        ),
        (
            "reserved-port",
            app(OWNER, false),
            program,
            HOME.entity(Port::DAEMON),
            talk,
        ),
        ("privileged-remote", remote, stranger, card, sign),
        ("privileged-derived", app(OWNER, true), program, card, sign),
        (
            "privileged-foreign",
            app(OWNER, false),
            program,
            ABROAD.card(),
            sign,
        ),
        ("auth-remote", remote, stranger, card, auth),
        ("auth-derived", app(OWNER, true), program, card, auth),
        (
            "auth-foreign",
            app(OWNER, false),
            program,
            ABROAD.card(),
            auth,
        ),
        ("not-owner", app(OWNER + 1, false), program, card, auth),
    ];
    for (rule, entry, src, dst, mtype) in cases {
        let met = verdict(entry, src, dst, mtype, 100).map(|it| it.name);
        assert_eq!(met, Some(rule));
    }
    assert_eq!(cases.len() + 1, RULES.len());
}
