// attention_prefill_f32_4_4x16

@group(0) @binding(0) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> k_cache: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> v_cache: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;

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

var<workgroup> staged: array<vec4<f32>, 192>;
var<workgroup> scores: array<vec4<f32>, 288>;
var<workgroup> factors: array<f32, 32>;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let first_row = workgroup_id.x * 32u;                                   // attention/prefill.py
  if (first_row < step.seq) {                                             // attention/prefill.py
    let end = step.past + min(first_row + 32u, step.seq);                 // attention/prefill_operands.py
    let line = local_id.x / 4u;                                           // attention/prefill_body.py
    let column = local_id.x % 4u;                                         // attention/prefill_body.py
    let team_row = line * 4u;                                             // attention/prefill_body.py
    var sum_0_0: vec4<f32> = vec4<f32>(0.0);                              // attention/prefill_body.py
    var sum_0_1: vec4<f32> = vec4<f32>(0.0);
    var sum_0_2: vec4<f32> = vec4<f32>(0.0);
    var sum_0_3: vec4<f32> = vec4<f32>(0.0);
    let row = local_id.x % 32u;                                           // attention/prefill_softmax.py
    let part = local_id.x / 32u;                                          // attention/prefill_softmax.py
    let own_position = step.past + first_row + row;                       // attention/prefill_softmax.py
    var maximum: f32 = -1e30;                                             // attention/prefill_softmax.py
    var total: f32 = 0.0;                                                 // attention/prefill_softmax.py
    for (var tile = 0u; tile < end; tile += 32u) {                        // attention/prefill_body.py
      let first = team_row * 9u;                                          // attention/prefill_body.py
      var score_0_0: vec4<f32> = vec4<f32>(0.0);                          // attention/prefill_body.py
      var score_0_1: vec4<f32> = vec4<f32>(0.0);
      var score_0_2: vec4<f32> = vec4<f32>(0.0);
      var score_0_3: vec4<f32> = vec4<f32>(0.0);
      var score_1_0: vec4<f32> = vec4<f32>(0.0);
      var score_1_1: vec4<f32> = vec4<f32>(0.0);
      var score_1_2: vec4<f32> = vec4<f32>(0.0);
      var score_1_3: vec4<f32> = vec4<f32>(0.0);
      let row_1 = 4u + column;                                            // attention/prefill_body.py
      for (var number = 0u; number < 4u; number += 2u) {                  // parts/distribute.py
        workgroupBarrier();                                               // attention/prefill_body.py
        for (var at = local_id.x; at < 64u; at += 32u) {                  // parts/distribute.py
          let row_2 = at / 2u;                                            // attention/prefill_operands.py
          let cell = at % 2u;                                             // attention/prefill_operands.py
          let token = min(first_row + row_2, step.seq - 1u);              // attention/prefill_operands.py
          let row_3 = (token * 4u + workgroup_id.y) * 4u;                 // attention/prefill_operands.py
          let start = row_2 * 3u + cell;                                  // parts/staged_rows.py
          staged[start] = q[row_3 + number + cell] * 0.36067376;          // parts/staged_rows.py
        }
        for (var at = local_id.x; at < 64u; at += 32u) {                  // parts/distribute.py
          let key = at / 2u;                                              // attention/prefill_operands.py
          let load = at % 2u;                                             // attention/prefill_operands.py
          let position = min(tile + key, end - 1u);                       // attention/prefill_operands.py
          let row_2 = (key % 4u) * 8u + key / 4u;                         // attention/prefill_operands.py
          let number_1 = number + load;                                   // attention/prefill_operands.py
          let staged_1 = k_cache[(position * 4u + workgroup_id.y) * 4u + number_1];  // attention/cache.py
          let start = row_2 * 3u + load;                                  // parts/staged_rows.py
          staged[start + 96u] = staged_1;                                 // parts/staged_rows.py
        }
        workgroupBarrier();                                               // attention/prefill_body.py
        for (var step_1 = 0u; step_1 < 2u; step_1++) {                    // attention/prefill_body.py
          let place = team_row * 3u + step_1;                             // parts/staged_rows.py
          let query_0 = staged[place];                                    // parts/staged_rows.py
          let query_1 = staged[place + 3u];
          let query_2 = staged[place + 6u];
          let query_3 = staged[place + 9u];
          let place_1 = column * 3u + step_1;                             // parts/staged_rows.py
          let key_0 = staged[place_1 + 96u];                              // parts/staged_rows.py
          let key_1 = staged[place_1 + 120u];
          let key_2 = staged[place_1 + 144u];
          let key_3 = staged[place_1 + 168u];
          let key_x = vec4<f32>(key_0.x, key_1.x, key_2.x, key_3.x);
          let key_y = vec4<f32>(key_0.y, key_1.y, key_2.y, key_3.y);
          let key_z = vec4<f32>(key_0.z, key_1.z, key_2.z, key_3.z);
          let key_w = vec4<f32>(key_0.w, key_1.w, key_2.w, key_3.w);
          let factor = vec4<f32>(query_0.x);                              // attention/prefill_body.py
          score_0_0 += key_x * factor;
          let factor_1 = vec4<f32>(query_1.x);
          score_0_1 += key_x * factor_1;
          let factor_2 = vec4<f32>(query_2.x);
          score_0_2 += key_x * factor_2;
          let factor_3 = vec4<f32>(query_3.x);
          score_0_3 += key_x * factor_3;
          let factor_4 = vec4<f32>(query_0.y);
          score_0_0 += key_y * factor_4;
          let factor_5 = vec4<f32>(query_1.y);
          score_0_1 += key_y * factor_5;
          let factor_6 = vec4<f32>(query_2.y);
          score_0_2 += key_y * factor_6;
          let factor_7 = vec4<f32>(query_3.y);
          score_0_3 += key_y * factor_7;
          let factor_8 = vec4<f32>(query_0.z);
          score_0_0 += key_z * factor_8;
          let factor_9 = vec4<f32>(query_1.z);
          score_0_1 += key_z * factor_9;
          let factor_10 = vec4<f32>(query_2.z);
          score_0_2 += key_z * factor_10;
          let factor_11 = vec4<f32>(query_3.z);
          score_0_3 += key_z * factor_11;
          let factor_12 = vec4<f32>(query_0.w);
          score_0_0 += key_w * factor_12;
          let factor_13 = vec4<f32>(query_1.w);
          score_0_1 += key_w * factor_13;
          let factor_14 = vec4<f32>(query_2.w);
          score_0_2 += key_w * factor_14;
          let factor_15 = vec4<f32>(query_3.w);
          score_0_3 += key_w * factor_15;
          let place_2 = row_1 * 3u + step_1;                              // parts/staged_rows.py
          let key_0_1 = staged[place_2 + 96u];                            // parts/staged_rows.py
          let key_1_1 = staged[place_2 + 120u];
          let key_2_1 = staged[place_2 + 144u];
          let key_3_1 = staged[place_2 + 168u];
          let key_x_1 = vec4<f32>(key_0_1.x, key_1_1.x, key_2_1.x, key_3_1.x);
          let key_y_1 = vec4<f32>(key_0_1.y, key_1_1.y, key_2_1.y, key_3_1.y);
          let key_z_1 = vec4<f32>(key_0_1.z, key_1_1.z, key_2_1.z, key_3_1.z);
          let key_w_1 = vec4<f32>(key_0_1.w, key_1_1.w, key_2_1.w, key_3_1.w);
          score_1_0 += key_x_1 * factor;                                  // attention/prefill_body.py
          score_1_1 += key_x_1 * factor_1;
          score_1_2 += key_x_1 * factor_2;
          score_1_3 += key_x_1 * factor_3;
          score_1_0 += key_y_1 * factor_4;
          score_1_1 += key_y_1 * factor_5;
          score_1_2 += key_y_1 * factor_6;
          score_1_3 += key_y_1 * factor_7;
          score_1_0 += key_z_1 * factor_8;
          score_1_1 += key_z_1 * factor_9;
          score_1_2 += key_z_1 * factor_10;
          score_1_3 += key_z_1 * factor_11;
          score_1_0 += key_w_1 * factor_12;
          score_1_1 += key_w_1 * factor_13;
          score_1_2 += key_w_1 * factor_14;
          score_1_3 += key_w_1 * factor_15;
        }
      }
      let index = first + column;                                         // attention/prefill_body.py
      scores[index] = score_0_0;
      scores[index + 9u] = score_0_1;
      scores[index + 18u] = score_0_2;
      scores[index + 27u] = score_0_3;
      let index_1 = first + row_1;
      scores[index_1] = score_1_0;
      scores[index_1 + 9u] = score_1_1;
      scores[index_1 + 18u] = score_1_2;
      scores[index_1 + 27u] = score_1_3;
      workgroupBarrier();                                                 // attention/prefill_body.py
      for (var at = local_id.x; at < 128u; at += 32u) {                   // parts/distribute.py
        let key = at / 4u;                                                // attention/prefill_operands.py
        let load = at % 4u;                                               // attention/prefill_operands.py
        let position = min(tile + key, end - 1u);                         // attention/prefill_operands.py
        let staged_1 = v_cache[(position * 4u + workgroup_id.y) * 4u + load];  // attention/cache.py
        let start = key * 5u + load;                                      // parts/staged_rows.py
        staged[start] = staged_1;                                         // parts/staged_rows.py
      }
      let cell = row * 9u + part * 8u;                                    // attention/prefill_softmax.py
      let first_1 = tile + part * 32u;                                    // attention/prefill_softmax.py
      let four = first_1 + vec4<u32>(0u, 1u, 2u, 3u);                     // attention/prefill_softmax.py
      let t = vec4<u32>(own_position);                                    // attention/prefill_softmax.py
      let seen = four <= t;
      let score = select(vec4<f32>(-1e30), scores[cell], seen);           // attention/prefill_softmax.py
      let seen_1 = four + 4u <= t;                                        // attention/prefill_softmax.py
      let index_2 = cell + 1u;                                            // attention/prefill_softmax.py
      let score_1 = select(vec4<f32>(-1e30), scores[index_2], seen_1);
      let seen_2 = four + 8u <= t;                                        // attention/prefill_softmax.py
      let index_3 = cell + 2u;                                            // attention/prefill_softmax.py
      let score_2 = select(vec4<f32>(-1e30), scores[index_3], seen_2);
      let seen_3 = four + 12u <= t;                                       // attention/prefill_softmax.py
      let index_4 = cell + 3u;                                            // attention/prefill_softmax.py
      let score_3 = select(vec4<f32>(-1e30), scores[index_4], seen_3);
      let seen_4 = four + 16u <= t;                                       // attention/prefill_softmax.py
      let index_5 = cell + 4u;                                            // attention/prefill_softmax.py
      let score_4 = select(vec4<f32>(-1e30), scores[index_5], seen_4);
      let seen_5 = four + 20u <= t;                                       // attention/prefill_softmax.py
      let index_6 = cell + 5u;                                            // attention/prefill_softmax.py
      let score_5 = select(vec4<f32>(-1e30), scores[index_6], seen_5);
      let seen_6 = four + 24u <= t;                                       // attention/prefill_softmax.py
      let index_7 = cell + 6u;                                            // attention/prefill_softmax.py
      let score_6 = select(vec4<f32>(-1e30), scores[index_7], seen_6);
      let seen_7 = four + 28u <= t;                                       // attention/prefill_softmax.py
      let index_8 = cell + 7u;                                            // attention/prefill_softmax.py
      let score_7 = select(vec4<f32>(-1e30), scores[index_8], seen_7);
      let own = max(max(max(max(max(max(max(score, score_1), score_2), score_3), score_4),
          score_5), score_6), score_7);                                   // attention/prefill_softmax.py
      let highest = max(maximum, max(max(own.x, own.y), max(own.z, own.w)));  // attention/prefill_softmax.py
      let rescale = exp2(maximum - highest);                              // attention/prefill_softmax.py
      total *= rescale;                                                   // attention/prefill_softmax.py
      maximum = highest;                                                  // attention/prefill_softmax.py
      if (part == 0u) {                                                   // attention/prefill_softmax.py
        factors[row] = rescale;                                           // attention/prefill_softmax.py
      }
      let t_1 = vec4<f32>(highest);                                       // attention/prefill_softmax.py
      let weight = exp2(score - t_1);
      let weight_1 = exp2(score_1 - t_1);
      let weight_2 = exp2(score_2 - t_1);
      let weight_3 = exp2(score_3 - t_1);
      let weight_4 = exp2(score_4 - t_1);
      let weight_5 = exp2(score_5 - t_1);
      let weight_6 = exp2(score_6 - t_1);
      let weight_7 = exp2(score_7 - t_1);
      total += weight.x + weight.y + (weight.z + weight.w);               // attention/prefill_softmax.py
      total += weight_1.x + weight_1.y + (weight_1.z + weight_1.w);
      total += weight_2.x + weight_2.y + (weight_2.z + weight_2.w);
      total += weight_3.x + weight_3.y + (weight_3.z + weight_3.w);
      total += weight_4.x + weight_4.y + (weight_4.z + weight_4.w);
      total += weight_5.x + weight_5.y + (weight_5.z + weight_5.w);
      total += weight_6.x + weight_6.y + (weight_6.z + weight_6.w);
      total += weight_7.x + weight_7.y + (weight_7.z + weight_7.w);
      scores[cell] = weight;                                              // parts/staged_rows.py
      scores[index_2] = weight_1;
      scores[index_3] = weight_2;
      scores[index_4] = weight_3;
      scores[index_5] = weight_4;
      scores[index_6] = weight_5;
      scores[index_7] = weight_6;
      scores[index_8] = weight_7;
      workgroupBarrier();                                                 // attention/prefill_body.py
      let factor = factors[team_row];                                     // attention/prefill_body.py
      sum_0_0 *= vec4<f32>(factor);
      let factor_1 = factors[team_row + 1u];
      sum_0_1 *= vec4<f32>(factor_1);
      let factor_2 = factors[team_row + 2u];
      sum_0_2 *= vec4<f32>(factor_2);
      let factor_3 = factors[team_row + 3u];
      sum_0_3 *= vec4<f32>(factor_3);
      for (var step_1 = 0u; step_1 < 8u; step_1++) {                      // attention/prefill_body.py
        let place = first + step_1;                                       // parts/staged_rows.py
        let weight_0 = scores[place];                                     // parts/staged_rows.py
        let weight_1_1 = scores[place + 9u];
        let weight_2_1 = scores[place + 18u];
        let weight_3_1 = scores[place + 27u];
        let row_2 = step_1 * 20u;                                         // attention/prefill_body.py
        let place_1 = row_2 + column;                                     // attention/prefill_body.py
        let value_0 = staged[place_1];                                    // attention/prefill_body.py
        let value_1 = staged[place_1 + 5u];
        let value_2 = staged[place_1 + 10u];
        let value_3 = staged[place_1 + 15u];
        sum_0_0 += value_0 * weight_0.x;
        sum_0_1 += value_0 * weight_1_1.x;
        sum_0_2 += value_0 * weight_2_1.x;
        sum_0_3 += value_0 * weight_3_1.x;
        sum_0_0 += value_1 * weight_0.y;
        sum_0_1 += value_1 * weight_1_1.y;
        sum_0_2 += value_1 * weight_2_1.y;
        sum_0_3 += value_1 * weight_3_1.y;
        sum_0_0 += value_2 * weight_0.z;
        sum_0_1 += value_2 * weight_1_1.z;
        sum_0_2 += value_2 * weight_2_1.z;
        sum_0_3 += value_2 * weight_3_1.z;
        sum_0_0 += value_3 * weight_0.w;
        sum_0_1 += value_3 * weight_1_1.w;
        sum_0_2 += value_3 * weight_2_1.w;
        sum_0_3 += value_3 * weight_3_1.w;
      }
    }
    workgroupBarrier();                                                   // attention/prefill_softmax.py
    let previous = total;                                                 // attention/prefill_softmax.py
    if (part == 0u) {                                                     // attention/prefill_softmax.py
      factors[row] = 1.0 / previous;                                      // attention/prefill_softmax.py
    }
    workgroupBarrier();                                                   // attention/prefill_softmax.py
    let factor = factors[team_row];                                       // attention/prefill_body.py
    sum_0_0 *= vec4<f32>(factor);
    let factor_1 = factors[team_row + 1u];
    sum_0_1 *= vec4<f32>(factor_1);
    let factor_2 = factors[team_row + 2u];
    sum_0_2 *= vec4<f32>(factor_2);
    let factor_3 = factors[team_row + 3u];
    sum_0_3 *= vec4<f32>(factor_3);
    let index = team_row * 9u + column;                                   // attention/prefill_body.py
    scores[index] = sum_0_0;
    scores[index + 9u] = sum_0_1;
    scores[index + 18u] = sum_0_2;
    scores[index + 27u] = sum_0_3;
    workgroupBarrier();                                                   // attention/prefill_body.py
    for (var at = local_id.x; at < 128u; at += 32u) {                     // parts/distribute.py
      let row_1 = at / 4u;                                                // attention/prefill_body.py
      let cell = at % 4u;                                                 // attention/prefill_body.py
      let token = first_row + row_1;                                      // attention/prefill_body.py
      if (token < step.seq) {                                             // attention/prefill_body.py
        let result = scores[row_1 * 9u + cell];                           // attention/prefill_body.py
        let row_2 = (token * 4u + workgroup_id.y) * 4u;                   // attention/prefill_operands.py
        out[row_2 + cell] = result;                                       // attention/prefill_operands.py
      }
    }
  }
}
