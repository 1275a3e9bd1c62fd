// matvec_norm_q4_gated_344x64

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> norm_weight: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> scales: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

var<workgroup> team_sums: array<f32, 192>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let lane = local_id.x % 2u;                                             // parts/reduce.py
  let team = workgroup_id.x * 32u + local_id.x / 2u;                      // linear/matvec.py
  let first_row = team * 2u;                                              // linear/matvec.py
  var sum_0: f32 = 0.0;                                                   // linear/matvec.py
  var sum_1: f32 = 0.0;
  var squares: f32 = 0.0;                                                 // linear/matvec.py
  for (var group = lane; group < 2u; group += 2u) {                       // linear/matvec.py
    let at = group * 8u;                                                  // linear/matvec.py
    let x_1 = x[at];                                                      // linear/buffers.py
    squares += dot(x_1, x_1);                                             // linear/matvec.py
    let x_2 = x_1 * norm_weight[at];                                      // linear/matvec.py
    let at_1 = at + 1u;                                                   // linear/matvec.py
    let x_3 = x[at_1];                                                    // linear/buffers.py
    squares += dot(x_3, x_3);                                             // linear/matvec.py
    let x_4 = x_3 * norm_weight[at_1];                                    // linear/matvec.py
    let at_2 = at + 2u;                                                   // linear/matvec.py
    let x_5 = x[at_2];                                                    // linear/buffers.py
    squares += dot(x_5, x_5);                                             // linear/matvec.py
    let x_6 = x_5 * norm_weight[at_2];                                    // linear/matvec.py
    let at_3 = at + 3u;                                                   // linear/matvec.py
    let x_7 = x[at_3];                                                    // linear/buffers.py
    squares += dot(x_7, x_7);                                             // linear/matvec.py
    let x_8 = x_7 * norm_weight[at_3];                                    // linear/matvec.py
    let at_4 = at + 4u;                                                   // linear/matvec.py
    let x_9 = x[at_4];                                                    // linear/buffers.py
    squares += dot(x_9, x_9);                                             // linear/matvec.py
    let x_10 = x_9 * norm_weight[at_4];                                   // linear/matvec.py
    let at_5 = at + 5u;                                                   // linear/matvec.py
    let x_11 = x[at_5];                                                   // linear/buffers.py
    squares += dot(x_11, x_11);                                           // linear/matvec.py
    let x_12 = x_11 * norm_weight[at_5];                                  // linear/matvec.py
    let at_6 = at + 6u;                                                   // linear/matvec.py
    let x_13 = x[at_6];                                                   // linear/buffers.py
    squares += dot(x_13, x_13);                                           // linear/matvec.py
    let x_14 = x_13 * norm_weight[at_6];                                  // linear/matvec.py
    let at_7 = at + 7u;                                                   // linear/matvec.py
    let x_15 = x[at_7];                                                   // linear/buffers.py
    squares += dot(x_15, x_15);                                           // linear/matvec.py
    let x_16 = x_15 * norm_weight[at_7];                                  // linear/matvec.py
    let row = min(first_row, 343u);                                       // linear/matvec.py
    let at_8 = row * 2u + group;                                          // parts/packed_rows.py
    let packed = quants[at_8];                                            // parts/packed_rows.py
    let low = vec4<f32>(unpack4xU8(packed.x & 0x0f0f0f0fu)) - 8.0;        // formats/nibbles.py
    let high = vec4<f32>(unpack4xU8((packed.x >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_1 = vec4<f32>(unpack4xU8(packed.y & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
    let high_1 = vec4<f32>(unpack4xU8((packed.y >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_2 = vec4<f32>(unpack4xU8(packed.z & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
    let high_2 = vec4<f32>(unpack4xU8((packed.z >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_3 = vec4<f32>(unpack4xU8(packed.w & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
    let high_3 = vec4<f32>(unpack4xU8((packed.w >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let pair = unpack2x16float(scales[at_8 >> 1u]);                       // parts/packed_rows.py
    let product = dot(low, x_2);                                          // parts/packed_rows.py
    let product_1 = dot(high, x_4);                                       // parts/packed_rows.py
    let product_2 = product + product_1 + dot(low_1, x_6) + dot(high_1, x_8) + dot(low_2, x_10)
        + dot(high_2, x_12) + dot(low_3, x_14) + dot(high_3, x_16);
    sum_0 += product_2 * select(pair.x, pair.y, (at_8 & 1u) == 1u);       // linear/matvec.py
    let row_1 = first_row + 1u;                                           // linear/matvec.py
    let row_2 = min(row_1, 343u);                                         // linear/matvec.py
    let at_9 = row_2 * 2u + group;                                        // parts/packed_rows.py
    let packed_1 = quants[at_9];                                          // parts/packed_rows.py
    let low_4 = vec4<f32>(unpack4xU8(packed_1.x & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_4 = vec4<f32>(unpack4xU8((packed_1.x >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_5 = vec4<f32>(unpack4xU8(packed_1.y & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_5 = vec4<f32>(unpack4xU8((packed_1.y >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_6 = vec4<f32>(unpack4xU8(packed_1.z & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_6 = vec4<f32>(unpack4xU8((packed_1.z >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_7 = vec4<f32>(unpack4xU8(packed_1.w & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_7 = vec4<f32>(unpack4xU8((packed_1.w >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let pair_1 = unpack2x16float(scales[at_9 >> 1u]);                     // parts/packed_rows.py
    let product_3 = dot(low_4, x_2);                                      // parts/packed_rows.py
    let product_4 = dot(high_4, x_4);                                     // parts/packed_rows.py
    let product_5 = product_3 + product_4 + dot(low_5, x_6) + dot(high_5, x_8)
        + dot(low_6, x_10) + dot(high_6, x_12) + dot(low_7, x_14) + dot(high_7, x_16);
    sum_1 += product_5 * select(pair_1.x, pair_1.y, (at_9 & 1u) == 1u);   // linear/matvec.py
  }
  team_sums[local_id.x] = sum_0;                                          // parts/reduce.py
  let index = local_id.x + 64u;
  team_sums[index] = sum_1;
  let index_1 = local_id.x + 128u;
  team_sums[index_1] = squares;
  workgroupBarrier();                                                     // parts/reduce.py
  if (lane < 1u) {                                                        // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 1u];                  // parts/reduce.py
    team_sums[index] += team_sums[local_id.x + 65u];
    team_sums[index_1] += team_sums[local_id.x + 129u];
  }
  let result = team_sums[local_id.x];                                     // parts/reduce.py
  let result_1 = team_sums[index];
  let results_2 = team_sums[index_1];
  if (lane == 0u) {                                                       // linear/matvec.py
    let scale = inverseSqrt(results_2 * 0.015625 + 1e-5);                 // linear/matvec.py
    let gate = result * scale;                                            // linear/matvec.py
    let up = result_1 * scale;
    if (first_row < 344u) {                                               // linear/matvec.py
      let gated = gate / (1.0 + exp(-gate)) * up;                         // epilogues/pair.py
      out[first_row / 2u] = gated;                                        // epilogues/coded.py
    }
  }
}
