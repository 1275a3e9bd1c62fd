// rms_norm_residual_64

__device__ inline float4 operator+(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}

__device__ inline float4 operator*(float4 a, float b) {
  return make_float4(a.x * b, a.y * b, a.z * b, a.w * b);
}

__device__ inline float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

__device__ inline float dot(float4 a, float4 b) {
  return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

__device__ inline float subgroup_sum(float x) {
  for (unsigned distance = 16u; distance > 0u; distance /= 2u) {
    const float other = __shfl_xor_sync(0xffffffffu, x, distance);
    x = x + other;
  }
  return x;
}

// Waits until the kernel before has ended and what it wrote can be seen; then the next one may start.
__device__ inline void inputs_ready() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

extern "C" __global__ void __launch_bounds__(64) rms_norm_residual_64(
  const float4* x,
  const float4* residual,
  const float4* weight,
  float4* __restrict__ sum,
  float4* __restrict__ normed
) {
  __shared__ float team_sums[16];
  __shared__ float broadcast[1];
  const unsigned subgroup_lane = threadIdx.x % 32u;
  inputs_ready();
  const unsigned row = blockIdx.x * 16u;                                  // kernels/rms_norm.py
  float squares = 0.0f;                                                   // kernels/rms_norm.py
  for (unsigned i = threadIdx.x; i < 16u; i += 64u) {                     // kernels/rms_norm.py
    const unsigned index = row + i;                                       // kernels/rms_norm.py
    const float4 v = x[index];
    const float4 v_1 = v + residual[index];                               // kernels/rms_norm.py
    sum[index] = v_1;                                                     // kernels/rms_norm.py
    squares += dot(v_1, v_1);                                             // kernels/rms_norm.py
  }
  const float values = subgroup_sum(squares);                             // parts/reduce.py
  if (subgroup_lane == 0u) {                                              // parts/reduce.py
    team_sums[threadIdx.x / 32u] = values;                                // parts/reduce.py
  }
  __syncthreads();                                                        // parts/reduce.py
  float total = team_sums[0u];                                            // parts/reduce.py
  for (unsigned subgroup = 1u; subgroup < 2u; subgroup++) {               // parts/reduce.py
    total += team_sums[subgroup];                                         // parts/reduce.py
  }
  const float scale = rsqrtf(total * 0.015625f + 1e-5f);                  // kernels/rms_norm.py
  if (threadIdx.x == 0u) {                                                // parts/reduce.py
    broadcast[0u] = scale;                                                // parts/reduce.py
  }
  __syncthreads();                                                        // parts/reduce.py
  const float scale_1 = broadcast[0u];                                    // parts/reduce.py
  for (unsigned i = threadIdx.x; i < 16u; i += 64u) {                     // kernels/rms_norm.py
    const unsigned index = row + i;                                       // kernels/rms_norm.py
    const float4 v = sum[index];
    normed[index] = v * scale_1 * weight[i];                              // kernels/rms_norm.py
  }
}
