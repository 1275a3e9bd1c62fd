// sample_rows_512_of4

@group(0) @binding(0) var<storage, read> logits: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> tokens: array<u32>;
@group(0) @binding(2) var<storage, read> step_rows: array<u32>;

var<workgroup> partial_sums: array<f32, 192>;
var<workgroup> partial_maxima: array<u32, 64>;
var<workgroup> listed: array<u32, 640>;
var<workgroup> own_keys: array<u32, 64>;
var<workgroup> chosen: array<u32, 1>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.z * 8u;                                        // several/each_row.py
  let step_rows_value = step_rows[index];
  let step_rows_value_1 = step_rows[index + 1u];
  let word = step_rows[index + 2u];
  let top_k = step_rows[index + 3u];
  let t = bitcast<f32>(step_rows[index + 4u]);
  let t_1 = bitcast<f32>(step_rows[index + 5u]);
  let min_p = bitcast<f32>(step_rows[index + 6u]);
  let index_1 = workgroup_id.z * 128u;                                    // several/each_row.py
  let sharpness = 1.0 / max(t, 1e-5);                                     // sampling/threshold.py
  var threshold: u32 = 0u;                                                // sampling/threshold.py
  var peak: f32 = 0.0;                                                    // sampling/threshold.py
  var use_list: u32 = 0u;                                                 // sampling/threshold.py
  let share = (191u - local_id.x) / 64u;                                  // sampling/threshold.py
  var count: u32 = share;                                                 // sampling/threshold.py
  let by_count = top_k > 0u && top_k < 512u;                              // sampling/threshold.py
  let by_mass = t_1 < 1.0;                                                // sampling/threshold.py
  let by_ratio = min_p > 0.0;                                             // sampling/threshold.py
  let t_2 = by_count || by_mass;                                          // sampling/threshold.py
  if (by_ratio || t_2) {
    var own: u32 = 0u;                                                    // sampling/threshold.py
    for (var first = local_id.x; first < 128u; first += 64u) {            // sampling/argmax.py
      let bits = bitcast<vec4<u32>>(logits[index_1 + first]);             // sampling/order_keys.py
      let ascending = bits ^ (((bits >> vec4<u32>(31u)) * 0x7fffffffu)
          | vec4<u32>(0x80000000u));                                      // sampling/order_keys.py
      let key = max(ascending + 8388607u, vec4<u32>(16777214u));          // sampling/order_keys.py
      let greatest = max(max(key.x, key.y), max(key.z, key.w));           // sampling/order_keys.py
      own = max(own, greatest);                                           // sampling/threshold.py
    }
    partial_maxima[local_id.x] = own;                                     // parts/reduce.py
    workgroupBarrier();                                                   // parts/reduce.py
    let t_3 = local_id.x < 8u;                                            // parts/reduce.py
    if (t_3) {
      var total: u32 = partial_maxima[local_id.x];                        // parts/reduce.py
      for (var cell = local_id.x + 8u; cell < 64u; cell += 8u) {          // parts/reduce.py
        total = max(total, partial_maxima[cell]);                         // parts/reduce.py
      }
      partial_maxima[local_id.x] = total;                                 // parts/reduce.py
    }
    workgroupBarrier();                                                   // parts/reduce.py
    var total: u32 = partial_maxima[0u];                                  // parts/reduce.py
    for (var cell = 1u; cell < 8u; cell++) {                              // parts/reduce.py
      total = max(total, partial_maxima[cell]);                           // parts/reduce.py
    }
    let keys = total;                                                     // parts/reduce.py
    workgroupBarrier();                                                   // parts/reduce.py
    let limited = min(max(keys, 0x0f360d34u), 0xf1c9f2c9u);               // sampling/threshold.py
    let ascending = limited - 8388607u;                                   // sampling/order_keys.py
    let number = bitcast<f32>(ascending
        ^ (((1u - (ascending >> 31u)) * 0x7fffffffu) | 0x80000000u));     // sampling/order_keys.py
    peak = number;                                                        // sampling/threshold.py
    if (t_2) {                                                            // sampling/threshold.py
      let few = top_k <= 56u;                                             // sampling/threshold.py
      let floor_1 = select(56u, top_k, by_count && few);                  // sampling/threshold.py
      own_keys[local_id.x] = own;                                         // sampling/threshold.py
      workgroupBarrier();                                                 // sampling/threshold.py
      var ahead: u32 = 0u;                                                // sampling/threshold.py
      for (var other = 0u; other < 64u; other++) {                        // sampling/threshold.py
        let key = own_keys[other];                                        // sampling/threshold.py
        let earlier = key == own && other < local_id.x;                   // sampling/threshold.py
        if (key > own || earlier) {                                       // sampling/threshold.py
          ahead += 1u;                                                    // sampling/threshold.py
        }
      }
      if (ahead == floor_1 - 1u) {                                        // sampling/threshold.py
        chosen[0u] = own;                                                 // sampling/threshold.py
      }
      workgroupBarrier();                                                 // sampling/threshold.py
      let floor_2 = max(chosen[0u], 1u);                                  // sampling/threshold.py
      var length: u32 = 0u;                                               // sampling/threshold.py
      var mass: f32 = 0.0;
      var mass_listed: f32 = 0.0;                                         // sampling/threshold.py
      for (var first = local_id.x; first < 128u; first += 64u) {          // sampling/argmax.py
        let bits = bitcast<vec4<u32>>(logits[index_1 + first]);           // sampling/order_keys.py
        let ascending_1 = bits ^ (((bits >> vec4<u32>(31u)) * 0x7fffffffu)
            | vec4<u32>(0x80000000u));                                    // sampling/order_keys.py
        let key = max(ascending_1 + 8388607u, vec4<u32>(16777214u));      // sampling/order_keys.py
        let limited_1 = min(max(key, vec4<u32>(0x0f360d34u)), vec4<u32>(0xf1c9f2c9u));  // sampling/threshold.py
        let ascending_2 = limited_1 - 8388607u;                           // sampling/order_keys.py
        let number_1 = bitcast<vec4<f32>>(ascending_2
            ^ (((1u - (ascending_2 >> vec4<u32>(31u))) * 0x7fffffffu)
            | vec4<u32>(0x80000000u)));                                   // sampling/order_keys.py
        let below = number_1 - peak;                                      // sampling/threshold.py
        let weights = exp(max(below * sharpness, vec4<f32>(-100.0)));     // sampling/threshold.py
        mass += dot(weights, vec4<f32>(1.0));                             // sampling/threshold.py
        let greatest = max(max(key.x, key.y), max(key.z, key.w));         // sampling/order_keys.py
        if (greatest >= floor_2) {                                        // sampling/threshold.py
          if (length < 10u) {                                             // sampling/threshold.py
            listed[local_id.x + length * 64u] = first;                    // sampling/threshold.py
          }
          length += 1u;                                                   // sampling/threshold.py
          mass_listed += dot(select(vec4<f32>(0.0), weights, key >= vec4<u32>(floor_2)),
              vec4<f32>(1.0));                                            // sampling/threshold.py
        }
      }
      partial_sums[local_id.x] = mass;                                    // parts/reduce.py
      let index_2 = local_id.x + 64u;
      partial_sums[index_2] = mass_listed;
      let index_3 = local_id.x + 128u;
      partial_sums[index_3] = f32(length > 10u);
      workgroupBarrier();                                                 // parts/reduce.py
      if (t_3) {                                                          // parts/reduce.py
        var total_1: f32 = partial_sums[local_id.x];                      // parts/reduce.py
        var total_2: f32 = partial_sums[index_2];
        var total_3: f32 = partial_sums[index_3];
        for (var cell = local_id.x + 8u; cell < 64u; cell += 8u) {        // parts/reduce.py
          total_1 += partial_sums[cell];                                  // parts/reduce.py
          total_2 += partial_sums[cell + 64u];
          total_3 += partial_sums[cell + 128u];
        }
        partial_sums[local_id.x] = total_1;                               // parts/reduce.py
        partial_sums[index_2] = total_2;
        partial_sums[index_3] = total_3;
      }
      workgroupBarrier();                                                 // parts/reduce.py
      var total_1: f32 = partial_sums[0u];                                // parts/reduce.py
      var total_2: f32 = partial_sums[64u];
      var total_3: f32 = partial_sums[128u];
      for (var cell = 1u; cell < 8u; cell++) {                            // parts/reduce.py
        total_1 += partial_sums[cell];                                    // parts/reduce.py
        total_2 += partial_sums[cell + 64u];
        total_3 += partial_sums[cell + 128u];
      }
      let sums_0 = total_1;                                               // parts/reduce.py
      workgroupBarrier();                                                 // parts/reduce.py
      mass = sums_0;                                                      // sampling/threshold.py
      let enough = select((total_2 >= sums_0 * t_1), few, by_count);      // sampling/threshold.py
      if (enough && total_3 == 0.0) {                                     // sampling/threshold.py
        use_list = 1u;                                                    // sampling/threshold.py
        count = length;                                                   // sampling/threshold.py
      }
      if (by_count) {                                                     // sampling/threshold.py
        let target_1 = f32(top_k);                                        // sampling/threshold.py
        var found: u32 = 0u;                                              // sampling/threshold.py
        for (var digit = 0u; digit < 16u; digit++) {                      // sampling/threshold.py
          let shift = 30u - digit * 2u;                                   // sampling/threshold.py
          let step_1 = 1u << shift;                                       // sampling/threshold.py
          let bounds_0 = found + step_1;                                  // sampling/threshold.py
          let bounds_1 = found + step_1 * 2u;
          let bounds_2 = found + step_1 * 3u;
          var above_1: f32 = 0.0;                                         // sampling/threshold.py
          var above_2: f32 = 0.0;
          var above_3: f32 = 0.0;
          let previous = count;                                           // sampling/threshold.py
          for (var turn = 0u; turn < previous; turn++) {
            let place = local_id.x + turn * 64u;                          // sampling/threshold.py
            var element: u32 = place;                                     // sampling/threshold.py
            if (use_list == 1u) {                                         // sampling/threshold.py
              element = listed[place];                                    // sampling/threshold.py
            }
            let bits = bitcast<vec4<u32>>(logits[index_1 + element]);     // sampling/order_keys.py
            let ascending_1 = bits ^ (((bits >> vec4<u32>(31u)) * 0x7fffffffu)
                | vec4<u32>(0x80000000u));                                // sampling/order_keys.py
            let key = max(ascending_1 + 8388607u, vec4<u32>(16777214u));  // sampling/order_keys.py
            let reached = key >= vec4<u32>(bounds_0);                     // sampling/threshold.py
            above_1 += dot(vec4<f32>(reached), vec4<f32>(1.0));           // sampling/threshold.py
            let reached_1 = key >= vec4<u32>(bounds_1);                   // sampling/threshold.py
            above_2 += dot(vec4<f32>(reached_1), vec4<f32>(1.0));         // sampling/threshold.py
            let reached_2 = key >= vec4<u32>(bounds_2);                   // sampling/threshold.py
            above_3 += dot(vec4<f32>(reached_2), vec4<f32>(1.0));         // sampling/threshold.py
          }
          partial_sums[local_id.x] = above_1;                             // parts/reduce.py
          partial_sums[index_2] = above_2;
          partial_sums[index_3] = above_3;
          workgroupBarrier();                                             // parts/reduce.py
          if (t_3) {                                                      // parts/reduce.py
            var total_4: f32 = partial_sums[local_id.x];                  // parts/reduce.py
            var total_5: f32 = partial_sums[index_2];
            var total_6: f32 = partial_sums[index_3];
            for (var cell = local_id.x + 8u; cell < 64u; cell += 8u) {    // parts/reduce.py
              total_4 += partial_sums[cell];                              // parts/reduce.py
              total_5 += partial_sums[cell + 64u];
              total_6 += partial_sums[cell + 128u];
            }
            partial_sums[local_id.x] = total_4;                           // parts/reduce.py
            partial_sums[index_2] = total_5;
            partial_sums[index_3] = total_6;
          }
          workgroupBarrier();                                             // parts/reduce.py
          var total_4: f32 = partial_sums[0u];                            // parts/reduce.py
          var total_5: f32 = partial_sums[64u];
          var total_6: f32 = partial_sums[128u];
          for (var cell = 1u; cell < 8u; cell++) {                        // parts/reduce.py
            total_4 += partial_sums[cell];                                // parts/reduce.py
            total_5 += partial_sums[cell + 64u];
            total_6 += partial_sums[cell + 128u];
          }
          let total_7 = total_5;                                          // parts/reduce.py
          let total_8 = total_6;
          workgroupBarrier();                                             // parts/reduce.py
          if (total_4 >= target_1) {                                      // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
          if (total_7 >= target_1) {                                      // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
          if (total_8 >= target_1) {                                      // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
        }
        threshold = max(threshold, found);                                // sampling/threshold.py
      }
      if (by_mass) {                                                      // sampling/threshold.py
        if (by_count) {                                                   // sampling/threshold.py
          var kept: f32 = 0.0;                                            // sampling/threshold.py
          let previous = count;                                           // sampling/threshold.py
          for (var turn = 0u; turn < previous; turn++) {
            let place = local_id.x + turn * 64u;                          // sampling/threshold.py
            var element: u32 = place;                                     // sampling/threshold.py
            if (use_list == 1u) {                                         // sampling/threshold.py
              element = listed[place];                                    // sampling/threshold.py
            }
            let bits = bitcast<vec4<u32>>(logits[index_1 + element]);     // sampling/order_keys.py
            let ascending_1 = bits ^ (((bits >> vec4<u32>(31u)) * 0x7fffffffu)
                | vec4<u32>(0x80000000u));                                // sampling/order_keys.py
            let key = max(ascending_1 + 8388607u, vec4<u32>(16777214u));  // sampling/order_keys.py
            let limited_1 = min(max(key, vec4<u32>(0x0f360d34u)), vec4<u32>(0xf1c9f2c9u));  // sampling/threshold.py
            let ascending_2 = limited_1 - 8388607u;                       // sampling/order_keys.py
            let number_1 = bitcast<vec4<f32>>(ascending_2
                ^ (((1u - (ascending_2 >> vec4<u32>(31u))) * 0x7fffffffu)
                | vec4<u32>(0x80000000u)));                               // sampling/order_keys.py
            let below = number_1 - peak;                                  // sampling/threshold.py
            let weights = exp(max(below * sharpness, vec4<f32>(-100.0)));  // sampling/threshold.py
            kept += dot(select(vec4<f32>(0.0), weights, key >= vec4<u32>(threshold)),
                vec4<f32>(1.0));                                          // sampling/threshold.py
          }
          partial_sums[local_id.x] = kept;                                // parts/reduce.py
          workgroupBarrier();                                             // parts/reduce.py
          if (t_3) {                                                      // parts/reduce.py
            var total_4: f32 = partial_sums[local_id.x];                  // parts/reduce.py
            for (var cell = local_id.x + 8u; cell < 64u; cell += 8u) {    // parts/reduce.py
              total_4 += partial_sums[cell];                              // parts/reduce.py
            }
            partial_sums[local_id.x] = total_4;                           // parts/reduce.py
          }
          workgroupBarrier();                                             // parts/reduce.py
          var total_4: f32 = partial_sums[0u];                            // parts/reduce.py
          for (var cell = 1u; cell < 8u; cell++) {                        // parts/reduce.py
            total_4 += partial_sums[cell];                                // parts/reduce.py
          }
          workgroupBarrier();                                             // parts/reduce.py
          mass = total_4;                                                 // sampling/threshold.py
        }
        let target_1 = mass * t_1;                                        // sampling/threshold.py
        var found: u32 = 0u;                                              // sampling/threshold.py
        for (var digit = 0u; digit < 16u; digit++) {                      // sampling/threshold.py
          let shift = 30u - digit * 2u;                                   // sampling/threshold.py
          let step_1 = 1u << shift;                                       // sampling/threshold.py
          let bounds_0 = found + step_1;                                  // sampling/threshold.py
          let bounds_1 = found + step_1 * 2u;
          let bounds_2 = found + step_1 * 3u;
          var above_1: f32 = 0.0;                                         // sampling/threshold.py
          var above_2: f32 = 0.0;
          var above_3: f32 = 0.0;
          let previous = count;                                           // sampling/threshold.py
          for (var turn = 0u; turn < previous; turn++) {
            let place = local_id.x + turn * 64u;                          // sampling/threshold.py
            var element: u32 = place;                                     // sampling/threshold.py
            if (use_list == 1u) {                                         // sampling/threshold.py
              element = listed[place];                                    // sampling/threshold.py
            }
            let bits = bitcast<vec4<u32>>(logits[index_1 + element]);     // sampling/order_keys.py
            let ascending_1 = bits ^ (((bits >> vec4<u32>(31u)) * 0x7fffffffu)
                | vec4<u32>(0x80000000u));                                // sampling/order_keys.py
            let key = max(ascending_1 + 8388607u, vec4<u32>(16777214u));  // sampling/order_keys.py
            let limited_1 = min(max(key, vec4<u32>(0x0f360d34u)), vec4<u32>(0xf1c9f2c9u));  // sampling/threshold.py
            let ascending_2 = limited_1 - 8388607u;                       // sampling/order_keys.py
            let number_1 = bitcast<vec4<f32>>(ascending_2
                ^ (((1u - (ascending_2 >> vec4<u32>(31u))) * 0x7fffffffu)
                | vec4<u32>(0x80000000u)));                               // sampling/order_keys.py
            let below = number_1 - peak;                                  // sampling/threshold.py
            let weights = exp(max(below * sharpness, vec4<f32>(-100.0)));  // sampling/threshold.py
            let reached = key >= vec4<u32>(bounds_0);                     // sampling/threshold.py
            above_1 += dot(select(vec4<f32>(0.0), weights, reached), vec4<f32>(1.0));  // sampling/threshold.py
            let reached_1 = key >= vec4<u32>(bounds_1);                   // sampling/threshold.py
            above_2 += dot(select(vec4<f32>(0.0), weights, reached_1), vec4<f32>(1.0));  // sampling/threshold.py
            let reached_2 = key >= vec4<u32>(bounds_2);                   // sampling/threshold.py
            above_3 += dot(select(vec4<f32>(0.0), weights, reached_2), vec4<f32>(1.0));  // sampling/threshold.py
          }
          partial_sums[local_id.x] = above_1;                             // parts/reduce.py
          partial_sums[index_2] = above_2;
          partial_sums[index_3] = above_3;
          workgroupBarrier();                                             // parts/reduce.py
          if (t_3) {                                                      // parts/reduce.py
            var total_4: f32 = partial_sums[local_id.x];                  // parts/reduce.py
            var total_5: f32 = partial_sums[index_2];
            var total_6: f32 = partial_sums[index_3];
            for (var cell = local_id.x + 8u; cell < 64u; cell += 8u) {    // parts/reduce.py
              total_4 += partial_sums[cell];                              // parts/reduce.py
              total_5 += partial_sums[cell + 64u];
              total_6 += partial_sums[cell + 128u];
            }
            partial_sums[local_id.x] = total_4;                           // parts/reduce.py
            partial_sums[index_2] = total_5;
            partial_sums[index_3] = total_6;
          }
          workgroupBarrier();                                             // parts/reduce.py
          var total_4: f32 = partial_sums[0u];                            // parts/reduce.py
          var total_5: f32 = partial_sums[64u];
          var total_6: f32 = partial_sums[128u];
          for (var cell = 1u; cell < 8u; cell++) {                        // parts/reduce.py
            total_4 += partial_sums[cell];                                // parts/reduce.py
            total_5 += partial_sums[cell + 64u];
            total_6 += partial_sums[cell + 128u];
          }
          let total_7 = total_5;                                          // parts/reduce.py
          let total_8 = total_6;
          workgroupBarrier();                                             // parts/reduce.py
          if (total_4 >= target_1) {                                      // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
          if (total_7 >= target_1) {                                      // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
          if (total_8 >= target_1) {                                      // sampling/threshold.py
            found += step_1;                                              // sampling/threshold.py
          }
        }
        threshold = max(threshold, found);                                // sampling/threshold.py
      }
    }
    if (by_ratio) {                                                       // sampling/threshold.py
      let bits = bitcast<u32>(max(min_p, 1e-30));                         // parts/precise_math.py
      let exponent = bitcast<i32>(bits - 0x3f3504f3u) >> 23u;             // parts/precise_math.py
      let mantissa = bitcast<f32>(bits - bitcast<u32>(exponent << 23u));  // parts/precise_math.py
      let exponent_1 = f32(exponent);                                     // parts/precise_math.py
      let excess = mantissa - 1.0;
      let series = excess * 0.070376836 - 0.1151461;                      // parts/precise_math.py
      let series_1 = series * excess + 0.116769984;                       // parts/precise_math.py
      let series_2 = series_1 * excess - 0.12420141;                      // parts/precise_math.py
      let series_3 = series_2 * excess + 0.14249323;                      // parts/precise_math.py
      let series_4 = series_3 * excess - 0.16668057;                      // parts/precise_math.py
      let series_5 = series_4 * excess + 0.20000714;                      // parts/precise_math.py
      let series_6 = series_5 * excess - 0.24999994;                      // parts/precise_math.py
      let series_7 = series_6 * excess + 0.3333333;                       // parts/precise_math.py
      let square = excess * excess;                                       // parts/precise_math.py
      let tail = series_7 * excess * square + exponent_1 * -0.00021219444 - square * 0.5;  // parts/precise_math.py
      let floor_1 = peak + t * (excess + tail + exponent_1 * 0.6933594);  // sampling/threshold.py
      let bits_1 = bitcast<u32>(floor_1);                                 // sampling/order_keys.py
      let ascending_1 = bits_1 ^ (((bits_1 >> 31u) * 0x7fffffffu) | 0x80000000u);  // sampling/order_keys.py
      let key = max(ascending_1 + 8388607u, 16777214u);                   // sampling/order_keys.py
      threshold = max(threshold, key);                                    // sampling/threshold.py
    }
    threshold = min(threshold, keys);                                     // sampling/threshold.py
  }
  let position = step_rows_value_1 + 1u;                                  // sampling/sample.py
  var best_key: u32 = 0u;                                                 // sampling/argmax.py
  var best_index: u32 = 0u;                                               // sampling/argmax.py
  let previous = count;                                                   // sampling/threshold.py
  for (var turn = 0u; turn < previous; turn++) {
    let place = local_id.x + turn * 64u;                                  // sampling/threshold.py
    var element: u32 = place;                                             // sampling/threshold.py
    if (use_list == 1u) {                                                 // sampling/threshold.py
      element = listed[place];                                            // sampling/threshold.py
    }
    let at = element;                                                     // sampling/threshold.py
    let bits = bitcast<vec4<u32>>(logits[index_1 + at]);                  // sampling/order_keys.py
    let ascending = bits ^ (((bits >> vec4<u32>(31u)) * 0x7fffffffu) | vec4<u32>(0x80000000u));  // sampling/order_keys.py
    let key = max(ascending + 8388607u, vec4<u32>(16777214u));            // sampling/order_keys.py
    let greatest = max(max(key.x, key.y), max(key.z, key.w));             // sampling/order_keys.py
    if (greatest >= threshold) {                                          // sampling/sample.py
      let first = at * 4u;                                                // sampling/sample.py
      let t_3 = first + 1u;                                               // sampling/sample.py
      let t_4 = first + 2u;
      let t_5 = first + 3u;
      let tokens_1 = vec4<u32>(first, t_3, t_4, t_5);
      let b = position * 1664525u + 0x3c6ef35fu;                          // sampling/hash_random.py
      let c = word * 1664525u + 0x3c6ef35fu;
      let a = tokens_1 * 1664525u + 0x3c6ef35fu + b * c;                  // sampling/hash_random.py
      let t_6 = vec4<u32>(c);                                             // sampling/hash_random.py
      let b_1 = b + t_6 * a;
      let c_1 = t_6 + a * b_1;                                            // sampling/hash_random.py
      let a_1 = (a ^ (a >> vec4<u32>(16u))) + (b_1 ^ (b_1 >> vec4<u32>(16u)))
          * (c_1 ^ (c_1 >> vec4<u32>(16u)));                              // sampling/hash_random.py
      let fine = vec4<f32>(a_1 & vec4<u32>(255u)) * 2.3283064e-10 + 1.1641532e-10;  // sampling/hash_random.py
      let u = min(vec4<f32>(a_1 >> vec4<u32>(8u)) * 5.9604645e-8 + fine, vec4<f32>(0.99999994));  // sampling/hash_random.py
      let rest = 1.0 - u;                                                 // parts/precise_math.py
      let bits_1 = bitcast<vec4<u32>>(rest);                              // parts/precise_math.py
      let exponent = bitcast<vec4<i32>>(bits_1 - 0x3f3504f3u) >> vec4<u32>(23u);  // parts/precise_math.py
      let mantissa = bitcast<vec4<f32>>(bits_1
          - bitcast<vec4<u32>>(exponent << vec4<u32>(23u)));              // parts/precise_math.py
      let above_half = exponent == vec4<i32>(0i);                         // parts/precise_math.py
      let exponent_1 = vec4<f32>(exponent);                               // parts/precise_math.py
      let excess = select(mantissa - 1.0, -u, above_half);
      let series = excess * 0.070376836 - 0.1151461;                      // parts/precise_math.py
      let series_1 = series * excess + 0.116769984;                       // parts/precise_math.py
      let series_2 = series_1 * excess - 0.12420141;                      // parts/precise_math.py
      let series_3 = series_2 * excess + 0.14249323;                      // parts/precise_math.py
      let series_4 = series_3 * excess - 0.16668057;                      // parts/precise_math.py
      let series_5 = series_4 * excess + 0.20000714;                      // parts/precise_math.py
      let series_6 = series_5 * excess - 0.24999994;                      // parts/precise_math.py
      let series_7 = series_6 * excess + 0.3333333;                       // parts/precise_math.py
      let square = excess * excess;                                       // parts/precise_math.py
      let tail = series_7 * excess * square + exponent_1 * -0.00021219444 - square * 0.5;  // parts/precise_math.py
      let bits_2 = bitcast<vec4<u32>>(-(excess + tail + exponent_1 * 0.6933594));  // parts/precise_math.py
      let exponent_2 = bitcast<vec4<i32>>(bits_2 - 0x3f3504f3u) >> vec4<u32>(23u);  // parts/precise_math.py
      let mantissa_1 = bitcast<vec4<f32>>(bits_2
          - bitcast<vec4<u32>>(exponent_2 << vec4<u32>(23u)));            // parts/precise_math.py
      let exponent_3 = vec4<f32>(exponent_2);                             // parts/precise_math.py
      let excess_1 = mantissa_1 - 1.0;
      let series_8 = excess_1 * 0.070376836 - 0.1151461;                  // parts/precise_math.py
      let series_9 = series_8 * excess_1 + 0.116769984;                   // parts/precise_math.py
      let series_10 = series_9 * excess_1 - 0.12420141;                   // parts/precise_math.py
      let series_11 = series_10 * excess_1 + 0.14249323;                  // parts/precise_math.py
      let series_12 = series_11 * excess_1 - 0.16668057;                  // parts/precise_math.py
      let series_13 = series_12 * excess_1 + 0.20000714;                  // parts/precise_math.py
      let series_14 = series_13 * excess_1 - 0.24999994;                  // parts/precise_math.py
      let series_15 = series_14 * excess_1 + 0.3333333;                   // parts/precise_math.py
      let square_1 = excess_1 * excess_1;                                 // parts/precise_math.py
      let tail_1 = series_15 * excess_1 * square_1 + exponent_3 * -0.00021219444 - square_1
          * 0.5;                                                          // parts/precise_math.py
      let noise = -(excess_1 + tail_1 + exponent_3 * 0.6933594);          // sampling/hash_random.py
      let limited = min(max(key, vec4<u32>(0x0f360d34u)), vec4<u32>(0xf1c9f2c9u));  // sampling/threshold.py
      let ascending_1 = limited - 8388607u;                               // sampling/order_keys.py
      let number = bitcast<vec4<f32>>(ascending_1
          ^ (((1u - (ascending_1 >> vec4<u32>(31u))) * 0x7fffffffu) | vec4<u32>(0x80000000u)));  // sampling/order_keys.py
      let scores = number + t * noise;                                    // sampling/sample.py
      let bits_3 = bitcast<vec4<u32>>(scores);                            // sampling/order_keys.py
      let ascending_2 = bits_3 ^ (((bits_3 >> vec4<u32>(31u)) * 0x7fffffffu)
          | vec4<u32>(0x80000000u));                                      // sampling/order_keys.py
      let key_1 = max(ascending_2 + 8388607u, vec4<u32>(16777214u));      // sampling/order_keys.py
      let keys = select(vec4<u32>(0u), key_1, key >= vec4<u32>(threshold));  // sampling/sample.py
      let greatest_1 = max(max(keys.x, keys.y), max(keys.z, keys.w));     // sampling/order_keys.py
      if (greatest_1 > best_key) {                                        // sampling/argmax.py
        if (keys.x > best_key) {                                          // sampling/argmax.py
          best_key = keys.x;                                              // sampling/argmax.py
          best_index = first;                                             // sampling/argmax.py
        }
        if (keys.y > best_key) {                                          // sampling/argmax.py
          best_key = keys.y;                                              // sampling/argmax.py
          best_index = t_3;                                               // sampling/argmax.py
        }
        if (keys.z > best_key) {                                          // sampling/argmax.py
          best_key = keys.z;                                              // sampling/argmax.py
          best_index = t_4;                                               // sampling/argmax.py
        }
        if (keys.w > best_key) {                                          // sampling/argmax.py
          best_key = keys.w;                                              // sampling/argmax.py
          best_index = t_5;                                               // sampling/argmax.py
        }
      }
    }
  }
  partial_maxima[local_id.x] = best_key;                                  // parts/reduce.py
  workgroupBarrier();                                                     // parts/reduce.py
  let t_3 = local_id.x < 8u;                                              // parts/reduce.py
  if (t_3) {
    var total: u32 = partial_maxima[local_id.x];                          // parts/reduce.py
    for (var cell = local_id.x + 8u; cell < 64u; cell += 8u) {            // parts/reduce.py
      total = max(total, partial_maxima[cell]);                           // parts/reduce.py
    }
    partial_maxima[local_id.x] = total;                                   // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  var total: u32 = partial_maxima[0u];                                    // parts/reduce.py
  for (var cell = 1u; cell < 8u; cell++) {                                // parts/reduce.py
    total = max(total, partial_maxima[cell]);                             // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  let last = select(0u, best_index ^ 0xffffffffu, best_key == total);     // sampling/argmax.py
  partial_maxima[local_id.x] = last;                                      // parts/reduce.py
  workgroupBarrier();                                                     // parts/reduce.py
  if (t_3) {                                                              // parts/reduce.py
    var total_1: u32 = partial_maxima[local_id.x];                        // parts/reduce.py
    for (var cell = local_id.x + 8u; cell < 64u; cell += 8u) {            // parts/reduce.py
      total_1 = max(total_1, partial_maxima[cell]);                       // parts/reduce.py
    }
    partial_maxima[local_id.x] = total_1;                                 // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  var total_1: u32 = partial_maxima[0u];                                  // parts/reduce.py
  for (var cell = 1u; cell < 8u; cell++) {                                // parts/reduce.py
    total_1 = max(total_1, partial_maxima[cell]);                         // parts/reduce.py
  }
  workgroupBarrier();                                                     // parts/reduce.py
  let token = total_1 ^ 0xffffffffu;                                      // sampling/argmax.py
  if (local_id.x == 0u) {                                                 // sampling/argmax.py
    tokens[step_rows_value + position] = token;                           // sampling/argmax.py
  }
}
