"""What the verifier asks of stages that bulk copies fill.

That all invocations arrive with the same numbers is the business of `kernelc.kir.passes.uniformity`, that
requests, waits and releases take turns that of the interpreter.
"""

from __future__ import annotations

from collections.abc import Iterator

from kernelc.kir.memory import COPY_BYTES, Shared, SourceLine, Stages
from kernelc.kir.nodes import Kernel, Store, TileStore, operands
from kernelc.kir.stage_nodes import Copy, StageRelease, StageRequest, StageStatement, StageWait
from kernelc.kir.types import u32

Problem = tuple[SourceLine | str, str]
_MOST_BYTES = (1 << 20) - 1  # that one barrier counts (PTX ISA, "tx-count")


def stage_problems(kernel: Kernel) -> Iterator[Problem]:
    """The problems of a kernel with its stages, each as a place and a reason."""
    parts = [part for stages in kernel.stages for part in stages.parts]
    if len(set(parts)) < len(parts) or not set(parts) <= set(kernel.shared):
        yield "signature", "a part of stages is an array of the kernel, and of one ring of stages alone"
    for stages in kernel.stages:
        yield from _signature(kernel, stages)
    for statement in kernel.statements:
        match statement:
            case StageRequest() | StageWait() | StageRelease():
                yield from _statement(kernel, statement)
            case Store(memory=memory) | TileStore(memory=memory) if memory in parts:
                yield statement.where, f"store to {memory.name}, which copies alone fill"
            case _:
                pass


def _signature(kernel: Kernel, stages: Stages) -> Iterator[Problem]:
    if stages.count < 1 or not stages.parts:
        yield "signature", f"{stages.name} has {stages.count} stages of {len(stages.parts)} parts"
        return
    for part in stages.parts:
        if part.length % stages.count or part.bytes // stages.count % COPY_BYTES:
            yield (
                "signature",
                f"{part.name} has no whole {COPY_BYTES} bytes for each of {stages.count} stages",
            )
    if stages.stage_bytes > _MOST_BYTES:
        yield "signature", f"a stage of {stages.name} has {stages.stage_bytes} bytes, more than {_MOST_BYTES}"
    if kernel.subgroup_size is None or kernel.workgroup % kernel.subgroup_size:
        yield "signature", f"{stages.name} needs whole subgroups of a known size, which release it"


def _statement(kernel: Kernel, statement: StageStatement) -> Iterator[Problem]:
    stages, place = statement.stages, statement.where
    if stages not in kernel.stages:
        yield place, f"{stages.name} are not this kernel's stages"
    for value in operands(statement):
        if value.type != u32:
            yield place, f"a stage's number or place needs u32, got {value.type}"
    if isinstance(statement, StageRequest):
        if tuple(copy.part for copy in statement.copies) != stages.parts:
            yield place, f"a request of {stages.name} copies each part once, in order"
        for copy in statement.copies:
            yield from _copy(kernel, stages, copy, place)


def _copy(kernel: Kernel, stages: Stages, copy: Copy, place: SourceLine) -> Iterator[Problem]:
    part: Shared = copy.part
    if copy.source not in kernel.buffers:
        yield place, f"{copy.source.name} is not this kernel's memory"
    if not copy.source.constant and (kernel.inputs_ready is not None or copy.source.access != "read"):
        yield place, f"{copy.source.name} is no constant, and copies do not wait for the kernel's inputs"
    yield from ((place, f"a copy to {part.name} of {problem}") for problem in _rows(copy, stages))
    if copy.source.type != part.type:
        yield place, f"a copy of {copy.source.name}: {copy.source.type} to {part.name}: {part.type}"


def _rows(copy: Copy, stages: Stages) -> Iterator[str]:
    """What is wrong with the rows that a copy has, which are one where nothing is said."""
    piece, size = copy.part.length // stages.count, copy.part.type.bytes
    if copy.rows < 1 or piece % copy.rows:
        yield f"{copy.rows} rows, which do not divide its {piece} elements"
    elif not 0 <= copy.elements <= piece // copy.rows:
        yield f"{copy.elements} elements in each row, where {piece // copy.rows} have room"
    elif copy.rows > 1 and not 0 < copy.elements <= copy.stride:
        yield f"rows of {copy.elements} elements that are {copy.stride} apart"
    elif copy.offset < 0 or (copy.offset and copy.rows == 1):
        yield f"a single row, or one that begins {-copy.offset} elements before its first"
    elif any(each * size % COPY_BYTES for each in (copy.elements, copy.stride, piece // copy.rows)):
        yield f"rows that are no whole {COPY_BYTES} bytes, or do not lie at such"
