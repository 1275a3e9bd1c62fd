// embedding_q8_33_from_8

@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> scales: array<u32>;
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

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let token = tokens[step.past + workgroup_id.x];                         // kernels/embedding.py
  let held = token < 24u;                                                 // kernels/embedding.py
  let held_1 = held && token >= 8u;                                       // kernels/embedding.py
  if (held_1) {                                                           // kernels/embedding.py
    let row = token - 8u;                                                 // kernels/embedding.py
    for (var group = local_id.x; group < 2u; group += 32u) {              // kernels/embedding.py
      let at = row * 2u + group;                                          // parts/packed_rows.py
      let index = at * 2u;                                                // parts/packed_rows.py
      let packed = quants[index];
      let packed_1 = quants[index + 1u];
      let pair = unpack2x16float(scales[at >> 1u]);                       // parts/packed_rows.py
      let first = group * 8u;                                             // kernels/embedding.py
      let factor = vec4<f32>(select(pair.x, pair.y, (at & 1u) == 1u));    // kernels/embedding.py
      let four = vec4<f32>(unpack4xI8(packed.x)) * factor;                // kernels/embedding.py
      let four_1 = vec4<f32>(unpack4xI8(packed.y)) * factor;
      let four_2 = vec4<f32>(unpack4xI8(packed.z)) * factor;
      let four_3 = vec4<f32>(unpack4xI8(packed.w)) * factor;
      let four_4 = vec4<f32>(unpack4xI8(packed_1.x)) * factor;
      let four_5 = vec4<f32>(unpack4xI8(packed_1.y)) * factor;
      let four_6 = vec4<f32>(unpack4xI8(packed_1.z)) * factor;
      let four_7 = vec4<f32>(unpack4xI8(packed_1.w)) * factor;
      let begin = first * 4u;                                             // kernels/embedding.py
      if (begin < 33u) {                                                  // kernels/embedding.py
        out[workgroup_id.x * 33u + begin] = four.x;                       // kernels/embedding.py
      }
      if (begin + 1u < 33u) {                                             // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 1u] = four.y;                  // kernels/embedding.py
      }
      if (begin + 2u < 33u) {                                             // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 2u] = four.z;                  // kernels/embedding.py
      }
      if (begin + 3u < 33u) {                                             // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 3u] = four.w;                  // kernels/embedding.py
      }
      if (begin + 4u < 33u) {                                             // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 4u] = four_1.x;                // kernels/embedding.py
      }
      if (begin + 5u < 33u) {                                             // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 5u] = four_1.y;                // kernels/embedding.py
      }
      if (begin + 6u < 33u) {                                             // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 6u] = four_1.z;                // kernels/embedding.py
      }
      if (begin + 7u < 33u) {                                             // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 7u] = four_1.w;                // kernels/embedding.py
      }
      if (begin + 8u < 33u) {                                             // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 8u] = four_2.x;                // kernels/embedding.py
      }
      if (begin + 9u < 33u) {                                             // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 9u] = four_2.y;                // kernels/embedding.py
      }
      if (begin + 10u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 10u] = four_2.z;               // kernels/embedding.py
      }
      if (begin + 11u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 11u] = four_2.w;               // kernels/embedding.py
      }
      if (begin + 12u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 12u] = four_3.x;               // kernels/embedding.py
      }
      if (begin + 13u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 13u] = four_3.y;               // kernels/embedding.py
      }
      if (begin + 14u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 14u] = four_3.z;               // kernels/embedding.py
      }
      if (begin + 15u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 15u] = four_3.w;               // kernels/embedding.py
      }
      if (begin + 16u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 16u] = four_4.x;               // kernels/embedding.py
      }
      if (begin + 17u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 17u] = four_4.y;               // kernels/embedding.py
      }
      if (begin + 18u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 18u] = four_4.z;               // kernels/embedding.py
      }
      if (begin + 19u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 19u] = four_4.w;               // kernels/embedding.py
      }
      if (begin + 20u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 20u] = four_5.x;               // kernels/embedding.py
      }
      if (begin + 21u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 21u] = four_5.y;               // kernels/embedding.py
      }
      if (begin + 22u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 22u] = four_5.z;               // kernels/embedding.py
      }
      if (begin + 23u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 23u] = four_5.w;               // kernels/embedding.py
      }
      if (begin + 24u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 24u] = four_6.x;               // kernels/embedding.py
      }
      if (begin + 25u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 25u] = four_6.y;               // kernels/embedding.py
      }
      if (begin + 26u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 26u] = four_6.z;               // kernels/embedding.py
      }
      if (begin + 27u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 27u] = four_6.w;               // kernels/embedding.py
      }
      if (begin + 28u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 28u] = four_7.x;               // kernels/embedding.py
      }
      if (begin + 29u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 29u] = four_7.y;               // kernels/embedding.py
      }
      if (begin + 30u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 30u] = four_7.z;               // kernels/embedding.py
      }
      if (begin + 31u < 33u) {                                            // kernels/embedding.py
        out[workgroup_id.x * 33u + begin + 31u] = four_7.w;               // kernels/embedding.py
      }
    }
  }
}
