"""An engine without a model, a tokenizer of bytes and plain templates, for the tests of conversations."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kernelc.errors import ContextError
from runtime.chat.tools.rendering import Definitions, Messages
from runtime.device.executor import Progress
from runtime.engine.chooser import Chooser
from runtime.engine.sampling import SamplingParams
from runtime.engine.timings import Timings
from runtime.grammar.vocabulary import Vocabulary

BOS, EOS, FIRST_BYTE = 1, 2, 3
SPECIAL = {"<s>": BOS, "</s>": EOS}


@dataclass(frozen=True)
class FakeToken:
    id: int


class FakeTokens(Iterator[FakeToken]):
    """Gives `reply` until EOS, the limit or the context."""

    def __init__(
        self, engine: FakeEngine, reply: Iterable[int], max_new: int, stop_ids: frozenset[int]
    ) -> None:
        self.finish_reason: str | None = None
        self._engine, self._stop_ids = engine, stop_ids
        self._reply, self._left = iter(reply), max_new

    def __next__(self) -> FakeToken:
        if self.finish_reason:
            raise StopIteration
        if self._left == 0:
            return self._end("length")
        if len(self._engine.sequence) == self._engine.context:
            return self._end("context")
        token = next(self._reply, EOS)
        if token in self._stop_ids:
            return self._end("stop")
        self._engine.sequence.append(token)
        self._left -= 1
        return FakeToken(token)

    def close(self) -> None:
        self.finish_reason = self.finish_reason or "cancelled"

    def _end(self, reason: str) -> FakeToken:
        self.finish_reason = reason
        raise StopIteration


class FakeEngine:
    """Answers with `reply(ids of the prompt)`, text or ids; remembers what it was fed, a list each time."""

    def __init__(self, reply: Callable[[Sequence[int]], Iterable[int] | str], context: int = 1000) -> None:
        self.context = context
        self.vocab_size = PAIRS + 256 * 256
        self.sequence: list[int] = []
        self.fed: list[list[int]] = []
        self.remembered = 0
        self.timings = Timings()
        self.on_feed: Callable[[], None] = lambda: None
        self._reply = reply

    @property
    def ids(self) -> Sequence[int]:
        return tuple(self.sequence)

    def start_timing(self) -> Timings:
        self.timings = Timings()
        return self.timings

    def reuse(self, ids: Sequence[int]) -> int:
        same = (have == want for have, want in zip(self.sequence, ids, strict=False))
        kept = next((at for at, equal in enumerate(same) if not equal), min(len(self.sequence), len(ids)))
        del self.sequence[kept:]
        return kept

    def remember(self) -> None:
        self.remembered += 1

    def feed(self, ids: Sequence[int], *, progress: Progress | None = None) -> None:
        assert ids
        if len(self.sequence) + len(ids) > self.context:
            raise ContextError("too long")
        self.fed.append(list(ids))
        for done, token in enumerate(ids):  # chunks of one
            self.sequence.append(token)
            self.on_feed()
            if progress:
                progress("prompt", done + 1, len(ids))
        self.timings.prompt_tokens += len(ids)

    def generate(
        self,
        max_new: int,
        sampling: SamplingParams,
        stop_ids: Iterable[int],
        *,
        choose: Chooser | None = None,
    ) -> FakeTokens:
        assert choose is None, "this engine has no logits to choose by"
        reply = self._reply(tuple(self.sequence))
        ids = encode_bytes(reply) if isinstance(reply, str) else reply
        return FakeTokens(self, ids, max_new, frozenset(stop_ids))


def encode_bytes(text: str) -> list[int]:
    return [FIRST_BYTE + byte for byte in text.encode()]


class BytesDecoder:
    """Whole characters out of ids of bytes; ids of pairs stand for two."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, token_id: int) -> str:
        return self._utf8.decode(piece(token_id))

    def flush(self) -> str:
        return self._utf8.decode(b"", final=True)


PAIRS = FIRST_BYTE + 256


def pair(two: str) -> int:
    """The id that stands for two characters: encoding never gives it, generating may."""
    first, second = two.encode()
    return PAIRS + 256 * first + second


def piece(token_id: int) -> bytes:
    if token_id >= PAIRS:
        return bytes(divmod(token_id - PAIRS, 256))
    return bytes([token_id - FIRST_BYTE]) if token_id >= FIRST_BYTE else b""


class BytesCoder:
    """A token for every byte, `<s>` and `</s>` for markup."""

    special_tokens: Mapping[str, int] = SPECIAL
    markup: Mapping[str, int] = SPECIAL

    def encode(self, text: str, *, parse_special: bool = False) -> list[int]:
        if not parse_special:
            return encode_bytes(text)
        ids: list[int] = []
        while text:
            at, token = min((text.find(token) % (1 << 40), token) for token in SPECIAL)
            ids += encode_bytes(text[:at])
            ids += [SPECIAL[token]] if at < len(text) else []
            text = text[at + len(token) :]
        return ids

    def stream_decoder(self, *, continued: bool) -> BytesDecoder:
        return BytesDecoder()

    def vocabulary(self, size: int) -> Vocabulary:
        singles = [bytes([token - FIRST_BYTE]) for token in range(FIRST_BYTE, PAIRS)]
        pairs = [bytes([first, second]) for first in range(256) for second in range(256)]
        return Vocabulary([*([b""] * FIRST_BYTE), *singles, *pairs][:size])


class TurnsTemplate:
    """Like ChatML, with one character for each role."""

    is_plain = False
    source = ""

    def render(self, messages: Messages, *, tools: Definitions | None = None) -> str:
        marks = {"system": "S", "user": "U", "assistant": "A"}
        said = "".join(f"{marks[m['role']]}:{m['content'].strip()}</s>" for m in messages)
        return f"<s>{said}A:"


class JoinTemplate:
    """Joins the messages, for a model that goes on from the user's text."""

    is_plain = True
    source = ""

    def render(self, messages: Messages, *, tools: Definitions | None = None) -> str:
        return "<s>" + "".join(message["content"] for message in messages)


def show(ids: Iterable[int]) -> str:
    """Ids as text, with markup."""
    names = {token_id: text for text, token_id in SPECIAL.items()}
    return "".join(names.get(token_id) or piece(token_id).decode("utf-8", "replace") for token_id in ids)
