// elementwise_rows_gelu_tanh_mul_mul_2x64_of4

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> y: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> step_rows: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.z * 32u;                                       // several/each_row.py
  let index_1 = workgroup_id.z * 16u;
  let element = workgroup_id.x * 64u + local_id.x;                        // kernels/elementwise.py
  if (element < 32u) {                                                    // kernels/elementwise.py
    let index_2 = index + workgroup_id.y * 32u + element;                 // kernels/elementwise.py
    let x_1 = x[index_2];
    let y_1 = y[index_2];
    let weights_1 = weights[index_1 + element % 16u];                     // kernels/elementwise.py
    let above = select(x_1, vec4<f32>(-10.0), x_1 < vec4<f32>(-10.0));    // kernels/elementwise.py
    let near = select(above, vec4<f32>(10.0), above > vec4<f32>(10.0));
    let t = -(near * (near * near * 0.044715 + 1.0) * 1.5957692);
    let x_2 = select(t, vec4<f32>(-87.0), t < vec4<f32>(-87.0));
    let whole = floor(x_2 * 1.442695 + 0.5);                              // parts/precise_math.py
    let rest = x_2 - whole * 0.6933594;                                   // parts/precise_math.py
    let rest_1 = rest - whole * -0.00021219444;                           // parts/precise_math.py
    let series = rest_1 * 0.00019875691 + 0.0013981999;                   // parts/precise_math.py
    let series_1 = series * rest_1 + 0.008333452;                         // parts/precise_math.py
    let series_2 = series_1 * rest_1 + 0.041665796;                       // parts/precise_math.py
    let series_3 = series_2 * rest_1 + 0.16666666;                        // parts/precise_math.py
    let series_4 = series_3 * rest_1 + 0.5;                               // parts/precise_math.py
    let series_5 = series_4 * rest_1 * rest_1 + rest_1 + 1.0;             // parts/precise_math.py
    out[index_2] = above / (1.0 + series_5
        * bitcast<vec4<f32>>(vec4<u32>(vec4<i32>(whole) + 127i) << vec4<u32>(23u))) * y_1
        * weights_1;                                                      // kernels/elementwise.py
  }
}
