"""Finds the family of a model by the model_type in its config.json, and reads the model.

To add a family, write its file and name it in `_BUILT_IN`. Code outside of this package calls `register`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias, cast

from kernelc.errors import ConfigError, InternalError
from model.families import (
    apertus,
    arcee,
    cohere,
    ernie4_5,
    exaone4,
    gemma,
    glm,
    gpt_neox,
    granite,
    helium,
    hunyuan,
    llama,
    mistral,
    nemotron,
    olmo,
    phi,
    phi3,
    qwen2,
    qwen3,
    seed_oss,
    smollm3,
    stablelm,
    starcoder2,
)
from model.families.family import Family, Model
from model.json_fields import Fields, read_json_object, show

_MAX_CONFIG_BYTES = 1 << 20

AnyFamily: TypeAlias = Family[Any]  # each has a config class of its own
AnyModel: TypeAlias = Model[Any]

_BUILT_IN: tuple[AnyFamily, ...] = (
    llama.FAMILY,
    mistral.FAMILY,
    mistral.MINISTRAL,
    qwen2.FAMILY,
    qwen3.FAMILY,
    gemma.FAMILY,
    gemma.GEMMA2,
    gemma.GEMMA3,
    gemma.GEMMA3_IMAGES,
    phi3.FAMILY,
    phi.FAMILY,
    smollm3.FAMILY,
    olmo.FAMILY,
    olmo.OLMO2,
    olmo.OLMO3,
    granite.FAMILY,
    helium.FAMILY,
    stablelm.FAMILY,
    starcoder2.FAMILY,
    glm.FAMILY,
    glm.GLM4,
    cohere.FAMILY,
    cohere.COHERE2,
    exaone4.FAMILY,
    hunyuan.FAMILY,
    seed_oss.FAMILY,
    arcee.FAMILY,
    apertus.FAMILY,
    nemotron.FAMILY,
    ernie4_5.FAMILY,
    gpt_neox.FAMILY,
)
FAMILIES: dict[str, AnyFamily] = {family.model_type: family for family in _BUILT_IN}
"""Every family that is known, by its model_type."""


def register(family: AnyFamily) -> None:
    """Make a family known, so that model folders of its model_type can be built.

    Raises: InternalError where another family has that model_type already.
    """
    if FAMILIES.setdefault(family.model_type, family) is not family:
        raise InternalError(f"a family of model_type {family.model_type} is registered already")


def registered() -> tuple[AnyFamily, ...]:
    """Return the families that `register` made known."""
    return tuple(family for family in FAMILIES.values() if family not in _BUILT_IN)


def find_model(name_or_path: str) -> AnyModel:
    """Return the model of this name (`named_models` lists them), or the one in a config.json or model folder.

    Raises: ConfigError where it is none of these.
    """
    named = named_models()
    if name_or_path in named:
        return named[name_or_path]
    if not Path(name_or_path).exists():
        raise ConfigError(
            "neither a known model's name nor a path",
            where=name_or_path,
            help=f"give a config.json, a model folder or one of {', '.join(named)}",
        )
    return load_model(name_or_path)


def named_models() -> dict[str, AnyModel]:
    """Return the well known models of all families, by name."""
    return {
        name: family.model(config) for family in FAMILIES.values() for name, config in family.named.items()
    }


def load_model(path: str | Path) -> AnyModel:
    """Read the model of a folder: config.json, and the stop tokens of generation_config.json. Or of one file.

    Raises: ConfigError where the config is missing or malformed, or no family can compute what it describes.
    """
    path = Path(path)
    if path.is_file():
        return model_of(read_json_object(path, _MAX_CONFIG_BYTES, ConfigError), str(path))
    file = path / "config.json"
    if not file.is_file():
        raise ConfigError(
            "no such file",
            where=str(file),
            help="give a Hugging Face model folder: config.json, *.safetensors and the tokenizer's files",
        )
    model = model_of(read_json_object(file, _MAX_CONFIG_BYTES, ConfigError), str(file))
    return _with_generation_config(model, path / "generation_config.json")


def model_of(data: Mapping[str, object], where: str) -> AnyModel:
    """Return the model that the content of a config.json describes; `where` names the file in errors.

    Raises: ConfigError.
    """
    fields = Fields(data, where, ConfigError)
    family = _family_of(fields)
    return family.model(family.read(fields))


def _family_of(fields: Fields) -> AnyFamily:
    """Find the family by model_type, which older files lack: then by the architecture."""
    architecture = _architecture(fields)
    if architecture is None or fields.data.get("model_type") is not None:
        candidates = [_family_named(fields)]
    else:
        candidates = list(FAMILIES.values())
    for family in candidates:
        if architecture is None or architecture in family.architectures or _is_body(architecture, family):
            return family
    if len(candidates) > 1:
        message = f"got {show(architecture)}, which no family here computes"
    else:
        message = f"got {show(architecture)}, wanted {' or '.join(candidates[0].architectures)}"
    raise fields.fail("architectures", message, _supported())


def _is_body(architecture: object, family: AnyFamily) -> bool:
    """Whether the name is that of a family's layers without the output layer ("LlamaModel").

    Libraries that save a model without its head write that, and the same weights.
    """
    return isinstance(architecture, str) and any(
        architecture == f"{name.removesuffix('ForCausalLM')}Model" for name in family.architectures
    )


def _family_named(fields: Fields) -> AnyFamily:
    model_type = fields.text("model_type")
    if model_type not in FAMILIES:
        message = f"got {show(model_type)}, which no family here computes"
        raise fields.fail("model_type", message, _supported())
    return FAMILIES[model_type]


def _architecture(fields: Fields) -> object:
    """Return the first entry of `architectures`, None where there is none. A single string counts as well."""
    listed = fields.data.get("architectures")
    return cast("list[object]", listed)[0] if isinstance(listed, list) and listed else cast("object", listed)


def _supported() -> str:
    return f"supported model types: {', '.join(FAMILIES)}; docs/add_a_model.md says how to add one"


def _with_generation_config(model: AnyModel, file: Path) -> AnyModel:
    """Add the stop tokens of generation_config.json: chat models list more there, such as <|eot_id|>."""
    if not file.is_file():
        return model
    config = model.config
    fields = Fields(read_json_object(file, _MAX_CONFIG_BYTES, ConfigError), str(file), ConfigError)
    stops = dict.fromkeys(config.eos_token_ids + fields.ids("eos_token_id", config.vocab_size))
    return model.family.model(replace(config, eos_token_ids=tuple(stops)))
