//! What a card did that its memory may forget: counted, and never taken back.

use libetp::digest::Hash;
use libetp::params::voucher::{Issue, Vid, Xid};
use oncard_runtime::{MemoryStore, Store, Writes};
use oncard_voucher::FAMILY;
use oncard_voucher::records::{Exchange, Held, OpenIssue, OpenOffer, Record, Redemption, Side};

use super::letter::Letter;
use super::view::id_of;

/// What a card has after a running exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Got {
    /// What it wanted: the vouchers changed hands.
    Wanted,
    /// Its own again.
    Given,
    /// Neither.
    Nothing,
}

/// Something that counts for good.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Event {
    /// With the challenge that its ISSUE was for: a replay does not count again.
    Issued(Vid, [u8; 32]),
    Redeemed(Vid),
    Ended {
        xid: Xid,
        offering: bool,
        got: Got,
        give: Vid,
        want: Vid,
        /// Key ids of S_A and S_B.
        keys: [Hash; 2],
    },
}

/// A card's past: events in order of themselves, and what it has spent of its bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct History {
    pub(crate) events: Vec<Event>,
    pub(crate) spent: Spent,
}

/// How often a card began, agreed, and opened itself for an issue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Spent {
    pub(crate) starts: u8,
    pub(crate) accepts: u8,
    pub(crate) issues: u8,
}

impl History {
    /// What follows once these happened too.
    pub(crate) fn after(&self, events: &[Event], spent: Spent) -> Self {
        let mut next = self.clone();
        let replayed =
            |event: &&Event| matches!(event, Event::Issued(..)) && self.events.contains(event);
        next.events
            .extend(events.iter().filter(|event| !replayed(event)).cloned());
        next.events.sort();
        next.spent.starts += spent.starts;
        next.spent.accepts += spent.accepts;
        next.spent.issues += spent.issues;
        next
    }
}

/// What a transaction of a card means.
pub(crate) fn meaning(
    before: &MemoryStore,
    letter: &Letter,
    writes: &Writes,
) -> (Vec<Event>, Spent) {
    let issue = letter.read::<Issue>();
    let change = Change { before, writes };
    let mut spent = Spent::default();
    let mut events = Vec::new();
    for (key, value) in writes
        .iter()
        .filter(|(key, _)| key.first() == Some(&FAMILY))
    {
        let (kind, id) = (key[1], id_of(key));
        let new = value.is_some() && !change.was(key);
        match kind {
            OpenOffer::KIND => spent.starts += u8::from(new),
            OpenIssue::KIND => spent.issues += u8::from(new),
            Held::KIND if value.is_some() => {
                events.extend(issue.iter().map(|issue| Event::Issued(id, issue.challenge)));
            }
            Redemption::KIND if new => events.push(Event::Redeemed(id)),
            Exchange::KIND if new => spent.accepts += u8::from(agreeing(value.as_deref())),
            Exchange::KIND if value.is_none() => events.extend(change.ended(id)),
            _ => {}
        }
    }
    (events, spent)
}

fn agreeing(value: Option<&[u8]>) -> bool {
    let exchange = value.and_then(|value| Exchange::from_value(value).ok());
    exchange.is_some_and(|exchange| exchange.side == Side::Agreeing)
}

struct Change<'c> {
    before: &'c MemoryStore,
    writes: &'c Writes,
}

impl Change<'_> {
    fn value(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.before.get(key).expect("memory does not fail")
    }

    fn was(&self, key: &[u8]) -> bool {
        self.value(key).is_some()
    }

    fn now_held(&self, vid: &Vid) -> bool {
        let key = [&[FAMILY], Held::key(vid).as_slice()].concat();
        matches!(self.writes.get(&key), Some(Some(_)))
    }

    fn ended(&self, xid: Hash) -> Option<Event> {
        let key = [&[FAMILY], Exchange::key(&xid).as_slice()].concat();
        let exchange = Exchange::from_value(&self.value(&key)?).ok()?;
        let (give, want) = (exchange.give(), exchange.want());
        let got = match (self.now_held(&want), self.now_held(&give)) {
            (true, _) => Got::Wanted,
            (_, true) => Got::Given,
            _ => Got::Nothing,
        };
        let body = &exchange.evidence.body;
        Some(Event::Ended {
            xid,
            offering: exchange.side == Side::Offering,
            got,
            give,
            want,
            keys: [body.a_key, body.b_key],
        })
    }
}
