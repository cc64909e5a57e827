;; Moves much with few instructions.
(module
  (memory (export "memory") 2)
  (func (export "guard_abi") (result i32) i32.const 1)
  (func (export "guard_buf") (result i32) i32.const 0)
  (func (export "guard_check") (param i32) (result i64)
    (local $rounds i32)
    (loop
      (memory.fill (i32.const 0) (i32.const 1) (i32.const 131072))
      (local.set $rounds (i32.add (local.get $rounds) (i32.const 1)))
      (br_if 0 (i32.lt_u (local.get $rounds) (i32.const 100))))
    i64.const 0))
