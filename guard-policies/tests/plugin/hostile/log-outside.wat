;; Logs what is not its own.
(module
  (import "guard" "log" (func $log (param i32 i32)))
  (memory (export "memory") 2)
  (func (export "guard_abi") (result i32) i32.const 1)
  (func (export "guard_buf") (result i32) i32.const 0)
  (func (export "guard_check") (param i32) (result i64)
    (call $log (i32.const -16) (i32.const 32))
    i64.const 0))
