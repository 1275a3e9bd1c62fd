"""Runs compiled graphs, dispatch by dispatch, on any of the executors that the kernels' tests know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.artifact import Dispatch
from kernelc.artifact import Kernel as KernelEntry
from kernelc.ir.cached_rows import decoded
from kernelc.ir.dim import evaluate
from kernelc.ir.graph import Graph
from kernelc.ir.types import SCALES, DType, TensorType
from kernelc.kernels.registry import references
from kernelc.kernels.step_block import STEP
from runtime.device.elements import element_dtype
from tests.graphs.compiled import Arrays, Compiled, Options, Render, compile_graphs, packed_weights
from tests.kernels.executors import EXECUTORS

Array = npt.NDArray[Any]


class Runner:
    """The memory of a conversation over compiled graphs, and their programs. `executor` is a name of
    `tests.kernels.executors.EXECUTORS`, or "cpu" for the kernels' numpy references."""

    def __init__(
        self,
        graphs: Mapping[str, Graph],
        weights: Arrays,
        options: Options,
        executor: str,
        context: int,
        render: Render | None = None,
    ) -> None:
        self.graphs, self.executor, self.context = graphs, executor, context
        self.compiled: Compiled = compile_graphs(graphs, options, render)
        packed = packed_weights(self.compiled, weights)
        self.memory: dict[str, npt.NDArray[np.uint8]] = {}
        for name, buffer in self.compiled.lowered.buffers.items():
            size = evaluate(buffer.bytes, {"context": context})
            # All bits set: floats are NaN, so that a value read before it is written is noticed.
            self.memory[name] = np.full(size, 255, np.uint8)
            if name in packed:
                assert len(packed[name]) <= size, f"{name} has {size} bytes, packed {len(packed[name])}"
                self.memory[name][: len(packed[name])] = packed[name]
        states = {
            name + suffix
            for graph in graphs.values()
            for name, kind in graph.states.items()
            for suffix in kind.stored_arrays
        }
        for name in (*states, *self.compiled.selected.counters):
            self.memory[name][:] = 0

    def write_tokens(self, ids: npt.NDArray[np.uint32]) -> None:
        """Set the ids from position 0 on."""
        self.memory["tokens"][: ids.nbytes] = ids.view(np.uint8)

    def run(self, role: str, seq: int, past: int) -> tuple[dict[str, Array], dict[str, Array]]:
        """Run one step; return its outputs, and the states after it."""
        env = {"seq": seq, "past": past, "context": self.context}
        for dispatch in self.compiled.lowered.programs[role].dispatches:
            self._dispatch(dispatch, env)
        graph = self.graphs[role]
        outputs = {
            name: self._array(name, tensor.type.shape, np.dtype("f4"), env)
            for name, tensor in graph.outputs.items()
        }
        states: dict[str, Array] = {}
        for name, kind in graph.states.items():
            states[name] = self.compiled.natural_order(name, self._state(name, kind, env))
        return outputs, states

    def _state(self, name: str, kind: TensorType, env: Mapping[str, int]) -> Array:
        """A state as numbers."""
        if kind.dtype is not DType.Q8:
            return self._array(name, kind.shape, kind.dtype.numpy, env)
        codes = self._array(name, kind.shape, np.dtype(np.int8), env)
        return decoded(codes, self._array(name + SCALES, kind.shape[:-1], np.dtype("f4"), env))

    def _array(
        self, name: str, shape: tuple[Any, ...], dtype: np.dtype[Any], env: Mapping[str, int]
    ) -> Array:
        sizes = [evaluate(dim, env) for dim in shape]
        count = int(np.prod(sizes)) * dtype.itemsize
        return self.memory[name][:count].view(dtype).reshape(sizes).copy()

    def _dispatch(self, dispatch: Dispatch, env: Mapping[str, int]) -> None:
        entry = self.compiled.lowered.kernels[dispatch.kernel]
        self._check_bindings(entry, dispatch)
        arrays: dict[str, Array] = {}
        for binding, item in zip(entry.bindings, dispatch.bindings, strict=True):
            dtype, lanes = element_dtype(binding.element)
            end = item.offset + evaluate(item.bytes, env)
            assert end <= len(self.memory[item.buffer]), f"{dispatch.origin}: {binding.name} is too long"
            view: Array = self.memory[item.buffer][item.offset : end].view(dtype)
            arrays[binding.name] = view.reshape(-1, lanes) if lanes > 1 else view
        after = self._run(dispatch.kernel, entry, arrays, env)
        for binding, item in zip(entry.bindings, dispatch.bindings, strict=True):
            written = after[binding.name].reshape(-1).view(np.uint8)
            if binding.access == "read_write":
                self.memory[item.buffer][item.offset : item.offset + len(written)] = written

    def _check_bindings(self, entry: KernelEntry, dispatch: Dispatch) -> None:
        """WebGPU's rule: a dispatch that writes a buffer binds it once; and at most eight at all."""
        bound = [item.buffer for item in dispatch.bindings]
        for binding, item in zip(entry.bindings, dispatch.bindings, strict=True):
            once = binding.access == "read" or bound.count(item.buffer) == 1
            assert once, f"{dispatch.origin}: {dispatch.kernel} writes {item.buffer}, which it also reads"
        assert len(bound) <= 8, f"{dispatch.origin}: {dispatch.kernel} binds {len(bound)} buffers"

    def _run(self, name: str, entry: KernelEntry, arrays: Arrays, env: Mapping[str, int]) -> Arrays:
        params: dict[str, int | float] = {field.name: 0 for field in STEP}
        params |= {"top_p": 1.0, "repetition_penalty": 1.0, "seq": env["seq"], "past": env["past"]}
        if self.executor == "cpu":
            copies = {name: array.copy() for name, array in arrays.items()}
            references()[entry.spec](entry.problem, copies, params)
            return copies
        x, y, z = (evaluate(dim, env) for dim in entry.variants[0].grid)
        return EXECUTORS[self.executor](self.compiled.kernels[name], (x, y, z), arrays, params)
