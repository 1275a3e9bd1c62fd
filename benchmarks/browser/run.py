"""Measure prefill and decode tokens/s in a Chromium, on a model of random weights that is made on the way.

    python benchmarks/browser/run.py --model llama-3.2-1b --out result.json

builds the artifact in a temporary folder, serves it with the built library (web/dist/lib: `npm run build` in
web/), opens the browser without a window, and writes what the page measured as JSON. `--gpu` adds the flags
that give a real adapter on Linux; without them and without a display Chromium takes its software driver.
README.md says how to run it on a machine that has nothing but a GPU and Python.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from http import HTTPStatus
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO))

from kernelc.commands.file_server import Handler, Server  # noqa: E402
from kernelc.compile import CompileOptions  # noqa: E402
from kernelc.pipeline import build_random  # noqa: E402
from model.config import find_config  # noqa: E402

HERE = Path(__file__).resolve().parent
LIBRARY = REPO / "web" / "dist" / "lib"
CHROMIUM = (
    "~/b/chromium/chromium-headless-shell",
    "/usr/lib/chromium/chromium",
    "/usr/bin/chromium",
    "/usr/bin/google-chrome",
)
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


def main() -> int:
    """Build, serve, open, wait; write the result."""
    args = arguments()
    if not (LIBRARY / "index.js").is_file():
        print("error: web/dist/lib is missing: `npm ci && npm run build` in web/", file=sys.stderr)
        return 2
    deadline = time.monotonic() + args.time_limit
    with tempfile.TemporaryDirectory(prefix="kernelc-bench-", dir=args.temp) as temp:
        root = Path(temp)
        began = time.monotonic()
        serve_folder(root, args)
        tell(f"built {args.model} {args.quant} in {time.monotonic() - began:.0f} s")
        results: queue.Queue[dict[str, object]] = queue.Queue()
        request = {
            "prompt": args.prompt, "generate": args.generate, "runs": args.runs, "warm_seconds": args.warm,
            "context": args.context, "options": json.loads(args.options),
        }  # fmt: skip
        server = Server(("127.0.0.1", 0), partial(Bench, root, request, results))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/page.html"
        result = browse(url, root / "profile", args, results, deadline)
        server.shutdown()
    left_out = ("out", "temp", "time_limit")
    asked = {name: value for name, value in vars(args).items() if name not in left_out}
    text = json.dumps({"asked": asked, "date": time.strftime("%Y-%m-%d"), **result}, indent=1) + "\n"
    Path(args.out).write_text(text) if args.out else print(text)
    return 1 if "error" in result else 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="llama-3.2-1b", help="a known model's name or a config.json")
    parser.add_argument("--quant", default="q4")
    parser.add_argument("--activations", default="f32", help="f32 or int8")
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--prompt", type=int, default=512, help="tokens of the prompt (default: 512)")
    parser.add_argument("--generate", type=int, default=128, help="new tokens of an answer (default: 128)")
    parser.add_argument("--runs", type=int, default=5, help="answers that are measured (default: 5)")
    parser.add_argument("--warm", type=float, default=2.0, help="seconds of answers before (default: 2)")
    parser.add_argument("--options", default="{}", help='of createEngine, as JSON: {"features": "none"}')
    parser.add_argument("--chromium", help="the browser (default: where it usually is)")
    parser.add_argument("--gpu", action="store_true", help="ask for a real adapter")
    parser.add_argument("--flag", action="append", default=[], help="one more flag for the browser")
    parser.add_argument("--time-limit", type=float, default=540.0, help="seconds for all (default: 540)")
    parser.add_argument("--temp", help="where artifact and profile go (default: the system's place)")
    parser.add_argument("--out", help="the JSON file (default: stdout)")
    return parser.parse_args()


def serve_folder(root: Path, args: argparse.Namespace) -> None:
    """Fill the folder that is served: the page, the library, the model."""
    for name in ("page.html", "page.js"):
        shutil.copyfile(HERE / name, root / name)
    shutil.copytree(LIBRARY, root / "lib")
    options = CompileOptions("wgsl", args.quant, args.context, activations=args.activations)
    build_random(find_config(args.model), options, root / "model", name=Path(args.model).stem)
    lend_tokenizer(root / "model")


def lend_tokenizer(artifact: Path) -> None:
    """Give an artifact the demo model's tokenizer: an engine wants one, though ids go in and come out."""
    data = (REPO / "model" / "demo" / "tokenizer.model").read_bytes()
    (artifact / "tokenizer.model").write_bytes(data)
    manifest = json.loads((artifact / "manifest.json").read_text())
    entry = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    manifest["tokenizer"] = {
        "kind": "sentencepiece",
        "file": "tokenizer.model",
        "files": {"tokenizer.model": entry},
    }
    (artifact / "manifest.json").write_text(json.dumps(manifest))


class Bench(Handler):
    """The file server, and what the page tells it."""

    def __init__(
        self, root: Path, request: object, results: queue.Queue[dict[str, object]], *rest: object
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
    results: queue.Queue[dict[str, object]],
    deadline: float,
) -> dict[str, object]:
    """Open the page, and wait for its result: an "error" where the browser dies or time is up."""
    binary = args.chromium or next(
        (path for path in map(os.path.expanduser, CHROMIUM) if os.path.exists(path)), None
    )
    if binary is None:
        return {"error": "no Chromium: name one with --chromium"}
    flags = [*FLAGS, *(GPU_FLAGS if args.gpu else SOFTWARE_FLAGS), f"--user-data-dir={profile}", *args.flag]
    log = profile.with_suffix(".log")
    with log.open("wb") as output:
        browser = subprocess.Popen(
            [binary, *flags, url],
            env=environment_of(binary), stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
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


def environment_of(binary: str) -> dict[str, str]:
    """Return the environment for a browser: a packed one has its libraries beside its folder."""
    libraries = os.path.join(os.path.dirname(os.path.dirname(binary)), "lib")
    if not (binary.startswith(os.path.expanduser("~")) and os.path.isdir(libraries)):
        return dict(os.environ)
    paths = [libraries, *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(paths)}


def end_of(log: Path) -> str:
    """Return the last of what the browser said."""
    return log.read_text(errors="replace")[-2000:]


def tell(line: str) -> None:
    """Say on stderr what is going on."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
