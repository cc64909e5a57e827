//! A function that is a module, within what its session grants.

use alloc::boxed::Box;

use libetp::digest::Hash;
use libetp::params::pals::Descriptor;
use oncard_function::{Budget, Module, Session};

use super::FunctionError;
use crate::smc::Function;

pub(super) fn bounded(
    descriptor: &Descriptor,
    session: &Hash,
    module: &Module,
) -> Result<Box<dyn Function>, FunctionError> {
    let Descriptor {
        fuel,
        slice,
        memory_bytes,
        ..
    } = *descriptor;
    let budget = Budget::new(fuel, slice, memory_bytes)?;
    let session = Session {
        id: *session,
        parameters: descriptor.parameters.clone(),
    };
    Ok(Box::new(module.clone().within(budget, session)))
}
