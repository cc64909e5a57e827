//! The trusted third party T of the voucher exchange (Terada et al. 2005, section 5.2), as an
//! on-card program: it says how an exchange ends that the two cards could not end alone.
//!
//! The first card that asks gets what it asks for: S_A that the exchange is *resolved*, S_B that it
//! is *aborted*. Whoever asks later gets the same answer, for ever. T keeps the pair (xid, outcome)
//! and, so that nobody uses it up, how many each card was the first to ask for: not who asked about
//! which, no certificate, no evidence; what was exchanged it never sees.
//! The pair is durable before the answer leaves, since one message is one transaction of the card.
//!
//! There is no answer for an exchange that nobody disputed, and no time after which one is assumed:
//! either guess would copy or lose a voucher whose cards ended the exchange themselves.

#![no_std]

extern crate alloc;

mod fault;
mod judge;
pub mod limits;
pub mod records;
mod request;

use libetp::Mtype;
use libetp::params::Param;
use libetp::params::thirdparty::{AbortRequest, ResolveRequest, ThirdPartyStatusRequest};
use oncard_runtime::{Context, Incoming, Program, Rejection};

use fault::Fault;

/// High byte of the message types of third parties.
pub const FAMILY: u8 = 0x04;
/// Tag of the service's signature over an outcome.
pub const TAG_OUTCOME: &str = "outcome";

/// The third party.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThirdPartyProgram;

impl Program for ThirdPartyProgram {
    fn name(&self) -> &'static str {
        "third-party"
    }

    fn family(&self) -> u8 {
        FAMILY
    }

    fn tags(&self) -> &'static [&'static str] {
        &[]
    }

    fn service_tags(&self) -> &'static [&'static str] {
        &[TAG_OUTCOME]
    }

    fn handle(&self, message: &Incoming, context: &mut Context<'_>) -> Result<(), Rejection> {
        step(message, context).map_err(|fault| fault.rejection(message.mtype))
    }
}

/// One message, one transition.
fn step(message: &Incoming, context: &mut Context<'_>) -> Result<(), Fault> {
    match message.mtype {
        Mtype::RESOLVE_REQUEST => judge::resolve(&read::<ResolveRequest>(message)?, context),
        Mtype::ABORT_REQUEST => judge::abort(&read::<AbortRequest>(message)?, context),
        Mtype::OUTCOME_REQUEST => judge::tell(message.src, &read(message)?, context),
        Mtype::THIRD_PARTY_STATUS_REQUEST => read::<ThirdPartyStatusRequest>(message)
            .and_then(|_| judge::status(message.src, context)),
        _ => Err(Fault::UnknownType),
    }
}

fn read<P: Param>(message: &Incoming) -> Result<P, Fault> {
    Ok(P::from_param(&message.param)?)
}
