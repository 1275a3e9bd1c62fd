// rms_norm_offset_4x64

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> weight: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> normed: array<vec4<f32>>;

var<workgroup> team_sums: array<f32, 32>;
var<workgroup> broadcast: array<f32, 1>;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let number = workgroup_id.x * 4u + workgroup_id.y;                      // kernels/rms_norm.py
  let row = number * 16u;                                                 // kernels/rms_norm.py
  var squares: f32 = 0.0;                                                 // kernels/rms_norm.py
  for (var i = local_id.x; i < 16u; i += 32u) {                           // kernels/rms_norm.py
    let v = x[row + i];                                                   // kernels/rms_norm.py
    squares += dot(v, v);                                                 // kernels/rms_norm.py
  }
  team_sums[local_id.x] = squares;                                        // parts/reduce.py
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
  let scale = inverseSqrt(team_sums[local_id.x] * 0.015625 + 1e-6);       // kernels/rms_norm.py
  if (local_id.x == 0u) {                                                 // parts/reduce.py
    broadcast[0u] = scale;                                                // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  let scale_1 = broadcast[0u];                                            // parts/reduce.py
  for (var i = local_id.x; i < 16u; i += 32u) {                           // kernels/rms_norm.py
    let index = row + i;                                                  // kernels/rms_norm.py
    let v = x[index];
    normed[index] = v * scale_1 * (weight[i] + 1.0);                      // kernels/rms_norm.py
  }
}
