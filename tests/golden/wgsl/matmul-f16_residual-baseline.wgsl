// matmul_f16_residual_64x172

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> residual: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;

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
@group(0) @binding(4) var<uniform> step: Step;

var<workgroup> tile: array<vec4<f32>, 576>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let first_row = workgroup_id.x * 32u;                                   // matmul.py
  let first_token = workgroup_id.y * 32u;                                 // matmul.py
  let column = local_id.x % 8u;                                           // matmul.py
  let line = local_id.x / 8u;                                             // matmul.py
  var sum_00: f32 = 0.0;                                                  // matmul.py
  var sum_01: f32 = 0.0;
  var sum_02: f32 = 0.0;
  var sum_03: f32 = 0.0;
  var sum_10: f32 = 0.0;
  var sum_11: f32 = 0.0;
  var sum_12: f32 = 0.0;
  var sum_13: f32 = 0.0;
  var sum_20: f32 = 0.0;
  var sum_21: f32 = 0.0;
  var sum_22: f32 = 0.0;
  var sum_23: f32 = 0.0;
  var sum_30: f32 = 0.0;
  var sum_31: f32 = 0.0;
  var sum_32: f32 = 0.0;
  var sum_33: f32 = 0.0;
  for (var group = 0u; group < 6u; group++) {                             // matmul.py
    for (var staged = local_id.x; staged < 256u; staged += 64u) {         // deal.py
      let line_1 = staged / 8u;                                           // operands.py
      let unit = staged % 8u;                                             // operands.py
      let first = group * 8u + unit;                                      // operands.py
      let inside = first < 43u;                                           // linear.py
      let start = line_1 * 9u + unit;                                     // panel.py
      tile[start] = select(vec4<f32>(0.0),
          x[select(0u, first, inside) + min(first_token + line_1, step.seq - 1u) * 43u],
          inside);                                                        // panel.py
    }
    for (var staged = local_id.x; staged < 256u; staged += 64u) {         // deal.py
      let line_1 = staged / 8u;                                           // operands.py
      let unit = staged % 8u;                                             // operands.py
      let row = first_row + line_1;                                       // operands.py
      let at = row * 6u + group;                                          // operands.py
      let words = quants[at * 8u + unit];                                 // operands.py
      let low = unpack2x16float(words.x);                                 // weights.py
      let high = unpack2x16float(words.y);
      let start = ((line_1 % 4u) * 8u + line_1 / 4u) * 9u + unit;         // panel.py
      tile[start + 288u] = vec4<f32>(low.x, low.y, high.x, high.y);       // panel.py
    }
    workgroupBarrier();                                                   // matmul.py
    for (var part = 0u; part < 8u; part++) {                              // matmul.py
      let place = line * 9u + part;                                       // panel.py
      let x_0 = tile[place];                                              // panel.py
      let x_1 = tile[place + 72u];
      let x_2 = tile[place + 144u];
      let x_3 = tile[place + 216u];
      let place_1 = column * 9u + part;                                   // panel.py
      let place_2 = place_1 + 288u;                                       // panel.py
      let w_0 = tile[place_2];                                            // panel.py
      let w_1 = tile[place_2 + 72u];
      let w_2 = tile[place_2 + 144u];
      let w_3 = tile[place_2 + 216u];
      sum_00 += dot(x_0, w_0);                                            // matmul.py
      sum_01 += dot(x_0, w_1);
      sum_02 += dot(x_0, w_2);
      sum_03 += dot(x_0, w_3);
      sum_10 += dot(x_1, w_0);
      sum_11 += dot(x_1, w_1);
      sum_12 += dot(x_1, w_2);
      sum_13 += dot(x_1, w_3);
      sum_20 += dot(x_2, w_0);
      sum_21 += dot(x_2, w_1);
      sum_22 += dot(x_2, w_2);
      sum_23 += dot(x_2, w_3);
      sum_30 += dot(x_3, w_0);
      sum_31 += dot(x_3, w_1);
      sum_32 += dot(x_3, w_2);
      sum_33 += dot(x_3, w_3);
    }
    workgroupBarrier();                                                   // matmul.py
  }
  let index = line * 8u + column;                                         // matmul.py
  tile[index] = vec4<f32>(sum_00, sum_01, sum_02, sum_03);
  tile[index + 64u] = vec4<f32>(sum_10, sum_11, sum_12, sum_13);
  tile[index + 128u] = vec4<f32>(sum_20, sum_21, sum_22, sum_23);
  tile[index + 192u] = vec4<f32>(sum_30, sum_31, sum_32, sum_33);
  workgroupBarrier();                                                     // matmul.py
  for (var block = local_id.x; block < 256u; block += 64u) {              // matmul.py
    let token = first_token + block / 8u;                                 // matmul.py
    let results = tile[block];                                            // matmul.py
    let row = first_row + (block % 8u) * 4u;
    if (token < step.seq) {                                               // matmul.py
      if (row < 64u) {                                                    // matmul.py
        let place = row / 4u;                                             // linear.py
        let at = place + token * 16u;                                     // linear.py
        let results_1 = results + residual[at];                           // linear.py
        out[at] = results_1;                                              // linear.py
      }
    }
  }
}
