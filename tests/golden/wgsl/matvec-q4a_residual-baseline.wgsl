// matvec_q4a_residual_64x172

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
    let vectors_0 = select(vec4<f32>(0.0), x[select(0u, at, inside)], inside);  // linear/buffers.py
    let at_1 = at + 1u;                                                   // linear/matvec.py
    let inside_1 = at_1 < 43u;                                            // linear/buffers.py
    let vectors_1 = select(vec4<f32>(0.0), x[select(0u, at_1, inside_1)], inside_1);  // linear/buffers.py
    let at_2 = at + 2u;                                                   // linear/matvec.py
    let inside_2 = at_2 < 43u;                                            // linear/buffers.py
    let vectors_2 = select(vec4<f32>(0.0), x[select(0u, at_2, inside_2)], inside_2);  // linear/buffers.py
    let at_3 = at + 3u;                                                   // linear/matvec.py
    let inside_3 = at_3 < 43u;                                            // linear/buffers.py
    let vectors_3 = select(vec4<f32>(0.0), x[select(0u, at_3, inside_3)], inside_3);  // linear/buffers.py
    let at_4 = at + 4u;                                                   // linear/matvec.py
    let inside_4 = at_4 < 43u;                                            // linear/buffers.py
    let vectors_4 = select(vec4<f32>(0.0), x[select(0u, at_4, inside_4)], inside_4);  // linear/buffers.py
    let at_5 = at + 5u;                                                   // linear/matvec.py
    let inside_5 = at_5 < 43u;                                            // linear/buffers.py
    let vectors_5 = select(vec4<f32>(0.0), x[select(0u, at_5, inside_5)], inside_5);  // linear/buffers.py
    let at_6 = at + 6u;                                                   // linear/matvec.py
    let inside_6 = at_6 < 43u;                                            // linear/buffers.py
    let vectors_6 = select(vec4<f32>(0.0), x[select(0u, at_6, inside_6)], inside_6);  // linear/buffers.py
    let at_7 = at + 7u;                                                   // linear/matvec.py
    let inside_7 = at_7 < 43u;                                            // linear/buffers.py
    let vectors_7 = select(vec4<f32>(0.0), x[select(0u, at_7, inside_7)], inside_7);  // linear/buffers.py
    let total = vectors_0 + vectors_1 + vectors_2 + vectors_3 + vectors_4 + vectors_5
        + vectors_6 + vectors_7;                                          // linear/matvec.py
    let activation_sum = total.x + total.y + total.z + total.w;           // linear/matvec.py
    let at_8 = first_row * 6u + group;                                    // parts/packed_rows.py
    let packed = quants[at_8];                                            // parts/packed_rows.py
    let low = vec4<f32>(unpack4xU8(packed.x & 0x0f0f0f0fu));              // formats/nibbles.py
    let high = vec4<f32>(unpack4xU8((packed.x >> 4u) & 0x0f0f0f0fu));     // formats/nibbles.py
    let low_1 = vec4<f32>(unpack4xU8(packed.y & 0x0f0f0f0fu));            // formats/nibbles.py
    let high_1 = vec4<f32>(unpack4xU8((packed.y >> 4u) & 0x0f0f0f0fu));   // formats/nibbles.py
    let low_2 = vec4<f32>(unpack4xU8(packed.z & 0x0f0f0f0fu));            // formats/nibbles.py
    let high_2 = vec4<f32>(unpack4xU8((packed.z >> 4u) & 0x0f0f0f0fu));   // formats/nibbles.py
    let low_3 = vec4<f32>(unpack4xU8(packed.w & 0x0f0f0f0fu));            // formats/nibbles.py
    let high_3 = vec4<f32>(unpack4xU8((packed.w >> 4u) & 0x0f0f0f0fu));   // formats/nibbles.py
    let pair = unpack2x16float(scales[at_8]);                             // parts/packed_rows.py
    let product = dot(low, vectors_0);                                    // parts/packed_rows.py
    let product_1 = dot(high, vectors_1);                                 // parts/packed_rows.py
    let product_2 = product + product_1 + dot(low_1, vectors_2) + dot(high_1, vectors_3)
        + dot(low_2, vectors_4) + dot(high_2, vectors_5) + dot(low_3, vectors_6)
        + dot(high_3, vectors_7);
    sum_0 += product_2 * pair.x + pair.y * activation_sum;                // linear/matvec.py
    let row = first_row + 1u;                                             // linear/matvec.py
    let at_9 = row * 6u + group;                                          // parts/packed_rows.py
    let packed_1 = quants[at_9];                                          // parts/packed_rows.py
    let low_4 = vec4<f32>(unpack4xU8(packed_1.x & 0x0f0f0f0fu));          // formats/nibbles.py
    let high_4 = vec4<f32>(unpack4xU8((packed_1.x >> 4u) & 0x0f0f0f0fu));  // formats/nibbles.py
    let low_5 = vec4<f32>(unpack4xU8(packed_1.y & 0x0f0f0f0fu));          // formats/nibbles.py
    let high_5 = vec4<f32>(unpack4xU8((packed_1.y >> 4u) & 0x0f0f0f0fu));  // formats/nibbles.py
    let low_6 = vec4<f32>(unpack4xU8(packed_1.z & 0x0f0f0f0fu));          // formats/nibbles.py
    let high_6 = vec4<f32>(unpack4xU8((packed_1.z >> 4u) & 0x0f0f0f0fu));  // formats/nibbles.py
    let low_7 = vec4<f32>(unpack4xU8(packed_1.w & 0x0f0f0f0fu));          // formats/nibbles.py
    let high_7 = vec4<f32>(unpack4xU8((packed_1.w >> 4u) & 0x0f0f0f0fu));  // formats/nibbles.py
    let pair_1 = unpack2x16float(scales[at_9]);                           // parts/packed_rows.py
    let product_3 = dot(low_4, vectors_0);                                // parts/packed_rows.py
    let product_4 = dot(high_4, vectors_1);                               // parts/packed_rows.py
    let product_5 = product_3 + product_4 + dot(low_5, vectors_2) + dot(high_5, vectors_3)
        + dot(low_6, vectors_4) + dot(high_6, vectors_5) + dot(low_7, vectors_6)
        + dot(high_7, vectors_7);
    sum_1 += product_5 * pair_1.x + pair_1.y * activation_sum;            // linear/matvec.py
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
