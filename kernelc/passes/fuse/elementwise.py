"""Trees of elementwise operations as one expression: what epilogues and the `formula` operation hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from kernelc.ir.expression import FUNCTIONS, Expression
from kernelc.ir.graph import Op, Tensor
from kernelc.ir.ops import OPS
from kernelc.ir.ops.fused import written
from kernelc.passes.fuse.view import Match, View, fused

_MOST_TOKENS = 24  # a longer expression gains nothing, and its kernel would be hard to read
_MOST_INPUTS = 7  # of a formula: with the result, what a WebGPU device binds at least


@dataclass(frozen=True)
class Tree:
    """An elementwise operation and those whose results it alone uses.

    `members`: the operations, the root first. `expression`: what the root computes of the leaves, by their
    tensors' names. `leaves`: those tensors; `uses`: how often the tree reads each.
    """

    members: tuple[Op, ...]
    expression: Expression
    leaves: Mapping[str, Tensor]
    uses: Mapping[str, int]


def is_elementwise(op: Op) -> bool:
    """Whether an operation applies one of `kernelc.ir.expression.FUNCTIONS`."""
    return OPS[op.name].function is not None


def tree_of(view: View, root: Op) -> Tree | None:
    """The largest tree below an elementwise operation; None for another operation, or too large a one."""
    if not is_elementwise(root):
        return None
    members: list[Op] = []
    leaves: dict[str, Tensor] = {}
    uses: Counter[str] = Counter()

    def expression(op: Op) -> tuple[str, ...]:
        members.append(op)
        tokens: list[str] = []
        for role in ("x", "y")[: len(op.inputs)]:
            tensor = op.inputs[role]
            maker = view.producers.get(tensor.name)
            inside = maker is not None and is_elementwise(maker) and view.uses[tensor.name] == 1
            if maker is not None and inside and tensor.type == root.result.type:
                tokens += expression(maker)
            else:
                leaves[tensor.name] = tensor
                uses[tensor.name] += 1
                tokens.append(f"leaf_{list(leaves).index(tensor.name)}")
        return (*tokens, _token(op))

    tokens = expression(root)
    return Tree(tuple(members), Expression(tokens), leaves, uses) if len(tokens) <= _MOST_TOKENS else None


def _token(op: Op) -> str:
    function = OPS[op.name].function
    assert function is not None
    parameter = FUNCTIONS[function].parameter
    value = op.attrs[parameter] if parameter else None
    return function if value is None else f"{function}({float(value)!r})"  # pyright: ignore[reportArgumentType]  (number by the shape rule)


def named_leaves(tree: Tree, names: Mapping[str, str]) -> Expression:
    """The expression with its leaves called as `names` says, by the leaves' tensors."""
    inputs = {f"leaf_{at}": Expression.of(names[leaf]) for at, leaf in enumerate(tree.leaves)}
    return tree.expression.with_inputs(inputs)


def formula(view: View, root: Op) -> Match | None:
    """Several elementwise operations -> one kernel that computes their expression."""
    tree = tree_of(view, root)
    if tree is None or len(tree.members) < 2 or len(tree.leaves) > _MOST_INPUTS:
        return None
    names = {leaf: f"x{at}" for at, leaf in enumerate(tree.leaves, 1)}
    inputs = {names[leaf]: tensor for leaf, tensor in tree.leaves.items()}
    attrs = {"expression": written(named_leaves(tree, names))}
    made = fused(root, "formula", inputs, attrs, root.results, root.origin)
    return dict.fromkeys(op.result.name for op in tree.members) | {root.result.name: made}
