// matmul_q4_qkv_128x64

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> quants: array<u32>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read_write> q: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> k_cache: array<u32>;
@group(0) @binding(5) var<storage, read_write> v_cache: array<u32>;

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
@group(0) @binding(6) var<uniform> step: Step;

var<workgroup> tile: array<array<vec4<f32>, 64>, 16>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.x * 64u;                                       // linear/matmul_tiled.py
  let index_1 = workgroup_id.y * 64u;                                     // linear/matmul_tiled.py
  let inside = local_id.x % 32u;                                          // linear/matmul_registers.py
  let line = inside / 16u * 2u + inside % 2u;                             // linear/matmul_registers.py
  let column = inside / 2u % 8u;                                          // linear/matmul_registers.py
  let row = local_id.x / 32u * 4u + line;                                 // linear/matmul_registers.py
  var sum_00_0: vec4<f32> = vec4<f32>(0.0);                               // linear/matmul_tiled.py
  var sum_00_1: vec4<f32> = vec4<f32>(0.0);
  var sum_00_2: vec4<f32> = vec4<f32>(0.0);
  var sum_00_3: vec4<f32> = vec4<f32>(0.0);
  var sum_01_0: vec4<f32> = vec4<f32>(0.0);
  var sum_01_1: vec4<f32> = vec4<f32>(0.0);
  var sum_01_2: vec4<f32> = vec4<f32>(0.0);
  var sum_01_3: vec4<f32> = vec4<f32>(0.0);
  var sum_10_0: vec4<f32> = vec4<f32>(0.0);
  var sum_10_1: vec4<f32> = vec4<f32>(0.0);
  var sum_10_2: vec4<f32> = vec4<f32>(0.0);
  var sum_10_3: vec4<f32> = vec4<f32>(0.0);
  var sum_11_0: vec4<f32> = vec4<f32>(0.0);
  var sum_11_1: vec4<f32> = vec4<f32>(0.0);
  var sum_11_2: vec4<f32> = vec4<f32>(0.0);
  var sum_11_3: vec4<f32> = vec4<f32>(0.0);
  let more = index_1 + 32u < step.seq;                                    // linear/matmul_registers.py
  if (more) {                                                             // linear/matmul_registers.py
    let block = local_id.x / 8u;                                          // linear/operands.py
    let unit = local_id.x % 8u;                                           // linear/operands.py
    let first = block * 4u;                                               // linear/operands.py
    let index_2 = step.seq - 1u;                                          // linear/operands.py
    let row_1 = min(index_1 + first, index_2);
    let row_2 = min(index_1 + first + 1u, index_2);
    let row_3 = min(index_1 + first + 2u, index_2);
    let row_4 = min(index_1 + first + 3u, index_2);
    let index_3 = row_1 * 16u;                                            // linear/buffers.py
    var loaded: vec4<f32> = x[unit + index_3];                            // linear/operands.py
    let index_4 = row_2 * 16u;                                            // linear/buffers.py
    var loaded_1: vec4<f32> = x[unit + index_4];                          // linear/operands.py
    let index_5 = row_3 * 16u;                                            // linear/buffers.py
    var loaded_2: vec4<f32> = x[unit + index_5];                          // linear/operands.py
    let index_6 = row_4 * 16u;                                            // linear/buffers.py
    var loaded_3: vec4<f32> = x[unit + index_6];                          // linear/operands.py
    let at = local_id.x + 64u;                                            // linear/operands.py
    let block_1 = at / 8u;                                                // linear/operands.py
    let unit_1 = at % 8u;                                                 // linear/operands.py
    let first_1 = block_1 * 4u;                                           // linear/operands.py
    let row_5 = min(index_1 + first_1, index_2);                          // linear/operands.py
    let row_6 = min(index_1 + first_1 + 1u, index_2);
    let row_7 = min(index_1 + first_1 + 2u, index_2);
    let row_8 = min(index_1 + first_1 + 3u, index_2);
    let index_7 = row_5 * 16u;                                            // linear/buffers.py
    var loaded_4: vec4<f32> = x[unit_1 + index_7];                        // linear/operands.py
    let index_8 = row_6 * 16u;                                            // linear/buffers.py
    var loaded_5: vec4<f32> = x[unit_1 + index_8];                        // linear/operands.py
    let index_9 = row_7 * 16u;                                            // linear/buffers.py
    var loaded_6: vec4<f32> = x[unit_1 + index_9];                        // linear/operands.py
    let index_10 = row_8 * 16u;                                           // linear/buffers.py
    var loaded_7: vec4<f32> = x[unit_1 + index_10];                       // linear/operands.py
    let block_2 = local_id.x / 4u;                                        // linear/operands.py
    let unit_2 = local_id.x % 4u;                                         // linear/operands.py
    let first_2 = block_2 * 4u;                                           // linear/operands.py
    let row_9 = index + first_2;                                          // linear/operands.py
    let row_10 = row_9 * 2u;                                              // linear/operands.py
    let row_11 = index + first_2 + 1u;                                    // linear/operands.py
    let row_12 = row_11 * 2u;                                             // linear/operands.py
    let row_13 = index + first_2 + 2u;                                    // linear/operands.py
    let row_14 = row_13 * 2u;                                             // linear/operands.py
    let row_15 = index + first_2 + 3u;                                    // linear/operands.py
    let row_16 = row_15 * 2u;                                             // linear/operands.py
    let words = quants[row_10 * 4u + unit_2];                             // linear/operands.py
    var loaded_8: u32 = words;                                            // linear/operands.py
    var loaded_9: u32 = scales[row_10 >> 1u];
    let words_1 = quants[row_12 * 4u + unit_2];                           // linear/operands.py
    var loaded_10: u32 = words_1;                                         // linear/operands.py
    var loaded_11: u32 = scales[row_12 >> 1u];
    let words_2 = quants[row_14 * 4u + unit_2];                           // linear/operands.py
    var loaded_12: u32 = words_2;                                         // linear/operands.py
    var loaded_13: u32 = scales[row_14 >> 1u];
    let words_3 = quants[row_16 * 4u + unit_2];                           // linear/operands.py
    var loaded_14: u32 = words_3;                                         // linear/operands.py
    var loaded_15: u32 = scales[row_16 >> 1u];
    for (var group = 0u; group < 2u; group++) {                           // linear/matmul_tiled.py
      let line_1 = loaded;                                                // linear/operands.py
      let line_2 = loaded_1;
      let line_3 = loaded_2;
      let line_4 = loaded_3;
      let turn = block % 8u;                                              // parts/staged_rows.py
      let row_17 = block / 8u * 32u + turn;                               // parts/staged_rows.py
      let place = row_17 * 8u + (turn ^ unit);                            // parts/staged_rows.py
      let column_1 = vec4<f32>(line_1.x, line_2.x, line_3.x, line_4.x);   // parts/staged_rows.py
      tile[0u][place] = column_1;                                         // parts/staged_rows.py
      let column_2 = vec4<f32>(line_1.y, line_2.y, line_3.y, line_4.y);   // parts/staged_rows.py
      tile[1u][place] = column_2;                                         // parts/staged_rows.py
      let column_3 = vec4<f32>(line_1.z, line_2.z, line_3.z, line_4.z);   // parts/staged_rows.py
      tile[2u][place] = column_3;                                         // parts/staged_rows.py
      let column_4 = vec4<f32>(line_1.w, line_2.w, line_3.w, line_4.w);   // parts/staged_rows.py
      tile[3u][place] = column_4;                                         // parts/staged_rows.py
      let line_5 = loaded_4;                                              // linear/operands.py
      let line_6 = loaded_5;
      let line_7 = loaded_6;
      let line_8 = loaded_7;
      let turn_1 = block_1 % 8u;                                          // parts/staged_rows.py
      let row_18 = block_1 / 8u * 32u + turn_1;                           // parts/staged_rows.py
      let place_1 = row_18 * 8u + (turn_1 ^ unit_1);                      // parts/staged_rows.py
      let column_5 = vec4<f32>(line_5.x, line_6.x, line_7.x, line_8.x);   // parts/staged_rows.py
      tile[place_1 / 64u][place_1 % 64u] = column_5;                      // parts/staged_rows.py
      let column_6 = vec4<f32>(line_5.y, line_6.y, line_7.y, line_8.y);   // parts/staged_rows.py
      tile[place_1 / 64u + 1u][place_1 % 64u] = column_6;                 // parts/staged_rows.py
      let column_7 = vec4<f32>(line_5.z, line_6.z, line_7.z, line_8.z);   // parts/staged_rows.py
      tile[place_1 / 64u + 2u][place_1 % 64u] = column_7;                 // parts/staged_rows.py
      let column_8 = vec4<f32>(line_5.w, line_6.w, line_7.w, line_8.w);   // parts/staged_rows.py
      tile[place_1 / 64u + 3u][place_1 % 64u] = column_8;                 // parts/staged_rows.py
      let word = loaded_8;                                                // linear/operands.py
      let low = vec4<f32>(unpack4xU8(word & 0x0f0f0f0fu)) - 8.0;          // formats/nibbles.py
      let high = vec4<f32>(unpack4xU8((word >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let pair = unpack2x16float(loaded_9);                               // parts/packed_rows.py
      let factor = vec4<f32>(select(pair.x, pair.y, ((row_10 + group) & 1u) == 1u));  // linear/operands.py
      let line_0 = low * factor;                                          // linear/operands.py
      let line_1_1 = high * factor;
      let word_1 = loaded_10;                                             // linear/operands.py
      let low_1 = vec4<f32>(unpack4xU8(word_1 & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
      let high_1 = vec4<f32>(unpack4xU8((word_1 >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let pair_1 = unpack2x16float(loaded_11);                            // parts/packed_rows.py
      let factor_1 = vec4<f32>(select(pair_1.x, pair_1.y, ((row_12 + group) & 1u) == 1u));  // linear/operands.py
      let line_0_1 = low_1 * factor_1;                                    // linear/operands.py
      let line_1_2 = high_1 * factor_1;
      let word_2 = loaded_12;                                             // linear/operands.py
      let low_2 = vec4<f32>(unpack4xU8(word_2 & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
      let high_2 = vec4<f32>(unpack4xU8((word_2 >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let pair_2 = unpack2x16float(loaded_13);                            // parts/packed_rows.py
      let factor_2 = vec4<f32>(select(pair_2.x, pair_2.y, ((row_14 + group) & 1u) == 1u));  // linear/operands.py
      let line_0_2 = low_2 * factor_2;                                    // linear/operands.py
      let line_1_3 = high_2 * factor_2;
      let word_3 = loaded_14;                                             // linear/operands.py
      let low_3 = vec4<f32>(unpack4xU8(word_3 & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
      let high_3 = vec4<f32>(unpack4xU8((word_3 >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let pair_3 = unpack2x16float(loaded_15);                            // parts/packed_rows.py
      let factor_3 = vec4<f32>(select(pair_3.x, pair_3.y, ((row_16 + group) & 1u) == 1u));  // linear/operands.py
      let line_0_3 = low_3 * factor_3;                                    // linear/operands.py
      let line_1_4 = high_3 * factor_3;
      let cell = unit_2 * 2u;                                             // linear/operands.py
      let turn_2 = block_2 % 8u;                                          // parts/staged_rows.py
      let row_19 = block_2 / 8u * 32u + turn_2;                           // parts/staged_rows.py
      let index_11 = row_19 * 8u;                                         // parts/staged_rows.py
      let place_2 = index_11 + (turn_2 ^ cell);
      let column_9 = vec4<f32>(line_0.x, line_0_1.x, line_0_2.x, line_0_3.x);  // parts/staged_rows.py
      tile[place_2 / 64u + 8u][place_2 % 64u] = column_9;                 // parts/staged_rows.py
      let column_10 = vec4<f32>(line_0.y, line_0_1.y, line_0_2.y, line_0_3.y);  // parts/staged_rows.py
      tile[place_2 / 64u + 9u][place_2 % 64u] = column_10;                // parts/staged_rows.py
      let column_11 = vec4<f32>(line_0.z, line_0_1.z, line_0_2.z, line_0_3.z);  // parts/staged_rows.py
      tile[place_2 / 64u + 10u][place_2 % 64u] = column_11;               // parts/staged_rows.py
      let column_12 = vec4<f32>(line_0.w, line_0_1.w, line_0_2.w, line_0_3.w);  // parts/staged_rows.py
      tile[place_2 / 64u + 11u][place_2 % 64u] = column_12;               // parts/staged_rows.py
      let inside_1 = cell + 1u;                                           // parts/staged_rows.py
      let place_3 = index_11 + (turn_2 ^ inside_1);                       // parts/staged_rows.py
      let column_13 = vec4<f32>(line_1_1.x, line_1_2.x, line_1_3.x, line_1_4.x);  // parts/staged_rows.py
      tile[place_3 / 64u + 8u][place_3 % 64u] = column_13;                // parts/staged_rows.py
      let column_14 = vec4<f32>(line_1_1.y, line_1_2.y, line_1_3.y, line_1_4.y);  // parts/staged_rows.py
      tile[place_3 / 64u + 9u][place_3 % 64u] = column_14;                // parts/staged_rows.py
      let column_15 = vec4<f32>(line_1_1.z, line_1_2.z, line_1_3.z, line_1_4.z);  // parts/staged_rows.py
      tile[place_3 / 64u + 10u][place_3 % 64u] = column_15;               // parts/staged_rows.py
      let column_16 = vec4<f32>(line_1_1.w, line_1_2.w, line_1_3.w, line_1_4.w);  // parts/staged_rows.py
      tile[place_3 / 64u + 11u][place_3 % 64u] = column_16;               // parts/staged_rows.py
      workgroupBarrier();                                                 // linear/matmul_tiled.py
      let step_1 = min(group + 1u, 1u);                                   // linear/matmul_tiled.py
      let index_12 = step_1 * 8u;                                         // linear/operands.py
      let first_3 = index_12 + unit;
      loaded = x[first_3 + index_3];                                      // linear/operands.py
      loaded_1 = x[first_3 + index_4];
      loaded_2 = x[first_3 + index_5];
      loaded_3 = x[first_3 + index_6];
      let first_4 = index_12 + unit_1;                                    // linear/operands.py
      loaded_4 = x[first_4 + index_7];                                    // linear/operands.py
      loaded_5 = x[first_4 + index_8];
      loaded_6 = x[first_4 + index_9];
      loaded_7 = x[first_4 + index_10];
      let at_1 = row_10 + step_1;                                         // linear/operands.py
      let words_4 = quants[at_1 * 4u + unit_2];                           // linear/operands.py
      loaded_8 = words_4;                                                 // linear/operands.py
      loaded_9 = scales[at_1 >> 1u];
      let at_2 = row_12 + step_1;                                         // linear/operands.py
      let words_5 = quants[at_2 * 4u + unit_2];                           // linear/operands.py
      loaded_10 = words_5;                                                // linear/operands.py
      loaded_11 = scales[at_2 >> 1u];
      let at_3 = row_14 + step_1;                                         // linear/operands.py
      let words_6 = quants[at_3 * 4u + unit_2];                           // linear/operands.py
      loaded_12 = words_6;                                                // linear/operands.py
      loaded_13 = scales[at_3 >> 1u];
      let at_4 = row_16 + step_1;                                         // linear/operands.py
      let words_7 = quants[at_4 * 4u + unit_2];                           // linear/operands.py
      loaded_14 = words_7;                                                // linear/operands.py
      loaded_15 = scales[at_4 >> 1u];
      for (var part = 0u; part < 8u; part++) {                            // linear/matmul_tiled.py
        let place_4 = row * 8u + ((row % 8u) ^ part);                     // parts/staged_rows.py
        let x_0 = tile[0u][place_4];                                      // parts/staged_rows.py
        let x_1 = tile[1u][place_4];
        let x_2 = tile[2u][place_4];
        let x_3 = tile[3u][place_4];
        let x_0_1 = tile[4u][place_4];
        let x_1_1 = tile[5u][place_4];
        let x_2_1 = tile[6u][place_4];
        let x_3_1 = tile[7u][place_4];
        let place_5 = column * 8u + ((column % 8u) ^ part);               // parts/staged_rows.py
        let w_0 = tile[8u][place_5];                                      // parts/staged_rows.py
        let w_1 = tile[9u][place_5];
        let w_2 = tile[10u][place_5];
        let w_3 = tile[11u][place_5];
        let factor_4 = vec4<f32>(x_0.x);                                  // linear/matmul_registers.py
        sum_00_0 += w_0 * factor_4;
        let factor_5 = vec4<f32>(x_0.y);
        sum_00_1 += w_0 * factor_5;
        let factor_6 = vec4<f32>(x_0.z);
        sum_00_2 += w_0 * factor_6;
        let factor_7 = vec4<f32>(x_0.w);
        sum_00_3 += w_0 * factor_7;
        let factor_8 = vec4<f32>(x_1.x);
        sum_00_0 += w_1 * factor_8;
        let factor_9 = vec4<f32>(x_1.y);
        sum_00_1 += w_1 * factor_9;
        let factor_10 = vec4<f32>(x_1.z);
        sum_00_2 += w_1 * factor_10;
        let factor_11 = vec4<f32>(x_1.w);
        sum_00_3 += w_1 * factor_11;
        let factor_12 = vec4<f32>(x_2.x);
        sum_00_0 += w_2 * factor_12;
        let factor_13 = vec4<f32>(x_2.y);
        sum_00_1 += w_2 * factor_13;
        let factor_14 = vec4<f32>(x_2.z);
        sum_00_2 += w_2 * factor_14;
        let factor_15 = vec4<f32>(x_2.w);
        sum_00_3 += w_2 * factor_15;
        let factor_16 = vec4<f32>(x_3.x);
        sum_00_0 += w_3 * factor_16;
        let factor_17 = vec4<f32>(x_3.y);
        sum_00_1 += w_3 * factor_17;
        let factor_18 = vec4<f32>(x_3.z);
        sum_00_2 += w_3 * factor_18;
        let factor_19 = vec4<f32>(x_3.w);
        sum_00_3 += w_3 * factor_19;
        let factor_20 = vec4<f32>(x_0_1.x);
        sum_10_0 += w_0 * factor_20;
        let factor_21 = vec4<f32>(x_0_1.y);
        sum_10_1 += w_0 * factor_21;
        let factor_22 = vec4<f32>(x_0_1.z);
        sum_10_2 += w_0 * factor_22;
        let factor_23 = vec4<f32>(x_0_1.w);
        sum_10_3 += w_0 * factor_23;
        let factor_24 = vec4<f32>(x_1_1.x);
        sum_10_0 += w_1 * factor_24;
        let factor_25 = vec4<f32>(x_1_1.y);
        sum_10_1 += w_1 * factor_25;
        let factor_26 = vec4<f32>(x_1_1.z);
        sum_10_2 += w_1 * factor_26;
        let factor_27 = vec4<f32>(x_1_1.w);
        sum_10_3 += w_1 * factor_27;
        let factor_28 = vec4<f32>(x_2_1.x);
        sum_10_0 += w_2 * factor_28;
        let factor_29 = vec4<f32>(x_2_1.y);
        sum_10_1 += w_2 * factor_29;
        let factor_30 = vec4<f32>(x_2_1.z);
        sum_10_2 += w_2 * factor_30;
        let factor_31 = vec4<f32>(x_2_1.w);
        sum_10_3 += w_2 * factor_31;
        let factor_32 = vec4<f32>(x_3_1.x);
        sum_10_0 += w_3 * factor_32;
        let factor_33 = vec4<f32>(x_3_1.y);
        sum_10_1 += w_3 * factor_33;
        let factor_34 = vec4<f32>(x_3_1.z);
        sum_10_2 += w_3 * factor_34;
        let factor_35 = vec4<f32>(x_3_1.w);
        sum_10_3 += w_3 * factor_35;
        let w_0_1 = tile[12u][place_5];                                   // parts/staged_rows.py
        let w_1_1 = tile[13u][place_5];
        let w_2_1 = tile[14u][place_5];
        let w_3_1 = tile[15u][place_5];
        sum_01_0 += w_0_1 * factor_4;                                     // linear/matmul_registers.py
        sum_01_1 += w_0_1 * factor_5;
        sum_01_2 += w_0_1 * factor_6;
        sum_01_3 += w_0_1 * factor_7;
        sum_01_0 += w_1_1 * factor_8;
        sum_01_1 += w_1_1 * factor_9;
        sum_01_2 += w_1_1 * factor_10;
        sum_01_3 += w_1_1 * factor_11;
        sum_01_0 += w_2_1 * factor_12;
        sum_01_1 += w_2_1 * factor_13;
        sum_01_2 += w_2_1 * factor_14;
        sum_01_3 += w_2_1 * factor_15;
        sum_01_0 += w_3_1 * factor_16;
        sum_01_1 += w_3_1 * factor_17;
        sum_01_2 += w_3_1 * factor_18;
        sum_01_3 += w_3_1 * factor_19;
        sum_11_0 += w_0_1 * factor_20;
        sum_11_1 += w_0_1 * factor_21;
        sum_11_2 += w_0_1 * factor_22;
        sum_11_3 += w_0_1 * factor_23;
        sum_11_0 += w_1_1 * factor_24;
        sum_11_1 += w_1_1 * factor_25;
        sum_11_2 += w_1_1 * factor_26;
        sum_11_3 += w_1_1 * factor_27;
        sum_11_0 += w_2_1 * factor_28;
        sum_11_1 += w_2_1 * factor_29;
        sum_11_2 += w_2_1 * factor_30;
        sum_11_3 += w_2_1 * factor_31;
        sum_11_0 += w_3_1 * factor_32;
        sum_11_1 += w_3_1 * factor_33;
        sum_11_2 += w_3_1 * factor_34;
        sum_11_3 += w_3_1 * factor_35;
      }
      workgroupBarrier();                                                 // linear/matmul_tiled.py
    }
  } else {
    let block = local_id.x / 8u;                                          // linear/operands.py
    let unit = local_id.x % 8u;                                           // linear/operands.py
    let first = block * 4u;                                               // linear/operands.py
    let index_2 = step.seq - 1u;                                          // linear/operands.py
    let row_1 = min(index_1 + first, index_2);
    let row_2 = min(index_1 + first + 1u, index_2);
    let row_3 = min(index_1 + first + 2u, index_2);
    let row_4 = min(index_1 + first + 3u, index_2);
    let index_3 = row_1 * 16u;                                            // linear/buffers.py
    var loaded: vec4<f32> = x[unit + index_3];                            // linear/operands.py
    let index_4 = row_2 * 16u;                                            // linear/buffers.py
    var loaded_1: vec4<f32> = x[unit + index_4];                          // linear/operands.py
    let index_5 = row_3 * 16u;                                            // linear/buffers.py
    var loaded_2: vec4<f32> = x[unit + index_5];                          // linear/operands.py
    let index_6 = row_4 * 16u;                                            // linear/buffers.py
    var loaded_3: vec4<f32> = x[unit + index_6];                          // linear/operands.py
    let block_1 = local_id.x / 4u;                                        // linear/operands.py
    let unit_1 = local_id.x % 4u;                                         // linear/operands.py
    let first_1 = block_1 * 4u;                                           // linear/operands.py
    let row_5 = index + first_1;                                          // linear/operands.py
    let row_6 = row_5 * 2u;                                               // linear/operands.py
    let row_7 = index + first_1 + 1u;                                     // linear/operands.py
    let row_8 = row_7 * 2u;                                               // linear/operands.py
    let row_9 = index + first_1 + 2u;                                     // linear/operands.py
    let row_10 = row_9 * 2u;                                              // linear/operands.py
    let row_11 = index + first_1 + 3u;                                    // linear/operands.py
    let row_12 = row_11 * 2u;                                             // linear/operands.py
    let words = quants[row_6 * 4u + unit_1];                              // linear/operands.py
    var loaded_4: u32 = words;                                            // linear/operands.py
    var loaded_5: u32 = scales[row_6 >> 1u];
    let words_1 = quants[row_8 * 4u + unit_1];                            // linear/operands.py
    var loaded_6: u32 = words_1;                                          // linear/operands.py
    var loaded_7: u32 = scales[row_8 >> 1u];
    let words_2 = quants[row_10 * 4u + unit_1];                           // linear/operands.py
    var loaded_8: u32 = words_2;                                          // linear/operands.py
    var loaded_9: u32 = scales[row_10 >> 1u];
    let words_3 = quants[row_12 * 4u + unit_1];                           // linear/operands.py
    var loaded_10: u32 = words_3;                                         // linear/operands.py
    var loaded_11: u32 = scales[row_12 >> 1u];
    for (var group = 0u; group < 2u; group++) {                           // linear/matmul_tiled.py
      let line_1 = loaded;                                                // linear/operands.py
      let line_2 = loaded_1;
      let line_3 = loaded_2;
      let line_4 = loaded_3;
      let place = block * 8u + ((block % 8u) ^ unit);                     // parts/staged_rows.py
      let column_1 = vec4<f32>(line_1.x, line_2.x, line_3.x, line_4.x);   // parts/staged_rows.py
      tile[0u][place] = column_1;                                         // parts/staged_rows.py
      let column_2 = vec4<f32>(line_1.y, line_2.y, line_3.y, line_4.y);   // parts/staged_rows.py
      tile[1u][place] = column_2;                                         // parts/staged_rows.py
      let column_3 = vec4<f32>(line_1.z, line_2.z, line_3.z, line_4.z);   // parts/staged_rows.py
      tile[2u][place] = column_3;                                         // parts/staged_rows.py
      let column_4 = vec4<f32>(line_1.w, line_2.w, line_3.w, line_4.w);   // parts/staged_rows.py
      tile[3u][place] = column_4;                                         // parts/staged_rows.py
      let word = loaded_4;                                                // linear/operands.py
      let low = vec4<f32>(unpack4xU8(word & 0x0f0f0f0fu)) - 8.0;          // formats/nibbles.py
      let high = vec4<f32>(unpack4xU8((word >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let pair = unpack2x16float(loaded_5);                               // parts/packed_rows.py
      let factor = vec4<f32>(select(pair.x, pair.y, ((row_6 + group) & 1u) == 1u));  // linear/operands.py
      let line_0 = low * factor;                                          // linear/operands.py
      let line_1_1 = high * factor;
      let word_1 = loaded_6;                                              // linear/operands.py
      let low_1 = vec4<f32>(unpack4xU8(word_1 & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
      let high_1 = vec4<f32>(unpack4xU8((word_1 >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let pair_1 = unpack2x16float(loaded_7);                             // parts/packed_rows.py
      let factor_1 = vec4<f32>(select(pair_1.x, pair_1.y, ((row_8 + group) & 1u) == 1u));  // linear/operands.py
      let line_0_1 = low_1 * factor_1;                                    // linear/operands.py
      let line_1_2 = high_1 * factor_1;
      let word_2 = loaded_8;                                              // linear/operands.py
      let low_2 = vec4<f32>(unpack4xU8(word_2 & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
      let high_2 = vec4<f32>(unpack4xU8((word_2 >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let pair_2 = unpack2x16float(loaded_9);                             // parts/packed_rows.py
      let factor_2 = vec4<f32>(select(pair_2.x, pair_2.y, ((row_10 + group) & 1u) == 1u));  // linear/operands.py
      let line_0_2 = low_2 * factor_2;                                    // linear/operands.py
      let line_1_3 = high_2 * factor_2;
      let word_3 = loaded_10;                                             // linear/operands.py
      let low_3 = vec4<f32>(unpack4xU8(word_3 & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
      let high_3 = vec4<f32>(unpack4xU8((word_3 >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let pair_3 = unpack2x16float(loaded_11);                            // parts/packed_rows.py
      let factor_3 = vec4<f32>(select(pair_3.x, pair_3.y, ((row_12 + group) & 1u) == 1u));  // linear/operands.py
      let line_0_3 = low_3 * factor_3;                                    // linear/operands.py
      let line_1_4 = high_3 * factor_3;
      let cell = unit_1 * 2u;                                             // linear/operands.py
      let turn = block_1 % 8u;                                            // parts/staged_rows.py
      let row_13 = block_1 / 8u * 32u + turn;                             // parts/staged_rows.py
      let index_7 = row_13 * 8u;                                          // parts/staged_rows.py
      let place_1 = index_7 + (turn ^ cell);
      let column_5 = vec4<f32>(line_0.x, line_0_1.x, line_0_2.x, line_0_3.x);  // parts/staged_rows.py
      tile[place_1 / 64u + 8u][place_1 % 64u] = column_5;                 // parts/staged_rows.py
      let column_6 = vec4<f32>(line_0.y, line_0_1.y, line_0_2.y, line_0_3.y);  // parts/staged_rows.py
      tile[place_1 / 64u + 9u][place_1 % 64u] = column_6;                 // parts/staged_rows.py
      let column_7 = vec4<f32>(line_0.z, line_0_1.z, line_0_2.z, line_0_3.z);  // parts/staged_rows.py
      tile[place_1 / 64u + 10u][place_1 % 64u] = column_7;                // parts/staged_rows.py
      let column_8 = vec4<f32>(line_0.w, line_0_1.w, line_0_2.w, line_0_3.w);  // parts/staged_rows.py
      tile[place_1 / 64u + 11u][place_1 % 64u] = column_8;                // parts/staged_rows.py
      let inside_1 = cell + 1u;                                           // parts/staged_rows.py
      let place_2 = index_7 + (turn ^ inside_1);                          // parts/staged_rows.py
      let column_9 = vec4<f32>(line_1_1.x, line_1_2.x, line_1_3.x, line_1_4.x);  // parts/staged_rows.py
      tile[place_2 / 64u + 8u][place_2 % 64u] = column_9;                 // parts/staged_rows.py
      let column_10 = vec4<f32>(line_1_1.y, line_1_2.y, line_1_3.y, line_1_4.y);  // parts/staged_rows.py
      tile[place_2 / 64u + 9u][place_2 % 64u] = column_10;                // parts/staged_rows.py
      let column_11 = vec4<f32>(line_1_1.z, line_1_2.z, line_1_3.z, line_1_4.z);  // parts/staged_rows.py
      tile[place_2 / 64u + 10u][place_2 % 64u] = column_11;               // parts/staged_rows.py
      let column_12 = vec4<f32>(line_1_1.w, line_1_2.w, line_1_3.w, line_1_4.w);  // parts/staged_rows.py
      tile[place_2 / 64u + 11u][place_2 % 64u] = column_12;               // parts/staged_rows.py
      workgroupBarrier();                                                 // linear/matmul_tiled.py
      let step_1 = min(group + 1u, 1u);                                   // linear/matmul_tiled.py
      let first_2 = step_1 * 8u + unit;                                   // linear/operands.py
      loaded = x[first_2 + index_3];                                      // linear/operands.py
      loaded_1 = x[first_2 + index_4];
      loaded_2 = x[first_2 + index_5];
      loaded_3 = x[first_2 + index_6];
      let at = row_6 + step_1;                                            // linear/operands.py
      let words_4 = quants[at * 4u + unit_1];                             // linear/operands.py
      loaded_4 = words_4;                                                 // linear/operands.py
      loaded_5 = scales[at >> 1u];
      let at_1 = row_8 + step_1;                                          // linear/operands.py
      let words_5 = quants[at_1 * 4u + unit_1];                           // linear/operands.py
      loaded_6 = words_5;                                                 // linear/operands.py
      loaded_7 = scales[at_1 >> 1u];
      let at_2 = row_10 + step_1;                                         // linear/operands.py
      let words_6 = quants[at_2 * 4u + unit_1];                           // linear/operands.py
      loaded_8 = words_6;                                                 // linear/operands.py
      loaded_9 = scales[at_2 >> 1u];
      let at_3 = row_12 + step_1;                                         // linear/operands.py
      let words_7 = quants[at_3 * 4u + unit_1];                           // linear/operands.py
      loaded_10 = words_7;                                                // linear/operands.py
      loaded_11 = scales[at_3 >> 1u];
      for (var part = 0u; part < 8u; part++) {                            // linear/matmul_tiled.py
        let place_3 = row * 8u + ((row % 8u) ^ part);                     // parts/staged_rows.py
        let x_0 = tile[0u][place_3];                                      // parts/staged_rows.py
        let x_1 = tile[1u][place_3];
        let x_2 = tile[2u][place_3];
        let x_3 = tile[3u][place_3];
        let place_4 = column * 8u + ((column % 8u) ^ part);               // parts/staged_rows.py
        let w_0 = tile[8u][place_4];                                      // parts/staged_rows.py
        let w_1 = tile[9u][place_4];
        let w_2 = tile[10u][place_4];
        let w_3 = tile[11u][place_4];
        let factor_4 = vec4<f32>(x_0.x);                                  // linear/matmul_registers.py
        sum_00_0 += w_0 * factor_4;
        let factor_5 = vec4<f32>(x_0.y);
        sum_00_1 += w_0 * factor_5;
        let factor_6 = vec4<f32>(x_0.z);
        sum_00_2 += w_0 * factor_6;
        let factor_7 = vec4<f32>(x_0.w);
        sum_00_3 += w_0 * factor_7;
        let factor_8 = vec4<f32>(x_1.x);
        sum_00_0 += w_1 * factor_8;
        let factor_9 = vec4<f32>(x_1.y);
        sum_00_1 += w_1 * factor_9;
        let factor_10 = vec4<f32>(x_1.z);
        sum_00_2 += w_1 * factor_10;
        let factor_11 = vec4<f32>(x_1.w);
        sum_00_3 += w_1 * factor_11;
        let factor_12 = vec4<f32>(x_2.x);
        sum_00_0 += w_2 * factor_12;
        let factor_13 = vec4<f32>(x_2.y);
        sum_00_1 += w_2 * factor_13;
        let factor_14 = vec4<f32>(x_2.z);
        sum_00_2 += w_2 * factor_14;
        let factor_15 = vec4<f32>(x_2.w);
        sum_00_3 += w_2 * factor_15;
        let factor_16 = vec4<f32>(x_3.x);
        sum_00_0 += w_3 * factor_16;
        let factor_17 = vec4<f32>(x_3.y);
        sum_00_1 += w_3 * factor_17;
        let factor_18 = vec4<f32>(x_3.z);
        sum_00_2 += w_3 * factor_18;
        let factor_19 = vec4<f32>(x_3.w);
        sum_00_3 += w_3 * factor_19;
        let w_0_1 = tile[12u][place_4];                                   // parts/staged_rows.py
        let w_1_1 = tile[13u][place_4];
        let w_2_1 = tile[14u][place_4];
        let w_3_1 = tile[15u][place_4];
        sum_01_0 += w_0_1 * factor_4;                                     // linear/matmul_registers.py
        sum_01_1 += w_0_1 * factor_5;
        sum_01_2 += w_0_1 * factor_6;
        sum_01_3 += w_0_1 * factor_7;
        sum_01_0 += w_1_1 * factor_8;
        sum_01_1 += w_1_1 * factor_9;
        sum_01_2 += w_1_1 * factor_10;
        sum_01_3 += w_1_1 * factor_11;
        sum_01_0 += w_2_1 * factor_12;
        sum_01_1 += w_2_1 * factor_13;
        sum_01_2 += w_2_1 * factor_14;
        sum_01_3 += w_2_1 * factor_15;
        sum_01_0 += w_3_1 * factor_16;
        sum_01_1 += w_3_1 * factor_17;
        sum_01_2 += w_3_1 * factor_18;
        sum_01_3 += w_3_1 * factor_19;
      }
      workgroupBarrier();                                                 // linear/matmul_tiled.py
    }
  }
  let count = select(2u, 4u, more);                                       // linear/matmul_registers.py
  let first = row * 32u + column;                                         // linear/matmul_registers.py
  for (var number = 0u; number < count; number++) {                       // linear/matmul_registers.py
    if (number == 0u) {                                                   // linear/matmul_registers.py
      tile[first / 64u][first % 64u] = sum_00_0;                          // linear/matmul_registers.py
      tile[(first + 8u) / 64u][(first + 8u) % 64u] = sum_00_1;
      tile[(first + 16u) / 64u][(first + 16u) % 64u] = sum_00_2;
      tile[(first + 24u) / 64u][(first + 24u) % 64u] = sum_00_3;
    }
    if (number == 1u) {                                                   // linear/matmul_registers.py
      tile[first / 64u][first % 64u] = sum_01_0;                          // linear/matmul_registers.py
      tile[(first + 8u) / 64u][(first + 8u) % 64u] = sum_01_1;
      tile[(first + 16u) / 64u][(first + 16u) % 64u] = sum_01_2;
      tile[(first + 24u) / 64u][(first + 24u) % 64u] = sum_01_3;
    }
    if (number == 2u) {                                                   // linear/matmul_registers.py
      tile[first / 64u][first % 64u] = sum_10_0;                          // linear/matmul_registers.py
      tile[(first + 8u) / 64u][(first + 8u) % 64u] = sum_10_1;
      tile[(first + 16u) / 64u][(first + 16u) % 64u] = sum_10_2;
      tile[(first + 24u) / 64u][(first + 24u) % 64u] = sum_10_3;
    }
    if (number == 3u) {                                                   // linear/matmul_registers.py
      tile[first / 64u][first % 64u] = sum_11_0;                          // linear/matmul_registers.py
      tile[(first + 8u) / 64u][(first + 8u) % 64u] = sum_11_1;
      tile[(first + 16u) / 64u][(first + 16u) % 64u] = sum_11_2;
      tile[(first + 24u) / 64u][(first + 24u) % 64u] = sum_11_3;
    }
    workgroupBarrier();                                                   // linear/matmul_registers.py
    let token = index_1 + number / 2u * 32u;                              // linear/matmul_registers.py
    let row_1 = index + (number % 2u) * 32u;                              // linear/matmul_registers.py
    for (var cell = local_id.x; cell < 256u; cell += 64u) {               // linear/matmul_registers.py
      let token_1 = token + cell / 8u;                                    // linear/matmul_registers.py
      let results = tile[cell / 64u][cell % 64u];                         // linear/matmul_registers.py
      let row_2 = row_1 + (cell % 8u) * 4u;
      if (token_1 < step.seq) {                                           // linear/matmul_tiled.py
        if (row_2 < 128u) {                                               // linear/matmul_tiled.py
          let pair = row_2 / 2u;                                          // linear/matmul_tiled.py
          let position = step.past + token_1;                             // epilogues/heads.py
          var first_1: f32 = results.x;                                   // epilogues/heads.py
          var second: f32 = results.y;                                    // epilogues/heads.py
          let in_head = pair % 4u;                                        // epilogues/heads.py
          let rotated = pair < 48u;                                       // epilogues/heads.py
          if (rotated) {                                                  // epilogues/heads.py
            let index_2 = f32(in_head);                                   // parts/rotary.py
            let product = index_2 * -3.321289;                            // parts/precise_math.py
            let t = index_2 * -0.0006390324;                              // parts/precise_math.py
            let whole = floor(product + t + 0.5);
            let fraction = product - whole + t;                           // parts/precise_math.py
            let series = fraction * 0.00015353362 + 0.0013398874;         // parts/precise_math.py
            let series_1 = series * fraction + 0.009618437;               // parts/precise_math.py
            let series_2 = series_1 * fraction + 0.055503324;             // parts/precise_math.py
            let series_3 = series_2 * fraction + 0.24022648;              // parts/precise_math.py
            let series_4 = series_3 * fraction + 0.6931472;               // parts/precise_math.py
            let power = bitcast<f32>(u32(i32(whole) + 127i) << 23u);      // parts/precise_math.py
            let angle = f32(position) * ((series_4 * fraction + 1.0) * power);  // parts/rotary.py
            let quarter = floor(angle * 0.63661975 + 0.5);                // parts/precise_math.py
            let reduced = angle - quarter * 1.5625;                       // parts/precise_math.py
            let reduced_1 = reduced - quarter * 0.008178711;              // parts/precise_math.py
            let reduced_2 = reduced_1 - quarter * 0.00011730194;          // parts/precise_math.py
            let reduced_3 = reduced_2 - quarter * 3.1391647e-7;           // parts/precise_math.py
            let square = reduced_3 * reduced_3;                           // parts/precise_math.py
            let sine = (square * -0.00019515296 + 0.008332161) * square - 0.16666655;  // parts/precise_math.py
            let sine_1 = sine * square * reduced_3 + reduced_3;           // parts/precise_math.py
            let cosine = (square * 2.4433157e-5 - 0.0013887316) * square + 0.041666646;  // parts/precise_math.py
            let cosine_1 = cosine * square * square - square * 0.5 + 1.0;  // parts/precise_math.py
            let quadrant = u32(quarter) & 3u;                             // parts/precise_math.py
            let swapped = (quadrant & 1u) == 1u;                          // parts/precise_math.py
            let sin_value = select(sine_1, cosine_1, swapped);            // parts/precise_math.py
            let cos_value = select(cosine_1, sine_1, swapped);            // parts/precise_math.py
            let sin_angle = select(sin_value, -sin_value, quadrant >= 2u);  // parts/precise_math.py
            let cos_angle = select(cos_value, -cos_value, ((quadrant + 1u) & 2u) == 2u);  // parts/precise_math.py
            first_1 = results.x * cos_angle - results.y * sin_angle;      // epilogues/heads.py
            second = results.y * cos_angle + results.x * sin_angle;       // epilogues/heads.py
          }
          let both = vec2<f32>(first_1, second);                          // epilogues/heads.py
          let row_3 = position * 16u;                                     // epilogues/heads.py
          if (pair < 32u) {                                               // epilogues/heads.py
            q[pair + token_1 * 32u] = both;                               // epilogues/heads.py
          } else {
            let stored = pack2x16float(both);                             // attention/row_kinds.py
            if (rotated) {                                                // epilogues/heads.py
              k_cache[row_3 + pair - 32u] = stored;                       // epilogues/heads.py
            } else {
              v_cache[row_3 + pair - 48u] = stored;                       // epilogues/heads.py
            }
          }
        }
        let index_2 = row_2 + 2u;                                         // linear/matmul_tiled.py
        if (index_2 < 128u) {
          let pair = index_2 / 2u;                                        // linear/matmul_tiled.py
          let position = step.past + token_1;                             // epilogues/heads.py
          var first_1: f32 = results.z;                                   // epilogues/heads.py
          var second: f32 = results.w;                                    // epilogues/heads.py
          let in_head = pair % 4u;                                        // epilogues/heads.py
          let rotated = pair < 48u;                                       // epilogues/heads.py
          if (rotated) {                                                  // epilogues/heads.py
            let index_3 = f32(in_head);                                   // parts/rotary.py
            let product = index_3 * -3.321289;                            // parts/precise_math.py
            let t = index_3 * -0.0006390324;                              // parts/precise_math.py
            let whole = floor(product + t + 0.5);
            let fraction = product - whole + t;                           // parts/precise_math.py
            let series = fraction * 0.00015353362 + 0.0013398874;         // parts/precise_math.py
            let series_1 = series * fraction + 0.009618437;               // parts/precise_math.py
            let series_2 = series_1 * fraction + 0.055503324;             // parts/precise_math.py
            let series_3 = series_2 * fraction + 0.24022648;              // parts/precise_math.py
            let series_4 = series_3 * fraction + 0.6931472;               // parts/precise_math.py
            let power = bitcast<f32>(u32(i32(whole) + 127i) << 23u);      // parts/precise_math.py
            let angle = f32(position) * ((series_4 * fraction + 1.0) * power);  // parts/rotary.py
            let quarter = floor(angle * 0.63661975 + 0.5);                // parts/precise_math.py
            let reduced = angle - quarter * 1.5625;                       // parts/precise_math.py
            let reduced_1 = reduced - quarter * 0.008178711;              // parts/precise_math.py
            let reduced_2 = reduced_1 - quarter * 0.00011730194;          // parts/precise_math.py
            let reduced_3 = reduced_2 - quarter * 3.1391647e-7;           // parts/precise_math.py
            let square = reduced_3 * reduced_3;                           // parts/precise_math.py
            let sine = (square * -0.00019515296 + 0.008332161) * square - 0.16666655;  // parts/precise_math.py
            let sine_1 = sine * square * reduced_3 + reduced_3;           // parts/precise_math.py
            let cosine = (square * 2.4433157e-5 - 0.0013887316) * square + 0.041666646;  // parts/precise_math.py
            let cosine_1 = cosine * square * square - square * 0.5 + 1.0;  // parts/precise_math.py
            let quadrant = u32(quarter) & 3u;                             // parts/precise_math.py
            let swapped = (quadrant & 1u) == 1u;                          // parts/precise_math.py
            let sin_value = select(sine_1, cosine_1, swapped);            // parts/precise_math.py
            let cos_value = select(cosine_1, sine_1, swapped);            // parts/precise_math.py
            let sin_angle = select(sin_value, -sin_value, quadrant >= 2u);  // parts/precise_math.py
            let cos_angle = select(cos_value, -cos_value, ((quadrant + 1u) & 2u) == 2u);  // parts/precise_math.py
            first_1 = results.z * cos_angle - results.w * sin_angle;      // epilogues/heads.py
            second = results.w * cos_angle + results.z * sin_angle;       // epilogues/heads.py
          }
          let both = vec2<f32>(first_1, second);                          // epilogues/heads.py
          let row_3 = position * 16u;                                     // epilogues/heads.py
          if (pair < 32u) {                                               // epilogues/heads.py
            q[pair + token_1 * 32u] = both;                               // epilogues/heads.py
          } else {
            let stored = pack2x16float(both);                             // attention/row_kinds.py
            if (rotated) {                                                // epilogues/heads.py
              k_cache[row_3 + pair - 32u] = stored;                       // epilogues/heads.py
            } else {
              v_cache[row_3 + pair - 48u] = stored;                       // epilogues/heads.py
            }
          }
        }
      }
    }
    workgroupBarrier();                                                   // linear/matmul_registers.py
  }
}
