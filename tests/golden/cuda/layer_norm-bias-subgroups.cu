// layer_norm_bias_64

__device__ inline float4 splat_float4(float a) {
  return make_float4(a, a, a, a);
}

__device__ inline float4 operator-(float4 a, float b) {
  return make_float4(a.x - b, a.y - b, a.z - b, a.w - b);
}

__device__ inline float4 operator*(float4 a, float b) {
  return make_float4(a.x * b, a.y * b, a.z * b, a.w * b);
}

__device__ inline float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

__device__ inline float4 operator+(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
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

extern "C" __global__ void __launch_bounds__(32) layer_norm_bias_64(
  const float4* x,
  const float4* weight,
  const float4* bias,
  float4* __restrict__ normed
) {
  __shared__ float partial_sums[8];
  const unsigned subgroup_lane = threadIdx.x % 32u;
  inputs_ready();
  const unsigned row = blockIdx.x * 16u;                                  // kernels/layer_norm.py
  float total = 0.0f;                                                     // kernels/layer_norm.py
  for (unsigned i = threadIdx.x; i < 16u; i += 32u) {                     // kernels/layer_norm.py
    total += dot(x[row + i], splat_float4(1.0f));                         // kernels/layer_norm.py
  }
  const float values = subgroup_sum(total);                               // parts/reduce.py
  if (subgroup_lane == 0u) {                                              // parts/reduce.py
    partial_sums[threadIdx.x / 32u] = values;                             // parts/reduce.py
  }
  __syncthreads();                                                        // parts/reduce.py
  float total_1 = partial_sums[0u];                                       // parts/reduce.py
  for (unsigned cell = 1u; cell < 1u; cell++) {                           // parts/reduce.py
    total_1 += partial_sums[cell];                                        // parts/reduce.py
  }
  __syncthreads();                                                        // parts/reduce.py
  const float mean = total_1 * 0.015625f;                                 // kernels/layer_norm.py
  float squares = 0.0f;                                                   // kernels/layer_norm.py
  for (unsigned i = threadIdx.x; i < 16u; i += 32u) {                     // kernels/layer_norm.py
    const float4 centred = x[row + i] - mean;                             // kernels/layer_norm.py
    squares += dot(centred, centred);                                     // kernels/layer_norm.py
  }
  const float values_1 = subgroup_sum(squares);                           // parts/reduce.py
  if (subgroup_lane == 0u) {                                              // parts/reduce.py
    partial_sums[threadIdx.x / 32u] = values_1;                           // parts/reduce.py
  }
  __syncthreads();                                                        // parts/reduce.py
  float total_2 = partial_sums[0u];                                       // parts/reduce.py
  for (unsigned cell = 1u; cell < 1u; cell++) {                           // parts/reduce.py
    total_2 += partial_sums[cell];                                        // parts/reduce.py
  }
  __syncthreads();                                                        // parts/reduce.py
  const float variance = total_2 * 0.015625f;                             // kernels/layer_norm.py
  const float scale = rsqrtf(variance + 1e-5f);                           // kernels/layer_norm.py
  for (unsigned i = threadIdx.x; i < 16u; i += 32u) {                     // kernels/layer_norm.py
    const unsigned index = row + i;                                       // kernels/layer_norm.py
    const float4 v = (x[index] - mean) * scale;
    const float4 weight_1 = weight[i];                                    // kernels/layer_norm.py
    const float4 v_1 = v * weight_1;                                      // kernels/layer_norm.py
    normed[index] = v_1 + bias[i];                                        // kernels/layer_norm.py
  }
}
