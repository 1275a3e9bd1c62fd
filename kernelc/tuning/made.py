"""Artifacts that are made to measure something: kernels with a chosen schedule, in a program of their own.

Any executor loads them, so what measures knows no driver. They have no weights and no model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kernelc.artifact import (
    Bounds,
    Buffer,
    Kernel,
    KernelBinding,
    Manifest,
    ModelInfo,
    Param,
    Program,
    Variant,
    Weights,
    kernel_file,
)
from kernelc.kernels.spec import KernelSpec
from kernelc.kernels.step_block import STEP
from kernelc.printing import render
from kernelc.target import TARGETS, Capabilities

ROLE = "trial"
"""The role of all programs of such an artifact, which no stored artifact may have: they leave no scores."""
_ALIGNMENT = 256


def made_kernel(
    folder: Path,
    name: str,
    target: str,
    spec: KernelSpec[Any, Any],
    problem: Any,
    schedule: Any,
    capabilities: Capabilities,
) -> Kernel:
    """Print a kernel with this schedule into `folder`, as its one variant.

    It has none where the runtime prints its own kernels: there a `kernelc.native.Library` chooses by `name`.
    """
    traced = spec.kernel(problem, schedule, capabilities, name)
    bindings = tuple(KernelBinding(b.name, str(b.type), b.access) for b in spec.bindings(problem))
    params = bool(traced.params)
    if TARGETS[target].printed_where_run:
        return Kernel(spec.name, spec.problem_json(problem), params, bindings, ())
    printed = render(target, traced)
    data = printed.rendered.file
    file = kernel_file(name, data, TARGETS[target].suffix)
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_bytes(data)
    workgroup = (spec.workgroup(problem, schedule), 1, 1)
    variant = Variant(
        target,
        file,
        hashlib.sha256(data).hexdigest(),
        printed.rendered.entry,
        workgroup,
        spec.grid(problem, schedule),
        printed.requires,
    )
    return Kernel(spec.name, spec.problem_json(problem), params, bindings, (variant,))


def made_buffer(size: int) -> Buffer:
    """A buffer of at least `size` bytes, which starts as zeros."""
    return Buffer("state", max(_ALIGNMENT, -(-size // _ALIGNMENT) * _ALIGNMENT))


def made_manifest(
    target: str,
    kernels: Mapping[str, Kernel],
    buffers: Mapping[str, Buffer],
    programs: Mapping[str, Program],
    context: int = 1,
) -> Manifest:
    """The manifest of these parts alone."""
    symbols: dict[str, Bounds] = {"seq": (1, context), "past": (0, context - 1), "context": (1, context)}
    return Manifest(
        name="trial",
        target=target,
        quant="f32",
        model=ModelInfo("trial", 1, 1, 1, 1, 1, 1, 1, context, None, ()),
        symbols=symbols,
        params=tuple(Param(field.name, str(field.type)) for field in STEP),
        kernels=kernels,
        buffers=buffers,
        programs=programs,
        weights=Weights(),
    )
