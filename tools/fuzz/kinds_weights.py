"""Files of weights: safetensors, files of torch.save, GGUF, Meta's, and what indexes them.

They are those of `tests/model/checkpoints/test_mutations.py`, which tries some on every run of the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load

from model.checkpoints.safetensors_file import SafetensorsFile
from model.opening import open_model
from tests.model.checkpoints import test_mutations as made
from tests.model.gguf.tiny_models import tiny_llama
from tools.fuzz.kinds import Kind, WrongResult


def of_tests(name: str) -> Kind:
    """A kind of those tests."""
    make, read, file = made.KINDS[name]

    def attempt(data: bytes, folder: Path) -> None:
        (folder / file).write_bytes(data)
        read(folder / file)

    return Kind(name.replace(" ", "_"), lambda folder: [make()], attempt)


def safetensors(data: bytes, folder: Path) -> None:
    """Read every tensor, and hold its values to those of the library that defines the format."""
    (folder / "x.safetensors").write_bytes(data)
    made.read_all(SafetensorsFile(folder / "x.safetensors"))
    file = SafetensorsFile(folder / "x.safetensors")
    try:
        theirs = load(data)
        if set(theirs) != set(file.tensors):
            raise WrongResult(f"tensors {sorted(file.tensors)}, the library reads {sorted(theirs)}")
        for name, tensor in file.tensors.items():
            if tensor.shape and tensor.dtype in ("F32", "F16"):
                ours, wanted = file.rows(name, 0, tensor.shape[0]), theirs[name].astype(np.float32)
                if not np.array_equal(ours, wanted, equal_nan=True):
                    raise WrongResult(f"other values of {name}")
    finally:
        file.close()


def gguf(data: bytes, folder: Path) -> None:
    """Open a model and read all of its weights."""
    (folder / "x.gguf").write_bytes(data)
    with open_model(folder / "x.gguf") as files:
        files.checkpoint.check_against(files.model.weights(), head=files.model.roles.head)
        for name in files.model.weights():
            files.checkpoint.read(name)


def ggufs(folder: Path) -> Sequence[bytes]:
    """Tiny models of several types of blocks."""
    return [tiny_llama(kind).encode() for kind in ("F32", "Q4_0", "Q4_K", "Q6_K", "Q8_0")]


KINDS = (
    Kind("safetensors", lambda folder: [made.KINDS["safetensors"][0]()], safetensors),
    *(of_tests(name) for name in made.KINDS if name != "safetensors"),
    Kind("gguf", ggufs, gguf),
)
