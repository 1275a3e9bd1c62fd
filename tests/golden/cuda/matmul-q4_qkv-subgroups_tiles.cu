// matmul_q4_qkv_128x64
struct bool4 {
  bool x, y, z, w;
};

__device__ inline bool4 make_bool4(bool x, bool y, bool z, bool w) {
  return {x, y, z, w};
}

__device__ inline float4 splat_float4(float a) {
  return make_float4(a, a, a, a);
}

__device__ inline bool4 operator>(float4 a, float4 b) {
  return make_bool4(a.x > b.x, a.y > b.y, a.z > b.z, a.w > b.w);
}

__device__ inline float4 select(bool4 a, float4 b, float4 c) {
  return make_float4(a.x ? b.x : c.x, a.y ? b.y : c.y, a.z ? b.z : c.z, a.w ? b.w : c.w);
}

__device__ inline bool4 operator<(float4 a, float4 b) {
  return make_bool4(a.x < b.x, a.y < b.y, a.z < b.z, a.w < b.w);
}

__device__ inline float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

__device__ inline float4 as_float4(uint4 a) {
  return make_float4(__uint_as_float(a.x), __uint_as_float(a.y), __uint_as_float(a.z),
      __uint_as_float(a.w));
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

extern "C" __global__ void __launch_bounds__(128) matmul_q4_qkv_128x64(
  const float4* x,
  const uint4* __restrict__ quants,
  const unsigned* __restrict__ scales,
  float2* __restrict__ q,
  unsigned* __restrict__ k_cache,
  unsigned* __restrict__ v_cache,
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
  const unsigned at = unit * 2u;                                          // linear/operands.py
  const unsigned index_3 = row * 16u;                                     // linear/buffers.py
  float4 loaded = x[at + index_3];                                        // linear/operands.py
  float4 loaded_1 = x[at + 1u + index_3];
  const unsigned at_1 = threadIdx.x + 128u;                               // linear/operands.py
  const unsigned block_1 = at_1 / 4u;                                     // linear/operands.py
  const unsigned unit_1 = at_1 % 4u;                                      // linear/operands.py
  const unsigned row_1 = min(index_1 + block_1, index_2);                 // linear/operands.py
  const unsigned at_2 = unit_1 * 2u;                                      // linear/operands.py
  const unsigned index_4 = row_1 * 16u;                                   // linear/buffers.py
  float4 loaded_2 = x[at_2 + index_4];                                    // linear/operands.py
  float4 loaded_3 = x[at_2 + 1u + index_4];
  const unsigned block_2 = min(threadIdx.x, 63u);                         // linear/operands.py
  const unsigned row_2 = index + block_2;                                 // linear/operands.py
  const unsigned row_3 = row_2 * 2u;                                      // linear/operands.py
  const uint4 words = quants[row_3];                                      // linear/operands.py
  uint4 loaded_4 = words;                                                 // linear/operands.py
  unsigned loaded_5 = scales[row_3 >> 1u];
  for (unsigned group = 0u; group < 2u; group++) {                        // linear/matmul_tiled.py
    const float4 x_1 = loaded;                                            // linear/operands.py
    const float4 x_2 = loaded_1;
    const float4 chosen = select(x_1 > splat_float4(65504.0f), splat_float4(65504.0f), x_1);  // parts/staged_rows.py
    const float4 four = select(chosen < splat_float4(-65504.0f), splat_float4(-65504.0f),
        chosen);
    const float4 chosen_1 = select(x_2 > splat_float4(65504.0f), splat_float4(65504.0f), x_2);
    const float4 four_1 = select(chosen_1 < splat_float4(-65504.0f), splat_float4(-65504.0f),
        chosen_1);
    const float2 pair = make_float2(four.x, four.y);                      // parts/staged_rows.py
    const float t_2 = four.z;
    const float t_3 = four.w;
    const unsigned start = block * 5u + unit;                             // parts/staged_rows.py
    tile[start] = make_uint4(pack_half2(pair), pack_half2(make_float2(t_2, t_3)),
        pack_half2(make_float2(four_1.x, four_1.y)),
        pack_half2(make_float2(four_1.z, four_1.w)));                     // parts/staged_rows.py
    const float4 x_3 = loaded_2;                                          // linear/operands.py
    const float4 x_4 = loaded_3;
    const float4 chosen_2 = select(x_3 > splat_float4(65504.0f), splat_float4(65504.0f), x_3);  // parts/staged_rows.py
    const float4 four_2 = select(chosen_2 < splat_float4(-65504.0f), splat_float4(-65504.0f),
        chosen_2);
    const float4 chosen_3 = select(x_4 > splat_float4(65504.0f), splat_float4(65504.0f), x_4);
    const float4 four_3 = select(chosen_3 < splat_float4(-65504.0f), splat_float4(-65504.0f),
        chosen_3);
    const float2 pair_1 = make_float2(four_2.x, four_2.y);                // parts/staged_rows.py
    const float t_4 = four_2.z;
    const float t_5 = four_2.w;
    const unsigned start_1 = block_1 * 5u + unit_1;                       // parts/staged_rows.py
    tile[start_1] = make_uint4(pack_half2(pair_1), pack_half2(make_float2(t_4, t_5)),
        pack_half2(make_float2(four_3.x, four_3.y)),
        pack_half2(make_float2(four_3.z, four_3.w)));                     // parts/staged_rows.py
    if (threadIdx.x < 64u) {                                              // linear/operands.py
      const uint4 words_1 = loaded_4;                                     // linear/operands.py
      const float4 low = u8x4_to_float4(words_1.x & 0x0f0f0f0fu, 8.0f);   // formats/nibbles.py
      const float4 high = u8x4_to_float4((words_1.x >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 low_1 = u8x4_to_float4(words_1.y & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 high_1 = u8x4_to_float4((words_1.y >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 low_2 = u8x4_to_float4(words_1.z & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 high_2 = u8x4_to_float4((words_1.z >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 low_3 = u8x4_to_float4(words_1.w & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float4 high_3 = u8x4_to_float4((words_1.w >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
      const float2 pair_2 = unpack_half2(loaded_5);                       // parts/packed_rows.py
      const float4 factor = splat_float4(((row_3 + group) & 1u) == 1u ? pair_2.y : pair_2.x);  // linear/operands.py
      const float4 four_4 = low * factor;                                 // linear/operands.py
      const float4 four_5 = high * factor;
      const float4 four_6 = low_1 * factor;
      const float4 four_7 = high_1 * factor;
      const float4 four_8 = low_2 * factor;
      const float4 four_9 = high_2 * factor;
      const float4 four_10 = low_3 * factor;
      const float4 four_11 = high_3 * factor;
      const float2 pair_3 = make_float2(four_4.x, four_4.y);              // parts/staged_rows.py
      const float2 pair_4 = make_float2(four_4.z, four_4.w);
      const float2 pair_5 = make_float2(four_6.x, four_6.y);
      const float2 pair_6 = make_float2(four_6.z, four_6.w);
      const float2 pair_7 = make_float2(four_8.x, four_8.y);
      const float2 pair_8 = make_float2(four_8.z, four_8.w);
      const float2 pair_9 = make_float2(four_10.x, four_10.y);
      const float2 pair_10 = make_float2(four_10.z, four_10.w);
      const unsigned start_2 = block_2 * 5u;                              // parts/staged_rows.py
      tile[start_2 + 320u] = make_uint4(pack_half2(pair_3), pack_half2(pair_4),
          pack_half2(make_float2(four_5.x, four_5.y)),
          pack_half2(make_float2(four_5.z, four_5.w)));                   // parts/staged_rows.py
      tile[start_2 + 321u] = make_uint4(pack_half2(pair_5), pack_half2(pair_6),
          pack_half2(make_float2(four_7.x, four_7.y)),
          pack_half2(make_float2(four_7.z, four_7.w)));
      tile[start_2 + 322u] = make_uint4(pack_half2(pair_7), pack_half2(pair_8),
          pack_half2(make_float2(four_9.x, four_9.y)),
          pack_half2(make_float2(four_9.z, four_9.w)));
      tile[start_2 + 323u] = make_uint4(pack_half2(pair_9), pack_half2(pair_10),
          pack_half2(make_float2(four_11.x, four_11.y)),
          pack_half2(make_float2(four_11.z, four_11.w)));
    }
    __syncthreads();                                                      // linear/matmul_tiled.py
    const unsigned step_1 = min(group + 1u, 1u);                          // linear/matmul_tiled.py
    const unsigned index_5 = step_1 * 4u;                                 // linear/operands.py
    const unsigned first = index_5 + unit;
    const unsigned at_3 = first * 2u;                                     // linear/operands.py
    loaded = x[at_3 + index_3];                                           // linear/operands.py
    loaded_1 = x[at_3 + 1u + index_3];
    const unsigned first_1 = index_5 + unit_1;                            // linear/operands.py
    const unsigned at_4 = first_1 * 2u;                                   // linear/operands.py
    loaded_2 = x[at_4 + index_4];                                         // linear/operands.py
    loaded_3 = x[at_4 + 1u + index_4];
    const unsigned unit_2 = row_3 + step_1;                               // linear/operands.py
    const uint4 words_1 = quants[unit_2];                                 // linear/operands.py
    loaded_4 = words_1;                                                   // linear/operands.py
    loaded_5 = scales[unit_2 >> 1u];
    for (unsigned part = 0u; part < 2u; part++) {                         // linear/matmul_tiled.py
      const unsigned cell = part * 2u;                                    // parts/staged_rows.py
      const unsigned place = t * 32u * 5u + cell;                         // parts/staged_rows.py
      const tile_a_f16_16x16 x_5 = tile_load_a(&tile[place], 5u);         // parts/staged_rows.py
      const tile_a_f16_16x16 x_6 = tile_load_a(&tile[place + 80u], 5u);
      const unsigned place_1 = t_1 * 32u * 5u + cell;                     // parts/staged_rows.py
      const tile_b_f16_16x16 w = tile_load_transposed_b(&tile[place_1 + 320u], 5u);  // parts/staged_rows.py
      const tile_b_f16_16x16 w_1 = tile_load_transposed_b(&tile[place_1 + 400u], 5u);
      sum_00 = tile_mma(x_5, w, sum_00);                                  // linear/matmul_units.py
      sum_01 = tile_mma(x_5, w_1, sum_01);
      sum_10 = tile_mma(x_6, w, sum_10);
      sum_11 = tile_mma(x_6, w_1, sum_11);
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
    const unsigned index_5 = line / 16u;                                  // linear/matmul_units.py
    const unsigned team_1 = index_5 * 2u + column / 8u;
    const unsigned index_6 = line % 16u;                                  // linear/matmul_units.py
    const unsigned cell = (team_1 * 16u + index_6) * 9u + column % 8u;
    const unsigned token = index_5 * 32u + index_6;                       // linear/matmul_units.py
    const float4 results = as_float4(tile[cell]);                         // linear/matmul_units.py
    const unsigned token_1 = index_1 + token;                             // linear/matmul_units.py
    const unsigned row_4 = index + column * 4u;
    if (token_1 < step->seq) {                                            // linear/matmul_tiled.py
      if (row_4 < 128u) {                                                 // linear/matmul_tiled.py
        const unsigned pair = row_4 / 2u;                                 // linear/matmul_tiled.py
        const unsigned position = step->past + token_1;                   // epilogues/heads.py
        float first = results.x;                                          // epilogues/heads.py
        float second = results.y;                                         // epilogues/heads.py
        const unsigned in_head = pair % 4u;                               // epilogues/heads.py
        const bool rotated = pair < 48u;                                  // epilogues/heads.py
        if (rotated) {                                                    // epilogues/heads.py
          const float index_7 = float(in_head);                           // parts/rotary.py
          const float product = index_7 * -3.321289f;                     // parts/precise_math.py
          const float t_3 = index_7 * -0.0006390324f;                     // parts/precise_math.py
          const float whole = floorf(product + t_3 + 0.5f);
          const float fraction = product - whole + t_3;                   // parts/precise_math.py
          const float series = fraction * 0.00015353362f + 0.0013398874f;  // parts/precise_math.py
          const float series_1 = series * fraction + 0.009618437f;        // parts/precise_math.py
          const float series_2 = series_1 * fraction + 0.055503324f;      // parts/precise_math.py
          const float series_3 = series_2 * fraction + 0.24022648f;       // parts/precise_math.py
          const float series_4 = series_3 * fraction + 0.6931472f;        // parts/precise_math.py
          const float power = __uint_as_float(unsigned(int(unsigned(__float2int_rz(whole))
              + unsigned(127))) << 23u);                                  // parts/precise_math.py
          const float angle = float(position) * ((series_4 * fraction + 1.0f) * power);  // parts/rotary.py
          const float quarter = floorf(angle * 0.63661975f + 0.5f);       // parts/precise_math.py
          const float reduced = angle - quarter * 1.5625f;                // parts/precise_math.py
          const float reduced_1 = reduced - quarter * 0.008178711f;       // parts/precise_math.py
          const float reduced_2 = reduced_1 - quarter * 0.00011730194f;   // parts/precise_math.py
          const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;    // parts/precise_math.py
          const float square = reduced_3 * reduced_3;                     // parts/precise_math.py
          const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // parts/precise_math.py
          const float sine_1 = sine * square * reduced_3 + reduced_3;     // parts/precise_math.py
          const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square + 0.041666646f;  // parts/precise_math.py
          const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // parts/precise_math.py
          const unsigned quadrant = __float2uint_rz(quarter) & 3u;        // parts/precise_math.py
          const bool swapped = (quadrant & 1u) == 1u;                     // parts/precise_math.py
          const float sin_value = swapped ? cosine_1 : sine_1;            // parts/precise_math.py
          const float cos_value = swapped ? sine_1 : cosine_1;            // parts/precise_math.py
          const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;  // parts/precise_math.py
          const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // parts/precise_math.py
          first = results.x * cos_angle - results.y * sin_angle;          // epilogues/heads.py
          second = results.y * cos_angle + results.x * sin_angle;         // epilogues/heads.py
        }
        const float2 both = make_float2(first, second);                   // epilogues/heads.py
        const unsigned row_5 = position * 16u;                            // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token_1 * 32u] = both;                                 // epilogues/heads.py
        } else {
          const unsigned stored = pack_half2(both);                       // attention/row_kinds.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_5 + pair - 32u] = stored;                         // epilogues/heads.py
          } else {
            v_cache[row_5 + pair - 48u] = stored;                         // epilogues/heads.py
          }
        }
      }
      const unsigned index_7 = row_4 + 2u;                                // linear/matmul_tiled.py
      if (index_7 < 128u) {
        const unsigned pair = index_7 / 2u;                               // linear/matmul_tiled.py
        const unsigned position = step->past + token_1;                   // epilogues/heads.py
        float first = results.z;                                          // epilogues/heads.py
        float second = results.w;                                         // epilogues/heads.py
        const unsigned in_head = pair % 4u;                               // epilogues/heads.py
        const bool rotated = pair < 48u;                                  // epilogues/heads.py
        if (rotated) {                                                    // epilogues/heads.py
          const float index_8 = float(in_head);                           // parts/rotary.py
          const float product = index_8 * -3.321289f;                     // parts/precise_math.py
          const float t_3 = index_8 * -0.0006390324f;                     // parts/precise_math.py
          const float whole = floorf(product + t_3 + 0.5f);
          const float fraction = product - whole + t_3;                   // parts/precise_math.py
          const float series = fraction * 0.00015353362f + 0.0013398874f;  // parts/precise_math.py
          const float series_1 = series * fraction + 0.009618437f;        // parts/precise_math.py
          const float series_2 = series_1 * fraction + 0.055503324f;      // parts/precise_math.py
          const float series_3 = series_2 * fraction + 0.24022648f;       // parts/precise_math.py
          const float series_4 = series_3 * fraction + 0.6931472f;        // parts/precise_math.py
          const float power = __uint_as_float(unsigned(int(unsigned(__float2int_rz(whole))
              + unsigned(127))) << 23u);                                  // parts/precise_math.py
          const float angle = float(position) * ((series_4 * fraction + 1.0f) * power);  // parts/rotary.py
          const float quarter = floorf(angle * 0.63661975f + 0.5f);       // parts/precise_math.py
          const float reduced = angle - quarter * 1.5625f;                // parts/precise_math.py
          const float reduced_1 = reduced - quarter * 0.008178711f;       // parts/precise_math.py
          const float reduced_2 = reduced_1 - quarter * 0.00011730194f;   // parts/precise_math.py
          const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;    // parts/precise_math.py
          const float square = reduced_3 * reduced_3;                     // parts/precise_math.py
          const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // parts/precise_math.py
          const float sine_1 = sine * square * reduced_3 + reduced_3;     // parts/precise_math.py
          const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square + 0.041666646f;  // parts/precise_math.py
          const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // parts/precise_math.py
          const unsigned quadrant = __float2uint_rz(quarter) & 3u;        // parts/precise_math.py
          const bool swapped = (quadrant & 1u) == 1u;                     // parts/precise_math.py
          const float sin_value = swapped ? cosine_1 : sine_1;            // parts/precise_math.py
          const float cos_value = swapped ? sine_1 : cosine_1;            // parts/precise_math.py
          const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;  // parts/precise_math.py
          const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // parts/precise_math.py
          first = results.z * cos_angle - results.w * sin_angle;          // epilogues/heads.py
          second = results.w * cos_angle + results.z * sin_angle;         // epilogues/heads.py
        }
        const float2 both = make_float2(first, second);                   // epilogues/heads.py
        const unsigned row_5 = position * 16u;                            // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token_1 * 32u] = both;                                 // epilogues/heads.py
        } else {
          const unsigned stored = pack_half2(both);                       // attention/row_kinds.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_5 + pair - 32u] = stored;                         // epilogues/heads.py
          } else {
            v_cache[row_5 + pair - 48u] = stored;                         // epilogues/heads.py
          }
        }
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
    const unsigned index_5 = line / 16u;                                  // linear/matmul_units.py
    const unsigned team_1 = index_5 * 2u + column / 8u;
    const unsigned index_6 = line % 16u;                                  // linear/matmul_units.py
    const unsigned cell = (team_1 * 16u + index_6) * 9u + column % 8u;
    const unsigned token = index_5 * 32u + index_6 + 16u;                 // linear/matmul_units.py
    const float4 results = as_float4(tile[cell]);                         // linear/matmul_units.py
    const unsigned token_1 = index_1 + token;                             // linear/matmul_units.py
    const unsigned row_4 = index + column * 4u;
    if (token_1 < step->seq) {                                            // linear/matmul_tiled.py
      if (row_4 < 128u) {                                                 // linear/matmul_tiled.py
        const unsigned pair = row_4 / 2u;                                 // linear/matmul_tiled.py
        const unsigned position = step->past + token_1;                   // epilogues/heads.py
        float first = results.x;                                          // epilogues/heads.py
        float second = results.y;                                         // epilogues/heads.py
        const unsigned in_head = pair % 4u;                               // epilogues/heads.py
        const bool rotated = pair < 48u;                                  // epilogues/heads.py
        if (rotated) {                                                    // epilogues/heads.py
          const float index_7 = float(in_head);                           // parts/rotary.py
          const float product = index_7 * -3.321289f;                     // parts/precise_math.py
          const float t_3 = index_7 * -0.0006390324f;                     // parts/precise_math.py
          const float whole = floorf(product + t_3 + 0.5f);
          const float fraction = product - whole + t_3;                   // parts/precise_math.py
          const float series = fraction * 0.00015353362f + 0.0013398874f;  // parts/precise_math.py
          const float series_1 = series * fraction + 0.009618437f;        // parts/precise_math.py
          const float series_2 = series_1 * fraction + 0.055503324f;      // parts/precise_math.py
          const float series_3 = series_2 * fraction + 0.24022648f;       // parts/precise_math.py
          const float series_4 = series_3 * fraction + 0.6931472f;        // parts/precise_math.py
          const float power = __uint_as_float(unsigned(int(unsigned(__float2int_rz(whole))
              + unsigned(127))) << 23u);                                  // parts/precise_math.py
          const float angle = float(position) * ((series_4 * fraction + 1.0f) * power);  // parts/rotary.py
          const float quarter = floorf(angle * 0.63661975f + 0.5f);       // parts/precise_math.py
          const float reduced = angle - quarter * 1.5625f;                // parts/precise_math.py
          const float reduced_1 = reduced - quarter * 0.008178711f;       // parts/precise_math.py
          const float reduced_2 = reduced_1 - quarter * 0.00011730194f;   // parts/precise_math.py
          const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;    // parts/precise_math.py
          const float square = reduced_3 * reduced_3;                     // parts/precise_math.py
          const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // parts/precise_math.py
          const float sine_1 = sine * square * reduced_3 + reduced_3;     // parts/precise_math.py
          const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square + 0.041666646f;  // parts/precise_math.py
          const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // parts/precise_math.py
          const unsigned quadrant = __float2uint_rz(quarter) & 3u;        // parts/precise_math.py
          const bool swapped = (quadrant & 1u) == 1u;                     // parts/precise_math.py
          const float sin_value = swapped ? cosine_1 : sine_1;            // parts/precise_math.py
          const float cos_value = swapped ? sine_1 : cosine_1;            // parts/precise_math.py
          const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;  // parts/precise_math.py
          const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // parts/precise_math.py
          first = results.x * cos_angle - results.y * sin_angle;          // epilogues/heads.py
          second = results.y * cos_angle + results.x * sin_angle;         // epilogues/heads.py
        }
        const float2 both = make_float2(first, second);                   // epilogues/heads.py
        const unsigned row_5 = position * 16u;                            // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token_1 * 32u] = both;                                 // epilogues/heads.py
        } else {
          const unsigned stored = pack_half2(both);                       // attention/row_kinds.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_5 + pair - 32u] = stored;                         // epilogues/heads.py
          } else {
            v_cache[row_5 + pair - 48u] = stored;                         // epilogues/heads.py
          }
        }
      }
      const unsigned index_7 = row_4 + 2u;                                // linear/matmul_tiled.py
      if (index_7 < 128u) {
        const unsigned pair = index_7 / 2u;                               // linear/matmul_tiled.py
        const unsigned position = step->past + token_1;                   // epilogues/heads.py
        float first = results.z;                                          // epilogues/heads.py
        float second = results.w;                                         // epilogues/heads.py
        const unsigned in_head = pair % 4u;                               // epilogues/heads.py
        const bool rotated = pair < 48u;                                  // epilogues/heads.py
        if (rotated) {                                                    // epilogues/heads.py
          const float index_8 = float(in_head);                           // parts/rotary.py
          const float product = index_8 * -3.321289f;                     // parts/precise_math.py
          const float t_3 = index_8 * -0.0006390324f;                     // parts/precise_math.py
          const float whole = floorf(product + t_3 + 0.5f);
          const float fraction = product - whole + t_3;                   // parts/precise_math.py
          const float series = fraction * 0.00015353362f + 0.0013398874f;  // parts/precise_math.py
          const float series_1 = series * fraction + 0.009618437f;        // parts/precise_math.py
          const float series_2 = series_1 * fraction + 0.055503324f;      // parts/precise_math.py
          const float series_3 = series_2 * fraction + 0.24022648f;       // parts/precise_math.py
          const float series_4 = series_3 * fraction + 0.6931472f;        // parts/precise_math.py
          const float power = __uint_as_float(unsigned(int(unsigned(__float2int_rz(whole))
              + unsigned(127))) << 23u);                                  // parts/precise_math.py
          const float angle = float(position) * ((series_4 * fraction + 1.0f) * power);  // parts/rotary.py
          const float quarter = floorf(angle * 0.63661975f + 0.5f);       // parts/precise_math.py
          const float reduced = angle - quarter * 1.5625f;                // parts/precise_math.py
          const float reduced_1 = reduced - quarter * 0.008178711f;       // parts/precise_math.py
          const float reduced_2 = reduced_1 - quarter * 0.00011730194f;   // parts/precise_math.py
          const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;    // parts/precise_math.py
          const float square = reduced_3 * reduced_3;                     // parts/precise_math.py
          const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // parts/precise_math.py
          const float sine_1 = sine * square * reduced_3 + reduced_3;     // parts/precise_math.py
          const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square + 0.041666646f;  // parts/precise_math.py
          const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // parts/precise_math.py
          const unsigned quadrant = __float2uint_rz(quarter) & 3u;        // parts/precise_math.py
          const bool swapped = (quadrant & 1u) == 1u;                     // parts/precise_math.py
          const float sin_value = swapped ? cosine_1 : sine_1;            // parts/precise_math.py
          const float cos_value = swapped ? sine_1 : cosine_1;            // parts/precise_math.py
          const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;  // parts/precise_math.py
          const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // parts/precise_math.py
          first = results.z * cos_angle - results.w * sin_angle;          // epilogues/heads.py
          second = results.w * cos_angle + results.z * sin_angle;         // epilogues/heads.py
        }
        const float2 both = make_float2(first, second);                   // epilogues/heads.py
        const unsigned row_5 = position * 16u;                            // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token_1 * 32u] = both;                                 // epilogues/heads.py
        } else {
          const unsigned stored = pack_half2(both);                       // attention/row_kinds.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_5 + pair - 32u] = stored;                         // epilogues/heads.py
          } else {
            v_cache[row_5 + pair - 48u] = stored;                         // epilogues/heads.py
          }
        }
      }
    }
  }
}
