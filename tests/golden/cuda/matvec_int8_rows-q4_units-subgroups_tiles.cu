// matvec_int8_rows_norm_q4_64x1024_t2_of4

__device__ inline int4 operator*(int4 a, int b) {
  return make_int4(int(unsigned(a.x) * unsigned(b)), int(unsigned(a.y) * unsigned(b)),
      int(unsigned(a.z) * unsigned(b)), int(unsigned(a.w) * unsigned(b)));
}

__device__ inline int4 operator+(int4 a, int4 b) {
  return make_int4(int(unsigned(a.x) + unsigned(b.x)), int(unsigned(a.y) + unsigned(b.y)),
      int(unsigned(a.z) + unsigned(b.z)), int(unsigned(a.w) + unsigned(b.w)));
}

__device__ inline uint4 as_uint4(float4 a) {
  return make_uint4(__float_as_uint(a.x), __float_as_uint(a.y), __float_as_uint(a.z),
      __float_as_uint(a.w));
}

__device__ inline float4 as_float4(uint4 a) {
  return make_float4(__uint_as_float(a.x), __uint_as_float(a.y), __uint_as_float(a.z),
      __uint_as_float(a.w));
}

__device__ inline float4 operator+(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
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
__device__ inline uint2 load_ahead(const uint2* place) {
  uint2 value;
  asm volatile("ld.global.L1::no_allocate.v2.u32 {%0, %1}, [%2];"
               : "=r"(value.x), "=r"(value.y)
               : "l"(__cvta_generic_to_global(place)));
  return value;
}

__device__ inline float subgroup_sum(float x) {
  for (unsigned distance = 16u; distance > 0u; distance /= 2u) {
    const float other = __shfl_xor_sync(0xffffffffu, x, distance);
    x = x + other;
  }
  return x;
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

__device__ inline unsigned subgroup_shuffle_xor(unsigned x, unsigned distance) {
  return __shfl_xor_sync(0xffffffffu, x, distance);
}

// Source: PTX ISA, sections "Matrix Fragments for mma.m16n8k32" and "... mma.m8n8k16".
__device__ inline int4 mma_i8(uint4 a, uint2 b, int4 plus) {
  int4 sum;
#if __CUDA_ARCH__ >= 800
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 "
               "{ %0, %1, %2, %3 }, { %4, %5, %6, %7 }, { %8, %9 }, { %10, %11, %12, %13 };"
               : "=r"(sum.x), "=r"(sum.y), "=r"(sum.z), "=r"(sum.w)
               : "r"(a.x), "r"(a.y), "r"(a.z), "r"(a.w), "r"(b.x), "r"(b.y),
                 "r"(plus.x), "r"(plus.y), "r"(plus.z), "r"(plus.w));
#else  // Turing multiplies in smaller steps
  sum = plus;
  asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 "
               "{ %0, %1 }, { %2 }, { %3 }, { %0, %1 };"
               : "+r"(sum.x), "+r"(sum.y) : "r"(a.x), "r"(b.x));
  asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 "
               "{ %0, %1 }, { %2 }, { %3 }, { %0, %1 };"
               : "+r"(sum.x), "+r"(sum.y) : "r"(a.z), "r"(b.y));
  asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 "
               "{ %0, %1 }, { %2 }, { %3 }, { %0, %1 };"
               : "+r"(sum.z), "+r"(sum.w) : "r"(a.y), "r"(b.x));
  asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 "
               "{ %0, %1 }, { %2 }, { %3 }, { %0, %1 };"
               : "+r"(sum.z), "+r"(sum.w) : "r"(a.w), "r"(b.y));
#endif
  return sum;
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

extern "C" __global__ void __launch_bounds__(256, 1) matvec_int8_rows_norm_q4_64x1024_t2_of4(
  const uint4* x,
  const uint4* __restrict__ quants,
  const uint2* __restrict__ scales,
  float* __restrict__ out,
  const unsigned* __restrict__ step_rows,
  const Step* __restrict__ step
) {
  __shared__ float partial_sums[65];
  __shared__ float partial_squares[1];
  __shared__ float row_sums[260];
  __shared__ float row_squares[4];
  __shared__ uint4 staged[2048];
  __shared__ uint4 row_factors[128];
  const unsigned subgroup_lane = threadIdx.x % 32u;
  const unsigned staged_group = threadIdx.x % 32u;                        // parts/reduce.py
  const unsigned row = threadIdx.x / 32u;                                 // parts/reduce.py
  const unsigned index = blockIdx.x * 64u;                                // int8/results.py
  const unsigned index_1 = step->seq - 1u;                                // mma/staging.py
  const unsigned split = row % 4u;                                        // mma/kernel.py
  const unsigned tile = row / 4u;                                         // mma/kernel.py
  const unsigned quarter = staged_group % 4u;                             // mma/chunks.py
  const bool upper = quarter >= 2u;                                       // mma/chunks.py
  const bool odd = (quarter & 1u) == 1u;                                  // mma/chunks.py
  const unsigned row_1 = index + tile * 16u * 2u + staged_group / 4u;     // mma/kernel.py
  const unsigned group = split * 4u;                                      // mma/kernel.py
  const unsigned group_1 = group + quarter;                               // mma/chunks.py
  const unsigned index_2 = row_1 * 32u;                                   // mma/chunks.py
  const uint4 words = load_ahead(&quants[index_2 + group_1]);             // mma/chunks.py
  const unsigned at = (index_2 + group) / 4u;                             // mma/chunks.py
  const uint2 pair = load_ahead(&scales[at]);                             // mma/chunks.py
  const unsigned index_3 = (row_1 + 8u) * 32u;                            // mma/chunks.py
  const uint4 words_1 = load_ahead(&quants[index_3 + group_1]);           // mma/chunks.py
  const unsigned at_1 = (index_3 + group) / 4u;                           // mma/chunks.py
  const uint2 pair_1 = load_ahead(&scales[at_1]);                         // mma/chunks.py
  const unsigned index_4 = (row_1 + 16u) * 32u;                           // mma/chunks.py
  const uint4 words_2 = load_ahead(&quants[index_4 + group_1]);           // mma/chunks.py
  const unsigned at_2 = (index_4 + group) / 4u;                           // mma/chunks.py
  const uint2 pair_2 = load_ahead(&scales[at_2]);                         // mma/chunks.py
  const unsigned index_5 = (row_1 + 24u) * 32u;                           // mma/chunks.py
  const uint4 words_3 = load_ahead(&quants[index_5 + group_1]);           // mma/chunks.py
  const unsigned at_3 = (index_5 + group) / 4u;                           // mma/chunks.py
  const uint2 pair_3 = load_ahead(&scales[at_3]);                         // mma/chunks.py
  const unsigned group_2 = (4u + split) * 4u;                             // mma/kernel.py
  const unsigned group_3 = group_2 + quarter;                             // mma/chunks.py
  const uint4 words_4 = load_ahead(&quants[index_2 + group_3]);           // mma/chunks.py
  const unsigned at_4 = (index_2 + group_2) / 4u;                         // mma/chunks.py
  const uint2 pair_4 = load_ahead(&scales[at_4]);                         // mma/chunks.py
  const uint4 words_5 = load_ahead(&quants[index_3 + group_3]);           // mma/chunks.py
  const unsigned at_5 = (index_3 + group_2) / 4u;                         // mma/chunks.py
  const uint2 pair_5 = load_ahead(&scales[at_5]);                         // mma/chunks.py
  const uint4 words_6 = load_ahead(&quants[index_4 + group_3]);           // mma/chunks.py
  const unsigned at_6 = (index_4 + group_2) / 4u;                         // mma/chunks.py
  const uint2 pair_6 = load_ahead(&scales[at_6]);                         // mma/chunks.py
  const uint4 words_7 = load_ahead(&quants[index_5 + group_3]);           // mma/chunks.py
  const unsigned at_7 = (index_5 + group_2) / 4u;                         // mma/chunks.py
  const uint2 pair_7 = load_ahead(&scales[at_7]);                         // mma/chunks.py
  inputs_ready();                                                         // mma/kernel.py
  const unsigned index_6 = min(row, index_1) * 160u;                      // several/each_row.py
  float square_sum = 0.0f;                                                // int8/parts.py
  for (unsigned group_4 = staged_group; group_4 < 32u; group_4 += 32u) {  // int8/parts.py
    square_sum += __uint_as_float(x[index_6 + group_4 + 128u].z);         // int8/parts.py
  }
  const float total = subgroup_sum(square_sum);                           // mma/kernel.py
  if (subgroup_lane == 0u && row < 4u) {                                  // mma/kernel.py
    row_squares[row] = total;                                             // mma/kernel.py
  }
  const unsigned group_5 = staged_group / 32u * 32u + staged_group % 32u;  // mma/staging.py
  const unsigned group_6 = min(group_5, 31u);                             // mma/staging.py
  const uint4 half_1 = x[index_6 + group_6];                              // mma/staging.py
  const uint4 half_2 = x[index_6 + group_6 + 32u];
  const uint4 half_3 = x[index_6 + group_6 + 64u];
  const uint4 half_4 = x[index_6 + group_6 + 96u];
  const uint4 cell = make_uint4(half_1.x, half_1.y, half_3.x, half_3.y);  // mma/staging.py
  const unsigned index_7 = staged_group * 33u + row * 4u;                 // mma/staging.py
  staged[index_7] = cell;
  const uint4 cell_1 = make_uint4(half_1.z, half_1.w, half_3.z, half_3.w);  // mma/staging.py
  staged[index_7 + 1u] = cell_1;                                          // mma/staging.py
  const uint4 cell_2 = make_uint4(half_2.x, half_2.y, half_4.x, half_4.y);  // mma/staging.py
  staged[index_7 + 2u] = cell_2;                                          // mma/staging.py
  const uint4 cell_3 = make_uint4(half_2.z, half_2.w, half_4.z, half_4.w);  // mma/staging.py
  staged[index_7 + 3u] = cell_3;                                          // mma/staging.py
  if (threadIdx.x < 128u) {                                               // parts/distribute.py
    const unsigned number = threadIdx.x / 4u;                             // mma/staging.py
    const unsigned group_7 = number / 32u * 32u + number % 32u;           // mma/staging.py
    const unsigned column = (threadIdx.x % 4u) * 2u;                      // mma/staging.py
    const unsigned index_8 = min(group_7, 31u) + 128u;                    // mma/staging.py
    const uint4 factors = x[min(column, index_1) * 160u + index_8];
    const bool t = group_7 < 32u;                                         // mma/staging.py
    const uint4 factors_1 = x[min(column + 1u, index_1) * 160u + index_8];  // mma/staging.py
    row_factors[threadIdx.x] = make_uint4(t ? factors.x : 0u, t ? factors_1.x : 0u, factors.y
        * 4294967288u, factors_1.y * 4294967288u);                        // mma/staging.py
  }
  __syncthreads();                                                        // mma/kernel.py
  float sum_00 = 0.0f;                                                    // mma/kernel.py
  float sum_01 = 0.0f;
  float sum_02 = 0.0f;
  float sum_03 = 0.0f;
  float sum_10 = 0.0f;
  float sum_11 = 0.0f;
  float sum_12 = 0.0f;
  float sum_13 = 0.0f;
  float sum_20 = 0.0f;
  float sum_21 = 0.0f;
  float sum_22 = 0.0f;
  float sum_23 = 0.0f;
  float sum_30 = 0.0f;
  float sum_31 = 0.0f;
  float sum_32 = 0.0f;
  float sum_33 = 0.0f;
  float sum_40 = 0.0f;
  float sum_41 = 0.0f;
  float sum_42 = 0.0f;
  float sum_43 = 0.0f;
  float sum_50 = 0.0f;
  float sum_51 = 0.0f;
  float sum_52 = 0.0f;
  float sum_53 = 0.0f;
  float sum_60 = 0.0f;
  float sum_61 = 0.0f;
  float sum_62 = 0.0f;
  float sum_63 = 0.0f;
  float sum_70 = 0.0f;
  float sum_71 = 0.0f;
  float sum_72 = 0.0f;
  float sum_73 = 0.0f;
  float sum_00_1 = 0.0f;
  float sum_01_1 = 0.0f;
  float sum_02_1 = 0.0f;
  float sum_03_1 = 0.0f;
  float sum_10_1 = 0.0f;
  float sum_11_1 = 0.0f;
  float sum_12_1 = 0.0f;
  float sum_13_1 = 0.0f;
  float sum_20_1 = 0.0f;
  float sum_21_1 = 0.0f;
  float sum_22_1 = 0.0f;
  float sum_23_1 = 0.0f;
  float sum_30_1 = 0.0f;
  float sum_31_1 = 0.0f;
  float sum_32_1 = 0.0f;
  float sum_33_1 = 0.0f;
  float sum_40_1 = 0.0f;
  float sum_41_1 = 0.0f;
  float sum_42_1 = 0.0f;
  float sum_43_1 = 0.0f;
  float sum_50_1 = 0.0f;
  float sum_51_1 = 0.0f;
  float sum_52_1 = 0.0f;
  float sum_53_1 = 0.0f;
  float sum_60_1 = 0.0f;
  float sum_61_1 = 0.0f;
  float sum_62_1 = 0.0f;
  float sum_63_1 = 0.0f;
  float sum_70_1 = 0.0f;
  float sum_71_1 = 0.0f;
  float sum_72_1 = 0.0f;
  float sum_73_1 = 0.0f;
  const float2 pair_8 = unpack_half2(pair.x);                             // mma/chunks.py
  const float2 pair_9 = unpack_half2(pair.y);
  const float2 pair_10 = unpack_half2(pair_1.x);
  const float2 pair_11 = unpack_half2(pair_1.y);
  const float2 pair_12 = unpack_half2(pair_2.x);
  const float2 pair_13 = unpack_half2(pair_2.y);
  const float2 pair_14 = unpack_half2(pair_3.x);
  const float2 pair_15 = unpack_half2(pair_3.y);
  const unsigned got_0 = subgroup_shuffle_xor(upper ? words.x : words.z, 2u);  // mma/chunks.py
  const unsigned got_1 = subgroup_shuffle_xor(upper ? words.y : words.w, 2u);
  const unsigned low_0 = upper ? got_0 : words.x;                         // mma/chunks.py
  const unsigned low_1 = upper ? got_1 : words.y;
  const unsigned high_0 = upper ? words.z : got_0;                        // mma/chunks.py
  const unsigned high_1 = upper ? words.w : got_1;
  const unsigned other = subgroup_shuffle_xor(odd ? low_0 : low_1, 1u);   // mma/chunks.py
  const unsigned word = odd ? other : low_0;                              // mma/chunks.py
  const unsigned word_1 = odd ? low_1 : other;
  const unsigned other_1 = subgroup_shuffle_xor(odd ? high_0 : high_1, 1u);  // mma/chunks.py
  const unsigned word_2 = odd ? other_1 : high_0;                         // mma/chunks.py
  const unsigned word_3 = odd ? high_1 : other_1;
  const unsigned got_0_1 = subgroup_shuffle_xor(upper ? words_1.x : words_1.z, 2u);  // mma/chunks.py
  const unsigned got_1_1 = subgroup_shuffle_xor(upper ? words_1.y : words_1.w, 2u);
  const unsigned low_0_1 = upper ? got_0_1 : words_1.x;                   // mma/chunks.py
  const unsigned low_1_1 = upper ? got_1_1 : words_1.y;
  const unsigned high_0_1 = upper ? words_1.z : got_0_1;                  // mma/chunks.py
  const unsigned high_1_1 = upper ? words_1.w : got_1_1;
  const unsigned other_2 = subgroup_shuffle_xor(odd ? low_0_1 : low_1_1, 1u);  // mma/chunks.py
  const unsigned word_4 = odd ? other_2 : low_0_1;                        // mma/chunks.py
  const unsigned word_5 = odd ? low_1_1 : other_2;
  const unsigned other_3 = subgroup_shuffle_xor(odd ? high_0_1 : high_1_1, 1u);  // mma/chunks.py
  const unsigned word_6 = odd ? other_3 : high_0_1;                       // mma/chunks.py
  const unsigned word_7 = odd ? high_1_1 : other_3;
  const unsigned low = word & 0x0f0f0f0fu;                                // formats/nibbles.py
  const unsigned high = (word >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
  const unsigned low_2 = word_4 & 0x0f0f0f0fu;                            // formats/nibbles.py
  const unsigned high_2 = (word_4 >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint4 operand = make_uint4(low, low_2, high, high_2);             // mma/chunks.py
  const unsigned low_3 = word_1 & 0x0f0f0f0fu;                            // formats/nibbles.py
  const unsigned high_3 = (word_1 >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const unsigned low_4 = word_5 & 0x0f0f0f0fu;                            // formats/nibbles.py
  const unsigned high_4 = (word_5 >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint4 operand_1 = make_uint4(low_3, low_4, high_3, high_4);       // mma/chunks.py
  const unsigned low_5 = word_2 & 0x0f0f0f0fu;                            // formats/nibbles.py
  const unsigned high_5 = (word_2 >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const unsigned low_6 = word_6 & 0x0f0f0f0fu;                            // formats/nibbles.py
  const unsigned high_6 = (word_6 >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint4 operand_2 = make_uint4(low_5, low_6, high_5, high_6);       // mma/chunks.py
  const unsigned low_7 = word_3 & 0x0f0f0f0fu;                            // formats/nibbles.py
  const unsigned high_7 = (word_3 >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const unsigned low_8 = word_7 & 0x0f0f0f0fu;                            // formats/nibbles.py
  const unsigned high_8 = (word_7 >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint4 operand_3 = make_uint4(low_7, low_8, high_7, high_8);       // mma/chunks.py
  const unsigned got_0_2 = subgroup_shuffle_xor(upper ? words_2.x : words_2.z, 2u);  // mma/chunks.py
  const unsigned got_1_2 = subgroup_shuffle_xor(upper ? words_2.y : words_2.w, 2u);
  const unsigned low_0_2 = upper ? got_0_2 : words_2.x;                   // mma/chunks.py
  const unsigned low_1_2 = upper ? got_1_2 : words_2.y;
  const unsigned high_0_2 = upper ? words_2.z : got_0_2;                  // mma/chunks.py
  const unsigned high_1_2 = upper ? words_2.w : got_1_2;
  const unsigned other_4 = subgroup_shuffle_xor(odd ? low_0_2 : low_1_2, 1u);  // mma/chunks.py
  const unsigned word_8 = odd ? other_4 : low_0_2;                        // mma/chunks.py
  const unsigned word_9 = odd ? low_1_2 : other_4;
  const unsigned other_5 = subgroup_shuffle_xor(odd ? high_0_2 : high_1_2, 1u);  // mma/chunks.py
  const unsigned word_10 = odd ? other_5 : high_0_2;                      // mma/chunks.py
  const unsigned word_11 = odd ? high_1_2 : other_5;
  const unsigned got_0_3 = subgroup_shuffle_xor(upper ? words_3.x : words_3.z, 2u);  // mma/chunks.py
  const unsigned got_1_3 = subgroup_shuffle_xor(upper ? words_3.y : words_3.w, 2u);
  const unsigned low_0_3 = upper ? got_0_3 : words_3.x;                   // mma/chunks.py
  const unsigned low_1_3 = upper ? got_1_3 : words_3.y;
  const unsigned high_0_3 = upper ? words_3.z : got_0_3;                  // mma/chunks.py
  const unsigned high_1_3 = upper ? words_3.w : got_1_3;
  const unsigned other_6 = subgroup_shuffle_xor(odd ? low_0_3 : low_1_3, 1u);  // mma/chunks.py
  const unsigned word_12 = odd ? other_6 : low_0_3;                       // mma/chunks.py
  const unsigned word_13 = odd ? low_1_3 : other_6;
  const unsigned other_7 = subgroup_shuffle_xor(odd ? high_0_3 : high_1_3, 1u);  // mma/chunks.py
  const unsigned word_14 = odd ? other_7 : high_0_3;                      // mma/chunks.py
  const unsigned word_15 = odd ? high_1_3 : other_7;
  const unsigned low_9 = word_8 & 0x0f0f0f0fu;                            // formats/nibbles.py
  const unsigned high_9 = (word_8 >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const unsigned low_10 = word_12 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_10 = (word_12 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const uint4 operand_4 = make_uint4(low_9, low_10, high_9, high_10);     // mma/chunks.py
  const unsigned low_11 = word_9 & 0x0f0f0f0fu;                           // formats/nibbles.py
  const unsigned high_11 = (word_9 >> 4u) & 0x0f0f0f0fu;                  // formats/nibbles.py
  const unsigned low_12 = word_13 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_12 = (word_13 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const uint4 operand_5 = make_uint4(low_11, low_12, high_11, high_12);   // mma/chunks.py
  const unsigned low_13 = word_10 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_13 = (word_10 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const unsigned low_14 = word_14 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_14 = (word_14 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const uint4 operand_6 = make_uint4(low_13, low_14, high_13, high_14);   // mma/chunks.py
  const unsigned low_15 = word_11 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_15 = (word_11 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const unsigned low_16 = word_15 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_16 = (word_15 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const uint4 operand_7 = make_uint4(low_15, low_16, high_15, high_16);   // mma/chunks.py
  const uint4 codes = staged[group * 33u + staged_group];                 // mma/kernel.py
  const uint4 columns = row_factors[group * 4u + quarter];                // mma/kernel.py
  const float code_scale = __uint_as_float(columns.x);                    // mma/kernel.py
  const float code_scale_1 = __uint_as_float(columns.y);
  const int counts_0 = int(columns.z);                                    // mma/kernel.py
  const int counts_1 = int(columns.w);
  const int4 start = make_int4(counts_0, counts_1, counts_0, counts_1);   // mma/kernel.py
  const uint2 whole = make_uint2(codes.x, codes.y);
  const int4 t = make_int4(0, 0, 0, 0);                                   // mma/kernel.py
  const int4 products = mma_i8(operand, whole, t);
  const uint2 t_1 = make_uint2(codes.z, codes.w);                         // mma/kernel.py
  const int4 products_1 = mma_i8(operand, t_1, products * 256 + start);
  sum_00 += float(products_1.x) * (pair_8.x * code_scale);                // mma/kernel.py
  sum_01 += float(products_1.y) * (pair_8.x * code_scale_1);
  sum_02 += float(products_1.z) * (pair_10.x * code_scale);
  sum_03 += float(products_1.w) * (pair_10.x * code_scale_1);
  const int4 products_2 = mma_i8(operand_4, whole, t);                    // mma/kernel.py
  const int4 products_3 = mma_i8(operand_4, t_1, products_2 * 256 + start);  // mma/kernel.py
  sum_40 += float(products_3.x) * (pair_12.x * code_scale);               // mma/kernel.py
  sum_41 += float(products_3.y) * (pair_12.x * code_scale_1);
  sum_42 += float(products_3.z) * (pair_14.x * code_scale);
  sum_43 += float(products_3.w) * (pair_14.x * code_scale_1);
  const unsigned index_8 = group + 1u;                                    // mma/kernel.py
  const uint4 codes_1 = staged[index_8 * 33u + staged_group];
  const uint4 columns_1 = row_factors[index_8 * 4u + quarter];            // mma/kernel.py
  const float code_scale_2 = __uint_as_float(columns_1.x);                // mma/kernel.py
  const float code_scale_3 = __uint_as_float(columns_1.y);
  const int counts_0_1 = int(columns_1.z);                                // mma/kernel.py
  const int counts_1_1 = int(columns_1.w);
  const int4 start_1 = make_int4(counts_0_1, counts_1_1, counts_0_1, counts_1_1);  // mma/kernel.py
  const uint2 whole_1 = make_uint2(codes_1.x, codes_1.y);
  const int4 products_4 = mma_i8(operand_1, whole_1, t);                  // mma/kernel.py
  const uint2 t_2 = make_uint2(codes_1.z, codes_1.w);                     // mma/kernel.py
  const int4 products_5 = mma_i8(operand_1, t_2, products_4 * 256 + start_1);
  sum_10 += float(products_5.x) * (pair_8.y * code_scale_2);              // mma/kernel.py
  sum_11 += float(products_5.y) * (pair_8.y * code_scale_3);
  sum_12 += float(products_5.z) * (pair_10.y * code_scale_2);
  sum_13 += float(products_5.w) * (pair_10.y * code_scale_3);
  const int4 products_6 = mma_i8(operand_5, whole_1, t);                  // mma/kernel.py
  const int4 products_7 = mma_i8(operand_5, t_2, products_6 * 256 + start_1);  // mma/kernel.py
  sum_50 += float(products_7.x) * (pair_12.y * code_scale_2);             // mma/kernel.py
  sum_51 += float(products_7.y) * (pair_12.y * code_scale_3);
  sum_52 += float(products_7.z) * (pair_14.y * code_scale_2);
  sum_53 += float(products_7.w) * (pair_14.y * code_scale_3);
  const unsigned index_9 = group + 2u;                                    // mma/kernel.py
  const uint4 codes_2 = staged[index_9 * 33u + staged_group];
  const uint4 columns_2 = row_factors[index_9 * 4u + quarter];            // mma/kernel.py
  const float code_scale_4 = __uint_as_float(columns_2.x);                // mma/kernel.py
  const float code_scale_5 = __uint_as_float(columns_2.y);
  const int counts_0_2 = int(columns_2.z);                                // mma/kernel.py
  const int counts_1_2 = int(columns_2.w);
  const int4 start_2 = make_int4(counts_0_2, counts_1_2, counts_0_2, counts_1_2);  // mma/kernel.py
  const uint2 whole_2 = make_uint2(codes_2.x, codes_2.y);
  const int4 products_8 = mma_i8(operand_2, whole_2, t);                  // mma/kernel.py
  const uint2 t_3 = make_uint2(codes_2.z, codes_2.w);                     // mma/kernel.py
  const int4 products_9 = mma_i8(operand_2, t_3, products_8 * 256 + start_2);
  sum_20 += float(products_9.x) * (pair_9.x * code_scale_4);              // mma/kernel.py
  sum_21 += float(products_9.y) * (pair_9.x * code_scale_5);
  sum_22 += float(products_9.z) * (pair_11.x * code_scale_4);
  sum_23 += float(products_9.w) * (pair_11.x * code_scale_5);
  const int4 products_10 = mma_i8(operand_6, whole_2, t);                 // mma/kernel.py
  const int4 products_11 = mma_i8(operand_6, t_3, products_10 * 256 + start_2);  // mma/kernel.py
  sum_60 += float(products_11.x) * (pair_13.x * code_scale_4);            // mma/kernel.py
  sum_61 += float(products_11.y) * (pair_13.x * code_scale_5);
  sum_62 += float(products_11.z) * (pair_15.x * code_scale_4);
  sum_63 += float(products_11.w) * (pair_15.x * code_scale_5);
  const unsigned index_10 = group + 3u;                                   // mma/kernel.py
  const uint4 codes_3 = staged[index_10 * 33u + staged_group];
  const uint4 columns_3 = row_factors[index_10 * 4u + quarter];           // mma/kernel.py
  const float code_scale_6 = __uint_as_float(columns_3.x);                // mma/kernel.py
  const float code_scale_7 = __uint_as_float(columns_3.y);
  const int counts_0_3 = int(columns_3.z);                                // mma/kernel.py
  const int counts_1_3 = int(columns_3.w);
  const int4 start_3 = make_int4(counts_0_3, counts_1_3, counts_0_3, counts_1_3);  // mma/kernel.py
  const uint2 whole_3 = make_uint2(codes_3.x, codes_3.y);
  const int4 products_12 = mma_i8(operand_3, whole_3, t);                 // mma/kernel.py
  const uint2 t_4 = make_uint2(codes_3.z, codes_3.w);                     // mma/kernel.py
  const int4 products_13 = mma_i8(operand_3, t_4, products_12 * 256 + start_3);
  sum_30 += float(products_13.x) * (pair_9.y * code_scale_6);             // mma/kernel.py
  sum_31 += float(products_13.y) * (pair_9.y * code_scale_7);
  sum_32 += float(products_13.z) * (pair_11.y * code_scale_6);
  sum_33 += float(products_13.w) * (pair_11.y * code_scale_7);
  const int4 products_14 = mma_i8(operand_7, whole_3, t);                 // mma/kernel.py
  const int4 products_15 = mma_i8(operand_7, t_4, products_14 * 256 + start_3);  // mma/kernel.py
  sum_70 += float(products_15.x) * (pair_13.y * code_scale_6);            // mma/kernel.py
  sum_71 += float(products_15.y) * (pair_13.y * code_scale_7);
  sum_72 += float(products_15.z) * (pair_15.y * code_scale_6);
  sum_73 += float(products_15.w) * (pair_15.y * code_scale_7);
  const float2 pair_16 = unpack_half2(pair_4.x);                          // mma/chunks.py
  const float2 pair_17 = unpack_half2(pair_4.y);
  const float2 pair_18 = unpack_half2(pair_5.x);
  const float2 pair_19 = unpack_half2(pair_5.y);
  const float2 pair_20 = unpack_half2(pair_6.x);
  const float2 pair_21 = unpack_half2(pair_6.y);
  const float2 pair_22 = unpack_half2(pair_7.x);
  const float2 pair_23 = unpack_half2(pair_7.y);
  const unsigned got_0_4 = subgroup_shuffle_xor(upper ? words_4.x : words_4.z, 2u);  // mma/chunks.py
  const unsigned got_1_4 = subgroup_shuffle_xor(upper ? words_4.y : words_4.w, 2u);
  const unsigned low_0_4 = upper ? got_0_4 : words_4.x;                   // mma/chunks.py
  const unsigned low_1_4 = upper ? got_1_4 : words_4.y;
  const unsigned high_0_4 = upper ? words_4.z : got_0_4;                  // mma/chunks.py
  const unsigned high_1_4 = upper ? words_4.w : got_1_4;
  const unsigned other_8 = subgroup_shuffle_xor(odd ? low_0_4 : low_1_4, 1u);  // mma/chunks.py
  const unsigned word_16 = odd ? other_8 : low_0_4;                       // mma/chunks.py
  const unsigned word_17 = odd ? low_1_4 : other_8;
  const unsigned other_9 = subgroup_shuffle_xor(odd ? high_0_4 : high_1_4, 1u);  // mma/chunks.py
  const unsigned word_18 = odd ? other_9 : high_0_4;                      // mma/chunks.py
  const unsigned word_19 = odd ? high_1_4 : other_9;
  const unsigned got_0_5 = subgroup_shuffle_xor(upper ? words_5.x : words_5.z, 2u);  // mma/chunks.py
  const unsigned got_1_5 = subgroup_shuffle_xor(upper ? words_5.y : words_5.w, 2u);
  const unsigned low_0_5 = upper ? got_0_5 : words_5.x;                   // mma/chunks.py
  const unsigned low_1_5 = upper ? got_1_5 : words_5.y;
  const unsigned high_0_5 = upper ? words_5.z : got_0_5;                  // mma/chunks.py
  const unsigned high_1_5 = upper ? words_5.w : got_1_5;
  const unsigned other_10 = subgroup_shuffle_xor(odd ? low_0_5 : low_1_5, 1u);  // mma/chunks.py
  const unsigned word_20 = odd ? other_10 : low_0_5;                      // mma/chunks.py
  const unsigned word_21 = odd ? low_1_5 : other_10;
  const unsigned other_11 = subgroup_shuffle_xor(odd ? high_0_5 : high_1_5, 1u);  // mma/chunks.py
  const unsigned word_22 = odd ? other_11 : high_0_5;                     // mma/chunks.py
  const unsigned word_23 = odd ? high_1_5 : other_11;
  const unsigned low_17 = word_16 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_17 = (word_16 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const unsigned low_18 = word_20 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_18 = (word_20 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const uint4 operand_8 = make_uint4(low_17, low_18, high_17, high_18);   // mma/chunks.py
  const unsigned low_19 = word_17 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_19 = (word_17 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const unsigned low_20 = word_21 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_20 = (word_21 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const uint4 operand_9 = make_uint4(low_19, low_20, high_19, high_20);   // mma/chunks.py
  const unsigned low_21 = word_18 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_21 = (word_18 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const unsigned low_22 = word_22 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_22 = (word_22 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const uint4 operand_10 = make_uint4(low_21, low_22, high_21, high_22);  // mma/chunks.py
  const unsigned low_23 = word_19 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_23 = (word_19 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const unsigned low_24 = word_23 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_24 = (word_23 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const uint4 operand_11 = make_uint4(low_23, low_24, high_23, high_24);  // mma/chunks.py
  const unsigned got_0_6 = subgroup_shuffle_xor(upper ? words_6.x : words_6.z, 2u);  // mma/chunks.py
  const unsigned got_1_6 = subgroup_shuffle_xor(upper ? words_6.y : words_6.w, 2u);
  const unsigned low_0_6 = upper ? got_0_6 : words_6.x;                   // mma/chunks.py
  const unsigned low_1_6 = upper ? got_1_6 : words_6.y;
  const unsigned high_0_6 = upper ? words_6.z : got_0_6;                  // mma/chunks.py
  const unsigned high_1_6 = upper ? words_6.w : got_1_6;
  const unsigned other_12 = subgroup_shuffle_xor(odd ? low_0_6 : low_1_6, 1u);  // mma/chunks.py
  const unsigned word_24 = odd ? other_12 : low_0_6;                      // mma/chunks.py
  const unsigned word_25 = odd ? low_1_6 : other_12;
  const unsigned other_13 = subgroup_shuffle_xor(odd ? high_0_6 : high_1_6, 1u);  // mma/chunks.py
  const unsigned word_26 = odd ? other_13 : high_0_6;                     // mma/chunks.py
  const unsigned word_27 = odd ? high_1_6 : other_13;
  const unsigned got_0_7 = subgroup_shuffle_xor(upper ? words_7.x : words_7.z, 2u);  // mma/chunks.py
  const unsigned got_1_7 = subgroup_shuffle_xor(upper ? words_7.y : words_7.w, 2u);
  const unsigned low_0_7 = upper ? got_0_7 : words_7.x;                   // mma/chunks.py
  const unsigned low_1_7 = upper ? got_1_7 : words_7.y;
  const unsigned high_0_7 = upper ? words_7.z : got_0_7;                  // mma/chunks.py
  const unsigned high_1_7 = upper ? words_7.w : got_1_7;
  const unsigned other_14 = subgroup_shuffle_xor(odd ? low_0_7 : low_1_7, 1u);  // mma/chunks.py
  const unsigned word_28 = odd ? other_14 : low_0_7;                      // mma/chunks.py
  const unsigned word_29 = odd ? low_1_7 : other_14;
  const unsigned other_15 = subgroup_shuffle_xor(odd ? high_0_7 : high_1_7, 1u);  // mma/chunks.py
  const unsigned word_30 = odd ? other_15 : high_0_7;                     // mma/chunks.py
  const unsigned word_31 = odd ? high_1_7 : other_15;
  const unsigned low_25 = word_24 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_25 = (word_24 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const unsigned low_26 = word_28 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_26 = (word_28 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const uint4 operand_12 = make_uint4(low_25, low_26, high_25, high_26);  // mma/chunks.py
  const unsigned low_27 = word_25 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_27 = (word_25 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const unsigned low_28 = word_29 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_28 = (word_29 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const uint4 operand_13 = make_uint4(low_27, low_28, high_27, high_28);  // mma/chunks.py
  const unsigned low_29 = word_26 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_29 = (word_26 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const unsigned low_30 = word_30 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_30 = (word_30 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const uint4 operand_14 = make_uint4(low_29, low_30, high_29, high_30);  // mma/chunks.py
  const unsigned low_31 = word_27 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_31 = (word_27 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const unsigned low_32 = word_31 & 0x0f0f0f0fu;                          // formats/nibbles.py
  const unsigned high_32 = (word_31 >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
  const uint4 operand_15 = make_uint4(low_31, low_32, high_31, high_32);  // mma/chunks.py
  const unsigned place = (split + 4u) * 4u;                               // mma/staging.py
  const uint4 codes_4 = staged[place * 33u + staged_group];               // mma/kernel.py
  const uint4 columns_4 = row_factors[place * 4u + quarter];              // mma/kernel.py
  const float code_scale_8 = __uint_as_float(columns_4.x);                // mma/kernel.py
  const float code_scale_9 = __uint_as_float(columns_4.y);
  const int counts_0_4 = int(columns_4.z);                                // mma/kernel.py
  const int counts_1_4 = int(columns_4.w);
  const int4 start_4 = make_int4(counts_0_4, counts_1_4, counts_0_4, counts_1_4);  // mma/kernel.py
  const uint2 whole_4 = make_uint2(codes_4.x, codes_4.y);
  const int4 products_16 = mma_i8(operand_8, whole_4, t);                 // mma/kernel.py
  const uint2 t_5 = make_uint2(codes_4.z, codes_4.w);                     // mma/kernel.py
  const int4 products_17 = mma_i8(operand_8, t_5, products_16 * 256 + start_4);
  sum_00_1 += float(products_17.x) * (pair_16.x * code_scale_8);          // mma/kernel.py
  sum_01_1 += float(products_17.y) * (pair_16.x * code_scale_9);
  sum_02_1 += float(products_17.z) * (pair_18.x * code_scale_8);
  sum_03_1 += float(products_17.w) * (pair_18.x * code_scale_9);
  const int4 products_18 = mma_i8(operand_12, whole_4, t);                // mma/kernel.py
  const int4 products_19 = mma_i8(operand_12, t_5, products_18 * 256 + start_4);  // mma/kernel.py
  sum_40_1 += float(products_19.x) * (pair_20.x * code_scale_8);          // mma/kernel.py
  sum_41_1 += float(products_19.y) * (pair_20.x * code_scale_9);
  sum_42_1 += float(products_19.z) * (pair_22.x * code_scale_8);
  sum_43_1 += float(products_19.w) * (pair_22.x * code_scale_9);
  const unsigned index_11 = place + 1u;                                   // mma/kernel.py
  const uint4 codes_5 = staged[index_11 * 33u + staged_group];
  const uint4 columns_5 = row_factors[index_11 * 4u + quarter];           // mma/kernel.py
  const float code_scale_10 = __uint_as_float(columns_5.x);               // mma/kernel.py
  const float code_scale_11 = __uint_as_float(columns_5.y);
  const int counts_0_5 = int(columns_5.z);                                // mma/kernel.py
  const int counts_1_5 = int(columns_5.w);
  const int4 start_5 = make_int4(counts_0_5, counts_1_5, counts_0_5, counts_1_5);  // mma/kernel.py
  const uint2 whole_5 = make_uint2(codes_5.x, codes_5.y);
  const int4 products_20 = mma_i8(operand_9, whole_5, t);                 // mma/kernel.py
  const uint2 t_6 = make_uint2(codes_5.z, codes_5.w);                     // mma/kernel.py
  const int4 products_21 = mma_i8(operand_9, t_6, products_20 * 256 + start_5);
  sum_10_1 += float(products_21.x) * (pair_16.y * code_scale_10);         // mma/kernel.py
  sum_11_1 += float(products_21.y) * (pair_16.y * code_scale_11);
  sum_12_1 += float(products_21.z) * (pair_18.y * code_scale_10);
  sum_13_1 += float(products_21.w) * (pair_18.y * code_scale_11);
  const int4 products_22 = mma_i8(operand_13, whole_5, t);                // mma/kernel.py
  const int4 products_23 = mma_i8(operand_13, t_6, products_22 * 256 + start_5);  // mma/kernel.py
  sum_50_1 += float(products_23.x) * (pair_20.y * code_scale_10);         // mma/kernel.py
  sum_51_1 += float(products_23.y) * (pair_20.y * code_scale_11);
  sum_52_1 += float(products_23.z) * (pair_22.y * code_scale_10);
  sum_53_1 += float(products_23.w) * (pair_22.y * code_scale_11);
  const unsigned index_12 = place + 2u;                                   // mma/kernel.py
  const uint4 codes_6 = staged[index_12 * 33u + staged_group];
  const uint4 columns_6 = row_factors[index_12 * 4u + quarter];           // mma/kernel.py
  const float code_scale_12 = __uint_as_float(columns_6.x);               // mma/kernel.py
  const float code_scale_13 = __uint_as_float(columns_6.y);
  const int counts_0_6 = int(columns_6.z);                                // mma/kernel.py
  const int counts_1_6 = int(columns_6.w);
  const int4 start_6 = make_int4(counts_0_6, counts_1_6, counts_0_6, counts_1_6);  // mma/kernel.py
  const uint2 whole_6 = make_uint2(codes_6.x, codes_6.y);
  const int4 products_24 = mma_i8(operand_10, whole_6, t);                // mma/kernel.py
  const uint2 t_7 = make_uint2(codes_6.z, codes_6.w);                     // mma/kernel.py
  const int4 products_25 = mma_i8(operand_10, t_7, products_24 * 256 + start_6);
  sum_20_1 += float(products_25.x) * (pair_17.x * code_scale_12);         // mma/kernel.py
  sum_21_1 += float(products_25.y) * (pair_17.x * code_scale_13);
  sum_22_1 += float(products_25.z) * (pair_19.x * code_scale_12);
  sum_23_1 += float(products_25.w) * (pair_19.x * code_scale_13);
  const int4 products_26 = mma_i8(operand_14, whole_6, t);                // mma/kernel.py
  const int4 products_27 = mma_i8(operand_14, t_7, products_26 * 256 + start_6);  // mma/kernel.py
  sum_60_1 += float(products_27.x) * (pair_21.x * code_scale_12);         // mma/kernel.py
  sum_61_1 += float(products_27.y) * (pair_21.x * code_scale_13);
  sum_62_1 += float(products_27.z) * (pair_23.x * code_scale_12);
  sum_63_1 += float(products_27.w) * (pair_23.x * code_scale_13);
  const unsigned index_13 = place + 3u;                                   // mma/kernel.py
  const uint4 codes_7 = staged[index_13 * 33u + staged_group];
  const uint4 columns_7 = row_factors[index_13 * 4u + quarter];           // mma/kernel.py
  const float code_scale_14 = __uint_as_float(columns_7.x);               // mma/kernel.py
  const float code_scale_15 = __uint_as_float(columns_7.y);
  const int counts_0_7 = int(columns_7.z);                                // mma/kernel.py
  const int counts_1_7 = int(columns_7.w);
  const int4 start_7 = make_int4(counts_0_7, counts_1_7, counts_0_7, counts_1_7);  // mma/kernel.py
  const uint2 whole_7 = make_uint2(codes_7.x, codes_7.y);
  const int4 products_28 = mma_i8(operand_11, whole_7, t);                // mma/kernel.py
  const uint2 t_8 = make_uint2(codes_7.z, codes_7.w);                     // mma/kernel.py
  const int4 products_29 = mma_i8(operand_11, t_8, products_28 * 256 + start_7);
  sum_30_1 += float(products_29.x) * (pair_17.y * code_scale_14);         // mma/kernel.py
  sum_31_1 += float(products_29.y) * (pair_17.y * code_scale_15);
  sum_32_1 += float(products_29.z) * (pair_19.y * code_scale_14);
  sum_33_1 += float(products_29.w) * (pair_19.y * code_scale_15);
  const int4 products_30 = mma_i8(operand_15, whole_7, t);                // mma/kernel.py
  const int4 products_31 = mma_i8(operand_15, t_8, products_30 * 256 + start_7);  // mma/kernel.py
  sum_70_1 += float(products_31.x) * (pair_21.y * code_scale_14);         // mma/kernel.py
  sum_71_1 += float(products_31.y) * (pair_21.y * code_scale_15);
  sum_72_1 += float(products_31.z) * (pair_23.y * code_scale_14);
  const float scaled = float(products_31.w) * (pair_23.y * code_scale_15);  // int8/parts.py
  sum_73_1 += scaled;                                                     // mma/kernel.py
  __syncthreads();                                                        // mma/kernel.py
  const unsigned number = tile * 2u;                                      // mma/kernel.py
  const unsigned first = (number * 4u + split) * 128u;                    // mma/kernel.py
  const float4 cell_4 = make_float4(sum_00 + sum_00_1, sum_10 + sum_10_1, sum_20 + sum_20_1,
      sum_30 + sum_30_1);                                                 // mma/kernel.py
  staged[first + staged_group] = as_uint4(cell_4);                        // mma/kernel.py
  const float4 cell_5 = make_float4(sum_01 + sum_01_1, sum_11 + sum_11_1, sum_21 + sum_21_1,
      sum_31 + sum_31_1);                                                 // mma/kernel.py
  staged[first + 32u + staged_group] = as_uint4(cell_5);                  // mma/kernel.py
  const float4 cell_6 = make_float4(sum_02 + sum_02_1, sum_12 + sum_12_1, sum_22 + sum_22_1,
      sum_32 + sum_32_1);                                                 // mma/kernel.py
  staged[first + 64u + staged_group] = as_uint4(cell_6);                  // mma/kernel.py
  const float4 cell_7 = make_float4(sum_03 + sum_03_1, sum_13 + sum_13_1, sum_23 + sum_23_1,
      sum_33 + sum_33_1);                                                 // mma/kernel.py
  staged[first + 96u + staged_group] = as_uint4(cell_7);                  // mma/kernel.py
  const unsigned number_1 = number + 1u;                                  // mma/kernel.py
  const unsigned first_1 = (number_1 * 4u + split) * 128u;                // mma/kernel.py
  const float4 cell_8 = make_float4(sum_40 + sum_40_1, sum_50 + sum_50_1, sum_60 + sum_60_1,
      sum_70 + sum_70_1);                                                 // mma/kernel.py
  staged[first_1 + staged_group] = as_uint4(cell_8);                      // mma/kernel.py
  const float4 cell_9 = make_float4(sum_41 + sum_41_1, sum_51 + sum_51_1, sum_61 + sum_61_1,
      sum_71 + sum_71_1);                                                 // mma/kernel.py
  staged[first_1 + 32u + staged_group] = as_uint4(cell_9);                // mma/kernel.py
  const float4 cell_10 = make_float4(sum_42 + sum_42_1, sum_52 + sum_52_1, sum_62 + sum_62_1,
      sum_72 + sum_72_1);                                                 // mma/kernel.py
  staged[first_1 + 64u + staged_group] = as_uint4(cell_10);               // mma/kernel.py
  const float4 cell_11 = make_float4(sum_43 + sum_43_1, sum_53 + sum_53_1, sum_63 + sum_63_1,
      sum_73 + sum_73_1);                                                 // mma/kernel.py
  staged[first_1 + 96u + staged_group] = as_uint4(cell_11);               // mma/kernel.py
  __syncthreads();                                                        // mma/kernel.py
  for (unsigned cell_12 = threadIdx.x; cell_12 < 512u; cell_12 += 256u) {  // parts/distribute.py
    const unsigned place_1 = cell_12 % 128u;                              // mma/kernel.py
    const unsigned lane = cell_12 % 32u;
    const unsigned tile_1 = cell_12 / 128u;
    const unsigned first_2 = tile_1 * 4u;                                 // mma/kernel.py
    const uint4 cell_13 = staged[first_2 * 128u + place_1];               // mma/kernel.py
    const uint4 cell_14 = staged[(first_2 + 1u) * 128u + place_1];
    const unsigned index_14 = (first_2 + 2u) * 128u;
    const float4 left = as_float4(cell_13) + as_float4(staged[index_14 + place_1])
        + (as_float4(cell_14) + as_float4(staged[(first_2 + 3u) * 128u + place_1]));  // mma/kernel.py
    const float total_1 = left.x + left.z + (left.y + left.w);            // mma/kernel.py
    const unsigned e = place_1 / 32u;                                     // mma/kernel.py
    const unsigned row_2 = tile_1 * 16u + e / 2u * 8u + lane / 4u;        // mma/kernel.py
    const unsigned column = (lane % 4u) * 2u + e % 2u;                    // mma/kernel.py
    if (column < 4u) {                                                    // mma/kernel.py
      row_sums[column * 65u + row_2] = total_1;                           // mma/kernel.py
    }
  }
  __syncthreads();                                                        // several/int8_rows.py
  const unsigned row_2 = threadIdx.x / 64u;                               // several/int8_rows.py
  const unsigned result = threadIdx.x % 64u;
  const unsigned first_2 = index + result;                                // several/int8_rows.py
  if (row_2 < step->seq && first_2 < 64u) {                               // several/int8_rows.py
    out[row_2 * 64u + first_2] = row_sums[row_2 * 65u + result]
        * rsqrtf(row_squares[row_2] * 0.0009765625f + 1e-5f);             // epilogues/coded.py
  }
}
