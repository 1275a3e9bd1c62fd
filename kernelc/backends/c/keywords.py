"""Words a C identifier may not be, or that would hide something the printed kernels use.

Source: ISO/IEC 9899:2011, 6.4.1 and 7.1.3, and the predefined macros of gcc and clang in their gnu modes.
"""

from __future__ import annotations

KEYWORDS = """
auto break case char const continue default do double else enum extern float for goto if inline int long
register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
asm typeof bool true false
"""

MACROS = "unix linux i386 NULL NAN INFINITY"

# Library functions that compilers know, and what the shell and the prelude define.
USED = """
abs fabs min max fmin fmax fma dot exp exp2 log sqrt rsqrt floor select exit abort main memcpy memset
expf exp2f logf sqrtf floorf fabsf buffers grid first last workgroup workgroup_id local_id step Step f16
"""

_SCALARS = ("f32", "i32", "u32", "f16")
_VECTORS = frozenset(f"{scalar}x{lanes}" for scalar in _SCALARS for lanes in (2, 4, 8))

UNUSABLE = frozenset(f"{KEYWORDS} {MACROS} {USED}".split()) | _VECTORS | frozenset(_SCALARS)
