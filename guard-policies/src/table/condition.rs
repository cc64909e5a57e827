//! One condition.

use libetp::digest::Hash;
use libetp::{Domain, EntityId};

use crate::{Entry, Facts, Locality};

use super::cgroup::is_within;
use super::quantity::Quantity;
use super::set::{Ranges, Set};
use super::window::Window;

/// What a message must be, in one respect.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Entry(Entries),
    Src(Set<EntityId>),
    Dst(Set<EntityId>),
    SrcDomain(Domains),
    DstDomain(Domains),
    Number(Quantity, Ranges),
    Cgroup(Set<Box<str>>),
    Host(Set<Hash>),
    Derived(bool),
    Time(Box<[Window]>),
}

impl Condition {
    pub(super) fn is_met(&self, facts: &Facts<'_>) -> bool {
        let header = &facts.header;
        match self {
            Self::Entry(entries) => entries.contains(facts.entry),
            Self::Src(ids) => ids.contains(&header.src),
            Self::Dst(ids) => ids.contains(&header.dst),
            Self::SrcDomain(domains) => domains.contains(header.src.domain, facts.host),
            Self::DstDomain(domains) => domains.contains(header.dst.domain, facts.host),
            Self::Number(quantity, ranges) => quantity.any(facts, |number| ranges.contains(number)),
            Self::Cgroup(paths) => is_in_one(facts, paths.values()),
            Self::Host(hosts) => {
                matches!(facts.entry, Entry::Remote(host) if hosts.contains(&host))
            }
            Self::Derived(wanted) => {
                matches!(facts.entry, Entry::App { derived, .. } if derived == *wanted)
            }
            Self::Time(windows) => windows.iter().any(|window| window.contains(facts.now)),
        }
    }

    /// Where messages come in that can meet it.
    pub(super) fn entries(&self) -> Entries {
        match self {
            Self::Entry(entries) => *entries,
            Self::Number(quantity, _) if quantity.is_of_programs() => Entries::APP,
            Self::Cgroup(_) | Self::Derived(_) => Entries::APP,
            Self::Host(_) => Entries::REMOTE,
            _ => Entries::ALL,
        }
    }

    /// Whether it asks for groups or control group of a program.
    pub(super) fn reads_membership(&self) -> bool {
        matches!(self, Self::Number(Quantity::Group, _) | Self::Cgroup(_))
    }

    /// How many values it has.
    pub(super) fn values(&self) -> usize {
        match self {
            Self::Src(ids) | Self::Dst(ids) => ids.values().len(),
            Self::SrcDomain(domains) | Self::DstDomain(domains) => domains.listed.values().len(),
            Self::Number(_, ranges) => ranges.ranges().len(),
            Self::Cgroup(paths) => paths.values().len(),
            Self::Host(hosts) => hosts.values().len(),
            Self::Time(windows) => windows.len(),
            Self::Entry(_) | Self::Derived(_) => 1,
        }
    }
}

fn is_in_one(facts: &Facts<'_>, paths: &[Box<str>]) -> bool {
    let cgroup = facts.membership.map(|membership| &membership.cgroup);
    cgroup.is_some_and(|cgroup| paths.iter().any(|path| is_within(cgroup, path)))
}

/// Places where messages come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entries(u8);

impl Entries {
    pub(super) const ALL: Self = Self(0b1111);
    pub(super) const NONE: Self = Self(0);
    pub(super) const APP: Self = Self(1);
    pub(super) const REMOTE: Self = Self(1 << 2);
    /// In the order of their bits.
    pub(super) const NAMES: [&str; 4] = ["app", "card", "remote", "host"];

    /// Those with these numbers in [`Self::NAMES`].
    pub(super) fn new(numbers: &[usize]) -> Self {
        Self(numbers.iter().fold(0, |bits, number| bits | 1 << number))
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn contains(self, entry: Entry) -> bool {
        let number = match entry {
            Entry::App { .. } => 0,
            Entry::Card(_) => 1,
            Entry::Remote(_) => 2,
            Entry::Host => 3,
        };
        self.0 & 1 << number != 0
    }
}

/// Domains: those listed, those of this host, those of other hosts.
#[derive(Clone, Debug)]
pub(super) struct Domains {
    pub(super) listed: Set<Domain>,
    pub(super) local: bool,
    pub(super) foreign: bool,
}

impl Domains {
    fn contains(&self, domain: Domain, host: &dyn Locality) -> bool {
        let by_place = || match host.is_local(domain) {
            true => self.local,
            false => self.foreign,
        };
        self.listed.contains(&domain) || ((self.local || self.foreign) && by_place())
    }

    /// The domains, if no other is in it.
    pub(super) fn exact(&self) -> Option<&[Domain]> {
        (!self.local && !self.foreign).then_some(self.listed.values())
    }
}
