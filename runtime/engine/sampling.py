"""Sampling parameters: checked, and encoded as fields of the step block."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, replace

from kernelc.errors import UsageError

MAX_U32 = 2**32 - 1


@dataclass(frozen=True)
class SamplingParams:
    """Sampling parameters. The defaults are greedy.

    temperature 0 takes the most likely token; above 0 the logits are divided by it. top_k 0, top_p 1 and
    min_p 0 keep every token; repetition_penalty 1 leaves logits alone, above 1 it pushes down tokens that
    occurred before. The same seed gives the same text; None draws a new one (`with_seed`).

    Raises: UsageError naming the parameter, got and wanted.
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int | None = None

    def __post_init__(self) -> None:
        _check_float(
            "temperature", self.temperature, 0.0, 100.0, "0 picks the most likely token, 0.7 varies a little"
        )
        _check_int("top_k", self.top_k, 0, MAX_U32, "0 keeps every token")
        _check_float("top_p", self.top_p, 0.0, 1.0, "1 keeps every token", open_low=True)
        _check_float("min_p", self.min_p, 0.0, 1.0, "0 keeps every token")
        _check_float(
            "repetition_penalty", self.repetition_penalty, 0.0, 100.0, "1 is no penalty", open_low=True
        )
        if self.seed is not None:
            _check_int("seed", self.seed, 0, MAX_U32, "leave it out for a new one")

    @property
    def greedy(self) -> bool:
        """Whether the most likely token of the unchanged logits is taken."""
        return self.temperature == 0 and self.repetition_penalty == 1

    @property
    def role(self) -> str:
        """The role of the program that samples with these parameters."""
        return "sample_greedy" if self.greedy else "sample"

    def describe(self) -> str:
        """Return the parameters that change anything, for a person: "temperature 0.2, top_p 0.9"."""
        parts = [f"temperature {self.temperature:g}"]
        neutral = {} if self.temperature == 0 else {"top_k": 0, "top_p": 1, "min_p": 0}
        values = {name: getattr(self, name) for name in neutral}
        parts += [f"{name} {value:g}" for name, value in values.items() if value != neutral[name]]
        if self.repetition_penalty != 1:
            parts.append(f"repetition_penalty {self.repetition_penalty:g}")
        return ", ".join(parts)

    def with_seed(self) -> SamplingParams:
        """Return the same parameters with a seed; a new one is drawn where none was given."""
        if self.seed is not None:
            return self
        drawn = secrets.randbits(32)
        return SamplingParams(
            self.temperature, self.top_k, self.top_p, self.min_p, self.repetition_penalty, seed=drawn
        )

    def step_fields(self) -> dict[str, int | float]:
        """Return the step block's fields for sampling.

        Greedy with a repetition penalty is sampling from the single best token: top_k 1, where the
        temperature does not matter.
        """
        forced = self.temperature == 0
        return {
            "seed": self.seed or 0,
            "top_k": 1 if forced else self.top_k,
            "temperature": 1.0 if forced else self.temperature,
            "top_p": self.top_p,
            "min_p": self.min_p,
            "repetition_penalty": self.repetition_penalty,
        }


@dataclass(frozen=True)
class SamplingChanges:
    """Some sampling parameters of a request; the model's own defaults decide about those that are None.

    Raises: UsageError naming the parameter, got and wanted.
    """

    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        self.over(SamplingParams())

    def over(self, own: SamplingParams) -> SamplingParams:
        """Return `own` with these changes."""
        return replace(own, **{name: value for name, value in vars(self).items() if value is not None})


def _check_float(
    name: str, value: object, low: float, high: float, hint: str, *, open_low: bool = False
) -> None:
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if low <= number <= high and not (open_low and number == low):  # false for NaN
        return
    wanted = (
        f"a number {'above' if open_low else 'from'} {low:g}, {'' if open_low else 'and '}at most {high:g}"
    )
    raise UsageError(f"`{name}` is {value!r}, wanted {wanted}", help=hint)


def _check_int(name: str, value: object, low: int, high: int, hint: str) -> None:
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return
    raise UsageError(f"`{name}` is {value!r}, wanted an integer from {low} to {high}", help=hint)
