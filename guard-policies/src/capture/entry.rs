//! Where a message came in, as captures have it: an array that starts with the entry's name.

use libetp::codec::{
    CodecError, Decode, Decoder, Encode, Encoder, enter_structure, open_structure,
};

use crate::{Entry, Principal};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EntryItem(pub(super) Entry);

impl Encode for EntryItem {
    fn encode(&self, to: &mut Encoder) {
        match self.0 {
            Entry::App { principal, derived } => {
                open_structure(to, 5);
                "app".encode(to);
                principal.uid.encode(to);
                principal.gid.encode(to);
                i64::from(principal.pid).encode(to);
                derived.encode(to);
            }
            Entry::Card(domain) => {
                open_structure(to, 2);
                "card".encode(to);
                domain.encode(to);
            }
            Entry::Remote(host) => {
                open_structure(to, 2);
                "remote".encode(to);
                host.encode(to);
            }
            Entry::Host => {
                open_structure(to, 1);
                "host".encode(to);
            }
        }
    }
}

impl Decode for EntryItem {
    fn decode(from: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let mut fields = from.clone();
        let len = fields.array().ok().flatten().unwrap_or_default();
        enter_structure(from, len)?;
        let name = String::decode(from)?;
        let entry = match (name.as_str(), len) {
            ("app", 5) => Entry::App {
                principal: Principal {
                    uid: u32::decode(from)?,
                    gid: u32::decode(from)?,
                    pid: i32::try_from(i64::decode(from)?)
                        .map_err(|_| CodecError::Schema("expected a process"))?,
                },
                derived: bool::decode(from)?,
            },
            ("card", 2) => Entry::Card(Decode::decode(from)?),
            ("remote", 2) => Entry::Remote(Decode::decode(from)?),
            ("host", 1) => Entry::Host,
            _ => return Err(CodecError::Schema("expected an entry")),
        };
        Ok(Self(entry))
    }
}
