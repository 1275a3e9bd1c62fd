// matvec_int8_norm_q4_gated_344x2048

__device__ inline float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

__device__ inline float4 fabsf(float4 a) {
  return make_float4(fabsf(a.x), fabsf(a.y), fabsf(a.z), fabsf(a.w));
}

__device__ inline float4 fmaxf(float4 a, float4 b) {
  return make_float4(fmaxf(a.x, b.x), fmaxf(a.y, b.y), fmaxf(a.z, b.z), fmaxf(a.w, b.w));
}

__device__ inline float4 splat_float4(float a) {
  return make_float4(a, a, a, a);
}

__device__ inline int4 to_int4(float4 a) {
  return make_int4(__float2int_rz(a.x), __float2int_rz(a.y), __float2int_rz(a.z),
      __float2int_rz(a.w));
}

__device__ inline int4 operator+(int4 a, int b) {
  return make_int4(int(unsigned(a.x) + unsigned(b)), int(unsigned(a.y) + unsigned(b)),
      int(unsigned(a.z) + unsigned(b)), int(unsigned(a.w) + unsigned(b)));
}

__device__ inline uint4 as_uint4(int4 a) {
  return make_uint4(unsigned(a.x), unsigned(a.y), unsigned(a.z), unsigned(a.w));
}

__device__ inline uint4 splat_uint4(unsigned a) {
  return make_uint4(a, a, a, a);
}

__device__ inline uint4 operator&(uint4 a, uint4 b) {
  return make_uint4(a.x & b.x, a.y & b.y, a.z & b.z, a.w & b.w);
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

extern "C" __global__ void __launch_bounds__(256) matvec_int8_norm_q4_gated_344x2048(
  const float4* x,
  const float4* __restrict__ norm_weight,
  const uint4* __restrict__ quants,
  const unsigned* __restrict__ scales,
  float* __restrict__ out
) {
  __shared__ uint4 codes[128];
  __shared__ float code_scales[64];
  __shared__ int offsets[64];
  __shared__ float squares[64];
  __shared__ float partial_sums[17];
  __shared__ float partial_squares[1];
  const unsigned subgroup_lane = threadIdx.x % 32u;
  const unsigned group = threadIdx.x % 32u;                               // parts/reduce.py
  const unsigned index = threadIdx.x / 32u;                               // parts/reduce.py
  const unsigned index_1 = blockIdx.x * 16u;                              // linear/matvec_int8_body.py
  float sum_0 = 0.0f;                                                     // linear/matvec_int8_body.py
  float sum_1 = 0.0f;
  float square_sum = 0.0f;                                                // linear/matvec_int8_body.py
  const unsigned index_2 = index * 2u;                                    // linear/matvec_int8_body.py
  const unsigned row = index_1 + index_2;
  const unsigned row_1 = min(row, 343u);                                  // linear/matvec_int8_body.py
  const unsigned index_3 = row_1 * 64u;                                   // parts/packed_rows.py
  const unsigned at = index_3 + group;
  const uint4 loads = quants[at];                                         // parts/packed_rows.py
  const float2 pair = unpack_half2(scales[at >> 1u]);                     // parts/packed_rows.py
  const float scale = (at & 1u) == 1u ? pair.y : pair.x;                  // parts/packed_rows.py
  const unsigned row_2 = row + 1u;                                        // linear/matvec_int8_body.py
  const unsigned row_3 = min(row_2, 343u);                                // linear/matvec_int8_body.py
  const unsigned index_4 = row_3 * 64u;                                   // parts/packed_rows.py
  const unsigned at_1 = index_4 + group;
  const uint4 loads_1 = quants[at_1];                                     // parts/packed_rows.py
  const float2 pair_1 = unpack_half2(scales[at_1 >> 1u]);                 // parts/packed_rows.py
  const float scale_1 = (at_1 & 1u) == 1u ? pair_1.y : pair_1.x;          // parts/packed_rows.py
  const unsigned group_1 = group + 32u;                                   // linear/matvec_int8_body.py
  const unsigned at_2 = index_3 + group_1;                                // parts/packed_rows.py
  const uint4 loads_2 = quants[at_2];                                     // parts/packed_rows.py
  const float2 pair_2 = unpack_half2(scales[at_2 >> 1u]);                 // parts/packed_rows.py
  const float scale_2 = (at_2 & 1u) == 1u ? pair_2.y : pair_2.x;          // parts/packed_rows.py
  const unsigned at_3 = index_4 + group_1;                                // parts/packed_rows.py
  const uint4 loads_3 = quants[at_3];                                     // parts/packed_rows.py
  const float2 pair_3 = unpack_half2(scales[at_3 >> 1u]);                 // parts/packed_rows.py
  const float scale_3 = (at_3 & 1u) == 1u ? pair_3.y : pair_3.x;          // parts/packed_rows.py
  inputs_ready();                                                         // linear/matvec_int8_body.py
  if (threadIdx.x < 64u) {                                                // parts/distribute.py
    const unsigned at_4 = threadIdx.x * 8u;                               // linear/matvec_int8_body.py
    const float4 x_1 = x[at_4];                                           // linear/buffers.py
    const float square = dot(x_1, x_1);                                   // linear/matvec_int8_body.py
    const float4 x_2 = x_1 * norm_weight[at_4];                           // linear/matvec_int8_body.py
    const unsigned at_5 = at_4 + 1u;                                      // linear/matvec_int8_body.py
    const float4 x_3 = x[at_5];                                           // linear/buffers.py
    const float square_1 = square + dot(x_3, x_3);                        // linear/matvec_int8_body.py
    const float4 x_4 = x_3 * norm_weight[at_5];                           // linear/matvec_int8_body.py
    const unsigned at_6 = at_4 + 2u;                                      // linear/matvec_int8_body.py
    const float4 x_5 = x[at_6];                                           // linear/buffers.py
    const float square_2 = square_1 + dot(x_5, x_5);                      // linear/matvec_int8_body.py
    const float4 x_6 = x_5 * norm_weight[at_6];                           // linear/matvec_int8_body.py
    const unsigned at_7 = at_4 + 3u;                                      // linear/matvec_int8_body.py
    const float4 x_7 = x[at_7];                                           // linear/buffers.py
    const float square_3 = square_2 + dot(x_7, x_7);                      // linear/matvec_int8_body.py
    const float4 x_8 = x_7 * norm_weight[at_7];                           // linear/matvec_int8_body.py
    const unsigned at_8 = at_4 + 4u;                                      // linear/matvec_int8_body.py
    const float4 x_9 = x[at_8];                                           // linear/buffers.py
    const float square_4 = square_3 + dot(x_9, x_9);                      // linear/matvec_int8_body.py
    const float4 x_10 = x_9 * norm_weight[at_8];                          // linear/matvec_int8_body.py
    const unsigned at_9 = at_4 + 5u;                                      // linear/matvec_int8_body.py
    const float4 x_11 = x[at_9];                                          // linear/buffers.py
    const float square_5 = square_4 + dot(x_11, x_11);                    // linear/matvec_int8_body.py
    const float4 x_12 = x_11 * norm_weight[at_9];                         // linear/matvec_int8_body.py
    const unsigned at_10 = at_4 + 6u;                                     // linear/matvec_int8_body.py
    const float4 x_13 = x[at_10];                                         // linear/buffers.py
    const float square_6 = square_5 + dot(x_13, x_13);                    // linear/matvec_int8_body.py
    const float4 x_14 = x_13 * norm_weight[at_10];                        // linear/matvec_int8_body.py
    const unsigned at_11 = at_4 + 7u;                                     // linear/matvec_int8_body.py
    const float4 x_15 = x[at_11];                                         // linear/buffers.py
    const float square_7 = square_6 + dot(x_15, x_15);                    // linear/matvec_int8_body.py
    const float4 x_16 = x_15 * norm_weight[at_11];                        // linear/matvec_int8_body.py
    const float4 largest = fabsf(x_2);                                    // linear/activations.py
    const float4 magnitudes = fabsf(x_4);                                 // linear/activations.py
    const float4 largest_1 = fmaxf(largest, magnitudes);                  // linear/activations.py
    const float4 magnitudes_1 = fabsf(x_6);                               // linear/activations.py
    const float4 largest_2 = fmaxf(largest_1, magnitudes_1);              // linear/activations.py
    const float4 magnitudes_2 = fabsf(x_8);                               // linear/activations.py
    const float4 largest_3 = fmaxf(largest_2, magnitudes_2);              // linear/activations.py
    const float4 magnitudes_3 = fabsf(x_10);                              // linear/activations.py
    const float4 largest_4 = fmaxf(largest_3, magnitudes_3);              // linear/activations.py
    const float4 magnitudes_4 = fabsf(x_12);                              // linear/activations.py
    const float4 largest_5 = fmaxf(largest_4, magnitudes_4);              // linear/activations.py
    const float4 magnitudes_5 = fabsf(x_14);                              // linear/activations.py
    const float4 largest_6 = fmaxf(largest_5, magnitudes_5);              // linear/activations.py
    const float4 magnitudes_6 = fabsf(x_16);                              // linear/activations.py
    const float4 largest_7 = fmaxf(largest_6, magnitudes_6);              // linear/activations.py
    const unsigned bits = __float_as_uint(fmaxf(fmaxf(largest_7.x, largest_7.y),
        fmaxf(largest_7.z, largest_7.w)));                                // linear/activations.py
    const unsigned exponent = min(max(bits >> 23u, 27u), 252u);           // linear/activations.py
    const unsigned mantissa = (((bits & 0x007fffffu) | 0x00800000u) >> 8u) + 1u;  // linear/activations.py
    const float steps = float(2130706432u / mantissa)
        * __uint_as_float((253u - exponent) << 23u);                      // linear/activations.py
    const float4 spread = splat_float4(steps);                            // linear/activations.py
    const uint4 codes_1 = as_uint4(to_int4(x_2 * spread) + 128) & splat_uint4(65280u);  // linear/activations.py
    const unsigned word = (codes_1.x >> 8u) | codes_1.y | (codes_1.z << 8u)
        | (codes_1.w << 16u);                                             // linear/activations.py
    const uint4 codes_2 = as_uint4(to_int4(x_4 * spread) + 128) & splat_uint4(65280u);  // linear/activations.py
    const unsigned word_1 = (codes_2.x >> 8u) | codes_2.y | (codes_2.z << 8u)
        | (codes_2.w << 16u);                                             // linear/activations.py
    const uint4 codes_3 = as_uint4(to_int4(x_6 * spread) + 128) & splat_uint4(65280u);  // linear/activations.py
    const unsigned word_2 = (codes_3.x >> 8u) | codes_3.y | (codes_3.z << 8u)
        | (codes_3.w << 16u);                                             // linear/activations.py
    const uint4 codes_4 = as_uint4(to_int4(x_8 * spread) + 128) & splat_uint4(65280u);  // linear/activations.py
    const unsigned word_3 = (codes_4.x >> 8u) | codes_4.y | (codes_4.z << 8u)
        | (codes_4.w << 16u);                                             // linear/activations.py
    const uint4 codes_5 = as_uint4(to_int4(x_10 * spread) + 128) & splat_uint4(65280u);  // linear/activations.py
    const unsigned word_4 = (codes_5.x >> 8u) | codes_5.y | (codes_5.z << 8u)
        | (codes_5.w << 16u);                                             // linear/activations.py
    const uint4 codes_6 = as_uint4(to_int4(x_12 * spread) + 128) & splat_uint4(65280u);  // linear/activations.py
    const unsigned word_5 = (codes_6.x >> 8u) | codes_6.y | (codes_6.z << 8u)
        | (codes_6.w << 16u);                                             // linear/activations.py
    const uint4 codes_7 = as_uint4(to_int4(x_14 * spread) + 128) & splat_uint4(65280u);  // linear/activations.py
    const unsigned word_6 = (codes_7.x >> 8u) | codes_7.y | (codes_7.z << 8u)
        | (codes_7.w << 16u);                                             // linear/activations.py
    const uint4 codes_8 = as_uint4(to_int4(x_16 * spread) + 128) & splat_uint4(65280u);  // linear/activations.py
    const unsigned word_7 = (codes_8.x >> 8u) | codes_8.y | (codes_8.z << 8u)
        | (codes_8.w << 16u);                                             // linear/activations.py
    codes[threadIdx.x] = make_uint4(word, word_1, word_2, word_3);        // linear/matvec_int8_body.py
    codes[threadIdx.x + 64u] = make_uint4(word_4, word_5, word_6, word_7);  // linear/matvec_int8_body.py
    code_scales[threadIdx.x] = 256.0f / steps;                            // linear/matvec_int8_body.py
    offsets[threadIdx.x] = __dp4a(int(word_7), int(4177066232u),
        __dp4a(int(word_6), int(4177066232u),
        __dp4a(int(word_5), int(4177066232u),
        __dp4a(int(word_4), int(4177066232u),
        __dp4a(int(word_3), int(4177066232u),
        __dp4a(int(word_2), int(4177066232u),
        __dp4a(int(word_1), int(4177066232u), __dp4a(int(word), int(4177066232u), 0))))))));  // linear/matvec_int8_body.py
    squares[threadIdx.x] = square_7;                                      // linear/matvec_int8_body.py
  }
  __syncthreads();                                                        // linear/matvec_int8_body.py
  const uint4 half_1 = codes[group];                                      // linear/matvec_int8_body.py
  const uint4 half_2 = codes[group + 64u];
  const float code_scale = code_scales[group];                            // linear/matvec_int8_body.py
  const int offset = offsets[group];                                      // linear/matvec_int8_body.py
  square_sum += squares[group];                                           // linear/matvec_int8_body.py
  const unsigned low = loads.x & 0x0f0f0f0fu;                             // formats/nibbles.py
  const unsigned high = (loads.x >> 4u) & 0x0f0f0f0fu;                    // formats/nibbles.py
  const unsigned low_1 = loads.y & 0x0f0f0f0fu;                           // formats/nibbles.py
  const unsigned high_1 = (loads.y >> 4u) & 0x0f0f0f0fu;                  // formats/nibbles.py
  const unsigned low_2 = loads.z & 0x0f0f0f0fu;                           // formats/nibbles.py
  const unsigned high_2 = (loads.z >> 4u) & 0x0f0f0f0fu;                  // formats/nibbles.py
  const unsigned low_3 = loads.w & 0x0f0f0f0fu;                           // formats/nibbles.py
  const unsigned high_3 = (loads.w >> 4u) & 0x0f0f0f0fu;                  // formats/nibbles.py
  const int plus = __dp4a(int(low), int(half_1.x), offset);               // linear/dot4.py
  sum_0 += float(__dp4a(int(high_3), int(half_2.w),
      __dp4a(int(low_3), int(half_2.z),
      __dp4a(int(high_2), int(half_2.y),
      __dp4a(int(low_2), int(half_2.x),
      __dp4a(int(high_1), int(half_1.w),
      __dp4a(int(low_1), int(half_1.z), __dp4a(int(high), int(half_1.y), plus))))))))
      * (scale * code_scale);                                             // linear/matvec_int8_body.py
  const unsigned low_4 = loads_1.x & 0x0f0f0f0fu;                         // formats/nibbles.py
  const unsigned high_4 = (loads_1.x >> 4u) & 0x0f0f0f0fu;                // formats/nibbles.py
  const unsigned low_5 = loads_1.y & 0x0f0f0f0fu;                         // formats/nibbles.py
  const unsigned high_5 = (loads_1.y >> 4u) & 0x0f0f0f0fu;                // formats/nibbles.py
  const unsigned low_6 = loads_1.z & 0x0f0f0f0fu;                         // formats/nibbles.py
  const unsigned high_6 = (loads_1.z >> 4u) & 0x0f0f0f0fu;                // formats/nibbles.py
  const unsigned low_7 = loads_1.w & 0x0f0f0f0fu;                         // formats/nibbles.py
  const unsigned high_7 = (loads_1.w >> 4u) & 0x0f0f0f0fu;                // formats/nibbles.py
  const int plus_1 = __dp4a(int(low_4), int(half_1.x), offset);           // linear/dot4.py
  sum_1 += float(__dp4a(int(high_7), int(half_2.w),
      __dp4a(int(low_7), int(half_2.z),
      __dp4a(int(high_6), int(half_2.y),
      __dp4a(int(low_6), int(half_2.x),
      __dp4a(int(high_5), int(half_1.w),
      __dp4a(int(low_5), int(half_1.z), __dp4a(int(high_4), int(half_1.y), plus_1))))))))
      * (scale_1 * code_scale);                                           // linear/matvec_int8_body.py
  const uint4 half_3 = codes[group_1];                                    // linear/matvec_int8_body.py
  const uint4 half_4 = codes[group_1 + 64u];
  const float code_scale_1 = code_scales[group_1];                        // linear/matvec_int8_body.py
  const int offset_1 = offsets[group_1];                                  // linear/matvec_int8_body.py
  square_sum += squares[group_1];                                         // linear/matvec_int8_body.py
  const unsigned low_8 = loads_2.x & 0x0f0f0f0fu;                         // formats/nibbles.py
  const unsigned high_8 = (loads_2.x >> 4u) & 0x0f0f0f0fu;                // formats/nibbles.py
  const unsigned low_9 = loads_2.y & 0x0f0f0f0fu;                         // formats/nibbles.py
  const unsigned high_9 = (loads_2.y >> 4u) & 0x0f0f0f0fu;                // formats/nibbles.py
  const unsigned low_10 = loads_2.z & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_10 = (loads_2.z >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_11 = loads_2.w & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_11 = (loads_2.w >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const int plus_2 = __dp4a(int(low_8), int(half_3.x), offset_1);         // linear/dot4.py
  sum_0 += float(__dp4a(int(high_11), int(half_4.w),
      __dp4a(int(low_11), int(half_4.z),
      __dp4a(int(high_10), int(half_4.y),
      __dp4a(int(low_10), int(half_4.x),
      __dp4a(int(high_9), int(half_3.w),
      __dp4a(int(low_9), int(half_3.z), __dp4a(int(high_8), int(half_3.y), plus_2))))))))
      * (scale_2 * code_scale_1);                                         // linear/matvec_int8_body.py
  const unsigned low_12 = loads_3.x & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_12 = (loads_3.x >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_13 = loads_3.y & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_13 = (loads_3.y >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_14 = loads_3.z & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_14 = (loads_3.z >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_15 = loads_3.w & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_15 = (loads_3.w >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const int plus_3 = __dp4a(int(low_12), int(half_3.x), offset_1);        // linear/dot4.py
  sum_1 += float(__dp4a(int(high_15), int(half_4.w),
      __dp4a(int(low_15), int(half_4.z),
      __dp4a(int(high_14), int(half_4.y),
      __dp4a(int(low_14), int(half_4.x),
      __dp4a(int(high_13), int(half_3.w),
      __dp4a(int(low_13), int(half_3.z), __dp4a(int(high_12), int(half_3.y), plus_3))))))))
      * (scale_3 * code_scale_1);                                         // linear/matvec_int8_body.py
  const float sums_0 = subgroup_sum(sum_0);                               // linear/matvec_int8_body.py
  const float sums_1 = subgroup_sum(sum_1);
  const float sums_2 = subgroup_sum(square_sum);
  if (subgroup_lane == 0u) {                                              // linear/matvec_int8_body.py
    partial_sums[index_2] = sums_0;                                       // linear/matvec_int8_body.py
    partial_sums[index_2 + 1u] = sums_1;
    if (index == 0u) {                                                    // linear/matvec_int8_body.py
      partial_squares[0u] = sums_2;                                       // linear/matvec_int8_body.py
    }
  }
  __syncthreads();                                                        // linear/matvec_int8_body.py
  if (threadIdx.x < 8u) {                                                 // parts/distribute.py
    const unsigned result = threadIdx.x * 2u;                             // linear/matvec_int8_body.py
    const unsigned row_4 = index_1 + result;
    if (row_4 < 344u) {                                                   // linear/matvec_int8_body.py
      float total = partial_sums[result];                                 // linear/matvec_int8_body.py
      float total_1 = partial_sums[result + 1u];
      float total_2 = partial_squares[0u];
      const float factor = rsqrtf(total_2 * 0.00048828125f + 1e-5f);      // linear/matvec_int8_body.py
      const float gate = total * factor;                                  // linear/matvec_int8_body.py
      const float gated = gate / (1.0f + expf(-gate)) * (total_1 * factor);  // epilogues/pair.py
      out[row_4 / 2u] = gated;                                            // epilogues/pair.py
    }
  }
}
