// embedding_rows_q4_64_of4

@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> step_rows: array<u32>;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.z * 8u;                                        // several/each_row.py
  let index_1 = workgroup_id.z * 16u;                                     // several/each_row.py
  let token = tokens[step_rows[index] + step_rows[index + 1u] + workgroup_id.x];  // kernels/embedding.py
  let held = token < 512u;                                                // kernels/embedding.py
  if (held) {                                                             // kernels/embedding.py
    for (var group = local_id.x; group < 2u; group += 32u) {              // kernels/embedding.py
      let at = token * 2u + group;                                        // parts/packed_rows.py
      let packed = quants[at];                                            // parts/packed_rows.py
      let low = vec4<f32>(unpack4xU8(packed.x & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
      let high = vec4<f32>(unpack4xU8((packed.x >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let low_1 = vec4<f32>(unpack4xU8(packed.y & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
      let high_1 = vec4<f32>(unpack4xU8((packed.y >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let low_2 = vec4<f32>(unpack4xU8(packed.z & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
      let high_2 = vec4<f32>(unpack4xU8((packed.z >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let low_3 = vec4<f32>(unpack4xU8(packed.w & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
      let high_3 = vec4<f32>(unpack4xU8((packed.w >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
      let pair = unpack2x16float(scales[at >> 1u]);                       // parts/packed_rows.py
      let first = group * 8u;                                             // kernels/embedding.py
      let factor = vec4<f32>(select(pair.x, pair.y, (at & 1u) == 1u));    // kernels/embedding.py
      let index_2 = workgroup_id.x * 16u + first;                         // kernels/embedding.py
      out[index_1 + index_2] = low * factor;
      out[index_1 + index_2 + 1u] = high * factor;
      out[index_1 + index_2 + 2u] = low_1 * factor;
      out[index_1 + index_2 + 3u] = high_1 * factor;
      out[index_1 + index_2 + 4u] = low_2 * factor;
      out[index_1 + index_2 + 5u] = high_2 * factor;
      out[index_1 + index_2 + 6u] = low_3 * factor;
      out[index_1 + index_2 + 7u] = high_3 * factor;
    }
  }
}
