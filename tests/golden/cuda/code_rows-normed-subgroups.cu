// code_rows_96_t2_normed_one_row

__device__ inline float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

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

__device__ inline float dot(float4 a, float4 b) {
  return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

// Waits until the kernel before has ended and what it wrote can be seen; then the next one may start.
__device__ inline void inputs_ready() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

extern "C" __global__ void __launch_bounds__(32) code_rows_96_t2_normed_one_row(
  const float4* x,
  const float4* __restrict__ code_weight,
  unsigned* __restrict__ coded
) {
  inputs_ready();
  const unsigned first = blockIdx.x * 32u + threadIdx.x;                  // int8/code_rows.py
  if (first < 3u) {                                                       // int8/code_rows.py
    const unsigned four = first * 8u;                                     // int8/code_rows.py
    const unsigned index = blockIdx.y * 24u;                              // linear/buffers.py
    const float4 x_1 = x[four + index];
    const float square = dot(x_1, x_1);                                   // int8/code_rows.py
    const float4 x_2 = x_1 * code_weight[four];                           // int8/code_rows.py
    const unsigned four_1 = four + 1u;                                    // int8/code_rows.py
    const float4 x_3 = x[four_1 + index];                                 // linear/buffers.py
    const float square_1 = square + dot(x_3, x_3);                        // int8/code_rows.py
    const float4 x_4 = x_3 * code_weight[four_1];                         // int8/code_rows.py
    const unsigned four_2 = four + 2u;                                    // int8/code_rows.py
    const float4 x_5 = x[four_2 + index];                                 // linear/buffers.py
    const float square_2 = square_1 + dot(x_5, x_5);                      // int8/code_rows.py
    const float4 x_6 = x_5 * code_weight[four_2];                         // int8/code_rows.py
    const unsigned four_3 = four + 3u;                                    // int8/code_rows.py
    const float4 x_7 = x[four_3 + index];                                 // linear/buffers.py
    const float square_3 = square_2 + dot(x_7, x_7);                      // int8/code_rows.py
    const float4 x_8 = x_7 * code_weight[four_3];                         // int8/code_rows.py
    const unsigned four_4 = four + 4u;                                    // int8/code_rows.py
    const float4 x_9 = x[four_4 + index];                                 // linear/buffers.py
    const float square_4 = square_3 + dot(x_9, x_9);                      // int8/code_rows.py
    const float4 x_10 = x_9 * code_weight[four_4];                        // int8/code_rows.py
    const unsigned four_5 = four + 5u;                                    // int8/code_rows.py
    const float4 x_11 = x[four_5 + index];                                // linear/buffers.py
    const float square_5 = square_4 + dot(x_11, x_11);                    // int8/code_rows.py
    const float4 x_12 = x_11 * code_weight[four_5];                       // int8/code_rows.py
    const unsigned four_6 = four + 6u;                                    // int8/code_rows.py
    const float4 x_13 = x[four_6 + index];                                // linear/buffers.py
    const float square_6 = square_5 + dot(x_13, x_13);                    // int8/code_rows.py
    const float4 x_14 = x_13 * code_weight[four_6];                       // int8/code_rows.py
    const unsigned four_7 = four + 7u;                                    // int8/code_rows.py
    const float4 x_15 = x[four_7 + index];                                // linear/buffers.py
    const float square_7 = square_6 + dot(x_15, x_15);                    // int8/code_rows.py
    const float4 x_16 = x_15 * code_weight[four_7];                       // int8/code_rows.py
    const uint4 largest = max(as_uint4(x_2) & splat_uint4(2147483647u), as_uint4(x_4)
        & splat_uint4(2147483647u));                                      // parts/coded_groups.py
    const uint4 largest_1 = max(largest, as_uint4(x_6) & splat_uint4(2147483647u));
    const uint4 largest_2 = max(largest_1, as_uint4(x_8) & splat_uint4(2147483647u));
    const uint4 largest_3 = max(largest_2, as_uint4(x_10) & splat_uint4(2147483647u));
    const uint4 largest_4 = max(largest_3, as_uint4(x_12) & splat_uint4(2147483647u));
    const uint4 largest_5 = max(largest_4, as_uint4(x_14) & splat_uint4(2147483647u));
    const uint4 largest_6 = max(largest_5, as_uint4(x_16) & splat_uint4(2147483647u));
    const unsigned largest_7 = max(max(largest_6.x, largest_6.y),
        max(largest_6.z, largest_6.w));                                   // parts/coded_groups.py
    const unsigned exponent = min(max(largest_7 >> 23u, 27u), 252u);      // parts/coded_groups.py
    const float steps = float(2130706432u
        / ((((largest_7 & 0x007fffffu) | 0x00800000u) >> 8u) + 1u))
        * __uint_as_float((253u - exponent) << 23u);                      // parts/coded_groups.py
    const float4 t = splat_float4(steps * 8.0f);                          // parts/coded_groups.py
    const int4 cut = to_int4(x_2 * t);
    const int4 parts = (cut + 4) >> splat_uint4(3u);                      // parts/coded_groups.py
    const uint4 codes = as_uint4(parts + 128) & splat_uint4(65280u);      // parts/coded_groups.py
    const unsigned low = (codes.x >> 8u) | codes.y;                       // parts/coded_groups.py
    const unsigned high = (codes.z << 8u) | (codes.w << 16u);
    const unsigned word = low | high;                                     // parts/coded_groups.py
    const uint4 rest = as_uint4(parts) & splat_uint4(255u);               // parts/coded_groups.py
    const unsigned low_1 = rest.x | (rest.y << 8u);                       // parts/coded_groups.py
    const unsigned high_1 = (rest.z << 16u) | (rest.w << 24u);
    const unsigned word_1 = low_1 | high_1;                               // parts/coded_groups.py
    const int4 cut_1 = to_int4(x_4 * t);                                  // parts/coded_groups.py
    const int4 parts_1 = (cut_1 + 4) >> splat_uint4(3u);                  // parts/coded_groups.py
    const uint4 codes_1 = as_uint4(parts_1 + 128) & splat_uint4(65280u);  // parts/coded_groups.py
    const unsigned low_2 = (codes_1.x >> 8u) | codes_1.y;                 // parts/coded_groups.py
    const unsigned high_2 = (codes_1.z << 8u) | (codes_1.w << 16u);
    const unsigned word_2 = low_2 | high_2;                               // parts/coded_groups.py
    const uint4 rest_1 = as_uint4(parts_1) & splat_uint4(255u);           // parts/coded_groups.py
    const unsigned low_3 = rest_1.x | (rest_1.y << 8u);                   // parts/coded_groups.py
    const unsigned high_3 = (rest_1.z << 16u) | (rest_1.w << 24u);
    const unsigned word_3 = low_3 | high_3;                               // parts/coded_groups.py
    const int4 cut_2 = to_int4(x_6 * t);                                  // parts/coded_groups.py
    const int4 parts_2 = (cut_2 + 4) >> splat_uint4(3u);                  // parts/coded_groups.py
    const uint4 codes_2 = as_uint4(parts_2 + 128) & splat_uint4(65280u);  // parts/coded_groups.py
    const unsigned low_4 = (codes_2.x >> 8u) | codes_2.y;                 // parts/coded_groups.py
    const unsigned high_4 = (codes_2.z << 8u) | (codes_2.w << 16u);
    const unsigned word_4 = low_4 | high_4;                               // parts/coded_groups.py
    const uint4 rest_2 = as_uint4(parts_2) & splat_uint4(255u);           // parts/coded_groups.py
    const unsigned low_5 = rest_2.x | (rest_2.y << 8u);                   // parts/coded_groups.py
    const unsigned high_5 = (rest_2.z << 16u) | (rest_2.w << 24u);
    const unsigned word_5 = low_5 | high_5;                               // parts/coded_groups.py
    const int4 cut_3 = to_int4(x_8 * t);                                  // parts/coded_groups.py
    const int4 parts_3 = (cut_3 + 4) >> splat_uint4(3u);                  // parts/coded_groups.py
    const uint4 codes_3 = as_uint4(parts_3 + 128) & splat_uint4(65280u);  // parts/coded_groups.py
    const unsigned low_6 = (codes_3.x >> 8u) | codes_3.y;                 // parts/coded_groups.py
    const unsigned high_6 = (codes_3.z << 8u) | (codes_3.w << 16u);
    const unsigned word_6 = low_6 | high_6;                               // parts/coded_groups.py
    const uint4 rest_3 = as_uint4(parts_3) & splat_uint4(255u);           // parts/coded_groups.py
    const unsigned low_7 = rest_3.x | (rest_3.y << 8u);                   // parts/coded_groups.py
    const unsigned high_7 = (rest_3.z << 16u) | (rest_3.w << 24u);
    const unsigned word_7 = low_7 | high_7;                               // parts/coded_groups.py
    const int4 cut_4 = to_int4(x_10 * t);                                 // parts/coded_groups.py
    const int4 parts_4 = (cut_4 + 4) >> splat_uint4(3u);                  // parts/coded_groups.py
    const uint4 codes_4 = as_uint4(parts_4 + 128) & splat_uint4(65280u);  // parts/coded_groups.py
    const unsigned low_8 = (codes_4.x >> 8u) | codes_4.y;                 // parts/coded_groups.py
    const unsigned high_8 = (codes_4.z << 8u) | (codes_4.w << 16u);
    const unsigned word_8 = low_8 | high_8;                               // parts/coded_groups.py
    const uint4 rest_4 = as_uint4(parts_4) & splat_uint4(255u);           // parts/coded_groups.py
    const unsigned low_9 = rest_4.x | (rest_4.y << 8u);                   // parts/coded_groups.py
    const unsigned high_9 = (rest_4.z << 16u) | (rest_4.w << 24u);
    const unsigned word_9 = low_9 | high_9;                               // parts/coded_groups.py
    const int4 cut_5 = to_int4(x_12 * t);                                 // parts/coded_groups.py
    const int4 parts_5 = (cut_5 + 4) >> splat_uint4(3u);                  // parts/coded_groups.py
    const uint4 codes_5 = as_uint4(parts_5 + 128) & splat_uint4(65280u);  // parts/coded_groups.py
    const unsigned low_10 = (codes_5.x >> 8u) | codes_5.y;                // parts/coded_groups.py
    const unsigned high_10 = (codes_5.z << 8u) | (codes_5.w << 16u);
    const unsigned word_10 = low_10 | high_10;                            // parts/coded_groups.py
    const uint4 rest_5 = as_uint4(parts_5) & splat_uint4(255u);           // parts/coded_groups.py
    const unsigned low_11 = rest_5.x | (rest_5.y << 8u);                  // parts/coded_groups.py
    const unsigned high_11 = (rest_5.z << 16u) | (rest_5.w << 24u);
    const unsigned word_11 = low_11 | high_11;                            // parts/coded_groups.py
    const int4 cut_6 = to_int4(x_14 * t);                                 // parts/coded_groups.py
    const int4 parts_6 = (cut_6 + 4) >> splat_uint4(3u);                  // parts/coded_groups.py
    const uint4 codes_6 = as_uint4(parts_6 + 128) & splat_uint4(65280u);  // parts/coded_groups.py
    const unsigned low_12 = (codes_6.x >> 8u) | codes_6.y;                // parts/coded_groups.py
    const unsigned high_12 = (codes_6.z << 8u) | (codes_6.w << 16u);
    const unsigned word_12 = low_12 | high_12;                            // parts/coded_groups.py
    const uint4 rest_6 = as_uint4(parts_6) & splat_uint4(255u);           // parts/coded_groups.py
    const unsigned low_13 = rest_6.x | (rest_6.y << 8u);                  // parts/coded_groups.py
    const unsigned high_13 = (rest_6.z << 16u) | (rest_6.w << 24u);
    const unsigned word_13 = low_13 | high_13;                            // parts/coded_groups.py
    const int4 cut_7 = to_int4(x_16 * t);                                 // parts/coded_groups.py
    const int4 parts_7 = (cut_7 + 4) >> splat_uint4(3u);                  // parts/coded_groups.py
    const uint4 codes_7 = as_uint4(parts_7 + 128) & splat_uint4(65280u);  // parts/coded_groups.py
    const unsigned low_14 = (codes_7.x >> 8u) | codes_7.y;                // parts/coded_groups.py
    const unsigned high_14 = (codes_7.z << 8u) | (codes_7.w << 16u);
    const unsigned word_14 = low_14 | high_14;                            // parts/coded_groups.py
    const uint4 rest_7 = as_uint4(parts_7) & splat_uint4(255u);           // parts/coded_groups.py
    const unsigned low_15 = rest_7.x | (rest_7.y << 8u);                  // parts/coded_groups.py
    const unsigned high_15 = (rest_7.z << 16u) | (rest_7.w << 24u);
    const unsigned word_15 = low_15 | high_15;                            // parts/coded_groups.py
    const int total = int(unsigned(__dp4a(int(word_1), int(16843009u),
        int(unsigned(__dp4a(int(word), int(16843009u), 0)) * unsigned(256))))
        + unsigned(__dp4a(int(word_3), int(16843009u),
        int(unsigned(__dp4a(int(word_2), int(16843009u), 0)) * unsigned(256)))));  // parts/coded_groups.py
    const int total_1 = int(unsigned(total)
        + unsigned(__dp4a(int(word_5), int(16843009u),
        int(unsigned(__dp4a(int(word_4), int(16843009u), 0)) * unsigned(256)))));
    const int total_2 = int(unsigned(total_1)
        + unsigned(__dp4a(int(word_7), int(16843009u),
        int(unsigned(__dp4a(int(word_6), int(16843009u), 0)) * unsigned(256)))));
    const int total_3 = int(unsigned(total_2)
        + unsigned(__dp4a(int(word_9), int(16843009u),
        int(unsigned(__dp4a(int(word_8), int(16843009u), 0)) * unsigned(256)))));
    const int total_4 = int(unsigned(total_3)
        + unsigned(__dp4a(int(word_11), int(16843009u),
        int(unsigned(__dp4a(int(word_10), int(16843009u), 0)) * unsigned(256)))));
    const int total_5 = int(unsigned(total_4)
        + unsigned(__dp4a(int(word_13), int(16843009u),
        int(unsigned(__dp4a(int(word_12), int(16843009u), 0)) * unsigned(256)))));
    const int total_6 = int(unsigned(total_5)
        + unsigned(__dp4a(int(word_15), int(16843009u),
        int(unsigned(__dp4a(int(word_14), int(16843009u), 0)) * unsigned(256)))));
    const unsigned start = blockIdx.y * 60u;                              // parts/coded_groups.py
    const unsigned place = first * 4u + start;                            // parts/coded_groups.py
    coded[place] = word;                                                  // parts/coded_groups.py
    coded[place + 1u] = word_2;
    coded[place + 2u] = word_4;
    coded[place + 3u] = word_6;
    const unsigned place_1 = (first + 3u) * 4u + start;                   // parts/coded_groups.py
    coded[place_1] = word_8;                                              // parts/coded_groups.py
    coded[place_1 + 1u] = word_10;
    coded[place_1 + 2u] = word_12;
    coded[place_1 + 3u] = word_14;
    const unsigned place_2 = (first + 6u) * 4u + start;                   // parts/coded_groups.py
    coded[place_2] = word_1;                                              // parts/coded_groups.py
    coded[place_2 + 1u] = word_3;
    coded[place_2 + 2u] = word_5;
    coded[place_2 + 3u] = word_7;
    const unsigned place_3 = (first + 9u) * 4u + start;                   // parts/coded_groups.py
    coded[place_3] = word_9;                                              // parts/coded_groups.py
    coded[place_3 + 1u] = word_11;
    coded[place_3 + 2u] = word_13;
    coded[place_3 + 3u] = word_15;
    const unsigned place_4 = (first + 12u) * 4u + start;                  // parts/coded_groups.py
    coded[place_4] = largest_7 < 2139095040u ? __float_as_uint(1.0f / steps) : 2143289344u;  // parts/coded_groups.py
    coded[place_4 + 1u] = unsigned(total_6);                              // parts/coded_groups.py
    coded[place_4 + 2u] = __float_as_uint(square_7);                      // parts/coded_groups.py
    coded[place_4 + 3u] = 0u;                                             // parts/coded_groups.py
  }
}
