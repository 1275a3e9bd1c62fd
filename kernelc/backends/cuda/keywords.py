"""Names that a kernel's text may not use for its own values in CUDA C++.

Source: ISO C++20, [lex.key] and [lex.digraph]; CUDA C++ Programming Guide, sections "C++ Language Extensions"
and "Built-in Vector Types"; CUDA Math API for the functions that emitted text calls.
"""

from __future__ import annotations

import re

_CPP = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class
compl concept const consteval constexpr constinit const_cast continue co_await co_return co_yield decltype
default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline
int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register
reinterpret_cast requires return short signed sizeof static static_assert static_cast struct switch template
this thread_local throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t
while xor xor_eq
"""
_CUDA = "threadIdx blockIdx blockDim gridDim warpSize dim3 half uint ushort uchar ulong size_t main"
_MACROS = "linux unix"
_FUNCTIONS = """
abs min max expf exp2f logf sqrtf rsqrtf floorf fabsf fminf fmaxf fmaf exp exp2 log sqrt rsqrt floor fabs fmin
fmax fma dot select join isnan isinf pow sin cos tan atomicAdd
"""
_HELPERS = """
pack_half2 unpack_half2 unpack_u8x4 unpack_i8x4 mma_i8 subgroup_sum subgroup_max subgroup_shuffle_xor
"""
_TYPES = ("float", "int", "uint", "bool")

UNUSABLE = frozenset(
    {
        *_CPP.split(),
        *_CUDA.split(),
        *_MACROS.split(),
        *_FUNCTIONS.split(),
        *_HELPERS.split(),
        *(f"{type}{lanes}" for type in _TYPES for lanes in (1, 2, 3, 4)),
        "step",
        "Step",
        "subgroup_lane",
    }
)


def entry_name(name: str) -> str:
    """A C identifier for a kernel: its own name where that is one."""
    word = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return f"kernel_{word}" if word in UNUSABLE or not re.match(r"[A-Za-z]", word) else word
