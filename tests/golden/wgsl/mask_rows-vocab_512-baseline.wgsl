// mask_rows_512_of4

@group(0) @binding(0) var<storage, read> mask: array<u32>;
@group(0) @binding(1) var<storage, read_write> logits: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> step_rows: array<u32>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) workgroup_id: vec3<u32>,
  @builtin(local_invocation_id) local_id: vec3<u32>,
) {
  let index = workgroup_id.z * 16u;                                       // several/each_row.py
  let index_1 = workgroup_id.z * 128u;
  let at = workgroup_id.x * 256u + local_id.x;                            // sampling/mask.py
  if (at < 128u) {                                                        // sampling/mask.py
    let first = at * 4u;                                                  // sampling/mask.py
    let word = mask[index + (first >> 5u)] >> (first & 31u);              // sampling/mask.py
    let index_2 = index_1 + at;                                           // sampling/mask.py
    let bits = logits[index_2];
    let lanes = bits.x;                                                   // sampling/mask.py
    let kept = select(lanes, 0xff7fffffu, lanes == 0xff800000u);          // sampling/mask.py
    let t = word & 1u;                                                    // sampling/mask.py
    let lanes_1 = word >> 1u;                                             // sampling/mask.py
    let kept_1 = select(bits.y, 0xff7fffffu, bits.y == 0xff800000u);      // sampling/mask.py
    let lanes_2 = word >> 2u;                                             // sampling/mask.py
    let kept_2 = select(bits.z, 0xff7fffffu, bits.z == 0xff800000u);      // sampling/mask.py
    let lanes_3 = word >> 3u;                                             // sampling/mask.py
    let kept_3 = select(bits.w, 0xff7fffffu, bits.w == 0xff800000u);      // sampling/mask.py
    logits[index_2] = vec4<u32>(select(kept, 0xff800000u, t == 0u),
        select(kept_1, 0xff800000u, (lanes_1 & 1u) == 0u),
        select(kept_2, 0xff800000u, (lanes_2 & 1u) == 0u),
        select(kept_3, 0xff800000u, (lanes_3 & 1u) == 0u));               // sampling/mask.py
  }
}
