"""The process that runs tokenizers: a program of its own, started by model.text.bounded_tokenizer.

A tokenizer comes with a checkpoint, so anybody may have written it, and the libraries that read it are
bounded in neither time nor memory: a pattern may search for hours, a chain of replacements make gigabytes of
a word, and a damaged file end the process. So they run here, under limits of the operating system. Requests
say which files they are for; a few tokenizers are kept.
"""

from __future__ import annotations

import base64
import json
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from kernelc.errors import KernelcError, TokenizerError
from model.text.tokenizer import Tokenizer, load_tokenizer, stamp_of

try:
    import resource
except ImportError:  # Windows, where the parent's timer is the only limit
    resource = None

MAX_MEMORY_BYTES = 4 << 30
"""Of addresses. Reading the largest published tokenizer takes about one gigabyte of them."""

_KEPT = 4
_kept: dict[tuple[object, ...], Tokenizer] = {}
"""By what a request says of them; the one used last is the last."""


def _of(request: Mapping[str, Any]) -> Tokenizer:
    """Return the tokenizer that a request is for. To protect tokens, none is loaded again."""
    folder, stamp, protected = request["folder"], request["stamp"], tuple(request["protected"])
    files = (folder, request["vocab_size"], json.dumps(stamp))
    tokenizer = _kept.pop((*files, protected), None)
    if tokenizer is None:
        _set_clock(request["load_seconds"])
        tokenizer = _kept.pop((*files, ()), None) or load_tokenizer(folder, vocab_size=request["vocab_size"])
        if stamp_of(folder) != stamp:
            raise TokenizerError("a file has changed since it was opened", where=folder, help="open it again")
        tokenizer.protect(protected)
    while len(_kept) >= _KEPT:
        del _kept[next(iter(_kept))]
    _kept[*files, protected] = tokenizer
    return tokenizer


def _facts(tokenizer: Tokenizer, request: Mapping[str, Any]) -> dict[str, object]:
    return {
        "kind": tokenizer.kind,
        "vocab_size": tokenizer.vocab_size,
        "bos_id": tokenizer.bos_id,
        "eos_id": tokenizer.eos_id,
        "prompt_prefix": list(tokenizer.prompt_prefix),
        "special_tokens": dict(tokenizer.special_tokens),
        "added_tokens": dict(tokenizer.added_tokens),
        "markup": dict(tokenizer.markup),
        "left_out": dict(tokenizer.left_out),
        "leading_space": tokenizer.leading_space.name,
    }


def _ids(tokenizer: Tokenizer, request: Mapping[str, Any]) -> dict[str, object]:
    return {"ids": tokenizer.encode(request["text"], parse_special=request["parse_special"])}


def _tokens(tokenizer: Tokenizer, request: Mapping[str, Any]) -> dict[str, object]:
    ids = range(request["first"], request["first"] + request["count"])
    pieces = [tokenizer.piece(token) for token in ids]
    return {
        "tokens": [tokenizer.token(token) for token in ids],
        "bytes": [base64.b64encode(piece.data).decode() for piece in pieces],
        "droppable": [piece.droppable for piece in pieces],
    }


_WHAT: Mapping[str, Callable[[Tokenizer, Mapping[str, Any]], dict[str, object]]] = {
    "facts": _facts,
    "encode": _ids,
    "tokens": _tokens,
}


def _answer(request: Mapping[str, Any]) -> dict[str, object]:
    try:
        tokenizer = _of(request)
        _set_clock(request["seconds"])
        return _WHAT[request["what"]](tokenizer, request)
    except KernelcError as error:
        kind = type(error).__name__
        return {"error": kind, "message": error.message, "where": error.where, "help": error.help}
    except MemoryError:
        _kept.clear()  # it may be the others that take the room: the next request is to have all of it
        return {"error": "memory"}


def _limit_process() -> None:
    """Permanently give up what reading does not need."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C; if it ends, our input closes
    if resource is None:
        return
    for limit, most in (
        (resource.RLIMIT_AS, MAX_MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (most, most))


def _set_clock(seconds: float) -> None:
    """Let a signal end the process after this much processor time; 0 cancels the timer."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until the input ends."""
    while len(header := requests.read(8)) == 8:
        request: dict[str, Any] = json.loads(requests.read(int.from_bytes(header, "little")))
        reply = json.dumps(_answer(request)).encode()
        _set_clock(0.0)
        replies.write(len(reply).to_bytes(8, "little") + reply)
        replies.flush()


if __name__ == "__main__":
    _limit_process()
    _serve(sys.stdin.buffer, sys.stdout.buffer)
