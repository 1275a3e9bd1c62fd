"""A kernel's file says what it was made for, and a manifest that says something else of it is refused."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kernelc.artifact import Artifact, Kernel, Manifest, Requires, Variant
from kernelc.artifact.made_for import check_purpose, purpose_of, with_purpose
from kernelc.errors import ArtifactError
from kernelc.ir.dim import Var
from runtime.device.executor import Executor
from runtime.engine.engine import Engine
from runtime.vulkan.modules import local_size
from tests.runtime.tiny_artifact import SEQ, write_tiny

TARGETS = ("wgsl", "cuda", "spirv", "opencl")


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return write_tiny(tmp_path_factory.mktemp("toy") / "toy", targets=TARGETS)


def kernel(toy: Artifact, target: str) -> tuple[Kernel, Variant, bytes]:
    found = toy.manifest.kernels["all_logits"]
    variant = next(each for each in found.variants if each.target == target)
    return found, variant, toy.read(variant.file)


@pytest.mark.parametrize("target", TARGETS)
def test_what_was_said_is_read_and_nothing_else_of_the_file_changes(toy: Artifact, target: str) -> None:
    _, variant, data = kernel(toy, target)
    said = purpose_of(data)
    assert said is not None
    assert said["grid"] == [1, "seq", 1] and said["problem"] == {"all": True}
    check_purpose(toy.manifest, "all_logits", variant, data)
    if target == "spirv":
        assert local_size(data) == variant.workgroup
    else:
        assert data.decode().splitlines()[-1].startswith("// made for {")


def test_a_module_that_says_it_is_valid(toy: Artifact, tmp_path: Path) -> None:
    if shutil.which("spirv-val") is None:
        pytest.skip("spirv-val missing: apt-get install spirv-tools")
    (tmp_path / "kernel.spv").write_bytes(kernel(toy, "spirv")[2])
    subprocess.run(["spirv-val", tmp_path / "kernel.spv"], check=True)


CHANGED: dict[str, Callable[[Kernel, Variant], tuple[Kernel, Variant]]] = {
    "spec": lambda k, v: (dataclasses.replace(k, spec="toy_sample"), v),
    "problem": lambda k, v: (dataclasses.replace(k, problem={"all": False}), v),
    "params": lambda k, v: (dataclasses.replace(k, params=False), v),
    "bindings": lambda k, v: (dataclasses.replace(k, bindings=k.bindings[::-1]), v),
    "entry": lambda k, v: (k, dataclasses.replace(v, entry="other")),
    "workgroup": lambda k, v: (k, dataclasses.replace(v, workgroup=(64, 1, 1))),
    "grid": lambda k, v: (k, dataclasses.replace(v, grid=(1, SEQ + 1, 1))),
    "requires": lambda k, v: (k, dataclasses.replace(v, requires=Requires((), 32, 32, 0, 5))),
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("field", CHANGED)
def test_each_fact_that_differs_is_named(toy: Artifact, target: str, field: str) -> None:
    entry, variant, data = kernel(toy, target)
    with pytest.raises(
        ArtifactError, match=rf"its {field} is said to be .*{target_file(variant)} was made for"
    ):
        changed, other = CHANGED[field](entry, variant)
        kernels = {**toy.manifest.kernels, "all_logits": changed}
        check_purpose(dataclasses.replace(toy.manifest, kernels=kernels), "all_logits", other, data)


def target_file(variant: Variant) -> str:
    return variant.file.replace(".", r"\.")


def test_a_grid_that_the_bounds_of_its_symbols_make_a_number_is_the_same(toy: Artifact) -> None:
    """A manifest is read with these bounds; that of `past` made one of the blocks of short contexts."""
    symbols = {"seq": (1, 1), "past": (0, 15), "context": (1, 16)}
    manifest = dataclasses.replace(toy.manifest, symbols=symbols)
    kernel, variant, data = toy.manifest.kernels["partial"], *one(toy, "partial")
    read = dataclasses.replace(variant, grid=(1, Var("seq", 1, 1), 1))
    changed = dataclasses.replace(kernel, variants=(read,))
    check_purpose(dataclasses.replace(manifest, kernels={"partial": changed}), "partial", read, data)
    with pytest.raises(ArtifactError, match="its grid"):
        check_purpose(toy.manifest, "partial", read, data)


def one(toy: Artifact, name: str) -> tuple[Variant, bytes]:
    variant = toy.manifest.kernels[name].variants[0]
    return variant, toy.read(variant.file)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"fn main() {}\n",
        b"// made for {",
        b"// made for [1]",
        b"// made for " + b"[" * 100_000,
        (0x07230203).to_bytes(4, "little"),
        (0x07230203).to_bytes(4, "little") + bytes(64),
        (0x07230203).to_bytes(4, "little") + bytes(16) + b"\x4a\x01\xff\xffmade for {",
    ],
)
def test_files_that_say_nothing_are_not_judged(toy: Artifact, data: bytes) -> None:
    """Those of earlier releases do not; what damages say is no reason to fail otherwise than by its hash."""
    variant = kernel(toy, "wgsl")[1]
    assert purpose_of(data) is None
    check_purpose(toy.manifest, "all_logits", variant, data)


def test_what_is_no_number_of_a_module_is_put_behind_its_names(toy: Artifact) -> None:
    entry, variant, data = kernel(toy, "spirv")
    assert purpose_of(with_purpose(data[:20], entry, variant)) is not None


def test_every_device_refuses_a_grid_that_is_not_the_kernels(executor: Executor, tmp_path: Path) -> None:
    """With a row for each position of the context it wrote 768 bytes behind its scores."""
    if executor.info.kind in ("cpu", "numpy"):
        pytest.skip(f"{executor.info.kind} prints its own kernels, on their own grids")

    def grown(manifest: Manifest) -> Manifest:
        found = manifest.kernels["all_logits"]
        context = Var("context", 1, 64)
        variants = tuple(dataclasses.replace(each, grid=(1, context, 1)) for each in found.variants)
        kernels = {**manifest.kernels, "all_logits": dataclasses.replace(found, variants=variants)}
        return dataclasses.replace(manifest, kernels=kernels)

    changed = write_tiny(tmp_path / "toy", targets=TARGETS, change=grown)
    with pytest.raises(ArtifactError, match=r"its grid is said to be .* was made for"):
        Engine(executor, changed, roles=("score",))
