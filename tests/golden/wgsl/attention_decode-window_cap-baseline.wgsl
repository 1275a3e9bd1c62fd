// attention_decode_f16_2_1x16_split64_window256_cap50

@group(0) @binding(0) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> k_cache: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> v_cache: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read_write> partials: array<vec2<f32>>;

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

var<workgroup> query: array<vec4<f32>, 8>;
var<workgroup> scores: array<vec2<f32>, 64>;
var<workgroup> exchange: array<vec2<f32>, 256>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let positions = step.past + 1u;                                         // decode/kernel.py
  let first = workgroup_id.y * 64u;                                       // decode/kernel.py
  let first_1 = positions - min(positions, 256u) + first;                 // decode/kernel.py
  if (first_1 < positions) {                                              // decode/kernel.py
    let end = min(first_1 + 64u, positions);                              // decode/kernel.py
    let first_head = workgroup_id.x * 2u;                                 // decode/head_results.py
    if (local_id.x < 8u) {                                                // parts/distribute.py
      let element = first_head * 4u + local_id.x;                         // decode/body.py
      query[local_id.x] = q[element] * 0.25;                              // decode/body.py
    }
    workgroupBarrier();                                                   // decode/body.py
    var maximum: vec2<f32> = vec2<f32>(-1e30);                            // attention/softmax.py
    var total: vec2<f32> = vec2<f32>(0.0);                                // attention/softmax.py
    var sum_0: vec2<f32> = vec2<f32>(0.0);                                // attention/softmax.py
    var sum_1: vec2<f32> = vec2<f32>(0.0);
    var sum_2: vec2<f32> = vec2<f32>(0.0);
    var sum_3: vec2<f32> = vec2<f32>(0.0);
    for (var tile = first_1; tile < end; tile += 64u) {                   // decode/body.py
      let count = min(end - tile, 64u);                                   // decode/body.py
      let part = local_id.x % 4u;                                         // decode/body.py
      let stream = local_id.x / 4u;                                       // decode/body.py
      for (var position = stream; position < 64u; position += 16u) {
        let cell = position * 4u + part;                                  // decode/body.py
        if (position < count) {                                           // decode/body.py
          var score_0: f32 = 0.0;                                         // decode/body.py
          var score_1: f32 = 0.0;
          let stored = k_cache[(tile + position + workgroup_id.x) * 4u + part];  // attention/cache.py
          let key = vec4<f32>(unpack2x16float(stored.x), unpack2x16float(stored.y));  // attention/row_kinds.py
          score_0 += dot(query[part], key);                               // decode/body.py
          score_1 += dot(query[part + 4u], key);
          exchange[cell] = vec2<f32>(score_0, score_1);                   // decode/body.py
        } else {
          exchange[cell] = vec2<f32>(-1e30);                              // decode/body.py
        }
      }
      workgroupBarrier();                                                 // decode/body.py
      let index = local_id.x * 4u;                                        // decode/body.py
      let score = exchange[index];
      let score_1 = score + exchange[index + 1u] + exchange[index + 2u] + exchange[index + 3u];  // decode/body.py
      let x = score_1 * 0.02;                                             // attention/softmax.py
      let t = abs(x);                                                     // parts/precise_math.py
      let size = select(t, vec2<f32>(10.0), t > vec2<f32>(10.0));
      let square = size * size;                                           // parts/precise_math.py
      let series = square * -0.0057049887 + 0.020639088;                  // parts/precise_math.py
      let series_1 = series * square - 0.053739715;                       // parts/precise_math.py
      let series_2 = series_1 * square + 0.13331442;                      // parts/precise_math.py
      let series_3 = series_2 * square - 0.3333328;                       // parts/precise_math.py
      let near = series_3 * square * size + size;                         // parts/precise_math.py
      let far = size * 2.0;                                               // parts/precise_math.py
      let whole = floor(far * 1.442695 + 0.5);                            // parts/precise_math.py
      let rest = far - whole * 0.6933594;                                 // parts/precise_math.py
      let rest_1 = rest - whole * -0.00021219444;                         // parts/precise_math.py
      let series_4 = rest_1 * 0.00019875691 + 0.0013981999;               // parts/precise_math.py
      let series_5 = series_4 * rest_1 + 0.008333452;                     // parts/precise_math.py
      let series_6 = series_5 * rest_1 + 0.041665796;                     // parts/precise_math.py
      let series_7 = series_6 * rest_1 + 0.16666666;                      // parts/precise_math.py
      let series_8 = series_7 * rest_1 + 0.5;                             // parts/precise_math.py
      let series_9 = series_8 * rest_1 * rest_1 + rest_1 + 1.0;           // parts/precise_math.py
      let far_1 = 1.0 - 2.0 / (series_9
          * bitcast<vec2<f32>>(vec2<u32>(vec2<i32>(whole) + 127i) << vec2<u32>(23u)) + 1.0);  // parts/precise_math.py
      let result = select(far_1, near, size < vec2<f32>(0.625));          // parts/precise_math.py
      let score_2 = select(vec2<f32>(-1e30), select(result, -result, x < vec2<f32>(0.0))
          * 72.13475, local_id.x % 64u < count);                          // decode/body.py
      scores[local_id.x] = score_2;                                       // decode/body.py
      workgroupBarrier();                                                 // decode/body.py
      let last = end - 1u;                                                // decode/body.py
      for (var first_2 = 0u; first_2 < count; first_2 += 64u) {           // decode/body.py
        let place = first_2 + stream;                                     // decode/body.py
        let place_1 = place + 16u;
        let place_2 = place + 32u;
        let place_3 = place + 48u;
        let stored = v_cache[(min(tile + place, last) + workgroup_id.x) * 4u + part];  // attention/cache.py
        let value = vec4<f32>(unpack2x16float(stored.x), unpack2x16float(stored.y));  // attention/row_kinds.py
        let stored_1 = v_cache[(min(tile + place_1, last) + workgroup_id.x) * 4u + part];  // attention/cache.py
        let value_1 = vec4<f32>(unpack2x16float(stored_1.x), unpack2x16float(stored_1.y));  // attention/row_kinds.py
        let stored_2 = v_cache[(min(tile + place_2, last) + workgroup_id.x) * 4u + part];  // attention/cache.py
        let value_2 = vec4<f32>(unpack2x16float(stored_2.x), unpack2x16float(stored_2.y));  // attention/row_kinds.py
        let stored_3 = v_cache[(min(tile + place_3, last) + workgroup_id.x) * 4u + part];  // attention/cache.py
        let value_3 = vec4<f32>(unpack2x16float(stored_3.x), unpack2x16float(stored_3.y));  // attention/row_kinds.py
        let score_3 = scores[place];                                      // decode/body.py
        let score_4 = scores[place_1];
        let score_5 = scores[place_2];
        let score_6 = scores[place_3];
        let highest = max(max(max(max(maximum, score_3), score_4), score_5), score_6);  // attention/softmax.py
        let rescale = exp2(maximum - highest);                            // attention/softmax.py
        total *= rescale;                                                 // attention/softmax.py
        sum_0 *= rescale;
        sum_1 *= rescale;
        sum_2 *= rescale;
        sum_3 *= rescale;
        maximum = highest;                                                // attention/softmax.py
        let weight = exp2(score_3 - highest);                             // decode/body.py
        total += weight;                                                  // attention/softmax.py
        sum_0 += weight * value.x;                                        // attention/softmax.py
        sum_1 += weight * value.y;
        sum_2 += weight * value.z;
        sum_3 += weight * value.w;
        let weight_1 = exp2(score_4 - highest);                           // decode/body.py
        total += weight_1;                                                // attention/softmax.py
        sum_0 += weight_1 * value_1.x;                                    // attention/softmax.py
        sum_1 += weight_1 * value_1.y;
        sum_2 += weight_1 * value_1.z;
        sum_3 += weight_1 * value_1.w;
        let weight_2 = exp2(score_5 - highest);                           // decode/body.py
        total += weight_2;                                                // attention/softmax.py
        sum_0 += weight_2 * value_2.x;                                    // attention/softmax.py
        sum_1 += weight_2 * value_2.y;
        sum_2 += weight_2 * value_2.z;
        sum_3 += weight_2 * value_2.w;
        let weight_3 = exp2(score_6 - highest);                           // decode/body.py
        total += weight_3;                                                // attention/softmax.py
        sum_0 += weight_3 * value_3.x;                                    // attention/softmax.py
        sum_1 += weight_3 * value_3.y;
        sum_2 += weight_3 * value_3.z;
        sum_3 += weight_3 * value_3.w;
      }
    }
    for (var level = 1u; level < 5u; level++) {                           // attention/softmax.py
      let distance = (16u >> level) * 4u;                                 // attention/softmax.py
      let gives = local_id.x >= distance && local_id.x < distance * 2u;   // attention/softmax.py
      let takes = local_id.x < distance;                                  // attention/softmax.py
      if (gives) {                                                        // attention/softmax.py
        let cell = local_id.x - distance;                                 // attention/softmax.py
        exchange[cell] = maximum;                                         // attention/softmax.py
        exchange[cell + 32u] = total;
        exchange[cell + 64u] = sum_0;
        exchange[cell + 96u] = sum_1;
        exchange[cell + 128u] = sum_2;
        exchange[cell + 160u] = sum_3;
      }
      workgroupBarrier();                                                 // attention/softmax.py
      if (takes) {                                                        // attention/softmax.py
        let other_maximum = exchange[local_id.x];                         // attention/softmax.py
        let highest = max(maximum, other_maximum);                        // attention/softmax.py
        let rescale = exp2(maximum - highest);                            // attention/softmax.py
        total *= rescale;                                                 // attention/softmax.py
        sum_0 *= rescale;
        sum_1 *= rescale;
        sum_2 *= rescale;
        sum_3 *= rescale;
        maximum = highest;                                                // attention/softmax.py
        let weight = exp2(other_maximum - highest);                       // attention/softmax.py
        total += weight * exchange[local_id.x + 32u];                     // attention/softmax.py
        sum_0 += weight * exchange[local_id.x + 64u];                     // attention/softmax.py
        sum_1 += weight * exchange[local_id.x + 96u];
        sum_2 += weight * exchange[local_id.x + 128u];
        sum_3 += weight * exchange[local_id.x + 160u];
      }
      workgroupBarrier();                                                 // attention/softmax.py
    }
    if (local_id.x < 4u) {                                                // parts/distribute.py
      let index = workgroup_id.y * 2u;                                    // decode/head_results.py
      let start = (index + first_head) * 9u;
      let row_sums = vec2<f32>(sum_0.x, sum_1.x);                         // attention/softmax.py
      let row_sums_1 = vec2<f32>(sum_2.x, sum_3.x);
      let index_1 = local_id.x * 2u;                                      // decode/body.py
      let index_2 = start + index_1;
      partials[index_2] = row_sums;
      partials[index_2 + 1u] = row_sums_1;
      let t = local_id.x == 0u;                                           // decode/body.py
      if (t) {
        partials[start + 8u] = vec2<f32>(maximum.x, total.x);             // decode/head_results.py
      }
      let start_1 = (index + first_head + 1u) * 9u;                       // decode/head_results.py
      let row_sums_2 = vec2<f32>(sum_0.y, sum_1.y);                       // attention/softmax.py
      let row_sums_3 = vec2<f32>(sum_2.y, sum_3.y);
      let index_3 = start_1 + index_1;                                    // decode/body.py
      partials[index_3] = row_sums_2;
      partials[index_3 + 1u] = row_sums_3;
      if (t) {                                                            // decode/body.py
        partials[start_1 + 8u] = vec2<f32>(maximum.y, total.y);           // decode/head_results.py
      }
    }
  }
}
