// append_codes_2x64_both_one

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

__kernel __attribute__((reqd_work_group_size(32, 1, 1)))
void append_codes_2x64_both_one_kernel(
  __global const float4 *restrict k_rows,
  __global const float4 *restrict v_rows,
  __global uint *restrict k_cache,
  __global float *restrict k_scales,
  __global uint *restrict v_cache,
  __global float *restrict v_scales,
  __constant struct Step *step
) {
  __local uint largest[32];
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint index = local_id / 8u;                                       // attention/append_codes.py
  const uint head = workgroup_id.x * 4u + index;
  const uint head_1 = min(head, 1u);                                      // attention/append_codes.py
  const uint source = workgroup_id.y * 2u + head_1;                       // attention/append_codes.py
  const uint target = (step->past + workgroup_id.y) * 2u + head_1;
  const bool t = workgroup_id.z == 0u;                                    // attention/append_codes.py
  if (t) {                                                                // attention/append_codes.py
    const uint first = source * 16u + local_id % 8u;                      // attention/append_codes.py
    const uint4 four = max(as_uint4(k_rows[first]) & (uint4)(2147483647u),
        as_uint4(k_rows[first + 8u]) & (uint4)(2147483647u));             // attention/append_codes.py
    const uint most = max(max(four.x, four.y), max(four.z, four.w));      // attention/append_codes.py
    largest[local_id] = most;                                             // attention/append_codes.py
  }
  const bool t_1 = workgroup_id.z == 1u;                                  // attention/append_codes.py
  if (t_1) {                                                              // attention/append_codes.py
    const uint first = source * 16u + local_id % 8u;                      // attention/append_codes.py
    const uint4 four = max(as_uint4(v_rows[first]) & (uint4)(2147483647u),
        as_uint4(v_rows[first + 8u]) & (uint4)(2147483647u));             // attention/append_codes.py
    const uint most = max(max(four.x, four.y), max(four.z, four.w));      // attention/append_codes.py
    largest[local_id] = most;                                             // attention/append_codes.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // attention/append_codes.py
  if (t) {                                                                // attention/append_codes.py
    const uint index_1 = local_id % 8u;                                   // attention/append_codes.py
    const uint first = source * 16u + index_1;
    const float4 four = k_rows[first];                                    // attention/append_codes.py
    const float4 four_1 = k_rows[first + 8u];
    const uint mine = index * 8u;                                         // attention/append_codes.py
    const uint largest_1 = largest[mine];                                 // attention/append_codes.py
    const uint largest_2 = max(max(largest_1, largest[mine + 1u]), largest[mine + 2u]);  // attention/append_codes.py
    const uint largest_value = largest[mine + 3u];
    const uint most = max(max(max(max(max(largest_2, largest_value), largest[mine + 4u]),
        largest[mine + 5u]), largest[mine + 6u]), largest[mine + 7u]);
    const uint exponent = min(max(most >> 23u, 27u), 252u);               // parts/coded_groups.py
    const uint t_2 = (((most & 0x007fffffu) | 0x00800000u) >> 8u) + 1u;   // parts/coded_groups.py
    const float steps = (float)(2130706432u / t_2) * as_float((253u - exponent) << 23u);  // parts/coded_groups.py
    const float quotient = (float)((t_2 << 14u) / 127u);                  // parts/coded_groups.py
    const float scale = quotient * 1.8626451e-9f * as_float(exponent << 23u);  // parts/coded_groups.py
    const float scale_1 = as_float(most < 2139095040u ? as_uint(scale) : 2143289344u);  // parts/coded_groups.py
    if (head < 2u) {                                                      // attention/append_codes.py
      const uint first_1 = target * 16u + index_1;                        // attention/append_codes.py
      const float4 t_3 = (float4)(steps * 8.0f);                          // parts/coded_groups.py
      const int4 cut = convert_int4_sat(four * t_3);
      const int4 parts = as_int4(as_uint4(cut) + as_uint4((int4)(4))) >> (uint4)(3u);  // parts/coded_groups.py
      const uint4 codes = as_uint4(as_int4(as_uint4(parts) + as_uint4((int4)(128))))
          & (uint4)(65280u);                                              // parts/coded_groups.py
      const uint low = (codes.x >> 8u) | codes.y;                         // parts/coded_groups.py
      const uint high = (codes.z << 8u) | (codes.w << 16u);
      k_cache[first_1] = low | high;                                      // attention/append_codes.py
      const int4 cut_1 = convert_int4_sat(four_1 * t_3);                  // parts/coded_groups.py
      const int4 parts_1 = as_int4(as_uint4(cut_1) + as_uint4((int4)(4))) >> (uint4)(3u);  // parts/coded_groups.py
      const uint4 codes_1 = as_uint4(as_int4(as_uint4(parts_1) + as_uint4((int4)(128))))
          & (uint4)(65280u);                                              // parts/coded_groups.py
      const uint low_1 = (codes_1.x >> 8u) | codes_1.y;                   // parts/coded_groups.py
      const uint high_1 = (codes_1.z << 8u) | (codes_1.w << 16u);
      k_cache[first_1 + 8u] = low_1 | high_1;                             // attention/append_codes.py
      if (index_1 < 1u) {                                                 // attention/append_codes.py
        k_scales[target] = scale_1;                                       // attention/append_codes.py
      }
    }
  }
  if (t_1) {                                                              // attention/append_codes.py
    const uint index_1 = local_id % 8u;                                   // attention/append_codes.py
    const uint first = source * 16u + index_1;
    const float4 four = v_rows[first];                                    // attention/append_codes.py
    const float4 four_1 = v_rows[first + 8u];
    const uint mine = index * 8u;                                         // attention/append_codes.py
    const uint largest_1 = largest[mine];                                 // attention/append_codes.py
    const uint largest_2 = max(max(largest_1, largest[mine + 1u]), largest[mine + 2u]);  // attention/append_codes.py
    const uint largest_value = largest[mine + 3u];
    const uint most = max(max(max(max(max(largest_2, largest_value), largest[mine + 4u]),
        largest[mine + 5u]), largest[mine + 6u]), largest[mine + 7u]);
    const uint exponent = min(max(most >> 23u, 27u), 252u);               // parts/coded_groups.py
    const uint t_2 = (((most & 0x007fffffu) | 0x00800000u) >> 8u) + 1u;   // parts/coded_groups.py
    const float steps = (float)(2130706432u / t_2) * as_float((253u - exponent) << 23u);  // parts/coded_groups.py
    const float quotient = (float)((t_2 << 14u) / 127u);                  // parts/coded_groups.py
    const float scale = quotient * 1.8626451e-9f * as_float(exponent << 23u);  // parts/coded_groups.py
    const float scale_1 = as_float(most < 2139095040u ? as_uint(scale) : 2143289344u);  // parts/coded_groups.py
    if (head < 2u) {                                                      // attention/append_codes.py
      const uint first_1 = target * 16u + index_1;                        // attention/append_codes.py
      const float4 t_3 = (float4)(steps * 8.0f);                          // parts/coded_groups.py
      const int4 cut = convert_int4_sat(four * t_3);
      const int4 parts = as_int4(as_uint4(cut) + as_uint4((int4)(4))) >> (uint4)(3u);  // parts/coded_groups.py
      const uint4 codes = as_uint4(as_int4(as_uint4(parts) + as_uint4((int4)(128))))
          & (uint4)(65280u);                                              // parts/coded_groups.py
      const uint low = (codes.x >> 8u) | codes.y;                         // parts/coded_groups.py
      const uint high = (codes.z << 8u) | (codes.w << 16u);
      v_cache[first_1] = low | high;                                      // attention/append_codes.py
      const int4 cut_1 = convert_int4_sat(four_1 * t_3);                  // parts/coded_groups.py
      const int4 parts_1 = as_int4(as_uint4(cut_1) + as_uint4((int4)(4))) >> (uint4)(3u);  // parts/coded_groups.py
      const uint4 codes_1 = as_uint4(as_int4(as_uint4(parts_1) + as_uint4((int4)(128))))
          & (uint4)(65280u);                                              // parts/coded_groups.py
      const uint low_1 = (codes_1.x >> 8u) | codes_1.y;                   // parts/coded_groups.py
      const uint high_1 = (codes_1.z << 8u) | (codes_1.w << 16u);
      v_cache[first_1 + 8u] = low_1 | high_1;                             // attention/append_codes.py
      if (index_1 < 1u) {                                                 // attention/append_codes.py
        v_scales[target] = scale_1;                                       // attention/append_codes.py
      }
    }
  }
}
