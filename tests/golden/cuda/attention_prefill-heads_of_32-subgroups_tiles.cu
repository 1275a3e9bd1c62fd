// attention_prefill_f16_2_1x32
struct bool4 {
  bool x, y, z, w;
};

__device__ inline bool4 make_bool4(bool x, bool y, bool z, bool w) {
  return {x, y, z, w};
}

__device__ inline float4 splat_float4(float a) {
  return make_float4(a, a, a, a);
}

__device__ inline float4 operator*(float4 a, float b) {
  return make_float4(a.x * b, a.y * b, a.z * b, a.w * b);
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

__device__ inline uint4 splat_uint4(unsigned a) {
  return make_uint4(a, a, a, a);
}

__device__ inline uint4 operator+(unsigned a, uint4 b) {
  return make_uint4(a + b.x, a + b.y, a + b.z, a + b.w);
}

__device__ inline bool4 operator<=(uint4 a, uint4 b) {
  return make_bool4(a.x <= b.x, a.y <= b.y, a.z <= b.z, a.w <= b.w);
}

__device__ inline uint4 operator+(uint4 a, unsigned b) {
  return make_uint4(a.x + b, a.y + b, a.z + b, a.w + b);
}

__device__ inline float4 fmaxf(float4 a, float4 b) {
  return make_float4(fmaxf(a.x, b.x), fmaxf(a.y, b.y), fmaxf(a.z, b.z), fmaxf(a.w, b.w));
}

__device__ inline float4 operator-(float4 a, float4 b) {
  return make_float4(a.x - b.x, a.y - b.y, a.z - b.z, a.w - b.w);
}

__device__ inline float4 exp2f(float4 a) {
  return make_float4(exp2f(a.x), exp2f(a.y), exp2f(a.z), exp2f(a.w));
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

struct tile_a_f16_16x16 {
  unsigned x[4];
};

struct tile_sum_f32_16x16 {
  float x[8];
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

__device__ inline tile_sum_f32_16x16 tile_load_transposed_sum(
  const float* place, unsigned stride
) {
  const unsigned row = threadIdx.x % 32u / 4u, column = threadIdx.x % 4u * 2u;
  tile_sum_f32_16x16 tile;
  tile.x[0] = place[(column) * stride + row];
  tile.x[1] = place[(column + 1u) * stride + row];
  tile.x[2] = place[(column) * stride + row + 8u];
  tile.x[3] = place[(column + 1u) * stride + row + 8u];
  tile.x[4] = place[(column + 8u) * stride + row];
  tile.x[5] = place[(column + 9u) * stride + row];
  tile.x[6] = place[(column + 8u) * stride + row + 8u];
  tile.x[7] = place[(column + 9u) * stride + row + 8u];
  return tile;
}

__device__ inline tile_sum_f32_16x16 tile_mul(tile_sum_f32_16x16 a, tile_sum_f32_16x16 b) {
  a.x[0] *= b.x[0];
  a.x[1] *= b.x[1];
  a.x[2] *= b.x[2];
  a.x[3] *= b.x[3];
  a.x[4] *= b.x[4];
  a.x[5] *= b.x[5];
  a.x[6] *= b.x[6];
  a.x[7] *= b.x[7];
  return a;
}

__device__ inline tile_b_f16_16x16 tile_load_b(const uint4* place, unsigned stride) {
  const unsigned lane = threadIdx.x % 32u;
  const uint4* row = place + lane % 16u * stride + lane / 16u;
  tile_b_f16_16x16 tile;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 { %0, %1, %2, %3 }, [%4];"
               : "=r"(tile.x[0]), "=r"(tile.x[1]), "=r"(tile.x[2]), "=r"(tile.x[3])
               : "r"(unsigned(__cvta_generic_to_shared(row)))
               : "memory");
  return tile;
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

extern "C" __global__ void __launch_bounds__(128) attention_prefill_f16_2_1x32(
  const float4* q,
  const uint4* k_cache,
  const uint4* v_cache,
  float4* out,
  const Step* __restrict__ step
) {
  __shared__ __align__(16) uint4 staged[320];
  __shared__ __align__(16) uint4 weights[576];
  __shared__ __align__(16) float4 scores[1088];
  __shared__ __align__(16) float shares[128];
  __shared__ __align__(16) float factors[64];
  inputs_ready();
  const unsigned first_row = blockIdx.x * 64u;                            // attention/prefill.py
  if (first_row < step->seq) {                                            // attention/prefill.py
    const unsigned kv_head = blockIdx.y / 2u;                             // attention/prefill_operands.py
    const unsigned end = step->past + min(first_row + 64u, step->seq);    // attention/prefill_operands.py
    const unsigned team = threadIdx.x / 32u;                              // attention/prefill_body.py
    const unsigned team_row = team * 16u;                                 // attention/prefill_body.py
    for (unsigned at = threadIdx.x; at < 256u; at += 128u) {              // parts/distribute.py
      const unsigned row = at / 4u;                                       // attention/prefill_operands.py
      const unsigned cell = at % 4u;                                      // attention/prefill_operands.py
      const unsigned token = min(first_row + row, step->seq - 1u);        // attention/prefill_operands.py
      const unsigned row_1 = (token * 2u + blockIdx.y) * 8u;              // attention/prefill_operands.py
      const unsigned index = row_1 + cell * 2u;                           // attention/prefill_operands.py
      const float4 x = q[index] * 0.36067376f;                            // attention/prefill_operands.py
      const float4 x_1 = q[index + 1u] * 0.36067376f;
      const float4 chosen = select(x > splat_float4(65504.0f), splat_float4(65504.0f), x);  // parts/staged_rows.py
      const float4 four = select(chosen < splat_float4(-65504.0f), splat_float4(-65504.0f),
          chosen);
      const float4 chosen_1 = select(x_1 > splat_float4(65504.0f), splat_float4(65504.0f), x_1);
      const float4 four_1 = select(chosen_1 < splat_float4(-65504.0f), splat_float4(-65504.0f),
          chosen_1);
      const float2 pair = make_float2(four.x, four.y);                    // parts/staged_rows.py
      const float t = four.z;
      const float t_1 = four.w;
      const unsigned start = row * 5u + cell;                             // parts/staged_rows.py
      staged[start] = make_uint4(pack_half2(pair), pack_half2(make_float2(t, t_1)),
          pack_half2(make_float2(four_1.x, four_1.y)),
          pack_half2(make_float2(four_1.z, four_1.w)));                   // parts/staged_rows.py
    }
    __syncthreads();                                                      // attention/prefill_body.py
    const unsigned place = team_row * 5u;                                 // parts/staged_rows.py
    const tile_a_f16_16x16 query_0 = tile_load_a(&staged[place], 5u);     // parts/staged_rows.py
    const tile_a_f16_16x16 query_1 = tile_load_a(&staged[place + 2u], 5u);
    tile_sum_f32_16x16 sum_0 = tile_sum_f32_16x16{};                      // attention/prefill_body.py
    tile_sum_f32_16x16 sum_1 = tile_sum_f32_16x16{};
    const unsigned row = threadIdx.x % 64u;                               // attention/prefill_softmax.py
    const unsigned part = threadIdx.x / 64u;                              // attention/prefill_softmax.py
    const unsigned own_position = step->past + first_row + row;           // attention/prefill_softmax.py
    float maximum = -1e30f;                                               // attention/prefill_softmax.py
    float total = 0.0f;                                                   // attention/prefill_softmax.py
    for (unsigned tile = 0u; tile < end; tile += 64u) {                   // attention/prefill_body.py
      __syncthreads();                                                    // attention/prefill_body.py
      for (unsigned at = threadIdx.x; at < 256u; at += 128u) {            // parts/distribute.py
        const unsigned key = at / 4u;                                     // attention/prefill_operands.py
        const unsigned load = at % 4u;                                    // attention/prefill_operands.py
        const unsigned position = min(tile + key, end - 1u);              // attention/prefill_operands.py
        const uint4 stored = k_cache[(position + kv_head) * 4u + load];   // attention/cache.py
        const unsigned start = key * 5u + load;                           // parts/staged_rows.py
        staged[start] = stored;                                           // parts/staged_rows.py
      }
      __syncthreads();                                                    // attention/prefill_body.py
      const unsigned first = team_row * 17u;                              // attention/prefill_body.py
      for (unsigned number = 0u; number < 4u; number++) {                 // parts/distribute.py
        tile_sum_f32_16x16 score = tile_sum_f32_16x16{};                  // attention/prefill_body.py
        const unsigned row_1 = number * 16u;                              // attention/prefill_body.py
        const unsigned place_1 = row_1 * 5u;                              // parts/staged_rows.py
        const tile_b_f16_16x16 key = tile_load_transposed_b(&staged[place_1], 5u);  // parts/staged_rows.py
        score = tile_mma(query_0, key, score);                            // attention/prefill_body.py
        const tile_b_f16_16x16 key_1 = tile_load_transposed_b(&staged[place_1 + 2u], 5u);  // parts/staged_rows.py
        score = tile_mma(query_1, key_1, score);                          // attention/prefill_body.py
        tile_store(reinterpret_cast<float*>(&scores[first + number * 4u]), (17u) * 4u, score);  // attention/prefill_body.py
      }
      __syncthreads();                                                    // attention/prefill_body.py
      for (unsigned at = threadIdx.x; at < 256u; at += 128u) {            // parts/distribute.py
        const unsigned key = at / 4u;                                     // attention/prefill_operands.py
        const unsigned load = at % 4u;                                    // attention/prefill_operands.py
        const unsigned position = min(tile + key, end - 1u);              // attention/prefill_operands.py
        const uint4 stored = v_cache[(position + kv_head) * 4u + load];   // attention/cache.py
        const unsigned start = key * 5u + load;                           // parts/staged_rows.py
        staged[start] = stored;                                           // parts/staged_rows.py
      }
      const unsigned cell = row * 17u + part * 8u;                        // attention/prefill_softmax.py
      const unsigned first_1 = tile + part * 32u;                         // attention/prefill_softmax.py
      const uint4 four = first_1 + make_uint4(0u, 1u, 2u, 3u);            // attention/prefill_softmax.py
      const uint4 t = splat_uint4(own_position);                          // attention/prefill_softmax.py
      const bool4 seen = four <= t;
      const float4 score = select(seen, scores[cell], splat_float4(-1e30f));  // attention/prefill_softmax.py
      const bool4 seen_1 = four + 4u <= t;                                // attention/prefill_softmax.py
      const float4 score_1 = select(seen_1, scores[cell + 1u], splat_float4(-1e30f));  // attention/prefill_softmax.py
      const bool4 seen_2 = four + 8u <= t;                                // attention/prefill_softmax.py
      const float4 score_2 = select(seen_2, scores[cell + 2u], splat_float4(-1e30f));  // attention/prefill_softmax.py
      const bool4 seen_3 = four + 12u <= t;                               // attention/prefill_softmax.py
      const float4 score_3 = select(seen_3, scores[cell + 3u], splat_float4(-1e30f));  // attention/prefill_softmax.py
      const bool4 seen_4 = four + 16u <= t;                               // attention/prefill_softmax.py
      const float4 score_4 = select(seen_4, scores[cell + 4u], splat_float4(-1e30f));  // attention/prefill_softmax.py
      const bool4 seen_5 = four + 20u <= t;                               // attention/prefill_softmax.py
      const float4 score_5 = select(seen_5, scores[cell + 5u], splat_float4(-1e30f));  // attention/prefill_softmax.py
      const bool4 seen_6 = four + 24u <= t;                               // attention/prefill_softmax.py
      const float4 score_6 = select(seen_6, scores[cell + 6u], splat_float4(-1e30f));  // attention/prefill_softmax.py
      const bool4 seen_7 = four + 28u <= t;                               // attention/prefill_softmax.py
      const float4 score_7 = select(seen_7, scores[cell + 7u], splat_float4(-1e30f));  // attention/prefill_softmax.py
      const float4 own = fmaxf(fmaxf(fmaxf(fmaxf(fmaxf(fmaxf(fmaxf(score, score_1), score_2),
          score_3), score_4), score_5), score_6), score_7);               // attention/prefill_softmax.py
      shares[threadIdx.x] = fmaxf(fmaxf(own.x, own.y), fmaxf(own.z, own.w));  // attention/prefill_softmax.py
      __syncthreads();                                                    // attention/prefill_softmax.py
      const float joined = shares[row];                                   // attention/prefill_softmax.py
      const float highest = fmaxf(maximum, fmaxf(joined, shares[row + 64u]));  // attention/prefill_softmax.py
      const float rescale = exp2f(maximum - highest);                     // attention/prefill_softmax.py
      total *= rescale;                                                   // attention/prefill_softmax.py
      maximum = highest;                                                  // attention/prefill_softmax.py
      if (part == 0u) {                                                   // attention/prefill_softmax.py
        factors[row] = rescale;                                           // attention/prefill_softmax.py
      }
      const float4 t_1 = splat_float4(highest);                           // attention/prefill_softmax.py
      const float4 weight = exp2f(score - t_1);
      const float4 weight_1 = exp2f(score_1 - t_1);
      const float4 weight_2 = exp2f(score_2 - t_1);
      const float4 weight_3 = exp2f(score_3 - t_1);
      const float4 weight_4 = exp2f(score_4 - t_1);
      const float4 weight_5 = exp2f(score_5 - t_1);
      const float4 weight_6 = exp2f(score_6 - t_1);
      const float4 weight_7 = exp2f(score_7 - t_1);
      total += weight.x + weight.y + (weight.z + weight.w);               // attention/prefill_softmax.py
      total += weight_1.x + weight_1.y + (weight_1.z + weight_1.w);
      total += weight_2.x + weight_2.y + (weight_2.z + weight_2.w);
      total += weight_3.x + weight_3.y + (weight_3.z + weight_3.w);
      total += weight_4.x + weight_4.y + (weight_4.z + weight_4.w);
      total += weight_5.x + weight_5.y + (weight_5.z + weight_5.w);
      total += weight_6.x + weight_6.y + (weight_6.z + weight_6.w);
      total += weight_7.x + weight_7.y + (weight_7.z + weight_7.w);
      const unsigned start = row * 9u + part * 4u;                        // parts/staged_rows.py
      weights[start] = make_uint4(pack_half2(make_float2(weight.x, weight.y)),
          pack_half2(make_float2(weight.z, weight.w)),
          pack_half2(make_float2(weight_1.x, weight_1.y)),
          pack_half2(make_float2(weight_1.z, weight_1.w)));               // parts/staged_rows.py
      weights[start + 1u] = make_uint4(pack_half2(make_float2(weight_2.x, weight_2.y)),
          pack_half2(make_float2(weight_2.z, weight_2.w)),
          pack_half2(make_float2(weight_3.x, weight_3.y)),
          pack_half2(make_float2(weight_3.z, weight_3.w)));
      weights[start + 2u] = make_uint4(pack_half2(make_float2(weight_4.x, weight_4.y)),
          pack_half2(make_float2(weight_4.z, weight_4.w)),
          pack_half2(make_float2(weight_5.x, weight_5.y)),
          pack_half2(make_float2(weight_5.z, weight_5.w)));
      weights[start + 3u] = make_uint4(pack_half2(make_float2(weight_6.x, weight_6.y)),
          pack_half2(make_float2(weight_6.z, weight_6.w)),
          pack_half2(make_float2(weight_7.x, weight_7.y)),
          pack_half2(make_float2(weight_7.z, weight_7.w)));
      __syncthreads();                                                    // attention/prefill_body.py
      const tile_sum_f32_16x16 factors_1 = tile_load_transposed_sum(&factors[team_row], 0u);  // attention/prefill_body.py
      sum_0 = tile_mul(sum_0, factors_1);
      const tile_sum_f32_16x16 factors_2 = tile_load_transposed_sum(&factors[team_row], 0u);
      sum_1 = tile_mul(sum_1, factors_2);
      for (unsigned step_1 = 0u; step_1 < 4u; step_1++) {                 // attention/prefill_body.py
        const unsigned cell_1 = step_1 * 2u;                              // parts/staged_rows.py
        const tile_a_f16_16x16 weight_8 = tile_load_a(&weights[team_row * 9u + cell_1], 9u);  // parts/staged_rows.py
        const unsigned row_1 = step_1 * 80u;                              // attention/prefill_body.py
        const tile_b_f16_16x16 value = tile_load_b(&staged[row_1], 5u);   // attention/prefill_body.py
        sum_0 = tile_mma(weight_8, value, sum_0);
        const unsigned place_1 = row_1 + 2u;                              // attention/prefill_body.py
        const tile_b_f16_16x16 value_1 = tile_load_b(&staged[place_1], 5u);  // attention/prefill_body.py
        sum_1 = tile_mma(weight_8, value_1, sum_1);
      }
    }
    __syncthreads();                                                      // attention/prefill_softmax.py
    shares[threadIdx.x] = total;                                          // attention/prefill_softmax.py
    __syncthreads();                                                      // attention/prefill_softmax.py
    if (part == 0u) {                                                     // attention/prefill_softmax.py
      const float joined = shares[row];                                   // attention/prefill_softmax.py
      factors[row] = 1.0f / (joined + shares[row + 64u]);                 // attention/prefill_softmax.py
    }
    __syncthreads();                                                      // attention/prefill_softmax.py
    const tile_sum_f32_16x16 factors_1 = tile_load_transposed_sum(&factors[team_row], 0u);  // attention/prefill_body.py
    sum_0 = tile_mul(sum_0, factors_1);
    const unsigned t = team_row * 17u;                                    // attention/prefill_body.py
    tile_store(reinterpret_cast<float*>(&scores[t]), (17u) * 4u, sum_0);
    const tile_sum_f32_16x16 factors_2 = tile_load_transposed_sum(&factors[team_row], 0u);  // attention/prefill_body.py
    sum_1 = tile_mul(sum_1, factors_2);
    tile_store(reinterpret_cast<float*>(&scores[t + 4u]), (17u) * 4u, sum_1);  // attention/prefill_body.py
    __syncthreads();                                                      // attention/prefill_body.py
    for (unsigned at = threadIdx.x; at < 512u; at += 128u) {              // parts/distribute.py
      const unsigned row_1 = at / 8u;                                     // attention/prefill_body.py
      const unsigned cell = at % 8u;                                      // attention/prefill_body.py
      const unsigned token = first_row + row_1;                           // attention/prefill_body.py
      if (token < step->seq) {                                            // attention/prefill_body.py
        const float4 result = scores[row_1 * 17u + cell];                 // attention/prefill_body.py
        const unsigned row_2 = (token * 2u + blockIdx.y) * 8u;            // attention/prefill_operands.py
        out[row_2 + cell] = result;                                       // attention/prefill_operands.py
      }
    }
  }
}
