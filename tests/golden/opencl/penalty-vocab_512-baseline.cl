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
  if (step->repetition_penalty != 1.0f) {                                 // sampling/penalty.py
    const uint positions = step->past + step->seq;                        // sampling/penalty.py
    const uint number = workgroup_id.x * 8u + local_id / 32u;             // sampling/penalty.py
    const uint position = min(number, positions - 1u);                    // sampling/penalty.py
    const uint token = tokens[position];                                  // sampling/penalty.py
    float before = 0.0f;                                                  // sampling/penalty.py
    const uint lane = local_id % 32u;                                     // parts/reduce.py
    for (uint earlier = lane; earlier < position; earlier += 32u) {       // sampling/penalty.py
      if (tokens[earlier] == token) {
        before = 1.0f;                                                    // sampling/penalty.py
      }
    }
    team_maxima[local_id] = before;                                       // parts/reduce.py
    barrier(CLK_LOCAL_MEM_FENCE);                                         // parts/reduce.py
    if (lane < 16u) {                                                     // parts/reduce.py
      team_maxima[local_id] = fmax(team_maxima[local_id], team_maxima[local_id + 16u]);  // parts/reduce.py
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // parts/reduce.py
    if (lane < 8u) {                                                      // parts/reduce.py
      team_maxima[local_id] = fmax(team_maxima[local_id], team_maxima[local_id + 8u]);  // parts/reduce.py
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // parts/reduce.py
    if (lane < 4u) {                                                      // parts/reduce.py
      team_maxima[local_id] = fmax(team_maxima[local_id], team_maxima[local_id + 4u]);  // parts/reduce.py
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // parts/reduce.py
    if (lane < 2u) {                                                      // parts/reduce.py
      team_maxima[local_id] = fmax(team_maxima[local_id], team_maxima[local_id + 2u]);  // parts/reduce.py
    }
    barrier(CLK_LOCAL_MEM_FENCE);                                         // parts/reduce.py
    if (lane < 1u) {                                                      // parts/reduce.py
      team_maxima[local_id] = fmax(team_maxima[local_id], team_maxima[local_id + 1u]);  // parts/reduce.py
    }
    const bool first = number < positions && team_maxima[local_id] == 0.0f;  // sampling/penalty.py
    const bool valid = token < 512u;                                      // sampling/penalty.py
    if (lane == 0u && first && valid) {                                   // sampling/penalty.py
      const float logit = logits[token];                                  // sampling/penalty.py
      logits[token] = logit > 0.0f ? logit / step->repetition_penalty : logit
          * step->repetition_penalty;                                     // sampling/penalty.py
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}
