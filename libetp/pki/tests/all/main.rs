//! The verifier and the scheme, as users and attackers meet them.

mod matrix;
mod properties;
mod refusals;
mod schemes;
mod support;
mod vectors;
