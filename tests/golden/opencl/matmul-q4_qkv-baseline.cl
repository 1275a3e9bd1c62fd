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
  const uint first_row = workgroup_id.x * 32u;                            // matmul.py
  const uint first_token = workgroup_id.y * 32u;                          // matmul.py
  const uint column = local_id % 8u;                                      // matmul.py
  const uint line = local_id / 8u;                                        // matmul.py
  float sum_00 = 0.0f;                                                    // matmul.py
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
  for (uint group = 0u; group < 2u; group++) {                            // matmul.py
    for (uint staged = local_id; staged < 256u; staged += 64u) {          // deal.py
      const uint line_1 = staged / 8u;                                    // operands.py
      const uint unit = staged % 8u;                                      // operands.py
      const uint first = group * 8u + unit;                               // operands.py
      const uint start = line_1 * 9u + unit;                              // panel.py
      tile[start] = x[first + min(first_token + line_1, step->seq - 1u) * 16u];  // panel.py
    }
    for (uint staged = local_id; staged < 128u; staged += 64u) {          // deal.py
      const uint line_1 = staged / 4u;                                    // operands.py
      const uint unit = staged % 4u;                                      // operands.py
      const uint row = first_row + line_1;                                // operands.py
      const uint at = row * 2u + group;                                   // operands.py
      const uint words = quants[at * 4u + unit];                          // operands.py
      const float4 low = convert_float4(convert_uint4(as_uchar4(words & 0x0f0f0f0fu))) - 8.0f;  // weights.py
      const float4 high = convert_float4(convert_uint4(as_uchar4((words >> 4u) & 0x0f0f0f0fu)))
          - 8.0f;                                                         // weights.py
      const float2 pair = unpack_half2(scales[at >> 1u]);                 // weights.py
      const float4 t = (float4)((at & 1u) == 1u ? pair.y : pair.x);       // operands.py
      const uint start = ((line_1 % 4u) * 8u + line_1 / 4u) * 9u + unit * 2u;  // panel.py
      tile[start + 288u] = low * t;                                       // panel.py
      tile[start + 289u] = high * t;
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // matmul.py
    for (uint part = 0u; part < 8u; part++) {                             // matmul.py
      const uint place = line * 9u + part;                                // panel.py
      const float4 x_0 = tile[place];                                     // panel.py
      const float4 x_1 = tile[place + 72u];
      const float4 x_2 = tile[place + 144u];
      const float4 x_3 = tile[place + 216u];
      const uint place_1 = column * 9u + part;                            // panel.py
      const uint place_2 = place_1 + 288u;                                // panel.py
      const float4 w_0 = tile[place_2];                                   // panel.py
      const float4 w_1 = tile[place_2 + 72u];
      const float4 w_2 = tile[place_2 + 144u];
      const float4 w_3 = tile[place_2 + 216u];
      sum_00 += dot(x_0, w_0);                                            // matmul.py
      sum_01 += dot(x_0, w_1);
      sum_02 += dot(x_0, w_2);
      sum_03 += dot(x_0, w_3);
      sum_10 += dot(x_1, w_0);
      sum_11 += dot(x_1, w_1);
      sum_12 += dot(x_1, w_2);
      sum_13 += dot(x_1, w_3);
      sum_20 += dot(x_2, w_0);
      sum_21 += dot(x_2, w_1);
      sum_22 += dot(x_2, w_2);
      sum_23 += dot(x_2, w_3);
      sum_30 += dot(x_3, w_0);
      sum_31 += dot(x_3, w_1);
      sum_32 += dot(x_3, w_2);
      sum_33 += dot(x_3, w_3);
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // matmul.py
  }
  const uint index = line * 8u + column;                                  // matmul.py
  tile[index] = (float4)(sum_00, sum_01, sum_02, sum_03);
  tile[index + 64u] = (float4)(sum_10, sum_11, sum_12, sum_13);
  tile[index + 128u] = (float4)(sum_20, sum_21, sum_22, sum_23);
  tile[index + 192u] = (float4)(sum_30, sum_31, sum_32, sum_33);
  barrier(CLK_LOCAL_MEM_FENCE);                                           // matmul.py
  for (uint block = local_id; block < 256u; block += 64u) {               // matmul.py
    const uint token = first_token + block / 8u;                          // matmul.py
    const float4 results = tile[block];                                   // matmul.py
    const uint row = first_row + (block % 8u) * 4u;
    if (token < step->seq) {                                              // matmul.py
      if (row < 128u) {                                                   // matmul.py
        const uint pair = row / 2u;                                       // matmul.py
        const uint position = step->past + token;                         // linear.py
        float first = results.x;                                          // linear.py
        float second = results.y;                                         // linear.py
        const uint in_head = pair % 4u;                                   // linear.py
        const bool rotated = pair < 48u;                                  // linear.py
        if (rotated) {                                                    // linear.py
          const float index_1 = (float)in_head;                           // rotary.py
          const float product = index_1 * -3.321289f;                     // math.py
          const float t = index_1 * -0.0006390324f;                       // math.py
          const float whole = floor(product + t + 0.5f);
          const float fraction = product - whole + t;                     // math.py
          const float series = fraction * 0.00015353362f + 0.0013398874f;  // math.py
          const float series_1 = series * fraction + 0.009618437f;        // math.py
          const float series_2 = series_1 * fraction + 0.055503324f;      // math.py
          const float series_3 = series_2 * fraction + 0.24022648f;       // math.py
          const float series_4 = series_3 * fraction + 0.6931472f;        // math.py
          const float power = as_float(as_uint(as_int(as_uint(convert_int_sat(whole))
              + as_uint(127))) << 23u);                                   // math.py
          const float angle = (float)position * ((series_4 * fraction + 1.0f) * power);  // rotary.py
          const float quarter = floor(angle * 0.63661975f + 0.5f);        // math.py
          const float reduced = angle - quarter * 1.5625f;                // math.py
          const float reduced_1 = reduced - quarter * 0.008178711f;       // math.py
          const float reduced_2 = reduced_1 - quarter * 0.00011730194f;   // math.py
          const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;    // math.py
          const float square = reduced_3 * reduced_3;                     // math.py
          const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // math.py
          const float sine_1 = sine * square * reduced_3 + reduced_3;     // math.py
          const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square + 0.041666646f;  // math.py
          const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // math.py
          const uint quadrant = convert_uint_sat(quarter) & 3u;           // math.py
          const bool swapped = (quadrant & 1u) == 1u;                     // math.py
          const float sin_value = swapped ? cosine_1 : sine_1;            // math.py
          const float cos_value = swapped ? sine_1 : cosine_1;            // math.py
          const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;  // math.py
          const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // math.py
          first = results.x * cos_angle - results.y * sin_angle;          // linear.py
          second = results.y * cos_angle + results.x * sin_angle;         // linear.py
        }
        const float2 both = (float2)(first, second);                      // linear.py
        const uint row_1 = position * 16u;                                // linear.py
        if (pair < 32u) {                                                 // linear.py
          q[pair + token * 32u] = both;                                   // linear.py
        } else {
          const uint stored = pack_half2(both);                           // linear.py
          if (rotated) {                                                  // linear.py
            k_cache[row_1 + pair - 32u] = stored;                         // linear.py
          } else {
            v_cache[row_1 + pair - 48u] = stored;                         // linear.py
          }
        }
      }
      const uint index_1 = row + 2u;                                      // matmul.py
      if (index_1 < 128u) {
        const uint pair = index_1 / 2u;                                   // matmul.py
        const uint position = step->past + token;                         // linear.py
        float first = results.z;                                          // linear.py
        float second = results.w;                                         // linear.py
        const uint in_head = pair % 4u;                                   // linear.py
        const bool rotated = pair < 48u;                                  // linear.py
        if (rotated) {                                                    // linear.py
          const float index_2 = (float)in_head;                           // rotary.py
          const float product = index_2 * -3.321289f;                     // math.py
          const float t = index_2 * -0.0006390324f;                       // math.py
          const float whole = floor(product + t + 0.5f);
          const float fraction = product - whole + t;                     // math.py
          const float series = fraction * 0.00015353362f + 0.0013398874f;  // math.py
          const float series_1 = series * fraction + 0.009618437f;        // math.py
          const float series_2 = series_1 * fraction + 0.055503324f;      // math.py
          const float series_3 = series_2 * fraction + 0.24022648f;       // math.py
          const float series_4 = series_3 * fraction + 0.6931472f;        // math.py
          const float power = as_float(as_uint(as_int(as_uint(convert_int_sat(whole))
              + as_uint(127))) << 23u);                                   // math.py
          const float angle = (float)position * ((series_4 * fraction + 1.0f) * power);  // rotary.py
          const float quarter = floor(angle * 0.63661975f + 0.5f);        // math.py
          const float reduced = angle - quarter * 1.5625f;                // math.py
          const float reduced_1 = reduced - quarter * 0.008178711f;       // math.py
          const float reduced_2 = reduced_1 - quarter * 0.00011730194f;   // math.py
          const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;    // math.py
          const float square = reduced_3 * reduced_3;                     // math.py
          const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // math.py
          const float sine_1 = sine * square * reduced_3 + reduced_3;     // math.py
          const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square + 0.041666646f;  // math.py
          const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // math.py
          const uint quadrant = convert_uint_sat(quarter) & 3u;           // math.py
          const bool swapped = (quadrant & 1u) == 1u;                     // math.py
          const float sin_value = swapped ? cosine_1 : sine_1;            // math.py
          const float cos_value = swapped ? sine_1 : cosine_1;            // math.py
          const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;  // math.py
          const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // math.py
          first = results.z * cos_angle - results.w * sin_angle;          // linear.py
          second = results.w * cos_angle + results.z * sin_angle;         // linear.py
        }
        const float2 both = (float2)(first, second);                      // linear.py
        const uint row_1 = position * 16u;                                // linear.py
        if (pair < 32u) {                                                 // linear.py
          q[pair + token * 32u] = both;                                   // linear.py
        } else {
          const uint stored = pack_half2(both);                           // linear.py
          if (rotated) {                                                  // linear.py
            k_cache[row_1 + pair - 32u] = stored;                         // linear.py
          } else {
            v_cache[row_1 + pair - 48u] = stored;                         // linear.py
          }
        }
      }
    }
  }
}
