"""Blocks of rows by their names, and what keeps them: memory, and a disk behind it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Block:
    """The rows of a block's positions: of one cache after the other, in the order of a `CacheLayout`.

    `ring` is None where rings had replaced rows of these positions before they were kept.
    """

    full: bytes
    ring: bytes | None

    @property
    def bytes(self) -> int:
        return len(self.full) + len(self.ring or b"")


class BlockStore(Protocol):
    """What keeps blocks by name. A block that was put may be gone at any time; none is ever another's."""

    def kept(self, name: str) -> bool | None:
        """Whether a block that is there has the rows of rings; None where there is no such block."""
        ...

    def get(self, name: str) -> Block | None:
        """Return a block, None where it is not there, or not whole."""
        ...

    def put(self, name: str, block: Block) -> bool:
        """Keep a block; one of the same name is replaced. Returns False where that may go later, and not now:
        it is to be put again then.
        """
        ...

    def used(self, names: Sequence[str]) -> None:
        """Note that these were used, a prefix from its beginning on, so that they go later than others.

        Its end goes first: without the blocks before it, a block serves nobody.
        """
        ...

    def room_for(self, bytes_each: int) -> int:
        """Return how many blocks of this size there is room for when all others go."""
        ...

    def close(self) -> None:
        """Finish what is being kept."""
        ...


class MemoryStore:
    """Blocks in memory, at most so many bytes of them; those that were not used for longest go first."""

    def __init__(self, most_bytes: int) -> None:
        self.bytes = 0
        self._most = most_bytes
        self._blocks: OrderedDict[str, Block] = OrderedDict()

    def __len__(self) -> int:
        return len(self._blocks)

    def kept(self, name: str) -> bool | None:
        """See `BlockStore.kept`."""
        block = self._blocks.get(name)
        return None if block is None else block.ring is not None

    def get(self, name: str) -> Block | None:
        """See `BlockStore.get`."""
        return self._blocks.get(name)

    def put(self, name: str, block: Block) -> bool:
        """See `BlockStore.put`; what is larger than all the room is not kept."""
        self._drop(name)
        if block.bytes > self._most:
            return True
        self._blocks[name] = block
        self.bytes += block.bytes
        while self.bytes > self._most:
            self._drop(next(iter(self._blocks)))
        return True

    def used(self, names: Sequence[str]) -> None:
        """See `BlockStore.used`."""
        for name in reversed(names):
            if name in self._blocks:
                self._blocks.move_to_end(name)

    def room_for(self, bytes_each: int) -> int:
        """See `BlockStore.room_for`."""
        return self._most // max(1, bytes_each)

    def close(self) -> None:
        """Do nothing: memory is freed when nothing refers to it."""

    def _drop(self, name: str) -> None:
        block = self._blocks.pop(name, None)
        if block is not None:
            self.bytes -= block.bytes


class Tiers:
    """Several stores, the quickest first: a block is taken from the first that has it, and kept in all."""

    def __init__(self, stores: Iterable[BlockStore]) -> None:
        self._stores = tuple(stores)

    def kept(self, name: str) -> bool | None:
        """See `BlockStore.kept`; one with the rows of rings counts, wherever it is."""
        found = [each.kept(name) for each in self._stores]
        return True if True in found else False if False in found else None

    def get(self, name: str) -> Block | None:
        """See `BlockStore.get`. What a slower store has is put into the quicker ones."""
        best: Block | None = None
        for at, store in enumerate(self._stores):
            block = store.get(name)
            if block is not None and (best is None or (best.ring is None and block.ring is not None)):
                for quicker in self._stores[:at]:
                    quicker.put(name, block)
                best = block
            if best is not None and best.ring is not None:
                break
        return best

    def put(self, name: str, block: Block) -> bool:
        """See `BlockStore.put`."""
        taken = [store.put(name, block) for store in self._stores]  # by each, whatever the others say
        return all(taken)

    def used(self, names: Sequence[str]) -> None:
        """See `BlockStore.used`."""
        for store in self._stores:
            store.used(names)

    def room_for(self, bytes_each: int) -> int:
        """See `BlockStore.room_for`."""
        return max((each.room_for(bytes_each) for each in self._stores), default=0)

    def close(self) -> None:
        """Close all of them."""
        for store in self._stores:
            store.close()
