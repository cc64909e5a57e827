//! The facts of a demonstration, as one document.

use std::collections::BTreeMap;

use serde::Serialize;

/// Everything that happened.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Whether each voucher was held by exactly one card at the end of each story.
    pub vouchers_exactly_once: bool,
    /// Whether that holds and every step ended as it had to.
    pub as_it_had_to: bool,
    /// What was told, in order.
    pub stories: Vec<Story>,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// Messages of exchanges and disputes in the order in which they entered a table.
    pub messages: Vec<Message>,
    /// Commands to each card, by what the card is called in `messages`.
    pub apdus: BTreeMap<String, Card>,
    /// The vouchers that were issued.
    pub vouchers: Vec<String>,
}

/// One story: what everybody holds before and after, and what came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Story {
    /// What it is called in `steps`, `messages` and `apdus`.
    pub name: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// How it ended: an exchange as its cards say, an attack by the name of its refusal.
    pub outcome: String,
    /// Whether each of its steps ended as it had to.
    pub as_it_had_to: bool,
    /// Before it.
    pub holdings_before: Vec<Holding>,
    /// After it.
    pub holdings_after: Vec<Holding>,
    /// From its first order to its last result, in microseconds, the people's programs included.
    pub elapsed_us: u64,
}

/// One step and how it ended.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Of which story.
    pub story: &'static str,
    /// What was done.
    pub name: &'static str,
    /// Whether it ended as it had to.
    pub as_it_had_to: bool,
    /// In words.
    pub detail: String,
}

/// A message of an exchange or a dispute.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// In which story.
    pub story: &'static str,
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
    /// Those that carried a message of an exchange or a dispute.
    pub exchange: Vec<Apdu>,
}

/// One command to a card and its response.
#[derive(Clone, Debug, Serialize)]
pub struct Apdu {
    /// In which story.
    pub story: &'static str,
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Holding {
    /// Name of the host.
    pub host: String,
    /// Its id.
    pub vid: String,
    /// What it promises.
    pub promise: String,
}

impl Report {
    /// A step of the story that is told now.
    pub(crate) fn step(&mut self, name: &'static str, as_it_had_to: bool, detail: String) {
        let story = self.stories.last_mut();
        let story = story.map_or("", |story| {
            story.as_it_had_to &= as_it_had_to;
            story.name
        });
        self.steps.push(Step {
            story,
            name,
            as_it_had_to,
            detail,
        });
    }

    /// The commands to all cards in a story.
    pub fn apdus_of(&self, story: &str) -> impl Iterator<Item = &Apdu> {
        let all = self.apdus.values().flat_map(|card| &card.exchange);
        all.filter(move |apdu| apdu.story == story)
    }

    /// A story by its name.
    pub fn story(&self, name: &str) -> Option<&Story> {
        self.stories.iter().find(|story| story.name == name)
    }
}
