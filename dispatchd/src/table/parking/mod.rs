//! Messages that wait for a judgement: because somebody is asked, because a slow policy is at
//! work, or because an experiment delays them.
//!
//! A message that waits makes the later ones of its flow, from the same source to the same
//! destination, wait behind it, so that order is kept. Only the first of a flow is being decided.
//! An approved message is judged again, the same bytes under the chain of that moment; the
//! approval answers only the question of the policy that asked. What waits is charged to its
//! sender, and each sender has a budget for each source domain and a share of the room, so a flood
//! of messages to be held takes no other's.

mod asking;
mod deciding;
mod late;
mod worker;

use std::cell::OnceCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use guard_policies::{Entry, Hold, Membership};
use libetp::digest::{Hash, sha256};
use libetp::{Domain, EntityId, Header, Message};

use super::ledger::{Account, Load, Sender, Shares};
use super::limits::{PARKED_BYTES_MAX, PARKED_MESSAGES_MAX, PARKED_PER_SENDER_MAX, charge};
use super::returns::{Back, shard_of};
use super::send::Arriving;

pub use asking::HeldSnapshot;
pub(super) use late::Late;
pub use worker::SlowJob;

/// Names a message that waits: the shard in the upper 16 bits, then a serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldTicket(pub u64);

impl HoldTicket {
    /// The shard that the message waits in.
    pub fn shard(self) -> u16 {
        shard_of(self.0)
    }
}

type Flow = (EntityId, EntityId);

/// What a message waits for.
#[derive(Clone, Debug)]
pub(super) enum Wait {
    /// For its turn in the flow.
    Turn,
    /// For the worker that asks the slow policy at this place of the chain, with the param that
    /// earlier policies gave the message.
    Worker { at: usize, param: Option<Vec<u8>> },
    /// For an answer.
    Answer(Hold),
    /// For its time: an experiment delays it.
    Late(Late),
}

#[derive(Debug)]
struct Parked {
    ticket: HoldTicket,
    wait: Wait,
    since_ms: u64,
    entry: Entry,
    membership: Option<Arc<Membership>>,
    account: Account,
    back: Back,
    message: Message,
    digest: OnceCell<Hash>,
    /// Policies whose question was answered with yes.
    approved: Vec<Hash>,
}

impl Parked {
    fn arriving(&self) -> Arriving<'_> {
        Arriving {
            entry: self.entry,
            membership: self.membership.as_ref(),
            account: self.account,
            back: self.back,
            header: self.message.header,
            param: &self.message.param,
        }
    }

    fn flow(&self) -> Flow {
        (self.message.header.src, self.message.header.dst)
    }

    /// SHA-256 of the whole message, made when it is first asked for.
    fn digest(&self) -> Hash {
        *self.digest.get_or_init(|| sha256(&self.message.to_bytes()))
    }

    fn load(&self) -> Load {
        Load::one(charge(self.message.wire_len()))
    }
}

/// Everything of a shard that waits for a judgement.
#[derive(Debug)]
pub(super) struct Parking {
    flows: BTreeMap<Flow, VecDeque<Parked>>,
    /// Where the messages are that are being decided.
    deciding: BTreeMap<HoldTicket, Flow>,
    budgets: BTreeMap<Budget, usize>,
    /// So that something is always left for a sender that has nothing here.
    shares: Shares,
    next_serial: u64,
    /// Messages that an experiment lets others overtake.
    overtaken: Vec<Parked>,
}

/// A sender and the domain that it sends from.
type Budget = (Sender, Domain);

impl Parking {
    /// Numbers start somewhere else each time, so that an answer about a message of before a
    /// restart is about none.
    pub(super) fn new([a, b, c, ..]: [u8; 32]) -> Self {
        let start = u32::from_be_bytes([a, b, c, 0]);
        Self {
            flows: BTreeMap::new(),
            deciding: BTreeMap::new(),
            budgets: BTreeMap::new(),
            shares: Shares::new(PARKED_MESSAGES_MAX, PARKED_BYTES_MAX),
            next_serial: start.into(),
            overtaken: Vec::new(),
        }
    }

    /// Whether messages of the flow wait.
    pub(super) fn has_flow(&self, header: &Header) -> bool {
        !self.flows.is_empty() && self.flows.contains_key(&(header.src, header.dst))
    }

    /// Takes charge for a message; whether there is room for it.
    fn charge(&mut self, budget: Budget, account: Account, load: Load) -> bool {
        let used = self.budgets.get(&budget).copied().unwrap_or_default();
        let fits = used < PARKED_PER_SENDER_MAX && self.shares.charge(account, load).is_ok();
        if fits {
            *self.budgets.entry(budget).or_default() += 1;
        }
        fits
    }

    fn push(&mut self, parked: Parked) {
        self.flows
            .entry(parked.flow())
            .or_default()
            .push_back(parked);
    }

    fn release(&mut self, budget: Budget, parked: &Parked) {
        self.shares.release(parked.account, parked.load());
        if let Some(used) = self.budgets.get_mut(&budget) {
            *used -= 1;
            if *used == 0 {
                self.budgets.remove(&budget);
            }
        }
    }

    /// Takes the first message of a flow out; the flow goes on being known while it has others.
    fn take_first(&mut self, flow: Flow) -> Option<Parked> {
        let queue = self.flows.get_mut(&flow)?;
        let first = queue.pop_front();
        match &first {
            Some(parked) => drop(self.deciding.remove(&parked.ticket)),
            None => drop(self.flows.remove(&flow)),
        }
        first
    }

    fn deciding(&self, ticket: HoldTicket) -> Option<&Parked> {
        self.flows.get(self.deciding.get(&ticket)?)?.front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_start_elsewhere_each_time_and_leave_room_to_count() {
        let start = |byte| Parking::new([byte; 32]).next_serial;
        assert_ne!(start(1), start(2));
        assert!(start(255) < 1 << 32);
    }
}
