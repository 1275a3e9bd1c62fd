"""Block types: numbers as gguf-py gives them, and codes that are kept without rounding."""

from __future__ import annotations

import numpy as np
import pytest
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

from kernelc.errors import CheckpointError
from kernelc.ir.formats import unpack
from model.gguf.codes import LATTICES
from model.gguf.dequantize import READERS, dequantize
from model.gguf.keep import KEPT_AS, keep
from model.gguf.types import TYPES
from tests.model.gguf.tiny_models import random_blocks

BYTES = {block.name: block.bytes for block in TYPES.values()}


def test_types_are_those_of_ggml() -> None:
    for number, block in TYPES.items():
        assert GGMLQuantizationType(number).name == block.name
        assert GGML_QUANT_SIZES[GGMLQuantizationType(number)] == (block.elements, block.bytes)


@pytest.mark.parametrize("name", [name for name in READERS if name != "F64"])
def test_any_bytes_give_the_numbers_that_gguf_gives(name: str) -> None:
    """Every bit for every code and scale, NaN and infinite ones included."""
    blocks = np.random.default_rng(1).integers(0, 256, (512, BYTES[name]), dtype=np.uint8)
    with np.errstate(all="ignore"):
        wanted = quants.dequantize(blocks, GGMLQuantizationType[name]).reshape(512, -1)
    np.testing.assert_array_equal(dequantize(name, blocks), wanted)


def test_doubles() -> None:
    values = np.array([[1 / 3, 1e300, -2.0]])
    got = dequantize("F64", values.view(np.uint8))
    assert got.tolist() == [[float(np.float32(1 / 3)), float("inf"), -2.0]]


@pytest.mark.parametrize("name", KEPT_AS)
def test_kept_codes_mean_what_was_stored(name: str) -> None:
    rows, cols = 6, 512
    stored = random_blocks(name, (rows, cols), 7).data
    blocks = np.frombuffer(stored, np.uint8).reshape(-1, BYTES[name])
    values = dequantize(name, blocks).reshape(rows, cols)
    got = unpack(KEPT_AS[name], keep(name, blocks, rows, "here"), cols)
    if name in ("Q4_K", "IQ4_XS"):  # their scales are finer than an f16
        assert 0 < np.abs(got - values).max() < 2**-11 * np.abs(values).max() * 2
    else:
        np.testing.assert_array_equal(got, values)


def test_every_code_and_factor_of_q3_k_fits_a_byte() -> None:
    """A code of -4 under a factor of -32 is 128, which a signed byte holds with the other sign alone."""
    blocks = np.zeros((1, BYTES["Q3_K"]), np.uint8)
    blocks[:, 108:110] = np.array([0.5], "<f2").view(np.uint8)
    values = dequantize("Q3_K", blocks)
    assert (values == 64).all()
    np.testing.assert_array_equal(unpack("q8", keep("Q3_K", blocks, 1, "here"), 256), values)


@pytest.mark.parametrize("name", KEPT_AS)
def test_a_scale_that_is_not_finite_is_refused(name: str) -> None:
    blocks = np.full((4, BYTES[name]), 0x7F, np.uint8)
    with pytest.raises(CheckpointError, match="got a scale that is not finite, or too large for f16"):
        keep(name, blocks, 1, "here")


def test_every_quantised_type_is_a_lattice() -> None:
    assert set(LATTICES) | {"F32", "F16", "BF16", "F64"} == set(READERS)
    assert set(KEPT_AS) < set(LATTICES)
