// embedding_q4_64

@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;

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

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let token = tokens[step.past + workgroup_id.x];                         // kernels/embedding.py
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
      let index = workgroup_id.x * 16u + first;                           // kernels/embedding.py
      out[index] = low * factor;
      out[index + 1u] = high * factor;
      out[index + 2u] = low_1 * factor;
      out[index + 3u] = high_1 * factor;
      out[index + 4u] = low_2 * factor;
      out[index + 5u] = high_2 * factor;
      out[index + 6u] = low_3 * factor;
      out[index + 7u] = high_3 * factor;
    }
  }
}
