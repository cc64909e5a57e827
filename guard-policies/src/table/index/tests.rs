//! How many of ten thousand rules are asked about a message that meets none.

use libetp::{Domain, Header, Mtype, Port};
use serde::Deserialize;

use crate::file::Names;
use crate::table::conditions::Conditions;
use crate::table::limits::RULES_MAX;
use crate::table::text::RuleText;
use crate::{Entry, Facts, Locality, Membership, Principal};

use super::{Candidates, Index};

#[derive(Deserialize)]
struct File {
    rule: Vec<RuleText>,
}

/// Counts what it is asked.
struct Count(usize);

impl Candidates for Count {
    fn is_past(&self, _number: u32) -> bool {
        false
    }

    fn ask(&mut self, numbers: &[u32]) {
        self.0 += numbers.len();
    }
}

struct Nowhere;

impl Locality for Nowhere {
    fn is_local(&self, _domain: Domain) -> bool {
        false
    }

    fn is_owner(&self, _uid: u32, _domain: Domain) -> bool {
        false
    }
}

/// How many rules a program's offer of 200 bytes meets as candidates.
fn asked(conditions: impl Fn(usize) -> String) -> usize {
    let rule = |i| format!("[[rule]]\n{}\nthen = \"drop\"\n", conditions(i));
    let text: String = (0..RULES_MAX).map(rule).collect();
    let file: File = toml::from_str(&text).unwrap();
    let compile = |rule: &RuleText| Conditions::compile(&rule.conditions, &Names::default());
    let rules: Result<Vec<_>, _> = file.rule.iter().map(compile).collect();
    let index = Index::build(rules.unwrap().iter().map(Conditions::all));
    let id = Domain([0xEE; 12]).entity(Port(70_000));
    let (uid, gid, pid) = (5, 70_000, 1);
    let principal = Principal { uid, gid, pid };
    let entry = Entry::App {
        principal,
        derived: false,
    };
    let mtype = Mtype::OFFER;
    let header = Header {
        src: id,
        dst: id,
        mtype,
    };
    let mut facts = Facts::new(entry, header, &[0; 200], &Nowhere);
    let membership = Membership {
        groups: vec![70_001, 70_002],
        cgroup: "/none/of/them".into(),
    };
    facts.membership = Some(&membership);
    let mut count = Count(0);
    index.search(&facts, &mut count);
    count.0
}

#[test]
fn rules_that_name_other_values_are_not_asked() {
    assert_eq!(asked(|i| format!("src_domain = \"{:024x}\"", i + 1)), 0);
    assert_eq!(
        asked(|i| format!("dst = \"{:024x}:7\"\nmtype = \"offer\"", i)),
        0
    );
    assert_eq!(
        asked(|i| format!("uid = {}\nmtype = {}", i % 100, 7_000 + i / 100)),
        0
    );
    assert_eq!(asked(|i| format!("host = \"{i:064x}\"")), 0);
    assert_eq!(asked(|i| format!("cgroup = \"/none/of/{i}\"")), 0);
    assert_eq!(asked(|i| format!("group = {i}")), 0);
    assert_eq!(
        asked(|i| format!("gid = [{i}, {}]\nuid = \"0-9999\"", i + 1)),
        0
    );
}

#[test]
fn rules_with_other_ranges_are_not_asked() {
    assert_eq!(
        asked(|i| format!("mtype = \"offer\"\nsize = \"{}-{}\"", 300 + i, 60_000 - i)),
        0
    );
    assert_eq!(
        asked(|i| format!("src_port = \"{i}-{}\"\ndst_port = \"1-99999\"", i + 9)),
        0
    );
    assert_eq!(asked(|i| format!("uid = 5\nsize = \">{}\"", 1_000 + i)), 0);
    assert_eq!(asked(|i| format!("gid = \"{i}-{}\"", i + 100)), 0);
}

#[test]
fn rules_with_the_same_values_and_ranges_are() {
    assert_eq!(
        asked(|i| format!("uid = 5\nsize = \"100-{}\"", 1_000 + i)),
        RULES_MAX
    );
    assert_eq!(asked(|_| "time = \"10:00-11:00\"".into()), RULES_MAX);
}
