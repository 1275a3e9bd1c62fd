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
  __shared__ float4 tile[1024];
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
    const unsigned block = threadIdx.x / 8u;                              // linear/operands.py
    const unsigned unit = threadIdx.x % 8u;                               // linear/operands.py
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
    const unsigned at = threadIdx.x + 64u;                                // linear/operands.py
    const unsigned block_1 = at / 8u;                                     // linear/operands.py
    const unsigned unit_1 = at % 8u;                                      // linear/operands.py
    const unsigned first_1 = block_1 * 4u;                                // linear/operands.py
    const unsigned row_5 = min(index_1 + first_1, index_2);               // linear/operands.py
    const unsigned row_6 = min(index_1 + first_1 + 1u, index_2);
    const unsigned row_7 = min(index_1 + first_1 + 2u, index_2);
    const unsigned row_8 = min(index_1 + first_1 + 3u, index_2);
    const unsigned index_7 = row_5 * 16u;                                 // linear/buffers.py
    float4 loaded_4 = x[unit_1 + index_7];                                // linear/operands.py
    const unsigned index_8 = row_6 * 16u;                                 // linear/buffers.py
    float4 loaded_5 = x[unit_1 + index_8];                                // linear/operands.py
    const unsigned index_9 = row_7 * 16u;                                 // linear/buffers.py
    float4 loaded_6 = x[unit_1 + index_9];                                // linear/operands.py
    const unsigned index_10 = row_8 * 16u;                                // linear/buffers.py
    float4 loaded_7 = x[unit_1 + index_10];                               // linear/operands.py
    const unsigned block_2 = threadIdx.x / 4u;                            // linear/operands.py
    const unsigned unit_2 = threadIdx.x % 4u;                             // linear/operands.py
    const unsigned first_2 = block_2 * 4u;                                // linear/operands.py
    const unsigned row_9 = index + first_2;                               // linear/operands.py
    const unsigned row_10 = row_9 * 2u;                                   // linear/operands.py
    const unsigned row_11 = index + first_2 + 1u;                         // linear/operands.py
    const unsigned row_12 = row_11 * 2u;                                  // linear/operands.py
    const unsigned row_13 = index + first_2 + 2u;                         // linear/operands.py
    const unsigned row_14 = row_13 * 2u;                                  // linear/operands.py
    const unsigned row_15 = index + first_2 + 3u;                         // linear/operands.py
    const unsigned row_16 = row_15 * 2u;                                  // linear/operands.py
    const unsigned words = quants[row_10 * 4u + unit_2];                  // linear/operands.py
    unsigned loaded_8 = words;                                            // linear/operands.py
    unsigned loaded_9 = scales[row_10 >> 1u];
    const unsigned words_1 = quants[row_12 * 4u + unit_2];                // linear/operands.py
    unsigned loaded_10 = words_1;                                         // linear/operands.py
    unsigned loaded_11 = scales[row_12 >> 1u];
    const unsigned words_2 = quants[row_14 * 4u + unit_2];                // linear/operands.py
    unsigned loaded_12 = words_2;                                         // linear/operands.py
    unsigned loaded_13 = scales[row_14 >> 1u];
    const unsigned words_3 = quants[row_16 * 4u + unit_2];                // linear/operands.py
    unsigned loaded_14 = words_3;                                         // linear/operands.py
    unsigned loaded_15 = scales[row_16 >> 1u];
    for (unsigned group = 0u; group < 2u; group++) {                      // linear/matmul_tiled.py
      const float4 line_1 = loaded;                                       // linear/operands.py
      const float4 line_2 = loaded_1;
      const float4 line_3 = loaded_2;
      const float4 line_4 = loaded_3;
      const unsigned turn = block % 8u;                                   // parts/staged_rows.py
      const unsigned row_17 = block / 8u * 32u + turn;                    // parts/staged_rows.py
      const unsigned place = row_17 * 8u + (turn ^ unit);                 // parts/staged_rows.py
      const float4 column_1 = make_float4(line_1.x, line_2.x, line_3.x, line_4.x);  // parts/staged_rows.py
      tile[place] = column_1;                                             // parts/staged_rows.py
      const float4 column_2 = make_float4(line_1.y, line_2.y, line_3.y, line_4.y);  // parts/staged_rows.py
      tile[place + 64u] = column_2;                                       // parts/staged_rows.py
      const float4 column_3 = make_float4(line_1.z, line_2.z, line_3.z, line_4.z);  // parts/staged_rows.py
      tile[place + 128u] = column_3;                                      // parts/staged_rows.py
      const float4 column_4 = make_float4(line_1.w, line_2.w, line_3.w, line_4.w);  // parts/staged_rows.py
      tile[place + 192u] = column_4;                                      // parts/staged_rows.py
      const float4 line_5 = loaded_4;                                     // linear/operands.py
      const float4 line_6 = loaded_5;
      const float4 line_7 = loaded_6;
      const float4 line_8 = loaded_7;
      const unsigned turn_1 = block_1 % 8u;                               // parts/staged_rows.py
      const unsigned row_18 = block_1 / 8u * 32u + turn_1;                // parts/staged_rows.py
      const unsigned place_1 = row_18 * 8u + (turn_1 ^ unit_1);           // parts/staged_rows.py
      const float4 column_5 = make_float4(line_5.x, line_6.x, line_7.x, line_8.x);  // parts/staged_rows.py
      tile[place_1] = column_5;                                           // parts/staged_rows.py
      const float4 column_6 = make_float4(line_5.y, line_6.y, line_7.y, line_8.y);  // parts/staged_rows.py
      tile[place_1 + 64u] = column_6;                                     // parts/staged_rows.py
      const float4 column_7 = make_float4(line_5.z, line_6.z, line_7.z, line_8.z);  // parts/staged_rows.py
      tile[place_1 + 128u] = column_7;                                    // parts/staged_rows.py
      const float4 column_8 = make_float4(line_5.w, line_6.w, line_7.w, line_8.w);  // parts/staged_rows.py
      tile[place_1 + 192u] = column_8;                                    // parts/staged_rows.py
      const unsigned word = loaded_8;                                     // linear/operands.py
      const float4 low = u8x4_to_float4(word & 0x0f0f0f0fu, 8.0f);        // formats/nibbles.py
      const float4 high = u8x4_to_float4((word >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair = unpack_half2(loaded_9);                         // parts/packed_rows.py
      const float4 factor = splat_float4(((row_10 + group) & 1u) == 1u ? pair.y : pair.x);  // linear/operands.py
      const float4 line_0 = low * factor;                                 // linear/operands.py
      const float4 line_1_1 = high * factor;
      const unsigned word_1 = loaded_10;                                  // linear/operands.py
      const float4 low_1 = u8x4_to_float4(word_1 & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
      const float4 high_1 = u8x4_to_float4((word_1 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair_1 = unpack_half2(loaded_11);                      // parts/packed_rows.py
      const float4 factor_1 = splat_float4(((row_12 + group) & 1u) == 1u ? pair_1.y : pair_1.x);  // linear/operands.py
      const float4 line_0_1 = low_1 * factor_1;                           // linear/operands.py
      const float4 line_1_2 = high_1 * factor_1;
      const unsigned word_2 = loaded_12;                                  // linear/operands.py
      const float4 low_2 = u8x4_to_float4(word_2 & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
      const float4 high_2 = u8x4_to_float4((word_2 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair_2 = unpack_half2(loaded_13);                      // parts/packed_rows.py
      const float4 factor_2 = splat_float4(((row_14 + group) & 1u) == 1u ? pair_2.y : pair_2.x);  // linear/operands.py
      const float4 line_0_2 = low_2 * factor_2;                           // linear/operands.py
      const float4 line_1_3 = high_2 * factor_2;
      const unsigned word_3 = loaded_14;                                  // linear/operands.py
      const float4 low_3 = u8x4_to_float4(word_3 & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
      const float4 high_3 = u8x4_to_float4((word_3 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair_3 = unpack_half2(loaded_15);                      // parts/packed_rows.py
      const float4 factor_3 = splat_float4(((row_16 + group) & 1u) == 1u ? pair_3.y : pair_3.x);  // linear/operands.py
      const float4 line_0_3 = low_3 * factor_3;                           // linear/operands.py
      const float4 line_1_4 = high_3 * factor_3;
      const unsigned cell = unit_2 * 2u;                                  // linear/operands.py
      const unsigned turn_2 = block_2 % 8u;                               // parts/staged_rows.py
      const unsigned row_19 = block_2 / 8u * 32u + turn_2;                // parts/staged_rows.py
      const unsigned index_11 = row_19 * 8u;                              // parts/staged_rows.py
      const unsigned place_2 = index_11 + (turn_2 ^ cell);
      const float4 column_9 = make_float4(line_0.x, line_0_1.x, line_0_2.x, line_0_3.x);  // parts/staged_rows.py
      tile[place_2 + 512u] = column_9;                                    // parts/staged_rows.py
      const float4 column_10 = make_float4(line_0.y, line_0_1.y, line_0_2.y, line_0_3.y);  // parts/staged_rows.py
      tile[place_2 + 576u] = column_10;                                   // parts/staged_rows.py
      const float4 column_11 = make_float4(line_0.z, line_0_1.z, line_0_2.z, line_0_3.z);  // parts/staged_rows.py
      tile[place_2 + 640u] = column_11;                                   // parts/staged_rows.py
      const float4 column_12 = make_float4(line_0.w, line_0_1.w, line_0_2.w, line_0_3.w);  // parts/staged_rows.py
      tile[place_2 + 704u] = column_12;                                   // parts/staged_rows.py
      const unsigned inside_1 = cell + 1u;                                // parts/staged_rows.py
      const unsigned place_3 = index_11 + (turn_2 ^ inside_1);            // parts/staged_rows.py
      const float4 column_13 = make_float4(line_1_1.x, line_1_2.x, line_1_3.x, line_1_4.x);  // parts/staged_rows.py
      tile[place_3 + 512u] = column_13;                                   // parts/staged_rows.py
      const float4 column_14 = make_float4(line_1_1.y, line_1_2.y, line_1_3.y, line_1_4.y);  // parts/staged_rows.py
      tile[place_3 + 576u] = column_14;                                   // parts/staged_rows.py
      const float4 column_15 = make_float4(line_1_1.z, line_1_2.z, line_1_3.z, line_1_4.z);  // parts/staged_rows.py
      tile[place_3 + 640u] = column_15;                                   // parts/staged_rows.py
      const float4 column_16 = make_float4(line_1_1.w, line_1_2.w, line_1_3.w, line_1_4.w);  // parts/staged_rows.py
      tile[place_3 + 704u] = column_16;                                   // parts/staged_rows.py
      __syncthreads();                                                    // linear/matmul_tiled.py
      const unsigned step_1 = min(group + 1u, 1u);                        // linear/matmul_tiled.py
      const unsigned index_12 = step_1 * 8u;                              // linear/operands.py
      const unsigned first_3 = index_12 + unit;
      loaded = x[first_3 + index_3];                                      // linear/operands.py
      loaded_1 = x[first_3 + index_4];
      loaded_2 = x[first_3 + index_5];
      loaded_3 = x[first_3 + index_6];
      const unsigned first_4 = index_12 + unit_1;                         // linear/operands.py
      loaded_4 = x[first_4 + index_7];                                    // linear/operands.py
      loaded_5 = x[first_4 + index_8];
      loaded_6 = x[first_4 + index_9];
      loaded_7 = x[first_4 + index_10];
      const unsigned at_1 = row_10 + step_1;                              // linear/operands.py
      const unsigned words_4 = quants[at_1 * 4u + unit_2];                // linear/operands.py
      loaded_8 = words_4;                                                 // linear/operands.py
      loaded_9 = scales[at_1 >> 1u];
      const unsigned at_2 = row_12 + step_1;                              // linear/operands.py
      const unsigned words_5 = quants[at_2 * 4u + unit_2];                // linear/operands.py
      loaded_10 = words_5;                                                // linear/operands.py
      loaded_11 = scales[at_2 >> 1u];
      const unsigned at_3 = row_14 + step_1;                              // linear/operands.py
      const unsigned words_6 = quants[at_3 * 4u + unit_2];                // linear/operands.py
      loaded_12 = words_6;                                                // linear/operands.py
      loaded_13 = scales[at_3 >> 1u];
      const unsigned at_4 = row_16 + step_1;                              // linear/operands.py
      const unsigned words_7 = quants[at_4 * 4u + unit_2];                // linear/operands.py
      loaded_14 = words_7;                                                // linear/operands.py
      loaded_15 = scales[at_4 >> 1u];
      for (unsigned part = 0u; part < 8u; part++) {                       // linear/matmul_tiled.py
        const unsigned place_4 = row * 8u + ((row % 8u) ^ part);          // parts/staged_rows.py
        const float4 x_0 = tile[place_4];                                 // parts/staged_rows.py
        const float4 x_1 = tile[place_4 + 64u];
        const float4 x_2 = tile[place_4 + 128u];
        const float4 x_3 = tile[place_4 + 192u];
        const float4 x_0_1 = tile[place_4 + 256u];
        const float4 x_1_1 = tile[place_4 + 320u];
        const float4 x_2_1 = tile[place_4 + 384u];
        const float4 x_3_1 = tile[place_4 + 448u];
        const unsigned place_5 = column * 8u + ((column % 8u) ^ part);    // parts/staged_rows.py
        const float4 w_0 = tile[place_5 + 512u];                          // parts/staged_rows.py
        const float4 w_1 = tile[place_5 + 576u];
        const float4 w_2 = tile[place_5 + 640u];
        const float4 w_3 = tile[place_5 + 704u];
        const float4 factor_4 = splat_float4(x_0.x);                      // linear/matmul_registers.py
        sum_00_0 += w_0 * factor_4;
        const float4 factor_5 = splat_float4(x_0.y);
        sum_00_1 += w_0 * factor_5;
        const float4 factor_6 = splat_float4(x_0.z);
        sum_00_2 += w_0 * factor_6;
        const float4 factor_7 = splat_float4(x_0.w);
        sum_00_3 += w_0 * factor_7;
        const float4 factor_8 = splat_float4(x_1.x);
        sum_00_0 += w_1 * factor_8;
        const float4 factor_9 = splat_float4(x_1.y);
        sum_00_1 += w_1 * factor_9;
        const float4 factor_10 = splat_float4(x_1.z);
        sum_00_2 += w_1 * factor_10;
        const float4 factor_11 = splat_float4(x_1.w);
        sum_00_3 += w_1 * factor_11;
        const float4 factor_12 = splat_float4(x_2.x);
        sum_00_0 += w_2 * factor_12;
        const float4 factor_13 = splat_float4(x_2.y);
        sum_00_1 += w_2 * factor_13;
        const float4 factor_14 = splat_float4(x_2.z);
        sum_00_2 += w_2 * factor_14;
        const float4 factor_15 = splat_float4(x_2.w);
        sum_00_3 += w_2 * factor_15;
        const float4 factor_16 = splat_float4(x_3.x);
        sum_00_0 += w_3 * factor_16;
        const float4 factor_17 = splat_float4(x_3.y);
        sum_00_1 += w_3 * factor_17;
        const float4 factor_18 = splat_float4(x_3.z);
        sum_00_2 += w_3 * factor_18;
        const float4 factor_19 = splat_float4(x_3.w);
        sum_00_3 += w_3 * factor_19;
        const float4 factor_20 = splat_float4(x_0_1.x);
        sum_10_0 += w_0 * factor_20;
        const float4 factor_21 = splat_float4(x_0_1.y);
        sum_10_1 += w_0 * factor_21;
        const float4 factor_22 = splat_float4(x_0_1.z);
        sum_10_2 += w_0 * factor_22;
        const float4 factor_23 = splat_float4(x_0_1.w);
        sum_10_3 += w_0 * factor_23;
        const float4 factor_24 = splat_float4(x_1_1.x);
        sum_10_0 += w_1 * factor_24;
        const float4 factor_25 = splat_float4(x_1_1.y);
        sum_10_1 += w_1 * factor_25;
        const float4 factor_26 = splat_float4(x_1_1.z);
        sum_10_2 += w_1 * factor_26;
        const float4 factor_27 = splat_float4(x_1_1.w);
        sum_10_3 += w_1 * factor_27;
        const float4 factor_28 = splat_float4(x_2_1.x);
        sum_10_0 += w_2 * factor_28;
        const float4 factor_29 = splat_float4(x_2_1.y);
        sum_10_1 += w_2 * factor_29;
        const float4 factor_30 = splat_float4(x_2_1.z);
        sum_10_2 += w_2 * factor_30;
        const float4 factor_31 = splat_float4(x_2_1.w);
        sum_10_3 += w_2 * factor_31;
        const float4 factor_32 = splat_float4(x_3_1.x);
        sum_10_0 += w_3 * factor_32;
        const float4 factor_33 = splat_float4(x_3_1.y);
        sum_10_1 += w_3 * factor_33;
        const float4 factor_34 = splat_float4(x_3_1.z);
        sum_10_2 += w_3 * factor_34;
        const float4 factor_35 = splat_float4(x_3_1.w);
        sum_10_3 += w_3 * factor_35;
        const float4 w_0_1 = tile[place_5 + 768u];                        // parts/staged_rows.py
        const float4 w_1_1 = tile[place_5 + 832u];
        const float4 w_2_1 = tile[place_5 + 896u];
        const float4 w_3_1 = tile[place_5 + 960u];
        sum_01_0 += w_0_1 * factor_4;                                     // linear/matmul_registers.py
        sum_01_1 += w_0_1 * factor_5;
        sum_01_2 += w_0_1 * factor_6;
        sum_01_3 += w_0_1 * factor_7;
        sum_01_0 += w_1_1 * factor_8;
        sum_01_1 += w_1_1 * factor_9;
        sum_01_2 += w_1_1 * factor_10;
        sum_01_3 += w_1_1 * factor_11;
        sum_01_0 += w_2_1 * factor_12;
        sum_01_1 += w_2_1 * factor_13;
        sum_01_2 += w_2_1 * factor_14;
        sum_01_3 += w_2_1 * factor_15;
        sum_01_0 += w_3_1 * factor_16;
        sum_01_1 += w_3_1 * factor_17;
        sum_01_2 += w_3_1 * factor_18;
        sum_01_3 += w_3_1 * factor_19;
        sum_11_0 += w_0_1 * factor_20;
        sum_11_1 += w_0_1 * factor_21;
        sum_11_2 += w_0_1 * factor_22;
        sum_11_3 += w_0_1 * factor_23;
        sum_11_0 += w_1_1 * factor_24;
        sum_11_1 += w_1_1 * factor_25;
        sum_11_2 += w_1_1 * factor_26;
        sum_11_3 += w_1_1 * factor_27;
        sum_11_0 += w_2_1 * factor_28;
        sum_11_1 += w_2_1 * factor_29;
        sum_11_2 += w_2_1 * factor_30;
        sum_11_3 += w_2_1 * factor_31;
        sum_11_0 += w_3_1 * factor_32;
        sum_11_1 += w_3_1 * factor_33;
        sum_11_2 += w_3_1 * factor_34;
        sum_11_3 += w_3_1 * factor_35;
      }
      __syncthreads();                                                    // linear/matmul_tiled.py
    }
  } else {
    const unsigned block = threadIdx.x / 8u;                              // linear/operands.py
    const unsigned unit = threadIdx.x % 8u;                               // linear/operands.py
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
    const unsigned block_1 = threadIdx.x / 4u;                            // linear/operands.py
    const unsigned unit_1 = threadIdx.x % 4u;                             // linear/operands.py
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
    for (unsigned group = 0u; group < 2u; group++) {                      // linear/matmul_tiled.py
      const float4 line_1 = loaded;                                       // linear/operands.py
      const float4 line_2 = loaded_1;
      const float4 line_3 = loaded_2;
      const float4 line_4 = loaded_3;
      const unsigned place = block * 8u + ((block % 8u) ^ unit);          // parts/staged_rows.py
      const float4 column_1 = make_float4(line_1.x, line_2.x, line_3.x, line_4.x);  // parts/staged_rows.py
      tile[place] = column_1;                                             // parts/staged_rows.py
      const float4 column_2 = make_float4(line_1.y, line_2.y, line_3.y, line_4.y);  // parts/staged_rows.py
      tile[place + 64u] = column_2;                                       // parts/staged_rows.py
      const float4 column_3 = make_float4(line_1.z, line_2.z, line_3.z, line_4.z);  // parts/staged_rows.py
      tile[place + 128u] = column_3;                                      // parts/staged_rows.py
      const float4 column_4 = make_float4(line_1.w, line_2.w, line_3.w, line_4.w);  // parts/staged_rows.py
      tile[place + 192u] = column_4;                                      // parts/staged_rows.py
      const unsigned word = loaded_4;                                     // linear/operands.py
      const float4 low = u8x4_to_float4(word & 0x0f0f0f0fu, 8.0f);        // formats/nibbles.py
      const float4 high = u8x4_to_float4((word >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair = unpack_half2(loaded_5);                         // parts/packed_rows.py
      const float4 factor = splat_float4(((row_6 + group) & 1u) == 1u ? pair.y : pair.x);  // linear/operands.py
      const float4 line_0 = low * factor;                                 // linear/operands.py
      const float4 line_1_1 = high * factor;
      const unsigned word_1 = loaded_6;                                   // linear/operands.py
      const float4 low_1 = u8x4_to_float4(word_1 & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
      const float4 high_1 = u8x4_to_float4((word_1 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair_1 = unpack_half2(loaded_7);                       // parts/packed_rows.py
      const float4 factor_1 = splat_float4(((row_8 + group) & 1u) == 1u ? pair_1.y : pair_1.x);  // linear/operands.py
      const float4 line_0_1 = low_1 * factor_1;                           // linear/operands.py
      const float4 line_1_2 = high_1 * factor_1;
      const unsigned word_2 = loaded_8;                                   // linear/operands.py
      const float4 low_2 = u8x4_to_float4(word_2 & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
      const float4 high_2 = u8x4_to_float4((word_2 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair_2 = unpack_half2(loaded_9);                       // parts/packed_rows.py
      const float4 factor_2 = splat_float4(((row_10 + group) & 1u) == 1u ? pair_2.y : pair_2.x);  // linear/operands.py
      const float4 line_0_2 = low_2 * factor_2;                           // linear/operands.py
      const float4 line_1_3 = high_2 * factor_2;
      const unsigned word_3 = loaded_10;                                  // linear/operands.py
      const float4 low_3 = u8x4_to_float4(word_3 & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
      const float4 high_3 = u8x4_to_float4((word_3 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair_3 = unpack_half2(loaded_11);                      // parts/packed_rows.py
      const float4 factor_3 = splat_float4(((row_12 + group) & 1u) == 1u ? pair_3.y : pair_3.x);  // linear/operands.py
      const float4 line_0_3 = low_3 * factor_3;                           // linear/operands.py
      const float4 line_1_4 = high_3 * factor_3;
      const unsigned cell = unit_1 * 2u;                                  // linear/operands.py
      const unsigned turn = block_1 % 8u;                                 // parts/staged_rows.py
      const unsigned row_13 = block_1 / 8u * 32u + turn;                  // parts/staged_rows.py
      const unsigned index_7 = row_13 * 8u;                               // parts/staged_rows.py
      const unsigned place_1 = index_7 + (turn ^ cell);
      const float4 column_5 = make_float4(line_0.x, line_0_1.x, line_0_2.x, line_0_3.x);  // parts/staged_rows.py
      tile[place_1 + 512u] = column_5;                                    // parts/staged_rows.py
      const float4 column_6 = make_float4(line_0.y, line_0_1.y, line_0_2.y, line_0_3.y);  // parts/staged_rows.py
      tile[place_1 + 576u] = column_6;                                    // parts/staged_rows.py
      const float4 column_7 = make_float4(line_0.z, line_0_1.z, line_0_2.z, line_0_3.z);  // parts/staged_rows.py
      tile[place_1 + 640u] = column_7;                                    // parts/staged_rows.py
      const float4 column_8 = make_float4(line_0.w, line_0_1.w, line_0_2.w, line_0_3.w);  // parts/staged_rows.py
      tile[place_1 + 704u] = column_8;                                    // parts/staged_rows.py
      const unsigned inside_1 = cell + 1u;                                // parts/staged_rows.py
      const unsigned place_2 = index_7 + (turn ^ inside_1);               // parts/staged_rows.py
      const float4 column_9 = make_float4(line_1_1.x, line_1_2.x, line_1_3.x, line_1_4.x);  // parts/staged_rows.py
      tile[place_2 + 512u] = column_9;                                    // parts/staged_rows.py
      const float4 column_10 = make_float4(line_1_1.y, line_1_2.y, line_1_3.y, line_1_4.y);  // parts/staged_rows.py
      tile[place_2 + 576u] = column_10;                                   // parts/staged_rows.py
      const float4 column_11 = make_float4(line_1_1.z, line_1_2.z, line_1_3.z, line_1_4.z);  // parts/staged_rows.py
      tile[place_2 + 640u] = column_11;                                   // parts/staged_rows.py
      const float4 column_12 = make_float4(line_1_1.w, line_1_2.w, line_1_3.w, line_1_4.w);  // parts/staged_rows.py
      tile[place_2 + 704u] = column_12;                                   // parts/staged_rows.py
      __syncthreads();                                                    // linear/matmul_tiled.py
      const unsigned step_1 = min(group + 1u, 1u);                        // linear/matmul_tiled.py
      const unsigned first_2 = step_1 * 8u + unit;                        // linear/operands.py
      loaded = x[first_2 + index_3];                                      // linear/operands.py
      loaded_1 = x[first_2 + index_4];
      loaded_2 = x[first_2 + index_5];
      loaded_3 = x[first_2 + index_6];
      const unsigned at = row_6 + step_1;                                 // linear/operands.py
      const unsigned words_4 = quants[at * 4u + unit_1];                  // linear/operands.py
      loaded_4 = words_4;                                                 // linear/operands.py
      loaded_5 = scales[at >> 1u];
      const unsigned at_1 = row_8 + step_1;                               // linear/operands.py
      const unsigned words_5 = quants[at_1 * 4u + unit_1];                // linear/operands.py
      loaded_6 = words_5;                                                 // linear/operands.py
      loaded_7 = scales[at_1 >> 1u];
      const unsigned at_2 = row_10 + step_1;                              // linear/operands.py
      const unsigned words_6 = quants[at_2 * 4u + unit_1];                // linear/operands.py
      loaded_8 = words_6;                                                 // linear/operands.py
      loaded_9 = scales[at_2 >> 1u];
      const unsigned at_3 = row_12 + step_1;                              // linear/operands.py
      const unsigned words_7 = quants[at_3 * 4u + unit_1];                // linear/operands.py
      loaded_10 = words_7;                                                // linear/operands.py
      loaded_11 = scales[at_3 >> 1u];
      for (unsigned part = 0u; part < 8u; part++) {                       // linear/matmul_tiled.py
        const unsigned place_3 = row * 8u + ((row % 8u) ^ part);          // parts/staged_rows.py
        const float4 x_0 = tile[place_3];                                 // parts/staged_rows.py
        const float4 x_1 = tile[place_3 + 64u];
        const float4 x_2 = tile[place_3 + 128u];
        const float4 x_3 = tile[place_3 + 192u];
        const unsigned place_4 = column * 8u + ((column % 8u) ^ part);    // parts/staged_rows.py
        const float4 w_0 = tile[place_4 + 512u];                          // parts/staged_rows.py
        const float4 w_1 = tile[place_4 + 576u];
        const float4 w_2 = tile[place_4 + 640u];
        const float4 w_3 = tile[place_4 + 704u];
        const float4 factor_4 = splat_float4(x_0.x);                      // linear/matmul_registers.py
        sum_00_0 += w_0 * factor_4;
        const float4 factor_5 = splat_float4(x_0.y);
        sum_00_1 += w_0 * factor_5;
        const float4 factor_6 = splat_float4(x_0.z);
        sum_00_2 += w_0 * factor_6;
        const float4 factor_7 = splat_float4(x_0.w);
        sum_00_3 += w_0 * factor_7;
        const float4 factor_8 = splat_float4(x_1.x);
        sum_00_0 += w_1 * factor_8;
        const float4 factor_9 = splat_float4(x_1.y);
        sum_00_1 += w_1 * factor_9;
        const float4 factor_10 = splat_float4(x_1.z);
        sum_00_2 += w_1 * factor_10;
        const float4 factor_11 = splat_float4(x_1.w);
        sum_00_3 += w_1 * factor_11;
        const float4 factor_12 = splat_float4(x_2.x);
        sum_00_0 += w_2 * factor_12;
        const float4 factor_13 = splat_float4(x_2.y);
        sum_00_1 += w_2 * factor_13;
        const float4 factor_14 = splat_float4(x_2.z);
        sum_00_2 += w_2 * factor_14;
        const float4 factor_15 = splat_float4(x_2.w);
        sum_00_3 += w_2 * factor_15;
        const float4 factor_16 = splat_float4(x_3.x);
        sum_00_0 += w_3 * factor_16;
        const float4 factor_17 = splat_float4(x_3.y);
        sum_00_1 += w_3 * factor_17;
        const float4 factor_18 = splat_float4(x_3.z);
        sum_00_2 += w_3 * factor_18;
        const float4 factor_19 = splat_float4(x_3.w);
        sum_00_3 += w_3 * factor_19;
        const float4 w_0_1 = tile[place_4 + 768u];                        // parts/staged_rows.py
        const float4 w_1_1 = tile[place_4 + 832u];
        const float4 w_2_1 = tile[place_4 + 896u];
        const float4 w_3_1 = tile[place_4 + 960u];
        sum_01_0 += w_0_1 * factor_4;                                     // linear/matmul_registers.py
        sum_01_1 += w_0_1 * factor_5;
        sum_01_2 += w_0_1 * factor_6;
        sum_01_3 += w_0_1 * factor_7;
        sum_01_0 += w_1_1 * factor_8;
        sum_01_1 += w_1_1 * factor_9;
        sum_01_2 += w_1_1 * factor_10;
        sum_01_3 += w_1_1 * factor_11;
        sum_01_0 += w_2_1 * factor_12;
        sum_01_1 += w_2_1 * factor_13;
        sum_01_2 += w_2_1 * factor_14;
        sum_01_3 += w_2_1 * factor_15;
        sum_01_0 += w_3_1 * factor_16;
        sum_01_1 += w_3_1 * factor_17;
        sum_01_2 += w_3_1 * factor_18;
        sum_01_3 += w_3_1 * factor_19;
      }
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
