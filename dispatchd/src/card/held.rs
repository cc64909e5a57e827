//! Messages that came while a card had yet to prove itself, and the challenges that tell whose they are.
//!
//! Whatever is in the card's place can say something before it is found out, and the card may be back later. So
//! what is held counts only if whoever said it proved to be the card: by the answer to the challenge that was
//! open then, which may come late. A card that was pulled before its answer arrived says it again when it is
//! back; and what it was told to forget before, it had been asked that challenge before.

use std::collections::{BTreeMap, VecDeque};

use etp_pki::Anchors;
use libetp::Message;
use libetp::digest::Hash;
use libetp::exchange::SelectReply;

use super::hello;
use super::quarantine::Quarantine;
use super::session::{HELD_BYTES_MAX, HELD_MESSAGES_MAX, SUPERSEDED_MAX};

/// What a challenge demands the signature of, different in each.
pub(super) type Nonce = [u8; 32];

/// Messages that are held, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// With the challenge that was open. A repeat takes the place of the first: who said that is less certain.
    messages: BTreeMap<u64, (Nonce, Message)>,
    /// Bytes of them.
    bytes: usize,
}

impl Held {
    /// Holds one more. Says whether there is room for it.
    pub(super) fn hold(&mut self, nonce: Nonce, number: u64, message: Message) -> bool {
        self.bytes += message.wire_len();
        let before = self.messages.insert(number, (nonce, message));
        self.bytes -= before.map_or(0, |(_, before)| before.wire_len());
        self.messages.len() <= HELD_MESSAGES_MAX && self.bytes <= HELD_BYTES_MAX
    }

    /// Drops those with this number and higher ones; how many.
    pub(super) fn drop_from(&mut self, number: u64) -> usize {
        let dropped = self.messages.split_off(&number);
        let bytes = dropped.values().map(|(_, message)| message.wire_len());
        self.bytes -= bytes.sum::<usize>();
        dropped.len()
    }

    /// All of them, oldest first, with the challenges.
    pub(super) fn take(&mut self) -> BTreeMap<u64, (Nonce, Message)> {
        self.bytes = 0;
        std::mem::take(&mut self.messages)
    }
}

/// Challenges before the last one, oldest first.
#[derive(Debug, Default)]
pub(super) struct Superseded(VecDeque<Challenge>);

#[derive(Debug)]
struct Challenge {
    nonce: Nonce,
    /// What was challenged.
    reply: SelectReply,
    /// The key that its answer was signed with, if there was one.
    key: Option<Hash>,
}

impl Superseded {
    /// One that was not answered, or by a card with this key.
    pub(super) fn push(&mut self, nonce: Nonce, reply: SelectReply, key: Option<Hash>) {
        self.0.push_back(Challenge { nonce, reply, key });
        if self.0.len() > SUPERSEDED_MAX {
            self.0.pop_front();
        }
    }

    /// Takes a late answer. Whether it is one to any of them: that of another power-up proves nothing.
    pub(super) fn answered(&mut self, param: &[u8], anchors: &Anchors, unix_s: u64) -> bool {
        for challenge in &mut self.0 {
            let (nonce, reply) = (&challenge.nonce, &challenge.reply);
            match hello::verify(param, nonce, reply, anchors, unix_s) {
                Ok((_, leaf)) => challenge.key = Some(leaf.key),
                Err(Quarantine::BootId) => {}
                Err(_) => continue,
            }
            return true;
        }
        false
    }

    /// Whether the card with this key answered the challenge.
    pub(super) fn is_of(&self, nonce: &Nonce, key: Hash) -> bool {
        let of = |challenge: &Challenge| challenge.nonce == *nonce && challenge.key == Some(key);
        self.0.iter().any(of)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
