//! Where daemons listen.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::program::Failure;

/// Ports that the system gives nobody who does not ask for one: a daemon that was killed finds its own again.
const PORTS: std::ops::Range<u32> = 10_000..32_768;
/// How far apart test processes begin to look.
const STRIDE: u32 = 61;

/// How many ports this process has looked at.
static LOOKED_AT: AtomicU32 = AtomicU32::new(0);

/// A loopback address that nobody uses now, and that nobody else of this process is given.
pub(super) fn free_address() -> Result<SocketAddr, Failure> {
    let first = std::process::id().wrapping_mul(STRIDE);
    let count = PORTS.end - PORTS.start;
    for _ in 0..count {
        let offset = first.wrapping_add(LOOKED_AT.fetch_add(1, Ordering::Relaxed)) % count;
        let port = u16::try_from(PORTS.start + offset).unwrap_or_default();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if UdpSocket::bind(address).is_ok() {
            return Ok(address);
        }
    }
    Err(Failure::new("every port of the loopback is in use"))
}
