"""Libraries name their settings as Python does; the command line alone knows flags (kernelc/errors.py)."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernelc.cli import COMMANDS, load_command
from kernelc.commands.shared.options import FLAGS
from kernelc.errors import UsageError, spell_settings
from kernelc.target import targets_named
from runtime.devices import open_device
from runtime.engine.sampling import SamplingParams

REPO = Path(__file__).resolve().parents[1]
COMMAND_LAYER = ("kernelc/commands/", "kernelc/cli.py")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
SETTING = re.compile(r"`([a-z][a-z0-9_]*)`")
OF_OTHERS = {
    ("runtime/cuda/compile.py", "--std"),
    ("runtime/cuda/compile.py", "--gpu-architecture"),
    *(("model/hub/pypi.py", flag) for flag in ("--quiet", "--disable-pip-version-check", "--no-deps")),
    *(("model/hub/pypi.py", flag) for flag in ("--only-binary", "--require-hashes", "--hash")),
    *(("kernelc/backends/wasm/toolchain.py", flag) for flag in ("--target", "--no-entry", "--export")),
    *(("kernelc/backends/wasm/toolchain.py", f"--{flag}") for flag in ("import-memory", "max-memory")),
    ("kernelc/backends/wasm/toolchain.py", "--strip-all"),
    *(("kernelc/measure/facts.py", flag) for flag in ("--short", "--porcelain", "--untracked-files")),
}
"""Options of NVRTC, of pip, of clang and its linker, and of git."""


def libraries() -> Iterator[tuple[str, str]]:
    """(path, source) of every module below the command line."""
    for package in ("kernelc", "model", "runtime"):
        for path in sorted((REPO / package).rglob("*.py")):
            name = path.relative_to(REPO).as_posix()
            if not name.startswith(COMMAND_LAYER):
                yield name, path.read_text()


def messages(source: str) -> Iterator[str]:
    """Every text of a module that is no docstring."""
    tree = ast.parse(source)
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


def test_no_library_names_a_flag() -> None:
    found = {(name, flag) for name, source in libraries() for flag in FLAG.findall(source)}
    assert found == OF_OTHERS


def test_every_setting_in_a_message_has_a_flag() -> None:
    found = {
        setting for _, source in libraries() for text in messages(source) for setting in SETTING.findall(text)
    }
    assert {"context", "device", "quant"} <= found  # or the search finds nothing
    assert found <= set(FLAGS)


def test_every_flag_is_an_option_of_a_command() -> None:
    options: set[str] = set()
    for command in COMMANDS:
        parser = argparse.ArgumentParser()
        load_command(command).add_arguments(parser)
        options |= set(parser._option_string_actions)  # pyright: ignore[reportPrivateUsage]  (argparse lists them nowhere else)
    assert set(FLAGS.values()) <= options


def test_settings_are_spelled_for_their_reader() -> None:
    text = "use a smaller `context`, or `kernelc build` with `quant` q4"
    assert spell_settings(text) == "use a smaller context, or `kernelc build` with quant q4"
    assert spell_settings(text, {"context": "--context"}).startswith("use a smaller --context, or `kernelc b")
    error = UsageError("`top_p` is 2", where="`device` cpu", help="leave `top_p` out")
    assert str(error) == "top_p is 2"
    assert error.render() == "error: device cpu: top_p is 2 (help: leave top_p out)"
    assert error.render(FLAGS) == "error: --device cpu: --top-p is 2 (help: leave --top-p out)"


@pytest.mark.parametrize(
    ("name", "value"), [("temperature", -1), ("top_k", -1), ("top_p", 0), ("min_p", 2), ("seed", 2**32)]
)
def test_a_parameter_is_refused_by_its_name(name: str, value: int) -> None:
    with pytest.raises(UsageError, match=f"^{name} is {value}, wanted") as caught:
        SamplingParams(**{name: value})
    assert caught.value.render(FLAGS).startswith(f"error: {FLAGS[name]} is {value}, wanted")


def test_devices_and_targets_too() -> None:
    with pytest.raises(UsageError, match=r"^device is 'gpu'"):
        open_device("gpu")
    with pytest.raises(UsageError) as caught:
        targets_named("gpu")
    assert caught.value.render().startswith("error: target: got 'gpu'")
    assert caught.value.render(FLAGS).startswith("error: --target: got 'gpu'")
