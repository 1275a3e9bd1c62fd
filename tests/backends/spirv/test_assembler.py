"""The assembler: words of instructions, and errors that name the line."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from kernelc.backends.spirv.assembler import assemble
from kernelc.errors import InternalError


def words(text: str) -> list[int]:
    """The words after the header."""
    module = assemble(text)
    return list(struct.unpack(f"<{len(module) // 4}I", module))[5:]


def test_the_header_says_version_and_bound() -> None:
    module = struct.unpack("<5I", assemble("%a = OpTypeVoid\n%b = OpTypeFunction %a")[:20])
    assert module == (0x07230203, 0x00010300, 0, 3, 0)


def test_ids_are_numbered_as_they_are_mentioned() -> None:
    assert words("OpName %later \"x\"\n%first = OpTypeVoid\n%later = OpTypeBool") == [
        3 << 16 | 5, 1, ord("x"),
        2 << 16 | 19, 2,
        2 << 16 | 20, 1,
    ]  # fmt: skip


def test_strings_end_with_a_zero() -> None:
    assert words('OpName %a "abcd"') == [4 << 16 | 5, 1, int.from_bytes(b"abcd", "little"), 0]
    assert words('OpName %a "a;b"')[2] == int.from_bytes(b"a;b", "little")


def test_comments_and_empty_lines_are_nothing() -> None:
    assert words("; all of it\n\n  OpReturn  ; the rest") == [1 << 16 | 253]


@pytest.mark.parametrize(
    ("type", "number", "bits"),
    [
        ("OpTypeInt 32 0", "4294967295", 0xFFFFFFFF),
        ("OpTypeInt 32 1", "-1", 0xFFFFFFFF),
        ("OpTypeInt 32 1", "-2147483648", 0x80000000),
        ("OpTypeFloat 32", "-0.1", int(np.float32(-0.1).view(np.uint32))),
        ("OpTypeFloat 32", "1.e-45", 1),
        ("OpTypeFloat 16", "65504.0", 0x7BFF),
        ("OpTypeFloat 16", "-0.5", 0xB800),
    ],
)
def test_constants_have_the_bits_of_their_type(type: str, number: str, bits: int) -> None:
    assert words(f"%t = {type}\n%c = OpConstant %t {number}")[-1] == bits


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("OpNonsense", "OpNonsense"),
        ("%x = OpReturn", "OpReturn with a result"),
        ("OpLabel", "OpLabel with no result"),
        ("OpBranch", "no id"),
        ("OpBranch there", "wanted an id, got there"),
        ("OpReturn %x", "did not expect %x"),
        ("OpCapability Kernel", "Kernel"),
        ("OpDecorate %x Offset much", "much"),
        ("%c = OpConstant %nothing 1", "%nothing"),
    ],
)
def test_a_wrong_line_is_named(line: str, reason: str) -> None:
    with pytest.raises(InternalError, match="line 2: ") as caught:
        assemble(f"OpReturn\n{line}")
    assert reason in str(caught.value) and line in str(caught.value)
