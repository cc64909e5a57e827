//! The messages between all ids, and what an adversary does to them.

use libetp::{Message, Mtype};

use crate::dice::Dice;

/// Messages on their way, and everything that was ever sent.
#[derive(Clone, Debug, Default)]
pub struct Network {
    pending: Vec<Message>,
    history: Vec<Message>,
}

/// What an adversary likes best to replay.
const MOVING_TYPES: [Mtype; 8] = [
    Mtype::ISSUE,
    Mtype::OFFER,
    Mtype::AGREEMENT,
    Mtype::CONFIRMATION,
    Mtype::COMMITMENT,
    Mtype::RESOLVE_REQUEST,
    Mtype::ABORT_REQUEST,
    Mtype::OUTCOME,
];
/// How often it looks for one.
const TRIES: usize = 8;
/// How many of the last messages an alteration is made of.
const LATE: usize = 20;

impl Network {
    /// A network in which these were sent before.
    pub fn with_history(history: Vec<Message>) -> Self {
        Self {
            pending: Vec::new(),
            history,
        }
    }

    /// Everything that was ever sent.
    pub fn history(&self) -> &[Message] {
        &self.history
    }

    /// Sends.
    pub fn send(&mut self, message: Message) {
        self.history.push(message.clone());
        self.pending.push(message);
    }

    /// How many are on their way.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// The next of a random flow: order is kept for each source and destination.
    pub fn take_in_order(&mut self, dice: &mut Dice) -> Option<Message> {
        let chosen = dice.pick(&self.pending)?.header;
        let same_flow = |message: &Message| {
            (message.header.src, message.header.dst) == (chosen.src, chosen.dst)
        };
        let first = self.pending.iter().position(same_flow)?;
        Some(self.pending.remove(first))
    }

    /// Any of them, whatever the order.
    pub fn take_any(&mut self, dice: &mut Dice) -> Option<Message> {
        match self.pending.is_empty() {
            true => None,
            false => Some(self.pending.remove(dice.below(self.pending.len()))),
        }
    }

    /// A copy of one that is still on its way.
    pub fn copy_pending(&self, dice: &mut Dice) -> Option<Message> {
        dice.pick(&self.pending).cloned()
    }

    /// A copy of anything that was ever sent; mostly of what moves vouchers.
    pub fn copy_any(&self, dice: &mut Dice) -> Option<Message> {
        let moves_vouchers = |message: &Message| MOVING_TYPES.contains(&message.header.mtype);
        let mostly = dice.chance(75);
        let any = (0..TRIES)
            .filter_map(|_| dice.pick(&self.history))
            .collect::<Vec<_>>();
        let moving = any.iter().find(|message| mostly && moves_vouchers(message));
        moving.or(any.first()).map(|message| (*message).clone())
    }

    /// A copy of something that was sent of late, with one bit changed.
    pub fn copy_altered(&self, dice: &mut Dice) -> Option<Message> {
        let late = self.history.len().saturating_sub(LATE);
        let mut copy = dice.pick(&self.history[late..])?.clone();
        if !copy.param.is_empty() {
            let at = dice.below(copy.param.len());
            copy.param[at] ^= 1 << dice.below(8);
        }
        Some(copy)
    }
}
