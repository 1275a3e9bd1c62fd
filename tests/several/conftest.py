"""The demo model built for several sequences, and engines on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernelc.artifact import Artifact
from kernelc.commands.shared.options import demo_model
from kernelc.compiler import CompileOptions
from kernelc.kernels.registry import references
from kernelc.native import Library
from kernelc.pipeline import build_artifact
from kernelc.target import Capabilities
from runtime.engine.engine import Engine
from runtime.engine.several import SeveralEngine
from tests.kernels.executors import require
from tests.several.asked import SEQUENCES


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    out = tmp_path_factory.mktemp("several") / "demo"
    build_artifact(demo_model(), CompileOptions("c", "q4", sequences=SEQUENCES), out=out)
    return Artifact.open(out)


@pytest.fixture(scope="module", params=["cpu", pytest.param("numpy", marks=pytest.mark.nightly)])
def device(request: pytest.FixtureRequest) -> str:
    if request.param == "cpu":
        require("c", Capabilities())
    return str(request.param)


@pytest.fixture(scope="module")
def alone(artifact: Artifact, device: str) -> Iterator[Engine]:
    with Engine.open(artifact, device=device, references=references(), library=Library()) as engine:
        yield engine


@pytest.fixture(scope="module")
def engine(artifact: Artifact, device: str) -> Iterator[SeveralEngine]:
    with SeveralEngine.open(artifact, device=device, references=references(), library=Library()) as engine:
        yield engine
