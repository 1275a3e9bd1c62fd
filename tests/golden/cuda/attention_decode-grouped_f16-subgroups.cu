// attention_decode_f16_8_4x8

__device__ inline float2 splat_float2(float a) {
  return make_float2(a, a);
}

__device__ inline float2 operator*(float2 a, float b) {
  return make_float2(a.x * b, a.y * b);
}

__device__ inline float2 operator+(float2 a, float2 b) {
  return make_float2(a.x + b.x, a.y + b.y);
}

__device__ inline float2 fmaxf(float2 a, float2 b) {
  return make_float2(fmaxf(a.x, b.x), fmaxf(a.y, b.y));
}

__device__ inline float2 operator-(float2 a, float2 b) {
  return make_float2(a.x - b.x, a.y - b.y);
}

__device__ inline float2 exp2f(float2 a) {
  return make_float2(exp2f(a.x), exp2f(a.y));
}

__device__ inline float2 operator*(float2 a, float2 b) {
  return make_float2(a.x * b.x, a.y * b.y);
}

__device__ inline float2& operator*=(float2& a, float2 b) {
  return a = a * b;
}

__device__ inline float2& operator+=(float2& a, float2 b) {
  return a = a + b;
}

__device__ inline float2 operator/(float2 a, float b) {
  return make_float2(a.x / b, a.y / b);
}

__device__ inline float2 unpack_half2(unsigned word) {
  float2 pair;
  asm("{ .reg .b16 low, high;"
      "  mov.b32 {low, high}, %2;"
      "  cvt.f32.f16 %0, low;"
      "  cvt.f32.f16 %1, high; }"
      : "=f"(pair.x), "=f"(pair.y) : "r"(word));
  return pair;
}

__device__ inline float dot(float2 a, float2 b) {
  return a.x * b.x + a.y * b.y;
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

extern "C" __global__ void __launch_bounds__(64) attention_decode_f16_8_4x8(
  const float2* q,
  const unsigned* k_cache,
  const unsigned* v_cache,
  float2* __restrict__ out,
  const Step* __restrict__ step
) {
  __shared__ float2 query[8];
  __shared__ float2 scores[64];
  __shared__ float2 exchange[256];
  inputs_ready();
  const unsigned positions = step->past + 1u;                             // attention/decode.py
  const unsigned first_head = blockIdx.x * 2u;                            // attention/decode_body.py
  if (threadIdx.x < 8u) {                                                 // parts/distribute.py
    const unsigned element = first_head * 4u + threadIdx.x;               // attention/decode_body.py
    query[threadIdx.x] = q[element] * 0.5100697f;                         // attention/decode_body.py
  }
  __syncthreads();                                                        // attention/decode_body.py
  float2 maximum = splat_float2(-1e30f);                                  // attention/softmax.py
  float2 total = splat_float2(0.0f);                                      // attention/softmax.py
  float2 sum_0 = splat_float2(0.0f);                                      // attention/softmax.py
  float2 sum_1 = splat_float2(0.0f);
  for (unsigned tile = 0u; tile < positions; tile += 64u) {               // attention/decode_body.py
    const unsigned count = min(positions - tile, 64u);                    // attention/decode_body.py
    const unsigned part = threadIdx.x % 4u;                               // attention/decode_body.py
    const unsigned stream = threadIdx.x / 4u;                             // attention/decode_body.py
    for (unsigned position = stream; position < 64u; position += 16u) {
      const unsigned cell = position * 4u + part;                         // attention/decode_body.py
      if (position < count) {                                             // attention/decode_body.py
        float score_0 = 0.0f;                                             // attention/decode_body.py
        float score_1 = 0.0f;
        const unsigned row = (tile + position) * 4u + blockIdx.x;         // attention/cache.py
        const unsigned stored = k_cache[row * 4u + part];                 // attention/cache.py
        const float2 key = unpack_half2(stored);                          // attention/cache.py
        score_0 += dot(query[part], key);                                 // attention/decode_body.py
        score_1 += dot(query[part + 4u], key);
        exchange[cell] = make_float2(score_0, score_1);                   // attention/decode_body.py
      } else {
        exchange[cell] = splat_float2(-1e30f);                            // attention/decode_body.py
      }
    }
    __syncthreads();                                                      // attention/decode_body.py
    const unsigned index = threadIdx.x * 4u;                              // attention/decode_body.py
    const float2 score = exchange[index];
    const float2 score_1 = score + exchange[index + 1u] + exchange[index + 2u]
        + exchange[index + 3u];                                           // attention/decode_body.py
    scores[threadIdx.x] = score_1;                                        // attention/decode_body.py
    __syncthreads();                                                      // attention/decode_body.py
    const unsigned last = positions - 1u;                                 // attention/decode_body.py
    for (unsigned first = 0u; first < count; first += 64u) {              // attention/decode_body.py
      const unsigned place = first + stream;                              // attention/decode_body.py
      const unsigned place_1 = place + 16u;
      const unsigned place_2 = place + 32u;
      const unsigned place_3 = place + 48u;
      const unsigned row = min(tile + place, last) * 4u + blockIdx.x;     // attention/cache.py
      const unsigned stored = v_cache[row * 4u + part];                   // attention/cache.py
      const float2 value = unpack_half2(stored);                          // attention/cache.py
      const unsigned row_1 = min(tile + place_1, last) * 4u + blockIdx.x;  // attention/cache.py
      const unsigned stored_1 = v_cache[row_1 * 4u + part];               // attention/cache.py
      const float2 value_1 = unpack_half2(stored_1);                      // attention/cache.py
      const unsigned row_2 = min(tile + place_2, last) * 4u + blockIdx.x;  // attention/cache.py
      const unsigned stored_2 = v_cache[row_2 * 4u + part];               // attention/cache.py
      const float2 value_2 = unpack_half2(stored_2);                      // attention/cache.py
      const unsigned row_3 = min(tile + place_3, last) * 4u + blockIdx.x;  // attention/cache.py
      const unsigned stored_3 = v_cache[row_3 * 4u + part];               // attention/cache.py
      const float2 value_3 = unpack_half2(stored_3);                      // attention/cache.py
      const float2 score_2 = scores[place];                               // attention/decode_body.py
      const float2 score_3 = scores[place_1];
      const float2 score_4 = scores[place_2];
      const float2 score_5 = scores[place_3];
      const float2 highest = fmaxf(fmaxf(fmaxf(fmaxf(maximum, score_2), score_3), score_4),
          score_5);                                                       // attention/softmax.py
      const float2 rescale = exp2f(maximum - highest);                    // attention/softmax.py
      total *= rescale;                                                   // attention/softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      maximum = highest;                                                  // attention/softmax.py
      const float2 weight = exp2f(score_2 - highest);                     // attention/decode_body.py
      total += weight;                                                    // attention/softmax.py
      sum_0 += weight * value.x;                                          // attention/softmax.py
      sum_1 += weight * value.y;
      const float2 weight_1 = exp2f(score_3 - highest);                   // attention/decode_body.py
      total += weight_1;                                                  // attention/softmax.py
      sum_0 += weight_1 * value_1.x;                                      // attention/softmax.py
      sum_1 += weight_1 * value_1.y;
      const float2 weight_2 = exp2f(score_4 - highest);                   // attention/decode_body.py
      total += weight_2;                                                  // attention/softmax.py
      sum_0 += weight_2 * value_2.x;                                      // attention/softmax.py
      sum_1 += weight_2 * value_2.y;
      const float2 weight_3 = exp2f(score_5 - highest);                   // attention/decode_body.py
      total += weight_3;                                                  // attention/softmax.py
      sum_0 += weight_3 * value_3.x;                                      // attention/softmax.py
      sum_1 += weight_3 * value_3.y;
    }
  }
  for (unsigned level = 1u; level < 5u; level++) {                        // attention/softmax.py
    const unsigned distance = (16u >> level) * 4u;                        // attention/softmax.py
    const bool gives = threadIdx.x >= distance && threadIdx.x < distance * 2u;  // attention/softmax.py
    const bool takes = threadIdx.x < distance;                            // attention/softmax.py
    if (gives) {                                                          // attention/softmax.py
      const unsigned cell = threadIdx.x - distance;                       // attention/softmax.py
      exchange[cell] = maximum;                                           // attention/softmax.py
      exchange[cell + 32u] = total;
      exchange[cell + 64u] = sum_0;
      exchange[cell + 96u] = sum_1;
    }
    __syncthreads();                                                      // attention/softmax.py
    if (takes) {                                                          // attention/softmax.py
      const float2 other_maximum = exchange[threadIdx.x];                 // attention/softmax.py
      const float2 highest = fmaxf(maximum, other_maximum);               // attention/softmax.py
      const float2 rescale = exp2f(maximum - highest);                    // attention/softmax.py
      total *= rescale;                                                   // attention/softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      maximum = highest;                                                  // attention/softmax.py
      const float2 weight = exp2f(other_maximum - highest);               // attention/softmax.py
      total += weight * exchange[threadIdx.x + 32u];                      // attention/softmax.py
      sum_0 += weight * exchange[threadIdx.x + 64u];                      // attention/softmax.py
      sum_1 += weight * exchange[threadIdx.x + 96u];
    }
    __syncthreads();                                                      // attention/softmax.py
  }
  if (threadIdx.x < 4u) {                                                 // parts/distribute.py
    const unsigned start = first_head * 4u + threadIdx.x;                 // attention/decode_body.py
    const float2 row_sums = make_float2(sum_0.x, sum_1.x);                // attention/softmax.py
    out[start] = row_sums / total.x;                                      // attention/decode_body.py
    const unsigned head = first_head + 1u;                                // attention/decode_body.py
    const unsigned start_1 = head * 4u + threadIdx.x;                     // attention/decode_body.py
    const float2 row_sums_1 = make_float2(sum_0.y, sum_1.y);              // attention/softmax.py
    out[start_1] = row_sums_1 / total.y;                                  // attention/decode_body.py
  }
}
