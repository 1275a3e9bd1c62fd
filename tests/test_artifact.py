from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from kernelc.artifact import Artifact, ArtifactWriter, Manifest, kernel_file, parse_manifest, tensor_bytes
from kernelc.errors import ArtifactError, InternalError
from kernelc.ir import formats
from kernelc.ir.dim import bounds, evaluate
from tests.artifact_sample import (
    COLS,
    KERNEL_TEXT,
    Q4,
    ROWS,
    TEMPLATE,
    fill_sample,
    sample_matrix,
    write_sample,
)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    write_sample(tmp_path / "sample")
    return tmp_path / "sample"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_was_written_is_read(sample):
    artifact = Artifact.open(sample)
    quants, scales = sample_matrix()
    raw = artifact.tensor("layers.0.proj.quants")
    np.testing.assert_array_equal(Q4.quants_from_bytes(raw, ROWS, COLS), quants)
    raw = artifact.tensor("layers.0.proj.scales")
    np.testing.assert_array_equal(Q4.sides[0].from_bytes(raw, ROWS, COLS), scales)
    np.testing.assert_array_equal(artifact.tensor("norm").view("<f4"), np.arange(COLS))
    variant = artifact.manifest.kernels["matvec"].variants[0]
    assert variant.file == kernel_file("matvec", KERNEL_TEXT.encode(), "wgsl")
    assert artifact.kernel_text(variant.file) == KERNEL_TEXT
    assert evaluate(variant.grid[0], {"seq": 9}) == 3
    assert bounds(artifact.manifest.buffers["tokens"].bytes) == (8, 260)
    assert artifact.text("chat_template.jinja") == TEMPLATE
    assert artifact.path("tokenizer.model").read_bytes() == bytes(range(100))


def test_the_manifest_survives_its_own_json(sample):
    manifest = Artifact.open(sample).manifest
    text = (sample / "manifest.json").read_text()
    assert parse_manifest(text, "manifest.json") == manifest
    assert isinstance(manifest, Manifest) and list(manifest.programs) == ["decode"]


def test_tensors_start_aligned_and_are_cut_only_where_they_must(sample):
    weights = Artifact.open(sample).manifest.weights
    assert len(weights.tensors["layers.0.proj.quants"].segments) == 1
    assert all(tensor.segments[0].offset % 256 == 0 for tensor in weights.tensors.values())
    assert all(shard.bytes <= 4096 for shard in weights.shards)


def test_a_tensor_larger_than_a_shard_spans_several(tmp_path):
    write_sample(tmp_path / "a", max_shard_bytes=1024)
    artifact = Artifact.open(tmp_path / "a")
    segments = artifact.manifest.weights.tensors["layers.0.proj.quants"].segments
    assert [segment.bytes for segment in segments] == [1024, 1024, 256]
    assert artifact.tensor("layers.0.proj.quants").tobytes() == sample_matrix()[0].tobytes()
    assert len(list(artifact.tensor_pieces("layers.0.proj.quants"))) == 3


def test_the_same_build_writes_the_same_bytes(tmp_path, sample):
    write_sample(tmp_path / "again")
    assert contents(tmp_path / "again") == contents(sample)


def test_tensor_bytes_agrees_with_the_formats():
    for fmt in formats.FORMATS:
        for shape in ((1, 1), (3, 172), (5, 32), (2, 33)):
            packed = formats.pack(fmt, np.zeros(shape, np.float32))
            assert tensor_bytes(f"{fmt}.quants", shape) == packed.quants.nbytes
            for side, values in zip(formats.FORMATS[fmt].sides, packed.sides, strict=True):
                assert tensor_bytes(f"{fmt}.{side.name}", shape) == -(-values.nbytes // 16) * 16
    assert tensor_bytes("f32", (3, 5)) == 60


class Broken(Exception):
    pass


@pytest.mark.parametrize("error", [Broken, KeyboardInterrupt, SystemExit])
def test_a_broken_build_leaves_nothing(tmp_path, error):
    with pytest.raises(error), ArtifactWriter(tmp_path / "new" / "deep" / "a") as writer:
        writer.weights.add("norm", "f32", (4,), [bytes(16)])
        writer.add_kernel("kernels/k.wgsl", b"x")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_chunk_source_that_breaks_leaves_nothing(tmp_path):
    def chunks():
        yield bytes(8)
        raise Broken

    with pytest.raises(Broken), ArtifactWriter(tmp_path / "a") as writer:
        writer.weights.add("norm", "f32", (4,), chunks())
    assert list(tmp_path.iterdir()) == []


def test_a_block_that_forgets_to_commit_leaves_nothing(tmp_path):
    with ArtifactWriter(tmp_path / "a") as writer:
        writer.add_kernel("kernels/k.wgsl", b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_broken_build_keeps_the_artifact_that_was_there(tmp_path, sample):
    before = contents(sample)
    with pytest.raises(Broken), ArtifactWriter(sample) as writer:
        writer.weights.add("norm", "f32", (4,), [bytes(16)])
        raise Broken
    assert contents(sample) == before
    assert [path.name for path in tmp_path.iterdir()] == ["sample"]


def test_a_rename_that_fails_puts_the_old_artifact_back(tmp_path, sample, monkeypatch):
    before = contents(sample)
    rename = Path.rename
    monkeypatch.setattr("kernelc.artifact.writer.exchange", lambda one, other: False)

    def fail(self: Path, target: Path) -> Path:
        if self.name.endswith(".building"):
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(KeyboardInterrupt):
        write_sample(sample, max_shard_bytes=1024)
    assert contents(sample) == before
    assert [path.name for path in tmp_path.iterdir()] == ["sample"]


def test_an_artifact_is_replaced_whole(tmp_path, sample):
    write_sample(sample, max_shard_bytes=1024)
    write_sample(tmp_path / "fresh", max_shard_bytes=1024)
    assert contents(sample) == contents(tmp_path / "fresh")


def test_other_peoples_folders_are_refused(tmp_path, sample):
    other = tmp_path / "other"
    other.mkdir()
    write_sample(other)  # an empty folder may be filled
    (other / "diary.txt").write_text("mine")
    with pytest.raises(ArtifactError, match=r"more than an artifact: diary\.txt"):
        write_sample(other)
    (other / "manifest.json").write_text("{}")
    with pytest.raises(ArtifactError, match="no artifact that could be replaced"):
        write_sample(other)
    assert (other / "diary.txt").read_text() == "mine"
    with pytest.raises(ArtifactError, match="there is a file of this name"):
        write_sample(other / "diary.txt")


def test_a_full_disk_is_an_error_of_one_line(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ArtifactError, match="No space left on device") as caught:
        write_sample(tmp_path / "a")
    assert caught.value.help is not None
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_that_would_not_read_is_never_committed(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.artifact_sample.sample_buffers", lambda weights: {})
    with pytest.raises(InternalError, match=r"buffers\.step"), ArtifactWriter(tmp_path / "a") as writer:
        fill_sample(writer)
    assert list(tmp_path.iterdir()) == []


def test_writing_a_tensor_wrongly_is_a_bug(tmp_path):
    with (
        pytest.raises(InternalError, match="got 12 bytes, wanted 16"),
        ArtifactWriter(tmp_path / "a") as writer,
    ):
        writer.weights.add("norm", "f32", (4,), [bytes(12)])
    with pytest.raises(InternalError, match="added twice"), ArtifactWriter(tmp_path / "a") as writer:
        writer.weights.add("norm", "f32", (1,), [bytes(4)])
        writer.weights.add("norm", "f32", (1,), [bytes(4)])
    with pytest.raises(InternalError, match="different content"), ArtifactWriter(tmp_path / "a") as writer:
        writer.add_file("tokenizer.json", b"1")
        writer.add_file("tokenizer.json", b"2")


def test_shards_are_hashed_as_they_are_written(sample):
    for shard in Artifact.open(sample).manifest.weights.shards:
        data = (sample / shard.file).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (shard.bytes, shard.sha256)
