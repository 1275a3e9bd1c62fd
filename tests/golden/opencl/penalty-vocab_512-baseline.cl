// penalty_512

struct Step {
  uint seq;
  uint past;
  uint seed;
  uint top_k;
  float temperature;
  float top_p;
  float min_p;
  float repetition_penalty;
};

__kernel __attribute__((reqd_work_group_size(256, 1, 1)))
void penalty_512_kernel(
  __global const uint *restrict tokens,
  __global float *restrict logits,
  __constant struct Step *step
) {
  __local float team_maxima[256];
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  if (step->repetition_penalty != 1.0f) {                                 // penalty.py
    const uint positions = step->past + step->seq;                        // penalty.py
    const uint number = workgroup_id.x * 8u + local_id / 32u;             // penalty.py
    const uint position = min(number, positions - 1u);                    // penalty.py
    const uint token = tokens[position];                                  // penalty.py
    float before = 0.0f;                                                  // penalty.py
    const uint lane = local_id % 32u;                                     // reduce.py
    for (uint earlier = lane; earlier < position; earlier += 32u) {       // penalty.py
      if (tokens[earlier] == token) {
        before = 1.0f;                                                    // penalty.py
      }
    }
    team_maxima[local_id] = before;                                       // reduce.py
    barrier(CLK_LOCAL_MEM_FENCE);                                         // reduce.py
    if (lane < 16u) {                                                     // reduce.py
      team_maxima[local_id] = fmax(team_maxima[local_id], team_maxima[local_id + 16u]);  // reduce.py
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // reduce.py
    if (lane < 8u) {                                                      // reduce.py
      team_maxima[local_id] = fmax(team_maxima[local_id], team_maxima[local_id + 8u]);  // reduce.py
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // reduce.py
    if (lane < 4u) {                                                      // reduce.py
      team_maxima[local_id] = fmax(team_maxima[local_id], team_maxima[local_id + 4u]);  // reduce.py
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // reduce.py
    if (lane < 2u) {                                                      // reduce.py
      team_maxima[local_id] = fmax(team_maxima[local_id], team_maxima[local_id + 2u]);  // reduce.py
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // reduce.py
    if (lane < 1u) {                                                      // reduce.py
      team_maxima[local_id] = fmax(team_maxima[local_id], team_maxima[local_id + 1u]);  // reduce.py
    }
    const bool first = number < positions && team_maxima[local_id] == 0.0f;  // penalty.py
    const bool valid = token < 512u;                                      // penalty.py
    if (lane == 0u && first && valid) {                                   // penalty.py
      const float logit = logits[token];                                  // penalty.py
      logits[token] = logit > 0.0f ? logit / step->repetition_penalty : logit
          * step->repetition_penalty;                                     // penalty.py
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}
