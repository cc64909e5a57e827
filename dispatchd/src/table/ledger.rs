//! Who pays for what waits in the table.
//!
//! A message is charged to its sender until it is taken. In each mailbox a sender may take charge
//! only while `(share + charge) * (n + 1) - share <= remaining`, where `share` is what it already
//! pins there and `n` how many senders pin something, itself included; so something is always
//! left for a newcomer (the rule of dbus-broker's user accounting). Senders are users, cards and
//! hosts, not ids: ids are free.

use std::collections::BTreeMap;

use libetp::Domain;
use libetp::digest::Hash;

/// Who pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sender {
    /// All programs of a user.
    User(u32),
    /// A card.
    Card(Domain),
    /// Another host.
    Host(Hash),
    /// The daemon; it is not limited.
    Daemon,
}

/// Messages and the bytes they are charged with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

impl Load {
    pub(crate) fn one(bytes: u64) -> Self {
        Self { messages: 1, bytes }
    }

    fn add(&mut self, other: Load) {
        self.messages += other.messages;
        self.bytes += other.bytes;
    }

    fn subtract(&mut self, other: Load) {
        self.messages -= other.messages;
        self.bytes -= other.bytes;
    }

    fn fits(&self, more: Load, limit: Load) -> bool {
        self.messages + more.messages <= limit.messages && self.bytes + more.bytes <= limit.bytes
    }
}

/// A sender's place in [`Accounts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Account(u32);

/// The senders of one shard and what each pins in it.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    slots: Vec<Slot>,
    free: Vec<u32>,
    index: BTreeMap<Sender, u32>,
}

#[derive(Debug)]
struct Slot {
    sender: Sender,
    pinned: Load,
    holders: u32,
}

impl Accounts {
    /// The sender's account, which stays until [`Accounts::close`].
    pub(crate) fn open(&mut self, sender: Sender) -> Account {
        let at = match self.index.get(&sender) {
            Some(&at) => at,
            None => self.insert(sender),
        };
        self.slots[at as usize].holders += 1;
        Account(at)
    }

    fn insert(&mut self, sender: Sender) -> u32 {
        let slot = Slot {
            sender,
            pinned: Load::default(),
            holders: 0,
        };
        let at = match self.free.pop() {
            Some(at) => {
                self.slots[at as usize] = slot;
                at
            }
            None => {
                self.slots.push(slot);
                (self.slots.len() - 1) as u32
            }
        };
        self.index.insert(sender, at);
        at
    }

    /// One holder more, until [`Accounts::close`].
    pub(crate) fn hold(&mut self, account: Account) {
        self.slots[account.0 as usize].holders += 1;
    }

    /// One holder less; what is pinned keeps the account.
    pub(crate) fn close(&mut self, account: Account) {
        self.slots[account.0 as usize].holders -= 1;
        self.forget_if_idle(account);
    }

    pub(crate) fn sender(&self, account: Account) -> Sender {
        self.slots[account.0 as usize].sender
    }

    pub(crate) fn may_pin(&self, account: Account, load: Load, limit: Load) -> bool {
        let slot = &self.slots[account.0 as usize];
        slot.sender == Sender::Daemon || slot.pinned.fits(load, limit)
    }

    pub(crate) fn pin(&mut self, account: Account, load: Load) {
        self.slots[account.0 as usize].pinned.add(load);
    }

    pub(crate) fn unpin(&mut self, account: Account, load: Load) {
        self.slots[account.0 as usize].pinned.subtract(load);
        self.forget_if_idle(account);
    }

    fn forget_if_idle(&mut self, account: Account) {
        let slot = &self.slots[account.0 as usize];
        if slot.holders == 0 && slot.pinned.messages == 0 {
            self.index.remove(&slot.sender);
            self.free.push(account.0);
        }
    }
}

/// Why a mailbox does not take a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// Nobody's message fits.
    Mailbox,
    /// What is left is not for this sender.
    Share,
    /// This sender has as many messages from this domain there as it may.
    Budget,
}

/// What each sender pins in one mailbox.
#[derive(Debug)]
pub(crate) struct Shares {
    limit: Load,
    used: Load,
    by_account: BTreeMap<Account, Load>,
}

impl Shares {
    pub(crate) fn new(messages_max: u64, bytes_max: u64) -> Self {
        let limit = Load {
            messages: messages_max,
            bytes: bytes_max,
        };
        Self {
            limit,
            used: Load::default(),
            by_account: BTreeMap::new(),
        }
    }

    pub(crate) fn used(&self) -> Load {
        self.used
    }

    /// Takes charge for a message.
    pub(crate) fn charge(&mut self, account: Account, load: Load) -> Result<(), Full> {
        if !self.used.fits(load, self.limit) {
            return Err(Full::Mailbox);
        }
        let others = self.by_account.len() as u64;
        let share = self.by_account.entry(account).or_default();
        let senders = others + u64::from(share.messages == 0);
        let may = |share, more, left| (share + more) * (senders + 1) - share <= left;
        let left = |used, limit| limit - used;
        let fair = may(
            share.messages,
            load.messages,
            left(self.used.messages, self.limit.messages),
        ) && may(
            share.bytes,
            load.bytes,
            left(self.used.bytes, self.limit.bytes),
        );
        if fair {
            share.add(load);
            self.used.add(load);
            return Ok(());
        }
        if share.messages == 0 {
            self.by_account.remove(&account);
        }
        Err(Full::Share)
    }

    /// Takes charge whatever the limits say: for the daemon's own orders.
    pub(crate) fn charge_anyway(&mut self, account: Account, load: Load) {
        self.by_account.entry(account).or_default().add(load);
        self.used.add(load);
    }

    pub(crate) fn release(&mut self, account: Account, load: Load) {
        self.used.subtract(load);
        if let Some(share) = self.by_account.get_mut(&account) {
            share.subtract(load);
            if share.messages == 0 {
                self.by_account.remove(&account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(shares: &mut Shares, account: Account) -> u64 {
        let mut count = 0;
        while shares.charge(account, Load::one(1)).is_ok() {
            count += 1;
        }
        count
    }

    #[test]
    fn a_lone_sender_gets_half_and_newcomers_always_something() {
        let mut shares = Shares::new(1_000, 1_000_000);
        let counts: Vec<_> = (0..5).map(|a| fill(&mut shares, Account(a))).collect();
        assert_eq!(counts[0], 500);
        assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
        assert!(counts.is_sorted_by(|a, b| a >= b), "{counts:?}");
        assert_eq!(shares.charge(Account(0), Load::one(1)), Err(Full::Share));
    }

    #[test]
    fn what_is_released_can_be_used_again() {
        let mut shares = Shares::new(10, 1_000);
        let all = fill(&mut shares, Account(0));
        (0..all).for_each(|_| shares.release(Account(0), Load::one(1)));
        assert_eq!(shares.used(), Load::default());
        assert!(shares.by_account.is_empty());
        assert_eq!(fill(&mut shares, Account(1)), all);
    }

    #[test]
    fn bytes_are_limited_like_messages() {
        let mut shares = Shares::new(10, 100);
        assert_eq!(
            shares.charge(Account(0), Load::one(101)),
            Err(Full::Mailbox)
        );
        assert_eq!(shares.charge(Account(0), Load::one(51)), Err(Full::Share));
        assert_eq!(shares.charge(Account(0), Load::one(50)), Ok(()));
    }

    #[test]
    fn an_account_stays_while_it_is_held_or_pins() {
        let mut accounts = Accounts::default();
        let account = accounts.open(Sender::User(1));
        accounts.pin(account, Load::one(5));
        accounts.close(account);
        assert_eq!(accounts.open(Sender::User(1)), account);
        accounts.close(account);
        accounts.unpin(account, Load::one(5));
        assert!(accounts.index.is_empty());
        let other = accounts.open(Sender::User(2));
        assert_eq!((other, accounts.sender(other)), (account, Sender::User(2)));
    }
}
