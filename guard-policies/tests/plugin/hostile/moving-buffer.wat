;; Gives another buffer each time; its first one holds a word that the others have not.
(module
  (memory (export "memory") 4)
  (global $calls (mut i32) (i32.const 0))
  (func (export "guard_abi") (result i32) i32.const 1)
  (func (export "guard_buf") (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.mul (i32.sub (global.get $calls) (i32.const 1)) (i32.const 70000)))
  (data $word "first")
  (func (export "guard_check") (param i32) (result i64)
    (memory.fill (i32.const 0) (i32.const 120) (i32.const 262144))
    (memory.init $word (i32.const 0) (i32.const 0) (i32.const 5))
    i64.const 0x200000005))
