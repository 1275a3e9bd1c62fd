// embedding_q4_64

__device__ inline float4 splat_float4(float a) {
  return make_float4(a, a, a, a);
}

__device__ inline float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

// A byte in the low bits of 2^23 gives the float 2^23 + byte.
__device__ inline float4 u8x4_to_float4(unsigned word, float less = 0.0f) {
  const float zero = 8388608.0f + less;
  return make_float4(
    __uint_as_float(__byte_perm(word, 0x4b000000u, 0x7440u)) - zero,
    __uint_as_float(__byte_perm(word, 0x4b000000u, 0x7441u)) - zero,
    __uint_as_float(__byte_perm(word, 0x4b000000u, 0x7442u)) - zero,
    __uint_as_float(__byte_perm(word, 0x4b000000u, 0x7443u)) - zero);
}

__device__ inline float2 unpack_half2(unsigned word) {
  float2 pair;
  asm("{ .reg .b16 low, high;"
      "  mov.b32 {low, high}, %2;"
      "  cvt.f32.f16 %0, low;"
      "  cvt.f32.f16 %1, high; }"
      : "=f"(pair.x), "=f"(pair.y) : "r"(word));
  return pair;
}

// Waits until the kernel before has ended and what it wrote can be seen; then the next one may start.
__device__ inline void inputs_ready() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

struct Step {
  unsigned seq;
  unsigned past;
  unsigned seed;
  unsigned top_k;
  float temperature;
  float top_p;
  float min_p;
  float repetition_penalty;
};

extern "C" __global__ void __launch_bounds__(32) embedding_q4_64(
  const unsigned* tokens,
  const uint4* __restrict__ quants,
  const unsigned* __restrict__ scales,
  float4* __restrict__ out,
  const Step* __restrict__ step
) {
  inputs_ready();
  const unsigned token = tokens[step->past + blockIdx.x];                 // kernels/embedding.py
  const bool held = token < 512u;                                         // kernels/embedding.py
  if (held) {                                                             // kernels/embedding.py
    for (unsigned group = threadIdx.x; group < 2u; group += 32u) {        // kernels/embedding.py
      const unsigned at = token * 2u + group;                             // parts/packed_rows.py
      const uint4 packed = quants[at];                                    // parts/packed_rows.py
      const float4 low = u8x4_to_float4(packed.x & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
      const float4 high = u8x4_to_float4((packed.x >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 low_1 = u8x4_to_float4(packed.y & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 high_1 = u8x4_to_float4((packed.y >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 low_2 = u8x4_to_float4(packed.z & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 high_2 = u8x4_to_float4((packed.z >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 low_3 = u8x4_to_float4(packed.w & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 high_3 = u8x4_to_float4((packed.w >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair = unpack_half2(scales[at >> 1u]);                 // parts/packed_rows.py
      const unsigned first = group * 8u;                                  // kernels/embedding.py
      const float4 factor = splat_float4((at & 1u) == 1u ? pair.y : pair.x);  // kernels/embedding.py
      const unsigned index = blockIdx.x * 16u + first;                    // kernels/embedding.py
      out[index] = low * factor;
      out[index + 1u] = high * factor;
      out[index + 2u] = low_1 * factor;
      out[index + 3u] = high_1 * factor;
      out[index + 4u] = low_2 * factor;
      out[index + 5u] = high_2 * factor;
      out[index + 6u] = low_3 * factor;
      out[index + 7u] = high_3 * factor;
    }
  }
}
