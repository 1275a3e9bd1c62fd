"""Ranges are proved before a driver sees them: for the context that is loaded, and at every copy."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kernelc.artifact import Artifact, Buffer, BufferRange, Manifest
from kernelc.artifact.check import check_manifest
from kernelc.errors import ArtifactError
from kernelc.ir.dim import Var
from kernelc.kernels.step_block import STEP
from runtime.device.checks import proved_plan
from runtime.device.executor import Executor, Fetch
from runtime.device.kernel_checks import check_families, check_workgroup, workgroup_behind
from runtime.device.program import STEP_FIELDS, Extent
from runtime.engine.engine import ALL_ROLES, Engine
from runtime.vulkan.modules import local_size
from tests.runtime.tiny_artifact import MAX_CONTEXT, write_tiny
from tests.runtime.tiny_native import LIBRARY

TARGETS = ("wgsl", "cuda", "spirv", "opencl")


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return write_tiny(tmp_path_factory.mktemp("toy") / "toy", targets=TARGETS)


def with_model(manifest: Manifest, **facts: Any) -> Manifest:
    return dataclasses.replace(manifest, model=dataclasses.replace(manifest.model, **facts))


def with_buffer(manifest: Manifest, name: str, bytes_: Any) -> Manifest:
    changed = dataclasses.replace(manifest.buffers[name], bytes=bytes_)
    return dataclasses.replace(manifest, buffers={**manifest.buffers, name: changed})


def bound(manifest: Manifest, program: str, binding: int, range_: BufferRange) -> Manifest:
    """The manifest with one binding of a program's first dispatch changed."""
    first, *others = manifest.programs[program].dispatches
    bindings = list(first.bindings)
    bindings[binding] = range_
    dispatches = (dataclasses.replace(first, bindings=tuple(bindings)), *others)
    changed = dataclasses.replace(manifest.programs[program], dispatches=dispatches)
    return dataclasses.replace(manifest, programs={**manifest.programs, program: changed})


def test_a_vocabulary_larger_than_the_scores_is_refused(toy: Artifact) -> None:
    """On Vulkan, such a manifest once wrote megabytes of foreign memory into the file of `--logits`."""
    with pytest.raises(ArtifactError, match="buffer logits has 128 bytes at context 8, wanted 4000000"):
        proved_plan(with_model(toy.manifest, vocab_size=1_000_000), 8, ALL_ROLES)


@pytest.mark.parametrize(
    ("buffer", "size", "message"),
    [
        ("tokens", 4, "of tokens, which has 4"),
        ("all_logits", 256, "of all_logits, which has 256 at context 8"),
        ("step", 16, "buffer step has 16 bytes at context 8, wanted 32 for the step block"),
    ],
)
def test_what_the_host_reads_and_writes_must_be_there(
    toy: Artifact, buffer: str, size: int, message: str
) -> None:
    with pytest.raises(ArtifactError, match=message):
        proved_plan(with_buffer(toy.manifest, buffer, size), 8, ALL_ROLES)


@pytest.mark.parametrize("names", [{"past": "temperature"}, {"past": "seed"}, {"min_p": None}])
def test_a_step_block_has_its_fields_where_kernels_read_them(
    toy: Artifact, names: dict[str, str | None]
) -> None:
    """A repetition penalty of 1 in the place of `past` was position 1,065,353,216 of a cache on OpenCL."""
    named = {param.name: param for param in toy.manifest.params}
    (one, other), *_ = names.items()
    swapped = {one: other, other: one}
    params = tuple(
        named[name] for param in toy.manifest.params if (name := swapped.get(param.name, param.name))
    )
    manifest = dataclasses.replace(toy.manifest, params=params)
    check_manifest(manifest, "manifest.json")
    with pytest.raises(ArtifactError, match=r"the step block has the fields .*; kernels read seq u32, past"):
        proved_plan(manifest, 8, ALL_ROLES)


def test_the_fields_of_a_step_are_those_of_the_kernels() -> None:
    assert [(param.name, str(param.type)) for param in STEP] == list(STEP_FIELDS.items())


def test_a_size_that_is_smaller_between_its_ends_is_refused(toy: Artifact) -> None:
    """Its reader looks at contexts 1 and 64 alone: at both, these ids fit."""
    context = Var("context", 1, MAX_CONTEXT)
    manifest = with_buffer(toy.manifest, "tokens", (context % 33) * 8 + 12)
    check_manifest(manifest, "manifest.json")
    with pytest.raises(ArtifactError, match="of tokens, which has 12 at context 33"):
        proved_plan(manifest, 33, ALL_ROLES)


def test_a_copy_lies_in_its_buffer_on_every_device(executor: Executor, tiny: Artifact) -> None:
    Engine(executor, tiny)  # not closed: the executor is every test's
    for offset, size in ((0, 132), (124, 8), (-4, 8), (0, -4), (2**40, 4)):
        with pytest.raises(ArtifactError, match="buffer logits has 128 bytes, wanted"):
            executor.run([], {}, b"", [Fetch("logits", offset, size)])
        with pytest.raises(ArtifactError, match="buffer logits has 128 bytes, wanted"):
            executor.read_buffer("logits", offset, size)
    for offset in (-4, 124, 128):
        with pytest.raises(ArtifactError, match="buffer logits has 128 bytes, wanted"):
            executor.write_buffer("logits", offset, bytes(8))
    with pytest.raises(ArtifactError, match="buffer step has 32 bytes"):
        executor.run([], {}, bytes(36), [])
    assert executor.read_buffer("logits", 128) == b""


def test_a_range_that_a_kernel_exceeds_is_refused_for_every_target(toy: Artifact) -> None:
    check_families(toy, 8, ALL_ROLES, LIBRARY)
    program = next(name for name, each in toy.manifest.programs.items() if each.role == "sample_greedy")
    manifest = bound(toy.manifest, program, 0, BufferRange("logits", 0, 64))
    with pytest.raises(ArtifactError, match=r"binds \[64, .*its kernel accesses up to \[128"):
        check_families(Artifact(toy.folder, manifest), 8, ALL_ROLES, LIBRARY)


OWN: dict[str, Callable[[bytes], Extent | None]] = {
    "wgsl": partial(workgroup_behind, b"@workgroup_size"),
    "opencl": partial(workgroup_behind, b"reqd_work_group_size"),
    "cuda": partial(workgroup_behind, b"__launch_bounds__"),
    "spirv": local_size,
}


def test_a_workgroup_is_the_kernels_own(toy: Artifact) -> None:
    checked: dict[str, int] = {}
    for name, kernel in toy.manifest.kernels.items():
        for variant in kernel.variants:
            own = OWN[variant.target](toy.read(variant.file))
            assert own is not None
            check_workgroup(name, variant, own)
            wrong = dataclasses.replace(variant, workgroup=(variant.workgroup[0] + 1, 1, 1))
            with pytest.raises(ArtifactError, match="its workgroup is said to be"):
                check_workgroup(name, wrong, own)
            checked[variant.target] = checked.get(variant.target, 0) + 1
    assert set(checked) == set(TARGETS)


MODULE = struct.pack("<5I", 0x07230203, 0, 0, 9, 0)
MODE = struct.pack("<6I", 6 << 16 | 16, 1, 17, 64, 2, 1)
FUNCTION = struct.pack("<I", 1 << 16 | 54)


def test_a_module_says_its_size_before_its_functions() -> None:
    assert local_size(MODULE + MODE) == local_size(MODULE + MODE + FUNCTION + MODE) == (64, 2, 1)


@pytest.mark.parametrize(
    ("target", "data"),
    [
        ("wgsl", b""),
        ("wgsl", b"@workgroup_size(1) @workgroup_size(2)"),
        ("wgsl", b"@workgroup_size"),
        ("wgsl", b"@workgroup_size(" + b"9" * 5000 + b")"),
        ("spirv", b"\x03\x02#\x07" + bytes(41)),
        ("spirv", b""),
        ("spirv", MODULE + MODE[:20]),
        ("spirv", MODULE + MODE + MODE),
        ("spirv", MODULE + FUNCTION + MODE),  # a mode's place is before all functions
        ("spirv", MODULE + bytes(4) + MODE),  # an instruction of no length has no next one
        ("opencl", b"reqd_work_group_size(1 + 1, 1, 1)"),
        ("cuda", b"__launch_bounds__(N)"),
    ],
)
def test_a_file_that_names_no_workgroup_is_left_to_its_driver(target: str, data: bytes) -> None:
    assert OWN[target](data) is None


def test_symbols_that_no_step_has_are_refused(tmp_path: Path) -> None:
    def with_symbols(change: Mapping[str, tuple[int, int]]) -> Any:
        return lambda manifest: dataclasses.replace(manifest, symbols={**manifest.symbols, **change})

    for change in ({"batch": (1, 2)}, {"seq": (0, 8)}):
        with pytest.raises(Exception, match=r"steps have no such symbol|got a low bound of 0"):
            write_tiny(tmp_path / str(len(change)), change=with_symbols(change))


def test_buffers_stay_what_they_were(toy: Artifact) -> None:
    """The toy itself passes at every context."""
    assert isinstance(toy.manifest.buffers["logits"], Buffer)
    for context in range(1, MAX_CONTEXT + 1):
        proved_plan(toy.manifest, context, ALL_ROLES)


def test_scores_that_no_program_leaves_are_the_artifacts_fault(tmp_path: Path) -> None:
    """Found by `tools.fuzz.accepted`: a manifest whose programs leave out what a role is asked for."""

    def change(manifest: Manifest) -> Manifest:
        score = next(each for each in manifest.programs.values() if each.role == "score")
        kept = [each for each in score.dispatches if all(b.buffer != "all_logits" for b in each.bindings)]
        programs = {
            name: dataclasses.replace(each, dispatches=tuple(kept)) if each.role == "score" else each
            for name, each in manifest.programs.items()
        }
        return dataclasses.replace(manifest, programs=programs)

    artifact = write_tiny(tmp_path / "toy", change=change)
    proved_plan(artifact.manifest, MAX_CONTEXT, ("prefill", "decode"))
    with pytest.raises(ArtifactError, match="it leaves nothing in buffer all_logits"):
        proved_plan(artifact.manifest, MAX_CONTEXT, ALL_ROLES)
