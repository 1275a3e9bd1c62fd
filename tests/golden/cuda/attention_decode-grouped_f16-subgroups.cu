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
  inputs_ready();
  const unsigned stream = threadIdx.x / 32u * 32u + subgroup_lane;        // attention/decode_subgroups.py
  const unsigned positions = step->past + 1u;                             // attention/decode.py
  const unsigned kv_head = blockIdx.x / 2u;                               // attention/head_results.py
  const unsigned head = kv_head * 2u + blockIdx.x % 2u;                   // attention/head_results.py
  const unsigned start = head * 2u;                                       // attention/decode_subgroups.py
  const float4 query = q[start] * 0.5100697f;                             // attention/decode_subgroups.py
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
  for (unsigned tile = 0u; tile < positions; tile += 128u) {              // attention/decode_subgroups.py
    const unsigned place = tile + stream;                                 // attention/decode_subgroups.py
    const unsigned position = min(place, positions - 1u);                 // attention/decode_subgroups.py
    const unsigned row = position * 4u + kv_head;                         // attention/cache.py
    const uint4 stored = k_cache[row];                                    // attention/cache.py
    const float4 key = join(unpack_half2(stored.x), unpack_half2(stored.y));  // attention/cache.py
    const float4 key_1 = join(unpack_half2(stored.z), unpack_half2(stored.w));
    const uint4 stored_1 = v_cache[row];                                  // attention/cache.py
    const float4 value = join(unpack_half2(stored_1.x), unpack_half2(stored_1.y));  // attention/cache.py
    const float4 value_1 = join(unpack_half2(stored_1.z), unpack_half2(stored_1.w));
    const float score = place < positions ? dot(query, key) + dot(query_1, key_1) : -1e30f;  // attention/decode_subgroups.py
    const float highest = fmaxf(maximum, score);                          // attention/softmax.py
    const float rescale = exp2f(maximum - highest);                       // attention/softmax.py
    total *= rescale;                                                     // attention/softmax.py
    sum_0 *= rescale;
    sum_1 *= rescale;
    sum_2 *= rescale;
    sum_3 *= rescale;
    sum_4 *= rescale;
    sum_5 *= rescale;
    sum_6 *= rescale;
    sum_7 *= rescale;
    maximum = highest;                                                    // attention/softmax.py
    const float weight = exp2f(score - highest);                          // attention/decode_subgroups.py
    total += weight;                                                      // attention/softmax.py
    sum_0 += weight * value.x;                                            // attention/softmax.py
    sum_1 += weight * value.y;
    sum_2 += weight * value.z;
    sum_3 += weight * value.w;
    sum_4 += weight * value_1.x;
    sum_5 += weight * value_1.y;
    sum_6 += weight * value_1.z;
    sum_7 += weight * value_1.w;
  }
  maxima[stream] = maximum;                                               // attention/decode_subgroups.py
  totals[stream] = total;                                                 // attention/decode_subgroups.py
  const float2 row_sums = make_float2(sum_0, sum_1);                      // attention/softmax.py
  const float2 row_sums_1 = make_float2(sum_2, sum_3);
  const float2 row_sums_2 = make_float2(sum_4, sum_5);
  const float2 row_sums_3 = make_float2(sum_6, sum_7);
  const unsigned index = stream * 4u;                                     // attention/decode_subgroups.py
  sums[index] = row_sums;
  sums[index + 1u] = row_sums_1;
  sums[index + 2u] = row_sums_2;
  sums[index + 3u] = row_sums_3;
  __syncthreads();                                                        // attention/decode_subgroups.py
  if (threadIdx.x < 4u) {                                                 // parts/distribute.py
    float highest = -1e30f;                                               // attention/decode_subgroups.py
    for (unsigned stream_1 = 0u; stream_1 < 128u; stream_1 += 4u) {       // attention/decode_subgroups.py
      highest = fmaxf(highest, maxima[stream_1]);                         // attention/decode_subgroups.py
      highest = fmaxf(highest, maxima[stream_1 + 1u]);
      highest = fmaxf(highest, maxima[stream_1 + 2u]);
      highest = fmaxf(highest, maxima[stream_1 + 3u]);
    }
    float total_1 = 0.0f;                                                 // attention/decode_subgroups.py
    float2 joined = splat_float2(0.0f);
    for (unsigned stream_2 = 0u; stream_2 < 128u; stream_2 += 4u) {       // attention/decode_subgroups.py
      const float weight = exp2f(maxima[stream_2] - highest);             // attention/decode_subgroups.py
      total_1 += weight * totals[stream_2];                               // attention/decode_subgroups.py
      joined += weight * sums[stream_2 * 4u + threadIdx.x];               // attention/decode_subgroups.py
      const unsigned index_1 = stream_2 + 1u;                             // attention/decode_subgroups.py
      const float weight_1 = exp2f(maxima[index_1] - highest);
      total_1 += weight_1 * totals[index_1];                              // attention/decode_subgroups.py
      joined += weight_1 * sums[index_1 * 4u + threadIdx.x];              // attention/decode_subgroups.py
      const unsigned index_2 = stream_2 + 2u;                             // attention/decode_subgroups.py
      const float weight_2 = exp2f(maxima[index_2] - highest);
      total_1 += weight_2 * totals[index_2];                              // attention/decode_subgroups.py
      joined += weight_2 * sums[index_2 * 4u + threadIdx.x];              // attention/decode_subgroups.py
      const unsigned index_3 = stream_2 + 3u;                             // attention/decode_subgroups.py
      const float weight_3 = exp2f(maxima[index_3] - highest);
      total_1 += weight_3 * totals[index_3];                              // attention/decode_subgroups.py
      joined += weight_3 * sums[index_3 * 4u + threadIdx.x];              // attention/decode_subgroups.py
    }
    out[head * 4u + threadIdx.x] = joined / total_1;                      // attention/head_results.py
  }
}
