"""Weights that are rows of a checkpoint's tensor: floats, codes and biases, in their order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernelc.ir.formats import Packed
from kernelc.ir.types import TensorType
from model.families.llama import LlamaConfig
from model.families.parts.rows import interleaved_rows
from model.quantize import quantize
from model.rope import Rope
from model.row_source import RowsOf, RowsOfTensors, RowSource, stored_tensors

FUSED = np.random.default_rng(3).standard_normal((10, 32)).astype(np.float32)
BIAS = np.arange(10, dtype=np.float32)
ROWS = {
    "first": RowsOf.span("fused", 0, 4, 10),
    "second": RowsOf("fused", np.array([9, 5, 7]), 10),
    "second_bias": RowsOf("bias", np.array([9, 5, 7]), 10),
}


class Stored(RowSource):
    """A checkpoint with a matrix in codes, its bias, and another tensor."""

    def __init__(self) -> None:
        self.tensors = {"fused": FUSED, "bias": BIAS, "other": FUSED[:2]}

    def shape(self, name: str) -> tuple[int, ...]:
        return self.tensors[name].shape

    def take_rows(self, name: str, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        return self.tensors[name][indices]

    def read(self, name: str) -> npt.NDArray[np.float32]:
        return self.tensors[name]

    def kept_as(self, name: str) -> str | None:
        return "q8" if name == "fused" else None

    def take_packed(self, name: str, indices: npt.NDArray[np.int64]) -> Packed:
        return quantize("q8", self.tensors[name][indices], name=name)


def test_rows_are_read_by_the_names_of_the_graph() -> None:
    source = RowsOfTensors(Stored(), ROWS)
    assert source.shape("first") == (4, 32) and source.shape("second_bias") == (3,)
    assert np.array_equal(source.read("first"), FUSED[:4])
    assert np.array_equal(source.read("second_bias"), BIAS[[9, 5, 7]])
    assert np.array_equal(source.take_rows("second", np.array([2, 0])), FUSED[[7, 9]])
    assert np.array_equal(source.take_rows("other", np.array([1])), FUSED[1:2])
    assert source.shape("other") == (2, 32) and np.array_equal(source.read("other"), FUSED[:2])


def test_codes_are_kept_row_by_row() -> None:
    source = RowsOfTensors(Stored(), ROWS)
    assert (source.kept_as("second"), source.kept_as("other")) == ("q8", None)
    got, wanted = source.take_packed("second", np.array([1])), quantize("q8", FUSED[5:6], name="fused")
    assert np.array_equal(got.quants, wanted.quants)
    assert all(np.array_equal(*sides) for sides in zip(got.sides, wanted.sides, strict=True))
    assert np.array_equal(source.take_packed("fused", np.array([5])).quants, wanted.quants)


def test_the_checkpoint_is_asked_for_the_tensors_that_hold_the_rows() -> None:
    weights = {"first": TensorType((4, 32)), "second": TensorType((3, 32)), "second_bias": TensorType((3,))}
    stored = stored_tensors({**weights, "other": TensorType((2, 32))}, ROWS)
    assert {name: kind.shape for name, kind in stored.items()} == {
        "fused": (10, 32),
        "bias": (10,),
        "other": (2, 32),
    }


def test_neighbours_that_rotate_together_are_read_evens_first() -> None:
    config = LlamaConfig(8, 8, 8, 1, 2, 1, 6, rope=Rope(rotary_dim=4), attention_bias=True)
    rows = interleaved_rows(config)
    path = "model.layers.0.self_attn"
    assert sorted(rows) == [f"{path}.{part}_proj.{kind}" for part in "kq" for kind in ("bias", "weight")]
    assert rows[f"{path}.k_proj.weight"].index.tolist() == [0, 2, 1, 3, 4, 5]
    assert rows[f"{path}.q_proj.bias"].index.tolist() == [0, 2, 1, 3, 4, 5, 6, 8, 7, 9, 10, 11]
