// matvec_int8_norm_q4_qkv_128x64

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> norm_weight: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> scales: array<u32>;
@group(0) @binding(4) var<storage, read_write> q: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> k_cache: array<u32>;
@group(0) @binding(6) var<storage, read_write> v_cache: array<u32>;

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
@group(0) @binding(7) var<uniform> step: Step;

var<workgroup> codes: array<vec4<u32>, 4>;
var<workgroup> code_scales: array<f32, 2>;
var<workgroup> offsets: array<i32, 2>;
var<workgroup> squares: array<f32, 2>;
var<workgroup> partial_sums: array<f32, 258>;
var<workgroup> partial_squares: array<f32, 2>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let group = local_id.x % 2u;                                            // parts/reduce.py
  let index = local_id.x / 2u;                                            // parts/reduce.py
  let index_1 = workgroup_id.x * 128u;                                    // linear/matvec_int8_body.py
  var sum_0: f32 = 0.0;                                                   // linear/matvec_int8_body.py
  var sum_1: f32 = 0.0;
  var sum_2: f32 = 0.0;
  var sum_3: f32 = 0.0;
  var square_sum: f32 = 0.0;                                              // linear/matvec_int8_body.py
  let index_2 = index * 4u;                                               // linear/matvec_int8_body.py
  let row = index_1 + index_2;
  let at = row * 2u + group;                                              // parts/packed_rows.py
  let loads = quants[at];                                                 // parts/packed_rows.py
  let pair = unpack2x16float(scales[at >> 1u]);                           // parts/packed_rows.py
  let scale = select(pair.x, pair.y, (at & 1u) == 1u);                    // parts/packed_rows.py
  let at_1 = (row + 1u) * 2u + group;                                     // parts/packed_rows.py
  let loads_1 = quants[at_1];                                             // parts/packed_rows.py
  let pair_1 = unpack2x16float(scales[at_1 >> 1u]);                       // parts/packed_rows.py
  let scale_1 = select(pair_1.x, pair_1.y, (at_1 & 1u) == 1u);            // parts/packed_rows.py
  let at_2 = (row + 2u) * 2u + group;                                     // parts/packed_rows.py
  let loads_2 = quants[at_2];                                             // parts/packed_rows.py
  let pair_2 = unpack2x16float(scales[at_2 >> 1u]);                       // parts/packed_rows.py
  let scale_2 = select(pair_2.x, pair_2.y, (at_2 & 1u) == 1u);            // parts/packed_rows.py
  let row_1 = row + 3u;                                                   // linear/matvec_int8_body.py
  let at_3 = row_1 * 2u + group;                                          // parts/packed_rows.py
  let loads_3 = quants[at_3];                                             // parts/packed_rows.py
  let pair_3 = unpack2x16float(scales[at_3 >> 1u]);                       // parts/packed_rows.py
  let scale_3 = select(pair_3.x, pair_3.y, (at_3 & 1u) == 1u);            // parts/packed_rows.py
  if (local_id.x < 2u) {                                                  // parts/distribute.py
    let at_4 = local_id.x * 8u;                                           // linear/matvec_int8_body.py
    let x_1 = x[at_4];                                                    // linear/buffers.py
    let square = dot(x_1, x_1);                                           // linear/matvec_int8_body.py
    let x_2 = x_1 * norm_weight[at_4];                                    // linear/matvec_int8_body.py
    let at_5 = at_4 + 1u;                                                 // linear/matvec_int8_body.py
    let x_3 = x[at_5];                                                    // linear/buffers.py
    let square_1 = square + dot(x_3, x_3);                                // linear/matvec_int8_body.py
    let x_4 = x_3 * norm_weight[at_5];                                    // linear/matvec_int8_body.py
    let at_6 = at_4 + 2u;                                                 // linear/matvec_int8_body.py
    let x_5 = x[at_6];                                                    // linear/buffers.py
    let square_2 = square_1 + dot(x_5, x_5);                              // linear/matvec_int8_body.py
    let x_6 = x_5 * norm_weight[at_6];                                    // linear/matvec_int8_body.py
    let at_7 = at_4 + 3u;                                                 // linear/matvec_int8_body.py
    let x_7 = x[at_7];                                                    // linear/buffers.py
    let square_3 = square_2 + dot(x_7, x_7);                              // linear/matvec_int8_body.py
    let x_8 = x_7 * norm_weight[at_7];                                    // linear/matvec_int8_body.py
    let at_8 = at_4 + 4u;                                                 // linear/matvec_int8_body.py
    let x_9 = x[at_8];                                                    // linear/buffers.py
    let square_4 = square_3 + dot(x_9, x_9);                              // linear/matvec_int8_body.py
    let x_10 = x_9 * norm_weight[at_8];                                   // linear/matvec_int8_body.py
    let at_9 = at_4 + 5u;                                                 // linear/matvec_int8_body.py
    let x_11 = x[at_9];                                                   // linear/buffers.py
    let square_5 = square_4 + dot(x_11, x_11);                            // linear/matvec_int8_body.py
    let x_12 = x_11 * norm_weight[at_9];                                  // linear/matvec_int8_body.py
    let at_10 = at_4 + 6u;                                                // linear/matvec_int8_body.py
    let x_13 = x[at_10];                                                  // linear/buffers.py
    let square_6 = square_5 + dot(x_13, x_13);                            // linear/matvec_int8_body.py
    let x_14 = x_13 * norm_weight[at_10];                                 // linear/matvec_int8_body.py
    let at_11 = at_4 + 7u;                                                // linear/matvec_int8_body.py
    let x_15 = x[at_11];                                                  // linear/buffers.py
    let square_7 = square_6 + dot(x_15, x_15);                            // linear/matvec_int8_body.py
    let x_16 = x_15 * norm_weight[at_11];                                 // linear/matvec_int8_body.py
    let largest = abs(x_2);                                               // linear/activations.py
    let magnitudes = abs(x_4);                                            // linear/activations.py
    let largest_1 = max(largest, magnitudes);                             // linear/activations.py
    let magnitudes_1 = abs(x_6);                                          // linear/activations.py
    let largest_2 = max(largest_1, magnitudes_1);                         // linear/activations.py
    let magnitudes_2 = abs(x_8);                                          // linear/activations.py
    let largest_3 = max(largest_2, magnitudes_2);                         // linear/activations.py
    let magnitudes_3 = abs(x_10);                                         // linear/activations.py
    let largest_4 = max(largest_3, magnitudes_3);                         // linear/activations.py
    let magnitudes_4 = abs(x_12);                                         // linear/activations.py
    let largest_5 = max(largest_4, magnitudes_4);                         // linear/activations.py
    let magnitudes_5 = abs(x_14);                                         // linear/activations.py
    let largest_6 = max(largest_5, magnitudes_5);                         // linear/activations.py
    let magnitudes_6 = abs(x_16);                                         // linear/activations.py
    let largest_7 = max(largest_6, magnitudes_6);                         // linear/activations.py
    let bits = bitcast<u32>(max(max(largest_7.x, largest_7.y), max(largest_7.z, largest_7.w)));  // linear/activations.py
    let exponent = min(max(bits >> 23u, 27u), 252u);                      // linear/activations.py
    let mantissa = (((bits & 0x007fffffu) | 0x00800000u) >> 8u) + 1u;     // linear/activations.py
    let steps = f32(0x7f000000u / mantissa) * bitcast<f32>((253u - exponent) << 23u);  // linear/activations.py
    let spread = vec4<f32>(steps);                                        // linear/activations.py
    let codes_1 = bitcast<vec4<u32>>(vec4<i32>(x_2 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word = (codes_1.x >> 8u) | codes_1.y | (codes_1.z << 8u) | (codes_1.w << 16u);  // linear/activations.py
    let codes_2 = bitcast<vec4<u32>>(vec4<i32>(x_4 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word_1 = (codes_2.x >> 8u) | codes_2.y | (codes_2.z << 8u) | (codes_2.w << 16u);  // linear/activations.py
    let codes_3 = bitcast<vec4<u32>>(vec4<i32>(x_6 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word_2 = (codes_3.x >> 8u) | codes_3.y | (codes_3.z << 8u) | (codes_3.w << 16u);  // linear/activations.py
    let codes_4 = bitcast<vec4<u32>>(vec4<i32>(x_8 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word_3 = (codes_4.x >> 8u) | codes_4.y | (codes_4.z << 8u) | (codes_4.w << 16u);  // linear/activations.py
    let codes_5 = bitcast<vec4<u32>>(vec4<i32>(x_10 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word_4 = (codes_5.x >> 8u) | codes_5.y | (codes_5.z << 8u) | (codes_5.w << 16u);  // linear/activations.py
    let codes_6 = bitcast<vec4<u32>>(vec4<i32>(x_12 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word_5 = (codes_6.x >> 8u) | codes_6.y | (codes_6.z << 8u) | (codes_6.w << 16u);  // linear/activations.py
    let codes_7 = bitcast<vec4<u32>>(vec4<i32>(x_14 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word_6 = (codes_7.x >> 8u) | codes_7.y | (codes_7.z << 8u) | (codes_7.w << 16u);  // linear/activations.py
    let codes_8 = bitcast<vec4<u32>>(vec4<i32>(x_16 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word_7 = (codes_8.x >> 8u) | codes_8.y | (codes_8.z << 8u) | (codes_8.w << 16u);  // linear/activations.py
    codes[local_id.x] = vec4<u32>(word, word_1, word_2, word_3);          // linear/matvec_int8_body.py
    codes[local_id.x + 2u] = vec4<u32>(word_4, word_5, word_6, word_7);   // linear/matvec_int8_body.py
    code_scales[local_id.x] = 256.0 / steps;                              // linear/matvec_int8_body.py
    offsets[local_id.x] = dot4I8Packed(word, 0xf8f8f8f8u) + dot4I8Packed(word_1, 0xf8f8f8f8u)
        + dot4I8Packed(word_2, 0xf8f8f8f8u) + dot4I8Packed(word_3, 0xf8f8f8f8u)
        + dot4I8Packed(word_4, 0xf8f8f8f8u) + dot4I8Packed(word_5, 0xf8f8f8f8u)
        + dot4I8Packed(word_6, 0xf8f8f8f8u) + dot4I8Packed(word_7, 0xf8f8f8f8u);  // linear/matvec_int8_body.py
    squares[local_id.x] = square_7;                                       // linear/matvec_int8_body.py
  }
  workgroupBarrier();                                                     // linear/matvec_int8_body.py
  let half = codes[group];                                                // linear/matvec_int8_body.py
  let half_1 = codes[group + 2u];
  let code_scale = code_scales[group];                                    // linear/matvec_int8_body.py
  let offset = offsets[group];                                            // linear/matvec_int8_body.py
  square_sum += squares[group];                                           // linear/matvec_int8_body.py
  let low = loads.x & 0x0f0f0f0fu;                                        // formats/nibbles.py
  let high = (loads.x >> 4u) & 0x0f0f0f0fu;                               // formats/nibbles.py
  let low_1 = loads.y & 0x0f0f0f0fu;                                      // formats/nibbles.py
  let high_1 = (loads.y >> 4u) & 0x0f0f0f0fu;                             // formats/nibbles.py
  let low_2 = loads.z & 0x0f0f0f0fu;                                      // formats/nibbles.py
  let high_2 = (loads.z >> 4u) & 0x0f0f0f0fu;                             // formats/nibbles.py
  let low_3 = loads.w & 0x0f0f0f0fu;                                      // formats/nibbles.py
  let high_3 = (loads.w >> 4u) & 0x0f0f0f0fu;                             // formats/nibbles.py
  let plus = offset + dot4I8Packed(low, half.x);                          // linear/dot4.py
  sum_0 += f32(plus + dot4I8Packed(high, half.y) + dot4I8Packed(low_1, half.z)
      + dot4I8Packed(high_1, half.w) + dot4I8Packed(low_2, half_1.x)
      + dot4I8Packed(high_2, half_1.y) + dot4I8Packed(low_3, half_1.z)
      + dot4I8Packed(high_3, half_1.w)) * (scale * code_scale);           // linear/matvec_int8_body.py
  let low_4 = loads_1.x & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_4 = (loads_1.x >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let low_5 = loads_1.y & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_5 = (loads_1.y >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let low_6 = loads_1.z & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_6 = (loads_1.z >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let low_7 = loads_1.w & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_7 = (loads_1.w >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let plus_1 = offset + dot4I8Packed(low_4, half.x);                      // linear/dot4.py
  sum_1 += f32(plus_1 + dot4I8Packed(high_4, half.y) + dot4I8Packed(low_5, half.z)
      + dot4I8Packed(high_5, half.w) + dot4I8Packed(low_6, half_1.x)
      + dot4I8Packed(high_6, half_1.y) + dot4I8Packed(low_7, half_1.z)
      + dot4I8Packed(high_7, half_1.w)) * (scale_1 * code_scale);         // linear/matvec_int8_body.py
  let low_8 = loads_2.x & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_8 = (loads_2.x >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let low_9 = loads_2.y & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_9 = (loads_2.y >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let low_10 = loads_2.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_10 = (loads_2.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_11 = loads_2.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_11 = (loads_2.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let plus_2 = offset + dot4I8Packed(low_8, half.x);                      // linear/dot4.py
  sum_2 += f32(plus_2 + dot4I8Packed(high_8, half.y) + dot4I8Packed(low_9, half.z)
      + dot4I8Packed(high_9, half.w) + dot4I8Packed(low_10, half_1.x)
      + dot4I8Packed(high_10, half_1.y) + dot4I8Packed(low_11, half_1.z)
      + dot4I8Packed(high_11, half_1.w)) * (scale_2 * code_scale);        // linear/matvec_int8_body.py
  let low_12 = loads_3.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_12 = (loads_3.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_13 = loads_3.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_13 = (loads_3.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_14 = loads_3.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_14 = (loads_3.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_15 = loads_3.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_15 = (loads_3.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let plus_3 = offset + dot4I8Packed(low_12, half.x);                     // linear/dot4.py
  sum_3 += f32(plus_3 + dot4I8Packed(high_12, half.y) + dot4I8Packed(low_13, half.z)
      + dot4I8Packed(high_13, half.w) + dot4I8Packed(low_14, half_1.x)
      + dot4I8Packed(high_14, half_1.y) + dot4I8Packed(low_15, half_1.z)
      + dot4I8Packed(high_15, half_1.w)) * (scale_3 * code_scale);        // linear/matvec_int8_body.py
  let index_3 = group * 129u;                                             // linear/matvec_int8_body.py
  partial_sums[index_2 + index_3] = sum_0;
  partial_sums[index_2 + index_3 + 1u] = sum_1;
  partial_sums[index_2 + index_3 + 2u] = sum_2;
  partial_sums[index_2 + index_3 + 3u] = sum_3;
  if (index == 0u) {                                                      // linear/matvec_int8_body.py
    partial_squares[group] = square_sum;                                  // linear/matvec_int8_body.py
  }
  workgroupBarrier();                                                     // linear/matvec_int8_body.py
  let result = local_id.x * 2u;                                           // linear/matvec_int8_body.py
  let row_2 = index_1 + result;
  if (row_2 < 128u) {                                                     // linear/matvec_int8_body.py
    var total: f32 = partial_sums[result];                                // linear/matvec_int8_body.py
    for (var part = 1u; part < 2u; part++) {                              // linear/matvec_int8_body.py
      total += partial_sums[part * 129u + result];                        // linear/matvec_int8_body.py
    }
    let value = total;                                                    // linear/matvec_int8_body.py
    let result_1 = result + 1u;                                           // linear/matvec_int8_body.py
    var total_1: f32 = partial_sums[result_1];                            // linear/matvec_int8_body.py
    for (var part = 1u; part < 2u; part++) {                              // linear/matvec_int8_body.py
      total_1 += partial_sums[part * 129u + result_1];                    // linear/matvec_int8_body.py
    }
    let value_1 = total_1;                                                // linear/matvec_int8_body.py
    var total_2: f32 = partial_squares[0u];                               // linear/matvec_int8_body.py
    for (var part = 1u; part < 2u; part++) {                              // linear/matvec_int8_body.py
      total_2 += partial_squares[part];                                   // linear/matvec_int8_body.py
    }
    let factor = inverseSqrt(total_2 * 0.015625 + 1e-5);                  // linear/matvec_int8_body.py
    let even = value * factor;                                            // linear/matvec_int8_body.py
    let odd = value_1 * factor;
    let pair_4 = row_2 / 2u;                                              // linear/matvec_int8_body.py
    var first: f32 = even;                                                // epilogues/heads.py
    var second: f32 = odd;                                                // epilogues/heads.py
    let in_head = pair_4 % 4u;                                            // epilogues/heads.py
    let rotated = pair_4 < 48u;                                           // epilogues/heads.py
    if (rotated) {                                                        // epilogues/heads.py
      let index_4 = f32(in_head);                                         // parts/rotary.py
      let product = index_4 * -3.321289;                                  // parts/precise_math.py
      let t = index_4 * -0.0006390324;                                    // parts/precise_math.py
      let whole = floor(product + t + 0.5);
      let fraction = product - whole + t;                                 // parts/precise_math.py
      let series = fraction * 0.00015353362 + 0.0013398874;               // parts/precise_math.py
      let series_1 = series * fraction + 0.009618437;                     // parts/precise_math.py
      let series_2 = series_1 * fraction + 0.055503324;                   // parts/precise_math.py
      let series_3 = series_2 * fraction + 0.24022648;                    // parts/precise_math.py
      let series_4 = series_3 * fraction + 0.6931472;                     // parts/precise_math.py
      let power = bitcast<f32>(u32(i32(whole) + 127i) << 23u);            // parts/precise_math.py
      let angle = f32(step.past) * ((series_4 * fraction + 1.0) * power);  // parts/rotary.py
      let quarter = floor(angle * 0.63661975 + 0.5);                      // parts/precise_math.py
      let reduced = angle - quarter * 1.5625;                             // parts/precise_math.py
      let reduced_1 = reduced - quarter * 0.008178711;                    // parts/precise_math.py
      let reduced_2 = reduced_1 - quarter * 0.00011730194;                // parts/precise_math.py
      let reduced_3 = reduced_2 - quarter * 3.1391647e-7;                 // parts/precise_math.py
      let square = reduced_3 * reduced_3;                                 // parts/precise_math.py
      let sine = (square * -0.00019515296 + 0.008332161) * square - 0.16666655;  // parts/precise_math.py
      let sine_1 = sine * square * reduced_3 + reduced_3;                 // parts/precise_math.py
      let cosine = (square * 2.4433157e-5 - 0.0013887316) * square + 0.041666646;  // parts/precise_math.py
      let cosine_1 = cosine * square * square - square * 0.5 + 1.0;       // parts/precise_math.py
      let quadrant = u32(quarter) & 3u;                                   // parts/precise_math.py
      let swapped = (quadrant & 1u) == 1u;                                // parts/precise_math.py
      let sin_value = select(sine_1, cosine_1, swapped);                  // parts/precise_math.py
      let cos_value = select(cosine_1, sine_1, swapped);                  // parts/precise_math.py
      let sin_angle = select(sin_value, -sin_value, quadrant >= 2u);      // parts/precise_math.py
      let cos_angle = select(cos_value, -cos_value, ((quadrant + 1u) & 2u) == 2u);  // parts/precise_math.py
      first = even * cos_angle - odd * sin_angle;                         // epilogues/heads.py
      second = odd * cos_angle + even * sin_angle;                        // epilogues/heads.py
    }
    let both = vec2<f32>(first, second);                                  // epilogues/heads.py
    let row_3 = step.past * 16u;                                          // epilogues/heads.py
    if (pair_4 < 32u) {                                                   // epilogues/heads.py
      q[pair_4] = both;                                                   // epilogues/heads.py
    } else {
      let stored = pack2x16float(both);                                   // epilogues/heads.py
      if (rotated) {                                                      // epilogues/heads.py
        k_cache[row_3 + pair_4 - 32u] = stored;                           // epilogues/heads.py
      } else {
        v_cache[row_3 + pair_4 - 48u] = stored;                           // epilogues/heads.py
      }
    }
  }
}
