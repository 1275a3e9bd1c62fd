// layer_norm_rows_bias_64_of4

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> normed: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> step_rows: array<u32>;

var<workgroup> partial_sums: array<f32, 32>;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.z * 16u;                                       // several/each_row.py
  let row = workgroup_id.x * 16u;                                         // kernels/layer_norm.py
  var total: f32 = 0.0;                                                   // kernels/layer_norm.py
  for (var i = local_id.x; i < 16u; i += 32u) {                           // kernels/layer_norm.py
    total += dot(x[index + row + i], vec4<f32>(1.0));                     // kernels/layer_norm.py
  }
  partial_sums[local_id.x] = total;                                       // parts/reduce.py
  workgroupBarrier();                                                     // parts/reduce.py
  let t = local_id.x < 8u;                                                // parts/reduce.py
  if (t) {
    var total_1: f32 = partial_sums[local_id.x];                          // parts/reduce.py
    for (var cell = local_id.x + 8u; cell < 32u; cell += 8u) {            // parts/reduce.py
      total_1 += partial_sums[cell];                                      // parts/reduce.py
    }
    partial_sums[local_id.x] = total_1;                                   // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  var total_1: f32 = partial_sums[0u];                                    // parts/reduce.py
  for (var cell = 1u; cell < 8u; cell++) {                                // parts/reduce.py
    total_1 += partial_sums[cell];                                        // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  let mean = total_1 * 0.015625;                                          // kernels/layer_norm.py
  var squares: f32 = 0.0;                                                 // kernels/layer_norm.py
  for (var i = local_id.x; i < 16u; i += 32u) {                           // kernels/layer_norm.py
    let centred = x[index + row + i] - mean;                              // kernels/layer_norm.py
    squares += dot(centred, centred);                                     // kernels/layer_norm.py
  }
  partial_sums[local_id.x] = squares;                                     // parts/reduce.py
  workgroupBarrier();                                                     // parts/reduce.py
  if (t) {                                                                // parts/reduce.py
    var total_2: f32 = partial_sums[local_id.x];                          // parts/reduce.py
    for (var cell = local_id.x + 8u; cell < 32u; cell += 8u) {            // parts/reduce.py
      total_2 += partial_sums[cell];                                      // parts/reduce.py
    }
    partial_sums[local_id.x] = total_2;                                   // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  var total_2: f32 = partial_sums[0u];                                    // parts/reduce.py
  for (var cell = 1u; cell < 8u; cell++) {                                // parts/reduce.py
    total_2 += partial_sums[cell];                                        // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  let variance = total_2 * 0.015625;                                      // kernels/layer_norm.py
  let scale = inverseSqrt(variance + 1e-5);                               // kernels/layer_norm.py
  for (var i = local_id.x; i < 16u; i += 32u) {                           // kernels/layer_norm.py
    let index_1 = index + row + i;                                        // kernels/layer_norm.py
    let v = (x[index_1] - mean) * scale;
    let weight_1 = weight[i];                                             // kernels/layer_norm.py
    let v_1 = v * weight_1;                                               // kernels/layer_norm.py
    normed[index_1] = v_1 + bias[i];                                      // kernels/layer_norm.py
  }
}
