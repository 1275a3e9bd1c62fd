"""The vocabulary in a GGUF file's metadata, whatever the algorithm that uses it."""

from __future__ import annotations

from dataclasses import dataclass

from kernelc.errors import CheckpointError
from model.gguf.metadata import Metadata
from model.text.special_tokens import MAX_VOCABULARY

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
"""What a token is: `llama_token_type` of llama.cpp, the same numbers as sentencepiece's."""

_ENDS_ANSWER = frozenset({
    "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<|endoftext|>", "<end_of_turn>", "<EOT>", "<|eot|>",
    "<|end_of_text|>", "<|return|>", "</s>",
})  # fmt: skip
"""Control tokens that end an answer whatever the metadata say: as in llama_vocab::impl::load of llama.cpp."""
_END_KEYS = ("eos_token_id", "eot_token_id", "eom_token_id")


@dataclass(frozen=True)
class Vocabulary:
    """Every token with its kind, and the ids of the special ones. `tokens` has each text once."""

    metadata: Metadata
    tokens: list[str]
    kinds: list[int]

    @classmethod
    def read(cls, metadata: Metadata) -> Vocabulary:
        """Read the tokens. A token without text, which some files have, gets one that nobody writes.

        Raises: CheckpointError where there are none, too many, or two alike.
        """
        tokens = metadata.strings(key("tokens"), MAX_VOCABULARY)
        kinds = [NORMAL] * len(tokens)
        if metadata.has(key("token_type")):
            kinds = [int(kind) for kind in metadata.numbers(key("token_type"), len(tokens)).tolist()]
        for at in [at for at, token in enumerate(tokens) if not token]:
            tokens[at], kinds[at] = f"<empty token {at}>", UNUSED
        if not tokens or len(set(tokens)) != len(tokens):
            twice = len(tokens) - len(set(tokens))
            message = f"got {len(tokens)} tokens, {twice} of them twice, wanted different ones"
            raise metadata.fail(key("tokens"), message)
        return cls(metadata, tokens, kinds)

    def of_kind(self, *kinds: int) -> list[int]:
        """Return the ids of all tokens of these kinds, in order."""
        return [token_id for token_id, kind in enumerate(self.kinds) if kind in kinds]

    def token_id(self, name: str) -> int | None:
        """Return the id under `tokenizer.ggml.NAME`, None where there is none or it stands for none.

        Raises: CheckpointError for an id that is no token.
        """
        if not self.metadata.has(key(name)):
            return None
        value = self.metadata.fields.integer(key(name), -1, (1 << 32) - 1)
        if value in (-1, (1 << 32) - 1):  # how llama.cpp writes "no token"
            return None
        if value >= len(self.tokens):
            raise self.metadata.fail(key(name), f"got {value}, wanted a token below {len(self.tokens)}")
        return value

    def special(self, name: str) -> str | None:
        """Return the text of the token that `token_id` finds."""
        token_id = self.token_id(name)
        return None if token_id is None else self.tokens[token_id]

    def flag(self, name: str, default: bool) -> bool:
        """Return the setting under `tokenizer.ggml.NAME`. Raises: CheckpointError."""
        return self.metadata.fields.flag(key(name), default)

    def stops(self) -> list[int]:
        """Return the tokens that end an answer, the tokenizer's own end first."""
        named = [self.token_id(name) for name in _END_KEYS]
        known = [i for i in self.of_kind(CONTROL) if self.tokens[i] in _ENDS_ANSWER]
        return list(dict.fromkeys([*(i for i in named if i is not None), *known]))

    def fail(self, name: str, message: str) -> CheckpointError:
        """Return, for the caller to raise, the error about a setting of the tokenizer."""
        return self.metadata.fail(key(name), message)


def key(name: str) -> str:
    """Return the metadata's key of a setting of the tokenizer."""
    return f"tokenizer.ggml.{name}"
