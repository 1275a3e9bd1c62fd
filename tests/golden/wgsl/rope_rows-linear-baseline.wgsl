// rope_rows_linear_2x12_of4

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read> step_rows: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.z * 24u;                                       // several/each_row.py
  let unit = workgroup_id.x * 64u + local_id.x;                           // attention/rotate_and_append.py
  let position = step_rows[workgroup_id.z * 8u + 1u] + workgroup_id.y;    // attention/rotate_and_append.py
  if (unit < 16u) {                                                       // attention/rotate_and_append.py
    let in_head = unit % 8u;                                              // attention/rotate_and_append.py
    let first = (workgroup_id.y * 2u + unit / 8u) * 12u + in_head;        // attention/rotate_and_append.py
    if (in_head < 4u) {                                                   // attention/rotate_and_append.py
      let second = first + 4u;                                            // attention/rotate_and_append.py
      let index_1 = index + first;                                        // attention/rotate_and_append.py
      let even = x[index_1];
      let index_2 = index + second;
      let odd = x[index_2];
      let index_3 = f32(in_head);                                         // parts/rotary.py
      let product = index_3 * -3.321289;                                  // parts/precise_math.py
      let t = index_3 * -0.0006390324;                                    // parts/precise_math.py
      let whole = floor(product + t + 0.5);
      let fraction = product - whole + t;                                 // parts/precise_math.py
      let series = fraction * 0.00015353362 + 0.0013398874;               // parts/precise_math.py
      let series_1 = series * fraction + 0.009618437;                     // parts/precise_math.py
      let series_2 = series_1 * fraction + 0.055503324;                   // parts/precise_math.py
      let series_3 = series_2 * fraction + 0.24022648;                    // parts/precise_math.py
      let series_4 = series_3 * fraction + 0.6931472;                     // parts/precise_math.py
      let power = bitcast<f32>(u32(i32(whole) + 127i) << 23u);            // parts/precise_math.py
      let frequency = (series_4 * fraction + 1.0) * power * 0.5;          // parts/rotary.py
      let angle = f32(position) * frequency;                              // parts/rotary.py
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
      out[index_1] = even * cos_angle - odd * sin_angle;                  // attention/rotate_and_append.py
      out[index_2] = odd * cos_angle + even * sin_angle;
    } else {
      let kept = first + 4u;                                              // attention/rotate_and_append.py
      let index_1 = index + kept;                                         // attention/rotate_and_append.py
      out[index_1] = x[index_1];
    }
  }
}
