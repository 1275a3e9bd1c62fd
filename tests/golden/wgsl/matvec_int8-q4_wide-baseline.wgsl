// matvec_int8_q4_residual_64x14336

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

var<workgroup> codes: array<vec4<u32>, 448>;
var<workgroup> code_scales: array<f32, 224>;
var<workgroup> offsets: array<i32, 224>;
var<workgroup> partial_sums: array<f32, 264>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let start = local_id.x % 8u;                                            // parts/reduce.py
  let index = local_id.x / 8u;                                            // parts/reduce.py
  let index_1 = workgroup_id.x * 32u;                                     // linear/matvec_int8_body.py
  var sum_0: f32 = 0.0;                                                   // linear/matvec_int8_body.py
  var sum_1: f32 = 0.0;
  var sum_2: f32 = 0.0;
  var sum_3: f32 = 0.0;
  for (var first = 0u; first < 448u; first += 224u) {                     // linear/matvec_int8_body.py
    let count = min(448u - first, 224u);                                  // linear/matvec_int8_body.py
    for (var i = local_id.x; i < count; i += 64u) {                       // linear/matvec_int8_body.py
      let at = (i + first) * 8u;                                          // linear/matvec_int8_body.py
      let values_0 = x[at];                                               // linear/buffers.py
      let values_1 = x[at + 1u];
      let values_2 = x[at + 2u];
      let values_3 = x[at + 3u];
      let values_4 = x[at + 4u];
      let values_5 = x[at + 5u];
      let values_6 = x[at + 6u];
      let values_7 = x[at + 7u];
      let largest = abs(values_0);                                        // linear/activations.py
      let magnitudes = abs(values_1);                                     // linear/activations.py
      let largest_1 = max(largest, magnitudes);                           // linear/activations.py
      let magnitudes_1 = abs(values_2);                                   // linear/activations.py
      let largest_2 = max(largest_1, magnitudes_1);                       // linear/activations.py
      let magnitudes_2 = abs(values_3);                                   // linear/activations.py
      let largest_3 = max(largest_2, magnitudes_2);                       // linear/activations.py
      let magnitudes_3 = abs(values_4);                                   // linear/activations.py
      let largest_4 = max(largest_3, magnitudes_3);                       // linear/activations.py
      let magnitudes_4 = abs(values_5);                                   // linear/activations.py
      let largest_5 = max(largest_4, magnitudes_4);                       // linear/activations.py
      let magnitudes_5 = abs(values_6);                                   // linear/activations.py
      let largest_6 = max(largest_5, magnitudes_5);                       // linear/activations.py
      let magnitudes_6 = abs(values_7);                                   // linear/activations.py
      let largest_7 = max(largest_6, magnitudes_6);                       // linear/activations.py
      let bits = bitcast<u32>(max(max(largest_7.x, largest_7.y),
          max(largest_7.z, largest_7.w)));                                // linear/activations.py
      let exponent = min(max(bits >> 23u, 27u), 252u);                    // linear/activations.py
      let mantissa = (((bits & 0x007fffffu) | 0x00800000u) >> 8u) + 1u;   // linear/activations.py
      let steps = f32(0x7f000000u / mantissa) * bitcast<f32>((253u - exponent) << 23u);  // linear/activations.py
      let spread = vec4<f32>(steps);                                      // linear/activations.py
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
      codes[i] = vec4<u32>(word, word_1, word_2, word_3);                 // linear/matvec_int8_body.py
      codes[i + 224u] = vec4<u32>(word_4, word_5, word_6, word_7);        // linear/matvec_int8_body.py
      code_scales[i] = 256.0 / steps;                                     // linear/matvec_int8_body.py
      offsets[i] = dot4I8Packed(word, 0xf8f8f8f8u) + dot4I8Packed(word_1, 0xf8f8f8f8u)
          + dot4I8Packed(word_2, 0xf8f8f8f8u) + dot4I8Packed(word_3, 0xf8f8f8f8u)
          + dot4I8Packed(word_4, 0xf8f8f8f8u) + dot4I8Packed(word_5, 0xf8f8f8f8u)
          + dot4I8Packed(word_6, 0xf8f8f8f8u) + dot4I8Packed(word_7, 0xf8f8f8f8u);  // linear/matvec_int8_body.py
    }
    workgroupBarrier();                                                   // linear/matvec_int8_body.py
    for (var group = start; group < count; group += 8u) {                 // linear/matvec_int8_body.py
      let group_1 = group + first;                                        // linear/matvec_int8_body.py
      let row = index_1 + index * 4u;                                     // linear/matvec_int8_body.py
      let at = row * 448u + group_1;                                      // parts/packed_rows.py
      let loads = quants[at];                                             // parts/packed_rows.py
      let pair = unpack2x16float(scales[at >> 1u]);                       // parts/packed_rows.py
      let scale = select(pair.x, pair.y, (at & 1u) == 1u);                // parts/packed_rows.py
      let at_1 = (row + 1u) * 448u + group_1;                             // parts/packed_rows.py
      let loads_1 = quants[at_1];                                         // parts/packed_rows.py
      let pair_1 = unpack2x16float(scales[at_1 >> 1u]);                   // parts/packed_rows.py
      let scale_1 = select(pair_1.x, pair_1.y, (at_1 & 1u) == 1u);        // parts/packed_rows.py
      let at_2 = (row + 2u) * 448u + group_1;                             // parts/packed_rows.py
      let loads_2 = quants[at_2];                                         // parts/packed_rows.py
      let pair_2 = unpack2x16float(scales[at_2 >> 1u]);                   // parts/packed_rows.py
      let scale_2 = select(pair_2.x, pair_2.y, (at_2 & 1u) == 1u);        // parts/packed_rows.py
      let row_1 = row + 3u;                                               // linear/matvec_int8_body.py
      let at_3 = row_1 * 448u + group_1;                                  // parts/packed_rows.py
      let loads_3 = quants[at_3];                                         // parts/packed_rows.py
      let pair_3 = unpack2x16float(scales[at_3 >> 1u]);                   // parts/packed_rows.py
      let scale_3 = select(pair_3.x, pair_3.y, (at_3 & 1u) == 1u);        // parts/packed_rows.py
      let half = codes[group];                                            // linear/matvec_int8_body.py
      let half_1 = codes[group + 224u];
      let code_scale = code_scales[group];                                // linear/matvec_int8_body.py
      let offset = offsets[group];                                        // linear/matvec_int8_body.py
      let low = loads.x & 0x0f0f0f0fu;                                    // formats/nibbles.py
      let high = (loads.x >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
      let low_1 = loads.y & 0x0f0f0f0fu;                                  // formats/nibbles.py
      let high_1 = (loads.y >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
      let low_2 = loads.z & 0x0f0f0f0fu;                                  // formats/nibbles.py
      let high_2 = (loads.z >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
      let low_3 = loads.w & 0x0f0f0f0fu;                                  // formats/nibbles.py
      let high_3 = (loads.w >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
      let plus = offset + dot4I8Packed(low, half.x);                      // linear/dot4.py
      sum_0 += f32(plus + dot4I8Packed(high, half.y) + dot4I8Packed(low_1, half.z)
          + dot4I8Packed(high_1, half.w) + dot4I8Packed(low_2, half_1.x)
          + dot4I8Packed(high_2, half_1.y) + dot4I8Packed(low_3, half_1.z)
          + dot4I8Packed(high_3, half_1.w)) * (scale * code_scale);       // linear/matvec_int8_body.py
      let low_4 = loads_1.x & 0x0f0f0f0fu;                                // formats/nibbles.py
      let high_4 = (loads_1.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
      let low_5 = loads_1.y & 0x0f0f0f0fu;                                // formats/nibbles.py
      let high_5 = (loads_1.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
      let low_6 = loads_1.z & 0x0f0f0f0fu;                                // formats/nibbles.py
      let high_6 = (loads_1.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
      let low_7 = loads_1.w & 0x0f0f0f0fu;                                // formats/nibbles.py
      let high_7 = (loads_1.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
      let plus_1 = offset + dot4I8Packed(low_4, half.x);                  // linear/dot4.py
      sum_1 += f32(plus_1 + dot4I8Packed(high_4, half.y) + dot4I8Packed(low_5, half.z)
          + dot4I8Packed(high_5, half.w) + dot4I8Packed(low_6, half_1.x)
          + dot4I8Packed(high_6, half_1.y) + dot4I8Packed(low_7, half_1.z)
          + dot4I8Packed(high_7, half_1.w)) * (scale_1 * code_scale);     // linear/matvec_int8_body.py
      let low_8 = loads_2.x & 0x0f0f0f0fu;                                // formats/nibbles.py
      let high_8 = (loads_2.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
      let low_9 = loads_2.y & 0x0f0f0f0fu;                                // formats/nibbles.py
      let high_9 = (loads_2.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
      let low_10 = loads_2.z & 0x0f0f0f0fu;                               // formats/nibbles.py
      let high_10 = (loads_2.z >> 4u) & 0x0f0f0f0fu;                      // formats/nibbles.py
      let low_11 = loads_2.w & 0x0f0f0f0fu;                               // formats/nibbles.py
      let high_11 = (loads_2.w >> 4u) & 0x0f0f0f0fu;                      // formats/nibbles.py
      let plus_2 = offset + dot4I8Packed(low_8, half.x);                  // linear/dot4.py
      sum_2 += f32(plus_2 + dot4I8Packed(high_8, half.y) + dot4I8Packed(low_9, half.z)
          + dot4I8Packed(high_9, half.w) + dot4I8Packed(low_10, half_1.x)
          + dot4I8Packed(high_10, half_1.y) + dot4I8Packed(low_11, half_1.z)
          + dot4I8Packed(high_11, half_1.w)) * (scale_2 * code_scale);    // linear/matvec_int8_body.py
      let low_12 = loads_3.x & 0x0f0f0f0fu;                               // formats/nibbles.py
      let high_12 = (loads_3.x >> 4u) & 0x0f0f0f0fu;                      // formats/nibbles.py
      let low_13 = loads_3.y & 0x0f0f0f0fu;                               // formats/nibbles.py
      let high_13 = (loads_3.y >> 4u) & 0x0f0f0f0fu;                      // formats/nibbles.py
      let low_14 = loads_3.z & 0x0f0f0f0fu;                               // formats/nibbles.py
      let high_14 = (loads_3.z >> 4u) & 0x0f0f0f0fu;                      // formats/nibbles.py
      let low_15 = loads_3.w & 0x0f0f0f0fu;                               // formats/nibbles.py
      let high_15 = (loads_3.w >> 4u) & 0x0f0f0f0fu;                      // formats/nibbles.py
      let plus_3 = offset + dot4I8Packed(low_12, half.x);                 // linear/dot4.py
      sum_3 += f32(plus_3 + dot4I8Packed(high_12, half.y) + dot4I8Packed(low_13, half.z)
          + dot4I8Packed(high_13, half.w) + dot4I8Packed(low_14, half_1.x)
          + dot4I8Packed(high_14, half_1.y) + dot4I8Packed(low_15, half_1.z)
          + dot4I8Packed(high_15, half_1.w)) * (scale_3 * code_scale);    // linear/matvec_int8_body.py
    }
    workgroupBarrier();                                                   // linear/matvec_int8_body.py
  }
  let index_2 = index * 4u;                                               // linear/matvec_int8_body.py
  let index_3 = start * 33u;
  partial_sums[index_2 + index_3] = sum_0;
  partial_sums[index_2 + index_3 + 1u] = sum_1;
  partial_sums[index_2 + index_3 + 2u] = sum_2;
  partial_sums[index_2 + index_3 + 3u] = sum_3;
  workgroupBarrier();                                                     // linear/matvec_int8_body.py
  if (local_id.x < 32u) {                                                 // parts/distribute.py
    let row = index_1 + local_id.x;                                       // linear/matvec_int8_body.py
    if (row < 64u) {                                                      // linear/matvec_int8_body.py
      var total: f32 = partial_sums[local_id.x];                          // linear/matvec_int8_body.py
      for (var part = 1u; part < 8u; part++) {                            // linear/matvec_int8_body.py
        total += partial_sums[part * 33u + local_id.x];                   // linear/matvec_int8_body.py
      }
      let value = total + residual[row];                                  // epilogues/row.py
      out[row] = value;                                                   // epilogues/row.py
    }
  }
}
