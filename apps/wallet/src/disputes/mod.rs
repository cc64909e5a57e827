//! What an owner can do about an exchange that does not go on: which one is meant, when it is stuck, and how
//! long to wait between two tries. Pure: records and the time go in.

mod choose;
mod proposal;
mod retry;

use crate::records::{Exchange, Side, Stage, State};

pub(crate) use choose::{Advice, Chosen, Misfit, choose};
pub(crate) use proposal::{COST, Proposal, proposal, proposals};
pub(crate) use retry::pause;

/// An order to the card to ask the third party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dispute {
    /// By the card that offered.
    Resolve,
    /// By the card that agreed.
    Abort,
}

impl Dispute {
    /// The command's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Abort => "abort",
        }
    }

    /// What the owner of this side can order.
    pub(crate) fn of(side: Side) -> Self {
        match side {
            Side::Offered => Self::Resolve,
            Side::Received => Self::Abort,
        }
    }

    /// Where the exchange stands once this is ordered.
    pub(crate) fn stage(self) -> Stage {
        match self {
            Self::Resolve => Stage::Resolving,
            Self::Abort => Stage::Aborting,
        }
    }
}

/// An order that ends an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// After an agreement.
    Dispute(Dispute),
    /// Before one: the own offer is taken back.
    Cancel,
}

impl Remedy {
    /// Whether this can be ordered about an exchange.
    fn fits(self, exchange: &Exchange) -> bool {
        match self {
            Self::Dispute(dispute) => {
                exchange.is_running() && Dispute::of(exchange.side) == dispute
            }
            Self::Cancel => is_open_offer(exchange),
        }
    }
}

fn is_open_offer(exchange: &Exchange) -> bool {
    let is_open = exchange.side == Side::Offered && exchange.state == State::Open;
    is_open && !exchange.is_running()
}

#[cfg(test)]
mod tests;
