// cache_append_f16_1x8_ring768

@group(0) @binding(0) var<storage, read> x: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read_write> cache: array<u32>;

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
@group(0) @binding(2) var<uniform> step: Step;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let pair = workgroup_id.x * 64u + local_id.x;                           // attention/rotate_and_append.py
  if (pair < 4u) {                                                        // attention/rotate_and_append.py
    let elements = x[workgroup_id.y * 4u + pair];                         // attention/rotate_and_append.py
    cache[((step.past + workgroup_id.y) % 768u) * 4u + pair] = pack2x16float(elements);  // attention/rotate_and_append.py
  }
}
