// attention_decode_f16_4_2x64_split64_joined

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

__device__ inline float subgroup_shuffle_xor(float x, unsigned distance) {
  return __shfl_xor_sync(0xffffffffu, x, distance);
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

extern "C" __global__ void __launch_bounds__(128, 1) attention_decode_f16_4_2x64_split64_joined(
  const float4* q,
  const uint4* k_cache,
  const uint4* v_cache,
  float2* __restrict__ out,
  float2* __restrict__ partials,
  unsigned* __restrict__ arrivals,
  const Step* __restrict__ step
) {
  __shared__ float2 sums[512];
  __shared__ float maxima[16];
  __shared__ float totals[16];
  __shared__ unsigned arrived[1];
  __shared__ float join_exchange[256];
  const unsigned subgroup_lane = threadIdx.x % 32u;
  const unsigned positions = step->past + 1u;                             // decode/kernel.py
  const unsigned first = blockIdx.y * 64u;                                // decode/kernel.py
  const unsigned part = subgroup_lane % 8u;                               // decode/subgroups.py
  const unsigned stream = threadIdx.x / 32u;                              // decode/subgroups.py
  const unsigned stream_1 = stream * 4u + subgroup_lane / 8u;
  const unsigned splits = step->past / 64u + 1u;                          // decode/join_splits.py
  const unsigned last = max(step->past, 1u) - 1u;                         // decode/subgroups.py
  const unsigned place = first + stream_1;                                // decode/subgroups.py
  const unsigned place_1 = place + 16u;
  const unsigned place_2 = place + 32u;
  const unsigned place_3 = place + 48u;
  const unsigned position = min(place, last);                             // decode/subgroups.py
  const unsigned position_1 = min(place_1, last);
  const unsigned position_2 = min(place_2, last);
  const unsigned position_3 = min(place_3, last);
  const unsigned kv_head = blockIdx.x / 2u;                               // decode/head_results.py
  const unsigned index = (position * 2u + kv_head) * 8u + part;           // attention/cache.py
  const uint4 stored = load_ahead(&k_cache[index]);
  const unsigned index_1 = (position_1 * 2u + kv_head) * 8u + part;
  const uint4 stored_1 = load_ahead(&k_cache[index_1]);
  const unsigned index_2 = (position_2 * 2u + kv_head) * 8u + part;
  const uint4 stored_2 = load_ahead(&k_cache[index_2]);
  const unsigned index_3 = (position_3 * 2u + kv_head) * 8u + part;
  const uint4 load = load_ahead(&k_cache[index_3]);
  const uint4 load_1 = load_ahead(&v_cache[index]);
  const uint4 load_2 = load_ahead(&v_cache[index_1]);
  const uint4 load_3 = load_ahead(&v_cache[index_2]);
  const uint4 stored_3 = load_ahead(&v_cache[index_3]);
  inputs_ready();                                                         // decode/subgroups.py
  uint4 stored_4 = stored;                                                // decode/subgroups.py
  const bool t = place >= step->past;                                     // decode/subgroups.py
  if (t) {
    const uint4 stored_5 = k_cache[(step->past * 2u + kv_head) * 8u + part];  // attention/cache.py
    stored_4 = stored_5;                                                  // decode/subgroups.py
  }
  const uint4 stored_5 = stored_4;                                        // decode/subgroups.py
  uint4 stored_6 = stored_1;                                              // decode/subgroups.py
  const bool t_1 = place_1 >= step->past;                                 // decode/subgroups.py
  if (t_1) {
    const uint4 stored_7 = k_cache[(step->past * 2u + kv_head) * 8u + part];  // attention/cache.py
    stored_6 = stored_7;                                                  // decode/subgroups.py
  }
  const uint4 stored_7 = stored_6;                                        // decode/subgroups.py
  uint4 stored_8 = stored_2;                                              // decode/subgroups.py
  const bool t_2 = place_2 >= step->past;                                 // decode/subgroups.py
  if (t_2) {
    const uint4 stored_9 = k_cache[(step->past * 2u + kv_head) * 8u + part];  // attention/cache.py
    stored_8 = stored_9;                                                  // decode/subgroups.py
  }
  const uint4 stored_9 = stored_8;                                        // decode/subgroups.py
  uint4 stored_10 = load;                                                 // decode/subgroups.py
  const bool t_3 = place_3 >= step->past;                                 // decode/subgroups.py
  if (t_3) {
    const uint4 stored_11 = k_cache[(step->past * 2u + kv_head) * 8u + part];  // attention/cache.py
    stored_10 = stored_11;                                                // decode/subgroups.py
  }
  const uint4 stored_11 = stored_10;                                      // decode/subgroups.py
  uint4 stored_12 = load_1;                                               // decode/subgroups.py
  if (t) {                                                                // decode/subgroups.py
    const uint4 stored_13 = v_cache[(step->past * 2u + kv_head) * 8u + part];  // attention/cache.py
    stored_12 = stored_13;                                                // decode/subgroups.py
  }
  const uint4 stored_13 = stored_12;                                      // decode/subgroups.py
  uint4 stored_14 = load_2;                                               // decode/subgroups.py
  if (t_1) {                                                              // decode/subgroups.py
    const uint4 stored_15 = v_cache[(step->past * 2u + kv_head) * 8u + part];  // attention/cache.py
    stored_14 = stored_15;                                                // decode/subgroups.py
  }
  const uint4 stored_15 = stored_14;                                      // decode/subgroups.py
  uint4 stored_16 = load_3;                                               // decode/subgroups.py
  if (t_2) {                                                              // decode/subgroups.py
    const uint4 stored_17 = v_cache[(step->past * 2u + kv_head) * 8u + part];  // attention/cache.py
    stored_16 = stored_17;                                                // decode/subgroups.py
  }
  const uint4 stored_17 = stored_16;                                      // decode/subgroups.py
  uint4 stored_18 = stored_3;                                             // decode/subgroups.py
  if (t_3) {                                                              // decode/subgroups.py
    const uint4 stored_19 = v_cache[(step->past * 2u + kv_head) * 8u + part];  // attention/cache.py
    stored_18 = stored_19;                                                // decode/subgroups.py
  }
  const uint4 stored_19 = stored_18;                                      // decode/subgroups.py
  if (first < positions) {                                                // decode/kernel.py
    const unsigned end = min(first + 64u, positions);                     // decode/kernel.py
    const unsigned head = kv_head * 2u + blockIdx.x % 2u;                 // decode/head_results.py
    const unsigned start = head * 16u;                                    // decode/subgroups.py
    const unsigned index_4 = part * 2u;                                   // decode/subgroups.py
    const float4 query = q[start + index_4] * 0.18033688f;
    const float4 query_1 = q[start + index_4 + 1u] * 0.18033688f;
    float maximum = -1e30f;                                               // attention/softmax.py
    float total = 0.0f;                                                   // attention/softmax.py
    float sum_0 = 0.0f;                                                   // attention/softmax.py
    float sum_1 = 0.0f;
    float sum_2 = 0.0f;
    float sum_3 = 0.0f;
    float sum_4 = 0.0f;
    float sum_5 = 0.0f;
    float sum_6 = 0.0f;
    float sum_7 = 0.0f;
    const float4 key = join(unpack_half2(stored_5.x), unpack_half2(stored_5.y));  // attention/row_kinds.py
    const float4 key_1 = join(unpack_half2(stored_5.z), unpack_half2(stored_5.w));
    const float4 key_2 = join(unpack_half2(stored_7.x), unpack_half2(stored_7.y));
    const float4 key_3 = join(unpack_half2(stored_7.z), unpack_half2(stored_7.w));
    const float4 key_4 = join(unpack_half2(stored_9.x), unpack_half2(stored_9.y));
    const float4 key_5 = join(unpack_half2(stored_9.z), unpack_half2(stored_9.w));
    const float4 key_6 = join(unpack_half2(stored_11.x), unpack_half2(stored_11.y));
    const float4 key_7 = join(unpack_half2(stored_11.z), unpack_half2(stored_11.w));
    const float4 value = join(unpack_half2(stored_13.x), unpack_half2(stored_13.y));
    const float4 value_1 = join(unpack_half2(stored_13.z), unpack_half2(stored_13.w));
    const float4 value_2 = join(unpack_half2(stored_15.x), unpack_half2(stored_15.y));
    const float4 value_3 = join(unpack_half2(stored_15.z), unpack_half2(stored_15.w));
    const float4 value_4 = join(unpack_half2(stored_17.x), unpack_half2(stored_17.y));
    const float4 value_5 = join(unpack_half2(stored_17.z), unpack_half2(stored_17.w));
    const float4 value_6 = join(unpack_half2(stored_19.x), unpack_half2(stored_19.y));
    const float4 value_7 = join(unpack_half2(stored_19.z), unpack_half2(stored_19.w));
    const float score_part = dot(query, key) + dot(query_1, key_1);       // decode/subgroups.py
    const float partner = subgroup_shuffle_xor(score_part, 4u);           // decode/subgroups.py
    const float score_part_1 = score_part + partner;
    const float partner_1 = subgroup_shuffle_xor(score_part_1, 2u);
    const float score_part_2 = score_part_1 + partner_1;
    const float partner_2 = subgroup_shuffle_xor(score_part_2, 1u);
    const float total_1 = score_part_2 + partner_2;
    const float score = place < end ? total_1 : -1e30f;                   // decode/subgroups.py
    const float score_part_3 = dot(query, key_2) + dot(query_1, key_3);   // decode/subgroups.py
    const float partner_3 = subgroup_shuffle_xor(score_part_3, 4u);       // decode/subgroups.py
    const float score_part_4 = score_part_3 + partner_3;
    const float partner_4 = subgroup_shuffle_xor(score_part_4, 2u);
    const float score_part_5 = score_part_4 + partner_4;
    const float partner_5 = subgroup_shuffle_xor(score_part_5, 1u);
    const float total_2 = score_part_5 + partner_5;
    const float score_1 = place_1 < end ? total_2 : -1e30f;               // decode/subgroups.py
    const float score_part_6 = dot(query, key_4) + dot(query_1, key_5);   // decode/subgroups.py
    const float partner_6 = subgroup_shuffle_xor(score_part_6, 4u);       // decode/subgroups.py
    const float score_part_7 = score_part_6 + partner_6;
    const float partner_7 = subgroup_shuffle_xor(score_part_7, 2u);
    const float score_part_8 = score_part_7 + partner_7;
    const float partner_8 = subgroup_shuffle_xor(score_part_8, 1u);
    const float total_3 = score_part_8 + partner_8;
    const float score_2 = place_2 < end ? total_3 : -1e30f;               // decode/subgroups.py
    const float score_part_9 = dot(query, key_6) + dot(query_1, key_7);   // decode/subgroups.py
    const float partner_9 = subgroup_shuffle_xor(score_part_9, 4u);       // decode/subgroups.py
    const float score_part_10 = score_part_9 + partner_9;
    const float partner_10 = subgroup_shuffle_xor(score_part_10, 2u);
    const float score_part_11 = score_part_10 + partner_10;
    const float partner_11 = subgroup_shuffle_xor(score_part_11, 1u);
    const float total_4 = score_part_11 + partner_11;
    const float score_3 = place_3 < end ? total_4 : -1e30f;               // decode/subgroups.py
    const float highest = fmaxf(fmaxf(fmaxf(fmaxf(maximum, score), score_1), score_2), score_3);  // attention/softmax.py
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
    const float weight = exp2f(score - highest);                          // decode/subgroups.py
    total += weight;                                                      // attention/softmax.py
    sum_0 += weight * value.x;                                            // attention/softmax.py
    sum_1 += weight * value.y;
    sum_2 += weight * value.z;
    sum_3 += weight * value.w;
    sum_4 += weight * value_1.x;
    sum_5 += weight * value_1.y;
    sum_6 += weight * value_1.z;
    sum_7 += weight * value_1.w;
    const float weight_1 = exp2f(score_1 - highest);                      // decode/subgroups.py
    total += weight_1;                                                    // attention/softmax.py
    sum_0 += weight_1 * value_2.x;                                        // attention/softmax.py
    sum_1 += weight_1 * value_2.y;
    sum_2 += weight_1 * value_2.z;
    sum_3 += weight_1 * value_2.w;
    sum_4 += weight_1 * value_3.x;
    sum_5 += weight_1 * value_3.y;
    sum_6 += weight_1 * value_3.z;
    sum_7 += weight_1 * value_3.w;
    const float weight_2 = exp2f(score_2 - highest);                      // decode/subgroups.py
    total += weight_2;                                                    // attention/softmax.py
    sum_0 += weight_2 * value_4.x;                                        // attention/softmax.py
    sum_1 += weight_2 * value_4.y;
    sum_2 += weight_2 * value_4.z;
    sum_3 += weight_2 * value_4.w;
    sum_4 += weight_2 * value_5.x;
    sum_5 += weight_2 * value_5.y;
    sum_6 += weight_2 * value_5.z;
    sum_7 += weight_2 * value_5.w;
    const float weight_3 = exp2f(score_3 - highest);                      // decode/subgroups.py
    total += weight_3;                                                    // attention/softmax.py
    sum_0 += weight_3 * value_6.x;                                        // attention/softmax.py
    sum_1 += weight_3 * value_6.y;
    sum_2 += weight_3 * value_6.z;
    sum_3 += weight_3 * value_6.w;
    sum_4 += weight_3 * value_7.x;
    sum_5 += weight_3 * value_7.y;
    sum_6 += weight_3 * value_7.z;
    sum_7 += weight_3 * value_7.w;
    if (part == 0u) {                                                     // decode/subgroups.py
      maxima[stream_1] = maximum;                                         // decode/subgroups.py
      totals[stream_1] = total;                                           // decode/subgroups.py
    }
    const float2 row_sums = make_float2(sum_0, sum_1);                    // attention/softmax.py
    const float2 row_sums_1 = make_float2(sum_2, sum_3);
    const float2 row_sums_2 = make_float2(sum_4, sum_5);
    const float2 row_sums_3 = make_float2(sum_6, sum_7);
    const unsigned index_5 = stream_1 * 32u;                              // decode/subgroups.py
    const unsigned index_6 = part * 4u;
    sums[index_5 + index_6] = row_sums;
    sums[index_5 + index_6 + 1u] = row_sums_1;
    sums[index_5 + index_6 + 2u] = row_sums_2;
    sums[index_5 + index_6 + 3u] = row_sums_3;
    __syncthreads();                                                      // decode/subgroups.py
    const bool t_4 = threadIdx.x < 32u;                                   // parts/distribute.py
    if (t_4) {
      float highest_1 = -1e30f;                                           // decode/subgroups.py
      for (unsigned stream_2 = 0u; stream_2 < 16u; stream_2 += 4u) {      // decode/subgroups.py
        highest_1 = fmaxf(highest_1, maxima[stream_2]);                   // decode/subgroups.py
        highest_1 = fmaxf(highest_1, maxima[stream_2 + 1u]);
        highest_1 = fmaxf(highest_1, maxima[stream_2 + 2u]);
        highest_1 = fmaxf(highest_1, maxima[stream_2 + 3u]);
      }
      float total_5 = 0.0f;                                               // decode/subgroups.py
      float2 joined = splat_float2(0.0f);
      for (unsigned stream_3 = 0u; stream_3 < 16u; stream_3 += 4u) {      // decode/subgroups.py
        const float weight_4 = exp2f(maxima[stream_3] - highest_1);       // decode/subgroups.py
        total_5 += weight_4 * totals[stream_3];                           // decode/subgroups.py
        joined += weight_4 * sums[stream_3 * 32u + threadIdx.x];          // decode/subgroups.py
        const unsigned index_7 = stream_3 + 1u;                           // decode/subgroups.py
        const float weight_5 = exp2f(maxima[index_7] - highest_1);
        total_5 += weight_5 * totals[index_7];                            // decode/subgroups.py
        joined += weight_5 * sums[index_7 * 32u + threadIdx.x];           // decode/subgroups.py
        const unsigned index_8 = stream_3 + 2u;                           // decode/subgroups.py
        const float weight_6 = exp2f(maxima[index_8] - highest_1);
        total_5 += weight_6 * totals[index_8];                            // decode/subgroups.py
        joined += weight_6 * sums[index_8 * 32u + threadIdx.x];           // decode/subgroups.py
        const unsigned index_9 = stream_3 + 3u;                           // decode/subgroups.py
        const float weight_7 = exp2f(maxima[index_9] - highest_1);
        total_5 += weight_7 * totals[index_9];                            // decode/subgroups.py
        joined += weight_7 * sums[index_9 * 32u + threadIdx.x];           // decode/subgroups.py
      }
      if (splits == 1u) {                                                 // decode/subgroups.py
        out[head * 32u + threadIdx.x] = joined / total_5;                 // decode/head_results.py
      } else {
        const unsigned start_1 = (blockIdx.y * 4u + head) * 33u;          // decode/head_results.py
        partials[start_1 + threadIdx.x] = joined;                         // decode/subgroups.py
        if (threadIdx.x == 0u) {                                          // decode/subgroups.py
          partials[start_1 + 32u] = make_float2(highest_1, total_5);      // decode/head_results.py
        }
      }
    }
    if (splits > 1u) {                                                    // decode/subgroups.py
      asm volatile("fence.acq_rel.gpu;" ::: "memory");                    // decode/join_splits.py
      __syncthreads();                                                    // decode/join_splits.py
      const bool t_5 = threadIdx.x == 0u;                                 // decode/join_splits.py
      if (t_5) {
        const unsigned arrivals_value = atomicAdd(&arrivals[blockIdx.x], 1u);  // decode/join_splits.py
        arrived[0u] = arrivals_value;
      }
      __syncthreads();                                                    // decode/join_splits.py
      const unsigned arrived_value = arrived[0u];                         // decode/join_splits.py
      const unsigned index_7 = splits - 1u;
      if (arrived_value == index_7) {
        asm volatile("fence.acq_rel.gpu;" ::: "memory");                  // decode/join_splits.py
        if (t_5) {                                                        // decode/join_splits.py
          arrivals[blockIdx.x] = 0u;                                      // decode/join_splits.py
        }
        const unsigned pair = threadIdx.x % 32u;                          // decode/join_splits.py
        float maximum_1 = -1e30f;                                         // attention/softmax.py
        float total_5 = 0.0f;                                             // attention/softmax.py
        float sum_0_1 = 0.0f;                                             // attention/softmax.py
        float sum_1_1 = 0.0f;
        for (unsigned first_1 = stream; first_1 < splits; first_1 += 32u) {  // decode/join_splits.py
          const unsigned start_1 = (min(first_1, index_7) * 4u + head) * 33u;  // decode/head_results.py
          const float2 sums_1 = partials[start_1 + pair];                 // decode/join_splits.py
          const float2 summary = partials[start_1 + 32u];
          const float score_4 = first_1 < splits ? summary.x : -1e30f;    // decode/join_splits.py
          const unsigned split = first_1 + 4u;                            // decode/join_splits.py
          const unsigned start_2 = (min(split, index_7) * 4u + head) * 33u;  // decode/head_results.py
          const float2 sums_2 = partials[start_2 + pair];                 // decode/join_splits.py
          const float2 summary_1 = partials[start_2 + 32u];
          const float score_5 = split < splits ? summary_1.x : -1e30f;    // decode/join_splits.py
          const unsigned split_1 = first_1 + 8u;                          // decode/join_splits.py
          const unsigned start_3 = (min(split_1, index_7) * 4u + head) * 33u;  // decode/head_results.py
          const float2 sums_3 = partials[start_3 + pair];                 // decode/join_splits.py
          const float2 summary_2 = partials[start_3 + 32u];
          const float score_6 = split_1 < splits ? summary_2.x : -1e30f;  // decode/join_splits.py
          const unsigned split_2 = first_1 + 12u;                         // decode/join_splits.py
          const unsigned start_4 = (min(split_2, index_7) * 4u + head) * 33u;  // decode/head_results.py
          const float2 sums_4 = partials[start_4 + pair];                 // decode/join_splits.py
          const float2 summary_3 = partials[start_4 + 32u];
          const float score_7 = split_2 < splits ? summary_3.x : -1e30f;  // decode/join_splits.py
          const unsigned split_3 = first_1 + 16u;                         // decode/join_splits.py
          const unsigned start_5 = (min(split_3, index_7) * 4u + head) * 33u;  // decode/head_results.py
          const float2 sums_5 = partials[start_5 + pair];                 // decode/join_splits.py
          const float2 summary_4 = partials[start_5 + 32u];
          const float score_8 = split_3 < splits ? summary_4.x : -1e30f;  // decode/join_splits.py
          const unsigned split_4 = first_1 + 20u;                         // decode/join_splits.py
          const unsigned start_6 = (min(split_4, index_7) * 4u + head) * 33u;  // decode/head_results.py
          const float2 sums_6 = partials[start_6 + pair];                 // decode/join_splits.py
          const float2 summary_5 = partials[start_6 + 32u];
          const float score_9 = split_4 < splits ? summary_5.x : -1e30f;  // decode/join_splits.py
          const unsigned split_5 = first_1 + 24u;                         // decode/join_splits.py
          const unsigned start_7 = (min(split_5, index_7) * 4u + head) * 33u;  // decode/head_results.py
          const float2 sums_7 = partials[start_7 + pair];                 // decode/join_splits.py
          const float2 summary_6 = partials[start_7 + 32u];
          const float score_10 = split_5 < splits ? summary_6.x : -1e30f;  // decode/join_splits.py
          const unsigned split_6 = first_1 + 28u;                         // decode/join_splits.py
          const unsigned start_8 = (min(split_6, index_7) * 4u + head) * 33u;  // decode/head_results.py
          const float2 sums_8 = partials[start_8 + pair];                 // decode/join_splits.py
          const float2 summary_7 = partials[start_8 + 32u];
          const float score_11 = split_6 < splits ? summary_7.x : -1e30f;  // decode/join_splits.py
          const float highest_1 = fmaxf(fmaxf(fmaxf(fmaxf(fmaxf(fmaxf(fmaxf(fmaxf(maximum_1,
              score_4), score_5), score_6), score_7), score_8), score_9), score_10), score_11);  // attention/softmax.py
          const float rescale_1 = exp2f(maximum_1 - highest_1);           // attention/softmax.py
          total_5 *= rescale_1;                                           // attention/softmax.py
          sum_0_1 *= rescale_1;
          sum_1_1 *= rescale_1;
          maximum_1 = highest_1;                                          // attention/softmax.py
          const float weight_4 = exp2f(score_4 - highest_1);              // decode/join_splits.py
          total_5 += weight_4 * summary.y;                                // attention/softmax.py
          sum_0_1 += weight_4 * sums_1.x;                                 // attention/softmax.py
          sum_1_1 += weight_4 * sums_1.y;
          const float weight_5 = exp2f(score_5 - highest_1);              // decode/join_splits.py
          total_5 += weight_5 * summary_1.y;                              // attention/softmax.py
          sum_0_1 += weight_5 * sums_2.x;                                 // attention/softmax.py
          sum_1_1 += weight_5 * sums_2.y;
          const float weight_6 = exp2f(score_6 - highest_1);              // decode/join_splits.py
          total_5 += weight_6 * summary_2.y;                              // attention/softmax.py
          sum_0_1 += weight_6 * sums_3.x;                                 // attention/softmax.py
          sum_1_1 += weight_6 * sums_3.y;
          const float weight_7 = exp2f(score_7 - highest_1);              // decode/join_splits.py
          total_5 += weight_7 * summary_3.y;                              // attention/softmax.py
          sum_0_1 += weight_7 * sums_4.x;                                 // attention/softmax.py
          sum_1_1 += weight_7 * sums_4.y;
          const float weight_8 = exp2f(score_8 - highest_1);              // decode/join_splits.py
          total_5 += weight_8 * summary_4.y;                              // attention/softmax.py
          sum_0_1 += weight_8 * sums_5.x;                                 // attention/softmax.py
          sum_1_1 += weight_8 * sums_5.y;
          const float weight_9 = exp2f(score_9 - highest_1);              // decode/join_splits.py
          total_5 += weight_9 * summary_5.y;                              // attention/softmax.py
          sum_0_1 += weight_9 * sums_6.x;                                 // attention/softmax.py
          sum_1_1 += weight_9 * sums_6.y;
          const float weight_10 = exp2f(score_10 - highest_1);            // decode/join_splits.py
          total_5 += weight_10 * summary_6.y;                             // attention/softmax.py
          sum_0_1 += weight_10 * sums_7.x;                                // attention/softmax.py
          sum_1_1 += weight_10 * sums_7.y;
          const float weight_11 = exp2f(score_11 - highest_1);            // decode/join_splits.py
          total_5 += weight_11 * summary_7.y;                             // attention/softmax.py
          sum_0_1 += weight_11 * sums_8.x;                                // attention/softmax.py
          sum_1_1 += weight_11 * sums_8.y;
        }
        for (unsigned level = 1u; level < 3u; level++) {                  // attention/softmax.py
          const unsigned distance = (4u >> level) * 32u;                  // attention/softmax.py
          const bool gives = threadIdx.x >= distance && threadIdx.x < distance * 2u;  // attention/softmax.py
          const bool takes = threadIdx.x < distance;                      // attention/softmax.py
          if (gives) {                                                    // attention/softmax.py
            const unsigned cell = threadIdx.x - distance;                 // attention/softmax.py
            join_exchange[cell] = maximum_1;                              // attention/softmax.py
            join_exchange[cell + 64u] = total_5;
            join_exchange[cell + 128u] = sum_0_1;
            join_exchange[cell + 192u] = sum_1_1;
          }
          __syncthreads();                                                // attention/softmax.py
          if (takes) {                                                    // attention/softmax.py
            const float other_maximum = join_exchange[threadIdx.x];       // attention/softmax.py
            const float highest_1 = fmaxf(maximum_1, other_maximum);      // attention/softmax.py
            const float rescale_1 = exp2f(maximum_1 - highest_1);         // attention/softmax.py
            total_5 *= rescale_1;                                         // attention/softmax.py
            sum_0_1 *= rescale_1;
            sum_1_1 *= rescale_1;
            maximum_1 = highest_1;                                        // attention/softmax.py
            const float weight_4 = exp2f(other_maximum - highest_1);      // attention/softmax.py
            total_5 += weight_4 * join_exchange[threadIdx.x + 64u];       // attention/softmax.py
            sum_0_1 += weight_4 * join_exchange[threadIdx.x + 128u];      // attention/softmax.py
            sum_1_1 += weight_4 * join_exchange[threadIdx.x + 192u];
          }
          __syncthreads();                                                // attention/softmax.py
        }
        if (t_4) {                                                        // decode/join_splits.py
          out[head * 32u + pair] = make_float2(sum_0_1, sum_1_1) / total_5;  // decode/head_results.py
        }
      }
    }
  }
}
