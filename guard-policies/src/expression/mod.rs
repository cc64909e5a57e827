//! Tier 1: conditions as expressions over a message and its fields.
//!
//! The language is [CEL](https://cel.dev), of which a part is accepted: no loops (`all`, `exists`, `map` and
//! the like), no maps, floats or calls that build larger values out of smaller ones. What is left
//! is evaluated node by node, each at most once, so that the number of nodes, [`NODES_MAX`],
//! bounds the steps, and no value is larger than the message that it comes from.
//!
//! Expressions are checked when they are loaded: every name is known, both sides of a comparison are
//! of one kind, and a word that stands for an id, a domain, a host or a message type is one.
//! A comparison that could never hold is therefore a mistake that is found before it lets anything pass.

mod check;
mod environment;
mod error;
mod field;
mod scene;
mod settle;
mod text;
mod types;
mod variable;

use libetp::Mtype;

use crate::file::{Names, Problem};
use crate::{Answer, Facts, Opinion, Policy, Text};

pub use text::ExpressionText;

use environment::Condition;

/// Bytes of an expression's text.
pub const EXPRESSION_BYTES_MAX: usize = 1_024;
/// Nodes of an expression's syntax tree: the steps that evaluating it takes.
pub const NODES_MAX: usize = 128;
/// How deep an expression nests.
pub const DEPTH_MAX: usize = 24;

/// A compiled expression policy.
#[derive(Debug)]
pub struct Expression {
    branches: Vec<Branch>,
    reason: Option<Text>,
}

/// One expression, and what follows if it holds.
#[derive(Debug)]
struct Branch {
    field: &'static str,
    condition: Condition,
}

impl Expression {
    /// Compiles the expressions of a policy that is asked about these message types only, or
    /// about any.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with them.
    pub fn compile(
        text: &ExpressionText,
        names: &Names,
        mtypes: Option<&[Mtype]>,
    ) -> Result<Self, Problem> {
        let scope = check::Scope { names, mtypes };
        let branches = text.branches().map(|(field, written)| {
            let condition = Condition::compile(written.get_ref(), &scope);
            let condition = condition.map_err(|wrong| wrong.within(field).at(written.span()))?;
            Ok(Branch { field, condition })
        });
        let branches = branches.collect::<Result<Vec<_>, Problem>>()?;
        if branches.is_empty() {
            let what = "an expression policy without an expression";
            return Err(Problem::new(0..0, what)
                .help("write at least one of `pass_if`, `drop_if`, `refuse_if` and `hold_if`"));
        }
        let reason = text.reason()?;
        Ok(Self { branches, reason })
    }

    /// The most steps that judging one message takes.
    pub fn steps_max(&self) -> usize {
        let steps = self.branches.iter().map(|branch| branch.condition.steps());
        steps.sum()
    }

    fn opinion(&self, branch: &Branch) -> Opinion {
        let said = |otherwise: &'static str| self.reason.clone().unwrap_or(otherwise.into());
        match branch.field {
            text::PASS => Opinion::Pass,
            text::DROP => Opinion::Drop(said("dropped by an expression")),
            text::HOLD => Opinion::Hold(said("an expression asks for an answer")),
            _ => Opinion::Refuse(said("refused by an expression")),
        }
    }
}

impl Policy for Expression {
    fn judge(&self, facts: &Facts<'_>) -> Answer {
        for branch in &self.branches {
            match branch.condition.holds(facts) {
                Ok(true) => return self.opinion(branch).into(),
                Ok(false) => (),
                Err(failure) => {
                    return Answer {
                        opinion: Err(failure),
                        fuel: 0,
                    };
                }
            }
        }
        Opinion::Indifferent.into()
    }

    fn reads_membership(&self) -> bool {
        let mut branches = self.branches.iter();
        branches.any(|branch| branch.condition.reads_membership())
    }

    fn explain(&self) -> Vec<String> {
        let line = |branch: &Branch| {
            let (text, steps) = (branch.condition.text(), branch.condition.steps());
            format!("{}: {text} (at most {steps} steps)", branch.field)
        };
        self.branches.iter().map(line).collect()
    }
}
