"""What records a model's operations into a graph, with where each comes from."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType

from kernelc.errors import InternalError, ShapeError
from kernelc.ir.dim import Dim, Var
from kernelc.ir.graph import AttrValue, Graph, Op, Tensor
from kernelc.ir.ops import OPS
from kernelc.ir.types import DType, TensorType
from kernelc.ir.verify import verify

_ROOT = Path(__file__).resolve().parents[2]
_LANGUAGE = (__file__, str(Path(__file__).with_name("trace.py")))  # whose frames are not the model's


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
        self.inputs: dict[str, Tensor] = {}
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
        """Return the symbol of this name, or its value if its bounds leave only one."""
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
        while name in self._taken or any(name in each for each in (self.weights, self.states, self.inputs)):
            number += 1
            name = f"{origin}_{number}"
        self._taken.add(name)
        return [name] if count == 1 else [f"{name}.{index}" for index in range(count)]

    def weight(self, name: str, shape: tuple[Dim, ...]) -> Tensor:
        """Declare a weight by its name in the checkpoint, or return it if it is declared already."""
        kind = self.weights.setdefault(name, TensorType(shape))
        if kind.shape != shape:
            raise ShapeError(f"weight {name} is declared as {kind} and as {TensorType(shape)}")
        return Tensor(name, kind)

    def input(self, name: str, shape: tuple[Dim, ...]) -> Tensor:
        """Declare rows of f32 that the caller of the step gives: [seq, ...] or [1, ...].

        A model's graphs have none, since their steps start from ids; `kernelc.compile` takes them.
        """
        if name in self.inputs:
            raise ShapeError(f"input {name} is declared twice")
        self.inputs[name] = Tensor(name, TensorType(shape))
        return self.inputs[name]

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
                inputs=tuple(self.inputs.values()),
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
    while frame.f_code.co_filename in _LANGUAGE and frame.f_back is not None:
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
    """Prefix the origins of what is recorded inside with a part such as "layers.3" or "attn"."""
    scopes = tracer().scopes
    scopes.append(name)
    try:
        yield
    finally:
        scopes.pop()
