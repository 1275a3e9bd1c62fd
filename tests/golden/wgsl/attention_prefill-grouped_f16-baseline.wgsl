// attention_prefill_f16_8_4x8

@group(0) @binding(0) var<storage, read> q: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read> k_cache: array<u32>;
@group(0) @binding(2) var<storage, read> v_cache: array<u32>;
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

var<workgroup> queries: array<vec2<f32>, 128>;
var<workgroup> keys: array<vec2<f32>, 160>;
var<workgroup> maxima: array<vec4<f32>, 32>;
var<workgroup> weights: array<vec4<f32>, 256>;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let first_row = workgroup_id.x * 32u;                                   // attention_prefill.py
  if (first_row < step.seq) {                                             // attention_prefill.py
    let kv_head = workgroup_id.y / 2u;                                    // attention_prefill.py
    let group = local_id.x / 4u;                                          // attention_prefill.py
    let column = local_id.x % 4u;                                         // attention_prefill.py
    let end = step.past + min(first_row + 32u, step.seq);                 // attention_prefill.py
    var maximum: vec4<f32> = vec4<f32>(-1e30);                            // softmax.py
    var total: vec4<f32> = vec4<f32>(0.0);                                // softmax.py
    var sum_0: vec4<f32> = vec4<f32>(0.0);                                // softmax.py
    var sum_1: vec4<f32> = vec4<f32>(0.0);
    for (var tile = 0u; tile < end; tile += 32u) {                        // attention_prefill.py
      let first_query = group * 16u;                                      // attention_prefill.py
      let first_key = column * 5u;                                        // attention_prefill.py
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
      var score_40: f32 = 0.0;
      var score_41: f32 = 0.0;
      var score_42: f32 = 0.0;
      var score_43: f32 = 0.0;
      var score_50: f32 = 0.0;
      var score_51: f32 = 0.0;
      var score_52: f32 = 0.0;
      var score_53: f32 = 0.0;
      var score_60: f32 = 0.0;
      var score_61: f32 = 0.0;
      var score_62: f32 = 0.0;
      var score_63: f32 = 0.0;
      var score_70: f32 = 0.0;
      var score_71: f32 = 0.0;
      var score_72: f32 = 0.0;
      var score_73: f32 = 0.0;
      for (var chunk = 0u; chunk < 4u; chunk += 4u) {                     // attention_prefill.py
        workgroupBarrier();                                               // attention_prefill.py
        for (var at = local_id.x; at < 128u; at += 32u) {                 // deal.py
          let row = min(first_row + at / 4u, step.seq - 1u);              // attention_prefill.py
          let element = (row * 8u + workgroup_id.y) * 4u + chunk + at % 4u;  // attention_prefill.py
          queries[at] = q[element] * 0.5100697;                           // attention_prefill.py
        }
        for (var at = local_id.x; at < 128u; at += 32u) {                 // deal.py
          let key = at / 4u;                                              // attention_prefill.py
          let load = at % 4u;                                             // attention_prefill.py
          let position = min(tile + key, end - 1u);                       // attention_prefill.py
          let row = position * 4u + kv_head;                              // cache.py
          let stored = k_cache[row * 4u + chunk + load];                  // cache.py
          let staged = unpack2x16float(stored);                           // cache.py
          keys[key * 5u + load] = staged;                                 // attention_prefill.py
        }
        workgroupBarrier();                                               // attention_prefill.py
        for (var at = 0u; at < 4u; at++) {                                // attention_prefill.py
          let place = first_query + at;                                   // attention_prefill.py
          let query = queries[place];                                     // attention_prefill.py
          let query_1 = queries[place + 4u];
          let query_2 = queries[place + 8u];
          let query_3 = queries[place + 12u];
          let place_1 = first_key + at;                                   // attention_prefill.py
          let key = keys[place_1];                                        // attention_prefill.py
          score_00 += dot(query, key);                                    // attention_prefill.py
          score_01 += dot(query_1, key);
          score_02 += dot(query_2, key);
          score_03 += dot(query_3, key);
          let place_2 = place_1 + 20u;                                    // attention_prefill.py
          let key_1 = keys[place_2];                                      // attention_prefill.py
          score_10 += dot(query, key_1);                                  // attention_prefill.py
          score_11 += dot(query_1, key_1);
          score_12 += dot(query_2, key_1);
          score_13 += dot(query_3, key_1);
          let place_3 = place_1 + 40u;                                    // attention_prefill.py
          let key_2 = keys[place_3];                                      // attention_prefill.py
          score_20 += dot(query, key_2);                                  // attention_prefill.py
          score_21 += dot(query_1, key_2);
          score_22 += dot(query_2, key_2);
          score_23 += dot(query_3, key_2);
          let place_4 = place_1 + 60u;                                    // attention_prefill.py
          let key_3 = keys[place_4];                                      // attention_prefill.py
          score_30 += dot(query, key_3);                                  // attention_prefill.py
          score_31 += dot(query_1, key_3);
          score_32 += dot(query_2, key_3);
          score_33 += dot(query_3, key_3);
          let place_5 = place_1 + 80u;                                    // attention_prefill.py
          let key_4 = keys[place_5];                                      // attention_prefill.py
          score_40 += dot(query, key_4);                                  // attention_prefill.py
          score_41 += dot(query_1, key_4);
          score_42 += dot(query_2, key_4);
          score_43 += dot(query_3, key_4);
          let place_6 = place_1 + 100u;                                   // attention_prefill.py
          let key_5 = keys[place_6];                                      // attention_prefill.py
          score_50 += dot(query, key_5);                                  // attention_prefill.py
          score_51 += dot(query_1, key_5);
          score_52 += dot(query_2, key_5);
          score_53 += dot(query_3, key_5);
          let place_7 = place_1 + 120u;                                   // attention_prefill.py
          let key_6 = keys[place_7];                                      // attention_prefill.py
          score_60 += dot(query, key_6);                                  // attention_prefill.py
          score_61 += dot(query_1, key_6);
          score_62 += dot(query_2, key_6);
          score_63 += dot(query_3, key_6);
          let place_8 = place_1 + 140u;                                   // attention_prefill.py
          let key_7 = keys[place_8];                                      // attention_prefill.py
          score_70 += dot(query, key_7);                                  // attention_prefill.py
          score_71 += dot(query_1, key_7);
          score_72 += dot(query_2, key_7);
          score_73 += dot(query_3, key_7);
        }
      }
      let index = group * 4u;                                             // attention_prefill.py
      let own_position = step.past + first_row + index;
      let own_position_1 = own_position + 1u;                             // attention_prefill.py
      let own_position_2 = own_position + 2u;
      let own_position_3 = own_position + 3u;
      let key_position = tile + column;                                   // attention_prefill.py
      let masked = vec4<f32>(select(-1e30, score_00, key_position <= own_position),
          select(-1e30, score_01, key_position <= own_position_1),
          select(-1e30, score_02, key_position <= own_position_2),
          select(-1e30, score_03, key_position <= own_position_3));       // attention_prefill.py
      let key_position_1 = key_position + 4u;                             // attention_prefill.py
      let masked_1 = vec4<f32>(select(-1e30, score_10, key_position_1 <= own_position),
          select(-1e30, score_11, key_position_1 <= own_position_1),
          select(-1e30, score_12, key_position_1 <= own_position_2),
          select(-1e30, score_13, key_position_1 <= own_position_3));     // attention_prefill.py
      let key_position_2 = key_position + 8u;                             // attention_prefill.py
      let masked_2 = vec4<f32>(select(-1e30, score_20, key_position_2 <= own_position),
          select(-1e30, score_21, key_position_2 <= own_position_1),
          select(-1e30, score_22, key_position_2 <= own_position_2),
          select(-1e30, score_23, key_position_2 <= own_position_3));     // attention_prefill.py
      let key_position_3 = key_position + 12u;                            // attention_prefill.py
      let masked_3 = vec4<f32>(select(-1e30, score_30, key_position_3 <= own_position),
          select(-1e30, score_31, key_position_3 <= own_position_1),
          select(-1e30, score_32, key_position_3 <= own_position_2),
          select(-1e30, score_33, key_position_3 <= own_position_3));     // attention_prefill.py
      let key_position_4 = key_position + 16u;                            // attention_prefill.py
      let masked_4 = vec4<f32>(select(-1e30, score_40, key_position_4 <= own_position),
          select(-1e30, score_41, key_position_4 <= own_position_1),
          select(-1e30, score_42, key_position_4 <= own_position_2),
          select(-1e30, score_43, key_position_4 <= own_position_3));     // attention_prefill.py
      let key_position_5 = key_position + 20u;                            // attention_prefill.py
      let masked_5 = vec4<f32>(select(-1e30, score_50, key_position_5 <= own_position),
          select(-1e30, score_51, key_position_5 <= own_position_1),
          select(-1e30, score_52, key_position_5 <= own_position_2),
          select(-1e30, score_53, key_position_5 <= own_position_3));     // attention_prefill.py
      let key_position_6 = key_position + 24u;                            // attention_prefill.py
      let masked_6 = vec4<f32>(select(-1e30, score_60, key_position_6 <= own_position),
          select(-1e30, score_61, key_position_6 <= own_position_1),
          select(-1e30, score_62, key_position_6 <= own_position_2),
          select(-1e30, score_63, key_position_6 <= own_position_3));     // attention_prefill.py
      let key_position_7 = key_position + 28u;                            // attention_prefill.py
      let masked_7 = vec4<f32>(select(-1e30, score_70, key_position_7 <= own_position),
          select(-1e30, score_71, key_position_7 <= own_position_1),
          select(-1e30, score_72, key_position_7 <= own_position_2),
          select(-1e30, score_73, key_position_7 <= own_position_3));     // attention_prefill.py
      let greatest = max(max(max(max(max(max(max(masked, masked_1), masked_2), masked_3),
          masked_4), masked_5), masked_6), masked_7);                     // attention_prefill.py
      maxima[local_id.x] = greatest;                                      // attention_prefill.py
      workgroupBarrier();                                                 // attention_prefill.py
      var tile_maximum: vec4<f32> = maxima[index];                        // attention_prefill.py
      for (var other = 1u; other < 4u; other++) {                         // attention_prefill.py
        tile_maximum = max(tile_maximum, maxima[index + other]);          // attention_prefill.py
      }
      let highest = max(maximum, tile_maximum);                           // softmax.py
      let rescale = exp2(maximum - highest);                              // softmax.py
      total *= rescale;                                                   // softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      maximum = highest;                                                  // softmax.py
      let first_weight = group * 32u;                                     // attention_prefill.py
      let place = first_weight + column;
      weights[place] = exp2(masked - highest);                            // attention_prefill.py
      let place_1 = place + 4u;                                           // attention_prefill.py
      weights[place_1] = exp2(masked_1 - highest);                        // attention_prefill.py
      let place_2 = place + 8u;                                           // attention_prefill.py
      weights[place_2] = exp2(masked_2 - highest);                        // attention_prefill.py
      let place_3 = place + 12u;                                          // attention_prefill.py
      weights[place_3] = exp2(masked_3 - highest);                        // attention_prefill.py
      let place_4 = place + 16u;                                          // attention_prefill.py
      weights[place_4] = exp2(masked_4 - highest);                        // attention_prefill.py
      let place_5 = place + 20u;                                          // attention_prefill.py
      weights[place_5] = exp2(masked_5 - highest);                        // attention_prefill.py
      let place_6 = place + 24u;                                          // attention_prefill.py
      weights[place_6] = exp2(masked_6 - highest);                        // attention_prefill.py
      let place_7 = place + 28u;                                          // attention_prefill.py
      weights[place_7] = exp2(masked_7 - highest);                        // attention_prefill.py
      workgroupBarrier();                                                 // attention_prefill.py
      let count = min(end - tile, 32u);                                   // attention_prefill.py
      let last = end - 1u;
      for (var key = 0u; key < count; key += 4u) {                        // attention_prefill.py
        let key_1 = key + 1u;                                             // attention_prefill.py
        let key_2 = key + 2u;
        let key_3 = key + 3u;
        let row = min(tile + key, last) * 4u + kv_head;                   // cache.py
        let stored = v_cache[row * 4u + column];                          // cache.py
        let value = unpack2x16float(stored);                              // cache.py
        let row_1 = min(tile + key_1, last) * 4u + kv_head;               // cache.py
        let stored_1 = v_cache[row_1 * 4u + column];                      // cache.py
        let value_1 = unpack2x16float(stored_1);                          // cache.py
        let row_2 = min(tile + key_2, last) * 4u + kv_head;               // cache.py
        let stored_2 = v_cache[row_2 * 4u + column];                      // cache.py
        let value_2 = unpack2x16float(stored_2);                          // cache.py
        let row_3 = min(tile + key_3, last) * 4u + kv_head;               // cache.py
        let stored_3 = v_cache[row_3 * 4u + column];                      // cache.py
        let value_3 = unpack2x16float(stored_3);                          // cache.py
        let weight = weights[first_weight + key];                         // attention_prefill.py
        total += weight;                                                  // softmax.py
        sum_0 += weight * value.x;                                        // softmax.py
        sum_1 += weight * value.y;
        let weight_1 = weights[first_weight + key_1];                     // attention_prefill.py
        total += weight_1;                                                // softmax.py
        sum_0 += weight_1 * value_1.x;                                    // softmax.py
        sum_1 += weight_1 * value_1.y;
        let weight_2 = weights[first_weight + key_2];                     // attention_prefill.py
        total += weight_2;                                                // softmax.py
        sum_0 += weight_2 * value_2.x;                                    // softmax.py
        sum_1 += weight_2 * value_2.y;
        let weight_3 = weights[first_weight + key_3];                     // attention_prefill.py
        total += weight_3;                                                // softmax.py
        sum_0 += weight_3 * value_3.x;                                    // softmax.py
        sum_1 += weight_3 * value_3.y;
      }
    }
    let token = first_row + group * 4u;                                   // attention_prefill.py
    if (token < step.seq) {                                               // attention_prefill.py
      let row_start = (token * 8u + workgroup_id.y) * 4u;                 // attention_prefill.py
      let start = row_start + column;                                     // attention_prefill.py
      let row_sums = vec2<f32>(sum_0.x, sum_1.x);                         // softmax.py
      out[start] = row_sums / total.x;                                    // attention_prefill.py
    }
    let token_1 = token + 1u;                                             // attention_prefill.py
    if (token_1 < step.seq) {                                             // attention_prefill.py
      let row_start = (token_1 * 8u + workgroup_id.y) * 4u;               // attention_prefill.py
      let start = row_start + column;                                     // attention_prefill.py
      let row_sums = vec2<f32>(sum_0.y, sum_1.y);                         // softmax.py
      out[start] = row_sums / total.y;                                    // attention_prefill.py
    }
    let token_2 = token + 2u;                                             // attention_prefill.py
    if (token_2 < step.seq) {                                             // attention_prefill.py
      let row_start = (token_2 * 8u + workgroup_id.y) * 4u;               // attention_prefill.py
      let start = row_start + column;                                     // attention_prefill.py
      let row_sums = vec2<f32>(sum_0.z, sum_1.z);                         // softmax.py
      out[start] = row_sums / total.z;                                    // attention_prefill.py
    }
    let token_3 = token + 3u;                                             // attention_prefill.py
    if (token_3 < step.seq) {                                             // attention_prefill.py
      let row_start = (token_3 * 8u + workgroup_id.y) * 4u;               // attention_prefill.py
      let start = row_start + column;                                     // attention_prefill.py
      let row_sums = vec2<f32>(sum_0.w, sum_1.w);                         // softmax.py
      out[start] = row_sums / total.w;                                    // attention_prefill.py
    }
  }
}
