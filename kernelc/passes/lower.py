"""Lowering: kernel calls to the artifact's kernels, buffers and straight dispatch lists with Dim-valued
grids."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any, Protocol

from kernelc import debug
from kernelc.artifact import Buffer, BufferRange, Dispatch, KernelBinding, Program, Requires, kernel_file
from kernelc.artifact import Kernel as KernelEntry
from kernelc.artifact import Variant as VariantEntry
from kernelc.artifact.made_for import with_purpose
from kernelc.errors import InternalError
from kernelc.ir.dim import Dim
from kernelc.kernels.several.table import TABLE
from kernelc.kernels.spec import KernelSpec
from kernelc.passes.memory import merge_slots, plan_slots, rounded, worst_case
from kernelc.passes.select import KernelCall
from kernelc.passes.text import memory_text, program_text
from kernelc.target import Capabilities, Target

Bounds = Mapping[str, tuple[int, int]]


class RenderedKernel(Protocol):
    """A kernel in a target's language: `text` for people, `file` the bytes of its file."""

    @property
    def text(self) -> str: ...
    @property
    def entry(self) -> str: ...
    @property
    def file(self) -> bytes: ...


@dataclass(frozen=True)
class Printed:
    """A kernel in the target's language, and what it asks of a device."""

    rendered: RenderedKernel
    requires: Requires
    uses_params: bool
    ir: Callable[[], str]  # the kernel IR's text, for the dump


# Prints a traced kernel for the target of that name; handed in, since passes know no backend.
Render = Callable[[str, Any], Printed]
# Chooses the schedule of a family's kernel for a target's name, a problem and a device's capabilities.
Choose = Callable[[str, KernelSpec[Any, Any], Any, Capabilities], Any]


@dataclass(frozen=True)
class ProgramSource:
    """A program before lowering: its role, the bounds within which it is valid, and its calls."""

    name: str
    role: str
    symbols: Bounds
    calls: Sequence[KernelCall]


@dataclass
class Lowered:
    """What lowering adds to a manifest; `files` are the kernels'."""

    kernels: dict[str, KernelEntry] = field(default_factory=dict[str, KernelEntry])
    buffers: dict[str, Buffer] = field(default_factory=dict[str, Buffer])
    programs: dict[str, Program] = field(default_factory=dict[str, Program])
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])


def lower(
    sources: Sequence[ProgramSource],
    states: Mapping[str, Dim],
    weights: Mapping[str, int],
    symbols: Bounds,
    targets: Sequence[Target],
    render: Render,
    choose: Choose,
) -> Lowered:
    """Plan the memory of all programs together and print each distinct kernel once.

    `states` and `weights`: bytes of what has a buffer of its own. `symbols`: the artifact's bounds.
    """
    lowering = _Lowering(targets, render, choose, states, weights, symbols)
    plans = [plan_slots(source.calls, lowering.tensor_bytes(source)) for source in sources]
    slots, slot_names = merge_slots(plans)
    lowering.out.buffers |= {f"slot.{at}": Buffer("slot", size) for at, size in enumerate(slots)}
    for source, names in zip(sources, slot_names, strict=True):
        lowering.program(source, names)
    debug.dump("memory", "txt", lambda: memory_text(lowering.out.buffers))
    return lowering.out


class _Lowering:
    def __init__(
        self,
        targets: Sequence[Target],
        render: Render,
        choose: Choose,
        states: Mapping[str, Dim],
        weights: Mapping[str, int],
        symbols: Bounds,
    ) -> None:
        self.targets, self.render, self.choose, self.symbols = targets, render, choose, symbols
        self.own = {**states, **weights}
        self.constants = frozenset({*weights, TABLE})  # no dispatch writes them
        self.names: dict[tuple[str, Any], str] = {}
        self.early: dict[str, set[str]] = {}  # by kernel: bindings read before its inputs are ready
        self.sizes: dict[tuple[str, str, Any], Mapping[str, Dim]] = {}
        self.out = Lowered()
        self.out.buffers |= {name: Buffer("state", rounded(size)) for name, size in states.items()}
        self.out.buffers |= {name: Buffer("weight", size) for name, size in weights.items()}

    def bound_bytes(self, call: KernelCall, source: ProgramSource) -> Mapping[str, Dim]:
        """Bytes of each binding at the program's largest step."""
        key = (source.name, call.spec.name, call.problem)
        if key not in self.sizes:  # the layers of a model make the same calls
            limits = {**self.symbols, **source.symbols, "context": self.symbols["context"]}
            bindings = call.spec.bindings(call.problem)
            self.sizes[key] = {b.name: worst_case(b.length * b.type.bytes, limits) for b in bindings}
        return self.sizes[key]

    def tensor_bytes(self, source: ProgramSource) -> dict[str, Dim]:
        """Bytes of every tensor that needs a slot."""
        found: dict[str, Dim] = {}
        for call in source.calls:
            sizes = self.bound_bytes(call, source)
            for binding in call.results:
                if call.operands[binding] not in self.own:
                    found[call.operands[binding]] = sizes[binding]
        return found

    def program(self, source: ProgramSource, slots: Mapping[str, str]) -> None:
        dispatches: list[Dispatch] = []
        for call in source.calls:
            sizes = self.bound_bytes(call, source)
            ranges: list[BufferRange] = []
            for binding in call.spec.bindings(call.problem):
                operand = call.operands[binding.name]
                buffer = operand if operand in self.own else slots.get(operand)
                if buffer is None:
                    raise InternalError(f"{call.origin}: {binding.name} binds {operand}, which has no buffer")
                if binding.constant and operand not in self.constants:
                    raise InternalError(f"{call.origin}: {binding.name} binds {operand}, which is no weight")
                ranges.append(BufferRange(buffer, 0, sizes[binding.name]))
            kernel = self.kernel(call.spec, call.problem)
            for name in self.early[kernel]:
                if call.operands[name] not in self.own:
                    message = f"{name} is read early, but {call.operands[name]} is made in this step"
                    raise InternalError(f"{call.origin}: {message}")
            dispatches.append(Dispatch(kernel, tuple(ranges), call.origin))
        program = Program(source.role, dict(source.symbols), tuple(dispatches))
        self.out.programs[source.name] = program
        kernels = self.out.kernels
        debug.dump(f"{source.name}_program", "txt", lambda: program_text(source.name, program, kernels))

    def kernel(self, spec: KernelSpec[Any, Any], problem: Any) -> str:
        """The name of the kernel for a problem, made on first use."""
        key = (spec.name, problem)
        if key not in self.names:
            described = spec.describe(problem)
            wish = f"{spec.name}_{described}" if described else spec.name
            taken = sum(1 for name in self.names.values() if name == wish or name.startswith(f"{wish}__"))
            self.names[key] = f"{wish}__{taken + 1}" if taken else wish
            self.out.kernels[self.names[key]] = self.entry(self.names[key], spec, problem)
        return self.names[key]

    def entry(self, name: str, spec: KernelSpec[Any, Any], problem: Any) -> KernelEntry:
        variants: list[VariantEntry] = []
        uses_params: set[bool] = set()
        self.early[name] = set()
        for target in self.targets:
            for capabilities in target.variants:
                schedule = self.choose(target.name, spec, problem, capabilities)
                if capabilities.tiles_only and schedule == self.choose(
                    target.name, spec, problem, replace(capabilities, tiles=())
                ):
                    continue  # matrix units do nothing in it, so it is not carried: spare tracing it
                size = capabilities.subgroup_size
                made = _made(self.render, target.name, spec, problem, schedule, size, name)
                self.early[name] |= made.early
                if not capabilities.carries(made.tiles):
                    continue
                variant, data = _variant(name, spec, problem, schedule, target, made.printed)
                uses_params.add(made.printed.uses_params)
                if not any(_same_demands(variant, known) for known in variants):
                    self.out.files[variant.file] = data
                    variants.append(variant)
                    _dump(name, target, variant, made.printed)
        if len(uses_params) != 1:
            raise InternalError(f"{name}: some variants read the step block and others do not")
        return _entry(spec, problem, uses_params.pop(), tuple(variants))


@dataclass(frozen=True)
class _Made:
    """A printed kernel, the bindings that it reads before its inputs are ready, and its tiles."""

    printed: Printed
    early: frozenset[str]
    tiles: Collection[Any]


@lru_cache(maxsize=16)  # few: a traced kernel is many times its text
def _traced(
    kernel: Callable[..., Any], problem: Any, schedule: Any, subgroup_size: int | None, name: str
) -> Any:
    """Trace a kernel with its family's `kernel`. The next target may schedule it alike; of a device's
    capabilities, tracing looks at the size of subgroups alone."""
    return kernel(problem, schedule, Capabilities(subgroup_size=subgroup_size), name)


@lru_cache(maxsize=512)
def _made(
    render: Render,
    target: str,
    spec: KernelSpec[Any, Any],
    problem: Any,
    schedule: Any,
    subgroup_size: int | None,
    name: str,
) -> _Made:
    """Trace and print a kernel: once in a process, since variants, programs and models often agree in it, and
    tracing takes most of a compilation."""
    trace = partial(_traced, spec.kernel, problem, schedule, subgroup_size, name)
    kernel = trace()
    ready = kernel.inputs_ready
    early = frozenset(() if ready is None else (memory.name for memory in ready.earlier_steps))
    printed = replace(render(target, kernel), ir=lambda: render(target, trace()).ir())
    return _Made(printed, early, kernel.tile_kinds())


def _variant(
    name: str, spec: KernelSpec[Any, Any], problem: Any, schedule: Any, target: Target, printed: Printed
) -> tuple[VariantEntry, bytes]:
    """A variant, and its file, which says what it was made for where a runtime takes it as it is."""
    data = printed.rendered.file
    variant = VariantEntry(
        target.name,
        "",
        "",
        printed.rendered.entry,
        (spec.workgroup(problem, schedule), 1, 1),
        spec.grid(problem, schedule),
        printed.requires,
    )
    if not target.printed_where_run and not target.modules:
        data = with_purpose(data, _entry(spec, problem, printed.uses_params, ()), variant)
    file, sha256 = kernel_file(name, data, target.suffix), hashlib.sha256(data).hexdigest()
    return replace(variant, file=file, sha256=sha256, bytes=len(data)), data


def _entry(
    spec: KernelSpec[Any, Any], problem: Any, params: bool, variants: tuple[VariantEntry, ...]
) -> KernelEntry:
    bindings = tuple(KernelBinding(b.name, str(b.type), b.access) for b in spec.bindings(problem))
    return KernelEntry(spec.name, spec.problem_json(problem), params, bindings, variants)


def _same_demands(a: VariantEntry, b: VariantEntry) -> bool:
    return a.target == b.target and a.requires == b.requires


def _dump(name: str, target: Target, variant: VariantEntry, printed: Printed) -> None:
    """The kernel as IR and as text, named by what the variant asks of a device."""
    stage = ".".join([name, *variant.requires.features])
    debug.dump(stage, "kir", printed.ir)
    debug.dump(stage, target.text_suffix or target.suffix, printed.rendered.text)
