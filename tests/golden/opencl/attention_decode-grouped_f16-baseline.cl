// attention_decode_f16_8_4x8

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

__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void attention_decode_f16_8_4x8_kernel(
  __global const float2 *restrict q,
  __global const uint *restrict k_cache,
  __global const uint *restrict v_cache,
  __global float2 *restrict out,
  __constant struct Step *step
) {
  __local float2 query[8];
  __local float2 scores[64];
  __local float2 exchange[256];
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint positions = step->past + 1u;                                 // decode/kernel.py
  const uint first_head = workgroup_id.x * 2u;                            // decode/head_results.py
  if (local_id < 8u) {                                                    // parts/distribute.py
    const uint element = first_head * 4u + local_id;                      // decode/body.py
    query[local_id] = q[element] * 0.5100697f;                            // decode/body.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // decode/body.py
  float2 maximum = (float2)(-1e30f);                                      // attention/softmax.py
  float2 total = (float2)(0.0f);                                          // attention/softmax.py
  float2 sum_0 = (float2)(0.0f);                                          // attention/softmax.py
  float2 sum_1 = (float2)(0.0f);
  for (uint tile = 0u; tile < positions; tile += 64u) {                   // decode/body.py
    const uint count = min(positions - tile, 64u);                        // decode/body.py
    const uint part = local_id % 4u;                                      // decode/body.py
    const uint stream = local_id / 4u;                                    // decode/body.py
    for (uint position = stream; position < 64u; position += 16u) {
      const uint cell = position * 4u + part;                             // decode/body.py
      if (position < count) {                                             // decode/body.py
        float score_0 = 0.0f;                                             // decode/body.py
        float score_1 = 0.0f;
        const uint stored = k_cache[((tile + position) * 4u + workgroup_id.x) * 4u + part];  // attention/cache.py
        const float2 key = unpack_half2(stored);                          // attention/row_kinds.py
        score_0 += dot(query[part], key);                                 // decode/body.py
        score_1 += dot(query[part + 4u], key);
        exchange[cell] = (float2)(score_0, score_1);                      // decode/body.py
      } else {
        exchange[cell] = (float2)(-1e30f);                                // decode/body.py
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // decode/body.py
    const uint index = local_id * 4u;                                     // decode/body.py
    const float2 score = exchange[index];
    const float2 score_1 = score + exchange[index + 1u] + exchange[index + 2u]
        + exchange[index + 3u];                                           // decode/body.py
    scores[local_id] = score_1;                                           // decode/body.py
    barrier(CLK_LOCAL_MEM_FENCE);                                         // decode/body.py
    const uint last = positions - 1u;                                     // decode/body.py
    for (uint first = 0u; first < count; first += 64u) {                  // decode/body.py
      const uint place = first + stream;                                  // decode/body.py
      const uint place_1 = place + 16u;
      const uint place_2 = place + 32u;
      const uint place_3 = place + 48u;
      const uint stored = v_cache[(min(tile + place, last) * 4u + workgroup_id.x) * 4u + part];  // attention/cache.py
      const float2 value = unpack_half2(stored);                          // attention/row_kinds.py
      const uint stored_1 = v_cache[(min(tile + place_1, last) * 4u + workgroup_id.x) * 4u
          + part];                                                        // attention/cache.py
      const float2 value_1 = unpack_half2(stored_1);                      // attention/row_kinds.py
      const uint stored_2 = v_cache[(min(tile + place_2, last) * 4u + workgroup_id.x) * 4u
          + part];                                                        // attention/cache.py
      const float2 value_2 = unpack_half2(stored_2);                      // attention/row_kinds.py
      const uint stored_3 = v_cache[(min(tile + place_3, last) * 4u + workgroup_id.x) * 4u
          + part];                                                        // attention/cache.py
      const float2 value_3 = unpack_half2(stored_3);                      // attention/row_kinds.py
      const float2 score_2 = scores[place];                               // decode/body.py
      const float2 score_3 = scores[place_1];
      const float2 score_4 = scores[place_2];
      const float2 score_5 = scores[place_3];
      const float2 highest = fmax(fmax(fmax(fmax(maximum, score_2), score_3), score_4),
          score_5);                                                       // attention/softmax.py
      const float2 rescale = exp2(maximum - highest);                     // attention/softmax.py
      total *= rescale;                                                   // attention/softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      maximum = highest;                                                  // attention/softmax.py
      const float2 weight = exp2(score_2 - highest);                      // decode/body.py
      total += weight;                                                    // attention/softmax.py
      sum_0 += weight * value.x;                                          // attention/softmax.py
      sum_1 += weight * value.y;
      const float2 weight_1 = exp2(score_3 - highest);                    // decode/body.py
      total += weight_1;                                                  // attention/softmax.py
      sum_0 += weight_1 * value_1.x;                                      // attention/softmax.py
      sum_1 += weight_1 * value_1.y;
      const float2 weight_2 = exp2(score_4 - highest);                    // decode/body.py
      total += weight_2;                                                  // attention/softmax.py
      sum_0 += weight_2 * value_2.x;                                      // attention/softmax.py
      sum_1 += weight_2 * value_2.y;
      const float2 weight_3 = exp2(score_5 - highest);                    // decode/body.py
      total += weight_3;                                                  // attention/softmax.py
      sum_0 += weight_3 * value_3.x;                                      // attention/softmax.py
      sum_1 += weight_3 * value_3.y;
    }
  }
  for (uint level = 1u; level < 5u; level++) {                            // attention/softmax.py
    const uint distance = (16u >> level) * 4u;                            // attention/softmax.py
    const bool gives = local_id >= distance && local_id < distance * 2u;  // attention/softmax.py
    const bool takes = local_id < distance;                               // attention/softmax.py
    if (gives) {                                                          // attention/softmax.py
      const uint cell = local_id - distance;                              // attention/softmax.py
      exchange[cell] = maximum;                                           // attention/softmax.py
      exchange[cell + 32u] = total;
      exchange[cell + 64u] = sum_0;
      exchange[cell + 96u] = sum_1;
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // attention/softmax.py
    if (takes) {                                                          // attention/softmax.py
      const float2 other_maximum = exchange[local_id];                    // attention/softmax.py
      const float2 highest = fmax(maximum, other_maximum);                // attention/softmax.py
      const float2 rescale = exp2(maximum - highest);                     // attention/softmax.py
      total *= rescale;                                                   // attention/softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      maximum = highest;                                                  // attention/softmax.py
      const float2 weight = exp2(other_maximum - highest);                // attention/softmax.py
      total += weight * exchange[local_id + 32u];                         // attention/softmax.py
      sum_0 += weight * exchange[local_id + 64u];                         // attention/softmax.py
      sum_1 += weight * exchange[local_id + 96u];
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // attention/softmax.py
  }
  if (local_id < 4u) {                                                    // parts/distribute.py
    const float2 row_sums = (float2)(sum_0.x, sum_1.x);                   // attention/softmax.py
    out[first_head * 4u + local_id] = row_sums / total.x;                 // decode/head_results.py
    const float2 row_sums_1 = (float2)(sum_0.y, sum_1.y);                 // attention/softmax.py
    out[(first_head + 1u) * 4u + local_id] = row_sums_1 / total.y;        // decode/head_results.py
  }
}
