"""Activations as coded rows: where a build takes activations of int8, after fusing.

Before every linear layer of one row whose weights are integers of a byte stands a `code_rows` then, once for
all layers that read the same row with the same norm. Where a linear layer or attention made the row, it codes
it as it writes it: whoever reads the codes waits for one kernel less, and rounds nothing. A prompt's rows are
coded where the build asks for it, for large matrices, by operations of their own: beside products of so many
rows one more kernel hardly shows. (What the weights are, a table of formats says: the only pass that asks,
since the IR knows no formats.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod

from kernelc.debug import verify_enabled
from kernelc.ir.coded_rows import GROUP
from kernelc.ir.dim import Dim, evaluate
from kernelc.ir.formats import FormatTable, weight_format
from kernelc.ir.graph import AttrValue, Graph, Op, Tensor
from kernelc.ir.ops.coding import coded_type
from kernelc.ir.ops.fused import LINEAR, PRODUCT
from kernelc.ir.verify import verify
from kernelc.passes.fuse.view import View
from kernelc.passes.select.packing import weight_roles

_CODED_RESULTS = ("linear_row", "linear_pair", "attention")  # which of them may code what they make
PROMPT_WEIGHTS = 1 << 24
"""Weights of a matrix from which on a prompt's rows are coded for it: where bytes are known to be faster."""
_MOST_BINDINGS = 8  # storage buffers that any WebGPU device binds; the step block is no storage buffer


def code_activations(
    graph: Graph, formats: FormatTable, terms: int, *, fused: bool = True, prompts: bool = False
) -> Graph:
    """Return the graph with the activations of single rows coded; it computes the same but for rounding.

    `terms`: 1 or 2 bytes of a value. `fused`: whether layers and attention code what they make; otherwise
    each coded row is an operation of its own. `prompts`: whether rows of which there are several are coded.
    """
    graph = _inserted(graph, formats, terms, prompts)
    graph = _fused(graph) if fused else graph
    return verify(graph, "code_activations") if verify_enabled() else graph


def _inserted(graph: Graph, formats: FormatTable, terms: int, prompts: bool) -> Graph:
    roles, ops = weight_roles(graph), list[Op]()
    made: dict[tuple[str, str, float], Tensor] = {}
    for op in graph.ops:
        if not _reads_codes(op, formats, roles, prompts):
            ops.append(op)
            continue
        x, norm = op.inputs["x"], op.inputs.get("norm_weight")
        offset = op.attrs.get("weight_offset", 0.0)
        assert isinstance(offset, int | float)
        key = (x.name, norm.name if norm else "", float(offset))
        if key not in made:
            same = sum(1 for name, _, _ in made if name == x.name)
            name = f"{x.name}.coded{same or ''}"
            made[key] = Tensor(name, coded_type(x.type, terms))
            ops.append(_code_rows(op, made[key], terms))
        ops.append(_coded(op, made[key], terms))
    return replace(graph, ops=tuple(ops))


def _reads_codes(op: Op, formats: FormatTable, roles: Mapping[str, tuple[str, ...]], prompts: bool) -> bool:
    """Whether an operation multiplies one row by a matrix of bytes, or several where `prompts` allows it."""
    if op.name not in LINEAR:
        return False
    weights = [tensor for role, tensor in op.inputs.items() if role.endswith("weight") and _matrix(role)]
    size = sum(prod(evaluate(dim, {}) for dim in weight.type.shape) for weight in weights)
    prompt = prompts and size >= PROMPT_WEIGHTS and "norm_weight" not in op.inputs
    if not (prompt or _one_row(op.inputs["x"])):
        return False
    names = [weight.name for weight in weights]
    named = list(dict.fromkeys(role for name in names for role in roles.get(name, ())))
    return weight_format(formats.format_of(names, *named)).byte_zero is not None


def _one_row(x: Tensor) -> bool:
    return x.type.shape[0] == 1


def _matrix(role: str) -> bool:
    return role not in ("norm_weight", "code_weight")


def _code_rows(op: Op, coded: Tensor, terms: int) -> Op:
    inputs = {"x": op.inputs["x"]}
    attrs: dict[str, AttrValue] = {"terms": terms}
    if "norm_weight" in op.inputs:
        inputs["weight"] = op.inputs["norm_weight"]
        if "weight_offset" in op.attrs:
            attrs["weight_offset"] = op.attrs["weight_offset"]
    return replace(op, name="code_rows", inputs=inputs, attrs=attrs, results=(coded,))


def _coded(op: Op, coded: Tensor, terms: int) -> Op:
    inputs = {role: tensor for role, tensor in op.inputs.items() if role != "norm_weight"}
    attrs = {name: value for name, value in op.attrs.items() if name != "weight_offset"}
    plain: dict[str, AttrValue] = {"expression": PRODUCT} if op.name == "linear" else {}
    name = "linear_row" if op.name == "linear" else op.name
    return replace(op, name=name, inputs={**inputs, "x": coded}, attrs={**plain, **attrs, "coded": terms})


def _fused(graph: Graph) -> Graph:
    """Let layers and attention code what they make, where that is a row of whole groups."""
    view = View.of(graph, 1)
    changed: dict[str, Op | None] = {}
    for code in graph.ops:
        one = code.name == "code_rows" and _one_row(code.inputs["x"])
        maker = view.made_by(code.inputs["x"], *_CODED_RESULTS) if one else None
        if maker is None or maker.result.name in changed or not _codes(view, maker, code):
            continue
        x = code.inputs["x"]
        keeps = view.uses[x.name] > 1
        inputs = {
            **maker.inputs,
            **({"code_weight": code.inputs["weight"]} if "weight" in code.inputs else {}),
        }
        attrs: dict[str, AttrValue] = {**maker.attrs, "codes": code.attrs["terms"]}
        if maker.name != "attention":
            attrs["keeps"] = keeps
        if "weight_offset" in code.attrs:
            attrs["code_offset"] = code.attrs["weight_offset"]
        results = (x, code.result) if keeps else (code.result,)
        changed[maker.result.name] = replace(maker, inputs=inputs, attrs=attrs, results=results)
        changed[code.result.name] = None
    ops = (changed.get(op.result.name, op) for op in graph.ops)
    return replace(graph, ops=tuple(op for op in ops if op is not None))


def _codes(view: View, maker: Op, code: Op) -> bool:
    """Whether the maker of a row can code it."""
    can = _attention_codes if maker.name == "attention" else _layer_codes
    return can(view, maker, code)


def _attention_codes(view: View, maker: Op, code: Op) -> bool:
    """Whether nothing else reads what attention makes, and heads, which a workgroup finishes, are groups."""
    alone = view.uses[code.inputs["x"].name] == 1 and "weight" not in code.inputs
    return alone and bool(maker.attrs.get("merged")) and _whole(maker.inputs["q"].type.shape[2])


def _layer_codes(view: View, maker: Op, code: Op) -> bool:
    """Whether the maker of a row multiplies codes itself, in whole groups, and can bind all that it takes."""
    weight = code.inputs.get("weight")
    operands = [role for role in maker.inputs if role == "residual" or role.startswith(("row_", "vector_"))]
    biased = any(role.endswith("bias") for role in maker.inputs)
    bound = 5 + len(operands) + biased + (weight is not None)  # x, quants, side, out, coded
    given = weight is None or view.is_weight(weight)
    whole = _whole(code.inputs["x"].type.shape[1])
    return "coded" in maker.attrs and whole and given and bound <= _MOST_BINDINGS


def _whole(width: Dim) -> bool:
    """Whether so many elements are whole groups."""
    return evaluate(width, {}) % GROUP == 0
