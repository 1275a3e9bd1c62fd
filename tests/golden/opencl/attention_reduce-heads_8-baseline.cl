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
  const uint stream = local_id / 8u;                                      // decode/reduce_splits.py
  const uint column = local_id % 8u;                                      // decode/reduce_splits.py
  const uint splits = step->past / 64u + 1u;                              // decode/reduce_splits.py
  float maximum = -1e30f;                                                 // attention/softmax.py
  float total = 0.0f;                                                     // attention/softmax.py
  float sum_0 = 0.0f;                                                     // attention/softmax.py
  float sum_1 = 0.0f;
  for (uint first = stream; first < splits; first += 64u) {               // decode/reduce_splits.py
    const uint index = splits - 1u;                                       // decode/reduce_splits.py
    const uint start = (min(first, index) * 8u + workgroup_id.x) * 9u;
    const float2 sums = partials[start + column];                         // decode/reduce_splits.py
    const float2 summary = partials[start + 8u];                          // decode/reduce_splits.py
    const float score = first < splits ? summary.x : -1e30f;              // decode/reduce_splits.py
    const uint split = first + 16u;                                       // decode/reduce_splits.py
    const uint start_1 = (min(split, index) * 8u + workgroup_id.x) * 9u;  // decode/reduce_splits.py
    const float2 sums_1 = partials[start_1 + column];                     // decode/reduce_splits.py
    const float2 summary_1 = partials[start_1 + 8u];                      // decode/reduce_splits.py
    const float score_1 = split < splits ? summary_1.x : -1e30f;          // decode/reduce_splits.py
    const uint split_1 = first + 32u;                                     // decode/reduce_splits.py
    const uint start_2 = (min(split_1, index) * 8u + workgroup_id.x) * 9u;  // decode/reduce_splits.py
    const float2 sums_2 = partials[start_2 + column];                     // decode/reduce_splits.py
    const float2 summary_2 = partials[start_2 + 8u];                      // decode/reduce_splits.py
    const float score_2 = split_1 < splits ? summary_2.x : -1e30f;        // decode/reduce_splits.py
    const uint split_2 = first + 48u;                                     // decode/reduce_splits.py
    const uint start_3 = (min(split_2, index) * 8u + workgroup_id.x) * 9u;  // decode/reduce_splits.py
    const float2 sums_3 = partials[start_3 + column];                     // decode/reduce_splits.py
    const float2 summary_3 = partials[start_3 + 8u];                      // decode/reduce_splits.py
    const float score_3 = split_2 < splits ? summary_3.x : -1e30f;        // decode/reduce_splits.py
    const float highest = fmax(fmax(fmax(fmax(maximum, score), score_1), score_2), score_3);  // attention/softmax.py
    const float rescale = exp2(maximum - highest);                        // attention/softmax.py
    total *= rescale;                                                     // attention/softmax.py
    sum_0 *= rescale;
    sum_1 *= rescale;
    maximum = highest;                                                    // attention/softmax.py
    const float weight = exp2(score - highest);                           // decode/reduce_splits.py
    total += weight * summary.y;                                          // attention/softmax.py
    sum_0 += weight * sums.x;                                             // attention/softmax.py
    sum_1 += weight * sums.y;
    const float weight_1 = exp2(score_1 - highest);                       // decode/reduce_splits.py
    total += weight_1 * summary_1.y;                                      // attention/softmax.py
    sum_0 += weight_1 * sums_1.x;                                         // attention/softmax.py
    sum_1 += weight_1 * sums_1.y;
    const float weight_2 = exp2(score_2 - highest);                       // decode/reduce_splits.py
    total += weight_2 * summary_2.y;                                      // attention/softmax.py
    sum_0 += weight_2 * sums_2.x;                                         // attention/softmax.py
    sum_1 += weight_2 * sums_2.y;
    const float weight_3 = exp2(score_3 - highest);                       // decode/reduce_splits.py
    total += weight_3 * summary_3.y;                                      // attention/softmax.py
    sum_0 += weight_3 * sums_3.x;                                         // attention/softmax.py
    sum_1 += weight_3 * sums_3.y;
  }
  for (uint level = 1u; level < 5u; level++) {                            // attention/softmax.py
    const uint distance = (16u >> level) * 8u;                            // attention/softmax.py
    const bool gives = local_id >= distance && local_id < distance * 2u;  // attention/softmax.py
    const bool takes = local_id < distance;                               // attention/softmax.py
    if (gives) {                                                          // attention/softmax.py
      const uint cell = local_id - distance;                              // attention/softmax.py
      exchange[cell] = maximum;                                           // attention/softmax.py
      exchange[cell + 64u] = total;
      exchange[cell + 128u] = sum_0;
      exchange[cell + 192u] = sum_1;
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // attention/softmax.py
    if (takes) {                                                          // attention/softmax.py
      const float other_maximum = exchange[local_id];                     // attention/softmax.py
      const float highest = fmax(maximum, other_maximum);                 // attention/softmax.py
      const float rescale = exp2(maximum - highest);                      // attention/softmax.py
      total *= rescale;                                                   // attention/softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      maximum = highest;                                                  // attention/softmax.py
      const float weight = exp2(other_maximum - highest);                 // attention/softmax.py
      total += weight * exchange[local_id + 64u];                         // attention/softmax.py
      sum_0 += weight * exchange[local_id + 128u];                        // attention/softmax.py
      sum_1 += weight * exchange[local_id + 192u];
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // attention/softmax.py
  }
  if (local_id < 8u) {                                                    // parts/distribute.py
    out[workgroup_id.x * 8u + local_id] = (float2)(sum_0, sum_1) / total;  // decode/head_results.py
  }
}
