//! A message, as a plugin is told of it.

use core::fmt;

use crate::cbor::Reader;

/// A message at its entry into the dispatch table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'m> {
    /// Where it came in.
    pub entry: Entry,
    /// Who sent it.
    pub src: Id,
    /// For whom it is.
    pub dst: Id,
    /// What it is, a number of `docs/protocol/mtypes.md`.
    pub mtype: u16,
    /// What the kernel says of the program that sent it; only with [`Entry::App`].
    pub credentials: Option<Credentials<'m>>,
    /// Key id of the host that it came from; only with [`Entry::Remote`].
    pub host: Option<&'m [u8; 32]>,
    /// Its parameters; `None` for a type whose params nobody may see.
    pub param: Option<&'m [u8]>,
}

/// Where a message came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// From a local program.
    App,
    /// From a local card.
    Card,
    /// From another host.
    Remote,
    /// From the daemon itself.
    Host,
}

/// An entity id: 12 bytes of domain, 4 of port.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Id(pub [u8; 16]);

/// What the kernel says of a program, as it was when the program connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials<'m> {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Whether it sends with a capability that was derived from another.
    pub derived: bool,
    /// Supplementary groups, in rising order; `None` if they are not known.
    pub groups: Option<Groups<'m>>,
    /// Path of its control group; `None` if it is not known.
    pub cgroup: Option<&'m str>,
}

/// Group numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Groups<'m> {
    len: u64,
    rest: Reader<'m>,
}

impl Groups<'_> {
    /// Whether a group is among them.
    pub fn contains(&self, gid: u32) -> bool {
        self.iter().any(|group| group == gid)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        let mut rest = self.rest;
        (0..self.len).map_while(move |_| narrow(rest.unsigned()?))
    }
}

impl Id {
    /// The domain: where somebody is.
    pub fn domain(&self) -> [u8; 12] {
        let mut domain = [0; 12];
        domain.copy_from_slice(&self.0[..12]);
        domain
    }

    /// The port: 0 is the card of the domain.
    pub fn port(&self) -> u32 {
        let mut port = [0; 4];
        port.copy_from_slice(&self.0[12..]);
        u32::from_be_bytes(port)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.domain()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, ":{}", self.port())
    }
}

impl<'m> Message<'m> {
    /// A message of a program of which nothing is known; for tests, which change what they need.
    pub fn new(src: Id, dst: Id, mtype: u16, param: &'m [u8]) -> Self {
        Self {
            entry: Entry::App,
            src,
            dst,
            mtype,
            credentials: None,
            host: None,
            param: Some(param),
        }
    }

    /// Reads an input; gives also the tick in milliseconds.
    pub(crate) fn read(input: &'m [u8]) -> Option<(Self, u64)> {
        let mut from = Reader(input);
        if (from.array()?, from.unsigned()?) != (9, 1) {
            return None;
        }
        let mut message = Self {
            entry: entry(from.unsigned()?)?,
            src: Id(from.bytes()?.try_into().ok()?),
            dst: Id(from.bytes()?.try_into().ok()?),
            mtype: u16::try_from(from.unsigned()?).ok()?,
            credentials: from.option(credentials)?,
            host: from.option(|from| from.bytes()?.try_into().ok())?,
            param: None,
        };
        let tick_ms = from.unsigned()?;
        message.param = from.option(Reader::bytes)?;
        from.0.is_empty().then_some((message, tick_ms))
    }
}

fn entry(number: u64) -> Option<Entry> {
    Some(match number {
        0 => Entry::App,
        1 => Entry::Card,
        2 => Entry::Remote,
        3 => Entry::Host,
        _ => return None,
    })
}

fn credentials<'m>(from: &mut Reader<'m>) -> Option<Credentials<'m>> {
    (from.array()? == 5).then_some(())?;
    Some(Credentials {
        uid: narrow(from.unsigned()?)?,
        gid: narrow(from.unsigned()?)?,
        derived: from.boolean()?,
        groups: from.option(groups)?,
        cgroup: from.option(Reader::text)?,
    })
}

fn groups<'m>(from: &mut Reader<'m>) -> Option<Groups<'m>> {
    let mut whole = Reader(from.skip()?);
    let len = whole.array()?;
    Some(Groups { len, rest: whole })
}

fn narrow(number: u64) -> Option<u32> {
    u32::try_from(number).ok()
}
