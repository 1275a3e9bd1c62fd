// row_result_36

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

__kernel __attribute__((reqd_work_group_size(32, 1, 1)))
void row_result_36_kernel(
  __global const uint *restrict tokens,
  __global const uint *restrict logits,
  __global uint *restrict result,
  __constant struct Step *step
) {
  const uint local_id = get_local_id(0);
  const uint position = step->past + step->seq;                           // sampling/row_result.py
  if (local_id == 0u) {                                                   // sampling/row_result.py
    result[0u] = tokens[position];                                        // sampling/row_result.py
    result[1u] = logits[0u];                                              // sampling/row_result.py
  }
}
