// half_rows_128

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> halves: array<vec4<u32>>;

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

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let step_1 = workgroup_id.x / 4u;                                       // linear/half_rows.py
  let unit = local_id.x % 4u;                                             // linear/half_rows.py
  let line = (workgroup_id.x % 4u) * 32u + local_id.x / 4u;               // linear/half_rows.py
  let first = step_1 * 16u + unit;                                        // linear/half_rows.py
  let index = min(workgroup_id.y * 128u + line, step.seq - 1u) * 32u;     // linear/buffers.py
  let x_1 = x[first + index];
  let chosen = select(x_1, vec4<f32>(65504.0), x_1 > vec4<f32>(65504.0));  // parts/staged_rows.py
  let four = select(chosen, vec4<f32>(-65504.0), chosen < vec4<f32>(-65504.0));
  let x_2 = x[first + 4u + index];                                        // linear/buffers.py
  let chosen_1 = select(x_2, vec4<f32>(65504.0), x_2 > vec4<f32>(65504.0));  // parts/staged_rows.py
  let four_1 = select(chosen_1, vec4<f32>(-65504.0), chosen_1 < vec4<f32>(-65504.0));
  let x_3 = x[first + 8u + index];                                        // linear/buffers.py
  let chosen_2 = select(x_3, vec4<f32>(65504.0), x_3 > vec4<f32>(65504.0));  // parts/staged_rows.py
  let four_2 = select(chosen_2, vec4<f32>(-65504.0), chosen_2 < vec4<f32>(-65504.0));
  let x_4 = x[first + 12u + index];                                       // linear/buffers.py
  let chosen_3 = select(x_4, vec4<f32>(65504.0), x_4 > vec4<f32>(65504.0));  // parts/staged_rows.py
  let four_3 = select(chosen_3, vec4<f32>(-65504.0), chosen_3 < vec4<f32>(-65504.0));
  let place = (workgroup_id.y * 2u + step_1) * 1024u + unit * 256u + line;  // linear/half_rows.py
  let word = pack2x16float(vec2<f32>(four.x, four.y));                    // linear/half_rows.py
  let word_1 = pack2x16float(vec2<f32>(four_1.x, four_1.y));
  let word_2 = pack2x16float(vec2<f32>(four_2.x, four_2.y));
  let word_3 = pack2x16float(vec2<f32>(four_3.x, four_3.y));
  halves[place] = vec4<u32>(word, word_1, word_2, word_3);                // linear/half_rows.py
  let word_4 = pack2x16float(vec2<f32>(four.z, four.w));                  // linear/half_rows.py
  let word_5 = pack2x16float(vec2<f32>(four_1.z, four_1.w));
  let word_6 = pack2x16float(vec2<f32>(four_2.z, four_2.w));
  let word_7 = pack2x16float(vec2<f32>(four_3.z, four_3.w));
  halves[place + 128u] = vec4<u32>(word_4, word_5, word_6, word_7);       // linear/half_rows.py
}
