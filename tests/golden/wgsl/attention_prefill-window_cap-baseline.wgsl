// attention_prefill_f16_2_1x8_window256_cap50

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
    let position = step.past + first_row;                                 // attention/prefill_softmax.py
    let own_position = position + row;
    var maximum: f32 = -1e30;                                             // attention/prefill_softmax.py
    var total: f32 = 0.0;                                                 // attention/prefill_softmax.py
    let known = position + 1u;                                            // attention/softmax.py
    for (var tile = known - min(known, 256u); tile < end; tile += 64u) {  // attention/prefill_body.py
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
        let row_5 = (token * 2u + workgroup_id.y) * 2u;                   // attention/prefill_operands.py
        let start = row_4 * 3u + cell;                                    // parts/staged_rows.py
        staged[start] = q[row_5 + cell] * 0.25;                           // parts/staged_rows.py
      }
      for (var at = local_id.x; at < 64u; at += 32u) {                    // parts/distribute.py
        let position_1 = min(tile + at, end - 1u);                        // attention/prefill_operands.py
        let row_4 = (at % 4u) * 16u + at / 4u;                            // attention/prefill_operands.py
        let stored = k_cache[position_1 + kv_head];                       // attention/cache.py
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
        let position_1 = min(tile + at, end - 1u);                        // attention/prefill_operands.py
        let stored = v_cache[position_1 + kv_head];                       // attention/cache.py
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
      let seen = t - four < vec4<u32>(256u);
      let x = scores[cell] * 0.02;                                        // attention/softmax.py
      let t_1 = abs(x);                                                   // parts/precise_math.py
      let size = select(t_1, vec4<f32>(10.0), t_1 > vec4<f32>(10.0));
      let square = size * size;                                           // parts/precise_math.py
      let series = square * -0.0057049887 + 0.020639088;                  // parts/precise_math.py
      let series_1 = series * square - 0.053739715;                       // parts/precise_math.py
      let series_2 = series_1 * square + 0.13331442;                      // parts/precise_math.py
      let series_3 = series_2 * square - 0.3333328;                       // parts/precise_math.py
      let near = series_3 * square * size + size;                         // parts/precise_math.py
      let far = size * 2.0;                                               // parts/precise_math.py
      let whole = floor(far * 1.442695 + 0.5);                            // parts/precise_math.py
      let rest = far - whole * 0.6933594;                                 // parts/precise_math.py
      let rest_1 = rest - whole * -0.00021219444;                         // parts/precise_math.py
      let series_4 = rest_1 * 0.00019875691 + 0.0013981999;               // parts/precise_math.py
      let series_5 = series_4 * rest_1 + 0.008333452;                     // parts/precise_math.py
      let series_6 = series_5 * rest_1 + 0.041665796;                     // parts/precise_math.py
      let series_7 = series_6 * rest_1 + 0.16666666;                      // parts/precise_math.py
      let series_8 = series_7 * rest_1 + 0.5;                             // parts/precise_math.py
      let series_9 = series_8 * rest_1 * rest_1 + rest_1 + 1.0;           // parts/precise_math.py
      let far_1 = 1.0 - 2.0 / (series_9
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result = select(far_1, near, size < vec4<f32>(0.625));          // parts/precise_math.py
      let score = select(vec4<f32>(-1e30), select(result, -result, x < vec4<f32>(0.0))
          * 72.13475, seen);                                              // attention/prefill_softmax.py
      let seen_1 = t - (four + 4u) < vec4<u32>(256u);                     // attention/prefill_softmax.py
      let index_4 = cell + 1u;                                            // attention/prefill_softmax.py
      let x_1 = scores[index_4] * 0.02;                                   // attention/softmax.py
      let t_2 = abs(x_1);                                                 // parts/precise_math.py
      let size_1 = select(t_2, vec4<f32>(10.0), t_2 > vec4<f32>(10.0));
      let square_1 = size_1 * size_1;                                     // parts/precise_math.py
      let series_10 = square_1 * -0.0057049887 + 0.020639088;             // parts/precise_math.py
      let series_11 = series_10 * square_1 - 0.053739715;                 // parts/precise_math.py
      let series_12 = series_11 * square_1 + 0.13331442;                  // parts/precise_math.py
      let series_13 = series_12 * square_1 - 0.3333328;                   // parts/precise_math.py
      let near_1 = series_13 * square_1 * size_1 + size_1;                // parts/precise_math.py
      let far_2 = size_1 * 2.0;                                           // parts/precise_math.py
      let whole_1 = floor(far_2 * 1.442695 + 0.5);                        // parts/precise_math.py
      let rest_2 = far_2 - whole_1 * 0.6933594;                           // parts/precise_math.py
      let rest_3 = rest_2 - whole_1 * -0.00021219444;                     // parts/precise_math.py
      let series_14 = rest_3 * 0.00019875691 + 0.0013981999;              // parts/precise_math.py
      let series_15 = series_14 * rest_3 + 0.008333452;                   // parts/precise_math.py
      let series_16 = series_15 * rest_3 + 0.041665796;                   // parts/precise_math.py
      let series_17 = series_16 * rest_3 + 0.16666666;                    // parts/precise_math.py
      let series_18 = series_17 * rest_3 + 0.5;                           // parts/precise_math.py
      let series_19 = series_18 * rest_3 * rest_3 + rest_3 + 1.0;         // parts/precise_math.py
      let far_3 = 1.0 - 2.0 / (series_19
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole_1) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result_1 = select(far_3, near_1, size_1 < vec4<f32>(0.625));    // parts/precise_math.py
      let score_1 = select(vec4<f32>(-1e30), select(result_1, -result_1, x_1 < vec4<f32>(0.0))
          * 72.13475, seen_1);                                            // attention/prefill_softmax.py
      let seen_2 = t - (four + 8u) < vec4<u32>(256u);                     // attention/prefill_softmax.py
      let index_5 = cell + 2u;                                            // attention/prefill_softmax.py
      let x_2 = scores[index_5] * 0.02;                                   // attention/softmax.py
      let t_3 = abs(x_2);                                                 // parts/precise_math.py
      let size_2 = select(t_3, vec4<f32>(10.0), t_3 > vec4<f32>(10.0));
      let square_2 = size_2 * size_2;                                     // parts/precise_math.py
      let series_20 = square_2 * -0.0057049887 + 0.020639088;             // parts/precise_math.py
      let series_21 = series_20 * square_2 - 0.053739715;                 // parts/precise_math.py
      let series_22 = series_21 * square_2 + 0.13331442;                  // parts/precise_math.py
      let series_23 = series_22 * square_2 - 0.3333328;                   // parts/precise_math.py
      let near_2 = series_23 * square_2 * size_2 + size_2;                // parts/precise_math.py
      let far_4 = size_2 * 2.0;                                           // parts/precise_math.py
      let whole_2 = floor(far_4 * 1.442695 + 0.5);                        // parts/precise_math.py
      let rest_4 = far_4 - whole_2 * 0.6933594;                           // parts/precise_math.py
      let rest_5 = rest_4 - whole_2 * -0.00021219444;                     // parts/precise_math.py
      let series_24 = rest_5 * 0.00019875691 + 0.0013981999;              // parts/precise_math.py
      let series_25 = series_24 * rest_5 + 0.008333452;                   // parts/precise_math.py
      let series_26 = series_25 * rest_5 + 0.041665796;                   // parts/precise_math.py
      let series_27 = series_26 * rest_5 + 0.16666666;                    // parts/precise_math.py
      let series_28 = series_27 * rest_5 + 0.5;                           // parts/precise_math.py
      let series_29 = series_28 * rest_5 * rest_5 + rest_5 + 1.0;         // parts/precise_math.py
      let far_5 = 1.0 - 2.0 / (series_29
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole_2) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result_2 = select(far_5, near_2, size_2 < vec4<f32>(0.625));    // parts/precise_math.py
      let score_2 = select(vec4<f32>(-1e30), select(result_2, -result_2, x_2 < vec4<f32>(0.0))
          * 72.13475, seen_2);                                            // attention/prefill_softmax.py
      let seen_3 = t - (four + 12u) < vec4<u32>(256u);                    // attention/prefill_softmax.py
      let index_6 = cell + 3u;                                            // attention/prefill_softmax.py
      let x_3 = scores[index_6] * 0.02;                                   // attention/softmax.py
      let t_4 = abs(x_3);                                                 // parts/precise_math.py
      let size_3 = select(t_4, vec4<f32>(10.0), t_4 > vec4<f32>(10.0));
      let square_3 = size_3 * size_3;                                     // parts/precise_math.py
      let series_30 = square_3 * -0.0057049887 + 0.020639088;             // parts/precise_math.py
      let series_31 = series_30 * square_3 - 0.053739715;                 // parts/precise_math.py
      let series_32 = series_31 * square_3 + 0.13331442;                  // parts/precise_math.py
      let series_33 = series_32 * square_3 - 0.3333328;                   // parts/precise_math.py
      let near_3 = series_33 * square_3 * size_3 + size_3;                // parts/precise_math.py
      let far_6 = size_3 * 2.0;                                           // parts/precise_math.py
      let whole_3 = floor(far_6 * 1.442695 + 0.5);                        // parts/precise_math.py
      let rest_6 = far_6 - whole_3 * 0.6933594;                           // parts/precise_math.py
      let rest_7 = rest_6 - whole_3 * -0.00021219444;                     // parts/precise_math.py
      let series_34 = rest_7 * 0.00019875691 + 0.0013981999;              // parts/precise_math.py
      let series_35 = series_34 * rest_7 + 0.008333452;                   // parts/precise_math.py
      let series_36 = series_35 * rest_7 + 0.041665796;                   // parts/precise_math.py
      let series_37 = series_36 * rest_7 + 0.16666666;                    // parts/precise_math.py
      let series_38 = series_37 * rest_7 + 0.5;                           // parts/precise_math.py
      let series_39 = series_38 * rest_7 * rest_7 + rest_7 + 1.0;         // parts/precise_math.py
      let far_7 = 1.0 - 2.0 / (series_39
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole_3) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result_3 = select(far_7, near_3, size_3 < vec4<f32>(0.625));    // parts/precise_math.py
      let score_3 = select(vec4<f32>(-1e30), select(result_3, -result_3, x_3 < vec4<f32>(0.0))
          * 72.13475, seen_3);                                            // attention/prefill_softmax.py
      let seen_4 = t - (four + 16u) < vec4<u32>(256u);                    // attention/prefill_softmax.py
      let index_7 = cell + 4u;                                            // attention/prefill_softmax.py
      let x_4 = scores[index_7] * 0.02;                                   // attention/softmax.py
      let t_5 = abs(x_4);                                                 // parts/precise_math.py
      let size_4 = select(t_5, vec4<f32>(10.0), t_5 > vec4<f32>(10.0));
      let square_4 = size_4 * size_4;                                     // parts/precise_math.py
      let series_40 = square_4 * -0.0057049887 + 0.020639088;             // parts/precise_math.py
      let series_41 = series_40 * square_4 - 0.053739715;                 // parts/precise_math.py
      let series_42 = series_41 * square_4 + 0.13331442;                  // parts/precise_math.py
      let series_43 = series_42 * square_4 - 0.3333328;                   // parts/precise_math.py
      let near_4 = series_43 * square_4 * size_4 + size_4;                // parts/precise_math.py
      let far_8 = size_4 * 2.0;                                           // parts/precise_math.py
      let whole_4 = floor(far_8 * 1.442695 + 0.5);                        // parts/precise_math.py
      let rest_8 = far_8 - whole_4 * 0.6933594;                           // parts/precise_math.py
      let rest_9 = rest_8 - whole_4 * -0.00021219444;                     // parts/precise_math.py
      let series_44 = rest_9 * 0.00019875691 + 0.0013981999;              // parts/precise_math.py
      let series_45 = series_44 * rest_9 + 0.008333452;                   // parts/precise_math.py
      let series_46 = series_45 * rest_9 + 0.041665796;                   // parts/precise_math.py
      let series_47 = series_46 * rest_9 + 0.16666666;                    // parts/precise_math.py
      let series_48 = series_47 * rest_9 + 0.5;                           // parts/precise_math.py
      let series_49 = series_48 * rest_9 * rest_9 + rest_9 + 1.0;         // parts/precise_math.py
      let far_9 = 1.0 - 2.0 / (series_49
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole_4) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result_4 = select(far_9, near_4, size_4 < vec4<f32>(0.625));    // parts/precise_math.py
      let score_4 = select(vec4<f32>(-1e30), select(result_4, -result_4, x_4 < vec4<f32>(0.0))
          * 72.13475, seen_4);                                            // attention/prefill_softmax.py
      let seen_5 = t - (four + 20u) < vec4<u32>(256u);                    // attention/prefill_softmax.py
      let index_8 = cell + 5u;                                            // attention/prefill_softmax.py
      let x_5 = scores[index_8] * 0.02;                                   // attention/softmax.py
      let t_6 = abs(x_5);                                                 // parts/precise_math.py
      let size_5 = select(t_6, vec4<f32>(10.0), t_6 > vec4<f32>(10.0));
      let square_5 = size_5 * size_5;                                     // parts/precise_math.py
      let series_50 = square_5 * -0.0057049887 + 0.020639088;             // parts/precise_math.py
      let series_51 = series_50 * square_5 - 0.053739715;                 // parts/precise_math.py
      let series_52 = series_51 * square_5 + 0.13331442;                  // parts/precise_math.py
      let series_53 = series_52 * square_5 - 0.3333328;                   // parts/precise_math.py
      let near_5 = series_53 * square_5 * size_5 + size_5;                // parts/precise_math.py
      let far_10 = size_5 * 2.0;                                          // parts/precise_math.py
      let whole_5 = floor(far_10 * 1.442695 + 0.5);                       // parts/precise_math.py
      let rest_10 = far_10 - whole_5 * 0.6933594;                         // parts/precise_math.py
      let rest_11 = rest_10 - whole_5 * -0.00021219444;                   // parts/precise_math.py
      let series_54 = rest_11 * 0.00019875691 + 0.0013981999;             // parts/precise_math.py
      let series_55 = series_54 * rest_11 + 0.008333452;                  // parts/precise_math.py
      let series_56 = series_55 * rest_11 + 0.041665796;                  // parts/precise_math.py
      let series_57 = series_56 * rest_11 + 0.16666666;                   // parts/precise_math.py
      let series_58 = series_57 * rest_11 + 0.5;                          // parts/precise_math.py
      let series_59 = series_58 * rest_11 * rest_11 + rest_11 + 1.0;      // parts/precise_math.py
      let far_11 = 1.0 - 2.0 / (series_59
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole_5) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result_5 = select(far_11, near_5, size_5 < vec4<f32>(0.625));   // parts/precise_math.py
      let score_5 = select(vec4<f32>(-1e30), select(result_5, -result_5, x_5 < vec4<f32>(0.0))
          * 72.13475, seen_5);                                            // attention/prefill_softmax.py
      let seen_6 = t - (four + 24u) < vec4<u32>(256u);                    // attention/prefill_softmax.py
      let index_9 = cell + 6u;                                            // attention/prefill_softmax.py
      let x_6 = scores[index_9] * 0.02;                                   // attention/softmax.py
      let t_7 = abs(x_6);                                                 // parts/precise_math.py
      let size_6 = select(t_7, vec4<f32>(10.0), t_7 > vec4<f32>(10.0));
      let square_6 = size_6 * size_6;                                     // parts/precise_math.py
      let series_60 = square_6 * -0.0057049887 + 0.020639088;             // parts/precise_math.py
      let series_61 = series_60 * square_6 - 0.053739715;                 // parts/precise_math.py
      let series_62 = series_61 * square_6 + 0.13331442;                  // parts/precise_math.py
      let series_63 = series_62 * square_6 - 0.3333328;                   // parts/precise_math.py
      let near_6 = series_63 * square_6 * size_6 + size_6;                // parts/precise_math.py
      let far_12 = size_6 * 2.0;                                          // parts/precise_math.py
      let whole_6 = floor(far_12 * 1.442695 + 0.5);                       // parts/precise_math.py
      let rest_12 = far_12 - whole_6 * 0.6933594;                         // parts/precise_math.py
      let rest_13 = rest_12 - whole_6 * -0.00021219444;                   // parts/precise_math.py
      let series_64 = rest_13 * 0.00019875691 + 0.0013981999;             // parts/precise_math.py
      let series_65 = series_64 * rest_13 + 0.008333452;                  // parts/precise_math.py
      let series_66 = series_65 * rest_13 + 0.041665796;                  // parts/precise_math.py
      let series_67 = series_66 * rest_13 + 0.16666666;                   // parts/precise_math.py
      let series_68 = series_67 * rest_13 + 0.5;                          // parts/precise_math.py
      let series_69 = series_68 * rest_13 * rest_13 + rest_13 + 1.0;      // parts/precise_math.py
      let far_13 = 1.0 - 2.0 / (series_69
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole_6) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result_6 = select(far_13, near_6, size_6 < vec4<f32>(0.625));   // parts/precise_math.py
      let score_6 = select(vec4<f32>(-1e30), select(result_6, -result_6, x_6 < vec4<f32>(0.0))
          * 72.13475, seen_6);                                            // attention/prefill_softmax.py
      let seen_7 = t - (four + 28u) < vec4<u32>(256u);                    // attention/prefill_softmax.py
      let index_10 = cell + 7u;                                           // attention/prefill_softmax.py
      let x_7 = scores[index_10] * 0.02;                                  // attention/softmax.py
      let t_8 = abs(x_7);                                                 // parts/precise_math.py
      let size_7 = select(t_8, vec4<f32>(10.0), t_8 > vec4<f32>(10.0));
      let square_7 = size_7 * size_7;                                     // parts/precise_math.py
      let series_70 = square_7 * -0.0057049887 + 0.020639088;             // parts/precise_math.py
      let series_71 = series_70 * square_7 - 0.053739715;                 // parts/precise_math.py
      let series_72 = series_71 * square_7 + 0.13331442;                  // parts/precise_math.py
      let series_73 = series_72 * square_7 - 0.3333328;                   // parts/precise_math.py
      let near_7 = series_73 * square_7 * size_7 + size_7;                // parts/precise_math.py
      let far_14 = size_7 * 2.0;                                          // parts/precise_math.py
      let whole_7 = floor(far_14 * 1.442695 + 0.5);                       // parts/precise_math.py
      let rest_14 = far_14 - whole_7 * 0.6933594;                         // parts/precise_math.py
      let rest_15 = rest_14 - whole_7 * -0.00021219444;                   // parts/precise_math.py
      let series_74 = rest_15 * 0.00019875691 + 0.0013981999;             // parts/precise_math.py
      let series_75 = series_74 * rest_15 + 0.008333452;                  // parts/precise_math.py
      let series_76 = series_75 * rest_15 + 0.041665796;                  // parts/precise_math.py
      let series_77 = series_76 * rest_15 + 0.16666666;                   // parts/precise_math.py
      let series_78 = series_77 * rest_15 + 0.5;                          // parts/precise_math.py
      let series_79 = series_78 * rest_15 * rest_15 + rest_15 + 1.0;      // parts/precise_math.py
      let far_15 = 1.0 - 2.0 / (series_79
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole_7) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result_7 = select(far_15, near_7, size_7 < vec4<f32>(0.625));   // parts/precise_math.py
      let score_7 = select(vec4<f32>(-1e30), select(result_7, -result_7, x_7 < vec4<f32>(0.0))
          * 72.13475, seen_7);                                            // attention/prefill_softmax.py
      let seen_8 = t - (four + 32u) < vec4<u32>(256u);                    // attention/prefill_softmax.py
      let index_11 = cell + 8u;                                           // attention/prefill_softmax.py
      let x_8 = scores[index_11] * 0.02;                                  // attention/softmax.py
      let t_9 = abs(x_8);                                                 // parts/precise_math.py
      let size_8 = select(t_9, vec4<f32>(10.0), t_9 > vec4<f32>(10.0));
      let square_8 = size_8 * size_8;                                     // parts/precise_math.py
      let series_80 = square_8 * -0.0057049887 + 0.020639088;             // parts/precise_math.py
      let series_81 = series_80 * square_8 - 0.053739715;                 // parts/precise_math.py
      let series_82 = series_81 * square_8 + 0.13331442;                  // parts/precise_math.py
      let series_83 = series_82 * square_8 - 0.3333328;                   // parts/precise_math.py
      let near_8 = series_83 * square_8 * size_8 + size_8;                // parts/precise_math.py
      let far_16 = size_8 * 2.0;                                          // parts/precise_math.py
      let whole_8 = floor(far_16 * 1.442695 + 0.5);                       // parts/precise_math.py
      let rest_16 = far_16 - whole_8 * 0.6933594;                         // parts/precise_math.py
      let rest_17 = rest_16 - whole_8 * -0.00021219444;                   // parts/precise_math.py
      let series_84 = rest_17 * 0.00019875691 + 0.0013981999;             // parts/precise_math.py
      let series_85 = series_84 * rest_17 + 0.008333452;                  // parts/precise_math.py
      let series_86 = series_85 * rest_17 + 0.041665796;                  // parts/precise_math.py
      let series_87 = series_86 * rest_17 + 0.16666666;                   // parts/precise_math.py
      let series_88 = series_87 * rest_17 + 0.5;                          // parts/precise_math.py
      let series_89 = series_88 * rest_17 * rest_17 + rest_17 + 1.0;      // parts/precise_math.py
      let far_17 = 1.0 - 2.0 / (series_89
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole_8) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result_8 = select(far_17, near_8, size_8 < vec4<f32>(0.625));   // parts/precise_math.py
      let score_8 = select(vec4<f32>(-1e30), select(result_8, -result_8, x_8 < vec4<f32>(0.0))
          * 72.13475, seen_8);                                            // attention/prefill_softmax.py
      let seen_9 = t - (four + 36u) < vec4<u32>(256u);                    // attention/prefill_softmax.py
      let index_12 = cell + 9u;                                           // attention/prefill_softmax.py
      let x_9 = scores[index_12] * 0.02;                                  // attention/softmax.py
      let t_10 = abs(x_9);                                                // parts/precise_math.py
      let size_9 = select(t_10, vec4<f32>(10.0), t_10 > vec4<f32>(10.0));
      let square_9 = size_9 * size_9;                                     // parts/precise_math.py
      let series_90 = square_9 * -0.0057049887 + 0.020639088;             // parts/precise_math.py
      let series_91 = series_90 * square_9 - 0.053739715;                 // parts/precise_math.py
      let series_92 = series_91 * square_9 + 0.13331442;                  // parts/precise_math.py
      let series_93 = series_92 * square_9 - 0.3333328;                   // parts/precise_math.py
      let near_9 = series_93 * square_9 * size_9 + size_9;                // parts/precise_math.py
      let far_18 = size_9 * 2.0;                                          // parts/precise_math.py
      let whole_9 = floor(far_18 * 1.442695 + 0.5);                       // parts/precise_math.py
      let rest_18 = far_18 - whole_9 * 0.6933594;                         // parts/precise_math.py
      let rest_19 = rest_18 - whole_9 * -0.00021219444;                   // parts/precise_math.py
      let series_94 = rest_19 * 0.00019875691 + 0.0013981999;             // parts/precise_math.py
      let series_95 = series_94 * rest_19 + 0.008333452;                  // parts/precise_math.py
      let series_96 = series_95 * rest_19 + 0.041665796;                  // parts/precise_math.py
      let series_97 = series_96 * rest_19 + 0.16666666;                   // parts/precise_math.py
      let series_98 = series_97 * rest_19 + 0.5;                          // parts/precise_math.py
      let series_99 = series_98 * rest_19 * rest_19 + rest_19 + 1.0;      // parts/precise_math.py
      let far_19 = 1.0 - 2.0 / (series_99
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole_9) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result_9 = select(far_19, near_9, size_9 < vec4<f32>(0.625));   // parts/precise_math.py
      let score_9 = select(vec4<f32>(-1e30), select(result_9, -result_9, x_9 < vec4<f32>(0.0))
          * 72.13475, seen_9);                                            // attention/prefill_softmax.py
      let seen_10 = t - (four + 40u) < vec4<u32>(256u);                   // attention/prefill_softmax.py
      let index_13 = cell + 10u;                                          // attention/prefill_softmax.py
      let x_10 = scores[index_13] * 0.02;                                 // attention/softmax.py
      let t_11 = abs(x_10);                                               // parts/precise_math.py
      let size_10 = select(t_11, vec4<f32>(10.0), t_11 > vec4<f32>(10.0));
      let square_10 = size_10 * size_10;                                  // parts/precise_math.py
      let series_100 = square_10 * -0.0057049887 + 0.020639088;           // parts/precise_math.py
      let series_101 = series_100 * square_10 - 0.053739715;              // parts/precise_math.py
      let series_102 = series_101 * square_10 + 0.13331442;               // parts/precise_math.py
      let series_103 = series_102 * square_10 - 0.3333328;                // parts/precise_math.py
      let near_10 = series_103 * square_10 * size_10 + size_10;           // parts/precise_math.py
      let far_20 = size_10 * 2.0;                                         // parts/precise_math.py
      let whole_10 = floor(far_20 * 1.442695 + 0.5);                      // parts/precise_math.py
      let rest_20 = far_20 - whole_10 * 0.6933594;                        // parts/precise_math.py
      let rest_21 = rest_20 - whole_10 * -0.00021219444;                  // parts/precise_math.py
      let series_104 = rest_21 * 0.00019875691 + 0.0013981999;            // parts/precise_math.py
      let series_105 = series_104 * rest_21 + 0.008333452;                // parts/precise_math.py
      let series_106 = series_105 * rest_21 + 0.041665796;                // parts/precise_math.py
      let series_107 = series_106 * rest_21 + 0.16666666;                 // parts/precise_math.py
      let series_108 = series_107 * rest_21 + 0.5;                        // parts/precise_math.py
      let series_109 = series_108 * rest_21 * rest_21 + rest_21 + 1.0;    // parts/precise_math.py
      let far_21 = 1.0 - 2.0 / (series_109
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole_10) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result_10 = select(far_21, near_10, size_10 < vec4<f32>(0.625));  // parts/precise_math.py
      let score_10 = select(vec4<f32>(-1e30),
          select(result_10, -result_10, x_10 < vec4<f32>(0.0)) * 72.13475, seen_10);  // attention/prefill_softmax.py
      let seen_11 = t - (four + 44u) < vec4<u32>(256u);                   // attention/prefill_softmax.py
      let index_14 = cell + 11u;                                          // attention/prefill_softmax.py
      let x_11 = scores[index_14] * 0.02;                                 // attention/softmax.py
      let t_12 = abs(x_11);                                               // parts/precise_math.py
      let size_11 = select(t_12, vec4<f32>(10.0), t_12 > vec4<f32>(10.0));
      let square_11 = size_11 * size_11;                                  // parts/precise_math.py
      let series_110 = square_11 * -0.0057049887 + 0.020639088;           // parts/precise_math.py
      let series_111 = series_110 * square_11 - 0.053739715;              // parts/precise_math.py
      let series_112 = series_111 * square_11 + 0.13331442;               // parts/precise_math.py
      let series_113 = series_112 * square_11 - 0.3333328;                // parts/precise_math.py
      let near_11 = series_113 * square_11 * size_11 + size_11;           // parts/precise_math.py
      let far_22 = size_11 * 2.0;                                         // parts/precise_math.py
      let whole_11 = floor(far_22 * 1.442695 + 0.5);                      // parts/precise_math.py
      let rest_22 = far_22 - whole_11 * 0.6933594;                        // parts/precise_math.py
      let rest_23 = rest_22 - whole_11 * -0.00021219444;                  // parts/precise_math.py
      let series_114 = rest_23 * 0.00019875691 + 0.0013981999;            // parts/precise_math.py
      let series_115 = series_114 * rest_23 + 0.008333452;                // parts/precise_math.py
      let series_116 = series_115 * rest_23 + 0.041665796;                // parts/precise_math.py
      let series_117 = series_116 * rest_23 + 0.16666666;                 // parts/precise_math.py
      let series_118 = series_117 * rest_23 + 0.5;                        // parts/precise_math.py
      let series_119 = series_118 * rest_23 * rest_23 + rest_23 + 1.0;    // parts/precise_math.py
      let far_23 = 1.0 - 2.0 / (series_119
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole_11) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result_11 = select(far_23, near_11, size_11 < vec4<f32>(0.625));  // parts/precise_math.py
      let score_11 = select(vec4<f32>(-1e30),
          select(result_11, -result_11, x_11 < vec4<f32>(0.0)) * 72.13475, seen_11);  // attention/prefill_softmax.py
      let seen_12 = t - (four + 48u) < vec4<u32>(256u);                   // attention/prefill_softmax.py
      let index_15 = cell + 12u;                                          // attention/prefill_softmax.py
      let x_12 = scores[index_15] * 0.02;                                 // attention/softmax.py
      let t_13 = abs(x_12);                                               // parts/precise_math.py
      let size_12 = select(t_13, vec4<f32>(10.0), t_13 > vec4<f32>(10.0));
      let square_12 = size_12 * size_12;                                  // parts/precise_math.py
      let series_120 = square_12 * -0.0057049887 + 0.020639088;           // parts/precise_math.py
      let series_121 = series_120 * square_12 - 0.053739715;              // parts/precise_math.py
      let series_122 = series_121 * square_12 + 0.13331442;               // parts/precise_math.py
      let series_123 = series_122 * square_12 - 0.3333328;                // parts/precise_math.py
      let near_12 = series_123 * square_12 * size_12 + size_12;           // parts/precise_math.py
      let far_24 = size_12 * 2.0;                                         // parts/precise_math.py
      let whole_12 = floor(far_24 * 1.442695 + 0.5);                      // parts/precise_math.py
      let rest_24 = far_24 - whole_12 * 0.6933594;                        // parts/precise_math.py
      let rest_25 = rest_24 - whole_12 * -0.00021219444;                  // parts/precise_math.py
      let series_124 = rest_25 * 0.00019875691 + 0.0013981999;            // parts/precise_math.py
      let series_125 = series_124 * rest_25 + 0.008333452;                // parts/precise_math.py
      let series_126 = series_125 * rest_25 + 0.041665796;                // parts/precise_math.py
      let series_127 = series_126 * rest_25 + 0.16666666;                 // parts/precise_math.py
      let series_128 = series_127 * rest_25 + 0.5;                        // parts/precise_math.py
      let series_129 = series_128 * rest_25 * rest_25 + rest_25 + 1.0;    // parts/precise_math.py
      let far_25 = 1.0 - 2.0 / (series_129
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole_12) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result_12 = select(far_25, near_12, size_12 < vec4<f32>(0.625));  // parts/precise_math.py
      let score_12 = select(vec4<f32>(-1e30),
          select(result_12, -result_12, x_12 < vec4<f32>(0.0)) * 72.13475, seen_12);  // attention/prefill_softmax.py
      let seen_13 = t - (four + 52u) < vec4<u32>(256u);                   // attention/prefill_softmax.py
      let index_16 = cell + 13u;                                          // attention/prefill_softmax.py
      let x_13 = scores[index_16] * 0.02;                                 // attention/softmax.py
      let t_14 = abs(x_13);                                               // parts/precise_math.py
      let size_13 = select(t_14, vec4<f32>(10.0), t_14 > vec4<f32>(10.0));
      let square_13 = size_13 * size_13;                                  // parts/precise_math.py
      let series_130 = square_13 * -0.0057049887 + 0.020639088;           // parts/precise_math.py
      let series_131 = series_130 * square_13 - 0.053739715;              // parts/precise_math.py
      let series_132 = series_131 * square_13 + 0.13331442;               // parts/precise_math.py
      let series_133 = series_132 * square_13 - 0.3333328;                // parts/precise_math.py
      let near_13 = series_133 * square_13 * size_13 + size_13;           // parts/precise_math.py
      let far_26 = size_13 * 2.0;                                         // parts/precise_math.py
      let whole_13 = floor(far_26 * 1.442695 + 0.5);                      // parts/precise_math.py
      let rest_26 = far_26 - whole_13 * 0.6933594;                        // parts/precise_math.py
      let rest_27 = rest_26 - whole_13 * -0.00021219444;                  // parts/precise_math.py
      let series_134 = rest_27 * 0.00019875691 + 0.0013981999;            // parts/precise_math.py
      let series_135 = series_134 * rest_27 + 0.008333452;                // parts/precise_math.py
      let series_136 = series_135 * rest_27 + 0.041665796;                // parts/precise_math.py
      let series_137 = series_136 * rest_27 + 0.16666666;                 // parts/precise_math.py
      let series_138 = series_137 * rest_27 + 0.5;                        // parts/precise_math.py
      let series_139 = series_138 * rest_27 * rest_27 + rest_27 + 1.0;    // parts/precise_math.py
      let far_27 = 1.0 - 2.0 / (series_139
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole_13) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result_13 = select(far_27, near_13, size_13 < vec4<f32>(0.625));  // parts/precise_math.py
      let score_13 = select(vec4<f32>(-1e30),
          select(result_13, -result_13, x_13 < vec4<f32>(0.0)) * 72.13475, seen_13);  // attention/prefill_softmax.py
      let seen_14 = t - (four + 56u) < vec4<u32>(256u);                   // attention/prefill_softmax.py
      let index_17 = cell + 14u;                                          // attention/prefill_softmax.py
      let x_14 = scores[index_17] * 0.02;                                 // attention/softmax.py
      let t_15 = abs(x_14);                                               // parts/precise_math.py
      let size_14 = select(t_15, vec4<f32>(10.0), t_15 > vec4<f32>(10.0));
      let square_14 = size_14 * size_14;                                  // parts/precise_math.py
      let series_140 = square_14 * -0.0057049887 + 0.020639088;           // parts/precise_math.py
      let series_141 = series_140 * square_14 - 0.053739715;              // parts/precise_math.py
      let series_142 = series_141 * square_14 + 0.13331442;               // parts/precise_math.py
      let series_143 = series_142 * square_14 - 0.3333328;                // parts/precise_math.py
      let near_14 = series_143 * square_14 * size_14 + size_14;           // parts/precise_math.py
      let far_28 = size_14 * 2.0;                                         // parts/precise_math.py
      let whole_14 = floor(far_28 * 1.442695 + 0.5);                      // parts/precise_math.py
      let rest_28 = far_28 - whole_14 * 0.6933594;                        // parts/precise_math.py
      let rest_29 = rest_28 - whole_14 * -0.00021219444;                  // parts/precise_math.py
      let series_144 = rest_29 * 0.00019875691 + 0.0013981999;            // parts/precise_math.py
      let series_145 = series_144 * rest_29 + 0.008333452;                // parts/precise_math.py
      let series_146 = series_145 * rest_29 + 0.041665796;                // parts/precise_math.py
      let series_147 = series_146 * rest_29 + 0.16666666;                 // parts/precise_math.py
      let series_148 = series_147 * rest_29 + 0.5;                        // parts/precise_math.py
      let series_149 = series_148 * rest_29 * rest_29 + rest_29 + 1.0;    // parts/precise_math.py
      let far_29 = 1.0 - 2.0 / (series_149
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole_14) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result_14 = select(far_29, near_14, size_14 < vec4<f32>(0.625));  // parts/precise_math.py
      let score_14 = select(vec4<f32>(-1e30),
          select(result_14, -result_14, x_14 < vec4<f32>(0.0)) * 72.13475, seen_14);  // attention/prefill_softmax.py
      let seen_15 = t - (four + 60u) < vec4<u32>(256u);                   // attention/prefill_softmax.py
      let index_18 = cell + 15u;                                          // attention/prefill_softmax.py
      let x_15 = scores[index_18] * 0.02;                                 // attention/softmax.py
      let t_16 = abs(x_15);                                               // parts/precise_math.py
      let size_15 = select(t_16, vec4<f32>(10.0), t_16 > vec4<f32>(10.0));
      let square_15 = size_15 * size_15;                                  // parts/precise_math.py
      let series_150 = square_15 * -0.0057049887 + 0.020639088;           // parts/precise_math.py
      let series_151 = series_150 * square_15 - 0.053739715;              // parts/precise_math.py
      let series_152 = series_151 * square_15 + 0.13331442;               // parts/precise_math.py
      let series_153 = series_152 * square_15 - 0.3333328;                // parts/precise_math.py
      let near_15 = series_153 * square_15 * size_15 + size_15;           // parts/precise_math.py
      let far_30 = size_15 * 2.0;                                         // parts/precise_math.py
      let whole_15 = floor(far_30 * 1.442695 + 0.5);                      // parts/precise_math.py
      let rest_30 = far_30 - whole_15 * 0.6933594;                        // parts/precise_math.py
      let rest_31 = rest_30 - whole_15 * -0.00021219444;                  // parts/precise_math.py
      let series_154 = rest_31 * 0.00019875691 + 0.0013981999;            // parts/precise_math.py
      let series_155 = series_154 * rest_31 + 0.008333452;                // parts/precise_math.py
      let series_156 = series_155 * rest_31 + 0.041665796;                // parts/precise_math.py
      let series_157 = series_156 * rest_31 + 0.16666666;                 // parts/precise_math.py
      let series_158 = series_157 * rest_31 + 0.5;                        // parts/precise_math.py
      let series_159 = series_158 * rest_31 * rest_31 + rest_31 + 1.0;    // parts/precise_math.py
      let far_31 = 1.0 - 2.0 / (series_159
          * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole_15) + 127i) << vec4<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result_15 = select(far_31, near_15, size_15 < vec4<f32>(0.625));  // parts/precise_math.py
      let score_15 = select(vec4<f32>(-1e30),
          select(result_15, -result_15, x_15 < vec4<f32>(0.0)) * 72.13475, seen_15);  // attention/prefill_softmax.py
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
      let t_17 = vec4<f32>(highest);                                      // attention/prefill_softmax.py
      let weight = exp2(score - t_17);
      let weight_1 = exp2(score_1 - t_17);
      let weight_2 = exp2(score_2 - t_17);
      let weight_3 = exp2(score_3 - t_17);
      let weight_4 = exp2(score_4 - t_17);
      let weight_5 = exp2(score_5 - t_17);
      let weight_6 = exp2(score_6 - t_17);
      let weight_7 = exp2(score_7 - t_17);
      let weight_8 = exp2(score_8 - t_17);
      let weight_9 = exp2(score_9 - t_17);
      let weight_10 = exp2(score_10 - t_17);
      let weight_11 = exp2(score_11 - t_17);
      let weight_12 = exp2(score_12 - t_17);
      let weight_13 = exp2(score_13 - t_17);
      let weight_14 = exp2(score_14 - t_17);
      let weight_15 = exp2(score_15 - t_17);
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
        let row_2 = (token * 2u + workgroup_id.y) * 2u;                   // attention/prefill_operands.py
        out[row_2 + cell] = result;                                       // attention/prefill_operands.py
      }
    }
  }
}
