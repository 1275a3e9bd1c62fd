"""Reading the manifest's golden tiles: the fields one by one, and how they fit kernels and file."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from kernelc.artifact.json_node import Node
from kernelc.artifact.schema import ELEMENT_BYTES, Kernel, Manifest
from kernelc.artifact.selfcheck import (
    CODED_PLANES,
    MAX_CHECK_BYTES,
    OUTPUT_ELEMENTS,
    CheckInput,
    CheckOutput,
    Checks,
    KernelCheck,
)

MAX_CHECKS = 4096
MAX_FILE_BYTES = 64 << 20

Fail = Callable[[str, str], NoReturn]
"""Complains of the field at a path, with a message."""


def read_checks(node: Node) -> Checks:
    """The `checks` section. Raises ArtifactError naming the field."""
    r = node.record("file bytes sha256 kernels")
    return Checks(
        file=r["file"].path_name(),
        bytes=r["bytes"].integer(0, MAX_FILE_BYTES),
        sha256=r["sha256"].sha256(),
        kernels=r["kernels"].mapping(_kernel, MAX_CHECKS),
    )


def _kernel(node: Node) -> KernelCheck:
    r = node.record("symbols params inputs outputs", "tile_tolerance")
    return KernelCheck(
        symbols=r["symbols"].mapping(lambda item: item.integer(0, 2**32 - 1), 16),
        params=r["params"].mapping(Node.number, 64),
        inputs=r["inputs"].items(_input, 1, 64),
        outputs=r["outputs"].items(_output, 1, 256),
        tile_tolerance=r["tile_tolerance"].optional(_tile_tolerance),
    )


def _tile_tolerance(node: Node) -> tuple[float, float]:
    relative, absolute = node.items(_tolerance, 2, 2)
    return relative, absolute


def _tolerance(node: Node) -> float:
    value = float(node.number())
    if value < 0:
        node.fail("a number of at least 0")
    return value


def _input(node: Node) -> CheckInput:
    r = node.record("bytes offset period")
    size = _words(r["bytes"], 4, MAX_CHECK_BYTES)
    return CheckInput(size, _words(r["offset"], 0, MAX_FILE_BYTES), _words(r["period"], 0, size))


def _output(node: Node) -> CheckOutput:
    r = node.record("binding at bytes offset element relative absolute")
    element, size = r["element"].one_of(OUTPUT_ELEMENTS), _words(r["bytes"], 4, MAX_CHECK_BYTES)
    if size % (16 * CODED_PLANES.get(element, 0) or 4):
        r["bytes"].fail(f"whole groups of {element}")
    return CheckOutput(
        r["binding"].integer(0, 63),
        _words(r["at"], 0, MAX_CHECK_BYTES),
        size,
        _words(r["offset"], 0, MAX_FILE_BYTES),
        element,
        _tolerance(r["relative"]),
        _tolerance(r["absolute"]),
    )


def _words(node: Node, low: int, high: int) -> int:
    """A number of bytes that is one of whole words."""
    found = node.integer(low, high)
    if found % 4:
        node.fail("a multiple of 4")
    return found


def check_checks(manifest: Manifest, fail: Fail) -> None:
    """Call `fail` where a check names what is not there, or reaches beyond its file or buffer."""
    if manifest.checks is None:
        return
    for name, check in manifest.checks.kernels.items():
        kernel = manifest.kernels.get(name)
        path = f"checks.kernels.{name}"
        if kernel is None:
            fail(path, f"there is no kernel {name!r}")
        _check_step(path, manifest, check, fail)
        _check_ranges(path, manifest.checks.bytes, kernel, check, fail)


def _check_step(path: str, manifest: Manifest, check: KernelCheck, fail: Fail) -> None:
    if set(check.symbols) != set(manifest.symbols):
        fail(f"{path}.symbols", f"got {sorted(check.symbols)}, wanted {sorted(manifest.symbols)}")
    for symbol, (low, high) in manifest.symbols.items():
        if not low <= check.symbols[symbol] <= high:
            fail(f"{path}.symbols.{symbol}", f"got {check.symbols[symbol]}, wanted {low}..{high}")
    types = {param.name: param.type for param in manifest.params}
    if set(check.params) != set(types):
        fail(f"{path}.params", f"got {sorted(check.params)}, wanted {sorted(types)}")
    for name, value in check.params.items():
        if types[name] == "u32" and not (isinstance(value, int) and 0 <= value < 2**32):
            fail(f"{path}.params.{name}", f"got {value}, wanted an integer of 0..2^32-1")


def _check_ranges(path: str, file_bytes: int, kernel: Kernel, check: KernelCheck, fail: Fail) -> None:
    if len(check.inputs) != len(kernel.bindings):
        fail(f"{path}.inputs", f"got {len(check.inputs)}, wanted {len(kernel.bindings)}, one per binding")
    for i, (given, binding) in enumerate(zip(check.inputs, kernel.bindings, strict=True)):
        if given.bytes % ELEMENT_BYTES[binding.element]:
            fail(f"{path}.inputs[{i}].bytes", f"got {given.bytes}, wanted whole {binding.element}")
        if given.offset + given.period > file_bytes:
            fail(f"{path}.inputs[{i}]", f"it ends at {given.offset + given.period} of {file_bytes} bytes")
    for i, wanted in enumerate(check.outputs):
        if wanted.binding >= len(kernel.bindings) or kernel.bindings[wanted.binding].access == "read":
            fail(f"{path}.outputs[{i}].binding", f"got {wanted.binding}, wanted one that is written")
        room = check.inputs[wanted.binding].bytes
        if wanted.at + wanted.bytes > room:
            fail(f"{path}.outputs[{i}]", f"it ends at {wanted.at + wanted.bytes} of {room} bytes bound")
        if wanted.offset + wanted.bytes > file_bytes:
            fail(f"{path}.outputs[{i}]", f"it ends at {wanted.offset + wanted.bytes} of {file_bytes} bytes")
