"""Nodes of an automaton that are alike for as long as any token is, so that they share masks.

What reads up to 200 characters has a node for each number of characters, and no two of them are equal: they
differ in what may come 200 characters later. A mask looks no further than its longest token, so as long as
more than that may come, all of these nodes have the same mask. Source: E. F. Moore, Gedanken-experiments on
Sequential Machines (1956): after round n of the refinement, the nodes of one class cannot be told apart by n
bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable

from runtime.grammar.pushdown import Pushdown


def alike(pushdown: Pushdown, rounds: Iterable[int]) -> list[list[int]]:
    """Return for each number of `rounds`, in order, and each node the first one like it for so many bytes.

    After as many bytes they are not told apart by what may come next, either. Edges without a byte are not
    looked through: nodes are alike only if these lead to the same places.
    """
    targets = [[to for _, _, to in own] for own in pushdown.ranges]
    before: list[set[int]] = [set() for _ in targets]
    for node, own in enumerate(targets):
        for to in own:
            before[to].add(node)
    bytes_ = (tuple((low, high) for low, high, _ in own) for own in pushdown.ranges)
    others = zip(pushdown.is_exit, map(tuple, pushdown.empty), map(tuple, pushdown.calls), strict=True)
    classes = Classes(zip(bytes_, others, strict=True))
    found: list[list[int]] = []
    affected: Iterable[int] = range(len(targets))
    done = 0
    for wanted in rounds:
        while done < wanted and affected:
            class_of = classes.of.__getitem__
            changed = classes.split({node: tuple(map(class_of, targets[node])) for node in affected})
            affected = {node for each in changed for node in before[each]}
            done += 1
        found.append(classes.firsts())
    return found


class Classes:
    """Numbers from 0 on, sorted into classes by what is said of them: `of` has the class of each."""

    def __init__(self, said: Iterable[Hashable]) -> None:
        names: dict[Hashable, int] = {}
        self.of = [names.setdefault(each, len(names)) for each in said]
        self._sizes = [0] * len(names)
        for each in self.of:
            self._sizes[each] += 1

    def split(self, said: dict[int, Hashable]) -> list[int]:
        """Take apart what has other things said of it, and return what is in another class now.

        What nothing is said of stays together, and apart from what something is said of. The most numerous
        keep the class where all of it is told apart, so that little changes.
        """
        groups: dict[int, dict[Hashable, list[int]]] = defaultdict(lambda: defaultdict(list))
        for each, what in said.items():
            groups[self.of[each]][what].append(each)
        changed: list[int] = []
        for number, by_what in groups.items():
            parts = sorted(by_what.values(), key=len)
            if sum(map(len, parts)) == self._sizes[number]:
                parts.pop()
            for part in parts:
                for each in part:
                    self.of[each] = len(self._sizes)
                self._sizes[number] -= len(part)
                self._sizes.append(len(part))
                changed += part
        return changed

    def firsts(self) -> list[int]:
        """Return for each number the least of its class."""
        first: dict[int, int] = {}
        return [first.setdefault(own, each) for each, own in enumerate(self.of)]
