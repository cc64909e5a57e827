//! The messaging library: capabilities over the application socket.

pub mod control;
