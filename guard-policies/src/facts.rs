//! What a rule or a policy may know of a message.

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

/// What else the kernel says of that process: as it was when it connected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// Supplementary groups, sorted.
    pub groups: Vec<u32>,
    /// Path in the unified control group hierarchy, such as `/system.slice/shop.service`.
    pub cgroup: String,
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

impl Entry {
    /// `app`, `card`, `remote` or `host`.
    pub fn name(self) -> &'static str {
        match self {
            Self::App { .. } => "app",
            Self::Card(_) => "card",
            Self::Remote(_) => "remote",
            Self::Host => "host",
        }
    }
}

/// What the host knows of itself.
pub trait Locality {
    /// Whether a card of this host has the domain, now or ever.
    fn is_local(&self, domain: Domain) -> bool;
    /// Whether programs of the user may authenticate to the card of this domain.
    fn is_owner(&self, uid: u32, domain: Domain) -> bool;
}

/// When a message enters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds of a clock that never goes back; its zero means nothing.
    pub tick_ms: u64,
    /// Seconds since 1970-01-01 UTC, as the host's clock says.
    pub unix_s: u64,
}

/// A message at its entry.
#[derive(Clone, Copy)]
pub struct Facts<'f> {
    /// Where it came in.
    pub entry: Entry,
    /// What the kernel says of the program, if it came in from one. If it said nothing, that is
    /// not a program without groups: policies that ask for them fail.
    pub membership: Option<&'f Membership>,
    /// Source, destination and type.
    pub header: Header,
    /// Its length on the wire in bytes, header included.
    pub size: usize,
    /// When.
    pub now: Now,
    /// What the host knows of itself.
    pub host: &'f dyn Locality,
    param: &'f [u8],
}

impl<'f> Facts<'f> {
    /// A message with its header and param, and everything else unknown.
    pub fn new(entry: Entry, header: Header, param: &'f [u8], host: &'f dyn Locality) -> Self {
        Self {
            entry,
            membership: None,
            header,
            size: libetp::limits::HEADER_LEN + param.len(),
            now: Now::default(),
            host,
            param,
        }
    }

    /// The param; `None` for a type that the registry calls secret.
    pub fn param(&self) -> Option<&'f [u8]> {
        (!self.header.mtype.is_secret()).then_some(self.param)
    }

    /// The same message with another param.
    #[must_use]
    pub fn with_param<'n>(&self, param: &'n [u8]) -> Facts<'n>
    where
        'f: 'n,
    {
        Facts {
            size: libetp::limits::HEADER_LEN + param.len(),
            param,
            ..*self
        }
    }

    /// Whether it comes from a program of which the kernel did not tell groups and control group.
    pub(crate) fn lacks_membership(&self) -> bool {
        matches!(self.entry, Entry::App { .. }) && self.membership.is_none()
    }

    /// Who answers for the message.
    pub fn source(&self) -> Source {
        Source::of(self.entry)
    }

    /// Everything that a policy may know, to be kept or sent elsewhere. A secret param is left
    /// out; only its length stays.
    pub fn to_record(&self) -> Record {
        let Header { src, dst, .. } = self.header;
        let uid = match self.entry {
            Entry::App { principal, .. } => Some(principal.uid),
            _ => None,
        };
        Record {
            entry: self.entry,
            membership: self.membership.cloned(),
            header: self.header,
            size: self.size,
            now: self.now,
            is_src_local: self.host.is_local(src.domain),
            is_dst_local: self.host.is_local(dst.domain),
            is_owner: uid.is_some_and(|uid| self.host.is_owner(uid, dst.domain)),
            param: self.param().map(<[u8]>::to_vec),
        }
    }
}

/// Who answers for a message: the unit of budgets and strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A local user.
    User(u32),
    /// A local card.
    Card(Domain),
    /// Another host, by its key id.
    Host(Hash),
    /// The daemon itself.
    Daemon,
}

impl Source {
    /// Who answers for what comes in there.
    pub fn of(entry: Entry) -> Self {
        match entry {
            Entry::App { principal, .. } => Self::User(principal.uid),
            Entry::Card(domain) => Self::Card(domain),
            Entry::Remote(host) => Self::Host(host),
            Entry::Host => Self::Daemon,
        }
    }
}

/// [`Facts`] that own themselves. Judging a record gives what judging the message gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// As [`Facts::entry`].
    pub entry: Entry,
    /// As [`Facts::membership`].
    pub membership: Option<Membership>,
    /// As [`Facts::header`].
    pub header: Header,
    /// As [`Facts::size`].
    pub size: usize,
    /// As [`Facts::now`].
    pub now: Now,
    /// Whether the source's domain belongs to this host.
    pub is_src_local: bool,
    /// Whether the destination's domain belongs to this host.
    pub is_dst_local: bool,
    /// Whether the program's user owns the destination's card.
    pub is_owner: bool,
    /// The param; `None` if it is secret or was left out.
    pub param: Option<Vec<u8>>,
}

impl Record {
    /// The facts.
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            entry: self.entry,
            membership: self.membership.as_ref(),
            header: self.header,
            size: self.size,
            now: self.now,
            host: self,
            param: self.param.as_deref().unwrap_or_default(),
        }
    }
}

impl Locality for Record {
    fn is_local(&self, domain: Domain) -> bool {
        let Header { src, dst, .. } = self.header;
        (domain == src.domain && self.is_src_local) || (domain == dst.domain && self.is_dst_local)
    }

    fn is_owner(&self, _uid: u32, _domain: Domain) -> bool {
        self.is_owner
    }
}
