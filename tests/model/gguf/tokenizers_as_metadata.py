"""Published tokenizers in the words of GGUF's metadata, as llama.cpp's converter writes them."""

from __future__ import annotations

import json
from pathlib import Path

import sentencepiece


def of_sentencepiece(file: Path) -> dict[str, object]:
    """The metadata of a tokenizer.model with the tokens <unk>, <s> and </s>."""
    processor = sentencepiece.SentencePieceProcessor(model_file=str(file))
    ids = range(processor.get_piece_size())
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": [processor.id_to_piece(i) for i in ids],
        "tokenizer.ggml.scores": [float(processor.get_score(i)) for i in ids],
        "tokenizer.ggml.token_type": [_kind(processor, i) for i in ids],
        "tokenizer.ggml.bos_token_id": processor.bos_id(),
        "tokenizer.ggml.eos_token_id": processor.eos_id(),
        "tokenizer.ggml.unknown_token_id": processor.unk_id(),
    }


def _kind(processor: sentencepiece.SentencePieceProcessor, token_id: int) -> int:
    tests = (processor.is_unknown, processor.is_control, processor.is_unused, processor.is_byte)
    return next((kind for test, kind in zip(tests, (2, 3, 5, 6), strict=True) if test(token_id)), 1)


def of_byte_level(file: Path, pre: str, bos: str, eos: str) -> dict[str, object]:
    """The metadata of a tokenizer.json of byte-level BPE."""
    content = json.loads(file.read_text())
    ids = dict(content["model"]["vocab"])
    added = {token["content"]: token["id"] for token in content["added_tokens"]}
    ids |= added
    tokens = sorted(ids, key=lambda token: ids[token])
    merges = content["model"]["merges"]
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": pre,
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3 if token in added else 1 for token in tokens],
        "tokenizer.ggml.merges": [each if isinstance(each, str) else " ".join(each) for each in merges],
        "tokenizer.ggml.bos_token_id": ids[bos],
        "tokenizer.ggml.eos_token_id": ids[eos],
    }
