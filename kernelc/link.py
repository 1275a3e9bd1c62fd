"""Targets whose kernels become one file: what lowering printed is compiled and linked before it is written.

It takes a compiler and some seconds, so it is no part of `kernelc.compiler`, which plans models anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from kernelc.artifact import Kernel, Variant, kernel_file
from kernelc.backends import linker_named
from kernelc.compiler import Compiled
from kernelc.passes.lower import Lowered
from kernelc.target import Target, targets_named

MODULE = "module"
"""What the file of all kernels is called, before the hash of its contents."""


def linked(compiled: Compiled) -> Compiled:
    """Return a compiled model whose kernels lie in modules, for its targets that have these.

    Each kernel of such a target has a variant for each module, the most demanding first.
    Raises: UsageError where there is no compiler, WorkFailed where it fails.
    """
    lowered = compiled.lowered
    for target in targets_named(compiled.options.target):
        if target.modules:
            lowered = _linked(lowered, target)
    return replace(compiled, lowered=lowered)


def require_linkers(names: str) -> None:
    """Raises: UsageError where a target among `names` has modules, and there is no compiler for them."""
    for target in targets_named(names):
        if target.modules:
            linker_named(target.name).check()


def _linked(lowered: Lowered, target: Target) -> Lowered:
    printed = {
        variant.file: lowered.files[variant.file].decode()
        for kernel in lowered.kernels.values()
        for variant in kernel.variants
        if variant.target == target.name
    }
    link = partial(linker_named(target.name).link, list(printed.values()))
    with ThreadPoolExecutor(len(target.modules)) as pool:
        files = list(pool.map(link, target.modules))
    kernels = {name: _placed(kernel, target, files) for name, kernel in lowered.kernels.items()}
    others = {name: data for name, data in lowered.files.items() if name not in printed}
    named = {kernel_file(MODULE, data, target.suffix): data for data in files}
    return replace(lowered, kernels=kernels, files=others | named)


def _placed(kernel: Kernel, target: Target, files: Sequence[bytes]) -> Kernel:
    """Return a kernel whose variants for the target lie in the linked files."""
    variants: list[Variant] = []
    for features, data in zip(target.modules, files, strict=True):
        file, sha256 = kernel_file(MODULE, data, target.suffix), hashlib.sha256(data).hexdigest()
        for variant in kernel.variants:
            if variant.target == target.name:
                asked = replace(variant.requires, features=(*features, *variant.requires.features))
                variants.append(replace(variant, file=file, sha256=sha256, requires=asked, bytes=len(data)))
    return replace(kernel, variants=(*(v for v in kernel.variants if v.target != target.name), *variants))
