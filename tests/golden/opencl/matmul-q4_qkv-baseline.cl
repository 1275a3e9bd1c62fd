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

__kernel __attribute__((reqd_work_group_size(128, 1, 1)))
void matmul_q4_qkv_128x64_kernel(
  __global const float4 *restrict x,
  __global const uint *restrict quants,
  __global const uint *restrict scales,
  __global float2 *restrict q,
  __global uint *restrict k_cache,
  __global uint *restrict v_cache,
  __constant struct Step *step
) {
  __local float4 tile[768];
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint first_row = workgroup_id.x * 64u;                            // linear/matmul_tiled.py
  const uint first_token = workgroup_id.y * 32u;                          // linear/matmul_tiled.py
  const uint inside = local_id % 32u;                                     // linear/matmul_registers.py
  const uint block = local_id / 32u;
  const uint line = inside / 16u * 2u + inside % 2u;                      // linear/matmul_registers.py
  const uint column = inside / 2u % 8u;                                   // linear/matmul_registers.py
  const uint row = block / 2u * 4u + line;                                // linear/matmul_registers.py
  const uint row_1 = (block % 2u) * 8u + column;
  float4 sum_0 = (float4)(0.0f);                                          // linear/matmul_tiled.py
  float4 sum_1 = (float4)(0.0f);
  float4 sum_2 = (float4)(0.0f);
  float4 sum_3 = (float4)(0.0f);
  const uint inside_1 = min(local_id, 63u);                               // linear/operands.py
  const uint block_1 = inside_1 / 8u;                                     // linear/operands.py
  const uint unit = inside_1 % 8u;                                        // linear/operands.py
  const uint first = block_1 * 4u;                                        // linear/operands.py
  const uint index = step->seq - 1u;                                      // linear/operands.py
  const uint row_2 = min(first_token + first, index);
  const uint row_3 = min(first_token + first + 1u, index);
  const uint row_4 = min(first_token + first + 2u, index);
  const uint row_5 = min(first_token + first + 3u, index);
  const uint index_1 = row_2 * 16u;                                       // linear/buffers.py
  float4 loaded = x[unit + index_1];                                      // linear/operands.py
  const uint index_2 = row_3 * 16u;                                       // linear/buffers.py
  float4 loaded_1 = x[unit + index_2];                                    // linear/operands.py
  const uint index_3 = row_4 * 16u;                                       // linear/buffers.py
  float4 loaded_2 = x[unit + index_3];                                    // linear/operands.py
  const uint index_4 = row_5 * 16u;                                       // linear/buffers.py
  float4 loaded_3 = x[unit + index_4];                                    // linear/operands.py
  const uint block_2 = inside_1 / 4u;                                     // linear/operands.py
  const uint unit_1 = inside_1 % 4u;                                      // linear/operands.py
  const uint first_1 = block_2 * 4u;                                      // linear/operands.py
  const uint row_6 = first_row + first_1;                                 // linear/operands.py
  const uint row_7 = row_6 * 2u;                                          // linear/operands.py
  const uint row_8 = first_row + first_1 + 1u;                            // linear/operands.py
  const uint row_9 = row_8 * 2u;                                          // linear/operands.py
  const uint row_10 = first_row + first_1 + 2u;                           // linear/operands.py
  const uint row_11 = row_10 * 2u;                                        // linear/operands.py
  const uint row_12 = first_row + first_1 + 3u;                           // linear/operands.py
  const uint row_13 = row_12 * 2u;                                        // linear/operands.py
  const uint words = quants[row_7 * 4u + unit_1];                         // linear/operands.py
  uint loaded_4 = words;                                                  // linear/operands.py
  uint loaded_5 = scales[row_7 >> 1u];
  const uint words_1 = quants[row_9 * 4u + unit_1];                       // linear/operands.py
  uint loaded_6 = words_1;                                                // linear/operands.py
  uint loaded_7 = scales[row_9 >> 1u];
  const uint words_2 = quants[row_11 * 4u + unit_1];                      // linear/operands.py
  uint loaded_8 = words_2;                                                // linear/operands.py
  uint loaded_9 = scales[row_11 >> 1u];
  const uint words_3 = quants[row_13 * 4u + unit_1];                      // linear/operands.py
  uint loaded_10 = words_3;                                               // linear/operands.py
  uint loaded_11 = scales[row_13 >> 1u];
  for (uint group = 0u; group < 2u; group++) {                            // linear/matmul_tiled.py
    const bool t = local_id < 64u;                                        // linear/operands.py
    if (t) {
      const float4 line_1 = loaded;                                       // linear/operands.py
      const float4 line_2 = loaded_1;
      const float4 line_3 = loaded_2;
      const float4 line_4 = loaded_3;
      const uint place = block_1 * 8u + ((block_1 % 8u) ^ unit);          // parts/staged_rows.py
      const float4 column_1 = (float4)(line_1.x, line_2.x, line_3.x, line_4.x);  // parts/staged_rows.py
      tile[place] = column_1;                                             // parts/staged_rows.py
      const float4 column_2 = (float4)(line_1.y, line_2.y, line_3.y, line_4.y);  // parts/staged_rows.py
      tile[place + 64u] = column_2;                                       // parts/staged_rows.py
      const float4 column_3 = (float4)(line_1.z, line_2.z, line_3.z, line_4.z);  // parts/staged_rows.py
      tile[place + 128u] = column_3;                                      // parts/staged_rows.py
      const float4 column_4 = (float4)(line_1.w, line_2.w, line_3.w, line_4.w);  // parts/staged_rows.py
      tile[place + 192u] = column_4;                                      // parts/staged_rows.py
    }
    if (t) {                                                              // linear/operands.py
      const uint word = loaded_4;                                         // linear/operands.py
      const float4 low = convert_float4(convert_uint4(as_uchar4(word & 0x0f0f0f0fu))) - 8.0f;  // formats/nibbles.py
      const float4 high = convert_float4(convert_uint4(as_uchar4((word >> 4u) & 0x0f0f0f0fu)))
          - 8.0f;                                                         // formats/nibbles.py
      const float2 pair = unpack_half2(loaded_5);                         // parts/packed_rows.py
      const float4 factor = (float4)(((row_7 + group) & 1u) == 1u ? pair.y : pair.x);  // linear/operands.py
      const float4 line_0 = low * factor;                                 // linear/operands.py
      const float4 line_1 = high * factor;
      const uint word_1 = loaded_6;                                       // linear/operands.py
      const float4 low_1 = convert_float4(convert_uint4(as_uchar4(word_1 & 0x0f0f0f0fu)))
          - 8.0f;                                                         // formats/nibbles.py
      const float4 high_1 = convert_float4(convert_uint4(as_uchar4((word_1 >> 4u)
          & 0x0f0f0f0fu))) - 8.0f;                                        // formats/nibbles.py
      const float2 pair_1 = unpack_half2(loaded_7);                       // parts/packed_rows.py
      const float4 factor_1 = (float4)(((row_9 + group) & 1u) == 1u ? pair_1.y : pair_1.x);  // linear/operands.py
      const float4 line_0_1 = low_1 * factor_1;                           // linear/operands.py
      const float4 line_1_1 = high_1 * factor_1;
      const uint word_2 = loaded_8;                                       // linear/operands.py
      const float4 low_2 = convert_float4(convert_uint4(as_uchar4(word_2 & 0x0f0f0f0fu)))
          - 8.0f;                                                         // formats/nibbles.py
      const float4 high_2 = convert_float4(convert_uint4(as_uchar4((word_2 >> 4u)
          & 0x0f0f0f0fu))) - 8.0f;                                        // formats/nibbles.py
      const float2 pair_2 = unpack_half2(loaded_9);                       // parts/packed_rows.py
      const float4 factor_2 = (float4)(((row_11 + group) & 1u) == 1u ? pair_2.y : pair_2.x);  // linear/operands.py
      const float4 line_0_2 = low_2 * factor_2;                           // linear/operands.py
      const float4 line_1_2 = high_2 * factor_2;
      const uint word_3 = loaded_10;                                      // linear/operands.py
      const float4 low_3 = convert_float4(convert_uint4(as_uchar4(word_3 & 0x0f0f0f0fu)))
          - 8.0f;                                                         // formats/nibbles.py
      const float4 high_3 = convert_float4(convert_uint4(as_uchar4((word_3 >> 4u)
          & 0x0f0f0f0fu))) - 8.0f;                                        // formats/nibbles.py
      const float2 pair_3 = unpack_half2(loaded_11);                      // parts/packed_rows.py
      const float4 factor_3 = (float4)(((row_13 + group) & 1u) == 1u ? pair_3.y : pair_3.x);  // linear/operands.py
      const float4 line_0_3 = low_3 * factor_3;                           // linear/operands.py
      const float4 line_1_3 = high_3 * factor_3;
      const uint cell = unit_1 * 2u;                                      // linear/operands.py
      const uint turn = block_2 % 8u;                                     // parts/staged_rows.py
      const uint index_5 = block_2 * 8u;                                  // parts/staged_rows.py
      const uint place = index_5 + (turn ^ cell);
      const float4 column_1 = (float4)(line_0.x, line_0_1.x, line_0_2.x, line_0_3.x);  // parts/staged_rows.py
      tile[place + 256u] = column_1;                                      // parts/staged_rows.py
      const float4 column_2 = (float4)(line_0.y, line_0_1.y, line_0_2.y, line_0_3.y);  // parts/staged_rows.py
      tile[place + 384u] = column_2;                                      // parts/staged_rows.py
      const float4 column_3 = (float4)(line_0.z, line_0_1.z, line_0_2.z, line_0_3.z);  // parts/staged_rows.py
      tile[place + 512u] = column_3;                                      // parts/staged_rows.py
      const float4 column_4 = (float4)(line_0.w, line_0_1.w, line_0_2.w, line_0_3.w);  // parts/staged_rows.py
      tile[place + 640u] = column_4;                                      // parts/staged_rows.py
      const uint inside_2 = cell + 1u;                                    // parts/staged_rows.py
      const uint place_1 = index_5 + (turn ^ inside_2);                   // parts/staged_rows.py
      const float4 column_5 = (float4)(line_1.x, line_1_1.x, line_1_2.x, line_1_3.x);  // parts/staged_rows.py
      tile[place_1 + 256u] = column_5;                                    // parts/staged_rows.py
      const float4 column_6 = (float4)(line_1.y, line_1_1.y, line_1_2.y, line_1_3.y);  // parts/staged_rows.py
      tile[place_1 + 384u] = column_6;                                    // parts/staged_rows.py
      const float4 column_7 = (float4)(line_1.z, line_1_1.z, line_1_2.z, line_1_3.z);  // parts/staged_rows.py
      tile[place_1 + 512u] = column_7;                                    // parts/staged_rows.py
      const float4 column_8 = (float4)(line_1.w, line_1_1.w, line_1_2.w, line_1_3.w);  // parts/staged_rows.py
      tile[place_1 + 640u] = column_8;                                    // parts/staged_rows.py
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // linear/matmul_tiled.py
    const uint step_1 = min(group + 1u, 1u);                              // linear/matmul_tiled.py
    const uint first_2 = step_1 * 8u + unit;                              // linear/operands.py
    loaded = x[first_2 + index_1];                                        // linear/operands.py
    loaded_1 = x[first_2 + index_2];
    loaded_2 = x[first_2 + index_3];
    loaded_3 = x[first_2 + index_4];
    const uint at = row_7 + step_1;                                       // linear/operands.py
    const uint words_4 = quants[at * 4u + unit_1];                        // linear/operands.py
    loaded_4 = words_4;                                                   // linear/operands.py
    loaded_5 = scales[at >> 1u];
    const uint at_1 = row_9 + step_1;                                     // linear/operands.py
    const uint words_5 = quants[at_1 * 4u + unit_1];                      // linear/operands.py
    loaded_6 = words_5;                                                   // linear/operands.py
    loaded_7 = scales[at_1 >> 1u];
    const uint at_2 = row_11 + step_1;                                    // linear/operands.py
    const uint words_6 = quants[at_2 * 4u + unit_1];                      // linear/operands.py
    loaded_8 = words_6;                                                   // linear/operands.py
    loaded_9 = scales[at_2 >> 1u];
    const uint at_3 = row_13 + step_1;                                    // linear/operands.py
    const uint words_7 = quants[at_3 * 4u + unit_1];                      // linear/operands.py
    loaded_10 = words_7;                                                  // linear/operands.py
    loaded_11 = scales[at_3 >> 1u];
    for (uint part = 0u; part < 8u; part++) {                             // linear/matmul_tiled.py
      const uint place = row * 8u + ((row % 8u) ^ part);                  // parts/staged_rows.py
      const float4 x_0 = tile[place];                                     // parts/staged_rows.py
      const float4 x_1 = tile[place + 64u];
      const float4 x_2 = tile[place + 128u];
      const float4 x_3 = tile[place + 192u];
      const uint place_1 = row_1 * 8u + ((row_1 % 8u) ^ part);            // parts/staged_rows.py
      const float4 w_0 = tile[place_1 + 256u];                            // parts/staged_rows.py
      const float4 w_1 = tile[place_1 + 384u];
      const float4 w_2 = tile[place_1 + 512u];
      const float4 w_3 = tile[place_1 + 640u];
      sum_0 += w_0 * x_0.x;                                               // linear/matmul_registers.py
      sum_1 += w_0 * x_0.y;
      sum_2 += w_0 * x_0.z;
      sum_3 += w_0 * x_0.w;
      sum_0 += w_1 * x_1.x;
      sum_1 += w_1 * x_1.y;
      sum_2 += w_1 * x_1.z;
      sum_3 += w_1 * x_1.w;
      sum_0 += w_2 * x_2.x;
      sum_1 += w_2 * x_2.y;
      sum_2 += w_2 * x_2.z;
      sum_3 += w_2 * x_2.w;
      sum_0 += w_3 * x_3.x;
      sum_1 += w_3 * x_3.y;
      sum_2 += w_3 * x_3.z;
      sum_3 += w_3 * x_3.w;
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // linear/matmul_tiled.py
  }
  const uint first_2 = row * 64u + row_1;                                 // linear/matmul_registers.py
  tile[first_2] = sum_0;                                                  // linear/matmul_registers.py
  tile[first_2 + 16u] = sum_1;
  tile[first_2 + 32u] = sum_2;
  tile[first_2 + 48u] = sum_3;
  barrier(CLK_LOCAL_MEM_FENCE);                                           // linear/matmul_registers.py
  for (uint cell = local_id; cell < 512u; cell += 128u) {                 // linear/matmul_registers.py
    const uint token = first_token + cell / 16u;                          // linear/matmul_registers.py
    const float4 results = tile[cell];                                    // linear/matmul_registers.py
    const uint row_14 = first_row + (cell % 16u) * 4u;
    if (token < step->seq) {                                              // linear/matmul_tiled.py
      if (row_14 < 128u) {                                                // linear/matmul_tiled.py
        const uint pair = row_14 / 2u;                                    // linear/matmul_tiled.py
        const uint position = step->past + token;                         // epilogues/heads.py
        float first_3 = results.x;                                        // epilogues/heads.py
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
          first_3 = results.x * cos_angle - results.y * sin_angle;        // epilogues/heads.py
          second = results.y * cos_angle + results.x * sin_angle;         // epilogues/heads.py
        }
        const float2 both = (float2)(first_3, second);                    // epilogues/heads.py
        const uint row_15 = position * 16u;                               // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token * 32u] = both;                                   // epilogues/heads.py
        } else {
          const uint stored = pack_half2(both);                           // attention/row_kinds.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_15 + pair - 32u] = stored;                        // epilogues/heads.py
          } else {
            v_cache[row_15 + pair - 48u] = stored;                        // epilogues/heads.py
          }
        }
      }
      const uint index_5 = row_14 + 2u;                                   // linear/matmul_tiled.py
      if (index_5 < 128u) {
        const uint pair = index_5 / 2u;                                   // linear/matmul_tiled.py
        const uint position = step->past + token;                         // epilogues/heads.py
        float first_3 = results.z;                                        // epilogues/heads.py
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
          first_3 = results.z * cos_angle - results.w * sin_angle;        // epilogues/heads.py
          second = results.w * cos_angle + results.z * sin_angle;         // epilogues/heads.py
        }
        const float2 both = (float2)(first_3, second);                    // epilogues/heads.py
        const uint row_15 = position * 16u;                               // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token * 32u] = both;                                   // epilogues/heads.py
        } else {
          const uint stored = pack_half2(both);                           // attention/row_kinds.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_15 + pair - 32u] = stored;                        // epilogues/heads.py
          } else {
            v_cache[row_15 + pair - 48u] = stored;                        // epilogues/heads.py
          }
        }
      }
    }
  }
}
