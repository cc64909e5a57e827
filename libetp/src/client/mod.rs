//! The messaging library: capabilities over the application socket.
