"""Matrix times activations and what is fused behind it: the problem that matvec and matmul share.

    y[m, r] = sum over c of norm?(x)[m, c] * W[r, c] + bias[r]

and then one epilogue:
- "none": out = y;
- "residual": out = y + residual;
- "gated": rows 2i and 2i+1 of W are a gate and an up row (`RowOrder` "interleave"):
  out[i] = silu(y[2i]) * y[2i+1];
- "qkv": rows are q heads, then k heads, then v heads, q and k rows in rotary pairs (`RowOrder` "pairs"): q
  and k are rotated to their positions, q handed out, k and v written to the KV cache.

W may be a piece of a matrix that was too large for one binding: `row_begin` is the piece's first row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.ir.dim import Dim
from kernelc.kernels import step_block
from kernelc.kernels.parts.packed_rows import PackedRows, unpacked, weight_bindings
from kernelc.kernels.parts.rotary import Rotary, rotate, rotate_reference
from kernelc.kernels.rms_norm import rms_norm_reference
from kernelc.kernels.spec import CONTEXT, SEQ, Arrays, Binding, Params
from kernelc.kir.functions import exp, logical_and, pack_half2, select, vector
from kernelc.kir.nodes import Value
from kernelc.kir.operators import Operators
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import Type, f32, f32x2, f32x4, u32


@dataclass(frozen=True)
class QkvShape:
    """Heads of the "qkv" epilogue; the cache holds "f16" (pairs in a word) or "f32"."""

    heads: int
    kv_heads: int
    head_dim: int
    rotary: Rotary
    kv_dtype: str

    @property
    def rows(self) -> int:
        return (self.heads + 2 * self.kv_heads) * self.head_dim


@dataclass(frozen=True)
class LinearProblem:
    """`rows` x `cols`: the (piece of the) packed matrix; `out_width`: elements of a whole output row.

    `norm_eps`: normalise x first (binding norm_weight; matvec only). `last_row`: x is [seq, cols] and only
    its row seq-1 is used (matvec only).
    """

    format: str
    rows: int
    cols: int
    out_width: int
    epilogue: str = "none"
    bias: bool = False
    norm_eps: float | None = None
    last_row: bool = False
    row_begin: int = 0
    qkv: QkvShape | None = None

    @property
    def paired(self) -> bool:
        """Whether the epilogue works on neighbouring rows."""
        return self.epilogue in ("gated", "qkv")


def activation_type(width: int) -> Type:
    """Four at a time where the rows stay aligned."""
    return f32x4 if width % 4 == 0 else f32


def linear_bindings(problem: LinearProblem, seq: Dim) -> tuple[Binding, ...]:
    """The signature of matvec (`seq` 1) and matmul (`seq` the symbol)."""
    x_type = activation_type(problem.cols)
    found = [
        Binding("x", x_type, "read", (SEQ if problem.last_row else seq) * (problem.cols // x_type.lanes))
    ]
    if problem.norm_eps is not None:
        found.append(Binding("norm_weight", x_type, "read", problem.cols // x_type.lanes))
    found += weight_bindings(problem.format, problem.rows, problem.cols)
    if problem.bias:
        found.append(Binding("bias", f32, "read", problem.rows))
    if problem.epilogue == "residual":
        found.append(Binding("residual", f32, "read", seq * problem.out_width))
    if problem.qkv is None:
        found.append(Binding("out", f32, "read_write", seq * problem.out_width))
    else:
        cache = u32 if problem.qkv.kv_dtype == "f16" else f32x2
        pairs = problem.qkv.head_dim // 2
        found.append(Binding("q", f32x2, "read_write", seq * (problem.qkv.heads * pairs)))
        for name in ("k_cache", "v_cache"):
            found.append(Binding(name, cache, "read_write", CONTEXT * (problem.qkv.kv_heads * pairs)))
    return tuple(found)


# The reference


def linear_reference(problem: LinearProblem, arrays: Arrays, params: Params) -> None:
    """Products in float32 with numpy's own summation; norm, silu and angles as their own references."""
    x = linear_rows(problem, arrays, params)
    if problem.norm_eps is not None:
        x = rms_norm_reference(x, arrays["norm_weight"].reshape(-1), problem.norm_eps)
    y = x @ unpacked(problem.format, arrays, problem.rows, problem.cols).T
    linear_epilogue_reference(problem, y, arrays, params)


def linear_rows(problem: LinearProblem, arrays: Arrays, params: Params) -> npt.NDArray[np.float32]:
    """The rows of x that take part. Shape: f32 [rows of x, cols]."""
    x, seq = arrays["x"].reshape(-1, problem.cols), int(params["seq"])
    return x[seq - 1 :][:1] if problem.last_row else x[:seq]


def linear_epilogue_reference(
    problem: LinearProblem, y: npt.NDArray[Any], arrays: Arrays, params: Params
) -> None:
    """Add the bias to the products and write what the epilogue makes of them. Shape: y [seq, rows]."""
    if problem.bias:
        y = y + arrays["bias"]
    if problem.qkv is not None:
        _qkv_reference(problem, problem.qkv, y, arrays, params)
        return
    out = arrays["out"].reshape(-1, problem.out_width)[: len(y)]
    begin = problem.row_begin
    if problem.epilogue == "gated":
        gate, up = y[:, 0::2], y[:, 1::2]
        out[:, begin // 2 : (begin + problem.rows) // 2] = gate / (1 + np.exp(-gate.astype(np.float64))) * up
        return
    if problem.epilogue == "residual":
        y = y + arrays["residual"].reshape(-1, problem.out_width)[: len(y), begin : begin + problem.rows]
    out[:, begin : begin + problem.rows] = y


def _qkv_reference(
    problem: LinearProblem, shape: QkvShape, y: npt.NDArray[Any], arrays: Arrays, params: Params
) -> None:
    past, dim = int(params["past"]), shape.head_dim
    heads = np.full((len(y), shape.rows), np.nan, np.float32)
    heads[:, problem.row_begin : problem.row_begin + problem.rows] = y
    q, k, v = np.split(heads.reshape(len(y), -1, dim), (shape.heads, shape.heads + shape.kv_heads), axis=1)
    positions = past + np.arange(len(y))
    wanted = (
        ("q", rotate_reference(q, positions, shape.rotary), 0),
        ("k_cache", rotate_reference(k, positions, shape.rotary), past),
    )
    for name, rows, first in (*wanted, ("v_cache", v, past)):
        into = arrays[name].reshape(-1)
        into = into.view(np.float16) if name != "q" and shape.kv_dtype == "f16" else into.view(np.float32)
        into = into.reshape(-1, rows[0].size)[first : first + len(rows)]
        flat = rows.reshape(len(rows), -1)
        np.copyto(into, flat.astype(into.dtype), where=~np.isnan(flat))


# The kernel's parts


def stored_together(problem: LinearProblem) -> int:
    """Elements of `out` that four neighbouring packed rows give, where they can be one store; else 1."""
    aligned = problem.rows % 4 == 0 and problem.row_begin % 4 == 0
    lanes = {"none": 4, "residual": 4, "gated": 2}.get(problem.epilogue, 1)
    return lanes if aligned and problem.out_width % lanes == 0 else 1


def _gated(gate: Value, up: Value) -> Value:
    gated = gate / (1.0 + exp(-gate)) * up
    return gated


@dataclass(frozen=True)
class LinearBuffers:
    """The bound buffers, and the packed rows behind them."""

    k: Tracer
    problem: LinearProblem
    buffers: Mapping[str, Array]
    weights: PackedRows

    @staticmethod
    def of(k: Tracer, problem: LinearProblem, arrays: Mapping[str, Array]) -> LinearBuffers:
        """The bound arrays, with the packed rows that some of them hold."""
        weights = PackedRows.of(problem.format, problem.cols, arrays)
        return LinearBuffers(k, problem, arrays, weights)

    def four(self, name: str, row: Operators | int, at: Operators) -> Value:
        """Elements 4*at .. 4*at+3 of a row of x or norm_weight; zeros beyond its end."""
        array, cols = self.buffers[name], self.problem.cols
        if array.type == f32x4:
            width = cols // 4
            if cols % 32 == 0:
                return array[at + row * width]
            inside = at < width
            return select(inside, array[select(inside, at, 0) + row * width], 0.0)
        lanes: list[Value] = []
        for lane in range(4):
            element = at * 4 + lane
            inside = element < cols
            lanes.append(select(inside, array[select(inside, element, 0) + row * cols], 0.0))
        return vector(*lanes)

    def finish_four(self, token: Operators, row: Operators, results: Value) -> None:
        """The epilogue of packed rows row .. row+3, where `out` is bound for `stored_together` elements."""
        problem = self.problem
        place = row // 4 + problem.row_begin // 4
        if problem.bias:
            bias = self.buffers["bias"]
            results = results + vector(*(bias[row + at if at else row.value()] for at in range(4)))
        if problem.epilogue == "gated":
            gated = [_gated(results.lane(at), results.lane(at + 1)) for at in (0, 2)]
            self.buffers["out"][place + token * (problem.out_width // 2)] = vector(*gated)
            return
        at = place + token * (problem.out_width // 4)
        if problem.epilogue == "residual":
            results = results + self.buffers["residual"][at]
        self.buffers["out"][at] = results

    def finish_pair(self, token: Operators | int, local_pair: Operators, even: Value, odd: Value) -> None:
        """The epilogue of packed rows 2*pair and 2*pair+1 of activation row `token`."""
        problem = self.problem
        if problem.bias:
            bias = self.buffers["bias"]
            even, odd = even + bias[local_pair * 2], odd + bias[local_pair * 2 + 1]
        pair = local_pair + problem.row_begin // 2
        if problem.qkv is not None:
            self._qkv(problem.qkv, token, pair, even, odd)
            return
        self.buffers["out"][pair + token * problem.out_width] = _gated(even, odd)

    def finish_row(self, token: Operators | int, local_row: Operators, value: Value) -> None:
        """The epilogue of one packed row, where rows do not come in pairs."""
        problem = self.problem
        if problem.bias:
            value = value + self.buffers["bias"][local_row]
        at = local_row + problem.row_begin + token * problem.out_width
        if problem.epilogue == "residual":
            value = value + self.buffers["residual"][at]
        self.buffers["out"][at] = value

    def _qkv(self, shape: QkvShape, token: Operators | int, pair: Value, even: Value, odd: Value) -> None:
        k, half = self.k, shape.head_dim // 2
        q_pairs, kv_pairs = shape.heads * half, shape.kv_heads * half
        position = step_block.rows(k).position(token)
        first = k.var(even)
        second = k.var(odd)
        in_head = pair % half
        rotated = pair < q_pairs + kv_pairs
        if shape.rotary.dim < shape.head_dim:
            rotated = logical_and(rotated, in_head < shape.rotary.dim // 2)
        with k.when(rotated):
            turned_first, turned_second = rotate(position, in_head, even, odd, shape.rotary)
            k.assign(first, turned_first)
            k.assign(second, turned_second)
        both = vector(first, second)
        row = position * kv_pairs
        with k.when(pair < q_pairs):
            self.buffers["q"][pair + token * q_pairs] = both
        with k.otherwise():
            stored = pack_half2(both) if shape.kv_dtype == "f16" else both
            with k.when(pair < q_pairs + kv_pairs):
                self.buffers["k_cache"][row + (pair - q_pairs)] = stored
            with k.otherwise():
                self.buffers["v_cache"][row + (pair - (q_pairs + kv_pairs))] = stored
