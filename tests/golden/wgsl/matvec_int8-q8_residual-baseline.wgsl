// matvec_int8_q8_residual_codes1_normed_kept_64x172_t1

@group(0) @binding(0) var<storage, read> x: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read> code_weight: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;
@group(0) @binding(6) var<storage, read_write> coded: array<u32>;

var<workgroup> partial_sums: array<f32, 260>;
var<workgroup> code_values: array<f32, 64>;
var<workgroup> plain_values: array<f32, 64>;
var<workgroup> code_sums: array<i32, 16>;
var<workgroup> squares: array<f32, 16>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let group = local_id.x % 4u;                                            // parts/reduce.py
  let index = workgroup_id.x * 64u;                                       // int8/results.py
  let index_1 = local_id.x / 4u * 4u;                                     // int8/results.py
  let row = index + index_1;                                              // int8/body.py
  let index_2 = row * 6u;                                                 // parts/packed_rows.py
  let at = index_2 + group;
  let index_3 = at * 2u;                                                  // parts/packed_rows.py
  let loads_0 = quants[index_3];
  let loads_1 = quants[index_3 + 1u];
  let stored = scales[at >> 1u];                                          // parts/packed_rows.py
  let index_4 = index_1 + 1u;                                             // int8/results.py
  let row_1 = index + index_4;                                            // int8/body.py
  let index_5 = row_1 * 6u;                                               // parts/packed_rows.py
  let at_1 = index_5 + group;
  let index_6 = at_1 * 2u;                                                // parts/packed_rows.py
  let loads_0_1 = quants[index_6];
  let loads_1_1 = quants[index_6 + 1u];
  let stored_1 = scales[at_1 >> 1u];                                      // parts/packed_rows.py
  let index_7 = index_1 + 2u;                                             // int8/results.py
  let row_2 = index + index_7;                                            // int8/body.py
  let index_8 = row_2 * 6u;                                               // parts/packed_rows.py
  let at_2 = index_8 + group;
  let index_9 = at_2 * 2u;                                                // parts/packed_rows.py
  let loads_0_2 = quants[index_9];
  let loads_1_2 = quants[index_9 + 1u];
  let stored_2 = scales[at_2 >> 1u];                                      // parts/packed_rows.py
  let index_10 = index_1 + 3u;                                            // int8/results.py
  let row_3 = index + index_10;                                           // int8/body.py
  let index_11 = row_3 * 6u;                                              // parts/packed_rows.py
  let at_3 = index_11 + group;
  let index_12 = at_3 * 2u;                                               // parts/packed_rows.py
  let loads_0_3 = quants[index_12];
  let loads_1_3 = quants[index_12 + 1u];
  let stored_3 = scales[at_3 >> 1u];                                      // parts/packed_rows.py
  let group_1 = group + 4u;                                               // int8/body.py
  let group_2 = min(group_1, 5u);                                         // int8/body.py
  let at_4 = index_2 + group_2;                                           // parts/packed_rows.py
  let index_13 = at_4 * 2u;                                               // parts/packed_rows.py
  let loads_0_4 = quants[index_13];
  let loads_1_4 = quants[index_13 + 1u];
  let at_5 = index_5 + group_2;                                           // parts/packed_rows.py
  let index_14 = at_5 * 2u;                                               // parts/packed_rows.py
  let loads_0_5 = quants[index_14];
  let loads_1_5 = quants[index_14 + 1u];
  let at_6 = index_8 + group_2;                                           // parts/packed_rows.py
  let index_15 = at_6 * 2u;                                               // parts/packed_rows.py
  let loads_0_6 = quants[index_15];
  let loads_1_6 = quants[index_15 + 1u];
  let at_7 = index_11 + group_2;                                          // parts/packed_rows.py
  let index_16 = at_7 * 2u;                                               // parts/packed_rows.py
  let loads_0_7 = quants[index_16];
  let loads_1_7 = quants[index_16 + 1u];
  var sum_0: f32 = 0.0;                                                   // int8/parts.py
  var sum_1: f32 = 0.0;
  var sum_2: f32 = 0.0;
  var sum_3: f32 = 0.0;
  let half = x[group];                                                    // int8/parts.py
  let half_1 = x[group + 6u];
  let code_scale = bitcast<f32>(x[group + 12u].x);                        // int8/parts.py
  let word = loads_0.w;                                                   // parts/packed_rows.py
  let word_1 = loads_1.x;
  let word_2 = loads_1.y;
  let word_3 = loads_1.z;
  let word_4 = loads_1.w;
  let plus = dot4I8Packed(loads_0.x, half.x) + dot4I8Packed(loads_0.y, half.y)
      + dot4I8Packed(loads_0.z, half.z);                                  // parts/dot4.py
  let pair = unpack2x16float(stored);                                     // parts/packed_rows.py
  let scaled = f32(plus + dot4I8Packed(word, half.w) + dot4I8Packed(word_1, half_1.x)
      + dot4I8Packed(word_2, half_1.y) + dot4I8Packed(word_3, half_1.z)
      + dot4I8Packed(word_4, half_1.w))
      * (select(pair.x, pair.y, (at & 1u) == 1u) * code_scale);           // int8/parts.py
  sum_0 += scaled;                                                        // int8/parts.py
  let word_5 = loads_0_1.w;                                               // parts/packed_rows.py
  let word_6 = loads_1_1.x;
  let word_7 = loads_1_1.y;
  let word_8 = loads_1_1.z;
  let word_9 = loads_1_1.w;
  let plus_1 = dot4I8Packed(loads_0_1.x, half.x) + dot4I8Packed(loads_0_1.y, half.y)
      + dot4I8Packed(loads_0_1.z, half.z);                                // parts/dot4.py
  let pair_1 = unpack2x16float(stored_1);                                 // parts/packed_rows.py
  let scaled_1 = f32(plus_1 + dot4I8Packed(word_5, half.w) + dot4I8Packed(word_6, half_1.x)
      + dot4I8Packed(word_7, half_1.y) + dot4I8Packed(word_8, half_1.z)
      + dot4I8Packed(word_9, half_1.w))
      * (select(pair_1.x, pair_1.y, (at_1 & 1u) == 1u) * code_scale);     // int8/parts.py
  sum_1 += scaled_1;                                                      // int8/parts.py
  let word_10 = loads_0_2.w;                                              // parts/packed_rows.py
  let word_11 = loads_1_2.x;
  let word_12 = loads_1_2.y;
  let word_13 = loads_1_2.z;
  let word_14 = loads_1_2.w;
  let plus_2 = dot4I8Packed(loads_0_2.x, half.x) + dot4I8Packed(loads_0_2.y, half.y)
      + dot4I8Packed(loads_0_2.z, half.z);                                // parts/dot4.py
  let pair_2 = unpack2x16float(stored_2);                                 // parts/packed_rows.py
  let scaled_2 = f32(plus_2 + dot4I8Packed(word_10, half.w) + dot4I8Packed(word_11, half_1.x)
      + dot4I8Packed(word_12, half_1.y) + dot4I8Packed(word_13, half_1.z)
      + dot4I8Packed(word_14, half_1.w))
      * (select(pair_2.x, pair_2.y, (at_2 & 1u) == 1u) * code_scale);     // int8/parts.py
  sum_2 += scaled_2;                                                      // int8/parts.py
  let word_15 = loads_0_3.w;                                              // parts/packed_rows.py
  let word_16 = loads_1_3.x;
  let word_17 = loads_1_3.y;
  let word_18 = loads_1_3.z;
  let word_19 = loads_1_3.w;
  let plus_3 = dot4I8Packed(loads_0_3.x, half.x) + dot4I8Packed(loads_0_3.y, half.y)
      + dot4I8Packed(loads_0_3.z, half.z);                                // parts/dot4.py
  let pair_3 = unpack2x16float(stored_3);                                 // parts/packed_rows.py
  let scaled_3 = f32(plus_3 + dot4I8Packed(word_15, half.w) + dot4I8Packed(word_16, half_1.x)
      + dot4I8Packed(word_17, half_1.y) + dot4I8Packed(word_18, half_1.z)
      + dot4I8Packed(word_19, half_1.w))
      * (select(pair_3.x, pair_3.y, (at_3 & 1u) == 1u) * code_scale);     // int8/parts.py
  sum_3 += scaled_3;                                                      // int8/parts.py
  let half_2 = x[group_2];                                                // int8/parts.py
  let half_3 = x[group_2 + 6u];
  let code_scale_1 = select(0.0, bitcast<f32>(x[group_2 + 12u].x), group_1 < 6u);  // int8/parts.py
  let word_20 = loads_0_4.w;                                              // parts/packed_rows.py
  let word_21 = loads_1_4.x;
  let word_22 = loads_1_4.y;
  let word_23 = loads_1_4.z;
  let word_24 = loads_1_4.w;
  let plus_4 = dot4I8Packed(loads_0_4.x, half_2.x) + dot4I8Packed(loads_0_4.y, half_2.y)
      + dot4I8Packed(loads_0_4.z, half_2.z);                              // parts/dot4.py
  let pair_4 = unpack2x16float(scales[at_4 >> 1u]);                       // parts/packed_rows.py
  let scaled_4 = f32(plus_4 + dot4I8Packed(word_20, half_2.w) + dot4I8Packed(word_21, half_3.x)
      + dot4I8Packed(word_22, half_3.y) + dot4I8Packed(word_23, half_3.z)
      + dot4I8Packed(word_24, half_3.w))
      * (select(pair_4.x, pair_4.y, (at_4 & 1u) == 1u) * code_scale_1);   // int8/parts.py
  sum_0 += scaled_4;                                                      // int8/parts.py
  let word_25 = loads_0_5.w;                                              // parts/packed_rows.py
  let word_26 = loads_1_5.x;
  let word_27 = loads_1_5.y;
  let word_28 = loads_1_5.z;
  let word_29 = loads_1_5.w;
  let plus_5 = dot4I8Packed(loads_0_5.x, half_2.x) + dot4I8Packed(loads_0_5.y, half_2.y)
      + dot4I8Packed(loads_0_5.z, half_2.z);                              // parts/dot4.py
  let pair_5 = unpack2x16float(scales[at_5 >> 1u]);                       // parts/packed_rows.py
  let scaled_5 = f32(plus_5 + dot4I8Packed(word_25, half_2.w) + dot4I8Packed(word_26, half_3.x)
      + dot4I8Packed(word_27, half_3.y) + dot4I8Packed(word_28, half_3.z)
      + dot4I8Packed(word_29, half_3.w))
      * (select(pair_5.x, pair_5.y, (at_5 & 1u) == 1u) * code_scale_1);   // int8/parts.py
  sum_1 += scaled_5;                                                      // int8/parts.py
  let word_30 = loads_0_6.w;                                              // parts/packed_rows.py
  let word_31 = loads_1_6.x;
  let word_32 = loads_1_6.y;
  let word_33 = loads_1_6.z;
  let word_34 = loads_1_6.w;
  let plus_6 = dot4I8Packed(loads_0_6.x, half_2.x) + dot4I8Packed(loads_0_6.y, half_2.y)
      + dot4I8Packed(loads_0_6.z, half_2.z);                              // parts/dot4.py
  let pair_6 = unpack2x16float(scales[at_6 >> 1u]);                       // parts/packed_rows.py
  let scaled_6 = f32(plus_6 + dot4I8Packed(word_30, half_2.w) + dot4I8Packed(word_31, half_3.x)
      + dot4I8Packed(word_32, half_3.y) + dot4I8Packed(word_33, half_3.z)
      + dot4I8Packed(word_34, half_3.w))
      * (select(pair_6.x, pair_6.y, (at_6 & 1u) == 1u) * code_scale_1);   // int8/parts.py
  sum_2 += scaled_6;                                                      // int8/parts.py
  let word_35 = loads_0_7.w;                                              // parts/packed_rows.py
  let word_36 = loads_1_7.x;
  let word_37 = loads_1_7.y;
  let word_38 = loads_1_7.z;
  let word_39 = loads_1_7.w;
  let plus_7 = dot4I8Packed(loads_0_7.x, half_2.x) + dot4I8Packed(loads_0_7.y, half_2.y)
      + dot4I8Packed(loads_0_7.z, half_2.z);                              // parts/dot4.py
  let pair_7 = unpack2x16float(scales[at_7 >> 1u]);                       // parts/packed_rows.py
  let scaled_7 = f32(plus_7 + dot4I8Packed(word_35, half_2.w) + dot4I8Packed(word_36, half_3.x)
      + dot4I8Packed(word_37, half_3.y) + dot4I8Packed(word_38, half_3.z)
      + dot4I8Packed(word_39, half_3.w))
      * (select(pair_7.x, pair_7.y, (at_7 & 1u) == 1u) * code_scale_1);   // int8/parts.py
  sum_3 += scaled_7;                                                      // int8/parts.py
  let index_17 = group * 65u;                                             // int8/results.py
  partial_sums[index_1 + index_17] = sum_0;
  partial_sums[index_4 + index_17] = sum_1;
  partial_sums[index_7 + index_17] = sum_2;
  partial_sums[index_10 + index_17] = sum_3;
  workgroupBarrier();                                                     // int8/results.py
  let row_4 = index + local_id.x;                                         // int8/results.py
  if (row_4 < 64u) {                                                      // int8/results.py
    var total: f32 = partial_sums[local_id.x];                            // int8/results.py
    for (var part = 1u; part < 4u; part++) {                              // int8/results.py
      total += partial_sums[part * 65u + local_id.x];                     // int8/results.py
    }
    let value = total + residual[row_4];                                  // epilogues/row.py
    out[row_4] = value;                                                   // epilogues/coded.py
    plain_values[local_id.x] = value;                                     // parts/coded_groups.py
    code_values[local_id.x] = value * code_weight[row_4];                 // parts/coded_groups.py
  }
  let first = workgroup_id.x * 2u;                                        // int8/results.py
  workgroupBarrier();                                                     // parts/coded_groups.py
  if (local_id.x < 16u) {                                                 // parts/distribute.py
    let index_18 = local_id.x / 8u;                                       // parts/coded_groups.py
    let group_3 = first + index_18;
    if (group_3 < 2u) {                                                   // parts/coded_groups.py
      let lane = local_id.x % 8u;                                         // parts/coded_groups.py
      let start = index_18 * 32u;                                         // parts/coded_groups.py
      let x_1 = vec4<f32>(code_values[start], code_values[start + 1u], code_values[start + 2u],
          code_values[start + 3u]);                                       // parts/coded_groups.py
      let at_8 = start + 4u;                                              // parts/coded_groups.py
      let at_9 = start + 8u;
      let at_10 = start + 12u;
      let at_11 = start + 16u;
      let at_12 = start + 20u;
      let at_13 = start + 24u;
      let at_14 = start + 28u;
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
      let index_19 = at_15 + 1u;                                          // parts/coded_groups.py
      let index_20 = at_15 + 2u;
      let index_21 = at_15 + 3u;
      let cut = vec4<i32>(vec4<f32>(code_values[at_15], code_values[index_19],
          code_values[index_20], code_values[index_21]) * (steps * 8.0));  // parts/coded_groups.py
      let parts = (cut + 4i) >> vec4<u32>(3u);                            // parts/coded_groups.py
      let codes = bitcast<vec4<u32>>(parts + 128i) & vec4<u32>(65280u);   // parts/coded_groups.py
      let low = (codes.x >> 8u) | codes.y;                                // parts/coded_groups.py
      let high = (codes.z << 8u) | (codes.w << 16u);
      let words = low | high;                                             // parts/coded_groups.py
      let plane = lane / 4u;                                              // parts/coded_groups.py
      coded[(plane * 2u + group_3) * 4u + lane % 4u] = words;             // parts/coded_groups.py
      code_sums[local_id.x] = dot4I8Packed(words, 0x01010101u);           // parts/coded_groups.py
      let plain = vec4<f32>(plain_values[at_15], plain_values[index_19],
          plain_values[index_20], plain_values[index_21]);                // parts/coded_groups.py
      squares[local_id.x] = dot(plain, plain);                            // parts/coded_groups.py
      if (lane == 0u) {                                                   // parts/coded_groups.py
        coded[(group_3 + 4u) * 4u] = select(0x7fc00000u, bitcast<u32>(256.0 / steps), largest_7
            < 0x7f800000u);                                               // parts/coded_groups.py
      }
    }
  }
  workgroupBarrier();                                                     // parts/coded_groups.py
  if (local_id.x < 2u) {                                                  // parts/distribute.py
    let group_3 = first + local_id.x;                                     // parts/coded_groups.py
    if (group_3 < 2u) {                                                   // parts/coded_groups.py
      let first_1 = local_id.x * 8u;                                      // parts/coded_groups.py
      let index_18 = first_1 + 1u;                                        // parts/coded_groups.py
      let total = code_sums[first_1] + code_sums[index_18];
      let square = squares[first_1] + squares[index_18];                  // parts/coded_groups.py
      let index_19 = first_1 + 2u;                                        // parts/coded_groups.py
      let total_1 = total + code_sums[index_19];
      let square_1 = square + squares[index_19];                          // parts/coded_groups.py
      let index_20 = first_1 + 3u;                                        // parts/coded_groups.py
      let total_2 = total_1 + code_sums[index_20];
      let square_2 = square_1 + squares[index_20];                        // parts/coded_groups.py
      let index_21 = first_1 + 4u;                                        // parts/coded_groups.py
      let total_3 = total_2 + code_sums[index_21];
      let square_3 = square_2 + squares[index_21];                        // parts/coded_groups.py
      let index_22 = first_1 + 5u;                                        // parts/coded_groups.py
      let total_4 = total_3 + code_sums[index_22];
      let square_4 = square_3 + squares[index_22];                        // parts/coded_groups.py
      let index_23 = first_1 + 6u;                                        // parts/coded_groups.py
      let total_5 = total_4 + code_sums[index_23];
      let square_5 = square_4 + squares[index_23];                        // parts/coded_groups.py
      let index_24 = first_1 + 7u;                                        // parts/coded_groups.py
      let total_6 = total_5 + code_sums[index_24];
      let square_6 = square_5 + squares[index_24];                        // parts/coded_groups.py
      let place = (group_3 + 4u) * 4u;                                    // parts/coded_groups.py
      coded[place + 1u] = bitcast<u32>(total_6);                          // parts/coded_groups.py
      coded[place + 2u] = bitcast<u32>(square_6);                         // parts/coded_groups.py
      coded[place + 3u] = 0u;                                             // parts/coded_groups.py
    }
  }
}
