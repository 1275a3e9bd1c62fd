"""The fuzzer: what once failed stays refused, a sample of each kind is tried, and a fault would be found."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.fuzz.__main__ import CORPUS, inputs, run, variant
from tools.fuzz.kinds import Kind, all_kinds
from tools.fuzz.mutate import mutated
from tools.fuzz.reduce import reduced
from tools.fuzz.trying import Trier

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
COUNT = 5000 if NIGHTLY else 12
"""Of each of the kinds: 100,000 inputs at night. A seed a run would make failures that nobody can repeat."""

BROKEN = """
import os, sys, time
from tools.fuzz import child, kinds
def attempt(data, folder):
    if b"X" in data: raise KeyError("X")
    if b"S" in data: time.sleep(60)
    if b"D" in data: os._exit(7)
    if b"M" in data: keep.append(b"x" * (1200 << 20)); keep.clear()
keep = []
child.all_kinds = lambda: {"toy": kinds.Kind("toy", lambda folder: [], attempt)}
child.main()
"""


@pytest.fixture(scope="module")
def trier() -> Iterator[Trier]:
    with Trier() as trier:
        yield trier


KINDS = all_kinds()
KEPT = sorted(path for path in CORPUS.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", KEPT, ids=[f"{path.parent.name} {path.stem}" for path in KEPT])
def test_what_once_failed_is_refused_or_done(trier: Trier, path: Path) -> None:
    tried = trier.attempt(path.parent.name, path.read_bytes())
    assert not tried.is_finding, tried


def test_the_corpus_is_small_and_of_known_kinds() -> None:
    assert {path.parent.name for path in KEPT} <= KINDS.keys()
    assert sum(path.stat().st_size for path in KEPT) < 1 << 20


@pytest.mark.parametrize("name", KINDS)
def test_a_sample_of_each_kind(trier: Trier, name: str) -> None:
    if name == "loaded" and not NIGHTLY:
        pytest.skip("it builds and compiles a model twice: at night")
    seeds = inputs(KINDS[name])
    assert seeds, "no sound examples"
    for seed in seeds[:4]:
        tried = trier.attempt(name, seed)
        assert not tried.is_finding, tried
    for index in range(COUNT):
        tried = trier.attempt(name, variant(name, seeds, 1, index))
        assert not tried.is_finding, f"python -m tools.fuzz --kind {name} --seed 1, input {index}: {tried}"


SOUND = (
    "config",
    "tokenizer_model",
    "safetensors",
    "manifest",
    "request",
    "regex",
    "explored",
    "explored_graph",
)


@pytest.mark.parametrize("name", SOUND)
def test_sound_examples_are_accepted(trier: Trier, name: str) -> None:
    """A fuzzer whose examples are all refused would find nothing."""
    said = [trier.attempt(name, seed).said for seed in inputs(KINDS[name])[:6]]
    assert "accepted" in said


def test_the_same_number_is_the_same_input() -> None:
    seeds = [b'{"a": [1, 2, "x"], "b": null}', b"\x00" * 40]
    made = [variant("toy", seeds, 5, index) for index in range(200)]
    assert made == [variant("toy", seeds, 5, index) for index in range(200)]
    assert len(set(made)) > 150


def test_an_input_does_not_depend_on_those_before_it() -> None:
    """Neither does it grow without bounds: copies that share their parts would be changed together."""
    seeds = [b'{"a": [[1, [2]], {"b": [3]}], "c": {"d": [[]]}}']
    one_by_one = [variant("toy", seeds, 5, index) for index in range(3000)]
    assert [variant("toy", seeds, 5, index) for index in range(2000, 3000)] == one_by_one[2000:]
    assert max(map(len, one_by_one)) < 10 << 20


def test_hostile_values_come_up() -> None:
    made = b"".join(mutated([b'{"a": [1, "x"]}'], random.Random(index)) for index in range(2000))
    for part in (b"NaN", b"\\ud800", b"[[[[[[[[", b"1e999", b"a" * 4000):
        assert part in made


def test_every_fault_is_a_finding() -> None:
    with Trier(seconds=0.5, command=[sys.executable, "-c", BROKEN]) as trier:
        assert trier.attempt("toy", b"fine").said == "accepted"
        assert "KeyError: 'X'" in trier.attempt("toy", b"X").detail
        for data, said in ((b"S", "hang"), (b"D", "crash"), (b"M", "memory")):
            assert trier.attempt("toy", data).said == said
        assert trier.attempt("toy", b"fine").said == "accepted", "and the next one has a new child"
        assert reduced(b"abcXdefX" * 20, lambda data: trier.attempt("toy", data).is_finding) == b"X"


def test_findings_are_kept_once_and_small(tmp_path: Path) -> None:
    kind = Kind("toy", lambda folder: [b"fine", b"find X in here"], lambda data, folder: None)
    with Trier(command=[sys.executable, "-c", BROKEN]) as trier:
        said, findings = run(kind, 40, 3, tmp_path, trier)
    assert said["failed"] and len(findings) == 1 and "KeyError" in findings[0]
    kept = [path for path in (tmp_path / "toy").iterdir() if path.suffix != ".txt"]
    assert [path.read_bytes() for path in kept] == [b"X"]


def test_a_kind_without_examples_is_not_tried(tmp_path: Path, trier: Trier) -> None:
    said, findings = run(Kind("toy", lambda folder: [], lambda data, folder: None), 4, 1, tmp_path, trier)
    assert not said and not findings


def test_reduction_of_json_keeps_what_matters() -> None:
    def fails(data: bytes) -> bool:
        try:
            return json.loads(data)["a"]["b"][0] == 7
        except (ValueError, KeyError, TypeError, IndexError):
            return False

    whole = json.dumps({"x": list(range(50)), "a": {"c": {}, "b": [7, 8, 9]}, "y": None}).encode()
    assert json.loads(reduced(whole, fails, 2000)) == {"a": {"b": [7]}}


def test_a_guided_run_says_what_is_missing_or_which_kinds_there_are() -> None:
    command = [sys.executable, "-m", "tools.fuzz.guided", "none"]
    done = subprocess.run(command, cwd=CORPUS.parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Atheris is missing" in done.stderr or "wanted one of config" in done.stderr
