"""What tests of published models share: which models on which devices, and the artifacts built of them.

Their files and references lie in the folder of the fixture `shared_data`; the fixtures `built` and `device`
in `tests/conftest.py` hand out what is here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernelc.compiler import CompileOptions
from kernelc.kernels.registry import references
from kernelc.native import Library
from kernelc.pipeline import build_artifact
from kernelc.target import Capabilities
from runtime.devices import target_for
from runtime.engine.engine import ALL_ROLES, Engine
from tests.kernels.executors import EXECUTORS, require

MODELS = ("stories260K", "babyllama105")
DEVICES = ("cpu", "wgpu", "numpy", "vulkan")
BY_DAY = DEVICES[:2]
# pocl takes a second to compile a kernel: on OpenCL the two tests that say most.
ALL_DEVICES = (*DEVICES, "opencl")


def case(device: str, *rest: object, by_day: bool = True) -> Any:
    """Parameters of a test, the device first, with the marks that say where and when it runs."""
    marks = [pytest.mark.gpu] if device == "wgpu" else []
    return pytest.param(device, *rest, marks=marks if by_day else [*marks, pytest.mark.nightly])


def cases(names: str, wanted: Iterable[tuple[str, ...]], by_day: Callable[..., bool]) -> Any:
    """Parametrize a test over these rows; `by_day` says of each whether it runs by day."""
    rows = [case(*row, by_day=by_day(*row)) for row in wanted]
    return pytest.mark.parametrize(names.split(), rows, indirect=["device"])


on_devices = cases("device", [(device,) for device in DEVICES], by_day=lambda device: device in BY_DAY)
"""Parametrizes a test over the devices."""


class Builder:
    """Builds each artifact once, in `folder`, of the models in `models`."""

    def __init__(self, models: Path, folder: Path) -> None:
        self.models, self.folder = models, folder
        self.done: dict[Path, Path] = {}

    def __call__(
        self, model: str, quant: str, device: str, kv: str | None = None, activations: str = "f32"
    ) -> Path:
        """Return the folder of an artifact, whose activations are f32 unless a test asks for others.

        Those of quant f32 are for all targets, so that one is seen to run everywhere.
        """
        target = "all" if quant == "f32" else target_for(device)
        out = self.folder / f"{model}-{quant}-{target}-{kv}-{activations}"
        if out not in self.done:
            options = CompileOptions(target, quant, kv_dtype=kv, activations=activations)
            self.done[out] = build_artifact(self.models / model, options, out=out)
        return self.done[out]


def required(device: str) -> str:
    """Return a device; skip, or fail where the environment demands it, if it is not there."""
    executor = "c" if device == "cpu" else device
    if executor in EXECUTORS:
        require(executor, Capabilities())
    return device


def open_engine(folder: Path, device: str) -> Engine:
    return Engine.open(folder, device=device, roles=ALL_ROLES, references=references(), library=Library())


def one_by_one(folder: Path, device: str, ids: list[int]) -> np.ndarray:
    """The logits [len(ids), vocab] of a text that is fed token by token."""
    with open_engine(folder, device) as engine:
        return engine.score(ids, one_by_one=True)


def reference(shared_data: Path, model: str) -> dict[str, Any]:
    """What an independent fp32 reference gave for a model."""
    return json.loads((shared_data / "reference" / f"{model}.json").read_text())
