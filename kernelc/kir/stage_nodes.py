"""The statements on stages that bulk copies fill (see `kernelc.kir.bulk_stages`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from kernelc.kir.memory import Buffer, Shared, SourceLine, Stages
from kernelc.kir.values import Value


class Copy(NamedTuple):
    """A stage's piece of `part`, from element `first + offset` of `source` on.

    Of several `rows` each has `elements`, which lie `stride` elements apart in the source; in the part they
    lie as far apart as fit its piece, so that what is beside them may be left out.
    """

    part: Shared
    source: Buffer
    first: Value
    rows: int = 1
    stride: int = 0
    elements: int = 0  # of a row; 0: as many as a single row has room for
    offset: int = 0  # elements that `first` is short of where they begin


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
