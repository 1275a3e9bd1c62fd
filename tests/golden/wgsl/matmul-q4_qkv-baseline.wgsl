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
  let first_row = workgroup_id.x * 32u;                                   // matmul.py
  let first_token = workgroup_id.y * 32u;                                 // matmul.py
  let column = local_id.x % 8u;                                           // matmul.py
  let line = local_id.x / 8u;                                             // matmul.py
  var sum_00: f32 = 0.0;                                                  // matmul.py
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
  for (var group = 0u; group < 2u; group++) {                             // matmul.py
    for (var staged = local_id.x; staged < 256u; staged += 64u) {         // deal.py
      let line_1 = staged / 8u;                                           // operands.py
      let unit = staged % 8u;                                             // operands.py
      let first = group * 8u + unit;                                      // operands.py
      let start = line_1 * 9u + unit;                                     // panel.py
      tile[start] = x[first + min(first_token + line_1, step.seq - 1u) * 16u];  // panel.py
    }
    for (var staged = local_id.x; staged < 128u; staged += 64u) {         // deal.py
      let line_1 = staged / 4u;                                           // operands.py
      let unit = staged % 4u;                                             // operands.py
      let row = first_row + line_1;                                       // operands.py
      let at = row * 2u + group;                                          // operands.py
      let words = quants[at * 4u + unit];                                 // operands.py
      let low = vec4<f32>(unpack4xU8(words & 0x0f0f0f0fu)) - 8.0;         // weights.py
      let high = vec4<f32>(unpack4xU8((words >> 4u) & 0x0f0f0f0fu)) - 8.0;  // weights.py
      let pair = unpack2x16float(scales[at >> 1u]);                       // weights.py
      let t = vec4<f32>(select(pair.x, pair.y, (at & 1u) == 1u));         // operands.py
      let start = ((line_1 % 4u) * 8u + line_1 / 4u) * 9u + unit * 2u;    // panel.py
      tile[start + 288u] = low * t;                                       // panel.py
      tile[start + 289u] = high * t;
    }
    workgroupBarrier();                                                   // matmul.py
    for (var part = 0u; part < 8u; part++) {                              // matmul.py
      let place = line * 9u + part;                                       // panel.py
      let x_0 = tile[place];                                              // panel.py
      let x_1 = tile[place + 72u];
      let x_2 = tile[place + 144u];
      let x_3 = tile[place + 216u];
      let place_1 = column * 9u + part;                                   // panel.py
      let place_2 = place_1 + 288u;                                       // panel.py
      let w_0 = tile[place_2];                                            // panel.py
      let w_1 = tile[place_2 + 72u];
      let w_2 = tile[place_2 + 144u];
      let w_3 = tile[place_2 + 216u];
      sum_00 += dot(x_0, w_0);                                            // matmul.py
      sum_01 += dot(x_0, w_1);
      sum_02 += dot(x_0, w_2);
      sum_03 += dot(x_0, w_3);
      sum_10 += dot(x_1, w_0);
      sum_11 += dot(x_1, w_1);
      sum_12 += dot(x_1, w_2);
      sum_13 += dot(x_1, w_3);
      sum_20 += dot(x_2, w_0);
      sum_21 += dot(x_2, w_1);
      sum_22 += dot(x_2, w_2);
      sum_23 += dot(x_2, w_3);
      sum_30 += dot(x_3, w_0);
      sum_31 += dot(x_3, w_1);
      sum_32 += dot(x_3, w_2);
      sum_33 += dot(x_3, w_3);
    }
    workgroupBarrier();                                                   // matmul.py
  }
  let index = line * 8u + column;                                         // matmul.py
  tile[index] = vec4<f32>(sum_00, sum_01, sum_02, sum_03);
  tile[index + 64u] = vec4<f32>(sum_10, sum_11, sum_12, sum_13);
  tile[index + 128u] = vec4<f32>(sum_20, sum_21, sum_22, sum_23);
  tile[index + 192u] = vec4<f32>(sum_30, sum_31, sum_32, sum_33);
  workgroupBarrier();                                                     // matmul.py
  for (var block = local_id.x; block < 256u; block += 64u) {              // matmul.py
    let token = first_token + block / 8u;                                 // matmul.py
    let results = tile[block];                                            // matmul.py
    let row = first_row + (block % 8u) * 4u;
    if (token < step.seq) {                                               // matmul.py
      if (row < 128u) {                                                   // matmul.py
        let pair = row / 2u;                                              // matmul.py
        let position = step.past + token;                                 // linear.py
        var first: f32 = results.x;                                       // linear.py
        var second: f32 = results.y;                                      // linear.py
        let in_head = pair % 4u;                                          // linear.py
        let rotated = pair < 48u;                                         // linear.py
        if (rotated) {                                                    // linear.py
          let index_1 = f32(in_head);                                     // rotary.py
          let product = index_1 * -3.321289;                              // math.py
          let t = index_1 * -0.0006390324;                                // math.py
          let whole = floor(product + t + 0.5);
          let fraction = product - whole + t;                             // math.py
          let series = fraction * 0.00015353362 + 0.0013398874;           // math.py
          let series_1 = series * fraction + 0.009618437;                 // math.py
          let series_2 = series_1 * fraction + 0.055503324;               // math.py
          let series_3 = series_2 * fraction + 0.24022648;                // math.py
          let series_4 = series_3 * fraction + 0.6931472;                 // math.py
          let power = bitcast<f32>(u32(i32(whole) + 127i) << 23u);        // math.py
          let angle = f32(position) * ((series_4 * fraction + 1.0) * power);  // rotary.py
          let quarter = floor(angle * 0.63661975 + 0.5);                  // math.py
          let reduced = angle - quarter * 1.5625;                         // math.py
          let reduced_1 = reduced - quarter * 0.008178711;                // math.py
          let reduced_2 = reduced_1 - quarter * 0.00011730194;            // math.py
          let reduced_3 = reduced_2 - quarter * 3.1391647e-7;             // math.py
          let square = reduced_3 * reduced_3;                             // math.py
          let sine = (square * -0.00019515296 + 0.008332161) * square - 0.16666655;  // math.py
          let sine_1 = sine * square * reduced_3 + reduced_3;             // math.py
          let cosine = (square * 2.4433157e-5 - 0.0013887316) * square + 0.041666646;  // math.py
          let cosine_1 = cosine * square * square - square * 0.5 + 1.0;   // math.py
          let quadrant = u32(quarter) & 3u;                               // math.py
          let swapped = (quadrant & 1u) == 1u;                            // math.py
          let sin_value = select(sine_1, cosine_1, swapped);              // math.py
          let cos_value = select(cosine_1, sine_1, swapped);              // math.py
          let sin_angle = select(sin_value, -sin_value, quadrant >= 2u);  // math.py
          let cos_angle = select(cos_value, -cos_value, ((quadrant + 1u) & 2u) == 2u);  // math.py
          first = results.x * cos_angle - results.y * sin_angle;          // linear.py
          second = results.y * cos_angle + results.x * sin_angle;         // linear.py
        }
        let both = vec2<f32>(first, second);                              // linear.py
        let row_1 = position * 16u;                                       // linear.py
        if (pair < 32u) {                                                 // linear.py
          q[pair + token * 32u] = both;                                   // linear.py
        } else {
          let stored = pack2x16float(both);                               // linear.py
          if (rotated) {                                                  // linear.py
            k_cache[row_1 + pair - 32u] = stored;                         // linear.py
          } else {
            v_cache[row_1 + pair - 48u] = stored;                         // linear.py
          }
        }
      }
      let index_1 = row + 2u;                                             // matmul.py
      if (index_1 < 128u) {
        let pair = index_1 / 2u;                                          // matmul.py
        let position = step.past + token;                                 // linear.py
        var first: f32 = results.z;                                       // linear.py
        var second: f32 = results.w;                                      // linear.py
        let in_head = pair % 4u;                                          // linear.py
        let rotated = pair < 48u;                                         // linear.py
        if (rotated) {                                                    // linear.py
          let index_2 = f32(in_head);                                     // rotary.py
          let product = index_2 * -3.321289;                              // math.py
          let t = index_2 * -0.0006390324;                                // math.py
          let whole = floor(product + t + 0.5);
          let fraction = product - whole + t;                             // math.py
          let series = fraction * 0.00015353362 + 0.0013398874;           // math.py
          let series_1 = series * fraction + 0.009618437;                 // math.py
          let series_2 = series_1 * fraction + 0.055503324;               // math.py
          let series_3 = series_2 * fraction + 0.24022648;                // math.py
          let series_4 = series_3 * fraction + 0.6931472;                 // math.py
          let power = bitcast<f32>(u32(i32(whole) + 127i) << 23u);        // math.py
          let angle = f32(position) * ((series_4 * fraction + 1.0) * power);  // rotary.py
          let quarter = floor(angle * 0.63661975 + 0.5);                  // math.py
          let reduced = angle - quarter * 1.5625;                         // math.py
          let reduced_1 = reduced - quarter * 0.008178711;                // math.py
          let reduced_2 = reduced_1 - quarter * 0.00011730194;            // math.py
          let reduced_3 = reduced_2 - quarter * 3.1391647e-7;             // math.py
          let square = reduced_3 * reduced_3;                             // math.py
          let sine = (square * -0.00019515296 + 0.008332161) * square - 0.16666655;  // math.py
          let sine_1 = sine * square * reduced_3 + reduced_3;             // math.py
          let cosine = (square * 2.4433157e-5 - 0.0013887316) * square + 0.041666646;  // math.py
          let cosine_1 = cosine * square * square - square * 0.5 + 1.0;   // math.py
          let quadrant = u32(quarter) & 3u;                               // math.py
          let swapped = (quadrant & 1u) == 1u;                            // math.py
          let sin_value = select(sine_1, cosine_1, swapped);              // math.py
          let cos_value = select(cosine_1, sine_1, swapped);              // math.py
          let sin_angle = select(sin_value, -sin_value, quadrant >= 2u);  // math.py
          let cos_angle = select(cos_value, -cos_value, ((quadrant + 1u) & 2u) == 2u);  // math.py
          first = results.z * cos_angle - results.w * sin_angle;          // linear.py
          second = results.w * cos_angle + results.z * sin_angle;         // linear.py
        }
        let both = vec2<f32>(first, second);                              // linear.py
        let row_1 = position * 16u;                                       // linear.py
        if (pair < 32u) {                                                 // linear.py
          q[pair + token * 32u] = both;                                   // linear.py
        } else {
          let stored = pack2x16float(both);                               // linear.py
          if (rotated) {                                                  // linear.py
            k_cache[row_1 + pair - 32u] = stored;                         // linear.py
          } else {
            v_cache[row_1 + pair - 48u] = stored;                         // linear.py
          }
        }
      }
    }
  }
}
