// matmul_q4_gated_344x128_halves

__device__ inline float4 splat_float4(float a) {
  return make_float4(a, a, a, a);
}

__device__ inline float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

__device__ inline float4 as_float4(uint4 a) {
  return make_float4(__uint_as_float(a.x), __uint_as_float(a.y), __uint_as_float(a.z),
      __uint_as_float(a.w));
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

struct tile_sum_f32_16x16 {
  float x[8];
};

struct tile_a_f16_16x16 {
  unsigned x[4];
};

struct tile_b_f16_16x16 {
  unsigned x[4];
};

__device__ inline tile_a_f16_16x16 tile_load_a(const uint4* place, unsigned stride) {
  const unsigned lane = threadIdx.x % 32u;
  const uint4* row = place + lane % 16u * stride + lane / 16u;
  tile_a_f16_16x16 tile;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 { %0, %1, %2, %3 }, [%4];"
               : "=r"(tile.x[0]), "=r"(tile.x[1]), "=r"(tile.x[2]), "=r"(tile.x[3])
               : "r"(unsigned(__cvta_generic_to_shared(row)))
               : "memory");
  return tile;
}

__device__ inline tile_b_f16_16x16 tile_load_transposed_b(const uint4* place, unsigned stride) {
  const unsigned lane = threadIdx.x % 32u;
  const unsigned line = lane % 8u + lane / 16u * 8u;
  const uint4* row = place + line * stride + lane / 8u % 2u;
  tile_b_f16_16x16 tile;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 { %0, %1, %2, %3 }, [%4];"
               : "=r"(tile.x[0]), "=r"(tile.x[1]), "=r"(tile.x[2]), "=r"(tile.x[3])
               : "r"(unsigned(__cvta_generic_to_shared(row)))
               : "memory");
  return tile;
}

__device__ inline tile_sum_f32_16x16 tile_mma(
  tile_a_f16_16x16 a, tile_b_f16_16x16 b, tile_sum_f32_16x16 sum
) {
#if __CUDA_ARCH__ >= 800
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
               "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(sum.x[0]), "+f"(sum.x[1]), "+f"(sum.x[2]), "+f"(sum.x[3])
               : "r"(a.x[0]), "r"(a.x[1]), "r"(a.x[2]), "r"(a.x[3]), "r"(b.x[0]), "r"(b.x[1]));
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
               "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(sum.x[4]), "+f"(sum.x[5]), "+f"(sum.x[6]), "+f"(sum.x[7])
               : "r"(a.x[0]), "r"(a.x[1]), "r"(a.x[2]), "r"(a.x[3]), "r"(b.x[2]), "r"(b.x[3]));
#else  // Turing multiplies in smaller steps
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "
               "{%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
               : "+f"(sum.x[0]), "+f"(sum.x[1]), "+f"(sum.x[2]), "+f"(sum.x[3])
               : "r"(a.x[0]), "r"(a.x[1]), "r"(b.x[0]));
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "
               "{%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
               : "+f"(sum.x[0]), "+f"(sum.x[1]), "+f"(sum.x[2]), "+f"(sum.x[3])
               : "r"(a.x[2]), "r"(a.x[3]), "r"(b.x[1]));
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "
               "{%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
               : "+f"(sum.x[4]), "+f"(sum.x[5]), "+f"(sum.x[6]), "+f"(sum.x[7])
               : "r"(a.x[0]), "r"(a.x[1]), "r"(b.x[2]));
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "
               "{%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
               : "+f"(sum.x[4]), "+f"(sum.x[5]), "+f"(sum.x[6]), "+f"(sum.x[7])
               : "r"(a.x[2]), "r"(a.x[3]), "r"(b.x[3]));
#endif
  return sum;
}

__device__ inline void tile_store(float* place, unsigned stride, tile_sum_f32_16x16 tile) {
  const unsigned row = threadIdx.x % 32u / 4u, column = threadIdx.x % 4u * 2u;
  *reinterpret_cast<float2*>(place + row * stride + column) =
    make_float2(tile.x[0], tile.x[1]);
  *reinterpret_cast<float2*>(place + (row + 8u) * stride + column) =
    make_float2(tile.x[2], tile.x[3]);
  *reinterpret_cast<float2*>(place + row * stride + column + 8u) =
    make_float2(tile.x[4], tile.x[5]);
  *reinterpret_cast<float2*>(place + (row + 8u) * stride + column + 8u) =
    make_float2(tile.x[6], tile.x[7]);
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

extern "C" __global__ void __launch_bounds__(128) matmul_q4_gated_344x128_halves(
  const unsigned* x,
  const uint4* __restrict__ quants,
  const unsigned* __restrict__ scales,
  float2* __restrict__ out,
  const Step* __restrict__ step
) {
  __shared__ __align__(16) uint4 tile[640];
  inputs_ready();
  const unsigned index = blockIdx.x * 64u;                                // linear/matmul_tiled.py
  const unsigned index_1 = blockIdx.y * 64u;                              // linear/matmul_tiled.py
  const unsigned team = threadIdx.x / 32u;                                // linear/matmul_units.py
  const unsigned t = team / 2u;                                           // linear/matmul_units.py
  const unsigned t_1 = team % 2u;
  tile_sum_f32_16x16 sum_00 = tile_sum_f32_16x16{};                       // linear/matmul_tiled.py
  tile_sum_f32_16x16 sum_01 = tile_sum_f32_16x16{};
  tile_sum_f32_16x16 sum_10 = tile_sum_f32_16x16{};
  tile_sum_f32_16x16 sum_11 = tile_sum_f32_16x16{};
  const unsigned block = threadIdx.x / 4u;                                // linear/operands.py
  const unsigned unit = threadIdx.x % 4u;                                 // linear/operands.py
  const unsigned index_2 = step->seq - 1u;                                // linear/operands.py
  const unsigned row = min(index_1 + block, index_2);
  const unsigned four = unit * 2u;                                        // linear/operands.py
  const unsigned chunk = (four % 16u) / 4u;                               // linear/operands.py
  const unsigned index_3 = row / 128u * 2u;                               // linear/half_blocks.py
  const unsigned index_4 = row % 128u;                                    // linear/operands.py
  const unsigned cell = (index_3 + four / 16u) * 1024u + (four % 4u) * 256u + index_4;
  unsigned loaded = x[cell * 4u + chunk];                                 // linear/operands.py
  unsigned loaded_1 = x[(cell + 128u) * 4u + chunk];
  unsigned loaded_2 = x[(cell + 256u) * 4u + chunk];
  unsigned loaded_3 = x[(cell + 384u) * 4u + chunk];
  const unsigned at = threadIdx.x + 128u;                                 // linear/operands.py
  const unsigned block_1 = at / 4u;                                       // linear/operands.py
  const unsigned unit_1 = at % 4u;                                        // linear/operands.py
  const unsigned row_1 = min(index_1 + block_1, index_2);                 // linear/operands.py
  const unsigned four_1 = unit_1 * 2u;                                    // linear/operands.py
  const unsigned chunk_1 = (four_1 % 16u) / 4u;                           // linear/operands.py
  const unsigned index_5 = row_1 / 128u * 2u;                             // linear/half_blocks.py
  const unsigned index_6 = row_1 % 128u;                                  // linear/operands.py
  const unsigned cell_1 = (index_5 + four_1 / 16u) * 1024u + (four_1 % 4u) * 256u + index_6;
  unsigned loaded_4 = x[cell_1 * 4u + chunk_1];                           // linear/operands.py
  unsigned loaded_5 = x[(cell_1 + 128u) * 4u + chunk_1];
  unsigned loaded_6 = x[(cell_1 + 256u) * 4u + chunk_1];
  unsigned loaded_7 = x[(cell_1 + 384u) * 4u + chunk_1];
  const unsigned block_2 = min(threadIdx.x, 63u);                         // linear/operands.py
  const unsigned row_2 = index + block_2;                                 // linear/operands.py
  const unsigned row_3 = min(row_2, 343u);                                // linear/operands.py
  const unsigned row_4 = row_3 * 4u;                                      // linear/operands.py
  const uint4 words = quants[row_4];                                      // linear/operands.py
  uint4 loaded_8 = words;                                                 // linear/operands.py
  unsigned loaded_9 = scales[row_4 >> 1u];
  for (unsigned group = 0u; group < 4u; group++) {                        // linear/matmul_tiled.py
    const unsigned start = block * 5u + unit;                             // parts/staged_rows.py
    tile[start] = make_uint4(loaded, loaded_1, loaded_2, loaded_3);       // parts/staged_rows.py
    const unsigned start_1 = block_1 * 5u + unit_1;                       // parts/staged_rows.py
    tile[start_1] = make_uint4(loaded_4, loaded_5, loaded_6, loaded_7);   // parts/staged_rows.py
    if (threadIdx.x < 64u) {                                              // linear/operands.py
      const uint4 words_1 = loaded_8;                                     // linear/operands.py
      const float4 low = u8x4_to_float4(words_1.x & 0x0f0f0f0fu, 8.0f);   // formats/nibbles.py
      const float4 high = u8x4_to_float4((words_1.x >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 low_1 = u8x4_to_float4(words_1.y & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 high_1 = u8x4_to_float4((words_1.y >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 low_2 = u8x4_to_float4(words_1.z & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 high_2 = u8x4_to_float4((words_1.z >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 low_3 = u8x4_to_float4(words_1.w & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 high_3 = u8x4_to_float4((words_1.w >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair = unpack_half2(loaded_9);                         // parts/packed_rows.py
      const float4 factor = splat_float4(((row_4 + group) & 1u) == 1u ? pair.y : pair.x);  // linear/operands.py
      const float4 four_2 = low * factor;                                 // linear/operands.py
      const float4 four_3 = high * factor;
      const float4 four_4 = low_1 * factor;
      const float4 four_5 = high_1 * factor;
      const float4 four_6 = low_2 * factor;
      const float4 four_7 = high_2 * factor;
      const float4 four_8 = low_3 * factor;
      const float4 four_9 = high_3 * factor;
      const float2 pair_1 = make_float2(four_2.x, four_2.y);              // parts/staged_rows.py
      const float2 pair_2 = make_float2(four_2.z, four_2.w);
      const float2 pair_3 = make_float2(four_4.x, four_4.y);
      const float2 pair_4 = make_float2(four_4.z, four_4.w);
      const float2 pair_5 = make_float2(four_6.x, four_6.y);
      const float2 pair_6 = make_float2(four_6.z, four_6.w);
      const float2 pair_7 = make_float2(four_8.x, four_8.y);
      const float2 pair_8 = make_float2(four_8.z, four_8.w);
      const unsigned start_2 = block_2 * 5u;                              // parts/staged_rows.py
      tile[start_2 + 320u] = make_uint4(pack_half2(pair_1), pack_half2(pair_2),
          pack_half2(make_float2(four_3.x, four_3.y)),
          pack_half2(make_float2(four_3.z, four_3.w)));                   // parts/staged_rows.py
      tile[start_2 + 321u] = make_uint4(pack_half2(pair_3), pack_half2(pair_4),
          pack_half2(make_float2(four_5.x, four_5.y)),
          pack_half2(make_float2(four_5.z, four_5.w)));
      tile[start_2 + 322u] = make_uint4(pack_half2(pair_5), pack_half2(pair_6),
          pack_half2(make_float2(four_7.x, four_7.y)),
          pack_half2(make_float2(four_7.z, four_7.w)));
      tile[start_2 + 323u] = make_uint4(pack_half2(pair_7), pack_half2(pair_8),
          pack_half2(make_float2(four_9.x, four_9.y)),
          pack_half2(make_float2(four_9.z, four_9.w)));
    }
    __syncthreads();                                                      // linear/matmul_tiled.py
    const unsigned step_1 = min(group + 1u, 3u);                          // linear/matmul_tiled.py
    const unsigned index_7 = step_1 * 4u;                                 // linear/operands.py
    const unsigned first = index_7 + unit;
    const unsigned four_2 = first * 2u;                                   // linear/operands.py
    const unsigned chunk_2 = (four_2 % 16u) / 4u;                         // linear/operands.py
    const unsigned cell_2 = (index_3 + four_2 / 16u) * 1024u + (four_2 % 4u) * 256u + index_4;  // linear/operands.py
    loaded = x[cell_2 * 4u + chunk_2];                                    // linear/operands.py
    loaded_1 = x[(cell_2 + 128u) * 4u + chunk_2];
    loaded_2 = x[(cell_2 + 256u) * 4u + chunk_2];
    loaded_3 = x[(cell_2 + 384u) * 4u + chunk_2];
    const unsigned first_1 = index_7 + unit_1;                            // linear/operands.py
    const unsigned four_3 = first_1 * 2u;                                 // linear/operands.py
    const unsigned chunk_3 = (four_3 % 16u) / 4u;                         // linear/operands.py
    const unsigned cell_3 = (index_5 + four_3 / 16u) * 1024u + (four_3 % 4u) * 256u + index_6;  // linear/operands.py
    loaded_4 = x[cell_3 * 4u + chunk_3];                                  // linear/operands.py
    loaded_5 = x[(cell_3 + 128u) * 4u + chunk_3];
    loaded_6 = x[(cell_3 + 256u) * 4u + chunk_3];
    loaded_7 = x[(cell_3 + 384u) * 4u + chunk_3];
    const unsigned unit_2 = row_4 + step_1;                               // linear/operands.py
    const uint4 words_1 = quants[unit_2];                                 // linear/operands.py
    loaded_8 = words_1;                                                   // linear/operands.py
    loaded_9 = scales[unit_2 >> 1u];
    for (unsigned part = 0u; part < 2u; part++) {                         // linear/matmul_tiled.py
      const unsigned cell_4 = part * 2u;                                  // parts/staged_rows.py
      const unsigned place = t * 32u * 5u + cell_4;                       // parts/staged_rows.py
      const tile_a_f16_16x16 x_1 = tile_load_a(&tile[place], 5u);         // parts/staged_rows.py
      const tile_a_f16_16x16 x_2 = tile_load_a(&tile[place + 80u], 5u);
      const unsigned place_1 = t_1 * 32u * 5u + cell_4;                   // parts/staged_rows.py
      const tile_b_f16_16x16 w = tile_load_transposed_b(&tile[place_1 + 320u], 5u);  // parts/staged_rows.py
      const tile_b_f16_16x16 w_1 = tile_load_transposed_b(&tile[place_1 + 400u], 5u);
      sum_00 = tile_mma(x_1, w, sum_00);                                  // linear/matmul_units.py
      sum_01 = tile_mma(x_1, w_1, sum_01);
      sum_10 = tile_mma(x_2, w, sum_10);
      sum_11 = tile_mma(x_2, w_1, sum_11);
    }
    __syncthreads();                                                      // linear/matmul_tiled.py
  }
  const unsigned start = team * 144u;                                     // linear/matmul_units.py
  tile_store(reinterpret_cast<float*>(&tile[start]), (9u) * 4u, sum_00);  // linear/matmul_units.py
  const unsigned t_2 = start + 4u;
  tile_store(reinterpret_cast<float*>(&tile[t_2]), (9u) * 4u, sum_01);
  __syncthreads();                                                        // linear/matmul_units.py
  for (unsigned block_3 = threadIdx.x; block_3 < 512u; block_3 += 128u) {  // linear/matmul_units.py
    const unsigned line = block_3 / 16u;                                  // linear/matmul_units.py
    const unsigned column = block_3 % 16u;                                // linear/matmul_units.py
    const unsigned index_7 = line / 16u;                                  // linear/matmul_units.py
    const unsigned team_1 = index_7 * 2u + column / 8u;
    const unsigned index_8 = line % 16u;                                  // linear/matmul_units.py
    const unsigned cell_2 = (team_1 * 16u + index_8) * 9u + column % 8u;
    const unsigned token = index_7 * 32u + index_8;                       // linear/matmul_units.py
    const float4 results = as_float4(tile[cell_2]);                       // linear/matmul_units.py
    const unsigned token_1 = index_1 + token;                             // linear/matmul_units.py
    const unsigned row_5 = index + column * 4u;
    if (token_1 < step->seq) {                                            // linear/matmul_tiled.py
      if (row_5 < 344u) {                                                 // linear/matmul_tiled.py
        const unsigned place = row_5 / 4u;                                // linear/buffers.py
        const float gated = results.x / (1.0f + expf(-results.x)) * results.y;  // epilogues/pair.py
        const float gated_1 = results.z / (1.0f + expf(-results.z)) * results.w;
        out[place + token_1 * 86u] = make_float2(gated, gated_1);         // epilogues/pair.py
      }
    }
  }
  __syncthreads();                                                        // linear/matmul_units.py
  tile_store(reinterpret_cast<float*>(&tile[start]), (9u) * 4u, sum_10);  // linear/matmul_units.py
  tile_store(reinterpret_cast<float*>(&tile[t_2]), (9u) * 4u, sum_11);
  __syncthreads();                                                        // linear/matmul_units.py
  for (unsigned block_4 = threadIdx.x; block_4 < 512u; block_4 += 128u) {  // linear/matmul_units.py
    const unsigned line = block_4 / 16u;                                  // linear/matmul_units.py
    const unsigned column = block_4 % 16u;                                // linear/matmul_units.py
    const unsigned index_7 = line / 16u;                                  // linear/matmul_units.py
    const unsigned team_1 = index_7 * 2u + column / 8u;
    const unsigned index_8 = line % 16u;                                  // linear/matmul_units.py
    const unsigned cell_2 = (team_1 * 16u + index_8) * 9u + column % 8u;
    const unsigned token = index_7 * 32u + index_8 + 16u;                 // linear/matmul_units.py
    const float4 results = as_float4(tile[cell_2]);                       // linear/matmul_units.py
    const unsigned token_1 = index_1 + token;                             // linear/matmul_units.py
    const unsigned row_5 = index + column * 4u;
    if (token_1 < step->seq) {                                            // linear/matmul_tiled.py
      if (row_5 < 344u) {                                                 // linear/matmul_tiled.py
        const unsigned place = row_5 / 4u;                                // linear/buffers.py
        const float gated = results.x / (1.0f + expf(-results.x)) * results.y;  // epilogues/pair.py
        const float gated_1 = results.z / (1.0f + expf(-results.z)) * results.w;
        out[place + token_1 * 86u] = make_float2(gated, gated_1);         // epilogues/pair.py
      }
    }
  }
}
