"""Every kernel family in SPIR-V: our assembler against spirv-as, the modules against spirv-val."""

from __future__ import annotations

import functools
import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from kernelc.backends.spirv.printer import SpirvBackend
from kernelc.kernels.registry import SPECS
from kernelc.kir.nodes import Kernel
from kernelc.target import TARGETS, Capabilities
from tests.conformance import test_operations, test_statements, tiles
from tests.golden.cases import CASES, variant_name

ENVIRONMENT = ("--target-env", "vulkan1.1")
PROBLEMS = {f"{case.spec.name}-{case.label}": (case.spec, case.problem) for case in CASES}
GENERATOR = slice(8, 12)  # of the header: which tool made the module
MATRICES = "OpCapability CooperativeMatrixKHR"


@pytest.fixture(autouse=True, scope="module")
def spirv_tools() -> None:
    if shutil.which("spirv-as") is None or shutil.which("spirv-val") is None:
        if "spirv-tools" in os.environ.get("KERNELC_REQUIRED_EXECUTORS", "").split():
            pytest.fail("spirv-tools are required here: spirv-as or spirv-val is missing")
        pytest.skip("spirv-tools missing: apt-get install spirv-tools")


def check(kernel: Kernel, folder: Path) -> None:
    """The words are those of spirv-as, and spirv-val takes them."""
    if kernel.tile_kinds() and not knows_matrices():
        pytest.skip("these spirv-tools are older than SPV_KHR_cooperative_matrix")
    rendered = SpirvBackend().render(kernel)
    text, ours, theirs = folder / "text", folder / "ours", folder / "theirs"
    text.write_text(rendered.text)
    ours.write_bytes(rendered.file)
    run("spirv-as", *ENVIRONMENT, str(text), "-o", str(theirs))
    assert without_generator(theirs.read_bytes()) == without_generator(rendered.file), kernel.name
    run("spirv-val", *ENVIRONMENT, str(ours))


@functools.cache
def knows_matrices() -> bool:
    text = f"OpCapability Linkage\n{MATRICES}\nOpMemoryModel Logical GLSL450\n"
    return subprocess.run(["spirv-as", "-o", os.devnull], input=text.encode(), check=False).returncode == 0


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def without_generator(module: bytes) -> tuple[int, ...]:
    words = module[: GENERATOR.start] + module[GENERATOR.stop :]
    return struct.unpack(f"<{len(words) // 4}I", words)


@pytest.mark.parametrize("variant", TARGETS["spirv"].variants, ids=variant_name)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_kernel(problem: str, variant: Capabilities, tmp_path: Path) -> None:
    spec, described = PROBLEMS[problem]
    check(spec.kernel(described, spec.default(variant, described), variant), tmp_path)


def test_every_family_is_here() -> None:
    assert {spec.name for spec, _ in PROBLEMS.values()} == set(SPECS)


def test_every_operation_and_statement(tmp_path: Path) -> None:
    for case in test_operations.CASES:
        check(test_operations.kernel_of(case), tmp_path)
    for case in test_statements.CASES:
        check(test_statements.kernel_of(case), tmp_path)


@pytest.mark.parametrize("case", tiles.CASES, ids=[case.name for case in tiles.CASES])
def test_every_operation_on_tiles(case: tiles.TileCase, tmp_path: Path) -> None:
    check(case.kernel(), tmp_path)


def test_spirv_val_sees_what_is_wrong(tmp_path: Path) -> None:
    """So that the tests above can fail."""
    kernel = test_statements.kernel_of(test_statements.CASES[0])
    file = tmp_path / "broken"
    file.write_bytes(SpirvBackend().render(kernel).file[:-4])  # without OpFunctionEnd
    with pytest.raises(AssertionError, match="Missing OpFunctionEnd"):
        run("spirv-val", *ENVIRONMENT, str(file))
