// attention_decode_f32_2_1x514

@group(0) @binding(0) var<storage, read> q: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read> k_cache: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> v_cache: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> out: array<vec2<f32>>;

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

var<workgroup> query: array<vec2<f32>, 514>;
var<workgroup> scores: array<vec2<f32>, 4>;
var<workgroup> exchange: array<vec2<f32>, 384>;

@compute @workgroup_size(129)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let positions = step.past + 1u;                                         // decode/kernel.py
  let first_head = workgroup_id.x * 2u;                                   // decode/head_results.py
  for (var at = local_id.x; at < 514u; at += 129u) {                      // parts/distribute.py
    let element = first_head * 257u + at;                                 // decode/body.py
    query[at] = q[element] * 0.36067376;                                  // decode/body.py
  }
  workgroupBarrier();                                                     // decode/body.py
  var maximum: vec2<f32> = vec2<f32>(-1e30);                              // attention/softmax.py
  var total: vec2<f32> = vec2<f32>(0.0);                                  // attention/softmax.py
  var sum_0: vec2<f32> = vec2<f32>(0.0);                                  // attention/softmax.py
  var sum_1: vec2<f32> = vec2<f32>(0.0);
  var sum_2: vec2<f32> = vec2<f32>(0.0);
  var sum_3: vec2<f32> = vec2<f32>(0.0);
  for (var tile = 0u; tile < positions; tile += 4u) {                     // decode/body.py
    let count = min(positions - tile, 4u);                                // decode/body.py
    for (var position = local_id.x; position < 4u; position += 129u) {    // decode/body.py
      if (position < count) {                                             // decode/body.py
        let position_1 = tile + position;                                 // decode/body.py
        var score_0: f32 = 0.0;                                           // decode/body.py
        var score_1: f32 = 0.0;
        for (var load = 0u; load < 257u; load++) {                        // decode/body.py
          let key = k_cache[(position_1 + workgroup_id.x) * 257u + load];  // attention/cache.py
          score_0 += dot(query[load], key);                               // decode/body.py
          score_1 += dot(query[load + 257u], key);
        }
        scores[position] = vec2<f32>(score_0, score_1);                   // decode/body.py
      } else {
        scores[position] = vec2<f32>(-1e30);                              // decode/body.py
      }
    }
    workgroupBarrier();                                                   // decode/body.py
    let stream = local_id.x / 129u;                                       // decode/body.py
    let column = local_id.x % 129u;                                       // decode/body.py
    let last = positions - 1u;                                            // decode/body.py
    for (var first = 0u; first < count; first += 4u) {                    // decode/body.py
      let place = first + stream;                                         // decode/body.py
      let place_1 = place + 1u;
      let place_2 = place + 2u;
      let place_3 = place + 3u;
      let index = (min(tile + place, last) + workgroup_id.x) * 257u;      // attention/cache.py
      let value = v_cache[index + column];
      let load = min(column + 129u, 256u);                                // decode/body.py
      let value_1 = v_cache[index + load];                                // attention/cache.py
      let index_1 = (min(tile + place_1, last) + workgroup_id.x) * 257u;
      let value_2 = v_cache[index_1 + column];
      let value_3 = v_cache[index_1 + load];
      let index_2 = (min(tile + place_2, last) + workgroup_id.x) * 257u;
      let value_4 = v_cache[index_2 + column];
      let value_5 = v_cache[index_2 + load];
      let index_3 = (min(tile + place_3, last) + workgroup_id.x) * 257u;
      let value_6 = v_cache[index_3 + column];
      let value_7 = v_cache[index_3 + load];
      let score = scores[place];                                          // decode/body.py
      let score_1 = scores[place_1];
      let score_2 = scores[place_2];
      let score_3 = scores[place_3];
      let highest = max(max(max(max(maximum, score), score_1), score_2), score_3);  // attention/softmax.py
      let rescale = exp2(maximum - highest);                              // attention/softmax.py
      total *= rescale;                                                   // attention/softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      sum_2 *= rescale;
      sum_3 *= rescale;
      maximum = highest;                                                  // attention/softmax.py
      let weight = exp2(score - highest);                                 // decode/body.py
      total += weight;                                                    // attention/softmax.py
      sum_0 += weight * value.x;                                          // attention/softmax.py
      sum_1 += weight * value.y;
      sum_2 += weight * value_1.x;
      sum_3 += weight * value_1.y;
      let weight_1 = exp2(score_1 - highest);                             // decode/body.py
      total += weight_1;                                                  // attention/softmax.py
      sum_0 += weight_1 * value_2.x;                                      // attention/softmax.py
      sum_1 += weight_1 * value_2.y;
      sum_2 += weight_1 * value_3.x;
      sum_3 += weight_1 * value_3.y;
      let weight_2 = exp2(score_2 - highest);                             // decode/body.py
      total += weight_2;                                                  // attention/softmax.py
      sum_0 += weight_2 * value_4.x;                                      // attention/softmax.py
      sum_1 += weight_2 * value_4.y;
      sum_2 += weight_2 * value_5.x;
      sum_3 += weight_2 * value_5.y;
      let weight_3 = exp2(score_3 - highest);                             // decode/body.py
      total += weight_3;                                                  // attention/softmax.py
      sum_0 += weight_3 * value_6.x;                                      // attention/softmax.py
      sum_1 += weight_3 * value_6.y;
      sum_2 += weight_3 * value_7.x;
      sum_3 += weight_3 * value_7.y;
    }
    workgroupBarrier();                                                   // decode/body.py
  }
  for (var level = 1u; level < 1u; level++) {                             // attention/softmax.py
    let distance = (1u >> level) * 129u;                                  // attention/softmax.py
    let gives = local_id.x >= distance && local_id.x < distance * 2u;     // attention/softmax.py
    let takes = local_id.x < distance;                                    // attention/softmax.py
    if (gives) {                                                          // attention/softmax.py
      let cell = local_id.x - distance;                                   // attention/softmax.py
      exchange[cell] = maximum;                                           // attention/softmax.py
      exchange[cell + 64u] = total;
      exchange[cell + 128u] = sum_0;
      exchange[cell + 192u] = sum_1;
      exchange[cell + 256u] = sum_2;
      exchange[cell + 320u] = sum_3;
    }
    workgroupBarrier();                                                   // attention/softmax.py
    if (takes) {                                                          // attention/softmax.py
      let other_maximum = exchange[local_id.x];                           // attention/softmax.py
      let highest = max(maximum, other_maximum);                          // attention/softmax.py
      let rescale = exp2(maximum - highest);                              // attention/softmax.py
      total *= rescale;                                                   // attention/softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      sum_2 *= rescale;
      sum_3 *= rescale;
      maximum = highest;                                                  // attention/softmax.py
      let weight = exp2(other_maximum - highest);                         // attention/softmax.py
      total += weight * exchange[local_id.x + 64u];                       // attention/softmax.py
      sum_0 += weight * exchange[local_id.x + 128u];                      // attention/softmax.py
      sum_1 += weight * exchange[local_id.x + 192u];
      sum_2 += weight * exchange[local_id.x + 256u];
      sum_3 += weight * exchange[local_id.x + 320u];
    }
    workgroupBarrier();                                                   // attention/softmax.py
  }
  let row_sums = vec2<f32>(sum_0.x, sum_1.x);                             // attention/softmax.py
  let index = first_head * 257u;                                          // decode/head_results.py
  out[index + local_id.x] = row_sums / total.x;
  let load = local_id.x + 129u;                                           // decode/body.py
  let t = load < 257u;                                                    // decode/body.py
  if (t) {
    let row_sums_1 = vec2<f32>(sum_2.x, sum_3.x);                         // attention/softmax.py
    out[index + load] = row_sums_1 / total.x;                             // decode/head_results.py
  }
  let row_sums_1 = vec2<f32>(sum_0.y, sum_1.y);                           // attention/softmax.py
  let index_1 = (first_head + 1u) * 257u;                                 // decode/head_results.py
  out[index_1 + local_id.x] = row_sums_1 / total.y;
  if (t) {                                                                // decode/body.py
    let row_sums_2 = vec2<f32>(sum_2.y, sum_3.y);                         // attention/softmax.py
    out[index_1 + load] = row_sums_2 / total.y;                           // decode/head_results.py
  }
}
