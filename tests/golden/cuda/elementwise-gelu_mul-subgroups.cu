// elementwise_gelu_tanh_mul_mul_2x64
struct bool4 {
  bool x, y, z, w;
};

__device__ inline bool4 make_bool4(bool x, bool y, bool z, bool w) {
  return {x, y, z, w};
}

__device__ inline float4 splat_float4(float a) {
  return make_float4(a, a, a, a);
}

__device__ inline bool4 operator<(float4 a, float4 b) {
  return make_bool4(a.x < b.x, a.y < b.y, a.z < b.z, a.w < b.w);
}

__device__ inline float4 select(bool4 a, float4 b, float4 c) {
  return make_float4(a.x ? b.x : c.x, a.y ? b.y : c.y, a.z ? b.z : c.z, a.w ? b.w : c.w);
}

__device__ inline bool4 operator>(float4 a, float4 b) {
  return make_bool4(a.x > b.x, a.y > b.y, a.z > b.z, a.w > b.w);
}

__device__ inline float4 operator*(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

__device__ inline float4 operator*(float4 a, float b) {
  return make_float4(a.x * b, a.y * b, a.z * b, a.w * b);
}

__device__ inline float4 operator+(float4 a, float b) {
  return make_float4(a.x + b, a.y + b, a.z + b, a.w + b);
}

__device__ inline float4 operator-(float4 a) {
  return make_float4(-a.x, -a.y, -a.z, -a.w);
}

__device__ inline float4 floorf(float4 a) {
  return make_float4(floorf(a.x), floorf(a.y), floorf(a.z), floorf(a.w));
}

__device__ inline float4 operator-(float4 a, float4 b) {
  return make_float4(a.x - b.x, a.y - b.y, a.z - b.z, a.w - b.w);
}

__device__ inline float4 operator+(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}

__device__ inline int4 to_int4(float4 a) {
  return make_int4(__float2int_rz(a.x), __float2int_rz(a.y), __float2int_rz(a.z),
      __float2int_rz(a.w));
}

__device__ inline int4 operator+(int4 a, int b) {
  return make_int4(int(unsigned(a.x) + unsigned(b)), int(unsigned(a.y) + unsigned(b)),
      int(unsigned(a.z) + unsigned(b)), int(unsigned(a.w) + unsigned(b)));
}

__device__ inline uint4 to_uint4(int4 a) {
  return make_uint4(unsigned(a.x), unsigned(a.y), unsigned(a.z), unsigned(a.w));
}

__device__ inline uint4 splat_uint4(unsigned a) {
  return make_uint4(a, a, a, a);
}

__device__ inline uint4 operator<<(uint4 a, uint4 b) {
  return make_uint4(a.x << b.x, a.y << b.y, a.z << b.z, a.w << b.w);
}

__device__ inline float4 as_float4(uint4 a) {
  return make_float4(__uint_as_float(a.x), __uint_as_float(a.y), __uint_as_float(a.z),
      __uint_as_float(a.w));
}

__device__ inline float4 operator+(float a, float4 b) {
  return make_float4(a + b.x, a + b.y, a + b.z, a + b.w);
}

__device__ inline float4 operator/(float4 a, float4 b) {
  return make_float4(a.x / b.x, a.y / b.y, a.z / b.z, a.w / b.w);
}

// Waits until the kernel before has ended and what it wrote can be seen; then the next one may start.
__device__ inline void inputs_ready() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

extern "C" __global__ void __launch_bounds__(64) elementwise_gelu_tanh_mul_mul_2x64(
  const float4* x,
  const float4* y,
  const float4* weights,
  float4* __restrict__ out
) {
  inputs_ready();
  const unsigned element = blockIdx.x * 64u + threadIdx.x;                // kernels/elementwise.py
  if (element < 32u) {                                                    // kernels/elementwise.py
    const unsigned index = blockIdx.y * 32u + element;                    // kernels/elementwise.py
    const float4 x_1 = x[index];
    const float4 y_1 = y[index];
    const float4 weights_1 = weights[element % 16u];                      // kernels/elementwise.py
    const float4 above = select(x_1 < splat_float4(-10.0f), splat_float4(-10.0f), x_1);  // kernels/elementwise.py
    const float4 near = select(above > splat_float4(10.0f), splat_float4(10.0f), above);
    const float4 t = -(near * (near * near * 0.044715f + 1.0f) * 1.5957692f);
    const float4 x_2 = select(t < splat_float4(-87.0f), splat_float4(-87.0f), t);
    const float4 whole = floorf(x_2 * 1.442695f + 0.5f);                  // parts/precise_math.py
    const float4 rest = x_2 - whole * 0.6933594f;                         // parts/precise_math.py
    const float4 rest_1 = rest - whole * -0.00021219444f;                 // parts/precise_math.py
    const float4 series = rest_1 * 0.00019875691f + 0.0013981999f;        // parts/precise_math.py
    const float4 series_1 = series * rest_1 + 0.008333452f;               // parts/precise_math.py
    const float4 series_2 = series_1 * rest_1 + 0.041665796f;             // parts/precise_math.py
    const float4 series_3 = series_2 * rest_1 + 0.16666666f;              // parts/precise_math.py
    const float4 series_4 = series_3 * rest_1 + 0.5f;                     // parts/precise_math.py
    const float4 series_5 = series_4 * rest_1 * rest_1 + rest_1 + 1.0f;   // parts/precise_math.py
    out[index] = above / (1.0f + series_5
        * as_float4(to_uint4(to_int4(whole) + 127) << splat_uint4(23u))) * y_1 * weights_1;  // kernels/elementwise.py
  }
}
