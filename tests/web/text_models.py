"""Small tokenizers of every kind that the page reads, made by the packages that define them."""
# ruff: noqa: RUF001 - full-width letters are what a normaliser is for

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import sentencepiece
import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

SENTENCES = [
    "once upon a time there was a little girl",
    "she went to the park and saw a big red ball, twice!",
    "Ｆｕｌｌ ｗｉｄｔｈ ﬁne  Straße café ① ½ Å ｱ",
    "it's 12345 times 2 == 24690 (or so): don't ask",
    "漢字かな 한국어 🚀🚀 ▁ ok",
    "def f(x):\n    return x + 1\n",
    "<fold> and <tool> 'S I'VE",
] * 6

_MODEL = {
    "vocab_size": 420,
    "hard_vocab_limit": False,
    "character_coverage": 1.0,
    "minloglevel": 2,
    "num_threads": 1,
}

SENTENCEPIECE: dict[str, Mapping[str, object]] = {
    "bpe identity bytes": {
        "model_type": "bpe",
        "byte_fallback": True,
        "normalization_rule_name": "identity",
        "remove_extra_whitespaces": False,
        "user_defined_symbols": ["<fold>", "  ", "▁▁▁", "<fold><fold>"],
    },
    "bpe nfkc": {
        "model_type": "bpe",
        "normalization_rule_name": "nmt_nfkc",
        "byte_fallback": True,
        "vocab_size": 500,
    },
    "bpe nfkc_cf no bytes": {"model_type": "bpe", "normalization_rule_name": "nmt_nfkc_cf"},
    "bpe suffix": {"model_type": "bpe", "treat_whitespace_as_suffix": True},
    "bpe no prefix": {
        "model_type": "bpe",
        "add_dummy_prefix": False,
        "byte_fallback": True,
        "vocab_size": 500,
    },
    "unigram": {
        "model_type": "unigram",
        "user_defined_symbols": ["<fold>", "little girl"],
        "control_symbols": ["<ctl>"],
    },
    "unigram bytes": {
        "model_type": "unigram",
        "byte_fallback": True,
        "vocab_size": 500,
        "remove_extra_whitespaces": False,
    },
    "char": {"model_type": "char", "user_defined_symbols": ["<fold>"]},
    "other names": {"model_type": "bpe", "bos_piece": "[B]", "eos_piece": "[E]", "bos_id": 2, "eos_id": 1},
    "unused bpe": {"model_type": "bpe", "byte_fallback": True, "vocab_size": 500},
    "unused unigram": {"model_type": "unigram"},
    "no ends": {"model_type": "bpe", "bos_id": -1, "eos_id": -1},
}

_TOKEN = {"special": True}
CONFIGS: dict[str, Mapping[str, object]] = {
    "": {},
    "modern": {"legacy": False},
    "bare": {"legacy": False, "add_prefix_space": False, "add_bos_token": False},
    "added": {
        "added_tokens_decoder": {
            "600": {"content": "<|user|>", **_TOKEN},
            "601": {"content": "</s><s>", "rstrip": True, **_TOKEN},
            "602": {"content": "<|eot_id|>", "lstrip": True, **_TOKEN},
            "603": {"content": "Hello", "special": False, "single_word": True},
            "604": {"content": "234", "special": False},
        },
        "eos_token": "<|eot_id|>",
    },
}


def _varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def without_some(model: bytes, every: int) -> bytes:
    """Return a model that has each so many-th of its normal pieces marked as unused.

    Pieces are field 1 of a ModelProto, a piece's type its field 3; later values of a field count.
    """
    at, count, made = 0, 0, b""
    while at < len(model):
        assert model[at] & 7 == 2, "a field that is not length-delimited"
        length, shift, start = 0, 0, at + 1
        while True:
            length |= (model[start] & 0x7F) << shift
            start, shift = start + 1, shift + 7
            if model[start - 1] < 0x80:
                break
        body = model[start : start + length]
        if model[at] == 0x0A and b"\x18" not in body[-2:-1]:  # a normal piece: without a type
            count += 1
            body += b"\x18\x05" if count % every == 0 else b""
        made += bytes([model[at]]) + _varint(len(body)) + body
        at = start + length
    return made


def write_sentencepiece(folder: Path) -> list[Path]:
    """Write a folder for each sentencepiece model, the first with each of the configurations."""
    made: list[Path] = []
    for name, options in SENTENCEPIECE.items():
        written = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(  # pyright: ignore[reportAttributeAccessIssue]
            sentence_iterator=iter(SENTENCES), model_writer=written, **{**_MODEL, **options}
        )
        model = without_some(written.getvalue(), 3) if name.startswith("unused") else written.getvalue()
        configs = CONFIGS if not made else {"": CONFIGS[""]}
        made += [
            _write(folder / f"{name} {config}".strip(), "tokenizer.model", model, configs[config])
            for config in configs
        ]
    return made


def _write(folder: Path, name: str, data: bytes, config: Mapping[str, object]) -> Path:
    folder.mkdir()
    (folder / name).write_bytes(data)
    if config:
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


SPM_DECODER = decoders.Sequence(
    [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
)
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_AFTER = r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_SHORT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_BEFORE = r"[^\r\n\p{L}\p{N}]?"
TEKKEN = rf"{_BEFORE}{_UPPER}*{_LOWER}+|{_BEFORE}{_UPPER}+{_LOWER}*|{_AFTER}"
O200K = rf"{_BEFORE}{_UPPER}*{_LOWER}+{_SHORT}|{_BEFORE}{_UPPER}+{_LOWER}*{_SHORT}|{_AFTER}"
# The splits of DeepSeek's tokenizers, in short.
DEEPSEEK = [
    r"[\r\n]",
    r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿΆΈ-ΊΌΎ-ΡΣ-ϵЀ-ҁ]+",
    r"\s?[!-/:-~！-／：-～‘-‟　-。]+",
    r"\s+$",
    r"[一-龥ࠀ-一가-퟿]+",
]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def _split(pattern: str, behavior: str) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Split(tokenizers.Regex(pattern), behavior)


def _pipelines() -> dict[str, tuple[models.Model, object, object, object]]:
    """Return by name: model, normaliser, pre-tokenizer, decoder."""
    byte_level = decoders.ByteLevel()
    space = decoders.Metaspace("▁", "always")
    lower = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), normalizers.Strip()])
    squeezed = normalizers.Replace(tokenizers.Regex(r" {2,}"), " ")
    digits = pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.Punctuation()])
    grouped = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Digits(False),
            pre_tokenizers.Punctuation("contiguous"),
        ]
    )
    llama3 = pre_tokenizers.Sequence(
        [_split(LLAMA3, "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )
    fallback = models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    bytes_after = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    byte_regex = pre_tokenizers.ByteLevel(add_prefix_space=False)
    spaces = normalizers.Replace(" ", "▁")
    spaces_back = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])

    def after(*splits: pre_tokenizers.PreTokenizer) -> pre_tokenizers.PreTokenizer:
        return pre_tokenizers.Sequence([*splits, bytes_after])

    families = {
        # SmolLM2, Starcoder2 and Cohere: single digits, then GPT-2's own pattern
        "smollm": (
            models.BPE(),
            None,
            pre_tokenizers.Sequence([pre_tokenizers.Digits(True), byte_regex]),
            byte_level,
        ),
        "cohere": (
            models.BPE(),
            normalizers.NFC(),
            pre_tokenizers.Sequence([pre_tokenizers.Digits(True), byte_regex]),
            byte_level,
        ),
        "qwen2": (models.BPE(), normalizers.NFC(), after(_split(QWEN2, "isolated")), byte_level),
        "tekken": (models.BPE(ignore_merges=True), None, after(_split(TEKKEN, "isolated")), byte_level),
        "o200k": (
            models.BPE(),
            None,
            after(pre_tokenizers.Split(tokenizers.Regex(O200K), "removed", True)),
            byte_level,
        ),
        "deepseek": (
            models.BPE(),
            normalizers.Sequence([]),
            after(*(_split(each, "isolated") for each in DEEPSEEK), pre_tokenizers.Digits(True)),
            byte_level,
        ),
        "gemma": (fallback, spaces, _split(" ", "merged_with_previous"), spaces_back),
        "mistral": (fallback, None, pre_tokenizers.Metaspace("▁", "first", split=False), SPM_DECODER),
    }
    return families | {
        "gpt2": (models.BPE(), None, pre_tokenizers.ByteLevel(add_prefix_space=True), byte_level),
        "gpt2 bare": (
            models.BPE(),
            normalizers.NFC(),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
            byte_level,
        ),
        "llama3": (models.BPE(ignore_merges=True), None, llama3, byte_level),
        "spm": (
            fallback,
            normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]),
            None,
            SPM_DECODER,
        ),
        "unknown": (models.BPE(unk_token="<unk>"), lower, digits, space),
        "fused": (models.BPE(unk_token="<unk>", fuse_unk=True), squeezed, grouped, space),
        "none": (models.BPE(), normalizers.StripAccents(), _split(" ", "merged_with_previous"), space),
        "next": (
            models.BPE(unk_token="<unk>"),
            normalizers.NFD(),
            _split("[0-9]", "merged_with_next"),
            space,
        ),
        "metaspace": (models.BPE(unk_token="<unk>"), None, pre_tokenizers.Metaspace("▁", "always"), space),
        "metaspace first": (models.Unigram(), None, pre_tokenizers.Metaspace("▁", "first"), space),
        "metaspace never": (
            models.Unigram(),
            None,
            pre_tokenizers.Metaspace("▁", "never", split=False),
            decoders.Metaspace("▁", "never"),
        ),
    }


JSON_CONFIG = {"bos_token": "<s>", "eos_token": "<|eot_id|>"}


def write_json(folder: Path) -> list[Path]:
    """Write a folder for each tokenizer.json."""
    return [
        _write(folder / f"json {name}", "tokenizer.json", _json(name, parts).encode(), JSON_CONFIG)
        for name, parts in _pipelines().items()
    ]


def _json(name: str, parts: tuple[models.Model, object, object, object]) -> str:
    tokenizer = tokenizers.Tokenizer(parts[0])
    normalizer, pre_tokenizer, decoder = parts[1:]
    for attribute, part in (
        ("normalizer", normalizer),
        ("pre_tokenizer", pre_tokenizer),
        ("decoder", decoder),
    ):
        if part is not None:
            setattr(tokenizer, attribute, part)
    special = ["<unk>", "<s>", "</s>"]
    if "metaspace " in name:
        trainer = trainers.UnigramTrainer(
            vocab_size=300, special_tokens=special, unk_token="<unk>", show_progress=False
        )
    else:
        first = [*special, *BYTES] if name in ("spm", "gemma", "mistral") else special
        alphabet = pre_tokenizers.ByteLevel.alphabet() if isinstance(decoder, decoders.ByteLevel) else []
        trainer = trainers.BpeTrainer(
            vocab_size=600,
            special_tokens=first,
            initial_alphabet=alphabet,
            show_progress=False,
            limit_alphabet=80,
        )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    for token in ADDED:
        (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])
    return tokenizer.to_str()


ADDED = [
    tokenizers.AddedToken("<|user|>", special=True, rstrip=True, normalized=False),
    tokenizers.AddedToken("<|eot_id|>", special=True, lstrip=True, normalized=True),
    tokenizers.AddedToken("Hello", single_word=True, normalized=True),
    tokenizers.AddedToken("def f", lstrip=True, normalized=True),
    tokenizers.AddedToken("-", rstrip=True, normalized=False),
    tokenizers.AddedToken("—", lstrip=True, single_word=True, normalized=False),
]
