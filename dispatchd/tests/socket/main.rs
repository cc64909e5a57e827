//! The application socket, over real sockets, as programs and attackers see it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod abroad;
mod control;
mod derived;
mod durable;
mod flow;
mod greedy;
mod harness;
mod helper;
mod identity;
mod malformed;
mod samples;
mod talk;
mod threads;
mod vectors;
mod watching;
