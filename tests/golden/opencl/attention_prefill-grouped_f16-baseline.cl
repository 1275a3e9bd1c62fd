// attention_prefill_f16_8_4x8

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

__kernel __attribute__((reqd_work_group_size(32, 1, 1)))
void attention_prefill_f16_8_4x8_kernel(
  __global const float2 *restrict q,
  __global const uint *restrict k_cache,
  __global const uint *restrict v_cache,
  __global float2 *restrict out,
  __constant struct Step *step
) {
  __local float2 queries[128];
  __local float2 keys[160];
  __local float4 maxima[32];
  __local float4 weights[256];
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint first_row = workgroup_id.x * 32u;                            // attention_prefill.py
  if (first_row < step->seq) {                                            // attention_prefill.py
    const uint kv_head = workgroup_id.y / 2u;                             // attention_prefill.py
    const uint group = local_id / 4u;                                     // attention_prefill.py
    const uint column = local_id % 4u;                                    // attention_prefill.py
    const uint end = step->past + min(first_row + 32u, step->seq);        // attention_prefill.py
    float4 maximum = (float4)(-1e30f);                                    // softmax.py
    float4 total = (float4)(0.0f);                                        // softmax.py
    float4 sum_0 = (float4)(0.0f);                                        // softmax.py
    float4 sum_1 = (float4)(0.0f);
    for (uint tile = 0u; tile < end; tile += 32u) {                       // attention_prefill.py
      const uint first_query = group * 16u;                               // attention_prefill.py
      const uint first_key = column * 5u;                                 // attention_prefill.py
      float score_00 = 0.0f;                                              // attention_prefill.py
      float score_01 = 0.0f;
      float score_02 = 0.0f;
      float score_03 = 0.0f;
      float score_10 = 0.0f;
      float score_11 = 0.0f;
      float score_12 = 0.0f;
      float score_13 = 0.0f;
      float score_20 = 0.0f;
      float score_21 = 0.0f;
      float score_22 = 0.0f;
      float score_23 = 0.0f;
      float score_30 = 0.0f;
      float score_31 = 0.0f;
      float score_32 = 0.0f;
      float score_33 = 0.0f;
      float score_40 = 0.0f;
      float score_41 = 0.0f;
      float score_42 = 0.0f;
      float score_43 = 0.0f;
      float score_50 = 0.0f;
      float score_51 = 0.0f;
      float score_52 = 0.0f;
      float score_53 = 0.0f;
      float score_60 = 0.0f;
      float score_61 = 0.0f;
      float score_62 = 0.0f;
      float score_63 = 0.0f;
      float score_70 = 0.0f;
      float score_71 = 0.0f;
      float score_72 = 0.0f;
      float score_73 = 0.0f;
      for (uint chunk = 0u; chunk < 4u; chunk += 4u) {                    // attention_prefill.py
        barrier(CLK_LOCAL_MEM_FENCE);                                     // attention_prefill.py
        for (uint at = local_id; at < 128u; at += 32u) {                  // deal.py
          const uint row = min(first_row + at / 4u, step->seq - 1u);      // attention_prefill.py
          const uint element = (row * 8u + workgroup_id.y) * 4u + chunk + at % 4u;  // attention_prefill.py
          queries[at] = q[element] * 0.5100697f;                          // attention_prefill.py
        }
        for (uint at = local_id; at < 128u; at += 32u) {                  // deal.py
          const uint key = at / 4u;                                       // attention_prefill.py
          const uint load = at % 4u;                                      // attention_prefill.py
          const uint position = min(tile + key, end - 1u);                // attention_prefill.py
          const uint row = position * 4u + kv_head;                       // cache.py
          const uint stored = k_cache[row * 4u + chunk + load];           // cache.py
          const float2 staged = unpack_half2(stored);                     // cache.py
          keys[key * 5u + load] = staged;                                 // attention_prefill.py
        }
        barrier(CLK_LOCAL_MEM_FENCE);                                     // attention_prefill.py
        for (uint at = 0u; at < 4u; at++) {                               // attention_prefill.py
          const uint place = first_query + at;                            // attention_prefill.py
          const float2 query = queries[place];                            // attention_prefill.py
          const float2 query_1 = queries[place + 4u];
          const float2 query_2 = queries[place + 8u];
          const float2 query_3 = queries[place + 12u];
          const uint place_1 = first_key + at;                            // attention_prefill.py
          const float2 key = keys[place_1];                               // attention_prefill.py
          score_00 += dot(query, key);                                    // attention_prefill.py
          score_01 += dot(query_1, key);
          score_02 += dot(query_2, key);
          score_03 += dot(query_3, key);
          const uint place_2 = place_1 + 20u;                             // attention_prefill.py
          const float2 key_1 = keys[place_2];                             // attention_prefill.py
          score_10 += dot(query, key_1);                                  // attention_prefill.py
          score_11 += dot(query_1, key_1);
          score_12 += dot(query_2, key_1);
          score_13 += dot(query_3, key_1);
          const uint place_3 = place_1 + 40u;                             // attention_prefill.py
          const float2 key_2 = keys[place_3];                             // attention_prefill.py
          score_20 += dot(query, key_2);                                  // attention_prefill.py
          score_21 += dot(query_1, key_2);
          score_22 += dot(query_2, key_2);
          score_23 += dot(query_3, key_2);
          const uint place_4 = place_1 + 60u;                             // attention_prefill.py
          const float2 key_3 = keys[place_4];                             // attention_prefill.py
          score_30 += dot(query, key_3);                                  // attention_prefill.py
          score_31 += dot(query_1, key_3);
          score_32 += dot(query_2, key_3);
          score_33 += dot(query_3, key_3);
          const uint place_5 = place_1 + 80u;                             // attention_prefill.py
          const float2 key_4 = keys[place_5];                             // attention_prefill.py
          score_40 += dot(query, key_4);                                  // attention_prefill.py
          score_41 += dot(query_1, key_4);
          score_42 += dot(query_2, key_4);
          score_43 += dot(query_3, key_4);
          const uint place_6 = place_1 + 100u;                            // attention_prefill.py
          const float2 key_5 = keys[place_6];                             // attention_prefill.py
          score_50 += dot(query, key_5);                                  // attention_prefill.py
          score_51 += dot(query_1, key_5);
          score_52 += dot(query_2, key_5);
          score_53 += dot(query_3, key_5);
          const uint place_7 = place_1 + 120u;                            // attention_prefill.py
          const float2 key_6 = keys[place_7];                             // attention_prefill.py
          score_60 += dot(query, key_6);                                  // attention_prefill.py
          score_61 += dot(query_1, key_6);
          score_62 += dot(query_2, key_6);
          score_63 += dot(query_3, key_6);
          const uint place_8 = place_1 + 140u;                            // attention_prefill.py
          const float2 key_7 = keys[place_8];                             // attention_prefill.py
          score_70 += dot(query, key_7);                                  // attention_prefill.py
          score_71 += dot(query_1, key_7);
          score_72 += dot(query_2, key_7);
          score_73 += dot(query_3, key_7);
        }
      }
      const uint index = group * 4u;                                      // attention_prefill.py
      const uint own_position = step->past + first_row + index;
      const uint own_position_1 = own_position + 1u;                      // attention_prefill.py
      const uint own_position_2 = own_position + 2u;
      const uint own_position_3 = own_position + 3u;
      const uint key_position = tile + column;                            // attention_prefill.py
      const float4 masked = (float4)(key_position <= own_position ? score_00 : -1e30f,
          key_position <= own_position_1 ? score_01 : -1e30f, key_position
          <= own_position_2 ? score_02 : -1e30f, key_position
          <= own_position_3 ? score_03 : -1e30f);                         // attention_prefill.py
      const uint key_position_1 = key_position + 4u;                      // attention_prefill.py
      const float4 masked_1 = (float4)(key_position_1 <= own_position ? score_10 : -1e30f,
          key_position_1 <= own_position_1 ? score_11 : -1e30f, key_position_1
          <= own_position_2 ? score_12 : -1e30f, key_position_1
          <= own_position_3 ? score_13 : -1e30f);                         // attention_prefill.py
      const uint key_position_2 = key_position + 8u;                      // attention_prefill.py
      const float4 masked_2 = (float4)(key_position_2 <= own_position ? score_20 : -1e30f,
          key_position_2 <= own_position_1 ? score_21 : -1e30f, key_position_2
          <= own_position_2 ? score_22 : -1e30f, key_position_2
          <= own_position_3 ? score_23 : -1e30f);                         // attention_prefill.py
      const uint key_position_3 = key_position + 12u;                     // attention_prefill.py
      const float4 masked_3 = (float4)(key_position_3 <= own_position ? score_30 : -1e30f,
          key_position_3 <= own_position_1 ? score_31 : -1e30f, key_position_3
          <= own_position_2 ? score_32 : -1e30f, key_position_3
          <= own_position_3 ? score_33 : -1e30f);                         // attention_prefill.py
      const uint key_position_4 = key_position + 16u;                     // attention_prefill.py
      const float4 masked_4 = (float4)(key_position_4 <= own_position ? score_40 : -1e30f,
          key_position_4 <= own_position_1 ? score_41 : -1e30f, key_position_4
          <= own_position_2 ? score_42 : -1e30f, key_position_4
          <= own_position_3 ? score_43 : -1e30f);                         // attention_prefill.py
      const uint key_position_5 = key_position + 20u;                     // attention_prefill.py
      const float4 masked_5 = (float4)(key_position_5 <= own_position ? score_50 : -1e30f,
          key_position_5 <= own_position_1 ? score_51 : -1e30f, key_position_5
          <= own_position_2 ? score_52 : -1e30f, key_position_5
          <= own_position_3 ? score_53 : -1e30f);                         // attention_prefill.py
      const uint key_position_6 = key_position + 24u;                     // attention_prefill.py
      const float4 masked_6 = (float4)(key_position_6 <= own_position ? score_60 : -1e30f,
          key_position_6 <= own_position_1 ? score_61 : -1e30f, key_position_6
          <= own_position_2 ? score_62 : -1e30f, key_position_6
          <= own_position_3 ? score_63 : -1e30f);                         // attention_prefill.py
      const uint key_position_7 = key_position + 28u;                     // attention_prefill.py
      const float4 masked_7 = (float4)(key_position_7 <= own_position ? score_70 : -1e30f,
          key_position_7 <= own_position_1 ? score_71 : -1e30f, key_position_7
          <= own_position_2 ? score_72 : -1e30f, key_position_7
          <= own_position_3 ? score_73 : -1e30f);                         // attention_prefill.py
      const float4 greatest = fmax(fmax(fmax(fmax(fmax(fmax(fmax(masked, masked_1), masked_2),
          masked_3), masked_4), masked_5), masked_6), masked_7);          // attention_prefill.py
      maxima[local_id] = greatest;                                        // attention_prefill.py
      barrier(CLK_LOCAL_MEM_FENCE);                                       // attention_prefill.py
      float4 tile_maximum = maxima[index];                                // attention_prefill.py
      for (uint other = 1u; other < 4u; other++) {                        // attention_prefill.py
        tile_maximum = fmax(tile_maximum, maxima[index + other]);         // attention_prefill.py
      }
      const float4 highest = fmax(maximum, tile_maximum);                 // softmax.py
      const float4 rescale = exp2(maximum - highest);                     // softmax.py
      total *= rescale;                                                   // softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      maximum = highest;                                                  // softmax.py
      const uint first_weight = group * 32u;                              // attention_prefill.py
      const uint place = first_weight + column;
      weights[place] = exp2(masked - highest);                            // attention_prefill.py
      const uint place_1 = place + 4u;                                    // attention_prefill.py
      weights[place_1] = exp2(masked_1 - highest);                        // attention_prefill.py
      const uint place_2 = place + 8u;                                    // attention_prefill.py
      weights[place_2] = exp2(masked_2 - highest);                        // attention_prefill.py
      const uint place_3 = place + 12u;                                   // attention_prefill.py
      weights[place_3] = exp2(masked_3 - highest);                        // attention_prefill.py
      const uint place_4 = place + 16u;                                   // attention_prefill.py
      weights[place_4] = exp2(masked_4 - highest);                        // attention_prefill.py
      const uint place_5 = place + 20u;                                   // attention_prefill.py
      weights[place_5] = exp2(masked_5 - highest);                        // attention_prefill.py
      const uint place_6 = place + 24u;                                   // attention_prefill.py
      weights[place_6] = exp2(masked_6 - highest);                        // attention_prefill.py
      const uint place_7 = place + 28u;                                   // attention_prefill.py
      weights[place_7] = exp2(masked_7 - highest);                        // attention_prefill.py
      barrier(CLK_LOCAL_MEM_FENCE);                                       // attention_prefill.py
      const uint count = min(end - tile, 32u);                            // attention_prefill.py
      const uint last = end - 1u;
      for (uint key = 0u; key < count; key += 4u) {                       // attention_prefill.py
        const uint key_1 = key + 1u;                                      // attention_prefill.py
        const uint key_2 = key + 2u;
        const uint key_3 = key + 3u;
        const uint row = min(tile + key, last) * 4u + kv_head;            // cache.py
        const uint stored = v_cache[row * 4u + column];                   // cache.py
        const float2 value = unpack_half2(stored);                        // cache.py
        const uint row_1 = min(tile + key_1, last) * 4u + kv_head;        // cache.py
        const uint stored_1 = v_cache[row_1 * 4u + column];               // cache.py
        const float2 value_1 = unpack_half2(stored_1);                    // cache.py
        const uint row_2 = min(tile + key_2, last) * 4u + kv_head;        // cache.py
        const uint stored_2 = v_cache[row_2 * 4u + column];               // cache.py
        const float2 value_2 = unpack_half2(stored_2);                    // cache.py
        const uint row_3 = min(tile + key_3, last) * 4u + kv_head;        // cache.py
        const uint stored_3 = v_cache[row_3 * 4u + column];               // cache.py
        const float2 value_3 = unpack_half2(stored_3);                    // cache.py
        const float4 weight = weights[first_weight + key];                // attention_prefill.py
        total += weight;                                                  // softmax.py
        sum_0 += weight * value.x;                                        // softmax.py
        sum_1 += weight * value.y;
        const float4 weight_1 = weights[first_weight + key_1];            // attention_prefill.py
        total += weight_1;                                                // softmax.py
        sum_0 += weight_1 * value_1.x;                                    // softmax.py
        sum_1 += weight_1 * value_1.y;
        const float4 weight_2 = weights[first_weight + key_2];            // attention_prefill.py
        total += weight_2;                                                // softmax.py
        sum_0 += weight_2 * value_2.x;                                    // softmax.py
        sum_1 += weight_2 * value_2.y;
        const float4 weight_3 = weights[first_weight + key_3];            // attention_prefill.py
        total += weight_3;                                                // softmax.py
        sum_0 += weight_3 * value_3.x;                                    // softmax.py
        sum_1 += weight_3 * value_3.y;
      }
    }
    const uint token = first_row + group * 4u;                            // attention_prefill.py
    if (token < step->seq) {                                              // attention_prefill.py
      const uint row_start = (token * 8u + workgroup_id.y) * 4u;          // attention_prefill.py
      const uint start = row_start + column;                              // attention_prefill.py
      const float2 row_sums = (float2)(sum_0.x, sum_1.x);                 // softmax.py
      out[start] = row_sums / total.x;                                    // attention_prefill.py
    }
    const uint token_1 = token + 1u;                                      // attention_prefill.py
    if (token_1 < step->seq) {                                            // attention_prefill.py
      const uint row_start = (token_1 * 8u + workgroup_id.y) * 4u;        // attention_prefill.py
      const uint start = row_start + column;                              // attention_prefill.py
      const float2 row_sums = (float2)(sum_0.y, sum_1.y);                 // softmax.py
      out[start] = row_sums / total.y;                                    // attention_prefill.py
    }
    const uint token_2 = token + 2u;                                      // attention_prefill.py
    if (token_2 < step->seq) {                                            // attention_prefill.py
      const uint row_start = (token_2 * 8u + workgroup_id.y) * 4u;        // attention_prefill.py
      const uint start = row_start + column;                              // attention_prefill.py
      const float2 row_sums = (float2)(sum_0.z, sum_1.z);                 // softmax.py
      out[start] = row_sums / total.z;                                    // attention_prefill.py
    }
    const uint token_3 = token + 3u;                                      // attention_prefill.py
    if (token_3 < step->seq) {                                            // attention_prefill.py
      const uint row_start = (token_3 * 8u + workgroup_id.y) * 4u;        // attention_prefill.py
      const uint start = row_start + column;                              // attention_prefill.py
      const float2 row_sums = (float2)(sum_0.w, sum_1.w);                 // softmax.py
      out[start] = row_sums / total.w;                                    // attention_prefill.py
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}
