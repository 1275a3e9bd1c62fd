"""A tokenizer that reads and encodes in a process with limits (model/text/tokenizer_worker.py).

What a stranger's tokenizer takes of time and memory ends there as an error, and so do the panics of its
libraries. Ids become text here, from tokens that are asked for a few thousand at a time.
"""

from __future__ import annotations

import atexit
import base64
import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from kernelc.errors import KernelcError, TokenizerError, UsageError
from model.text.detokenize import NOTHING, LeadingSpace, Piece, decode
from model.text.tokenizer import stamp_of
from model.text.worker_process import Stopped, WorkerProcess

_IDS_AT_ONCE = 4096
_LOAD_SECONDS = 30.0
_ENCODE_SECONDS = 2.0
_BYTES_A_SECOND = 50_000  # a tenth of what the slowest published tokenizer does
_BUSY = 10.0  # how much longer than its processor time a request may take on a busy machine
_ERRORS: dict[str, type[KernelcError]] = {"UsageError": UsageError}
_HELP = "use the tokenizer of a release of the model that you trust"

ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    "TOKENIZERS_PARALLELISM": "false",  # its threads would each take addresses of the limit
    "RUST_BACKTRACE": "0",
}
"""What the worker's environment has besides this process's own."""

_shared = WorkerProcess(["-m", "model.text.tokenizer_worker"], ENVIRONMENT)
atexit.register(_shared.close)


class BoundedTokenizer:
    """A `model.text.tokenizer.Tokenizer` whose file is read in another process."""

    def __init__(
        self, folder: str | Path, *, vocab_size: int | None = None, worker: WorkerProcess | None = None
    ) -> None:
        """Load a model folder's tokenizer, as `load_tokenizer` does. Raises: TokenizerError, also where it
        takes too much time or memory.
        """
        self._folder = str(Path(folder).resolve())
        self._vocab_size = vocab_size
        self._protected: tuple[str, ...] = ()
        self._worker = worker or _shared
        self._stamp = stamp_of(self._folder)
        self._chunks: dict[int, tuple[list[str], list[Piece]]] = {}
        self._take(self._ask("facts", _LOAD_SECONDS))

    def _take(self, facts: Mapping[str, Any]) -> None:
        self.kind: Literal["sentencepiece", "tokenizers"] = facts["kind"]
        self.vocab_size: int = facts["vocab_size"]
        self.bos_id: int | None = facts["bos_id"]
        self.eos_id: int | None = facts["eos_id"]
        self.prompt_prefix: tuple[int, ...] = tuple(facts["prompt_prefix"])
        self.special_tokens: Mapping[str, int] = facts["special_tokens"]
        self.added_tokens: Mapping[str, int] = facts["added_tokens"]
        self.markup: Mapping[str, int] = facts["markup"]
        self.left_out: Mapping[str, int] = facts["left_out"]
        self.leading_space = LeadingSpace[facts["leading_space"]]

    def protect(self, contents: Iterable[str]) -> None:
        """Treat these added tokens as markup: see model.text.tokenizer.Tokenizer."""
        added = tuple(each for each in contents if each in self.added_tokens)
        if added:
            self._protected += added
            self._chunks.clear()
            self._take(self._ask("facts", _LOAD_SECONDS))

    def encode(self, text: str, *, parse_special: bool = False) -> list[int]:
        """Return the ids of a text, without BOS; see model.text.tokenizer.Tokenizer.

        Raises: TokenizerError, also where this text takes too much time or memory.
        """
        seconds = _ENCODE_SECONDS + len(text) / _BYTES_A_SECOND
        reply = self._ask("encode", seconds, text=text, parse_special=parse_special)
        return reply["ids"]

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids; see model.text.tokenizer.Tokenizer."""
        return decode(self, ids)

    def token(self, token_id: int) -> str:
        """Return a token as the vocabulary spells it, or "" for ids beyond the vocabulary."""
        if not 0 <= token_id < self.vocab_size:
            return ""
        return self._chunk(token_id)[0][token_id % _IDS_AT_ONCE]

    def piece(self, token_id: int) -> Piece:
        """Return the bytes of an id. Special tokens and ids beyond the vocabulary have none."""
        if not 0 <= token_id < self.vocab_size:
            return NOTHING
        return self._chunk(token_id)[1][token_id % _IDS_AT_ONCE]

    def _chunk(self, token_id: int) -> tuple[list[str], list[Piece]]:
        first = token_id - token_id % _IDS_AT_ONCE
        if first not in self._chunks:
            reply = self._ask("tokens", _LOAD_SECONDS, first=first, count=_IDS_AT_ONCE)
            pieces = [
                Piece(base64.b64decode(data), droppable)
                for data, droppable in zip(reply["bytes"], reply["droppable"], strict=True)
            ]
            self._chunks[first] = reply["tokens"], pieces
        return self._chunks[first]

    def _ask(self, what: str, seconds: float, **more: object) -> Mapping[str, Any]:
        """Ask the worker; it may have to load the files first, after another one was ended."""
        request = {
            "what": what,
            "folder": self._folder,
            "vocab_size": self._vocab_size,
            "stamp": self._stamp,
            "protected": self._protected,
            "load_seconds": _LOAD_SECONDS,
            "seconds": seconds,
            **more,
        }
        try:
            reply = self._worker.request(json.dumps(request).encode(), _BUSY * seconds + _LOAD_SECONDS)
        except Stopped as stopped:
            doing = "encoding a text" if what == "encode" else "reading it"
            why = f"after {seconds:.0f} s of {doing}" if stopped.for_time else f"while {doing} ({stopped})"
            raise TokenizerError(f"the tokenizer was stopped {why}", where=self._folder, help=_HELP) from None
        kind = reply.get("error")
        if kind == "memory":
            raise TokenizerError("the tokenizer takes too much memory", where=self._folder, help=_HELP)
        if kind is not None:
            raise _ERRORS.get(str(kind), TokenizerError)(
                str(reply["message"]),
                where=reply["where"],
                help=reply["help"],
            )
        return reply
