// penalty_512
enable subgroups;

@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;

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

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  if (step.repetition_penalty != 1.0) {                                   // sampling/penalty.py
    let positions = step.past + step.seq;                                 // sampling/penalty.py
    let number = workgroup_id.x * 8u + local_id.x / 32u;                  // sampling/penalty.py
    let position = min(number, positions - 1u);                           // sampling/penalty.py
    let token = tokens[position];                                         // sampling/penalty.py
    var before: f32 = 0.0;                                                // sampling/penalty.py
    let lane = local_id.x % 32u;                                          // parts/reduce.py
    for (var earlier = lane; earlier < position; earlier += 32u) {        // sampling/penalty.py
      if (tokens[earlier] == token) {
        before = 1.0;                                                     // sampling/penalty.py
      }
    }
    let seen = subgroupMax(before);                                       // parts/reduce.py
    let first = number < positions && seen == 0.0;                        // sampling/penalty.py
    let valid = token < 512u;                                             // sampling/penalty.py
    if (lane == 0u && first && valid) {                                   // sampling/penalty.py
      let logit = logits[token];                                          // sampling/penalty.py
      logits[token] = select(logit * step.repetition_penalty, logit / step.repetition_penalty,
          logit > 0.0);                                                   // sampling/penalty.py
    }
  }
}
