// matmul_q8_gated_344x64

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> quants: array<u32>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<vec2<f32>>;

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

var<workgroup> tile: array<vec4<f32>, 864>;

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let first_row = workgroup_id.x * 64u;                                   // linear/matmul.py
  let first_token = workgroup_id.y * 32u;                                 // linear/matmul.py
  let column = local_id.x % 16u;                                          // linear/matmul.py
  let line = local_id.x / 16u;                                            // linear/matmul.py
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
  let line_1 = local_id.x / 8u;                                           // linear/operands.py
  let unit = local_id.x % 8u;                                             // linear/operands.py
  let index = step.seq - 1u;                                              // linear/operands.py
  let row = min(first_token + line_1, index);
  let index_1 = row * 16u;                                                // linear/buffers.py
  var loaded: vec4<f32> = x[unit + index_1];                              // linear/operands.py
  let at = local_id.x + 128u;                                             // linear/operands.py
  let line_2 = at / 8u;                                                   // linear/operands.py
  let unit_1 = at % 8u;                                                   // linear/operands.py
  let row_1 = min(first_token + line_2, index);                           // linear/operands.py
  let index_2 = row_1 * 16u;                                              // linear/buffers.py
  var loaded_1: vec4<f32> = x[unit_1 + index_2];                          // linear/operands.py
  let row_2 = first_row + line_1;                                         // linear/operands.py
  let row_3 = min(row_2, 343u);                                           // linear/operands.py
  let row_4 = row_3 * 2u;                                                 // linear/operands.py
  let words = quants[row_4 * 8u + unit];                                  // linear/operands.py
  var loaded_2: u32 = words;                                              // linear/operands.py
  var loaded_3: u32 = scales[row_4 >> 1u];
  var loaded_4: u32 = row_4;
  let row_5 = first_row + line_2;                                         // linear/operands.py
  let row_6 = min(row_5, 343u);                                           // linear/operands.py
  let row_7 = row_6 * 2u;                                                 // linear/operands.py
  let words_1 = quants[row_7 * 8u + unit_1];                              // linear/operands.py
  var loaded_5: u32 = words_1;                                            // linear/operands.py
  var loaded_6: u32 = scales[row_7 >> 1u];
  var loaded_7: u32 = row_7;
  let at_1 = local_id.x + 256u;                                           // linear/operands.py
  let line_3 = at_1 / 8u;                                                 // linear/operands.py
  let unit_2 = at_1 % 8u;                                                 // linear/operands.py
  let row_8 = first_row + line_3;                                         // linear/operands.py
  let row_9 = min(row_8, 343u);                                           // linear/operands.py
  let row_10 = row_9 * 2u;                                                // linear/operands.py
  let words_2 = quants[row_10 * 8u + unit_2];                             // linear/operands.py
  var loaded_8: u32 = words_2;                                            // linear/operands.py
  var loaded_9: u32 = scales[row_10 >> 1u];
  var loaded_10: u32 = row_10;
  let at_2 = local_id.x + 384u;                                           // linear/operands.py
  let line_4 = at_2 / 8u;                                                 // linear/operands.py
  let unit_3 = at_2 % 8u;                                                 // linear/operands.py
  let row_11 = first_row + line_4;                                        // linear/operands.py
  let row_12 = min(row_11, 343u);                                         // linear/operands.py
  let row_13 = row_12 * 2u;                                               // linear/operands.py
  let words_3 = quants[row_13 * 8u + unit_3];                             // linear/operands.py
  var loaded_11: u32 = words_3;                                           // linear/operands.py
  var loaded_12: u32 = scales[row_13 >> 1u];
  var loaded_13: u32 = row_13;
  for (var group = 0u; group < 2u; group++) {                             // linear/matmul.py
    let start = line_1 * 9u + unit;                                       // parts/staged_rows.py
    tile[start] = loaded;                                                 // parts/staged_rows.py
    let start_1 = line_2 * 9u + unit_1;                                   // parts/staged_rows.py
    tile[start_1] = loaded_1;                                             // parts/staged_rows.py
    let pair = unpack2x16float(loaded_3);                                 // parts/packed_rows.py
    let start_2 = ((line_1 % 4u) * 16u + line_1 / 4u) * 9u + unit;        // parts/staged_rows.py
    tile[start_2 + 288u] = vec4<f32>(unpack4xI8(loaded_2))
        * select(pair.x, pair.y, (loaded_4 & 1u) == 1u);                  // parts/staged_rows.py
    let pair_1 = unpack2x16float(loaded_6);                               // parts/packed_rows.py
    let start_3 = ((line_2 % 4u) * 16u + line_2 / 4u) * 9u + unit_1;      // parts/staged_rows.py
    tile[start_3 + 288u] = vec4<f32>(unpack4xI8(loaded_5))
        * select(pair_1.x, pair_1.y, (loaded_7 & 1u) == 1u);              // parts/staged_rows.py
    let pair_2 = unpack2x16float(loaded_9);                               // parts/packed_rows.py
    let start_4 = ((line_3 % 4u) * 16u + line_3 / 4u) * 9u + unit_2;      // parts/staged_rows.py
    tile[start_4 + 288u] = vec4<f32>(unpack4xI8(loaded_8))
        * select(pair_2.x, pair_2.y, (loaded_10 & 1u) == 1u);             // parts/staged_rows.py
    let pair_3 = unpack2x16float(loaded_12);                              // parts/packed_rows.py
    let start_5 = ((line_4 % 4u) * 16u + line_4 / 4u) * 9u + unit_3;      // parts/staged_rows.py
    tile[start_5 + 288u] = vec4<f32>(unpack4xI8(loaded_11))
        * select(pair_3.x, pair_3.y, (loaded_13 & 1u) == 1u);             // parts/staged_rows.py
    workgroupBarrier();                                                   // linear/matmul.py
    let step_1 = min(group + 1u, 1u);                                     // linear/matmul.py
    let index_3 = step_1 * 8u;                                            // linear/operands.py
    let first = index_3 + unit;
    loaded = x[first + index_1];                                          // linear/operands.py
    let first_1 = index_3 + unit_1;                                       // linear/operands.py
    loaded_1 = x[first_1 + index_2];                                      // linear/operands.py
    let at_3 = row_4 + step_1;                                            // linear/operands.py
    let words_4 = quants[at_3 * 8u + unit];                               // linear/operands.py
    loaded_2 = words_4;                                                   // linear/operands.py
    loaded_3 = scales[at_3 >> 1u];
    loaded_4 = at_3;
    let at_4 = row_7 + step_1;                                            // linear/operands.py
    let words_5 = quants[at_4 * 8u + unit_1];                             // linear/operands.py
    loaded_5 = words_5;                                                   // linear/operands.py
    loaded_6 = scales[at_4 >> 1u];
    loaded_7 = at_4;
    let at_5 = row_10 + step_1;                                           // linear/operands.py
    let words_6 = quants[at_5 * 8u + unit_2];                             // linear/operands.py
    loaded_8 = words_6;                                                   // linear/operands.py
    loaded_9 = scales[at_5 >> 1u];
    loaded_10 = at_5;
    let at_6 = row_13 + step_1;                                           // linear/operands.py
    let words_7 = quants[at_6 * 8u + unit_3];                             // linear/operands.py
    loaded_11 = words_7;                                                  // linear/operands.py
    loaded_12 = scales[at_6 >> 1u];
    loaded_13 = at_6;
    for (var part = 0u; part < 8u; part++) {                              // linear/matmul.py
      let place = line * 9u + part;                                       // parts/staged_rows.py
      let x_0 = tile[place];                                              // parts/staged_rows.py
      let x_1 = tile[place + 72u];
      let x_2 = tile[place + 144u];
      let x_3 = tile[place + 216u];
      let place_1 = column * 9u + part;                                   // parts/staged_rows.py
      let place_2 = place_1 + 288u;                                       // parts/staged_rows.py
      let w_0 = tile[place_2];                                            // parts/staged_rows.py
      let w_1 = tile[place_2 + 144u];
      let w_2 = tile[place_2 + 288u];
      let w_3 = tile[place_2 + 432u];
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
  let first = line * 16u + column;                                        // linear/matmul.py
  tile[first] = vec4<f32>(sum_00, sum_01, sum_02, sum_03);                // linear/matmul.py
  tile[first + 128u] = vec4<f32>(sum_10, sum_11, sum_12, sum_13);
  tile[first + 256u] = vec4<f32>(sum_20, sum_21, sum_22, sum_23);
  tile[first + 384u] = vec4<f32>(sum_30, sum_31, sum_32, sum_33);
  workgroupBarrier();                                                     // linear/matmul.py
  for (var block = local_id.x; block < 512u; block += 128u) {             // linear/matmul.py
    let token = first_token + block / 16u;                                // linear/matmul.py
    let results = tile[block];                                            // linear/matmul.py
    let row_14 = first_row + (block % 16u) * 4u;
    if (token < step.seq) {                                               // linear/matmul.py
      if (row_14 < 344u) {                                                // linear/matmul.py
        let place = row_14 / 4u;                                          // linear/buffers.py
        let gated = results.x / (1.0 + exp(-results.x)) * results.y;      // epilogues/pair.py
        let gated_1 = results.z / (1.0 + exp(-results.z)) * results.w;
        out[place + token * 86u] = vec2<f32>(gated, gated_1);             // epilogues/pair.py
      }
    }
  }
}
