"""What a kernel may touch before it says that its inputs are ready.

A kernel may start while the one before it still runs. What stands before `InputsReady` then runs at the same
time as that kernel, so it may read nothing that a kernel of the same step writes, and write no buffer at all.
The statement is at the top of the body, so that every invocation comes by exactly once: a kernel that did not
wait could be overtaken by the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kernelc.kir.memory import Buffer, Memory, SourceLine
from kernelc.kir.nodes import Block, InputsReady, Kernel, Let, Statement, Store, TileStore, walk

Problem = tuple[SourceLine, str]


def early_read_problems(kernel: Kernel) -> Iterator[Problem]:
    """The problems of a kernel with what stands before its `InputsReady`, each as a place and a reason."""
    said = [each for each in kernel.statements if isinstance(each, InputsReady)]
    at_the_top = [each for each in kernel.body.statements if isinstance(each, InputsReady)]
    for statement in said:
        if statement not in at_the_top:
            yield (
                statement.where,
                "inputs_ready in a loop or a branch, which not every invocation passes once",
            )
    for statement in said[1:]:
        yield statement.where, "inputs_ready for the second time"
    for statement in at_the_top[:1]:
        yield from _earlier_steps(kernel, statement)
        before = kernel.body.statements[: kernel.body.statements.index(statement)]
        yield from _touched(before, statement.earlier_steps)


def _earlier_steps(kernel: Kernel, statement: InputsReady) -> Iterator[Problem]:
    read_alone = [buffer for buffer in kernel.buffers if buffer.access == "read"]
    for memory in statement.earlier_steps:
        if memory not in read_alone:
            yield statement.where, f"inputs_ready names {memory.name}, which the kernel does not read alone"


def _touched(before: Sequence[Statement], earlier_steps: Sequence[Memory]) -> Iterator[Problem]:
    for statement in walk(Block(list(before))):
        match statement:
            case Let(value=value) if isinstance(value.attr, Buffer):
                if not value.attr.constant and value.attr not in earlier_steps:
                    yield value.where, f"{value.op} of {value.attr.name}, no constant, before inputs_ready"
            case Store(memory=memory) | TileStore(memory=memory) if isinstance(memory, Buffer):
                yield statement.where, f"store to {memory.name} before inputs_ready"
            case _:
                pass
