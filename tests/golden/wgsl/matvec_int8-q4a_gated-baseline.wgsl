// matvec_int8_norm_q4a_gated_344x64_t1

@group(0) @binding(0) var<storage, read> x: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

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
  let row_1 = min(row, 343u);                                             // int8/body.py
  let at = row_1 * 2u + group;                                            // parts/packed_rows.py
  let loads = quants[at];                                                 // parts/packed_rows.py
  let stored = scales[at];                                                // parts/packed_rows.py
  let index_3 = index_2 + 1u;                                             // int8/results.py
  let row_2 = index_1 + index_3;                                          // int8/body.py
  let row_3 = min(row_2, 343u);                                           // int8/body.py
  let at_1 = row_3 * 2u + group;                                          // parts/packed_rows.py
  let loads_1 = quants[at_1];                                             // parts/packed_rows.py
  let stored_1 = scales[at_1];                                            // parts/packed_rows.py
  let index_4 = index_2 + 2u;                                             // int8/results.py
  let row_4 = index_1 + index_4;                                          // int8/body.py
  let row_5 = min(row_4, 343u);                                           // int8/body.py
  let at_2 = row_5 * 2u + group;                                          // parts/packed_rows.py
  let loads_2 = quants[at_2];                                             // parts/packed_rows.py
  let stored_2 = scales[at_2];                                            // parts/packed_rows.py
  let index_5 = index_2 + 3u;                                             // int8/results.py
  let row_6 = index_1 + index_5;                                          // int8/body.py
  let row_7 = min(row_6, 343u);                                           // int8/body.py
  let at_3 = row_7 * 2u + group;                                          // parts/packed_rows.py
  let loads_3 = quants[at_3];                                             // parts/packed_rows.py
  let stored_3 = scales[at_3];                                            // parts/packed_rows.py
  var square_sum: f32 = 0.0;                                              // int8/parts.py
  for (var group_1 = group; group_1 < 2u; group_1 += 2u) {                // int8/parts.py
    square_sum += bitcast<f32>(x[group_1 + 4u].z);                        // int8/parts.py
  }
  var sum_0: f32 = 0.0;                                                   // int8/parts.py
  var sum_1: f32 = 0.0;
  var sum_2: f32 = 0.0;
  var sum_3: f32 = 0.0;
  let half = x[group];                                                    // int8/parts.py
  let half_1 = x[group + 2u];
  let factors = x[group + 4u];
  let code_scale = bitcast<f32>(factors.x);                               // int8/parts.py
  let shared_sum = f32(bitcast<i32>(factors.y)) * code_scale;             // int8/parts.py
  let low = loads.x & 0x0f0f0f0fu;                                        // formats/nibbles.py
  let high = (loads.x >> 4u) & 0x0f0f0f0fu;                               // formats/nibbles.py
  let low_1 = loads.y & 0x0f0f0f0fu;                                      // formats/nibbles.py
  let high_1 = (loads.y >> 4u) & 0x0f0f0f0fu;                             // formats/nibbles.py
  let low_2 = loads.z & 0x0f0f0f0fu;                                      // formats/nibbles.py
  let high_2 = (loads.z >> 4u) & 0x0f0f0f0fu;                             // formats/nibbles.py
  let low_3 = loads.w & 0x0f0f0f0fu;                                      // formats/nibbles.py
  let high_3 = (loads.w >> 4u) & 0x0f0f0f0fu;                             // formats/nibbles.py
  let pair = unpack2x16float(stored);                                     // parts/packed_rows.py
  let scaled = f32(dot4I8Packed(low, half.x) + dot4I8Packed(high, half.y)
      + dot4I8Packed(low_1, half.z) + dot4I8Packed(high_1, half.w)
      + dot4I8Packed(low_2, half_1.x) + dot4I8Packed(high_2, half_1.y)
      + dot4I8Packed(low_3, half_1.z) + dot4I8Packed(high_3, half_1.w)) * (pair.x * code_scale);  // int8/parts.py
  sum_0 += fma(shared_sum, pair.y, scaled);                               // int8/parts.py
  let low_4 = loads_1.x & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_4 = (loads_1.x >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let low_5 = loads_1.y & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_5 = (loads_1.y >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let low_6 = loads_1.z & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_6 = (loads_1.z >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let low_7 = loads_1.w & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_7 = (loads_1.w >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let pair_1 = unpack2x16float(stored_1);                                 // parts/packed_rows.py
  let scaled_1 = f32(dot4I8Packed(low_4, half.x) + dot4I8Packed(high_4, half.y)
      + dot4I8Packed(low_5, half.z) + dot4I8Packed(high_5, half.w)
      + dot4I8Packed(low_6, half_1.x) + dot4I8Packed(high_6, half_1.y)
      + dot4I8Packed(low_7, half_1.z) + dot4I8Packed(high_7, half_1.w))
      * (pair_1.x * code_scale);                                          // int8/parts.py
  sum_1 += fma(shared_sum, pair_1.y, scaled_1);                           // int8/parts.py
  let low_8 = loads_2.x & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_8 = (loads_2.x >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let low_9 = loads_2.y & 0x0f0f0f0fu;                                    // formats/nibbles.py
  let high_9 = (loads_2.y >> 4u) & 0x0f0f0f0fu;                           // formats/nibbles.py
  let low_10 = loads_2.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_10 = (loads_2.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_11 = loads_2.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_11 = (loads_2.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let pair_2 = unpack2x16float(stored_2);                                 // parts/packed_rows.py
  let scaled_2 = f32(dot4I8Packed(low_8, half.x) + dot4I8Packed(high_8, half.y)
      + dot4I8Packed(low_9, half.z) + dot4I8Packed(high_9, half.w)
      + dot4I8Packed(low_10, half_1.x) + dot4I8Packed(high_10, half_1.y)
      + dot4I8Packed(low_11, half_1.z) + dot4I8Packed(high_11, half_1.w))
      * (pair_2.x * code_scale);                                          // int8/parts.py
  sum_2 += fma(shared_sum, pair_2.y, scaled_2);                           // int8/parts.py
  let low_12 = loads_3.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_12 = (loads_3.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_13 = loads_3.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_13 = (loads_3.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_14 = loads_3.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_14 = (loads_3.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_15 = loads_3.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_15 = (loads_3.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let pair_3 = unpack2x16float(stored_3);                                 // parts/packed_rows.py
  let scaled_3 = f32(dot4I8Packed(low_12, half.x) + dot4I8Packed(high_12, half.y)
      + dot4I8Packed(low_13, half.z) + dot4I8Packed(high_13, half.w)
      + dot4I8Packed(low_14, half_1.x) + dot4I8Packed(high_14, half_1.y)
      + dot4I8Packed(low_15, half_1.z) + dot4I8Packed(high_15, half_1.w))
      * (pair_3.x * code_scale);                                          // int8/parts.py
  sum_3 += fma(shared_sum, pair_3.y, scaled_3);                           // int8/parts.py
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
  let row_8 = index_1 + result;
  if (row_8 < 344u) {                                                     // int8/results.py
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
    let gate = value * factor;                                            // int8/results.py
    let unit = row_8 / 2u;                                                // int8/results.py
    let gated = gate / (1.0 + exp(-gate)) * (value_1 * factor);           // epilogues/pair.py
    out[unit] = gated;                                                    // epilogues/coded.py
  }
}
