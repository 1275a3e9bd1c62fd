"""Which matrices of a model get more than four bits, within a number of bits that a weight may take on
average.

Not all errors cost the same. An error in the output layer is an error of the scores themselves, and one in
the embedding goes through every layer; an offset beside the scale (q4a) repays its half bit first where a
family says that coarse formats cost most (`WeightRoles.sensitive`), and there in the first and the last
layers. Matrices that read the same tensor are packed together, so they get one format.

Source for the order: llama_tensor_get_type and use_more_bits of llama.cpp (llama-quant.cpp), MIT licence.
"""

from __future__ import annotations

import glob
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kernelc.errors import UsageError
from kernelc.ir.formats import GROUP, Override, groups_of, weight_format
from kernelc.ir.graph import Graph
from model.families.family import WeightRoles
from model.families.registry import AnyModel

PLAIN = "q4"
"""What a plan begins with, and the `quant` that is planned."""
OFFSET = "q4a"
BYTES = "q8"
LAYER_BITS = 4.57
"""Bits of the matrices inside the layers where no average is asked for: 14 % of them have an offset."""
MOST_BITS = 5.4
"""The average over all weights that nobody asked for may not exceed: where head and embedding are most of a
model, eight bits for them would make it one of seven bits. Within the average the layers pay more.

Measured: Gemma 3 270M, whose embedding is 63 % of it, loses 0.232 nats with that in eight bits (7.03 on
average), and 0.103 with this limit, where embedding and layers have offsets.
"""
LEAST_WEIGHTS = 16_000_000
"""Smaller models keep four bits throughout, unless an average is asked for: they are toys, and vocabularies
make up so much of them that they would not be models of four bits any more."""


@dataclass(frozen=True)
class Group:
    """Matrices that share a format. `order` is lower where bits pay more.

    `weights` is how many numbers they have, `stored` the same with rows padded to whole groups of 32.
    """

    names: tuple[str, ...]
    weights: int
    stored: int
    order: tuple[int, int, int]


def plan_bits(model: AnyModel, quant: str, bits: float | None) -> tuple[Override, ...]:
    """Return the formats of single matrices that make `quant` "q4" as good as `bits` on average allow.

    Without `bits` head and embedding get eight bits and the layers LAYER_BITS, unless that is more than
    MOST_BITS on average: then it is as if those had been asked for. Other formats than q4 are the same for
    all matrices. Raises: UsageError for `bits` that q4 cannot have.
    """
    if quant != PLAIN:
        if bits is not None:
            raise UsageError(f"{quant} has one size for all weights", where="`bits`", help="leave `bits` out")
        return ()
    least, most = (weight_format(name).bits_per_weight for name in (PLAIN, BYTES))
    if bits is not None and not (math.isfinite(bits) and least <= bits <= most):
        raise UsageError(f"got {bits:g}, wanted {least:g} to {most:g} for q4", where="`bits`")
    groups = matrix_groups(model.graph("decode", max_context=1), model.roles)
    total = sum(group.weights for group in groups)
    if bits is None and total < LEAST_WEIGHTS:
        return ()
    chosen = _spend(groups, bits)
    if bits is None and _average(chosen) > MOST_BITS:
        chosen = _spend(groups, MOST_BITS)
    return tuple(_overrides(chosen))


def matrix_groups(graph: Graph, roles: WeightRoles) -> list[Group]:
    """Return a model's matrices by what is read together, those first where more bits pay most."""
    readers: dict[str, list[str]] = {}
    for op in graph.ops:
        if op.name == "linear":
            readers.setdefault(op.inputs["x"].name, []).append(op.inputs["weight"].name)
    ends = {roles.embedding, roles.head}
    together = [tuple(dict.fromkeys(n for n in names if n not in ends)) for names in readers.values()]
    together = [names for names in together if names]
    first = tuple(name for name in (roles.embedding, roles.head) if name in graph.weights)
    groups = [_group(graph, first, (0, 0, 0))] if first else []
    groups += [
        _group(graph, names, _order(names, roles, at, len(together))) for at, names in enumerate(together)
    ]
    return sorted(groups, key=lambda group: group.order)


def _group(graph: Graph, names: tuple[str, ...], order: tuple[int, int, int]) -> Group:
    shapes = [[int(str(dim)) for dim in graph.weights[name].shape] for name in names]
    stored = sum(rows * groups_of(cols) * GROUP for rows, cols in shapes)
    return Group(names, sum(rows * cols for rows, cols in shapes), stored, order)


def _order(names: Sequence[str], roles: WeightRoles, at: int, count: int) -> tuple[int, int, int]:
    """Sensitive groups of several matrices (they are small, and attention's) before single ones, then the
    rest.

    Within each: the first and the last eighth of the model, then the middle.
    """
    sensitive = any(roles.is_sensitive(name) for name in names)
    rank = 3 if not sensitive else 1 if len(names) > 1 else 2
    middle = count // 8 <= at < count - count // 8
    return rank, int(middle), at


def _spend(groups: Sequence[Group], bits: float | None) -> Mapping[Group, str]:
    """Return the format of each group: upgrades in order, each that still fits."""
    cost = {name: weight_format(name).bits_per_weight for name in (PLAIN, OFFSET, BYTES)}
    chosen = dict.fromkeys(groups, PLAIN)
    outer = [group for group in groups if group.order[0] == 0]
    inner = [group for group in groups if group.order[0] > 0]
    if bits is None:
        room = (LAYER_BITS - cost[PLAIN]) * sum(group.stored for group in inner)
        room += (cost[BYTES] - cost[PLAIN]) * sum(group.stored for group in outer)
    else:
        room = bits * sum(g.weights for g in groups) - cost[PLAIN] * sum(g.stored for g in groups)
    for form, candidates in ((BYTES, outer), (OFFSET, outer), (OFFSET, inner), (BYTES, inner)):
        for group in candidates:
            extra = (cost[form] - cost[chosen[group]]) * group.stored
            if 0 < extra <= room + 1e-6:
                chosen[group], room = form, room - extra
    return chosen


def _average(chosen: Mapping[Group, str]) -> float:
    """Return the bits of a weight, padding included."""
    stored = sum(weight_format(form).bits_per_weight * group.stored for group, form in chosen.items())
    return stored / sum(group.weights for group in chosen)


def _overrides(chosen: Mapping[Group, str]) -> Iterator[Override]:
    for group, form in chosen.items():
        if form != PLAIN:
            yield from (Override(form, glob.escape(name)) for name in group.names)
