// matvec_f32_qkv_64x32

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> quants: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> q: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read_write> k_cache: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> v_cache: array<vec2<f32>>;

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

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let team = workgroup_id.x * 64u + local_id.x;                           // linear/matvec.py
  let first_row = team * 2u;                                              // linear/matvec.py
  var sum_0: f32 = 0.0;                                                   // linear/matvec.py
  var sum_1: f32 = 0.0;
  for (var group = 0u; group < 1u; group++) {                             // linear/matvec.py
    let at = group * 8u;                                                  // linear/matvec.py
    let activations_0 = x[at];                                            // linear/buffers.py
    let activations_1 = x[at + 1u];
    let activations_2 = x[at + 2u];
    let activations_3 = x[at + 3u];
    let activations_4 = x[at + 4u];
    let activations_5 = x[at + 5u];
    let activations_6 = x[at + 6u];
    let activations_7 = x[at + 7u];
    let row = min(first_row, 63u);                                        // linear/matvec.py
    let at_1 = row + group;                                               // parts/packed_rows.py
    let first = at_1 * 8u;                                                // parts/packed_rows.py
    let weights_2 = quants[first + 2u];                                   // parts/packed_rows.py
    let weights_3 = quants[first + 3u];
    let weights_4 = quants[first + 4u];
    let weights_5 = quants[first + 5u];
    let weights_6 = quants[first + 6u];
    let weights_7 = quants[first + 7u];
    let product = dot(quants[first], activations_0);                      // parts/packed_rows.py
    let product_1 = dot(quants[first + 1u], activations_1);               // parts/packed_rows.py
    let product_2 = product + product_1 + dot(weights_2, activations_2)
        + dot(weights_3, activations_3) + dot(weights_4, activations_4)
        + dot(weights_5, activations_5) + dot(weights_6, activations_6)
        + dot(weights_7, activations_7);
    sum_0 += product_2;                                                   // linear/matvec.py
    let row_1 = first_row + 1u;                                           // linear/matvec.py
    let row_2 = min(row_1, 63u);                                          // linear/matvec.py
    let at_2 = row_2 + group;                                             // parts/packed_rows.py
    let first_1 = at_2 * 8u;                                              // parts/packed_rows.py
    let weights_2_1 = quants[first_1 + 2u];                               // parts/packed_rows.py
    let weights_3_1 = quants[first_1 + 3u];
    let weights_4_1 = quants[first_1 + 4u];
    let weights_5_1 = quants[first_1 + 5u];
    let weights_6_1 = quants[first_1 + 6u];
    let weights_7_1 = quants[first_1 + 7u];
    let product_3 = dot(quants[first_1], activations_0);                  // parts/packed_rows.py
    let product_4 = dot(quants[first_1 + 1u], activations_1);             // parts/packed_rows.py
    let product_5 = product_3 + product_4 + dot(weights_2_1, activations_2)
        + dot(weights_3_1, activations_3) + dot(weights_4_1, activations_4)
        + dot(weights_5_1, activations_5) + dot(weights_6_1, activations_6)
        + dot(weights_7_1, activations_7);
    sum_1 += product_5;                                                   // linear/matvec.py
  }
  let result = sum_0;                                                     // parts/reduce.py
  let result_1 = sum_1;
  if (first_row < 64u) {                                                  // linear/matvec.py
    let unit = first_row / 2u;                                            // linear/matvec.py
    let at = unit * 2u;                                                   // linear/buffers.py
    let places = at + 1u;
    let even = result + bias[at];                                         // linear/buffers.py
    let odd = result_1 + bias[places];
    var first: f32 = even;                                                // epilogues/heads.py
    var second: f32 = odd;                                                // epilogues/heads.py
    let in_head = unit % 4u;                                              // epilogues/heads.py
    let rotated = unit < 24u;                                             // epilogues/heads.py
    let rotated_1 = rotated && in_head < 2u;                              // epilogues/heads.py
    if (rotated_1) {                                                      // epilogues/heads.py
      let index = f32(in_head);                                           // parts/rotary.py
      let product = index * -9.464844;                                    // parts/precise_math.py
      let t = index * -0.00094053464;                                     // parts/precise_math.py
      let whole = floor(product + t + 0.5);
      let fraction = product - whole + t;                                 // parts/precise_math.py
      let series = fraction * 0.00015353362 + 0.0013398874;               // parts/precise_math.py
      let series_1 = series * fraction + 0.009618437;                     // parts/precise_math.py
      let series_2 = series_1 * fraction + 0.055503324;                   // parts/precise_math.py
      let series_3 = series_2 * fraction + 0.24022648;                    // parts/precise_math.py
      let series_4 = series_3 * fraction + 0.6931472;                     // parts/precise_math.py
      let power = bitcast<f32>(u32(i32(whole) + 127i) << 23u);            // parts/precise_math.py
      let frequency = (series_4 * fraction + 1.0) * power;                // parts/precise_math.py
      let turns = frequency * 1303.7972;                                  // parts/rotary.py
      let keep = min(max((turns - 1.0) * 0.33333334, 0.0), 1.0);          // parts/rotary.py
      let frequency_1 = frequency * (keep + (1.0 - keep) * 0.125);        // parts/rotary.py
      let angle = f32(step.past) * frequency_1;                           // parts/rotary.py
      let quarter = floor(angle * 0.63661975 + 0.5);                      // parts/precise_math.py
      let reduced = angle - quarter * 1.5625;                             // parts/precise_math.py
      let reduced_1 = reduced - quarter * 0.008178711;                    // parts/precise_math.py
      let reduced_2 = reduced_1 - quarter * 0.00011730194;                // parts/precise_math.py
      let reduced_3 = reduced_2 - quarter * 3.1391647e-7;                 // parts/precise_math.py
      let square = reduced_3 * reduced_3;                                 // parts/precise_math.py
      let sine = (square * -0.00019515296 + 0.008332161) * square - 0.16666655;  // parts/precise_math.py
      let sine_1 = sine * square * reduced_3 + reduced_3;                 // parts/precise_math.py
      let cosine = (square * 2.4433157e-5 - 0.0013887316) * square + 0.041666646;  // parts/precise_math.py
      let cosine_1 = cosine * square * square - square * 0.5 + 1.0;       // parts/precise_math.py
      let quadrant = u32(quarter) & 3u;                                   // parts/precise_math.py
      let swapped = (quadrant & 1u) == 1u;                                // parts/precise_math.py
      let sin_value = select(sine_1, cosine_1, swapped);                  // parts/precise_math.py
      let cos_value = select(cosine_1, sine_1, swapped);                  // parts/precise_math.py
      let sin_angle = select(sin_value, -sin_value, quadrant >= 2u);      // parts/precise_math.py
      let cos_angle = select(cos_value, -cos_value, ((quadrant + 1u) & 2u) == 2u);  // parts/precise_math.py
      first = even * cos_angle - odd * sin_angle;                         // epilogues/heads.py
      second = odd * cos_angle + even * sin_angle;                        // epilogues/heads.py
    }
    let both = vec2<f32>(first, second);                                  // epilogues/heads.py
    let row = step.past * 8u;                                             // epilogues/heads.py
    if (unit < 16u) {                                                     // epilogues/heads.py
      q[unit] = both;                                                     // epilogues/heads.py
    } else if (rotated) {                                                 // epilogues/heads.py
      k_cache[row + unit - 16u] = both;                                   // epilogues/heads.py
    } else {
      v_cache[row + unit - 24u] = both;                                   // epilogues/heads.py
    }
  }
}
