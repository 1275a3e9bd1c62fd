// rms_norm_rows_residual_64_of4

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> residual: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> sum: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> normed: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> step_rows: array<u32>;

var<workgroup> team_sums: array<f32, 64>;
var<workgroup> broadcast: array<f32, 1>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.z * 16u;                                       // several/each_row.py
  let row = workgroup_id.x * 16u;                                         // kernels/rms_norm.py
  var squares: f32 = 0.0;                                                 // kernels/rms_norm.py
  for (var i = local_id.x; i < 16u; i += 64u) {                           // kernels/rms_norm.py
    let index_1 = index + row + i;                                        // kernels/rms_norm.py
    let v = x[index_1];
    let v_1 = v + residual[index_1];                                      // kernels/rms_norm.py
    sum[index_1] = v_1;                                                   // kernels/rms_norm.py
    squares += dot(v_1, v_1);                                             // kernels/rms_norm.py
  }
  team_sums[local_id.x] = squares;                                        // parts/reduce.py
  workgroupBarrier();                                                     // parts/reduce.py
  if (local_id.x < 32u) {                                                 // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 32u];                 // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  if (local_id.x < 16u) {                                                 // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 16u];                 // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  if (local_id.x < 8u) {                                                  // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 8u];                  // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  if (local_id.x < 4u) {                                                  // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 4u];                  // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  if (local_id.x < 2u) {                                                  // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 2u];                  // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  if (local_id.x < 1u) {                                                  // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 1u];                  // parts/reduce.py
  }
  let scale = inverseSqrt(team_sums[local_id.x] * 0.015625 + 1e-5);       // kernels/rms_norm.py
  if (local_id.x == 0u) {                                                 // parts/reduce.py
    broadcast[0u] = scale;                                                // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  let scale_1 = broadcast[0u];                                            // parts/reduce.py
  for (var i = local_id.x; i < 16u; i += 64u) {                           // kernels/rms_norm.py
    let index_1 = index + row + i;                                        // kernels/rms_norm.py
    let v = sum[index_1];
    normed[index_1] = v * scale_1 * weight[i];                            // kernels/rms_norm.py
  }
}
