//! How much the third party keeps.

/// Most exchanges decided: 2^24, about 1.2 GB at 70 bytes each. A new one is not decided then;
/// those decided are answered as ever.
pub const OUTCOMES_MAX: u64 = 1 << 24;
/// Most exchanges decided because one card asked: 2^16, so that a broken card, which can ask about as
/// many as it likes, uses up a 256th of [`OUTCOMES_MAX`].
pub const OUTCOMES_OF_CARD_MAX: u64 = 1 << 16;
