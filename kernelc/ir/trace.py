"""The language that models are written in: functions that record operations into a graph.

A model is ordinary Python (see model/families/llama.py). Inside `with Tracer(...)`, every call below adds one
operation; its origin is the path of the `scope`s around it and its layer's name, its location the model's
line.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from kernelc.errors import InternalError, ShapeError
from kernelc.ir.dim import Dim, Var
from kernelc.ir.graph import AttrValue, Graph, Op, Tensor
from kernelc.ir.ops import OPS
from kernelc.ir.types import DType, TensorType
from kernelc.ir.verify import verify

_ROOT = Path(__file__).resolve().parents[2]


class ModelShapeError(ShapeError):
    """A ShapeError in a model's code; as text it shows the line that asked for the operation."""

    def __str__(self) -> str:
        helps = f"\n  help: {self.help}" if self.help else ""
        return f"{self.message}\n  at {self.where}{helps}"


class Tracer:
    """Records one graph: `with Tracer(name, symbols) as tracer`, then `tracer.graph(outputs)`."""

    def __init__(self, name: str, symbols: Mapping[str, tuple[int, int]]) -> None:
        self.name = name
        self.symbols = dict(symbols)
        self.weights: dict[str, TensorType] = {}
        self.states: dict[str, TensorType] = {}
        self.ops: list[Op] = []
        self.scopes: list[str] = []
        self._newest: dict[str, Tensor] = {}  # the newest version of each state, by the state's name
        self._state_of: dict[str, str] = {}  # for every version of a state
        self._taken: set[str] = set()

    def __enter__(self) -> Tracer:
        self._token = _active.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _active.reset(self._token)

    def var(self, name: str) -> Dim:
        """Return the symbol of this name, or its value where it may have only one."""
        low, high = self.symbols[name]
        return low if low == high else Var(name, low, high)

    def record(
        self, op: str, inputs: Mapping[str, Tensor | None], attrs: Mapping[str, AttrValue], leaf: str = ""
    ) -> tuple[Tensor, ...]:
        """Add an operation; inputs that are None are left out.

        Raises: ModelShapeError where it does not fit.
        """
        origin = ".".join((*self.scopes, leaf or op))
        given = {role: tensor for role, tensor in inputs.items() if tensor is not None}
        location, line = _model_line()
        try:
            types = OPS[op].check({role: tensor.type for role, tensor in given.items()}, attrs)
        except ShapeError as error:
            where = f"{location}  {line}\n  in {origin}"
            raise ModelShapeError(error.message, where=where, help=error.help or _help(given)) from None
        names = self._names(origin, len(types))
        results = tuple(Tensor(name, kind) for name, kind in zip(names, types, strict=True))
        self.ops.append(Op(op, given, dict(attrs), results, origin, location))
        for role, index in OPS[op].appends.items():
            state = self._state_of[given[role].name]
            self._newest[state] = results[index]
            self._state_of[results[index].name] = state
        return results

    def _names(self, origin: str, count: int) -> list[str]:
        """Return unique names: the origin, numbered where a scope has several."""
        name, number = origin, 1
        while name in self._taken or name in self.weights or name in self.states:
            number += 1
            name = f"{origin}_{number}"
        self._taken.add(name)
        return [name] if count == 1 else [f"{name}.{index}" for index in range(count)]

    def weight(self, name: str, shape: tuple[Dim, ...]) -> Tensor:
        """Declare a weight by its name in the checkpoint, or return it where it is declared already."""
        kind = self.weights.setdefault(name, TensorType(shape))
        if kind.shape != shape:
            raise ShapeError(f"weight {name} is declared as {kind} and as {TensorType(shape)}")
        return Tensor(name, kind)

    def state(self, name: str, shape: tuple[Dim, ...], dtype: DType) -> Tensor:
        """Declare a state, which lives from step to step."""
        if name in self.states:
            raise ShapeError(f"state {name} is declared twice")
        self.states[name] = TensorType(shape, dtype)
        self._state_of[name] = name
        return Tensor(name, self.states[name])

    def graph(self, outputs: Mapping[str, Tensor]) -> Graph:
        """Return the recorded graph, verified. Raises: InternalError where it is not valid."""
        return verify(
            Graph(
                name=self.name,
                symbols=dict(self.symbols),
                ops=tuple(self.ops),
                outputs=dict(outputs),
                weights=dict(self.weights),
                states=dict(self.states),
                updates=dict(self._newest),
            ),
            "tracing",
        )


_active: ContextVar[Tracer] = ContextVar("tracer")


def tracer() -> Tracer:
    """Return the tracer that is recording. Raises: InternalError where none is."""
    try:
        return _active.get()
    except LookupError:
        raise InternalError("model code ran outside `with Tracer(...)`") from None


def _model_line() -> tuple[str, str]:
    """Return where the model asked for an operation: ("model/families/llama.py:88", the line's text)."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame.f_code.co_filename == __file__ and frame.f_back is not None:
        frame = frame.f_back
    file = frame.f_code.co_filename
    return f"{_short_path(Path(file))}:{frame.f_lineno}", linecache.getline(file, frame.f_lineno).strip()


def _short_path(path: Path) -> str:
    """Return the path from the folder that holds this package; of files elsewhere, folder and name."""
    return path.relative_to(_ROOT).as_posix() if path.is_relative_to(_ROOT) else "/".join(path.parts[-2:])


def _help(inputs: Mapping[str, Tensor]) -> str:
    weights = [tensor.name for tensor in inputs.values() if tensor.name in tracer().weights]
    if weights:
        return f"compare the shapes that the config gives {', '.join(weights)}"
    return "the shapes come from the model's config: check that its sizes fit each other"


@contextmanager
def scope(name: str) -> Generator[None]:
    """Put a part into the origins of what is recorded inside: "layers.3", "attn"."""
    scopes = tracer().scopes
    scopes.append(name)
    try:
        yield
    finally:
        scopes.pop()


@dataclass(frozen=True)
class Linear:
    """A linear layer's weights: weight [out, in] and perhaps bias [out]."""

    name: str
    weight: Tensor
    bias: Tensor | None = None

    @classmethod
    def declare(cls, path: str, wide_out: int, wide_in: int, bias: bool = False) -> Linear:
        """Declare the weights that the checkpoint holds under `path`."""
        weight = tracer().weight(f"{path}.weight", (wide_out, wide_in))
        return cls(_leaf(path), weight, tracer().weight(f"{path}.bias", (wide_out,)) if bias else None)


@dataclass(frozen=True)
class Norm:
    """A norm's epsilon, its weight [width] and bias [width] if it has them, and what is added to the weight.

    `rms_norm` takes no bias.
    """

    name: str
    weight: Tensor | None
    eps: float
    bias: Tensor | None = None
    weight_offset: float = 0.0

    @classmethod
    def declare(
        cls,
        path: str,
        width: int,
        eps: float,
        *,
        weight: bool = True,
        bias: bool = False,
        weight_offset: float = 0.0,
    ) -> Norm:
        """Declare the weights that the checkpoint holds under `path`."""
        tensors = (
            tracer().weight(f"{path}.{part}", (width,)) if wanted else None
            for part, wanted in (("weight", weight), ("bias", bias))
        )
        return cls(_leaf(path), next(tensors), eps, next(tensors), weight_offset)


def _leaf(path: str) -> str:
    return path.rpartition(".")[2]


def embedding(tokens: Tensor, table: Tensor, *, seq: Dim, past: Dim) -> Tensor:
    """Look up the rows of the ids at positions past .. past + seq."""
    inputs = {"tokens": tokens, "table": table}
    return tracer().record("embedding", inputs, {"seq": seq, "past": past}, "embed_tokens")[0]


def rms_norm(x: Tensor, norm: Norm) -> Tensor:
    """Normalise the last dimension by its root mean square; of [seq, heads, head_dim], each head."""
    return _normed("rms_norm", x, norm)


def layer_norm(x: Tensor, norm: Norm) -> Tensor:
    """Normalise the last dimension by its mean and standard deviation."""
    return _normed("layer_norm", x, norm)


def _normed(op: str, x: Tensor, norm: Norm) -> Tensor:
    inputs = {"x": x, "weight": norm.weight, "bias": norm.bias}
    offset = {"weight_offset": norm.weight_offset} if norm.weight_offset else {}
    return tracer().record(op, inputs, {"eps": norm.eps, **offset}, norm.name)[0]


def linear(x: Tensor, layer: Linear) -> Tensor:
    """Multiply by a layer's weights, and add its bias where it has one."""
    inputs = {"x": x, "weight": layer.weight, "bias": layer.bias}
    return tracer().record("linear", inputs, {}, layer.name)[0]


def _elementwise(function: str, *operands: Tensor, **parameter: float) -> Tensor:
    return tracer().record(function, dict(zip(("x", "y"), operands, strict=False)), parameter)[0]


def add(x: Tensor, y: Tensor) -> Tensor:
    """Return x + y; y is of x's type, or a vector that is added to every row (also in `sub` and `mul`)."""
    return _elementwise("add", x, y)


def sub(x: Tensor, y: Tensor) -> Tensor:
    """Return x - y."""
    return _elementwise("sub", x, y)


def mul(x: Tensor, y: Tensor) -> Tensor:
    """Return x * y, element by element."""
    return _elementwise("mul", x, y)


def scale(x: Tensor, factor: float) -> Tensor:
    """Return x * factor."""
    return _elementwise("scale", x, factor=factor)


def shift(x: Tensor, by: float) -> Tensor:
    """Return x + by."""
    return _elementwise("shift", x, by=by)


def silu(x: Tensor) -> Tensor:
    """Return x * sigmoid(x)."""
    return _elementwise("silu", x)


def sigmoid(x: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-x))."""
    return _elementwise("sigmoid", x)


def gelu(x: Tensor) -> Tensor:
    """Return x * Phi(x), Phi the normal distribution: the exact GELU."""
    return _elementwise("gelu", x)


def gelu_tanh(x: Tensor) -> Tensor:
    """Return the tanh approximation of GELU."""
    return _elementwise("gelu_tanh", x)


def relu(x: Tensor) -> Tensor:
    """Return max(x, 0)."""
    return _elementwise("relu", x)


def relu2(x: Tensor) -> Tensor:
    """Return max(x, 0)^2."""
    return _elementwise("relu2", x)


def tanh(x: Tensor) -> Tensor:
    """Return the hyperbolic tangent of x."""
    return _elementwise("tanh", x)


def soft_cap(x: Tensor, cap: float) -> Tensor:
    """Return cap * tanh(x / cap)."""
    return _elementwise("soft_cap", x, cap=cap)


def split_heads(x: Tensor, head_dim: int) -> Tensor:
    """Reshape [seq, heads * head_dim] to [seq, heads, head_dim]."""
    return tracer().record("split_heads", {"x": x}, {"head_dim": head_dim})[0]


def merge_heads(x: Tensor) -> Tensor:
    """Reshape [seq, heads, head_dim] to [seq, heads * head_dim]."""
    return tracer().record("merge_heads", {"x": x}, {})[0]


def rope(x: Tensor, *, past: Dim, attrs: Mapping[str, AttrValue]) -> Tensor:
    """Rotate each head's pairs by position; `attrs`: theta, rotary_dim, scaling and what that needs."""
    return tracer().record("rope", {"x": x}, {"past": past, **attrs})[0]


def cache_append(cache: Tensor, x: Tensor, *, past: Dim) -> Tensor:
    """Write rows past .. past + seq of a state; return its next version."""
    inputs = {"cache": cache, "x": x}
    return tracer().record("cache_append", inputs, {"past": past}, _leaf(cache.name))[0]


def attention(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    *,
    scale: float,
    past: Dim,
    window: int | None = None,
    soft_cap: float | None = None,
) -> Tensor:
    """Attend causally to positions 0 .. past + row, or to the last `window` of them.

    `soft_cap` bounds the scores: they become cap * tanh(score / cap).
    """
    inputs = {"q": q, "k_cache": k_cache, "v_cache": v_cache}
    optional = {"window": window, "soft_cap": soft_cap}
    given = {name: value for name, value in optional.items() if value is not None}
    return tracer().record("attention", inputs, {"scale": scale, "past": past, **given})[0]


def last_row(x: Tensor) -> Tensor:
    """Keep the last row alone; what has one row already stays as it is."""
    return x if x.type.shape[0] == 1 else tracer().record("last_row", {"x": x}, {})[0]
