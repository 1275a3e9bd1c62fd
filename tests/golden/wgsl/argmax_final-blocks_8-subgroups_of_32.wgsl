// argmax_final_8
enable subgroups;

@group(0) @binding(0) var<storage, read> best: array<vec2<u32>>;
@group(0) @binding(1) var<storage, read_write> tokens: array<u32>;

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

var<workgroup> partial_maxima: array<u32, 16>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  var best_key: u32 = 0u;                                                 // sampling/argmax.py
  var best_index: u32 = 0u;                                               // sampling/argmax.py
  for (var block = local_id.x; block < 8u; block += 64u) {                // sampling/argmax_final.py
    let pair = best[block];                                               // sampling/argmax_final.py
    let index = pair.y;                                                   // sampling/argmax_final.py
    if (pair.x > best_key) {                                              // sampling/argmax.py
      best_key = pair.x;                                                  // sampling/argmax.py
      best_index = index;                                                 // sampling/argmax.py
    }
  }
  let values = subgroupMax(best_key);                                     // parts/reduce.py
  if (subgroup_lane == 0u) {                                              // parts/reduce.py
    partial_maxima[local_id.x / 32u] = values;                            // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  var total: u32 = partial_maxima[0u];                                    // parts/reduce.py
  for (var cell = 1u; cell < 2u; cell++) {                                // parts/reduce.py
    total = max(total, partial_maxima[cell]);                             // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  let last = select(0u, best_index ^ 0xffffffffu, best_key == total);     // sampling/argmax.py
  let values_1 = subgroupMax(last);                                       // parts/reduce.py
  if (subgroup_lane == 0u) {                                              // parts/reduce.py
    partial_maxima[local_id.x / 32u] = values_1;                          // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  var total_1: u32 = partial_maxima[0u];                                  // parts/reduce.py
  for (var cell = 1u; cell < 2u; cell++) {                                // parts/reduce.py
    total_1 = max(total_1, partial_maxima[cell]);                         // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  let token = total_1 ^ 0xffffffffu;                                      // sampling/argmax.py
  if (local_id.x == 0u) {                                                 // sampling/argmax.py
    tokens[step.past + step.seq] = token;                                 // sampling/argmax.py
  }
}
