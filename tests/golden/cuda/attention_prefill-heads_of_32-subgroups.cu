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

__device__ inline uint4 splat_uint4(unsigned a) {
  return make_uint4(a, a, a, a);
}

__device__ inline uint4 operator+(unsigned a, uint4 b) {
  return make_uint4(a + b.x, a + b.y, a + b.z, a + b.w);
}

__device__ inline bool4 operator<=(uint4 a, uint4 b) {
  return make_bool4(a.x <= b.x, a.y <= b.y, a.z <= b.z, a.w <= b.w);
}

__device__ inline float4 select(bool4 a, float4 b, float4 c) {
  return make_float4(a.x ? b.x : c.x, a.y ? b.y : c.y, a.z ? b.z : c.z, a.w ? b.w : c.w);
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

extern "C" __global__ void __launch_bounds__(32) attention_prefill_f16_2_1x32(
  const float4* q,
  const uint4* k_cache,
  const uint4* v_cache,
  float4* __restrict__ out,
  const Step* __restrict__ step
) {
  __shared__ float4 staged[288];
  __shared__ float4 scores[288];
  __shared__ float factors[32];
  inputs_ready();
  const unsigned first_row = blockIdx.x * 32u;                            // attention/prefill.py
  if (first_row < step->seq) {                                            // attention/prefill.py
    const unsigned kv_head = blockIdx.y / 2u;                             // attention/prefill_operands.py
    const unsigned end = step->past + min(first_row + 32u, step->seq);    // attention/prefill_operands.py
    const unsigned line = threadIdx.x / 4u;                               // attention/prefill_body.py
    const unsigned column = threadIdx.x % 4u;                             // attention/prefill_body.py
    const unsigned team_row = line * 4u;                                  // attention/prefill_body.py
    float sum_0_00 = 0.0f;                                                // attention/prefill_body.py
    float sum_0_01 = 0.0f;
    float sum_0_02 = 0.0f;
    float sum_0_03 = 0.0f;
    float sum_0_10 = 0.0f;
    float sum_0_11 = 0.0f;
    float sum_0_12 = 0.0f;
    float sum_0_13 = 0.0f;
    float sum_0_20 = 0.0f;
    float sum_0_21 = 0.0f;
    float sum_0_22 = 0.0f;
    float sum_0_23 = 0.0f;
    float sum_0_30 = 0.0f;
    float sum_0_31 = 0.0f;
    float sum_0_32 = 0.0f;
    float sum_0_33 = 0.0f;
    float sum_1_00 = 0.0f;
    float sum_1_01 = 0.0f;
    float sum_1_02 = 0.0f;
    float sum_1_03 = 0.0f;
    float sum_1_10 = 0.0f;
    float sum_1_11 = 0.0f;
    float sum_1_12 = 0.0f;
    float sum_1_13 = 0.0f;
    float sum_1_20 = 0.0f;
    float sum_1_21 = 0.0f;
    float sum_1_22 = 0.0f;
    float sum_1_23 = 0.0f;
    float sum_1_30 = 0.0f;
    float sum_1_31 = 0.0f;
    float sum_1_32 = 0.0f;
    float sum_1_33 = 0.0f;
    const unsigned row = threadIdx.x % 32u;                               // attention/prefill_softmax.py
    const unsigned part = threadIdx.x / 32u;                              // attention/prefill_softmax.py
    const unsigned own_position = step->past + first_row + row;           // attention/prefill_softmax.py
    float maximum = -1e30f;                                               // attention/prefill_softmax.py
    float total = 0.0f;                                                   // attention/prefill_softmax.py
    for (unsigned tile = 0u; tile < end; tile += 32u) {                   // attention/prefill_body.py
      const unsigned first = team_row * 9u;                               // attention/prefill_body.py
      float score_0_00 = 0.0f;                                            // attention/prefill_body.py
      float score_0_01 = 0.0f;
      float score_0_02 = 0.0f;
      float score_0_03 = 0.0f;
      float score_0_10 = 0.0f;
      float score_0_11 = 0.0f;
      float score_0_12 = 0.0f;
      float score_0_13 = 0.0f;
      float score_0_20 = 0.0f;
      float score_0_21 = 0.0f;
      float score_0_22 = 0.0f;
      float score_0_23 = 0.0f;
      float score_0_30 = 0.0f;
      float score_0_31 = 0.0f;
      float score_0_32 = 0.0f;
      float score_0_33 = 0.0f;
      float score_1_00 = 0.0f;
      float score_1_01 = 0.0f;
      float score_1_02 = 0.0f;
      float score_1_03 = 0.0f;
      float score_1_10 = 0.0f;
      float score_1_11 = 0.0f;
      float score_1_12 = 0.0f;
      float score_1_13 = 0.0f;
      float score_1_20 = 0.0f;
      float score_1_21 = 0.0f;
      float score_1_22 = 0.0f;
      float score_1_23 = 0.0f;
      float score_1_30 = 0.0f;
      float score_1_31 = 0.0f;
      float score_1_32 = 0.0f;
      float score_1_33 = 0.0f;
      const unsigned row_1 = 4u + column;                                 // attention/prefill_body.py
      for (unsigned number = 0u; number < 8u; number += 2u) {             // parts/distribute.py
        __syncthreads();                                                  // attention/prefill_body.py
        for (unsigned at = threadIdx.x; at < 64u; at += 32u) {            // parts/distribute.py
          const unsigned row_2 = at / 2u;                                 // attention/prefill_operands.py
          const unsigned cell = at % 2u;                                  // attention/prefill_operands.py
          const unsigned token = min(first_row + row_2, step->seq - 1u);  // attention/prefill_operands.py
          const unsigned row_3 = (token * 2u + blockIdx.y) * 8u;          // attention/prefill_operands.py
          const unsigned start = row_2 * 3u + cell;                       // parts/staged_rows.py
          staged[start] = q[row_3 + number + cell] * 0.36067376f;         // parts/staged_rows.py
        }
        const unsigned position = min(tile + threadIdx.x, end - 1u);      // attention/prefill_operands.py
        const unsigned row_2 = column * 8u + line;                        // attention/prefill_operands.py
        const unsigned number_1 = number / 2u;                            // attention/prefill_operands.py
        const unsigned row_3 = position + kv_head;                        // attention/cache.py
        const uint4 stored = k_cache[row_3 * 4u + number_1];              // attention/cache.py
        const float4 staged_1 = join(unpack_half2(stored.x), unpack_half2(stored.y));  // attention/cache.py
        const float4 staged_2 = join(unpack_half2(stored.z), unpack_half2(stored.w));
        const unsigned start = row_2 * 3u;                                // parts/staged_rows.py
        staged[start + 96u] = staged_1;                                   // parts/staged_rows.py
        staged[start + 97u] = staged_2;
        __syncthreads();                                                  // attention/prefill_body.py
        for (unsigned step_1 = 0u; step_1 < 2u; step_1++) {               // attention/prefill_body.py
          const unsigned place = team_row * 3u + step_1;                  // parts/staged_rows.py
          const float4 query_0 = staged[place];                           // parts/staged_rows.py
          const float4 query_1 = staged[place + 3u];
          const float4 query_2 = staged[place + 6u];
          const float4 query_3 = staged[place + 9u];
          const unsigned place_1 = column * 3u + step_1;                  // parts/staged_rows.py
          const unsigned place_2 = place_1 + 96u;                         // parts/staged_rows.py
          const float4 key_0 = staged[place_2];                           // parts/staged_rows.py
          const float4 key_1 = staged[place_2 + 24u];
          const float4 key_2 = staged[place_2 + 48u];
          const float4 key_3 = staged[place_2 + 72u];
          score_0_00 = score_0_00 + query_0.x * key_0.x + query_0.y * key_0.y + query_0.z
              * key_0.z + query_0.w * key_0.w;                            // attention/prefill_body.py
          score_0_01 = score_0_01 + query_0.x * key_1.x + query_0.y * key_1.y + query_0.z
              * key_1.z + query_0.w * key_1.w;
          score_0_02 = score_0_02 + query_0.x * key_2.x + query_0.y * key_2.y + query_0.z
              * key_2.z + query_0.w * key_2.w;
          score_0_03 = score_0_03 + query_0.x * key_3.x + query_0.y * key_3.y + query_0.z
              * key_3.z + query_0.w * key_3.w;
          score_0_10 = score_0_10 + query_1.x * key_0.x + query_1.y * key_0.y + query_1.z
              * key_0.z + query_1.w * key_0.w;
          score_0_11 = score_0_11 + query_1.x * key_1.x + query_1.y * key_1.y + query_1.z
              * key_1.z + query_1.w * key_1.w;
          score_0_12 = score_0_12 + query_1.x * key_2.x + query_1.y * key_2.y + query_1.z
              * key_2.z + query_1.w * key_2.w;
          score_0_13 = score_0_13 + query_1.x * key_3.x + query_1.y * key_3.y + query_1.z
              * key_3.z + query_1.w * key_3.w;
          score_0_20 = score_0_20 + query_2.x * key_0.x + query_2.y * key_0.y + query_2.z
              * key_0.z + query_2.w * key_0.w;
          score_0_21 = score_0_21 + query_2.x * key_1.x + query_2.y * key_1.y + query_2.z
              * key_1.z + query_2.w * key_1.w;
          score_0_22 = score_0_22 + query_2.x * key_2.x + query_2.y * key_2.y + query_2.z
              * key_2.z + query_2.w * key_2.w;
          score_0_23 = score_0_23 + query_2.x * key_3.x + query_2.y * key_3.y + query_2.z
              * key_3.z + query_2.w * key_3.w;
          score_0_30 = score_0_30 + query_3.x * key_0.x + query_3.y * key_0.y + query_3.z
              * key_0.z + query_3.w * key_0.w;
          score_0_31 = score_0_31 + query_3.x * key_1.x + query_3.y * key_1.y + query_3.z
              * key_1.z + query_3.w * key_1.w;
          score_0_32 = score_0_32 + query_3.x * key_2.x + query_3.y * key_2.y + query_3.z
              * key_2.z + query_3.w * key_2.w;
          score_0_33 = score_0_33 + query_3.x * key_3.x + query_3.y * key_3.y + query_3.z
              * key_3.z + query_3.w * key_3.w;
          const unsigned place_3 = row_1 * 3u + step_1;                   // parts/staged_rows.py
          const unsigned place_4 = place_3 + 96u;                         // parts/staged_rows.py
          const float4 key_0_1 = staged[place_4];                         // parts/staged_rows.py
          const float4 key_1_1 = staged[place_4 + 24u];
          const float4 key_2_1 = staged[place_4 + 48u];
          const float4 key_3_1 = staged[place_4 + 72u];
          score_1_00 = score_1_00 + query_0.x * key_0_1.x + query_0.y * key_0_1.y + query_0.z
              * key_0_1.z + query_0.w * key_0_1.w;                        // attention/prefill_body.py
          score_1_01 = score_1_01 + query_0.x * key_1_1.x + query_0.y * key_1_1.y + query_0.z
              * key_1_1.z + query_0.w * key_1_1.w;
          score_1_02 = score_1_02 + query_0.x * key_2_1.x + query_0.y * key_2_1.y + query_0.z
              * key_2_1.z + query_0.w * key_2_1.w;
          score_1_03 = score_1_03 + query_0.x * key_3_1.x + query_0.y * key_3_1.y + query_0.z
              * key_3_1.z + query_0.w * key_3_1.w;
          score_1_10 = score_1_10 + query_1.x * key_0_1.x + query_1.y * key_0_1.y + query_1.z
              * key_0_1.z + query_1.w * key_0_1.w;
          score_1_11 = score_1_11 + query_1.x * key_1_1.x + query_1.y * key_1_1.y + query_1.z
              * key_1_1.z + query_1.w * key_1_1.w;
          score_1_12 = score_1_12 + query_1.x * key_2_1.x + query_1.y * key_2_1.y + query_1.z
              * key_2_1.z + query_1.w * key_2_1.w;
          score_1_13 = score_1_13 + query_1.x * key_3_1.x + query_1.y * key_3_1.y + query_1.z
              * key_3_1.z + query_1.w * key_3_1.w;
          score_1_20 = score_1_20 + query_2.x * key_0_1.x + query_2.y * key_0_1.y + query_2.z
              * key_0_1.z + query_2.w * key_0_1.w;
          score_1_21 = score_1_21 + query_2.x * key_1_1.x + query_2.y * key_1_1.y + query_2.z
              * key_1_1.z + query_2.w * key_1_1.w;
          score_1_22 = score_1_22 + query_2.x * key_2_1.x + query_2.y * key_2_1.y + query_2.z
              * key_2_1.z + query_2.w * key_2_1.w;
          score_1_23 = score_1_23 + query_2.x * key_3_1.x + query_2.y * key_3_1.y + query_2.z
              * key_3_1.z + query_2.w * key_3_1.w;
          score_1_30 = score_1_30 + query_3.x * key_0_1.x + query_3.y * key_0_1.y + query_3.z
              * key_0_1.z + query_3.w * key_0_1.w;
          score_1_31 = score_1_31 + query_3.x * key_1_1.x + query_3.y * key_1_1.y + query_3.z
              * key_1_1.z + query_3.w * key_1_1.w;
          score_1_32 = score_1_32 + query_3.x * key_2_1.x + query_3.y * key_2_1.y + query_3.z
              * key_2_1.z + query_3.w * key_2_1.w;
          score_1_33 = score_1_33 + query_3.x * key_3_1.x + query_3.y * key_3_1.y + query_3.z
              * key_3_1.z + query_3.w * key_3_1.w;
        }
      }
      const unsigned index = first + column;                              // attention/prefill_body.py
      scores[index] = make_float4(score_0_00, score_0_01, score_0_02, score_0_03);
      scores[index + 9u] = make_float4(score_0_10, score_0_11, score_0_12, score_0_13);
      scores[index + 18u] = make_float4(score_0_20, score_0_21, score_0_22, score_0_23);
      scores[index + 27u] = make_float4(score_0_30, score_0_31, score_0_32, score_0_33);
      const unsigned index_1 = first + row_1;
      scores[index_1] = make_float4(score_1_00, score_1_01, score_1_02, score_1_03);
      scores[index_1 + 9u] = make_float4(score_1_10, score_1_11, score_1_12, score_1_13);
      scores[index_1 + 18u] = make_float4(score_1_20, score_1_21, score_1_22, score_1_23);
      scores[index_1 + 27u] = make_float4(score_1_30, score_1_31, score_1_32, score_1_33);
      __syncthreads();                                                    // attention/prefill_body.py
      for (unsigned at = threadIdx.x; at < 128u; at += 32u) {             // parts/distribute.py
        const unsigned key = at / 4u;                                     // attention/prefill_operands.py
        const unsigned load = at % 4u;                                    // attention/prefill_operands.py
        const unsigned position = min(tile + key, end - 1u);              // attention/prefill_operands.py
        const unsigned row_2 = position + kv_head;                        // attention/cache.py
        const uint4 stored = v_cache[row_2 * 4u + load];                  // attention/cache.py
        const float4 staged_1 = join(unpack_half2(stored.x), unpack_half2(stored.y));  // attention/cache.py
        const float4 staged_2 = join(unpack_half2(stored.z), unpack_half2(stored.w));
        const unsigned start = key * 9u + load * 2u;                      // parts/staged_rows.py
        staged[start] = staged_1;                                         // parts/staged_rows.py
        staged[start + 1u] = staged_2;
      }
      const unsigned cell = row * 9u + part * 8u;                         // attention/prefill_softmax.py
      const unsigned first_1 = tile + part * 32u;                         // attention/prefill_softmax.py
      const uint4 four = first_1 + make_uint4(0u, 1u, 2u, 3u);            // attention/prefill_softmax.py
      const uint4 t = splat_uint4(own_position);                          // attention/prefill_softmax.py
      const bool4 seen = four <= t;
      const float4 score = select(seen, scores[cell], splat_float4(-1e30f));  // attention/prefill_softmax.py
      const bool4 seen_1 = four + 4u <= t;                                // attention/prefill_softmax.py
      const unsigned index_2 = cell + 1u;                                 // attention/prefill_softmax.py
      const float4 score_1 = select(seen_1, scores[index_2], splat_float4(-1e30f));
      const bool4 seen_2 = four + 8u <= t;                                // attention/prefill_softmax.py
      const unsigned index_3 = cell + 2u;                                 // attention/prefill_softmax.py
      const float4 score_2 = select(seen_2, scores[index_3], splat_float4(-1e30f));
      const bool4 seen_3 = four + 12u <= t;                               // attention/prefill_softmax.py
      const unsigned index_4 = cell + 3u;                                 // attention/prefill_softmax.py
      const float4 score_3 = select(seen_3, scores[index_4], splat_float4(-1e30f));
      const bool4 seen_4 = four + 16u <= t;                               // attention/prefill_softmax.py
      const unsigned index_5 = cell + 4u;                                 // attention/prefill_softmax.py
      const float4 score_4 = select(seen_4, scores[index_5], splat_float4(-1e30f));
      const bool4 seen_5 = four + 20u <= t;                               // attention/prefill_softmax.py
      const unsigned index_6 = cell + 5u;                                 // attention/prefill_softmax.py
      const float4 score_5 = select(seen_5, scores[index_6], splat_float4(-1e30f));
      const bool4 seen_6 = four + 24u <= t;                               // attention/prefill_softmax.py
      const unsigned index_7 = cell + 6u;                                 // attention/prefill_softmax.py
      const float4 score_6 = select(seen_6, scores[index_7], splat_float4(-1e30f));
      const bool4 seen_7 = four + 28u <= t;                               // attention/prefill_softmax.py
      const unsigned index_8 = cell + 7u;                                 // attention/prefill_softmax.py
      const float4 score_7 = select(seen_7, scores[index_8], splat_float4(-1e30f));
      const float4 own = fmaxf(fmaxf(fmaxf(fmaxf(fmaxf(fmaxf(fmaxf(score, score_1), score_2),
          score_3), score_4), score_5), score_6), score_7);               // attention/prefill_softmax.py
      const float highest = fmaxf(maximum, fmaxf(fmaxf(own.x, own.y), fmaxf(own.z, own.w)));  // attention/prefill_softmax.py
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
      scores[cell] = weight;                                              // parts/staged_rows.py
      scores[index_2] = weight_1;
      scores[index_3] = weight_2;
      scores[index_4] = weight_3;
      scores[index_5] = weight_4;
      scores[index_6] = weight_5;
      scores[index_7] = weight_6;
      scores[index_8] = weight_7;
      __syncthreads();                                                    // attention/prefill_body.py
      const float factor = factors[team_row];                             // attention/prefill_body.py
      sum_0_00 *= factor;
      sum_0_01 *= factor;
      sum_0_02 *= factor;
      sum_0_03 *= factor;
      const unsigned index_9 = team_row + 1u;
      const float factor_1 = factors[index_9];
      sum_0_10 *= factor_1;
      sum_0_11 *= factor_1;
      sum_0_12 *= factor_1;
      sum_0_13 *= factor_1;
      const unsigned index_10 = team_row + 2u;
      const float factor_2 = factors[index_10];
      sum_0_20 *= factor_2;
      sum_0_21 *= factor_2;
      sum_0_22 *= factor_2;
      sum_0_23 *= factor_2;
      const unsigned index_11 = team_row + 3u;
      const float factor_3 = factors[index_11];
      sum_0_30 *= factor_3;
      sum_0_31 *= factor_3;
      sum_0_32 *= factor_3;
      sum_0_33 *= factor_3;
      const float factor_4 = factors[team_row];
      sum_1_00 *= factor_4;
      sum_1_01 *= factor_4;
      sum_1_02 *= factor_4;
      sum_1_03 *= factor_4;
      const float factor_5 = factors[index_9];
      sum_1_10 *= factor_5;
      sum_1_11 *= factor_5;
      sum_1_12 *= factor_5;
      sum_1_13 *= factor_5;
      const float factor_6 = factors[index_10];
      sum_1_20 *= factor_6;
      sum_1_21 *= factor_6;
      sum_1_22 *= factor_6;
      sum_1_23 *= factor_6;
      const float factor_7 = factors[index_11];
      sum_1_30 *= factor_7;
      sum_1_31 *= factor_7;
      sum_1_32 *= factor_7;
      sum_1_33 *= factor_7;
      for (unsigned step_1 = 0u; step_1 < 8u; step_1++) {                 // attention/prefill_body.py
        const unsigned place = first + step_1;                            // parts/staged_rows.py
        const float4 weight_0 = scores[place];                            // parts/staged_rows.py
        const float4 weight_1_1 = scores[place + 9u];
        const float4 weight_2_1 = scores[place + 18u];
        const float4 weight_3_1 = scores[place + 27u];
        const unsigned row_2 = step_1 * 36u;                              // attention/prefill_body.py
        const unsigned place_1 = row_2 + column;                          // attention/prefill_body.py
        const float4 value_0 = staged[place_1];                           // attention/prefill_body.py
        const float4 value_1 = staged[place_1 + 9u];
        const float4 value_2 = staged[place_1 + 18u];
        const float4 value_3 = staged[place_1 + 27u];
        sum_0_00 = sum_0_00 + weight_0.x * value_0.x + weight_0.y * value_1.x + weight_0.z
            * value_2.x + weight_0.w * value_3.x;
        sum_0_01 = sum_0_01 + weight_0.x * value_0.y + weight_0.y * value_1.y + weight_0.z
            * value_2.y + weight_0.w * value_3.y;
        sum_0_02 = sum_0_02 + weight_0.x * value_0.z + weight_0.y * value_1.z + weight_0.z
            * value_2.z + weight_0.w * value_3.z;
        sum_0_03 = sum_0_03 + weight_0.x * value_0.w + weight_0.y * value_1.w + weight_0.z
            * value_2.w + weight_0.w * value_3.w;
        sum_0_10 = sum_0_10 + weight_1_1.x * value_0.x + weight_1_1.y * value_1.x
            + weight_1_1.z * value_2.x + weight_1_1.w * value_3.x;
        sum_0_11 = sum_0_11 + weight_1_1.x * value_0.y + weight_1_1.y * value_1.y
            + weight_1_1.z * value_2.y + weight_1_1.w * value_3.y;
        sum_0_12 = sum_0_12 + weight_1_1.x * value_0.z + weight_1_1.y * value_1.z
            + weight_1_1.z * value_2.z + weight_1_1.w * value_3.z;
        sum_0_13 = sum_0_13 + weight_1_1.x * value_0.w + weight_1_1.y * value_1.w
            + weight_1_1.z * value_2.w + weight_1_1.w * value_3.w;
        sum_0_20 = sum_0_20 + weight_2_1.x * value_0.x + weight_2_1.y * value_1.x
            + weight_2_1.z * value_2.x + weight_2_1.w * value_3.x;
        sum_0_21 = sum_0_21 + weight_2_1.x * value_0.y + weight_2_1.y * value_1.y
            + weight_2_1.z * value_2.y + weight_2_1.w * value_3.y;
        sum_0_22 = sum_0_22 + weight_2_1.x * value_0.z + weight_2_1.y * value_1.z
            + weight_2_1.z * value_2.z + weight_2_1.w * value_3.z;
        sum_0_23 = sum_0_23 + weight_2_1.x * value_0.w + weight_2_1.y * value_1.w
            + weight_2_1.z * value_2.w + weight_2_1.w * value_3.w;
        sum_0_30 = sum_0_30 + weight_3_1.x * value_0.x + weight_3_1.y * value_1.x
            + weight_3_1.z * value_2.x + weight_3_1.w * value_3.x;
        sum_0_31 = sum_0_31 + weight_3_1.x * value_0.y + weight_3_1.y * value_1.y
            + weight_3_1.z * value_2.y + weight_3_1.w * value_3.y;
        sum_0_32 = sum_0_32 + weight_3_1.x * value_0.z + weight_3_1.y * value_1.z
            + weight_3_1.z * value_2.z + weight_3_1.w * value_3.z;
        sum_0_33 = sum_0_33 + weight_3_1.x * value_0.w + weight_3_1.y * value_1.w
            + weight_3_1.z * value_2.w + weight_3_1.w * value_3.w;
        const unsigned place_2 = row_2 + row_1;                           // attention/prefill_body.py
        const float4 value_0_1 = staged[place_2];                         // attention/prefill_body.py
        const float4 value_1_1 = staged[place_2 + 9u];
        const float4 value_2_1 = staged[place_2 + 18u];
        const float4 value_3_1 = staged[place_2 + 27u];
        sum_1_00 = sum_1_00 + weight_0.x * value_0_1.x + weight_0.y * value_1_1.x + weight_0.z
            * value_2_1.x + weight_0.w * value_3_1.x;
        sum_1_01 = sum_1_01 + weight_0.x * value_0_1.y + weight_0.y * value_1_1.y + weight_0.z
            * value_2_1.y + weight_0.w * value_3_1.y;
        sum_1_02 = sum_1_02 + weight_0.x * value_0_1.z + weight_0.y * value_1_1.z + weight_0.z
            * value_2_1.z + weight_0.w * value_3_1.z;
        sum_1_03 = sum_1_03 + weight_0.x * value_0_1.w + weight_0.y * value_1_1.w + weight_0.z
            * value_2_1.w + weight_0.w * value_3_1.w;
        sum_1_10 = sum_1_10 + weight_1_1.x * value_0_1.x + weight_1_1.y * value_1_1.x
            + weight_1_1.z * value_2_1.x + weight_1_1.w * value_3_1.x;
        sum_1_11 = sum_1_11 + weight_1_1.x * value_0_1.y + weight_1_1.y * value_1_1.y
            + weight_1_1.z * value_2_1.y + weight_1_1.w * value_3_1.y;
        sum_1_12 = sum_1_12 + weight_1_1.x * value_0_1.z + weight_1_1.y * value_1_1.z
            + weight_1_1.z * value_2_1.z + weight_1_1.w * value_3_1.z;
        sum_1_13 = sum_1_13 + weight_1_1.x * value_0_1.w + weight_1_1.y * value_1_1.w
            + weight_1_1.z * value_2_1.w + weight_1_1.w * value_3_1.w;
        sum_1_20 = sum_1_20 + weight_2_1.x * value_0_1.x + weight_2_1.y * value_1_1.x
            + weight_2_1.z * value_2_1.x + weight_2_1.w * value_3_1.x;
        sum_1_21 = sum_1_21 + weight_2_1.x * value_0_1.y + weight_2_1.y * value_1_1.y
            + weight_2_1.z * value_2_1.y + weight_2_1.w * value_3_1.y;
        sum_1_22 = sum_1_22 + weight_2_1.x * value_0_1.z + weight_2_1.y * value_1_1.z
            + weight_2_1.z * value_2_1.z + weight_2_1.w * value_3_1.z;
        sum_1_23 = sum_1_23 + weight_2_1.x * value_0_1.w + weight_2_1.y * value_1_1.w
            + weight_2_1.z * value_2_1.w + weight_2_1.w * value_3_1.w;
        sum_1_30 = sum_1_30 + weight_3_1.x * value_0_1.x + weight_3_1.y * value_1_1.x
            + weight_3_1.z * value_2_1.x + weight_3_1.w * value_3_1.x;
        sum_1_31 = sum_1_31 + weight_3_1.x * value_0_1.y + weight_3_1.y * value_1_1.y
            + weight_3_1.z * value_2_1.y + weight_3_1.w * value_3_1.y;
        sum_1_32 = sum_1_32 + weight_3_1.x * value_0_1.z + weight_3_1.y * value_1_1.z
            + weight_3_1.z * value_2_1.z + weight_3_1.w * value_3_1.z;
        sum_1_33 = sum_1_33 + weight_3_1.x * value_0_1.w + weight_3_1.y * value_1_1.w
            + weight_3_1.z * value_2_1.w + weight_3_1.w * value_3_1.w;
      }
    }
    __syncthreads();                                                      // attention/prefill_softmax.py
    const float previous = total;                                         // attention/prefill_softmax.py
    if (part == 0u) {                                                     // attention/prefill_softmax.py
      factors[row] = 1.0f / previous;                                     // attention/prefill_softmax.py
    }
    __syncthreads();                                                      // attention/prefill_softmax.py
    const float factor = factors[team_row];                               // attention/prefill_body.py
    sum_0_00 *= factor;
    sum_0_01 *= factor;
    sum_0_02 *= factor;
    sum_0_03 *= factor;
    const unsigned index = team_row + 1u;
    const float factor_1 = factors[index];
    sum_0_10 *= factor_1;
    sum_0_11 *= factor_1;
    sum_0_12 *= factor_1;
    sum_0_13 *= factor_1;
    const unsigned index_1 = team_row + 2u;
    const float factor_2 = factors[index_1];
    sum_0_20 *= factor_2;
    sum_0_21 *= factor_2;
    sum_0_22 *= factor_2;
    sum_0_23 *= factor_2;
    const unsigned index_2 = team_row + 3u;
    const float factor_3 = factors[index_2];
    sum_0_30 *= factor_3;
    sum_0_31 *= factor_3;
    sum_0_32 *= factor_3;
    sum_0_33 *= factor_3;
    const unsigned index_3 = team_row * 9u;                               // attention/prefill_body.py
    const unsigned index_4 = index_3 + column;
    scores[index_4] = make_float4(sum_0_00, sum_0_01, sum_0_02, sum_0_03);
    scores[index_4 + 9u] = make_float4(sum_0_10, sum_0_11, sum_0_12, sum_0_13);
    scores[index_4 + 18u] = make_float4(sum_0_20, sum_0_21, sum_0_22, sum_0_23);
    scores[index_4 + 27u] = make_float4(sum_0_30, sum_0_31, sum_0_32, sum_0_33);
    const float factor_4 = factors[team_row];                             // attention/prefill_body.py
    sum_1_00 *= factor_4;
    sum_1_01 *= factor_4;
    sum_1_02 *= factor_4;
    sum_1_03 *= factor_4;
    const float factor_5 = factors[index];
    sum_1_10 *= factor_5;
    sum_1_11 *= factor_5;
    sum_1_12 *= factor_5;
    sum_1_13 *= factor_5;
    const float factor_6 = factors[index_1];
    sum_1_20 *= factor_6;
    sum_1_21 *= factor_6;
    sum_1_22 *= factor_6;
    sum_1_23 *= factor_6;
    const float factor_7 = factors[index_2];
    sum_1_30 *= factor_7;
    sum_1_31 *= factor_7;
    sum_1_32 *= factor_7;
    sum_1_33 *= factor_7;
    const unsigned index_5 = index_3 + 4u + column;                       // attention/prefill_body.py
    scores[index_5] = make_float4(sum_1_00, sum_1_01, sum_1_02, sum_1_03);
    scores[index_5 + 9u] = make_float4(sum_1_10, sum_1_11, sum_1_12, sum_1_13);
    scores[index_5 + 18u] = make_float4(sum_1_20, sum_1_21, sum_1_22, sum_1_23);
    scores[index_5 + 27u] = make_float4(sum_1_30, sum_1_31, sum_1_32, sum_1_33);
    __syncthreads();                                                      // attention/prefill_body.py
    for (unsigned at = threadIdx.x; at < 256u; at += 32u) {               // parts/distribute.py
      const unsigned row_1 = at / 8u;                                     // attention/prefill_body.py
      const unsigned cell = at % 8u;                                      // attention/prefill_body.py
      const unsigned token = first_row + row_1;                           // attention/prefill_body.py
      if (token < step->seq) {                                            // attention/prefill_body.py
        const float4 result = scores[row_1 * 9u + cell];                  // attention/prefill_body.py
        const unsigned row_2 = (token * 2u + blockIdx.y) * 8u;            // attention/prefill_operands.py
        out[row_2 + cell] = result;                                       // attention/prefill_operands.py
      }
    }
  }
}
