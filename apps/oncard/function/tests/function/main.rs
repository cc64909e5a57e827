//! Functions as modules: what they are given, what they may do, and that slices do not show.
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

mod limits;
mod load;
mod modules;
mod slices;
