"""The threshold of top-k, top-p and min-p, found by one workgroup without a sort.

The search fixes an order-preserving integer key (`order_keys.py`) a few bits per pass, from the top: how much
lies at or above each of a few candidates? So that these passes need not walk all 128,256 logits, a first walk
lists the likely tokens: those that reach the least of R invocations' greatest logits. At least R tokens do,
and not many more. Only if the list may lack tokens that are kept do the passes walk all logits.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from kernelc.kernels.parts.precise_math import log
from kernelc.kernels.parts.reduce import Workgroup
from kernelc.kernels.sampling.argmax import every_element
from kernelc.kernels.sampling.order_keys import greatest_lane, key_of, number_of_key, order_keys
from kernelc.kir.functions import dot, exp, logical_and, logical_or, maximum, minimum, select, splat, to_f32
from kernelc.kir.trace import Array, Tracer
from kernelc.kir.types import f32, u32
from kernelc.kir.values import Operators, Value, Variable, current

LIMIT = 1e30
"""Logits are clamped to this magnitude, so that no infinity enters the arithmetic."""

COLDEST = 1e-5
"""Probabilities are computed at this temperature at least; the noise is scaled by the temperature itself."""


@dataclass(frozen=True)
class SampleSchedule:
    """`bits` (1, 2 or 4) of a threshold are found per pass; an invocation can list up to `slots` elements.

    Walks over all logits load `unroll` elements at a time.
    """

    threads: int
    bits: int
    slots: int
    unroll: int
    subgroups: bool

    @property
    def candidates(self) -> int:
        """Thresholds that a pass tries."""
        return (1 << self.bits) - 1

    @property
    def likely(self) -> int:
        """How many invocations' greatest logits set the bound of the list: few then list more than 10."""
        return self.threads * 7 // 8

    @property
    def shared_bytes(self) -> int:
        """Bytes of workgroup memory that the kernel takes."""
        reductions = Workgroup.shared_bytes(self.threads, self.subgroups, max(3, self.candidates))
        return reductions + 4 * (self.threads * (self.slots + 1) + 1)


class Threshold:
    """The kernel's registers, and its passes over the logits. Tokens with keys below `key` are not kept.

    An element is a vector of `lanes` logits. An invocation walks every `threads`-th element, or the elements
    that it has listed.
    """

    def __init__(self, k: Tracer, logits: Array, vocab: int, schedule: SampleSchedule) -> None:
        self.k, self.logits, self.vocab, self.schedule = k, logits, vocab, schedule
        self.threads, self.lanes = schedule.threads, logits.type.lanes
        self.elements = vocab // self.lanes
        self.workgroup = Workgroup(k, schedule.subgroups, max(3, schedule.candidates))
        self.listed = k.shared("listed", u32, self.threads * schedule.slots)
        sharpness = 1.0 / maximum(k.param("temperature"), COLDEST)
        self.sharpness = sharpness
        self.key: Variable = k.var(0, u32, name="threshold")
        self.peak: Variable = k.var(0.0, f32, name="peak")  # the greatest logit
        self.use_list: Variable = k.var(0, u32, name="use_list")
        share = (self.elements + (self.threads - 1) - k.local_id) // self.threads
        self.count: Variable = k.var(share, name="count")  # elements that this invocation walks

    # Passes

    @contextmanager
    def _every_element(self) -> Generator[list[tuple[Value, Value]]]:
        with every_element(
            self.k, self.logits, self.k.local_id, self.elements, self.schedule.unroll
        ) as elements:
            yield elements

    @contextmanager
    def every_candidate(self) -> Generator[tuple[Value, Value]]:
        """Loop over the elements that may hold kept tokens: this invocation's list, or its share of all.

        Yields the index of an element and its keys.
        """
        k = self.k
        with k.loop(0, self.count) as turn:
            place = k.local_id + turn * self.threads
            element = k.var(place)
            with k.when(self.use_list.equals(1)):
                k.assign(element, self.listed[place])
            at = element.value()
            yield at, order_keys(self.logits[at])

    def _weights(self, keys: Value) -> Value:
        """Probabilities of an element's tokens, relative to the greatest."""
        below = limited_number(keys) - self.peak
        weights = exp(maximum(below * self.sharpness, -100.0))
        return weights

    # The thresholds

    def find(self) -> None:
        """Set `key` to the highest threshold that the step asks for, at most the greatest logit's key."""
        k = self.k
        top_k, min_p = k.param("top_k"), k.param("min_p")
        by_count = logical_and(top_k > 0, top_k < self.vocab)
        by_mass = k.param("top_p") < 1.0
        by_ratio = min_p > 0.0
        with k.when(logical_or(by_ratio, logical_or(by_count, by_mass))):
            own = self._greatest_own()
            greatest = self.workgroup.maximum(own)
            k.assign(self.peak, limited_number(greatest))
            with k.when(logical_or(by_count, by_mass)):
                mass = self._list_likely(own, by_count)
                with k.when(by_count):
                    self._raise_to(self._search(to_f32(top_k), weighted=False))
                with k.when(by_mass):
                    with k.when(by_count):
                        k.assign(mass, self._mass_kept())
                    self._raise_to(self._search(mass * k.param("top_p"), weighted=True))
            with k.when(by_ratio):
                floor = self.peak + k.param("temperature") * log(maximum(min_p, 1e-30))
                self._raise_to(order_keys(floor))
            k.assign(self.key, minimum(self.key, greatest))

    def _raise_to(self, key: Value) -> None:
        self.k.assign(self.key, maximum(self.key, key))

    def _greatest_own(self) -> Variable:
        """The greatest key among the elements that this invocation walks; 0 if it has none."""
        k = self.k
        own = k.var(0, u32)
        with self._every_element() as elements:
            for _, keys in elements:
                k.assign(own, maximum(own, greatest_lane(keys)))
        return own

    def _list_likely(self, own: Operators, by_count: Value) -> Variable:
        """List the likely elements, which later passes walk if they suffice; returns the total mass."""
        k, slots = self.k, self.schedule.slots
        top_k, likely = k.param("top_k"), k.constant(self.schedule.likely, u32)
        few = top_k <= likely
        floor = maximum(self._ranked(own, select(logical_and(by_count, few), top_k, likely)), 1)
        length, mass = k.var(0, u32, "length"), k.var(0.0, f32, "mass")
        mass_listed = k.var(0.0, f32)
        with self._every_element() as elements:
            for at, keys in elements:
                weights = self._weights(keys)
                mass += _total(weights)
                with k.when(greatest_lane(keys) >= floor):
                    with k.when(length < slots):
                        self.listed[k.local_id + length * self.threads] = at
                    length += 1
                    mass_listed += _total(select(keys >= floor, weights, 0.0))
        sums = self.workgroup.sums([mass, mass_listed, to_f32(length > slots)])
        k.assign(mass, sums[0])
        enough = select(by_count, few, sums[1] >= sums[0] * k.param("top_p"))
        with k.when(logical_and(enough, sums[2].equals(0.0))):
            k.assign(self.use_list, 1)
            k.assign(self.count, length)
        return mass

    def _ranked(self, own: Operators, rank: Value) -> Value:
        """The `rank`-th greatest of the invocations' own keys, counted from 1."""
        k = self.k
        keys, chosen = k.shared("own_keys", u32, self.threads), k.shared("chosen", u32, 1)
        keys[k.local_id] = own.value()
        k.barrier()
        ahead = k.var(0, u32)
        with k.loop(0, self.threads) as other:
            key = keys[other]
            earlier = logical_and(key.equals(own), other < k.local_id)
            with k.when(logical_or(key > own, earlier)):
                ahead += 1
        with k.when(ahead.equals(rank - 1)):
            chosen[0] = own.value()
        k.barrier()
        return chosen[0]

    def _search(self, target: Operators, weighted: bool) -> Value:
        """The greatest key at or above which the weights (or the tokens) add up to `target`."""
        k, bits = self.k, self.schedule.bits
        found = k.var(0, u32)
        with k.loop(0, 32 // bits) as digit:
            shift = (32 - bits) - digit * bits
            step = k.constant(1, u32) << shift
            bounds = [found + step * (1 + j) for j in range(self.schedule.candidates)]
            sums = [k.var(0.0, f32, name=f"above_{1 + j}") for j in range(self.schedule.candidates)]
            with self.every_candidate() as (_, keys):
                weights = self._weights(keys) if weighted else None
                for above, bound in zip(sums, bounds, strict=True):
                    reached = keys >= bound
                    above += _total(to_f32(reached) if weights is None else select(reached, weights, 0.0))
            for total in self.workgroup.sums(sums):
                with k.when(total >= target):
                    found += step
        return found.value()

    def _mass_kept(self) -> Value:
        """The mass of the tokens at or above the threshold."""
        kept = self.k.var(0.0, f32)
        with self.every_candidate() as (_, keys):
            kept += _total(select(keys >= self.key, self._weights(keys), 0.0))
        return self.workgroup.sums([kept])[0]


def limited_number(keys: Operators) -> Value:
    """The numbers that keys stand for, clamped to the limit; the key 0, which is none's, gives the lowest."""
    limited = minimum(maximum(keys, key_of(-LIMIT)), key_of(LIMIT))
    return number_of_key(limited)


def _total(vector: Value) -> Value:
    """The sum of a vector's lanes, or the scalar itself."""
    return (
        vector
        if vector.type.lanes == 1
        else dot(vector, splat(current().constant(1.0, f32), vector.type.lanes))
    )
