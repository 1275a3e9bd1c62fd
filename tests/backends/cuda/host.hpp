// Enough of CUDA and of its PTX to run a printed kernel on the host, for tests of tiles where there is no GPU.
// A workgroup is a fiber for each lane; a warp's collective operation happens when all of its lanes are there.
// Source: PTX ISA, sections "Matrix Fragments for mma.m16n8k16 with floating point type", "... mma.m16n8k8",
// "... mma.m16n8k32", "... mma.m8n8k16", "Warp-level matrix load instruction: ldmatrix", "mbarrier" and
// "cp.async.bulk", "Register Fragments for wgmma.mma_async.m64nNk16" and "Matrix Descriptor Format".
#include <ucontext.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#define __device__
#define __global__
#define __launch_bounds__(threads)
#define __shared__ static
#define __align__(bytes) __attribute__((aligned(bytes)))

struct float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct uint2 { unsigned x, y; };
struct alignas(16) uint4 { unsigned x, y, z, w; };
struct int2 { int x, y; };
struct alignas(16) int4 { int x, y, z, w; };
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
inline int2 make_int2(int x, int y) { return {x, y}; }
inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
inline unsigned min(unsigned a, unsigned b) { return a < b ? a : b; }
inline unsigned max(unsigned a, unsigned b) { return a > b ? a : b; }
template <class To, class From> To same_bits(From from) {
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}
inline float __uint_as_float(unsigned x) { return same_bits<float>(x); }
inline unsigned __float_as_uint(float x) { return same_bits<unsigned>(x); }
inline int __float2int_rz(float x) { return int(x); }
inline unsigned __float2uint_rz(float x) { return unsigned(x); }
inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline int __dp4a(int a, int b, int sum) {
  for (int at = 0; at < 32; at += 8) sum += int(int8_t(a >> at)) * int8_t(b >> at);
  return sum;
}
inline unsigned __byte_perm(unsigned a, unsigned b, unsigned selector) {
  const uint64_t bytes = uint64_t(b) << 32 | a;
  unsigned result = 0;
  for (int at = 0; at < 4; at++) result |= unsigned(bytes >> (selector >> 4 * at & 7) * 8 & 255) << 8 * at;
  return result;
}

// Fibers

struct Index { unsigned x, y, z; };
enum State { READY, AT_BARRIER, IN_WARP, AT_PHASE, DONE };
struct Lane {
  ucontext_t context;
  std::unique_ptr<char[]> stack;
  Index thread;
  State state;
  const char* operation;
  void* operands;
};
static std::vector<Lane> lanes;
static ucontext_t scheduler;
static unsigned current;
static Index blockIdx, blockDim;
#define threadIdx (lanes[current].thread)

static void wait_for(State state, const char* operation, void* operands) {
  Lane& lane = lanes[current];
  lane.state = state, lane.operation = operation, lane.operands = operands;
  swapcontext(&lane.context, &scheduler);
}
inline void __syncthreads() { wait_for(AT_BARRIER, "", nullptr); }
inline void __syncwarp() { wait_for(IN_WARP, "syncwarp", nullptr); }

// A warp's operations: each lane brings its registers, `perform` changes them all.

struct Registers {
  unsigned d[4], a[4], b[2];
  const unsigned char* address;
};
static Registers& of(unsigned first, unsigned lane) { return *static_cast<Registers*>(lanes[first + lane].operands); }

static float half_to_float(unsigned bits) { return float(same_bits<_Float16>(uint16_t(bits))); }

static void load_matrices(unsigned first, bool transposed) {
  for (unsigned matrix = 0; matrix < 4; matrix++) {
    uint16_t cells[8][8];
    for (unsigned row = 0; row < 8; row++) {
      const unsigned char* address = of(first, 8 * matrix + row).address;
      if (reinterpret_cast<uintptr_t>(address) % 16) fprintf(stderr, "ldmatrix: address not aligned\n"), abort();
      memcpy(cells[row], address, 16);
    }
    for (unsigned lane = 0; lane < 32; lane++) {
      const unsigned row = lane / 4, column = lane % 4 * 2;
      const unsigned low = transposed ? cells[column][row] : cells[row][column];
      const unsigned high = transposed ? cells[column + 1][row] : cells[row][column + 1];
      of(first, lane).d[matrix] = high << 16 | low;
    }
  }
}

// Each lane gets the word of the lane whose number differs by `b[0]`.
static void exchange(unsigned first) {
  for (unsigned lane = 0; lane < 32; lane++) of(first, lane).d[0] = of(first, lane ^ of(first, lane).b[0]).a[0];
}

// Which element of a fragment lies where; i counts a lane's elements as PTX does.
static void multiply_halves(unsigned first, unsigned depth) {
  float a[16][16] = {}, b[16][8] = {};
  for (unsigned lane = 0; lane < 32; lane++) {
    const unsigned group = lane / 4, thread = lane % 4;
    Registers& r = of(first, lane);
    for (unsigned i = 0; i < depth / 2; i++) {  // 8 elements of a for k16, 4 for k8
      const unsigned row = i % 4 < 2 ? group : group + 8, column = thread * 2 + i % 2 + (i < 4 ? 0 : 8);
      a[row][column] = half_to_float(r.a[i / 2] >> 16 * (i % 2) & 0xffff);
    }
    for (unsigned i = 0; i < depth / 4; i++)
      b[thread * 2 + i % 2 + (i < 2 ? 0 : 8)][group] = half_to_float(r.b[i / 2] >> 16 * (i % 2) & 0xffff);
  }
  for (unsigned lane = 0; lane < 32; lane++)
    for (unsigned i = 0; i < 4; i++) {
      const unsigned row = lane / 4 + (i < 2 ? 0 : 8), column = lane % 4 * 2 + i % 2;
      float sum = same_bits<float>(of(first, lane).d[i]);
      for (unsigned at = 0; at < depth; at++) sum += a[row][at] * b[at][column];
      of(first, lane).d[i] = same_bits<unsigned>(sum);
    }
}

static void multiply_bytes(unsigned first, unsigned rows, unsigned depth) {
  int a[16][32] = {}, b[32][8] = {};
  const unsigned in_a = rows * depth / 32, in_b = depth * 8 / 32;
  for (unsigned lane = 0; lane < 32; lane++) {
    const unsigned group = lane / 4, thread = lane % 4;
    Registers& r = of(first, lane);
    for (unsigned i = 0; i < in_a; i++) {
      const unsigned row = rows == 8 || i % 8 < 4 ? group : group + 8;
      a[row][thread * 4 + i % 4 + (i < 8 ? 0 : 16)] = int8_t(r.a[i / 4] >> 8 * (i % 4));
    }
    for (unsigned i = 0; i < in_b; i++)
      b[thread * 4 + i % 4 + (i < 4 ? 0 : 16)][group] = int8_t(r.b[i / 4] >> 8 * (i % 4));
  }
  for (unsigned lane = 0; lane < 32; lane++)
    for (unsigned i = 0; i < rows / 4; i++) {
      const unsigned row = lane / 4 + (i < 2 ? 0 : 8), column = lane % 4 * 2 + i % 2;
      int sum = int(of(first, lane).d[i]);
      for (unsigned at = 0; at < depth; at++) sum += a[row][at] * b[at][column];
      of(first, lane).d[i] = unsigned(sum);
    }
}

// Barriers in shared memory, and the copies that they count. A copy arrives some time after it was asked for, and
// later ones first; in a hasty run at once, and the first warp does all it can before the second begins.

struct Phases {
  unsigned expected, pending, parity;
  long bytes;
  void check() {
    if (pending || bytes) return;
    pending = expected, parity ^= 1;
  }
};
struct BulkCopy {
  void* to;
  const void* from;
  unsigned bytes, barrier;
};
static std::map<unsigned, Phases> phases;
static std::vector<BulkCopy> copies;
static bool hasty;
extern "C" void host_hasty(int on) { hasty = on; }
alignas(16) static char shared_origin;

// Shared memory is static here, so 32 bits tell any two places of it apart.
static unsigned last_shared;
inline unsigned __cvta_generic_to_shared(const void* place) {
  return last_shared = unsigned(static_cast<const char*>(place) - &shared_origin);
}
inline void __trap() { fprintf(stderr, "trap\n"), abort(); }
inline const void* __cvta_generic_to_global(const void* place) { return place; }
static void require(bool good, const char* problem) {
  if (!good) fprintf(stderr, "%s\n", problem), abort();
}
inline void host_mbarrier_init(unsigned barrier, unsigned count) { phases[barrier] = {count, count, 0, 0}; }
inline void host_mbarrier_arrive(unsigned barrier, unsigned bytes) {
  require(phases.count(barrier) && phases[barrier].pending, "mbarrier: one arrival too many");
  phases[barrier].pending--, phases[barrier].bytes += bytes;
  phases[barrier].check();
}
inline unsigned host_mbarrier_wait(unsigned barrier, unsigned parity) {
  require(phases.count(barrier), "mbarrier: not initialised");
  if (phases[barrier].parity != parity) return 1;
  wait_for(AT_PHASE, "", nullptr);
  return phases[barrier].parity != parity;
}
static bool deliver_one();
inline void host_bulk(unsigned to, const void* from, unsigned bytes, unsigned barrier) {
  void* const place = &shared_origin + int(to);
  require(!((uintptr_t(place) | uintptr_t(from) | bytes) % 16), "cp.async.bulk: not aligned");
  copies.push_back({place, from, bytes, barrier});
  if (hasty) deliver_one();
}
inline void host_copy(unsigned to, const void* from) {
  void* const place = &shared_origin + int(to);
  require(!((uintptr_t(place) | uintptr_t(from)) % 16), "cp.async: not aligned");
  memcpy(place, from, 16);
}
static bool deliver_one() {
  if (copies.empty()) return false;
  const BulkCopy copy = copies.back();
  copies.pop_back();
  memcpy(copy.to, copy.from, copy.bytes);
  phases[copy.barrier].bytes -= copy.bytes;
  phases[copy.barrier].check();
  return true;
}

// A warp's part of a warpgroup's product: 16 rows of a from its registers, all of b from shared memory, without a
// swizzle: its cells of 16 bytes are 8 elements of a column.
struct GroupRegisters {
  std::vector<float*> d;
  std::vector<unsigned> a;
  unsigned long long place;
};
static void multiply_shared(unsigned first) {
  const auto of = [=](unsigned lane) -> GroupRegisters& { return *static_cast<GroupRegisters*>(lanes[first + lane].operands); };
  float a[16][16] = {};
  for (unsigned lane = 0; lane < 32; lane++)
    for (unsigned i = 0; i < 8; i++) {
      const unsigned row = lane / 4 + (i % 4 < 2 ? 0 : 8), column = lane % 4 * 2 + i % 2 + (i < 4 ? 0 : 8);
      a[row][column] = half_to_float(of(lane).a[i / 2] >> 16 * (i % 2) & 0xffff);
    }
  // A descriptor has 18 bits of an address, which is one near the last that was asked for.
  const unsigned long long place = of(0).place;
  const unsigned low = unsigned(place & 0x3fff) * 16, near = last_shared;
  const int away = int((low - near) << 14) >> 14;
  const char* const begin = &shared_origin + int(near) + away;
  const unsigned leading = unsigned(place >> 16 & 0x3fff) * 16, stride = unsigned(place >> 32 & 0x3fff) * 16;
  require(!(place >> 46) && uintptr_t(begin) % 16 == 0, "wgmma: not a descriptor without a swizzle");
  const auto b = [=](unsigned k, unsigned n) {
    uint16_t half;
    memcpy(&half, begin + n / 8 * stride + n % 8 * 16 + k / 8 * leading + k % 8 * 2, 2);
    return half_to_float(half);
  };
  for (unsigned lane = 0; lane < 32; lane++)
    for (unsigned i = 0; i < of(lane).d.size(); i++) {
      const unsigned row = lane / 4 + (i % 4 < 2 ? 0 : 8), column = i / 4 * 8 + lane % 4 * 2 + i % 2;
      for (unsigned k = 0; k < 16; k++) *of(lane).d[i] += a[row][k] * b(k, column);
    }
}

static void perform(const char* operation, unsigned first) {
  const auto begins = [&](const char* name) { return strncmp(operation, name, strlen(name)) == 0; };
  if (begins("syncwarp")) return;
  if (begins("shfl_xor")) return exchange(first);
  if (begins("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16")) return load_matrices(first, true);
  if (begins("ldmatrix.sync.aligned.m8n8.x4.shared.b16")) return load_matrices(first, false);
  if (begins("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32")) return multiply_halves(first, 16);
  if (begins("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32")) return multiply_halves(first, 8);
  if (begins("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32")) return multiply_bytes(first, 16, 32);
  if (begins("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32")) return multiply_bytes(first, 8, 16);
  if (begins("wgmma.mma_async.sync.aligned.m64n")) return multiply_shared(first);
  fprintf(stderr, "the host does not know %s\n", operation), abort();
}

// What the test writes for an asm statement: (operation, outputs..., inputs...).

inline unsigned bits(float x) { return same_bits<unsigned>(x); }
inline unsigned bits(unsigned x) { return x; }
inline unsigned bits(int x) { return unsigned(x); }
inline void take(float& to, unsigned from) { to = same_bits<float>(from); }
inline void take(unsigned& to, unsigned from) { to = from; }
inline void take(int& to, unsigned from) { to = int(from); }

template <class T> T __shfl_xor_sync(unsigned mask, T x, unsigned distance) {
  Registers r = {};
  r.a[0] = bits(x), r.b[0] = distance;
  wait_for(IN_WARP, "shfl_xor", &r);
  take(x, r.d[0]);
  return x;
}
inline void host_ldmatrix(const char* operation, unsigned& a, unsigned& b, unsigned& c, unsigned& d, const void* row) {
  Registers r = {};
  r.address = static_cast<const unsigned char*>(row);
  wait_for(IN_WARP, operation, &r);
  a = r.d[0], b = r.d[1], c = r.d[2], d = r.d[3];
}
template <class T> void host_mma(const char* operation, std::vector<T*> d, std::vector<unsigned> a, std::vector<unsigned> b) {
  Registers r = {};
  for (size_t at = 0; at < d.size(); at++) r.d[at] = bits(*d[at]);
  for (size_t at = 0; at < a.size(); at++) r.a[at] = a[at];
  for (size_t at = 0; at < b.size(); at++) r.b[at] = b[at];
  wait_for(IN_WARP, operation, &r);
  for (size_t at = 0; at < d.size(); at++) take(*d[at], r.d[at]);
}
inline void host_wgmma(const char* operation, std::vector<float*> d, std::vector<unsigned> a, unsigned long long place) {
  GroupRegisters r = {d, a, place};
  wait_for(IN_WARP, operation, &r);
}
inline void host_unpack(float& low, float& high, unsigned word) {
  low = half_to_float(word & 0xffff), high = half_to_float(word >> 16);
}
inline unsigned host_halves(char operation, unsigned a, unsigned b) {
  unsigned result = 0;
  for (unsigned at = 0; at < 32; at += 16) {
    const _Float16 x = same_bits<_Float16>(uint16_t(a >> at)), y = same_bits<_Float16>(uint16_t(b >> at));
    result |= unsigned(same_bits<uint16_t>(_Float16(operation == 's' ? x - y : x * y))) << at;
  }
  return result;
}
inline void host_pack(unsigned& word, float low, float high) {
  word = unsigned(same_bits<uint16_t>(_Float16(high))) << 16 | same_bits<uint16_t>(_Float16(low));
}

// Running a grid

static std::function<void()> entry;
static void lane_main() {
  entry();
  lanes[current].state = DONE;
  swapcontext(&lanes[current].context, &scheduler);
}

static bool release_warp(unsigned first) {
  unsigned there = 0;
  for (unsigned lane = first; lane < first + 32; lane++)
    there += lanes[lane].state == IN_WARP && !strcmp(lanes[lane].operation, lanes[first].operation);
  if (there != 32) return false;
  perform(lanes[first].operation, first);
  for (unsigned lane = first; lane < first + 32; lane++) lanes[lane].state = READY;
  return true;
}

// Whether any of the lanes got further.
static bool run_lanes(unsigned first, unsigned end) {
  bool moved = false;
  for (current = first; current < end; current++) {
    const State before = lanes[current].state;
    if (before == READY || before == AT_PHASE) swapcontext(&scheduler, &lanes[current].context);
    moved |= before == READY || (before == AT_PHASE && lanes[current].state != AT_PHASE);
  }
  return moved;
}

// 0, or 1 where lanes wait for others that never come, or leave while copies are on their way.
static int run_block(unsigned threads) {
  phases.clear();
  lanes.resize(threads);
  for (unsigned at = 0; at < threads; at++) {
    Lane& lane = lanes[at];
    if (!lane.stack) lane.stack.reset(new char[256 << 10]);
    getcontext(&lane.context);
    lane.context.uc_stack.ss_sp = lane.stack.get(), lane.context.uc_stack.ss_size = 256 << 10;
    lane.context.uc_link = &scheduler;
    lane.thread = {at, 0, 0}, lane.state = READY;
    makecontext(&lane.context, lane_main, 0);
  }
  for (;;) {
    bool moved = false;
    if (threads % 32) {
      moved = run_lanes(0, threads);
    } else if (hasty) {
      for (unsigned first = 0; first < threads; first += 32)
        while (run_lanes(first, first + 32) | release_warp(first)) moved = true;
    } else {
      moved = run_lanes(0, threads);
      for (unsigned first = 0; first < threads; first += 32) moved |= release_warp(first);
    }
    unsigned done = 0, waiting = 0;
    for (Lane& lane : lanes) done += lane.state == DONE, waiting += lane.state == AT_BARRIER;
    if (done == threads) return copies.empty() ? 0 : 1;
    if (waiting == threads) {
      for (Lane& lane : lanes) lane.state = READY;
    } else if (!deliver_one() && !moved) {
      return 1;
    }
  }
}

static int run_grid(unsigned x, unsigned y, unsigned z, unsigned threads, std::function<void()> kernel) {
  entry = kernel, blockDim = {threads, 1, 1};
  for (blockIdx.z = 0; blockIdx.z < z; blockIdx.z++)
    for (blockIdx.y = 0; blockIdx.y < y; blockIdx.y++)
      for (blockIdx.x = 0; blockIdx.x < x; blockIdx.x++)
        if (run_block(threads)) return 1;
  return 0;
}
