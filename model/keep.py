"""Which weight format each matrix gets where a checkpoint's weights are kept as they are stored."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Iterable, Sequence

from kernelc.ir.formats import FormatTable, Override, weight_format
from model.checkpoints.checkpoint import Checkpoint
from model.families.registry import AnyModel

_FLOATS = {"F64": "f32", "F32": "f32", "F16": "f16", "BF16": "f16"}
"""What holds stored floats. An f16 holds every bf16 between 6e-5 and 65504, and is at most 3e-8 off below."""
_ROOMY = "q8"
"""What holds codes that fit no format: 8 bits, whose steps are finer than those of any stored code."""


def kept_formats(model: AnyModel, checkpoint: Checkpoint, matrices: Iterable[Sequence[str]]) -> FormatTable:
    """Return the format of every matrix, each given as the model's weights that are packed into it.

    Weights that share a matrix share its format. Where they are stored differently, as the projections of
    one layer are in files that mix types, all get the roomiest of their formats, and at least 8 bits: fused
    kernels stay fused, and rounding 4-bit codes to 8 bits costs next to nothing.
    The default of the table is the format of most weights.
    """
    parts, source = model.family.rows(model.config), model.source(checkpoint)
    tensors = {name: parts[name].tensor for name in parts}
    chosen: dict[tuple[str, ...], str] = {}
    sizes = Counter[str]()
    for names in matrices:
        form = _joint([_of(checkpoint, tensors.get(name, name)) for name in names])
        chosen[tuple(names)] = form
        sizes[form] += sum(rows * cols for rows, cols in (source.shape(name) for name in names))
    [(default, _)] = sizes.most_common(1)
    others = [(name, form) for names, form in chosen.items() if form != default for name in names]
    return FormatTable(default, tuple(Override(form, glob.escape(name)) for name, form in others))


def _joint(forms: Sequence[str]) -> str:
    if len(set(forms)) == 1:
        return forms[0]
    return max([*forms, _ROOMY], key=lambda form: weight_format(form).bits_per_weight)


def _of(checkpoint: Checkpoint, tensor: str) -> str:
    return checkpoint.kept_as(tensor) or _FLOATS.get(checkpoint.dtype(tensor), _ROOMY)
