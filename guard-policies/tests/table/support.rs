//! Rules from text, and messages to ask them about.

use guard_policies::file::{Names, Problem};
use guard_policies::table::{RuleText, Table};
use guard_policies::{Entry, Facts, Locality, Membership, Now, Opinion, Policy, Principal, Text};
use libetp::digest::Hash;
use libetp::{Domain, EntityId, Header, Mtype, Port};
use serde::Deserialize;

pub(crate) const HOME: Domain = Domain([0xA1; 12]);
pub(crate) const ABROAD: Domain = Domain([0xB2; 12]);
pub(crate) const ELSEWHERE: Domain = Domain([0xC3; 12]);
pub(crate) const HQ: Hash = [0x44; 32];
pub(crate) const BRANCH: Hash = [0x55; 32];

/// The host at home.
pub(crate) struct Home;

impl Locality for Home {
    fn is_local(&self, domain: Domain) -> bool {
        domain == HOME
    }

    fn is_owner(&self, _uid: u32, _domain: Domain) -> bool {
        false
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    rule: Vec<RuleText>,
}

/// What cannot be read at all is a problem without advice.
pub(crate) fn compile(text: &str) -> Result<Table, Problem> {
    let file: File = toml::from_str(text)
        .map_err(|error| Problem::new(error.span().unwrap_or_default(), error.message()))?;
    let mut names = Names::default();
    for (name, meaning) in [
        ("home", format!("{HOME}")),
        ("shop", format!("{HOME}:7")),
        ("bank", format!("{ABROAD}:9")),
        ("abroad", format!("{ABROAD}")),
        ("hq", "44".repeat(32)),
    ] {
        names.insert(name, &meaning).unwrap();
    }
    Table::compile(&file.rule, &names)
}

/// One rule that refuses.
pub(crate) fn rule(conditions: &str) -> Table {
    let text = format!("[[rule]]\n{conditions}\nthen = \"refuse\"\n");
    compile(&text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"))
}

pub(crate) fn app(uid: u32) -> Entry {
    let principal = Principal {
        uid,
        gid: uid,
        pid: 1,
    };
    Entry::App {
        principal,
        derived: false,
    }
}

/// A message that can be changed before it is asked about.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) entry: Entry,
    pub(crate) membership: Option<Membership>,
    pub(crate) src: EntityId,
    pub(crate) dst: EntityId,
    pub(crate) mtype: Mtype,
    pub(crate) size: usize,
    pub(crate) now: Now,
}

impl Default for Letter {
    /// From the shop's program, user 1000, to the bank.
    fn default() -> Self {
        Self {
            entry: app(1000),
            membership: Some(Membership {
                groups: vec![27, 100],
                cgroup: "/system.slice/shop.service".into(),
            }),
            src: HOME.entity(Port(7)),
            dst: ABROAD.entity(Port(9)),
            mtype: Mtype::OFFER,
            size: 100,
            now: Now::default(),
        }
    }
}

impl Letter {
    pub(crate) fn from(entry: Entry) -> Self {
        let is_app = matches!(entry, Entry::App { .. });
        let letter = Self::default();
        Self {
            entry,
            membership: letter.membership.filter(|_| is_app),
            ..Self::default()
        }
    }

    pub(crate) fn judged(&self, table: &Table) -> Opinion {
        let header = Header {
            src: self.src,
            dst: self.dst,
            mtype: self.mtype,
        };
        let mut facts = Facts::new(self.entry, header, &[], &Home);
        facts.membership = self.membership.as_ref();
        facts.size = self.size;
        facts.now = self.now;
        table.judge(&facts).opinion.unwrap()
    }

    /// Whether a table of one rule refuses it.
    pub(crate) fn meets(&self, table: &Table) -> bool {
        self.judged(table) != Opinion::Indifferent
    }
}

pub(crate) fn refuse(reason: &'static str) -> Opinion {
    Opinion::Refuse(Text::Borrowed(reason))
}
