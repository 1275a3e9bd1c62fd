"""Kernels of one's own: a Python function in the kernel language, called with numpy arrays.

    @kernelc.kernel
    def scale(k, x, factor, *, out):
        i = k.workgroup_id(0) * k.workgroup + k.local_id
        with k.when(i < out.size):
            out[i] = x[i] * factor

    x = np.arange(1000, dtype=np.float32)
    result = scale(x, 2.0, out=np.empty_like(x))
    np.testing.assert_array_equal(result, x * 2)

The function runs once for each set of shapes and numbers and is recorded (see `kernelc.kir.trace`); what was
recorded is printed for the device at hand and runs there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from kernelc import debug
from kernelc.api.arguments import Array, Call, as_bound, call_form, grid_of, outputs_of
from kernelc.api.arrays import ShapedArray
from kernelc.api.devices import bench_on
from kernelc.errors import InternalError, UsageError
from kernelc.kernels.step_block import STEP
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.verify import verify
from kernelc.kir.text import kernel_text
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import Type, f16, f32, i32, u32
from kernelc.printing import printed_for
from kernelc.target import TARGETS
from kernelc.workshop.bench import Bench, Loaded
from kernelc.workshop.case import Grid, case_of

GridFor = int | tuple[int, ...] | Callable[..., int | tuple[int, ...]]
"""Workgroups: their number, up to three of them, or a function of the call's own arguments that says so."""

_SCALARS: Mapping[np.dtype[Any], Type] = {each.dtype: each for each in (f32, f16, u32, i32)}
_MOST_TRACED = 64


@dataclass(frozen=True)
class Recorded:
    """What is recorded for a call: the kernel, its workgroups, and its arrays by the names of its buffers.

    Shapes of arrays: [n], of vectors [n, lanes]. Outputs share memory with those of the call.
    """

    kernel: Kernel
    grid: Grid
    arrays: Mapping[str, Array]


class KernelFunction:
    """A kernel made of a Python function; call it with numpy arrays.

    The function's first parameter is the tracer `k`. Positional parameters are inputs, which the kernel only
    reads: arrays of float32, float16, uint32 or int32; a number or a text in place of one becomes a part of
    the kernel, which is recorded again for another. Keyword-only parameters are outputs: C-
    contiguous arrays, which the kernel may also read, and which the call fills in place.
    """

    def __init__(
        self,
        function: Callable[..., None],
        workgroup: int,
        grid: GridFor | None,
        types: Mapping[str, Type],
        device: str,
    ) -> None:
        self.function, self.workgroup, self.device = function, workgroup, device
        self.__name__, self.__doc__ = function.__name__, function.__doc__
        self._grid, self._types = grid, dict(types)
        self._signature = inspect.signature(function)
        self._outputs = outputs_of(self._signature, function.__name__)
        self._known: dict[object, Kernel] = {}
        if not 1 <= workgroup <= 1024:
            raise UsageError(f"workgroup is {workgroup}, wanted 1 to 1024 invocations")
        if unknown := set(types) - set(self._signature.parameters):
            raise UsageError(f"{function.__name__} has no parameter {', '.join(sorted(unknown))}")

    def __call__(self, /, *inputs: Any, **outputs: Any) -> Any:
        """Run the kernel on the device, and return its output, or a tuple of several.

        Raises: UsageError for arguments that do not fit, DeviceError where the device cannot run the kernel,
        WorkFailed where its compiler refuses it, or where the interpreter (device "numpy") finds an index
        that is out of bounds, or a race.
        """
        call = self._bound(inputs, outputs)
        bench = bench_on(self.device)
        with self._loaded(bench, call, timed=False) as loaded:
            results = loaded.results(0)
        for name in call.outputs:
            np.copyto(call.arrays[name], results[name].reshape(call.arrays[name].shape))
        found = tuple(outputs[name] for name in call.outputs)
        return found[0] if len(found) == 1 else found

    def seconds(self, /, *inputs: Any, **outputs: Any) -> float:
        """Return how long one run takes on the device; the outputs are left as they are. Raises: as a
        call."""
        with self._loaded(bench_on(self.device), self._bound(inputs, outputs), timed=True) as loaded:
            loaded.results(0)
            return min(loaded.seconds(0) for _ in range(5))

    def text(self, target: str, /, *inputs: Any, **outputs: Any) -> str:
        """Return the kernel for these arguments as a target's text ("wgsl", "cuda", "spirv", "opencl", "c");
        no device is needed. Raises: UsageError; DeviceError where the target has no text for something in
        the kernel."""
        if target not in TARGETS:
            raise UsageError(f"`target` is {target!r}, wanted one of {', '.join(TARGETS)}")
        subgroups = TARGETS[target].variants[0].subgroup_size
        return printed_for(target, self._traced(self._bound(inputs, outputs), subgroups)).rendered.text

    def ir(self, /, *inputs: Any, **outputs: Any) -> str:
        """Return the text of the kernel IR for these arguments, with the Python line of each statement."""
        return kernel_text(self._traced(self._bound(inputs, outputs), None))

    def recorded(self, subgroup_size: int | None, /, *inputs: Any, **outputs: Any) -> Recorded:
        """Return what a call with these arguments runs, for a device whose subgroups have this size (None:
        any size), to look into it or to run it elsewhere. Nothing is run. Raises: UsageError."""
        return self._recorded(self._bound(inputs, outputs), subgroup_size)

    def _recorded(self, call: Call, subgroup_size: int | None) -> Recorded:
        arrays = {name: as_bound(array, call.types[name]) for name, array in call.arrays.items()}
        return Recorded(self._traced(call, subgroup_size), self._grid_of(call), arrays)

    def _loaded(self, bench: Bench, call: Call, *, timed: bool) -> Loaded:
        found = self._recorded(call, bench.executor.info.subgroup_size)
        case = case_of(found.kernel, bench.target, found.grid)
        return bench.loaded([case], found.arrays, timed=timed)

    def _bound(self, inputs: tuple[Any, ...], outputs: Mapping[str, Any]) -> Call:
        try:
            given = self._signature.bind(None, *inputs, **outputs)
        except TypeError as error:
            help_ = f"call it as {self.__name__}{call_form(self._signature)}"
            raise UsageError(f"{error}", where=self.__name__, help=help_) from None
        given.apply_defaults()
        arrays: dict[str, Array] = {}
        constants: dict[str, Any] = {}
        for name, value in list(given.arguments.items())[1:]:
            if isinstance(value, np.ndarray):
                arrays[name] = value
            elif name in self._outputs or not isinstance(value, bool | int | float | str | np.generic):
                wanted = "a numpy array" if name in self._outputs else "a numpy array, a number or a text"
                got = type(value).__name__
                raise UsageError(f"{name} is a {got}, wanted {wanted}", where=self.__name__)
            else:
                constants[name] = value.item() if isinstance(value, np.generic) else value
        types = {name: self._type_of(name, array) for name, array in arrays.items()}
        for name in self._outputs:
            if not (arrays[name].flags.c_contiguous and arrays[name].flags.writeable):
                raise UsageError(
                    f"{name} is not a C-contiguous array that may be written",
                    where=self.__name__,
                    help="give a new one, such as numpy.empty(shape, dtype)",
                )
        return Call(arrays, types, constants, self._outputs)

    def _type_of(self, name: str, array: Array) -> Type:
        scalar = _SCALARS.get(array.dtype)
        if scalar is None:
            wanted = ", ".join(str(each) for each in _SCALARS)
            raise UsageError(
                f"{name} has elements of {array.dtype}, wanted one of {wanted}",
                where=self.__name__,
                help=f"convert it, for example {name}.astype(numpy.float32)",
            )
        if array.size == 0:
            raise UsageError(f"{name} is empty, wanted an element at least", where=self.__name__)
        type_ = self._types.get(name, scalar)
        last = array.shape[-1] if array.ndim else 1
        if type_.element != scalar or last % type_.lanes:
            raise UsageError(
                f"{name} is {array.dtype}{list(array.shape)}, which are no {type_}: wanted elements of"
                f" {type_.element}, and a last axis that {type_.lanes} divides",
                where=self.__name__,
            )
        return type_

    def _traced(self, call: Call, subgroup_size: int | None) -> Kernel:
        key = (call.key, subgroup_size, debug.interpret_enabled())  # which has probes recorded
        if key not in self._known:
            if len(self._known) >= _MOST_TRACED:
                del self._known[next(iter(self._known))]
            self._known[key] = self._trace(call, subgroup_size)
        return self._known[key]

    def _trace(self, call: Call, subgroup_size: int | None) -> Kernel:
        def body(k: Tracer) -> None:
            arguments: dict[str, Any] = dict(call.constants)
            for name in call.arrays:
                access = "read_write" if name in call.outputs else "read"
                memory = k.buffer(name, call.types[name], access).memory
                arguments[name] = ShapedArray(k, memory, call.shape(name))
            bound = self._signature.bind(
                k,
                *(
                    arguments[name]
                    for name in list(self._signature.parameters)[1:]
                    if name not in call.outputs
                ),
                **{name: arguments[name] for name in call.outputs},
            )
            self.function(*bound.args, **bound.kwargs)

        traced = trace(self.__name__, body, workgroup=self.workgroup, step=STEP, subgroup_size=subgroup_size)
        try:
            return verify(traced)
        except InternalError as error:
            raise UsageError(error.message, where=self.__name__) from error

    def _grid_of(self, call: Call) -> Grid:
        grid = self._grid
        if grid is None:
            count = max(int(np.prod(call.shape(name))) for name in call.outputs)
            grid = -(-count // self.workgroup)
        elif callable(grid):
            inputs = [name for name in list(self._signature.parameters)[1:] if name not in call.outputs]
            values = {**call.constants, **call.arrays}
            grid = grid(*(values[name] for name in inputs), **{name: values[name] for name in call.outputs})
        return grid_of(grid, self.__name__)


@overload
def kernel(function: Callable[..., None], /) -> KernelFunction: ...


@overload
def kernel(
    *,
    workgroup: int = 64,
    grid: GridFor | None = None,
    types: Mapping[str, Type] | None = None,
    device: str = "auto",
) -> Callable[[Callable[..., None]], KernelFunction]: ...


def kernel(
    function: Callable[..., None] | None = None,
    /,
    *,
    workgroup: int = 64,
    grid: GridFor | None = None,
    types: Mapping[str, Type] | None = None,
    device: str = "auto",
) -> KernelFunction | Callable[[Callable[..., None]], KernelFunction]:
    """Make a kernel of a Python function in the kernel language, as a decorator with or without arguments.

    `workgroup`: invocations of a workgroup. `grid`: workgroups, as numbers or as a function of the call's
    arguments; by default there is an invocation for each element of the largest output. `types`: the elements
    as which arrays are accessed where these are vectors, such as {"x": f32x4}. `device` is as for
    `kernelc.open`; "numpy" runs the interpreter, which checks indices and races.

    Raises: UsageError for a function without `k` or without outputs.
    """

    def made(body: Callable[..., None]) -> KernelFunction:
        return KernelFunction(body, workgroup, grid, types or {}, device)

    return made if function is None else made(function)
