// matvec_q8_residual_64x172

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

var<workgroup> team_sums: array<f32, 128>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let lane = local_id.x % 4u;                                             // parts/reduce.py
  let team = workgroup_id.x * 16u + local_id.x / 4u;                      // linear/matvec.py
  let first_row = team * 2u;                                              // linear/matvec.py
  var sum_0: f32 = 0.0;                                                   // linear/matvec.py
  var sum_1: f32 = 0.0;
  for (var group = lane; group < 6u; group += 4u) {                       // linear/matvec.py
    let at = group * 8u;                                                  // linear/matvec.py
    let inside = at < 43u;                                                // linear/buffers.py
    let activations_0 = select(vec4<f32>(0.0), x[select(0u, at, inside)], inside);  // linear/buffers.py
    let at_1 = at + 1u;                                                   // linear/matvec.py
    let inside_1 = at_1 < 43u;                                            // linear/buffers.py
    let activations_1 = select(vec4<f32>(0.0), x[select(0u, at_1, inside_1)], inside_1);  // linear/buffers.py
    let at_2 = at + 2u;                                                   // linear/matvec.py
    let inside_2 = at_2 < 43u;                                            // linear/buffers.py
    let activations_2 = select(vec4<f32>(0.0), x[select(0u, at_2, inside_2)], inside_2);  // linear/buffers.py
    let at_3 = at + 3u;                                                   // linear/matvec.py
    let inside_3 = at_3 < 43u;                                            // linear/buffers.py
    let activations_3 = select(vec4<f32>(0.0), x[select(0u, at_3, inside_3)], inside_3);  // linear/buffers.py
    let at_4 = at + 4u;                                                   // linear/matvec.py
    let inside_4 = at_4 < 43u;                                            // linear/buffers.py
    let activations_4 = select(vec4<f32>(0.0), x[select(0u, at_4, inside_4)], inside_4);  // linear/buffers.py
    let at_5 = at + 5u;                                                   // linear/matvec.py
    let inside_5 = at_5 < 43u;                                            // linear/buffers.py
    let activations_5 = select(vec4<f32>(0.0), x[select(0u, at_5, inside_5)], inside_5);  // linear/buffers.py
    let at_6 = at + 6u;                                                   // linear/matvec.py
    let inside_6 = at_6 < 43u;                                            // linear/buffers.py
    let activations_6 = select(vec4<f32>(0.0), x[select(0u, at_6, inside_6)], inside_6);  // linear/buffers.py
    let at_7 = at + 7u;                                                   // linear/matvec.py
    let inside_7 = at_7 < 43u;                                            // linear/buffers.py
    let activations_7 = select(vec4<f32>(0.0), x[select(0u, at_7, inside_7)], inside_7);  // linear/buffers.py
    let at_8 = first_row * 6u + group;                                    // parts/packed_rows.py
    let index = at_8 * 2u;                                                // parts/packed_rows.py
    let packed = quants[index];
    let weights_2 = vec4<f32>(unpack4xI8(packed.z));                      // formats/q8.py
    let weights_3 = vec4<f32>(unpack4xI8(packed.w));
    let packed_1 = quants[index + 1u];                                    // parts/packed_rows.py
    let weights_4 = vec4<f32>(unpack4xI8(packed_1.x));                    // formats/q8.py
    let weights_5 = vec4<f32>(unpack4xI8(packed_1.y));
    let weights_6 = vec4<f32>(unpack4xI8(packed_1.z));
    let weights_7 = vec4<f32>(unpack4xI8(packed_1.w));
    let pair = unpack2x16float(scales[at_8 >> 1u]);                       // parts/packed_rows.py
    let product = dot(vec4<f32>(unpack4xI8(packed.x)), activations_0);    // parts/packed_rows.py
    let product_1 = dot(vec4<f32>(unpack4xI8(packed.y)), activations_1);  // parts/packed_rows.py
    let product_2 = product + product_1 + dot(weights_2, activations_2)
        + dot(weights_3, activations_3) + dot(weights_4, activations_4)
        + dot(weights_5, activations_5) + dot(weights_6, activations_6)
        + dot(weights_7, activations_7);
    sum_0 += product_2 * select(pair.x, pair.y, (at_8 & 1u) == 1u);       // linear/matvec.py
    let row = first_row + 1u;                                             // linear/matvec.py
    let at_9 = row * 6u + group;                                          // parts/packed_rows.py
    let index_1 = at_9 * 2u;                                              // parts/packed_rows.py
    let packed_2 = quants[index_1];
    let weights_2_1 = vec4<f32>(unpack4xI8(packed_2.z));                  // formats/q8.py
    let weights_3_1 = vec4<f32>(unpack4xI8(packed_2.w));
    let packed_3 = quants[index_1 + 1u];                                  // parts/packed_rows.py
    let weights_4_1 = vec4<f32>(unpack4xI8(packed_3.x));                  // formats/q8.py
    let weights_5_1 = vec4<f32>(unpack4xI8(packed_3.y));
    let weights_6_1 = vec4<f32>(unpack4xI8(packed_3.z));
    let weights_7_1 = vec4<f32>(unpack4xI8(packed_3.w));
    let pair_1 = unpack2x16float(scales[at_9 >> 1u]);                     // parts/packed_rows.py
    let product_3 = dot(vec4<f32>(unpack4xI8(packed_2.x)), activations_0);  // parts/packed_rows.py
    let product_4 = dot(vec4<f32>(unpack4xI8(packed_2.y)), activations_1);  // parts/packed_rows.py
    let product_5 = product_3 + product_4 + dot(weights_2_1, activations_2)
        + dot(weights_3_1, activations_3) + dot(weights_4_1, activations_4)
        + dot(weights_5_1, activations_5) + dot(weights_6_1, activations_6)
        + dot(weights_7_1, activations_7);
    sum_1 += product_5 * select(pair_1.x, pair_1.y, (at_9 & 1u) == 1u);   // linear/matvec.py
  }
  team_sums[local_id.x] = sum_0;                                          // parts/reduce.py
  let index = local_id.x + 64u;
  team_sums[index] = sum_1;
  workgroupBarrier();                                                     // parts/reduce.py
  if (lane < 2u) {                                                        // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 2u];                  // parts/reduce.py
    team_sums[index] += team_sums[local_id.x + 66u];
  }
  workgroupBarrier();                                                     // parts/reduce.py
  if (lane < 1u) {                                                        // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 1u];                  // parts/reduce.py
    team_sums[index] += team_sums[local_id.x + 65u];
  }
  let values = team_sums[local_id.x];                                     // parts/reduce.py
  let values_1 = team_sums[index];
  if (lane == 0u) {                                                       // linear/matvec.py
    if (first_row < 64u) {                                                // linear/matvec.py
      let value = values + residual[first_row];                           // epilogues/row.py
      out[first_row] = value;                                             // epilogues/coded.py
    }
    let row = first_row + 1u;                                             // linear/matvec.py
    if (row < 64u) {                                                      // linear/matvec.py
      let value = values_1 + residual[row];                               // epilogues/row.py
      out[row] = value;                                                   // epilogues/coded.py
    }
  }
}
