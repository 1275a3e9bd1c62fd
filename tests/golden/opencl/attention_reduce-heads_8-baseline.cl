// attention_reduce_8x16_split64

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

__kernel __attribute__((reqd_work_group_size(128, 1, 1)))
void attention_reduce_8x16_split64_kernel(
  __global const float2 *restrict partials,
  __global float2 *restrict out,
  __constant struct Step *step
) {
  __local float exchange[256];
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint stream = local_id / 8u;                                      // attention_reduce.py
  const uint column = local_id % 8u;                                      // attention_reduce.py
  const uint splits = step->past / 64u + 1u;                              // attention_reduce.py
  float maximum = -1e30f;                                                 // softmax.py
  float total = 0.0f;                                                     // softmax.py
  float sum_0 = 0.0f;                                                     // softmax.py
  float sum_1 = 0.0f;
  for (uint first = stream; first < splits; first += 64u) {               // attention_reduce.py
    const uint index = splits - 1u;                                       // attention_reduce.py
    const uint start = (min(first, index) * 8u + workgroup_id.x) * 9u;
    const float2 sums = partials[start + column];                         // attention_reduce.py
    const float2 summary = partials[start + 8u];                          // attention_reduce.py
    const float score = first < splits ? summary.x : -1e30f;              // attention_reduce.py
    const uint split = first + 16u;                                       // attention_reduce.py
    const uint start_1 = (min(split, index) * 8u + workgroup_id.x) * 9u;  // attention_reduce.py
    const float2 sums_1 = partials[start_1 + column];                     // attention_reduce.py
    const float2 summary_1 = partials[start_1 + 8u];                      // attention_reduce.py
    const float score_1 = split < splits ? summary_1.x : -1e30f;          // attention_reduce.py
    const uint split_1 = first + 32u;                                     // attention_reduce.py
    const uint start_2 = (min(split_1, index) * 8u + workgroup_id.x) * 9u;  // attention_reduce.py
    const float2 sums_2 = partials[start_2 + column];                     // attention_reduce.py
    const float2 summary_2 = partials[start_2 + 8u];                      // attention_reduce.py
    const float score_2 = split_1 < splits ? summary_2.x : -1e30f;        // attention_reduce.py
    const uint split_2 = first + 48u;                                     // attention_reduce.py
    const uint start_3 = (min(split_2, index) * 8u + workgroup_id.x) * 9u;  // attention_reduce.py
    const float2 sums_3 = partials[start_3 + column];                     // attention_reduce.py
    const float2 summary_3 = partials[start_3 + 8u];                      // attention_reduce.py
    const float score_3 = split_2 < splits ? summary_3.x : -1e30f;        // attention_reduce.py
    const float highest = fmax(fmax(fmax(fmax(maximum, score), score_1), score_2), score_3);  // softmax.py
    const float rescale = exp2(maximum - highest);                        // softmax.py
    total *= rescale;                                                     // softmax.py
    sum_0 *= rescale;
    sum_1 *= rescale;
    maximum = highest;                                                    // softmax.py
    const float weight = exp2(score - highest);                           // attention_reduce.py
    total += weight * summary.y;                                          // softmax.py
    sum_0 += weight * sums.x;                                             // softmax.py
    sum_1 += weight * sums.y;
    const float weight_1 = exp2(score_1 - highest);                       // attention_reduce.py
    total += weight_1 * summary_1.y;                                      // softmax.py
    sum_0 += weight_1 * sums_1.x;                                         // softmax.py
    sum_1 += weight_1 * sums_1.y;
    const float weight_2 = exp2(score_2 - highest);                       // attention_reduce.py
    total += weight_2 * summary_2.y;                                      // softmax.py
    sum_0 += weight_2 * sums_2.x;                                         // softmax.py
    sum_1 += weight_2 * sums_2.y;
    const float weight_3 = exp2(score_3 - highest);                       // attention_reduce.py
    total += weight_3 * summary_3.y;                                      // softmax.py
    sum_0 += weight_3 * sums_3.x;                                         // softmax.py
    sum_1 += weight_3 * sums_3.y;
  }
  for (uint level = 1u; level < 5u; level++) {                            // softmax.py
    const uint distance = (16u >> level) * 8u;                            // softmax.py
    const bool gives = local_id >= distance && local_id < distance * 2u;  // softmax.py
    const bool takes = local_id < distance;                               // softmax.py
    if (gives) {                                                          // softmax.py
      const uint cell = local_id - distance;                              // softmax.py
      exchange[cell] = maximum;                                           // softmax.py
      exchange[cell + 64u] = total;
      exchange[cell + 128u] = sum_0;
      exchange[cell + 192u] = sum_1;
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // softmax.py
    if (takes) {                                                          // softmax.py
      const float other_maximum = exchange[local_id];                     // softmax.py
      const float highest = fmax(maximum, other_maximum);                 // softmax.py
      const float rescale = exp2(maximum - highest);                      // softmax.py
      total *= rescale;                                                   // softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      maximum = highest;                                                  // softmax.py
      const float weight = exp2(other_maximum - highest);                 // softmax.py
      total += weight * exchange[local_id + 64u];                         // softmax.py
      sum_0 += weight * exchange[local_id + 128u];                        // softmax.py
      sum_1 += weight * exchange[local_id + 192u];
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // softmax.py
  }
  if (local_id < 8u) {                                                    // deal.py
    out[workgroup_id.x * 8u + local_id] = (float2)(sum_0, sum_1) / total;  // attention_reduce.py
  }
}
