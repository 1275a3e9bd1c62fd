// elementwise_gelu_tanh_mul_mul_2x64

__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void elementwise_gelu_tanh_mul_mul_2x64_kernel(
  __global const float4 *restrict x,
  __global const float4 *restrict y,
  __global const float4 *restrict weights,
  __global float4 *restrict out
) {
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint element = workgroup_id.x * 64u + local_id;                   // kernels/elementwise.py
  if (element < 32u) {                                                    // kernels/elementwise.py
    const uint index = workgroup_id.y * 32u + element;                    // kernels/elementwise.py
    const float4 x_1 = x[index];
    const float4 y_1 = y[index];
    const float4 weights_1 = weights[element % 16u];                      // kernels/elementwise.py
    const float4 above = select(x_1, (float4)(-10.0f), x_1 < (float4)(-10.0f));  // kernels/elementwise.py
    const float4 near = select(above, (float4)(10.0f), above > (float4)(10.0f));
    const float4 t = -(near * (near * near * 0.044715f + 1.0f) * 1.5957692f);
    const float4 x_2 = select(t, (float4)(-87.0f), t < (float4)(-87.0f));
    const float4 whole = floor(x_2 * 1.442695f + 0.5f);                   // parts/precise_math.py
    const float4 rest = x_2 - whole * 0.6933594f;                         // parts/precise_math.py
    const float4 rest_1 = rest - whole * -0.00021219444f;                 // parts/precise_math.py
    const float4 series = rest_1 * 0.00019875691f + 0.0013981999f;        // parts/precise_math.py
    const float4 series_1 = series * rest_1 + 0.008333452f;               // parts/precise_math.py
    const float4 series_2 = series_1 * rest_1 + 0.041665796f;             // parts/precise_math.py
    const float4 series_3 = series_2 * rest_1 + 0.16666666f;              // parts/precise_math.py
    const float4 series_4 = series_3 * rest_1 + 0.5f;                     // parts/precise_math.py
    const float4 series_5 = series_4 * rest_1 * rest_1 + rest_1 + 1.0f;   // parts/precise_math.py
    out[index] = above / (1.0f + series_5
        * as_float4(as_uint4(as_int4(as_uint4(convert_int4_sat(whole))
        + as_uint4((int4)(127)))) << (uint4)(23u))) * y_1 * weights_1;    // kernels/elementwise.py
  }
}
