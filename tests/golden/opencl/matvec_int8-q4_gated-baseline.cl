// matvec_int8_norm_q4_gated_codes2_384x2048_t2

float2 unpack_half2(uint word) {
  return vload_half2(0, (const __private half *)&word);
}

__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void matvec_int8_norm_q4_gated_codes2_384x2048_t2_kernel(
  __global const uint4 *restrict x,
  __global const uint4 *restrict quants,
  __global const uint *restrict scales,
  __global uint *restrict coded
) {
  __local float partial_sums[520];
  __local float partial_squares[8];
  __local float code_values[32];
  __local int code_sums[8];
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint group = local_id % 8u;                                       // parts/reduce.py
  const uint index = local_id / 8u;                                       // parts/reduce.py
  const uint index_1 = workgroup_id.x * 64u;                              // int8/results.py
  const uint index_2 = index * 4u;                                        // int8/results.py
  const uint row = index_1 + index_2;                                     // int8/body.py
  const uint index_3 = row * 64u;                                         // parts/packed_rows.py
  const uint at = index_3 + group;
  const uint4 loads = quants[at];                                         // parts/packed_rows.py
  const uint stored = scales[at >> 1u];                                   // parts/packed_rows.py
  const uint index_4 = index_2 + 1u;                                      // int8/results.py
  const uint row_1 = index_1 + index_4;                                   // int8/body.py
  const uint index_5 = row_1 * 64u;                                       // parts/packed_rows.py
  const uint at_1 = index_5 + group;
  const uint4 loads_1 = quants[at_1];                                     // parts/packed_rows.py
  const uint stored_1 = scales[at_1 >> 1u];                               // parts/packed_rows.py
  const uint index_6 = index_2 + 2u;                                      // int8/results.py
  const uint row_2 = index_1 + index_6;                                   // int8/body.py
  const uint index_7 = row_2 * 64u;                                       // parts/packed_rows.py
  const uint at_2 = index_7 + group;
  const uint4 loads_2 = quants[at_2];                                     // parts/packed_rows.py
  const uint stored_2 = scales[at_2 >> 1u];                               // parts/packed_rows.py
  const uint index_8 = index_2 + 3u;                                      // int8/results.py
  const uint row_3 = index_1 + index_8;                                   // int8/body.py
  const uint index_9 = row_3 * 64u;                                       // parts/packed_rows.py
  const uint at_3 = index_9 + group;
  const uint4 loads_3 = quants[at_3];                                     // parts/packed_rows.py
  const uint stored_3 = scales[at_3 >> 1u];                               // parts/packed_rows.py
  float square_sum = 0.0f;                                                // int8/parts.py
  for (uint group_1 = group; group_1 < 64u; group_1 += 8u) {              // int8/parts.py
    square_sum += as_float(x[group_1 + 256u].z);                          // int8/parts.py
  }
  float sum_0 = 0.0f;                                                     // int8/parts.py
  float sum_1 = 0.0f;
  float sum_2 = 0.0f;
  float sum_3 = 0.0f;
  const uint4 half_1 = x[group];                                          // int8/parts.py
  const uint4 half_2 = x[group + 64u];
  const uint4 half_3 = x[group + 128u];
  const uint4 half_4 = x[group + 192u];
  const uint4 factors = x[group + 256u];
  const float code_scale = as_float(factors.x);                           // int8/parts.py
  const int start = as_int(as_uint(as_int(factors.y)) * as_uint(-8));     // int8/parts.py
  const uint low = loads.x & 0x0f0f0f0fu;                                 // formats/nibbles.py
  const uint high = (loads.x >> 4u) & 0x0f0f0f0fu;                        // formats/nibbles.py
  const uint low_1 = loads.y & 0x0f0f0f0fu;                               // formats/nibbles.py
  const uint high_1 = (loads.y >> 4u) & 0x0f0f0f0fu;                      // formats/nibbles.py
  const uint low_2 = loads.z & 0x0f0f0f0fu;                               // formats/nibbles.py
  const uint high_2 = (loads.z >> 4u) & 0x0f0f0f0fu;                      // formats/nibbles.py
  const uint low_3 = loads.w & 0x0f0f0f0fu;                               // formats/nibbles.py
  const uint high_3 = (loads.w >> 4u) & 0x0f0f0f0fu;                      // formats/nibbles.py
  const uint4 t = as_uint4(convert_int4(as_char4(low)));                  // parts/dot4.py
  const uint4 t_1 = as_uint4(convert_int4(as_char4(half_1.x)));
  const uint4 products = t * t_1;
  const int total = as_int(products.x + products.y + products.z + products.w);  // parts/dot4.py
  const uint4 t_2 = as_uint4(convert_int4(as_char4(high)));               // parts/dot4.py
  const uint4 t_3 = as_uint4(convert_int4(as_char4(half_1.y)));
  const uint4 products_1 = t_2 * t_3;
  const int total_1 = as_int(products_1.x + products_1.y + products_1.z + products_1.w);  // parts/dot4.py
  const uint4 t_4 = as_uint4(convert_int4(as_char4(low_1)));              // parts/dot4.py
  const uint4 t_5 = as_uint4(convert_int4(as_char4(half_1.z)));
  const uint4 products_2 = t_4 * t_5;
  const int total_2 = as_int(products_2.x + products_2.y + products_2.z + products_2.w);  // parts/dot4.py
  const uint4 t_6 = as_uint4(convert_int4(as_char4(high_1)));             // parts/dot4.py
  const uint4 t_7 = as_uint4(convert_int4(as_char4(half_1.w)));
  const uint4 products_3 = t_6 * t_7;
  const int total_3 = as_int(products_3.x + products_3.y + products_3.z + products_3.w);  // parts/dot4.py
  const uint4 t_8 = as_uint4(convert_int4(as_char4(low_2)));              // parts/dot4.py
  const uint4 t_9 = as_uint4(convert_int4(as_char4(half_2.x)));
  const uint4 products_4 = t_8 * t_9;
  const int total_4 = as_int(products_4.x + products_4.y + products_4.z + products_4.w);  // parts/dot4.py
  const uint4 t_10 = as_uint4(convert_int4(as_char4(high_2)));            // parts/dot4.py
  const uint4 t_11 = as_uint4(convert_int4(as_char4(half_2.y)));
  const uint4 products_5 = t_10 * t_11;
  const int total_5 = as_int(products_5.x + products_5.y + products_5.z + products_5.w);  // parts/dot4.py
  const uint4 t_12 = as_uint4(convert_int4(as_char4(low_3)));             // parts/dot4.py
  const uint4 t_13 = as_uint4(convert_int4(as_char4(half_2.z)));
  const uint4 products_6 = t_12 * t_13;
  const int total_6 = as_int(products_6.x + products_6.y + products_6.z + products_6.w);  // parts/dot4.py
  const uint4 t_14 = as_uint4(convert_int4(as_char4(high_3)));            // parts/dot4.py
  const uint4 t_15 = as_uint4(convert_int4(as_char4(half_2.w)));
  const uint4 products_7 = t_14 * t_15;
  const int total_7 = as_int(products_7.x + products_7.y + products_7.z + products_7.w);  // parts/dot4.py
  const int products_8 = as_int(as_uint(as_int(as_uint(as_int(as_uint(total_7)
      + as_uint(as_int(as_uint(total_6)
      + as_uint(as_int(as_uint(total_5)
      + as_uint(as_int(as_uint(total_4)
      + as_uint(as_int(as_uint(total_3)
      + as_uint(as_int(as_uint(total_2)
      + as_uint(as_int(as_uint(total_1) + as_uint(total))))))))))))))) * as_uint(256)))
      + as_uint(start));                                                  // int8/parts.py
  const uint4 t_16 = as_uint4(convert_int4(as_char4(half_3.x)));          // parts/dot4.py
  const uint4 products_9 = t * t_16;
  const int total_8 = as_int(products_9.x + products_9.y + products_9.z + products_9.w);  // parts/dot4.py
  const uint4 t_17 = as_uint4(convert_int4(as_char4(half_3.y)));          // parts/dot4.py
  const uint4 products_10 = t_2 * t_17;
  const int total_9 = as_int(products_10.x + products_10.y + products_10.z + products_10.w);  // parts/dot4.py
  const uint4 t_18 = as_uint4(convert_int4(as_char4(half_3.z)));          // parts/dot4.py
  const uint4 products_11 = t_4 * t_18;
  const int total_10 = as_int(products_11.x + products_11.y + products_11.z + products_11.w);  // parts/dot4.py
  const int plus = as_int(as_uint(total_10)
      + as_uint(as_int(as_uint(total_9)
      + as_uint(as_int(as_uint(total_8) + as_uint(products_8))))));       // parts/dot4.py
  const uint4 t_19 = as_uint4(convert_int4(as_char4(half_3.w)));          // parts/dot4.py
  const uint4 products_12 = t_6 * t_19;
  const int total_11 = as_int(products_12.x + products_12.y + products_12.z + products_12.w);  // parts/dot4.py
  const uint4 t_20 = as_uint4(convert_int4(as_char4(half_4.x)));          // parts/dot4.py
  const uint4 products_13 = t_8 * t_20;
  const int total_12 = as_int(products_13.x + products_13.y + products_13.z + products_13.w);  // parts/dot4.py
  const uint4 t_21 = as_uint4(convert_int4(as_char4(half_4.y)));          // parts/dot4.py
  const uint4 products_14 = t_10 * t_21;
  const int total_13 = as_int(products_14.x + products_14.y + products_14.z + products_14.w);  // parts/dot4.py
  const uint4 t_22 = as_uint4(convert_int4(as_char4(half_4.z)));          // parts/dot4.py
  const uint4 products_15 = t_12 * t_22;
  const int total_14 = as_int(products_15.x + products_15.y + products_15.z + products_15.w);  // parts/dot4.py
  const uint4 t_23 = as_uint4(convert_int4(as_char4(half_4.w)));          // parts/dot4.py
  const uint4 products_16 = t_14 * t_23;
  const int total_15 = as_int(products_16.x + products_16.y + products_16.z + products_16.w);  // parts/dot4.py
  const float2 pair = unpack_half2(stored);                               // parts/packed_rows.py
  const float scaled = (float)as_int(as_uint(total_15)
      + as_uint(as_int(as_uint(total_14)
      + as_uint(as_int(as_uint(total_13)
      + as_uint(as_int(as_uint(total_12)
      + as_uint(as_int(as_uint(total_11) + as_uint(plus))))))))))
      * (((at & 1u) == 1u ? pair.y : pair.x) * code_scale);               // int8/parts.py
  sum_0 += scaled;                                                        // int8/parts.py
  const uint low_4 = loads_1.x & 0x0f0f0f0fu;                             // formats/nibbles.py
  const uint high_4 = (loads_1.x >> 4u) & 0x0f0f0f0fu;                    // formats/nibbles.py
  const uint low_5 = loads_1.y & 0x0f0f0f0fu;                             // formats/nibbles.py
  const uint high_5 = (loads_1.y >> 4u) & 0x0f0f0f0fu;                    // formats/nibbles.py
  const uint low_6 = loads_1.z & 0x0f0f0f0fu;                             // formats/nibbles.py
  const uint high_6 = (loads_1.z >> 4u) & 0x0f0f0f0fu;                    // formats/nibbles.py
  const uint low_7 = loads_1.w & 0x0f0f0f0fu;                             // formats/nibbles.py
  const uint high_7 = (loads_1.w >> 4u) & 0x0f0f0f0fu;                    // formats/nibbles.py
  const uint4 t_24 = as_uint4(convert_int4(as_char4(low_4)));             // parts/dot4.py
  const uint4 products_17 = t_24 * t_1;
  const int total_16 = as_int(products_17.x + products_17.y + products_17.z + products_17.w);  // parts/dot4.py
  const uint4 t_25 = as_uint4(convert_int4(as_char4(high_4)));            // parts/dot4.py
  const uint4 products_18 = t_25 * t_3;
  const int total_17 = as_int(products_18.x + products_18.y + products_18.z + products_18.w);  // parts/dot4.py
  const uint4 t_26 = as_uint4(convert_int4(as_char4(low_5)));             // parts/dot4.py
  const uint4 products_19 = t_26 * t_5;
  const int total_18 = as_int(products_19.x + products_19.y + products_19.z + products_19.w);  // parts/dot4.py
  const uint4 t_27 = as_uint4(convert_int4(as_char4(high_5)));            // parts/dot4.py
  const uint4 products_20 = t_27 * t_7;
  const int total_19 = as_int(products_20.x + products_20.y + products_20.z + products_20.w);  // parts/dot4.py
  const uint4 t_28 = as_uint4(convert_int4(as_char4(low_6)));             // parts/dot4.py
  const uint4 products_21 = t_28 * t_9;
  const int total_20 = as_int(products_21.x + products_21.y + products_21.z + products_21.w);  // parts/dot4.py
  const uint4 t_29 = as_uint4(convert_int4(as_char4(high_6)));            // parts/dot4.py
  const uint4 products_22 = t_29 * t_11;
  const int total_21 = as_int(products_22.x + products_22.y + products_22.z + products_22.w);  // parts/dot4.py
  const uint4 t_30 = as_uint4(convert_int4(as_char4(low_7)));             // parts/dot4.py
  const uint4 products_23 = t_30 * t_13;
  const int total_22 = as_int(products_23.x + products_23.y + products_23.z + products_23.w);  // parts/dot4.py
  const uint4 t_31 = as_uint4(convert_int4(as_char4(high_7)));            // parts/dot4.py
  const uint4 products_24 = t_31 * t_15;
  const int total_23 = as_int(products_24.x + products_24.y + products_24.z + products_24.w);  // parts/dot4.py
  const int products_25 = as_int(as_uint(as_int(as_uint(as_int(as_uint(total_23)
      + as_uint(as_int(as_uint(total_22)
      + as_uint(as_int(as_uint(total_21)
      + as_uint(as_int(as_uint(total_20)
      + as_uint(as_int(as_uint(total_19)
      + as_uint(as_int(as_uint(total_18)
      + as_uint(as_int(as_uint(total_17) + as_uint(total_16))))))))))))))) * as_uint(256)))
      + as_uint(start));                                                  // int8/parts.py
  const uint4 products_26 = t_24 * t_16;                                  // parts/dot4.py
  const int total_24 = as_int(products_26.x + products_26.y + products_26.z + products_26.w);  // parts/dot4.py
  const uint4 products_27 = t_25 * t_17;                                  // parts/dot4.py
  const int total_25 = as_int(products_27.x + products_27.y + products_27.z + products_27.w);  // parts/dot4.py
  const uint4 products_28 = t_26 * t_18;                                  // parts/dot4.py
  const int total_26 = as_int(products_28.x + products_28.y + products_28.z + products_28.w);  // parts/dot4.py
  const int plus_1 = as_int(as_uint(total_26)
      + as_uint(as_int(as_uint(total_25)
      + as_uint(as_int(as_uint(total_24) + as_uint(products_25))))));     // parts/dot4.py
  const uint4 products_29 = t_27 * t_19;                                  // parts/dot4.py
  const int total_27 = as_int(products_29.x + products_29.y + products_29.z + products_29.w);  // parts/dot4.py
  const uint4 products_30 = t_28 * t_20;                                  // parts/dot4.py
  const int total_28 = as_int(products_30.x + products_30.y + products_30.z + products_30.w);  // parts/dot4.py
  const uint4 products_31 = t_29 * t_21;                                  // parts/dot4.py
  const int total_29 = as_int(products_31.x + products_31.y + products_31.z + products_31.w);  // parts/dot4.py
  const uint4 products_32 = t_30 * t_22;                                  // parts/dot4.py
  const int total_30 = as_int(products_32.x + products_32.y + products_32.z + products_32.w);  // parts/dot4.py
  const uint4 products_33 = t_31 * t_23;                                  // parts/dot4.py
  const int total_31 = as_int(products_33.x + products_33.y + products_33.z + products_33.w);  // parts/dot4.py
  const float2 pair_1 = unpack_half2(stored_1);                           // parts/packed_rows.py
  const float scaled_1 = (float)as_int(as_uint(total_31)
      + as_uint(as_int(as_uint(total_30)
      + as_uint(as_int(as_uint(total_29)
      + as_uint(as_int(as_uint(total_28)
      + as_uint(as_int(as_uint(total_27) + as_uint(plus_1))))))))))
      * (((at_1 & 1u) == 1u ? pair_1.y : pair_1.x) * code_scale);         // int8/parts.py
  sum_1 += scaled_1;                                                      // int8/parts.py
  const uint low_8 = loads_2.x & 0x0f0f0f0fu;                             // formats/nibbles.py
  const uint high_8 = (loads_2.x >> 4u) & 0x0f0f0f0fu;                    // formats/nibbles.py
  const uint low_9 = loads_2.y & 0x0f0f0f0fu;                             // formats/nibbles.py
  const uint high_9 = (loads_2.y >> 4u) & 0x0f0f0f0fu;                    // formats/nibbles.py
  const uint low_10 = loads_2.z & 0x0f0f0f0fu;                            // formats/nibbles.py
  const uint high_10 = (loads_2.z >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint low_11 = loads_2.w & 0x0f0f0f0fu;                            // formats/nibbles.py
  const uint high_11 = (loads_2.w >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint4 t_32 = as_uint4(convert_int4(as_char4(low_8)));             // parts/dot4.py
  const uint4 products_34 = t_32 * t_1;
  const int total_32 = as_int(products_34.x + products_34.y + products_34.z + products_34.w);  // parts/dot4.py
  const uint4 t_33 = as_uint4(convert_int4(as_char4(high_8)));            // parts/dot4.py
  const uint4 products_35 = t_33 * t_3;
  const int total_33 = as_int(products_35.x + products_35.y + products_35.z + products_35.w);  // parts/dot4.py
  const uint4 t_34 = as_uint4(convert_int4(as_char4(low_9)));             // parts/dot4.py
  const uint4 products_36 = t_34 * t_5;
  const int total_34 = as_int(products_36.x + products_36.y + products_36.z + products_36.w);  // parts/dot4.py
  const uint4 t_35 = as_uint4(convert_int4(as_char4(high_9)));            // parts/dot4.py
  const uint4 products_37 = t_35 * t_7;
  const int total_35 = as_int(products_37.x + products_37.y + products_37.z + products_37.w);  // parts/dot4.py
  const uint4 t_36 = as_uint4(convert_int4(as_char4(low_10)));            // parts/dot4.py
  const uint4 products_38 = t_36 * t_9;
  const int total_36 = as_int(products_38.x + products_38.y + products_38.z + products_38.w);  // parts/dot4.py
  const uint4 t_37 = as_uint4(convert_int4(as_char4(high_10)));           // parts/dot4.py
  const uint4 products_39 = t_37 * t_11;
  const int total_37 = as_int(products_39.x + products_39.y + products_39.z + products_39.w);  // parts/dot4.py
  const uint4 t_38 = as_uint4(convert_int4(as_char4(low_11)));            // parts/dot4.py
  const uint4 products_40 = t_38 * t_13;
  const int total_38 = as_int(products_40.x + products_40.y + products_40.z + products_40.w);  // parts/dot4.py
  const uint4 t_39 = as_uint4(convert_int4(as_char4(high_11)));           // parts/dot4.py
  const uint4 products_41 = t_39 * t_15;
  const int total_39 = as_int(products_41.x + products_41.y + products_41.z + products_41.w);  // parts/dot4.py
  const int products_42 = as_int(as_uint(as_int(as_uint(as_int(as_uint(total_39)
      + as_uint(as_int(as_uint(total_38)
      + as_uint(as_int(as_uint(total_37)
      + as_uint(as_int(as_uint(total_36)
      + as_uint(as_int(as_uint(total_35)
      + as_uint(as_int(as_uint(total_34)
      + as_uint(as_int(as_uint(total_33) + as_uint(total_32))))))))))))))) * as_uint(256)))
      + as_uint(start));                                                  // int8/parts.py
  const uint4 products_43 = t_32 * t_16;                                  // parts/dot4.py
  const int total_40 = as_int(products_43.x + products_43.y + products_43.z + products_43.w);  // parts/dot4.py
  const uint4 products_44 = t_33 * t_17;                                  // parts/dot4.py
  const int total_41 = as_int(products_44.x + products_44.y + products_44.z + products_44.w);  // parts/dot4.py
  const uint4 products_45 = t_34 * t_18;                                  // parts/dot4.py
  const int total_42 = as_int(products_45.x + products_45.y + products_45.z + products_45.w);  // parts/dot4.py
  const int plus_2 = as_int(as_uint(total_42)
      + as_uint(as_int(as_uint(total_41)
      + as_uint(as_int(as_uint(total_40) + as_uint(products_42))))));     // parts/dot4.py
  const uint4 products_46 = t_35 * t_19;                                  // parts/dot4.py
  const int total_43 = as_int(products_46.x + products_46.y + products_46.z + products_46.w);  // parts/dot4.py
  const uint4 products_47 = t_36 * t_20;                                  // parts/dot4.py
  const int total_44 = as_int(products_47.x + products_47.y + products_47.z + products_47.w);  // parts/dot4.py
  const uint4 products_48 = t_37 * t_21;                                  // parts/dot4.py
  const int total_45 = as_int(products_48.x + products_48.y + products_48.z + products_48.w);  // parts/dot4.py
  const uint4 products_49 = t_38 * t_22;                                  // parts/dot4.py
  const int total_46 = as_int(products_49.x + products_49.y + products_49.z + products_49.w);  // parts/dot4.py
  const uint4 products_50 = t_39 * t_23;                                  // parts/dot4.py
  const int total_47 = as_int(products_50.x + products_50.y + products_50.z + products_50.w);  // parts/dot4.py
  const float2 pair_2 = unpack_half2(stored_2);                           // parts/packed_rows.py
  const float scaled_2 = (float)as_int(as_uint(total_47)
      + as_uint(as_int(as_uint(total_46)
      + as_uint(as_int(as_uint(total_45)
      + as_uint(as_int(as_uint(total_44)
      + as_uint(as_int(as_uint(total_43) + as_uint(plus_2))))))))))
      * (((at_2 & 1u) == 1u ? pair_2.y : pair_2.x) * code_scale);         // int8/parts.py
  sum_2 += scaled_2;                                                      // int8/parts.py
  const uint low_12 = loads_3.x & 0x0f0f0f0fu;                            // formats/nibbles.py
  const uint high_12 = (loads_3.x >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint low_13 = loads_3.y & 0x0f0f0f0fu;                            // formats/nibbles.py
  const uint high_13 = (loads_3.y >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint low_14 = loads_3.z & 0x0f0f0f0fu;                            // formats/nibbles.py
  const uint high_14 = (loads_3.z >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint low_15 = loads_3.w & 0x0f0f0f0fu;                            // formats/nibbles.py
  const uint high_15 = (loads_3.w >> 4u) & 0x0f0f0f0fu;                   // formats/nibbles.py
  const uint4 t_40 = as_uint4(convert_int4(as_char4(low_12)));            // parts/dot4.py
  const uint4 products_51 = t_40 * t_1;
  const int total_48 = as_int(products_51.x + products_51.y + products_51.z + products_51.w);  // parts/dot4.py
  const uint4 t_41 = as_uint4(convert_int4(as_char4(high_12)));           // parts/dot4.py
  const uint4 products_52 = t_41 * t_3;
  const int total_49 = as_int(products_52.x + products_52.y + products_52.z + products_52.w);  // parts/dot4.py
  const uint4 t_42 = as_uint4(convert_int4(as_char4(low_13)));            // parts/dot4.py
  const uint4 products_53 = t_42 * t_5;
  const int total_50 = as_int(products_53.x + products_53.y + products_53.z + products_53.w);  // parts/dot4.py
  const uint4 t_43 = as_uint4(convert_int4(as_char4(high_13)));           // parts/dot4.py
  const uint4 products_54 = t_43 * t_7;
  const int total_51 = as_int(products_54.x + products_54.y + products_54.z + products_54.w);  // parts/dot4.py
  const uint4 t_44 = as_uint4(convert_int4(as_char4(low_14)));            // parts/dot4.py
  const uint4 products_55 = t_44 * t_9;
  const int total_52 = as_int(products_55.x + products_55.y + products_55.z + products_55.w);  // parts/dot4.py
  const uint4 t_45 = as_uint4(convert_int4(as_char4(high_14)));           // parts/dot4.py
  const uint4 products_56 = t_45 * t_11;
  const int total_53 = as_int(products_56.x + products_56.y + products_56.z + products_56.w);  // parts/dot4.py
  const uint4 t_46 = as_uint4(convert_int4(as_char4(low_15)));            // parts/dot4.py
  const uint4 products_57 = t_46 * t_13;
  const int total_54 = as_int(products_57.x + products_57.y + products_57.z + products_57.w);  // parts/dot4.py
  const uint4 t_47 = as_uint4(convert_int4(as_char4(high_15)));           // parts/dot4.py
  const uint4 products_58 = t_47 * t_15;
  const int total_55 = as_int(products_58.x + products_58.y + products_58.z + products_58.w);  // parts/dot4.py
  const int products_59 = as_int(as_uint(as_int(as_uint(as_int(as_uint(total_55)
      + as_uint(as_int(as_uint(total_54)
      + as_uint(as_int(as_uint(total_53)
      + as_uint(as_int(as_uint(total_52)
      + as_uint(as_int(as_uint(total_51)
      + as_uint(as_int(as_uint(total_50)
      + as_uint(as_int(as_uint(total_49) + as_uint(total_48))))))))))))))) * as_uint(256)))
      + as_uint(start));                                                  // int8/parts.py
  const uint4 products_60 = t_40 * t_16;                                  // parts/dot4.py
  const int total_56 = as_int(products_60.x + products_60.y + products_60.z + products_60.w);  // parts/dot4.py
  const uint4 products_61 = t_41 * t_17;                                  // parts/dot4.py
  const int total_57 = as_int(products_61.x + products_61.y + products_61.z + products_61.w);  // parts/dot4.py
  const uint4 products_62 = t_42 * t_18;                                  // parts/dot4.py
  const int total_58 = as_int(products_62.x + products_62.y + products_62.z + products_62.w);  // parts/dot4.py
  const int plus_3 = as_int(as_uint(total_58)
      + as_uint(as_int(as_uint(total_57)
      + as_uint(as_int(as_uint(total_56) + as_uint(products_59))))));     // parts/dot4.py
  const uint4 products_63 = t_43 * t_19;                                  // parts/dot4.py
  const int total_59 = as_int(products_63.x + products_63.y + products_63.z + products_63.w);  // parts/dot4.py
  const uint4 products_64 = t_44 * t_20;                                  // parts/dot4.py
  const int total_60 = as_int(products_64.x + products_64.y + products_64.z + products_64.w);  // parts/dot4.py
  const uint4 products_65 = t_45 * t_21;                                  // parts/dot4.py
  const int total_61 = as_int(products_65.x + products_65.y + products_65.z + products_65.w);  // parts/dot4.py
  const uint4 products_66 = t_46 * t_22;                                  // parts/dot4.py
  const int total_62 = as_int(products_66.x + products_66.y + products_66.z + products_66.w);  // parts/dot4.py
  const uint4 products_67 = t_47 * t_23;                                  // parts/dot4.py
  const int total_63 = as_int(products_67.x + products_67.y + products_67.z + products_67.w);  // parts/dot4.py
  const float2 pair_3 = unpack_half2(stored_3);                           // parts/packed_rows.py
  const float scaled_3 = (float)as_int(as_uint(total_63)
      + as_uint(as_int(as_uint(total_62)
      + as_uint(as_int(as_uint(total_61)
      + as_uint(as_int(as_uint(total_60)
      + as_uint(as_int(as_uint(total_59) + as_uint(plus_3))))))))))
      * (((at_3 & 1u) == 1u ? pair_3.y : pair_3.x) * code_scale);         // int8/parts.py
  sum_3 += scaled_3;                                                      // int8/parts.py
  const uint start_1 = group + 8u;                                        // int8/body.py
  for (uint group_2 = start_1; group_2 < 64u; group_2 += 8u) {            // int8/body.py
    const uint at_4 = index_3 + group_2;                                  // parts/packed_rows.py
    const uint4 loads_4 = quants[at_4];                                   // parts/packed_rows.py
    const uint at_5 = index_5 + group_2;                                  // parts/packed_rows.py
    const uint4 loads_5 = quants[at_5];                                   // parts/packed_rows.py
    const uint at_6 = index_7 + group_2;                                  // parts/packed_rows.py
    const uint4 loads_6 = quants[at_6];                                   // parts/packed_rows.py
    const uint at_7 = index_9 + group_2;                                  // parts/packed_rows.py
    const uint4 loads_7 = quants[at_7];                                   // parts/packed_rows.py
    const uint4 half_5 = x[group_2];                                      // int8/parts.py
    const uint4 half_6 = x[group_2 + 64u];
    const uint4 half_7 = x[group_2 + 128u];
    const uint4 half_8 = x[group_2 + 192u];
    const uint4 factors_1 = x[group_2 + 256u];
    const float code_scale_1 = as_float(factors_1.x);                     // int8/parts.py
    const int start_2 = as_int(as_uint(as_int(factors_1.y)) * as_uint(-8));  // int8/parts.py
    const uint low_16 = loads_4.x & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_16 = (loads_4.x >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_17 = loads_4.y & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_17 = (loads_4.y >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_18 = loads_4.z & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_18 = (loads_4.z >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_19 = loads_4.w & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_19 = (loads_4.w >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint4 t_48 = as_uint4(convert_int4(as_char4(low_16)));          // parts/dot4.py
    const uint4 t_49 = as_uint4(convert_int4(as_char4(half_5.x)));
    const uint4 products_68 = t_48 * t_49;
    const int total_64 = as_int(products_68.x + products_68.y + products_68.z + products_68.w);  // parts/dot4.py
    const uint4 t_50 = as_uint4(convert_int4(as_char4(high_16)));         // parts/dot4.py
    const uint4 t_51 = as_uint4(convert_int4(as_char4(half_5.y)));
    const uint4 products_69 = t_50 * t_51;
    const int total_65 = as_int(products_69.x + products_69.y + products_69.z + products_69.w);  // parts/dot4.py
    const uint4 t_52 = as_uint4(convert_int4(as_char4(low_17)));          // parts/dot4.py
    const uint4 t_53 = as_uint4(convert_int4(as_char4(half_5.z)));
    const uint4 products_70 = t_52 * t_53;
    const int total_66 = as_int(products_70.x + products_70.y + products_70.z + products_70.w);  // parts/dot4.py
    const uint4 t_54 = as_uint4(convert_int4(as_char4(high_17)));         // parts/dot4.py
    const uint4 t_55 = as_uint4(convert_int4(as_char4(half_5.w)));
    const uint4 products_71 = t_54 * t_55;
    const int total_67 = as_int(products_71.x + products_71.y + products_71.z + products_71.w);  // parts/dot4.py
    const uint4 t_56 = as_uint4(convert_int4(as_char4(low_18)));          // parts/dot4.py
    const uint4 t_57 = as_uint4(convert_int4(as_char4(half_6.x)));
    const uint4 products_72 = t_56 * t_57;
    const int total_68 = as_int(products_72.x + products_72.y + products_72.z + products_72.w);  // parts/dot4.py
    const uint4 t_58 = as_uint4(convert_int4(as_char4(high_18)));         // parts/dot4.py
    const uint4 t_59 = as_uint4(convert_int4(as_char4(half_6.y)));
    const uint4 products_73 = t_58 * t_59;
    const int total_69 = as_int(products_73.x + products_73.y + products_73.z + products_73.w);  // parts/dot4.py
    const uint4 t_60 = as_uint4(convert_int4(as_char4(low_19)));          // parts/dot4.py
    const uint4 t_61 = as_uint4(convert_int4(as_char4(half_6.z)));
    const uint4 products_74 = t_60 * t_61;
    const int total_70 = as_int(products_74.x + products_74.y + products_74.z + products_74.w);  // parts/dot4.py
    const uint4 t_62 = as_uint4(convert_int4(as_char4(high_19)));         // parts/dot4.py
    const uint4 t_63 = as_uint4(convert_int4(as_char4(half_6.w)));
    const uint4 products_75 = t_62 * t_63;
    const int total_71 = as_int(products_75.x + products_75.y + products_75.z + products_75.w);  // parts/dot4.py
    const int products_76 = as_int(as_uint(as_int(as_uint(as_int(as_uint(total_71)
        + as_uint(as_int(as_uint(total_70)
        + as_uint(as_int(as_uint(total_69)
        + as_uint(as_int(as_uint(total_68)
        + as_uint(as_int(as_uint(total_67)
        + as_uint(as_int(as_uint(total_66)
        + as_uint(as_int(as_uint(total_65) + as_uint(total_64))))))))))))))) * as_uint(256)))
        + as_uint(start_2));                                              // int8/parts.py
    const uint4 t_64 = as_uint4(convert_int4(as_char4(half_7.x)));        // parts/dot4.py
    const uint4 products_77 = t_48 * t_64;
    const int total_72 = as_int(products_77.x + products_77.y + products_77.z + products_77.w);  // parts/dot4.py
    const uint4 t_65 = as_uint4(convert_int4(as_char4(half_7.y)));        // parts/dot4.py
    const uint4 products_78 = t_50 * t_65;
    const int total_73 = as_int(products_78.x + products_78.y + products_78.z + products_78.w);  // parts/dot4.py
    const uint4 t_66 = as_uint4(convert_int4(as_char4(half_7.z)));        // parts/dot4.py
    const uint4 products_79 = t_52 * t_66;
    const int total_74 = as_int(products_79.x + products_79.y + products_79.z + products_79.w);  // parts/dot4.py
    const int plus_4 = as_int(as_uint(total_74)
        + as_uint(as_int(as_uint(total_73)
        + as_uint(as_int(as_uint(total_72) + as_uint(products_76))))));   // parts/dot4.py
    const uint4 t_67 = as_uint4(convert_int4(as_char4(half_7.w)));        // parts/dot4.py
    const uint4 products_80 = t_54 * t_67;
    const int total_75 = as_int(products_80.x + products_80.y + products_80.z + products_80.w);  // parts/dot4.py
    const uint4 t_68 = as_uint4(convert_int4(as_char4(half_8.x)));        // parts/dot4.py
    const uint4 products_81 = t_56 * t_68;
    const int total_76 = as_int(products_81.x + products_81.y + products_81.z + products_81.w);  // parts/dot4.py
    const uint4 t_69 = as_uint4(convert_int4(as_char4(half_8.y)));        // parts/dot4.py
    const uint4 products_82 = t_58 * t_69;
    const int total_77 = as_int(products_82.x + products_82.y + products_82.z + products_82.w);  // parts/dot4.py
    const uint4 t_70 = as_uint4(convert_int4(as_char4(half_8.z)));        // parts/dot4.py
    const uint4 products_83 = t_60 * t_70;
    const int total_78 = as_int(products_83.x + products_83.y + products_83.z + products_83.w);  // parts/dot4.py
    const uint4 t_71 = as_uint4(convert_int4(as_char4(half_8.w)));        // parts/dot4.py
    const uint4 products_84 = t_62 * t_71;
    const int total_79 = as_int(products_84.x + products_84.y + products_84.z + products_84.w);  // parts/dot4.py
    const float2 pair_4 = unpack_half2(scales[at_4 >> 1u]);               // parts/packed_rows.py
    const float scaled_4 = (float)as_int(as_uint(total_79)
        + as_uint(as_int(as_uint(total_78)
        + as_uint(as_int(as_uint(total_77)
        + as_uint(as_int(as_uint(total_76)
        + as_uint(as_int(as_uint(total_75) + as_uint(plus_4))))))))))
        * (((at_4 & 1u) == 1u ? pair_4.y : pair_4.x) * code_scale_1);     // int8/parts.py
    sum_0 += scaled_4;                                                    // int8/parts.py
    const uint low_20 = loads_5.x & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_20 = (loads_5.x >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_21 = loads_5.y & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_21 = (loads_5.y >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_22 = loads_5.z & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_22 = (loads_5.z >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_23 = loads_5.w & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_23 = (loads_5.w >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint4 t_72 = as_uint4(convert_int4(as_char4(low_20)));          // parts/dot4.py
    const uint4 products_85 = t_72 * t_49;
    const int total_80 = as_int(products_85.x + products_85.y + products_85.z + products_85.w);  // parts/dot4.py
    const uint4 t_73 = as_uint4(convert_int4(as_char4(high_20)));         // parts/dot4.py
    const uint4 products_86 = t_73 * t_51;
    const int total_81 = as_int(products_86.x + products_86.y + products_86.z + products_86.w);  // parts/dot4.py
    const uint4 t_74 = as_uint4(convert_int4(as_char4(low_21)));          // parts/dot4.py
    const uint4 products_87 = t_74 * t_53;
    const int total_82 = as_int(products_87.x + products_87.y + products_87.z + products_87.w);  // parts/dot4.py
    const uint4 t_75 = as_uint4(convert_int4(as_char4(high_21)));         // parts/dot4.py
    const uint4 products_88 = t_75 * t_55;
    const int total_83 = as_int(products_88.x + products_88.y + products_88.z + products_88.w);  // parts/dot4.py
    const uint4 t_76 = as_uint4(convert_int4(as_char4(low_22)));          // parts/dot4.py
    const uint4 products_89 = t_76 * t_57;
    const int total_84 = as_int(products_89.x + products_89.y + products_89.z + products_89.w);  // parts/dot4.py
    const uint4 t_77 = as_uint4(convert_int4(as_char4(high_22)));         // parts/dot4.py
    const uint4 products_90 = t_77 * t_59;
    const int total_85 = as_int(products_90.x + products_90.y + products_90.z + products_90.w);  // parts/dot4.py
    const uint4 t_78 = as_uint4(convert_int4(as_char4(low_23)));          // parts/dot4.py
    const uint4 products_91 = t_78 * t_61;
    const int total_86 = as_int(products_91.x + products_91.y + products_91.z + products_91.w);  // parts/dot4.py
    const uint4 t_79 = as_uint4(convert_int4(as_char4(high_23)));         // parts/dot4.py
    const uint4 products_92 = t_79 * t_63;
    const int total_87 = as_int(products_92.x + products_92.y + products_92.z + products_92.w);  // parts/dot4.py
    const int products_93 = as_int(as_uint(as_int(as_uint(as_int(as_uint(total_87)
        + as_uint(as_int(as_uint(total_86)
        + as_uint(as_int(as_uint(total_85)
        + as_uint(as_int(as_uint(total_84)
        + as_uint(as_int(as_uint(total_83)
        + as_uint(as_int(as_uint(total_82)
        + as_uint(as_int(as_uint(total_81) + as_uint(total_80))))))))))))))) * as_uint(256)))
        + as_uint(start_2));                                              // int8/parts.py
    const uint4 products_94 = t_72 * t_64;                                // parts/dot4.py
    const int total_88 = as_int(products_94.x + products_94.y + products_94.z + products_94.w);  // parts/dot4.py
    const uint4 products_95 = t_73 * t_65;                                // parts/dot4.py
    const int total_89 = as_int(products_95.x + products_95.y + products_95.z + products_95.w);  // parts/dot4.py
    const uint4 products_96 = t_74 * t_66;                                // parts/dot4.py
    const int total_90 = as_int(products_96.x + products_96.y + products_96.z + products_96.w);  // parts/dot4.py
    const int plus_5 = as_int(as_uint(total_90)
        + as_uint(as_int(as_uint(total_89)
        + as_uint(as_int(as_uint(total_88) + as_uint(products_93))))));   // parts/dot4.py
    const uint4 products_97 = t_75 * t_67;                                // parts/dot4.py
    const int total_91 = as_int(products_97.x + products_97.y + products_97.z + products_97.w);  // parts/dot4.py
    const uint4 products_98 = t_76 * t_68;                                // parts/dot4.py
    const int total_92 = as_int(products_98.x + products_98.y + products_98.z + products_98.w);  // parts/dot4.py
    const uint4 products_99 = t_77 * t_69;                                // parts/dot4.py
    const int total_93 = as_int(products_99.x + products_99.y + products_99.z + products_99.w);  // parts/dot4.py
    const uint4 products_100 = t_78 * t_70;                               // parts/dot4.py
    const int total_94 = as_int(products_100.x + products_100.y + products_100.z
        + products_100.w);                                                // parts/dot4.py
    const uint4 products_101 = t_79 * t_71;                               // parts/dot4.py
    const int total_95 = as_int(products_101.x + products_101.y + products_101.z
        + products_101.w);                                                // parts/dot4.py
    const float2 pair_5 = unpack_half2(scales[at_5 >> 1u]);               // parts/packed_rows.py
    const float scaled_5 = (float)as_int(as_uint(total_95)
        + as_uint(as_int(as_uint(total_94)
        + as_uint(as_int(as_uint(total_93)
        + as_uint(as_int(as_uint(total_92)
        + as_uint(as_int(as_uint(total_91) + as_uint(plus_5))))))))))
        * (((at_5 & 1u) == 1u ? pair_5.y : pair_5.x) * code_scale_1);     // int8/parts.py
    sum_1 += scaled_5;                                                    // int8/parts.py
    const uint low_24 = loads_6.x & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_24 = (loads_6.x >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_25 = loads_6.y & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_25 = (loads_6.y >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_26 = loads_6.z & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_26 = (loads_6.z >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_27 = loads_6.w & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_27 = (loads_6.w >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint4 t_80 = as_uint4(convert_int4(as_char4(low_24)));          // parts/dot4.py
    const uint4 products_102 = t_80 * t_49;
    const int total_96 = as_int(products_102.x + products_102.y + products_102.z
        + products_102.w);                                                // parts/dot4.py
    const uint4 t_81 = as_uint4(convert_int4(as_char4(high_24)));         // parts/dot4.py
    const uint4 products_103 = t_81 * t_51;
    const int total_97 = as_int(products_103.x + products_103.y + products_103.z
        + products_103.w);                                                // parts/dot4.py
    const uint4 t_82 = as_uint4(convert_int4(as_char4(low_25)));          // parts/dot4.py
    const uint4 products_104 = t_82 * t_53;
    const int total_98 = as_int(products_104.x + products_104.y + products_104.z
        + products_104.w);                                                // parts/dot4.py
    const uint4 t_83 = as_uint4(convert_int4(as_char4(high_25)));         // parts/dot4.py
    const uint4 products_105 = t_83 * t_55;
    const int total_99 = as_int(products_105.x + products_105.y + products_105.z
        + products_105.w);                                                // parts/dot4.py
    const uint4 t_84 = as_uint4(convert_int4(as_char4(low_26)));          // parts/dot4.py
    const uint4 products_106 = t_84 * t_57;
    const int total_100 = as_int(products_106.x + products_106.y + products_106.z
        + products_106.w);                                                // parts/dot4.py
    const uint4 t_85 = as_uint4(convert_int4(as_char4(high_26)));         // parts/dot4.py
    const uint4 products_107 = t_85 * t_59;
    const int total_101 = as_int(products_107.x + products_107.y + products_107.z
        + products_107.w);                                                // parts/dot4.py
    const uint4 t_86 = as_uint4(convert_int4(as_char4(low_27)));          // parts/dot4.py
    const uint4 products_108 = t_86 * t_61;
    const int total_102 = as_int(products_108.x + products_108.y + products_108.z
        + products_108.w);                                                // parts/dot4.py
    const uint4 t_87 = as_uint4(convert_int4(as_char4(high_27)));         // parts/dot4.py
    const uint4 products_109 = t_87 * t_63;
    const int total_103 = as_int(products_109.x + products_109.y + products_109.z
        + products_109.w);                                                // parts/dot4.py
    const int products_110 = as_int(as_uint(as_int(as_uint(as_int(as_uint(total_103)
        + as_uint(as_int(as_uint(total_102)
        + as_uint(as_int(as_uint(total_101)
        + as_uint(as_int(as_uint(total_100)
        + as_uint(as_int(as_uint(total_99)
        + as_uint(as_int(as_uint(total_98)
        + as_uint(as_int(as_uint(total_97) + as_uint(total_96))))))))))))))) * as_uint(256)))
        + as_uint(start_2));                                              // int8/parts.py
    const uint4 products_111 = t_80 * t_64;                               // parts/dot4.py
    const int total_104 = as_int(products_111.x + products_111.y + products_111.z
        + products_111.w);                                                // parts/dot4.py
    const uint4 products_112 = t_81 * t_65;                               // parts/dot4.py
    const int total_105 = as_int(products_112.x + products_112.y + products_112.z
        + products_112.w);                                                // parts/dot4.py
    const uint4 products_113 = t_82 * t_66;                               // parts/dot4.py
    const int total_106 = as_int(products_113.x + products_113.y + products_113.z
        + products_113.w);                                                // parts/dot4.py
    const int plus_6 = as_int(as_uint(total_106)
        + as_uint(as_int(as_uint(total_105)
        + as_uint(as_int(as_uint(total_104) + as_uint(products_110))))));  // parts/dot4.py
    const uint4 products_114 = t_83 * t_67;                               // parts/dot4.py
    const int total_107 = as_int(products_114.x + products_114.y + products_114.z
        + products_114.w);                                                // parts/dot4.py
    const uint4 products_115 = t_84 * t_68;                               // parts/dot4.py
    const int total_108 = as_int(products_115.x + products_115.y + products_115.z
        + products_115.w);                                                // parts/dot4.py
    const uint4 products_116 = t_85 * t_69;                               // parts/dot4.py
    const int total_109 = as_int(products_116.x + products_116.y + products_116.z
        + products_116.w);                                                // parts/dot4.py
    const uint4 products_117 = t_86 * t_70;                               // parts/dot4.py
    const int total_110 = as_int(products_117.x + products_117.y + products_117.z
        + products_117.w);                                                // parts/dot4.py
    const uint4 products_118 = t_87 * t_71;                               // parts/dot4.py
    const int total_111 = as_int(products_118.x + products_118.y + products_118.z
        + products_118.w);                                                // parts/dot4.py
    const float2 pair_6 = unpack_half2(scales[at_6 >> 1u]);               // parts/packed_rows.py
    const float scaled_6 = (float)as_int(as_uint(total_111)
        + as_uint(as_int(as_uint(total_110)
        + as_uint(as_int(as_uint(total_109)
        + as_uint(as_int(as_uint(total_108)
        + as_uint(as_int(as_uint(total_107) + as_uint(plus_6))))))))))
        * (((at_6 & 1u) == 1u ? pair_6.y : pair_6.x) * code_scale_1);     // int8/parts.py
    sum_2 += scaled_6;                                                    // int8/parts.py
    const uint low_28 = loads_7.x & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_28 = (loads_7.x >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_29 = loads_7.y & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_29 = (loads_7.y >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_30 = loads_7.z & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_30 = (loads_7.z >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_31 = loads_7.w & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_31 = (loads_7.w >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint4 t_88 = as_uint4(convert_int4(as_char4(low_28)));          // parts/dot4.py
    const uint4 products_119 = t_88 * t_49;
    const int total_112 = as_int(products_119.x + products_119.y + products_119.z
        + products_119.w);                                                // parts/dot4.py
    const uint4 t_89 = as_uint4(convert_int4(as_char4(high_28)));         // parts/dot4.py
    const uint4 products_120 = t_89 * t_51;
    const int total_113 = as_int(products_120.x + products_120.y + products_120.z
        + products_120.w);                                                // parts/dot4.py
    const uint4 t_90 = as_uint4(convert_int4(as_char4(low_29)));          // parts/dot4.py
    const uint4 products_121 = t_90 * t_53;
    const int total_114 = as_int(products_121.x + products_121.y + products_121.z
        + products_121.w);                                                // parts/dot4.py
    const uint4 t_91 = as_uint4(convert_int4(as_char4(high_29)));         // parts/dot4.py
    const uint4 products_122 = t_91 * t_55;
    const int total_115 = as_int(products_122.x + products_122.y + products_122.z
        + products_122.w);                                                // parts/dot4.py
    const uint4 t_92 = as_uint4(convert_int4(as_char4(low_30)));          // parts/dot4.py
    const uint4 products_123 = t_92 * t_57;
    const int total_116 = as_int(products_123.x + products_123.y + products_123.z
        + products_123.w);                                                // parts/dot4.py
    const uint4 t_93 = as_uint4(convert_int4(as_char4(high_30)));         // parts/dot4.py
    const uint4 products_124 = t_93 * t_59;
    const int total_117 = as_int(products_124.x + products_124.y + products_124.z
        + products_124.w);                                                // parts/dot4.py
    const uint4 t_94 = as_uint4(convert_int4(as_char4(low_31)));          // parts/dot4.py
    const uint4 products_125 = t_94 * t_61;
    const int total_118 = as_int(products_125.x + products_125.y + products_125.z
        + products_125.w);                                                // parts/dot4.py
    const uint4 t_95 = as_uint4(convert_int4(as_char4(high_31)));         // parts/dot4.py
    const uint4 products_126 = t_95 * t_63;
    const int total_119 = as_int(products_126.x + products_126.y + products_126.z
        + products_126.w);                                                // parts/dot4.py
    const int products_127 = as_int(as_uint(as_int(as_uint(as_int(as_uint(total_119)
        + as_uint(as_int(as_uint(total_118)
        + as_uint(as_int(as_uint(total_117)
        + as_uint(as_int(as_uint(total_116)
        + as_uint(as_int(as_uint(total_115)
        + as_uint(as_int(as_uint(total_114)
        + as_uint(as_int(as_uint(total_113) + as_uint(total_112))))))))))))))) * as_uint(256)))
        + as_uint(start_2));                                              // int8/parts.py
    const uint4 products_128 = t_88 * t_64;                               // parts/dot4.py
    const int total_120 = as_int(products_128.x + products_128.y + products_128.z
        + products_128.w);                                                // parts/dot4.py
    const uint4 products_129 = t_89 * t_65;                               // parts/dot4.py
    const int total_121 = as_int(products_129.x + products_129.y + products_129.z
        + products_129.w);                                                // parts/dot4.py
    const uint4 products_130 = t_90 * t_66;                               // parts/dot4.py
    const int total_122 = as_int(products_130.x + products_130.y + products_130.z
        + products_130.w);                                                // parts/dot4.py
    const int plus_7 = as_int(as_uint(total_122)
        + as_uint(as_int(as_uint(total_121)
        + as_uint(as_int(as_uint(total_120) + as_uint(products_127))))));  // parts/dot4.py
    const uint4 products_131 = t_91 * t_67;                               // parts/dot4.py
    const int total_123 = as_int(products_131.x + products_131.y + products_131.z
        + products_131.w);                                                // parts/dot4.py
    const uint4 products_132 = t_92 * t_68;                               // parts/dot4.py
    const int total_124 = as_int(products_132.x + products_132.y + products_132.z
        + products_132.w);                                                // parts/dot4.py
    const uint4 products_133 = t_93 * t_69;                               // parts/dot4.py
    const int total_125 = as_int(products_133.x + products_133.y + products_133.z
        + products_133.w);                                                // parts/dot4.py
    const uint4 products_134 = t_94 * t_70;                               // parts/dot4.py
    const int total_126 = as_int(products_134.x + products_134.y + products_134.z
        + products_134.w);                                                // parts/dot4.py
    const uint4 products_135 = t_95 * t_71;                               // parts/dot4.py
    const int total_127 = as_int(products_135.x + products_135.y + products_135.z
        + products_135.w);                                                // parts/dot4.py
    const float2 pair_7 = unpack_half2(scales[at_7 >> 1u]);               // parts/packed_rows.py
    const float scaled_7 = (float)as_int(as_uint(total_127)
        + as_uint(as_int(as_uint(total_126)
        + as_uint(as_int(as_uint(total_125)
        + as_uint(as_int(as_uint(total_124)
        + as_uint(as_int(as_uint(total_123) + as_uint(plus_7))))))))))
        * (((at_7 & 1u) == 1u ? pair_7.y : pair_7.x) * code_scale_1);     // int8/parts.py
    sum_3 += scaled_7;                                                    // int8/parts.py
  }
  const uint index_10 = group * 65u;                                      // int8/results.py
  partial_sums[index_2 + index_10] = sum_0;
  partial_sums[index_4 + index_10] = sum_1;
  partial_sums[index_6 + index_10] = sum_2;
  partial_sums[index_8 + index_10] = sum_3;
  if (index == 0u) {                                                      // int8/results.py
    partial_squares[group] = square_sum;                                  // int8/results.py
  }
  float sum_0_1 = 0.0f;                                                   // int8/parts.py
  float sum_1_1 = 0.0f;
  float sum_2_1 = 0.0f;
  float sum_3_1 = 0.0f;
  for (uint group_3 = group; group_3 < 64u; group_3 += 8u) {              // int8/body.py
    const uint row_4 = index_1 + index_2 + 32u;                           // int8/body.py
    const uint at_4 = row_4 * 64u + group_3;                              // parts/packed_rows.py
    const uint4 loads_4 = quants[at_4];                                   // parts/packed_rows.py
    const uint row_5 = index_1 + index_2 + 33u;                           // int8/body.py
    const uint at_5 = row_5 * 64u + group_3;                              // parts/packed_rows.py
    const uint4 loads_5 = quants[at_5];                                   // parts/packed_rows.py
    const uint row_6 = index_1 + index_2 + 34u;                           // int8/body.py
    const uint at_6 = row_6 * 64u + group_3;                              // parts/packed_rows.py
    const uint4 loads_6 = quants[at_6];                                   // parts/packed_rows.py
    const uint row_7 = index_1 + index_2 + 35u;                           // int8/body.py
    const uint at_7 = row_7 * 64u + group_3;                              // parts/packed_rows.py
    const uint4 loads_7 = quants[at_7];                                   // parts/packed_rows.py
    const uint4 half_5 = x[group_3];                                      // int8/parts.py
    const uint4 half_6 = x[group_3 + 64u];
    const uint4 half_7 = x[group_3 + 128u];
    const uint4 half_8 = x[group_3 + 192u];
    const uint4 factors_1 = x[group_3 + 256u];
    const float code_scale_1 = as_float(factors_1.x);                     // int8/parts.py
    const int start_2 = as_int(as_uint(as_int(factors_1.y)) * as_uint(-8));  // int8/parts.py
    const uint low_16 = loads_4.x & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_16 = (loads_4.x >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_17 = loads_4.y & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_17 = (loads_4.y >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_18 = loads_4.z & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_18 = (loads_4.z >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_19 = loads_4.w & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_19 = (loads_4.w >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint4 t_48 = as_uint4(convert_int4(as_char4(low_16)));          // parts/dot4.py
    const uint4 t_49 = as_uint4(convert_int4(as_char4(half_5.x)));
    const uint4 products_68 = t_48 * t_49;
    const int total_64 = as_int(products_68.x + products_68.y + products_68.z + products_68.w);  // parts/dot4.py
    const uint4 t_50 = as_uint4(convert_int4(as_char4(high_16)));         // parts/dot4.py
    const uint4 t_51 = as_uint4(convert_int4(as_char4(half_5.y)));
    const uint4 products_69 = t_50 * t_51;
    const int total_65 = as_int(products_69.x + products_69.y + products_69.z + products_69.w);  // parts/dot4.py
    const uint4 t_52 = as_uint4(convert_int4(as_char4(low_17)));          // parts/dot4.py
    const uint4 t_53 = as_uint4(convert_int4(as_char4(half_5.z)));
    const uint4 products_70 = t_52 * t_53;
    const int total_66 = as_int(products_70.x + products_70.y + products_70.z + products_70.w);  // parts/dot4.py
    const uint4 t_54 = as_uint4(convert_int4(as_char4(high_17)));         // parts/dot4.py
    const uint4 t_55 = as_uint4(convert_int4(as_char4(half_5.w)));
    const uint4 products_71 = t_54 * t_55;
    const int total_67 = as_int(products_71.x + products_71.y + products_71.z + products_71.w);  // parts/dot4.py
    const uint4 t_56 = as_uint4(convert_int4(as_char4(low_18)));          // parts/dot4.py
    const uint4 t_57 = as_uint4(convert_int4(as_char4(half_6.x)));
    const uint4 products_72 = t_56 * t_57;
    const int total_68 = as_int(products_72.x + products_72.y + products_72.z + products_72.w);  // parts/dot4.py
    const uint4 t_58 = as_uint4(convert_int4(as_char4(high_18)));         // parts/dot4.py
    const uint4 t_59 = as_uint4(convert_int4(as_char4(half_6.y)));
    const uint4 products_73 = t_58 * t_59;
    const int total_69 = as_int(products_73.x + products_73.y + products_73.z + products_73.w);  // parts/dot4.py
    const uint4 t_60 = as_uint4(convert_int4(as_char4(low_19)));          // parts/dot4.py
    const uint4 t_61 = as_uint4(convert_int4(as_char4(half_6.z)));
    const uint4 products_74 = t_60 * t_61;
    const int total_70 = as_int(products_74.x + products_74.y + products_74.z + products_74.w);  // parts/dot4.py
    const uint4 t_62 = as_uint4(convert_int4(as_char4(high_19)));         // parts/dot4.py
    const uint4 t_63 = as_uint4(convert_int4(as_char4(half_6.w)));
    const uint4 products_75 = t_62 * t_63;
    const int total_71 = as_int(products_75.x + products_75.y + products_75.z + products_75.w);  // parts/dot4.py
    const int products_76 = as_int(as_uint(as_int(as_uint(as_int(as_uint(total_71)
        + as_uint(as_int(as_uint(total_70)
        + as_uint(as_int(as_uint(total_69)
        + as_uint(as_int(as_uint(total_68)
        + as_uint(as_int(as_uint(total_67)
        + as_uint(as_int(as_uint(total_66)
        + as_uint(as_int(as_uint(total_65) + as_uint(total_64))))))))))))))) * as_uint(256)))
        + as_uint(start_2));                                              // int8/parts.py
    const uint4 t_64 = as_uint4(convert_int4(as_char4(half_7.x)));        // parts/dot4.py
    const uint4 products_77 = t_48 * t_64;
    const int total_72 = as_int(products_77.x + products_77.y + products_77.z + products_77.w);  // parts/dot4.py
    const uint4 t_65 = as_uint4(convert_int4(as_char4(half_7.y)));        // parts/dot4.py
    const uint4 products_78 = t_50 * t_65;
    const int total_73 = as_int(products_78.x + products_78.y + products_78.z + products_78.w);  // parts/dot4.py
    const uint4 t_66 = as_uint4(convert_int4(as_char4(half_7.z)));        // parts/dot4.py
    const uint4 products_79 = t_52 * t_66;
    const int total_74 = as_int(products_79.x + products_79.y + products_79.z + products_79.w);  // parts/dot4.py
    const int plus_4 = as_int(as_uint(total_74)
        + as_uint(as_int(as_uint(total_73)
        + as_uint(as_int(as_uint(total_72) + as_uint(products_76))))));   // parts/dot4.py
    const uint4 t_67 = as_uint4(convert_int4(as_char4(half_7.w)));        // parts/dot4.py
    const uint4 products_80 = t_54 * t_67;
    const int total_75 = as_int(products_80.x + products_80.y + products_80.z + products_80.w);  // parts/dot4.py
    const uint4 t_68 = as_uint4(convert_int4(as_char4(half_8.x)));        // parts/dot4.py
    const uint4 products_81 = t_56 * t_68;
    const int total_76 = as_int(products_81.x + products_81.y + products_81.z + products_81.w);  // parts/dot4.py
    const uint4 t_69 = as_uint4(convert_int4(as_char4(half_8.y)));        // parts/dot4.py
    const uint4 products_82 = t_58 * t_69;
    const int total_77 = as_int(products_82.x + products_82.y + products_82.z + products_82.w);  // parts/dot4.py
    const uint4 t_70 = as_uint4(convert_int4(as_char4(half_8.z)));        // parts/dot4.py
    const uint4 products_83 = t_60 * t_70;
    const int total_78 = as_int(products_83.x + products_83.y + products_83.z + products_83.w);  // parts/dot4.py
    const uint4 t_71 = as_uint4(convert_int4(as_char4(half_8.w)));        // parts/dot4.py
    const uint4 products_84 = t_62 * t_71;
    const int total_79 = as_int(products_84.x + products_84.y + products_84.z + products_84.w);  // parts/dot4.py
    const float2 pair_4 = unpack_half2(scales[at_4 >> 1u]);               // parts/packed_rows.py
    const float scaled_4 = (float)as_int(as_uint(total_79)
        + as_uint(as_int(as_uint(total_78)
        + as_uint(as_int(as_uint(total_77)
        + as_uint(as_int(as_uint(total_76)
        + as_uint(as_int(as_uint(total_75) + as_uint(plus_4))))))))))
        * (((at_4 & 1u) == 1u ? pair_4.y : pair_4.x) * code_scale_1);     // int8/parts.py
    sum_0_1 += scaled_4;                                                  // int8/parts.py
    const uint low_20 = loads_5.x & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_20 = (loads_5.x >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_21 = loads_5.y & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_21 = (loads_5.y >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_22 = loads_5.z & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_22 = (loads_5.z >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_23 = loads_5.w & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_23 = (loads_5.w >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint4 t_72 = as_uint4(convert_int4(as_char4(low_20)));          // parts/dot4.py
    const uint4 products_85 = t_72 * t_49;
    const int total_80 = as_int(products_85.x + products_85.y + products_85.z + products_85.w);  // parts/dot4.py
    const uint4 t_73 = as_uint4(convert_int4(as_char4(high_20)));         // parts/dot4.py
    const uint4 products_86 = t_73 * t_51;
    const int total_81 = as_int(products_86.x + products_86.y + products_86.z + products_86.w);  // parts/dot4.py
    const uint4 t_74 = as_uint4(convert_int4(as_char4(low_21)));          // parts/dot4.py
    const uint4 products_87 = t_74 * t_53;
    const int total_82 = as_int(products_87.x + products_87.y + products_87.z + products_87.w);  // parts/dot4.py
    const uint4 t_75 = as_uint4(convert_int4(as_char4(high_21)));         // parts/dot4.py
    const uint4 products_88 = t_75 * t_55;
    const int total_83 = as_int(products_88.x + products_88.y + products_88.z + products_88.w);  // parts/dot4.py
    const uint4 t_76 = as_uint4(convert_int4(as_char4(low_22)));          // parts/dot4.py
    const uint4 products_89 = t_76 * t_57;
    const int total_84 = as_int(products_89.x + products_89.y + products_89.z + products_89.w);  // parts/dot4.py
    const uint4 t_77 = as_uint4(convert_int4(as_char4(high_22)));         // parts/dot4.py
    const uint4 products_90 = t_77 * t_59;
    const int total_85 = as_int(products_90.x + products_90.y + products_90.z + products_90.w);  // parts/dot4.py
    const uint4 t_78 = as_uint4(convert_int4(as_char4(low_23)));          // parts/dot4.py
    const uint4 products_91 = t_78 * t_61;
    const int total_86 = as_int(products_91.x + products_91.y + products_91.z + products_91.w);  // parts/dot4.py
    const uint4 t_79 = as_uint4(convert_int4(as_char4(high_23)));         // parts/dot4.py
    const uint4 products_92 = t_79 * t_63;
    const int total_87 = as_int(products_92.x + products_92.y + products_92.z + products_92.w);  // parts/dot4.py
    const int products_93 = as_int(as_uint(as_int(as_uint(as_int(as_uint(total_87)
        + as_uint(as_int(as_uint(total_86)
        + as_uint(as_int(as_uint(total_85)
        + as_uint(as_int(as_uint(total_84)
        + as_uint(as_int(as_uint(total_83)
        + as_uint(as_int(as_uint(total_82)
        + as_uint(as_int(as_uint(total_81) + as_uint(total_80))))))))))))))) * as_uint(256)))
        + as_uint(start_2));                                              // int8/parts.py
    const uint4 products_94 = t_72 * t_64;                                // parts/dot4.py
    const int total_88 = as_int(products_94.x + products_94.y + products_94.z + products_94.w);  // parts/dot4.py
    const uint4 products_95 = t_73 * t_65;                                // parts/dot4.py
    const int total_89 = as_int(products_95.x + products_95.y + products_95.z + products_95.w);  // parts/dot4.py
    const uint4 products_96 = t_74 * t_66;                                // parts/dot4.py
    const int total_90 = as_int(products_96.x + products_96.y + products_96.z + products_96.w);  // parts/dot4.py
    const int plus_5 = as_int(as_uint(total_90)
        + as_uint(as_int(as_uint(total_89)
        + as_uint(as_int(as_uint(total_88) + as_uint(products_93))))));   // parts/dot4.py
    const uint4 products_97 = t_75 * t_67;                                // parts/dot4.py
    const int total_91 = as_int(products_97.x + products_97.y + products_97.z + products_97.w);  // parts/dot4.py
    const uint4 products_98 = t_76 * t_68;                                // parts/dot4.py
    const int total_92 = as_int(products_98.x + products_98.y + products_98.z + products_98.w);  // parts/dot4.py
    const uint4 products_99 = t_77 * t_69;                                // parts/dot4.py
    const int total_93 = as_int(products_99.x + products_99.y + products_99.z + products_99.w);  // parts/dot4.py
    const uint4 products_100 = t_78 * t_70;                               // parts/dot4.py
    const int total_94 = as_int(products_100.x + products_100.y + products_100.z
        + products_100.w);                                                // parts/dot4.py
    const uint4 products_101 = t_79 * t_71;                               // parts/dot4.py
    const int total_95 = as_int(products_101.x + products_101.y + products_101.z
        + products_101.w);                                                // parts/dot4.py
    const float2 pair_5 = unpack_half2(scales[at_5 >> 1u]);               // parts/packed_rows.py
    const float scaled_5 = (float)as_int(as_uint(total_95)
        + as_uint(as_int(as_uint(total_94)
        + as_uint(as_int(as_uint(total_93)
        + as_uint(as_int(as_uint(total_92)
        + as_uint(as_int(as_uint(total_91) + as_uint(plus_5))))))))))
        * (((at_5 & 1u) == 1u ? pair_5.y : pair_5.x) * code_scale_1);     // int8/parts.py
    sum_1_1 += scaled_5;                                                  // int8/parts.py
    const uint low_24 = loads_6.x & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_24 = (loads_6.x >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_25 = loads_6.y & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_25 = (loads_6.y >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_26 = loads_6.z & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_26 = (loads_6.z >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_27 = loads_6.w & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_27 = (loads_6.w >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint4 t_80 = as_uint4(convert_int4(as_char4(low_24)));          // parts/dot4.py
    const uint4 products_102 = t_80 * t_49;
    const int total_96 = as_int(products_102.x + products_102.y + products_102.z
        + products_102.w);                                                // parts/dot4.py
    const uint4 t_81 = as_uint4(convert_int4(as_char4(high_24)));         // parts/dot4.py
    const uint4 products_103 = t_81 * t_51;
    const int total_97 = as_int(products_103.x + products_103.y + products_103.z
        + products_103.w);                                                // parts/dot4.py
    const uint4 t_82 = as_uint4(convert_int4(as_char4(low_25)));          // parts/dot4.py
    const uint4 products_104 = t_82 * t_53;
    const int total_98 = as_int(products_104.x + products_104.y + products_104.z
        + products_104.w);                                                // parts/dot4.py
    const uint4 t_83 = as_uint4(convert_int4(as_char4(high_25)));         // parts/dot4.py
    const uint4 products_105 = t_83 * t_55;
    const int total_99 = as_int(products_105.x + products_105.y + products_105.z
        + products_105.w);                                                // parts/dot4.py
    const uint4 t_84 = as_uint4(convert_int4(as_char4(low_26)));          // parts/dot4.py
    const uint4 products_106 = t_84 * t_57;
    const int total_100 = as_int(products_106.x + products_106.y + products_106.z
        + products_106.w);                                                // parts/dot4.py
    const uint4 t_85 = as_uint4(convert_int4(as_char4(high_26)));         // parts/dot4.py
    const uint4 products_107 = t_85 * t_59;
    const int total_101 = as_int(products_107.x + products_107.y + products_107.z
        + products_107.w);                                                // parts/dot4.py
    const uint4 t_86 = as_uint4(convert_int4(as_char4(low_27)));          // parts/dot4.py
    const uint4 products_108 = t_86 * t_61;
    const int total_102 = as_int(products_108.x + products_108.y + products_108.z
        + products_108.w);                                                // parts/dot4.py
    const uint4 t_87 = as_uint4(convert_int4(as_char4(high_27)));         // parts/dot4.py
    const uint4 products_109 = t_87 * t_63;
    const int total_103 = as_int(products_109.x + products_109.y + products_109.z
        + products_109.w);                                                // parts/dot4.py
    const int products_110 = as_int(as_uint(as_int(as_uint(as_int(as_uint(total_103)
        + as_uint(as_int(as_uint(total_102)
        + as_uint(as_int(as_uint(total_101)
        + as_uint(as_int(as_uint(total_100)
        + as_uint(as_int(as_uint(total_99)
        + as_uint(as_int(as_uint(total_98)
        + as_uint(as_int(as_uint(total_97) + as_uint(total_96))))))))))))))) * as_uint(256)))
        + as_uint(start_2));                                              // int8/parts.py
    const uint4 products_111 = t_80 * t_64;                               // parts/dot4.py
    const int total_104 = as_int(products_111.x + products_111.y + products_111.z
        + products_111.w);                                                // parts/dot4.py
    const uint4 products_112 = t_81 * t_65;                               // parts/dot4.py
    const int total_105 = as_int(products_112.x + products_112.y + products_112.z
        + products_112.w);                                                // parts/dot4.py
    const uint4 products_113 = t_82 * t_66;                               // parts/dot4.py
    const int total_106 = as_int(products_113.x + products_113.y + products_113.z
        + products_113.w);                                                // parts/dot4.py
    const int plus_6 = as_int(as_uint(total_106)
        + as_uint(as_int(as_uint(total_105)
        + as_uint(as_int(as_uint(total_104) + as_uint(products_110))))));  // parts/dot4.py
    const uint4 products_114 = t_83 * t_67;                               // parts/dot4.py
    const int total_107 = as_int(products_114.x + products_114.y + products_114.z
        + products_114.w);                                                // parts/dot4.py
    const uint4 products_115 = t_84 * t_68;                               // parts/dot4.py
    const int total_108 = as_int(products_115.x + products_115.y + products_115.z
        + products_115.w);                                                // parts/dot4.py
    const uint4 products_116 = t_85 * t_69;                               // parts/dot4.py
    const int total_109 = as_int(products_116.x + products_116.y + products_116.z
        + products_116.w);                                                // parts/dot4.py
    const uint4 products_117 = t_86 * t_70;                               // parts/dot4.py
    const int total_110 = as_int(products_117.x + products_117.y + products_117.z
        + products_117.w);                                                // parts/dot4.py
    const uint4 products_118 = t_87 * t_71;                               // parts/dot4.py
    const int total_111 = as_int(products_118.x + products_118.y + products_118.z
        + products_118.w);                                                // parts/dot4.py
    const float2 pair_6 = unpack_half2(scales[at_6 >> 1u]);               // parts/packed_rows.py
    const float scaled_6 = (float)as_int(as_uint(total_111)
        + as_uint(as_int(as_uint(total_110)
        + as_uint(as_int(as_uint(total_109)
        + as_uint(as_int(as_uint(total_108)
        + as_uint(as_int(as_uint(total_107) + as_uint(plus_6))))))))))
        * (((at_6 & 1u) == 1u ? pair_6.y : pair_6.x) * code_scale_1);     // int8/parts.py
    sum_2_1 += scaled_6;                                                  // int8/parts.py
    const uint low_28 = loads_7.x & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_28 = (loads_7.x >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_29 = loads_7.y & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_29 = (loads_7.y >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_30 = loads_7.z & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_30 = (loads_7.z >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint low_31 = loads_7.w & 0x0f0f0f0fu;                          // formats/nibbles.py
    const uint high_31 = (loads_7.w >> 4u) & 0x0f0f0f0fu;                 // formats/nibbles.py
    const uint4 t_88 = as_uint4(convert_int4(as_char4(low_28)));          // parts/dot4.py
    const uint4 products_119 = t_88 * t_49;
    const int total_112 = as_int(products_119.x + products_119.y + products_119.z
        + products_119.w);                                                // parts/dot4.py
    const uint4 t_89 = as_uint4(convert_int4(as_char4(high_28)));         // parts/dot4.py
    const uint4 products_120 = t_89 * t_51;
    const int total_113 = as_int(products_120.x + products_120.y + products_120.z
        + products_120.w);                                                // parts/dot4.py
    const uint4 t_90 = as_uint4(convert_int4(as_char4(low_29)));          // parts/dot4.py
    const uint4 products_121 = t_90 * t_53;
    const int total_114 = as_int(products_121.x + products_121.y + products_121.z
        + products_121.w);                                                // parts/dot4.py
    const uint4 t_91 = as_uint4(convert_int4(as_char4(high_29)));         // parts/dot4.py
    const uint4 products_122 = t_91 * t_55;
    const int total_115 = as_int(products_122.x + products_122.y + products_122.z
        + products_122.w);                                                // parts/dot4.py
    const uint4 t_92 = as_uint4(convert_int4(as_char4(low_30)));          // parts/dot4.py
    const uint4 products_123 = t_92 * t_57;
    const int total_116 = as_int(products_123.x + products_123.y + products_123.z
        + products_123.w);                                                // parts/dot4.py
    const uint4 t_93 = as_uint4(convert_int4(as_char4(high_30)));         // parts/dot4.py
    const uint4 products_124 = t_93 * t_59;
    const int total_117 = as_int(products_124.x + products_124.y + products_124.z
        + products_124.w);                                                // parts/dot4.py
    const uint4 t_94 = as_uint4(convert_int4(as_char4(low_31)));          // parts/dot4.py
    const uint4 products_125 = t_94 * t_61;
    const int total_118 = as_int(products_125.x + products_125.y + products_125.z
        + products_125.w);                                                // parts/dot4.py
    const uint4 t_95 = as_uint4(convert_int4(as_char4(high_31)));         // parts/dot4.py
    const uint4 products_126 = t_95 * t_63;
    const int total_119 = as_int(products_126.x + products_126.y + products_126.z
        + products_126.w);                                                // parts/dot4.py
    const int products_127 = as_int(as_uint(as_int(as_uint(as_int(as_uint(total_119)
        + as_uint(as_int(as_uint(total_118)
        + as_uint(as_int(as_uint(total_117)
        + as_uint(as_int(as_uint(total_116)
        + as_uint(as_int(as_uint(total_115)
        + as_uint(as_int(as_uint(total_114)
        + as_uint(as_int(as_uint(total_113) + as_uint(total_112))))))))))))))) * as_uint(256)))
        + as_uint(start_2));                                              // int8/parts.py
    const uint4 products_128 = t_88 * t_64;                               // parts/dot4.py
    const int total_120 = as_int(products_128.x + products_128.y + products_128.z
        + products_128.w);                                                // parts/dot4.py
    const uint4 products_129 = t_89 * t_65;                               // parts/dot4.py
    const int total_121 = as_int(products_129.x + products_129.y + products_129.z
        + products_129.w);                                                // parts/dot4.py
    const uint4 products_130 = t_90 * t_66;                               // parts/dot4.py
    const int total_122 = as_int(products_130.x + products_130.y + products_130.z
        + products_130.w);                                                // parts/dot4.py
    const int plus_7 = as_int(as_uint(total_122)
        + as_uint(as_int(as_uint(total_121)
        + as_uint(as_int(as_uint(total_120) + as_uint(products_127))))));  // parts/dot4.py
    const uint4 products_131 = t_91 * t_67;                               // parts/dot4.py
    const int total_123 = as_int(products_131.x + products_131.y + products_131.z
        + products_131.w);                                                // parts/dot4.py
    const uint4 products_132 = t_92 * t_68;                               // parts/dot4.py
    const int total_124 = as_int(products_132.x + products_132.y + products_132.z
        + products_132.w);                                                // parts/dot4.py
    const uint4 products_133 = t_93 * t_69;                               // parts/dot4.py
    const int total_125 = as_int(products_133.x + products_133.y + products_133.z
        + products_133.w);                                                // parts/dot4.py
    const uint4 products_134 = t_94 * t_70;                               // parts/dot4.py
    const int total_126 = as_int(products_134.x + products_134.y + products_134.z
        + products_134.w);                                                // parts/dot4.py
    const uint4 products_135 = t_95 * t_71;                               // parts/dot4.py
    const int total_127 = as_int(products_135.x + products_135.y + products_135.z
        + products_135.w);                                                // parts/dot4.py
    const float2 pair_7 = unpack_half2(scales[at_7 >> 1u]);               // parts/packed_rows.py
    const float scaled_7 = (float)as_int(as_uint(total_127)
        + as_uint(as_int(as_uint(total_126)
        + as_uint(as_int(as_uint(total_125)
        + as_uint(as_int(as_uint(total_124)
        + as_uint(as_int(as_uint(total_123) + as_uint(plus_7))))))))))
        * (((at_7 & 1u) == 1u ? pair_7.y : pair_7.x) * code_scale_1);     // int8/parts.py
    sum_3_1 += scaled_7;                                                  // int8/parts.py
  }
  partial_sums[index_2 + 32u + index_10] = sum_0_1;                       // int8/results.py
  partial_sums[index_2 + 33u + index_10] = sum_1_1;
  partial_sums[index_2 + 34u + index_10] = sum_2_1;
  partial_sums[index_2 + 35u + index_10] = sum_3_1;
  barrier(CLK_LOCAL_MEM_FENCE);                                           // int8/results.py
  if (local_id < 32u) {                                                   // parts/distribute.py
    const uint result = local_id * 2u;                                    // int8/results.py
    const uint row_4 = index_1 + result;
    if (row_4 < 384u) {                                                   // int8/results.py
      float total_64 = partial_sums[result];                              // int8/results.py
      for (uint part = 1u; part < 8u; part++) {                           // int8/results.py
        total_64 += partial_sums[part * 65u + result];                    // int8/results.py
      }
      const float value = total_64;                                       // int8/results.py
      const uint result_1 = result + 1u;                                  // int8/results.py
      float total_65 = partial_sums[result_1];                            // int8/results.py
      for (uint part = 1u; part < 8u; part++) {                           // int8/results.py
        total_65 += partial_sums[part * 65u + result_1];                  // int8/results.py
      }
      const float value_1 = total_65;                                     // int8/results.py
      float total_66 = partial_squares[0u];                               // int8/results.py
      for (uint part = 1u; part < 8u; part++) {                           // int8/results.py
        total_66 += partial_squares[part];                                // int8/results.py
      }
      const float factor = rsqrt(total_66 * 0.00048828125f + 1e-5f);      // int8/results.py
      const float gate = value * factor;                                  // int8/results.py
      const float gated = gate / (1.0f + exp(-gate)) * (value_1 * factor);  // epilogues/pair.py
      code_values[local_id] = gated;                                      // parts/coded_groups.py
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/coded_groups.py
  if (local_id < 8u) {                                                    // parts/distribute.py
    const uint group_4 = workgroup_id.x + index;                          // parts/coded_groups.py
    if (group_4 < 6u) {                                                   // parts/coded_groups.py
      const uint start_2 = index * 32u;                                   // parts/coded_groups.py
      const float4 x_1 = (float4)(code_values[start_2], code_values[start_2 + 1u],
          code_values[start_2 + 2u], code_values[start_2 + 3u]);          // parts/coded_groups.py
      const uint at_4 = start_2 + 4u;                                     // parts/coded_groups.py
      const uint at_5 = start_2 + 8u;
      const uint at_6 = start_2 + 12u;
      const uint at_7 = start_2 + 16u;
      const uint at_8 = start_2 + 20u;
      const uint at_9 = start_2 + 24u;
      const uint at_10 = start_2 + 28u;
      const uint4 largest = max(as_uint4(x_1) & (uint4)(2147483647u),
          as_uint4((float4)(code_values[at_4], code_values[at_4 + 1u], code_values[at_4 + 2u],
          code_values[at_4 + 3u])) & (uint4)(2147483647u));               // parts/coded_groups.py
      const uint4 largest_1 = max(largest,
          as_uint4((float4)(code_values[at_5], code_values[at_5 + 1u], code_values[at_5 + 2u],
          code_values[at_5 + 3u])) & (uint4)(2147483647u));
      const uint4 largest_2 = max(largest_1,
          as_uint4((float4)(code_values[at_6], code_values[at_6 + 1u], code_values[at_6 + 2u],
          code_values[at_6 + 3u])) & (uint4)(2147483647u));
      const uint4 largest_3 = max(largest_2,
          as_uint4((float4)(code_values[at_7], code_values[at_7 + 1u], code_values[at_7 + 2u],
          code_values[at_7 + 3u])) & (uint4)(2147483647u));
      const uint4 largest_4 = max(largest_3,
          as_uint4((float4)(code_values[at_8], code_values[at_8 + 1u], code_values[at_8 + 2u],
          code_values[at_8 + 3u])) & (uint4)(2147483647u));
      const uint4 largest_5 = max(largest_4,
          as_uint4((float4)(code_values[at_9], code_values[at_9 + 1u], code_values[at_9 + 2u],
          code_values[at_9 + 3u])) & (uint4)(2147483647u));
      const uint4 largest_6 = max(largest_5,
          as_uint4((float4)(code_values[at_10], code_values[at_10 + 1u],
          code_values[at_10 + 2u], code_values[at_10 + 3u])) & (uint4)(2147483647u));
      const uint largest_7 = max(max(largest_6.x, largest_6.y), max(largest_6.z, largest_6.w));  // parts/coded_groups.py
      const uint exponent = min(max(largest_7 >> 23u, 27u), 252u);        // parts/coded_groups.py
      const float steps = (float)(2130706432u
          / ((((largest_7 & 0x007fffffu) | 0x00800000u) >> 8u) + 1u))
          * as_float((253u - exponent) << 23u);                           // parts/coded_groups.py
      const uint at_11 = local_id * 4u;                                   // parts/coded_groups.py
      const int4 cut = convert_int4_sat((float4)(code_values[at_11], code_values[at_11 + 1u],
          code_values[at_11 + 2u], code_values[at_11 + 3u]) * (steps * 8.0f));  // parts/coded_groups.py
      const int4 parts = as_int4(as_uint4(cut) + as_uint4((int4)(4))) >> (uint4)(3u);  // parts/coded_groups.py
      const uint4 codes = as_uint4(as_int4(as_uint4(parts) + as_uint4((int4)(128))))
          & (uint4)(65280u);                                              // parts/coded_groups.py
      const uint low_16 = (codes.x >> 8u) | codes.y;                      // parts/coded_groups.py
      const uint high_16 = (codes.z << 8u) | (codes.w << 16u);
      const uint words_0 = low_16 | high_16;                              // parts/coded_groups.py
      const uint4 rest = as_uint4(parts) & (uint4)(255u);                 // parts/coded_groups.py
      const uint low_17 = rest.x | (rest.y << 8u);                        // parts/coded_groups.py
      const uint high_17 = (rest.z << 16u) | (rest.w << 24u);
      const uint words_1 = low_17 | high_17;                              // parts/coded_groups.py
      const uint plane = group / 4u;                                      // parts/coded_groups.py
      const uint index_11 = group % 4u;                                   // parts/coded_groups.py
      coded[(plane * 6u + group_4) * 4u + index_11] = words_0;
      const uint plane_1 = plane + 2u;                                    // parts/coded_groups.py
      coded[(plane_1 * 6u + group_4) * 4u + index_11] = words_1;          // parts/coded_groups.py
      const uint4 t_48 = as_uint4(convert_int4(as_char4(16843009u)));     // parts/dot4.py
      const uint4 products_68 = as_uint4(convert_int4(as_char4(words_0))) * t_48;
      const int total_64 = as_int(products_68.x + products_68.y + products_68.z
          + products_68.w);                                               // parts/dot4.py
      const uint4 products_69 = as_uint4(convert_int4(as_char4(words_1))) * t_48;  // parts/dot4.py
      const int total_65 = as_int(products_69.x + products_69.y + products_69.z
          + products_69.w);                                               // parts/dot4.py
      code_sums[local_id] = as_int(as_uint(total_65)
          + as_uint(as_int(as_uint(total_64) * as_uint(256))));           // parts/coded_groups.py
      if (group == 0u) {                                                  // parts/coded_groups.py
        coded[(group_4 + 24u) * 4u] = largest_7
            < 2139095040u ? as_uint(1.0f / steps) : 2143289344u;          // parts/coded_groups.py
      }
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);                                           // parts/coded_groups.py
  if (local_id < 1u) {                                                    // parts/distribute.py
    const uint group_4 = workgroup_id.x + local_id;                       // parts/coded_groups.py
    if (group_4 < 6u) {                                                   // parts/coded_groups.py
      const uint first = local_id * 8u;                                   // parts/coded_groups.py
      const int total_64 = as_int(as_uint(code_sums[first]) + as_uint(code_sums[first + 1u]));  // parts/coded_groups.py
      const int total_65 = as_int(as_uint(total_64) + as_uint(code_sums[first + 2u]));
      const int total_66 = as_int(as_uint(total_65) + as_uint(code_sums[first + 3u]));
      const int total_67 = as_int(as_uint(total_66) + as_uint(code_sums[first + 4u]));
      const int total_68 = as_int(as_uint(total_67) + as_uint(code_sums[first + 5u]));
      const int total_69 = as_int(as_uint(total_68) + as_uint(code_sums[first + 6u]));
      const int total_70 = as_int(as_uint(total_69) + as_uint(code_sums[first + 7u]));
      const uint place = (group_4 + 24u) * 4u;                            // parts/coded_groups.py
      coded[place + 1u] = as_uint(total_70);                              // parts/coded_groups.py
      coded[place + 2u] = 0u;                                             // parts/coded_groups.py
      coded[place + 3u] = 0u;                                             // parts/coded_groups.py
    }
  }
}
