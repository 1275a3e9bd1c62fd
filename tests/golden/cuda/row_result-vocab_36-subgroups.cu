// row_result_36

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

extern "C" __global__ void __launch_bounds__(32) row_result_36(
  const unsigned* tokens,
  const unsigned* logits,
  unsigned* result,
  const Step* __restrict__ step
) {
  inputs_ready();
  const unsigned position = step->past + step->seq;                       // sampling/row_result.py
  if (threadIdx.x == 0u) {                                                // sampling/row_result.py
    result[0u] = tokens[position];                                        // sampling/row_result.py
    result[1u] = logits[0u];                                              // sampling/row_result.py
  }
}
