"""Puts deliberate bugs in, one at a time, and sees whether the tests notice.

The list is tests/mutations. Each mutation is applied to a copy of the repository, never to the working
tree; the tests that should notice it run there. A mutation that no test notices shows a hole in the tests:
the exit code is then 1.

    python tools/mutation_check.py                 all of them
    python tools/mutation_check.py nibble_order    those named
    python tools/mutation_check.py --list
"""

from __future__ import annotations

import argparse
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPO))

from tests.mutations import MUTATIONS, Mutation  # noqa: E402  (the list of this very checkout)

TIMEOUT_SECONDS = 300
_COPIED = ("kernelc", "model", "runtime", "tests", "tools", "pyproject.toml")
_LEFT_OUT = ("__pycache__", ".*", "node_modules", "demo", "*.wgsl")
_TESTS_FAILED, _NO_TESTS = 1, 5  # pytest's exit codes
_NONSENSE = ("NameError", "SyntaxError", "IndentationError", "ImportError")  # which need no test to be seen


@dataclass(frozen=True)
class Outcome:
    """What became of a mutation: "caught", "survived", or why neither can be said."""

    mutation: Mutation
    verdict: str
    seconds: float
    output: str

    @property
    def good(self) -> bool:
        return self.verdict == "caught"


def problem_with(mutation: Mutation, repo: Path = REPO) -> str | None:
    """Why a mutation does not apply to a repository any more, or None."""
    path = repo / mutation.file
    if not path.is_file():
        return f"there is no {mutation.file}"
    count = path.read_text().count(mutation.old)
    if count != 1:
        return f"{mutation.file} holds the text {count} times, wanted once: {mutation.old!r}"
    return None if mutation.old != mutation.new else "changes nothing"


def copy_repository(folder: Path) -> None:
    """Copy what the tests need, without caches."""
    for name in _COPIED:
        source = REPO / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        else:
            shutil.copy(source, folder / name)


@contextmanager
def applied(mutation: Mutation, folder: Path) -> Iterator[None]:
    """The copy in `folder` with the mutation in it."""
    path = folder / mutation.file
    whole = path.read_text()
    path.write_text(whole.replace(mutation.old, mutation.new))
    try:
        yield
    finally:
        path.write_text(whole)


def run_tests(tests: Sequence[str], folder: Path) -> tuple[int | None, str]:
    """(pytest's exit code, or None where it ran too long; the end of what it printed)."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=line", "-p", "no:cacheprovider", *tests]
    data = os.environ.get("KERNELC_TEST_DATA") or str(REPO.parent / "shared" / "data")
    # No .pyc files: they are told apart by whole seconds and sizes, and a mutation may change neither.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "KERNELC_TEST_DATA": data}
    environment["HYPOTHESIS_PROFILE"] = "more"
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired:
        return None, f"no end after {TIMEOUT_SECONDS} s"
    return done.returncode, "\n".join((done.stdout + done.stderr).splitlines()[-15:])


def check(mutation: Mutation, folder: Path) -> Outcome:
    """Whether the tests notice a mutation of the copy in `folder`."""
    start = time.monotonic()
    problem = problem_with(mutation, folder)
    if problem is not None:
        return Outcome(mutation, "does not apply", 0.0, problem)
    with applied(mutation, folder):
        code, output = run_tests(mutation.tests, folder)
    verdicts = {None: "caught", _TESTS_FAILED: "caught", 0: "survived", _NO_TESTS: "no test selected"}
    verdict = verdicts.get(code, "tests are broken")
    if any(word in output for word in _NONSENSE):
        verdict = "not a bug but nonsense"
    return Outcome(mutation, verdict, time.monotonic() - start, output)


def check_all(mutations: Sequence[Mutation], jobs: int) -> Iterator[Outcome]:
    """Outcomes in the order of the list; each job has a copy of its own."""
    with ExitStack() as stack:
        copies: queue.Queue[Path] = queue.Queue()
        for _ in range(jobs):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mutations-")))
            copy_repository(folder)
            copies.put(folder)

        def in_a_copy(mutation: Mutation) -> Outcome:
            folder = copies.get()
            try:
                return check(mutation, folder)
            finally:
                copies.put(folder)

        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        yield from pool.map(in_a_copy, mutations)


def tests_pass_without(mutations: Iterable[Mutation]) -> bool:
    """The tests themselves, unmutated: a test that fails anyway catches nothing."""
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        copy_repository(Path(folder))
        for tests in dict.fromkeys(mutation.tests for mutation in mutations):
            code, output = run_tests(tests, Path(folder))
            if code != 0:
                print(
                    f"these tests fail without any mutation: pytest {' '.join(tests)}\n{output}",
                    file=sys.stderr,
                )
                return False
    return True


def named(names: Sequence[str]) -> list[Mutation]:
    """The mutations of these names, all for none. Raises SystemExit for a name that is not in the list."""
    unknown = sorted(set(names) - {mutation.name for mutation in MUTATIONS})
    if unknown:
        sys.exit(f"error: no such mutation: {', '.join(unknown)} (help: --list names them)")
    return [mutation for mutation in MUTATIONS if not names or mutation.name in names]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line a mutation; 0 where every one was caught."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", help="mutations to try (default: all)")
    parser.add_argument("--list", action="store_true", help="print the mutations and what each breaks")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once (default: 2)")
    parser.add_argument("--trust", action="store_true", help="do not run the tests without a mutation first")
    options = parser.parse_args(arguments)
    mutations = named(options.names)
    if options.list:
        for mutation in mutations:
            print(f"{mutation.name:28} {mutation.why}")
        return 0
    if not options.trust and not tests_pass_without(mutations):
        return 2
    outcomes: list[Outcome] = []
    for outcome in check_all(mutations, max(1, options.jobs)):
        outcomes.append(outcome)
        print(
            f"{outcome.verdict:16} {outcome.seconds:5.1f} s  {outcome.mutation.name}: {outcome.mutation.why}",
            flush=True,
        )
        if not outcome.good:
            print(outcome.output)
    caught = sum(outcome.good for outcome in outcomes)
    print(f"{caught} of {len(outcomes)} caught")
    return 0 if caught == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
