// attention_reduce_4x64_split64_codes2

@group(0) @binding(0) var<storage, read> partials: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read_write> coded: array<u32>;

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

var<workgroup> code_values: array<f32, 64>;
var<workgroup> code_sums: array<i32, 16>;
var<workgroup> exchange: array<f32, 512>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let stream = local_id.x / 32u;                                          // decode/reduce_splits.py
  let column = local_id.x % 32u;                                          // decode/reduce_splits.py
  let splits = step.past / 64u + 1u;                                      // decode/reduce_splits.py
  var maximum: f32 = -1e30;                                               // attention/softmax.py
  var total: f32 = 0.0;                                                   // attention/softmax.py
  var sum_0: f32 = 0.0;                                                   // attention/softmax.py
  var sum_1: f32 = 0.0;
  for (var first = stream; first < splits; first += 32u) {                // decode/reduce_splits.py
    let index = splits - 1u;                                              // decode/reduce_splits.py
    let start = (min(first, index) * 4u + workgroup_id.x) * 33u;
    let sums = partials[start + column];                                  // decode/reduce_splits.py
    let summary = partials[start + 32u];                                  // decode/reduce_splits.py
    let score = select(-1e30, summary.x, first < splits);                 // decode/reduce_splits.py
    let split = first + 8u;                                               // decode/reduce_splits.py
    let start_1 = (min(split, index) * 4u + workgroup_id.x) * 33u;        // decode/reduce_splits.py
    let sums_1 = partials[start_1 + column];                              // decode/reduce_splits.py
    let summary_1 = partials[start_1 + 32u];                              // decode/reduce_splits.py
    let score_1 = select(-1e30, summary_1.x, split < splits);             // decode/reduce_splits.py
    let split_1 = first + 16u;                                            // decode/reduce_splits.py
    let start_2 = (min(split_1, index) * 4u + workgroup_id.x) * 33u;      // decode/reduce_splits.py
    let sums_2 = partials[start_2 + column];                              // decode/reduce_splits.py
    let summary_2 = partials[start_2 + 32u];                              // decode/reduce_splits.py
    let score_2 = select(-1e30, summary_2.x, split_1 < splits);           // decode/reduce_splits.py
    let split_2 = first + 24u;                                            // decode/reduce_splits.py
    let start_3 = (min(split_2, index) * 4u + workgroup_id.x) * 33u;      // decode/reduce_splits.py
    let sums_3 = partials[start_3 + column];                              // decode/reduce_splits.py
    let summary_3 = partials[start_3 + 32u];                              // decode/reduce_splits.py
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
  for (var level = 1u; level < 4u; level++) {                             // attention/softmax.py
    let distance = (8u >> level) * 32u;                                   // attention/softmax.py
    let gives = local_id.x >= distance && local_id.x < distance * 2u;     // attention/softmax.py
    let takes = local_id.x < distance;                                    // attention/softmax.py
    if (gives) {                                                          // attention/softmax.py
      let cell = local_id.x - distance;                                   // attention/softmax.py
      exchange[cell] = maximum;                                           // attention/softmax.py
      exchange[cell + 128u] = total;
      exchange[cell + 256u] = sum_0;
      exchange[cell + 384u] = sum_1;
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
      total += weight * exchange[local_id.x + 128u];                      // attention/softmax.py
      sum_0 += weight * exchange[local_id.x + 256u];                      // attention/softmax.py
      sum_1 += weight * exchange[local_id.x + 384u];
    }
    workgroupBarrier();                                                   // attention/softmax.py
  }
  if (local_id.x < 32u) {                                                 // parts/distribute.py
    let value = vec2<f32>(sum_0, sum_1) / total;                          // decode/reduce_splits.py
    let start = local_id.x * 2u;                                          // decode/head_results.py
    code_values[start] = value.x;                                         // parts/coded_groups.py
    code_values[start + 1u] = value.y;
  }
  let first = workgroup_id.x * 2u;                                        // decode/head_results.py
  workgroupBarrier();                                                     // parts/coded_groups.py
  if (local_id.x < 16u) {                                                 // parts/distribute.py
    let index = local_id.x / 8u;                                          // parts/coded_groups.py
    let group = first + index;
    let lane = local_id.x % 8u;                                           // parts/coded_groups.py
    let start = index * 32u;                                              // parts/coded_groups.py
    let x = vec4<f32>(code_values[start], code_values[start + 1u], code_values[start + 2u],
        code_values[start + 3u]);                                         // parts/coded_groups.py
    let at = start + 4u;                                                  // parts/coded_groups.py
    let at_1 = start + 8u;
    let at_2 = start + 12u;
    let at_3 = start + 16u;
    let at_4 = start + 20u;
    let at_5 = start + 24u;
    let at_6 = start + 28u;
    let largest = max(bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu),
        bitcast<vec4<u32>>(vec4<f32>(code_values[at], code_values[at + 1u],
        code_values[at + 2u], code_values[at + 3u])) & vec4<u32>(0x7fffffffu));  // parts/coded_groups.py
    let largest_1 = max(largest, bitcast<vec4<u32>>(vec4<f32>(code_values[at_1],
        code_values[at_1 + 1u], code_values[at_1 + 2u], code_values[at_1 + 3u]))
        & vec4<u32>(0x7fffffffu));
    let largest_2 = max(largest_1,
        bitcast<vec4<u32>>(vec4<f32>(code_values[at_2], code_values[at_2 + 1u],
        code_values[at_2 + 2u], code_values[at_2 + 3u])) & vec4<u32>(0x7fffffffu));
    let largest_3 = max(largest_2,
        bitcast<vec4<u32>>(vec4<f32>(code_values[at_3], code_values[at_3 + 1u],
        code_values[at_3 + 2u], code_values[at_3 + 3u])) & vec4<u32>(0x7fffffffu));
    let largest_4 = max(largest_3,
        bitcast<vec4<u32>>(vec4<f32>(code_values[at_4], code_values[at_4 + 1u],
        code_values[at_4 + 2u], code_values[at_4 + 3u])) & vec4<u32>(0x7fffffffu));
    let largest_5 = max(largest_4,
        bitcast<vec4<u32>>(vec4<f32>(code_values[at_5], code_values[at_5 + 1u],
        code_values[at_5 + 2u], code_values[at_5 + 3u])) & vec4<u32>(0x7fffffffu));
    let largest_6 = max(largest_5,
        bitcast<vec4<u32>>(vec4<f32>(code_values[at_6], code_values[at_6 + 1u],
        code_values[at_6 + 2u], code_values[at_6 + 3u])) & vec4<u32>(0x7fffffffu));
    let largest_7 = max(max(largest_6.x, largest_6.y), max(largest_6.z, largest_6.w));  // parts/coded_groups.py
    let exponent = min(max(largest_7 >> 23u, 27u), 252u);                 // parts/coded_groups.py
    let steps = f32(0x7f000000u / ((((largest_7 & 0x007fffffu) | 0x00800000u) >> 8u) + 1u))
        * bitcast<f32>((253u - exponent) << 23u);                         // parts/coded_groups.py
    let at_7 = local_id.x * 4u;                                           // parts/coded_groups.py
    let cut = vec4<i32>(vec4<f32>(code_values[at_7], code_values[at_7 + 1u],
        code_values[at_7 + 2u], code_values[at_7 + 3u]) * (steps * 8.0));  // parts/coded_groups.py
    let parts = (cut + 4i) >> vec4<u32>(3u);                              // parts/coded_groups.py
    let codes = bitcast<vec4<u32>>(parts + 128i) & vec4<u32>(65280u);     // parts/coded_groups.py
    let low = (codes.x >> 8u) | codes.y;                                  // parts/coded_groups.py
    let high = (codes.z << 8u) | (codes.w << 16u);
    let words_0 = low | high;                                             // parts/coded_groups.py
    let rest = bitcast<vec4<u32>>(parts) & vec4<u32>(255u);               // parts/coded_groups.py
    let low_1 = rest.x | (rest.y << 8u);                                  // parts/coded_groups.py
    let high_1 = (rest.z << 16u) | (rest.w << 24u);
    let words_1 = low_1 | high_1;                                         // parts/coded_groups.py
    let plane = lane / 4u;                                                // parts/coded_groups.py
    let index_1 = lane % 4u;                                              // parts/coded_groups.py
    coded[(plane * 8u + group) * 4u + index_1] = words_0;
    let plane_1 = plane + 2u;                                             // parts/coded_groups.py
    coded[(plane_1 * 8u + group) * 4u + index_1] = words_1;               // parts/coded_groups.py
    let t = bitcast<vec4<u32>>(unpack4xI8(0x01010101u));                  // parts/dot4.py
    let products = bitcast<vec4<u32>>(unpack4xI8(words_0)) * t;
    let total_1 = bitcast<i32>(products.x + products.y + products.z + products.w);  // parts/dot4.py
    let products_1 = bitcast<vec4<u32>>(unpack4xI8(words_1)) * t;         // parts/dot4.py
    let total_2 = bitcast<i32>(products_1.x + products_1.y + products_1.z + products_1.w);  // parts/dot4.py
    code_sums[local_id.x] = total_2 + total_1 * 256i;                     // parts/coded_groups.py
    if (lane == 0u) {                                                     // parts/coded_groups.py
      coded[(group + 32u) * 4u] = select(0x7fc00000u, bitcast<u32>(1.0 / steps), largest_7
          < 0x7f800000u);                                                 // parts/coded_groups.py
    }
  }
  workgroupBarrier();                                                     // parts/coded_groups.py
  if (local_id.x < 2u) {                                                  // parts/distribute.py
    let group = first + local_id.x;                                       // parts/coded_groups.py
    let first_1 = local_id.x * 8u;                                        // parts/coded_groups.py
    let total_1 = code_sums[first_1] + code_sums[first_1 + 1u];           // parts/coded_groups.py
    let total_2 = total_1 + code_sums[first_1 + 2u];
    let total_3 = total_2 + code_sums[first_1 + 3u];
    let total_4 = total_3 + code_sums[first_1 + 4u];
    let total_5 = total_4 + code_sums[first_1 + 5u];
    let total_6 = total_5 + code_sums[first_1 + 6u];
    let total_7 = total_6 + code_sums[first_1 + 7u];
    let place = (group + 32u) * 4u;                                       // parts/coded_groups.py
    coded[place + 1u] = bitcast<u32>(total_7);                            // parts/coded_groups.py
    coded[place + 2u] = 0u;                                               // parts/coded_groups.py
    coded[place + 3u] = 0u;                                               // parts/coded_groups.py
  }
}
