// matmul_q4_qkv_128x64

__device__ inline float4 splat_float4(float a) {
  return make_float4(a, a, a, a);
}

__device__ inline float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

__device__ inline float4 operator+(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}

__device__ inline float4& operator+=(float4& a, float4 b) {
  return a = a + b;
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

__device__ inline unsigned pack_half2(float2 pair) {
  unsigned word;
#if __CUDA_ARCH__ >= 800
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(pair.y), "f"(pair.x));
#else
  asm("{ .reg .b16 low, high;"
      "  cvt.rn.f16.f32 low, %1;"
      "  cvt.rn.f16.f32 high, %2;"
      "  mov.b32 %0, {low, high}; }"
      : "=r"(word) : "f"(pair.x), "f"(pair.y));
#endif
  return word;
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

extern "C" __global__ void __launch_bounds__(64) matmul_q4_qkv_128x64(
  const float4* x,
  const unsigned* __restrict__ quants,
  const unsigned* __restrict__ scales,
  float2* __restrict__ q,
  unsigned* __restrict__ k_cache,
  unsigned* __restrict__ v_cache,
  const Step* __restrict__ step
) {
  __shared__ float4 tile[512];
  inputs_ready();
  const unsigned index = blockIdx.x * 64u;                                // linear/matmul_tiled.py
  const unsigned index_1 = blockIdx.y * 64u;                              // linear/matmul_tiled.py
  const unsigned inside = threadIdx.x % 32u;                              // linear/matmul_registers.py
  const unsigned line = inside / 16u * 2u + inside % 2u;                  // linear/matmul_registers.py
  const unsigned column = inside / 2u % 8u;                               // linear/matmul_registers.py
  const unsigned row = threadIdx.x / 32u * 4u + line;                     // linear/matmul_registers.py
  float4 sum_00_0 = splat_float4(0.0f);                                   // linear/matmul_tiled.py
  float4 sum_00_1 = splat_float4(0.0f);
  float4 sum_00_2 = splat_float4(0.0f);
  float4 sum_00_3 = splat_float4(0.0f);
  float4 sum_01_0 = splat_float4(0.0f);
  float4 sum_01_1 = splat_float4(0.0f);
  float4 sum_01_2 = splat_float4(0.0f);
  float4 sum_01_3 = splat_float4(0.0f);
  float4 sum_10_0 = splat_float4(0.0f);
  float4 sum_10_1 = splat_float4(0.0f);
  float4 sum_10_2 = splat_float4(0.0f);
  float4 sum_10_3 = splat_float4(0.0f);
  float4 sum_11_0 = splat_float4(0.0f);
  float4 sum_11_1 = splat_float4(0.0f);
  float4 sum_11_2 = splat_float4(0.0f);
  float4 sum_11_3 = splat_float4(0.0f);
  const bool more = index_1 + 32u < step->seq;                            // linear/matmul_registers.py
  if (more) {                                                             // linear/matmul_registers.py
    const unsigned block = threadIdx.x / 4u;                              // linear/operands.py
    const unsigned unit = threadIdx.x % 4u;                               // linear/operands.py
    const unsigned first = block * 4u;                                    // linear/operands.py
    const unsigned index_2 = step->seq - 1u;                              // linear/operands.py
    const unsigned row_1 = min(index_1 + first, index_2);
    const unsigned row_2 = min(index_1 + first + 1u, index_2);
    const unsigned row_3 = min(index_1 + first + 2u, index_2);
    const unsigned row_4 = min(index_1 + first + 3u, index_2);
    const unsigned index_3 = row_1 * 16u;                                 // linear/buffers.py
    float4 loaded = x[unit + index_3];                                    // linear/operands.py
    const unsigned index_4 = row_2 * 16u;                                 // linear/buffers.py
    float4 loaded_1 = x[unit + index_4];                                  // linear/operands.py
    const unsigned index_5 = row_3 * 16u;                                 // linear/buffers.py
    float4 loaded_2 = x[unit + index_5];                                  // linear/operands.py
    const unsigned index_6 = row_4 * 16u;                                 // linear/buffers.py
    float4 loaded_3 = x[unit + index_6];                                  // linear/operands.py
    const unsigned inside_1 = min(threadIdx.x, 31u);                      // linear/operands.py
    const unsigned block_1 = inside_1 / 2u;                               // linear/operands.py
    const unsigned unit_1 = inside_1 % 2u;                                // linear/operands.py
    const unsigned first_1 = block_1 * 4u;                                // linear/operands.py
    const unsigned row_5 = index + first_1;                               // linear/operands.py
    const unsigned row_6 = row_5 * 2u;                                    // linear/operands.py
    const unsigned row_7 = index + first_1 + 1u;                          // linear/operands.py
    const unsigned row_8 = row_7 * 2u;                                    // linear/operands.py
    const unsigned row_9 = index + first_1 + 2u;                          // linear/operands.py
    const unsigned row_10 = row_9 * 2u;                                   // linear/operands.py
    const unsigned row_11 = index + first_1 + 3u;                         // linear/operands.py
    const unsigned row_12 = row_11 * 2u;                                  // linear/operands.py
    const unsigned words = quants[row_6 * 4u + unit_1];                   // linear/operands.py
    unsigned loaded_4 = words;                                            // linear/operands.py
    unsigned loaded_5 = scales[row_6 >> 1u];
    const unsigned words_1 = quants[row_8 * 4u + unit_1];                 // linear/operands.py
    unsigned loaded_6 = words_1;                                          // linear/operands.py
    unsigned loaded_7 = scales[row_8 >> 1u];
    const unsigned words_2 = quants[row_10 * 4u + unit_1];                // linear/operands.py
    unsigned loaded_8 = words_2;                                          // linear/operands.py
    unsigned loaded_9 = scales[row_10 >> 1u];
    const unsigned words_3 = quants[row_12 * 4u + unit_1];                // linear/operands.py
    unsigned loaded_10 = words_3;                                         // linear/operands.py
    unsigned loaded_11 = scales[row_12 >> 1u];
    for (unsigned group = 0u; group < 4u; group++) {                      // linear/matmul_tiled.py
      const float4 line_1 = loaded;                                       // linear/operands.py
      const float4 line_2 = loaded_1;
      const float4 line_3 = loaded_2;
      const float4 line_4 = loaded_3;
      const unsigned row_13 = block / 8u * 32u + block % 8u;              // parts/staged_rows.py
      const unsigned place = row_13 * 4u + ((block / 2u % 4u) ^ unit);    // parts/staged_rows.py
      const float4 column_1 = make_float4(line_1.x, line_2.x, line_3.x, line_4.x);  // parts/staged_rows.py
      tile[place] = column_1;                                             // parts/staged_rows.py
      const float4 column_2 = make_float4(line_1.y, line_2.y, line_3.y, line_4.y);  // parts/staged_rows.py
      tile[place + 32u] = column_2;                                       // parts/staged_rows.py
      const float4 column_3 = make_float4(line_1.z, line_2.z, line_3.z, line_4.z);  // parts/staged_rows.py
      tile[place + 64u] = column_3;                                       // parts/staged_rows.py
      const float4 column_4 = make_float4(line_1.w, line_2.w, line_3.w, line_4.w);  // parts/staged_rows.py
      tile[place + 96u] = column_4;                                       // parts/staged_rows.py
      if (threadIdx.x < 32u) {                                            // linear/operands.py
        const unsigned word = loaded_4;                                   // linear/operands.py
        const float4 low = u8x4_to_float4(word & 0x0f0f0f0fu, 8.0f);      // formats/nibbles.py
        const float4 high = u8x4_to_float4((word >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
        const unsigned group_1 = group / 2u;                              // linear/operands.py
        const float2 pair = unpack_half2(loaded_5);                       // parts/packed_rows.py
        const float4 factor = splat_float4(((row_6 + group_1) & 1u) == 1u ? pair.y : pair.x);  // linear/operands.py
        const float4 line_0 = low * factor;                               // linear/operands.py
        const float4 line_1_1 = high * factor;
        const unsigned word_1 = loaded_6;                                 // linear/operands.py
        const float4 low_1 = u8x4_to_float4(word_1 & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
        const float4 high_1 = u8x4_to_float4((word_1 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
        const float2 pair_1 = unpack_half2(loaded_7);                     // parts/packed_rows.py
        const float4 factor_1 = splat_float4(((row_8 + group_1) & 1u)
            == 1u ? pair_1.y : pair_1.x);                                 // linear/operands.py
        const float4 line_0_1 = low_1 * factor_1;                         // linear/operands.py
        const float4 line_1_2 = high_1 * factor_1;
        const unsigned word_2 = loaded_8;                                 // linear/operands.py
        const float4 low_2 = u8x4_to_float4(word_2 & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
        const float4 high_2 = u8x4_to_float4((word_2 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
        const float2 pair_2 = unpack_half2(loaded_9);                     // parts/packed_rows.py
        const float4 factor_2 = splat_float4(((row_10 + group_1) & 1u)
            == 1u ? pair_2.y : pair_2.x);                                 // linear/operands.py
        const float4 line_0_2 = low_2 * factor_2;                         // linear/operands.py
        const float4 line_1_3 = high_2 * factor_2;
        const unsigned word_3 = loaded_10;                                // linear/operands.py
        const float4 low_3 = u8x4_to_float4(word_3 & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
        const float4 high_3 = u8x4_to_float4((word_3 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
        const float2 pair_3 = unpack_half2(loaded_11);                    // parts/packed_rows.py
        const float4 factor_3 = splat_float4(((row_12 + group_1) & 1u)
            == 1u ? pair_3.y : pair_3.x);                                 // linear/operands.py
        const float4 line_0_3 = low_3 * factor_3;                         // linear/operands.py
        const float4 line_1_4 = high_3 * factor_3;
        const unsigned cell = unit_1 * 2u;                                // linear/operands.py
        const unsigned turn = block_1 / 2u % 4u;                          // parts/staged_rows.py
        const unsigned row_14 = block_1 / 8u * 32u + block_1 % 8u;        // parts/staged_rows.py
        const unsigned index_7 = row_14 * 4u;                             // parts/staged_rows.py
        const unsigned place_1 = index_7 + (turn ^ cell);
        const float4 column_5 = make_float4(line_0.x, line_0_1.x, line_0_2.x, line_0_3.x);  // parts/staged_rows.py
        tile[place_1 + 256u] = column_5;                                  // parts/staged_rows.py
        const float4 column_6 = make_float4(line_0.y, line_0_1.y, line_0_2.y, line_0_3.y);  // parts/staged_rows.py
        tile[place_1 + 288u] = column_6;                                  // parts/staged_rows.py
        const float4 column_7 = make_float4(line_0.z, line_0_1.z, line_0_2.z, line_0_3.z);  // parts/staged_rows.py
        tile[place_1 + 320u] = column_7;                                  // parts/staged_rows.py
        const float4 column_8 = make_float4(line_0.w, line_0_1.w, line_0_2.w, line_0_3.w);  // parts/staged_rows.py
        tile[place_1 + 352u] = column_8;                                  // parts/staged_rows.py
        const unsigned inside_2 = cell + 1u;                              // parts/staged_rows.py
        const unsigned place_2 = index_7 + (turn ^ inside_2);             // parts/staged_rows.py
        const float4 column_9 = make_float4(line_1_1.x, line_1_2.x, line_1_3.x, line_1_4.x);  // parts/staged_rows.py
        tile[place_2 + 256u] = column_9;                                  // parts/staged_rows.py
        const float4 column_10 = make_float4(line_1_1.y, line_1_2.y, line_1_3.y, line_1_4.y);  // parts/staged_rows.py
        tile[place_2 + 288u] = column_10;                                 // parts/staged_rows.py
        const float4 column_11 = make_float4(line_1_1.z, line_1_2.z, line_1_3.z, line_1_4.z);  // parts/staged_rows.py
        tile[place_2 + 320u] = column_11;                                 // parts/staged_rows.py
        const float4 column_12 = make_float4(line_1_1.w, line_1_2.w, line_1_3.w, line_1_4.w);  // parts/staged_rows.py
        tile[place_2 + 352u] = column_12;                                 // parts/staged_rows.py
      }
      __syncthreads();                                                    // linear/matmul_tiled.py
      const unsigned step_1 = min(group + 1u, 3u);                        // linear/matmul_tiled.py
      const unsigned first_2 = step_1 * 4u + unit;                        // linear/operands.py
      loaded = x[first_2 + index_3];                                      // linear/operands.py
      loaded_1 = x[first_2 + index_4];
      loaded_2 = x[first_2 + index_5];
      loaded_3 = x[first_2 + index_6];
      const unsigned group_1 = step_1 / 2u;                               // linear/operands.py
      const unsigned at = row_6 + group_1;                                // linear/operands.py
      const unsigned inside_2 = (step_1 % 2u) * 2u + unit_1;
      const unsigned words_4 = quants[at * 4u + inside_2];                // linear/operands.py
      loaded_4 = words_4;                                                 // linear/operands.py
      loaded_5 = scales[at >> 1u];
      const unsigned at_1 = row_8 + group_1;                              // linear/operands.py
      const unsigned words_5 = quants[at_1 * 4u + inside_2];              // linear/operands.py
      loaded_6 = words_5;                                                 // linear/operands.py
      loaded_7 = scales[at_1 >> 1u];
      const unsigned at_2 = row_10 + group_1;                             // linear/operands.py
      const unsigned words_6 = quants[at_2 * 4u + inside_2];              // linear/operands.py
      loaded_8 = words_6;                                                 // linear/operands.py
      loaded_9 = scales[at_2 >> 1u];
      const unsigned at_3 = row_12 + group_1;                             // linear/operands.py
      const unsigned words_7 = quants[at_3 * 4u + inside_2];              // linear/operands.py
      loaded_10 = words_7;                                                // linear/operands.py
      loaded_11 = scales[at_3 >> 1u];
      const unsigned index_7 = row * 4u;                                  // parts/staged_rows.py
      const unsigned index_8 = row / 2u % 4u;                             // parts/staged_rows.py
      const unsigned place_1 = index_7 + index_8;                         // parts/staged_rows.py
      const float4 x_0 = tile[place_1];                                   // parts/staged_rows.py
      const float4 x_1 = tile[place_1 + 32u];
      const float4 x_2 = tile[place_1 + 64u];
      const float4 x_3 = tile[place_1 + 96u];
      const float4 x_0_1 = tile[place_1 + 128u];
      const float4 x_1_1 = tile[place_1 + 160u];
      const float4 x_2_1 = tile[place_1 + 192u];
      const float4 x_3_1 = tile[place_1 + 224u];
      const unsigned index_9 = column * 4u;                               // parts/staged_rows.py
      const unsigned index_10 = column / 2u % 4u;                         // parts/staged_rows.py
      const unsigned place_2 = index_9 + index_10;                        // parts/staged_rows.py
      const float4 w_0 = tile[place_2 + 256u];                            // parts/staged_rows.py
      const float4 w_1 = tile[place_2 + 288u];
      const float4 w_2 = tile[place_2 + 320u];
      const float4 w_3 = tile[place_2 + 352u];
      const float4 factor = splat_float4(x_0.x);                          // linear/matmul_registers.py
      sum_00_0 += w_0 * factor;
      const float4 factor_1 = splat_float4(x_0.y);
      sum_00_1 += w_0 * factor_1;
      const float4 factor_2 = splat_float4(x_0.z);
      sum_00_2 += w_0 * factor_2;
      const float4 factor_3 = splat_float4(x_0.w);
      sum_00_3 += w_0 * factor_3;
      const float4 factor_4 = splat_float4(x_1.x);
      sum_00_0 += w_1 * factor_4;
      const float4 factor_5 = splat_float4(x_1.y);
      sum_00_1 += w_1 * factor_5;
      const float4 factor_6 = splat_float4(x_1.z);
      sum_00_2 += w_1 * factor_6;
      const float4 factor_7 = splat_float4(x_1.w);
      sum_00_3 += w_1 * factor_7;
      const float4 factor_8 = splat_float4(x_2.x);
      sum_00_0 += w_2 * factor_8;
      const float4 factor_9 = splat_float4(x_2.y);
      sum_00_1 += w_2 * factor_9;
      const float4 factor_10 = splat_float4(x_2.z);
      sum_00_2 += w_2 * factor_10;
      const float4 factor_11 = splat_float4(x_2.w);
      sum_00_3 += w_2 * factor_11;
      const float4 factor_12 = splat_float4(x_3.x);
      sum_00_0 += w_3 * factor_12;
      const float4 factor_13 = splat_float4(x_3.y);
      sum_00_1 += w_3 * factor_13;
      const float4 factor_14 = splat_float4(x_3.z);
      sum_00_2 += w_3 * factor_14;
      const float4 factor_15 = splat_float4(x_3.w);
      sum_00_3 += w_3 * factor_15;
      const float4 factor_16 = splat_float4(x_0_1.x);
      sum_10_0 += w_0 * factor_16;
      const float4 factor_17 = splat_float4(x_0_1.y);
      sum_10_1 += w_0 * factor_17;
      const float4 factor_18 = splat_float4(x_0_1.z);
      sum_10_2 += w_0 * factor_18;
      const float4 factor_19 = splat_float4(x_0_1.w);
      sum_10_3 += w_0 * factor_19;
      const float4 factor_20 = splat_float4(x_1_1.x);
      sum_10_0 += w_1 * factor_20;
      const float4 factor_21 = splat_float4(x_1_1.y);
      sum_10_1 += w_1 * factor_21;
      const float4 factor_22 = splat_float4(x_1_1.z);
      sum_10_2 += w_1 * factor_22;
      const float4 factor_23 = splat_float4(x_1_1.w);
      sum_10_3 += w_1 * factor_23;
      const float4 factor_24 = splat_float4(x_2_1.x);
      sum_10_0 += w_2 * factor_24;
      const float4 factor_25 = splat_float4(x_2_1.y);
      sum_10_1 += w_2 * factor_25;
      const float4 factor_26 = splat_float4(x_2_1.z);
      sum_10_2 += w_2 * factor_26;
      const float4 factor_27 = splat_float4(x_2_1.w);
      sum_10_3 += w_2 * factor_27;
      const float4 factor_28 = splat_float4(x_3_1.x);
      sum_10_0 += w_3 * factor_28;
      const float4 factor_29 = splat_float4(x_3_1.y);
      sum_10_1 += w_3 * factor_29;
      const float4 factor_30 = splat_float4(x_3_1.z);
      sum_10_2 += w_3 * factor_30;
      const float4 factor_31 = splat_float4(x_3_1.w);
      sum_10_3 += w_3 * factor_31;
      const float4 w_0_1 = tile[place_2 + 384u];                          // parts/staged_rows.py
      const float4 w_1_1 = tile[place_2 + 416u];
      const float4 w_2_1 = tile[place_2 + 448u];
      const float4 w_3_1 = tile[place_2 + 480u];
      sum_01_0 += w_0_1 * factor;                                         // linear/matmul_registers.py
      sum_01_1 += w_0_1 * factor_1;
      sum_01_2 += w_0_1 * factor_2;
      sum_01_3 += w_0_1 * factor_3;
      sum_01_0 += w_1_1 * factor_4;
      sum_01_1 += w_1_1 * factor_5;
      sum_01_2 += w_1_1 * factor_6;
      sum_01_3 += w_1_1 * factor_7;
      sum_01_0 += w_2_1 * factor_8;
      sum_01_1 += w_2_1 * factor_9;
      sum_01_2 += w_2_1 * factor_10;
      sum_01_3 += w_2_1 * factor_11;
      sum_01_0 += w_3_1 * factor_12;
      sum_01_1 += w_3_1 * factor_13;
      sum_01_2 += w_3_1 * factor_14;
      sum_01_3 += w_3_1 * factor_15;
      sum_11_0 += w_0_1 * factor_16;
      sum_11_1 += w_0_1 * factor_17;
      sum_11_2 += w_0_1 * factor_18;
      sum_11_3 += w_0_1 * factor_19;
      sum_11_0 += w_1_1 * factor_20;
      sum_11_1 += w_1_1 * factor_21;
      sum_11_2 += w_1_1 * factor_22;
      sum_11_3 += w_1_1 * factor_23;
      sum_11_0 += w_2_1 * factor_24;
      sum_11_1 += w_2_1 * factor_25;
      sum_11_2 += w_2_1 * factor_26;
      sum_11_3 += w_2_1 * factor_27;
      sum_11_0 += w_3_1 * factor_28;
      sum_11_1 += w_3_1 * factor_29;
      sum_11_2 += w_3_1 * factor_30;
      sum_11_3 += w_3_1 * factor_31;
      const unsigned place_3 = index_7 + (index_8 ^ 1u);                  // parts/staged_rows.py
      const float4 x_0_2 = tile[place_3];                                 // parts/staged_rows.py
      const float4 x_1_2 = tile[place_3 + 32u];
      const float4 x_2_2 = tile[place_3 + 64u];
      const float4 x_3_2 = tile[place_3 + 96u];
      const float4 x_0_3 = tile[place_3 + 128u];
      const float4 x_1_3 = tile[place_3 + 160u];
      const float4 x_2_3 = tile[place_3 + 192u];
      const float4 x_3_3 = tile[place_3 + 224u];
      const unsigned place_4 = index_9 + (index_10 ^ 1u);                 // parts/staged_rows.py
      const float4 w_0_2 = tile[place_4 + 256u];                          // parts/staged_rows.py
      const float4 w_1_2 = tile[place_4 + 288u];
      const float4 w_2_2 = tile[place_4 + 320u];
      const float4 w_3_2 = tile[place_4 + 352u];
      const float4 factor_32 = splat_float4(x_0_2.x);                     // linear/matmul_registers.py
      sum_00_0 += w_0_2 * factor_32;
      const float4 factor_33 = splat_float4(x_0_2.y);
      sum_00_1 += w_0_2 * factor_33;
      const float4 factor_34 = splat_float4(x_0_2.z);
      sum_00_2 += w_0_2 * factor_34;
      const float4 factor_35 = splat_float4(x_0_2.w);
      sum_00_3 += w_0_2 * factor_35;
      const float4 factor_36 = splat_float4(x_1_2.x);
      sum_00_0 += w_1_2 * factor_36;
      const float4 factor_37 = splat_float4(x_1_2.y);
      sum_00_1 += w_1_2 * factor_37;
      const float4 factor_38 = splat_float4(x_1_2.z);
      sum_00_2 += w_1_2 * factor_38;
      const float4 factor_39 = splat_float4(x_1_2.w);
      sum_00_3 += w_1_2 * factor_39;
      const float4 factor_40 = splat_float4(x_2_2.x);
      sum_00_0 += w_2_2 * factor_40;
      const float4 factor_41 = splat_float4(x_2_2.y);
      sum_00_1 += w_2_2 * factor_41;
      const float4 factor_42 = splat_float4(x_2_2.z);
      sum_00_2 += w_2_2 * factor_42;
      const float4 factor_43 = splat_float4(x_2_2.w);
      sum_00_3 += w_2_2 * factor_43;
      const float4 factor_44 = splat_float4(x_3_2.x);
      sum_00_0 += w_3_2 * factor_44;
      const float4 factor_45 = splat_float4(x_3_2.y);
      sum_00_1 += w_3_2 * factor_45;
      const float4 factor_46 = splat_float4(x_3_2.z);
      sum_00_2 += w_3_2 * factor_46;
      const float4 factor_47 = splat_float4(x_3_2.w);
      sum_00_3 += w_3_2 * factor_47;
      const float4 factor_48 = splat_float4(x_0_3.x);
      sum_10_0 += w_0_2 * factor_48;
      const float4 factor_49 = splat_float4(x_0_3.y);
      sum_10_1 += w_0_2 * factor_49;
      const float4 factor_50 = splat_float4(x_0_3.z);
      sum_10_2 += w_0_2 * factor_50;
      const float4 factor_51 = splat_float4(x_0_3.w);
      sum_10_3 += w_0_2 * factor_51;
      const float4 factor_52 = splat_float4(x_1_3.x);
      sum_10_0 += w_1_2 * factor_52;
      const float4 factor_53 = splat_float4(x_1_3.y);
      sum_10_1 += w_1_2 * factor_53;
      const float4 factor_54 = splat_float4(x_1_3.z);
      sum_10_2 += w_1_2 * factor_54;
      const float4 factor_55 = splat_float4(x_1_3.w);
      sum_10_3 += w_1_2 * factor_55;
      const float4 factor_56 = splat_float4(x_2_3.x);
      sum_10_0 += w_2_2 * factor_56;
      const float4 factor_57 = splat_float4(x_2_3.y);
      sum_10_1 += w_2_2 * factor_57;
      const float4 factor_58 = splat_float4(x_2_3.z);
      sum_10_2 += w_2_2 * factor_58;
      const float4 factor_59 = splat_float4(x_2_3.w);
      sum_10_3 += w_2_2 * factor_59;
      const float4 factor_60 = splat_float4(x_3_3.x);
      sum_10_0 += w_3_2 * factor_60;
      const float4 factor_61 = splat_float4(x_3_3.y);
      sum_10_1 += w_3_2 * factor_61;
      const float4 factor_62 = splat_float4(x_3_3.z);
      sum_10_2 += w_3_2 * factor_62;
      const float4 factor_63 = splat_float4(x_3_3.w);
      sum_10_3 += w_3_2 * factor_63;
      const float4 w_0_3 = tile[place_4 + 384u];                          // parts/staged_rows.py
      const float4 w_1_3 = tile[place_4 + 416u];
      const float4 w_2_3 = tile[place_4 + 448u];
      const float4 w_3_3 = tile[place_4 + 480u];
      sum_01_0 += w_0_3 * factor_32;                                      // linear/matmul_registers.py
      sum_01_1 += w_0_3 * factor_33;
      sum_01_2 += w_0_3 * factor_34;
      sum_01_3 += w_0_3 * factor_35;
      sum_01_0 += w_1_3 * factor_36;
      sum_01_1 += w_1_3 * factor_37;
      sum_01_2 += w_1_3 * factor_38;
      sum_01_3 += w_1_3 * factor_39;
      sum_01_0 += w_2_3 * factor_40;
      sum_01_1 += w_2_3 * factor_41;
      sum_01_2 += w_2_3 * factor_42;
      sum_01_3 += w_2_3 * factor_43;
      sum_01_0 += w_3_3 * factor_44;
      sum_01_1 += w_3_3 * factor_45;
      sum_01_2 += w_3_3 * factor_46;
      sum_01_3 += w_3_3 * factor_47;
      sum_11_0 += w_0_3 * factor_48;
      sum_11_1 += w_0_3 * factor_49;
      sum_11_2 += w_0_3 * factor_50;
      sum_11_3 += w_0_3 * factor_51;
      sum_11_0 += w_1_3 * factor_52;
      sum_11_1 += w_1_3 * factor_53;
      sum_11_2 += w_1_3 * factor_54;
      sum_11_3 += w_1_3 * factor_55;
      sum_11_0 += w_2_3 * factor_56;
      sum_11_1 += w_2_3 * factor_57;
      sum_11_2 += w_2_3 * factor_58;
      sum_11_3 += w_2_3 * factor_59;
      sum_11_0 += w_3_3 * factor_60;
      sum_11_1 += w_3_3 * factor_61;
      sum_11_2 += w_3_3 * factor_62;
      sum_11_3 += w_3_3 * factor_63;
      const unsigned place_5 = index_7 + (index_8 ^ 2u);                  // parts/staged_rows.py
      const float4 x_0_4 = tile[place_5];                                 // parts/staged_rows.py
      const float4 x_1_4 = tile[place_5 + 32u];
      const float4 x_2_4 = tile[place_5 + 64u];
      const float4 x_3_4 = tile[place_5 + 96u];
      const float4 x_0_5 = tile[place_5 + 128u];
      const float4 x_1_5 = tile[place_5 + 160u];
      const float4 x_2_5 = tile[place_5 + 192u];
      const float4 x_3_5 = tile[place_5 + 224u];
      const unsigned place_6 = index_9 + (index_10 ^ 2u);                 // parts/staged_rows.py
      const float4 w_0_4 = tile[place_6 + 256u];                          // parts/staged_rows.py
      const float4 w_1_4 = tile[place_6 + 288u];
      const float4 w_2_4 = tile[place_6 + 320u];
      const float4 w_3_4 = tile[place_6 + 352u];
      const float4 factor_64 = splat_float4(x_0_4.x);                     // linear/matmul_registers.py
      sum_00_0 += w_0_4 * factor_64;
      const float4 factor_65 = splat_float4(x_0_4.y);
      sum_00_1 += w_0_4 * factor_65;
      const float4 factor_66 = splat_float4(x_0_4.z);
      sum_00_2 += w_0_4 * factor_66;
      const float4 factor_67 = splat_float4(x_0_4.w);
      sum_00_3 += w_0_4 * factor_67;
      const float4 factor_68 = splat_float4(x_1_4.x);
      sum_00_0 += w_1_4 * factor_68;
      const float4 factor_69 = splat_float4(x_1_4.y);
      sum_00_1 += w_1_4 * factor_69;
      const float4 factor_70 = splat_float4(x_1_4.z);
      sum_00_2 += w_1_4 * factor_70;
      const float4 factor_71 = splat_float4(x_1_4.w);
      sum_00_3 += w_1_4 * factor_71;
      const float4 factor_72 = splat_float4(x_2_4.x);
      sum_00_0 += w_2_4 * factor_72;
      const float4 factor_73 = splat_float4(x_2_4.y);
      sum_00_1 += w_2_4 * factor_73;
      const float4 factor_74 = splat_float4(x_2_4.z);
      sum_00_2 += w_2_4 * factor_74;
      const float4 factor_75 = splat_float4(x_2_4.w);
      sum_00_3 += w_2_4 * factor_75;
      const float4 factor_76 = splat_float4(x_3_4.x);
      sum_00_0 += w_3_4 * factor_76;
      const float4 factor_77 = splat_float4(x_3_4.y);
      sum_00_1 += w_3_4 * factor_77;
      const float4 factor_78 = splat_float4(x_3_4.z);
      sum_00_2 += w_3_4 * factor_78;
      const float4 factor_79 = splat_float4(x_3_4.w);
      sum_00_3 += w_3_4 * factor_79;
      const float4 factor_80 = splat_float4(x_0_5.x);
      sum_10_0 += w_0_4 * factor_80;
      const float4 factor_81 = splat_float4(x_0_5.y);
      sum_10_1 += w_0_4 * factor_81;
      const float4 factor_82 = splat_float4(x_0_5.z);
      sum_10_2 += w_0_4 * factor_82;
      const float4 factor_83 = splat_float4(x_0_5.w);
      sum_10_3 += w_0_4 * factor_83;
      const float4 factor_84 = splat_float4(x_1_5.x);
      sum_10_0 += w_1_4 * factor_84;
      const float4 factor_85 = splat_float4(x_1_5.y);
      sum_10_1 += w_1_4 * factor_85;
      const float4 factor_86 = splat_float4(x_1_5.z);
      sum_10_2 += w_1_4 * factor_86;
      const float4 factor_87 = splat_float4(x_1_5.w);
      sum_10_3 += w_1_4 * factor_87;
      const float4 factor_88 = splat_float4(x_2_5.x);
      sum_10_0 += w_2_4 * factor_88;
      const float4 factor_89 = splat_float4(x_2_5.y);
      sum_10_1 += w_2_4 * factor_89;
      const float4 factor_90 = splat_float4(x_2_5.z);
      sum_10_2 += w_2_4 * factor_90;
      const float4 factor_91 = splat_float4(x_2_5.w);
      sum_10_3 += w_2_4 * factor_91;
      const float4 factor_92 = splat_float4(x_3_5.x);
      sum_10_0 += w_3_4 * factor_92;
      const float4 factor_93 = splat_float4(x_3_5.y);
      sum_10_1 += w_3_4 * factor_93;
      const float4 factor_94 = splat_float4(x_3_5.z);
      sum_10_2 += w_3_4 * factor_94;
      const float4 factor_95 = splat_float4(x_3_5.w);
      sum_10_3 += w_3_4 * factor_95;
      const float4 w_0_5 = tile[place_6 + 384u];                          // parts/staged_rows.py
      const float4 w_1_5 = tile[place_6 + 416u];
      const float4 w_2_5 = tile[place_6 + 448u];
      const float4 w_3_5 = tile[place_6 + 480u];
      sum_01_0 += w_0_5 * factor_64;                                      // linear/matmul_registers.py
      sum_01_1 += w_0_5 * factor_65;
      sum_01_2 += w_0_5 * factor_66;
      sum_01_3 += w_0_5 * factor_67;
      sum_01_0 += w_1_5 * factor_68;
      sum_01_1 += w_1_5 * factor_69;
      sum_01_2 += w_1_5 * factor_70;
      sum_01_3 += w_1_5 * factor_71;
      sum_01_0 += w_2_5 * factor_72;
      sum_01_1 += w_2_5 * factor_73;
      sum_01_2 += w_2_5 * factor_74;
      sum_01_3 += w_2_5 * factor_75;
      sum_01_0 += w_3_5 * factor_76;
      sum_01_1 += w_3_5 * factor_77;
      sum_01_2 += w_3_5 * factor_78;
      sum_01_3 += w_3_5 * factor_79;
      sum_11_0 += w_0_5 * factor_80;
      sum_11_1 += w_0_5 * factor_81;
      sum_11_2 += w_0_5 * factor_82;
      sum_11_3 += w_0_5 * factor_83;
      sum_11_0 += w_1_5 * factor_84;
      sum_11_1 += w_1_5 * factor_85;
      sum_11_2 += w_1_5 * factor_86;
      sum_11_3 += w_1_5 * factor_87;
      sum_11_0 += w_2_5 * factor_88;
      sum_11_1 += w_2_5 * factor_89;
      sum_11_2 += w_2_5 * factor_90;
      sum_11_3 += w_2_5 * factor_91;
      sum_11_0 += w_3_5 * factor_92;
      sum_11_1 += w_3_5 * factor_93;
      sum_11_2 += w_3_5 * factor_94;
      sum_11_3 += w_3_5 * factor_95;
      const unsigned place_7 = index_7 + (index_8 ^ 3u);                  // parts/staged_rows.py
      const float4 x_0_6 = tile[place_7];                                 // parts/staged_rows.py
      const float4 x_1_6 = tile[place_7 + 32u];
      const float4 x_2_6 = tile[place_7 + 64u];
      const float4 x_3_6 = tile[place_7 + 96u];
      const float4 x_0_7 = tile[place_7 + 128u];
      const float4 x_1_7 = tile[place_7 + 160u];
      const float4 x_2_7 = tile[place_7 + 192u];
      const float4 x_3_7 = tile[place_7 + 224u];
      const unsigned place_8 = index_9 + (index_10 ^ 3u);                 // parts/staged_rows.py
      const float4 w_0_6 = tile[place_8 + 256u];                          // parts/staged_rows.py
      const float4 w_1_6 = tile[place_8 + 288u];
      const float4 w_2_6 = tile[place_8 + 320u];
      const float4 w_3_6 = tile[place_8 + 352u];
      const float4 factor_96 = splat_float4(x_0_6.x);                     // linear/matmul_registers.py
      sum_00_0 += w_0_6 * factor_96;
      const float4 factor_97 = splat_float4(x_0_6.y);
      sum_00_1 += w_0_6 * factor_97;
      const float4 factor_98 = splat_float4(x_0_6.z);
      sum_00_2 += w_0_6 * factor_98;
      const float4 factor_99 = splat_float4(x_0_6.w);
      sum_00_3 += w_0_6 * factor_99;
      const float4 factor_100 = splat_float4(x_1_6.x);
      sum_00_0 += w_1_6 * factor_100;
      const float4 factor_101 = splat_float4(x_1_6.y);
      sum_00_1 += w_1_6 * factor_101;
      const float4 factor_102 = splat_float4(x_1_6.z);
      sum_00_2 += w_1_6 * factor_102;
      const float4 factor_103 = splat_float4(x_1_6.w);
      sum_00_3 += w_1_6 * factor_103;
      const float4 factor_104 = splat_float4(x_2_6.x);
      sum_00_0 += w_2_6 * factor_104;
      const float4 factor_105 = splat_float4(x_2_6.y);
      sum_00_1 += w_2_6 * factor_105;
      const float4 factor_106 = splat_float4(x_2_6.z);
      sum_00_2 += w_2_6 * factor_106;
      const float4 factor_107 = splat_float4(x_2_6.w);
      sum_00_3 += w_2_6 * factor_107;
      const float4 factor_108 = splat_float4(x_3_6.x);
      sum_00_0 += w_3_6 * factor_108;
      const float4 factor_109 = splat_float4(x_3_6.y);
      sum_00_1 += w_3_6 * factor_109;
      const float4 factor_110 = splat_float4(x_3_6.z);
      sum_00_2 += w_3_6 * factor_110;
      const float4 factor_111 = splat_float4(x_3_6.w);
      sum_00_3 += w_3_6 * factor_111;
      const float4 factor_112 = splat_float4(x_0_7.x);
      sum_10_0 += w_0_6 * factor_112;
      const float4 factor_113 = splat_float4(x_0_7.y);
      sum_10_1 += w_0_6 * factor_113;
      const float4 factor_114 = splat_float4(x_0_7.z);
      sum_10_2 += w_0_6 * factor_114;
      const float4 factor_115 = splat_float4(x_0_7.w);
      sum_10_3 += w_0_6 * factor_115;
      const float4 factor_116 = splat_float4(x_1_7.x);
      sum_10_0 += w_1_6 * factor_116;
      const float4 factor_117 = splat_float4(x_1_7.y);
      sum_10_1 += w_1_6 * factor_117;
      const float4 factor_118 = splat_float4(x_1_7.z);
      sum_10_2 += w_1_6 * factor_118;
      const float4 factor_119 = splat_float4(x_1_7.w);
      sum_10_3 += w_1_6 * factor_119;
      const float4 factor_120 = splat_float4(x_2_7.x);
      sum_10_0 += w_2_6 * factor_120;
      const float4 factor_121 = splat_float4(x_2_7.y);
      sum_10_1 += w_2_6 * factor_121;
      const float4 factor_122 = splat_float4(x_2_7.z);
      sum_10_2 += w_2_6 * factor_122;
      const float4 factor_123 = splat_float4(x_2_7.w);
      sum_10_3 += w_2_6 * factor_123;
      const float4 factor_124 = splat_float4(x_3_7.x);
      sum_10_0 += w_3_6 * factor_124;
      const float4 factor_125 = splat_float4(x_3_7.y);
      sum_10_1 += w_3_6 * factor_125;
      const float4 factor_126 = splat_float4(x_3_7.z);
      sum_10_2 += w_3_6 * factor_126;
      const float4 factor_127 = splat_float4(x_3_7.w);
      sum_10_3 += w_3_6 * factor_127;
      const float4 w_0_7 = tile[place_8 + 384u];                          // parts/staged_rows.py
      const float4 w_1_7 = tile[place_8 + 416u];
      const float4 w_2_7 = tile[place_8 + 448u];
      const float4 w_3_7 = tile[place_8 + 480u];
      sum_01_0 += w_0_7 * factor_96;                                      // linear/matmul_registers.py
      sum_01_1 += w_0_7 * factor_97;
      sum_01_2 += w_0_7 * factor_98;
      sum_01_3 += w_0_7 * factor_99;
      sum_01_0 += w_1_7 * factor_100;
      sum_01_1 += w_1_7 * factor_101;
      sum_01_2 += w_1_7 * factor_102;
      sum_01_3 += w_1_7 * factor_103;
      sum_01_0 += w_2_7 * factor_104;
      sum_01_1 += w_2_7 * factor_105;
      sum_01_2 += w_2_7 * factor_106;
      sum_01_3 += w_2_7 * factor_107;
      sum_01_0 += w_3_7 * factor_108;
      sum_01_1 += w_3_7 * factor_109;
      sum_01_2 += w_3_7 * factor_110;
      sum_01_3 += w_3_7 * factor_111;
      sum_11_0 += w_0_7 * factor_112;
      sum_11_1 += w_0_7 * factor_113;
      sum_11_2 += w_0_7 * factor_114;
      sum_11_3 += w_0_7 * factor_115;
      sum_11_0 += w_1_7 * factor_116;
      sum_11_1 += w_1_7 * factor_117;
      sum_11_2 += w_1_7 * factor_118;
      sum_11_3 += w_1_7 * factor_119;
      sum_11_0 += w_2_7 * factor_120;
      sum_11_1 += w_2_7 * factor_121;
      sum_11_2 += w_2_7 * factor_122;
      sum_11_3 += w_2_7 * factor_123;
      sum_11_0 += w_3_7 * factor_124;
      sum_11_1 += w_3_7 * factor_125;
      sum_11_2 += w_3_7 * factor_126;
      sum_11_3 += w_3_7 * factor_127;
      __syncthreads();                                                    // linear/matmul_tiled.py
    }
  } else {
    const unsigned inside_1 = min(threadIdx.x, 31u);                      // linear/operands.py
    const unsigned block = inside_1 / 4u;                                 // linear/operands.py
    const unsigned unit = inside_1 % 4u;                                  // linear/operands.py
    const unsigned first = block * 4u;                                    // linear/operands.py
    const unsigned index_2 = step->seq - 1u;                              // linear/operands.py
    const unsigned row_1 = min(index_1 + first, index_2);
    const unsigned row_2 = min(index_1 + first + 1u, index_2);
    const unsigned row_3 = min(index_1 + first + 2u, index_2);
    const unsigned row_4 = min(index_1 + first + 3u, index_2);
    const unsigned index_3 = row_1 * 16u;                                 // linear/buffers.py
    float4 loaded = x[unit + index_3];                                    // linear/operands.py
    const unsigned index_4 = row_2 * 16u;                                 // linear/buffers.py
    float4 loaded_1 = x[unit + index_4];                                  // linear/operands.py
    const unsigned index_5 = row_3 * 16u;                                 // linear/buffers.py
    float4 loaded_2 = x[unit + index_5];                                  // linear/operands.py
    const unsigned index_6 = row_4 * 16u;                                 // linear/buffers.py
    float4 loaded_3 = x[unit + index_6];                                  // linear/operands.py
    const unsigned block_1 = inside_1 / 2u;                               // linear/operands.py
    const unsigned unit_1 = inside_1 % 2u;                                // linear/operands.py
    const unsigned first_1 = block_1 * 4u;                                // linear/operands.py
    const unsigned row_5 = index + first_1;                               // linear/operands.py
    const unsigned row_6 = row_5 * 2u;                                    // linear/operands.py
    const unsigned row_7 = index + first_1 + 1u;                          // linear/operands.py
    const unsigned row_8 = row_7 * 2u;                                    // linear/operands.py
    const unsigned row_9 = index + first_1 + 2u;                          // linear/operands.py
    const unsigned row_10 = row_9 * 2u;                                   // linear/operands.py
    const unsigned row_11 = index + first_1 + 3u;                         // linear/operands.py
    const unsigned row_12 = row_11 * 2u;                                  // linear/operands.py
    const unsigned words = quants[row_6 * 4u + unit_1];                   // linear/operands.py
    unsigned loaded_4 = words;                                            // linear/operands.py
    unsigned loaded_5 = scales[row_6 >> 1u];
    const unsigned words_1 = quants[row_8 * 4u + unit_1];                 // linear/operands.py
    unsigned loaded_6 = words_1;                                          // linear/operands.py
    unsigned loaded_7 = scales[row_8 >> 1u];
    const unsigned words_2 = quants[row_10 * 4u + unit_1];                // linear/operands.py
    unsigned loaded_8 = words_2;                                          // linear/operands.py
    unsigned loaded_9 = scales[row_10 >> 1u];
    const unsigned words_3 = quants[row_12 * 4u + unit_1];                // linear/operands.py
    unsigned loaded_10 = words_3;                                         // linear/operands.py
    unsigned loaded_11 = scales[row_12 >> 1u];
    for (unsigned group = 0u; group < 4u; group++) {                      // linear/matmul_tiled.py
      const bool t = threadIdx.x < 32u;                                   // linear/operands.py
      if (t) {
        const float4 line_1 = loaded;                                     // linear/operands.py
        const float4 line_2 = loaded_1;
        const float4 line_3 = loaded_2;
        const float4 line_4 = loaded_3;
        const unsigned place = first + ((block / 2u % 4u) ^ unit);        // parts/staged_rows.py
        const float4 column_1 = make_float4(line_1.x, line_2.x, line_3.x, line_4.x);  // parts/staged_rows.py
        tile[place] = column_1;                                           // parts/staged_rows.py
        const float4 column_2 = make_float4(line_1.y, line_2.y, line_3.y, line_4.y);  // parts/staged_rows.py
        tile[place + 32u] = column_2;                                     // parts/staged_rows.py
        const float4 column_3 = make_float4(line_1.z, line_2.z, line_3.z, line_4.z);  // parts/staged_rows.py
        tile[place + 64u] = column_3;                                     // parts/staged_rows.py
        const float4 column_4 = make_float4(line_1.w, line_2.w, line_3.w, line_4.w);  // parts/staged_rows.py
        tile[place + 96u] = column_4;                                     // parts/staged_rows.py
      }
      if (t) {                                                            // linear/operands.py
        const unsigned word = loaded_4;                                   // linear/operands.py
        const float4 low = u8x4_to_float4(word & 0x0f0f0f0fu, 8.0f);      // formats/nibbles.py
        const float4 high = u8x4_to_float4((word >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
        const unsigned group_1 = group / 2u;                              // linear/operands.py
        const float2 pair = unpack_half2(loaded_5);                       // parts/packed_rows.py
        const float4 factor = splat_float4(((row_6 + group_1) & 1u) == 1u ? pair.y : pair.x);  // linear/operands.py
        const float4 line_0 = low * factor;                               // linear/operands.py
        const float4 line_1 = high * factor;
        const unsigned word_1 = loaded_6;                                 // linear/operands.py
        const float4 low_1 = u8x4_to_float4(word_1 & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
        const float4 high_1 = u8x4_to_float4((word_1 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
        const float2 pair_1 = unpack_half2(loaded_7);                     // parts/packed_rows.py
        const float4 factor_1 = splat_float4(((row_8 + group_1) & 1u)
            == 1u ? pair_1.y : pair_1.x);                                 // linear/operands.py
        const float4 line_0_1 = low_1 * factor_1;                         // linear/operands.py
        const float4 line_1_1 = high_1 * factor_1;
        const unsigned word_2 = loaded_8;                                 // linear/operands.py
        const float4 low_2 = u8x4_to_float4(word_2 & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
        const float4 high_2 = u8x4_to_float4((word_2 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
        const float2 pair_2 = unpack_half2(loaded_9);                     // parts/packed_rows.py
        const float4 factor_2 = splat_float4(((row_10 + group_1) & 1u)
            == 1u ? pair_2.y : pair_2.x);                                 // linear/operands.py
        const float4 line_0_2 = low_2 * factor_2;                         // linear/operands.py
        const float4 line_1_2 = high_2 * factor_2;
        const unsigned word_3 = loaded_10;                                // linear/operands.py
        const float4 low_3 = u8x4_to_float4(word_3 & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
        const float4 high_3 = u8x4_to_float4((word_3 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
        const float2 pair_3 = unpack_half2(loaded_11);                    // parts/packed_rows.py
        const float4 factor_3 = splat_float4(((row_12 + group_1) & 1u)
            == 1u ? pair_3.y : pair_3.x);                                 // linear/operands.py
        const float4 line_0_3 = low_3 * factor_3;                         // linear/operands.py
        const float4 line_1_3 = high_3 * factor_3;
        const unsigned cell = unit_1 * 2u;                                // linear/operands.py
        const unsigned turn = block_1 / 2u % 4u;                          // parts/staged_rows.py
        const unsigned row_13 = block_1 / 8u * 32u + block_1 % 8u;        // parts/staged_rows.py
        const unsigned index_7 = row_13 * 4u;                             // parts/staged_rows.py
        const unsigned place = index_7 + (turn ^ cell);
        const float4 column_1 = make_float4(line_0.x, line_0_1.x, line_0_2.x, line_0_3.x);  // parts/staged_rows.py
        tile[place + 256u] = column_1;                                    // parts/staged_rows.py
        const float4 column_2 = make_float4(line_0.y, line_0_1.y, line_0_2.y, line_0_3.y);  // parts/staged_rows.py
        tile[place + 288u] = column_2;                                    // parts/staged_rows.py
        const float4 column_3 = make_float4(line_0.z, line_0_1.z, line_0_2.z, line_0_3.z);  // parts/staged_rows.py
        tile[place + 320u] = column_3;                                    // parts/staged_rows.py
        const float4 column_4 = make_float4(line_0.w, line_0_1.w, line_0_2.w, line_0_3.w);  // parts/staged_rows.py
        tile[place + 352u] = column_4;                                    // parts/staged_rows.py
        const unsigned inside_2 = cell + 1u;                              // parts/staged_rows.py
        const unsigned place_1 = index_7 + (turn ^ inside_2);             // parts/staged_rows.py
        const float4 column_5 = make_float4(line_1.x, line_1_1.x, line_1_2.x, line_1_3.x);  // parts/staged_rows.py
        tile[place_1 + 256u] = column_5;                                  // parts/staged_rows.py
        const float4 column_6 = make_float4(line_1.y, line_1_1.y, line_1_2.y, line_1_3.y);  // parts/staged_rows.py
        tile[place_1 + 288u] = column_6;                                  // parts/staged_rows.py
        const float4 column_7 = make_float4(line_1.z, line_1_1.z, line_1_2.z, line_1_3.z);  // parts/staged_rows.py
        tile[place_1 + 320u] = column_7;                                  // parts/staged_rows.py
        const float4 column_8 = make_float4(line_1.w, line_1_1.w, line_1_2.w, line_1_3.w);  // parts/staged_rows.py
        tile[place_1 + 352u] = column_8;                                  // parts/staged_rows.py
      }
      __syncthreads();                                                    // linear/matmul_tiled.py
      const unsigned step_1 = min(group + 1u, 3u);                        // linear/matmul_tiled.py
      const unsigned first_2 = step_1 * 4u + unit;                        // linear/operands.py
      loaded = x[first_2 + index_3];                                      // linear/operands.py
      loaded_1 = x[first_2 + index_4];
      loaded_2 = x[first_2 + index_5];
      loaded_3 = x[first_2 + index_6];
      const unsigned group_1 = step_1 / 2u;                               // linear/operands.py
      const unsigned at = row_6 + group_1;                                // linear/operands.py
      const unsigned inside_2 = (step_1 % 2u) * 2u + unit_1;
      const unsigned words_4 = quants[at * 4u + inside_2];                // linear/operands.py
      loaded_4 = words_4;                                                 // linear/operands.py
      loaded_5 = scales[at >> 1u];
      const unsigned at_1 = row_8 + group_1;                              // linear/operands.py
      const unsigned words_5 = quants[at_1 * 4u + inside_2];              // linear/operands.py
      loaded_6 = words_5;                                                 // linear/operands.py
      loaded_7 = scales[at_1 >> 1u];
      const unsigned at_2 = row_10 + group_1;                             // linear/operands.py
      const unsigned words_6 = quants[at_2 * 4u + inside_2];              // linear/operands.py
      loaded_8 = words_6;                                                 // linear/operands.py
      loaded_9 = scales[at_2 >> 1u];
      const unsigned at_3 = row_12 + group_1;                             // linear/operands.py
      const unsigned words_7 = quants[at_3 * 4u + inside_2];              // linear/operands.py
      loaded_10 = words_7;                                                // linear/operands.py
      loaded_11 = scales[at_3 >> 1u];
      const unsigned index_7 = row * 4u;                                  // parts/staged_rows.py
      const unsigned index_8 = row / 2u % 4u;                             // parts/staged_rows.py
      const unsigned place = index_7 + index_8;                           // parts/staged_rows.py
      const float4 x_0 = tile[place];                                     // parts/staged_rows.py
      const float4 x_1 = tile[place + 32u];
      const float4 x_2 = tile[place + 64u];
      const float4 x_3 = tile[place + 96u];
      const unsigned index_9 = column * 4u;                               // parts/staged_rows.py
      const unsigned index_10 = column / 2u % 4u;                         // parts/staged_rows.py
      const unsigned place_1 = index_9 + index_10;                        // parts/staged_rows.py
      const float4 w_0 = tile[place_1 + 256u];                            // parts/staged_rows.py
      const float4 w_1 = tile[place_1 + 288u];
      const float4 w_2 = tile[place_1 + 320u];
      const float4 w_3 = tile[place_1 + 352u];
      const float4 factor = splat_float4(x_0.x);                          // linear/matmul_registers.py
      sum_00_0 += w_0 * factor;
      const float4 factor_1 = splat_float4(x_0.y);
      sum_00_1 += w_0 * factor_1;
      const float4 factor_2 = splat_float4(x_0.z);
      sum_00_2 += w_0 * factor_2;
      const float4 factor_3 = splat_float4(x_0.w);
      sum_00_3 += w_0 * factor_3;
      const float4 factor_4 = splat_float4(x_1.x);
      sum_00_0 += w_1 * factor_4;
      const float4 factor_5 = splat_float4(x_1.y);
      sum_00_1 += w_1 * factor_5;
      const float4 factor_6 = splat_float4(x_1.z);
      sum_00_2 += w_1 * factor_6;
      const float4 factor_7 = splat_float4(x_1.w);
      sum_00_3 += w_1 * factor_7;
      const float4 factor_8 = splat_float4(x_2.x);
      sum_00_0 += w_2 * factor_8;
      const float4 factor_9 = splat_float4(x_2.y);
      sum_00_1 += w_2 * factor_9;
      const float4 factor_10 = splat_float4(x_2.z);
      sum_00_2 += w_2 * factor_10;
      const float4 factor_11 = splat_float4(x_2.w);
      sum_00_3 += w_2 * factor_11;
      const float4 factor_12 = splat_float4(x_3.x);
      sum_00_0 += w_3 * factor_12;
      const float4 factor_13 = splat_float4(x_3.y);
      sum_00_1 += w_3 * factor_13;
      const float4 factor_14 = splat_float4(x_3.z);
      sum_00_2 += w_3 * factor_14;
      const float4 factor_15 = splat_float4(x_3.w);
      sum_00_3 += w_3 * factor_15;
      const float4 w_0_1 = tile[place_1 + 384u];                          // parts/staged_rows.py
      const float4 w_1_1 = tile[place_1 + 416u];
      const float4 w_2_1 = tile[place_1 + 448u];
      const float4 w_3_1 = tile[place_1 + 480u];
      sum_01_0 += w_0_1 * factor;                                         // linear/matmul_registers.py
      sum_01_1 += w_0_1 * factor_1;
      sum_01_2 += w_0_1 * factor_2;
      sum_01_3 += w_0_1 * factor_3;
      sum_01_0 += w_1_1 * factor_4;
      sum_01_1 += w_1_1 * factor_5;
      sum_01_2 += w_1_1 * factor_6;
      sum_01_3 += w_1_1 * factor_7;
      sum_01_0 += w_2_1 * factor_8;
      sum_01_1 += w_2_1 * factor_9;
      sum_01_2 += w_2_1 * factor_10;
      sum_01_3 += w_2_1 * factor_11;
      sum_01_0 += w_3_1 * factor_12;
      sum_01_1 += w_3_1 * factor_13;
      sum_01_2 += w_3_1 * factor_14;
      sum_01_3 += w_3_1 * factor_15;
      const unsigned place_2 = index_7 + (index_8 ^ 1u);                  // parts/staged_rows.py
      const float4 x_0_1 = tile[place_2];                                 // parts/staged_rows.py
      const float4 x_1_1 = tile[place_2 + 32u];
      const float4 x_2_1 = tile[place_2 + 64u];
      const float4 x_3_1 = tile[place_2 + 96u];
      const unsigned place_3 = index_9 + (index_10 ^ 1u);                 // parts/staged_rows.py
      const float4 w_0_2 = tile[place_3 + 256u];                          // parts/staged_rows.py
      const float4 w_1_2 = tile[place_3 + 288u];
      const float4 w_2_2 = tile[place_3 + 320u];
      const float4 w_3_2 = tile[place_3 + 352u];
      const float4 factor_16 = splat_float4(x_0_1.x);                     // linear/matmul_registers.py
      sum_00_0 += w_0_2 * factor_16;
      const float4 factor_17 = splat_float4(x_0_1.y);
      sum_00_1 += w_0_2 * factor_17;
      const float4 factor_18 = splat_float4(x_0_1.z);
      sum_00_2 += w_0_2 * factor_18;
      const float4 factor_19 = splat_float4(x_0_1.w);
      sum_00_3 += w_0_2 * factor_19;
      const float4 factor_20 = splat_float4(x_1_1.x);
      sum_00_0 += w_1_2 * factor_20;
      const float4 factor_21 = splat_float4(x_1_1.y);
      sum_00_1 += w_1_2 * factor_21;
      const float4 factor_22 = splat_float4(x_1_1.z);
      sum_00_2 += w_1_2 * factor_22;
      const float4 factor_23 = splat_float4(x_1_1.w);
      sum_00_3 += w_1_2 * factor_23;
      const float4 factor_24 = splat_float4(x_2_1.x);
      sum_00_0 += w_2_2 * factor_24;
      const float4 factor_25 = splat_float4(x_2_1.y);
      sum_00_1 += w_2_2 * factor_25;
      const float4 factor_26 = splat_float4(x_2_1.z);
      sum_00_2 += w_2_2 * factor_26;
      const float4 factor_27 = splat_float4(x_2_1.w);
      sum_00_3 += w_2_2 * factor_27;
      const float4 factor_28 = splat_float4(x_3_1.x);
      sum_00_0 += w_3_2 * factor_28;
      const float4 factor_29 = splat_float4(x_3_1.y);
      sum_00_1 += w_3_2 * factor_29;
      const float4 factor_30 = splat_float4(x_3_1.z);
      sum_00_2 += w_3_2 * factor_30;
      const float4 factor_31 = splat_float4(x_3_1.w);
      sum_00_3 += w_3_2 * factor_31;
      const float4 w_0_3 = tile[place_3 + 384u];                          // parts/staged_rows.py
      const float4 w_1_3 = tile[place_3 + 416u];
      const float4 w_2_3 = tile[place_3 + 448u];
      const float4 w_3_3 = tile[place_3 + 480u];
      sum_01_0 += w_0_3 * factor_16;                                      // linear/matmul_registers.py
      sum_01_1 += w_0_3 * factor_17;
      sum_01_2 += w_0_3 * factor_18;
      sum_01_3 += w_0_3 * factor_19;
      sum_01_0 += w_1_3 * factor_20;
      sum_01_1 += w_1_3 * factor_21;
      sum_01_2 += w_1_3 * factor_22;
      sum_01_3 += w_1_3 * factor_23;
      sum_01_0 += w_2_3 * factor_24;
      sum_01_1 += w_2_3 * factor_25;
      sum_01_2 += w_2_3 * factor_26;
      sum_01_3 += w_2_3 * factor_27;
      sum_01_0 += w_3_3 * factor_28;
      sum_01_1 += w_3_3 * factor_29;
      sum_01_2 += w_3_3 * factor_30;
      sum_01_3 += w_3_3 * factor_31;
      const unsigned place_4 = index_7 + (index_8 ^ 2u);                  // parts/staged_rows.py
      const float4 x_0_2 = tile[place_4];                                 // parts/staged_rows.py
      const float4 x_1_2 = tile[place_4 + 32u];
      const float4 x_2_2 = tile[place_4 + 64u];
      const float4 x_3_2 = tile[place_4 + 96u];
      const unsigned place_5 = index_9 + (index_10 ^ 2u);                 // parts/staged_rows.py
      const float4 w_0_4 = tile[place_5 + 256u];                          // parts/staged_rows.py
      const float4 w_1_4 = tile[place_5 + 288u];
      const float4 w_2_4 = tile[place_5 + 320u];
      const float4 w_3_4 = tile[place_5 + 352u];
      const float4 factor_32 = splat_float4(x_0_2.x);                     // linear/matmul_registers.py
      sum_00_0 += w_0_4 * factor_32;
      const float4 factor_33 = splat_float4(x_0_2.y);
      sum_00_1 += w_0_4 * factor_33;
      const float4 factor_34 = splat_float4(x_0_2.z);
      sum_00_2 += w_0_4 * factor_34;
      const float4 factor_35 = splat_float4(x_0_2.w);
      sum_00_3 += w_0_4 * factor_35;
      const float4 factor_36 = splat_float4(x_1_2.x);
      sum_00_0 += w_1_4 * factor_36;
      const float4 factor_37 = splat_float4(x_1_2.y);
      sum_00_1 += w_1_4 * factor_37;
      const float4 factor_38 = splat_float4(x_1_2.z);
      sum_00_2 += w_1_4 * factor_38;
      const float4 factor_39 = splat_float4(x_1_2.w);
      sum_00_3 += w_1_4 * factor_39;
      const float4 factor_40 = splat_float4(x_2_2.x);
      sum_00_0 += w_2_4 * factor_40;
      const float4 factor_41 = splat_float4(x_2_2.y);
      sum_00_1 += w_2_4 * factor_41;
      const float4 factor_42 = splat_float4(x_2_2.z);
      sum_00_2 += w_2_4 * factor_42;
      const float4 factor_43 = splat_float4(x_2_2.w);
      sum_00_3 += w_2_4 * factor_43;
      const float4 factor_44 = splat_float4(x_3_2.x);
      sum_00_0 += w_3_4 * factor_44;
      const float4 factor_45 = splat_float4(x_3_2.y);
      sum_00_1 += w_3_4 * factor_45;
      const float4 factor_46 = splat_float4(x_3_2.z);
      sum_00_2 += w_3_4 * factor_46;
      const float4 factor_47 = splat_float4(x_3_2.w);
      sum_00_3 += w_3_4 * factor_47;
      const float4 w_0_5 = tile[place_5 + 384u];                          // parts/staged_rows.py
      const float4 w_1_5 = tile[place_5 + 416u];
      const float4 w_2_5 = tile[place_5 + 448u];
      const float4 w_3_5 = tile[place_5 + 480u];
      sum_01_0 += w_0_5 * factor_32;                                      // linear/matmul_registers.py
      sum_01_1 += w_0_5 * factor_33;
      sum_01_2 += w_0_5 * factor_34;
      sum_01_3 += w_0_5 * factor_35;
      sum_01_0 += w_1_5 * factor_36;
      sum_01_1 += w_1_5 * factor_37;
      sum_01_2 += w_1_5 * factor_38;
      sum_01_3 += w_1_5 * factor_39;
      sum_01_0 += w_2_5 * factor_40;
      sum_01_1 += w_2_5 * factor_41;
      sum_01_2 += w_2_5 * factor_42;
      sum_01_3 += w_2_5 * factor_43;
      sum_01_0 += w_3_5 * factor_44;
      sum_01_1 += w_3_5 * factor_45;
      sum_01_2 += w_3_5 * factor_46;
      sum_01_3 += w_3_5 * factor_47;
      const unsigned place_6 = index_7 + (index_8 ^ 3u);                  // parts/staged_rows.py
      const float4 x_0_3 = tile[place_6];                                 // parts/staged_rows.py
      const float4 x_1_3 = tile[place_6 + 32u];
      const float4 x_2_3 = tile[place_6 + 64u];
      const float4 x_3_3 = tile[place_6 + 96u];
      const unsigned place_7 = index_9 + (index_10 ^ 3u);                 // parts/staged_rows.py
      const float4 w_0_6 = tile[place_7 + 256u];                          // parts/staged_rows.py
      const float4 w_1_6 = tile[place_7 + 288u];
      const float4 w_2_6 = tile[place_7 + 320u];
      const float4 w_3_6 = tile[place_7 + 352u];
      const float4 factor_48 = splat_float4(x_0_3.x);                     // linear/matmul_registers.py
      sum_00_0 += w_0_6 * factor_48;
      const float4 factor_49 = splat_float4(x_0_3.y);
      sum_00_1 += w_0_6 * factor_49;
      const float4 factor_50 = splat_float4(x_0_3.z);
      sum_00_2 += w_0_6 * factor_50;
      const float4 factor_51 = splat_float4(x_0_3.w);
      sum_00_3 += w_0_6 * factor_51;
      const float4 factor_52 = splat_float4(x_1_3.x);
      sum_00_0 += w_1_6 * factor_52;
      const float4 factor_53 = splat_float4(x_1_3.y);
      sum_00_1 += w_1_6 * factor_53;
      const float4 factor_54 = splat_float4(x_1_3.z);
      sum_00_2 += w_1_6 * factor_54;
      const float4 factor_55 = splat_float4(x_1_3.w);
      sum_00_3 += w_1_6 * factor_55;
      const float4 factor_56 = splat_float4(x_2_3.x);
      sum_00_0 += w_2_6 * factor_56;
      const float4 factor_57 = splat_float4(x_2_3.y);
      sum_00_1 += w_2_6 * factor_57;
      const float4 factor_58 = splat_float4(x_2_3.z);
      sum_00_2 += w_2_6 * factor_58;
      const float4 factor_59 = splat_float4(x_2_3.w);
      sum_00_3 += w_2_6 * factor_59;
      const float4 factor_60 = splat_float4(x_3_3.x);
      sum_00_0 += w_3_6 * factor_60;
      const float4 factor_61 = splat_float4(x_3_3.y);
      sum_00_1 += w_3_6 * factor_61;
      const float4 factor_62 = splat_float4(x_3_3.z);
      sum_00_2 += w_3_6 * factor_62;
      const float4 factor_63 = splat_float4(x_3_3.w);
      sum_00_3 += w_3_6 * factor_63;
      const float4 w_0_7 = tile[place_7 + 384u];                          // parts/staged_rows.py
      const float4 w_1_7 = tile[place_7 + 416u];
      const float4 w_2_7 = tile[place_7 + 448u];
      const float4 w_3_7 = tile[place_7 + 480u];
      sum_01_0 += w_0_7 * factor_48;                                      // linear/matmul_registers.py
      sum_01_1 += w_0_7 * factor_49;
      sum_01_2 += w_0_7 * factor_50;
      sum_01_3 += w_0_7 * factor_51;
      sum_01_0 += w_1_7 * factor_52;
      sum_01_1 += w_1_7 * factor_53;
      sum_01_2 += w_1_7 * factor_54;
      sum_01_3 += w_1_7 * factor_55;
      sum_01_0 += w_2_7 * factor_56;
      sum_01_1 += w_2_7 * factor_57;
      sum_01_2 += w_2_7 * factor_58;
      sum_01_3 += w_2_7 * factor_59;
      sum_01_0 += w_3_7 * factor_60;
      sum_01_1 += w_3_7 * factor_61;
      sum_01_2 += w_3_7 * factor_62;
      sum_01_3 += w_3_7 * factor_63;
      __syncthreads();                                                    // linear/matmul_tiled.py
    }
  }
  const unsigned count = more ? 4u : 2u;                                  // linear/matmul_registers.py
  const unsigned first = row * 32u + column;                              // linear/matmul_registers.py
  for (unsigned number = 0u; number < count; number++) {                  // linear/matmul_registers.py
    if (number == 0u) {                                                   // linear/matmul_registers.py
      tile[first] = sum_00_0;                                             // linear/matmul_registers.py
      tile[first + 8u] = sum_00_1;
      tile[first + 16u] = sum_00_2;
      tile[first + 24u] = sum_00_3;
    }
    if (number == 1u) {                                                   // linear/matmul_registers.py
      tile[first] = sum_01_0;                                             // linear/matmul_registers.py
      tile[first + 8u] = sum_01_1;
      tile[first + 16u] = sum_01_2;
      tile[first + 24u] = sum_01_3;
    }
    if (number == 2u) {                                                   // linear/matmul_registers.py
      tile[first] = sum_10_0;                                             // linear/matmul_registers.py
      tile[first + 8u] = sum_10_1;
      tile[first + 16u] = sum_10_2;
      tile[first + 24u] = sum_10_3;
    }
    if (number == 3u) {                                                   // linear/matmul_registers.py
      tile[first] = sum_11_0;                                             // linear/matmul_registers.py
      tile[first + 8u] = sum_11_1;
      tile[first + 16u] = sum_11_2;
      tile[first + 24u] = sum_11_3;
    }
    __syncthreads();                                                      // linear/matmul_registers.py
    const unsigned token = index_1 + number / 2u * 32u;                   // linear/matmul_registers.py
    const unsigned row_1 = index + (number % 2u) * 32u;                   // linear/matmul_registers.py
    for (unsigned cell = threadIdx.x; cell < 256u; cell += 64u) {         // linear/matmul_registers.py
      const unsigned token_1 = token + cell / 8u;                         // linear/matmul_registers.py
      const float4 results = tile[cell];                                  // linear/matmul_registers.py
      const unsigned row_2 = row_1 + (cell % 8u) * 4u;
      if (token_1 < step->seq) {                                          // linear/matmul_tiled.py
        if (row_2 < 128u) {                                               // linear/matmul_tiled.py
          const unsigned pair = row_2 / 2u;                               // linear/matmul_tiled.py
          const unsigned position = step->past + token_1;                 // epilogues/heads.py
          float first_1 = results.x;                                      // epilogues/heads.py
          float second = results.y;                                       // epilogues/heads.py
          const unsigned in_head = pair % 4u;                             // epilogues/heads.py
          const bool rotated = pair < 48u;                                // epilogues/heads.py
          if (rotated) {                                                  // epilogues/heads.py
            const float index_2 = float(in_head);                         // parts/rotary.py
            const float product = index_2 * -3.321289f;                   // parts/precise_math.py
            const float t = index_2 * -0.0006390324f;                     // parts/precise_math.py
            const float whole = floorf(product + t + 0.5f);
            const float fraction = product - whole + t;                   // parts/precise_math.py
            const float series = fraction * 0.00015353362f + 0.0013398874f;  // parts/precise_math.py
            const float series_1 = series * fraction + 0.009618437f;      // parts/precise_math.py
            const float series_2 = series_1 * fraction + 0.055503324f;    // parts/precise_math.py
            const float series_3 = series_2 * fraction + 0.24022648f;     // parts/precise_math.py
            const float series_4 = series_3 * fraction + 0.6931472f;      // parts/precise_math.py
            const float power = __uint_as_float(unsigned(int(unsigned(__float2int_rz(whole))
                + unsigned(127))) << 23u);                                // parts/precise_math.py
            const float angle = float(position) * ((series_4 * fraction + 1.0f) * power);  // parts/rotary.py
            const float quarter = floorf(angle * 0.63661975f + 0.5f);     // parts/precise_math.py
            const float reduced = angle - quarter * 1.5625f;              // parts/precise_math.py
            const float reduced_1 = reduced - quarter * 0.008178711f;     // parts/precise_math.py
            const float reduced_2 = reduced_1 - quarter * 0.00011730194f;  // parts/precise_math.py
            const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;  // parts/precise_math.py
            const float square = reduced_3 * reduced_3;                   // parts/precise_math.py
            const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // parts/precise_math.py
            const float sine_1 = sine * square * reduced_3 + reduced_3;   // parts/precise_math.py
            const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square
                + 0.041666646f;                                           // parts/precise_math.py
            const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // parts/precise_math.py
            const unsigned quadrant = __float2uint_rz(quarter) & 3u;      // parts/precise_math.py
            const bool swapped = (quadrant & 1u) == 1u;                   // parts/precise_math.py
            const float sin_value = swapped ? cosine_1 : sine_1;          // parts/precise_math.py
            const float cos_value = swapped ? sine_1 : cosine_1;          // parts/precise_math.py
            const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;  // parts/precise_math.py
            const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // parts/precise_math.py
            first_1 = results.x * cos_angle - results.y * sin_angle;      // epilogues/heads.py
            second = results.y * cos_angle + results.x * sin_angle;       // epilogues/heads.py
          }
          const float2 both = make_float2(first_1, second);               // epilogues/heads.py
          const unsigned row_3 = position * 16u;                          // epilogues/heads.py
          if (pair < 32u) {                                               // epilogues/heads.py
            q[pair + token_1 * 32u] = both;                               // epilogues/heads.py
          } else {
            const unsigned stored = pack_half2(both);                     // attention/row_kinds.py
            if (rotated) {                                                // epilogues/heads.py
              k_cache[row_3 + pair - 32u] = stored;                       // epilogues/heads.py
            } else {
              v_cache[row_3 + pair - 48u] = stored;                       // epilogues/heads.py
            }
          }
        }
        const unsigned index_2 = row_2 + 2u;                              // linear/matmul_tiled.py
        if (index_2 < 128u) {
          const unsigned pair = index_2 / 2u;                             // linear/matmul_tiled.py
          const unsigned position = step->past + token_1;                 // epilogues/heads.py
          float first_1 = results.z;                                      // epilogues/heads.py
          float second = results.w;                                       // epilogues/heads.py
          const unsigned in_head = pair % 4u;                             // epilogues/heads.py
          const bool rotated = pair < 48u;                                // epilogues/heads.py
          if (rotated) {                                                  // epilogues/heads.py
            const float index_3 = float(in_head);                         // parts/rotary.py
            const float product = index_3 * -3.321289f;                   // parts/precise_math.py
            const float t = index_3 * -0.0006390324f;                     // parts/precise_math.py
            const float whole = floorf(product + t + 0.5f);
            const float fraction = product - whole + t;                   // parts/precise_math.py
            const float series = fraction * 0.00015353362f + 0.0013398874f;  // parts/precise_math.py
            const float series_1 = series * fraction + 0.009618437f;      // parts/precise_math.py
            const float series_2 = series_1 * fraction + 0.055503324f;    // parts/precise_math.py
            const float series_3 = series_2 * fraction + 0.24022648f;     // parts/precise_math.py
            const float series_4 = series_3 * fraction + 0.6931472f;      // parts/precise_math.py
            const float power = __uint_as_float(unsigned(int(unsigned(__float2int_rz(whole))
                + unsigned(127))) << 23u);                                // parts/precise_math.py
            const float angle = float(position) * ((series_4 * fraction + 1.0f) * power);  // parts/rotary.py
            const float quarter = floorf(angle * 0.63661975f + 0.5f);     // parts/precise_math.py
            const float reduced = angle - quarter * 1.5625f;              // parts/precise_math.py
            const float reduced_1 = reduced - quarter * 0.008178711f;     // parts/precise_math.py
            const float reduced_2 = reduced_1 - quarter * 0.00011730194f;  // parts/precise_math.py
            const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;  // parts/precise_math.py
            const float square = reduced_3 * reduced_3;                   // parts/precise_math.py
            const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // parts/precise_math.py
            const float sine_1 = sine * square * reduced_3 + reduced_3;   // parts/precise_math.py
            const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square
                + 0.041666646f;                                           // parts/precise_math.py
            const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // parts/precise_math.py
            const unsigned quadrant = __float2uint_rz(quarter) & 3u;      // parts/precise_math.py
            const bool swapped = (quadrant & 1u) == 1u;                   // parts/precise_math.py
            const float sin_value = swapped ? cosine_1 : sine_1;          // parts/precise_math.py
            const float cos_value = swapped ? sine_1 : cosine_1;          // parts/precise_math.py
            const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;  // parts/precise_math.py
            const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // parts/precise_math.py
            first_1 = results.z * cos_angle - results.w * sin_angle;      // epilogues/heads.py
            second = results.w * cos_angle + results.z * sin_angle;       // epilogues/heads.py
          }
          const float2 both = make_float2(first_1, second);               // epilogues/heads.py
          const unsigned row_3 = position * 16u;                          // epilogues/heads.py
          if (pair < 32u) {                                               // epilogues/heads.py
            q[pair + token_1 * 32u] = both;                               // epilogues/heads.py
          } else {
            const unsigned stored = pack_half2(both);                     // attention/row_kinds.py
            if (rotated) {                                                // epilogues/heads.py
              k_cache[row_3 + pair - 32u] = stored;                       // epilogues/heads.py
            } else {
              v_cache[row_3 + pair - 48u] = stored;                       // epilogues/heads.py
            }
          }
        }
      }
    }
    __syncthreads();                                                      // linear/matmul_registers.py
  }
}
