//! Where a descriptor becomes a [`Function`]: all else knows the trait only.
//!
//! A function is built in, or a module that the card keeps. The descriptor's engine says which.

mod aggregate;
mod auction;
mod module;

use alloc::boxed::Box;
use alloc::vec::Vec;

use libetp::codec::{CodecError, Decode, from_slice};
use libetp::digest::Hash;
use libetp::params::pals::{Descriptor, NATIVE_ENGINE, NATIVE_INPUT_BYTES, Native};
use oncard_function::{BudgetError, ENGINE, Module};
use zeroize::Zeroizing;

use crate::smc::{Function, Trap, Work};

/// Why a card does not compute what a descriptor names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// Another engine, or another version of it: it would not spend the same.
    #[error(
        "this card computes with `{NATIVE_ENGINE}` and `{ENGINE}` only, exactly these versions"
    )]
    Engine,
    /// No function of that hash.
    #[error("this card knows no function of that hash")]
    Unknown,
    /// Inputs of another length.
    #[error("inputs of this function have {NATIVE_INPUT_BYTES} bytes")]
    Input,
    /// Not the function's parameters.
    #[error("the parameters are not those of this function")]
    Parameters,
    /// More than a module may use.
    #[error(transparent)]
    Budget(#[from] BudgetError),
}

/// The function of a session: `module`, or one that is built in.
///
/// # Errors
/// [`FunctionError`].
pub(crate) fn function_of(
    descriptor: &Descriptor,
    session: &Hash,
    module: Option<&Module>,
) -> Result<Box<dyn Function>, FunctionError> {
    match module {
        Some(module) => module::bounded(descriptor, session, module),
        None => function(descriptor, session),
    }
}

/// The function of a session that is built in. The session's id settles ties.
///
/// # Errors
/// [`FunctionError`].
pub fn function(
    descriptor: &Descriptor,
    session: &Hash,
) -> Result<Box<dyn Function>, FunctionError> {
    match descriptor.engine.as_str() {
        NATIVE_ENGINE => {}
        ENGINE => return Err(FunctionError::Unknown),
        _ => return Err(FunctionError::Engine),
    }
    let native = Native::of(descriptor).ok_or(FunctionError::Unknown)?;
    if descriptor.input_bytes != NATIVE_INPUT_BYTES {
        return Err(FunctionError::Input);
    }
    match native {
        Native::Sum => aggregate::sum(descriptor),
        Native::Maximum => aggregate::maximum(descriptor),
        Native::Auction => auction::auction(descriptor, session),
    }
}

type Bytes = Zeroizing<Vec<u8>>;

fn parameters<T: Decode>(descriptor: &Descriptor) -> Result<T, FunctionError> {
    let read: Result<T, CodecError> = from_slice(&descriptor.parameters);
    read.map_err(|_| FunctionError::Parameters)
}

/// Inputs as numbers of eight bytes; of another length there are none in a session.
fn numbers(inputs: &[Option<Bytes>]) -> Vec<Option<[u8; 8]>> {
    let number = |input: &Option<Bytes>| input.as_ref().and_then(|it| it[..].try_into().ok());
    inputs.iter().map(number).collect()
}

/// A function that is computed at once: from all inputs, a member's part of the result.
#[derive(Clone)]
struct AtOnce<F>(F);

fn native<F>(compute: F) -> Box<dyn Function>
where
    F: Fn(&[Option<[u8; 8]>], usize) -> Vec<u8> + Clone + Send + 'static,
{
    Box::new(AtOnce(compute))
}

impl<F> Function for AtOnce<F>
where
    F: Fn(&[Option<[u8; 8]>], usize) -> Vec<u8> + Clone + Send + 'static,
{
    fn begin(&self, inputs: &[Option<Bytes>], me: usize) -> Box<dyn Work> {
        Box::new(Computing {
            compute: self.0.clone(),
            inputs: Zeroizing::new(numbers(inputs)),
            me,
            result: None,
        })
    }
}

/// Each slice computes all of it, so that all slices take the same time.
struct Computing<F> {
    compute: F,
    inputs: Zeroizing<Vec<Option<[u8; 8]>>>,
    me: usize,
    result: Option<Bytes>,
}

impl<F> Work for Computing<F>
where
    F: Fn(&[Option<[u8; 8]>], usize) -> Vec<u8> + Clone + Send + 'static,
{
    fn slice(&mut self) {
        self.result = Some(Zeroizing::new((self.compute)(&self.inputs, self.me)));
    }

    fn finish(self: Box<Self>) -> Result<Bytes, Trap> {
        self.result.ok_or(Trap)
    }
}
