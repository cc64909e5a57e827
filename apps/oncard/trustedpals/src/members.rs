//! Sets of the members of a session.

use core::fmt;
use core::ops::{BitAnd, BitOr};

/// Most members of a session.
pub const MEMBERS_MAX: usize = 32;

/// A set of members, each by its place in the session's list, from 0.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Members(u32);

impl Members {
    /// Nobody.
    pub const NONE: Self = Self(0);

    /// The first `n` members, at most [`MEMBERS_MAX`].
    pub fn first(n: usize) -> Self {
        Self(
            u32::MAX
                .checked_shr(32 - n.min(MEMBERS_MAX) as u32)
                .unwrap_or(0),
        )
    }

    /// The set of these bits, the lowest for member 0.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Its bits, the lowest for member 0.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// How many.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether nobody is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a member is in it. Nobody past [`MEMBERS_MAX`] is.
    pub const fn contains(self, member: usize) -> bool {
        member < MEMBERS_MAX && self.0 >> member & 1 == 1
    }

    /// Adds a member below [`MEMBERS_MAX`].
    pub fn insert(&mut self, member: usize) {
        debug_assert!(member < MEMBERS_MAX, "a session has fewer members");
        self.0 |= 1 << member;
    }

    /// Takes a member out.
    pub fn remove(&mut self, member: usize) {
        self.0 &= !(1u32.checked_shl(member as u32).unwrap_or(0));
    }

    /// Whether all of them are in the other set.
    pub const fn is_subset(self, of: Self) -> bool {
        self.0 & !of.0 == 0
    }

    /// Its members in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..MEMBERS_MAX).filter(move |member| self.contains(*member))
    }
}

impl BitAnd for Members {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Members {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromIterator<usize> for Members {
    fn from_iter<I: IntoIterator<Item = usize>>(members: I) -> Self {
        let mut set = Self::NONE;
        members.into_iter().for_each(|member| set.insert(member));
        set
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_members_up_to_all() {
        assert!(Members::first(0).is_empty());
        assert_eq!(Members::first(3), Members::from_iter([0, 1, 2]));
        assert_eq!(Members::first(MEMBERS_MAX).len(), MEMBERS_MAX);
        assert_eq!(Members::first(MEMBERS_MAX + 1).len(), MEMBERS_MAX);
    }

    #[test]
    fn members_come_and_go_up_to_the_last() {
        let mut set = Members::NONE;
        set.insert(MEMBERS_MAX - 1);
        assert!(set.contains(MEMBERS_MAX - 1) && !set.contains(MEMBERS_MAX));
        assert!(set.is_subset(Members::first(MEMBERS_MAX)) && !set.is_subset(Members::first(1)));
        set.remove(MEMBERS_MAX);
        set.remove(MEMBERS_MAX - 1);
        assert!(set.is_empty());
    }
}
