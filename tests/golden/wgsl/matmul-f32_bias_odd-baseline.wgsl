// matmul_f32_33x31

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

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
@group(0) @binding(4) var<uniform> step: Step;

var<workgroup> tile: array<vec4<f32>, 576>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let first_row = workgroup_id.x * 32u;                                   // linear/matmul.py
  let first_token = workgroup_id.y * 32u;                                 // linear/matmul.py
  let unit = local_id.x % 8u;                                             // linear/matmul.py
  let line = local_id.x / 8u;                                             // linear/matmul.py
  var sum_00: f32 = 0.0;                                                  // linear/matmul.py
  var sum_01: f32 = 0.0;
  var sum_02: f32 = 0.0;
  var sum_03: f32 = 0.0;
  var sum_10: f32 = 0.0;
  var sum_11: f32 = 0.0;
  var sum_12: f32 = 0.0;
  var sum_13: f32 = 0.0;
  var sum_20: f32 = 0.0;
  var sum_21: f32 = 0.0;
  var sum_22: f32 = 0.0;
  var sum_23: f32 = 0.0;
  var sum_30: f32 = 0.0;
  var sum_31: f32 = 0.0;
  var sum_32: f32 = 0.0;
  var sum_33: f32 = 0.0;
  let index = step.seq - 1u;                                              // linear/operands.py
  let row = min(first_token + line, index);
  let element = unit * 4u;                                                // linear/buffers.py
  let inside = element < 31u;                                             // linear/buffers.py
  let index_1 = row * 31u;                                                // linear/buffers.py
  let lanes_0 = select(0.0, x[select(0u, element, inside) + index_1], inside);
  let element_1 = element + 1u;                                           // linear/buffers.py
  let inside_1 = element_1 < 31u;                                         // linear/buffers.py
  let index_2 = select(0u, element_1, inside_1);                          // linear/buffers.py
  let element_2 = element + 2u;                                           // linear/buffers.py
  let inside_2 = element_2 < 31u;                                         // linear/buffers.py
  let element_3 = element + 3u;                                           // linear/buffers.py
  let inside_3 = element_3 < 31u;                                         // linear/buffers.py
  var loaded: vec4<f32> = vec4<f32>(lanes_0, select(0.0, x[index_2 + index_1], inside_1),
      select(0.0, x[select(0u, element_2, inside_2) + index_1], inside_2),
      select(0.0, x[select(0u, element_3, inside_3) + index_1], inside_3));  // linear/operands.py
  let at = local_id.x + 64u;                                              // linear/operands.py
  let line_1 = at / 8u;                                                   // linear/operands.py
  let unit_1 = at % 8u;                                                   // linear/operands.py
  let row_1 = min(first_token + line_1, index);                           // linear/operands.py
  let element_4 = unit_1 * 4u;                                            // linear/buffers.py
  let inside_4 = element_4 < 31u;                                         // linear/buffers.py
  let index_3 = row_1 * 31u;                                              // linear/buffers.py
  let lanes_0_1 = select(0.0, x[select(0u, element_4, inside_4) + index_3], inside_4);
  let element_5 = element_4 + 1u;                                         // linear/buffers.py
  let inside_5 = element_5 < 31u;                                         // linear/buffers.py
  let index_4 = select(0u, element_5, inside_5);                          // linear/buffers.py
  let element_6 = element_4 + 2u;                                         // linear/buffers.py
  let inside_6 = element_6 < 31u;                                         // linear/buffers.py
  let element_7 = element_4 + 3u;                                         // linear/buffers.py
  let inside_7 = element_7 < 31u;                                         // linear/buffers.py
  var loaded_1: vec4<f32> = vec4<f32>(lanes_0_1, select(0.0, x[index_4 + index_3], inside_5),
      select(0.0, x[select(0u, element_6, inside_6) + index_3], inside_6),
      select(0.0, x[select(0u, element_7, inside_7) + index_3], inside_7));  // linear/operands.py
  let at_1 = local_id.x + 128u;                                           // linear/operands.py
  let line_2 = at_1 / 8u;                                                 // linear/operands.py
  let unit_2 = at_1 % 8u;                                                 // linear/operands.py
  let row_2 = min(first_token + line_2, index);                           // linear/operands.py
  let element_8 = unit_2 * 4u;                                            // linear/buffers.py
  let inside_8 = element_8 < 31u;                                         // linear/buffers.py
  let index_5 = row_2 * 31u;                                              // linear/buffers.py
  let lanes_0_2 = select(0.0, x[select(0u, element_8, inside_8) + index_5], inside_8);
  let element_9 = element_8 + 1u;                                         // linear/buffers.py
  let inside_9 = element_9 < 31u;                                         // linear/buffers.py
  let index_6 = select(0u, element_9, inside_9);                          // linear/buffers.py
  let element_10 = element_8 + 2u;                                        // linear/buffers.py
  let inside_10 = element_10 < 31u;                                       // linear/buffers.py
  let element_11 = element_8 + 3u;                                        // linear/buffers.py
  let inside_11 = element_11 < 31u;                                       // linear/buffers.py
  var loaded_2: vec4<f32> = vec4<f32>(lanes_0_2, select(0.0, x[index_6 + index_5], inside_9),
      select(0.0, x[select(0u, element_10, inside_10) + index_5], inside_10),
      select(0.0, x[select(0u, element_11, inside_11) + index_5], inside_11));  // linear/operands.py
  let at_2 = local_id.x + 192u;                                           // linear/operands.py
  let line_3 = at_2 / 8u;                                                 // linear/operands.py
  let unit_3 = at_2 % 8u;                                                 // linear/operands.py
  let row_3 = min(first_token + line_3, index);                           // linear/operands.py
  let element_12 = unit_3 * 4u;                                           // linear/buffers.py
  let inside_12 = element_12 < 31u;                                       // linear/buffers.py
  let index_7 = row_3 * 31u;                                              // linear/buffers.py
  let lanes_0_3 = select(0.0, x[select(0u, element_12, inside_12) + index_7], inside_12);
  let element_13 = element_12 + 1u;                                       // linear/buffers.py
  let inside_13 = element_13 < 31u;                                       // linear/buffers.py
  let index_8 = select(0u, element_13, inside_13);                        // linear/buffers.py
  let element_14 = element_12 + 2u;                                       // linear/buffers.py
  let inside_14 = element_14 < 31u;                                       // linear/buffers.py
  let element_15 = element_12 + 3u;                                       // linear/buffers.py
  let inside_15 = element_15 < 31u;                                       // linear/buffers.py
  var loaded_3: vec4<f32> = vec4<f32>(lanes_0_3, select(0.0, x[index_8 + index_7], inside_13),
      select(0.0, x[select(0u, element_14, inside_14) + index_7], inside_14),
      select(0.0, x[select(0u, element_15, inside_15) + index_7], inside_15));  // linear/operands.py
  let row_4 = first_row + line;                                           // linear/operands.py
  let row_5 = min(row_4, 32u);                                            // linear/operands.py
  let words = quants[row_5 * 8u + unit];                                  // linear/operands.py
  var loaded_4: vec4<f32> = words;                                        // linear/operands.py
  let row_6 = first_row + line_1;                                         // linear/operands.py
  let row_7 = min(row_6, 32u);                                            // linear/operands.py
  let words_1 = quants[row_7 * 8u + unit_1];                              // linear/operands.py
  var loaded_5: vec4<f32> = words_1;                                      // linear/operands.py
  let row_8 = first_row + line_2;                                         // linear/operands.py
  let row_9 = min(row_8, 32u);                                            // linear/operands.py
  let words_2 = quants[row_9 * 8u + unit_2];                              // linear/operands.py
  var loaded_6: vec4<f32> = words_2;                                      // linear/operands.py
  let row_10 = first_row + line_3;                                        // linear/operands.py
  let row_11 = min(row_10, 32u);                                          // linear/operands.py
  let words_3 = quants[row_11 * 8u + unit_3];                             // linear/operands.py
  var loaded_7: vec4<f32> = words_3;                                      // linear/operands.py
  for (var group = 0u; group < 1u; group++) {                             // linear/matmul.py
    let index_9 = line * 9u;                                              // parts/staged_rows.py
    let start = index_9 + unit;
    tile[start] = loaded;                                                 // parts/staged_rows.py
    let start_1 = line_1 * 9u + unit_1;                                   // parts/staged_rows.py
    tile[start_1] = loaded_1;                                             // parts/staged_rows.py
    let start_2 = line_2 * 9u + unit_2;                                   // parts/staged_rows.py
    tile[start_2] = loaded_2;                                             // parts/staged_rows.py
    let start_3 = line_3 * 9u + unit_3;                                   // parts/staged_rows.py
    tile[start_3] = loaded_3;                                             // parts/staged_rows.py
    let start_4 = ((line % 4u) * 8u + line / 4u) * 9u + unit;             // parts/staged_rows.py
    tile[start_4 + 288u] = loaded_4;                                      // parts/staged_rows.py
    let start_5 = ((line_1 % 4u) * 8u + line_1 / 4u) * 9u + unit_1;       // parts/staged_rows.py
    tile[start_5 + 288u] = loaded_5;                                      // parts/staged_rows.py
    let start_6 = ((line_2 % 4u) * 8u + line_2 / 4u) * 9u + unit_2;       // parts/staged_rows.py
    tile[start_6 + 288u] = loaded_6;                                      // parts/staged_rows.py
    let start_7 = ((line_3 % 4u) * 8u + line_3 / 4u) * 9u + unit_3;       // parts/staged_rows.py
    tile[start_7 + 288u] = loaded_7;                                      // parts/staged_rows.py
    workgroupBarrier();                                                   // linear/matmul.py
    let step_1 = min(group + 1u, 0u);                                     // linear/matmul.py
    let index_10 = step_1 * 8u;                                           // linear/operands.py
    let first = index_10 + unit;
    let element_16 = first * 4u;                                          // linear/buffers.py
    let inside_16 = element_16 < 31u;                                     // linear/buffers.py
    let lanes_0_4 = select(0.0, x[select(0u, element_16, inside_16) + index_1], inside_16);  // linear/buffers.py
    let element_17 = element_16 + 1u;                                     // linear/buffers.py
    let inside_17 = element_17 < 31u;                                     // linear/buffers.py
    let index_11 = select(0u, element_17, inside_17);                     // linear/buffers.py
    let element_18 = element_16 + 2u;                                     // linear/buffers.py
    let inside_18 = element_18 < 31u;                                     // linear/buffers.py
    let element_19 = element_16 + 3u;                                     // linear/buffers.py
    let inside_19 = element_19 < 31u;                                     // linear/buffers.py
    loaded = vec4<f32>(lanes_0_4, select(0.0, x[index_11 + index_1], inside_17),
        select(0.0, x[select(0u, element_18, inside_18) + index_1], inside_18),
        select(0.0, x[select(0u, element_19, inside_19) + index_1], inside_19));  // linear/operands.py
    let first_1 = index_10 + unit_1;                                      // linear/operands.py
    let element_20 = first_1 * 4u;                                        // linear/buffers.py
    let inside_20 = element_20 < 31u;                                     // linear/buffers.py
    let lanes_0_5 = select(0.0, x[select(0u, element_20, inside_20) + index_3], inside_20);  // linear/buffers.py
    let element_21 = element_20 + 1u;                                     // linear/buffers.py
    let inside_21 = element_21 < 31u;                                     // linear/buffers.py
    let index_12 = select(0u, element_21, inside_21);                     // linear/buffers.py
    let element_22 = element_20 + 2u;                                     // linear/buffers.py
    let inside_22 = element_22 < 31u;                                     // linear/buffers.py
    let element_23 = element_20 + 3u;                                     // linear/buffers.py
    let inside_23 = element_23 < 31u;                                     // linear/buffers.py
    loaded_1 = vec4<f32>(lanes_0_5, select(0.0, x[index_12 + index_3], inside_21),
        select(0.0, x[select(0u, element_22, inside_22) + index_3], inside_22),
        select(0.0, x[select(0u, element_23, inside_23) + index_3], inside_23));  // linear/operands.py
    let first_2 = index_10 + unit_2;                                      // linear/operands.py
    let element_24 = first_2 * 4u;                                        // linear/buffers.py
    let inside_24 = element_24 < 31u;                                     // linear/buffers.py
    let lanes_0_6 = select(0.0, x[select(0u, element_24, inside_24) + index_5], inside_24);  // linear/buffers.py
    let element_25 = element_24 + 1u;                                     // linear/buffers.py
    let inside_25 = element_25 < 31u;                                     // linear/buffers.py
    let index_13 = select(0u, element_25, inside_25);                     // linear/buffers.py
    let element_26 = element_24 + 2u;                                     // linear/buffers.py
    let inside_26 = element_26 < 31u;                                     // linear/buffers.py
    let element_27 = element_24 + 3u;                                     // linear/buffers.py
    let inside_27 = element_27 < 31u;                                     // linear/buffers.py
    loaded_2 = vec4<f32>(lanes_0_6, select(0.0, x[index_13 + index_5], inside_25),
        select(0.0, x[select(0u, element_26, inside_26) + index_5], inside_26),
        select(0.0, x[select(0u, element_27, inside_27) + index_5], inside_27));  // linear/operands.py
    let first_3 = index_10 + unit_3;                                      // linear/operands.py
    let element_28 = first_3 * 4u;                                        // linear/buffers.py
    let inside_28 = element_28 < 31u;                                     // linear/buffers.py
    let lanes_0_7 = select(0.0, x[select(0u, element_28, inside_28) + index_7], inside_28);  // linear/buffers.py
    let element_29 = element_28 + 1u;                                     // linear/buffers.py
    let inside_29 = element_29 < 31u;                                     // linear/buffers.py
    let index_14 = select(0u, element_29, inside_29);                     // linear/buffers.py
    let element_30 = element_28 + 2u;                                     // linear/buffers.py
    let inside_30 = element_30 < 31u;                                     // linear/buffers.py
    let element_31 = element_28 + 3u;                                     // linear/buffers.py
    let inside_31 = element_31 < 31u;                                     // linear/buffers.py
    loaded_3 = vec4<f32>(lanes_0_7, select(0.0, x[index_14 + index_7], inside_29),
        select(0.0, x[select(0u, element_30, inside_30) + index_7], inside_30),
        select(0.0, x[select(0u, element_31, inside_31) + index_7], inside_31));  // linear/operands.py
    let at_3 = row_5 + step_1;                                            // linear/operands.py
    let words_4 = quants[at_3 * 8u + unit];                               // linear/operands.py
    loaded_4 = words_4;                                                   // linear/operands.py
    let at_4 = row_7 + step_1;                                            // linear/operands.py
    let words_5 = quants[at_4 * 8u + unit_1];                             // linear/operands.py
    loaded_5 = words_5;                                                   // linear/operands.py
    let at_5 = row_9 + step_1;                                            // linear/operands.py
    let words_6 = quants[at_5 * 8u + unit_2];                             // linear/operands.py
    loaded_6 = words_6;                                                   // linear/operands.py
    let at_6 = row_11 + step_1;                                           // linear/operands.py
    let words_7 = quants[at_6 * 8u + unit_3];                             // linear/operands.py
    loaded_7 = words_7;                                                   // linear/operands.py
    for (var part = 0u; part < 8u; part++) {                              // linear/matmul.py
      let place = index_9 + part;                                         // parts/staged_rows.py
      let x_0 = tile[place];                                              // parts/staged_rows.py
      let x_1 = tile[place + 72u];
      let x_2 = tile[place + 144u];
      let x_3 = tile[place + 216u];
      let place_1 = unit * 9u + part;                                     // parts/staged_rows.py
      let place_2 = place_1 + 288u;                                       // parts/staged_rows.py
      let w_0 = tile[place_2];                                            // parts/staged_rows.py
      let w_1 = tile[place_2 + 72u];
      let w_2 = tile[place_2 + 144u];
      let w_3 = tile[place_2 + 216u];
      sum_00 = sum_00 + x_0.x * w_0.x + x_0.y * w_0.y + x_0.z * w_0.z + x_0.w * w_0.w;  // linear/matmul.py
      sum_01 = sum_01 + x_0.x * w_1.x + x_0.y * w_1.y + x_0.z * w_1.z + x_0.w * w_1.w;
      sum_02 = sum_02 + x_0.x * w_2.x + x_0.y * w_2.y + x_0.z * w_2.z + x_0.w * w_2.w;
      sum_03 = sum_03 + x_0.x * w_3.x + x_0.y * w_3.y + x_0.z * w_3.z + x_0.w * w_3.w;
      sum_10 = sum_10 + x_1.x * w_0.x + x_1.y * w_0.y + x_1.z * w_0.z + x_1.w * w_0.w;
      sum_11 = sum_11 + x_1.x * w_1.x + x_1.y * w_1.y + x_1.z * w_1.z + x_1.w * w_1.w;
      sum_12 = sum_12 + x_1.x * w_2.x + x_1.y * w_2.y + x_1.z * w_2.z + x_1.w * w_2.w;
      sum_13 = sum_13 + x_1.x * w_3.x + x_1.y * w_3.y + x_1.z * w_3.z + x_1.w * w_3.w;
      sum_20 = sum_20 + x_2.x * w_0.x + x_2.y * w_0.y + x_2.z * w_0.z + x_2.w * w_0.w;
      sum_21 = sum_21 + x_2.x * w_1.x + x_2.y * w_1.y + x_2.z * w_1.z + x_2.w * w_1.w;
      sum_22 = sum_22 + x_2.x * w_2.x + x_2.y * w_2.y + x_2.z * w_2.z + x_2.w * w_2.w;
      sum_23 = sum_23 + x_2.x * w_3.x + x_2.y * w_3.y + x_2.z * w_3.z + x_2.w * w_3.w;
      sum_30 = sum_30 + x_3.x * w_0.x + x_3.y * w_0.y + x_3.z * w_0.z + x_3.w * w_0.w;
      sum_31 = sum_31 + x_3.x * w_1.x + x_3.y * w_1.y + x_3.z * w_1.z + x_3.w * w_1.w;
      sum_32 = sum_32 + x_3.x * w_2.x + x_3.y * w_2.y + x_3.z * w_2.z + x_3.w * w_2.w;
      sum_33 = sum_33 + x_3.x * w_3.x + x_3.y * w_3.y + x_3.z * w_3.z + x_3.w * w_3.w;
    }
    workgroupBarrier();                                                   // linear/matmul.py
  }
  let first = line * 8u + unit;                                           // linear/matmul.py
  tile[first] = vec4<f32>(sum_00, sum_01, sum_02, sum_03);                // linear/matmul.py
  tile[first + 64u] = vec4<f32>(sum_10, sum_11, sum_12, sum_13);
  tile[first + 128u] = vec4<f32>(sum_20, sum_21, sum_22, sum_23);
  tile[first + 192u] = vec4<f32>(sum_30, sum_31, sum_32, sum_33);
  workgroupBarrier();                                                     // linear/matmul.py
  for (var block = local_id.x; block < 256u; block += 64u) {              // linear/matmul.py
    let token = first_token + block / 8u;                                 // linear/matmul.py
    let results = tile[block];                                            // linear/matmul.py
    let row_12 = first_row + (block % 8u) * 4u;
    if (token < step.seq) {                                               // linear/matmul.py
      if (row_12 < 33u) {                                                 // linear/matmul.py
        let at_3 = row_12 + token * 33u;                                  // epilogues/row.py
        out[at_3] = results.x + bias[row_12];                             // epilogues/row.py
      }
      let at_3 = row_12 + 1u;                                             // linear/matmul.py
      if (at_3 < 33u) {
        let at_4 = at_3 + token * 33u;                                    // epilogues/row.py
        out[at_4] = results.y + bias[at_3];                               // epilogues/row.py
      }
      let at_4 = row_12 + 2u;                                             // linear/matmul.py
      if (at_4 < 33u) {
        let at_5 = at_4 + token * 33u;                                    // epilogues/row.py
        out[at_5] = results.z + bias[at_4];                               // epilogues/row.py
      }
      let at_5 = row_12 + 3u;                                             // linear/matmul.py
      if (at_5 < 33u) {
        let at_6 = at_5 + token * 33u;                                    // epilogues/row.py
        out[at_6] = results.w + bias[at_5];                               // epilogues/row.py
      }
    }
  }
}
