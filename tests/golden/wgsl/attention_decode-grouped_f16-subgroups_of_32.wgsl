// attention_decode_f16_8_4x8
enable subgroups;

@group(0) @binding(0) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> k_cache: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> v_cache: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> out: array<vec2<f32>>;

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
@group(0) @binding(4) var<uniform> step: Step;

var<workgroup> sums: array<vec2<f32>, 512>;
var<workgroup> maxima: array<f32, 128>;
var<workgroup> totals: array<f32, 128>;

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let positions = step.past + 1u;                                         // decode/kernel.py
  let stream = local_id.x / 32u * 32u + subgroup_lane;                    // decode/subgroups.py
  let kv_head = workgroup_id.x / 2u;                                      // decode/head_results.py
  let head = kv_head * 2u + workgroup_id.x % 2u;                          // decode/head_results.py
  let start = head * 2u;                                                  // decode/subgroups.py
  let query = q[start] * 0.5100697;                                       // decode/subgroups.py
  let query_1 = q[start + 1u] * 0.5100697;
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
  for (var tile = 0u; tile < positions; tile += 128u) {                   // decode/subgroups.py
    let place = tile + stream;                                            // decode/subgroups.py
    let position = min(place, positions - 1u);                            // decode/subgroups.py
    let index = position * 4u + kv_head;                                  // attention/cache.py
    let stored = k_cache[index];                                          // attention/cache.py
    let stored_1 = v_cache[index];
    let key = vec4<f32>(unpack2x16float(stored.x), unpack2x16float(stored.y));  // attention/row_kinds.py
    let key_1 = vec4<f32>(unpack2x16float(stored.z), unpack2x16float(stored.w));
    let value = vec4<f32>(unpack2x16float(stored_1.x), unpack2x16float(stored_1.y));
    let value_1 = vec4<f32>(unpack2x16float(stored_1.z), unpack2x16float(stored_1.w));
    let score = select(-1e30, dot(query, key) + dot(query_1, key_1), place < positions);  // decode/subgroups.py
    let highest = max(maximum, score);                                    // attention/softmax.py
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
    let weight = exp2(score - highest);                                   // decode/subgroups.py
    total += weight;                                                      // attention/softmax.py
    sum_0 += weight * value.x;                                            // attention/softmax.py
    sum_1 += weight * value.y;
    sum_2 += weight * value.z;
    sum_3 += weight * value.w;
    sum_4 += weight * value_1.x;
    sum_5 += weight * value_1.y;
    sum_6 += weight * value_1.z;
    sum_7 += weight * value_1.w;
  }
  maxima[stream] = maximum;                                               // decode/subgroups.py
  totals[stream] = total;                                                 // decode/subgroups.py
  let row_sums = vec2<f32>(sum_0, sum_1);                                 // attention/softmax.py
  let row_sums_1 = vec2<f32>(sum_2, sum_3);
  let row_sums_2 = vec2<f32>(sum_4, sum_5);
  let row_sums_3 = vec2<f32>(sum_6, sum_7);
  let index = stream * 4u;                                                // decode/subgroups.py
  sums[index] = row_sums;
  sums[index + 1u] = row_sums_1;
  sums[index + 2u] = row_sums_2;
  sums[index + 3u] = row_sums_3;
  workgroupBarrier();                                                     // decode/subgroups.py
  if (local_id.x < 4u) {                                                  // parts/distribute.py
    var highest: f32 = -1e30;                                             // decode/subgroups.py
    for (var stream_1 = 0u; stream_1 < 128u; stream_1 += 4u) {            // decode/subgroups.py
      highest = max(highest, maxima[stream_1]);                           // decode/subgroups.py
      highest = max(highest, maxima[stream_1 + 1u]);
      highest = max(highest, maxima[stream_1 + 2u]);
      highest = max(highest, maxima[stream_1 + 3u]);
    }
    var total_1: f32 = 0.0;                                               // decode/subgroups.py
    var joined: vec2<f32> = vec2<f32>(0.0);
    for (var stream_2 = 0u; stream_2 < 128u; stream_2 += 4u) {            // decode/subgroups.py
      let weight = exp2(maxima[stream_2] - highest);                      // decode/subgroups.py
      total_1 += weight * totals[stream_2];                               // decode/subgroups.py
      joined += weight * sums[stream_2 * 4u + local_id.x];                // decode/subgroups.py
      let index_1 = stream_2 + 1u;                                        // decode/subgroups.py
      let weight_1 = exp2(maxima[index_1] - highest);
      total_1 += weight_1 * totals[index_1];                              // decode/subgroups.py
      joined += weight_1 * sums[index_1 * 4u + local_id.x];               // decode/subgroups.py
      let index_2 = stream_2 + 2u;                                        // decode/subgroups.py
      let weight_2 = exp2(maxima[index_2] - highest);
      total_1 += weight_2 * totals[index_2];                              // decode/subgroups.py
      joined += weight_2 * sums[index_2 * 4u + local_id.x];               // decode/subgroups.py
      let index_3 = stream_2 + 3u;                                        // decode/subgroups.py
      let weight_3 = exp2(maxima[index_3] - highest);
      total_1 += weight_3 * totals[index_3];                              // decode/subgroups.py
      joined += weight_3 * sums[index_3 * 4u + local_id.x];               // decode/subgroups.py
    }
    out[head * 4u + local_id.x] = joined / total_1;                       // decode/head_results.py
  }
}
