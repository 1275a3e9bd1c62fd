// attention_reduce_1x514_split64_window256

@group(0) @binding(0) var<storage, read> partials: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read_write> out: array<vec2<f32>>;

struct Step {
  seq: u32,
  past: u32,
  seed: u32,
  top_k: u32,
  temperature: f32,
  top_p: f32,
  min_p: f32,
  repetition_penalty: f32,
}
@group(0) @binding(2) var<uniform> step: Step;

var<workgroup> exchange: array<f32, 650>;

@compute @workgroup_size(130)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let stream = local_id.x / 65u;                                          // decode/reduce_splits.py
  let column = local_id.x % 65u;                                          // decode/reduce_splits.py
  let splits = min(step.past, 255u) / 64u + 1u;                           // decode/reduce_splits.py
  var maximum: f32 = -1e30;                                               // attention/softmax.py
  var total: f32 = 0.0;                                                   // attention/softmax.py
  var sum_0: f32 = 0.0;                                                   // attention/softmax.py
  var sum_1: f32 = 0.0;
  var sum_2: f32 = 0.0;
  var sum_3: f32 = 0.0;
  var sum_4: f32 = 0.0;
  var sum_5: f32 = 0.0;
  var sum_6: f32 = 0.0;
  var sum_7: f32 = 0.0;
  for (var first = stream; first < splits; first += 8u) {                 // decode/reduce_splits.py
    let index = splits - 1u;                                              // decode/reduce_splits.py
    let start = (min(first, index) + workgroup_id.x) * 258u;
    let sums = partials[start + column];                                  // decode/reduce_splits.py
    let own = min(column + 65u, 256u);                                    // decode/reduce_splits.py
    let sums_1 = partials[start + own];                                   // decode/reduce_splits.py
    let own_1 = min(column + 130u, 256u);                                 // decode/reduce_splits.py
    let sums_2 = partials[start + own_1];                                 // decode/reduce_splits.py
    let own_2 = min(column + 195u, 256u);                                 // decode/reduce_splits.py
    let sums_3 = partials[start + own_2];                                 // decode/reduce_splits.py
    let summary = partials[start + 257u];                                 // decode/reduce_splits.py
    let score = select(-1e30, summary.x, first < splits);                 // decode/reduce_splits.py
    let split = first + 2u;                                               // decode/reduce_splits.py
    let start_1 = (min(split, index) + workgroup_id.x) * 258u;            // decode/reduce_splits.py
    let sums_4 = partials[start_1 + column];                              // decode/reduce_splits.py
    let sums_5 = partials[start_1 + own];
    let sums_6 = partials[start_1 + own_1];
    let sums_7 = partials[start_1 + own_2];
    let summary_1 = partials[start_1 + 257u];                             // decode/reduce_splits.py
    let score_1 = select(-1e30, summary_1.x, split < splits);             // decode/reduce_splits.py
    let split_1 = first + 4u;                                             // decode/reduce_splits.py
    let start_2 = (min(split_1, index) + workgroup_id.x) * 258u;          // decode/reduce_splits.py
    let sums_8 = partials[start_2 + column];                              // decode/reduce_splits.py
    let sums_9 = partials[start_2 + own];
    let sums_10 = partials[start_2 + own_1];
    let sums_11 = partials[start_2 + own_2];
    let summary_2 = partials[start_2 + 257u];                             // decode/reduce_splits.py
    let score_2 = select(-1e30, summary_2.x, split_1 < splits);           // decode/reduce_splits.py
    let split_2 = first + 6u;                                             // decode/reduce_splits.py
    let start_3 = (min(split_2, index) + workgroup_id.x) * 258u;          // decode/reduce_splits.py
    let sums_12 = partials[start_3 + column];                             // decode/reduce_splits.py
    let sums_13 = partials[start_3 + own];
    let sums_14 = partials[start_3 + own_1];
    let sums_15 = partials[start_3 + own_2];
    let summary_3 = partials[start_3 + 257u];                             // decode/reduce_splits.py
    let score_3 = select(-1e30, summary_3.x, split_2 < splits);           // decode/reduce_splits.py
    let highest = max(max(max(max(maximum, score), score_1), score_2), score_3);  // attention/softmax.py
    let rescale = exp2(maximum - highest);                                // attention/softmax.py
    total *= rescale;                                                     // attention/softmax.py
    sum_0 *= rescale;
    sum_1 *= rescale;
    sum_2 *= rescale;
    sum_3 *= rescale;
    sum_4 *= rescale;
    sum_5 *= rescale;
    sum_6 *= rescale;
    sum_7 *= rescale;
    maximum = highest;                                                    // attention/softmax.py
    let weight = exp2(score - highest);                                   // decode/reduce_splits.py
    total += weight * summary.y;                                          // attention/softmax.py
    sum_0 += weight * sums.x;                                             // attention/softmax.py
    sum_1 += weight * sums.y;
    sum_2 += weight * sums_1.x;
    sum_3 += weight * sums_1.y;
    sum_4 += weight * sums_2.x;
    sum_5 += weight * sums_2.y;
    sum_6 += weight * sums_3.x;
    sum_7 += weight * sums_3.y;
    let weight_1 = exp2(score_1 - highest);                               // decode/reduce_splits.py
    total += weight_1 * summary_1.y;                                      // attention/softmax.py
    sum_0 += weight_1 * sums_4.x;                                         // attention/softmax.py
    sum_1 += weight_1 * sums_4.y;
    sum_2 += weight_1 * sums_5.x;
    sum_3 += weight_1 * sums_5.y;
    sum_4 += weight_1 * sums_6.x;
    sum_5 += weight_1 * sums_6.y;
    sum_6 += weight_1 * sums_7.x;
    sum_7 += weight_1 * sums_7.y;
    let weight_2 = exp2(score_2 - highest);                               // decode/reduce_splits.py
    total += weight_2 * summary_2.y;                                      // attention/softmax.py
    sum_0 += weight_2 * sums_8.x;                                         // attention/softmax.py
    sum_1 += weight_2 * sums_8.y;
    sum_2 += weight_2 * sums_9.x;
    sum_3 += weight_2 * sums_9.y;
    sum_4 += weight_2 * sums_10.x;
    sum_5 += weight_2 * sums_10.y;
    sum_6 += weight_2 * sums_11.x;
    sum_7 += weight_2 * sums_11.y;
    let weight_3 = exp2(score_3 - highest);                               // decode/reduce_splits.py
    total += weight_3 * summary_3.y;                                      // attention/softmax.py
    sum_0 += weight_3 * sums_12.x;                                        // attention/softmax.py
    sum_1 += weight_3 * sums_12.y;
    sum_2 += weight_3 * sums_13.x;
    sum_3 += weight_3 * sums_13.y;
    sum_4 += weight_3 * sums_14.x;
    sum_5 += weight_3 * sums_14.y;
    sum_6 += weight_3 * sums_15.x;
    sum_7 += weight_3 * sums_15.y;
  }
  for (var level = 1u; level < 2u; level++) {                             // attention/softmax.py
    let distance = (2u >> level) * 65u;                                   // attention/softmax.py
    let gives = local_id.x >= distance && local_id.x < distance * 2u;     // attention/softmax.py
    let takes = local_id.x < distance;                                    // attention/softmax.py
    if (gives) {                                                          // attention/softmax.py
      let cell = local_id.x - distance;                                   // attention/softmax.py
      exchange[cell] = maximum;                                           // attention/softmax.py
      exchange[cell + 65u] = total;
      exchange[cell + 130u] = sum_0;
      exchange[cell + 195u] = sum_1;
      exchange[cell + 260u] = sum_2;
      exchange[cell + 325u] = sum_3;
      exchange[cell + 390u] = sum_4;
      exchange[cell + 455u] = sum_5;
      exchange[cell + 520u] = sum_6;
      exchange[cell + 585u] = sum_7;
    }
    workgroupBarrier();                                                   // attention/softmax.py
    if (takes) {                                                          // attention/softmax.py
      let other_maximum = exchange[local_id.x];                           // attention/softmax.py
      let highest = max(maximum, other_maximum);                          // attention/softmax.py
      let rescale = exp2(maximum - highest);                              // attention/softmax.py
      total *= rescale;                                                   // attention/softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      sum_2 *= rescale;
      sum_3 *= rescale;
      sum_4 *= rescale;
      sum_5 *= rescale;
      sum_6 *= rescale;
      sum_7 *= rescale;
      maximum = highest;                                                  // attention/softmax.py
      let weight = exp2(other_maximum - highest);                         // attention/softmax.py
      total += weight * exchange[local_id.x + 65u];                       // attention/softmax.py
      sum_0 += weight * exchange[local_id.x + 130u];                      // attention/softmax.py
      sum_1 += weight * exchange[local_id.x + 195u];
      sum_2 += weight * exchange[local_id.x + 260u];
      sum_3 += weight * exchange[local_id.x + 325u];
      sum_4 += weight * exchange[local_id.x + 390u];
      sum_5 += weight * exchange[local_id.x + 455u];
      sum_6 += weight * exchange[local_id.x + 520u];
      sum_7 += weight * exchange[local_id.x + 585u];
    }
    workgroupBarrier();                                                   // attention/softmax.py
  }
  if (local_id.x < 65u) {                                                 // parts/distribute.py
    let index = workgroup_id.x * 257u;                                    // decode/head_results.py
    out[index + local_id.x] = vec2<f32>(sum_0, sum_1) / total;
    let own = local_id.x + 65u;                                           // decode/reduce_splits.py
    if (own < 257u) {                                                     // decode/reduce_splits.py
      out[index + own] = vec2<f32>(sum_2, sum_3) / total;                 // decode/head_results.py
    }
    let own_1 = local_id.x + 130u;                                        // decode/reduce_splits.py
    if (own_1 < 257u) {                                                   // decode/reduce_splits.py
      out[index + own_1] = vec2<f32>(sum_4, sum_5) / total;               // decode/head_results.py
    }
    let own_2 = local_id.x + 195u;                                        // decode/reduce_splits.py
    if (own_2 < 257u) {                                                   // decode/reduce_splits.py
      out[index + own_2] = vec2<f32>(sum_6, sum_7) / total;               // decode/head_results.py
    }
  }
}
