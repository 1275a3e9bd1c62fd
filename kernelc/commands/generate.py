"""`kernelc generate`: continue a prompt, for scripts."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernelc.commands.shared.draft_options import add_draft
from kernelc.commands.shared.options import (
    add_context,
    add_device,
    add_json,
    add_sampling,
    artifact_path,
    file_to_write,
    print_json,
    sampling_of,
)
from kernelc.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from model.text.tokenizer import Tokenizer
    from runtime.device.executor import DeviceInfo
    from runtime.engine.engine import Engine, Generated
    from runtime.engine.sampling import SamplingParams
    from runtime.engine.seat import Seat

    F32 = npt.NDArray[np.float32]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("artifact", metavar="ARTIFACT", help="what `kernelc build` wrote")
    add_device(parser)
    add_draft(parser, "ARTIFACT")
    prompt = parser.add_mutually_exclusive_group(required=True)
    prompt.add_argument(
        "--prompt", metavar="TEXT", help="text to continue, after BOS where the model wants it"
    )
    prompt.add_argument("--prompt-ids", type=token_ids, metavar="1,2,3", help="token ids, used as they are")
    parser.add_argument(
        "--logits", metavar="FILE.npz", help="write array logits [positions, vocab] f32 of every position fed"
    )
    add_sampling(parser)
    add_context(parser, "context in tokens (default: the artifact's)")
    add_json(parser)


def token_ids(text: str) -> list[int]:
    """Read "1,2,3", for argparse."""
    parts = [part.strip() for part in text.split(",")]
    if all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        return [int(part) for part in parts]
    raise argparse.ArgumentTypeError(f"got {text[:80]!r}, wanted token ids such as 1,2,3")


def run(args: argparse.Namespace) -> int:
    """Generate and print the new text, or JSON {"prompt_ids", "ids", "text", "finish_reason", "timings"}."""
    sampling = sampling_of(args)
    _check_stops(args.stop)
    logits_file = _logits_file(args.logits)
    folder = artifact_path(args.artifact)
    draft = None if args.draft is None else artifact_path(args.draft)
    if draft is not None and logits_file is not None:
        raise UsageError("logits are of steps without a draft", where="--logits, --draft")

    from kernelc.artifact import Artifact
    from kernelc.commands.shared import opening
    from kernelc.session import open_tokenizer, stop_ids
    from runtime.engine.engine import GENERATE_ROLES

    artifact = Artifact.open(folder)
    known = artifact.manifest.tokenizer is not None or args.prompt is not None or bool(args.stop)
    tokenizer = open_tokenizer(artifact) if known else None
    roles = (*GENERATE_ROLES, "score") if logits_file else GENERATE_ROLES
    where = (artifact, args.device, args.context)
    with ExitStack() as stack:
        if draft is None:
            engine = stack.enter_context(opening.open_engine(*where, roles=roles))
            device = engine.executor.info
        else:
            session = opening.open_shared_session(*where, draft=Artifact.open(draft))
            stack.callback(session.close)
            engine, device = session.engine.take(()), session.engine.executor.info
        run_ = _Run(engine, device, tokenizer, _prompt_ids(args, tokenizer), stop_ids(artifact), args.stop)
        for piece in run_.pieces(args.max_gen_len, sampling, keep_logits=logits_file is not None):
            if not args.json:
                print(piece, end="", flush=True)
        if not args.json:
            print()
        if logits_file:
            _write_logits(logits_file, run_.all_logits())
        if args.json:
            print_json(run_.result())
    return 0


def _check_stops(stops: list[str]) -> None:
    from runtime.chat.stop_strings import check_stops

    check_stops(stops)


def _prompt_ids(args: argparse.Namespace, tokenizer: Tokenizer | None) -> list[int]:
    from kernelc.session import with_prefix

    if args.prompt is None or tokenizer is None:
        return args.prompt_ids
    return with_prefix(tokenizer, tokenizer.encode(args.prompt))


class _Run:
    """The continuation of one prompt and, if requested, the logits of every position."""

    def __init__(
        self,
        engine: Engine | Seat,
        device: DeviceInfo,
        tokenizer: Tokenizer | None,
        prompt: list[int],
        stops: frozenset[int],
        stop_texts: list[str],
    ) -> None:
        self._engine, self._device = engine, device
        self._tokenizer = tokenizer
        self._prompt = prompt
        self._stops = stops
        self._stop_texts = stop_texts
        self._shown: list[str] = []
        self._logits: list[F32] = []
        self._timings: dict[str, Any] = {}
        self.ids: list[int] = []
        self.finish_reason: str | None = None

    def pieces(self, max_new: int, sampling: SamplingParams, *, keep_logits: bool) -> Iterator[str]:
        """Generate, yielding the text as it becomes whole characters, up to a stop text."""
        from runtime.chat.stop_strings import StopMatcher

        timings = self._engine.start_timing()
        if keep_logits:
            self._logits += self._scoring.score_chunks(self._prompt)
        else:
            self._feed()
        matcher = StopMatcher(self._stop_texts)
        with closing(self._engine.generate(max_new, sampling, self._stops)) as tokens:
            for piece in matcher.matched(self._decoded(tokens)):
                self._shown.append(piece)
                yield piece
        self.finish_reason = "stop" if matcher.found is not None else tokens.finish_reason
        self._timings = {**timings.to_json(), "device": f"{self._device.kind}: {self._device.name}"}
        if rest := matcher.flush():
            self._shown.append(rest)
            yield rest

    @property
    def _scoring(self) -> Engine:
        """The engine, where it gives logits: without a draft."""
        from runtime.engine.engine import Engine

        assert isinstance(self._engine, Engine)
        return self._engine

    def _decoded(self, tokens: Iterable[Generated | None]) -> Iterator[str]:
        """Yield the text of the tokens, and keep their ids; no text without a tokenizer."""
        from model.text.tokenizer import StreamDecoder

        decoder = StreamDecoder(self._tokenizer, continued=True) if self._tokenizer else None
        for token in filter(None, tokens):  # a sequence that is alone waits for nobody
            self.ids.append(token.id)
            yield decoder.feed(token.id) if decoder else ""
        if decoder:
            yield decoder.flush()

    def all_logits(self) -> F32:
        """Return the logits at every position fed. Shapes: f32 [prompt + new tokens, vocab].

        The new tokens run through the decode program once more, as when they were generated, including the
        last one unless the context has no room for it.
        """
        import numpy as np

        prompt = len(self._prompt)
        new = self.ids[: self._engine.context - prompt]
        if new:
            if self._engine.truncate(prompt) < prompt:  # layers with a window have forgotten too much
                for _ in self._scoring.score_chunks(self._prompt):
                    pass
            self._logits += self._scoring.score_chunks(new, one_by_one=True)
        return np.concatenate(self._logits)

    def result(self) -> dict[str, Any]:
        """Return the result as JSON. `text` is null where the artifact has no tokenizer."""
        return {
            "prompt_ids": self._prompt,
            "ids": self.ids,
            "text": "".join(self._shown) if self._tokenizer else None,
            "finish_reason": self.finish_reason,
            "timings": self._timings,
        }

    def _feed(self) -> None:
        from kernelc.commands.shared.progress import progress_bar

        with progress_bar("reading the prompt") as report:
            self._engine.feed(self._prompt, progress=report)


def _logits_file(text: str | None) -> Path | None:
    """Return the file to write. A place that cannot be written is refused before the long work starts."""
    return None if text is None else file_to_write(text, "--logits")


def _write_logits(path: Path, logits: F32) -> None:
    import numpy as np

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(handle, "wb") as file:  # an open file, since numpy would append .npz to a name
            np.savez(file, logits=logits)
        os.replace(temporary, path)
    except BaseException:  # leave nothing half-written, not even after Ctrl-C
        os.unlink(temporary)
        raise
