//! The chain through its public interface: what follows from what policies say.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[cfg(feature = "experiment")]
mod adversary;
mod failing;
mod greedy;
mod holding;
mod reference;
mod support;
mod verdicts;
