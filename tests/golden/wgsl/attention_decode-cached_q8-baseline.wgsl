// attention_decode_q8_4_2x32_split64

@group(0) @binding(0) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> k_cache: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> k_scales: array<f32>;
@group(0) @binding(3) var<storage, read> v_cache: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read> v_scales: array<f32>;
@group(0) @binding(5) var<storage, read_write> partials: array<vec2<f32>>;

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

var<workgroup> query: array<vec4<f32>, 16>;
var<workgroup> scores: array<vec2<f32>, 64>;
var<workgroup> exchange: array<vec2<f32>, 320>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let positions = step.past + 1u;                                         // decode/kernel.py
  let first = workgroup_id.y * 64u;                                       // decode/kernel.py
  if (first < positions) {                                                // decode/kernel.py
    let end = min(first + 64u, positions);                                // decode/kernel.py
    let first_head = workgroup_id.x * 2u;                                 // decode/head_results.py
    if (local_id.x < 16u) {                                               // parts/distribute.py
      let element = first_head * 8u + local_id.x;                         // decode/body.py
      query[local_id.x] = q[element] * 0.36067376;                        // decode/body.py
    }
    workgroupBarrier();                                                   // decode/body.py
    var maximum: vec2<f32> = vec2<f32>(-1e30);                            // attention/softmax.py
    var total: vec2<f32> = vec2<f32>(0.0);                                // attention/softmax.py
    var sum_0: vec2<f32> = vec2<f32>(0.0);                                // attention/softmax.py
    var sum_1: vec2<f32> = vec2<f32>(0.0);
    var sum_2: vec2<f32> = vec2<f32>(0.0);
    var sum_3: vec2<f32> = vec2<f32>(0.0);
    var sum_4: vec2<f32> = vec2<f32>(0.0);
    var sum_5: vec2<f32> = vec2<f32>(0.0);
    var sum_6: vec2<f32> = vec2<f32>(0.0);
    var sum_7: vec2<f32> = vec2<f32>(0.0);
    for (var tile = first; tile < end; tile += 64u) {                     // decode/body.py
      let count = min(end - tile, 64u);                                   // decode/body.py
      let part = local_id.x % 4u;                                         // decode/body.py
      let stream = local_id.x / 4u;                                       // decode/body.py
      for (var position = stream; position < 64u; position += 16u) {
        let cell = position * 4u + part;                                  // decode/body.py
        if (position < count) {                                           // decode/body.py
          var score_0: f32 = 0.0;                                         // decode/body.py
          var score_1: f32 = 0.0;
          let index = (tile + position) * 2u + workgroup_id.x;            // attention/cache.py
          let scale = k_scales[index];                                    // attention/cache.py
          let stored = k_cache[index * 4u + part];                        // attention/cache.py
          let each = stored.y;                                            // attention/row_kinds.py
          let key = vec4<f32>(unpack4xI8(stored.x));                      // attention/row_kinds.py
          let key_1 = vec4<f32>(unpack4xI8(each));
          let element = part * 2u;                                        // decode/body.py
          score_0 += dot(query[element], key);                            // decode/body.py
          score_0 += dot(query[element + 1u], key_1);
          score_1 += dot(query[element + 8u], key);
          score_1 += dot(query[element + 9u], key_1);
          exchange[cell] = vec2<f32>(score_0 * scale, score_1 * scale);   // decode/body.py
        } else {
          exchange[cell] = vec2<f32>(-1e30);                              // decode/body.py
        }
      }
      workgroupBarrier();                                                 // decode/body.py
      let index = local_id.x * 4u;                                        // decode/body.py
      let score = exchange[index];
      let score_1 = score + exchange[index + 1u] + exchange[index + 2u] + exchange[index + 3u];  // decode/body.py
      scores[local_id.x] = score_1;                                       // decode/body.py
      workgroupBarrier();                                                 // decode/body.py
      let last = end - 1u;                                                // decode/body.py
      for (var first_1 = 0u; first_1 < count; first_1 += 64u) {           // decode/body.py
        let place = first_1 + stream;                                     // decode/body.py
        let place_1 = place + 16u;
        let place_2 = place + 32u;
        let place_3 = place + 48u;
        let index_1 = min(tile + place, last) * 2u + workgroup_id.x;      // attention/cache.py
        let stored = v_cache[index_1 * 4u + part];                        // attention/cache.py
        let each = stored.y;                                              // attention/row_kinds.py
        let value = vec4<f32>(unpack4xI8(stored.x));                      // attention/row_kinds.py
        let value_1 = vec4<f32>(unpack4xI8(each));
        let scale = v_scales[index_1];                                    // attention/cache.py
        let index_2 = min(tile + place_1, last) * 2u + workgroup_id.x;    // attention/cache.py
        let stored_1 = v_cache[index_2 * 4u + part];                      // attention/cache.py
        let each_1 = stored_1.y;                                          // attention/row_kinds.py
        let value_2 = vec4<f32>(unpack4xI8(stored_1.x));                  // attention/row_kinds.py
        let value_3 = vec4<f32>(unpack4xI8(each_1));
        let scale_1 = v_scales[index_2];                                  // attention/cache.py
        let index_3 = min(tile + place_2, last) * 2u + workgroup_id.x;    // attention/cache.py
        let stored_2 = v_cache[index_3 * 4u + part];                      // attention/cache.py
        let each_2 = stored_2.y;                                          // attention/row_kinds.py
        let value_4 = vec4<f32>(unpack4xI8(stored_2.x));                  // attention/row_kinds.py
        let value_5 = vec4<f32>(unpack4xI8(each_2));
        let scale_2 = v_scales[index_3];                                  // attention/cache.py
        let index_4 = min(tile + place_3, last) * 2u + workgroup_id.x;    // attention/cache.py
        let stored_3 = v_cache[index_4 * 4u + part];                      // attention/cache.py
        let each_3 = stored_3.y;                                          // attention/row_kinds.py
        let value_6 = vec4<f32>(unpack4xI8(stored_3.x));                  // attention/row_kinds.py
        let value_7 = vec4<f32>(unpack4xI8(each_3));
        let scale_3 = v_scales[index_4];                                  // attention/cache.py
        let score_2 = scores[place];                                      // decode/body.py
        let score_3 = scores[place_1];
        let score_4 = scores[place_2];
        let score_5 = scores[place_3];
        let highest = max(max(max(max(maximum, score_2), score_3), score_4), score_5);  // attention/softmax.py
        let rescale = exp2(maximum - highest);                            // attention/softmax.py
        total *= rescale;                                                 // attention/softmax.py
        sum_0 *= rescale;
        sum_1 *= rescale;
        sum_2 *= rescale;
        sum_3 *= rescale;
        sum_4 *= rescale;
        sum_5 *= rescale;
        sum_6 *= rescale;
        sum_7 *= rescale;
        maximum = highest;                                                // attention/softmax.py
        let weight = exp2(score_2 - highest);                             // decode/body.py
        total += weight;                                                  // attention/softmax.py
        let share = weight * scale;                                       // attention/softmax.py
        sum_0 += share * value.x;                                         // attention/softmax.py
        sum_1 += share * value.y;
        sum_2 += share * value.z;
        sum_3 += share * value.w;
        sum_4 += share * value_1.x;
        sum_5 += share * value_1.y;
        sum_6 += share * value_1.z;
        sum_7 += share * value_1.w;
        let weight_1 = exp2(score_3 - highest);                           // decode/body.py
        total += weight_1;                                                // attention/softmax.py
        let share_1 = weight_1 * scale_1;                                 // attention/softmax.py
        sum_0 += share_1 * value_2.x;                                     // attention/softmax.py
        sum_1 += share_1 * value_2.y;
        sum_2 += share_1 * value_2.z;
        sum_3 += share_1 * value_2.w;
        sum_4 += share_1 * value_3.x;
        sum_5 += share_1 * value_3.y;
        sum_6 += share_1 * value_3.z;
        sum_7 += share_1 * value_3.w;
        let weight_2 = exp2(score_4 - highest);                           // decode/body.py
        total += weight_2;                                                // attention/softmax.py
        let share_2 = weight_2 * scale_2;                                 // attention/softmax.py
        sum_0 += share_2 * value_4.x;                                     // attention/softmax.py
        sum_1 += share_2 * value_4.y;
        sum_2 += share_2 * value_4.z;
        sum_3 += share_2 * value_4.w;
        sum_4 += share_2 * value_5.x;
        sum_5 += share_2 * value_5.y;
        sum_6 += share_2 * value_5.z;
        sum_7 += share_2 * value_5.w;
        let weight_3 = exp2(score_5 - highest);                           // decode/body.py
        total += weight_3;                                                // attention/softmax.py
        let share_3 = weight_3 * scale_3;                                 // attention/softmax.py
        sum_0 += share_3 * value_6.x;                                     // attention/softmax.py
        sum_1 += share_3 * value_6.y;
        sum_2 += share_3 * value_6.z;
        sum_3 += share_3 * value_6.w;
        sum_4 += share_3 * value_7.x;
        sum_5 += share_3 * value_7.y;
        sum_6 += share_3 * value_7.z;
        sum_7 += share_3 * value_7.w;
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
        exchange[cell + 192u] = sum_4;
        exchange[cell + 224u] = sum_5;
        exchange[cell + 256u] = sum_6;
        exchange[cell + 288u] = sum_7;
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
        sum_4 *= rescale;
        sum_5 *= rescale;
        sum_6 *= rescale;
        sum_7 *= rescale;
        maximum = highest;                                                // attention/softmax.py
        let weight = exp2(other_maximum - highest);                       // attention/softmax.py
        total += weight * exchange[local_id.x + 32u];                     // attention/softmax.py
        sum_0 += weight * exchange[local_id.x + 64u];                     // attention/softmax.py
        sum_1 += weight * exchange[local_id.x + 96u];
        sum_2 += weight * exchange[local_id.x + 128u];
        sum_3 += weight * exchange[local_id.x + 160u];
        sum_4 += weight * exchange[local_id.x + 192u];
        sum_5 += weight * exchange[local_id.x + 224u];
        sum_6 += weight * exchange[local_id.x + 256u];
        sum_7 += weight * exchange[local_id.x + 288u];
      }
      workgroupBarrier();                                                 // attention/softmax.py
    }
    if (local_id.x < 4u) {                                                // parts/distribute.py
      let index = workgroup_id.y * 4u;                                    // decode/head_results.py
      let start = (index + first_head) * 17u;
      let row_sums = vec2<f32>(sum_0.x, sum_1.x);                         // attention/softmax.py
      let row_sums_1 = vec2<f32>(sum_2.x, sum_3.x);
      let row_sums_2 = vec2<f32>(sum_4.x, sum_5.x);
      let row_sums_3 = vec2<f32>(sum_6.x, sum_7.x);
      let index_1 = local_id.x * 4u;                                      // decode/body.py
      let index_2 = start + index_1;
      partials[index_2] = row_sums;
      partials[index_2 + 1u] = row_sums_1;
      partials[index_2 + 2u] = row_sums_2;
      partials[index_2 + 3u] = row_sums_3;
      let t = local_id.x == 0u;                                           // decode/body.py
      if (t) {
        partials[start + 16u] = vec2<f32>(maximum.x, total.x);            // decode/head_results.py
      }
      let start_1 = (index + first_head + 1u) * 17u;                      // decode/head_results.py
      let row_sums_4 = vec2<f32>(sum_0.y, sum_1.y);                       // attention/softmax.py
      let row_sums_5 = vec2<f32>(sum_2.y, sum_3.y);
      let row_sums_6 = vec2<f32>(sum_4.y, sum_5.y);
      let row_sums_7 = vec2<f32>(sum_6.y, sum_7.y);
      let index_3 = start_1 + index_1;                                    // decode/body.py
      partials[index_3] = row_sums_4;
      partials[index_3 + 1u] = row_sums_5;
      partials[index_3 + 2u] = row_sums_6;
      partials[index_3 + 3u] = row_sums_7;
      if (t) {                                                            // decode/body.py
        partials[start_1 + 16u] = vec2<f32>(maximum.y, total.y);          // decode/head_results.py
      }
    }
  }
}
