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
  @builtin(subgroup_size) subgroup_size: u32,
) {
  var best_key: u32 = 0u;                                                 // argmax.py
  var best_index: u32 = 0u;                                               // argmax.py
  for (var block = local_id.x; block < 8u; block += 64u) {                // argmax.py
    let pair = best[block];                                               // argmax.py
    let index = pair.y;                                                   // argmax.py
    if (pair.x > best_key) {                                              // argmax.py
      best_key = pair.x;                                                  // argmax.py
      best_index = index;                                                 // argmax.py
    }
  }
  let values = subgroupMax(best_key);                                     // workgroup.py
  if (subgroup_lane == 0u) {                                              // workgroup.py
    partial_maxima[local_id.x / subgroup_size] = values;                  // workgroup.py
  }
  workgroupBarrier();                                                     // workgroup.py
  let subgroups = (subgroup_size + 63u) / subgroup_size;                  // workgroup.py
  var total: u32 = partial_maxima[0u];                                    // workgroup.py
  for (var cell = 1u; cell < subgroups; cell++) {                         // workgroup.py
    total = max(total, partial_maxima[cell]);                             // workgroup.py
  }
  workgroupBarrier();                                                     // workgroup.py
  let last = select(0u, best_index ^ 0xffffffffu, best_key == total);     // argmax.py
  let values_1 = subgroupMax(last);                                       // workgroup.py
  if (subgroup_lane == 0u) {                                              // workgroup.py
    partial_maxima[local_id.x / subgroup_size] = values_1;                // workgroup.py
  }
  workgroupBarrier();                                                     // workgroup.py
  let subgroups_1 = (subgroup_size + 63u) / subgroup_size;                // workgroup.py
  var total_1: u32 = partial_maxima[0u];                                  // workgroup.py
  for (var cell = 1u; cell < subgroups_1; cell++) {                       // workgroup.py
    total_1 = max(total_1, partial_maxima[cell]);                         // workgroup.py
  }
  workgroupBarrier();                                                     // workgroup.py
  let token = total_1 ^ 0xffffffffu;                                      // argmax.py
  if (local_id.x == 0u) {                                                 // argmax.py
    tokens[step.past + step.seq] = token;                                 // argmax.py
  }
}
