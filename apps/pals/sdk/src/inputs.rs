//! What the members gave.

use crate::Reader;

/// The inputs of all members, which of them asks, and what the session says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inputs<'a> {
    members: usize,
    me: usize,
    session: [u8; 32],
    parameters: &'a [u8],
    value_bytes: usize,
    /// For each member a byte that says whether there is a value, and the value or zeros.
    entries: &'a [u8],
}

impl<'a> Inputs<'a> {
    /// Reads what a card writes. `None` if no card wrote it.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (members, me) = (reader.u16()?.into(), reader.u16()?.into());
        let session = reader.array()?;
        let len = reader.u16()?.into();
        let parameters = reader.bytes(len)?;
        let value_bytes = usize::try_from(reader.u32()?).ok()?;
        let entries = reader.rest();
        let len = value_bytes.checked_add(1)?.checked_mul(members)?;
        (entries.len() == len && me < members).then_some(Self {
            members,
            me,
            session,
            parameters,
            value_bytes,
            entries,
        })
    }

    /// How many members the session has, those without a value included.
    pub fn members(&self) -> usize {
        self.members
    }

    /// The member who is told what [`Function::run`](crate::Function::run) gives, counted from 0.
    pub fn me(&self) -> usize {
        self.me
    }

    /// Which session it is. Nobody could choose it: a source of chance that is the same for all members, and known to
    /// them before they give their values.
    pub fn session(&self) -> &[u8; 32] {
        &self.session
    }

    /// What the members agreed on when they joined the session. It is public.
    pub fn parameters(&self) -> &'a [u8] {
        self.parameters
    }

    /// How long values are, in bytes: all the same in a session, shorter ones ended with zeros. 0 if nobody gave any.
    pub fn value_bytes(&self) -> usize {
        self.value_bytes
    }

    /// What a member gave. `None` if nothing came of it, or there is no such member.
    pub fn get(&self, member: usize) -> Option<&'a [u8]> {
        let entry = self
            .entries
            .chunks_exact(self.value_bytes + 1)
            .nth(member)?;
        let (is_there, value) = entry.split_first()?;
        (*is_there == 1).then_some(value)
    }

    /// What each member gave, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&'a [u8]>> + Clone + use<'a> {
        let entries = self.entries.chunks_exact(self.value_bytes + 1);
        entries.map(|entry| match entry {
            [1, value @ ..] => Some(value),
            _ => None,
        })
    }
}
