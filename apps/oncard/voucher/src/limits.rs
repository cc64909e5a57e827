//! How much a card keeps. Each limit has a test at it and one past it.

/// Most open offers. Each may be answered by one agreement; several may offer the same voucher.
pub const OFFERS_MAX: usize = 16;
/// Most open issue challenges.
pub const CHALLENGES_MAX: usize = 16;
/// Most offers, running exchanges and unacknowledged results together. An order that would need
/// one more is refused, so that every running exchange has room for its result.
pub const EXCHANGES_MAX: usize = 64;
/// Most finished exchanges for which the card still repeats m4; the oldest makes room.
pub const COMMITTED_MAX: usize = 64;
/// Most redeemed vouchers whose receipt is still to come.
pub const REDEMPTIONS_MAX: usize = 64;
/// Most vouchers, held or given in a running exchange.
pub const VOUCHERS_MAX: u64 = 1024;
/// Largest page of `list-vouchers` in bytes: what a message carries, less 16 for its frame of CBOR.
pub const PAGE_BYTES_MAX: usize = libetp::limits::PARAM_BYTES_MAX - 16;
