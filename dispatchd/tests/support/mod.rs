//! A host in a directory, run by the real binary, and a program that speaks raw frames.

// Each test uses what it needs.
#![allow(dead_code)]

mod host;
mod program;

pub use host::{Daemon, Host, Scheme};
pub use program::{Frame, Program};
