"""SmolLM3: a Llama some of whose layers do not rotate queries and keys.

Source: Yang et al. 2025 (RoPE to NoPE and back), arXiv 2501.18795; transformers' modeling_smollm3.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self, cast

from model.config import optional_window, read_windows
from model.families import llama
from model.families.family import Family
from model.json_fields import Fields, show
from model.rope import Rope, RopeDefaults


@dataclass(frozen=True)
class SmolLM3Config(llama.LlamaConfig):
    """A SmolLM3's config. `rotated`: for each layer whether it rotates queries and keys."""

    max_position_embeddings: int = 32768
    tie_word_embeddings: bool = True
    rotated: tuple[bool, ...] = ()
    default_kv_heads: ClassVar[int | None] = 4
    rope_defaults: ClassVar[RopeDefaults] = RopeDefaults(theta=2e6)

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a SmolLM3's config.json. Raises: ConfigError; see `DecoderConfig.read`."""
        config = super().read(fields)
        rotated = _rotated(fields, config.layers)
        used = fields.flag("use_sliding_window", False)
        window = optional_window(fields, None) if used else None

        def slides(layer: int) -> bool:
            return window is not None and not rotated[layer]

        windows = read_windows(fields, config.layers, window, slides)
        return replace(config, rotated=rotated, windows=windows)

    def layer_rope(self, layer: int) -> Rope | None:
        """The rotary embedding of this layer; None where it has none."""
        return self.rope if self.rotated[layer] else None


def _rotated(fields: Fields, layers: int) -> tuple[bool, ...]:
    """Read which layers rotate: no_rope_layers has a 1 for each that does, contrary to its name."""
    listed = fields.data.get("no_rope_layers")
    if listed is None:
        interval = fields.integer("no_rope_layer_interval", 1, 1024, 4)
        return tuple((layer + 1) % interval != 0 for layer in range(layers))
    flags = cast("list[object]", listed) if isinstance(listed, list) else []
    if len(flags) != layers or any(flag not in (0, 1) for flag in flags):
        message = f"got {show(cast('object', listed))}, wanted a list of {layers} numbers, 0 or 1"
        raise fields.fail("no_rope_layers", message)
    return tuple(flag == 1 for flag in flags)


FAMILY = Family("smollm3", ("SmolLM3ForCausalLM",), SmolLM3Config.read, llama.build, summary="SmolLM3 3B")
