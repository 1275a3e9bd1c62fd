"""Words an OpenCL C identifier may not be, or that would hide something the printed kernels use.

Source: The OpenCL C Specification, sections "Reserved Data Types", "Keywords" and "Built-in Functions".
"""

from __future__ import annotations

C_KEYWORDS = """
auto break case char const continue default do double else enum extern float for goto if inline int long
register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
_Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn _Static_assert _Thread_local
"""

OPENCL = """
bool half quad complex imaginary uchar ushort uint ulong size_t ptrdiff_t intptr_t uintptr_t event_t sampler_t
queue_t ndrange_t clk_event_t reserve_id_t cl_mem_fence_flags image1d_t image1d_array_t image1d_buffer_t
image2d_t image2d_array_t image2d_depth_t image3d_t atomic_int atomic_uint atomic_flag pipe true false
kernel global local constant private generic read_only write_only read_write uniform vec_step
"""

# Macros that headers or compilers define; the last line is what a gnu mode of clang adds.
MACROS = """
NULL NAN INFINITY MAXFLOAT HUGE_VAL HUGE_VALF CHAR_BIT CHAR_MAX CHAR_MIN INT_MAX INT_MIN UINT_MAX LONG_MAX
FLT_DIG FLT_MAX FLT_MIN FLT_EPSILON FLT_RADIX M_E M_PI M_LOG2E M_LN2 CLK_LOCAL_MEM_FENCE CLK_GLOBAL_MEM_FENCE
unix linux i386
"""

USED = """
abs fabs min max fmin fmax fma dot exp exp2 log sqrt rsqrt floor select barrier vload_half2 vstore_half2_rte
unpack_half2 pack_half2 get_group_id get_local_id step Step workgroup_id local_id
"""

_SCALARS = ("char", "uchar", "short", "ushort", "int", "uint", "long", "ulong", "float", "double", "half")
_VECTORS = frozenset(f"{scalar}{lanes}" for scalar in _SCALARS for lanes in (2, 3, 4, 8, 16))

UNUSABLE = frozenset(f"{C_KEYWORDS} {OPENCL} {MACROS} {USED}".split()) | _VECTORS
