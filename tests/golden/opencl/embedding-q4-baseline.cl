// embedding_q4_64

struct Step {
  uint seq;
  uint past;
  uint seed;
  uint top_k;
  float temperature;
  float top_p;
  float min_p;
  float repetition_penalty;
};

float2 unpack_half2(uint word) {
  return vload_half2(0, (const __private half *)&word);
}

__kernel __attribute__((reqd_work_group_size(32, 1, 1)))
void embedding_q4_64_kernel(
  __global const uint *restrict tokens,
  __global const uint4 *restrict quants,
  __global const uint *restrict scales,
  __global float4 *restrict out,
  __constant struct Step *step
) {
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint token = tokens[step->past + workgroup_id.x];                 // kernels/embedding.py
  const bool held = token < 512u;                                         // kernels/embedding.py
  if (held) {                                                             // kernels/embedding.py
    for (uint group = local_id; group < 2u; group += 32u) {               // kernels/embedding.py
      const uint at = token * 2u + group;                                 // parts/packed_rows.py
      const uint4 packed = quants[at];                                    // parts/packed_rows.py
      const float4 low = convert_float4(convert_uint4(as_uchar4(packed.x & 0x0f0f0f0fu)))
          - 8.0f;                                                         // formats/nibbles.py
      const float4 high = convert_float4(convert_uint4(as_uchar4((packed.x >> 4u)
          & 0x0f0f0f0fu))) - 8.0f;                                        // formats/nibbles.py
      const float4 low_1 = convert_float4(convert_uint4(as_uchar4(packed.y & 0x0f0f0f0fu)))
          - 8.0f;                                                         // formats/nibbles.py
      const float4 high_1 = convert_float4(convert_uint4(as_uchar4((packed.y >> 4u)
          & 0x0f0f0f0fu))) - 8.0f;                                        // formats/nibbles.py
      const float4 low_2 = convert_float4(convert_uint4(as_uchar4(packed.z & 0x0f0f0f0fu)))
          - 8.0f;                                                         // formats/nibbles.py
      const float4 high_2 = convert_float4(convert_uint4(as_uchar4((packed.z >> 4u)
          & 0x0f0f0f0fu))) - 8.0f;                                        // formats/nibbles.py
      const float4 low_3 = convert_float4(convert_uint4(as_uchar4(packed.w & 0x0f0f0f0fu)))
          - 8.0f;                                                         // formats/nibbles.py
      const float4 high_3 = convert_float4(convert_uint4(as_uchar4((packed.w >> 4u)
          & 0x0f0f0f0fu))) - 8.0f;                                        // formats/nibbles.py
      const float2 pair = unpack_half2(scales[at >> 1u]);                 // parts/packed_rows.py
      const uint first = group * 8u;                                      // kernels/embedding.py
      const float4 factor = (float4)((at & 1u) == 1u ? pair.y : pair.x);  // kernels/embedding.py
      const uint index = workgroup_id.x * 16u + first;                    // kernels/embedding.py
      out[index] = low * factor;
      out[index + 1u] = high * factor;
      out[index + 2u] = low_1 * factor;
      out[index + 3u] = high_1 * factor;
      out[index + 4u] = low_2 * factor;
      out[index + 5u] = high_2 * factor;
      out[index + 6u] = low_3 * factor;
      out[index + 7u] = high_3 * factor;
    }
  }
}
