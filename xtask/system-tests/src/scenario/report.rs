//! The facts of a demonstration, as one document.

use std::collections::BTreeMap;

use serde::Serialize;

/// Everything that happened.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Whether each voucher is held by exactly one card at the end.
    pub vouchers_exactly_once: bool,
    /// Whether that holds and every step ended as it had to.
    pub as_it_had_to: bool,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// Messages of the exchange in the order in which they entered a table.
    pub messages: Vec<Message>,
    /// Commands to each card, by what the card is called in `messages`.
    pub apdus: BTreeMap<String, Card>,
    /// Before the exchange.
    pub holdings_before: Vec<Holding>,
    /// At the end.
    pub holdings_after: Vec<Holding>,
    /// The vouchers that were issued.
    pub vouchers: Vec<String>,
    /// From A's order to the last result, in microseconds, the people's programs included.
    pub exchange_elapsed_us: u64,
}

/// One step and how it ended.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// What was done.
    pub name: &'static str,
    /// Whether it ended as it had to.
    pub as_it_had_to: bool,
    /// In words.
    pub detail: String,
}

/// A message of the exchange.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// When it entered a table first, in microseconds since 1970.
    pub unix_us: u64,
    /// Its type.
    pub mtype: String,
    /// Whose the source is: `wallet A`, `card B`; else its id.
    pub from: String,
    /// Whose the destination is.
    pub to: String,
    /// Length with the header.
    pub bytes: u64,
    /// Processor time of the card that handled it, in microseconds; of the host where no card did.
    pub cpu_us: u64,
    /// Time beyond that, in microseconds.
    pub io_us: u64,
}

/// The commands to one card.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Card {
    /// Its id.
    pub id: String,
    /// Since its daemon started.
    pub total: u64,
    /// Those that carried a message of the exchange.
    pub exchange: Vec<Apdu>,
}

/// One command to a card and its response.
#[derive(Clone, Debug, Serialize)]
pub struct Apdu {
    /// Types of the messages in the command.
    pub takes: Vec<String>,
    /// Types of the messages in the response.
    pub gives: Vec<String>,
    /// Length of command and response.
    pub bytes: u64,
    /// Processor time in microseconds.
    pub cpu_us: u64,
    /// Time beyond that, in microseconds.
    pub io_us: u64,
}

/// A voucher in a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holding {
    /// Name of the host.
    pub host: String,
    /// Its id.
    pub vid: String,
    /// What it promises.
    pub promise: String,
}

impl Report {
    pub(crate) fn step(&mut self, name: &'static str, as_it_had_to: bool, detail: String) {
        self.steps.push(Step {
            name,
            as_it_had_to,
            detail,
        });
    }

    /// The commands of the exchange to both cards.
    pub fn exchange_apdus(&self) -> impl Iterator<Item = &Apdu> {
        self.apdus.values().flat_map(|card| &card.exchange)
    }
}
