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
  let index_1 = row_2 * 16u;                                              // linear/buffers.py
  var loaded: vec4<f32> = x[unit + index_1];                              // linear/operands.py
  let index_2 = row_3 * 16u;                                              // linear/buffers.py
  var loaded_1: vec4<f32> = x[unit + index_2];                            // linear/operands.py
  let index_3 = row_4 * 16u;                                              // linear/buffers.py
  var loaded_2: vec4<f32> = x[unit + index_3];                            // linear/operands.py
  let index_4 = row_5 * 16u;                                              // linear/buffers.py
  var loaded_3: vec4<f32> = x[unit + index_4];                            // linear/operands.py
  let block_2 = local_id.x / 8u;                                          // linear/operands.py
  let unit_1 = local_id.x % 8u;                                           // linear/operands.py
  let first_1 = block_2 * 4u;                                             // linear/operands.py
  let row_6 = first_row + first_1;                                        // linear/operands.py
  let row_7 = min(row_6, 343u);                                           // linear/operands.py
  let row_8 = row_7 * 2u;                                                 // linear/operands.py
  let row_9 = first_row + first_1 + 1u;                                   // linear/operands.py
  let row_10 = min(row_9, 343u);                                          // linear/operands.py
  let row_11 = row_10 * 2u;                                               // linear/operands.py
  let row_12 = first_row + first_1 + 2u;                                  // linear/operands.py
  let row_13 = min(row_12, 343u);                                         // linear/operands.py
  let row_14 = row_13 * 2u;                                               // linear/operands.py
  let row_15 = first_row + first_1 + 3u;                                  // linear/operands.py
  let row_16 = min(row_15, 343u);                                         // linear/operands.py
  let row_17 = row_16 * 2u;                                               // linear/operands.py
  let words = quants[row_8 * 8u + unit_1];                                // linear/operands.py
  var loaded_4: u32 = words;                                              // linear/operands.py
  var loaded_5: u32 = scales[row_8 >> 1u];
  let words_1 = quants[row_11 * 8u + unit_1];                             // linear/operands.py
  var loaded_6: u32 = words_1;                                            // linear/operands.py
  var loaded_7: u32 = scales[row_11 >> 1u];
  let words_2 = quants[row_14 * 8u + unit_1];                             // linear/operands.py
  var loaded_8: u32 = words_2;                                            // linear/operands.py
  var loaded_9: u32 = scales[row_14 >> 1u];
  let words_3 = quants[row_17 * 8u + unit_1];                             // linear/operands.py
  var loaded_10: u32 = words_3;                                           // linear/operands.py
  var loaded_11: u32 = scales[row_17 >> 1u];
  for (var group = 0u; group < 2u; group++) {                             // linear/matmul_tiled.py
    if (local_id.x < 64u) {                                               // linear/operands.py
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
    let pair = unpack2x16float(loaded_5);                                 // parts/packed_rows.py
    let factor = vec4<f32>(select(pair.x, pair.y, ((row_8 + group) & 1u) == 1u));  // linear/operands.py
    let line_1 = vec4<f32>(unpack4xI8(loaded_4)) * factor;                // linear/operands.py
    let pair_1 = unpack2x16float(loaded_7);                               // parts/packed_rows.py
    let factor_1 = vec4<f32>(select(pair_1.x, pair_1.y, ((row_11 + group) & 1u) == 1u));  // linear/operands.py
    let line_2 = vec4<f32>(unpack4xI8(loaded_6)) * factor_1;              // linear/operands.py
    let pair_2 = unpack2x16float(loaded_9);                               // parts/packed_rows.py
    let factor_2 = vec4<f32>(select(pair_2.x, pair_2.y, ((row_14 + group) & 1u) == 1u));  // linear/operands.py
    let line_3 = vec4<f32>(unpack4xI8(loaded_8)) * factor_2;              // linear/operands.py
    let pair_3 = unpack2x16float(loaded_11);                              // parts/packed_rows.py
    let factor_3 = vec4<f32>(select(pair_3.x, pair_3.y, ((row_17 + group) & 1u) == 1u));  // linear/operands.py
    let line_4 = vec4<f32>(unpack4xI8(loaded_10)) * factor_3;             // linear/operands.py
    let place = block_2 * 8u + ((block_2 % 8u) ^ unit_1);                 // parts/staged_rows.py
    let column_1 = vec4<f32>(line_1.x, line_2.x, line_3.x, line_4.x);     // parts/staged_rows.py
    tile[2u][place] = column_1;                                           // parts/staged_rows.py
    let column_2 = vec4<f32>(line_1.y, line_2.y, line_3.y, line_4.y);     // parts/staged_rows.py
    tile[3u][place] = column_2;                                           // parts/staged_rows.py
    let column_3 = vec4<f32>(line_1.z, line_2.z, line_3.z, line_4.z);     // parts/staged_rows.py
    tile[4u][place] = column_3;                                           // parts/staged_rows.py
    let column_4 = vec4<f32>(line_1.w, line_2.w, line_3.w, line_4.w);     // parts/staged_rows.py
    tile[5u][place] = column_4;                                           // parts/staged_rows.py
    workgroupBarrier();                                                   // linear/matmul_tiled.py
    let step_1 = min(group + 1u, 1u);                                     // linear/matmul_tiled.py
    let first_2 = step_1 * 8u + unit;                                     // linear/operands.py
    loaded = x[first_2 + index_1];                                        // linear/operands.py
    loaded_1 = x[first_2 + index_2];
    loaded_2 = x[first_2 + index_3];
    loaded_3 = x[first_2 + index_4];
    let at = row_8 + step_1;                                              // linear/operands.py
    let words_4 = quants[at * 8u + unit_1];                               // linear/operands.py
    loaded_4 = words_4;                                                   // linear/operands.py
    loaded_5 = scales[at >> 1u];
    let at_1 = row_11 + step_1;                                           // linear/operands.py
    let words_5 = quants[at_1 * 8u + unit_1];                             // linear/operands.py
    loaded_6 = words_5;                                                   // linear/operands.py
    loaded_7 = scales[at_1 >> 1u];
    let at_2 = row_14 + step_1;                                           // linear/operands.py
    let words_6 = quants[at_2 * 8u + unit_1];                             // linear/operands.py
    loaded_8 = words_6;                                                   // linear/operands.py
    loaded_9 = scales[at_2 >> 1u];
    let at_3 = row_17 + step_1;                                           // linear/operands.py
    let words_7 = quants[at_3 * 8u + unit_1];                             // linear/operands.py
    loaded_10 = words_7;                                                  // linear/operands.py
    loaded_11 = scales[at_3 >> 1u];
    for (var part = 0u; part < 8u; part++) {                              // linear/matmul_tiled.py
      let place_1 = row * 8u + ((row % 8u) ^ part);                       // parts/staged_rows.py
      let x_0 = tile[0u][place_1];                                        // parts/staged_rows.py
      let x_1 = tile[0u][place_1 + 64u];
      let x_2 = tile[1u][place_1];
      let x_3 = tile[1u][place_1 + 64u];
      let place_2 = row_1 * 8u + ((row_1 % 8u) ^ part);                   // parts/staged_rows.py
      let w_0 = tile[2u][place_2];                                        // parts/staged_rows.py
      let w_1 = tile[3u][place_2];
      let w_2 = tile[4u][place_2];
      let w_3 = tile[5u][place_2];
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
    let row_18 = first_row + (cell % 16u) * 4u;
    if (token < step.seq) {                                               // linear/matmul_tiled.py
      if (row_18 < 344u) {                                                // linear/matmul_tiled.py
        let place = row_18 / 4u;                                          // linear/buffers.py
        let gated = results.x / (1.0 + exp(-results.x)) * results.y;      // epilogues/pair.py
        let gated_1 = results.z / (1.0 + exp(-results.z)) * results.w;
        out[place + token * 86u] = vec2<f32>(gated, gated_1);             // epilogues/pair.py
      }
    }
  }
}
