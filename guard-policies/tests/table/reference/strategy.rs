//! Few values, so that rules and messages meet often.

use guard_policies::{Entry, Membership, Now, Principal};
use libetp::{Mtype, Port};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use super::model::{CGROUPS, DOMAINS, HOSTS, Limit, Rule, Wish};
use crate::support::Letter;

/// Rules of which many have the same shape, and many the same values.
pub(super) fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let loose = vec(rule(vec(wish(), 0..5)), 0..80).boxed();
    let alike = vec(wish(), 1..4).prop_flat_map(|wishes| {
        let fields: Vec<_> = wishes.iter().map(similar).collect();
        vec(rule(fields), 10..80)
    });
    let alike = alike.boxed();
    prop_oneof![loose.clone(), alike.clone(), mixed(loose, alike)]
}

fn mixed(
    a: impl Strategy<Value = Vec<Rule>>,
    b: impl Strategy<Value = Vec<Rule>>,
) -> impl Strategy<Value = Vec<Rule>> {
    let places = vec(any::<Index>(), 80);
    (a, b, places).prop_map(|(mut all, others, places)| {
        for (rule, place) in others.into_iter().zip(places) {
            all.insert(place.index(all.len() + 1), rule);
        }
        all
    })
}

fn rule(wishes: impl Strategy<Value = Vec<Wish>>) -> impl Strategy<Value = Rule> {
    let limit = option::weighted(0.1, limit());
    (wishes, limit, 0..5_usize).prop_map(|(wishes, limit, then)| Rule {
        wishes: one_each(wishes),
        limit,
        then,
    })
}

/// A field stands only once in a rule.
fn one_each(wishes: Vec<Wish>) -> Vec<Wish> {
    let field = |wish: &Wish| wish.to_string().split(" = ").next().map(str::to_string);
    let mut seen = Vec::new();
    let mut once = |wish: &Wish| {
        let new = !seen.contains(&field(wish));
        seen.push(field(wish));
        new
    };
    wishes.into_iter().filter(|wish| once(wish)).collect()
}

fn limit() -> impl Strategy<Value = Limit> {
    (1..4_u64, 1..4_u64, 0..3_usize).prop_map(|(over, burst, per)| Limit { over, burst, per })
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![
        subsequence(vec![0, 1, 2, 3], 1..4).prop_map(Wish::Entry),
        any::<bool>().prop_flat_map(id),
        any::<bool>().prop_flat_map(domain),
        (0..7_usize).prop_flat_map(number).boxed(),
        cgroups(),
        subsequence(vec![0, 1], 1..3).prop_map(Wish::Host),
        any::<bool>().prop_map(Wish::Derived),
        time(),
    ]
}

/// A wish for the same field.
fn similar(wish: &Wish) -> BoxedStrategy<Wish> {
    match wish {
        Wish::Id(of_src, _) => id(*of_src).boxed(),
        Wish::Domain(of_src, ..) => domain(*of_src).boxed(),
        Wish::Number(quantity, _) => number(*quantity).boxed(),
        Wish::Cgroup(_) => cgroups().boxed(),
        Wish::Host(_) => (0..2_usize).prop_map(|host| Wish::Host(vec![host])).boxed(),
        wish => Just(wish.clone()).boxed(),
    }
}

fn id(of_src: bool) -> impl Strategy<Value = Wish> {
    let ids = vec((0..3_usize, 0..6_u32), 1..4);
    ids.prop_map(move |ids| Wish::Id(of_src, ids))
}

fn domain(of_src: bool) -> impl Strategy<Value = Wish> {
    let listed = subsequence(vec![0, 1, 2], 1..4);
    let place = prop_oneof![
        3 => Just((false, false)),
        1 => Just((true, false)),
        1 => Just((false, true)),
    ];
    (listed, place)
        .prop_map(move |(listed, (local, foreign))| Wish::Domain(of_src, listed, local, foreign))
}

/// Single numbers, narrow ranges, wide ones.
fn number(quantity: usize) -> impl Strategy<Value = Wish> {
    let range = prop_oneof![
        (0..12_u32).prop_map(|number| (number, number)),
        (0..12_u32, 0..4_u32).prop_map(|(first, more)| (first, first + more)),
        (0..6_u32, 100..200_u32),
    ];
    vec(range, 1..3).prop_map(move |ranges| Wish::Number(quantity, ranges))
}

fn cgroups() -> impl Strategy<Value = Wish> {
    subsequence(vec![0, 1, 2, 3, 4, 5], 1..3).prop_map(Wish::Cgroup)
}

fn time() -> impl Strategy<Value = Wish> {
    let days = subsequence((0..7).collect::<Vec<usize>>(), 1..8);
    let ends = (0..1_440_u32, 0..1_441_u32).prop_filter("a window", |(from, to)| from != to);
    (ends, days).prop_map(|((from, to), days)| Wish::Time(from, to, days))
}

/// Its `tick_ms` is what has passed since the letter before.
pub(super) fn letter() -> impl Strategy<Value = Letter> {
    let id = || (0..3_usize, 0..7_u32).prop_map(|(i, port)| DOMAINS[i].entity(Port(port)));
    let now = (0..700_u64, 0..1_300_000_u64);
    (
        entry(),
        membership(),
        id(),
        id(),
        0..14_u16,
        0..14_usize,
        now,
    )
        .prop_map(
            |(entry, membership, src, dst, mtype, size, (tick_ms, unix_s))| Letter {
                entry,
                membership: membership.filter(|_| matches!(entry, Entry::App { .. })),
                src,
                dst,
                mtype: Mtype(mtype),
                size,
                now: Now { tick_ms, unix_s },
            },
        )
}

fn entry() -> impl Strategy<Value = Entry> {
    let app = (0..14_u32, 0..14_u32, any::<bool>()).prop_map(|(uid, gid, derived)| Entry::App {
        principal: Principal { uid, gid, pid: 1 },
        derived,
    });
    prop_oneof![
        3 => app,
        1 => select(DOMAINS.to_vec()).prop_map(Entry::Card),
        2 => select(HOSTS.to_vec()).prop_map(Entry::Remote),
        1 => Just(Entry::Host),
    ]
}

fn membership() -> impl Strategy<Value = Option<Membership>> {
    let groups = btree_set(0..14_u32, 0..4);
    let all = (groups, select(CGROUPS.to_vec()), any::<bool>());
    let all = all.prop_map(|(groups, cgroup, below)| Membership {
        groups: groups.into_iter().collect(),
        cgroup: format!("{cgroup}{}", if below { "/x" } else { "" }),
    });
    option::weighted(0.9, all)
}
