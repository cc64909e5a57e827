//! Messages for a card in turns: one of each sender, and one of each source domain within the
//! turns of its sender. So nobody waits for what others have queued, only for a turn of theirs.
//!
//! Messages of one source keep their order.

use std::collections::{BTreeMap, VecDeque};

use libetp::Domain;

use super::card::ForCard;
use super::ledger::Account;

/// What waits, by whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Turns {
    senders: Rotation<Account, Rotation<Domain, VecDeque<ForCard>>>,
    len: usize,
}

impl Turns {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How much waits that the sender brought from ids of the domain.
    pub(super) fn of(&self, sender: Account, domain: Domain) -> usize {
        let domains = self.senders.queues.get(&sender);
        let queue = domains.and_then(|domains| domains.queues.get(&domain));
        queue.map_or(0, VecDeque::len)
    }

    pub(super) fn push(&mut self, item: ForCard) {
        let domains = self.senders.queue(item.account);
        domains
            .queue(item.message.header.src.domain)
            .push_back(item);
        self.len += 1;
    }

    /// The message whose turn it is.
    pub(super) fn pop(&mut self) -> Option<ForCard> {
        let item = self.senders.turn(|domains| {
            let item = domains.turn(|queue| (queue.pop_front(), queue.is_empty()));
            (item, domains.queues.is_empty())
        })?;
        self.len -= 1;
        Some(item)
    }
}

/// Queues that have something, and the order of their turns.
#[derive(Debug)]
struct Rotation<K, Q> {
    turns: VecDeque<K>,
    queues: BTreeMap<K, Q>,
}

impl<K, Q> Default for Rotation<K, Q> {
    fn default() -> Self {
        Self {
            turns: VecDeque::new(),
            queues: BTreeMap::new(),
        }
    }
}

impl<K: Copy + Ord, Q: Default> Rotation<K, Q> {
    /// The queue of `key`, to put something in; a new one has its turn last.
    fn queue(&mut self, key: K) -> &mut Q {
        let turns = &mut self.turns;
        self.queues.entry(key).or_insert_with(|| {
            turns.push_back(key);
            Q::default()
        })
    }

    /// Takes from the queue whose turn it is; `take` also says whether that is empty now.
    fn turn<T>(&mut self, take: impl FnOnce(&mut Q) -> (Option<T>, bool)) -> Option<T> {
        let key = self.turns.pop_front()?;
        let (item, is_empty) = take(self.queues.get_mut(&key)?);
        match is_empty {
            true => drop(self.queues.remove(&key)),
            false => self.turns.push_back(key),
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::ledger::{Accounts, Sender};
    use crate::table::returns::Back;
    use libetp::{Message, Mtype, Port};

    const CARD: Domain = Domain([2; 12]);

    fn item(account: Account, domain: u8, number: u8) -> ForCard {
        let src = Domain([domain; 12]).entity(Port(1));
        ForCard {
            account,
            back: Back::None,
            message: Message::new(src, CARD.card(), Mtype(0xC001), vec![number]),
        }
    }

    fn drained(turns: &mut Turns) -> Vec<(u8, u8)> {
        let names = |item: ForCard| (item.message.header.src.domain.0[0], item.message.param[0]);
        std::iter::from_fn(|| turns.pop()).map(names).collect()
    }

    #[test]
    fn each_sender_and_each_domain_of_a_sender_has_its_turn_in_order() {
        let mut accounts = Accounts::default();
        let flooder = accounts.open(Sender::Host([1; 32]));
        let modest = accounts.open(Sender::User(7));
        let mut turns = Turns::default();
        (0..3).for_each(|number| turns.push(item(flooder, 3, number)));
        (0..2).for_each(|number| turns.push(item(flooder, 4, number)));
        (0..2).for_each(|number| turns.push(item(modest, 2, number)));
        assert_eq!((turns.len(), turns.of(flooder, Domain([3; 12]))), (7, 3));
        let expected = [(3, 0), (2, 0), (4, 0), (2, 1), (3, 1), (4, 1), (3, 2)];
        assert_eq!(drained(&mut turns), expected);
        assert_eq!(turns.len(), 0);
        assert!(turns.senders.turns.is_empty() && turns.senders.queues.is_empty());
    }

    #[test]
    fn who_comes_back_waits_for_one_message_of_each_other_only() {
        let mut accounts = Accounts::default();
        let flooder = accounts.open(Sender::User(1));
        let modest = accounts.open(Sender::User(2));
        let mut turns = Turns::default();
        (0..200).for_each(|number| turns.push(item(flooder, 2, number)));
        for number in 0..3 {
            turns.push(item(modest, 5, number));
            let served = [turns.pop(), turns.pop()].map(|item| item.unwrap().account);
            assert!(served.contains(&modest), "message {number}");
        }
    }
}
