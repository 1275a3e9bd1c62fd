// matmul_q4_qkv_128x64
enable f16;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<f16>;
@group(0) @binding(3) var<storage, read_write> q: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> k_cache: array<u32>;
@group(0) @binding(5) var<storage, read_write> v_cache: array<u32>;

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
@group(0) @binding(6) var<uniform> step: Step;

var<workgroup> tile: array<vec4<u32>, 640>;

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.x * 64u;                                       // linear/matmul_tiled.py
  let index_1 = workgroup_id.y * 64u;                                     // linear/matmul_tiled.py
  let team = local_id.x / 32u;                                            // linear/matmul_units.py
  let t = team / 2u;                                                      // linear/matmul_units.py
  let t_1 = team % 2u;
  var sum_00: subgroup_matrix_result<f32, 16, 16> = subgroup_matrix_result<f32, 16, 16>();  // linear/matmul_tiled.py
  var sum_01: subgroup_matrix_result<f32, 16, 16> = subgroup_matrix_result<f32, 16, 16>();
  var sum_10: subgroup_matrix_result<f32, 16, 16> = subgroup_matrix_result<f32, 16, 16>();
  var sum_11: subgroup_matrix_result<f32, 16, 16> = subgroup_matrix_result<f32, 16, 16>();
  let block = local_id.x / 4u;                                            // linear/operands.py
  let unit = local_id.x % 4u;                                             // linear/operands.py
  let index_2 = step.seq - 1u;                                            // linear/operands.py
  let row = min(index_1 + block, index_2);
  let at = unit * 2u;                                                     // linear/operands.py
  let index_3 = row * 16u;                                                // linear/buffers.py
  var loaded: vec4<f32> = x[at + index_3];                                // linear/operands.py
  var loaded_1: vec4<f32> = x[at + 1u + index_3];
  let at_1 = local_id.x + 128u;                                           // linear/operands.py
  let block_1 = at_1 / 4u;                                                // linear/operands.py
  let unit_1 = at_1 % 4u;                                                 // linear/operands.py
  let row_1 = min(index_1 + block_1, index_2);                            // linear/operands.py
  let at_2 = unit_1 * 2u;                                                 // linear/operands.py
  let index_4 = row_1 * 16u;                                              // linear/buffers.py
  var loaded_2: vec4<f32> = x[at_2 + index_4];                            // linear/operands.py
  var loaded_3: vec4<f32> = x[at_2 + 1u + index_4];
  let block_2 = min(local_id.x, 63u);                                     // linear/operands.py
  let row_2 = index + block_2;                                            // linear/operands.py
  let row_3 = row_2 * 2u;                                                 // linear/operands.py
  let words = quants[row_3];                                              // linear/operands.py
  var loaded_4: vec4<u32> = words;                                        // linear/operands.py
  var loaded_5: f16 = scales[row_3];
  for (var group = 0u; group < 2u; group++) {                             // linear/matmul_tiled.py
    let x_1 = loaded;                                                     // linear/operands.py
    let x_2 = loaded_1;
    let chosen = select(x_1, vec4<f32>(65504.0), x_1 > vec4<f32>(65504.0));  // parts/staged_rows.py
    let four = select(chosen, vec4<f32>(-65504.0), chosen < vec4<f32>(-65504.0));
    let chosen_1 = select(x_2, vec4<f32>(65504.0), x_2 > vec4<f32>(65504.0));
    let four_1 = select(chosen_1, vec4<f32>(-65504.0), chosen_1 < vec4<f32>(-65504.0));
    let pair = vec2<f32>(four.x, four.y);                                 // parts/staged_rows.py
    let t_2 = four.z;
    let t_3 = four.w;
    let start = block * 5u + unit;                                        // parts/staged_rows.py
    tile[start] = vec4<u32>(pack2x16float(pair), pack2x16float(vec2<f32>(t_2, t_3)),
        pack2x16float(vec2<f32>(four_1.x, four_1.y)),
        pack2x16float(vec2<f32>(four_1.z, four_1.w)));                    // parts/staged_rows.py
    let x_3 = loaded_2;                                                   // linear/operands.py
    let x_4 = loaded_3;
    let chosen_2 = select(x_3, vec4<f32>(65504.0), x_3 > vec4<f32>(65504.0));  // parts/staged_rows.py
    let four_2 = select(chosen_2, vec4<f32>(-65504.0), chosen_2 < vec4<f32>(-65504.0));
    let chosen_3 = select(x_4, vec4<f32>(65504.0), x_4 > vec4<f32>(65504.0));
    let four_3 = select(chosen_3, vec4<f32>(-65504.0), chosen_3 < vec4<f32>(-65504.0));
    let pair_1 = vec2<f32>(four_2.x, four_2.y);                           // parts/staged_rows.py
    let t_4 = four_2.z;
    let t_5 = four_2.w;
    let start_1 = block_1 * 5u + unit_1;                                  // parts/staged_rows.py
    tile[start_1] = vec4<u32>(pack2x16float(pair_1), pack2x16float(vec2<f32>(t_4, t_5)),
        pack2x16float(vec2<f32>(four_3.x, four_3.y)),
        pack2x16float(vec2<f32>(four_3.z, four_3.w)));                    // parts/staged_rows.py
    if (local_id.x < 64u) {                                               // linear/operands.py
      let words_1 = loaded_4;                                             // linear/operands.py
      let low = vec4<f32>(unpack4xU8(words_1.x & 0x0f0f0f0fu)) - 8.0;     // formats/nibbles.py
      let high = vec4<f32>(unpack4xU8((words_1.x >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let low_1 = vec4<f32>(unpack4xU8(words_1.y & 0x0f0f0f0fu)) - 8.0;   // formats/nibbles.py
      let high_1 = vec4<f32>(unpack4xU8((words_1.y >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let low_2 = vec4<f32>(unpack4xU8(words_1.z & 0x0f0f0f0fu)) - 8.0;   // formats/nibbles.py
      let high_2 = vec4<f32>(unpack4xU8((words_1.z >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let low_3 = vec4<f32>(unpack4xU8(words_1.w & 0x0f0f0f0fu)) - 8.0;   // formats/nibbles.py
      let high_3 = vec4<f32>(unpack4xU8((words_1.w >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let factor = vec4<f32>(f32(loaded_5));                              // linear/operands.py
      let four_4 = low * factor;                                          // linear/operands.py
      let four_5 = high * factor;
      let four_6 = low_1 * factor;
      let four_7 = high_1 * factor;
      let four_8 = low_2 * factor;
      let four_9 = high_2 * factor;
      let four_10 = low_3 * factor;
      let four_11 = high_3 * factor;
      let pair_2 = vec2<f32>(four_4.x, four_4.y);                         // parts/staged_rows.py
      let pair_3 = vec2<f32>(four_4.z, four_4.w);
      let pair_4 = vec2<f32>(four_6.x, four_6.y);
      let pair_5 = vec2<f32>(four_6.z, four_6.w);
      let pair_6 = vec2<f32>(four_8.x, four_8.y);
      let pair_7 = vec2<f32>(four_8.z, four_8.w);
      let pair_8 = vec2<f32>(four_10.x, four_10.y);
      let pair_9 = vec2<f32>(four_10.z, four_10.w);
      let start_2 = block_2 * 5u;                                         // parts/staged_rows.py
      tile[start_2 + 320u] = vec4<u32>(pack2x16float(pair_2), pack2x16float(pair_3),
          pack2x16float(vec2<f32>(four_5.x, four_5.y)),
          pack2x16float(vec2<f32>(four_5.z, four_5.w)));                  // parts/staged_rows.py
      tile[start_2 + 321u] = vec4<u32>(pack2x16float(pair_4), pack2x16float(pair_5),
          pack2x16float(vec2<f32>(four_7.x, four_7.y)),
          pack2x16float(vec2<f32>(four_7.z, four_7.w)));
      tile[start_2 + 322u] = vec4<u32>(pack2x16float(pair_6), pack2x16float(pair_7),
          pack2x16float(vec2<f32>(four_9.x, four_9.y)),
          pack2x16float(vec2<f32>(four_9.z, four_9.w)));
      tile[start_2 + 323u] = vec4<u32>(pack2x16float(pair_8), pack2x16float(pair_9),
          pack2x16float(vec2<f32>(four_11.x, four_11.y)),
          pack2x16float(vec2<f32>(four_11.z, four_11.w)));
    }
    workgroupBarrier();                                                   // linear/matmul_tiled.py
    let step_1 = min(group + 1u, 1u);                                     // linear/matmul_tiled.py
    let index_5 = step_1 * 4u;                                            // linear/operands.py
    let first = index_5 + unit;
    let at_3 = first * 2u;                                                // linear/operands.py
    loaded = x[at_3 + index_3];                                           // linear/operands.py
    loaded_1 = x[at_3 + 1u + index_3];
    let first_1 = index_5 + unit_1;                                       // linear/operands.py
    let at_4 = first_1 * 2u;                                              // linear/operands.py
    loaded_2 = x[at_4 + index_4];                                         // linear/operands.py
    loaded_3 = x[at_4 + 1u + index_4];
    let unit_2 = row_3 + step_1;                                          // linear/operands.py
    let words_1 = quants[unit_2];                                         // linear/operands.py
    loaded_4 = words_1;                                                   // linear/operands.py
    loaded_5 = scales[unit_2];
    for (var part = 0u; part < 2u; part++) {                              // linear/matmul_tiled.py
      let cell = part * 2u;                                               // parts/staged_rows.py
      let place = t * 32u * 5u + cell;                                    // parts/staged_rows.py
      let x_5 = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>,
          row_major>(&tile, place, 5u);                                   // parts/staged_rows.py
      let x_6 = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>,
          row_major>(&tile, place + 80u, 5u);
      let place_1 = t_1 * 32u * 5u + cell;                                // parts/staged_rows.py
      let w = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>,
          col_major>(&tile, place_1 + 320u, 5u);                          // parts/staged_rows.py
      let w_1 = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>,
          col_major>(&tile, place_1 + 400u, 5u);
      sum_00 = subgroupMatrixMultiplyAccumulate(x_5, w, sum_00);          // linear/matmul_units.py
      sum_01 = subgroupMatrixMultiplyAccumulate(x_5, w_1, sum_01);
      sum_10 = subgroupMatrixMultiplyAccumulate(x_6, w, sum_10);
      sum_11 = subgroupMatrixMultiplyAccumulate(x_6, w_1, sum_11);
    }
    workgroupBarrier();                                                   // linear/matmul_tiled.py
  }
  let start = team * 144u;                                                // linear/matmul_units.py
  subgroupMatrixStore<row_major>(&tile, start, sum_00, 9u);               // linear/matmul_units.py
  let t_2 = start + 4u;
  subgroupMatrixStore<row_major>(&tile, t_2, sum_01, 9u);
  workgroupBarrier();                                                     // linear/matmul_units.py
  for (var block_3 = local_id.x; block_3 < 512u; block_3 += 128u) {       // linear/matmul_units.py
    let line = block_3 / 16u;                                             // linear/matmul_units.py
    let column = block_3 % 16u;                                           // linear/matmul_units.py
    let index_5 = line / 16u;                                             // linear/matmul_units.py
    let team_1 = index_5 * 2u + column / 8u;
    let index_6 = line % 16u;                                             // linear/matmul_units.py
    let cell = (team_1 * 16u + index_6) * 9u + column % 8u;
    let token = index_5 * 32u + index_6;                                  // linear/matmul_units.py
    let results = bitcast<vec4<f32>>(tile[cell]);                         // linear/matmul_units.py
    let token_1 = index_1 + token;                                        // linear/matmul_units.py
    let row_4 = index + column * 4u;
    if (token_1 < step.seq) {                                             // linear/matmul_tiled.py
      if (row_4 < 128u) {                                                 // linear/matmul_tiled.py
        let pair = row_4 / 2u;                                            // linear/matmul_tiled.py
        let position = step.past + token_1;                               // epilogues/heads.py
        var first: f32 = results.x;                                       // epilogues/heads.py
        var second: f32 = results.y;                                      // epilogues/heads.py
        let in_head = pair % 4u;                                          // epilogues/heads.py
        let rotated = pair < 48u;                                         // epilogues/heads.py
        if (rotated) {                                                    // epilogues/heads.py
          let index_7 = f32(in_head);                                     // parts/rotary.py
          let product = index_7 * -3.321289;                              // parts/precise_math.py
          let t_3 = index_7 * -0.0006390324;                              // parts/precise_math.py
          let whole = floor(product + t_3 + 0.5);
          let fraction = product - whole + t_3;                           // parts/precise_math.py
          let series = fraction * 0.00015353362 + 0.0013398874;           // parts/precise_math.py
          let series_1 = series * fraction + 0.009618437;                 // parts/precise_math.py
          let series_2 = series_1 * fraction + 0.055503324;               // parts/precise_math.py
          let series_3 = series_2 * fraction + 0.24022648;                // parts/precise_math.py
          let series_4 = series_3 * fraction + 0.6931472;                 // parts/precise_math.py
          let power = bitcast<f32>(u32(i32(whole) + 127i) << 23u);        // parts/precise_math.py
          let angle = f32(position) * ((series_4 * fraction + 1.0) * power);  // parts/rotary.py
          let quarter = floor(angle * 0.63661975 + 0.5);                  // parts/precise_math.py
          let reduced = angle - quarter * 1.5625;                         // parts/precise_math.py
          let reduced_1 = reduced - quarter * 0.008178711;                // parts/precise_math.py
          let reduced_2 = reduced_1 - quarter * 0.00011730194;            // parts/precise_math.py
          let reduced_3 = reduced_2 - quarter * 3.1391647e-7;             // parts/precise_math.py
          let square = reduced_3 * reduced_3;                             // parts/precise_math.py
          let sine = (square * -0.00019515296 + 0.008332161) * square - 0.16666655;  // parts/precise_math.py
          let sine_1 = sine * square * reduced_3 + reduced_3;             // parts/precise_math.py
          let cosine = (square * 2.4433157e-5 - 0.0013887316) * square + 0.041666646;  // parts/precise_math.py
          let cosine_1 = cosine * square * square - square * 0.5 + 1.0;   // parts/precise_math.py
          let quadrant = u32(quarter) & 3u;                               // parts/precise_math.py
          let swapped = (quadrant & 1u) == 1u;                            // parts/precise_math.py
          let sin_value = select(sine_1, cosine_1, swapped);              // parts/precise_math.py
          let cos_value = select(cosine_1, sine_1, swapped);              // parts/precise_math.py
          let sin_angle = select(sin_value, -sin_value, quadrant >= 2u);  // parts/precise_math.py
          let cos_angle = select(cos_value, -cos_value, ((quadrant + 1u) & 2u) == 2u);  // parts/precise_math.py
          first = results.x * cos_angle - results.y * sin_angle;          // epilogues/heads.py
          second = results.y * cos_angle + results.x * sin_angle;         // epilogues/heads.py
        }
        let both = vec2<f32>(first, second);                              // epilogues/heads.py
        let row_5 = position * 16u;                                       // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token_1 * 32u] = both;                                 // epilogues/heads.py
        } else {
          let stored = pack2x16float(both);                               // attention/row_kinds.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_5 + pair - 32u] = stored;                         // epilogues/heads.py
          } else {
            v_cache[row_5 + pair - 48u] = stored;                         // epilogues/heads.py
          }
        }
      }
      let index_7 = row_4 + 2u;                                           // linear/matmul_tiled.py
      if (index_7 < 128u) {
        let pair = index_7 / 2u;                                          // linear/matmul_tiled.py
        let position = step.past + token_1;                               // epilogues/heads.py
        var first: f32 = results.z;                                       // epilogues/heads.py
        var second: f32 = results.w;                                      // epilogues/heads.py
        let in_head = pair % 4u;                                          // epilogues/heads.py
        let rotated = pair < 48u;                                         // epilogues/heads.py
        if (rotated) {                                                    // epilogues/heads.py
          let index_8 = f32(in_head);                                     // parts/rotary.py
          let product = index_8 * -3.321289;                              // parts/precise_math.py
          let t_3 = index_8 * -0.0006390324;                              // parts/precise_math.py
          let whole = floor(product + t_3 + 0.5);
          let fraction = product - whole + t_3;                           // parts/precise_math.py
          let series = fraction * 0.00015353362 + 0.0013398874;           // parts/precise_math.py
          let series_1 = series * fraction + 0.009618437;                 // parts/precise_math.py
          let series_2 = series_1 * fraction + 0.055503324;               // parts/precise_math.py
          let series_3 = series_2 * fraction + 0.24022648;                // parts/precise_math.py
          let series_4 = series_3 * fraction + 0.6931472;                 // parts/precise_math.py
          let power = bitcast<f32>(u32(i32(whole) + 127i) << 23u);        // parts/precise_math.py
          let angle = f32(position) * ((series_4 * fraction + 1.0) * power);  // parts/rotary.py
          let quarter = floor(angle * 0.63661975 + 0.5);                  // parts/precise_math.py
          let reduced = angle - quarter * 1.5625;                         // parts/precise_math.py
          let reduced_1 = reduced - quarter * 0.008178711;                // parts/precise_math.py
          let reduced_2 = reduced_1 - quarter * 0.00011730194;            // parts/precise_math.py
          let reduced_3 = reduced_2 - quarter * 3.1391647e-7;             // parts/precise_math.py
          let square = reduced_3 * reduced_3;                             // parts/precise_math.py
          let sine = (square * -0.00019515296 + 0.008332161) * square - 0.16666655;  // parts/precise_math.py
          let sine_1 = sine * square * reduced_3 + reduced_3;             // parts/precise_math.py
          let cosine = (square * 2.4433157e-5 - 0.0013887316) * square + 0.041666646;  // parts/precise_math.py
          let cosine_1 = cosine * square * square - square * 0.5 + 1.0;   // parts/precise_math.py
          let quadrant = u32(quarter) & 3u;                               // parts/precise_math.py
          let swapped = (quadrant & 1u) == 1u;                            // parts/precise_math.py
          let sin_value = select(sine_1, cosine_1, swapped);              // parts/precise_math.py
          let cos_value = select(cosine_1, sine_1, swapped);              // parts/precise_math.py
          let sin_angle = select(sin_value, -sin_value, quadrant >= 2u);  // parts/precise_math.py
          let cos_angle = select(cos_value, -cos_value, ((quadrant + 1u) & 2u) == 2u);  // parts/precise_math.py
          first = results.z * cos_angle - results.w * sin_angle;          // epilogues/heads.py
          second = results.w * cos_angle + results.z * sin_angle;         // epilogues/heads.py
        }
        let both = vec2<f32>(first, second);                              // epilogues/heads.py
        let row_5 = position * 16u;                                       // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token_1 * 32u] = both;                                 // epilogues/heads.py
        } else {
          let stored = pack2x16float(both);                               // attention/row_kinds.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_5 + pair - 32u] = stored;                         // epilogues/heads.py
          } else {
            v_cache[row_5 + pair - 48u] = stored;                         // epilogues/heads.py
          }
        }
      }
    }
  }
  workgroupBarrier();                                                     // linear/matmul_units.py
  subgroupMatrixStore<row_major>(&tile, start, sum_10, 9u);               // linear/matmul_units.py
  subgroupMatrixStore<row_major>(&tile, t_2, sum_11, 9u);
  workgroupBarrier();                                                     // linear/matmul_units.py
  for (var block_4 = local_id.x; block_4 < 512u; block_4 += 128u) {       // linear/matmul_units.py
    let line = block_4 / 16u;                                             // linear/matmul_units.py
    let column = block_4 % 16u;                                           // linear/matmul_units.py
    let index_5 = line / 16u;                                             // linear/matmul_units.py
    let team_1 = index_5 * 2u + column / 8u;
    let index_6 = line % 16u;                                             // linear/matmul_units.py
    let cell = (team_1 * 16u + index_6) * 9u + column % 8u;
    let token = index_5 * 32u + index_6 + 16u;                            // linear/matmul_units.py
    let results = bitcast<vec4<f32>>(tile[cell]);                         // linear/matmul_units.py
    let token_1 = index_1 + token;                                        // linear/matmul_units.py
    let row_4 = index + column * 4u;
    if (token_1 < step.seq) {                                             // linear/matmul_tiled.py
      if (row_4 < 128u) {                                                 // linear/matmul_tiled.py
        let pair = row_4 / 2u;                                            // linear/matmul_tiled.py
        let position = step.past + token_1;                               // epilogues/heads.py
        var first: f32 = results.x;                                       // epilogues/heads.py
        var second: f32 = results.y;                                      // epilogues/heads.py
        let in_head = pair % 4u;                                          // epilogues/heads.py
        let rotated = pair < 48u;                                         // epilogues/heads.py
        if (rotated) {                                                    // epilogues/heads.py
          let index_7 = f32(in_head);                                     // parts/rotary.py
          let product = index_7 * -3.321289;                              // parts/precise_math.py
          let t_3 = index_7 * -0.0006390324;                              // parts/precise_math.py
          let whole = floor(product + t_3 + 0.5);
          let fraction = product - whole + t_3;                           // parts/precise_math.py
          let series = fraction * 0.00015353362 + 0.0013398874;           // parts/precise_math.py
          let series_1 = series * fraction + 0.009618437;                 // parts/precise_math.py
          let series_2 = series_1 * fraction + 0.055503324;               // parts/precise_math.py
          let series_3 = series_2 * fraction + 0.24022648;                // parts/precise_math.py
          let series_4 = series_3 * fraction + 0.6931472;                 // parts/precise_math.py
          let power = bitcast<f32>(u32(i32(whole) + 127i) << 23u);        // parts/precise_math.py
          let angle = f32(position) * ((series_4 * fraction + 1.0) * power);  // parts/rotary.py
          let quarter = floor(angle * 0.63661975 + 0.5);                  // parts/precise_math.py
          let reduced = angle - quarter * 1.5625;                         // parts/precise_math.py
          let reduced_1 = reduced - quarter * 0.008178711;                // parts/precise_math.py
          let reduced_2 = reduced_1 - quarter * 0.00011730194;            // parts/precise_math.py
          let reduced_3 = reduced_2 - quarter * 3.1391647e-7;             // parts/precise_math.py
          let square = reduced_3 * reduced_3;                             // parts/precise_math.py
          let sine = (square * -0.00019515296 + 0.008332161) * square - 0.16666655;  // parts/precise_math.py
          let sine_1 = sine * square * reduced_3 + reduced_3;             // parts/precise_math.py
          let cosine = (square * 2.4433157e-5 - 0.0013887316) * square + 0.041666646;  // parts/precise_math.py
          let cosine_1 = cosine * square * square - square * 0.5 + 1.0;   // parts/precise_math.py
          let quadrant = u32(quarter) & 3u;                               // parts/precise_math.py
          let swapped = (quadrant & 1u) == 1u;                            // parts/precise_math.py
          let sin_value = select(sine_1, cosine_1, swapped);              // parts/precise_math.py
          let cos_value = select(cosine_1, sine_1, swapped);              // parts/precise_math.py
          let sin_angle = select(sin_value, -sin_value, quadrant >= 2u);  // parts/precise_math.py
          let cos_angle = select(cos_value, -cos_value, ((quadrant + 1u) & 2u) == 2u);  // parts/precise_math.py
          first = results.x * cos_angle - results.y * sin_angle;          // epilogues/heads.py
          second = results.y * cos_angle + results.x * sin_angle;         // epilogues/heads.py
        }
        let both = vec2<f32>(first, second);                              // epilogues/heads.py
        let row_5 = position * 16u;                                       // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token_1 * 32u] = both;                                 // epilogues/heads.py
        } else {
          let stored = pack2x16float(both);                               // attention/row_kinds.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_5 + pair - 32u] = stored;                         // epilogues/heads.py
          } else {
            v_cache[row_5 + pair - 48u] = stored;                         // epilogues/heads.py
          }
        }
      }
      let index_7 = row_4 + 2u;                                           // linear/matmul_tiled.py
      if (index_7 < 128u) {
        let pair = index_7 / 2u;                                          // linear/matmul_tiled.py
        let position = step.past + token_1;                               // epilogues/heads.py
        var first: f32 = results.z;                                       // epilogues/heads.py
        var second: f32 = results.w;                                      // epilogues/heads.py
        let in_head = pair % 4u;                                          // epilogues/heads.py
        let rotated = pair < 48u;                                         // epilogues/heads.py
        if (rotated) {                                                    // epilogues/heads.py
          let index_8 = f32(in_head);                                     // parts/rotary.py
          let product = index_8 * -3.321289;                              // parts/precise_math.py
          let t_3 = index_8 * -0.0006390324;                              // parts/precise_math.py
          let whole = floor(product + t_3 + 0.5);
          let fraction = product - whole + t_3;                           // parts/precise_math.py
          let series = fraction * 0.00015353362 + 0.0013398874;           // parts/precise_math.py
          let series_1 = series * fraction + 0.009618437;                 // parts/precise_math.py
          let series_2 = series_1 * fraction + 0.055503324;               // parts/precise_math.py
          let series_3 = series_2 * fraction + 0.24022648;                // parts/precise_math.py
          let series_4 = series_3 * fraction + 0.6931472;                 // parts/precise_math.py
          let power = bitcast<f32>(u32(i32(whole) + 127i) << 23u);        // parts/precise_math.py
          let angle = f32(position) * ((series_4 * fraction + 1.0) * power);  // parts/rotary.py
          let quarter = floor(angle * 0.63661975 + 0.5);                  // parts/precise_math.py
          let reduced = angle - quarter * 1.5625;                         // parts/precise_math.py
          let reduced_1 = reduced - quarter * 0.008178711;                // parts/precise_math.py
          let reduced_2 = reduced_1 - quarter * 0.00011730194;            // parts/precise_math.py
          let reduced_3 = reduced_2 - quarter * 3.1391647e-7;             // parts/precise_math.py
          let square = reduced_3 * reduced_3;                             // parts/precise_math.py
          let sine = (square * -0.00019515296 + 0.008332161) * square - 0.16666655;  // parts/precise_math.py
          let sine_1 = sine * square * reduced_3 + reduced_3;             // parts/precise_math.py
          let cosine = (square * 2.4433157e-5 - 0.0013887316) * square + 0.041666646;  // parts/precise_math.py
          let cosine_1 = cosine * square * square - square * 0.5 + 1.0;   // parts/precise_math.py
          let quadrant = u32(quarter) & 3u;                               // parts/precise_math.py
          let swapped = (quadrant & 1u) == 1u;                            // parts/precise_math.py
          let sin_value = select(sine_1, cosine_1, swapped);              // parts/precise_math.py
          let cos_value = select(cosine_1, sine_1, swapped);              // parts/precise_math.py
          let sin_angle = select(sin_value, -sin_value, quadrant >= 2u);  // parts/precise_math.py
          let cos_angle = select(cos_value, -cos_value, ((quadrant + 1u) & 2u) == 2u);  // parts/precise_math.py
          first = results.z * cos_angle - results.w * sin_angle;          // epilogues/heads.py
          second = results.w * cos_angle + results.z * sin_angle;         // epilogues/heads.py
        }
        let both = vec2<f32>(first, second);                              // epilogues/heads.py
        let row_5 = position * 16u;                                       // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token_1 * 32u] = both;                                 // epilogues/heads.py
        } else {
          let stored = pack2x16float(both);                               // attention/row_kinds.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_5 + pair - 32u] = stored;                         // epilogues/heads.py
          } else {
            v_cache[row_5 + pair - 48u] = stored;                         // epilogues/heads.py
          }
        }
      }
    }
  }
}
