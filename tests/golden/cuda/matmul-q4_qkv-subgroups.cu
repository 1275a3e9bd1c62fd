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

extern "C" __global__ void __launch_bounds__(64) matmul_q4_qkv_128x64(
  const float4* x,
  const unsigned* __restrict__ quants,
  const unsigned* __restrict__ scales,
  float2* __restrict__ q,
  unsigned* __restrict__ k_cache,
  unsigned* __restrict__ v_cache,
  const Step* __restrict__ step
) {
  __shared__ float4 tile[576];
  inputs_ready();
  const unsigned first_row = blockIdx.x * 32u;                            // linear/matmul.py
  const unsigned first_token = blockIdx.y * 32u;                          // linear/matmul.py
  const unsigned unit = threadIdx.x % 8u;                                 // linear/matmul.py
  const unsigned line = threadIdx.x / 8u;                                 // linear/matmul.py
  float sum_00 = 0.0f;                                                    // linear/matmul.py
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
  const unsigned index = step->seq - 1u;                                  // linear/operands.py
  const unsigned row = min(first_token + line, index);
  const unsigned index_1 = row * 16u;                                     // linear/buffers.py
  float4 loaded = x[unit + index_1];                                      // linear/operands.py
  const unsigned at = threadIdx.x + 64u;                                  // linear/operands.py
  const unsigned line_1 = at / 8u;                                        // linear/operands.py
  const unsigned unit_1 = at % 8u;                                        // linear/operands.py
  const unsigned row_1 = min(first_token + line_1, index);                // linear/operands.py
  const unsigned index_2 = row_1 * 16u;                                   // linear/buffers.py
  float4 loaded_1 = x[unit_1 + index_2];                                  // linear/operands.py
  const unsigned at_1 = threadIdx.x + 128u;                               // linear/operands.py
  const unsigned line_2 = at_1 / 8u;                                      // linear/operands.py
  const unsigned unit_2 = at_1 % 8u;                                      // linear/operands.py
  const unsigned row_2 = min(first_token + line_2, index);                // linear/operands.py
  const unsigned index_3 = row_2 * 16u;                                   // linear/buffers.py
  float4 loaded_2 = x[unit_2 + index_3];                                  // linear/operands.py
  const unsigned at_2 = threadIdx.x + 192u;                               // linear/operands.py
  const unsigned line_3 = at_2 / 8u;                                      // linear/operands.py
  const unsigned unit_3 = at_2 % 8u;                                      // linear/operands.py
  const unsigned row_3 = min(first_token + line_3, index);                // linear/operands.py
  const unsigned index_4 = row_3 * 16u;                                   // linear/buffers.py
  float4 loaded_3 = x[unit_3 + index_4];                                  // linear/operands.py
  const unsigned line_4 = threadIdx.x / 4u;                               // linear/operands.py
  const unsigned unit_4 = threadIdx.x % 4u;                               // linear/operands.py
  const unsigned row_4 = first_row + line_4;                              // linear/operands.py
  const unsigned row_5 = row_4 * 2u;                                      // linear/operands.py
  const unsigned words = quants[row_5 * 4u + unit_4];                     // linear/operands.py
  unsigned loaded_4 = words;                                              // linear/operands.py
  unsigned loaded_5 = scales[row_5 >> 1u];
  unsigned loaded_6 = row_5;
  const unsigned line_5 = at / 4u;                                        // linear/operands.py
  const unsigned unit_5 = at % 4u;                                        // linear/operands.py
  const unsigned row_6 = first_row + line_5;                              // linear/operands.py
  const unsigned row_7 = row_6 * 2u;                                      // linear/operands.py
  const unsigned words_1 = quants[row_7 * 4u + unit_5];                   // linear/operands.py
  unsigned loaded_7 = words_1;                                            // linear/operands.py
  unsigned loaded_8 = scales[row_7 >> 1u];
  unsigned loaded_9 = row_7;
  for (unsigned group = 0u; group < 2u; group++) {                        // linear/matmul.py
    const unsigned index_5 = line * 9u;                                   // parts/staged_rows.py
    const unsigned start = index_5 + unit;
    tile[start] = loaded;                                                 // parts/staged_rows.py
    const unsigned start_1 = line_1 * 9u + unit_1;                        // parts/staged_rows.py
    tile[start_1] = loaded_1;                                             // parts/staged_rows.py
    const unsigned start_2 = line_2 * 9u + unit_2;                        // parts/staged_rows.py
    tile[start_2] = loaded_2;                                             // parts/staged_rows.py
    const unsigned start_3 = line_3 * 9u + unit_3;                        // parts/staged_rows.py
    tile[start_3] = loaded_3;                                             // parts/staged_rows.py
    const unsigned word = loaded_4;                                       // linear/operands.py
    const float4 low = u8x4_to_float4(word & 0x0f0f0f0fu, 8.0f);          // formats/nibbles.py
    const float4 high = u8x4_to_float4((word >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
    const float2 pair = unpack_half2(loaded_5);                           // parts/packed_rows.py
    const float4 t = splat_float4((loaded_6 & 1u) == 1u ? pair.y : pair.x);  // linear/operands.py
    const unsigned start_4 = ((line_4 % 4u) * 8u + line_4 / 4u) * 9u + unit_4 * 2u;  // parts/staged_rows.py
    tile[start_4 + 288u] = low * t;                                       // parts/staged_rows.py
    tile[start_4 + 289u] = high * t;
    const unsigned word_1 = loaded_7;                                     // linear/operands.py
    const float4 low_1 = u8x4_to_float4(word_1 & 0x0f0f0f0fu, 8.0f);      // formats/nibbles.py
    const float4 high_1 = u8x4_to_float4((word_1 >> 4u) & 0x0f0f0f0fu, 8.0f);  // formats/nibbles.py
    const float2 pair_1 = unpack_half2(loaded_8);                         // parts/packed_rows.py
    const float4 t_1 = splat_float4((loaded_9 & 1u) == 1u ? pair_1.y : pair_1.x);  // linear/operands.py
    const unsigned start_5 = ((line_5 % 4u) * 8u + line_5 / 4u) * 9u + unit_5 * 2u;  // parts/staged_rows.py
    tile[start_5 + 288u] = low_1 * t_1;                                   // parts/staged_rows.py
    tile[start_5 + 289u] = high_1 * t_1;
    __syncthreads();                                                      // linear/matmul.py
    const unsigned step_1 = min(group + 1u, 1u);                          // linear/matmul.py
    const unsigned index_6 = step_1 * 8u;                                 // linear/operands.py
    const unsigned first = index_6 + unit;
    loaded = x[first + index_1];                                          // linear/operands.py
    const unsigned first_1 = index_6 + unit_1;                            // linear/operands.py
    loaded_1 = x[first_1 + index_2];                                      // linear/operands.py
    const unsigned first_2 = index_6 + unit_2;                            // linear/operands.py
    loaded_2 = x[first_2 + index_3];                                      // linear/operands.py
    const unsigned first_3 = index_6 + unit_3;                            // linear/operands.py
    loaded_3 = x[first_3 + index_4];                                      // linear/operands.py
    const unsigned at_3 = row_5 + step_1;                                 // linear/operands.py
    const unsigned words_2 = quants[at_3 * 4u + unit_4];                  // linear/operands.py
    loaded_4 = words_2;                                                   // linear/operands.py
    loaded_5 = scales[at_3 >> 1u];
    loaded_6 = at_3;
    const unsigned at_4 = row_7 + step_1;                                 // linear/operands.py
    const unsigned words_3 = quants[at_4 * 4u + unit_5];                  // linear/operands.py
    loaded_7 = words_3;                                                   // linear/operands.py
    loaded_8 = scales[at_4 >> 1u];
    loaded_9 = at_4;
    for (unsigned part = 0u; part < 8u; part++) {                         // linear/matmul.py
      const unsigned place = index_5 + part;                              // parts/staged_rows.py
      const float4 x_0 = tile[place];                                     // parts/staged_rows.py
      const float4 x_1 = tile[place + 72u];
      const float4 x_2 = tile[place + 144u];
      const float4 x_3 = tile[place + 216u];
      const unsigned place_1 = unit * 9u + part;                          // parts/staged_rows.py
      const unsigned place_2 = place_1 + 288u;                            // parts/staged_rows.py
      const float4 w_0 = tile[place_2];                                   // parts/staged_rows.py
      const float4 w_1 = tile[place_2 + 72u];
      const float4 w_2 = tile[place_2 + 144u];
      const float4 w_3 = tile[place_2 + 216u];
      sum_00 = sum_00 + x_0.x * w_0.x + x_0.y * w_0.y + x_0.z * w_0.z + x_0.w * w_0.w;  // linear/matmul.py
      sum_01 = sum_01 + x_0.x * w_1.x + x_0.y * w_1.y + x_0.z * w_1.z + x_0.w * w_1.w;
      sum_02 = sum_02 + x_0.x * w_2.x + x_0.y * w_2.y + x_0.z * w_2.z + x_0.w * w_2.w;
      sum_03 = sum_03 + x_0.x * w_3.x + x_0.y * w_3.y + x_0.z * w_3.z + x_0.w * w_3.w;
      sum_10 = sum_10 + x_1.x * w_0.x + x_1.y * w_0.y + x_1.z * w_0.z + x_1.w * w_0.w;
      sum_11 = sum_11 + x_1.x * w_1.x + x_1.y * w_1.y + x_1.z * w_1.z + x_1.w * w_1.w;
      sum_12 = sum_12 + x_1.x * w_2.x + x_1.y * w_2.y + x_1.z * w_2.z + x_1.w * w_2.w;
      sum_13 = sum_13 + x_1.x * w_3.x + x_1.y * w_3.y + x_1.z * w_3.z + x_1.w * w_3.w;
      sum_20 = sum_20 + x_2.x * w_0.x + x_2.y * w_0.y + x_2.z * w_0.z + x_2.w * w_0.w;
      sum_21 = sum_21 + x_2.x * w_1.x + x_2.y * w_1.y + x_2.z * w_1.z + x_2.w * w_1.w;
      sum_22 = sum_22 + x_2.x * w_2.x + x_2.y * w_2.y + x_2.z * w_2.z + x_2.w * w_2.w;
      sum_23 = sum_23 + x_2.x * w_3.x + x_2.y * w_3.y + x_2.z * w_3.z + x_2.w * w_3.w;
      sum_30 = sum_30 + x_3.x * w_0.x + x_3.y * w_0.y + x_3.z * w_0.z + x_3.w * w_0.w;
      sum_31 = sum_31 + x_3.x * w_1.x + x_3.y * w_1.y + x_3.z * w_1.z + x_3.w * w_1.w;
      sum_32 = sum_32 + x_3.x * w_2.x + x_3.y * w_2.y + x_3.z * w_2.z + x_3.w * w_2.w;
      sum_33 = sum_33 + x_3.x * w_3.x + x_3.y * w_3.y + x_3.z * w_3.z + x_3.w * w_3.w;
    }
    __syncthreads();                                                      // linear/matmul.py
  }
  const unsigned first = line * 8u + unit;                                // linear/matmul.py
  tile[first] = make_float4(sum_00, sum_01, sum_02, sum_03);              // linear/matmul.py
  tile[first + 64u] = make_float4(sum_10, sum_11, sum_12, sum_13);
  tile[first + 128u] = make_float4(sum_20, sum_21, sum_22, sum_23);
  tile[first + 192u] = make_float4(sum_30, sum_31, sum_32, sum_33);
  __syncthreads();                                                        // linear/matmul.py
  for (unsigned block = threadIdx.x; block < 256u; block += 64u) {        // linear/matmul.py
    const unsigned token = first_token + block / 8u;                      // linear/matmul.py
    const float4 results = tile[block];                                   // linear/matmul.py
    const unsigned row_8 = first_row + (block % 8u) * 4u;
    if (token < step->seq) {                                              // linear/matmul.py
      if (row_8 < 128u) {                                                 // linear/matmul.py
        const unsigned pair = row_8 / 2u;                                 // linear/matmul.py
        const unsigned position = step->past + token;                     // epilogues/heads.py
        float first_1 = results.x;                                        // epilogues/heads.py
        float second = results.y;                                         // epilogues/heads.py
        const unsigned in_head = pair % 4u;                               // epilogues/heads.py
        const bool rotated = pair < 48u;                                  // epilogues/heads.py
        if (rotated) {                                                    // epilogues/heads.py
          const float index_5 = float(in_head);                           // parts/rotary.py
          const float product = index_5 * -3.321289f;                     // parts/precise_math.py
          const float t = index_5 * -0.0006390324f;                       // parts/precise_math.py
          const float whole = floorf(product + t + 0.5f);
          const float fraction = product - whole + t;                     // parts/precise_math.py
          const float series = fraction * 0.00015353362f + 0.0013398874f;  // parts/precise_math.py
          const float series_1 = series * fraction + 0.009618437f;        // parts/precise_math.py
          const float series_2 = series_1 * fraction + 0.055503324f;      // parts/precise_math.py
          const float series_3 = series_2 * fraction + 0.24022648f;       // parts/precise_math.py
          const float series_4 = series_3 * fraction + 0.6931472f;        // parts/precise_math.py
          const float power = __uint_as_float(unsigned(int(unsigned(__float2int_rz(whole))
              + unsigned(127))) << 23u);                                  // parts/precise_math.py
          const float angle = float(position) * ((series_4 * fraction + 1.0f) * power);  // parts/rotary.py
          const float quarter = floorf(angle * 0.63661975f + 0.5f);       // parts/precise_math.py
          const float reduced = angle - quarter * 1.5625f;                // parts/precise_math.py
          const float reduced_1 = reduced - quarter * 0.008178711f;       // parts/precise_math.py
          const float reduced_2 = reduced_1 - quarter * 0.00011730194f;   // parts/precise_math.py
          const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;    // parts/precise_math.py
          const float square = reduced_3 * reduced_3;                     // parts/precise_math.py
          const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // parts/precise_math.py
          const float sine_1 = sine * square * reduced_3 + reduced_3;     // parts/precise_math.py
          const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square + 0.041666646f;  // parts/precise_math.py
          const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // parts/precise_math.py
          const unsigned quadrant = __float2uint_rz(quarter) & 3u;        // parts/precise_math.py
          const bool swapped = (quadrant & 1u) == 1u;                     // parts/precise_math.py
          const float sin_value = swapped ? cosine_1 : sine_1;            // parts/precise_math.py
          const float cos_value = swapped ? sine_1 : cosine_1;            // parts/precise_math.py
          const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;  // parts/precise_math.py
          const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // parts/precise_math.py
          first_1 = results.x * cos_angle - results.y * sin_angle;        // epilogues/heads.py
          second = results.y * cos_angle + results.x * sin_angle;         // epilogues/heads.py
        }
        const float2 both = make_float2(first_1, second);                 // epilogues/heads.py
        const unsigned row_9 = position * 16u;                            // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token * 32u] = both;                                   // epilogues/heads.py
        } else {
          const unsigned stored = pack_half2(both);                       // epilogues/heads.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_9 + pair - 32u] = stored;                         // epilogues/heads.py
          } else {
            v_cache[row_9 + pair - 48u] = stored;                         // epilogues/heads.py
          }
        }
      }
      const unsigned index_5 = row_8 + 2u;                                // linear/matmul.py
      if (index_5 < 128u) {
        const unsigned pair = index_5 / 2u;                               // linear/matmul.py
        const unsigned position = step->past + token;                     // epilogues/heads.py
        float first_1 = results.z;                                        // epilogues/heads.py
        float second = results.w;                                         // epilogues/heads.py
        const unsigned in_head = pair % 4u;                               // epilogues/heads.py
        const bool rotated = pair < 48u;                                  // epilogues/heads.py
        if (rotated) {                                                    // epilogues/heads.py
          const float index_6 = float(in_head);                           // parts/rotary.py
          const float product = index_6 * -3.321289f;                     // parts/precise_math.py
          const float t = index_6 * -0.0006390324f;                       // parts/precise_math.py
          const float whole = floorf(product + t + 0.5f);
          const float fraction = product - whole + t;                     // parts/precise_math.py
          const float series = fraction * 0.00015353362f + 0.0013398874f;  // parts/precise_math.py
          const float series_1 = series * fraction + 0.009618437f;        // parts/precise_math.py
          const float series_2 = series_1 * fraction + 0.055503324f;      // parts/precise_math.py
          const float series_3 = series_2 * fraction + 0.24022648f;       // parts/precise_math.py
          const float series_4 = series_3 * fraction + 0.6931472f;        // parts/precise_math.py
          const float power = __uint_as_float(unsigned(int(unsigned(__float2int_rz(whole))
              + unsigned(127))) << 23u);                                  // parts/precise_math.py
          const float angle = float(position) * ((series_4 * fraction + 1.0f) * power);  // parts/rotary.py
          const float quarter = floorf(angle * 0.63661975f + 0.5f);       // parts/precise_math.py
          const float reduced = angle - quarter * 1.5625f;                // parts/precise_math.py
          const float reduced_1 = reduced - quarter * 0.008178711f;       // parts/precise_math.py
          const float reduced_2 = reduced_1 - quarter * 0.00011730194f;   // parts/precise_math.py
          const float reduced_3 = reduced_2 - quarter * 3.1391647e-7f;    // parts/precise_math.py
          const float square = reduced_3 * reduced_3;                     // parts/precise_math.py
          const float sine = (square * -0.00019515296f + 0.008332161f) * square - 0.16666655f;  // parts/precise_math.py
          const float sine_1 = sine * square * reduced_3 + reduced_3;     // parts/precise_math.py
          const float cosine = (square * 2.4433157e-5f - 0.0013887316f) * square + 0.041666646f;  // parts/precise_math.py
          const float cosine_1 = cosine * square * square - square * 0.5f + 1.0f;  // parts/precise_math.py
          const unsigned quadrant = __float2uint_rz(quarter) & 3u;        // parts/precise_math.py
          const bool swapped = (quadrant & 1u) == 1u;                     // parts/precise_math.py
          const float sin_value = swapped ? cosine_1 : sine_1;            // parts/precise_math.py
          const float cos_value = swapped ? sine_1 : cosine_1;            // parts/precise_math.py
          const float sin_angle = quadrant >= 2u ? -sin_value : sin_value;  // parts/precise_math.py
          const float cos_angle = ((quadrant + 1u) & 2u) == 2u ? -cos_value : cos_value;  // parts/precise_math.py
          first_1 = results.z * cos_angle - results.w * sin_angle;        // epilogues/heads.py
          second = results.w * cos_angle + results.z * sin_angle;         // epilogues/heads.py
        }
        const float2 both = make_float2(first_1, second);                 // epilogues/heads.py
        const unsigned row_9 = position * 16u;                            // epilogues/heads.py
        if (pair < 32u) {                                                 // epilogues/heads.py
          q[pair + token * 32u] = both;                                   // epilogues/heads.py
        } else {
          const unsigned stored = pack_half2(both);                       // epilogues/heads.py
          if (rotated) {                                                  // epilogues/heads.py
            k_cache[row_9 + pair - 32u] = stored;                         // epilogues/heads.py
          } else {
            v_cache[row_9 + pair - 48u] = stored;                         // epilogues/heads.py
          }
        }
      }
    }
  }
}
