//! Functions that the owner gave the card, as modules: loaded in pieces, approved, computed in sessions, forgotten.
//!
//! A piece is stored with its order, whole, and a piece that comes again changes nothing: whoever lost power in
//! between asks what is there and goes on.

mod error;
mod pieces;
mod records;

use libetp::EntityId;
use libetp::digest::Hash;
use libetp::params::pals::{
    ApproveFunction, ForgetFunction, Functions, KeptFunction, LoadFunction,
};
use oncard_function::Module;
use oncard_runtime::Context;

use super::fault::Fault;
use super::memory::Memory;
pub(super) use error::LibraryError;
use records::Kept;

/// `load-function`: a piece more. With the last one all is checked.
pub(super) fn load(
    owner: EntityId,
    order: LoadFunction,
    memory: &mut Memory,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    if let Some(whole) = pieces::take(order, context)? {
        memory.compiled = Some(whole);
    }
    list(owner, context)
}

/// `approve-function`.
pub(super) fn approve(
    owner: EntityId,
    order: &ApproveFunction,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let mut kept = whole(&order.hash, context)?;
    kept.is_approved = true;
    records::put(&order.hash, &kept, context);
    list(owner, context)
}

/// `forget-function`. A session that computes it goes on.
pub(super) fn forget(
    owner: EntityId,
    order: &ForgetFunction,
    memory: &mut Memory,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    memory.compiled.take_if(|it| it.hash() == order.hash);
    records::get(&order.hash, context)?.ok_or(LibraryError::Unknown)?;
    records::delete(&order.hash, context)?;
    list(owner, context)
}

/// `list-functions`, and the answer to all of these orders.
pub(super) fn list(owner: EntityId, context: &mut Context<'_>) -> Result<(), Fault> {
    let kept = records::all(context)?.into_iter();
    let functions = kept.map(|(hash, kept)| KeptFunction {
        hash,
        total: kept.total,
        stored: kept.stored,
        is_approved: kept.is_approved,
    });
    let functions = libetp::codec::List(functions.collect());
    context.send(owner, Functions { functions });
    Ok(())
}

/// The module that a session computes. It is compiled once while there is power, if no other one is in between.
pub(super) fn module(
    hash: &Hash,
    memory: &mut Memory,
    context: &Context<'_>,
) -> Result<Module, Fault> {
    if !whole(hash, context)?.is_approved {
        return Err(LibraryError::Unapproved.into());
    }
    match memory.compiled.as_ref().filter(|it| it.hash() == *hash) {
        Some(module) => Ok(module.clone()),
        None => Ok(memory.compiled.insert(compile(hash, context)?).clone()),
    }
}

fn compile(hash: &Hash, context: &Context<'_>) -> Result<Module, Fault> {
    let module = Module::load(&records::bytes(hash, context)?).map_err(LibraryError::Module)?;
    match module.hash() == *hash {
        true => Ok(module),
        false => Err(super::records::damaged().into()),
    }
}

/// The record of a function that is all there.
fn whole(hash: &Hash, context: &Context<'_>) -> Result<Kept, Fault> {
    let kept = records::get(hash, context)?.ok_or(LibraryError::Unknown)?;
    let Kept { total, stored, .. } = kept;
    match stored == total {
        true => Ok(kept),
        false => Err(LibraryError::Incomplete { stored, total }.into()),
    }
}
