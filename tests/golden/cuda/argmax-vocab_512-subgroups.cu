// argmax_512

__device__ inline uint4 as_uint4(float4 a) {
  return make_uint4(__float_as_uint(a.x), __float_as_uint(a.y), __float_as_uint(a.z),
      __float_as_uint(a.w));
}

__device__ inline uint4 splat_uint4(unsigned a) {
  return make_uint4(a, a, a, a);
}

__device__ inline uint4 operator>>(uint4 a, uint4 b) {
  return make_uint4(a.x >> b.x, a.y >> b.y, a.z >> b.z, a.w >> b.w);
}

__device__ inline uint4 operator*(uint4 a, unsigned b) {
  return make_uint4(a.x * b, a.y * b, a.z * b, a.w * b);
}

__device__ inline uint4 operator|(uint4 a, uint4 b) {
  return make_uint4(a.x | b.x, a.y | b.y, a.z | b.z, a.w | b.w);
}

__device__ inline uint4 operator^(uint4 a, uint4 b) {
  return make_uint4(a.x ^ b.x, a.y ^ b.y, a.z ^ b.z, a.w ^ b.w);
}

__device__ inline uint4 operator+(uint4 a, unsigned b) {
  return make_uint4(a.x + b, a.y + b, a.z + b, a.w + b);
}

__device__ inline uint4 max(uint4 a, uint4 b) {
  return make_uint4(max(a.x, b.x), max(a.y, b.y), max(a.z, b.z), max(a.w, b.w));
}

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

extern "C" __global__ void __launch_bounds__(64) argmax_512(
  const float4* logits,
  unsigned* __restrict__ tokens,
  const Step* __restrict__ step
) {
  __shared__ unsigned partial_maxima[16];
  const unsigned subgroup_lane = threadIdx.x % 32u;
  inputs_ready();
  unsigned best_key = 0u;                                                 // sampling/argmax.py
  unsigned best_index = 0u;                                               // sampling/argmax.py
  for (unsigned first = threadIdx.x; first < 128u; first += 64u) {        // sampling/argmax.py
    const uint4 bits = as_uint4(logits[first]);                           // sampling/order_keys.py
    const uint4 ascending = bits ^ (((bits >> splat_uint4(31u)) * 2147483647u)
        | splat_uint4(2147483648u));                                      // sampling/order_keys.py
    const uint4 key = max(ascending + 8388607u, splat_uint4(16777214u));  // sampling/order_keys.py
    const unsigned greatest = max(max(key.x, key.y), max(key.z, key.w));  // sampling/order_keys.py
    if (greatest > best_key) {                                            // sampling/argmax.py
      const unsigned first_1 = first * 4u;                                // sampling/argmax.py
      if (key.x > best_key) {                                             // sampling/argmax.py
        best_key = key.x;                                                 // sampling/argmax.py
        best_index = first_1;                                             // sampling/argmax.py
      }
      if (key.y > best_key) {                                             // sampling/argmax.py
        best_key = key.y;                                                 // sampling/argmax.py
        best_index = first_1 + 1u;                                        // sampling/argmax.py
      }
      if (key.z > best_key) {                                             // sampling/argmax.py
        best_key = key.z;                                                 // sampling/argmax.py
        best_index = first_1 + 2u;                                        // sampling/argmax.py
      }
      if (key.w > best_key) {                                             // sampling/argmax.py
        best_key = key.w;                                                 // sampling/argmax.py
        best_index = first_1 + 3u;                                        // sampling/argmax.py
      }
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
