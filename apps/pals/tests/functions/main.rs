//! The functions that are shipped: natively, as modules on the engine of cards, and by oracles that know nothing of
//! them. `FUNCTIONS_SEED` sets the first seed of what is random.
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

mod auction;
mod benchmark;
mod engine;
mod grants;
mod hostile;
mod kept;
mod linear;
mod numbers;
mod plan;
mod textbook;
mod vertices;
