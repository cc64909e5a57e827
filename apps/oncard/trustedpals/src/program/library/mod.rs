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
    ApproveFunction, Descriptor, ForgetFunction, Functions, KeptFunction, LoadFunction,
};
use oncard_function::{ENGINE, Module};
use oncard_runtime::Context;

use super::fault::Fault;
pub(super) use error::LibraryError;
use records::Kept;

/// `load-function`: a piece more. With the last one all is checked.
pub(super) fn load(
    owner: EntityId,
    order: LoadFunction,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    pieces::take(order, context)?;
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
    context: &mut Context<'_>,
) -> Result<(), Fault> {
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

/// The module that a session computes; `None` if its engine is not that of modules.
pub(super) fn module(
    descriptor: &Descriptor,
    context: &Context<'_>,
) -> Result<Option<Module>, Fault> {
    if descriptor.engine != ENGINE {
        return Ok(None);
    }
    let hash = &descriptor.function;
    if !whole(hash, context)?.is_approved {
        return Err(LibraryError::Unapproved.into());
    }
    let module = Module::load(&records::bytes(hash, context)?).map_err(LibraryError::Module)?;
    match module.hash() == *hash {
        true => Ok(Some(module)),
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
