// matvec_int8_q8_residual_64x172

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

var<workgroup> codes: array<vec4<u32>, 12>;
var<workgroup> code_scales: array<f32, 6>;
var<workgroup> partial_sums: array<f32, 260>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let group = local_id.x % 4u;                                            // parts/reduce.py
  let index = workgroup_id.x * 64u;                                       // linear/matvec_int8_body.py
  var sum_0: f32 = 0.0;                                                   // linear/matvec_int8_body.py
  var sum_1: f32 = 0.0;
  var sum_2: f32 = 0.0;
  var sum_3: f32 = 0.0;
  let index_1 = local_id.x / 4u * 4u;                                     // linear/matvec_int8_body.py
  let row = index + index_1;
  let index_2 = row * 6u;                                                 // parts/packed_rows.py
  let at = index_2 + group;
  let index_3 = at * 2u;                                                  // parts/packed_rows.py
  let loads_0 = quants[index_3];
  let loads_1 = quants[index_3 + 1u];
  let pair = unpack2x16float(scales[at >> 1u]);                           // parts/packed_rows.py
  let scale = select(pair.x, pair.y, (at & 1u) == 1u);                    // parts/packed_rows.py
  let index_4 = (row + 1u) * 6u;                                          // parts/packed_rows.py
  let at_1 = index_4 + group;
  let index_5 = at_1 * 2u;                                                // parts/packed_rows.py
  let loads_0_1 = quants[index_5];
  let loads_1_1 = quants[index_5 + 1u];
  let pair_1 = unpack2x16float(scales[at_1 >> 1u]);                       // parts/packed_rows.py
  let scale_1 = select(pair_1.x, pair_1.y, (at_1 & 1u) == 1u);            // parts/packed_rows.py
  let index_6 = (row + 2u) * 6u;                                          // parts/packed_rows.py
  let at_2 = index_6 + group;
  let index_7 = at_2 * 2u;                                                // parts/packed_rows.py
  let loads_0_2 = quants[index_7];
  let loads_1_2 = quants[index_7 + 1u];
  let pair_2 = unpack2x16float(scales[at_2 >> 1u]);                       // parts/packed_rows.py
  let scale_2 = select(pair_2.x, pair_2.y, (at_2 & 1u) == 1u);            // parts/packed_rows.py
  let row_1 = row + 3u;                                                   // linear/matvec_int8_body.py
  let index_8 = row_1 * 6u;                                               // parts/packed_rows.py
  let at_3 = index_8 + group;
  let index_9 = at_3 * 2u;                                                // parts/packed_rows.py
  let loads_0_3 = quants[index_9];
  let loads_1_3 = quants[index_9 + 1u];
  let pair_3 = unpack2x16float(scales[at_3 >> 1u]);                       // parts/packed_rows.py
  let scale_3 = select(pair_3.x, pair_3.y, (at_3 & 1u) == 1u);            // parts/packed_rows.py
  if (local_id.x < 6u) {                                                  // parts/distribute.py
    let at_4 = local_id.x * 8u;                                           // linear/matvec_int8_body.py
    let inside = at_4 < 43u;                                              // linear/buffers.py
    let values_0 = select(vec4<f32>(0.0), x[select(0u, at_4, inside)], inside);  // linear/buffers.py
    let at_5 = at_4 + 1u;                                                 // linear/matvec_int8_body.py
    let inside_1 = at_5 < 43u;                                            // linear/buffers.py
    let values_1 = select(vec4<f32>(0.0), x[select(0u, at_5, inside_1)], inside_1);  // linear/buffers.py
    let at_6 = at_4 + 2u;                                                 // linear/matvec_int8_body.py
    let inside_2 = at_6 < 43u;                                            // linear/buffers.py
    let values_2 = select(vec4<f32>(0.0), x[select(0u, at_6, inside_2)], inside_2);  // linear/buffers.py
    let at_7 = at_4 + 3u;                                                 // linear/matvec_int8_body.py
    let inside_3 = at_7 < 43u;                                            // linear/buffers.py
    let values_3 = select(vec4<f32>(0.0), x[select(0u, at_7, inside_3)], inside_3);  // linear/buffers.py
    let at_8 = at_4 + 4u;                                                 // linear/matvec_int8_body.py
    let inside_4 = at_8 < 43u;                                            // linear/buffers.py
    let values_4 = select(vec4<f32>(0.0), x[select(0u, at_8, inside_4)], inside_4);  // linear/buffers.py
    let at_9 = at_4 + 5u;                                                 // linear/matvec_int8_body.py
    let inside_5 = at_9 < 43u;                                            // linear/buffers.py
    let values_5 = select(vec4<f32>(0.0), x[select(0u, at_9, inside_5)], inside_5);  // linear/buffers.py
    let at_10 = at_4 + 6u;                                                // linear/matvec_int8_body.py
    let inside_6 = at_10 < 43u;                                           // linear/buffers.py
    let values_6 = select(vec4<f32>(0.0), x[select(0u, at_10, inside_6)], inside_6);  // linear/buffers.py
    let at_11 = at_4 + 7u;                                                // linear/matvec_int8_body.py
    let inside_7 = at_11 < 43u;                                           // linear/buffers.py
    let values_7 = select(vec4<f32>(0.0), x[select(0u, at_11, inside_7)], inside_7);  // linear/buffers.py
    let largest = abs(values_0);                                          // linear/activations.py
    let magnitudes = abs(values_1);                                       // linear/activations.py
    let largest_1 = max(largest, magnitudes);                             // linear/activations.py
    let magnitudes_1 = abs(values_2);                                     // linear/activations.py
    let largest_2 = max(largest_1, magnitudes_1);                         // linear/activations.py
    let magnitudes_2 = abs(values_3);                                     // linear/activations.py
    let largest_3 = max(largest_2, magnitudes_2);                         // linear/activations.py
    let magnitudes_3 = abs(values_4);                                     // linear/activations.py
    let largest_4 = max(largest_3, magnitudes_3);                         // linear/activations.py
    let magnitudes_4 = abs(values_5);                                     // linear/activations.py
    let largest_5 = max(largest_4, magnitudes_4);                         // linear/activations.py
    let magnitudes_5 = abs(values_6);                                     // linear/activations.py
    let largest_6 = max(largest_5, magnitudes_5);                         // linear/activations.py
    let magnitudes_6 = abs(values_7);                                     // linear/activations.py
    let largest_7 = max(largest_6, magnitudes_6);                         // linear/activations.py
    let bits = bitcast<u32>(max(max(largest_7.x, largest_7.y), max(largest_7.z, largest_7.w)));  // linear/activations.py
    let exponent = min(max(bits >> 23u, 27u), 252u);                      // linear/activations.py
    let mantissa = (((bits & 0x007fffffu) | 0x00800000u) >> 8u) + 1u;     // linear/activations.py
    let steps = f32(0x7f000000u / mantissa) * bitcast<f32>((253u - exponent) << 23u);  // linear/activations.py
    let spread = vec4<f32>(steps);                                        // linear/activations.py
    let codes_1 = bitcast<vec4<u32>>(vec4<i32>(values_0 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word = (codes_1.x >> 8u) | codes_1.y | (codes_1.z << 8u) | (codes_1.w << 16u);  // linear/activations.py
    let codes_2 = bitcast<vec4<u32>>(vec4<i32>(values_1 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word_1 = (codes_2.x >> 8u) | codes_2.y | (codes_2.z << 8u) | (codes_2.w << 16u);  // linear/activations.py
    let codes_3 = bitcast<vec4<u32>>(vec4<i32>(values_2 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word_2 = (codes_3.x >> 8u) | codes_3.y | (codes_3.z << 8u) | (codes_3.w << 16u);  // linear/activations.py
    let codes_4 = bitcast<vec4<u32>>(vec4<i32>(values_3 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word_3 = (codes_4.x >> 8u) | codes_4.y | (codes_4.z << 8u) | (codes_4.w << 16u);  // linear/activations.py
    let codes_5 = bitcast<vec4<u32>>(vec4<i32>(values_4 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word_4 = (codes_5.x >> 8u) | codes_5.y | (codes_5.z << 8u) | (codes_5.w << 16u);  // linear/activations.py
    let codes_6 = bitcast<vec4<u32>>(vec4<i32>(values_5 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word_5 = (codes_6.x >> 8u) | codes_6.y | (codes_6.z << 8u) | (codes_6.w << 16u);  // linear/activations.py
    let codes_7 = bitcast<vec4<u32>>(vec4<i32>(values_6 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word_6 = (codes_7.x >> 8u) | codes_7.y | (codes_7.z << 8u) | (codes_7.w << 16u);  // linear/activations.py
    let codes_8 = bitcast<vec4<u32>>(vec4<i32>(values_7 * spread) + 128i) & vec4<u32>(65280u);  // linear/activations.py
    let word_7 = (codes_8.x >> 8u) | codes_8.y | (codes_8.z << 8u) | (codes_8.w << 16u);  // linear/activations.py
    codes[local_id.x] = vec4<u32>(word, word_1, word_2, word_3);          // linear/matvec_int8_body.py
    codes[local_id.x + 6u] = vec4<u32>(word_4, word_5, word_6, word_7);   // linear/matvec_int8_body.py
    code_scales[local_id.x] = 256.0 / steps;                              // linear/matvec_int8_body.py
  }
  workgroupBarrier();                                                     // linear/matvec_int8_body.py
  let half = codes[group];                                                // linear/matvec_int8_body.py
  let half_1 = codes[group + 6u];
  let code_scale = code_scales[group];                                    // linear/matvec_int8_body.py
  let word = loads_0.y;                                                   // parts/packed_rows.py
  let word_1 = loads_0.z;
  let word_2 = loads_0.w;
  let word_3 = loads_1.x;
  let word_4 = loads_1.y;
  let word_5 = loads_1.z;
  let word_6 = loads_1.w;
  let plus = dot4I8Packed(loads_0.x, half.x);                             // linear/dot4.py
  sum_0 += f32(plus + dot4I8Packed(word, half.y) + dot4I8Packed(word_1, half.z)
      + dot4I8Packed(word_2, half.w) + dot4I8Packed(word_3, half_1.x)
      + dot4I8Packed(word_4, half_1.y) + dot4I8Packed(word_5, half_1.z)
      + dot4I8Packed(word_6, half_1.w)) * (scale * code_scale);           // linear/matvec_int8_body.py
  let word_7 = loads_0_1.y;                                               // parts/packed_rows.py
  let word_8 = loads_0_1.z;
  let word_9 = loads_0_1.w;
  let word_10 = loads_1_1.x;
  let word_11 = loads_1_1.y;
  let word_12 = loads_1_1.z;
  let word_13 = loads_1_1.w;
  let plus_1 = dot4I8Packed(loads_0_1.x, half.x);                         // linear/dot4.py
  sum_1 += f32(plus_1 + dot4I8Packed(word_7, half.y) + dot4I8Packed(word_8, half.z)
      + dot4I8Packed(word_9, half.w) + dot4I8Packed(word_10, half_1.x)
      + dot4I8Packed(word_11, half_1.y) + dot4I8Packed(word_12, half_1.z)
      + dot4I8Packed(word_13, half_1.w)) * (scale_1 * code_scale);        // linear/matvec_int8_body.py
  let word_14 = loads_0_2.y;                                              // parts/packed_rows.py
  let word_15 = loads_0_2.z;
  let word_16 = loads_0_2.w;
  let word_17 = loads_1_2.x;
  let word_18 = loads_1_2.y;
  let word_19 = loads_1_2.z;
  let word_20 = loads_1_2.w;
  let plus_2 = dot4I8Packed(loads_0_2.x, half.x);                         // linear/dot4.py
  sum_2 += f32(plus_2 + dot4I8Packed(word_14, half.y) + dot4I8Packed(word_15, half.z)
      + dot4I8Packed(word_16, half.w) + dot4I8Packed(word_17, half_1.x)
      + dot4I8Packed(word_18, half_1.y) + dot4I8Packed(word_19, half_1.z)
      + dot4I8Packed(word_20, half_1.w)) * (scale_2 * code_scale);        // linear/matvec_int8_body.py
  let word_21 = loads_0_3.y;                                              // parts/packed_rows.py
  let word_22 = loads_0_3.z;
  let word_23 = loads_0_3.w;
  let word_24 = loads_1_3.x;
  let word_25 = loads_1_3.y;
  let word_26 = loads_1_3.z;
  let word_27 = loads_1_3.w;
  let plus_3 = dot4I8Packed(loads_0_3.x, half.x);                         // linear/dot4.py
  sum_3 += f32(plus_3 + dot4I8Packed(word_21, half.y) + dot4I8Packed(word_22, half.z)
      + dot4I8Packed(word_23, half.w) + dot4I8Packed(word_24, half_1.x)
      + dot4I8Packed(word_25, half_1.y) + dot4I8Packed(word_26, half_1.z)
      + dot4I8Packed(word_27, half_1.w)) * (scale_3 * code_scale);        // linear/matvec_int8_body.py
  let start = group + 4u;                                                 // linear/matvec_int8_body.py
  for (var group_1 = start; group_1 < 6u; group_1 += 4u) {                // linear/matvec_int8_body.py
    let at_4 = index_2 + group_1;                                         // parts/packed_rows.py
    let index_10 = at_4 * 2u;                                             // parts/packed_rows.py
    let loads_0_4 = quants[index_10];
    let loads_1_4 = quants[index_10 + 1u];
    let pair_4 = unpack2x16float(scales[at_4 >> 1u]);                     // parts/packed_rows.py
    let scale_4 = select(pair_4.x, pair_4.y, (at_4 & 1u) == 1u);          // parts/packed_rows.py
    let at_5 = index_4 + group_1;                                         // parts/packed_rows.py
    let index_11 = at_5 * 2u;                                             // parts/packed_rows.py
    let loads_0_5 = quants[index_11];
    let loads_1_5 = quants[index_11 + 1u];
    let pair_5 = unpack2x16float(scales[at_5 >> 1u]);                     // parts/packed_rows.py
    let scale_5 = select(pair_5.x, pair_5.y, (at_5 & 1u) == 1u);          // parts/packed_rows.py
    let at_6 = index_6 + group_1;                                         // parts/packed_rows.py
    let index_12 = at_6 * 2u;                                             // parts/packed_rows.py
    let loads_0_6 = quants[index_12];
    let loads_1_6 = quants[index_12 + 1u];
    let pair_6 = unpack2x16float(scales[at_6 >> 1u]);                     // parts/packed_rows.py
    let scale_6 = select(pair_6.x, pair_6.y, (at_6 & 1u) == 1u);          // parts/packed_rows.py
    let at_7 = index_8 + group_1;                                         // parts/packed_rows.py
    let index_13 = at_7 * 2u;                                             // parts/packed_rows.py
    let loads_0_7 = quants[index_13];
    let loads_1_7 = quants[index_13 + 1u];
    let pair_7 = unpack2x16float(scales[at_7 >> 1u]);                     // parts/packed_rows.py
    let scale_7 = select(pair_7.x, pair_7.y, (at_7 & 1u) == 1u);          // parts/packed_rows.py
    let half_2 = codes[group_1];                                          // linear/matvec_int8_body.py
    let half_3 = codes[group_1 + 6u];
    let code_scale_1 = code_scales[group_1];                              // linear/matvec_int8_body.py
    let word_28 = loads_0_4.y;                                            // parts/packed_rows.py
    let word_29 = loads_0_4.z;
    let word_30 = loads_0_4.w;
    let word_31 = loads_1_4.x;
    let word_32 = loads_1_4.y;
    let word_33 = loads_1_4.z;
    let word_34 = loads_1_4.w;
    let plus_4 = dot4I8Packed(loads_0_4.x, half_2.x);                     // linear/dot4.py
    sum_0 += f32(plus_4 + dot4I8Packed(word_28, half_2.y) + dot4I8Packed(word_29, half_2.z)
        + dot4I8Packed(word_30, half_2.w) + dot4I8Packed(word_31, half_3.x)
        + dot4I8Packed(word_32, half_3.y) + dot4I8Packed(word_33, half_3.z)
        + dot4I8Packed(word_34, half_3.w)) * (scale_4 * code_scale_1);    // linear/matvec_int8_body.py
    let word_35 = loads_0_5.y;                                            // parts/packed_rows.py
    let word_36 = loads_0_5.z;
    let word_37 = loads_0_5.w;
    let word_38 = loads_1_5.x;
    let word_39 = loads_1_5.y;
    let word_40 = loads_1_5.z;
    let word_41 = loads_1_5.w;
    let plus_5 = dot4I8Packed(loads_0_5.x, half_2.x);                     // linear/dot4.py
    sum_1 += f32(plus_5 + dot4I8Packed(word_35, half_2.y) + dot4I8Packed(word_36, half_2.z)
        + dot4I8Packed(word_37, half_2.w) + dot4I8Packed(word_38, half_3.x)
        + dot4I8Packed(word_39, half_3.y) + dot4I8Packed(word_40, half_3.z)
        + dot4I8Packed(word_41, half_3.w)) * (scale_5 * code_scale_1);    // linear/matvec_int8_body.py
    let word_42 = loads_0_6.y;                                            // parts/packed_rows.py
    let word_43 = loads_0_6.z;
    let word_44 = loads_0_6.w;
    let word_45 = loads_1_6.x;
    let word_46 = loads_1_6.y;
    let word_47 = loads_1_6.z;
    let word_48 = loads_1_6.w;
    let plus_6 = dot4I8Packed(loads_0_6.x, half_2.x);                     // linear/dot4.py
    sum_2 += f32(plus_6 + dot4I8Packed(word_42, half_2.y) + dot4I8Packed(word_43, half_2.z)
        + dot4I8Packed(word_44, half_2.w) + dot4I8Packed(word_45, half_3.x)
        + dot4I8Packed(word_46, half_3.y) + dot4I8Packed(word_47, half_3.z)
        + dot4I8Packed(word_48, half_3.w)) * (scale_6 * code_scale_1);    // linear/matvec_int8_body.py
    let word_49 = loads_0_7.y;                                            // parts/packed_rows.py
    let word_50 = loads_0_7.z;
    let word_51 = loads_0_7.w;
    let word_52 = loads_1_7.x;
    let word_53 = loads_1_7.y;
    let word_54 = loads_1_7.z;
    let word_55 = loads_1_7.w;
    let plus_7 = dot4I8Packed(loads_0_7.x, half_2.x);                     // linear/dot4.py
    sum_3 += f32(plus_7 + dot4I8Packed(word_49, half_2.y) + dot4I8Packed(word_50, half_2.z)
        + dot4I8Packed(word_51, half_2.w) + dot4I8Packed(word_52, half_3.x)
        + dot4I8Packed(word_53, half_3.y) + dot4I8Packed(word_54, half_3.z)
        + dot4I8Packed(word_55, half_3.w)) * (scale_7 * code_scale_1);    // linear/matvec_int8_body.py
  }
  let index_10 = group * 65u;                                             // linear/matvec_int8_body.py
  partial_sums[index_1 + index_10] = sum_0;
  partial_sums[index_1 + index_10 + 1u] = sum_1;
  partial_sums[index_1 + index_10 + 2u] = sum_2;
  partial_sums[index_1 + index_10 + 3u] = sum_3;
  workgroupBarrier();                                                     // linear/matvec_int8_body.py
  let row_2 = index + local_id.x;                                         // linear/matvec_int8_body.py
  if (row_2 < 64u) {                                                      // linear/matvec_int8_body.py
    var total: f32 = partial_sums[local_id.x];                            // linear/matvec_int8_body.py
    for (var part = 1u; part < 4u; part++) {                              // linear/matvec_int8_body.py
      total += partial_sums[part * 65u + local_id.x];                     // linear/matvec_int8_body.py
    }
    let value = total + residual[row_2];                                  // epilogues/row.py
    out[row_2] = value;                                                   // epilogues/row.py
  }
}
