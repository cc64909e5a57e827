//! Who may give orders: the authenticated set, its open challenges, and the envelope of orders.
//!
//! All of it lives in memory only, so a reset empties it.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use libetp::message::Header;
use libetp::params::Privileged;
use libetp::params::runtime::RefusalCode;
use libetp::{EntityId, codec};

use crate::entropy::Secret;
use crate::limits::{AUTHENTICATED_MAX, CHALLENGES_MAX, WRONG_TRIES_MAX};
use crate::program::Rejection;

/// An authenticated id's channel.
struct Channel {
    key: Secret,
    /// The last counter accepted.
    last: Option<u64>,
}

/// Authenticated ids and those on their way.
#[derive(Default)]
pub(crate) struct Owner {
    authenticated: BTreeMap<EntityId, Channel>,
    challenges: VecDeque<(EntityId, [u8; 32])>,
    wrong: VecDeque<EntityId>,
}

impl Owner {
    /// Opens a challenge for an id, in place of its last one.
    pub(crate) fn challenge(&mut self, id: EntityId, challenge: [u8; 32]) {
        self.challenges.retain(|(open, _)| *open != id);
        if self.challenges.len() == CHALLENGES_MAX {
            self.challenges.pop_front();
        }
        self.challenges.push_back((id, challenge));
    }

    /// The challenge of an id; it is spent.
    pub(crate) fn take_challenge(&mut self, id: EntityId) -> Option<[u8; 32]> {
        let at = self.challenges.iter().position(|(open, _)| *open == id)?;
        self.challenges.remove(at).map(|(_, challenge)| challenge)
    }

    /// Whether the id may try a PIN: it had no wrong try since power-up.
    pub(crate) fn may_try(&self, id: EntityId) -> bool {
        !self.wrong.contains(&id)
    }

    /// Remembers a wrong try.
    pub(crate) fn tried_in_vain(&mut self, id: EntityId) {
        if self.wrong.len() == WRONG_TRIES_MAX {
            self.wrong.pop_front();
        }
        self.wrong.push_back(id);
    }

    /// Whether the set takes the id.
    pub(crate) fn has_room(&self, id: EntityId) -> bool {
        self.authenticated.contains_key(&id) || self.authenticated.len() < AUTHENTICATED_MAX
    }

    /// The id is authenticated under a new channel key.
    pub(crate) fn admit(&mut self, id: EntityId, key: Secret) {
        self.authenticated.insert(id, Channel { key, last: None });
    }

    /// The id's capability ended.
    pub(crate) fn forget(&mut self, id: EntityId) {
        self.authenticated.remove(&id);
        self.challenges.retain(|(open, _)| *open != id);
    }

    /// The host's session ended, and every capability with it. Wrong tries stay.
    pub(crate) fn forget_all(&mut self) {
        self.authenticated.clear();
        self.challenges.clear();
    }

    /// Opens the envelope of a privileged order. Its counter is spent from here on, whatever
    /// becomes of the order.
    ///
    /// # Errors
    /// [`RefusalCode::NotAuthenticated`] before the parameters are looked at,
    /// [`RefusalCode::Malformed`], [`RefusalCode::BadTag`].
    pub(crate) fn open(&mut self, header: &Header, param: &[u8]) -> Result<Vec<u8>, Rejection> {
        let refused = |code, detail| Rejection::refused(code, detail);
        let channel = self.authenticated.get_mut(&header.src).ok_or_else(|| {
            refused(
                RefusalCode::NotAuthenticated,
                "authenticate with the PIN first",
            )
        })?;
        let order: Privileged = codec::from_slice(param)
            .map_err(|_| refused(RefusalCode::Malformed, "not [counter, tag, body]"))?;
        if channel.last.is_some_and(|last| order.counter <= last) {
            return Err(refused(RefusalCode::BadTag, "the counter was used"));
        }
        if !tag_matches(&channel.key, header, &order) {
            return Err(refused(RefusalCode::BadTag, "the tag is wrong"));
        }
        channel.last = Some(order.counter);
        Ok(order.body)
    }
}

fn tag_matches(key: &Secret, header: &Header, order: &Privileged) -> bool {
    let data = Privileged::associated_data(header, order.counter, &order.body);
    let nonce = Nonce::from(Privileged::nonce(order.counter));
    let payload = Payload {
        msg: &order.tag,
        aad: &data,
    };
    ChaCha20Poly1305::new(&Key::from(**key))
        .decrypt(&nonce, payload)
        .is_ok()
}
