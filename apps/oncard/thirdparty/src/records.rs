//! What the third party stores. These formats are final: a later version reads what this one wrote.
//!
//! | key | value |
//! | --- | --- |
//! | `o`, xid | [`VERSION`], the outcome's byte |
//! | `k` | [`VERSION`], [`Tally`] |
//! | `a`, key id of a card | [`VERSION`], [`Asked`] |

use alloc::vec::Vec;

use libetp::codec::{self, Decode, Encode};
use libetp::digest::Hash;
use libetp::params::voucher::{Outcome, Xid};
use oncard_runtime::Context;

use crate::fault::Fault;

/// First byte of every value.
pub const VERSION: u8 = 1;
/// Key of the [`Tally`].
pub const TALLY_KEY: &[u8] = b"k";

libetp::structure! {
    /// How many exchanges were decided.
    #[derive(Copy, Default)]
    pub struct Tally {
        /// Resolved.
        pub resolved: u64,
        /// Aborted.
        pub aborted: u64,
    }
}

libetp::structure! {
    /// How many exchanges were decided because a card asked.
    #[derive(Copy, Default)]
    pub struct Asked {
        /// The number.
        pub outcomes: u64,
    }
}

impl Tally {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.resolved.saturating_add(self.aborted)
    }
}

/// The key of one exchange's outcome.
pub fn outcome_key(xid: &Xid) -> Vec<u8> {
    [b"o".as_slice(), xid].concat()
}

/// The key of what is counted of one card.
pub fn asked_key(card: &Hash) -> Vec<u8> {
    [b"a".as_slice(), card].concat()
}

/// What was decided on an exchange.
pub(crate) fn outcome(xid: &Xid, context: &Context<'_>) -> Result<Option<Outcome>, Fault> {
    let value = context.get(&outcome_key(xid))?;
    let decided = |value: Vec<u8>| match value[..] {
        [VERSION, byte] => crate::judge::decision(byte),
        _ => None,
    };
    value
        .map(|value| decided(value).ok_or(Fault::Damaged))
        .transpose()
}

pub(crate) fn tally(context: &Context<'_>) -> Result<Tally, Fault> {
    read(TALLY_KEY, context)
}

pub(crate) fn asked(card: &Hash, context: &Context<'_>) -> Result<Asked, Fault> {
    read(&asked_key(card), context)
}

fn read<T: Decode + Default>(key: &[u8], context: &Context<'_>) -> Result<T, Fault> {
    let Some(value) = context.get(key)? else {
        return Ok(T::default());
    };
    match value.split_first() {
        Some((&VERSION, record)) => codec::from_slice(record).map_err(|_| Fault::Damaged),
        _ => Err(Fault::Damaged),
    }
}

/// Counts an outcome for the card that asked for it.
pub(crate) fn count(card: &Hash, asked: Asked, context: &mut Context<'_>) {
    let asked = Asked {
        outcomes: asked.outcomes.saturating_add(1),
    };
    write(&asked_key(card), &asked, context);
}

/// Writes an outcome once and for all, and counts it.
pub(crate) fn decide(xid: &Xid, outcome: Outcome, tally: Tally, context: &mut Context<'_>) {
    let tally = match outcome {
        Outcome::Resolved => Tally {
            resolved: tally.resolved.saturating_add(1),
            ..tally
        },
        _ => Tally {
            aborted: tally.aborted.saturating_add(1),
            ..tally
        },
    };
    context.put(&outcome_key(xid), [VERSION, outcome as u8].into());
    write(TALLY_KEY, &tally, context);
}

fn write(key: &[u8], record: &impl Encode, context: &mut Context<'_>) {
    let value = [&[VERSION], codec::to_vec(record).as_slice()].concat();
    context.put(key, value);
}
