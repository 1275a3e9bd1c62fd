// cache_append_f16_2x64

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

uint pack_half2(float2 pair) {
  uint word;
  vstore_half2_rte(pair, 0, (__private half *)&word);
  return word;
}

__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void cache_append_f16_2x64_kernel(
  __global const float2 *restrict x,
  __global uint *restrict cache,
  __constant struct Step *step
) {
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint pair = workgroup_id.x * 64u + local_id;                      // attention/rotate_and_append.py
  if (pair < 64u) {                                                       // attention/rotate_and_append.py
    const float2 elements = x[workgroup_id.y * 64u + pair];               // attention/rotate_and_append.py
    cache[(step->past + workgroup_id.y) * 64u + pair] = pack_half2(elements);  // attention/rotate_and_append.py
  }
}
