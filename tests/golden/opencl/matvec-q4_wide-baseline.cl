// matvec_q4_residual_64x2048

float2 unpack_half2(uint word) {
  return vload_half2(0, (const __private half *)&word);
}

__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void matvec_q4_residual_64x2048_kernel(
  __global const float4 *restrict x,
  __global const uint4 *restrict quants,
  __global const uint *restrict scales,
  __global const float *restrict residual,
  __global float *restrict out
) {
  __local float team_sums[128];
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint first_row = workgroup_id.x * 2u;                             // linear/matvec.py
  float sum_0 = 0.0f;                                                     // linear/matvec.py
  float sum_1 = 0.0f;
  for (uint group = local_id; group < 64u; group += 64u) {                // linear/matvec.py
    const uint at = group * 8u;                                           // linear/matvec.py
    const float4 activations_0 = x[at];                                   // linear/buffers.py
    const float4 activations_1 = x[at + 1u];
    const float4 activations_2 = x[at + 2u];
    const float4 activations_3 = x[at + 3u];
    const float4 activations_4 = x[at + 4u];
    const float4 activations_5 = x[at + 5u];
    const float4 activations_6 = x[at + 6u];
    const float4 activations_7 = x[at + 7u];
    const uint at_1 = first_row * 64u + group;                            // parts/packed_rows.py
    const uint4 packed = quants[at_1];                                    // parts/packed_rows.py
    const float4 low = convert_float4(convert_uint4(as_uchar4(packed.x & 0x0f0f0f0fu))) - 8.0f;  // formats/nibbles.py
    const float4 high = convert_float4(convert_uint4(as_uchar4((packed.x >> 4u)
        & 0x0f0f0f0fu))) - 8.0f;                                          // formats/nibbles.py
    const float4 low_1 = convert_float4(convert_uint4(as_uchar4(packed.y & 0x0f0f0f0fu)))
        - 8.0f;                                                           // formats/nibbles.py
    const float4 high_1 = convert_float4(convert_uint4(as_uchar4((packed.y >> 4u)
        & 0x0f0f0f0fu))) - 8.0f;                                          // formats/nibbles.py
    const float4 low_2 = convert_float4(convert_uint4(as_uchar4(packed.z & 0x0f0f0f0fu)))
        - 8.0f;                                                           // formats/nibbles.py
    const float4 high_2 = convert_float4(convert_uint4(as_uchar4((packed.z >> 4u)
        & 0x0f0f0f0fu))) - 8.0f;                                          // formats/nibbles.py
    const float4 low_3 = convert_float4(convert_uint4(as_uchar4(packed.w & 0x0f0f0f0fu)))
        - 8.0f;                                                           // formats/nibbles.py
    const float4 high_3 = convert_float4(convert_uint4(as_uchar4((packed.w >> 4u)
        & 0x0f0f0f0fu))) - 8.0f;                                          // formats/nibbles.py
    const float2 pair = unpack_half2(scales[at_1 >> 1u]);                 // parts/packed_rows.py
    const float product = dot(low, activations_0);                        // parts/packed_rows.py
    const float product_1 = dot(high, activations_1);                     // parts/packed_rows.py
    const float product_2 = product + product_1 + dot(low_1, activations_2)
        + dot(high_1, activations_3) + dot(low_2, activations_4) + dot(high_2, activations_5)
        + dot(low_3, activations_6) + dot(high_3, activations_7);
    sum_0 += product_2 * ((at_1 & 1u) == 1u ? pair.y : pair.x);           // linear/matvec.py
    const uint row = first_row + 1u;                                      // linear/matvec.py
    const uint at_2 = row * 64u + group;                                  // parts/packed_rows.py
    const uint4 packed_1 = quants[at_2];                                  // parts/packed_rows.py
    const float4 low_4 = convert_float4(convert_uint4(as_uchar4(packed_1.x & 0x0f0f0f0fu)))
        - 8.0f;                                                           // formats/nibbles.py
    const float4 high_4 = convert_float4(convert_uint4(as_uchar4((packed_1.x >> 4u)
        & 0x0f0f0f0fu))) - 8.0f;                                          // formats/nibbles.py
    const float4 low_5 = convert_float4(convert_uint4(as_uchar4(packed_1.y & 0x0f0f0f0fu)))
        - 8.0f;                                                           // formats/nibbles.py
    const float4 high_5 = convert_float4(convert_uint4(as_uchar4((packed_1.y >> 4u)
        & 0x0f0f0f0fu))) - 8.0f;                                          // formats/nibbles.py
    const float4 low_6 = convert_float4(convert_uint4(as_uchar4(packed_1.z & 0x0f0f0f0fu)))
        - 8.0f;                                                           // formats/nibbles.py
    const float4 high_6 = convert_float4(convert_uint4(as_uchar4((packed_1.z >> 4u)
        & 0x0f0f0f0fu))) - 8.0f;                                          // formats/nibbles.py
    const float4 low_7 = convert_float4(convert_uint4(as_uchar4(packed_1.w & 0x0f0f0f0fu)))
        - 8.0f;                                                           // formats/nibbles.py
    const float4 high_7 = convert_float4(convert_uint4(as_uchar4((packed_1.w >> 4u)
        & 0x0f0f0f0fu))) - 8.0f;                                          // formats/nibbles.py
    const float2 pair_1 = unpack_half2(scales[at_2 >> 1u]);               // parts/packed_rows.py
    const float product_3 = dot(low_4, activations_0);                    // parts/packed_rows.py
    const float product_4 = dot(high_4, activations_1);                   // parts/packed_rows.py
    const float product_5 = product_3 + product_4 + dot(low_5, activations_2)
        + dot(high_5, activations_3) + dot(low_6, activations_4) + dot(high_6, activations_5)
        + dot(low_7, activations_6) + dot(high_7, activations_7);
    sum_1 += product_5 * ((at_2 & 1u) == 1u ? pair_1.y : pair_1.x);       // linear/matvec.py
  }
  team_sums[local_id] = sum_0;                                            // parts/reduce.py
  const uint index = local_id + 64u;
  team_sums[index] = sum_1;
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  if (local_id < 32u) {                                                   // parts/reduce.py
    team_sums[local_id] += team_sums[local_id + 32u];                     // parts/reduce.py
    team_sums[index] += team_sums[local_id + 96u];
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  if (local_id < 16u) {                                                   // parts/reduce.py
    team_sums[local_id] += team_sums[local_id + 16u];                     // parts/reduce.py
    team_sums[index] += team_sums[local_id + 80u];
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  if (local_id < 8u) {                                                    // parts/reduce.py
    team_sums[local_id] += team_sums[local_id + 8u];                      // parts/reduce.py
    team_sums[index] += team_sums[local_id + 72u];
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  if (local_id < 4u) {                                                    // parts/reduce.py
    team_sums[local_id] += team_sums[local_id + 4u];                      // parts/reduce.py
    team_sums[index] += team_sums[local_id + 68u];
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  if (local_id < 2u) {                                                    // parts/reduce.py
    team_sums[local_id] += team_sums[local_id + 2u];                      // parts/reduce.py
    team_sums[index] += team_sums[local_id + 66u];
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  if (local_id < 1u) {                                                    // parts/reduce.py
    team_sums[local_id] += team_sums[local_id + 1u];                      // parts/reduce.py
    team_sums[index] += team_sums[local_id + 65u];
  }
  const float values = team_sums[local_id];                               // parts/reduce.py
  const float values_1 = team_sums[index];
  if (local_id == 0u) {                                                   // linear/matvec.py
    if (first_row < 64u) {                                                // linear/matvec.py
      const float value = values + residual[first_row];                   // epilogues/row.py
      out[first_row] = value;                                             // epilogues/coded.py
    }
    const uint row = first_row + 1u;                                      // linear/matvec.py
    if (row < 64u) {                                                      // linear/matvec.py
      const float value = values_1 + residual[row];                       // epilogues/row.py
      out[row] = value;                                                   // epilogues/coded.py
    }
  }
}
