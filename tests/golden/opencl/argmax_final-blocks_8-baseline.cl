// argmax_final_8

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
void argmax_final_8_kernel(
  __global const uint2 *restrict best,
  __global uint *restrict tokens,
  __constant struct Step *step
) {
  __local uint partial_maxima[64];
  const uint local_id = get_local_id(0);
  uint best_key = 0u;                                                     // sampling/argmax.py
  uint best_index = 0u;                                                   // sampling/argmax.py
  for (uint block = local_id; block < 8u; block += 64u) {                 // sampling/argmax_final.py
    const uint2 pair = best[block];                                       // sampling/argmax_final.py
    const uint index = pair.y;                                            // sampling/argmax_final.py
    if (pair.x > best_key) {                                              // sampling/argmax.py
      best_key = pair.x;                                                  // sampling/argmax.py
      best_index = index;                                                 // sampling/argmax.py
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
