"""How GGUF's architectures name tensors and settings, and what Hugging Face calls them: a row for each.

To add one, add a row to `ARCHITECTURES`; its family (model/families) computes it.

Source: MODEL_TENSORS and TensorNameMap of gguf-py and the classes of convert_hf_to_gguf.py in llama.cpp,
which say what is changed on the way: rows of q and k permuted, 1 added to the gains of norms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from model.gguf.settings import Settings


@dataclass(frozen=True)
class Architecture:
    """One architecture of GGUF.

    `model_type` and `model_class` are the family's names in a config.json. `layer` maps the middle of a
    layer's tensor names ("attn_q" of blk.0.attn_q.weight) to the family's ("self_attn.q_proj").
    """

    model_type: str
    model_class: str
    layer: Mapping[str, str]
    settings: Callable[[Settings], dict[str, object]]
    """The fields of a config.json beyond those that all architectures share."""
    permuted: bool = False
    """Whether the rows of q and k within a head are stored as pairs that rotate together."""
    norm_shift: float = 0.0
    """What the file's gains of norms have more than the checkpoint's."""
    model: Mapping[str, str] = field(default_factory=lambda: _MODEL)
    """The tensors outside of the layers."""

    def name_of(self, stored: str) -> str:
        """Return the family's name of a tensor; what the family does not know keeps its own."""
        stem, dot, kind = stored.rpartition(".")
        if not stem.startswith("blk."):
            return f"{self.model[stem]}.{kind}" if stem in self.model else stored
        _, number, middle = stem.split(".", 2) if stem.count(".") > 1 else ("", "", stem)
        if middle not in self.layer or not number.isdecimal():
            return stored
        return f"model.layers.{int(number)}.{self.layer[middle]}{dot}{kind}"


_MODEL = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}

_LLAMA = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_HEAD_NORMS = {"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}
_SANDWICH = _LLAMA | {
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}
_AFTER = _HEAD_NORMS | {
    **_LLAMA,
    "post_attention_norm": "post_attention_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}
_PHI3 = _LLAMA | {"attn_qkv": "self_attn.qkv_proj", "ffn_up": "mlp.gate_up_proj"}
_STARCODER2 = _LLAMA | {"ffn_up": "mlp.c_fc", "ffn_down": "mlp.c_proj"}
_GLM4 = _LLAMA | {
    "post_attention_norm": "post_self_attn_layernorm",
    "post_ffw_norm": "post_mlp_layernorm",
    "ffn_up": "mlp.gate_up_proj",
}


def _llama(s: Settings) -> dict[str, object]:
    return {"attention_bias": s.has_bias("attn_q"), "mlp_bias": s.has_bias("ffn_up")}


def _qwen2(s: Settings) -> dict[str, object]:
    return {"use_sliding_window": False}


def _qwen3(s: Settings) -> dict[str, object]:
    return {"attention_bias": s.has_bias("attn_q"), "use_sliding_window": False}


def _gemma(s: Settings) -> dict[str, object]:
    return {"hidden_act": "gelu_pytorch_tanh", "hidden_activation": "gelu_pytorch_tanh"}


def _gemma2(s: Settings) -> dict[str, object]:
    """No setting says that 27B scales its scores otherwise: its 46 layers tell, as in llama.cpp."""
    return _gemma(s) | {
        "sliding_window": s.integer("attention.sliding_window", 4096),
        "attn_logit_softcapping": s.number("attn_logit_softcapping", 50.0),
        "final_logit_softcapping": s.number("final_logit_softcapping", 30.0),
        "query_pre_attn_scalar": s.hidden_per_head if s.layers == 46 else s.head_dim,
    }


def _gemma3(s: Settings) -> dict[str, object]:
    """Every sixth layer has no window, the others a rotary base of 10,000; 27B is known by its 62 layers."""
    return _gemma(s) | {
        "sliding_window": s.integer("attention.sliding_window", 1024),
        "sliding_window_pattern": s.integer("attention.sliding_window_pattern", 6),
        "rope_local_base_freq": s.number("rope.freq_base_swa", 10000.0),
        "attn_logit_softcapping": None,
        "final_logit_softcapping": s.number("final_logit_softcapping", None),
        "query_pre_attn_scalar": s.hidden_per_head if s.layers == 62 else s.head_dim,
    }


def _phi3(s: Settings) -> dict[str, object]:
    longest = s.longest
    return {
        "sliding_window": s.integer("attention.sliding_window", None),
        "original_max_position_embeddings": s.integer("rope.scaling.original_context_length", longest),
    }


def _smollm3(s: Settings) -> dict[str, object]:
    """Every fourth layer does not rotate, which the file does not say."""
    return {"no_rope_layer_interval": 4, "use_sliding_window": False, "attention_bias": s.has_bias("attn_q")}


def _olmo2(s: Settings) -> dict[str, object]:
    if s.integer("attention.sliding_window", None) is not None:
        raise s.fail("attention.sliding_window", "this is an OLMo 3, of which kernelc has no family")
    return {"attention_bias": s.has_bias("attn_q")}


def _granite(s: Settings) -> dict[str, object]:
    return {
        "embedding_multiplier": s.number("embedding_scale", 1.0),
        "residual_multiplier": s.number("residual_scale", 1.0),
        "attention_multiplier": s.number("attention.scale", s.head_dim**-0.5),
        "logits_scaling": s.number("logit_scale", 1.0),
        "attention_bias": s.has_bias("attn_q"),
        "mlp_bias": s.has_bias("ffn_up"),
    }


def _stablelm(s: Settings) -> dict[str, object]:
    return {
        "layer_norm_eps": s.number("attention.layer_norm_epsilon", 1e-5),
        "use_parallel_residual": s.flag("use_parallel_residual", False),
        "use_qkv_bias": s.has_bias("attn_q"),
        "qk_layernorm": s.has_tensor("blk.0.attn_q_norm.weight"),
    }


def _starcoder2(s: Settings) -> dict[str, object]:
    return {
        "norm_epsilon": s.number("attention.layer_norm_epsilon", 1e-5),
        "use_bias": s.has_bias("attn_q"),
        "sliding_window": s.integer("attention.sliding_window", None),
        "hidden_act": "gelu_pytorch_tanh",
    }


def _cohere(s: Settings) -> dict[str, object]:
    return {
        "layer_norm_eps": s.number("attention.layer_norm_epsilon", 1e-5),
        "logit_scale": s.number("logit_scale", 0.0625),
        "use_qk_norm": s.has_tensor("blk.0.attn_q_norm.weight"),
        "attention_bias": s.has_bias("attn_q"),
    }


def _nemotron(s: Settings) -> dict[str, object]:
    return {
        "norm_eps": s.number("attention.layer_norm_epsilon", 1e-5),
        "attention_bias": s.has_bias("attn_q"),
        "mlp_bias": s.has_bias("ffn_up"),
    }


def _ernie(s: Settings) -> dict[str, object]:
    return {"use_bias": s.has_bias("attn_q")}


def _biased(s: Settings) -> dict[str, object]:
    return {"attention_bias": s.has_bias("attn_q"), "attention_out_bias": s.has_bias("attn_output")}


ARCHITECTURES: dict[str, Architecture] = {
    "llama": Architecture("llama", "LlamaForCausalLM", _LLAMA, _llama, permuted=True),
    "qwen2": Architecture("qwen2", "Qwen2ForCausalLM", _LLAMA, _qwen2),
    "qwen3": Architecture("qwen3", "Qwen3ForCausalLM", _LLAMA | _HEAD_NORMS, _qwen3),
    "gemma": Architecture("gemma", "GemmaForCausalLM", _LLAMA, _gemma, norm_shift=1.0),
    "gemma2": Architecture("gemma2", "Gemma2ForCausalLM", _SANDWICH, _gemma2, norm_shift=1.0),
    "gemma3": Architecture(
        "gemma3_text", "Gemma3ForCausalLM", _SANDWICH | _HEAD_NORMS, _gemma3, norm_shift=1.0
    ),
    "phi3": Architecture("phi3", "Phi3ForCausalLM", _PHI3, _phi3),
    "smollm3": Architecture("smollm3", "SmolLM3ForCausalLM", _LLAMA, _smollm3, permuted=True),
    "olmo2": Architecture("olmo2", "Olmo2ForCausalLM", _AFTER, _olmo2),
    "granite": Architecture("granite", "GraniteForCausalLM", _LLAMA, _granite, permuted=True),
    "stablelm": Architecture("stablelm", "StableLmForCausalLM", _LLAMA, _stablelm),
    "starcoder2": Architecture("starcoder2", "Starcoder2ForCausalLM", _STARCODER2, _starcoder2),
    "command-r": Architecture("cohere", "CohereForCausalLM", _LLAMA | _HEAD_NORMS, _cohere),
    "glm4": Architecture("glm4", "Glm4ForCausalLM", _GLM4, _biased),
    "seed_oss": Architecture("seed_oss", "SeedOssForCausalLM", _LLAMA, _biased),
    "arcee": Architecture("arcee", "ArceeForCausalLM", _LLAMA, _llama, permuted=True),
    "nemotron": Architecture("nemotron", "NemotronForCausalLM", _LLAMA, _nemotron, norm_shift=1.0),
    "ernie4_5": Architecture("ernie4_5", "Ernie4_5ForCausalLM", _LLAMA, _ernie),
}
"""Every architecture whose files kernelc can read, where it has the family. Mistral's files say "llama"."""
