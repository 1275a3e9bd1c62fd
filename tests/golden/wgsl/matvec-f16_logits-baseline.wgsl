// matvec_norm_f16_512x64

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> norm_weight: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> quants: array<vec4<u32>>;
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

var<workgroup> team_sums: array<f32, 192>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let lane = local_id.x % 2u;                                             // parts/reduce.py
  let team = workgroup_id.x * 32u + local_id.x / 2u;                      // linear/matvec.py
  let first_row = team * 2u;                                              // linear/matvec.py
  let token = step.seq - 1u;                                              // linear/matvec.py
  var sum_0: f32 = 0.0;                                                   // linear/matvec.py
  var sum_1: f32 = 0.0;
  var squares: f32 = 0.0;                                                 // linear/matvec.py
  for (var group = lane; group < 2u; group += 2u) {                       // linear/matvec.py
    let at = group * 8u;                                                  // linear/matvec.py
    let index = token * 16u;                                              // linear/buffers.py
    let x_1 = x[at + index];
    squares += dot(x_1, x_1);                                             // linear/matvec.py
    let x_2 = x_1 * norm_weight[at];                                      // linear/matvec.py
    let at_1 = at + 1u;                                                   // linear/matvec.py
    let x_3 = x[at_1 + index];                                            // linear/buffers.py
    squares += dot(x_3, x_3);                                             // linear/matvec.py
    let x_4 = x_3 * norm_weight[at_1];                                    // linear/matvec.py
    let at_2 = at + 2u;                                                   // linear/matvec.py
    let x_5 = x[at_2 + index];                                            // linear/buffers.py
    squares += dot(x_5, x_5);                                             // linear/matvec.py
    let x_6 = x_5 * norm_weight[at_2];                                    // linear/matvec.py
    let at_3 = at + 3u;                                                   // linear/matvec.py
    let x_7 = x[at_3 + index];                                            // linear/buffers.py
    squares += dot(x_7, x_7);                                             // linear/matvec.py
    let x_8 = x_7 * norm_weight[at_3];                                    // linear/matvec.py
    let at_4 = at + 4u;                                                   // linear/matvec.py
    let x_9 = x[at_4 + index];                                            // linear/buffers.py
    squares += dot(x_9, x_9);                                             // linear/matvec.py
    let x_10 = x_9 * norm_weight[at_4];                                   // linear/matvec.py
    let at_5 = at + 5u;                                                   // linear/matvec.py
    let x_11 = x[at_5 + index];                                           // linear/buffers.py
    squares += dot(x_11, x_11);                                           // linear/matvec.py
    let x_12 = x_11 * norm_weight[at_5];                                  // linear/matvec.py
    let at_6 = at + 6u;                                                   // linear/matvec.py
    let x_13 = x[at_6 + index];                                           // linear/buffers.py
    squares += dot(x_13, x_13);                                           // linear/matvec.py
    let x_14 = x_13 * norm_weight[at_6];                                  // linear/matvec.py
    let at_7 = at + 7u;                                                   // linear/matvec.py
    let x_15 = x[at_7 + index];                                           // linear/buffers.py
    squares += dot(x_15, x_15);                                           // linear/matvec.py
    let x_16 = x_15 * norm_weight[at_7];                                  // linear/matvec.py
    let at_8 = first_row * 2u + group;                                    // parts/packed_rows.py
    let index_1 = at_8 * 4u;                                              // parts/packed_rows.py
    let packed = quants[index_1];
    let low = unpack2x16float(packed.x);                                  // formats/f16.py
    let high = unpack2x16float(packed.y);
    let low_1 = unpack2x16float(packed.z);
    let high_1 = unpack2x16float(packed.w);
    let packed_1 = quants[index_1 + 1u];                                  // parts/packed_rows.py
    let low_2 = unpack2x16float(packed_1.x);                              // formats/f16.py
    let high_2 = unpack2x16float(packed_1.y);
    let weights_2 = vec4<f32>(low_2.x, low_2.y, high_2.x, high_2.y);      // formats/f16.py
    let low_3 = unpack2x16float(packed_1.z);                              // formats/f16.py
    let high_3 = unpack2x16float(packed_1.w);
    let weights_3 = vec4<f32>(low_3.x, low_3.y, high_3.x, high_3.y);      // formats/f16.py
    let packed_2 = quants[index_1 + 2u];                                  // parts/packed_rows.py
    let low_4 = unpack2x16float(packed_2.x);                              // formats/f16.py
    let high_4 = unpack2x16float(packed_2.y);
    let weights_4 = vec4<f32>(low_4.x, low_4.y, high_4.x, high_4.y);      // formats/f16.py
    let low_5 = unpack2x16float(packed_2.z);                              // formats/f16.py
    let high_5 = unpack2x16float(packed_2.w);
    let weights_5 = vec4<f32>(low_5.x, low_5.y, high_5.x, high_5.y);      // formats/f16.py
    let packed_3 = quants[index_1 + 3u];                                  // parts/packed_rows.py
    let low_6 = unpack2x16float(packed_3.x);                              // formats/f16.py
    let high_6 = unpack2x16float(packed_3.y);
    let weights_6 = vec4<f32>(low_6.x, low_6.y, high_6.x, high_6.y);      // formats/f16.py
    let low_7 = unpack2x16float(packed_3.z);                              // formats/f16.py
    let high_7 = unpack2x16float(packed_3.w);
    let weights_7 = vec4<f32>(low_7.x, low_7.y, high_7.x, high_7.y);      // formats/f16.py
    let product = dot(vec4<f32>(low.x, low.y, high.x, high.y), x_2);      // parts/packed_rows.py
    let product_1 = dot(vec4<f32>(low_1.x, low_1.y, high_1.x, high_1.y), x_4);  // parts/packed_rows.py
    let product_2 = product + product_1 + dot(weights_2, x_6) + dot(weights_3, x_8)
        + dot(weights_4, x_10) + dot(weights_5, x_12) + dot(weights_6, x_14)
        + dot(weights_7, x_16);
    sum_0 += product_2;                                                   // linear/matvec.py
    let row = first_row + 1u;                                             // linear/matvec.py
    let at_9 = row * 2u + group;                                          // parts/packed_rows.py
    let index_2 = at_9 * 4u;                                              // parts/packed_rows.py
    let packed_4 = quants[index_2];
    let low_8 = unpack2x16float(packed_4.x);                              // formats/f16.py
    let high_8 = unpack2x16float(packed_4.y);
    let low_9 = unpack2x16float(packed_4.z);
    let high_9 = unpack2x16float(packed_4.w);
    let packed_5 = quants[index_2 + 1u];                                  // parts/packed_rows.py
    let low_10 = unpack2x16float(packed_5.x);                             // formats/f16.py
    let high_10 = unpack2x16float(packed_5.y);
    let weights_2_1 = vec4<f32>(low_10.x, low_10.y, high_10.x, high_10.y);  // formats/f16.py
    let low_11 = unpack2x16float(packed_5.z);                             // formats/f16.py
    let high_11 = unpack2x16float(packed_5.w);
    let weights_3_1 = vec4<f32>(low_11.x, low_11.y, high_11.x, high_11.y);  // formats/f16.py
    let packed_6 = quants[index_2 + 2u];                                  // parts/packed_rows.py
    let low_12 = unpack2x16float(packed_6.x);                             // formats/f16.py
    let high_12 = unpack2x16float(packed_6.y);
    let weights_4_1 = vec4<f32>(low_12.x, low_12.y, high_12.x, high_12.y);  // formats/f16.py
    let low_13 = unpack2x16float(packed_6.z);                             // formats/f16.py
    let high_13 = unpack2x16float(packed_6.w);
    let weights_5_1 = vec4<f32>(low_13.x, low_13.y, high_13.x, high_13.y);  // formats/f16.py
    let packed_7 = quants[index_2 + 3u];                                  // parts/packed_rows.py
    let low_14 = unpack2x16float(packed_7.x);                             // formats/f16.py
    let high_14 = unpack2x16float(packed_7.y);
    let weights_6_1 = vec4<f32>(low_14.x, low_14.y, high_14.x, high_14.y);  // formats/f16.py
    let low_15 = unpack2x16float(packed_7.z);                             // formats/f16.py
    let high_15 = unpack2x16float(packed_7.w);
    let weights_7_1 = vec4<f32>(low_15.x, low_15.y, high_15.x, high_15.y);  // formats/f16.py
    let product_3 = dot(vec4<f32>(low_8.x, low_8.y, high_8.x, high_8.y), x_2);  // parts/packed_rows.py
    let product_4 = dot(vec4<f32>(low_9.x, low_9.y, high_9.x, high_9.y), x_4);  // parts/packed_rows.py
    let product_5 = product_3 + product_4 + dot(weights_2_1, x_6) + dot(weights_3_1, x_8)
        + dot(weights_4_1, x_10) + dot(weights_5_1, x_12) + dot(weights_6_1, x_14)
        + dot(weights_7_1, x_16);
    sum_1 += product_5;                                                   // linear/matvec.py
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
    let made = result * scale;                                            // linear/matvec.py
    let made_1 = result_1 * scale;
    if (first_row < 512u) {                                               // linear/matvec.py
      out[first_row] = made;                                              // epilogues/coded.py
    }
    let row = first_row + 1u;                                             // linear/matvec.py
    if (row < 512u) {                                                     // linear/matvec.py
      out[row] = made_1;                                                  // epilogues/coded.py
    }
  }
}
