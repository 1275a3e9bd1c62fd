"""The page's sampler is tested against what the numpy reference draws today."""

from __future__ import annotations

import json

import pytest

from tests.web.sampling_vectors import FILE, vectors


def test_the_files_vectors_are_those_of_the_reference() -> None:
    stored, made = json.loads(FILE.read_text()), vectors()
    help_ = "run python -m tests.web.sampling_vectors"
    assert stored["hashes"] == made["hashes"], help_
    assert stored["draws"] == made["draws"], help_
    assert [noise for _, noise in stored["gumbels"]] == pytest.approx([noise for _, noise in made["gumbels"]])
