// matvec_q4_33x31

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let team = workgroup_id.x * 64u + local_id.x;                           // linear/matvec.py
  let first_row = team * 2u;                                              // linear/matvec.py
  var sum_0: f32 = 0.0;                                                   // linear/matvec.py
  var sum_1: f32 = 0.0;
  for (var group = 0u; group < 1u; group++) {                             // linear/matvec.py
    let at = group * 8u;                                                  // linear/matvec.py
    let element = at * 4u;                                                // linear/buffers.py
    let inside = element < 31u;                                           // linear/buffers.py
    let element_1 = element + 1u;                                         // linear/buffers.py
    let inside_1 = element_1 < 31u;                                       // linear/buffers.py
    let element_2 = element + 2u;                                         // linear/buffers.py
    let inside_2 = element_2 < 31u;                                       // linear/buffers.py
    let element_3 = element + 3u;                                         // linear/buffers.py
    let inside_3 = element_3 < 31u;                                       // linear/buffers.py
    let activations_0 = vec4<f32>(select(0.0, x[select(0u, element, inside)], inside),
        select(0.0, x[select(0u, element_1, inside_1)], inside_1),
        select(0.0, x[select(0u, element_2, inside_2)], inside_2),
        select(0.0, x[select(0u, element_3, inside_3)], inside_3));       // linear/buffers.py
    let element_4 = (at + 1u) * 4u;                                       // linear/buffers.py
    let inside_4 = element_4 < 31u;                                       // linear/buffers.py
    let element_5 = element_4 + 1u;                                       // linear/buffers.py
    let inside_5 = element_5 < 31u;                                       // linear/buffers.py
    let element_6 = element_4 + 2u;                                       // linear/buffers.py
    let inside_6 = element_6 < 31u;                                       // linear/buffers.py
    let element_7 = element_4 + 3u;                                       // linear/buffers.py
    let inside_7 = element_7 < 31u;                                       // linear/buffers.py
    let activations_1 = vec4<f32>(select(0.0, x[select(0u, element_4, inside_4)], inside_4),
        select(0.0, x[select(0u, element_5, inside_5)], inside_5),
        select(0.0, x[select(0u, element_6, inside_6)], inside_6),
        select(0.0, x[select(0u, element_7, inside_7)], inside_7));       // linear/buffers.py
    let element_8 = (at + 2u) * 4u;                                       // linear/buffers.py
    let inside_8 = element_8 < 31u;                                       // linear/buffers.py
    let element_9 = element_8 + 1u;                                       // linear/buffers.py
    let inside_9 = element_9 < 31u;                                       // linear/buffers.py
    let element_10 = element_8 + 2u;                                      // linear/buffers.py
    let inside_10 = element_10 < 31u;                                     // linear/buffers.py
    let element_11 = element_8 + 3u;                                      // linear/buffers.py
    let inside_11 = element_11 < 31u;                                     // linear/buffers.py
    let activations_2 = vec4<f32>(select(0.0, x[select(0u, element_8, inside_8)], inside_8),
        select(0.0, x[select(0u, element_9, inside_9)], inside_9),
        select(0.0, x[select(0u, element_10, inside_10)], inside_10),
        select(0.0, x[select(0u, element_11, inside_11)], inside_11));    // linear/buffers.py
    let element_12 = (at + 3u) * 4u;                                      // linear/buffers.py
    let inside_12 = element_12 < 31u;                                     // linear/buffers.py
    let element_13 = element_12 + 1u;                                     // linear/buffers.py
    let inside_13 = element_13 < 31u;                                     // linear/buffers.py
    let element_14 = element_12 + 2u;                                     // linear/buffers.py
    let inside_14 = element_14 < 31u;                                     // linear/buffers.py
    let element_15 = element_12 + 3u;                                     // linear/buffers.py
    let inside_15 = element_15 < 31u;                                     // linear/buffers.py
    let activations_3 = vec4<f32>(select(0.0, x[select(0u, element_12, inside_12)], inside_12),
        select(0.0, x[select(0u, element_13, inside_13)], inside_13),
        select(0.0, x[select(0u, element_14, inside_14)], inside_14),
        select(0.0, x[select(0u, element_15, inside_15)], inside_15));    // linear/buffers.py
    let element_16 = (at + 4u) * 4u;                                      // linear/buffers.py
    let inside_16 = element_16 < 31u;                                     // linear/buffers.py
    let element_17 = element_16 + 1u;                                     // linear/buffers.py
    let inside_17 = element_17 < 31u;                                     // linear/buffers.py
    let element_18 = element_16 + 2u;                                     // linear/buffers.py
    let inside_18 = element_18 < 31u;                                     // linear/buffers.py
    let element_19 = element_16 + 3u;                                     // linear/buffers.py
    let inside_19 = element_19 < 31u;                                     // linear/buffers.py
    let activations_4 = vec4<f32>(select(0.0, x[select(0u, element_16, inside_16)], inside_16),
        select(0.0, x[select(0u, element_17, inside_17)], inside_17),
        select(0.0, x[select(0u, element_18, inside_18)], inside_18),
        select(0.0, x[select(0u, element_19, inside_19)], inside_19));    // linear/buffers.py
    let element_20 = (at + 5u) * 4u;                                      // linear/buffers.py
    let inside_20 = element_20 < 31u;                                     // linear/buffers.py
    let element_21 = element_20 + 1u;                                     // linear/buffers.py
    let inside_21 = element_21 < 31u;                                     // linear/buffers.py
    let element_22 = element_20 + 2u;                                     // linear/buffers.py
    let inside_22 = element_22 < 31u;                                     // linear/buffers.py
    let element_23 = element_20 + 3u;                                     // linear/buffers.py
    let inside_23 = element_23 < 31u;                                     // linear/buffers.py
    let activations_5 = vec4<f32>(select(0.0, x[select(0u, element_20, inside_20)], inside_20),
        select(0.0, x[select(0u, element_21, inside_21)], inside_21),
        select(0.0, x[select(0u, element_22, inside_22)], inside_22),
        select(0.0, x[select(0u, element_23, inside_23)], inside_23));    // linear/buffers.py
    let element_24 = (at + 6u) * 4u;                                      // linear/buffers.py
    let inside_24 = element_24 < 31u;                                     // linear/buffers.py
    let element_25 = element_24 + 1u;                                     // linear/buffers.py
    let inside_25 = element_25 < 31u;                                     // linear/buffers.py
    let element_26 = element_24 + 2u;                                     // linear/buffers.py
    let inside_26 = element_26 < 31u;                                     // linear/buffers.py
    let element_27 = element_24 + 3u;                                     // linear/buffers.py
    let inside_27 = element_27 < 31u;                                     // linear/buffers.py
    let activations_6 = vec4<f32>(select(0.0, x[select(0u, element_24, inside_24)], inside_24),
        select(0.0, x[select(0u, element_25, inside_25)], inside_25),
        select(0.0, x[select(0u, element_26, inside_26)], inside_26),
        select(0.0, x[select(0u, element_27, inside_27)], inside_27));    // linear/buffers.py
    let element_28 = (at + 7u) * 4u;                                      // linear/buffers.py
    let inside_28 = element_28 < 31u;                                     // linear/buffers.py
    let element_29 = element_28 + 1u;                                     // linear/buffers.py
    let inside_29 = element_29 < 31u;                                     // linear/buffers.py
    let element_30 = element_28 + 2u;                                     // linear/buffers.py
    let inside_30 = element_30 < 31u;                                     // linear/buffers.py
    let element_31 = element_28 + 3u;                                     // linear/buffers.py
    let inside_31 = element_31 < 31u;                                     // linear/buffers.py
    let activations_7 = vec4<f32>(select(0.0, x[select(0u, element_28, inside_28)], inside_28),
        select(0.0, x[select(0u, element_29, inside_29)], inside_29),
        select(0.0, x[select(0u, element_30, inside_30)], inside_30),
        select(0.0, x[select(0u, element_31, inside_31)], inside_31));    // linear/buffers.py
    let row = min(first_row, 32u);                                        // linear/matvec.py
    let at_1 = row + group;                                               // parts/packed_rows.py
    let packed = quants[at_1];                                            // parts/packed_rows.py
    let low = vec4<f32>(unpack4xU8(packed.x & 0x0f0f0f0fu)) - 8.0;        // formats/nibbles.py
    let high = vec4<f32>(unpack4xU8((packed.x >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_1 = vec4<f32>(unpack4xU8(packed.y & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
    let high_1 = vec4<f32>(unpack4xU8((packed.y >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_2 = vec4<f32>(unpack4xU8(packed.z & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
    let high_2 = vec4<f32>(unpack4xU8((packed.z >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_3 = vec4<f32>(unpack4xU8(packed.w & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
    let high_3 = vec4<f32>(unpack4xU8((packed.w >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let pair = unpack2x16float(scales[at_1 >> 1u]);                       // parts/packed_rows.py
    let product = dot(low, activations_0);                                // parts/packed_rows.py
    let product_1 = dot(high, activations_1);                             // parts/packed_rows.py
    let product_2 = product + product_1 + dot(low_1, activations_2)
        + dot(high_1, activations_3) + dot(low_2, activations_4) + dot(high_2, activations_5)
        + dot(low_3, activations_6) + dot(high_3, activations_7);
    sum_0 += product_2 * select(pair.x, pair.y, (at_1 & 1u) == 1u);       // linear/matvec.py
    let row_1 = first_row + 1u;                                           // linear/matvec.py
    let row_2 = min(row_1, 32u);                                          // linear/matvec.py
    let at_2 = row_2 + group;                                             // parts/packed_rows.py
    let packed_1 = quants[at_2];                                          // parts/packed_rows.py
    let low_4 = vec4<f32>(unpack4xU8(packed_1.x & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_4 = vec4<f32>(unpack4xU8((packed_1.x >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_5 = vec4<f32>(unpack4xU8(packed_1.y & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_5 = vec4<f32>(unpack4xU8((packed_1.y >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_6 = vec4<f32>(unpack4xU8(packed_1.z & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_6 = vec4<f32>(unpack4xU8((packed_1.z >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_7 = vec4<f32>(unpack4xU8(packed_1.w & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_7 = vec4<f32>(unpack4xU8((packed_1.w >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let pair_1 = unpack2x16float(scales[at_2 >> 1u]);                     // parts/packed_rows.py
    let product_3 = dot(low_4, activations_0);                            // parts/packed_rows.py
    let product_4 = dot(high_4, activations_1);                           // parts/packed_rows.py
    let product_5 = product_3 + product_4 + dot(low_5, activations_2)
        + dot(high_5, activations_3) + dot(low_6, activations_4) + dot(high_6, activations_5)
        + dot(low_7, activations_6) + dot(high_7, activations_7);
    sum_1 += product_5 * select(pair_1.x, pair_1.y, (at_2 & 1u) == 1u);   // linear/matvec.py
  }
  let result = sum_0;                                                     // parts/reduce.py
  let result_1 = sum_1;
  if (first_row < 33u) {                                                  // linear/matvec.py
    let row = first_row + 4u;                                             // epilogues/row.py
    out[row] = result + bias[first_row];                                  // epilogues/coded.py
  }
  let row = first_row + 1u;                                               // linear/matvec.py
  if (row < 33u) {                                                        // linear/matvec.py
    let row_1 = row + 4u;                                                 // epilogues/row.py
    out[row_1] = result_1 + bias[row];                                    // epilogues/coded.py
  }
}
