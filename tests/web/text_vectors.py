"""What the Python runtime gives for texts, ids, templates and prompts: the page must give the same.

`python -m tests.web.text_vectors OUT` writes the vectors of the demo model, which are committed; the tests
make random ones of every tokenizer there is.
"""
# ruff: noqa: RUF001 - letters that look like others are what is tried

from __future__ import annotations

import json
import random
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

from kernelc.errors import TemplateError, TokenizerError
from kernelc.session import Coder
from model.text.chat_template import ChatTemplate, load_chat_template
from model.text.detokenize import decode
from model.text.tokenizer import Tokenizer, load_tokenizer, tokenizer_files
from runtime.chat.prompt import PromptEncoder
from tests.web.text_templates import template_vectors

REPO = Path(__file__).resolve().parents[2]
DEMO = REPO / "model" / "demo"

WORDS = [
    "<s>",
    "</s>",
    "<unk>",
    "<|user|>",
    "<|assistant|>",
    "<|eot_id|>",
    "<|begin_of_text|>",
    "[INST]",
    "▁",
    "▁▁",
    " ",
    "  ",
    "\n",
    "\n\n",
    "\t",
    "\r\n",
    "\0",
    "\x1c",
    "\x85",
    "\xa0",
    "\u200b",
    "\u2028",
    "\u3000",
    "\ufeff",
    "\ufffd",
    "Hello",
    " world",
    "hello",
    "Once upon a time",
    " a",
    "A",
    "'s",
    "'S",
    "'ſ",
    "'ll",
    "don't",
    "I'VE",
    "1",
    "234",
    "12345",
    "٣",
    "½",
    "é",
    "e\u0301",
    "ß",
    "İ",
    "Σας",
    "字",
    "漢字",
    "ក",
    "한국어",
    "ﬁ",
    "Å",
    "ｱ",
    "🚀",
    "👩‍👩‍👧",
    "🦙",
    "🇩🇪",
    ".",
    ",",
    "!",
    "?",
    " .",
    "...",
    "-",
    "—",
    "(",
    ")",
    "def f(x):",
    "    return",
    "{}",
    "==",
    "\\",
    '"',
    "<0x0A>",
    "_",
]
QUIET = range(0x20, 0x2FFF)  # what a random character is drawn from most of the time


def texts(count: int, seed: int) -> Iterator[str]:
    """Yield random texts of words that matter to tokenizers and of any characters, "" first."""
    rng = random.Random(seed)
    yield ""
    yield from WORDS
    for _ in range(count):
        yield "".join(_piece(rng) for _ in range(rng.randint(1, 14)))


def _piece(rng: random.Random) -> str:
    if rng.random() < 0.75:
        return rng.choice(WORDS)
    char = chr(rng.choice(QUIET) if rng.random() < 0.8 else rng.randrange(0x110000))
    return char if _is_settled(char) else ""


def _is_settled(char: str) -> bool:
    """Whether every release of Unicode agrees on a character: packages and browsers follow different ones."""
    category = unicodedata.category(char)
    return category not in ("Cs", "Cn") and category == unicodedata.ucd_3_2_0.category(char)


def tokenizer_vectors(folder: Path, count: int, seed: int) -> dict[str, object]:
    """Return what a model folder's tokenizer declares, and the ids and texts of random texts and ids."""
    tokenizer = load_tokenizer(folder)
    names = tokenizer_files(folder)
    return {
        "folder": str(folder.relative_to(REPO)) if folder.is_relative_to(REPO) else str(folder),
        "kind": tokenizer.kind,
        "file": names[0],
        "files": list(names),
        "facts": _facts(tokenizer),
        "encode": [_encoded(tokenizer, text) for text in texts(count, seed)],
        "decode": [_decoded(tokenizer, ids) for ids in _id_lists(tokenizer, count, seed)],
    }


def _facts(tokenizer: Tokenizer) -> dict[str, object]:
    return {
        "vocabSize": tokenizer.vocab_size,
        "bosId": tokenizer.bos_id,
        "eosId": tokenizer.eos_id,
        "promptPrefix": list(tokenizer.prompt_prefix),
        "leadingSpace": tokenizer.leading_space.value,
        "specialIds": dict(tokenizer.special_tokens),
    }


def _encoded(tokenizer: Tokenizer, text: str) -> dict[str, object]:
    """Return the ids of a text as text and as markup."""
    return {"text": text, "plain": _ids(tokenizer, text, False), "special": _ids(tokenizer, text, True)}


def _ids(tokenizer: Tokenizer, text: str, parse_special: bool) -> list[int] | None:
    try:
        return tokenizer.encode(text, parse_special=parse_special)
    except TokenizerError:
        return None


def _id_lists(tokenizer: Tokenizer, count: int, seed: int) -> Iterator[list[int]]:
    rng = random.Random(seed + 1)
    common = min(tokenizer.vocab_size, 300)  # where byte pieces are
    for _ in range(count):
        yield [
            rng.randrange(rng.choice([common, tokenizer.vocab_size + 2])) for _ in range(rng.randint(0, 12))
        ]


def _decoded(tokenizer: Tokenizer, ids: list[int]) -> dict[str, object]:
    return {"ids": ids, "text": tokenizer.decode(ids), "continued": decode(tokenizer, ids, continued=True)}


def conversations(count: int, seed: int) -> Iterator[list[dict[str, str]]]:
    """Yield random conversations: a system prompt or none, and turns up to a question."""
    rng = random.Random(seed)
    said = [text for text in texts(count, seed) if text.strip()]
    for _ in range(count):
        system = [{"role": "system", "content": rng.choice(said)}] if rng.random() < 0.4 else []
        roles = ["user", "assistant"] * rng.randint(0, 3) + ["user"]
        yield [*system, *({"role": role, "content": rng.choice(said)} for role in roles)]


def prompt_vectors(
    tokenizer: Tokenizer, template: ChatTemplate, count: int, seed: int
) -> list[dict[str, object]]:
    """Return random conversations with their prompts as text and as ids, one after the other."""
    return [_prompt(tokenizer, template, messages) for messages in conversations(count, seed)]


def _prompt(
    tokenizer: Tokenizer, template: ChatTemplate, messages: list[dict[str, str]]
) -> dict[str, object]:
    try:
        text, ids = PromptEncoder(Coder(tokenizer), template).encode(messages)
    except TemplateError:
        return {"messages": messages, "refused": True}
    return {"messages": messages, "rendered": template.render(messages), "text": text, "ids": ids}


def talk(tokenizer: Tokenizer, template: ChatTemplate, seed: int) -> list[dict[str, object]]:
    """Return a conversation's prompts, each after answers that were remembered as they were generated.

    The answers are random ids, which encoding their text would not give.
    """
    rng = random.Random(seed)
    encoder = PromptEncoder(Coder(tokenizer), template)
    said = [text for text in texts(20, seed) if text.strip()]
    messages: list[dict[str, str]] = []
    steps: list[dict[str, object]] = []
    for _ in range(4):
        messages = [*messages, {"role": "user", "content": rng.choice(said)}]
        text, ids = encoder.encode(messages)
        answer = [rng.randrange(tokenizer.vocab_size) for _ in range(rng.randint(1, 8))]
        steps.append({"messages": messages, "text": text, "ids": ids, "answer": answer})
        encoder.remember(text, ids, answer)
        shown = decode(tokenizer, answer, continued=rng.random() < 0.3)
        messages = [*messages, {"role": "assistant", "content": shown}]
    return steps


def demo_vectors() -> dict[str, object]:
    """Return the vectors of the model that comes with the repository."""
    template = load_chat_template(DEMO)
    return {
        "tokenizers": [tokenizer_vectors(DEMO, 120, 1)],
        "prompts": [prompt_set(DEMO, template, 30, 2)],
        "templates": template_vectors(),
    }


def prompt_set(folder: Path, template: ChatTemplate, count: int, seed: int) -> Mapping[str, object]:
    """Return prompts of a tokenizer and a template, with what the page needs to make them itself."""
    tokenizer = load_tokenizer(folder)
    names = tokenizer_files(folder)
    return {
        "folder": str(folder.relative_to(REPO)) if folder.is_relative_to(REPO) else str(folder),
        "kind": tokenizer.kind,
        "file": names[0],
        "files": list(names),
        "template": {"source": template.source, "bos": template.bos_token, "eos": template.eos_token},
        "cases": prompt_vectors(tokenizer, template, count, seed),
        "talks": [talk(tokenizer, template, seed + at) for at in range(1 + count // 6)],
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(demo_vectors(), ensure_ascii=True, indent=None) + "\n")
