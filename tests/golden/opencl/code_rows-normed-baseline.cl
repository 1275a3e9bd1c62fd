// code_rows_96_t2_normed_one_row

__kernel __attribute__((reqd_work_group_size(32, 1, 1)))
void code_rows_96_t2_normed_one_row_kernel(
  __global const float4 *restrict x,
  __global const float4 *restrict code_weight,
  __global uint *restrict coded
) {
  const uint3 workgroup_id = (uint3)(get_group_id(0), get_group_id(1), get_group_id(2));
  const uint local_id = get_local_id(0);
  const uint first = workgroup_id.x * 32u + local_id;                     // int8/code_rows.py
  if (first < 3u) {                                                       // int8/code_rows.py
    const uint four = first * 8u;                                         // int8/code_rows.py
    const uint index = workgroup_id.y * 24u;                              // linear/buffers.py
    const float4 x_1 = x[four + index];
    const float square = dot(x_1, x_1);                                   // int8/code_rows.py
    const float4 x_2 = x_1 * code_weight[four];                           // int8/code_rows.py
    const uint four_1 = four + 1u;                                        // int8/code_rows.py
    const float4 x_3 = x[four_1 + index];                                 // linear/buffers.py
    const float square_1 = square + dot(x_3, x_3);                        // int8/code_rows.py
    const float4 x_4 = x_3 * code_weight[four_1];                         // int8/code_rows.py
    const uint four_2 = four + 2u;                                        // int8/code_rows.py
    const float4 x_5 = x[four_2 + index];                                 // linear/buffers.py
    const float square_2 = square_1 + dot(x_5, x_5);                      // int8/code_rows.py
    const float4 x_6 = x_5 * code_weight[four_2];                         // int8/code_rows.py
    const uint four_3 = four + 3u;                                        // int8/code_rows.py
    const float4 x_7 = x[four_3 + index];                                 // linear/buffers.py
    const float square_3 = square_2 + dot(x_7, x_7);                      // int8/code_rows.py
    const float4 x_8 = x_7 * code_weight[four_3];                         // int8/code_rows.py
    const uint four_4 = four + 4u;                                        // int8/code_rows.py
    const float4 x_9 = x[four_4 + index];                                 // linear/buffers.py
    const float square_4 = square_3 + dot(x_9, x_9);                      // int8/code_rows.py
    const float4 x_10 = x_9 * code_weight[four_4];                        // int8/code_rows.py
    const uint four_5 = four + 5u;                                        // int8/code_rows.py
    const float4 x_11 = x[four_5 + index];                                // linear/buffers.py
    const float square_5 = square_4 + dot(x_11, x_11);                    // int8/code_rows.py
    const float4 x_12 = x_11 * code_weight[four_5];                       // int8/code_rows.py
    const uint four_6 = four + 6u;                                        // int8/code_rows.py
    const float4 x_13 = x[four_6 + index];                                // linear/buffers.py
    const float square_6 = square_5 + dot(x_13, x_13);                    // int8/code_rows.py
    const float4 x_14 = x_13 * code_weight[four_6];                       // int8/code_rows.py
    const uint four_7 = four + 7u;                                        // int8/code_rows.py
    const float4 x_15 = x[four_7 + index];                                // linear/buffers.py
    const float square_7 = square_6 + dot(x_15, x_15);                    // int8/code_rows.py
    const float4 x_16 = x_15 * code_weight[four_7];                       // int8/code_rows.py
    const uint4 largest = max(as_uint4(x_2) & (uint4)(2147483647u), as_uint4(x_4)
        & (uint4)(2147483647u));                                          // parts/coded_groups.py
    const uint4 largest_1 = max(largest, as_uint4(x_6) & (uint4)(2147483647u));
    const uint4 largest_2 = max(largest_1, as_uint4(x_8) & (uint4)(2147483647u));
    const uint4 largest_3 = max(largest_2, as_uint4(x_10) & (uint4)(2147483647u));
    const uint4 largest_4 = max(largest_3, as_uint4(x_12) & (uint4)(2147483647u));
    const uint4 largest_5 = max(largest_4, as_uint4(x_14) & (uint4)(2147483647u));
    const uint4 largest_6 = max(largest_5, as_uint4(x_16) & (uint4)(2147483647u));
    const uint largest_7 = max(max(largest_6.x, largest_6.y), max(largest_6.z, largest_6.w));  // parts/coded_groups.py
    const uint exponent = min(max(largest_7 >> 23u, 27u), 252u);          // parts/coded_groups.py
    const float steps = (float)(2130706432u
        / ((((largest_7 & 0x007fffffu) | 0x00800000u) >> 8u) + 1u))
        * as_float((253u - exponent) << 23u);                             // parts/coded_groups.py
    const float4 t = (float4)(steps * 8.0f);                              // parts/coded_groups.py
    const int4 cut = convert_int4_sat(x_2 * t);
    const int4 parts = as_int4(as_uint4(cut) + as_uint4((int4)(4))) >> (uint4)(3u);  // parts/coded_groups.py
    const uint4 codes = as_uint4(as_int4(as_uint4(parts) + as_uint4((int4)(128))))
        & (uint4)(65280u);                                                // parts/coded_groups.py
    const uint low = (codes.x >> 8u) | codes.y;                           // parts/coded_groups.py
    const uint high = (codes.z << 8u) | (codes.w << 16u);
    const uint word = low | high;                                         // parts/coded_groups.py
    const uint4 rest = as_uint4(parts) & (uint4)(255u);                   // parts/coded_groups.py
    const uint low_1 = rest.x | (rest.y << 8u);                           // parts/coded_groups.py
    const uint high_1 = (rest.z << 16u) | (rest.w << 24u);
    const uint word_1 = low_1 | high_1;                                   // parts/coded_groups.py
    const int4 cut_1 = convert_int4_sat(x_4 * t);                         // parts/coded_groups.py
    const int4 parts_1 = as_int4(as_uint4(cut_1) + as_uint4((int4)(4))) >> (uint4)(3u);  // parts/coded_groups.py
    const uint4 codes_1 = as_uint4(as_int4(as_uint4(parts_1) + as_uint4((int4)(128))))
        & (uint4)(65280u);                                                // parts/coded_groups.py
    const uint low_2 = (codes_1.x >> 8u) | codes_1.y;                     // parts/coded_groups.py
    const uint high_2 = (codes_1.z << 8u) | (codes_1.w << 16u);
    const uint word_2 = low_2 | high_2;                                   // parts/coded_groups.py
    const uint4 rest_1 = as_uint4(parts_1) & (uint4)(255u);               // parts/coded_groups.py
    const uint low_3 = rest_1.x | (rest_1.y << 8u);                       // parts/coded_groups.py
    const uint high_3 = (rest_1.z << 16u) | (rest_1.w << 24u);
    const uint word_3 = low_3 | high_3;                                   // parts/coded_groups.py
    const int4 cut_2 = convert_int4_sat(x_6 * t);                         // parts/coded_groups.py
    const int4 parts_2 = as_int4(as_uint4(cut_2) + as_uint4((int4)(4))) >> (uint4)(3u);  // parts/coded_groups.py
    const uint4 codes_2 = as_uint4(as_int4(as_uint4(parts_2) + as_uint4((int4)(128))))
        & (uint4)(65280u);                                                // parts/coded_groups.py
    const uint low_4 = (codes_2.x >> 8u) | codes_2.y;                     // parts/coded_groups.py
    const uint high_4 = (codes_2.z << 8u) | (codes_2.w << 16u);
    const uint word_4 = low_4 | high_4;                                   // parts/coded_groups.py
    const uint4 rest_2 = as_uint4(parts_2) & (uint4)(255u);               // parts/coded_groups.py
    const uint low_5 = rest_2.x | (rest_2.y << 8u);                       // parts/coded_groups.py
    const uint high_5 = (rest_2.z << 16u) | (rest_2.w << 24u);
    const uint word_5 = low_5 | high_5;                                   // parts/coded_groups.py
    const int4 cut_3 = convert_int4_sat(x_8 * t);                         // parts/coded_groups.py
    const int4 parts_3 = as_int4(as_uint4(cut_3) + as_uint4((int4)(4))) >> (uint4)(3u);  // parts/coded_groups.py
    const uint4 codes_3 = as_uint4(as_int4(as_uint4(parts_3) + as_uint4((int4)(128))))
        & (uint4)(65280u);                                                // parts/coded_groups.py
    const uint low_6 = (codes_3.x >> 8u) | codes_3.y;                     // parts/coded_groups.py
    const uint high_6 = (codes_3.z << 8u) | (codes_3.w << 16u);
    const uint word_6 = low_6 | high_6;                                   // parts/coded_groups.py
    const uint4 rest_3 = as_uint4(parts_3) & (uint4)(255u);               // parts/coded_groups.py
    const uint low_7 = rest_3.x | (rest_3.y << 8u);                       // parts/coded_groups.py
    const uint high_7 = (rest_3.z << 16u) | (rest_3.w << 24u);
    const uint word_7 = low_7 | high_7;                                   // parts/coded_groups.py
    const int4 cut_4 = convert_int4_sat(x_10 * t);                        // parts/coded_groups.py
    const int4 parts_4 = as_int4(as_uint4(cut_4) + as_uint4((int4)(4))) >> (uint4)(3u);  // parts/coded_groups.py
    const uint4 codes_4 = as_uint4(as_int4(as_uint4(parts_4) + as_uint4((int4)(128))))
        & (uint4)(65280u);                                                // parts/coded_groups.py
    const uint low_8 = (codes_4.x >> 8u) | codes_4.y;                     // parts/coded_groups.py
    const uint high_8 = (codes_4.z << 8u) | (codes_4.w << 16u);
    const uint word_8 = low_8 | high_8;                                   // parts/coded_groups.py
    const uint4 rest_4 = as_uint4(parts_4) & (uint4)(255u);               // parts/coded_groups.py
    const uint low_9 = rest_4.x | (rest_4.y << 8u);                       // parts/coded_groups.py
    const uint high_9 = (rest_4.z << 16u) | (rest_4.w << 24u);
    const uint word_9 = low_9 | high_9;                                   // parts/coded_groups.py
    const int4 cut_5 = convert_int4_sat(x_12 * t);                        // parts/coded_groups.py
    const int4 parts_5 = as_int4(as_uint4(cut_5) + as_uint4((int4)(4))) >> (uint4)(3u);  // parts/coded_groups.py
    const uint4 codes_5 = as_uint4(as_int4(as_uint4(parts_5) + as_uint4((int4)(128))))
        & (uint4)(65280u);                                                // parts/coded_groups.py
    const uint low_10 = (codes_5.x >> 8u) | codes_5.y;                    // parts/coded_groups.py
    const uint high_10 = (codes_5.z << 8u) | (codes_5.w << 16u);
    const uint word_10 = low_10 | high_10;                                // parts/coded_groups.py
    const uint4 rest_5 = as_uint4(parts_5) & (uint4)(255u);               // parts/coded_groups.py
    const uint low_11 = rest_5.x | (rest_5.y << 8u);                      // parts/coded_groups.py
    const uint high_11 = (rest_5.z << 16u) | (rest_5.w << 24u);
    const uint word_11 = low_11 | high_11;                                // parts/coded_groups.py
    const int4 cut_6 = convert_int4_sat(x_14 * t);                        // parts/coded_groups.py
    const int4 parts_6 = as_int4(as_uint4(cut_6) + as_uint4((int4)(4))) >> (uint4)(3u);  // parts/coded_groups.py
    const uint4 codes_6 = as_uint4(as_int4(as_uint4(parts_6) + as_uint4((int4)(128))))
        & (uint4)(65280u);                                                // parts/coded_groups.py
    const uint low_12 = (codes_6.x >> 8u) | codes_6.y;                    // parts/coded_groups.py
    const uint high_12 = (codes_6.z << 8u) | (codes_6.w << 16u);
    const uint word_12 = low_12 | high_12;                                // parts/coded_groups.py
    const uint4 rest_6 = as_uint4(parts_6) & (uint4)(255u);               // parts/coded_groups.py
    const uint low_13 = rest_6.x | (rest_6.y << 8u);                      // parts/coded_groups.py
    const uint high_13 = (rest_6.z << 16u) | (rest_6.w << 24u);
    const uint word_13 = low_13 | high_13;                                // parts/coded_groups.py
    const int4 cut_7 = convert_int4_sat(x_16 * t);                        // parts/coded_groups.py
    const int4 parts_7 = as_int4(as_uint4(cut_7) + as_uint4((int4)(4))) >> (uint4)(3u);  // parts/coded_groups.py
    const uint4 codes_7 = as_uint4(as_int4(as_uint4(parts_7) + as_uint4((int4)(128))))
        & (uint4)(65280u);                                                // parts/coded_groups.py
    const uint low_14 = (codes_7.x >> 8u) | codes_7.y;                    // parts/coded_groups.py
    const uint high_14 = (codes_7.z << 8u) | (codes_7.w << 16u);
    const uint word_14 = low_14 | high_14;                                // parts/coded_groups.py
    const uint4 rest_7 = as_uint4(parts_7) & (uint4)(255u);               // parts/coded_groups.py
    const uint low_15 = rest_7.x | (rest_7.y << 8u);                      // parts/coded_groups.py
    const uint high_15 = (rest_7.z << 16u) | (rest_7.w << 24u);
    const uint word_15 = low_15 | high_15;                                // parts/coded_groups.py
    const uint4 t_1 = as_uint4(convert_int4(as_char4(16843009u)));        // parts/dot4.py
    const uint4 products = as_uint4(convert_int4(as_char4(word))) * t_1;
    const int total = as_int(products.x + products.y + products.z + products.w);  // parts/dot4.py
    const uint4 products_1 = as_uint4(convert_int4(as_char4(word_1))) * t_1;  // parts/dot4.py
    const int total_1 = as_int(products_1.x + products_1.y + products_1.z + products_1.w);  // parts/dot4.py
    const uint4 products_2 = as_uint4(convert_int4(as_char4(word_2))) * t_1;  // parts/dot4.py
    const int total_2 = as_int(products_2.x + products_2.y + products_2.z + products_2.w);  // parts/dot4.py
    const uint4 products_3 = as_uint4(convert_int4(as_char4(word_3))) * t_1;  // parts/dot4.py
    const int total_3 = as_int(products_3.x + products_3.y + products_3.z + products_3.w);  // parts/dot4.py
    const int total_4 = as_int(as_uint(as_int(as_uint(total_1)
        + as_uint(as_int(as_uint(total) * as_uint(256)))))
        + as_uint(as_int(as_uint(total_3) + as_uint(as_int(as_uint(total_2) * as_uint(256))))));  // parts/coded_groups.py
    const uint4 products_4 = as_uint4(convert_int4(as_char4(word_4))) * t_1;  // parts/dot4.py
    const int total_5 = as_int(products_4.x + products_4.y + products_4.z + products_4.w);  // parts/dot4.py
    const uint4 products_5 = as_uint4(convert_int4(as_char4(word_5))) * t_1;  // parts/dot4.py
    const int total_6 = as_int(products_5.x + products_5.y + products_5.z + products_5.w);  // parts/dot4.py
    const int total_7 = as_int(as_uint(total_4)
        + as_uint(as_int(as_uint(total_6) + as_uint(as_int(as_uint(total_5) * as_uint(256))))));  // parts/coded_groups.py
    const uint4 products_6 = as_uint4(convert_int4(as_char4(word_6))) * t_1;  // parts/dot4.py
    const int total_8 = as_int(products_6.x + products_6.y + products_6.z + products_6.w);  // parts/dot4.py
    const uint4 products_7 = as_uint4(convert_int4(as_char4(word_7))) * t_1;  // parts/dot4.py
    const int total_9 = as_int(products_7.x + products_7.y + products_7.z + products_7.w);  // parts/dot4.py
    const int total_10 = as_int(as_uint(total_7)
        + as_uint(as_int(as_uint(total_9) + as_uint(as_int(as_uint(total_8) * as_uint(256))))));  // parts/coded_groups.py
    const uint4 products_8 = as_uint4(convert_int4(as_char4(word_8))) * t_1;  // parts/dot4.py
    const int total_11 = as_int(products_8.x + products_8.y + products_8.z + products_8.w);  // parts/dot4.py
    const uint4 products_9 = as_uint4(convert_int4(as_char4(word_9))) * t_1;  // parts/dot4.py
    const int total_12 = as_int(products_9.x + products_9.y + products_9.z + products_9.w);  // parts/dot4.py
    const int total_13 = as_int(as_uint(total_10)
        + as_uint(as_int(as_uint(total_12)
        + as_uint(as_int(as_uint(total_11) * as_uint(256))))));           // parts/coded_groups.py
    const uint4 products_10 = as_uint4(convert_int4(as_char4(word_10))) * t_1;  // parts/dot4.py
    const int total_14 = as_int(products_10.x + products_10.y + products_10.z + products_10.w);  // parts/dot4.py
    const uint4 products_11 = as_uint4(convert_int4(as_char4(word_11))) * t_1;  // parts/dot4.py
    const int total_15 = as_int(products_11.x + products_11.y + products_11.z + products_11.w);  // parts/dot4.py
    const int total_16 = as_int(as_uint(total_13)
        + as_uint(as_int(as_uint(total_15)
        + as_uint(as_int(as_uint(total_14) * as_uint(256))))));           // parts/coded_groups.py
    const uint4 products_12 = as_uint4(convert_int4(as_char4(word_12))) * t_1;  // parts/dot4.py
    const int total_17 = as_int(products_12.x + products_12.y + products_12.z + products_12.w);  // parts/dot4.py
    const uint4 products_13 = as_uint4(convert_int4(as_char4(word_13))) * t_1;  // parts/dot4.py
    const int total_18 = as_int(products_13.x + products_13.y + products_13.z + products_13.w);  // parts/dot4.py
    const int total_19 = as_int(as_uint(total_16)
        + as_uint(as_int(as_uint(total_18)
        + as_uint(as_int(as_uint(total_17) * as_uint(256))))));           // parts/coded_groups.py
    const uint4 products_14 = as_uint4(convert_int4(as_char4(word_14))) * t_1;  // parts/dot4.py
    const int total_20 = as_int(products_14.x + products_14.y + products_14.z + products_14.w);  // parts/dot4.py
    const uint4 products_15 = as_uint4(convert_int4(as_char4(word_15))) * t_1;  // parts/dot4.py
    const int total_21 = as_int(products_15.x + products_15.y + products_15.z + products_15.w);  // parts/dot4.py
    const int total_22 = as_int(as_uint(total_19)
        + as_uint(as_int(as_uint(total_21)
        + as_uint(as_int(as_uint(total_20) * as_uint(256))))));           // parts/coded_groups.py
    const uint start = workgroup_id.y * 60u;                              // parts/coded_groups.py
    const uint place = first * 4u + start;                                // parts/coded_groups.py
    coded[place] = word;                                                  // parts/coded_groups.py
    coded[place + 1u] = word_2;
    coded[place + 2u] = word_4;
    coded[place + 3u] = word_6;
    const uint place_1 = (first + 3u) * 4u + start;                       // parts/coded_groups.py
    coded[place_1] = word_8;                                              // parts/coded_groups.py
    coded[place_1 + 1u] = word_10;
    coded[place_1 + 2u] = word_12;
    coded[place_1 + 3u] = word_14;
    const uint place_2 = (first + 6u) * 4u + start;                       // parts/coded_groups.py
    coded[place_2] = word_1;                                              // parts/coded_groups.py
    coded[place_2 + 1u] = word_3;
    coded[place_2 + 2u] = word_5;
    coded[place_2 + 3u] = word_7;
    const uint place_3 = (first + 9u) * 4u + start;                       // parts/coded_groups.py
    coded[place_3] = word_9;                                              // parts/coded_groups.py
    coded[place_3 + 1u] = word_11;
    coded[place_3 + 2u] = word_13;
    coded[place_3 + 3u] = word_15;
    const uint place_4 = (first + 12u) * 4u + start;                      // parts/coded_groups.py
    coded[place_4] = largest_7 < 2139095040u ? as_uint(1.0f / steps) : 2143289344u;  // parts/coded_groups.py
    coded[place_4 + 1u] = as_uint(total_22);                              // parts/coded_groups.py
    coded[place_4 + 2u] = as_uint(square_7);                              // parts/coded_groups.py
    coded[place_4 + 3u] = 0u;                                             // parts/coded_groups.py
  }
}
