//! What the owner orders.

use alloc::boxed::Box;
use alloc::vec::Vec;

use libetp::EntityId;
use libetp::codec::to_vec;
use libetp::digest::Hash;
use libetp::params::pals::{Descriptor, JoinSession, OpenSession, Outcome};
use oncard_runtime::Context;
use zeroize::Zeroizing;

use super::early::Early;
use super::fault::Fault;
use super::memory::{Joining, Memory, OPENINGS_MAX, Phase, Session};
use super::{machine, records, setup, tell};
use crate::session::{FIRST, Setup, TAG_JOIN, Terms};

/// `open-session`: the first member's card invites the others' owners.
pub(super) fn open(
    owner: EntityId,
    order: OpenSession,
    memory: &mut Memory,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let OpenSession { descriptor, input } = order;
    let joining = enter(descriptor, None, input, memory, context)?;
    if !joining.setup.is_first() {
        return Err(Fault::NotFirst);
    }
    let (terms, invite) = (joining.setup.terms(), joining.setup.invite());
    let others = terms.others().count();
    tell::check_room(others, others * to_vec(&invite).len(), context)?;
    for member in terms.others() {
        context.send_volatile(terms.members()[member].program, invite.clone());
    }
    begin(owner, joining, memory, context);
    Ok(())
}

/// `join-session`: another member's card tells the first one's.
pub(super) fn join(
    owner: EntityId,
    order: JoinSession,
    memory: &mut Memory,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    if let Some(session) = memory
        .session
        .as_mut()
        .filter(|it| it.is_joined_by(owner, &order))
    {
        return join_again(&order.opening, session, context);
    }
    let JoinSession {
        descriptor,
        opening,
        input,
    } = order;
    let joining = enter(descriptor, Some(opening), input, memory, context)?;
    if joining.setup.is_first() {
        return Err(Fault::First);
    }
    tell_first(&joining.setup, context)?;
    begin(owner, joining, memory, context);
    Ok(())
}

/// The first member opened the session anew, or somebody says so. The card joins that, too, and stays in what it
/// joined: whoever sends invitations could lead it out of a session that starts without it.
fn join_again(
    opening: &Hash,
    session: &mut Session,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let joining = session.joining()?;
    if joining.of_opening(opening).is_none() {
        if joining.earlier.len() + 1 >= OPENINGS_MAX {
            return Err(Fault::Openings);
        }
        let setup = entered(joining.setup.terms().clone(), Some(*opening), context)?;
        tell_first(&setup, context)?;
        let before = core::mem::replace(&mut joining.setup, setup);
        joining.earlier.push(before);
    }
    tell::state(session, context);
    Ok(())
}

fn tell_first(setup: &Setup, context: &mut Context<'_>) -> Result<(), Fault> {
    if let Some(join) = setup.join() {
        tell::check_room(1, to_vec(&join).len(), context)?;
        context.send_volatile(setup.terms().card(FIRST), join);
    }
    Ok(())
}

/// Checks all that there is to check, and draws the nonce.
fn enter(
    descriptor: Descriptor,
    opening: Option<Hash>,
    input: Vec<u8>,
    memory: &mut Memory,
    context: &mut Context<'_>,
) -> Result<Joining, Fault> {
    let input = Zeroizing::new(input);
    if !memory.is_idle() {
        return Err(Fault::Busy);
    }
    let terms = Terms::new(descriptor, &context.identity().key)?;
    let module = machine::check(&terms, &input, memory, context)?;
    Ok(Joining {
        setup: entered(terms, opening, context)?,
        earlier: Vec::new(),
        input,
        module,
        early: Early::default(),
    })
}

/// This card's entry, with a nonce that it never drew before.
fn entered(terms: Terms, opening: Option<Hash>, context: &mut Context<'_>) -> Result<Setup, Fault> {
    let nonce = context.fresh();
    let certificate = context.identity().certificate.clone();
    let mut verified = setup::leaf(&certificate, context);
    let sign = |body: &_| context.sign(TAG_JOIN, body);
    let setup = Setup::new(terms, opening, nonce, certificate, sign, &mut |_| {
        verified.take()
    });
    Ok(setup?)
}

fn begin(owner: EntityId, joining: Joining, memory: &mut Memory, context: &mut Context<'_>) {
    let session = Session {
        attendant: owner,
        phase: Phase::Joining(Box::new(joining)),
    };
    records::put(&session, context);
    tell::state(&session, context);
    memory.ended = None;
    memory.session = Some(session);
}

/// `attend-session`: the sender is told from now on, and what the last session came to.
pub(super) fn attend(
    owner: EntityId,
    memory: &mut Memory,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    if memory.is_idle() && memory.ended.is_none() {
        return Err(Fault::NoSession);
    }
    if let Some(ended) = &memory.ended {
        context.send(owner, ended.clone());
    }
    if let Some(session) = &mut memory.session {
        session.attendant = owner;
        if memory.ended.is_none() {
            records::put(session, context);
        }
        tell::state(session, context);
    }
    Ok(())
}

/// `leave-session`.
pub(super) fn leave(
    owner: EntityId,
    memory: &mut Memory,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let session = memory.session.as_mut().ok_or(Fault::NoSession)?;
    session.attendant = owner;
    tell::end(memory, Some((Outcome::Left, None)), context);
    Ok(())
}
