//! What a rule may know of a message.

use libetp::digest::Hash;
use libetp::{Domain, Header};

/// Kernel credentials of the process that acquired a capability. A derived capability has those
/// of the capability at the start of its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Process, as the daemon sees it.
    pub pid: i32,
}

/// Where a message enters the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// From a local program; its source was stamped by the daemon.
    App {
        /// Whose capability it is.
        principal: Principal,
        /// Whether the capability is a derived one.
        derived: bool,
    },
    /// From the card of this domain.
    Card(Domain),
    /// From the host with this key id, the end of the innermost session.
    Remote(Hash),
    /// From the daemon itself.
    Host,
}

/// What the host knows of itself.
pub trait Locality {
    /// Whether a card of this host has the domain, now or ever.
    fn is_local(&self, domain: Domain) -> bool;
    /// Whether programs of the user may authenticate to the card of this domain.
    fn is_owner(&self, uid: u32, domain: Domain) -> bool;
}

/// A message at its entry.
#[derive(Clone, Copy)]
pub struct Facts<'f> {
    /// Where it came in.
    pub entry: Entry,
    /// Source, destination and type.
    pub header: Header,
    /// Its length on the wire in bytes, header included.
    pub size: usize,
    /// What the host knows of itself.
    pub host: &'f dyn Locality,
}
