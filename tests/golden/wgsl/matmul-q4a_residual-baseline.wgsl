// matmul_q4a_residual_64x172

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> quants: array<u32>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read> residual: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;

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

var<workgroup> tile: array<array<vec4<f32>, 128>, 6>;

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let first_row = workgroup_id.x * 64u;                                   // linear/matmul_tiled.py
  let first_token = workgroup_id.y * 32u;                                 // linear/matmul_tiled.py
  let inside = local_id.x % 32u;                                          // linear/matmul_registers.py
  let block = local_id.x / 32u;
  let line = inside / 16u * 2u + inside % 2u;                             // linear/matmul_registers.py
  let column = inside / 2u % 8u;                                          // linear/matmul_registers.py
  let row = block / 2u * 4u + line;                                       // linear/matmul_registers.py
  let row_1 = (block % 2u) * 8u + column;
  var sum_0: vec4<f32> = vec4<f32>(0.0);                                  // linear/matmul_tiled.py
  var sum_1: vec4<f32> = vec4<f32>(0.0);
  var sum_2: vec4<f32> = vec4<f32>(0.0);
  var sum_3: vec4<f32> = vec4<f32>(0.0);
  let inside_1 = min(local_id.x, 63u);                                    // linear/operands.py
  let block_1 = inside_1 / 8u;                                            // linear/operands.py
  let unit = inside_1 % 8u;                                               // linear/operands.py
  let first = block_1 * 4u;                                               // linear/operands.py
  let index = step.seq - 1u;                                              // linear/operands.py
  let row_2 = min(first_token + first, index);
  let row_3 = min(first_token + first + 1u, index);
  let row_4 = min(first_token + first + 2u, index);
  let row_5 = min(first_token + first + 3u, index);
  let inside_2 = unit < 43u;                                              // linear/buffers.py
  let index_1 = select(0u, unit, inside_2);                               // linear/buffers.py
  let index_2 = row_2 * 43u;
  var loaded: vec4<f32> = select(vec4<f32>(0.0), x[index_1 + index_2], inside_2);  // linear/operands.py
  let index_3 = row_3 * 43u;                                              // linear/buffers.py
  var loaded_1: vec4<f32> = select(vec4<f32>(0.0), x[index_1 + index_3], inside_2);  // linear/operands.py
  let index_4 = row_4 * 43u;                                              // linear/buffers.py
  var loaded_2: vec4<f32> = select(vec4<f32>(0.0), x[index_1 + index_4], inside_2);  // linear/operands.py
  let index_5 = row_5 * 43u;                                              // linear/buffers.py
  var loaded_3: vec4<f32> = select(vec4<f32>(0.0), x[index_1 + index_5], inside_2);  // linear/operands.py
  let block_2 = inside_1 / 4u;                                            // linear/operands.py
  let unit_1 = inside_1 % 4u;                                             // linear/operands.py
  let first_1 = block_2 * 4u;                                             // linear/operands.py
  let row_6 = first_row + first_1;                                        // linear/operands.py
  let row_7 = row_6 * 6u;                                                 // linear/operands.py
  let row_8 = first_row + first_1 + 1u;                                   // linear/operands.py
  let row_9 = row_8 * 6u;                                                 // linear/operands.py
  let row_10 = first_row + first_1 + 2u;                                  // linear/operands.py
  let row_11 = row_10 * 6u;                                               // linear/operands.py
  let row_12 = first_row + first_1 + 3u;                                  // linear/operands.py
  let row_13 = row_12 * 6u;                                               // linear/operands.py
  let words = quants[row_7 * 4u + unit_1];                                // linear/operands.py
  var loaded_4: u32 = words;                                              // linear/operands.py
  var loaded_5: u32 = scales[row_7];
  let words_1 = quants[row_9 * 4u + unit_1];                              // linear/operands.py
  var loaded_6: u32 = words_1;                                            // linear/operands.py
  var loaded_7: u32 = scales[row_9];
  let words_2 = quants[row_11 * 4u + unit_1];                             // linear/operands.py
  var loaded_8: u32 = words_2;                                            // linear/operands.py
  var loaded_9: u32 = scales[row_11];
  let words_3 = quants[row_13 * 4u + unit_1];                             // linear/operands.py
  var loaded_10: u32 = words_3;                                           // linear/operands.py
  var loaded_11: u32 = scales[row_13];
  for (var group = 0u; group < 6u; group++) {                             // linear/matmul_tiled.py
    let t = local_id.x < 64u;                                             // linear/operands.py
    if (t) {
      let line_1 = loaded;                                                // linear/operands.py
      let line_2 = loaded_1;
      let line_3 = loaded_2;
      let line_4 = loaded_3;
      let place = block_1 * 8u + ((block_1 % 8u) ^ unit);                 // parts/staged_rows.py
      let column_1 = vec4<f32>(line_1.x, line_2.x, line_3.x, line_4.x);   // parts/staged_rows.py
      tile[0u][place] = column_1;                                         // parts/staged_rows.py
      let column_2 = vec4<f32>(line_1.y, line_2.y, line_3.y, line_4.y);   // parts/staged_rows.py
      tile[0u][place + 64u] = column_2;                                   // parts/staged_rows.py
      let column_3 = vec4<f32>(line_1.z, line_2.z, line_3.z, line_4.z);   // parts/staged_rows.py
      tile[1u][place] = column_3;                                         // parts/staged_rows.py
      let column_4 = vec4<f32>(line_1.w, line_2.w, line_3.w, line_4.w);   // parts/staged_rows.py
      tile[1u][place + 64u] = column_4;                                   // parts/staged_rows.py
    }
    if (t) {                                                              // linear/operands.py
      let word = loaded_4;                                                // linear/operands.py
      let low = vec4<f32>(unpack4xU8(word & 0x0f0f0f0fu));                // formats/nibbles.py
      let high = vec4<f32>(unpack4xU8((word >> 4u) & 0x0f0f0f0fu));       // formats/nibbles.py
      let pair = unpack2x16float(loaded_5);                               // parts/packed_rows.py
      let factor = vec4<f32>(pair.x);                                     // linear/operands.py
      let addend = vec4<f32>(pair.y);                                     // linear/operands.py
      let line_0 = low * factor + addend;                                 // linear/operands.py
      let line_1 = high * factor + addend;
      let word_1 = loaded_6;                                              // linear/operands.py
      let low_1 = vec4<f32>(unpack4xU8(word_1 & 0x0f0f0f0fu));            // formats/nibbles.py
      let high_1 = vec4<f32>(unpack4xU8((word_1 >> 4u) & 0x0f0f0f0fu));   // formats/nibbles.py
      let pair_1 = unpack2x16float(loaded_7);                             // parts/packed_rows.py
      let factor_1 = vec4<f32>(pair_1.x);                                 // linear/operands.py
      let addend_1 = vec4<f32>(pair_1.y);                                 // linear/operands.py
      let line_0_1 = low_1 * factor_1 + addend_1;                         // linear/operands.py
      let line_1_1 = high_1 * factor_1 + addend_1;
      let word_2 = loaded_8;                                              // linear/operands.py
      let low_2 = vec4<f32>(unpack4xU8(word_2 & 0x0f0f0f0fu));            // formats/nibbles.py
      let high_2 = vec4<f32>(unpack4xU8((word_2 >> 4u) & 0x0f0f0f0fu));   // formats/nibbles.py
      let pair_2 = unpack2x16float(loaded_9);                             // parts/packed_rows.py
      let factor_2 = vec4<f32>(pair_2.x);                                 // linear/operands.py
      let addend_2 = vec4<f32>(pair_2.y);                                 // linear/operands.py
      let line_0_2 = low_2 * factor_2 + addend_2;                         // linear/operands.py
      let line_1_2 = high_2 * factor_2 + addend_2;
      let word_3 = loaded_10;                                             // linear/operands.py
      let low_3 = vec4<f32>(unpack4xU8(word_3 & 0x0f0f0f0fu));            // formats/nibbles.py
      let high_3 = vec4<f32>(unpack4xU8((word_3 >> 4u) & 0x0f0f0f0fu));   // formats/nibbles.py
      let pair_3 = unpack2x16float(loaded_11);                            // parts/packed_rows.py
      let factor_3 = vec4<f32>(pair_3.x);                                 // linear/operands.py
      let addend_3 = vec4<f32>(pair_3.y);                                 // linear/operands.py
      let line_0_3 = low_3 * factor_3 + addend_3;                         // linear/operands.py
      let line_1_3 = high_3 * factor_3 + addend_3;
      let cell = unit_1 * 2u;                                             // linear/operands.py
      let turn = block_2 % 8u;                                            // parts/staged_rows.py
      let index_6 = block_2 * 8u;                                         // parts/staged_rows.py
      let place = index_6 + (turn ^ cell);
      let column_1 = vec4<f32>(line_0.x, line_0_1.x, line_0_2.x, line_0_3.x);  // parts/staged_rows.py
      tile[2u][place] = column_1;                                         // parts/staged_rows.py
      let column_2 = vec4<f32>(line_0.y, line_0_1.y, line_0_2.y, line_0_3.y);  // parts/staged_rows.py
      tile[3u][place] = column_2;                                         // parts/staged_rows.py
      let column_3 = vec4<f32>(line_0.z, line_0_1.z, line_0_2.z, line_0_3.z);  // parts/staged_rows.py
      tile[4u][place] = column_3;                                         // parts/staged_rows.py
      let column_4 = vec4<f32>(line_0.w, line_0_1.w, line_0_2.w, line_0_3.w);  // parts/staged_rows.py
      tile[5u][place] = column_4;                                         // parts/staged_rows.py
      let inside_3 = cell + 1u;                                           // parts/staged_rows.py
      let place_1 = index_6 + (turn ^ inside_3);                          // parts/staged_rows.py
      let column_5 = vec4<f32>(line_1.x, line_1_1.x, line_1_2.x, line_1_3.x);  // parts/staged_rows.py
      tile[2u][place_1] = column_5;                                       // parts/staged_rows.py
      let column_6 = vec4<f32>(line_1.y, line_1_1.y, line_1_2.y, line_1_3.y);  // parts/staged_rows.py
      tile[3u][place_1] = column_6;                                       // parts/staged_rows.py
      let column_7 = vec4<f32>(line_1.z, line_1_1.z, line_1_2.z, line_1_3.z);  // parts/staged_rows.py
      tile[4u][place_1] = column_7;                                       // parts/staged_rows.py
      let column_8 = vec4<f32>(line_1.w, line_1_1.w, line_1_2.w, line_1_3.w);  // parts/staged_rows.py
      tile[5u][place_1] = column_8;                                       // parts/staged_rows.py
    }
    workgroupBarrier();                                                   // linear/matmul_tiled.py
    let step_1 = min(group + 1u, 5u);                                     // linear/matmul_tiled.py
    let first_2 = step_1 * 8u + unit;                                     // linear/operands.py
    let inside_3 = first_2 < 43u;                                         // linear/buffers.py
    let index_6 = select(0u, first_2, inside_3);                          // linear/buffers.py
    loaded = select(vec4<f32>(0.0), x[index_6 + index_2], inside_3);      // linear/operands.py
    loaded_1 = select(vec4<f32>(0.0), x[index_6 + index_3], inside_3);
    loaded_2 = select(vec4<f32>(0.0), x[index_6 + index_4], inside_3);
    loaded_3 = select(vec4<f32>(0.0), x[index_6 + index_5], inside_3);
    let at = row_7 + step_1;                                              // linear/operands.py
    let words_4 = quants[at * 4u + unit_1];                               // linear/operands.py
    loaded_4 = words_4;                                                   // linear/operands.py
    loaded_5 = scales[at];
    let at_1 = row_9 + step_1;                                            // linear/operands.py
    let words_5 = quants[at_1 * 4u + unit_1];                             // linear/operands.py
    loaded_6 = words_5;                                                   // linear/operands.py
    loaded_7 = scales[at_1];
    let at_2 = row_11 + step_1;                                           // linear/operands.py
    let words_6 = quants[at_2 * 4u + unit_1];                             // linear/operands.py
    loaded_8 = words_6;                                                   // linear/operands.py
    loaded_9 = scales[at_2];
    let at_3 = row_13 + step_1;                                           // linear/operands.py
    let words_7 = quants[at_3 * 4u + unit_1];                             // linear/operands.py
    loaded_10 = words_7;                                                  // linear/operands.py
    loaded_11 = scales[at_3];
    for (var part = 0u; part < 8u; part++) {                              // linear/matmul_tiled.py
      let place = row * 8u + ((row % 8u) ^ part);                         // parts/staged_rows.py
      let x_0 = tile[0u][place];                                          // parts/staged_rows.py
      let x_1 = tile[0u][place + 64u];
      let x_2 = tile[1u][place];
      let x_3 = tile[1u][place + 64u];
      let place_1 = row_1 * 8u + ((row_1 % 8u) ^ part);                   // parts/staged_rows.py
      let w_0 = tile[2u][place_1];                                        // parts/staged_rows.py
      let w_1 = tile[3u][place_1];
      let w_2 = tile[4u][place_1];
      let w_3 = tile[5u][place_1];
      sum_0 += w_0 * x_0.x;                                               // linear/matmul_registers.py
      sum_1 += w_0 * x_0.y;
      sum_2 += w_0 * x_0.z;
      sum_3 += w_0 * x_0.w;
      sum_0 += w_1 * x_1.x;
      sum_1 += w_1 * x_1.y;
      sum_2 += w_1 * x_1.z;
      sum_3 += w_1 * x_1.w;
      sum_0 += w_2 * x_2.x;
      sum_1 += w_2 * x_2.y;
      sum_2 += w_2 * x_2.z;
      sum_3 += w_2 * x_2.w;
      sum_0 += w_3 * x_3.x;
      sum_1 += w_3 * x_3.y;
      sum_2 += w_3 * x_3.z;
      sum_3 += w_3 * x_3.w;
    }
    workgroupBarrier();                                                   // linear/matmul_tiled.py
  }
  let first_2 = row * 64u + row_1;                                        // linear/matmul_registers.py
  tile[first_2 / 128u][first_2 % 128u] = sum_0;                           // linear/matmul_registers.py
  tile[(first_2 + 16u) / 128u][(first_2 + 16u) % 128u] = sum_1;
  tile[(first_2 + 32u) / 128u][(first_2 + 32u) % 128u] = sum_2;
  tile[(first_2 + 48u) / 128u][(first_2 + 48u) % 128u] = sum_3;
  workgroupBarrier();                                                     // linear/matmul_registers.py
  for (var cell = local_id.x; cell < 512u; cell += 128u) {                // linear/matmul_registers.py
    let token = first_token + cell / 16u;                                 // linear/matmul_registers.py
    let results = tile[cell / 128u][cell % 128u];                         // linear/matmul_registers.py
    let row_14 = first_row + (cell % 16u) * 4u;
    if (token < step.seq) {                                               // linear/matmul_tiled.py
      if (row_14 < 64u) {                                                 // linear/matmul_tiled.py
        let place = row_14 / 4u;                                          // linear/buffers.py
        let at = place + token * 16u;                                     // epilogues/row.py
        let results_1 = results + residual[at];                           // epilogues/row.py
        out[at] = results_1;                                              // epilogues/row.py
      }
    }
  }
}
