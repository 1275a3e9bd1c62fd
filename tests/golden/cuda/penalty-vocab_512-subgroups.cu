// penalty_512

__device__ inline float subgroup_max(float x) {
  for (unsigned distance = 16u; distance > 0u; distance /= 2u) {
    const float other = __shfl_xor_sync(0xffffffffu, x, distance);
    x = fmaxf(x, other);
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

extern "C" __global__ void __launch_bounds__(256) penalty_512(
  const unsigned* tokens,
  float* __restrict__ logits,
  const Step* __restrict__ step
) {
  inputs_ready();
  if (step->repetition_penalty != 1.0f) {                                 // sampling/penalty.py
    const unsigned positions = step->past + step->seq;                    // sampling/penalty.py
    const unsigned number = blockIdx.x * 8u + threadIdx.x / 32u;          // sampling/penalty.py
    const unsigned position = min(number, positions - 1u);                // sampling/penalty.py
    const unsigned token = tokens[position];                              // sampling/penalty.py
    float before = 0.0f;                                                  // sampling/penalty.py
    const unsigned lane = threadIdx.x % 32u;                              // parts/reduce.py
    for (unsigned earlier = lane; earlier < position; earlier += 32u) {   // sampling/penalty.py
      if (tokens[earlier] == token) {
        before = 1.0f;                                                    // sampling/penalty.py
      }
    }
    const float seen = subgroup_max(before);                              // parts/reduce.py
    const bool first = number < positions && seen == 0.0f;                // sampling/penalty.py
    const bool valid = token < 512u;                                      // sampling/penalty.py
    if (lane == 0u && first && valid) {                                   // sampling/penalty.py
      const float logit = logits[token];                                  // sampling/penalty.py
      logits[token] = logit > 0.0f ? logit / step->repetition_penalty : logit
          * step->repetition_penalty;                                     // sampling/penalty.py
    }
  }
}
