"""The mutation check itself: its list has not rotted, its copy is what runs, and a sample is caught."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutations import MUTATIONS, Mutation

REPO = Path(__file__).resolve().parents[1]


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutation_check", REPO / "tools" / "mutation_check.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


tool = _tool()
FAST = ("races_ignored", "stale_slot")


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[mutation.name for mutation in MUTATIONS])
def test_each_mutation_still_applies(mutation: Mutation) -> None:
    assert tool.problem_with(mutation, REPO) is None


def test_names_are_unique_and_each_says_what_is_wrong() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 14
    assert all(mutation.why.endswith(".") and mutation.tests for mutation in MUTATIONS)


def test_a_sample_is_caught_and_the_working_tree_is_left_alone(tmp_path: Path) -> None:
    before = {mutation.file: (REPO / mutation.file).read_bytes() for mutation in MUTATIONS}
    outcomes = list(tool.check_all([m for m in MUTATIONS if m.name in FAST], jobs=2))
    assert {outcome.mutation.name: outcome.verdict for outcome in outcomes} == dict.fromkeys(FAST, "caught")
    assert before == {name: (REPO / name).read_bytes() for name in before}


@pytest.mark.nightly
def test_what_no_test_notices_survives(tmp_path: Path) -> None:
    tool.copy_repository(tmp_path)
    comment = Mutation(
        "comment",
        "Nothing.",
        "kernelc/kir/interpreter/races.py",
        "# several lanes",
        "# lanes",
        ("tests/kir/test_text.py",),
    )
    outcome = tool.check(comment, tmp_path)
    assert outcome.verdict == "survived" and not outcome.good
    gone = Mutation(
        "gone",
        "Nothing.",
        "kernelc/kir/interpreter/races.py",
        "no such text",
        "",
        ("tests/kir/test_text.py",),
    )
    assert tool.check(gone, tmp_path).verdict == "does not apply"
    nonsense = Mutation(
        "nonsense", "Nothing.", comment.file, "class CellLog:", "class Log:", ("tests/kir/test_interpret.py",)
    )
    assert tool.check(nonsense, tmp_path).verdict in ("not a bug but nonsense", "tests are broken")


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(SystemExit, match="no such mutation: typo"):
        tool.named(["typo"])


@pytest.mark.nightly
def test_every_mutation_is_caught() -> None:
    assert tool.tests_pass_without(MUTATIONS)
    survivors = [
        f"{o.mutation.name}: {o.verdict}\n{o.output}" for o in tool.check_all(MUTATIONS, jobs=2) if not o.good
    ]
    assert not survivors, "\n\n".join(survivors)
