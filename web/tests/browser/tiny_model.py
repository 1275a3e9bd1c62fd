"""A model made for tests: a small Llama checkpoint with random weights and a tokenizer of English words.

What real models say is theirs to choose; what this one says has, by construction, the properties that tests
rely on, whichever words come out:

  - Answers never end by themselves and consist of whole words. hidden[0] is the same positive number for
    every token, and no layer adds to it; the output row of a token that must not be said is -SUPPRESSION at 0
    and zero elsewhere, so its logit is far below all others.
  - Answers vary. The words form one long cycle, and the output row of each is the embedding of the one
    before: the next word of the cycle is likely, but what the layers add can make another one likelier.

tiny_reference.py says what the model computes, and checks the rest.
"""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import sentencepiece
from safetensors.numpy import save

F32 = npt.NDArray[np.float32]

SEED = 3
VOCABULARY, WIDTH, INNER, LAYERS, HEADS, KV_HEADS, CONTEXT = 512, 64, 160, 2, 4, 2, 512
EPSILON, THETA = 1e-5, 10000.0
BOS, EOS = 1, 2
ROLES = ("<|system|>", "<|user|>", "<|assistant|>")

CONSTANT = 4.0  # hidden[0]
SUPPRESSION = 64.0
OUTPUT_GAIN = 0.2  # an answer is neither nearly certain nor nearly uniform
CONTEXT_GAIN = 1.5  # of what attention adds: the likeliest word depends on more than the last one

SENTENCES = (
    "once upon a time there was a little owl who lived near the green sea",
    "every morning she flew over seven hills and asked the old wind where it came from",
    "my name is what you call me and your friend may tell another story about winter",
    "under a bridge of stone four quiet fishes counted silver coins until evening",
    "hello again said one traveller whose lantern showed both rivers and their islands",
    "nobody knew why clouds carried letters across mountains before breakfast",
)

TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] | trim }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def config() -> dict[str, Any]:
    """Return config.json."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": VOCABULARY,
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "max_position_embeddings": CONTEXT,
        "rope_theta": THETA,
        "rms_norm_eps": EPSILON,
        "hidden_act": "silu",
        "tie_word_embeddings": False,
        "bos_token_id": BOS,
        "eos_token_id": EOS,
    }


def tokenizer_model() -> bytes:
    """Return tokenizer.model: the words of SENTENCES, with byte fallback for every other text."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 20),
        model_writer=model,
        model_type="bpe",
        vocab_size=VOCABULARY,
        byte_fallback=True,
        character_coverage=1.0,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        unk_id=0,
        bos_id=BOS,
        eos_id=EOS,
        pad_id=-1,
        control_symbols=list(ROLES),
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


def tokenizer_config() -> dict[str, Any]:
    """Return tokenizer_config.json."""
    flags = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
    contents = ("<unk>", "<s>", "</s>", *ROLES)
    return {
        "tokenizer_class": "LlamaTokenizer",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "additional_special_tokens": list(ROLES),
        "added_tokens_decoder": {str(i): {"content": text, **flags} for i, text in enumerate(contents)},
        "add_bos_token": True,
        "add_eos_token": False,
        "legacy": True,
        "chat_template": TEMPLATE,
    }


def sayable(model: bytes) -> npt.NDArray[np.bool_]:
    """Return, for each token, whether it may be said: the beginnings of words, of at least two letters."""
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    pieces = (processor.id_to_piece(i) for i in range(VOCABULARY))
    return np.array([re.fullmatch("\u2581[a-z]{2,}", piece) is not None for piece in pieces])


def weights(said: npt.NDArray[np.bool_]) -> dict[str, F32]:
    """Return the tensors under their names in a Llama checkpoint, matrices as [outputs, inputs]."""
    rng = np.random.default_rng(SEED)

    def matrix(rows: int, columns: int, gain: float = 1.0) -> F32:
        return (rng.standard_normal((rows, columns)) * gain / np.sqrt(columns)).astype(np.float32)

    head_width = WIDTH // HEADS
    found = {"model.embed_tokens.weight": matrix(VOCABULARY, WIDTH, gain=np.sqrt(WIDTH))}
    found["model.embed_tokens.weight"][:, 0] = CONSTANT
    for layer in range(LAYERS):
        added = {
            "self_attn.q_proj": matrix(WIDTH, WIDTH),
            "self_attn.k_proj": matrix(KV_HEADS * head_width, WIDTH),
            "self_attn.v_proj": matrix(KV_HEADS * head_width, WIDTH),
            "self_attn.o_proj": matrix(WIDTH, WIDTH, gain=CONTEXT_GAIN),
            "mlp.gate_proj": matrix(INNER, WIDTH),
            "mlp.up_proj": matrix(INNER, WIDTH),
            "mlp.down_proj": matrix(WIDTH, INNER),
        }
        for name in ("self_attn.o_proj", "mlp.down_proj"):
            added[name][0] = 0.0  # what adds to hidden[0]
        for name in ("input_layernorm", "post_attention_layernorm"):
            added[name] = rng.uniform(0.8, 1.2, WIDTH).astype(np.float32)
        found |= {f"model.layers.{layer}.{name}.weight": tensor for name, tensor in added.items()}
    found["model.norm.weight"] = np.ones(WIDTH, np.float32)
    words = rng.permutation(np.flatnonzero(said))
    output = np.zeros((VOCABULARY, WIDTH), np.float32)
    output[np.roll(words, -1)] = OUTPUT_GAIN * found["model.embed_tokens.weight"][words]
    output[:, 0] = np.where(said, 0.0, -SUPPRESSION)
    return found | {"lm_head.weight": output}


def write(folder: Path) -> dict[str, F32]:
    """Write the model folder and return its weights. Files that hold the same already are left alone."""
    tokenizer = tokenizer_model()
    tensors = weights(sayable(tokenizer))
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in (
        ("config.json", json.dumps(config(), indent=2).encode()),
        ("tokenizer_config.json", json.dumps(tokenizer_config(), indent=2).encode()),
        ("tokenizer.model", tokenizer),
        ("model.safetensors", save(tensors, metadata={"format": "pt"})),
    ):
        path = folder / name
        if not path.is_file() or path.read_bytes() != data:  # the cache of built artifacts goes by times
            path.write_bytes(data)
    return tensors
