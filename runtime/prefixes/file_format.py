"""A block as a file: what it must be is known before it is read, and what is read is proved.

Eight bytes that say what it is, the sha256 of name, number of bytes of full rows and contents, that number,
and the contents: rows of full caches, then those of rings, or none of them. The name is the file's own. So a
file that was cut short, changed, renamed or written for another layout is none.
"""

from __future__ import annotations

import hashlib
import struct

from runtime.prefixes.store import Block

_MAGIC = b"kprefix1"
_HASH_BYTES = 32
_LENGTH = struct.Struct("<Q")
HEADER_BYTES = len(_MAGIC) + _HASH_BYTES + _LENGTH.size


def encoded(name: str, block: Block) -> list[bytes]:
    """Return the parts of a block's file, one after the other."""
    length, ring = _LENGTH.pack(len(block.full)), block.ring or b""
    return [_MAGIC, _digest(name, length, block.full, ring), length, block.full, ring]


def decoded(name: str, data: bytes, full_bytes: int, ring_bytes: int) -> Block | None:
    """Return the block in a file with this name; None where it is not exactly that, in these sizes."""
    if size_of(len(data), full_bytes, ring_bytes) is None or not data.startswith(_MAGIC):
        return None
    at = len(_MAGIC) + _HASH_BYTES
    length, full = data[at:HEADER_BYTES], data[HEADER_BYTES : HEADER_BYTES + full_bytes]
    ring = data[HEADER_BYTES + full_bytes :]
    if length != _LENGTH.pack(full_bytes) or data[len(_MAGIC) : at] != _digest(name, length, full, ring):
        return None
    return Block(full, ring if ring or not ring_bytes else None)


def size_of(file_bytes: int, full_bytes: int, ring_bytes: int) -> bool | None:
    """Whether a file of this size has the rows of rings; None where no block has this size."""
    if file_bytes == HEADER_BYTES + full_bytes + ring_bytes:
        return True
    return False if file_bytes == HEADER_BYTES + full_bytes else None


def _digest(name: str, *parts: bytes) -> bytes:
    found = hashlib.sha256(bytes.fromhex(name))
    for part in parts:
        found.update(part)
    return found.digest()
