// layer_norm_33

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> normed: array<f32>;

var<workgroup> partial_sums: array<f32, 32>;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let row = workgroup_id.x * 33u;                                         // kernels/layer_norm.py
  var total: f32 = 0.0;                                                   // kernels/layer_norm.py
  for (var i = local_id.x; i < 33u; i += 32u) {                           // kernels/layer_norm.py
    total += x[row + i];                                                  // kernels/layer_norm.py
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
  let mean = total_1 * 0.030303031;                                       // kernels/layer_norm.py
  var squares: f32 = 0.0;                                                 // kernels/layer_norm.py
  for (var i = local_id.x; i < 33u; i += 32u) {                           // kernels/layer_norm.py
    let centred = x[row + i] - mean;                                      // kernels/layer_norm.py
    squares += centred * centred;                                         // kernels/layer_norm.py
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
  let variance = total_2 * 0.030303031;                                   // kernels/layer_norm.py
  let scale = inverseSqrt(variance + 1e-5);                               // kernels/layer_norm.py
  for (var i = local_id.x; i < 33u; i += 32u) {                           // kernels/layer_norm.py
    let index = row + i;                                                  // kernels/layer_norm.py
    let v = (x[index] - mean) * scale;
    let weight_1 = weight[i];                                             // kernels/layer_norm.py
    let v_1 = v * weight_1;                                               // kernels/layer_norm.py
    normed[index] = v_1;                                                  // kernels/layer_norm.py
  }
}
