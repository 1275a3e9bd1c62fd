"""Golden tiles: for every kernel of an artifact inputs, and what must come out, to check a device with.

A runtime without numpy (the browser) binds these and runs the kernel as printed, at its real size. Large
inputs are a short piece repeated, and of large outputs only parts are compared, so the file stays small
whatever the model.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernelc.artifact import CheckInput, CheckOutput, Checks, Kernel, KernelCheck, Manifest
from kernelc.ir.coded_rows import CodedRows
from kernelc.kernels.registry import SPECS
from kernelc.kernels.spec import Arrays, Binding, KernelSpec, Params, Tolerance

FILE = "checks.bin"
ROWS = 3  # of a step that may have several: no multiple of any tile
POSITIONS = 7  # behind the least position that a program takes
MOST_INPUT_BYTES = 48 << 10  # of one input that is stored, the rest repeats it; no power of two, as TILE_ROWS
MOST_OUTPUT_BYTES = 16 << 10  # of each end of an output that is compared
TRIES = 64

_NO_NUMBER = 0x7FC00000  # as f32

Array = npt.NDArray[Any]


def golden_tiles(manifest: Manifest) -> tuple[Checks, bytes]:
    """Checks of every kernel that a program runs, and the bytes of their file: a function of the manifest."""
    file = _File()
    kernels: dict[str, KernelCheck] = {}
    for name, entry in sorted(manifest.kernels.items()):
        symbols = symbols_of(manifest, name)
        check = _check(name, entry, symbols, manifest, file) if symbols is not None else None
        if check is not None:
            kernels[name] = check
    data = b"".join(file.pieces)
    return Checks(FILE, len(data), hashlib.sha256(data).hexdigest(), kernels), data


def symbols_of(manifest: Manifest, name: str) -> dict[str, int] | None:
    """Return a step of some rows, at some position, of the first program that runs the kernel; None for no
    program."""
    for program in manifest.programs.values():
        if any(dispatch.kernel == name for dispatch in program.dispatches):
            bounds = {**manifest.symbols, **program.symbols}
            (least, most), (low, high) = bounds["seq"], bounds["past"]
            past = min(high, low + POSITIONS)
            seq = max(least, min(most, ROWS, manifest.model.max_context - past))
            return {"seq": seq, "past": past, "context": seq + past}
    return None


def _check(
    name: str, entry: Kernel, symbols: Mapping[str, int], manifest: Manifest, file: _File
) -> KernelCheck | None:
    spec: KernelSpec[Any, Any] = SPECS[entry.spec]
    problem = spec.problem_from_json(entry.problem)
    case = golden_case(name, spec, problem, symbols)
    if case is None:
        return None
    arrays, params, periods, wanted = case
    tolerance = spec.tolerance(problem)
    inputs: list[CheckInput] = []
    outputs: list[CheckOutput] = []
    for at, binding in enumerate(spec.bindings(problem)):
        data = arrays[binding.name].reshape(-1).view(np.uint8)
        stored = data[: periods[binding.name]].tobytes() if data.any() else b""
        inputs.append(CheckInput(len(data), file.add(stored), len(stored)))
        if binding.access == "read":
            continue
        if binding.name in spec.coded_rows(problem):
            outputs += _coded_outputs(
                at, binding.name, spec.coded_rows(problem)[binding.name], wanted, file, tolerance
            )
            continue
        expected = wanted.arrays[binding.name].reshape(-1).view(np.uint8)
        element = "f16pair" if binding.name in spec.packed_halves(problem) else binding.type.scalar
        for first, last in wanted.ranges(binding.name):
            offset = file.add(expected[first:last].tobytes())
            outputs.append(
                CheckOutput(at, first, last - first, offset, element, tolerance.relative, tolerance.absolute)
            )
    fields = {param.name: params[param.name] for param in manifest.params}
    tiles = _tile_tolerance(spec, problem, entry)
    return KernelCheck(symbols, fields, tuple(inputs), tuple(outputs), tiles)


def _coded_outputs(
    at: int, name: str, layout: CodedRows, wanted: Wanted, file: _File, tolerance: Tolerance
) -> Iterator[CheckOutput]:
    """Each coded row whole; a group that the reference does not speak of gets a scale that is no number."""
    rows = _words(wanted.arrays[name]).reshape(-1, layout.planes, layout.groups, 4).copy()
    if wanted.spoken is not None:
        silent = ~wanted.spoken[name].reshape(rows.shape).all(axis=(1, 3))
        rows[:, -1, :, 0][silent] = _NO_NUMBER
    size = 4 * layout.words
    for number, row in enumerate(rows):
        offset = file.add(row.tobytes())
        element = f"coded{layout.terms}"
        yield CheckOutput(at, number * size, size, offset, element, tolerance.relative, tolerance.absolute)


def _tile_tolerance(spec: KernelSpec[Any, Any], problem: Any, entry: Kernel) -> tuple[float, float] | None:
    """What variants that multiply halves on matrix units are held to, where there are such."""
    for variant in entry.variants:
        tolerance = spec.tolerance_with(problem, variant.requires.features)
        if tolerance != spec.tolerance(problem):
            return tolerance.relative, tolerance.absolute
    return None


def golden_case(
    name: str, spec: KernelSpec[Any, Any], problem: Any, symbols: Mapping[str, int]
) -> tuple[Arrays, Params, Mapping[str, int], Wanted] | None:
    """Contents for every binding of `problem`, the step block, after how many bytes each array repeats
    itself, and what is wanted.

    Seeds are tried in order until all numbers are finite (a device may treat others as it likes), the
    family finds them telling, and something is written. None where no try will do.
    """
    tile = spec.tile(problem)
    for attempt in range(TRIES):
        rng = np.random.default_rng([zlib.crc32(name.encode()), attempt])
        small = spec.inputs(tile, rng, symbols)
        params = spec.params(problem, rng, symbols)
        arrays: dict[str, Array] = {}
        periods: dict[str, int] = {}
        for binding in spec.bindings(problem):
            rows = spec.coded_inputs(tile).get(binding.name)
            unit = binding.type.bytes if rows is None else 4 * rows.words
            arrays[binding.name], periods[binding.name] = _repeated(
                small[binding.name], binding, symbols, unit
            )
        if not all(_finite(array) for array in arrays.values()) or not spec.telling(problem, arrays, params):
            continue
        wanted = _wanted(spec, problem, arrays, params)
        if any(result.tobytes() != arrays[each].tobytes() for each, result in wanted.arrays.items()):
            return arrays, params, periods, wanted
    return None


def _repeated(small: Array, binding: Binding, symbols: Mapping[str, int], unit: int) -> tuple[Array, int]:
    """As many elements as the binding has: those of `small`, or of its beginning, over and over, which is
    whole `unit`s of so many bytes."""
    flat = small.reshape(-1, binding.type.lanes)
    most = max(1, MOST_INPUT_BYTES // unit) * unit // binding.type.bytes
    needed = binding.bytes(symbols) // binding.type.bytes
    period = len(flat) if len(flat) < needed else min(needed, most)
    count = -(-needed // period)
    whole = np.tile(flat[:period], (count, 1))[:needed]
    shape = (needed,) if binding.type.lanes == 1 else (needed, binding.type.lanes)
    return np.ascontiguousarray(whole).reshape(shape), period * binding.type.bytes


def _finite(array: Array) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


@dataclass(frozen=True)
class Wanted:
    """What the reference leaves in the written arrays; which of their words it speaks of (None: of all)."""

    arrays: Arrays
    spoken: Mapping[str, npt.NDArray[np.bool_]] | None

    def ranges(self, name: str) -> Iterator[tuple[int, int]]:
        """Bytes [first, last) to compare: runs of words spoken of, of long ones the two ends."""
        for first, last in self._runs(name):
            if last - first <= 2 * MOST_OUTPUT_BYTES:
                yield first, last
            else:
                yield first, first + MOST_OUTPUT_BYTES
                yield last - MOST_OUTPUT_BYTES, last

    def _runs(self, name: str) -> Iterator[tuple[int, int]]:
        if self.spoken is None:
            yield 0, self.arrays[name].nbytes
            return
        edges = np.flatnonzero(np.diff(np.concatenate([[False], self.spoken[name], [False]]).astype(np.int8)))
        for first, last in edges.reshape(-1, 2).tolist():
            yield 4 * first, 4 * last


def _wanted(spec: KernelSpec[Any, Any], problem: Any, arrays: Arrays, params: Params) -> Wanted:
    pieces = spec.pieces(problem)
    written = [b.name for b in spec.bindings(problem) if b.access != "read"]
    found = _referenced(spec, pieces, arrays, params)
    if pieces == (problem,):
        return Wanted({name: found[name] for name in written}, None)
    others = {**arrays, **{name: _different(arrays[name]) for name in written}}
    again = _referenced(spec, pieces, others, params)
    spoken = {name: _words(found[name]) == _words(again[name]) for name in written}
    return Wanted({name: found[name] for name in written}, spoken)


def _referenced(
    spec: KernelSpec[Any, Any], pieces: tuple[Any, ...], arrays: Arrays, params: Params
) -> dict[str, Array]:
    """`arrays` after the references of all pieces; those that a reference fills are copies."""
    filled = {each.name for piece in pieces for each in spec.bindings(piece) if each.access != "read"}
    result = {name: array.copy() if name in filled else array for name, array in arrays.items()}
    env = {name: int(params[name]) for name in ("seq", "past")}
    env["context"] = env["seq"] + env["past"]
    for piece in pieces:
        lengths = {b.name: b.bytes(env) // b.type.bytes for b in spec.bindings(piece)}
        spec.reference(piece, {name: result[name][:length] for name, length in lengths.items()}, params)
    return result


def _different(array: Array) -> Array:
    """The same array with every bit of every word turned."""
    return (~_words(array)).view(array.dtype).reshape(array.shape)


def _words(array: Array) -> npt.NDArray[np.uint32]:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint32)


class _File:
    """The numbers, one after the other; the same bytes are stored once."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self._offsets: dict[bytes, int] = {}
        self._end = 0

    def add(self, data: bytes) -> int:
        """The offset of `data` in the file."""
        if data not in self._offsets:
            self._offsets[data] = self._end
            self.pieces.append(data)
            self._end += len(data)
        return self._offsets[data]
