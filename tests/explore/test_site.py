"""The files of the page and the command that writes them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kernelc.artifact import Artifact, Manifest
from kernelc.cli import main
from kernelc.commands.shared import planning
from kernelc.commands.static_site import page, site
from kernelc.errors import ArtifactError
from kernelc.explore import golden
from kernelc.explore.golden import computed_tile, tile_of
from kernelc.explore.references import reference_of
from kernelc.explore.site import Subject, explore_files
from kernelc.kernels.golden import golden_tiles
from kernelc.kernels.registry import SPECS
from tests.explore.conftest import Compiled

KEPT = ("argmax_2048", "rms_norm_256")


def small(manifest: Manifest) -> Manifest:
    """Two kernels, each with a program, so that a page takes no time."""
    programs = {}
    for name in KEPT:
        dispatch = next(d for p in manifest.programs.values() for d in p.dispatches if d.kernel == name)
        program = next(p for p in manifest.programs.values() if dispatch in p.dispatches)
        programs[name] = replace(program, dispatches=(dispatch,))
    kernels = {name: manifest.kernels[name] for name in KEPT}
    manifest = replace(manifest, kernels=kernels, programs=programs)
    return replace(manifest, checks=None)


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An explorer that was built, as far as the commands can tell."""
    folder = tmp_path / "built"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>explorer</title>")
    monkeypatch.setattr(page, "built_page", lambda page=None: folder)
    monkeypatch.setattr(site, "built_page", lambda page=None: folder)
    return folder


def test_the_files_of_a_model(demo: Compiled):
    files = dict(explore_files(Subject(small(demo.manifest), demo.graph)))
    assert set(files) == {
        "explore.json",
        *(f"graphs/{role}.json" for role in ("decode", "prefill", "score")),
        *(f"kernels/{name}.{ending}" for name in KEPT for ending in ("json", "tile")),
    }
    overview = json.loads(files["explore.json"])
    assert [kernel["name"] for kernel in overview["kernels"]] == list(KEPT)
    assert overview["graphs"] == {role: ["fused"] for role in ("decode", "prefill", "score")}
    assert any("before fusing" in note for note in overview["notes"])
    kernel, origin, buffers = overview["programs"]["rms_norm_256"]["dispatches"][0]
    assert overview["kernels"][kernel]["name"] == "rms_norm_256"
    assert len(buffers) == len(overview["kernels"][kernel]["bindings"]) and origin


def test_a_model_whose_texts_differ_is_told_of(demo: Compiled):
    manifest = small(demo.manifest)
    entry = manifest.kernels["rms_norm_256"]
    changed = replace(entry, variants=tuple(replace(each, sha256="0" * 64) for each in entry.variants))
    manifest = replace(manifest, kernels={**manifest.kernels, "rms_norm_256": changed})
    overview = json.loads(dict(explore_files(Subject(manifest)))["explore.json"])
    assert any(note.endswith("rms_norm_256") for note in overview["notes"])


@pytest.mark.parametrize("problem", [{}, {"width": 0}, {"width": 1 << 40}, {"width": "256"}])
def test_a_strangers_problem_is_refused_by_its_kernel(demo: Compiled, problem: dict[str, object]):
    manifest = small(demo.manifest)
    entry = manifest.kernels["rms_norm_256"]
    odd = replace(entry, problem={**entry.problem, **problem} if problem else {})  # pyright: ignore[reportArgumentType]
    checks = golden_tiles(manifest)
    manifest = replace(manifest, kernels={"rms_norm_256": odd}, programs={}, checks=checks[0])
    with pytest.raises(ArtifactError, match="no such kernel can be generated") as caught:
        dict(explore_files(Subject(manifest, checks=lambda: checks[1])))
    assert caught.value.where == "manifest.json: kernels.rms_norm_256"


def test_tiles_that_are_computed_are_those_of_a_build(demo: Compiled):
    manifest = small(demo.manifest)
    checks, data = golden_tiles(manifest)
    for name in KEPT:
        check, numbers = computed_tile(manifest, name)
        assert check is not None
        assert tile_of(check, numbers) == tile_of(checks.kernels[name], data)


@pytest.mark.parametrize("bound", ["MAX_CHECK_BYTES", "MOST_BYTES"])
def test_no_tile_is_computed_of_a_strangers_size(demo: Compiled, bound: str, monkeypatch: pytest.MonkeyPatch):
    """An artifact for other targets has no golden tiles, and its problems may be of any size: of one binding,
    or of all together."""
    monkeypatch.setattr(golden, bound, 1 << 20)
    width = 1 << 19
    monkeypatch.setattr(golden, "golden_tiles", lambda manifest: pytest.fail("computed"))
    manifest = small(demo.manifest)
    entry = manifest.kernels["rms_norm_256"]
    large = replace(entry, problem={**entry.problem, "width": width})  # pyright: ignore[reportArgumentType]
    manifest = replace(manifest, kernels={**manifest.kernels, "rms_norm_256": large})
    assert computed_tile(manifest, "rms_norm_256") == (None, b"")


def test_a_tile_that_cannot_be_computed_is_the_artifacts_fault(demo: Compiled):
    manifest = small(demo.manifest)
    entry = replace(manifest.kernels["rms_norm_256"], problem={})
    manifest = replace(manifest, kernels={"rms_norm_256": entry})
    with pytest.raises(ArtifactError) as caught:
        dict(explore_files(Subject(manifest)))
    assert caught.value.where == "manifest.json: kernels.rms_norm_256"


def test_many_kernels_of_no_family_are_one_note(demo: Compiled):
    manifest = small(demo.manifest)
    odd = replace(manifest.kernels["rms_norm_256"], spec="unheard")
    kernels = {**manifest.kernels, **{f"odd_{'x' * 150}_{at}": odd for at in range(1000)}}
    files = dict(explore_files(Subject(replace(manifest, kernels=kernels))))
    notes = json.loads(files["explore.json"])["notes"]
    (note,) = (each for each in notes if "no family" in each)
    assert note.endswith("and 976 more") and len(note) < 20_000, "as much as the page reads"


def test_half_a_character_and_an_infinite_number(demo: Compiled):
    manifest = small(demo.manifest)
    program = manifest.programs["rms_norm_256"]
    odd = replace(program, dispatches=(replace(program.dispatches[0], origin="\ud800<b>"),))
    files = dict(explore_files(Subject(replace(manifest, programs={"a": odd}))))
    assert json.loads(files["explore.json"])["programs"]["a"]["dispatches"][0][1] == "?<b>"
    entry = manifest.kernels["rms_norm_256"]
    endless = replace(entry, problem={**entry.problem, "eps": float("inf")})  # pyright: ignore[reportArgumentType]
    manifest = replace(manifest, kernels={"rms_norm_256": endless}, programs={})
    with pytest.raises(ArtifactError) as caught:
        dict(explore_files(Subject(manifest)))
    assert caught.value.where == "manifest.json: kernels.rms_norm_256"


def test_a_tile_keeps_its_numbers(demo: Compiled):
    checks, data = golden_tiles(small(demo.manifest))
    for check in checks.kernels.values():
        described, cut = tile_of(check, data)
        for mine, whole in zip(described["inputs"], check.inputs, strict=True):
            assert cut[mine["offset"] :][: mine["period"]] == data[whole.offset :][: whole.period]
            assert mine["bytes"] == whole.bytes
        for mine, whole in zip(described["outputs"], check.outputs, strict=True):
            wanted = np.frombuffer(data[whole.offset :][: whole.bytes], np.uint8)
            assert np.array_equal(np.frombuffer(cut[mine["offset"] :][: mine["bytes"]], np.uint8), wanted)
            assert mine["offset"] % 4 == 0


def test_a_reference_is_shown_with_what_it_calls():
    names = [each["name"] for each in reference_of(SPECS["rms_norm"])]
    assert names == ["RmsNorm.reference", "rms_norm_reference"]
    assert reference_of(SPECS["rms_norm"])[0]["text"].startswith("def reference(self")


def test_the_command_writes_a_page_of_what_is_not_built(
    demo: Compiled, pages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    plan = planning.Plan(demo.model, demo, small(demo.manifest))  # pyright: ignore[reportArgumentType]
    monkeypatch.setattr(planning, "planned", lambda text, args: plan)
    out = tmp_path / "out"
    times = tmp_path / "times.json"
    row = {"kernel": "rms_norm_256", "calls": 1, "microseconds": 3.0, "bytes": None}
    times.write_text(json.dumps({"profile": {"prefill": [row]}}))
    assert main(["explore", "demo", "--out", str(out), "--measured", str(times)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert (out / "index.html").is_file()
    kernel = json.loads((out / "kernels" / "rms_norm_256.json").read_text())
    assert [row["microseconds"] for row in kernel["measured"]] == [3.0]
    assert json.loads((out / "explore.json").read_text())["graphs"]["decode"] == ["traced", "fused"]
    assert main(["explore", "demo", "--out", str(out)]) == 0, "a page of ours is replaced"
    (out / "mine.txt").write_text("")
    assert main(["explore", "demo", "--out", str(out)]) == 2
    assert "mine.txt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere"),
        (["demo", "--model", "demo"], "--model: this is for an artifact"),
        (["demo", "--measured", "nowhere.json"], "nowhere.json: cannot read it"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], said: str, pages: Path, tmp_path: Path, capsys):
    assert main(["explore", *arguments, "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_not_the_artifacts_is_refused(demo: Compiled):
    from kernelc.commands.shared.tracing import traced_of
    from kernelc.errors import UsageError

    class Fake:
        manifest = replace(demo.manifest, graph=object())  # pyright: ignore[reportArgumentType]

        def text(self, file: str) -> str:
            return demo.graph.replace("f32[1, 256]", "f32[1, 512]")

    fake = Fake()
    object.__setattr__(fake.manifest, "graph", type("G", (), {"file": "graph.ir"})())
    with pytest.raises(UsageError, match="is not that of the artifact demo"):
        traced_of("demo", fake)  # pyright: ignore[reportArgumentType]


@pytest.mark.nightly  # a model of 30 layers: most of it is printing its kernels for five targets
@pytest.mark.data
def test_smollm2_has_a_page(shared_data: Path, tmp_path: Path, pages: Path):
    folder = Path(os.environ.get("KERNELC_TEST_MODELS") or shared_data.parent / "real")
    model = folder / "SmolLM2-135M-Instruct.Q4_1.gguf"
    if not model.is_file():
        pytest.skip(f"test data missing: {model} (KERNELC_TEST_MODELS says where models are)")
    out = tmp_path / "out"
    assert main(["explore", str(model), "--out", str(out)]) == 0
    overview = json.loads((out / "explore.json").read_text())
    assert overview["model"]["layers"] == 30 and not overview["notes"]
    for kernel in overview["kernels"]:
        data = json.loads((out / "kernels" / f"{kernel['name']}.json").read_text())
        assert {text["same"] for text in data["texts"] if text["target"] == "wgsl"} == {True}
        assert data["check"] is not None


@pytest.mark.data
def test_a_published_model_has_a_page(shared_data: Path, built, tmp_path: Path, pages: Path):
    artifact = Artifact.open(built("stories260K", "q4", "wgpu"))
    assert main(["explore", str(artifact.folder), "--out", str(tmp_path / "out")]) == 0
    pages_of = {path.stem for path in (tmp_path / "out" / "kernels").glob("*.json")}
    assert pages_of == set(artifact.manifest.kernels)
    for path in (tmp_path / "out" / "kernels").glob("*.json"):
        texts = json.loads(path.read_text())["texts"]
        assert {text["same"] for text in texts if text["target"] == "wgsl"} == {True}
