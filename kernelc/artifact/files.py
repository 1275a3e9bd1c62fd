"""What a manifest says of the files beside it: weights, tokenizer and texts. Their names are plain paths."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Shard:
    """One file of weights."""

    file: str
    bytes: int
    sha256: str


class Segment(NamedTuple):
    """A piece of a tensor: `bytes` of shard number `shard` from `offset` on."""

    shard: int
    offset: int
    bytes: int


@dataclass(frozen=True)
class Tensor:
    """A stored tensor: its pieces in order, its encoding and the logical shape of the matrix or vector."""

    bytes: int
    segments: tuple[Segment, ...]
    encoding: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Weights:
    shards: tuple[Shard, ...] = ()
    tensors: Mapping[str, Tensor] = dataclasses.field(default_factory=lambda: dict[str, Tensor]())


@dataclass(frozen=True)
class FileEntry:
    """Size and sha256 of a file in the artifact."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class TokenizerInfo:
    """The tokenizer: `file` is the one to load, `files` all that belong to it."""

    kind: str
    file: str
    files: Mapping[str, FileEntry]


@dataclass(frozen=True)
class ChatTemplateInfo:
    """The chat template's file, and what `bos_token` and `eos_token` are in it."""

    file: str
    sha256: str
    bos_token: str | None
    eos_token: str | None


@dataclass(frozen=True)
class GraphInfo:
    """The tensor graph's text form, which `inspect` prints."""

    file: str
    sha256: str


class NamedFile(NamedTuple):
    """A file that the manifest names, and what it says of it (`bytes` None: any size)."""

    file: str
    sha256: str
    bytes: int | None
