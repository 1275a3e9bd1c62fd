"""An artifact on a device: buffers with the weights in them, compiled kernels, dispatches ready to hand over.

`LoadedArtifact` does what every driver does alike. A driver defines how it allocates, compiles, binds and
writes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeAlias, TypeVar

from kernelc.artifact import Artifact, Variant
from kernelc.artifact.made_for import check_purpose
from runtime.device.executor import Progress
from runtime.device.kernel_checks import check_workgroup
from runtime.device.program import (
    ChangingGrid,
    Extent,
    Grid,
    LoadPlan,
    Prepared,
    ResolvedDispatch,
    changing_grids,
    extent_of,
    prepare,
)
from runtime.device.upload import Octets, weight_parts

StepKey: TypeAlias = tuple[tuple[str, ...], tuple[Extent, ...]]
"""What the recorded commands of a step depend on: its programs, and those grids that change between steps."""


@dataclass(frozen=True)
class Launch:
    """A dispatch ready to be handed over. Each driver adds its own handles."""

    dispatch: ResolvedDispatch
    grid: Grid

    def extent(self, env: Mapping[str, int]) -> Extent:
        """Return the grid for these values of the symbols."""
        return extent_of(self.grid, env)


B = TypeVar("B")  # a driver's buffer
K = TypeVar("K")  # a driver's compiled kernel
L = TypeVar("L", bound=Launch)


class LoadedArtifact(ABC, Generic[B, K, L]):
    """The buffers and programs of one load.

    `buffers` are the driver's buffers by name, `programs` the launches of each program in order, and
    `changing` the grids of each program that depend on the step, each once.
    """

    part_bytes: ClassVar[int] = 64 << 20
    """The most bytes of weights passed to one `_write`; no weight shard has more than the default."""

    def __init__(
        self, artifact: Artifact, plan: LoadPlan, variants: Mapping[str, Variant], context: int
    ) -> None:
        """Note what `load` is to load. `variants` are those chosen for the device, by kernel."""
        self.plan = plan
        self.buffers: dict[str, B] = {}
        self.programs: dict[str, list[L]] = {}
        self.changing: dict[str, tuple[ChangingGrid, ...]] = {}
        self._artifact = artifact
        self._variants = variants
        self._context = context
        self._kernels: dict[str, K] = {}  # by kernel file: kernels with the same text share one

    def load(self, progress: Progress | None = None) -> None:
        """Allocate, compile, bind and upload: either all of it, or nothing stays on the device.

        Raises: DeviceError where memory runs out; WorkFailed for a kernel that the driver refuses;
        ArtifactError for a corrupted file.
        """
        try:
            for name, size in self.plan.buffers.items():
                self.buffers[name] = self._allocate(name, size)
            for kernel, variant in self._variants.items():
                check_workgroup(kernel, variant, self._own_workgroup(variant))
                if variant.sha256:  # none where the runtime prints its own kernels
                    data = self._artifact.read(variant.file)
                    check_purpose(self._artifact.manifest, kernel, variant, data)
                if variant.file not in self._kernels:
                    self._kernels[variant.file] = self._compile(kernel, variant)
            self._bind(prepare(self._artifact.manifest, self.plan, self._variants, self._context))
            self._upload(progress)
        except BaseException:
            self.release()
            raise

    def _own_workgroup(self, variant: Variant) -> Extent | None:
        """Return the workgroup that a variant's file names, None where it names none."""
        return None

    @abstractmethod
    def release(self) -> None:
        """Free everything on the device, also after a load that failed half way. May be called twice."""

    def step_key(self, programs: Sequence[str], env: Mapping[str, int]) -> StepKey:
        """Return what the commands of a step with these programs and symbols depend on."""
        return tuple(programs), tuple(grid(env) for name in programs for grid in self.changing[name])

    # ---- what a driver does ----

    @abstractmethod
    def _allocate(self, name: str, size: int) -> B:
        """Return a buffer of `size` bytes. Buffers without weights must be zero once the load is done."""

    @abstractmethod
    def _compile(self, kernel: str, variant: Variant) -> K:
        """Return the compiled kernel of a variant's file; `kernel` names it in errors."""

    @abstractmethod
    def _launch(self, ready: Prepared, kernel: K) -> L:
        """Return a dispatch with its compiled kernel and its buffers bound."""

    @abstractmethod
    def _write(self, buffer: B, offset: int, part: Octets) -> None:
        """Write bytes into a buffer."""

    # ---- steps of a load, for drivers that do more around them ----

    def _bind(self, programs: Mapping[str, Sequence[Prepared]]) -> None:
        """Make the launches of every program."""
        for name, dispatches in programs.items():
            self.programs[name] = [
                self._launch(each, self._kernels[each.variant.file]) for each in dispatches
            ]
            self.changing[name] = changing_grids(dispatches)

    def _upload(self, progress: Progress | None) -> None:
        """Write the weights in the order in which they lie in the shards, a bounded part at a time."""
        for name, offset, part in weight_parts(self._artifact, self.plan, self.part_bytes, progress):
            self._write(self.buffers[name], offset, part)
