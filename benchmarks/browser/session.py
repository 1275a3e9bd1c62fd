"""A Chromium without a window, on a page of this folder: files are served, and the page tells what it found.

A page asks for what it is to do at /request, tells lines for the log at /log and its result at /result, all
as JSON. It takes the built library from lib/ (web/dist/lib: `npm run build` in web/).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from kernelc.commands.static_site.file_server import Handler, Server

HERE = Path(__file__).resolve().parent
LIBRARY = HERE.parents[1] / "web" / "dist" / "lib"
CHROMIUM = ("/usr/lib/chromium/chromium", "/usr/bin/chromium", "/usr/bin/google-chrome")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu-sandbox", "--enable-unsafe-webgpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-port=0",
]  # fmt: skip
GPU_FLAGS = [
    "--enable-features=Vulkan,VulkanFromANGLE,DefaultANGLEVulkan", "--use-angle=vulkan",
    "--use-vulkan=native", "--ignore-gpu-blocklist", "--disable-vulkan-surface",
]  # fmt: skip
# Without it SwiftShader takes seconds to compile a kernel; a GPU's driver does not mind either way.
SOFTWARE_FLAGS = ["--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what says which browser, and how long it may take."""
    usual = os.environ.get("KERNELC_CHROMIUM") or next(filter(os.path.exists, CHROMIUM), None)
    parser.add_argument(
        "--chromium", default=usual, help="the browser (default: $KERNELC_CHROMIUM, or usual places)"
    )
    parser.add_argument("--gpu", action="store_true", help="ask for a real adapter")
    parser.add_argument("--flag", action="append", default=[], help="one more flag for the browser")
    limit = "seconds until the browser is ended (default: 540)"
    parser.add_argument("--time-limit", type=float, default=540.0, help=limit)
    parser.add_argument("--out", help="the JSON file (default: stdout)")


def end_when_told() -> None:
    """Take SIGTERM as an exit, so that the browser, which is not in this process's group, is ended too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def built() -> bool:
    """Whether the library is there; says what to do where it is not."""
    if (LIBRARY / "index.js").is_file():
        return True
    print("error: web/dist/lib is missing: `npm ci && npm run build` in web/", file=sys.stderr)
    return False


def ask(page: str, request: object, root: Path, args: argparse.Namespace, deadline: float) -> dict[str, Any]:
    """Serve `root`, open `page` (the name of a script in this folder), and return its result.

    An object with "error" is returned where the page or the browser fails, or `deadline` (monotonic) passes.
    """
    shutil.copyfile(HERE / "page.html", root / "page.html")
    shutil.copyfile(HERE / page, root / "page.js")
    if not (root / "lib").exists():
        shutil.copytree(LIBRARY, root / "lib")
    results: queue.Queue[dict[str, Any]] = queue.Queue()
    server = Server(("127.0.0.1", 0), partial(Desk, root, request, results))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/page.html"
        return browse(url, root / "profile", args, results, deadline)
    finally:
        server.shutdown()


class Desk(Handler):
    """The file server, and what the page tells it."""

    def __init__(
        self, root: Path, request: object, results: queue.Queue[dict[str, Any]], *rest: object
    ) -> None:
        self._answer, self._results = json.dumps(request).encode(), results
        super().__init__(*rest, directory=str(root))  # pyright: ignore[reportArgumentType]

    def do_GET(self) -> None:
        """A file, or what the page is to measure."""
        if self.path == "/request":
            self._reply(self._answer)
        else:
            super().do_GET()

    def do_POST(self) -> None:
        """A line for the log, or the result."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._reply(b"{}")
        if self.path == "/result":
            self._results.put(json.loads(body))
        else:
            tell(f"page: {body.decode(errors='replace')}")

    def _reply(self, body: bytes) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def browse(
    url: str,
    profile: Path,
    args: argparse.Namespace,
    results: queue.Queue[dict[str, Any]],
    deadline: float,
) -> dict[str, Any]:
    """Open the page, and wait for its result: an "error" where the browser dies or time is up."""
    if args.chromium is None:
        return {"error": "no Chromium: name one with --chromium"}
    flags = [*FLAGS, *(GPU_FLAGS if args.gpu else SOFTWARE_FLAGS), f"--user-data-dir={profile}", *args.flag]
    log = profile.with_suffix(".log")
    with log.open("wb") as output:
        try:
            command = [args.chromium, *flags, url]
            browser = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        except OSError as error:
            return {"error": f"{args.chromium} does not start: {error.strerror}"}
    try:
        while browser.poll() is None:
            try:
                return results.get(timeout=min(1.0, max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                if time.monotonic() >= deadline:
                    return {"error": "time is up", "log": end_of(log)}
        return {"error": f"the browser ended ({browser.returncode})", "log": end_of(log)}
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()


def write(result: object, out: str | None) -> None:
    """Write the result as JSON, to stdout without a file."""
    text = json.dumps(result, indent=1) + "\n"
    Path(out).write_text(text) if out else print(text)


def end_of(log: Path) -> str:
    """Return the last of what the browser said."""
    return log.read_text(errors="replace")[-2000:]


def tell(line: str) -> None:
    """Say on stderr what is going on."""
    print(line, file=sys.stderr, flush=True)
