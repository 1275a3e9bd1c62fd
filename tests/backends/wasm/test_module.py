"""Artifacts for WebAssembly: one module of all kernels for each set of features, or a refusal in words."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernelc.artifact import Artifact
from kernelc.backends import linker_named
from kernelc.backends.wasm import toolchain
from kernelc.errors import InternalError, UsageError, WorkFailed
from kernelc.target import TARGETS, targets_named
from tests import commands

HAS_COMPILER = importlib.util.find_spec("ziglang") is not None or toolchain.VARIABLE in os.environ
needs_compiler = pytest.mark.skipif(not HAS_COMPILER, reason="no compiler for WebAssembly (the extra cpu)")
EMPTY = '__attribute__((export_name("f"))) void f(void) {}'


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    out = tmp_path_factory.mktemp("wasm") / "demo"
    code, _, errors = commands.run("build", "--target", "wgsl+wasm", "--context", 64, "--out", out)
    assert code == 0, errors
    return Artifact.open(out)


@needs_compiler
def test_every_kernel_has_a_variant_in_each_module(artifact: Artifact) -> None:
    modules = TARGETS["wasm"].modules
    files: list[set[str]] = [set() for _ in modules]
    assert artifact.manifest.target == "wgsl+wasm"
    for kernel in artifact.manifest.kernels.values():
        assert kernel.variants[0].target == "wgsl"
        linked = [variant for variant in kernel.variants if variant.target == "wasm"]
        for variant, features, seen in zip(linked, modules, files, strict=True):
            assert variant.requires.features[: len(features)] == features
            seen.add(variant.file)
    assert [len(seen) for seen in files] == [1, 1]
    assert len(set[str]().union(*files)) == 2


@needs_compiler
def test_a_module_imports_a_memory_and_exports_the_kernels(artifact: Artifact) -> None:
    for kernel in artifact.manifest.kernels.values():
        for variant in kernel.variants:
            if variant.target == "wasm":
                sections = dict(sections_of(artifact.read(variant.file)))
                assert sections[2].startswith(b"\x01\x03env\x06memory\x02\x01")  # one import: a memory
                assert b"\x0f__stack_pointer\x03" in sections[7]
                entry = variant.entry.encode()
                assert leb(len(entry)) + entry + b"\x00" in sections[7]  # a function


@needs_compiler
def test_the_same_build_gives_the_same_bytes() -> None:
    link = linker_named("wasm").link
    assert link([EMPTY], ()) == link([EMPTY], ())


@needs_compiler
def test_a_text_that_does_not_compile_is_shown() -> None:
    with pytest.raises(WorkFailed, match=r"undeclared identifier 'y'.* in `void f\(void\) \{ y; \}`"):
        linker_named("wasm").link(["void f(void) { y; }"], ())


def test_without_a_compiler_a_build_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(toolchain.VARIABLE, raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    code, _, errors = commands.run("build", "--target", "wasm", "--out", tmp_path / "out")
    assert code == 2
    assert errors.startswith("error: --target wasm: WebAssembly needs a compiler, and there is none (help: ")
    assert "pip install ziglang" in errors
    assert list(tmp_path.iterdir()) == []


def test_a_named_compiler_that_is_missing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(toolchain.VARIABLE, "no-such-clang -O1")
    with pytest.raises(UsageError, match="there is no no-such-clang"):
        linker_named("wasm").link([EMPTY], ())


def test_all_means_the_targets_that_need_no_compiler() -> None:
    every = [target.name for target in targets_named("all")]
    assert every == [name for name in TARGETS if name != "wasm"]
    assert [target.name for target in targets_named("all+wasm")] == [*every, "wasm"]
    assert [target.name for target in targets_named("wasm+wgsl")] == ["wasm", "wgsl"]
    with pytest.raises(UsageError, match="got 'metal'"):
        targets_named("wgsl+metal")


def test_other_targets_are_not_linked() -> None:
    with pytest.raises(InternalError):
        linker_named("wgsl")


def sections_of(module: bytes) -> Iterator[tuple[int, bytes]]:
    """The sections of a module, by their number."""
    assert module[:8] == b"\0asm\x01\0\0\0"
    at = 8
    while at < len(module):
        number, (size, start) = module[at], unleb(module, at + 1)
        yield number, module[start : start + size]
        at = start + size


def unleb(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def leb(value: int) -> bytes:
    """A number below 16384 as unsigned LEB128."""
    return bytes([value]) if value < 128 else bytes([value & 127 | 128, value >> 7])
