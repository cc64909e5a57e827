//! What a function may use, at the limit and past it.

use oncard_function::limits::{
    CALL_DEPTH_MAX, FUEL_MAX, MEMORY_BYTES_MAX, RESULT_BYTES_MAX, SLICE_FUEL_MAX, SLICE_FUEL_MIN,
    SLICES_MAX,
};
use oncard_function::{Budget, BudgetError, Trap};

use crate::modules::{budget, compute, load, module, text, values};

fn result(code: &str) -> Result<usize, Trap> {
    let computed = compute(&module(code), &values(&[None]), 0, budget(1_000_000), 0);
    computed.map(|it| it.len())
}

#[test]
fn a_result_has_its_longest() {
    let long = |len: usize| format!("(call $place (i32.const 0) (i32.const {len}))");
    assert_eq!(result(&long(RESULT_BYTES_MAX)), Ok(RESULT_BYTES_MAX));
    assert_eq!(result(&long(RESULT_BYTES_MAX + 1)), Err(Trap));
}

#[test]
fn a_result_lies_in_memory() {
    let at = |at: u32| format!("(call $place (i32.const {at}) (i32.const 16))");
    assert_eq!(result(&at(65_536 - 16)), Ok(16));
    assert_eq!(result(&at(65_536 - 15)), Err(Trap));
    assert_eq!(result(&at(u32::MAX)), Err(Trap));
}

#[test]
fn an_input_is_not_written_where_there_is_no_memory() {
    let lying = |at: i64| {
        let text = text(1, "(i64.const 0)").replace("i32.const 1024", &format!("i32.const {at}"));
        compute(&load(&text), &values(&[None]), 0, budget(10_000), 0)
    };
    assert_eq!(lying(65_536 - 43), Ok(vec![]));
    for address in [65_536 - 42, 65_536, -1] {
        assert_eq!(lying(address), Err(Trap), "{address}");
    }
}

#[test]
fn memory_has_its_most() {
    let grown = |pages: u32, grant: u32| {
        let code = format!(
            "(i32.store (i32.const 0) (memory.grow (i32.const {pages})))
             (call $place (i32.const 0) (i32.const 4))"
        );
        let budget = Budget::new(1_000_000, 2_000, grant).unwrap();
        compute(&module(&code), &values(&[None]), 0, budget, 0)
    };
    assert_eq!(grown(15, 1 << 20), Ok(vec![1, 0, 0, 0]));
    assert_eq!(grown(16, 1 << 20), Ok(vec![0xff; 4]), "it is told");
    assert_eq!(grown(0, 65_535), Err(Trap), "less than it begins with");
}

#[test]
fn calls_nest_to_their_deepest() {
    let nested = |depth: usize| {
        let text = text(
            1,
            &format!("(call $down (i32.const {depth})) (i64.const 0)"),
        );
        let down = "(func $down (param i32)
            (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))))";
        let end = text.rfind(')').unwrap();
        let text = format!("{}{down})", &text[..end]);
        compute(&load(&text), &values(&[None]), 0, budget(1_000_000), 0)
    };
    assert!(nested(CALL_DEPTH_MAX / 2).is_ok());
    assert_eq!(nested(CALL_DEPTH_MAX * 2), Err(Trap));
}

#[test]
fn traps_are_no_results() {
    for code in [
        "(unreachable)",
        "(i64.extend_i32_u (i32.div_u (i32.const 1) (i32.const 0)))",
        "(i64.load (i32.const -1))",
    ] {
        assert_eq!(result(code), Err(Trap), "{code}");
    }
}

#[test]
fn budgets_have_their_limits() {
    let slice = FUEL_MAX / SLICES_MAX + 1;
    assert!(Budget::new(FUEL_MAX, slice, MEMORY_BYTES_MAX).is_ok());
    let past = FUEL_MAX + 1;
    assert_eq!(Budget::new(past, past, 0), Err(BudgetError::Fuel(past)));
    assert_eq!(Budget::new(0, 1_000, 0), Err(BudgetError::Fuel(0)));
    let short = SLICE_FUEL_MIN - 1;
    assert_eq!(Budget::new(1, short, 0), Err(BudgetError::Slice(short)));
    let long = SLICE_FUEL_MAX + 1;
    assert!(Budget::new(FUEL_MAX, SLICE_FUEL_MAX, 0).is_ok());
    assert_eq!(
        Budget::new(FUEL_MAX, long, 0),
        Err(BudgetError::Slice(long))
    );
    let most = SLICES_MAX * SLICE_FUEL_MIN;
    assert_eq!(
        Budget::new(most, SLICE_FUEL_MIN, 0).map(|it| it.slices()),
        Ok(SLICES_MAX as u32)
    );
    assert_eq!(
        Budget::new(most + 1, SLICE_FUEL_MIN, 0),
        Err(BudgetError::Slices(SLICES_MAX + 1))
    );
    let much = MEMORY_BYTES_MAX + 1;
    assert_eq!(Budget::new(1, 1_000, much), Err(BudgetError::Memory(much)));
}
