//! Family 03: secure multiparty computation among cards (TrustedPals, Fort et al. 2006).
//!
//! `docs/protocol/pals.md` describes what cards and hosts do with these.

mod exchange;
mod library;
mod rounds;
mod setup;

pub use exchange::*;
pub use library::*;
pub use rounds::*;
pub use setup::*;
