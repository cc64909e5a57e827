//! Unix sockets between processes of one host: where a server listens, and whom a client trusts.

mod listen;
mod trust;

pub use listen::{Claim, SOCKET_PATH_BYTES_MAX, SocketError, check_length};
pub use trust::{ConnectError, Distrust, Trust, peer_uid};
