"""Train the tokenizer on generated dialogues: sentencepiece BPE with byte fallback.

    python -m tools.demo_model.tokenizer --out build/demo

Digits are tokens of their own, so that numbers are read digit by digit; nothing is normalised, so that every
runtime cuts text alike.
"""

from __future__ import annotations

import argparse
import io
import string
from collections.abc import Iterator
from pathlib import Path

import sentencepiece

from tools.demo_model.chat import SPECIALS
from tools.demo_model.dialogues import make_dialogue

VOCAB_SIZE = 2048
DIALOGUES = 40_000
_SEED = "tokenizer"


def texts(count: int) -> Iterator[str]:
    """Yield the lines of `count` training dialogues, both sides of each."""
    for number in range(count):
        talk = make_dialogue(f"{_SEED} {number}")
        for turn in talk.turns:
            yield turn.user
            yield from turn.answer.split("\n")


def train(out: Path, dialogues: int = DIALOGUES, vocab_size: int = VOCAB_SIZE) -> Path:
    """Write tokenizer.model into `out` and return its path."""
    out.mkdir(parents=True, exist_ok=True)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=texts(dialogues),
        model_writer=model,
        model_type="bpe",
        vocab_size=vocab_size,
        byte_fallback=True,
        character_coverage=1.0,
        required_chars=string.ascii_letters + string.digits + string.punctuation + "\u00d7",
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=True,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
        control_symbols=list(SPECIALS),
        num_threads=2,
        minloglevel=2,
    )
    path = out / "tokenizer.model"
    path.write_bytes(model.getvalue())
    return path


def main() -> None:
    """Train and write the tokenizer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/demo"))
    parser.add_argument("--dialogues", type=int, default=DIALOGUES)
    args = parser.parse_args()
    print(train(args.out, args.dialogues))


if __name__ == "__main__":
    main()
