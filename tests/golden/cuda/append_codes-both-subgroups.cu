// append_codes_2x64_both_one

__device__ inline uint4 as_uint4(float4 a) {
  return make_uint4(__float_as_uint(a.x), __float_as_uint(a.y), __float_as_uint(a.z),
      __float_as_uint(a.w));
}

__device__ inline uint4 splat_uint4(unsigned a) {
  return make_uint4(a, a, a, a);
}

__device__ inline uint4 operator&(uint4 a, uint4 b) {
  return make_uint4(a.x & b.x, a.y & b.y, a.z & b.z, a.w & b.w);
}

__device__ inline uint4 max(uint4 a, uint4 b) {
  return make_uint4(max(a.x, b.x), max(a.y, b.y), max(a.z, b.z), max(a.w, b.w));
}

__device__ inline float4 splat_float4(float a) {
  return make_float4(a, a, a, a);
}

__device__ inline float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

__device__ inline int4 to_int4(float4 a) {
  return make_int4(__float2int_rz(a.x), __float2int_rz(a.y), __float2int_rz(a.z),
      __float2int_rz(a.w));
}

__device__ inline int4 operator+(int4 a, int b) {
  return make_int4(int(unsigned(a.x) + unsigned(b)), int(unsigned(a.y) + unsigned(b)),
      int(unsigned(a.z) + unsigned(b)), int(unsigned(a.w) + unsigned(b)));
}

__device__ inline int4 operator>>(int4 a, uint4 b) {
  return make_int4(a.x >> b.x, a.y >> b.y, a.z >> b.z, a.w >> b.w);
}

__device__ inline uint4 as_uint4(int4 a) {
  return make_uint4(unsigned(a.x), unsigned(a.y), unsigned(a.z), unsigned(a.w));
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

extern "C" __global__ void __launch_bounds__(32) append_codes_2x64_both_one(
  const float4* k_rows,
  const float4* v_rows,
  unsigned* __restrict__ k_cache,
  float* __restrict__ k_scales,
  unsigned* __restrict__ v_cache,
  float* __restrict__ v_scales,
  const Step* __restrict__ step
) {
  __shared__ unsigned largest[32];
  inputs_ready();
  const unsigned index = threadIdx.x / 8u;                                // attention/append_codes.py
  const unsigned head = blockIdx.x * 4u + index;
  const unsigned head_1 = min(head, 1u);                                  // attention/append_codes.py
  const unsigned source = blockIdx.y * 2u + head_1;                       // attention/append_codes.py
  const unsigned target = (step->past + blockIdx.y) * 2u + head_1;
  const bool t = blockIdx.z == 0u;                                        // attention/append_codes.py
  if (t) {                                                                // attention/append_codes.py
    const unsigned first = source * 16u + threadIdx.x % 8u;               // attention/append_codes.py
    const uint4 four = max(as_uint4(k_rows[first]) & splat_uint4(2147483647u),
        as_uint4(k_rows[first + 8u]) & splat_uint4(2147483647u));         // attention/append_codes.py
    const unsigned most = max(max(four.x, four.y), max(four.z, four.w));  // attention/append_codes.py
    largest[threadIdx.x] = most;                                          // attention/append_codes.py
  }
  const bool t_1 = blockIdx.z == 1u;                                      // attention/append_codes.py
  if (t_1) {                                                              // attention/append_codes.py
    const unsigned first = source * 16u + threadIdx.x % 8u;               // attention/append_codes.py
    const uint4 four = max(as_uint4(v_rows[first]) & splat_uint4(2147483647u),
        as_uint4(v_rows[first + 8u]) & splat_uint4(2147483647u));         // attention/append_codes.py
    const unsigned most = max(max(four.x, four.y), max(four.z, four.w));  // attention/append_codes.py
    largest[threadIdx.x] = most;                                          // attention/append_codes.py
  }
  __syncthreads();                                                        // attention/append_codes.py
  if (t) {                                                                // attention/append_codes.py
    const unsigned index_1 = threadIdx.x % 8u;                            // attention/append_codes.py
    const unsigned first = source * 16u + index_1;
    const float4 four = k_rows[first];                                    // attention/append_codes.py
    const float4 four_1 = k_rows[first + 8u];
    const unsigned mine = index * 8u;                                     // attention/append_codes.py
    const unsigned largest_1 = largest[mine];                             // attention/append_codes.py
    const unsigned largest_2 = max(max(largest_1, largest[mine + 1u]), largest[mine + 2u]);  // attention/append_codes.py
    const unsigned largest_value = largest[mine + 3u];
    const unsigned most = max(max(max(max(max(largest_2, largest_value), largest[mine + 4u]),
        largest[mine + 5u]), largest[mine + 6u]), largest[mine + 7u]);
    const unsigned exponent = min(max(most >> 23u, 27u), 252u);           // parts/coded_groups.py
    const unsigned t_2 = (((most & 0x007fffffu) | 0x00800000u) >> 8u) + 1u;  // parts/coded_groups.py
    const float steps = float(2130706432u / t_2) * __uint_as_float((253u - exponent) << 23u);  // parts/coded_groups.py
    const float quotient = float((t_2 << 14u) / 127u);                    // parts/coded_groups.py
    const float scale = quotient * 1.8626451e-9f * __uint_as_float(exponent << 23u);  // parts/coded_groups.py
    const float scale_1 = __uint_as_float(most
        < 2139095040u ? __float_as_uint(scale) : 2143289344u);            // parts/coded_groups.py
    if (head < 2u) {                                                      // attention/append_codes.py
      const unsigned first_1 = target * 16u + index_1;                    // attention/append_codes.py
      const float4 t_3 = splat_float4(steps * 8.0f);                      // parts/coded_groups.py
      const int4 cut = to_int4(four * t_3);
      const int4 parts = (cut + 4) >> splat_uint4(3u);                    // parts/coded_groups.py
      const uint4 codes = as_uint4(parts + 128) & splat_uint4(65280u);    // parts/coded_groups.py
      const unsigned low = (codes.x >> 8u) | codes.y;                     // parts/coded_groups.py
      const unsigned high = (codes.z << 8u) | (codes.w << 16u);
      k_cache[first_1] = low | high;                                      // attention/append_codes.py
      const int4 cut_1 = to_int4(four_1 * t_3);                           // parts/coded_groups.py
      const int4 parts_1 = (cut_1 + 4) >> splat_uint4(3u);                // parts/coded_groups.py
      const uint4 codes_1 = as_uint4(parts_1 + 128) & splat_uint4(65280u);  // parts/coded_groups.py
      const unsigned low_1 = (codes_1.x >> 8u) | codes_1.y;               // parts/coded_groups.py
      const unsigned high_1 = (codes_1.z << 8u) | (codes_1.w << 16u);
      k_cache[first_1 + 8u] = low_1 | high_1;                             // attention/append_codes.py
      if (index_1 < 1u) {                                                 // attention/append_codes.py
        k_scales[target] = scale_1;                                       // attention/append_codes.py
      }
    }
  }
  if (t_1) {                                                              // attention/append_codes.py
    const unsigned index_1 = threadIdx.x % 8u;                            // attention/append_codes.py
    const unsigned first = source * 16u + index_1;
    const float4 four = v_rows[first];                                    // attention/append_codes.py
    const float4 four_1 = v_rows[first + 8u];
    const unsigned mine = index * 8u;                                     // attention/append_codes.py
    const unsigned largest_1 = largest[mine];                             // attention/append_codes.py
    const unsigned largest_2 = max(max(largest_1, largest[mine + 1u]), largest[mine + 2u]);  // attention/append_codes.py
    const unsigned largest_value = largest[mine + 3u];
    const unsigned most = max(max(max(max(max(largest_2, largest_value), largest[mine + 4u]),
        largest[mine + 5u]), largest[mine + 6u]), largest[mine + 7u]);
    const unsigned exponent = min(max(most >> 23u, 27u), 252u);           // parts/coded_groups.py
    const unsigned t_2 = (((most & 0x007fffffu) | 0x00800000u) >> 8u) + 1u;  // parts/coded_groups.py
    const float steps = float(2130706432u / t_2) * __uint_as_float((253u - exponent) << 23u);  // parts/coded_groups.py
    const float quotient = float((t_2 << 14u) / 127u);                    // parts/coded_groups.py
    const float scale = quotient * 1.8626451e-9f * __uint_as_float(exponent << 23u);  // parts/coded_groups.py
    const float scale_1 = __uint_as_float(most
        < 2139095040u ? __float_as_uint(scale) : 2143289344u);            // parts/coded_groups.py
    if (head < 2u) {                                                      // attention/append_codes.py
      const unsigned first_1 = target * 16u + index_1;                    // attention/append_codes.py
      const float4 t_3 = splat_float4(steps * 8.0f);                      // parts/coded_groups.py
      const int4 cut = to_int4(four * t_3);
      const int4 parts = (cut + 4) >> splat_uint4(3u);                    // parts/coded_groups.py
      const uint4 codes = as_uint4(parts + 128) & splat_uint4(65280u);    // parts/coded_groups.py
      const unsigned low = (codes.x >> 8u) | codes.y;                     // parts/coded_groups.py
      const unsigned high = (codes.z << 8u) | (codes.w << 16u);
      v_cache[first_1] = low | high;                                      // attention/append_codes.py
      const int4 cut_1 = to_int4(four_1 * t_3);                           // parts/coded_groups.py
      const int4 parts_1 = (cut_1 + 4) >> splat_uint4(3u);                // parts/coded_groups.py
      const uint4 codes_1 = as_uint4(parts_1 + 128) & splat_uint4(65280u);  // parts/coded_groups.py
      const unsigned low_1 = (codes_1.x >> 8u) | codes_1.y;               // parts/coded_groups.py
      const unsigned high_1 = (codes_1.z << 8u) | (codes_1.w << 16u);
      v_cache[first_1 + 8u] = low_1 | high_1;                             // attention/append_codes.py
      if (index_1 < 1u) {                                                 // attention/append_codes.py
        v_scales[target] = scale_1;                                       // attention/append_codes.py
      }
    }
  }
}
