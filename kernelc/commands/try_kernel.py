"""`kernelc try`: run a kernel's text, changed by hand, beside the original."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from kernelc.commands.shared.options import (
    add_device,
    add_json,
    artifact_path,
    positive,
    print_json,
    read_text,
)
from kernelc.errors import KernelcError, UsageError, WorkFailed

if TYPE_CHECKING:
    from kernelc.workshop.attempt import Attempts, Result
    from kernelc.workshop.subject import Subject

_POLL_SECONDS = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "named",
        nargs="+",
        metavar="KERNEL",
        help="ARTIFACT KERNEL, as `kernelc inspect ARTIFACT --only kernels` names it; or a family such as"
        " rms_norm, with --problem",
    )
    parser.add_argument(
        "--problem", metavar="JSON", help="the family's problem, as manifest.json has problems"
    )
    parser.add_argument(
        "--seq", type=positive, default=1, metavar="N", help="rows of the step, for a family (default: 1)"
    )
    parser.add_argument(
        "--file",
        metavar="FILE",
        help="the changed text: .wgsl, .cu, .spvasm, .cl or .c decides what runs it; without it the original"
        " is written to a file to begin with",
    )
    parser.add_argument(
        "--grid", type=_grid, metavar="X,Y,Z", help="workgroups of the changed text (default: the original's)"
    )
    parser.add_argument("--watch", action="store_true", help="run again whenever the file is saved")
    add_device(parser)
    add_json(parser)


def _grid(text: str) -> tuple[int, int, int]:
    parts = text.split(",")
    if not 1 <= len(parts) <= 3 or not all(each.isascii() and each.isdigit() for each in parts):
        raise argparse.ArgumentTypeError(f"got {text[:40]!r}, wanted up to three numbers such as 16,1,1")
    x, y, z = (*map(int, parts), 1, 1)[:3]
    return x, y, z


def run(args: argparse.Namespace) -> int:
    """Print how far the text's results are from the reference's, and its time beside the original's.

    Raises: WorkFailed where it does not compile or is wrong (exit code 1).
    """
    if args.watch and (args.file is None or args.json):
        raise UsageError("it watches a --file, and prints no --json", where="--watch")
    text = None if args.file is None else read_text(args.file, "--file")

    from kernelc.workshop.attempt import MOST_TEXT_BYTES, Attempts, suffix_of_target, target_of_suffix
    from kernelc.workshop.bench import Bench

    target = None if args.file is None else target_of_suffix(Path(str(args.file)).suffix)
    if text is not None and len(text) > MOST_TEXT_BYTES:
        raise UsageError(f"got {len(text)} characters, wanted at most {MOST_TEXT_BYTES}", where=args.file)
    subject = _subject(args)
    with Bench(args.device, target=target) as bench:
        if target is not None and bench.target != target:
            runs = f"--device {args.device} runs {bench.target or 'no'} texts"
            raise UsageError(f"{runs}, the file is {target}", where=args.file)
        attempts = Attempts(bench, subject)
        if text is None:
            return _begin(attempts, Path(f"{subject.name}{suffix_of_target(bench.target)}"), args)
        if args.watch:
            _watch(attempts, Path(str(args.file)), args)
        result = _tried(attempts, text, args)
    if not result.right:
        raise WorkFailed("the text computes something else than the reference", where=args.file)
    return 0


def _subject(args: argparse.Namespace) -> Subject:
    from kernelc.workshop.subject import subject_named, subject_of

    if len(args.named) == 2 and args.problem is None:
        from kernelc.artifact import Artifact

        return subject_of(Artifact.open(artifact_path(args.named[0])), args.named[1])
    if len(args.named) != 1 or args.problem is None:
        help_ = "ARTIFACT KERNEL, or a family with --problem"
        raise UsageError(f"got {' '.join(args.named)}, wanted one kernel", help=help_)
    try:
        problem: Any = json.loads(args.problem)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"this is no JSON: {error}", where="--problem") from None
    if not isinstance(problem, dict):
        raise UsageError("this is no JSON object", where="--problem")
    return subject_named(args.named[0], cast("dict[str, Any]", problem), args.seq)


def _begin(attempts: Attempts, path: Path, args: argparse.Namespace) -> int:
    """Write the original's text where no file is yet, and say how to go on."""
    if path.exists():
        raise UsageError("there is such a file already", where=str(path), help=f"try it: --file {path}")
    path.write_text(attempts.text, encoding="utf-8")
    if args.json:
        print_json({"file": str(path), "grid": list(attempts.grid)})
        return 0
    named = " ".join(args.named) + (f" --problem '{args.problem}'" if args.problem else "")
    print(f"{path}  ({' x '.join(map(str, attempts.grid))} workgroups)")
    print(f"change it, and: kernelc try {named} --file {path} --watch")
    return 0


def _watch(attempts: Attempts, path: Path, args: argparse.Namespace) -> None:
    """Try the file now and after each change, until Ctrl-C."""
    seen: tuple[int, int] | None = None
    while True:
        try:
            stat = path.stat()
            found = (stat.st_mtime_ns, stat.st_size)
            if found != seen:
                seen = found
                _tried(attempts, read_text(str(path), "--file"), args)
        except FileNotFoundError:  # an editor that writes a new file is between two steps
            seen = None
        except KernelcError as error:  # shown, and mended in the editor
            print(error.render(), flush=True)
        time.sleep(_POLL_SECONDS)


def _tried(attempts: Attempts, text: str, args: argparse.Namespace) -> Result:
    """Run a text and show the result. Raises: WorkFailed where the compiler refuses it."""
    try:
        result = attempts.run(text, args.grid)
    except WorkFailed as error:
        if not args.json:
            print("\n".join([error.message, *getattr(error, "__notes__", ())]), flush=True)
        raise WorkFailed("the compiler refuses the text", where=args.file) from error
    if args.json:
        print_json(_json(attempts, result))
    else:
        _show(attempts, result)
    return result


def _show(attempts: Attempts, result: Result) -> None:
    for each in result.differences:
        print(f"{each.output}: {each.sentence}")
    if result.seconds is not None and result.comparison is not None:
        original, own = (1e6 * each for each in result.seconds)
        print(f"time: {own:.2f} us, the original {original:.2f} us: {result.comparison.sentence}")
    print(end="", flush=True)


def _json(attempts: Attempts, result: Result) -> dict[str, Any]:
    comparison = result.comparison
    return {
        "kernel": attempts.subject.name,
        "right": result.right,
        "outputs": [vars(each) for each in result.differences],
        "seconds": None if result.seconds is None else result.seconds[1],
        "original_seconds": None if result.seconds is None else result.seconds[0],
        "comparison": None if comparison is None else comparison.to_json(),
    }
