//! What Guard asks the owner before it lets a message in.
//!
//! Pure: messages and the time go in. [`Asks`] is what lies in `asks.json`; it is stored before a
//! question is taken from the mailbox. An answer has Guard judge the message again and does nothing
//! else: whatever is let in, the card still wants its owner's order.

mod question;

use card_owner::Version;
use libetp::EntityId;
use libetp::client::Delivery;
use serde::{Deserialize, Serialize};

pub(crate) use question::{Question, guard_of};

pub(crate) const FILE: &str = "asks.json";
/// What to do if it cannot be read.
pub(crate) const DAMAGED: &str = "move it away: what Guard still asks about is refused when its \
                                  time is over, and nothing else is lost";
/// Most questions that wait for an answer; further ones are dropped and counted. What they are about
/// is refused when Guard has waited long enough.
pub(crate) const QUESTIONS_MAX: usize = 256;
/// Most questions about messages from one domain that wait for an answer.
pub(crate) const QUESTIONS_PER_DOMAIN_MAX: usize = 16;

/// The questions that wait for an answer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asks {
    /// First, so that people see it.
    version: Version,
    /// Oldest first.
    questions: Vec<Question>,
    /// The number that was given out last: none ever names a second question.
    last_number: u64,
    /// Questions that were dropped because too many waited.
    pub(crate) dropped: u64,
    /// Whether mail said something that is not in the file yet.
    #[serde(skip)]
    has_news: bool,
}

impl Asks {
    /// Remembers what a message asks, if Guard sent it to `me`, this wallet.
    pub(crate) fn apply(&mut self, unix_s: u64, me: EntityId, delivery: &Delivery) {
        let Some(mut question) = Question::of(unix_s, me, delivery) else {
            return;
        };
        let before = self.questions.len();
        // Guard gives a ticket twice only if it was started anew; then nobody waits for the older.
        let stands = |known: &Question| known.ticket != question.ticket && known.is_open(unix_s);
        self.questions.retain(stands);
        self.has_news |= self.questions.len() < before;
        if !question.is_open(unix_s) {
            return;
        }
        if !self.has_room_for(&question) {
            self.dropped += 1;
            return;
        }
        self.last_number += 1;
        question.number = self.last_number;
        self.questions.push(question);
        self.has_news = true;
    }

    /// Whether mail said something since the last call that is to be stored before it is taken.
    pub(crate) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.has_news)
    }

    /// The questions that can still be answered, oldest first.
    pub(crate) fn open(&self, unix_s: u64) -> impl Iterator<Item = &Question> {
        let is_open = move |question: &&Question| question.is_open(unix_s);
        self.questions.iter().filter(is_open)
    }

    /// The question of that number, if it can still be answered.
    pub(crate) fn find(&self, unix_s: u64, number: u64) -> Option<&Question> {
        self.open(unix_s).find(|question| question.number == number)
    }

    /// Whether a question ever had that number.
    pub(crate) fn was_asked(&self, number: u64) -> bool {
        (1..=self.last_number).contains(&number)
    }

    /// A question is answered.
    pub(crate) fn forget(&mut self, number: u64) {
        self.questions.retain(|known| known.number != number);
    }

    fn has_room_for(&self, question: &Question) -> bool {
        let domain = question.src.domain;
        let of_domain = self.questions.iter().filter(|it| it.src.domain == domain);
        self.questions.len() < QUESTIONS_MAX && of_domain.count() < QUESTIONS_PER_DOMAIN_MAX
    }
}

#[cfg(test)]
mod tests;
