//! Numbers that a message has.

use libetp::limits::MESSAGE_BYTES_MAX;

use crate::{Entry, Facts};

/// A number that a message has, or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Quantity {
    SrcPort,
    DstPort,
    Mtype,
    Size,
    Uid,
    Gid,
    /// The primary group and all others.
    Group,
}

impl Quantity {
    pub(super) const ALL: [Self; 7] = [
        Self::SrcPort,
        Self::DstPort,
        Self::Mtype,
        Self::Size,
        Self::Uid,
        Self::Gid,
        Self::Group,
    ];

    /// The largest number that it can be.
    pub(super) fn max(self) -> u32 {
        match self {
            Self::Mtype => u16::MAX.into(),
            Self::Size => MESSAGE_BYTES_MAX as u32,
            _ => u32::MAX,
        }
    }

    /// Whether only programs' messages have it.
    pub(super) fn is_of_programs(self) -> bool {
        matches!(self, Self::Uid | Self::Gid | Self::Group)
    }

    /// Whether one of the message's numbers is as wanted.
    pub(super) fn any(self, facts: &Facts<'_>, mut is_wanted: impl FnMut(u32) -> bool) -> bool {
        let number = match self {
            Self::SrcPort => facts.header.src.port.0,
            Self::DstPort => facts.header.dst.port.0,
            Self::Mtype => facts.header.mtype.0.into(),
            Self::Size => u32::try_from(facts.size).unwrap_or(u32::MAX),
            Self::Uid | Self::Gid | Self::Group => match facts.entry {
                Entry::App { principal, .. } if self == Self::Uid => principal.uid,
                Entry::App { principal, .. } => principal.gid,
                _ => return false,
            },
        };
        let others = match facts.membership {
            Some(membership) if self == Self::Group => membership.groups.as_slice(),
            _ => &[],
        };
        is_wanted(number) || others.iter().any(|&group| is_wanted(group))
    }
}
