"""Launches of CUDA kernels, written down in one run of the tests and repeated in another.

compute-sanitizer makes everything that runs under it many times slower: tracing, printing and compiling a
kernel as well as the kernel. So the tests first run without it and write down each kernel that they launch
(KERNELC_RECORD_LAUNCHES names the folder), once, with its arrays; then only the launches are repeated:

    compute-sanitizer --tool memcheck python tests/gpu/launches.py FOLDER --part 0/16

It checks that each launch gives what it gave before, so a launch that did nothing is seen.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from runtime.cuda.compile import CudaSource, architecture, compile_kernel
from runtime.cuda.device import CudaDevice
from runtime.cuda.single import run_image

VARIABLE = "KERNELC_RECORD_LAUNCHES"
Arrays = Sequence[npt.NDArray[Any]]


def record(
    source: CudaSource,
    grid: tuple[int, int, int],
    threads: int,
    before: Arrays,
    step: bytes,
    after: Arrays,
    shared_bytes: int,
) -> None:
    """Write a launch down where the environment asks for it and its kernel has none yet."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return
    name = hashlib.sha256(source.text.encode()).hexdigest()[:24]
    if (Path(folder) / f"{name}.json").exists():
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    arrays = {f"before{i}": each for i, each in enumerate(before)}
    arrays |= {f"after{i}": each for i, each in enumerate(after)}
    temporary = Path(folder) / f"{name}.{os.getpid()}"
    with temporary.open("wb") as file:
        np.savez(file, **arrays)  # pyright: ignore[reportArgumentType]  (its stub forgets names by keyword)
    temporary.rename(Path(folder) / f"{name}.npz")
    told = {
        "name": source.name,
        "text": source.text,
        "entry": source.entry,
        "grid": grid,
        "threads": threads,
        "step": step.hex(),
        "arrays": len(before),
        "shared_bytes": shared_bytes,
    }
    temporary.write_text(json.dumps(told))
    temporary.rename(Path(folder) / f"{name}.json")


def repeat(device: CudaDevice, file: Path) -> bool:
    """Launch a kernel as it was written down; whether it gave the same."""
    told = json.loads(file.read_text())
    image = compile_kernel(
        CudaSource(told["name"], told["text"], told["entry"]), architecture(device.capability)
    )
    with np.load(file.with_suffix(".npz")) as arrays:
        before = [arrays[f"before{i}"] for i in range(told["arrays"])]
        after = [arrays[f"after{i}"] for i in range(told["arrays"])]
    shape, step = (tuple(told["grid"]), told["threads"]), bytes.fromhex(told["step"])
    got = run_image(device, image, told["entry"], *shape, before, step, told["shared_bytes"])
    return all(one.tobytes() == other.tobytes() for one, other in zip(got, after, strict=True))


def main() -> int:
    """Repeat a part of a folder's launches, small ones first; exit code 1 where one gave something else."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", default="0/1", help="I/N: every Nth launch, from the Ith on")
    parser.add_argument("--only", default="", help="kernels whose text has this")
    parser.add_argument("--seconds", type=float, default=3600.0, help="begin no launch after this long")
    args = parser.parse_args()
    first, parts = (int(number) for number in args.part.split("/"))
    files = sorted(args.folder.glob("*.json"), key=lambda file: file.with_suffix(".npz").stat().st_size)
    files = [file for file in files if args.only in file.read_text()][first::parts]
    device, ends, done, different = CudaDevice(), time.monotonic() + args.seconds, 0, 0
    for file in files:
        if time.monotonic() > ends:
            break
        done += 1
        if not repeat(device, file):
            different += 1
            print(f"DIFFERENT {file.stem} {json.loads(file.read_text())['name']}", flush=True)
    device.close()
    print(f"REPEATED {done} of {len(files)} launches, {different} different", flush=True)
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
