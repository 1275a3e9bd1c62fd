// matvec_int8_norm_q4_gated_codes2_384x2048_t2
enable f16;
enable subgroups;

@group(0) @binding(0) var<storage, read> x: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<f16>;
@group(0) @binding(3) var<storage, read_write> coded: array<u32>;

var<workgroup> partial_sums: array<f32, 1040>;
var<workgroup> partial_squares: array<f32, 16>;
var<workgroup> code_values: array<f32, 32>;
var<workgroup> code_sums: array<i32, 8>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
  @builtin(subgroup_size) subgroup_size: u32,
) {
  let row = workgroup_id.x * 64u;                                         // int8/results.py
  let at = row * 64u + local_id.x;                                        // parts/packed_rows.py
  let loads = quants[at];                                                 // parts/packed_rows.py
  let stored = scales[at];                                                // parts/packed_rows.py
  let row_1 = row + 1u;                                                   // int8/body.py
  let at_1 = row_1 * 64u + local_id.x;                                    // parts/packed_rows.py
  let loads_1 = quants[at_1];                                             // parts/packed_rows.py
  let stored_1 = scales[at_1];                                            // parts/packed_rows.py
  let row_2 = row + 2u;                                                   // int8/body.py
  let at_2 = row_2 * 64u + local_id.x;                                    // parts/packed_rows.py
  let loads_2 = quants[at_2];                                             // parts/packed_rows.py
  let stored_2 = scales[at_2];                                            // parts/packed_rows.py
  let row_3 = row + 3u;                                                   // int8/body.py
  let at_3 = row_3 * 64u + local_id.x;                                    // parts/packed_rows.py
  let loads_3 = quants[at_3];                                             // parts/packed_rows.py
  let stored_3 = scales[at_3];                                            // parts/packed_rows.py
  let row_4 = row + 4u;                                                   // int8/body.py
  let at_4 = row_4 * 64u + local_id.x;                                    // parts/packed_rows.py
  let loads_4 = quants[at_4];                                             // parts/packed_rows.py
  let stored_4 = scales[at_4];                                            // parts/packed_rows.py
  let row_5 = row + 5u;                                                   // int8/body.py
  let at_5 = row_5 * 64u + local_id.x;                                    // parts/packed_rows.py
  let loads_5 = quants[at_5];                                             // parts/packed_rows.py
  let stored_5 = scales[at_5];                                            // parts/packed_rows.py
  let row_6 = row + 6u;                                                   // int8/body.py
  let at_6 = row_6 * 64u + local_id.x;                                    // parts/packed_rows.py
  let loads_6 = quants[at_6];                                             // parts/packed_rows.py
  let stored_6 = scales[at_6];                                            // parts/packed_rows.py
  let row_7 = row + 7u;                                                   // int8/body.py
  let at_7 = row_7 * 64u + local_id.x;                                    // parts/packed_rows.py
  let loads_7 = quants[at_7];                                             // parts/packed_rows.py
  let stored_7 = scales[at_7];                                            // parts/packed_rows.py
  var square_sum: f32 = 0.0;                                              // int8/parts.py
  for (var group = local_id.x; group < 64u; group += 64u) {               // int8/parts.py
    square_sum += bitcast<f32>(x[group + 256u].z);                        // int8/parts.py
  }
  var sum_0: f32 = 0.0;                                                   // int8/parts.py
  var sum_1: f32 = 0.0;
  var sum_2: f32 = 0.0;
  var sum_3: f32 = 0.0;
  var sum_4: f32 = 0.0;
  var sum_5: f32 = 0.0;
  var sum_6: f32 = 0.0;
  var sum_7: f32 = 0.0;
  let half = x[local_id.x];                                               // int8/parts.py
  let half_1 = x[local_id.x + 64u];
  let half_2 = x[local_id.x + 128u];
  let half_3 = x[local_id.x + 192u];
  let factors = x[local_id.x + 256u];
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
  let scaled = f32(products + dot4I8Packed(low, half_2.x) + dot4I8Packed(high, half_2.y)
      + dot4I8Packed(low_1, half_2.z) + dot4I8Packed(high_1, half_2.w)
      + dot4I8Packed(low_2, half_3.x) + dot4I8Packed(high_2, half_3.y)
      + dot4I8Packed(low_3, half_3.z) + dot4I8Packed(high_3, half_3.w))
      * (f32(stored) * code_scale);                                       // int8/parts.py
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
  let scaled_1 = f32(products_1 + dot4I8Packed(low_4, half_2.x)
      + dot4I8Packed(high_4, half_2.y) + dot4I8Packed(low_5, half_2.z)
      + dot4I8Packed(high_5, half_2.w) + dot4I8Packed(low_6, half_3.x)
      + dot4I8Packed(high_6, half_3.y) + dot4I8Packed(low_7, half_3.z)
      + dot4I8Packed(high_7, half_3.w)) * (f32(stored_1) * code_scale);   // int8/parts.py
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
  let scaled_2 = f32(products_2 + dot4I8Packed(low_8, half_2.x)
      + dot4I8Packed(high_8, half_2.y) + dot4I8Packed(low_9, half_2.z)
      + dot4I8Packed(high_9, half_2.w) + dot4I8Packed(low_10, half_3.x)
      + dot4I8Packed(high_10, half_3.y) + dot4I8Packed(low_11, half_3.z)
      + dot4I8Packed(high_11, half_3.w)) * (f32(stored_2) * code_scale);  // int8/parts.py
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
  let scaled_3 = f32(products_3 + dot4I8Packed(low_12, half_2.x)
      + dot4I8Packed(high_12, half_2.y) + dot4I8Packed(low_13, half_2.z)
      + dot4I8Packed(high_13, half_2.w) + dot4I8Packed(low_14, half_3.x)
      + dot4I8Packed(high_14, half_3.y) + dot4I8Packed(low_15, half_3.z)
      + dot4I8Packed(high_15, half_3.w)) * (f32(stored_3) * code_scale);  // int8/parts.py
  sum_3 += scaled_3;                                                      // int8/parts.py
  let low_16 = loads_4.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_16 = (loads_4.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_17 = loads_4.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_17 = (loads_4.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_18 = loads_4.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_18 = (loads_4.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_19 = loads_4.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_19 = (loads_4.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let products_4 = (dot4I8Packed(low_16, half.x) + dot4I8Packed(high_16, half.y)
      + dot4I8Packed(low_17, half.z) + dot4I8Packed(high_17, half.w)
      + dot4I8Packed(low_18, half_1.x) + dot4I8Packed(high_18, half_1.y)
      + dot4I8Packed(low_19, half_1.z) + dot4I8Packed(high_19, half_1.w)) * 256i + start;  // int8/parts.py
  let scaled_4 = f32(products_4 + dot4I8Packed(low_16, half_2.x)
      + dot4I8Packed(high_16, half_2.y) + dot4I8Packed(low_17, half_2.z)
      + dot4I8Packed(high_17, half_2.w) + dot4I8Packed(low_18, half_3.x)
      + dot4I8Packed(high_18, half_3.y) + dot4I8Packed(low_19, half_3.z)
      + dot4I8Packed(high_19, half_3.w)) * (f32(stored_4) * code_scale);  // int8/parts.py
  sum_4 += scaled_4;                                                      // int8/parts.py
  let low_20 = loads_5.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_20 = (loads_5.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_21 = loads_5.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_21 = (loads_5.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_22 = loads_5.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_22 = (loads_5.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_23 = loads_5.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_23 = (loads_5.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let products_5 = (dot4I8Packed(low_20, half.x) + dot4I8Packed(high_20, half.y)
      + dot4I8Packed(low_21, half.z) + dot4I8Packed(high_21, half.w)
      + dot4I8Packed(low_22, half_1.x) + dot4I8Packed(high_22, half_1.y)
      + dot4I8Packed(low_23, half_1.z) + dot4I8Packed(high_23, half_1.w)) * 256i + start;  // int8/parts.py
  let scaled_5 = f32(products_5 + dot4I8Packed(low_20, half_2.x)
      + dot4I8Packed(high_20, half_2.y) + dot4I8Packed(low_21, half_2.z)
      + dot4I8Packed(high_21, half_2.w) + dot4I8Packed(low_22, half_3.x)
      + dot4I8Packed(high_22, half_3.y) + dot4I8Packed(low_23, half_3.z)
      + dot4I8Packed(high_23, half_3.w)) * (f32(stored_5) * code_scale);  // int8/parts.py
  sum_5 += scaled_5;                                                      // int8/parts.py
  let low_24 = loads_6.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_24 = (loads_6.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_25 = loads_6.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_25 = (loads_6.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_26 = loads_6.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_26 = (loads_6.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_27 = loads_6.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_27 = (loads_6.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let products_6 = (dot4I8Packed(low_24, half.x) + dot4I8Packed(high_24, half.y)
      + dot4I8Packed(low_25, half.z) + dot4I8Packed(high_25, half.w)
      + dot4I8Packed(low_26, half_1.x) + dot4I8Packed(high_26, half_1.y)
      + dot4I8Packed(low_27, half_1.z) + dot4I8Packed(high_27, half_1.w)) * 256i + start;  // int8/parts.py
  let scaled_6 = f32(products_6 + dot4I8Packed(low_24, half_2.x)
      + dot4I8Packed(high_24, half_2.y) + dot4I8Packed(low_25, half_2.z)
      + dot4I8Packed(high_25, half_2.w) + dot4I8Packed(low_26, half_3.x)
      + dot4I8Packed(high_26, half_3.y) + dot4I8Packed(low_27, half_3.z)
      + dot4I8Packed(high_27, half_3.w)) * (f32(stored_6) * code_scale);  // int8/parts.py
  sum_6 += scaled_6;                                                      // int8/parts.py
  let low_28 = loads_7.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_28 = (loads_7.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_29 = loads_7.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_29 = (loads_7.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_30 = loads_7.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_30 = (loads_7.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_31 = loads_7.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_31 = (loads_7.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let products_7 = (dot4I8Packed(low_28, half.x) + dot4I8Packed(high_28, half.y)
      + dot4I8Packed(low_29, half.z) + dot4I8Packed(high_29, half.w)
      + dot4I8Packed(low_30, half_1.x) + dot4I8Packed(high_30, half_1.y)
      + dot4I8Packed(low_31, half_1.z) + dot4I8Packed(high_31, half_1.w)) * 256i + start;  // int8/parts.py
  let scaled_7 = f32(products_7 + dot4I8Packed(low_28, half_2.x)
      + dot4I8Packed(high_28, half_2.y) + dot4I8Packed(low_29, half_2.z)
      + dot4I8Packed(high_29, half_2.w) + dot4I8Packed(low_30, half_3.x)
      + dot4I8Packed(high_30, half_3.y) + dot4I8Packed(low_31, half_3.z)
      + dot4I8Packed(high_31, half_3.w)) * (f32(stored_7) * code_scale);  // int8/parts.py
  sum_7 += scaled_7;                                                      // int8/parts.py
  let sums_0 = subgroupAdd(sum_0);                                        // int8/results.py
  let sums_1 = subgroupAdd(sum_1);
  let sums_2 = subgroupAdd(sum_2);
  let sums_3 = subgroupAdd(sum_3);
  let sums_4 = subgroupAdd(sum_4);
  let sums_5 = subgroupAdd(sum_5);
  let sums_6 = subgroupAdd(sum_6);
  let sums_7 = subgroupAdd(sum_7);
  let squares = subgroupAdd(square_sum);                                  // int8/results.py
  if (subgroup_lane == 0u) {                                              // int8/results.py
    let part = local_id.x / subgroup_size;                                // int8/results.py
    let index = part * 65u;                                               // int8/results.py
    partial_sums[index] = sums_0;
    partial_sums[1u + index] = sums_1;
    partial_sums[2u + index] = sums_2;
    partial_sums[3u + index] = sums_3;
    partial_sums[4u + index] = sums_4;
    partial_sums[5u + index] = sums_5;
    partial_sums[6u + index] = sums_6;
    partial_sums[7u + index] = sums_7;
    partial_squares[part] = squares;                                      // int8/results.py
  }
  var sum_0_1: f32 = 0.0;                                                 // int8/parts.py
  var sum_1_1: f32 = 0.0;
  var sum_2_1: f32 = 0.0;
  var sum_3_1: f32 = 0.0;
  var sum_4_1: f32 = 0.0;
  var sum_5_1: f32 = 0.0;
  var sum_6_1: f32 = 0.0;
  var sum_7_1: f32 = 0.0;
  for (var group = local_id.x; group < 64u; group += 64u) {               // int8/body.py
    let row_8 = row + 8u;                                                 // int8/body.py
    let at_8 = row_8 * 64u + group;                                       // parts/packed_rows.py
    let loads_8 = quants[at_8];                                           // parts/packed_rows.py
    let row_9 = row + 9u;                                                 // int8/body.py
    let at_9 = row_9 * 64u + group;                                       // parts/packed_rows.py
    let loads_9 = quants[at_9];                                           // parts/packed_rows.py
    let row_10 = row + 10u;                                               // int8/body.py
    let at_10 = row_10 * 64u + group;                                     // parts/packed_rows.py
    let loads_10 = quants[at_10];                                         // parts/packed_rows.py
    let row_11 = row + 11u;                                               // int8/body.py
    let at_11 = row_11 * 64u + group;                                     // parts/packed_rows.py
    let loads_11 = quants[at_11];                                         // parts/packed_rows.py
    let row_12 = row + 12u;                                               // int8/body.py
    let at_12 = row_12 * 64u + group;                                     // parts/packed_rows.py
    let loads_12 = quants[at_12];                                         // parts/packed_rows.py
    let row_13 = row + 13u;                                               // int8/body.py
    let at_13 = row_13 * 64u + group;                                     // parts/packed_rows.py
    let loads_13 = quants[at_13];                                         // parts/packed_rows.py
    let row_14 = row + 14u;                                               // int8/body.py
    let at_14 = row_14 * 64u + group;                                     // parts/packed_rows.py
    let loads_14 = quants[at_14];                                         // parts/packed_rows.py
    let row_15 = row + 15u;                                               // int8/body.py
    let at_15 = row_15 * 64u + group;                                     // parts/packed_rows.py
    let loads_15 = quants[at_15];                                         // parts/packed_rows.py
    let half_4 = x[group];                                                // int8/parts.py
    let half_5 = x[group + 64u];
    let half_6 = x[group + 128u];
    let half_7 = x[group + 192u];
    let factors_1 = x[group + 256u];
    let code_scale_1 = bitcast<f32>(factors_1.x);                         // int8/parts.py
    let start_1 = bitcast<i32>(factors_1.y) * -8i;                        // int8/parts.py
    let low_32 = loads_8.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_32 = (loads_8.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_33 = loads_8.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_33 = (loads_8.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_34 = loads_8.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_34 = (loads_8.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_35 = loads_8.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_35 = (loads_8.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_8 = (dot4I8Packed(low_32, half_4.x) + dot4I8Packed(high_32, half_4.y)
        + dot4I8Packed(low_33, half_4.z) + dot4I8Packed(high_33, half_4.w)
        + dot4I8Packed(low_34, half_5.x) + dot4I8Packed(high_34, half_5.y)
        + dot4I8Packed(low_35, half_5.z) + dot4I8Packed(high_35, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_8 = f32(products_8 + dot4I8Packed(low_32, half_6.x)
        + dot4I8Packed(high_32, half_6.y) + dot4I8Packed(low_33, half_6.z)
        + dot4I8Packed(high_33, half_6.w) + dot4I8Packed(low_34, half_7.x)
        + dot4I8Packed(high_34, half_7.y) + dot4I8Packed(low_35, half_7.z)
        + dot4I8Packed(high_35, half_7.w)) * (f32(scales[at_8]) * code_scale_1);  // int8/parts.py
    sum_0_1 += scaled_8;                                                  // int8/parts.py
    let low_36 = loads_9.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_36 = (loads_9.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_37 = loads_9.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_37 = (loads_9.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_38 = loads_9.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_38 = (loads_9.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_39 = loads_9.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_39 = (loads_9.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_9 = (dot4I8Packed(low_36, half_4.x) + dot4I8Packed(high_36, half_4.y)
        + dot4I8Packed(low_37, half_4.z) + dot4I8Packed(high_37, half_4.w)
        + dot4I8Packed(low_38, half_5.x) + dot4I8Packed(high_38, half_5.y)
        + dot4I8Packed(low_39, half_5.z) + dot4I8Packed(high_39, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_9 = f32(products_9 + dot4I8Packed(low_36, half_6.x)
        + dot4I8Packed(high_36, half_6.y) + dot4I8Packed(low_37, half_6.z)
        + dot4I8Packed(high_37, half_6.w) + dot4I8Packed(low_38, half_7.x)
        + dot4I8Packed(high_38, half_7.y) + dot4I8Packed(low_39, half_7.z)
        + dot4I8Packed(high_39, half_7.w)) * (f32(scales[at_9]) * code_scale_1);  // int8/parts.py
    sum_1_1 += scaled_9;                                                  // int8/parts.py
    let low_40 = loads_10.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_40 = (loads_10.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_41 = loads_10.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_41 = (loads_10.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_42 = loads_10.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_42 = (loads_10.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_43 = loads_10.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_43 = (loads_10.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_10 = (dot4I8Packed(low_40, half_4.x) + dot4I8Packed(high_40, half_4.y)
        + dot4I8Packed(low_41, half_4.z) + dot4I8Packed(high_41, half_4.w)
        + dot4I8Packed(low_42, half_5.x) + dot4I8Packed(high_42, half_5.y)
        + dot4I8Packed(low_43, half_5.z) + dot4I8Packed(high_43, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_10 = f32(products_10 + dot4I8Packed(low_40, half_6.x)
        + dot4I8Packed(high_40, half_6.y) + dot4I8Packed(low_41, half_6.z)
        + dot4I8Packed(high_41, half_6.w) + dot4I8Packed(low_42, half_7.x)
        + dot4I8Packed(high_42, half_7.y) + dot4I8Packed(low_43, half_7.z)
        + dot4I8Packed(high_43, half_7.w)) * (f32(scales[at_10]) * code_scale_1);  // int8/parts.py
    sum_2_1 += scaled_10;                                                 // int8/parts.py
    let low_44 = loads_11.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_44 = (loads_11.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_45 = loads_11.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_45 = (loads_11.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_46 = loads_11.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_46 = (loads_11.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_47 = loads_11.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_47 = (loads_11.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_11 = (dot4I8Packed(low_44, half_4.x) + dot4I8Packed(high_44, half_4.y)
        + dot4I8Packed(low_45, half_4.z) + dot4I8Packed(high_45, half_4.w)
        + dot4I8Packed(low_46, half_5.x) + dot4I8Packed(high_46, half_5.y)
        + dot4I8Packed(low_47, half_5.z) + dot4I8Packed(high_47, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_11 = f32(products_11 + dot4I8Packed(low_44, half_6.x)
        + dot4I8Packed(high_44, half_6.y) + dot4I8Packed(low_45, half_6.z)
        + dot4I8Packed(high_45, half_6.w) + dot4I8Packed(low_46, half_7.x)
        + dot4I8Packed(high_46, half_7.y) + dot4I8Packed(low_47, half_7.z)
        + dot4I8Packed(high_47, half_7.w)) * (f32(scales[at_11]) * code_scale_1);  // int8/parts.py
    sum_3_1 += scaled_11;                                                 // int8/parts.py
    let low_48 = loads_12.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_48 = (loads_12.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_49 = loads_12.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_49 = (loads_12.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_50 = loads_12.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_50 = (loads_12.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_51 = loads_12.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_51 = (loads_12.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_12 = (dot4I8Packed(low_48, half_4.x) + dot4I8Packed(high_48, half_4.y)
        + dot4I8Packed(low_49, half_4.z) + dot4I8Packed(high_49, half_4.w)
        + dot4I8Packed(low_50, half_5.x) + dot4I8Packed(high_50, half_5.y)
        + dot4I8Packed(low_51, half_5.z) + dot4I8Packed(high_51, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_12 = f32(products_12 + dot4I8Packed(low_48, half_6.x)
        + dot4I8Packed(high_48, half_6.y) + dot4I8Packed(low_49, half_6.z)
        + dot4I8Packed(high_49, half_6.w) + dot4I8Packed(low_50, half_7.x)
        + dot4I8Packed(high_50, half_7.y) + dot4I8Packed(low_51, half_7.z)
        + dot4I8Packed(high_51, half_7.w)) * (f32(scales[at_12]) * code_scale_1);  // int8/parts.py
    sum_4_1 += scaled_12;                                                 // int8/parts.py
    let low_52 = loads_13.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_52 = (loads_13.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_53 = loads_13.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_53 = (loads_13.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_54 = loads_13.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_54 = (loads_13.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_55 = loads_13.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_55 = (loads_13.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_13 = (dot4I8Packed(low_52, half_4.x) + dot4I8Packed(high_52, half_4.y)
        + dot4I8Packed(low_53, half_4.z) + dot4I8Packed(high_53, half_4.w)
        + dot4I8Packed(low_54, half_5.x) + dot4I8Packed(high_54, half_5.y)
        + dot4I8Packed(low_55, half_5.z) + dot4I8Packed(high_55, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_13 = f32(products_13 + dot4I8Packed(low_52, half_6.x)
        + dot4I8Packed(high_52, half_6.y) + dot4I8Packed(low_53, half_6.z)
        + dot4I8Packed(high_53, half_6.w) + dot4I8Packed(low_54, half_7.x)
        + dot4I8Packed(high_54, half_7.y) + dot4I8Packed(low_55, half_7.z)
        + dot4I8Packed(high_55, half_7.w)) * (f32(scales[at_13]) * code_scale_1);  // int8/parts.py
    sum_5_1 += scaled_13;                                                 // int8/parts.py
    let low_56 = loads_14.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_56 = (loads_14.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_57 = loads_14.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_57 = (loads_14.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_58 = loads_14.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_58 = (loads_14.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_59 = loads_14.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_59 = (loads_14.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_14 = (dot4I8Packed(low_56, half_4.x) + dot4I8Packed(high_56, half_4.y)
        + dot4I8Packed(low_57, half_4.z) + dot4I8Packed(high_57, half_4.w)
        + dot4I8Packed(low_58, half_5.x) + dot4I8Packed(high_58, half_5.y)
        + dot4I8Packed(low_59, half_5.z) + dot4I8Packed(high_59, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_14 = f32(products_14 + dot4I8Packed(low_56, half_6.x)
        + dot4I8Packed(high_56, half_6.y) + dot4I8Packed(low_57, half_6.z)
        + dot4I8Packed(high_57, half_6.w) + dot4I8Packed(low_58, half_7.x)
        + dot4I8Packed(high_58, half_7.y) + dot4I8Packed(low_59, half_7.z)
        + dot4I8Packed(high_59, half_7.w)) * (f32(scales[at_14]) * code_scale_1);  // int8/parts.py
    sum_6_1 += scaled_14;                                                 // int8/parts.py
    let low_60 = loads_15.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_60 = (loads_15.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_61 = loads_15.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_61 = (loads_15.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_62 = loads_15.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_62 = (loads_15.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_63 = loads_15.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_63 = (loads_15.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_15 = (dot4I8Packed(low_60, half_4.x) + dot4I8Packed(high_60, half_4.y)
        + dot4I8Packed(low_61, half_4.z) + dot4I8Packed(high_61, half_4.w)
        + dot4I8Packed(low_62, half_5.x) + dot4I8Packed(high_62, half_5.y)
        + dot4I8Packed(low_63, half_5.z) + dot4I8Packed(high_63, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_15 = f32(products_15 + dot4I8Packed(low_60, half_6.x)
        + dot4I8Packed(high_60, half_6.y) + dot4I8Packed(low_61, half_6.z)
        + dot4I8Packed(high_61, half_6.w) + dot4I8Packed(low_62, half_7.x)
        + dot4I8Packed(high_62, half_7.y) + dot4I8Packed(low_63, half_7.z)
        + dot4I8Packed(high_63, half_7.w)) * (f32(scales[at_15]) * code_scale_1);  // int8/parts.py
    sum_7_1 += scaled_15;                                                 // int8/parts.py
  }
  let sums_0_1 = subgroupAdd(sum_0_1);                                    // int8/results.py
  let sums_1_1 = subgroupAdd(sum_1_1);
  let sums_2_1 = subgroupAdd(sum_2_1);
  let sums_3_1 = subgroupAdd(sum_3_1);
  let sums_4_1 = subgroupAdd(sum_4_1);
  let sums_5_1 = subgroupAdd(sum_5_1);
  let sums_6_1 = subgroupAdd(sum_6_1);
  let sums_7_1 = subgroupAdd(sum_7_1);
  if (subgroup_lane == 0u) {                                              // int8/results.py
    let index = local_id.x / subgroup_size * 65u;                         // int8/results.py
    partial_sums[8u + index] = sums_0_1;
    partial_sums[9u + index] = sums_1_1;
    partial_sums[10u + index] = sums_2_1;
    partial_sums[11u + index] = sums_3_1;
    partial_sums[12u + index] = sums_4_1;
    partial_sums[13u + index] = sums_5_1;
    partial_sums[14u + index] = sums_6_1;
    partial_sums[15u + index] = sums_7_1;
  }
  var sum_0_2: f32 = 0.0;                                                 // int8/parts.py
  var sum_1_2: f32 = 0.0;
  var sum_2_2: f32 = 0.0;
  var sum_3_2: f32 = 0.0;
  var sum_4_2: f32 = 0.0;
  var sum_5_2: f32 = 0.0;
  var sum_6_2: f32 = 0.0;
  var sum_7_2: f32 = 0.0;
  for (var group = local_id.x; group < 64u; group += 64u) {               // int8/body.py
    let row_8 = row + 16u;                                                // int8/body.py
    let at_8 = row_8 * 64u + group;                                       // parts/packed_rows.py
    let loads_8 = quants[at_8];                                           // parts/packed_rows.py
    let row_9 = row + 17u;                                                // int8/body.py
    let at_9 = row_9 * 64u + group;                                       // parts/packed_rows.py
    let loads_9 = quants[at_9];                                           // parts/packed_rows.py
    let row_10 = row + 18u;                                               // int8/body.py
    let at_10 = row_10 * 64u + group;                                     // parts/packed_rows.py
    let loads_10 = quants[at_10];                                         // parts/packed_rows.py
    let row_11 = row + 19u;                                               // int8/body.py
    let at_11 = row_11 * 64u + group;                                     // parts/packed_rows.py
    let loads_11 = quants[at_11];                                         // parts/packed_rows.py
    let row_12 = row + 20u;                                               // int8/body.py
    let at_12 = row_12 * 64u + group;                                     // parts/packed_rows.py
    let loads_12 = quants[at_12];                                         // parts/packed_rows.py
    let row_13 = row + 21u;                                               // int8/body.py
    let at_13 = row_13 * 64u + group;                                     // parts/packed_rows.py
    let loads_13 = quants[at_13];                                         // parts/packed_rows.py
    let row_14 = row + 22u;                                               // int8/body.py
    let at_14 = row_14 * 64u + group;                                     // parts/packed_rows.py
    let loads_14 = quants[at_14];                                         // parts/packed_rows.py
    let row_15 = row + 23u;                                               // int8/body.py
    let at_15 = row_15 * 64u + group;                                     // parts/packed_rows.py
    let loads_15 = quants[at_15];                                         // parts/packed_rows.py
    let half_4 = x[group];                                                // int8/parts.py
    let half_5 = x[group + 64u];
    let half_6 = x[group + 128u];
    let half_7 = x[group + 192u];
    let factors_1 = x[group + 256u];
    let code_scale_1 = bitcast<f32>(factors_1.x);                         // int8/parts.py
    let start_1 = bitcast<i32>(factors_1.y) * -8i;                        // int8/parts.py
    let low_32 = loads_8.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_32 = (loads_8.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_33 = loads_8.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_33 = (loads_8.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_34 = loads_8.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_34 = (loads_8.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_35 = loads_8.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_35 = (loads_8.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_8 = (dot4I8Packed(low_32, half_4.x) + dot4I8Packed(high_32, half_4.y)
        + dot4I8Packed(low_33, half_4.z) + dot4I8Packed(high_33, half_4.w)
        + dot4I8Packed(low_34, half_5.x) + dot4I8Packed(high_34, half_5.y)
        + dot4I8Packed(low_35, half_5.z) + dot4I8Packed(high_35, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_8 = f32(products_8 + dot4I8Packed(low_32, half_6.x)
        + dot4I8Packed(high_32, half_6.y) + dot4I8Packed(low_33, half_6.z)
        + dot4I8Packed(high_33, half_6.w) + dot4I8Packed(low_34, half_7.x)
        + dot4I8Packed(high_34, half_7.y) + dot4I8Packed(low_35, half_7.z)
        + dot4I8Packed(high_35, half_7.w)) * (f32(scales[at_8]) * code_scale_1);  // int8/parts.py
    sum_0_2 += scaled_8;                                                  // int8/parts.py
    let low_36 = loads_9.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_36 = (loads_9.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_37 = loads_9.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_37 = (loads_9.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_38 = loads_9.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_38 = (loads_9.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_39 = loads_9.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_39 = (loads_9.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_9 = (dot4I8Packed(low_36, half_4.x) + dot4I8Packed(high_36, half_4.y)
        + dot4I8Packed(low_37, half_4.z) + dot4I8Packed(high_37, half_4.w)
        + dot4I8Packed(low_38, half_5.x) + dot4I8Packed(high_38, half_5.y)
        + dot4I8Packed(low_39, half_5.z) + dot4I8Packed(high_39, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_9 = f32(products_9 + dot4I8Packed(low_36, half_6.x)
        + dot4I8Packed(high_36, half_6.y) + dot4I8Packed(low_37, half_6.z)
        + dot4I8Packed(high_37, half_6.w) + dot4I8Packed(low_38, half_7.x)
        + dot4I8Packed(high_38, half_7.y) + dot4I8Packed(low_39, half_7.z)
        + dot4I8Packed(high_39, half_7.w)) * (f32(scales[at_9]) * code_scale_1);  // int8/parts.py
    sum_1_2 += scaled_9;                                                  // int8/parts.py
    let low_40 = loads_10.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_40 = (loads_10.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_41 = loads_10.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_41 = (loads_10.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_42 = loads_10.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_42 = (loads_10.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_43 = loads_10.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_43 = (loads_10.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_10 = (dot4I8Packed(low_40, half_4.x) + dot4I8Packed(high_40, half_4.y)
        + dot4I8Packed(low_41, half_4.z) + dot4I8Packed(high_41, half_4.w)
        + dot4I8Packed(low_42, half_5.x) + dot4I8Packed(high_42, half_5.y)
        + dot4I8Packed(low_43, half_5.z) + dot4I8Packed(high_43, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_10 = f32(products_10 + dot4I8Packed(low_40, half_6.x)
        + dot4I8Packed(high_40, half_6.y) + dot4I8Packed(low_41, half_6.z)
        + dot4I8Packed(high_41, half_6.w) + dot4I8Packed(low_42, half_7.x)
        + dot4I8Packed(high_42, half_7.y) + dot4I8Packed(low_43, half_7.z)
        + dot4I8Packed(high_43, half_7.w)) * (f32(scales[at_10]) * code_scale_1);  // int8/parts.py
    sum_2_2 += scaled_10;                                                 // int8/parts.py
    let low_44 = loads_11.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_44 = (loads_11.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_45 = loads_11.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_45 = (loads_11.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_46 = loads_11.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_46 = (loads_11.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_47 = loads_11.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_47 = (loads_11.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_11 = (dot4I8Packed(low_44, half_4.x) + dot4I8Packed(high_44, half_4.y)
        + dot4I8Packed(low_45, half_4.z) + dot4I8Packed(high_45, half_4.w)
        + dot4I8Packed(low_46, half_5.x) + dot4I8Packed(high_46, half_5.y)
        + dot4I8Packed(low_47, half_5.z) + dot4I8Packed(high_47, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_11 = f32(products_11 + dot4I8Packed(low_44, half_6.x)
        + dot4I8Packed(high_44, half_6.y) + dot4I8Packed(low_45, half_6.z)
        + dot4I8Packed(high_45, half_6.w) + dot4I8Packed(low_46, half_7.x)
        + dot4I8Packed(high_46, half_7.y) + dot4I8Packed(low_47, half_7.z)
        + dot4I8Packed(high_47, half_7.w)) * (f32(scales[at_11]) * code_scale_1);  // int8/parts.py
    sum_3_2 += scaled_11;                                                 // int8/parts.py
    let low_48 = loads_12.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_48 = (loads_12.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_49 = loads_12.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_49 = (loads_12.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_50 = loads_12.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_50 = (loads_12.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_51 = loads_12.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_51 = (loads_12.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_12 = (dot4I8Packed(low_48, half_4.x) + dot4I8Packed(high_48, half_4.y)
        + dot4I8Packed(low_49, half_4.z) + dot4I8Packed(high_49, half_4.w)
        + dot4I8Packed(low_50, half_5.x) + dot4I8Packed(high_50, half_5.y)
        + dot4I8Packed(low_51, half_5.z) + dot4I8Packed(high_51, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_12 = f32(products_12 + dot4I8Packed(low_48, half_6.x)
        + dot4I8Packed(high_48, half_6.y) + dot4I8Packed(low_49, half_6.z)
        + dot4I8Packed(high_49, half_6.w) + dot4I8Packed(low_50, half_7.x)
        + dot4I8Packed(high_50, half_7.y) + dot4I8Packed(low_51, half_7.z)
        + dot4I8Packed(high_51, half_7.w)) * (f32(scales[at_12]) * code_scale_1);  // int8/parts.py
    sum_4_2 += scaled_12;                                                 // int8/parts.py
    let low_52 = loads_13.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_52 = (loads_13.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_53 = loads_13.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_53 = (loads_13.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_54 = loads_13.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_54 = (loads_13.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_55 = loads_13.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_55 = (loads_13.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_13 = (dot4I8Packed(low_52, half_4.x) + dot4I8Packed(high_52, half_4.y)
        + dot4I8Packed(low_53, half_4.z) + dot4I8Packed(high_53, half_4.w)
        + dot4I8Packed(low_54, half_5.x) + dot4I8Packed(high_54, half_5.y)
        + dot4I8Packed(low_55, half_5.z) + dot4I8Packed(high_55, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_13 = f32(products_13 + dot4I8Packed(low_52, half_6.x)
        + dot4I8Packed(high_52, half_6.y) + dot4I8Packed(low_53, half_6.z)
        + dot4I8Packed(high_53, half_6.w) + dot4I8Packed(low_54, half_7.x)
        + dot4I8Packed(high_54, half_7.y) + dot4I8Packed(low_55, half_7.z)
        + dot4I8Packed(high_55, half_7.w)) * (f32(scales[at_13]) * code_scale_1);  // int8/parts.py
    sum_5_2 += scaled_13;                                                 // int8/parts.py
    let low_56 = loads_14.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_56 = (loads_14.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_57 = loads_14.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_57 = (loads_14.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_58 = loads_14.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_58 = (loads_14.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_59 = loads_14.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_59 = (loads_14.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_14 = (dot4I8Packed(low_56, half_4.x) + dot4I8Packed(high_56, half_4.y)
        + dot4I8Packed(low_57, half_4.z) + dot4I8Packed(high_57, half_4.w)
        + dot4I8Packed(low_58, half_5.x) + dot4I8Packed(high_58, half_5.y)
        + dot4I8Packed(low_59, half_5.z) + dot4I8Packed(high_59, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_14 = f32(products_14 + dot4I8Packed(low_56, half_6.x)
        + dot4I8Packed(high_56, half_6.y) + dot4I8Packed(low_57, half_6.z)
        + dot4I8Packed(high_57, half_6.w) + dot4I8Packed(low_58, half_7.x)
        + dot4I8Packed(high_58, half_7.y) + dot4I8Packed(low_59, half_7.z)
        + dot4I8Packed(high_59, half_7.w)) * (f32(scales[at_14]) * code_scale_1);  // int8/parts.py
    sum_6_2 += scaled_14;                                                 // int8/parts.py
    let low_60 = loads_15.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_60 = (loads_15.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_61 = loads_15.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_61 = (loads_15.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_62 = loads_15.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_62 = (loads_15.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_63 = loads_15.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_63 = (loads_15.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_15 = (dot4I8Packed(low_60, half_4.x) + dot4I8Packed(high_60, half_4.y)
        + dot4I8Packed(low_61, half_4.z) + dot4I8Packed(high_61, half_4.w)
        + dot4I8Packed(low_62, half_5.x) + dot4I8Packed(high_62, half_5.y)
        + dot4I8Packed(low_63, half_5.z) + dot4I8Packed(high_63, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_15 = f32(products_15 + dot4I8Packed(low_60, half_6.x)
        + dot4I8Packed(high_60, half_6.y) + dot4I8Packed(low_61, half_6.z)
        + dot4I8Packed(high_61, half_6.w) + dot4I8Packed(low_62, half_7.x)
        + dot4I8Packed(high_62, half_7.y) + dot4I8Packed(low_63, half_7.z)
        + dot4I8Packed(high_63, half_7.w)) * (f32(scales[at_15]) * code_scale_1);  // int8/parts.py
    sum_7_2 += scaled_15;                                                 // int8/parts.py
  }
  let sums_0_2 = subgroupAdd(sum_0_2);                                    // int8/results.py
  let sums_1_2 = subgroupAdd(sum_1_2);
  let sums_2_2 = subgroupAdd(sum_2_2);
  let sums_3_2 = subgroupAdd(sum_3_2);
  let sums_4_2 = subgroupAdd(sum_4_2);
  let sums_5_2 = subgroupAdd(sum_5_2);
  let sums_6_2 = subgroupAdd(sum_6_2);
  let sums_7_2 = subgroupAdd(sum_7_2);
  if (subgroup_lane == 0u) {                                              // int8/results.py
    let index = local_id.x / subgroup_size * 65u;                         // int8/results.py
    partial_sums[16u + index] = sums_0_2;
    partial_sums[17u + index] = sums_1_2;
    partial_sums[18u + index] = sums_2_2;
    partial_sums[19u + index] = sums_3_2;
    partial_sums[20u + index] = sums_4_2;
    partial_sums[21u + index] = sums_5_2;
    partial_sums[22u + index] = sums_6_2;
    partial_sums[23u + index] = sums_7_2;
  }
  var sum_0_3: f32 = 0.0;                                                 // int8/parts.py
  var sum_1_3: f32 = 0.0;
  var sum_2_3: f32 = 0.0;
  var sum_3_3: f32 = 0.0;
  var sum_4_3: f32 = 0.0;
  var sum_5_3: f32 = 0.0;
  var sum_6_3: f32 = 0.0;
  var sum_7_3: f32 = 0.0;
  for (var group = local_id.x; group < 64u; group += 64u) {               // int8/body.py
    let row_8 = row + 24u;                                                // int8/body.py
    let at_8 = row_8 * 64u + group;                                       // parts/packed_rows.py
    let loads_8 = quants[at_8];                                           // parts/packed_rows.py
    let row_9 = row + 25u;                                                // int8/body.py
    let at_9 = row_9 * 64u + group;                                       // parts/packed_rows.py
    let loads_9 = quants[at_9];                                           // parts/packed_rows.py
    let row_10 = row + 26u;                                               // int8/body.py
    let at_10 = row_10 * 64u + group;                                     // parts/packed_rows.py
    let loads_10 = quants[at_10];                                         // parts/packed_rows.py
    let row_11 = row + 27u;                                               // int8/body.py
    let at_11 = row_11 * 64u + group;                                     // parts/packed_rows.py
    let loads_11 = quants[at_11];                                         // parts/packed_rows.py
    let row_12 = row + 28u;                                               // int8/body.py
    let at_12 = row_12 * 64u + group;                                     // parts/packed_rows.py
    let loads_12 = quants[at_12];                                         // parts/packed_rows.py
    let row_13 = row + 29u;                                               // int8/body.py
    let at_13 = row_13 * 64u + group;                                     // parts/packed_rows.py
    let loads_13 = quants[at_13];                                         // parts/packed_rows.py
    let row_14 = row + 30u;                                               // int8/body.py
    let at_14 = row_14 * 64u + group;                                     // parts/packed_rows.py
    let loads_14 = quants[at_14];                                         // parts/packed_rows.py
    let row_15 = row + 31u;                                               // int8/body.py
    let at_15 = row_15 * 64u + group;                                     // parts/packed_rows.py
    let loads_15 = quants[at_15];                                         // parts/packed_rows.py
    let half_4 = x[group];                                                // int8/parts.py
    let half_5 = x[group + 64u];
    let half_6 = x[group + 128u];
    let half_7 = x[group + 192u];
    let factors_1 = x[group + 256u];
    let code_scale_1 = bitcast<f32>(factors_1.x);                         // int8/parts.py
    let start_1 = bitcast<i32>(factors_1.y) * -8i;                        // int8/parts.py
    let low_32 = loads_8.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_32 = (loads_8.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_33 = loads_8.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_33 = (loads_8.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_34 = loads_8.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_34 = (loads_8.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_35 = loads_8.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_35 = (loads_8.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_8 = (dot4I8Packed(low_32, half_4.x) + dot4I8Packed(high_32, half_4.y)
        + dot4I8Packed(low_33, half_4.z) + dot4I8Packed(high_33, half_4.w)
        + dot4I8Packed(low_34, half_5.x) + dot4I8Packed(high_34, half_5.y)
        + dot4I8Packed(low_35, half_5.z) + dot4I8Packed(high_35, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_8 = f32(products_8 + dot4I8Packed(low_32, half_6.x)
        + dot4I8Packed(high_32, half_6.y) + dot4I8Packed(low_33, half_6.z)
        + dot4I8Packed(high_33, half_6.w) + dot4I8Packed(low_34, half_7.x)
        + dot4I8Packed(high_34, half_7.y) + dot4I8Packed(low_35, half_7.z)
        + dot4I8Packed(high_35, half_7.w)) * (f32(scales[at_8]) * code_scale_1);  // int8/parts.py
    sum_0_3 += scaled_8;                                                  // int8/parts.py
    let low_36 = loads_9.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_36 = (loads_9.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_37 = loads_9.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_37 = (loads_9.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_38 = loads_9.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_38 = (loads_9.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_39 = loads_9.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_39 = (loads_9.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_9 = (dot4I8Packed(low_36, half_4.x) + dot4I8Packed(high_36, half_4.y)
        + dot4I8Packed(low_37, half_4.z) + dot4I8Packed(high_37, half_4.w)
        + dot4I8Packed(low_38, half_5.x) + dot4I8Packed(high_38, half_5.y)
        + dot4I8Packed(low_39, half_5.z) + dot4I8Packed(high_39, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_9 = f32(products_9 + dot4I8Packed(low_36, half_6.x)
        + dot4I8Packed(high_36, half_6.y) + dot4I8Packed(low_37, half_6.z)
        + dot4I8Packed(high_37, half_6.w) + dot4I8Packed(low_38, half_7.x)
        + dot4I8Packed(high_38, half_7.y) + dot4I8Packed(low_39, half_7.z)
        + dot4I8Packed(high_39, half_7.w)) * (f32(scales[at_9]) * code_scale_1);  // int8/parts.py
    sum_1_3 += scaled_9;                                                  // int8/parts.py
    let low_40 = loads_10.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_40 = (loads_10.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_41 = loads_10.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_41 = (loads_10.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_42 = loads_10.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_42 = (loads_10.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_43 = loads_10.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_43 = (loads_10.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_10 = (dot4I8Packed(low_40, half_4.x) + dot4I8Packed(high_40, half_4.y)
        + dot4I8Packed(low_41, half_4.z) + dot4I8Packed(high_41, half_4.w)
        + dot4I8Packed(low_42, half_5.x) + dot4I8Packed(high_42, half_5.y)
        + dot4I8Packed(low_43, half_5.z) + dot4I8Packed(high_43, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_10 = f32(products_10 + dot4I8Packed(low_40, half_6.x)
        + dot4I8Packed(high_40, half_6.y) + dot4I8Packed(low_41, half_6.z)
        + dot4I8Packed(high_41, half_6.w) + dot4I8Packed(low_42, half_7.x)
        + dot4I8Packed(high_42, half_7.y) + dot4I8Packed(low_43, half_7.z)
        + dot4I8Packed(high_43, half_7.w)) * (f32(scales[at_10]) * code_scale_1);  // int8/parts.py
    sum_2_3 += scaled_10;                                                 // int8/parts.py
    let low_44 = loads_11.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_44 = (loads_11.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_45 = loads_11.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_45 = (loads_11.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_46 = loads_11.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_46 = (loads_11.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_47 = loads_11.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_47 = (loads_11.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_11 = (dot4I8Packed(low_44, half_4.x) + dot4I8Packed(high_44, half_4.y)
        + dot4I8Packed(low_45, half_4.z) + dot4I8Packed(high_45, half_4.w)
        + dot4I8Packed(low_46, half_5.x) + dot4I8Packed(high_46, half_5.y)
        + dot4I8Packed(low_47, half_5.z) + dot4I8Packed(high_47, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_11 = f32(products_11 + dot4I8Packed(low_44, half_6.x)
        + dot4I8Packed(high_44, half_6.y) + dot4I8Packed(low_45, half_6.z)
        + dot4I8Packed(high_45, half_6.w) + dot4I8Packed(low_46, half_7.x)
        + dot4I8Packed(high_46, half_7.y) + dot4I8Packed(low_47, half_7.z)
        + dot4I8Packed(high_47, half_7.w)) * (f32(scales[at_11]) * code_scale_1);  // int8/parts.py
    sum_3_3 += scaled_11;                                                 // int8/parts.py
    let low_48 = loads_12.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_48 = (loads_12.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_49 = loads_12.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_49 = (loads_12.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_50 = loads_12.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_50 = (loads_12.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_51 = loads_12.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_51 = (loads_12.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_12 = (dot4I8Packed(low_48, half_4.x) + dot4I8Packed(high_48, half_4.y)
        + dot4I8Packed(low_49, half_4.z) + dot4I8Packed(high_49, half_4.w)
        + dot4I8Packed(low_50, half_5.x) + dot4I8Packed(high_50, half_5.y)
        + dot4I8Packed(low_51, half_5.z) + dot4I8Packed(high_51, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_12 = f32(products_12 + dot4I8Packed(low_48, half_6.x)
        + dot4I8Packed(high_48, half_6.y) + dot4I8Packed(low_49, half_6.z)
        + dot4I8Packed(high_49, half_6.w) + dot4I8Packed(low_50, half_7.x)
        + dot4I8Packed(high_50, half_7.y) + dot4I8Packed(low_51, half_7.z)
        + dot4I8Packed(high_51, half_7.w)) * (f32(scales[at_12]) * code_scale_1);  // int8/parts.py
    sum_4_3 += scaled_12;                                                 // int8/parts.py
    let low_52 = loads_13.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_52 = (loads_13.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_53 = loads_13.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_53 = (loads_13.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_54 = loads_13.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_54 = (loads_13.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_55 = loads_13.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_55 = (loads_13.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_13 = (dot4I8Packed(low_52, half_4.x) + dot4I8Packed(high_52, half_4.y)
        + dot4I8Packed(low_53, half_4.z) + dot4I8Packed(high_53, half_4.w)
        + dot4I8Packed(low_54, half_5.x) + dot4I8Packed(high_54, half_5.y)
        + dot4I8Packed(low_55, half_5.z) + dot4I8Packed(high_55, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_13 = f32(products_13 + dot4I8Packed(low_52, half_6.x)
        + dot4I8Packed(high_52, half_6.y) + dot4I8Packed(low_53, half_6.z)
        + dot4I8Packed(high_53, half_6.w) + dot4I8Packed(low_54, half_7.x)
        + dot4I8Packed(high_54, half_7.y) + dot4I8Packed(low_55, half_7.z)
        + dot4I8Packed(high_55, half_7.w)) * (f32(scales[at_13]) * code_scale_1);  // int8/parts.py
    sum_5_3 += scaled_13;                                                 // int8/parts.py
    let low_56 = loads_14.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_56 = (loads_14.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_57 = loads_14.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_57 = (loads_14.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_58 = loads_14.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_58 = (loads_14.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_59 = loads_14.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_59 = (loads_14.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_14 = (dot4I8Packed(low_56, half_4.x) + dot4I8Packed(high_56, half_4.y)
        + dot4I8Packed(low_57, half_4.z) + dot4I8Packed(high_57, half_4.w)
        + dot4I8Packed(low_58, half_5.x) + dot4I8Packed(high_58, half_5.y)
        + dot4I8Packed(low_59, half_5.z) + dot4I8Packed(high_59, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_14 = f32(products_14 + dot4I8Packed(low_56, half_6.x)
        + dot4I8Packed(high_56, half_6.y) + dot4I8Packed(low_57, half_6.z)
        + dot4I8Packed(high_57, half_6.w) + dot4I8Packed(low_58, half_7.x)
        + dot4I8Packed(high_58, half_7.y) + dot4I8Packed(low_59, half_7.z)
        + dot4I8Packed(high_59, half_7.w)) * (f32(scales[at_14]) * code_scale_1);  // int8/parts.py
    sum_6_3 += scaled_14;                                                 // int8/parts.py
    let low_60 = loads_15.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_60 = (loads_15.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_61 = loads_15.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_61 = (loads_15.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_62 = loads_15.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_62 = (loads_15.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_63 = loads_15.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_63 = (loads_15.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_15 = (dot4I8Packed(low_60, half_4.x) + dot4I8Packed(high_60, half_4.y)
        + dot4I8Packed(low_61, half_4.z) + dot4I8Packed(high_61, half_4.w)
        + dot4I8Packed(low_62, half_5.x) + dot4I8Packed(high_62, half_5.y)
        + dot4I8Packed(low_63, half_5.z) + dot4I8Packed(high_63, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_15 = f32(products_15 + dot4I8Packed(low_60, half_6.x)
        + dot4I8Packed(high_60, half_6.y) + dot4I8Packed(low_61, half_6.z)
        + dot4I8Packed(high_61, half_6.w) + dot4I8Packed(low_62, half_7.x)
        + dot4I8Packed(high_62, half_7.y) + dot4I8Packed(low_63, half_7.z)
        + dot4I8Packed(high_63, half_7.w)) * (f32(scales[at_15]) * code_scale_1);  // int8/parts.py
    sum_7_3 += scaled_15;                                                 // int8/parts.py
  }
  let sums_0_3 = subgroupAdd(sum_0_3);                                    // int8/results.py
  let sums_1_3 = subgroupAdd(sum_1_3);
  let sums_2_3 = subgroupAdd(sum_2_3);
  let sums_3_3 = subgroupAdd(sum_3_3);
  let sums_4_3 = subgroupAdd(sum_4_3);
  let sums_5_3 = subgroupAdd(sum_5_3);
  let sums_6_3 = subgroupAdd(sum_6_3);
  let sums_7_3 = subgroupAdd(sum_7_3);
  if (subgroup_lane == 0u) {                                              // int8/results.py
    let index = local_id.x / subgroup_size * 65u;                         // int8/results.py
    partial_sums[24u + index] = sums_0_3;
    partial_sums[25u + index] = sums_1_3;
    partial_sums[26u + index] = sums_2_3;
    partial_sums[27u + index] = sums_3_3;
    partial_sums[28u + index] = sums_4_3;
    partial_sums[29u + index] = sums_5_3;
    partial_sums[30u + index] = sums_6_3;
    partial_sums[31u + index] = sums_7_3;
  }
  var sum_0_4: f32 = 0.0;                                                 // int8/parts.py
  var sum_1_4: f32 = 0.0;
  var sum_2_4: f32 = 0.0;
  var sum_3_4: f32 = 0.0;
  var sum_4_4: f32 = 0.0;
  var sum_5_4: f32 = 0.0;
  var sum_6_4: f32 = 0.0;
  var sum_7_4: f32 = 0.0;
  for (var group = local_id.x; group < 64u; group += 64u) {               // int8/body.py
    let row_8 = row + 32u;                                                // int8/body.py
    let at_8 = row_8 * 64u + group;                                       // parts/packed_rows.py
    let loads_8 = quants[at_8];                                           // parts/packed_rows.py
    let row_9 = row + 33u;                                                // int8/body.py
    let at_9 = row_9 * 64u + group;                                       // parts/packed_rows.py
    let loads_9 = quants[at_9];                                           // parts/packed_rows.py
    let row_10 = row + 34u;                                               // int8/body.py
    let at_10 = row_10 * 64u + group;                                     // parts/packed_rows.py
    let loads_10 = quants[at_10];                                         // parts/packed_rows.py
    let row_11 = row + 35u;                                               // int8/body.py
    let at_11 = row_11 * 64u + group;                                     // parts/packed_rows.py
    let loads_11 = quants[at_11];                                         // parts/packed_rows.py
    let row_12 = row + 36u;                                               // int8/body.py
    let at_12 = row_12 * 64u + group;                                     // parts/packed_rows.py
    let loads_12 = quants[at_12];                                         // parts/packed_rows.py
    let row_13 = row + 37u;                                               // int8/body.py
    let at_13 = row_13 * 64u + group;                                     // parts/packed_rows.py
    let loads_13 = quants[at_13];                                         // parts/packed_rows.py
    let row_14 = row + 38u;                                               // int8/body.py
    let at_14 = row_14 * 64u + group;                                     // parts/packed_rows.py
    let loads_14 = quants[at_14];                                         // parts/packed_rows.py
    let row_15 = row + 39u;                                               // int8/body.py
    let at_15 = row_15 * 64u + group;                                     // parts/packed_rows.py
    let loads_15 = quants[at_15];                                         // parts/packed_rows.py
    let half_4 = x[group];                                                // int8/parts.py
    let half_5 = x[group + 64u];
    let half_6 = x[group + 128u];
    let half_7 = x[group + 192u];
    let factors_1 = x[group + 256u];
    let code_scale_1 = bitcast<f32>(factors_1.x);                         // int8/parts.py
    let start_1 = bitcast<i32>(factors_1.y) * -8i;                        // int8/parts.py
    let low_32 = loads_8.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_32 = (loads_8.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_33 = loads_8.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_33 = (loads_8.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_34 = loads_8.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_34 = (loads_8.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_35 = loads_8.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_35 = (loads_8.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_8 = (dot4I8Packed(low_32, half_4.x) + dot4I8Packed(high_32, half_4.y)
        + dot4I8Packed(low_33, half_4.z) + dot4I8Packed(high_33, half_4.w)
        + dot4I8Packed(low_34, half_5.x) + dot4I8Packed(high_34, half_5.y)
        + dot4I8Packed(low_35, half_5.z) + dot4I8Packed(high_35, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_8 = f32(products_8 + dot4I8Packed(low_32, half_6.x)
        + dot4I8Packed(high_32, half_6.y) + dot4I8Packed(low_33, half_6.z)
        + dot4I8Packed(high_33, half_6.w) + dot4I8Packed(low_34, half_7.x)
        + dot4I8Packed(high_34, half_7.y) + dot4I8Packed(low_35, half_7.z)
        + dot4I8Packed(high_35, half_7.w)) * (f32(scales[at_8]) * code_scale_1);  // int8/parts.py
    sum_0_4 += scaled_8;                                                  // int8/parts.py
    let low_36 = loads_9.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_36 = (loads_9.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_37 = loads_9.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_37 = (loads_9.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_38 = loads_9.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_38 = (loads_9.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_39 = loads_9.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_39 = (loads_9.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_9 = (dot4I8Packed(low_36, half_4.x) + dot4I8Packed(high_36, half_4.y)
        + dot4I8Packed(low_37, half_4.z) + dot4I8Packed(high_37, half_4.w)
        + dot4I8Packed(low_38, half_5.x) + dot4I8Packed(high_38, half_5.y)
        + dot4I8Packed(low_39, half_5.z) + dot4I8Packed(high_39, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_9 = f32(products_9 + dot4I8Packed(low_36, half_6.x)
        + dot4I8Packed(high_36, half_6.y) + dot4I8Packed(low_37, half_6.z)
        + dot4I8Packed(high_37, half_6.w) + dot4I8Packed(low_38, half_7.x)
        + dot4I8Packed(high_38, half_7.y) + dot4I8Packed(low_39, half_7.z)
        + dot4I8Packed(high_39, half_7.w)) * (f32(scales[at_9]) * code_scale_1);  // int8/parts.py
    sum_1_4 += scaled_9;                                                  // int8/parts.py
    let low_40 = loads_10.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_40 = (loads_10.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_41 = loads_10.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_41 = (loads_10.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_42 = loads_10.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_42 = (loads_10.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_43 = loads_10.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_43 = (loads_10.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_10 = (dot4I8Packed(low_40, half_4.x) + dot4I8Packed(high_40, half_4.y)
        + dot4I8Packed(low_41, half_4.z) + dot4I8Packed(high_41, half_4.w)
        + dot4I8Packed(low_42, half_5.x) + dot4I8Packed(high_42, half_5.y)
        + dot4I8Packed(low_43, half_5.z) + dot4I8Packed(high_43, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_10 = f32(products_10 + dot4I8Packed(low_40, half_6.x)
        + dot4I8Packed(high_40, half_6.y) + dot4I8Packed(low_41, half_6.z)
        + dot4I8Packed(high_41, half_6.w) + dot4I8Packed(low_42, half_7.x)
        + dot4I8Packed(high_42, half_7.y) + dot4I8Packed(low_43, half_7.z)
        + dot4I8Packed(high_43, half_7.w)) * (f32(scales[at_10]) * code_scale_1);  // int8/parts.py
    sum_2_4 += scaled_10;                                                 // int8/parts.py
    let low_44 = loads_11.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_44 = (loads_11.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_45 = loads_11.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_45 = (loads_11.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_46 = loads_11.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_46 = (loads_11.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_47 = loads_11.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_47 = (loads_11.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_11 = (dot4I8Packed(low_44, half_4.x) + dot4I8Packed(high_44, half_4.y)
        + dot4I8Packed(low_45, half_4.z) + dot4I8Packed(high_45, half_4.w)
        + dot4I8Packed(low_46, half_5.x) + dot4I8Packed(high_46, half_5.y)
        + dot4I8Packed(low_47, half_5.z) + dot4I8Packed(high_47, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_11 = f32(products_11 + dot4I8Packed(low_44, half_6.x)
        + dot4I8Packed(high_44, half_6.y) + dot4I8Packed(low_45, half_6.z)
        + dot4I8Packed(high_45, half_6.w) + dot4I8Packed(low_46, half_7.x)
        + dot4I8Packed(high_46, half_7.y) + dot4I8Packed(low_47, half_7.z)
        + dot4I8Packed(high_47, half_7.w)) * (f32(scales[at_11]) * code_scale_1);  // int8/parts.py
    sum_3_4 += scaled_11;                                                 // int8/parts.py
    let low_48 = loads_12.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_48 = (loads_12.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_49 = loads_12.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_49 = (loads_12.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_50 = loads_12.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_50 = (loads_12.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_51 = loads_12.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_51 = (loads_12.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_12 = (dot4I8Packed(low_48, half_4.x) + dot4I8Packed(high_48, half_4.y)
        + dot4I8Packed(low_49, half_4.z) + dot4I8Packed(high_49, half_4.w)
        + dot4I8Packed(low_50, half_5.x) + dot4I8Packed(high_50, half_5.y)
        + dot4I8Packed(low_51, half_5.z) + dot4I8Packed(high_51, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_12 = f32(products_12 + dot4I8Packed(low_48, half_6.x)
        + dot4I8Packed(high_48, half_6.y) + dot4I8Packed(low_49, half_6.z)
        + dot4I8Packed(high_49, half_6.w) + dot4I8Packed(low_50, half_7.x)
        + dot4I8Packed(high_50, half_7.y) + dot4I8Packed(low_51, half_7.z)
        + dot4I8Packed(high_51, half_7.w)) * (f32(scales[at_12]) * code_scale_1);  // int8/parts.py
    sum_4_4 += scaled_12;                                                 // int8/parts.py
    let low_52 = loads_13.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_52 = (loads_13.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_53 = loads_13.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_53 = (loads_13.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_54 = loads_13.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_54 = (loads_13.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_55 = loads_13.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_55 = (loads_13.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_13 = (dot4I8Packed(low_52, half_4.x) + dot4I8Packed(high_52, half_4.y)
        + dot4I8Packed(low_53, half_4.z) + dot4I8Packed(high_53, half_4.w)
        + dot4I8Packed(low_54, half_5.x) + dot4I8Packed(high_54, half_5.y)
        + dot4I8Packed(low_55, half_5.z) + dot4I8Packed(high_55, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_13 = f32(products_13 + dot4I8Packed(low_52, half_6.x)
        + dot4I8Packed(high_52, half_6.y) + dot4I8Packed(low_53, half_6.z)
        + dot4I8Packed(high_53, half_6.w) + dot4I8Packed(low_54, half_7.x)
        + dot4I8Packed(high_54, half_7.y) + dot4I8Packed(low_55, half_7.z)
        + dot4I8Packed(high_55, half_7.w)) * (f32(scales[at_13]) * code_scale_1);  // int8/parts.py
    sum_5_4 += scaled_13;                                                 // int8/parts.py
    let low_56 = loads_14.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_56 = (loads_14.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_57 = loads_14.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_57 = (loads_14.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_58 = loads_14.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_58 = (loads_14.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_59 = loads_14.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_59 = (loads_14.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_14 = (dot4I8Packed(low_56, half_4.x) + dot4I8Packed(high_56, half_4.y)
        + dot4I8Packed(low_57, half_4.z) + dot4I8Packed(high_57, half_4.w)
        + dot4I8Packed(low_58, half_5.x) + dot4I8Packed(high_58, half_5.y)
        + dot4I8Packed(low_59, half_5.z) + dot4I8Packed(high_59, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_14 = f32(products_14 + dot4I8Packed(low_56, half_6.x)
        + dot4I8Packed(high_56, half_6.y) + dot4I8Packed(low_57, half_6.z)
        + dot4I8Packed(high_57, half_6.w) + dot4I8Packed(low_58, half_7.x)
        + dot4I8Packed(high_58, half_7.y) + dot4I8Packed(low_59, half_7.z)
        + dot4I8Packed(high_59, half_7.w)) * (f32(scales[at_14]) * code_scale_1);  // int8/parts.py
    sum_6_4 += scaled_14;                                                 // int8/parts.py
    let low_60 = loads_15.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_60 = (loads_15.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_61 = loads_15.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_61 = (loads_15.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_62 = loads_15.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_62 = (loads_15.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_63 = loads_15.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_63 = (loads_15.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_15 = (dot4I8Packed(low_60, half_4.x) + dot4I8Packed(high_60, half_4.y)
        + dot4I8Packed(low_61, half_4.z) + dot4I8Packed(high_61, half_4.w)
        + dot4I8Packed(low_62, half_5.x) + dot4I8Packed(high_62, half_5.y)
        + dot4I8Packed(low_63, half_5.z) + dot4I8Packed(high_63, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_15 = f32(products_15 + dot4I8Packed(low_60, half_6.x)
        + dot4I8Packed(high_60, half_6.y) + dot4I8Packed(low_61, half_6.z)
        + dot4I8Packed(high_61, half_6.w) + dot4I8Packed(low_62, half_7.x)
        + dot4I8Packed(high_62, half_7.y) + dot4I8Packed(low_63, half_7.z)
        + dot4I8Packed(high_63, half_7.w)) * (f32(scales[at_15]) * code_scale_1);  // int8/parts.py
    sum_7_4 += scaled_15;                                                 // int8/parts.py
  }
  let sums_0_4 = subgroupAdd(sum_0_4);                                    // int8/results.py
  let sums_1_4 = subgroupAdd(sum_1_4);
  let sums_2_4 = subgroupAdd(sum_2_4);
  let sums_3_4 = subgroupAdd(sum_3_4);
  let sums_4_4 = subgroupAdd(sum_4_4);
  let sums_5_4 = subgroupAdd(sum_5_4);
  let sums_6_4 = subgroupAdd(sum_6_4);
  let sums_7_4 = subgroupAdd(sum_7_4);
  if (subgroup_lane == 0u) {                                              // int8/results.py
    let index = local_id.x / subgroup_size * 65u;                         // int8/results.py
    partial_sums[32u + index] = sums_0_4;
    partial_sums[33u + index] = sums_1_4;
    partial_sums[34u + index] = sums_2_4;
    partial_sums[35u + index] = sums_3_4;
    partial_sums[36u + index] = sums_4_4;
    partial_sums[37u + index] = sums_5_4;
    partial_sums[38u + index] = sums_6_4;
    partial_sums[39u + index] = sums_7_4;
  }
  var sum_0_5: f32 = 0.0;                                                 // int8/parts.py
  var sum_1_5: f32 = 0.0;
  var sum_2_5: f32 = 0.0;
  var sum_3_5: f32 = 0.0;
  var sum_4_5: f32 = 0.0;
  var sum_5_5: f32 = 0.0;
  var sum_6_5: f32 = 0.0;
  var sum_7_5: f32 = 0.0;
  for (var group = local_id.x; group < 64u; group += 64u) {               // int8/body.py
    let row_8 = row + 40u;                                                // int8/body.py
    let at_8 = row_8 * 64u + group;                                       // parts/packed_rows.py
    let loads_8 = quants[at_8];                                           // parts/packed_rows.py
    let row_9 = row + 41u;                                                // int8/body.py
    let at_9 = row_9 * 64u + group;                                       // parts/packed_rows.py
    let loads_9 = quants[at_9];                                           // parts/packed_rows.py
    let row_10 = row + 42u;                                               // int8/body.py
    let at_10 = row_10 * 64u + group;                                     // parts/packed_rows.py
    let loads_10 = quants[at_10];                                         // parts/packed_rows.py
    let row_11 = row + 43u;                                               // int8/body.py
    let at_11 = row_11 * 64u + group;                                     // parts/packed_rows.py
    let loads_11 = quants[at_11];                                         // parts/packed_rows.py
    let row_12 = row + 44u;                                               // int8/body.py
    let at_12 = row_12 * 64u + group;                                     // parts/packed_rows.py
    let loads_12 = quants[at_12];                                         // parts/packed_rows.py
    let row_13 = row + 45u;                                               // int8/body.py
    let at_13 = row_13 * 64u + group;                                     // parts/packed_rows.py
    let loads_13 = quants[at_13];                                         // parts/packed_rows.py
    let row_14 = row + 46u;                                               // int8/body.py
    let at_14 = row_14 * 64u + group;                                     // parts/packed_rows.py
    let loads_14 = quants[at_14];                                         // parts/packed_rows.py
    let row_15 = row + 47u;                                               // int8/body.py
    let at_15 = row_15 * 64u + group;                                     // parts/packed_rows.py
    let loads_15 = quants[at_15];                                         // parts/packed_rows.py
    let half_4 = x[group];                                                // int8/parts.py
    let half_5 = x[group + 64u];
    let half_6 = x[group + 128u];
    let half_7 = x[group + 192u];
    let factors_1 = x[group + 256u];
    let code_scale_1 = bitcast<f32>(factors_1.x);                         // int8/parts.py
    let start_1 = bitcast<i32>(factors_1.y) * -8i;                        // int8/parts.py
    let low_32 = loads_8.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_32 = (loads_8.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_33 = loads_8.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_33 = (loads_8.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_34 = loads_8.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_34 = (loads_8.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_35 = loads_8.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_35 = (loads_8.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_8 = (dot4I8Packed(low_32, half_4.x) + dot4I8Packed(high_32, half_4.y)
        + dot4I8Packed(low_33, half_4.z) + dot4I8Packed(high_33, half_4.w)
        + dot4I8Packed(low_34, half_5.x) + dot4I8Packed(high_34, half_5.y)
        + dot4I8Packed(low_35, half_5.z) + dot4I8Packed(high_35, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_8 = f32(products_8 + dot4I8Packed(low_32, half_6.x)
        + dot4I8Packed(high_32, half_6.y) + dot4I8Packed(low_33, half_6.z)
        + dot4I8Packed(high_33, half_6.w) + dot4I8Packed(low_34, half_7.x)
        + dot4I8Packed(high_34, half_7.y) + dot4I8Packed(low_35, half_7.z)
        + dot4I8Packed(high_35, half_7.w)) * (f32(scales[at_8]) * code_scale_1);  // int8/parts.py
    sum_0_5 += scaled_8;                                                  // int8/parts.py
    let low_36 = loads_9.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_36 = (loads_9.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_37 = loads_9.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_37 = (loads_9.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_38 = loads_9.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_38 = (loads_9.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_39 = loads_9.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_39 = (loads_9.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_9 = (dot4I8Packed(low_36, half_4.x) + dot4I8Packed(high_36, half_4.y)
        + dot4I8Packed(low_37, half_4.z) + dot4I8Packed(high_37, half_4.w)
        + dot4I8Packed(low_38, half_5.x) + dot4I8Packed(high_38, half_5.y)
        + dot4I8Packed(low_39, half_5.z) + dot4I8Packed(high_39, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_9 = f32(products_9 + dot4I8Packed(low_36, half_6.x)
        + dot4I8Packed(high_36, half_6.y) + dot4I8Packed(low_37, half_6.z)
        + dot4I8Packed(high_37, half_6.w) + dot4I8Packed(low_38, half_7.x)
        + dot4I8Packed(high_38, half_7.y) + dot4I8Packed(low_39, half_7.z)
        + dot4I8Packed(high_39, half_7.w)) * (f32(scales[at_9]) * code_scale_1);  // int8/parts.py
    sum_1_5 += scaled_9;                                                  // int8/parts.py
    let low_40 = loads_10.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_40 = (loads_10.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_41 = loads_10.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_41 = (loads_10.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_42 = loads_10.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_42 = (loads_10.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_43 = loads_10.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_43 = (loads_10.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_10 = (dot4I8Packed(low_40, half_4.x) + dot4I8Packed(high_40, half_4.y)
        + dot4I8Packed(low_41, half_4.z) + dot4I8Packed(high_41, half_4.w)
        + dot4I8Packed(low_42, half_5.x) + dot4I8Packed(high_42, half_5.y)
        + dot4I8Packed(low_43, half_5.z) + dot4I8Packed(high_43, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_10 = f32(products_10 + dot4I8Packed(low_40, half_6.x)
        + dot4I8Packed(high_40, half_6.y) + dot4I8Packed(low_41, half_6.z)
        + dot4I8Packed(high_41, half_6.w) + dot4I8Packed(low_42, half_7.x)
        + dot4I8Packed(high_42, half_7.y) + dot4I8Packed(low_43, half_7.z)
        + dot4I8Packed(high_43, half_7.w)) * (f32(scales[at_10]) * code_scale_1);  // int8/parts.py
    sum_2_5 += scaled_10;                                                 // int8/parts.py
    let low_44 = loads_11.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_44 = (loads_11.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_45 = loads_11.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_45 = (loads_11.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_46 = loads_11.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_46 = (loads_11.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_47 = loads_11.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_47 = (loads_11.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_11 = (dot4I8Packed(low_44, half_4.x) + dot4I8Packed(high_44, half_4.y)
        + dot4I8Packed(low_45, half_4.z) + dot4I8Packed(high_45, half_4.w)
        + dot4I8Packed(low_46, half_5.x) + dot4I8Packed(high_46, half_5.y)
        + dot4I8Packed(low_47, half_5.z) + dot4I8Packed(high_47, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_11 = f32(products_11 + dot4I8Packed(low_44, half_6.x)
        + dot4I8Packed(high_44, half_6.y) + dot4I8Packed(low_45, half_6.z)
        + dot4I8Packed(high_45, half_6.w) + dot4I8Packed(low_46, half_7.x)
        + dot4I8Packed(high_46, half_7.y) + dot4I8Packed(low_47, half_7.z)
        + dot4I8Packed(high_47, half_7.w)) * (f32(scales[at_11]) * code_scale_1);  // int8/parts.py
    sum_3_5 += scaled_11;                                                 // int8/parts.py
    let low_48 = loads_12.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_48 = (loads_12.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_49 = loads_12.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_49 = (loads_12.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_50 = loads_12.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_50 = (loads_12.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_51 = loads_12.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_51 = (loads_12.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_12 = (dot4I8Packed(low_48, half_4.x) + dot4I8Packed(high_48, half_4.y)
        + dot4I8Packed(low_49, half_4.z) + dot4I8Packed(high_49, half_4.w)
        + dot4I8Packed(low_50, half_5.x) + dot4I8Packed(high_50, half_5.y)
        + dot4I8Packed(low_51, half_5.z) + dot4I8Packed(high_51, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_12 = f32(products_12 + dot4I8Packed(low_48, half_6.x)
        + dot4I8Packed(high_48, half_6.y) + dot4I8Packed(low_49, half_6.z)
        + dot4I8Packed(high_49, half_6.w) + dot4I8Packed(low_50, half_7.x)
        + dot4I8Packed(high_50, half_7.y) + dot4I8Packed(low_51, half_7.z)
        + dot4I8Packed(high_51, half_7.w)) * (f32(scales[at_12]) * code_scale_1);  // int8/parts.py
    sum_4_5 += scaled_12;                                                 // int8/parts.py
    let low_52 = loads_13.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_52 = (loads_13.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_53 = loads_13.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_53 = (loads_13.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_54 = loads_13.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_54 = (loads_13.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_55 = loads_13.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_55 = (loads_13.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_13 = (dot4I8Packed(low_52, half_4.x) + dot4I8Packed(high_52, half_4.y)
        + dot4I8Packed(low_53, half_4.z) + dot4I8Packed(high_53, half_4.w)
        + dot4I8Packed(low_54, half_5.x) + dot4I8Packed(high_54, half_5.y)
        + dot4I8Packed(low_55, half_5.z) + dot4I8Packed(high_55, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_13 = f32(products_13 + dot4I8Packed(low_52, half_6.x)
        + dot4I8Packed(high_52, half_6.y) + dot4I8Packed(low_53, half_6.z)
        + dot4I8Packed(high_53, half_6.w) + dot4I8Packed(low_54, half_7.x)
        + dot4I8Packed(high_54, half_7.y) + dot4I8Packed(low_55, half_7.z)
        + dot4I8Packed(high_55, half_7.w)) * (f32(scales[at_13]) * code_scale_1);  // int8/parts.py
    sum_5_5 += scaled_13;                                                 // int8/parts.py
    let low_56 = loads_14.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_56 = (loads_14.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_57 = loads_14.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_57 = (loads_14.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_58 = loads_14.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_58 = (loads_14.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_59 = loads_14.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_59 = (loads_14.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_14 = (dot4I8Packed(low_56, half_4.x) + dot4I8Packed(high_56, half_4.y)
        + dot4I8Packed(low_57, half_4.z) + dot4I8Packed(high_57, half_4.w)
        + dot4I8Packed(low_58, half_5.x) + dot4I8Packed(high_58, half_5.y)
        + dot4I8Packed(low_59, half_5.z) + dot4I8Packed(high_59, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_14 = f32(products_14 + dot4I8Packed(low_56, half_6.x)
        + dot4I8Packed(high_56, half_6.y) + dot4I8Packed(low_57, half_6.z)
        + dot4I8Packed(high_57, half_6.w) + dot4I8Packed(low_58, half_7.x)
        + dot4I8Packed(high_58, half_7.y) + dot4I8Packed(low_59, half_7.z)
        + dot4I8Packed(high_59, half_7.w)) * (f32(scales[at_14]) * code_scale_1);  // int8/parts.py
    sum_6_5 += scaled_14;                                                 // int8/parts.py
    let low_60 = loads_15.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_60 = (loads_15.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_61 = loads_15.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_61 = (loads_15.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_62 = loads_15.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_62 = (loads_15.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_63 = loads_15.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_63 = (loads_15.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_15 = (dot4I8Packed(low_60, half_4.x) + dot4I8Packed(high_60, half_4.y)
        + dot4I8Packed(low_61, half_4.z) + dot4I8Packed(high_61, half_4.w)
        + dot4I8Packed(low_62, half_5.x) + dot4I8Packed(high_62, half_5.y)
        + dot4I8Packed(low_63, half_5.z) + dot4I8Packed(high_63, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_15 = f32(products_15 + dot4I8Packed(low_60, half_6.x)
        + dot4I8Packed(high_60, half_6.y) + dot4I8Packed(low_61, half_6.z)
        + dot4I8Packed(high_61, half_6.w) + dot4I8Packed(low_62, half_7.x)
        + dot4I8Packed(high_62, half_7.y) + dot4I8Packed(low_63, half_7.z)
        + dot4I8Packed(high_63, half_7.w)) * (f32(scales[at_15]) * code_scale_1);  // int8/parts.py
    sum_7_5 += scaled_15;                                                 // int8/parts.py
  }
  let sums_0_5 = subgroupAdd(sum_0_5);                                    // int8/results.py
  let sums_1_5 = subgroupAdd(sum_1_5);
  let sums_2_5 = subgroupAdd(sum_2_5);
  let sums_3_5 = subgroupAdd(sum_3_5);
  let sums_4_5 = subgroupAdd(sum_4_5);
  let sums_5_5 = subgroupAdd(sum_5_5);
  let sums_6_5 = subgroupAdd(sum_6_5);
  let sums_7_5 = subgroupAdd(sum_7_5);
  if (subgroup_lane == 0u) {                                              // int8/results.py
    let index = local_id.x / subgroup_size * 65u;                         // int8/results.py
    partial_sums[40u + index] = sums_0_5;
    partial_sums[41u + index] = sums_1_5;
    partial_sums[42u + index] = sums_2_5;
    partial_sums[43u + index] = sums_3_5;
    partial_sums[44u + index] = sums_4_5;
    partial_sums[45u + index] = sums_5_5;
    partial_sums[46u + index] = sums_6_5;
    partial_sums[47u + index] = sums_7_5;
  }
  var sum_0_6: f32 = 0.0;                                                 // int8/parts.py
  var sum_1_6: f32 = 0.0;
  var sum_2_6: f32 = 0.0;
  var sum_3_6: f32 = 0.0;
  var sum_4_6: f32 = 0.0;
  var sum_5_6: f32 = 0.0;
  var sum_6_6: f32 = 0.0;
  var sum_7_6: f32 = 0.0;
  for (var group = local_id.x; group < 64u; group += 64u) {               // int8/body.py
    let row_8 = row + 48u;                                                // int8/body.py
    let at_8 = row_8 * 64u + group;                                       // parts/packed_rows.py
    let loads_8 = quants[at_8];                                           // parts/packed_rows.py
    let row_9 = row + 49u;                                                // int8/body.py
    let at_9 = row_9 * 64u + group;                                       // parts/packed_rows.py
    let loads_9 = quants[at_9];                                           // parts/packed_rows.py
    let row_10 = row + 50u;                                               // int8/body.py
    let at_10 = row_10 * 64u + group;                                     // parts/packed_rows.py
    let loads_10 = quants[at_10];                                         // parts/packed_rows.py
    let row_11 = row + 51u;                                               // int8/body.py
    let at_11 = row_11 * 64u + group;                                     // parts/packed_rows.py
    let loads_11 = quants[at_11];                                         // parts/packed_rows.py
    let row_12 = row + 52u;                                               // int8/body.py
    let at_12 = row_12 * 64u + group;                                     // parts/packed_rows.py
    let loads_12 = quants[at_12];                                         // parts/packed_rows.py
    let row_13 = row + 53u;                                               // int8/body.py
    let at_13 = row_13 * 64u + group;                                     // parts/packed_rows.py
    let loads_13 = quants[at_13];                                         // parts/packed_rows.py
    let row_14 = row + 54u;                                               // int8/body.py
    let at_14 = row_14 * 64u + group;                                     // parts/packed_rows.py
    let loads_14 = quants[at_14];                                         // parts/packed_rows.py
    let row_15 = row + 55u;                                               // int8/body.py
    let at_15 = row_15 * 64u + group;                                     // parts/packed_rows.py
    let loads_15 = quants[at_15];                                         // parts/packed_rows.py
    let half_4 = x[group];                                                // int8/parts.py
    let half_5 = x[group + 64u];
    let half_6 = x[group + 128u];
    let half_7 = x[group + 192u];
    let factors_1 = x[group + 256u];
    let code_scale_1 = bitcast<f32>(factors_1.x);                         // int8/parts.py
    let start_1 = bitcast<i32>(factors_1.y) * -8i;                        // int8/parts.py
    let low_32 = loads_8.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_32 = (loads_8.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_33 = loads_8.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_33 = (loads_8.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_34 = loads_8.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_34 = (loads_8.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_35 = loads_8.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_35 = (loads_8.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_8 = (dot4I8Packed(low_32, half_4.x) + dot4I8Packed(high_32, half_4.y)
        + dot4I8Packed(low_33, half_4.z) + dot4I8Packed(high_33, half_4.w)
        + dot4I8Packed(low_34, half_5.x) + dot4I8Packed(high_34, half_5.y)
        + dot4I8Packed(low_35, half_5.z) + dot4I8Packed(high_35, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_8 = f32(products_8 + dot4I8Packed(low_32, half_6.x)
        + dot4I8Packed(high_32, half_6.y) + dot4I8Packed(low_33, half_6.z)
        + dot4I8Packed(high_33, half_6.w) + dot4I8Packed(low_34, half_7.x)
        + dot4I8Packed(high_34, half_7.y) + dot4I8Packed(low_35, half_7.z)
        + dot4I8Packed(high_35, half_7.w)) * (f32(scales[at_8]) * code_scale_1);  // int8/parts.py
    sum_0_6 += scaled_8;                                                  // int8/parts.py
    let low_36 = loads_9.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_36 = (loads_9.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_37 = loads_9.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_37 = (loads_9.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_38 = loads_9.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_38 = (loads_9.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_39 = loads_9.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_39 = (loads_9.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_9 = (dot4I8Packed(low_36, half_4.x) + dot4I8Packed(high_36, half_4.y)
        + dot4I8Packed(low_37, half_4.z) + dot4I8Packed(high_37, half_4.w)
        + dot4I8Packed(low_38, half_5.x) + dot4I8Packed(high_38, half_5.y)
        + dot4I8Packed(low_39, half_5.z) + dot4I8Packed(high_39, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_9 = f32(products_9 + dot4I8Packed(low_36, half_6.x)
        + dot4I8Packed(high_36, half_6.y) + dot4I8Packed(low_37, half_6.z)
        + dot4I8Packed(high_37, half_6.w) + dot4I8Packed(low_38, half_7.x)
        + dot4I8Packed(high_38, half_7.y) + dot4I8Packed(low_39, half_7.z)
        + dot4I8Packed(high_39, half_7.w)) * (f32(scales[at_9]) * code_scale_1);  // int8/parts.py
    sum_1_6 += scaled_9;                                                  // int8/parts.py
    let low_40 = loads_10.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_40 = (loads_10.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_41 = loads_10.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_41 = (loads_10.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_42 = loads_10.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_42 = (loads_10.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_43 = loads_10.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_43 = (loads_10.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_10 = (dot4I8Packed(low_40, half_4.x) + dot4I8Packed(high_40, half_4.y)
        + dot4I8Packed(low_41, half_4.z) + dot4I8Packed(high_41, half_4.w)
        + dot4I8Packed(low_42, half_5.x) + dot4I8Packed(high_42, half_5.y)
        + dot4I8Packed(low_43, half_5.z) + dot4I8Packed(high_43, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_10 = f32(products_10 + dot4I8Packed(low_40, half_6.x)
        + dot4I8Packed(high_40, half_6.y) + dot4I8Packed(low_41, half_6.z)
        + dot4I8Packed(high_41, half_6.w) + dot4I8Packed(low_42, half_7.x)
        + dot4I8Packed(high_42, half_7.y) + dot4I8Packed(low_43, half_7.z)
        + dot4I8Packed(high_43, half_7.w)) * (f32(scales[at_10]) * code_scale_1);  // int8/parts.py
    sum_2_6 += scaled_10;                                                 // int8/parts.py
    let low_44 = loads_11.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_44 = (loads_11.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_45 = loads_11.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_45 = (loads_11.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_46 = loads_11.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_46 = (loads_11.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_47 = loads_11.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_47 = (loads_11.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_11 = (dot4I8Packed(low_44, half_4.x) + dot4I8Packed(high_44, half_4.y)
        + dot4I8Packed(low_45, half_4.z) + dot4I8Packed(high_45, half_4.w)
        + dot4I8Packed(low_46, half_5.x) + dot4I8Packed(high_46, half_5.y)
        + dot4I8Packed(low_47, half_5.z) + dot4I8Packed(high_47, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_11 = f32(products_11 + dot4I8Packed(low_44, half_6.x)
        + dot4I8Packed(high_44, half_6.y) + dot4I8Packed(low_45, half_6.z)
        + dot4I8Packed(high_45, half_6.w) + dot4I8Packed(low_46, half_7.x)
        + dot4I8Packed(high_46, half_7.y) + dot4I8Packed(low_47, half_7.z)
        + dot4I8Packed(high_47, half_7.w)) * (f32(scales[at_11]) * code_scale_1);  // int8/parts.py
    sum_3_6 += scaled_11;                                                 // int8/parts.py
    let low_48 = loads_12.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_48 = (loads_12.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_49 = loads_12.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_49 = (loads_12.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_50 = loads_12.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_50 = (loads_12.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_51 = loads_12.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_51 = (loads_12.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_12 = (dot4I8Packed(low_48, half_4.x) + dot4I8Packed(high_48, half_4.y)
        + dot4I8Packed(low_49, half_4.z) + dot4I8Packed(high_49, half_4.w)
        + dot4I8Packed(low_50, half_5.x) + dot4I8Packed(high_50, half_5.y)
        + dot4I8Packed(low_51, half_5.z) + dot4I8Packed(high_51, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_12 = f32(products_12 + dot4I8Packed(low_48, half_6.x)
        + dot4I8Packed(high_48, half_6.y) + dot4I8Packed(low_49, half_6.z)
        + dot4I8Packed(high_49, half_6.w) + dot4I8Packed(low_50, half_7.x)
        + dot4I8Packed(high_50, half_7.y) + dot4I8Packed(low_51, half_7.z)
        + dot4I8Packed(high_51, half_7.w)) * (f32(scales[at_12]) * code_scale_1);  // int8/parts.py
    sum_4_6 += scaled_12;                                                 // int8/parts.py
    let low_52 = loads_13.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_52 = (loads_13.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_53 = loads_13.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_53 = (loads_13.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_54 = loads_13.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_54 = (loads_13.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_55 = loads_13.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_55 = (loads_13.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_13 = (dot4I8Packed(low_52, half_4.x) + dot4I8Packed(high_52, half_4.y)
        + dot4I8Packed(low_53, half_4.z) + dot4I8Packed(high_53, half_4.w)
        + dot4I8Packed(low_54, half_5.x) + dot4I8Packed(high_54, half_5.y)
        + dot4I8Packed(low_55, half_5.z) + dot4I8Packed(high_55, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_13 = f32(products_13 + dot4I8Packed(low_52, half_6.x)
        + dot4I8Packed(high_52, half_6.y) + dot4I8Packed(low_53, half_6.z)
        + dot4I8Packed(high_53, half_6.w) + dot4I8Packed(low_54, half_7.x)
        + dot4I8Packed(high_54, half_7.y) + dot4I8Packed(low_55, half_7.z)
        + dot4I8Packed(high_55, half_7.w)) * (f32(scales[at_13]) * code_scale_1);  // int8/parts.py
    sum_5_6 += scaled_13;                                                 // int8/parts.py
    let low_56 = loads_14.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_56 = (loads_14.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_57 = loads_14.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_57 = (loads_14.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_58 = loads_14.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_58 = (loads_14.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_59 = loads_14.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_59 = (loads_14.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_14 = (dot4I8Packed(low_56, half_4.x) + dot4I8Packed(high_56, half_4.y)
        + dot4I8Packed(low_57, half_4.z) + dot4I8Packed(high_57, half_4.w)
        + dot4I8Packed(low_58, half_5.x) + dot4I8Packed(high_58, half_5.y)
        + dot4I8Packed(low_59, half_5.z) + dot4I8Packed(high_59, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_14 = f32(products_14 + dot4I8Packed(low_56, half_6.x)
        + dot4I8Packed(high_56, half_6.y) + dot4I8Packed(low_57, half_6.z)
        + dot4I8Packed(high_57, half_6.w) + dot4I8Packed(low_58, half_7.x)
        + dot4I8Packed(high_58, half_7.y) + dot4I8Packed(low_59, half_7.z)
        + dot4I8Packed(high_59, half_7.w)) * (f32(scales[at_14]) * code_scale_1);  // int8/parts.py
    sum_6_6 += scaled_14;                                                 // int8/parts.py
    let low_60 = loads_15.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_60 = (loads_15.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_61 = loads_15.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_61 = (loads_15.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_62 = loads_15.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_62 = (loads_15.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_63 = loads_15.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_63 = (loads_15.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_15 = (dot4I8Packed(low_60, half_4.x) + dot4I8Packed(high_60, half_4.y)
        + dot4I8Packed(low_61, half_4.z) + dot4I8Packed(high_61, half_4.w)
        + dot4I8Packed(low_62, half_5.x) + dot4I8Packed(high_62, half_5.y)
        + dot4I8Packed(low_63, half_5.z) + dot4I8Packed(high_63, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_15 = f32(products_15 + dot4I8Packed(low_60, half_6.x)
        + dot4I8Packed(high_60, half_6.y) + dot4I8Packed(low_61, half_6.z)
        + dot4I8Packed(high_61, half_6.w) + dot4I8Packed(low_62, half_7.x)
        + dot4I8Packed(high_62, half_7.y) + dot4I8Packed(low_63, half_7.z)
        + dot4I8Packed(high_63, half_7.w)) * (f32(scales[at_15]) * code_scale_1);  // int8/parts.py
    sum_7_6 += scaled_15;                                                 // int8/parts.py
  }
  let sums_0_6 = subgroupAdd(sum_0_6);                                    // int8/results.py
  let sums_1_6 = subgroupAdd(sum_1_6);
  let sums_2_6 = subgroupAdd(sum_2_6);
  let sums_3_6 = subgroupAdd(sum_3_6);
  let sums_4_6 = subgroupAdd(sum_4_6);
  let sums_5_6 = subgroupAdd(sum_5_6);
  let sums_6_6 = subgroupAdd(sum_6_6);
  let sums_7_6 = subgroupAdd(sum_7_6);
  if (subgroup_lane == 0u) {                                              // int8/results.py
    let index = local_id.x / subgroup_size * 65u;                         // int8/results.py
    partial_sums[48u + index] = sums_0_6;
    partial_sums[49u + index] = sums_1_6;
    partial_sums[50u + index] = sums_2_6;
    partial_sums[51u + index] = sums_3_6;
    partial_sums[52u + index] = sums_4_6;
    partial_sums[53u + index] = sums_5_6;
    partial_sums[54u + index] = sums_6_6;
    partial_sums[55u + index] = sums_7_6;
  }
  var sum_0_7: f32 = 0.0;                                                 // int8/parts.py
  var sum_1_7: f32 = 0.0;
  var sum_2_7: f32 = 0.0;
  var sum_3_7: f32 = 0.0;
  var sum_4_7: f32 = 0.0;
  var sum_5_7: f32 = 0.0;
  var sum_6_7: f32 = 0.0;
  var sum_7_7: f32 = 0.0;
  for (var group = local_id.x; group < 64u; group += 64u) {               // int8/body.py
    let row_8 = row + 56u;                                                // int8/body.py
    let at_8 = row_8 * 64u + group;                                       // parts/packed_rows.py
    let loads_8 = quants[at_8];                                           // parts/packed_rows.py
    let row_9 = row + 57u;                                                // int8/body.py
    let at_9 = row_9 * 64u + group;                                       // parts/packed_rows.py
    let loads_9 = quants[at_9];                                           // parts/packed_rows.py
    let row_10 = row + 58u;                                               // int8/body.py
    let at_10 = row_10 * 64u + group;                                     // parts/packed_rows.py
    let loads_10 = quants[at_10];                                         // parts/packed_rows.py
    let row_11 = row + 59u;                                               // int8/body.py
    let at_11 = row_11 * 64u + group;                                     // parts/packed_rows.py
    let loads_11 = quants[at_11];                                         // parts/packed_rows.py
    let row_12 = row + 60u;                                               // int8/body.py
    let at_12 = row_12 * 64u + group;                                     // parts/packed_rows.py
    let loads_12 = quants[at_12];                                         // parts/packed_rows.py
    let row_13 = row + 61u;                                               // int8/body.py
    let at_13 = row_13 * 64u + group;                                     // parts/packed_rows.py
    let loads_13 = quants[at_13];                                         // parts/packed_rows.py
    let row_14 = row + 62u;                                               // int8/body.py
    let at_14 = row_14 * 64u + group;                                     // parts/packed_rows.py
    let loads_14 = quants[at_14];                                         // parts/packed_rows.py
    let row_15 = row + 63u;                                               // int8/body.py
    let at_15 = row_15 * 64u + group;                                     // parts/packed_rows.py
    let loads_15 = quants[at_15];                                         // parts/packed_rows.py
    let half_4 = x[group];                                                // int8/parts.py
    let half_5 = x[group + 64u];
    let half_6 = x[group + 128u];
    let half_7 = x[group + 192u];
    let factors_1 = x[group + 256u];
    let code_scale_1 = bitcast<f32>(factors_1.x);                         // int8/parts.py
    let start_1 = bitcast<i32>(factors_1.y) * -8i;                        // int8/parts.py
    let low_32 = loads_8.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_32 = (loads_8.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_33 = loads_8.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_33 = (loads_8.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_34 = loads_8.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_34 = (loads_8.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_35 = loads_8.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_35 = (loads_8.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_8 = (dot4I8Packed(low_32, half_4.x) + dot4I8Packed(high_32, half_4.y)
        + dot4I8Packed(low_33, half_4.z) + dot4I8Packed(high_33, half_4.w)
        + dot4I8Packed(low_34, half_5.x) + dot4I8Packed(high_34, half_5.y)
        + dot4I8Packed(low_35, half_5.z) + dot4I8Packed(high_35, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_8 = f32(products_8 + dot4I8Packed(low_32, half_6.x)
        + dot4I8Packed(high_32, half_6.y) + dot4I8Packed(low_33, half_6.z)
        + dot4I8Packed(high_33, half_6.w) + dot4I8Packed(low_34, half_7.x)
        + dot4I8Packed(high_34, half_7.y) + dot4I8Packed(low_35, half_7.z)
        + dot4I8Packed(high_35, half_7.w)) * (f32(scales[at_8]) * code_scale_1);  // int8/parts.py
    sum_0_7 += scaled_8;                                                  // int8/parts.py
    let low_36 = loads_9.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_36 = (loads_9.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_37 = loads_9.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_37 = (loads_9.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_38 = loads_9.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_38 = (loads_9.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_39 = loads_9.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_39 = (loads_9.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_9 = (dot4I8Packed(low_36, half_4.x) + dot4I8Packed(high_36, half_4.y)
        + dot4I8Packed(low_37, half_4.z) + dot4I8Packed(high_37, half_4.w)
        + dot4I8Packed(low_38, half_5.x) + dot4I8Packed(high_38, half_5.y)
        + dot4I8Packed(low_39, half_5.z) + dot4I8Packed(high_39, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_9 = f32(products_9 + dot4I8Packed(low_36, half_6.x)
        + dot4I8Packed(high_36, half_6.y) + dot4I8Packed(low_37, half_6.z)
        + dot4I8Packed(high_37, half_6.w) + dot4I8Packed(low_38, half_7.x)
        + dot4I8Packed(high_38, half_7.y) + dot4I8Packed(low_39, half_7.z)
        + dot4I8Packed(high_39, half_7.w)) * (f32(scales[at_9]) * code_scale_1);  // int8/parts.py
    sum_1_7 += scaled_9;                                                  // int8/parts.py
    let low_40 = loads_10.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_40 = (loads_10.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_41 = loads_10.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_41 = (loads_10.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_42 = loads_10.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_42 = (loads_10.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_43 = loads_10.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_43 = (loads_10.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_10 = (dot4I8Packed(low_40, half_4.x) + dot4I8Packed(high_40, half_4.y)
        + dot4I8Packed(low_41, half_4.z) + dot4I8Packed(high_41, half_4.w)
        + dot4I8Packed(low_42, half_5.x) + dot4I8Packed(high_42, half_5.y)
        + dot4I8Packed(low_43, half_5.z) + dot4I8Packed(high_43, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_10 = f32(products_10 + dot4I8Packed(low_40, half_6.x)
        + dot4I8Packed(high_40, half_6.y) + dot4I8Packed(low_41, half_6.z)
        + dot4I8Packed(high_41, half_6.w) + dot4I8Packed(low_42, half_7.x)
        + dot4I8Packed(high_42, half_7.y) + dot4I8Packed(low_43, half_7.z)
        + dot4I8Packed(high_43, half_7.w)) * (f32(scales[at_10]) * code_scale_1);  // int8/parts.py
    sum_2_7 += scaled_10;                                                 // int8/parts.py
    let low_44 = loads_11.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_44 = (loads_11.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_45 = loads_11.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_45 = (loads_11.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_46 = loads_11.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_46 = (loads_11.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_47 = loads_11.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_47 = (loads_11.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_11 = (dot4I8Packed(low_44, half_4.x) + dot4I8Packed(high_44, half_4.y)
        + dot4I8Packed(low_45, half_4.z) + dot4I8Packed(high_45, half_4.w)
        + dot4I8Packed(low_46, half_5.x) + dot4I8Packed(high_46, half_5.y)
        + dot4I8Packed(low_47, half_5.z) + dot4I8Packed(high_47, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_11 = f32(products_11 + dot4I8Packed(low_44, half_6.x)
        + dot4I8Packed(high_44, half_6.y) + dot4I8Packed(low_45, half_6.z)
        + dot4I8Packed(high_45, half_6.w) + dot4I8Packed(low_46, half_7.x)
        + dot4I8Packed(high_46, half_7.y) + dot4I8Packed(low_47, half_7.z)
        + dot4I8Packed(high_47, half_7.w)) * (f32(scales[at_11]) * code_scale_1);  // int8/parts.py
    sum_3_7 += scaled_11;                                                 // int8/parts.py
    let low_48 = loads_12.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_48 = (loads_12.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_49 = loads_12.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_49 = (loads_12.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_50 = loads_12.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_50 = (loads_12.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_51 = loads_12.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_51 = (loads_12.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_12 = (dot4I8Packed(low_48, half_4.x) + dot4I8Packed(high_48, half_4.y)
        + dot4I8Packed(low_49, half_4.z) + dot4I8Packed(high_49, half_4.w)
        + dot4I8Packed(low_50, half_5.x) + dot4I8Packed(high_50, half_5.y)
        + dot4I8Packed(low_51, half_5.z) + dot4I8Packed(high_51, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_12 = f32(products_12 + dot4I8Packed(low_48, half_6.x)
        + dot4I8Packed(high_48, half_6.y) + dot4I8Packed(low_49, half_6.z)
        + dot4I8Packed(high_49, half_6.w) + dot4I8Packed(low_50, half_7.x)
        + dot4I8Packed(high_50, half_7.y) + dot4I8Packed(low_51, half_7.z)
        + dot4I8Packed(high_51, half_7.w)) * (f32(scales[at_12]) * code_scale_1);  // int8/parts.py
    sum_4_7 += scaled_12;                                                 // int8/parts.py
    let low_52 = loads_13.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_52 = (loads_13.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_53 = loads_13.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_53 = (loads_13.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_54 = loads_13.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_54 = (loads_13.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_55 = loads_13.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_55 = (loads_13.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_13 = (dot4I8Packed(low_52, half_4.x) + dot4I8Packed(high_52, half_4.y)
        + dot4I8Packed(low_53, half_4.z) + dot4I8Packed(high_53, half_4.w)
        + dot4I8Packed(low_54, half_5.x) + dot4I8Packed(high_54, half_5.y)
        + dot4I8Packed(low_55, half_5.z) + dot4I8Packed(high_55, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_13 = f32(products_13 + dot4I8Packed(low_52, half_6.x)
        + dot4I8Packed(high_52, half_6.y) + dot4I8Packed(low_53, half_6.z)
        + dot4I8Packed(high_53, half_6.w) + dot4I8Packed(low_54, half_7.x)
        + dot4I8Packed(high_54, half_7.y) + dot4I8Packed(low_55, half_7.z)
        + dot4I8Packed(high_55, half_7.w)) * (f32(scales[at_13]) * code_scale_1);  // int8/parts.py
    sum_5_7 += scaled_13;                                                 // int8/parts.py
    let low_56 = loads_14.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_56 = (loads_14.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_57 = loads_14.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_57 = (loads_14.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_58 = loads_14.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_58 = (loads_14.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_59 = loads_14.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_59 = (loads_14.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_14 = (dot4I8Packed(low_56, half_4.x) + dot4I8Packed(high_56, half_4.y)
        + dot4I8Packed(low_57, half_4.z) + dot4I8Packed(high_57, half_4.w)
        + dot4I8Packed(low_58, half_5.x) + dot4I8Packed(high_58, half_5.y)
        + dot4I8Packed(low_59, half_5.z) + dot4I8Packed(high_59, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_14 = f32(products_14 + dot4I8Packed(low_56, half_6.x)
        + dot4I8Packed(high_56, half_6.y) + dot4I8Packed(low_57, half_6.z)
        + dot4I8Packed(high_57, half_6.w) + dot4I8Packed(low_58, half_7.x)
        + dot4I8Packed(high_58, half_7.y) + dot4I8Packed(low_59, half_7.z)
        + dot4I8Packed(high_59, half_7.w)) * (f32(scales[at_14]) * code_scale_1);  // int8/parts.py
    sum_6_7 += scaled_14;                                                 // int8/parts.py
    let low_60 = loads_15.x & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_60 = (loads_15.x >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_61 = loads_15.y & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_61 = (loads_15.y >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_62 = loads_15.z & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_62 = (loads_15.z >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let low_63 = loads_15.w & 0x0f0f0f0fu;                                // formats/nibbles.py
    let high_63 = (loads_15.w >> 4u) & 0x0f0f0f0fu;                       // formats/nibbles.py
    let products_15 = (dot4I8Packed(low_60, half_4.x) + dot4I8Packed(high_60, half_4.y)
        + dot4I8Packed(low_61, half_4.z) + dot4I8Packed(high_61, half_4.w)
        + dot4I8Packed(low_62, half_5.x) + dot4I8Packed(high_62, half_5.y)
        + dot4I8Packed(low_63, half_5.z) + dot4I8Packed(high_63, half_5.w)) * 256i + start_1;  // int8/parts.py
    let scaled_15 = f32(products_15 + dot4I8Packed(low_60, half_6.x)
        + dot4I8Packed(high_60, half_6.y) + dot4I8Packed(low_61, half_6.z)
        + dot4I8Packed(high_61, half_6.w) + dot4I8Packed(low_62, half_7.x)
        + dot4I8Packed(high_62, half_7.y) + dot4I8Packed(low_63, half_7.z)
        + dot4I8Packed(high_63, half_7.w)) * (f32(scales[at_15]) * code_scale_1);  // int8/parts.py
    sum_7_7 += scaled_15;                                                 // int8/parts.py
  }
  let sums_0_7 = subgroupAdd(sum_0_7);                                    // int8/results.py
  let sums_1_7 = subgroupAdd(sum_1_7);
  let sums_2_7 = subgroupAdd(sum_2_7);
  let sums_3_7 = subgroupAdd(sum_3_7);
  let sums_4_7 = subgroupAdd(sum_4_7);
  let sums_5_7 = subgroupAdd(sum_5_7);
  let sums_6_7 = subgroupAdd(sum_6_7);
  let sums_7_7 = subgroupAdd(sum_7_7);
  if (subgroup_lane == 0u) {                                              // int8/results.py
    let index = local_id.x / subgroup_size * 65u;                         // int8/results.py
    partial_sums[56u + index] = sums_0_7;
    partial_sums[57u + index] = sums_1_7;
    partial_sums[58u + index] = sums_2_7;
    partial_sums[59u + index] = sums_3_7;
    partial_sums[60u + index] = sums_4_7;
    partial_sums[61u + index] = sums_5_7;
    partial_sums[62u + index] = sums_6_7;
    partial_sums[63u + index] = sums_7_7;
  }
  workgroupBarrier();                                                     // int8/results.py
  if (local_id.x < 32u) {                                                 // parts/distribute.py
    let result = local_id.x * 2u;                                         // int8/results.py
    let row_8 = row + result;
    if (row_8 < 384u) {                                                   // int8/results.py
      let parts = (subgroup_size + 63u) / subgroup_size;                  // int8/results.py
      var total: f32 = partial_sums[result];                              // int8/results.py
      for (var part = 1u; part < parts; part++) {                         // int8/results.py
        total += partial_sums[part * 65u + result];                       // int8/results.py
      }
      let value = total;                                                  // int8/results.py
      let result_1 = result + 1u;                                         // int8/results.py
      let parts_1 = (subgroup_size + 63u) / subgroup_size;                // int8/results.py
      var total_1: f32 = partial_sums[result_1];                          // int8/results.py
      for (var part = 1u; part < parts_1; part++) {                       // int8/results.py
        total_1 += partial_sums[part * 65u + result_1];                   // int8/results.py
      }
      let value_1 = total_1;                                              // int8/results.py
      let parts_2 = (subgroup_size + 63u) / subgroup_size;                // int8/results.py
      var total_2: f32 = partial_squares[0u];                             // int8/results.py
      for (var part = 1u; part < parts_2; part++) {                       // int8/results.py
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
    let index = local_id.x / 8u;                                          // parts/coded_groups.py
    let group = workgroup_id.x + index;
    if (group < 6u) {                                                     // parts/coded_groups.py
      let lane = local_id.x % 8u;                                         // parts/coded_groups.py
      let start_1 = index * 32u;                                          // parts/coded_groups.py
      let x_1 = vec4<f32>(code_values[start_1], code_values[start_1 + 1u],
          code_values[start_1 + 2u], code_values[start_1 + 3u]);          // parts/coded_groups.py
      let at_8 = start_1 + 4u;                                            // parts/coded_groups.py
      let at_9 = start_1 + 8u;
      let at_10 = start_1 + 12u;
      let at_11 = start_1 + 16u;
      let at_12 = start_1 + 20u;
      let at_13 = start_1 + 24u;
      let at_14 = start_1 + 28u;
      let largest = max(bitcast<vec4<u32>>(x_1) & vec4<u32>(0x7fffffffu),
          bitcast<vec4<u32>>(vec4<f32>(code_values[at_8], code_values[at_8 + 1u],
          code_values[at_8 + 2u], code_values[at_8 + 3u])) & vec4<u32>(0x7fffffffu));  // parts/coded_groups.py
      let largest_1 = max(largest, bitcast<vec4<u32>>(vec4<f32>(code_values[at_9],
          code_values[at_9 + 1u], code_values[at_9 + 2u], code_values[at_9 + 3u]))
          & vec4<u32>(0x7fffffffu));
      let largest_2 = max(largest_1,
          bitcast<vec4<u32>>(vec4<f32>(code_values[at_10], code_values[at_10 + 1u],
          code_values[at_10 + 2u], code_values[at_10 + 3u])) & vec4<u32>(0x7fffffffu));
      let largest_3 = max(largest_2,
          bitcast<vec4<u32>>(vec4<f32>(code_values[at_11], code_values[at_11 + 1u],
          code_values[at_11 + 2u], code_values[at_11 + 3u])) & vec4<u32>(0x7fffffffu));
      let largest_4 = max(largest_3,
          bitcast<vec4<u32>>(vec4<f32>(code_values[at_12], code_values[at_12 + 1u],
          code_values[at_12 + 2u], code_values[at_12 + 3u])) & vec4<u32>(0x7fffffffu));
      let largest_5 = max(largest_4,
          bitcast<vec4<u32>>(vec4<f32>(code_values[at_13], code_values[at_13 + 1u],
          code_values[at_13 + 2u], code_values[at_13 + 3u])) & vec4<u32>(0x7fffffffu));
      let largest_6 = max(largest_5,
          bitcast<vec4<u32>>(vec4<f32>(code_values[at_14], code_values[at_14 + 1u],
          code_values[at_14 + 2u], code_values[at_14 + 3u])) & vec4<u32>(0x7fffffffu));
      let largest_7 = max(max(largest_6.x, largest_6.y), max(largest_6.z, largest_6.w));  // parts/coded_groups.py
      let exponent = min(max(largest_7 >> 23u, 27u), 252u);               // parts/coded_groups.py
      let steps = f32(0x7f000000u / ((((largest_7 & 0x007fffffu) | 0x00800000u) >> 8u) + 1u))
          * bitcast<f32>((253u - exponent) << 23u);                       // parts/coded_groups.py
      let at_15 = local_id.x * 4u;                                        // parts/coded_groups.py
      let cut = vec4<i32>(vec4<f32>(code_values[at_15], code_values[at_15 + 1u],
          code_values[at_15 + 2u], code_values[at_15 + 3u]) * (steps * 8.0));  // parts/coded_groups.py
      let parts = (cut + 4i) >> vec4<u32>(3u);                            // parts/coded_groups.py
      let codes = bitcast<vec4<u32>>(parts + 128i) & vec4<u32>(65280u);   // parts/coded_groups.py
      let low_32 = (codes.x >> 8u) | codes.y;                             // parts/coded_groups.py
      let high_32 = (codes.z << 8u) | (codes.w << 16u);
      let words_0 = low_32 | high_32;                                     // parts/coded_groups.py
      let rest = bitcast<vec4<u32>>(parts) & vec4<u32>(255u);             // parts/coded_groups.py
      let low_33 = rest.x | (rest.y << 8u);                               // parts/coded_groups.py
      let high_33 = (rest.z << 16u) | (rest.w << 24u);
      let words_1 = low_33 | high_33;                                     // parts/coded_groups.py
      let plane = lane / 4u;                                              // parts/coded_groups.py
      let index_1 = lane % 4u;                                            // parts/coded_groups.py
      coded[(plane * 6u + group) * 4u + index_1] = words_0;
      let plane_1 = plane + 2u;                                           // parts/coded_groups.py
      coded[(plane_1 * 6u + group) * 4u + index_1] = words_1;             // parts/coded_groups.py
      code_sums[local_id.x] = dot4I8Packed(words_0, 0x01010101u) * 256i
          + dot4I8Packed(words_1, 0x01010101u);                           // parts/coded_groups.py
      if (lane == 0u) {                                                   // parts/coded_groups.py
        coded[(group + 24u) * 4u] = select(0x7fc00000u, bitcast<u32>(1.0 / steps), largest_7
            < 0x7f800000u);                                               // parts/coded_groups.py
      }
    }
  }
  workgroupBarrier();                                                     // parts/coded_groups.py
  if (local_id.x < 1u) {                                                  // parts/distribute.py
    let group = workgroup_id.x + local_id.x;                              // parts/coded_groups.py
    if (group < 6u) {                                                     // parts/coded_groups.py
      let first = local_id.x * 8u;                                        // parts/coded_groups.py
      let total = code_sums[first] + code_sums[first + 1u];               // parts/coded_groups.py
      let total_1 = total + code_sums[first + 2u];
      let total_2 = total_1 + code_sums[first + 3u];
      let total_3 = total_2 + code_sums[first + 4u];
      let total_4 = total_3 + code_sums[first + 5u];
      let total_5 = total_4 + code_sums[first + 6u];
      let total_6 = total_5 + code_sums[first + 7u];
      let place = (group + 24u) * 4u;                                     // parts/coded_groups.py
      coded[place + 1u] = bitcast<u32>(total_6);                          // parts/coded_groups.py
      coded[place + 2u] = 0u;                                             // parts/coded_groups.py
      coded[place + 3u] = 0u;                                             // parts/coded_groups.py
    }
  }
}
