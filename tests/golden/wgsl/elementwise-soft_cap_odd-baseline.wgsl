// elementwise_soft_cap_33_last

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

struct Step {
  seq: u32,
  past: u32,
  seed: u32,
  top_k: u32,
  temperature: f32,
  top_p: f32,
  min_p: f32,
  repetition_penalty: f32,
}
@group(0) @binding(2) var<uniform> step: Step;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let element = workgroup_id.x * 64u + local_id.x;                        // kernels/elementwise.py
  if (element < 33u) {                                                    // kernels/elementwise.py
    let position = step.seq - 1u;                                         // kernels/elementwise.py
    let x_1 = x[position * 33u + element];                                // kernels/elementwise.py
    let x_2 = x_1 * 0.033333335;                                          // kernels/elementwise.py
    let t = abs(x_2);                                                     // parts/precise_math.py
    let size = select(t, 10.0, t > 10.0);
    let square = size * size;                                             // parts/precise_math.py
    let series = square * -0.0057049887 + 0.020639088;                    // parts/precise_math.py
    let series_1 = series * square - 0.053739715;                         // parts/precise_math.py
    let series_2 = series_1 * square + 0.13331442;                        // parts/precise_math.py
    let series_3 = series_2 * square - 0.3333328;                         // parts/precise_math.py
    let near = series_3 * square * size + size;                           // parts/precise_math.py
    let far = size * 2.0;                                                 // parts/precise_math.py
    let whole = floor(far * 1.442695 + 0.5);                              // parts/precise_math.py
    let rest = far - whole * 0.6933594;                                   // parts/precise_math.py
    let rest_1 = rest - whole * -0.00021219444;                           // parts/precise_math.py
    let series_4 = rest_1 * 0.00019875691 + 0.0013981999;                 // parts/precise_math.py
    let series_5 = series_4 * rest_1 + 0.008333452;                       // parts/precise_math.py
    let series_6 = series_5 * rest_1 + 0.041665796;                       // parts/precise_math.py
    let series_7 = series_6 * rest_1 + 0.16666666;                        // parts/precise_math.py
    let series_8 = series_7 * rest_1 + 0.5;                               // parts/precise_math.py
    let series_9 = series_8 * rest_1 * rest_1 + rest_1 + 1.0;             // parts/precise_math.py
    let far_1 = 1.0 - 2.0 / (series_9 * bitcast<f32>(u32(i32(whole) + 127i) << 23u) + 1.0);  // parts/precise_math.py
    let result = select(far_1, near, size < 0.625);                       // parts/precise_math.py
    out[workgroup_id.y * 33u + element] = select(result, -result, x_2 < 0.0) * 30.0;  // kernels/elementwise.py
  }
}
