// matvec_rows_q4_residual_64x2048_of4

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
@group(0) @binding(5) var<storage, read> step_rows: array<u32>;

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

var<workgroup> team_sums: array<f32, 128>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.z * 512u;                                      // several/each_row.py
  let index_1 = workgroup_id.z * 64u;
  let first_row = workgroup_id.x * 2u;                                    // linear/matvec.py
  var sum_0: f32 = 0.0;                                                   // linear/matvec.py
  var sum_1: f32 = 0.0;
  for (var group = local_id.x; group < 64u; group += 64u) {               // linear/matvec.py
    let at = group * 8u;                                                  // linear/matvec.py
    let activations_0 = x[index + at];                                    // linear/buffers.py
    let activations_1 = x[index + at + 1u];
    let activations_2 = x[index + at + 2u];
    let activations_3 = x[index + at + 3u];
    let activations_4 = x[index + at + 4u];
    let activations_5 = x[index + at + 5u];
    let activations_6 = x[index + at + 6u];
    let activations_7 = x[index + at + 7u];
    let at_1 = first_row * 64u + group;                                   // parts/packed_rows.py
    let packed = quants[at_1];                                            // parts/packed_rows.py
    let low = vec4<f32>(unpack4xU8(packed.x & 0x0f0f0f0fu)) - 8.0;        // formats/nibbles.py
    let high = vec4<f32>(unpack4xU8((packed.x >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_1 = vec4<f32>(unpack4xU8(packed.y & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
    let high_1 = vec4<f32>(unpack4xU8((packed.y >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_2 = vec4<f32>(unpack4xU8(packed.z & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
    let high_2 = vec4<f32>(unpack4xU8((packed.z >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_3 = vec4<f32>(unpack4xU8(packed.w & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
    let high_3 = vec4<f32>(unpack4xU8((packed.w >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let pair = unpack2x16float(scales[at_1 >> 1u]);                       // parts/packed_rows.py
    let product = dot(low, activations_0);                                // parts/packed_rows.py
    let product_1 = dot(high, activations_1);                             // parts/packed_rows.py
    let product_2 = product + product_1 + dot(low_1, activations_2)
        + dot(high_1, activations_3) + dot(low_2, activations_4) + dot(high_2, activations_5)
        + dot(low_3, activations_6) + dot(high_3, activations_7);
    sum_0 += product_2 * select(pair.x, pair.y, (at_1 & 1u) == 1u);       // linear/matvec.py
    let row = first_row + 1u;                                             // linear/matvec.py
    let at_2 = row * 64u + group;                                         // parts/packed_rows.py
    let packed_1 = quants[at_2];                                          // parts/packed_rows.py
    let low_4 = vec4<f32>(unpack4xU8(packed_1.x & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_4 = vec4<f32>(unpack4xU8((packed_1.x >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_5 = vec4<f32>(unpack4xU8(packed_1.y & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_5 = vec4<f32>(unpack4xU8((packed_1.y >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_6 = vec4<f32>(unpack4xU8(packed_1.z & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_6 = vec4<f32>(unpack4xU8((packed_1.z >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_7 = vec4<f32>(unpack4xU8(packed_1.w & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_7 = vec4<f32>(unpack4xU8((packed_1.w >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let pair_1 = unpack2x16float(scales[at_2 >> 1u]);                     // parts/packed_rows.py
    let product_3 = dot(low_4, activations_0);                            // parts/packed_rows.py
    let product_4 = dot(high_4, activations_1);                           // parts/packed_rows.py
    let product_5 = product_3 + product_4 + dot(low_5, activations_2)
        + dot(high_5, activations_3) + dot(low_6, activations_4) + dot(high_6, activations_5)
        + dot(low_7, activations_6) + dot(high_7, activations_7);
    sum_1 += product_5 * select(pair_1.x, pair_1.y, (at_2 & 1u) == 1u);   // linear/matvec.py
  }
  team_sums[local_id.x] = sum_0;                                          // parts/reduce.py
  let index_2 = local_id.x + 64u;
  team_sums[index_2] = sum_1;
  workgroupBarrier();                                                     // parts/reduce.py
  if (local_id.x < 32u) {                                                 // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 32u];                 // parts/reduce.py
    team_sums[index_2] += team_sums[local_id.x + 96u];
  }
  workgroupBarrier();                                                     // parts/reduce.py
  if (local_id.x < 16u) {                                                 // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 16u];                 // parts/reduce.py
    team_sums[index_2] += team_sums[local_id.x + 80u];
  }
  workgroupBarrier();                                                     // parts/reduce.py
  if (local_id.x < 8u) {                                                  // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 8u];                  // parts/reduce.py
    team_sums[index_2] += team_sums[local_id.x + 72u];
  }
  workgroupBarrier();                                                     // parts/reduce.py
  if (local_id.x < 4u) {                                                  // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 4u];                  // parts/reduce.py
    team_sums[index_2] += team_sums[local_id.x + 68u];
  }
  workgroupBarrier();                                                     // parts/reduce.py
  if (local_id.x < 2u) {                                                  // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 2u];                  // parts/reduce.py
    team_sums[index_2] += team_sums[local_id.x + 66u];
  }
  workgroupBarrier();                                                     // parts/reduce.py
  if (local_id.x < 1u) {                                                  // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 1u];                  // parts/reduce.py
    team_sums[index_2] += team_sums[local_id.x + 65u];
  }
  let values = team_sums[local_id.x];                                     // parts/reduce.py
  let values_1 = team_sums[index_2];
  if (local_id.x == 0u) {                                                 // linear/matvec.py
    if (first_row < 64u) {                                                // linear/matvec.py
      let index_3 = index_1 + first_row;                                  // epilogues/row.py
      let value = values + residual[index_3];                             // epilogues/row.py
      out[index_3] = value;                                               // epilogues/coded.py
    }
    let row = first_row + 1u;                                             // linear/matvec.py
    if (row < 64u) {                                                      // linear/matvec.py
      let index_3 = index_1 + row;                                        // epilogues/row.py
      let value = values_1 + residual[index_3];                           // epilogues/row.py
      out[index_3] = value;                                               // epilogues/coded.py
    }
  }
}
