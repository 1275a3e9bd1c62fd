"""The documents are true: what they name exists, and their worked changes are applied to a copy and run.

What a code block's first line says after the language decides what happens to it:
    python file=PATH   the file PATH, new       python more=PATH   the next part of that file
    diff file=PATH     a change to PATH: its context and removed lines must be there exactly once
    python run         a part of one program, which all such parts of a document are
    python run=model   likewise, of another program: one that opens a model, which tests do at night
    sh run             run in the copy          sh                 commands whose names and options must exist
    python excerpt=PATH   lines that stand in PATH
    wgsl kernel=NAME   lines that the printer emits for a kernel of `EXCERPTS`
Other languages (text, console) are not looked at.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import kernelc
from benchmarks.matvec_versions import VERSIONS
from kernelc import cli
from kernelc.backends import backend_named
from kernelc.kernels.linear.epilogues import RowEpilogue
from kernelc.kernels.linear.problem import LinearProblem
from kernelc.kernels.rms_norm import RMS_NORM, RmsNormProblem
from kernelc.kernels.spec import KernelSpec
from kernelc.target import TARGETS, Capabilities
from runtime.devices import DEVICE_KINDS

REPO = Path(__file__).resolve().parents[1]
DOCS = sorted(
    path.relative_to(REPO).as_posix()
    for pattern in ("*.md", "docs/*.md", "docs/tutorial/*.md")
    for path in REPO.glob(pattern)
)
WORKED = ("docs/add_a_kernel.md",)  # add_a_model.md changes nothing: its tests run as they are
FOLDERS = ("kernelc", "model", "runtime", "tests")
FENCE = re.compile(r"^```(\w+)?([^\n`]*)\n(.*?)^```$", re.M | re.S)
OUR_PATH = re.compile(r"(?:kernelc|model|runtime|tests|docs|tools|\.ci)/[\w./-]*")


@dataclass(frozen=True)
class Block:
    language: str
    attrs: dict[str, str]
    text: str


def blocks_of(doc: str) -> list[Block]:
    found: list[Block] = []
    for language, info, text in FENCE.findall((REPO / doc).read_text()):
        words = (word.partition("=") for word in info.split())
        found.append(Block(language, {key: value for key, _, value in words}, text))
    return found


def prose_of(doc: str) -> str:
    return FENCE.sub("", (REPO / doc).read_text())


def quoted(doc: str) -> list[str]:
    """What stands in backticks outside code blocks."""
    return re.findall(r"`([^`\n]+)`", prose_of(doc))


# ---- worked changes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("doc", WORKED)
def test_worked_changes_apply_and_run(doc: str, tmp_path: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__", "demo")  # demo: weights
    for folder in FOLDERS:
        shutil.copytree(REPO / folder, tmp_path / folder, ignore=ignore)
    shutil.copy(REPO / "pyproject.toml", tmp_path)
    commands = 0
    for block in blocks_of(doc):
        change(block, tmp_path)
        if block.language == "sh" and "run" in block.attrs:
            for line in command_lines(block.text):
                run_in_copy(line, tmp_path)
                commands += 1
    assert commands, f"{doc} runs nothing"


def change(block: Block, copy: Path) -> None:
    if "more" in block.attrs:
        path = copy / block.attrs["more"]
        path.write_text(path.read_text() + block.text)
    elif block.language == "diff":
        apply_diff(copy / block.attrs["file"], block.text)
    elif "file" in block.attrs:
        path = copy / block.attrs["file"]
        assert not path.exists(), f"{block.attrs['file']} is no new file"
        path.write_text(block.text)


def apply_diff(path: Path, diff: str) -> None:
    lines = diff.splitlines()
    assert all(line[:1] in (" ", "+", "-", "") for line in lines), f"{path.name}: no diff:\n{diff}"
    before = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "+")
    after = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "-")
    text = "\n" + path.read_text()
    times = text.count("\n" + before)
    assert times == 1, f"{path.name} has these lines {times} times:\n{before}"
    path.write_text(text.replace("\n" + before, "\n" + after).removeprefix("\n"))


def run_in_copy(line: str, copy: Path) -> None:
    """Run a command of this checkout's environment on the copy; a test run must have tested something.

    Tests draw few examples there: what is tried is that the change works as it is written down.
    """
    scripts = Path(sys.executable).parent
    words = [word.replace(".venv/bin", str(scripts)) for word in shlex.split(line)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["HYPOTHESIS_PROFILE"] = "few"
    run = subprocess.run(words, cwd=copy, env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, f"{line}\n{run.stdout}\n{run.stderr}"
    assert "pytest" not in words or re.search(r"\d+ passed", run.stdout), run.stdout


def test_a_diff_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("one\ntwo\none\n")
    apply_diff(path, " two\n+three\n")
    assert path.read_text() == "one\ntwo\nthree\none\n"
    for wrong in ("-four\n", "-one\n"):  # not there, and there twice
        with pytest.raises(AssertionError, match=r"a\.py has these lines [02] times"):
            apply_diff(path, wrong)


# ---- what is named exists ----------------------------------------------------------------------------------


@pytest.mark.parametrize("doc", DOCS)
def test_paths_and_modules_exist(doc: str) -> None:
    made = {block.attrs["file"] for block in blocks_of(doc) if "file" in block.attrs}
    commands = "\n".join(block.text for block in blocks_of(doc) if block.language == "sh")
    for name in [*quoted(doc), *commands.split()]:
        if OUR_PATH.fullmatch(name) and name not in made:
            assert (REPO / name).exists(), f"{doc} names {name}, which does not exist"
        if re.fullmatch(r"(kernelc|model|runtime)(\.\w+)+", name):
            found = name.removeprefix("kernelc.") in kernelc.__all__ or importlib.util.find_spec(name)
            assert found, f"{doc} names {name}, which is no module"


@pytest.mark.parametrize("doc", DOCS)
def test_links_lead_somewhere(doc: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose_of(doc)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (REPO / doc).parent / file if file else REPO / doc
        assert path.exists(), f"{doc} links to {target}"
        assert not anchor or anchor in anchors(path), f"{doc} links to {target}"


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", FENCE.sub("", path.read_text()), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("doc", DOCS)
def test_commands_and_options_exist(doc: str) -> None:
    lines = [line for block in blocks_of(doc) if block.language == "sh" for line in command_lines(block.text)]
    inline = [text for text in quoted(doc) if re.match(r"(make|kernelc|python -m) \w", text)]
    for line in [*lines, *inline]:
        for command in re.split(r"\s[|&]+\s", line):
            check_command(doc, command)
    for option in re.findall(r"(?<![\w-])--[a-z][\w-]+", "\n".join(quoted(doc))):
        assert option in all_options(), f"{doc} names {option}, which no command has"
    for variable in re.findall(r"\bKERNELC_[A-Z_]+\b", (REPO / doc).read_text()):
        assert variable in sources(), f"{doc} names {variable}, which nothing reads"


def test_the_readme_lists_the_targets_and_what_runs_them() -> None:
    rows = re.findall(r"^  \| (\w+) \| [^|]+ \| ([^|]+) \|$", (REPO / "README.md").read_text(), re.M)
    assert [target for target, _ in rows] == list(TARGETS)
    run_by = {target: re.findall(r"--device (\w+)", text) for target, text in rows}
    drivers = {driven.target: [kind] for kind, driven in DEVICE_KINDS.items()}
    assert run_by == {**drivers, "c": ["cpu"], "wasm": []}


def command_lines(text: str) -> Iterator[str]:
    """The commands of a block: comments dropped, continued lines joined."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.partition("  #")[0].strip()


def check_command(doc: str, command: str) -> None:
    words = [word for word in shlex.split(command) if not re.match(r"[A-Z_]+=", word)]
    if words and words[0] == "make":
        targets = re.findall(r"^([\w-]+):", (REPO / "Makefile").read_text(), re.M)
        assert set(words[1:]) <= set(targets), f"{doc}: make has no such target: {command}"
        return
    name = kernelc_command(words)
    if name is None:
        return
    assert name in cli.COMMANDS or name == "COMMAND", f"{doc}: there is no kernelc {name}"
    for word in words[1:]:
        if word.startswith("--") and name in cli.COMMANDS:
            assert word in options_of(name), f"{doc}: kernelc {name} has no {word}"


def kernelc_command(words: list[str]) -> str | None:
    """The kernelc command of a command line, None where it is something else."""
    modules = {"kernelc.build": "build", "runtime.chat": "chat"}
    if words and Path(words[0]).name == "kernelc":
        return next((word for word in words[1:] if not word.startswith("-")), "build")
    if words[1:2] == ["-m"]:
        return modules.get(words[2])
    return None


@functools.cache
def options_of(command: str) -> frozenset[str]:
    run = subprocess.run(
        [sys.executable, "-m", "kernelc.cli", command, "--help"], cwd=REPO, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return frozenset(re.findall(r"--[a-z][\w-]+", run.stdout))


@functools.cache
def all_options() -> frozenset[str]:
    return frozenset({"--update-golden", "--help", "--version"}).union(*map(options_of, cli.COMMANDS))


@functools.cache
def sources() -> str:
    files = [path for folder in (*FOLDERS, "tools") for path in (REPO / folder).rglob("*.py")]
    files += (REPO / "web" / "src").rglob("*.ts")
    return "\n".join(path.read_text() for path in files if path != Path(__file__).resolve())


@pytest.mark.parametrize("doc", DOCS)
def test_excerpts_stand_in_their_files(doc: str) -> None:
    for block in blocks_of(doc):
        if "excerpt" in block.attrs:
            text = (REPO / block.attrs["excerpt"]).read_text()
            assert f"\n{block.text}" in text, f"{doc}: {block.attrs['excerpt']} has no\n{block.text}"


RUN = dict.fromkeys(
    (doc, block.attrs["run"])
    for doc in DOCS
    if "tutorial" not in doc  # which has tests of its own (test_tutorial.py)
    for block in blocks_of(doc)
    if block.language == "python" and "run" in block.attrs
)
"""Documents with programs, and what their parts are called; those of "model" build one, and run at night."""


@pytest.mark.parametrize(
    ("doc", "part"),
    [pytest.param(*each, marks=pytest.mark.nightly if each[1] == "model" else ()) for each in RUN],
)
def test_examples_run(doc: str, part: str, tmp_path: Path) -> None:
    parts = [b.text for b in blocks_of(doc) if b.language == "python" and b.attrs.get("run") == part]
    program = tmp_path / f"{Path(doc).stem}_examples.py"
    program.write_text("\n".join(parts))
    environment = {**os.environ, "PYTHONPATH": str(REPO), "XDG_CACHE_HOME": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, str(program)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"


# ---- emitted text ------------------------------------------------------------------------------------------

SUBGROUPS = Capabilities(subgroups=True, dot4=True)
MATRIX = LinearProblem("q4", 22016, 4096, RowEpilogue(22016))
_NORM = RmsNormProblem(288, 1e-5, residual=True)
EXCERPTS: dict[str, tuple[KernelSpec[Any, Any], Any, Any]] = {
    "rms_norm": (RMS_NORM, _NORM, RMS_NORM.default(SUBGROUPS, _NORM)),
    **{
        f"matvec_{v.name}": (v.family, v.problem(MATRIX), v.schedule(SUBGROUPS, v.problem(MATRIX)))
        for v in VERSIONS
    },
}


def test_emitted_kernels_are_shown_as_they_are() -> None:
    shown = [block for doc in DOCS for block in blocks_of(doc) if "kernel" in block.attrs]
    assert shown
    for block in shown:
        spec, problem, schedule = EXCERPTS[block.attrs["kernel"]]
        kernel = spec.kernel(problem, schedule, SUBGROUPS)
        emitted = backend_named("wgsl").render(kernel).text
        assert without_line_numbers(block.text) in without_line_numbers(emitted), emitted


def without_line_numbers(text: str) -> str:
    """Comments name the line of Python that made a line: the file counts here, the number may move."""
    return re.sub(r" *// ([\w/]+\.py):\d+", r" // \1", text)
