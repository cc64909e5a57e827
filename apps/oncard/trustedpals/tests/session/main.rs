//! What a session may be.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod limits;
mod support;
