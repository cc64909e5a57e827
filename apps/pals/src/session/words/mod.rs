//! What functions are told and tell, for people and for programs.

mod auction;
mod benchmark;
mod number;
mod plan;

use libetp::client::text::hex;
use pals::{Computation, Found, Other};
use serde_json::{Value, json};

use super::roster::Roster;

/// What the members agree to have computed.
pub(super) fn agreed(computation: &Computation, roster: &Roster) -> String {
    match computation {
        Computation::Auction(terms) => auction::agreed(terms, roster),
        Computation::Sum(quorum) => number::agreed("the sum, the mean", *quorum),
        Computation::Maximum(quorum) => number::agreed("the largest number", *quorum),
        Computation::Benchmark(quorum) => benchmark::agreed(*quorum),
        Computation::Plan(shape) => plan::agreed(*shape),
        Computation::Other(Other { parameters, .. }) => match parameters.as_slice() {
            [] => "It is told nothing beside the inputs.".into(),
            parameters => format!("It is told {} beside the inputs.", hex(parameters)),
        },
    }
}

/// A member's part of a result, in words.
pub(super) fn told(found: &Found, roster: &Roster) -> String {
    match found {
        Found::Auction(sale) => auction::told(sale, roster),
        Found::Sum(sum) => number::sum(sum),
        Found::Maximum(maximum) => number::maximum(maximum),
        Found::Benchmark(compared) => benchmark::told(compared),
        Found::Plan(planned) => plan::told(planned, roster),
        Found::Other(result) if result.is_empty() => "The function tells you nothing.".into(),
        Found::Other(result) => format!("The function tells you {}.", hex(result)),
    }
}

/// The same for programs.
pub(super) fn facts(found: &Found, me: usize) -> Value {
    match found {
        Found::Auction(sale) => auction::facts(sale, me),
        Found::Sum(sum) => number::sum_facts(sum),
        Found::Maximum(maximum) => {
            json!({ "count": maximum.count, "maximum": maximum.maximum })
        }
        Found::Benchmark(compared) => benchmark::facts(compared),
        Found::Plan(planned) => plan::facts(planned),
        Found::Other(result) => json!({ "result": hex(result) }),
    }
}
