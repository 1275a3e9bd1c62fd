// rope_linear_2x12

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

extern "C" __global__ void __launch_bounds__(64) rope_linear_2x12(
  const float* x,
  float* out,
  const Step* __restrict__ step
) {
  inputs_ready();
  const unsigned unit = blockIdx.x * 64u + threadIdx.x;                   // attention/rotate_and_append.py
  const unsigned position = step->past + blockIdx.y;                      // attention/rotate_and_append.py
  if (unit < 16u) {                                                       // attention/rotate_and_append.py
    const unsigned in_head = unit % 8u;                                   // attention/rotate_and_append.py
    const unsigned first = (blockIdx.y * 2u + unit / 8u) * 12u + in_head;  // attention/rotate_and_append.py
    if (in_head < 4u) {                                                   // attention/rotate_and_append.py
      const unsigned second = first + 4u;                                 // attention/rotate_and_append.py
      const float even = x[first];                                        // attention/rotate_and_append.py
      const float odd = x[second];
      const float index = float(in_head);                                 // parts/rotary.py
      const float product = index * -3.321289f;                           // parts/precise_math.py
      const float t = index * -0.0006390324f;                             // parts/precise_math.py
      const float whole = floorf(product + t + 0.5f);
      const float fraction = product - whole + t;                         // parts/precise_math.py
      const float series = fraction * 0.00015353362f + 0.0013398874f;     // parts/precise_math.py
      const float series_1 = series * fraction + 0.009618437f;            // parts/precise_math.py
      const float series_2 = series_1 * fraction + 0.055503324f;          // parts/precise_math.py
      const float series_3 = series_2 * fraction + 0.24022648f;           // parts/precise_math.py
      const float series_4 = series_3 * fraction + 0.6931472f;            // parts/precise_math.py
      const float power = __uint_as_float(unsigned(int(unsigned(__float2int_rz(whole))
          + unsigned(127))) << 23u);                                      // parts/precise_math.py
      const float frequency = (series_4 * fraction + 1.0f) * power * 0.5f;  // parts/rotary.py
      const float angle = float(position) * frequency;                    // parts/rotary.py
      const float quarter = floorf(angle * 0.63661975f + 0.5f);           // parts/precise_math.py
      const float reduced = angle - quarter * 1.5625f;                    // parts/precise_math.py
      const float reduced_1 = reduced - quarter * 0.008178711f;           // parts/precise_math.py
      const float reduced_2 = reduced_1 - quarter * 0.00011730194f;       // parts/precise_math.py
      const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;        // parts/precise_math.py
      const float square = reduced_3 * reduced_3;                         // parts/precise_math.py
      const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // parts/precise_math.py
      const float sine_1 = sine * square * reduced_3 + reduced_3;         // parts/precise_math.py
      const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square + 0.041666646f;  // parts/precise_math.py
      const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // parts/precise_math.py
      const unsigned quadrant = __float2uint_rz(quarter) & 3u;            // parts/precise_math.py
      const bool swapped = (quadrant & 1u) == 1u;                         // parts/precise_math.py
      const float sin_value = swapped ? cosine_1 : sine_1;                // parts/precise_math.py
      const float cos_value = swapped ? sine_1 : cosine_1;                // parts/precise_math.py
      const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;    // parts/precise_math.py
      const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // parts/precise_math.py
      out[first] = even * cos_angle - odd * sin_angle;                    // attention/rotate_and_append.py
      out[second] = odd * cos_angle + even * sin_angle;
    } else {
      const unsigned kept = first + 4u;                                   // attention/rotate_and_append.py
      out[kept] = x[kept];                                                // attention/rotate_and_append.py
    }
  }
}
