// matvec_int8_norm_q4_gated_codes2_384x2048_t2
enable subgroups;

@group(0) @binding(0) var<storage, read> x: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read_write> coded: array<u32>;

var<workgroup> partial_sums: array<f32, 130>;
var<workgroup> partial_squares: array<f32, 2>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let group = local_id.x % 64u;                                           // parts/reduce.py
  let index = local_id.x / 64u;                                           // parts/reduce.py
  let index_1 = workgroup_id.x * 64u;                                     // int8/results.py
  let index_2 = index * 4u;                                               // int8/results.py
  let row = index_1 + index_2;                                            // int8/body.py
  let at = row * 64u + group;                                             // parts/packed_rows.py
  let loads = quants[at];                                                 // parts/packed_rows.py
  let stored = scales[at >> 1u];                                          // parts/packed_rows.py
  let row_1 = index_1 + index_2 + 1u;                                     // int8/body.py
  let at_1 = row_1 * 64u + group;                                         // parts/packed_rows.py
  let loads_1 = quants[at_1];                                             // parts/packed_rows.py
  let stored_1 = scales[at_1 >> 1u];                                      // parts/packed_rows.py
  let row_2 = index_1 + index_2 + 2u;                                     // int8/body.py
  let at_2 = row_2 * 64u + group;                                         // parts/packed_rows.py
  let loads_2 = quants[at_2];                                             // parts/packed_rows.py
  let stored_2 = scales[at_2 >> 1u];                                      // parts/packed_rows.py
  let row_3 = index_1 + index_2 + 3u;                                     // int8/body.py
  let at_3 = row_3 * 64u + group;                                         // parts/packed_rows.py
  let loads_3 = quants[at_3];                                             // parts/packed_rows.py
  let stored_3 = scales[at_3 >> 1u];                                      // parts/packed_rows.py
  let own = local_id.x % 32u;                                             // int8/results.py
  let result = own * 2u;                                                  // int8/results.py
  let row_4 = index_1 + result;
  let row_5 = index_1 + index_2 + 16u;                                    // int8/body.py
  let at_4 = row_5 * 64u + group;                                         // parts/packed_rows.py
  let loads_4 = quants[at_4];                                             // parts/packed_rows.py
  let stored_4 = scales[at_4 >> 1u];                                      // parts/packed_rows.py
  let row_6 = index_1 + index_2 + 17u;                                    // int8/body.py
  let at_5 = row_6 * 64u + group;                                         // parts/packed_rows.py
  let loads_5 = quants[at_5];                                             // parts/packed_rows.py
  let stored_5 = scales[at_5 >> 1u];                                      // parts/packed_rows.py
  let row_7 = index_1 + index_2 + 18u;                                    // int8/body.py
  let at_6 = row_7 * 64u + group;                                         // parts/packed_rows.py
  let loads_6 = quants[at_6];                                             // parts/packed_rows.py
  let stored_6 = scales[at_6 >> 1u];                                      // parts/packed_rows.py
  let row_8 = index_1 + index_2 + 19u;                                    // int8/body.py
  let at_7 = row_8 * 64u + group;                                         // parts/packed_rows.py
  let loads_7 = quants[at_7];                                             // parts/packed_rows.py
  let stored_7 = scales[at_7 >> 1u];                                      // parts/packed_rows.py
  var square_sum: f32 = 0.0;                                              // int8/parts.py
  for (var group_1 = group; group_1 < 64u; group_1 += 64u) {              // int8/parts.py
    square_sum += bitcast<f32>(x[group_1 + 256u].z);                      // int8/parts.py
  }
  var sum_0: f32 = 0.0;                                                   // int8/parts.py
  var sum_1: f32 = 0.0;
  var sum_2: f32 = 0.0;
  var sum_3: f32 = 0.0;
  let half = x[group];                                                    // int8/parts.py
  let index_3 = group + 64u;
  let half_1 = x[index_3];
  let index_4 = group + 128u;
  let half_2 = x[index_4];
  let index_5 = group + 192u;
  let half_3 = x[index_5];
  let index_6 = group + 256u;
  let factors = x[index_6];
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
  let part = group / 32u;                                                 // int8/results.py
  let left_0 = sum_0;                                                     // parts/reduce.py
  let left_1 = sum_1;
  let left_2 = sum_2;
  let left_3 = sum_3;
  let upper = (subgroup_lane & 16u) == 16u;                               // parts/reduce.py
  let partner = subgroupShuffleXor(select(left_2, left_0, upper), 16u);   // parts/reduce.py
  let left_0_1 = select(left_0, left_2, upper) + partner;
  let partner_1 = subgroupShuffleXor(select(left_3, left_1, upper), 16u);
  let left_1_1 = select(left_1, left_3, upper) + partner_1;
  let upper_1 = (subgroup_lane & 8u) == 8u;                               // parts/reduce.py
  let partner_2 = subgroupShuffleXor(select(left_1_1, left_0_1, upper_1), 8u);  // parts/reduce.py
  let left = select(left_0_1, left_1_1, upper_1) + partner_2;
  let partner_3 = subgroupShuffleXor(left, 4u);                           // parts/reduce.py
  let left_4 = left + partner_3;
  let partner_4 = subgroupShuffleXor(left_4, 2u);
  let left_5 = left_4 + partner_4;
  let partner_5 = subgroupShuffleXor(left_5, 1u);
  let total = left_5 + partner_5;
  let number = subgroup_lane / 8u;                                        // parts/reduce.py
  let first = subgroup_lane % 8u == 0u;                                   // parts/reduce.py
  if (first) {                                                            // int8/results.py
    let place = index_2 + number + part * 65u;                            // int8/results.py
    partial_sums[place] = total;                                          // int8/results.py
  }
  let total_1 = subgroupAdd(square_sum);                                  // int8/results.py
  if (subgroup_lane == 0u && index == 0u) {                               // int8/results.py
    partial_squares[part] = total_1;                                      // int8/results.py
  }
  let row_9 = index_1 + index_2 + 32u;                                    // int8/body.py
  let at_8 = row_9 * 64u + group;                                         // parts/packed_rows.py
  let loads_8 = quants[at_8];                                             // parts/packed_rows.py
  let stored_8 = scales[at_8 >> 1u];                                      // parts/packed_rows.py
  let row_10 = index_1 + index_2 + 33u;                                   // int8/body.py
  let at_9 = row_10 * 64u + group;                                        // parts/packed_rows.py
  let loads_9 = quants[at_9];                                             // parts/packed_rows.py
  let stored_9 = scales[at_9 >> 1u];                                      // parts/packed_rows.py
  let row_11 = index_1 + index_2 + 34u;                                   // int8/body.py
  let at_10 = row_11 * 64u + group;                                       // parts/packed_rows.py
  let loads_10 = quants[at_10];                                           // parts/packed_rows.py
  let stored_10 = scales[at_10 >> 1u];                                    // parts/packed_rows.py
  let row_12 = index_1 + index_2 + 35u;                                   // int8/body.py
  let at_11 = row_12 * 64u + group;                                       // parts/packed_rows.py
  let loads_11 = quants[at_11];                                           // parts/packed_rows.py
  let stored_11 = scales[at_11 >> 1u];                                    // parts/packed_rows.py
  var sum_0_1: f32 = 0.0;                                                 // int8/parts.py
  var sum_1_1: f32 = 0.0;
  var sum_2_1: f32 = 0.0;
  var sum_3_1: f32 = 0.0;
  let half_4 = x[group];                                                  // int8/parts.py
  let half_5 = x[index_3];
  let half_6 = x[index_4];
  let half_7 = x[index_5];
  let factors_1 = x[index_6];
  let code_scale_1 = bitcast<f32>(factors_1.x);                           // int8/parts.py
  let start_1 = bitcast<i32>(factors_1.y) * -8i;                          // int8/parts.py
  let low_16 = loads_4.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_16 = (loads_4.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_17 = loads_4.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_17 = (loads_4.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_18 = loads_4.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_18 = (loads_4.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_19 = loads_4.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_19 = (loads_4.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let products_4 = (dot4I8Packed(low_16, half_4.x) + dot4I8Packed(high_16, half_4.y)
      + dot4I8Packed(low_17, half_4.z) + dot4I8Packed(high_17, half_4.w)
      + dot4I8Packed(low_18, half_5.x) + dot4I8Packed(high_18, half_5.y)
      + dot4I8Packed(low_19, half_5.z) + dot4I8Packed(high_19, half_5.w)) * 256i + start_1;  // int8/parts.py
  let plus_4 = products_4 + dot4I8Packed(low_16, half_6.x) + dot4I8Packed(high_16, half_6.y)
      + dot4I8Packed(low_17, half_6.z);                                   // parts/dot4.py
  let pair_4 = unpack2x16float(stored_4);                                 // parts/packed_rows.py
  let scaled_4 = f32(plus_4 + dot4I8Packed(high_17, half_6.w) + dot4I8Packed(low_18, half_7.x)
      + dot4I8Packed(high_18, half_7.y) + dot4I8Packed(low_19, half_7.z)
      + dot4I8Packed(high_19, half_7.w))
      * (select(pair_4.x, pair_4.y, (at_4 & 1u) == 1u) * code_scale_1);   // int8/parts.py
  sum_0_1 += scaled_4;                                                    // int8/parts.py
  let low_20 = loads_5.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_20 = (loads_5.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_21 = loads_5.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_21 = (loads_5.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_22 = loads_5.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_22 = (loads_5.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_23 = loads_5.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_23 = (loads_5.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let products_5 = (dot4I8Packed(low_20, half_4.x) + dot4I8Packed(high_20, half_4.y)
      + dot4I8Packed(low_21, half_4.z) + dot4I8Packed(high_21, half_4.w)
      + dot4I8Packed(low_22, half_5.x) + dot4I8Packed(high_22, half_5.y)
      + dot4I8Packed(low_23, half_5.z) + dot4I8Packed(high_23, half_5.w)) * 256i + start_1;  // int8/parts.py
  let plus_5 = products_5 + dot4I8Packed(low_20, half_6.x) + dot4I8Packed(high_20, half_6.y)
      + dot4I8Packed(low_21, half_6.z);                                   // parts/dot4.py
  let pair_5 = unpack2x16float(stored_5);                                 // parts/packed_rows.py
  let scaled_5 = f32(plus_5 + dot4I8Packed(high_21, half_6.w) + dot4I8Packed(low_22, half_7.x)
      + dot4I8Packed(high_22, half_7.y) + dot4I8Packed(low_23, half_7.z)
      + dot4I8Packed(high_23, half_7.w))
      * (select(pair_5.x, pair_5.y, (at_5 & 1u) == 1u) * code_scale_1);   // int8/parts.py
  sum_1_1 += scaled_5;                                                    // int8/parts.py
  let low_24 = loads_6.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_24 = (loads_6.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_25 = loads_6.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_25 = (loads_6.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_26 = loads_6.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_26 = (loads_6.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_27 = loads_6.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_27 = (loads_6.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let products_6 = (dot4I8Packed(low_24, half_4.x) + dot4I8Packed(high_24, half_4.y)
      + dot4I8Packed(low_25, half_4.z) + dot4I8Packed(high_25, half_4.w)
      + dot4I8Packed(low_26, half_5.x) + dot4I8Packed(high_26, half_5.y)
      + dot4I8Packed(low_27, half_5.z) + dot4I8Packed(high_27, half_5.w)) * 256i + start_1;  // int8/parts.py
  let plus_6 = products_6 + dot4I8Packed(low_24, half_6.x) + dot4I8Packed(high_24, half_6.y)
      + dot4I8Packed(low_25, half_6.z);                                   // parts/dot4.py
  let pair_6 = unpack2x16float(stored_6);                                 // parts/packed_rows.py
  let scaled_6 = f32(plus_6 + dot4I8Packed(high_25, half_6.w) + dot4I8Packed(low_26, half_7.x)
      + dot4I8Packed(high_26, half_7.y) + dot4I8Packed(low_27, half_7.z)
      + dot4I8Packed(high_27, half_7.w))
      * (select(pair_6.x, pair_6.y, (at_6 & 1u) == 1u) * code_scale_1);   // int8/parts.py
  sum_2_1 += scaled_6;                                                    // int8/parts.py
  let low_28 = loads_7.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_28 = (loads_7.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_29 = loads_7.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_29 = (loads_7.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_30 = loads_7.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_30 = (loads_7.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_31 = loads_7.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_31 = (loads_7.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let products_7 = (dot4I8Packed(low_28, half_4.x) + dot4I8Packed(high_28, half_4.y)
      + dot4I8Packed(low_29, half_4.z) + dot4I8Packed(high_29, half_4.w)
      + dot4I8Packed(low_30, half_5.x) + dot4I8Packed(high_30, half_5.y)
      + dot4I8Packed(low_31, half_5.z) + dot4I8Packed(high_31, half_5.w)) * 256i + start_1;  // int8/parts.py
  let plus_7 = products_7 + dot4I8Packed(low_28, half_6.x) + dot4I8Packed(high_28, half_6.y)
      + dot4I8Packed(low_29, half_6.z);                                   // parts/dot4.py
  let pair_7 = unpack2x16float(stored_7);                                 // parts/packed_rows.py
  let scaled_7 = f32(plus_7 + dot4I8Packed(high_29, half_6.w) + dot4I8Packed(low_30, half_7.x)
      + dot4I8Packed(high_30, half_7.y) + dot4I8Packed(low_31, half_7.z)
      + dot4I8Packed(high_31, half_7.w))
      * (select(pair_7.x, pair_7.y, (at_7 & 1u) == 1u) * code_scale_1);   // int8/parts.py
  sum_3_1 += scaled_7;                                                    // int8/parts.py
  let left_0_2 = sum_0_1;                                                 // parts/reduce.py
  let left_1_2 = sum_1_1;
  let left_2_1 = sum_2_1;
  let left_3_1 = sum_3_1;
  let upper_2 = (subgroup_lane & 16u) == 16u;                             // parts/reduce.py
  let partner_6 = subgroupShuffleXor(select(left_2_1, left_0_2, upper_2), 16u);  // parts/reduce.py
  let left_0_3 = select(left_0_2, left_2_1, upper_2) + partner_6;
  let partner_7 = subgroupShuffleXor(select(left_3_1, left_1_2, upper_2), 16u);
  let left_1_3 = select(left_1_2, left_3_1, upper_2) + partner_7;
  let upper_3 = (subgroup_lane & 8u) == 8u;                               // parts/reduce.py
  let partner_8 = subgroupShuffleXor(select(left_1_3, left_0_3, upper_3), 8u);  // parts/reduce.py
  let left_6 = select(left_0_3, left_1_3, upper_3) + partner_8;
  let partner_9 = subgroupShuffleXor(left_6, 4u);                         // parts/reduce.py
  let left_7 = left_6 + partner_9;
  let partner_10 = subgroupShuffleXor(left_7, 2u);
  let left_8 = left_7 + partner_10;
  let partner_11 = subgroupShuffleXor(left_8, 1u);
  let total_2 = left_8 + partner_11;
  let number_1 = subgroup_lane / 8u;                                      // parts/reduce.py
  let first_1 = subgroup_lane % 8u == 0u;                                 // parts/reduce.py
  if (first_1) {                                                          // int8/results.py
    let place = index_2 + 16u + number_1 + part * 65u;                    // int8/results.py
    partial_sums[place] = total_2;                                        // int8/results.py
  }
  let row_13 = index_1 + index_2 + 48u;                                   // int8/body.py
  let at_12 = row_13 * 64u + group;                                       // parts/packed_rows.py
  let loads_12 = quants[at_12];                                           // parts/packed_rows.py
  let stored_12 = scales[at_12 >> 1u];                                    // parts/packed_rows.py
  let row_14 = index_1 + index_2 + 49u;                                   // int8/body.py
  let at_13 = row_14 * 64u + group;                                       // parts/packed_rows.py
  let loads_13 = quants[at_13];                                           // parts/packed_rows.py
  let stored_13 = scales[at_13 >> 1u];                                    // parts/packed_rows.py
  let row_15 = index_1 + index_2 + 50u;                                   // int8/body.py
  let at_14 = row_15 * 64u + group;                                       // parts/packed_rows.py
  let loads_14 = quants[at_14];                                           // parts/packed_rows.py
  let stored_14 = scales[at_14 >> 1u];                                    // parts/packed_rows.py
  let row_16 = index_1 + index_2 + 51u;                                   // int8/body.py
  let at_15 = row_16 * 64u + group;                                       // parts/packed_rows.py
  let loads_15 = quants[at_15];                                           // parts/packed_rows.py
  let stored_15 = scales[at_15 >> 1u];                                    // parts/packed_rows.py
  var sum_0_2: f32 = 0.0;                                                 // int8/parts.py
  var sum_1_2: f32 = 0.0;
  var sum_2_2: f32 = 0.0;
  var sum_3_2: f32 = 0.0;
  let half_8 = x[group];                                                  // int8/parts.py
  let half_9 = x[index_3];
  let half_10 = x[index_4];
  let half_11 = x[index_5];
  let factors_2 = x[index_6];
  let code_scale_2 = bitcast<f32>(factors_2.x);                           // int8/parts.py
  let start_2 = bitcast<i32>(factors_2.y) * -8i;                          // int8/parts.py
  let low_32 = loads_8.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_32 = (loads_8.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_33 = loads_8.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_33 = (loads_8.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_34 = loads_8.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_34 = (loads_8.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_35 = loads_8.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_35 = (loads_8.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let products_8 = (dot4I8Packed(low_32, half_8.x) + dot4I8Packed(high_32, half_8.y)
      + dot4I8Packed(low_33, half_8.z) + dot4I8Packed(high_33, half_8.w)
      + dot4I8Packed(low_34, half_9.x) + dot4I8Packed(high_34, half_9.y)
      + dot4I8Packed(low_35, half_9.z) + dot4I8Packed(high_35, half_9.w)) * 256i + start_2;  // int8/parts.py
  let plus_8 = products_8 + dot4I8Packed(low_32, half_10.x) + dot4I8Packed(high_32, half_10.y)
      + dot4I8Packed(low_33, half_10.z);                                  // parts/dot4.py
  let pair_8 = unpack2x16float(stored_8);                                 // parts/packed_rows.py
  let scaled_8 = f32(plus_8 + dot4I8Packed(high_33, half_10.w)
      + dot4I8Packed(low_34, half_11.x) + dot4I8Packed(high_34, half_11.y)
      + dot4I8Packed(low_35, half_11.z) + dot4I8Packed(high_35, half_11.w))
      * (select(pair_8.x, pair_8.y, (at_8 & 1u) == 1u) * code_scale_2);   // int8/parts.py
  sum_0_2 += scaled_8;                                                    // int8/parts.py
  let low_36 = loads_9.x & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_36 = (loads_9.x >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_37 = loads_9.y & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_37 = (loads_9.y >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_38 = loads_9.z & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_38 = (loads_9.z >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let low_39 = loads_9.w & 0x0f0f0f0fu;                                   // formats/nibbles.py
  let high_39 = (loads_9.w >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
  let products_9 = (dot4I8Packed(low_36, half_8.x) + dot4I8Packed(high_36, half_8.y)
      + dot4I8Packed(low_37, half_8.z) + dot4I8Packed(high_37, half_8.w)
      + dot4I8Packed(low_38, half_9.x) + dot4I8Packed(high_38, half_9.y)
      + dot4I8Packed(low_39, half_9.z) + dot4I8Packed(high_39, half_9.w)) * 256i + start_2;  // int8/parts.py
  let plus_9 = products_9 + dot4I8Packed(low_36, half_10.x) + dot4I8Packed(high_36, half_10.y)
      + dot4I8Packed(low_37, half_10.z);                                  // parts/dot4.py
  let pair_9 = unpack2x16float(stored_9);                                 // parts/packed_rows.py
  let scaled_9 = f32(plus_9 + dot4I8Packed(high_37, half_10.w)
      + dot4I8Packed(low_38, half_11.x) + dot4I8Packed(high_38, half_11.y)
      + dot4I8Packed(low_39, half_11.z) + dot4I8Packed(high_39, half_11.w))
      * (select(pair_9.x, pair_9.y, (at_9 & 1u) == 1u) * code_scale_2);   // int8/parts.py
  sum_1_2 += scaled_9;                                                    // int8/parts.py
  let low_40 = loads_10.x & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_40 = (loads_10.x >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_41 = loads_10.y & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_41 = (loads_10.y >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_42 = loads_10.z & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_42 = (loads_10.z >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_43 = loads_10.w & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_43 = (loads_10.w >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let products_10 = (dot4I8Packed(low_40, half_8.x) + dot4I8Packed(high_40, half_8.y)
      + dot4I8Packed(low_41, half_8.z) + dot4I8Packed(high_41, half_8.w)
      + dot4I8Packed(low_42, half_9.x) + dot4I8Packed(high_42, half_9.y)
      + dot4I8Packed(low_43, half_9.z) + dot4I8Packed(high_43, half_9.w)) * 256i + start_2;  // int8/parts.py
  let plus_10 = products_10 + dot4I8Packed(low_40, half_10.x)
      + dot4I8Packed(high_40, half_10.y) + dot4I8Packed(low_41, half_10.z);  // parts/dot4.py
  let pair_10 = unpack2x16float(stored_10);                               // parts/packed_rows.py
  let scaled_10 = f32(plus_10 + dot4I8Packed(high_41, half_10.w)
      + dot4I8Packed(low_42, half_11.x) + dot4I8Packed(high_42, half_11.y)
      + dot4I8Packed(low_43, half_11.z) + dot4I8Packed(high_43, half_11.w))
      * (select(pair_10.x, pair_10.y, (at_10 & 1u) == 1u) * code_scale_2);  // int8/parts.py
  sum_2_2 += scaled_10;                                                   // int8/parts.py
  let low_44 = loads_11.x & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_44 = (loads_11.x >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_45 = loads_11.y & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_45 = (loads_11.y >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_46 = loads_11.z & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_46 = (loads_11.z >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_47 = loads_11.w & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_47 = (loads_11.w >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let products_11 = (dot4I8Packed(low_44, half_8.x) + dot4I8Packed(high_44, half_8.y)
      + dot4I8Packed(low_45, half_8.z) + dot4I8Packed(high_45, half_8.w)
      + dot4I8Packed(low_46, half_9.x) + dot4I8Packed(high_46, half_9.y)
      + dot4I8Packed(low_47, half_9.z) + dot4I8Packed(high_47, half_9.w)) * 256i + start_2;  // int8/parts.py
  let plus_11 = products_11 + dot4I8Packed(low_44, half_10.x)
      + dot4I8Packed(high_44, half_10.y) + dot4I8Packed(low_45, half_10.z);  // parts/dot4.py
  let pair_11 = unpack2x16float(stored_11);                               // parts/packed_rows.py
  let scaled_11 = f32(plus_11 + dot4I8Packed(high_45, half_10.w)
      + dot4I8Packed(low_46, half_11.x) + dot4I8Packed(high_46, half_11.y)
      + dot4I8Packed(low_47, half_11.z) + dot4I8Packed(high_47, half_11.w))
      * (select(pair_11.x, pair_11.y, (at_11 & 1u) == 1u) * code_scale_2);  // int8/parts.py
  sum_3_2 += scaled_11;                                                   // int8/parts.py
  let left_0_4 = sum_0_2;                                                 // parts/reduce.py
  let left_1_4 = sum_1_2;
  let left_2_2 = sum_2_2;
  let left_3_2 = sum_3_2;
  let upper_4 = (subgroup_lane & 16u) == 16u;                             // parts/reduce.py
  let partner_12 = subgroupShuffleXor(select(left_2_2, left_0_4, upper_4), 16u);  // parts/reduce.py
  let left_0_5 = select(left_0_4, left_2_2, upper_4) + partner_12;
  let partner_13 = subgroupShuffleXor(select(left_3_2, left_1_4, upper_4), 16u);
  let left_1_5 = select(left_1_4, left_3_2, upper_4) + partner_13;
  let upper_5 = (subgroup_lane & 8u) == 8u;                               // parts/reduce.py
  let partner_14 = subgroupShuffleXor(select(left_1_5, left_0_5, upper_5), 8u);  // parts/reduce.py
  let left_9 = select(left_0_5, left_1_5, upper_5) + partner_14;
  let partner_15 = subgroupShuffleXor(left_9, 4u);                        // parts/reduce.py
  let left_10 = left_9 + partner_15;
  let partner_16 = subgroupShuffleXor(left_10, 2u);
  let left_11 = left_10 + partner_16;
  let partner_17 = subgroupShuffleXor(left_11, 1u);
  let total_3 = left_11 + partner_17;
  let number_2 = subgroup_lane / 8u;                                      // parts/reduce.py
  let first_2 = subgroup_lane % 8u == 0u;                                 // parts/reduce.py
  if (first_2) {                                                          // int8/results.py
    let place = index_2 + 32u + number_2 + part * 65u;                    // int8/results.py
    partial_sums[place] = total_3;                                        // int8/results.py
  }
  var sum_0_3: f32 = 0.0;                                                 // int8/parts.py
  var sum_1_3: f32 = 0.0;
  var sum_2_3: f32 = 0.0;
  var sum_3_3: f32 = 0.0;
  let half_12 = x[group];                                                 // int8/parts.py
  let half_13 = x[index_3];
  let half_14 = x[index_4];
  let half_15 = x[index_5];
  let factors_3 = x[index_6];
  let code_scale_3 = bitcast<f32>(factors_3.x);                           // int8/parts.py
  let start_3 = bitcast<i32>(factors_3.y) * -8i;                          // int8/parts.py
  let low_48 = loads_12.x & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_48 = (loads_12.x >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_49 = loads_12.y & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_49 = (loads_12.y >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_50 = loads_12.z & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_50 = (loads_12.z >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_51 = loads_12.w & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_51 = (loads_12.w >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let products_12 = (dot4I8Packed(low_48, half_12.x) + dot4I8Packed(high_48, half_12.y)
      + dot4I8Packed(low_49, half_12.z) + dot4I8Packed(high_49, half_12.w)
      + dot4I8Packed(low_50, half_13.x) + dot4I8Packed(high_50, half_13.y)
      + dot4I8Packed(low_51, half_13.z) + dot4I8Packed(high_51, half_13.w)) * 256i + start_3;  // int8/parts.py
  let plus_12 = products_12 + dot4I8Packed(low_48, half_14.x)
      + dot4I8Packed(high_48, half_14.y) + dot4I8Packed(low_49, half_14.z);  // parts/dot4.py
  let pair_12 = unpack2x16float(stored_12);                               // parts/packed_rows.py
  let scaled_12 = f32(plus_12 + dot4I8Packed(high_49, half_14.w)
      + dot4I8Packed(low_50, half_15.x) + dot4I8Packed(high_50, half_15.y)
      + dot4I8Packed(low_51, half_15.z) + dot4I8Packed(high_51, half_15.w))
      * (select(pair_12.x, pair_12.y, (at_12 & 1u) == 1u) * code_scale_3);  // int8/parts.py
  sum_0_3 += scaled_12;                                                   // int8/parts.py
  let low_52 = loads_13.x & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_52 = (loads_13.x >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_53 = loads_13.y & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_53 = (loads_13.y >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_54 = loads_13.z & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_54 = (loads_13.z >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_55 = loads_13.w & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_55 = (loads_13.w >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let products_13 = (dot4I8Packed(low_52, half_12.x) + dot4I8Packed(high_52, half_12.y)
      + dot4I8Packed(low_53, half_12.z) + dot4I8Packed(high_53, half_12.w)
      + dot4I8Packed(low_54, half_13.x) + dot4I8Packed(high_54, half_13.y)
      + dot4I8Packed(low_55, half_13.z) + dot4I8Packed(high_55, half_13.w)) * 256i + start_3;  // int8/parts.py
  let plus_13 = products_13 + dot4I8Packed(low_52, half_14.x)
      + dot4I8Packed(high_52, half_14.y) + dot4I8Packed(low_53, half_14.z);  // parts/dot4.py
  let pair_13 = unpack2x16float(stored_13);                               // parts/packed_rows.py
  let scaled_13 = f32(plus_13 + dot4I8Packed(high_53, half_14.w)
      + dot4I8Packed(low_54, half_15.x) + dot4I8Packed(high_54, half_15.y)
      + dot4I8Packed(low_55, half_15.z) + dot4I8Packed(high_55, half_15.w))
      * (select(pair_13.x, pair_13.y, (at_13 & 1u) == 1u) * code_scale_3);  // int8/parts.py
  sum_1_3 += scaled_13;                                                   // int8/parts.py
  let low_56 = loads_14.x & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_56 = (loads_14.x >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_57 = loads_14.y & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_57 = (loads_14.y >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_58 = loads_14.z & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_58 = (loads_14.z >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_59 = loads_14.w & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_59 = (loads_14.w >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let products_14 = (dot4I8Packed(low_56, half_12.x) + dot4I8Packed(high_56, half_12.y)
      + dot4I8Packed(low_57, half_12.z) + dot4I8Packed(high_57, half_12.w)
      + dot4I8Packed(low_58, half_13.x) + dot4I8Packed(high_58, half_13.y)
      + dot4I8Packed(low_59, half_13.z) + dot4I8Packed(high_59, half_13.w)) * 256i + start_3;  // int8/parts.py
  let plus_14 = products_14 + dot4I8Packed(low_56, half_14.x)
      + dot4I8Packed(high_56, half_14.y) + dot4I8Packed(low_57, half_14.z);  // parts/dot4.py
  let pair_14 = unpack2x16float(stored_14);                               // parts/packed_rows.py
  let scaled_14 = f32(plus_14 + dot4I8Packed(high_57, half_14.w)
      + dot4I8Packed(low_58, half_15.x) + dot4I8Packed(high_58, half_15.y)
      + dot4I8Packed(low_59, half_15.z) + dot4I8Packed(high_59, half_15.w))
      * (select(pair_14.x, pair_14.y, (at_14 & 1u) == 1u) * code_scale_3);  // int8/parts.py
  sum_2_3 += scaled_14;                                                   // int8/parts.py
  let low_60 = loads_15.x & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_60 = (loads_15.x >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_61 = loads_15.y & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_61 = (loads_15.y >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_62 = loads_15.z & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_62 = (loads_15.z >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let low_63 = loads_15.w & 0x0f0f0f0fu;                                  // formats/nibbles.py
  let high_63 = (loads_15.w >> 4u) & 0x0f0f0f0fu;                         // formats/nibbles.py
  let products_15 = (dot4I8Packed(low_60, half_12.x) + dot4I8Packed(high_60, half_12.y)
      + dot4I8Packed(low_61, half_12.z) + dot4I8Packed(high_61, half_12.w)
      + dot4I8Packed(low_62, half_13.x) + dot4I8Packed(high_62, half_13.y)
      + dot4I8Packed(low_63, half_13.z) + dot4I8Packed(high_63, half_13.w)) * 256i + start_3;  // int8/parts.py
  let plus_15 = products_15 + dot4I8Packed(low_60, half_14.x)
      + dot4I8Packed(high_60, half_14.y) + dot4I8Packed(low_61, half_14.z);  // parts/dot4.py
  let pair_15 = unpack2x16float(stored_15);                               // parts/packed_rows.py
  let scaled_15 = f32(plus_15 + dot4I8Packed(high_61, half_14.w)
      + dot4I8Packed(low_62, half_15.x) + dot4I8Packed(high_62, half_15.y)
      + dot4I8Packed(low_63, half_15.z) + dot4I8Packed(high_63, half_15.w))
      * (select(pair_15.x, pair_15.y, (at_15 & 1u) == 1u) * code_scale_3);  // int8/parts.py
  sum_3_3 += scaled_15;                                                   // int8/parts.py
  let left_0_6 = sum_0_3;                                                 // parts/reduce.py
  let left_1_6 = sum_1_3;
  let left_2_3 = sum_2_3;
  let left_3_3 = sum_3_3;
  let upper_6 = (subgroup_lane & 16u) == 16u;                             // parts/reduce.py
  let partner_18 = subgroupShuffleXor(select(left_2_3, left_0_6, upper_6), 16u);  // parts/reduce.py
  let left_0_7 = select(left_0_6, left_2_3, upper_6) + partner_18;
  let partner_19 = subgroupShuffleXor(select(left_3_3, left_1_6, upper_6), 16u);
  let left_1_7 = select(left_1_6, left_3_3, upper_6) + partner_19;
  let upper_7 = (subgroup_lane & 8u) == 8u;                               // parts/reduce.py
  let partner_20 = subgroupShuffleXor(select(left_1_7, left_0_7, upper_7), 8u);  // parts/reduce.py
  let left_12 = select(left_0_7, left_1_7, upper_7) + partner_20;
  let partner_21 = subgroupShuffleXor(left_12, 4u);                       // parts/reduce.py
  let left_13 = left_12 + partner_21;
  let partner_22 = subgroupShuffleXor(left_13, 2u);
  let left_14 = left_13 + partner_22;
  let partner_23 = subgroupShuffleXor(left_14, 1u);
  let total_4 = left_14 + partner_23;
  let number_3 = subgroup_lane / 8u;                                      // parts/reduce.py
  let first_3 = subgroup_lane % 8u == 0u;                                 // parts/reduce.py
  if (first_3) {                                                          // int8/results.py
    let place = index_2 + 48u + number_3 + part * 65u;                    // int8/results.py
    partial_sums[place] = total_4;                                        // int8/results.py
  }
  workgroupBarrier();                                                     // int8/results.py
  var total_5: f32 = partial_sums[result];                                // int8/results.py
  for (var part_1 = 1u; part_1 < 2u; part_1++) {                          // int8/results.py
    total_5 += partial_sums[part_1 * 65u + result];                       // int8/results.py
  }
  let value = total_5;                                                    // int8/results.py
  let result_1 = result + 1u;                                             // int8/results.py
  var total_6: f32 = partial_sums[result_1];                              // int8/results.py
  for (var part_2 = 1u; part_2 < 2u; part_2++) {                          // int8/results.py
    total_6 += partial_sums[part_2 * 65u + result_1];                     // int8/results.py
  }
  let value_1 = total_6;                                                  // int8/results.py
  var total_7: f32 = partial_squares[0u];                                 // int8/results.py
  for (var part_3 = 1u; part_3 < 2u; part_3++) {                          // int8/results.py
    total_7 += partial_squares[part_3];                                   // int8/results.py
  }
  let factor = inverseSqrt(total_7 * 0.00048828125 + 1e-5);               // int8/results.py
  let gate = value * factor;                                              // int8/results.py
  let gated = gate / (1.0 + exp(-gate)) * (value_1 * factor);             // epilogues/pair.py
  let group_2 = row_4 / 2u / 32u;                                         // int8/results.py
  let largest = subgroupMax(bitcast<u32>(gated) & 0x7fffffffu);           // parts/coded_groups.py
  let exponent = min(max(largest >> 23u, 27u), 252u);                     // parts/coded_groups.py
  let steps = f32(0x7f000000u / ((((largest & 0x007fffffu) | 0x00800000u) >> 8u) + 1u))
      * bitcast<f32>((253u - exponent) << 23u);                           // parts/coded_groups.py
  let parts = (i32(gated * (steps * 8.0)) + 4i) >> 3u;                    // parts/coded_groups.py
  let codes = (parts + 128i) >> 8u;                                       // parts/coded_groups.py
  let total_8 = subgroupAdd(parts);                                       // parts/coded_groups.py
  let byte = bitcast<u32>(codes) & 255u;                                  // parts/coded_groups.py
  let word = byte << ((subgroup_lane % 4u) * 8u);                         // parts/coded_groups.py
  let partner_24 = subgroupShuffleXor(word, 1u);                          // parts/coded_groups.py
  let word_1 = word | partner_24;
  let partner_25 = subgroupShuffleXor(word_1, 2u);                        // parts/coded_groups.py
  let word_2 = word_1 | partner_25;
  let byte_1 = bitcast<u32>(parts) & 255u;                                // parts/coded_groups.py
  let word_3 = byte_1 << ((subgroup_lane % 4u) * 8u);                     // parts/coded_groups.py
  let partner_26 = subgroupShuffleXor(word_3, 1u);                        // parts/coded_groups.py
  let word_4 = word_3 | partner_26;
  let partner_27 = subgroupShuffleXor(word_4, 2u);                        // parts/coded_groups.py
  let word_5 = word_4 | partner_27;
  let four = subgroup_lane / 4u;                                          // parts/coded_groups.py
  if (local_id.x < 32u) {                                                 // parts/coded_groups.py
    let t = subgroup_lane % 4u;                                           // parts/coded_groups.py
    if (t == 0u) {
      let plane = four / 4u;                                              // parts/coded_groups.py
      coded[(plane * 6u + group_2) * 4u + four % 4u] = word_2;            // parts/coded_groups.py
    }
    if (t == 1u) {                                                        // parts/coded_groups.py
      let plane = four / 4u + 2u;                                         // parts/coded_groups.py
      coded[(plane * 6u + group_2) * 4u + four % 4u] = word_5;            // parts/coded_groups.py
    }
    if (subgroup_lane == 2u) {                                            // parts/coded_groups.py
      let place = (group_2 + 24u) * 4u;                                   // parts/coded_groups.py
      coded[place] = select(0x7fc00000u, bitcast<u32>(1.0 / steps), largest < 0x7f800000u);  // parts/coded_groups.py
      coded[place + 1u] = bitcast<u32>(total_8);                          // parts/coded_groups.py
      coded[place + 2u] = 0u;                                             // parts/coded_groups.py
      coded[place + 3u] = 0u;                                             // parts/coded_groups.py
    }
  }
}
