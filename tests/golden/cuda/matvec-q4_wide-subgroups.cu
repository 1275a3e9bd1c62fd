// matvec_q4_residual_64x2048

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

__device__ inline float dot(float4 a, float4 b) {
  return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

__device__ inline float subgroup_sum(float x) {
  for (unsigned distance = 16u; distance > 0u; distance /= 2u) {
    const float other = __shfl_xor_sync(0xffffffffu, x, distance);
    x = x + other;
  }
  return x;
}

// Waits until the kernel before has ended and what it wrote can be seen; then the next one may start.
__device__ inline void inputs_ready() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

extern "C" __global__ void __launch_bounds__(64) matvec_q4_residual_64x2048(
  const float4* x,
  const uint4* __restrict__ quants,
  const unsigned* __restrict__ scales,
  const float* residual,
  float* __restrict__ out
) {
  __shared__ float team_sums[32];
  const unsigned subgroup_lane = threadIdx.x % 32u;
  inputs_ready();
  const unsigned first_row = blockIdx.x * 2u;                             // linear/matvec.py
  float sum_0 = 0.0f;                                                     // linear/matvec.py
  float sum_1 = 0.0f;
  for (unsigned group = threadIdx.x; group < 64u; group += 64u) {         // linear/matvec.py
    const unsigned at = group * 8u;                                       // linear/matvec.py
    const float4 activations_0 = x[at];                                   // linear/buffers.py
    const float4 activations_1 = x[at + 1u];
    const float4 activations_2 = x[at + 2u];
    const float4 activations_3 = x[at + 3u];
    const float4 activations_4 = x[at + 4u];
    const float4 activations_5 = x[at + 5u];
    const float4 activations_6 = x[at + 6u];
    const float4 activations_7 = x[at + 7u];
    const unsigned at_1 = first_row * 64u + group;                        // parts/packed_rows.py
    const uint4 packed = quants[at_1];                                    // parts/packed_rows.py
    const float4 low = u8x4_to_float4(packed.x & 0x0f0f0f0fu, 8.0f);      // formats/nibbles.py
    const float4 high = u8x4_to_float4((packed.x >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
    const float4 low_1 = u8x4_to_float4(packed.y & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
    const float4 high_1 = u8x4_to_float4((packed.y >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
    const float4 low_2 = u8x4_to_float4(packed.z & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
    const float4 high_2 = u8x4_to_float4((packed.z >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
    const float4 low_3 = u8x4_to_float4(packed.w & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
    const float4 high_3 = u8x4_to_float4((packed.w >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
    const float2 pair = unpack_half2(scales[at_1 >> 1u]);                 // parts/packed_rows.py
    const float product = dot(low, activations_0);                        // parts/packed_rows.py
    const float product_1 = dot(high, activations_1);                     // parts/packed_rows.py
    const float product_2 = product + product_1 + dot(low_1, activations_2)
        + dot(high_1, activations_3) + dot(low_2, activations_4) + dot(high_2, activations_5)
        + dot(low_3, activations_6) + dot(high_3, activations_7);
    sum_0 += product_2 * ((at_1 & 1u) == 1u ? pair.y : pair.x);           // linear/matvec.py
    const unsigned row = first_row + 1u;                                  // linear/matvec.py
    const unsigned at_2 = row * 64u + group;                              // parts/packed_rows.py
    const uint4 packed_1 = quants[at_2];                                  // parts/packed_rows.py
    const float4 low_4 = u8x4_to_float4(packed_1.x & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
    const float4 high_4 = u8x4_to_float4((packed_1.x >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
    const float4 low_5 = u8x4_to_float4(packed_1.y & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
    const float4 high_5 = u8x4_to_float4((packed_1.y >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
    const float4 low_6 = u8x4_to_float4(packed_1.z & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
    const float4 high_6 = u8x4_to_float4((packed_1.z >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
    const float4 low_7 = u8x4_to_float4(packed_1.w & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
    const float4 high_7 = u8x4_to_float4((packed_1.w >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
    const float2 pair_1 = unpack_half2(scales[at_2 >> 1u]);               // parts/packed_rows.py
    const float product_3 = dot(low_4, activations_0);                    // parts/packed_rows.py
    const float product_4 = dot(high_4, activations_1);                   // parts/packed_rows.py
    const float product_5 = product_3 + product_4 + dot(low_5, activations_2)
        + dot(high_5, activations_3) + dot(low_6, activations_4) + dot(high_6, activations_5)
        + dot(low_7, activations_6) + dot(high_7, activations_7);
    sum_1 += product_5 * ((at_2 & 1u) == 1u ? pair_1.y : pair_1.x);       // linear/matvec.py
  }
  const float values_0 = subgroup_sum(sum_0);                             // parts/reduce.py
  const float values_1 = subgroup_sum(sum_1);
  if (subgroup_lane == 0u) {                                              // parts/reduce.py
    const unsigned index = threadIdx.x / 32u;                             // parts/reduce.py
    team_sums[index] = values_0;
    team_sums[index + 16u] = values_1;
  }
  __syncthreads();                                                        // parts/reduce.py
  float total = team_sums[0u];                                            // parts/reduce.py
  for (unsigned subgroup = 1u; subgroup < 2u; subgroup++) {               // parts/reduce.py
    total += team_sums[subgroup];                                         // parts/reduce.py
  }
  float total_1 = team_sums[16u];                                         // parts/reduce.py
  for (unsigned subgroup = 1u; subgroup < 2u; subgroup++) {               // parts/reduce.py
    total_1 += team_sums[subgroup + 16u];                                 // parts/reduce.py
  }
  const float values = total;                                             // parts/reduce.py
  const float values_2 = total_1;
  if (threadIdx.x == 0u) {                                                // linear/matvec.py
    if (first_row < 64u) {                                                // linear/matvec.py
      const float value = values + residual[first_row];                   // epilogues/row.py
      out[first_row] = value;                                             // epilogues/coded.py
    }
    const unsigned row = first_row + 1u;                                  // linear/matvec.py
    if (row < 64u) {                                                      // linear/matvec.py
      const float value = values_2 + residual[row];                       // epilogues/row.py
      out[row] = value;                                                   // epilogues/coded.py
    }
  }
}
