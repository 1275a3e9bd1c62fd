// matvec_int8_norm_q4_2048x4096_t2

__device__ inline float subgroup_sum(float x) {
  for (unsigned distance = 16u; distance > 0u; distance /= 2u) {
    const float other = __shfl_xor_sync(0xffffffffu, x, distance);
    x = x + other;
  }
  return x;
}

__device__ inline float2 unpack_half2(unsigned word) {
  float2 pair;
  asm("{ .reg .b16 low, high;"
      "  mov.b32 {low, high}, %2;"
      "  cvt.f32.f16 %0, low;"
      "  cvt.f32.f16 %1, high; }"
      : "=f"(pair.x), "=f"(pair.y) : "r"(word));
  return pair;
}

__device__ inline float subgroup_shuffle_xor(float x, unsigned distance) {
  return __shfl_xor_sync(0xffffffffu, x, distance);
}

// Waits until the kernel before has ended and what it wrote can be seen; then the next one may start.
__device__ inline void inputs_ready() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// A ring of stages: `full` counts what arrives in each, `empty` the warps that have read it.
template <unsigned count>
struct Stages {
  unsigned long long full[count], empty[count];
};

__device__ inline unsigned shared_address(const void* place) {
  return unsigned(__cvta_generic_to_shared(place));
}

// Waits until a barrier in shared memory has completed the phase of this parity.
__device__ inline void wait_for_phase(unsigned long long& barrier, unsigned parity) {
#if __CUDA_ARCH__ >= 900
  unsigned complete = 0u;
  while (complete == 0u) {
    asm volatile("{ .reg .pred complete;"
                 "  mbarrier.try_wait.parity.shared::cta.b64 complete, [%1], %2;"
                 "  selp.u32 %0, 1, 0, complete; }"
                 : "=r"(complete) : "r"(shared_address(&barrier)), "r"(parity) : "memory");
  }
#endif
}

template <unsigned count>
__device__ inline void stages_begin(Stages<count>& stages, unsigned askers = 1u) {
#if __CUDA_ARCH__ >= 900
  if (threadIdx.x == 0u) {
    const unsigned warps = blockDim.x / 32u;
    for (unsigned stage = 0u; stage < count; stage++) {
      asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;"
                   :: "r"(shared_address(&stages.full[stage])), "r"(askers) : "memory");
      asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;"
                   :: "r"(shared_address(&stages.empty[stage])), "r"(warps) : "memory");
    }
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  }
  __syncthreads();
#endif
}

// Whether this thread asks for the copies into a stage, which all warps have released.
template <unsigned count>
__device__ inline bool stage_is_free(Stages<count>& stages, unsigned number, unsigned bytes) {
#if __CUDA_ARCH__ >= 900
  if (threadIdx.x != 0u) return false;
  const unsigned stage = number % count, round = number / count;
  if (round > 0u) wait_for_phase(stages.empty[stage], (round - 1u) & 1u);
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;"
               :: "r"(shared_address(&stages.full[stage])), "r"(bytes) : "memory");
#else
  __syncthreads();
#endif
  return true;
}

template <unsigned count, typename T, unsigned length>
__device__ inline void stage_copy(
  Stages<count>& stages, unsigned number, T (&part)[length], const T* source
) {
  const unsigned elements = length / count, stage = number % count;
  T* const begin = &part[stage * elements];
#if __CUDA_ARCH__ >= 900
  asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes"
               " [%0], [%1], %2, [%3];"
               :: "r"(shared_address(begin)), "l"(__cvta_generic_to_global(source)),
                  "r"(unsigned(elements * sizeof(T))), "r"(shared_address(&stages.full[stage]))
               : "memory");
#else
  for (unsigned i = threadIdx.x; i < elements; i += blockDim.x) begin[i] = source[i];
#endif
}

// Where every thread asks for copies: waits until all warps have released the stage.
template <unsigned count>
__device__ inline void stage_await(Stages<count>& stages, unsigned number) {
#if __CUDA_ARCH__ >= 900
  const unsigned round = number / count;
  if (round > 0u) wait_for_phase(stages.empty[number % count], (round - 1u) & 1u);
#else
  __syncthreads();
#endif
}

// Asks for a thread's share of so many rows, of `units` of 16 bytes each, which lie `stride` elements apart.
template <unsigned threads, unsigned rows, unsigned units, unsigned stride,
          unsigned count, typename T, unsigned length>
__device__ inline void stage_copy_rows(
  Stages<count>& stages, unsigned number, T (&part)[length], const T* source
) {
  const unsigned each = 16u / sizeof(T);
  T* const begin = &part[number % count * (length / count)];
#pragma unroll
  for (unsigned first = 0u; first < rows * units; first += threads) {
    const unsigned unit = first + threadIdx.x;
    if (rows * units - first < threads && unit >= rows * units) break;
    const unsigned row = unit / units, at = unit % units * each;
    T* const place = begin + row * (length / count / rows) + at;
    const T* const from = source + row * stride + at;
#if __CUDA_ARCH__ >= 900
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;"
                 :: "r"(shared_address(place)), "l"(__cvta_generic_to_global(from)) : "memory");
#else
    for (unsigned i = 0u; i < each; i++) place[i] = from[i];
#endif
  }
}

// Has the stage count this thread's copies once they are there.
template <unsigned count>
__device__ inline void stage_asked(Stages<count>& stages, unsigned number) {
#if __CUDA_ARCH__ >= 900
  asm volatile("cp.async.mbarrier.arrive.noinc.shared::cta.b64 [%0];"
               :: "r"(shared_address(&stages.full[number % count])) : "memory");
#endif
}

template <unsigned count>
__device__ inline void stage_wait(Stages<count>& stages, unsigned number) {
#if __CUDA_ARCH__ >= 900
  wait_for_phase(stages.full[number % count], number / count & 1u);
#else
  __syncthreads();
#endif
}

template <unsigned count>
__device__ inline void stage_release(Stages<count>& stages, unsigned number) {
#if __CUDA_ARCH__ >= 900
  __syncwarp();
  if (threadIdx.x % 32u == 0u) {
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];"
                 :: "r"(shared_address(&stages.empty[number % count])) : "memory");
  }
#endif
}

extern "C" __global__ void __launch_bounds__(256) matvec_int8_norm_q4_2048x4096_t2(
  const uint4* x,
  const uint4* __restrict__ quants,
  const unsigned* __restrict__ scales,
  float* __restrict__ out
) {
  extern __shared__ __align__(16) unsigned char shared_memory[];
  auto& partial_sums = *reinterpret_cast<float (*)[33]>(shared_memory + 110688);
  auto& weights_quants = *reinterpret_cast<uint4 (*)[6144]>(shared_memory + 0);
  auto& weights_scales = *reinterpret_cast<unsigned (*)[3072]>(shared_memory + 98304);
  auto& weights = *reinterpret_cast<Stages<6>*>(shared_memory + 110592);
  stages_begin(weights);
  const unsigned subgroup_lane = threadIdx.x % 32u;
  const unsigned group = threadIdx.x % 32u;                               // parts/reduce.py
  const unsigned index = threadIdx.x / 32u;                               // parts/reduce.py
  const unsigned turns = (63u - blockIdx.x) / 64u + 1u;                   // int8/streamed.py
  const unsigned total = turns * 4u;                                      // int8/streamed.py
  const unsigned stage = blockIdx.x * 4u;                                 // int8/streamed.py
  const unsigned places = stage * 512u;                                   // int8/streamed.py
  if (stage_is_free(weights, 0u, 18432u)) {                               // int8/streamed.py
    stage_copy(weights, 0u, weights_quants, &quants[stage * 1024u]);
    stage_copy(weights, 0u, weights_scales, &scales[places]);
  }
  const unsigned stage_1 = stage + 1u;                                    // int8/streamed.py
  const unsigned places_1 = stage_1 * 512u;                               // int8/streamed.py
  if (stage_is_free(weights, 1u, 18432u)) {                               // int8/streamed.py
    stage_copy(weights, 1u, weights_quants, &quants[stage_1 * 1024u]);
    stage_copy(weights, 1u, weights_scales, &scales[places_1]);
  }
  const unsigned stage_2 = stage + 2u;                                    // int8/streamed.py
  const unsigned places_2 = stage_2 * 512u;                               // int8/streamed.py
  if (stage_is_free(weights, 2u, 18432u)) {                               // int8/streamed.py
    stage_copy(weights, 2u, weights_quants, &quants[stage_2 * 1024u]);
    stage_copy(weights, 2u, weights_scales, &scales[places_2]);
  }
  const unsigned stage_3 = stage + 3u;                                    // int8/streamed.py
  const unsigned places_3 = stage_3 * 512u;                               // int8/streamed.py
  if (stage_is_free(weights, 3u, 18432u)) {                               // int8/streamed.py
    stage_copy(weights, 3u, weights_quants, &quants[stage_3 * 1024u]);
    stage_copy(weights, 3u, weights_scales, &scales[places_3]);
  }
  if (total > 4u) {                                                       // int8/streamed.py
    const unsigned tile = blockIdx.x + 64u;                               // int8/streamed.py
    const unsigned stage_4 = tile * 4u;                                   // int8/streamed.py
    const unsigned places_4 = stage_4 * 512u;                             // int8/streamed.py
    if (stage_is_free(weights, 4u, 18432u)) {                             // int8/streamed.py
      stage_copy(weights, 4u, weights_quants, &quants[stage_4 * 1024u]);
      stage_copy(weights, 4u, weights_scales, &scales[places_4]);
    }
  }
  if (total > 5u) {                                                       // int8/streamed.py
    const unsigned tile = blockIdx.x + 64u;                               // int8/streamed.py
    const unsigned stage_4 = tile * 4u + 1u;                              // int8/streamed.py
    const unsigned places_4 = stage_4 * 512u;                             // int8/streamed.py
    if (stage_is_free(weights, 5u, 18432u)) {                             // int8/streamed.py
      stage_copy(weights, 5u, weights_quants, &quants[stage_4 * 1024u]);
      stage_copy(weights, 5u, weights_scales, &scales[places_4]);
    }
  }
  inputs_ready();                                                         // int8/streamed.py
  const uint4 half_1 = x[group];                                          // int8/parts.py
  const uint4 half_2 = x[group + 128u];
  const uint4 half_3 = x[group + 256u];
  const uint4 half_4 = x[group + 384u];
  const unsigned other = half_1.x;                                        // int8/parts.py
  const unsigned other_1 = half_1.y;
  const unsigned other_2 = half_1.z;
  const unsigned other_3 = half_1.w;
  const unsigned other_4 = half_2.x;
  const unsigned other_5 = half_2.y;
  const unsigned other_6 = half_2.z;
  const unsigned other_7 = half_2.w;
  const unsigned other_8 = half_3.x;
  const unsigned other_9 = half_3.y;
  const unsigned other_10 = half_3.z;
  const unsigned other_11 = half_3.w;
  const unsigned other_12 = half_4.x;
  const unsigned other_13 = half_4.y;
  const unsigned other_14 = half_4.z;
  const unsigned other_15 = half_4.w;
  const uint4 factors = x[group + 512u];                                  // int8/parts.py
  const float code_scale = __uint_as_float(factors.x);                    // int8/parts.py
  const int start = int(unsigned(int(factors.y)) * unsigned(-8));         // int8/parts.py
  const unsigned group_1 = group + 32u;                                   // int8/streamed.py
  const uint4 half_5 = x[group_1];                                        // int8/parts.py
  const uint4 half_6 = x[group_1 + 128u];
  const uint4 half_7 = x[group_1 + 256u];
  const uint4 half_8 = x[group_1 + 384u];
  const unsigned other_16 = half_5.x;                                     // int8/parts.py
  const unsigned other_17 = half_5.y;
  const unsigned other_18 = half_5.z;
  const unsigned other_19 = half_5.w;
  const unsigned other_20 = half_6.x;
  const unsigned other_21 = half_6.y;
  const unsigned other_22 = half_6.z;
  const unsigned other_23 = half_6.w;
  const unsigned other_24 = half_7.x;
  const unsigned other_25 = half_7.y;
  const unsigned other_26 = half_7.z;
  const unsigned other_27 = half_7.w;
  const unsigned other_28 = half_8.x;
  const unsigned other_29 = half_8.y;
  const unsigned other_30 = half_8.z;
  const unsigned other_31 = half_8.w;
  const uint4 factors_1 = x[group_1 + 512u];                              // int8/parts.py
  const float code_scale_1 = __uint_as_float(factors_1.x);                // int8/parts.py
  const int start_1 = int(unsigned(int(factors_1.y)) * unsigned(-8));     // int8/parts.py
  const unsigned group_2 = group + 64u;                                   // int8/streamed.py
  const uint4 half_9 = x[group_2];                                        // int8/parts.py
  const uint4 half_10 = x[group_2 + 128u];
  const uint4 half_11 = x[group_2 + 256u];
  const uint4 half_12 = x[group_2 + 384u];
  const unsigned other_32 = half_9.x;                                     // int8/parts.py
  const unsigned other_33 = half_9.y;
  const unsigned other_34 = half_9.z;
  const unsigned other_35 = half_9.w;
  const unsigned other_36 = half_10.x;
  const unsigned other_37 = half_10.y;
  const unsigned other_38 = half_10.z;
  const unsigned other_39 = half_10.w;
  const unsigned other_40 = half_11.x;
  const unsigned other_41 = half_11.y;
  const unsigned other_42 = half_11.z;
  const unsigned other_43 = half_11.w;
  const unsigned other_44 = half_12.x;
  const unsigned other_45 = half_12.y;
  const unsigned other_46 = half_12.z;
  const unsigned other_47 = half_12.w;
  const uint4 factors_2 = x[group_2 + 512u];                              // int8/parts.py
  const float code_scale_2 = __uint_as_float(factors_2.x);                // int8/parts.py
  const int start_2 = int(unsigned(int(factors_2.y)) * unsigned(-8));     // int8/parts.py
  const unsigned group_3 = group + 96u;                                   // int8/streamed.py
  const uint4 half_13 = x[group_3];                                       // int8/parts.py
  const uint4 half_14 = x[group_3 + 128u];
  const uint4 half_15 = x[group_3 + 256u];
  const uint4 half_16 = x[group_3 + 384u];
  const unsigned other_48 = half_13.x;                                    // int8/parts.py
  const unsigned other_49 = half_13.y;
  const unsigned other_50 = half_13.z;
  const unsigned other_51 = half_13.w;
  const unsigned other_52 = half_14.x;
  const unsigned other_53 = half_14.y;
  const unsigned other_54 = half_14.z;
  const unsigned other_55 = half_14.w;
  const unsigned other_56 = half_15.x;
  const unsigned other_57 = half_15.y;
  const unsigned other_58 = half_15.z;
  const unsigned other_59 = half_15.w;
  const unsigned other_60 = half_16.x;
  const unsigned other_61 = half_16.y;
  const unsigned other_62 = half_16.z;
  const unsigned other_63 = half_16.w;
  const uint4 factors_3 = x[group_3 + 512u];                              // int8/parts.py
  const float code_scale_3 = __uint_as_float(factors_3.x);                // int8/parts.py
  const int start_3 = int(unsigned(int(factors_3.y)) * unsigned(-8));     // int8/parts.py
  float square_sum = 0.0f;                                                // int8/parts.py
  for (unsigned group_4 = subgroup_lane; group_4 < 128u; group_4 += 32u) {  // int8/parts.py
    square_sum += __uint_as_float(x[group_4 + 512u].z);                   // int8/parts.py
  }
  const float square = subgroup_sum(square_sum);                          // int8/streamed.py
  const float factor = rsqrtf(square * 0.00024414062f + 1e-5f);           // int8/streamed.py
  for (unsigned turn = 0u; turn < turns; turn++) {                        // int8/streamed.py
    const unsigned index_1 = (blockIdx.x + turn * 64u) * 32u;             // int8/streamed.py
    for (unsigned batch = 0u; batch < 4u; batch++) {                      // int8/streamed.py
      const unsigned step_1 = turn * 4u + batch;                          // int8/streamed.py
      stage_wait(weights, step_1);                                        // int8/streamed.py
      const unsigned later = step_1 + 5u;                                 // int8/streamed.py
      if (step_1 > 0u && later < total) {                                 // int8/streamed.py
        const unsigned tile = blockIdx.x + later / 4u * 64u;              // int8/streamed.py
        const unsigned stage_4 = tile * 4u + later % 4u;                  // int8/streamed.py
        const unsigned places_4 = stage_4 * 512u;                         // int8/streamed.py
        if (stage_is_free(weights, later, 18432u)) {                      // int8/streamed.py
          stage_copy(weights, later, weights_quants, &quants[stage_4 * 1024u]);
          stage_copy(weights, later, weights_scales, &scales[places_4]);
        }
      }
      float sum_0 = 0.0f;                                                 // int8/parts.py
      const unsigned first = (step_1 % 6u) * 8u + index;                  // int8/streamed.py
      const unsigned index_2 = first * 128u;                              // parts/packed_rows.py
      const unsigned at = index_2 + group;
      const uint4 loads = weights_quants[at];                             // parts/packed_rows.py
      const unsigned low = loads.x & 0x0f0f0f0fu;                         // formats/nibbles.py
      const unsigned high = (loads.x >> 4u) & 0x0f0f0f0fu;                // formats/nibbles.py
      const unsigned low_1 = loads.y & 0x0f0f0f0fu;                       // formats/nibbles.py
      const unsigned high_1 = (loads.y >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
      const unsigned low_2 = loads.z & 0x0f0f0f0fu;                       // formats/nibbles.py
      const unsigned high_2 = (loads.z >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
      const unsigned low_3 = loads.w & 0x0f0f0f0fu;                       // formats/nibbles.py
      const unsigned high_3 = (loads.w >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
      const int products = int(unsigned(int(unsigned(__dp4a(int(high_3), int(other_7),
          __dp4a(int(low_3), int(other_6),
          __dp4a(int(high_2), int(other_5),
          __dp4a(int(low_2), int(other_4),
          __dp4a(int(high_1), int(other_3),
          __dp4a(int(low_1), int(other_2),
          __dp4a(int(high), int(other_1), __dp4a(int(low), int(other), 0)))))))))
          * unsigned(256))) + unsigned(start));                           // int8/parts.py
      const int plus = __dp4a(int(low_1), int(other_10),
          __dp4a(int(high), int(other_9), __dp4a(int(low), int(other_8), products)));  // parts/dot4.py
      const float2 pair = unpack_half2(weights_scales[at >> 1u]);         // parts/packed_rows.py
      const float scaled = float(__dp4a(int(high_3), int(other_15),
          __dp4a(int(low_3), int(other_14),
          __dp4a(int(high_2), int(other_13),
          __dp4a(int(low_2), int(other_12), __dp4a(int(high_1), int(other_11), plus))))))
          * (((at & 1u) == 1u ? pair.y : pair.x) * code_scale);           // int8/parts.py
      sum_0 += scaled;                                                    // int8/parts.py
      const unsigned at_1 = index_2 + group_1;                            // parts/packed_rows.py
      const uint4 loads_1 = weights_quants[at_1];                         // parts/packed_rows.py
      const unsigned low_4 = loads_1.x & 0x0f0f0f0fu;                     // formats/nibbles.py
      const unsigned high_4 = (loads_1.x >> 4u) & 0x0f0f0f0fu;            // formats/nibbles.py
      const unsigned low_5 = loads_1.y & 0x0f0f0f0fu;                     // formats/nibbles.py
      const unsigned high_5 = (loads_1.y >> 4u) & 0x0f0f0f0fu;            // formats/nibbles.py
      const unsigned low_6 = loads_1.z & 0x0f0f0f0fu;                     // formats/nibbles.py
      const unsigned high_6 = (loads_1.z >> 4u) & 0x0f0f0f0fu;            // formats/nibbles.py
      const unsigned low_7 = loads_1.w & 0x0f0f0f0fu;                     // formats/nibbles.py
      const unsigned high_7 = (loads_1.w >> 4u) & 0x0f0f0f0fu;            // formats/nibbles.py
      const int products_1 = int(unsigned(int(unsigned(__dp4a(int(high_7), int(other_23),
          __dp4a(int(low_7), int(other_22),
          __dp4a(int(high_6), int(other_21),
          __dp4a(int(low_6), int(other_20),
          __dp4a(int(high_5), int(other_19),
          __dp4a(int(low_5), int(other_18),
          __dp4a(int(high_4), int(other_17), __dp4a(int(low_4), int(other_16), 0)))))))))
          * unsigned(256))) + unsigned(start_1));                         // int8/parts.py
      const int plus_1 = __dp4a(int(low_5), int(other_26),
          __dp4a(int(high_4), int(other_25), __dp4a(int(low_4), int(other_24), products_1)));  // parts/dot4.py
      const float2 pair_1 = unpack_half2(weights_scales[at_1 >> 1u]);     // parts/packed_rows.py
      const float scaled_1 = float(__dp4a(int(high_7), int(other_31),
          __dp4a(int(low_7), int(other_30),
          __dp4a(int(high_6), int(other_29),
          __dp4a(int(low_6), int(other_28), __dp4a(int(high_5), int(other_27), plus_1))))))
          * (((at_1 & 1u) == 1u ? pair_1.y : pair_1.x) * code_scale_1);   // int8/parts.py
      sum_0 += scaled_1;                                                  // int8/parts.py
      const unsigned at_2 = index_2 + group_2;                            // parts/packed_rows.py
      const uint4 loads_2 = weights_quants[at_2];                         // parts/packed_rows.py
      const unsigned low_8 = loads_2.x & 0x0f0f0f0fu;                     // formats/nibbles.py
      const unsigned high_8 = (loads_2.x >> 4u) & 0x0f0f0f0fu;            // formats/nibbles.py
      const unsigned low_9 = loads_2.y & 0x0f0f0f0fu;                     // formats/nibbles.py
      const unsigned high_9 = (loads_2.y >> 4u) & 0x0f0f0f0fu;            // formats/nibbles.py
      const unsigned low_10 = loads_2.z & 0x0f0f0f0fu;                    // formats/nibbles.py
      const unsigned high_10 = (loads_2.z >> 4u) & 0x0f0f0f0fu;           // formats/nibbles.py
      const unsigned low_11 = loads_2.w & 0x0f0f0f0fu;                    // formats/nibbles.py
      const unsigned high_11 = (loads_2.w >> 4u) & 0x0f0f0f0fu;           // formats/nibbles.py
      const int products_2 = int(unsigned(int(unsigned(__dp4a(int(high_11), int(other_39),
          __dp4a(int(low_11), int(other_38),
          __dp4a(int(high_10), int(other_37),
          __dp4a(int(low_10), int(other_36),
          __dp4a(int(high_9), int(other_35),
          __dp4a(int(low_9), int(other_34),
          __dp4a(int(high_8), int(other_33), __dp4a(int(low_8), int(other_32), 0)))))))))
          * unsigned(256))) + unsigned(start_2));                         // int8/parts.py
      const int plus_2 = __dp4a(int(low_9), int(other_42),
          __dp4a(int(high_8), int(other_41), __dp4a(int(low_8), int(other_40), products_2)));  // parts/dot4.py
      const float2 pair_2 = unpack_half2(weights_scales[at_2 >> 1u]);     // parts/packed_rows.py
      const float scaled_2 = float(__dp4a(int(high_11), int(other_47),
          __dp4a(int(low_11), int(other_46),
          __dp4a(int(high_10), int(other_45),
          __dp4a(int(low_10), int(other_44), __dp4a(int(high_9), int(other_43), plus_2))))))
          * (((at_2 & 1u) == 1u ? pair_2.y : pair_2.x) * code_scale_2);   // int8/parts.py
      sum_0 += scaled_2;                                                  // int8/parts.py
      const unsigned at_3 = index_2 + group_3;                            // parts/packed_rows.py
      const uint4 loads_3 = weights_quants[at_3];                         // parts/packed_rows.py
      const unsigned low_12 = loads_3.x & 0x0f0f0f0fu;                    // formats/nibbles.py
      const unsigned high_12 = (loads_3.x >> 4u) & 0x0f0f0f0fu;           // formats/nibbles.py
      const unsigned low_13 = loads_3.y & 0x0f0f0f0fu;                    // formats/nibbles.py
      const unsigned high_13 = (loads_3.y >> 4u) & 0x0f0f0f0fu;           // formats/nibbles.py
      const unsigned low_14 = loads_3.z & 0x0f0f0f0fu;                    // formats/nibbles.py
      const unsigned high_14 = (loads_3.z >> 4u) & 0x0f0f0f0fu;           // formats/nibbles.py
      const unsigned low_15 = loads_3.w & 0x0f0f0f0fu;                    // formats/nibbles.py
      const unsigned high_15 = (loads_3.w >> 4u) & 0x0f0f0f0fu;           // formats/nibbles.py
      const int products_3 = int(unsigned(int(unsigned(__dp4a(int(high_15), int(other_55),
          __dp4a(int(low_15), int(other_54),
          __dp4a(int(high_14), int(other_53),
          __dp4a(int(low_14), int(other_52),
          __dp4a(int(high_13), int(other_51),
          __dp4a(int(low_13), int(other_50),
          __dp4a(int(high_12), int(other_49), __dp4a(int(low_12), int(other_48), 0)))))))))
          * unsigned(256))) + unsigned(start_3));                         // int8/parts.py
      const int plus_3 = __dp4a(int(low_13), int(other_58),
          __dp4a(int(high_12), int(other_57), __dp4a(int(low_12), int(other_56), products_3)));  // parts/dot4.py
      const float2 pair_3 = unpack_half2(weights_scales[at_3 >> 1u]);     // parts/packed_rows.py
      const float scaled_3 = float(__dp4a(int(high_15), int(other_63),
          __dp4a(int(low_15), int(other_62),
          __dp4a(int(high_14), int(other_61),
          __dp4a(int(low_14), int(other_60), __dp4a(int(high_13), int(other_59), plus_3))))))
          * (((at_3 & 1u) == 1u ? pair_3.y : pair_3.x) * code_scale_3);   // int8/parts.py
      sum_0 += scaled_3;                                                  // int8/parts.py
      stage_release(weights, step_1);                                     // int8/streamed.py
      const float left = sum_0;                                           // parts/reduce.py
      const float partner = subgroup_shuffle_xor(left, 16u);              // parts/reduce.py
      const float left_1 = left + partner;
      const float partner_1 = subgroup_shuffle_xor(left_1, 8u);
      const float left_2 = left_1 + partner_1;
      const float partner_2 = subgroup_shuffle_xor(left_2, 4u);
      const float left_3 = left_2 + partner_2;
      const float partner_3 = subgroup_shuffle_xor(left_3, 2u);
      const float left_4 = left_3 + partner_3;
      const float partner_4 = subgroup_shuffle_xor(left_4, 1u);
      const float total_1 = left_4 + partner_4;
      const unsigned number = subgroup_lane / 32u;                        // parts/reduce.py
      const bool first_1 = subgroup_lane % 32u == 0u;                     // parts/reduce.py
      if (first_1) {                                                      // int8/results.py
        partial_sums[index + batch * 8u + number] = total_1;              // int8/results.py
      }
    }
    __syncthreads();                                                      // int8/results.py
    if (threadIdx.x < 32u) {                                              // parts/distribute.py
      const unsigned row = index_1 + threadIdx.x;                         // int8/results.py
      if (row < 2048u) {                                                  // int8/results.py
        out[row] = partial_sums[threadIdx.x] * factor;                    // epilogues/coded.py
      }
    }
    __syncthreads();                                                      // int8/streamed.py
  }
}
