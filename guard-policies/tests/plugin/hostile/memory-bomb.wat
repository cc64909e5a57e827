;; Takes memory until there is none, and answers with a param of as many bytes as it has pages.
(module
  (memory (export "memory") 2)
  (func (export "guard_abi") (result i32) i32.const 1)
  (func (export "guard_buf") (result i32) i32.const 0)
  (func (export "guard_check") (param i32) (result i64)
    (loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (i64.or (i64.const 0x400000000) (i64.extend_i32_u (memory.size)))))
