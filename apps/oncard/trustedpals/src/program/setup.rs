//! What members' cards say until a session starts.

use alloc::boxed::Box;
use alloc::vec::Vec;

use etp_pki::{Leaf, Role};
use libetp::codec::to_vec;
use libetp::params::pals::{Join, Start};
use oncard_runtime::Context;

use super::fault::Fault;
use super::memory::{Memory, Phase, Running};
use super::{machine, records, tell};
use crate::members::Members;
use crate::party::{Party, Said};
use crate::session::{Started, TAG_START};

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
        Some(start) => self::start(&start, memory, context),
        None => {
            tell::state(session, context);
            Ok(())
        }
    }
}

/// `start`: the session begins, and the others hear of it.
pub(super) fn start(
    start: &Start,
    memory: &mut Memory,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let session = memory.session.as_mut().ok_or(Fault::NoSession)?;
    let joining = session.joining()?;
    let started = joining
        .setup
        .hear_start(start, &mut |der| leaf(der, context))?;
    let terms = joining.setup.terms().clone();
    let machine = machine::machine(joining, &started.session, context)?;
    let others = terms.others().count();
    let bytes = others * (to_vec(start).len() + tell::HANDSHAKE_BYTES);
    tell::check_room(2 * others, bytes, context)?;
    let Started { session: id, peers } = started;
    let key = context.agreement_key();
    let (party, outgoing) = Party::start(machine, &peers, &key, id, || context.random());
    let running = Running {
        terms,
        id,
        party,
        missed: Members::NONE,
    };
    pass_on(start, outgoing, &running, context);
    session.phase = Phase::Running(Box::new(running));
    records::put(session, context);
    tell::state(session, context);
    Ok(())
}

/// Each other card gets the start before what follows from it. The first member has it.
fn pass_on(
    start: &Start,
    outgoing: Vec<(usize, Said)>,
    running: &Running,
    context: &mut Context<'_>,
) {
    let terms = &running.terms;
    for member in terms.others().filter(|member| *member != 0) {
        context.send_volatile(terms.card(member), start.clone());
    }
    for said in outgoing {
        tell::say(said, terms, &running.id, context);
    }
}
