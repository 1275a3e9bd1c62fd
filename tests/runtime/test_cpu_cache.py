"""The compiled libraries of the cpu: what is kept, what is made anew, and what is not run."""

from __future__ import annotations

import os
import shlex
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kernelc.errors import DeviceError, WorkFailed
from kernelc.target import Capabilities
from runtime.cpu import library_cache
from runtime.cpu.compiler import digest, find_compiler
from runtime.cpu.executor import CpuExecutor, cpu_info
from runtime.cpu.library_cache import cache_folder, compile_all, is_kept, library_file, load_library
from runtime.devices import Choice, open_device, survey
from tests.kernels.executors import require
from tests.runtime.test_cpu import PROMPT, answer
from tests.runtime.tiny_artifact import write_tiny
from tests.runtime.tiny_kernels import REFERENCES, continuation
from tests.runtime.tiny_native import LIBRARY, ToyLibrary

ANSWER = "int answer(void) { return 42; }"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require("c", Capabilities())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def kept_answer() -> str:
    """The name of a small library that was compiled."""
    found = find_compiler()
    name = digest(found, ANSWER)
    compile_all(found, {name: ("answer", ANSWER)}, 1)
    return name


def test_a_second_load_compiles_and_prints_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artifact = write_tiny(tmp_path / "toy", targets=("c",))
    wanted = answer(artifact, CpuExecutor(LIBRARY))
    made = sorted(cache_folder().glob("*.so"))
    assert len(made) == 6  # five kernels of the roles, and the pool

    def never(*_: object) -> None:
        raise AssertionError("nothing is left to compile")

    monkeypatch.setattr(library_cache, "_compile", never)
    assert answer(artifact, CpuExecutor(LIBRARY)) == wanted
    assert sorted(cache_folder().glob("*.so")) == made


def test_another_kernelc_compiles_anew(tmp_path: Path) -> None:
    artifact = write_tiny(tmp_path / "toy")
    answer(artifact, CpuExecutor(LIBRARY))
    before = len(list(cache_folder().glob("*.so")))
    later = ToyLibrary()
    later.fingerprint = "a later toy"
    answer(artifact, CpuExecutor(later))
    assert len(list(cache_folder().glob("*.so"))) == 2 * before - 1  # the pool is the same


def test_what_the_compiler_refuses_is_shown_with_its_lines() -> None:
    found = find_compiler()
    name = digest(found, "wrong")
    with pytest.raises(WorkFailed, match="refuses the kernel") as caught:
        compile_all(found, {name: ("wrong", "int f(void) {\n  return nothing;\n}\n")}, 1)
    assert "line 2" in str(caught.value.where)
    assert any("> " in note and "return nothing" in note for note in caught.value.__notes__)
    assert not library_file(name).exists()
    assert os.listdir(cache_folder()) == []


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(DeviceError, match="the cache of compiled kernels cannot be written"):
        CpuExecutor(LIBRARY)


# ---- files that are not what they were


def replace(file: Path, data: bytes) -> None:
    """Another file of the same name: the one that is there may be mapped into this process."""
    file.unlink()
    file.write_bytes(data)


@pytest.mark.parametrize("change", [lambda data: data[:900], lambda data: b"", lambda data: data[::-1]])
def test_a_damaged_library_is_made_anew(change: Callable[[bytes], bytes]) -> None:
    """Above all not loaded: the end of a mapped file that is too short ends the process."""
    name = kept_answer()
    file = library_file(name)
    replace(file, change(file.read_bytes()))
    assert not is_kept(name)
    assert kept_answer() == name and is_kept(name)
    assert load_library(name, "answer")["answer"]() == 42


def test_a_pool_that_is_damaged_is_made_anew(tmp_path: Path) -> None:
    artifact = write_tiny(tmp_path / "toy")
    wanted = answer(artifact, CpuExecutor(LIBRARY))
    for file in cache_folder().glob("*.so"):
        replace(file, file.read_bytes()[:2000])
    assert answer(artifact, CpuExecutor(LIBRARY)) == wanted


def test_a_library_that_cannot_be_loaded_is_removed() -> None:
    name = kept_answer()
    replace(library_file(name), b"no library")
    with pytest.raises(DeviceError, match="the compiled answer cannot be loaded"):
        load_library(name, "answer")
    assert not list(cache_folder().glob(f"{name}*"))


def test_a_library_that_vanishes_before_it_is_loaded_is_an_error_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process empties the cache between the compiler's end and the load."""
    artifact = write_tiny(tmp_path / "toy")
    load = library_cache.ctypes.CDLL

    def gone(file: str) -> Any:
        Path(file).unlink(missing_ok=True)
        return load(file)

    executor = CpuExecutor(LIBRARY)
    with monkeypatch.context() as patched:
        patched.setattr(library_cache.ctypes, "CDLL", gone)
        with pytest.raises(DeviceError, match="cannot be loaded") as raised:
            answer(artifact, executor)
    assert "\n" not in raised.value.render() and "try again" in raised.value.render()
    assert answer(artifact, executor) == answer(artifact, CpuExecutor(LIBRARY))


def unlike_a_folder(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: folder.chmod(0o770), "may be written to by others"),
        (lambda folder: folder.chmod(0o702), "may be written to by others"),
        (unlike_a_folder, "is no folder"),
        (lambda folder: folder.parent.chmod(0o777), "everybody may write to it"),
    ],
)
def test_libraries_that_others_can_have_put_there_are_not_run(
    spoil: Callable[[Path], None], message: str
) -> None:
    name = kept_answer()
    spoil(cache_folder())
    with pytest.raises(DeviceError, match=message):
        is_kept(name)
    with pytest.raises(DeviceError, match=message):
        CpuExecutor(LIBRARY)
    assert open_device("cpu", references=REFERENCES, library=LIBRARY).info.kind == "numpy"


def test_a_folder_of_another_user_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    name = kept_answer()
    assert stat.S_IMODE(cache_folder().stat().st_mode) == 0o700
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(DeviceError, match="belongs to another user"):
        is_kept(name)


def test_what_was_not_used_for_long_is_removed() -> None:
    old, used = "0" * 40, kept_answer()
    names = [f"{old}.so", f"{old}.c", f"{old}.sha256"]
    beside = [library_file(used).with_suffix(suffix) for suffix in (".so", ".c", ".sha256")]
    for path in [*(cache_folder() / name for name in names), *beside]:
        path.touch()
        os.utime(path, (time.time(), time.time() - 91 * 24 * 3600))
    left = cache_folder() / ".building-1"
    left.mkdir()
    (left / "kernel.c").write_text("")
    os.utime(left, (time.time(), time.time() - 2 * 24 * 3600))
    load_library(used, "answer")
    library_cache.remove_old(cache_folder())
    assert sorted(path.name for path in cache_folder().iterdir()) == [
        f"{used}.c", f"{used}.sha256", f"{used}.so"
    ]  # fmt: skip
    assert all(time.time() - path.stat().st_mtime < 3600 for path in beside), "`kernelc cache` looks at each"


# ---- compilers


def test_a_compiler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    with pytest.raises(DeviceError, match="CC is 'no-such-compiler -O2', and there is no command"):
        find_compiler()
    monkeypatch.setenv("CC", "gcc 'half")
    with pytest.raises(DeviceError, match="No closing quotation"):
        find_compiler()


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o755)
    return path


def test_the_compiler_behind_a_wrapper_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrapper, wrapped = script(tmp_path / "wrap", ""), script(tmp_path / "wrapped", "")
    monkeypatch.setenv("CC", shlex.join([str(wrapper), str(wrapped), "-m64"]))
    before = find_compiler()
    script(tmp_path / "wrapped", "pass")
    after = find_compiler()
    assert before.command == after.command and before.identity != after.identity
    assert digest(before, ANSWER) != digest(after, ANSWER)


@pytest.mark.parametrize("text", ["raise SystemExit(1)", "print('done')"])
def test_a_compiler_that_does_not_work_leaves_numpy(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", str(script(tmp_path / "broken", text)))
    said: list[Choice] = []
    executor = open_device("cpu", references=REFERENCES, library=LIBRARY, explain=said.append)
    assert executor.info.kind == "numpy"
    assert len(said) == 1 and said[0].slow and "the C compiler broken does not work" in said[0].line
    with pytest.raises(DeviceError, match="does not work"):
        cpu_info()
    assert {each.kind: each for each in survey()}["cpu"].info is None
    artifact = write_tiny(tmp_path / "toy", targets=("c",))
    assert answer(artifact, executor) == continuation(PROMPT, 20)


def test_compilers_run_in_english_and_without_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "import os, sys\nsys.exit(f\"{os.environ['LC_ALL']} {sys.stdin.read()!r}\")"
    monkeypatch.setenv("CC", str(script(tmp_path / "asking", text)))
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    with pytest.raises(WorkFailed, match="C ''"):
        kept_answer()


SLOW = """
import os, subprocess, sys
if "wrong" in open(sys.argv[-2]).read():
    while not os.path.exists({marker!r}): pass
    sys.exit("this is wrong")
child = subprocess.Popen(["sleep", "600"])
open({marker!r} + "~", "w").write(f"{{os.getpid()}} {{child.pid}}")
os.rename({marker!r} + "~", {marker!r})
child.wait()
"""


def ended(marker: Path) -> bool:
    """Whether the processes that the marker names end soon."""
    for pid in map(int, marker.read_text().split()):
        for _ in range(100):
            if is_gone(pid):
                break
            time.sleep(0.05)
        else:
            return False
    return True


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"  # ended, and nobody has asked for its status


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize("interrupted", [False, True])
def test_other_compilers_end_with_an_error_or_an_interrupt(
    interrupted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "marker"
    monkeypatch.setenv("CC", str(script(tmp_path / "slow", SLOW.format(marker=str(marker)))))

    def interrupt() -> None:
        while not marker.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    if interrupted:
        threading.Thread(target=interrupt, daemon=True).start()
    texts = [ANSWER, ANSWER + "\n"] if interrupted else [ANSWER, "wrong"]
    sources = {str(at) * 40: (f"text {at}", text) for at, text in enumerate(texts)}
    with pytest.raises(KeyboardInterrupt if interrupted else WorkFailed):
        compile_all(find_compiler(), sources, 2)
    assert ended(marker)
    assert os.listdir(cache_folder()) == []
