// matvec_int8_norm_q4_gated_codes2_384x2048_t2

@group(0) @binding(0) var<storage, read> x: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read_write> coded: array<u32>;

var<workgroup> partial_sums: array<f32, 520>;
var<workgroup> partial_squares: array<f32, 8>;
var<workgroup> code_values: array<f32, 32>;
var<workgroup> code_sums: array<i32, 8>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let group = local_id.x % 8u;                                            // parts/reduce.py
  let index = local_id.x / 8u;                                            // parts/reduce.py
  let index_1 = workgroup_id.x * 64u;                                     // int8/results.py
  let index_2 = index * 4u;                                               // int8/results.py
  let row = index_1 + index_2;                                            // int8/body.py
  let index_3 = row * 64u;                                                // parts/packed_rows.py
  let at = index_3 + group;
  let loads = quants[at];                                                 // parts/packed_rows.py
  let stored = scales[at >> 1u];                                          // parts/packed_rows.py
  let index_4 = index_2 + 1u;                                             // int8/results.py
  let row_1 = index_1 + index_4;                                          // int8/body.py
  let index_5 = row_1 * 64u;                                              // parts/packed_rows.py
  let at_1 = index_5 + group;
  let loads_1 = quants[at_1];                                             // parts/packed_rows.py
  let stored_1 = scales[at_1 >> 1u];                                      // parts/packed_rows.py
  let index_6 = index_2 + 2u;                                             // int8/results.py
  let row_2 = index_1 + index_6;                                          // int8/body.py
  let index_7 = row_2 * 64u;                                              // parts/packed_rows.py
  let at_2 = index_7 + group;
  let loads_2 = quants[at_2];                                             // parts/packed_rows.py
  let stored_2 = scales[at_2 >> 1u];                                      // parts/packed_rows.py
  let index_8 = index_2 + 3u;                                             // int8/results.py
  let row_3 = index_1 + index_8;                                          // int8/body.py
  let index_9 = row_3 * 64u;                                              // parts/packed_rows.py
  let at_3 = index_9 + group;
  let loads_3 = quants[at_3];                                             // parts/packed_rows.py
  let stored_3 = scales[at_3 >> 1u];                                      // parts/packed_rows.py
  var square_sum: f32 = 0.0;                                              // int8/parts.py
  for (var group_1 = group; group_1 < 64u; group_1 += 8u) {               // int8/parts.py
    square_sum += bitcast<f32>(x[group_1 + 256u].z);                      // int8/parts.py
  }
  var sum_0: f32 = 0.0;                                                   // int8/parts.py
  var sum_1: f32 = 0.0;
  var sum_2: f32 = 0.0;
  var sum_3: f32 = 0.0;
  let half = x[group];                                                    // int8/parts.py
  let half_1 = x[group + 64u];
  let half_2 = x[group + 128u];
  let half_3 = x[group + 192u];
  let factors = x[group + 256u];
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
  let start_1 = group + 8u;                                               // int8/body.py
  for (var group_2 = start_1; group_2 < 64u; group_2 += 8u) {             // int8/body.py
    let at_4 = index_3 + group_2;                                         // parts/packed_rows.py
    let loads_4 = quants[at_4];                                           // parts/packed_rows.py
    let at_5 = index_5 + group_2;                                         // parts/packed_rows.py
    let loads_5 = quants[at_5];                                           // parts/packed_rows.py
    let at_6 = index_7 + group_2;                                         // parts/packed_rows.py
    let loads_6 = quants[at_6];                                           // parts/packed_rows.py
    let at_7 = index_9 + group_2;                                         // parts/packed_rows.py
    let loads_7 = quants[at_7];                                           // parts/packed_rows.py
    let half_4 = x[group_2];                                              // int8/parts.py
    let half_5 = x[group_2 + 64u];
    let half_6 = x[group_2 + 128u];
    let half_7 = x[group_2 + 192u];
    let factors_1 = x[group_2 + 256u];
    let code_scale_1 = bitcast<f32>(factors_1.x);                         // int8/parts.py
    let start_2 = bitcast<i32>(factors_1.y) * -8i;                        // int8/parts.py
    let low_16 = loads_4.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_16 = (loads_4.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_17 = loads_4.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_17 = (loads_4.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_18 = loads_4.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_18 = (loads_4.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_19 = loads_4.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_19 = (loads_4.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_4 = (dot4I8Packed(low_16, half_4.x) + dot4I8Packed(high_16, half_4.y)
        + dot4I8Packed(low_17, half_4.z) + dot4I8Packed(high_17, half_4.w)
        + dot4I8Packed(low_18, half_5.x) + dot4I8Packed(high_18, half_5.y)
        + dot4I8Packed(low_19, half_5.z) + dot4I8Packed(high_19, half_5.w)) * 256i + start_2;  // int8/parts.py
    let plus_4 = products_4 + dot4I8Packed(low_16, half_6.x) + dot4I8Packed(high_16, half_6.y)
        + dot4I8Packed(low_17, half_6.z);                                 // parts/dot4.py
    let pair_4 = unpack2x16float(scales[at_4 >> 1u]);                     // parts/packed_rows.py
    let scaled_4 = f32(plus_4 + dot4I8Packed(high_17, half_6.w)
        + dot4I8Packed(low_18, half_7.x) + dot4I8Packed(high_18, half_7.y)
        + dot4I8Packed(low_19, half_7.z) + dot4I8Packed(high_19, half_7.w))
        * (select(pair_4.x, pair_4.y, (at_4 & 1u) == 1u) * code_scale_1);  // int8/parts.py
    sum_0 += scaled_4;                                                    // int8/parts.py
    let low_20 = loads_5.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_20 = (loads_5.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_21 = loads_5.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_21 = (loads_5.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_22 = loads_5.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_22 = (loads_5.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_23 = loads_5.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_23 = (loads_5.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_5 = (dot4I8Packed(low_20, half_4.x) + dot4I8Packed(high_20, half_4.y)
        + dot4I8Packed(low_21, half_4.z) + dot4I8Packed(high_21, half_4.w)
        + dot4I8Packed(low_22, half_5.x) + dot4I8Packed(high_22, half_5.y)
        + dot4I8Packed(low_23, half_5.z) + dot4I8Packed(high_23, half_5.w)) * 256i + start_2;  // int8/parts.py
    let plus_5 = products_5 + dot4I8Packed(low_20, half_6.x) + dot4I8Packed(high_20, half_6.y)
        + dot4I8Packed(low_21, half_6.z);                                 // parts/dot4.py
    let pair_5 = unpack2x16float(scales[at_5 >> 1u]);                     // parts/packed_rows.py
    let scaled_5 = f32(plus_5 + dot4I8Packed(high_21, half_6.w)
        + dot4I8Packed(low_22, half_7.x) + dot4I8Packed(high_22, half_7.y)
        + dot4I8Packed(low_23, half_7.z) + dot4I8Packed(high_23, half_7.w))
        * (select(pair_5.x, pair_5.y, (at_5 & 1u) == 1u) * code_scale_1);  // int8/parts.py
    sum_1 += scaled_5;                                                    // int8/parts.py
    let low_24 = loads_6.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_24 = (loads_6.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_25 = loads_6.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_25 = (loads_6.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_26 = loads_6.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_26 = (loads_6.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_27 = loads_6.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_27 = (loads_6.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_6 = (dot4I8Packed(low_24, half_4.x) + dot4I8Packed(high_24, half_4.y)
        + dot4I8Packed(low_25, half_4.z) + dot4I8Packed(high_25, half_4.w)
        + dot4I8Packed(low_26, half_5.x) + dot4I8Packed(high_26, half_5.y)
        + dot4I8Packed(low_27, half_5.z) + dot4I8Packed(high_27, half_5.w)) * 256i + start_2;  // int8/parts.py
    let plus_6 = products_6 + dot4I8Packed(low_24, half_6.x) + dot4I8Packed(high_24, half_6.y)
        + dot4I8Packed(low_25, half_6.z);                                 // parts/dot4.py
    let pair_6 = unpack2x16float(scales[at_6 >> 1u]);                     // parts/packed_rows.py
    let scaled_6 = f32(plus_6 + dot4I8Packed(high_25, half_6.w)
        + dot4I8Packed(low_26, half_7.x) + dot4I8Packed(high_26, half_7.y)
        + dot4I8Packed(low_27, half_7.z) + dot4I8Packed(high_27, half_7.w))
        * (select(pair_6.x, pair_6.y, (at_6 & 1u) == 1u) * code_scale_1);  // int8/parts.py
    sum_2 += scaled_6;                                                    // int8/parts.py
    let low_28 = loads_7.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_28 = (loads_7.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_29 = loads_7.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_29 = (loads_7.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_30 = loads_7.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_30 = (loads_7.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_31 = loads_7.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_31 = (loads_7.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_7 = (dot4I8Packed(low_28, half_4.x) + dot4I8Packed(high_28, half_4.y)
        + dot4I8Packed(low_29, half_4.z) + dot4I8Packed(high_29, half_4.w)
        + dot4I8Packed(low_30, half_5.x) + dot4I8Packed(high_30, half_5.y)
        + dot4I8Packed(low_31, half_5.z) + dot4I8Packed(high_31, half_5.w)) * 256i + start_2;  // int8/parts.py
    let plus_7 = products_7 + dot4I8Packed(low_28, half_6.x) + dot4I8Packed(high_28, half_6.y)
        + dot4I8Packed(low_29, half_6.z);                                 // parts/dot4.py
    let pair_7 = unpack2x16float(scales[at_7 >> 1u]);                     // parts/packed_rows.py
    let scaled_7 = f32(plus_7 + dot4I8Packed(high_29, half_6.w)
        + dot4I8Packed(low_30, half_7.x) + dot4I8Packed(high_30, half_7.y)
        + dot4I8Packed(low_31, half_7.z) + dot4I8Packed(high_31, half_7.w))
        * (select(pair_7.x, pair_7.y, (at_7 & 1u) == 1u) * code_scale_1);  // int8/parts.py
    sum_3 += scaled_7;                                                    // int8/parts.py
  }
  let index_10 = group * 65u;                                             // int8/results.py
  partial_sums[index_2 + index_10] = sum_0;
  partial_sums[index_4 + index_10] = sum_1;
  partial_sums[index_6 + index_10] = sum_2;
  partial_sums[index_8 + index_10] = sum_3;
  if (index == 0u) {                                                      // int8/results.py
    partial_squares[group] = square_sum;                                  // int8/results.py
  }
  var sum_0_1: f32 = 0.0;                                                 // int8/parts.py
  var sum_1_1: f32 = 0.0;
  var sum_2_1: f32 = 0.0;
  var sum_3_1: f32 = 0.0;
  for (var group_3 = group; group_3 < 64u; group_3 += 8u) {               // int8/body.py
    let row_4 = index_1 + index_2 + 32u;                                  // int8/body.py
    let at_4 = row_4 * 64u + group_3;                                     // parts/packed_rows.py
    let loads_4 = quants[at_4];                                           // parts/packed_rows.py
    let row_5 = index_1 + index_2 + 33u;                                  // int8/body.py
    let at_5 = row_5 * 64u + group_3;                                     // parts/packed_rows.py
    let loads_5 = quants[at_5];                                           // parts/packed_rows.py
    let row_6 = index_1 + index_2 + 34u;                                  // int8/body.py
    let at_6 = row_6 * 64u + group_3;                                     // parts/packed_rows.py
    let loads_6 = quants[at_6];                                           // parts/packed_rows.py
    let row_7 = index_1 + index_2 + 35u;                                  // int8/body.py
    let at_7 = row_7 * 64u + group_3;                                     // parts/packed_rows.py
    let loads_7 = quants[at_7];                                           // parts/packed_rows.py
    let half_4 = x[group_3];                                              // int8/parts.py
    let half_5 = x[group_3 + 64u];
    let half_6 = x[group_3 + 128u];
    let half_7 = x[group_3 + 192u];
    let factors_1 = x[group_3 + 256u];
    let code_scale_1 = bitcast<f32>(factors_1.x);                         // int8/parts.py
    let start_2 = bitcast<i32>(factors_1.y) * -8i;                        // int8/parts.py
    let low_16 = loads_4.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_16 = (loads_4.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_17 = loads_4.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_17 = (loads_4.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_18 = loads_4.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_18 = (loads_4.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_19 = loads_4.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_19 = (loads_4.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_4 = (dot4I8Packed(low_16, half_4.x) + dot4I8Packed(high_16, half_4.y)
        + dot4I8Packed(low_17, half_4.z) + dot4I8Packed(high_17, half_4.w)
        + dot4I8Packed(low_18, half_5.x) + dot4I8Packed(high_18, half_5.y)
        + dot4I8Packed(low_19, half_5.z) + dot4I8Packed(high_19, half_5.w)) * 256i + start_2;  // int8/parts.py
    let plus_4 = products_4 + dot4I8Packed(low_16, half_6.x) + dot4I8Packed(high_16, half_6.y)
        + dot4I8Packed(low_17, half_6.z);                                 // parts/dot4.py
    let pair_4 = unpack2x16float(scales[at_4 >> 1u]);                     // parts/packed_rows.py
    let scaled_4 = f32(plus_4 + dot4I8Packed(high_17, half_6.w)
        + dot4I8Packed(low_18, half_7.x) + dot4I8Packed(high_18, half_7.y)
        + dot4I8Packed(low_19, half_7.z) + dot4I8Packed(high_19, half_7.w))
        * (select(pair_4.x, pair_4.y, (at_4 & 1u) == 1u) * code_scale_1);  // int8/parts.py
    sum_0_1 += scaled_4;                                                  // int8/parts.py
    let low_20 = loads_5.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_20 = (loads_5.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_21 = loads_5.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_21 = (loads_5.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_22 = loads_5.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_22 = (loads_5.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_23 = loads_5.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_23 = (loads_5.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_5 = (dot4I8Packed(low_20, half_4.x) + dot4I8Packed(high_20, half_4.y)
        + dot4I8Packed(low_21, half_4.z) + dot4I8Packed(high_21, half_4.w)
        + dot4I8Packed(low_22, half_5.x) + dot4I8Packed(high_22, half_5.y)
        + dot4I8Packed(low_23, half_5.z) + dot4I8Packed(high_23, half_5.w)) * 256i + start_2;  // int8/parts.py
    let plus_5 = products_5 + dot4I8Packed(low_20, half_6.x) + dot4I8Packed(high_20, half_6.y)
        + dot4I8Packed(low_21, half_6.z);                                 // parts/dot4.py
    let pair_5 = unpack2x16float(scales[at_5 >> 1u]);                     // parts/packed_rows.py
    let scaled_5 = f32(plus_5 + dot4I8Packed(high_21, half_6.w)
        + dot4I8Packed(low_22, half_7.x) + dot4I8Packed(high_22, half_7.y)
        + dot4I8Packed(low_23, half_7.z) + dot4I8Packed(high_23, half_7.w))
        * (select(pair_5.x, pair_5.y, (at_5 & 1u) == 1u) * code_scale_1);  // int8/parts.py
    sum_1_1 += scaled_5;                                                  // int8/parts.py
    let low_24 = loads_6.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_24 = (loads_6.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_25 = loads_6.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_25 = (loads_6.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_26 = loads_6.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_26 = (loads_6.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_27 = loads_6.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_27 = (loads_6.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_6 = (dot4I8Packed(low_24, half_4.x) + dot4I8Packed(high_24, half_4.y)
        + dot4I8Packed(low_25, half_4.z) + dot4I8Packed(high_25, half_4.w)
        + dot4I8Packed(low_26, half_5.x) + dot4I8Packed(high_26, half_5.y)
        + dot4I8Packed(low_27, half_5.z) + dot4I8Packed(high_27, half_5.w)) * 256i + start_2;  // int8/parts.py
    let plus_6 = products_6 + dot4I8Packed(low_24, half_6.x) + dot4I8Packed(high_24, half_6.y)
        + dot4I8Packed(low_25, half_6.z);                                 // parts/dot4.py
    let pair_6 = unpack2x16float(scales[at_6 >> 1u]);                     // parts/packed_rows.py
    let scaled_6 = f32(plus_6 + dot4I8Packed(high_25, half_6.w)
        + dot4I8Packed(low_26, half_7.x) + dot4I8Packed(high_26, half_7.y)
        + dot4I8Packed(low_27, half_7.z) + dot4I8Packed(high_27, half_7.w))
        * (select(pair_6.x, pair_6.y, (at_6 & 1u) == 1u) * code_scale_1);  // int8/parts.py
    sum_2_1 += scaled_6;                                                  // int8/parts.py
    let low_28 = loads_7.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_28 = (loads_7.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_29 = loads_7.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_29 = (loads_7.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_30 = loads_7.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_30 = (loads_7.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_31 = loads_7.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_31 = (loads_7.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_7 = (dot4I8Packed(low_28, half_4.x) + dot4I8Packed(high_28, half_4.y)
        + dot4I8Packed(low_29, half_4.z) + dot4I8Packed(high_29, half_4.w)
        + dot4I8Packed(low_30, half_5.x) + dot4I8Packed(high_30, half_5.y)
        + dot4I8Packed(low_31, half_5.z) + dot4I8Packed(high_31, half_5.w)) * 256i + start_2;  // int8/parts.py
    let plus_7 = products_7 + dot4I8Packed(low_28, half_6.x) + dot4I8Packed(high_28, half_6.y)
        + dot4I8Packed(low_29, half_6.z);                                 // parts/dot4.py
    let pair_7 = unpack2x16float(scales[at_7 >> 1u]);                     // parts/packed_rows.py
    let scaled_7 = f32(plus_7 + dot4I8Packed(high_29, half_6.w)
        + dot4I8Packed(low_30, half_7.x) + dot4I8Packed(high_30, half_7.y)
        + dot4I8Packed(low_31, half_7.z) + dot4I8Packed(high_31, half_7.w))
        * (select(pair_7.x, pair_7.y, (at_7 & 1u) == 1u) * code_scale_1);  // int8/parts.py
    sum_3_1 += scaled_7;                                                  // int8/parts.py
  }
  partial_sums[index_2 + 32u + index_10] = sum_0_1;                       // int8/results.py
  partial_sums[index_2 + 33u + index_10] = sum_1_1;
  partial_sums[index_2 + 34u + index_10] = sum_2_1;
  partial_sums[index_2 + 35u + index_10] = sum_3_1;
  workgroupBarrier();                                                     // int8/results.py
  if (local_id.x < 32u) {                                                 // parts/distribute.py
    let result = local_id.x * 2u;                                         // int8/results.py
    let row_4 = index_1 + result;
    if (row_4 < 384u) {                                                   // int8/results.py
      var total: f32 = partial_sums[result];                              // int8/results.py
      for (var part = 1u; part < 8u; part++) {                            // int8/results.py
        total += partial_sums[part * 65u + result];                       // int8/results.py
      }
      let value = total;                                                  // int8/results.py
      let result_1 = result + 1u;                                         // int8/results.py
      var total_1: f32 = partial_sums[result_1];                          // int8/results.py
      for (var part = 1u; part < 8u; part++) {                            // int8/results.py
        total_1 += partial_sums[part * 65u + result_1];                   // int8/results.py
      }
      let value_1 = total_1;                                              // int8/results.py
      var total_2: f32 = partial_squares[0u];                             // int8/results.py
      for (var part = 1u; part < 8u; part++) {                            // int8/results.py
        total_2 += partial_squares[part];                                 // int8/results.py
      }
      let factor = inverseSqrt(total_2 * 0.00048828125 + 1e-5);           // int8/results.py
      let gate = value * factor;                                          // int8/results.py
      let gated = gate / (1.0 + exp(-gate)) * (value_1 * factor);         // epilogues/pair.py
      code_values[local_id.x] = gated;                                    // parts/coded_groups.py
    }
  }
  workgroupBarrier();                                                     // parts/coded_groups.py
  if (local_id.x < 8u) {                                                  // parts/distribute.py
    let group_4 = workgroup_id.x + index;                                 // parts/coded_groups.py
    if (group_4 < 6u) {                                                   // parts/coded_groups.py
      let start_2 = index * 32u;                                          // parts/coded_groups.py
      let x_1 = vec4<f32>(code_values[start_2], code_values[start_2 + 1u],
          code_values[start_2 + 2u], code_values[start_2 + 3u]);          // parts/coded_groups.py
      let at_4 = start_2 + 4u;                                            // parts/coded_groups.py
      let at_5 = start_2 + 8u;
      let at_6 = start_2 + 12u;
      let at_7 = start_2 + 16u;
      let at_8 = start_2 + 20u;
      let at_9 = start_2 + 24u;
      let at_10 = start_2 + 28u;
      let largest = max(bitcast<vec4<u32>>(x_1) & vec4<u32>(0x7fffffffu),
          bitcast<vec4<u32>>(vec4<f32>(code_values[at_4], code_values[at_4 + 1u],
          code_values[at_4 + 2u], code_values[at_4 + 3u])) & vec4<u32>(0x7fffffffu));  // parts/coded_groups.py
      let largest_1 = max(largest, bitcast<vec4<u32>>(vec4<f32>(code_values[at_5],
          code_values[at_5 + 1u], code_values[at_5 + 2u], code_values[at_5 + 3u]))
          & vec4<u32>(0x7fffffffu));
      let largest_2 = max(largest_1,
          bitcast<vec4<u32>>(vec4<f32>(code_values[at_6], code_values[at_6 + 1u],
          code_values[at_6 + 2u], code_values[at_6 + 3u])) & vec4<u32>(0x7fffffffu));
      let largest_3 = max(largest_2,
          bitcast<vec4<u32>>(vec4<f32>(code_values[at_7], code_values[at_7 + 1u],
          code_values[at_7 + 2u], code_values[at_7 + 3u])) & vec4<u32>(0x7fffffffu));
      let largest_4 = max(largest_3,
          bitcast<vec4<u32>>(vec4<f32>(code_values[at_8], code_values[at_8 + 1u],
          code_values[at_8 + 2u], code_values[at_8 + 3u])) & vec4<u32>(0x7fffffffu));
      let largest_5 = max(largest_4,
          bitcast<vec4<u32>>(vec4<f32>(code_values[at_9], code_values[at_9 + 1u],
          code_values[at_9 + 2u], code_values[at_9 + 3u])) & vec4<u32>(0x7fffffffu));
      let largest_6 = max(largest_5,
          bitcast<vec4<u32>>(vec4<f32>(code_values[at_10], code_values[at_10 + 1u],
          code_values[at_10 + 2u], code_values[at_10 + 3u])) & vec4<u32>(0x7fffffffu));
      let largest_7 = max(max(largest_6.x, largest_6.y), max(largest_6.z, largest_6.w));  // parts/coded_groups.py
      let exponent = min(max(largest_7 >> 23u, 27u), 252u);               // parts/coded_groups.py
      let steps = f32(0x7f000000u / ((((largest_7 & 0x007fffffu) | 0x00800000u) >> 8u) + 1u))
          * bitcast<f32>((253u - exponent) << 23u);                       // parts/coded_groups.py
      let at_11 = local_id.x * 4u;                                        // parts/coded_groups.py
      let cut = vec4<i32>(vec4<f32>(code_values[at_11], code_values[at_11 + 1u],
          code_values[at_11 + 2u], code_values[at_11 + 3u]) * (steps * 8.0));  // parts/coded_groups.py
      let parts = (cut + 4i) >> vec4<u32>(3u);                            // parts/coded_groups.py
      let codes = bitcast<vec4<u32>>(parts + 128i) & vec4<u32>(65280u);   // parts/coded_groups.py
      let low_16 = (codes.x >> 8u) | codes.y;                             // parts/coded_groups.py
      let high_16 = (codes.z << 8u) | (codes.w << 16u);
      let words_0 = low_16 | high_16;                                     // parts/coded_groups.py
      let rest = bitcast<vec4<u32>>(parts) & vec4<u32>(255u);             // parts/coded_groups.py
      let low_17 = rest.x | (rest.y << 8u);                               // parts/coded_groups.py
      let high_17 = (rest.z << 16u) | (rest.w << 24u);
      let words_1 = low_17 | high_17;                                     // parts/coded_groups.py
      let plane = group / 4u;                                             // parts/coded_groups.py
      let index_11 = group % 4u;                                          // parts/coded_groups.py
      coded[(plane * 6u + group_4) * 4u + index_11] = words_0;
      let plane_1 = plane + 2u;                                           // parts/coded_groups.py
      coded[(plane_1 * 6u + group_4) * 4u + index_11] = words_1;          // parts/coded_groups.py
      code_sums[local_id.x] = dot4I8Packed(words_0, 0x01010101u) * 256i
          + dot4I8Packed(words_1, 0x01010101u);                           // parts/coded_groups.py
      if (group == 0u) {                                                  // parts/coded_groups.py
        coded[(group_4 + 24u) * 4u] =
            select(0x7fc00000u, bitcast<u32>(1.0 / steps), largest_7 < 0x7f800000u);  // parts/coded_groups.py
      }
    }
  }
  workgroupBarrier();                                                     // parts/coded_groups.py
  if (local_id.x < 1u) {                                                  // parts/distribute.py
    let group_4 = workgroup_id.x + local_id.x;                            // parts/coded_groups.py
    if (group_4 < 6u) {                                                   // parts/coded_groups.py
      let first = local_id.x * 8u;                                        // parts/coded_groups.py
      let total = code_sums[first] + code_sums[first + 1u];               // parts/coded_groups.py
      let total_1 = total + code_sums[first + 2u];
      let total_2 = total_1 + code_sums[first + 3u];
      let total_3 = total_2 + code_sums[first + 4u];
      let total_4 = total_3 + code_sums[first + 5u];
      let total_5 = total_4 + code_sums[first + 6u];
      let total_6 = total_5 + code_sums[first + 7u];
      let place = (group_4 + 24u) * 4u;                                   // parts/coded_groups.py
      coded[place + 1u] = bitcast<u32>(total_6);                          // parts/coded_groups.py
      coded[place + 2u] = 0u;                                             // parts/coded_groups.py
      coded[place + 3u] = 0u;                                             // parts/coded_groups.py
    }
  }
}
