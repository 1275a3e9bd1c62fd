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

var<workgroup> tile: array<vec4<f32>, 576>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let first_row = workgroup_id.x * 32u;                                   // linear/matmul.py
  let first_token = workgroup_id.y * 32u;                                 // linear/matmul.py
  let unit = local_id.x % 8u;                                             // linear/matmul.py
  let line = local_id.x / 8u;                                             // linear/matmul.py
  var sum_00: f32 = 0.0;                                                  // linear/matmul.py
  var sum_01: f32 = 0.0;
  var sum_02: f32 = 0.0;
  var sum_03: f32 = 0.0;
  var sum_10: f32 = 0.0;
  var sum_11: f32 = 0.0;
  var sum_12: f32 = 0.0;
  var sum_13: f32 = 0.0;
  var sum_20: f32 = 0.0;
  var sum_21: f32 = 0.0;
  var sum_22: f32 = 0.0;
  var sum_23: f32 = 0.0;
  var sum_30: f32 = 0.0;
  var sum_31: f32 = 0.0;
  var sum_32: f32 = 0.0;
  var sum_33: f32 = 0.0;
  let index = step.seq - 1u;                                              // linear/operands.py
  let row = min(first_token + line, index);
  let index_1 = row * 16u;                                                // linear/buffers.py
  var loaded: vec4<f32> = x[unit + index_1];                              // linear/operands.py
  let at = local_id.x + 64u;                                              // linear/operands.py
  let line_1 = at / 8u;                                                   // linear/operands.py
  let unit_1 = at % 8u;                                                   // linear/operands.py
  let row_1 = min(first_token + line_1, index);                           // linear/operands.py
  let index_2 = row_1 * 16u;                                              // linear/buffers.py
  var loaded_1: vec4<f32> = x[unit_1 + index_2];                          // linear/operands.py
  let at_1 = local_id.x + 128u;                                           // linear/operands.py
  let line_2 = at_1 / 8u;                                                 // linear/operands.py
  let unit_2 = at_1 % 8u;                                                 // linear/operands.py
  let row_2 = min(first_token + line_2, index);                           // linear/operands.py
  let index_3 = row_2 * 16u;                                              // linear/buffers.py
  var loaded_2: vec4<f32> = x[unit_2 + index_3];                          // linear/operands.py
  let at_2 = local_id.x + 192u;                                           // linear/operands.py
  let line_3 = at_2 / 8u;                                                 // linear/operands.py
  let unit_3 = at_2 % 8u;                                                 // linear/operands.py
  let row_3 = min(first_token + line_3, index);                           // linear/operands.py
  let index_4 = row_3 * 16u;                                              // linear/buffers.py
  var loaded_3: vec4<f32> = x[unit_3 + index_4];                          // linear/operands.py
  let line_4 = local_id.x / 4u;                                           // linear/operands.py
  let unit_4 = local_id.x % 4u;                                           // linear/operands.py
  let row_4 = first_row + line_4;                                         // linear/operands.py
  let row_5 = row_4 * 2u;                                                 // linear/operands.py
  let words = quants[row_5 * 4u + unit_4];                                // linear/operands.py
  var loaded_4: u32 = words;                                              // linear/operands.py
  var loaded_5: u32 = scales[row_5 >> 1u];
  var loaded_6: u32 = row_5;
  let line_5 = at / 4u;                                                   // linear/operands.py
  let unit_5 = at % 4u;                                                   // linear/operands.py
  let row_6 = first_row + line_5;                                         // linear/operands.py
  let row_7 = row_6 * 2u;                                                 // linear/operands.py
  let words_1 = quants[row_7 * 4u + unit_5];                              // linear/operands.py
  var loaded_7: u32 = words_1;                                            // linear/operands.py
  var loaded_8: u32 = scales[row_7 >> 1u];
  var loaded_9: u32 = row_7;
  for (var group = 0u; group < 2u; group++) {                             // linear/matmul.py
    let index_5 = line * 9u;                                              // parts/staged_rows.py
    let start = index_5 + unit;
    tile[start] = loaded;                                                 // parts/staged_rows.py
    let start_1 = line_1 * 9u + unit_1;                                   // parts/staged_rows.py
    tile[start_1] = loaded_1;                                             // parts/staged_rows.py
    let start_2 = line_2 * 9u + unit_2;                                   // parts/staged_rows.py
    tile[start_2] = loaded_2;                                             // parts/staged_rows.py
    let start_3 = line_3 * 9u + unit_3;                                   // parts/staged_rows.py
    tile[start_3] = loaded_3;                                             // parts/staged_rows.py
    let word = loaded_4;                                                  // linear/operands.py
    let low = vec4<f32>(unpack4xU8(word & 0x0f0f0f0fu)) - 8.0;            // formats/nibbles.py
    let high = vec4<f32>(unpack4xU8((word >> 4u) & 0x0f0f0f0fu)) - 8.0;   // formats/nibbles.py
    let pair = unpack2x16float(loaded_5);                                 // parts/packed_rows.py
    let t = vec4<f32>(select(pair.x, pair.y, (loaded_6 & 1u) == 1u));     // linear/operands.py
    let start_4 = ((line_4 % 4u) * 8u + line_4 / 4u) * 9u + unit_4 * 2u;  // parts/staged_rows.py
    tile[start_4 + 288u] = low * t;                                       // parts/staged_rows.py
    tile[start_4 + 289u] = high * t;
    let word_1 = loaded_7;                                                // linear/operands.py
    let low_1 = vec4<f32>(unpack4xU8(word_1 & 0x0f0f0f0fu)) - 8.0;        // formats/nibbles.py
    let high_1 = vec4<f32>(unpack4xU8((word_1 >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let pair_1 = unpack2x16float(loaded_8);                               // parts/packed_rows.py
    let t_1 = vec4<f32>(select(pair_1.x, pair_1.y, (loaded_9 & 1u) == 1u));  // linear/operands.py
    let start_5 = ((line_5 % 4u) * 8u + line_5 / 4u) * 9u + unit_5 * 2u;  // parts/staged_rows.py
    tile[start_5 + 288u] = low_1 * t_1;                                   // parts/staged_rows.py
    tile[start_5 + 289u] = high_1 * t_1;
    workgroupBarrier();                                                   // linear/matmul.py
    let step_1 = min(group + 1u, 1u);                                     // linear/matmul.py
    let index_6 = step_1 * 8u;                                            // linear/operands.py
    let first = index_6 + unit;
    loaded = x[first + index_1];                                          // linear/operands.py
    let first_1 = index_6 + unit_1;                                       // linear/operands.py
    loaded_1 = x[first_1 + index_2];                                      // linear/operands.py
    let first_2 = index_6 + unit_2;                                       // linear/operands.py
    loaded_2 = x[first_2 + index_3];                                      // linear/operands.py
    let first_3 = index_6 + unit_3;                                       // linear/operands.py
    loaded_3 = x[first_3 + index_4];                                      // linear/operands.py
    let at_3 = row_5 + step_1;                                            // linear/operands.py
    let words_2 = quants[at_3 * 4u + unit_4];                             // linear/operands.py
    loaded_4 = words_2;                                                   // linear/operands.py
    loaded_5 = scales[at_3 >> 1u];
    loaded_6 = at_3;
    let at_4 = row_7 + step_1;                                            // linear/operands.py
    let words_3 = quants[at_4 * 4u + unit_5];                             // linear/operands.py
    loaded_7 = words_3;                                                   // linear/operands.py
    loaded_8 = scales[at_4 >> 1u];
    loaded_9 = at_4;
    for (var part = 0u; part < 8u; part++) {                              // linear/matmul.py
      let place = index_5 + part;                                         // parts/staged_rows.py
      let x_0 = tile[place];                                              // parts/staged_rows.py
      let x_1 = tile[place + 72u];
      let x_2 = tile[place + 144u];
      let x_3 = tile[place + 216u];
      let place_1 = unit * 9u + part;                                     // parts/staged_rows.py
      let place_2 = place_1 + 288u;                                       // parts/staged_rows.py
      let w_0 = tile[place_2];                                            // parts/staged_rows.py
      let w_1 = tile[place_2 + 72u];
      let w_2 = tile[place_2 + 144u];
      let w_3 = tile[place_2 + 216u];
      sum_00 = sum_00 + x_0.x * w_0.x + x_0.y * w_0.y + x_0.z * w_0.z + x_0.w * w_0.w;  // linear/matmul.py
      sum_01 = sum_01 + x_0.x * w_1.x + x_0.y * w_1.y + x_0.z * w_1.z + x_0.w * w_1.w;
      sum_02 = sum_02 + x_0.x * w_2.x + x_0.y * w_2.y + x_0.z * w_2.z + x_0.w * w_2.w;
      sum_03 = sum_03 + x_0.x * w_3.x + x_0.y * w_3.y + x_0.z * w_3.z + x_0.w * w_3.w;
      sum_10 = sum_10 + x_1.x * w_0.x + x_1.y * w_0.y + x_1.z * w_0.z + x_1.w * w_0.w;
      sum_11 = sum_11 + x_1.x * w_1.x + x_1.y * w_1.y + x_1.z * w_1.z + x_1.w * w_1.w;
      sum_12 = sum_12 + x_1.x * w_2.x + x_1.y * w_2.y + x_1.z * w_2.z + x_1.w * w_2.w;
      sum_13 = sum_13 + x_1.x * w_3.x + x_1.y * w_3.y + x_1.z * w_3.z + x_1.w * w_3.w;
      sum_20 = sum_20 + x_2.x * w_0.x + x_2.y * w_0.y + x_2.z * w_0.z + x_2.w * w_0.w;
      sum_21 = sum_21 + x_2.x * w_1.x + x_2.y * w_1.y + x_2.z * w_1.z + x_2.w * w_1.w;
      sum_22 = sum_22 + x_2.x * w_2.x + x_2.y * w_2.y + x_2.z * w_2.z + x_2.w * w_2.w;
      sum_23 = sum_23 + x_2.x * w_3.x + x_2.y * w_3.y + x_2.z * w_3.z + x_2.w * w_3.w;
      sum_30 = sum_30 + x_3.x * w_0.x + x_3.y * w_0.y + x_3.z * w_0.z + x_3.w * w_0.w;
      sum_31 = sum_31 + x_3.x * w_1.x + x_3.y * w_1.y + x_3.z * w_1.z + x_3.w * w_1.w;
      sum_32 = sum_32 + x_3.x * w_2.x + x_3.y * w_2.y + x_3.z * w_2.z + x_3.w * w_2.w;
      sum_33 = sum_33 + x_3.x * w_3.x + x_3.y * w_3.y + x_3.z * w_3.z + x_3.w * w_3.w;
    }
    workgroupBarrier();                                                   // linear/matmul.py
  }
  let first = line * 8u + unit;                                           // linear/matmul.py
  tile[first] = vec4<f32>(sum_00, sum_01, sum_02, sum_03);                // linear/matmul.py
  tile[first + 64u] = vec4<f32>(sum_10, sum_11, sum_12, sum_13);
  tile[first + 128u] = vec4<f32>(sum_20, sum_21, sum_22, sum_23);
  tile[first + 192u] = vec4<f32>(sum_30, sum_31, sum_32, sum_33);
  workgroupBarrier();                                                     // linear/matmul.py
  for (var block = local_id.x; block < 256u; block += 64u) {              // linear/matmul.py
    let token = first_token + block / 8u;                                 // linear/matmul.py
    let results = tile[block];                                            // linear/matmul.py
    let row_8 = first_row + (block % 8u) * 4u;
    if (token < step.seq) {                                               // linear/matmul.py
      if (row_8 < 128u) {                                                 // linear/matmul.py
        let pair = row_8 / 2u;                                            // linear/matmul.py
        let position = step.past + token;                                 // epilogues/heads.py
        var first_1: f32 = results.x;                                     // epilogues/heads.py
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
          first_1 = results.x * cos_angle - results.y * sin_angle;        // epilogues/heads.py
          second = results.y * cos_angle + results.x * sin_angle;         // epilogues/heads.py
        }
        let both = vec2<f32>(first_1, second);                            // epilogues/heads.py
        let row_9 = position * 16u;                                       // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token * 32u] = both;                                   // epilogues/heads.py
        } else {
          let stored = pack2x16float(both);                               // epilogues/heads.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_9 + pair - 32u] = stored;                         // epilogues/heads.py
          } else {
            v_cache[row_9 + pair - 48u] = stored;                         // epilogues/heads.py
          }
        }
      }
      let index_5 = row_8 + 2u;                                           // linear/matmul.py
      if (index_5 < 128u) {
        let pair = index_5 / 2u;                                          // linear/matmul.py
        let position = step.past + token;                                 // epilogues/heads.py
        var first_1: f32 = results.z;                                     // epilogues/heads.py
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
          first_1 = results.z * cos_angle - results.w * sin_angle;        // epilogues/heads.py
          second = results.w * cos_angle + results.z * sin_angle;         // epilogues/heads.py
        }
        let both = vec2<f32>(first_1, second);                            // epilogues/heads.py
        let row_9 = position * 16u;                                       // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token * 32u] = both;                                   // epilogues/heads.py
        } else {
          let stored = pack2x16float(both);                               // epilogues/heads.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_9 + pair - 32u] = stored;                         // epilogues/heads.py
          } else {
            v_cache[row_9 + pair - 48u] = stored;                         // epilogues/heads.py
          }
        }
      }
    }
  }
}
