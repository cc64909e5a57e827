//! Tables of 10 and of 10,000 rules, of several kinds; the message meets none of them.

use std::hint::black_box;

use guard_policies::Policy;
use guard_policies::file::Names;
use guard_policies::table::{RULES_MAX, RuleText, Table};
use serde::Deserialize;

use crate::clock::Contender;
use crate::message;

/// The conditions of rule `i`.
type Rule = fn(usize) -> String;

const FEW: usize = 10;

const KINDS: [(&str, Rule); 5] = [
    ("a domain each", |i| {
        format!("src_domain = \"{:024x}\"", i + 1)
    }),
    ("hosts by types", |i| {
        let (host, mtype) = (i / 100 + 1, 0xC000 + i % 100);
        format!("host = \"{host:064x}\"\nmtype = {mtype}")
    }),
    ("the message's type, ranges of ports", |i| {
        let first = 100_000 + 20 * i;
        format!("mtype = \"offer\"\nsrc_port = \"{first}-{}\"", first + 9)
    }),
    ("the message's type, nested sizes", |i| {
        format!("mtype = \"offer\"\nsize = \"{}-{}\"", 300 + i, 60_000 - i)
    }),
    ("five shapes in turn", |i| match i % 5 {
        0 => format!("src = \"{:024x}:7\"\nmtype = \"offer\"", i + 1),
        1 => format!("entry = \"remote\"\nhost = \"{:064x}\"", i + 1),
        2 => format!("uid = {i}\ndst_port = \"1-20\""),
        3 => format!("dst_port = \"{}-{}\"", 100 + 20 * i, 109 + 20 * i),
        _ => format!("dst_domain = \"{:024x}\"\nsize = \">1000\"", i + 1),
    }),
];

pub(crate) fn contenders() -> impl Iterator<Item = Contender> {
    KINDS
        .into_iter()
        .enumerate()
        .flat_map(|(kind, (name, rule))| {
            let base = 1 + 2 * kind;
            [FEW, RULES_MAX].map(|count| {
                let table = table(rule, count);
                let judge = move || {
                    black_box(table.judge(&black_box(message::facts())));
                };
                Contender {
                    name: format!("{count} table rules: {name}"),
                    judge: Box::new(judge),
                    base,
                }
            })
        })
}

#[derive(Deserialize)]
struct File {
    rule: Vec<RuleText>,
}

fn table(conditions: Rule, count: usize) -> Table {
    let rule = |i| format!("[[rule]]\n{}\nthen = \"refuse\"\n", conditions(i));
    let text: String = (0..count).map(rule).collect();
    let file: File = toml::from_str(&text).expect("rules as above are read");
    Table::compile(&file.rule, &Names::default()).expect("rules as above are compiled")
}
