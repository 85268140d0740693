;; The arithmetic of adamw.ts on four float32 at a time, in the memory it is given. Offsets are in bytes, counts in floats
;; and multiples of 4. Compiled into adamw-wasm.ts by `npm run build:wasm`.
(module
  (import "js" "memory" (memory 1))

  ;; One AdamW step of n weights at $w with gradient $g and moments $m and $v, as `Factors` of adamw.ts name the rest.
  (func (export "update")
    (param $w i32) (param $g i32) (param $m i32) (param $v i32) (param $n i32)
    (param $decay f32) (param $size f32) (param $root f32) (param $epsilon f32)
    (param $beta1 f32) (param $fresh1 f32) (param $beta2 f32) (param $fresh2 f32)
    (local $end i32) (local $gradient v128) (local $first v128) (local $second v128) (local $weight v128)
    (local.set $end (i32.add (local.get $w) (i32.shl (local.get $n) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $w) (local.get $end)))
        (local.set $gradient (v128.load (local.get $g)))
        (local.set $first
          (f32x4.add
            (f32x4.mul (v128.load (local.get $m)) (f32x4.splat (local.get $beta1)))
            (f32x4.mul (local.get $gradient) (f32x4.splat (local.get $fresh1)))))
        (local.set $second
          (f32x4.add
            (f32x4.mul (v128.load (local.get $v)) (f32x4.splat (local.get $beta2)))
            (f32x4.mul
              (f32x4.mul (local.get $gradient) (f32x4.splat (local.get $fresh2)))
              (local.get $gradient))))
        (v128.store (local.get $m) (local.get $first))
        (v128.store (local.get $v) (local.get $second))
        (local.set $weight (v128.load (local.get $w)))
        (v128.store (local.get $w)
          (f32x4.sub
            (local.get $weight)
            (f32x4.add
              (f32x4.mul (local.get $weight) (f32x4.splat (local.get $decay)))
              (f32x4.div
                (f32x4.mul (local.get $first) (f32x4.splat (local.get $size)))
                (f32x4.add
                  (f32x4.mul (f32x4.sqrt (local.get $second)) (f32x4.splat (local.get $root)))
                  (f32x4.splat (local.get $epsilon)))))))
        (local.set $w (i32.add (local.get $w) (i32.const 16)))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (local.set $m (i32.add (local.get $m) (i32.const 16)))
        (local.set $v (i32.add (local.get $v) (i32.const 16)))
        (br $next))))

  ;; Sum of the squares of n floats at $x, in double precision.
  (func (export "squares") (param $x i32) (param $n i32) (result f64)
    (local $end i32) (local $low v128) (local $high v128) (local $a v128) (local $b v128)
    (local.set $end (i32.add (local.get $x) (i32.shl (local.get $n) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $x) (local.get $end)))
        (local.set $low (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $x))))
        (local.set $high (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 (local.get $x))))
        (local.set $a (f64x2.add (local.get $a) (f64x2.mul (local.get $low) (local.get $low))))
        (local.set $b (f64x2.add (local.get $b) (f64x2.mul (local.get $high) (local.get $high))))
        (local.set $x (i32.add (local.get $x) (i32.const 16)))
        (br $next)))
    (local.set $a (f64x2.add (local.get $a) (local.get $b)))
    (f64.add (f64x2.extract_lane 0 (local.get $a)) (f64x2.extract_lane 1 (local.get $a))))
)
