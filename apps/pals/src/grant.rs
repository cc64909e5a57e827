//! What a session lets its function spend.
//!
//! Fuel is for the worst inputs, as `apps/pals/tests/functions/grants.rs` measures them, and half as much again. A card
//! spends all of it, whatever the inputs are; so it is no more.

use oncard_function::limits::FUEL_MAX;
use oncard_function::{Budget, BudgetError};

use crate::computation::{Computation, Shape};

/// Fuel of a slice, and so of a round: a small part of the time that a round has.
const SLICE: u64 = 20_000_000;
/// Most rounds of work: with as many, clocks that drift are still together.
const WORK_ROUNDS_MAX: u64 = 400;
/// For a function that is not shipped.
const FUEL: u64 = 10_000_000;
/// For a function that is not shipped, and for plans.
const MEMORY_BYTES: u32 = 16 << 20;
/// What the others need, with their stack.
const SMALL_MEMORY_BYTES: u32 = 2 << 20;

/// Bytes of a key figure.
const FIGURE_BYTES: u64 = 8;

/// See the module's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// In all.
    pub fuel: u64,
    /// In a round.
    pub slice: u64,
    /// Most memory.
    pub memory_bytes: u32,
}

impl Grant {
    /// Whether cards grant that.
    ///
    /// # Errors
    /// [`BudgetError`].
    pub fn check(&self) -> Result<(), BudgetError> {
        Budget::new(self.fuel, self.slice, self.memory_bytes).map(drop)
    }

    /// So much fuel: all of it in one round, or in rounds of 20,000,000 units, or in 400 rounds.
    pub fn new(fuel: u64, memory_bytes: u32) -> Self {
        let fuel = fuel.min(FUEL_MAX);
        Self {
            fuel,
            slice: fuel.div_ceil(WORK_ROUNDS_MAX).max(SLICE.min(fuel)),
            memory_bytes,
        }
    }
}

impl Computation {
    /// What a session of `n` members with inputs of that length lets its function spend. For plans it is what most
    /// need: there is no useful bound.
    pub fn grant(&self, n: usize, input_bytes: u32) -> Grant {
        let members = n as u64;
        let figures = u64::from(input_bytes) / FIGURE_BYTES;
        let fuel = match self {
            Self::Auction(_) => 20_000 + 8_000 * members,
            Self::Sum(_) => 12_000 + 300 * members,
            Self::Maximum(_) => 9_000 + 350 * members,
            Self::Benchmark(_) => 20_000 + 4_000 * members + figures * (5_000 + 1_100 * members),
            Self::Plan(shape) => plan(*shape, members),
            Self::Other(_) => FUEL,
        };
        let memory_bytes = match self {
            Self::Plan(_) | Self::Other(_) => MEMORY_BYTES,
            _ => SMALL_MEMORY_BYTES,
        };
        Grant::new(fuel, memory_bytes)
    }
}

/// By the rows and variables of the linear program, if there are lanes between all.
fn plan(shape: Shape, members: u64) -> u64 {
    let (products, periods) = (u64::from(shape.products), u64::from(shape.periods));
    let rows = members * periods * (products + 1);
    let variables = members * products * periods * (members + 1);
    2_000_000 + 600 * rows * rows * variables
}
