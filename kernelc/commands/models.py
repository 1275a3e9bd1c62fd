"""`kernelc models`: which models can be built, from which files, and how much memory their weights take."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from typing import Any

from kernelc.commands.shared.options import add_json, print_json
from kernelc.commands.shared.table import print_table, size
from kernelc.ir.formats import FORMATS, weight_format
from kernelc.ir.types import TensorType
from model.families.registry import FAMILIES, named_models
from model.hub.names import KNOWN

FILES = (
    ("Hugging Face folder", "config.json with *.safetensors or pytorch_model*.bin, one file or shards"),
    ("", "f64, f32, f16, bf16; GPTQ and AWQ of 4 bits"),
    ("Meta's folder", "params.json with consolidated.*.pth and tokenizer.model"),
    ("GGUF file", "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K to Q6_K, IQ4_NL, IQ4_XS; with its"),
    ("", "tokenizer and template; parts -00001-of-000NN too"),
)
COMPARED = (
    "Each family has been compared, position by position, with transformers 5 in float32 on small random",
    "checkpoints (all logits within 1e-4 of their size); SmolLM2-135M-Instruct and Gemma 3 270M whole.",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the lists."""
    if args.json:
        print_json(as_json())
        return 0
    print("== names")
    print_table(["name", "on the hub", "what"], [[n, m.repository, m.summary] for n, m in KNOWN.items()])
    print("also: a path, org/name or org/name/file.gguf on the hub, and NAME for dist/models/NAME")
    print("\n== files")
    print_table(["kind", "what is read"], FILES)
    print("\n== families")
    rows = [[name, ", ".join(each.architectures), each.summary] for name, each in sorted(FAMILIES.items())]
    print_table(["model_type", "architectures", "models"], rows)
    print("\n".join(COMPARED))
    print("\n== weight formats: bits for each weight, and what the weights of a model take")
    models = weight_bytes()
    head = ["format", "bits", *models]
    sizes = [
        [name, f"{form.bits_per_weight:g}", *(size(sizes[name]) for sizes in models.values())]
        for name, form in FORMATS.items()
    ]
    print_table(head, sizes, right=range(1, len(head)))
    print("`kernelc inspect NAME --context N` prints every buffer, the cache of keys and values included")
    return 0


def as_json() -> dict[str, Any]:
    """Return everything that is printed."""
    return {
        "names": {name: {"hub": each.repository, "about": each.summary} for name, each in KNOWN.items()},
        "families": {
            name: {"architectures": list(each.architectures), "models": each.summary}
            for name, each in FAMILIES.items()
        },
        "formats": {name: {"bits": form.bits_per_weight} for name, form in FORMATS.items()},
        "weight_bytes": weight_bytes(),
    }


def weight_bytes() -> dict[str, dict[str, int]]:
    """Return the bytes of the packed weights of each named model, by format."""
    return {
        name: {form: _packed_bytes(model.weights(), form) for form in FORMATS}
        for name, model in named_models().items()
    }


def _packed_bytes(weights: Mapping[str, TensorType], form: str) -> int:
    """Matrices are packed in the format, vectors are kept as f32."""
    shapes: list[Sequence[int]] = [[int(str(dim)) for dim in kind.shape] for kind in weights.values()]
    matrices = [weight_format(form).stored_arrays(*shape) for shape in shapes if len(shape) == 2]
    vectors = [math.prod(shape) for shape in shapes if len(shape) != 2]
    return sum(sum(arrays.values()) for arrays in matrices) + 4 * sum(vectors)
