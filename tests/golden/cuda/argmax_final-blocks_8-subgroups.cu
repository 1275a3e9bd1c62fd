// argmax_final_8

__device__ inline unsigned subgroup_max(unsigned x) {
  for (unsigned distance = 16u; distance > 0u; distance /= 2u) {
    const unsigned other = __shfl_xor_sync(0xffffffffu, x, distance);
    x = max(x, other);
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

struct Step {
  unsigned seq;
  unsigned past;
  unsigned seed;
  unsigned top_k;
  float temperature;
  float top_p;
  float min_p;
  float repetition_penalty;
};

extern "C" __global__ void __launch_bounds__(64) argmax_final_8(
  const uint2* best,
  unsigned* __restrict__ tokens,
  const Step* __restrict__ step
) {
  __shared__ unsigned partial_maxima[16];
  const unsigned subgroup_lane = threadIdx.x % 32u;
  inputs_ready();
  unsigned best_key = 0u;                                                 // sampling/argmax.py
  unsigned best_index = 0u;                                               // sampling/argmax.py
  for (unsigned block = threadIdx.x; block < 8u; block += 64u) {          // sampling/argmax_final.py
    const uint2 pair = best[block];                                       // sampling/argmax_final.py
    const unsigned index = pair.y;                                        // sampling/argmax_final.py
    if (pair.x > best_key) {                                              // sampling/argmax.py
      best_key = pair.x;                                                  // sampling/argmax.py
      best_index = index;                                                 // sampling/argmax.py
    }
  }
  const unsigned values = subgroup_max(best_key);                         // parts/reduce.py
  if (subgroup_lane == 0u) {                                              // parts/reduce.py
    partial_maxima[threadIdx.x / 32u] = values;                           // parts/reduce.py
  }
  __syncthreads();                                                        // parts/reduce.py
  unsigned total = partial_maxima[0u];                                    // parts/reduce.py
  for (unsigned cell = 1u; cell < 2u; cell++) {                           // parts/reduce.py
    total = max(total, partial_maxima[cell]);                             // parts/reduce.py
  }
  __syncthreads();                                                        // parts/reduce.py
  const unsigned last = best_key == total ? best_index ^ 0xffffffffu : 0u;  // sampling/argmax.py
  const unsigned values_1 = subgroup_max(last);                           // parts/reduce.py
  if (subgroup_lane == 0u) {                                              // parts/reduce.py
    partial_maxima[threadIdx.x / 32u] = values_1;                         // parts/reduce.py
  }
  __syncthreads();                                                        // parts/reduce.py
  unsigned total_1 = partial_maxima[0u];                                  // parts/reduce.py
  for (unsigned cell = 1u; cell < 2u; cell++) {                           // parts/reduce.py
    total_1 = max(total_1, partial_maxima[cell]);                         // parts/reduce.py
  }
  __syncthreads();                                                        // parts/reduce.py
  const unsigned token = total_1 ^ 0xffffffffu;                           // sampling/argmax.py
  if (threadIdx.x == 0u) {                                                // sampling/argmax.py
    tokens[step->past + step->seq] = token;                               // sampling/argmax.py
  }
}
