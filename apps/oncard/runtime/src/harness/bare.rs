//! A program without commands, sessions and channels: a message in, its effects out.

use alloc::boxed::Box;
use alloc::vec::Vec;

use libetp::Message;
use zeroize::Zeroizing;

use crate::card::{PowerUp, open};
use crate::context::{Context, Identity, Personalised, Powered};
use crate::entropy::Entropy;
use crate::error::CardError;
use crate::memory::Memory;
use crate::outbox::Load;
use crate::program::{Incoming, Program, Rejection};
use crate::records::OUTBOX;
use crate::store::{Store, Writes};
use crate::transaction::Transaction;

/// What one message did: nothing of it has happened yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// What one commit would write.
    pub writes: Writes,
    /// What would leave the card after it, in order. Not in `writes`.
    pub sends: Vec<Message>,
}

/// A card's program as a pure function of memory and message. Before each it has just been powered up.
///
/// For checks that try every message in every state. What keeps strangers out (authentication,
/// envelopes of orders, whether a source is possible) is not here: whoever calls stands in for it.
pub struct Bare {
    me: Personalised,
    program: Box<dyn Program>,
}

impl Bare {
    /// The program of a personalised card.
    ///
    /// # Errors
    /// As [`Card::new`](crate::Card::new).
    pub fn new(
        store: &dyn Store,
        program: Box<dyn Program>,
        power: impl Into<PowerUp>,
    ) -> Result<Self, CardError> {
        let me = open(store, &power.into())?;
        Ok(Self { me, program })
    }

    /// Who the card is.
    pub fn identity(&self) -> &Identity {
        &self.me.identity
    }

    /// What a message does: to a card with this memory, whose random source gives what follows
    /// from `entropy`. Of a privileged type, `param` is the body.
    ///
    /// # Errors
    /// [`Rejection`] if it is not carried out.
    pub fn handle(
        &self,
        store: &dyn Store,
        message: &Incoming,
        entropy: [u8; 32],
    ) -> Result<Effects, Rejection> {
        let mut transaction = Transaction::new(Load::default());
        let mut entropy = Entropy::new(&Zeroizing::new(entropy));
        let program = &*self.program;
        let power = Powered {
            entropy: &mut entropy,
            memory: &mut Memory::default(),
        };
        let mut context = Context::new(&self.me, store, &mut transaction, power, program);
        program.handle(message, &mut context)?;
        context.finish()?;
        transaction.accept()?;
        Ok(split(transaction.finish(0, 0).0))
    }
}

/// Writes, and the messages among them.
fn split(all: Writes) -> Effects {
    let mut effects = Effects::default();
    for (key, value) in all {
        let message = value.as_deref().filter(|_| key.starts_with(&OUTBOX));
        match message.map(Message::from_bytes) {
            Some(Ok(message)) => effects.sends.push(message),
            _ => drop(effects.writes.insert(key, value)),
        }
    }
    effects
}
