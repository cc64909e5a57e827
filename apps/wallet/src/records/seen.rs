//! What the card's list of exchanges adds to what the wallet remembers.

use libetp::params::voucher::{self, ExchangeState};

use super::{Exchange, Records, Seen, Side, Stage, State};
use crate::values::Hex32;

/// The byte of the offering side in the card's list.
const OFFERING: u8 = 0;

impl Records {
    /// Remembers where the card says that its exchanges stand. Of one that it does not list, the
    /// card knows nothing more.
    pub(crate) fn see(&mut self, unix_s: u64, listed: &[ExchangeState]) {
        for state in listed {
            if let Some(stage) = stage(state.state) {
                self.see_one(unix_s, state, stage);
            }
        }
        let is_listed = |known: &Exchange| {
            let mut listed = listed.iter();
            listed.any(|state| known.may_be(Hex32(state.n1), state.xid.map(Hex32)))
        };
        for known in &mut self.exchanges {
            if !known.state.is_final() && !is_listed(known) {
                known.seen = None;
            }
        }
    }

    fn see_one(&mut self, unix_s: u64, listed: &ExchangeState, stage: Stage) {
        let (n1, xid) = (Hex32(listed.n1), listed.xid.map(Hex32));
        if self.of(n1, xid).is_none() {
            let anew = self.anew(unix_s, n1);
            self.add(anew.unwrap_or_else(|| unremembered(listed)));
        }
        let Some(known) = self.of_mut(n1, xid).filter(|known| !known.is_over(stage)) else {
            return;
        };
        known.xid = known.xid.or(xid);
        if known.side == Side::Received {
            known.state = State::Accepted;
        }
        known.enter(unix_s, stage);
    }

    /// The card asked the third party, once more if it had before.
    pub(crate) fn disputed(&mut self, unix_s: u64, n1: Hex32, stage: Stage) {
        if let Some(known) = self.by_n1_mut(n1)
            && !known.state.is_final()
        {
            match known.stage() == Some(stage) {
                true => known.again(unix_s, stage),
                false => known.enter(unix_s, stage),
            }
        }
    }

    /// Whether the other host could be reached just now.
    pub(crate) fn reached(&mut self, unix_s: u64, n1: Hex32, is_reachable: bool) {
        if let Some(known) = self.by_n1_mut(n1) {
            known.unreachable_unix_s = (!is_reachable).then_some(unix_s);
        }
    }
}

impl Exchange {
    /// Whether nothing can happen any more, where the card says that it is at `stage`. That this
    /// wallet rejected an offer does not end what the card had agreed to before.
    fn is_over(&self, stage: Stage) -> bool {
        let agreed = [Stage::Wait, Stage::Resolving, Stage::Aborting].contains(&stage);
        self.state.is_final() && !(agreed && self.state == State::Rejected)
    }

    /// The time that it has been there begins anew.
    fn again(&mut self, unix_s: u64, stage: Stage) {
        let since_unix_s = unix_s;
        self.seen = Some(Seen {
            stage,
            since_unix_s,
        });
        self.tell(unix_s, format!("{} again", entering(self.side, stage)));
    }

    /// Tells it when it is new.
    fn enter(&mut self, unix_s: u64, stage: Stage) {
        if self.stage() == Some(stage) {
            return;
        }
        let since_unix_s = unix_s;
        self.seen = Some(Seen {
            stage,
            since_unix_s,
        });
        let what = entering(self.side, stage);
        if !what.is_empty() {
            self.tell(unix_s, what);
        }
    }
}

fn entering(side: Side, stage: Stage) -> &'static str {
    match (stage, side) {
        (Stage::Offer | Stage::Done, _) => "",
        (Stage::Wait, Side::Offered) => {
            "the other card agreed (m2); this card gave its voucher and confirmed (m3)"
        }
        (Stage::Wait, Side::Received) => "this card gave its voucher and agreed (m2)",
        (Stage::Resolving, _) => "asked the third party to resolve",
        (Stage::Aborting, _) => "asked the third party to abort",
    }
}

fn stage(byte: u8) -> Option<Stage> {
    Some(match voucher::State::from_u8(byte)? {
        voucher::State::Offer => Stage::Offer,
        voucher::State::Wait => Stage::Wait,
        voucher::State::Resolving => Stage::Resolving,
        voucher::State::Aborting => Stage::Aborting,
        voucher::State::Done => Stage::Done,
    })
}

/// An exchange that only the card knows of, as after the loss of the wallet's records.
fn unremembered(listed: &ExchangeState) -> Exchange {
    let side = match listed.side {
        OFFERING => Side::Offered,
        _ => Side::Received,
    };
    Exchange {
        peer: Some(listed.peer.to_string()),
        ..Exchange::new(
            Hex32(listed.n1),
            side,
            Hex32(listed.give),
            Hex32(listed.want),
        )
    }
}
