// matmul_f16_residual_64x172

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> residual: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;

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
  let inside = unit < 43u;                                                // linear/buffers.py
  let index_1 = row * 43u;                                                // linear/buffers.py
  var loaded: vec4<f32> = select(vec4<f32>(0.0), x[select(0u, unit, inside) + index_1], inside);  // linear/operands.py
  let at = local_id.x + 64u;                                              // linear/operands.py
  let line_1 = at / 8u;                                                   // linear/operands.py
  let unit_1 = at % 8u;                                                   // linear/operands.py
  let row_1 = min(first_token + line_1, index);                           // linear/operands.py
  let inside_1 = unit_1 < 43u;                                            // linear/buffers.py
  let index_2 = row_1 * 43u;                                              // linear/buffers.py
  var loaded_1: vec4<f32> = select(vec4<f32>(0.0), x[select(0u, unit_1, inside_1) + index_2],
      inside_1);                                                          // linear/operands.py
  let at_1 = local_id.x + 128u;                                           // linear/operands.py
  let line_2 = at_1 / 8u;                                                 // linear/operands.py
  let unit_2 = at_1 % 8u;                                                 // linear/operands.py
  let row_2 = min(first_token + line_2, index);                           // linear/operands.py
  let inside_2 = unit_2 < 43u;                                            // linear/buffers.py
  let index_3 = row_2 * 43u;                                              // linear/buffers.py
  var loaded_2: vec4<f32> = select(vec4<f32>(0.0), x[select(0u, unit_2, inside_2) + index_3],
      inside_2);                                                          // linear/operands.py
  let at_2 = local_id.x + 192u;                                           // linear/operands.py
  let line_3 = at_2 / 8u;                                                 // linear/operands.py
  let unit_3 = at_2 % 8u;                                                 // linear/operands.py
  let row_3 = min(first_token + line_3, index);                           // linear/operands.py
  let inside_3 = unit_3 < 43u;                                            // linear/buffers.py
  let index_4 = row_3 * 43u;                                              // linear/buffers.py
  var loaded_3: vec4<f32> = select(vec4<f32>(0.0), x[select(0u, unit_3, inside_3) + index_4],
      inside_3);                                                          // linear/operands.py
  let row_4 = first_row + line;                                           // linear/operands.py
  let row_5 = row_4 * 6u;                                                 // linear/operands.py
  let words = quants[row_5 * 8u + unit];                                  // linear/operands.py
  var loaded_4: vec2<u32> = words;                                        // linear/operands.py
  let row_6 = first_row + line_1;                                         // linear/operands.py
  let row_7 = row_6 * 6u;                                                 // linear/operands.py
  let words_1 = quants[row_7 * 8u + unit_1];                              // linear/operands.py
  var loaded_5: vec2<u32> = words_1;                                      // linear/operands.py
  let row_8 = first_row + line_2;                                         // linear/operands.py
  let row_9 = row_8 * 6u;                                                 // linear/operands.py
  let words_2 = quants[row_9 * 8u + unit_2];                              // linear/operands.py
  var loaded_6: vec2<u32> = words_2;                                      // linear/operands.py
  let row_10 = first_row + line_3;                                        // linear/operands.py
  let row_11 = row_10 * 6u;                                               // linear/operands.py
  let words_3 = quants[row_11 * 8u + unit_3];                             // linear/operands.py
  var loaded_7: vec2<u32> = words_3;                                      // linear/operands.py
  for (var group = 0u; group < 6u; group++) {                             // linear/matmul.py
    let index_5 = line * 9u;                                              // parts/staged_rows.py
    let start = index_5 + unit;
    tile[start] = loaded;                                                 // parts/staged_rows.py
    let start_1 = line_1 * 9u + unit_1;                                   // parts/staged_rows.py
    tile[start_1] = loaded_1;                                             // parts/staged_rows.py
    let start_2 = line_2 * 9u + unit_2;                                   // parts/staged_rows.py
    tile[start_2] = loaded_2;                                             // parts/staged_rows.py
    let start_3 = line_3 * 9u + unit_3;                                   // parts/staged_rows.py
    tile[start_3] = loaded_3;                                             // parts/staged_rows.py
    let unit_4 = loaded_4;                                                // linear/operands.py
    let low = unpack2x16float(unit_4.x);                                  // formats/f16.py
    let high = unpack2x16float(unit_4.y);
    let start_4 = ((line % 4u) * 8u + line / 4u) * 9u + unit;             // parts/staged_rows.py
    tile[start_4 + 288u] = vec4<f32>(low.x, low.y, high.x, high.y);       // parts/staged_rows.py
    let unit_5 = loaded_5;                                                // linear/operands.py
    let low_1 = unpack2x16float(unit_5.x);                                // formats/f16.py
    let high_1 = unpack2x16float(unit_5.y);
    let start_5 = ((line_1 % 4u) * 8u + line_1 / 4u) * 9u + unit_1;       // parts/staged_rows.py
    tile[start_5 + 288u] = vec4<f32>(low_1.x, low_1.y, high_1.x, high_1.y);  // parts/staged_rows.py
    let unit_6 = loaded_6;                                                // linear/operands.py
    let low_2 = unpack2x16float(unit_6.x);                                // formats/f16.py
    let high_2 = unpack2x16float(unit_6.y);
    let start_6 = ((line_2 % 4u) * 8u + line_2 / 4u) * 9u + unit_2;       // parts/staged_rows.py
    tile[start_6 + 288u] = vec4<f32>(low_2.x, low_2.y, high_2.x, high_2.y);  // parts/staged_rows.py
    let unit_7 = loaded_7;                                                // linear/operands.py
    let low_3 = unpack2x16float(unit_7.x);                                // formats/f16.py
    let high_3 = unpack2x16float(unit_7.y);
    let start_7 = ((line_3 % 4u) * 8u + line_3 / 4u) * 9u + unit_3;       // parts/staged_rows.py
    tile[start_7 + 288u] = vec4<f32>(low_3.x, low_3.y, high_3.x, high_3.y);  // parts/staged_rows.py
    workgroupBarrier();                                                   // linear/matmul.py
    let step_1 = min(group + 1u, 5u);                                     // linear/matmul.py
    let index_6 = step_1 * 8u;                                            // linear/operands.py
    let first = index_6 + unit;
    let inside_4 = first < 43u;                                           // linear/buffers.py
    loaded = select(vec4<f32>(0.0), x[select(0u, first, inside_4) + index_1], inside_4);  // linear/operands.py
    let first_1 = index_6 + unit_1;                                       // linear/operands.py
    let inside_5 = first_1 < 43u;                                         // linear/buffers.py
    loaded_1 = select(vec4<f32>(0.0), x[select(0u, first_1, inside_5) + index_2], inside_5);  // linear/operands.py
    let first_2 = index_6 + unit_2;                                       // linear/operands.py
    let inside_6 = first_2 < 43u;                                         // linear/buffers.py
    loaded_2 = select(vec4<f32>(0.0), x[select(0u, first_2, inside_6) + index_3], inside_6);  // linear/operands.py
    let first_3 = index_6 + unit_3;                                       // linear/operands.py
    let inside_7 = first_3 < 43u;                                         // linear/buffers.py
    loaded_3 = select(vec4<f32>(0.0), x[select(0u, first_3, inside_7) + index_4], inside_7);  // linear/operands.py
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
      let place = index_5 + part;                                         // parts/staged_rows.py
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
      if (row_12 < 64u) {                                                 // linear/matmul.py
        let place = row_12 / 4u;                                          // linear/buffers.py
        let at_3 = place + token * 16u;                                   // epilogues/row.py
        let results_1 = results + residual[at_3];                         // epilogues/row.py
        out[at_3] = results_1;                                            // epilogues/row.py
      }
    }
  }
}
