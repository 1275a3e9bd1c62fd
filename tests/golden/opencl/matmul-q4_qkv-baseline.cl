// matmul_q4_qkv_128x64

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
void matmul_q4_qkv_128x64_kernel(
  __global const float4 *restrict x,
  __global const uint *restrict quants,
  __global const uint *restrict scales,
  __global float2 *restrict q,
  __global uint *restrict k_cache,
  __global uint *restrict v_cache,
  __constant struct Step *step
) {
  __local float4 tile[576];
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint first_row = workgroup_id.x * 32u;                            // linear/matmul.py
  const uint first_token = workgroup_id.y * 32u;                          // linear/matmul.py
  const uint unit = local_id % 8u;                                        // linear/matmul.py
  const uint line = local_id / 8u;                                        // linear/matmul.py
  float sum_00 = 0.0f;                                                    // linear/matmul.py
  float sum_01 = 0.0f;
  float sum_02 = 0.0f;
  float sum_03 = 0.0f;
  float sum_10 = 0.0f;
  float sum_11 = 0.0f;
  float sum_12 = 0.0f;
  float sum_13 = 0.0f;
  float sum_20 = 0.0f;
  float sum_21 = 0.0f;
  float sum_22 = 0.0f;
  float sum_23 = 0.0f;
  float sum_30 = 0.0f;
  float sum_31 = 0.0f;
  float sum_32 = 0.0f;
  float sum_33 = 0.0f;
  const uint index = step->seq - 1u;                                      // linear/operands.py
  const uint row = min(first_token + line, index);
  const uint index_1 = row * 16u;                                         // linear/buffers.py
  float4 loaded = x[unit + index_1];                                      // linear/operands.py
  const uint at = local_id + 64u;                                         // linear/operands.py
  const uint line_1 = at / 8u;                                            // linear/operands.py
  const uint unit_1 = at % 8u;                                            // linear/operands.py
  const uint row_1 = min(first_token + line_1, index);                    // linear/operands.py
  const uint index_2 = row_1 * 16u;                                       // linear/buffers.py
  float4 loaded_1 = x[unit_1 + index_2];                                  // linear/operands.py
  const uint at_1 = local_id + 128u;                                      // linear/operands.py
  const uint line_2 = at_1 / 8u;                                          // linear/operands.py
  const uint unit_2 = at_1 % 8u;                                          // linear/operands.py
  const uint row_2 = min(first_token + line_2, index);                    // linear/operands.py
  const uint index_3 = row_2 * 16u;                                       // linear/buffers.py
  float4 loaded_2 = x[unit_2 + index_3];                                  // linear/operands.py
  const uint at_2 = local_id + 192u;                                      // linear/operands.py
  const uint line_3 = at_2 / 8u;                                          // linear/operands.py
  const uint unit_3 = at_2 % 8u;                                          // linear/operands.py
  const uint row_3 = min(first_token + line_3, index);                    // linear/operands.py
  const uint index_4 = row_3 * 16u;                                       // linear/buffers.py
  float4 loaded_3 = x[unit_3 + index_4];                                  // linear/operands.py
  const uint line_4 = local_id / 4u;                                      // linear/operands.py
  const uint unit_4 = local_id % 4u;                                      // linear/operands.py
  const uint row_4 = first_row + line_4;                                  // linear/operands.py
  const uint row_5 = row_4 * 2u;                                          // linear/operands.py
  const uint words = quants[row_5 * 4u + unit_4];                         // linear/operands.py
  uint loaded_4 = words;                                                  // linear/operands.py
  uint loaded_5 = scales[row_5 >> 1u];
  uint loaded_6 = row_5;
  const uint line_5 = at / 4u;                                            // linear/operands.py
  const uint unit_5 = at % 4u;                                            // linear/operands.py
  const uint row_6 = first_row + line_5;                                  // linear/operands.py
  const uint row_7 = row_6 * 2u;                                          // linear/operands.py
  const uint words_1 = quants[row_7 * 4u + unit_5];                       // linear/operands.py
  uint loaded_7 = words_1;                                                // linear/operands.py
  uint loaded_8 = scales[row_7 >> 1u];
  uint loaded_9 = row_7;
  for (uint group = 0u; group < 2u; group++) {                            // linear/matmul.py
    const uint index_5 = line * 9u;                                       // parts/staged_rows.py
    const uint start = index_5 + unit;
    tile[start] = loaded;                                                 // parts/staged_rows.py
    const uint start_1 = line_1 * 9u + unit_1;                            // parts/staged_rows.py
    tile[start_1] = loaded_1;                                             // parts/staged_rows.py
    const uint start_2 = line_2 * 9u + unit_2;                            // parts/staged_rows.py
    tile[start_2] = loaded_2;                                             // parts/staged_rows.py
    const uint start_3 = line_3 * 9u + unit_3;                            // parts/staged_rows.py
    tile[start_3] = loaded_3;                                             // parts/staged_rows.py
    const uint word = loaded_4;                                           // linear/operands.py
    const float4 low = convert_float4(convert_uint4(as_uchar4(word & 0x0f0f0f0fu))) - 8.0f;  // formats/nibbles.py
    const float4 high = convert_float4(convert_uint4(as_uchar4((word >> 4u) & 0x0f0f0f0fu)))
        - 8.0f;                                                           // formats/nibbles.py
    const float2 pair = unpack_half2(loaded_5);                           // parts/packed_rows.py
    const float4 t = (float4)((loaded_6 & 1u) == 1u ? pair.y : pair.x);   // linear/operands.py
    const uint start_4 = ((line_4 % 4u) * 8u + line_4 / 4u) * 9u + unit_4 * 2u;  // parts/staged_rows.py
    tile[start_4 + 288u] = low * t;                                       // parts/staged_rows.py
    tile[start_4 + 289u] = high * t;
    const uint word_1 = loaded_7;                                         // linear/operands.py
    const float4 low_1 = convert_float4(convert_uint4(as_uchar4(word_1 & 0x0f0f0f0fu))) - 8.0f;  // formats/nibbles.py
    const float4 high_1 = convert_float4(convert_uint4(as_uchar4((word_1 >> 4u)
        & 0x0f0f0f0fu))) - 8.0f;                                          // formats/nibbles.py
    const float2 pair_1 = unpack_half2(loaded_8);                         // parts/packed_rows.py
    const float4 t_1 = (float4)((loaded_9 & 1u) == 1u ? pair_1.y : pair_1.x);  // linear/operands.py
    const uint start_5 = ((line_5 % 4u) * 8u + line_5 / 4u) * 9u + unit_5 * 2u;  // parts/staged_rows.py
    tile[start_5 + 288u] = low_1 * t_1;                                   // parts/staged_rows.py
    tile[start_5 + 289u] = high_1 * t_1;
    barrier(CLK_LOCAL_MEM_FENCE);                                         // linear/matmul.py
    const uint step_1 = min(group + 1u, 1u);                              // linear/matmul.py
    const uint index_6 = step_1 * 8u;                                     // linear/operands.py
    const uint first = index_6 + unit;
    loaded = x[first + index_1];                                          // linear/operands.py
    const uint first_1 = index_6 + unit_1;                                // linear/operands.py
    loaded_1 = x[first_1 + index_2];                                      // linear/operands.py
    const uint first_2 = index_6 + unit_2;                                // linear/operands.py
    loaded_2 = x[first_2 + index_3];                                      // linear/operands.py
    const uint first_3 = index_6 + unit_3;                                // linear/operands.py
    loaded_3 = x[first_3 + index_4];                                      // linear/operands.py
    const uint at_3 = row_5 + step_1;                                     // linear/operands.py
    const uint words_2 = quants[at_3 * 4u + unit_4];                      // linear/operands.py
    loaded_4 = words_2;                                                   // linear/operands.py
    loaded_5 = scales[at_3 >> 1u];
    loaded_6 = at_3;
    const uint at_4 = row_7 + step_1;                                     // linear/operands.py
    const uint words_3 = quants[at_4 * 4u + unit_5];                      // linear/operands.py
    loaded_7 = words_3;                                                   // linear/operands.py
    loaded_8 = scales[at_4 >> 1u];
    loaded_9 = at_4;
    for (uint part = 0u; part < 8u; part++) {                             // linear/matmul.py
      const uint place = index_5 + part;                                  // parts/staged_rows.py
      const float4 x_0 = tile[place];                                     // parts/staged_rows.py
      const float4 x_1 = tile[place + 72u];
      const float4 x_2 = tile[place + 144u];
      const float4 x_3 = tile[place + 216u];
      const uint place_1 = unit * 9u + part;                              // parts/staged_rows.py
      const uint place_2 = place_1 + 288u;                                // parts/staged_rows.py
      const float4 w_0 = tile[place_2];                                   // parts/staged_rows.py
      const float4 w_1 = tile[place_2 + 72u];
      const float4 w_2 = tile[place_2 + 144u];
      const float4 w_3 = tile[place_2 + 216u];
      sum_00 = sum_00 + x_0.x * w_0.x + x_0.y * w_0.y + x_0.z * w_0.z + x_0.w * w_0.w;  // linear/matmul.py
      sum_01 = sum_01 + x_0.x * w_1.x + x_0.y * w_1.y + x_0.z * w_1.z + x_0.w * w_1.w;
      sum_02 = sum_02 + x_0.x * w_2.x + x_0.y * w_2.y + x_0.z * w_2.z + x_0.w * w_2.w;
      sum_03 = sum_03 + x_0.x * w_3.x + x_0.y * w_3.y + x_0.z * w_3.z + x_0.w * w_3.w;
      sum_10 = sum_10 + x_1.x * w_0.x + x_1.y * w_0.y + x_1.z * w_0.z + x_1.w * w_0.w;
      sum_11 = sum_11 + x_1.x * w_1.x + x_1.y * w_1.y + x_1.z * w_1.z + x_1.w * w_1.w;
      sum_12 = sum_12 + x_1.x * w_2.x + x_1.y * w_2.y + x_1.z * w_2.z + x_1.w * w_2.w;
      sum_13 = sum_13 + x_1.x * w_3.x + x_1.y * w_3.y + x_1.z * w_3.z + x_1.w * w_3.w;
      sum_20 = sum_20 + x_2.x * w_0.x + x_2.y * w_0.y + x_2.z * w_0.z + x_2.w * w_0.w;
      sum_21 = sum_21 + x_2.x * w_1.x + x_2.y * w_1.y + x_2.z * w_1.z + x_2.w * w_1.w;
      sum_22 = sum_22 + x_2.x * w_2.x + x_2.y * w_2.y + x_2.z * w_2.z + x_2.w * w_2.w;
      sum_23 = sum_23 + x_2.x * w_3.x + x_2.y * w_3.y + x_2.z * w_3.z + x_2.w * w_3.w;
      sum_30 = sum_30 + x_3.x * w_0.x + x_3.y * w_0.y + x_3.z * w_0.z + x_3.w * w_0.w;
      sum_31 = sum_31 + x_3.x * w_1.x + x_3.y * w_1.y + x_3.z * w_1.z + x_3.w * w_1.w;
      sum_32 = sum_32 + x_3.x * w_2.x + x_3.y * w_2.y + x_3.z * w_2.z + x_3.w * w_2.w;
      sum_33 = sum_33 + x_3.x * w_3.x + x_3.y * w_3.y + x_3.z * w_3.z + x_3.w * w_3.w;
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // linear/matmul.py
  }
  const uint first = line * 8u + unit;                                    // linear/matmul.py
  tile[first] = (float4)(sum_00, sum_01, sum_02, sum_03);                 // linear/matmul.py
  tile[first + 64u] = (float4)(sum_10, sum_11, sum_12, sum_13);
  tile[first + 128u] = (float4)(sum_20, sum_21, sum_22, sum_23);
  tile[first + 192u] = (float4)(sum_30, sum_31, sum_32, sum_33);
  barrier(CLK_LOCAL_MEM_FENCE);                                           // linear/matmul.py
  for (uint block = local_id; block < 256u; block += 64u) {               // linear/matmul.py
    const uint token = first_token + block / 8u;                          // linear/matmul.py
    const float4 results = tile[block];                                   // linear/matmul.py
    const uint row_8 = first_row + (block % 8u) * 4u;
    if (token < step->seq) {                                              // linear/matmul.py
      if (row_8 < 128u) {                                                 // linear/matmul.py
        const uint pair = row_8 / 2u;                                     // linear/matmul.py
        const uint position = step->past + token;                         // epilogues/heads.py
        float first_1 = results.x;                                        // epilogues/heads.py
        float second = results.y;                                         // epilogues/heads.py
        const uint in_head = pair % 4u;                                   // epilogues/heads.py
        const bool rotated = pair < 48u;                                  // epilogues/heads.py
        if (rotated) {                                                    // epilogues/heads.py
          const float index_5 = (float)in_head;                           // parts/rotary.py
          const float product = index_5 * -3.321289f;                     // parts/precise_math.py
          const float t = index_5 * -0.0006390324f;                       // parts/precise_math.py
          const float whole = floor(product + t + 0.5f);
          const float fraction = product - whole + t;                     // parts/precise_math.py
          const float series = fraction * 0.00015353362f + 0.0013398874f;  // parts/precise_math.py
          const float series_1 = series * fraction + 0.009618437f;        // parts/precise_math.py
          const float series_2 = series_1 * fraction + 0.055503324f;      // parts/precise_math.py
          const float series_3 = series_2 * fraction + 0.24022648f;       // parts/precise_math.py
          const float series_4 = series_3 * fraction + 0.6931472f;        // parts/precise_math.py
          const float power = as_float(as_uint(as_int(as_uint(convert_int_sat(whole))
              + as_uint(127))) << 23u);                                   // parts/precise_math.py
          const float angle = (float)position * ((series_4 * fraction + 1.0f) * power);  // parts/rotary.py
          const float quarter = floor(angle * 0.63661975f + 0.5f);        // parts/precise_math.py
          const float reduced = angle - quarter * 1.5625f;                // parts/precise_math.py
          const float reduced_1 = reduced - quarter * 0.008178711f;       // parts/precise_math.py
          const float reduced_2 = reduced_1 - quarter * 0.00011730194f;   // parts/precise_math.py
          const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;    // parts/precise_math.py
          const float square = reduced_3 * reduced_3;                     // parts/precise_math.py
          const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // parts/precise_math.py
          const float sine_1 = sine * square * reduced_3 + reduced_3;     // parts/precise_math.py
          const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square + 0.041666646f;  // parts/precise_math.py
          const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // parts/precise_math.py
          const uint quadrant = convert_uint_sat(quarter) & 3u;           // parts/precise_math.py
          const bool swapped = (quadrant & 1u) == 1u;                     // parts/precise_math.py
          const float sin_value = swapped ? cosine_1 : sine_1;            // parts/precise_math.py
          const float cos_value = swapped ? sine_1 : cosine_1;            // parts/precise_math.py
          const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;  // parts/precise_math.py
          const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // parts/precise_math.py
          first_1 = results.x * cos_angle - results.y * sin_angle;        // epilogues/heads.py
          second = results.y * cos_angle + results.x * sin_angle;         // epilogues/heads.py
        }
        const float2 both = (float2)(first_1, second);                    // epilogues/heads.py
        const uint row_9 = position * 16u;                                // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token * 32u] = both;                                   // epilogues/heads.py
        } else {
          const uint stored = pack_half2(both);                           // epilogues/heads.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_9 + pair - 32u] = stored;                         // epilogues/heads.py
          } else {
            v_cache[row_9 + pair - 48u] = stored;                         // epilogues/heads.py
          }
        }
      }
      const uint index_5 = row_8 + 2u;                                    // linear/matmul.py
      if (index_5 < 128u) {
        const uint pair = index_5 / 2u;                                   // linear/matmul.py
        const uint position = step->past + token;                         // epilogues/heads.py
        float first_1 = results.z;                                        // epilogues/heads.py
        float second = results.w;                                         // epilogues/heads.py
        const uint in_head = pair % 4u;                                   // epilogues/heads.py
        const bool rotated = pair < 48u;                                  // epilogues/heads.py
        if (rotated) {                                                    // epilogues/heads.py
          const float index_6 = (float)in_head;                           // parts/rotary.py
          const float product = index_6 * -3.321289f;                     // parts/precise_math.py
          const float t = index_6 * -0.0006390324f;                       // parts/precise_math.py
          const float whole = floor(product + t + 0.5f);
          const float fraction = product - whole + t;                     // parts/precise_math.py
          const float series = fraction * 0.00015353362f + 0.0013398874f;  // parts/precise_math.py
          const float series_1 = series * fraction + 0.009618437f;        // parts/precise_math.py
          const float series_2 = series_1 * fraction + 0.055503324f;      // parts/precise_math.py
          const float series_3 = series_2 * fraction + 0.24022648f;       // parts/precise_math.py
          const float series_4 = series_3 * fraction + 0.6931472f;        // parts/precise_math.py
          const float power = as_float(as_uint(as_int(as_uint(convert_int_sat(whole))
              + as_uint(127))) << 23u);                                   // parts/precise_math.py
          const float angle = (float)position * ((series_4 * fraction + 1.0f) * power);  // parts/rotary.py
          const float quarter = floor(angle * 0.63661975f + 0.5f);        // parts/precise_math.py
          const float reduced = angle - quarter * 1.5625f;                // parts/precise_math.py
          const float reduced_1 = reduced - quarter * 0.008178711f;       // parts/precise_math.py
          const float reduced_2 = reduced_1 - quarter * 0.00011730194f;   // parts/precise_math.py
          const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;    // parts/precise_math.py
          const float square = reduced_3 * reduced_3;                     // parts/precise_math.py
          const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // parts/precise_math.py
          const float sine_1 = sine * square * reduced_3 + reduced_3;     // parts/precise_math.py
          const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square + 0.041666646f;  // parts/precise_math.py
          const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // parts/precise_math.py
          const uint quadrant = convert_uint_sat(quarter) & 3u;           // parts/precise_math.py
          const bool swapped = (quadrant & 1u) == 1u;                     // parts/precise_math.py
          const float sin_value = swapped ? cosine_1 : sine_1;            // parts/precise_math.py
          const float cos_value = swapped ? sine_1 : cosine_1;            // parts/precise_math.py
          const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;  // parts/precise_math.py
          const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // parts/precise_math.py
          first_1 = results.z * cos_angle - results.w * sin_angle;        // epilogues/heads.py
          second = results.w * cos_angle + results.z * sin_angle;         // epilogues/heads.py
        }
        const float2 both = (float2)(first_1, second);                    // epilogues/heads.py
        const uint row_9 = position * 16u;                                // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token * 32u] = both;                                   // epilogues/heads.py
        } else {
          const uint stored = pack_half2(both);                           // epilogues/heads.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_9 + pair - 32u] = stored;                         // epilogues/heads.py
          } else {
            v_cache[row_9 + pair - 48u] = stored;                         // epilogues/heads.py
          }
        }
      }
    }
  }
}
