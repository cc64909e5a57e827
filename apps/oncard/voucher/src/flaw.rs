//! Writes that a deliberately broken program loses.

use libetp::Mtype;

/// While a message of type `during` is handled, no record of a kind in `kinds` is written or
/// deleted. Only for showing that a checker notices: see feature `flaws`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "flaws"),
    expect(unreachable_pub, reason = "public with `flaws`")
)]
pub struct LostWrite {
    /// The message type.
    pub during: Mtype,
    /// First bytes of keys, as in [`records`](crate::records).
    pub kinds: &'static [u8],
}

impl LostWrite {
    pub(crate) fn covers(&self, during: Mtype, kind: u8) -> bool {
        self.during == during && self.kinds.contains(&kind)
    }
}
