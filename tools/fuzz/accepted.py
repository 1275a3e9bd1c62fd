"""`python -m tools.fuzz.accepted --device vulkan [--count N] [--seed S] [--model]`: what drivers are given.

Variants of a sound artifact that are accepted (`acceptable`) are loaded and answered on a real driver until
there were so many: without a crash, an error that is not the user's, or a word from Khronos' validation layer
where the device is Vulkan's and the layer is there; those that change nothing answer as the sound one does.
The artifact is the toy model of the runtime's tests, or with `--model` a tiny model with the compiler's
kernels. On OpenCL each buffer ends where a page begins that nobody may touch (`guarded`). Batches run in
processes of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kernelc.artifact import Artifact
from kernelc.errors import KernelcError
from kernelc.native import Library
from runtime.device.executor import Executor
from runtime.device.kernel_checks import check_families
from runtime.devices import open_device
from runtime.engine.engine import ALL_ROLES, Engine
from runtime.engine.sequence import checked_context
from runtime.opencl.device import Handle, KernelSource, OpenClDevice
from runtime.opencl.executor import OpenClExecutor
from tests.runtime.tiny_artifact import write_tiny
from tests.runtime.tiny_native import LIBRARY
from tools.fuzz.acceptable import Changed, changed
from tools.fuzz.guarded import guard

LAYER = "VK_LAYER_KHRONOS_validation"
SYNCHRONISATION = "VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT"
COMPLAINT = re.compile(r"VUID-[\w-]+|SYNC-[\w-]+|UNASSIGNED-[\w-]+")
PROMPT, COUNT = (1, 17, 4, 30, 8), 6
BATCH = 250
_PATIENCE = 600
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Run:
    """What to run: on which device, of which artifact, and whether the layer looks at how kernels wait for
    each other, too."""

    device: str
    model: bool
    seed: int
    waits: bool = False


def write_sound(folder: Path, *, model: bool) -> Artifact:
    """Write the sound artifact."""
    if not model:
        return write_tiny(folder / "sound", targets=("wgsl", "spirv", "opencl"))
    from kernelc.compiler import CompileOptions
    from kernelc.pipeline import build_artifact
    from tests.model.tiny_checkpoint import write_tiny_checkpoint
    from tools.fuzz.kinds_loaded import CONFIG

    (folder / "model").mkdir()
    checkpoint = write_tiny_checkpoint(folder / "model", {**CONFIG, "vocab_size": 96})
    return Artifact.open(build_artifact(checkpoint, CompileOptions("all", "q8", 64), out=folder / "sound"))


def answered(executor: Executor, artifact: Artifact, run: Run, context: int) -> list[int]:
    """Load the artifact as `Engine.open` does, generate, and score the prompt. Raises: KernelcError."""
    library = Library() if run.model else LIBRARY
    context = checked_context(context, artifact.manifest.model.max_context)
    check_families(artifact, context, ALL_ROLES, library)
    engine = Engine(executor, artifact, context, roles=ALL_ROLES)
    engine.feed(PROMPT)
    said = [token.id for token in engine.generate(COUNT)]
    engine.truncate(0)
    engine.score(PROMPT)
    return said


def attempt(
    executor: Executor, sound: Artifact, run: Run, index: int, folder: Path, wanted: Sequence[int]
) -> tuple[str, str]:
    """Try variant number `index`: "accepted", "refused" or "failed", and why."""
    rng = random.Random(f"{run.seed} {index}")
    text = (sound.folder / "manifest.json").read_text(encoding="utf-8")
    variant = changed(sound.folder, text, rng)
    write_variant(sound, variant, folder)
    context = rng.choice((12, 13, 16, 33, 64))
    try:
        said = answered(executor, Artifact.open(folder), run, context)
    except KernelcError as error:
        if error.exit_code != 2:
            return "failed", f"exit {error.exit_code}: {error.render()}"
        # Weights and orders that are others may well give scores that are no numbers: it was run.
        return ("accepted" if "are no numbers" in error.message else "refused"), error.render()
    except Exception:
        return "failed", traceback.format_exc()[-3000:]
    if variant.harmless and said != list(wanted):
        return "failed", f"answered {said}, the sound artifact {list(wanted)}"
    return "accepted", ""


def write_variant(sound: Artifact, variant: Changed, folder: Path) -> None:
    """Write a variant as an artifact; what is as it was is linked."""
    for path in sound.folder.rglob("*"):
        name = path.relative_to(sound.folder)
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and not target.exists() and name.parts[0] != "weights":
            os.link(path, target)
    for shard in variant.manifest["weights"]["shards"]:
        (folder / shard["file"]).parent.mkdir(exist_ok=True)
        data = variant.shards.get(shard["file"]) or (sound.folder / shard["file"]).read_bytes()
        (folder / shard["file"]).write_bytes(data)
    (folder / "manifest.json").unlink(missing_ok=True)
    (folder / "manifest.json").write_text(json.dumps(variant.manifest), encoding="utf-8")


def serve(sound: Artifact, run: Run, indices: Sequence[int], results: Path) -> None:
    """Try the sound artifact and some variants, in this process, and write a line of JSON for each."""
    executor = open_device(run.device)
    if isinstance(executor, OpenClExecutor):
        _keep_programs(executor.device)
        guard(executor.device)
    wanted = answered(executor, sound, run, 64)
    with tempfile.TemporaryDirectory() as folder, results.open("w", encoding="utf-8") as out:
        out.write(json.dumps([-1, "sound", ""]) + "\n")
        for index in indices:
            said, why = attempt(executor, sound, run, index, Path(folder), wanted)
            out.write(json.dumps([index, said, why]) + "\n")
            out.flush()
    executor.close()


def _keep_programs(device: OpenClDevice) -> None:
    """Compile each text once: pocl takes half a second for those of a variant, which are the same in most."""
    kept: dict[str, Handle] = {}
    compiled = device.build

    def build(source: KernelSource) -> Handle:
        if source.text not in kept:
            kept[source.text] = compiled(source)
        return kept[source.text]

    device.build = build


def batch(sound: Artifact, run: Run, indices: Sequence[int]) -> tuple[Counter[str], list[str]]:
    """Try variants in a process of their own, and those after one that ended it in another; how often each
    outcome was, and what was found."""
    said, found, waiting = Counter[str](), list[str](), list(indices)
    while waiting:
        tried, ended, printed = _tried(sound, run, waiting)
        outcomes = Counter(outcome for _, outcome, _ in tried[1:])
        complaints = sorted(set(COMPLAINT.findall(printed)))
        if complaints and len(tried) > 2:  # which of them was it?
            half = len(waiting) // 2
            parts = [batch(sound, run, part) for part in (waiting[:half], waiting[half:])]
            more = [each for _, findings in parts for each in findings]
            together = f"variants {waiting[0]} on, together: the layer says {', '.join(complaints)}"
            return sum((each for each, _ in parts), said), found + (more or [together])
        said += outcomes
        found += [f"variant {index}: {why}" for index, outcome, why in tried if outcome == "failed"]
        if not ended and not complaints:
            break
        at = waiting[len(tried) - 1] if tried and ended else waiting[0]
        what = f"{ended or 'the process ended well'}; the layer says {', '.join(complaints) or 'nothing'}"
        found.append(f"variant {at}: {what}: {printed[-1500:]}")
        waiting = waiting[len(tried) :] if tried else []  # without the sound one's answer none is worth it
    return said, found


def _tried(sound: Artifact, run: Run, indices: Sequence[int]) -> tuple[list[tuple[int, str, str]], str, str]:
    """Try variants until one ends the process: what came of the sound artifact and of each of them, how the
    process ended, and what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results"
        command = [sys.executable, "-m", "tools.fuzz.accepted", "--device", run.device]
        command += ["--seed", str(run.seed), *(["--model"] if run.model else [])]
        command += ["--child", str(sound.folder), str(results)]
        env = dict(os.environ)
        if run.device == "vulkan":
            env |= {"VK_INSTANCE_LAYERS": LAYER}
            env |= {"VK_LAYER_ENABLES": SYNCHRONISATION} if run.waits else {}
        ended, printed = _ended(command, env, json.dumps(list(indices)))
        lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    return [tuple(json.loads(line)) for line in lines], ended, printed


def _ended(command: Sequence[str], env: Mapping[str, str], given: str) -> tuple[str, str]:
    """How a process ended, "" where it did well, and what it printed."""
    try:
        done = subprocess.run(
            command, cwd=_ROOT, env=env, input=given, capture_output=True, text=True,
            timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"the process took more than {_PATIENCE} s", ""
    ended = f"the process ended with {done.returncode}" if done.returncode else ""
    return ended, done.stdout + done.stderr


def main() -> int:
    """Try variants until so many were accepted, or none of a batch was; 1 where anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz.accepted", description=__doc__)
    parser.add_argument("--device", choices=("vulkan", "wgpu", "opencl"), default="vulkan")
    parser.add_argument("--count", type=int, default=5000, help="variants that are accepted")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", action="store_true", help="a tiny model instead of the toy")
    parser.add_argument("--waits", action="store_true", help="with the layer's synchronisation validation")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    run = Run(args.device, args.model, args.seed, args.waits)
    if args.child:
        serve(Artifact.open(args.child[0]), run, json.load(sys.stdin), Path(args.child[1]))
        return 0
    said, findings, next_index = Counter[str](), list[str](), 0
    with tempfile.TemporaryDirectory() as name:
        sound = write_sound(Path(name), model=run.model)
        while said["accepted"] < args.count:
            indices = range(next_index, next_index + BATCH)
            more, found = batch(sound, run, indices)
            said, findings, next_index = said + more, findings + found, next_index + BATCH
            for each in found:
                print(each, flush=True)
            print(f"{next_index} tried: {dict(said)}", flush=True)
            if not more["accepted"]:  # no such device, for one: it would go on for ever
                break
    print(f"{args.device}: {next_index} tried, {dict(said)}, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
