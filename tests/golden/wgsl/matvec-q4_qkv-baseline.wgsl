// matvec_norm_q4_qkv_128x64

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> norm_weight: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> quants: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> scales: array<u32>;
@group(0) @binding(4) var<storage, read_write> q: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> k_cache: array<u32>;
@group(0) @binding(6) var<storage, read_write> v_cache: array<u32>;

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
@group(0) @binding(7) var<uniform> step: Step;

var<workgroup> team_sums: array<f32, 192>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let lane = local_id.x % 2u;                                             // parts/reduce.py
  let team = workgroup_id.x * 32u + local_id.x / 2u;                      // linear/matvec.py
  let first_row = team * 2u;                                              // linear/matvec.py
  var sum_0: f32 = 0.0;                                                   // linear/matvec.py
  var sum_1: f32 = 0.0;
  var squares: f32 = 0.0;                                                 // linear/matvec.py
  for (var group = lane; group < 2u; group += 2u) {                       // linear/matvec.py
    let at = group * 8u;                                                  // linear/matvec.py
    let x_1 = x[at];                                                      // linear/buffers.py
    squares += dot(x_1, x_1);                                             // linear/matvec.py
    let x_2 = x_1 * norm_weight[at];                                      // linear/matvec.py
    let at_1 = at + 1u;                                                   // linear/matvec.py
    let x_3 = x[at_1];                                                    // linear/buffers.py
    squares += dot(x_3, x_3);                                             // linear/matvec.py
    let x_4 = x_3 * norm_weight[at_1];                                    // linear/matvec.py
    let at_2 = at + 2u;                                                   // linear/matvec.py
    let x_5 = x[at_2];                                                    // linear/buffers.py
    squares += dot(x_5, x_5);                                             // linear/matvec.py
    let x_6 = x_5 * norm_weight[at_2];                                    // linear/matvec.py
    let at_3 = at + 3u;                                                   // linear/matvec.py
    let x_7 = x[at_3];                                                    // linear/buffers.py
    squares += dot(x_7, x_7);                                             // linear/matvec.py
    let x_8 = x_7 * norm_weight[at_3];                                    // linear/matvec.py
    let at_4 = at + 4u;                                                   // linear/matvec.py
    let x_9 = x[at_4];                                                    // linear/buffers.py
    squares += dot(x_9, x_9);                                             // linear/matvec.py
    let x_10 = x_9 * norm_weight[at_4];                                   // linear/matvec.py
    let at_5 = at + 5u;                                                   // linear/matvec.py
    let x_11 = x[at_5];                                                   // linear/buffers.py
    squares += dot(x_11, x_11);                                           // linear/matvec.py
    let x_12 = x_11 * norm_weight[at_5];                                  // linear/matvec.py
    let at_6 = at + 6u;                                                   // linear/matvec.py
    let x_13 = x[at_6];                                                   // linear/buffers.py
    squares += dot(x_13, x_13);                                           // linear/matvec.py
    let x_14 = x_13 * norm_weight[at_6];                                  // linear/matvec.py
    let at_7 = at + 7u;                                                   // linear/matvec.py
    let x_15 = x[at_7];                                                   // linear/buffers.py
    squares += dot(x_15, x_15);                                           // linear/matvec.py
    let x_16 = x_15 * norm_weight[at_7];                                  // linear/matvec.py
    let at_8 = first_row * 2u + group;                                    // parts/packed_rows.py
    let packed = quants[at_8];                                            // parts/packed_rows.py
    let low = vec4<f32>(unpack4xU8(packed.x & 0x0f0f0f0fu)) - 8.0;        // formats/nibbles.py
    let high = vec4<f32>(unpack4xU8((packed.x >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_1 = vec4<f32>(unpack4xU8(packed.y & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
    let high_1 = vec4<f32>(unpack4xU8((packed.y >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_2 = vec4<f32>(unpack4xU8(packed.z & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
    let high_2 = vec4<f32>(unpack4xU8((packed.z >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_3 = vec4<f32>(unpack4xU8(packed.w & 0x0f0f0f0fu)) - 8.0;      // formats/nibbles.py
    let high_3 = vec4<f32>(unpack4xU8((packed.w >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let pair = unpack2x16float(scales[at_8 >> 1u]);                       // parts/packed_rows.py
    let product = dot(low, x_2);                                          // parts/packed_rows.py
    let product_1 = dot(high, x_4);                                       // parts/packed_rows.py
    let product_2 = product + product_1 + dot(low_1, x_6) + dot(high_1, x_8) + dot(low_2, x_10)
        + dot(high_2, x_12) + dot(low_3, x_14) + dot(high_3, x_16);
    sum_0 += product_2 * select(pair.x, pair.y, (at_8 & 1u) == 1u);       // linear/matvec.py
    let row = first_row + 1u;                                             // linear/matvec.py
    let at_9 = row * 2u + group;                                          // parts/packed_rows.py
    let packed_1 = quants[at_9];                                          // parts/packed_rows.py
    let low_4 = vec4<f32>(unpack4xU8(packed_1.x & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_4 = vec4<f32>(unpack4xU8((packed_1.x >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_5 = vec4<f32>(unpack4xU8(packed_1.y & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_5 = vec4<f32>(unpack4xU8((packed_1.y >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_6 = vec4<f32>(unpack4xU8(packed_1.z & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_6 = vec4<f32>(unpack4xU8((packed_1.z >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let low_7 = vec4<f32>(unpack4xU8(packed_1.w & 0x0f0f0f0fu)) - 8.0;    // formats/nibbles.py
    let high_7 = vec4<f32>(unpack4xU8((packed_1.w >> 4u) & 0x0f0f0f0fu)) - 8.0;  // formats/nibbles.py
    let pair_1 = unpack2x16float(scales[at_9 >> 1u]);                     // parts/packed_rows.py
    let product_3 = dot(low_4, x_2);                                      // parts/packed_rows.py
    let product_4 = dot(high_4, x_4);                                     // parts/packed_rows.py
    let product_5 = product_3 + product_4 + dot(low_5, x_6) + dot(high_5, x_8)
        + dot(low_6, x_10) + dot(high_6, x_12) + dot(low_7, x_14) + dot(high_7, x_16);
    sum_1 += product_5 * select(pair_1.x, pair_1.y, (at_9 & 1u) == 1u);   // linear/matvec.py
  }
  team_sums[local_id.x] = sum_0;                                          // parts/reduce.py
  let index = local_id.x + 64u;
  team_sums[index] = sum_1;
  let index_1 = local_id.x + 128u;
  team_sums[index_1] = squares;
  workgroupBarrier();                                                     // parts/reduce.py
  if (lane < 1u) {                                                        // parts/reduce.py
    team_sums[local_id.x] += team_sums[local_id.x + 1u];                  // parts/reduce.py
    team_sums[index] += team_sums[local_id.x + 65u];
    team_sums[index_1] += team_sums[local_id.x + 129u];
  }
  let result = team_sums[local_id.x];                                     // parts/reduce.py
  let result_1 = team_sums[index];
  let results_2 = team_sums[index_1];
  if (lane == 0u) {                                                       // linear/matvec.py
    let scale = inverseSqrt(results_2 * 0.015625 + 1e-5);                 // linear/matvec.py
    let even = result * scale;                                            // linear/matvec.py
    let odd = result_1 * scale;
    if (first_row < 128u) {                                               // linear/matvec.py
      let pair = first_row / 2u;                                          // linear/matvec.py
      var first: f32 = even;                                              // epilogues/heads.py
      var second: f32 = odd;                                              // epilogues/heads.py
      let in_head = pair % 4u;                                            // epilogues/heads.py
      let rotated = pair < 48u;                                           // epilogues/heads.py
      if (rotated) {                                                      // epilogues/heads.py
        let index_2 = f32(in_head);                                       // parts/rotary.py
        let product = index_2 * -3.321289;                                // parts/precise_math.py
        let t = index_2 * -0.0006390324;                                  // parts/precise_math.py
        let whole = floor(product + t + 0.5);
        let fraction = product - whole + t;                               // parts/precise_math.py
        let series = fraction * 0.00015353362 + 0.0013398874;             // parts/precise_math.py
        let series_1 = series * fraction + 0.009618437;                   // parts/precise_math.py
        let series_2 = series_1 * fraction + 0.055503324;                 // parts/precise_math.py
        let series_3 = series_2 * fraction + 0.24022648;                  // parts/precise_math.py
        let series_4 = series_3 * fraction + 0.6931472;                   // parts/precise_math.py
        let power = bitcast<f32>(u32(i32(whole) + 127i) << 23u);          // parts/precise_math.py
        let angle = f32(step.past) * ((series_4 * fraction + 1.0) * power);  // parts/rotary.py
        let quarter = floor(angle * 0.63661975 + 0.5);                    // parts/precise_math.py
        let reduced = angle - quarter * 1.5625;                           // parts/precise_math.py
        let reduced_1 = reduced - quarter * 0.008178711;                  // parts/precise_math.py
        let reduced_2 = reduced_1 - quarter * 0.00011730194;              // parts/precise_math.py
        let reduced_3 = reduced_2 - quarter * 3.1391647e-7;               // parts/precise_math.py
        let square = reduced_3 * reduced_3;                               // parts/precise_math.py
        let sine = (square * -0.00019515296 + 0.008332161) * square - 0.16666655;  // parts/precise_math.py
        let sine_1 = sine * square * reduced_3 + reduced_3;               // parts/precise_math.py
        let cosine = (square * 2.4433157e-5 - 0.0013887316) * square + 0.041666646;  // parts/precise_math.py
        let cosine_1 = cosine * square * square - square * 0.5 + 1.0;     // parts/precise_math.py
        let quadrant = u32(quarter) & 3u;                                 // parts/precise_math.py
        let swapped = (quadrant & 1u) == 1u;                              // parts/precise_math.py
        let sin_value = select(sine_1, cosine_1, swapped);                // parts/precise_math.py
        let cos_value = select(cosine_1, sine_1, swapped);                // parts/precise_math.py
        let sin_angle = select(sin_value, -sin_value, quadrant >= 2u);    // parts/precise_math.py
        let cos_angle = select(cos_value, -cos_value, ((quadrant + 1u) & 2u) == 2u);  // parts/precise_math.py
        first = even * cos_angle - odd * sin_angle;                       // epilogues/heads.py
        second = odd * cos_angle + even * sin_angle;                      // epilogues/heads.py
      }
      let both = vec2<f32>(first, second);                                // epilogues/heads.py
      let row = step.past * 16u;                                          // epilogues/heads.py
      if (pair < 32u) {                                                   // epilogues/heads.py
        q[pair] = both;                                                   // epilogues/heads.py
      } else {
        let stored = pack2x16float(both);                                 // attention/row_kinds.py
        if (rotated) {                                                    // epilogues/heads.py
          k_cache[row + pair - 32u] = stored;                             // epilogues/heads.py
        } else {
          v_cache[row + pair - 48u] = stored;                             // epilogues/heads.py
        }
      }
    }
  }
}
