"""Sampling parameters: what is accepted, what is refused and how, what the step block gets."""

from __future__ import annotations

import pytest

from kernelc.errors import UsageError
from runtime.engine.sampling import SamplingChanges, SamplingParams


def test_the_default_is_greedy() -> None:
    assert SamplingParams().greedy
    assert SamplingParams().role == "sample_greedy"
    assert SamplingParams(temperature=0.7).role == "sample"


def test_greedy_with_a_penalty_samples_among_one() -> None:
    params = SamplingParams(repetition_penalty=1.2, top_k=40)
    assert params.role == "sample"
    assert params.step_fields()["top_k"] == 1
    assert params.step_fields()["repetition_penalty"] == 1.2
    assert params.step_fields()["temperature"] > 0  # the kernel divides by it


def test_step_fields_carry_the_parameters() -> None:
    params = SamplingParams(0.5, 40, 0.9, 0.05, 1.1, seed=7)
    wanted = {
        "temperature": 0.5,
        "top_k": 40,
        "top_p": 0.9,
        "min_p": 0.05,
        "repetition_penalty": 1.1,
        "seed": 7,
    }
    assert params.step_fields() == wanted


def test_a_seed_is_drawn_once_where_none_is_given() -> None:
    drawn = SamplingParams(temperature=1).with_seed()
    assert drawn.seed is not None and 0 <= drawn.seed < 2**32
    assert drawn.with_seed().seed == drawn.seed
    assert SamplingParams(temperature=1, top_p=0.4, seed=3).with_seed() == SamplingParams(
        1, top_p=0.4, seed=3
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -0.1),
        ("temperature", float("nan")),
        ("temperature", float("inf")),
        ("temperature", "warm"),
        ("temperature", True),
        ("top_k", -1),
        ("top_k", 1.5),
        ("top_k", 2**32),
        ("top_p", 0.0),
        ("top_p", 1.01),
        ("min_p", -0.01),
        ("min_p", 2),
        ("repetition_penalty", 0),
        ("repetition_penalty", 1e9),
        ("seed", -1),
        ("seed", 2**32),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(UsageError) as caught:
        SamplingParams(**{name: value})  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"{name} is {value!r}, wanted")
    assert caught.value.help


@pytest.mark.parametrize(
    "fields", [{"temperature": 0}, {"top_p": 1}, {"min_p": 0}, {"top_k": 0}, {"seed": 2**32 - 1}, {"seed": 0}]
)
def test_the_ends_of_the_ranges_are_accepted(fields: dict[str, float]) -> None:
    SamplingParams(**fields)  # type: ignore[arg-type]


def test_changes_are_checked_and_leave_the_rest_alone():
    own = SamplingParams(temperature=0.5, top_k=3, seed=7)
    assert SamplingChanges().over(own) == own
    assert SamplingChanges(temperature=0.0, top_k=0).over(own) == SamplingParams(0.0, 0, seed=7)
    with pytest.raises(UsageError, match="top_p is 0"):
        SamplingChanges(top_p=0)
