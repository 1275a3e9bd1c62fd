"""The weight formats by name. A format is one file beside this one whose `FORMAT` is its descriptor."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from kernelc.errors import InternalError, ShapeError
from kernelc.ir.formats.weight_format import QUANTS, WeightFormat

_formats: dict[str, WeightFormat] = {}

FORMATS: Mapping[str, WeightFormat] = MappingProxyType(_formats)
"""Every registered format by name, the smallest first."""


def weight_format(name: str) -> WeightFormat:
    """The format called `name`. Raises ShapeError for an unknown name."""
    if name not in _formats:
        raise ShapeError(f"unknown weight format {name!r}, wanted one of {', '.join(_formats)}")
    return _formats[name]


def register(form: WeightFormat) -> None:
    """Make a format known by its name. Raises InternalError for a name that is taken, or a layout that no
    kernel could read."""
    if form.name in _formats:
        raise InternalError(f"weight format {form.name} is registered twice")
    _check_layout(form)
    _formats[form.name] = form
    ordered = sorted(_formats.items(), key=lambda item: item[1].bits_per_weight)
    _formats.clear()
    _formats.update(ordered)


def unregister(name: str) -> None:
    """Forget a format: for tests that register one of their own."""
    del _formats[name]


def _check_layout(form: WeightFormat) -> None:
    names = [QUANTS, *(side.name for side in form.sides)]
    if len(set(names)) != len(names):
        raise InternalError(f"weight format {form.name}: two of its arrays have one name: {', '.join(names)}")
    if form.words_per_group % form.unit_words or 8 * form.unit_words % form.words_per_group:
        raise InternalError(
            f"weight format {form.name}: units of {form.unit_words} words do not cut {form.words_per_group} "
            "words into whole vectors of four elements"
        )
    if form.word == "f32" and form.unit_words != 4:
        raise InternalError(f"weight format {form.name}: a unit of f32 words is four of them")
    if form.byte_zero and form.has_offset:
        raise InternalError(
            f"weight format {form.name}: with an offset, stored bytes are the codes themselves"
        )


def _register_every_file() -> None:
    package = __name__.rpartition(".")[0]
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        form: object = getattr(importlib.import_module(f"{package}.{module.name}"), "FORMAT", None)
        if isinstance(form, WeightFormat):
            register(form)


_register_every_file()
