"""The built page: packaged with kernelc, or in a checkout built by npm."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import kernelc
from kernelc.errors import UsageError, WorkFailed

PACKAGE = Path(kernelc.__file__ or "").parent
PACKAGED = PACKAGE / "web_site"
WEB = PACKAGE.parent / "web"
BUILT = WEB / "dist" / "site"
SOURCES = ("index.html", "package.json", "package-lock.json", "vite.config.ts", "src", "public")
LEAST_NODE = (20, 19)


def built_page() -> Path:
    """Return the folder of the built page. In a checkout it is built if it is missing or out of date.

    Raises: UsageError saying what is missing to build it; WorkFailed where the build fails.
    """
    if not (WEB / "package.json").is_file():
        if (PACKAGED / "index.html").is_file():
            return PACKAGED
        help_ = "build the package again after `npm ci && npm run build` in web/"
        raise UsageError("this kernelc was packaged without its page", where=str(PACKAGED), help=help_)
    if not _is_current():
        _build()
    return BUILT


def _is_current() -> bool:
    """Whether the page is there and none of its sources is newer."""
    try:
        built = (BUILT / "index.html").stat().st_mtime
    except OSError:
        return False
    return all(path.stat().st_mtime <= built for path in _sources())


def _sources() -> Iterator[Path]:
    for name in SOURCES:
        path = WEB / name
        yield from (each for each in (path, *path.rglob("*")) if each.is_file())


def _build() -> None:
    npm = _npm()
    print("building the page with npm ...", file=sys.stderr, flush=True)
    if not (WEB / "node_modules" / "vite").is_dir():
        _run([npm, "ci", "--no-audit", "--no-fund"])
    _run([npm, "run", "build:site"])


def _run(command: list[str]) -> None:
    """Run npm in web/. Its output is shown only if it fails."""
    done = subprocess.run(
        command, cwd=WEB, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        print(done.stdout[-4000:], file=sys.stderr)
        raise WorkFailed(f"`{' '.join(['npm', *command[1:]])}` failed; its output is above", where=str(WEB))


def _npm() -> str:
    """Return npm's path. Raises: UsageError where there is none, or node is too old for the build."""
    help_ = f"install Node.js {'.'.join(map(str, LEAST_NODE))} or later (https://nodejs.org), or `make setup`"
    path = _environment()["PATH"]
    npm, node = shutil.which("npm", path=path), shutil.which("node", path=path)
    if npm is None or node is None:
        raise UsageError("the page must be built first, and there is no npm", where=str(WEB), help=help_)
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
    match = re.match(r"v(\d+)\.(\d+)", version)
    if match is None or (int(match[1]), int(match[2])) < LEAST_NODE:
        raise UsageError(f"node {version} is too old to build the page", where=str(WEB), help=help_)
    return npm


def _environment() -> dict[str, str]:
    """Return the environment with this Python's scripts first on PATH: `make setup` installs node there."""
    scripts = os.path.dirname(sys.executable)
    return {**os.environ, "PATH": os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)])}
