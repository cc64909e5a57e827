//! What the card stores. These formats are final: a later version reads what this one wrote.
//!
//! A key is one byte for the kind and the 32 bytes that identify the record. A value is one byte
//! [`VERSION`] and the record in the codec's encoding.
//!
//! | kind | identified by | record |
//! | --- | --- | --- |
//! | `v` | vid | [`Held`]: a voucher that the card holds |
//! | `o` | n1 | [`OpenOffer`] |
//! | `x` | xid | [`Exchange`]: WAIT, RESOLVING or ABORTING |
//! | `g` | xid | [`Given`]: the voucher that a running exchange gives |
//! | `w` | xid | [`Wanted`]: the voucher that it gets |
//! | `d` | xid | [`Committed`]: what repeats m4 |
//! | `r` | n1 | [`Finished`]: a result, until it is acknowledged |
//! | `c` | challenge | [`OpenIssue`] |
//! | `e` | vid | [`Redemption`], until its receipt |
//! | `k` | zeros | [`Count`]: how many vouchers are held or given |

mod state;

use alloc::vec::Vec;
use core::fmt;

use libetp::codec::{self, CodecError, Decode, Decoder, Encode, Encoder, List};
use libetp::digest::Hash;
use libetp::params::voucher::{Evidence, ExchangeResult, RedeemBody, State, Vid, Voucher};
use libetp::{EntityId, structure};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::limits::{CHALLENGES_MAX, COMMITTED_MAX, EXCHANGES_MAX, OFFERS_MAX, REDEMPTIONS_MAX};

/// First byte of every value.
pub const VERSION: u8 = 1;

/// A kind of record.
pub trait Record: Encode + Decode {
    /// First byte of its keys.
    const KIND: u8;
    /// Most records of the kind.
    const MAX: usize;

    /// The key of one record.
    fn key(id: &Hash) -> Vec<u8> {
        [&[Self::KIND], id.as_slice()].concat()
    }

    /// The stored value.
    fn to_value(&self) -> Vec<u8> {
        [&[VERSION], codec::to_vec(self).as_slice()].concat()
    }

    /// Reads a stored value.
    ///
    /// # Errors
    /// [`CodecError`] if the version is another or the rest is not this record.
    fn from_value(value: &[u8]) -> Result<Self, CodecError> {
        match value.split_first() {
            Some((&VERSION, record)) => codec::from_slice(record),
            _ => Err(CodecError::Schema("record of another version")),
        }
    }
}

/// Which side of an exchange a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Side {
    /// S_A, which offers.
    Offering = 0,
    /// S_B, which agrees.
    Agreeing = 1,
}

/// Where a running exchange stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// Given, waiting for the other card.
    Wait = State::Wait as u8,
    /// Given, the third party is asked to resolve. S_A only.
    Resolving = State::Resolving as u8,
    /// Given, the third party is asked to abort: m3 is no longer taken. S_B only.
    Aborting = State::Aborting as u8,
}

macro_rules! byte_enum {
    ($name:ident: $($variant:ident),*) => {
        impl Encode for $name {
            fn encode(&self, to: &mut Encoder) {
                (*self as u8).encode(to);
            }
        }
        impl Decode for $name {
            fn decode(from: &mut Decoder<'_>) -> Result<Self, CodecError> {
                let byte = u8::decode(from)?;
                [$(Self::$variant),*]
                    .into_iter()
                    .find(|value| *value as u8 == byte)
                    .ok_or(CodecError::Schema(concat!("unknown ", stringify!($name))))
            }
        }
    };
}

/// A value that must not be shown: n2. Erased when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secret(pub [u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Encode for Secret {
    fn encode(&self, to: &mut Encoder) {
        self.0.encode(to);
    }
}

impl Decode for Secret {
    fn decode(from: &mut Decoder<'_>) -> Result<Self, CodecError> {
        <[u8; 32]>::decode(from).map(Self)
    }
}

byte_enum!(Side: Offering, Agreeing);
byte_enum!(Stage: Wait, Resolving, Aborting);

structure! {
    /// A voucher that the card holds, with what another card needs to check it.
    pub struct Held {
        /// The voucher.
        pub voucher: Voucher,
        /// Its issuer's certificate, DER.
        pub issuer_certificate: Vec<u8>,
    }

    /// The voucher that a running exchange gives: neither held nor gone.
    pub struct Given {
        /// As it was held.
        pub held: Held,
    }

    /// The voucher that a running exchange gets, complete and checked.
    pub struct Wanted {
        /// As it will be held.
        pub held: Held,
    }

    /// S_A, OFFER: nothing is given yet.
    pub struct OpenOffer {
        /// What is offered.
        pub vid1: Vid,
        /// What is wanted.
        pub vid2: Vid,
        /// The other wallet; the other card is `domain(pb)|0`.
        pub pb: EntityId,
        /// Key id of the third party.
        pub third_party: Hash,
        /// Where it is reached.
        pub third_party_ids: List<EntityId>,
        /// Who gave the order.
        pub ordered_by: EntityId,
    }

    /// A running exchange.
    pub struct Exchange {
        /// Which side this card is.
        pub side: Side,
        /// Where it stands.
        pub stage: Stage,
        /// The offer.
        pub n1: [u8; 32],
        /// The secret that commits, under the card's pad of the xid; only S_B has it.
        pub n2: Option<Secret>,
        /// What S_A gives.
        pub vid1: Vid,
        /// What S_B gives.
        pub vid2: Vid,
        /// The agreement.
        pub evidence: Evidence,
        /// S_A's certificate, DER.
        pub certificate_a: Vec<u8>,
        /// Where the third party is reached.
        pub third_party_ids: List<EntityId>,
        /// Who gave the order.
        pub ordered_by: EntityId,
    }

    /// S_B, DONE: the m3 that was taken, and the m4 that answers it.
    pub struct Committed {
        /// Grows with each commit of the card; the lowest is dropped first.
        pub order: u64,
        /// The offer.
        pub n1: [u8; 32],
        /// What was secret until the card committed.
        pub n2: Secret,
        /// Who gets m4.
        pub sa: EntityId,
        /// SHA-256 of the parameters of the m3 that was taken.
        pub confirmation: Hash,
    }

    /// How an exchange ended.
    pub struct Finished {
        /// Which side this card was.
        pub side: Side,
        /// What it gave or offered.
        pub give: Vid,
        /// What it got or wanted.
        pub want: Vid,
        /// The other card.
        pub peer: EntityId,
        /// What the owner is told.
        pub result: ExchangeResult,
        /// Who gave the order.
        pub ordered_by: EntityId,
        /// The last id of the owner that asked for results; may acknowledge as well.
        pub told: EntityId,
    }

    /// An open issue challenge.
    pub struct OpenIssue {
        /// Who gave the order.
        pub ordered_by: EntityId,
    }

    /// A voucher that was redeemed.
    pub struct Redemption {
        /// What both signatures cover.
        pub body: RedeemBody,
        /// By the card, tag `redeemed`.
        pub signature: [u8; 64],
        /// The redeemer's Ed25519 key, for its receipt.
        pub redeemer_public: [u8; 32],
        /// Who gave the order.
        pub ordered_by: EntityId,
    }

    /// How many vouchers are held or given. Only issue and redeem change it.
    pub struct Count {
        /// The number.
        pub vouchers: u64,
    }
}

macro_rules! records {
    ($($name:ident: $kind:literal, $max:expr;)*) => {
        $(impl Record for $name {
            const KIND: u8 = $kind;
            const MAX: usize = $max;
        })*

        /// The kinds of record, by first byte of their keys.
        pub const KINDS: &[u8] = &[$($kind),*];
    };
}

records! {
    Held: b'v', crate::limits::VOUCHERS_MAX as usize;
    OpenOffer: b'o', OFFERS_MAX;
    Exchange: b'x', EXCHANGES_MAX;
    Given: b'g', EXCHANGES_MAX;
    Wanted: b'w', EXCHANGES_MAX;
    Committed: b'd', COMMITTED_MAX;
    Finished: b'r', EXCHANGES_MAX;
    OpenIssue: b'c', CHALLENGES_MAX;
    Redemption: b'e', REDEMPTIONS_MAX;
    Count: b'k', 1;
}
