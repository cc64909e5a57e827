;; A Vickrey auction without terms, for tests: values of 64 bits, parameters of no bytes. The result has 9 bytes: whether
;; the member won, and the second highest bid (little endian), or 0 for who did not win.
(module
  (memory (export "memory") 1)
  (func (export "function_buffer") (param i32) (result i32) (i32.const 1024))
  (func (export "function_run") (param $len i32) (result i64)
    (local $at i32) (local $end i32) (local $digit i32)
    (local $member i32) (local $winner i32)
    (local $bid i64) (local $first i64) (local $second i64)
    ;; Entries begin behind 42 bytes of head, and have a byte and a value each.
    (local.set $at (i32.const 1066))
    (local.set $end (i32.add (local.get $len) (i32.const 1024)))
    (local.set $winner (i32.const -1))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $bid (i64.const 0))
        (local.set $digit (i32.const 1))
        (loop $digits
          (local.set $bid (i64.or
            (i64.shl (local.get $bid) (i64.const 8))
            (i64.load8_u (i32.add (local.get $at) (local.get $digit)))))
          (local.set $digit (i32.add (local.get $digit) (i32.const 1)))
          (br_if $digits (i32.le_u (local.get $digit) (i32.const 8))))
        (if (i64.gt_u (local.get $bid) (local.get $first))
          (then
            (local.set $second (local.get $first))
            (local.set $first (local.get $bid))
            (local.set $winner (local.get $member)))
          (else (if (i64.gt_u (local.get $bid) (local.get $second))
            (then (local.set $second (local.get $bid))))))
        (local.set $at (i32.add (local.get $at) (i32.const 9)))
        (local.set $member (i32.add (local.get $member) (i32.const 1)))
        (br $next)))
    ;; The member who asks: the low byte of the second number of the head.
    (if (i32.eq (local.get $winner) (i32.load8_u (i32.const 1027)))
      (then
        (i32.store8 (i32.const 0) (i32.const 1))
        (i64.store (i32.const 1) (local.get $second))))
    (i64.const 9)))
