//! Random expressions over random messages: nobody panics, and no step is taken twice.

use std::sync::atomic::{AtomicUsize, Ordering};

use cel::common::value::CowVal;
use cel::context::VariableResolver;
use libetp::{Domain, Header, Mtype, Port};
use proptest::prelude::*;

use super::*;
use crate::expression::NODES_MAX;
use crate::file::Names;
use crate::{Entry, Membership, Now, Principal, Record};

/// Counts what is asked of a scene.
struct Counting<'c, 'f> {
    scene: &'c Scene<'f>,
    asked: AtomicUsize,
}

impl VariableResolver for Counting<'_, '_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.scene.resolve(name)
    }
}

/// Asks for every message in turn; gives how many lookups the most demanding one took.
fn lookups(condition: &Condition, record: &Record) -> usize {
    let facts = record.facts();
    let variables = condition
        .variables
        .iter()
        .filter_map(|name| variable::find(name));
    let scene = Scene::new(&facts, variables);
    let counting = Counting {
        scene: &scene,
        asked: AtomicUsize::new(0),
    };
    let _ = condition.evaluate(&counting);
    counting.asked.into_inner()
}

fn number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("size".to_owned()),
        Just("uid".to_owned()),
        Just("groups[1]".to_owned()),
        Just("param.retries_left".to_owned()),
        Just("param.generation".to_owned()),
        Just("size(param.certificate)".to_owned()),
        Just("size(param.programs)".to_owned()),
        any::<i64>().prop_map(|it| format!("({it})")),
        Just("0".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let operator = prop_oneof![Just("+"), Just("-"), Just("*"), Just("/"), Just("%")];
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            inner.clone().prop_map(|it| format!("-({it})")),
            inner.prop_map(|it| format!("groups[{it}]")),
        ]
    })
}

fn condition() -> impl Strategy<Value = String> {
    let order = prop_oneof![
        Just("<"),
        Just("<="),
        Just(">"),
        Just(">="),
        Just("=="),
        Just("!=")
    ];
    let leaf = prop_oneof![
        (number(), order, number()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (number(), number(), number()).prop_map(|(a, b, c)| format!("{a} in [{b}, {c}]")),
        Just("derived".to_owned()),
        Just("src == dst".to_owned()),
        Just("param.puk_retries_left == null".to_owned()),
        Just("hex(param.certificate) == hex(param.nonce)".to_owned()),
        Just("param.nonce == param.certificate".to_owned()),
        Just("cgroup in param.programs".to_owned()),
        Just("param.version.contains(cgroup)".to_owned()),
        Just("param.sa == src".to_owned()),
        Just("mtype in ['card-info', 'hello']".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.clone().prop_map(|it| format!("!({it})")),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        ]
    })
}

fn entry() -> impl Strategy<Value = Entry> {
    let principal = Principal {
        uid: 1000,
        gid: 7,
        pid: 9,
    };
    prop_oneof![
        any::<bool>().prop_map(move |derived| Entry::App { principal, derived }),
        Just(Entry::Remote([3; 32])),
        Just(Entry::Host),
        any::<[u8; 12]>().prop_map(|it| Entry::Card(Domain(it))),
    ]
}

fn param() -> impl Strategy<Value = Vec<u8>> {
    let info = libetp::params::runtime::CardInfo {
        version: "1".into(),
        class: 0,
        certificate: vec![7; 40],
        retries_left: 3,
        programs: libetp::codec::List(vec!["voucher".into(), String::new()]),
        puk_retries_left: None,
    };
    let info = libetp::codec::to_vec(&info);
    prop_oneof![
        Just(info.clone()),
        (any::<prop::sample::Index>(), any::<u8>()).prop_map(move |(at, byte)| {
            let mut param = info.clone();
            let at = at.index(param.len());
            param[at] = byte;
            param
        }),
        prop::collection::vec(any::<u8>(), 0..80),
    ]
}

fn record() -> impl Strategy<Value = Record> {
    let mtypes = [
        Mtype::CARD_INFO,
        Mtype::HELLO,
        Mtype::PING,
        Mtype::OFFER,
        Mtype::SIGN,
        Mtype::AUTH,
        Mtype(0xC001),
    ];
    let about = (entry(), prop::sample::select(mtypes.to_vec()), param());
    let rest = (any::<u32>(), any::<bool>(), any::<u64>(), 0usize..70_000);
    (about, rest).prop_map(
        |((entry, mtype, param), (port, flag, tick_ms, size))| Record {
            entry,
            membership: flag.then(|| Membership {
                groups: vec![3, port],
                cgroup: "voucher".into(),
            }),
            header: Header {
                src: Domain([1; 12]).entity(Port(port)),
                dst: Domain([2; 12]).card(),
                mtype,
            },
            size,
            now: Now {
                tick_ms,
                unix_s: tick_ms,
            },
            is_src_local: flag,
            is_dst_local: !flag,
            is_owner: flag,
            param: Some(param),
        },
    )
}

fn names() -> Names {
    Names::default()
}

proptest! {
    #[test]
    fn an_expression_never_panics_and_takes_its_steps_at_most(
        text in condition(),
        records in prop::collection::vec(record(), 8),
    ) {
        let names = names();
        let scope = Scope { names: &names, mtypes: None };
        if let Ok(condition) = Condition::compile(&text, &scope) {
            prop_assert!(condition.steps() <= NODES_MAX);
            for record in &records {
                let asked = lookups(&condition, record);
                prop_assert!(asked <= condition.steps(), "{asked} lookups: {text}");
                if let Err(failure) = condition.holds(&record.facts()) {
                    prop_assert!(!failure.to_string().contains("panicked"), "{text}");
                }
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z()\\[\\]{}!?:.,'\"&|=<>+*/% 0-9\\\\-]{0,120}") {
        let names = names();
        let _ = Condition::compile(&text, &Scope { names: &names, mtypes: None });
    }

    /// What compiles is whole: random conditions do, as long as they are not too large.
    #[test]
    fn conditions_compile_unless_they_are_too_large(text in condition()) {
        let names = names();
        let compiled = Condition::compile(&text, &Scope { names: &names, mtypes: None });
        if let Err(wrong) = compiled {
            let problem = wrong.at(0..0).what;
            let sizes = ["at most", "parts", "deeper", "recursion"];
            prop_assert!(sizes.iter().any(|it| problem.contains(it)), "{text}: {problem}");
        }
    }
}
