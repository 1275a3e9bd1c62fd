// sample_512
struct bool4 {
  bool x, y, z, w;
};

__device__ inline bool4 make_bool4(bool x, bool y, bool z, bool w) {
  return {x, y, z, w};
}

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

__device__ inline uint4 min(uint4 a, uint4 b) {
  return make_uint4(min(a.x, b.x), min(a.y, b.y), min(a.z, b.z), min(a.w, b.w));
}

__device__ inline uint4 operator-(uint4 a, unsigned b) {
  return make_uint4(a.x - b, a.y - b, a.z - b, a.w - b);
}

__device__ inline uint4 operator-(unsigned a, uint4 b) {
  return make_uint4(a - b.x, a - b.y, a - b.z, a - b.w);
}

__device__ inline float4 as_float4(uint4 a) {
  return make_float4(__uint_as_float(a.x), __uint_as_float(a.y), __uint_as_float(a.z),
      __uint_as_float(a.w));
}

__device__ inline float4 splat_float4(float a) {
  return make_float4(a, a, a, a);
}

__device__ inline float4 operator-(float4 a, float b) {
  return make_float4(a.x - b, a.y - b, a.z - b, a.w - b);
}

__device__ inline float4 operator*(float4 a, float b) {
  return make_float4(a.x * b, a.y * b, a.z * b, a.w * b);
}

__device__ inline float4 fmaxf(float4 a, float4 b) {
  return make_float4(fmaxf(a.x, b.x), fmaxf(a.y, b.y), fmaxf(a.z, b.z), fmaxf(a.w, b.w));
}

__device__ inline float4 expf(float4 a) {
  return make_float4(expf(a.x), expf(a.y), expf(a.z), expf(a.w));
}

__device__ inline bool4 operator>=(uint4 a, uint4 b) {
  return make_bool4(a.x >= b.x, a.y >= b.y, a.z >= b.z, a.w >= b.w);
}

__device__ inline float4 select(bool4 a, float4 b, float4 c) {
  return make_float4(a.x ? b.x : c.x, a.y ? b.y : c.y, a.z ? b.z : c.z, a.w ? b.w : c.w);
}

__device__ inline float4 to_float4(bool4 a) {
  return make_float4(float(a.x), float(a.y), float(a.z), float(a.w));
}

__device__ inline uint4 operator*(uint4 a, uint4 b) {
  return make_uint4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

__device__ inline uint4 operator+(unsigned a, uint4 b) {
  return make_uint4(a + b.x, a + b.y, a + b.z, a + b.w);
}

__device__ inline uint4 operator+(uint4 a, uint4 b) {
  return make_uint4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}

__device__ inline uint4 operator&(uint4 a, uint4 b) {
  return make_uint4(a.x & b.x, a.y & b.y, a.z & b.z, a.w & b.w);
}

__device__ inline float4 to_float4(uint4 a) {
  return make_float4(float(a.x), float(a.y), float(a.z), float(a.w));
}

__device__ inline float4 operator+(float4 a, float b) {
  return make_float4(a.x + b, a.y + b, a.z + b, a.w + b);
}

__device__ inline float4 operator+(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}

__device__ inline float4 fminf(float4 a, float4 b) {
  return make_float4(fminf(a.x, b.x), fminf(a.y, b.y), fminf(a.z, b.z), fminf(a.w, b.w));
}

__device__ inline float4 operator-(float a, float4 b) {
  return make_float4(a - b.x, a - b.y, a - b.z, a - b.w);
}

__device__ inline int4 as_int4(uint4 a) {
  return make_int4(int(a.x), int(a.y), int(a.z), int(a.w));
}

__device__ inline int4 operator>>(int4 a, uint4 b) {
  return make_int4(a.x >> b.x, a.y >> b.y, a.z >> b.z, a.w >> b.w);
}

__device__ inline int4 operator<<(int4 a, uint4 b) {
  return make_int4(int(unsigned(a.x) << unsigned(b.x)), int(unsigned(a.y) << unsigned(b.y)),
      int(unsigned(a.z) << unsigned(b.z)), int(unsigned(a.w) << unsigned(b.w)));
}

__device__ inline uint4 as_uint4(int4 a) {
  return make_uint4(unsigned(a.x), unsigned(a.y), unsigned(a.z), unsigned(a.w));
}

__device__ inline uint4 operator-(uint4 a, uint4 b) {
  return make_uint4(a.x - b.x, a.y - b.y, a.z - b.z, a.w - b.w);
}

__device__ inline int4 splat_int4(int a) {
  return make_int4(a, a, a, a);
}

__device__ inline bool4 operator==(int4 a, int4 b) {
  return make_bool4(a.x == b.x, a.y == b.y, a.z == b.z, a.w == b.w);
}

__device__ inline float4 to_float4(int4 a) {
  return make_float4(float(a.x), float(a.y), float(a.z), float(a.w));
}

__device__ inline float4 operator-(float4 a) {
  return make_float4(-a.x, -a.y, -a.z, -a.w);
}

__device__ inline float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

__device__ inline float4 operator-(float4 a, float4 b) {
  return make_float4(a.x - b.x, a.y - b.y, a.z - b.z, a.w - b.w);
}

__device__ inline float4 operator*(float a, float4 b) {
  return make_float4(a * b.x, a * b.y, a * b.z, a * b.w);
}

__device__ inline uint4 select(bool4 a, uint4 b, uint4 c) {
  return make_uint4(a.x ? b.x : c.x, a.y ? b.y : c.y, a.z ? b.z : c.z, a.w ? b.w : c.w);
}

__device__ inline unsigned subgroup_max(unsigned x) {
  for (unsigned distance = 16u; distance > 0u; distance /= 2u) {
    const unsigned other = __shfl_xor_sync(0xffffffffu, x, distance);
    x = max(x, other);
  }
  return x;
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

extern "C" __global__ void __launch_bounds__(64) sample_512(
  const float4* logits,
  unsigned* __restrict__ tokens,
  const Step* __restrict__ step
) {
  __shared__ float partial_sums[48];
  __shared__ unsigned partial_maxima[16];
  __shared__ unsigned listed[640];
  __shared__ unsigned own_keys[64];
  __shared__ unsigned chosen[1];
  const unsigned subgroup_lane = threadIdx.x % 32u;
  inputs_ready();
  const float sharpness = 1.0f / fmaxf(step->temperature, 1e-5f);         // sampling/threshold.py
  unsigned threshold = 0u;                                                // sampling/threshold.py
  float peak = 0.0f;                                                      // sampling/threshold.py
  unsigned use_list = 0u;                                                 // sampling/threshold.py
  const unsigned share = (191u - threadIdx.x) / 64u;                      // sampling/threshold.py
  unsigned count = share;                                                 // sampling/threshold.py
  const bool by_count = step->top_k > 0u && step->top_k < 512u;           // sampling/threshold.py
  const bool by_mass = step->top_p < 1.0f;                                // sampling/threshold.py
  const bool by_ratio = step->min_p > 0.0f;                               // sampling/threshold.py
  const bool t = by_count || by_mass;                                     // sampling/threshold.py
  if (by_ratio || t) {
    unsigned own = 0u;                                                    // sampling/threshold.py
    for (unsigned first = threadIdx.x; first < 128u; first += 64u) {      // sampling/argmax.py
      const uint4 bits = as_uint4(logits[first]);                         // sampling/order_keys.py
      const uint4 ascending = bits ^ (((bits >> splat_uint4(31u)) * 2147483647u)
          | splat_uint4(2147483648u));                                    // sampling/order_keys.py
      const uint4 key = max(ascending + 8388607u, splat_uint4(16777214u));  // sampling/order_keys.py
      const unsigned greatest = max(max(key.x, key.y), max(key.z, key.w));  // sampling/order_keys.py
      own = max(own, greatest);                                           // sampling/threshold.py
    }
    const unsigned values = subgroup_max(own);                            // parts/reduce.py
    if (subgroup_lane == 0u) {                                            // parts/reduce.py
      partial_maxima[threadIdx.x / 32u] = values;                         // parts/reduce.py
    }
    __syncthreads();                                                      // parts/reduce.py
    unsigned total = partial_maxima[0u];                                  // parts/reduce.py
    for (unsigned cell = 1u; cell < 2u; cell++) {                         // parts/reduce.py
      total = max(total, partial_maxima[cell]);                           // parts/reduce.py
    }
    const unsigned keys = total;                                          // parts/reduce.py
    __syncthreads();                                                      // parts/reduce.py
    const unsigned limited = min(max(keys, 255200564u), 4056543945u);     // sampling/threshold.py
    const unsigned ascending = limited - 8388607u;                        // sampling/order_keys.py
    const float number = __uint_as_float(ascending
        ^ (((1u - (ascending >> 31u)) * 2147483647u) | 0x80000000u));     // sampling/order_keys.py
    peak = number;                                                        // sampling/threshold.py
    if (t) {                                                              // sampling/threshold.py
      const bool few = step->top_k <= 56u;                                // sampling/threshold.py
      const unsigned floor_1 = by_count && few ? step->top_k : 56u;       // sampling/threshold.py
      own_keys[threadIdx.x] = own;                                        // sampling/threshold.py
      __syncthreads();                                                    // sampling/threshold.py
      unsigned ahead = 0u;                                                // sampling/threshold.py
      for (unsigned other = 0u; other < 64u; other++) {                   // sampling/threshold.py
        const unsigned key = own_keys[other];                             // sampling/threshold.py
        const bool earlier = key == own && other < threadIdx.x;           // sampling/threshold.py
        if (key > own || earlier) {                                       // sampling/threshold.py
          ahead += 1u;                                                    // sampling/threshold.py
        }
      }
      if (ahead == floor_1 - 1u) {                                        // sampling/threshold.py
        chosen[0u] = own;                                                 // sampling/threshold.py
      }
      __syncthreads();                                                    // sampling/threshold.py
      const unsigned floor_2 = max(chosen[0u], 1u);                       // sampling/threshold.py
      unsigned length = 0u;                                               // sampling/threshold.py
      float mass = 0.0f;
      float mass_listed = 0.0f;                                           // sampling/threshold.py
      for (unsigned first = threadIdx.x; first < 128u; first += 64u) {    // sampling/argmax.py
        const uint4 bits = as_uint4(logits[first]);                       // sampling/order_keys.py
        const uint4 ascending_1 = bits
            ^ (((bits >> splat_uint4(31u)) * 2147483647u) | splat_uint4(2147483648u));  // sampling/order_keys.py
        const uint4 key = max(ascending_1 + 8388607u, splat_uint4(16777214u));  // sampling/order_keys.py
        const uint4 limited_1 = min(max(key, splat_uint4(255200564u)),
            splat_uint4(4056543945u));                                    // sampling/threshold.py
        const uint4 ascending_2 = limited_1 - 8388607u;                   // sampling/order_keys.py
        const float4 number_1 = as_float4(ascending_2
            ^ (((1u - (ascending_2 >> splat_uint4(31u))) * 2147483647u)
            | splat_uint4(2147483648u)));                                 // sampling/order_keys.py
        const float4 below = number_1 - peak;                             // sampling/threshold.py
        const float4 weights = expf(fmaxf(below * sharpness, splat_float4(-100.0f)));  // sampling/threshold.py
        mass += dot(weights, splat_float4(1.0f));                         // sampling/threshold.py
        const unsigned greatest = max(max(key.x, key.y), max(key.z, key.w));  // sampling/order_keys.py
        if (greatest >= floor_2) {                                        // sampling/threshold.py
          if (length < 10u) {                                             // sampling/threshold.py
            listed[threadIdx.x + length * 64u] = first;                   // sampling/threshold.py
          }
          length += 1u;                                                   // sampling/threshold.py
          mass_listed += dot(select(key >= splat_uint4(floor_2), weights, splat_float4(0.0f)),
              splat_float4(1.0f));                                        // sampling/threshold.py
        }
      }
      const float values_0 = subgroup_sum(mass);                          // parts/reduce.py
      const float values_1 = subgroup_sum(mass_listed);
      const float values_2 = subgroup_sum(float(length > 10u));
      if (subgroup_lane == 0u) {                                          // parts/reduce.py
        const unsigned index = threadIdx.x / 32u;                         // parts/reduce.py
        partial_sums[index] = values_0;
        partial_sums[index + 16u] = values_1;
        partial_sums[index + 32u] = values_2;
      }
      __syncthreads();                                                    // parts/reduce.py
      float total_1 = partial_sums[0u];                                   // parts/reduce.py
      float total_2 = partial_sums[16u];
      float total_3 = partial_sums[32u];
      for (unsigned cell = 1u; cell < 2u; cell++) {                       // parts/reduce.py
        total_1 += partial_sums[cell];                                    // parts/reduce.py
        total_2 += partial_sums[cell + 16u];
        total_3 += partial_sums[cell + 32u];
      }
      const float sums_0 = total_1;                                       // parts/reduce.py
      __syncthreads();                                                    // parts/reduce.py
      mass = sums_0;                                                      // sampling/threshold.py
      const bool enough = by_count ? few : total_2 >= sums_0 * step->top_p;  // sampling/threshold.py
      if (enough && total_3 == 0.0f) {                                    // sampling/threshold.py
        use_list = 1u;                                                    // sampling/threshold.py
        count = length;                                                   // sampling/threshold.py
      }
      if (by_count) {                                                     // sampling/threshold.py
        const float target = float(step->top_k);                          // sampling/threshold.py
        unsigned found = 0u;                                              // sampling/threshold.py
        for (unsigned digit = 0u; digit < 16u; digit++) {                 // sampling/threshold.py
          const unsigned shift = 30u - digit * 2u;                        // sampling/threshold.py
          const unsigned step_1 = 1u << shift;                            // sampling/threshold.py
          const unsigned bounds_0 = found + step_1;                       // sampling/threshold.py
          const unsigned bounds_1 = found + step_1 * 2u;
          const unsigned bounds_2 = found + step_1 * 3u;
          float above_1 = 0.0f;                                           // sampling/threshold.py
          float above_2 = 0.0f;
          float above_3 = 0.0f;
          const unsigned previous = count;                                // sampling/threshold.py
          for (unsigned turn = 0u; turn < previous; turn++) {
            const unsigned place = threadIdx.x + turn * 64u;              // sampling/threshold.py
            unsigned element = place;                                     // sampling/threshold.py
            if (use_list == 1u) {                                         // sampling/threshold.py
              element = listed[place];                                    // sampling/threshold.py
            }
            const uint4 bits = as_uint4(logits[element]);                 // sampling/order_keys.py
            const uint4 ascending_1 = bits
                ^ (((bits >> splat_uint4(31u)) * 2147483647u) | splat_uint4(2147483648u));  // sampling/order_keys.py
            const uint4 key = max(ascending_1 + 8388607u, splat_uint4(16777214u));  // sampling/order_keys.py
            const bool4 reached = key >= splat_uint4(bounds_0);           // sampling/threshold.py
            above_1 += dot(to_float4(reached), splat_float4(1.0f));       // sampling/threshold.py
            const bool4 reached_1 = key >= splat_uint4(bounds_1);         // sampling/threshold.py
            above_2 += dot(to_float4(reached_1), splat_float4(1.0f));     // sampling/threshold.py
            const bool4 reached_2 = key >= splat_uint4(bounds_2);         // sampling/threshold.py
            above_3 += dot(to_float4(reached_2), splat_float4(1.0f));     // sampling/threshold.py
          }
          const float values_0_1 = subgroup_sum(above_1);                 // parts/reduce.py
          const float values_1_1 = subgroup_sum(above_2);
          const float values_2_1 = subgroup_sum(above_3);
          if (subgroup_lane == 0u) {                                      // parts/reduce.py
            const unsigned index = threadIdx.x / 32u;                     // parts/reduce.py
            partial_sums[index] = values_0_1;
            partial_sums[index + 16u] = values_1_1;
            partial_sums[index + 32u] = values_2_1;
          }
          __syncthreads();                                                // parts/reduce.py
          float total_4 = partial_sums[0u];                               // parts/reduce.py
          float total_5 = partial_sums[16u];
          float total_6 = partial_sums[32u];
          for (unsigned cell = 1u; cell < 2u; cell++) {                   // parts/reduce.py
            total_4 += partial_sums[cell];                                // parts/reduce.py
            total_5 += partial_sums[cell + 16u];
            total_6 += partial_sums[cell + 32u];
          }
          const float total_7 = total_5;                                  // parts/reduce.py
          const float total_8 = total_6;
          __syncthreads();                                                // parts/reduce.py
          if (total_4 >= target) {                                        // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
          if (total_7 >= target) {                                        // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
          if (total_8 >= target) {                                        // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
        }
        threshold = max(threshold, found);                                // sampling/threshold.py
      }
      if (by_mass) {                                                      // sampling/threshold.py
        if (by_count) {                                                   // sampling/threshold.py
          float kept = 0.0f;                                              // sampling/threshold.py
          const unsigned previous = count;                                // sampling/threshold.py
          for (unsigned turn = 0u; turn < previous; turn++) {
            const unsigned place = threadIdx.x + turn * 64u;              // sampling/threshold.py
            unsigned element = place;                                     // sampling/threshold.py
            if (use_list == 1u) {                                         // sampling/threshold.py
              element = listed[place];                                    // sampling/threshold.py
            }
            const uint4 bits = as_uint4(logits[element]);                 // sampling/order_keys.py
            const uint4 ascending_1 = bits
                ^ (((bits >> splat_uint4(31u)) * 2147483647u) | splat_uint4(2147483648u));  // sampling/order_keys.py
            const uint4 key = max(ascending_1 + 8388607u, splat_uint4(16777214u));  // sampling/order_keys.py
            const uint4 limited_1 = min(max(key, splat_uint4(255200564u)),
                splat_uint4(4056543945u));                                // sampling/threshold.py
            const uint4 ascending_2 = limited_1 - 8388607u;               // sampling/order_keys.py
            const float4 number_1 = as_float4(ascending_2
                ^ (((1u - (ascending_2 >> splat_uint4(31u))) * 2147483647u)
                | splat_uint4(2147483648u)));                             // sampling/order_keys.py
            const float4 below = number_1 - peak;                         // sampling/threshold.py
            const float4 weights = expf(fmaxf(below * sharpness, splat_float4(-100.0f)));  // sampling/threshold.py
            kept += dot(select(key >= splat_uint4(threshold), weights, splat_float4(0.0f)),
                splat_float4(1.0f));                                      // sampling/threshold.py
          }
          const float values_3 = subgroup_sum(kept);                      // parts/reduce.py
          if (subgroup_lane == 0u) {                                      // parts/reduce.py
            partial_sums[threadIdx.x / 32u] = values_3;                   // parts/reduce.py
          }
          __syncthreads();                                                // parts/reduce.py
          float total_4 = partial_sums[0u];                               // parts/reduce.py
          for (unsigned cell = 1u; cell < 2u; cell++) {                   // parts/reduce.py
            total_4 += partial_sums[cell];                                // parts/reduce.py
          }
          __syncthreads();                                                // parts/reduce.py
          mass = total_4;                                                 // sampling/threshold.py
        }
        const float target = mass * step->top_p;                          // sampling/threshold.py
        unsigned found = 0u;                                              // sampling/threshold.py
        for (unsigned digit = 0u; digit < 16u; digit++) {                 // sampling/threshold.py
          const unsigned shift = 30u - digit * 2u;                        // sampling/threshold.py
          const unsigned step_1 = 1u << shift;                            // sampling/threshold.py
          const unsigned bounds_0 = found + step_1;                       // sampling/threshold.py
          const unsigned bounds_1 = found + step_1 * 2u;
          const unsigned bounds_2 = found + step_1 * 3u;
          float above_1 = 0.0f;                                           // sampling/threshold.py
          float above_2 = 0.0f;
          float above_3 = 0.0f;
          const unsigned previous = count;                                // sampling/threshold.py
          for (unsigned turn = 0u; turn < previous; turn++) {
            const unsigned place = threadIdx.x + turn * 64u;              // sampling/threshold.py
            unsigned element = place;                                     // sampling/threshold.py
            if (use_list == 1u) {                                         // sampling/threshold.py
              element = listed[place];                                    // sampling/threshold.py
            }
            const uint4 bits = as_uint4(logits[element]);                 // sampling/order_keys.py
            const uint4 ascending_1 = bits
                ^ (((bits >> splat_uint4(31u)) * 2147483647u) | splat_uint4(2147483648u));  // sampling/order_keys.py
            const uint4 key = max(ascending_1 + 8388607u, splat_uint4(16777214u));  // sampling/order_keys.py
            const uint4 limited_1 = min(max(key, splat_uint4(255200564u)),
                splat_uint4(4056543945u));                                // sampling/threshold.py
            const uint4 ascending_2 = limited_1 - 8388607u;               // sampling/order_keys.py
            const float4 number_1 = as_float4(ascending_2
                ^ (((1u - (ascending_2 >> splat_uint4(31u))) * 2147483647u)
                | splat_uint4(2147483648u)));                             // sampling/order_keys.py
            const float4 below = number_1 - peak;                         // sampling/threshold.py
            const float4 weights = expf(fmaxf(below * sharpness, splat_float4(-100.0f)));  // sampling/threshold.py
            const bool4 reached = key >= splat_uint4(bounds_0);           // sampling/threshold.py
            above_1 += dot(select(reached, weights, splat_float4(0.0f)), splat_float4(1.0f));  // sampling/threshold.py
            const bool4 reached_1 = key >= splat_uint4(bounds_1);         // sampling/threshold.py
            above_2 += dot(select(reached_1, weights, splat_float4(0.0f)), splat_float4(1.0f));  // sampling/threshold.py
            const bool4 reached_2 = key >= splat_uint4(bounds_2);         // sampling/threshold.py
            above_3 += dot(select(reached_2, weights, splat_float4(0.0f)), splat_float4(1.0f));  // sampling/threshold.py
          }
          const float values_0_1 = subgroup_sum(above_1);                 // parts/reduce.py
          const float values_1_1 = subgroup_sum(above_2);
          const float values_2_1 = subgroup_sum(above_3);
          if (subgroup_lane == 0u) {                                      // parts/reduce.py
            const unsigned index = threadIdx.x / 32u;                     // parts/reduce.py
            partial_sums[index] = values_0_1;
            partial_sums[index + 16u] = values_1_1;
            partial_sums[index + 32u] = values_2_1;
          }
          __syncthreads();                                                // parts/reduce.py
          float total_4 = partial_sums[0u];                               // parts/reduce.py
          float total_5 = partial_sums[16u];
          float total_6 = partial_sums[32u];
          for (unsigned cell = 1u; cell < 2u; cell++) {                   // parts/reduce.py
            total_4 += partial_sums[cell];                                // parts/reduce.py
            total_5 += partial_sums[cell + 16u];
            total_6 += partial_sums[cell + 32u];
          }
          const float total_7 = total_5;                                  // parts/reduce.py
          const float total_8 = total_6;
          __syncthreads();                                                // parts/reduce.py
          if (total_4 >= target) {                                        // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
          if (total_7 >= target) {                                        // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
          if (total_8 >= target) {                                        // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
        }
        threshold = max(threshold, found);                                // sampling/threshold.py
      }
    }
    if (by_ratio) {                                                       // sampling/threshold.py
      const unsigned bits = __float_as_uint(fmaxf(step->min_p, 1e-30f));  // parts/precise_math.py
      const int exponent = int(bits - 1060439283u) >> 23u;                // parts/precise_math.py
      const float mantissa = __uint_as_float(bits
          - unsigned(int(unsigned(exponent) << unsigned(23u))));          // parts/precise_math.py
      const float exponent_1 = float(exponent);                           // parts/precise_math.py
      const float excess = mantissa - 1.0f;
      const float series = excess * 0.070376836f - 0.1151461f;            // parts/precise_math.py
      const float series_1 = series * excess + 0.116769984f;              // parts/precise_math.py
      const float series_2 = series_1 * excess - 0.12420141f;             // parts/precise_math.py
      const float series_3 = series_2 * excess + 0.14249323f;             // parts/precise_math.py
      const float series_4 = series_3 * excess - 0.16668057f;             // parts/precise_math.py
      const float series_5 = series_4 * excess + 0.20000714f;             // parts/precise_math.py
      const float series_6 = series_5 * excess - 0.24999994f;             // parts/precise_math.py
      const float series_7 = series_6 * excess + 0.3333333f;              // parts/precise_math.py
      const float square = excess * excess;                               // parts/precise_math.py
      const float tail = series_7 * excess * square + exponent_1 * -0.00021219444f - square
          * 0.5f;                                                         // parts/precise_math.py
      const float floor_1 = peak + step->temperature
          * (excess + tail + exponent_1 * 0.6933594f);                    // sampling/threshold.py
      const unsigned bits_1 = __float_as_uint(floor_1);                   // sampling/order_keys.py
      const unsigned ascending_1 = bits_1 ^ (((bits_1 >> 31u) * 2147483647u) | 0x80000000u);  // sampling/order_keys.py
      const unsigned key = max(ascending_1 + 8388607u, 16777214u);        // sampling/order_keys.py
      threshold = max(threshold, key);                                    // sampling/threshold.py
    }
    threshold = min(threshold, keys);                                     // sampling/threshold.py
  }
  const unsigned position = step->past + step->seq;                       // sampling/sample.py
  unsigned best_key = 0u;                                                 // sampling/argmax.py
  unsigned best_index = 0u;                                               // sampling/argmax.py
  const unsigned previous = count;                                        // sampling/threshold.py
  for (unsigned turn = 0u; turn < previous; turn++) {
    const unsigned place = threadIdx.x + turn * 64u;                      // sampling/threshold.py
    unsigned element = place;                                             // sampling/threshold.py
    if (use_list == 1u) {                                                 // sampling/threshold.py
      element = listed[place];                                            // sampling/threshold.py
    }
    const unsigned at = element;                                          // sampling/threshold.py
    const uint4 bits = as_uint4(logits[at]);                              // sampling/order_keys.py
    const uint4 ascending = bits ^ (((bits >> splat_uint4(31u)) * 2147483647u)
        | splat_uint4(2147483648u));                                      // sampling/order_keys.py
    const uint4 key = max(ascending + 8388607u, splat_uint4(16777214u));  // sampling/order_keys.py
    const unsigned greatest = max(max(key.x, key.y), max(key.z, key.w));  // sampling/order_keys.py
    if (greatest >= threshold) {                                          // sampling/sample.py
      const unsigned first = at * 4u;                                     // sampling/sample.py
      const unsigned t_1 = first + 1u;                                    // sampling/sample.py
      const unsigned t_2 = first + 2u;
      const unsigned t_3 = first + 3u;
      const uint4 tokens_1 = make_uint4(first, t_1, t_2, t_3);
      const unsigned b = position * 1664525u + 1013904223u;               // sampling/hash_random.py
      const unsigned c = step->seed * 1664525u + 1013904223u;
      const uint4 a = tokens_1 * 1664525u + 1013904223u + b * c;          // sampling/hash_random.py
      const uint4 t_4 = splat_uint4(c);                                   // sampling/hash_random.py
      const uint4 b_1 = b + t_4 * a;
      const uint4 c_1 = t_4 + a * b_1;                                    // sampling/hash_random.py
      const uint4 a_1 = (a ^ (a >> splat_uint4(16u))) + (b_1 ^ (b_1 >> splat_uint4(16u)))
          * (c_1 ^ (c_1 >> splat_uint4(16u)));                            // sampling/hash_random.py
      const float4 fine = to_float4(a_1 & splat_uint4(255u)) * 2.3283064e-10f + 1.1641532e-10f;  // sampling/hash_random.py
      const float4 u = fminf(to_float4(a_1 >> splat_uint4(8u)) * 5.9604645e-8f + fine,
          splat_float4(0.99999994f));                                     // sampling/hash_random.py
      const float4 rest = 1.0f - u;                                       // parts/precise_math.py
      const uint4 bits_1 = as_uint4(rest);                                // parts/precise_math.py
      const int4 exponent = as_int4(bits_1 - 1060439283u) >> splat_uint4(23u);  // parts/precise_math.py
      const float4 mantissa = as_float4(bits_1 - as_uint4(exponent << splat_uint4(23u)));  // parts/precise_math.py
      const bool4 above_half = exponent == splat_int4(0);                 // parts/precise_math.py
      const float4 exponent_1 = to_float4(exponent);                      // parts/precise_math.py
      const float4 excess = select(above_half, -u, mantissa - 1.0f);
      const float4 series = excess * 0.070376836f - 0.1151461f;           // parts/precise_math.py
      const float4 series_1 = series * excess + 0.116769984f;             // parts/precise_math.py
      const float4 series_2 = series_1 * excess - 0.12420141f;            // parts/precise_math.py
      const float4 series_3 = series_2 * excess + 0.14249323f;            // parts/precise_math.py
      const float4 series_4 = series_3 * excess - 0.16668057f;            // parts/precise_math.py
      const float4 series_5 = series_4 * excess + 0.20000714f;            // parts/precise_math.py
      const float4 series_6 = series_5 * excess - 0.24999994f;            // parts/precise_math.py
      const float4 series_7 = series_6 * excess + 0.3333333f;             // parts/precise_math.py
      const float4 square = excess * excess;                              // parts/precise_math.py
      const float4 tail = series_7 * excess * square + exponent_1 * -0.00021219444f - square
          * 0.5f;                                                         // parts/precise_math.py
      const uint4 bits_2 = as_uint4(-(excess + tail + exponent_1 * 0.6933594f));  // parts/precise_math.py
      const int4 exponent_2 = as_int4(bits_2 - 1060439283u) >> splat_uint4(23u);  // parts/precise_math.py
      const float4 mantissa_1 = as_float4(bits_2 - as_uint4(exponent_2 << splat_uint4(23u)));  // parts/precise_math.py
      const float4 exponent_3 = to_float4(exponent_2);                    // parts/precise_math.py
      const float4 excess_1 = mantissa_1 - 1.0f;
      const float4 series_8 = excess_1 * 0.070376836f - 0.1151461f;       // parts/precise_math.py
      const float4 series_9 = series_8 * excess_1 + 0.116769984f;         // parts/precise_math.py
      const float4 series_10 = series_9 * excess_1 - 0.12420141f;         // parts/precise_math.py
      const float4 series_11 = series_10 * excess_1 + 0.14249323f;        // parts/precise_math.py
      const float4 series_12 = series_11 * excess_1 - 0.16668057f;        // parts/precise_math.py
      const float4 series_13 = series_12 * excess_1 + 0.20000714f;        // parts/precise_math.py
      const float4 series_14 = series_13 * excess_1 - 0.24999994f;        // parts/precise_math.py
      const float4 series_15 = series_14 * excess_1 + 0.3333333f;         // parts/precise_math.py
      const float4 square_1 = excess_1 * excess_1;                        // parts/precise_math.py
      const float4 tail_1 = series_15 * excess_1 * square_1 + exponent_3 * -0.00021219444f
          - square_1 * 0.5f;                                              // parts/precise_math.py
      const float4 noise = -(excess_1 + tail_1 + exponent_3 * 0.6933594f);  // sampling/hash_random.py
      const uint4 limited = min(max(key, splat_uint4(255200564u)), splat_uint4(4056543945u));  // sampling/threshold.py
      const uint4 ascending_1 = limited - 8388607u;                       // sampling/order_keys.py
      const float4 number = as_float4(ascending_1
          ^ (((1u - (ascending_1 >> splat_uint4(31u))) * 2147483647u)
          | splat_uint4(2147483648u)));                                   // sampling/order_keys.py
      const float4 scores = number + step->temperature * noise;           // sampling/sample.py
      const uint4 bits_3 = as_uint4(scores);                              // sampling/order_keys.py
      const uint4 ascending_2 = bits_3
          ^ (((bits_3 >> splat_uint4(31u)) * 2147483647u) | splat_uint4(2147483648u));  // sampling/order_keys.py
      const uint4 key_1 = max(ascending_2 + 8388607u, splat_uint4(16777214u));  // sampling/order_keys.py
      const uint4 keys = select(key >= splat_uint4(threshold), key_1, splat_uint4(0u));  // sampling/sample.py
      const unsigned greatest_1 = max(max(keys.x, keys.y), max(keys.z, keys.w));  // sampling/order_keys.py
      if (greatest_1 > best_key) {                                        // sampling/argmax.py
        if (keys.x > best_key) {                                          // sampling/argmax.py
          best_key = keys.x;                                              // sampling/argmax.py
          best_index = first;                                             // sampling/argmax.py
        }
        if (keys.y > best_key) {                                          // sampling/argmax.py
          best_key = keys.y;                                              // sampling/argmax.py
          best_index = t_1;                                               // sampling/argmax.py
        }
        if (keys.z > best_key) {                                          // sampling/argmax.py
          best_key = keys.z;                                              // sampling/argmax.py
          best_index = t_2;                                               // sampling/argmax.py
        }
        if (keys.w > best_key) {                                          // sampling/argmax.py
          best_key = keys.w;                                              // sampling/argmax.py
          best_index = t_3;                                               // sampling/argmax.py
        }
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
    tokens[position] = token;                                             // sampling/argmax.py
  }
}
