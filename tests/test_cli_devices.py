"""`kernelc devices` and what `--device auto` says, on devices that the tests make up."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kernelc import session
from kernelc.commands.shared import opening
from kernelc.errors import DeviceError, UsageError
from model.hub.locate import Located
from runtime import devices
from runtime.cpu import executor as cpu_executor
from runtime.cpu.compiler import Compiler
from runtime.device.executor import DeviceInfo, Executor, Limits
from runtime.devices import Choice
from runtime.references.executor import NumpyExecutor
from tests.commands import run
from tests.runtime.tiny_artifact import write_tiny
from tests.runtime.tiny_kernels import REFERENCES

LIMITS = Limits(1 << 30, 1 << 28, 48 << 10, 512, (512, 512, 64), 65535, 16, 256)
CARD = DeviceInfo(
    "opencl", "a card", "driver 1.2", "opencl", frozenset({"f16", "subgroups"}), 32, LIMITS, 8 * 10**9
)


class Card(NumpyExecutor):
    """Stands for a graphics card that OpenCL alone finds."""

    def __init__(self) -> None:
        super().__init__(REFERENCES)
        self.info = CARD


@pytest.fixture(autouse=True)
def one_card(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(kind: str) -> Callable[[], Executor]:
        def fail() -> Executor:
            raise DeviceError(f"no driver for {kind}", help=f"install {kind}")

        return fail

    kinds: Mapping[str, devices.DeviceKind] = {
        kind: devices.DeviceKind(driven.target, Card if kind == "opencl" else missing(kind))
        for kind, driven in devices.DEVICE_KINDS.items()
    }
    monkeypatch.setattr(devices, "DEVICE_KINDS", kinds)


def test_what_is_there_and_what_is_missing_is_listed_in_the_order_of_auto() -> None:
    code, out, err = run("devices")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:2] == ["cuda     missing: no driver for cuda", "         help: install cuda"]
    assert lines[6:12] == [
        "opencl   a card",
        "         driver 1.2",
        "         runs opencl kernels; 8.0 GB of memory",
        "         class opencl-a-card, no tuned problems",
        "         can: f16, subgroups, subgroups of 32",
        "         512 threads and 48 KiB of shared memory in a workgroup, "
        "16 buffers of at most 268.4 MB in a kernel",
    ]
    assert lines[12].startswith("cpu      ") and lines[15].startswith("         class cpu-")
    assert lines[16] == "numpy    numpy"
    assert lines[-1] == (
        "auto     device opencl: a card (no cuda: no driver for cuda; no vulkan: no driver for vulkan; "
        "no wgpu: no driver for wgpu)"
    )


def test_the_list_as_json() -> None:
    result = json.loads(run("devices", "--json")[1])
    assert (result["auto"], result["why"][:21]) == ("opencl", "device opencl: a card")
    found = {each["device"]: each for each in result["devices"]}
    assert list(found) == ["cuda", "vulkan", "wgpu", "opencl", "cpu", "numpy"]
    assert [each["available"] for each in found.values()] == [False, False, False, True, True, True]
    assert found["wgpu"]["missing"] == "no driver for wgpu"
    assert [found[each]["target"] for each in ("opencl", "cpu", "numpy")] == ["opencl", "c", None]
    assert [found[each]["class"] for each in ("opencl", "numpy")] == ["opencl-a-card", None]
    assert found["opencl"]["features"] == ["f16", "subgroups"]
    assert found["opencl"]["limits"]["shared_bytes"] == 48 << 10


def test_an_artifact_decides_with(tmp_path: Path) -> None:
    write_tiny(tmp_path / "toy", targets=("wgsl",))
    *_, last = run("devices", tmp_path / "toy")[1].splitlines()
    assert (
        last.startswith("auto     device cpu: ") and " (no cuda: the artifact has no cuda kernels; " in last
    )
    assert "no wgpu: no driver for wgpu; no opencl: the artifact has no opencl kernels" in last
    code, _, err = run("devices", tmp_path)
    assert (code, err.count("\n")) == (2, 1)
    assert "there is no manifest.json in it" in err


@pytest.mark.parametrize(
    ("options", "target"),
    [(["--device", "opencl"], "opencl"), ([], "opencl"), (["--device", "opencl", "--target", "all"], "all")],
)
def test_a_model_folder_is_built_for_the_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], target: str
) -> None:
    def built(model: Located, args: argparse.Namespace) -> Path:
        raise UsageError(f"would build {model.path.name} for {args.target}")

    monkeypatch.setattr("kernelc.commands.kept.built", built)
    (tmp_path / "config.json").write_text("{}")
    assert f"would build {tmp_path.name} for {target}" in run("chat", tmp_path, *options)[2]


def test_the_choice_is_told_on_a_terminal_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    card = Choice("device opencl: a card")
    opening.show_choice(card)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    opening.show_choice(Choice("device opencl: a\x1b[2J card"))
    assert capsys.readouterr().err == "\x1b[2mdevice opencl: a[2J card\x1b[0m\n"
    monkeypatch.setenv("NO_COLOR", "1")
    opening.show_choice(card)
    assert capsys.readouterr().err == "device opencl: a card\n"


def test_without_a_compiler_numpy_is_told_once_where_there_is_no_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a command in a script would be slow for no visible reason."""

    def no_compiler() -> Compiler:
        raise DeviceError("there is no C compiler", where="`device` cpu", help="use `device` numpy")

    monkeypatch.setattr(cpu_executor, "find_compiler", no_compiler)
    monkeypatch.setattr(session, "references", lambda: REFERENCES)
    opening.warn_once.cache_clear()
    write_tiny(tmp_path / "toy", targets=("c",))
    command = ("generate", tmp_path / "toy", "--device", "cpu", "--prompt-ids", "5,6,7", "--max-gen-len", 2)
    code, out, err = run(*command)
    assert code == 0 and out
    why = "there is no C compiler (help: use --device numpy)"
    assert err == f"warning: device numpy: numpy (no cpu: {why})\n"
    assert run(*command) == (0, out, "")
