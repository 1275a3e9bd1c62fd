"""Artifacts that are broken, cut short or made to do harm: each ends in one ArtifactError that says where."""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.artifact import Artifact, parse_manifest
from kernelc.artifact.check import check_manifest
from kernelc.errors import ArtifactError
from tests.artifact_sample import write_sample

SHARD = "weights/0000.bin"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    write_sample(tmp_path / "sample")
    return tmp_path / "sample"


@pytest.fixture(scope="module")
def manifest_json(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("sample") / "sample"
    write_sample(folder)
    return json.loads((folder / "manifest.json").read_text())


def load_all(folder: Path) -> None:
    """Open an artifact and read everything in it."""
    artifact = Artifact.open(folder)
    for name in artifact.manifest.weights.tensors:
        artifact.tensor(name)
    for named in artifact.manifest.files():
        if not named.file.startswith("weights/"):
            artifact.read(named.file)


def refuse(folder: Path, file: str, message: str) -> None:
    """`load_all` must complain of `file` in one printable line with advice."""
    with pytest.raises(ArtifactError, match=message) as caught:
        load_all(folder)
    error = caught.value
    assert file in str(error.where) and error.help
    assert "\n" not in error.render() and len(error.render()) < 1000


# ---- the manifest's fields
# ------------------------------------------------------------------------------------

VARIANT = "kernels.matvec.variants.0"
DISPATCH = "programs.decode.dispatches.0"
CHECK = "checks.kernels.matvec"
QUANTS = "weights.tensors.layers/0/proj/quants"  # "/" stands for a dot within a name

LIES: list[tuple[str, Any, str, str]] = [
    # field, value (... deletes it), place that the error names, its message
    ("format", "zip", "format", 'got "zip", wanted kernelc-artifact'),
    ("version", 3, "version", "got 3, wanted 1 or 2"),
    ("version", "2", "version", 'got "2", wanted 1 or 2'),
    ("version", True, "version", "got true, wanted 1 or 2"),
    ("version", 2.0, "version", "got 2.0, wanted 1 or 2"),
    ("version", ..., "version", "got null, wanted 1 or 2"),
    ("name", "../x", "name", "wanted a plain name"),
    ("surprise", 1, "surprise", "no such field"),
    ("target", "metal", "target", "wanted one of wgsl"),
    ("target", "cuda", "kernels.matvec.variants", "wanted cuda alone"),
    ("quant", "q5", "quant", "wanted one of q4"),
    ("activations", "int4", "activations", "wanted one of f32, int8"),
    ("kv", "q4", "kv", "wanted one of q8"),
    ("generation", {"temperature": 0.2}, "generation.top_k", "the field is missing"),
    (
        "generation",
        {"temperature": 0.2, "top_k": 0, "top_p": 0, "min_p": 0, "repetition_penalty": 1},
        "generation.top_p",
        "got 0, wanted a number above 0, at most 1",
    ),
    ("rings", [], "rings", "got 0 items, wanted 1"),
    ("rings", [{"window": 4}], r"rings\[0\].rows", "the field is missing"),
    ("rings", [{"window": 0, "rows": 64}], r"rings\[0\].window", "got 0"),
    ("rings", [{"window": 8, "rows": 1e9}], r"rings\[0\].rows", "wanted an integer"),
    ("rings", [{"window": 8, "rows": 8}], r"rings\[0\].rows", "got 8, wanted at least"),
    ("model", [], "model", "got a list of 0, wanted an object"),
    ("model.layers", ..., "model.layers", "the field is missing"),
    ("model.heads", 4.5, "model.heads", "got 4.5, wanted an integer"),
    ("model.heads", True, "model.heads", "got true, wanted an integer"),
    ("model.kv_heads", 3, "model.kv_heads", "wanted a divisor of heads 4"),
    ("model.eos_token_ids", [40], "model.eos_token_ids", "below vocab_size 40"),
    ("model.bos_token_id", -1, "model.bos_token_id", "got -1"),
    ("symbols.context", [1, 65], "symbols.context", "wanted model.max_context 64"),
    ("symbols.seq", [2, 1], "symbols.seq", "low <= high"),
    ("symbols.past", ..., "symbols.past", "the field is missing"),
    ("symbols.batch", [1, 2], "symbols.batch", "no such symbol"),
    ("symbols.seq", [0, 32], "symbols.seq", "got a low bound of 0"),
    ("params.1.name", "seq", "params", "wanted each name once"),
    ("params.0.type", "u64", r"params\[0\].type", "wanted one of u32, f32"),
    ("buffers.step", ..., "buffers.step", "wanted a state buffer of at least 12 bytes"),
    ("buffers.step.bytes", 8, "buffers.step", "wanted a state buffer of at least 12 bytes"),
    ("buffers.norm.bytes", 684, "buffers.norm.bytes", "got 684, wanted the tensor's 688"),
    ("buffers.norm.kind", "cache", "buffers.norm.kind", "wanted one of weight, state, slot"),
    ("buffers.ghost", {"kind": "weight", "bytes": 4}, "buffers.ghost", "no tensor of this name"),
    ("buffers.tokens.bytes", ["mul", "seq", 4], "buffers.tokens.bytes", "unknown symbol 'seq'"),
    ("buffers.tokens.bytes", -4, "buffers.tokens.bytes", "may be -4"),
    ("buffers.tokens.bytes", ["mod", 4, 0], "buffers.tokens.bytes", "divisor|divi"),
    ("kernels.matvec.spec", None, "kernels.matvec.spec", "wanted a plain name"),
    ("kernels.matvec.params", 1, "kernels.matvec.params", "wanted true or false"),
    ("kernels.matvec.problem.eps", 1e999, "manifest.json", "Infinity is not a number"),
    ("kernels.matvec.bindings.0.element", "u64", r"bindings\[0\].element", "wanted one of u32"),
    ("kernels.matvec.bindings.0.access", "write", r"bindings\[0\].access", "wanted one of read, read_write"),
    ("kernels.matvec.bindings.0.access", "read_write", r"dispatches\[0\].bindings\[0\]", "is a weight"),
    (f"{VARIANT}.file", "../../etc/passwd", r"variants\[0\].file", "a plain relative path"),
    (f"{VARIANT}.file", "/etc/passwd", r"variants\[0\].file", "a plain relative path"),
    (f"{VARIANT}.file", "kernels/../../x", r"variants\[0\].file", "a plain relative path"),
    (f"{VARIANT}.file", "kernels\\x", r"variants\[0\].file", "a plain relative path"),
    (f"{VARIANT}.file", "manifest.json", r"variants\[0\].file", "a plain relative path"),
    (f"{VARIANT}.file", "kernels/none.wgsl", "kernels/none.wgsl", "No such file"),
    (f"{VARIANT}.file", "graph.ir", "graph.ir", "named twice, with a different sha256"),
    (f"{VARIANT}.sha256", "0" * 63, r"variants\[0\].sha256", "sha256"),
    (f"{VARIANT}.bytes", 0, r"variants\[0\].bytes", "got 0"),
    (f"{VARIANT}.bytes", 2**27, r"variants\[0\].bytes", "got 134217728"),
    (f"{VARIANT}.bytes", 5, "kernels/matvec", "bytes, the manifest says 5"),
    (f"{VARIANT}.workgroup", [64, 1], r"variants\[0\].workgroup", "got 2 items, wanted 3"),
    (f"{VARIANT}.workgroup.0", 32, "requires.threads", r"got 64, wanted 32 for workgroup \[32, 1, 1\]"),
    (f"{VARIANT}.grid.0", ["ceildiv", "batch", 4], r"grid\[0\]", "unknown symbol 'batch'"),
    (f"{VARIANT}.grid.0", ["pow", "seq", 4], r"grid\[0\]", "not a dimension"),
    (f"{VARIANT}.grid.0", ["add", "seq", -2], r"grid\[0\]", "this may be -1"),
    ("programs.decode.role", "train", "programs.decode.role", "wanted one of prefill"),
    ("programs.decode.symbols.batch", [1, 1], "programs.decode.symbols.batch", "wanted one of"),
    ("programs.decode.symbols.seq", [1, 33], "programs.decode.symbols.seq", r"within \[1, 32\]"),
    ("programs.decode.dispatches", [], "programs.decode.dispatches", "got 0 items"),
    (f"{DISPATCH}.kernel", "ghost", r"dispatches\[0\].kernel", "no kernel 'ghost'"),
    (f"{DISPATCH}.bindings.3", ..., r"dispatches\[0\].bindings", "got 3 bindings, wanted 4"),
    (f"{DISPATCH}.bindings.2.buffer", "ghost", r"bindings\[2\].buffer", "no buffer 'ghost'"),
    (f"{DISPATCH}.bindings.2.buffer", "slot.1", r"bindings\[2\].bytes", "got 688 at context 1, wanted 1..96"),
    (f"{DISPATCH}.bindings.2.offset", 4, r"bindings\[2\].bytes", "got 688 at context 1, wanted 1..684"),
    (f"{DISPATCH}.bindings.2.offset", 2, r"bindings\[2\].offset", "wanted a multiple of 4"),
    (f"{DISPATCH}.bindings.2.bytes", 0, r"bindings\[2\].bytes", "got 0"),
    (f"{DISPATCH}.bindings.0.bytes", 8, r"bindings\[0\].bytes", "in whole elements of u32x4"),
    (f"{DISPATCH}.bindings.3.buffer", "slot.0", r"dispatches\[0\].bindings", "both to be read and"),
    ("weights.shards.0.file", "../0000.bin", r"shards\[0\].file", "a plain relative path"),
    ("weights.shards.0.bytes", 2**26 + 1, r"shards\[0\].bytes", "wanted an integer of 1..67108864"),
    ("weights.shards.0.bytes", 9999, SHARD, "bytes, the manifest says 9999"),
    ("weights.shards.0.sha256", "0" * 64, SHARD, "the file is corrupted"),
    ("weights.shards", [], "segments", "got shard 0, wanted one of 0"),
    (f"{QUANTS}.segments.0.0", 7, r"segments\[0\]", "got shard 7"),
    (f"{QUANTS}.segments.0.1", 2**40, r"segments\[0\]", "but weights/0000.bin has"),
    (f"{QUANTS}.segments.0.2", 2300, "segments", "do not add up to the tensor's 2304 bytes"),
    (f"{QUANTS}.segments", [], "segments", "got 0 items"),
    (f"{QUANTS}.bytes", 2300, "bytes", r"wanted 2304 for q4.quants of shape \[24, 172\]"),
    (f"{QUANTS}.shape", [24, 2**31], r"shape\[1\]", "wanted an integer"),
    (f"{QUANTS}.shape", [24], "shape", "got 1 items, wanted 2"),
    (f"{QUANTS}.encoding", "q5.quants", "encoding", "wanted one of q4.quants"),
    ("tokenizer.file", "other.model", "tokenizer.file", "wanted one of tokenizer.model"),
    ("tokenizer.kind", "words", "tokenizer.kind", "wanted one of sentencepiece"),
    ("tokenizer.files.tokenizer/model.bytes", 99, "tokenizer.model", "has 100 bytes, the manifest says 99"),
    ("tokenizer.files.tokenizer/model.sha256", "0" * 64, "tokenizer.model", "the file is corrupted"),
    ("tokenizer.files.~etc", {"bytes": 1, "sha256": "0" * 64}, "tokenizer.files", "a plain name as key"),
    ("chat_template.sha256", "0" * 64, "chat_template.jinja", "the file is corrupted"),
    ("chat_template.bos_token", 3, "chat_template.bos_token", "a text of at most 1000"),
    ("graph", ..., "graph", "the field is missing"),
    ("checks.file", "../checks.bin", "checks.file", "a plain relative path"),
    ("checks.bytes", 95, "checks.kernels.matvec.outputs", "it ends at 96 of 95 bytes"),
    ("checks.bytes", 97, "checks.bin", "has 96 bytes, the manifest says 97"),
    ("checks.bytes", 2**26 + 1, "checks.bytes", "wanted an integer"),
    ("checks.sha256", "0" * 64, "checks.bin", "the file is corrupted"),
    ("checks.kernels", {"ghost": 1}, "checks.kernels.ghost", "wanted an object"),
    (f"{CHECK}.symbols.batch", 1, "checks.kernels.matvec.symbols", "wanted"),
    (f"{CHECK}.symbols.past", ..., "checks.kernels.matvec.symbols", "wanted"),
    (f"{CHECK}.symbols.seq", 33, "checks.kernels.matvec.symbols.seq", "got 33, wanted 1..32"),
    (f"{CHECK}.params.seed", 1, "checks.kernels.matvec.params", "wanted"),
    (f"{CHECK}.params.seq", 1.5, "checks.kernels.matvec.params.seq", "wanted an integer"),
    (f"{CHECK}.params.temperature", "hot", "checks.kernels.matvec.params.temperature", "wanted a number"),
    (f"{CHECK}.inputs.3", ..., "checks.kernels.matvec.inputs", "got 3, wanted 4"),
    (f"{CHECK}.inputs.0.bytes", 72, r"matvec.inputs\[0\].bytes", "wanted whole u32x4"),
    (f"{CHECK}.inputs.0.bytes", 2**28 + 16, r"matvec.inputs\[0\].bytes", "wanted an integer"),
    (f"{CHECK}.inputs.0.period", 100, r"matvec.inputs\[0\]", "it ends at 100 of 96 bytes"),
    (f"{CHECK}.inputs.0.period", 62, r"matvec.inputs\[0\].period", "a multiple of 4"),
    (f"{CHECK}.inputs.3.period", 100, r"matvec.inputs\[3\].period", "wanted an integer of 0..96"),
    (f"{CHECK}.tile_tolerance", [1e-3], "checks.kernels.matvec.tile_tolerance", "got 1 items"),
    (f"{CHECK}.tile_tolerance", [1e-3, -1], r"matvec.tile_tolerance\[1\]", "a number of at least 0"),
    (f"{CHECK}.outputs", [], "checks.kernels.matvec.outputs", "got 0 items"),
    (f"{CHECK}.outputs.0.binding", 2, r"matvec.outputs\[0\].binding", "wanted one that is written"),
    (f"{CHECK}.outputs.0.binding", 4, r"matvec.outputs\[0\].binding", "wanted one that is written"),
    (f"{CHECK}.outputs.0.at", 68, r"matvec.outputs\[0\]", "it ends at 100 of 96 bytes bound"),
    (f"{CHECK}.outputs.0.offset", 68, r"matvec.outputs\[0\]", "it ends at 100 of 96 bytes"),
    (f"{CHECK}.outputs.0.element", "u64", r"matvec.outputs\[0\].element", "wanted one of f32"),
    (f"{CHECK}.outputs.0.absolute", -1, r"matvec.outputs\[0\].absolute", "at least 0"),
]  # fmt: skip


def steps(field: str) -> list[str]:
    return [step.replace("/", ".") for step in field.split(".")]


def change(value: Any, path: list[Any], new: Any) -> None:
    """Set (or with ... delete) what `path` leads to; numbers in it index lists."""
    for step in path[:-1]:
        value = value[int(step) if isinstance(value, list) else step]
    last = int(path[-1]) if isinstance(value, list) else path[-1]
    if new is ...:
        del value[last]
    else:
        value[last] = new


@pytest.mark.parametrize(("field", "value", "place", "message"), LIES, ids=[f"{x[0]}={x[1]}" for x in LIES])
def test_a_manifest_that_lies_is_refused_by_field(sample, field, value, place, message):
    manifest = json.loads((sample / "manifest.json").read_text())
    change(manifest, steps(field), value)
    (sample / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match=message) as caught:
        load_all(sample)
    rendered = caught.value.render()
    assert caught.value.help and "\n" not in rendered
    assert re.search(place.replace("/", "."), str(caught.value.where).replace("/", ".")), rendered


def test_an_artifact_of_before_the_golden_tiles_is_read(sample):
    manifest = json.loads((sample / "manifest.json").read_text())
    del manifest["checks"]
    (sample / "manifest.json").write_text(json.dumps(manifest))
    assert Artifact.open(sample).manifest.checks is None


def test_an_artifact_of_before_there_were_masks_is_read(sample):
    """Builds write 2, which readers from before refuse by its number rather than by a role."""
    manifest = json.loads((sample / "manifest.json").read_text())
    assert manifest["version"] == 2
    (sample / "manifest.json").write_text(json.dumps({**manifest, "version": 1}))
    assert Artifact.open(sample).manifest.name == manifest["name"]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value, inner ones too."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from leaves(item, (*path, key))


WRONG: list[Any] = [
    ...,
    None,
    True,
    -1,
    0,
    3,
    2**53 + 1,
    2**200,
    0.5,
    "",
    "x",
    "seq",
    "\0",
    "é",
    "a" * 5000,
    [],
    {},
]
WRONG += [[1, 2], ["add", "seq", 1], {"a": 1}, [[[[[[[[]]]]]]]]]


def try_manifest(manifest: Any) -> None:
    """Nothing but an ArtifactError may come of a manifest."""
    try:
        parsed = parse_manifest(json.dumps(manifest), "manifest.json")
        check_manifest(parsed, "manifest.json")
    except ArtifactError as error:
        assert error.where and error.where.startswith("manifest.json") and len(error.render()) < 4500
    else:
        again = json.loads(json.dumps(parsed.to_json()))
        assert parse_manifest(json.dumps(again), "manifest.json") == parsed


def test_no_wrong_value_anywhere_is_more_than_an_artifact_error(manifest_json):
    places = list(leaves(manifest_json))
    assert len(places) > 150
    for place in places:
        for wrong in WRONG:
            changed = copy.deepcopy(manifest_json)
            change(changed, list(place), wrong)
            try_manifest(changed)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(data=st.data())
def test_no_random_value_is_more_than_an_artifact_error(manifest_json, data):
    changed = copy.deepcopy(manifest_json)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(list(leaves(changed))))
        change(changed, list(place), data.draw(JSON))
        if not changed:
            break
    try_manifest(changed)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not valid JSON"),
        ("[" * 100_000, "nested too deeply|not valid JSON"),
        ('{"format": "kernelc-artifact", "format": 1}', "key 'format' occurs twice"),
        ("[]", "wanted an object"),
        ("null", "wanted an object"),
        ("{}", "wanted kernelc-artifact"),
        ('{"format": NaN}', "NaN is not a number"),
        ('{"format": ' + "9" * 5000 + "}", "not valid JSON|wanted kernelc-artifact"),
        ("\ufeff{}", "not valid JSON"),
        ('{"format": "\\ud800"}', "wanted kernelc-artifact"),
    ],
    ids=range(10),
)
def test_text_that_is_no_manifest_is_refused(sample, text, message):
    (sample / "manifest.json").write_text(text, encoding="utf-8")
    refuse(sample, "manifest.json", message)


def test_a_manifest_of_any_length_of_start_is_refused(sample):
    text = (sample / "manifest.json").read_text().rstrip()
    for length in range(0, len(text), 97):
        with pytest.raises(ArtifactError):
            parse_manifest(text[:length], "manifest.json")


# ---- the files ----------------------------------------------------------------------------------


def every_file(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def into_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def into_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)  # opening it would wait for ever


def into_link_outside(path: Path) -> None:
    outside = path.parents[2] / f"outside-{path.name}"
    path.rename(outside)
    path.symlink_to(outside)


DAMAGES = [flip, cut, grow, empty, Path.unlink, into_folder, into_pipe, into_link_outside]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_no_damaged_file_gets_through(tmp_path, damage: Callable[[Path], None]):
    write_sample(tmp_path / "count")
    for i in range(len(every_file(tmp_path / "count"))):
        folder = tmp_path / "in" / str(i)
        write_sample(folder)
        path = every_file(folder)[i]
        if path.name == "manifest.json" and damage in (flip, cut, into_link_outside):
            continue  # a newline less is still a manifest; its other changes have tests of their own
        damage(path)
        refuse(folder, "" if path.name == "manifest.json" else str(path.relative_to(folder)), ".")


def test_bytes_that_are_no_text_are_refused(sample):
    (sample / "manifest.json").write_bytes(b"\xff\xfe{}")
    refuse(sample, "manifest.json", "not UTF-8")


def test_folders_that_are_no_artifact_are_refused(tmp_path):
    refuse(tmp_path / "none", "none", "no such folder")
    (tmp_path / "empty").mkdir()
    refuse(tmp_path / "empty", "empty", r"no manifest\.json")
    (tmp_path / "file").write_text("x")
    refuse(tmp_path / "file", "file", "no such folder")
    refuse(tmp_path / ("long" * 100), "long", "no such folder")
    refuse(tmp_path / "nul\0", "nul", "no such folder")


def test_a_shard_that_changes_after_opening_is_noticed_at_first_use(sample):
    artifact = Artifact.open(sample)
    flip(sample / SHARD)
    with pytest.raises(ArtifactError, match="corrupted") as caught:
        artifact.tensor("norm")
    assert SHARD in str(caught.value.where)
    with pytest.raises(ArtifactError, match="corrupted"):
        artifact.verify_shard(0)
