//! Finds the rules that a message could meet.
//!
//! Every rule has a *shape*: the fields in which it names single values, such as source and type.
//! For each shape there is one map from a hash of these values to the rules that name them; a
//! message is looked up once in each. The number of shapes is bounded by the fields, not by the
//! rules (source by id, domain or not at all; destination likewise; host, user, group or none;
//! type or not: at most 72). Rules that name the same values, or none, are told apart by their
//! ranges, see [`Group`].
//!
//! Maps are hashed, since what is looked up costs the same in large and small ones, and never
//! iterated. Who sends a value that has the hash of another's meets that one's candidates, and
//! none of their conditions.

mod field;
mod group;
mod stab;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

use crate::Facts;

use super::condition::Condition;

use field::{Field, Part};
use group::Group;

/// What asks the rules that the index finds.
pub(super) trait Candidates {
    /// Whether no rule from this one on can decide any more.
    fn is_past(&self, number: u32) -> bool;
    /// Asks rules; their numbers ascend.
    fn ask(&mut self, numbers: &[u32]);
}

/// The shapes of a table's rules.
#[derive(Debug)]
pub(super) struct Index {
    shapes: Box<[Shape]>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Shape {
    fields: Box<[Field]>,
    /// The first rule that has it.
    first: u32,
    groups: HashMap<u64, Group, BuildHasherDefault<Hashed>>,
}

/// Keys of a rule with lists, one for each combination of their values. A list that would make
/// more of them is not looked up but asked.
const KEYS_PER_RULE_MAX: usize = 16;

impl Index {
    /// Of rules, in their order.
    pub(super) fn build<'r>(rules: impl Iterator<Item = &'r [Condition]>) -> Self {
        let rules: Vec<&[Condition]> = rules.collect();
        let hasher = RandomState::new();
        let mut shapes: Vec<Collected> = Vec::new();
        for (number, rule) in rules.iter().enumerate() {
            let (fields, keys) = shape(rule, &hasher);
            let place = shapes.iter().position(|shape| shape.fields == fields);
            let place = place.unwrap_or_else(|| {
                shapes.push(Collected::new(fields));
                shapes.len() - 1
            });
            shapes[place].add(&keys, number as u32);
        }
        let shapes = shapes.into_iter().map(|shape| shape.finish(&rules));
        Self {
            shapes: shapes.collect(),
            hasher,
        }
    }

    /// Lets the search ask every rule that could be the first that the message meets.
    pub(super) fn search(&self, facts: &Facts<'_>, search: &mut impl Candidates) {
        for shape in &self.shapes {
            if search.is_past(shape.first) {
                return;
            }
            let key = shape.key(facts, &self.hasher);
            if let Some(group) = key.and_then(|key| shape.groups.get(&key)) {
                group.search(facts, search);
            }
        }
    }
}

impl Shape {
    /// What a message is looked up by; `None` if it lacks one of the fields.
    fn key(&self, facts: &Facts<'_>, hasher: &RandomState) -> Option<u64> {
        let mut hash = hasher.build_hasher();
        for field in &self.fields {
            field.part(facts)?.hash(&mut hash);
        }
        Some(hash.finish())
    }
}

/// The fields in which a rule names values, and the hash of every combination of them.
fn shape(rule: &[Condition], hasher: &RandomState) -> (Vec<Field>, Vec<u64>) {
    let mut named = Field::named(rule);
    let longest = named.iter().map(|(_, parts)| parts.len()).max();
    let keys_max = longest.unwrap_or(0).max(KEYS_PER_RULE_MAX);
    named.sort_by_key(|(_, parts)| std::cmp::Reverse(parts.len()));
    let mut keys = 1;
    named.retain(|(_, parts)| {
        let fits = keys * parts.len() <= keys_max;
        keys *= if fits { parts.len() } else { 1 };
        fits
    });
    named.sort_by_key(|(field, _)| *field);
    let keys = combinations(&named).into_iter();
    let keys = keys.map(|parts| hash_of(&parts, hasher)).collect();
    (named.into_iter().map(|(field, _)| field).collect(), keys)
}

fn combinations(named: &[(Field, Vec<Part>)]) -> Vec<Vec<Part>> {
    named.iter().fold(vec![Vec::new()], |starts, (_, parts)| {
        let longer = |start: &Vec<Part>| {
            let start = start.clone();
            parts
                .iter()
                .map(move |part| [start.as_slice(), &[*part]].concat())
                .collect::<Vec<_>>()
        };
        starts.iter().flat_map(longer).collect()
    })
}

fn hash_of(parts: &[Part], hasher: &RandomState) -> u64 {
    let mut hash = hasher.build_hasher();
    for part in parts {
        part.hash(&mut hash);
    }
    hash.finish()
}

/// A shape while rules come in.
struct Collected {
    fields: Vec<Field>,
    first: u32,
    groups: HashMap<u64, Vec<u32>>,
}

impl Collected {
    fn new(fields: Vec<Field>) -> Self {
        Self {
            fields,
            first: u32::MAX,
            groups: HashMap::new(),
        }
    }

    fn add(&mut self, keys: &[u64], number: u32) {
        self.first = self.first.min(number);
        for &key in keys {
            self.groups.entry(key).or_default().push(number);
        }
    }

    fn finish(self, rules: &[&[Condition]]) -> Shape {
        let groups = self.groups.into_iter();
        let groups =
            groups.map(|(key, numbers)| (key, Group::build(&numbers, rules, &self.fields)));
        let groups = groups.collect();
        Shape {
            fields: self.fields.into(),
            first: self.first,
            groups,
        }
    }
}

/// Hashes keys that are hashes.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
