// attention_prefill_f32_4_4x16

@group(0) @binding(0) var<storage, read> q: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read> k_cache: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> v_cache: array<vec2<f32>>;
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

var<workgroup> queries: array<vec2<f32>, 256>;
var<workgroup> keys: array<vec2<f32>, 288>;
var<workgroup> maxima: array<vec4<f32>, 64>;
var<workgroup> weights: array<vec4<f32>, 256>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let first_row = workgroup_id.x * 32u;                                   // attention_prefill.py
  if (first_row < step.seq) {                                             // attention_prefill.py
    let group = local_id.x / 8u;                                          // attention_prefill.py
    let column = local_id.x % 8u;                                         // attention_prefill.py
    let end = step.past + min(first_row + 32u, step.seq);                 // attention_prefill.py
    var maximum: vec4<f32> = vec4<f32>(-1e30);                            // softmax.py
    var total: vec4<f32> = vec4<f32>(0.0);                                // softmax.py
    var sum_0: vec4<f32> = vec4<f32>(0.0);                                // softmax.py
    var sum_1: vec4<f32> = vec4<f32>(0.0);
    for (var tile = 0u; tile < end; tile += 32u) {                        // attention_prefill.py
      let first_query = group * 32u;                                      // attention_prefill.py
      let first_key = column * 9u;                                        // attention_prefill.py
      var score_00: f32 = 0.0;                                            // attention_prefill.py
      var score_01: f32 = 0.0;
      var score_02: f32 = 0.0;
      var score_03: f32 = 0.0;
      var score_10: f32 = 0.0;
      var score_11: f32 = 0.0;
      var score_12: f32 = 0.0;
      var score_13: f32 = 0.0;
      var score_20: f32 = 0.0;
      var score_21: f32 = 0.0;
      var score_22: f32 = 0.0;
      var score_23: f32 = 0.0;
      var score_30: f32 = 0.0;
      var score_31: f32 = 0.0;
      var score_32: f32 = 0.0;
      var score_33: f32 = 0.0;
      for (var chunk = 0u; chunk < 8u; chunk += 8u) {                     // attention_prefill.py
        workgroupBarrier();                                               // attention_prefill.py
        for (var at = local_id.x; at < 256u; at += 64u) {                 // deal.py
          let row = min(first_row + at / 8u, step.seq - 1u);              // attention_prefill.py
          let element = (row * 4u + workgroup_id.y) * 8u + chunk + at % 8u;  // attention_prefill.py
          queries[at] = q[element] * 0.36067376;                          // attention_prefill.py
        }
        for (var at = local_id.x; at < 256u; at += 64u) {                 // deal.py
          let key = at / 8u;                                              // attention_prefill.py
          let load = at % 8u;                                             // attention_prefill.py
          let position = min(tile + key, end - 1u);                       // attention_prefill.py
          let row = position * 4u + workgroup_id.y;                       // cache.py
          let staged = k_cache[row * 8u + chunk + load];                  // cache.py
          keys[key * 9u + load] = staged;                                 // attention_prefill.py
        }
        workgroupBarrier();                                               // attention_prefill.py
        for (var at = 0u; at < 8u; at++) {                                // attention_prefill.py
          let place = first_query + at;                                   // attention_prefill.py
          let query = queries[place];                                     // attention_prefill.py
          let query_1 = queries[place + 8u];
          let query_2 = queries[place + 16u];
          let query_3 = queries[place + 24u];
          let place_1 = first_key + at;                                   // attention_prefill.py
          let key = keys[place_1];                                        // attention_prefill.py
          score_00 += dot(query, key);                                    // attention_prefill.py
          score_01 += dot(query_1, key);
          score_02 += dot(query_2, key);
          score_03 += dot(query_3, key);
          let place_2 = place_1 + 72u;                                    // attention_prefill.py
          let key_1 = keys[place_2];                                      // attention_prefill.py
          score_10 += dot(query, key_1);                                  // attention_prefill.py
          score_11 += dot(query_1, key_1);
          score_12 += dot(query_2, key_1);
          score_13 += dot(query_3, key_1);
          let place_3 = place_1 + 144u;                                   // attention_prefill.py
          let key_2 = keys[place_3];                                      // attention_prefill.py
          score_20 += dot(query, key_2);                                  // attention_prefill.py
          score_21 += dot(query_1, key_2);
          score_22 += dot(query_2, key_2);
          score_23 += dot(query_3, key_2);
          let place_4 = place_1 + 216u;                                   // attention_prefill.py
          let key_3 = keys[place_4];                                      // attention_prefill.py
          score_30 += dot(query, key_3);                                  // attention_prefill.py
          score_31 += dot(query_1, key_3);
          score_32 += dot(query_2, key_3);
          score_33 += dot(query_3, key_3);
        }
      }
      let own_position = step.past + first_row + group * 4u;              // attention_prefill.py
      let own_position_1 = own_position + 1u;                             // attention_prefill.py
      let own_position_2 = own_position + 2u;
      let own_position_3 = own_position + 3u;
      let key_position = tile + column;                                   // attention_prefill.py
      let masked = vec4<f32>(select(-1e30, score_00, key_position <= own_position),
          select(-1e30, score_01, key_position <= own_position_1),
          select(-1e30, score_02, key_position <= own_position_2),
          select(-1e30, score_03, key_position <= own_position_3));       // attention_prefill.py
      let key_position_1 = key_position + 8u;                             // attention_prefill.py
      let masked_1 = vec4<f32>(select(-1e30, score_10, key_position_1 <= own_position),
          select(-1e30, score_11, key_position_1 <= own_position_1),
          select(-1e30, score_12, key_position_1 <= own_position_2),
          select(-1e30, score_13, key_position_1 <= own_position_3));     // attention_prefill.py
      let key_position_2 = key_position + 16u;                            // attention_prefill.py
      let masked_2 = vec4<f32>(select(-1e30, score_20, key_position_2 <= own_position),
          select(-1e30, score_21, key_position_2 <= own_position_1),
          select(-1e30, score_22, key_position_2 <= own_position_2),
          select(-1e30, score_23, key_position_2 <= own_position_3));     // attention_prefill.py
      let key_position_3 = key_position + 24u;                            // attention_prefill.py
      let masked_3 = vec4<f32>(select(-1e30, score_30, key_position_3 <= own_position),
          select(-1e30, score_31, key_position_3 <= own_position_1),
          select(-1e30, score_32, key_position_3 <= own_position_2),
          select(-1e30, score_33, key_position_3 <= own_position_3));     // attention_prefill.py
      let greatest = max(max(max(masked, masked_1), masked_2), masked_3);  // attention_prefill.py
      maxima[local_id.x] = greatest;                                      // attention_prefill.py
      workgroupBarrier();                                                 // attention_prefill.py
      let index = group * 8u;                                             // attention_prefill.py
      var tile_maximum: vec4<f32> = maxima[index];
      for (var other = 1u; other < 8u; other++) {                         // attention_prefill.py
        tile_maximum = max(tile_maximum, maxima[index + other]);          // attention_prefill.py
      }
      let highest = max(maximum, tile_maximum);                           // softmax.py
      let rescale = exp2(maximum - highest);                              // softmax.py
      total *= rescale;                                                   // softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      maximum = highest;                                                  // softmax.py
      let place = first_query + column;                                   // attention_prefill.py
      weights[place] = exp2(masked - highest);                            // attention_prefill.py
      let place_1 = place + 8u;                                           // attention_prefill.py
      weights[place_1] = exp2(masked_1 - highest);                        // attention_prefill.py
      let place_2 = place + 16u;                                          // attention_prefill.py
      weights[place_2] = exp2(masked_2 - highest);                        // attention_prefill.py
      let place_3 = place + 24u;                                          // attention_prefill.py
      weights[place_3] = exp2(masked_3 - highest);                        // attention_prefill.py
      workgroupBarrier();                                                 // attention_prefill.py
      let count = min(end - tile, 32u);                                   // attention_prefill.py
      let last = end - 1u;
      for (var key = 0u; key < count; key += 4u) {                        // attention_prefill.py
        let key_1 = key + 1u;                                             // attention_prefill.py
        let key_2 = key + 2u;
        let key_3 = key + 3u;
        let row = min(tile + key, last) * 4u + workgroup_id.y;            // cache.py
        let value = v_cache[row * 8u + column];                           // cache.py
        let row_1 = min(tile + key_1, last) * 4u + workgroup_id.y;        // cache.py
        let value_1 = v_cache[row_1 * 8u + column];                       // cache.py
        let row_2 = min(tile + key_2, last) * 4u + workgroup_id.y;        // cache.py
        let value_2 = v_cache[row_2 * 8u + column];                       // cache.py
        let row_3 = min(tile + key_3, last) * 4u + workgroup_id.y;        // cache.py
        let value_3 = v_cache[row_3 * 8u + column];                       // cache.py
        let weight = weights[first_query + key];                          // attention_prefill.py
        total += weight;                                                  // softmax.py
        sum_0 += weight * value.x;                                        // softmax.py
        sum_1 += weight * value.y;
        let weight_1 = weights[first_query + key_1];                      // attention_prefill.py
        total += weight_1;                                                // softmax.py
        sum_0 += weight_1 * value_1.x;                                    // softmax.py
        sum_1 += weight_1 * value_1.y;
        let weight_2 = weights[first_query + key_2];                      // attention_prefill.py
        total += weight_2;                                                // softmax.py
        sum_0 += weight_2 * value_2.x;                                    // softmax.py
        sum_1 += weight_2 * value_2.y;
        let weight_3 = weights[first_query + key_3];                      // attention_prefill.py
        total += weight_3;                                                // softmax.py
        sum_0 += weight_3 * value_3.x;                                    // softmax.py
        sum_1 += weight_3 * value_3.y;
      }
    }
    let token = first_row + group * 4u;                                   // attention_prefill.py
    if (token < step.seq) {                                               // attention_prefill.py
      let row_start = (token * 4u + workgroup_id.y) * 8u;                 // attention_prefill.py
      let start = row_start + column;                                     // attention_prefill.py
      let row_sums = vec2<f32>(sum_0.x, sum_1.x);                         // softmax.py
      out[start] = row_sums / total.x;                                    // attention_prefill.py
    }
    let token_1 = token + 1u;                                             // attention_prefill.py
    if (token_1 < step.seq) {                                             // attention_prefill.py
      let row_start = (token_1 * 4u + workgroup_id.y) * 8u;               // attention_prefill.py
      let start = row_start + column;                                     // attention_prefill.py
      let row_sums = vec2<f32>(sum_0.y, sum_1.y);                         // softmax.py
      out[start] = row_sums / total.y;                                    // attention_prefill.py
    }
    let token_2 = token + 2u;                                             // attention_prefill.py
    if (token_2 < step.seq) {                                             // attention_prefill.py
      let row_start = (token_2 * 4u + workgroup_id.y) * 8u;               // attention_prefill.py
      let start = row_start + column;                                     // attention_prefill.py
      let row_sums = vec2<f32>(sum_0.z, sum_1.z);                         // softmax.py
      out[start] = row_sums / total.z;                                    // attention_prefill.py
    }
    let token_3 = token + 3u;                                             // attention_prefill.py
    if (token_3 < step.seq) {                                             // attention_prefill.py
      let row_start = (token_3 * 4u + workgroup_id.y) * 8u;               // attention_prefill.py
      let start = row_start + column;                                     // attention_prefill.py
      let row_sums = vec2<f32>(sum_0.w, sum_1.w);                         // softmax.py
      out[start] = row_sums / total.w;                                    // attention_prefill.py
    }
  }
}
