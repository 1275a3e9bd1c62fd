"""Names of blocks: a block of a prompt is known by its own ids and by all before them.

A prompt is cut into blocks of `BLOCK` positions; what is left over at its end has no name. A name is the
sha256 of the name before it and of the block's ids, each four bytes, the lowest first. The first follows the
name of the build: the sha256 of the artifact's manifest, which names every kernel and every weight by theirs.
So whoever has a name knows the whole prefix, and rows under it can serve no other prompt and no other build.

The page computes the same names (web/src/prefixes/names.ts).

Source: automatic prefix caching in vLLM (Kwon et al. 2023, arXiv 2309.06180, and its design notes), whose
blocks are hashed along a chain. SGLang's RadixAttention (Zheng et al. 2023, arXiv 2312.07104) keeps the same
prefixes in a tree; a chain of names is that tree without its nodes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

BLOCK = 64
"""Positions of a block. What a prompt has beyond its last whole block is computed again."""
_FIRST = b"kernelc prefix 1\0"


def names_of(build: str, ids: Sequence[int], block: int = BLOCK) -> list[str]:
    """Return the names of the whole blocks that `ids` begin with, as 64 hexadecimal digits each.

    `build` is the sha256 of the artifact's manifest, in hexadecimal digits too.
    """
    before = hashlib.sha256(_FIRST + bytes.fromhex(build) + block.to_bytes(4, "little")).digest()
    found: list[str] = []
    for start in range(0, len(ids) - block + 1, block):
        part = np.asarray(ids[start : start + block], dtype="<u4").tobytes()
        before = hashlib.sha256(before + part).digest()
        found.append(before.hex())
    return found
