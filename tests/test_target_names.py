"""Outside the printers and the devices nobody knows a target by its name: what differs is data.

Names may stand where users choose one (commands, the compiler's options), and in the two tables of targets.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernelc.backends import backend_named
from kernelc.kir.text import kernel_text
from kernelc.target import TARGETS, Capabilities
from tests.golden.cases import CASES, Golden

REPO = Path(__file__).resolve().parents[1]
# A name of one letter is any variable's: of that only texts count.
NAME = re.compile("|".join(name for name in TARGETS if len(name) > 1), re.IGNORECASE)
LETTERS = frozenset(name for name in TARGETS if len(name) == 1)
MAY_NAME = (
    "kernelc/backends/",
    "kernelc/commands/",  # the words of --target, and which devices run what
    "kernelc/compile_options.py",  # the default of an option
    "kernelc/explore/printed.py",  # which languages are shown side by side, in which order
    "kernelc/workshop/",  # texts that a person changes, each in its language
    "kernelc/target.py",
    "kernelc/artifact/schema.py",
    "runtime/devices.py",
    *(f"runtime/{device}/" for device in ("cpu", "cuda", "vulkan", "wgpu", "opencl")),
)
PROBLEMS = list({(case.spec.name, case.label): case for case in CASES}.values())


def modules() -> Iterator[str]:
    for package in ("kernelc", "model", "runtime"):
        for path in sorted((REPO / package).rglob("*.py")):
            module = path.relative_to(REPO).as_posix()
            if not module.startswith(MAY_NAME):
                yield module


def named(source: str) -> list[str]:
    """Names and texts of code that have a target's name in them; what only people read is left out."""
    tree = ast.parse(source)
    bodies = [body for node in ast.walk(tree) if isinstance(body := getattr(node, "body", None), list)]
    told = {
        id(statement.value) for body in bodies for statement in body if isinstance(statement, ast.Expr)
    }  # docstrings, and texts below the fields that they describe
    found: list[str] = []
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "value"):
            text = getattr(node, field, None)
            if not isinstance(text, str) or id(node) in told:
                continue
            if NAME.search(text) or (field == "value" and text in LETTERS):
                found.append(f"line {getattr(node, 'lineno', '?')}: {text}")
    return found


@pytest.mark.parametrize("module", list(modules()))
def test_no_code_knows_a_target_by_name(module: str) -> None:
    assert named((REPO / module).read_text()) == []


def test_the_test_finds_names() -> None:
    assert named('if target == "wgsl":\n    pass') == ["line 1: wgsl"]
    assert named("def for_cuda(spirv): return opencl.x") != []
    assert named('"""Like WGSL."""\nx = 1\n"""As CUDA does."""') == []


@pytest.mark.parametrize("case", PROBLEMS, ids=[f"{case.spec.name}-{case.label}" for case in PROBLEMS])
def test_kernels_are_the_same_for_targets_that_can_do_the_same(case: Golden) -> None:
    """Every kernel for every variant of every target: its IR names none, and its text no other."""
    seen: dict[Capabilities, str] = {}
    for target in TARGETS.values():
        for variant in target.variants:
            kernel = case.spec.kernel(case.problem, case.spec.default(variant, case.problem), variant)
            if not variant.carries(kernel.tile_kinds()) or (kernel.fences and not target.fences):
                continue
            ir = kernel_text(kernel)
            assert not NAME.search(ir)
            assert seen.setdefault(variant, ir) == ir
            text = backend_named(target.name).render(kernel).text
            others = [
                name for name in TARGETS if name != target.name and len(name) > 1 and name in text.lower()
            ]
            assert not others
