;; Never ends configuring itself.
(module
  (memory (export "memory") 2)
  (func (export "guard_abi") (result i32) i32.const 1)
  (func (export "guard_buf") (result i32) i32.const 0)
  (func (export "guard_configure") (param i32) (result i32) (loop (br 0)) unreachable)
  (func (export "guard_check") (param i32) (result i64) i64.const 0))
