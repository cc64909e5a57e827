//! Messages that wait for a card: some were given to its link, the rest waits here.

use std::collections::{BTreeMap, VecDeque};

use libetp::Message;

use super::ledger::{Account, Full, Load, Shares};
use super::limits::{Limits, charge};
use super::returns::Back;

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
    waiting: VecDeque<ForCard>,
    /// Given to the link under these numbers.
    given: BTreeMap<u64, ForCard>,
    next: u64,
}

impl CardQueue {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            shares: Shares::new(limits.card_messages_max, limits.card_bytes_max),
            waiting: VecDeque::new(),
            given: BTreeMap::new(),
            next: 1,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.given.len()
    }

    pub(super) fn push(&mut self, item: ForCard) -> Result<(), (Full, ForCard)> {
        match self.shares.charge(item.account, item.load()) {
            Ok(()) => self.waiting.push_back(item),
            Err(full) => return Err((full, item)),
        }
        Ok(())
    }

    /// Stores an order of the daemon itself, whatever waits already.
    pub(super) fn push_order(&mut self, item: ForCard) {
        self.shares.charge_anyway(item.account, item.load());
        self.waiting.push_back(item);
    }

    /// The next message for the link, if it takes one.
    pub(super) fn give(&mut self) -> Option<(u64, Message)> {
        if self.given.len() >= CARD_WINDOW_MESSAGES {
            return None;
        }
        let item = self.waiting.pop_front()?;
        let (number, message) = (self.next, item.message.clone());
        self.next += 1;
        self.given.insert(number, item);
        Some((number, message))
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
        let waiting = std::mem::take(&mut self.waiting);
        let all: Vec<_> = given
            .map(|item| (item, true))
            .chain(waiting.into_iter().map(|item| (item, false)))
            .collect();
        for (item, _) in &all {
            self.shares.release(item.account, item.load());
        }
        all
    }
}
