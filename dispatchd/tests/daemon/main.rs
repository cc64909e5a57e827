//! The real binary: hosts in directories, daemons in processes, programs that speak raw frames.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up fails")]

mod authentication;
mod away;
mod command_line;
mod host;
mod links;
mod moving;
mod program;
mod reader;
mod recovery;
mod returning;
mod running;
mod transcript;
