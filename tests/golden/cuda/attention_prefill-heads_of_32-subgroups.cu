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

__device__ inline float4 operator+(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}

__device__ inline float4& operator+=(float4& a, float4 b) {
  return a = a + b;
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

__device__ inline float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

__device__ inline float4& operator*=(float4& a, float4 b) {
  return a = a * b;
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

extern "C" __global__ void __launch_bounds__(64) attention_prefill_f16_2_1x32(
  const float4* q,
  const uint4* k_cache,
  const uint4* v_cache,
  float4* __restrict__ out,
  const Step* __restrict__ step
) {
  __shared__ float4 staged[400];
  __shared__ float4 scores[272];
  __shared__ float shares[64];
  __shared__ float factors[16];
  inputs_ready();
  const unsigned first_row = blockIdx.x * 16u;                            // attention/prefill.py
  if (first_row < step->seq) {                                            // attention/prefill.py
    const unsigned kv_head = blockIdx.y / 2u;                             // attention/prefill_operands.py
    const unsigned end = step->past + min(first_row + 16u, step->seq);    // attention/prefill_operands.py
    const unsigned line = threadIdx.x / 16u;                              // attention/prefill_body.py
    const unsigned column = threadIdx.x % 16u;                            // attention/prefill_body.py
    const unsigned team_row = line * 4u;                                  // attention/prefill_body.py
    float4 sum_0_0 = splat_float4(0.0f);                                  // attention/prefill_body.py
    float4 sum_0_1 = splat_float4(0.0f);
    float4 sum_0_2 = splat_float4(0.0f);
    float4 sum_0_3 = splat_float4(0.0f);
    const unsigned own_position = step->past + first_row + column;        // attention/prefill_softmax.py
    float maximum = -1e30f;                                               // attention/prefill_softmax.py
    float total = 0.0f;                                                   // attention/prefill_softmax.py
    for (unsigned tile = 0u; tile < end; tile += 64u) {                   // attention/prefill_body.py
      const unsigned first = team_row * 17u;                              // attention/prefill_body.py
      float4 score_0 = splat_float4(0.0f);                                // attention/prefill_body.py
      float4 score_1 = splat_float4(0.0f);
      float4 score_2 = splat_float4(0.0f);
      float4 score_3 = splat_float4(0.0f);
      for (unsigned number = 0u; number < 8u; number += 4u) {             // parts/distribute.py
        __syncthreads();                                                  // attention/prefill_body.py
        const unsigned row = threadIdx.x / 4u;                            // attention/prefill_operands.py
        const unsigned cell = threadIdx.x % 4u;                           // attention/prefill_operands.py
        const unsigned token = min(first_row + row, step->seq - 1u);      // attention/prefill_operands.py
        const unsigned row_1 = (token * 2u + blockIdx.y) * 8u;            // attention/prefill_operands.py
        const unsigned start = row * 5u + cell;                           // parts/staged_rows.py
        staged[start] = q[row_1 + number + cell] * 0.36067376f;           // parts/staged_rows.py
        for (unsigned at = threadIdx.x; at < 128u; at += 64u) {           // parts/distribute.py
          const unsigned key = at / 2u;                                   // attention/prefill_operands.py
          const unsigned load = at % 2u;                                  // attention/prefill_operands.py
          const unsigned position = min(tile + key, end - 1u);            // attention/prefill_operands.py
          const unsigned row_2 = (key % 4u) * 16u + key / 4u;             // attention/prefill_operands.py
          const unsigned number_1 = number / 2u + load;                   // attention/prefill_operands.py
          const uint4 stored = k_cache[(position + kv_head) * 4u + number_1];  // attention/cache.py
          const float4 staged_1 = join(unpack_half2(stored.x), unpack_half2(stored.y));  // attention/row_kinds.py
          const float4 staged_2 = join(unpack_half2(stored.z), unpack_half2(stored.w));
          const unsigned start_1 = row_2 * 5u + load * 2u;                // parts/staged_rows.py
          staged[start_1 + 80u] = staged_1;                               // parts/staged_rows.py
          staged[start_1 + 81u] = staged_2;
        }
        __syncthreads();                                                  // attention/prefill_body.py
        for (unsigned step_1 = 0u; step_1 < 4u; step_1++) {               // attention/prefill_body.py
          const unsigned place = team_row * 5u + step_1;                  // parts/staged_rows.py
          const float4 query_0 = staged[place];                           // parts/staged_rows.py
          const float4 query_1 = staged[place + 5u];
          const float4 query_2 = staged[place + 10u];
          const float4 query_3 = staged[place + 15u];
          const unsigned place_1 = column * 5u + step_1;                  // parts/staged_rows.py
          const float4 key_0 = staged[place_1 + 80u];                     // parts/staged_rows.py
          const float4 key_1 = staged[place_1 + 160u];
          const float4 key_2 = staged[place_1 + 240u];
          const float4 key_3 = staged[place_1 + 320u];
          const float4 key_x = make_float4(key_0.x, key_1.x, key_2.x, key_3.x);
          const float4 key_y = make_float4(key_0.y, key_1.y, key_2.y, key_3.y);
          const float4 key_z = make_float4(key_0.z, key_1.z, key_2.z, key_3.z);
          const float4 key_w = make_float4(key_0.w, key_1.w, key_2.w, key_3.w);
          score_0 += key_x * query_0.x;                                   // attention/prefill_body.py
          score_1 += key_x * query_1.x;
          score_2 += key_x * query_2.x;
          score_3 += key_x * query_3.x;
          score_0 += key_y * query_0.y;
          score_1 += key_y * query_1.y;
          score_2 += key_y * query_2.y;
          score_3 += key_y * query_3.y;
          score_0 += key_z * query_0.z;
          score_1 += key_z * query_1.z;
          score_2 += key_z * query_2.z;
          score_3 += key_z * query_3.z;
          score_0 += key_w * query_0.w;
          score_1 += key_w * query_1.w;
          score_2 += key_w * query_2.w;
          score_3 += key_w * query_3.w;
        }
      }
      const unsigned index = first + column;                              // attention/prefill_body.py
      scores[index] = score_0;
      scores[index + 17u] = score_1;
      scores[index + 34u] = score_2;
      scores[index + 51u] = score_3;
      __syncthreads();                                                    // attention/prefill_body.py
      const unsigned cell = column * 17u + team_row;                      // attention/prefill_softmax.py
      const unsigned first_1 = tile + line * 16u;                         // attention/prefill_softmax.py
      const uint4 four = first_1 + make_uint4(0u, 1u, 2u, 3u);            // attention/prefill_softmax.py
      const uint4 t = splat_uint4(own_position);                          // attention/prefill_softmax.py
      const bool4 seen = four <= t;
      const float4 score = select(seen, scores[cell], splat_float4(-1e30f));  // attention/prefill_softmax.py
      const bool4 seen_1 = four + 4u <= t;                                // attention/prefill_softmax.py
      const unsigned index_1 = cell + 1u;                                 // attention/prefill_softmax.py
      const float4 score_4 = select(seen_1, scores[index_1], splat_float4(-1e30f));
      const bool4 seen_2 = four + 8u <= t;                                // attention/prefill_softmax.py
      const unsigned index_2 = cell + 2u;                                 // attention/prefill_softmax.py
      const float4 score_5 = select(seen_2, scores[index_2], splat_float4(-1e30f));
      const bool4 seen_3 = four + 12u <= t;                               // attention/prefill_softmax.py
      const unsigned index_3 = cell + 3u;                                 // attention/prefill_softmax.py
      const float4 score_6 = select(seen_3, scores[index_3], splat_float4(-1e30f));
      const float4 own = fmaxf(fmaxf(fmaxf(score, score_4), score_5), score_6);  // attention/prefill_softmax.py
      shares[threadIdx.x] = fmaxf(fmaxf(own.x, own.y), fmaxf(own.z, own.w));  // attention/prefill_softmax.py
      __syncthreads();                                                    // attention/prefill_softmax.py
      const float joined = shares[column];                                // attention/prefill_softmax.py
      const float highest = fmaxf(maximum,
          fmaxf(fmaxf(fmaxf(joined, shares[column + 16u]), shares[column + 32u]),
          shares[column + 48u]));                                         // attention/prefill_softmax.py
      const float rescale = exp2f(maximum - highest);                     // attention/prefill_softmax.py
      total *= rescale;                                                   // attention/prefill_softmax.py
      maximum = highest;                                                  // attention/prefill_softmax.py
      if (line == 0u) {                                                   // attention/prefill_softmax.py
        factors[column] = rescale;                                        // attention/prefill_softmax.py
      }
      const float4 t_1 = splat_float4(highest);                           // attention/prefill_softmax.py
      const float4 weight = exp2f(score - t_1);
      const float4 weight_1 = exp2f(score_4 - t_1);
      const float4 weight_2 = exp2f(score_5 - t_1);
      const float4 weight_3 = exp2f(score_6 - t_1);
      total += weight.x + weight.y + (weight.z + weight.w);               // attention/prefill_softmax.py
      total += weight_1.x + weight_1.y + (weight_1.z + weight_1.w);
      total += weight_2.x + weight_2.y + (weight_2.z + weight_2.w);
      total += weight_3.x + weight_3.y + (weight_3.z + weight_3.w);
      scores[cell] = weight;                                              // parts/staged_rows.py
      scores[index_1] = weight_1;
      scores[index_2] = weight_2;
      scores[index_3] = weight_3;
      __syncthreads();                                                    // attention/prefill_body.py
      const float factor = factors[team_row];                             // attention/prefill_body.py
      sum_0_0 *= splat_float4(factor);
      const float factor_1 = factors[team_row + 1u];
      sum_0_1 *= splat_float4(factor_1);
      const float factor_2 = factors[team_row + 2u];
      sum_0_2 *= splat_float4(factor_2);
      const float factor_3 = factors[team_row + 3u];
      sum_0_3 *= splat_float4(factor_3);
      const unsigned seen_4 = min(end - tile, 64u);                       // attention/prefill_body.py
      for (unsigned number = 0u; number < seen_4; number += 16u) {        // parts/distribute.py
        __syncthreads();                                                  // attention/prefill_body.py
        const unsigned key = threadIdx.x / 4u;                            // attention/prefill_operands.py
        const unsigned load = threadIdx.x % 4u;                           // attention/prefill_operands.py
        const unsigned position = min(tile + number + key, end - 1u);     // attention/prefill_operands.py
        const uint4 stored = v_cache[(position + kv_head) * 4u + load];   // attention/cache.py
        const float4 staged_1 = join(unpack_half2(stored.x), unpack_half2(stored.y));  // attention/row_kinds.py
        const float4 staged_2 = join(unpack_half2(stored.z), unpack_half2(stored.w));
        const unsigned start = key * 9u + load * 2u;                      // parts/staged_rows.py
        staged[start] = staged_1;                                         // parts/staged_rows.py
        staged[start + 1u] = staged_2;
        __syncthreads();                                                  // attention/prefill_body.py
        for (unsigned step_1 = 0u; step_1 < 4u; step_1++) {               // attention/prefill_body.py
          const unsigned place = first + number / 4u + step_1;            // parts/staged_rows.py
          const float4 weight_0 = scores[place];                          // parts/staged_rows.py
          const float4 weight_1_1 = scores[place + 17u];
          const float4 weight_2_1 = scores[place + 34u];
          const float4 weight_3_1 = scores[place + 51u];
          const unsigned row = step_1 * 36u;                              // attention/prefill_body.py
          const unsigned place_1 = row + min(column, 7u);                 // attention/prefill_body.py
          const float4 value_0 = staged[place_1];                         // attention/prefill_body.py
          const float4 value_1 = staged[place_1 + 9u];
          const float4 value_2 = staged[place_1 + 18u];
          const float4 value_3 = staged[place_1 + 27u];
          sum_0_0 += value_0 * weight_0.x;
          sum_0_1 += value_0 * weight_1_1.x;
          sum_0_2 += value_0 * weight_2_1.x;
          sum_0_3 += value_0 * weight_3_1.x;
          sum_0_0 += value_1 * weight_0.y;
          sum_0_1 += value_1 * weight_1_1.y;
          sum_0_2 += value_1 * weight_2_1.y;
          sum_0_3 += value_1 * weight_3_1.y;
          sum_0_0 += value_2 * weight_0.z;
          sum_0_1 += value_2 * weight_1_1.z;
          sum_0_2 += value_2 * weight_2_1.z;
          sum_0_3 += value_2 * weight_3_1.z;
          sum_0_0 += value_3 * weight_0.w;
          sum_0_1 += value_3 * weight_1_1.w;
          sum_0_2 += value_3 * weight_2_1.w;
          sum_0_3 += value_3 * weight_3_1.w;
        }
      }
    }
    __syncthreads();                                                      // attention/prefill_softmax.py
    shares[threadIdx.x] = total;                                          // attention/prefill_softmax.py
    __syncthreads();                                                      // attention/prefill_softmax.py
    if (line == 0u) {                                                     // attention/prefill_softmax.py
      const float joined = shares[column];                                // attention/prefill_softmax.py
      factors[column] = 1.0f / (joined + shares[column + 16u] + shares[column + 32u]
          + shares[column + 48u]);                                        // attention/prefill_softmax.py
    }
    __syncthreads();                                                      // attention/prefill_softmax.py
    const float factor = factors[team_row];                               // attention/prefill_body.py
    sum_0_0 *= splat_float4(factor);
    const float factor_1 = factors[team_row + 1u];
    sum_0_1 *= splat_float4(factor_1);
    const float factor_2 = factors[team_row + 2u];
    sum_0_2 *= splat_float4(factor_2);
    const float factor_3 = factors[team_row + 3u];
    sum_0_3 *= splat_float4(factor_3);
    const unsigned index = team_row * 17u + column;                       // attention/prefill_body.py
    scores[index] = sum_0_0;
    scores[index + 17u] = sum_0_1;
    scores[index + 34u] = sum_0_2;
    scores[index + 51u] = sum_0_3;
    __syncthreads();                                                      // attention/prefill_body.py
    for (unsigned at = threadIdx.x; at < 128u; at += 64u) {               // parts/distribute.py
      const unsigned row = at / 8u;                                       // attention/prefill_body.py
      const unsigned cell = at % 8u;                                      // attention/prefill_body.py
      const unsigned token = first_row + row;                             // attention/prefill_body.py
      if (token < step->seq) {                                            // attention/prefill_body.py
        const float4 result = scores[row * 17u + cell];                   // attention/prefill_body.py
        const unsigned row_1 = (token * 2u + blockIdx.y) * 8u;            // attention/prefill_operands.py
        out[row_1 + cell] = result;                                       // attention/prefill_operands.py
      }
    }
  }
}
