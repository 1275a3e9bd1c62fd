// matmul_q4_qkv_128x64

__device__ inline float4 splat_float4(float a) {
  return make_float4(a, a, a, a);
}

__device__ inline float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

// A byte in the low bits of 2^23 gives the float 2^23 + byte.
__device__ inline float4 u8x4_to_float4(unsigned word, float less = 0.0f) {
  const float zero = 8388608.0f + less;
  return make_float4(
    __uint_as_float(__byte_perm(word, 0x4b000000u, 0x7440u)) - zero,
    __uint_as_float(__byte_perm(word, 0x4b000000u, 0x7441u)) - zero,
    __uint_as_float(__byte_perm(word, 0x4b000000u, 0x7442u)) - zero,
    __uint_as_float(__byte_perm(word, 0x4b000000u, 0x7443u)) - zero);
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

__device__ inline float dot(float4 a, float4 b) {
  return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

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

extern "C" __global__ void __launch_bounds__(64) matmul_q4_qkv_128x64(
  const float4* __restrict__ x,
  const unsigned* __restrict__ quants,
  const unsigned* __restrict__ scales,
  float2* __restrict__ q,
  unsigned* __restrict__ k_cache,
  unsigned* __restrict__ v_cache,
  const Step* __restrict__ step
) {
  __shared__ float4 tile[576];
  const unsigned first_row = blockIdx.x * 32u;                            // matmul.py
  const unsigned first_token = blockIdx.y * 32u;                          // matmul.py
  const unsigned column = threadIdx.x % 8u;                               // matmul.py
  const unsigned line = threadIdx.x / 8u;                                 // matmul.py
  float sum_00 = 0.0f;                                                    // matmul.py
  float sum_01 = 0.0f;
  float sum_02 = 0.0f;
  float sum_03 = 0.0f;
  float sum_10 = 0.0f;
  float sum_11 = 0.0f;
  float sum_12 = 0.0f;
  float sum_13 = 0.0f;
  float sum_20 = 0.0f;
  float sum_21 = 0.0f;
  float sum_22 = 0.0f;
  float sum_23 = 0.0f;
  float sum_30 = 0.0f;
  float sum_31 = 0.0f;
  float sum_32 = 0.0f;
  float sum_33 = 0.0f;
  for (unsigned group = 0u; group < 2u; group++) {                        // matmul.py
    for (unsigned staged = threadIdx.x; staged < 256u; staged += 64u) {   // deal.py
      const unsigned line_1 = staged / 8u;                                // operands.py
      const unsigned unit = staged % 8u;                                  // operands.py
      const unsigned first = group * 8u + unit;                           // operands.py
      const unsigned start = line_1 * 9u + unit;                          // panel.py
      tile[start] = x[first + min(first_token + line_1, step->seq - 1u) * 16u];  // panel.py
    }
    for (unsigned staged = threadIdx.x; staged < 128u; staged += 64u) {   // deal.py
      const unsigned line_1 = staged / 4u;                                // operands.py
      const unsigned unit = staged % 4u;                                  // operands.py
      const unsigned row = first_row + line_1;                            // operands.py
      const unsigned at = row * 2u + group;                               // operands.py
      const unsigned words = quants[at * 4u + unit];                      // operands.py
      const float4 low = u8x4_to_float4(words & 0x0f0f0f0fu, 8.0f);       // weights.py
      const float4 high = u8x4_to_float4((words >> 4u) & 0x0f0f0f0fu, 8.0f);  // weights.py
      const float2 pair = unpack_half2(scales[at >> 1u]);                 // weights.py
      const float4 t = splat_float4((at & 1u) == 1u ? pair.y : pair.x);   // operands.py
      const unsigned start = ((line_1 % 4u) * 8u + line_1 / 4u) * 9u + unit * 2u;  // panel.py
      tile[start + 288u] = low * t;                                       // panel.py
      tile[start + 289u] = high * t;
    }
    __syncthreads();                                                      // matmul.py
    for (unsigned part = 0u; part < 8u; part++) {                         // matmul.py
      const unsigned place = line * 9u + part;                            // panel.py
      const float4 x_0 = tile[place];                                     // panel.py
      const float4 x_1 = tile[place + 72u];
      const float4 x_2 = tile[place + 144u];
      const float4 x_3 = tile[place + 216u];
      const unsigned place_1 = column * 9u + part;                        // panel.py
      const unsigned place_2 = place_1 + 288u;                            // panel.py
      const float4 w_0 = tile[place_2];                                   // panel.py
      const float4 w_1 = tile[place_2 + 72u];
      const float4 w_2 = tile[place_2 + 144u];
      const float4 w_3 = tile[place_2 + 216u];
      sum_00 += dot(x_0, w_0);                                            // matmul.py
      sum_01 += dot(x_0, w_1);
      sum_02 += dot(x_0, w_2);
      sum_03 += dot(x_0, w_3);
      sum_10 += dot(x_1, w_0);
      sum_11 += dot(x_1, w_1);
      sum_12 += dot(x_1, w_2);
      sum_13 += dot(x_1, w_3);
      sum_20 += dot(x_2, w_0);
      sum_21 += dot(x_2, w_1);
      sum_22 += dot(x_2, w_2);
      sum_23 += dot(x_2, w_3);
      sum_30 += dot(x_3, w_0);
      sum_31 += dot(x_3, w_1);
      sum_32 += dot(x_3, w_2);
      sum_33 += dot(x_3, w_3);
    }
    __syncthreads();                                                      // matmul.py
  }
  const unsigned index = line * 8u + column;                              // matmul.py
  tile[index] = make_float4(sum_00, sum_01, sum_02, sum_03);
  tile[index + 64u] = make_float4(sum_10, sum_11, sum_12, sum_13);
  tile[index + 128u] = make_float4(sum_20, sum_21, sum_22, sum_23);
  tile[index + 192u] = make_float4(sum_30, sum_31, sum_32, sum_33);
  __syncthreads();                                                        // matmul.py
  for (unsigned block = threadIdx.x; block < 256u; block += 64u) {        // matmul.py
    const unsigned token = first_token + block / 8u;                      // matmul.py
    const float4 results = tile[block];                                   // matmul.py
    const unsigned row = first_row + (block % 8u) * 4u;
    if (token < step->seq) {                                              // matmul.py
      if (row < 128u) {                                                   // matmul.py
        const unsigned pair = row / 2u;                                   // matmul.py
        const unsigned position = step->past + token;                     // linear.py
        float first = results.x;                                          // linear.py
        float second = results.y;                                         // linear.py
        const unsigned in_head = pair % 4u;                               // linear.py
        const bool rotated = pair < 48u;                                  // linear.py
        if (rotated) {                                                    // linear.py
          const float index_1 = float(in_head);                           // rotary.py
          const float product = index_1 * -3.321289f;                     // math.py
          const float t = index_1 * -0.0006390324f;                       // math.py
          const float whole = floorf(product + t + 0.5f);
          const float fraction = product - whole + t;                     // math.py
          const float series = fraction * 0.00015353362f + 0.0013398874f;  // math.py
          const float series_1 = series * fraction + 0.009618437f;        // math.py
          const float series_2 = series_1 * fraction + 0.055503324f;      // math.py
          const float series_3 = series_2 * fraction + 0.24022648f;       // math.py
          const float series_4 = series_3 * fraction + 0.6931472f;        // math.py
          const float power = __uint_as_float(unsigned(int(unsigned(__float2int_rz(whole))
              + unsigned(127))) << 23u);                                  // math.py
          const float angle = float(position) * ((series_4 * fraction + 1.0f) * power);  // rotary.py
          const float quarter = floorf(angle * 0.63661975f + 0.5f);       // math.py
          const float reduced = angle - quarter * 1.5625f;                // math.py
          const float reduced_1 = reduced - quarter * 0.008178711f;       // math.py
          const float reduced_2 = reduced_1 - quarter * 0.00011730194f;   // math.py
          const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;    // math.py
          const float square = reduced_3 * reduced_3;                     // math.py
          const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // math.py
          const float sine_1 = sine * square * reduced_3 + reduced_3;     // math.py
          const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square + 0.041666646f;  // math.py
          const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // math.py
          const unsigned quadrant = __float2uint_rz(quarter) & 3u;        // math.py
          const bool swapped = (quadrant & 1u) == 1u;                     // math.py
          const float sin_value = swapped ? cosine_1 : sine_1;            // math.py
          const float cos_value = swapped ? sine_1 : cosine_1;            // math.py
          const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;  // math.py
          const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // math.py
          first = results.x * cos_angle - results.y * sin_angle;          // linear.py
          second = results.y * cos_angle + results.x * sin_angle;         // linear.py
        }
        const float2 both = make_float2(first, second);                   // linear.py
        const unsigned row_1 = position * 16u;                            // linear.py
        if (pair < 32u) {                                                 // linear.py
          q[pair + token * 32u] = both;                                   // linear.py
        } else {
          const unsigned stored = pack_half2(both);                       // linear.py
          if (rotated) {                                                  // linear.py
            k_cache[row_1 + pair - 32u] = stored;                         // linear.py
          } else {
            v_cache[row_1 + pair - 48u] = stored;                         // linear.py
          }
        }
      }
      const unsigned index_1 = row + 2u;                                  // matmul.py
      if (index_1 < 128u) {
        const unsigned pair = index_1 / 2u;                               // matmul.py
        const unsigned position = step->past + token;                     // linear.py
        float first = results.z;                                          // linear.py
        float second = results.w;                                         // linear.py
        const unsigned in_head = pair % 4u;                               // linear.py
        const bool rotated = pair < 48u;                                  // linear.py
        if (rotated) {                                                    // linear.py
          const float index_2 = float(in_head);                           // rotary.py
          const float product = index_2 * -3.321289f;                     // math.py
          const float t = index_2 * -0.0006390324f;                       // math.py
          const float whole = floorf(product + t + 0.5f);
          const float fraction = product - whole + t;                     // math.py
          const float series = fraction * 0.00015353362f + 0.0013398874f;  // math.py
          const float series_1 = series * fraction + 0.009618437f;        // math.py
          const float series_2 = series_1 * fraction + 0.055503324f;      // math.py
          const float series_3 = series_2 * fraction + 0.24022648f;       // math.py
          const float series_4 = series_3 * fraction + 0.6931472f;        // math.py
          const float power = __uint_as_float(unsigned(int(unsigned(__float2int_rz(whole))
              + unsigned(127))) << 23u);                                  // math.py
          const float angle = float(position) * ((series_4 * fraction + 1.0f) * power);  // rotary.py
          const float quarter = floorf(angle * 0.63661975f + 0.5f);       // math.py
          const float reduced = angle - quarter * 1.5625f;                // math.py
          const float reduced_1 = reduced - quarter * 0.008178711f;       // math.py
          const float reduced_2 = reduced_1 - quarter * 0.00011730194f;   // math.py
          const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;    // math.py
          const float square = reduced_3 * reduced_3;                     // math.py
          const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // math.py
          const float sine_1 = sine * square * reduced_3 + reduced_3;     // math.py
          const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square + 0.041666646f;  // math.py
          const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // math.py
          const unsigned quadrant = __float2uint_rz(quarter) & 3u;        // math.py
          const bool swapped = (quadrant & 1u) == 1u;                     // math.py
          const float sin_value = swapped ? cosine_1 : sine_1;            // math.py
          const float cos_value = swapped ? sine_1 : cosine_1;            // math.py
          const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;  // math.py
          const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // math.py
          first = results.z * cos_angle - results.w * sin_angle;          // linear.py
          second = results.w * cos_angle + results.z * sin_angle;         // linear.py
        }
        const float2 both = make_float2(first, second);                   // linear.py
        const unsigned row_1 = position * 16u;                            // linear.py
        if (pair < 32u) {                                                 // linear.py
          q[pair + token * 32u] = both;                                   // linear.py
        } else {
          const unsigned stored = pack_half2(both);                       // linear.py
          if (rotated) {                                                  // linear.py
            k_cache[row_1 + pair - 32u] = stored;                         // linear.py
          } else {
            v_cache[row_1 + pair - 48u] = stored;                         // linear.py
          }
        }
      }
    }
  }
}
