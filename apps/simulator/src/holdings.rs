//! What a card's memory says of vouchers: read as it is stored, not as the card tells it.

use std::collections::{BTreeMap, BTreeSet};

use libetp::codec::CodecError;
use libetp::digest::Hash;
use libetp::params::voucher::{ExchangeResult, Vid, Xid};
use oncard_runtime::{MemoryStore, Store, StoreError};
use oncard_thirdparty::records::VERSION;
use oncard_voucher::FAMILY;
use oncard_voucher::records::{
    Committed, Exchange, Finished, Given, Held, OpenIssue, OpenOffer, Record, Redemption, Side,
    Stage, Wanted,
};

/// A running exchange, as far as checking needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Which side the card is.
    pub side: Side,
    /// Where it stands.
    pub stage: Stage,
    /// The offer.
    pub n1: [u8; 32],
    /// What the card gives.
    pub give: Vid,
    /// What it gets.
    pub want: Vid,
}

/// The voucher records of one card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Vouchers held.
    pub held: BTreeSet<Vid>,
    /// Open offers, by n1: what they offer.
    pub offers: BTreeMap<[u8; 32], Vid>,
    /// Exchanges in WAIT, RESOLVING or ABORTING.
    pub running: BTreeMap<Xid, Running>,
    /// Exchanges for which the card repeats m4.
    pub committed: BTreeSet<Xid>,
    /// Results that are not acknowledged.
    pub results: Vec<(Side, ExchangeResult)>,
    /// Vouchers redeemed, their receipt outstanding.
    pub redeemed: BTreeSet<Vid>,
    /// Open issue challenges.
    pub challenges: BTreeSet<[u8; 32]>,
}

/// Why a memory cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DamagedError {
    /// The memory failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A value is not the record its key says.
    #[error("a record cannot be read: {0}")]
    Record(#[from] CodecError),
    /// A key is not a kind and an id.
    #[error("a key of another length")]
    Key,
    /// What the third party keeps is not an outcome.
    #[error("an outcome that cannot be read")]
    Outcome,
    /// An exchange's vouchers are missing or not the ones it names.
    #[error("a running exchange without its vouchers")]
    Torn,
}

impl Holdings {
    /// Reads a memory.
    ///
    /// # Errors
    /// [`DamagedError`] if the records do not go together.
    pub fn read(memory: &MemoryStore) -> Result<Self, DamagedError> {
        let running = all::<Exchange>(memory)?;
        let (given, wanted) = (all::<Given>(memory)?, all::<Wanted>(memory)?);
        check_vouchers(&running, &given, &wanted)?;
        let results = all::<Finished>(memory)?.into_values();
        let offers = all::<OpenOffer>(memory)?.into_iter();
        Ok(Self {
            held: all::<Held>(memory)?.into_keys().collect(),
            offers: offers.map(|(n1, offer)| (n1, offer.vid1)).collect(),
            running: running.iter().map(|(xid, e)| (*xid, summary(e))).collect(),
            committed: all::<Committed>(memory)?.into_keys().collect(),
            results: results.map(|done| (done.side, done.result)).collect(),
            redeemed: all::<Redemption>(memory)?.into_keys().collect(),
            challenges: all::<OpenIssue>(memory)?.into_keys().collect(),
        })
    }
}

fn summary(exchange: &Exchange) -> Running {
    Running {
        side: exchange.side,
        stage: exchange.stage,
        n1: exchange.n1,
        give: exchange.give(),
        want: exchange.want(),
    }
}

fn check_vouchers(
    running: &BTreeMap<Hash, Exchange>,
    given: &BTreeMap<Hash, Given>,
    wanted: &BTreeMap<Hash, Wanted>,
) -> Result<(), DamagedError> {
    let whole = |(xid, exchange): (&Hash, &Exchange)| {
        let give = given.get(xid).map(|given| given.held.voucher.vid());
        let want = wanted.get(xid).map(|wanted| wanted.held.voucher.vid());
        give == Some(exchange.give()) && want == Some(exchange.want())
    };
    let alone = given.len() == running.len() && wanted.len() == running.len();
    match alone && running.iter().all(whole) {
        true => Ok(()),
        false => Err(DamagedError::Torn),
    }
}

fn all<R: Record>(memory: &MemoryStore) -> Result<BTreeMap<Hash, R>, DamagedError> {
    let entries = memory.scan(&[FAMILY, R::KIND], None, usize::MAX)?;
    let read = |(key, value): (Vec<u8>, Vec<u8>)| {
        let id = key[2..].try_into().map_err(|_| DamagedError::Key)?;
        Ok((id, R::from_value(&value)?))
    };
    entries.into_iter().map(read).collect()
}

/// What a third party's memory says that it decided.
///
/// # Errors
/// [`DamagedError`] if a record is none.
pub fn decided(memory: &MemoryStore) -> Result<BTreeMap<Xid, u8>, DamagedError> {
    let entries = memory.scan(&[oncard_thirdparty::FAMILY, b'o'], None, usize::MAX)?;
    let read = |(key, value): (Vec<u8>, Vec<u8>)| {
        let xid = key[2..].try_into().map_err(|_| DamagedError::Key)?;
        match value[..] {
            [VERSION, outcome] => Ok((xid, outcome)),
            _ => Err(DamagedError::Outcome),
        }
    };
    entries.into_iter().map(read).collect()
}
