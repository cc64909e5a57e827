//! Where a checked expression is evaluated.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use cel::common::ast::IdedExpr;
use cel::common::types::{BYTES_TYPE, CelBool, CelBytes, CelString};
use cel::common::value::CowVal;
use cel::context::VariableResolver;
use cel::parser::Parser;
use cel::{Context, Env, ExecutionError, Value};

use libetp::text::hex;

use super::check::{Check, Scope};
use super::error;
use super::scene::Scene;
use super::variable;
use super::{DEPTH_MAX, EXPRESSION_BYTES_MAX};
use crate::file::Wrong;
use crate::{Facts, Failure};

/// The functions of the language, and our own `hex`.
static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::default().with_stdlib();
    env.add_overload("hex", "hex_bytes", vec![BYTES_TYPE], write_hex)
        .expect("no other function is called hex");
    Arc::new(env)
});

/// A checked expression.
#[derive(Debug)]
pub(super) struct Condition {
    text: String,
    tree: IdedExpr,
    steps: usize,
    variables: Vec<&'static str>,
}

impl Condition {
    pub(super) fn compile(text: &str, scope: &Scope<'_>) -> Result<Self, Wrong> {
        let mut tree = parse(text)?;
        let mut check = Check::new(scope);
        check.condition(&mut tree)?;
        Ok(Self {
            text: text.into(),
            steps: check.nodes,
            variables: check.variables.into_iter().collect(),
            tree,
        })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    /// Whether it asks for groups or control group of a program.
    pub(super) fn reads_membership(&self) -> bool {
        let asks = |name: &&str| ["groups", "cgroup"].contains(name);
        self.variables.iter().any(asks)
    }

    /// Whether it holds for a message. The evaluator is another's: should it panic, that is a failure
    /// of this expression and of nothing else.
    pub(super) fn holds(&self, facts: &Facts<'_>) -> Result<bool, Failure> {
        let variables = self
            .variables
            .iter()
            .filter_map(|name| variable::find(name));
        let scene = Scene::new(facts, variables);
        let evaluated = catch_unwind(AssertUnwindSafe(|| self.evaluate(&scene)));
        let evaluated = evaluated.map_err(|_| Failure("the evaluator panicked".into()))?;
        evaluated.map_err(|error| match scene.into_fault() {
            Some(fault) => Failure(fault.to_string().into()),
            None => error::failure(&error),
        })
    }

    fn evaluate(&self, scene: &dyn VariableResolver) -> Result<bool, ExecutionError> {
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        context.set_variable_resolver(scene);
        let value = Value::resolve_val(&self.tree, &context)?;
        let truth = value.downcast_ref::<CelBool>().map(|truth| *truth.inner());
        truth.ok_or_else(|| ExecutionError::UnexpectedType {
            got: "null".into(),
            want: "bool".into(),
        })
    }
}

fn parse(text: &str) -> Result<IdedExpr, Wrong> {
    if text.len() > EXPRESSION_BYTES_MAX {
        return Err(Wrong::new(format!(
            "an expression has at most {EXPRESSION_BYTES_MAX} bytes"
        )));
    }
    let parser = Parser::new().max_recursion_depth(DEPTH_MAX as u16);
    let parsed = catch_unwind(AssertUnwindSafe(|| parser.parse(text)));
    let parsed = parsed.map_err(|_| Wrong::new("it cannot be read"))?;
    parsed.map_err(|errors| {
        let first = errors.errors.first();
        Wrong::new(match first {
            Some(first) => format!("column {}: {}", first.pos.1, first.msg),
            None => "it cannot be read".into(),
        })
    })
}

fn write_hex<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let bytes = arguments
        .first()
        .and_then(|it| it.downcast_ref::<CelBytes>());
    let bytes = bytes.ok_or_else(ExecutionError::missing_argument_or_target)?;
    Ok(CowVal::owned(CelString::from(hex(bytes.inner()))))
}

#[cfg(test)]
mod tests;
