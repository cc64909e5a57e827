//! Uniform interactive consistency against an adversary that omits what it likes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod exhaustive;
mod laws;
mod mutants;
mod network;
mod pinned;
mod random;
mod rules;
