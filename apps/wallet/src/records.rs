//! What the wallet remembers: every exchange and its story.
//!
//! Pure: messages and the time go in, what is to be answered comes out. [`Records`] is what lies
//! in `records.json`; it is stored before anything is answered or taken from the mailbox.

use libetp::client::Delivery;
use libetp::client::text::shown;
use libetp::codec::to_vec;
use libetp::frame::Origin;
use libetp::params::Param;
use libetp::params::host::{Ping, Pong};
use libetp::params::runtime::OrderRefused;
use libetp::params::voucher::{ExchangeResult, ExchangeStarted, Issued, Offer, Outcome};
use libetp::{EntityId, Mtype};
use serde::{Deserialize, Serialize};

use crate::promise;
use crate::values::{Hex32, as_hex};

pub(crate) const FILE: &str = "records.json";
/// Most offers of others that wait for a decision; further ones are dropped and counted.
pub(crate) const OFFERS_WAITING_MAX: usize = 256;
/// Most offers of one card that wait for a decision: a card has no more open.
pub(crate) const OFFERS_PER_CARD_MAX: usize = 16;

/// Everything that the wallet remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Records {
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
}

/// One exchange, offered by this wallet or to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    /// Counts from 1, for people.
    pub(crate) number: u64,
    /// The offer's id.
    pub(crate) n1: Hex32,
    pub(crate) side: Side,
    /// The other wallet, if this one offered; the offering card otherwise.
    pub(crate) peer: Option<String>,
    pub(crate) give: Hex32,
    pub(crate) want: Hex32,
    pub(crate) state: State,
    /// The offer of the other side, as it came.
    pub(crate) offer: Option<Stored>,
    /// What happened, oldest first.
    pub(crate) story: Vec<Step>,
}

/// Bytes in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Stored(#[serde(with = "as_hex")] pub(crate) Vec<u8>);

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// Seconds since 1970.
    pub(crate) unix_s: u64,
    pub(crate) what: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Side {
    /// This wallet made the offer.
    Offered,
    /// Another one made it to this wallet.
    Received,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// Waits for a decision of the one to whom it was offered.
    Open,
    /// Accepted here; the cards are at it.
    Accepted,
    Rejected,
    Completed,
    Resolved,
    Aborted,
    Cancelled,
}

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Completed => "completed",
            Self::Resolved => "resolved",
            Self::Aborted => "aborted",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing can happen any more.
    pub(crate) fn is_final(self) -> bool {
        !matches!(self, Self::Open | Self::Accepted)
    }

    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Completed => Self::Completed,
            Outcome::Resolved => Self::Resolved,
            Outcome::Aborted => Self::Aborted,
            Outcome::Cancelled => Self::Cancelled,
        }
    }
}

/// What a message asks for, once the records are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing more.
    None,
    /// The card may forget the result of this exchange.
    Acknowledge([u8; 32]),
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

    /// An offer that waits for a decision. The card will verify it; here only its form counts.
    fn receive_offer(&mut self, unix_s: u64, src: EntityId, param: &[u8]) {
        let Ok(offer) = Offer::from_param(param) else {
            return;
        };
        let known = |known: &&Exchange| known.n1.0 == offer.n1;
        if offer.sa != src || !src.is_card() || self.exchanges.iter().any(|e| known(&e)) {
            return;
        }
        if !self.has_room_for(src) {
            self.offers_dropped += 1;
            return;
        }
        let promise = promise::line(&offer.voucher1.promise);
        self.add(Exchange {
            number: 0,
            n1: Hex32(offer.n1),
            side: Side::Received,
            peer: Some(src.to_string()),
            give: Hex32(offer.vid2),
            want: Hex32(offer.voucher1.vid()),
            state: State::Open,
            offer: Some(Stored(to_vec(&offer))),
            story: vec![step(unix_s, format!("{src} offers \"{promise}\""))],
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
        match mtype {
            Mtype::EXCHANGE_RESULT => {
                if let Ok(result) = ExchangeResult::from_param(param) {
                    self.ended(unix_s, &result);
                    return Effect::Acknowledge(result.n1);
                }
            }
            Mtype::EXCHANGE_STARTED => {
                if let Ok(started) = ExchangeStarted::from_param(param) {
                    self.started(unix_s, &started, None);
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
                    let what = format!("the card refused {}: {why}", refused.mtype);
                    self.events.push(step(unix_s, what));
                }
            }
            _ => {}
        }
        Effect::None
    }

    /// The own card made an offer.
    pub(crate) fn started(
        &mut self,
        unix_s: u64,
        started: &ExchangeStarted,
        peer: Option<EntityId>,
    ) {
        let n1 = Hex32(started.n1);
        if let Some(known) = self.exchanges.iter_mut().find(|known| known.n1 == n1) {
            known.peer = known.peer.take().or(peer.map(|peer| peer.to_string()));
            return;
        }
        let to = peer.map_or_else(|| "somebody".into(), |peer| peer.to_string());
        self.add(Exchange {
            number: 0,
            n1,
            side: Side::Offered,
            peer: peer.map(|peer| peer.to_string()),
            give: Hex32(started.vid1),
            want: Hex32(started.vid2),
            state: State::Open,
            offer: None,
            story: vec![step(unix_s, format!("offered to {to}"))],
        });
    }

    /// The own card says how an exchange ended. A repetition changes nothing.
    pub(crate) fn ended(&mut self, unix_s: u64, result: &ExchangeResult) {
        let outcome = Outcome::from_u8(result.outcome);
        let Some(state) = outcome.map(State::of) else {
            return;
        };
        let n1 = Hex32(result.n1);
        if !self.exchanges.iter().any(|known| known.n1 == n1) {
            self.add(unknown(n1, result));
        }
        if let Some(known) = self.exchanges.iter_mut().find(|known| known.n1 == n1)
            && !(known.state == state && known.state.is_final())
        {
            known.state = state;
            known.story.push(step(unix_s, ending(state, result)));
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

    /// An exchange by its number, or by the beginning of its id if that is only one's.
    pub(crate) fn find(&self, text: &str) -> Option<&Exchange> {
        if let Some(found) = self.exchanges.iter().find(|e| e.number.to_string() == text) {
            return Some(found);
        }
        let mut named = self
            .exchanges
            .iter()
            .filter(|e| e.n1.to_string().starts_with(text));
        match (named.next(), named.next()) {
            (Some(only), None) if !text.is_empty() => Some(only),
            _ => None,
        }
    }

    /// An exchange by its id.
    pub(crate) fn by_n1(&self, n1: Hex32) -> Option<&Exchange> {
        self.exchanges.iter().find(|known| known.n1 == n1)
    }

    /// Whether nothing more can happen to an exchange.
    pub(crate) fn is_final(&self, n1: Hex32) -> bool {
        self.by_n1(n1).is_some_and(|known| known.state.is_final())
    }

    /// Something that this wallet did about an exchange.
    pub(crate) fn did(&mut self, unix_s: u64, n1: Hex32, state: State, what: &str) {
        if let Some(known) = self.exchanges.iter_mut().find(|known| known.n1 == n1) {
            known.state = state;
            known.story.push(step(unix_s, what.to_string()));
        }
    }

    fn add(&mut self, mut exchange: Exchange) {
        exchange.number = self.exchanges.last().map_or(1, |last| last.number + 1);
        self.exchanges.push(exchange);
    }
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

/// An exchange that only the card knew of, as after the loss of the wallet's records.
fn unknown(n1: Hex32, result: &ExchangeResult) -> Exchange {
    Exchange {
        number: 0,
        n1,
        side: Side::Offered,
        peer: None,
        give: Hex32(result.lost.unwrap_or_default()),
        want: Hex32(result.gained.unwrap_or_default()),
        state: State::Open,
        offer: None,
        story: Vec::new(),
    }
}

fn ending(state: State, result: &ExchangeResult) -> String {
    let vid =
        |vid: Option<[u8; 32]>| vid.map_or_else(|| "nothing".into(), |vid| Hex32(vid).short());
    match (result.lost, result.gained) {
        (None, None) => format!("{}: nothing changed hands", state.name()),
        (lost, gained) => format!("{}: gave {}, got {}", state.name(), vid(lost), vid(gained)),
    }
}

impl Exchange {
    /// The other card or wallet, if it is known.
    pub(crate) fn peer_text(&self) -> &str {
        self.peer.as_deref().unwrap_or("unknown")
    }

    /// The offer of the other side.
    pub(crate) fn received_offer(&self) -> Option<Offer> {
        Offer::from_param(&self.offer.as_ref()?.0).ok()
    }
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
