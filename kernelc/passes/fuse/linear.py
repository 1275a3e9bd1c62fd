"""What linear layers take in: the norm before them, a second matrix, elementwise operations after them."""

from __future__ import annotations

from collections.abc import Iterable

from kernelc.ir.graph import AttrValue, Op, Tensor
from kernelc.ir.ops.fused import FIRST, LINEAR, PRODUCT, SECOND, written
from kernelc.passes.fuse.elementwise import Tree, named_leaves, tree_of
from kernelc.passes.fuse.view import Match, View, fused, joint_origin, layer_roles, same_biases

# With activations, norm, packed rows (two arrays), bias and result, what a WebGPU device binds at least.
_MOST_OPERANDS = 2


def pair(view: View, root: Op) -> Match | None:
    """An elementwise tree over two linear layers of one input -> one operation that reads the input once."""
    tree = tree_of(view, root)
    layers = [view.made_by(leaf, "linear") for leaf in tree.leaves.values()] if tree else []
    if tree is None or len(layers) != 2 or not _may_vanish(view, tree, tree.leaves):
        return None
    first, second = layers
    if first is None or second is None or first.inputs["x"] != second.inputs["x"]:
        return None
    if not same_biases(first, second):
        return None
    if first.result.type != root.result.type or second.result.type != root.result.type:
        return None
    names = {first.result.name: FIRST, second.result.name: SECOND}
    inputs = {"x": first.inputs["x"]} | layer_roles(FIRST, first) | layer_roles(SECOND, second)
    attrs = {"expression": written(named_leaves(tree, names))}
    made = fused(root, "linear_pair", inputs, attrs, root.results, joint_origin(first, second))
    return dict.fromkeys((*names, *(op.result.name for op in tree.members))) | {root.result.name: made}


def _may_vanish(view: View, tree: Tree, leaves: Iterable[str]) -> bool:
    """Whether the tree alone reads these leaves."""
    return all(tree.uses[leaf] == view.uses[leaf] for leaf in leaves)


def row_of_vectors(view: View, root: Op) -> Match | None:
    """A linear layer over few rows, the elementwise tree after it -> the layer computes it as it writes."""
    return row(view, root) if view.is_vector(root.result) else None


def row(view: View, root: Op) -> Match | None:
    """The same over any number of rows: no norm follows that would take an addition in."""
    tree = tree_of(view, root)
    if tree is None:
        return None
    for leaf, tensor in tree.leaves.items():
        layer = _plain_layer(view, tensor)
        if layer is not None and tensor.type == root.result.type and _may_vanish(view, tree, [leaf]):
            return _with_epilogue(root, tree, layer)
    return None


def _plain_layer(view: View, tensor: Tensor) -> Op | None:
    """The linear layer without an epilogue that makes a tensor."""
    layer = view.made_by(tensor, "linear", "linear_row")
    return layer if layer is not None and layer.attrs.get("expression", PRODUCT) == PRODUCT else None


def _with_epilogue(root: Op, tree: Tree, layer: Op) -> Match | None:
    operands = {leaf: tensor for leaf, tensor in tree.leaves.items() if leaf != layer.result.name}
    names = _operand_names(operands.values(), root.result)
    if len(operands) > _MOST_OPERANDS or names is None:
        return None
    expression = named_leaves(tree, {layer.result.name: PRODUCT, **names})
    inputs = {**layer.inputs, **{names[leaf]: tensor for leaf, tensor in operands.items()}}
    attrs = {**layer.attrs, "expression": written(expression.led_by(PRODUCT))}
    made = fused(layer, "linear_row", inputs, attrs, root.results, layer.origin)
    gone = (layer.result.name, *(op.result.name for op in tree.members))
    return dict.fromkeys(gone) | {root.result.name: made}


def _operand_names(operands: Iterable[Tensor], result: Tensor) -> dict[str, str] | None:
    """What the expression calls its operands; None where one is neither a row nor a vector of the result."""
    names: dict[str, str] = {}
    counts = {"row": 0, "vector": 0}
    for tensor in operands:
        kind = "row" if tensor.type == result.type else "vector"
        if kind == "vector" and tensor.type.shape != result.type.shape[-1:]:
            return None
        counts[kind] += 1
        names[tensor.name] = f"{kind}_{counts[kind]}"
    rows = [name for name, called in names.items() if called.startswith("row")]
    return names | {rows[0]: "residual"} if len(rows) == 1 else names


def norm_into_linear(view: View, norm: Op) -> Match | None:
    """rms_norm before linear layers over few rows -> each of them normalises its own input."""
    if norm.name != "rms_norm" or norm.result.type.rank != 2 or "weight" not in norm.inputs:
        return None
    users = view.users.get(norm.result.name, ())
    if not view.is_vector(norm.result) or not users or len(users) != view.uses[norm.result.name]:
        return None
    if not all(_takes(user, norm) for user in users) or not view.is_weight(norm.inputs["weight"]):
        return None
    into = {"x": norm.inputs["x"], "norm_weight": norm.inputs["weight"]}
    match: dict[str, Op | None] = {norm.result.name: None}
    for user in users:
        name = "linear_row" if user.name == "linear" else user.name
        plain: dict[str, AttrValue] = {"expression": PRODUCT} if user.name == "linear" else {}
        attrs = {**plain, **user.attrs, **norm.attrs}
        match[user.result.name] = fused(user, name, {**user.inputs, **into}, attrs, user.results, user.origin)
    return match


def _takes(user: Op, norm: Op) -> bool:
    roles = [role for role, tensor in user.inputs.items() if tensor == norm.result]
    return user.name in LINEAR and roles == ["x"] and "norm_weight" not in user.inputs


def add_rms_norm(view: View, norm: Op) -> Match | None:
    """add, then rms_norm -> one operation with both results."""
    add = view.made_by(norm.inputs["x"], "add") if norm.name == "rms_norm" else None
    if add is None or norm.result.type.rank != 2 or "weight" not in norm.inputs:
        return None
    x, y = add.inputs["x"], add.inputs["y"]
    if x.type != y.type or not view.is_weight(norm.inputs["weight"]):
        return None
    # The side that a linear layer has just made is called x, the other one the residual.
    sides = {"x": x, "residual": y} if view.made_by(x, "linear") else {"x": y, "residual": x}
    inputs = {**sides, "weight": norm.inputs["weight"]}
    made = fused(norm, "add_rms_norm", inputs, norm.attrs, (add.result, norm.result), norm.origin)
    return {add.result.name: made, norm.result.name: None}
