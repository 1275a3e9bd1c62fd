// matvec_int8_q4_residual_64x14336_t2

@group(0) @binding(0) var<storage, read> x: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

var<workgroup> partial_sums: array<f32, 264>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let group = local_id.x % 8u;                                            // parts/reduce.py
  let index = workgroup_id.x * 32u;                                       // int8/results.py
  let index_1 = local_id.x / 8u * 4u;                                     // int8/results.py
  let row = index + index_1;                                              // int8/body.py
  let index_2 = row * 448u;                                               // parts/packed_rows.py
  let at = index_2 + group;
  let loads = quants[at];                                                 // parts/packed_rows.py
  let stored = scales[at >> 1u];                                          // parts/packed_rows.py
  let index_3 = index_1 + 1u;                                             // int8/results.py
  let row_1 = index + index_3;                                            // int8/body.py
  let index_4 = row_1 * 448u;                                             // parts/packed_rows.py
  let at_1 = index_4 + group;
  let loads_1 = quants[at_1];                                             // parts/packed_rows.py
  let stored_1 = scales[at_1 >> 1u];                                      // parts/packed_rows.py
  let index_5 = index_1 + 2u;                                             // int8/results.py
  let row_2 = index + index_5;                                            // int8/body.py
  let index_6 = row_2 * 448u;                                             // parts/packed_rows.py
  let at_2 = index_6 + group;
  let loads_2 = quants[at_2];                                             // parts/packed_rows.py
  let stored_2 = scales[at_2 >> 1u];                                      // parts/packed_rows.py
  let index_7 = index_1 + 3u;                                             // int8/results.py
  let row_3 = index + index_7;                                            // int8/body.py
  let index_8 = row_3 * 448u;                                             // parts/packed_rows.py
  let at_3 = index_8 + group;
  let loads_3 = quants[at_3];                                             // parts/packed_rows.py
  let stored_3 = scales[at_3 >> 1u];                                      // parts/packed_rows.py
  var sum_0: f32 = 0.0;                                                   // int8/parts.py
  var sum_1: f32 = 0.0;
  var sum_2: f32 = 0.0;
  var sum_3: f32 = 0.0;
  let half = x[group];                                                    // int8/parts.py
  let half_1 = x[group + 448u];
  let half_2 = x[group + 896u];
  let half_3 = x[group + 1344u];
  let factors = x[group + 1792u];
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
  for (var group_1 = start_1; group_1 < 448u; group_1 += 8u) {            // int8/body.py
    let at_4 = index_2 + group_1;                                         // parts/packed_rows.py
    let loads_4 = quants[at_4];                                           // parts/packed_rows.py
    let at_5 = index_4 + group_1;                                         // parts/packed_rows.py
    let loads_5 = quants[at_5];                                           // parts/packed_rows.py
    let at_6 = index_6 + group_1;                                         // parts/packed_rows.py
    let loads_6 = quants[at_6];                                           // parts/packed_rows.py
    let at_7 = index_8 + group_1;                                         // parts/packed_rows.py
    let loads_7 = quants[at_7];                                           // parts/packed_rows.py
    let half_4 = x[group_1];                                              // int8/parts.py
    let half_5 = x[group_1 + 448u];
    let half_6 = x[group_1 + 896u];
    let half_7 = x[group_1 + 1344u];
    let factors_1 = x[group_1 + 1792u];
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
  let index_9 = group * 33u;                                              // int8/results.py
  partial_sums[index_1 + index_9] = sum_0;
  partial_sums[index_3 + index_9] = sum_1;
  partial_sums[index_5 + index_9] = sum_2;
  partial_sums[index_7 + index_9] = sum_3;
  workgroupBarrier();                                                     // int8/results.py
  if (local_id.x < 32u) {                                                 // parts/distribute.py
    let row_4 = index + local_id.x;                                       // int8/results.py
    if (row_4 < 64u) {                                                    // int8/results.py
      var total: f32 = partial_sums[local_id.x];                          // int8/results.py
      for (var part = 1u; part < 8u; part++) {                            // int8/results.py
        total += partial_sums[part * 33u + local_id.x];                   // int8/results.py
      }
      let value = total + residual[row_4];                                // epilogues/row.py
      out[row_4] = value;                                                 // epilogues/coded.py
    }
  }
}
