// matvec_int8_rows_norm_q4_gated_codes2_384x2048_t2_of4

@group(0) @binding(0) var<storage, read> x: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read_write> coded: array<u32>;
@group(0) @binding(4) var<storage, read> step_rows: array<u32>;

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
@group(0) @binding(5) var<uniform> step: Step;

var<workgroup> partial_sums: array<f32, 520>;
var<workgroup> partial_squares: array<f32, 8>;
var<workgroup> row_sums: array<f32, 2080>;
var<workgroup> row_squares: array<f32, 32>;
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
  let index_2 = step.seq - 1u;                                            // several/int8_rows.py
  let index_3 = min(0u, index_2) * 320u;                                  // several/each_row.py
  let index_4 = min(1u, index_2) * 320u;
  let index_5 = min(2u, index_2) * 320u;
  let index_6 = min(3u, index_2) * 320u;
  let index_7 = index * 4u;                                               // int8/results.py
  let row = index_1 + index_7;                                            // int8/body.py
  let index_8 = row * 64u;                                                // parts/packed_rows.py
  let at = index_8 + group;
  let loads = quants[at];                                                 // parts/packed_rows.py
  let stored = scales[at >> 1u];                                          // parts/packed_rows.py
  let index_9 = index_7 + 1u;                                             // int8/results.py
  let row_1 = index_1 + index_9;                                          // int8/body.py
  let index_10 = row_1 * 64u;                                             // parts/packed_rows.py
  let at_1 = index_10 + group;
  let loads_1 = quants[at_1];                                             // parts/packed_rows.py
  let stored_1 = scales[at_1 >> 1u];                                      // parts/packed_rows.py
  let index_11 = index_7 + 2u;                                            // int8/results.py
  let row_2 = index_1 + index_11;                                         // int8/body.py
  let index_12 = row_2 * 64u;                                             // parts/packed_rows.py
  let at_2 = index_12 + group;
  let loads_2 = quants[at_2];                                             // parts/packed_rows.py
  let stored_2 = scales[at_2 >> 1u];                                      // parts/packed_rows.py
  let index_13 = index_7 + 3u;                                            // int8/results.py
  let row_3 = index_1 + index_13;                                         // int8/body.py
  let index_14 = row_3 * 64u;                                             // parts/packed_rows.py
  let at_3 = index_14 + group;
  let loads_3 = quants[at_3];                                             // parts/packed_rows.py
  let stored_3 = scales[at_3 >> 1u];                                      // parts/packed_rows.py
  var sum_0: f32 = 0.0;                                                   // int8/parts.py
  var sum_1: f32 = 0.0;
  var sum_2: f32 = 0.0;
  var sum_3: f32 = 0.0;
  var sum_0_1: f32 = 0.0;
  var sum_1_1: f32 = 0.0;
  var sum_2_1: f32 = 0.0;
  var sum_3_1: f32 = 0.0;
  var sum_0_2: f32 = 0.0;
  var sum_1_2: f32 = 0.0;
  var sum_2_2: f32 = 0.0;
  var sum_3_2: f32 = 0.0;
  var sum_0_3: f32 = 0.0;
  var sum_1_3: f32 = 0.0;
  var sum_2_3: f32 = 0.0;
  var sum_3_3: f32 = 0.0;
  let half = x[index_3 + group];                                          // int8/parts.py
  let index_15 = group + 64u;
  let half_1 = x[index_3 + index_15];
  let index_16 = group + 128u;
  let half_2 = x[index_3 + index_16];
  let index_17 = group + 192u;
  let half_3 = x[index_3 + index_17];
  let index_18 = group + 256u;
  let factors = x[index_3 + index_18];
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
  let pair = unpack2x16float(stored);                                     // parts/packed_rows.py
  let factors_0 = select(pair.x, pair.y, (at & 1u) == 1u);                // parts/packed_rows.py
  let scaled = f32(products + dot4I8Packed(low, half_2.x) + dot4I8Packed(high, half_2.y)
      + dot4I8Packed(low_1, half_2.z) + dot4I8Packed(high_1, half_2.w)
      + dot4I8Packed(low_2, half_3.x) + dot4I8Packed(high_2, half_3.y)
      + dot4I8Packed(low_3, half_3.z) + dot4I8Packed(high_3, half_3.w))
      * (factors_0 * code_scale);                                         // int8/parts.py
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
  let pair_1 = unpack2x16float(stored_1);                                 // parts/packed_rows.py
  let factors_0_1 = select(pair_1.x, pair_1.y, (at_1 & 1u) == 1u);        // parts/packed_rows.py
  let scaled_1 = f32(products_1 + dot4I8Packed(low_4, half_2.x)
      + dot4I8Packed(high_4, half_2.y) + dot4I8Packed(low_5, half_2.z)
      + dot4I8Packed(high_5, half_2.w) + dot4I8Packed(low_6, half_3.x)
      + dot4I8Packed(high_6, half_3.y) + dot4I8Packed(low_7, half_3.z)
      + dot4I8Packed(high_7, half_3.w)) * (factors_0_1 * code_scale);     // int8/parts.py
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
  let pair_2 = unpack2x16float(stored_2);                                 // parts/packed_rows.py
  let factors_0_2 = select(pair_2.x, pair_2.y, (at_2 & 1u) == 1u);        // parts/packed_rows.py
  let scaled_2 = f32(products_2 + dot4I8Packed(low_8, half_2.x)
      + dot4I8Packed(high_8, half_2.y) + dot4I8Packed(low_9, half_2.z)
      + dot4I8Packed(high_9, half_2.w) + dot4I8Packed(low_10, half_3.x)
      + dot4I8Packed(high_10, half_3.y) + dot4I8Packed(low_11, half_3.z)
      + dot4I8Packed(high_11, half_3.w)) * (factors_0_2 * code_scale);    // int8/parts.py
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
  let pair_3 = unpack2x16float(stored_3);                                 // parts/packed_rows.py
  let factors_0_3 = select(pair_3.x, pair_3.y, (at_3 & 1u) == 1u);        // parts/packed_rows.py
  let scaled_3 = f32(products_3 + dot4I8Packed(low_12, half_2.x)
      + dot4I8Packed(high_12, half_2.y) + dot4I8Packed(low_13, half_2.z)
      + dot4I8Packed(high_13, half_2.w) + dot4I8Packed(low_14, half_3.x)
      + dot4I8Packed(high_14, half_3.y) + dot4I8Packed(low_15, half_3.z)
      + dot4I8Packed(high_15, half_3.w)) * (factors_0_3 * code_scale);    // int8/parts.py
  sum_3 += scaled_3;                                                      // int8/parts.py
  let half_4 = x[index_4 + group];                                        // int8/parts.py
  let half_5 = x[index_4 + index_15];
  let half_6 = x[index_4 + index_16];
  let half_7 = x[index_4 + index_17];
  let factors_1 = x[index_4 + index_18];
  let code_scale_1 = bitcast<f32>(factors_1.x);                           // int8/parts.py
  let start_1 = bitcast<i32>(factors_1.y) * -8i;                          // int8/parts.py
  let products_4 = (dot4I8Packed(low, half_4.x) + dot4I8Packed(high, half_4.y)
      + dot4I8Packed(low_1, half_4.z) + dot4I8Packed(high_1, half_4.w)
      + dot4I8Packed(low_2, half_5.x) + dot4I8Packed(high_2, half_5.y)
      + dot4I8Packed(low_3, half_5.z) + dot4I8Packed(high_3, half_5.w)) * 256i + start_1;  // int8/parts.py
  let scaled_4 = f32(products_4 + dot4I8Packed(low, half_6.x) + dot4I8Packed(high, half_6.y)
      + dot4I8Packed(low_1, half_6.z) + dot4I8Packed(high_1, half_6.w)
      + dot4I8Packed(low_2, half_7.x) + dot4I8Packed(high_2, half_7.y)
      + dot4I8Packed(low_3, half_7.z) + dot4I8Packed(high_3, half_7.w))
      * (factors_0 * code_scale_1);                                       // int8/parts.py
  sum_0_1 += scaled_4;                                                    // int8/parts.py
  let products_5 = (dot4I8Packed(low_4, half_4.x) + dot4I8Packed(high_4, half_4.y)
      + dot4I8Packed(low_5, half_4.z) + dot4I8Packed(high_5, half_4.w)
      + dot4I8Packed(low_6, half_5.x) + dot4I8Packed(high_6, half_5.y)
      + dot4I8Packed(low_7, half_5.z) + dot4I8Packed(high_7, half_5.w)) * 256i + start_1;  // int8/parts.py
  let scaled_5 = f32(products_5 + dot4I8Packed(low_4, half_6.x)
      + dot4I8Packed(high_4, half_6.y) + dot4I8Packed(low_5, half_6.z)
      + dot4I8Packed(high_5, half_6.w) + dot4I8Packed(low_6, half_7.x)
      + dot4I8Packed(high_6, half_7.y) + dot4I8Packed(low_7, half_7.z)
      + dot4I8Packed(high_7, half_7.w)) * (factors_0_1 * code_scale_1);   // int8/parts.py
  sum_1_1 += scaled_5;                                                    // int8/parts.py
  let products_6 = (dot4I8Packed(low_8, half_4.x) + dot4I8Packed(high_8, half_4.y)
      + dot4I8Packed(low_9, half_4.z) + dot4I8Packed(high_9, half_4.w)
      + dot4I8Packed(low_10, half_5.x) + dot4I8Packed(high_10, half_5.y)
      + dot4I8Packed(low_11, half_5.z) + dot4I8Packed(high_11, half_5.w)) * 256i + start_1;  // int8/parts.py
  let scaled_6 = f32(products_6 + dot4I8Packed(low_8, half_6.x)
      + dot4I8Packed(high_8, half_6.y) + dot4I8Packed(low_9, half_6.z)
      + dot4I8Packed(high_9, half_6.w) + dot4I8Packed(low_10, half_7.x)
      + dot4I8Packed(high_10, half_7.y) + dot4I8Packed(low_11, half_7.z)
      + dot4I8Packed(high_11, half_7.w)) * (factors_0_2 * code_scale_1);  // int8/parts.py
  sum_2_1 += scaled_6;                                                    // int8/parts.py
  let products_7 = (dot4I8Packed(low_12, half_4.x) + dot4I8Packed(high_12, half_4.y)
      + dot4I8Packed(low_13, half_4.z) + dot4I8Packed(high_13, half_4.w)
      + dot4I8Packed(low_14, half_5.x) + dot4I8Packed(high_14, half_5.y)
      + dot4I8Packed(low_15, half_5.z) + dot4I8Packed(high_15, half_5.w)) * 256i + start_1;  // int8/parts.py
  let scaled_7 = f32(products_7 + dot4I8Packed(low_12, half_6.x)
      + dot4I8Packed(high_12, half_6.y) + dot4I8Packed(low_13, half_6.z)
      + dot4I8Packed(high_13, half_6.w) + dot4I8Packed(low_14, half_7.x)
      + dot4I8Packed(high_14, half_7.y) + dot4I8Packed(low_15, half_7.z)
      + dot4I8Packed(high_15, half_7.w)) * (factors_0_3 * code_scale_1);  // int8/parts.py
  sum_3_1 += scaled_7;                                                    // int8/parts.py
  let half_8 = x[index_5 + group];                                        // int8/parts.py
  let half_9 = x[index_5 + index_15];
  let half_10 = x[index_5 + index_16];
  let half_11 = x[index_5 + index_17];
  let factors_2 = x[index_5 + index_18];
  let code_scale_2 = bitcast<f32>(factors_2.x);                           // int8/parts.py
  let start_2 = bitcast<i32>(factors_2.y) * -8i;                          // int8/parts.py
  let products_8 = (dot4I8Packed(low, half_8.x) + dot4I8Packed(high, half_8.y)
      + dot4I8Packed(low_1, half_8.z) + dot4I8Packed(high_1, half_8.w)
      + dot4I8Packed(low_2, half_9.x) + dot4I8Packed(high_2, half_9.y)
      + dot4I8Packed(low_3, half_9.z) + dot4I8Packed(high_3, half_9.w)) * 256i + start_2;  // int8/parts.py
  let scaled_8 = f32(products_8 + dot4I8Packed(low, half_10.x) + dot4I8Packed(high, half_10.y)
      + dot4I8Packed(low_1, half_10.z) + dot4I8Packed(high_1, half_10.w)
      + dot4I8Packed(low_2, half_11.x) + dot4I8Packed(high_2, half_11.y)
      + dot4I8Packed(low_3, half_11.z) + dot4I8Packed(high_3, half_11.w))
      * (factors_0 * code_scale_2);                                       // int8/parts.py
  sum_0_2 += scaled_8;                                                    // int8/parts.py
  let products_9 = (dot4I8Packed(low_4, half_8.x) + dot4I8Packed(high_4, half_8.y)
      + dot4I8Packed(low_5, half_8.z) + dot4I8Packed(high_5, half_8.w)
      + dot4I8Packed(low_6, half_9.x) + dot4I8Packed(high_6, half_9.y)
      + dot4I8Packed(low_7, half_9.z) + dot4I8Packed(high_7, half_9.w)) * 256i + start_2;  // int8/parts.py
  let scaled_9 = f32(products_9 + dot4I8Packed(low_4, half_10.x)
      + dot4I8Packed(high_4, half_10.y) + dot4I8Packed(low_5, half_10.z)
      + dot4I8Packed(high_5, half_10.w) + dot4I8Packed(low_6, half_11.x)
      + dot4I8Packed(high_6, half_11.y) + dot4I8Packed(low_7, half_11.z)
      + dot4I8Packed(high_7, half_11.w)) * (factors_0_1 * code_scale_2);  // int8/parts.py
  sum_1_2 += scaled_9;                                                    // int8/parts.py
  let products_10 = (dot4I8Packed(low_8, half_8.x) + dot4I8Packed(high_8, half_8.y)
      + dot4I8Packed(low_9, half_8.z) + dot4I8Packed(high_9, half_8.w)
      + dot4I8Packed(low_10, half_9.x) + dot4I8Packed(high_10, half_9.y)
      + dot4I8Packed(low_11, half_9.z) + dot4I8Packed(high_11, half_9.w)) * 256i + start_2;  // int8/parts.py
  let scaled_10 = f32(products_10 + dot4I8Packed(low_8, half_10.x)
      + dot4I8Packed(high_8, half_10.y) + dot4I8Packed(low_9, half_10.z)
      + dot4I8Packed(high_9, half_10.w) + dot4I8Packed(low_10, half_11.x)
      + dot4I8Packed(high_10, half_11.y) + dot4I8Packed(low_11, half_11.z)
      + dot4I8Packed(high_11, half_11.w)) * (factors_0_2 * code_scale_2);  // int8/parts.py
  sum_2_2 += scaled_10;                                                   // int8/parts.py
  let products_11 = (dot4I8Packed(low_12, half_8.x) + dot4I8Packed(high_12, half_8.y)
      + dot4I8Packed(low_13, half_8.z) + dot4I8Packed(high_13, half_8.w)
      + dot4I8Packed(low_14, half_9.x) + dot4I8Packed(high_14, half_9.y)
      + dot4I8Packed(low_15, half_9.z) + dot4I8Packed(high_15, half_9.w)) * 256i + start_2;  // int8/parts.py
  let scaled_11 = f32(products_11 + dot4I8Packed(low_12, half_10.x)
      + dot4I8Packed(high_12, half_10.y) + dot4I8Packed(low_13, half_10.z)
      + dot4I8Packed(high_13, half_10.w) + dot4I8Packed(low_14, half_11.x)
      + dot4I8Packed(high_14, half_11.y) + dot4I8Packed(low_15, half_11.z)
      + dot4I8Packed(high_15, half_11.w)) * (factors_0_3 * code_scale_2);  // int8/parts.py
  sum_3_2 += scaled_11;                                                   // int8/parts.py
  let half_12 = x[index_6 + group];                                       // int8/parts.py
  let half_13 = x[index_6 + index_15];
  let half_14 = x[index_6 + index_16];
  let half_15 = x[index_6 + index_17];
  let factors_3 = x[index_6 + index_18];
  let code_scale_3 = bitcast<f32>(factors_3.x);                           // int8/parts.py
  let start_3 = bitcast<i32>(factors_3.y) * -8i;                          // int8/parts.py
  let products_12 = (dot4I8Packed(low, half_12.x) + dot4I8Packed(high, half_12.y)
      + dot4I8Packed(low_1, half_12.z) + dot4I8Packed(high_1, half_12.w)
      + dot4I8Packed(low_2, half_13.x) + dot4I8Packed(high_2, half_13.y)
      + dot4I8Packed(low_3, half_13.z) + dot4I8Packed(high_3, half_13.w)) * 256i + start_3;  // int8/parts.py
  let scaled_12 = f32(products_12 + dot4I8Packed(low, half_14.x)
      + dot4I8Packed(high, half_14.y) + dot4I8Packed(low_1, half_14.z)
      + dot4I8Packed(high_1, half_14.w) + dot4I8Packed(low_2, half_15.x)
      + dot4I8Packed(high_2, half_15.y) + dot4I8Packed(low_3, half_15.z)
      + dot4I8Packed(high_3, half_15.w)) * (factors_0 * code_scale_3);    // int8/parts.py
  sum_0_3 += scaled_12;                                                   // int8/parts.py
  let products_13 = (dot4I8Packed(low_4, half_12.x) + dot4I8Packed(high_4, half_12.y)
      + dot4I8Packed(low_5, half_12.z) + dot4I8Packed(high_5, half_12.w)
      + dot4I8Packed(low_6, half_13.x) + dot4I8Packed(high_6, half_13.y)
      + dot4I8Packed(low_7, half_13.z) + dot4I8Packed(high_7, half_13.w)) * 256i + start_3;  // int8/parts.py
  let scaled_13 = f32(products_13 + dot4I8Packed(low_4, half_14.x)
      + dot4I8Packed(high_4, half_14.y) + dot4I8Packed(low_5, half_14.z)
      + dot4I8Packed(high_5, half_14.w) + dot4I8Packed(low_6, half_15.x)
      + dot4I8Packed(high_6, half_15.y) + dot4I8Packed(low_7, half_15.z)
      + dot4I8Packed(high_7, half_15.w)) * (factors_0_1 * code_scale_3);  // int8/parts.py
  sum_1_3 += scaled_13;                                                   // int8/parts.py
  let products_14 = (dot4I8Packed(low_8, half_12.x) + dot4I8Packed(high_8, half_12.y)
      + dot4I8Packed(low_9, half_12.z) + dot4I8Packed(high_9, half_12.w)
      + dot4I8Packed(low_10, half_13.x) + dot4I8Packed(high_10, half_13.y)
      + dot4I8Packed(low_11, half_13.z) + dot4I8Packed(high_11, half_13.w)) * 256i + start_3;  // int8/parts.py
  let scaled_14 = f32(products_14 + dot4I8Packed(low_8, half_14.x)
      + dot4I8Packed(high_8, half_14.y) + dot4I8Packed(low_9, half_14.z)
      + dot4I8Packed(high_9, half_14.w) + dot4I8Packed(low_10, half_15.x)
      + dot4I8Packed(high_10, half_15.y) + dot4I8Packed(low_11, half_15.z)
      + dot4I8Packed(high_11, half_15.w)) * (factors_0_2 * code_scale_3);  // int8/parts.py
  sum_2_3 += scaled_14;                                                   // int8/parts.py
  let products_15 = (dot4I8Packed(low_12, half_12.x) + dot4I8Packed(high_12, half_12.y)
      + dot4I8Packed(low_13, half_12.z) + dot4I8Packed(high_13, half_12.w)
      + dot4I8Packed(low_14, half_13.x) + dot4I8Packed(high_14, half_13.y)
      + dot4I8Packed(low_15, half_13.z) + dot4I8Packed(high_15, half_13.w)) * 256i + start_3;  // int8/parts.py
  let scaled_15 = f32(products_15 + dot4I8Packed(low_12, half_14.x)
      + dot4I8Packed(high_12, half_14.y) + dot4I8Packed(low_13, half_14.z)
      + dot4I8Packed(high_13, half_14.w) + dot4I8Packed(low_14, half_15.x)
      + dot4I8Packed(high_14, half_15.y) + dot4I8Packed(low_15, half_15.z)
      + dot4I8Packed(high_15, half_15.w)) * (factors_0_3 * code_scale_3);  // int8/parts.py
  sum_3_3 += scaled_15;                                                   // int8/parts.py
  let start_4 = group + 8u;                                               // int8/body.py
  for (var group_1 = start_4; group_1 < 64u; group_1 += 8u) {             // int8/body.py
    let at_4 = index_8 + group_1;                                         // parts/packed_rows.py
    let loads_4 = quants[at_4];                                           // parts/packed_rows.py
    let at_5 = index_10 + group_1;                                        // parts/packed_rows.py
    let loads_5 = quants[at_5];                                           // parts/packed_rows.py
    let at_6 = index_12 + group_1;                                        // parts/packed_rows.py
    let loads_6 = quants[at_6];                                           // parts/packed_rows.py
    let at_7 = index_14 + group_1;                                        // parts/packed_rows.py
    let loads_7 = quants[at_7];                                           // parts/packed_rows.py
    let half_16 = x[index_3 + group_1];                                   // int8/parts.py
    let index_19 = group_1 + 64u;
    let half_17 = x[index_3 + index_19];
    let index_20 = group_1 + 128u;
    let half_18 = x[index_3 + index_20];
    let index_21 = group_1 + 192u;
    let half_19 = x[index_3 + index_21];
    let index_22 = group_1 + 256u;
    let factors_4 = x[index_3 + index_22];
    let code_scale_4 = bitcast<f32>(factors_4.x);                         // int8/parts.py
    let start_5 = bitcast<i32>(factors_4.y) * -8i;                        // int8/parts.py
    let low_16 = loads_4.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_16 = (loads_4.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_17 = loads_4.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_17 = (loads_4.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_18 = loads_4.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_18 = (loads_4.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_19 = loads_4.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_19 = (loads_4.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_16 = (dot4I8Packed(low_16, half_16.x) + dot4I8Packed(high_16, half_16.y)
        + dot4I8Packed(low_17, half_16.z) + dot4I8Packed(high_17, half_16.w)
        + dot4I8Packed(low_18, half_17.x) + dot4I8Packed(high_18, half_17.y)
        + dot4I8Packed(low_19, half_17.z) + dot4I8Packed(high_19, half_17.w)) * 256i + start_5;  // int8/parts.py
    let pair_4 = unpack2x16float(scales[at_4 >> 1u]);                     // parts/packed_rows.py
    let factors_0_4 = select(pair_4.x, pair_4.y, (at_4 & 1u) == 1u);      // parts/packed_rows.py
    let scaled_16 = f32(products_16 + dot4I8Packed(low_16, half_18.x)
        + dot4I8Packed(high_16, half_18.y) + dot4I8Packed(low_17, half_18.z)
        + dot4I8Packed(high_17, half_18.w) + dot4I8Packed(low_18, half_19.x)
        + dot4I8Packed(high_18, half_19.y) + dot4I8Packed(low_19, half_19.z)
        + dot4I8Packed(high_19, half_19.w)) * (factors_0_4 * code_scale_4);  // int8/parts.py
    sum_0 += scaled_16;                                                   // int8/parts.py
    let low_20 = loads_5.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_20 = (loads_5.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_21 = loads_5.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_21 = (loads_5.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_22 = loads_5.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_22 = (loads_5.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_23 = loads_5.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_23 = (loads_5.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_17 = (dot4I8Packed(low_20, half_16.x) + dot4I8Packed(high_20, half_16.y)
        + dot4I8Packed(low_21, half_16.z) + dot4I8Packed(high_21, half_16.w)
        + dot4I8Packed(low_22, half_17.x) + dot4I8Packed(high_22, half_17.y)
        + dot4I8Packed(low_23, half_17.z) + dot4I8Packed(high_23, half_17.w)) * 256i + start_5;  // int8/parts.py
    let pair_5 = unpack2x16float(scales[at_5 >> 1u]);                     // parts/packed_rows.py
    let factors_0_5 = select(pair_5.x, pair_5.y, (at_5 & 1u) == 1u);      // parts/packed_rows.py
    let scaled_17 = f32(products_17 + dot4I8Packed(low_20, half_18.x)
        + dot4I8Packed(high_20, half_18.y) + dot4I8Packed(low_21, half_18.z)
        + dot4I8Packed(high_21, half_18.w) + dot4I8Packed(low_22, half_19.x)
        + dot4I8Packed(high_22, half_19.y) + dot4I8Packed(low_23, half_19.z)
        + dot4I8Packed(high_23, half_19.w)) * (factors_0_5 * code_scale_4);  // int8/parts.py
    sum_1 += scaled_17;                                                   // int8/parts.py
    let low_24 = loads_6.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_24 = (loads_6.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_25 = loads_6.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_25 = (loads_6.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_26 = loads_6.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_26 = (loads_6.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_27 = loads_6.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_27 = (loads_6.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_18 = (dot4I8Packed(low_24, half_16.x) + dot4I8Packed(high_24, half_16.y)
        + dot4I8Packed(low_25, half_16.z) + dot4I8Packed(high_25, half_16.w)
        + dot4I8Packed(low_26, half_17.x) + dot4I8Packed(high_26, half_17.y)
        + dot4I8Packed(low_27, half_17.z) + dot4I8Packed(high_27, half_17.w)) * 256i + start_5;  // int8/parts.py
    let pair_6 = unpack2x16float(scales[at_6 >> 1u]);                     // parts/packed_rows.py
    let factors_0_6 = select(pair_6.x, pair_6.y, (at_6 & 1u) == 1u);      // parts/packed_rows.py
    let scaled_18 = f32(products_18 + dot4I8Packed(low_24, half_18.x)
        + dot4I8Packed(high_24, half_18.y) + dot4I8Packed(low_25, half_18.z)
        + dot4I8Packed(high_25, half_18.w) + dot4I8Packed(low_26, half_19.x)
        + dot4I8Packed(high_26, half_19.y) + dot4I8Packed(low_27, half_19.z)
        + dot4I8Packed(high_27, half_19.w)) * (factors_0_6 * code_scale_4);  // int8/parts.py
    sum_2 += scaled_18;                                                   // int8/parts.py
    let low_28 = loads_7.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_28 = (loads_7.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_29 = loads_7.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_29 = (loads_7.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_30 = loads_7.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_30 = (loads_7.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_31 = loads_7.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_31 = (loads_7.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_19 = (dot4I8Packed(low_28, half_16.x) + dot4I8Packed(high_28, half_16.y)
        + dot4I8Packed(low_29, half_16.z) + dot4I8Packed(high_29, half_16.w)
        + dot4I8Packed(low_30, half_17.x) + dot4I8Packed(high_30, half_17.y)
        + dot4I8Packed(low_31, half_17.z) + dot4I8Packed(high_31, half_17.w)) * 256i + start_5;  // int8/parts.py
    let pair_7 = unpack2x16float(scales[at_7 >> 1u]);                     // parts/packed_rows.py
    let factors_0_7 = select(pair_7.x, pair_7.y, (at_7 & 1u) == 1u);      // parts/packed_rows.py
    let scaled_19 = f32(products_19 + dot4I8Packed(low_28, half_18.x)
        + dot4I8Packed(high_28, half_18.y) + dot4I8Packed(low_29, half_18.z)
        + dot4I8Packed(high_29, half_18.w) + dot4I8Packed(low_30, half_19.x)
        + dot4I8Packed(high_30, half_19.y) + dot4I8Packed(low_31, half_19.z)
        + dot4I8Packed(high_31, half_19.w)) * (factors_0_7 * code_scale_4);  // int8/parts.py
    sum_3 += scaled_19;                                                   // int8/parts.py
    let half_20 = x[index_4 + group_1];                                   // int8/parts.py
    let half_21 = x[index_4 + index_19];
    let half_22 = x[index_4 + index_20];
    let half_23 = x[index_4 + index_21];
    let factors_5 = x[index_4 + index_22];
    let code_scale_5 = bitcast<f32>(factors_5.x);                         // int8/parts.py
    let start_6 = bitcast<i32>(factors_5.y) * -8i;                        // int8/parts.py
    let products_20 = (dot4I8Packed(low_16, half_20.x) + dot4I8Packed(high_16, half_20.y)
        + dot4I8Packed(low_17, half_20.z) + dot4I8Packed(high_17, half_20.w)
        + dot4I8Packed(low_18, half_21.x) + dot4I8Packed(high_18, half_21.y)
        + dot4I8Packed(low_19, half_21.z) + dot4I8Packed(high_19, half_21.w)) * 256i + start_6;  // int8/parts.py
    let scaled_20 = f32(products_20 + dot4I8Packed(low_16, half_22.x)
        + dot4I8Packed(high_16, half_22.y) + dot4I8Packed(low_17, half_22.z)
        + dot4I8Packed(high_17, half_22.w) + dot4I8Packed(low_18, half_23.x)
        + dot4I8Packed(high_18, half_23.y) + dot4I8Packed(low_19, half_23.z)
        + dot4I8Packed(high_19, half_23.w)) * (factors_0_4 * code_scale_5);  // int8/parts.py
    sum_0_1 += scaled_20;                                                 // int8/parts.py
    let products_21 = (dot4I8Packed(low_20, half_20.x) + dot4I8Packed(high_20, half_20.y)
        + dot4I8Packed(low_21, half_20.z) + dot4I8Packed(high_21, half_20.w)
        + dot4I8Packed(low_22, half_21.x) + dot4I8Packed(high_22, half_21.y)
        + dot4I8Packed(low_23, half_21.z) + dot4I8Packed(high_23, half_21.w)) * 256i + start_6;  // int8/parts.py
    let scaled_21 = f32(products_21 + dot4I8Packed(low_20, half_22.x)
        + dot4I8Packed(high_20, half_22.y) + dot4I8Packed(low_21, half_22.z)
        + dot4I8Packed(high_21, half_22.w) + dot4I8Packed(low_22, half_23.x)
        + dot4I8Packed(high_22, half_23.y) + dot4I8Packed(low_23, half_23.z)
        + dot4I8Packed(high_23, half_23.w)) * (factors_0_5 * code_scale_5);  // int8/parts.py
    sum_1_1 += scaled_21;                                                 // int8/parts.py
    let products_22 = (dot4I8Packed(low_24, half_20.x) + dot4I8Packed(high_24, half_20.y)
        + dot4I8Packed(low_25, half_20.z) + dot4I8Packed(high_25, half_20.w)
        + dot4I8Packed(low_26, half_21.x) + dot4I8Packed(high_26, half_21.y)
        + dot4I8Packed(low_27, half_21.z) + dot4I8Packed(high_27, half_21.w)) * 256i + start_6;  // int8/parts.py
    let scaled_22 = f32(products_22 + dot4I8Packed(low_24, half_22.x)
        + dot4I8Packed(high_24, half_22.y) + dot4I8Packed(low_25, half_22.z)
        + dot4I8Packed(high_25, half_22.w) + dot4I8Packed(low_26, half_23.x)
        + dot4I8Packed(high_26, half_23.y) + dot4I8Packed(low_27, half_23.z)
        + dot4I8Packed(high_27, half_23.w)) * (factors_0_6 * code_scale_5);  // int8/parts.py
    sum_2_1 += scaled_22;                                                 // int8/parts.py
    let products_23 = (dot4I8Packed(low_28, half_20.x) + dot4I8Packed(high_28, half_20.y)
        + dot4I8Packed(low_29, half_20.z) + dot4I8Packed(high_29, half_20.w)
        + dot4I8Packed(low_30, half_21.x) + dot4I8Packed(high_30, half_21.y)
        + dot4I8Packed(low_31, half_21.z) + dot4I8Packed(high_31, half_21.w)) * 256i + start_6;  // int8/parts.py
    let scaled_23 = f32(products_23 + dot4I8Packed(low_28, half_22.x)
        + dot4I8Packed(high_28, half_22.y) + dot4I8Packed(low_29, half_22.z)
        + dot4I8Packed(high_29, half_22.w) + dot4I8Packed(low_30, half_23.x)
        + dot4I8Packed(high_30, half_23.y) + dot4I8Packed(low_31, half_23.z)
        + dot4I8Packed(high_31, half_23.w)) * (factors_0_7 * code_scale_5);  // int8/parts.py
    sum_3_1 += scaled_23;                                                 // int8/parts.py
    let half_24 = x[index_5 + group_1];                                   // int8/parts.py
    let half_25 = x[index_5 + index_19];
    let half_26 = x[index_5 + index_20];
    let half_27 = x[index_5 + index_21];
    let factors_6 = x[index_5 + index_22];
    let code_scale_6 = bitcast<f32>(factors_6.x);                         // int8/parts.py
    let start_7 = bitcast<i32>(factors_6.y) * -8i;                        // int8/parts.py
    let products_24 = (dot4I8Packed(low_16, half_24.x) + dot4I8Packed(high_16, half_24.y)
        + dot4I8Packed(low_17, half_24.z) + dot4I8Packed(high_17, half_24.w)
        + dot4I8Packed(low_18, half_25.x) + dot4I8Packed(high_18, half_25.y)
        + dot4I8Packed(low_19, half_25.z) + dot4I8Packed(high_19, half_25.w)) * 256i + start_7;  // int8/parts.py
    let scaled_24 = f32(products_24 + dot4I8Packed(low_16, half_26.x)
        + dot4I8Packed(high_16, half_26.y) + dot4I8Packed(low_17, half_26.z)
        + dot4I8Packed(high_17, half_26.w) + dot4I8Packed(low_18, half_27.x)
        + dot4I8Packed(high_18, half_27.y) + dot4I8Packed(low_19, half_27.z)
        + dot4I8Packed(high_19, half_27.w)) * (factors_0_4 * code_scale_6);  // int8/parts.py
    sum_0_2 += scaled_24;                                                 // int8/parts.py
    let products_25 = (dot4I8Packed(low_20, half_24.x) + dot4I8Packed(high_20, half_24.y)
        + dot4I8Packed(low_21, half_24.z) + dot4I8Packed(high_21, half_24.w)
        + dot4I8Packed(low_22, half_25.x) + dot4I8Packed(high_22, half_25.y)
        + dot4I8Packed(low_23, half_25.z) + dot4I8Packed(high_23, half_25.w)) * 256i + start_7;  // int8/parts.py
    let scaled_25 = f32(products_25 + dot4I8Packed(low_20, half_26.x)
        + dot4I8Packed(high_20, half_26.y) + dot4I8Packed(low_21, half_26.z)
        + dot4I8Packed(high_21, half_26.w) + dot4I8Packed(low_22, half_27.x)
        + dot4I8Packed(high_22, half_27.y) + dot4I8Packed(low_23, half_27.z)
        + dot4I8Packed(high_23, half_27.w)) * (factors_0_5 * code_scale_6);  // int8/parts.py
    sum_1_2 += scaled_25;                                                 // int8/parts.py
    let products_26 = (dot4I8Packed(low_24, half_24.x) + dot4I8Packed(high_24, half_24.y)
        + dot4I8Packed(low_25, half_24.z) + dot4I8Packed(high_25, half_24.w)
        + dot4I8Packed(low_26, half_25.x) + dot4I8Packed(high_26, half_25.y)
        + dot4I8Packed(low_27, half_25.z) + dot4I8Packed(high_27, half_25.w)) * 256i + start_7;  // int8/parts.py
    let scaled_26 = f32(products_26 + dot4I8Packed(low_24, half_26.x)
        + dot4I8Packed(high_24, half_26.y) + dot4I8Packed(low_25, half_26.z)
        + dot4I8Packed(high_25, half_26.w) + dot4I8Packed(low_26, half_27.x)
        + dot4I8Packed(high_26, half_27.y) + dot4I8Packed(low_27, half_27.z)
        + dot4I8Packed(high_27, half_27.w)) * (factors_0_6 * code_scale_6);  // int8/parts.py
    sum_2_2 += scaled_26;                                                 // int8/parts.py
    let products_27 = (dot4I8Packed(low_28, half_24.x) + dot4I8Packed(high_28, half_24.y)
        + dot4I8Packed(low_29, half_24.z) + dot4I8Packed(high_29, half_24.w)
        + dot4I8Packed(low_30, half_25.x) + dot4I8Packed(high_30, half_25.y)
        + dot4I8Packed(low_31, half_25.z) + dot4I8Packed(high_31, half_25.w)) * 256i + start_7;  // int8/parts.py
    let scaled_27 = f32(products_27 + dot4I8Packed(low_28, half_26.x)
        + dot4I8Packed(high_28, half_26.y) + dot4I8Packed(low_29, half_26.z)
        + dot4I8Packed(high_29, half_26.w) + dot4I8Packed(low_30, half_27.x)
        + dot4I8Packed(high_30, half_27.y) + dot4I8Packed(low_31, half_27.z)
        + dot4I8Packed(high_31, half_27.w)) * (factors_0_7 * code_scale_6);  // int8/parts.py
    sum_3_2 += scaled_27;                                                 // int8/parts.py
    let half_28 = x[index_6 + group_1];                                   // int8/parts.py
    let half_29 = x[index_6 + index_19];
    let half_30 = x[index_6 + index_20];
    let half_31 = x[index_6 + index_21];
    let factors_7 = x[index_6 + index_22];
    let code_scale_7 = bitcast<f32>(factors_7.x);                         // int8/parts.py
    let start_8 = bitcast<i32>(factors_7.y) * -8i;                        // int8/parts.py
    let products_28 = (dot4I8Packed(low_16, half_28.x) + dot4I8Packed(high_16, half_28.y)
        + dot4I8Packed(low_17, half_28.z) + dot4I8Packed(high_17, half_28.w)
        + dot4I8Packed(low_18, half_29.x) + dot4I8Packed(high_18, half_29.y)
        + dot4I8Packed(low_19, half_29.z) + dot4I8Packed(high_19, half_29.w)) * 256i + start_8;  // int8/parts.py
    let scaled_28 = f32(products_28 + dot4I8Packed(low_16, half_30.x)
        + dot4I8Packed(high_16, half_30.y) + dot4I8Packed(low_17, half_30.z)
        + dot4I8Packed(high_17, half_30.w) + dot4I8Packed(low_18, half_31.x)
        + dot4I8Packed(high_18, half_31.y) + dot4I8Packed(low_19, half_31.z)
        + dot4I8Packed(high_19, half_31.w)) * (factors_0_4 * code_scale_7);  // int8/parts.py
    sum_0_3 += scaled_28;                                                 // int8/parts.py
    let products_29 = (dot4I8Packed(low_20, half_28.x) + dot4I8Packed(high_20, half_28.y)
        + dot4I8Packed(low_21, half_28.z) + dot4I8Packed(high_21, half_28.w)
        + dot4I8Packed(low_22, half_29.x) + dot4I8Packed(high_22, half_29.y)
        + dot4I8Packed(low_23, half_29.z) + dot4I8Packed(high_23, half_29.w)) * 256i + start_8;  // int8/parts.py
    let scaled_29 = f32(products_29 + dot4I8Packed(low_20, half_30.x)
        + dot4I8Packed(high_20, half_30.y) + dot4I8Packed(low_21, half_30.z)
        + dot4I8Packed(high_21, half_30.w) + dot4I8Packed(low_22, half_31.x)
        + dot4I8Packed(high_22, half_31.y) + dot4I8Packed(low_23, half_31.z)
        + dot4I8Packed(high_23, half_31.w)) * (factors_0_5 * code_scale_7);  // int8/parts.py
    sum_1_3 += scaled_29;                                                 // int8/parts.py
    let products_30 = (dot4I8Packed(low_24, half_28.x) + dot4I8Packed(high_24, half_28.y)
        + dot4I8Packed(low_25, half_28.z) + dot4I8Packed(high_25, half_28.w)
        + dot4I8Packed(low_26, half_29.x) + dot4I8Packed(high_26, half_29.y)
        + dot4I8Packed(low_27, half_29.z) + dot4I8Packed(high_27, half_29.w)) * 256i + start_8;  // int8/parts.py
    let scaled_30 = f32(products_30 + dot4I8Packed(low_24, half_30.x)
        + dot4I8Packed(high_24, half_30.y) + dot4I8Packed(low_25, half_30.z)
        + dot4I8Packed(high_25, half_30.w) + dot4I8Packed(low_26, half_31.x)
        + dot4I8Packed(high_26, half_31.y) + dot4I8Packed(low_27, half_31.z)
        + dot4I8Packed(high_27, half_31.w)) * (factors_0_6 * code_scale_7);  // int8/parts.py
    sum_2_3 += scaled_30;                                                 // int8/parts.py
    let products_31 = (dot4I8Packed(low_28, half_28.x) + dot4I8Packed(high_28, half_28.y)
        + dot4I8Packed(low_29, half_28.z) + dot4I8Packed(high_29, half_28.w)
        + dot4I8Packed(low_30, half_29.x) + dot4I8Packed(high_30, half_29.y)
        + dot4I8Packed(low_31, half_29.z) + dot4I8Packed(high_31, half_29.w)) * 256i + start_8;  // int8/parts.py
    let scaled_31 = f32(products_31 + dot4I8Packed(low_28, half_30.x)
        + dot4I8Packed(high_28, half_30.y) + dot4I8Packed(low_29, half_30.z)
        + dot4I8Packed(high_29, half_30.w) + dot4I8Packed(low_30, half_31.x)
        + dot4I8Packed(high_30, half_31.y) + dot4I8Packed(low_31, half_31.z)
        + dot4I8Packed(high_31, half_31.w)) * (factors_0_7 * code_scale_7);  // int8/parts.py
    sum_3_3 += scaled_31;                                                 // int8/parts.py
  }
  var square_sum: f32 = 0.0;                                              // int8/parts.py
  for (var group_2 = group; group_2 < 64u; group_2 += 8u) {               // int8/parts.py
    square_sum += bitcast<f32>(x[index_3 + group_2 + 256u].z);            // int8/parts.py
  }
  let index_19 = group * 65u;                                             // int8/results.py
  let index_20 = index_7 + index_19;
  row_sums[index_20] = sum_0;
  let index_21 = index_9 + index_19;
  row_sums[index_21] = sum_1;
  let index_22 = index_11 + index_19;
  row_sums[index_22] = sum_2;
  let index_23 = index_13 + index_19;
  row_sums[index_23] = sum_3;
  let t = index == 0u;                                                    // int8/results.py
  if (t) {
    row_squares[group] = square_sum;                                      // int8/results.py
  }
  var square_sum_1: f32 = 0.0;                                            // int8/parts.py
  for (var group_3 = group; group_3 < 64u; group_3 += 8u) {               // int8/parts.py
    square_sum_1 += bitcast<f32>(x[index_4 + group_3 + 256u].z);          // int8/parts.py
  }
  row_sums[520u + index_20] = sum_0_1;                                    // int8/results.py
  row_sums[520u + index_21] = sum_1_1;
  row_sums[520u + index_22] = sum_2_1;
  row_sums[520u + index_23] = sum_3_1;
  if (t) {                                                                // int8/results.py
    row_squares[8u + group] = square_sum_1;                               // int8/results.py
  }
  var square_sum_2: f32 = 0.0;                                            // int8/parts.py
  for (var group_4 = group; group_4 < 64u; group_4 += 8u) {               // int8/parts.py
    square_sum_2 += bitcast<f32>(x[index_5 + group_4 + 256u].z);          // int8/parts.py
  }
  row_sums[1040u + index_20] = sum_0_2;                                   // int8/results.py
  row_sums[1040u + index_21] = sum_1_2;
  row_sums[1040u + index_22] = sum_2_2;
  row_sums[1040u + index_23] = sum_3_2;
  if (t) {                                                                // int8/results.py
    row_squares[16u + group] = square_sum_2;                              // int8/results.py
  }
  var square_sum_3: f32 = 0.0;                                            // int8/parts.py
  for (var group_5 = group; group_5 < 64u; group_5 += 8u) {               // int8/parts.py
    square_sum_3 += bitcast<f32>(x[index_6 + group_5 + 256u].z);          // int8/parts.py
  }
  row_sums[1560u + index_20] = sum_0_3;                                   // int8/results.py
  row_sums[1560u + index_21] = sum_1_3;
  row_sums[1560u + index_22] = sum_2_3;
  row_sums[1560u + index_23] = sum_3_3;
  if (t) {                                                                // int8/results.py
    row_squares[24u + group] = square_sum_3;                              // int8/results.py
  }
  var sum_0_4: f32 = 0.0;                                                 // int8/parts.py
  var sum_1_4: f32 = 0.0;
  var sum_2_4: f32 = 0.0;
  var sum_3_4: f32 = 0.0;
  var sum_0_5: f32 = 0.0;
  var sum_1_5: f32 = 0.0;
  var sum_2_5: f32 = 0.0;
  var sum_3_5: f32 = 0.0;
  var sum_0_6: f32 = 0.0;
  var sum_1_6: f32 = 0.0;
  var sum_2_6: f32 = 0.0;
  var sum_3_6: f32 = 0.0;
  var sum_0_7: f32 = 0.0;
  var sum_1_7: f32 = 0.0;
  var sum_2_7: f32 = 0.0;
  var sum_3_7: f32 = 0.0;
  for (var group_6 = group; group_6 < 64u; group_6 += 8u) {               // int8/body.py
    let row_4 = index_1 + index_7 + 32u;                                  // int8/body.py
    let at_4 = row_4 * 64u + group_6;                                     // parts/packed_rows.py
    let loads_4 = quants[at_4];                                           // parts/packed_rows.py
    let row_5 = index_1 + index_7 + 33u;                                  // int8/body.py
    let at_5 = row_5 * 64u + group_6;                                     // parts/packed_rows.py
    let loads_5 = quants[at_5];                                           // parts/packed_rows.py
    let row_6 = index_1 + index_7 + 34u;                                  // int8/body.py
    let at_6 = row_6 * 64u + group_6;                                     // parts/packed_rows.py
    let loads_6 = quants[at_6];                                           // parts/packed_rows.py
    let row_7 = index_1 + index_7 + 35u;                                  // int8/body.py
    let at_7 = row_7 * 64u + group_6;                                     // parts/packed_rows.py
    let loads_7 = quants[at_7];                                           // parts/packed_rows.py
    let half_16 = x[index_3 + group_6];                                   // int8/parts.py
    let index_24 = group_6 + 64u;
    let half_17 = x[index_3 + index_24];
    let index_25 = group_6 + 128u;
    let half_18 = x[index_3 + index_25];
    let index_26 = group_6 + 192u;
    let half_19 = x[index_3 + index_26];
    let index_27 = group_6 + 256u;
    let factors_4 = x[index_3 + index_27];
    let code_scale_4 = bitcast<f32>(factors_4.x);                         // int8/parts.py
    let start_5 = bitcast<i32>(factors_4.y) * -8i;                        // int8/parts.py
    let low_16 = loads_4.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_16 = (loads_4.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_17 = loads_4.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_17 = (loads_4.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_18 = loads_4.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_18 = (loads_4.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_19 = loads_4.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_19 = (loads_4.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_16 = (dot4I8Packed(low_16, half_16.x) + dot4I8Packed(high_16, half_16.y)
        + dot4I8Packed(low_17, half_16.z) + dot4I8Packed(high_17, half_16.w)
        + dot4I8Packed(low_18, half_17.x) + dot4I8Packed(high_18, half_17.y)
        + dot4I8Packed(low_19, half_17.z) + dot4I8Packed(high_19, half_17.w)) * 256i + start_5;  // int8/parts.py
    let pair_4 = unpack2x16float(scales[at_4 >> 1u]);                     // parts/packed_rows.py
    let factors_0_4 = select(pair_4.x, pair_4.y, (at_4 & 1u) == 1u);      // parts/packed_rows.py
    let scaled_16 = f32(products_16 + dot4I8Packed(low_16, half_18.x)
        + dot4I8Packed(high_16, half_18.y) + dot4I8Packed(low_17, half_18.z)
        + dot4I8Packed(high_17, half_18.w) + dot4I8Packed(low_18, half_19.x)
        + dot4I8Packed(high_18, half_19.y) + dot4I8Packed(low_19, half_19.z)
        + dot4I8Packed(high_19, half_19.w)) * (factors_0_4 * code_scale_4);  // int8/parts.py
    sum_0_4 += scaled_16;                                                 // int8/parts.py
    let low_20 = loads_5.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_20 = (loads_5.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_21 = loads_5.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_21 = (loads_5.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_22 = loads_5.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_22 = (loads_5.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_23 = loads_5.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_23 = (loads_5.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_17 = (dot4I8Packed(low_20, half_16.x) + dot4I8Packed(high_20, half_16.y)
        + dot4I8Packed(low_21, half_16.z) + dot4I8Packed(high_21, half_16.w)
        + dot4I8Packed(low_22, half_17.x) + dot4I8Packed(high_22, half_17.y)
        + dot4I8Packed(low_23, half_17.z) + dot4I8Packed(high_23, half_17.w)) * 256i + start_5;  // int8/parts.py
    let pair_5 = unpack2x16float(scales[at_5 >> 1u]);                     // parts/packed_rows.py
    let factors_0_5 = select(pair_5.x, pair_5.y, (at_5 & 1u) == 1u);      // parts/packed_rows.py
    let scaled_17 = f32(products_17 + dot4I8Packed(low_20, half_18.x)
        + dot4I8Packed(high_20, half_18.y) + dot4I8Packed(low_21, half_18.z)
        + dot4I8Packed(high_21, half_18.w) + dot4I8Packed(low_22, half_19.x)
        + dot4I8Packed(high_22, half_19.y) + dot4I8Packed(low_23, half_19.z)
        + dot4I8Packed(high_23, half_19.w)) * (factors_0_5 * code_scale_4);  // int8/parts.py
    sum_1_4 += scaled_17;                                                 // int8/parts.py
    let low_24 = loads_6.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_24 = (loads_6.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_25 = loads_6.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_25 = (loads_6.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_26 = loads_6.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_26 = (loads_6.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_27 = loads_6.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_27 = (loads_6.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_18 = (dot4I8Packed(low_24, half_16.x) + dot4I8Packed(high_24, half_16.y)
        + dot4I8Packed(low_25, half_16.z) + dot4I8Packed(high_25, half_16.w)
        + dot4I8Packed(low_26, half_17.x) + dot4I8Packed(high_26, half_17.y)
        + dot4I8Packed(low_27, half_17.z) + dot4I8Packed(high_27, half_17.w)) * 256i + start_5;  // int8/parts.py
    let pair_6 = unpack2x16float(scales[at_6 >> 1u]);                     // parts/packed_rows.py
    let factors_0_6 = select(pair_6.x, pair_6.y, (at_6 & 1u) == 1u);      // parts/packed_rows.py
    let scaled_18 = f32(products_18 + dot4I8Packed(low_24, half_18.x)
        + dot4I8Packed(high_24, half_18.y) + dot4I8Packed(low_25, half_18.z)
        + dot4I8Packed(high_25, half_18.w) + dot4I8Packed(low_26, half_19.x)
        + dot4I8Packed(high_26, half_19.y) + dot4I8Packed(low_27, half_19.z)
        + dot4I8Packed(high_27, half_19.w)) * (factors_0_6 * code_scale_4);  // int8/parts.py
    sum_2_4 += scaled_18;                                                 // int8/parts.py
    let low_28 = loads_7.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_28 = (loads_7.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_29 = loads_7.y & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_29 = (loads_7.y >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_30 = loads_7.z & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_30 = (loads_7.z >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let low_31 = loads_7.w & 0x0f0f0f0fu;                                 // formats/nibbles.py
    let high_31 = (loads_7.w >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
    let products_19 = (dot4I8Packed(low_28, half_16.x) + dot4I8Packed(high_28, half_16.y)
        + dot4I8Packed(low_29, half_16.z) + dot4I8Packed(high_29, half_16.w)
        + dot4I8Packed(low_30, half_17.x) + dot4I8Packed(high_30, half_17.y)
        + dot4I8Packed(low_31, half_17.z) + dot4I8Packed(high_31, half_17.w)) * 256i + start_5;  // int8/parts.py
    let pair_7 = unpack2x16float(scales[at_7 >> 1u]);                     // parts/packed_rows.py
    let factors_0_7 = select(pair_7.x, pair_7.y, (at_7 & 1u) == 1u);      // parts/packed_rows.py
    let scaled_19 = f32(products_19 + dot4I8Packed(low_28, half_18.x)
        + dot4I8Packed(high_28, half_18.y) + dot4I8Packed(low_29, half_18.z)
        + dot4I8Packed(high_29, half_18.w) + dot4I8Packed(low_30, half_19.x)
        + dot4I8Packed(high_30, half_19.y) + dot4I8Packed(low_31, half_19.z)
        + dot4I8Packed(high_31, half_19.w)) * (factors_0_7 * code_scale_4);  // int8/parts.py
    sum_3_4 += scaled_19;                                                 // int8/parts.py
    let half_20 = x[index_4 + group_6];                                   // int8/parts.py
    let half_21 = x[index_4 + index_24];
    let half_22 = x[index_4 + index_25];
    let half_23 = x[index_4 + index_26];
    let factors_5 = x[index_4 + index_27];
    let code_scale_5 = bitcast<f32>(factors_5.x);                         // int8/parts.py
    let start_6 = bitcast<i32>(factors_5.y) * -8i;                        // int8/parts.py
    let products_20 = (dot4I8Packed(low_16, half_20.x) + dot4I8Packed(high_16, half_20.y)
        + dot4I8Packed(low_17, half_20.z) + dot4I8Packed(high_17, half_20.w)
        + dot4I8Packed(low_18, half_21.x) + dot4I8Packed(high_18, half_21.y)
        + dot4I8Packed(low_19, half_21.z) + dot4I8Packed(high_19, half_21.w)) * 256i + start_6;  // int8/parts.py
    let scaled_20 = f32(products_20 + dot4I8Packed(low_16, half_22.x)
        + dot4I8Packed(high_16, half_22.y) + dot4I8Packed(low_17, half_22.z)
        + dot4I8Packed(high_17, half_22.w) + dot4I8Packed(low_18, half_23.x)
        + dot4I8Packed(high_18, half_23.y) + dot4I8Packed(low_19, half_23.z)
        + dot4I8Packed(high_19, half_23.w)) * (factors_0_4 * code_scale_5);  // int8/parts.py
    sum_0_5 += scaled_20;                                                 // int8/parts.py
    let products_21 = (dot4I8Packed(low_20, half_20.x) + dot4I8Packed(high_20, half_20.y)
        + dot4I8Packed(low_21, half_20.z) + dot4I8Packed(high_21, half_20.w)
        + dot4I8Packed(low_22, half_21.x) + dot4I8Packed(high_22, half_21.y)
        + dot4I8Packed(low_23, half_21.z) + dot4I8Packed(high_23, half_21.w)) * 256i + start_6;  // int8/parts.py
    let scaled_21 = f32(products_21 + dot4I8Packed(low_20, half_22.x)
        + dot4I8Packed(high_20, half_22.y) + dot4I8Packed(low_21, half_22.z)
        + dot4I8Packed(high_21, half_22.w) + dot4I8Packed(low_22, half_23.x)
        + dot4I8Packed(high_22, half_23.y) + dot4I8Packed(low_23, half_23.z)
        + dot4I8Packed(high_23, half_23.w)) * (factors_0_5 * code_scale_5);  // int8/parts.py
    sum_1_5 += scaled_21;                                                 // int8/parts.py
    let products_22 = (dot4I8Packed(low_24, half_20.x) + dot4I8Packed(high_24, half_20.y)
        + dot4I8Packed(low_25, half_20.z) + dot4I8Packed(high_25, half_20.w)
        + dot4I8Packed(low_26, half_21.x) + dot4I8Packed(high_26, half_21.y)
        + dot4I8Packed(low_27, half_21.z) + dot4I8Packed(high_27, half_21.w)) * 256i + start_6;  // int8/parts.py
    let scaled_22 = f32(products_22 + dot4I8Packed(low_24, half_22.x)
        + dot4I8Packed(high_24, half_22.y) + dot4I8Packed(low_25, half_22.z)
        + dot4I8Packed(high_25, half_22.w) + dot4I8Packed(low_26, half_23.x)
        + dot4I8Packed(high_26, half_23.y) + dot4I8Packed(low_27, half_23.z)
        + dot4I8Packed(high_27, half_23.w)) * (factors_0_6 * code_scale_5);  // int8/parts.py
    sum_2_5 += scaled_22;                                                 // int8/parts.py
    let products_23 = (dot4I8Packed(low_28, half_20.x) + dot4I8Packed(high_28, half_20.y)
        + dot4I8Packed(low_29, half_20.z) + dot4I8Packed(high_29, half_20.w)
        + dot4I8Packed(low_30, half_21.x) + dot4I8Packed(high_30, half_21.y)
        + dot4I8Packed(low_31, half_21.z) + dot4I8Packed(high_31, half_21.w)) * 256i + start_6;  // int8/parts.py
    let scaled_23 = f32(products_23 + dot4I8Packed(low_28, half_22.x)
        + dot4I8Packed(high_28, half_22.y) + dot4I8Packed(low_29, half_22.z)
        + dot4I8Packed(high_29, half_22.w) + dot4I8Packed(low_30, half_23.x)
        + dot4I8Packed(high_30, half_23.y) + dot4I8Packed(low_31, half_23.z)
        + dot4I8Packed(high_31, half_23.w)) * (factors_0_7 * code_scale_5);  // int8/parts.py
    sum_3_5 += scaled_23;                                                 // int8/parts.py
    let half_24 = x[index_5 + group_6];                                   // int8/parts.py
    let half_25 = x[index_5 + index_24];
    let half_26 = x[index_5 + index_25];
    let half_27 = x[index_5 + index_26];
    let factors_6 = x[index_5 + index_27];
    let code_scale_6 = bitcast<f32>(factors_6.x);                         // int8/parts.py
    let start_7 = bitcast<i32>(factors_6.y) * -8i;                        // int8/parts.py
    let products_24 = (dot4I8Packed(low_16, half_24.x) + dot4I8Packed(high_16, half_24.y)
        + dot4I8Packed(low_17, half_24.z) + dot4I8Packed(high_17, half_24.w)
        + dot4I8Packed(low_18, half_25.x) + dot4I8Packed(high_18, half_25.y)
        + dot4I8Packed(low_19, half_25.z) + dot4I8Packed(high_19, half_25.w)) * 256i + start_7;  // int8/parts.py
    let scaled_24 = f32(products_24 + dot4I8Packed(low_16, half_26.x)
        + dot4I8Packed(high_16, half_26.y) + dot4I8Packed(low_17, half_26.z)
        + dot4I8Packed(high_17, half_26.w) + dot4I8Packed(low_18, half_27.x)
        + dot4I8Packed(high_18, half_27.y) + dot4I8Packed(low_19, half_27.z)
        + dot4I8Packed(high_19, half_27.w)) * (factors_0_4 * code_scale_6);  // int8/parts.py
    sum_0_6 += scaled_24;                                                 // int8/parts.py
    let products_25 = (dot4I8Packed(low_20, half_24.x) + dot4I8Packed(high_20, half_24.y)
        + dot4I8Packed(low_21, half_24.z) + dot4I8Packed(high_21, half_24.w)
        + dot4I8Packed(low_22, half_25.x) + dot4I8Packed(high_22, half_25.y)
        + dot4I8Packed(low_23, half_25.z) + dot4I8Packed(high_23, half_25.w)) * 256i + start_7;  // int8/parts.py
    let scaled_25 = f32(products_25 + dot4I8Packed(low_20, half_26.x)
        + dot4I8Packed(high_20, half_26.y) + dot4I8Packed(low_21, half_26.z)
        + dot4I8Packed(high_21, half_26.w) + dot4I8Packed(low_22, half_27.x)
        + dot4I8Packed(high_22, half_27.y) + dot4I8Packed(low_23, half_27.z)
        + dot4I8Packed(high_23, half_27.w)) * (factors_0_5 * code_scale_6);  // int8/parts.py
    sum_1_6 += scaled_25;                                                 // int8/parts.py
    let products_26 = (dot4I8Packed(low_24, half_24.x) + dot4I8Packed(high_24, half_24.y)
        + dot4I8Packed(low_25, half_24.z) + dot4I8Packed(high_25, half_24.w)
        + dot4I8Packed(low_26, half_25.x) + dot4I8Packed(high_26, half_25.y)
        + dot4I8Packed(low_27, half_25.z) + dot4I8Packed(high_27, half_25.w)) * 256i + start_7;  // int8/parts.py
    let scaled_26 = f32(products_26 + dot4I8Packed(low_24, half_26.x)
        + dot4I8Packed(high_24, half_26.y) + dot4I8Packed(low_25, half_26.z)
        + dot4I8Packed(high_25, half_26.w) + dot4I8Packed(low_26, half_27.x)
        + dot4I8Packed(high_26, half_27.y) + dot4I8Packed(low_27, half_27.z)
        + dot4I8Packed(high_27, half_27.w)) * (factors_0_6 * code_scale_6);  // int8/parts.py
    sum_2_6 += scaled_26;                                                 // int8/parts.py
    let products_27 = (dot4I8Packed(low_28, half_24.x) + dot4I8Packed(high_28, half_24.y)
        + dot4I8Packed(low_29, half_24.z) + dot4I8Packed(high_29, half_24.w)
        + dot4I8Packed(low_30, half_25.x) + dot4I8Packed(high_30, half_25.y)
        + dot4I8Packed(low_31, half_25.z) + dot4I8Packed(high_31, half_25.w)) * 256i + start_7;  // int8/parts.py
    let scaled_27 = f32(products_27 + dot4I8Packed(low_28, half_26.x)
        + dot4I8Packed(high_28, half_26.y) + dot4I8Packed(low_29, half_26.z)
        + dot4I8Packed(high_29, half_26.w) + dot4I8Packed(low_30, half_27.x)
        + dot4I8Packed(high_30, half_27.y) + dot4I8Packed(low_31, half_27.z)
        + dot4I8Packed(high_31, half_27.w)) * (factors_0_7 * code_scale_6);  // int8/parts.py
    sum_3_6 += scaled_27;                                                 // int8/parts.py
    let half_28 = x[index_6 + group_6];                                   // int8/parts.py
    let half_29 = x[index_6 + index_24];
    let half_30 = x[index_6 + index_25];
    let half_31 = x[index_6 + index_26];
    let factors_7 = x[index_6 + index_27];
    let code_scale_7 = bitcast<f32>(factors_7.x);                         // int8/parts.py
    let start_8 = bitcast<i32>(factors_7.y) * -8i;                        // int8/parts.py
    let products_28 = (dot4I8Packed(low_16, half_28.x) + dot4I8Packed(high_16, half_28.y)
        + dot4I8Packed(low_17, half_28.z) + dot4I8Packed(high_17, half_28.w)
        + dot4I8Packed(low_18, half_29.x) + dot4I8Packed(high_18, half_29.y)
        + dot4I8Packed(low_19, half_29.z) + dot4I8Packed(high_19, half_29.w)) * 256i + start_8;  // int8/parts.py
    let scaled_28 = f32(products_28 + dot4I8Packed(low_16, half_30.x)
        + dot4I8Packed(high_16, half_30.y) + dot4I8Packed(low_17, half_30.z)
        + dot4I8Packed(high_17, half_30.w) + dot4I8Packed(low_18, half_31.x)
        + dot4I8Packed(high_18, half_31.y) + dot4I8Packed(low_19, half_31.z)
        + dot4I8Packed(high_19, half_31.w)) * (factors_0_4 * code_scale_7);  // int8/parts.py
    sum_0_7 += scaled_28;                                                 // int8/parts.py
    let products_29 = (dot4I8Packed(low_20, half_28.x) + dot4I8Packed(high_20, half_28.y)
        + dot4I8Packed(low_21, half_28.z) + dot4I8Packed(high_21, half_28.w)
        + dot4I8Packed(low_22, half_29.x) + dot4I8Packed(high_22, half_29.y)
        + dot4I8Packed(low_23, half_29.z) + dot4I8Packed(high_23, half_29.w)) * 256i + start_8;  // int8/parts.py
    let scaled_29 = f32(products_29 + dot4I8Packed(low_20, half_30.x)
        + dot4I8Packed(high_20, half_30.y) + dot4I8Packed(low_21, half_30.z)
        + dot4I8Packed(high_21, half_30.w) + dot4I8Packed(low_22, half_31.x)
        + dot4I8Packed(high_22, half_31.y) + dot4I8Packed(low_23, half_31.z)
        + dot4I8Packed(high_23, half_31.w)) * (factors_0_5 * code_scale_7);  // int8/parts.py
    sum_1_7 += scaled_29;                                                 // int8/parts.py
    let products_30 = (dot4I8Packed(low_24, half_28.x) + dot4I8Packed(high_24, half_28.y)
        + dot4I8Packed(low_25, half_28.z) + dot4I8Packed(high_25, half_28.w)
        + dot4I8Packed(low_26, half_29.x) + dot4I8Packed(high_26, half_29.y)
        + dot4I8Packed(low_27, half_29.z) + dot4I8Packed(high_27, half_29.w)) * 256i + start_8;  // int8/parts.py
    let scaled_30 = f32(products_30 + dot4I8Packed(low_24, half_30.x)
        + dot4I8Packed(high_24, half_30.y) + dot4I8Packed(low_25, half_30.z)
        + dot4I8Packed(high_25, half_30.w) + dot4I8Packed(low_26, half_31.x)
        + dot4I8Packed(high_26, half_31.y) + dot4I8Packed(low_27, half_31.z)
        + dot4I8Packed(high_27, half_31.w)) * (factors_0_6 * code_scale_7);  // int8/parts.py
    sum_2_7 += scaled_30;                                                 // int8/parts.py
    let products_31 = (dot4I8Packed(low_28, half_28.x) + dot4I8Packed(high_28, half_28.y)
        + dot4I8Packed(low_29, half_28.z) + dot4I8Packed(high_29, half_28.w)
        + dot4I8Packed(low_30, half_29.x) + dot4I8Packed(high_30, half_29.y)
        + dot4I8Packed(low_31, half_29.z) + dot4I8Packed(high_31, half_29.w)) * 256i + start_8;  // int8/parts.py
    let scaled_31 = f32(products_31 + dot4I8Packed(low_28, half_30.x)
        + dot4I8Packed(high_28, half_30.y) + dot4I8Packed(low_29, half_30.z)
        + dot4I8Packed(high_29, half_30.w) + dot4I8Packed(low_30, half_31.x)
        + dot4I8Packed(high_30, half_31.y) + dot4I8Packed(low_31, half_31.z)
        + dot4I8Packed(high_31, half_31.w)) * (factors_0_7 * code_scale_7);  // int8/parts.py
    sum_3_7 += scaled_31;                                                 // int8/parts.py
  }
  let index_24 = index_7 + 32u + index_19;                                // int8/results.py
  row_sums[index_24] = sum_0_4;
  let index_25 = index_7 + 33u + index_19;
  row_sums[index_25] = sum_1_4;
  let index_26 = index_7 + 34u + index_19;
  row_sums[index_26] = sum_2_4;
  let index_27 = index_7 + 35u + index_19;
  row_sums[index_27] = sum_3_4;
  row_sums[520u + index_24] = sum_0_5;
  row_sums[520u + index_25] = sum_1_5;
  row_sums[520u + index_26] = sum_2_5;
  row_sums[520u + index_27] = sum_3_5;
  row_sums[1040u + index_24] = sum_0_6;
  row_sums[1040u + index_25] = sum_1_6;
  row_sums[1040u + index_26] = sum_2_6;
  row_sums[1040u + index_27] = sum_3_6;
  row_sums[1560u + index_24] = sum_0_7;
  row_sums[1560u + index_25] = sum_1_7;
  row_sums[1560u + index_26] = sum_2_7;
  row_sums[1560u + index_27] = sum_3_7;
  workgroupBarrier();                                                     // several/int8_rows.py
  for (var row_4 = 0u; row_4 < step.seq; row_4++) {                       // several/int8_rows.py
    let index_28 = row_4 * 8u;                                            // several/each_row.py
    let index_29 = row_4 * 120u;                                          // several/each_row.py
    let index_30 = row_4 * 520u;                                          // several/int8_rows.py
    workgroupBarrier();                                                   // int8/results.py
    if (local_id.x < 32u) {                                               // parts/distribute.py
      let result = local_id.x * 2u;                                       // int8/results.py
      let row_5 = index_1 + result;
      if (row_5 < 384u) {                                                 // int8/results.py
        var total: f32 = row_sums[index_30 + result];                     // int8/results.py
        for (var part = 1u; part < 8u; part++) {                          // int8/results.py
          total += row_sums[index_30 + part * 65u + result];              // int8/results.py
        }
        let value = total;                                                // int8/results.py
        let result_1 = result + 1u;                                       // int8/results.py
        var total_1: f32 = row_sums[index_30 + result_1];                 // int8/results.py
        for (var part = 1u; part < 8u; part++) {                          // int8/results.py
          total_1 += row_sums[index_30 + part * 65u + result_1];          // int8/results.py
        }
        let value_1 = total_1;                                            // int8/results.py
        var total_2: f32 = row_squares[index_28];                         // int8/results.py
        for (var part = 1u; part < 8u; part++) {                          // int8/results.py
          total_2 += row_squares[index_28 + part];                        // int8/results.py
        }
        let factor = inverseSqrt(total_2 * 0.00048828125 + 1e-5);         // int8/results.py
        let gate = value * factor;                                        // int8/results.py
        let gated = gate / (1.0 + exp(-gate)) * (value_1 * factor);       // epilogues/pair.py
        code_values[local_id.x] = gated;                                  // parts/coded_groups.py
      }
    }
    workgroupBarrier();                                                   // parts/coded_groups.py
    if (local_id.x < 8u) {                                                // parts/distribute.py
      let group_7 = workgroup_id.x + index;                               // parts/coded_groups.py
      if (group_7 < 6u) {                                                 // parts/coded_groups.py
        let start_5 = index * 32u;                                        // parts/coded_groups.py
        let x_1 = vec4<f32>(code_values[start_5], code_values[start_5 + 1u],
            code_values[start_5 + 2u], code_values[start_5 + 3u]);        // parts/coded_groups.py
        let at_4 = start_5 + 4u;                                          // parts/coded_groups.py
        let at_5 = start_5 + 8u;
        let at_6 = start_5 + 12u;
        let at_7 = start_5 + 16u;
        let at_8 = start_5 + 20u;
        let at_9 = start_5 + 24u;
        let at_10 = start_5 + 28u;
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
        let exponent = min(max(largest_7 >> 23u, 27u), 252u);             // parts/coded_groups.py
        let steps = f32(0x7f000000u / ((((largest_7 & 0x007fffffu) | 0x00800000u) >> 8u) + 1u))
            * bitcast<f32>((253u - exponent) << 23u);                     // parts/coded_groups.py
        let at_11 = local_id.x * 4u;                                      // parts/coded_groups.py
        let cut = vec4<i32>(vec4<f32>(code_values[at_11], code_values[at_11 + 1u],
            code_values[at_11 + 2u], code_values[at_11 + 3u]) * (steps * 8.0));  // parts/coded_groups.py
        let parts = (cut + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
        let codes = bitcast<vec4<u32>>(parts + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
        let low_16 = (codes.x >> 8u) | codes.y;                           // parts/coded_groups.py
        let high_16 = (codes.z << 8u) | (codes.w << 16u);
        let words_0 = low_16 | high_16;                                   // parts/coded_groups.py
        let rest = bitcast<vec4<u32>>(parts) & vec4<u32>(255u);           // parts/coded_groups.py
        let low_17 = rest.x | (rest.y << 8u);                             // parts/coded_groups.py
        let high_17 = (rest.z << 16u) | (rest.w << 24u);
        let words_1 = low_17 | high_17;                                   // parts/coded_groups.py
        let plane = group / 4u;                                           // parts/coded_groups.py
        let index_31 = group % 4u;                                        // parts/coded_groups.py
        coded[index_29 + (plane * 6u + group_7) * 4u + index_31] = words_0;
        let plane_1 = plane + 2u;                                         // parts/coded_groups.py
        coded[index_29 + (plane_1 * 6u + group_7) * 4u + index_31] = words_1;  // parts/coded_groups.py
        code_sums[local_id.x] = dot4I8Packed(words_0, 0x01010101u) * 256i
            + dot4I8Packed(words_1, 0x01010101u);                         // parts/coded_groups.py
        if (group == 0u) {                                                // parts/coded_groups.py
          coded[index_29 + (group_7 + 24u) * 4u] =
              select(0x7fc00000u, bitcast<u32>(1.0 / steps), largest_7 < 0x7f800000u);  // parts/coded_groups.py
        }
      }
    }
    workgroupBarrier();                                                   // parts/coded_groups.py
    if (local_id.x < 1u) {                                                // parts/distribute.py
      let group_7 = workgroup_id.x + local_id.x;                          // parts/coded_groups.py
      if (group_7 < 6u) {                                                 // parts/coded_groups.py
        let first = local_id.x * 8u;                                      // parts/coded_groups.py
        let total = code_sums[first] + code_sums[first + 1u];             // parts/coded_groups.py
        let total_1 = total + code_sums[first + 2u];
        let total_2 = total_1 + code_sums[first + 3u];
        let total_3 = total_2 + code_sums[first + 4u];
        let total_4 = total_3 + code_sums[first + 5u];
        let total_5 = total_4 + code_sums[first + 6u];
        let total_6 = total_5 + code_sums[first + 7u];
        let place = (group_7 + 24u) * 4u;                                 // parts/coded_groups.py
        coded[index_29 + place + 1u] = bitcast<u32>(total_6);             // parts/coded_groups.py
        coded[index_29 + place + 2u] = 0u;                                // parts/coded_groups.py
        coded[index_29 + place + 3u] = 0u;                                // parts/coded_groups.py
      }
    }
    workgroupBarrier();                                                   // several/int8_rows.py
  }
}
