// row_result_rows_36_of4

@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read> logits: array<u32>;
@group(0) @binding(2) var<storage, read_write> result: array<u32>;
@group(0) @binding(3) var<storage, read> step_rows: array<u32>;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.z * 8u;                                        // several/each_row.py
  let step_rows_value = step_rows[index];
  let index_1 = workgroup_id.z * 36u;                                     // several/each_row.py
  let index_2 = workgroup_id.z * 2u;
  let position = step_rows[index + 1u] + 1u;                              // sampling/row_result.py
  if (local_id.x == 0u) {                                                 // sampling/row_result.py
    result[index_2] = tokens[step_rows_value + position];                 // sampling/row_result.py
    result[index_2 + 1u] = logits[index_1];                               // sampling/row_result.py
  }
}
