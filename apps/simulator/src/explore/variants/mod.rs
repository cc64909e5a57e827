//! Protocols and programs that are broken in one point each; the check must find every one of them.
//!
//! The real program runs inside: what it sees, or what comes of it, is changed where the broken one
//! would differ.

mod edit;
mod entry;
mod identity;
mod order;

use oncard_runtime::MemoryStore;
use oncard_runtime::harness::Effects;

use edit::as_it_is;
use entry::{issue_nonce, no_reserved, reserve_gain_only};
use identity::{
    any_exchange, any_role, id_h2, id_n1, no_a_key, no_b_key, sb_unchecked, t_unchecked,
    voucher_unchecked, voucher2_unchecked,
};
use order::{
    abort_after_commit, aborting_takes_m3, counter_repeats, delete_then_insert, send_before_write,
    t_answers_first, t_forgets, t_late_aborts,
};

use super::config::Config;
use super::rules::Rule;
use super::variant::{Call, Variant};

type Handle = fn(&Call<'_>) -> Vec<Effects>;
type Mishaps = fn(usize, &MemoryStore) -> Vec<(&'static str, MemoryStore)>;

/// Something broken in one point.
pub struct Broken {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is wrong with it.
    pub about: &'static str,
    /// The rule that it breaks, the others aside.
    pub rule: Rule,
    pub(crate) config: Config,
    /// Whether two third parties have one key, and each card asks its own.
    pub(crate) twins: bool,
    handle: Handle,
    mishaps: Mishaps,
    restores: bool,
}

impl Variant for Broken {
    fn handle(&self, call: &Call<'_>) -> Vec<Effects> {
        (self.handle)(call)
    }

    fn mishaps(&self, actor: usize, memory: &MemoryStore) -> Vec<(&'static str, MemoryStore)> {
        (self.mishaps)(actor, memory)
    }

    fn restores(&self) -> bool {
        self.restores
    }
}

const PAIR: Config = Config::pair("broken", "two cards with a voucher each");
const PAIR_X: Config = Config { x: true, ..PAIR };
const THREE: Config = Config {
    held: ["p", "qr"],
    vouchers: "pqr",
    ..PAIR
};

const fn broken(
    name: &'static str,
    about: &'static str,
    rule: Rule,
    config: Config,
    handle: Handle,
) -> Broken {
    Broken {
        name,
        about,
        rule,
        config,
        twins: false,
        handle,
        mishaps: no_mishaps,
        restores: false,
    }
}

/// All of them.
pub const BROKEN: &[Broken] = &[
    broken(
        "id-n1",
        "the exchange's id is n1 (CARDIS 2004)",
        Rule::Conservation,
        PAIR,
        id_n1,
    ),
    broken(
        "id-h2",
        "the exchange's id is h2; X signs a body with the victim's",
        Rule::Conservation,
        Config {
            x_asks_about_all: true,
            ..PAIR_X
        },
        id_h2,
    ),
    broken(
        "no-a-key",
        "A_K is not bound: m3 of any card",
        Rule::Conservation,
        PAIR_X,
        no_a_key,
    ),
    broken(
        "no-b-key",
        "B_K is not bound: ma1 of any card",
        Rule::Conservation,
        PAIR_X,
        no_b_key,
    ),
    Broken {
        twins: true,
        ..broken(
            "two-t",
            "T_K is not bound: each card asks another third party",
            Rule::Fairness,
            PAIR,
            as_it_is,
        )
    },
    broken(
        "t-unchecked",
        "S_A does not compare m2's T_K with its offer's",
        Rule::Stuck,
        Config {
            offers_to_x: true,
            ..PAIR_X
        },
        t_unchecked,
    ),
    broken(
        "sb-unchecked",
        "S_A takes m2 from a card that the offer was not for",
        Rule::Address,
        PAIR_X,
        sb_unchecked,
    ),
    broken(
        "aborting-takes-m3",
        "S_B takes m3 in ABORTING",
        Rule::Conservation,
        PAIR,
        aborting_takes_m3,
    ),
    broken(
        "abort-after-commit",
        "S_B asks to abort in DONE",
        Rule::Conservation,
        PAIR,
        abort_after_commit,
    ),
    broken(
        "send-before-write",
        "S_A sends m3 before the write, power fails",
        Rule::Conservation,
        PAIR,
        send_before_write,
    ),
    broken(
        "delete-then-insert",
        "deletion and record are two writes",
        Rule::Conservation,
        PAIR,
        delete_then_insert,
    ),
    broken(
        "t-answers-first",
        "T answers before the write, power fails",
        Rule::Outcome,
        PAIR,
        t_answers_first,
    ),
    Broken {
        mishaps: t_forgets,
        ..broken(
            "t-forgets",
            "T forgets an outcome",
            Rule::Conservation,
            PAIR,
            as_it_is,
        )
    },
    broken(
        "t-late-aborts",
        "T takes a late mr1 for an abort",
        Rule::Conservation,
        PAIR,
        t_late_aborts,
    ),
    broken(
        "issue-nonce",
        "ISSUE needs no open challenge",
        Rule::Conservation,
        Config {
            held: ["", "q"],
            vouchers: "sq",
            starts: [1, 0],
            accepts: [0, 1],
            issues: [1, 0],
            issued: "s",
            ..PAIR
        },
        issue_nonce,
    ),
    broken(
        "no-reserved",
        "only vouchers that are held are refused; one is issued twice",
        Rule::Stuck,
        Config {
            issues: [1, 1],
            issued: "q",
            ..PAIR
        },
        no_reserved,
    ),
    broken(
        "reserve-gain-only",
        "vouchers that a running exchange gives are not reserved; X sells a copy",
        Rule::Stuck,
        Config { x: true, ..THREE },
        reserve_gain_only,
    ),
    broken(
        "reserve-gain-only-issue",
        "the same with a voucher that is issued twice",
        Rule::Stuck,
        Config {
            issues: [1, 1],
            issued: "p",
            ..PAIR
        },
        reserve_gain_only,
    ),
    broken(
        "counter-repeats",
        "random source and counter both repeat: n2 twice",
        Rule::Result,
        PAIR,
        counter_repeats,
    ),
    Broken {
        restores: true,
        ..broken(
            "restore",
            "card B comes back from a backup that no witness stops",
            Rule::Conservation,
            PAIR,
            as_it_is,
        )
    },
    broken(
        "any-role",
        "an outcome that a card signed counts",
        Rule::Conservation,
        PAIR_X,
        any_role,
    ),
    broken(
        "voucher-unchecked",
        "vouchers of m1 are not checked against their issuer",
        Rule::Conservation,
        PAIR_X,
        voucher_unchecked,
    ),
    broken(
        "voucher2-unchecked",
        "vouchers of m2 are not checked against their issuer",
        Rule::Conservation,
        Config {
            offers_to_x: true,
            ..PAIR_X
        },
        voucher2_unchecked,
    ),
    broken(
        "any-exchange",
        "an outcome of another exchange counts",
        Rule::Conservation,
        PAIR,
        any_exchange,
    ),
];

fn no_mishaps(_: usize, _: &MemoryStore) -> Vec<(&'static str, MemoryStore)> {
    Vec::new()
}
