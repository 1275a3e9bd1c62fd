"""Stages that bulk copies fill, in CUDA C: `cp.async.bulk`, counted by an `mbarrier`.

The functions are PTX in `templates/stages.cu.j2`. One thread asks for copies; each waits for them, and a
warp's first releases a stage for the warp. A kernel with more shared memory than is there without asking has
all of it in one array, whose size the launch gives.
"""

from __future__ import annotations

from kernelc.backends.c_like import BodyPrinter
from kernelc.kir.memory import COPY_BYTES, Memory, Shared, Stages
from kernelc.kir.nodes import Kernel
from kernelc.kir.passes.ranges import LARGEST, Ranges, split
from kernelc.kir.stage_nodes import StageRelease, StageRequest, StageStatement
from kernelc.kir.values import Value

STATIC_BYTES = 48 << 10
"""Shared memory that a kernel has without asking (CUDA C++ Programming Guide, "Technical Specifications")."""

NAMES = frozenset(
    {
        "Stages",
        "shared_address",
        "shared_memory",
        "stage_asked",
        "stage_await",
        "stage_copy",
        "stage_copy_rows",
        "stage_is_free",
        "stage_release",
        "stage_wait",
        "stages_begin",
        "wait_for_phase",
    }
)
"""What a kernel's own values may not be called."""


class StagePrinter(BodyPrinter):
    """Prints the statements on stages as calls."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for stages in self.kernel.stages:
            self.name(stages, stages.name)
        self.by_all = copied_by_all(self.kernel)
        self.ranges = Ranges(self.kernel)

    def element(self, memory: Memory, index: Value) -> str:
        """An element of an array. In kernels that copy rows a constant stands with the array where it is
        proven that no sum wraps around, so that it becomes part of the instruction that loads."""
        rest, more = split(index) if self.by_all else (None, 0)
        if rest is None or not more or self.ranges.largest(rest) + more > LARGEST:
            return super().element(memory, index)
        return f"({self.names[memory]} + {more}u)[{self.ref(rest).text}]"

    def staged(self, statement: StageStatement, depth: int) -> None:
        stages, number = self.names[statement.stages], self.ref(statement.number).text
        if not isinstance(statement, StageRequest):
            call = "stage_release" if isinstance(statement, StageRelease) else "stage_wait"
            self.emit(depth, f"{call}({stages}, {number});", statement.where)
            return
        if statement.stages in self.by_all:
            self._rows(statement, stages, number, depth)
            return
        free = f"stage_is_free({stages}, {number}, {statement.stages.stage_bytes}u)"
        self.emit(depth, self.dialect.condition(free), statement.where)
        for copy in statement.copies:
            place = f"&{self.names[copy.source]}[{self.ref(copy.first).text}]"
            self.emit(depth + 1, f"stage_copy({stages}, {number}, {self.names[copy.part]}, {place});")
        self.emit(depth, "}")

    def _rows(self, statement: StageRequest, stages: str, number: str, depth: int) -> None:
        """Each thread copies some 16 bytes of every row."""
        self.emit(depth, f"stage_await({stages}, {number});", statement.where)
        for copy in statement.copies:
            place = f"&{self.names[copy.source]}[{self.ref(copy.first).text}]"
            room = copy.part.length // statement.stages.count // copy.rows
            units = (copy.elements or room) * copy.part.type.bytes // COPY_BYTES
            shape = f"{self.kernel.workgroup}u, {copy.rows}u, {units}u, {copy.stride}u"
            part = self.names[copy.part]
            place += f" + {copy.offset}" if copy.offset else ""
            self.emit(depth, f"stage_copy_rows<{shape}>({stages}, {number}, {part}, {place});")
        self.emit(depth, f"stage_asked({stages}, {number});")


def copied_by_all(kernel: Kernel) -> frozenset[Stages]:
    """The stages that are filled with rows, of which every thread copies some."""
    requests = (each for each in kernel.statements if isinstance(each, StageRequest))
    return frozenset(each.stages for each in requests if any(copy.rows > 1 for copy in each.copies))


def offsets(kernel: Kernel) -> dict[Shared | Stages, int]:
    """Where each piece of shared memory begins in the one array; empty where each is an array of its own.

    What needs the widest alignment comes first, so that nothing has to be left out between two pieces.
    """
    if kernel.shared_bytes <= STATIC_BYTES:
        return {}
    parts = [part for stages in kernel.stages for part in stages.parts]
    others = sorted((s for s in kernel.shared if s not in parts), key=lambda s: -s.type.bytes)
    sizes: dict[Shared | Stages, int] = {part: part.bytes for part in parts}
    sizes |= {stages: stages.barrier_bytes for stages in kernel.stages}
    sizes |= {shared: shared.bytes for shared in others}
    ends = [sum(list(sizes.values())[:at]) for at in range(len(sizes))]
    return dict(zip(sizes, ends, strict=True))
