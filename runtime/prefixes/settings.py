"""What a user says about the memory for prefixes, and the store that follows from it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kernelc.artifact import Artifact
from runtime.device.executor import DeviceInfo
from runtime.engine.sequence import CachedSequence
from runtime.prefixes.cache import PrefixCache
from runtime.prefixes.disk import BlockSizes, DiskStore
from runtime.prefixes.layout import CacheLayout, layout_of
from runtime.prefixes.names import BLOCK
from runtime.prefixes.store import BlockStore, MemoryStore, Tiers


@dataclass(frozen=True)
class PrefixSettings:
    """How much of the beginnings of prompts is kept: bytes in memory, and bytes in a folder on disk.

    0 of either keeps nothing there. `folder` is made where it is missing, for this user alone. A `store`
    takes the place of both.
    """

    memory_bytes: int = 0
    disk_bytes: int = 0
    folder: Path | None = None
    store: BlockStore | None = None


class Prefixes:
    """What a sequence takes from a store and gives to it. `close` closes the store for all that share it."""

    def __init__(self, cache: PrefixCache, store: BlockStore) -> None:
        self.store = store
        self.restore = cache.restore
        self.save = cache.save
        self.watching = cache.watching

    def close(self) -> None:
        """Write to disk what waits for it."""
        self.store.close()


def open_prefixes(
    settings: PrefixSettings | None, artifact: Artifact, sequences: Sequence[CachedSequence]
) -> list[Prefixes] | None:
    """Return what keeps prefixes for each of an engine's sequences, once its artifact is loaded; they share
    one store.

    None where nothing is to be kept, or the artifact has a cache whose layout nobody knows.
    Raises: DeviceError for a folder that cannot be made, or is not this user's.
    """
    if settings is None or artifact.build is None:
        return None
    executor = sequences[0].executor
    layouts = [
        layout_of(artifact.manifest, executor.buffers, each.context, each.number) for each in sequences
    ]
    known = [layout for layout in layouts if layout is not None]
    if len(known) < len(layouts):
        return None
    stores = _stores(settings, known[0], f"{artifact.build}-{_plain(executor.info)}")
    if not stores:
        return None
    store = stores[0] if len(stores) == 1 else Tiers(stores)
    return [
        Prefixes(PrefixCache(sequence, layout, artifact.build, store), store)
        for sequence, layout in zip(sequences, known, strict=True)
    ]


def _stores(settings: PrefixSettings, layout: CacheLayout, place: str) -> list[BlockStore]:
    if settings.store is not None:
        return [settings.store]
    stores: list[BlockStore] = []
    if settings.memory_bytes > 0:
        stores.append(MemoryStore(settings.memory_bytes))
    if settings.disk_bytes > 0 and settings.folder is not None:
        sizes = BlockSizes(layout.bytes_of(layout.full, BLOCK), layout.bytes_of(layout.rings, BLOCK))
        stores.append(DiskStore(settings.folder, place, sizes, settings.disk_bytes))
    return stores


def _plain(device: DeviceInfo) -> str:
    """A device's kind and name as a part of a folder's name, and a hash of these and of its driver: another
    release may round differently."""
    said = f"{device.kind} {device.name} {device.driver}"
    named = re.sub(r"[^A-Za-z0-9]+", "-", f"{device.kind} {device.name}")[:60]
    return f"{named}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"
