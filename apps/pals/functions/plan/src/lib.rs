//! Planning of a supply chain: what each site makes, keeps and sends to the others in each period, at the least cost of
//! all together, without anybody learning the others' capacities, costs and demands.
//!
//! The parameters, 2 bytes, are the shape of the plan: how many products and how many periods it has (u8 each).
//!
//! Each member has a site. A value has these fields; what is left is unread, and a shorter one is no site:
//!
//! | field | type | |
//! |---|---|---|
//! | stock | u32 for each product | units at the beginning |
//! | effort | u32 for each product | capacity that a unit takes |
//! | cost to make | i32 for each product | of a unit |
//! | cost to keep | i32 for each product | of a unit, from one period to the next |
//! | capacity | u32 for each period | |
//! | demand | u32 for each product, and in it for each period | units that leave the chain here |
//! | cost to send | i32 for each member | of a unit of any product; -2^31 if there is no lane; the own one is unread |
//!
//! What is sent arrives in the same period. A negative cost is a gain. Units are divisible.
//!
//! The program is solved exactly ([`program`]). Each member is told of the variables of its own site, and everybody if
//! there is no plan. A member can spoil the plan with demands that nobody can meet, and is not named.
//!
//! The result is an [`Outcome`] (u8) and, if there is a plan, for each product, and in it for each period: made, kept,
//! then sent to and received from each member in their order. An amount is a reduced fraction: numerator and
//! denominator, each as a length (u16) and big-endian bytes without leading zeros.

mod dictionary;
mod model;
mod number;
pub mod program;
mod simplex;
mod site;
mod write;

use etp_function::{Function, Inputs, export_function};

pub use site::NO_LANE;

use model::Model;
use site::{Shape, Site};

/// See the crate.
pub struct Plan;

/// What a member is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// The parameters are no shape.
    NoPlan = 0,
    /// There is a plan.
    Optimal = 1,
    /// Demands cannot be met.
    Infeasible = 2,
    /// Gains have no end.
    Unbounded = 3,
    /// More than [`VARIABLES_MAX`] or [`ROWS_MAX`], or the fractions are too long to be told.
    TooLarge = 4,
    /// The member has no site.
    NoSite = 5,
}

/// Most variables of the program.
pub const VARIABLES_MAX: usize = 4_096;
/// Most rows of the program.
pub const ROWS_MAX: usize = 192;
/// Longest result in bytes, that of the interface.
pub const RESULT_BYTES_MAX: usize = 60_000;

impl Function for Plan {
    fn run(inputs: &Inputs<'_>) -> Vec<u8> {
        let Some(shape) = Shape::read(inputs.parameters(), inputs.members()) else {
            return only(Outcome::NoPlan);
        };
        let sites = inputs.iter().map(|value| Site::read(value?, shape));
        let sites: Vec<Option<Site>> = sites.collect();
        if sites[inputs.me()].is_none() {
            return only(Outcome::NoSite);
        }
        let model = Model::new(shape, &sites);
        if model.variables.len() > VARIABLES_MAX || model.rows() > ROWS_MAX {
            return only(Outcome::TooLarge);
        }
        match model.program().solve() {
            program::Outcome::Optimal(numerators, denominator) => {
                let amounts = write::Amounts::new(&model.variables, &numerators, &denominator);
                amounts.of_site(inputs.me(), shape)
            }
            program::Outcome::Infeasible => only(Outcome::Infeasible),
            program::Outcome::Unbounded => only(Outcome::Unbounded),
        }
    }
}

fn only(outcome: Outcome) -> Vec<u8> {
    vec![outcome as u8]
}

export_function!(Plan);
