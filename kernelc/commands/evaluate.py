"""`kernelc evaluate`: how well the model predicts a text."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

from kernelc.commands.shared.options import (
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

    from kernelc.artifact import Artifact
    from runtime.engine.engine import Engine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("artifact", metavar="ARTIFACT", help="what `kernelc build` wrote")
    parser.add_argument(
        "--against",
        metavar="ARTIFACT",
        help="compare with another artifact of the same model, say of --quant f32: how far its probabilities"
        " are away, and how often both rank the same token first",
    )
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

    With --against also {"against": {"nll", "kl_divergence", "top1_agreement"}}: the other artifact's nll, the
    mean of sum p log(p / q) in nats over the same positions, p being the other's probabilities and q this
    one's, and the share of positions where both rank the same token first.
    """
    folder = artifact_path(args.artifact)
    other = None if args.against is None else artifact_path(args.against)
    text = read_text(args.text)

    from kernelc.artifact import Artifact
    from kernelc.session import open_tokenizer, with_prefix

    artifact = Artifact.open(folder)
    tokenizer = open_tokenizer(artifact)
    ids = with_prefix(tokenizer, tokenizer.encode(text))
    against = None if other is None else Artifact.open(other)
    if against is not None and against.manifest.model.vocab_size != artifact.manifest.model.vocab_size:
        sizes = [each.manifest.model.vocab_size for each in (against, artifact)]
        raise UsageError(
            f"its vocabulary has {sizes[0]} tokens, that of {folder} {sizes[1]}",
            where=f"--against {other}",
            help="compare artifacts of one model",
        )
    compared = _evaluate(artifact, against, ids, args)
    _show(compared, as_json=args.json)
    return 0


def _evaluate(
    artifact: Artifact, against: Artifact | None, ids: Sequence[int], args: argparse.Namespace
) -> Sums:
    """Score one window of `ids` with one artifact, or with two in step, a chunk of rows at a time."""
    from kernelc.commands.shared.progress import progress_bar

    with ExitStack() as opened:
        engines = [
            opened.enter_context(_opened(each, args)) for each in (artifact, against) if each is not None
        ]
        context = min(engine.context for engine in engines)
        window = ids[: min(context, args.max_tokens or context)]
        if args.max_tokens and args.max_tokens > context:
            note = f"note: --max-tokens {args.max_tokens} is cut to the context of {context}"
            print(note, file=sys.stderr)
        if len(window) < 2:
            raise UsageError("there is no token to predict", where=args.text, help="give a longer text")
        one_by_one = any(  # prefill and score do not round activations
            each.manifest.activations != "f32" for each in (artifact, against) if each is not None
        )
        report = opened.enter_context(progress_bar("evaluating"))
        sums = Sums(0, 0.0)
        scores = engines[0].score_chunks(window, one_by_one=one_by_one)
        others = engines[1].score_chunks(window, one_by_one=one_by_one) if against else repeat(None)
        done = 0
        for rows, other in zip(scores, others, strict=False):  # nothing is repeated for ever
            sums.add(rows, other, window[done + 1 : done + 1 + len(rows)])
            done += len(rows)
            if report:
                report("tokens", done, len(window))
    return sums


def _opened(artifact: Artifact, args: argparse.Namespace) -> AbstractContextManager[Engine]:
    from kernelc.commands.shared import opening
    from runtime.engine.engine import SCORE_ROLES

    return opening.open_engine(artifact, args.device, args.context, roles=SCORE_ROLES)


@dataclass
class Sums:
    """What is added up over the predicted tokens; those of a comparison stay None without one."""

    tokens: int
    nll: float
    other_nll: float | None = None
    divergence: float = 0.0
    agreements: int = 0

    def add(
        self, logits: npt.NDArray[np.float32], other: npt.NDArray[np.float32] | None, targets: Sequence[int]
    ) -> None:
        """Add rows of logits, f32 [rows, vocab] each. Row i predicts targets[i]; rows beyond are ignored."""
        self.tokens += len(targets)
        self.nll += total_nll(logits, targets)
        if other is None or not targets:
            return
        self.other_nll = (self.other_nll or 0.0) + total_nll(other, targets)
        mine, theirs = (log_probabilities(each[: len(targets)]) for each in (logits, other))
        import numpy as np

        self.divergence += float((np.exp(theirs) * (theirs - mine)).sum())
        self.agreements += int((mine.argmax(axis=1) == theirs.argmax(axis=1)).sum())


def log_probabilities(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the log of the softmax of each row. Shapes: f32 [rows, vocab] -> f64 [rows, vocab]."""
    import numpy as np

    rows = logits.astype(np.float64)
    rows -= rows.max(axis=1, keepdims=True)
    rows -= np.log(np.exp(rows).sum(axis=1, keepdims=True))
    return rows


def total_nll(logits: npt.NDArray[np.float32], targets: Sequence[int]) -> float:
    """Return the summed negative log likelihood of `targets`, in nats, accumulated in f64.

    Shapes: logits f32 [rows, vocab]. Row i predicts targets[i]; rows beyond the targets are ignored.
    """
    import numpy as np

    rows = log_probabilities(logits[: len(targets)])
    return -float(rows[np.arange(len(rows)), list(targets)].sum())


def _show(sums: Sums, *, as_json: bool) -> None:
    nll = sums.nll / sums.tokens
    perplexity = math.exp(nll) if nll < 700 else math.inf
    against = None
    if sums.other_nll is not None:
        against = {
            "nll": sums.other_nll / sums.tokens,
            "kl_divergence": sums.divergence / sums.tokens,
            "top1_agreement": sums.agreements / sums.tokens,
        }
    if as_json:
        finite = perplexity if math.isfinite(perplexity) else None  # JSON has no infinity
        result = {"tokens": sums.tokens, "nll": nll, "perplexity": finite}
        print_json(result if against is None else {**result, "against": against})
        return
    print(f"tokens {sums.tokens}  nll {nll:.4f} nats  perplexity {perplexity:.3f}")
    if against is not None:
        print(
            f"against: nll {against['nll']:.4f} nats  KL divergence {against['kl_divergence']:.5f} nats  "
            f"the same token first in {100 * against['top1_agreement']:.1f} %"
        )
