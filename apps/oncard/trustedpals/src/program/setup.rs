//! What members' cards say until a session starts.

use alloc::boxed::Box;

use etp_pki::{Leaf, Role};
use libetp::EntityId;
use libetp::codec::to_vec;
use libetp::params::pals::{Join, Start, StartRequest, StartTaken};
use oncard_runtime::Context;

use super::fault::Fault;
use super::memory::{Memory, Phase, Running};
use super::{machine, records, tell};
use crate::members::Members;
use crate::party::Party;
use crate::session::{FIRST, Started, TAG_START, Terms};

/// A certificate of a card.
pub(super) fn leaf(certificate: &[u8], context: &mut Context<'_>) -> Option<Leaf> {
    context.verify(Role::Card, certificate).ok()
}

/// `join`: a member more. With the last one the session starts.
pub(super) fn join(
    join: Join,
    memory: &mut Memory,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let session = memory.session.as_mut().ok_or(Fault::NoSession)?;
    let setup = &mut session.joining()?.setup;
    setup.hear_join(join, &mut |der| leaf(der, context))?;
    let start = setup.start(|session| context.sign(TAG_START, session));
    match start {
        Some(start) => self::start(start, memory, context),
        None => {
            tell::state(session, context);
            Ok(())
        }
    }
}

/// `start`: the session begins, and the others hear of it.
pub(super) fn start(
    start: Start,
    memory: &mut Memory,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let session = memory.session.as_mut().ok_or(Fault::NoSession)?;
    let joining = session.joining()?;
    let opening = start.entries.0.first().map(|entry| entry.nonce);
    let setup = opening.and_then(|opening| joining.of_opening(&opening));
    let setup = setup.unwrap_or(&joining.setup);
    let started = setup.hear_start(&start, &mut |der| leaf(der, context))?;
    let (terms, is_first) = (setup.terms().clone(), setup.is_first());
    let machine = machine::machine(joining, &started.session, context)?;
    let others = terms.others().count();
    let bytes = others * (to_vec(&start).len() + tell::HANDSHAKE_BYTES);
    tell::check_room(2 * others, bytes, context)?;
    let early = joining.early.take();
    let Started { session: id, peers } = started;
    let key = context.agreement_key();
    let (mut party, mut outgoing) = Party::start(machine, &peers, &key, id, || context.random());
    let answers = early.into_iter();
    outgoing.extend(answers.filter_map(|(from, first)| party.heard(from, first)));
    pass_on(&start, is_first, &terms, context);
    for said in outgoing {
        tell::say(said, &terms, &id, context);
    }
    session.phase = Phase::Running(Box::new(Running {
        terms,
        id,
        party,
        missed: Members::NONE,
        start: Some(start),
        given: Members::NONE,
    }));
    records::put(session, context);
    tell::state(session, context);
    Ok(())
}

/// The first member's card gives the start to all. The others say that they have it, which is much less: who was left
/// out asks for it.
fn pass_on(start: &Start, is_first: bool, terms: &Terms, context: &mut Context<'_>) {
    for member in terms.others().filter(|member| *member != FIRST) {
        let card = terms.card(member);
        let descriptor = start.descriptor;
        match is_first {
            true => context.send_volatile(card, start.clone()),
            false => context.send_volatile(card, StartTaken { descriptor }),
        }
    }
}

/// `session-started`: another member's card has the start. If this one has not, it asks for it.
pub(super) fn started(
    src: EntityId,
    message: &StartTaken,
    memory: &mut Memory,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let session = memory.of(&message.descriptor)?;
    let Phase::Joining(joining) = &mut session.phase else {
        return Ok(());
    };
    let member = joining.setup.terms().other(src).ok_or(Fault::OtherSender)?;
    let request = StartRequest {
        descriptor: message.descriptor,
    };
    tell::check_room(1, to_vec(&request).len(), context)?;
    if joining.early.asks(member) {
        context.send_volatile(src, request);
    }
    Ok(())
}

/// `session-start-request`: another member's card has no start. It is given it once.
pub(super) fn asked(
    src: EntityId,
    message: &StartRequest,
    memory: &mut Memory,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let running = memory.of(&message.descriptor)?.running()?;
    let member = running.terms.other(src).ok_or(Fault::OtherSender)?;
    let Some(start) = running.start.as_ref() else {
        return Ok(());
    };
    if running.given.contains(member) {
        return Ok(());
    }
    tell::check_room(1, to_vec(start).len(), context)?;
    context.send_volatile(src, start.clone());
    running.given.insert(member);
    Ok(())
}
