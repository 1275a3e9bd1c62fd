// attention_decode_rows_f16_8_4x8_of4

@group(0) @binding(0) var<storage, read> q: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read> k_cache: array<u32>;
@group(0) @binding(2) var<storage, read> v_cache: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<vec2<f32>>;
@group(0) @binding(4) var<storage, read> step_rows: array<u32>;

var<workgroup> query: array<vec2<f32>, 8>;
var<workgroup> scores: array<vec2<f32>, 64>;
var<workgroup> exchange: array<vec2<f32>, 256>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.z * 8u;                                        // several/each_row.py
  let index_1 = workgroup_id.z * 32u;                                     // several/each_row.py
  let index_2 = step_rows[index] * 16u;                                   // several/each_row.py
  let positions = step_rows[index + 1u] + 1u;                             // decode/kernel.py
  let first_head = workgroup_id.x * 2u;                                   // decode/head_results.py
  if (local_id.x < 8u) {                                                  // parts/distribute.py
    let element = first_head * 4u + local_id.x;                           // decode/body.py
    query[local_id.x] = q[index_1 + element] * 0.5100697;                 // decode/body.py
  }
  workgroupBarrier();                                                     // decode/body.py
  var maximum: vec2<f32> = vec2<f32>(-1e30);                              // attention/softmax.py
  var total: vec2<f32> = vec2<f32>(0.0);                                  // attention/softmax.py
  var sum_0: vec2<f32> = vec2<f32>(0.0);                                  // attention/softmax.py
  var sum_1: vec2<f32> = vec2<f32>(0.0);
  for (var tile = 0u; tile < positions; tile += 64u) {                    // decode/body.py
    let count = min(positions - tile, 64u);                               // decode/body.py
    let part = local_id.x % 4u;                                           // decode/body.py
    let stream = local_id.x / 4u;                                         // decode/body.py
    for (var position = stream; position < 64u; position += 16u) {
      let cell = position * 4u + part;                                    // decode/body.py
      if (position < count) {                                             // decode/body.py
        var score_0: f32 = 0.0;                                           // decode/body.py
        var score_1: f32 = 0.0;
        let stored = k_cache[index_2 + ((tile + position) * 4u + workgroup_id.x) * 4u + part];  // attention/cache.py
        let key = unpack2x16float(stored);                                // attention/row_kinds.py
        score_0 += dot(query[part], key);                                 // decode/body.py
        score_1 += dot(query[part + 4u], key);
        exchange[cell] = vec2<f32>(score_0, score_1);                     // decode/body.py
      } else {
        exchange[cell] = vec2<f32>(-1e30);                                // decode/body.py
      }
    }
    workgroupBarrier();                                                   // decode/body.py
    let index_3 = local_id.x * 4u;                                        // decode/body.py
    let score = exchange[index_3];
    let score_1 = score + exchange[index_3 + 1u] + exchange[index_3 + 2u]
        + exchange[index_3 + 3u];                                         // decode/body.py
    scores[local_id.x] = score_1;                                         // decode/body.py
    workgroupBarrier();                                                   // decode/body.py
    let last = positions - 1u;                                            // decode/body.py
    for (var first = 0u; first < count; first += 64u) {                   // decode/body.py
      let place = first + stream;                                         // decode/body.py
      let place_1 = place + 16u;
      let place_2 = place + 32u;
      let place_3 = place + 48u;
      let stored = v_cache[index_2 + (min(tile + place, last) * 4u + workgroup_id.x) * 4u
          + part];                                                        // attention/cache.py
      let value = unpack2x16float(stored);                                // attention/row_kinds.py
      let stored_1 = v_cache[index_2 + (min(tile + place_1, last) * 4u + workgroup_id.x) * 4u
          + part];                                                        // attention/cache.py
      let value_1 = unpack2x16float(stored_1);                            // attention/row_kinds.py
      let stored_2 = v_cache[index_2 + (min(tile + place_2, last) * 4u + workgroup_id.x) * 4u
          + part];                                                        // attention/cache.py
      let value_2 = unpack2x16float(stored_2);                            // attention/row_kinds.py
      let stored_3 = v_cache[index_2 + (min(tile + place_3, last) * 4u + workgroup_id.x) * 4u
          + part];                                                        // attention/cache.py
      let value_3 = unpack2x16float(stored_3);                            // attention/row_kinds.py
      let score_2 = scores[place];                                        // decode/body.py
      let score_3 = scores[place_1];
      let score_4 = scores[place_2];
      let score_5 = scores[place_3];
      let highest = max(max(max(max(maximum, score_2), score_3), score_4), score_5);  // attention/softmax.py
      let rescale = exp2(maximum - highest);                              // attention/softmax.py
      total *= rescale;                                                   // attention/softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      maximum = highest;                                                  // attention/softmax.py
      let weight = exp2(score_2 - highest);                               // decode/body.py
      total += weight;                                                    // attention/softmax.py
      sum_0 += weight * value.x;                                          // attention/softmax.py
      sum_1 += weight * value.y;
      let weight_1 = exp2(score_3 - highest);                             // decode/body.py
      total += weight_1;                                                  // attention/softmax.py
      sum_0 += weight_1 * value_1.x;                                      // attention/softmax.py
      sum_1 += weight_1 * value_1.y;
      let weight_2 = exp2(score_4 - highest);                             // decode/body.py
      total += weight_2;                                                  // attention/softmax.py
      sum_0 += weight_2 * value_2.x;                                      // attention/softmax.py
      sum_1 += weight_2 * value_2.y;
      let weight_3 = exp2(score_5 - highest);                             // decode/body.py
      total += weight_3;                                                  // attention/softmax.py
      sum_0 += weight_3 * value_3.x;                                      // attention/softmax.py
      sum_1 += weight_3 * value_3.y;
    }
  }
  for (var level = 1u; level < 5u; level++) {                             // attention/softmax.py
    let distance = (16u >> level) * 4u;                                   // attention/softmax.py
    let gives = local_id.x >= distance && local_id.x < distance * 2u;     // attention/softmax.py
    let takes = local_id.x < distance;                                    // attention/softmax.py
    if (gives) {                                                          // attention/softmax.py
      let cell = local_id.x - distance;                                   // attention/softmax.py
      exchange[cell] = maximum;                                           // attention/softmax.py
      exchange[cell + 32u] = total;
      exchange[cell + 64u] = sum_0;
      exchange[cell + 96u] = sum_1;
    }
    workgroupBarrier();                                                   // attention/softmax.py
    if (takes) {                                                          // attention/softmax.py
      let other_maximum = exchange[local_id.x];                           // attention/softmax.py
      let highest = max(maximum, other_maximum);                          // attention/softmax.py
      let rescale = exp2(maximum - highest);                              // attention/softmax.py
      total *= rescale;                                                   // attention/softmax.py
      sum_0 *= rescale;
      sum_1 *= rescale;
      maximum = highest;                                                  // attention/softmax.py
      let weight = exp2(other_maximum - highest);                         // attention/softmax.py
      total += weight * exchange[local_id.x + 32u];                       // attention/softmax.py
      sum_0 += weight * exchange[local_id.x + 64u];                       // attention/softmax.py
      sum_1 += weight * exchange[local_id.x + 96u];
    }
    workgroupBarrier();                                                   // attention/softmax.py
  }
  if (local_id.x < 4u) {                                                  // parts/distribute.py
    let row_sums = vec2<f32>(sum_0.x, sum_1.x);                           // attention/softmax.py
    out[index_1 + first_head * 4u + local_id.x] = row_sums / total.x;     // decode/head_results.py
    let row_sums_1 = vec2<f32>(sum_0.y, sum_1.y);                         // attention/softmax.py
    out[index_1 + (first_head + 1u) * 4u + local_id.x] = row_sums_1 / total.y;  // decode/head_results.py
  }
}
