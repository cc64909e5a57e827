//! The per-host daemon: dispatch table, Guard chain, application socket.

pub mod card;
pub mod config;
pub mod control;
pub mod io;
pub mod ops;
pub mod remote;
pub mod router;
pub mod state;
pub mod table;
