"""Writes a GGUF file's tokenizer, template and sampling settings as the files of a Hugging Face folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from kernelc.errors import TokenizerError
from model.gguf.metadata import Metadata
from model.gguf.text import byte_level, sentencepiece
from model.gguf.text.vocabulary import Vocabulary, key
from model.json_fields import show

_TEMPLATE = "tokenizer.chat_template"
_SAMPLING = {
    "general.sampling.temp": "temperature",
    "general.sampling.top_k": "top_k",
    "general.sampling.top_p": "top_p",
    "general.sampling.min_p": "min_p",
    "general.sampling.penalty_repeat": "repetition_penalty",
}
_SPECIAL = {"bos_token": "bos_token_id", "eos_token": "eos_token_id", "unk_token": "unknown_token_id",
            "pad_token": "padding_token_id"}  # fmt: skip
_HELP = "take the model as a Hugging Face folder, or a file whose tokenizer is gpt2 or llama"


def write_text_files(vocabulary: Vocabulary, folder: Path) -> None:
    """Write tokenizer.json or tokenizer.model, tokenizer_config.json and generation_config.json.

    Raises: TokenizerError for an algorithm that kernelc does not have; CheckpointError for metadata that are
    missing or malformed.
    """
    metadata = vocabulary.metadata
    kind = metadata.fields.text(key("model"), "")
    if kind == "gpt2":
        _write(folder / "tokenizer.json", byte_level.tokenizer_json(vocabulary))
        bos, space = byte_level.adds_bos(vocabulary), vocabulary.flag("add_space_prefix", False)
        added: Mapping[str, object] = {}
    elif kind == "llama":
        (folder / "tokenizer.model").write_bytes(sentencepiece.sentencepiece_model(vocabulary))
        bos, space = vocabulary.flag("add_bos_token", True), sentencepiece.adds_space(vocabulary)
        added = sentencepiece.added_tokens(vocabulary)
    else:
        where = f"{metadata.where}: {key('model')}"
        raise TokenizerError(f"got {show(kind)}, wanted gpt2 or llama", where=where, help=_HELP)
    config = _tokenizer_config(vocabulary, added) | {"add_bos_token": bos, "add_prefix_space": space}
    _write(folder / "tokenizer_config.json", config)
    _write(folder / "generation_config.json", _generation_config(vocabulary))


def _tokenizer_config(vocabulary: Vocabulary, added: Mapping[str, object]) -> dict[str, object]:
    special = {name: vocabulary.special(place) for name, place in _SPECIAL.items()}
    config: dict[str, object] = {name: token for name, token in special.items() if token is not None}
    config |= {"added_tokens_decoder": added, "add_eos_token": vocabulary.flag("add_eos_token", False)}
    if vocabulary.metadata.has(_TEMPLATE):
        config["chat_template"] = vocabulary.metadata.fields.text(_TEMPLATE)
    return config


def _generation_config(vocabulary: Vocabulary) -> dict[str, object]:
    config: dict[str, object] = {"eos_token_id": vocabulary.stops()}
    for name in ("bos", "padding"):
        token_id = vocabulary.token_id(f"{name}_token_id")
        if token_id is not None:
            config["pad_token_id" if name == "padding" else "bos_token_id"] = token_id
    return config | _sampling(vocabulary.metadata)


def _sampling(metadata: Metadata) -> dict[str, object]:
    found: dict[str, object] = {}
    for place, name in _SAMPLING.items():
        if metadata.has(place):
            value = metadata.fields.number(place, 0.0, 1e6)
            found[name] = int(value) if name == "top_k" else value
    return found | {"do_sample": True} if found else found


def _write(file: Path, content: Mapping[str, object]) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
