// matmul_q4_gated_344x128_halves

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

__device__ inline float2 unpack_half2(unsigned word) {
  float2 pair;
  asm("{ .reg .b16 low, high;"
      "  mov.b32 {low, high}, %2;"
      "  cvt.f32.f16 %0, low;"
      "  cvt.f32.f16 %1, high; }"
      : "=f"(pair.x), "=f"(pair.y) : "r"(word));
  return pair;
}

__device__ inline float4 join(float2 low, float2 high) {
  return make_float4(low.x, low.y, high.x, high.y);
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

extern "C" __global__ void __launch_bounds__(64) matmul_q4_gated_344x128_halves(
  const unsigned* x,
  const unsigned* __restrict__ quants,
  const unsigned* __restrict__ scales,
  float2* __restrict__ out,
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
    const unsigned chunk = (unit % 16u) / 4u;                             // linear/operands.py
    const unsigned step_1 = unit / 16u;                                   // linear/operands.py
    const unsigned index_3 = row_1 / 128u * 2u;                           // linear/half_blocks.py
    const unsigned index_4 = (unit % 4u) * 256u;                          // linear/operands.py
    const unsigned index_5 = row_1 % 128u;
    const unsigned cell = (index_3 + step_1) * 1024u + index_4 + index_5;
    unsigned loaded = x[cell * 4u + chunk];                               // linear/operands.py
    unsigned loaded_1 = x[(cell + 128u) * 4u + chunk];
    const unsigned index_6 = row_2 / 128u * 2u;                           // linear/half_blocks.py
    const unsigned index_7 = row_2 % 128u;                                // linear/operands.py
    const unsigned cell_1 = (index_6 + step_1) * 1024u + index_4 + index_7;
    unsigned loaded_2 = x[cell_1 * 4u + chunk];                           // linear/operands.py
    unsigned loaded_3 = x[(cell_1 + 128u) * 4u + chunk];
    const unsigned index_8 = row_3 / 128u * 2u;                           // linear/half_blocks.py
    const unsigned index_9 = row_3 % 128u;                                // linear/operands.py
    const unsigned cell_2 = (index_8 + step_1) * 1024u + index_4 + index_9;
    unsigned loaded_4 = x[cell_2 * 4u + chunk];                           // linear/operands.py
    unsigned loaded_5 = x[(cell_2 + 128u) * 4u + chunk];
    const unsigned index_10 = row_4 / 128u * 2u;                          // linear/half_blocks.py
    const unsigned index_11 = row_4 % 128u;                               // linear/operands.py
    const unsigned cell_3 = (index_10 + step_1) * 1024u + index_4 + index_11;
    unsigned loaded_6 = x[cell_3 * 4u + chunk];                           // linear/operands.py
    unsigned loaded_7 = x[(cell_3 + 128u) * 4u + chunk];
    const unsigned at = threadIdx.x + 64u;                                // linear/operands.py
    const unsigned block_1 = at / 8u;                                     // linear/operands.py
    const unsigned unit_1 = at % 8u;                                      // linear/operands.py
    const unsigned first_1 = block_1 * 4u;                                // linear/operands.py
    const unsigned row_5 = min(index_1 + first_1, index_2);               // linear/operands.py
    const unsigned row_6 = min(index_1 + first_1 + 1u, index_2);
    const unsigned row_7 = min(index_1 + first_1 + 2u, index_2);
    const unsigned row_8 = min(index_1 + first_1 + 3u, index_2);
    const unsigned chunk_1 = (unit_1 % 16u) / 4u;                         // linear/operands.py
    const unsigned step_2 = unit_1 / 16u;                                 // linear/operands.py
    const unsigned index_12 = row_5 / 128u * 2u;                          // linear/half_blocks.py
    const unsigned index_13 = (unit_1 % 4u) * 256u;                       // linear/operands.py
    const unsigned index_14 = row_5 % 128u;
    const unsigned cell_4 = (index_12 + step_2) * 1024u + index_13 + index_14;
    unsigned loaded_8 = x[cell_4 * 4u + chunk_1];                         // linear/operands.py
    unsigned loaded_9 = x[(cell_4 + 128u) * 4u + chunk_1];
    const unsigned index_15 = row_6 / 128u * 2u;                          // linear/half_blocks.py
    const unsigned index_16 = row_6 % 128u;                               // linear/operands.py
    const unsigned cell_5 = (index_15 + step_2) * 1024u + index_13 + index_16;
    unsigned loaded_10 = x[cell_5 * 4u + chunk_1];                        // linear/operands.py
    unsigned loaded_11 = x[(cell_5 + 128u) * 4u + chunk_1];
    const unsigned index_17 = row_7 / 128u * 2u;                          // linear/half_blocks.py
    const unsigned index_18 = row_7 % 128u;                               // linear/operands.py
    const unsigned cell_6 = (index_17 + step_2) * 1024u + index_13 + index_18;
    unsigned loaded_12 = x[cell_6 * 4u + chunk_1];                        // linear/operands.py
    unsigned loaded_13 = x[(cell_6 + 128u) * 4u + chunk_1];
    const unsigned index_19 = row_8 / 128u * 2u;                          // linear/half_blocks.py
    const unsigned index_20 = row_8 % 128u;                               // linear/operands.py
    const unsigned cell_7 = (index_19 + step_2) * 1024u + index_13 + index_20;
    unsigned loaded_14 = x[cell_7 * 4u + chunk_1];                        // linear/operands.py
    unsigned loaded_15 = x[(cell_7 + 128u) * 4u + chunk_1];
    const unsigned block_2 = threadIdx.x / 4u;                            // linear/operands.py
    const unsigned unit_2 = threadIdx.x % 4u;                             // linear/operands.py
    const unsigned first_2 = block_2 * 4u;                                // linear/operands.py
    const unsigned row_9 = index + first_2;                               // linear/operands.py
    const unsigned row_10 = min(row_9, 343u);                             // linear/operands.py
    const unsigned row_11 = row_10 * 4u;                                  // linear/operands.py
    const unsigned row_12 = index + first_2 + 1u;                         // linear/operands.py
    const unsigned row_13 = min(row_12, 343u);                            // linear/operands.py
    const unsigned row_14 = row_13 * 4u;                                  // linear/operands.py
    const unsigned row_15 = index + first_2 + 2u;                         // linear/operands.py
    const unsigned row_16 = min(row_15, 343u);                            // linear/operands.py
    const unsigned row_17 = row_16 * 4u;                                  // linear/operands.py
    const unsigned row_18 = index + first_2 + 3u;                         // linear/operands.py
    const unsigned row_19 = min(row_18, 343u);                            // linear/operands.py
    const unsigned row_20 = row_19 * 4u;                                  // linear/operands.py
    const unsigned words = quants[row_11 * 4u + unit_2];                  // linear/operands.py
    unsigned loaded_16 = words;                                           // linear/operands.py
    unsigned loaded_17 = scales[row_11 >> 1u];
    const unsigned words_1 = quants[row_14 * 4u + unit_2];                // linear/operands.py
    unsigned loaded_18 = words_1;                                         // linear/operands.py
    unsigned loaded_19 = scales[row_14 >> 1u];
    const unsigned words_2 = quants[row_17 * 4u + unit_2];                // linear/operands.py
    unsigned loaded_20 = words_2;                                         // linear/operands.py
    unsigned loaded_21 = scales[row_17 >> 1u];
    const unsigned words_3 = quants[row_20 * 4u + unit_2];                // linear/operands.py
    unsigned loaded_22 = words_3;                                         // linear/operands.py
    unsigned loaded_23 = scales[row_20 >> 1u];
    for (unsigned group = 0u; group < 4u; group++) {                      // linear/matmul_tiled.py
      const float4 line_1 = join(unpack_half2(loaded), unpack_half2(loaded_1));  // linear/operands.py
      const float4 line_2 = join(unpack_half2(loaded_2), unpack_half2(loaded_3));
      const float4 line_3 = join(unpack_half2(loaded_4), unpack_half2(loaded_5));
      const float4 line_4 = join(unpack_half2(loaded_6), unpack_half2(loaded_7));
      const unsigned turn = block % 8u;                                   // parts/staged_rows.py
      const unsigned row_21 = block / 8u * 32u + turn;                    // parts/staged_rows.py
      const unsigned place = row_21 * 8u + (turn ^ unit);                 // parts/staged_rows.py
      const float4 column_1 = make_float4(line_1.x, line_2.x, line_3.x, line_4.x);  // parts/staged_rows.py
      tile[place] = column_1;                                             // parts/staged_rows.py
      const float4 column_2 = make_float4(line_1.y, line_2.y, line_3.y, line_4.y);  // parts/staged_rows.py
      tile[place + 64u] = column_2;                                       // parts/staged_rows.py
      const float4 column_3 = make_float4(line_1.z, line_2.z, line_3.z, line_4.z);  // parts/staged_rows.py
      tile[place + 128u] = column_3;                                      // parts/staged_rows.py
      const float4 column_4 = make_float4(line_1.w, line_2.w, line_3.w, line_4.w);  // parts/staged_rows.py
      tile[place + 192u] = column_4;                                      // parts/staged_rows.py
      const float4 line_5 = join(unpack_half2(loaded_8), unpack_half2(loaded_9));  // linear/operands.py
      const float4 line_6 = join(unpack_half2(loaded_10), unpack_half2(loaded_11));
      const float4 line_7 = join(unpack_half2(loaded_12), unpack_half2(loaded_13));
      const float4 line_8 = join(unpack_half2(loaded_14), unpack_half2(loaded_15));
      const unsigned turn_1 = block_1 % 8u;                               // parts/staged_rows.py
      const unsigned row_22 = block_1 / 8u * 32u + turn_1;                // parts/staged_rows.py
      const unsigned place_1 = row_22 * 8u + (turn_1 ^ unit_1);           // parts/staged_rows.py
      const float4 column_5 = make_float4(line_5.x, line_6.x, line_7.x, line_8.x);  // parts/staged_rows.py
      tile[place_1] = column_5;                                           // parts/staged_rows.py
      const float4 column_6 = make_float4(line_5.y, line_6.y, line_7.y, line_8.y);  // parts/staged_rows.py
      tile[place_1 + 64u] = column_6;                                     // parts/staged_rows.py
      const float4 column_7 = make_float4(line_5.z, line_6.z, line_7.z, line_8.z);  // parts/staged_rows.py
      tile[place_1 + 128u] = column_7;                                    // parts/staged_rows.py
      const float4 column_8 = make_float4(line_5.w, line_6.w, line_7.w, line_8.w);  // parts/staged_rows.py
      tile[place_1 + 192u] = column_8;                                    // parts/staged_rows.py
      const unsigned word = loaded_16;                                    // linear/operands.py
      const float4 low = u8x4_to_float4(word & 0x0f0f0f0fu, 8.0f);        // formats/nibbles.py
      const float4 high = u8x4_to_float4((word >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair = unpack_half2(loaded_17);                        // parts/packed_rows.py
      const float4 factor = splat_float4(((row_11 + group) & 1u) == 1u ? pair.y : pair.x);  // linear/operands.py
      const float4 line_0 = low * factor;                                 // linear/operands.py
      const float4 line_1_1 = high * factor;
      const unsigned word_1 = loaded_18;                                  // linear/operands.py
      const float4 low_1 = u8x4_to_float4(word_1 & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
      const float4 high_1 = u8x4_to_float4((word_1 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair_1 = unpack_half2(loaded_19);                      // parts/packed_rows.py
      const float4 factor_1 = splat_float4(((row_14 + group) & 1u) == 1u ? pair_1.y : pair_1.x);  // linear/operands.py
      const float4 line_0_1 = low_1 * factor_1;                           // linear/operands.py
      const float4 line_1_2 = high_1 * factor_1;
      const unsigned word_2 = loaded_20;                                  // linear/operands.py
      const float4 low_2 = u8x4_to_float4(word_2 & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
      const float4 high_2 = u8x4_to_float4((word_2 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair_2 = unpack_half2(loaded_21);                      // parts/packed_rows.py
      const float4 factor_2 = splat_float4(((row_17 + group) & 1u) == 1u ? pair_2.y : pair_2.x);  // linear/operands.py
      const float4 line_0_2 = low_2 * factor_2;                           // linear/operands.py
      const float4 line_1_3 = high_2 * factor_2;
      const unsigned word_3 = loaded_22;                                  // linear/operands.py
      const float4 low_3 = u8x4_to_float4(word_3 & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
      const float4 high_3 = u8x4_to_float4((word_3 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair_3 = unpack_half2(loaded_23);                      // parts/packed_rows.py
      const float4 factor_3 = splat_float4(((row_20 + group) & 1u) == 1u ? pair_3.y : pair_3.x);  // linear/operands.py
      const float4 line_0_3 = low_3 * factor_3;                           // linear/operands.py
      const float4 line_1_4 = high_3 * factor_3;
      const unsigned cell_8 = unit_2 * 2u;                                // linear/operands.py
      const unsigned turn_2 = block_2 % 8u;                               // parts/staged_rows.py
      const unsigned row_23 = block_2 / 8u * 32u + turn_2;                // parts/staged_rows.py
      const unsigned index_21 = row_23 * 8u;                              // parts/staged_rows.py
      const unsigned place_2 = index_21 + (turn_2 ^ cell_8);
      const float4 column_9 = make_float4(line_0.x, line_0_1.x, line_0_2.x, line_0_3.x);  // parts/staged_rows.py
      tile[place_2 + 512u] = column_9;                                    // parts/staged_rows.py
      const float4 column_10 = make_float4(line_0.y, line_0_1.y, line_0_2.y, line_0_3.y);  // parts/staged_rows.py
      tile[place_2 + 576u] = column_10;                                   // parts/staged_rows.py
      const float4 column_11 = make_float4(line_0.z, line_0_1.z, line_0_2.z, line_0_3.z);  // parts/staged_rows.py
      tile[place_2 + 640u] = column_11;                                   // parts/staged_rows.py
      const float4 column_12 = make_float4(line_0.w, line_0_1.w, line_0_2.w, line_0_3.w);  // parts/staged_rows.py
      tile[place_2 + 704u] = column_12;                                   // parts/staged_rows.py
      const unsigned inside_1 = cell_8 + 1u;                              // parts/staged_rows.py
      const unsigned place_3 = index_21 + (turn_2 ^ inside_1);            // parts/staged_rows.py
      const float4 column_13 = make_float4(line_1_1.x, line_1_2.x, line_1_3.x, line_1_4.x);  // parts/staged_rows.py
      tile[place_3 + 512u] = column_13;                                   // parts/staged_rows.py
      const float4 column_14 = make_float4(line_1_1.y, line_1_2.y, line_1_3.y, line_1_4.y);  // parts/staged_rows.py
      tile[place_3 + 576u] = column_14;                                   // parts/staged_rows.py
      const float4 column_15 = make_float4(line_1_1.z, line_1_2.z, line_1_3.z, line_1_4.z);  // parts/staged_rows.py
      tile[place_3 + 640u] = column_15;                                   // parts/staged_rows.py
      const float4 column_16 = make_float4(line_1_1.w, line_1_2.w, line_1_3.w, line_1_4.w);  // parts/staged_rows.py
      tile[place_3 + 704u] = column_16;                                   // parts/staged_rows.py
      __syncthreads();                                                    // linear/matmul_tiled.py
      const unsigned step_3 = min(group + 1u, 3u);                        // linear/matmul_tiled.py
      const unsigned index_22 = step_3 * 8u;                              // linear/operands.py
      const unsigned first_3 = index_22 + unit;
      const unsigned chunk_2 = (first_3 % 16u) / 4u;                      // linear/operands.py
      const unsigned step_4 = first_3 / 16u;                              // linear/operands.py
      const unsigned index_23 = (first_3 % 4u) * 256u;                    // linear/operands.py
      const unsigned cell_9 = (index_3 + step_4) * 1024u + index_23 + index_5;
      loaded = x[cell_9 * 4u + chunk_2];                                  // linear/operands.py
      loaded_1 = x[(cell_9 + 128u) * 4u + chunk_2];
      const unsigned cell_10 = (index_6 + step_4) * 1024u + index_23 + index_7;  // linear/operands.py
      loaded_2 = x[cell_10 * 4u + chunk_2];                               // linear/operands.py
      loaded_3 = x[(cell_10 + 128u) * 4u + chunk_2];
      const unsigned cell_11 = (index_8 + step_4) * 1024u + index_23 + index_9;  // linear/operands.py
      loaded_4 = x[cell_11 * 4u + chunk_2];                               // linear/operands.py
      loaded_5 = x[(cell_11 + 128u) * 4u + chunk_2];
      const unsigned cell_12 = (index_10 + step_4) * 1024u + index_23 + index_11;  // linear/operands.py
      loaded_6 = x[cell_12 * 4u + chunk_2];                               // linear/operands.py
      loaded_7 = x[(cell_12 + 128u) * 4u + chunk_2];
      const unsigned first_4 = index_22 + unit_1;                         // linear/operands.py
      const unsigned chunk_3 = (first_4 % 16u) / 4u;                      // linear/operands.py
      const unsigned step_5 = first_4 / 16u;                              // linear/operands.py
      const unsigned index_24 = (first_4 % 4u) * 256u;                    // linear/operands.py
      const unsigned cell_13 = (index_12 + step_5) * 1024u + index_24 + index_14;
      loaded_8 = x[cell_13 * 4u + chunk_3];                               // linear/operands.py
      loaded_9 = x[(cell_13 + 128u) * 4u + chunk_3];
      const unsigned cell_14 = (index_15 + step_5) * 1024u + index_24 + index_16;  // linear/operands.py
      loaded_10 = x[cell_14 * 4u + chunk_3];                              // linear/operands.py
      loaded_11 = x[(cell_14 + 128u) * 4u + chunk_3];
      const unsigned cell_15 = (index_17 + step_5) * 1024u + index_24 + index_18;  // linear/operands.py
      loaded_12 = x[cell_15 * 4u + chunk_3];                              // linear/operands.py
      loaded_13 = x[(cell_15 + 128u) * 4u + chunk_3];
      const unsigned cell_16 = (index_19 + step_5) * 1024u + index_24 + index_20;  // linear/operands.py
      loaded_14 = x[cell_16 * 4u + chunk_3];                              // linear/operands.py
      loaded_15 = x[(cell_16 + 128u) * 4u + chunk_3];
      const unsigned at_1 = row_11 + step_3;                              // linear/operands.py
      const unsigned words_4 = quants[at_1 * 4u + unit_2];                // linear/operands.py
      loaded_16 = words_4;                                                // linear/operands.py
      loaded_17 = scales[at_1 >> 1u];
      const unsigned at_2 = row_14 + step_3;                              // linear/operands.py
      const unsigned words_5 = quants[at_2 * 4u + unit_2];                // linear/operands.py
      loaded_18 = words_5;                                                // linear/operands.py
      loaded_19 = scales[at_2 >> 1u];
      const unsigned at_3 = row_17 + step_3;                              // linear/operands.py
      const unsigned words_6 = quants[at_3 * 4u + unit_2];                // linear/operands.py
      loaded_20 = words_6;                                                // linear/operands.py
      loaded_21 = scales[at_3 >> 1u];
      const unsigned at_4 = row_20 + step_3;                              // linear/operands.py
      const unsigned words_7 = quants[at_4 * 4u + unit_2];                // linear/operands.py
      loaded_22 = words_7;                                                // linear/operands.py
      loaded_23 = scales[at_4 >> 1u];
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
    const unsigned chunk = (unit % 16u) / 4u;                             // linear/operands.py
    const unsigned step_1 = unit / 16u;                                   // linear/operands.py
    const unsigned index_3 = row_1 / 128u * 2u;                           // linear/half_blocks.py
    const unsigned index_4 = (unit % 4u) * 256u;                          // linear/operands.py
    const unsigned index_5 = row_1 % 128u;
    const unsigned cell = (index_3 + step_1) * 1024u + index_4 + index_5;
    unsigned loaded = x[cell * 4u + chunk];                               // linear/operands.py
    unsigned loaded_1 = x[(cell + 128u) * 4u + chunk];
    const unsigned index_6 = row_2 / 128u * 2u;                           // linear/half_blocks.py
    const unsigned index_7 = row_2 % 128u;                                // linear/operands.py
    const unsigned cell_1 = (index_6 + step_1) * 1024u + index_4 + index_7;
    unsigned loaded_2 = x[cell_1 * 4u + chunk];                           // linear/operands.py
    unsigned loaded_3 = x[(cell_1 + 128u) * 4u + chunk];
    const unsigned index_8 = row_3 / 128u * 2u;                           // linear/half_blocks.py
    const unsigned index_9 = row_3 % 128u;                                // linear/operands.py
    const unsigned cell_2 = (index_8 + step_1) * 1024u + index_4 + index_9;
    unsigned loaded_4 = x[cell_2 * 4u + chunk];                           // linear/operands.py
    unsigned loaded_5 = x[(cell_2 + 128u) * 4u + chunk];
    const unsigned index_10 = row_4 / 128u * 2u;                          // linear/half_blocks.py
    const unsigned index_11 = row_4 % 128u;                               // linear/operands.py
    const unsigned cell_3 = (index_10 + step_1) * 1024u + index_4 + index_11;
    unsigned loaded_6 = x[cell_3 * 4u + chunk];                           // linear/operands.py
    unsigned loaded_7 = x[(cell_3 + 128u) * 4u + chunk];
    const unsigned block_1 = threadIdx.x / 4u;                            // linear/operands.py
    const unsigned unit_1 = threadIdx.x % 4u;                             // linear/operands.py
    const unsigned first_1 = block_1 * 4u;                                // linear/operands.py
    const unsigned row_5 = index + first_1;                               // linear/operands.py
    const unsigned row_6 = min(row_5, 343u);                              // linear/operands.py
    const unsigned row_7 = row_6 * 4u;                                    // linear/operands.py
    const unsigned row_8 = index + first_1 + 1u;                          // linear/operands.py
    const unsigned row_9 = min(row_8, 343u);                              // linear/operands.py
    const unsigned row_10 = row_9 * 4u;                                   // linear/operands.py
    const unsigned row_11 = index + first_1 + 2u;                         // linear/operands.py
    const unsigned row_12 = min(row_11, 343u);                            // linear/operands.py
    const unsigned row_13 = row_12 * 4u;                                  // linear/operands.py
    const unsigned row_14 = index + first_1 + 3u;                         // linear/operands.py
    const unsigned row_15 = min(row_14, 343u);                            // linear/operands.py
    const unsigned row_16 = row_15 * 4u;                                  // linear/operands.py
    const unsigned words = quants[row_7 * 4u + unit_1];                   // linear/operands.py
    unsigned loaded_8 = words;                                            // linear/operands.py
    unsigned loaded_9 = scales[row_7 >> 1u];
    const unsigned words_1 = quants[row_10 * 4u + unit_1];                // linear/operands.py
    unsigned loaded_10 = words_1;                                         // linear/operands.py
    unsigned loaded_11 = scales[row_10 >> 1u];
    const unsigned words_2 = quants[row_13 * 4u + unit_1];                // linear/operands.py
    unsigned loaded_12 = words_2;                                         // linear/operands.py
    unsigned loaded_13 = scales[row_13 >> 1u];
    const unsigned words_3 = quants[row_16 * 4u + unit_1];                // linear/operands.py
    unsigned loaded_14 = words_3;                                         // linear/operands.py
    unsigned loaded_15 = scales[row_16 >> 1u];
    for (unsigned group = 0u; group < 4u; group++) {                      // linear/matmul_tiled.py
      const float4 line_1 = join(unpack_half2(loaded), unpack_half2(loaded_1));  // linear/operands.py
      const float4 line_2 = join(unpack_half2(loaded_2), unpack_half2(loaded_3));
      const float4 line_3 = join(unpack_half2(loaded_4), unpack_half2(loaded_5));
      const float4 line_4 = join(unpack_half2(loaded_6), unpack_half2(loaded_7));
      const unsigned place = block * 8u + ((block % 8u) ^ unit);          // parts/staged_rows.py
      const float4 column_1 = make_float4(line_1.x, line_2.x, line_3.x, line_4.x);  // parts/staged_rows.py
      tile[place] = column_1;                                             // parts/staged_rows.py
      const float4 column_2 = make_float4(line_1.y, line_2.y, line_3.y, line_4.y);  // parts/staged_rows.py
      tile[place + 64u] = column_2;                                       // parts/staged_rows.py
      const float4 column_3 = make_float4(line_1.z, line_2.z, line_3.z, line_4.z);  // parts/staged_rows.py
      tile[place + 128u] = column_3;                                      // parts/staged_rows.py
      const float4 column_4 = make_float4(line_1.w, line_2.w, line_3.w, line_4.w);  // parts/staged_rows.py
      tile[place + 192u] = column_4;                                      // parts/staged_rows.py
      const unsigned word = loaded_8;                                     // linear/operands.py
      const float4 low = u8x4_to_float4(word & 0x0f0f0f0fu, 8.0f);        // formats/nibbles.py
      const float4 high = u8x4_to_float4((word >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair = unpack_half2(loaded_9);                         // parts/packed_rows.py
      const float4 factor = splat_float4(((row_7 + group) & 1u) == 1u ? pair.y : pair.x);  // linear/operands.py
      const float4 line_0 = low * factor;                                 // linear/operands.py
      const float4 line_1_1 = high * factor;
      const unsigned word_1 = loaded_10;                                  // linear/operands.py
      const float4 low_1 = u8x4_to_float4(word_1 & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
      const float4 high_1 = u8x4_to_float4((word_1 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair_1 = unpack_half2(loaded_11);                      // parts/packed_rows.py
      const float4 factor_1 = splat_float4(((row_10 + group) & 1u) == 1u ? pair_1.y : pair_1.x);  // linear/operands.py
      const float4 line_0_1 = low_1 * factor_1;                           // linear/operands.py
      const float4 line_1_2 = high_1 * factor_1;
      const unsigned word_2 = loaded_12;                                  // linear/operands.py
      const float4 low_2 = u8x4_to_float4(word_2 & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
      const float4 high_2 = u8x4_to_float4((word_2 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair_2 = unpack_half2(loaded_13);                      // parts/packed_rows.py
      const float4 factor_2 = splat_float4(((row_13 + group) & 1u) == 1u ? pair_2.y : pair_2.x);  // linear/operands.py
      const float4 line_0_2 = low_2 * factor_2;                           // linear/operands.py
      const float4 line_1_3 = high_2 * factor_2;
      const unsigned word_3 = loaded_14;                                  // linear/operands.py
      const float4 low_3 = u8x4_to_float4(word_3 & 0x0f0f0f0fu, 8.0f);    // formats/nibbles.py
      const float4 high_3 = u8x4_to_float4((word_3 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair_3 = unpack_half2(loaded_15);                      // parts/packed_rows.py
      const float4 factor_3 = splat_float4(((row_16 + group) & 1u) == 1u ? pair_3.y : pair_3.x);  // linear/operands.py
      const float4 line_0_3 = low_3 * factor_3;                           // linear/operands.py
      const float4 line_1_4 = high_3 * factor_3;
      const unsigned cell_4 = unit_1 * 2u;                                // linear/operands.py
      const unsigned turn = block_1 % 8u;                                 // parts/staged_rows.py
      const unsigned row_17 = block_1 / 8u * 32u + turn;                  // parts/staged_rows.py
      const unsigned index_12 = row_17 * 8u;                              // parts/staged_rows.py
      const unsigned place_1 = index_12 + (turn ^ cell_4);
      const float4 column_5 = make_float4(line_0.x, line_0_1.x, line_0_2.x, line_0_3.x);  // parts/staged_rows.py
      tile[place_1 + 512u] = column_5;                                    // parts/staged_rows.py
      const float4 column_6 = make_float4(line_0.y, line_0_1.y, line_0_2.y, line_0_3.y);  // parts/staged_rows.py
      tile[place_1 + 576u] = column_6;                                    // parts/staged_rows.py
      const float4 column_7 = make_float4(line_0.z, line_0_1.z, line_0_2.z, line_0_3.z);  // parts/staged_rows.py
      tile[place_1 + 640u] = column_7;                                    // parts/staged_rows.py
      const float4 column_8 = make_float4(line_0.w, line_0_1.w, line_0_2.w, line_0_3.w);  // parts/staged_rows.py
      tile[place_1 + 704u] = column_8;                                    // parts/staged_rows.py
      const unsigned inside_1 = cell_4 + 1u;                              // parts/staged_rows.py
      const unsigned place_2 = index_12 + (turn ^ inside_1);              // parts/staged_rows.py
      const float4 column_9 = make_float4(line_1_1.x, line_1_2.x, line_1_3.x, line_1_4.x);  // parts/staged_rows.py
      tile[place_2 + 512u] = column_9;                                    // parts/staged_rows.py
      const float4 column_10 = make_float4(line_1_1.y, line_1_2.y, line_1_3.y, line_1_4.y);  // parts/staged_rows.py
      tile[place_2 + 576u] = column_10;                                   // parts/staged_rows.py
      const float4 column_11 = make_float4(line_1_1.z, line_1_2.z, line_1_3.z, line_1_4.z);  // parts/staged_rows.py
      tile[place_2 + 640u] = column_11;                                   // parts/staged_rows.py
      const float4 column_12 = make_float4(line_1_1.w, line_1_2.w, line_1_3.w, line_1_4.w);  // parts/staged_rows.py
      tile[place_2 + 704u] = column_12;                                   // parts/staged_rows.py
      __syncthreads();                                                    // linear/matmul_tiled.py
      const unsigned step_2 = min(group + 1u, 3u);                        // linear/matmul_tiled.py
      const unsigned first_2 = step_2 * 8u + unit;                        // linear/operands.py
      const unsigned chunk_1 = (first_2 % 16u) / 4u;                      // linear/operands.py
      const unsigned step_3 = first_2 / 16u;                              // linear/operands.py
      const unsigned index_13 = (first_2 % 4u) * 256u;                    // linear/operands.py
      const unsigned cell_5 = (index_3 + step_3) * 1024u + index_13 + index_5;
      loaded = x[cell_5 * 4u + chunk_1];                                  // linear/operands.py
      loaded_1 = x[(cell_5 + 128u) * 4u + chunk_1];
      const unsigned cell_6 = (index_6 + step_3) * 1024u + index_13 + index_7;  // linear/operands.py
      loaded_2 = x[cell_6 * 4u + chunk_1];                                // linear/operands.py
      loaded_3 = x[(cell_6 + 128u) * 4u + chunk_1];
      const unsigned cell_7 = (index_8 + step_3) * 1024u + index_13 + index_9;  // linear/operands.py
      loaded_4 = x[cell_7 * 4u + chunk_1];                                // linear/operands.py
      loaded_5 = x[(cell_7 + 128u) * 4u + chunk_1];
      const unsigned cell_8 = (index_10 + step_3) * 1024u + index_13 + index_11;  // linear/operands.py
      loaded_6 = x[cell_8 * 4u + chunk_1];                                // linear/operands.py
      loaded_7 = x[(cell_8 + 128u) * 4u + chunk_1];
      const unsigned at = row_7 + step_2;                                 // linear/operands.py
      const unsigned words_4 = quants[at * 4u + unit_1];                  // linear/operands.py
      loaded_8 = words_4;                                                 // linear/operands.py
      loaded_9 = scales[at >> 1u];
      const unsigned at_1 = row_10 + step_2;                              // linear/operands.py
      const unsigned words_5 = quants[at_1 * 4u + unit_1];                // linear/operands.py
      loaded_10 = words_5;                                                // linear/operands.py
      loaded_11 = scales[at_1 >> 1u];
      const unsigned at_2 = row_13 + step_2;                              // linear/operands.py
      const unsigned words_6 = quants[at_2 * 4u + unit_1];                // linear/operands.py
      loaded_12 = words_6;                                                // linear/operands.py
      loaded_13 = scales[at_2 >> 1u];
      const unsigned at_3 = row_16 + step_2;                              // linear/operands.py
      const unsigned words_7 = quants[at_3 * 4u + unit_1];                // linear/operands.py
      loaded_14 = words_7;                                                // linear/operands.py
      loaded_15 = scales[at_3 >> 1u];
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
        if (row_2 < 344u) {                                               // linear/matmul_tiled.py
          const unsigned place = row_2 / 4u;                              // linear/buffers.py
          const float gated = results.x / (1.0f + expf(-results.x)) * results.y;  // epilogues/pair.py
          const float gated_1 = results.z / (1.0f + expf(-results.z)) * results.w;
          out[place + token_1 * 86u] = make_float2(gated, gated_1);       // epilogues/pair.py
        }
      }
    }
    __syncthreads();                                                      // linear/matmul_registers.py
  }
}
