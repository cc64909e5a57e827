//! Every operation of a card, each from a state that real messages led to.

pub(crate) mod keys;
pub(crate) mod pals;
pub(crate) mod runtime;
pub(crate) mod third_party;
pub(crate) mod voucher;

use libetp::Mtype;

use crate::seat::What;
use crate::stage::{Stage, Who};

pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) mtype: Mtype,
    /// Types of what the card says to it.
    pub(crate) answers: &'static [Mtype],
    /// Whether the card is another one afterwards, apart from having carried out a command.
    pub(crate) changes: bool,
    /// Transactions that it takes.
    pub(crate) commits: usize,
    /// How many vouchers come into being, or are forgotten if negative.
    pub(crate) vouchers: isize,
    /// How it comes to it.
    pub(crate) scene: fn() -> Scene,
}

/// A card about to be told something.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    pub(crate) who: Who,
    pub(crate) what: What,
}

/// What cards say, and never take.
pub(crate) const ANSWERS: &[Mtype] = &[
    Mtype::HELLO,
    Mtype::PORTS_RESERVED,
    Mtype::STATEMENT,
    Mtype::AUTH_CHALLENGE,
    Mtype::AUTH_OK,
    Mtype::AUTH_FAILED,
    Mtype::PIN_SET,
    Mtype::HOST_ENROLLED,
    Mtype::ORDER_REFUSED,
    Mtype::CARD_INFO,
    Mtype::OFFER,
    Mtype::EXCHANGE_RESULT,
    Mtype::EXCHANGE_STARTED,
    Mtype::DISPUTED,
    Mtype::ISSUE_CHALLENGE,
    Mtype::ISSUED,
    Mtype::ISSUE_CANCELLED,
    Mtype::REDEEMED,
    Mtype::REDEMPTION_FORGOTTEN,
    Mtype::VOUCHERS,
    Mtype::EXCHANGES,
    Mtype::SESSION_INVITE,
    Mtype::SESSION_STATE,
    Mtype::SESSION_RESULT,
    Mtype::FUNCTIONS,
    Mtype::OUTCOME_RECORD,
    Mtype::THIRD_PARTY_STATUS,
    Mtype::SIGNATURE,
    Mtype::VERIFIED,
    Mtype::CHALLENGE_RESPONSE,
];

impl Operation {
    const fn new(
        name: &'static str,
        mtype: Mtype,
        answers: &'static [Mtype],
        scene: fn() -> Scene,
    ) -> Self {
        Self {
            name,
            mtype,
            answers,
            changes: true,
            commits: 1,
            vouchers: 0,
            scene,
        }
    }

    /// It leaves the card as it was.
    const fn changes_nothing(mut self) -> Self {
        self.changes = false;
        self
    }

    /// A voucher comes into being.
    const fn issues(mut self) -> Self {
        self.vouchers = 1;
        self
    }

    /// A redeemed voucher is forgotten.
    const fn forgets(mut self) -> Self {
        self.vouchers = -1;
        self
    }

    /// A try is spent before the secret is compared: two transactions.
    const fn spends_a_try(mut self) -> Self {
        self.commits = 2;
        self
    }
}
