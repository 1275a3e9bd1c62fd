"""`kernelc evaluate`: how well the model predicts a text."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernelc.commands.options import (
    add_context,
    add_device,
    add_json,
    artifact_path,
    positive,
    print_json,
    read_text,
)
from kernelc.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("artifact", metavar="ARTIFACT", help="what `kernelc build` wrote")
    add_device(parser)
    parser.add_argument("--text", required=True, metavar="FILE", help="the text, UTF-8")
    parser.add_argument(
        "--max-tokens",
        type=positive,
        metavar="N",
        help="look at the first N tokens, BOS included, so N - 1 are predicted (default: the whole context)",
    )
    add_context(parser, "context in tokens (default: the artifact's)")
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print {"tokens", "nll", "perplexity"} of one window: BOS and the first tokens of the text.

    The window is cut to --max-tokens and to the context, both including BOS. `tokens` is the number of
    predicted tokens, one fewer than the window has; `nll` is their mean negative log likelihood in nats.
    Artifacts that round activations do so only in decode, so they are evaluated token by token.
    """
    folder = artifact_path(args.artifact)
    text = read_text(args.text)

    from kernelc.artifact import Artifact
    from kernelc.commands import opening
    from kernelc.commands.progress import progress_bar
    from kernelc.session import open_tokenizer, with_prefix
    from runtime.engine.engine import SCORE_ROLES

    artifact = Artifact.open(folder)
    one_by_one = artifact.manifest.activations != "f32"  # prefill and score do not round activations
    tokenizer = open_tokenizer(artifact)
    ids = with_prefix(tokenizer, tokenizer.encode(text))
    with opening.open_engine(artifact, args.device, args.context, roles=SCORE_ROLES) as engine:
        window = ids[: min(engine.context, args.max_tokens or engine.context)]
        if args.max_tokens and args.max_tokens > engine.context:
            note = f"note: --max-tokens {args.max_tokens} is cut to the context of {engine.context}"
            print(note, file=sys.stderr)
        if len(window) < 2:
            raise UsageError("there is no token to predict", where=args.text, help="give a longer text")
        with progress_bar("evaluating") as report:
            total, done = 0.0, 0
            for rows in engine.score_chunks(window, one_by_one=one_by_one):
                total += total_nll(rows, window[done + 1 : done + 1 + len(rows)])
                done += len(rows)
                if report:
                    report("tokens", done, len(window))
    _show(total / (len(window) - 1), len(window) - 1, as_json=args.json)
    return 0


def total_nll(logits: npt.NDArray[np.float32], targets: Sequence[int]) -> float:
    """Return the summed negative log likelihood of `targets`, in nats, accumulated in f64.

    Shapes: logits f32 [rows, vocab]. Row i predicts targets[i]; rows beyond the targets are ignored.
    """
    import numpy as np

    rows = logits[: len(targets)].astype(np.float64)
    if not len(rows):
        return 0.0
    most = rows.max(axis=1, keepdims=True)
    log_sums = np.log(np.exp(rows - most).sum(axis=1)) + most[:, 0]
    return float((log_sums - rows[np.arange(len(rows)), list(targets)]).sum())


def _show(nll: float, tokens: int, *, as_json: bool) -> None:
    perplexity = math.exp(nll) if nll < 700 else math.inf
    if as_json:
        finite = perplexity if math.isfinite(perplexity) else None  # JSON has no infinity
        print_json({"tokens": tokens, "nll": nll, "perplexity": finite})
    else:
        print(f"tokens {tokens}  nll {nll:.4f} nats  perplexity {perplexity:.3f}")
