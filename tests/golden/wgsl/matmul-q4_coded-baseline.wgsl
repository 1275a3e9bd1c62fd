// matmul_q4_residual_128x64_t2

@group(0) @binding(0) var<storage, read> x: array<vec4<u32>>;
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

var<workgroup> codes: array<array<vec4<u32>, 8>, 20>;
var<workgroup> bytes: array<array<vec4<u32>, 16>, 9>;

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.x * 64u;                                       // int8/tiles.py
  let index_1 = workgroup_id.y * 32u;                                     // int8/tiles.py
  let inside = local_id.x % 32u;                                          // linear/matmul_registers.py
  let block = local_id.x / 32u;
  let line = inside / 16u * 2u + inside % 2u;                             // linear/matmul_registers.py
  let column = inside / 2u % 8u;                                          // linear/matmul_registers.py
  let column_1 = block / 2u * 4u + line;                                  // linear/matmul_registers.py
  let column_2 = (block % 2u) * 8u + column;
  var sum_00_0: vec4<f32> = vec4<f32>(0.0);                               // int8/tiles.py
  var sum_00_1: vec4<f32> = vec4<f32>(0.0);
  var sum_00_2: vec4<f32> = vec4<f32>(0.0);
  var sum_00_3: vec4<f32> = vec4<f32>(0.0);
  let at = min(local_id.x, 39u);                                          // int8/tile_operands.py
  let block_1 = at % 8u;                                                  // int8/tile_operands.py
  let unit = at / 8u;
  let first = block_1 * 4u;                                               // int8/tile_operands.py
  let index_2 = step.seq - 1u;                                            // int8/tile_operands.py
  let row = min(index_1 + first, index_2) * 10u;
  let row_1 = min(index_1 + first + 1u, index_2) * 10u;
  let row_2 = min(index_1 + first + 2u, index_2) * 10u;
  let row_3 = min(index_1 + first + 3u, index_2) * 10u;
  let own = (local_id.x + 88u) % 128u;                                    // int8/tile_operands.py
  let at_1 = min(own, 63u);                                               // int8/tile_operands.py
  let block_2 = at_1 % 16u;                                               // int8/tile_operands.py
  let unit_1 = at_1 / 16u;
  let first_1 = block_2 * 4u;                                             // int8/tile_operands.py
  let row_4 = index + first_1;                                            // int8/tile_operands.py
  let row_5 = row_4 * 2u;                                                 // int8/tile_operands.py
  let row_6 = index + first_1 + 1u;                                       // int8/tile_operands.py
  let row_7 = row_6 * 2u;                                                 // int8/tile_operands.py
  let row_8 = index + first_1 + 2u;                                       // int8/tile_operands.py
  let row_9 = row_8 * 2u;                                                 // int8/tile_operands.py
  let row_10 = index + first_1 + 3u;                                      // int8/tile_operands.py
  let row_11 = row_10 * 2u;                                               // int8/tile_operands.py
  let own_1 = (local_id.x + 24u) % 128u;                                  // int8/tile_operands.py
  let at_2 = min(own_1, 15u);                                             // int8/tile_operands.py
  let block_3 = at_2 % 16u;                                               // int8/tile_operands.py
  let first_2 = block_3 * 4u;                                             // int8/tile_operands.py
  let row_12 = index + first_2;                                           // int8/tile_operands.py
  let row_13 = row_12 * 2u;                                               // int8/tile_operands.py
  let row_14 = index + first_2 + 1u;                                      // int8/tile_operands.py
  let row_15 = row_14 * 2u;                                               // int8/tile_operands.py
  let row_16 = index + first_2 + 2u;                                      // int8/tile_operands.py
  let row_17 = row_16 * 2u;                                               // int8/tile_operands.py
  let row_18 = index + first_2 + 3u;                                      // int8/tile_operands.py
  let row_19 = row_18 * 2u;                                               // int8/tile_operands.py
  let index_3 = unit * 2u;                                                // int8/tile_operands.py
  let index_4 = row + index_3;
  let index_5 = row_1 + index_3;
  let index_6 = row_2 + index_3;
  let index_7 = row_3 + index_3;
  var loaded: vec4<u32> = x[index_4];                                     // int8/tile_operands.py
  var loaded_1: vec4<u32> = x[index_5];
  var loaded_2: vec4<u32> = x[index_6];
  var loaded_3: vec4<u32> = x[index_7];
  let first_3 = row_5 * 4u + unit_1;                                      // int8/tile_operands.py
  let first_4 = row_7 * 4u + unit_1;
  let first_5 = row_9 * 4u + unit_1;
  let first_6 = row_11 * 4u + unit_1;
  var loaded_4: u32 = quants[first_3];                                    // int8/tile_operands.py
  var loaded_5: u32 = quants[first_4];
  var loaded_6: u32 = quants[first_5];
  var loaded_7: u32 = quants[first_6];
  var loaded_8: u32 = scales[row_13 >> 1u];
  var loaded_9: u32 = scales[row_15 >> 1u];
  var loaded_10: u32 = scales[row_17 >> 1u];
  var loaded_11: u32 = scales[row_19 >> 1u];
  for (var step_1 = 0u; step_1 < 2u; step_1++) {                          // int8/tiles.py
    if (local_id.x < 40u) {                                               // int8/tile_operands.py
      let loaded_12 = loaded;                                             // int8/tile_operands.py
      let loaded_13 = loaded_1;
      let loaded_14 = loaded_2;
      let loaded_15 = loaded_3;
      let first_7 = block_1 + unit * 4u * 8u;                             // int8/byte_panels.py
      codes[first_7 / 8u][first_7 % 8u] =
          vec4<u32>(loaded_12.x, loaded_13.x, loaded_14.x, loaded_15.x);  // int8/byte_panels.py
      codes[first_7 / 8u + 1u][first_7 % 8u] =
          vec4<u32>(loaded_12.y, loaded_13.y, loaded_14.y, loaded_15.y);
      codes[first_7 / 8u + 2u][first_7 % 8u] =
          vec4<u32>(loaded_12.z, loaded_13.z, loaded_14.z, loaded_15.z);
      codes[first_7 / 8u + 3u][first_7 % 8u] =
          vec4<u32>(loaded_12.w, loaded_13.w, loaded_14.w, loaded_15.w);
    }
    if (own < 64u) {                                                      // int8/tile_operands.py
      let word = loaded_4;                                                // int8/tile_operands.py
      let word_1 = loaded_5;
      let word_2 = loaded_6;
      let word_3 = loaded_7;
      let low = word & 0x0f0f0f0fu;                                       // formats/nibbles.py
      let high = (word >> 4u) & 0x0f0f0f0fu;                              // formats/nibbles.py
      let low_1 = word_1 & 0x0f0f0f0fu;                                   // formats/nibbles.py
      let high_1 = (word_1 >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
      let low_2 = word_2 & 0x0f0f0f0fu;                                   // formats/nibbles.py
      let high_2 = (word_2 >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
      let low_3 = word_3 & 0x0f0f0f0fu;                                   // formats/nibbles.py
      let high_3 = (word_3 >> 4u) & 0x0f0f0f0fu;                          // formats/nibbles.py
      let first_7 = block_2 + unit_1 * 2u * 16u;                          // int8/byte_panels.py
      bytes[first_7 / 16u][first_7 % 16u] = vec4<u32>(low, low_1, low_2, low_3);  // int8/byte_panels.py
      bytes[first_7 / 16u + 1u][first_7 % 16u] = vec4<u32>(high, high_1, high_2, high_3);
    }
    if (own_1 < 16u) {                                                    // int8/tile_operands.py
      let pair = unpack2x16float(loaded_8);                               // parts/packed_rows.py
      let each_0 = select(pair.x, pair.y, ((row_13 + step_1) & 1u) == 1u);  // parts/packed_rows.py
      let pair_1 = unpack2x16float(loaded_9);                             // parts/packed_rows.py
      let each_1 = select(pair_1.x, pair_1.y, ((row_15 + step_1) & 1u) == 1u);  // parts/packed_rows.py
      let pair_2 = unpack2x16float(loaded_10);                            // parts/packed_rows.py
      let t = (row_17 + step_1) & 1u;                                     // parts/packed_rows.py
      let pair_3 = unpack2x16float(loaded_11);                            // parts/packed_rows.py
      let first_7 = block_3 + 128u;                                       // int8/byte_panels.py
      bytes[8u][block_3] = bitcast<vec4<u32>>(vec4<f32>(each_0, each_1,
          select(pair_2.x, pair_2.y, t == 1u),
          select(pair_3.x, pair_3.y, ((row_19 + step_1) & 1u) == 1u)));   // int8/byte_panels.py
    }
    workgroupBarrier();                                                   // int8/tiles.py
    let step_2 = min(step_1 + 1u, 1u);                                    // linear/matmul_tiled.py
    loaded = x[index_4 + step_2];                                         // int8/tile_operands.py
    loaded_1 = x[index_5 + step_2];
    loaded_2 = x[index_6 + step_2];
    loaded_3 = x[index_7 + step_2];
    let first_7 = (row_5 + step_2) * 4u + unit_1;                         // int8/tile_operands.py
    let first_8 = (row_7 + step_2) * 4u + unit_1;
    let first_9 = (row_9 + step_2) * 4u + unit_1;
    let first_10 = (row_11 + step_2) * 4u + unit_1;
    loaded_4 = quants[first_7];                                           // int8/tile_operands.py
    loaded_5 = quants[first_8];
    loaded_6 = quants[first_9];
    loaded_7 = quants[first_10];
    loaded_8 = scales[(row_13 + step_2) >> 1u];
    loaded_9 = scales[(row_15 + step_2) >> 1u];
    loaded_10 = scales[(row_17 + step_2) >> 1u];
    loaded_11 = scales[(row_19 + step_2) >> 1u];
    var products: i32 = 0i;                                               // int8/tiles.py
    var products_1: i32 = 0i;
    var products_2: i32 = 0i;
    var products_3: i32 = 0i;
    var products_4: i32 = 0i;
    var products_5: i32 = 0i;
    var products_6: i32 = 0i;
    var products_7: i32 = 0i;
    var products_8: i32 = 0i;
    var products_9: i32 = 0i;
    var products_10: i32 = 0i;
    var products_11: i32 = 0i;
    var products_12: i32 = 0i;
    var products_13: i32 = 0i;
    var products_14: i32 = 0i;
    var products_15: i32 = 0i;
    for (var word = 0u; word < 8u; word++) {                              // int8/tiles.py
      let numbers = codes[(column_1 + word * 8u) / 8u][(column_1 + word * 8u) % 8u];  // int8/byte_panels.py
      let weights = bytes[(column_2 + word * 16u) / 16u][(column_2 + word * 16u) % 16u];
      products = products + dot4I8Packed(weights.x, numbers.x);           // int8/tiles.py
      products_1 = products_1 + dot4I8Packed(weights.y, numbers.x);
      products_2 = products_2 + dot4I8Packed(weights.z, numbers.x);
      products_3 = products_3 + dot4I8Packed(weights.w, numbers.x);
      products_4 = products_4 + dot4I8Packed(weights.x, numbers.y);
      products_5 = products_5 + dot4I8Packed(weights.y, numbers.y);
      products_6 = products_6 + dot4I8Packed(weights.z, numbers.y);
      products_7 = products_7 + dot4I8Packed(weights.w, numbers.y);
      products_8 = products_8 + dot4I8Packed(weights.x, numbers.z);
      products_9 = products_9 + dot4I8Packed(weights.y, numbers.z);
      products_10 = products_10 + dot4I8Packed(weights.z, numbers.z);
      products_11 = products_11 + dot4I8Packed(weights.w, numbers.z);
      products_12 = products_12 + dot4I8Packed(weights.x, numbers.w);
      products_13 = products_13 + dot4I8Packed(weights.y, numbers.w);
      products_14 = products_14 + dot4I8Packed(weights.z, numbers.w);
      products_15 = products_15 + dot4I8Packed(weights.w, numbers.w);
    }
    let sums = bitcast<vec4<i32>>(codes[17u][column_1]);                  // int8/tiles.py
    let less = sums.x * -8i;                                              // int8/tiles.py
    let whole = products * 256i;                                          // int8/tiles.py
    products = whole + less;                                              // int8/tiles.py
    let whole_1 = products_1 * 256i;                                      // int8/tiles.py
    products_1 = whole_1 + less;                                          // int8/tiles.py
    let whole_2 = products_2 * 256i;                                      // int8/tiles.py
    products_2 = whole_2 + less;                                          // int8/tiles.py
    let whole_3 = products_3 * 256i;                                      // int8/tiles.py
    products_3 = whole_3 + less;                                          // int8/tiles.py
    let less_1 = sums.y * -8i;                                            // int8/tiles.py
    let whole_4 = products_4 * 256i;                                      // int8/tiles.py
    products_4 = whole_4 + less_1;                                        // int8/tiles.py
    let whole_5 = products_5 * 256i;                                      // int8/tiles.py
    products_5 = whole_5 + less_1;                                        // int8/tiles.py
    let whole_6 = products_6 * 256i;                                      // int8/tiles.py
    products_6 = whole_6 + less_1;                                        // int8/tiles.py
    let whole_7 = products_7 * 256i;                                      // int8/tiles.py
    products_7 = whole_7 + less_1;                                        // int8/tiles.py
    let less_2 = sums.z * -8i;                                            // int8/tiles.py
    let whole_8 = products_8 * 256i;                                      // int8/tiles.py
    products_8 = whole_8 + less_2;                                        // int8/tiles.py
    let whole_9 = products_9 * 256i;                                      // int8/tiles.py
    products_9 = whole_9 + less_2;                                        // int8/tiles.py
    let whole_10 = products_10 * 256i;                                    // int8/tiles.py
    products_10 = whole_10 + less_2;                                      // int8/tiles.py
    let whole_11 = products_11 * 256i;                                    // int8/tiles.py
    products_11 = whole_11 + less_2;                                      // int8/tiles.py
    let less_3 = sums.w * -8i;                                            // int8/tiles.py
    let whole_12 = products_12 * 256i;                                    // int8/tiles.py
    products_12 = whole_12 + less_3;                                      // int8/tiles.py
    let whole_13 = products_13 * 256i;                                    // int8/tiles.py
    products_13 = whole_13 + less_3;                                      // int8/tiles.py
    let whole_14 = products_14 * 256i;                                    // int8/tiles.py
    products_14 = whole_14 + less_3;                                      // int8/tiles.py
    let whole_15 = products_15 * 256i;                                    // int8/tiles.py
    products_15 = whole_15 + less_3;                                      // int8/tiles.py
    for (var word = 0u; word < 8u; word++) {                              // int8/tiles.py
      let numbers = codes[(column_1 + word * 8u) / 8u + 8u][(column_1 + word * 8u) % 8u];  // int8/byte_panels.py
      let weights = bytes[(column_2 + word * 16u) / 16u][(column_2 + word * 16u) % 16u];
      products = products + dot4I8Packed(weights.x, numbers.x);           // int8/tiles.py
      products_1 = products_1 + dot4I8Packed(weights.y, numbers.x);
      products_2 = products_2 + dot4I8Packed(weights.z, numbers.x);
      products_3 = products_3 + dot4I8Packed(weights.w, numbers.x);
      products_4 = products_4 + dot4I8Packed(weights.x, numbers.y);
      products_5 = products_5 + dot4I8Packed(weights.y, numbers.y);
      products_6 = products_6 + dot4I8Packed(weights.z, numbers.y);
      products_7 = products_7 + dot4I8Packed(weights.w, numbers.y);
      products_8 = products_8 + dot4I8Packed(weights.x, numbers.z);
      products_9 = products_9 + dot4I8Packed(weights.y, numbers.z);
      products_10 = products_10 + dot4I8Packed(weights.z, numbers.z);
      products_11 = products_11 + dot4I8Packed(weights.w, numbers.z);
      products_12 = products_12 + dot4I8Packed(weights.x, numbers.w);
      products_13 = products_13 + dot4I8Packed(weights.y, numbers.w);
      products_14 = products_14 + dot4I8Packed(weights.z, numbers.w);
      products_15 = products_15 + dot4I8Packed(weights.w, numbers.w);
    }
    let scales_1 = bitcast<vec4<f32>>(bytes[8u][column_2]);               // int8/tiles.py
    let code_scales = bitcast<vec4<f32>>(codes[16u][column_1]);           // int8/tiles.py
    let factors = scales_1 * code_scales.x;                               // int8/tiles.py
    let numbers = vec4<i32>(products, products_1, products_2, products_3);  // int8/tiles.py
    sum_00_0 += vec4<f32>(numbers) * factors;                             // int8/tiles.py
    let factors_1 = scales_1 * code_scales.y;                             // int8/tiles.py
    let numbers_1 = vec4<i32>(products_4, products_5, products_6, products_7);  // int8/tiles.py
    sum_00_1 += vec4<f32>(numbers_1) * factors_1;                         // int8/tiles.py
    let factors_2 = scales_1 * code_scales.z;                             // int8/tiles.py
    let numbers_2 = vec4<i32>(products_8, products_9, products_10, products_11);  // int8/tiles.py
    sum_00_2 += vec4<f32>(numbers_2) * factors_2;                         // int8/tiles.py
    let factors_3 = scales_1 * code_scales.w;                             // int8/tiles.py
    let numbers_3 = vec4<i32>(products_12, products_13, products_14, products_15);  // int8/tiles.py
    sum_00_3 += vec4<f32>(numbers_3) * factors_3;                         // int8/tiles.py
    workgroupBarrier();                                                   // int8/tiles.py
  }
  for (var number = 0u; number < 4u; number++) {                          // int8/tiles.py
    var results: vec4<f32> = sum_00_0;                                    // int8/tiles.py
    if (number == 1u) {                                                   // int8/tiles.py
      results = sum_00_1;                                                 // int8/tiles.py
    }
    if (number == 2u) {                                                   // int8/tiles.py
      results = sum_00_2;                                                 // int8/tiles.py
    }
    if (number == 3u) {                                                   // int8/tiles.py
      results = sum_00_3;                                                 // int8/tiles.py
    }
    let tile = number / 4u;                                               // int8/tiles.py
    let block_4 = tile * 8u + column_1;                                   // int8/tiles.py
    let token = index_1 + block_4 * 4u + number % 4u;                     // int8/tiles.py
    let row_20 = index + column_2 * 4u;                                   // int8/tiles.py
    if (token < step.seq) {                                               // int8/tiles.py
      let results_1 = results;                                            // int8/tiles.py
      if (row_20 < 128u) {                                                // linear/matmul_tiled.py
        let place = row_20 / 4u;                                          // linear/buffers.py
        let at_3 = place + token * 32u;                                   // epilogues/row.py
        let results_2 = results_1 + residual[at_3];                       // epilogues/row.py
        out[at_3] = results_2;                                            // epilogues/row.py
      }
    }
  }
}
