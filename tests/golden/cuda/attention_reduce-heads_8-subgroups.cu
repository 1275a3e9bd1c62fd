// attention_reduce_8x16_split64

__device__ inline float2 operator/(float2 a, float b) {
  return make_float2(a.x / b, a.y / b);
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

extern "C" __global__ void __launch_bounds__(128) attention_reduce_8x16_split64(
  const float2* partials,
  float2* __restrict__ out,
  const Step* __restrict__ step
) {
  __shared__ float exchange[256];
  inputs_ready();
  const unsigned stream = threadIdx.x / 8u;                               // decode/reduce_splits.py
  const unsigned column = threadIdx.x % 8u;                               // decode/reduce_splits.py
  const unsigned splits = step->past / 64u + 1u;                          // decode/reduce_splits.py
  float maximum = -1e30f;                                                 // attention/softmax.py
  float total = 0.0f;                                                     // attention/softmax.py
  float sum_0 = 0.0f;                                                     // attention/softmax.py
  float sum_1 = 0.0f;
  for (unsigned first = stream; first < splits; first += 64u) {           // decode/reduce_splits.py
    const unsigned index = splits - 1u;                                   // decode/reduce_splits.py
    const unsigned start = (min(first, index) * 8u + blockIdx.x) * 9u;
    const float2 sums = partials[start + column];                         // decode/reduce_splits.py
    const float2 summary = partials[start + 8u];                          // decode/reduce_splits.py
    const float score = first < splits ? summary.x : -1e30f;              // decode/reduce_splits.py
    const unsigned split = first + 16u;                                   // decode/reduce_splits.py
    const unsigned start_1 = (min(split, index) * 8u + blockIdx.x) * 9u;  // decode/reduce_splits.py
    const float2 sums_1 = partials[start_1 + column];                     // decode/reduce_splits.py
    const float2 summary_1 = partials[start_1 + 8u];                      // decode/reduce_splits.py
    const float score_1 = split < splits ? summary_1.x : -1e30f;          // decode/reduce_splits.py
    const unsigned split_1 = first + 32u;                                 // decode/reduce_splits.py
    const unsigned start_2 = (min(split_1, index) * 8u + blockIdx.x) * 9u;  // decode/reduce_splits.py
    const float2 sums_2 = partials[start_2 + column];                     // decode/reduce_splits.py
    const float2 summary_2 = partials[start_2 + 8u];                      // decode/reduce_splits.py
    const float score_2 = split_1 < splits ? summary_2.x : -1e30f;        // decode/reduce_splits.py
    const unsigned split_2 = first + 48u;                                 // decode/reduce_splits.py
    const unsigned start_3 = (min(split_2, index) * 8u + blockIdx.x) * 9u;  // decode/reduce_splits.py
    const float2 sums_3 = partials[start_3 + column];                     // decode/reduce_splits.py
    const float2 summary_3 = partials[start_3 + 8u];                      // decode/reduce_splits.py
    const float score_3 = split_2 < splits ? summary_3.x : -1e30f;        // decode/reduce_splits.py
    const float highest = fmaxf(fmaxf(fmaxf(fmaxf(maximum, score), score_1), score_2), score_3);  // attention/softmax.py
    const float rescale = exp2f(maximum - highest);                       // attention/softmax.py
    total *= rescale;                                                     // attention/softmax.py
    sum_0 *= rescale;
    sum_1 *= rescale;
    maximum = highest;                                                    // attention/softmax.py
    const float weight = exp2f(score - highest);                          // decode/reduce_splits.py
    total += weight * summary.y;                                          // attention/softmax.py
    sum_0 += weight * sums.x;                                             // attention/softmax.py
    sum_1 += weight * sums.y;
    const float weight_1 = exp2f(score_1 - highest);                      // decode/reduce_splits.py
    total += weight_1 * summary_1.y;                                      // attention/softmax.py
    sum_0 += weight_1 * sums_1.x;                                         // attention/softmax.py
    sum_1 += weight_1 * sums_1.y;
    const float weight_2 = exp2f(score_2 - highest);                      // decode/reduce_splits.py
    total += weight_2 * summary_2.y;                                      // attention/softmax.py
    sum_0 += weight_2 * sums_2.x;                                         // attention/softmax.py
    sum_1 += weight_2 * sums_2.y;
    const float weight_3 = exp2f(score_3 - highest);                      // decode/reduce_splits.py
    total += weight_3 * summary_3.y;                                      // attention/softmax.py
    sum_0 += weight_3 * sums_3.x;                                         // attention/softmax.py
    sum_1 += weight_3 * sums_3.y;
  }
  for (unsigned level = 1u; level < 5u; level++) {                        // attention/softmax.py
    const unsigned distance = (16u >> level) * 8u;                        // attention/softmax.py
    const bool gives = threadIdx.x >= distance && threadIdx.x < distance * 2u;  // attention/softmax.py
    const bool takes = threadIdx.x < distance;                            // attention/softmax.py
    if (gives) {                                                          // attention/softmax.py
      const unsigned cell = threadIdx.x - distance;                       // attention/softmax.py
      exchange[cell] = maximum;                                           // attention/softmax.py
      exchange[cell + 64u] = total;
      exchange[cell + 128u] = sum_0;
      exchange[cell + 192u] = sum_1;
    }
    __syncthreads();                                                      // attention/softmax.py
    if (takes) {                                                          // attention/softmax.py
      const float other_maximum = exchange[threadIdx.x];                  // attention/softmax.py
      const float highest = fmaxf(maximum, other_maximum);                // attention/softmax.py
      const float rescale = exp2f(maximum - highest);                     // attention/softmax.py
      total *= rescale;                                                   // attention/softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      maximum = highest;                                                  // attention/softmax.py
      const float weight = exp2f(other_maximum - highest);                // attention/softmax.py
      total += weight * exchange[threadIdx.x + 64u];                      // attention/softmax.py
      sum_0 += weight * exchange[threadIdx.x + 128u];                     // attention/softmax.py
      sum_1 += weight * exchange[threadIdx.x + 192u];
    }
    __syncthreads();                                                      // attention/softmax.py
  }
  if (threadIdx.x < 8u) {                                                 // parts/distribute.py
    out[blockIdx.x * 8u + threadIdx.x] = make_float2(sum_0, sum_1) / total;  // decode/head_results.py
  }
}
