//! Linear programs: the least `costs · x` of all `x >= 0` that meet the rows.

use num_bigint::BigInt;

use crate::simplex::solve;

/// How a row's sum is to its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// At most.
    AtMost,
    /// Equal.
    Equal,
    /// At least.
    AtLeast,
}

/// A condition: the sum of coefficients times variables, and its bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Variables and their coefficients; each at most once.
    pub terms: Vec<(usize, i64)>,
    /// How the sum is to the bound.
    pub sense: Sense,
    /// The bound.
    pub bound: i64,
}

/// A linear program. Numbers are between -2^40 and 2^40.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// What a unit of each variable costs.
    pub costs: Vec<i64>,
    /// What `x` meets.
    pub rows: Vec<Row>,
}

/// What comes of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A solution at the least cost: numerators, and the denominator of all, which is above zero.
    Optimal(Vec<BigInt>, BigInt),
    /// No `x` meets the rows.
    Infeasible,
    /// There is no least cost.
    Unbounded,
}

impl Program {
    /// Solves it exactly. Which solution of several is found depends on nothing but the order of variables and rows.
    pub fn solve(&self) -> Outcome {
        let short = solve::<i64>(self);
        // The numbers of any length follow the same path: they are the same numbers.
        short
            .or_else(|| solve::<BigInt>(self))
            .unwrap_or(Outcome::Infeasible)
    }
}
