// half_rows_128

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

__kernel __attribute__((reqd_work_group_size(128, 1, 1)))
void half_rows_128_kernel(
  __global const float4 *restrict x,
  __global uint4 *restrict halves,
  __constant struct Step *step
) {
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint step_1 = workgroup_id.x / 4u;                                // linear/half_rows.py
  const uint unit = local_id % 4u;                                        // linear/half_rows.py
  const uint line = (workgroup_id.x % 4u) * 32u + local_id / 4u;          // linear/half_rows.py
  const uint first = step_1 * 16u + unit;                                 // linear/half_rows.py
  const uint index = min(workgroup_id.y * 128u + line, step->seq - 1u) * 32u;  // linear/buffers.py
  const float4 x_1 = x[first + index];
  const float4 chosen = select(x_1, (float4)(65504.0f), x_1 > (float4)(65504.0f));  // parts/staged_rows.py
  const float4 four = select(chosen, (float4)(-65504.0f), chosen < (float4)(-65504.0f));
  const float4 x_2 = x[first + 4u + index];                               // linear/buffers.py
  const float4 chosen_1 = select(x_2, (float4)(65504.0f), x_2 > (float4)(65504.0f));  // parts/staged_rows.py
  const float4 four_1 = select(chosen_1, (float4)(-65504.0f), chosen_1 < (float4)(-65504.0f));
  const float4 x_3 = x[first + 8u + index];                               // linear/buffers.py
  const float4 chosen_2 = select(x_3, (float4)(65504.0f), x_3 > (float4)(65504.0f));  // parts/staged_rows.py
  const float4 four_2 = select(chosen_2, (float4)(-65504.0f), chosen_2 < (float4)(-65504.0f));
  const float4 x_4 = x[first + 12u + index];                              // linear/buffers.py
  const float4 chosen_3 = select(x_4, (float4)(65504.0f), x_4 > (float4)(65504.0f));  // parts/staged_rows.py
  const float4 four_3 = select(chosen_3, (float4)(-65504.0f), chosen_3 < (float4)(-65504.0f));
  const uint place = (workgroup_id.y * 2u + step_1) * 1024u + unit * 256u + line;  // linear/half_rows.py
  const uint word = pack_half2((float2)(four.x, four.y));                 // linear/half_rows.py
  const uint word_1 = pack_half2((float2)(four_1.x, four_1.y));
  const uint word_2 = pack_half2((float2)(four_2.x, four_2.y));
  const uint word_3 = pack_half2((float2)(four_3.x, four_3.y));
  halves[place] = (uint4)(word, word_1, word_2, word_3);                  // linear/half_rows.py
  const uint word_4 = pack_half2((float2)(four.z, four.w));               // linear/half_rows.py
  const uint word_5 = pack_half2((float2)(four_1.z, four_1.w));
  const uint word_6 = pack_half2((float2)(four_2.z, four_2.w));
  const uint word_7 = pack_half2((float2)(four_3.z, four_3.w));
  halves[place + 128u] = (uint4)(word_4, word_5, word_6, word_7);         // linear/half_rows.py
}
