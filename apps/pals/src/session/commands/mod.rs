//! From the command line to what a session computes, and to one's own input.

mod any;
mod auction;
mod benchmark;
mod number;
mod plan;

use card_owner::Access;
use pals::{Computation, Shipped};
use zeroize::Zeroizing;

pub(super) use any::{create as create_any, join as join_any};
pub(super) use auction::run as auction;
pub(super) use benchmark::run as benchmark;
pub(super) use number::{maximum, sum};
pub(super) use plan::run as plan;

use super::begin::{self, Opening};
use super::code::Code;
use super::options::Create;
use super::program::Failure;
use crate::report::Report;

type Input = Zeroizing<Vec<u8>>;

/// Has a function computed that is shipped, with what is usual.
fn create_shipped(
    access: &Access<'_>,
    create: &Create,
    shipped: Shipped,
    computation: Computation,
    input: Input,
) -> Result<Report, Failure> {
    // Inputs have at most 64 KiB.
    let grant = computation.grant(members(create), input.len() as u32);
    let opening = Opening {
        code: Code::shipped(shipped),
        computation,
        grant,
        input,
        yes: true,
    };
    begin::create(access, create, opening)
}

/// How many members there are.
fn members(create: &Create) -> usize {
    create.with.len() + 1
}

/// How many inputs there are of members whose hosts are right, unless somebody says otherwise.
fn inputs_min(at_least: Option<u16>, create: &Create) -> u16 {
    let n = members(create);
    let corrupt = create.corrupt.map_or((n - 1) / 2, usize::from);
    let right = u16::try_from(n.saturating_sub(corrupt)).unwrap_or(u16::MAX);
    at_least.unwrap_or(right)
}
