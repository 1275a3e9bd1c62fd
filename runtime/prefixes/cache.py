"""Takes the beginning of a prompt from a store instead of computing it, and puts there what was computed.

Rows are copied as they are, so what goes on after them is what would have gone on after the same rows in
place. What rings held must be there for the window before the end of a prefix; `HeldPositions` is told from
where on it is.

Saving waits for the work in flight. So it is done when a prompt is about to replace what was computed, when
somebody says that there is time (`Engine.remember`), and between the steps of a prompt where rings would have
replaced rows otherwise; never while an answer is generated.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

from runtime.device.executor import Fetch, Progress, Ticket
from runtime.engine.sequence import CachedSequence
from runtime.prefixes.layout import CacheLayout, CacheRows
from runtime.prefixes.names import BLOCK, names_of
from runtime.prefixes.store import Block, BlockStore

LEAST_GAIN = 32
"""Positions that must be won: copying fewer takes longer than it saves on the way."""
_FETCH_BYTES = 4 << 20  # one copy from the device: the staging memory that stays with the executor
_WRITE_BYTES = 16 << 20  # blocks that are written to the device together
_AHEAD = 2  # blocks on their way from the device


class PrefixCache:
    """What one sequence takes from a store, and gives to it."""

    def __init__(
        self,
        sequence: CachedSequence,
        layout: CacheLayout,
        build: str,
        store: BlockStore,
        block: int = BLOCK,
        least_gain: int = LEAST_GAIN,
    ) -> None:
        """`build` is the sha256 of the artifact's manifest, `block` the positions of a block (see
        `runtime.prefixes.names`), and `least_gain` how many positions a restored prefix must be longer.
        """
        self._sequence = sequence
        self._layout = layout
        self._build = build
        self._store = store
        self._block = block
        self._least_gain = least_gain
        self._block_bytes = layout.bytes_of([*layout.full, *layout.rings], block)
        self._refused: set[str] = set()  # names of blocks that the store had no room for just then
        self._saved: list[int] = []  # the ids whose blocks were looked at by the last `save`

    # ---- into the sequence

    def restore(self, ids: Sequence[int], kept: int) -> int:
        """Make the sequence, which holds the first `kept` of `ids`, hold more of them, if the store has more.

        Returns how many it holds then: `kept` where nothing was won, 0 at worst.
        """
        names = names_of(self._build, ids, self._block)
        has_rings = self._known(names)
        for count in range(len(has_rings), 0, -1):
            length = count * self._block
            if length < kept + self._least_gain:
                break
            oldest = self._oldest_ring_row(has_rings[:count])
            if self._enough(length, oldest):
                return self._restored(ids, names[:count], kept, oldest)
        return kept

    def _known(self, names: Sequence[str]) -> list[bool]:
        """Return for each block of the longest prefix that is there whether it has the rows of rings."""
        found: list[bool] = []
        for name in names:
            rings = self._store.kept(name)
            if rings is None:
                break
            found.append(rings)
        return found

    def _oldest_ring_row(self, has_rings: Sequence[bool]) -> int:
        """Return the position from which on all blocks have the rows of rings."""
        without = next((back for back, rings in enumerate(reversed(has_rings)) if not rings), len(has_rings))
        return (len(has_rings) - without) * self._block

    def _enough(self, length: int, oldest: int) -> bool:
        """Whether a sequence may go on after `length` positions, where rings have those from `oldest` on."""
        return oldest == 0 or oldest + self._layout.longest_ring <= length + self._sequence.held.spare

    def _restored(self, ids: Sequence[int], names: Sequence[str], kept: int, oldest: int) -> int:
        """Write blocks to the device and note what the sequence then holds."""
        sequence, rings = self._sequence, bool(self._layout.rings)
        end = len(names) * self._block
        in_rings = max(oldest, end - self._layout.longest_ring) if rings else kept
        done = first = min(kept, in_rings) // self._block
        for group in self._groups(names, first, oldest):
            self._write(group, done * self._block, end, oldest)
            done += len(group)
        complete = done == len(names)
        # Of rings nothing is certain after a part, since their rows are the end's and not the beginning's.
        length = done * self._block if complete or not rings else 0
        if length <= kept and not (rings and done > first):
            return kept  # the first block that was wanted is not there any more
        sequence.restored(ids[:length], oldest)
        self._store.used(names[:done])
        return length

    def _groups(self, names: Sequence[str], first: int, oldest: int) -> Iterator[list[Block]]:
        """Yield the blocks from number `first` on, several at a time, up to the first that is not there, or
        has no rows of rings where those from position `oldest` on are wanted.
        """
        wanted = iter(enumerate(names[first:], first))
        while part := list(islice(wanted, max(1, _WRITE_BYTES // self._block_bytes))):
            blocks: list[Block] = []
            for number, name in part:
                block = self._store.get(name)
                if block is None or not self._fits(block):
                    break
                if block.ring is None and self._layout.rings and number * self._block >= oldest:
                    break  # it had them a moment ago, in a file that is damaged or that another replaced
                blocks.append(block)
            if blocks:
                yield blocks
            if len(blocks) < len(part):
                return

    def _fits(self, block: Block) -> bool:
        layout = self._layout
        ring = layout.bytes_of(layout.rings, self._block)
        full = layout.bytes_of(layout.full, self._block)
        return len(block.full) == full and (block.ring is None or len(block.ring) == ring)

    def _write(self, blocks: Sequence[Block], start: int, end: int, oldest: int) -> None:
        """Write the rows of blocks that begin at position `start`; `end` is that of the whole prefix."""
        at = 0
        for cache in self._layout.full:
            size = self._block * cache.row_bytes
            self._write_rows(cache, start, b"".join(block.full[at : at + size] for block in blocks))
            at += size
        at = 0
        for cache in self._layout.rings:
            size = self._block * cache.row_bytes
            skipped = min(len(blocks) * self._block, max(0, max(oldest, end - cache.rows) - start))
            parts = [(block.ring or b"")[at : at + size] for block in blocks[skipped // self._block :]]
            rows = b"".join(parts)[skipped % self._block * cache.row_bytes :]
            self._write_rows(cache, start + skipped, rows)
            at += size

    def _write_rows(self, cache: CacheRows, first: int, rows: bytes) -> None:
        done = 0
        for item in cache.ranges(first, len(rows) // cache.row_bytes):
            self._sequence.executor.write_buffer(item.buffer, item.offset, rows[done : done + item.bytes])
            done += item.bytes

    # ---- out of the sequence

    def save(self) -> None:
        """Keep the blocks that the sequence holds and the store does not. Raises: DeviceError."""
        ids = self._sequence.ids
        whole = len(ids) // self._block * self._block
        if ids[:whole] == self._saved[:whole]:
            return
        names = names_of(self._build, ids, self._block)[: self._store.room_for(self._block_bytes)]
        oldest = self._sequence.held.oldest
        missing: list[int] = []
        for number, name in enumerate(names):
            kept = self._store.kept(name)
            if kept is None or name in self._refused or (not kept and number * self._block >= oldest):
                missing.append(number)
        if missing:
            self._store.used(names)  # or its own beginning would make room, where it was not used for long
        self._refused.clear()
        for number, block in self._read(missing, oldest):
            if not self._store.put(names[number], block):
                self._refused.add(names[number])
        self._store.used(names)
        self._saved = [] if self._refused else ids[:whole]

    def watching(self, progress: Progress | None) -> Progress | None:
        """Return what follows a prompt on its way into the sequence, and tells `progress` of it.

        Where there are rings, it keeps each step's rows before later ones take their places: so any beginning
        of a prompt may be gone on from, however long the prompt is. A step then waits for the copy of the one
        before it. Without rings there is time for that later.
        """
        if not self._layout.rings:
            return progress

        def kept(what: str, done: int, total: int) -> None:
            self.save()
            if progress:
                progress(what, done, total)

        return kept

    def _read(self, numbers: Sequence[int], oldest: int) -> Iterator[tuple[int, Block]]:
        """Yield blocks of the sequence, copied from the device with the next ones on their way."""
        flying: deque[tuple[int, list[Ticket], list[Ticket]]] = deque()
        try:
            for number in numbers:
                start = number * self._block
                rings = self._layout.rings if start >= oldest else ()
                flying.append((number, self._fetch(self._layout.full, start), self._fetch(rings, start)))
                if len(flying) == _AHEAD:
                    yield self._collected(*flying.popleft(), oldest)
            while flying:
                yield self._collected(*flying.popleft(), oldest)
        finally:
            for _, full, rings in flying:
                for ticket in (*full, *rings):
                    ticket.discard()

    def _fetch(self, caches: Sequence[CacheRows], start: int) -> list[Ticket]:
        """Hand over the copies of a block's rows, a bounded number of bytes each."""
        tickets: list[Ticket] = []
        part: list[Fetch] = []
        for cache in caches:
            ranges = cache.ranges(start, self._block)
            if part and sum(each.bytes for each in (*part, *ranges)) > _FETCH_BYTES:
                tickets.append(self._sequence.executor.run([], {}, b"", part))
                part = []
            part += ranges
        if part:
            tickets.append(self._sequence.executor.run([], {}, b"", part))
        return tickets

    def _collected(
        self, number: int, full: Sequence[Ticket], rings: Sequence[Ticket], oldest: int
    ) -> tuple[int, Block]:
        whole, of_rings = (
            b"".join(part for ticket in tickets for part in ticket.result()) for tickets in (full, rings)
        )
        return number, Block(whole, of_rings if number * self._block >= oldest else None)
