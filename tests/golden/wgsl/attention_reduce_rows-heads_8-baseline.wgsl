// attention_reduce_rows_8x16_split64_of4_to39

@group(0) @binding(0) var<storage, read> partials: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read_write> out: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> step_rows: array<u32>;

var<workgroup> exchange: array<f32, 256>;

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.z * 72u;                                       // several/each_row.py
  let index_1 = workgroup_id.z * 64u;
  let stream = local_id.x / 8u;                                           // decode/reduce_splits.py
  let column = local_id.x % 8u;                                           // decode/reduce_splits.py
  let splits = step_rows[workgroup_id.z * 8u + 1u] / 64u + 1u;            // decode/reduce_splits.py
  var maximum: f32 = -1e30;                                               // attention/softmax.py
  var total: f32 = 0.0;                                                   // attention/softmax.py
  var sum_0: f32 = 0.0;                                                   // attention/softmax.py
  var sum_1: f32 = 0.0;
  for (var first = stream; first < splits; first += 64u) {                // decode/reduce_splits.py
    let index_2 = splits - 1u;                                            // decode/reduce_splits.py
    let start = (min(first, index_2) * 8u + workgroup_id.x) * 9u;
    let sums = partials[index + start + column];                          // decode/reduce_splits.py
    let summary = partials[index + start + 8u];                           // decode/reduce_splits.py
    let score = select(-1e30, summary.x, first < splits);                 // decode/reduce_splits.py
    let split = first + 16u;                                              // decode/reduce_splits.py
    let start_1 = (min(split, index_2) * 8u + workgroup_id.x) * 9u;       // decode/reduce_splits.py
    let sums_1 = partials[index + start_1 + column];                      // decode/reduce_splits.py
    let summary_1 = partials[index + start_1 + 8u];                       // decode/reduce_splits.py
    let score_1 = select(-1e30, summary_1.x, split < splits);             // decode/reduce_splits.py
    let split_1 = first + 32u;                                            // decode/reduce_splits.py
    let start_2 = (min(split_1, index_2) * 8u + workgroup_id.x) * 9u;     // decode/reduce_splits.py
    let sums_2 = partials[index + start_2 + column];                      // decode/reduce_splits.py
    let summary_2 = partials[index + start_2 + 8u];                       // decode/reduce_splits.py
    let score_2 = select(-1e30, summary_2.x, split_1 < splits);           // decode/reduce_splits.py
    let split_2 = first + 48u;                                            // decode/reduce_splits.py
    let start_3 = (min(split_2, index_2) * 8u + workgroup_id.x) * 9u;     // decode/reduce_splits.py
    let sums_3 = partials[index + start_3 + column];                      // decode/reduce_splits.py
    let summary_3 = partials[index + start_3 + 8u];                       // decode/reduce_splits.py
    let score_3 = select(-1e30, summary_3.x, split_2 < splits);           // decode/reduce_splits.py
    let highest = max(max(max(max(maximum, score), score_1), score_2), score_3);  // attention/softmax.py
    let rescale = exp2(maximum - highest);                                // attention/softmax.py
    total *= rescale;                                                     // attention/softmax.py
    sum_0 *= rescale;
    sum_1 *= rescale;
    maximum = highest;                                                    // attention/softmax.py
    let weight = exp2(score - highest);                                   // decode/reduce_splits.py
    total += weight * summary.y;                                          // attention/softmax.py
    sum_0 += weight * sums.x;                                             // attention/softmax.py
    sum_1 += weight * sums.y;
    let weight_1 = exp2(score_1 - highest);                               // decode/reduce_splits.py
    total += weight_1 * summary_1.y;                                      // attention/softmax.py
    sum_0 += weight_1 * sums_1.x;                                         // attention/softmax.py
    sum_1 += weight_1 * sums_1.y;
    let weight_2 = exp2(score_2 - highest);                               // decode/reduce_splits.py
    total += weight_2 * summary_2.y;                                      // attention/softmax.py
    sum_0 += weight_2 * sums_2.x;                                         // attention/softmax.py
    sum_1 += weight_2 * sums_2.y;
    let weight_3 = exp2(score_3 - highest);                               // decode/reduce_splits.py
    total += weight_3 * summary_3.y;                                      // attention/softmax.py
    sum_0 += weight_3 * sums_3.x;                                         // attention/softmax.py
    sum_1 += weight_3 * sums_3.y;
  }
  for (var level = 1u; level < 5u; level++) {                             // attention/softmax.py
    let distance = (16u >> level) * 8u;                                   // attention/softmax.py
    let gives = local_id.x >= distance && local_id.x < distance * 2u;     // attention/softmax.py
    let takes = local_id.x < distance;                                    // attention/softmax.py
    if (gives) {                                                          // attention/softmax.py
      let cell = local_id.x - distance;                                   // attention/softmax.py
      exchange[cell] = maximum;                                           // attention/softmax.py
      exchange[cell + 64u] = total;
      exchange[cell + 128u] = sum_0;
      exchange[cell + 192u] = sum_1;
    }
    workgroupBarrier();                                                   // attention/softmax.py
    if (takes) {                                                          // attention/softmax.py
      let other_maximum = exchange[local_id.x];                           // attention/softmax.py
      let highest = max(maximum, other_maximum);                          // attention/softmax.py
      let rescale = exp2(maximum - highest);                              // attention/softmax.py
      total *= rescale;                                                   // attention/softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      maximum = highest;                                                  // attention/softmax.py
      let weight = exp2(other_maximum - highest);                         // attention/softmax.py
      total += weight * exchange[local_id.x + 64u];                       // attention/softmax.py
      sum_0 += weight * exchange[local_id.x + 128u];                      // attention/softmax.py
      sum_1 += weight * exchange[local_id.x + 192u];
    }
    workgroupBarrier();                                                   // attention/softmax.py
  }
  if (local_id.x < 8u) {                                                  // parts/distribute.py
    out[index_1 + workgroup_id.x * 8u + local_id.x] = vec2<f32>(sum_0, sum_1) / total;  // decode/head_results.py
  }
}
