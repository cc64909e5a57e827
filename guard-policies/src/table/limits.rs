//! What a table may have at most.

/// Rules of a table.
pub const RULES_MAX: usize = 10_000;
/// Values of one list, such as `dst = [...]`.
pub const LIST_VALUES_MAX: usize = 1_024;
/// Values of all lists of a table together.
pub const TABLE_VALUES_MAX: usize = 100_000;
/// Bytes of a reason: it travels to the sender of every message that meets the rule.
pub const REASON_BYTES_MAX: usize = 200;
/// Rules of a table that have a rate.
pub const RATES_MAX: usize = 64;
/// Token buckets of one rate, apart from the one that all share who find no place.
pub const KEYS_MAX: usize = 4_096;
/// Token buckets of one rate that one source can bring into being, apart from the one that the
/// rest of its messages share.
pub const KEYS_PER_SOURCE_MAX: usize = 256;
/// Tokens of a bucket, and messages in a rate's unit of time.
pub const BURST_MAX: u64 = 1_000_000;
