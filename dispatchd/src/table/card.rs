//! Messages that wait for a card: some were given to its link, the rest waits here.

use std::collections::{BTreeMap, VecDeque};

use libetp::Message;

use super::ledger::{Account, Full, Load, Shares};
use super::limits::{Limits, charge};
use super::returns::Back;
use super::turns::Turns;

/// Most messages that a card's link was given and did not complete.
pub const CARD_WINDOW_MESSAGES: usize = 16;

/// A message for a card.
#[derive(Debug)]
pub(super) struct ForCard {
    pub(super) account: Account,
    pub(super) back: Back,
    pub(super) message: Message,
}

impl ForCard {
    pub(super) fn load(&self) -> Load {
        Load::one(charge(self.message.wire_len()))
    }
}

/// The queue of one card.
#[derive(Debug)]
pub(super) struct CardQueue {
    shares: Shares,
    /// Most messages that one sender may have here from ids of one domain.
    flow_messages_max: usize,
    /// The daemon's own orders, which come before everything.
    orders: VecDeque<ForCard>,
    waiting: Turns,
    /// Given to the link under these numbers.
    given: BTreeMap<u64, ForCard>,
    next: u64,
}

impl CardQueue {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            shares: Shares::new(limits.card_messages_max, limits.card_bytes_max),
            flow_messages_max: limits.card_flow_messages_max,
            orders: VecDeque::new(),
            waiting: Turns::default(),
            given: BTreeMap::new(),
            next: 1,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.orders.len() + self.waiting.len() + self.given.len()
    }

    pub(super) fn push(&mut self, item: ForCard) -> Result<(), Full> {
        let domain = item.message.header.src.domain;
        if self.waiting.of(item.account, domain) >= self.flow_messages_max {
            return Err(Full::Budget);
        }
        self.shares.charge(item.account, item.load())?;
        self.waiting.push(item);
        Ok(())
    }

    /// Stores an order of the daemon itself, whatever waits already.
    pub(super) fn push_order(&mut self, item: ForCard) {
        self.shares.charge_anyway(item.account, item.load());
        self.orders.push_back(item);
    }

    /// The next message for the link, if it takes one.
    pub(super) fn give(&mut self) -> Option<(u64, Message)> {
        if self.given.len() >= CARD_WINDOW_MESSAGES {
            return None;
        }
        let item = self.next_waiting()?;
        let (number, message) = (self.next, item.message.clone());
        self.next += 1;
        self.given.insert(number, item);
        Some((number, message))
    }

    fn next_waiting(&mut self) -> Option<ForCard> {
        self.orders.pop_front().or_else(|| self.waiting.pop())
    }

    /// The link is done with a message.
    pub(super) fn done(&mut self, number: u64) -> Option<ForCard> {
        let item = self.given.remove(&number)?;
        self.shares.release(item.account, item.load());
        Some(item)
    }

    /// The card is gone: everything, and whether the link had it.
    pub(super) fn clear(&mut self) -> Vec<(ForCard, bool)> {
        let given = std::mem::take(&mut self.given).into_values();
        let mut all: Vec<_> = given.map(|item| (item, true)).collect();
        while let Some(item) = self.next_waiting() {
            all.push((item, false));
        }
        for (item, _) in &all {
            self.shares.release(item.account, item.load());
        }
        all
    }
}
