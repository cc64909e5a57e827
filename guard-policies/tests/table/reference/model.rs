//! Rules as plain data, and the plainest way to ask them.

use std::collections::BTreeMap;
use std::fmt;

use guard_policies::{Entry, Opinion, Source};

use crate::support::{ABROAD, BRANCH, ELSEWHERE, HOME, HQ, Letter};

use libetp::Domain;

pub(super) const DOMAINS: [Domain; 3] = [HOME, ABROAD, ELSEWHERE];
pub(super) const HOSTS: [[u8; 32]; 2] = [HQ, BRANCH];
pub(super) const CGROUPS: [&str; 6] = ["/a", "/ab", "/a/b", "/a/b/c", "/a/bc", "/d"];
const ENTRIES: [&str; 4] = ["app", "card", "remote", "host"];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const NUMBERS: [&str; 7] = [
    "src_port", "dst_port", "mtype", "size", "uid", "gid", "group",
];
const REASON: &str = "because";

/// One condition; lists hold numbers of the constants above.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    Entry(Vec<usize>),
    /// Source or destination: domains and ports.
    Id(bool, Vec<(usize, u32)>),
    /// Source or destination: domains, those of this host, those of others.
    Domain(bool, Vec<usize>, bool, bool),
    Number(usize, Vec<(u32, u32)>),
    Cgroup(Vec<usize>),
    Host(Vec<usize>),
    Derived(bool),
    /// Minutes of the day, and days of the week.
    Time(u32, u32, Vec<usize>),
}

/// Over so many in a second, so many at once, by source, by source id or all together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) over: u64,
    pub(super) burst: u64,
    pub(super) per: usize,
}

const PERS: [&str; 3] = ["source", "src", "all"];

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) wishes: Vec<Wish>,
    pub(super) limit: Option<Limit>,
    pub(super) then: usize,
}

const THENS: [&str; 5] = ["pass", "drop", "refuse", "hold", "next"];

/// Leaves out the rules that a table does not take: those that no message can meet, and those
/// behind one that takes all.
pub(super) fn reachable(rules: Vec<Rule>) -> Vec<Rule> {
    let possible = rules.into_iter().filter(Rule::is_possible);
    let mut taken = false;
    possible
        .take_while(|rule| {
            let before = taken;
            taken |= rule.wishes.is_empty() && rule.limit.is_none();
            !before
        })
        .collect()
}

impl Rule {
    fn is_possible(&self) -> bool {
        let comes = |entry: usize| self.wishes.iter().all(|wish| wish.allows(entry));
        (0..4).any(comes)
    }

    fn is_met(&self, letter: &Letter) -> bool {
        self.wishes.iter().all(|wish| wish.is_met(letter))
    }

    fn opinion(&self) -> Opinion {
        match self.then {
            0 => Opinion::Pass,
            1 => Opinion::Drop(REASON.into()),
            2 => Opinion::Refuse(REASON.into()),
            3 => Opinion::Hold(REASON.into()),
            _ => Opinion::Indifferent,
        }
    }
}

/// Asks every rule.
pub(super) struct Naive<'r> {
    rules: &'r [Rule],
    /// By rule and key: thousandths of tokens, and since when.
    buckets: BTreeMap<(usize, String), (u64, u64)>,
}

impl<'r> Naive<'r> {
    pub(super) fn new(rules: &'r [Rule]) -> Self {
        Self {
            rules,
            buckets: BTreeMap::new(),
        }
    }

    pub(super) fn judge(&mut self, letter: &Letter) -> Opinion {
        for (number, rule) in self.rules.iter().enumerate() {
            let met = rule.is_met(letter);
            if met
                && rule
                    .limit
                    .is_none_or(|limit| !self.take(number, limit, letter))
            {
                return rule.opinion();
            }
        }
        Opinion::Indifferent
    }

    fn take(&mut self, number: usize, limit: Limit, letter: &Letter) -> bool {
        let key = match limit.per {
            0 => format!("{:?}", Source::of(letter.entry)),
            1 => format!("{:?}", letter.src),
            _ => String::new(),
        };
        let (full, now) = (limit.burst * 1_000, letter.now.tick_ms);
        let bucket = self.buckets.entry((number, key)).or_insert((full, now));
        let parts = full.min(bucket.0 + (now - bucket.1) * limit.over);
        let taken = parts >= 1_000;
        *bucket = (if taken { parts - 1_000 } else { parts }, now);
        taken
    }
}

fn entry(letter: &Letter) -> usize {
    match letter.entry {
        Entry::App { .. } => 0,
        Entry::Card(_) => 1,
        Entry::Remote(_) => 2,
        Entry::Host => 3,
    }
}

impl Wish {
    /// Whether a message that comes in there can meet it.
    fn allows(&self, entry: usize) -> bool {
        match self {
            Self::Entry(entries) => entries.contains(&entry),
            Self::Number(4.., _) | Self::Cgroup(_) | Self::Derived(_) => entry == 0,
            Self::Host(_) => entry == 2,
            _ => true,
        }
    }

    fn is_met(&self, letter: &Letter) -> bool {
        match self {
            Self::Entry(entries) => entries.contains(&entry(letter)),
            Self::Id(of_src, ids) => {
                let id = if *of_src { letter.src } else { letter.dst };
                ids.iter()
                    .any(|(domain, port)| (DOMAINS[*domain], *port) == (id.domain, id.port.0))
            }
            Self::Domain(of_src, domains, local, foreign) => {
                let domain = if *of_src { letter.src } else { letter.dst }.domain;
                domains.iter().any(|listed| DOMAINS[*listed] == domain)
                    || (*local && domain == HOME)
                    || (*foreign && domain != HOME)
            }
            Self::Number(quantity, ranges) => numbers(*quantity, letter)
                .iter()
                .any(|number| ranges.iter().any(|(a, b)| a <= number && number <= b)),
            Self::Cgroup(paths) => {
                let path = letter.membership.as_ref().map(|all| all.cgroup.as_str());
                path.is_some_and(|path| {
                    let below = |above: &str| path.starts_with(&format!("{above}/"));
                    paths
                        .iter()
                        .any(|i| path == CGROUPS[*i] || below(CGROUPS[*i]))
                })
            }
            Self::Host(hosts) => {
                matches!(letter.entry, Entry::Remote(host) if hosts.iter().any(|i| HOSTS[*i] == host))
            }
            Self::Derived(wanted) => {
                matches!(letter.entry, Entry::App { derived, .. } if derived == *wanted)
            }
            Self::Time(from, to, days) => is_open(*from, *to, days, letter.now.unix_s),
        }
    }
}

fn numbers(quantity: usize, letter: &Letter) -> Vec<u32> {
    let Entry::App { principal, .. } = letter.entry else {
        return match quantity {
            4.. => Vec::new(),
            _ => envelope(quantity, letter),
        };
    };
    match quantity {
        4 => vec![principal.uid],
        5 => vec![principal.gid],
        6 => {
            let others = letter.membership.iter().flat_map(|all| all.groups.clone());
            others.chain([principal.gid]).collect()
        }
        _ => envelope(quantity, letter),
    }
}

fn envelope(quantity: usize, letter: &Letter) -> Vec<u32> {
    vec![match quantity {
        0 => letter.src.port.0,
        1 => letter.dst.port.0,
        2 => letter.mtype.0.into(),
        _ => letter.size as u32,
    }]
}

/// Walks through the window minute by minute, from each of the days on which it begins.
fn is_open(from: u32, to: u32, days: &[usize], unix_s: u64) -> bool {
    // 1970-01-01 was a Thursday.
    let minute_of_week = (unix_s / 60 + 3 * 1_440) % (7 * 1_440);
    let length = if to > from {
        to - from
    } else {
        to + 1_440 - from
    };
    days.iter().any(|day| {
        let start = *day as u64 * 1_440 + u64::from(from);
        (0..u64::from(length)).any(|i| (start + i) % (7 * 1_440) == minute_of_week)
    })
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "[[rule]]")?;
        for wish in &self.wishes {
            writeln!(f, "{wish}")?;
        }
        if let Some(Limit { over, burst, per }) = self.limit {
            let per = PERS[per];
            writeln!(
                f,
                "rate = {{ over = \"{over}/s\", burst = {burst}, per = \"{per}\" }}"
            )?;
        }
        writeln!(f, "then = \"{}\"\nreason = \"{REASON}\"", THENS[self.then])
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |of_src: &bool| if *of_src { "src" } else { "dst" };
        let named = |names: &[&str], all: &[usize]| all.iter().map(|i| names[*i].into()).collect();
        let (field, words): (String, Vec<String>) = match self {
            Self::Entry(all) => ("entry".into(), named(&ENTRIES, all)),
            Self::Id(of_src, ids) => {
                let ids = ids
                    .iter()
                    .map(|(domain, port)| format!("{}:{port}", DOMAINS[*domain]));
                (end(of_src).into(), ids.collect())
            }
            Self::Domain(of_src, all, local, foreign) => {
                let listed = all.iter().map(|i| DOMAINS[*i].to_string());
                let local = local.then(|| "local".into());
                let words = listed.chain(local).chain(foreign.then(|| "foreign".into()));
                (format!("{}_domain", end(of_src)), words.collect())
            }
            Self::Number(quantity, ranges) => {
                let ranges = ranges.iter().map(|(a, b)| match a == b {
                    true => a.to_string(),
                    false => format!("{a}-{b}"),
                });
                (NUMBERS[*quantity].into(), ranges.collect())
            }
            Self::Cgroup(all) => ("cgroup".into(), named(&CGROUPS, all)),
            Self::Host(all) => {
                let hex = |i: &usize| format!("{:02x}", HOSTS[*i][0]).repeat(32);
                ("host".into(), all.iter().map(hex).collect())
            }
            Self::Derived(wanted) => return write!(f, "derived = {wanted}"),
            Self::Time(from, to, days) => {
                let clock = |minutes| format!("{:02}:{:02}", minutes / 60, minutes % 60);
                let (from, to) = (clock(*from), clock(*to));
                let days: Vec<String> = named(&DAYS, days);
                return write!(f, "time = {{ window = \"{from}-{to}\", days = {days:?} }}");
            }
        };
        write!(f, "{field} = {words:?}")
    }
}
