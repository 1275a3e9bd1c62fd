// append_codes_1x12_ring768

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> cache: array<u32>;
@group(0) @binding(2) var<storage, read_write> scales: array<f32>;

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
@group(0) @binding(3) var<uniform> step: Step;

@compute @workgroup_size(32)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let head = workgroup_id.x * 32u + local_id.x;                           // attention/append_codes.py
  let head_1 = min(head, 0u);                                             // attention/append_codes.py
  let target_1 = (step.past + workgroup_id.y) % 768u + head_1;            // attention/append_codes.py
  let first = (workgroup_id.y + head_1) * 3u;                             // attention/append_codes.py
  let x_1 = x[first];                                                     // attention/append_codes.py
  let x_2 = x[first + 1u];
  let x_3 = x[first + 2u];
  let four = max(max(bitcast<vec4<u32>>(x_1) & vec4<u32>(0x7fffffffu), bitcast<vec4<u32>>(x_2)
      & vec4<u32>(0x7fffffffu)), bitcast<vec4<u32>>(x_3) & vec4<u32>(0x7fffffffu));  // attention/append_codes.py
  let most = max(max(four.x, four.y), max(four.z, four.w));               // attention/append_codes.py
  let exponent = min(max(most >> 23u, 27u), 252u);                        // parts/coded_groups.py
  let t = (((most & 0x007fffffu) | 0x00800000u) >> 8u) + 1u;              // parts/coded_groups.py
  let steps = f32(0x7f000000u / t) * bitcast<f32>((253u - exponent) << 23u);  // parts/coded_groups.py
  let quotient = f32((t << 14u) / 127u);                                  // parts/coded_groups.py
  let scale = quotient * 1.8626451e-9 * bitcast<f32>(exponent << 23u);    // parts/coded_groups.py
  let scale_1 = bitcast<f32>(select(0x7fc00000u, bitcast<u32>(scale), most < 0x7f800000u));  // parts/coded_groups.py
  if (head < 1u) {                                                        // attention/append_codes.py
    let start = target_1 * 3u;                                            // attention/append_codes.py
    let t_1 = vec4<f32>(steps * 8.0);                                     // parts/coded_groups.py
    let cut = vec4<i32>(x_1 * t_1);
    let parts = (cut + 4i) >> vec4<u32>(3u);                              // parts/coded_groups.py
    let codes = bitcast<vec4<u32>>(parts + 128i) & vec4<u32>(65280u);     // parts/coded_groups.py
    let low = (codes.x >> 8u) | codes.y;                                  // parts/coded_groups.py
    let high = (codes.z << 8u) | (codes.w << 16u);
    cache[start] = low | high;                                            // attention/append_codes.py
    let cut_1 = vec4<i32>(x_2 * t_1);                                     // parts/coded_groups.py
    let parts_1 = (cut_1 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_1 = bitcast<vec4<u32>>(parts_1 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_1 = (codes_1.x >> 8u) | codes_1.y;                            // parts/coded_groups.py
    let high_1 = (codes_1.z << 8u) | (codes_1.w << 16u);
    cache[start + 1u] = low_1 | high_1;                                   // attention/append_codes.py
    let cut_2 = vec4<i32>(x_3 * t_1);                                     // parts/coded_groups.py
    let parts_2 = (cut_2 + 4i) >> vec4<u32>(3u);                          // parts/coded_groups.py
    let codes_2 = bitcast<vec4<u32>>(parts_2 + 128i) & vec4<u32>(65280u);  // parts/coded_groups.py
    let low_2 = (codes_2.x >> 8u) | codes_2.y;                            // parts/coded_groups.py
    let high_2 = (codes_2.z << 8u) | (codes_2.w << 16u);
    cache[start + 2u] = low_2 | high_2;                                   // attention/append_codes.py
    scales[target_1] = scale_1;                                           // attention/append_codes.py
  }
}
