// sample_512

struct Step {
  uint seq;
  uint past;
  uint seed;
  uint top_k;
  float temperature;
  float top_p;
  float min_p;
  float repetition_penalty;
};

__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void sample_512_kernel(
  __global const float4 *restrict logits,
  __global uint *restrict tokens,
  __constant struct Step *step
) {
  __local float partial_sums[192];
  __local uint partial_maxima[64];
  __local uint listed[640];
  __local uint own_keys[64];
  __local uint chosen[1];
  const uint local_id = get_local_id(0);
  const float sharpness = 1.0f / fmax(step->temperature, 1e-5f);          // sampling/threshold.py
  uint threshold = 0u;                                                    // sampling/threshold.py
  float peak = 0.0f;                                                      // sampling/threshold.py
  uint use_list = 0u;                                                     // sampling/threshold.py
  const uint share = (191u - local_id) / 64u;                             // sampling/threshold.py
  uint count = share;                                                     // sampling/threshold.py
  const bool by_count = step->top_k > 0u && step->top_k < 512u;           // sampling/threshold.py
  const bool by_mass = step->top_p < 1.0f;                                // sampling/threshold.py
  const bool by_ratio = step->min_p > 0.0f;                               // sampling/threshold.py
  const bool t = by_count || by_mass;                                     // sampling/threshold.py
  if (by_ratio || t) {
    uint own = 0u;                                                        // sampling/threshold.py
    for (uint first = local_id; first < 128u; first += 64u) {             // sampling/argmax.py
      const uint4 bits = as_uint4(logits[first]);                         // sampling/order_keys.py
      const uint4 ascending = bits ^ (((bits >> (uint4)(31u)) * 2147483647u)
          | (uint4)(2147483648u));                                        // sampling/order_keys.py
      const uint4 key = max(ascending + 8388607u, (uint4)(16777214u));    // sampling/order_keys.py
      const uint greatest = max(max(key.x, key.y), max(key.z, key.w));    // sampling/order_keys.py
      own = max(own, greatest);                                           // sampling/threshold.py
    }
    partial_maxima[local_id] = own;                                       // parts/reduce.py
    barrier(CLK_LOCAL_MEM_FENCE);                                         // parts/reduce.py
    const bool t_1 = local_id < 8u;                                       // parts/reduce.py
    if (t_1) {
      uint total = partial_maxima[local_id];                              // parts/reduce.py
      for (uint cell = local_id + 8u; cell < 64u; cell += 8u) {           // parts/reduce.py
        total = max(total, partial_maxima[cell]);                         // parts/reduce.py
      }
      partial_maxima[local_id] = total;                                   // parts/reduce.py
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // parts/reduce.py
    uint total = partial_maxima[0u];                                      // parts/reduce.py
    for (uint cell = 1u; cell < 8u; cell++) {                             // parts/reduce.py
      total = max(total, partial_maxima[cell]);                           // parts/reduce.py
    }
    const uint keys = total;                                              // parts/reduce.py
    barrier(CLK_LOCAL_MEM_FENCE);                                         // parts/reduce.py
    const uint limited = min(max(keys, 255200564u), 4056543945u);         // sampling/threshold.py
    const uint ascending = limited - 8388607u;                            // sampling/order_keys.py
    const float number = as_float(ascending
        ^ (((1u - (ascending >> 31u)) * 2147483647u) | 0x80000000u));     // sampling/order_keys.py
    peak = number;                                                        // sampling/threshold.py
    if (t) {                                                              // sampling/threshold.py
      const bool few = step->top_k <= 56u;                                // sampling/threshold.py
      const uint floor_1 = by_count && few ? step->top_k : 56u;           // sampling/threshold.py
      own_keys[local_id] = own;                                           // sampling/threshold.py
      barrier(CLK_LOCAL_MEM_FENCE);                                       // sampling/threshold.py
      uint ahead = 0u;                                                    // sampling/threshold.py
      for (uint other = 0u; other < 64u; other++) {                       // sampling/threshold.py
        const uint key = own_keys[other];                                 // sampling/threshold.py
        const bool earlier = key == own && other < local_id;              // sampling/threshold.py
        if (key > own || earlier) {                                       // sampling/threshold.py
          ahead += 1u;                                                    // sampling/threshold.py
        }
      }
      if (ahead == floor_1 - 1u) {                                        // sampling/threshold.py
        chosen[0u] = own;                                                 // sampling/threshold.py
      }
      barrier(CLK_LOCAL_MEM_FENCE);                                       // sampling/threshold.py
      const uint floor_2 = max(chosen[0u], 1u);                           // sampling/threshold.py
      uint length = 0u;                                                   // sampling/threshold.py
      float mass = 0.0f;
      float mass_listed = 0.0f;                                           // sampling/threshold.py
      for (uint first = local_id; first < 128u; first += 64u) {           // sampling/argmax.py
        const uint4 bits = as_uint4(logits[first]);                       // sampling/order_keys.py
        const uint4 ascending_1 = bits
            ^ (((bits >> (uint4)(31u)) * 2147483647u) | (uint4)(2147483648u));  // sampling/order_keys.py
        const uint4 key = max(ascending_1 + 8388607u, (uint4)(16777214u));  // sampling/order_keys.py
        const uint4 limited_1 = min(max(key, (uint4)(255200564u)), (uint4)(4056543945u));  // sampling/threshold.py
        const uint4 ascending_2 = limited_1 - 8388607u;                   // sampling/order_keys.py
        const float4 number_1 = as_float4(ascending_2
            ^ (((1u - (ascending_2 >> (uint4)(31u))) * 2147483647u) | (uint4)(2147483648u)));  // sampling/order_keys.py
        const float4 below = number_1 - peak;                             // sampling/threshold.py
        const float4 weights = exp(fmax(below * sharpness, (float4)(-100.0f)));  // sampling/threshold.py
        mass += dot(weights, (float4)(1.0f));                             // sampling/threshold.py
        const uint greatest = max(max(key.x, key.y), max(key.z, key.w));  // sampling/order_keys.py
        if (greatest >= floor_2) {                                        // sampling/threshold.py
          if (length < 10u) {                                             // sampling/threshold.py
            listed[local_id + length * 64u] = first;                      // sampling/threshold.py
          }
          length += 1u;                                                   // sampling/threshold.py
          mass_listed += dot(select((float4)(0.0f), weights, key >= (uint4)(floor_2)),
              (float4)(1.0f));                                            // sampling/threshold.py
        }
      }
      partial_sums[local_id] = mass;                                      // parts/reduce.py
      const uint index = local_id + 64u;
      partial_sums[index] = mass_listed;
      const uint index_1 = local_id + 128u;
      partial_sums[index_1] = (float)(length > 10u);
      barrier(CLK_LOCAL_MEM_FENCE);                                       // parts/reduce.py
      if (t_1) {                                                          // parts/reduce.py
        float total_1 = partial_sums[local_id];                           // parts/reduce.py
        float total_2 = partial_sums[index];
        float total_3 = partial_sums[index_1];
        for (uint cell = local_id + 8u; cell < 64u; cell += 8u) {         // parts/reduce.py
          total_1 += partial_sums[cell];                                  // parts/reduce.py
          total_2 += partial_sums[cell + 64u];
          total_3 += partial_sums[cell + 128u];
        }
        partial_sums[local_id] = total_1;                                 // parts/reduce.py
        partial_sums[index] = total_2;
        partial_sums[index_1] = total_3;
      }
      barrier(CLK_LOCAL_MEM_FENCE);                                       // parts/reduce.py
      float total_1 = partial_sums[0u];                                   // parts/reduce.py
      float total_2 = partial_sums[64u];
      float total_3 = partial_sums[128u];
      for (uint cell = 1u; cell < 8u; cell++) {                           // parts/reduce.py
        total_1 += partial_sums[cell];                                    // parts/reduce.py
        total_2 += partial_sums[cell + 64u];
        total_3 += partial_sums[cell + 128u];
      }
      const float sums_0 = total_1;                                       // parts/reduce.py
      barrier(CLK_LOCAL_MEM_FENCE);                                       // parts/reduce.py
      mass = sums_0;                                                      // sampling/threshold.py
      const bool enough = by_count ? few : total_2 >= sums_0 * step->top_p;  // sampling/threshold.py
      if (enough && total_3 == 0.0f) {                                    // sampling/threshold.py
        use_list = 1u;                                                    // sampling/threshold.py
        count = length;                                                   // sampling/threshold.py
      }
      if (by_count) {                                                     // sampling/threshold.py
        const float target = (float)step->top_k;                          // sampling/threshold.py
        uint found = 0u;                                                  // sampling/threshold.py
        for (uint digit = 0u; digit < 16u; digit++) {                     // sampling/threshold.py
          const uint shift = 30u - digit * 2u;                            // sampling/threshold.py
          const uint step_1 = 1u << shift;                                // sampling/threshold.py
          const uint bounds_0 = found + step_1;                           // sampling/threshold.py
          const uint bounds_1 = found + step_1 * 2u;
          const uint bounds_2 = found + step_1 * 3u;
          float above_1 = 0.0f;                                           // sampling/threshold.py
          float above_2 = 0.0f;
          float above_3 = 0.0f;
          const uint previous = count;                                    // sampling/threshold.py
          for (uint turn = 0u; turn < previous; turn++) {
            const uint place = local_id + turn * 64u;                     // sampling/threshold.py
            uint element = place;                                         // sampling/threshold.py
            if (use_list == 1u) {                                         // sampling/threshold.py
              element = listed[place];                                    // sampling/threshold.py
            }
            const uint4 bits = as_uint4(logits[element]);                 // sampling/order_keys.py
            const uint4 ascending_1 = bits
                ^ (((bits >> (uint4)(31u)) * 2147483647u) | (uint4)(2147483648u));  // sampling/order_keys.py
            const uint4 key = max(ascending_1 + 8388607u, (uint4)(16777214u));  // sampling/order_keys.py
            const int4 reached = key >= (uint4)(bounds_0);                // sampling/threshold.py
            above_1 += dot(convert_float4(reached & 1), (float4)(1.0f));  // sampling/threshold.py
            const int4 reached_1 = key >= (uint4)(bounds_1);              // sampling/threshold.py
            above_2 += dot(convert_float4(reached_1 & 1), (float4)(1.0f));  // sampling/threshold.py
            const int4 reached_2 = key >= (uint4)(bounds_2);              // sampling/threshold.py
            above_3 += dot(convert_float4(reached_2 & 1), (float4)(1.0f));  // sampling/threshold.py
          }
          partial_sums[local_id] = above_1;                               // parts/reduce.py
          partial_sums[index] = above_2;
          partial_sums[index_1] = above_3;
          barrier(CLK_LOCAL_MEM_FENCE);                                   // parts/reduce.py
          if (t_1) {                                                      // parts/reduce.py
            float total_4 = partial_sums[local_id];                       // parts/reduce.py
            float total_5 = partial_sums[index];
            float total_6 = partial_sums[index_1];
            for (uint cell = local_id + 8u; cell < 64u; cell += 8u) {     // parts/reduce.py
              total_4 += partial_sums[cell];                              // parts/reduce.py
              total_5 += partial_sums[cell + 64u];
              total_6 += partial_sums[cell + 128u];
            }
            partial_sums[local_id] = total_4;                             // parts/reduce.py
            partial_sums[index] = total_5;
            partial_sums[index_1] = total_6;
          }
          barrier(CLK_LOCAL_MEM_FENCE);                                   // parts/reduce.py
          float total_4 = partial_sums[0u];                               // parts/reduce.py
          float total_5 = partial_sums[64u];
          float total_6 = partial_sums[128u];
          for (uint cell = 1u; cell < 8u; cell++) {                       // parts/reduce.py
            total_4 += partial_sums[cell];                                // parts/reduce.py
            total_5 += partial_sums[cell + 64u];
            total_6 += partial_sums[cell + 128u];
          }
          const float total_7 = total_5;                                  // parts/reduce.py
          const float total_8 = total_6;
          barrier(CLK_LOCAL_MEM_FENCE);                                   // parts/reduce.py
          if (total_4 >= target) {                                        // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
          if (total_7 >= target) {                                        // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
          if (total_8 >= target) {                                        // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
        }
        threshold = max(threshold, found);                                // sampling/threshold.py
        barrier(CLK_LOCAL_MEM_FENCE);
      }
      if (by_mass) {                                                      // sampling/threshold.py
        if (by_count) {                                                   // sampling/threshold.py
          float kept = 0.0f;                                              // sampling/threshold.py
          const uint previous = count;                                    // sampling/threshold.py
          for (uint turn = 0u; turn < previous; turn++) {
            const uint place = local_id + turn * 64u;                     // sampling/threshold.py
            uint element = place;                                         // sampling/threshold.py
            if (use_list == 1u) {                                         // sampling/threshold.py
              element = listed[place];                                    // sampling/threshold.py
            }
            const uint4 bits = as_uint4(logits[element]);                 // sampling/order_keys.py
            const uint4 ascending_1 = bits
                ^ (((bits >> (uint4)(31u)) * 2147483647u) | (uint4)(2147483648u));  // sampling/order_keys.py
            const uint4 key = max(ascending_1 + 8388607u, (uint4)(16777214u));  // sampling/order_keys.py
            const uint4 limited_1 = min(max(key, (uint4)(255200564u)), (uint4)(4056543945u));  // sampling/threshold.py
            const uint4 ascending_2 = limited_1 - 8388607u;               // sampling/order_keys.py
            const float4 number_1 = as_float4(ascending_2
                ^ (((1u - (ascending_2 >> (uint4)(31u))) * 2147483647u)
                | (uint4)(2147483648u)));                                 // sampling/order_keys.py
            const float4 below = number_1 - peak;                         // sampling/threshold.py
            const float4 weights = exp(fmax(below * sharpness, (float4)(-100.0f)));  // sampling/threshold.py
            kept += dot(select((float4)(0.0f), weights, key >= (uint4)(threshold)),
                (float4)(1.0f));                                          // sampling/threshold.py
          }
          partial_sums[local_id] = kept;                                  // parts/reduce.py
          barrier(CLK_LOCAL_MEM_FENCE);                                   // parts/reduce.py
          if (t_1) {                                                      // parts/reduce.py
            float total_4 = partial_sums[local_id];                       // parts/reduce.py
            for (uint cell = local_id + 8u; cell < 64u; cell += 8u) {     // parts/reduce.py
              total_4 += partial_sums[cell];                              // parts/reduce.py
            }
            partial_sums[local_id] = total_4;                             // parts/reduce.py
          }
          barrier(CLK_LOCAL_MEM_FENCE);                                   // parts/reduce.py
          float total_4 = partial_sums[0u];                               // parts/reduce.py
          for (uint cell = 1u; cell < 8u; cell++) {                       // parts/reduce.py
            total_4 += partial_sums[cell];                                // parts/reduce.py
          }
          barrier(CLK_LOCAL_MEM_FENCE);                                   // parts/reduce.py
          mass = total_4;                                                 // sampling/threshold.py
          barrier(CLK_LOCAL_MEM_FENCE);
        }
        const float target = mass * step->top_p;                          // sampling/threshold.py
        uint found = 0u;                                                  // sampling/threshold.py
        for (uint digit = 0u; digit < 16u; digit++) {                     // sampling/threshold.py
          const uint shift = 30u - digit * 2u;                            // sampling/threshold.py
          const uint step_1 = 1u << shift;                                // sampling/threshold.py
          const uint bounds_0 = found + step_1;                           // sampling/threshold.py
          const uint bounds_1 = found + step_1 * 2u;
          const uint bounds_2 = found + step_1 * 3u;
          float above_1 = 0.0f;                                           // sampling/threshold.py
          float above_2 = 0.0f;
          float above_3 = 0.0f;
          const uint previous = count;                                    // sampling/threshold.py
          for (uint turn = 0u; turn < previous; turn++) {
            const uint place = local_id + turn * 64u;                     // sampling/threshold.py
            uint element = place;                                         // sampling/threshold.py
            if (use_list == 1u) {                                         // sampling/threshold.py
              element = listed[place];                                    // sampling/threshold.py
            }
            const uint4 bits = as_uint4(logits[element]);                 // sampling/order_keys.py
            const uint4 ascending_1 = bits
                ^ (((bits >> (uint4)(31u)) * 2147483647u) | (uint4)(2147483648u));  // sampling/order_keys.py
            const uint4 key = max(ascending_1 + 8388607u, (uint4)(16777214u));  // sampling/order_keys.py
            const uint4 limited_1 = min(max(key, (uint4)(255200564u)), (uint4)(4056543945u));  // sampling/threshold.py
            const uint4 ascending_2 = limited_1 - 8388607u;               // sampling/order_keys.py
            const float4 number_1 = as_float4(ascending_2
                ^ (((1u - (ascending_2 >> (uint4)(31u))) * 2147483647u)
                | (uint4)(2147483648u)));                                 // sampling/order_keys.py
            const float4 below = number_1 - peak;                         // sampling/threshold.py
            const float4 weights = exp(fmax(below * sharpness, (float4)(-100.0f)));  // sampling/threshold.py
            const int4 reached = key >= (uint4)(bounds_0);                // sampling/threshold.py
            above_1 += dot(select((float4)(0.0f), weights, reached), (float4)(1.0f));  // sampling/threshold.py
            const int4 reached_1 = key >= (uint4)(bounds_1);              // sampling/threshold.py
            above_2 += dot(select((float4)(0.0f), weights, reached_1), (float4)(1.0f));  // sampling/threshold.py
            const int4 reached_2 = key >= (uint4)(bounds_2);              // sampling/threshold.py
            above_3 += dot(select((float4)(0.0f), weights, reached_2), (float4)(1.0f));  // sampling/threshold.py
          }
          partial_sums[local_id] = above_1;                               // parts/reduce.py
          partial_sums[index] = above_2;
          partial_sums[index_1] = above_3;
          barrier(CLK_LOCAL_MEM_FENCE);                                   // parts/reduce.py
          if (t_1) {                                                      // parts/reduce.py
            float total_4 = partial_sums[local_id];                       // parts/reduce.py
            float total_5 = partial_sums[index];
            float total_6 = partial_sums[index_1];
            for (uint cell = local_id + 8u; cell < 64u; cell += 8u) {     // parts/reduce.py
              total_4 += partial_sums[cell];                              // parts/reduce.py
              total_5 += partial_sums[cell + 64u];
              total_6 += partial_sums[cell + 128u];
            }
            partial_sums[local_id] = total_4;                             // parts/reduce.py
            partial_sums[index] = total_5;
            partial_sums[index_1] = total_6;
          }
          barrier(CLK_LOCAL_MEM_FENCE);                                   // parts/reduce.py
          float total_4 = partial_sums[0u];                               // parts/reduce.py
          float total_5 = partial_sums[64u];
          float total_6 = partial_sums[128u];
          for (uint cell = 1u; cell < 8u; cell++) {                       // parts/reduce.py
            total_4 += partial_sums[cell];                                // parts/reduce.py
            total_5 += partial_sums[cell + 64u];
            total_6 += partial_sums[cell + 128u];
          }
          const float total_7 = total_5;                                  // parts/reduce.py
          const float total_8 = total_6;
          barrier(CLK_LOCAL_MEM_FENCE);                                   // parts/reduce.py
          if (total_4 >= target) {                                        // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
          if (total_7 >= target) {                                        // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
          if (total_8 >= target) {                                        // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
        }
        threshold = max(threshold, found);                                // sampling/threshold.py
        barrier(CLK_LOCAL_MEM_FENCE);
      }
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (by_ratio) {                                                       // sampling/threshold.py
      const uint bits = as_uint(fmax(step->min_p, 1e-30f));               // parts/precise_math.py
      const int exponent = as_int(bits - 1060439283u) >> 23u;             // parts/precise_math.py
      const float mantissa = as_float(bits - as_uint(exponent << 23u));   // parts/precise_math.py
      const float exponent_1 = (float)exponent;                           // parts/precise_math.py
      const float excess = mantissa - 1.0f;
      const float series = excess * 0.070376836f - 0.1151461f;            // parts/precise_math.py
      const float series_1 = series * excess + 0.116769984f;              // parts/precise_math.py
      const float series_2 = series_1 * excess - 0.12420141f;             // parts/precise_math.py
      const float series_3 = series_2 * excess + 0.14249323f;             // parts/precise_math.py
      const float series_4 = series_3 * excess - 0.16668057f;             // parts/precise_math.py
      const float series_5 = series_4 * excess + 0.20000714f;             // parts/precise_math.py
      const float series_6 = series_5 * excess - 0.24999994f;             // parts/precise_math.py
      const float series_7 = series_6 * excess + 0.3333333f;              // parts/precise_math.py
      const float square = excess * excess;                               // parts/precise_math.py
      const float tail = series_7 * excess * square + exponent_1 * -0.00021219444f - square
          * 0.5f;                                                         // parts/precise_math.py
      const float floor_1 = peak + step->temperature
          * (excess + tail + exponent_1 * 0.6933594f);                    // sampling/threshold.py
      const uint bits_1 = as_uint(floor_1);                               // sampling/order_keys.py
      const uint ascending_1 = bits_1 ^ (((bits_1 >> 31u) * 2147483647u) | 0x80000000u);  // sampling/order_keys.py
      const uint key = max(ascending_1 + 8388607u, 16777214u);            // sampling/order_keys.py
      threshold = max(threshold, key);                                    // sampling/threshold.py
    }
    threshold = min(threshold, keys);                                     // sampling/threshold.py
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  const uint position = step->past + step->seq;                           // sampling/sample.py
  uint best_key = 0u;                                                     // sampling/argmax.py
  uint best_index = 0u;                                                   // sampling/argmax.py
  const uint previous = count;                                            // sampling/threshold.py
  for (uint turn = 0u; turn < previous; turn++) {
    const uint place = local_id + turn * 64u;                             // sampling/threshold.py
    uint element = place;                                                 // sampling/threshold.py
    if (use_list == 1u) {                                                 // sampling/threshold.py
      element = listed[place];                                            // sampling/threshold.py
    }
    const uint at = element;                                              // sampling/threshold.py
    const uint4 bits = as_uint4(logits[at]);                              // sampling/order_keys.py
    const uint4 ascending = bits ^ (((bits >> (uint4)(31u)) * 2147483647u)
        | (uint4)(2147483648u));                                          // sampling/order_keys.py
    const uint4 key = max(ascending + 8388607u, (uint4)(16777214u));      // sampling/order_keys.py
    const uint greatest = max(max(key.x, key.y), max(key.z, key.w));      // sampling/order_keys.py
    if (greatest >= threshold) {                                          // sampling/sample.py
      const uint first = at * 4u;                                         // sampling/sample.py
      const uint t_1 = first + 1u;                                        // sampling/sample.py
      const uint t_2 = first + 2u;
      const uint t_3 = first + 3u;
      const uint4 tokens_1 = (uint4)(first, t_1, t_2, t_3);
      const uint b = position * 1664525u + 1013904223u;                   // sampling/hash_random.py
      const uint c = step->seed * 1664525u + 1013904223u;
      const uint4 a = tokens_1 * 1664525u + 1013904223u + b * c;          // sampling/hash_random.py
      const uint4 t_4 = (uint4)(c);                                       // sampling/hash_random.py
      const uint4 b_1 = b + t_4 * a;
      const uint4 c_1 = t_4 + a * b_1;                                    // sampling/hash_random.py
      const uint4 a_1 = (a ^ (a >> (uint4)(16u))) + (b_1 ^ (b_1 >> (uint4)(16u)))
          * (c_1 ^ (c_1 >> (uint4)(16u)));                                // sampling/hash_random.py
      const float4 fine = convert_float4(a_1 & (uint4)(255u)) * 2.3283064e-10f + 1.1641532e-10f;  // sampling/hash_random.py
      const float4 u = fmin(convert_float4(a_1 >> (uint4)(8u)) * 5.9604645e-8f
          + fine, (float4)(0.99999994f));                                 // sampling/hash_random.py
      const float4 rest = 1.0f - u;                                       // parts/precise_math.py
      const uint4 bits_1 = as_uint4(rest);                                // parts/precise_math.py
      const int4 exponent = as_int4(bits_1 - 1060439283u) >> (uint4)(23u);  // parts/precise_math.py
      const float4 mantissa = as_float4(bits_1 - as_uint4(exponent << (uint4)(23u)));  // parts/precise_math.py
      const int4 above_half = exponent == (int4)(0);                      // parts/precise_math.py
      const float4 exponent_1 = convert_float4(exponent);                 // parts/precise_math.py
      const float4 excess = select(mantissa - 1.0f, -u, above_half);
      const float4 series = excess * 0.070376836f - 0.1151461f;           // parts/precise_math.py
      const float4 series_1 = series * excess + 0.116769984f;             // parts/precise_math.py
      const float4 series_2 = series_1 * excess - 0.12420141f;            // parts/precise_math.py
      const float4 series_3 = series_2 * excess + 0.14249323f;            // parts/precise_math.py
      const float4 series_4 = series_3 * excess - 0.16668057f;            // parts/precise_math.py
      const float4 series_5 = series_4 * excess + 0.20000714f;            // parts/precise_math.py
      const float4 series_6 = series_5 * excess - 0.24999994f;            // parts/precise_math.py
      const float4 series_7 = series_6 * excess + 0.3333333f;             // parts/precise_math.py
      const float4 square = excess * excess;                              // parts/precise_math.py
      const float4 tail = series_7 * excess * square + exponent_1 * -0.00021219444f - square
          * 0.5f;                                                         // parts/precise_math.py
      const uint4 bits_2 = as_uint4(-(excess + tail + exponent_1 * 0.6933594f));  // parts/precise_math.py
      const int4 exponent_2 = as_int4(bits_2 - 1060439283u) >> (uint4)(23u);  // parts/precise_math.py
      const float4 mantissa_1 = as_float4(bits_2 - as_uint4(exponent_2 << (uint4)(23u)));  // parts/precise_math.py
      const float4 exponent_3 = convert_float4(exponent_2);               // parts/precise_math.py
      const float4 excess_1 = mantissa_1 - 1.0f;
      const float4 series_8 = excess_1 * 0.070376836f - 0.1151461f;       // parts/precise_math.py
      const float4 series_9 = series_8 * excess_1 + 0.116769984f;         // parts/precise_math.py
      const float4 series_10 = series_9 * excess_1 - 0.12420141f;         // parts/precise_math.py
      const float4 series_11 = series_10 * excess_1 + 0.14249323f;        // parts/precise_math.py
      const float4 series_12 = series_11 * excess_1 - 0.16668057f;        // parts/precise_math.py
      const float4 series_13 = series_12 * excess_1 + 0.20000714f;        // parts/precise_math.py
      const float4 series_14 = series_13 * excess_1 - 0.24999994f;        // parts/precise_math.py
      const float4 series_15 = series_14 * excess_1 + 0.3333333f;         // parts/precise_math.py
      const float4 square_1 = excess_1 * excess_1;                        // parts/precise_math.py
      const float4 tail_1 = series_15 * excess_1 * square_1 + exponent_3 * -0.00021219444f
          - square_1 * 0.5f;                                              // parts/precise_math.py
      const float4 noise = -(excess_1 + tail_1 + exponent_3 * 0.6933594f);  // sampling/hash_random.py
      const uint4 limited = min(max(key, (uint4)(255200564u)), (uint4)(4056543945u));  // sampling/threshold.py
      const uint4 ascending_1 = limited - 8388607u;                       // sampling/order_keys.py
      const float4 number = as_float4(ascending_1
          ^ (((1u - (ascending_1 >> (uint4)(31u))) * 2147483647u) | (uint4)(2147483648u)));  // sampling/order_keys.py
      const float4 scores = number + step->temperature * noise;           // sampling/sample.py
      const uint4 bits_3 = as_uint4(scores);                              // sampling/order_keys.py
      const uint4 ascending_2 = bits_3
          ^ (((bits_3 >> (uint4)(31u)) * 2147483647u) | (uint4)(2147483648u));  // sampling/order_keys.py
      const uint4 key_1 = max(ascending_2 + 8388607u, (uint4)(16777214u));  // sampling/order_keys.py
      const uint4 keys = select((uint4)(0u), key_1, key >= (uint4)(threshold));  // sampling/sample.py
      const uint greatest_1 = max(max(keys.x, keys.y), max(keys.z, keys.w));  // sampling/order_keys.py
      if (greatest_1 > best_key) {                                        // sampling/argmax.py
        if (keys.x > best_key) {                                          // sampling/argmax.py
          best_key = keys.x;                                              // sampling/argmax.py
          best_index = first;                                             // sampling/argmax.py
        }
        if (keys.y > best_key) {                                          // sampling/argmax.py
          best_key = keys.y;                                              // sampling/argmax.py
          best_index = t_1;                                               // sampling/argmax.py
        }
        if (keys.z > best_key) {                                          // sampling/argmax.py
          best_key = keys.z;                                              // sampling/argmax.py
          best_index = t_2;                                               // sampling/argmax.py
        }
        if (keys.w > best_key) {                                          // sampling/argmax.py
          best_key = keys.w;                                              // sampling/argmax.py
          best_index = t_3;                                               // sampling/argmax.py
        }
      }
    }
  }
  partial_maxima[local_id] = best_key;                                    // parts/reduce.py
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  const bool t_1 = local_id < 8u;                                         // parts/reduce.py
  if (t_1) {
    uint total = partial_maxima[local_id];                                // parts/reduce.py
    for (uint cell = local_id + 8u; cell < 64u; cell += 8u) {             // parts/reduce.py
      total = max(total, partial_maxima[cell]);                           // parts/reduce.py
    }
    partial_maxima[local_id] = total;                                     // parts/reduce.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  uint total = partial_maxima[0u];                                        // parts/reduce.py
  for (uint cell = 1u; cell < 8u; cell++) {                               // parts/reduce.py
    total = max(total, partial_maxima[cell]);                             // parts/reduce.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  const uint last = best_key == total ? best_index ^ 0xffffffffu : 0u;    // sampling/argmax.py
  partial_maxima[local_id] = last;                                        // parts/reduce.py
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  if (t_1) {                                                              // parts/reduce.py
    uint total_1 = partial_maxima[local_id];                              // parts/reduce.py
    for (uint cell = local_id + 8u; cell < 64u; cell += 8u) {             // parts/reduce.py
      total_1 = max(total_1, partial_maxima[cell]);                       // parts/reduce.py
    }
    partial_maxima[local_id] = total_1;                                   // parts/reduce.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  uint total_1 = partial_maxima[0u];                                      // parts/reduce.py
  for (uint cell = 1u; cell < 8u; cell++) {                               // parts/reduce.py
    total_1 = max(total_1, partial_maxima[cell]);                         // parts/reduce.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  const uint token = total_1 ^ 0xffffffffu;                               // sampling/argmax.py
  if (local_id == 0u) {                                                   // sampling/argmax.py
    tokens[position] = token;                                             // sampling/argmax.py
  }
}
