//! Plugins that fail or work hard when a message says so, and the policies that run them.

use libetp::Mtype;

/// What every module has: the buffer is at the beginning of its memory, and `$last` gives the last
/// byte of the message there, which is the last one of its param.
macro_rules! module {
    ($check:literal) => {
        concat!(
            r#"(module
            (memory (export "memory") 2)
            (func (export "guard_abi") (result i32) i32.const 1)
            (func (export "guard_buf") (result i32) i32.const 0)
            (func $last (param $len i32) (result i32)
                (i32.load8_u (i32.sub (local.get $len) (i32.const 1))))
            (func (export "guard_check") (param $len i32) (result i64)
                (local $left i32) "#,
            $check,
            "))"
        )
    };
}
pub(crate) use module;

/// Traps at what ends with `T`, and has no objection to anything else.
pub(crate) const TRAPS_AT_T: &str = module!(
    r#"(if (i32.eq (call $last (local.get $len)) (i32.const 0x54)) (then unreachable))
    i64.const 0"#
);

/// Counts to 5,000 at what ends with `B`, and has no objection to anything.
pub(crate) const BURNS_AT_B: &str = module!(
    r#"(if (i32.eq (call $last (local.get $len)) (i32.const 0x42)) (then
        (local.set $left (i32.const 5000))
        (loop
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br_if 0 (local.get $left)))))
    i64.const 0"#
);

/// A policy that runs `NAME.wasm` on messages of a type.
pub(crate) fn policy(name: &str, mtype: Mtype, is_slow: bool) -> String {
    format!(
        r#"
[[policy]]
name = "{name}"
kind = "plugin"
file = "{name}.wasm"
slow = {is_slow}
when = {{ mtype = "{:#06x}" }}
"#,
        mtype.0
    )
}
