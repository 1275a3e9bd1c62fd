// penalty_rows_512_of4

@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;
@group(0) @binding(2) var<storage, read> step_rows: array<u32>;

var<workgroup> team_maxima: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.z * 8u;                                        // several/each_row.py
  let step_rows_value = step_rows[index];
  let step_rows_value_1 = step_rows[index + 1u];
  let penalty = bitcast<f32>(step_rows[index + 7u]);
  let index_1 = workgroup_id.z * 512u;                                    // several/each_row.py
  if (penalty != 1.0) {                                                   // sampling/penalty.py
    let positions = step_rows_value_1 + 1u;                               // sampling/penalty.py
    let number = workgroup_id.x * 8u + local_id.x / 32u;                  // sampling/penalty.py
    let position = min(number, positions - 1u);                           // sampling/penalty.py
    let token = tokens[step_rows_value + position];                       // sampling/penalty.py
    var before: f32 = 0.0;                                                // sampling/penalty.py
    let lane = local_id.x % 32u;                                          // parts/reduce.py
    for (var earlier = lane; earlier < position; earlier += 32u) {        // sampling/penalty.py
      if (tokens[step_rows_value + earlier] == token) {
        before = 1.0;                                                     // sampling/penalty.py
      }
    }
    team_maxima[local_id.x] = before;                                     // parts/reduce.py
    workgroupBarrier();                                                   // parts/reduce.py
    if (lane < 16u) {                                                     // parts/reduce.py
      team_maxima[local_id.x] = max(team_maxima[local_id.x], team_maxima[local_id.x + 16u]);  // parts/reduce.py
    }
    workgroupBarrier();                                                   // parts/reduce.py
    if (lane < 8u) {                                                      // parts/reduce.py
      team_maxima[local_id.x] = max(team_maxima[local_id.x], team_maxima[local_id.x + 8u]);  // parts/reduce.py
    }
    workgroupBarrier();                                                   // parts/reduce.py
    if (lane < 4u) {                                                      // parts/reduce.py
      team_maxima[local_id.x] = max(team_maxima[local_id.x], team_maxima[local_id.x + 4u]);  // parts/reduce.py
    }
    workgroupBarrier();                                                   // parts/reduce.py
    if (lane < 2u) {                                                      // parts/reduce.py
      team_maxima[local_id.x] = max(team_maxima[local_id.x], team_maxima[local_id.x + 2u]);  // parts/reduce.py
    }
    workgroupBarrier();                                                   // parts/reduce.py
    if (lane < 1u) {                                                      // parts/reduce.py
      team_maxima[local_id.x] = max(team_maxima[local_id.x], team_maxima[local_id.x + 1u]);  // parts/reduce.py
    }
    let first = number < positions && team_maxima[local_id.x] == 0.0;     // sampling/penalty.py
    let valid = token < 512u;                                             // sampling/penalty.py
    if (lane == 0u && first && valid) {                                   // sampling/penalty.py
      let index_2 = index_1 + token;                                      // sampling/penalty.py
      let logit = logits[index_2];
      logits[index_2] = select(logit * penalty, logit / penalty, logit > 0.0);  // sampling/penalty.py
    }
  }
}
