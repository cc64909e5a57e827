//! The per-host daemon: dispatch table, Guard chain, application socket.

pub mod config;
pub mod router;
pub mod state;
pub mod table;
