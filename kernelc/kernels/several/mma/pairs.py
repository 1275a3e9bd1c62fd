"""Sums that meet in pairs, as those of a subgroup's invocations do: the first half's with the second
half's."""

from __future__ import annotations

from kernelc.kir.values import Value

Sums = list[list[Value]]
"""For each group of a chunk an invocation's four results."""


def paired(count: int) -> list[int]:
    """The numbers below a power of two in the order in which they meet: 0 and the first of the upper half,
    then the two that meet these, and so on."""
    order = [0]
    while len(order) < count:
        order = [each * 2 + low for low in (0, 1) for each in order]
    return order


class PairSums:
    """Sums in pairs of what comes in the order of `paired`, each pair added up as soon as it is there."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: list[Sums] = []

    def add(self, sums: Sums) -> None:
        """The next one."""
        self.count += 1
        self._waiting.append(sums)
        count = self.count
        while count % 2 == 0:
            second, first = self._waiting.pop(), self._waiting.pop()
            pairs = zip(first, second, strict=True)
            self._waiting.append([[a + b for a, b in zip(*pair, strict=True)] for pair in pairs])
            count //= 2

    def total(self) -> Sums:
        """The sum of a power of two of them."""
        (total,) = self._waiting
        return total
