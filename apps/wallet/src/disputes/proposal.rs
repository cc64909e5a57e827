//! Whether an exchange is stuck, and what can be done about it.

use serde_json::{Value, json};

use super::Dispute;
use crate::records::{Exchange, Records, Stage};

/// From when on an exchange counts as stuck, in seconds after the wallet saw its card wait: cards
/// that reach each other are done in far less.
pub(crate) const STUCK_AFTER_S: u64 = 30;
/// From when on the order to the third party may be repeated, in seconds after the last one that is known.
pub(crate) const REPEAT_AFTER_S: u64 = 30;

/// What a dispute costs.
pub(crate) const COST: &str = "one message to the third party and one back. It learns that these two cards \
     dispute, and when, not what they exchange. The vouchers then change hands, or each card has its own again";

/// What is proposed to an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposal {
    /// Which exchange.
    pub(crate) number: u64,
    /// What can be ordered.
    pub(crate) order: Dispute,
    /// Why.
    pub(crate) why: Why,
    /// Whether the owner must say where the third party is reached: the offer does not.
    pub(crate) wants_id: bool,
}

/// Why an exchange counts as stuck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The other card has been silent for so many seconds.
    Silent(u64),
    /// The other host cannot be reached.
    Unreachable,
    /// The third party has not answered for so many seconds.
    Unanswered(u64),
}

/// What to propose about an exchange; `patience_s` is how long its card may wait before.
pub(crate) fn proposal(exchange: &Exchange, unix_s: u64, patience_s: u64) -> Option<Proposal> {
    let seen = exchange.seen.filter(|_| exchange.is_running())?;
    let waits_s = unix_s.saturating_sub(seen.since_unix_s);
    let why = match seen.stage {
        Stage::Wait if exchange.unreachable_unix_s.is_some() => Why::Unreachable,
        Stage::Wait if waits_s >= patience_s => Why::Silent(waits_s),
        Stage::Resolving | Stage::Aborting if waits_s >= REPEAT_AFTER_S => Why::Unanswered(waits_s),
        _ => return None,
    };
    let third_party = exchange.third_party.as_ref();
    Some(Proposal {
        number: exchange.number,
        order: Dispute::of(exchange.side),
        why,
        wants_id: third_party.is_some_and(|third_party| third_party.ids.is_empty()),
    })
}

/// What to propose about all of them.
pub(crate) fn proposals(records: &Records, unix_s: u64) -> Vec<Proposal> {
    let exchanges = records.exchanges.iter();
    exchanges
        .filter_map(|exchange| proposal(exchange, unix_s, STUCK_AFTER_S))
        .collect()
}

impl Proposal {
    /// The exact command.
    pub(crate) fn command(&self) -> String {
        let wanted = match self.wants_id {
            true => " --third-party-id ID",
            false => "",
        };
        format!("wallet {} {}{wanted}", self.order.name(), self.number)
    }

    /// What is wrong, in words.
    pub(crate) fn trouble(&self) -> String {
        let number = self.number;
        match self.why {
            Why::Silent(seconds) => format!(
                "exchange {number} is stuck: both cards agreed, and the other one has been silent for {seconds} s"
            ),
            Why::Unreachable => format!(
                "exchange {number} is stuck: both cards agreed, and the other host cannot be reached"
            ),
            Why::Unanswered(seconds) => format!(
                "exchange {number} waits for the third party, which has not answered for {seconds} s"
            ),
        }
    }

    /// What to do, and what it costs.
    pub(crate) fn advice(&self) -> String {
        let command = self.command();
        let advice = match self.why {
            Why::Unanswered(_) => {
                return format!(
                    "To ask it again: {command}\n  If it is reached elsewhere now, say so with --third-party-id ID."
                );
            }
            _ => format!("To end it: {command}\n  This costs {COST}."),
        };
        match self.order {
            Dispute::Resolve => advice,
            Dispute::Abort => format!(
                "{advice}\n  Or, once the other host is back, `wallet accept {}` has the cards go on.",
                self.number
            ),
        }
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        format!("Note: {}.\n  {}\n", self.trouble(), self.advice())
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let (why, for_s) = match self.why {
            Why::Silent(seconds) => ("silent", Some(seconds)),
            Why::Unreachable => ("unreachable", None),
            Why::Unanswered(seconds) => ("unanswered", Some(seconds)),
        };
        json!({
            "number": self.number,
            "order": self.order.name(),
            "command": self.command(),
            "why": why,
            "for_s": for_s,
            "cost": COST,
        })
    }
}
