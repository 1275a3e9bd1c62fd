"""Tiny models of every family give the logits that transformers gives for them, however they are fed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from model.families.registry import FAMILIES
from tests.model.families.comparison import compare
from tests.model.families.tiny_models import OTHERS, SAMPLE, write

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Torch on one thread: models this small only wait for others. Skips where there is no torch."""
    torch = pytest.importorskip("torch", reason="comparing with transformers takes the extra `compare`")
    pytest.importorskip("transformers", reason="comparing with transformers takes the extra `compare`")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", SAMPLE)
def test_a_sample_of_all_parts_is_equal(name: str, tmp_path: Path) -> None:
    outcome = compare(write(tmp_path, name))
    assert outcome.kind == "equal", outcome.detail


@pytest.mark.nightly
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", [*SAMPLE, *OTHERS])
def test_every_family_is_equal(name: str, seed: int, tmp_path: Path) -> None:
    outcome = compare(write(tmp_path, name, seed))
    assert outcome.kind == "equal", outcome.detail


def test_every_family_is_compared() -> None:
    transformers = import_module("transformers")

    kinds = {case.kind for case in (*SAMPLE.values(), *OTHERS.values())}
    types = {getattr(transformers, f"{kind}Config").model_type for kind in kinds}
    assert types == set(FAMILIES)
