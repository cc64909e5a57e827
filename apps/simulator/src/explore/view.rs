//! What a card's memory says, as far as rules and orders need it.

use libetp::codec::CodecError;
use libetp::digest::Hash;
use libetp::params::voucher::{Evidence, Xid};
use oncard_runtime::{MemoryStore, Store};
use oncard_voucher::FAMILY;
use oncard_voucher::records::{
    Committed, Exchange, Finished, Held, OpenIssue, OpenOffer, Record, Redemption, Side,
};

use super::cast::Cast;

/// A running exchange.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) xid: Xid,
    pub(crate) side: Side,
    pub(crate) n1: [u8; 32],
    pub(crate) evidence: Evidence,
}

/// The voucher records of one card.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    /// Vouchers held, by their place in the cast.
    pub(crate) held: u32,
    /// Whether the card holds what no issuer signed, or another voucher than it says.
    pub(crate) invented: bool,
    pub(crate) offers: Vec<[u8; 32]>,
    pub(crate) running: Vec<Running>,
    pub(crate) committed: Vec<Xid>,
    /// Results not acknowledged: n1, and the exchange.
    pub(crate) finished: Vec<([u8; 32], Option<Xid>)>,
    pub(crate) challenges: Vec<[u8; 32]>,
    pub(crate) redeemed: Vec<Hash>,
}

impl View {
    /// Reads a card's memory.
    ///
    /// # Errors
    /// [`CodecError`] if a record is none.
    pub(crate) fn read(cast: &Cast, memory: &MemoryStore) -> Result<Self, CodecError> {
        let mut view = Self::default();
        for (vid, held) in all::<Held>(memory)? {
            match cast.index(&vid) {
                Some(at) if cast.vouchers[at].2 == held.voucher => view.held |= 1 << at,
                _ => view.invented = true,
            }
        }
        view.running = all::<Exchange>(memory)?.into_iter().map(running).collect();
        view.offers = ids::<OpenOffer>(memory)?;
        view.committed = ids::<Committed>(memory)?;
        let finished = all::<Finished>(memory)?.into_iter();
        view.finished = finished.map(|(n1, done)| (n1, done.result.xid)).collect();
        view.challenges = ids::<OpenIssue>(memory)?;
        view.redeemed = ids::<Redemption>(memory)?;
        Ok(view)
    }

    /// The running exchange of an id.
    pub(crate) fn find(&self, xid: &Xid) -> Option<&Running> {
        self.running.iter().find(|running| running.xid == *xid)
    }
}

fn running((xid, exchange): (Hash, Exchange)) -> Running {
    Running {
        xid,
        side: exchange.side,
        n1: exchange.n1,
        evidence: exchange.evidence,
    }
}

/// All records of a kind.
pub(crate) fn all<R: Record>(memory: &MemoryStore) -> Result<Vec<(Hash, R)>, CodecError> {
    let entries = memory.scan(&[FAMILY, R::KIND], None, usize::MAX);
    let entries = entries.expect("memory does not fail");
    let read = |(key, value): (Vec<u8>, Vec<u8>)| Ok((id_of(&key), R::from_value(&value)?));
    entries.into_iter().map(read).collect()
}

fn ids<R: Record>(memory: &MemoryStore) -> Result<Vec<Hash>, CodecError> {
    Ok(all::<R>(memory)?.into_iter().map(|(id, _)| id).collect())
}

/// The id in a key of the voucher program.
pub(crate) fn id_of(key: &[u8]) -> Hash {
    let id = key.get(2..).and_then(|id| id.try_into().ok());
    id.expect("keys are a family, a kind and 32 bytes")
}
