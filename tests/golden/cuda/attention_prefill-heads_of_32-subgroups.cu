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

__device__ inline float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
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
    float4 sum_0_0 = splat_float4(0.0f);                                  // attention/prefill_body.py
    float4 sum_0_1 = splat_float4(0.0f);
    float4 sum_0_2 = splat_float4(0.0f);
    float4 sum_0_3 = splat_float4(0.0f);
    float4 sum_1_0 = splat_float4(0.0f);
    float4 sum_1_1 = splat_float4(0.0f);
    float4 sum_1_2 = splat_float4(0.0f);
    float4 sum_1_3 = splat_float4(0.0f);
    const unsigned row = threadIdx.x % 32u;                               // attention/prefill_softmax.py
    const unsigned part = threadIdx.x / 32u;                              // attention/prefill_softmax.py
    const unsigned own_position = step->past + first_row + row;           // attention/prefill_softmax.py
    float maximum = -1e30f;                                               // attention/prefill_softmax.py
    float total = 0.0f;                                                   // attention/prefill_softmax.py
    for (unsigned tile = 0u; tile < end; tile += 32u) {                   // attention/prefill_body.py
      const unsigned first = team_row * 9u;                               // attention/prefill_body.py
      float4 score_0_0 = splat_float4(0.0f);                              // attention/prefill_body.py
      float4 score_0_1 = splat_float4(0.0f);
      float4 score_0_2 = splat_float4(0.0f);
      float4 score_0_3 = splat_float4(0.0f);
      float4 score_1_0 = splat_float4(0.0f);
      float4 score_1_1 = splat_float4(0.0f);
      float4 score_1_2 = splat_float4(0.0f);
      float4 score_1_3 = splat_float4(0.0f);
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
        const uint4 stored = k_cache[(position + kv_head) * 4u + number_1];  // attention/cache.py
        const float4 staged_1 = join(unpack_half2(stored.x), unpack_half2(stored.y));  // attention/row_kinds.py
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
          const float4 key_0 = staged[place_1 + 96u];                     // parts/staged_rows.py
          const float4 key_1 = staged[place_1 + 120u];
          const float4 key_2 = staged[place_1 + 144u];
          const float4 key_3 = staged[place_1 + 168u];
          const float4 key_x = make_float4(key_0.x, key_1.x, key_2.x, key_3.x);
          const float4 key_y = make_float4(key_0.y, key_1.y, key_2.y, key_3.y);
          const float4 key_z = make_float4(key_0.z, key_1.z, key_2.z, key_3.z);
          const float4 key_w = make_float4(key_0.w, key_1.w, key_2.w, key_3.w);
          const float4 factor = splat_float4(query_0.x);                  // attention/prefill_body.py
          score_0_0 += key_x * factor;
          const float4 factor_1 = splat_float4(query_1.x);
          score_0_1 += key_x * factor_1;
          const float4 factor_2 = splat_float4(query_2.x);
          score_0_2 += key_x * factor_2;
          const float4 factor_3 = splat_float4(query_3.x);
          score_0_3 += key_x * factor_3;
          const float4 factor_4 = splat_float4(query_0.y);
          score_0_0 += key_y * factor_4;
          const float4 factor_5 = splat_float4(query_1.y);
          score_0_1 += key_y * factor_5;
          const float4 factor_6 = splat_float4(query_2.y);
          score_0_2 += key_y * factor_6;
          const float4 factor_7 = splat_float4(query_3.y);
          score_0_3 += key_y * factor_7;
          const float4 factor_8 = splat_float4(query_0.z);
          score_0_0 += key_z * factor_8;
          const float4 factor_9 = splat_float4(query_1.z);
          score_0_1 += key_z * factor_9;
          const float4 factor_10 = splat_float4(query_2.z);
          score_0_2 += key_z * factor_10;
          const float4 factor_11 = splat_float4(query_3.z);
          score_0_3 += key_z * factor_11;
          const float4 factor_12 = splat_float4(query_0.w);
          score_0_0 += key_w * factor_12;
          const float4 factor_13 = splat_float4(query_1.w);
          score_0_1 += key_w * factor_13;
          const float4 factor_14 = splat_float4(query_2.w);
          score_0_2 += key_w * factor_14;
          const float4 factor_15 = splat_float4(query_3.w);
          score_0_3 += key_w * factor_15;
          const unsigned place_2 = row_1 * 3u + step_1;                   // parts/staged_rows.py
          const float4 key_0_1 = staged[place_2 + 96u];                   // parts/staged_rows.py
          const float4 key_1_1 = staged[place_2 + 120u];
          const float4 key_2_1 = staged[place_2 + 144u];
          const float4 key_3_1 = staged[place_2 + 168u];
          const float4 key_x_1 = make_float4(key_0_1.x, key_1_1.x, key_2_1.x, key_3_1.x);
          const float4 key_y_1 = make_float4(key_0_1.y, key_1_1.y, key_2_1.y, key_3_1.y);
          const float4 key_z_1 = make_float4(key_0_1.z, key_1_1.z, key_2_1.z, key_3_1.z);
          const float4 key_w_1 = make_float4(key_0_1.w, key_1_1.w, key_2_1.w, key_3_1.w);
          score_1_0 += key_x_1 * factor;                                  // attention/prefill_body.py
          score_1_1 += key_x_1 * factor_1;
          score_1_2 += key_x_1 * factor_2;
          score_1_3 += key_x_1 * factor_3;
          score_1_0 += key_y_1 * factor_4;
          score_1_1 += key_y_1 * factor_5;
          score_1_2 += key_y_1 * factor_6;
          score_1_3 += key_y_1 * factor_7;
          score_1_0 += key_z_1 * factor_8;
          score_1_1 += key_z_1 * factor_9;
          score_1_2 += key_z_1 * factor_10;
          score_1_3 += key_z_1 * factor_11;
          score_1_0 += key_w_1 * factor_12;
          score_1_1 += key_w_1 * factor_13;
          score_1_2 += key_w_1 * factor_14;
          score_1_3 += key_w_1 * factor_15;
        }
      }
      const unsigned index = first + column;                              // attention/prefill_body.py
      scores[index] = score_0_0;
      scores[index + 9u] = score_0_1;
      scores[index + 18u] = score_0_2;
      scores[index + 27u] = score_0_3;
      const unsigned index_1 = first + row_1;
      scores[index_1] = score_1_0;
      scores[index_1 + 9u] = score_1_1;
      scores[index_1 + 18u] = score_1_2;
      scores[index_1 + 27u] = score_1_3;
      __syncthreads();                                                    // attention/prefill_body.py
      for (unsigned at = threadIdx.x; at < 128u; at += 32u) {             // parts/distribute.py
        const unsigned key = at / 4u;                                     // attention/prefill_operands.py
        const unsigned load = at % 4u;                                    // attention/prefill_operands.py
        const unsigned position = min(tile + key, end - 1u);              // attention/prefill_operands.py
        const uint4 stored = v_cache[(position + kv_head) * 4u + load];   // attention/cache.py
        const float4 staged_1 = join(unpack_half2(stored.x), unpack_half2(stored.y));  // attention/row_kinds.py
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
      sum_0_0 *= splat_float4(factor);
      const unsigned index_9 = team_row + 1u;
      const float factor_1 = factors[index_9];
      sum_0_1 *= splat_float4(factor_1);
      const unsigned index_10 = team_row + 2u;
      const float factor_2 = factors[index_10];
      sum_0_2 *= splat_float4(factor_2);
      const unsigned index_11 = team_row + 3u;
      const float factor_3 = factors[index_11];
      sum_0_3 *= splat_float4(factor_3);
      const float factor_4 = factors[team_row];
      sum_1_0 *= splat_float4(factor_4);
      const float factor_5 = factors[index_9];
      sum_1_1 *= splat_float4(factor_5);
      const float factor_6 = factors[index_10];
      sum_1_2 *= splat_float4(factor_6);
      const float factor_7 = factors[index_11];
      sum_1_3 *= splat_float4(factor_7);
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
        const float4 factor_8 = splat_float4(weight_0.x);
        sum_0_0 += value_0 * factor_8;
        const float4 factor_9 = splat_float4(weight_1_1.x);
        sum_0_1 += value_0 * factor_9;
        const float4 factor_10 = splat_float4(weight_2_1.x);
        sum_0_2 += value_0 * factor_10;
        const float4 factor_11 = splat_float4(weight_3_1.x);
        sum_0_3 += value_0 * factor_11;
        const float4 factor_12 = splat_float4(weight_0.y);
        sum_0_0 += value_1 * factor_12;
        const float4 factor_13 = splat_float4(weight_1_1.y);
        sum_0_1 += value_1 * factor_13;
        const float4 factor_14 = splat_float4(weight_2_1.y);
        sum_0_2 += value_1 * factor_14;
        const float4 factor_15 = splat_float4(weight_3_1.y);
        sum_0_3 += value_1 * factor_15;
        const float4 factor_16 = splat_float4(weight_0.z);
        sum_0_0 += value_2 * factor_16;
        const float4 factor_17 = splat_float4(weight_1_1.z);
        sum_0_1 += value_2 * factor_17;
        const float4 factor_18 = splat_float4(weight_2_1.z);
        sum_0_2 += value_2 * factor_18;
        const float4 factor_19 = splat_float4(weight_3_1.z);
        sum_0_3 += value_2 * factor_19;
        const float4 factor_20 = splat_float4(weight_0.w);
        sum_0_0 += value_3 * factor_20;
        const float4 factor_21 = splat_float4(weight_1_1.w);
        sum_0_1 += value_3 * factor_21;
        const float4 factor_22 = splat_float4(weight_2_1.w);
        sum_0_2 += value_3 * factor_22;
        const float4 factor_23 = splat_float4(weight_3_1.w);
        sum_0_3 += value_3 * factor_23;
        const unsigned place_2 = row_2 + row_1;                           // attention/prefill_body.py
        const float4 value_0_1 = staged[place_2];                         // attention/prefill_body.py
        const float4 value_1_1 = staged[place_2 + 9u];
        const float4 value_2_1 = staged[place_2 + 18u];
        const float4 value_3_1 = staged[place_2 + 27u];
        sum_1_0 += value_0_1 * factor_8;
        sum_1_1 += value_0_1 * factor_9;
        sum_1_2 += value_0_1 * factor_10;
        sum_1_3 += value_0_1 * factor_11;
        sum_1_0 += value_1_1 * factor_12;
        sum_1_1 += value_1_1 * factor_13;
        sum_1_2 += value_1_1 * factor_14;
        sum_1_3 += value_1_1 * factor_15;
        sum_1_0 += value_2_1 * factor_16;
        sum_1_1 += value_2_1 * factor_17;
        sum_1_2 += value_2_1 * factor_18;
        sum_1_3 += value_2_1 * factor_19;
        sum_1_0 += value_3_1 * factor_20;
        sum_1_1 += value_3_1 * factor_21;
        sum_1_2 += value_3_1 * factor_22;
        sum_1_3 += value_3_1 * factor_23;
      }
    }
    __syncthreads();                                                      // attention/prefill_softmax.py
    const float previous = total;                                         // attention/prefill_softmax.py
    if (part == 0u) {                                                     // attention/prefill_softmax.py
      factors[row] = 1.0f / previous;                                     // attention/prefill_softmax.py
    }
    __syncthreads();                                                      // attention/prefill_softmax.py
    const float factor = factors[team_row];                               // attention/prefill_body.py
    sum_0_0 *= splat_float4(factor);
    const unsigned index = team_row + 1u;
    const float factor_1 = factors[index];
    sum_0_1 *= splat_float4(factor_1);
    const unsigned index_1 = team_row + 2u;
    const float factor_2 = factors[index_1];
    sum_0_2 *= splat_float4(factor_2);
    const unsigned index_2 = team_row + 3u;
    const float factor_3 = factors[index_2];
    sum_0_3 *= splat_float4(factor_3);
    const unsigned index_3 = team_row * 9u;                               // attention/prefill_body.py
    const unsigned index_4 = index_3 + column;
    scores[index_4] = sum_0_0;
    scores[index_4 + 9u] = sum_0_1;
    scores[index_4 + 18u] = sum_0_2;
    scores[index_4 + 27u] = sum_0_3;
    const float factor_4 = factors[team_row];                             // attention/prefill_body.py
    sum_1_0 *= splat_float4(factor_4);
    const float factor_5 = factors[index];
    sum_1_1 *= splat_float4(factor_5);
    const float factor_6 = factors[index_1];
    sum_1_2 *= splat_float4(factor_6);
    const float factor_7 = factors[index_2];
    sum_1_3 *= splat_float4(factor_7);
    const unsigned index_5 = index_3 + 4u + column;                       // attention/prefill_body.py
    scores[index_5] = sum_1_0;
    scores[index_5 + 9u] = sum_1_1;
    scores[index_5 + 18u] = sum_1_2;
    scores[index_5 + 27u] = sum_1_3;
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
