"""Stages that bulk copies fill, in CUDA C: `cp.async.bulk`, counted by an `mbarrier`.

The functions are PTX in `templates/stages.cu.j2`. One thread asks for copies; each waits for them, and a
warp's first releases a stage for the warp. A kernel with more shared memory than is there without asking has
all of it in one array, whose size the launch gives.
"""

from __future__ import annotations

from kernelc.backends.c_like import BodyPrinter
from kernelc.kir.memory import Shared, Stages
from kernelc.kir.nodes import Kernel
from kernelc.kir.stage_nodes import StageRelease, StageRequest, StageStatement

STATIC_BYTES = 48 << 10
"""Shared memory that a kernel has without asking (CUDA C++ Programming Guide, "Technical Specifications")."""

NAMES = frozenset(
    {
        "Stages",
        "shared_address",
        "shared_memory",
        "stage_copy",
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

    def staged(self, statement: StageStatement, depth: int) -> None:
        stages, number = self.names[statement.stages], self.ref(statement.number).text
        if not isinstance(statement, StageRequest):
            call = "stage_release" if isinstance(statement, StageRelease) else "stage_wait"
            self.emit(depth, f"{call}({stages}, {number});", statement.where)
            return
        free = f"stage_is_free({stages}, {number}, {statement.stages.stage_bytes}u)"
        self.emit(depth, self.dialect.condition(free), statement.where)
        for part, source, first in statement.copies:
            place = f"&{self.names[source]}[{self.ref(first).text}]"
            self.emit(depth + 1, f"stage_copy({stages}, {number}, {self.names[part]}, {place});")
        self.emit(depth, "}")


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
