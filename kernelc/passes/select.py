"""Which kernels compute a fused graph, and on which packed weights.

Every operation becomes one or a few `KernelCall`s. What they bind is named: results of earlier calls,
states, packed matrices and vectors. Matrices that several roles use (decode, prefill, score) come out under
the same names, so an artifact carries them once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kernelc.errors import InternalError
from kernelc.ir.dim import Dim, evaluate
from kernelc.ir.formats import PackedMatrix, RowOrder, groups_of, weight_format
from kernelc.ir.graph import Graph, Op, Tensor
from kernelc.kernels.attention.decode import ATTENTION_DECODE
from kernelc.kernels.attention.decode_schedule import AttentionDecodeProblem
from kernelc.kernels.attention.prefill import ATTENTION_PREFILL, AttentionPrefillProblem
from kernelc.kernels.attention.reduce_splits import ATTENTION_REDUCE, AttentionReduceProblem
from kernelc.kernels.embedding import EMBEDDING, EmbeddingProblem
from kernelc.kernels.linear.matmul import MATMUL
from kernelc.kernels.linear.matvec import MATVEC
from kernelc.kernels.linear.matvec_int8 import MATVEC_INT8
from kernelc.kernels.linear.problem import LinearProblem, QkvShape
from kernelc.kernels.parts.rotary import Rotary
from kernelc.kernels.rms_norm import RMS_NORM, RmsNormProblem
from kernelc.kernels.spec import KernelSpec

# Rows of a piece come in multiples of this: pieces stay even (paired epilogues) and aligned.
_PIECE_ROWS = 64


@dataclass(frozen=True)
class SelectOptions:
    """`format` of all matrices; `max_binding_bytes`: larger matrices are cut by rows; `split`: positions a
    workgroup of decode attention takes, 0 for one workgroup over all of them; `int8`: round the activations
    of single rows to bytes."""

    format: str
    max_binding_bytes: int = 128 << 20
    split: int = 0
    int8: bool = False


@dataclass(frozen=True)
class PackedVector:
    """An f32 vector: `sources` concatenated, rearranged as `order` says, elements begin..end of it."""

    name: str
    sources: tuple[str, ...]
    order: tuple[RowOrder, ...]
    begin: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.begin


@dataclass(frozen=True)
class KernelCall:
    """A kernel on named operands, by binding name. `results` are the bindings that define a new tensor."""

    spec: KernelSpec[Any, Any]
    problem: Any
    operands: Mapping[str, str]
    results: tuple[str, ...]
    origin: str


@dataclass
class Selection:
    """The calls of one program, in order, and the packed weights they bind."""

    calls: list[KernelCall] = field(default_factory=list[KernelCall])
    matrices: dict[str, PackedMatrix] = field(default_factory=dict[str, PackedMatrix])
    vectors: dict[str, PackedVector] = field(default_factory=dict[str, PackedVector])


def select(graph: Graph, options: SelectOptions) -> Selection:
    """Kernels for every operation of a fused graph.

    Raises: InternalError for an operation that no kernel computes (fusing should have taken it away).
    """
    selector = _Selector(graph, options)
    for op in graph.ops:
        selector.op(op)
    return selector.found


class _Selector:
    def __init__(self, graph: Graph, options: SelectOptions) -> None:
        self.graph, self.options = graph, options
        self.found = Selection()
        # tensors that are another buffer's contents: new versions of states, graph outputs, the last row of
        # another
        self.alias = {tensor.name: state for state, tensor in graph.updates.items()}
        self.alias |= {tensor.name: name for name, tensor in graph.outputs.items()}
        self.last_row_of: dict[str, str] = {}
        self.handlers: dict[str, Callable[[Op], None]] = {
            "embedding": self.embedding,
            "rms_norm": self.rms_norm,
            "add_rms_norm": self.rms_norm,
            "linear": self.linear,
            "fused_linear": self.linear,
            "attention": self.attention,
            "last_row": self.last_row,
        }

    def op(self, op: Op) -> None:
        if op.name not in self.handlers:
            raise InternalError(f"no kernel computes {op.name} ({op.origin}): the fuse pass left it behind")
        self.handlers[op.name](op)

    def operand(self, tensor: Tensor) -> str:
        return self.alias.get(tensor.name, tensor.name)

    def call(
        self,
        spec: KernelSpec[Any, Any],
        problem: Any,
        operands: Mapping[str, str],
        results: tuple[str, ...],
        op: Op,
    ) -> None:
        self.found.calls.append(KernelCall(spec, problem, operands, results, op.origin))

    # Operations

    def embedding(self, op: Op) -> None:
        rows, cols = _static(op.inputs["table"].type.shape)
        name = op.inputs["table"].name
        for piece in self.matrix(name, (name,), rows, cols, (RowOrder("identity", rows),)):
            problem = EmbeddingProblem(self.options.format, cols, piece.row_begin, piece.end)
            operands = {"tokens": self.operand(op.inputs["tokens"]), "out": self.operand(op.result)}
            self.call(EMBEDDING, problem, operands | _weights(piece), ("out",), op)

    def rms_norm(self, op: Op) -> None:
        residual = op.name == "add_rms_norm"
        width = _static(op.inputs["weight"].type.shape)[0]
        operands = {"x": self.operand(op.inputs["x"]), "weight": self.vector(op.inputs["weight"].name, width)}
        if residual:
            operands |= {"residual": self.operand(op.inputs["residual"]), "sum": self.operand(op.results[0])}
        operands["normed"] = self.operand(op.results[-1])
        results = ("sum", "normed") if residual else ("normed",)
        self.call(RMS_NORM, RmsNormProblem(width, _number(op, "eps"), residual), operands, results, op)

    def last_row(self, op: Op) -> None:
        """No kernel: the consumer reads the last row in place."""
        self.last_row_of[op.result.name] = self.operand(op.inputs["x"])

    def linear(self, op: Op) -> None:
        parts = {"gated": ("gate_", "up_"), "qkv": ("q_", "k_", "v_")}.get(
            str(op.attrs.get("epilogue")), ("",)
        )
        weights = [op.inputs[f"{part}weight"] for part in parts]
        shapes = [_static(weight.type.shape) for weight in weights]
        rows, cols = sum(shape[0] for shape in shapes), shapes[0][1]
        epilogue = str(op.attrs.get("epilogue", "none"))
        shape, order = self.rows_of(op, epilogue, rows)
        sources = tuple(weight.name for weight in weights)
        biases = tuple(op.inputs[f"{part}bias"].name for part in parts if f"{part}bias" in op.inputs)
        x = op.inputs["x"]
        normed = "norm_weight" in op.inputs
        one_row = x.type.shape[0] == 1
        operands = {"x": self.last_row_of.get(x.name, self.operand(x))}
        if normed:
            operands["norm_weight"] = self.vector(op.inputs["norm_weight"].name, cols)
        if epilogue == "residual":
            operands["residual"] = self.operand(op.inputs["residual"])
        results = ("out",)
        if shape is not None:
            operands |= {"q": self.operand(op.results[0])}
            operands |= {name: self.operand(op.inputs[name]) for name in ("k_cache", "v_cache")}
            results = ("q",)
        else:
            operands["out"] = self.operand(op.result)
        for piece in self.matrix(_joint_name(sources, epilogue), sources, rows, cols, order):
            problem = LinearProblem(
                self.options.format, piece.stored_rows, cols, _out_width(epilogue, rows), epilogue,
                bool(biases), _number(op, "eps") if normed else None, x.name in self.last_row_of,
                piece.row_begin, shape,
            )  # fmt: skip
            bound = operands | _weights(piece)
            if biases:
                bound["bias"] = self.bias(biases, epilogue, order, piece)
            vector = MATVEC_INT8 if self.options.int8 else MATVEC
            self.call(vector if one_row else MATMUL, problem, bound, results, op)

    def rows_of(self, op: Op, epilogue: str, rows: int) -> tuple[QkvShape | None, tuple[RowOrder, ...]]:
        if epilogue == "gated":
            return None, (RowOrder("interleave", rows),)
        if epilogue != "qkv":
            return None, (RowOrder("identity", rows),)
        shape = _qkv_shape(op)
        turned = {"head_dim": shape.head_dim, "rotary_dim": shape.rotary.dim}
        return shape, (
            RowOrder("pairs", shape.heads * shape.head_dim, **turned),
            RowOrder("pairs", shape.kv_heads * shape.head_dim, **turned),
            RowOrder("identity", shape.kv_heads * shape.head_dim),
        )

    def attention(self, op: Op) -> None:
        q, cache = op.inputs["q"], op.inputs["k_cache"]
        heads, head_dim = _static(q.type.shape[1:])
        kv_heads = _static(cache.type.shape[1:])[0]
        dtype, scale = str(cache.type.dtype), _number(op, "scale")
        operands = {"q": self.operand(q), "out": self.operand(op.result)}
        operands |= {name: self.operand(op.inputs[name]) for name in ("k_cache", "v_cache")}
        if q.type.shape[0] != 1:
            problem = AttentionPrefillProblem(heads, kv_heads, head_dim, dtype, scale)
            self.call(ATTENTION_PREFILL, problem, operands, ("out",), op)
            return
        split = self.options.split
        decode = AttentionDecodeProblem(heads, kv_heads, head_dim, dtype, scale, split)
        if split == 0:
            self.call(ATTENTION_DECODE, decode, operands, ("out",), op)
            return
        partials = f"{op.result.name}.partials"
        operands["partials"] = partials
        del operands["out"]
        self.call(ATTENTION_DECODE, decode, operands, ("partials",), op)
        reduced = {"partials": partials, "out": self.operand(op.result)}
        self.call(ATTENTION_REDUCE, AttentionReduceProblem(heads, head_dim, split), reduced, ("out",), op)

    # Weights

    def matrix(
        self, name: str, sources: tuple[str, ...], rows: int, cols: int, order: tuple[RowOrder, ...]
    ) -> list[PackedMatrix]:
        """The packed matrix, in pieces where the whole would not fit one binding."""
        format_ = self.options.format
        row_bytes = groups_of(cols) * weight_format(format_).words_per_group * 4
        fit = max(_PIECE_ROWS, self.options.max_binding_bytes // row_bytes // _PIECE_ROWS * _PIECE_ROWS)
        pieces: list[PackedMatrix] = []
        for begin in range(0, rows, fit):
            label = name if rows <= fit else f"{name}.{begin // fit}"
            pieces.append(
                PackedMatrix(label, sources, rows, cols, order, format_, begin, min(begin + fit, rows))
            )
            self.found.matrices[label] = pieces[-1]
        return pieces

    def vector(self, name: str, length: int) -> str:
        self.found.vectors[name] = PackedVector(name, (name,), (RowOrder("identity", length),), 0, length)
        return name

    def bias(
        self, sources: tuple[str, ...], epilogue: str, order: tuple[RowOrder, ...], piece: PackedMatrix
    ) -> str:
        whole = piece.stored_rows == piece.rows
        name = _joint_name(sources, epilogue) + ("" if whole else f".{piece.row_begin}")
        self.found.vectors[name] = PackedVector(name, sources, order, piece.row_begin, piece.end)
        return name


def _out_width(epilogue: str, rows: int) -> int:
    return {"qkv": 0, "gated": rows // 2}.get(epilogue, rows)


def _joint_name(sources: tuple[str, ...], epilogue: str) -> str:
    """model.layers.0.self_attn.{q,k,v}_proj.weight -> model.layers.0.self_attn.qkv.weight"""
    if len(sources) == 1:
        return sources[0]
    common = sources[0].rsplit(".", 2)[0]
    return f"{common}.{'gate_up' if epilogue == 'gated' else 'qkv'}.{sources[0].rpartition('.')[2]}"


def _weights(piece: PackedMatrix) -> dict[str, str]:
    found = {"quants": piece.quants_name}
    return found | {"scales": piece.scales_name} if weight_format(piece.format).has_scales else found


def _qkv_shape(op: Op) -> QkvShape:
    head_dim = int(_number(op, "head_dim"))
    heads, kv_heads = (_static(op.inputs[f"{part}_weight"].type.shape)[0] // head_dim for part in "qk")
    return QkvShape(heads, kv_heads, head_dim, Rotary.of(op.attrs), str(op.inputs["k_cache"].type.dtype))


def _static(shape: tuple[Dim, ...]) -> tuple[int, ...]:
    return tuple(evaluate(dim, {}) for dim in shape)


def _number(op: Op, name: str) -> float:
    value = op.attrs[name]
    if not isinstance(value, int | float):
        raise InternalError(f"{op.name} ({op.origin}): attribute {name} is {value!r}, wanted a number")
    return float(value)
