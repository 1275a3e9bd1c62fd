"""Run what tests web/: types, unit tests, the build, every collected kernel through Tint, Chromium.

`make test` calls this after the Python tests. Where npm's packages are missing it is skipped, saying so;
where $KERNELC_REQUIRED_EXECUTORS names "browser" that is an error. Arguments name parts: types, unit, build,
tint, browser, browser-data, others. The last two run only where they are named: those of the browser tests
that want test data from outside the repository ($KERNELC_TEST_DATA), and those in Firefox and WebKit. Without
data or such a browser "browser" skips them, and they fail themselves.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from setup_env import PYTHON, REPO, fail, say
from setup_web import WEB, environment, provide_npm

KERNELS = REPO / "build" / "wgsl"
PARTS = {
    "types": ["npm", "run", "--silent", "typecheck"],
    "unit": ["npm", "run", "--silent", "test"],
    "build": ["npm", "run", "--silent", "build"],
    "tint": ["node", "tests/node/tint.mjs", str(KERNELS)],
    "browser": ["npm", "run", "--silent", "test:browser"],
    "browser-data": ["npm", "run", "--silent", "test:browser-data"],
    "others": ["npm", "run", "--silent", "test:others"],
}
DEFAULT = [name for name in PARTS if name not in ("browser-data", "others")]


def main() -> int:
    """Run the parts in order; return the exit code."""
    wanted = sys.argv[1:] or DEFAULT
    if unknown := [name for name in wanted if name not in PARTS]:
        return fail(f"got {unknown[0]!r}, wanted some of: {', '.join(PARTS)}")
    if provide_npm() is None or not (WEB / "node_modules" / "vite").is_dir():
        if "browser" in os.environ.get("KERNELC_REQUIRED_EXECUTORS", "").split():
            return fail("node with npm, and the page's packages, are required here and missing")
        say("SKIPPED the tests of web/: node with npm or the page's packages are missing (`make setup-web`)")
        return 0
    for name in wanted:
        if name == "tint" and not KERNELS.is_dir():
            say("SKIPPED tint: no kernels were collected (`make pytest` does)")
            continue
        began = time.monotonic()
        if subprocess.run(PARTS[name], cwd=WEB, env=web_environment(), shell=os.name == "nt").returncode:
            return fail(f"web: {name} failed; what it said is above")
        say(f"web: {name} ok ({time.monotonic() - began:.0f} s)")
    return 0


def web_environment() -> dict[str, str]:
    """Return what npm's scripts are to see: this checkout's Python, and a build that was just made."""
    found = {**environment(), "KERNELC_PYTHON": str(PYTHON), "KERNELC_WEB_BUILT": "1"}
    if not found.get("XDG_RUNTIME_DIR"):
        found["XDG_RUNTIME_DIR"] = "/tmp"
    return found


if __name__ == "__main__":
    sys.exit(main())
