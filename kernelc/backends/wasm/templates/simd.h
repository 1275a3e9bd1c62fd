/* Instructions of WebAssembly in place of what the prelude spells out. */
#include <wasm_simd128.h>

#define LOW(x) __builtin_shufflevector(x, x, 0, 1, 2, 3)
#define HIGH(x) __builtin_shufflevector(x, x, 4, 5, 6, 7)

/* Four halves in the upper parts of words: 2^112 moves the exponent, and makes normal numbers of subnormal ones. */
INLINE f32x4 halves4(u32x4 upper) {
  const u32x4 sign = upper & 0x80000000u, rest = (upper & 0x7fff0000u) >> 3;
  const f32x4 scaled = (f32x4)rest * 0x1p112f;
  const u32x4 special = (u32x4)(rest >= 0x0f800000u) & 0x7f800000u;
  return (f32x4)((u32x4)scaled | special | sign);
}
INLINE f32x2 halves2_simd(u32 word) {
  const f32x4 both = halves4((u32x4){word << 16, word, 0, 0});
  return (f32x2){both[0], both[1]};
}
INLINE f32x8 halves8_simd(u32x4 words) {
  const f32x4 even = halves4(words << 16), odd = halves4(words);
  return __builtin_shufflevector(even, odd, 0, 4, 1, 5, 2, 6, 3, 7);
}
#define unpack_half2 halves2_simd
#define unpack_halves8 halves8_simd

/* The eight bytes of two words. LLVM would make one conversion of bytes to floats out of this and what follows, and
 * then do that lane by lane: KEEP hides from it how the numbers came about. */
#define KEEP(x) __asm__("" : "+r"(x))
#define BYTES2(sign) \
  const v128_t octets = (v128_t)__builtin_shufflevector(words, words, 0, 1, -1, -1); \
  const v128_t pairs = wasm_##sign##16x8_extend_low_##sign##8x16(octets); \
  v128_t low = wasm_##sign##32x4_extend_low_##sign##16x8(pairs); \
  v128_t high = wasm_##sign##32x4_extend_high_##sign##16x8(pairs); \
  KEEP(low); KEEP(high); \
  return (i32x8)JOINED((i32x4)low, (i32x4)high);
INLINE i32x8 unsigned_bytes2_simd(u32x2 words) { BYTES2(u) }
INLINE i32x8 signed_bytes2_simd(u32x2 words) { BYTES2(i) }
#define unsigned_bytes2 unsigned_bytes2_simd
#define signed_bytes2 signed_bytes2_simd

/* The products of four signed bytes, added up, for each word: even and odd bytes as numbers of 16 bits. */
INLINE i32x4 dot4_simd(u32x4 a, u32x4 b, i32x4 plus) {
  const v128_t even = wasm_i32x4_dot_i16x8(
    wasm_i16x8_shr(wasm_i16x8_shl((v128_t)a, 8), 8), wasm_i16x8_shr(wasm_i16x8_shl((v128_t)b, 8), 8));
  const v128_t odd = wasm_i32x4_dot_i16x8(wasm_i16x8_shr((v128_t)a, 8), wasm_i16x8_shr((v128_t)b, 8));
  return plus + (i32x4)even + (i32x4)odd;
}
INLINE i32x8 dot4_any_simd(u32x8 a, u32x8 b, i32x8 plus) {
  return (i32x8)JOINED(dot4_simd(LOW(a), LOW(b), LOW(plus)), dot4_simd(HIGH(a), HIGH(b), HIGH(plus)));
}
#define dot4_any dot4_any_simd

/* The same where no byte of `a` is above 127. */
INLINE i32x4 dot4_small_half(u32x4 a, u32x4 b, i32x4 plus) {
#if defined(__wasm_relaxed_simd__)
  return (i32x4)wasm_i32x4_relaxed_dot_i8x16_i7x16_add((v128_t)b, (v128_t)a, (v128_t)plus);
#else
  const v128_t even = wasm_i32x4_dot_i16x8(
    wasm_v128_and((v128_t)a, wasm_i16x8_const_splat(255)), wasm_i16x8_shr(wasm_i16x8_shl((v128_t)b, 8), 8));
  const v128_t odd = wasm_i32x4_dot_i16x8(wasm_u16x8_shr((v128_t)a, 8), wasm_i16x8_shr((v128_t)b, 8));
  return plus + (i32x4)even + (i32x4)odd;
#endif
}
INLINE i32x8 dot4_small_simd(u32x8 a, u32x8 b, i32x8 plus) {
  return (i32x8)JOINED(
    dot4_small_half(LOW(a), LOW(b), LOW(plus)), dot4_small_half(HIGH(a), HIGH(b), HIGH(plus)));
}
#define dot4_small dot4_small_simd

/* The products of two signed halves, added up, for each word. */
INLINE i32x8 dot2_i16_simd(u32x8 a, u32x8 b, i32x8 plus) {
  const v128_t low = wasm_i32x4_dot_i16x8((v128_t)LOW(a), (v128_t)LOW(b));
  const v128_t high = wasm_i32x4_dot_i16x8((v128_t)HIGH(a), (v128_t)HIGH(b));
  return plus + (i32x8)JOINED((i32x4)low, (i32x4)high);
}
#define dot2_i16 dot2_i16_simd

#if defined(__wasm_relaxed_simd__)
/* One rounding or two, as the processor has it. */
INLINE f32x4 fma4_simd(f32x4 a, f32x4 b, f32x4 c) {
  return (f32x4)wasm_f32x4_relaxed_madd((v128_t)a, (v128_t)b, (v128_t)c);
}
INLINE f32x8 fma8_simd(f32x8 a, f32x8 b, f32x8 c) {
  return (f32x8)JOINED(fma4_simd(LOW(a), LOW(b), LOW(c)), fma4_simd(HIGH(a), HIGH(b), HIGH(c)));
}
#define fma_f32x4 fma4_simd
#define fma_f32x8 fma8_simd
#endif
