// matvec_int8_norm_q4_gated_codes2_384x2048_t2

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

__device__ inline float subgroup_shuffle_xor(float x, unsigned distance) {
  return __shfl_xor_sync(0xffffffffu, x, distance);
}

__device__ inline float subgroup_sum(float x) {
  for (unsigned distance = 16u; distance > 0u; distance /= 2u) {
    const float other = __shfl_xor_sync(0xffffffffu, x, distance);
    x = x + other;
  }
  return x;
}

__device__ inline unsigned subgroup_max(unsigned x) {
  for (unsigned distance = 16u; distance > 0u; distance /= 2u) {
    const unsigned other = __shfl_xor_sync(0xffffffffu, x, distance);
    x = max(x, other);
  }
  return x;
}

__device__ inline int subgroup_sum(int x) {
  for (unsigned distance = 16u; distance > 0u; distance /= 2u) {
    const int other = __shfl_xor_sync(0xffffffffu, x, distance);
    x = x + other;
  }
  return x;
}

__device__ inline unsigned subgroup_shuffle_xor(unsigned x, unsigned distance) {
  return __shfl_xor_sync(0xffffffffu, x, distance);
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
  const unsigned subgroup_lane = threadIdx.x % 32u;
  const unsigned groups = threadIdx.x % 32u;                              // parts/reduce.py
  const unsigned index = threadIdx.x / 32u;                               // parts/reduce.py
  const unsigned index_1 = blockIdx.x * 64u;                              // int8/results.py
  const unsigned group = groups + 32u;                                    // int8/body.py
  const unsigned index_2 = index * 4u;                                    // int8/results.py
  const unsigned row = index_1 + index_2;                                 // int8/body.py
  const unsigned index_3 = row * 64u;                                     // parts/packed_rows.py
  const unsigned at = index_3 + groups;
  const uint4 loads = load_ahead(&quants[at]);                            // parts/packed_rows.py
  const unsigned stored = load_ahead(&scales[at >> 1u]);                  // parts/packed_rows.py
  const unsigned row_1 = index_1 + index_2 + 1u;                          // int8/body.py
  const unsigned index_4 = row_1 * 64u;                                   // parts/packed_rows.py
  const unsigned at_1 = index_4 + groups;
  const uint4 loads_1 = load_ahead(&quants[at_1]);                        // parts/packed_rows.py
  const unsigned stored_1 = load_ahead(&scales[at_1 >> 1u]);              // parts/packed_rows.py
  const unsigned row_2 = index_1 + index_2 + 2u;                          // int8/body.py
  const unsigned index_5 = row_2 * 64u;                                   // parts/packed_rows.py
  const unsigned at_2 = index_5 + groups;
  const uint4 loads_2 = load_ahead(&quants[at_2]);                        // parts/packed_rows.py
  const unsigned stored_2 = load_ahead(&scales[at_2 >> 1u]);              // parts/packed_rows.py
  const unsigned row_3 = index_1 + index_2 + 3u;                          // int8/body.py
  const unsigned index_6 = row_3 * 64u;                                   // parts/packed_rows.py
  const unsigned at_3 = index_6 + groups;
  const uint4 loads_3 = load_ahead(&quants[at_3]);                        // parts/packed_rows.py
  const unsigned stored_3 = load_ahead(&scales[at_3 >> 1u]);              // parts/packed_rows.py
  const unsigned at_4 = index_3 + group;                                  // parts/packed_rows.py
  const uint4 loads_4 = load_ahead(&quants[at_4]);                        // parts/packed_rows.py
  const unsigned stored_4 = load_ahead(&scales[at_4 >> 1u]);              // parts/packed_rows.py
  const unsigned at_5 = index_4 + group;                                  // parts/packed_rows.py
  const uint4 loads_5 = load_ahead(&quants[at_5]);                        // parts/packed_rows.py
  const unsigned stored_5 = load_ahead(&scales[at_5 >> 1u]);              // parts/packed_rows.py
  const unsigned at_6 = index_5 + group;                                  // parts/packed_rows.py
  const uint4 loads_6 = load_ahead(&quants[at_6]);                        // parts/packed_rows.py
  const unsigned stored_6 = load_ahead(&scales[at_6 >> 1u]);              // parts/packed_rows.py
  const unsigned at_7 = index_6 + group;                                  // parts/packed_rows.py
  const uint4 loads_7 = load_ahead(&quants[at_7]);                        // parts/packed_rows.py
  const unsigned stored_7 = load_ahead(&scales[at_7 >> 1u]);              // parts/packed_rows.py
  const unsigned result = groups * 2u;                                    // int8/results.py
  const unsigned row_4 = index_1 + result;
  inputs_ready();                                                         // int8/body.py
  const unsigned row_5 = index_1 + index_2 + 32u;                         // int8/body.py
  const unsigned index_7 = row_5 * 64u;                                   // parts/packed_rows.py
  const unsigned at_8 = index_7 + groups;
  const uint4 loads_8 = quants[at_8];                                     // parts/packed_rows.py
  const unsigned stored_8 = scales[at_8 >> 1u];                           // parts/packed_rows.py
  const unsigned row_6 = index_1 + index_2 + 33u;                         // int8/body.py
  const unsigned index_8 = row_6 * 64u;                                   // parts/packed_rows.py
  const unsigned at_9 = index_8 + groups;
  const uint4 loads_9 = quants[at_9];                                     // parts/packed_rows.py
  const unsigned stored_9 = scales[at_9 >> 1u];                           // parts/packed_rows.py
  const unsigned row_7 = index_1 + index_2 + 34u;                         // int8/body.py
  const unsigned index_9 = row_7 * 64u;                                   // parts/packed_rows.py
  const unsigned at_10 = index_9 + groups;
  const uint4 loads_10 = quants[at_10];                                   // parts/packed_rows.py
  const unsigned stored_10 = scales[at_10 >> 1u];                         // parts/packed_rows.py
  const unsigned row_8 = index_1 + index_2 + 35u;                         // int8/body.py
  const unsigned index_10 = row_8 * 64u;                                  // parts/packed_rows.py
  const unsigned at_11 = index_10 + groups;
  const uint4 loads_11 = quants[at_11];                                   // parts/packed_rows.py
  const unsigned stored_11 = scales[at_11 >> 1u];                         // parts/packed_rows.py
  const unsigned at_12 = index_7 + group;                                 // parts/packed_rows.py
  const uint4 loads_12 = quants[at_12];                                   // parts/packed_rows.py
  const unsigned stored_12 = scales[at_12 >> 1u];                         // parts/packed_rows.py
  const unsigned at_13 = index_8 + group;                                 // parts/packed_rows.py
  const uint4 loads_13 = quants[at_13];                                   // parts/packed_rows.py
  const unsigned stored_13 = scales[at_13 >> 1u];                         // parts/packed_rows.py
  const unsigned at_14 = index_9 + group;                                 // parts/packed_rows.py
  const uint4 loads_14 = quants[at_14];                                   // parts/packed_rows.py
  const unsigned stored_14 = scales[at_14 >> 1u];                         // parts/packed_rows.py
  const unsigned at_15 = index_10 + group;                                // parts/packed_rows.py
  const uint4 loads_15 = quants[at_15];                                   // parts/packed_rows.py
  const unsigned stored_15 = scales[at_15 >> 1u];                         // parts/packed_rows.py
  float square_sum = 0.0f;                                                // int8/parts.py
  for (unsigned group_1 = groups; group_1 < 64u; group_1 += 32u) {        // int8/parts.py
    square_sum += __uint_as_float(x[group_1 + 256u].z);                   // int8/parts.py
  }
  float sum_0 = 0.0f;                                                     // int8/parts.py
  float sum_1 = 0.0f;
  float sum_2 = 0.0f;
  float sum_3 = 0.0f;
  const uint4 half_1 = x[groups];                                         // int8/parts.py
  const unsigned index_11 = groups + 64u;
  const uint4 half_2 = x[index_11];
  const unsigned index_12 = groups + 128u;
  const uint4 half_3 = x[index_12];
  const unsigned index_13 = groups + 192u;
  const uint4 half_4 = x[index_13];
  const unsigned index_14 = groups + 256u;
  const uint4 factors = x[index_14];
  const float code_scale = __uint_as_float(factors.x);                    // int8/parts.py
  const int start = int(unsigned(int(factors.y)) * unsigned(-8));         // int8/parts.py
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
      * unsigned(256))) + unsigned(start));                               // int8/parts.py
  const int plus = __dp4a(int(low_1), int(half_3.z),
      __dp4a(int(high), int(half_3.y), __dp4a(int(low), int(half_3.x), products)));  // parts/dot4.py
  const float2 pair = unpack_half2(stored);                               // parts/packed_rows.py
  const float scaled = float(__dp4a(int(high_3), int(half_4.w),
      __dp4a(int(low_3), int(half_4.z),
      __dp4a(int(high_2), int(half_4.y),
      __dp4a(int(low_2), int(half_4.x), __dp4a(int(high_1), int(half_3.w), plus))))))
      * (((at & 1u) == 1u ? pair.y : pair.x) * code_scale);               // int8/parts.py
  sum_0 += scaled;                                                        // int8/parts.py
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
      * unsigned(256))) + unsigned(start));                               // int8/parts.py
  const int plus_1 = __dp4a(int(low_5), int(half_3.z),
      __dp4a(int(high_4), int(half_3.y), __dp4a(int(low_4), int(half_3.x), products_1)));  // parts/dot4.py
  const float2 pair_1 = unpack_half2(stored_1);                           // parts/packed_rows.py
  const float scaled_1 = float(__dp4a(int(high_7), int(half_4.w),
      __dp4a(int(low_7), int(half_4.z),
      __dp4a(int(high_6), int(half_4.y),
      __dp4a(int(low_6), int(half_4.x), __dp4a(int(high_5), int(half_3.w), plus_1))))))
      * (((at_1 & 1u) == 1u ? pair_1.y : pair_1.x) * code_scale);         // int8/parts.py
  sum_1 += scaled_1;                                                      // int8/parts.py
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
      * unsigned(256))) + unsigned(start));                               // int8/parts.py
  const int plus_2 = __dp4a(int(low_9), int(half_3.z),
      __dp4a(int(high_8), int(half_3.y), __dp4a(int(low_8), int(half_3.x), products_2)));  // parts/dot4.py
  const float2 pair_2 = unpack_half2(stored_2);                           // parts/packed_rows.py
  const float scaled_2 = float(__dp4a(int(high_11), int(half_4.w),
      __dp4a(int(low_11), int(half_4.z),
      __dp4a(int(high_10), int(half_4.y),
      __dp4a(int(low_10), int(half_4.x), __dp4a(int(high_9), int(half_3.w), plus_2))))))
      * (((at_2 & 1u) == 1u ? pair_2.y : pair_2.x) * code_scale);         // int8/parts.py
  sum_2 += scaled_2;                                                      // int8/parts.py
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
      * unsigned(256))) + unsigned(start));                               // int8/parts.py
  const int plus_3 = __dp4a(int(low_13), int(half_3.z),
      __dp4a(int(high_12), int(half_3.y), __dp4a(int(low_12), int(half_3.x), products_3)));  // parts/dot4.py
  const float2 pair_3 = unpack_half2(stored_3);                           // parts/packed_rows.py
  const float scaled_3 = float(__dp4a(int(high_15), int(half_4.w),
      __dp4a(int(low_15), int(half_4.z),
      __dp4a(int(high_14), int(half_4.y),
      __dp4a(int(low_14), int(half_4.x), __dp4a(int(high_13), int(half_3.w), plus_3))))))
      * (((at_3 & 1u) == 1u ? pair_3.y : pair_3.x) * code_scale);         // int8/parts.py
  sum_3 += scaled_3;                                                      // int8/parts.py
  const uint4 half_5 = x[group];                                          // int8/parts.py
  const unsigned index_15 = group + 64u;
  const uint4 half_6 = x[index_15];
  const unsigned index_16 = group + 128u;
  const uint4 half_7 = x[index_16];
  const unsigned index_17 = group + 192u;
  const uint4 half_8 = x[index_17];
  const unsigned index_18 = group + 256u;
  const uint4 factors_1 = x[index_18];
  const float code_scale_1 = __uint_as_float(factors_1.x);                // int8/parts.py
  const int start_1 = int(unsigned(int(factors_1.y)) * unsigned(-8));     // int8/parts.py
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
      * unsigned(256))) + unsigned(start_1));                             // int8/parts.py
  const int plus_4 = __dp4a(int(low_17), int(half_7.z),
      __dp4a(int(high_16), int(half_7.y), __dp4a(int(low_16), int(half_7.x), products_4)));  // parts/dot4.py
  const float2 pair_4 = unpack_half2(stored_4);                           // parts/packed_rows.py
  const float scaled_4 = float(__dp4a(int(high_19), int(half_8.w),
      __dp4a(int(low_19), int(half_8.z),
      __dp4a(int(high_18), int(half_8.y),
      __dp4a(int(low_18), int(half_8.x), __dp4a(int(high_17), int(half_7.w), plus_4))))))
      * (((at_4 & 1u) == 1u ? pair_4.y : pair_4.x) * code_scale_1);       // int8/parts.py
  sum_0 += scaled_4;                                                      // int8/parts.py
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
      * unsigned(256))) + unsigned(start_1));                             // int8/parts.py
  const int plus_5 = __dp4a(int(low_21), int(half_7.z),
      __dp4a(int(high_20), int(half_7.y), __dp4a(int(low_20), int(half_7.x), products_5)));  // parts/dot4.py
  const float2 pair_5 = unpack_half2(stored_5);                           // parts/packed_rows.py
  const float scaled_5 = float(__dp4a(int(high_23), int(half_8.w),
      __dp4a(int(low_23), int(half_8.z),
      __dp4a(int(high_22), int(half_8.y),
      __dp4a(int(low_22), int(half_8.x), __dp4a(int(high_21), int(half_7.w), plus_5))))))
      * (((at_5 & 1u) == 1u ? pair_5.y : pair_5.x) * code_scale_1);       // int8/parts.py
  sum_1 += scaled_5;                                                      // int8/parts.py
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
      * unsigned(256))) + unsigned(start_1));                             // int8/parts.py
  const int plus_6 = __dp4a(int(low_25), int(half_7.z),
      __dp4a(int(high_24), int(half_7.y), __dp4a(int(low_24), int(half_7.x), products_6)));  // parts/dot4.py
  const float2 pair_6 = unpack_half2(stored_6);                           // parts/packed_rows.py
  const float scaled_6 = float(__dp4a(int(high_27), int(half_8.w),
      __dp4a(int(low_27), int(half_8.z),
      __dp4a(int(high_26), int(half_8.y),
      __dp4a(int(low_26), int(half_8.x), __dp4a(int(high_25), int(half_7.w), plus_6))))))
      * (((at_6 & 1u) == 1u ? pair_6.y : pair_6.x) * code_scale_1);       // int8/parts.py
  sum_2 += scaled_6;                                                      // int8/parts.py
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
      * unsigned(256))) + unsigned(start_1));                             // int8/parts.py
  const int plus_7 = __dp4a(int(low_29), int(half_7.z),
      __dp4a(int(high_28), int(half_7.y), __dp4a(int(low_28), int(half_7.x), products_7)));  // parts/dot4.py
  const float2 pair_7 = unpack_half2(stored_7);                           // parts/packed_rows.py
  const float scaled_7 = float(__dp4a(int(high_31), int(half_8.w),
      __dp4a(int(low_31), int(half_8.z),
      __dp4a(int(high_30), int(half_8.y),
      __dp4a(int(low_30), int(half_8.x), __dp4a(int(high_29), int(half_7.w), plus_7))))))
      * (((at_7 & 1u) == 1u ? pair_7.y : pair_7.x) * code_scale_1);       // int8/parts.py
  sum_3 += scaled_7;                                                      // int8/parts.py
  const float left_0 = sum_0;                                             // parts/reduce.py
  const float left_1 = sum_1;
  const float left_2 = sum_2;
  const float left_3 = sum_3;
  const bool upper = (subgroup_lane & 16u) == 16u;                        // parts/reduce.py
  const float partner = subgroup_shuffle_xor(upper ? left_0 : left_2, 16u);  // parts/reduce.py
  const float left_0_1 = (upper ? left_2 : left_0) + partner;
  const float partner_1 = subgroup_shuffle_xor(upper ? left_1 : left_3, 16u);
  const float left_1_1 = (upper ? left_3 : left_1) + partner_1;
  const bool upper_1 = (subgroup_lane & 8u) == 8u;                        // parts/reduce.py
  const float partner_2 = subgroup_shuffle_xor(upper_1 ? left_0_1 : left_1_1, 8u);  // parts/reduce.py
  const float left = (upper_1 ? left_1_1 : left_0_1) + partner_2;
  const float partner_3 = subgroup_shuffle_xor(left, 4u);                 // parts/reduce.py
  const float left_4 = left + partner_3;
  const float partner_4 = subgroup_shuffle_xor(left_4, 2u);
  const float left_5 = left_4 + partner_4;
  const float partner_5 = subgroup_shuffle_xor(left_5, 1u);
  const float total = left_5 + partner_5;
  const unsigned number = subgroup_lane / 8u;                             // parts/reduce.py
  const bool first = subgroup_lane % 8u == 0u;                            // parts/reduce.py
  if (first) {                                                            // int8/results.py
    partial_sums[index_2 + number] = total;                               // int8/results.py
  }
  const float total_1 = subgroup_sum(square_sum);                         // int8/results.py
  if (subgroup_lane == 0u && index == 0u) {                               // int8/results.py
    partial_squares[0u] = total_1;                                        // int8/results.py
  }
  float sum_0_1 = 0.0f;                                                   // int8/parts.py
  float sum_1_1 = 0.0f;
  float sum_2_1 = 0.0f;
  float sum_3_1 = 0.0f;
  const uint4 half_9 = x[groups];                                         // int8/parts.py
  const uint4 half_10 = x[index_11];
  const uint4 half_11 = x[index_12];
  const uint4 half_12 = x[index_13];
  const uint4 factors_2 = x[index_14];
  const float code_scale_2 = __uint_as_float(factors_2.x);                // int8/parts.py
  const int start_2 = int(unsigned(int(factors_2.y)) * unsigned(-8));     // int8/parts.py
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
      * unsigned(256))) + unsigned(start_2));                             // int8/parts.py
  const int plus_8 = __dp4a(int(low_33), int(half_11.z),
      __dp4a(int(high_32), int(half_11.y), __dp4a(int(low_32), int(half_11.x), products_8)));  // parts/dot4.py
  const float2 pair_8 = unpack_half2(stored_8);                           // parts/packed_rows.py
  const float scaled_8 = float(__dp4a(int(high_35), int(half_12.w),
      __dp4a(int(low_35), int(half_12.z),
      __dp4a(int(high_34), int(half_12.y),
      __dp4a(int(low_34), int(half_12.x), __dp4a(int(high_33), int(half_11.w), plus_8))))))
      * (((at_8 & 1u) == 1u ? pair_8.y : pair_8.x) * code_scale_2);       // int8/parts.py
  sum_0_1 += scaled_8;                                                    // int8/parts.py
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
      * unsigned(256))) + unsigned(start_2));                             // int8/parts.py
  const int plus_9 = __dp4a(int(low_37), int(half_11.z),
      __dp4a(int(high_36), int(half_11.y), __dp4a(int(low_36), int(half_11.x), products_9)));  // parts/dot4.py
  const float2 pair_9 = unpack_half2(stored_9);                           // parts/packed_rows.py
  const float scaled_9 = float(__dp4a(int(high_39), int(half_12.w),
      __dp4a(int(low_39), int(half_12.z),
      __dp4a(int(high_38), int(half_12.y),
      __dp4a(int(low_38), int(half_12.x), __dp4a(int(high_37), int(half_11.w), plus_9))))))
      * (((at_9 & 1u) == 1u ? pair_9.y : pair_9.x) * code_scale_2);       // int8/parts.py
  sum_1_1 += scaled_9;                                                    // int8/parts.py
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
      * unsigned(256))) + unsigned(start_2));                             // int8/parts.py
  const int plus_10 = __dp4a(int(low_41), int(half_11.z),
      __dp4a(int(high_40), int(half_11.y), __dp4a(int(low_40), int(half_11.x), products_10)));  // parts/dot4.py
  const float2 pair_10 = unpack_half2(stored_10);                         // parts/packed_rows.py
  const float scaled_10 = float(__dp4a(int(high_43), int(half_12.w),
      __dp4a(int(low_43), int(half_12.z),
      __dp4a(int(high_42), int(half_12.y),
      __dp4a(int(low_42), int(half_12.x), __dp4a(int(high_41), int(half_11.w), plus_10))))))
      * (((at_10 & 1u) == 1u ? pair_10.y : pair_10.x) * code_scale_2);    // int8/parts.py
  sum_2_1 += scaled_10;                                                   // int8/parts.py
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
      * unsigned(256))) + unsigned(start_2));                             // int8/parts.py
  const int plus_11 = __dp4a(int(low_45), int(half_11.z),
      __dp4a(int(high_44), int(half_11.y), __dp4a(int(low_44), int(half_11.x), products_11)));  // parts/dot4.py
  const float2 pair_11 = unpack_half2(stored_11);                         // parts/packed_rows.py
  const float scaled_11 = float(__dp4a(int(high_47), int(half_12.w),
      __dp4a(int(low_47), int(half_12.z),
      __dp4a(int(high_46), int(half_12.y),
      __dp4a(int(low_46), int(half_12.x), __dp4a(int(high_45), int(half_11.w), plus_11))))))
      * (((at_11 & 1u) == 1u ? pair_11.y : pair_11.x) * code_scale_2);    // int8/parts.py
  sum_3_1 += scaled_11;                                                   // int8/parts.py
  const uint4 half_13 = x[group];                                         // int8/parts.py
  const uint4 half_14 = x[index_15];
  const uint4 half_15 = x[index_16];
  const uint4 half_16 = x[index_17];
  const uint4 factors_3 = x[index_18];
  const float code_scale_3 = __uint_as_float(factors_3.x);                // int8/parts.py
  const int start_3 = int(unsigned(int(factors_3.y)) * unsigned(-8));     // int8/parts.py
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
      * unsigned(256))) + unsigned(start_3));                             // int8/parts.py
  const int plus_12 = __dp4a(int(low_49), int(half_15.z),
      __dp4a(int(high_48), int(half_15.y), __dp4a(int(low_48), int(half_15.x), products_12)));  // parts/dot4.py
  const float2 pair_12 = unpack_half2(stored_12);                         // parts/packed_rows.py
  const float scaled_12 = float(__dp4a(int(high_51), int(half_16.w),
      __dp4a(int(low_51), int(half_16.z),
      __dp4a(int(high_50), int(half_16.y),
      __dp4a(int(low_50), int(half_16.x), __dp4a(int(high_49), int(half_15.w), plus_12))))))
      * (((at_12 & 1u) == 1u ? pair_12.y : pair_12.x) * code_scale_3);    // int8/parts.py
  sum_0_1 += scaled_12;                                                   // int8/parts.py
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
      * unsigned(256))) + unsigned(start_3));                             // int8/parts.py
  const int plus_13 = __dp4a(int(low_53), int(half_15.z),
      __dp4a(int(high_52), int(half_15.y), __dp4a(int(low_52), int(half_15.x), products_13)));  // parts/dot4.py
  const float2 pair_13 = unpack_half2(stored_13);                         // parts/packed_rows.py
  const float scaled_13 = float(__dp4a(int(high_55), int(half_16.w),
      __dp4a(int(low_55), int(half_16.z),
      __dp4a(int(high_54), int(half_16.y),
      __dp4a(int(low_54), int(half_16.x), __dp4a(int(high_53), int(half_15.w), plus_13))))))
      * (((at_13 & 1u) == 1u ? pair_13.y : pair_13.x) * code_scale_3);    // int8/parts.py
  sum_1_1 += scaled_13;                                                   // int8/parts.py
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
      * unsigned(256))) + unsigned(start_3));                             // int8/parts.py
  const int plus_14 = __dp4a(int(low_57), int(half_15.z),
      __dp4a(int(high_56), int(half_15.y), __dp4a(int(low_56), int(half_15.x), products_14)));  // parts/dot4.py
  const float2 pair_14 = unpack_half2(stored_14);                         // parts/packed_rows.py
  const float scaled_14 = float(__dp4a(int(high_59), int(half_16.w),
      __dp4a(int(low_59), int(half_16.z),
      __dp4a(int(high_58), int(half_16.y),
      __dp4a(int(low_58), int(half_16.x), __dp4a(int(high_57), int(half_15.w), plus_14))))))
      * (((at_14 & 1u) == 1u ? pair_14.y : pair_14.x) * code_scale_3);    // int8/parts.py
  sum_2_1 += scaled_14;                                                   // int8/parts.py
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
      * unsigned(256))) + unsigned(start_3));                             // int8/parts.py
  const int plus_15 = __dp4a(int(low_61), int(half_15.z),
      __dp4a(int(high_60), int(half_15.y), __dp4a(int(low_60), int(half_15.x), products_15)));  // parts/dot4.py
  const float2 pair_15 = unpack_half2(stored_15);                         // parts/packed_rows.py
  const float scaled_15 = float(__dp4a(int(high_63), int(half_16.w),
      __dp4a(int(low_63), int(half_16.z),
      __dp4a(int(high_62), int(half_16.y),
      __dp4a(int(low_62), int(half_16.x), __dp4a(int(high_61), int(half_15.w), plus_15))))))
      * (((at_15 & 1u) == 1u ? pair_15.y : pair_15.x) * code_scale_3);    // int8/parts.py
  sum_3_1 += scaled_15;                                                   // int8/parts.py
  const float left_0_2 = sum_0_1;                                         // parts/reduce.py
  const float left_1_2 = sum_1_1;
  const float left_2_1 = sum_2_1;
  const float left_3_1 = sum_3_1;
  const bool upper_2 = (subgroup_lane & 16u) == 16u;                      // parts/reduce.py
  const float partner_6 = subgroup_shuffle_xor(upper_2 ? left_0_2 : left_2_1, 16u);  // parts/reduce.py
  const float left_0_3 = (upper_2 ? left_2_1 : left_0_2) + partner_6;
  const float partner_7 = subgroup_shuffle_xor(upper_2 ? left_1_2 : left_3_1, 16u);
  const float left_1_3 = (upper_2 ? left_3_1 : left_1_2) + partner_7;
  const bool upper_3 = (subgroup_lane & 8u) == 8u;                        // parts/reduce.py
  const float partner_8 = subgroup_shuffle_xor(upper_3 ? left_0_3 : left_1_3, 8u);  // parts/reduce.py
  const float left_6 = (upper_3 ? left_1_3 : left_0_3) + partner_8;
  const float partner_9 = subgroup_shuffle_xor(left_6, 4u);               // parts/reduce.py
  const float left_7 = left_6 + partner_9;
  const float partner_10 = subgroup_shuffle_xor(left_7, 2u);
  const float left_8 = left_7 + partner_10;
  const float partner_11 = subgroup_shuffle_xor(left_8, 1u);
  const float total_2 = left_8 + partner_11;
  const unsigned number_1 = subgroup_lane / 8u;                           // parts/reduce.py
  const bool first_1 = subgroup_lane % 8u == 0u;                          // parts/reduce.py
  if (first_1) {                                                          // int8/results.py
    partial_sums[index_2 + 32u + number_1] = total_2;                     // int8/results.py
  }
  __syncthreads();                                                        // int8/results.py
  const float factor = rsqrtf(partial_squares[0u] * 0.00048828125f + 1e-5f);  // int8/results.py
  const float gate = partial_sums[result] * factor;                       // int8/results.py
  const float gated = gate / (1.0f + expf(-gate)) * (partial_sums[result + 1u] * factor);  // epilogues/pair.py
  const unsigned group_2 = row_4 / 2u / 32u;                              // int8/results.py
  const unsigned largest = subgroup_max(__float_as_uint(gated) & 0x7fffffffu);  // parts/coded_groups.py
  const unsigned exponent = min(max(largest >> 23u, 27u), 252u);          // parts/coded_groups.py
  const float steps = float(2130706432u
      / ((((largest & 0x007fffffu) | 0x00800000u) >> 8u) + 1u))
      * __uint_as_float((253u - exponent) << 23u);                        // parts/coded_groups.py
  const int parts = int(unsigned(__float2int_rz(gated * (steps * 8.0f))) + unsigned(4)) >> 3u;  // parts/coded_groups.py
  const int codes = int(unsigned(parts) + unsigned(128)) >> 8u;           // parts/coded_groups.py
  const int total_3 = subgroup_sum(parts);                                // parts/coded_groups.py
  const unsigned byte = unsigned(codes) & 255u;                           // parts/coded_groups.py
  const unsigned word = byte << ((subgroup_lane % 4u) * 8u);              // parts/coded_groups.py
  const unsigned partner_12 = subgroup_shuffle_xor(word, 1u);             // parts/coded_groups.py
  const unsigned word_1 = word | partner_12;
  const unsigned partner_13 = subgroup_shuffle_xor(word_1, 2u);           // parts/coded_groups.py
  const unsigned word_2 = word_1 | partner_13;
  const unsigned byte_1 = unsigned(parts) & 255u;                         // parts/coded_groups.py
  const unsigned word_3 = byte_1 << ((subgroup_lane % 4u) * 8u);          // parts/coded_groups.py
  const unsigned partner_14 = subgroup_shuffle_xor(word_3, 1u);           // parts/coded_groups.py
  const unsigned word_4 = word_3 | partner_14;
  const unsigned partner_15 = subgroup_shuffle_xor(word_4, 2u);           // parts/coded_groups.py
  const unsigned word_5 = word_4 | partner_15;
  const unsigned four = subgroup_lane / 4u;                               // parts/coded_groups.py
  if (threadIdx.x < 32u) {                                                // parts/coded_groups.py
    const unsigned t = subgroup_lane % 4u;                                // parts/coded_groups.py
    if (t == 0u) {
      const unsigned plane = four / 4u;                                   // parts/coded_groups.py
      coded[(plane * 6u + group_2) * 4u + four % 4u] = word_2;            // parts/coded_groups.py
    }
    if (t == 1u) {                                                        // parts/coded_groups.py
      const unsigned plane = four / 4u + 2u;                              // parts/coded_groups.py
      coded[(plane * 6u + group_2) * 4u + four % 4u] = word_5;            // parts/coded_groups.py
    }
    if (subgroup_lane == 2u) {                                            // parts/coded_groups.py
      const unsigned place = (group_2 + 24u) * 4u;                        // parts/coded_groups.py
      coded[place] = largest < 2139095040u ? __float_as_uint(1.0f / steps) : 2143289344u;  // parts/coded_groups.py
      coded[place + 1u] = unsigned(total_3);                              // parts/coded_groups.py
      coded[place + 2u] = 0u;                                             // parts/coded_groups.py
      coded[place + 3u] = 0u;                                             // parts/coded_groups.py
    }
  }
}
