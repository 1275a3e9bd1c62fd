"""Looking into a kernel in the interpreter: printed values, and stops with all values at hand."""

from __future__ import annotations

import re
import sys
from typing import Any

import numpy as np
import pytest

import kernelc
from kernelc import cli
from kernelc.errors import UsageError
from kernelc.kernels.registry import SPECS, references
from kernelc.kir.builder import KernelBuilder
from kernelc.kir.interpreter.interpret import interpret
from kernelc.kir.nodes import Probe
from runtime.devices import open_device

X = np.arange(6, dtype=np.float32)


def scaled(k: Any, x: Any, *, out: Any) -> None:
    i = k.workgroup_id(0) * k.workgroup + k.local_id
    with k.when(i < out.size):
        v = x[i] * 2.0
        k.print("place", i, v)
        k.breakpoint("half", v * 0.5)
        out[i] = v


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is at hand at each stop."""
    found: list[dict[str, Any]] = []
    monkeypatch.setenv("KERNELC_INTERPRET", "1")
    monkeypatch.setattr("sys.breakpointhook", lambda: found.append(dict(sys._getframe(1).f_locals)))
    return found


def test_values_are_printed_and_at_hand(
    stops: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    out = kernelc.kernel(workgroup=4)(scaled)(X, out=np.zeros_like(X))
    np.testing.assert_array_equal(out, X * 2)
    shown = capsys.readouterr().out
    assert re.search(r"test_probes.py:\d+: 6 of 8 invocations", shown)
    assert "place = [0, 1, 2, 3, 4, 5]" in shown and "v = [ 0.,  2.,  4.,  6.,  8., 10.]" in shown
    (at,) = stops
    assert at["active"].tolist() == [True] * 6 + [False] * 2
    np.testing.assert_array_equal(at["values"]["half"][:6], X)
    assert at["values"]["x"].tolist() == X.tolist() and {"i", "v", "out"} <= set(at["values"])


def test_numbers_of_python_are_printed_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def printed(k: Any, x: Any, factor: Any, *, out: Any) -> None:
        k.print("factor", factor, "width", x.size, "minus", -1, "flag", True)
        out[k.local_id] = x[k.local_id] * factor

    monkeypatch.setenv("KERNELC_INTERPRET", "1")
    kernelc.kernel(workgroup=6)(printed)(X, 0.5, out=X.copy())
    shown = capsys.readouterr().out
    assert "factor = [0.5, " in shown and "width = [6, 6" in shown
    assert "minus = [-1, " in shown and "flag = [ True," in shown

    def wrong(k: Any, x: Any, *, out: Any) -> None:
        k.print("x", x)
        out[k.local_id] = x[k.local_id]

    with pytest.raises(TypeError, match=r"test_probes.py:\d+: got ShapedArray, wanted values, numbers"):
        kernelc.kernel(wrong)(X, out=X.copy())


@pytest.mark.parametrize("named", ["matvec.py", "93", ":93", "matvec.py:first", "a.py:3,b.py"])
def test_what_is_no_line_is_said(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERNELC_BREAK", named)
    with pytest.raises(UsageError, match="is no line"):
        kernelc.kernel(device="numpy")(scaled)(X, out=X.copy())


def test_nothing_is_recorded_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERNELC_INTERPRET", raising=False)
    kernel = kernelc.kernel(scaled)
    assert "print" not in kernel.ir(X, out=X) and "0.5" not in kernel.ir(X, out=X)
    monkeypatch.setenv("KERNELC_INTERPRET", "1")
    assert "print place, " in kernel.ir(X, out=X) and "break half" in kernel.ir(X, out=X)
    for target in ("wgsl", "cuda", "spirv", "opencl", "c"):
        assert "place" not in kernel.text(target, X, out=X)


def test_a_line_stops_in_every_round(stops: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    b = KernelBuilder("sums", workgroup=2)
    out = b.buffer("out", "u32", "read_write")
    local = b.let("local_id", "u32")
    total = b.declare("total", "u32", b.const(0, "u32"))
    with b.loop(b.const(0, "u32"), b.const(3, "u32"), b.const(1, "u32"), name="i") as i:
        b.assign(total, b.let("add", "u32", b.let("read", "u32", attr=total), i))
    b.print("total", b.let("read", "u32", attr=total))
    b.store(out, local, b.let("read", "u32", attr=total))
    kernel = b.kernel()
    assert sum(isinstance(each, Probe) for each in kernel.statements) == 1
    line = next(each.where for each in kernel.statements if type(each).__name__ == "Assign")
    monkeypatch.setenv("KERNELC_BREAK", str(line))
    result = np.zeros(2, np.uint32)
    interpret(kernel, (1, 1, 1), {"out": result})
    assert result.tolist() == [3, 3]
    assert [int(at["values"]["i"][0]) for at in stops] == [0, 1, 2]


def test_what_is_changed_at_a_stop_is_what_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def change() -> None:
        sys._getframe(1).f_locals["values"]["v"][:] = 7

    monkeypatch.setenv("KERNELC_INTERPRET", "1")
    monkeypatch.setattr("sys.breakpointhook", change)
    assert kernelc.kernel(scaled)(X, out=np.zeros_like(X)).tolist() == [7] * 6


def test_every_device_is_the_interpreter_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KERNELC_INTERPRET", "1")
    device = open_device("cpu", references=references())
    assert device.info.kind == "numpy"
    spec = SPECS["rms_norm"]
    problem = spec.problem_from_json({"width": 96, "eps": 1e-5, "residual": False})
    env = {"seq": 2, "past": 0, "context": 2}
    arrays = spec.inputs(problem, np.random.default_rng(0), env)
    params, wanted = spec.params(problem, np.random.default_rng(0), env), dict(arrays)
    wanted["normed"] = arrays["normed"].copy()
    spec.reference(problem, wanted, params)
    monkeypatch.setattr(type(spec), "reference", None)  # it is not what runs
    references()["rms_norm"](spec.problem_json(problem), arrays, params)
    np.testing.assert_allclose(arrays["normed"], wanted["normed"], rtol=1e-5, atol=1e-5)
    assert cli.main(["try", "rms_norm", "--problem", "{}", "--device", "cpu"]) == 2  # no texts run there
