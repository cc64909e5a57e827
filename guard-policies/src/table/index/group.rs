//! Rules that name the same values.

use std::collections::HashMap;

use crate::Facts;
use crate::table::cgroup::lineage;
use crate::table::condition::Condition;
use crate::table::quantity::Quantity;
use crate::table::set::Ranges;

use super::Candidates;
use super::field::Field;
use super::stab::Stab;

/// Rules that name the same values, or none.
#[derive(Debug)]
pub(super) struct Group {
    /// Numbers of rules that every message of the group is asked about.
    plain: Box<[u32]>,
    /// The others, if there are any.
    split: Option<Box<Split>>,
}

/// Rules that are found by what else they want: each by one of its control groups or ranges.
#[derive(Debug, Default)]
struct Split {
    cgroups: HashMap<Box<str>, Vec<u32>>,
    ranges: Vec<(Quantity, Stab)>,
}

/// Groups of so many rules are not split.
const PLAIN_MAX: usize = 8;

impl Group {
    /// Of the rules with these numbers, which ascend. They name the same values in the fields.
    pub(super) fn build(numbers: &[u32], rules: &[&[Condition]], fields: &[Field]) -> Self {
        match numbers.len() {
            0..=PLAIN_MAX => Self {
                plain: numbers.into(),
                split: None,
            },
            _ => Splitter::new(numbers, rules, fields).group(),
        }
    }

    /// Lets the search ask every rule that could be the first that the message meets.
    pub(super) fn search(&self, facts: &Facts<'_>, search: &mut impl Candidates) {
        search.ask(&self.plain);
        if let Some(split) = &self.split {
            split.search(facts, search);
        }
    }
}

impl Split {
    fn search(&self, facts: &Facts<'_>, search: &mut impl Candidates) {
        for (quantity, stab) in &self.ranges {
            quantity.any(facts, |number| {
                stab.holding(number).for_each(|rules| search.ask(rules));
                false
            });
        }
        if let Some(membership) = facts.membership.filter(|_| !self.cgroups.is_empty()) {
            for path in lineage(&membership.cgroup) {
                if let Some(rules) = self.cgroups.get(path) {
                    search.ask(rules);
                }
            }
        }
    }
}

/// Splits a group.
struct Splitter<'r> {
    numbers: &'r [u32],
    rules: &'r [&'r [Condition]],
    /// How crowded the ranges of each quantity are; without those in which all are the same.
    crowds: Vec<(Quantity, Crowd)>,
}

impl<'r> Splitter<'r> {
    fn new(numbers: &'r [u32], rules: &'r [&'r [Condition]], fields: &[Field]) -> Self {
        let is_same = |wanted| fields.iter().any(|field| field.quantity() == Some(wanted));
        let crowd = |quantity| {
            let of_rule = move |number: &u32| ranges(rules[*number as usize], quantity);
            Crowd::of(numbers.iter().filter_map(of_rule))
        };
        let differing = Quantity::ALL
            .into_iter()
            .filter(|quantity| !is_same(*quantity));
        Self {
            numbers,
            rules,
            crowds: differing
                .map(|quantity| (quantity, crowd(quantity)))
                .collect(),
        }
    }

    fn group(&self) -> Group {
        let mut plain = Vec::new();
        let mut split = Split::default();
        let mut by_range: Vec<Vec<(u32, &Ranges)>> = vec![Vec::new(); self.crowds.len()];
        for &number in self.numbers {
            let rule = self.rules[number as usize];
            if let Some(paths) = cgroups(rule) {
                for path in paths {
                    split.cgroups.entry(path.clone()).or_default().push(number);
                }
            } else if let Some((place, ranges)) = self.least_crowded(rule) {
                by_range[place].push((number, ranges));
            } else {
                plain.push(number);
            }
        }
        let by_range = self.crowds.iter().zip(by_range);
        let by_range = by_range.filter(|(_, rules)| !rules.is_empty());
        split.ranges = by_range
            .map(|((quantity, _), rules)| (*quantity, Stab::build(&rules)))
            .collect();
        Group {
            plain: plain.into(),
            split: Some(Box::new(split)),
        }
    }

    /// The quantity in which the fewest rules of the group overlap with this one.
    fn least_crowded(&self, rule: &'r [Condition]) -> Option<(usize, &'r Ranges)> {
        let crowds = self.crowds.iter().enumerate();
        let found = crowds.filter_map(|(place, (quantity, crowd))| {
            let ranges = ranges(rule, *quantity)?;
            Some((crowd.overlaps(ranges), place, ranges))
        });
        let least = found.min_by_key(|(overlaps, ..)| *overlaps);
        least.map(|(_, place, ranges)| (place, ranges))
    }
}

fn ranges(rule: &[Condition], wanted: Quantity) -> Option<&Ranges> {
    rule.iter().find_map(|condition| match condition {
        Condition::Number(quantity, ranges) if *quantity == wanted => Some(ranges),
        _ => None,
    })
}

fn cgroups(rule: &[Condition]) -> Option<&[Box<str>]> {
    rule.iter().find_map(|condition| match condition {
        Condition::Cgroup(paths) => Some(paths.values()),
        _ => None,
    })
}

/// The ends of many ranges, for counting how many a range overlaps with.
struct Crowd {
    firsts: Vec<u32>,
    lasts: Vec<u32>,
}

impl Crowd {
    fn of<'r>(ranges: impl Iterator<Item = &'r Ranges>) -> Self {
        let (mut firsts, mut lasts): (Vec<u32>, Vec<u32>) =
            ranges.flat_map(Ranges::ranges).copied().unzip();
        firsts.sort_unstable();
        lasts.sort_unstable();
        Self { firsts, lasts }
    }

    fn overlaps(&self, ranges: &Ranges) -> usize {
        let begun = |last| self.firsts.partition_point(|first| *first <= last);
        let over = |first| self.lasts.partition_point(|last| *last < first);
        let overlaps = |range: &(u32, u32)| begun(range.1) - over(range.0);
        ranges.ranges().iter().map(overlaps).sum()
    }
}
