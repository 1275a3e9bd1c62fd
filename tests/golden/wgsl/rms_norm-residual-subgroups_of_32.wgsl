// rms_norm_residual_64
enable subgroups;

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> residual: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> sum: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> normed: array<vec4<f32>>;

var<workgroup> team_sums: array<f32, 16>;
var<workgroup> broadcast: array<f32, 1>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let row = workgroup_id.x * 16u;                                         // kernels/rms_norm.py
  var squares: f32 = 0.0;                                                 // kernels/rms_norm.py
  for (var i = local_id.x; i < 16u; i += 64u) {                           // kernels/rms_norm.py
    let index = row + i;                                                  // kernels/rms_norm.py
    let v = x[index];
    let v_1 = v + residual[index];                                        // kernels/rms_norm.py
    sum[index] = v_1;                                                     // kernels/rms_norm.py
    squares += dot(v_1, v_1);                                             // kernels/rms_norm.py
  }
  let values = subgroupAdd(squares);                                      // parts/reduce.py
  if (subgroup_lane == 0u) {                                              // parts/reduce.py
    team_sums[local_id.x / 32u] = values;                                 // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  var total: f32 = team_sums[0u];                                         // parts/reduce.py
  for (var subgroup = 1u; subgroup < 2u; subgroup++) {                    // parts/reduce.py
    total += team_sums[subgroup];                                         // parts/reduce.py
  }
  let scale = inverseSqrt(total * 0.015625 + 1e-5);                       // kernels/rms_norm.py
  if (local_id.x == 0u) {                                                 // parts/reduce.py
    broadcast[0u] = scale;                                                // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  let scale_1 = broadcast[0u];                                            // parts/reduce.py
  for (var i = local_id.x; i < 16u; i += 64u) {                           // kernels/rms_norm.py
    let index = row + i;                                                  // kernels/rms_norm.py
    let v = sum[index];
    normed[index] = v * scale_1 * weight[i];                              // kernels/rms_norm.py
  }
}
