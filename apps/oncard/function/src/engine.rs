//! The interpreter `wasmi`, as cards use it.
//!
//! A feature of WebAssembly is on if compilers use it without being asked to, and cannot make two cards differ.
//! Floating point is off: the bits of a NaN are not determined. So is growing beyond what the session grants: it
//! fails alike everywhere.

use wasmi::{CompilationMode, Config, EnforcedLimits, Engine};

use crate::limits::{CALL_DEPTH_MAX, STACK_BYTES_MAX};

/// An engine that counts fuel, and compiles whole modules when they are loaded.
pub(crate) fn engine() -> Engine {
    let mut config = Config::default();
    config
        .consume_fuel(true)
        .compilation_mode(CompilationMode::Eager)
        .allow_start_fn(false)
        .ignore_custom_sections(true)
        .enforced_limits(EnforcedLimits::strict())
        .set_max_recursion_depth(CALL_DEPTH_MAX)
        .set_max_stack_height(STACK_BYTES_MAX)
        .floats(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_extended_const(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false);
    Engine::new(&config)
}
