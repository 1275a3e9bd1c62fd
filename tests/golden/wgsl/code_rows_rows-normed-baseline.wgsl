// code_rows_rows_96_t2_normed_one_row_of4

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> code_weight: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> coded: array<u32>;
@group(0) @binding(3) var<storage, read> step_rows: array<u32>;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.z * 24u;                                       // several/each_row.py
  let index_1 = workgroup_id.z * 60u;
  let first = workgroup_id.x * 32u + local_id.x;                          // int8/code_rows.py
  if (first < 3u) {                                                       // int8/code_rows.py
    let four = first * 8u;                                                // int8/code_rows.py
    let index_2 = workgroup_id.y * 24u;                                   // linear/buffers.py
    let x_1 = x[index + four + index_2];
    let square = dot(x_1, x_1);                                           // int8/code_rows.py
    let x_2 = x_1 * code_weight[four];                                    // int8/code_rows.py
    let four_1 = four + 1u;                                               // int8/code_rows.py
    let x_3 = x[index + four_1 + index_2];                                // linear/buffers.py
    let square_1 = square + dot(x_3, x_3);                                // int8/code_rows.py
    let x_4 = x_3 * code_weight[four_1];                                  // int8/code_rows.py
    let four_2 = four + 2u;                                               // int8/code_rows.py
    let x_5 = x[index + four_2 + index_2];                                // linear/buffers.py
    let square_2 = square_1 + dot(x_5, x_5);                              // int8/code_rows.py
    let x_6 = x_5 * code_weight[four_2];                                  // int8/code_rows.py
    let four_3 = four + 3u;                                               // int8/code_rows.py
    let x_7 = x[index + four_3 + index_2];                                // linear/buffers.py
    let square_3 = square_2 + dot(x_7, x_7);                              // int8/code_rows.py
    let x_8 = x_7 * code_weight[four_3];                                  // int8/code_rows.py
    let four_4 = four + 4u;                                               // int8/code_rows.py
    let x_9 = x[index + four_4 + index_2];                                // linear/buffers.py
    let square_4 = square_3 + dot(x_9, x_9);                              // int8/code_rows.py
    let x_10 = x_9 * code_weight[four_4];                                 // int8/code_rows.py
    let four_5 = four + 5u;                                               // int8/code_rows.py
    let x_11 = x[index + four_5 + index_2];                               // linear/buffers.py
    let square_5 = square_4 + dot(x_11, x_11);                            // int8/code_rows.py
    let x_12 = x_11 * code_weight[four_5];                                // int8/code_rows.py
    let four_6 = four + 6u;                                               // int8/code_rows.py
    let x_13 = x[index + four_6 + index_2];                               // linear/buffers.py
    let square_6 = square_5 + dot(x_13, x_13);                            // int8/code_rows.py
    let x_14 = x_13 * code_weight[four_6];                                // int8/code_rows.py
    let four_7 = four + 7u;                                               // int8/code_rows.py
    let x_15 = x[index + four_7 + index_2];                               // linear/buffers.py
    let square_7 = square_6 + dot(x_15, x_15);                            // int8/code_rows.py
    let x_16 = x_15 * code_weight[four_7];                                // int8/code_rows.py
    let largest = max(bitcast<vec4<u32>>(x_2) & vec4<u32>(0x7fffffffu), bitcast<vec4<u32>>(x_4)
        & vec4<u32>(0x7fffffffu));                                        // parts/coded_groups.py
    let largest_1 = max(largest, bitcast<vec4<u32>>(x_6) & vec4<u32>(0x7fffffffu));
    let largest_2 = max(largest_1, bitcast<vec4<u32>>(x_8) & vec4<u32>(0x7fffffffu));
    let largest_3 = max(largest_2, bitcast<vec4<u32>>(x_10) & vec4<u32>(0x7fffffffu));
    let largest_4 = max(largest_3, bitcast<vec4<u32>>(x_12) & vec4<u32>(0x7fffffffu));
    let largest_5 = max(largest_4, bitcast<vec4<u32>>(x_14) & vec4<u32>(0x7fffffffu));
    let largest_6 = max(largest_5, bitcast<vec4<u32>>(x_16) & vec4<u32>(0x7fffffffu));
    let largest_7 = max(max(largest_6.x, largest_6.y), max(largest_6.z, largest_6.w));  // parts/coded_groups.py
    let exponent = min(max(largest_7 >> 23u, 27u), 252u);                 // parts/coded_groups.py
    let steps = f32(0x7f000000u / ((((largest_7 & 0x007fffffu) | 0x00800000u) >> 8u) + 1u))
        * bitcast<f32>((253u - exponent) << 23u);                         // parts/coded_groups.py
    let t = vec4<f32>(steps * 8.0);                                       // parts/coded_groups.py
    let cut = vec4<i32>(x_2 * t);
    let parts = (cut + 4i) >> vec4<u32>(3u);                              // parts/coded_groups.py
    let codes = bitcast<vec4<u32>>(parts + 128i) & vec4<u32>(65280u);     // parts/coded_groups.py
    let low = (codes.x >> 8u) | codes.y;                                  // parts/coded_groups.py
    let high = (codes.z << 8u) | (codes.w << 16u);
    let word = low | high;                                                // parts/coded_groups.py
    let rest = bitcast<vec4<u32>>(parts) & vec4<u32>(255u);               // parts/coded_groups.py
    let low_1 = rest.x | (rest.y << 8u);                                  // parts/coded_groups.py
    let high_1 = (rest.z << 16u) | (rest.w << 24u);
    let word_1 = low_1 | high_1;                                          // parts/coded_groups.py
    let cut_1 = vec4<i32>(x_4 * t);                                       // parts/coded_groups.py
    let parts_1 = (cut_1 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_1 = bitcast<vec4<u32>>(parts_1 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_2 = (codes_1.x >> 8u) | codes_1.y;                            // parts/coded_groups.py
    let high_2 = (codes_1.z << 8u) | (codes_1.w << 16u);
    let word_2 = low_2 | high_2;                                          // parts/coded_groups.py
    let rest_1 = bitcast<vec4<u32>>(parts_1) & vec4<u32>(255u);           // parts/coded_groups.py
    let low_3 = rest_1.x | (rest_1.y << 8u);                              // parts/coded_groups.py
    let high_3 = (rest_1.z << 16u) | (rest_1.w << 24u);
    let word_3 = low_3 | high_3;                                          // parts/coded_groups.py
    let cut_2 = vec4<i32>(x_6 * t);                                       // parts/coded_groups.py
    let parts_2 = (cut_2 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_2 = bitcast<vec4<u32>>(parts_2 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_4 = (codes_2.x >> 8u) | codes_2.y;                            // parts/coded_groups.py
    let high_4 = (codes_2.z << 8u) | (codes_2.w << 16u);
    let word_4 = low_4 | high_4;                                          // parts/coded_groups.py
    let rest_2 = bitcast<vec4<u32>>(parts_2) & vec4<u32>(255u);           // parts/coded_groups.py
    let low_5 = rest_2.x | (rest_2.y << 8u);                              // parts/coded_groups.py
    let high_5 = (rest_2.z << 16u) | (rest_2.w << 24u);
    let word_5 = low_5 | high_5;                                          // parts/coded_groups.py
    let cut_3 = vec4<i32>(x_8 * t);                                       // parts/coded_groups.py
    let parts_3 = (cut_3 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_3 = bitcast<vec4<u32>>(parts_3 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_6 = (codes_3.x >> 8u) | codes_3.y;                            // parts/coded_groups.py
    let high_6 = (codes_3.z << 8u) | (codes_3.w << 16u);
    let word_6 = low_6 | high_6;                                          // parts/coded_groups.py
    let rest_3 = bitcast<vec4<u32>>(parts_3) & vec4<u32>(255u);           // parts/coded_groups.py
    let low_7 = rest_3.x | (rest_3.y << 8u);                              // parts/coded_groups.py
    let high_7 = (rest_3.z << 16u) | (rest_3.w << 24u);
    let word_7 = low_7 | high_7;                                          // parts/coded_groups.py
    let cut_4 = vec4<i32>(x_10 * t);                                      // parts/coded_groups.py
    let parts_4 = (cut_4 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_4 = bitcast<vec4<u32>>(parts_4 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_8 = (codes_4.x >> 8u) | codes_4.y;                            // parts/coded_groups.py
    let high_8 = (codes_4.z << 8u) | (codes_4.w << 16u);
    let word_8 = low_8 | high_8;                                          // parts/coded_groups.py
    let rest_4 = bitcast<vec4<u32>>(parts_4) & vec4<u32>(255u);           // parts/coded_groups.py
    let low_9 = rest_4.x | (rest_4.y << 8u);                              // parts/coded_groups.py
    let high_9 = (rest_4.z << 16u) | (rest_4.w << 24u);
    let word_9 = low_9 | high_9;                                          // parts/coded_groups.py
    let cut_5 = vec4<i32>(x_12 * t);                                      // parts/coded_groups.py
    let parts_5 = (cut_5 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_5 = bitcast<vec4<u32>>(parts_5 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_10 = (codes_5.x >> 8u) | codes_5.y;                           // parts/coded_groups.py
    let high_10 = (codes_5.z << 8u) | (codes_5.w << 16u);
    let word_10 = low_10 | high_10;                                       // parts/coded_groups.py
    let rest_5 = bitcast<vec4<u32>>(parts_5) & vec4<u32>(255u);           // parts/coded_groups.py
    let low_11 = rest_5.x | (rest_5.y << 8u);                             // parts/coded_groups.py
    let high_11 = (rest_5.z << 16u) | (rest_5.w << 24u);
    let word_11 = low_11 | high_11;                                       // parts/coded_groups.py
    let cut_6 = vec4<i32>(x_14 * t);                                      // parts/coded_groups.py
    let parts_6 = (cut_6 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_6 = bitcast<vec4<u32>>(parts_6 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_12 = (codes_6.x >> 8u) | codes_6.y;                           // parts/coded_groups.py
    let high_12 = (codes_6.z << 8u) | (codes_6.w << 16u);
    let word_12 = low_12 | high_12;                                       // parts/coded_groups.py
    let rest_6 = bitcast<vec4<u32>>(parts_6) & vec4<u32>(255u);           // parts/coded_groups.py
    let low_13 = rest_6.x | (rest_6.y << 8u);                             // parts/coded_groups.py
    let high_13 = (rest_6.z << 16u) | (rest_6.w << 24u);
    let word_13 = low_13 | high_13;                                       // parts/coded_groups.py
    let cut_7 = vec4<i32>(x_16 * t);                                      // parts/coded_groups.py
    let parts_7 = (cut_7 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_7 = bitcast<vec4<u32>>(parts_7 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_14 = (codes_7.x >> 8u) | codes_7.y;                           // parts/coded_groups.py
    let high_14 = (codes_7.z << 8u) | (codes_7.w << 16u);
    let word_14 = low_14 | high_14;                                       // parts/coded_groups.py
    let rest_7 = bitcast<vec4<u32>>(parts_7) & vec4<u32>(255u);           // parts/coded_groups.py
    let low_15 = rest_7.x | (rest_7.y << 8u);                             // parts/coded_groups.py
    let high_15 = (rest_7.z << 16u) | (rest_7.w << 24u);
    let word_15 = low_15 | high_15;                                       // parts/coded_groups.py
    let total = dot4I8Packed(word, 0x01010101u) * 256i + dot4I8Packed(word_1, 0x01010101u)
        + dot4I8Packed(word_2, 0x01010101u) * 256i + dot4I8Packed(word_3, 0x01010101u);  // parts/coded_groups.py
    let total_1 = total + dot4I8Packed(word_4, 0x01010101u) * 256i
        + dot4I8Packed(word_5, 0x01010101u);
    let total_2 = total_1 + dot4I8Packed(word_6, 0x01010101u) * 256i
        + dot4I8Packed(word_7, 0x01010101u);
    let total_3 = total_2 + dot4I8Packed(word_8, 0x01010101u) * 256i
        + dot4I8Packed(word_9, 0x01010101u);
    let total_4 = total_3 + dot4I8Packed(word_10, 0x01010101u) * 256i
        + dot4I8Packed(word_11, 0x01010101u);
    let total_5 = total_4 + dot4I8Packed(word_12, 0x01010101u) * 256i
        + dot4I8Packed(word_13, 0x01010101u);
    let total_6 = total_5 + dot4I8Packed(word_14, 0x01010101u) * 256i
        + dot4I8Packed(word_15, 0x01010101u);
    let start = workgroup_id.y * 60u;                                     // parts/coded_groups.py
    let place = first * 4u + start;                                       // parts/coded_groups.py
    coded[index_1 + place] = word;                                        // parts/coded_groups.py
    coded[index_1 + place + 1u] = word_2;
    coded[index_1 + place + 2u] = word_4;
    coded[index_1 + place + 3u] = word_6;
    let place_1 = (first + 3u) * 4u + start;                              // parts/coded_groups.py
    coded[index_1 + place_1] = word_8;                                    // parts/coded_groups.py
    coded[index_1 + place_1 + 1u] = word_10;
    coded[index_1 + place_1 + 2u] = word_12;
    coded[index_1 + place_1 + 3u] = word_14;
    let place_2 = (first + 6u) * 4u + start;                              // parts/coded_groups.py
    coded[index_1 + place_2] = word_1;                                    // parts/coded_groups.py
    coded[index_1 + place_2 + 1u] = word_3;
    coded[index_1 + place_2 + 2u] = word_5;
    coded[index_1 + place_2 + 3u] = word_7;
    let place_3 = (first + 9u) * 4u + start;                              // parts/coded_groups.py
    coded[index_1 + place_3] = word_9;                                    // parts/coded_groups.py
    coded[index_1 + place_3 + 1u] = word_11;
    coded[index_1 + place_3 + 2u] = word_13;
    coded[index_1 + place_3 + 3u] = word_15;
    let place_4 = (first + 12u) * 4u + start;                             // parts/coded_groups.py
    coded[index_1 + place_4] = select(0x7fc00000u, bitcast<u32>(1.0 / steps), largest_7
        < 0x7f800000u);                                                   // parts/coded_groups.py
    coded[index_1 + place_4 + 1u] = bitcast<u32>(total_6);                // parts/coded_groups.py
    coded[index_1 + place_4 + 2u] = bitcast<u32>(square_7);               // parts/coded_groups.py
    coded[index_1 + place_4 + 3u] = 0u;                                   // parts/coded_groups.py
  }
}
