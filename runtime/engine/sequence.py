"""The token sequence in a device's cache, and the steps that extend it.

Position p of the cache holds the keys and values of `ids[p]`. `next_id` is the id that was sampled after the
last of them, if it is known; its own keys and values are not in the cache yet. `has_logits` says that the
logits buffer belongs to the last position.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import thread_time

import numpy as np

from kernelc.errors import ContextError, DeviceError, UsageError
from runtime.device.executor import Executor, Fetch, Ticket
from runtime.device.program import ProgramTable, StepBlock, in_sequence
from runtime.engine.rings import HeldPositions
from runtime.engine.sampling import SamplingParams
from runtime.engine.timings import Timings

GREEDY_FIELDS = SamplingParams(seed=0).step_fields()


class CachedSequence:
    """The state that the engine and a running generation share: executor, programs and the cache.

    Where an artifact has several sequences, this is number `number`, which begins at row `first` of the
    buffers that they share; a step of one leaves the others without logits (see `share_logits`).
    """

    def __init__(
        self,
        executor: Executor,
        table: ProgramTable,
        block: StepBlock,
        context: int,
        held: HeldPositions | None = None,
        number: int = 0,
        first: int = 0,
        *,
        explain: Callable[[CachedSequence, int, str], DeviceError],
    ) -> None:
        """`explain` makes the error for results of the token before a position that are no numbers."""
        self.number, self.first = number, first
        self._explain = explain
        self._beside: Sequence[CachedSequence] = ()
        self.executor = executor
        self.held = held or HeldPositions(())
        self.table = table
        self.block = block
        self.context = context
        self.timings = Timings()
        self.ids: list[int] = []
        self.next_id: int | None = None
        self.has_logits = False

    def share_logits(self, sequences: Sequence[CachedSequence]) -> None:
        """Say which sequences have the buffer of logits in common."""
        self._beside = [each for each in sequences if each is not self]

    def fetch_token(self, position: int, count: int = 1) -> Fetch:
        """Return what fetches the ids at a position and those that follow it."""
        return Fetch("tokens", 4 * (self.first + position), 4 * count)

    def write_token(self, position: int, token: int) -> None:
        """Write an id where the device's own sampling would have."""
        self.write_tokens_at(position, [token])

    def write_tokens_at(self, position: int, ids: Sequence[int]) -> None:
        """Write ids at a position and those that follow it."""
        data = np.asarray(ids, dtype="<u4").tobytes()
        self.executor.write_buffer("tokens", 4 * (self.first + position), data)

    @property
    def known_ids(self) -> list[int]:
        """Every id of the sequence, `next_id` included."""
        return [*self.ids, *([] if self.next_id is None else [self.next_id])]

    def run(
        self,
        roles: Sequence[str],
        past: int,
        seq: int,
        fields: Mapping[str, int | float] = GREEDY_FIELDS,
        fetch: Sequence[Fetch] = (),
    ) -> Ticket:
        """Hand over one step: the programs of `roles` in order, at these positions."""
        programs = self.programs(roles, past, seq)
        env = {"seq": seq, "past": past, "context": self.context}
        for other in self._beside:
            other.has_logits = False
        self.held.written(past, seq)
        return self.executor.run(programs, env, self.block.encode({**fields, **env}), fetch)

    def warm_up(self) -> None:
        """Run the smallest step of every program once, for drivers that compile a kernel when it first runs.

        Whatever it writes after the empty cache is overwritten before anything reads it.
        """
        for name, seq, past in self.table.smallest_steps():
            if past + seq <= self.context:
                env = {"seq": seq, "past": past, "context": self.context}
                self.executor.run([name], env, self.block.encode({**GREEDY_FIELDS, **env})).result()

    def decode(
        self, roles: Sequence[str], past: int, fields: Mapping[str, int | float], fetch: Sequence[Fetch]
    ) -> Ticket:
        """Hand over the step of one token, and count what it cost the host."""
        began = thread_time()
        ticket = self.run(roles, past, 1, fields, fetch)
        self.timings.host_seconds += thread_time() - began
        self.timings.steps += 1
        self.timings.dispatches += self.dispatch_count(roles, past, 1)
        return ticket

    def dispatch_count(self, roles: Sequence[str], past: int, seq: int) -> int:
        """Return the number of dispatches in one step of these roles."""
        return self.executor.dispatch_count(self.programs(roles, past, seq))

    def programs(self, roles: Sequence[str], past: int, seq: int) -> list[str]:
        """Return the programs of a step's roles. Raises: UsageError where there is none."""
        return [in_sequence(self.table.select(role, seq, past), self.number) for role in roles]

    def forget_logits(self) -> None:
        """Note that the buffer of logits no longer belongs to any sequence."""
        for each in (self, *self._beside):
            each.has_logits = False

    def no_numbers(self, position: int, what: str) -> DeviceError:
        """Return the error for results, such as "scores", for the token at a position that are no numbers."""
        return self._explain(self, position, what)

    def write_tokens(self, ids: Sequence[int]) -> None:
        """Write ids after the cached ones. Raises: ContextError where they do not fit."""
        self.require_room(len(ids))
        self.write_tokens_at(len(self.ids), ids)
        self.next_id = None
        self.has_logits = False

    def appended(self, ids: Sequence[int], *, logits: bool) -> None:
        """Note that a step over `ids` was handed over. `logits` says whether it leaves the logits of the last
        row.
        """
        self.ids.extend(ids)
        self.next_id = None
        self.has_logits = logits

    def sampled(self, token: int) -> None:
        """Note the id sampled after the last one. The step that sampled it has put the previous `next_id`
        into the cache.
        """
        if self.next_id is not None:
            self.ids.append(self.next_id)
        self.next_id = token
        self.has_logits = False

    def common_prefix(self, ids: Sequence[int]) -> int:
        """Return how many of the first `ids` are in the cache already."""
        for position, (have, want) in enumerate(zip(self.ids, ids, strict=False)):
            if have != want:
                return position
        return min(len(self.ids), len(ids))

    def truncate(self, length: int) -> int:
        """Keep the first `length` positions, or none where windowed layers no longer hold what the next would
        see of them. Returns how many. If that drops any, the logits are no longer valid.

        Raises: UsageError where the cache holds fewer.
        """
        if not 0 <= length <= len(self.ids):
            raise UsageError(f"cannot keep {length} of {len(self.ids)} cached tokens")
        kept = length if self.held.enough_for(length) else 0
        if kept < len(self.ids):
            del self.ids[kept:]
            self.has_logits = False
        self.next_id = None
        return kept

    def restored(self, ids: Sequence[int], oldest: int) -> None:
        """Note that the cache was filled with the rows of `ids`, rings with those from `oldest` on, and write
        the ids, too, which penalties look at.
        """
        self.ids.clear()
        self.write_tokens(ids)
        self.appended(ids, logits=False)
        self.held.restored(len(ids), oldest)

    def require_room(self, count: int) -> None:
        """Raises: ContextError where `count` more tokens do not fit."""
        cached = len(self.ids)
        if cached + count <= self.context:
            return
        after = f" after {cached} that are cached" if cached else ""
        raise ContextError(
            f"{count} tokens{after} do not fit the context of {self.context}",
            help="shorten the prompt, start a new conversation or load with a longer `context`",
        )


def checked_context(context: int | None, most: int) -> int:
    """Return the context to load with. Raises: ContextError for one that the artifact does not have."""
    if context is None:
        return most
    if 1 <= context <= most:
        return context
    raise ContextError(
        f"`context` is {context}, this artifact was built for 1 to {most}",
        help=f"ask for at most {most}, or build again with a longer `context`",
    )
