// matvec_int8_norm_q4_qkv_128x64_t2

@group(0) @binding(0) var<storage, read> x: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
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

var<workgroup> partial_sums: array<f32, 258>;
var<workgroup> partial_squares: array<f32, 2>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let group = local_id.x % 2u;                                            // parts/reduce.py
  let index = local_id.x / 2u;                                            // parts/reduce.py
  let index_1 = workgroup_id.x * 128u;                                    // int8/results.py
  let index_2 = index * 4u;                                               // int8/results.py
  let row = index_1 + index_2;                                            // int8/body.py
  let at = row * 2u + group;                                              // parts/packed_rows.py
  let loads = quants[at];                                                 // parts/packed_rows.py
  let stored = scales[at >> 1u];                                          // parts/packed_rows.py
  let index_3 = index_2 + 1u;                                             // int8/results.py
  let row_1 = index_1 + index_3;                                          // int8/body.py
  let at_1 = row_1 * 2u + group;                                          // parts/packed_rows.py
  let loads_1 = quants[at_1];                                             // parts/packed_rows.py
  let stored_1 = scales[at_1 >> 1u];                                      // parts/packed_rows.py
  let index_4 = index_2 + 2u;                                             // int8/results.py
  let row_2 = index_1 + index_4;                                          // int8/body.py
  let at_2 = row_2 * 2u + group;                                          // parts/packed_rows.py
  let loads_2 = quants[at_2];                                             // parts/packed_rows.py
  let stored_2 = scales[at_2 >> 1u];                                      // parts/packed_rows.py
  let index_5 = index_2 + 3u;                                             // int8/results.py
  let row_3 = index_1 + index_5;                                          // int8/body.py
  let at_3 = row_3 * 2u + group;                                          // parts/packed_rows.py
  let loads_3 = quants[at_3];                                             // parts/packed_rows.py
  let stored_3 = scales[at_3 >> 1u];                                      // parts/packed_rows.py
  var square_sum: f32 = 0.0;                                              // int8/parts.py
  for (var group_1 = group; group_1 < 2u; group_1 += 2u) {                // int8/parts.py
    square_sum += bitcast<f32>(x[group_1 + 8u].z);                        // int8/parts.py
  }
  var sum_0: f32 = 0.0;                                                   // int8/parts.py
  var sum_1: f32 = 0.0;
  var sum_2: f32 = 0.0;
  var sum_3: f32 = 0.0;
  let half = x[group];                                                    // int8/parts.py
  let half_1 = x[group + 2u];
  let half_2 = x[group + 4u];
  let half_3 = x[group + 6u];
  let factors = x[group + 8u];
  let code_scale = bitcast<f32>(factors.x);                               // int8/parts.py
  let start = bitcast<i32>(factors.y) * -8i;                              // int8/parts.py
  let low = loads.x & 0x0f0f0f0fu;                                        // formats/nibbles.py
  let high = (loads.x >> 4u) & 0x0f0f0f0fu;                               // formats/nibbles.py
  let low_1 = loads.y & 0x0f0f0f0fu;                                      // formats/nibbles.py
  let high_1 = (loads.y >> 4u) & 0x0f0f0f0fu;                             // formats/nibbles.py
  let low_2 = loads.z & 0x0f0f0f0fu;                                      // formats/nibbles.py
  let high_2 = (loads.z >> 4u) & 0x0f0f0f0fu;                             // formats/nibbles.py
  let low_3 = loads.w & 0x0f0f0f0fu;                                      // formats/nibbles.py
  let high_3 = (loads.w >> 4u) & 0x0f0f0f0fu;                             // formats/nibbles.py
  let products = (dot4I8Packed(low, half.x) + dot4I8Packed(high, half.y)
      + dot4I8Packed(low_1, half.z) + dot4I8Packed(high_1, half.w)
      + dot4I8Packed(low_2, half_1.x) + dot4I8Packed(high_2, half_1.y)
      + dot4I8Packed(low_3, half_1.z) + dot4I8Packed(high_3, half_1.w)) * 256i + start;  // int8/parts.py
  let plus = products + dot4I8Packed(low, half_2.x) + dot4I8Packed(high, half_2.y)
      + dot4I8Packed(low_1, half_2.z);                                    // parts/dot4.py
  let pair = unpack2x16float(stored);                                     // parts/packed_rows.py
  let scaled = f32(plus + dot4I8Packed(high_1, half_2.w) + dot4I8Packed(low_2, half_3.x)
      + dot4I8Packed(high_2, half_3.y) + dot4I8Packed(low_3, half_3.z)
      + dot4I8Packed(high_3, half_3.w))
      * (select(pair.x, pair.y, (at & 1u) == 1u) * code_scale);           // int8/parts.py
  sum_0 += scaled;                                                        // int8/parts.py
  let low_4 = loads_1.x & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_4 = (loads_1.x >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let low_5 = loads_1.y & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_5 = (loads_1.y >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let low_6 = loads_1.z & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_6 = (loads_1.z >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let low_7 = loads_1.w & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_7 = (loads_1.w >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let products_1 = (dot4I8Packed(low_4, half.x) + dot4I8Packed(high_4, half.y)
      + dot4I8Packed(low_5, half.z) + dot4I8Packed(high_5, half.w)
      + dot4I8Packed(low_6, half_1.x) + dot4I8Packed(high_6, half_1.y)
      + dot4I8Packed(low_7, half_1.z) + dot4I8Packed(high_7, half_1.w)) * 256i + start;  // int8/parts.py
  let plus_1 = products_1 + dot4I8Packed(low_4, half_2.x) + dot4I8Packed(high_4, half_2.y)
      + dot4I8Packed(low_5, half_2.z);                                    // parts/dot4.py
  let pair_1 = unpack2x16float(stored_1);                                 // parts/packed_rows.py
  let scaled_1 = f32(plus_1 + dot4I8Packed(high_5, half_2.w) + dot4I8Packed(low_6, half_3.x)
      + dot4I8Packed(high_6, half_3.y) + dot4I8Packed(low_7, half_3.z)
      + dot4I8Packed(high_7, half_3.w))
      * (select(pair_1.x, pair_1.y, (at_1 & 1u) == 1u) * code_scale);     // int8/parts.py
  sum_1 += scaled_1;                                                      // int8/parts.py
  let low_8 = loads_2.x & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_8 = (loads_2.x >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let low_9 = loads_2.y & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_9 = (loads_2.y >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let low_10 = loads_2.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_10 = (loads_2.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_11 = loads_2.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_11 = (loads_2.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let products_2 = (dot4I8Packed(low_8, half.x) + dot4I8Packed(high_8, half.y)
      + dot4I8Packed(low_9, half.z) + dot4I8Packed(high_9, half.w)
      + dot4I8Packed(low_10, half_1.x) + dot4I8Packed(high_10, half_1.y)
      + dot4I8Packed(low_11, half_1.z) + dot4I8Packed(high_11, half_1.w)) * 256i + start;  // int8/parts.py
  let plus_2 = products_2 + dot4I8Packed(low_8, half_2.x) + dot4I8Packed(high_8, half_2.y)
      + dot4I8Packed(low_9, half_2.z);                                    // parts/dot4.py
  let pair_2 = unpack2x16float(stored_2);                                 // parts/packed_rows.py
  let scaled_2 = f32(plus_2 + dot4I8Packed(high_9, half_2.w) + dot4I8Packed(low_10, half_3.x)
      + dot4I8Packed(high_10, half_3.y) + dot4I8Packed(low_11, half_3.z)
      + dot4I8Packed(high_11, half_3.w))
      * (select(pair_2.x, pair_2.y, (at_2 & 1u) == 1u) * code_scale);     // int8/parts.py
  sum_2 += scaled_2;                                                      // int8/parts.py
  let low_12 = loads_3.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_12 = (loads_3.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_13 = loads_3.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_13 = (loads_3.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_14 = loads_3.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_14 = (loads_3.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_15 = loads_3.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_15 = (loads_3.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let products_3 = (dot4I8Packed(low_12, half.x) + dot4I8Packed(high_12, half.y)
      + dot4I8Packed(low_13, half.z) + dot4I8Packed(high_13, half.w)
      + dot4I8Packed(low_14, half_1.x) + dot4I8Packed(high_14, half_1.y)
      + dot4I8Packed(low_15, half_1.z) + dot4I8Packed(high_15, half_1.w)) * 256i + start;  // int8/parts.py
  let plus_3 = products_3 + dot4I8Packed(low_12, half_2.x) + dot4I8Packed(high_12, half_2.y)
      + dot4I8Packed(low_13, half_2.z);                                   // parts/dot4.py
  let pair_3 = unpack2x16float(stored_3);                                 // parts/packed_rows.py
  let scaled_3 = f32(plus_3 + dot4I8Packed(high_13, half_2.w) + dot4I8Packed(low_14, half_3.x)
      + dot4I8Packed(high_14, half_3.y) + dot4I8Packed(low_15, half_3.z)
      + dot4I8Packed(high_15, half_3.w))
      * (select(pair_3.x, pair_3.y, (at_3 & 1u) == 1u) * code_scale);     // int8/parts.py
  sum_3 += scaled_3;                                                      // int8/parts.py
  let index_6 = group * 129u;                                             // int8/results.py
  partial_sums[index_2 + index_6] = sum_0;
  partial_sums[index_3 + index_6] = sum_1;
  partial_sums[index_4 + index_6] = sum_2;
  partial_sums[index_5 + index_6] = sum_3;
  if (index == 0u) {                                                      // int8/results.py
    partial_squares[group] = square_sum;                                  // int8/results.py
  }
  workgroupBarrier();                                                     // int8/results.py
  let result = local_id.x * 2u;                                           // int8/results.py
  let row_4 = index_1 + result;
  if (row_4 < 128u) {                                                     // int8/results.py
    var total: f32 = partial_sums[result];                                // int8/results.py
    for (var part = 1u; part < 2u; part++) {                              // int8/results.py
      total += partial_sums[part * 129u + result];                        // int8/results.py
    }
    let value = total;                                                    // int8/results.py
    let result_1 = result + 1u;                                           // int8/results.py
    var total_1: f32 = partial_sums[result_1];                            // int8/results.py
    for (var part = 1u; part < 2u; part++) {                              // int8/results.py
      total_1 += partial_sums[part * 129u + result_1];                    // int8/results.py
    }
    let value_1 = total_1;                                                // int8/results.py
    var total_2: f32 = partial_squares[0u];                               // int8/results.py
    for (var part = 1u; part < 2u; part++) {                              // int8/results.py
      total_2 += partial_squares[part];                                   // int8/results.py
    }
    let factor = inverseSqrt(total_2 * 0.015625 + 1e-5);                  // int8/results.py
    let even = value * factor;                                            // int8/results.py
    let odd = value_1 * factor;
    let unit = row_4 / 2u;                                                // int8/results.py
    var first: f32 = even;                                                // epilogues/heads.py
    var second: f32 = odd;                                                // epilogues/heads.py
    let in_head = unit % 4u;                                              // epilogues/heads.py
    let rotated = unit < 48u;                                             // epilogues/heads.py
    if (rotated) {                                                        // epilogues/heads.py
      let index_7 = f32(in_head);                                         // parts/rotary.py
      let product = index_7 * -3.321289;                                  // parts/precise_math.py
      let t = index_7 * -0.0006390324;                                    // parts/precise_math.py
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
    let row_5 = step.past * 16u;                                          // epilogues/heads.py
    if (unit < 32u) {                                                     // epilogues/heads.py
      q[unit] = both;                                                     // epilogues/heads.py
    } else {
      let stored_4 = pack2x16float(both);                                 // attention/row_kinds.py
      if (rotated) {                                                      // epilogues/heads.py
        k_cache[row_5 + unit - 32u] = stored_4;                           // epilogues/heads.py
      } else {
        v_cache[row_5 + unit - 48u] = stored_4;                           // epilogues/heads.py
      }
    }
  }
}
