"""A graph of the tensor IR as something to call: compiled, loaded on the device at hand, fed with arrays.

    with Tracer("mlp", {"seq": (1, 8)}) as model:
        x = model.input("x", (model.var("seq"), 64))
        y = linear(silu(linear(x, Linear.declare("up", 256, 64))), Linear.declare("down", 64, 256))
        graph = model.graph({"y": y})

    mlp = kernelc.compile(graph, {"up.weight": up, "down.weight": down})
    mlp(x=rows)["y"]  # f32 [rows, 64]

It goes the way of a model (`kernelc.compiler`): fuse, select, plan memory, lower, print.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from kernelc.api.arguments import Array, array_of
from kernelc.artifact import STEP_BUFFER, Artifact, Manifest, Weights, WeightsWriter
from kernelc.compile_options import CompileOptions
from kernelc.errors import ShapeError, UsageError
from kernelc.ir.dim import Dim, Var, evaluate
from kernelc.ir.formats import FormatTable
from kernelc.ir.graph import Graph
from kernelc.ir.types import DType, TensorType
from kernelc.ir.verify import verify
from kernelc.kernels.registry import references
from kernelc.kernels.step_block import STEP
from kernelc.native import Library
from kernelc.passes.fuse import PATTERNS, FuseOptions, fuse
from kernelc.passes.lower import ProgramSource, lower
from kernelc.passes.memory import worst_case
from kernelc.passes.select import Selection, SelectOptions, select
from kernelc.pipeline import stored_vector
from kernelc.printing import render
from kernelc.schedules import RULES
from kernelc.target import TARGETS
from kernelc.tuning.made import ROLE, made_manifest
from model.pack import pack_matrices
from model.row_source import RowSource
from runtime.device.executor import Executor
from runtime.device.program import StepBlock
from runtime.devices import open_device

F32 = npt.NDArray[np.float32]

_WHERE_NONE = CompileOptions.target
"""The target whose schedules a device without kernels of its own (numpy) is compiled for."""
_SYMBOLS: Mapping[str, tuple[int, int]] = {"seq": (1, 1), "past": (0, 0), "context": (1, 1)}


class CompiledGraph:
    """A graph loaded on a device. Call it with arrays; its states live on from call to call.

    Close it, or use it in a `with`, to release the device.
    """

    def __init__(self, graph: Graph, executor: Executor, folder: tempfile.TemporaryDirectory[str]) -> None:
        self.graph, self._executor, self._folder = graph, executor, folder
        self._block = StepBlock([])
        self._symbols = {**_SYMBOLS, **graph.symbols}
        self._context = self._symbols["context"][1]

    def __enter__(self) -> CompiledGraph:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the device and all that was loaded."""
        self._executor.close()
        self._folder.cleanup()

    def load(self, artifact: Artifact) -> None:
        """Put the compiled graph on the device. `compile` does so."""
        self._block = StepBlock(artifact.manifest.params)
        self._executor.load(artifact, self._context, [ROLE])

    @property
    def device(self) -> str:
        """The device's kind and name, such as "cpu: AMD EPYC"."""
        return f"{self._executor.info.kind}: {self._executor.info.name}"

    def __call__(
        self,
        arrays: Mapping[str, Array] | None = None,
        /,
        *,
        past: int = 0,
        rows: int | None = None,
        **named: Array,
    ) -> dict[str, F32]:
        """Run one step and return its outputs by name, f32.

        `arrays` and `named` give every input of the graph, f32, in its shape; the number of rows is taken
        from them, and is `rows` of a graph without inputs (the least that it takes, by default). A state may
        be given, too: it is written from its beginning on, as far as the array goes. `past` is the step's
        first position. Raises: ShapeError for arrays that do not fit, UsageError for names that the graph
        does not have, DeviceError.
        """
        given = {name: array_of(name, each) for name, each in {**(arrays or {}), **named}.items()}
        inputs = {tensor.name: tensor.type for tensor in self.graph.inputs}
        self._check_names(given, inputs)
        env = self._env(given, inputs, past, rows)
        for name, array in given.items():
            if name in inputs:
                self._write(f"%{name}", _fitting(name, array, inputs[name], env))
            else:
                self._write_state(name, array)
        values: dict[str, int | float] = {field.name: 0 for field in STEP}
        values |= {"top_p": 1.0, "repetition_penalty": 1.0, "seq": env["seq"], "past": past}
        self._executor.run(["step"], env, self._block.encode(values)).result()
        return {name: self._output(name, tensor.type, env) for name, tensor in self.graph.outputs.items()}

    def reset(self) -> None:
        """Fill the states with zeros, as they are at first."""
        for name in {
            name + suffix for name, kind in self.graph.states.items() for suffix in kind.stored_arrays
        }:
            if name in self._executor.buffers:
                self._write(name, np.zeros(self._executor.buffers[name], np.uint8))

    def _check_names(self, given: Mapping[str, Array], inputs: Mapping[str, TensorType]) -> None:
        known = [*inputs, *self.graph.states]
        unknown = [name for name in given if name not in known]
        missing = [name for name in inputs if name not in given]
        if unknown or missing:
            what = f"got {', '.join(unknown)}" if unknown else f"got no {', '.join(missing)}"
            raise UsageError(f"{what}, wanted {', '.join(known)}", where=self.graph.name)

    def _env(
        self, given: Mapping[str, Array], inputs: Mapping[str, TensorType], past: int, rows: int | None
    ) -> dict[str, int]:
        """The symbols of the step: seq is how many rows the first input with as many has."""
        low, high = self._symbols["seq"]
        found = [
            given[name].shape[0]
            for name, kind in inputs.items()
            if isinstance(kind.shape[0], Var) and given[name].ndim
        ]
        seq = found[0] if found else low if rows is None else rows
        if not low <= seq <= high:
            raise ShapeError(f"got {seq} rows, wanted {low} to {high}", where=self.graph.name)
        first, last = self._symbols["past"]
        if not first <= past <= last or past + seq > max(self._context, seq):
            raise ShapeError(
                f"past is {past} with {seq} rows, wanted {first} to {last} in a context of {self._context}",
                where=self.graph.name,
            )
        return {"seq": seq, "past": past, "context": self._context}

    def _write_state(self, name: str, array: Array) -> None:
        kind = self.graph.states[name]
        if kind.dtype is DType.Q8 or array.dtype != kind.dtype.numpy:
            raise ShapeError(f"got {array.dtype}, wanted {kind.dtype}", where=name)
        if array.nbytes > self._executor.buffers[name]:
            raise ShapeError(f"got {array.dtype}{list(array.shape)}, wanted {kind} at most", where=name)
        self._write(name, array)

    def _write(self, buffer: str, array: Array) -> None:
        data = np.ascontiguousarray(array).tobytes()
        if buffer in self._executor.buffers:  # an input that nothing reads has none
            self._executor.write_buffer(buffer, 0, data + bytes(-len(data) % 4))

    def _output(self, name: str, kind: TensorType, env: Mapping[str, int]) -> F32:
        shape = tuple(evaluate(dim, env) for dim in kind.shape)
        size = 4 * int(np.prod(shape))
        return np.frombuffer(self._executor.read_buffer(name, 0, size), np.float32).reshape(shape).copy()


def compile(
    graph: Graph,
    weights: Mapping[str, Array] | None = None,
    *,
    device: str = "auto",
    quant: str = "f32",
    without: Collection[str] = (),
) -> CompiledGraph:
    """Compile a graph for a device and load it there, with its weights.

    `weights` has an array for each weight of the graph, of its shape; they are packed as `quant` says (f32,
    f16, q8, q4a or q4). `device` is as for `kernelc.open`. `without` names patterns of fusing that are left
    out (see `kernelc.passes.fuse`). Raises: ShapeError for weights that do not fit, UsageError, DeviceError.
    """
    given = _Given(_checked(graph, weights or {}))
    executor = open_device(device, references=references(), library=Library())
    folder = tempfile.TemporaryDirectory(prefix="kernelc-graph-")
    compiled = CompiledGraph(graph, executor, folder)
    try:
        off = frozenset(without)
        if unknown := sorted(off - set(PATTERNS)):
            raise UsageError(
                f"there is no pattern {', '.join(unknown)}", help=f"one of {', '.join(PATTERNS)}"
            )
        compiled.load(_artifact(graph, given, executor.info.target, quant, off, Path(folder.name)))
    except BaseException:
        compiled.close()
        raise
    return compiled


@dataclass(frozen=True)
class _Given(RowSource):
    """Weights by name, as packing reads them."""

    weights: Mapping[str, F32]

    def shape(self, name: str) -> tuple[int, ...]:
        return self.weights[name].shape

    def take_rows(self, name: str, indices: npt.NDArray[np.int64]) -> F32:
        return self.weights[name][indices]

    def read(self, name: str) -> F32:
        return self.weights[name]


def _checked(graph: Graph, weights: Mapping[str, Array]) -> dict[str, F32]:
    found: dict[str, F32] = {}
    for name, kind in graph.weights.items():
        if name not in weights:
            raise UsageError(f"got no weight {name}, wanted {kind}", where=graph.name)
        shape = tuple(evaluate(dim, {}) for dim in kind.shape)
        given = array_of(name, weights[name])
        if given.shape != shape or given.dtype.kind != "f":
            raise ShapeError(f"got {given.dtype}{list(given.shape)}, wanted {kind}", where=name)
        found[name] = given.astype(np.float32)
    if unknown := sorted(set(weights) - set(found)):
        raise UsageError(f"the graph has no weight {', '.join(unknown)}", where=graph.name)
    return found


def _fitting(name: str, array: Array, kind: TensorType, env: Mapping[str, int]) -> Array:
    shape = tuple(evaluate(dim, env) for dim in kind.shape)
    if array.shape != shape or array.dtype != np.float32:
        raise ShapeError(f"got {array.dtype}{list(array.shape)}, wanted {kind} = {list(shape)}", where=name)
    return array


def _artifact(
    graph: Graph, weights: _Given, target: str, quant: str, off: frozenset[str], folder: Path
) -> Artifact:
    chosen = TARGETS[target or _WHERE_NONE]
    fused = verify(fuse(verify(graph), FuseOptions(off=off)))
    largest = min(each.max_binding_bytes for each in chosen.variants)
    found = select(fused, SelectOptions(FormatTable(quant), largest))
    symbols = {**_SYMBOLS, **graph.symbols}
    packed = {
        array.name: array.bytes for each in found.matrices.values() for array in each.stored_arrays.values()
    }
    packed |= {vector.name: 4 * vector.length for vector in found.vectors.values()}
    source = ProgramSource("step", ROLE, {name: symbols[name] for name in ("seq", "past")}, found.calls)
    states = _states(graph, found, symbols)
    lowered = lower([source], states, packed, symbols, [chosen], render, RULES.choose)
    for file, data in lowered.files.items():
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(data)
    manifest = made_manifest(chosen.name, lowered.kernels, lowered.buffers, lowered.programs)
    return Artifact(folder, _with_weights(manifest, symbols, _packed(found, weights, folder)))


def _states(graph: Graph, found: Selection, symbols: Mapping[str, tuple[int, int]]) -> dict[str, Dim]:
    """Bytes of what has a buffer of its own: states, inputs and outputs at their largest, and counters."""
    states: dict[str, Dim] = {STEP_BUFFER: 4 * len(STEP), **found.counters}
    for name, kind in graph.states.items():
        for suffix, size in kind.stored_arrays.items():
            states[name + suffix] = worst_case(size, symbols)
    of: Sequence[tuple[str, TensorType]] = [(f"%{tensor.name}", tensor.type) for tensor in graph.inputs]
    for name, kind in (*of, *((name, tensor.type) for name, tensor in graph.outputs.items())):
        states[name] = worst_case(kind.size_bytes, symbols)
    return states


def _packed(found: Selection, weights: _Given, folder: Path) -> Weights:
    writer = WeightsWriter(folder)
    pack_matrices(writer, found.matrices.values(), weights)
    for vector in found.vectors.values():
        writer.add(vector.name, "f32", (vector.length,), [stored_vector(vector, weights)])
    return writer.finish()


def _with_weights(manifest: Manifest, symbols: Mapping[str, tuple[int, int]], weights: Weights) -> Manifest:
    model = replace(manifest.model, max_context=symbols["context"][1])
    return replace(manifest, symbols=dict(symbols), weights=weights, model=model)
