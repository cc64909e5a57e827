//! Two cards with a voucher each and a third party's card: every message passes through our hands.

use libetp::codec::List;
use libetp::params::Param;
use libetp::params::thirdparty::{AbortRequest, ResolveRequest};
use libetp::params::voucher::{
    Agreement, Commitment, Confirmation, ExchangeResult, IssueBegin, IssueChallenge, Offer,
    OrderAbort, OrderResolve, StartExchange, ThirdPartyOutcome, Vid, Xid,
};
use libetp::{EntityId, Mtype, codec};
use oncard_runtime::{OwnerSecrets, Writes, personalise};

use crate::seat::{Seat, What, one};
use crate::support::{PIN, Scheme};

/// The PUK of S_A.
pub(crate) const PUK: &[u8] = b"8642086420864208";
/// The host that S_A is enrolled at.
pub(crate) const HOST_KEY: [u8; 32] = [7; 32];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    A,
    B,
    T,
}

pub(crate) struct Stage {
    pub(crate) scheme: Scheme,
    pub(crate) a: Seat,
    pub(crate) b: Seat,
    pub(crate) t: Seat,
    /// What S_A gives.
    pub(crate) vid1: Vid,
    /// What S_B gives.
    pub(crate) vid2: Vid,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let scheme = Scheme::new();
        let mut a = Seat::new(&card(&scheme, Who::A), 21);
        let mut b = Seat::new(&card(&scheme, Who::B), 22);
        let t = Seat::new(&card(&scheme, Who::T), 23);
        let vid1 = issue(&scheme, &mut a, 1);
        let vid2 = issue(&scheme, &mut b, 2);
        Self {
            scheme,
            a,
            b,
            t,
            vid1,
            vid2,
        }
    }

    pub(crate) fn seat(&self, who: Who) -> &Seat {
        match who {
            Who::A => &self.a,
            Who::B => &self.b,
            Who::T => &self.t,
        }
    }

    pub(crate) fn seat_mut(&mut self, who: Who) -> &mut Seat {
        match who {
            Who::A => &mut self.a,
            Who::B => &mut self.b,
            Who::T => &mut self.t,
        }
    }

    pub(crate) fn start_order(&self) -> StartExchange {
        StartExchange {
            vid1: self.vid1,
            vid2: self.vid2,
            pb: self.b.owner.id,
            third_party: self.scheme.third_party.key_id(),
            third_party_ids: List(vec![self.t.id()]),
        }
    }

    /// m1.
    pub(crate) fn offer(&mut self) -> Offer {
        let order = What::order(&self.start_order());
        one(&self.a.act(&order))
    }

    /// m2.
    pub(crate) fn accept(&mut self, offer: &Offer) -> Agreement {
        one(&self.b.act(&accept_order(offer)))
    }

    /// m3.
    pub(crate) fn confirm(&mut self, m2: &Agreement) -> Confirmation {
        let message = m2.clone().into_message(self.b.id(), self.a.id());
        one(&self.a.deliver(message))
    }

    /// m4.
    pub(crate) fn commit(&mut self, m3: &Confirmation) -> Commitment {
        let message = m3.clone().into_message(self.a.id(), self.b.id());
        one(&self.b.deliver(message))
    }

    /// The end at S_A.
    pub(crate) fn complete(&mut self, m4: &Commitment) -> ExchangeResult {
        let message = m4.clone().into_message(self.b.id(), self.a.id());
        one(&self.a.deliver(message))
    }

    /// mr1.
    pub(crate) fn resolve(&mut self, xid: Xid) -> ResolveRequest {
        one(&self.a.act(&resolve_order(xid)))
    }

    /// ma1.
    pub(crate) fn abort(&mut self, xid: Xid) -> AbortRequest {
        one(&self.b.act(&abort_order(xid)))
    }

    /// The third party's answer to a request from a card.
    pub(crate) fn judge(&mut self, card: EntityId, request: impl Param) -> ThirdPartyOutcome {
        let message = request.into_message(card, self.t.id());
        one(&self.t.deliver(message))
    }
}

pub(crate) fn accept_order(offer: &Offer) -> What {
    What::Order(Mtype::ACCEPT, codec::to_vec(offer))
}

pub(crate) fn resolve_order(xid: Xid) -> What {
    What::order(&OrderResolve {
        xid,
        third_party_ids: List(Vec::new()),
    })
}

pub(crate) fn abort_order(xid: Xid) -> What {
    What::order(&OrderAbort {
        xid,
        third_party_ids: List(Vec::new()),
    })
}

/// Opens a card for an issue.
pub(crate) fn opened(seat: &mut Seat) -> IssueChallenge {
    one(&seat.act(&What::order(&IssueBegin {})))
}

fn issue(scheme: &Scheme, seat: &mut Seat, serial: u8) -> Vid {
    let challenge = opened(seat);
    let voucher = scheme.voucher(serial, b"one coffee".to_vec());
    let vid = voucher.vid();
    let issue = scheme.issue(voucher, &challenge);
    seat.deliver(issue.into_message(seat.owner.id, seat.id()));
    vid
}

/// A new card. S_A's has a PUK and a host, T's the third party's key.
fn card(scheme: &Scheme, who: Who) -> Writes {
    let number = 31 + who as u8;
    let mut card = scheme.personalisation([number; 32], [number + 10; 32]);
    let mut owner = OwnerSecrets::from(PIN);
    match who {
        Who::A => {
            card.host_key = Some(HOST_KEY);
            owner.puk = Some(PUK);
        }
        Who::B => {}
        Who::T => card.service = Some(scheme.service()),
    }
    personalise(&card, owner, [number + 20; 32]).expect("a card")
}
