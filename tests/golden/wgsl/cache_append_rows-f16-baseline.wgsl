// cache_append_rows_f16_2x64_of4

@group(0) @binding(0) var<storage, read> x: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read_write> cache: array<u32>;
@group(0) @binding(2) var<storage, read> step_rows: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.z * 8u;                                        // several/each_row.py
  let step_rows_value = step_rows[index + 1u];
  let index_1 = workgroup_id.z * 64u;                                     // several/each_row.py
  let index_2 = step_rows[index] * 64u;                                   // several/each_row.py
  let pair = workgroup_id.x * 64u + local_id.x;                           // attention/rotate_and_append.py
  if (pair < 64u) {                                                       // attention/rotate_and_append.py
    let elements = x[index_1 + workgroup_id.y * 64u + pair];              // attention/rotate_and_append.py
    cache[index_2 + (step_rows_value + workgroup_id.y) * 64u + pair] = pack2x16float(elements);  // attention/rotate_and_append.py
  }
}
