//! Fields by whose values rules are looked up.

use libetp::digest::Hash as HostKey;
use libetp::{Domain, EntityId};

use crate::table::condition::Condition;
use crate::table::quantity::Quantity;
use crate::table::set::{Range, Ranges};
use crate::{Entry, Facts};

/// A field in which a rule can name values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Src,
    SrcDomain,
    Dst,
    DstDomain,
    Host,
    Uid,
    Gid,
    Mtype,
}

/// A value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Entity(EntityId),
    Domain(Domain),
    Host(HostKey),
    Number(u32),
}

impl Field {
    /// What a message has there.
    pub(super) fn part(self, facts: &Facts<'_>) -> Option<Part> {
        let header = &facts.header;
        Some(match (self, facts.entry) {
            (Self::Src, _) => Part::Entity(header.src),
            (Self::SrcDomain, _) => Part::Domain(header.src.domain),
            (Self::Dst, _) => Part::Entity(header.dst),
            (Self::DstDomain, _) => Part::Domain(header.dst.domain),
            (Self::Mtype, _) => Part::Number(header.mtype.0.into()),
            (Self::Host, Entry::Remote(host)) => Part::Host(host),
            (Self::Uid, Entry::App { principal, .. }) => Part::Number(principal.uid),
            (Self::Gid, Entry::App { principal, .. }) => Part::Number(principal.gid),
            (Self::Host | Self::Uid | Self::Gid, _) => return None,
        })
    }

    /// The fields in which a rule names values, with the values. A field that another implies
    /// is left out, which keeps shapes few.
    pub(super) fn named(rule: &[Condition]) -> Vec<(Self, Vec<Part>)> {
        let mut named: Vec<_> = rule.iter().filter_map(Self::of).collect();
        for (implied, by) in [
            (Self::SrcDomain, Self::Src),
            (Self::DstDomain, Self::Dst),
            (Self::Gid, Self::Uid),
        ] {
            if named.iter().any(|(field, _)| *field == by) {
                named.retain(|(field, _)| *field != implied);
            }
        }
        named
    }

    fn of(condition: &Condition) -> Option<(Self, Vec<Part>)> {
        let entities = |ids: &[EntityId]| ids.iter().copied().map(Part::Entity).collect();
        let domains = |all: &[Domain]| all.iter().copied().map(Part::Domain).collect();
        Some(match condition {
            Condition::Src(ids) => (Self::Src, entities(ids.values())),
            Condition::Dst(ids) => (Self::Dst, entities(ids.values())),
            Condition::SrcDomain(all) => (Self::SrcDomain, domains(all.exact()?)),
            Condition::DstDomain(all) => (Self::DstDomain, domains(all.exact()?)),
            Condition::Host(hosts) => {
                let hosts = hosts.values().iter().copied();
                (Self::Host, hosts.map(Part::Host).collect())
            }
            Condition::Number(quantity, ranges) => {
                (Self::of_quantity(*quantity)?, numbers(ranges)?)
            }
            _ => return None,
        })
    }

    fn of_quantity(wanted: Quantity) -> Option<Self> {
        let fields = [Self::Uid, Self::Gid, Self::Mtype];
        fields
            .into_iter()
            .find(|field| field.quantity() == Some(wanted))
    }

    /// The number that it is, if it is one.
    pub(super) fn quantity(self) -> Option<Quantity> {
        match self {
            Self::Uid => Some(Quantity::Uid),
            Self::Gid => Some(Quantity::Gid),
            Self::Mtype => Some(Quantity::Mtype),
            _ => None,
        }
    }
}

/// The numbers, if they are few.
fn numbers(ranges: &Ranges) -> Option<Vec<Part>> {
    let size = |range: &Range| u64::from(range.1 - range.0) + 1;
    let count: u64 = ranges.ranges().iter().map(size).sum();
    let all = ranges.ranges().iter().flat_map(|range| range.0..=range.1);
    (count <= NUMBERS_MAX).then(|| all.map(Part::Number).collect())
}

/// Ranges of so many numbers altogether are looked up as single ones.
const NUMBERS_MAX: u64 = 64;
