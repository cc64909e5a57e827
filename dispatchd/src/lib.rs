//! The per-host daemon: dispatch table, Guard chain, application socket.

pub mod card;
pub mod config;
pub mod io;
pub mod ops;
pub mod router;
pub mod state;
pub mod table;
