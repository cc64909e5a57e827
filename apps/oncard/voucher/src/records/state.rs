//! Exchanges as their owner sees them.

use libetp::EntityId;
use libetp::params::voucher::{ExchangeState, State, Vid, Xid};

use super::{Exchange, Finished, OpenOffer, Side};

impl Exchange {
    /// The exchange's id.
    pub fn xid(&self) -> Xid {
        self.evidence.body.xid()
    }

    /// What this card gives.
    pub fn give(&self) -> Vid {
        match self.side {
            Side::Offering => self.vid1,
            Side::Agreeing => self.vid2,
        }
    }

    /// What it gets.
    pub fn want(&self) -> Vid {
        match self.side {
            Side::Offering => self.vid2,
            Side::Agreeing => self.vid1,
        }
    }

    /// The other card.
    pub fn peer(&self) -> EntityId {
        match self.side {
            Side::Offering => self.evidence.body.sb,
            Side::Agreeing => self.evidence.body.sa,
        }
    }

    /// As the owner sees it.
    pub fn state(&self) -> ExchangeState {
        ExchangeState {
            n1: self.n1,
            xid: Some(self.xid()),
            side: self.side as u8,
            state: self.stage as u8,
            give: self.give(),
            want: self.want(),
            peer: self.peer(),
        }
    }
}

impl OpenOffer {
    /// The other card.
    pub fn sb(&self) -> EntityId {
        self.pb.domain.card()
    }

    /// As the owner sees it.
    pub fn state(&self, n1: [u8; 32]) -> ExchangeState {
        ExchangeState {
            n1,
            xid: None,
            side: Side::Offering as u8,
            state: State::Offer as u8,
            give: self.vid1,
            want: self.vid2,
            peer: self.sb(),
        }
    }
}

impl Finished {
    /// As the owner sees it.
    pub fn state(&self) -> ExchangeState {
        ExchangeState {
            n1: self.result.n1,
            xid: self.result.xid,
            side: self.side as u8,
            state: State::Done as u8,
            give: self.give,
            want: self.want,
            peer: self.peer,
        }
    }
}
