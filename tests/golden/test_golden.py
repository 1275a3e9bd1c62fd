"""The emitted text of every kernel family, kept so that a change of it is seen and read in a diff.

`pytest --update-golden` rewrites the files. The comments keep the Python file alone, so that an edit above a
kernel's lines changes nothing here.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kernelc.backends.layout import WIDTH
from kernelc.kernels.registry import SPECS
from tests.golden.cases import CASES, Golden, emitted
from tests.kernels.executors import wgpu_device

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_emitted_text_is_the_golden_one(case: Golden, update_golden: bool) -> None:
    path, text = FOLDER / case.name, emitted(case)
    if update_golden:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.exists(), "no golden text yet: run pytest --update-golden and read what it wrote"
    assert path.read_text() == text, "read the difference; if it is meant, run pytest --update-golden"


def test_every_family_has_a_golden_text() -> None:
    missing = sorted(set(SPECS) - {case.spec.name for case in CASES})
    assert not missing, "add a line to tests/golden/cases.py and run pytest --update-golden"


def test_no_golden_text_is_left_over(update_golden: bool) -> None:
    known = {case.name for case in CASES}
    assert len(known) == len(CASES)
    files = {
        str(path.relative_to(FOLDER)) for case in CASES for path in (FOLDER / case.name).parent.iterdir()
    }
    if update_golden:
        for name in files - known:
            (FOLDER / name).unlink()
    else:
        assert files <= known, "run pytest --update-golden"


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_emitted_text_reads_well(case: Golden) -> None:
    """What a person would not write: very long lines, values named for want of a name, brackets around a
    name."""
    code = [re.sub(r" *// .*", "", line) for line in emitted(case).splitlines()]
    assert max(map(len, code)) <= WIDTH
    assert not [line for line in code if re.search(r"\(\([\w.]+\)\)|\+ -\d|- -\d", line)]
    nameless = [line for line in code if re.search(r"\blet t(_\d+)? =", line)]
    assert len(nameless) <= len(code) / 20, nameless


@pytest.mark.gpu
@pytest.mark.parametrize("case", [c for c in CASES if c.target == "wgsl"], ids=lambda case: case.name)
def test_the_driver_takes_the_golden_text(case: Golden) -> None:
    device = wgpu_device()
    if case.variant.tiles:
        pytest.skip("matrices are Tint's alone: tests/web/test_tint.py compiles such kernels")
    if case.variant.f16 and "shader-f16" not in device.features:
        pytest.skip("the adapter has no shader-f16")
    device.create_shader_module(code=(FOLDER / case.name).read_text().replace("enable subgroups;\n", ""))
