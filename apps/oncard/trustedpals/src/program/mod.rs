//! The program of a card: messages in, one transition each.
//!
//! A card is in one session at a time. All of it lives in memory, and ends with power; the store keeps only that
//! there is one ([`records`]), so that its owner can be told that it was lost, and the functions that its owner
//! gave it ([`library`]). `docs/protocol/pals.md` describes the messages.

mod early;
mod fault;
mod library;
mod machine;
mod memory;
mod orders;
mod records;
mod rounds;
mod setup;
mod tell;

use libetp::Mtype;
use libetp::params::Param;
use libetp::params::pals::{AttendSession, LeaveSession, ListFunctions};
use oncard_runtime::{Context, Incoming, Program, Rejection};

use fault::Fault;
use memory::Memory;

use crate::session::{TAG_JOIN, TAG_START};

/// High byte of the message types of secure computation.
pub const FAMILY: u8 = 0x03;

/// Secure multiparty computation, on a card.
#[derive(Clone, Copy, Debug, Default)]
pub struct PalsProgram;

impl Program for PalsProgram {
    fn name(&self) -> &'static str {
        "pals"
    }

    fn family(&self) -> u8 {
        FAMILY
    }

    fn tags(&self) -> &'static [&'static str] {
        &[TAG_JOIN, TAG_START]
    }

    fn handle(&self, message: &Incoming, context: &mut Context<'_>) -> Result<(), Rejection> {
        let mut memory = core::mem::take(context.memory::<Memory>());
        let was_lost = memory.is_idle() && records::take_lost(&mut memory, context)?;
        let done = step(message, &mut memory, context);
        *context.memory::<Memory>() = memory;
        match done {
            // What tells the owner of the loss must not be undone.
            Err(_) if was_lost && !message.mtype.is_privileged() => Ok(()),
            done => done.map_err(|fault| fault.rejection(message.mtype)),
        }
    }
}

/// One message, one transition.
fn step(message: &Incoming, memory: &mut Memory, context: &mut Context<'_>) -> Result<(), Fault> {
    let src = message.src;
    match message.mtype {
        Mtype::OPEN_SESSION => orders::open(src, read(message)?, memory, context),
        Mtype::JOIN_SESSION => orders::join(src, read(message)?, memory, context),
        Mtype::ATTEND_SESSION => {
            read::<AttendSession>(message).and_then(|_| orders::attend(src, memory, context))
        }
        Mtype::LEAVE_SESSION => {
            read::<LeaveSession>(message).and_then(|_| orders::leave(src, memory, context))
        }
        Mtype::LOAD_FUNCTION => library::load(src, read(message)?, memory, context),
        Mtype::APPROVE_FUNCTION => library::approve(src, &read(message)?, context),
        Mtype::FORGET_FUNCTION => library::forget(src, &read(message)?, memory, context),
        Mtype::LIST_FUNCTIONS => {
            read::<ListFunctions>(message).and_then(|_| library::list(src, context))
        }
        Mtype::SESSION_JOIN => setup::join(read(message)?, memory, context),
        Mtype::SESSION_START => setup::start(read(message)?, memory, context),
        Mtype::SESSION_STARTED => setup::started(src, &read(message)?, memory, context),
        Mtype::SESSION_START_REQUEST => setup::asked(src, &read(message)?, memory, context),
        Mtype::SESSION_HANDSHAKE => rounds::handshake(src, read(message)?, memory, context),
        Mtype::SESSION_PACKET => rounds::packet(src, read(message)?, memory, context),
        Mtype::ROUND_OVER => rounds::over(src, &read(message)?, memory, context),
        Mtype::COMPUTE => rounds::compute(src, &read(message)?, memory),
        _ => Err(Fault::UnknownType),
    }
}

fn read<P: Param>(message: &Incoming) -> Result<P, Fault> {
    Ok(P::from_param(&message.param)?)
}
