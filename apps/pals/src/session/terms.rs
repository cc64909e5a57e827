//! What one agrees to, in words.

use std::fmt::Write;

use libetp::params::pals::{AuctionTerms, Descriptor, Quorum};
use oncard_trustedpals::session::Terms;
use pals::Computation;

use super::program::{Failure, Kind};
use super::roster::Roster;

/// A session that cards take, of a function that is known here.
pub(super) struct Agreement {
    pub(super) terms: Terms,
    pub(super) computation: Computation,
    pub(super) roster: Roster,
}

impl Agreement {
    /// Of a descriptor, as the member with that key sees it.
    pub(super) fn new(descriptor: Descriptor, key: &[u8; 32]) -> Result<Self, Failure> {
        let roster = Roster::new(&descriptor, key);
        let computation = Computation::of(&descriptor).ok_or_else(|| {
            Failure::new(Kind::Usage, "the session computes what is not known here")
        })?;
        let terms = Terms::new(descriptor, key).map_err(|error| {
            Failure::new(
                Kind::Usage,
                format!("no card takes such a session: {error}"),
            )
        })?;
        Ok(Self {
            terms,
            computation,
            roster,
        })
    }

    pub(super) fn descriptor(&self) -> &Descriptor {
        self.terms.descriptor()
    }

    /// All that there is to agree to.
    pub(super) fn text(&self) -> String {
        let (descriptor, n) = (self.descriptor(), self.roster.n());
        let mut text = format!("{} among {n} members:\n", self.computation.native().name());
        text += &self.roster.lines("  ");
        let _ = writeln!(text, "  {}.", self.what());
        let _ = writeln!(
            text,
            "  The result is right for all whose host is right, if at most {} of {n} hosts are corrupt or fail.",
            descriptor.corrupt
        );
        let rounds = self.terms.plan().last_round();
        let most_ms = u64::from(descriptor.round_ms) * (u64::from(rounds) + 2);
        let _ = writeln!(
            text,
            "  {rounds} rounds of at most {} ms: at most {} s from the start.",
            descriptor.round_ms,
            most_ms.div_ceil(1_000)
        );
        let _ = writeln!(text, "  {}", self.cards());
        text
    }

    fn what(&self) -> String {
        match &self.computation {
            Computation::Auction(terms) => self.auction(terms),
            Computation::Sum(quorum) => format!("All learn the sum{}", of_at_least(quorum)),
            Computation::Maximum(quorum) => {
                format!("All learn the largest number{}", of_at_least(quorum))
            }
        }
    }

    fn auction(&self, terms: &AuctionTerms) -> String {
        let mut text = format!(
            "Who bids most wins, at the second highest price and at least {}. ",
            terms.reserve
        );
        text += match terms.is_price_public {
            true => "All learn the price, but not who pays it",
            false => "The price is told to who wins",
        };
        let auctioneer = terms.auctioneer.map(usize::from);
        if let Some(name) = auctioneer.and_then(|at| self.roster.name(at)) {
            let _ = write!(
                text,
                "; {name} learns who wins at which price, and does not bid"
            );
        }
        text
    }

    /// What may be said of the cards.
    fn cards(&self) -> &'static str {
        match self.descriptor().min_class {
            0 => CLASS_0,
            _ => "Cards are tamper-resistant, of the class that their certificates say.",
        }
    }
}

/// What a session means that takes cards of class 0.
const CLASS_0: &str = "\
Class 0: cards may be programs on their hosts. Each such host can see ALL inputs, and one that
  changes its card's memory can change the result. To try things out, and among hosts that trust
  each other.";

fn of_at_least(quorum: &Quorum) -> String {
    format!(
        " and how many gave one; with fewer than {} only how many",
        quorum.inputs_min
    )
}
