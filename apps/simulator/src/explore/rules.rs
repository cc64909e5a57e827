//! What must hold in every state, and what must be possible from it.

use std::collections::BTreeMap;

use libetp::digest::Hash;
use libetp::params::voucher::{ThirdPartyOutcome, Vid, Xid};
use oncard_voucher::records::Side;
use serde::Serialize;

use super::cast::{CARDS, Cast};
use super::history::{Event, Got, History};
use super::letter::Letter;
use super::view::View;

/// A rule that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// A voucher is on more honest cards than it may be, or on fewer once every exchange is ended.
    Conservation,
    /// A card cannot end an exchange with the third party alone.
    Stuck,
    /// The two ends of an exchange differ.
    Fairness,
    /// A card reports two ends of one exchange.
    Result,
    /// A third party signed two outcomes for one exchange.
    Outcome,
    /// An offer was confirmed to a card that it was not for.
    Address,
}

/// Where a rule is broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// What is wrong, in words.
    pub detail: String,
}

impl Finding {
    pub(crate) fn new(rule: Rule, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { rule, detail }
    }
}

/// One card in a state.
pub(crate) struct Card<'s> {
    pub(crate) view: &'s View,
    pub(crate) history: &'s History,
}

/// How often each voucher is on honest cards, and how often it should be.
pub(crate) struct Count {
    held: i32,
    expected: i32,
    name: char,
}

/// Counts every voucher: what cards had at first, was issued, bought from X, less what was sold to X
/// or redeemed.
pub(crate) fn counts(cast: &Cast, first: &[u32; CARDS], cards: &[Card<'_>; CARDS]) -> Vec<Count> {
    let count = |(at, (name, vid, _)): (usize, &(char, Vid, _))| {
        let on = |mask: u32| i32::from(mask >> at & 1 == 1);
        let events = cards.iter().flat_map(|card| &card.history.events);
        let gained: i32 = events.map(|event| gain(cast, event, vid)).sum();
        Count {
            held: cards.iter().map(|card| on(card.view.held)).sum(),
            expected: first.iter().map(|mask| on(*mask)).sum::<i32>() + gained,
            name: *name,
        }
    };
    cast.vouchers.iter().enumerate().map(count).collect()
}

/// How many more of a voucher honest cards have by an event.
fn gain(cast: &Cast, event: &Event, vid: &Vid) -> i32 {
    match event {
        Event::Issued(issued, _) => i32::from(issued == vid),
        Event::Redeemed(redeemed) => -i32::from(redeemed == vid),
        Event::Ended {
            got: Got::Wanted,
            give,
            want,
            keys,
            ..
        } if keys.contains(&cast.x.holder.key_id()) => {
            i32::from(want == vid) - i32::from(give == vid)
        }
        Event::Ended { .. } => 0,
    }
}

/// No voucher is there too often, whatever is still open.
pub(crate) fn no_copies(counts: &[Count]) -> Option<Finding> {
    let copied = counts.iter().find(|count| count.held > count.expected)?;
    Some(miscounted(copied))
}

/// Every voucher is there as often as it should be; nothing is open.
pub(crate) fn all_there(counts: &[Count]) -> Option<Finding> {
    let wrong = counts.iter().find(|count| count.held != count.expected)?;
    Some(miscounted(wrong))
}

fn miscounted(count: &Count) -> Finding {
    let Count {
        held,
        expected,
        name,
    } = count;
    Finding::new(
        Rule::Conservation,
        format!("voucher {name} is on {held} honest cards instead of {expected}"),
    )
}

/// What one card alone shows.
pub(crate) fn alone(cast: &Cast, to_x: bool, name: &str, card: &Card<'_>) -> Option<Finding> {
    if card.view.invented {
        let detail = format!("{name} holds a voucher that its issuer never signed");
        return Some(Finding::new(Rule::Conservation, detail));
    }
    let x = cast.x.holder.key_id();
    let misled = |xid: &Hash| {
        let running = card.view.find(xid);
        running.is_some_and(|run| run.side == Side::Offering && run.evidence.body.b_key == x)
    };
    if !to_x && card.view.running.iter().any(|running| misled(&running.xid)) {
        let detail = format!("{name} confirmed an offer to X that was for the other card");
        return Some(Finding::new(Rule::Address, detail));
    }
    two_results(name, &card.history.events)
}

fn two_results(name: &str, events: &[Event]) -> Option<Finding> {
    let mut results: BTreeMap<(Xid, bool), Got> = BTreeMap::new();
    for event in events {
        if let Event::Ended {
            xid, offering, got, ..
        } = event
            && *results.entry((*xid, *offering)).or_insert(*got) != *got
        {
            let detail = format!("{name} reports two ends of one exchange");
            return Some(Finding::new(Rule::Result, detail));
        }
    }
    None
}

/// Both ends of every exchange between honest cards tell the same, once nothing is open.
pub(crate) fn agree(cast: &Cast, cards: &[Card<'_>; CARDS]) -> Option<Finding> {
    let ends = |offering: bool| -> BTreeMap<Xid, Got> {
        let events = cards.iter().flat_map(|card| &card.history.events);
        events
            .filter_map(|event| end(cast, event, offering))
            .collect()
    };
    let (offering, agreeing) = (ends(true), ends(false));
    let unfair = |a, b| Finding::new(Rule::Fairness, format!("S_A has {a}, S_B has {b}"));
    for (xid, a) in &offering {
        match agreeing.get(xid) {
            Some(b) if a == b => {}
            b => return Some(unfair(told(Some(*a)), told(b.copied()))),
        }
    }
    let alone = |(xid, b): &(&Xid, &Got)| **b == Got::Wanted && !offering.contains_key(*xid);
    let alone = agreeing.iter().find(alone)?;
    Some(unfair(told(None), told(Some(*alone.1))))
}

fn end(cast: &Cast, event: &Event, of_offering: bool) -> Option<(Xid, Got)> {
    match event {
        Event::Ended {
            xid,
            offering,
            got,
            keys,
            ..
        } if *offering == of_offering && !keys.contains(&cast.x.holder.key_id()) => {
            Some((*xid, *got))
        }
        _ => None,
    }
}

fn told(got: Option<Got>) -> &'static str {
    match got {
        Some(Got::Wanted) => "what it wanted",
        Some(Got::Given) => "its own again",
        Some(Got::Nothing) => "nothing",
        None => "never been in it",
    }
}

/// No third party ever signed two outcomes for one exchange.
pub(crate) fn one_outcome(sent: &[&Letter]) -> Option<Finding> {
    let mut outcomes: BTreeMap<Xid, u8> = BTreeMap::new();
    for outcome in sent
        .iter()
        .filter_map(|letter| letter.read::<ThirdPartyOutcome>())
    {
        if *outcomes.entry(outcome.xid).or_insert(outcome.outcome) != outcome.outcome {
            let detail = "a third party signed both outcomes of one exchange";
            return Some(Finding::new(Rule::Outcome, detail));
        }
    }
    None
}
