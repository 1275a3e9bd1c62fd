"""Scripts that reproduce failures: what they have, what they say, and that they show a bug elsewhere."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernelc import cli
from kernelc.artifact import Artifact, Weights
from kernelc.kernels.registry import SPECS
from kernelc.kir.functions import convert, select
from kernelc.kir.interpreter.bound import ExecutionError
from kernelc.kir.nodes import Kernel, Param
from kernelc.kir.passes.verify import verify
from kernelc.kir.trace import Tracer, trace
from kernelc.kir.types import f32, i32, u32
from kernelc.target import TARGETS
from kernelc.workshop.case import case_of
from kernelc.workshop.reduce import reduced, size_of
from kernelc.workshop.replay import unpacked
from kernelc.workshop.repro import (
    MOST_ARRAY_BYTES,
    Run,
    family_script,
    keep,
    nodes_script,
    table_of,
    text_script,
)
from tests.api.test_kernel import require_device
from tests.kernels.executors import run_interpreter
from tests.kir.random_kernels import random_kernel
from tests.mutations import MUTATIONS, Mutation
from tests.test_mutations import REPO, tool

NORM = SPECS["rms_norm"]
PROBLEM = NORM.problem_from_json({"width": 96, "eps": 1e-5, "residual": False})
PROCESSOR = TARGETS["c"].variants[0]
ENV = {"seq": 2, "past": 0, "context": 2}


def run_of(device: str, rows: int = 2, *, wrong: bool = True) -> Run:
    """The norm's inputs, and what must come out, which is made wrong in one number."""
    env = {**ENV, "seq": rows, "context": rows}
    arrays = NORM.inputs(PROBLEM, np.random.default_rng(5), env)
    params = NORM.params(PROBLEM, np.random.default_rng(5), env)
    expected = {name: array.copy() for name, array in arrays.items()}
    NORM.reference(PROBLEM, expected, params)
    if wrong:
        expected["normed"].reshape(-1)[7] += 1
    return Run(arrays, params, expected, device, env, 5)


def shown(script: str, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int | str | None, str]:
    """What a script says, and its exit code."""
    argv, sys.argv = sys.argv, ["script.py", *words]
    try:
        with pytest.raises(SystemExit) as ended:
            exec(compile(script, "script.py", "exec"), {"__name__": "__main__"})
    finally:
        sys.argv = argv
    return ended.value.code, capsys.readouterr().out


@pytest.mark.parametrize("device", ["numpy", "cpu"])
@pytest.mark.parametrize("wrong", [True, False])
def test_a_family_is_run_again(device: str, wrong: bool, capsys: pytest.CaptureFixture[str]) -> None:
    require_device(device)
    schedule = NORM.default(PROCESSOR, PROBLEM)
    script = family_script(NORM, PROBLEM, schedule, PROCESSOR, run_of(device, wrong=wrong))
    code, out = shown(script, capsys)
    assert code == wrong and f"rms_norm on {device}" in out
    assert ("1 of 192 numbers are wrong, at 7 it has" if wrong else "192 numbers are right") in out


def test_nodes_and_texts_are_run_again(capsys: pytest.CaptureFixture[str]) -> None:
    require_device("cpu")
    kernel = NORM.kernel(PROBLEM, NORM.default(PROCESSOR, PROBLEM), PROCESSOR)
    grid, run = (2, 1, 1), run_of("cpu")
    code, out = shown(nodes_script(kernel, grid, run, (1e-5, 1e-5)), capsys, "-t")
    assert code == 1 and "1 of 192 numbers are wrong" in out and "rms_norm_kernel" in out
    script = text_script(case_of(kernel, "c", grid), NORM, PROBLEM, run)
    code, out = shown(script, capsys)
    assert code == 1 and "1 of 192 numbers are wrong" in out
    assert "__restrict" in script or "float" in script  # the text itself, line by line
    code, out = shown(script, capsys, "-d", "numpy")
    assert code == 1 and "rms_norm on numpy" in out  # the family's kernel: no interpreter reads C


def test_the_interpreter_runs_a_script_and_stops_in_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = NORM.default(PROCESSOR, PROBLEM)
    script = family_script(NORM, PROBLEM, schedule, PROCESSOR, run_of("cpu", wrong=False))
    stops: list[dict[str, Any]] = []
    monkeypatch.setattr("sys.breakpointhook", lambda: stops.append(sys._getframe(1).f_locals["values"]))
    monkeypatch.setenv("KERNELC_INTERPRET", "1")
    kernel = NORM.kernel(PROBLEM, schedule, PROCESSOR)
    line = next(each.where for each in kernel.statements if "rms_norm.py" in each.where.file)
    monkeypatch.setenv("KERNELC_BREAK", f"elsewhere.py:1, {line}")
    code, out = shown(script, capsys)
    assert code == 0 and f"kernel rms_norm stops at {line}" in out
    assert stops and {"x", "weight", "normed"} <= set(stops[0])


def test_large_inputs_are_drawn_again(capsys: pytest.CaptureFixture[str]) -> None:
    run = run_of("numpy", rows=2 * MOST_ARRAY_BYTES // (4 * 96), wrong=False)
    script = family_script(NORM, PROBLEM, NORM.default(PROCESSOR, PROBLEM), PROCESSOR, run)
    assert len(script) < 5000 and "drawn(FAMILY, PROBLEM, 5, ENV, PARAMS)" in script
    small = replace(run_of("numpy"), seed=None)
    assert "drawn(FAM" not in family_script(NORM, PROBLEM, NORM.default(PROCESSOR, PROBLEM), PROCESSOR, small)


def test_scripts_are_kept_where_one_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERNELC_REPRO", str(tmp_path / "there"))
    path = keep("print()", "../a kernel/of mine")
    assert path.parent == tmp_path / "there" and path.name == "a-kernel-of-mine.py"
    assert keep("print(1)", "../a kernel/of mine") == path and path.read_text() == "print(1)"


def test_a_kernel_becomes_as_small_as_fails() -> None:
    """The failure: what is stored to one output depends on a product."""
    case = random_kernel(random.Random(3), 40)
    tried: list[Kernel] = []

    def fails(kernel: Kernel) -> bool:
        verify(kernel)
        tried.append(kernel)
        try:  # it stays a kernel that runs
            run_interpreter(kernel, case.grid, case.arrays, case.params)
        except ExecutionError:
            return False
        return any(value.op == "mul" and value.type.scalar == "u32" for value in kernel.values)

    assert fails(case.kernel)
    small = reduced(case.kernel, fails)
    assert fails(small) and size_of(case.kernel) > 60 and size_of(small) <= 6
    assert len(small.buffers) == 1 and not small.shared
    assert len(tried) < 400
    assert reduced(case.kernel, lambda kernel: False) is not None


def test_verify_leaves_a_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    require_device("cpu")
    monkeypatch.setenv("KERNELC_REPRO", str(tmp_path))
    reference = type(NORM).reference

    def wrong(self: Any, problem: Any, arrays: Any, params: Any) -> None:
        reference(self, problem, arrays, params)
        arrays["normed"].reshape(-1)[3] += 5

    monkeypatch.setattr(type(NORM), "reference", wrong)
    artifact = one_kernel(tmp_path)
    monkeypatch.setattr(Artifact, "open", lambda path: artifact)
    monkeypatch.setattr("kernelc.commands.verify.artifact_path", lambda text: tmp_path)
    assert cli.main(["verify", str(tmp_path), "--device", "cpu"]) == 1
    out = capsys.readouterr().out
    (script,) = tmp_path.glob("*.py")
    assert f"norm: {script}" in out
    code, said = shown(script.read_text(), capsys)
    assert code == 1 and "numbers are wrong, at 3 it has" in said


def one_kernel(folder: Path) -> Artifact:
    """An artifact of one norm, which runs on the processor."""
    from kernelc.artifact import STEP_BUFFER, BufferRange, Dispatch, Program
    from kernelc.tuning.made import made_buffer, made_kernel, made_manifest

    entry = made_kernel(folder, "norm", "c", NORM, PROBLEM, NORM.default(PROCESSOR, PROBLEM), PROCESSOR)
    ranges = tuple(BufferRange(each.name, 0, 4 * 96) for each in NORM.bindings(PROBLEM))
    buffers = {each.name: made_buffer(4 * 96) for each in NORM.bindings(PROBLEM)}
    buffers[STEP_BUFFER] = made_buffer(32)
    program = Program("decode", {"seq": (1, 1), "past": (0, 0)}, (Dispatch("norm", ranges, "norm"),))
    manifest = made_manifest("c", {"norm": entry}, buffers, {"decode": program})
    return Artifact(folder, replace(manifest, weights=Weights()))


BUGGY = {
    "printer_precedence": "cpu",
    "wgsl_chooses_the_other": "wgpu",
    "c_chooses_the_other": "cpu",
    "opencl_subtracts_the_wrong_way": "opencl",
}
ON_GPU = (pytest.mark.gpu,)
BUG = pytest.mark.parametrize(
    ("bug", "device"),
    [
        pytest.param(each, device, id=each.name, marks=ON_GPU if device == "wgpu" else ())
        for each in MUTATIONS
        if (device := BUGGY.get(each.name))
    ],
)
FAILING = "tests/backends/test_random_kernels.py::test_random_kernels_print_what_they_mean"


def python(words: list[str], checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the kernelc of a checkout, from another folder than that."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, *words],
        cwd=checkout if words[:1] == ["-m"] else checkout.parent,
        env={**inherited, "PYTHONPATH": str(checkout), **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_arrays_of_a_script_are_the_same_bytes() -> None:
    of = np.float32
    arrays = {
        "few": np.array([0.1, -0.0, 3e38], of),
        "zeros": np.zeros((5, 20), of),
        "negative": np.full(100, -0.0, of),
        "none": np.full(30, np.nan, of),
        "halves": np.linspace(-1, 1, 50).astype(np.float16),
    }
    found: dict[str, Any] = {}
    exec("\n".join(table_of("ARRAYS", arrays)), {"np": np, "unpacked": unpacked}, found)
    for name, array in arrays.items():
        again = found["ARRAYS"][name]
        assert (again.dtype, again.shape) == (array.dtype, array.shape)
        assert again.tobytes() == array.tobytes(), name


def choosing(k: Tracer) -> None:
    x, out = k.input("x", i32), k.output("out", i32)
    mine = x[k.local_id]
    out[k.local_id] = select(mine < 100, mine - (x[7 - k.local_id] + 3), mine)


@BUG
def test_a_script_shows_a_printers_bug_where_there_is_one(bug: Mutation, device: str, tmp_path: Path) -> None:
    require_device(device)
    x = np.arange(8, dtype=np.int32) ** 3
    arrays = {"x": x, "out": np.zeros_like(x)}
    run = Run(arrays, {}, {"out": np.where(x < 100, x - (x[::-1] + 3), x)}, device, {})
    script, wrong = tmp_path / "script.py", tmp_path / "wrong"
    script.write_text(nodes_script(verify(trace("choosing", choosing, workgroup=8)), (1, 1, 1), run))
    for name in ("kernelc", "runtime"):
        shutil.copytree(REPO / name, wrong / name, ignore=shutil.ignore_patterns("__pycache__"))
    with tool.applied(bug, wrong):
        shown = python([str(script)], wrong)
    assert shown.returncode == 1, shown.stdout + shown.stderr
    assert re.search(r"[58] of 8 numbers are wrong", shown.stdout), shown.stdout
    right = python([str(script)], REPO)
    assert right.returncode == 0 and "8 numbers are right" in right.stdout, right.stdout + right.stderr


@pytest.mark.nightly
@BUG
def test_a_bug_in_a_printer_leaves_a_script_that_shows_it(bug: Mutation, device: str, tmp_path: Path) -> None:
    require_device(device)
    wrong, scripts = tmp_path / "wrong", tmp_path / "scripts"
    wrong.mkdir()
    tool.copy_repository(wrong)
    with tool.applied(bug, wrong):
        failing = f"{FAILING}[{'c' if device == 'cpu' else device}]"
        words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", failing]
        run = python(words, wrong, KERNELC_REPRO=str(scripts), HYPOTHESIS_PROFILE="few")
        assert run.returncode == 1, run.stdout + run.stderr
        (script,) = scripts.iterdir()
        assert f"python {script} reproduces it" in run.stdout
        text = script.read_text()
        imported = set(re.findall(r"^(?:from|import) (\w+)", text, re.M))
        assert imported == {"sys", "numpy", "kernelc"}
        assert text.count("b.let(") <= 20  # it was made smaller
        shown = python([str(script), "-t"], wrong)
        assert shown.returncode == 1 and "numbers are wrong" in shown.stdout, shown.stdout + shown.stderr
        meant = python([str(script)], wrong, KERNELC_INTERPRET="1")
        assert meant.returncode == 0 and "numbers are right" in meant.stdout, meant.stdout + meant.stderr
    right = python([str(script)], REPO)
    assert right.returncode == 0 and "numbers are right" in right.stdout, right.stdout + right.stderr


def stepping(k: Tracer) -> None:
    x, out = k.input("x", i32), k.output("out", i32)
    out[k.local_id] = x[k.local_id] + convert(k.param("mode"), i32) * convert(k.param("level"), i32)


@pytest.mark.parametrize("device", ["numpy", "cpu", "opencl", pytest.param("wgpu", marks=pytest.mark.gpu)])
def test_a_step_block_of_its_own_reaches_the_kernel(device: str, capsys: pytest.CaptureFixture[str]) -> None:
    require_device(device)
    x = np.arange(8, dtype=np.int32)
    arrays, fields = {"x": x, "out": np.zeros_like(x)}, (Param("level", f32), Param("mode", u32))
    run = Run(arrays, {"level": 3.0, "mode": 14}, {"out": x + 42}, device, {})
    kernel = verify(trace("stepping", stepping, workgroup=8, step=fields))
    code, out = shown(nodes_script(kernel, (1, 1, 1), run), capsys)
    assert code == 0 and "8 numbers are right" in out, out
