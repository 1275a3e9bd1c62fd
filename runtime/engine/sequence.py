"""The token sequence in a device's cache, and the steps that extend it.

Position p of the cache holds the keys and values of `ids[p]`. `next_id` is the id that was sampled after the
last of them, if it is known; its own keys and values are not in the cache yet. `has_logits` says that the
logits buffer belongs to the last position.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import thread_time

import numpy as np

from kernelc.errors import ContextError
from runtime.device.executor import Executor, Fetch, Ticket
from runtime.device.program import ProgramTable, StepBlock
from runtime.engine.rings import HeldPositions
from runtime.engine.sampling import SamplingParams
from runtime.engine.timings import Timings

GREEDY_FIELDS = SamplingParams(seed=0).step_fields()


class CachedSequence:
    """The state that the engine and a running generation share: executor, programs and the cache."""

    def __init__(
        self,
        executor: Executor,
        table: ProgramTable,
        block: StepBlock,
        context: int,
        held: HeldPositions | None = None,
    ) -> None:
        self.executor = executor
        self.held = held or HeldPositions(())
        self.table = table
        self.block = block
        self.context = context
        self.timings = Timings()
        self.ids: list[int] = []
        self.next_id: int | None = None
        self.has_logits = False

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
        programs = [self.table.select(role, seq, past) for role in roles]
        env = {"seq": seq, "past": past, "context": self.context}
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
        return self.executor.dispatch_count([self.table.select(role, seq, past) for role in roles])

    def write_tokens(self, ids: Sequence[int]) -> None:
        """Write ids after the cached ones. Raises: ContextError where they do not fit."""
        self.require_room(len(ids))
        data = np.asarray(ids, dtype="<u4").tobytes()
        self.executor.write_buffer("tokens", 4 * len(self.ids), data)
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

    def truncate(self, length: int) -> int:
        """Keep the first `length` positions, or none where windowed layers no longer hold what the next would
        see of them. Returns how many. If that drops any, the logits are no longer valid.
        """
        kept = length if self.held.enough_for(length) else 0
        if kept < len(self.ids):
            del self.ids[kept:]
            self.has_logits = False
        self.next_id = None
        return kept

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
