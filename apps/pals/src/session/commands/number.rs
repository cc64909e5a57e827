//! `pals run sum` and `pals run maximum`.

use card_owner::Access;
use pals::{Computation, Quorum, Shipped};

use super::{Input, create_shipped, inputs_min};
use crate::report::Report;
use crate::session::begin;
use crate::session::invitation::Wanted;
use crate::session::options::Number;
use crate::session::program::Failure;

pub(in crate::session) fn sum(access: &Access<'_>, number: &Number) -> Result<Report, Failure> {
    run(access, number, Shipped::Sum, Computation::Sum)
}

pub(in crate::session) fn maximum(access: &Access<'_>, number: &Number) -> Result<Report, Failure> {
    run(access, number, Shipped::Maximum, Computation::Maximum)
}

fn run(
    access: &Access<'_>,
    number: &Number,
    shipped: Shipped,
    computation: fn(Quorum) -> Computation,
) -> Result<Report, Failure> {
    match number {
        Number::Create(it) => {
            let inputs_min = inputs_min(it.at_least, &it.create);
            let computation = computation(Quorum { inputs_min });
            create_shipped(access, &it.create, shipped, computation, value(it.value))
        }
        Number::Join(it) => {
            let wanted = Wanted::Shipped(shipped);
            begin::join(access, &it.join, wanted, |_| Ok(value(it.value)))
        }
    }
}

fn value(value: i64) -> Input {
    Input::new(value.to_be_bytes().into())
}
