"""Every architecture: the logits of a tiny model are those that transformers gives (reference_logits.py).

Half of the architectures transformers cannot read as GGUF. Of these it was given what kernelc had read, so
that the arithmetic alone is compared: names, row orders, shifts of norms and settings are compared with
themselves. The names of layers' tensors are held to gguf-py's own table in test_architectures.py; nothing
independent holds the rest.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.gguf.architectures import ARCHITECTURES
from tests.model.families.comparison import Evaluated
from tests.model.gguf.tiny_architectures import IDS, SHAPES, tiny

REFERENCES = Path(__file__).with_name("reference_logits.npz")


def test_no_architecture_is_left_out() -> None:
    assert set(SHAPES) == set(ARCHITECTURES) == set(np.load(REFERENCES).files)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_logits_are_those_of_transformers(tmp_path: Path, name: str) -> None:
    wanted = np.load(REFERENCES)[name]
    model = Evaluated(tiny(name).write(tmp_path / f"{name}.gguf"), len(IDS))
    np.testing.assert_allclose(model.at_once(np.array(IDS, np.uint32)), wanted, atol=1e-4)
    np.testing.assert_allclose(model.one_by_one(np.array(IDS, np.uint32)), wanted, atol=1e-4)
