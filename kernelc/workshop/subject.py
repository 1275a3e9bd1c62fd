"""The kernel that somebody wants to try: out of an artifact, or of a family with a problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernelc.artifact import Artifact
from kernelc.errors import ArtifactError, UsageError
from kernelc.ir.dim import evaluate
from kernelc.kernels.golden import Wanted, golden_case, symbols_of
from kernelc.kernels.registry import SPECS
from kernelc.kernels.spec import Arrays, KernelSpec, Params
from kernelc.kir.nodes import Kernel
from kernelc.tuning.candidates import capabilities_of
from kernelc.workshop.case import Grid
from runtime.device.executor import DeviceInfo


@dataclass(frozen=True)
class Tile:
    """Inputs of a kernel with a step block, and what must come out: a golden tile at the kernel's size."""

    arrays: Arrays
    params: Params
    wanted: Wanted


@dataclass(frozen=True)
class Subject:
    """A family's kernel for a problem, in a step with these symbols (seq, past and context)."""

    name: str
    spec: KernelSpec[Any, Any]
    problem: Any
    symbols: Mapping[str, int]

    def traced(self, info: DeviceInfo) -> tuple[Kernel, Grid]:
        """Return the kernel as it is made for a device, by the rules' schedule, and its workgroups.

        Raises: UsageError where no variant of the kernel runs there.
        """
        capabilities = capabilities_of(info, self.spec, self.problem)
        if capabilities is None:
            raise UsageError(f"no variant of {self.spec.name} runs on {info.name}", where=self.name)
        schedule = self.spec.default(capabilities, self.problem)
        x, y, z = (evaluate(extent, self.symbols) for extent in self.spec.grid(self.problem, schedule))
        return self.spec.kernel(self.problem, schedule, capabilities, self.name), (x, y, z)

    def tile(self) -> Tile:
        """Draw inputs, the same each time, and compute what must come out.

        Raises: UsageError where no inputs say anything of the kernel.
        """
        case = golden_case(self.name, self.spec, self.problem, self.symbols)
        if case is None:
            raise UsageError("no inputs were found that would show what it computes", where=self.name)
        arrays, params, _, wanted = case
        return Tile(arrays, params, wanted)


def subject_of(artifact: Artifact, name: str) -> Subject:
    """Return a kernel of an artifact. Raises: UsageError for a name that it does not have, ArtifactError for
    a kernel that this kernelc does not know."""
    kernels, where = artifact.manifest.kernels, str(artifact.folder)
    if name not in kernels:
        near = [each for each in kernels if name in each]
        help_ = f"kernels are {', '.join(near or kernels)}"
        raise UsageError(f"the artifact has no kernel {name}", where=where, help=help_)
    symbols = symbols_of(artifact.manifest, name)
    if symbols is None:
        raise UsageError(f"no program runs the kernel {name}", where=where)
    entry = kernels[name]
    try:
        spec = SPECS[entry.spec]
        return Subject(name, spec, spec.problem_from_json(entry.problem), symbols)
    except (KeyError, TypeError, ValueError) as error:
        help_ = "try it with the kernelc that built it, or build it again"
        raise ArtifactError(f"no kernel {entry.spec} of this kernelc", where=where, help=help_) from error


def subject_named(family: str, problem: Mapping[str, Any], seq: int = 1, past: int = 7) -> Subject:
    """Return a family's kernel for a problem, as manifests have problems, in a step of `seq` rows.

    Raises: UsageError for a family that there is not, or a problem that is none of its.
    """
    if family not in SPECS:
        raise UsageError(f"there is no kernel family {family}", help=f"families are {', '.join(SPECS)}")
    spec = SPECS[family]
    try:
        read = spec.problem_from_json(problem)
    except ArtifactError as error:
        raise UsageError(error.message, where="`problem`", help=f"a problem of {family}") from error
    described = spec.describe(read)
    name = f"{family}_{described}" if described else family
    return Subject(name, spec, read, {"seq": seq, "past": past, "context": seq + past})
