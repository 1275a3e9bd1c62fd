"""How a conversation becomes tokens: the chat template, once as Jinja and once as ids."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sentencepiece

from tools.demo_model.answers import Message
from tools.demo_model.talk import Talk

SPECIALS = ("<|system|>", "<|user|>", "<|assistant|>")
"""Control symbols of the vocabulary, after <unk>, <s> and </s>; text never contains them."""
BOS, EOS = 1, 2
SYSTEM, USER, ASSISTANT = 3, 4, 5

TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{% if message['role'] not in ['system', 'user', 'assistant'] %}"
    "{{ raise_exception('roles are system, user and assistant, not ' + message['role']) }}"
    "{% endif %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] | trim }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
"""Every answer ends with </s>; the other turns end where the next role begins."""


class Coder:
    """Conversations to ids and back, with the trained vocabulary."""

    def __init__(self, model: str | Path) -> None:
        """Load tokenizer.model. Raises: ValueError where it is not one of ours."""
        self.processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
        found = tuple(self.processor.id_to_piece(i) for i in (SYSTEM, USER, ASSISTANT))
        if found != SPECIALS:
            raise ValueError(f"{model}: got the special tokens {found}, wanted {SPECIALS}")

    @property
    def vocab_size(self) -> int:
        """Tokens in the vocabulary."""
        return self.processor.get_piece_size()

    def encode(self, text: str) -> list[int]:
        """Return the ids of one message's text."""
        return self.processor.encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids."""
        return self.processor.decode(list(ids))

    def prompt(self, messages: Sequence[Message], system: str = "") -> list[int]:
        """Return the ids of (user text, answer) pairs, up to where the last answer, if it is "", begins."""
        ids = [BOS, *([SYSTEM, *self.encode(system)] if system else [])]
        for user, answer in messages:
            ids += [USER, *self.encode(user), ASSISTANT]
            ids += [*self.encode(answer), EOS] if answer else []
        return ids

    def train_ids(self, talk: Talk) -> tuple[list[int], list[int]]:
        """Return a dialogue's ids and, for each, 1 where the model is to learn to say it."""
        ids = [BOS, *([SYSTEM, *self.encode(talk.system)] if talk.system else [])]
        learned = [0] * len(ids)
        for turn in talk.turns:
            user, answer = self.encode(turn.user), self.encode(turn.answer)
            ids += [USER, *user, ASSISTANT, *answer, EOS]
            learned += [0] * (len(user) + 2) + [1] * (len(answer) + 1)
        return ids, learned
