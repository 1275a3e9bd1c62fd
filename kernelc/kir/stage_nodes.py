"""The statements on stages that bulk copies fill (see `kernelc.kir.bulk_stages`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from kernelc.kir.memory import Buffer, Shared, SourceLine, Stages
from kernelc.kir.values import Value


class Copy(NamedTuple):
    """A stage's piece of `part`, from element `first` of `source` on."""

    part: Shared
    source: Buffer
    first: Value


@dataclass(eq=False)
class StageRequest:
    """Start the copies into the stage of request `number`, once every subgroup has released it."""

    stages: Stages
    number: Value
    copies: tuple[Copy, ...]
    where: SourceLine


@dataclass(eq=False)
class StageWait:
    """Wait for the copies of request `number`."""

    stages: Stages
    number: Value
    where: SourceLine


@dataclass(eq=False)
class StageRelease:
    """The subgroup reads no more of the stage of request `number`."""

    stages: Stages
    number: Value
    where: SourceLine


StageStatement = StageRequest | StageWait | StageRelease
