"""Rotary embedding as a config.json describes it: the fields of old and of new files, checked.

Newer files keep everything in the object rope_parameters, older ones rope_theta and partial_rotary_factor at
the top and the rest in rope_scaling. What counts where both are given, and what is ignored, is as in
transformers 5.24: `convert_rope_params_to_dict` and `standardize_rope_params` of modeling_rope_utils.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from kernelc.errors import ShapeError
from kernelc.ir.graph import AttrValue
from kernelc.ir.rotary import Rotary
from model.json_fields import Fields, show

MAX_POSITIONS = 1 << 24
_ORIGINAL = "original_max_position_embeddings"
_KINDS = ("default", "linear", "llama3", "yarn", "longrope")
_DYNAMIC = (
    "its frequencies change as the text grows, and the keys in the cache keep those they were stored with;"
    ' with "default" in its place the model is the same up to {} positions, and ends there'
)


@dataclass(frozen=True)
class Rope:
    """The rotary embedding of a layer.

    `rotary_dim`: how many leading elements of a head are rotated; 0 stands for all of them. `scaling` and
    `parameters` are named as in `kernelc.ir.rotary`, whose `Rotary` says what they mean.
    """

    theta: float = 10000.0
    rotary_dim: int = 0
    scaling: str = "none"
    parameters: Mapping[str, AttrValue] = field(default_factory=dict[str, AttrValue])

    @property
    def attrs(self) -> dict[str, AttrValue]:
        """The attributes that the operation `rope` takes, but for the position."""
        basic = {"theta": self.theta, "rotary_dim": self.rotary_dim, "scaling": self.scaling}
        return {**basic, **self.parameters}

    def longest(self, positions: int) -> int:
        """Return the longest context, of a model whose config.json gives `positions` as its length.

        With linear scaling that is the length before scaling. With yarn it may be either, and the longer one
        counts; in all other cases it is the length that the model was made for.
        """
        factor = float(cast("float", self.parameters.get("factor", 1.0)))
        if self.scaling == "linear":
            positions = max(positions, int(positions * factor))
        if self.scaling == "yarn":
            positions = max(positions, int(cast("int", self.parameters[_ORIGINAL]) * factor))
        return min(positions, MAX_POSITIONS)

    def within(self, context: int) -> Rope:
        """Return the rotary embedding of a model that is compiled for this context.

        Longrope has divisors for sequences of up to the original length, and others for longer ones. Keys are
        kept as they were turned, so one of the two is used throughout: the first where no sequence can be
        longer. That is what transformers computes for all sequences of such a context, and with the second
        for all that are longer than the original length. (llama.cpp and vLLM choose by the context too.)
        """
        if self.scaling != "longrope":
            return self
        longer = context > cast("int", self.parameters[_ORIGINAL])
        chosen = self.parameters["long_factor" if longer else "short_factor"]
        return replace(self, parameters={**self.parameters, "short_factor": chosen, "long_factor": chosen})

    def notes(self, context: int) -> tuple[str, ...]:
        """Return sentences about what a model that is compiled for this context computes otherwise than
        transformers; none if there is nothing to say."""
        if self.scaling != "longrope" or self.parameters["short_factor"] == self.parameters["long_factor"]:
            return ()
        original = cast("int", self.parameters[_ORIGINAL])
        if context <= original:
            return ()
        return (
            f"all positions are turned as in texts of more than {original} tokens; for shorter ones the model"
            f" has other frequencies, which a build with `context` {original} uses",
        )


@dataclass(frozen=True)
class RopeDefaults:
    """What a family's published code takes for fields that a file leaves out.

    `partial`: the partial_rotary_factor; None where the family's code rotates whole heads whatever the file
    says. `original`: the original_max_position_embeddings; None stands for max_position_embeddings.
    `aliases`: other names of scalings.
    """

    theta: float = 10000.0
    partial: float | None = None
    original: int | None = None
    theta_key: str = "rope_theta"
    partial_key: str = "partial_rotary_factor"
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])


def read_rope(fields: Fields, head_dim: int, positions: int, defaults: RopeDefaults) -> Rope:
    """Read the rotary embedding that all layers share. `positions` is the model's max_position_embeddings.

    Raises: ConfigError for a field of a wrong type or out of range, and for a scaling that is not supported.
    """
    settings = _settings(fields)
    for key, value in settings.data.items():
        if isinstance(value, dict):
            raise settings.fail(key, "got settings of one kind of layers, wanted the same for all of them")
    return rope_of(settings, fields, head_dim, positions, defaults)


def rope_of(settings: Fields, top: Fields, head_dim: int, positions: int, defaults: RopeDefaults) -> Rope:
    """Read a rotary embedding from the object that holds its settings; `top` is the whole config.json.

    Raises: as `read_rope`.
    """
    key = settings.first(("rope_type", "type")) or "rope_type"
    given = settings.text(key, "default")
    kind = defaults.aliases.get(given, given)
    if kind == "dynamic":
        raise settings.fail(key, 'got "dynamic", which is not supported', _DYNAMIC.format(positions))
    if kind not in _KINDS:
        raise settings.fail(key, f"got {show(given)}, wanted {', '.join(_KINDS[:-1])} or {_KINDS[-1]}")
    theta_holder = settings if settings.data.get("rope_theta") is not None else top
    theta_key = "rope_theta" if theta_holder is settings else defaults.theta_key
    theta = theta_holder.number(theta_key, 1.0, 1e12, defaults.theta)
    rotary_dim = _rotary_dim(settings, top, head_dim, kind, defaults)
    parameters = _Scaling(settings, top, positions, defaults, rotary_dim // 2).parameters(kind)
    rope = Rope(theta, rotary_dim, "none" if kind == "default" else kind, parameters)
    try:
        Rotary.of(rope.attrs)
    except ShapeError as error:
        raise settings.fail(key, error.message.removeprefix("rotary embedding: ")) from None
    return rope


def layers_rope(fields: Fields, kind: str, older: str | None = None) -> Fields:
    """Return the settings of one kind of layers, of families that keep them apart in rope_parameters.

    Where an `older` field has settings, these count before the others, as in transformers. Raises:
    ConfigError where one of them is no object.
    """
    every = fields.child("rope_parameters")
    own = every.child(kind) if every is not None else None
    scaling = fields.child(older) if older else None
    if own is None and scaling is None:
        return Fields({}, fields.where, fields.error)
    data = {**(own.data if own else {}), **(scaling.data if scaling else {})}
    return Fields(data, (scaling or own or fields).where, fields.error)


def _settings(fields: Fields) -> Fields:
    """The object with the settings; rope_scaling counts where it says anything."""
    scaling = fields.child("rope_scaling")
    if scaling is not None and scaling.data:
        return scaling
    found = fields.child("rope_parameters")
    return Fields({}, fields.where, fields.error) if found is None else found


def _rotary_dim(settings: Fields, top: Fields, head_dim: int, kind: str, defaults: RopeDefaults) -> int:
    inside = settings.data.get("partial_rotary_factor") is not None
    holder, key = (settings, "partial_rotary_factor") if inside else (top, defaults.partial_key)
    if defaults.partial is None:
        if kind != "default" and holder.number(key, 0.0, 1.0, 1.0) != 1.0:
            help_ = "the family's published code rotates whole heads, and fails for such a config"
            raise holder.fail(key, f"got {show(holder.data[key])} with rope scaling, wanted 1", help_)
        return head_dim
    factor = holder.number(key, 0.0, 1.0, defaults.partial)
    rotary_dim = int(head_dim * factor)
    if rotary_dim < 2 or rotary_dim % 2:
        message = (
            f"got {factor:g}, rotating {rotary_dim} of {head_dim} elements, wanted an even count above 0"
        )
        raise holder.fail(key, message)
    return rotary_dim


@dataclass(frozen=True)
class _Scaling:
    """Reads the parameters of each kind of scaling."""

    settings: Fields
    top: Fields
    positions: int
    defaults: RopeDefaults
    pairs: int

    def parameters(self, kind: str) -> dict[str, AttrValue]:
        match kind:
            case "linear":
                return {"factor": self._factor()}
            case "llama3":
                return self._llama3()
            case "yarn":
                return self._yarn()
            case "longrope":
                return self._longrope()
            case _:
                return {}

    def _factor(self) -> float:
        return self.settings.number("factor", 1e-3, 1e6)

    def _original(self) -> int:
        """The length before scaling: at the top where it is there, else beside the rest."""
        holder = self.top if self.top.data.get(_ORIGINAL) is not None else self.settings
        if holder is self.settings and self.defaults.original is not None:
            return self.defaults.original
        return holder.integer(_ORIGINAL, 2, MAX_POSITIONS, max(self.positions, 2))

    def _llama3(self) -> dict[str, AttrValue]:
        low = self.settings.number("low_freq_factor", 1e-6, 1e6)
        high = self.settings.number("high_freq_factor", 1e-6, 1e6)
        if low >= high:
            message = f"got {low:g}, wanted less than high_freq_factor = {high:g}"
            raise self.settings.fail("low_freq_factor", message)
        ends: dict[str, AttrValue] = {"low_freq_factor": low, "high_freq_factor": high}
        return {"factor": self._factor(), **ends, _ORIGINAL: self._original()}

    def _yarn(self) -> dict[str, AttrValue]:
        original = self._original()
        given = self.settings.data.get("factor") is not None
        factor = self._factor() if given else self.positions / original
        found: dict[str, AttrValue] = {"factor": factor, _ORIGINAL: original}
        for name in ("attention_factor", "mscale", "mscale_all_dim", "beta_fast", "beta_slow"):
            value = self.settings.number(name, 0.0, 1e6, 0.0)
            if value:  # zero is the same as not being there
                found[name] = value
        if not self.settings.flag("truncate", True):
            found["truncate"] = False
        return found

    def _longrope(self) -> dict[str, AttrValue]:
        original = self._original()
        given = self.settings.data.get("factor") is not None
        found: dict[str, AttrValue] = {
            "factor": self._factor() if given else self.positions / original,
            _ORIGINAL: original,
            "short_factor": self._divisors("short_factor"),
            "long_factor": self._divisors("long_factor"),
        }
        if self.settings.data.get("attention_factor") is not None:
            found["attention_factor"] = self.settings.number("attention_factor", 1e-6, 1e6)
        return found

    def _divisors(self, key: str) -> tuple[float, ...]:
        value = self.settings.data.get(key)
        items = cast("list[object]", value) if isinstance(value, list) else None
        if items is None or len(items) != self.pairs:
            got = show(cast("object", value))
            raise self.settings.fail(key, f"got {got}, wanted a list of {self.pairs} numbers")
        by_place = {str(at): item for at, item in enumerate(items)}
        entries = Fields(by_place, f"{self.settings.where}: {key}", self.settings.error)
        return tuple(entries.number(at, 1e-6, 1e9) for at in entries.data)
