// argmax_blocks_rows_128_of4

@group(0) @binding(0) var<storage, read> logits: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> best: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> step_rows: array<u32>;

var<workgroup> partial_maxima: array<u32, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.z * 8u;                                        // several/each_row.py
  let index_1 = workgroup_id.z * 250u;                                    // several/each_row.py
  var best_key: u32 = 0u;                                                 // sampling/argmax.py
  var best_index: u32 = 0u;                                               // sampling/argmax.py
  let first = workgroup_id.x * 32u;                                       // sampling/argmax.py
  let stop = min(first + 32u, 250u);                                      // sampling/argmax.py
  for (var first_1 = first + local_id.x; first_1 < stop; first_1 += 64u) {  // sampling/argmax.py
    let bits = bitcast<vec4<u32>>(logits[index_1 + first_1]);             // sampling/order_keys.py
    let ascending = bits ^ (((bits >> vec4<u32>(31u)) * 0x7fffffffu) | vec4<u32>(0x80000000u));  // sampling/order_keys.py
    let key = max(ascending + 8388607u, vec4<u32>(16777214u));            // sampling/order_keys.py
    let greatest = max(max(key.x, key.y), max(key.z, key.w));             // sampling/order_keys.py
    if (greatest > best_key) {                                            // sampling/argmax.py
      let first_2 = first_1 * 4u;                                         // sampling/argmax.py
      if (key.x > best_key) {                                             // sampling/argmax.py
        best_key = key.x;                                                 // sampling/argmax.py
        best_index = first_2;                                             // sampling/argmax.py
      }
      if (key.y > best_key) {                                             // sampling/argmax.py
        best_key = key.y;                                                 // sampling/argmax.py
        best_index = first_2 + 1u;                                        // sampling/argmax.py
      }
      if (key.z > best_key) {                                             // sampling/argmax.py
        best_key = key.z;                                                 // sampling/argmax.py
        best_index = first_2 + 2u;                                        // sampling/argmax.py
      }
      if (key.w > best_key) {                                             // sampling/argmax.py
        best_key = key.w;                                                 // sampling/argmax.py
        best_index = first_2 + 3u;                                        // sampling/argmax.py
      }
    }
  }
  partial_maxima[local_id.x] = best_key;                                  // parts/reduce.py
  workgroupBarrier();                                                     // parts/reduce.py
  let t = local_id.x < 8u;                                                // parts/reduce.py
  if (t) {
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
  let greatest = total;                                                   // parts/reduce.py
  workgroupBarrier();                                                     // parts/reduce.py
  let last = select(0u, best_index ^ 0xffffffffu, best_key == greatest);  // sampling/argmax.py
  partial_maxima[local_id.x] = last;                                      // parts/reduce.py
  workgroupBarrier();                                                     // parts/reduce.py
  if (t) {                                                                // parts/reduce.py
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
  let index_2 = total_1 ^ 0xffffffffu;                                    // sampling/argmax.py
  if (local_id.x == 0u) {                                                 // sampling/argmax.py
    best[index + workgroup_id.x] = vec2<u32>(greatest, index_2);          // sampling/argmax.py
  }
}
