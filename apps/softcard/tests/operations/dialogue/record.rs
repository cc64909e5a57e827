//! Writes down what is said to cards.

use libetp::exchange::apdu::{Apdu, SHORT_EXPECTED_BYTES_MAX};
use libetp::exchange::split;

use super::table::Row;
use crate::seat::Way;
use crate::stage::{Stage, Who};

/// A stage, and what was said there since it was set or forgotten.
pub(crate) struct Record {
    pub(crate) stage: Stage,
    pub(crate) rows: Vec<Row>,
}

impl Record {
    /// Two cards with a voucher each, whose owners are authenticated, and a third party.
    pub(crate) fn new() -> Self {
        let mut record = Self {
            stage: Stage::new(),
            rows: Vec::new(),
        };
        record.forget();
        record
    }

    /// Nothing that was said so far is written down.
    pub(crate) fn forget(&mut self) {
        for who in [Who::A, Who::B, Who::T] {
            self.stage.seat_mut(who).way.log.clear();
        }
    }

    /// Writes down what was said to a card.
    pub(crate) fn note(&mut self, who: Who) {
        let card = match who {
            Who::A => "A",
            Who::B => "B",
            Who::T => "T",
        };
        let said = self.stage.seat_mut(who).way.log.drain(..);
        self.rows.extend(said.map(|said| Row { card, said }));
    }

    /// Says a short APDU to card B; how much of its response is to be fetched.
    pub(crate) fn say(&mut self, apdu: &Apdu<'_>) -> Option<usize> {
        let mut command = Vec::new();
        apdu.write_short(&mut command);
        let response = self.stage.b.way.transmit(&command).expect("a response");
        let (_, status) = split(&response).expect("a status word");
        let [_, left] = status.0.to_be_bytes();
        status.has_rest().then(|| match left {
            0 => SHORT_EXPECTED_BYTES_MAX,
            left => left.into(),
        })
    }
}
