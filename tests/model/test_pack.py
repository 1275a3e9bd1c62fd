from __future__ import annotations

import json
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.artifact import Weights, WeightsWriter
from kernelc.errors import CheckpointError, InternalError, QuantizeError
from kernelc.ir import formats
from kernelc.ir.formats import Packed
from kernelc.ir.packed_matrix import PackedMatrix, RowOrder, row_index
from model.checkpoints.checkpoint import Checkpoint
from model.families.family import WeightRoles
from model.pack import RowSource, pack_matrices, random_matrices
from model.quantize import quantize


class Rows(RowSource):
    """Tensors in memory, read as a checkpoint is."""

    def __init__(self, **tensors: np.ndarray) -> None:
        self.tensors = {name.replace("__", "."): tensor for name, tensor in tensors.items()}

    def shape(self, name: str) -> tuple[int, ...]:
        return self.tensors[name].shape

    def take_rows(self, name: str, indices: np.ndarray) -> np.ndarray:
        return self.tensors[name][indices]

    def read(self, name: str) -> np.ndarray:
        return self.tensors[name]


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def identity(name: str, source: str, rows: int, cols: int, fmt: str) -> PackedMatrix:
    return PackedMatrix(name, (source,), rows, cols, (RowOrder("identity", rows),), fmt)


def unpacked(folder: Path, weights: Weights, matrix: PackedMatrix) -> np.ndarray:
    """The values that a matrix's stored bytes stand for."""
    rows, cols = matrix.stored_rows, matrix.cols

    def raw(name: str) -> np.ndarray:
        data = [
            (folder / weights.shards[s].file).read_bytes()[o : o + n]
            for s, o, n in weights.tensors[name].segments
        ]
        return np.frombuffer(b"".join(data), np.uint8)

    stored = {array: raw(tensor.name) for array, tensor in matrix.stored_arrays.items()}
    return formats.unpack(matrix.format, formats.packed_from_bytes(matrix.format, stored, rows, cols), cols)


def restored(fmt: str, values: np.ndarray) -> np.ndarray:
    return formats.unpack(fmt, quantize(fmt, values, name="w"), values.shape[1])


QKV_ORDER = (RowOrder("pairs", 16, 8, 8), RowOrder("pairs", 8, 8, 8), RowOrder("identity", 8))


@given(
    fmt=st.sampled_from(sorted(formats.FORMATS)),
    cols=st.sampled_from([1, 31, 33, 64, 172]),
    block_rows=st.sampled_from([1, 3, 32]),
    begin=st.sampled_from([0, 5]),
)
def test_rows_of_several_sources_arrive_in_packed_order(tmp_path_factory, fmt, cols, block_rows, begin):
    folder = tmp_path_factory.mktemp("pack")
    q, k, v = normal(16, cols), normal(8, cols, seed=1), normal(8, cols, seed=2)
    matrix = PackedMatrix("qkv", ("q", "k", "v"), 32, cols, QKV_ORDER, fmt, begin, 30)
    weights = WeightsWriter(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("model.pack.BLOCK_BYTES", block_rows * 4 * cols)
        pack_matrices(weights, [matrix], Rows(q=q, k=k, v=v))
    wanted = np.concatenate([q, k, v])[row_index(QKV_ORDER)][begin:30]
    np.testing.assert_array_equal(unpacked(folder, weights.finish(), matrix), restored(fmt, wanted))


def test_gate_and_up_rows_alternate(tmp_path):
    gate, up = normal(6, 40), normal(6, 40, seed=1)
    matrix = PackedMatrix("gate_up", ("gate", "up"), 12, 40, (RowOrder("interleave", 12),), "f32")
    weights = WeightsWriter(tmp_path)
    pack_matrices(weights, [matrix], Rows(gate=gate, up=up))
    found = unpacked(tmp_path, weights.finish(), matrix)
    np.testing.assert_array_equal(found[0::2], gate)
    np.testing.assert_array_equal(found[1::2], up)


def test_progress_counts_every_byte_once(tmp_path, monkeypatch):
    monkeypatch.setattr("model.pack.BLOCK_BYTES", 4 * 40 * 5)
    matrices = [identity(name, "x", 12, 40, fmt) for name, fmt in (("a", "q4"), ("b", "f16"), ("c", "q4a"))]
    seen: list[tuple[str, int, int]] = []
    weights = WeightsWriter(tmp_path)
    pack_matrices(weights, matrices, Rows(x=normal(12, 40)), lambda *step: seen.append(step))
    totals = {total for _, _, total in seen}
    assert totals == {12 * 2 * (16 + 2) + 12 * 2 * 64 + 12 * 2 * (16 + 4)}
    done = [done for _, done, _ in seen]
    assert len(done) == 9 and done == sorted(done) and done[-1] in totals


@pytest.mark.parametrize(
    ("told", "tied", "offset"), [(True, True, 0), (True, False, 0), (True, True, 1), (False, True, 0)]
)
def test_the_matrix_after_the_final_norm_weighs_errors_by_its_gain(tmp_path, told, tied, offset):
    gain = np.linspace(0.1, 4, 64, dtype=np.float32)
    source = Rows(
        model__embed_tokens__weight=normal(50, 64),
        lm_head__weight=normal(50, 64, seed=1),
        model__norm__weight=gain - np.float32(offset),
    )
    names = ["model.embed_tokens.weight", *([] if tied else ["lm_head.weight"])]
    matrices = [identity(name, name, 50, 64, "q4") for name in names]
    weights = WeightsWriter(tmp_path)
    pack_matrices(weights, matrices, source, roles=WeightRoles(final_norm_offset=offset) if told else None)
    table = weights.finish()
    for matrix in matrices:
        values = source.tensors[matrix.name]
        weighs = told and matrix.name == names[-1]
        packed = quantize("q4", values, name="w", importance=gain**2 if weighs else None)
        np.testing.assert_array_equal(
            unpacked(tmp_path, table, matrix), formats.unpack("q4", packed, 64), err_msg=matrix.name
        )


def test_a_bad_weight_is_named_by_its_own_tensor(tmp_path):
    up = normal(4, 40)
    up[3, 39] = 1e9
    matrix = PackedMatrix("gate_up", ("gate", "up"), 8, 40, (RowOrder("interleave", 8),), "q4")
    with pytest.raises(QuantizeError, match="at most") as caught:
        pack_matrices(WeightsWriter(tmp_path), [matrix], Rows(gate=normal(4, 40), up=up))
    assert caught.value.where == "up"


@pytest.mark.parametrize(("rows", "cols", "message"), [(12, 41, "has 40 columns"), (13, 40, "have 12 rows")])
def test_sources_of_another_shape_are_a_bug(tmp_path, rows, cols, message):
    matrix = identity("m", "x", rows, cols, "q4")
    with pytest.raises(InternalError, match=message):
        pack_matrices(WeightsWriter(tmp_path), [matrix], Rows(x=normal(12, 40)))


# ---- random ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", formats.FORMATS)
def test_random_weights_look_like_trained_ones_and_repeat_by_seed(tmp_path, fmt, monkeypatch):
    monkeypatch.setattr("model.pack._RANDOM_TILE_BYTES", 4 * 172 * 48)
    matrices = [identity("a", "x", 100, 172, fmt), identity("b", "y", 100, 172, fmt)]
    found: list[list[np.ndarray]] = []
    for folder, seed in ((tmp_path / "0", 0), (tmp_path / "again", 0), (tmp_path / "1", 1)):
        folder.mkdir()
        weights = WeightsWriter(folder)
        random_matrices(weights, matrices, seed)
        table = weights.finish()
        found.append([unpacked(folder, table, matrix) for matrix in matrices])
    (a, b), again, (other, _) = found
    assert 0.8 < a.var() * 172 < 1.2 and abs(a.mean()) < 0.01
    np.testing.assert_array_equal(a, again[0])
    np.testing.assert_array_equal(b, again[1])
    assert (a != other).any()
    if formats.FORMATS[fmt].sides:
        assert (a != b).any() and (a[:48] != a[48:96]).any()


# ---- memory ----------------------------------------------------------------------------------------


class Endless(RowSource):
    """A matrix that is made as it is read, so that only the packer's own memory counts."""

    def __init__(self, rows: int, cols: int) -> None:
        self.size = (rows, cols)
        self.tile = normal(64, cols)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.size

    def take_rows(self, name: str, indices: np.ndarray) -> np.ndarray:
        return self.tile[indices % 64]

    def read(self, name: str) -> np.ndarray:
        raise AssertionError(name)


def peak_bytes(folder: Path, rows: int, fmt: str) -> int:
    folder.mkdir()
    cols = 2048
    tracemalloc.start()
    try:
        pack_matrices(WeightsWriter(folder), [identity("m", "x", rows, cols, fmt)], Endless(rows, cols))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("fmt", ["q4", "q4a"])
def test_memory_does_not_grow_with_the_matrix(tmp_path, monkeypatch, fmt):
    # a sixteenth of the real one, and of the real matrices
    monkeypatch.setattr("model.pack.BLOCK_BYTES", 2**20)
    small, large = (peak_bytes(tmp_path / str(rows), rows, fmt) for rows in (2048, 8192))
    sides = 8192 * 64 * sum(side.element_bytes for side in formats.FORMATS[fmt].sides)
    assert large < small + 3 * sides  # the side arrays, their concatenation and their bytes
    assert large < 20 * 2**20  # the matrix is 64 MiB of f32


CHECKPOINT = """
import json, sys
from pathlib import Path
import numpy as np
folder, shards, rows, cols = Path(sys.argv[1]), *map(int, sys.argv[2:])
tile = np.random.default_rng(0).normal(size=(256, cols)).astype(np.float32)
tile = (tile.view(np.uint32) >> 16).astype("<u2").tobytes()
index = {}
for shard in range(shards):
    header = {f"t{shard}": {"dtype": "BF16", "shape": [rows, cols], "data_offsets": [0, rows * cols * 2]}}
    text = json.dumps(header).encode()
    with open(folder / f"{shard}.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _ in range(rows // 256):
            file.write(tile)
    index[f"t{shard}"] = f"{shard}.safetensors"
(folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
"""

PACK = """
import json, re, sys
from pathlib import Path
from kernelc.artifact import WeightsWriter
from kernelc.ir.packed_matrix import PackedMatrix, RowOrder
from model.pack import pack_matrices
from model.checkpoints.checkpoint import Checkpoint
with Checkpoint.open(sys.argv[1]) as checkpoint:
    matrices = [
        PackedMatrix(name, (name,), *checkpoint.shape(name), (RowOrder("interleave",
        checkpoint.shape(name)[0]),), "q4") for name in checkpoint.names()
    ]
    weights = WeightsWriter(Path(sys.argv[2]))
    pack_matrices(weights, matrices, checkpoint)
    table = weights.finish()
# not ru_maxrss: that begins with the peak of the process that started this one
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
print(json.dumps({"peak": peak, "bytes": sum(t.bytes for t in table.tensors.values())}))
"""


def pack_checkpoint(tmp_path: Path, shards: int, rows: int, cols: int) -> dict[str, int]:
    """Pack a bf16 checkpoint of so many shards of one matrix each, in a process of its own."""
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    out.mkdir()
    for script, *arguments in ((CHECKPOINT, source, shards, rows, cols), (PACK, source, out)):
        command = [sys.executable, "-c", script, *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
        )
    return json.loads(done.stdout)


def test_a_sharded_checkpoint_is_packed_in_little_memory(tmp_path):
    found = pack_checkpoint(tmp_path, 3, 4096, 2048)
    assert found["bytes"] == 3 * 4096 * 64 * 18
    assert found["peak"] < 400 * 2**20


@pytest.mark.nightly
def test_a_checkpoint_larger_than_the_limit_is_packed_within_it(tmp_path):
    found = pack_checkpoint(tmp_path, 6, 65536, 4096)  # 3 GiB of bf16, 6 GiB as f32
    assert found["bytes"] == 6 * 65536 * 128 * 18
    assert found["peak"] < 1.5 * 10**9


def test_a_nan_in_a_checkpoint_names_file_and_tensor(tmp_path):
    from safetensors.numpy import save_file

    values = normal(300, 40)
    values[299, 7] = np.nan
    save_file({"a": normal(300, 40), "b": values}, tmp_path / "model.safetensors")
    (tmp_path / "out").mkdir()
    matrix = PackedMatrix("ab", ("a", "b"), 600, 40, (RowOrder("interleave", 600),), "q4")
    with (
        Checkpoint.open(tmp_path) as checkpoint,
        pytest.raises(CheckpointError, match="wanted finite") as caught,
    ):
        pack_matrices(WeightsWriter(tmp_path / "out"), [matrix], checkpoint)
    assert "model.safetensors: b" in str(caught.value.where)


ENDLESS_BUILD = """
import sys
import numpy as np
from kernelc.artifact import ArtifactWriter
from kernelc.ir.packed_matrix import PackedMatrix, RowOrder
from model.pack import RowSource, pack_matrices

class Rows(RowSource):
    def shape(self, name):
        return (1 << 20, 2048)

    def take_rows(self, name, indices):
        return np.ones((len(indices), 2048), np.float32)

matrix = PackedMatrix("m", ("x",), 1 << 20, 2048, (RowOrder("identity", 1 << 20),), "q4")
try:
    with ArtifactWriter(sys.argv[1]) as writer:
        pack_matrices(writer.weights, [matrix], Rows(), lambda *step: print(step, flush=True))
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_ctrl_c_in_the_middle_of_packing_leaves_nothing(tmp_path):
    command = [sys.executable, "-c", ENDLESS_BUILD, str(tmp_path / "dist" / "a")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as build:
        assert build.stdout is not None and build.stdout.readline()
        assert list(tmp_path.glob("dist/.a.*.building/weights/*.bin"))
        build.send_signal(signal.SIGINT)
        build.stdout.read()
    assert build.returncode == 130
    assert list(tmp_path.iterdir()) == []


class Codes(Rows):
    """Tensors that are stored as codes already, one after another."""

    def __init__(self, tensors: dict[str, Packed], fmt: str) -> None:
        self.codes, self.fmt = tensors, fmt

    def shape(self, name: str) -> tuple[int, ...]:
        rows, groups, _ = self.codes[name].quants.shape
        return rows, 32 * groups

    def kept_as(self, name: str) -> str | None:
        return self.fmt

    def take_packed(self, name: str, indices: np.ndarray) -> Packed:
        return self.codes[name].rows(indices)


@pytest.mark.parametrize("fmt", ["q4", "q4a", "q8"])
def test_codes_that_a_source_stores_are_packed_unchanged(
    fmt: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.pack.BLOCK_BYTES", 4 * 64 * 7)  # several blocks, which cut through the sources
    rng = np.random.default_rng(5)
    tensors = {
        name: quantize(fmt, rng.standard_normal((rows, 64), np.float32), name=name)
        for name, rows in (("a", 12), ("b", 20))
    }
    order = (RowOrder("pairs", 12, 6, 4), RowOrder("interleave", 20))
    matrix = PackedMatrix("m", ("a", "b"), 32, 64, order, fmt)
    weights = WeightsWriter(tmp_path)
    pack_matrices(weights, [matrix], Codes(tensors, fmt))
    whole = Packed(
        np.concatenate([part.quants for part in tensors.values()]),
        tuple(np.concatenate(side) for side in zip(*(p.sides for p in tensors.values()), strict=True)),
    )
    wanted = formats.unpack(fmt, whole, 64)[matrix.row_index()]
    np.testing.assert_array_equal(unpacked(tmp_path, weights.finish(), matrix), wanted)
