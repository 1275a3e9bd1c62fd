// mask_512

__kernel __attribute__((reqd_work_group_size(256, 1, 1)))
void mask_512_kernel(
  __global const uint *restrict mask,
  __global uint4 *restrict logits
) {
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint at = workgroup_id.x * 256u + local_id;                       // sampling/mask.py
  if (at < 128u) {                                                        // sampling/mask.py
    const uint first = at * 4u;                                           // sampling/mask.py
    const uint word = mask[first >> 5u] >> (first & 31u);                 // sampling/mask.py
    const uint4 bits = logits[at];                                        // sampling/mask.py
    const uint lanes = bits.x;                                            // sampling/mask.py
    const uint kept = lanes == 4286578688u ? 4286578687u : lanes;         // sampling/mask.py
    const uint t = word & 1u;                                             // sampling/mask.py
    const uint lanes_1 = word >> 1u;                                      // sampling/mask.py
    const uint kept_1 = bits.y == 4286578688u ? 4286578687u : bits.y;     // sampling/mask.py
    const uint lanes_2 = word >> 2u;                                      // sampling/mask.py
    const uint kept_2 = bits.z == 4286578688u ? 4286578687u : bits.z;     // sampling/mask.py
    const uint lanes_3 = word >> 3u;                                      // sampling/mask.py
    const uint kept_3 = bits.w == 4286578688u ? 4286578687u : bits.w;     // sampling/mask.py
    logits[at] = (uint4)(t == 0u ? 4286578688u : kept, (lanes_1 & 1u)
        == 0u ? 4286578688u : kept_1, (lanes_2 & 1u)
        == 0u ? 4286578688u : kept_2, (lanes_3 & 1u) == 0u ? 4286578688u : kept_3);  // sampling/mask.py
  }
}
