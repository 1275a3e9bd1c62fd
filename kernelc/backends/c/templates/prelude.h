#include <stdint.h>
#include <string.h>

typedef float f32;
typedef int32_t i32;
typedef uint32_t u32;

/* Vectors lie in memory as their elements do, at any multiple of four bytes. */
#define VECTOR(scalar, lanes) \
  typedef scalar scalar##x##lanes __attribute__((vector_size(4 * lanes), aligned(4), may_alias));
VECTOR(f32, 2) VECTOR(f32, 4) VECTOR(f32, 8)
VECTOR(i32, 2) VECTOR(i32, 4) VECTOR(i32, 8)
VECTOR(u32, 2) VECTOR(u32, 4) VECTOR(u32, 8)
typedef uint8_t octets8 __attribute__((vector_size(8)));
#if defined(__clang__) && defined(__F16C__)
typedef _Float16 halves8 __attribute__((vector_size(16)));
#endif

#define INLINE static inline __attribute__((always_inline, unused))

/* Scalars. Of two numbers one of which is a NaN, either may be the smaller. */
INLINE u32 bits_u32(f32 x) { u32 y; memcpy(&y, &x, 4); return y; }
INLINE f32 bits_f32(u32 x) { f32 y; memcpy(&y, &x, 4); return y; }
INLINE f32 min_f32(f32 a, f32 b) { return a < b ? a : b; }
INLINE f32 max_f32(f32 a, f32 b) { return a > b ? a : b; }
INLINE i32 min_i32(i32 a, i32 b) { return a < b ? a : b; }
INLINE i32 max_i32(i32 a, i32 b) { return a > b ? a : b; }
INLINE u32 min_u32(u32 a, u32 b) { return a < b ? a : b; }
INLINE u32 max_u32(u32 a, u32 b) { return a > b ? a : b; }
INLINE f32 abs_f32(f32 x) { return __builtin_fabsf(x); }
INLINE i32 abs_i32(i32 x) { return x < 0 ? (i32)(0u - (u32)x) : x; }
INLINE u32 abs_u32(u32 x) { return x; }
INLINE f32 exp_f32(f32 x) { return __builtin_expf(x); }
INLINE f32 exp2_f32(f32 x) { return __builtin_exp2f(x); }
INLINE f32 log_f32(f32 x) { return __builtin_logf(x); }
INLINE f32 sqrt_f32(f32 x) { return __builtin_sqrtf(x); }
INLINE f32 rsqrt_f32(f32 x) { return 1.0f / __builtin_sqrtf(x); }
INLINE f32 floor_f32(f32 x) { return __builtin_floorf(x); }
/* Towards zero; numbers out of range saturate, and a NaN gives 0. */
INLINE i32 i32_of_f32(f32 x) {
  return x >= 2147483648.0f ? INT32_MAX : x >= -2147483648.0f ? (i32)x : x != x ? 0 : INT32_MIN;
}
INLINE u32 u32_of_f32(f32 x) {
  return x >= 4294967296.0f ? UINT32_MAX : x > 0.0f ? (u32)x : 0;
}
INLINE f32 fma_f32(f32 a, f32 b, f32 c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

/* Halves, rounded to nearest even. */
#if defined(__FLT16_MAX__)
INLINE f32 f32_of_half(uint16_t bits) { _Float16 h; memcpy(&h, &bits, 2); return (f32)h; }
INLINE uint16_t half_of_f32(f32 x) { _Float16 h = (_Float16)x; uint16_t bits; memcpy(&bits, &h, 2); return bits; }
#else
INLINE f32 f32_of_half(uint16_t bits) {
  u32 sign = (u32)(bits & 0x8000) << 16, rest = bits & 0x7fff;
  if (rest >= 0x7c00) return bits_f32(sign | 0x7f800000 | (rest & 0x3ff) << 13);
  /* 2^112 moves the exponent, and makes normal numbers of subnormal ones */
  return bits_f32(sign | bits_u32(bits_f32(rest << 13) * 0x1p112f));
}
INLINE uint16_t half_of_f32(f32 x) {
  u32 bits = bits_u32(x), sign = bits >> 16 & 0x8000, rest = bits & 0x7fffffff;
  if (rest > 0x7f800000) return (uint16_t)(sign | 0x7e00);
  if (rest >= 0x477ff000) return (uint16_t)(sign | 0x7c00);
  if (rest < 0x38800000) {
    /* adding 0.5 leaves the half's digits at the end of the sum, rounded */
    return (uint16_t)(sign | (bits_u32(bits_f32(rest) + 0.5f) - 0x3f000000));
  }
  return (uint16_t)(sign | (rest - 0x38000000 + 0xfff + (rest >> 13 & 1)) >> 13);
}
#endif
INLINE f32x2 unpack_half2(u32 word) {
#if defined(__F16C__) && !defined(__clang__)
  f32x4 both = __builtin_ia32_vcvtph2ps((__attribute__((vector_size(16))) short)(u32x4){word});
  return (f32x2){both[0], both[1]};
#else
  return (f32x2){f32_of_half((uint16_t)word), f32_of_half((uint16_t)(word >> 16))};
#endif
}
INLINE u32 pack_half2(f32x2 pair) { return half_of_f32(pair[0]) | (u32)half_of_f32(pair[1]) << 16; }

/* Vectors of n lanes, lane by lane. A lane of a condition is 0 or -1. */
#define LANES(n, value) for (int i = 0; i < n; i++) r[i] = value; return r;
#define SAME2(x) x, x
#define SAME4(x) x, x, x, x
#define SAME8(x) x, x, x, x, x, x, x, x
#define OF_SCALAR(n, scalar) \
  INLINE scalar##x##n splat_##scalar##x##n(scalar x) { return (scalar##x##n){SAME##n(x)}; } \
  INLINE scalar##x##n min_##scalar##x##n(scalar##x##n a, scalar##x##n b) { \
    return (scalar##x##n)(((u32x##n)(a < b) & (u32x##n)a) | (~(u32x##n)(a < b) & (u32x##n)b)); } \
  INLINE scalar##x##n max_##scalar##x##n(scalar##x##n a, scalar##x##n b) { \
    return (scalar##x##n)(((u32x##n)(a > b) & (u32x##n)a) | (~(u32x##n)(a > b) & (u32x##n)b)); } \
  INLINE scalar##x##n choose_##scalar##x##n(i32 c, scalar##x##n a, scalar##x##n b) { return c ? a : b; } \
  INLINE scalar##x##n select_##scalar##x##n(i32x##n c, scalar##x##n a, scalar##x##n b) { \
    return (scalar##x##n)((c & (i32x##n)a) | (~c & (i32x##n)b)); }
#define OF_FLOATS(n, name) INLINE f32x##n name##_f32x##n(f32x##n x) { f32x##n r; LANES(n, name##_f32(x[i])) }
#define OF_LANES(n) \
  OF_SCALAR(n, f32) OF_SCALAR(n, i32) OF_SCALAR(n, u32) \
  OF_FLOATS(n, exp) OF_FLOATS(n, exp2) OF_FLOATS(n, log) OF_FLOATS(n, sqrt) OF_FLOATS(n, rsqrt) \
  OF_FLOATS(n, floor) \
  INLINE f32x##n abs_f32x##n(f32x##n x) { return (f32x##n)((u32x##n)x & 0x7fffffffu); } \
  INLINE i32x##n abs_i32x##n(i32x##n x) { u32x##n s = (u32x##n)(x < 0); return (i32x##n)(((u32x##n)x ^ s) - s); } \
  INLINE u32x##n abs_u32x##n(u32x##n x) { return x; } \
  INLINE i32x##n i32x##n##_of_f32x##n(f32x##n x) { i32x##n r; LANES(n, i32_of_f32(x[i])) } \
  INLINE u32x##n u32x##n##_of_f32x##n(f32x##n x) { u32x##n r; LANES(n, u32_of_f32(x[i])) }
OF_LANES(2) OF_LANES(4) OF_LANES(8)

#if defined(__clang__) || __GNUC__ >= 12
#define JOINED(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7)
#else
#define JOINED(a, b) {a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]}
#endif
#define CONCAT(scalar) \
  INLINE scalar##x4 concat_##scalar##x4(scalar##x2 a, scalar##x2 b) { return (scalar##x4){a[0], a[1], b[0], b[1]}; } \
  INLINE scalar##x8 concat_##scalar##x8(scalar##x4 a, scalar##x4 b) { \
    return (scalar##x8)JOINED(a, b); }
CONCAT(f32) CONCAT(i32) CONCAT(u32)

INLINE f32 dot_f32x2(f32x2 a, f32x2 b) { f32x2 p = a * b; return p[0] + p[1]; }
INLINE f32 dot_f32x4(f32x4 a, f32x4 b) { f32x4 p = a * b; return (p[0] + p[2]) + (p[1] + p[3]); }
INLINE f32 dot_f32x8(f32x8 a, f32x8 b) {
  f32x8 p = a * b;
  f32x4 q = (f32x4){p[0], p[1], p[2], p[3]} + (f32x4){p[4], p[5], p[6], p[7]};
  return (q[0] + q[2]) + (q[1] + q[3]);
}

/* a * b + c with one rounding where the processor has it. */
INLINE f32x2 fma_f32x2(f32x2 a, f32x2 b, f32x2 c) { f32x2 r; LANES(2, fma_f32(a[i], b[i], c[i])) }
#if defined(__clang__) && (defined(__FMA__) || defined(__ARM_FEATURE_FMA))
INLINE f32x4 fma_f32x4(f32x4 a, f32x4 b, f32x4 c) { return __builtin_elementwise_fma(a, b, c); }
INLINE f32x8 fma_f32x8(f32x8 a, f32x8 b, f32x8 c) { return __builtin_elementwise_fma(a, b, c); }
#elif defined(__FMA__)
INLINE f32x4 fma_f32x4(f32x4 a, f32x4 b, f32x4 c) { return __builtin_ia32_vfmaddps(a, b, c); }
INLINE f32x8 fma_f32x8(f32x8 a, f32x8 b, f32x8 c) { return __builtin_ia32_vfmaddps256(a, b, c); }
#else
INLINE f32x4 fma_f32x4(f32x4 a, f32x4 b, f32x4 c) { f32x4 r; LANES(4, fma_f32(a[i], b[i], c[i])) }
INLINE f32x8 fma_f32x8(f32x8 a, f32x8 b, f32x8 c) { f32x8 r; LANES(8, fma_f32(a[i], b[i], c[i])) }
#endif

/* The bytes of words, the lowest first. gcc spells out conversions of short vectors byte by byte. */
#if defined(__clang__) || __GNUC__ >= 12
INLINE u32x4 any_after(u32x2 a) { return __builtin_shufflevector(a, a, 0, 1, -1, -1); }
#else
INLINE u32x4 any_after(u32x2 a) { return (u32x4){a[0], a[1]}; }
#endif
INLINE i32x4 unsigned_bytes(u32 word) {
#if defined(__SSE4_1__) && !defined(__clang__)
  return (i32x4)__builtin_ia32_pmovzxbd128((__attribute__((vector_size(16))) char)(u32x4){word});
#else
  return (i32x4)((u32x4){word, word >> 8, word >> 16, word >> 24} & 255u);
#endif
}
INLINE i32x4 signed_bytes(u32 word) {
#if defined(__SSE4_1__) && !defined(__clang__)
  return (i32x4)__builtin_ia32_pmovsxbd128((__attribute__((vector_size(16))) char)(u32x4){word});
#else
  return (i32x4){(int8_t)word, (int8_t)(word >> 8), (int8_t)(word >> 16), (int8_t)(word >> 24)};
#endif
}
INLINE i32x8 unsigned_bytes2(u32x2 words) {
#if defined(__AVX2__) && !defined(__clang__)
  u32x4 q = any_after(words);
  return (i32x8)__builtin_ia32_pmovzxbd256((__attribute__((vector_size(16))) char)q);
#elif defined(__clang__)
  octets8 o; memcpy(&o, &words, 8); return __builtin_convertvector(o, i32x8);
#else
  return concat_i32x8(unsigned_bytes(words[0]), unsigned_bytes(words[1]));
#endif
}
INLINE i32x8 signed_bytes2(u32x2 words) {
#if defined(__AVX2__) && !defined(__clang__)
  u32x4 q = any_after(words);
  return (i32x8)__builtin_ia32_pmovsxbd256((__attribute__((vector_size(16))) char)q);
#else
  return concat_i32x8(signed_bytes(words[0]), signed_bytes(words[1]));
#endif
}
#define FLOATS(n, x) __builtin_convertvector(x, f32x##n)

/* The products of four signed bytes, added up. */
INLINE i32 dot4_i8(u32 a, u32 b, i32 plus) {
  i32x4 p = signed_bytes(a) * signed_bytes(b);
  return plus + ((p[0] + p[1]) + (p[2] + p[3]));
}

INLINE f32x8 unpack_halves8(u32x4 words) {
#if defined(__F16C__) && defined(__clang__)
  return __builtin_convertvector((halves8)words, f32x8);
#elif defined(__F16C__)
  return __builtin_ia32_vcvtph2ps256((__attribute__((vector_size(16))) short)words);
#else
  f32x2 a = unpack_half2(words[0]), b = unpack_half2(words[1]);
  f32x2 c = unpack_half2(words[2]), d = unpack_half2(words[3]);
  return (f32x8){a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1]};
#endif
}

/* The same for eight words; of `small` words no byte is above 127. */
INLINE i32x8 dot4_any(u32x8 a, u32x8 b, i32x8 plus) {
  i32x8 x = (i32x8)a, y = (i32x8)b;
  for (int at = 0; at < 4; at++) {
    plus += (x << 24 >> 24) * (y << 24 >> 24);
    x >>= 8, y >>= 8;
  }
  return plus;
}
INLINE i32x8 dot4_small(u32x8 a, u32x8 b, i32x8 plus) {
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
  __asm__("vpdpbusd %2, %1, %0" : "+v"(plus) : "v"(a), "v"(b));
  return plus;
#elif defined(__AVX2__)
  typedef __attribute__((vector_size(32))) char octets;
  typedef __attribute__((vector_size(32))) short pairs;
  const pairs products = __builtin_ia32_pmaddubsw256((octets)a, (octets)b);
  return (i32x8)__builtin_ia32_pmaddwd256(products, (pairs){1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}) + plus;
#else
  return dot4_any(a, b, plus);
#endif
}

/* The products of two signed halves, added up, for eight words. */
INLINE i32x8 dot2_i16(u32x8 a, u32x8 b, i32x8 plus) {
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
  __asm__("vpdpwssd %2, %1, %0" : "+v"(plus) : "v"(a), "v"(b));
  return plus;
#elif defined(__AVX2__)
  typedef __attribute__((vector_size(32))) short halves;
  return (i32x8)__builtin_ia32_pmaddwd256((halves)a, (halves)b) + plus;
#else
  i32x8 x = (i32x8)a, y = (i32x8)b;
  return plus + (x << 16 >> 16) * (y << 16 >> 16) + (x >> 16) * (y >> 16);
#endif
}
