// matvec_norm_q4_qkv_128x64

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

float2 unpack_half2(uint word) {
  return vload_half2(0, (const __private half *)&word);
}

uint pack_half2(float2 pair) {
  uint word;
  vstore_half2_rte(pair, 0, (__private half *)&word);
  return word;
}

__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void matvec_norm_q4_qkv_128x64_kernel(
  __global const float4 *restrict x,
  __global const float4 *restrict norm_weight,
  __global const uint4 *restrict quants,
  __global const uint *restrict scales,
  __global float2 *restrict q,
  __global uint *restrict k_cache,
  __global uint *restrict v_cache,
  __constant struct Step *step
) {
  __local float team_sums[192];
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint lane = local_id % 2u;                                        // parts/reduce.py
  const uint team = workgroup_id.x * 32u + local_id / 2u;                 // linear/matvec.py
  const uint first_row = team * 2u;                                       // linear/matvec.py
  float sum_0 = 0.0f;                                                     // linear/matvec.py
  float sum_1 = 0.0f;
  float squares = 0.0f;                                                   // linear/matvec.py
  for (uint group = lane; group < 2u; group += 2u) {                      // linear/matvec.py
    const uint at = group * 8u;                                           // linear/matvec.py
    const float4 x_1 = x[at];                                             // linear/buffers.py
    squares += dot(x_1, x_1);                                             // linear/matvec.py
    const float4 x_2 = x_1 * norm_weight[at];                             // linear/matvec.py
    const uint at_1 = at + 1u;                                            // linear/matvec.py
    const float4 x_3 = x[at_1];                                           // linear/buffers.py
    squares += dot(x_3, x_3);                                             // linear/matvec.py
    const float4 x_4 = x_3 * norm_weight[at_1];                           // linear/matvec.py
    const uint at_2 = at + 2u;                                            // linear/matvec.py
    const float4 x_5 = x[at_2];                                           // linear/buffers.py
    squares += dot(x_5, x_5);                                             // linear/matvec.py
    const float4 x_6 = x_5 * norm_weight[at_2];                           // linear/matvec.py
    const uint at_3 = at + 3u;                                            // linear/matvec.py
    const float4 x_7 = x[at_3];                                           // linear/buffers.py
    squares += dot(x_7, x_7);                                             // linear/matvec.py
    const float4 x_8 = x_7 * norm_weight[at_3];                           // linear/matvec.py
    const uint at_4 = at + 4u;                                            // linear/matvec.py
    const float4 x_9 = x[at_4];                                           // linear/buffers.py
    squares += dot(x_9, x_9);                                             // linear/matvec.py
    const float4 x_10 = x_9 * norm_weight[at_4];                          // linear/matvec.py
    const uint at_5 = at + 5u;                                            // linear/matvec.py
    const float4 x_11 = x[at_5];                                          // linear/buffers.py
    squares += dot(x_11, x_11);                                           // linear/matvec.py
    const float4 x_12 = x_11 * norm_weight[at_5];                         // linear/matvec.py
    const uint at_6 = at + 6u;                                            // linear/matvec.py
    const float4 x_13 = x[at_6];                                          // linear/buffers.py
    squares += dot(x_13, x_13);                                           // linear/matvec.py
    const float4 x_14 = x_13 * norm_weight[at_6];                         // linear/matvec.py
    const uint at_7 = at + 7u;                                            // linear/matvec.py
    const float4 x_15 = x[at_7];                                          // linear/buffers.py
    squares += dot(x_15, x_15);                                           // linear/matvec.py
    const float4 x_16 = x_15 * norm_weight[at_7];                         // linear/matvec.py
    const uint at_8 = first_row * 2u + group;                             // parts/packed_rows.py
    const uint4 packed = quants[at_8];                                    // parts/packed_rows.py
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
    const float2 pair = unpack_half2(scales[at_8 >> 1u]);                 // parts/packed_rows.py
    const float product = dot(low, x_2);                                  // parts/packed_rows.py
    const float product_1 = dot(high, x_4);                               // parts/packed_rows.py
    const float product_2 = product + product_1 + dot(low_1, x_6) + dot(high_1, x_8)
        + dot(low_2, x_10) + dot(high_2, x_12) + dot(low_3, x_14) + dot(high_3, x_16);
    sum_0 += product_2 * ((at_8 & 1u) == 1u ? pair.y : pair.x);           // linear/matvec.py
    const uint row = first_row + 1u;                                      // linear/matvec.py
    const uint at_9 = row * 2u + group;                                   // parts/packed_rows.py
    const uint4 packed_1 = quants[at_9];                                  // parts/packed_rows.py
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
    const float2 pair_1 = unpack_half2(scales[at_9 >> 1u]);               // parts/packed_rows.py
    const float product_3 = dot(low_4, x_2);                              // parts/packed_rows.py
    const float product_4 = dot(high_4, x_4);                             // parts/packed_rows.py
    const float product_5 = product_3 + product_4 + dot(low_5, x_6) + dot(high_5, x_8)
        + dot(low_6, x_10) + dot(high_6, x_12) + dot(low_7, x_14) + dot(high_7, x_16);
    sum_1 += product_5 * ((at_9 & 1u) == 1u ? pair_1.y : pair_1.x);       // linear/matvec.py
  }
  team_sums[local_id] = sum_0;                                            // parts/reduce.py
  const uint index = local_id + 64u;
  team_sums[index] = sum_1;
  const uint index_1 = local_id + 128u;
  team_sums[index_1] = squares;
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  if (lane < 1u) {                                                        // parts/reduce.py
    team_sums[local_id] += team_sums[local_id + 1u];                      // parts/reduce.py
    team_sums[index] += team_sums[local_id + 65u];
    team_sums[index_1] += team_sums[local_id + 129u];
  }
  const float result = team_sums[local_id];                               // parts/reduce.py
  const float result_1 = team_sums[index];
  const float results_2 = team_sums[index_1];
  if (lane == 0u) {                                                       // linear/matvec.py
    const float scale = rsqrt(results_2 * 0.015625f + 1e-5f);             // linear/matvec.py
    const float even = result * scale;                                    // linear/matvec.py
    const float odd = result_1 * scale;
    if (first_row < 128u) {                                               // linear/matvec.py
      const uint pair = first_row / 2u;                                   // linear/matvec.py
      float first = even;                                                 // epilogues/heads.py
      float second = odd;                                                 // epilogues/heads.py
      const uint in_head = pair % 4u;                                     // epilogues/heads.py
      const bool rotated = pair < 48u;                                    // epilogues/heads.py
      if (rotated) {                                                      // epilogues/heads.py
        const float index_2 = (float)in_head;                             // parts/rotary.py
        const float product = index_2 * -3.321289f;                       // parts/precise_math.py
        const float t = index_2 * -0.0006390324f;                         // parts/precise_math.py
        const float whole = floor(product + t + 0.5f);
        const float fraction = product - whole + t;                       // parts/precise_math.py
        const float series = fraction * 0.00015353362f + 0.0013398874f;   // parts/precise_math.py
        const float series_1 = series * fraction + 0.009618437f;          // parts/precise_math.py
        const float series_2 = series_1 * fraction + 0.055503324f;        // parts/precise_math.py
        const float series_3 = series_2 * fraction + 0.24022648f;         // parts/precise_math.py
        const float series_4 = series_3 * fraction + 0.6931472f;          // parts/precise_math.py
        const float power = as_float(as_uint(as_int(as_uint(convert_int_sat(whole))
            + as_uint(127))) << 23u);                                     // parts/precise_math.py
        const float angle = (float)step->past * ((series_4 * fraction + 1.0f) * power);  // parts/rotary.py
        const float quarter = floor(angle * 0.63661975f + 0.5f);          // parts/precise_math.py
        const float reduced = angle - quarter * 1.5625f;                  // parts/precise_math.py
        const float reduced_1 = reduced - quarter * 0.008178711f;         // parts/precise_math.py
        const float reduced_2 = reduced_1 - quarter * 0.00011730194f;     // parts/precise_math.py
        const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;      // parts/precise_math.py
        const float square = reduced_3 * reduced_3;                       // parts/precise_math.py
        const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // parts/precise_math.py
        const float sine_1 = sine * square * reduced_3 + reduced_3;       // parts/precise_math.py
        const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square + 0.041666646f;  // parts/precise_math.py
        const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // parts/precise_math.py
        const uint quadrant = convert_uint_sat(quarter) & 3u;             // parts/precise_math.py
        const bool swapped = (quadrant & 1u) == 1u;                       // parts/precise_math.py
        const float sin_value = swapped ? cosine_1 : sine_1;              // parts/precise_math.py
        const float cos_value = swapped ? sine_1 : cosine_1;              // parts/precise_math.py
        const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;  // parts/precise_math.py
        const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // parts/precise_math.py
        first = even * cos_angle - odd * sin_angle;                       // epilogues/heads.py
        second = odd * cos_angle + even * sin_angle;                      // epilogues/heads.py
      }
      const float2 both = (float2)(first, second);                        // epilogues/heads.py
      const uint row = step->past * 16u;                                  // epilogues/heads.py
      if (pair < 32u) {                                                   // epilogues/heads.py
        q[pair] = both;                                                   // epilogues/heads.py
      } else {
        const uint stored = pack_half2(both);                             // attention/row_kinds.py
        if (rotated) {                                                    // epilogues/heads.py
          k_cache[row + pair - 32u] = stored;                             // epilogues/heads.py
        } else {
          v_cache[row + pair - 48u] = stored;                             // epilogues/heads.py
        }
      }
    }
  }
}
