"""What a SPIR-V module says of itself."""

from __future__ import annotations

import numpy as np

from runtime.device.program import Extent

_MAGIC, _EXECUTION_MODE, _LOCAL_SIZE, _FUNCTION = 0x07230203, 16, 17, 54
_HEADER_WORDS = 5


def local_size(data: bytes) -> Extent | None:
    """Return the LocalSize of a module with one entry point, None for what is no such module.

    Modes stand before the first function, so what is longest is not looked at.
    Source: the SPIR-V specification, sections 2.3 (modules), 2.4 (their order) and 3.32 (OpExecutionMode).
    """
    words = np.frombuffer(data, "<u4", len(data) // 4)
    found: list[Extent] = []
    at = _HEADER_WORDS
    while at < len(words) and words[0] == _MAGIC:
        length, opcode = int(words[at]) >> 16, int(words[at]) & 0xFFFF
        if opcode == _FUNCTION or not 1 <= length <= len(words) - at:
            break
        if opcode == _EXECUTION_MODE and length == 6 and words[at + 2] == _LOCAL_SIZE:
            x, y, z = words[at + 3 : at + 6].tolist()
            found.append((x, y, z))
        at += length
    return found[0] if len(found) == 1 else None
