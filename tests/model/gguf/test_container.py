"""The container: what is written comes back, and every lie of a file is named in one line."""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kernelc.errors import CheckpointError, KernelcError
from model.gguf.container import Container
from model.gguf.metadata import Metadata
from model.gguf.values import Strings
from model.opening import open_model
from tests.model.gguf.tiny_models import tiny_llama
from tests.model.gguf.writer import Gguf, Stored, stored, text, typed
from tests.steps import counted_calls

VALUES = np.arange(64, dtype=np.float32).reshape(2, 32)


def small(**changes: object) -> Gguf:
    made = Gguf({"a": 1, "b": "two"}, {"x": stored(VALUES), "y": stored(VALUES[0])})
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def refusal(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught, counted_calls() as calls:
        Container.open(path).close()
    assert calls.count < 10_000
    line = caught.value.render()
    assert "\n" not in line and len(line) < 600
    return line


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    metadata: dict[str, object] = {
        "u8": typed("u8", 200), "i8": typed("i8", -3), "u16": typed("u16", 60000), "i16": typed("i16", -300),
        "u32": 7, "i32": -7, "f32": 1e-5, "f64": typed("f64", 0.1), "yes": True, "u64": typed("u64", 1 << 40),
        "i64": typed("i64", -(1 << 40)), "text": "é", "words": ["a", "", "字"], "numbers": [1, -2],
        "reals": [0.5, 1.5], "general.alignment": 64,
    }  # fmt: skip
    made = Gguf(metadata, {"x": stored(VALUES), "half": stored(VALUES, "F16")}, alignment=64)
    container = Container.open(made.write(tmp_path / "a.gguf"))
    fields = Metadata(container.metadata, "a").fields
    got = [container.metadata[key] for key in ("u8", "i8", "u16", "i16", "u32", "i32", "f32", "f64", "yes")]
    assert got == [200, -3, 60000, -300, 7, -7, 1e-5, 0.1, True]
    assert (container.metadata["u64"], container.metadata["i64"]) == (1 << 40, -(1 << 40))
    assert fields.text("text") == "é" and fields.flag("yes", False)
    assert Metadata(container.metadata, "a").strings("words", 3) == ["a", "", "字"]
    assert Metadata(container.metadata, "a").numbers("numbers", 2).tolist() == [1, -2]
    assert container.tensors["x"].shape == (2, 32) and container.tensors["half"].type.name == "F16"
    assert container.rows("x", slice(1, 2)).view(np.float32).tolist() == [VALUES[1].tolist()]
    container.close()


def test_version_2_is_read(tmp_path: Path) -> None:
    Container.open(small(version=2).write(tmp_path / "a.gguf")).close()


BAD: dict[str, tuple[Callable[[], Gguf], str]] = {
    "magic": (lambda: small(magic=b"GGML"), "begins with b'GGML'"),
    "version 1": (lambda: small(version=1), "got version 1 of GGUF"),
    "version 4": (lambda: small(version=4), "got version 4 of GGUF"),
    "big-endian": (lambda: small(version=3 << 24), "the file is big-endian"),
    "tensors": (lambda: small(tensor_count=1 << 60), f"got {1 << 60} tensors"),
    "more tensors": (lambda: small(tensor_count=3), "name of"),
    "values": (lambda: small(value_count=1 << 63), f"and {1 << 63} values"),
    "long text": (
        lambda: Gguf({"a": struct.pack("<IQ", 8, 1 << 62)}, {}),
        f"a: got a string of {1 << 62} bytes",
    ),
    "text beyond the end": (lambda: Gguf({"a": struct.pack("<IQ", 8, 1 << 20)}, {}), "the file ends"),
    "not UTF-8": (lambda: Gguf({"a": struct.pack("<IQ", 8, 1) + b"\xff"}, {}), "not UTF-8"),
    "key not UTF-8": (lambda: small(value_count=3, extra=text(b"\xff\xfe")), "not UTF-8"),
    "key with a newline": (lambda: Gguf({"a\nb": 1}, {}), "wanted printable"),
    "empty key": (lambda: Gguf({"": 1}, {}), "a key of 0 bytes"),
    "long key": (lambda: Gguf({"k" * 513: 1}, {}), "a key of 513 bytes"),
    "the same key": (lambda: small(value_count=3, extra=text("a") + typed("u32", 1)), "a: the key is given"),
    "unknown type": (lambda: Gguf({"a": struct.pack("<I", 13)}, {}), "a: got a value of type 13"),
    "array of arrays": (lambda: Gguf({"a": struct.pack("<IIQ", 9, 9, 1) * 50}, {}), "an array of arrays"),
    "long array": (lambda: Gguf({"a": struct.pack("<IIQ", 9, 4, 1 << 40)}, {}), f"an array of {1 << 40}"),
    "array beyond the end": (lambda: Gguf({"a": struct.pack("<IIQ", 9, 4, 1 << 20)}, {}), "the file ends"),
    "strings beyond the end": (
        lambda: Gguf({"a": struct.pack("<IIQ", 9, 8, 1 << 20)}, {}),
        "the file ends",
    ),
    "string past the end": (
        lambda: Gguf({"a": struct.pack("<IIQQ", 9, 8, 1, 1 << 63)}, {}),
        "the file ends",
    ),
    "alignment 3": (lambda: small(metadata={"general.alignment": 3}), "got 3, wanted a power of two"),
    "alignment 0": (lambda: small(metadata={"general.alignment": 0}), "got 0, wanted a power of two"),
    "alignment text": (lambda: small(metadata={"general.alignment": "x"}), "wanted a power of two"),
    "no dimensions": (lambda: Gguf({}, {"x": Stored("F32", (), b"")}), "x: got 0 dimensions"),
    "five dimensions": (lambda: Gguf({}, {"x": Stored("F32", (1,) * 5, b"1234")}), "x: got 5 dimensions"),
    "dimension 0": (lambda: Gguf({}, {"x": Stored("F32", (0, 4), b"")}), "x: got shape [0, 4]"),
    "huge dimensions": (lambda: Gguf({}, {"x": Stored("F32", (1 << 62, 4), b"")}), "wanted 1 to 2**48"),
    "unknown element": (lambda: Gguf({}, {"x": Stored("?", (1,), b"1234")}), "x: got elements of type 99"),
    "ragged blocks": (lambda: Gguf({}, {"x": Stored("Q4_0", (2, 33), b"")}), "rows of 33 elements"),
    "offset": (lambda: Gguf({}, {"x": Stored("F32", (1,), b"1234", offset=8)}), "got offset 8"),
    "far offset": (lambda: Gguf({}, {"x": Stored("F32", (1,), b"", offset=1 << 63)}), "the file ends"),
    "overlap": (
        lambda: Gguf({}, {"x": stored(VALUES), "y": Stored("F32", (32,), b"", offset=32)}),
        "y: the tensor overlaps",
    ),
    "too little data": (lambda: Gguf({}, {"x": Stored("F32", (4096,), b"")}), "before the tensor does"),
}


@pytest.mark.parametrize("name", BAD)
def test_lies_are_named(tmp_path: Path, name: str) -> None:
    make, wanted = BAD[name]
    assert wanted in refusal(make().write(tmp_path / "bad.gguf"))


def test_the_same_tensor_twice(tmp_path: Path) -> None:
    whole = small().encode().replace(text("y"), text("x"))
    (tmp_path / "a.gguf").write_bytes(whole)
    assert "x: the tensor is given twice" in refusal(tmp_path / "a.gguf")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.gguf")
    (tmp_path / "folder.gguf").mkdir()
    assert "cannot be read" in refusal(tmp_path / "folder.gguf")


def test_what_is_no_file_of_a_model_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    assert "no plain file" in refusal(tmp_path / "pipe.gguf")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\n"
    (tmp_path / "pointer.gguf").write_text(pointer)
    assert "pointer of Git LFS" in refusal(tmp_path / "pointer.gguf")


def test_closing_lets_go_of_a_view_that_an_error_still_holds(tmp_path: Path) -> None:
    container = Container.open(small().write(tmp_path / "a.gguf"))
    view = memoryview(container._mapped.data)  # pyright: ignore[reportPrivateUsage]
    container.close()
    view.release()


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    whole = small().encode()
    path = tmp_path / "cut.gguf"
    for size in range(len(whole) - 1):  # the last tensor's bytes need no padding after them
        path.write_bytes(whole[:size])
        assert "the file" in refusal(path), size


def test_many_strings_of_nothing_take_no_memory(tmp_path: Path) -> None:
    """An array says how many it has, and each of its strings takes eight bytes of the file at least."""
    count = 1 << 18
    made = Gguf({"a": struct.pack("<IIQ", 9, 8, count) + bytes(8 * count)}, {})
    container = Container.open(made.write(tmp_path / "a.gguf"))
    assert isinstance(container.metadata["a"], Strings) and len(container.metadata["a"]) == count
    container.close()


def mutated(whole: bytes, rng: random.Random, header: int) -> bytes:
    """The file with a few bytes changed, cut out or doubled, mostly in its header."""
    data = bytearray(whole)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(header if rng.random() < 0.8 else len(data))
        match rng.randrange(8):
            case 0:
                data[at : at + 8] = struct.pack(
                    "<Q", rng.choice([0, 1, 1 << 31, (1 << 63) - 1, (1 << 64) - 1])
                )
            case 1:
                del data[at : at + rng.randint(1, 40)]
            case 2:
                data[at:at] = data[at : at + rng.randint(1, 40)]
            case 3 | 4:
                data[at] = rng.randrange(256)
            case _:
                data[at] ^= 1 << rng.randrange(8)
        header = min(header, len(data))
    return bytes(data)


def fuzz(path: Path, count: int, seed: int) -> dict[str, int]:
    """Open mutated files as models and read all that opens; what is raised must be for people."""
    made = tiny_llama("Q4_K", mixed={"attn_v.weight": "Q6_K"})
    whole, header, rng = made.encode(), len(made.header()), random.Random(seed)
    seen = {"refused": 0, "opened": 0}
    for _ in range(count):
        path.write_bytes(mutated(whole, rng, header))
        try:
            with counted_calls() as calls, open_model(path) as files:
                files.checkpoint.check_against(files.model.weights(), head=files.model.roles.head)
                for name in files.checkpoint.names():
                    files.checkpoint.read(name)
                seen["opened"] += 1
        except KernelcError as error:
            assert "\n" not in error.render()
            seen["refused"] += 1
        assert calls.count < 200_000  # a sound file takes 10,000
    return seen


def test_mutated_files_are_refused_or_read(tmp_path: Path) -> None:
    seen = fuzz(tmp_path / "model.gguf", 300, seed=1)
    assert seen["refused"] > 100 and seen["opened"] > 10


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_mutated_files_are_refused_or_read(tmp_path: Path, seed: int) -> None:
    seen = fuzz(tmp_path / "model.gguf", 2000, seed)
    assert seen["refused"] > 800 and seen["opened"] > 80
