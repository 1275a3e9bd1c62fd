// rms_norm_residual_64

__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void rms_norm_residual_64_kernel(
  __global const float4 *restrict x,
  __global const float4 *restrict residual,
  __global const float4 *restrict weight,
  __global float4 *restrict sum,
  __global float4 *restrict normed
) {
  __local float team_sums[64];
  __local float broadcast[1];
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint row = workgroup_id.x * 16u;                                  // kernels/rms_norm.py
  float squares = 0.0f;                                                   // kernels/rms_norm.py
  for (uint i = local_id; i < 16u; i += 64u) {                            // kernels/rms_norm.py
    const uint index = row + i;                                           // kernels/rms_norm.py
    const float4 v = x[index];
    const float4 v_1 = v + residual[index];                               // kernels/rms_norm.py
    sum[index] = v_1;                                                     // kernels/rms_norm.py
    squares += dot(v_1, v_1);                                             // kernels/rms_norm.py
  }
  team_sums[local_id] = squares;                                          // parts/reduce.py
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  if (local_id < 32u) {                                                   // parts/reduce.py
    team_sums[local_id] += team_sums[local_id + 32u];                     // parts/reduce.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  if (local_id < 16u) {                                                   // parts/reduce.py
    team_sums[local_id] += team_sums[local_id + 16u];                     // parts/reduce.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  if (local_id < 8u) {                                                    // parts/reduce.py
    team_sums[local_id] += team_sums[local_id + 8u];                      // parts/reduce.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  if (local_id < 4u) {                                                    // parts/reduce.py
    team_sums[local_id] += team_sums[local_id + 4u];                      // parts/reduce.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  if (local_id < 2u) {                                                    // parts/reduce.py
    team_sums[local_id] += team_sums[local_id + 2u];                      // parts/reduce.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  if (local_id < 1u) {                                                    // parts/reduce.py
    team_sums[local_id] += team_sums[local_id + 1u];                      // parts/reduce.py
  }
  const float scale = rsqrt(team_sums[local_id] * 0.015625f + 1e-5f);     // kernels/rms_norm.py
  if (local_id == 0u) {                                                   // parts/reduce.py
    broadcast[0u] = scale;                                                // parts/reduce.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  const float scale_1 = broadcast[0u];                                    // parts/reduce.py
  for (uint i = local_id; i < 16u; i += 64u) {                            // kernels/rms_norm.py
    const uint index = row + i;                                           // kernels/rms_norm.py
    const float4 v = sum[index];
    normed[index] = v * scale_1 * weight[i];                              // kernels/rms_norm.py
  }
}
