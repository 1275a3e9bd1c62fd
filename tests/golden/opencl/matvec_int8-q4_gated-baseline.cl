// matvec_int8_norm_q4_gated_344x2048

float2 unpack_half2(uint word) {
  return vload_half2(0, (const __private half *)&word);
}

__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void matvec_int8_norm_q4_gated_344x2048_kernel(
  __global const float4 *restrict x,
  __global const float4 *restrict norm_weight,
  __global const uint4 *restrict quants,
  __global const uint *restrict scales,
  __global float *restrict out
) {
  __local uint4 codes[128];
  __local float code_scales[64];
  __local int offsets[64];
  __local float squares[64];
  __local float partial_sums[264];
  __local float partial_squares[8];
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint group = local_id % 8u;                                       // parts/reduce.py
  const uint index = local_id / 8u;                                       // parts/reduce.py
  const uint index_1 = workgroup_id.x * 32u;                              // linear/matvec_int8_body.py
  float sum_0 = 0.0f;                                                     // linear/matvec_int8_body.py
  float sum_1 = 0.0f;
  float sum_2 = 0.0f;
  float sum_3 = 0.0f;
  float square_sum = 0.0f;                                                // linear/matvec_int8_body.py
  const uint index_2 = index * 4u;                                        // linear/matvec_int8_body.py
  const uint row = index_1 + index_2;
  const uint row_1 = min(row, 343u);                                      // linear/matvec_int8_body.py
  const uint index_3 = row_1 * 64u;                                       // parts/packed_rows.py
  const uint at = index_3 + group;
  const uint4 loads = quants[at];                                         // parts/packed_rows.py
  const float2 pair = unpack_half2(scales[at >> 1u]);                     // parts/packed_rows.py
  const float scale = (at & 1u) == 1u ? pair.y : pair.x;                  // parts/packed_rows.py
  const uint row_2 = row + 1u;                                            // linear/matvec_int8_body.py
  const uint row_3 = min(row_2, 343u);                                    // linear/matvec_int8_body.py
  const uint index_4 = row_3 * 64u;                                       // parts/packed_rows.py
  const uint at_1 = index_4 + group;
  const uint4 loads_1 = quants[at_1];                                     // parts/packed_rows.py
  const float2 pair_1 = unpack_half2(scales[at_1 >> 1u]);                 // parts/packed_rows.py
  const float scale_1 = (at_1 & 1u) == 1u ? pair_1.y : pair_1.x;          // parts/packed_rows.py
  const uint row_4 = row + 2u;                                            // linear/matvec_int8_body.py
  const uint row_5 = min(row_4, 343u);                                    // linear/matvec_int8_body.py
  const uint index_5 = row_5 * 64u;                                       // parts/packed_rows.py
  const uint at_2 = index_5 + group;
  const uint4 loads_2 = quants[at_2];                                     // parts/packed_rows.py
  const float2 pair_2 = unpack_half2(scales[at_2 >> 1u]);                 // parts/packed_rows.py
  const float scale_2 = (at_2 & 1u) == 1u ? pair_2.y : pair_2.x;          // parts/packed_rows.py
  const uint row_6 = row + 3u;                                            // linear/matvec_int8_body.py
  const uint row_7 = min(row_6, 343u);                                    // linear/matvec_int8_body.py
  const uint index_6 = row_7 * 64u;                                       // parts/packed_rows.py
  const uint at_3 = index_6 + group;
  const uint4 loads_3 = quants[at_3];                                     // parts/packed_rows.py
  const float2 pair_3 = unpack_half2(scales[at_3 >> 1u]);                 // parts/packed_rows.py
  const float scale_3 = (at_3 & 1u) == 1u ? pair_3.y : pair_3.x;          // parts/packed_rows.py
  const uint at_4 = local_id * 8u;                                        // linear/matvec_int8_body.py
  const float4 x_1 = x[at_4];                                             // linear/buffers.py
  const float square = dot(x_1, x_1);                                     // linear/matvec_int8_body.py
  const float4 x_2 = x_1 * norm_weight[at_4];                             // linear/matvec_int8_body.py
  const uint at_5 = at_4 + 1u;                                            // linear/matvec_int8_body.py
  const float4 x_3 = x[at_5];                                             // linear/buffers.py
  const float square_1 = square + dot(x_3, x_3);                          // linear/matvec_int8_body.py
  const float4 x_4 = x_3 * norm_weight[at_5];                             // linear/matvec_int8_body.py
  const uint at_6 = at_4 + 2u;                                            // linear/matvec_int8_body.py
  const float4 x_5 = x[at_6];                                             // linear/buffers.py
  const float square_2 = square_1 + dot(x_5, x_5);                        // linear/matvec_int8_body.py
  const float4 x_6 = x_5 * norm_weight[at_6];                             // linear/matvec_int8_body.py
  const uint at_7 = at_4 + 3u;                                            // linear/matvec_int8_body.py
  const float4 x_7 = x[at_7];                                             // linear/buffers.py
  const float square_3 = square_2 + dot(x_7, x_7);                        // linear/matvec_int8_body.py
  const float4 x_8 = x_7 * norm_weight[at_7];                             // linear/matvec_int8_body.py
  const uint at_8 = at_4 + 4u;                                            // linear/matvec_int8_body.py
  const float4 x_9 = x[at_8];                                             // linear/buffers.py
  const float square_4 = square_3 + dot(x_9, x_9);                        // linear/matvec_int8_body.py
  const float4 x_10 = x_9 * norm_weight[at_8];                            // linear/matvec_int8_body.py
  const uint at_9 = at_4 + 5u;                                            // linear/matvec_int8_body.py
  const float4 x_11 = x[at_9];                                            // linear/buffers.py
  const float square_5 = square_4 + dot(x_11, x_11);                      // linear/matvec_int8_body.py
  const float4 x_12 = x_11 * norm_weight[at_9];                           // linear/matvec_int8_body.py
  const uint at_10 = at_4 + 6u;                                           // linear/matvec_int8_body.py
  const float4 x_13 = x[at_10];                                           // linear/buffers.py
  const float square_6 = square_5 + dot(x_13, x_13);                      // linear/matvec_int8_body.py
  const float4 x_14 = x_13 * norm_weight[at_10];                          // linear/matvec_int8_body.py
  const uint at_11 = at_4 + 7u;                                           // linear/matvec_int8_body.py
  const float4 x_15 = x[at_11];                                           // linear/buffers.py
  const float square_7 = square_6 + dot(x_15, x_15);                      // linear/matvec_int8_body.py
  const float4 x_16 = x_15 * norm_weight[at_11];                          // linear/matvec_int8_body.py
  const float4 largest = fabs(x_2);                                       // linear/activations.py
  const float4 magnitudes = fabs(x_4);                                    // linear/activations.py
  const float4 largest_1 = fmax(largest, magnitudes);                     // linear/activations.py
  const float4 magnitudes_1 = fabs(x_6);                                  // linear/activations.py
  const float4 largest_2 = fmax(largest_1, magnitudes_1);                 // linear/activations.py
  const float4 magnitudes_2 = fabs(x_8);                                  // linear/activations.py
  const float4 largest_3 = fmax(largest_2, magnitudes_2);                 // linear/activations.py
  const float4 magnitudes_3 = fabs(x_10);                                 // linear/activations.py
  const float4 largest_4 = fmax(largest_3, magnitudes_3);                 // linear/activations.py
  const float4 magnitudes_4 = fabs(x_12);                                 // linear/activations.py
  const float4 largest_5 = fmax(largest_4, magnitudes_4);                 // linear/activations.py
  const float4 magnitudes_5 = fabs(x_14);                                 // linear/activations.py
  const float4 largest_6 = fmax(largest_5, magnitudes_5);                 // linear/activations.py
  const float4 magnitudes_6 = fabs(x_16);                                 // linear/activations.py
  const float4 largest_7 = fmax(largest_6, magnitudes_6);                 // linear/activations.py
  const uint bits = as_uint(fmax(fmax(largest_7.x, largest_7.y),
      fmax(largest_7.z, largest_7.w)));                                   // linear/activations.py
  const uint exponent = min(max(bits >> 23u, 27u), 252u);                 // linear/activations.py
  const uint mantissa = (((bits & 0x007fffffu) | 0x00800000u) >> 8u) + 1u;  // linear/activations.py
  const float steps = (float)(2130706432u / mantissa) * as_float((253u - exponent) << 23u);  // linear/activations.py
  const float4 spread = (float4)(steps);                                  // linear/activations.py
  const uint4 codes_1 = as_uint4(as_int4(as_uint4(convert_int4_sat(x_2 * spread))
      + as_uint4((int4)(128)))) & (uint4)(65280u);                        // linear/activations.py
  const uint word = (codes_1.x >> 8u) | codes_1.y | (codes_1.z << 8u) | (codes_1.w << 16u);  // linear/activations.py
  const uint4 codes_2 = as_uint4(as_int4(as_uint4(convert_int4_sat(x_4 * spread))
      + as_uint4((int4)(128)))) & (uint4)(65280u);                        // linear/activations.py
  const uint word_1 = (codes_2.x >> 8u) | codes_2.y | (codes_2.z << 8u) | (codes_2.w << 16u);  // linear/activations.py
  const uint4 codes_3 = as_uint4(as_int4(as_uint4(convert_int4_sat(x_6 * spread))
      + as_uint4((int4)(128)))) & (uint4)(65280u);                        // linear/activations.py
  const uint word_2 = (codes_3.x >> 8u) | codes_3.y | (codes_3.z << 8u) | (codes_3.w << 16u);  // linear/activations.py
  const uint4 codes_4 = as_uint4(as_int4(as_uint4(convert_int4_sat(x_8 * spread))
      + as_uint4((int4)(128)))) & (uint4)(65280u);                        // linear/activations.py
  const uint word_3 = (codes_4.x >> 8u) | codes_4.y | (codes_4.z << 8u) | (codes_4.w << 16u);  // linear/activations.py
  const uint4 codes_5 = as_uint4(as_int4(as_uint4(convert_int4_sat(x_10 * spread))
      + as_uint4((int4)(128)))) & (uint4)(65280u);                        // linear/activations.py
  const uint word_4 = (codes_5.x >> 8u) | codes_5.y | (codes_5.z << 8u) | (codes_5.w << 16u);  // linear/activations.py
  const uint4 codes_6 = as_uint4(as_int4(as_uint4(convert_int4_sat(x_12 * spread))
      + as_uint4((int4)(128)))) & (uint4)(65280u);                        // linear/activations.py
  const uint word_5 = (codes_6.x >> 8u) | codes_6.y | (codes_6.z << 8u) | (codes_6.w << 16u);  // linear/activations.py
  const uint4 codes_7 = as_uint4(as_int4(as_uint4(convert_int4_sat(x_14 * spread))
      + as_uint4((int4)(128)))) & (uint4)(65280u);                        // linear/activations.py
  const uint word_6 = (codes_7.x >> 8u) | codes_7.y | (codes_7.z << 8u) | (codes_7.w << 16u);  // linear/activations.py
  const uint4 codes_8 = as_uint4(as_int4(as_uint4(convert_int4_sat(x_16 * spread))
      + as_uint4((int4)(128)))) & (uint4)(65280u);                        // linear/activations.py
  const uint word_7 = (codes_8.x >> 8u) | codes_8.y | (codes_8.z << 8u) | (codes_8.w << 16u);  // linear/activations.py
  codes[local_id] = (uint4)(word, word_1, word_2, word_3);                // linear/matvec_int8_body.py
  codes[local_id + 64u] = (uint4)(word_4, word_5, word_6, word_7);        // linear/matvec_int8_body.py
  code_scales[local_id] = 256.0f / steps;                                 // linear/matvec_int8_body.py
  const uint4 t = as_uint4(convert_int4(as_char4(4177066232u)));          // linear/dot4.py
  const uint4 products = as_uint4(convert_int4(as_char4(word))) * t;
  const int total = as_int(products.x + products.y + products.z + products.w);  // linear/dot4.py
  const uint4 products_1 = as_uint4(convert_int4(as_char4(word_1))) * t;  // linear/dot4.py
  const int total_1 = as_int(products_1.x + products_1.y + products_1.z + products_1.w);  // linear/dot4.py
  const uint4 products_2 = as_uint4(convert_int4(as_char4(word_2))) * t;  // linear/dot4.py
  const int total_2 = as_int(products_2.x + products_2.y + products_2.z + products_2.w);  // linear/dot4.py
  const uint4 products_3 = as_uint4(convert_int4(as_char4(word_3))) * t;  // linear/dot4.py
  const int total_3 = as_int(products_3.x + products_3.y + products_3.z + products_3.w);  // linear/dot4.py
  const uint4 products_4 = as_uint4(convert_int4(as_char4(word_4))) * t;  // linear/dot4.py
  const int total_4 = as_int(products_4.x + products_4.y + products_4.z + products_4.w);  // linear/dot4.py
  const uint4 products_5 = as_uint4(convert_int4(as_char4(word_5))) * t;  // linear/dot4.py
  const int total_5 = as_int(products_5.x + products_5.y + products_5.z + products_5.w);  // linear/dot4.py
  const uint4 products_6 = as_uint4(convert_int4(as_char4(word_6))) * t;  // linear/dot4.py
  const int total_6 = as_int(products_6.x + products_6.y + products_6.z + products_6.w);  // linear/dot4.py
  const uint4 products_7 = as_uint4(convert_int4(as_char4(word_7))) * t;  // linear/dot4.py
  const int total_7 = as_int(products_7.x + products_7.y + products_7.z + products_7.w);  // linear/dot4.py
  offsets[local_id] = as_int(as_uint(total_7)
      + as_uint(as_int(as_uint(total_6)
      + as_uint(as_int(as_uint(total_5)
      + as_uint(as_int(as_uint(total_4)
      + as_uint(as_int(as_uint(total_3)
      + as_uint(as_int(as_uint(total_2)
      + as_uint(as_int(as_uint(total_1) + as_uint(total))))))))))))));    // linear/matvec_int8_body.py
  squares[local_id] = square_7;                                           // linear/matvec_int8_body.py
  barrier(CLK_LOCAL_MEM_FENCE);                                           // linear/matvec_int8_body.py
  const uint4 half_1 = codes[group];                                      // linear/matvec_int8_body.py
  const uint4 half_2 = codes[group + 64u];
  const float code_scale = code_scales[group];                            // linear/matvec_int8_body.py
  const int offset = offsets[group];                                      // linear/matvec_int8_body.py
  square_sum += squares[group];                                           // linear/matvec_int8_body.py
  const uint low = loads.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
  const uint high = (loads.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
  const uint low_1 = loads.y & 0x0f0f0f0fu;                               // formats/nibbles.py
  const uint high_1 = (loads.y >> 4u) & 0x0f0f0f0fu;                      // formats/nibbles.py
  const uint low_2 = loads.z & 0x0f0f0f0fu;                               // formats/nibbles.py
  const uint high_2 = (loads.z >> 4u) & 0x0f0f0f0fu;                      // formats/nibbles.py
  const uint low_3 = loads.w & 0x0f0f0f0fu;                               // formats/nibbles.py
  const uint high_3 = (loads.w >> 4u) & 0x0f0f0f0fu;                      // formats/nibbles.py
  const uint4 t_1 = as_uint4(convert_int4(as_char4(half_1.x)));           // linear/dot4.py
  const uint4 products_8 = as_uint4(convert_int4(as_char4(low))) * t_1;
  const int total_8 = as_int(products_8.x + products_8.y + products_8.z + products_8.w);  // linear/dot4.py
  const int plus = as_int(as_uint(total_8) + as_uint(offset));            // linear/dot4.py
  const uint4 t_2 = as_uint4(convert_int4(as_char4(half_1.y)));           // linear/dot4.py
  const uint4 products_9 = as_uint4(convert_int4(as_char4(high))) * t_2;
  const int total_9 = as_int(products_9.x + products_9.y + products_9.z + products_9.w);  // linear/dot4.py
  const uint4 t_3 = as_uint4(convert_int4(as_char4(half_1.z)));           // linear/dot4.py
  const uint4 products_10 = as_uint4(convert_int4(as_char4(low_1))) * t_3;
  const int total_10 = as_int(products_10.x + products_10.y + products_10.z + products_10.w);  // linear/dot4.py
  const uint4 t_4 = as_uint4(convert_int4(as_char4(half_1.w)));           // linear/dot4.py
  const uint4 products_11 = as_uint4(convert_int4(as_char4(high_1))) * t_4;
  const int total_11 = as_int(products_11.x + products_11.y + products_11.z + products_11.w);  // linear/dot4.py
  const uint4 t_5 = as_uint4(convert_int4(as_char4(half_2.x)));           // linear/dot4.py
  const uint4 products_12 = as_uint4(convert_int4(as_char4(low_2))) * t_5;
  const int total_12 = as_int(products_12.x + products_12.y + products_12.z + products_12.w);  // linear/dot4.py
  const uint4 t_6 = as_uint4(convert_int4(as_char4(half_2.y)));           // linear/dot4.py
  const uint4 products_13 = as_uint4(convert_int4(as_char4(high_2))) * t_6;
  const int total_13 = as_int(products_13.x + products_13.y + products_13.z + products_13.w);  // linear/dot4.py
  const uint4 t_7 = as_uint4(convert_int4(as_char4(half_2.z)));           // linear/dot4.py
  const uint4 products_14 = as_uint4(convert_int4(as_char4(low_3))) * t_7;
  const int total_14 = as_int(products_14.x + products_14.y + products_14.z + products_14.w);  // linear/dot4.py
  const uint4 t_8 = as_uint4(convert_int4(as_char4(half_2.w)));           // linear/dot4.py
  const uint4 products_15 = as_uint4(convert_int4(as_char4(high_3))) * t_8;
  const int total_15 = as_int(products_15.x + products_15.y + products_15.z + products_15.w);  // linear/dot4.py
  sum_0 += (float)as_int(as_uint(total_15)
      + as_uint(as_int(as_uint(total_14)
      + as_uint(as_int(as_uint(total_13)
      + as_uint(as_int(as_uint(total_12)
      + as_uint(as_int(as_uint(total_11)
      + as_uint(as_int(as_uint(total_10)
      + as_uint(as_int(as_uint(total_9) + as_uint(plus)))))))))))))) * (scale * code_scale);  // linear/matvec_int8_body.py
  const uint low_4 = loads_1.x & 0x0f0f0f0fu;                             // formats/nibbles.py
  const uint high_4 = (loads_1.x >> 4u) & 0x0f0f0f0fu;                    // formats/nibbles.py
  const uint low_5 = loads_1.y & 0x0f0f0f0fu;                             // formats/nibbles.py
  const uint high_5 = (loads_1.y >> 4u) & 0x0f0f0f0fu;                    // formats/nibbles.py
  const uint low_6 = loads_1.z & 0x0f0f0f0fu;                             // formats/nibbles.py
  const uint high_6 = (loads_1.z >> 4u) & 0x0f0f0f0fu;                    // formats/nibbles.py
  const uint low_7 = loads_1.w & 0x0f0f0f0fu;                             // formats/nibbles.py
  const uint high_7 = (loads_1.w >> 4u) & 0x0f0f0f0fu;                    // formats/nibbles.py
  const uint4 products_16 = as_uint4(convert_int4(as_char4(low_4))) * t_1;  // linear/dot4.py
  const int total_16 = as_int(products_16.x + products_16.y + products_16.z + products_16.w);  // linear/dot4.py
  const int plus_1 = as_int(as_uint(total_16) + as_uint(offset));         // linear/dot4.py
  const uint4 products_17 = as_uint4(convert_int4(as_char4(high_4))) * t_2;  // linear/dot4.py
  const int total_17 = as_int(products_17.x + products_17.y + products_17.z + products_17.w);  // linear/dot4.py
  const uint4 products_18 = as_uint4(convert_int4(as_char4(low_5))) * t_3;  // linear/dot4.py
  const int total_18 = as_int(products_18.x + products_18.y + products_18.z + products_18.w);  // linear/dot4.py
  const uint4 products_19 = as_uint4(convert_int4(as_char4(high_5))) * t_4;  // linear/dot4.py
  const int total_19 = as_int(products_19.x + products_19.y + products_19.z + products_19.w);  // linear/dot4.py
  const uint4 products_20 = as_uint4(convert_int4(as_char4(low_6))) * t_5;  // linear/dot4.py
  const int total_20 = as_int(products_20.x + products_20.y + products_20.z + products_20.w);  // linear/dot4.py
  const uint4 products_21 = as_uint4(convert_int4(as_char4(high_6))) * t_6;  // linear/dot4.py
  const int total_21 = as_int(products_21.x + products_21.y + products_21.z + products_21.w);  // linear/dot4.py
  const uint4 products_22 = as_uint4(convert_int4(as_char4(low_7))) * t_7;  // linear/dot4.py
  const int total_22 = as_int(products_22.x + products_22.y + products_22.z + products_22.w);  // linear/dot4.py
  const uint4 products_23 = as_uint4(convert_int4(as_char4(high_7))) * t_8;  // linear/dot4.py
  const int total_23 = as_int(products_23.x + products_23.y + products_23.z + products_23.w);  // linear/dot4.py
  sum_1 += (float)as_int(as_uint(total_23)
      + as_uint(as_int(as_uint(total_22)
      + as_uint(as_int(as_uint(total_21)
      + as_uint(as_int(as_uint(total_20)
      + as_uint(as_int(as_uint(total_19)
      + as_uint(as_int(as_uint(total_18)
      + as_uint(as_int(as_uint(total_17) + as_uint(plus_1))))))))))))))
      * (scale_1 * code_scale);                                           // linear/matvec_int8_body.py
  const uint low_8 = loads_2.x & 0x0f0f0f0fu;                             // formats/nibbles.py
  const uint high_8 = (loads_2.x >> 4u) & 0x0f0f0f0fu;                    // formats/nibbles.py
  const uint low_9 = loads_2.y & 0x0f0f0f0fu;                             // formats/nibbles.py
  const uint high_9 = (loads_2.y >> 4u) & 0x0f0f0f0fu;                    // formats/nibbles.py
  const uint low_10 = loads_2.z & 0x0f0f0f0fu;                            // formats/nibbles.py
  const uint high_10 = (loads_2.z >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint low_11 = loads_2.w & 0x0f0f0f0fu;                            // formats/nibbles.py
  const uint high_11 = (loads_2.w >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint4 products_24 = as_uint4(convert_int4(as_char4(low_8))) * t_1;  // linear/dot4.py
  const int total_24 = as_int(products_24.x + products_24.y + products_24.z + products_24.w);  // linear/dot4.py
  const int plus_2 = as_int(as_uint(total_24) + as_uint(offset));         // linear/dot4.py
  const uint4 products_25 = as_uint4(convert_int4(as_char4(high_8))) * t_2;  // linear/dot4.py
  const int total_25 = as_int(products_25.x + products_25.y + products_25.z + products_25.w);  // linear/dot4.py
  const uint4 products_26 = as_uint4(convert_int4(as_char4(low_9))) * t_3;  // linear/dot4.py
  const int total_26 = as_int(products_26.x + products_26.y + products_26.z + products_26.w);  // linear/dot4.py
  const uint4 products_27 = as_uint4(convert_int4(as_char4(high_9))) * t_4;  // linear/dot4.py
  const int total_27 = as_int(products_27.x + products_27.y + products_27.z + products_27.w);  // linear/dot4.py
  const uint4 products_28 = as_uint4(convert_int4(as_char4(low_10))) * t_5;  // linear/dot4.py
  const int total_28 = as_int(products_28.x + products_28.y + products_28.z + products_28.w);  // linear/dot4.py
  const uint4 products_29 = as_uint4(convert_int4(as_char4(high_10))) * t_6;  // linear/dot4.py
  const int total_29 = as_int(products_29.x + products_29.y + products_29.z + products_29.w);  // linear/dot4.py
  const uint4 products_30 = as_uint4(convert_int4(as_char4(low_11))) * t_7;  // linear/dot4.py
  const int total_30 = as_int(products_30.x + products_30.y + products_30.z + products_30.w);  // linear/dot4.py
  const uint4 products_31 = as_uint4(convert_int4(as_char4(high_11))) * t_8;  // linear/dot4.py
  const int total_31 = as_int(products_31.x + products_31.y + products_31.z + products_31.w);  // linear/dot4.py
  sum_2 += (float)as_int(as_uint(total_31)
      + as_uint(as_int(as_uint(total_30)
      + as_uint(as_int(as_uint(total_29)
      + as_uint(as_int(as_uint(total_28)
      + as_uint(as_int(as_uint(total_27)
      + as_uint(as_int(as_uint(total_26)
      + as_uint(as_int(as_uint(total_25) + as_uint(plus_2))))))))))))))
      * (scale_2 * code_scale);                                           // linear/matvec_int8_body.py
  const uint low_12 = loads_3.x & 0x0f0f0f0fu;                            // formats/nibbles.py
  const uint high_12 = (loads_3.x >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint low_13 = loads_3.y & 0x0f0f0f0fu;                            // formats/nibbles.py
  const uint high_13 = (loads_3.y >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint low_14 = loads_3.z & 0x0f0f0f0fu;                            // formats/nibbles.py
  const uint high_14 = (loads_3.z >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint low_15 = loads_3.w & 0x0f0f0f0fu;                            // formats/nibbles.py
  const uint high_15 = (loads_3.w >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint4 products_32 = as_uint4(convert_int4(as_char4(low_12))) * t_1;  // linear/dot4.py
  const int total_32 = as_int(products_32.x + products_32.y + products_32.z + products_32.w);  // linear/dot4.py
  const int plus_3 = as_int(as_uint(total_32) + as_uint(offset));         // linear/dot4.py
  const uint4 products_33 = as_uint4(convert_int4(as_char4(high_12))) * t_2;  // linear/dot4.py
  const int total_33 = as_int(products_33.x + products_33.y + products_33.z + products_33.w);  // linear/dot4.py
  const uint4 products_34 = as_uint4(convert_int4(as_char4(low_13))) * t_3;  // linear/dot4.py
  const int total_34 = as_int(products_34.x + products_34.y + products_34.z + products_34.w);  // linear/dot4.py
  const uint4 products_35 = as_uint4(convert_int4(as_char4(high_13))) * t_4;  // linear/dot4.py
  const int total_35 = as_int(products_35.x + products_35.y + products_35.z + products_35.w);  // linear/dot4.py
  const uint4 products_36 = as_uint4(convert_int4(as_char4(low_14))) * t_5;  // linear/dot4.py
  const int total_36 = as_int(products_36.x + products_36.y + products_36.z + products_36.w);  // linear/dot4.py
  const uint4 products_37 = as_uint4(convert_int4(as_char4(high_14))) * t_6;  // linear/dot4.py
  const int total_37 = as_int(products_37.x + products_37.y + products_37.z + products_37.w);  // linear/dot4.py
  const uint4 products_38 = as_uint4(convert_int4(as_char4(low_15))) * t_7;  // linear/dot4.py
  const int total_38 = as_int(products_38.x + products_38.y + products_38.z + products_38.w);  // linear/dot4.py
  const uint4 products_39 = as_uint4(convert_int4(as_char4(high_15))) * t_8;  // linear/dot4.py
  const int total_39 = as_int(products_39.x + products_39.y + products_39.z + products_39.w);  // linear/dot4.py
  sum_3 += (float)as_int(as_uint(total_39)
      + as_uint(as_int(as_uint(total_38)
      + as_uint(as_int(as_uint(total_37)
      + as_uint(as_int(as_uint(total_36)
      + as_uint(as_int(as_uint(total_35)
      + as_uint(as_int(as_uint(total_34)
      + as_uint(as_int(as_uint(total_33) + as_uint(plus_3))))))))))))))
      * (scale_3 * code_scale);                                           // linear/matvec_int8_body.py
  const uint start = group + 8u;                                          // linear/matvec_int8_body.py
  for (uint group_1 = start; group_1 < 64u; group_1 += 8u) {              // linear/matvec_int8_body.py
    const uint at_12 = index_3 + group_1;                                 // parts/packed_rows.py
    const uint4 loads_4 = quants[at_12];                                  // parts/packed_rows.py
    const float2 pair_4 = unpack_half2(scales[at_12 >> 1u]);              // parts/packed_rows.py
    const float scale_4 = (at_12 & 1u) == 1u ? pair_4.y : pair_4.x;       // parts/packed_rows.py
    const uint at_13 = index_4 + group_1;                                 // parts/packed_rows.py
    const uint4 loads_5 = quants[at_13];                                  // parts/packed_rows.py
    const float2 pair_5 = unpack_half2(scales[at_13 >> 1u]);              // parts/packed_rows.py
    const float scale_5 = (at_13 & 1u) == 1u ? pair_5.y : pair_5.x;       // parts/packed_rows.py
    const uint at_14 = index_5 + group_1;                                 // parts/packed_rows.py
    const uint4 loads_6 = quants[at_14];                                  // parts/packed_rows.py
    const float2 pair_6 = unpack_half2(scales[at_14 >> 1u]);              // parts/packed_rows.py
    const float scale_6 = (at_14 & 1u) == 1u ? pair_6.y : pair_6.x;       // parts/packed_rows.py
    const uint at_15 = index_6 + group_1;                                 // parts/packed_rows.py
    const uint4 loads_7 = quants[at_15];                                  // parts/packed_rows.py
    const float2 pair_7 = unpack_half2(scales[at_15 >> 1u]);              // parts/packed_rows.py
    const float scale_7 = (at_15 & 1u) == 1u ? pair_7.y : pair_7.x;       // parts/packed_rows.py
    const uint4 half_3 = codes[group_1];                                  // linear/matvec_int8_body.py
    const uint4 half_4 = codes[group_1 + 64u];
    const float code_scale_1 = code_scales[group_1];                      // linear/matvec_int8_body.py
    const int offset_1 = offsets[group_1];                                // linear/matvec_int8_body.py
    square_sum += squares[group_1];                                       // linear/matvec_int8_body.py
    const uint low_16 = loads_4.x & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_16 = (loads_4.x >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_17 = loads_4.y & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_17 = (loads_4.y >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_18 = loads_4.z & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_18 = (loads_4.z >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_19 = loads_4.w & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_19 = (loads_4.w >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint4 t_9 = as_uint4(convert_int4(as_char4(half_3.x)));         // linear/dot4.py
    const uint4 products_40 = as_uint4(convert_int4(as_char4(low_16))) * t_9;
    const int total_40 = as_int(products_40.x + products_40.y + products_40.z + products_40.w);  // linear/dot4.py
    const int plus_4 = as_int(as_uint(total_40) + as_uint(offset_1));     // linear/dot4.py
    const uint4 t_10 = as_uint4(convert_int4(as_char4(half_3.y)));        // linear/dot4.py
    const uint4 products_41 = as_uint4(convert_int4(as_char4(high_16))) * t_10;
    const int total_41 = as_int(products_41.x + products_41.y + products_41.z + products_41.w);  // linear/dot4.py
    const uint4 t_11 = as_uint4(convert_int4(as_char4(half_3.z)));        // linear/dot4.py
    const uint4 products_42 = as_uint4(convert_int4(as_char4(low_17))) * t_11;
    const int total_42 = as_int(products_42.x + products_42.y + products_42.z + products_42.w);  // linear/dot4.py
    const uint4 t_12 = as_uint4(convert_int4(as_char4(half_3.w)));        // linear/dot4.py
    const uint4 products_43 = as_uint4(convert_int4(as_char4(high_17))) * t_12;
    const int total_43 = as_int(products_43.x + products_43.y + products_43.z + products_43.w);  // linear/dot4.py
    const uint4 t_13 = as_uint4(convert_int4(as_char4(half_4.x)));        // linear/dot4.py
    const uint4 products_44 = as_uint4(convert_int4(as_char4(low_18))) * t_13;
    const int total_44 = as_int(products_44.x + products_44.y + products_44.z + products_44.w);  // linear/dot4.py
    const uint4 t_14 = as_uint4(convert_int4(as_char4(half_4.y)));        // linear/dot4.py
    const uint4 products_45 = as_uint4(convert_int4(as_char4(high_18))) * t_14;
    const int total_45 = as_int(products_45.x + products_45.y + products_45.z + products_45.w);  // linear/dot4.py
    const uint4 t_15 = as_uint4(convert_int4(as_char4(half_4.z)));        // linear/dot4.py
    const uint4 products_46 = as_uint4(convert_int4(as_char4(low_19))) * t_15;
    const int total_46 = as_int(products_46.x + products_46.y + products_46.z + products_46.w);  // linear/dot4.py
    const uint4 t_16 = as_uint4(convert_int4(as_char4(half_4.w)));        // linear/dot4.py
    const uint4 products_47 = as_uint4(convert_int4(as_char4(high_19))) * t_16;
    const int total_47 = as_int(products_47.x + products_47.y + products_47.z + products_47.w);  // linear/dot4.py
    sum_0 += (float)as_int(as_uint(total_47)
        + as_uint(as_int(as_uint(total_46)
        + as_uint(as_int(as_uint(total_45)
        + as_uint(as_int(as_uint(total_44)
        + as_uint(as_int(as_uint(total_43)
        + as_uint(as_int(as_uint(total_42)
        + as_uint(as_int(as_uint(total_41) + as_uint(plus_4))))))))))))))
        * (scale_4 * code_scale_1);                                       // linear/matvec_int8_body.py
    const uint low_20 = loads_5.x & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_20 = (loads_5.x >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_21 = loads_5.y & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_21 = (loads_5.y >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_22 = loads_5.z & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_22 = (loads_5.z >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_23 = loads_5.w & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_23 = (loads_5.w >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint4 products_48 = as_uint4(convert_int4(as_char4(low_20))) * t_9;  // linear/dot4.py
    const int total_48 = as_int(products_48.x + products_48.y + products_48.z + products_48.w);  // linear/dot4.py
    const int plus_5 = as_int(as_uint(total_48) + as_uint(offset_1));     // linear/dot4.py
    const uint4 products_49 = as_uint4(convert_int4(as_char4(high_20))) * t_10;  // linear/dot4.py
    const int total_49 = as_int(products_49.x + products_49.y + products_49.z + products_49.w);  // linear/dot4.py
    const uint4 products_50 = as_uint4(convert_int4(as_char4(low_21))) * t_11;  // linear/dot4.py
    const int total_50 = as_int(products_50.x + products_50.y + products_50.z + products_50.w);  // linear/dot4.py
    const uint4 products_51 = as_uint4(convert_int4(as_char4(high_21))) * t_12;  // linear/dot4.py
    const int total_51 = as_int(products_51.x + products_51.y + products_51.z + products_51.w);  // linear/dot4.py
    const uint4 products_52 = as_uint4(convert_int4(as_char4(low_22))) * t_13;  // linear/dot4.py
    const int total_52 = as_int(products_52.x + products_52.y + products_52.z + products_52.w);  // linear/dot4.py
    const uint4 products_53 = as_uint4(convert_int4(as_char4(high_22))) * t_14;  // linear/dot4.py
    const int total_53 = as_int(products_53.x + products_53.y + products_53.z + products_53.w);  // linear/dot4.py
    const uint4 products_54 = as_uint4(convert_int4(as_char4(low_23))) * t_15;  // linear/dot4.py
    const int total_54 = as_int(products_54.x + products_54.y + products_54.z + products_54.w);  // linear/dot4.py
    const uint4 products_55 = as_uint4(convert_int4(as_char4(high_23))) * t_16;  // linear/dot4.py
    const int total_55 = as_int(products_55.x + products_55.y + products_55.z + products_55.w);  // linear/dot4.py
    sum_1 += (float)as_int(as_uint(total_55)
        + as_uint(as_int(as_uint(total_54)
        + as_uint(as_int(as_uint(total_53)
        + as_uint(as_int(as_uint(total_52)
        + as_uint(as_int(as_uint(total_51)
        + as_uint(as_int(as_uint(total_50)
        + as_uint(as_int(as_uint(total_49) + as_uint(plus_5))))))))))))))
        * (scale_5 * code_scale_1);                                       // linear/matvec_int8_body.py
    const uint low_24 = loads_6.x & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_24 = (loads_6.x >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_25 = loads_6.y & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_25 = (loads_6.y >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_26 = loads_6.z & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_26 = (loads_6.z >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_27 = loads_6.w & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_27 = (loads_6.w >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint4 products_56 = as_uint4(convert_int4(as_char4(low_24))) * t_9;  // linear/dot4.py
    const int total_56 = as_int(products_56.x + products_56.y + products_56.z + products_56.w);  // linear/dot4.py
    const int plus_6 = as_int(as_uint(total_56) + as_uint(offset_1));     // linear/dot4.py
    const uint4 products_57 = as_uint4(convert_int4(as_char4(high_24))) * t_10;  // linear/dot4.py
    const int total_57 = as_int(products_57.x + products_57.y + products_57.z + products_57.w);  // linear/dot4.py
    const uint4 products_58 = as_uint4(convert_int4(as_char4(low_25))) * t_11;  // linear/dot4.py
    const int total_58 = as_int(products_58.x + products_58.y + products_58.z + products_58.w);  // linear/dot4.py
    const uint4 products_59 = as_uint4(convert_int4(as_char4(high_25))) * t_12;  // linear/dot4.py
    const int total_59 = as_int(products_59.x + products_59.y + products_59.z + products_59.w);  // linear/dot4.py
    const uint4 products_60 = as_uint4(convert_int4(as_char4(low_26))) * t_13;  // linear/dot4.py
    const int total_60 = as_int(products_60.x + products_60.y + products_60.z + products_60.w);  // linear/dot4.py
    const uint4 products_61 = as_uint4(convert_int4(as_char4(high_26))) * t_14;  // linear/dot4.py
    const int total_61 = as_int(products_61.x + products_61.y + products_61.z + products_61.w);  // linear/dot4.py
    const uint4 products_62 = as_uint4(convert_int4(as_char4(low_27))) * t_15;  // linear/dot4.py
    const int total_62 = as_int(products_62.x + products_62.y + products_62.z + products_62.w);  // linear/dot4.py
    const uint4 products_63 = as_uint4(convert_int4(as_char4(high_27))) * t_16;  // linear/dot4.py
    const int total_63 = as_int(products_63.x + products_63.y + products_63.z + products_63.w);  // linear/dot4.py
    sum_2 += (float)as_int(as_uint(total_63)
        + as_uint(as_int(as_uint(total_62)
        + as_uint(as_int(as_uint(total_61)
        + as_uint(as_int(as_uint(total_60)
        + as_uint(as_int(as_uint(total_59)
        + as_uint(as_int(as_uint(total_58)
        + as_uint(as_int(as_uint(total_57) + as_uint(plus_6))))))))))))))
        * (scale_6 * code_scale_1);                                       // linear/matvec_int8_body.py
    const uint low_28 = loads_7.x & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_28 = (loads_7.x >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_29 = loads_7.y & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_29 = (loads_7.y >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_30 = loads_7.z & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_30 = (loads_7.z >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_31 = loads_7.w & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_31 = (loads_7.w >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint4 products_64 = as_uint4(convert_int4(as_char4(low_28))) * t_9;  // linear/dot4.py
    const int total_64 = as_int(products_64.x + products_64.y + products_64.z + products_64.w);  // linear/dot4.py
    const int plus_7 = as_int(as_uint(total_64) + as_uint(offset_1));     // linear/dot4.py
    const uint4 products_65 = as_uint4(convert_int4(as_char4(high_28))) * t_10;  // linear/dot4.py
    const int total_65 = as_int(products_65.x + products_65.y + products_65.z + products_65.w);  // linear/dot4.py
    const uint4 products_66 = as_uint4(convert_int4(as_char4(low_29))) * t_11;  // linear/dot4.py
    const int total_66 = as_int(products_66.x + products_66.y + products_66.z + products_66.w);  // linear/dot4.py
    const uint4 products_67 = as_uint4(convert_int4(as_char4(high_29))) * t_12;  // linear/dot4.py
    const int total_67 = as_int(products_67.x + products_67.y + products_67.z + products_67.w);  // linear/dot4.py
    const uint4 products_68 = as_uint4(convert_int4(as_char4(low_30))) * t_13;  // linear/dot4.py
    const int total_68 = as_int(products_68.x + products_68.y + products_68.z + products_68.w);  // linear/dot4.py
    const uint4 products_69 = as_uint4(convert_int4(as_char4(high_30))) * t_14;  // linear/dot4.py
    const int total_69 = as_int(products_69.x + products_69.y + products_69.z + products_69.w);  // linear/dot4.py
    const uint4 products_70 = as_uint4(convert_int4(as_char4(low_31))) * t_15;  // linear/dot4.py
    const int total_70 = as_int(products_70.x + products_70.y + products_70.z + products_70.w);  // linear/dot4.py
    const uint4 products_71 = as_uint4(convert_int4(as_char4(high_31))) * t_16;  // linear/dot4.py
    const int total_71 = as_int(products_71.x + products_71.y + products_71.z + products_71.w);  // linear/dot4.py
    sum_3 += (float)as_int(as_uint(total_71)
        + as_uint(as_int(as_uint(total_70)
        + as_uint(as_int(as_uint(total_69)
        + as_uint(as_int(as_uint(total_68)
        + as_uint(as_int(as_uint(total_67)
        + as_uint(as_int(as_uint(total_66)
        + as_uint(as_int(as_uint(total_65) + as_uint(plus_7))))))))))))))
        * (scale_7 * code_scale_1);                                       // linear/matvec_int8_body.py
  }
  const uint index_7 = group * 33u;                                       // linear/matvec_int8_body.py
  partial_sums[index_2 + index_7] = sum_0;
  partial_sums[index_2 + index_7 + 1u] = sum_1;
  partial_sums[index_2 + index_7 + 2u] = sum_2;
  partial_sums[index_2 + index_7 + 3u] = sum_3;
  if (index == 0u) {                                                      // linear/matvec_int8_body.py
    partial_squares[group] = square_sum;                                  // linear/matvec_int8_body.py
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // linear/matvec_int8_body.py
  if (local_id < 16u) {                                                   // parts/distribute.py
    const uint result = local_id * 2u;                                    // linear/matvec_int8_body.py
    const uint row_8 = index_1 + result;
    if (row_8 < 344u) {                                                   // linear/matvec_int8_body.py
      float total_40 = partial_sums[result];                              // linear/matvec_int8_body.py
      for (uint part = 1u; part < 8u; part++) {                           // linear/matvec_int8_body.py
        total_40 += partial_sums[part * 33u + result];                    // linear/matvec_int8_body.py
      }
      const float value = total_40;                                       // linear/matvec_int8_body.py
      const uint result_1 = result + 1u;                                  // linear/matvec_int8_body.py
      float total_41 = partial_sums[result_1];                            // linear/matvec_int8_body.py
      for (uint part = 1u; part < 8u; part++) {                           // linear/matvec_int8_body.py
        total_41 += partial_sums[part * 33u + result_1];                  // linear/matvec_int8_body.py
      }
      const float value_1 = total_41;                                     // linear/matvec_int8_body.py
      float total_42 = partial_squares[0u];                               // linear/matvec_int8_body.py
      for (uint part = 1u; part < 8u; part++) {                           // linear/matvec_int8_body.py
        total_42 += partial_squares[part];                                // linear/matvec_int8_body.py
      }
      const float factor = rsqrt(total_42 * 0.00048828125f + 1e-5f);      // linear/matvec_int8_body.py
      const float gate = value * factor;                                  // linear/matvec_int8_body.py
      const float gated = gate / (1.0f + exp(-gate)) * (value_1 * factor);  // epilogues/pair.py
      out[row_8 / 2u] = gated;                                            // epilogues/pair.py
    }
  }
}
