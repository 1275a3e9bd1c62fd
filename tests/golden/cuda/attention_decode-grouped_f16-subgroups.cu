// attention_decode_f16_8_4x8

__device__ inline float4 operator*(float4 a, float b) {
  return make_float4(a.x * b, a.y * b, a.z * b, a.w * b);
}

__device__ inline float2 splat_float2(float a) {
  return make_float2(a, a);
}

__device__ inline float2 operator*(float a, float2 b) {
  return make_float2(a * b.x, a * b.y);
}

__device__ inline float2 operator+(float2 a, float2 b) {
  return make_float2(a.x + b.x, a.y + b.y);
}

__device__ inline float2& operator+=(float2& a, float2 b) {
  return a = a + b;
}

__device__ inline float2 operator/(float2 a, float b) {
  return make_float2(a.x / b, a.y / b);
}

// Loads what is read once a step, at this place of the kernel and no other. (With .nc it would be moved past a wait.)
__device__ inline uint4 load_ahead(const uint4* place) {
  uint4 value;
  asm volatile("ld.global.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
               : "l"(__cvta_generic_to_global(place)));
  return value;
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

extern "C" __global__ void __launch_bounds__(128, 1) attention_decode_f16_8_4x8(
  const float4* q,
  const uint4* k_cache,
  const uint4* v_cache,
  float2* __restrict__ out,
  const Step* __restrict__ step
) {
  __shared__ float2 sums[512];
  __shared__ float maxima[128];
  __shared__ float totals[128];
  const unsigned subgroup_lane = threadIdx.x % 32u;
  const unsigned positions = step->past + 1u;                             // decode/kernel.py
  const unsigned place = threadIdx.x / 32u * 32u + subgroup_lane;         // decode/subgroups.py
  const unsigned position = min(place, max(step->past, 1u) - 1u);         // decode/subgroups.py
  const unsigned kv_head = blockIdx.x / 2u;                               // decode/head_results.py
  const unsigned index = position * 4u + kv_head;                         // attention/cache.py
  const uint4 load = load_ahead(&k_cache[index]);                         // attention/cache.py
  const uint4 stored = load_ahead(&v_cache[index]);
  inputs_ready();                                                         // decode/subgroups.py
  uint4 stored_1 = load;                                                  // decode/subgroups.py
  const bool t = place >= step->past;                                     // decode/subgroups.py
  if (t) {
    const uint4 stored_2 = k_cache[step->past * 4u + kv_head];            // attention/cache.py
    stored_1 = stored_2;                                                  // decode/subgroups.py
  }
  const uint4 stored_2 = stored_1;                                        // decode/subgroups.py
  uint4 stored_3 = stored;                                                // decode/subgroups.py
  if (t) {                                                                // decode/subgroups.py
    const uint4 stored_4 = v_cache[step->past * 4u + kv_head];            // attention/cache.py
    stored_3 = stored_4;                                                  // decode/subgroups.py
  }
  const uint4 stored_4 = stored_3;                                        // decode/subgroups.py
  const unsigned head = kv_head * 2u + blockIdx.x % 2u;                   // decode/head_results.py
  const unsigned start = head * 2u;                                       // decode/subgroups.py
  const float4 query = q[start] * 0.5100697f;                             // decode/subgroups.py
  const float4 query_1 = q[start + 1u] * 0.5100697f;
  float maximum = -1e30f;                                                 // attention/softmax.py
  float total = 0.0f;                                                     // attention/softmax.py
  float sum_0 = 0.0f;                                                     // attention/softmax.py
  float sum_1 = 0.0f;
  float sum_2 = 0.0f;
  float sum_3 = 0.0f;
  float sum_4 = 0.0f;
  float sum_5 = 0.0f;
  float sum_6 = 0.0f;
  float sum_7 = 0.0f;
  const float4 key = join(unpack_half2(stored_2.x), unpack_half2(stored_2.y));  // attention/row_kinds.py
  const float4 key_1 = join(unpack_half2(stored_2.z), unpack_half2(stored_2.w));
  const float4 value = join(unpack_half2(stored_4.x), unpack_half2(stored_4.y));
  const float4 value_1 = join(unpack_half2(stored_4.z), unpack_half2(stored_4.w));
  const float score = place < positions ? dot(query, key) + dot(query_1, key_1) : -1e30f;  // decode/subgroups.py
  const float highest = fmaxf(maximum, score);                            // attention/softmax.py
  const float rescale = exp2f(maximum - highest);                         // attention/softmax.py
  total *= rescale;                                                       // attention/softmax.py
  sum_0 *= rescale;
  sum_1 *= rescale;
  sum_2 *= rescale;
  sum_3 *= rescale;
  sum_4 *= rescale;
  sum_5 *= rescale;
  sum_6 *= rescale;
  sum_7 *= rescale;
  maximum = highest;                                                      // attention/softmax.py
  const float weight = exp2f(score - highest);                            // decode/subgroups.py
  total += weight;                                                        // attention/softmax.py
  sum_0 += weight * value.x;                                              // attention/softmax.py
  sum_1 += weight * value.y;
  sum_2 += weight * value.z;
  sum_3 += weight * value.w;
  sum_4 += weight * value_1.x;
  sum_5 += weight * value_1.y;
  sum_6 += weight * value_1.z;
  sum_7 += weight * value_1.w;
  for (unsigned tile = 128u; tile < positions; tile += 128u) {            // decode/subgroups.py
    const unsigned place_1 = tile + place;                                // decode/subgroups.py
    const unsigned position_1 = min(place_1, positions - 1u);             // decode/subgroups.py
    const unsigned index_1 = position_1 * 4u + kv_head;                   // attention/cache.py
    const uint4 stored_5 = k_cache[index_1];                              // attention/cache.py
    const uint4 stored_6 = v_cache[index_1];
    const float4 key_2 = join(unpack_half2(stored_5.x), unpack_half2(stored_5.y));  // attention/row_kinds.py
    const float4 key_3 = join(unpack_half2(stored_5.z), unpack_half2(stored_5.w));
    const float4 value_2 = join(unpack_half2(stored_6.x), unpack_half2(stored_6.y));
    const float4 value_3 = join(unpack_half2(stored_6.z), unpack_half2(stored_6.w));
    const float score_1 = place_1 < positions ? dot(query, key_2)
        + dot(query_1, key_3) : -1e30f;                                   // decode/subgroups.py
    const float highest_1 = fmaxf(maximum, score_1);                      // attention/softmax.py
    const float rescale_1 = exp2f(maximum - highest_1);                   // attention/softmax.py
    total *= rescale_1;                                                   // attention/softmax.py
    sum_0 *= rescale_1;
    sum_1 *= rescale_1;
    sum_2 *= rescale_1;
    sum_3 *= rescale_1;
    sum_4 *= rescale_1;
    sum_5 *= rescale_1;
    sum_6 *= rescale_1;
    sum_7 *= rescale_1;
    maximum = highest_1;                                                  // attention/softmax.py
    const float weight_1 = exp2f(score_1 - highest_1);                    // decode/subgroups.py
    total += weight_1;                                                    // attention/softmax.py
    sum_0 += weight_1 * value_2.x;                                        // attention/softmax.py
    sum_1 += weight_1 * value_2.y;
    sum_2 += weight_1 * value_2.z;
    sum_3 += weight_1 * value_2.w;
    sum_4 += weight_1 * value_3.x;
    sum_5 += weight_1 * value_3.y;
    sum_6 += weight_1 * value_3.z;
    sum_7 += weight_1 * value_3.w;
  }
  maxima[place] = maximum;                                                // decode/subgroups.py
  totals[place] = total;                                                  // decode/subgroups.py
  const float2 row_sums = make_float2(sum_0, sum_1);                      // attention/softmax.py
  const float2 row_sums_1 = make_float2(sum_2, sum_3);
  const float2 row_sums_2 = make_float2(sum_4, sum_5);
  const float2 row_sums_3 = make_float2(sum_6, sum_7);
  const unsigned index_1 = place * 4u;                                    // decode/subgroups.py
  sums[index_1] = row_sums;
  sums[index_1 + 1u] = row_sums_1;
  sums[index_1 + 2u] = row_sums_2;
  sums[index_1 + 3u] = row_sums_3;
  __syncthreads();                                                        // decode/subgroups.py
  if (threadIdx.x < 4u) {                                                 // parts/distribute.py
    float highest_1 = -1e30f;                                             // decode/subgroups.py
    for (unsigned stream = 0u; stream < 128u; stream += 4u) {             // decode/subgroups.py
      highest_1 = fmaxf(highest_1, maxima[stream]);                       // decode/subgroups.py
      highest_1 = fmaxf(highest_1, maxima[stream + 1u]);
      highest_1 = fmaxf(highest_1, maxima[stream + 2u]);
      highest_1 = fmaxf(highest_1, maxima[stream + 3u]);
    }
    float total_1 = 0.0f;                                                 // decode/subgroups.py
    float2 joined = splat_float2(0.0f);
    for (unsigned stream = 0u; stream < 128u; stream += 4u) {             // decode/subgroups.py
      const float weight_1 = exp2f(maxima[stream] - highest_1);           // decode/subgroups.py
      total_1 += weight_1 * totals[stream];                               // decode/subgroups.py
      joined += weight_1 * sums[stream * 4u + threadIdx.x];               // decode/subgroups.py
      const unsigned index_2 = stream + 1u;                               // decode/subgroups.py
      const float weight_2 = exp2f(maxima[index_2] - highest_1);
      total_1 += weight_2 * totals[index_2];                              // decode/subgroups.py
      joined += weight_2 * sums[index_2 * 4u + threadIdx.x];              // decode/subgroups.py
      const unsigned index_3 = stream + 2u;                               // decode/subgroups.py
      const float weight_3 = exp2f(maxima[index_3] - highest_1);
      total_1 += weight_3 * totals[index_3];                              // decode/subgroups.py
      joined += weight_3 * sums[index_3 * 4u + threadIdx.x];              // decode/subgroups.py
      const unsigned index_4 = stream + 3u;                               // decode/subgroups.py
      const float weight_4 = exp2f(maxima[index_4] - highest_1);
      total_1 += weight_4 * totals[index_4];                              // decode/subgroups.py
      joined += weight_4 * sums[index_4 * 4u + threadIdx.x];              // decode/subgroups.py
    }
    out[head * 4u + threadIdx.x] = joined / total_1;                      // decode/head_results.py
  }
}
