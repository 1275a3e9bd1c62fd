"""Compute as one row what only the last row of a prompt is wanted of.

After the attention of a model's last layer, nothing but the logits of the last position depends on any row,
so its projections, its feed-forward layers and the norms between them need that row alone. The operation
`last_row` moves up through whatever works on each row by itself, until it meets something that more is read
of (attention's result, the rows that the last layer's keys are made of). What it passed becomes operations
of one row, the same as decoding has, and of a model of n layers nearly one n-th of a prompt's work goes.
llama.cpp does the same with the ids of the rows whose outputs it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kernelc.debug import verify_enabled
from kernelc.ir.graph import Graph, Op, Tensor
from kernelc.ir.ops import OPS
from kernelc.ir.verify import verify

_LAST = "last"  # what the name of a tensor's last row ends with
_OF_EACH_ROW = ("linear", "rms_norm", "layer_norm")  # and every function of single numbers


def last_row_early(graph: Graph) -> Graph:
    """Return the graph with every `last_row` as early as can be; it computes the same values.

    Raises: InternalError where KERNELC_VERIFY=1 and the graph is broken by it.
    """
    passed = _passed(graph)
    if not passed:
        return graph
    taken: dict[str, Tensor] = {}  # the last row of a tensor, by the tensor's name
    renamed: dict[str, Tensor] = {}  # what stands for the result of a `last_row` that went
    ops: list[Op] = []
    suffix = _free_suffix(graph)
    for op in graph.ops:
        if op.name == "last_row" and op.inputs["x"].name in passed:
            renamed[op.result.name] = taken[op.inputs["x"].name]
        elif op.result.name in passed:
            one_row = _of_one_row(op, taken, ops, suffix)
            taken[op.result.name] = one_row.result
            ops.append(one_row)
        else:
            inputs = {role: renamed.get(each.name, each) for role, each in op.inputs.items()}
            ops.append(replace(op, inputs=inputs))
    outputs = {name: renamed.get(each.name, each) for name, each in graph.outputs.items()}
    graph = replace(graph, ops=tuple(ops), outputs=outputs)
    return verify(graph, "last_row_early") if verify_enabled() else graph


def _passed(graph: Graph) -> frozenset[str]:
    """The results of all operations of rows of which only the last rows are read."""
    kept = {each.name for each in (*graph.outputs.values(), *graph.updates.values())}
    readers: dict[str, list[Op]] = {}
    for op in graph.ops:
        for tensor in op.inputs.values():
            readers.setdefault(tensor.name, []).append(op)
    passed: set[str] = set()
    for op in reversed(graph.ops):
        name = op.result.name
        only = all(each.name == "last_row" or each.result.name in passed for each in readers.get(name, ()))
        if name in readers and only and name not in kept and _of_each_row(op):
            passed.add(name)
    return frozenset(passed)


def _free_suffix(graph: Graph) -> str:
    """What no name of the graph ends with: a model may call a tensor "mlp.last" beside its "mlp"."""
    names = [*graph.given(), *graph.producers()]
    suffix, number = _LAST, 1
    while any(name.endswith(f".{suffix}") for name in names):
        number += 1
        suffix = f"{_LAST}_{number}"
    return suffix


def _of_each_row(op: Op) -> bool:
    """Whether an operation makes each row of its result from that row of its inputs alone."""
    known = op.name in _OF_EACH_ROW or OPS[op.name].function is not None
    return known and op.result.type.rank == 2 and op.result.type.shape[0] != 1


def _of_one_row(op: Op, taken: dict[str, Tensor], ops: list[Op], suffix: str) -> Op:
    """Return the operation on the last rows of its inputs, which are added to `ops` where they are new."""
    rows = op.result.type.shape[0]
    inputs = dict[str, Tensor]()
    for role, tensor in op.inputs.items():
        of_rows = tensor.type.rank == 2 and tensor.type.shape[0] == rows and role != "weight"
        inputs[role] = _last_row_of(tensor, op, taken, ops, suffix) if of_rows else tensor
    types = OPS[op.name].check({role: each.type for role, each in inputs.items()}, op.attrs)
    results = tuple(replace(each, type=type_) for each, type_ in zip(op.results, types, strict=True))
    return replace(op, inputs=inputs, results=results)


def _last_row_of(tensor: Tensor, reader: Op, taken: dict[str, Tensor], ops: list[Op], suffix: str) -> Tensor:
    if tensor.name not in taken:
        inputs: Mapping[str, Tensor] = {"x": tensor}
        (type_,) = OPS["last_row"].check({"x": tensor.type}, {})
        taken[tensor.name] = Tensor(f"{tensor.name}.{suffix}", type_)
        ops.append(replace(reader, name="last_row", inputs=inputs, attrs={}, results=(taken[tensor.name],)))
    return taken[tensor.name]
