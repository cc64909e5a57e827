//! What a session may be, and what the functions that are built in compute.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod functions;
mod limits;
mod support;
