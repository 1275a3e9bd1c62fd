// argmax_blocks_128

__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void argmax_blocks_128_kernel(
  __global const float4 *restrict logits,
  __global uint2 *restrict best
) {
  __local uint partial_maxima[64];
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  uint best_key = 0u;                                                     // argmax.py
  uint best_index = 0u;                                                   // argmax.py
  const uint first = workgroup_id.x * 32u;                                // argmax.py
  const uint stop = min(first + 32u, 250u);                               // argmax.py
  for (uint first_1 = first + local_id; first_1 < stop; first_1 += 64u) {  // argmax.py
    const uint4 bits = as_uint4(logits[first_1]);                         // keys.py
    const uint4 ascending = bits ^ (((bits >> (uint4)(31u)) * 2147483647u)
        | (uint4)(2147483648u));                                          // keys.py
    const uint4 key = max(ascending + 8388607u, (uint4)(16777214u));      // keys.py
    const uint greatest = max(max(key.x, key.y), max(key.z, key.w));      // keys.py
    if (greatest > best_key) {                                            // argmax.py
      const uint first_2 = first_1 * 4u;                                  // argmax.py
      if (key.x > best_key) {                                             // argmax.py
        best_key = key.x;                                                 // argmax.py
        best_index = first_2;                                             // argmax.py
      }
      if (key.y > best_key) {                                             // argmax.py
        best_key = key.y;                                                 // argmax.py
        best_index = first_2 + 1u;                                        // argmax.py
      }
      if (key.z > best_key) {                                             // argmax.py
        best_key = key.z;                                                 // argmax.py
        best_index = first_2 + 2u;                                        // argmax.py
      }
      if (key.w > best_key) {                                             // argmax.py
        best_key = key.w;                                                 // argmax.py
        best_index = first_2 + 3u;                                        // argmax.py
      }
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
  const uint greatest = total;                                            // workgroup.py
  barrier(CLK_LOCAL_MEM_FENCE);                                           // workgroup.py
  const uint last = best_key == greatest ? best_index ^ 0xffffffffu : 0u;  // argmax.py
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
  const uint index = total_1 ^ 0xffffffffu;                               // argmax.py
  if (local_id == 0u) {                                                   // argmax.py
    best[workgroup_id.x] = (uint2)(greatest, index);                      // argmax.py
  }
}
