// code_rows_70_t1_last_row

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> coded: array<u32>;

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
@group(0) @binding(2) var<uniform> step: Step;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let source = step.seq - 1u;                                             // int8/code_rows.py
  let first = workgroup_id.x * 32u + local_id.x;                          // int8/code_rows.py
  if (first < 3u) {                                                       // int8/code_rows.py
    let at = first * 8u;                                                  // int8/code_rows.py
    let element = at * 4u;                                                // linear/buffers.py
    let inside = element < 70u;                                           // linear/buffers.py
    let index = source * 70u;                                             // linear/buffers.py
    let lanes_0 = select(0.0, x[select(0u, element, inside) + index], inside);
    let element_1 = element + 1u;                                         // linear/buffers.py
    let inside_1 = element_1 < 70u;                                       // linear/buffers.py
    let element_2 = element + 2u;                                         // linear/buffers.py
    let inside_2 = element_2 < 70u;                                       // linear/buffers.py
    let element_3 = element + 3u;                                         // linear/buffers.py
    let inside_3 = element_3 < 70u;                                       // linear/buffers.py
    let x_1 = vec4<f32>(lanes_0, select(0.0, x[select(0u, element_1, inside_1) + index],
        inside_1), select(0.0, x[select(0u, element_2, inside_2) + index], inside_2),
        select(0.0, x[select(0u, element_3, inside_3) + index], inside_3));  // linear/buffers.py
    let element_4 = (at + 1u) * 4u;                                       // linear/buffers.py
    let inside_4 = element_4 < 70u;                                       // linear/buffers.py
    let lanes_0_1 = select(0.0, x[select(0u, element_4, inside_4) + index], inside_4);  // linear/buffers.py
    let element_5 = element_4 + 1u;                                       // linear/buffers.py
    let inside_5 = element_5 < 70u;                                       // linear/buffers.py
    let element_6 = element_4 + 2u;                                       // linear/buffers.py
    let inside_6 = element_6 < 70u;                                       // linear/buffers.py
    let element_7 = element_4 + 3u;                                       // linear/buffers.py
    let inside_7 = element_7 < 70u;                                       // linear/buffers.py
    let x_2 = vec4<f32>(lanes_0_1,
        select(0.0, x[select(0u, element_5, inside_5) + index], inside_5),
        select(0.0, x[select(0u, element_6, inside_6) + index], inside_6),
        select(0.0, x[select(0u, element_7, inside_7) + index], inside_7));  // linear/buffers.py
    let element_8 = (at + 2u) * 4u;                                       // linear/buffers.py
    let inside_8 = element_8 < 70u;                                       // linear/buffers.py
    let lanes_0_2 = select(0.0, x[select(0u, element_8, inside_8) + index], inside_8);  // linear/buffers.py
    let element_9 = element_8 + 1u;                                       // linear/buffers.py
    let inside_9 = element_9 < 70u;                                       // linear/buffers.py
    let element_10 = element_8 + 2u;                                      // linear/buffers.py
    let inside_10 = element_10 < 70u;                                     // linear/buffers.py
    let element_11 = element_8 + 3u;                                      // linear/buffers.py
    let inside_11 = element_11 < 70u;                                     // linear/buffers.py
    let x_3 = vec4<f32>(lanes_0_2,
        select(0.0, x[select(0u, element_9, inside_9) + index], inside_9),
        select(0.0, x[select(0u, element_10, inside_10) + index], inside_10),
        select(0.0, x[select(0u, element_11, inside_11) + index], inside_11));  // linear/buffers.py
    let element_12 = (at + 3u) * 4u;                                      // linear/buffers.py
    let inside_12 = element_12 < 70u;                                     // linear/buffers.py
    let lanes_0_3 = select(0.0, x[select(0u, element_12, inside_12) + index], inside_12);  // linear/buffers.py
    let element_13 = element_12 + 1u;                                     // linear/buffers.py
    let inside_13 = element_13 < 70u;                                     // linear/buffers.py
    let element_14 = element_12 + 2u;                                     // linear/buffers.py
    let inside_14 = element_14 < 70u;                                     // linear/buffers.py
    let element_15 = element_12 + 3u;                                     // linear/buffers.py
    let inside_15 = element_15 < 70u;                                     // linear/buffers.py
    let x_4 = vec4<f32>(lanes_0_3,
        select(0.0, x[select(0u, element_13, inside_13) + index], inside_13),
        select(0.0, x[select(0u, element_14, inside_14) + index], inside_14),
        select(0.0, x[select(0u, element_15, inside_15) + index], inside_15));  // linear/buffers.py
    let element_16 = (at + 4u) * 4u;                                      // linear/buffers.py
    let inside_16 = element_16 < 70u;                                     // linear/buffers.py
    let lanes_0_4 = select(0.0, x[select(0u, element_16, inside_16) + index], inside_16);  // linear/buffers.py
    let element_17 = element_16 + 1u;                                     // linear/buffers.py
    let inside_17 = element_17 < 70u;                                     // linear/buffers.py
    let element_18 = element_16 + 2u;                                     // linear/buffers.py
    let inside_18 = element_18 < 70u;                                     // linear/buffers.py
    let element_19 = element_16 + 3u;                                     // linear/buffers.py
    let inside_19 = element_19 < 70u;                                     // linear/buffers.py
    let x_5 = vec4<f32>(lanes_0_4,
        select(0.0, x[select(0u, element_17, inside_17) + index], inside_17),
        select(0.0, x[select(0u, element_18, inside_18) + index], inside_18),
        select(0.0, x[select(0u, element_19, inside_19) + index], inside_19));  // linear/buffers.py
    let element_20 = (at + 5u) * 4u;                                      // linear/buffers.py
    let inside_20 = element_20 < 70u;                                     // linear/buffers.py
    let lanes_0_5 = select(0.0, x[select(0u, element_20, inside_20) + index], inside_20);  // linear/buffers.py
    let element_21 = element_20 + 1u;                                     // linear/buffers.py
    let inside_21 = element_21 < 70u;                                     // linear/buffers.py
    let element_22 = element_20 + 2u;                                     // linear/buffers.py
    let inside_22 = element_22 < 70u;                                     // linear/buffers.py
    let element_23 = element_20 + 3u;                                     // linear/buffers.py
    let inside_23 = element_23 < 70u;                                     // linear/buffers.py
    let x_6 = vec4<f32>(lanes_0_5,
        select(0.0, x[select(0u, element_21, inside_21) + index], inside_21),
        select(0.0, x[select(0u, element_22, inside_22) + index], inside_22),
        select(0.0, x[select(0u, element_23, inside_23) + index], inside_23));  // linear/buffers.py
    let element_24 = (at + 6u) * 4u;                                      // linear/buffers.py
    let inside_24 = element_24 < 70u;                                     // linear/buffers.py
    let lanes_0_6 = select(0.0, x[select(0u, element_24, inside_24) + index], inside_24);  // linear/buffers.py
    let element_25 = element_24 + 1u;                                     // linear/buffers.py
    let inside_25 = element_25 < 70u;                                     // linear/buffers.py
    let element_26 = element_24 + 2u;                                     // linear/buffers.py
    let inside_26 = element_26 < 70u;                                     // linear/buffers.py
    let element_27 = element_24 + 3u;                                     // linear/buffers.py
    let inside_27 = element_27 < 70u;                                     // linear/buffers.py
    let x_7 = vec4<f32>(lanes_0_6,
        select(0.0, x[select(0u, element_25, inside_25) + index], inside_25),
        select(0.0, x[select(0u, element_26, inside_26) + index], inside_26),
        select(0.0, x[select(0u, element_27, inside_27) + index], inside_27));  // linear/buffers.py
    let four = at + 7u;                                                   // int8/code_rows.py
    let element_28 = four * 4u;                                           // linear/buffers.py
    let inside_28 = element_28 < 70u;                                     // linear/buffers.py
    let lanes_0_7 = select(0.0, x[select(0u, element_28, inside_28) + index], inside_28);  // linear/buffers.py
    let element_29 = element_28 + 1u;                                     // linear/buffers.py
    let inside_29 = element_29 < 70u;                                     // linear/buffers.py
    let element_30 = element_28 + 2u;                                     // linear/buffers.py
    let inside_30 = element_30 < 70u;                                     // linear/buffers.py
    let element_31 = element_28 + 3u;                                     // linear/buffers.py
    let inside_31 = element_31 < 70u;                                     // linear/buffers.py
    let x_8 = vec4<f32>(lanes_0_7,
        select(0.0, x[select(0u, element_29, inside_29) + index], inside_29),
        select(0.0, x[select(0u, element_30, inside_30) + index], inside_30),
        select(0.0, x[select(0u, element_31, inside_31) + index], inside_31));  // linear/buffers.py
    let largest = max(bitcast<vec4<u32>>(x_1) & vec4<u32>(0x7fffffffu), bitcast<vec4<u32>>(x_2)
        & vec4<u32>(0x7fffffffu));                                        // parts/coded_groups.py
    let largest_1 = max(largest, bitcast<vec4<u32>>(x_3) & vec4<u32>(0x7fffffffu));
    let largest_2 = max(largest_1, bitcast<vec4<u32>>(x_4) & vec4<u32>(0x7fffffffu));
    let largest_3 = max(largest_2, bitcast<vec4<u32>>(x_5) & vec4<u32>(0x7fffffffu));
    let largest_4 = max(largest_3, bitcast<vec4<u32>>(x_6) & vec4<u32>(0x7fffffffu));
    let largest_5 = max(largest_4, bitcast<vec4<u32>>(x_7) & vec4<u32>(0x7fffffffu));
    let largest_6 = max(largest_5, bitcast<vec4<u32>>(x_8) & vec4<u32>(0x7fffffffu));
    let largest_7 = max(max(largest_6.x, largest_6.y), max(largest_6.z, largest_6.w));  // parts/coded_groups.py
    let exponent = min(max(largest_7 >> 23u, 27u), 252u);                 // parts/coded_groups.py
    let steps = f32(0x7f000000u / ((((largest_7 & 0x007fffffu) | 0x00800000u) >> 8u) + 1u))
        * bitcast<f32>((253u - exponent) << 23u);                         // parts/coded_groups.py
    let t = vec4<f32>(steps * 8.0);                                       // parts/coded_groups.py
    let cut = vec4<i32>(x_1 * t);
    let parts = (cut + 4i) >> vec4<u32>(3u);                              // parts/coded_groups.py
    let codes = bitcast<vec4<u32>>(parts + 128i) & vec4<u32>(65280u);     // parts/coded_groups.py
    let low = (codes.x >> 8u) | codes.y;                                  // parts/coded_groups.py
    let high = (codes.z << 8u) | (codes.w << 16u);
    let word = low | high;                                                // parts/coded_groups.py
    let cut_1 = vec4<i32>(x_2 * t);                                       // parts/coded_groups.py
    let parts_1 = (cut_1 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_1 = bitcast<vec4<u32>>(parts_1 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_1 = (codes_1.x >> 8u) | codes_1.y;                            // parts/coded_groups.py
    let high_1 = (codes_1.z << 8u) | (codes_1.w << 16u);
    let word_1 = low_1 | high_1;                                          // parts/coded_groups.py
    let cut_2 = vec4<i32>(x_3 * t);                                       // parts/coded_groups.py
    let parts_2 = (cut_2 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_2 = bitcast<vec4<u32>>(parts_2 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_2 = (codes_2.x >> 8u) | codes_2.y;                            // parts/coded_groups.py
    let high_2 = (codes_2.z << 8u) | (codes_2.w << 16u);
    let word_2 = low_2 | high_2;                                          // parts/coded_groups.py
    let cut_3 = vec4<i32>(x_4 * t);                                       // parts/coded_groups.py
    let parts_3 = (cut_3 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_3 = bitcast<vec4<u32>>(parts_3 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_3 = (codes_3.x >> 8u) | codes_3.y;                            // parts/coded_groups.py
    let high_3 = (codes_3.z << 8u) | (codes_3.w << 16u);
    let word_3 = low_3 | high_3;                                          // parts/coded_groups.py
    let cut_4 = vec4<i32>(x_5 * t);                                       // parts/coded_groups.py
    let parts_4 = (cut_4 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_4 = bitcast<vec4<u32>>(parts_4 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_4 = (codes_4.x >> 8u) | codes_4.y;                            // parts/coded_groups.py
    let high_4 = (codes_4.z << 8u) | (codes_4.w << 16u);
    let word_4 = low_4 | high_4;                                          // parts/coded_groups.py
    let cut_5 = vec4<i32>(x_6 * t);                                       // parts/coded_groups.py
    let parts_5 = (cut_5 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_5 = bitcast<vec4<u32>>(parts_5 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_5 = (codes_5.x >> 8u) | codes_5.y;                            // parts/coded_groups.py
    let high_5 = (codes_5.z << 8u) | (codes_5.w << 16u);
    let word_5 = low_5 | high_5;                                          // parts/coded_groups.py
    let cut_6 = vec4<i32>(x_7 * t);                                       // parts/coded_groups.py
    let parts_6 = (cut_6 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_6 = bitcast<vec4<u32>>(parts_6 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_6 = (codes_6.x >> 8u) | codes_6.y;                            // parts/coded_groups.py
    let high_6 = (codes_6.z << 8u) | (codes_6.w << 16u);
    let word_6 = low_6 | high_6;                                          // parts/coded_groups.py
    let cut_7 = vec4<i32>(x_8 * t);                                       // parts/coded_groups.py
    let parts_7 = (cut_7 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_7 = bitcast<vec4<u32>>(parts_7 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_7 = (codes_7.x >> 8u) | codes_7.y;                            // parts/coded_groups.py
    let high_7 = (codes_7.z << 8u) | (codes_7.w << 16u);
    let word_7 = low_7 | high_7;                                          // parts/coded_groups.py
    let total = dot4I8Packed(word, 0x01010101u);                          // parts/dot4.py
    let added = dot4I8Packed(word_1, 0x01010101u);
    let total_1 = total + added + dot4I8Packed(word_2, 0x01010101u)
        + dot4I8Packed(word_3, 0x01010101u) + dot4I8Packed(word_4, 0x01010101u)
        + dot4I8Packed(word_5, 0x01010101u) + dot4I8Packed(word_6, 0x01010101u)
        + dot4I8Packed(word_7, 0x01010101u);                              // parts/coded_groups.py
    let start = workgroup_id.y * 36u;                                     // parts/coded_groups.py
    let place = first * 4u + start;                                       // parts/coded_groups.py
    coded[place] = word;                                                  // parts/coded_groups.py
    coded[place + 1u] = word_1;
    coded[place + 2u] = word_2;
    coded[place + 3u] = word_3;
    let place_1 = (first + 3u) * 4u + start;                              // parts/coded_groups.py
    coded[place_1] = word_4;                                              // parts/coded_groups.py
    coded[place_1 + 1u] = word_5;
    coded[place_1 + 2u] = word_6;
    coded[place_1 + 3u] = word_7;
    let place_2 = (first + 6u) * 4u + start;                              // parts/coded_groups.py
    coded[place_2] = select(0x7fc00000u, bitcast<u32>(256.0 / steps), largest_7 < 0x7f800000u);  // parts/coded_groups.py
    coded[place_2 + 1u] = bitcast<u32>(total_1);                          // parts/coded_groups.py
    coded[place_2 + 2u] = bitcast<u32>(0.0);                              // parts/coded_groups.py
    coded[place_2 + 3u] = 0u;                                             // parts/coded_groups.py
  }
}
