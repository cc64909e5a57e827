//! Conditions, from text to what is asked of messages.

use libetp::{Domain, Mtype};

use crate::Facts;
use crate::file::{Names, Problem, Wrong};

use super::condition::{Condition, Domains, Entries};
use super::quantity::Quantity;
use super::rate::{Per, Rate};
use super::read;
use super::set::{Ranges, Set};
use super::text::ConditionsText;
use super::window;
use super::word::List;

/// Conditions that more message types can meet name no types.
const MTYPES_LISTED_MAX: usize = 64;

/// What a message must be. All conditions must be met; none are met by every message.
///
/// The rate is asked last: a message that does not meet the rest is not counted.
#[derive(Debug)]
pub struct Conditions {
    all: Box<[Condition]>,
    rate: Option<Rate>,
}

impl Conditions {
    /// Reads what an administrator wrote.
    ///
    /// # Errors
    ///
    /// What cannot be read, has no meaning, or could never be met.
    pub fn compile(text: &ConditionsText, names: &Names) -> Result<Self, Problem> {
        let rate = text.rate.as_ref().map(Rate::compile).transpose()?;
        let conditions = Self {
            all: Compiler { text, names }.all()?.into(),
            rate,
        };
        conditions.check(text)
    }

    /// Whether a message meets them. If it meets all but the rate, it is counted.
    pub fn matches(&self, facts: &Facts<'_>) -> bool {
        self.is_met(facts)
            && self
                .rate
                .as_ref()
                .is_none_or(|rate| rate.is_exceeded(facts))
    }

    /// Whether a message meets all but the rate.
    pub(super) fn is_met(&self, facts: &Facts<'_>) -> bool {
        self.all.iter().all(|condition| condition.is_met(facts))
    }

    /// Whether they ask for groups or control group of a program.
    pub(crate) fn read_membership(&self) -> bool {
        self.all.iter().any(Condition::reads_membership)
    }

    /// Whether a message meets those that do not ask for groups or control group.
    pub(crate) fn could_be_met(&self, facts: &Facts<'_>) -> bool {
        let mut others = self.all.iter().filter(|it| !it.reads_membership());
        others.all(|condition| condition.is_met(facts))
    }

    /// The message types that can meet them, if they name types and no wide range of them.
    pub fn mtypes(&self) -> Option<Vec<Mtype>> {
        let named = self.all.iter().find_map(|condition| match condition {
            Condition::Number(Quantity::Mtype, ranges) => Some(ranges),
            _ => None,
        })?;
        let numbers = named.ranges().iter().flat_map(|&(from, to)| from..=to);
        let mtypes: Option<Vec<_>> = numbers
            .take(MTYPES_LISTED_MAX + 1)
            .map(|number| u16::try_from(number).ok().map(Mtype))
            .collect();
        mtypes.filter(|mtypes| mtypes.len() <= MTYPES_LISTED_MAX)
    }

    pub(super) fn all(&self) -> &[Condition] {
        &self.all
    }

    pub(super) fn rate(&self) -> Option<&Rate> {
        self.rate.as_ref()
    }

    /// How many values its lists have.
    pub(super) fn values(&self) -> usize {
        self.all.iter().map(Condition::values).sum()
    }

    fn check(self, text: &ConditionsText) -> Result<Self, Problem> {
        let counted = match self.rate.as_ref().map(Rate::per) {
            Some(Per::Host) => Entries::REMOTE,
            Some(Per::Uid) => Entries::APP,
            _ => Entries::ALL,
        };
        let conditions = self.all.iter().map(Condition::entries);
        if conditions.fold(counted, Entries::and) != Entries::NONE {
            return Ok(self);
        }
        let what = "no message can be all of that: uid, gid, group, cgroup, derived are of programs \
                    (entry app), host is of remote hosts (entry remote)";
        let wrong = Wrong::new(what).help("leave one of them out, or make two rules of it");
        Err(wrong.at(text.place()))
    }
}

/// What reads the conditions of one rule.
struct Compiler<'t> {
    text: &'t ConditionsText,
    names: &'t Names,
}

impl Compiler<'_> {
    /// The cheapest to ask and most telling come first.
    fn all(&self) -> Result<Vec<Condition>, Problem> {
        let text = self.text;
        let names = self.names;
        let entity = |word: &str| read::entity(names, word);
        let host = |word: &str| read::host(names, word);
        let entry = |word: &str| read::choice(word, &Entries::NAMES);
        let found = [
            each(&text.entry, entry, |all| {
                Condition::Entry(Entries::new(&all))
            })?,
            self.number(Quantity::Mtype)?,
            each(&text.src, entity, |all| Condition::Src(Set::new(all)))?,
            each(&text.dst, entity, |all| Condition::Dst(Set::new(all)))?,
            each(&text.host, host, |all| Condition::Host(Set::new(all)))?,
            self.number(Quantity::Uid)?,
            self.number(Quantity::Gid)?,
            self.number(Quantity::SrcPort)?,
            self.number(Quantity::DstPort)?,
            self.number(Quantity::Size)?,
            text.derived.map(Condition::Derived),
            self.domains(&text.src_domain)?.map(Condition::SrcDomain),
            self.domains(&text.dst_domain)?.map(Condition::DstDomain),
            self.number(Quantity::Group)?,
            each(&text.cgroup, read::cgroup, |all| {
                Condition::Cgroup(Set::new(all))
            })?,
            text.time
                .as_ref()
                .map(window::compile)
                .transpose()?
                .map(Condition::Time),
        ];
        Ok(found.into_iter().flatten().collect())
    }

    fn number(&self, quantity: Quantity) -> Result<Option<Condition>, Problem> {
        let list = match quantity {
            Quantity::SrcPort => &self.text.src_port,
            Quantity::DstPort => &self.text.dst_port,
            Quantity::Mtype => &self.text.mtype,
            Quantity::Size => &self.text.size,
            Quantity::Uid => &self.text.uid,
            Quantity::Gid => &self.text.gid,
            Quantity::Group => &self.text.group,
        };
        let ranges = |word: &str| read::ranges(quantity, word);
        each(list, ranges, |all| {
            Condition::Number(quantity, Ranges::new(all.concat()))
        })
    }

    fn domains(&self, list: &Option<List>) -> Result<Option<Domains>, Problem> {
        let place = |word: &str| match word {
            "local" => Ok(Place::Local),
            "foreign" => Ok(Place::Foreign),
            _ => read::domain(self.names, word).map(Place::Domain),
        };
        each(list, place, |places| Domains {
            local: places.contains(&Place::Local),
            foreign: places.contains(&Place::Foreign),
            listed: Set::new(places.iter().filter_map(Place::domain).collect()),
        })
    }
}

#[derive(PartialEq)]
enum Place {
    Domain(Domain),
    Local,
    Foreign,
}

impl Place {
    fn domain(&self) -> Option<Domain> {
        match self {
            Self::Domain(domain) => Some(*domain),
            _ => None,
        }
    }
}

fn each<T, R>(
    list: &Option<List>,
    read: impl Fn(&str) -> Result<T, Wrong>,
    condition: impl Fn(Vec<T>) -> R,
) -> Result<Option<R>, Problem> {
    let values = list.as_ref().map(|list| read::each(list, read));
    Ok(values.transpose()?.map(condition))
}
