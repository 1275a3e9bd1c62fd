"""Formats that only this file knows: a new format is one file, and every kernel family reads it.

`mx4` is what MXFP4 files hold: floats of four bits under a shared exponent, so neither a scale in f16 nor
integer codes. `six` has six bits in words that no 16-byte load divides, in units of three words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.artifact import WeightsWriter
from kernelc.errors import UsageError
from kernelc.ir import formats
from kernelc.ir.formats import FORMATS, KernelFunctions, Packed, SideArray, WeightFormat, register, unregister
from kernelc.ir.formats.arrays import F32, I8, U32
from kernelc.ir.formats.integer_codes import ScaledCodes
from kernelc.ir.formats.kernel_language import V
from kernelc.ir.formats.nibbles import nibble_vectors, pack_nibbles, unpack_nibbles
from kernelc.ir.formats.weight_format import Factors
from kernelc.ir.packed_matrix import PackedMatrix, RowOrder
from kernelc.kernels.embedding import EMBEDDING, EmbeddingProblem
from kernelc.kernels.linear.int8.matvec import MATVEC_INT8
from kernelc.kernels.linear.matmul import MATMUL
from kernelc.kernels.linear.matvec import MATVEC
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.parts.packed_rows import tile_rows, weight_bindings
from kernelc.kernels.spec import KernelSpec
from model.pack import pack_matrices
from model.quantize import quantize
from tests.kernels.harness import VARIANTS, check_kernel
from tests.kernels.linear_problems import linear
from tests.model.test_pack import Rows

LEVELS = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6], np.float32)  # of the OCP Microscaling specification, e2m1


class Mx4(WeightFormat):
    """Nibbles of a sign and an index into LEVELS; byte e beside a group stands for 2^(e - 127)."""

    name = "mx4"
    words_per_group = 4
    unit_words = 1
    sides = (SideArray("exponents", "u8"),)

    def pack_groups(self, grouped: F32) -> Packed:
        peak = np.maximum(np.abs(grouped).max(axis=2), np.float32(2.0**-60))
        exponents = np.floor(np.log2(peak)) - 2
        scaled = np.abs(grouped) * np.exp2(-exponents)[:, :, None]
        index = np.abs(scaled[..., None] - LEVELS).argmin(axis=3)
        codes = (index + 8 * (grouped < 0)).astype(np.int8)
        return Packed(pack_nibbles(codes, 0), ((exponents + 127).astype(np.uint8),))

    def unpack_groups(self, packed: Packed) -> F32:
        codes = unpack_nibbles(packed.quants, 0)
        scales = np.exp2(packed.sides[0].astype(np.float32) - 127)
        return LEVELS[codes & 7] * np.where(codes & 8, np.float32(-1), np.float32(1)) * scales[:, :, None]

    def quantize_groups(self, values: F32, weights: F32 | None) -> Packed:
        packed = self.pack_groups(np.ascontiguousarray(values.T)[None])
        return Packed(packed.quants[0], (packed.sides[0][0],))

    def vectors(self, k: KernelFunctions[V], unit: Sequence[V]) -> list[V]:
        magnitudes = nibble_vectors(k, unit[0] & 0x77777777, 0)
        signs = nibble_vectors(k, (unit[0] >> 3) & 0x11111111, 0)
        return [self._signed(k, m, sign) for m, sign in zip(magnitudes, signs, strict=True)]

    def _signed(self, k: KernelFunctions[V], m: V, sign: V) -> V:
        twice = k.maximum(k.maximum(m, m * 2.0 - 4.0), m * 4.0 - 16.0)  # of indices 0..7: 0 1 2 3 4 6 8 12
        return twice * (sign * -1.0 + 0.5)

    def factors(self, k: KernelFunctions[V], sides: Sequence[Sequence[V]]) -> Factors[V]:
        return Factors(k.float_of_bits(sides[0][0] << 23), None)


class Six(ScaledCodes):
    """Codes of six bits, stored plus 32. Words 0 and 1 of a unit of 16 elements hold low nibbles, as q4's do;
    bits 2v and 2v + 1 of byte b of word 2 are the high bits of element 4v + b."""

    name = "six"
    words_per_group = 6
    unit_words = 3
    code_low, code_high = -32, 31
    byte_zero = 32

    def pack_codes(self, codes: I8) -> U32:
        stored = (codes + np.int8(32)).reshape(*codes.shape[:-1], 2, 16)
        low = pack_nibbles((stored & 15).reshape(codes.shape), 0).reshape(*codes.shape[:-1], 2, 2)
        quarters = (stored >> 4).view(np.uint8).reshape(*codes.shape[:-1], 2, 4, 4)
        high = sum((quarters[..., v, :] << np.uint8(2 * v) for v in range(4)), np.uint8(0))
        words = np.ascontiguousarray(high).view("<u4")
        return np.concatenate([low, words], axis=-1).reshape(*codes.shape[:-1], 6)

    def unpack_codes(self, quants: U32) -> I8:
        shape = quants.shape[:-1]
        units = quants.reshape(*shape, 2, 3)
        low = unpack_nibbles(np.ascontiguousarray(units[..., :2]).reshape(*shape, 4), 0)
        octets = np.ascontiguousarray(units[..., 2:]).view(np.uint8)
        high = np.stack([(octets >> np.uint8(2 * v)) & np.uint8(3) for v in range(4)], axis=-2)
        return low + (high.reshape(*shape, 32).view(np.int8) << np.int8(4)) - np.int8(32)

    def byte_words(self, k: KernelFunctions[V], unit: Sequence[V]) -> list[V]:
        found: list[V] = []
        for v in range(4):
            low = (unit[v // 2] >> (4 * (v % 2))) & 0x0F0F0F0F
            found.append(low | (((unit[2] >> (2 * v)) & 0x03030303) << 4))
        return found

    def vectors(self, k: KernelFunctions[V], unit: Sequence[V]) -> list[V]:
        return [k.to_f32(k.unpack_u8x4(word)) - 32.0 for word in self.byte_words(k, unit)]


NEW = ("mx4", "six")


@pytest.fixture(autouse=True, scope="module")
def _registered() -> Iterator[None]:
    for form in (Mx4(), Six()):
        register(form)
    yield
    for name in NEW:
        unregister(name)


def check(spec: KernelSpec[Any, Any], problem: Any, variant: str, data: st.DataObject) -> None:
    capabilities = VARIANTS[variant]
    schedule = data.draw(st.sampled_from(list(spec.space(capabilities, problem))))
    env = {"seq": 1 if spec in (MATVEC, MATVEC_INT8) else 9, "past": 0, "context": 12}
    seed = data.draw(st.integers(0, 99))
    device = {"executor": "interpreter", "capabilities": capabilities}
    check_kernel(spec, problem, **device, seed=seed, env=env, schedule=schedule)


layers = st.builds(
    lambda form, rows, cols: linear(form, rows, cols),
    st.sampled_from(NEW),
    st.sampled_from([2, 34]),
    st.sampled_from([1, 33, 64, 96]),
)


@pytest.mark.parametrize("variant", ["baseline", "f16-subgroups"])
@given(problem=layers, data=st.data())
def test_a_row_is_multiplied(variant: str, problem: LinearProblem, data: st.DataObject) -> None:
    check(MATVEC, problem, variant, data)


@pytest.mark.parametrize("variant", ["baseline", "f16-subgroups", "tiles"])
@given(problem=layers, data=st.data())
def test_many_rows_are_multiplied(variant: str, problem: LinearProblem, data: st.DataObject) -> None:
    check(MATMUL, problem, variant, data)


@given(form=st.sampled_from(NEW), cols=st.sampled_from([1, 33, 64, 96]), data=st.data())
def test_rows_are_embedded(form: str, cols: int, data: st.DataObject) -> None:
    check(EMBEDDING, EmbeddingProblem(form, cols, 3, 10), "f16-subgroups", data)


@given(rows=st.integers(1, 9), cols=st.sampled_from([1, 33, 96]), data=st.data())
def test_bytes_are_multiplied(rows: int, cols: int, data: st.DataObject) -> None:
    check(MATVEC_INT8, linear("six", rows, cols, terms=data.draw(st.integers(1, 2))), "subgroups", data)


@given(form=st.sampled_from(NEW), cols=st.integers(1, 70), rows=st.integers(1, 5), seed=st.integers(0, 99))
def test_values_come_back(form: str, cols: int, rows: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(rows, cols)).astype(np.float32)
    packed = formats.pack(form, values)
    back = formats.unpack(form, packed, cols)
    assert np.abs(back - values).max() <= np.abs(values).max() * (1 / 4 if form == "mx4" else 1 / 60)
    np.testing.assert_array_equal(formats.unpack(form, formats.pack(form, back), cols), back)
    built = formats.unpack(form, quantize(form, values, name="w"), cols)
    assert np.square(built - values).sum() <= np.square(back - values).sum() * 1.01 + 1e-9


@pytest.mark.parametrize("form", NEW)
def test_an_artifact_holds_them(form: str, tmp_path: Path) -> None:
    values = np.random.default_rng(8).normal(size=(3, 31)).astype(np.float32)
    # one row: the quants of `six` are 24 bytes, which storage pads to 32
    matrix = PackedMatrix("m", ("x",), 3, 31, (RowOrder("identity", 3),), form, 0, 1)
    writer = WeightsWriter(tmp_path)
    pack_matrices(writer, [matrix], Rows(x=values))
    table = writer.finish()
    data = np.frombuffer((tmp_path / table.shards[0].file).read_bytes(), np.uint8)
    segments = {array: table.tensors[each.name].segments[0] for array, each in matrix.stored_arrays.items()}
    stored = {array: data[segment.offset :][: segment.bytes] for array, segment in segments.items()}
    back = formats.unpack(form, formats.packed_from_bytes(form, stored, 1, 31), 31)
    wanted = quantize(form, values[:1], name="m")
    np.testing.assert_array_equal(back, formats.unpack(form, wanted, 31))


def test_sizes_follow_from_the_descriptor() -> None:
    assert FORMATS["mx4"].bits_per_weight == 4.25 and FORMATS["six"].bits_per_weight == 6.5
    assert FORMATS["six"].stored_arrays(3, 33) == {"quants": 3 * 2 * 24, "scales": 16}
    assert formats.tensor_bytes("mx4.exponents", (3, 33)) == 16
    assert [str(binding.type) for binding in weight_bindings("six", 3, 33)] == ["u32x2", "u32"]
    assert (tile_rows("q4"), tile_rows("six"), tile_rows("mx4")) == (24, 24, 48)


@pytest.mark.parametrize("form", ["mx4", "f16", "f32"])
def test_weights_that_are_no_bytes_are_refused_by_name(form: str) -> None:
    problem = linear(form, 8, 32)
    with pytest.raises(UsageError, match=f"those of {form} are not") as caught:
        MATVEC_INT8.kernel(problem, MATVEC_INT8.default(VARIANTS["baseline"], problem), VARIANTS["baseline"])
    assert "q4, q4a, six or q8" in str(caught.value.help)
