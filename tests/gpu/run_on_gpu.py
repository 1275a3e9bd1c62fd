"""Runs everything that needs an NVIDIA GPU, and writes down what came out, with the date, device and driver.

    python tests/gpu/run_on_gpu.py --out results

Needs the cuda and vulkan extras, pytest, pytest-xdist and hypothesis. The steps: `kernels` (every kernel's
property test and the conformance checklist), `executor` (its own tests), `vulkan` (both on the card's Vulkan
driver), `models` (greedy ids and logits of published models on both; they lie where KERNELC_TEST_DATA says),
`bench` (decoding and prefill with random weights on both, and through wgpu), `story` (each version of the
matrix times one row), `ablation` (what each optimisation is worth to a 1B), `memcheck` and `racecheck`
(compute-sanitizer over the kernels, with few examples of each), `browser` (published models and random
weights in a Chromium: see benchmarks/browser, which says what it needs). Each command's output is in
OUT/*.log; OUT/results.json holds all. Exit code 1 where a step failed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
CHECKS = ("memcheck", "racecheck")
STEPS = ("kernels", "executor", "vulkan", "models", "bench", "story", "ablation", *CHECKS, "browser")
DEVICES = ("cuda", "vulkan")
BENCHED = (*DEVICES, "wgpu")
CONFIGS = ("llama-3.2-1b", "llama-2-7b")
ACTIVATIONS = {"": (), "-f32": ("--activations", "f32")}  # the default, and what it is compared with
KERNEL_TESTS = ("tests/kernels", "tests/conformance")
LEFT_OUT = ("--ignore=tests/runtime/openai",)  # which need a client's package, and no device
# What ordinary users of Chromium on Linux get, and what Dawn can do there but offers no page by itself.
BROWSERS = {
    "": (),
    " with f16 and matrix units": ("--enable-dawn-features=vulkan_enable_f16_on_nvidia,allow_unsafe_apis",),
}
# What a launch must have in its text to be worth a check: without shared memory there is nothing to race for.
CHECKED = {"memcheck": "", "racecheck": "__shared__"}


class Runner:
    """Runs commands, their output in a log file each."""

    def __init__(self, out: Path, workers: int, timeout: int) -> None:
        self.out, self.workers, self.timeout = out, workers, timeout

    def command(self, log: str, *command: str, **environment: str) -> tuple[int, str]:
        """Return (exit code, output); 124 where it ran out of time."""
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(REPO), os.environ.get("PYTHONPATH", "")]),
            **environment,
        }
        began = time.perf_counter()
        with (self.out / f"{log}.log").open("w+") as file:
            file.write(f"$ {' '.join(command)}\n")
            file.flush()
            process = subprocess.Popen(
                command, cwd=REPO, env=env, stdout=file, stderr=file, start_new_session=True
            )
            try:
                code = process.wait(self.timeout)
            except subprocess.TimeoutExpired:
                code = 124
                _end(process)
            file.seek(0)
            text = file.read()
        print(f"{log}: exit {code} in {time.perf_counter() - began:.1f} s", flush=True)
        return code, text

    def pytest(
        self,
        log: str,
        *arguments: str,
        before: tuple[str, ...] = (),
        devices: str = "cuda",
        **environment: str,
    ) -> dict[str, Any]:
        """Run tests on the GPU; a skipped one counts as failed where one of the `devices` is the reason."""
        command = [*before, sys.executable, "-m", "pytest", "-q", "-n", str(self.workers)]
        command += ["-rfEs", "-p", "no:cacheprovider"]
        code, text = self.command(
            log, *command, *arguments, KERNELC_REQUIRED_EXECUTORS=devices, **environment
        )
        summary = re.findall(r"^.*\b(?:passed|failed)\b.* in [\d.]+s.*$", text, flags=re.MULTILINE)
        failed = re.findall(r"^(?:FAILED|ERROR) .*$", text, flags=re.MULTILINE)
        return {"exit": code, "summary": summary[-1].strip("= ") if summary else "", "failed": failed[:40]}


def kernels(runner: Runner) -> dict[str, Any]:
    """Property tests and conformance."""
    return runner.pytest("kernels", *KERNEL_TESTS, "-k", "cuda")


def executor(runner: Runner) -> dict[str, Any]:
    """The engine's tests on the device, and its own, one after the other: they look at how much memory is
    free."""
    only = "cuda and not published"
    return runner.pytest("executor", "tests/gpu", "tests/runtime", *LEFT_OUT, "-k", only, "-n", "0")


def vulkan(runner: Runner) -> dict[str, Any]:
    """The kernels and the engine on the card's Vulkan driver."""
    tests = (*KERNEL_TESTS, "tests/runtime", "tests/backends/spirv", *LEFT_OUT)
    return runner.pytest("vulkan", *tests, "-k", "vulkan", devices="vulkan")


def models(runner: Runner) -> dict[str, Any]:
    """Published models against their references; those of GGUF files where KERNELC_TEST_MODELS has them."""
    files = ("tests/gpu/test_published.py", "tests/model/gguf/test_published.py")
    published = (*files, "-k", "cuda or vulkan", "-m", "nightly or not nightly")
    found = runner.pytest("models", *published, "-s", "-n", "0", devices="cuda vulkan")
    text = (runner.out / "models.log").read_text()
    return {**found, "logits": re.findall(r"\w+ on [^\n]*: worst logit error [^\n]*", text)}


def bench(runner: Runner) -> dict[str, Any]:
    """Random weights, q4, as models are built by default and with activations of f32: `kernelc bench`. At
    last a 7B on CUDA at the end of its context."""
    results: dict[str, Any] = {"exit": 0}
    fixed = ["--random-weights", "--quant", "q4", "--profile", "--json"]
    command = [sys.executable, "-m", "kernelc.cli", "bench", *fixed]
    usual, whole = (2048, 512), (4096, 3968)
    cases = [(*case, usual) for case in product(BENCHED, CONFIGS, ACTIVATIONS)]
    cases += [("cuda", "llama-3-8b", "", usual), ("cuda", "llama-2-7b", "", whole)]
    for device, config, suffix, (context, prompt) in cases:
        if device == "wgpu" and suffix:
            continue  # the default alone: what f32 is worth, Vulkan says
        which = ["--config", config, "--device", device, *ACTIVATIONS[suffix]]
        which += ["--context", str(context), "--prompt", str(prompt), "--generate", "128"]
        name = f"{config}{suffix}" if context == usual[0] else f"{config} of {prompt + 128} positions"
        log = f"bench-{device}-{name}".replace(" ", "-")
        code, text = runner.command(log, *command, *which)
        results["exit"] = results["exit"] or code
        results[f"{name} on {device}"] = _json_of(text) if code == 0 else text[-2000:]
    return results


def story(runner: Runner) -> dict[str, Any]:
    """The versions of the matrix times one row, of docs/performance.md."""
    results: dict[str, Any] = {"exit": 0}
    for device in DEVICES:
        out = runner.out / f"story-{device}.json"
        command = [sys.executable, "-m", "benchmarks.matvec_story", "--device", device, "--out", str(out)]
        code, text = runner.command(f"story-{device}", *command)
        results["exit"] = results["exit"] or code
        results[device] = json.loads(out.read_text()) if out.is_file() else text[-2000:]
    return results


def ablation(runner: Runner) -> dict[str, Any]:
    """What each optimisation is worth, by turns: `kernelc bench --ablation`."""
    results: dict[str, Any] = {"exit": 0}
    fixed = ["--config", CONFIGS[0], "--random-weights", "--context", "2048"]
    for device in DEVICES:
        command = [sys.executable, "-m", "kernelc.cli", "bench", *fixed, "--device", device]
        code, text = runner.command(f"ablation-{device}", *command, "--ablation", "--json")
        results["exit"] = results["exit"] or code
        results[device] = _json_of(text) if code == 0 else text[-2000:]
    return results


def browser(runner: Runner) -> dict[str, Any]:
    """References first, then speed, in a Chromium."""
    results: dict[str, Any] = {"exit": 0}

    def measure(log: str, script: str, flags: tuple[str, ...], *asked: str) -> dict[str, Any]:
        out = runner.out / f"{log}.json"
        out.unlink(missing_ok=True)  # of a run before
        command = [sys.executable, str(REPO / "benchmarks" / "browser" / script), "--gpu", "--out", str(out)]
        limit = ["--time-limit", str(max(10, runner.timeout - 10))]
        code, text = runner.command(log, *command, *limit, *(f"--flag={flag}" for flag in flags), *asked)
        results["exit"] = results["exit"] or code
        return json.loads(out.read_text()) if out.is_file() else {"error": text[-2000:]}

    for number, (how, flags) in enumerate(BROWSERS.items()):
        found = measure(f"browser-reference-{number}", "reference.py", flags)
        results[f"references{how}"] = {
            "good": found.get("good", False), "error": found.get("error"),
            "worst errors": {
                f"{each['model']} {each['quant']}, {each['mode']}": each["worst_error"]
                for each in found.get("found", [])
            },
        }  # fmt: skip
    artifacts = runner.out / "artifacts"
    shutil.rmtree(artifacts, ignore_errors=True)
    for config, suffix in product(CONFIGS, ACTIVATIONS):
        for number, (how, flags) in enumerate(BROWSERS.items()):
            asked, name = ("--model", config, *ACTIVATIONS[suffix]), f"{config}{suffix}"
            log = f"browser-{name}-{number}"
            results[f"{name}{how}"] = measure(log, "run.py", flags, "--keep", str(artifacts), *asked)
    shutil.rmtree(artifacts, ignore_errors=True)
    return results


def launches(runner: Runner) -> tuple[Path, dict[str, Any]]:
    """Every kernel that a short run of the tests launches, written down once for all checks."""
    folder = runner.out / "launches"
    if folder.exists():
        return folder, {"exit": 0}
    found = runner.pytest(
        "launches", *KERNEL_TESTS, "-k", "cuda", HYPOTHESIS_PROFILE="few", KERNELC_RECORD_LAUNCHES=str(folder)
    )
    return folder, found


def sanitized(runner: Runner, check: str) -> dict[str, Any]:
    """One of compute-sanitizer's checks over every kernel of the suite (see tests/gpu/launches.py)."""
    tool = shutil.which("compute-sanitizer")
    if tool is None:
        return {"exit": 1, "error": "compute-sanitizer is not on the PATH"}
    folder, found = launches(runner)
    if found["exit"]:
        return found
    command = [tool, "--tool", check, "--report-api-errors", "no", "--error-exitcode", "9", sys.executable]
    command += [str(REPO / "tests/gpu/launches.py"), str(folder), "--only", CHECKED[check]]
    command += ["--seconds", str(runner.timeout - 20), "--part"]
    with ThreadPoolExecutor(runner.workers) as pool:
        logs = [f"{check}-{part}" for part in range(runner.workers)]
        runs = [
            pool.submit(runner.command, log, *command, f"{part}/{runner.workers}")
            for part, log in enumerate(logs)
        ]
        outputs = [run.result() for run in runs]
    text = "\n".join(output for _, output in outputs)
    repeated = [tuple(map(int, each)) for each in re.findall(r"REPEATED (\d+) of (\d+) launches", text)]
    done, wanted = (sum(numbers) for numbers in zip(*repeated, strict=True)) if repeated else (0, 0)
    summaries = re.findall(r"^=+ (?:ERROR|RACECHECK) SUMMARY: .*$", text, flags=re.MULTILINE)
    findings = [line for line in summaries if not re.search(r": 0 (?:errors|hazards)", line)]
    whole = len(summaries) == len(repeated) == runner.workers and done == wanted > 0
    return {
        "exit": int(bool(findings) or not whole or any(code for code, _ in outputs)),
        "launches": f"{done} of {wanted}",
        "findings": findings[:20],
        "different": re.findall(r"^DIFFERENT .*$", text, flags=re.MULTILINE)[:20],
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process with its test processes; first it may end what is not in its group, such as a browser."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)


def _json_of(text: str) -> Any:
    return json.loads(text[text.index("\n{") :])


def device() -> dict[str, str]:
    """What nvidia-smi says of the first GPU."""
    fields = "name,driver_version,memory.total,clocks.max.sm,clocks.max.mem"
    command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader"]
    try:
        line = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError) as error:
        return {"error": str(error)}
    return dict(zip(fields.split(","), (part.strip() for part in line.split(",")), strict=False))


def main() -> int:
    """Run the steps; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("gpu-results"), help="folder of the results")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument(
        "--workers", type=int, default=min(16, os.cpu_count() or 1), help="test processes at once"
    )
    parser.add_argument("--timeout", type=int, default=3600, help="seconds for each command")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    runner = Runner(args.out.resolve(), args.workers, args.timeout)
    found: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "device": device(),
        "python": platform.python_version(),
    }
    steps = (kernels, executor, vulkan, models, bench, story, ablation, browser)
    run: dict[str, Callable[[Runner], dict[str, Any]]] = {step.__name__: step for step in steps}
    run |= {check: partial(sanitized, check=check) for check in CHECKED}
    for step in args.steps:
        began = time.perf_counter()
        found[step] = run[step](runner)
        found[step]["seconds"] = round(time.perf_counter() - began, 1)
        (args.out / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    long = ("bench", "story", "ablation", "browser")
    print(json.dumps({key: value for key, value in found.items() if key not in long}, indent=1))
    return 1 if any(found[step]["exit"] for step in args.steps) else 0


if __name__ == "__main__":
    sys.exit(main())
