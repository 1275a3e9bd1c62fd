"""How a model's authors want its answers sampled: generation_config.json, or what their model card says."""

from __future__ import annotations

from pathlib import Path

from kernelc.artifact import GenerationInfo, ModelInfo
from kernelc.errors import ConfigError
from model.json_fields import Fields, read_json_object

GENERATION_CONFIG = "generation_config.json"
_MAX_BYTES = 1 << 20
_SAYS_HOW = ("do_sample", "temperature", "top_k", "top_p", "min_p", "repetition_penalty")

# Models that are published without such settings and need them, by architecture, hidden size, layers and
# vocabulary. They hold for the chat models of these shapes; base models have no chat template.
_RECOMMENDED = {
    # The example of the cards of SmolLM2-135M-Instruct, -360M-Instruct and -1.7B-Instruct.
    ("llama", 576, 30, 49152): GenerationInfo(0.2, 0, 0.9, 0.0, 1.0),
    ("llama", 960, 32, 49152): GenerationInfo(0.2, 0, 0.9, 0.0, 1.0),
    ("llama", 2048, 24, 49152): GenerationInfo(0.2, 0, 0.9, 0.0, 1.0),
    # The example of the card of TinyLlama-1.1B-Chat-v1.0.
    ("llama", 2048, 22, 32000): GenerationInfo(0.7, 50, 0.95, 0.0, 1.0),
    # The example of the cards of Phi-3-mini-4k-instruct and Phi-3.5-mini-instruct.
    ("phi3", 3072, 32, 32064): GenerationInfo(0.0, 0, 1.0, 0.0, 1.0),
}


def generation_defaults(folder: Path, model: ModelInfo, *, chats: bool) -> GenerationInfo | None:
    """Return the sampling defaults of the model whose text files are in `folder`; None for none.

    `chats` says whether it has a chat template. Raises: ConfigError for a malformed generation_config.json.
    """
    shape = (model.architecture, model.hidden_size, model.layers, model.vocab_size)
    return read_generation_config(folder / GENERATION_CONFIG) or (_RECOMMENDED.get(shape) if chats else None)


def read_generation_config(file: Path) -> GenerationInfo | None:
    """Return the sampling settings of a generation_config.json, None where there is no file or it has none.

    What it leaves out changes nothing (temperature 1, top_p 1, top_k 0), but for `do_sample`: without it, and
    without any filter or temperature, transformers takes the likeliest token, and so does this (temperature
    0). A top_k of 0 or -1 keeps every token, and a top_p of 0 the likeliest one alone.
    Source: GenerationConfig in transformers; vLLM's SamplingParams for -1. Raises: ConfigError where a field
    is malformed.
    """
    if not file.is_file():
        return None
    fields = Fields(read_json_object(file, _MAX_BYTES, ConfigError), str(file), ConfigError)
    if fields.first(_SAYS_HOW) is None:
        return None
    draws = fields.flag("do_sample", fields.first(_SAYS_HOW[1:5]) is not None)
    top_p = fields.number("top_p", 0.0, 1.0, 1.0)
    temperature = fields.number("temperature", 0.0, 100.0, 1.0)
    return GenerationInfo(
        temperature=temperature if draws and top_p > 0 else 0.0,
        top_k=max(0, fields.integer("top_k", -1, (1 << 32) - 1, 0)),
        top_p=top_p or 1.0,
        min_p=fields.number("min_p", 0.0, 1.0, 0.0),
        repetition_penalty=fields.number("repetition_penalty", 1e-3, 100.0, 1.0),
    )
