//! How much the third party keeps.

/// Most exchanges decided: 2^24, about 1.2 GB at 70 bytes each. A new one is not decided then;
/// those decided are answered as ever.
pub const OUTCOMES_MAX: u64 = 1 << 24;
