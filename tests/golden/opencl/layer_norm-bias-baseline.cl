// layer_norm_bias_64

__kernel __attribute__((reqd_work_group_size(32, 1, 1)))
void layer_norm_bias_64_kernel(
  __global const float4 *restrict x,
  __global const float4 *restrict weight,
  __global const float4 *restrict bias,
  __global float4 *restrict normed
) {
  __local float partial_sums[32];
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint row = workgroup_id.x * 16u;                                  // kernels/layer_norm.py
  float total = 0.0f;                                                     // kernels/layer_norm.py
  for (uint i = local_id; i < 16u; i += 32u) {                            // kernels/layer_norm.py
    total += dot(x[row + i], (float4)(1.0f));                             // kernels/layer_norm.py
  }
  partial_sums[local_id] = total;                                         // parts/reduce.py
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  const bool t = local_id < 8u;                                           // parts/reduce.py
  if (t) {
    float total_1 = partial_sums[local_id];                               // parts/reduce.py
    for (uint cell = local_id + 8u; cell < 32u; cell += 8u) {             // parts/reduce.py
      total_1 += partial_sums[cell];                                      // parts/reduce.py
    }
    partial_sums[local_id] = total_1;                                     // parts/reduce.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  float total_1 = partial_sums[0u];                                       // parts/reduce.py
  for (uint cell = 1u; cell < 8u; cell++) {                               // parts/reduce.py
    total_1 += partial_sums[cell];                                        // parts/reduce.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  const float mean = total_1 * 0.015625f;                                 // kernels/layer_norm.py
  float squares = 0.0f;                                                   // kernels/layer_norm.py
  for (uint i = local_id; i < 16u; i += 32u) {                            // kernels/layer_norm.py
    const float4 centred = x[row + i] - mean;                             // kernels/layer_norm.py
    squares += dot(centred, centred);                                     // kernels/layer_norm.py
  }
  partial_sums[local_id] = squares;                                       // parts/reduce.py
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  if (t) {                                                                // parts/reduce.py
    float total_2 = partial_sums[local_id];                               // parts/reduce.py
    for (uint cell = local_id + 8u; cell < 32u; cell += 8u) {             // parts/reduce.py
      total_2 += partial_sums[cell];                                      // parts/reduce.py
    }
    partial_sums[local_id] = total_2;                                     // parts/reduce.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  float total_2 = partial_sums[0u];                                       // parts/reduce.py
  for (uint cell = 1u; cell < 8u; cell++) {                               // parts/reduce.py
    total_2 += partial_sums[cell];                                        // parts/reduce.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/reduce.py
  const float variance = total_2 * 0.015625f;                             // kernels/layer_norm.py
  const float scale = rsqrt(variance + 1e-5f);                            // kernels/layer_norm.py
  for (uint i = local_id; i < 16u; i += 32u) {                            // kernels/layer_norm.py
    const uint index = row + i;                                           // kernels/layer_norm.py
    const float4 v = (x[index] - mean) * scale;
    const float4 weight_1 = weight[i];                                    // kernels/layer_norm.py
    const float4 v_1 = v * weight_1;                                      // kernels/layer_norm.py
    normed[index] = v_1 + bias[i];                                        // kernels/layer_norm.py
  }
}
