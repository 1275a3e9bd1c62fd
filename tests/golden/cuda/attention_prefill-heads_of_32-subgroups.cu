// attention_prefill_f16_2_1x32

__device__ inline float4 splat_float4(float a) {
  return make_float4(a, a, a, a);
}

__device__ inline float4 operator*(float4 a, float b) {
  return make_float4(a.x * b, a.y * b, a.z * b, a.w * b);
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

__device__ inline float4 operator+(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}

__device__ inline float4& operator+=(float4& a, float4 b) {
  return a = a + b;
}

__device__ inline float4 operator/(float4 a, float b) {
  return make_float4(a.x / b, a.y / b, a.z / b, a.w / b);
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

__device__ inline float dot(float4 a, float4 b) {
  return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
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
  const float4* __restrict__ q,
  const uint2* __restrict__ k_cache,
  const uint2* __restrict__ v_cache,
  float4* __restrict__ out,
  const Step* __restrict__ step
) {
  __shared__ float4 queries[128];
  __shared__ float4 keys[160];
  __shared__ float4 maxima[64];
  __shared__ float4 weights[256];
  const unsigned first_row = blockIdx.x * 32u;                            // attention_prefill.py
  if (first_row < step->seq) {                                            // attention_prefill.py
    const unsigned kv_head = blockIdx.y / 2u;                             // attention_prefill.py
    const unsigned group = threadIdx.x / 8u;                              // attention_prefill.py
    const unsigned column = threadIdx.x % 8u;                             // attention_prefill.py
    const unsigned end = step->past + min(first_row + 32u, step->seq);    // attention_prefill.py
    float4 maximum = splat_float4(-1e30f);                                // softmax.py
    float4 total = splat_float4(0.0f);                                    // softmax.py
    float4 sum_0 = splat_float4(0.0f);                                    // softmax.py
    float4 sum_1 = splat_float4(0.0f);
    float4 sum_2 = splat_float4(0.0f);
    float4 sum_3 = splat_float4(0.0f);
    for (unsigned tile = 0u; tile < end; tile += 32u) {                   // attention_prefill.py
      const unsigned first_query = group * 16u;                           // attention_prefill.py
      const unsigned first_key = column * 5u;                             // attention_prefill.py
      float score_00 = 0.0f;                                              // attention_prefill.py
      float score_01 = 0.0f;
      float score_02 = 0.0f;
      float score_03 = 0.0f;
      float score_10 = 0.0f;
      float score_11 = 0.0f;
      float score_12 = 0.0f;
      float score_13 = 0.0f;
      float score_20 = 0.0f;
      float score_21 = 0.0f;
      float score_22 = 0.0f;
      float score_23 = 0.0f;
      float score_30 = 0.0f;
      float score_31 = 0.0f;
      float score_32 = 0.0f;
      float score_33 = 0.0f;
      for (unsigned chunk = 0u; chunk < 8u; chunk += 4u) {                // attention_prefill.py
        __syncthreads();                                                  // attention_prefill.py
        for (unsigned at = threadIdx.x; at < 128u; at += 64u) {           // deal.py
          const unsigned row = min(first_row + at / 4u, step->seq - 1u);  // attention_prefill.py
          const unsigned element = (row * 2u + blockIdx.y) * 8u + chunk + at % 4u;  // attention_prefill.py
          queries[at] = q[element] * 0.36067376f;                         // attention_prefill.py
        }
        for (unsigned at = threadIdx.x; at < 128u; at += 64u) {           // deal.py
          const unsigned key = at / 4u;                                   // attention_prefill.py
          const unsigned load = at % 4u;                                  // attention_prefill.py
          const unsigned position = min(tile + key, end - 1u);            // attention_prefill.py
          const unsigned row = position + kv_head;                        // cache.py
          const uint2 stored = k_cache[row * 8u + chunk + load];          // cache.py
          const float4 staged = join(unpack_half2(stored.x), unpack_half2(stored.y));  // cache.py
          keys[key * 5u + load] = staged;                                 // attention_prefill.py
        }
        __syncthreads();                                                  // attention_prefill.py
        for (unsigned at = 0u; at < 4u; at++) {                           // attention_prefill.py
          const unsigned place = first_query + at;                        // attention_prefill.py
          const float4 query = queries[place];                            // attention_prefill.py
          const float4 query_1 = queries[place + 4u];
          const float4 query_2 = queries[place + 8u];
          const float4 query_3 = queries[place + 12u];
          const unsigned place_1 = first_key + at;                        // attention_prefill.py
          const float4 key = keys[place_1];                               // attention_prefill.py
          score_00 += dot(query, key);                                    // attention_prefill.py
          score_01 += dot(query_1, key);
          score_02 += dot(query_2, key);
          score_03 += dot(query_3, key);
          const unsigned place_2 = place_1 + 40u;                         // attention_prefill.py
          const float4 key_1 = keys[place_2];                             // attention_prefill.py
          score_10 += dot(query, key_1);                                  // attention_prefill.py
          score_11 += dot(query_1, key_1);
          score_12 += dot(query_2, key_1);
          score_13 += dot(query_3, key_1);
          const unsigned place_3 = place_1 + 80u;                         // attention_prefill.py
          const float4 key_2 = keys[place_3];                             // attention_prefill.py
          score_20 += dot(query, key_2);                                  // attention_prefill.py
          score_21 += dot(query_1, key_2);
          score_22 += dot(query_2, key_2);
          score_23 += dot(query_3, key_2);
          const unsigned place_4 = place_1 + 120u;                        // attention_prefill.py
          const float4 key_3 = keys[place_4];                             // attention_prefill.py
          score_30 += dot(query, key_3);                                  // attention_prefill.py
          score_31 += dot(query_1, key_3);
          score_32 += dot(query_2, key_3);
          score_33 += dot(query_3, key_3);
        }
      }
      const unsigned own_position = step->past + first_row + group * 4u;  // attention_prefill.py
      const unsigned own_position_1 = own_position + 1u;                  // attention_prefill.py
      const unsigned own_position_2 = own_position + 2u;
      const unsigned own_position_3 = own_position + 3u;
      const unsigned key_position = tile + column;                        // attention_prefill.py
      const float4 masked = make_float4(key_position <= own_position ? score_00 : -1e30f,
          key_position <= own_position_1 ? score_01 : -1e30f, key_position
          <= own_position_2 ? score_02 : -1e30f, key_position
          <= own_position_3 ? score_03 : -1e30f);                         // attention_prefill.py
      const unsigned key_position_1 = key_position + 8u;                  // attention_prefill.py
      const float4 masked_1 = make_float4(key_position_1 <= own_position ? score_10 : -1e30f,
          key_position_1 <= own_position_1 ? score_11 : -1e30f, key_position_1
          <= own_position_2 ? score_12 : -1e30f, key_position_1
          <= own_position_3 ? score_13 : -1e30f);                         // attention_prefill.py
      const unsigned key_position_2 = key_position + 16u;                 // attention_prefill.py
      const float4 masked_2 = make_float4(key_position_2 <= own_position ? score_20 : -1e30f,
          key_position_2 <= own_position_1 ? score_21 : -1e30f, key_position_2
          <= own_position_2 ? score_22 : -1e30f, key_position_2
          <= own_position_3 ? score_23 : -1e30f);                         // attention_prefill.py
      const unsigned key_position_3 = key_position + 24u;                 // attention_prefill.py
      const float4 masked_3 = make_float4(key_position_3 <= own_position ? score_30 : -1e30f,
          key_position_3 <= own_position_1 ? score_31 : -1e30f, key_position_3
          <= own_position_2 ? score_32 : -1e30f, key_position_3
          <= own_position_3 ? score_33 : -1e30f);                         // attention_prefill.py
      const float4 greatest = fmaxf(fmaxf(fmaxf(masked, masked_1), masked_2), masked_3);  // attention_prefill.py
      maxima[threadIdx.x] = greatest;                                     // attention_prefill.py
      __syncthreads();                                                    // attention_prefill.py
      const unsigned index = group * 8u;                                  // attention_prefill.py
      float4 tile_maximum = maxima[index];
      for (unsigned other = 1u; other < 8u; other++) {                    // attention_prefill.py
        tile_maximum = fmaxf(tile_maximum, maxima[index + other]);        // attention_prefill.py
      }
      const float4 highest = fmaxf(maximum, tile_maximum);                // softmax.py
      const float4 rescale = exp2f(maximum - highest);                    // softmax.py
      total *= rescale;                                                   // softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      sum_2 *= rescale;
      sum_3 *= rescale;
      maximum = highest;                                                  // softmax.py
      const unsigned first_weight = group * 32u;                          // attention_prefill.py
      const unsigned place = first_weight + column;
      weights[place] = exp2f(masked - highest);                           // attention_prefill.py
      const unsigned place_1 = place + 8u;                                // attention_prefill.py
      weights[place_1] = exp2f(masked_1 - highest);                       // attention_prefill.py
      const unsigned place_2 = place + 16u;                               // attention_prefill.py
      weights[place_2] = exp2f(masked_2 - highest);                       // attention_prefill.py
      const unsigned place_3 = place + 24u;                               // attention_prefill.py
      weights[place_3] = exp2f(masked_3 - highest);                       // attention_prefill.py
      __syncthreads();                                                    // attention_prefill.py
      const unsigned count = min(end - tile, 32u);                        // attention_prefill.py
      const unsigned last = end - 1u;
      for (unsigned key = 0u; key < count; key += 4u) {                   // attention_prefill.py
        const unsigned key_1 = key + 1u;                                  // attention_prefill.py
        const unsigned key_2 = key + 2u;
        const unsigned key_3 = key + 3u;
        const unsigned row = min(tile + key, last) + kv_head;             // cache.py
        const uint2 stored = v_cache[row * 8u + column];                  // cache.py
        const float4 value = join(unpack_half2(stored.x), unpack_half2(stored.y));  // cache.py
        const unsigned row_1 = min(tile + key_1, last) + kv_head;         // cache.py
        const uint2 stored_1 = v_cache[row_1 * 8u + column];              // cache.py
        const float4 value_1 = join(unpack_half2(stored_1.x), unpack_half2(stored_1.y));  // cache.py
        const unsigned row_2 = min(tile + key_2, last) + kv_head;         // cache.py
        const uint2 stored_2 = v_cache[row_2 * 8u + column];              // cache.py
        const float4 value_2 = join(unpack_half2(stored_2.x), unpack_half2(stored_2.y));  // cache.py
        const unsigned row_3 = min(tile + key_3, last) + kv_head;         // cache.py
        const uint2 stored_3 = v_cache[row_3 * 8u + column];              // cache.py
        const float4 value_3 = join(unpack_half2(stored_3.x), unpack_half2(stored_3.y));  // cache.py
        const float4 weight = weights[first_weight + key];                // attention_prefill.py
        total += weight;                                                  // softmax.py
        sum_0 += weight * value.x;                                        // softmax.py
        sum_1 += weight * value.y;
        sum_2 += weight * value.z;
        sum_3 += weight * value.w;
        const float4 weight_1 = weights[first_weight + key_1];            // attention_prefill.py
        total += weight_1;                                                // softmax.py
        sum_0 += weight_1 * value_1.x;                                    // softmax.py
        sum_1 += weight_1 * value_1.y;
        sum_2 += weight_1 * value_1.z;
        sum_3 += weight_1 * value_1.w;
        const float4 weight_2 = weights[first_weight + key_2];            // attention_prefill.py
        total += weight_2;                                                // softmax.py
        sum_0 += weight_2 * value_2.x;                                    // softmax.py
        sum_1 += weight_2 * value_2.y;
        sum_2 += weight_2 * value_2.z;
        sum_3 += weight_2 * value_2.w;
        const float4 weight_3 = weights[first_weight + key_3];            // attention_prefill.py
        total += weight_3;                                                // softmax.py
        sum_0 += weight_3 * value_3.x;                                    // softmax.py
        sum_1 += weight_3 * value_3.y;
        sum_2 += weight_3 * value_3.z;
        sum_3 += weight_3 * value_3.w;
      }
    }
    const unsigned token = first_row + group * 4u;                        // attention_prefill.py
    if (token < step->seq) {                                              // attention_prefill.py
      const unsigned row_start = (token * 2u + blockIdx.y) * 8u;          // attention_prefill.py
      const unsigned start = row_start + column;                          // attention_prefill.py
      const float4 row_sums = make_float4(sum_0.x, sum_1.x, sum_2.x, sum_3.x);  // softmax.py
      out[start] = row_sums / total.x;                                    // attention_prefill.py
    }
    const unsigned token_1 = token + 1u;                                  // attention_prefill.py
    if (token_1 < step->seq) {                                            // attention_prefill.py
      const unsigned row_start = (token_1 * 2u + blockIdx.y) * 8u;        // attention_prefill.py
      const unsigned start = row_start + column;                          // attention_prefill.py
      const float4 row_sums = make_float4(sum_0.y, sum_1.y, sum_2.y, sum_3.y);  // softmax.py
      out[start] = row_sums / total.y;                                    // attention_prefill.py
    }
    const unsigned token_2 = token + 2u;                                  // attention_prefill.py
    if (token_2 < step->seq) {                                            // attention_prefill.py
      const unsigned row_start = (token_2 * 2u + blockIdx.y) * 8u;        // attention_prefill.py
      const unsigned start = row_start + column;                          // attention_prefill.py
      const float4 row_sums = make_float4(sum_0.z, sum_1.z, sum_2.z, sum_3.z);  // softmax.py
      out[start] = row_sums / total.z;                                    // attention_prefill.py
    }
    const unsigned token_3 = token + 3u;                                  // attention_prefill.py
    if (token_3 < step->seq) {                                            // attention_prefill.py
      const unsigned row_start = (token_3 * 2u + blockIdx.y) * 8u;        // attention_prefill.py
      const unsigned start = row_start + column;                          // attention_prefill.py
      const float4 row_sums = make_float4(sum_0.w, sum_1.w, sum_2.w, sum_3.w);  // softmax.py
      out[start] = row_sums / total.w;                                    // attention_prefill.py
    }
  }
}
