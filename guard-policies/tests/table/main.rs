//! Table rules, as an administrator writes them and a message meets them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod conditions;
mod limits;
mod problems;
mod rates;
mod reference;
mod support;
