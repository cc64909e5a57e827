//! What a session does in its rounds, as its descriptor says.

use alloc::boxed::Box;

use libetp::digest::Hash;
use oncard_function::Module;
use oncard_runtime::Context;
use zeroize::Zeroizing;

use super::fault::Fault;
use super::library::{self, LibraryError};
use super::memory::{Joining, Memory};
use crate::exchange::{self, Exchange};
use crate::function::{self, function};
use crate::party::Machine;
use crate::session::{Plan, Terms};
use crate::smc::Smc;

/// Checks, before anything is said of it, that the card can do what the session is for with the owner's input; the
/// module that it computes, if there is one.
pub(super) fn check(
    terms: &Terms,
    input: &[u8],
    memory: &mut Memory,
    context: &Context<'_>,
) -> Result<Option<Module>, Fault> {
    match terms.plan() {
        Plan::Computation(plan) => {
            let descriptor = terms.descriptor();
            function::check(descriptor)?;
            let module = library::module(&descriptor.function, memory, context)?;
            let (found, expected) = (input.len(), plan.value_bytes());
            match found == expected {
                true => Ok(Some(module)),
                false => Err(Fault::Input { found, expected }),
            }
        }
        Plan::Exchange(plan) => match exchange::matches(plan.own(), input) {
            true => Ok(None),
            false => Err(Fault::Item),
        },
    }
}

/// The card in the session that started.
pub(super) fn machine(
    joining: &Joining,
    session: &Hash,
    context: &mut Context<'_>,
) -> Result<Box<dyn Machine>, Fault> {
    let terms = joining.setup.terms();
    let input: Zeroizing<_> = joining.input.clone();
    match terms.plan() {
        Plan::Computation(plan) => {
            let module = joining.module.as_ref().ok_or(LibraryError::Unknown)?;
            let function = function(terms.descriptor(), session, module)?;
            let (found, expected) = (input.len(), plan.value_bytes());
            let smc = Smc::new(*plan, function, input);
            Ok(Box::new(smc.ok_or(Fault::Input { found, expected })?))
        }
        Plan::Exchange(plan) => {
            let seed = context.random();
            Ok(Box::new(Exchange::new(plan.clone(), *session, seed, input)))
        }
    }
}
