//! What a program is handed: a message, or an order as its owner's channel would deliver it.

use libetp::codec::{Encode, from_slice, to_vec};
use libetp::params::Param;
use libetp::{EntityId, Message, Mtype};
use oncard_runtime::Incoming;

/// A message without its destination: hosts deliver anything anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Letter {
    pub(crate) src: EntityId,
    pub(crate) mtype: Mtype,
    pub(crate) param: Vec<u8>,
}

/// Who reads messages of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    Cards,
    ThirdParties,
    /// Owners, issuers and redeemers: what they do with it is derived.
    Owners,
    /// Nobody whose state matters here.
    Nobody,
}

impl Letter {
    pub(crate) fn new<P: Param>(src: EntityId, param: &P) -> Self {
        Self::of_type(src, P::MTYPE, param)
    }

    pub(crate) fn of_type(src: EntityId, mtype: Mtype, param: &impl Encode) -> Self {
        let param = to_vec(param);
        Self { src, mtype, param }
    }

    /// The parameters, if the message is of that type.
    pub(crate) fn read<P: Param>(&self) -> Option<P> {
        let right = self.mtype == P::MTYPE;
        right.then(|| from_slice(&self.param).ok()).flatten()
    }

    pub(crate) fn incoming(&self) -> Incoming {
        Incoming {
            src: self.src,
            mtype: self.mtype,
            param: self.param.clone(),
        }
    }

    pub(crate) fn reader(&self) -> Reader {
        match self.mtype {
            Mtype::AGREEMENT | Mtype::CONFIRMATION | Mtype::COMMITMENT | Mtype::OUTCOME => {
                Reader::Cards
            }
            Mtype::RESOLVE_REQUEST | Mtype::ABORT_REQUEST => Reader::ThirdParties,
            Mtype::OFFER | Mtype::ISSUE_CHALLENGE => Reader::Owners,
            _ => Reader::Nobody,
        }
    }
}

impl From<Message> for Letter {
    fn from(message: Message) -> Self {
        Self {
            src: message.header.src,
            mtype: message.header.mtype,
            param: message.param,
        }
    }
}
