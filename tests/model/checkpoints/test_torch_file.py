"""Files of torch.save: the values are torch's, nothing of a file is run, and every lie is refused."""

from __future__ import annotations

import os
import pickle
import struct
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from kernelc.errors import CheckpointError
from model.checkpoints.torch.file import TorchFile
from tests.model.checkpoints.torch_files import (
    View,
    dictionary,
    legacy_bytes,
    number,
    tensor,
    text,
    views_of,
    write_legacy,
    write_zip,
    zip_bytes,
)

MATRIX = np.arange(12, dtype=np.float32).reshape(3, 4)
WRITERS = pytest.mark.parametrize("write", [zip_bytes, legacy_bytes])


def refusal(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    began = time.process_time()
    with pytest.raises(CheckpointError) as caught:
        TorchFile(path)
    assert time.process_time() - began < 2
    line = caught.value.render()
    assert "\n" not in line and len(line) < 3000
    return line


@WRITERS
def test_values_types_and_views(tmp_path: Path, write) -> None:
    brain = (np.arange(6, dtype=np.float32).view(np.uint32) >> 16).astype(np.uint16)
    views = {
        "whole": View(MATRIX, "0"),
        "turned": View(MATRIX, "0", shape=(4, 3), strides=(1, 4)),
        "shifted": View(MATRIX, "0", offset=5, shape=(3,), strides=(2,)),
        "half": View(MATRIX.astype(np.float16), "1"),
        "brain": View(brain, "2"),
        "double": View(MATRIX.astype(np.float64) + 1e-12, "3"),
        "step": View(np.array([7], np.int64), "4"),
        "empty": View(np.empty((0, 4), np.float32), "5"),
    }
    path = tmp_path / "x.bin"
    path.write_bytes(write(views))
    file = TorchFile(path)
    wanted = {
        "whole": MATRIX,
        "turned": MATRIX.T,
        "half": MATRIX,
        "double": MATRIX + 1e-12,
        "brain": np.arange(6),
    }
    for name, values in wanted.items():
        np.testing.assert_array_equal(file.rows(name, 0, len(values)), values.astype(np.float32))
        np.testing.assert_array_equal(file.take_rows(name, np.array([2, 0, 2])), values[[2, 0, 2]])
    np.testing.assert_array_equal(file.rows("shifted", 1, 3), [7, 9])
    assert file.rows("empty", 0, 0).shape == (0, 4)
    assert (file.tensors["step"].dtype, file.tensors["turned"].shape) == ("I64", (4, 3))
    with pytest.raises(CheckpointError, match="got I64"):
        file.rows("step", 0, 1)
    file.close()


def test_parts_of_storages_as_old_files_have_them(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    view = View(MATRIX, "a", shape=(2, 2), part=("b", 4, 4))
    path.write_bytes(legacy_bytes({"w": view}))
    np.testing.assert_array_equal(TorchFile(path).rows("w", 0, 2), [[4, 5], [6, 7]])
    path.write_bytes(legacy_bytes({"w": View(MATRIX, "a", shape=(2, 2), part=("b", 9, 4))}))
    with pytest.raises(CheckpointError, match="a part 9"):
        TorchFile(path)


def test_an_f64_that_no_f32_holds_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "x.bin", {"w": np.array([1e300])})
    with pytest.raises(CheckpointError, match="no f32 holds"):
        TorchFile(path).rows("w", 0, 1)


def test_tensors_under_a_key_of_a_training_program(tmp_path: Path) -> None:
    inner = dictionary({"w": View(MATRIX, "0")})[2:-1]
    pickled = b"\x80\x02}(" + text("epoch") + number(3) + text("state_dict") + inner + b"u."
    (tmp_path / "x.pt").write_bytes(zip_bytes({"w": View(MATRIX, "0")}, pickled=pickled))
    assert list(TorchFile(tmp_path / "x.pt").tensors) == ["w"]


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("protocol", [2, 4])
def test_equals_torch(tmp_path: Path, zipped: bool, protocol: int) -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(5, 3), torch.nn.Linear(3, 2).to(torch.bfloat16))
    tensors = {
        **model.state_dict(),
        "turned": torch.arange(12.0).reshape(3, 4).t(),
        "parameter": torch.nn.Parameter(torch.ones(4, dtype=torch.float16)),
        "wide": torch.linspace(0, 1, 7, dtype=torch.float64)[2:],
    }
    path = tmp_path / "x.bin"
    torch.save(tensors, path, _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    file = TorchFile(path)
    assert set(file.tensors) == set(tensors)
    for name, wanted in tensors.items():
        got = file.rows(name, 0, len(wanted))
        np.testing.assert_array_equal(got, wanted.detach().float().numpy())


class Evil:
    def __init__(self, function, *arguments) -> None:
        self.made = function, arguments

    def __reduce__(self):
        return self.made


@WRITERS
@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_no_code_is_run(tmp_path: Path, write, protocol: int) -> None:
    mark = tmp_path / "ran"
    for function, argument, name in [
        (os.system, f"touch {mark}", "system"),
        (eval, f"open({str(mark)!r}, 'w')", "eval"),
        (exec, f"open({str(mark)!r}, 'w')", "exec"),
        (getattr, "x", "getattr"),
    ]:
        line = refusal(
            tmp_path / "x.bin", write({}, pickled=pickle.dumps(Evil(function, argument), protocol))
        )
        assert name in line or "opcode" in line
    assert not mark.exists()


TENSOR = tensor(View(MATRIX, "0"), legacy=False)
WHOLE = b"\x80\x02}" + text("w") + TENSOR + b"s."
PICKLES: dict[str, tuple[bytes, str]] = {
    "objects of numpy": (
        b"cnumpy._core.multiarray\n_reconstruct\n(tR.",
        "numpy._core.multiarray._reconstruct",
    ),
    "a class's instance": (b"\x80\x02cargparse\nNamespace\n)\x81}b.", "the opcode NEWOBJ"),
    "an instance of old": (b"(ios\nsystem\n.", "the opcode INST"),
    "a module": (b"(" + text("module") + b"NNNtQ.", "reference to 'module'"),
    "an unknown storage": (TENSOR.replace(b"FloatStorage", b"ComplexStorage") + b".", "torch.ComplexStorage"),
    "fp8": (
        b"ctorch._utils\n_rebuild_tensor_v3\n(NK\x00))\x89Nctorch\nfloat8_e4m3fn\ntR.",
        "torch.float8_e4m3fn",
    ),
    "another function": (TENSOR.replace(b"_rebuild_tensor_v2", b"_rebuild_sparse") + b".", "_rebuild_sparse"),
    "no dictionary": (TENSOR + b".", "wanted a dictionary of tensors"),
    "nothing": (b"N.", "wanted a dictionary of tensors"),
    "numbers only": (b"}" + text("a") + b"K\x01s.", "wanted a dictionary of tensors"),
    "no stop": (b"N" * 100, ""),
    "cut off": (WHOLE[:60], ""),
    "an empty stack": (b".", "takes more values than it has"),
    "no mark": (b"Nt.", "a mark that it never made"),
    "a mark for a value": (b"(q\x00.", "takes more values"),
    "an empty place": (b"h\x07.", "the memo's place 7, which is empty"),
    "a place far away": (b"Nr\xff\xff\xff\xff.", "the memo's place 4294967295"),
    "an endless string": (b"X\xff\xff\xff\xff.", "a string of 4294967295 bytes"),
    "a string of 2^63 bytes": (
        b"\x8d" + struct.pack("<Q", 1 << 63) + b".",
        "a string of 9223372036854775808",
    ),
    "an endless number": (b"\x8b\xff\xff\xff\x7f.", "a number of 2147483647 bytes"),
    "an endless name": (b"c" + b"a" * 10_000 + b".", "does not end within"),
    "letters that are none": (b"X\x01\x00\x00\x00\xff.", "not UTF-8"),
    "appending to a number": (b"K\x01K\x02a.", "nothing can be appended"),
    "items of a list": (b"]" + text("a") + b"K\x01s.", "wanted a dictionary for pairs"),
    "half a pair": (b"}(" + text("a") + b"u.", "wanted a dictionary for pairs"),
    "a tuple for a key": (b"})K\x01s.", "for a key, wanted a string"),
    "a call of a tensor": (TENSOR + b")R.", "which nothing can call"),
    "attributes of a list": (b"]}b.", "attributes for a list"),
    "a name of numbers": (b"K\x01K\x02\x93.", "wanted a name of Python"),
    "a control character": (WHOLE.replace(text("w"), text("\x1b")), "wanted printable letters"),
    "unknown opcode": (b"\xfe.", "the opcode 0xfe"),
    "buffers": (b"\x97.", "the opcode NEXT_BUFFER"),
    "endless opcodes": (b"N0" * 2_000_000, "more than 1000000 opcodes"),
    "laughs": (b"]q\x00" + b"(" + b"h\x00" * 9 + b"e" + b"\x85" * 100_000 + b".", "a tuple of 1"),
}


@WRITERS
@pytest.mark.parametrize("name", PICKLES)
def test_pickles_that_hold_anything_else(tmp_path: Path, write, name: str) -> None:
    pickled, wanted = PICKLES[name]
    assert wanted in refusal(tmp_path / "x.bin", write({}, pickled=pickled))


FORGED = {
    "shape": View(MATRIX, "0", shape=(3, 5)),
    "strides": View(MATRIX, "0", strides=(5, 1)),
    "huge strides": View(MATRIX, "0", strides=(1 << 47, 1)),
    "negative strides": View(MATRIX, "0", strides=(4, -1)),
    "offset": View(MATRIX, "0", offset=1),
    "negative offset": View(MATRIX, "0", offset=-1),
    "repeated numbers": View(MATRIX, "0", shape=(1 << 40, 1 << 7), strides=(0, 0)),
    "more dimensions of shape": View(MATRIX, "0", strides=(1,)),
    "nine dimensions": View(MATRIX, "0", shape=(1,) * 9),
    "numbers that are not there": View(MATRIX, "0", shape=(100,), numel=100),
    "2^63 numbers": View(MATRIX, "0", shape=(1 << 62,), numel=1 << 62),
}


@WRITERS
@pytest.mark.parametrize("name", FORGED)
def test_forged_tensors(tmp_path: Path, write, name: str) -> None:
    assert "x.bin" in refusal(tmp_path / "x.bin", write({"w": FORGED[name]}))


def test_a_storage_that_is_not_in_the_archive(tmp_path: Path) -> None:
    pickled = dictionary({"w": View(MATRIX, "../../x")})
    line = refusal(tmp_path / "x.bin", zip_bytes({}, pickled=pickled))
    assert "got nothing of the storage '../../x'" in line


def test_archives_that_are_none_of_torch(tmp_path: Path) -> None:
    views, path = views_of({"w": MATRIX}), tmp_path / "x.bin"
    assert "big-endian" in refusal(path, zip_bytes(views, byteorder=b"big"))
    assert "big-endian" in refusal(path, legacy_bytes(views, little_endian=False))
    assert "compressed" in refusal(path, zip_bytes(views, compression=zipfile.ZIP_DEFLATED))
    assert "0 pickles" in refusal(path, zip_bytes(views, root="a/b"))
    assert "no directory" in refusal(path, zip_bytes(views)[:-30])
    assert "no file that PyTorch" in refusal(path, b"<!doctype html><title>Sign in</title>")
    assert "wanted at least 4" in refusal(path, b"")
    bomb = zip_bytes({"w": View(np.zeros(1 << 20, np.float32), "0")}, compression=zipfile.ZIP_DEFLATED)
    assert "compressed" in refusal(path, bomb)


def test_archives_whose_files_overlap_or_repeat(tmp_path: Path) -> None:
    two = zip_bytes(views_of({"a": MATRIX, "b": MATRIX}))
    at = two.rfind(b"archive/data/1") - 46
    place = two.rfind(b"archive/data/0") - 46
    forged = bytearray(two)
    forged[at + 42 : at + 46] = two[place + 42 : place + 46]
    assert "overlap" in refusal(tmp_path / "x.bin", bytes(forged))
    assert "twice" in refusal(tmp_path / "x.bin", two.replace(b"archive/data/1", b"archive/data/0"))


def test_zip64_directories(tmp_path: Path) -> None:
    """As archives above 4 GB have them: sizes in an extra field, and a larger directory's end."""
    whole = zip_bytes(views_of({"w": MATRIX}))
    end = whole.rfind(b"PK\x05\x06")
    count, size, begin = struct.unpack_from("<HII", whole, end + 10)
    entry = whole.find(b"archive/data/0", begin) - 46
    packed, plain, local = (
        *struct.unpack_from("<II", whole, entry + 20),
        struct.unpack_from("<I", whole, entry + 42)[0],
    )
    extra = struct.pack("<HHQQQ", 1, 24, plain, packed, local)
    directory = bytearray(whole[begin:end])
    at = entry - begin
    struct.pack_into("<IIHH", directory, at + 20, *(0xFFFFFFFF,) * 2, 14, len(extra))
    struct.pack_into("<I", directory, at + 42, 0xFFFFFFFF)
    directory[at + 60 : at + 60] = extra
    size += len(extra)
    end_64 = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, begin)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, begin + size, 1)
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path = tmp_path / "x.bin"
    path.write_bytes(whole[:begin] + bytes(directory) + end_64 + locator + tail)
    with zipfile.ZipFile(path) as oracle:
        assert oracle.read("archive/data/0") == MATRIX.tobytes()
    np.testing.assert_array_equal(TorchFile(path).rows("w", 0, 3), MATRIX)
    forged = (
        whole[:begin]
        + bytes(directory)
        + end_64
        + locator.replace(struct.pack("<Q", begin + size), b"\xff" * 8)
    )
    assert "too early" in refusal(tmp_path / "x.bin", forged + tail)


@pytest.mark.parametrize("write", [write_zip, write_legacy])
def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path, write) -> None:
    path = write(tmp_path / "x.bin", {"w": MATRIX, "v": MATRIX.astype(np.float16)})
    whole = path.read_bytes()
    for size in range(len(whole)):
        refusal(path, whole[:size])


@pytest.mark.parametrize("name", ["x.bin", "x.safetensors"])
def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path, name: str) -> None:
    from model.checkpoints.weight_files import open_file

    os.mkfifo(tmp_path / name)
    for path in (tmp_path / name, tmp_path):
        with pytest.raises(CheckpointError, match="no plain file"):
            open_file(path)
    (tmp_path / ("link" + name)).symlink_to("/dev/zero")
    with pytest.raises(CheckpointError, match="no plain file"):
        open_file(tmp_path / ("link" + name))


def test_a_pointer_of_git_lfs_says_so(tmp_path: Path) -> None:
    from model.checkpoints.weight_files import open_file

    for name in ("model.safetensors", "model.bin", "consolidated.00.pth"):
        (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\n")
        with pytest.raises(CheckpointError, match="pointer of Git LFS"):
            open_file(tmp_path / name)
