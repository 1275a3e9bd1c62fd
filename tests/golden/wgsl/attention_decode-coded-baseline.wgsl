// attention_decode_f16_6_2x32_codes2

@group(0) @binding(0) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> k_cache: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> v_cache: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> coded: array<u32>;

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

var<workgroup> query: array<vec4<f32>, 32>;
var<workgroup> scores: array<vec4<f32>, 64>;
var<workgroup> exchange: array<vec4<f32>, 320>;
var<workgroup> code_values: array<f32, 128>;
var<workgroup> code_sums: array<i32, 32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let positions = step.past + 1u;                                         // decode/kernel.py
  let first_head = workgroup_id.x * 3u;                                   // decode/head_results.py
  let t = local_id.x < 32u;                                               // parts/distribute.py
  if (t) {
    let element = (first_head + min(local_id.x / 8u, 2u)) * 8u + local_id.x % 8u;  // decode/body.py
    query[local_id.x] = q[element] * 0.36067376;                          // decode/body.py
  }
  workgroupBarrier();                                                     // decode/body.py
  var maximum: vec4<f32> = vec4<f32>(-1e30);                              // attention/softmax.py
  var total: vec4<f32> = vec4<f32>(0.0);                                  // attention/softmax.py
  var sum_0: vec4<f32> = vec4<f32>(0.0);                                  // attention/softmax.py
  var sum_1: vec4<f32> = vec4<f32>(0.0);
  var sum_2: vec4<f32> = vec4<f32>(0.0);
  var sum_3: vec4<f32> = vec4<f32>(0.0);
  var sum_4: vec4<f32> = vec4<f32>(0.0);
  var sum_5: vec4<f32> = vec4<f32>(0.0);
  var sum_6: vec4<f32> = vec4<f32>(0.0);
  var sum_7: vec4<f32> = vec4<f32>(0.0);
  for (var tile = 0u; tile < positions; tile += 64u) {                    // decode/body.py
    let count = min(positions - tile, 64u);                               // decode/body.py
    let part = local_id.x % 4u;                                           // decode/body.py
    let stream = local_id.x / 4u;                                         // decode/body.py
    for (var position = stream; position < 64u; position += 16u) {
      let cell = position * 4u + part;                                    // decode/body.py
      if (position < count) {                                             // decode/body.py
        var score_0: f32 = 0.0;                                           // decode/body.py
        var score_1: f32 = 0.0;
        var score_2: f32 = 0.0;
        var score_3: f32 = 0.0;
        let stored = k_cache[((tile + position) * 2u + workgroup_id.x) * 4u + part];  // attention/cache.py
        let key = vec4<f32>(unpack2x16float(stored.x), unpack2x16float(stored.y));  // attention/row_kinds.py
        let key_1 = vec4<f32>(unpack2x16float(stored.z), unpack2x16float(stored.w));
        let element = part * 2u;                                          // decode/body.py
        score_0 += dot(query[element], key);                              // decode/body.py
        score_0 += dot(query[element + 1u], key_1);
        score_1 += dot(query[element + 8u], key);
        score_1 += dot(query[element + 9u], key_1);
        score_2 += dot(query[element + 16u], key);
        score_2 += dot(query[element + 17u], key_1);
        score_3 += dot(query[element + 24u], key);
        score_3 += dot(query[element + 25u], key_1);
        exchange[cell] = vec4<f32>(score_0, score_1, score_2, score_3);   // decode/body.py
      } else {
        exchange[cell] = vec4<f32>(-1e30);                                // decode/body.py
      }
    }
    workgroupBarrier();                                                   // decode/body.py
    let index = local_id.x * 4u;                                          // decode/body.py
    let score = exchange[index];
    let score_1 = score + exchange[index + 1u] + exchange[index + 2u] + exchange[index + 3u];  // decode/body.py
    scores[local_id.x] = score_1;                                         // decode/body.py
    workgroupBarrier();                                                   // decode/body.py
    let last = positions - 1u;                                            // decode/body.py
    for (var first = 0u; first < count; first += 64u) {                   // decode/body.py
      let place = first + stream;                                         // decode/body.py
      let place_1 = place + 16u;
      let place_2 = place + 32u;
      let place_3 = place + 48u;
      let stored = v_cache[(min(tile + place, last) * 2u + workgroup_id.x) * 4u + part];  // attention/cache.py
      let value = vec4<f32>(unpack2x16float(stored.x), unpack2x16float(stored.y));  // attention/row_kinds.py
      let value_1 = vec4<f32>(unpack2x16float(stored.z), unpack2x16float(stored.w));
      let stored_1 = v_cache[(min(tile + place_1, last) * 2u + workgroup_id.x) * 4u + part];  // attention/cache.py
      let value_2 = vec4<f32>(unpack2x16float(stored_1.x), unpack2x16float(stored_1.y));  // attention/row_kinds.py
      let value_3 = vec4<f32>(unpack2x16float(stored_1.z), unpack2x16float(stored_1.w));
      let stored_2 = v_cache[(min(tile + place_2, last) * 2u + workgroup_id.x) * 4u + part];  // attention/cache.py
      let value_4 = vec4<f32>(unpack2x16float(stored_2.x), unpack2x16float(stored_2.y));  // attention/row_kinds.py
      let value_5 = vec4<f32>(unpack2x16float(stored_2.z), unpack2x16float(stored_2.w));
      let stored_3 = v_cache[(min(tile + place_3, last) * 2u + workgroup_id.x) * 4u + part];  // attention/cache.py
      let value_6 = vec4<f32>(unpack2x16float(stored_3.x), unpack2x16float(stored_3.y));  // attention/row_kinds.py
      let value_7 = vec4<f32>(unpack2x16float(stored_3.z), unpack2x16float(stored_3.w));
      let score_2 = scores[place];                                        // decode/body.py
      let score_3 = scores[place_1];
      let score_4 = scores[place_2];
      let score_5 = scores[place_3];
      let highest = max(max(max(max(maximum, score_2), score_3), score_4), score_5);  // attention/softmax.py
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
      let weight = exp2(score_2 - highest);                               // decode/body.py
      total += weight;                                                    // attention/softmax.py
      sum_0 += weight * value.x;                                          // attention/softmax.py
      sum_1 += weight * value.y;
      sum_2 += weight * value.z;
      sum_3 += weight * value.w;
      sum_4 += weight * value_1.x;
      sum_5 += weight * value_1.y;
      sum_6 += weight * value_1.z;
      sum_7 += weight * value_1.w;
      let weight_1 = exp2(score_3 - highest);                             // decode/body.py
      total += weight_1;                                                  // attention/softmax.py
      sum_0 += weight_1 * value_2.x;                                      // attention/softmax.py
      sum_1 += weight_1 * value_2.y;
      sum_2 += weight_1 * value_2.z;
      sum_3 += weight_1 * value_2.w;
      sum_4 += weight_1 * value_3.x;
      sum_5 += weight_1 * value_3.y;
      sum_6 += weight_1 * value_3.z;
      sum_7 += weight_1 * value_3.w;
      let weight_2 = exp2(score_4 - highest);                             // decode/body.py
      total += weight_2;                                                  // attention/softmax.py
      sum_0 += weight_2 * value_4.x;                                      // attention/softmax.py
      sum_1 += weight_2 * value_4.y;
      sum_2 += weight_2 * value_4.z;
      sum_3 += weight_2 * value_4.w;
      sum_4 += weight_2 * value_5.x;
      sum_5 += weight_2 * value_5.y;
      sum_6 += weight_2 * value_5.z;
      sum_7 += weight_2 * value_5.w;
      let weight_3 = exp2(score_5 - highest);                             // decode/body.py
      total += weight_3;                                                  // attention/softmax.py
      sum_0 += weight_3 * value_6.x;                                      // attention/softmax.py
      sum_1 += weight_3 * value_6.y;
      sum_2 += weight_3 * value_6.z;
      sum_3 += weight_3 * value_6.w;
      sum_4 += weight_3 * value_7.x;
      sum_5 += weight_3 * value_7.y;
      sum_6 += weight_3 * value_7.z;
      sum_7 += weight_3 * value_7.w;
    }
  }
  for (var level = 1u; level < 5u; level++) {                             // attention/softmax.py
    let distance = (16u >> level) * 4u;                                   // attention/softmax.py
    let gives = local_id.x >= distance && local_id.x < distance * 2u;     // attention/softmax.py
    let takes = local_id.x < distance;                                    // attention/softmax.py
    if (gives) {                                                          // attention/softmax.py
      let cell = local_id.x - distance;                                   // attention/softmax.py
      exchange[cell] = maximum;                                           // attention/softmax.py
      exchange[cell + 32u] = total;
      exchange[cell + 64u] = sum_0;
      exchange[cell + 96u] = sum_1;
      exchange[cell + 128u] = sum_2;
      exchange[cell + 160u] = sum_3;
      exchange[cell + 192u] = sum_4;
      exchange[cell + 224u] = sum_5;
      exchange[cell + 256u] = sum_6;
      exchange[cell + 288u] = sum_7;
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
      total += weight * exchange[local_id.x + 32u];                       // attention/softmax.py
      sum_0 += weight * exchange[local_id.x + 64u];                       // attention/softmax.py
      sum_1 += weight * exchange[local_id.x + 96u];
      sum_2 += weight * exchange[local_id.x + 128u];
      sum_3 += weight * exchange[local_id.x + 160u];
      sum_4 += weight * exchange[local_id.x + 192u];
      sum_5 += weight * exchange[local_id.x + 224u];
      sum_6 += weight * exchange[local_id.x + 256u];
      sum_7 += weight * exchange[local_id.x + 288u];
    }
    workgroupBarrier();                                                   // attention/softmax.py
  }
  let t_1 = local_id.x < 4u;                                              // parts/distribute.py
  if (t_1) {
    let row_sums = vec2<f32>(sum_0.x, sum_1.x);                           // attention/softmax.py
    let row_sums_1 = vec2<f32>(sum_2.x, sum_3.x);
    let row_sums_2 = vec2<f32>(sum_4.x, sum_5.x);
    let row_sums_3 = vec2<f32>(sum_6.x, sum_7.x);
    let value = row_sums / total.x;                                       // decode/body.py
    let at = local_id.x * 4u;                                             // decode/body.py
    let start = at * 2u;                                                  // decode/head_results.py
    code_values[start] = value.x;                                         // parts/coded_groups.py
    code_values[start + 1u] = value.y;
    let value_1 = row_sums_1 / total.x;                                   // decode/body.py
    let start_1 = (at + 1u) * 2u;                                         // decode/head_results.py
    code_values[start_1] = value_1.x;                                     // parts/coded_groups.py
    code_values[start_1 + 1u] = value_1.y;
    let value_2 = row_sums_2 / total.x;                                   // decode/body.py
    let start_2 = (at + 2u) * 2u;                                         // decode/head_results.py
    code_values[start_2] = value_2.x;                                     // parts/coded_groups.py
    code_values[start_2 + 1u] = value_2.y;
    let value_3 = row_sums_3 / total.x;                                   // decode/body.py
    let start_3 = (at + 3u) * 2u;                                         // decode/head_results.py
    code_values[start_3] = value_3.x;                                     // parts/coded_groups.py
    code_values[start_3 + 1u] = value_3.y;
    let row_sums_4 = vec2<f32>(sum_0.y, sum_1.y);                         // attention/softmax.py
    let row_sums_5 = vec2<f32>(sum_2.y, sum_3.y);
    let row_sums_6 = vec2<f32>(sum_4.y, sum_5.y);
    let row_sums_7 = vec2<f32>(sum_6.y, sum_7.y);
    let value_4 = row_sums_4 / total.y;                                   // decode/body.py
    let at_1 = local_id.x * 4u;                                           // decode/body.py
    let start_4 = at_1 * 2u + 32u;                                        // decode/head_results.py
    code_values[start_4] = value_4.x;                                     // parts/coded_groups.py
    code_values[start_4 + 1u] = value_4.y;
    let value_5 = row_sums_5 / total.y;                                   // decode/body.py
    let start_5 = (at_1 + 1u) * 2u + 32u;                                 // decode/head_results.py
    code_values[start_5] = value_5.x;                                     // parts/coded_groups.py
    code_values[start_5 + 1u] = value_5.y;
    let value_6 = row_sums_6 / total.y;                                   // decode/body.py
    let start_6 = (at_1 + 2u) * 2u + 32u;                                 // decode/head_results.py
    code_values[start_6] = value_6.x;                                     // parts/coded_groups.py
    code_values[start_6 + 1u] = value_6.y;
    let value_7 = row_sums_7 / total.y;                                   // decode/body.py
    let start_7 = (at_1 + 3u) * 2u + 32u;                                 // decode/head_results.py
    code_values[start_7] = value_7.x;                                     // parts/coded_groups.py
    code_values[start_7 + 1u] = value_7.y;
    let row_sums_8 = vec2<f32>(sum_0.z, sum_1.z);                         // attention/softmax.py
    let row_sums_9 = vec2<f32>(sum_2.z, sum_3.z);
    let row_sums_10 = vec2<f32>(sum_4.z, sum_5.z);
    let row_sums_11 = vec2<f32>(sum_6.z, sum_7.z);
    let value_8 = row_sums_8 / total.z;                                   // decode/body.py
    let at_2 = local_id.x * 4u;                                           // decode/body.py
    let start_8 = at_2 * 2u + 64u;                                        // decode/head_results.py
    code_values[start_8] = value_8.x;                                     // parts/coded_groups.py
    code_values[start_8 + 1u] = value_8.y;
    let value_9 = row_sums_9 / total.z;                                   // decode/body.py
    let start_9 = (at_2 + 1u) * 2u + 64u;                                 // decode/head_results.py
    code_values[start_9] = value_9.x;                                     // parts/coded_groups.py
    code_values[start_9 + 1u] = value_9.y;
    let value_10 = row_sums_10 / total.z;                                 // decode/body.py
    let start_10 = (at_2 + 2u) * 2u + 64u;                                // decode/head_results.py
    code_values[start_10] = value_10.x;                                   // parts/coded_groups.py
    code_values[start_10 + 1u] = value_10.y;
    let value_11 = row_sums_11 / total.z;                                 // decode/body.py
    let start_11 = (at_2 + 3u) * 2u + 64u;                                // decode/head_results.py
    code_values[start_11] = value_11.x;                                   // parts/coded_groups.py
    code_values[start_11 + 1u] = value_11.y;
  }
  let end = (workgroup_id.x + 1u) * 3u;                                   // decode/head_results.py
  workgroupBarrier();                                                     // parts/coded_groups.py
  if (t) {                                                                // parts/distribute.py
    let index = local_id.x / 8u;                                          // parts/coded_groups.py
    let group = first_head + index;
    if (group < end) {                                                    // parts/coded_groups.py
      let lane = local_id.x % 8u;                                         // parts/coded_groups.py
      let start = index * 32u;                                            // parts/coded_groups.py
      let x = vec4<f32>(code_values[start], code_values[start + 1u], code_values[start + 2u],
          code_values[start + 3u]);                                       // parts/coded_groups.py
      let at = start + 4u;                                                // parts/coded_groups.py
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
      let exponent = min(max(largest_7 >> 23u, 27u), 252u);               // parts/coded_groups.py
      let steps = f32(0x7f000000u / ((((largest_7 & 0x007fffffu) | 0x00800000u) >> 8u) + 1u))
          * bitcast<f32>((253u - exponent) << 23u);                       // parts/coded_groups.py
      let at_7 = local_id.x * 4u;                                         // parts/coded_groups.py
      let cut = vec4<i32>(vec4<f32>(code_values[at_7], code_values[at_7 + 1u],
          code_values[at_7 + 2u], code_values[at_7 + 3u]) * (steps * 8.0));  // parts/coded_groups.py
      let parts = (cut + 4i) >> vec4<u32>(3u);                            // parts/coded_groups.py
      let codes = bitcast<vec4<u32>>(parts + 128i) & vec4<u32>(65280u);   // parts/coded_groups.py
      let low = (codes.x >> 8u) | codes.y;                                // parts/coded_groups.py
      let high = (codes.z << 8u) | (codes.w << 16u);
      let words_0 = low | high;                                           // parts/coded_groups.py
      let rest = bitcast<vec4<u32>>(parts) & vec4<u32>(255u);             // parts/coded_groups.py
      let low_1 = rest.x | (rest.y << 8u);                                // parts/coded_groups.py
      let high_1 = (rest.z << 16u) | (rest.w << 24u);
      let words_1 = low_1 | high_1;                                       // parts/coded_groups.py
      let plane = lane / 4u;                                              // parts/coded_groups.py
      let index_1 = lane % 4u;                                            // parts/coded_groups.py
      coded[(plane * 6u + group) * 4u + index_1] = words_0;
      let plane_1 = plane + 2u;                                           // parts/coded_groups.py
      coded[(plane_1 * 6u + group) * 4u + index_1] = words_1;             // parts/coded_groups.py
      let t_2 = bitcast<vec4<u32>>(unpack4xI8(0x01010101u));              // parts/dot4.py
      let products = bitcast<vec4<u32>>(unpack4xI8(words_0)) * t_2;
      let total_1 = bitcast<i32>(products.x + products.y + products.z + products.w);  // parts/dot4.py
      let products_1 = bitcast<vec4<u32>>(unpack4xI8(words_1)) * t_2;     // parts/dot4.py
      let total_2 = bitcast<i32>(products_1.x + products_1.y + products_1.z + products_1.w);  // parts/dot4.py
      code_sums[local_id.x] = total_2 + total_1 * 256i;                   // parts/coded_groups.py
      if (lane == 0u) {                                                   // parts/coded_groups.py
        coded[(group + 24u) * 4u] = select(0x7fc00000u, bitcast<u32>(1.0 / steps), largest_7
            < 0x7f800000u);                                               // parts/coded_groups.py
      }
    }
  }
  workgroupBarrier();                                                     // parts/coded_groups.py
  if (t_1) {                                                              // parts/distribute.py
    let group = first_head + local_id.x;                                  // parts/coded_groups.py
    if (group < end) {                                                    // parts/coded_groups.py
      let first = local_id.x * 8u;                                        // parts/coded_groups.py
      let total_1 = code_sums[first] + code_sums[first + 1u];             // parts/coded_groups.py
      let total_2 = total_1 + code_sums[first + 2u];
      let total_3 = total_2 + code_sums[first + 3u];
      let total_4 = total_3 + code_sums[first + 4u];
      let total_5 = total_4 + code_sums[first + 5u];
      let total_6 = total_5 + code_sums[first + 6u];
      let total_7 = total_6 + code_sums[first + 7u];
      let place = (group + 24u) * 4u;                                     // parts/coded_groups.py
      coded[place + 1u] = bitcast<u32>(total_7);                          // parts/coded_groups.py
      coded[place + 2u] = 0u;                                             // parts/coded_groups.py
      coded[place + 3u] = 0u;                                             // parts/coded_groups.py
    }
  }
}
