"""The step block: the few numbers that change from one step to the next, read by every kernel that needs
them.

Kernels are specialised on everything static, so a step is this one block and the tokens; nothing is passed
per dispatch. A runtime writes it before each step (or, in a recorded command buffer, lets the device advance
it).
"""

from __future__ import annotations

from kernelc.kir.nodes import Param
from kernelc.kir.types import f32, u32

STEP: tuple[Param, ...] = (
    Param("seq", u32),  # rows fed in this step
    Param("past", u32),  # positions already in the KV cache
    Param("seed", u32),
    Param("top_k", u32),  # 0: off
    Param("temperature", f32),
    Param("top_p", f32),  # 1: off
    Param("min_p", f32),  # 0: off
    Param("repetition_penalty", f32),  # 1: off
)
