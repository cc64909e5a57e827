//! What becomes of one message: table lookup, then the sender's role, then tags and signatures.

use alloc::string::String;

use libetp::params::Param;
use libetp::params::runtime::{OrderRefused, RefusalCode};
use libetp::verdict::Verdict;
use libetp::{EntityId, Message, Mtype, Port, VerdictCode};

use crate::card::Core;
use crate::context::Context;
use crate::error::CardError;
use crate::program::{Incoming, Rejection};
use crate::service::{FAMILIES, Service};
use crate::store::Store;
use crate::transaction::Transaction;

/// Who sends, as far as an address can tell. Nothing but routing depends on it: privilege is a
/// channel key ([`Owner`](crate::owner::Owner)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A program of the card's own domain.
    Program,
    /// The daemon that serves the card.
    Daemon,
    /// The host's diagnostics.
    Diagnostics,
    /// The card's own id, or an unassigned service of its host.
    Impossible,
    /// Another domain.
    Foreign,
}

/// Why a message is not carried out.
pub(crate) enum Stop {
    /// It had no effect; the next one may.
    Rejected(Rejection),
    /// The card can do nothing more.
    Fatal(CardError),
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<CardError> for Stop {
    fn from(error: CardError) -> Self {
        Self::Fatal(error)
    }
}

impl Core {
    /// Carries out a message, or refuses it without a trace but the refusal.
    ///
    /// # Errors
    /// [`CardError`] if the card can do nothing more.
    pub(crate) fn handle(
        &mut self,
        store: &mut dyn Store,
        transaction: &mut Transaction,
        message: &Message,
    ) -> Result<(), CardError> {
        let done = self
            .carry_out(store, transaction, message)
            .and_then(|()| Ok(transaction.accept()?));
        match done {
            Ok(()) => Ok(()),
            Err(Stop::Fatal(error)) => Err(error),
            Err(Stop::Rejected(rejection)) => {
                transaction.undo();
                self.reject(transaction, message, rejection);
                Ok(())
            }
        }
    }

    fn carry_out(
        &mut self,
        store: &mut dyn Store,
        transaction: &mut Transaction,
        message: &Message,
    ) -> Result<(), Stop> {
        let header = &message.header;
        if header.dst != self.me.identity.card() {
            return Err(Rejection::Ignored("not-for-this-card").into());
        }
        let sender = self.sender(header.src);
        if sender == Sender::Impossible {
            return Err(Rejection::Ignored("impossible-source").into());
        }
        let program = self.program(header.mtype)?;
        let opened = match header.mtype.is_privileged() {
            true if sender != Sender::Program => {
                return Err(Rejection::Ignored("order-from-outside").into());
            }
            true => Some(self.ram.owner.open(header, &message.param)?),
            false => None,
        };
        let param = opened.as_deref().unwrap_or(&message.param);
        match program {
            Some(at) => Ok(self.run(at, store, transaction, message, param)?),
            None => Service {
                core: self,
                store,
                transaction,
            }
            .carry_out(message, sender, param),
        }
    }

    /// The program that a registered type belongs to; `None` for the runtime itself.
    fn program(&self, mtype: Mtype) -> Result<Option<usize>, Rejection> {
        let unknown = || Rejection::refused(RefusalCode::UnknownType, "unknown to this card");
        mtype.entry().ok_or_else(unknown)?;
        if FAMILIES.contains(&mtype.family()) {
            return Ok(None);
        }
        let mut programs = self.programs.iter();
        let at = programs.position(|program| program.family() == mtype.family());
        at.map(Some).ok_or_else(unknown)
    }

    fn run(
        &mut self,
        at: usize,
        store: &dyn Store,
        transaction: &mut Transaction,
        message: &Message,
        param: &[u8],
    ) -> Result<(), Rejection> {
        let program = &*self.programs[at];
        let incoming = Incoming {
            src: message.header.src,
            mtype: message.header.mtype,
            param: param.to_vec(),
        };
        let power = self.ram.powered();
        let mut context = Context::new(&self.me, store, transaction, power, program);
        program.handle(&incoming, &mut context)?;
        context.finish()
    }

    /// Tells a sender of the own domain; counts everybody else.
    fn reject(&mut self, transaction: &mut Transaction, message: &Message, rejection: Rejection) {
        let src = message.header.src;
        let answered = matches!(self.sender(src), Sender::Program | Sender::Daemon);
        match rejection {
            Rejection::Ignored(why) => self.ram.counters.count(why),
            Rejection::Refused(..) if !answered => self.ram.counters.count("refused-to-outsider"),
            Rejection::Refused(code, detail) => {
                self.ram.counters.count(code.name());
                self.refuse(transaction, message, code, detail);
            }
        }
    }

    fn refuse(
        &mut self,
        transaction: &mut Transaction,
        message: &Message,
        code: RefusalCode,
        detail: String,
    ) {
        let refused = OrderRefused {
            mtype: message.header.mtype,
            code: code as u16,
            detail: Verdict::new(VerdictCode::Refused, detail).detail,
        };
        let card = self.me.identity.card();
        transaction.send(&refused.into_message(card, message.header.src));
        if !transaction.accept_refusal() {
            self.ram.counters.count("refusal-dropped");
        }
    }

    fn sender(&self, src: EntityId) -> Sender {
        match src.port {
            _ if src.domain != self.me.identity.domain => Sender::Foreign,
            port if port.is_assignable() => Sender::Program,
            Port::DAEMON => Sender::Daemon,
            Port::DIAGNOSTICS => Sender::Diagnostics,
            _ => Sender::Impossible,
        }
    }
}
