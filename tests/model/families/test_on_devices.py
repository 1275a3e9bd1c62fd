"""Tiny models of every family, built and run on a device, give the logits that transformers gave.

By day `test_recorded.py` runs their graphs in numpy, and other tests hold every kernel to its reference on
every device; this is both at once.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from kernelc.target import Capabilities
from tests.kernels.executors import EXECUTORS, require
from tests.model.families.on_device import compare_on, compare_rounded
from tests.model.families.recorded import write
from tests.model.families.tiny_models import OTHERS, SAMPLE, SIZES
from tests.model.tiny_checkpoint import write_tokenizer

DEVICES = ("cpu", pytest.param("wgpu", marks=pytest.mark.gpu))


@pytest.mark.nightly
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", [*SAMPLE, *OTHERS])
def test_every_family_is_equal(name: str, device: str, tmp_path: Path) -> None:
    if device in EXECUTORS:
        require(device, Capabilities())
    path = write(tmp_path, name)
    write_tokenizer(path, SIZES["vocab_size"])
    outcome = compare_on(device, path)
    assert outcome.kind == "equal", outcome.detail


@pytest.mark.nightly
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", [*SAMPLE, *OTHERS])
def test_codes_of_four_bits_give_what_they_stand_for(name: str, device: str, tmp_path: Path) -> None:
    if device in EXECUTORS:
        require(device, Capabilities())
    path = write(tmp_path, name)
    write_tokenizer(path, SIZES["vocab_size"])
    outcome = compare_rounded(device, path)
    assert outcome.kind == "equal", outcome.detail
