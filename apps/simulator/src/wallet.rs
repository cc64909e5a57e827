//! A wallet: authenticates to its card, gives privileged orders, hears of results.

use std::collections::VecDeque;

use libetp::codec::{Encode, to_vec};
use libetp::params::Param;
use libetp::params::runtime::{AuthBegin, AuthChallenge, AuthOk, OrderRefused, RefusalCode};
use libetp::{EntityId, Message, Mtype};
use oncard_runtime::harness::{self, Handshake};

use crate::dice::Dice;
use crate::world::{Blank, PIN};

/// Orders that a wallet remembers having sent, for giving them again.
const SENT_MAX: usize = 32;

enum Owner {
    Stranger,
    Asked,
    Shaking(Handshake),
    Known,
}

/// An order that is not sealed yet.
type Order = (Mtype, Vec<u8>);

/// A wallet of one card.
pub struct Wallet {
    /// Its own id.
    pub id: EntityId,
    card: Blank,
    channel: harness::Wallet,
    owner: Owner,
    waiting: VecDeque<Order>,
    sent: VecDeque<Order>,
    dice: Dice,
}

impl Wallet {
    /// The wallet of a card, at its usual port.
    pub fn new(card: &Blank, dice: Dice) -> Self {
        Self {
            id: card.wallet(),
            card: card.clone(),
            channel: harness::Wallet::new(card.wallet()),
            owner: Owner::Stranger,
            waiting: VecDeque::new(),
            sent: VecDeque::new(),
            dice,
        }
    }

    /// Gives a privileged order, as soon as the card knows its owner.
    pub fn order<P: Param>(&mut self, order: &P) {
        self.order_as(P::MTYPE, order);
    }

    /// Gives an order whose parameters are those of another type, as `accept` has those of `offer`.
    pub fn order_as(&mut self, mtype: Mtype, order: &impl Encode) {
        self.waiting.push_back((mtype, to_vec(order)));
    }

    /// A message that needs no privilege.
    pub fn say(&self, dst: EntityId, param: impl Param) -> Message {
        param.into_message(self.id, dst)
    }

    /// Forgets all orders, given or not.
    pub fn forget_orders(&mut self) {
        self.waiting.clear();
        self.sent.clear();
        self.owner = Owner::Stranger;
    }

    /// Whether the card knows this wallet.
    pub fn is_known(&self) -> bool {
        matches!(self.owner, Owner::Known)
    }

    /// What to say now.
    pub fn poll(&mut self) -> Vec<Message> {
        match self.owner {
            Owner::Known => {
                self.sent.extend(self.waiting.iter().cloned());
                let excess = self.sent.len().saturating_sub(SENT_MAX);
                self.sent.drain(..excess);
                let orders = self.waiting.drain(..);
                orders
                    .map(|(mtype, body)| self.channel.seal(mtype, body))
                    .collect()
            }
            Owner::Stranger if !self.waiting.is_empty() => {
                self.owner = Owner::Asked;
                vec![self.say(self.card.id(), AuthBegin {})]
            }
            _ => Vec::new(),
        }
    }

    /// Gives up an authentication that got no answer.
    pub fn retry(&mut self) {
        if !self.is_known() {
            self.owner = Owner::Stranger;
        }
    }

    /// Hears what concerns authentication; says what follows.
    pub fn hear(&mut self, message: &Message) -> Vec<Message> {
        if message.header.src != self.card.id() {
            return Vec::new();
        }
        let greeting = match message.header.mtype {
            Mtype::AUTH_CHALLENGE => self.shake(&message.param),
            Mtype::AUTH_OK => self.shaken(&message.param),
            Mtype::AUTH_FAILED => {
                self.retry();
                None
            }
            Mtype::ORDER_REFUSED => self.refused(&message.param),
            _ => None,
        };
        greeting.into_iter().chain(self.poll()).collect()
    }

    fn shake(&mut self, param: &[u8]) -> Option<Message> {
        let challenge = AuthChallenge::from_param(param).ok()?.challenge;
        if !matches!(self.owner, Owner::Asked) {
            return None;
        }
        let (certificate, agree) = (&self.card.certificate, &self.card.agree);
        let ephemeral = self.dice.bytes();
        self.channel = harness::Wallet::new(self.id);
        let handshake = self
            .channel
            .handshake(certificate, agree, PIN, challenge, &ephemeral);
        let message = handshake.message.clone();
        self.owner = Owner::Shaking(handshake);
        Some(message)
    }

    fn shaken(&mut self, param: &[u8]) -> Option<Message> {
        let answer = AuthOk::from_param(param).ok()?;
        self.owner = match std::mem::replace(&mut self.owner, Owner::Stranger) {
            Owner::Shaking(handshake) => match handshake.finish(&answer, &mut self.channel) {
                true => Owner::Known,
                false => Owner::Stranger,
            },
            other => other,
        };
        None
    }

    /// Gives an order again that the card did not take: its owner is unknown since the power
    /// failed, or orders overtook each other.
    fn refused(&mut self, param: &[u8]) -> Option<Message> {
        let refusal = OrderRefused::from_param(param).ok()?;
        match RefusalCode::from_u16(refusal.code)? {
            RefusalCode::NotAuthenticated => self.owner = Owner::Stranger,
            RefusalCode::BadTag => {}
            _ => return None,
        }
        let last = self.sent.iter().rposition(|order| order.0 == refusal.mtype);
        self.waiting
            .extend(last.and_then(|at| self.sent.remove(at)));
        None
    }
}
