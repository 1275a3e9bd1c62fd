// argmax_512

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
void argmax_512_kernel(
  __global const float4 *restrict logits,
  __global uint *restrict tokens,
  __constant struct Step *step
) {
  __local uint partial_maxima[64];
  const uint local_id = get_local_id(0);
  uint best_key = 0u;                                                     // sampling/argmax.py
  uint best_index = 0u;                                                   // sampling/argmax.py
  for (uint first = local_id; first < 128u; first += 64u) {               // sampling/argmax.py
    const uint4 bits = as_uint4(logits[first]);                           // sampling/order_keys.py
    const uint4 ascending = bits ^ (((bits >> (uint4)(31u)) * 2147483647u)
        | (uint4)(2147483648u));                                          // sampling/order_keys.py
    const uint4 key = max(ascending + 8388607u, (uint4)(16777214u));      // sampling/order_keys.py
    const uint greatest = max(max(key.x, key.y), max(key.z, key.w));      // sampling/order_keys.py
    if (greatest > best_key) {                                            // sampling/argmax.py
      const uint first_1 = first * 4u;                                    // sampling/argmax.py
      if (key.x > best_key) {                                             // sampling/argmax.py
        best_key = key.x;                                                 // sampling/argmax.py
        best_index = first_1;                                             // sampling/argmax.py
      }
      if (key.y > best_key) {                                             // sampling/argmax.py
        best_key = key.y;                                                 // sampling/argmax.py
        best_index = first_1 + 1u;                                        // sampling/argmax.py
      }
      if (key.z > best_key) {                                             // sampling/argmax.py
        best_key = key.z;                                                 // sampling/argmax.py
        best_index = first_1 + 2u;                                        // sampling/argmax.py
      }
      if (key.w > best_key) {                                             // sampling/argmax.py
        best_key = key.w;                                                 // sampling/argmax.py
        best_index = first_1 + 3u;                                        // sampling/argmax.py
      }
    }
  }
  partial_maxima[local_id] = best_key;                                    // parts/reduce.py
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  const bool t = local_id < 8u;                                           // parts/reduce.py
  if (t) {
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
  if (t) {                                                                // parts/reduce.py
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
    tokens[step->past + step->seq] = token;                               // sampling/argmax.py
  }
}
