// attention_prefill_f16_8_4x8

@group(0) @binding(0) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> k_cache: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> v_cache: array<vec4<u32>>;
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

var<workgroup> staged: array<vec4<f32>, 288>;
var<workgroup> scores: array<vec4<f32>, 544>;
var<workgroup> factors: array<f32, 32>;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let first_row = workgroup_id.x * 32u;                                   // attention/prefill.py
  if (first_row < step.seq) {                                             // attention/prefill.py
    let kv_head = workgroup_id.y / 2u;                                    // attention/prefill_operands.py
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
    for (var tile = 0u; tile < end; tile += 64u) {                        // attention/prefill_body.py
      let first = team_row * 17u;                                         // attention/prefill_body.py
      var score_0_0: vec4<f32> = vec4<f32>(0.0);                          // attention/prefill_body.py
      var score_0_1: vec4<f32> = vec4<f32>(0.0);
      var score_0_2: vec4<f32> = vec4<f32>(0.0);
      var score_0_3: vec4<f32> = vec4<f32>(0.0);
      var score_1_0: vec4<f32> = vec4<f32>(0.0);
      var score_1_1: vec4<f32> = vec4<f32>(0.0);
      var score_1_2: vec4<f32> = vec4<f32>(0.0);
      var score_1_3: vec4<f32> = vec4<f32>(0.0);
      var score_2_0: vec4<f32> = vec4<f32>(0.0);
      var score_2_1: vec4<f32> = vec4<f32>(0.0);
      var score_2_2: vec4<f32> = vec4<f32>(0.0);
      var score_2_3: vec4<f32> = vec4<f32>(0.0);
      var score_3_0: vec4<f32> = vec4<f32>(0.0);
      var score_3_1: vec4<f32> = vec4<f32>(0.0);
      var score_3_2: vec4<f32> = vec4<f32>(0.0);
      var score_3_3: vec4<f32> = vec4<f32>(0.0);
      let row_1 = 4u + column;                                            // attention/prefill_body.py
      let row_2 = 8u + column;
      let row_3 = 12u + column;
      workgroupBarrier();                                                 // attention/prefill_body.py
      for (var at = local_id.x; at < 64u; at += 32u) {                    // parts/distribute.py
        let row_4 = at / 2u;                                              // attention/prefill_operands.py
        let cell = at % 2u;                                               // attention/prefill_operands.py
        let token = min(first_row + row_4, step.seq - 1u);                // attention/prefill_operands.py
        let row_5 = (token * 8u + workgroup_id.y) * 2u;                   // attention/prefill_operands.py
        let start = row_4 * 3u + cell;                                    // parts/staged_rows.py
        staged[start] = q[row_5 + cell] * 0.5100697;                      // parts/staged_rows.py
      }
      for (var at = local_id.x; at < 64u; at += 32u) {                    // parts/distribute.py
        let position = min(tile + at, end - 1u);                          // attention/prefill_operands.py
        let row_4 = (at % 4u) * 16u + at / 4u;                            // attention/prefill_operands.py
        let stored = k_cache[position * 4u + kv_head];                    // attention/cache.py
        let staged_1 = vec4<f32>(unpack2x16float(stored.x), unpack2x16float(stored.y));  // attention/row_kinds.py
        let staged_2 = vec4<f32>(unpack2x16float(stored.z), unpack2x16float(stored.w));
        let start = row_4 * 3u;                                           // parts/staged_rows.py
        staged[start + 96u] = staged_1;                                   // parts/staged_rows.py
        staged[start + 97u] = staged_2;
      }
      workgroupBarrier();                                                 // attention/prefill_body.py
      for (var step_1 = 0u; step_1 < 2u; step_1++) {                      // attention/prefill_body.py
        let place = team_row * 3u + step_1;                               // parts/staged_rows.py
        let query_0 = staged[place];                                      // parts/staged_rows.py
        let query_1 = staged[place + 3u];
        let query_2 = staged[place + 6u];
        let query_3 = staged[place + 9u];
        let place_1 = column * 3u + step_1;                               // parts/staged_rows.py
        let key_0 = staged[place_1 + 96u];                                // parts/staged_rows.py
        let key_1 = staged[place_1 + 144u];
        let key_2 = staged[place_1 + 192u];
        let key_3 = staged[place_1 + 240u];
        let key_x = vec4<f32>(key_0.x, key_1.x, key_2.x, key_3.x);
        let key_y = vec4<f32>(key_0.y, key_1.y, key_2.y, key_3.y);
        let key_z = vec4<f32>(key_0.z, key_1.z, key_2.z, key_3.z);
        let key_w = vec4<f32>(key_0.w, key_1.w, key_2.w, key_3.w);
        let factor = vec4<f32>(query_0.x);                                // attention/prefill_body.py
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
        let place_2 = row_1 * 3u + step_1;                                // parts/staged_rows.py
        let key_0_1 = staged[place_2 + 96u];                              // parts/staged_rows.py
        let key_1_1 = staged[place_2 + 144u];
        let key_2_1 = staged[place_2 + 192u];
        let key_3_1 = staged[place_2 + 240u];
        let key_x_1 = vec4<f32>(key_0_1.x, key_1_1.x, key_2_1.x, key_3_1.x);
        let key_y_1 = vec4<f32>(key_0_1.y, key_1_1.y, key_2_1.y, key_3_1.y);
        let key_z_1 = vec4<f32>(key_0_1.z, key_1_1.z, key_2_1.z, key_3_1.z);
        let key_w_1 = vec4<f32>(key_0_1.w, key_1_1.w, key_2_1.w, key_3_1.w);
        score_1_0 += key_x_1 * factor;                                    // attention/prefill_body.py
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
        let place_3 = row_2 * 3u + step_1;                                // parts/staged_rows.py
        let key_0_2 = staged[place_3 + 96u];                              // parts/staged_rows.py
        let key_1_2 = staged[place_3 + 144u];
        let key_2_2 = staged[place_3 + 192u];
        let key_3_2 = staged[place_3 + 240u];
        let key_x_2 = vec4<f32>(key_0_2.x, key_1_2.x, key_2_2.x, key_3_2.x);
        let key_y_2 = vec4<f32>(key_0_2.y, key_1_2.y, key_2_2.y, key_3_2.y);
        let key_z_2 = vec4<f32>(key_0_2.z, key_1_2.z, key_2_2.z, key_3_2.z);
        let key_w_2 = vec4<f32>(key_0_2.w, key_1_2.w, key_2_2.w, key_3_2.w);
        score_2_0 += key_x_2 * factor;                                    // attention/prefill_body.py
        score_2_1 += key_x_2 * factor_1;
        score_2_2 += key_x_2 * factor_2;
        score_2_3 += key_x_2 * factor_3;
        score_2_0 += key_y_2 * factor_4;
        score_2_1 += key_y_2 * factor_5;
        score_2_2 += key_y_2 * factor_6;
        score_2_3 += key_y_2 * factor_7;
        score_2_0 += key_z_2 * factor_8;
        score_2_1 += key_z_2 * factor_9;
        score_2_2 += key_z_2 * factor_10;
        score_2_3 += key_z_2 * factor_11;
        score_2_0 += key_w_2 * factor_12;
        score_2_1 += key_w_2 * factor_13;
        score_2_2 += key_w_2 * factor_14;
        score_2_3 += key_w_2 * factor_15;
        let place_4 = row_3 * 3u + step_1;                                // parts/staged_rows.py
        let key_0_3 = staged[place_4 + 96u];                              // parts/staged_rows.py
        let key_1_3 = staged[place_4 + 144u];
        let key_2_3 = staged[place_4 + 192u];
        let key_3_3 = staged[place_4 + 240u];
        let key_x_3 = vec4<f32>(key_0_3.x, key_1_3.x, key_2_3.x, key_3_3.x);
        let key_y_3 = vec4<f32>(key_0_3.y, key_1_3.y, key_2_3.y, key_3_3.y);
        let key_z_3 = vec4<f32>(key_0_3.z, key_1_3.z, key_2_3.z, key_3_3.z);
        let key_w_3 = vec4<f32>(key_0_3.w, key_1_3.w, key_2_3.w, key_3_3.w);
        score_3_0 += key_x_3 * factor;                                    // attention/prefill_body.py
        score_3_1 += key_x_3 * factor_1;
        score_3_2 += key_x_3 * factor_2;
        score_3_3 += key_x_3 * factor_3;
        score_3_0 += key_y_3 * factor_4;
        score_3_1 += key_y_3 * factor_5;
        score_3_2 += key_y_3 * factor_6;
        score_3_3 += key_y_3 * factor_7;
        score_3_0 += key_z_3 * factor_8;
        score_3_1 += key_z_3 * factor_9;
        score_3_2 += key_z_3 * factor_10;
        score_3_3 += key_z_3 * factor_11;
        score_3_0 += key_w_3 * factor_12;
        score_3_1 += key_w_3 * factor_13;
        score_3_2 += key_w_3 * factor_14;
        score_3_3 += key_w_3 * factor_15;
      }
      let index = first + column;                                         // attention/prefill_body.py
      scores[index] = score_0_0;
      scores[index + 17u] = score_0_1;
      scores[index + 34u] = score_0_2;
      scores[index + 51u] = score_0_3;
      let index_1 = first + row_1;
      scores[index_1] = score_1_0;
      scores[index_1 + 17u] = score_1_1;
      scores[index_1 + 34u] = score_1_2;
      scores[index_1 + 51u] = score_1_3;
      let index_2 = first + row_2;
      scores[index_2] = score_2_0;
      scores[index_2 + 17u] = score_2_1;
      scores[index_2 + 34u] = score_2_2;
      scores[index_2 + 51u] = score_2_3;
      let index_3 = first + row_3;
      scores[index_3] = score_3_0;
      scores[index_3 + 17u] = score_3_1;
      scores[index_3 + 34u] = score_3_2;
      scores[index_3 + 51u] = score_3_3;
      workgroupBarrier();                                                 // attention/prefill_body.py
      for (var at = local_id.x; at < 64u; at += 32u) {                    // parts/distribute.py
        let position = min(tile + at, end - 1u);                          // attention/prefill_operands.py
        let stored = v_cache[position * 4u + kv_head];                    // attention/cache.py
        let staged_1 = vec4<f32>(unpack2x16float(stored.x), unpack2x16float(stored.y));  // attention/row_kinds.py
        let staged_2 = vec4<f32>(unpack2x16float(stored.z), unpack2x16float(stored.w));
        let start = at * 3u;                                              // parts/staged_rows.py
        staged[start] = staged_1;                                         // parts/staged_rows.py
        staged[start + 1u] = staged_2;
      }
      let cell = row * 17u + part * 16u;                                  // attention/prefill_softmax.py
      let first_1 = tile + part * 64u;                                    // attention/prefill_softmax.py
      let four = first_1 + vec4<u32>(0u, 1u, 2u, 3u);                     // attention/prefill_softmax.py
      let t = vec4<u32>(own_position);                                    // attention/prefill_softmax.py
      let seen = four <= t;
      let score = select(vec4<f32>(-1e30), scores[cell], seen);           // attention/prefill_softmax.py
      let seen_1 = four + 4u <= t;                                        // attention/prefill_softmax.py
      let index_4 = cell + 1u;                                            // attention/prefill_softmax.py
      let score_1 = select(vec4<f32>(-1e30), scores[index_4], seen_1);
      let seen_2 = four + 8u <= t;                                        // attention/prefill_softmax.py
      let index_5 = cell + 2u;                                            // attention/prefill_softmax.py
      let score_2 = select(vec4<f32>(-1e30), scores[index_5], seen_2);
      let seen_3 = four + 12u <= t;                                       // attention/prefill_softmax.py
      let index_6 = cell + 3u;                                            // attention/prefill_softmax.py
      let score_3 = select(vec4<f32>(-1e30), scores[index_6], seen_3);
      let seen_4 = four + 16u <= t;                                       // attention/prefill_softmax.py
      let index_7 = cell + 4u;                                            // attention/prefill_softmax.py
      let score_4 = select(vec4<f32>(-1e30), scores[index_7], seen_4);
      let seen_5 = four + 20u <= t;                                       // attention/prefill_softmax.py
      let index_8 = cell + 5u;                                            // attention/prefill_softmax.py
      let score_5 = select(vec4<f32>(-1e30), scores[index_8], seen_5);
      let seen_6 = four + 24u <= t;                                       // attention/prefill_softmax.py
      let index_9 = cell + 6u;                                            // attention/prefill_softmax.py
      let score_6 = select(vec4<f32>(-1e30), scores[index_9], seen_6);
      let seen_7 = four + 28u <= t;                                       // attention/prefill_softmax.py
      let index_10 = cell + 7u;                                           // attention/prefill_softmax.py
      let score_7 = select(vec4<f32>(-1e30), scores[index_10], seen_7);
      let seen_8 = four + 32u <= t;                                       // attention/prefill_softmax.py
      let index_11 = cell + 8u;                                           // attention/prefill_softmax.py
      let score_8 = select(vec4<f32>(-1e30), scores[index_11], seen_8);
      let seen_9 = four + 36u <= t;                                       // attention/prefill_softmax.py
      let index_12 = cell + 9u;                                           // attention/prefill_softmax.py
      let score_9 = select(vec4<f32>(-1e30), scores[index_12], seen_9);
      let seen_10 = four + 40u <= t;                                      // attention/prefill_softmax.py
      let index_13 = cell + 10u;                                          // attention/prefill_softmax.py
      let score_10 = select(vec4<f32>(-1e30), scores[index_13], seen_10);
      let seen_11 = four + 44u <= t;                                      // attention/prefill_softmax.py
      let index_14 = cell + 11u;                                          // attention/prefill_softmax.py
      let score_11 = select(vec4<f32>(-1e30), scores[index_14], seen_11);
      let seen_12 = four + 48u <= t;                                      // attention/prefill_softmax.py
      let index_15 = cell + 12u;                                          // attention/prefill_softmax.py
      let score_12 = select(vec4<f32>(-1e30), scores[index_15], seen_12);
      let seen_13 = four + 52u <= t;                                      // attention/prefill_softmax.py
      let index_16 = cell + 13u;                                          // attention/prefill_softmax.py
      let score_13 = select(vec4<f32>(-1e30), scores[index_16], seen_13);
      let seen_14 = four + 56u <= t;                                      // attention/prefill_softmax.py
      let index_17 = cell + 14u;                                          // attention/prefill_softmax.py
      let score_14 = select(vec4<f32>(-1e30), scores[index_17], seen_14);
      let seen_15 = four + 60u <= t;                                      // attention/prefill_softmax.py
      let index_18 = cell + 15u;                                          // attention/prefill_softmax.py
      let score_15 = select(vec4<f32>(-1e30), scores[index_18], seen_15);
      let own = max(max(max(max(max(max(max(max(score, score_1), score_2), score_3), score_4),
          score_5), score_6), score_7), score_8);                         // attention/prefill_softmax.py
      let own_1 = max(max(max(max(max(max(max(own, score_9), score_10), score_11), score_12),
          score_13), score_14), score_15);
      let highest = max(maximum, max(max(own_1.x, own_1.y), max(own_1.z, own_1.w)));  // attention/prefill_softmax.py
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
      let weight_8 = exp2(score_8 - t_1);
      let weight_9 = exp2(score_9 - t_1);
      let weight_10 = exp2(score_10 - t_1);
      let weight_11 = exp2(score_11 - t_1);
      let weight_12 = exp2(score_12 - t_1);
      let weight_13 = exp2(score_13 - t_1);
      let weight_14 = exp2(score_14 - t_1);
      let weight_15 = exp2(score_15 - t_1);
      total += weight.x + weight.y + (weight.z + weight.w);               // attention/prefill_softmax.py
      total += weight_1.x + weight_1.y + (weight_1.z + weight_1.w);
      total += weight_2.x + weight_2.y + (weight_2.z + weight_2.w);
      total += weight_3.x + weight_3.y + (weight_3.z + weight_3.w);
      total += weight_4.x + weight_4.y + (weight_4.z + weight_4.w);
      total += weight_5.x + weight_5.y + (weight_5.z + weight_5.w);
      total += weight_6.x + weight_6.y + (weight_6.z + weight_6.w);
      total += weight_7.x + weight_7.y + (weight_7.z + weight_7.w);
      total += weight_8.x + weight_8.y + (weight_8.z + weight_8.w);
      total += weight_9.x + weight_9.y + (weight_9.z + weight_9.w);
      total += weight_10.x + weight_10.y + (weight_10.z + weight_10.w);
      total += weight_11.x + weight_11.y + (weight_11.z + weight_11.w);
      total += weight_12.x + weight_12.y + (weight_12.z + weight_12.w);
      total += weight_13.x + weight_13.y + (weight_13.z + weight_13.w);
      total += weight_14.x + weight_14.y + (weight_14.z + weight_14.w);
      total += weight_15.x + weight_15.y + (weight_15.z + weight_15.w);
      scores[cell] = weight;                                              // parts/staged_rows.py
      scores[index_4] = weight_1;
      scores[index_5] = weight_2;
      scores[index_6] = weight_3;
      scores[index_7] = weight_4;
      scores[index_8] = weight_5;
      scores[index_9] = weight_6;
      scores[index_10] = weight_7;
      scores[index_11] = weight_8;
      scores[index_12] = weight_9;
      scores[index_13] = weight_10;
      scores[index_14] = weight_11;
      scores[index_15] = weight_12;
      scores[index_16] = weight_13;
      scores[index_17] = weight_14;
      scores[index_18] = weight_15;
      workgroupBarrier();                                                 // attention/prefill_body.py
      let factor = factors[team_row];                                     // attention/prefill_body.py
      sum_0_0 *= vec4<f32>(factor);
      let factor_1 = factors[team_row + 1u];
      sum_0_1 *= vec4<f32>(factor_1);
      let factor_2 = factors[team_row + 2u];
      sum_0_2 *= vec4<f32>(factor_2);
      let factor_3 = factors[team_row + 3u];
      sum_0_3 *= vec4<f32>(factor_3);
      for (var step_2 = 0u; step_2 < 16u; step_2++) {                     // attention/prefill_body.py
        let place = first + step_2;                                       // parts/staged_rows.py
        let weight_0 = scores[place];                                     // parts/staged_rows.py
        let weight_1_1 = scores[place + 17u];
        let weight_2_1 = scores[place + 34u];
        let weight_3_1 = scores[place + 51u];
        let row_4 = step_2 * 12u;                                         // attention/prefill_body.py
        let place_1 = row_4 + min(column, 1u);                            // attention/prefill_body.py
        let value_0 = staged[place_1];                                    // attention/prefill_body.py
        let value_1 = staged[place_1 + 3u];
        let value_2 = staged[place_1 + 6u];
        let value_3 = staged[place_1 + 9u];
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
    let index = team_row * 17u + column;                                  // attention/prefill_body.py
    scores[index] = sum_0_0;
    scores[index + 17u] = sum_0_1;
    scores[index + 34u] = sum_0_2;
    scores[index + 51u] = sum_0_3;
    workgroupBarrier();                                                   // attention/prefill_body.py
    for (var at = local_id.x; at < 64u; at += 32u) {                      // parts/distribute.py
      let row_1 = at / 2u;                                                // attention/prefill_body.py
      let cell = at % 2u;                                                 // attention/prefill_body.py
      let token = first_row + row_1;                                      // attention/prefill_body.py
      if (token < step.seq) {                                             // attention/prefill_body.py
        let result = scores[row_1 * 17u + cell];                          // attention/prefill_body.py
        let row_2 = (token * 8u + workgroup_id.y) * 2u;                   // attention/prefill_operands.py
        out[row_2 + cell] = result;                                       // attention/prefill_operands.py
      }
    }
  }
}
