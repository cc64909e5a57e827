//! Modules for the other tests.

use oncard_function::{Budget, Function, Input, Module, Session, Trap};
use zeroize::Zeroizing;

/// Fuel of a slice.
pub(crate) const SLICE: u64 = 2_000;

/// A module of this code, beside the exports that each has. `$room` is where its input goes, and `$len` its length.
pub(crate) fn text(pages: u32, code: &str) -> String {
    format!(
        r#"(module
            (memory (export "memory") {pages})
            (func (export "function_buffer") (param i32) (result i32) (i32.const 1024))
            (func $place (param $at i32) (param $len i32) (result i64)
                (i64.or
                    (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
                    (i64.extend_i32_u (local.get $len))))
            (func (export "function_run") (param $len i32) (result i64) {code}))"#
    )
}

pub(crate) fn module(code: &str) -> Module {
    load(&text(1, code))
}

pub(crate) fn load(text: &str) -> Module {
    Module::load(&wat::parse_str(text).unwrap()).unwrap()
}

/// Gives its input back.
pub(crate) const ECHO: &str = "(call $place (i32.const 1024) (local.get $len))";

/// Never ends.
pub(crate) const LOOP: &str = "(loop (br 0)) (i64.const 0)";

/// Adds so many ones, slowly, and gives the sum as 8 bytes.
pub(crate) fn count(ones: u64) -> String {
    format!(
        r"(local $sum i64)
        (loop $more
            (local.set $sum (i64.add (local.get $sum) (i64.const 1)))
            (br_if $more (i64.lt_u (local.get $sum) (i64.const {ones}))))
        (i64.store (i32.const 0) (local.get $sum))
        (call $place (i32.const 0) (i32.const 8))"
    )
}

pub(crate) fn values(values: &[Option<&[u8]>]) -> Vec<Input> {
    let values = values.iter();
    values
        .map(|value| value.map(|it| Zeroizing::new(it.to_vec())))
        .collect()
}

/// What comes of it within so much fuel, in so many slices too few.
pub(crate) fn compute(
    module: &Module,
    inputs: &[Input],
    me: usize,
    budget: Budget,
    missing: u32,
) -> Result<Vec<u8>, Trap> {
    let mut work = module
        .clone()
        .within(budget, Session::default())
        .begin(inputs, me);
    for _ in missing..budget.slices() {
        work.slice();
    }
    work.finish().map(|result| result.to_vec())
}

pub(crate) fn budget(fuel: u64) -> Budget {
    Budget::new(fuel, SLICE, 1 << 20).unwrap()
}
