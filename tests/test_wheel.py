"""The wheel: it has what it must, and installs alone: no Node, no checkout, no compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from email import message_from_string
from importlib.util import find_spec
from pathlib import Path

import pytest

import kernelc

REPO = Path(__file__).resolve().parents[1]
PACKAGES = ("kernelc", "model", "runtime")
DEMO = ("config.json", "model.safetensors", "tokenizer.model", "tokenizer_config.json", "LICENSE")
SECONDS = 900


def wheel_of(checkout: Path, out: Path, *options: str, **environment: str) -> Path:
    """Build the wheel of a checkout into a folder."""
    words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", *options, "-w", str(out), "."]
    done = subprocess.run(
        words,
        cwd=checkout,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = out.glob("kernelc-*.whl")
    return wheel


def tracked() -> set[str]:
    """The files of the packages that git knows."""
    found = subprocess.run(["git", "ls-files", *PACKAGES], cwd=REPO, capture_output=True, text=True)
    if found.returncode:
        pytest.skip("this is no git checkout")
    return set(found.stdout.splitlines())


@pytest.mark.skipif(find_spec("hatchling") is None, reason="hatchling is not here: the extra dev brings it")
def test_the_wheel_has_what_it_must(tmp_path: Path) -> None:
    """Without the page, which takes a minute to build: the nightly test has it."""
    wheel = wheel_of(REPO, tmp_path, "--no-build-isolation", KERNELC_PAGE="none")
    assert wheel.name == f"kernelc-{kernelc.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = f"kernelc-{kernelc.__version__}.dist-info"
        metadata = message_from_string(archive.read(f"{info}/METADATA").decode())
        commands = archive.read(f"{info}/entry_points.txt").decode()
    files = {name for name in names if not name.startswith(info)}
    assert files == {name for name in tracked() if not name.endswith("ruff.toml")}
    assert {f"model/demo/{name}" for name in DEMO} <= files
    assert {f"{package}/py.typed" for package in PACKAGES} <= files
    assert f"{info}/licenses/LICENSE" in names and metadata["License-Expression"] == "Apache-2.0"
    assert "kernelc = kernelc.cli:main" in commands
    assert not any(
        "sys_platform" in each or "file:" in each for each in metadata.get_all("Requires-Dist", ())
    )
    assert wheel.stat().st_size < 20_000_000


def test_the_changelog_begins_with_this_version() -> None:
    first = next(line for line in (REPO / "CHANGELOG.md").read_text().splitlines() if line.startswith("## "))
    assert first.split()[1] == kernelc.__version__


@pytest.mark.nightly
def test_the_wheel_of_a_fresh_clone_installs_alone(tmp_path: Path) -> None:
    """Built where nothing is built yet, installed in an empty environment, with nothing else on the PATH."""
    if shutil.which("npm") is None or not (REPO / ".git").exists():
        pytest.skip("no npm to build the page with, or no checkout to clone")
    clone, home = tmp_path / "clone", tmp_path / "home"
    subprocess.run(["git", "clone", "--quiet", str(REPO), str(clone)], check=True, timeout=SECONDS)
    wheel = wheel_of(clone, tmp_path / "wheel", KERNELC_PAGE="required")
    shutil.rmtree(clone)
    with zipfile.ZipFile(wheel) as archive:
        assert {"kernelc/web_site/index.html", "kernelc/web_site/licenses.txt"} <= set(archive.namelist())
    venv.create(tmp_path / "empty", with_pip=True)
    scripts = tmp_path / "empty" / ("Scripts" if os.name == "nt" else "bin")
    install = [str(scripts / "python"), "-m", "pip", "install", "--quiet", str(wheel)]
    assert subprocess.run(install, timeout=SECONDS).returncode == 0
    home.mkdir()
    alone = {"HOME": str(home), "PATH": str(scripts)}  # neither node, nor git, nor a compiler

    def run(*words: str, said: str = "") -> str:
        done = subprocess.run(
            [str(scripts / words[0]), *words[1:]],
            cwd=home,
            env=alone,
            input=said,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "12 + 30 = 42." in run("kernelc", "chat", "--temperature", "0", said="What is 12 + 30?\n")
    run("kernelc", "web", "--out", "site")
    assert {"index.html", "models.json", "licenses.txt", "sw.js"} <= {
        each.name for each in (home / "site").iterdir()
    }
    assert (home / "site" / "models" / "demo" / "manifest.json").is_file()
    code = "import kernelc; print(kernelc.open().chat('What is 12 + 30?', temperature=0))"
    assert "42" in run("python", "-c", code)
