"""What is printed for the page is what the artifact has, and the page says so where it is not."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from kernelc.artifact.made_for import with_purpose
from kernelc.backends import backend_named
from kernelc.explore.kernel_page import alternatives, kernel_page
from kernelc.explore.printed import MOST_IN_VAIN, PrintedKernel, Refused, Search, printed_kernels
from kernelc.kernels.registry import SPECS
from kernelc.kernels.rms_norm import RMS_NORM, RmsNormSchedule
from kernelc.target import TARGETS, Capabilities
from tests.explore.conftest import Compiled

NAME = "rms_norm_256"


def wgsl(demo: Compiled, entry: object = None) -> list[PrintedKernel]:
    kernel = entry or demo.manifest.kernels[NAME]
    problem = RMS_NORM.problem_from_json(demo.manifest.kernels[NAME].problem)
    made = printed_kernels(NAME, RMS_NORM, problem, kernel)  # pyright: ignore[reportArgumentType]
    return [each for each in made if isinstance(each, PrintedKernel) and each.target == "wgsl"]


def test_the_texts_are_those_of_the_artifact(demo: Compiled):
    stored = demo.manifest.kernels[NAME].variants
    made = wgsl(demo)
    assert [each.same for each in made] == [True] * len(stored)
    entry = demo.manifest.kernels[NAME]
    files = [
        with_purpose(each.rendered.file, entry, variant) for each, variant in zip(made, stored, strict=True)
    ]
    assert [hashlib.sha256(file).hexdigest() for file in files] == [variant.sha256 for variant in stored]


def test_what_the_artifact_has_not_is_neither_the_same_nor_another(demo: Compiled):
    problem = RMS_NORM.problem_from_json(demo.manifest.kernels[NAME].problem)
    made = list(printed_kernels(NAME, RMS_NORM, problem, demo.manifest.kernels[NAME]))
    assert {each.same for each in made if isinstance(each, PrintedKernel) and each.target != "wgsl"} == {None}


def test_another_text_is_told(demo: Compiled):
    entry = demo.manifest.kernels[NAME]
    changed = replace(entry, variants=tuple(replace(each, sha256="0" * 64) for each in entry.variants))
    assert [each.same for each in wgsl(demo, changed)] == [False] * len(entry.variants)
    page = kernel_page(NAME, changed)
    assert [text["same"] for text in page["texts"] if text["target"] == "wgsl"] == [False] * len(
        entry.variants
    )


def test_the_schedule_of_a_searched_text_is_found(demo: Compiled):
    """An artifact of a build with a table of schedules has other texts than the rules give."""
    entry = demo.manifest.kernels[NAME]
    problem = RMS_NORM.problem_from_json(entry.problem)
    searched = RmsNormSchedule(256, subgroups=False)
    kernel = RMS_NORM.kernel(problem, searched, Capabilities(), NAME)
    digest = hashlib.sha256(backend_named("wgsl").render(kernel).file).hexdigest()
    last = entry.variants[-1]
    stored = replace(last, sha256=digest, workgroup=(256, 1, 1))
    made = wgsl(demo, replace(entry, variants=(*entry.variants[:-1], stored)))
    assert made[-1].same is True
    assert made[-1].schedule == searched


def test_texts_that_no_schedule_explains_are_looked_for_a_few_times_alone(
    demo: Compiled, monkeypatch: pytest.MonkeyPatch
):
    """Those of an artifact of an earlier kernelc: all schedules for each of its texts would take minutes."""
    entry = demo.manifest.kernels[NAME]
    old = replace(entry, variants=tuple(replace(each, sha256="0" * 64) for each in entry.variants))
    asked: list[object] = []
    space = type(RMS_NORM).space

    def counted(*args: Any) -> Any:
        asked.append(args)
        return space(*args)

    monkeypatch.setattr(type(RMS_NORM), "space", counted)
    problem, search = RMS_NORM.problem_from_json(entry.problem), Search()
    for _ in range(5):
        found = list(printed_kernels(NAME, RMS_NORM, problem, old, search))
    assert {each.same for each in found if isinstance(each, PrintedKernel)} == {False, None}
    assert len(asked) == MOST_IN_VAIN


def test_a_language_that_cannot_say_it_is_named(demo: Compiled):
    """Only targets that order memory between workgroups can join the splits of attention."""
    entry = demo.manifest.kernels["attention_decode_f32_8_4x32_split64"]
    spec = SPECS[entry.spec]
    problem = replace(spec.problem_from_json(entry.problem), joined=True)
    made = list(printed_kernels("joined", spec, problem, replace(entry, variants=())))
    assert "wgsl" in {each.target for each in made if isinstance(each, Refused)}
    assert "cuda" in {each.target for each in made if isinstance(each, PrintedKernel)}


def test_alternatives_are_the_legal_ones(demo: Compiled):
    problem = RMS_NORM.problem_from_json(demo.manifest.kernels[NAME].problem)
    capabilities = TARGETS["wgsl"].variants[-1]
    legal = list(RMS_NORM.space(capabilities, problem))
    found = alternatives(RMS_NORM, problem, capabilities, legal[0])
    assert found["count"] == len(legal) and not found["more"]
    assert found["values"]["threads"] == [each.threads for each in legal]
    assert found["listed"] == [[each.threads, each.subgroups] for each in legal[1:]]
