// mask_512

// Waits until the kernel before has ended and what it wrote can be seen; then the next one may start.
__device__ inline void inputs_ready() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

extern "C" __global__ void __launch_bounds__(256) mask_512(
  const unsigned* mask,
  uint4* __restrict__ logits
) {
  inputs_ready();
  const unsigned at = blockIdx.x * 256u + threadIdx.x;                    // sampling/mask.py
  if (at < 128u) {                                                        // sampling/mask.py
    const unsigned first = at * 4u;                                       // sampling/mask.py
    const unsigned word = mask[first >> 5u] >> (first & 31u);             // sampling/mask.py
    const uint4 bits = logits[at];                                        // sampling/mask.py
    const unsigned lanes = bits.x;                                        // sampling/mask.py
    const unsigned kept = lanes == 4286578688u ? 4286578687u : lanes;     // sampling/mask.py
    const unsigned t = word & 1u;                                         // sampling/mask.py
    const unsigned lanes_1 = word >> 1u;                                  // sampling/mask.py
    const unsigned kept_1 = bits.y == 4286578688u ? 4286578687u : bits.y;  // sampling/mask.py
    const unsigned lanes_2 = word >> 2u;                                  // sampling/mask.py
    const unsigned kept_2 = bits.z == 4286578688u ? 4286578687u : bits.z;  // sampling/mask.py
    const unsigned lanes_3 = word >> 3u;                                  // sampling/mask.py
    const unsigned kept_3 = bits.w == 4286578688u ? 4286578687u : bits.w;  // sampling/mask.py
    logits[at] = make_uint4(t == 0u ? 4286578688u : kept, (lanes_1 & 1u)
        == 0u ? 4286578688u : kept_1, (lanes_2 & 1u)
        == 0u ? 4286578688u : kept_2, (lanes_3 & 1u) == 0u ? 4286578688u : kept_3);  // sampling/mask.py
  }
}
