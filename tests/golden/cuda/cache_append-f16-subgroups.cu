// cache_append_f16_2x64

__device__ inline unsigned pack_half2(float2 pair) {
  unsigned word;
#if __CUDA_ARCH__ >= 800
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(pair.y), "f"(pair.x));
#else
  asm("{ .reg .b16 low, high;"
      "  cvt.rn.f16.f32 low, %1;"
      "  cvt.rn.f16.f32 high, %2;"
      "  mov.b32 %0, {low, high}; }"
      : "=r"(word) : "f"(pair.x), "f"(pair.y));
#endif
  return word;
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

extern "C" __global__ void __launch_bounds__(64) cache_append_f16_2x64(
  const float2* x,
  unsigned* __restrict__ cache,
  const Step* __restrict__ step
) {
  inputs_ready();
  const unsigned pair = blockIdx.x * 64u + threadIdx.x;                   // attention/rotate_and_append.py
  if (pair < 64u) {                                                       // attention/rotate_and_append.py
    const float2 elements = x[blockIdx.y * 64u + pair];                   // attention/rotate_and_append.py
    cache[(step->past + blockIdx.y) * 64u + pair] = pack_half2(elements);  // attention/rotate_and_append.py
  }
}
