//! The members of a session, as people call them.

use libetp::client::aliases::Aliases;
use libetp::digest::Hash;
use libetp::params::pals::Descriptor;
use pals::MemberCode;
use serde_json::Value;

/// Members in order.
pub(super) struct Roster {
    pub(super) me: usize,
    names: Vec<String>,
    codes: Vec<MemberCode>,
}

impl Roster {
    /// As the member with that key sees them.
    pub(super) fn new(descriptor: &Descriptor, key: &Hash) -> Self {
        let members = &descriptor.members.0;
        let me = members.iter().position(|member| member.key == *key);
        let me = me.unwrap_or(members.len());
        let aliases = Aliases::load_default().ok();
        let name = |(at, member): (usize, &libetp::params::pals::Member)| match at == me {
            true => format!("member {at} (you)"),
            false => match aliases.as_ref().and_then(|all| all.name(member.program)) {
                Some(name) => format!("member {at} ({name})"),
                None => format!("member {at} ({})", member.program),
            },
        };
        Self {
            me,
            names: members.iter().enumerate().map(name).collect(),
            codes: members.iter().map(MemberCode::from).collect(),
        }
    }

    /// With these names, all of the same code.
    #[cfg(test)]
    pub(super) fn of_names(me: usize, names: &[&str]) -> Self {
        let code = format!("{}@02aabbccddeeff0011223344:7", "ab".repeat(32));
        Self {
            me,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            codes: vec![code.parse().expect("a code"); names.len()],
        }
    }

    /// How many there are.
    pub(super) fn n(&self) -> usize {
        self.names.len()
    }

    /// One of them; `None` if there is none.
    pub(super) fn name(&self, at: usize) -> Option<&str> {
        self.names.get(at).map(String::as_str)
    }

    /// Numbers of those whose bit is set.
    pub(super) fn of_bits(&self, bits: u32) -> Vec<usize> {
        let is_set = |at: &usize| bits.checked_shr(*at as u32).unwrap_or(0) & 1 == 1;
        (0..self.n()).filter(is_set).collect()
    }

    /// Numbers of the others whose bit is not set.
    pub(super) fn others_without(&self, bits: u32) -> Vec<usize> {
        let mut without = self.of_bits(!bits);
        without.retain(|at| *at != self.me);
        without
    }

    /// Them by name.
    pub(super) fn names(&self, members: &[usize]) -> String {
        let names: Vec<&str> = members.iter().filter_map(|at| self.name(*at)).collect();
        names.join(", ")
    }

    /// Their codes, for programs.
    pub(super) fn json(&self) -> Value {
        self.codes.iter().map(MemberCode::to_string).collect()
    }

    /// Their codes in lines.
    pub(super) fn lines(&self, indent: &str) -> String {
        let line =
            |(name, code): (&String, &MemberCode)| format!("{indent}{name}\n{indent}  {code}\n");
        self.names.iter().zip(&self.codes).map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_members_and_nobody_misses_oneself() {
        let roster = Roster::of_names(1, &["a", "b", "c"]);
        assert_eq!(roster.of_bits(0b1_0101), [0, 2]);
        assert_eq!(roster.others_without(0b001), [2]);
        assert_eq!(roster.names(&[0, 2, 7]), "a, c");
    }
}
