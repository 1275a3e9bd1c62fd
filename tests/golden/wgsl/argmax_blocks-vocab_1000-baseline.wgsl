// argmax_blocks_128

@group(0) @binding(0) var<storage, read> logits: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> best: array<vec2<u32>>;

var<workgroup> partial_maxima: array<u32, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  var best_key: u32 = 0u;                                                 // argmax.py
  var best_index: u32 = 0u;                                               // argmax.py
  let first = workgroup_id.x * 32u;                                       // argmax.py
  let stop = min(first + 32u, 250u);                                      // argmax.py
  for (var first_1 = first + local_id.x; first_1 < stop; first_1 += 64u) {  // argmax.py
    let bits = bitcast<vec4<u32>>(logits[first_1]);                       // keys.py
    let ascending = bits ^ (((bits >> vec4<u32>(31u)) * 0x7fffffffu) | vec4<u32>(0x80000000u));  // keys.py
    let key = max(ascending + 8388607u, vec4<u32>(16777214u));            // keys.py
    let greatest = max(max(key.x, key.y), max(key.z, key.w));             // keys.py
    if (greatest > best_key) {                                            // argmax.py
      let first_2 = first_1 * 4u;                                         // argmax.py
      if (key.x > best_key) {                                             // argmax.py
        best_key = key.x;                                                 // argmax.py
        best_index = first_2;                                             // argmax.py
      }
      if (key.y > best_key) {                                             // argmax.py
        best_key = key.y;                                                 // argmax.py
        best_index = first_2 + 1u;                                        // argmax.py
      }
      if (key.z > best_key) {                                             // argmax.py
        best_key = key.z;                                                 // argmax.py
        best_index = first_2 + 2u;                                        // argmax.py
      }
      if (key.w > best_key) {                                             // argmax.py
        best_key = key.w;                                                 // argmax.py
        best_index = first_2 + 3u;                                        // argmax.py
      }
    }
  }
  partial_maxima[local_id.x] = best_key;                                  // workgroup.py
  workgroupBarrier();                                                     // workgroup.py
  let t = local_id.x < 8u;                                                // workgroup.py
  if (t) {
    var total: u32 = partial_maxima[local_id.x];                          // workgroup.py
    for (var cell = local_id.x + 8u; cell < 64u; cell += 8u) {            // workgroup.py
      total = max(total, partial_maxima[cell]);                           // workgroup.py
    }
    partial_maxima[local_id.x] = total;                                   // workgroup.py
  }
  workgroupBarrier();                                                     // workgroup.py
  var total: u32 = partial_maxima[0u];                                    // workgroup.py
  for (var cell = 1u; cell < 8u; cell++) {                                // workgroup.py
    total = max(total, partial_maxima[cell]);                             // workgroup.py
  }
  let greatest = total;                                                   // workgroup.py
  workgroupBarrier();                                                     // workgroup.py
  let last = select(0u, best_index ^ 0xffffffffu, best_key == greatest);  // argmax.py
  partial_maxima[local_id.x] = last;                                      // workgroup.py
  workgroupBarrier();                                                     // workgroup.py
  if (t) {                                                                // workgroup.py
    var total_1: u32 = partial_maxima[local_id.x];                        // workgroup.py
    for (var cell = local_id.x + 8u; cell < 64u; cell += 8u) {            // workgroup.py
      total_1 = max(total_1, partial_maxima[cell]);                       // workgroup.py
    }
    partial_maxima[local_id.x] = total_1;                                 // workgroup.py
  }
  workgroupBarrier();                                                     // workgroup.py
  var total_1: u32 = partial_maxima[0u];                                  // workgroup.py
  for (var cell = 1u; cell < 8u; cell++) {                                // workgroup.py
    total_1 = max(total_1, partial_maxima[cell]);                         // workgroup.py
  }
  workgroupBarrier();                                                     // workgroup.py
  let index = total_1 ^ 0xffffffffu;                                      // argmax.py
  if (local_id.x == 0u) {                                                 // argmax.py
    best[workgroup_id.x] = vec2<u32>(greatest, index);                    // argmax.py
  }
}
