//! What the wallet remembers: every exchange and its story.
//!
//! Pure: messages and the time go in, what is to be answered comes out. [`Records`] is what lies
//! in `records.json`; it is stored before anything is answered or taken from the mailbox.

mod anew;
mod exchange;
mod seen;

use card_owner::Version;
use libetp::client::Delivery;
use libetp::client::text::shown;
use libetp::codec::to_vec;
use libetp::frame::Origin;
use libetp::limits::{CERTIFICATE_BYTES_MAX, PROMISE_BYTES_MAX, THIRD_PARTY_IDS_MAX};
use libetp::params::Param;
use libetp::params::host::{Ping, Pong};
use libetp::params::runtime::OrderRefused;
use libetp::params::voucher::{
    AcknowledgeResult, ExchangeResult, ExchangeStarted, Issued, Offer, Outcome,
};
use libetp::{EntityId, Mtype};
use serde::{Deserialize, Serialize};

use crate::promise;
use crate::values::Hex32;

pub(crate) use exchange::{Exchange, Named, Seen, Side, Stage, State, Step, Stored};

pub(crate) const FILE: &str = "records.json";
/// Most offers of others that wait for a decision; further ones are dropped and counted.
pub(crate) const OFFERS_WAITING_MAX: usize = 256;
/// Most offers of one card that wait for a decision: a card has no more open.
pub(crate) const OFFERS_PER_CARD_MAX: usize = 16;

/// Everything that the wallet remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Records {
    /// First, so that people see it.
    #[serde(default)]
    version: Version,
    /// Oldest first.
    pub(crate) exchanges: Vec<Exchange>,
    /// Vouchers issued to and redeemed from this card, oldest first.
    pub(crate) events: Vec<Step>,
    /// Offers that were dropped because too many waited.
    pub(crate) offers_dropped: u64,
    /// When the wallet's own id gave a wrong PIN last, in seconds since 1970, unless it was
    /// authenticated since.
    #[serde(default)]
    pub(crate) wrong_pin_unix_s: Option<u64>,
    /// Whether mail said something that is not in the file yet.
    #[serde(skip)]
    has_news: bool,
}

/// What a message asks for, once the records are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing more.
    None,
    /// The card may forget the result of an exchange.
    Acknowledge(AcknowledgeResult),
    /// An answer.
    Reply(EntityId, Mtype, Vec<u8>),
}

impl Records {
    /// Remembers what a message says. `card` is the own card.
    pub(crate) fn apply(&mut self, unix_s: u64, card: EntityId, delivery: &Delivery) -> Effect {
        let header = delivery.message.header;
        let param = delivery.message.param.as_slice();
        if header.mtype == Mtype::PING {
            return pong(header.src, param);
        }
        if header.mtype == Mtype::OFFER {
            self.receive_offer(unix_s, header.src, param);
            return Effect::None;
        }
        match header.src == card && delivery.origin == Origin::Card {
            true => self.card_says(unix_s, header.mtype, param),
            false => Effect::None,
        }
    }

    /// Whether mail said something since the last call that is to be stored before it is taken.
    /// What anybody may send at will does not count: it would cost a write each.
    pub(crate) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.has_news)
    }

    /// An offer that waits for a decision. The card will verify it; here only its form counts.
    fn receive_offer(&mut self, unix_s: u64, src: EntityId, param: &[u8]) {
        let Ok(offer) = Offer::from_param(param) else {
            return;
        };
        let known = |known: &&Exchange| known.n1.0 == offer.n1;
        if offer.sa != src
            || !src.is_card()
            || !is_short(&offer)
            || self.exchanges.iter().any(|e| known(&e))
        {
            return;
        }
        if !self.has_room_for(src) {
            self.offers_dropped += 1;
            return;
        }
        let promise = promise::line(&offer.voucher1.promise);
        let (give, want) = (Hex32(offer.vid2), Hex32(offer.voucher1.vid()));
        self.add(Exchange {
            peer: Some(src.to_string()),
            third_party: Some(Named::new(offer.third_party, &offer.third_party_ids.0)),
            offer: Some(Stored(to_vec(&offer))),
            story: vec![step(unix_s, format!("{src} offers \"{promise}\" (m1)"))],
            ..Exchange::new(Hex32(offer.n1), Side::Received, give, want)
        });
    }

    fn has_room_for(&self, card: EntityId) -> bool {
        let card = card.to_string();
        let (mut all, mut of_card) = (0, 0);
        for waiting in self.waiting() {
            all += 1;
            of_card += usize::from(waiting.peer.as_ref() == Some(&card));
        }
        all < OFFERS_WAITING_MAX && of_card < OFFERS_PER_CARD_MAX
    }

    fn card_says(&mut self, unix_s: u64, mtype: Mtype, param: &[u8]) -> Effect {
        self.has_news = true;
        match mtype {
            Mtype::EXCHANGE_RESULT => {
                if let Ok(result) = ExchangeResult::from_param(param) {
                    self.ended(unix_s, &result);
                    return Effect::Acknowledge(result.acknowledgement());
                }
            }
            Mtype::EXCHANGE_STARTED => {
                if let Ok(started) = ExchangeStarted::from_param(param) {
                    self.started(unix_s, &started, None, None);
                }
            }
            Mtype::ISSUED => {
                if let Ok(issued) = Issued::from_param(param) {
                    self.issued(unix_s, Hex32(issued.vid));
                }
            }
            Mtype::ORDER_REFUSED => {
                if let Ok(refused) = OrderRefused::from_param(param) {
                    let why = shown(&refused.detail);
                    let what = format!("{}: {why}", refusal_of(refused.mtype));
                    self.events.push(step(unix_s, what));
                }
            }
            _ => {}
        }
        Effect::None
    }

    /// What the card said since there were `told` events, if it refused a message of that type.
    pub(crate) fn refusal_since(&self, told: usize, mtype: Mtype) -> Option<&str> {
        let words = refusal_of(mtype) + ":";
        let mut new = self.events.iter().skip(told);
        let refusal = new.find(|event| event.what.starts_with(&words));
        refusal.map(|event| event.what.as_str())
    }

    /// The own card made an offer.
    pub(crate) fn started(
        &mut self,
        unix_s: u64,
        started: &ExchangeStarted,
        peer: Option<EntityId>,
        third_party: Option<Named>,
    ) {
        let n1 = Hex32(started.n1);
        let peer = peer.map(|peer| peer.to_string());
        if let Some(known) = self.by_n1_mut(n1) {
            known.peer = known.peer.take().or(peer);
            known.third_party = known.third_party.take().or(third_party);
            return;
        }
        let to = peer.as_deref().unwrap_or("somebody");
        let story = vec![step(unix_s, format!("offered to {to} (m1)"))];
        let (give, want) = (Hex32(started.vid1), Hex32(started.vid2));
        self.add(Exchange {
            peer,
            third_party,
            story,
            ..Exchange::new(n1, Side::Offered, give, want)
        });
    }

    /// The own card says how an exchange ended. A repetition changes nothing.
    pub(crate) fn ended(&mut self, unix_s: u64, result: &ExchangeResult) {
        let outcome = Outcome::from_u8(result.outcome);
        let Some(state) = outcome.map(State::of) else {
            return;
        };
        let (n1, xid) = (Hex32(result.n1), result.xid.map(Hex32));
        if self.of(n1, xid).is_none() {
            let anew = self.anew(unix_s, n1);
            self.add(anew.unwrap_or_else(|| unknown(n1, result)));
        }
        if let Some(known) = self.of_mut(n1, xid)
            && !(known.state == state && known.state.is_final())
        {
            known.end(unix_s, state, result);
        }
    }

    pub(crate) fn issued(&mut self, unix_s: u64, vid: Hex32) {
        let what = format!("voucher {vid} was issued to this card");
        if !self.events.iter().any(|event| event.what == what) {
            self.events.push(step(unix_s, what));
        }
    }

    pub(crate) fn redeemed(&mut self, unix_s: u64, vid: Hex32) {
        self.events
            .push(step(unix_s, format!("voucher {vid} was redeemed")));
    }

    /// Offers of others that wait for a decision.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Exchange> {
        let waits = |e: &&Exchange| e.side == Side::Received && e.state == State::Open;
        self.exchanges.iter().filter(waits)
    }

    /// The exchanges that `text` may mean: the one of that number, or else those one of whose ids
    /// begins with it. An n1 means the newest exchange of its offer.
    pub(crate) fn named(&self, text: &str) -> Vec<&Exchange> {
        let by_number = self.exchanges.iter().find(|e| e.number.to_string() == text);
        match (by_number, text.is_empty()) {
            (Some(found), _) => vec![found],
            (None, true) => Vec::new(),
            (None, false) => self.beginning(text).collect(),
        }
    }

    /// An exchange by its number, or by the beginning of its id if that is only one's.
    pub(crate) fn find(&self, text: &str) -> Option<&Exchange> {
        match self.named(text)[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The newest exchange of an offer.
    pub(crate) fn by_n1(&self, n1: Hex32) -> Option<&Exchange> {
        self.exchanges.iter().rfind(|known| known.n1 == n1)
    }

    fn by_n1_mut(&mut self, n1: Hex32) -> Option<&mut Exchange> {
        self.exchanges.iter_mut().rfind(|known| known.n1 == n1)
    }

    /// Whether nothing more can happen to an exchange.
    pub(crate) fn is_final(&self, n1: Hex32) -> bool {
        self.by_n1(n1).is_some_and(|known| known.state.is_final())
    }

    /// Something that this wallet did about an exchange.
    pub(crate) fn did(&mut self, unix_s: u64, n1: Hex32, state: State, what: &str) {
        if let Some(known) = self.by_n1_mut(n1) {
            known.state = state;
            known.tell(unix_s, what);
            known.forget_offer_if_over();
        }
    }

    fn add(&mut self, mut exchange: Exchange) {
        self.has_news = true;
        exchange.number = self.exchanges.last().map_or(1, |last| last.number + 1);
        self.exchanges.push(exchange);
    }
}

/// Whether an offer keeps the limits of what a card accepts. Longer ones would only fill the file.
fn is_short(offer: &Offer) -> bool {
    let certificates = [&offer.certificate, &offer.issuer_certificate1];
    offer.voucher1.promise.len() <= PROMISE_BYTES_MAX
        && offer.third_party_ids.0.len() <= THIRD_PARTY_IDS_MAX
        && offer.status.is_none()
        && certificates
            .iter()
            .all(|certificate| certificate.len() <= CERTIFICATE_BYTES_MAX)
}

fn pong(src: EntityId, param: &[u8]) -> Effect {
    match Ping::from_param(param) {
        Ok(Ping { nonce }) if nonce.len() <= PING_NONCE_BYTES_MAX => {
            Effect::Reply(src, Pong::MTYPE, to_vec(&Pong { nonce }))
        }
        _ => Effect::None,
    }
}

/// Longest nonce of a ping in bytes that is answered.
const PING_NONCE_BYTES_MAX: usize = 64;

fn step(unix_s: u64, what: String) -> Step {
    Step { unix_s, what }
}

fn refusal_of(mtype: Mtype) -> String {
    format!("the card refused {mtype}")
}

/// An exchange that only the card knew of, as after the loss of the wallet's records.
fn unknown(n1: Hex32, result: &ExchangeResult) -> Exchange {
    let give = Hex32(result.lost.unwrap_or_default());
    let want = Hex32(result.gained.unwrap_or_default());
    Exchange::new(n1, Side::Offered, give, want)
}

#[cfg(test)]
mod tests;
