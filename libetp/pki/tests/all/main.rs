//! The verifier and the scheme, as users and attackers meet them.

#![allow(clippy::unwrap_used, reason = "all of this is test code")]

mod matrix;
mod properties;
mod refusals;
mod schemes;
mod support;
mod vectors;
