;; Spends nearly all the fuel of a message, and has no objection to it.
(module
  (memory (export "memory") 2)
  (func (export "guard_abi") (result i32) i32.const 1)
  (func (export "guard_buf") (result i32) i32.const 0)
  (func (export "guard_check") (param i32) (result i64)
    (local $left i32)
    (local.set $left (i32.const 5000))
    (loop
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if 0 (local.get $left)))
    i64.const 0))
