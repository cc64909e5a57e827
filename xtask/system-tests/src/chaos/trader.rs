//! An owner who trades, disputes what does not end, and goes on after every crash.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use libetp::EntityId;
use libetp::client::voucher::Accept;
use libetp::codec::List;
use libetp::digest::Hash;
use libetp::params::Param;
use libetp::params::voucher::{
    CancelOffer, ExchangeResult, ExchangeState, Offer, OrderAbort, OrderResolve, Outcome,
    StartExchange, State, Vid, Xid,
};

use super::script::Manner;
use super::tally::Results;
use crate::dice::Dice;
use crate::owner::{Attempt, Owner, Trouble};
use crate::program::Failure;

/// Without any progress for so long, somebody waits for ever.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);
/// How long an owner listens between two looks.
const LISTEN: Duration = Duration::from_millis(4);
/// How long it rests while its daemon is away.
const REST: Duration = Duration::from_millis(5);
/// How often an offer is made before it is given up.
const OFFERS_MAX: usize = 3;
/// Looks after which a dispute that is not answered is repeated.
const REPEAT_LOOKS: usize = 10;
/// Looks without an abort after which an owner orders nothing else any more.
const ABORT_LOOKS: usize = 40;

/// What an owner wants of the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deal {
    pub(super) give: Vid,
    pub(super) want: Vid,
    /// Offers that came to nothing.
    pub(super) failed: usize,
    pub(super) settled: bool,
}

/// The third party of all deals.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arbiter {
    pub(super) key: Hash,
    pub(super) id: EntityId,
}

/// One side of a run.
#[derive(Debug)]
pub(super) struct Trader<'o> {
    pub(super) owner: &'o mut Owner,
    pub(super) peer: EntityId,
    pub(super) arbiter: Arbiter,
    pub(super) manner: Manner,
    pub(super) dice: Dice,
    pub(super) deals: Vec<Deal>,
    /// What it was told.
    pub(super) results: Results,
    /// Every exchange that it saw agreed.
    pub(super) agreed: BTreeMap<Xid, [u8; 32]>,
    /// What each exchange that it saw gives and gets, by n1.
    known: BTreeMap<[u8; 32], (Vid, Vid)>,
    offers: BTreeMap<[u8; 32], Offer>,
    looks: BTreeMap<([u8; 32], u8), usize>,
    /// What it did and met, the newest last.
    pub(super) diary: Vec<String>,
}

impl<'o> Trader<'o> {
    pub(super) fn new(
        owner: &'o mut Owner,
        peer: EntityId,
        arbiter: Arbiter,
        manner: Manner,
        dice: Dice,
    ) -> Self {
        Self {
            owner,
            peer,
            arbiter,
            manner,
            dice,
            deals: Vec::new(),
            results: BTreeMap::new(),
            agreed: BTreeMap::new(),
            known: BTreeMap::new(),
            offers: BTreeMap::new(),
            looks: BTreeMap::new(),
            diary: Vec::new(),
        }
    }

    /// Trades until `over`, which is when neither side has anything open.
    pub(super) fn trade(&mut self, quiet: &AtomicBool, over: &AtomicBool) -> Result<(), Failure> {
        let mut deadline = Instant::now() + PATIENCE;
        while !over.load(Ordering::Relaxed) {
            match self.turn() {
                Ok(done) => {
                    if quiet.swap(done, Ordering::Relaxed) || done {
                        deadline = Instant::now() + PATIENCE;
                    }
                }
                Err(Trouble::Fatal(words)) => return Err(Failure::new(words)),
                Err(trouble) => {
                    quiet.store(false, Ordering::Relaxed);
                    self.note(format!("trouble: {trouble}"));
                    std::thread::sleep(REST);
                }
            }
            if Instant::now() > deadline {
                return Err(Failure::new("is left waiting"));
            }
        }
        Ok(())
    }

    /// Listens, looks at what is open, and gives orders about it; whether there is nothing left.
    pub(super) fn turn(&mut self) -> Attempt<bool> {
        self.listen(LISTEN)?;
        let states = self.owner.exchanges()?;
        self.listen(Duration::ZERO)?;
        for state in &states {
            self.look(state)?;
        }
        for number in 0..self.deals.len() {
            self.pursue(number, &states)?;
        }
        let settled = self.deals.iter().all(|deal| deal.settled);
        Ok(settled && states.is_empty())
    }

    fn listen(&mut self, first: Duration) -> Attempt<()> {
        let mut wait = first;
        while let Some(delivery) = self.owner.receive(wait)? {
            wait = Duration::ZERO;
            let (mtype, param) = (
                delivery.message.header.mtype,
                delivery.message.param.as_slice(),
            );
            if mtype == Offer::MTYPE
                && let Ok(offer) = Offer::from_param(param)
            {
                self.note(format!("accept {}", short(&offer.n1)));
                self.owner.order(&Accept(offer.clone()))?;
                self.offers.insert(offer.n1, offer);
            } else if mtype == ExchangeResult::MTYPE
                && let Ok(result) = ExchangeResult::from_param(param)
            {
                self.learn(result)?;
            }
        }
        Ok(())
    }

    /// A result, told again and again until it is acknowledged, is always the same. One of an
    /// exchange that was not looked at yet waits until it was.
    fn learn(&mut self, result: ExchangeResult) -> Attempt<()> {
        let n1 = result.n1;
        let Some((give, want)) = self.known.get(&n1).copied() else {
            return Ok(());
        };
        match self.results.insert((n1, result.xid), result.clone()) {
            Some(known) if known != result => {
                let words = format!("two results: {known:?} and {result:?}");
                return Err(Trouble::Fatal(words));
            }
            Some(_) => {}
            None => {
                self.note(format!("{} ended: {}", short(&n1), name(result.outcome)));
                self.settle(give, want, &result);
            }
        }
        self.owner.acknowledge(&result)
    }

    fn settle(&mut self, give: Vid, want: Vid, result: &ExchangeResult) {
        let cancelled = result.outcome == Outcome::Cancelled as u8;
        let same = |deal: &&mut Deal| (deal.give, deal.want) == (give, want);
        if let Some(deal) = self.deals.iter_mut().find(same) {
            deal.failed += usize::from(cancelled);
            deal.settled = !cancelled || deal.failed >= OFFERS_MAX;
        }
    }

    /// What to do about an open exchange.
    fn look(&mut self, state: &ExchangeState) -> Attempt<()> {
        let n1 = state.n1;
        self.known.insert(n1, (state.give, state.want));
        if let Some(xid) = state.xid {
            self.agreed.insert(xid, n1);
        }
        let looks = self.looks.entry((n1, state.state)).or_default();
        *looks += 1;
        let looks = *looks;
        let (patience, again) = (self.manner.looks, looks.is_multiple_of(REPEAT_LOOKS));
        let offering = state.side == 0;
        match (State::from_u8(state.state), state.xid) {
            (Some(State::Offer), _) if looks > self.manner.offer_looks => self.cancel(n1),
            (Some(State::Wait), Some(xid)) if looks > patience && offering => self.resolve(xid),
            (Some(State::Wait), Some(xid)) if looks > patience => {
                self.accept_or_abort(n1, xid, looks)
            }
            (Some(State::Resolving), Some(xid)) if again => self.resolve(xid),
            (Some(State::Aborting), Some(xid)) if again => self.abort(xid),
            _ => Ok(()),
        }
    }

    fn cancel(&mut self, n1: [u8; 32]) -> Attempt<()> {
        self.note(format!("cancel {}", short(&n1)));
        self.owner.order(&CancelOffer { n1 })
    }

    fn resolve(&mut self, xid: Xid) -> Attempt<()> {
        self.note(format!("resolve {}", short(&xid)));
        let third_party_ids = List(Vec::new());
        self.owner.order(&OrderResolve {
            xid,
            third_party_ids,
        })
    }

    fn abort(&mut self, xid: Xid) -> Attempt<()> {
        self.note(format!("abort {}", short(&xid)));
        let third_party_ids = List(Vec::new());
        self.owner.order(&OrderAbort {
            xid,
            third_party_ids,
        })
    }

    fn accept_or_abort(&mut self, n1: [u8; 32], xid: Xid, looks: usize) -> Attempt<()> {
        let again = self.dice.chance(self.manner.accepts_again) && looks < ABORT_LOOKS;
        match self.offers.get(&n1).cloned() {
            Some(offer) if again => {
                self.note(format!("accept {} again", short(&n1)));
                self.owner.order(&Accept(offer))
            }
            _ => self.abort(xid),
        }
    }

    /// Offers what is not settled and not under way.
    fn pursue(&mut self, number: usize, states: &[ExchangeState]) -> Attempt<()> {
        let deal = self.deals[number];
        let same = |state: &ExchangeState| {
            (state.side, state.give, state.want) == (0, deal.give, deal.want)
        };
        if deal.settled || states.iter().any(same) {
            return Ok(());
        }
        self.note(format!(
            "offer {} for {}",
            short(&deal.give),
            short(&deal.want)
        ));
        self.owner.order(&StartExchange {
            vid1: deal.give,
            vid2: deal.want,
            pb: self.peer,
            third_party: self.arbiter.key,
            third_party_ids: List(vec![self.arbiter.id]),
        })
    }

    fn note(&mut self, words: String) {
        if self.diary.last() != Some(&words) {
            self.diary.push(words);
        }
    }
}

/// The beginning of an id.
pub(super) fn short(id: &[u8; 32]) -> String {
    libetp::client::text::hex(&id[..4])
}

/// An outcome in words.
pub(super) fn name(outcome: u8) -> &'static str {
    Outcome::from_u8(outcome).map_or("unknown", Outcome::name)
}
