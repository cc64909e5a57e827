//! A way through the states, for people.

use libetp::Mtype;
use libetp::digest::Hash;
use libetp::params::thirdparty::{AbortRequest, ResolveRequest};
use libetp::params::voucher::{
    Agreement, CancelOffer, Commitment, Confirmation, Issue, Offer, OfferRejected, OrderAbort,
    OrderResolve, Outcome, Redeem, StartExchange, ThirdPartyOutcome, Vid, Xid,
};
use libetp::{Domain, codec};

use super::cast::Cast;
use super::letter::Letter;
use super::machine::Machine;
use super::space::Move;

/// Tells a way step by step: offers and exchanges have numbers in order of appearance.
pub(crate) fn way(machine: &Machine<'_>, way: &[Move]) -> Vec<String> {
    let mut teller = Teller {
        cast: machine.cast,
        offers: Vec::new(),
        exchanges: Vec::new(),
    };
    way.iter().map(|step| teller.step(machine, step)).collect()
}

struct Teller<'c> {
    cast: &'c Cast,
    offers: Vec<Hash>,
    exchanges: Vec<Hash>,
}

impl Teller<'_> {
    fn step(&mut self, machine: &Machine<'_>, step: &Move) -> String {
        match *step {
            Move::Mishap { actor, name } => format!("{} {name}", self.cast.actors[actor].name),
            Move::Take {
                actor,
                letter,
                lost,
                way,
            } => {
                let what = self.letter(machine.letters.thing(letter));
                let broken = if way > 0 { ", the broken way" } else { "" };
                let lost = if lost { ", then power fails" } else { "" };
                format!("{}: {what}{broken}{lost}", self.cast.actors[actor].name)
            }
        }
    }

    fn letter(&mut self, letter: &Letter) -> String {
        let name = letter.mtype.entry().map_or("?", |entry| entry.name);
        match self.details(letter) {
            Some(details) => format!("{name} {details}"),
            None => name.into(),
        }
    }

    fn details(&mut self, letter: &Letter) -> Option<String> {
        match letter.mtype {
            Mtype::START_EXCHANGE => letter.read().map(|order| self.start(&order)),
            Mtype::ACCEPT => codec::from_slice(&letter.param)
                .ok()
                .map(|offer| self.accept(&offer)),
            Mtype::AGREEMENT => letter.read().map(|m2| self.agreement(&m2)),
            Mtype::ISSUE => letter
                .read()
                .map(|issue: Issue| self.voucher(&issue.voucher.vid())),
            Mtype::REDEEM => letter.read().map(|order: Redeem| self.voucher(&order.vid)),
            Mtype::CANCEL_OFFER => letter
                .read()
                .map(|order: CancelOffer| self.offer(&order.n1)),
            Mtype::OFFER_REJECTED => letter
                .read()
                .map(|said: OfferRejected| self.offer(&said.n1)),
            _ => self.about(letter),
        }
    }

    /// Messages about one exchange.
    fn about(&mut self, letter: &Letter) -> Option<String> {
        let (xid, by) = match letter.mtype {
            Mtype::CONFIRMATION => letter
                .read()
                .map(|m3: Confirmation| (m3.xid, Some(m3.certificate))),
            Mtype::COMMITMENT => letter.read().map(|m4: Commitment| (m4.xid, None)),
            Mtype::ORDER_RESOLVE => letter.read().map(|order: OrderResolve| (order.xid, None)),
            Mtype::ORDER_ABORT => letter.read().map(|order: OrderAbort| (order.xid, None)),
            Mtype::RESOLVE_REQUEST => letter
                .read()
                .map(|mr1: ResolveRequest| (mr1.evidence.body.xid(), Some(mr1.certificate))),
            Mtype::ABORT_REQUEST => letter
                .read()
                .map(|ma1: AbortRequest| (ma1.evidence.body.xid(), Some(ma1.certificate))),
            Mtype::OUTCOME => return letter.read().map(|outcome| self.outcome(&outcome)),
            _ => None,
        }?;
        let exchange = self.exchange(&xid);
        Some(match by {
            Some(certificate) => format!("{exchange}, signed by {}", self.holder(&certificate)),
            None => exchange,
        })
    }

    fn start(&self, order: &StartExchange) -> String {
        let (give, want) = (self.voucher(&order.vid1), self.voucher(&order.vid2));
        format!("{give} for {want} of {}", self.home(order.pb.domain))
    }

    fn accept(&mut self, offer: &Offer) -> String {
        let (give, want) = (
            self.voucher(&offer.vid2),
            self.voucher(&offer.voucher1.vid()),
        );
        let judge = self.cast.by_key(&offer.third_party);
        let judge = judge.map_or("nobody", |judge| self.cast.actors[judge].name);
        let (from, number) = (self.home(offer.sa.domain), self.offer(&offer.n1));
        format!("{number} of {from}, {give} for {want}, naming {judge}")
    }

    fn agreement(&mut self, m2: &Agreement) -> String {
        let (from, exchange) = (self.home(m2.body.sb.domain), self.exchange(&m2.body.xid()));
        format!("{exchange} of {from}")
    }

    fn outcome(&mut self, outcome: &ThirdPartyOutcome) -> String {
        let (exchange, by) = (
            self.exchange(&outcome.xid),
            self.holder(&outcome.certificate),
        );
        let outcome = Outcome::from_u8(outcome.outcome).map_or("?", |outcome| outcome.name());
        format!("{exchange} {outcome}, signed by {by}")
    }

    fn voucher(&self, vid: &Vid) -> String {
        self.cast.name(vid).to_string()
    }

    fn offer(&mut self, n1: &Hash) -> String {
        format!("offer {}", number(&mut self.offers, n1))
    }

    fn exchange(&mut self, xid: &Xid) -> String {
        format!("exchange {}", number(&mut self.exchanges, xid))
    }

    fn holder(&self, certificate: &[u8]) -> &'static str {
        let mut actors = self.cast.actors.iter();
        let actor = actors.find(|actor| actor.holder.certificate == certificate);
        actor.map_or("X", |actor| actor.name)
    }

    fn home(&self, domain: Domain) -> &'static str {
        let mut actors = self.cast.actors.iter();
        let actor = actors.find(|actor| actor.id.domain == domain);
        actor.map_or("X", |actor| actor.name)
    }
}

fn number(known: &mut Vec<Hash>, id: &Hash) -> usize {
    if let Some(at) = known.iter().position(|known| known == id) {
        return at + 1;
    }
    known.push(*id);
    known.len()
}
