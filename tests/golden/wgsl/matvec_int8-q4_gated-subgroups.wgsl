// matvec_int8_norm_q4_gated_344x2048
enable subgroups;

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> norm_weight: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> scales: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

var<workgroup> codes: array<vec4<u32>, 128>;
var<workgroup> code_scales: array<f32, 64>;
var<workgroup> offsets: array<i32, 64>;
var<workgroup> squares: array<f32, 64>;
var<workgroup> partial_sums: array<f32, 144>;
var<workgroup> partial_squares: array<f32, 16>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
  @builtin(subgroup_size) subgroup_size: u32,
) {
  let row = workgroup_id.x * 8u;                                          // linear/matvec_int8_body.py
  var sum_0: f32 = 0.0;                                                   // linear/matvec_int8_body.py
  var sum_1: f32 = 0.0;
  var sum_2: f32 = 0.0;
  var sum_3: f32 = 0.0;
  var sum_4: f32 = 0.0;
  var sum_5: f32 = 0.0;
  var sum_6: f32 = 0.0;
  var sum_7: f32 = 0.0;
  var square_sum: f32 = 0.0;                                              // linear/matvec_int8_body.py
  let at = row * 64u + local_id.x;                                        // parts/packed_rows.py
  let loads = quants[at];                                                 // parts/packed_rows.py
  let pair = unpack2x16float(scales[at >> 1u]);                           // parts/packed_rows.py
  let scale = select(pair.x, pair.y, (at & 1u) == 1u);                    // parts/packed_rows.py
  let at_1 = (row + 1u) * 64u + local_id.x;                               // parts/packed_rows.py
  let loads_1 = quants[at_1];                                             // parts/packed_rows.py
  let pair_1 = unpack2x16float(scales[at_1 >> 1u]);                       // parts/packed_rows.py
  let scale_1 = select(pair_1.x, pair_1.y, (at_1 & 1u) == 1u);            // parts/packed_rows.py
  let at_2 = (row + 2u) * 64u + local_id.x;                               // parts/packed_rows.py
  let loads_2 = quants[at_2];                                             // parts/packed_rows.py
  let pair_2 = unpack2x16float(scales[at_2 >> 1u]);                       // parts/packed_rows.py
  let scale_2 = select(pair_2.x, pair_2.y, (at_2 & 1u) == 1u);            // parts/packed_rows.py
  let at_3 = (row + 3u) * 64u + local_id.x;                               // parts/packed_rows.py
  let loads_3 = quants[at_3];                                             // parts/packed_rows.py
  let pair_3 = unpack2x16float(scales[at_3 >> 1u]);                       // parts/packed_rows.py
  let scale_3 = select(pair_3.x, pair_3.y, (at_3 & 1u) == 1u);            // parts/packed_rows.py
  let at_4 = (row + 4u) * 64u + local_id.x;                               // parts/packed_rows.py
  let loads_4 = quants[at_4];                                             // parts/packed_rows.py
  let pair_4 = unpack2x16float(scales[at_4 >> 1u]);                       // parts/packed_rows.py
  let scale_4 = select(pair_4.x, pair_4.y, (at_4 & 1u) == 1u);            // parts/packed_rows.py
  let at_5 = (row + 5u) * 64u + local_id.x;                               // parts/packed_rows.py
  let loads_5 = quants[at_5];                                             // parts/packed_rows.py
  let pair_5 = unpack2x16float(scales[at_5 >> 1u]);                       // parts/packed_rows.py
  let scale_5 = select(pair_5.x, pair_5.y, (at_5 & 1u) == 1u);            // parts/packed_rows.py
  let at_6 = (row + 6u) * 64u + local_id.x;                               // parts/packed_rows.py
  let loads_6 = quants[at_6];                                             // parts/packed_rows.py
  let pair_6 = unpack2x16float(scales[at_6 >> 1u]);                       // parts/packed_rows.py
  let scale_6 = select(pair_6.x, pair_6.y, (at_6 & 1u) == 1u);            // parts/packed_rows.py
  let row_1 = row + 7u;                                                   // linear/matvec_int8_body.py
  let at_7 = row_1 * 64u + local_id.x;                                    // parts/packed_rows.py
  let loads_7 = quants[at_7];                                             // parts/packed_rows.py
  let pair_7 = unpack2x16float(scales[at_7 >> 1u]);                       // parts/packed_rows.py
  let scale_7 = select(pair_7.x, pair_7.y, (at_7 & 1u) == 1u);            // parts/packed_rows.py
  let at_8 = local_id.x * 8u;                                             // linear/matvec_int8_body.py
  let x_1 = x[at_8];                                                      // linear/buffers.py
  let square = dot(x_1, x_1);                                             // linear/matvec_int8_body.py
  let x_2 = x_1 * norm_weight[at_8];                                      // linear/matvec_int8_body.py
  let at_9 = at_8 + 1u;                                                   // linear/matvec_int8_body.py
  let x_3 = x[at_9];                                                      // linear/buffers.py
  let square_1 = square + dot(x_3, x_3);                                  // linear/matvec_int8_body.py
  let x_4 = x_3 * norm_weight[at_9];                                      // linear/matvec_int8_body.py
  let at_10 = at_8 + 2u;                                                  // linear/matvec_int8_body.py
  let x_5 = x[at_10];                                                     // linear/buffers.py
  let square_2 = square_1 + dot(x_5, x_5);                                // linear/matvec_int8_body.py
  let x_6 = x_5 * norm_weight[at_10];                                     // linear/matvec_int8_body.py
  let at_11 = at_8 + 3u;                                                  // linear/matvec_int8_body.py
  let x_7 = x[at_11];                                                     // linear/buffers.py
  let square_3 = square_2 + dot(x_7, x_7);                                // linear/matvec_int8_body.py
  let x_8 = x_7 * norm_weight[at_11];                                     // linear/matvec_int8_body.py
  let at_12 = at_8 + 4u;                                                  // linear/matvec_int8_body.py
  let x_9 = x[at_12];                                                     // linear/buffers.py
  let square_4 = square_3 + dot(x_9, x_9);                                // linear/matvec_int8_body.py
  let x_10 = x_9 * norm_weight[at_12];                                    // linear/matvec_int8_body.py
  let at_13 = at_8 + 5u;                                                  // linear/matvec_int8_body.py
  let x_11 = x[at_13];                                                    // linear/buffers.py
  let square_5 = square_4 + dot(x_11, x_11);                              // linear/matvec_int8_body.py
  let x_12 = x_11 * norm_weight[at_13];                                   // linear/matvec_int8_body.py
  let at_14 = at_8 + 6u;                                                  // linear/matvec_int8_body.py
  let x_13 = x[at_14];                                                    // linear/buffers.py
  let square_6 = square_5 + dot(x_13, x_13);                              // linear/matvec_int8_body.py
  let x_14 = x_13 * norm_weight[at_14];                                   // linear/matvec_int8_body.py
  let at_15 = at_8 + 7u;                                                  // linear/matvec_int8_body.py
  let x_15 = x[at_15];                                                    // linear/buffers.py
  let square_7 = square_6 + dot(x_15, x_15);                              // linear/matvec_int8_body.py
  let x_16 = x_15 * norm_weight[at_15];                                   // linear/matvec_int8_body.py
  let largest = abs(x_2);                                                 // linear/activations.py
  let magnitudes = abs(x_4);                                              // linear/activations.py
  let largest_1 = max(largest, magnitudes);                               // linear/activations.py
  let magnitudes_1 = abs(x_6);                                            // linear/activations.py
  let largest_2 = max(largest_1, magnitudes_1);                           // linear/activations.py
  let magnitudes_2 = abs(x_8);                                            // linear/activations.py
  let largest_3 = max(largest_2, magnitudes_2);                           // linear/activations.py
  let magnitudes_3 = abs(x_10);                                           // linear/activations.py
  let largest_4 = max(largest_3, magnitudes_3);                           // linear/activations.py
  let magnitudes_4 = abs(x_12);                                           // linear/activations.py
  let largest_5 = max(largest_4, magnitudes_4);                           // linear/activations.py
  let magnitudes_5 = abs(x_14);                                           // linear/activations.py
  let largest_6 = max(largest_5, magnitudes_5);                           // linear/activations.py
  let magnitudes_6 = abs(x_16);                                           // linear/activations.py
  let largest_7 = max(largest_6, magnitudes_6);                           // linear/activations.py
  let bits = bitcast<u32>(max(max(largest_7.x, largest_7.y), max(largest_7.z, largest_7.w)));  // linear/activations.py
  let exponent = min(max(bits >> 23u, 27u), 252u);                        // linear/activations.py
  let mantissa = (((bits & 0x007fffffu) | 0x00800000u) >> 8u) + 1u;       // linear/activations.py
  let steps = f32(0x7f000000u / mantissa) * bitcast<f32>((253u - exponent) << 23u);  // linear/activations.py
  let spread = vec4<f32>(steps);                                          // linear/activations.py
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
  codes[local_id.x] = vec4<u32>(word, word_1, word_2, word_3);            // linear/matvec_int8_body.py
  let index = local_id.x + 64u;                                           // linear/matvec_int8_body.py
  codes[index] = vec4<u32>(word_4, word_5, word_6, word_7);
  code_scales[local_id.x] = 256.0 / steps;                                // linear/matvec_int8_body.py
  offsets[local_id.x] = dot4I8Packed(word, 0xf8f8f8f8u) + dot4I8Packed(word_1, 0xf8f8f8f8u)
      + dot4I8Packed(word_2, 0xf8f8f8f8u) + dot4I8Packed(word_3, 0xf8f8f8f8u)
      + dot4I8Packed(word_4, 0xf8f8f8f8u) + dot4I8Packed(word_5, 0xf8f8f8f8u)
      + dot4I8Packed(word_6, 0xf8f8f8f8u) + dot4I8Packed(word_7, 0xf8f8f8f8u);  // linear/matvec_int8_body.py
  squares[local_id.x] = square_7;                                         // linear/matvec_int8_body.py
  workgroupBarrier();                                                     // linear/matvec_int8_body.py
  let half = codes[local_id.x];                                           // linear/matvec_int8_body.py
  let half_1 = codes[index];
  let code_scale = code_scales[local_id.x];                               // linear/matvec_int8_body.py
  let offset = offsets[local_id.x];                                       // linear/matvec_int8_body.py
  square_sum += squares[local_id.x];                                      // linear/matvec_int8_body.py
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
  let low_16 = loads_4.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_16 = (loads_4.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_17 = loads_4.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_17 = (loads_4.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_18 = loads_4.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_18 = (loads_4.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_19 = loads_4.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_19 = (loads_4.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let plus_4 = offset + dot4I8Packed(low_16, half.x);                     // linear/dot4.py
  sum_4 += f32(plus_4 + dot4I8Packed(high_16, half.y) + dot4I8Packed(low_17, half.z)
      + dot4I8Packed(high_17, half.w) + dot4I8Packed(low_18, half_1.x)
      + dot4I8Packed(high_18, half_1.y) + dot4I8Packed(low_19, half_1.z)
      + dot4I8Packed(high_19, half_1.w)) * (scale_4 * code_scale);        // linear/matvec_int8_body.py
  let low_20 = loads_5.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_20 = (loads_5.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_21 = loads_5.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_21 = (loads_5.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_22 = loads_5.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_22 = (loads_5.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_23 = loads_5.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_23 = (loads_5.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let plus_5 = offset + dot4I8Packed(low_20, half.x);                     // linear/dot4.py
  sum_5 += f32(plus_5 + dot4I8Packed(high_20, half.y) + dot4I8Packed(low_21, half.z)
      + dot4I8Packed(high_21, half.w) + dot4I8Packed(low_22, half_1.x)
      + dot4I8Packed(high_22, half_1.y) + dot4I8Packed(low_23, half_1.z)
      + dot4I8Packed(high_23, half_1.w)) * (scale_5 * code_scale);        // linear/matvec_int8_body.py
  let low_24 = loads_6.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_24 = (loads_6.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_25 = loads_6.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_25 = (loads_6.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_26 = loads_6.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_26 = (loads_6.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_27 = loads_6.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_27 = (loads_6.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let plus_6 = offset + dot4I8Packed(low_24, half.x);                     // linear/dot4.py
  sum_6 += f32(plus_6 + dot4I8Packed(high_24, half.y) + dot4I8Packed(low_25, half.z)
      + dot4I8Packed(high_25, half.w) + dot4I8Packed(low_26, half_1.x)
      + dot4I8Packed(high_26, half_1.y) + dot4I8Packed(low_27, half_1.z)
      + dot4I8Packed(high_27, half_1.w)) * (scale_6 * code_scale);        // linear/matvec_int8_body.py
  let low_28 = loads_7.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_28 = (loads_7.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_29 = loads_7.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_29 = (loads_7.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_30 = loads_7.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_30 = (loads_7.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_31 = loads_7.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_31 = (loads_7.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let plus_7 = offset + dot4I8Packed(low_28, half.x);                     // linear/dot4.py
  sum_7 += f32(plus_7 + dot4I8Packed(high_28, half.y) + dot4I8Packed(low_29, half.z)
      + dot4I8Packed(high_29, half.w) + dot4I8Packed(low_30, half_1.x)
      + dot4I8Packed(high_30, half_1.y) + dot4I8Packed(low_31, half_1.z)
      + dot4I8Packed(high_31, half_1.w)) * (scale_7 * code_scale);        // linear/matvec_int8_body.py
  let sums_0 = subgroupAdd(sum_0);                                        // linear/matvec_int8_body.py
  let sums_1 = subgroupAdd(sum_1);
  let sums_2 = subgroupAdd(sum_2);
  let sums_3 = subgroupAdd(sum_3);
  let sums_4 = subgroupAdd(sum_4);
  let sums_5 = subgroupAdd(sum_5);
  let sums_6 = subgroupAdd(sum_6);
  let sums_7 = subgroupAdd(sum_7);
  let sums_8 = subgroupAdd(square_sum);
  if (subgroup_lane == 0u) {                                              // linear/matvec_int8_body.py
    let part = local_id.x / subgroup_size;                                // linear/matvec_int8_body.py
    let index_1 = part * 9u;                                              // linear/matvec_int8_body.py
    partial_sums[index_1] = sums_0;
    partial_sums[index_1 + 1u] = sums_1;
    partial_sums[index_1 + 2u] = sums_2;
    partial_sums[index_1 + 3u] = sums_3;
    partial_sums[index_1 + 4u] = sums_4;
    partial_sums[index_1 + 5u] = sums_5;
    partial_sums[index_1 + 6u] = sums_6;
    partial_sums[index_1 + 7u] = sums_7;
    partial_squares[part] = sums_8;                                       // linear/matvec_int8_body.py
  }
  let parts = (subgroup_size + 63u) / subgroup_size;                      // linear/matvec_int8_body.py
  workgroupBarrier();                                                     // linear/matvec_int8_body.py
  if (local_id.x < 4u) {                                                  // parts/distribute.py
    let result = local_id.x * 2u;                                         // linear/matvec_int8_body.py
    let row_2 = row + result;
    if (row_2 < 344u) {                                                   // linear/matvec_int8_body.py
      var total: f32 = partial_sums[result];                              // linear/matvec_int8_body.py
      for (var part = 1u; part < parts; part++) {                         // linear/matvec_int8_body.py
        total += partial_sums[part * 9u + result];                        // linear/matvec_int8_body.py
      }
      let value = total;                                                  // linear/matvec_int8_body.py
      let result_1 = result + 1u;                                         // linear/matvec_int8_body.py
      var total_1: f32 = partial_sums[result_1];                          // linear/matvec_int8_body.py
      for (var part = 1u; part < parts; part++) {                         // linear/matvec_int8_body.py
        total_1 += partial_sums[part * 9u + result_1];                    // linear/matvec_int8_body.py
      }
      let value_1 = total_1;                                              // linear/matvec_int8_body.py
      var total_2: f32 = partial_squares[0u];                             // linear/matvec_int8_body.py
      for (var part = 1u; part < parts; part++) {                         // linear/matvec_int8_body.py
        total_2 += partial_squares[part];                                 // linear/matvec_int8_body.py
      }
      let factor = inverseSqrt(total_2 * 0.00048828125 + 1e-5);           // linear/matvec_int8_body.py
      let gate = value * factor;                                          // linear/matvec_int8_body.py
      let gated = gate / (1.0 + exp(-gate)) * (value_1 * factor);         // epilogues/pair.py
      out[row_2 / 2u] = gated;                                            // epilogues/pair.py
    }
  }
}
