// row_result_36

@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read> logits: array<u32>;
@group(0) @binding(2) var<storage, read_write> result: array<u32>;

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
@group(0) @binding(3) var<uniform> step: Step;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let position = step.past + step.seq;                                    // sampling/row_result.py
  if (local_id.x == 0u) {                                                 // sampling/row_result.py
    result[0u] = tokens[position];                                        // sampling/row_result.py
    result[1u] = logits[0u];                                              // sampling/row_result.py
  }
}
