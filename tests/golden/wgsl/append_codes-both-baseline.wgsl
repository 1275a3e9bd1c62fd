// append_codes_2x64_both_one

@group(0) @binding(0) var<storage, read> k_rows: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> v_rows: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> k_cache: array<u32>;
@group(0) @binding(3) var<storage, read_write> k_scales: array<f32>;
@group(0) @binding(4) var<storage, read_write> v_cache: array<u32>;
@group(0) @binding(5) var<storage, read_write> v_scales: array<f32>;

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
@group(0) @binding(6) var<uniform> step: Step;

var<workgroup> largest: array<u32, 32>;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = local_id.x / 8u;                                            // attention/append_codes.py
  let head = workgroup_id.x * 4u + index;
  let head_1 = min(head, 1u);                                             // attention/append_codes.py
  let source = workgroup_id.y * 2u + head_1;                              // attention/append_codes.py
  let target_1 = (step.past + workgroup_id.y) * 2u + head_1;
  let t = workgroup_id.z == 0u;                                           // attention/append_codes.py
  if (t) {                                                                // attention/append_codes.py
    let first = source * 16u + local_id.x % 8u;                           // attention/append_codes.py
    let four = max(bitcast<vec4<u32>>(k_rows[first]) & vec4<u32>(0x7fffffffu),
        bitcast<vec4<u32>>(k_rows[first + 8u]) & vec4<u32>(0x7fffffffu));  // attention/append_codes.py
    let most = max(max(four.x, four.y), max(four.z, four.w));             // attention/append_codes.py
    largest[local_id.x] = most;                                           // attention/append_codes.py
  }
  let t_1 = workgroup_id.z == 1u;                                         // attention/append_codes.py
  if (t_1) {                                                              // attention/append_codes.py
    let first = source * 16u + local_id.x % 8u;                           // attention/append_codes.py
    let four = max(bitcast<vec4<u32>>(v_rows[first]) & vec4<u32>(0x7fffffffu),
        bitcast<vec4<u32>>(v_rows[first + 8u]) & vec4<u32>(0x7fffffffu));  // attention/append_codes.py
    let most = max(max(four.x, four.y), max(four.z, four.w));             // attention/append_codes.py
    largest[local_id.x] = most;                                           // attention/append_codes.py
  }
  workgroupBarrier();                                                     // attention/append_codes.py
  if (t) {                                                                // attention/append_codes.py
    let index_1 = local_id.x % 8u;                                        // attention/append_codes.py
    let first = source * 16u + index_1;
    let four = k_rows[first];                                             // attention/append_codes.py
    let four_1 = k_rows[first + 8u];
    let mine = index * 8u;                                                // attention/append_codes.py
    let largest_1 = largest[mine];                                        // attention/append_codes.py
    let largest_2 = max(max(largest_1, largest[mine + 1u]), largest[mine + 2u]);  // attention/append_codes.py
    let largest_value = largest[mine + 3u];
    let most = max(max(max(max(max(largest_2, largest_value), largest[mine + 4u]),
        largest[mine + 5u]), largest[mine + 6u]), largest[mine + 7u]);
    let exponent = min(max(most >> 23u, 27u), 252u);                      // parts/coded_groups.py
    let t_2 = (((most & 0x007fffffu) | 0x00800000u) >> 8u) + 1u;          // parts/coded_groups.py
    let steps = f32(0x7f000000u / t_2) * bitcast<f32>((253u - exponent) << 23u);  // parts/coded_groups.py
    let quotient = f32((t_2 << 14u) / 127u);                              // parts/coded_groups.py
    let scale = quotient * 1.8626451e-9 * bitcast<f32>(exponent << 23u);  // parts/coded_groups.py
    let scale_1 = bitcast<f32>(select(0x7fc00000u, bitcast<u32>(scale), most < 0x7f800000u));  // parts/coded_groups.py
    if (head < 2u) {                                                      // attention/append_codes.py
      let first_1 = target_1 * 16u + index_1;                             // attention/append_codes.py
      let t_3 = vec4<f32>(steps * 8.0);                                   // parts/coded_groups.py
      let cut = vec4<i32>(four * t_3);
      let parts = (cut + 4i) >> vec4<u32>(3u);                            // parts/coded_groups.py
      let codes = bitcast<vec4<u32>>(parts + 128i) & vec4<u32>(65280u);   // parts/coded_groups.py
      let low = (codes.x >> 8u) | codes.y;                                // parts/coded_groups.py
      let high = (codes.z << 8u) | (codes.w << 16u);
      k_cache[first_1] = low | high;                                      // attention/append_codes.py
      let cut_1 = vec4<i32>(four_1 * t_3);                                // parts/coded_groups.py
      let parts_1 = (cut_1 + 4i) >> vec4<u32>(3u);                        // parts/coded_groups.py
      let codes_1 = bitcast<vec4<u32>>(parts_1 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
      let low_1 = (codes_1.x >> 8u) | codes_1.y;                          // parts/coded_groups.py
      let high_1 = (codes_1.z << 8u) | (codes_1.w << 16u);
      k_cache[first_1 + 8u] = low_1 | high_1;                             // attention/append_codes.py
      if (index_1 < 1u) {                                                 // attention/append_codes.py
        k_scales[target_1] = scale_1;                                     // attention/append_codes.py
      }
    }
  }
  if (t_1) {                                                              // attention/append_codes.py
    let index_1 = local_id.x % 8u;                                        // attention/append_codes.py
    let first = source * 16u + index_1;
    let four = v_rows[first];                                             // attention/append_codes.py
    let four_1 = v_rows[first + 8u];
    let mine = index * 8u;                                                // attention/append_codes.py
    let largest_1 = largest[mine];                                        // attention/append_codes.py
    let largest_2 = max(max(largest_1, largest[mine + 1u]), largest[mine + 2u]);  // attention/append_codes.py
    let largest_value = largest[mine + 3u];
    let most = max(max(max(max(max(largest_2, largest_value), largest[mine + 4u]),
        largest[mine + 5u]), largest[mine + 6u]), largest[mine + 7u]);
    let exponent = min(max(most >> 23u, 27u), 252u);                      // parts/coded_groups.py
    let t_2 = (((most & 0x007fffffu) | 0x00800000u) >> 8u) + 1u;          // parts/coded_groups.py
    let steps = f32(0x7f000000u / t_2) * bitcast<f32>((253u - exponent) << 23u);  // parts/coded_groups.py
    let quotient = f32((t_2 << 14u) / 127u);                              // parts/coded_groups.py
    let scale = quotient * 1.8626451e-9 * bitcast<f32>(exponent << 23u);  // parts/coded_groups.py
    let scale_1 = bitcast<f32>(select(0x7fc00000u, bitcast<u32>(scale), most < 0x7f800000u));  // parts/coded_groups.py
    if (head < 2u) {                                                      // attention/append_codes.py
      let first_1 = target_1 * 16u + index_1;                             // attention/append_codes.py
      let t_3 = vec4<f32>(steps * 8.0);                                   // parts/coded_groups.py
      let cut = vec4<i32>(four * t_3);
      let parts = (cut + 4i) >> vec4<u32>(3u);                            // parts/coded_groups.py
      let codes = bitcast<vec4<u32>>(parts + 128i) & vec4<u32>(65280u);   // parts/coded_groups.py
      let low = (codes.x >> 8u) | codes.y;                                // parts/coded_groups.py
      let high = (codes.z << 8u) | (codes.w << 16u);
      v_cache[first_1] = low | high;                                      // attention/append_codes.py
      let cut_1 = vec4<i32>(four_1 * t_3);                                // parts/coded_groups.py
      let parts_1 = (cut_1 + 4i) >> vec4<u32>(3u);                        // parts/coded_groups.py
      let codes_1 = bitcast<vec4<u32>>(parts_1 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
      let low_1 = (codes_1.x >> 8u) | codes_1.y;                          // parts/coded_groups.py
      let high_1 = (codes_1.z << 8u) | (codes_1.w << 16u);
      v_cache[first_1 + 8u] = low_1 | high_1;                             // attention/append_codes.py
      if (index_1 < 1u) {                                                 // attention/append_codes.py
        v_scales[target_1] = scale_1;                                     // attention/append_codes.py
      }
    }
  }
}
