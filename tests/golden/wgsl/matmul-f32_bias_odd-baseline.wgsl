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

var<workgroup> tile: array<array<vec4<f32>, 64>, 8>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let first_row = workgroup_id.x * 32u;                                   // linear/matmul_tiled.py
  let first_token = workgroup_id.y * 32u;                                 // linear/matmul_tiled.py
  let inside = local_id.x % 32u;                                          // linear/matmul_registers.py
  let line = inside / 16u * 2u + inside % 2u;                             // linear/matmul_registers.py
  let column = inside / 2u % 8u;                                          // linear/matmul_registers.py
  let row = local_id.x / 32u * 4u + line;                                 // linear/matmul_registers.py
  var sum_0: vec4<f32> = vec4<f32>(0.0);                                  // linear/matmul_tiled.py
  var sum_1: vec4<f32> = vec4<f32>(0.0);
  var sum_2: vec4<f32> = vec4<f32>(0.0);
  var sum_3: vec4<f32> = vec4<f32>(0.0);
  let block = local_id.x / 8u;                                            // linear/operands.py
  let unit = local_id.x % 8u;                                             // linear/operands.py
  let first = block * 4u;                                                 // linear/operands.py
  let index = step.seq - 1u;                                              // linear/operands.py
  let row_1 = min(first_token + first, index);
  let line_1 = first + 1u;                                                // linear/operands.py
  let row_2 = min(first_token + line_1, index);                           // linear/operands.py
  let line_2 = first + 2u;                                                // linear/operands.py
  let row_3 = min(first_token + line_2, index);                           // linear/operands.py
  let line_3 = first + 3u;                                                // linear/operands.py
  let row_4 = min(first_token + line_3, index);                           // linear/operands.py
  let element = unit * 4u;                                                // linear/buffers.py
  let inside_1 = element < 31u;                                           // linear/buffers.py
  let index_1 = select(0u, element, inside_1);                            // linear/buffers.py
  let index_2 = row_1 * 31u;
  let index_3 = index_1 + index_2;
  let element_1 = element + 1u;                                           // linear/buffers.py
  let inside_2 = element_1 < 31u;                                         // linear/buffers.py
  let index_4 = select(0u, element_1, inside_2);                          // linear/buffers.py
  let element_2 = element + 2u;                                           // linear/buffers.py
  let inside_3 = element_2 < 31u;                                         // linear/buffers.py
  let index_5 = select(0u, element_2, inside_3);                          // linear/buffers.py
  let element_3 = element + 3u;                                           // linear/buffers.py
  let inside_4 = element_3 < 31u;                                         // linear/buffers.py
  let index_6 = select(0u, element_3, inside_4);                          // linear/buffers.py
  var loaded: vec4<f32> = vec4<f32>(select(0.0, x[index_3], inside_1),
      select(0.0, x[index_4 + index_2], inside_2), select(0.0, x[index_5 + index_2], inside_3),
      select(0.0, x[index_6 + index_2], inside_4));                       // linear/operands.py
  let index_7 = row_2 * 31u;                                              // linear/buffers.py
  let index_8 = index_1 + index_7;
  var loaded_1: vec4<f32> = vec4<f32>(select(0.0, x[index_8], inside_1),
      select(0.0, x[index_4 + index_7], inside_2), select(0.0, x[index_5 + index_7], inside_3),
      select(0.0, x[index_6 + index_7], inside_4));                       // linear/operands.py
  let index_9 = row_3 * 31u;                                              // linear/buffers.py
  let index_10 = index_1 + index_9;
  var loaded_2: vec4<f32> = vec4<f32>(select(0.0, x[index_10], inside_1),
      select(0.0, x[index_4 + index_9], inside_2), select(0.0, x[index_5 + index_9], inside_3),
      select(0.0, x[index_6 + index_9], inside_4));                       // linear/operands.py
  let index_11 = row_4 * 31u;                                             // linear/buffers.py
  let index_12 = index_1 + index_11;
  var loaded_3: vec4<f32> = vec4<f32>(select(0.0, x[index_12], inside_1),
      select(0.0, x[index_4 + index_11], inside_2),
      select(0.0, x[index_5 + index_11], inside_3),
      select(0.0, x[index_6 + index_11], inside_4));                      // linear/operands.py
  let row_5 = first_row + first;                                          // linear/operands.py
  let row_6 = min(row_5, 32u);                                            // linear/operands.py
  let row_7 = first_row + line_1;                                         // linear/operands.py
  let row_8 = min(row_7, 32u);                                            // linear/operands.py
  let row_9 = first_row + line_2;                                         // linear/operands.py
  let row_10 = min(row_9, 32u);                                           // linear/operands.py
  let row_11 = first_row + line_3;                                        // linear/operands.py
  let row_12 = min(row_11, 32u);                                          // linear/operands.py
  let words = quants[row_6 * 8u + unit];                                  // linear/operands.py
  var loaded_4: vec4<f32> = words;                                        // linear/operands.py
  let words_1 = quants[row_8 * 8u + unit];                                // linear/operands.py
  var loaded_5: vec4<f32> = words_1;                                      // linear/operands.py
  let words_2 = quants[row_10 * 8u + unit];                               // linear/operands.py
  var loaded_6: vec4<f32> = words_2;                                      // linear/operands.py
  let words_3 = quants[row_12 * 8u + unit];                               // linear/operands.py
  var loaded_7: vec4<f32> = words_3;                                      // linear/operands.py
  for (var group = 0u; group < 1u; group++) {                             // linear/matmul_tiled.py
    let line_4 = loaded;                                                  // linear/operands.py
    let line_5 = loaded_1;
    let line_6 = loaded_2;
    let line_7 = loaded_3;
    let place = block * 8u + ((block % 8u) ^ unit);                       // parts/staged_rows.py
    let column_1 = vec4<f32>(line_4.x, line_5.x, line_6.x, line_7.x);     // parts/staged_rows.py
    tile[0u][place] = column_1;                                           // parts/staged_rows.py
    let column_2 = vec4<f32>(line_4.y, line_5.y, line_6.y, line_7.y);     // parts/staged_rows.py
    tile[1u][place] = column_2;                                           // parts/staged_rows.py
    let column_3 = vec4<f32>(line_4.z, line_5.z, line_6.z, line_7.z);     // parts/staged_rows.py
    tile[2u][place] = column_3;                                           // parts/staged_rows.py
    let column_4 = vec4<f32>(line_4.w, line_5.w, line_6.w, line_7.w);     // parts/staged_rows.py
    tile[3u][place] = column_4;                                           // parts/staged_rows.py
    let line_8 = loaded_4;                                                // linear/operands.py
    let line_9 = loaded_5;
    let line_10 = loaded_6;
    let line_11 = loaded_7;
    let column_5 = vec4<f32>(line_8.x, line_9.x, line_10.x, line_11.x);   // parts/staged_rows.py
    tile[4u][place] = column_5;                                           // parts/staged_rows.py
    let column_6 = vec4<f32>(line_8.y, line_9.y, line_10.y, line_11.y);   // parts/staged_rows.py
    tile[5u][place] = column_6;                                           // parts/staged_rows.py
    let column_7 = vec4<f32>(line_8.z, line_9.z, line_10.z, line_11.z);   // parts/staged_rows.py
    tile[6u][place] = column_7;                                           // parts/staged_rows.py
    let column_8 = vec4<f32>(line_8.w, line_9.w, line_10.w, line_11.w);   // parts/staged_rows.py
    tile[7u][place] = column_8;                                           // parts/staged_rows.py
    workgroupBarrier();                                                   // linear/matmul_tiled.py
    let step_1 = min(group + 1u, 0u);                                     // linear/matmul_tiled.py
    let first_1 = step_1 * 8u + unit;                                     // linear/operands.py
    let element_4 = first_1 * 4u;                                         // linear/buffers.py
    let inside_5 = element_4 < 31u;                                       // linear/buffers.py
    let index_13 = select(0u, element_4, inside_5);                       // linear/buffers.py
    let index_14 = index_13 + index_2;
    let element_5 = element_4 + 1u;                                       // linear/buffers.py
    let inside_6 = element_5 < 31u;                                       // linear/buffers.py
    let index_15 = select(0u, element_5, inside_6);                       // linear/buffers.py
    let element_6 = element_4 + 2u;                                       // linear/buffers.py
    let inside_7 = element_6 < 31u;                                       // linear/buffers.py
    let index_16 = select(0u, element_6, inside_7);                       // linear/buffers.py
    let element_7 = element_4 + 3u;                                       // linear/buffers.py
    let inside_8 = element_7 < 31u;                                       // linear/buffers.py
    let index_17 = select(0u, element_7, inside_8);                       // linear/buffers.py
    loaded = vec4<f32>(select(0.0, x[index_14], inside_5),
        select(0.0, x[index_15 + index_2], inside_6),
        select(0.0, x[index_16 + index_2], inside_7),
        select(0.0, x[index_17 + index_2], inside_8));                    // linear/operands.py
    let index_18 = index_13 + index_7;                                    // linear/buffers.py
    loaded_1 = vec4<f32>(select(0.0, x[index_18], inside_5),
        select(0.0, x[index_15 + index_7], inside_6),
        select(0.0, x[index_16 + index_7], inside_7),
        select(0.0, x[index_17 + index_7], inside_8));                    // linear/operands.py
    let index_19 = index_13 + index_9;                                    // linear/buffers.py
    loaded_2 = vec4<f32>(select(0.0, x[index_19], inside_5),
        select(0.0, x[index_15 + index_9], inside_6),
        select(0.0, x[index_16 + index_9], inside_7),
        select(0.0, x[index_17 + index_9], inside_8));                    // linear/operands.py
    let index_20 = index_13 + index_11;                                   // linear/buffers.py
    loaded_3 = vec4<f32>(select(0.0, x[index_20], inside_5),
        select(0.0, x[index_15 + index_11], inside_6),
        select(0.0, x[index_16 + index_11], inside_7),
        select(0.0, x[index_17 + index_11], inside_8));                   // linear/operands.py
    let words_4 = quants[(row_6 + step_1) * 8u + unit];                   // linear/operands.py
    loaded_4 = words_4;                                                   // linear/operands.py
    let words_5 = quants[(row_8 + step_1) * 8u + unit];                   // linear/operands.py
    loaded_5 = words_5;                                                   // linear/operands.py
    let words_6 = quants[(row_10 + step_1) * 8u + unit];                  // linear/operands.py
    loaded_6 = words_6;                                                   // linear/operands.py
    let words_7 = quants[(row_12 + step_1) * 8u + unit];                  // linear/operands.py
    loaded_7 = words_7;                                                   // linear/operands.py
    for (var part = 0u; part < 8u; part++) {                              // linear/matmul_tiled.py
      let place_1 = row * 8u + ((row % 8u) ^ part);                       // parts/staged_rows.py
      let x_0 = tile[0u][place_1];                                        // parts/staged_rows.py
      let x_1 = tile[1u][place_1];
      let x_2 = tile[2u][place_1];
      let x_3 = tile[3u][place_1];
      let place_2 = column * 8u + ((column % 8u) ^ part);                 // parts/staged_rows.py
      let w_0 = tile[4u][place_2];                                        // parts/staged_rows.py
      let w_1 = tile[5u][place_2];
      let w_2 = tile[6u][place_2];
      let w_3 = tile[7u][place_2];
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
  let first_1 = row * 32u + column;                                       // linear/matmul_registers.py
  tile[first_1 / 64u][first_1 % 64u] = sum_0;                             // linear/matmul_registers.py
  tile[(first_1 + 8u) / 64u][(first_1 + 8u) % 64u] = sum_1;
  tile[(first_1 + 16u) / 64u][(first_1 + 16u) % 64u] = sum_2;
  tile[(first_1 + 24u) / 64u][(first_1 + 24u) % 64u] = sum_3;
  workgroupBarrier();                                                     // linear/matmul_registers.py
  for (var cell = local_id.x; cell < 256u; cell += 64u) {                 // linear/matmul_registers.py
    let token = first_token + cell / 8u;                                  // linear/matmul_registers.py
    let results = tile[cell / 64u][cell % 64u];                           // linear/matmul_registers.py
    let row_13 = first_row + (cell % 8u) * 4u;
    if (token < step.seq) {                                               // linear/matmul_tiled.py
      if (row_13 < 33u) {                                                 // linear/matmul_tiled.py
        out[row_13 + token * 33u] = results.x + bias[row_13];             // epilogues/coded.py
      }
      let at = row_13 + 1u;                                               // linear/matmul_tiled.py
      if (at < 33u) {
        out[at + token * 33u] = results.y + bias[at];                     // epilogues/coded.py
      }
      let at_1 = row_13 + 2u;                                             // linear/matmul_tiled.py
      if (at_1 < 33u) {
        out[at_1 + token * 33u] = results.z + bias[at_1];                 // epilogues/coded.py
      }
      let at_2 = row_13 + 3u;                                             // linear/matmul_tiled.py
      if (at_2 < 33u) {
        out[at_2 + token * 33u] = results.w + bias[at_2];                 // epilogues/coded.py
      }
    }
  }
}
