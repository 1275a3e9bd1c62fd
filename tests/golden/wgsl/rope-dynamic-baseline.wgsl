// rope_dynamic_2x8

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

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

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let unit = workgroup_id.x * 64u + local_id.x;                           // attention/rotate_and_append.py
  let position = step.past + workgroup_id.y;                              // attention/rotate_and_append.py
  let length = step.past + step.seq;                                      // attention/rotate_and_append.py
  if (unit < 8u) {                                                        // attention/rotate_and_append.py
    let in_head = unit % 4u;                                              // attention/rotate_and_append.py
    let first = (workgroup_id.y * 2u + unit / 4u) * 8u + in_head;         // attention/rotate_and_append.py
    if (in_head < 4u) {                                                   // attention/rotate_and_append.py
      let second = first + 4u;                                            // attention/rotate_and_append.py
      let even = x[first];                                                // attention/rotate_and_append.py
      let odd = x[second];
      let index = f32(in_head);                                           // parts/rotary.py
      let product = index * -3.321289;                                    // parts/precise_math.py
      let t = index * -0.0006390324;                                      // parts/precise_math.py
      let whole = floor(product + t + 0.5);
      let fraction = product - whole + t;                                 // parts/precise_math.py
      let series = fraction * 0.00015353362 + 0.0013398874;               // parts/precise_math.py
      let series_1 = series * fraction + 0.009618437;                     // parts/precise_math.py
      let series_2 = series_1 * fraction + 0.055503324;                   // parts/precise_math.py
      let series_3 = series_2 * fraction + 0.24022648;                    // parts/precise_math.py
      let series_4 = series_3 * fraction + 0.6931472;                     // parts/precise_math.py
      let power = bitcast<f32>(u32(i32(whole) + 127i) << 23u);            // parts/precise_math.py
      let beyond = max(length, 4096u) - 4096u;                            // parts/rotary.py
      let growth = f32(beyond) * 0.00048828125 + 1.0;                     // parts/rotary.py
      let bits = bitcast<u32>(growth);                                    // parts/precise_math.py
      let exponent = bitcast<i32>(bits - 0x3f3504f3u) >> 23u;             // parts/precise_math.py
      let mantissa = bitcast<f32>(bits - bitcast<u32>(exponent << 23u));  // parts/precise_math.py
      let exponent_1 = f32(exponent);                                     // parts/precise_math.py
      let excess = mantissa - 1.0;
      let series_5 = excess * 0.070376836 - 0.1151461;                    // parts/precise_math.py
      let series_6 = series_5 * excess + 0.116769984;                     // parts/precise_math.py
      let series_7 = series_6 * excess - 0.12420141;                      // parts/precise_math.py
      let series_8 = series_7 * excess + 0.14249323;                      // parts/precise_math.py
      let series_9 = series_8 * excess - 0.16668057;                      // parts/precise_math.py
      let series_10 = series_9 * excess + 0.20000714;                     // parts/precise_math.py
      let series_11 = series_10 * excess - 0.24999994;                    // parts/precise_math.py
      let series_12 = series_11 * excess + 0.3333333;                     // parts/precise_math.py
      let square = excess * excess;                                       // parts/precise_math.py
      let tail = series_12 * excess * square + exponent_1 * -0.00021219444 - square * 0.5;  // parts/precise_math.py
      let x_1 = index * -0.33333334 * (excess + tail + exponent_1 * 0.6933594);  // parts/rotary.py
      let whole_1 = floor(x_1 * 1.442695 + 0.5);                          // parts/precise_math.py
      let rest = x_1 - whole_1 * 0.6933594;                               // parts/precise_math.py
      let rest_1 = rest - whole_1 * -0.00021219444;                       // parts/precise_math.py
      let series_13 = rest_1 * 0.00019875691 + 0.0013981999;              // parts/precise_math.py
      let series_14 = series_13 * rest_1 + 0.008333452;                   // parts/precise_math.py
      let series_15 = series_14 * rest_1 + 0.041665796;                   // parts/precise_math.py
      let series_16 = series_15 * rest_1 + 0.16666666;                    // parts/precise_math.py
      let series_17 = series_16 * rest_1 + 0.5;                           // parts/precise_math.py
      let series_18 = series_17 * rest_1 * rest_1 + rest_1 + 1.0;         // parts/precise_math.py
      let frequency = (series_4 * fraction + 1.0) * power
          * (series_18 * bitcast<f32>(u32(i32(whole_1) + 127i) << 23u));  // parts/rotary.py
      let angle = f32(position) * frequency;                              // parts/rotary.py
      let quarter = floor(angle * 0.63661975 + 0.5);                      // parts/precise_math.py
      let reduced = angle - quarter * 1.5625;                             // parts/precise_math.py
      let reduced_1 = reduced - quarter * 0.008178711;                    // parts/precise_math.py
      let reduced_2 = reduced_1 - quarter * 0.00011730194;                // parts/precise_math.py
      let reduced_3 = reduced_2 - quarter * 3.1391647e-7;                 // parts/precise_math.py
      let square_1 = reduced_3 * reduced_3;                               // parts/precise_math.py
      let sine = (square_1 * -0.00019515296 + 0.008332161) * square_1 - 0.16666655;  // parts/precise_math.py
      let sine_1 = sine * square_1 * reduced_3 + reduced_3;               // parts/precise_math.py
      let cosine = (square_1 * 2.4433157e-5 - 0.0013887316) * square_1 + 0.041666646;  // parts/precise_math.py
      let cosine_1 = cosine * square_1 * square_1 - square_1 * 0.5 + 1.0;  // parts/precise_math.py
      let quadrant = u32(quarter) & 3u;                                   // parts/precise_math.py
      let swapped = (quadrant & 1u) == 1u;                                // parts/precise_math.py
      let sin_value = select(sine_1, cosine_1, swapped);                  // parts/precise_math.py
      let cos_value = select(cosine_1, sine_1, swapped);                  // parts/precise_math.py
      let sin_angle = select(sin_value, -sin_value, quadrant >= 2u);      // parts/precise_math.py
      let cos_angle = select(cos_value, -cos_value, ((quadrant + 1u) & 2u) == 2u);  // parts/precise_math.py
      out[first] = even * cos_angle - odd * sin_angle;                    // attention/rotate_and_append.py
      out[second] = odd * cos_angle + even * sin_angle;
    }
  }
}
