//! The table against a naive reference: random programs over one to three shards, under a
//! scheduler that decides when shards hear of each other, when the store is done and how many
//! bytes a socket takes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod derivations;
mod disturbed;
mod greedy;
mod guarded;
mod interleavings;
mod moves;
mod reference;
mod slices;
mod storage;
mod watched;
mod world;
