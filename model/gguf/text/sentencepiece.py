"""Sentencepiece vocabularies ("llama") of GGUF as the tokenizer.model that says the same.

The file is a protobuf message, written here field by field: a field is its number and wire type, then its
value. Source: sentencepiece_model.proto of the sentencepiece project.
"""

from __future__ import annotations

from model.gguf.text.vocabulary import BYTE, CONTROL, NORMAL, UNKNOWN, UNUSED, USER_DEFINED, Vocabulary, key

_SPACE = "\u2581"  # sentencepiece's spelling of a space
_BPE = 2  # TrainerSpec.ModelType
_VARINT, _BYTES, _FLOAT = 0, 2, 5
# Fields of ModelProto, of its pieces, of TrainerSpec and of NormalizerSpec.
_PIECES, _TRAINER, _NORMALIZER = 1, 2, 3
_TEXT, _SCORE, _KIND = 1, 2, 3
_MODEL_TYPE, _VOCAB_SIZE, _BYTE_FALLBACK = 3, 4, 35
_IDS = {"unknown": 40, "bos": 41, "eos": 42, "padding": 43}
_TEXTS = {"unknown": 45, "bos": 46, "eos": 47, "padding": 48}
_NAME, _ADD_DUMMY_PREFIX, _REMOVE_EXTRA_SPACES, _ESCAPE_SPACES = 1, 3, 4, 5
_NO_ID = (1 << 64) - 1  # -1, as protobuf writes it


def sentencepiece_model(vocabulary: Vocabulary) -> bytes:
    """Return the content of a tokenizer.model. Raises: CheckpointError where scores are missing."""
    kinds = _kinds(vocabulary)
    scores = vocabulary.metadata.numbers(key("scores"), len(kinds)).astype("<f4").tobytes()
    head, score_tag, kind_tag = _tag(_PIECES, _BYTES), _tag(_SCORE, _FLOAT), _tag(_KIND, _VARINT)
    parts: list[bytes] = []
    for at, (text, kind) in enumerate(zip(_texts(vocabulary), kinds, strict=True)):
        piece = _field(_TEXT, text) + score_tag + scores[4 * at : 4 * at + 4] + kind_tag + bytes([kind])
        parts += [head, _varint(len(piece)), piece]
    return b"".join(
        [*parts, _field(_TRAINER, _trainer(vocabulary, kinds)), _field(_NORMALIZER, _normalizer(vocabulary))]
    )


def adds_space(vocabulary: Vocabulary) -> bool:
    """Whether a text is read as if it began with a space."""
    return vocabulary.flag("add_space_prefix", True)


def added_tokens(vocabulary: Vocabulary) -> dict[str, dict[str, object]]:
    """Return what tokenizer_config.json lists as added tokens, by id.

    Sentencepiece reads control tokens in no text, which is why the model's markup is listed. Tokens of users
    (USER_DEFINED) it finds by itself; where texts get a leading space they are listed as well, because then
    the text behind one gets a space too.
    """
    unknown = vocabulary.token_id("unknown_token_id")
    listed = {i: True for i in vocabulary.of_kind(CONTROL) if i != unknown}
    if adds_space(vocabulary):
        listed |= dict.fromkeys(vocabulary.of_kind(USER_DEFINED), False)
    after = _strips_behind(vocabulary)
    return {
        str(token_id): {
            "content": vocabulary.tokens[token_id],
            "special": special,
            "lstrip": False,
            "rstrip": special and vocabulary.tokens[token_id] in after,
            "single_word": False,
            "normalized": False,
        }
        for token_id, special in sorted(listed.items())
    }


def _strips_behind(vocabulary: Vocabulary) -> set[str]:
    """Return the tokens that take the white space behind them: Phi-3's markup does, which no file says.

    Source: llama_vocab::impl::load of llama.cpp.
    """
    if vocabulary.metadata.fields.text("general.architecture", "") != "phi3":
        return set()
    return {vocabulary.tokens[i] for i in vocabulary.of_kind(CONTROL)} - {"<unk>", "<s>", "<|endoftext|>"}


def _texts(vocabulary: Vocabulary) -> list[bytes]:
    """Return the pieces. Converters write the spaces of users' tokens as such, sentencepiece as U+2581."""
    known, texts = set(vocabulary.tokens), list(vocabulary.tokens)
    for token_id in vocabulary.of_kind(USER_DEFINED):
        spelled = texts[token_id].replace(" ", _SPACE)
        if spelled not in known:
            texts[token_id] = spelled
    return [text.encode() for text in texts]


def _kinds(vocabulary: Vocabulary) -> list[int]:
    """Return the pieces' kinds as sentencepiece wants them: one for unknown text, all 256 bytes or none."""
    kinds = [kind if NORMAL <= kind <= BYTE else NORMAL for kind in vocabulary.kinds]
    unknown = _unknown(vocabulary)
    kinds = [UNUSED if kind == UNKNOWN else kind for kind in kinds]
    kinds[unknown] = UNKNOWN
    if kinds.count(BYTE) != 256:
        kinds = [NORMAL if kind == BYTE else kind for kind in kinds]
    return kinds


def _unknown(vocabulary: Vocabulary) -> int:
    named = vocabulary.token_id("unknown_token_id")
    return named if named is not None else next(iter(vocabulary.of_kind(UNKNOWN)), 0)


def _trainer(vocabulary: Vocabulary, kinds: list[int]) -> bytes:
    fields = [
        _number(_MODEL_TYPE, _BPE),
        _number(_VOCAB_SIZE, len(kinds)),
        _number(_BYTE_FALLBACK, int(BYTE in kinds)),
    ]
    for name in _IDS:
        token_id = _unknown(vocabulary) if name == "unknown" else vocabulary.token_id(f"{name}_token_id")
        fields.append(_number(_IDS[name], _NO_ID if token_id is None else token_id))
        if token_id is not None:
            fields.append(_field(_TEXTS[name], vocabulary.tokens[token_id].encode()))
    return b"".join(fields)


def _normalizer(vocabulary: Vocabulary) -> bytes:
    return (
        _field(_NAME, b"identity")
        + _number(_ADD_DUMMY_PREFIX, int(adds_space(vocabulary)))
        + _number(_REMOVE_EXTRA_SPACES, int(vocabulary.flag("remove_extra_whitespaces", False)))
        + _number(_ESCAPE_SPACES, 1)
    )


def _field(number: int, value: bytes) -> bytes:
    return _tag(number, _BYTES) + _varint(len(value)) + value


def _number(number: int, value: int) -> bytes:
    return _tag(number, _VARINT) + _varint(value)


def _tag(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
