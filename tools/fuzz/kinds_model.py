"""What a checkpoint says besides its weights: config, tokenizers, chat template."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import tokenizers

from kernelc.errors import ConfigError, KernelcError
from model.families.registry import model_of
from model.json_fields import parse_json_object
from model.text.chat_template import load_chat_template
from model.text.tokenizer import Tokenizer, load_tokenizer
from tests.model.families.recorded import recorded
from tests.web.text_models import write_json, write_sentencepiece
from tests.web.text_templates import SOURCES
from tools.fuzz.kinds import Kind, WrongResult

DEMO = Path(__file__).parents[2] / "model" / "demo"
TEXTS = (
    "",
    "a",
    "Once upon a time <s>, 12345!\n\n漢字 🚀 é",
    "a" * 48 + "!",
    " \t\u00a0" * 20,
    "<|im_start|>",
)
MESSAGES = [{"role": "system", "content": "s"}, {"role": "user", "content": "hello"}]


def config(data: bytes, folder: Path) -> None:
    """Read a config.json; describe its weights."""
    model = model_of(parse_json_object(data, "config.json", ConfigError), "config.json")
    for weight in model.weights().values():
        if not all(isinstance(size, int) and size >= 1 for size in weight.shape):
            raise WrongResult(f"a weight of shape {weight.shape}")


def configs(folder: Path) -> Sequence[bytes]:
    """The demo's config, and one for each family as the tests of families have them."""
    models = recorded().values()
    return [(DEMO / "config.json").read_bytes(), *(json.dumps(each["config"]).encode() for each in models)]


def use(tokenizer: Tokenizer) -> None:
    """Encode and decode."""
    for text in TEXTS:
        for special in (False, True):
            try:
                ids = tokenizer.encode(text, parse_special=special)
            except KernelcError:
                continue
            if any(not 0 <= token < tokenizer.vocab_size for token in ids):
                raise WrongResult(f"ids {ids} for {text!r} of a vocabulary of {tokenizer.vocab_size}")
            tokenizer.decode(ids)
    for token in range(min(tokenizer.vocab_size, 400)):
        tokenizer.piece(token)


def tokenizer_json(data: bytes, folder: Path) -> None:
    """Load a tokenizer.json and use it."""
    (folder / "tokenizer.json").write_bytes(data)
    tokenizer = load_tokenizer(folder, vocab_size=1 << 17)
    use(tokenizer)


def tokenizer_config(data: bytes, folder: Path) -> None:
    """Load the demo's vocabulary with another tokenizer_config.json."""
    shutil.copyfile(DEMO / "tokenizer.model", folder / "tokenizer.model")
    (folder / "tokenizer_config.json").write_bytes(data)
    use(load_tokenizer(folder, vocab_size=2048))
    load_chat_template(folder).check()


def tokenizer_model(data: bytes, folder: Path) -> None:
    """Load a sentencepiece model."""
    (folder / "tokenizer.model").write_bytes(data)
    use(load_tokenizer(folder, vocab_size=1 << 17))


def template(data: bytes, folder: Path) -> None:
    """Render a conversation."""
    (folder / "chat_template.jinja").write_bytes(data)
    found = load_chat_template(folder, bos_token="<s>", eos_token="</s>")
    found.render(MESSAGES, add_generation_prompt=True)


def _files(folder: Path, name: str, write: Any) -> list[bytes]:
    return [(each / name).read_bytes() for each in write(folder) if (each / name).is_file()]


@cache
def _panicking() -> bytes:
    """A pre-tokenizer whose pattern takes for ever: the package tokenizers panics."""
    tokenizer: Any = tokenizers.Tokenizer(tokenizers.models.BPE({"a": 0, "!": 1}, []))
    split = tokenizers.pre_tokenizers.Split(tokenizers.Regex("(a+)+$"), "isolated")
    tokenizer.pre_tokenizer = split
    return str(tokenizer.to_str()).encode()


KINDS = (
    Kind("config", configs, config),
    Kind(
        "tokenizer_json", lambda f: [*_files(f, "tokenizer.json", write_json), _panicking()], tokenizer_json
    ),
    Kind("tokenizer_config", lambda f: [(DEMO / "tokenizer_config.json").read_bytes()], tokenizer_config),
    Kind("tokenizer_model", lambda f: _files(f, "tokenizer.model", write_sentencepiece), tokenizer_model),
    Kind("template", lambda f: [each.encode() for each in SOURCES], template),
)
