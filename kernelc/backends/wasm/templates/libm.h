/* The functions of <math.h> that kernels use and that WebAssembly has no instruction for.
 *
 * exp2 splits x into a whole number and a rest of at most a half, exp likewise with ln 2 in two parts (W. J. Cody and
 * W. Waite, "Software Manual for the Elementary Functions", 1980, chapter 6). log halves or doubles x until it is
 * near 1, and sums 2 atanh((x - 1) / (x + 1)). All are within two units in the last place.
 */
#define __builtin_expf kernelc_exp
#define __builtin_exp2f kernelc_exp2
#define __builtin_logf kernelc_log
#define KERNELC static inline __attribute__((always_inline, unused))

KERNELC float kernelc_bits(int bits) { union { int i; float f; } u = {bits}; return u.f; }
KERNELC int kernelc_int(float x) { union { float f; int i; } u = {x}; return u.i; }

/* y * 2^n for -300 <= n <= 300, rounded once where the result is subnormal. */
KERNELC float kernelc_scaled(float y, int n) {
  const int half = n >> 1;
  return y * kernelc_bits((half + 127) << 23) * kernelc_bits((n - half + 127) << 23);
}

KERNELC float kernelc_exp_near(float r) { /* e^r, |r| <= ln(2) / 2 */
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p * r * r + r + 1.0f;
}

KERNELC float kernelc_exp(float x) {
  float c = x < -110.0f ? -110.0f : x; /* a NaN stays one */
  c = c > 90.0f ? 90.0f : c;
  const float n = __builtin_rintf(c * 1.44269504088896341f);
  const float r = (c - n * 0.693359375f) + n * 2.12194440e-4f;
  return kernelc_scaled(kernelc_exp_near(r), n == n ? (int)n : 0);
}

KERNELC float kernelc_exp2(float x) {
  float c = x < -160.0f ? -160.0f : x;
  c = c > 130.0f ? 130.0f : c;
  const float n = __builtin_rintf(c);
  return kernelc_scaled(kernelc_exp_near((c - n) * 0.693147180559945309f), n == n ? (int)n : 0);
}

KERNELC float kernelc_log(float x) {
  if (!(x > 0.0f)) return x == 0.0f ? -__builtin_inff() : __builtin_nanf("");
  if (x > 3.4028234663852886e38f) return x;
  int n = 0;
  if (x < 1.17549435e-38f) { x *= 8388608.0f; n = -23; }
  int bits = kernelc_int(x);
  n += (bits - 0x3f3504f3) >> 23; /* so that the rest is between sqrt(1/2) and sqrt(2) */
  bits -= ((bits - 0x3f3504f3) >> 23) << 23;
  const float m = kernelc_bits(bits), s = (m - 1.0f) / (m + 1.0f), z = s * s;
  float p = 0.2222222222f;
  p = p * z + 0.2857142857f;
  p = p * z + 0.4f;
  p = p * z + 0.6666666667f;
  const float rest = 2.0f * s + s * z * p;
  return (float)n * 0.693359375f + (rest - (float)n * 2.12194440e-4f);
}
