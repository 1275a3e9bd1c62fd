"""Rotary position embedding: which frequency each pair of a head's elements turns with.

`Rotary` is shared by the tensor IR's `rope` operation and by the kernels that rotate. The scalings are those
of transformers (modeling_rope_utils.py, version 5.24):

    none      theta^(-2i / dim) for pair i
    linear    that, divided by a factor
    dynamic   theta grows once a sequence is longer than the model was trained for ("NTK-aware")
    llama3    slow pairs are divided by a factor, fast ones kept, those between interpolated by their speed
    yarn      the same idea, interpolated by the pair's number; sines and cosines are multiplied by a factor
    longrope  each pair has a divisor of its own, of two lists: one for short sequences, one for long ones

With `dynamic` and `longrope` the frequencies depend on the sequence's length. As in transformers with a KV
cache, all rows of a step are rotated with the frequencies for the length after the step (past + seq), and
keys that are in the cache already stay as they were rotated.

Sources: Su et al. 2021, arXiv 2104.09864; Peng et al. 2023 (YaRN), arXiv 2309.00071; Ding et al. 2024
(LongRoPE), arXiv 2402.13753.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from kernelc.errors import ShapeError

_LENGTH = "original_max_position_embeddings"
# By scaling: the attributes of `rope` that it needs, and those it may have; named as in a model's config.
SCALING_ATTRS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "none": ((), ()),
    "linear": (("factor",), ()),
    "dynamic": (("factor", _LENGTH), ()),
    "llama3": (("factor", "low_freq_factor", "high_freq_factor", _LENGTH), ()),
    "yarn": (
        ("factor", _LENGTH),
        ("attention_factor", "mscale", "mscale_all_dim", "beta_fast", "beta_slow", "truncate"),
    ),
    "longrope": (("short_factor", "long_factor", _LENGTH), ("factor", "attention_factor")),
}
ALL_SCALING_ATTRS = tuple(dict.fromkeys(n for groups in SCALING_ATTRS.values() for g in groups for n in g))
_LISTS = ("short_factor", "long_factor")
_MAY_BE_ZERO = ("mscale", "mscale_all_dim")  # which is the same as not being there


@dataclass(frozen=True)
class Rotary:
    """Rotation of the first `dim` elements of a head: `dim` / 2 pairs, `theta` the base of their frequencies.

    `factor`: what frequencies are divided by. `low`, `high`: for llama3 low_freq_factor and high_freq_factor;
    for yarn the numbers of the pairs between which it interpolates. `original`: the length that the model was
    trained for. `attention`: what sines and cosines are multiplied by. `short`, `long`: longrope's divisors,
    one per pair.

    Raises: ShapeError where the numbers do not fit the scaling.
    """

    dim: int
    theta: float
    scaling: str = "none"
    factor: float = 1.0
    low: float = 0.0
    high: float = 0.0
    original: int = 0
    attention: float = 1.0
    short: tuple[float, ...] = ()
    long: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse numbers that the scaling would ignore or cannot work with."""
        problem = self._problem()
        if problem is not None:
            raise ShapeError(f"rotary embedding: {problem}")

    def _problem(self) -> str | None:
        if self.scaling not in SCALING_ATTRS:
            return f"scaling is {self.scaling!r}; wanted {', '.join(SCALING_ATTRS)}"
        if self.scaling == "none" and self.factor != 1.0:
            return f"scaling none has no factor, got {self.factor}"
        if (self.scaling in ("llama3", "yarn")) != (self.low < self.high):
            return (
                f"scaling {self.scaling} interpolates from {self.low} to {self.high}; wanted the first below"
            )
        if self.depends_on_length and self.original < 1:
            return f"scaling {self.scaling} needs the original length, got {self.original}"
        if self.scaling == "dynamic" and self.dim <= 2:
            return f"scaling dynamic needs a rotary_dim above 2, got {self.dim}"
        lists, pairs = (len(self.short), len(self.long)), self.dim // 2
        if self.scaling == "longrope" and lists != (pairs, pairs):
            return f"short_factor and long_factor have {lists[0]} and {lists[1]} numbers; wanted {pairs} each"
        return None

    @property
    def depends_on_length(self) -> bool:
        """Whether the frequencies depend on the sequence's length."""
        return self.scaling in ("dynamic", "longrope")

    @property
    def plain(self) -> NDArray[np.float64]:
        """Radians per position of each pair, without scaling."""
        return self.theta ** (-np.arange(0, self.dim, 2, dtype=np.float64) / self.dim)

    def frequencies(self, length: int = 1) -> NDArray[np.float64]:
        """Radians per position of each pair, for a sequence of `length` positions after the step.

        Shapes: [dim / 2].
        """
        return _FREQUENCIES[self.scaling](self, length)

    @classmethod
    def of(cls, attrs: Mapping[str, Any]) -> Rotary:
        """The rotation that the attributes of a `rope` operation describe.

        Raises: ShapeError for attributes that are missing, not of this scaling, or no positive numbers.
        """
        scaling = _checked(attrs)
        read = {name: attrs[name] for group in SCALING_ATTRS[scaling] for name in group if name in attrs}
        return cls(attrs["rotary_dim"], float(attrs["theta"]), scaling, **_FIELDS[scaling](read, attrs))


def _checked(attrs: Mapping[str, Any]) -> str:
    scaling = attrs["scaling"]
    if not isinstance(scaling, str) or scaling not in SCALING_ATTRS:
        raise ShapeError(f"scaling is {scaling!r}; wanted {', '.join(SCALING_ATTRS)}")
    required, optional = SCALING_ATTRS[scaling]
    for name in required:
        if name not in attrs:
            raise ShapeError(f"attribute {name} missing for scaling {scaling}")
    for name in (name for name in ALL_SCALING_ATTRS if name in attrs):
        if name not in (*required, *optional):
            raise ShapeError(f"attribute {name} has no meaning for scaling {scaling}")
        _check_value(name, attrs[name])
    return scaling


def _check_value(name: str, value: Any) -> None:
    if name == "truncate":
        holds, wanted = isinstance(value, bool), "True or False"
    elif name in _LISTS:
        numbers = cast("tuple[Any, ...]", value if isinstance(value, tuple) else (None,))
        holds, wanted = all(map(_positive, numbers)), "a tuple of positive numbers"
    else:
        holds, wanted = _positive(value) or (name in _MAY_BE_ZERO and value == 0), "a positive number"
    if not holds:
        raise ShapeError(f"attribute {name} is {value!r}; wanted {wanted}")


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


# How each scaling's attributes (first argument) become fields of a Rotary; the second are all attributes.


def _common(a: Mapping[str, Any], _: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"factor": float(a.get("factor", 1.0))}
    return found | ({"original": int(a[_LENGTH])} if _LENGTH in a else {})


def _llama3(a: Mapping[str, Any], all: Mapping[str, Any]) -> dict[str, Any]:
    low, high = (float(a[f"{name}_freq_factor"]) for name in ("low", "high"))
    return {**_common(a, all), "low": low, "high": high}


def _yarn(a: Mapping[str, Any], all: Mapping[str, Any]) -> dict[str, Any]:
    dim, theta = all["rotary_dim"], all["theta"]
    if theta <= 1:
        raise ShapeError(f"scaling yarn needs a theta above 1, got {theta}")

    def pair(turns: float) -> float:
        """The number of the pair that turns so often within the original length; not a whole one."""
        return dim * math.log(a[_LENGTH] / (turns * 2 * math.pi)) / (2 * math.log(theta))

    low, high = pair(a.get("beta_fast", 32)), pair(a.get("beta_slow", 1))
    if a.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = float(max(low, 0)), float(min(high, dim - 1))
    return {
        **_common(a, all),
        "low": low,
        "high": high if high != low else low + 0.001,  # as transformers does
        "attention": float(a.get("attention_factor") or _yarn_attention(a)),
    }


def _yarn_attention(a: Mapping[str, Any]) -> float:
    def of(scale: float) -> float:
        return 0.1 * scale * math.log(a["factor"]) + 1.0 if a["factor"] > 1 else 1.0

    if a.get("mscale") and a.get("mscale_all_dim"):
        return of(a["mscale"]) / of(a["mscale_all_dim"])
    return of(1.0)


def _longrope(a: Mapping[str, Any], all: Mapping[str, Any]) -> dict[str, Any]:
    factor, original = a.get("factor", 1.0), a[_LENGTH]
    attention = math.sqrt(1 + math.log(factor) / math.log(original)) if factor > 1 else 1.0
    return {
        "original": int(original),
        "attention": float(a.get("attention_factor", attention)),
        "short": tuple(map(float, a["short_factor"])),
        "long": tuple(map(float, a["long_factor"])),
    }


_FIELDS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]] = {
    "none": _common,
    "linear": _common,
    "dynamic": _common,
    "llama3": _llama3,
    "yarn": _yarn,
    "longrope": _longrope,
}


def _dynamic_frequencies(r: Rotary, length: int) -> NDArray[np.float64]:
    growth = 1 + r.factor * max(length - r.original, 0) / r.original
    return (r.theta * growth ** (r.dim / (r.dim - 2))) ** (-np.arange(0, r.dim, 2, dtype=np.float64) / r.dim)


def _llama3_frequencies(r: Rotary, length: int) -> NDArray[np.float64]:
    """Interpolated by how often a pair turns within the original length: kept from `high` turns on."""
    keep = np.clip((r.original * r.plain / (2 * math.pi) - r.low) / (r.high - r.low), 0, 1)
    return r.plain * (keep + (1 - keep) / r.factor)


def _yarn_frequencies(r: Rotary, length: int) -> NDArray[np.float64]:
    ramp = np.clip((np.arange(r.dim // 2) - r.low) / (r.high - r.low), 0, 1)
    return r.plain * ((1 - ramp) + ramp / r.factor)


_FREQUENCIES: Mapping[str, Callable[[Rotary, int], NDArray[np.float64]]] = {
    "none": lambda r, length: r.plain,
    "linear": lambda r, length: r.plain / r.factor,
    "dynamic": _dynamic_frequencies,
    "llama3": _llama3_frequencies,
    "yarn": _yarn_frequencies,
    "longrope": lambda r, length: r.plain / np.array(r.long if length > r.original else r.short),
}
