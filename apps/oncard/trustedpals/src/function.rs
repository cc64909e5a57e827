//! Where a descriptor becomes a [`Function`]: all else knows the trait only.

use alloc::boxed::Box;

use libetp::digest::Hash;
use libetp::params::pals::Descriptor;
use oncard_function::{Budget, BudgetError, ENGINE, Module, Session};

use crate::smc::Function;

/// Why a card does not compute what a descriptor names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FunctionError {
    /// Another engine, or another version of it: it would not spend the same.
    #[error("this card computes with `{ENGINE}` only, exactly this version")]
    Engine,
    /// More than a module may use.
    #[error(transparent)]
    Budget(#[from] BudgetError),
}

/// Whether cards of this version compute that at all.
///
/// # Errors
/// [`FunctionError`].
pub(crate) fn check(descriptor: &Descriptor) -> Result<(), FunctionError> {
    match descriptor.engine == ENGINE {
        true => budget(descriptor).map(drop),
        false => Err(FunctionError::Engine),
    }
}

/// A module within what its session grants.
///
/// # Errors
/// [`FunctionError`].
pub(crate) fn function(
    descriptor: &Descriptor,
    session: &Hash,
    module: &Module,
) -> Result<Box<dyn Function>, FunctionError> {
    let session = Session {
        id: *session,
        parameters: descriptor.parameters.clone(),
    };
    let bounded = module.clone().within(budget(descriptor)?, session);
    Ok(Box::new(bounded))
}

fn budget(descriptor: &Descriptor) -> Result<Budget, FunctionError> {
    let Descriptor {
        fuel,
        slice,
        memory_bytes,
        ..
    } = *descriptor;
    Ok(Budget::new(fuel, slice, memory_bytes)?)
}
