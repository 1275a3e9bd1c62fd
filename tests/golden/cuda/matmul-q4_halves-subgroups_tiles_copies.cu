// matmul_q4_gated_344x128_halves

__device__ inline float4 operator+(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
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

__device__ inline unsigned pack_half2(float2 pair) {
  unsigned word;
#if __CUDA_ARCH__ >= 800
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(pair.y), "f"(pair.x));
#else
  asm("{ .reg .b16 low, high;"
      "  cvt.rn.f16.f32 low, %1;"
      "  cvt.rn.f16.f32 high, %2;"
      "  mov.b32 %0, {low, high}; }"
      : "=r"(word) : "f"(pair.x), "f"(pair.y));
#endif
  return word;
}

struct tile_sum_f32_64x128 {
  float x[64];
};

struct tile_a_f16_64x16 {
  unsigned x[4];
};

__device__ inline unsigned scaled_halves(unsigned bytes, unsigned factor, unsigned zero) {
  unsigned halves;
  asm("sub.rn.f16x2 %0, %1, %2;" : "=r"(halves) : "r"(bytes), "r"(zero));
  asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(halves) : "r"(halves), "r"(factor));
  return halves;
}

__device__ inline tile_a_f16_64x16 tile_pack_bytes(
  unsigned upper, unsigned lower, unsigned upper_factor, unsigned lower_factor, unsigned zero
) {
  const unsigned turned = upper ^ 0x80808080u, other = lower ^ 0x80808080u;
  return { { scaled_halves(__byte_perm(turned, 0x64646464u, 0x4140u), upper_factor, zero),
             scaled_halves(__byte_perm(other, 0x64646464u, 0x4140u), lower_factor, zero),
             scaled_halves(__byte_perm(turned, 0x64646464u, 0x4342u), upper_factor, zero),
             scaled_halves(__byte_perm(other, 0x64646464u, 0x4342u), lower_factor, zero) } };
}

#ifdef __CUDA_ARCH_FEAT_SM90_ALL
// Starts sum += a * b, where a descriptor says which place of shared memory b has.
__device__ inline void multiply_shared(
  tile_sum_f32_64x128& sum, tile_a_f16_64x16 a, unsigned long long b
) {
  asm volatile("wgmma.mma_async.sync.aligned.m64n128k16.f32.f16.f16 {"
               "%0, %1, %2, %3, %4, %5, %6, %7, "
               "%8, %9, %10, %11, %12, %13, %14, %15, "
               "%16, %17, %18, %19, %20, %21, %22, %23, "
               "%24, %25, %26, %27, %28, %29, %30, %31, "
               "%32, %33, %34, %35, %36, %37, %38, %39, "
               "%40, %41, %42, %43, %44, %45, %46, %47, "
               "%48, %49, %50, %51, %52, %53, %54, %55, "
               "%56, %57, %58, %59, %60, %61, %62, %63"
               "}, {%64, %65, %66, %67}, %68, 1, 1, 1, 0;"
               : "+f"(sum.x[0]), "+f"(sum.x[1]), "+f"(sum.x[2]), "+f"(sum.x[3]),
                 "+f"(sum.x[4]), "+f"(sum.x[5]), "+f"(sum.x[6]), "+f"(sum.x[7]),
                 "+f"(sum.x[8]), "+f"(sum.x[9]), "+f"(sum.x[10]), "+f"(sum.x[11]),
                 "+f"(sum.x[12]), "+f"(sum.x[13]), "+f"(sum.x[14]), "+f"(sum.x[15]),
                 "+f"(sum.x[16]), "+f"(sum.x[17]), "+f"(sum.x[18]), "+f"(sum.x[19]),
                 "+f"(sum.x[20]), "+f"(sum.x[21]), "+f"(sum.x[22]), "+f"(sum.x[23]),
                 "+f"(sum.x[24]), "+f"(sum.x[25]), "+f"(sum.x[26]), "+f"(sum.x[27]),
                 "+f"(sum.x[28]), "+f"(sum.x[29]), "+f"(sum.x[30]), "+f"(sum.x[31]),
                 "+f"(sum.x[32]), "+f"(sum.x[33]), "+f"(sum.x[34]), "+f"(sum.x[35]),
                 "+f"(sum.x[36]), "+f"(sum.x[37]), "+f"(sum.x[38]), "+f"(sum.x[39]),
                 "+f"(sum.x[40]), "+f"(sum.x[41]), "+f"(sum.x[42]), "+f"(sum.x[43]),
                 "+f"(sum.x[44]), "+f"(sum.x[45]), "+f"(sum.x[46]), "+f"(sum.x[47]),
                 "+f"(sum.x[48]), "+f"(sum.x[49]), "+f"(sum.x[50]), "+f"(sum.x[51]),
                 "+f"(sum.x[52]), "+f"(sum.x[53]), "+f"(sum.x[54]), "+f"(sum.x[55]),
                 "+f"(sum.x[56]), "+f"(sum.x[57]), "+f"(sum.x[58]), "+f"(sum.x[59]),
                 "+f"(sum.x[60]), "+f"(sum.x[61]), "+f"(sum.x[62]), "+f"(sum.x[63])
               : "r"(a.x[0]), "r"(a.x[1]), "r"(a.x[2]), "r"(a.x[3]), "l"(b));
}
#endif

__device__ inline tile_sum_f32_64x128 tile_mma_shared_4(
  const uint4* b,
  unsigned stride,
  tile_sum_f32_64x128 sum,
  tile_a_f16_64x16 a0,
  tile_a_f16_64x16 a1,
  tile_a_f16_64x16 a2,
  tile_a_f16_64x16 a3
) {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
  const unsigned long long first = __cvta_generic_to_shared(b) / 16u % 16384u;
  const unsigned long long place = first | (unsigned long long)(stride) << 16 | 8ull << 32;
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
  multiply_shared(sum, a0, place);
  multiply_shared(sum, a1, place + 2u * stride);
  multiply_shared(sum, a2, place + 4u * stride);
  multiply_shared(sum, a3, place + 6u * stride);
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
  asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
#else
  __trap();  // nobody chooses it where there is no such instruction
#endif
  return sum;
}

// Columns `begin` to `end` alone, as if they were all.
template <unsigned begin, unsigned end>
__device__ inline void tile_store_transposed(
  float* place, unsigned stride, tile_sum_f32_64x128 tile
) {
  const unsigned lane = threadIdx.x % 32u;
  const unsigned row = threadIdx.x % 128u / 32u * 16u + lane / 4u, column = lane % 4u * 2u;
  float* const first = place + column * stride + row;
#pragma unroll
  for (unsigned at = begin / 2u; at < end / 2u; at++)
    first[(at / 4u * 8u - begin + at % 2u) * stride + at / 2u % 2u * 8u] = tile.x[at];
}

__device__ inline void barrier_for_tiles() {
#if __CUDA_ARCH__ >= 900
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
  __syncthreads();
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

struct Step {
  unsigned seq;
  unsigned past;
  unsigned seed;
  unsigned top_k;
  float temperature;
  float top_p;
  float min_p;
  float repetition_penalty;
};

extern "C" __global__ void __launch_bounds__(256) matmul_q4_gated_344x128_halves(
  const uint4* x,
  const uint2* __restrict__ quants,
  const unsigned* __restrict__ scales,
  float2* __restrict__ out,
  const Step* __restrict__ step
) {
  extern __shared__ __align__(16) unsigned char shared_memory[];
  auto& x_blocks_cells = *reinterpret_cast<uint4 (*)[4096]>(shared_memory + 0);
  auto& slabs = *reinterpret_cast<float4 (*)[2176]>(shared_memory + 65568);
  auto& x_blocks = *reinterpret_cast<Stages<2>*>(shared_memory + 65536);
  stages_begin(x_blocks);
  inputs_ready();
  const unsigned first_row = blockIdx.y * 64u;                            // linear/matmul_large.py
  const unsigned team = threadIdx.x / 128u;                               // linear/matmul_large.py
  const unsigned index = threadIdx.x % 128u;                              // linear/matmul_large.py
  const unsigned row = first_row + team / 2u * 64u + index / 32u * 16u + (index % 32u) / 4u;  // linear/matmul_large.py
  const unsigned row_1 = row + 8u;                                        // linear/matmul_large.py
  const unsigned chunk = threadIdx.x % 4u;                                // linear/matmul_large.py
  const unsigned group = chunk * 16u / 32u;                               // linear/matmul_large.py
  const unsigned index_1 = team % 2u;                                     // linear/matmul_large.py
  const unsigned group_1 = group + index_1 * 2u;
  const unsigned index_2 = chunk % 2u;                                    // linear/matmul_large.py
  const unsigned first_group = min(row, 343u) * 4u + group_1;             // linear/matmul_large.py
  const unsigned first_group_1 = min(row_1, 343u) * 4u + group_1;
  tile_sum_f32_64x128 sum = tile_sum_f32_64x128{};                        // linear/matmul_large.py
  const unsigned t = blockIdx.x * 2u;                                     // linear/half_blocks.py
  if (stage_is_free(x_blocks, 0u, 32768u)) {                              // linear/matmul_large.py
    stage_copy(x_blocks, 0u, x_blocks_cells, &x[t * 1024u]);
  }
  const unsigned first = first_group * 2u + index_2;                      // linear/matmul_large.py
  const unsigned first_1 = first_group_1 * 2u + index_2;
  uint2 loaded = quants[first];                                           // linear/matmul_large.py
  unsigned loaded_1 = scales[first_group >> 1u];
  unsigned loaded_2 = first_group;
  uint2 loaded_3 = quants[first_1];
  unsigned loaded_4 = scales[first_group_1 >> 1u];
  unsigned loaded_5 = first_group_1;
  for (unsigned step_1 = 0u; step_1 < 1u; step_1++) {                     // linear/matmul_large.py
    const unsigned step_2 = step_1 + 1u;                                  // linear/matmul_large.py
    if (step_2 < 1u) {
      if (stage_is_free(x_blocks, step_2, 32768u)) {                      // linear/matmul_large.py
        stage_copy(x_blocks, step_2, x_blocks_cells, &x[(t + step_2 * 2u) * 1024u]);
      }
    }
    const uint2 loads = loaded;                                           // linear/matmul_large.py
    const unsigned stored = loaded_1;
    const unsigned at = loaded_2;
    const uint2 loads_1 = loaded_3;
    const unsigned stored_1 = loaded_4;
    const unsigned at_1 = loaded_5;
    const unsigned index_3 = min(step_2, 0u) * 4u;                        // linear/matmul_large.py
    const unsigned at_2 = first_group + index_3;
    const unsigned first_2 = at_2 * 2u + index_2;                         // linear/matmul_large.py
    const unsigned at_3 = first_group_1 + index_3;                        // linear/matmul_large.py
    const unsigned first_3 = at_3 * 2u + index_2;                         // linear/matmul_large.py
    loaded = quants[first_2];                                             // linear/matmul_large.py
    loaded_1 = scales[at_2 >> 1u];
    loaded_2 = at_2;
    loaded_3 = quants[first_3];
    loaded_4 = scales[at_3 >> 1u];
    loaded_5 = at_3;
    stage_wait(x_blocks, step_1);                                         // linear/matmul_large.py
    const unsigned place = (step_1 % 2u) * 2048u + index_1 * 1024u;       // linear/matmul_large.py
    const unsigned low = loads.x & 0x0f0f0f0fu;                           // formats/nibbles.py
    const unsigned high = (loads.x >> 4u) & 0x0f0f0f0fu;                  // formats/nibbles.py
    const unsigned low_1 = loads.y & 0x0f0f0f0fu;                         // formats/nibbles.py
    const unsigned high_1 = (loads.y >> 4u) & 0x0f0f0f0fu;                // formats/nibbles.py
    const float2 pair = unpack_half2(stored);                             // parts/packed_rows.py
    const float scale = (at & 1u) == 1u ? pair.y : pair.x;                // parts/packed_rows.py
    const unsigned both_0 = pack_half2(make_float2(scale, scale));        // linear/matmul_large.py
    const unsigned low_2 = loads_1.x & 0x0f0f0f0fu;                       // formats/nibbles.py
    const unsigned high_2 = (loads_1.x >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
    const unsigned low_3 = loads_1.y & 0x0f0f0f0fu;                       // formats/nibbles.py
    const unsigned high_3 = (loads_1.y >> 4u) & 0x0f0f0f0fu;              // formats/nibbles.py
    const float2 pair_1 = unpack_half2(stored_1);                         // parts/packed_rows.py
    const float scale_1 = (at_1 & 1u) == 1u ? pair_1.y : pair_1.x;        // parts/packed_rows.py
    const unsigned both_1 = pack_half2(make_float2(scale_1, scale_1));    // linear/matmul_large.py
    const tile_a_f16_64x16 a = tile_pack_bytes(low, low_2, both_0, both_1, 0x64886488u);  // linear/matmul_large.py
    const tile_a_f16_64x16 a_1 = tile_pack_bytes(high, high_2, both_0, both_1, 0x64886488u);
    const tile_a_f16_64x16 a_2 = tile_pack_bytes(low_1, low_3, both_0, both_1, 0x64886488u);
    const tile_a_f16_64x16 a_3 = tile_pack_bytes(high_1, high_3, both_0, both_1, 0x64886488u);
    sum = tile_mma_shared_4(&x_blocks_cells[place], 128u, sum, a, a_1, a_2, a_3);  // linear/matmul_large.py
    stage_release(x_blocks, step_1);                                      // linear/matmul_large.py
  }
  const unsigned t_1 = team * 1088u;                                      // linear/matmul_large.py
  tile_store_transposed<0u, 64u>(reinterpret_cast<float*>(&slabs[t_1]), (17u) * 4u, sum);
  barrier_for_tiles();                                                    // linear/matmul_large.py
  for (unsigned block = threadIdx.x; block < 1024u; block += 256u) {      // linear/matmul_large.py
    const unsigned line = block / 16u;                                    // linear/matmul_large.py
    const unsigned column = block % 16u;
    const unsigned tile = column / 16u;                                   // linear/matmul_large.py
    const unsigned index_3 = column % 16u;                                // linear/matmul_large.py
    const unsigned cell = tile * 2176u + line * 17u + index_3;
    const float4 results = slabs[cell];                                   // linear/matmul_large.py
    const float4 results_1 = results + slabs[cell + 1088u];               // linear/matmul_large.py
    const unsigned row_2 = first_row + tile * 64u + index_3 * 4u;         // linear/matmul_large.py
    const unsigned token = blockIdx.x * 128u + line;                      // linear/matmul_large.py
    if (token < step->seq) {                                              // linear/matmul_large.py
      if (row_2 < 344u) {                                                 // linear/matmul_tiled.py
        const unsigned place = row_2 / 4u;                                // linear/buffers.py
        const float gated = results_1.x / (1.0f + expf(-results_1.x)) * results_1.y;  // epilogues/pair.py
        const float gated_1 = results_1.z / (1.0f + expf(-results_1.z)) * results_1.w;
        out[place + token * 86u] = make_float2(gated, gated_1);           // epilogues/pair.py
      }
    }
  }
  barrier_for_tiles();                                                    // linear/matmul_large.py
  tile_store_transposed<64u, 128u>(reinterpret_cast<float*>(&slabs[t_1]), (17u) * 4u, sum);  // linear/matmul_large.py
  barrier_for_tiles();                                                    // linear/matmul_large.py
  for (unsigned block = threadIdx.x; block < 1024u; block += 256u) {      // linear/matmul_large.py
    const unsigned line = block / 16u;                                    // linear/matmul_large.py
    const unsigned column = block % 16u;
    const unsigned tile = column / 16u;                                   // linear/matmul_large.py
    const unsigned index_3 = column % 16u;                                // linear/matmul_large.py
    const unsigned cell = tile * 2176u + line * 17u + index_3;
    const float4 results = slabs[cell];                                   // linear/matmul_large.py
    const float4 results_1 = results + slabs[cell + 1088u];               // linear/matmul_large.py
    const unsigned row_2 = first_row + tile * 64u + index_3 * 4u;         // linear/matmul_large.py
    const unsigned token = blockIdx.x * 128u + line + 64u;                // linear/matmul_large.py
    if (token < step->seq) {                                              // linear/matmul_large.py
      if (row_2 < 344u) {                                                 // linear/matmul_tiled.py
        const unsigned place = row_2 / 4u;                                // linear/buffers.py
        const float gated = results_1.x / (1.0f + expf(-results_1.x)) * results_1.y;  // epilogues/pair.py
        const float gated_1 = results_1.z / (1.0f + expf(-results_1.z)) * results_1.w;
        out[place + token * 86u] = make_float2(gated, gated_1);           // epilogues/pair.py
      }
    }
  }
}
