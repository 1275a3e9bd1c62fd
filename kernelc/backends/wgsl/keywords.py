"""Words a WGSL identifier may not be, or that would hide something the printed kernels use.

Source: WebGPU Shading Language, sections "Keywords" and "Reserved Words".
"""

from __future__ import annotations

from kernelc.backends.wgsl.tiles import WORDS as MATRICES

KEYWORDS = """
alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if
let loop override requires return struct switch true var while
"""

RESERVED = """
NULL Self abstract active alignas alignof as asm asm_fragment async attribute auto await become cast catch
class co_await co_return co_yield coherent column_major common compile compile_fragment concept const_cast
consteval constexpr constinit crate debugger decltype delete demote demote_to_helper do dynamic_cast enum
explicit export extends extern external fallthrough filter final finally friend from fxgroup get goto
groupshared highp impl implements import inline instanceof interface layout lowp macro macro_rules match
mediump meta mod module move mut mutable namespace new nil noexcept noinline nointerpolation non_coherent
noncoherent noperspective null nullptr of operator package packoffset partition pass patch pixelfragment
precise precision premerge priv protected pub public readonly ref regardless register reinterpret_cast require
resource restrict self set shared sizeof smooth snorm static static_assert static_cast std subroutine super
target template this thread_local throw trait try type typedef typeid typename typeof union unless unorm
unsafe unsized use using varying virtual volatile wgsl where with writeonly yield
"""

USED = """
array atomic bitcast bool f16 f32 i32 u32 ptr vec2 vec4 min max dot exp exp2 log sqrt inverseSqrt fma floor
abs select unpack2x16float pack2x16float unpack4xU8 unpack4xI8 dot4I8Packed subgroupAdd subgroupMax
subgroupShuffleXor workgroupUniformLoad workgroupBarrier main step Step workgroup_id local_id subgroup_lane
subgroup_size
"""

UNUSABLE = frozenset(f"{KEYWORDS} {RESERVED} {USED} {MATRICES}".split())
