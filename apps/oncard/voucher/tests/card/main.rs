//! The voucher program on real cards, through their commands: as owners use it, and as attackers
//! with a certified key and a network of their own do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accept;
mod agreement;
mod bench;
mod commit;
mod dispute;
mod issue;
mod limits;
mod list;
mod power;
mod privilege;
mod redeem;
mod result;
mod start;
mod third_party;
mod third_party_room;
