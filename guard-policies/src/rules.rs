//! The built-in rules, in the order in which they are asked.

use libetp::limits::MESSAGE_BYTES_MAX;
use libetp::{Header, Mtype, Port};

use crate::{Entry, Facts, Reason};

/// One built-in rule.
pub struct Rule {
    /// Its name, that of its counter.
    pub name: &'static str,
    /// What a sender that meets it did wrong.
    pub detail: &'static str,
    refuses: fn(&Facts<'_>) -> bool,
}

macro_rules! rules {
    ($($(#[$meta:meta])* $name:literal, $detail:literal, $refuses:expr;)*) => {
        /// The built-in rules. Each refuses; what none refuses passes.
        pub const RULES: &[Rule] = &[$(
            $(#[$meta])*
            Rule { name: $name, detail: $detail, refuses: $refuses },
        )*];
    };
}

rules! {
    "too-large", "a message has at most 65524 bytes", |f| f.size > MESSAGE_BYTES_MAX;
    "forged-source", "the source's domain belongs to this host", forged_source;
    "card-source", "a card sends as itself only", card_source;
    "host-source", "the daemon sends as a host service of its own domains", host_source;
    "transit", "the destination's domain does not belong to this host", transit;
    "host-order", "only the daemon itself says this", host_order;
    "host-answer", "only a card gives this answer, and only to its daemon", host_answer;
    "guard-answer", "only a program answers Guard, and only to the daemon of its own domain", guard_answer;
    "reserved-port", "host services answer pings and card-watch, and take what Guard asked for", reserved_port;
    "privileged-remote", "privileged orders come from a program of this host", privileged_remote;
    "privileged-derived", "a derived capability gives no privileged order", privileged_derived;
    "privileged-foreign", "privileged orders go to the card of the own domain", privileged_foreign;
    "auth-remote", "only a program of this host authenticates", auth_remote;
    "auth-derived", "a derived capability never authenticates", auth_derived;
    "auth-foreign", "a program authenticates to the card of its own domain", auth_foreign;
    "not-owner", "the user is not one of the card's owners", not_owner;
}

impl Rule {
    /// The rule of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.name == name)
    }

    /// What a sender is told that met it.
    pub fn reason(&self) -> Reason {
        Reason {
            rule: self.name.into(),
            detail: self.detail.into(),
        }
    }
}

/// Asks the built-in rules in their order; the first that refuses.
pub fn objection(facts: &Facts<'_>) -> Option<&'static Rule> {
    RULES.iter().find(|rule| (rule.refuses)(facts))
}

fn forged_source(facts: &Facts<'_>) -> bool {
    matches!(facts.entry, Entry::Remote(_)) && facts.host.is_local(facts.header.src.domain)
}

fn card_source(facts: &Facts<'_>) -> bool {
    matches!(facts.entry, Entry::Card(domain) if facts.header.src != domain.card())
}

fn host_source(facts: &Facts<'_>) -> bool {
    let src = facts.header.src;
    let own = src.port.is_host_service() && facts.host.is_local(src.domain);
    facts.entry == Entry::Host && !own
}

/// A host never forwards between other hosts at this layer.
fn transit(facts: &Facts<'_>) -> bool {
    matches!(facts.entry, Entry::Remote(_)) && !facts.host.is_local(facts.header.dst.domain)
}

fn host_order(facts: &Facts<'_>) -> bool {
    let orders = [
        Mtype::UNDELIVERABLE,
        Mtype::HELLO_CHALLENGE,
        Mtype::RESERVE_PORTS,
        Mtype::SERVE,
        Mtype::CAPABILITY_ENDED,
        Mtype::GUARD_ASK,
        Mtype::CARD_STATE,
    ];
    facts.entry != Entry::Host && orders.contains(&facts.header.mtype)
}

fn host_answer(facts: &Facts<'_>) -> bool {
    is_host_answer(facts.header.mtype) && !is_answer_to_daemon(facts)
}

fn is_host_answer(mtype: Mtype) -> bool {
    [Mtype::HELLO, Mtype::PORTS_RESERVED, Mtype::STATEMENT].contains(&mtype)
}

fn is_answer_to_daemon(facts: &Facts<'_>) -> bool {
    let daemon = |domain: libetp::Domain| domain.entity(Port::DAEMON);
    matches!(facts.entry, Entry::Card(domain) if facts.header.dst == daemon(domain))
}

fn guard_answer(facts: &Facts<'_>) -> bool {
    facts.header.mtype == Mtype::GUARD_ANSWER && !is_answer_to_guard(facts)
}

fn is_answer_to_guard(facts: &Facts<'_>) -> bool {
    facts.header.mtype == Mtype::GUARD_ANSWER && is_to_own_host(facts)
}

fn is_card_watch(facts: &Facts<'_>) -> bool {
    facts.header.mtype == Mtype::CARD_WATCH && is_to_own_host(facts)
}

/// From a program, not derived, to the diagnostics port of its own domain.
fn is_to_own_host(facts: &Facts<'_>) -> bool {
    let Header { src, dst, .. } = facts.header;
    let is_program = matches!(facts.entry, Entry::App { derived: false, .. });
    is_program && dst == src.domain.entity(Port::DIAGNOSTICS)
}

fn reserved_port(facts: &Facts<'_>) -> bool {
    let header = facts.header;
    let is_ping = header.dst.port == Port::DIAGNOSTICS && header.mtype == Mtype::PING;
    let is_pong = header.src.port == Port::DIAGNOSTICS && header.mtype == Mtype::PONG;
    let is_answer =
        is_host_answer(header.mtype) && is_answer_to_daemon(facts) || is_answer_to_guard(facts);
    let is_asked = is_ping || is_card_watch(facts);
    let to_host = header.dst.port.is_host_service() && !is_asked && !is_answer;
    let as_host = header.src.port.is_host_service() && !is_pong && facts.entry != Entry::Host;
    to_host || as_host
}

fn is_app(entry: Entry) -> bool {
    matches!(entry, Entry::App { .. })
}

fn is_derived(entry: Entry) -> bool {
    matches!(entry, Entry::App { derived: true, .. })
}

fn is_to_own_card(facts: &Facts<'_>) -> bool {
    facts.header.dst == facts.header.src.domain.card()
}

fn privileged_remote(facts: &Facts<'_>) -> bool {
    facts.header.mtype.is_privileged() && !is_app(facts.entry)
}

fn privileged_derived(facts: &Facts<'_>) -> bool {
    facts.header.mtype.is_privileged() && is_derived(facts.entry)
}

fn privileged_foreign(facts: &Facts<'_>) -> bool {
    facts.header.mtype.is_privileged() && !is_to_own_card(facts)
}

fn authenticates(facts: &Facts<'_>) -> bool {
    facts.header.mtype.is_authentication()
}

fn auth_remote(facts: &Facts<'_>) -> bool {
    authenticates(facts) && !is_app(facts.entry)
}

fn auth_derived(facts: &Facts<'_>) -> bool {
    authenticates(facts) && is_derived(facts.entry)
}

fn auth_foreign(facts: &Facts<'_>) -> bool {
    authenticates(facts) && !is_to_own_card(facts)
}

fn not_owner(facts: &Facts<'_>) -> bool {
    let Entry::App { principal, .. } = facts.entry else {
        return false;
    };
    authenticates(facts) && !facts.host.is_owner(principal.uid, facts.header.dst.domain)
}
