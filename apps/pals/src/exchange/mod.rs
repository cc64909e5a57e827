//! Fair exchanges, as a host proposes them: what is exchanged, and the session in which it is.

mod proposal;
mod word;

pub use proposal::{ExchangeProposal, SLOTS};
pub use word::{DescriptionWord, DescriptionWordError};
