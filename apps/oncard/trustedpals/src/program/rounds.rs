//! What happens in a session, round by round.

use libetp::EntityId;
use libetp::params::pals::{Compute, LinkHandshake, Outcome, Packet, RoundOver};
use oncard_runtime::Context;

use super::fault::Fault;
use super::memory::{Memory, Phase, Running, Session};
use super::tell;
use crate::members::Members;
use crate::party::{Output, Said};

/// `handshake`, from another member's card.
pub(super) fn handshake(
    src: EntityId,
    message: LinkHandshake,
    memory: &mut Memory,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let session = memory.session.as_mut().ok_or(Fault::NoSession)?;
    if let Phase::Joining(joining) = &mut session.phase {
        let from = joining.setup.terms().other(src);
        return joining.early.keep(from.ok_or(Fault::OtherSender)?, message);
    }
    let said = match message.step {
        1 => Said::First(message.message),
        2 => Said::Second(message.message),
        _ => return Err(Fault::OtherStage),
    };
    let running = session.running()?;
    let from = running.member(src, message.session)?;
    let before = running.party.linked();
    let answer = running.party.heard(from, said);
    let linked = running.party.linked();
    if let Some(answer) = answer {
        tell::say(answer, &running.terms, &running.id, context);
    }
    if linked != before && linked == Members::first(running.terms.plan().n()) {
        tell::state(session, context);
    }
    Ok(())
}

/// `packet`, from another member's card.
pub(super) fn packet(
    src: EntityId,
    message: Packet,
    memory: &mut Memory,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let session = memory.session.as_mut().ok_or(Fault::NoSession)?;
    let running = session.running()?;
    let from = running.member(src, message.session)?;
    let was_complete = running.party.is_complete();
    let (round, packet) = (u32::from_be_bytes(message.round), message.packet);
    running.party.heard(from, Said::Packet { round, packet });
    if running.party.is_complete() && !was_complete {
        tell::state(session, context);
    }
    Ok(())
}

/// `round-over`: the packets of the next round leave, or the result does.
pub(super) fn over(
    src: EntityId,
    message: &RoundOver,
    memory: &mut Memory,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let session = attended(src, memory)?;
    let running = session.running()?;
    running.check(&message.session, message.round)?;
    let others = running.terms.others().count();
    let bytes = others * tell::packet_param_bytes(&running.terms);
    tell::check_room(others, bytes, context)?;
    running.missed = running.absent();
    running.start = None;
    let outgoing = running.party.close();
    let (output, is_over) = (running.party.take_output(), running.party.is_over());
    for said in outgoing {
        tell::say(said, &running.terms, &running.id, context);
    }
    let ending = output.as_ref().map(ending);
    if is_over {
        tell::end(memory, ending, context);
        return Ok(());
    }
    if let Some(ending) = ending {
        tell::ending(memory, ending, context);
    }
    if let Some(session) = &memory.session {
        tell::state(session, context);
    }
    Ok(())
}

/// What the owner is told of an output.
fn ending(output: &Output) -> tell::Ending<'_> {
    match output {
        Output::Result(result) => (Outcome::Result, Some(result)),
        Output::Trapped => (Outcome::Trapped, None),
        Output::Halted => (Outcome::Halted, None),
        Output::Refused => (Outcome::Refused, None),
    }
}

/// `compute`: this round's slice of the function.
pub(super) fn compute(src: EntityId, message: &Compute, memory: &mut Memory) -> Result<(), Fault> {
    let running = attended(src, memory)?.running()?;
    running.check(&message.session, message.round)?;
    running.party.work();
    Ok(())
}

/// The session, for the program that attends to it.
fn attended(src: EntityId, memory: &mut Memory) -> Result<&mut Session, Fault> {
    let session = memory.session.as_mut().ok_or(Fault::NoSession)?;
    match session.attendant == src {
        true => Ok(session),
        false => Err(Fault::OtherSender),
    }
}

impl Running {
    /// The other member whose card sent something under a session's label.
    fn member(&self, src: EntityId, label: [u8; 8]) -> Result<usize, Fault> {
        let member = self.terms.other(src).ok_or(Fault::OtherSender)?;
        match label == tell::label(&self.id) {
            true => Ok(member),
            false => Err(Fault::OtherSession),
        }
    }

    /// Whether that is the session and the round that the card is in.
    fn check(&self, session: &[u8; 32], found: u32) -> Result<(), Fault> {
        let expected = self.party.round();
        if *session != self.id {
            return Err(Fault::OtherSession);
        }
        match found == expected {
            true => Ok(()),
            false => Err(Fault::OtherRound { found, expected }),
        }
    }

    /// Whose packet of the current round is not in, or before the first round, to whom there is no link.
    fn absent(&self) -> Members {
        let present = match self.party.round() {
            0 => self.party.linked(),
            _ => self.party.present(),
        };
        let all = Members::first(self.terms.plan().n());
        all.iter().filter(|it| !present.contains(*it)).collect()
    }
}
