// matvec_int8_norm_q4_gated_codes2_384x2048_t2

__device__ inline float4 fabsf(float4 a) {
  return make_float4(fabsf(a.x), fabsf(a.y), fabsf(a.z), fabsf(a.w));
}

__device__ inline float4 fmaxf(float4 a, float4 b) {
  return make_float4(fmaxf(a.x, b.x), fmaxf(a.y, b.y), fmaxf(a.z, b.z), fmaxf(a.w, b.w));
}

__device__ inline float4 operator*(float4 a, float b) {
  return make_float4(a.x * b, a.y * b, a.z * b, a.w * b);
}

__device__ inline int4 to_int4(float4 a) {
  return make_int4(__float2int_rz(a.x), __float2int_rz(a.y), __float2int_rz(a.z),
      __float2int_rz(a.w));
}

__device__ inline int4 operator+(int4 a, int b) {
  return make_int4(int(unsigned(a.x) + unsigned(b)), int(unsigned(a.y) + unsigned(b)),
      int(unsigned(a.z) + unsigned(b)), int(unsigned(a.w) + unsigned(b)));
}

__device__ inline uint4 splat_uint4(unsigned a) {
  return make_uint4(a, a, a, a);
}

__device__ inline int4 operator>>(int4 a, uint4 b) {
  return make_int4(a.x >> b.x, a.y >> b.y, a.z >> b.z, a.w >> b.w);
}

__device__ inline uint4 as_uint4(int4 a) {
  return make_uint4(unsigned(a.x), unsigned(a.y), unsigned(a.z), unsigned(a.w));
}

__device__ inline uint4 operator&(uint4 a, uint4 b) {
  return make_uint4(a.x & b.x, a.y & b.y, a.z & b.z, a.w & b.w);
}

// Loads what is read once a step, at this place of the kernel and no other. (With .nc it would be moved past a wait.)
__device__ inline uint4 load_ahead(const uint4* place) {
  uint4 value;
  asm volatile("ld.global.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
               : "l"(__cvta_generic_to_global(place)));
  return value;
}

// Loads what is read once a step, at this place of the kernel and no other. (With .nc it would be moved past a wait.)
__device__ inline unsigned load_ahead(const unsigned* place) {
  unsigned value;
  asm volatile("ld.global.L1::no_allocate.u32 %0, [%1];"
               : "=r"(value)
               : "l"(__cvta_generic_to_global(place)));
  return value;
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

extern "C" __global__ void __launch_bounds__(256) matvec_int8_norm_q4_gated_codes2_384x2048_t2(
  const uint4* x,
  const uint4* __restrict__ quants,
  const unsigned* __restrict__ scales,
  unsigned* __restrict__ coded
) {
  __shared__ float partial_sums[65];
  __shared__ float partial_squares[1];
  __shared__ float code_values[32];
  __shared__ int code_sums[8];
  const unsigned subgroup_lane = threadIdx.x % 32u;
  const unsigned group = threadIdx.x % 32u;                               // parts/reduce.py
  const unsigned index = threadIdx.x / 32u;                               // parts/reduce.py
  const unsigned index_1 = blockIdx.x * 64u;                              // linear/matvec_int8_parts.py
  const unsigned index_2 = index * 4u;                                    // linear/matvec_int8_parts.py
  const unsigned row = index_1 + index_2;                                 // linear/matvec_int8_body.py
  const unsigned index_3 = row * 64u;                                     // parts/packed_rows.py
  const unsigned at = index_3 + group;
  const uint4 loads = load_ahead(&quants[at]);                            // parts/packed_rows.py
  const unsigned stored = load_ahead(&scales[at >> 1u]);                  // parts/packed_rows.py
  const unsigned index_4 = index_2 + 1u;                                  // linear/matvec_int8_parts.py
  const unsigned row_1 = index_1 + index_4;                               // linear/matvec_int8_body.py
  const unsigned index_5 = row_1 * 64u;                                   // parts/packed_rows.py
  const unsigned at_1 = index_5 + group;
  const uint4 loads_1 = load_ahead(&quants[at_1]);                        // parts/packed_rows.py
  const unsigned stored_1 = load_ahead(&scales[at_1 >> 1u]);              // parts/packed_rows.py
  const unsigned index_6 = index_2 + 2u;                                  // linear/matvec_int8_parts.py
  const unsigned row_2 = index_1 + index_6;                               // linear/matvec_int8_body.py
  const unsigned index_7 = row_2 * 64u;                                   // parts/packed_rows.py
  const unsigned at_2 = index_7 + group;
  const uint4 loads_2 = load_ahead(&quants[at_2]);                        // parts/packed_rows.py
  const unsigned stored_2 = load_ahead(&scales[at_2 >> 1u]);              // parts/packed_rows.py
  const unsigned index_8 = index_2 + 3u;                                  // linear/matvec_int8_parts.py
  const unsigned row_3 = index_1 + index_8;                               // linear/matvec_int8_body.py
  const unsigned index_9 = row_3 * 64u;                                   // parts/packed_rows.py
  const unsigned at_3 = index_9 + group;
  const uint4 loads_3 = load_ahead(&quants[at_3]);                        // parts/packed_rows.py
  const unsigned stored_3 = load_ahead(&scales[at_3 >> 1u]);              // parts/packed_rows.py
  inputs_ready();                                                         // linear/matvec_int8_body.py
  const unsigned group_1 = group + 32u;                                   // linear/matvec_int8_body.py
  const unsigned at_4 = index_3 + group_1;                                // parts/packed_rows.py
  const uint4 loads_4 = quants[at_4];                                     // parts/packed_rows.py
  const unsigned stored_4 = scales[at_4 >> 1u];                           // parts/packed_rows.py
  const unsigned at_5 = index_5 + group_1;                                // parts/packed_rows.py
  const uint4 loads_5 = quants[at_5];                                     // parts/packed_rows.py
  const unsigned stored_5 = scales[at_5 >> 1u];                           // parts/packed_rows.py
  const unsigned at_6 = index_7 + group_1;                                // parts/packed_rows.py
  const uint4 loads_6 = quants[at_6];                                     // parts/packed_rows.py
  const unsigned stored_6 = scales[at_6 >> 1u];                           // parts/packed_rows.py
  const unsigned at_7 = index_9 + group_1;                                // parts/packed_rows.py
  const uint4 loads_7 = quants[at_7];                                     // parts/packed_rows.py
  const unsigned stored_7 = scales[at_7 >> 1u];                           // parts/packed_rows.py
  float square_sum = 0.0f;                                                // linear/matvec_int8_parts.py
  for (unsigned group_2 = group; group_2 < 64u; group_2 += 32u) {         // linear/matvec_int8_parts.py
    square_sum += __uint_as_float(x[group_2 + 256u].z);                   // linear/matvec_int8_parts.py
  }
  float sum_0 = 0.0f;                                                     // linear/matvec_int8_parts.py
  float sum_1 = 0.0f;
  float sum_2 = 0.0f;
  float sum_3 = 0.0f;
  const uint4 half_1 = x[group];                                          // linear/matvec_int8_parts.py
  const unsigned index_10 = group + 64u;
  const uint4 half_2 = x[index_10];
  const unsigned index_11 = group + 128u;
  const uint4 half_3 = x[index_11];
  const unsigned index_12 = group + 192u;
  const uint4 half_4 = x[index_12];
  const unsigned index_13 = group + 256u;
  const uint4 factors = x[index_13];
  const float code_scale = __uint_as_float(factors.x);                    // linear/matvec_int8_parts.py
  const int start = int(unsigned(int(factors.y)) * unsigned(-8));         // linear/matvec_int8_parts.py
  const unsigned low = loads.x & 0x0f0f0f0fu;                             // formats/nibbles.py
  const unsigned high = (loads.x >> 4u) & 0x0f0f0f0fu;                    // formats/nibbles.py
  const unsigned low_1 = loads.y & 0x0f0f0f0fu;                           // formats/nibbles.py
  const unsigned high_1 = (loads.y >> 4u) & 0x0f0f0f0fu;                  // formats/nibbles.py
  const unsigned low_2 = loads.z & 0x0f0f0f0fu;                           // formats/nibbles.py
  const unsigned high_2 = (loads.z >> 4u) & 0x0f0f0f0fu;                  // formats/nibbles.py
  const unsigned low_3 = loads.w & 0x0f0f0f0fu;                           // formats/nibbles.py
  const unsigned high_3 = (loads.w >> 4u) & 0x0f0f0f0fu;                  // formats/nibbles.py
  const int products = int(unsigned(int(unsigned(__dp4a(int(high_3), int(half_2.w),
      __dp4a(int(low_3), int(half_2.z),
      __dp4a(int(high_2), int(half_2.y),
      __dp4a(int(low_2), int(half_2.x),
      __dp4a(int(high_1), int(half_1.w),
      __dp4a(int(low_1), int(half_1.z),
      __dp4a(int(high), int(half_1.y), __dp4a(int(low), int(half_1.x), 0)))))))))
      * unsigned(256))) + unsigned(start));                               // linear/matvec_int8_parts.py
  const int plus = __dp4a(int(low_1), int(half_3.z),
      __dp4a(int(high), int(half_3.y), __dp4a(int(low), int(half_3.x), products)));  // linear/dot4.py
  const float2 pair = unpack_half2(stored);                               // parts/packed_rows.py
  const float weighed = float(__dp4a(int(high_3), int(half_4.w),
      __dp4a(int(low_3), int(half_4.z),
      __dp4a(int(high_2), int(half_4.y),
      __dp4a(int(low_2), int(half_4.x), __dp4a(int(high_1), int(half_3.w), plus))))))
      * (((at & 1u) == 1u ? pair.y : pair.x) * code_scale);               // linear/matvec_int8_parts.py
  sum_0 += weighed;                                                       // linear/matvec_int8_parts.py
  const unsigned low_4 = loads_1.x & 0x0f0f0f0fu;                         // formats/nibbles.py
  const unsigned high_4 = (loads_1.x >> 4u) & 0x0f0f0f0fu;                // formats/nibbles.py
  const unsigned low_5 = loads_1.y & 0x0f0f0f0fu;                         // formats/nibbles.py
  const unsigned high_5 = (loads_1.y >> 4u) & 0x0f0f0f0fu;                // formats/nibbles.py
  const unsigned low_6 = loads_1.z & 0x0f0f0f0fu;                         // formats/nibbles.py
  const unsigned high_6 = (loads_1.z >> 4u) & 0x0f0f0f0fu;                // formats/nibbles.py
  const unsigned low_7 = loads_1.w & 0x0f0f0f0fu;                         // formats/nibbles.py
  const unsigned high_7 = (loads_1.w >> 4u) & 0x0f0f0f0fu;                // formats/nibbles.py
  const int products_1 = int(unsigned(int(unsigned(__dp4a(int(high_7), int(half_2.w),
      __dp4a(int(low_7), int(half_2.z),
      __dp4a(int(high_6), int(half_2.y),
      __dp4a(int(low_6), int(half_2.x),
      __dp4a(int(high_5), int(half_1.w),
      __dp4a(int(low_5), int(half_1.z),
      __dp4a(int(high_4), int(half_1.y), __dp4a(int(low_4), int(half_1.x), 0)))))))))
      * unsigned(256))) + unsigned(start));                               // linear/matvec_int8_parts.py
  const int plus_1 = __dp4a(int(low_5), int(half_3.z),
      __dp4a(int(high_4), int(half_3.y), __dp4a(int(low_4), int(half_3.x), products_1)));  // linear/dot4.py
  const float2 pair_1 = unpack_half2(stored_1);                           // parts/packed_rows.py
  const float weighed_1 = float(__dp4a(int(high_7), int(half_4.w),
      __dp4a(int(low_7), int(half_4.z),
      __dp4a(int(high_6), int(half_4.y),
      __dp4a(int(low_6), int(half_4.x), __dp4a(int(high_5), int(half_3.w), plus_1))))))
      * (((at_1 & 1u) == 1u ? pair_1.y : pair_1.x) * code_scale);         // linear/matvec_int8_parts.py
  sum_1 += weighed_1;                                                     // linear/matvec_int8_parts.py
  const unsigned low_8 = loads_2.x & 0x0f0f0f0fu;                         // formats/nibbles.py
  const unsigned high_8 = (loads_2.x >> 4u) & 0x0f0f0f0fu;                // formats/nibbles.py
  const unsigned low_9 = loads_2.y & 0x0f0f0f0fu;                         // formats/nibbles.py
  const unsigned high_9 = (loads_2.y >> 4u) & 0x0f0f0f0fu;                // formats/nibbles.py
  const unsigned low_10 = loads_2.z & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_10 = (loads_2.z >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_11 = loads_2.w & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_11 = (loads_2.w >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const int products_2 = int(unsigned(int(unsigned(__dp4a(int(high_11), int(half_2.w),
      __dp4a(int(low_11), int(half_2.z),
      __dp4a(int(high_10), int(half_2.y),
      __dp4a(int(low_10), int(half_2.x),
      __dp4a(int(high_9), int(half_1.w),
      __dp4a(int(low_9), int(half_1.z),
      __dp4a(int(high_8), int(half_1.y), __dp4a(int(low_8), int(half_1.x), 0)))))))))
      * unsigned(256))) + unsigned(start));                               // linear/matvec_int8_parts.py
  const int plus_2 = __dp4a(int(low_9), int(half_3.z),
      __dp4a(int(high_8), int(half_3.y), __dp4a(int(low_8), int(half_3.x), products_2)));  // linear/dot4.py
  const float2 pair_2 = unpack_half2(stored_2);                           // parts/packed_rows.py
  const float weighed_2 = float(__dp4a(int(high_11), int(half_4.w),
      __dp4a(int(low_11), int(half_4.z),
      __dp4a(int(high_10), int(half_4.y),
      __dp4a(int(low_10), int(half_4.x), __dp4a(int(high_9), int(half_3.w), plus_2))))))
      * (((at_2 & 1u) == 1u ? pair_2.y : pair_2.x) * code_scale);         // linear/matvec_int8_parts.py
  sum_2 += weighed_2;                                                     // linear/matvec_int8_parts.py
  const unsigned low_12 = loads_3.x & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_12 = (loads_3.x >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_13 = loads_3.y & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_13 = (loads_3.y >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_14 = loads_3.z & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_14 = (loads_3.z >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_15 = loads_3.w & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_15 = (loads_3.w >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const int products_3 = int(unsigned(int(unsigned(__dp4a(int(high_15), int(half_2.w),
      __dp4a(int(low_15), int(half_2.z),
      __dp4a(int(high_14), int(half_2.y),
      __dp4a(int(low_14), int(half_2.x),
      __dp4a(int(high_13), int(half_1.w),
      __dp4a(int(low_13), int(half_1.z),
      __dp4a(int(high_12), int(half_1.y), __dp4a(int(low_12), int(half_1.x), 0)))))))))
      * unsigned(256))) + unsigned(start));                               // linear/matvec_int8_parts.py
  const int plus_3 = __dp4a(int(low_13), int(half_3.z),
      __dp4a(int(high_12), int(half_3.y), __dp4a(int(low_12), int(half_3.x), products_3)));  // linear/dot4.py
  const float2 pair_3 = unpack_half2(stored_3);                           // parts/packed_rows.py
  const float weighed_3 = float(__dp4a(int(high_15), int(half_4.w),
      __dp4a(int(low_15), int(half_4.z),
      __dp4a(int(high_14), int(half_4.y),
      __dp4a(int(low_14), int(half_4.x), __dp4a(int(high_13), int(half_3.w), plus_3))))))
      * (((at_3 & 1u) == 1u ? pair_3.y : pair_3.x) * code_scale);         // linear/matvec_int8_parts.py
  sum_3 += weighed_3;                                                     // linear/matvec_int8_parts.py
  const unsigned index_14 = index_2 + 32u;                                // linear/matvec_int8_parts.py
  const unsigned row_4 = index_1 + index_14;                              // linear/matvec_int8_body.py
  const unsigned index_15 = row_4 * 64u;                                  // parts/packed_rows.py
  const unsigned at_8 = index_15 + group;
  const uint4 loads_8 = quants[at_8];                                     // parts/packed_rows.py
  const unsigned stored_8 = scales[at_8 >> 1u];                           // parts/packed_rows.py
  const unsigned index_16 = index_2 + 33u;                                // linear/matvec_int8_parts.py
  const unsigned row_5 = index_1 + index_16;                              // linear/matvec_int8_body.py
  const unsigned index_17 = row_5 * 64u;                                  // parts/packed_rows.py
  const unsigned at_9 = index_17 + group;
  const uint4 loads_9 = quants[at_9];                                     // parts/packed_rows.py
  const unsigned stored_9 = scales[at_9 >> 1u];                           // parts/packed_rows.py
  const unsigned index_18 = index_2 + 34u;                                // linear/matvec_int8_parts.py
  const unsigned row_6 = index_1 + index_18;                              // linear/matvec_int8_body.py
  const unsigned index_19 = row_6 * 64u;                                  // parts/packed_rows.py
  const unsigned at_10 = index_19 + group;
  const uint4 loads_10 = quants[at_10];                                   // parts/packed_rows.py
  const unsigned stored_10 = scales[at_10 >> 1u];                         // parts/packed_rows.py
  const unsigned index_20 = index_2 + 35u;                                // linear/matvec_int8_parts.py
  const unsigned row_7 = index_1 + index_20;                              // linear/matvec_int8_body.py
  const unsigned index_21 = row_7 * 64u;                                  // parts/packed_rows.py
  const unsigned at_11 = index_21 + group;
  const uint4 loads_11 = quants[at_11];                                   // parts/packed_rows.py
  const unsigned stored_11 = scales[at_11 >> 1u];                         // parts/packed_rows.py
  const uint4 half_5 = x[group_1];                                        // linear/matvec_int8_parts.py
  const unsigned index_22 = group_1 + 64u;
  const uint4 half_6 = x[index_22];
  const unsigned index_23 = group_1 + 128u;
  const uint4 half_7 = x[index_23];
  const unsigned index_24 = group_1 + 192u;
  const uint4 half_8 = x[index_24];
  const unsigned index_25 = group_1 + 256u;
  const uint4 factors_1 = x[index_25];
  const float code_scale_1 = __uint_as_float(factors_1.x);                // linear/matvec_int8_parts.py
  const int start_1 = int(unsigned(int(factors_1.y)) * unsigned(-8));     // linear/matvec_int8_parts.py
  const unsigned low_16 = loads_4.x & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_16 = (loads_4.x >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_17 = loads_4.y & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_17 = (loads_4.y >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_18 = loads_4.z & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_18 = (loads_4.z >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_19 = loads_4.w & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_19 = (loads_4.w >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const int products_4 = int(unsigned(int(unsigned(__dp4a(int(high_19), int(half_6.w),
      __dp4a(int(low_19), int(half_6.z),
      __dp4a(int(high_18), int(half_6.y),
      __dp4a(int(low_18), int(half_6.x),
      __dp4a(int(high_17), int(half_5.w),
      __dp4a(int(low_17), int(half_5.z),
      __dp4a(int(high_16), int(half_5.y), __dp4a(int(low_16), int(half_5.x), 0)))))))))
      * unsigned(256))) + unsigned(start_1));                             // linear/matvec_int8_parts.py
  const int plus_4 = __dp4a(int(low_17), int(half_7.z),
      __dp4a(int(high_16), int(half_7.y), __dp4a(int(low_16), int(half_7.x), products_4)));  // linear/dot4.py
  const float2 pair_4 = unpack_half2(stored_4);                           // parts/packed_rows.py
  const float weighed_4 = float(__dp4a(int(high_19), int(half_8.w),
      __dp4a(int(low_19), int(half_8.z),
      __dp4a(int(high_18), int(half_8.y),
      __dp4a(int(low_18), int(half_8.x), __dp4a(int(high_17), int(half_7.w), plus_4))))))
      * (((at_4 & 1u) == 1u ? pair_4.y : pair_4.x) * code_scale_1);       // linear/matvec_int8_parts.py
  sum_0 += weighed_4;                                                     // linear/matvec_int8_parts.py
  const unsigned low_20 = loads_5.x & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_20 = (loads_5.x >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_21 = loads_5.y & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_21 = (loads_5.y >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_22 = loads_5.z & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_22 = (loads_5.z >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_23 = loads_5.w & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_23 = (loads_5.w >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const int products_5 = int(unsigned(int(unsigned(__dp4a(int(high_23), int(half_6.w),
      __dp4a(int(low_23), int(half_6.z),
      __dp4a(int(high_22), int(half_6.y),
      __dp4a(int(low_22), int(half_6.x),
      __dp4a(int(high_21), int(half_5.w),
      __dp4a(int(low_21), int(half_5.z),
      __dp4a(int(high_20), int(half_5.y), __dp4a(int(low_20), int(half_5.x), 0)))))))))
      * unsigned(256))) + unsigned(start_1));                             // linear/matvec_int8_parts.py
  const int plus_5 = __dp4a(int(low_21), int(half_7.z),
      __dp4a(int(high_20), int(half_7.y), __dp4a(int(low_20), int(half_7.x), products_5)));  // linear/dot4.py
  const float2 pair_5 = unpack_half2(stored_5);                           // parts/packed_rows.py
  const float weighed_5 = float(__dp4a(int(high_23), int(half_8.w),
      __dp4a(int(low_23), int(half_8.z),
      __dp4a(int(high_22), int(half_8.y),
      __dp4a(int(low_22), int(half_8.x), __dp4a(int(high_21), int(half_7.w), plus_5))))))
      * (((at_5 & 1u) == 1u ? pair_5.y : pair_5.x) * code_scale_1);       // linear/matvec_int8_parts.py
  sum_1 += weighed_5;                                                     // linear/matvec_int8_parts.py
  const unsigned low_24 = loads_6.x & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_24 = (loads_6.x >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_25 = loads_6.y & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_25 = (loads_6.y >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_26 = loads_6.z & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_26 = (loads_6.z >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_27 = loads_6.w & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_27 = (loads_6.w >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const int products_6 = int(unsigned(int(unsigned(__dp4a(int(high_27), int(half_6.w),
      __dp4a(int(low_27), int(half_6.z),
      __dp4a(int(high_26), int(half_6.y),
      __dp4a(int(low_26), int(half_6.x),
      __dp4a(int(high_25), int(half_5.w),
      __dp4a(int(low_25), int(half_5.z),
      __dp4a(int(high_24), int(half_5.y), __dp4a(int(low_24), int(half_5.x), 0)))))))))
      * unsigned(256))) + unsigned(start_1));                             // linear/matvec_int8_parts.py
  const int plus_6 = __dp4a(int(low_25), int(half_7.z),
      __dp4a(int(high_24), int(half_7.y), __dp4a(int(low_24), int(half_7.x), products_6)));  // linear/dot4.py
  const float2 pair_6 = unpack_half2(stored_6);                           // parts/packed_rows.py
  const float weighed_6 = float(__dp4a(int(high_27), int(half_8.w),
      __dp4a(int(low_27), int(half_8.z),
      __dp4a(int(high_26), int(half_8.y),
      __dp4a(int(low_26), int(half_8.x), __dp4a(int(high_25), int(half_7.w), plus_6))))))
      * (((at_6 & 1u) == 1u ? pair_6.y : pair_6.x) * code_scale_1);       // linear/matvec_int8_parts.py
  sum_2 += weighed_6;                                                     // linear/matvec_int8_parts.py
  const unsigned low_28 = loads_7.x & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_28 = (loads_7.x >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_29 = loads_7.y & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_29 = (loads_7.y >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_30 = loads_7.z & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_30 = (loads_7.z >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_31 = loads_7.w & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_31 = (loads_7.w >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const int products_7 = int(unsigned(int(unsigned(__dp4a(int(high_31), int(half_6.w),
      __dp4a(int(low_31), int(half_6.z),
      __dp4a(int(high_30), int(half_6.y),
      __dp4a(int(low_30), int(half_6.x),
      __dp4a(int(high_29), int(half_5.w),
      __dp4a(int(low_29), int(half_5.z),
      __dp4a(int(high_28), int(half_5.y), __dp4a(int(low_28), int(half_5.x), 0)))))))))
      * unsigned(256))) + unsigned(start_1));                             // linear/matvec_int8_parts.py
  const int plus_7 = __dp4a(int(low_29), int(half_7.z),
      __dp4a(int(high_28), int(half_7.y), __dp4a(int(low_28), int(half_7.x), products_7)));  // linear/dot4.py
  const float2 pair_7 = unpack_half2(stored_7);                           // parts/packed_rows.py
  const float weighed_7 = float(__dp4a(int(high_31), int(half_8.w),
      __dp4a(int(low_31), int(half_8.z),
      __dp4a(int(high_30), int(half_8.y),
      __dp4a(int(low_30), int(half_8.x), __dp4a(int(high_29), int(half_7.w), plus_7))))))
      * (((at_7 & 1u) == 1u ? pair_7.y : pair_7.x) * code_scale_1);       // linear/matvec_int8_parts.py
  sum_3 += weighed_7;                                                     // linear/matvec_int8_parts.py
  const float sums_0 = subgroup_sum(sum_0);                               // linear/matvec_int8_parts.py
  const float sums_1 = subgroup_sum(sum_1);
  const float sums_2 = subgroup_sum(sum_2);
  const float sums_3 = subgroup_sum(sum_3);
  const float squares = subgroup_sum(square_sum);                         // linear/matvec_int8_parts.py
  if (subgroup_lane == 0u) {                                              // linear/matvec_int8_parts.py
    partial_sums[index_2] = sums_0;                                       // linear/matvec_int8_parts.py
    partial_sums[index_4] = sums_1;
    partial_sums[index_6] = sums_2;
    partial_sums[index_8] = sums_3;
    if (index == 0u) {                                                    // linear/matvec_int8_parts.py
      partial_squares[0u] = squares;                                      // linear/matvec_int8_parts.py
    }
  }
  const unsigned at_12 = index_15 + group_1;                              // parts/packed_rows.py
  const uint4 loads_12 = quants[at_12];                                   // parts/packed_rows.py
  const unsigned at_13 = index_17 + group_1;                              // parts/packed_rows.py
  const uint4 loads_13 = quants[at_13];                                   // parts/packed_rows.py
  const unsigned at_14 = index_19 + group_1;                              // parts/packed_rows.py
  const uint4 loads_14 = quants[at_14];                                   // parts/packed_rows.py
  const unsigned at_15 = index_21 + group_1;                              // parts/packed_rows.py
  const uint4 loads_15 = quants[at_15];                                   // parts/packed_rows.py
  float sum_0_1 = 0.0f;                                                   // linear/matvec_int8_parts.py
  float sum_1_1 = 0.0f;
  float sum_2_1 = 0.0f;
  float sum_3_1 = 0.0f;
  const uint4 half_9 = x[group];                                          // linear/matvec_int8_parts.py
  const uint4 half_10 = x[index_10];
  const uint4 half_11 = x[index_11];
  const uint4 half_12 = x[index_12];
  const uint4 factors_2 = x[index_13];
  const float code_scale_2 = __uint_as_float(factors_2.x);                // linear/matvec_int8_parts.py
  const int start_2 = int(unsigned(int(factors_2.y)) * unsigned(-8));     // linear/matvec_int8_parts.py
  const unsigned low_32 = loads_8.x & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_32 = (loads_8.x >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_33 = loads_8.y & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_33 = (loads_8.y >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_34 = loads_8.z & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_34 = (loads_8.z >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_35 = loads_8.w & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_35 = (loads_8.w >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const int products_8 = int(unsigned(int(unsigned(__dp4a(int(high_35), int(half_10.w),
      __dp4a(int(low_35), int(half_10.z),
      __dp4a(int(high_34), int(half_10.y),
      __dp4a(int(low_34), int(half_10.x),
      __dp4a(int(high_33), int(half_9.w),
      __dp4a(int(low_33), int(half_9.z),
      __dp4a(int(high_32), int(half_9.y), __dp4a(int(low_32), int(half_9.x), 0)))))))))
      * unsigned(256))) + unsigned(start_2));                             // linear/matvec_int8_parts.py
  const int plus_8 = __dp4a(int(low_33), int(half_11.z),
      __dp4a(int(high_32), int(half_11.y), __dp4a(int(low_32), int(half_11.x), products_8)));  // linear/dot4.py
  const float2 pair_8 = unpack_half2(stored_8);                           // parts/packed_rows.py
  const float weighed_8 = float(__dp4a(int(high_35), int(half_12.w),
      __dp4a(int(low_35), int(half_12.z),
      __dp4a(int(high_34), int(half_12.y),
      __dp4a(int(low_34), int(half_12.x), __dp4a(int(high_33), int(half_11.w), plus_8))))))
      * (((at_8 & 1u) == 1u ? pair_8.y : pair_8.x) * code_scale_2);       // linear/matvec_int8_parts.py
  sum_0_1 += weighed_8;                                                   // linear/matvec_int8_parts.py
  const unsigned low_36 = loads_9.x & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_36 = (loads_9.x >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_37 = loads_9.y & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_37 = (loads_9.y >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_38 = loads_9.z & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_38 = (loads_9.z >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const unsigned low_39 = loads_9.w & 0x0f0f0f0fu;                        // formats/nibbles.py
  const unsigned high_39 = (loads_9.w >> 4u) & 0x0f0f0f0fu;               // formats/nibbles.py
  const int products_9 = int(unsigned(int(unsigned(__dp4a(int(high_39), int(half_10.w),
      __dp4a(int(low_39), int(half_10.z),
      __dp4a(int(high_38), int(half_10.y),
      __dp4a(int(low_38), int(half_10.x),
      __dp4a(int(high_37), int(half_9.w),
      __dp4a(int(low_37), int(half_9.z),
      __dp4a(int(high_36), int(half_9.y), __dp4a(int(low_36), int(half_9.x), 0)))))))))
      * unsigned(256))) + unsigned(start_2));                             // linear/matvec_int8_parts.py
  const int plus_9 = __dp4a(int(low_37), int(half_11.z),
      __dp4a(int(high_36), int(half_11.y), __dp4a(int(low_36), int(half_11.x), products_9)));  // linear/dot4.py
  const float2 pair_9 = unpack_half2(stored_9);                           // parts/packed_rows.py
  const float weighed_9 = float(__dp4a(int(high_39), int(half_12.w),
      __dp4a(int(low_39), int(half_12.z),
      __dp4a(int(high_38), int(half_12.y),
      __dp4a(int(low_38), int(half_12.x), __dp4a(int(high_37), int(half_11.w), plus_9))))))
      * (((at_9 & 1u) == 1u ? pair_9.y : pair_9.x) * code_scale_2);       // linear/matvec_int8_parts.py
  sum_1_1 += weighed_9;                                                   // linear/matvec_int8_parts.py
  const unsigned low_40 = loads_10.x & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_40 = (loads_10.x >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_41 = loads_10.y & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_41 = (loads_10.y >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_42 = loads_10.z & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_42 = (loads_10.z >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_43 = loads_10.w & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_43 = (loads_10.w >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const int products_10 = int(unsigned(int(unsigned(__dp4a(int(high_43), int(half_10.w),
      __dp4a(int(low_43), int(half_10.z),
      __dp4a(int(high_42), int(half_10.y),
      __dp4a(int(low_42), int(half_10.x),
      __dp4a(int(high_41), int(half_9.w),
      __dp4a(int(low_41), int(half_9.z),
      __dp4a(int(high_40), int(half_9.y), __dp4a(int(low_40), int(half_9.x), 0)))))))))
      * unsigned(256))) + unsigned(start_2));                             // linear/matvec_int8_parts.py
  const int plus_10 = __dp4a(int(low_41), int(half_11.z),
      __dp4a(int(high_40), int(half_11.y), __dp4a(int(low_40), int(half_11.x), products_10)));  // linear/dot4.py
  const float2 pair_10 = unpack_half2(stored_10);                         // parts/packed_rows.py
  const float weighed_10 = float(__dp4a(int(high_43), int(half_12.w),
      __dp4a(int(low_43), int(half_12.z),
      __dp4a(int(high_42), int(half_12.y),
      __dp4a(int(low_42), int(half_12.x), __dp4a(int(high_41), int(half_11.w), plus_10))))))
      * (((at_10 & 1u) == 1u ? pair_10.y : pair_10.x) * code_scale_2);    // linear/matvec_int8_parts.py
  sum_2_1 += weighed_10;                                                  // linear/matvec_int8_parts.py
  const unsigned low_44 = loads_11.x & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_44 = (loads_11.x >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_45 = loads_11.y & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_45 = (loads_11.y >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_46 = loads_11.z & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_46 = (loads_11.z >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_47 = loads_11.w & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_47 = (loads_11.w >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const int products_11 = int(unsigned(int(unsigned(__dp4a(int(high_47), int(half_10.w),
      __dp4a(int(low_47), int(half_10.z),
      __dp4a(int(high_46), int(half_10.y),
      __dp4a(int(low_46), int(half_10.x),
      __dp4a(int(high_45), int(half_9.w),
      __dp4a(int(low_45), int(half_9.z),
      __dp4a(int(high_44), int(half_9.y), __dp4a(int(low_44), int(half_9.x), 0)))))))))
      * unsigned(256))) + unsigned(start_2));                             // linear/matvec_int8_parts.py
  const int plus_11 = __dp4a(int(low_45), int(half_11.z),
      __dp4a(int(high_44), int(half_11.y), __dp4a(int(low_44), int(half_11.x), products_11)));  // linear/dot4.py
  const float2 pair_11 = unpack_half2(stored_11);                         // parts/packed_rows.py
  const float weighed_11 = float(__dp4a(int(high_47), int(half_12.w),
      __dp4a(int(low_47), int(half_12.z),
      __dp4a(int(high_46), int(half_12.y),
      __dp4a(int(low_46), int(half_12.x), __dp4a(int(high_45), int(half_11.w), plus_11))))))
      * (((at_11 & 1u) == 1u ? pair_11.y : pair_11.x) * code_scale_2);    // linear/matvec_int8_parts.py
  sum_3_1 += weighed_11;                                                  // linear/matvec_int8_parts.py
  const uint4 half_13 = x[group_1];                                       // linear/matvec_int8_parts.py
  const uint4 half_14 = x[index_22];
  const uint4 half_15 = x[index_23];
  const uint4 half_16 = x[index_24];
  const uint4 factors_3 = x[index_25];
  const float code_scale_3 = __uint_as_float(factors_3.x);                // linear/matvec_int8_parts.py
  const int start_3 = int(unsigned(int(factors_3.y)) * unsigned(-8));     // linear/matvec_int8_parts.py
  const unsigned low_48 = loads_12.x & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_48 = (loads_12.x >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_49 = loads_12.y & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_49 = (loads_12.y >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_50 = loads_12.z & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_50 = (loads_12.z >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_51 = loads_12.w & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_51 = (loads_12.w >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const int products_12 = int(unsigned(int(unsigned(__dp4a(int(high_51), int(half_14.w),
      __dp4a(int(low_51), int(half_14.z),
      __dp4a(int(high_50), int(half_14.y),
      __dp4a(int(low_50), int(half_14.x),
      __dp4a(int(high_49), int(half_13.w),
      __dp4a(int(low_49), int(half_13.z),
      __dp4a(int(high_48), int(half_13.y), __dp4a(int(low_48), int(half_13.x), 0)))))))))
      * unsigned(256))) + unsigned(start_3));                             // linear/matvec_int8_parts.py
  const int plus_12 = __dp4a(int(low_49), int(half_15.z),
      __dp4a(int(high_48), int(half_15.y), __dp4a(int(low_48), int(half_15.x), products_12)));  // linear/dot4.py
  const float2 pair_12 = unpack_half2(scales[at_12 >> 1u]);               // parts/packed_rows.py
  const float weighed_12 = float(__dp4a(int(high_51), int(half_16.w),
      __dp4a(int(low_51), int(half_16.z),
      __dp4a(int(high_50), int(half_16.y),
      __dp4a(int(low_50), int(half_16.x), __dp4a(int(high_49), int(half_15.w), plus_12))))))
      * (((at_12 & 1u) == 1u ? pair_12.y : pair_12.x) * code_scale_3);    // linear/matvec_int8_parts.py
  sum_0_1 += weighed_12;                                                  // linear/matvec_int8_parts.py
  const unsigned low_52 = loads_13.x & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_52 = (loads_13.x >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_53 = loads_13.y & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_53 = (loads_13.y >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_54 = loads_13.z & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_54 = (loads_13.z >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_55 = loads_13.w & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_55 = (loads_13.w >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const int products_13 = int(unsigned(int(unsigned(__dp4a(int(high_55), int(half_14.w),
      __dp4a(int(low_55), int(half_14.z),
      __dp4a(int(high_54), int(half_14.y),
      __dp4a(int(low_54), int(half_14.x),
      __dp4a(int(high_53), int(half_13.w),
      __dp4a(int(low_53), int(half_13.z),
      __dp4a(int(high_52), int(half_13.y), __dp4a(int(low_52), int(half_13.x), 0)))))))))
      * unsigned(256))) + unsigned(start_3));                             // linear/matvec_int8_parts.py
  const int plus_13 = __dp4a(int(low_53), int(half_15.z),
      __dp4a(int(high_52), int(half_15.y), __dp4a(int(low_52), int(half_15.x), products_13)));  // linear/dot4.py
  const float2 pair_13 = unpack_half2(scales[at_13 >> 1u]);               // parts/packed_rows.py
  const float weighed_13 = float(__dp4a(int(high_55), int(half_16.w),
      __dp4a(int(low_55), int(half_16.z),
      __dp4a(int(high_54), int(half_16.y),
      __dp4a(int(low_54), int(half_16.x), __dp4a(int(high_53), int(half_15.w), plus_13))))))
      * (((at_13 & 1u) == 1u ? pair_13.y : pair_13.x) * code_scale_3);    // linear/matvec_int8_parts.py
  sum_1_1 += weighed_13;                                                  // linear/matvec_int8_parts.py
  const unsigned low_56 = loads_14.x & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_56 = (loads_14.x >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_57 = loads_14.y & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_57 = (loads_14.y >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_58 = loads_14.z & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_58 = (loads_14.z >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_59 = loads_14.w & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_59 = (loads_14.w >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const int products_14 = int(unsigned(int(unsigned(__dp4a(int(high_59), int(half_14.w),
      __dp4a(int(low_59), int(half_14.z),
      __dp4a(int(high_58), int(half_14.y),
      __dp4a(int(low_58), int(half_14.x),
      __dp4a(int(high_57), int(half_13.w),
      __dp4a(int(low_57), int(half_13.z),
      __dp4a(int(high_56), int(half_13.y), __dp4a(int(low_56), int(half_13.x), 0)))))))))
      * unsigned(256))) + unsigned(start_3));                             // linear/matvec_int8_parts.py
  const int plus_14 = __dp4a(int(low_57), int(half_15.z),
      __dp4a(int(high_56), int(half_15.y), __dp4a(int(low_56), int(half_15.x), products_14)));  // linear/dot4.py
  const float2 pair_14 = unpack_half2(scales[at_14 >> 1u]);               // parts/packed_rows.py
  const float weighed_14 = float(__dp4a(int(high_59), int(half_16.w),
      __dp4a(int(low_59), int(half_16.z),
      __dp4a(int(high_58), int(half_16.y),
      __dp4a(int(low_58), int(half_16.x), __dp4a(int(high_57), int(half_15.w), plus_14))))))
      * (((at_14 & 1u) == 1u ? pair_14.y : pair_14.x) * code_scale_3);    // linear/matvec_int8_parts.py
  sum_2_1 += weighed_14;                                                  // linear/matvec_int8_parts.py
  const unsigned low_60 = loads_15.x & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_60 = (loads_15.x >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_61 = loads_15.y & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_61 = (loads_15.y >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_62 = loads_15.z & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_62 = (loads_15.z >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const unsigned low_63 = loads_15.w & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned high_63 = (loads_15.w >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
  const int products_15 = int(unsigned(int(unsigned(__dp4a(int(high_63), int(half_14.w),
      __dp4a(int(low_63), int(half_14.z),
      __dp4a(int(high_62), int(half_14.y),
      __dp4a(int(low_62), int(half_14.x),
      __dp4a(int(high_61), int(half_13.w),
      __dp4a(int(low_61), int(half_13.z),
      __dp4a(int(high_60), int(half_13.y), __dp4a(int(low_60), int(half_13.x), 0)))))))))
      * unsigned(256))) + unsigned(start_3));                             // linear/matvec_int8_parts.py
  const int plus_15 = __dp4a(int(low_61), int(half_15.z),
      __dp4a(int(high_60), int(half_15.y), __dp4a(int(low_60), int(half_15.x), products_15)));  // linear/dot4.py
  const float2 pair_15 = unpack_half2(scales[at_15 >> 1u]);               // parts/packed_rows.py
  const float weighed_15 = float(__dp4a(int(high_63), int(half_16.w),
      __dp4a(int(low_63), int(half_16.z),
      __dp4a(int(high_62), int(half_16.y),
      __dp4a(int(low_62), int(half_16.x), __dp4a(int(high_61), int(half_15.w), plus_15))))))
      * (((at_15 & 1u) == 1u ? pair_15.y : pair_15.x) * code_scale_3);    // linear/matvec_int8_parts.py
  sum_3_1 += weighed_15;                                                  // linear/matvec_int8_parts.py
  const float sums_0_1 = subgroup_sum(sum_0_1);                           // linear/matvec_int8_parts.py
  const float sums_1_1 = subgroup_sum(sum_1_1);
  const float sums_2_1 = subgroup_sum(sum_2_1);
  const float sums_3_1 = subgroup_sum(sum_3_1);
  if (subgroup_lane == 0u) {                                              // linear/matvec_int8_parts.py
    partial_sums[index_14] = sums_0_1;                                    // linear/matvec_int8_parts.py
    partial_sums[index_16] = sums_1_1;
    partial_sums[index_18] = sums_2_1;
    partial_sums[index_20] = sums_3_1;
  }
  __syncthreads();                                                        // linear/matvec_int8_parts.py
  if (threadIdx.x < 32u) {                                                // parts/distribute.py
    const unsigned result = threadIdx.x * 2u;                             // linear/matvec_int8_parts.py
    const unsigned row_8 = index_1 + result;
    if (row_8 < 384u) {                                                   // linear/matvec_int8_parts.py
      const float factor = rsqrtf(partial_squares[0u] * 0.00048828125f + 1e-5f);  // linear/matvec_int8_parts.py
      const float gate = partial_sums[result] * factor;                   // linear/matvec_int8_parts.py
      const float gated = gate / (1.0f + expf(-gate)) * (partial_sums[result + 1u] * factor);  // epilogues/pair.py
      code_values[threadIdx.x] = gated;                                   // linear/activations.py
    }
  }
  __syncthreads();                                                        // linear/activations.py
  if (threadIdx.x < 8u) {                                                 // parts/distribute.py
    const unsigned index_26 = threadIdx.x / 8u;                           // linear/activations.py
    const unsigned group_3 = blockIdx.x + index_26;
    if (group_3 < 6u) {                                                   // linear/activations.py
      const unsigned lane = threadIdx.x % 8u;                             // linear/activations.py
      const unsigned start_4 = index_26 * 32u;                            // linear/activations.py
      const unsigned at_16 = start_4 + 4u;                                // linear/activations.py
      const unsigned at_17 = start_4 + 8u;
      const float4 values_2 = make_float4(code_values[at_17], code_values[at_17 + 1u],
          code_values[at_17 + 2u], code_values[at_17 + 3u]);              // linear/activations.py
      const unsigned at_18 = start_4 + 12u;                               // linear/activations.py
      const float4 values_3 = make_float4(code_values[at_18], code_values[at_18 + 1u],
          code_values[at_18 + 2u], code_values[at_18 + 3u]);              // linear/activations.py
      const unsigned at_19 = start_4 + 16u;                               // linear/activations.py
      const float4 values_4 = make_float4(code_values[at_19], code_values[at_19 + 1u],
          code_values[at_19 + 2u], code_values[at_19 + 3u]);              // linear/activations.py
      const unsigned at_20 = start_4 + 20u;                               // linear/activations.py
      const float4 values_5 = make_float4(code_values[at_20], code_values[at_20 + 1u],
          code_values[at_20 + 2u], code_values[at_20 + 3u]);              // linear/activations.py
      const unsigned at_21 = start_4 + 24u;                               // linear/activations.py
      const float4 values_6 = make_float4(code_values[at_21], code_values[at_21 + 1u],
          code_values[at_21 + 2u], code_values[at_21 + 3u]);              // linear/activations.py
      const unsigned at_22 = start_4 + 28u;                               // linear/activations.py
      const float4 values_7 = make_float4(code_values[at_22], code_values[at_22 + 1u],
          code_values[at_22 + 2u], code_values[at_22 + 3u]);              // linear/activations.py
      const float4 largest = fabsf(make_float4(code_values[start_4], code_values[start_4 + 1u],
          code_values[start_4 + 2u], code_values[start_4 + 3u]));         // linear/activations.py
      const float4 t = fabsf(make_float4(code_values[at_16], code_values[at_16 + 1u],
          code_values[at_16 + 2u], code_values[at_16 + 3u]));             // linear/activations.py
      const float4 largest_1 = fmaxf(fmaxf(fmaxf(fmaxf(fmaxf(fmaxf(fmaxf(largest, t),
          fabsf(values_2)), fabsf(values_3)), fabsf(values_4)), fabsf(values_5)),
          fabsf(values_6)), fabsf(values_7));
      const unsigned bits = __float_as_uint(fmaxf(fmaxf(largest_1.x, largest_1.y),
          fmaxf(largest_1.z, largest_1.w)));                              // linear/activations.py
      const unsigned exponent = min(max(bits >> 23u, 27u), 252u);         // linear/activations.py
      const unsigned mantissa = (((bits & 0x007fffffu) | 0x00800000u) >> 8u) + 1u;  // linear/activations.py
      const float steps = float(2130706432u / mantissa)
          * __uint_as_float((253u - exponent) << 23u);                    // linear/activations.py
      const unsigned at_23 = threadIdx.x * 4u;                            // linear/activations.py
      const int4 cut = to_int4(make_float4(code_values[at_23], code_values[at_23 + 1u],
          code_values[at_23 + 2u], code_values[at_23 + 3u]) * (steps * 8.0f));  // linear/activations.py
      const int4 parts = (cut + 4) >> splat_uint4(3u);                    // linear/activations.py
      const uint4 codes = as_uint4(parts + 128) & splat_uint4(65280u);    // linear/activations.py
      const unsigned low_64 = (codes.x >> 8u) | codes.y;                  // linear/activations.py
      const unsigned high_64 = (codes.z << 8u) | (codes.w << 16u);
      const unsigned words_0 = low_64 | high_64;                          // linear/activations.py
      const uint4 rest = as_uint4(parts) & splat_uint4(255u);             // linear/activations.py
      const unsigned low_65 = rest.x | (rest.y << 8u);                    // linear/activations.py
      const unsigned high_65 = (rest.z << 16u) | (rest.w << 24u);
      const unsigned words_1 = low_65 | high_65;                          // linear/activations.py
      const unsigned plane = lane / 4u;                                   // linear/activations.py
      const unsigned index_27 = lane % 4u;                                // linear/activations.py
      coded[(plane * 6u + group_3) * 4u + index_27] = words_0;
      const unsigned plane_1 = plane + 2u;                                // linear/activations.py
      coded[(plane_1 * 6u + group_3) * 4u + index_27] = words_1;          // linear/activations.py
      code_sums[threadIdx.x] = __dp4a(int(words_1), int(16843009u),
          int(unsigned(__dp4a(int(words_0), int(16843009u), 0)) * unsigned(256)));  // linear/activations.py
      if (lane == 0u) {                                                   // linear/activations.py
        coded[(group_3 + 24u) * 4u] = __float_as_uint(1.0f / steps);      // linear/activations.py
      }
    }
  }
  __syncthreads();                                                        // linear/activations.py
  if (threadIdx.x < 1u) {                                                 // parts/distribute.py
    const unsigned group_3 = blockIdx.x + threadIdx.x;                    // linear/activations.py
    if (group_3 < 6u) {                                                   // linear/activations.py
      const unsigned first = threadIdx.x * 8u;                            // linear/activations.py
      const int total = int(unsigned(code_sums[first]) + unsigned(code_sums[first + 1u]));  // linear/activations.py
      const int total_1 = int(unsigned(total) + unsigned(code_sums[first + 2u]));
      const int total_2 = int(unsigned(total_1) + unsigned(code_sums[first + 3u]));
      const int total_3 = int(unsigned(total_2) + unsigned(code_sums[first + 4u]));
      const int total_4 = int(unsigned(total_3) + unsigned(code_sums[first + 5u]));
      const int total_5 = int(unsigned(total_4) + unsigned(code_sums[first + 6u]));
      const int total_6 = int(unsigned(total_5) + unsigned(code_sums[first + 7u]));
      const unsigned place = (group_3 + 24u) * 4u;                        // linear/activations.py
      coded[place + 1u] = unsigned(total_6);                              // linear/activations.py
      coded[place + 2u] = 0u;                                             // linear/activations.py
      coded[place + 3u] = 0u;                                             // linear/activations.py
    }
  }
}
