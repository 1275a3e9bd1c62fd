"""Symbolic dims: normalising keeps the value, bounds are sound, JSON comes back, hostile JSON is refused."""

from __future__ import annotations

import json
import operator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelc.errors import ShapeError
from kernelc.ir.dim import (
    Dim,
    Var,
    bounds,
    ceildiv,
    compile_dim,
    dim_max,
    dim_min,
    evaluate,
    free_vars,
    from_json,
    substitute,
    to_json,
)

SYMBOLS = {"seq": (1, 512), "past": (0, 4095), "one": (1, 1), "shift": (-7, 9)}
SEQ, PAST, SHIFT = (Var(name, *SYMBOLS[name]) for name in ("seq", "past", "shift"))

MEANING = {
    "add": operator.add,
    "mul": operator.mul,
    "floordiv": operator.floordiv,
    "ceildiv": lambda a, b: -((-a) // b),
    "mod": operator.mod,
    "min": min,
    "max": max,
}


def meaning(j: object, env: dict[str, int]) -> int:
    """The JSON form read literally: what normalising must not change."""
    if isinstance(j, list):
        return MEANING[j[0]](meaning(j[1], env), meaning(j[2], env))
    return env[j] if isinstance(j, str) else j  # type: ignore[return-value]


def _compound(parts: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    divisors = st.integers(1, 96) | st.sampled_from(["seq", "one", ["add", "past", 1], ["mul", "seq", 4]])
    any_two = st.tuples(st.sampled_from(["add", "mul", "min", "max"]), parts, parts)
    divide = st.tuples(st.sampled_from(["floordiv", "ceildiv", "mod"]), parts, divisors)
    return (any_two | divide).map(list)


DIMS = st.recursive(st.integers(-70, 600) | st.sampled_from(sorted(SYMBOLS)), _compound, max_leaves=10)
ENVS = st.fixed_dictionaries({name: st.integers(*limits) for name, limits in SYMBOLS.items()})


@given(DIMS, ENVS)
def test_normalising_preserves_the_value_and_bounds_hold_it(j: object, env: dict[str, int]) -> None:
    dim = from_json(j, SYMBOLS)
    value = evaluate(dim, env)
    assert value == meaning(j, env) == compile_dim(dim)(env)
    low, high = bounds(dim)
    assert low <= value <= high


@given(DIMS)
def test_json_comes_back_as_the_same_dimension(j: object) -> None:
    dim = from_json(j, SYMBOLS)
    again = from_json(json.loads(json.dumps(to_json(dim))), SYMBOLS)
    assert again == dim
    assert hash(again) == hash(dim)


@given(DIMS, DIMS, DIMS)
def test_sums_and_products_do_not_depend_on_the_order(a: object, b: object, c: object) -> None:
    x, y, z = (from_json(j, SYMBOLS) for j in (a, b, c))
    assert (x + y) + z == z + (y + x)
    assert x * y == y * x
    assert dim_min(x, y) == dim_min(y, x)
    assert x - x == 0


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (SEQ * 2 + 3 * SEQ, "5*seq"),
        ((PAST + SEQ) - PAST, "seq"),
        (2 * (SEQ + PAST) - 4, "2*past + 2*seq - 4"),
        (PAST * (SEQ + 1) * 2, "2*past*(seq + 1)"),
        ((64 * SEQ + 32) // 64, "seq"),
        (ceildiv(4 * SEQ, 64), "ceildiv(seq, 16)"),
        (ceildiv(ceildiv(SEQ, 4), 8), "ceildiv(seq, 32)"),
        ((SEQ + 100) // 64, "floordiv(seq + 36, 64) + 1"),
        (SEQ // 513, "0"),
        (SEQ % 513, "seq"),
        ((64 * PAST + SEQ) % 64, "mod(seq, 64)"),
        (dim_min(SEQ, SEQ + PAST), "seq"),
        (dim_max(dim_max(SEQ, 4096), PAST), "4096"),
        (dim_min(512, dim_min(PAST, SEQ)), "min(past, seq)"),
        (Var("one", 1, 1) * SEQ, "seq"),
        (7 - SEQ, "-seq + 7"),
        (SEQ // SEQ, "1"),
    ],
)
def test_normal_forms(dim: Dim, text: str) -> None:
    assert str(dim) == text


def test_bounds_of_what_the_planner_asks() -> None:
    assert bounds(ceildiv(SEQ, 64)) == (1, 8)
    assert bounds(dim_min(SEQ + PAST, 4096)) == (1, 4096)
    assert bounds(SHIFT * SHIFT) == (-63, 81)
    assert bounds((SEQ + PAST) % 32) == (0, 31)
    assert free_vars(ceildiv(SEQ + PAST, 64) * 2) == {SEQ, PAST}


def test_golden_vectors() -> None:
    """The same file is checked by the browser's evaluator."""
    vectors = json.loads((Path(__file__).parent / "dim_vectors.json").read_text())
    used: set[str] = set()
    for vector in vectors:
        dim, env, value = vector["dim"], vector["env"], vector["value"]
        assert evaluate(from_json(dim, {name: (at, at) for name, at in env.items()}), env) == value, vector
        loose = from_json(dim, {name: (min(at, 1), max(at, 1)) for name, at in env.items()})
        assert evaluate(loose, env) == compile_dim(loose)(env) == value, vector
        used |= {dim[0]} if isinstance(dim, list) else set()
    assert used == set(MEANING)


@pytest.mark.parametrize(
    ("j", "words"),
    [
        (True, "not a dimension"),
        (1.5, "not a dimension: 1.5"),
        (None, "not a dimension"),
        (2**53 + 1, "not a dimension"),
        ("", "not a dimension"),
        ("a b", "not a dimension: 'a b'"),
        ({"add": 1}, "not a dimension"),
        ([], "not a dimension"),
        (["add", 1], "not a dimension"),
        (["add", 1, 2, 3], "not a dimension"),
        (["pow", 2, 3], "not a dimension"),
        ([["add"], 2, 3], "not a dimension"),
        (["add", 1, ["mul", 2]], "not a dimension"),
    ],
)
def test_malformed_json_is_refused(j: object, words: str) -> None:
    with pytest.raises(ShapeError, match=words):
        from_json(j)


def test_unknown_symbols_and_divisors_that_may_be_zero_are_refused() -> None:
    with pytest.raises(ShapeError, match="unknown symbol 'batch'; known are one, past, seq, shift"):
        from_json(["add", "batch", 1], SYMBOLS)
    for op in ("floordiv", "ceildiv", "mod"):
        for divisor in (0, -4, "past"):
            with pytest.raises(ShapeError, match="a divisor must be positive"):
                from_json([op, 8, divisor], SYMBOLS)
        with pytest.raises(ShapeError, match="a divisor must be positive"):
            compile_dim(from_json([op, 8, "seq"], SYMBOLS))({"seq": 0})
    with pytest.raises(ShapeError, match="no value for symbol 'seq'; got past"):
        compile_dim(SEQ + 1)({"past": 0})
    with pytest.raises(ShapeError, match="beyond 2\\^53"):
        compile_dim(SEQ * 2**53)({"seq": 2})


@given(DIMS, ENVS, st.sets(st.sampled_from(sorted(SYMBOLS))))
def test_substituting_numbers_keeps_the_value(j: object, env: dict[str, int], fixed: set[str]) -> None:
    dim = from_json(j, SYMBOLS)
    result = substitute(dim, {name: env[name] for name in fixed})
    assert evaluate(result, env) == evaluate(dim, env)
    assert not {var.name for var in free_vars(result)} & fixed
    assert isinstance(substitute(dim, env), int)


@given(DIMS, ENVS)
def test_substituting_gives_what_reading_anew_gives(j: object, env: dict[str, int]) -> None:
    """Tighter bounds for the same symbols: they hold for the result, which is as normal as any other."""
    tight = {name: (low, env[name]) for name, (low, _) in SYMBOLS.items()}
    result = substitute(from_json(j, SYMBOLS), {name: Var(name, *limits) for name, limits in tight.items()})
    assert result == from_json(to_json(from_json(j, SYMBOLS)), tight)
    assert bounds(result)[0] <= evaluate(result, env) <= bounds(result)[1]


def test_substituting_dimensions_for_symbols() -> None:
    assert substitute(ceildiv(SEQ + PAST, 64), {"seq": 64 * SHIFT}) == ceildiv(PAST, 64) + SHIFT
    assert substitute(SEQ, {"past": 3}) == SEQ
    assert substitute(dim_max(SEQ, PAST), {"past": SEQ}) == SEQ
    with pytest.raises(ShapeError, match="a divisor must be positive"):
        substitute(PAST // SEQ, {"seq": PAST})


def test_huge_json_is_refused_without_recursion() -> None:
    deep: object = 1
    for _ in range(100_000):
        deep = ["add", deep, 1]
    wide: object = ["add", 1, 1]
    for _ in range(9):
        wide = ["add", wide, wide]
    for hostile in (deep, wide):
        with pytest.raises(ShapeError, match="nested over 32 deep or of over 256 parts"):
            from_json(hostile)
    # Dismantled a level at a time: freeing a deep list at once is the test's problem, not the reader's.
    while isinstance(deep, list):
        deep = deep[1]


def test_values_outside_the_declared_bounds_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"symbol seq is 513; its bounds are 1\.\.512"):
        evaluate(SEQ + 1, {"seq": 513})
    with pytest.raises(ShapeError, match="low bound 2 is above high bound 1"):
        Var("seq", 2, 1)
    with pytest.raises(ShapeError, match="not a plain identifier"):
        Var("no good", 0, 1)
