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
  uint best_key = 0u;                                                     // argmax.py
  uint best_index = 0u;                                                   // argmax.py
  for (uint block = local_id; block < 8u; block += 64u) {                 // argmax.py
    const uint2 pair = best[block];                                       // argmax.py
    const uint index = pair.y;                                            // argmax.py
    if (pair.x > best_key) {                                              // argmax.py
      best_key = pair.x;                                                  // argmax.py
      best_index = index;                                                 // argmax.py
    }
  }
  partial_maxima[local_id] = best_key;                                    // workgroup.py
  barrier(CLK_LOCAL_MEM_FENCE);                                           // workgroup.py
  const bool t = local_id < 8u;                                           // workgroup.py
  if (t) {
    uint total = partial_maxima[local_id];                                // workgroup.py
    for (uint cell = local_id + 8u; cell < 64u; cell += 8u) {             // workgroup.py
      total = max(total, partial_maxima[cell]);                           // workgroup.py
    }
    partial_maxima[local_id] = total;                                     // workgroup.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // workgroup.py
  uint total = partial_maxima[0u];                                        // workgroup.py
  for (uint cell = 1u; cell < 8u; cell++) {                               // workgroup.py
    total = max(total, partial_maxima[cell]);                             // workgroup.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // workgroup.py
  const uint last = best_key == total ? best_index ^ 0xffffffffu : 0u;    // argmax.py
  partial_maxima[local_id] = last;                                        // workgroup.py
  barrier(CLK_LOCAL_MEM_FENCE);                                           // workgroup.py
  if (t) {                                                                // workgroup.py
    uint total_1 = partial_maxima[local_id];                              // workgroup.py
    for (uint cell = local_id + 8u; cell < 64u; cell += 8u) {             // workgroup.py
      total_1 = max(total_1, partial_maxima[cell]);                       // workgroup.py
    }
    partial_maxima[local_id] = total_1;                                   // workgroup.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // workgroup.py
  uint total_1 = partial_maxima[0u];                                      // workgroup.py
  for (uint cell = 1u; cell < 8u; cell++) {                               // workgroup.py
    total_1 = max(total_1, partial_maxima[cell]);                         // workgroup.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // workgroup.py
  const uint token = total_1 ^ 0xffffffffu;                               // argmax.py
  if (local_id == 0u) {                                                   // argmax.py
    tokens[step->past + step->seq] = token;                               // argmax.py
  }
}
