"""How byte-level vocabularies cut a text into words before they merge: what `tokenizer.ggml.pre` names.

Source: `llm_tokenizer_bpe` of llama.cpp's llama-vocab.cpp for the names and what each stands for; the
patterns are those of the models' own files, which are named beside them.
"""

from __future__ import annotations

from model.text.byte_level import ENDINGS, LLAMA3, SPACES, PreTokenizer, cl100k

# `Encoder.pat` of src/encoder.py in OpenAI's repository gpt-2; a tokenizer.json calls it ByteLevel.
_GPT2 = rf"{ENDINGS}| ?\p{{L}}+| ?\p{{N}}+| ?[^\s\p{{L}}\p{{N}}]+|\s+(?!\S)|\s+"


def _by_case(digits: str, ending: str) -> str:
    """The pattern of OpenAI's o200k_base: words begin at capitals.

    Source: `o200k_base` of tiktoken_ext/openai_public.py in OpenAI's tiktoken; the tokenizer.json of
    Mistral-Nemo-Base-2407 (Tekken: digits one by one, and no endings).
    """
    upper, lower = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
    before = r"[^\r\n\p{L}\p{N}]?"
    return (
        rf"{before}{upper}*{lower}+{ending}|{before}{upper}+{lower}*{ending}|{digits}"
        rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{SPACES}"
    )


_QWEN2 = PreTokenizer((cl100k(r"\p{N}"),), normalizer="NFC")
# The tokenizer.json of SmolLM-135M and of starcoder2-3b: Digits, then ByteLevel.
_DIGITS = PreTokenizer((r"\p{N}", _GPT2))
# The tokenizer.json of DeepSeek-V3: three Splits, one after the other.
_CJK = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"
_PUNCTUATION = r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""
_DEEPSEEK3 = (
    rf"{_PUNCTUATION}[A-Za-z]+|[^\r\n\p{{L}}\p{{P}}\p{{S}}]?[\p{{L}}\p{{M}}]+| ?[\p{{P}}\p{{S}}]+[\r\n]*"
    rf"|{SPACES}"
)
# The tokenizer.json of deepseek-coder-6.7b-base, whose Splits are in the table below.
_DEEPSEEK_CODER_CJK = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"

_RULES: dict[PreTokenizer, tuple[str, ...]] = {
    LLAMA3: ("llama3", "llama-v3", "llama-bpe", "falcon3", "pixtral", "smaug-bpe", "dbrx"),
    PreTokenizer((cl100k(r"\p{N}{1,3}"),)): ("glm4", "chatglm-bpe"),
    _QWEN2: ("qwen2", "deepseek-r1-qwen", "megrez"),
    PreTokenizer((cl100k(r"\p{N}"),)): ("stablelm2",),
    _DIGITS: ("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"),
    PreTokenizer((_GPT2,)): ("gpt-2", "gpt2", "phi-2", "mpt", "olmo", "jais", "trillion"),
    PreTokenizer((_by_case(r"\p{N}", ""),), whole_words=True, adds_bos=True): ("tekken",),
    PreTokenizer((_by_case(r"\p{N}{1,3}", f"(?i:{ENDINGS})?"),)): ("gpt-4o", "llama4"),
    PreTokenizer(("[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", _DEEPSEEK_CODER_CJK, r"\p{N}")): ("deepseek-coder",),
    PreTokenizer((r"\p{N}{1,3}", _CJK, _DEEPSEEK3)): ("deepseek-v3",),
    # Where a file names no rule: LLAMA_VOCAB_PRE_TYPE_DEFAULT of llama.cpp's llama-vocab.cpp.
    PreTokenizer((r"[\p{P}\$\+<=>\^~\|]+", _GPT2, r"\p{N}+", "[0-9][0-9][0-9]")): ("default",),
}

PRE_TOKENIZERS: dict[str, PreTokenizer] = {name: rule for rule, names in _RULES.items() for name in names}
"""Every rule by the names that files give it."""
