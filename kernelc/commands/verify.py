"""`kernelc verify`: run every kernel of an artifact on this device and compare with its numpy reference."""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kernelc.artifact import Artifact, Kernel
from kernelc.commands.shared.options import add_device, add_json, artifact_path, print_json
from kernelc.commands.shared.progress import progress_bar
from kernelc.commands.shared.table import print_table
from kernelc.errors import ArtifactError, WorkFailed
from kernelc.kernels.compare import compare
from kernelc.kernels.registry import SPECS, references
from kernelc.kernels.spec import KernelSpec
from kernelc.native import Library
from kernelc.workshop.repro import Run
from kernelc.workshop.verified import kept_script
from runtime.device.checks import choose_variants
from runtime.device.executor import Executor
from runtime.device.program import StepBlock
from runtime.devices import open_device

if TYPE_CHECKING:
    Array = npt.NDArray[Any]

ROWS = 5  # in steps with several rows: not a multiple of any tile
POSITIONS = 7  # after the least position that a program accepts


@dataclass(frozen=True)
class Check:
    """The result of one kernel on one set of inputs. `worst` is its largest error as a share of the
    tolerance, `script` the path of a program that reproduces a failure, or why there is none.
    """

    kernel: str
    spec: str
    env: Mapping[str, int]
    worst: float
    detail: str
    script: str | None = None

    @property
    def passed(self) -> bool:
        """Whether every output was within the tolerance."""
        return not self.detail


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("artifact", metavar="ARTIFACT", help="what `kernelc build` wrote")
    add_device(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print a line for every kernel and set of inputs. Raises: WorkFailed where one differs (exit code 1)."""
    artifact = Artifact.open(artifact_path(args.artifact))
    manifest = artifact.manifest
    executor = open_device(args.device, references=references(), library=Library(), manifest=manifest)
    try:
        with progress_bar("verifying") as report:
            checks: list[Check] = []
            names = list(artifact.manifest.kernels)
            for done, name in enumerate(names):
                if report:
                    report(name, done, len(names))
                checks += check_kernel(artifact, name, executor)
        device = executor.info
    finally:
        executor.close()
    _show(checks, f"{device.kind}: {device.name} ({device.driver})", as_json=args.json)
    failed = sorted({check.kernel for check in checks if not check.passed})
    if failed:
        raise WorkFailed(
            f"{len(failed)} of {len(names)} kernels differ from their references: {', '.join(failed)}",
            where=args.artifact,
            help="this device's driver computes them wrongly, or the artifact was built by another kernelc",
        )
    return 0


def check_kernel(artifact: Artifact, name: str, executor: Executor) -> Iterator[Check]:
    """Run one kernel on seeded random inputs, for the shortest and for a longer step of each program that
    uses it.
    """
    entry = artifact.manifest.kernels[name]
    spec, problem = _problem_of(entry, f"{artifact.folder}: kernels.{name}")
    for env in _environments(artifact, name):
        seed = zlib.crc32(name.encode())
        rng = np.random.default_rng(seed)
        arrays = spec.inputs(problem, rng, env)
        step = spec.params(problem, rng, env)
        block = StepBlock(artifact.manifest.params).encode(step)
        order = [binding.name for binding in entry.bindings]
        got = executor.run_kernel(artifact, name, [arrays[each] for each in order], env, block)
        wanted = {each: array.copy() for each, array in arrays.items()}
        spec.reference(problem, wanted, step)
        outputs = dict(zip(order, got, strict=True))
        worst, detail = compare(spec, problem, outputs, wanted, _asked(artifact, name, executor))
        if detail and spec.near_tie(problem, arrays, step, outputs, wanted):
            worst, detail = 1.0, ""
        script = None
        if detail:
            run_ = Run(arrays, step, wanted, executor.info.kind, env, seed)
            script = kept_script(artifact, name, executor.info, spec, problem, run_)
        yield Check(name, entry.spec, env, worst, detail, script)


def _asked(artifact: Artifact, name: str, executor: Executor) -> tuple[str, ...]:
    """Return the features that the variant chosen here requires; none on the cpu."""
    variants = artifact.manifest.kernels[name].variants
    if all(variant.target != executor.info.target for variant in variants):
        return ()
    return choose_variants(artifact.manifest, [name], executor.info)[name].requires.features


def _problem_of(entry: Kernel, where: str) -> tuple[KernelSpec[Any, Any], Any]:
    """Return the kernel's family and problem. Raises: ArtifactError where this build does not know them."""
    try:
        spec = SPECS[entry.spec]
        return spec, spec.problem_from_json(entry.problem)
    except (KeyError, TypeError, ValueError) as error:
        help_ = "verify with the kernelc that built it, or build it again"
        raise ArtifactError(f"no kernel {entry.spec} of this kernelc", where=where, help=help_) from error


def _environments(artifact: Artifact, name: str) -> Sequence[Mapping[str, int]]:
    """Return symbol values that the kernel's programs accept: the least ones, and several rows at a later
    position.
    """
    manifest, found = artifact.manifest, list[dict[str, int]]()
    for program in manifest.programs.values():
        if not any(dispatch.kernel == name for dispatch in program.dispatches):
            continue
        bounds = {**manifest.symbols, **program.symbols}
        (least, most), (low, high) = bounds["seq"], bounds["past"]
        for seq, past in ((least, low), (min(most, least + ROWS - 1), min(high, low + POSITIONS))):
            context = min(seq + past, manifest.model.max_context)
            env = {"seq": min(seq, context - past), "past": past, "context": context}
            if env["seq"] >= least and env not in found:
                found.append(env)
    return found


def _show(checks: Sequence[Check], device: str, *, as_json: bool) -> None:
    if as_json:
        rows = [
            {
                "kernel": check.kernel,
                "spec": check.spec,
                "symbols": dict(check.env),
                "passed": check.passed,
                "worst": check.worst if np.isfinite(check.worst) else None,
                "detail": check.detail,
                "script": check.script,
            }
            for check in checks
        ]
        print_json({"device": device, "passed": all(check.passed for check in checks), "checks": rows})
        return
    print(device)
    cells = [
        [
            "ok" if check.passed else "FAILED",
            check.kernel,
            f"seq {check.env['seq']} past {check.env['past']}",
            f"{check.worst:.3f}",
            check.detail,
        ]
        for check in checks
    ]
    print_table(["", "kernel", "step", "error/tolerance", ""], cells, right=(3,))
    for check in checks:
        if check.script is not None:
            print(f"{check.kernel}: {check.script}")
