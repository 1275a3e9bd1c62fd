// matmul_q4_qkv_128x64

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> quants: array<u32>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
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

var<workgroup> tile: array<array<vec4<f32>, 128>, 6>;

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let first_row = workgroup_id.x * 64u;                                   // linear/matmul_tiled.py
  let first_token = workgroup_id.y * 32u;                                 // linear/matmul_tiled.py
  let inside = local_id.x % 32u;                                          // linear/matmul_registers.py
  let block = local_id.x / 32u;
  let line = inside / 16u * 2u + inside % 2u;                             // linear/matmul_registers.py
  let column = inside / 2u % 8u;                                          // linear/matmul_registers.py
  let row = block / 2u * 4u + line;                                       // linear/matmul_registers.py
  let row_1 = (block % 2u) * 8u + column;
  var sum_0: vec4<f32> = vec4<f32>(0.0);                                  // linear/matmul_tiled.py
  var sum_1: vec4<f32> = vec4<f32>(0.0);
  var sum_2: vec4<f32> = vec4<f32>(0.0);
  var sum_3: vec4<f32> = vec4<f32>(0.0);
  let inside_1 = min(local_id.x, 63u);                                    // linear/operands.py
  let block_1 = inside_1 / 8u;                                            // linear/operands.py
  let unit = inside_1 % 8u;                                               // linear/operands.py
  let first = block_1 * 4u;                                               // linear/operands.py
  let index = step.seq - 1u;                                              // linear/operands.py
  let row_2 = min(first_token + first, index);
  let row_3 = min(first_token + first + 1u, index);
  let row_4 = min(first_token + first + 2u, index);
  let row_5 = min(first_token + first + 3u, index);
  let index_1 = row_2 * 16u;                                              // linear/buffers.py
  var loaded: vec4<f32> = x[unit + index_1];                              // linear/operands.py
  let index_2 = row_3 * 16u;                                              // linear/buffers.py
  var loaded_1: vec4<f32> = x[unit + index_2];                            // linear/operands.py
  let index_3 = row_4 * 16u;                                              // linear/buffers.py
  var loaded_2: vec4<f32> = x[unit + index_3];                            // linear/operands.py
  let index_4 = row_5 * 16u;                                              // linear/buffers.py
  var loaded_3: vec4<f32> = x[unit + index_4];                            // linear/operands.py
  let block_2 = inside_1 / 4u;                                            // linear/operands.py
  let unit_1 = inside_1 % 4u;                                             // linear/operands.py
  let first_1 = block_2 * 4u;                                             // linear/operands.py
  let row_6 = first_row + first_1;                                        // linear/operands.py
  let row_7 = row_6 * 2u;                                                 // linear/operands.py
  let row_8 = first_row + first_1 + 1u;                                   // linear/operands.py
  let row_9 = row_8 * 2u;                                                 // linear/operands.py
  let row_10 = first_row + first_1 + 2u;                                  // linear/operands.py
  let row_11 = row_10 * 2u;                                               // linear/operands.py
  let row_12 = first_row + first_1 + 3u;                                  // linear/operands.py
  let row_13 = row_12 * 2u;                                               // linear/operands.py
  let words = quants[row_7 * 4u + unit_1];                                // linear/operands.py
  var loaded_4: u32 = words;                                              // linear/operands.py
  var loaded_5: u32 = scales[row_7 >> 1u];
  let words_1 = quants[row_9 * 4u + unit_1];                              // linear/operands.py
  var loaded_6: u32 = words_1;                                            // linear/operands.py
  var loaded_7: u32 = scales[row_9 >> 1u];
  let words_2 = quants[row_11 * 4u + unit_1];                             // linear/operands.py
  var loaded_8: u32 = words_2;                                            // linear/operands.py
  var loaded_9: u32 = scales[row_11 >> 1u];
  let words_3 = quants[row_13 * 4u + unit_1];                             // linear/operands.py
  var loaded_10: u32 = words_3;                                           // linear/operands.py
  var loaded_11: u32 = scales[row_13 >> 1u];
  for (var group = 0u; group < 2u; group++) {                             // linear/matmul_tiled.py
    let t = local_id.x < 64u;                                             // linear/operands.py
    if (t) {
      let line_1 = loaded;                                                // linear/operands.py
      let line_2 = loaded_1;
      let line_3 = loaded_2;
      let line_4 = loaded_3;
      let place = block_1 * 8u + ((block_1 % 8u) ^ unit);                 // parts/staged_rows.py
      let column_1 = vec4<f32>(line_1.x, line_2.x, line_3.x, line_4.x);   // parts/staged_rows.py
      tile[0u][place] = column_1;                                         // parts/staged_rows.py
      let column_2 = vec4<f32>(line_1.y, line_2.y, line_3.y, line_4.y);   // parts/staged_rows.py
      tile[0u][place + 64u] = column_2;                                   // parts/staged_rows.py
      let column_3 = vec4<f32>(line_1.z, line_2.z, line_3.z, line_4.z);   // parts/staged_rows.py
      tile[1u][place] = column_3;                                         // parts/staged_rows.py
      let column_4 = vec4<f32>(line_1.w, line_2.w, line_3.w, line_4.w);   // parts/staged_rows.py
      tile[1u][place + 64u] = column_4;                                   // parts/staged_rows.py
    }
    if (t) {                                                              // linear/operands.py
      let word = loaded_4;                                                // linear/operands.py
      let low = vec4<f32>(unpack4xU8(word & 0x0f0f0f0fu)) - 8.0;          // formats/nibbles.py
      let high = vec4<f32>(unpack4xU8((word >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let pair = unpack2x16float(loaded_5);                               // parts/packed_rows.py
      let factor = vec4<f32>(select(pair.x, pair.y, ((row_7 + group) & 1u) == 1u));  // linear/operands.py
      let line_0 = low * factor;                                          // linear/operands.py
      let line_1 = high * factor;
      let word_1 = loaded_6;                                              // linear/operands.py
      let low_1 = vec4<f32>(unpack4xU8(word_1 & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
      let high_1 = vec4<f32>(unpack4xU8((word_1 >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let pair_1 = unpack2x16float(loaded_7);                             // parts/packed_rows.py
      let factor_1 = vec4<f32>(select(pair_1.x, pair_1.y, ((row_9 + group) & 1u) == 1u));  // linear/operands.py
      let line_0_1 = low_1 * factor_1;                                    // linear/operands.py
      let line_1_1 = high_1 * factor_1;
      let word_2 = loaded_8;                                              // linear/operands.py
      let low_2 = vec4<f32>(unpack4xU8(word_2 & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
      let high_2 = vec4<f32>(unpack4xU8((word_2 >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let pair_2 = unpack2x16float(loaded_9);                             // parts/packed_rows.py
      let factor_2 = vec4<f32>(select(pair_2.x, pair_2.y, ((row_11 + group) & 1u) == 1u));  // linear/operands.py
      let line_0_2 = low_2 * factor_2;                                    // linear/operands.py
      let line_1_2 = high_2 * factor_2;
      let word_3 = loaded_10;                                             // linear/operands.py
      let low_3 = vec4<f32>(unpack4xU8(word_3 & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
      let high_3 = vec4<f32>(unpack4xU8((word_3 >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let pair_3 = unpack2x16float(loaded_11);                            // parts/packed_rows.py
      let factor_3 = vec4<f32>(select(pair_3.x, pair_3.y, ((row_13 + group) & 1u) == 1u));  // linear/operands.py
      let line_0_3 = low_3 * factor_3;                                    // linear/operands.py
      let line_1_3 = high_3 * factor_3;
      let cell = unit_1 * 2u;                                             // linear/operands.py
      let turn = block_2 % 8u;                                            // parts/staged_rows.py
      let index_5 = block_2 * 8u;                                         // parts/staged_rows.py
      let place = index_5 + (turn ^ cell);
      let column_1 = vec4<f32>(line_0.x, line_0_1.x, line_0_2.x, line_0_3.x);  // parts/staged_rows.py
      tile[2u][place] = column_1;                                         // parts/staged_rows.py
      let column_2 = vec4<f32>(line_0.y, line_0_1.y, line_0_2.y, line_0_3.y);  // parts/staged_rows.py
      tile[3u][place] = column_2;                                         // parts/staged_rows.py
      let column_3 = vec4<f32>(line_0.z, line_0_1.z, line_0_2.z, line_0_3.z);  // parts/staged_rows.py
      tile[4u][place] = column_3;                                         // parts/staged_rows.py
      let column_4 = vec4<f32>(line_0.w, line_0_1.w, line_0_2.w, line_0_3.w);  // parts/staged_rows.py
      tile[5u][place] = column_4;                                         // parts/staged_rows.py
      let inside_2 = cell + 1u;                                           // parts/staged_rows.py
      let place_1 = index_5 + (turn ^ inside_2);                          // parts/staged_rows.py
      let column_5 = vec4<f32>(line_1.x, line_1_1.x, line_1_2.x, line_1_3.x);  // parts/staged_rows.py
      tile[2u][place_1] = column_5;                                       // parts/staged_rows.py
      let column_6 = vec4<f32>(line_1.y, line_1_1.y, line_1_2.y, line_1_3.y);  // parts/staged_rows.py
      tile[3u][place_1] = column_6;                                       // parts/staged_rows.py
      let column_7 = vec4<f32>(line_1.z, line_1_1.z, line_1_2.z, line_1_3.z);  // parts/staged_rows.py
      tile[4u][place_1] = column_7;                                       // parts/staged_rows.py
      let column_8 = vec4<f32>(line_1.w, line_1_1.w, line_1_2.w, line_1_3.w);  // parts/staged_rows.py
      tile[5u][place_1] = column_8;                                       // parts/staged_rows.py
    }
    workgroupBarrier();                                                   // linear/matmul_tiled.py
    let step_1 = min(group + 1u, 1u);                                     // linear/matmul_tiled.py
    let first_2 = step_1 * 8u + unit;                                     // linear/operands.py
    loaded = x[first_2 + index_1];                                        // linear/operands.py
    loaded_1 = x[first_2 + index_2];
    loaded_2 = x[first_2 + index_3];
    loaded_3 = x[first_2 + index_4];
    let at = row_7 + step_1;                                              // linear/operands.py
    let words_4 = quants[at * 4u + unit_1];                               // linear/operands.py
    loaded_4 = words_4;                                                   // linear/operands.py
    loaded_5 = scales[at >> 1u];
    let at_1 = row_9 + step_1;                                            // linear/operands.py
    let words_5 = quants[at_1 * 4u + unit_1];                             // linear/operands.py
    loaded_6 = words_5;                                                   // linear/operands.py
    loaded_7 = scales[at_1 >> 1u];
    let at_2 = row_11 + step_1;                                           // linear/operands.py
    let words_6 = quants[at_2 * 4u + unit_1];                             // linear/operands.py
    loaded_8 = words_6;                                                   // linear/operands.py
    loaded_9 = scales[at_2 >> 1u];
    let at_3 = row_13 + step_1;                                           // linear/operands.py
    let words_7 = quants[at_3 * 4u + unit_1];                             // linear/operands.py
    loaded_10 = words_7;                                                  // linear/operands.py
    loaded_11 = scales[at_3 >> 1u];
    for (var part = 0u; part < 8u; part++) {                              // linear/matmul_tiled.py
      let place = row * 8u + ((row % 8u) ^ part);                         // parts/staged_rows.py
      let x_0 = tile[0u][place];                                          // parts/staged_rows.py
      let x_1 = tile[0u][place + 64u];
      let x_2 = tile[1u][place];
      let x_3 = tile[1u][place + 64u];
      let place_1 = row_1 * 8u + ((row_1 % 8u) ^ part);                   // parts/staged_rows.py
      let w_0 = tile[2u][place_1];                                        // parts/staged_rows.py
      let w_1 = tile[3u][place_1];
      let w_2 = tile[4u][place_1];
      let w_3 = tile[5u][place_1];
      sum_0 += w_0 * x_0.x;                                               // linear/matmul_registers.py
      sum_1 += w_0 * x_0.y;
      sum_2 += w_0 * x_0.z;
      sum_3 += w_0 * x_0.w;
      sum_0 += w_1 * x_1.x;
      sum_1 += w_1 * x_1.y;
      sum_2 += w_1 * x_1.z;
      sum_3 += w_1 * x_1.w;
      sum_0 += w_2 * x_2.x;
      sum_1 += w_2 * x_2.y;
      sum_2 += w_2 * x_2.z;
      sum_3 += w_2 * x_2.w;
      sum_0 += w_3 * x_3.x;
      sum_1 += w_3 * x_3.y;
      sum_2 += w_3 * x_3.z;
      sum_3 += w_3 * x_3.w;
    }
    workgroupBarrier();                                                   // linear/matmul_tiled.py
  }
  let first_2 = row * 64u + row_1;                                        // linear/matmul_registers.py
  tile[first_2 / 128u][first_2 % 128u] = sum_0;                           // linear/matmul_registers.py
  tile[(first_2 + 16u) / 128u][(first_2 + 16u) % 128u] = sum_1;
  tile[(first_2 + 32u) / 128u][(first_2 + 32u) % 128u] = sum_2;
  tile[(first_2 + 48u) / 128u][(first_2 + 48u) % 128u] = sum_3;
  workgroupBarrier();                                                     // linear/matmul_registers.py
  for (var cell = local_id.x; cell < 512u; cell += 128u) {                // linear/matmul_registers.py
    let token = first_token + cell / 16u;                                 // linear/matmul_registers.py
    let results = tile[cell / 128u][cell % 128u];                         // linear/matmul_registers.py
    let row_14 = first_row + (cell % 16u) * 4u;
    if (token < step.seq) {                                               // linear/matmul_tiled.py
      if (row_14 < 128u) {                                                // linear/matmul_tiled.py
        let pair = row_14 / 2u;                                           // linear/matmul_tiled.py
        let position = step.past + token;                                 // epilogues/heads.py
        var first_3: f32 = results.x;                                     // epilogues/heads.py
        var second: f32 = results.y;                                      // epilogues/heads.py
        let in_head = pair % 4u;                                          // epilogues/heads.py
        let rotated = pair < 48u;                                         // epilogues/heads.py
        if (rotated) {                                                    // epilogues/heads.py
          let index_5 = f32(in_head);                                     // parts/rotary.py
          let product = index_5 * -3.321289;                              // parts/precise_math.py
          let t = index_5 * -0.0006390324;                                // parts/precise_math.py
          let whole = floor(product + t + 0.5);
          let fraction = product - whole + t;                             // parts/precise_math.py
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
          first_3 = results.x * cos_angle - results.y * sin_angle;        // epilogues/heads.py
          second = results.y * cos_angle + results.x * sin_angle;         // epilogues/heads.py
        }
        let both = vec2<f32>(first_3, second);                            // epilogues/heads.py
        let row_15 = position * 16u;                                      // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token * 32u] = both;                                   // epilogues/heads.py
        } else {
          let stored = pack2x16float(both);                               // attention/row_kinds.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_15 + pair - 32u] = stored;                        // epilogues/heads.py
          } else {
            v_cache[row_15 + pair - 48u] = stored;                        // epilogues/heads.py
          }
        }
      }
      let index_5 = row_14 + 2u;                                          // linear/matmul_tiled.py
      if (index_5 < 128u) {
        let pair = index_5 / 2u;                                          // linear/matmul_tiled.py
        let position = step.past + token;                                 // epilogues/heads.py
        var first_3: f32 = results.z;                                     // epilogues/heads.py
        var second: f32 = results.w;                                      // epilogues/heads.py
        let in_head = pair % 4u;                                          // epilogues/heads.py
        let rotated = pair < 48u;                                         // epilogues/heads.py
        if (rotated) {                                                    // epilogues/heads.py
          let index_6 = f32(in_head);                                     // parts/rotary.py
          let product = index_6 * -3.321289;                              // parts/precise_math.py
          let t = index_6 * -0.0006390324;                                // parts/precise_math.py
          let whole = floor(product + t + 0.5);
          let fraction = product - whole + t;                             // parts/precise_math.py
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
          first_3 = results.z * cos_angle - results.w * sin_angle;        // epilogues/heads.py
          second = results.w * cos_angle + results.z * sin_angle;         // epilogues/heads.py
        }
        let both = vec2<f32>(first_3, second);                            // epilogues/heads.py
        let row_15 = position * 16u;                                      // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token * 32u] = both;                                   // epilogues/heads.py
        } else {
          let stored = pack2x16float(both);                               // attention/row_kinds.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_15 + pair - 32u] = stored;                        // epilogues/heads.py
          } else {
            v_cache[row_15 + pair - 48u] = stored;                        // epilogues/heads.py
          }
        }
      }
    }
  }
}
