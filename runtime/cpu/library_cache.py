"""The libraries that the C compiler made, kept for the next time.

A library's name is a hash of all that decides its contents (`runtime.cpu.compiler.digest`). Beside NAME.so
lie NAME.c, what it was compiled from, and NAME.sha256, the library's own hash: a file that a full disk or a
crash cut short must not be loaded, since that ends the process. NAME.plain.c is the text that artifacts have
of the kernel, where that is another. Libraries are run, so their folder is nobody
else's. Those that were not used for a long time are removed.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path

from kernelc.cache_place import cache_place, note_use
from kernelc.errors import DeviceError, UsageError
from runtime.cpu.compiler import Compiler, compile_file
from runtime.cpu.processes import Processes
from runtime.device.private_folder import make_private, require_private

_DAY = 24 * 3600
_KEPT_DAYS = 90  # after the last use
_UNFINISHED_DAYS = 1
_BUILDING = ".building-"
_SUFFIXES = (".so", ".c", ".plain.c", ".sha256")


def cache_folder() -> Path:
    """Return the folder of compiled libraries. Raises: DeviceError where there is no home folder."""
    try:
        return cache_place() / "native"
    except UsageError as error:
        raise DeviceError(error.message, where=error.where, help=error.help) from error


def library_file(name: str) -> Path:
    """The compiled library of a digest."""
    return cache_folder() / f"{name}.so"


def source_file(name: str) -> Path:
    """The C text that the library of a digest was compiled from."""
    return cache_folder() / f"{name}.c"


def plain_file(name: str) -> Path:
    """The text that artifacts have of the kernel of a digest, where it is not what was compiled."""
    return cache_folder() / f"{name}.plain.c"


def keep_plain(name: str, text: str) -> None:
    """Keep the text that artifacts have of a kernel. Raises: DeviceError where that cannot be."""
    make_private(cache_folder())
    try:
        with tempfile.TemporaryDirectory(prefix=_BUILDING, dir=cache_folder()) as folder:
            source = Path(folder) / "plain.c"
            source.write_text(text, encoding="utf-8")
            os.replace(source, plain_file(name))
    except OSError as error:
        raise DeviceError(f"a kernel cannot be kept: {error}", where=str(cache_folder())) from error


def is_kept(name: str) -> bool:
    """Whether the library of a digest is there and whole. Raises: DeviceError for a folder of others."""
    require_private(cache_folder())
    try:
        wanted = _sum_file(name).read_text(encoding="ascii")
        return hashlib.sha256(library_file(name).read_bytes()).hexdigest() == wanted
    except (OSError, ValueError):
        return False


def forget(name: str) -> None:
    """Remove the library of a digest, so that it is made anew."""
    for suffix in _SUFFIXES:
        (cache_folder() / f"{name}{suffix}").unlink(missing_ok=True)


def load_library(name: str, what: str) -> ctypes.CDLL:
    """Return a kept library. Raises: DeviceError where it cannot be loaded; it is removed then."""
    file = library_file(name)
    try:
        library = ctypes.CDLL(str(file))
    except OSError as error:
        forget(name)
        raise DeviceError(
            f"the compiled {what} cannot be loaded: {error}", where="`device` cpu", help="try again"
        ) from error
    _note_use(file)
    return library


def compile_all(compiler: Compiler, sources: Mapping[str, tuple[str, str]], threads: int) -> None:
    """Compile those libraries that the cache lacks. `sources`: (what it is, its C text) by digest.

    Where one fails or the user interrupts, the other compilers end as well. Raises: WorkFailed with the lines
    around the error, DeviceError where the compiler does not run or the cache cannot be written.
    """
    missing = [(name, *source) for name, source in sources.items() if not is_kept(name)]
    if not missing:
        return
    make_private(cache_folder())
    remove_old(cache_folder())
    running = Processes()
    with ThreadPoolExecutor(max(1, threads)) as pool:
        try:
            for done in as_completed([pool.submit(_compile, compiler, running, *each) for each in missing]):
                done.result()
        except BaseException:
            running.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _compile(compiler: Compiler, running: Processes, name: str, what: str, text: str) -> None:
    """Compile beside the destination and move it there: another process may make the same library."""
    try:
        with tempfile.TemporaryDirectory(prefix=_BUILDING, dir=cache_folder()) as folder:
            source, library, sum_ = (Path(folder) / f"kernel{suffix}" for suffix in (".c", ".so", ".sha256"))
            source.write_text(text, encoding="utf-8")
            compile_file(compiler, source, library, what, running)
            sum_.write_text(hashlib.sha256(library.read_bytes()).hexdigest(), encoding="ascii")
            os.replace(source, source_file(name))
            os.replace(sum_, _sum_file(name))
            os.replace(library, library_file(name))
    except OSError as error:
        raise DeviceError(f"a kernel cannot be kept: {error}", where=str(cache_folder())) from error


def _sum_file(name: str) -> Path:
    return cache_folder() / f"{name}.sha256"


# ---- old libraries


def _note_use(file: Path) -> None:
    """Make a library, and what lies beside it, as new as its last use, once a day."""
    with suppress(OSError):
        if time.time() - file.stat().st_mtime > _DAY:
            note_use(*(file.with_suffix(suffix) for suffix in _SUFFIXES))


def remove_old(folder: Path) -> None:
    """Remove libraries that were not used for long, and what compilers that were killed left behind."""
    now = time.time()
    for path in folder.iterdir():
        with suppress(OSError):
            days = (now - path.lstat().st_mtime) / _DAY
            if path.name.startswith(_BUILDING) and days > _UNFINISHED_DAYS:
                shutil.rmtree(path, ignore_errors=True)
            elif path.suffix == ".so" and days > _KEPT_DAYS:
                for suffix in _SUFFIXES:
                    path.with_suffix(suffix).unlink(missing_ok=True)
