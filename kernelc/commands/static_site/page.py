"""The built page: packaged with kernelc, or in a checkout built by npm."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import kernelc
from kernelc.errors import UsageError, WorkFailed

PACKAGE = Path(kernelc.__file__ or "").parent
WEB = PACKAGE.parent / "web"
SOURCES = ("index.html", "package.json", "package-lock.json", "vite.config.ts", "src", "public")


@dataclass(frozen=True)
class Page:
    """A page: where it lies in a package of kernelc, where npm puts it, and what it is built from."""

    packaged: Path
    built: Path
    sources: tuple[str, ...] = SOURCES


CHAT = Page(PACKAGE / "web_site", WEB / "dist" / "site")
EXPLORER = Page(
    PACKAGE / "explore_site", WEB / "dist" / "explore", (*SOURCES, "explore", "vite.explore.config.ts")
)
LEAST_NODE = (20, 19)
MODELS = "models.json"


def built_page(page: Page | None = None) -> Path:
    """Return the folder of a built page, the chat's for None. In a checkout it is built if it is missing or
    out of date.

    Raises: UsageError saying what is missing to build it; WorkFailed where the build fails.
    """
    page = page or CHAT
    if not (WEB / "package.json").is_file():
        if (page.packaged / "index.html").is_file():
            return page.packaged
        help_ = "build the package again after `npm ci && npm run build` in web/"
        raise UsageError("this kernelc was packaged without its page", where=str(page.packaged), help=help_)
    if not _is_current(page):
        _build()
    return page.built


def _is_current(page: Page) -> bool:
    """Whether the page is there and none of its sources is newer."""
    try:
        built = (page.built / "index.html").stat().st_mtime
    except OSError:
        return False
    return all(path.stat().st_mtime <= built for path in _sources(page))


def _sources(page: Page) -> Iterator[Path]:
    for name in page.sources:
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


def copy_page(page: Path, folder: Path) -> None:
    """Put a built page's files into a folder. Models in a developer's build of the page are left out."""
    own = (name for name in files_in(page) if name != MODELS and not name.startswith("models/"))
    link_or_copy(page, folder, sorted(own))


def link_or_copy(source: Path, target: Path, names: Iterable[str]) -> None:
    """Hard-link or copy files into a folder."""
    for name in names:
        to = target / name
        to.parent.mkdir(parents=True, exist_ok=True)
        real = os.path.realpath(source / name)
        try:
            os.link(real, to)
        except OSError:  # another file system, or one without links
            shutil.copyfile(real, to)


def files_in(folder: Path) -> set[str]:
    """Return all files in a folder, as relative paths with slashes."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
